//! The public page of a receipt: whoever holds a paper scans its code and is told whether the payment is
//! in the books and still stands. It shows what the code says and the payment's state, and no name of a
//! person; who has no signed code learns nothing.

mod page;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use ventanilla_service::{Failure, RECEIPT_PATH, ReceiptRefusal, Service};

use self::page::Page;
use crate::http::body;
use crate::http::panics::{self, caught};

/// Where the page's style is: the page holds none, so that none can be smuggled into it.
const STYLE_PATH: &str = "estilo.css";
const STYLE: &str = include_str!("style.css");

/// A path that has more parts than a code is another path.
const CODE_PARTS: usize = 9;

const HEADERS: [(HeaderName, &str); 6] = [
    (header::CACHE_CONTROL, "no-store"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("x-robots-tag"), "noindex"),
];

/// Whether a path is a receipt's.
pub(crate) fn takes(path: &str) -> bool {
    path.strip_prefix('/').is_some_and(|path| path.starts_with(RECEIPT_PATH))
}

/// Answers a request for a receipt's page.
pub(crate) async fn answer(service: &Service, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    body::discard(&parts.headers, body).await;
    let path = parts.uri.path().get(1 + RECEIPT_PATH.len()..).unwrap_or_default();
    let style = "../".repeat(path.matches('/').count().min(20)) + STYLE_PATH;
    let page = Page { style };
    if !matches!(parts.method, Method::GET | Method::HEAD) {
        let mut response = to_html(StatusCode::METHOD_NOT_ALLOWED, page.trouble(page::METHOD));
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    if path == STYLE_PATH {
        return to_answer(StatusCode::OK, "text/css; charset=utf-8", STYLE.to_owned());
    }
    if path.trim_end_matches('/').split('/').count() != CODE_PARTS {
        return to_failure(&page, Failure::Refused(ReceiptRefusal::Malformed));
    }
    // It reads on this thread, in microseconds.
    match caught(async { service.check_receipt(path) }).await {
        Ok(Ok(known)) => to_html(StatusCode::OK, page.known(&known, &service.receipt_key())),
        Ok(Err(failure)) => to_failure(&page, failure),
        Err(panic) => {
            let id = panics::logged(service.clock(), &panic);
            to_html(StatusCode::INTERNAL_SERVER_ERROR, page.internal(&id))
        }
    }
}

/// A page for each way in which nothing is shown.
fn to_failure(page: &Page, failure: Failure<ReceiptRefusal>) -> Response {
    let (status, text) = match failure {
        Failure::Refused(refusal) => (StatusCode::NOT_FOUND, page.refused(refusal)),
        Failure::Unavailable | Failure::Unknown => {
            (StatusCode::SERVICE_UNAVAILABLE, page.trouble(page::UNAVAILABLE))
        }
        Failure::Internal(id) => {
            (StatusCode::INTERNAL_SERVER_ERROR, page.internal(&id.to_string()))
        }
    };
    to_html(status, text)
}

fn to_html(status: StatusCode, text: String) -> Response {
    to_answer(status, "text/html; charset=utf-8", text)
}

fn to_answer(status: StatusCode, media_type: &'static str, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
