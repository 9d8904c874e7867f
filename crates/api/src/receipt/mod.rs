//! The public page of a receipt: whoever holds a paper scans its code and is told whether the payment is
//! in the books and still stands. It shows what the code says and the payment's state, and no name of a
//! person; who has no signed code learns nothing.

mod page;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use tracing::{Level, debug, enabled};
use ventanilla_service::{Failure, RECEIPT_PATH, ReceiptRefusal, Service};

use self::page::Page;
use crate::http::body;
use crate::http::buckets::Limited;
use crate::http::gate::Gate;
use crate::http::panics::{self, caught};
use crate::http::serve::PeerAddress;
use crate::meters::{Outcome, Tally};

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
pub(crate) async fn answer(
    service: &Service,
    gate: &Gate,
    tally: &Tally,
    request: Request,
) -> Response {
    let clock = service.clock();
    let started_at = enabled!(Level::DEBUG).then(|| clock.now());
    let told = told(service, gate, request).await;
    tally.count(None, told.outcome);
    if let Some(started_at) = started_at {
        let (status, outcome) = (told.response.status().as_u16(), told.outcome.to_name());
        let elapsed_us = clock.now().duration_since(started_at).as_micros();
        let error_id = told.error_id;
        // Without its path: whoever has that has the receipt.
        debug!(status, outcome, error_id, elapsed_us, "a receipt's page was answered");
    }
    told.response
}

/// An answer, and what of it is counted and logged.
struct Told {
    response: Response,
    outcome: Outcome,
    error_id: Option<String>,
}

impl Told {
    fn new(outcome: Outcome, response: Response) -> Self {
        Self { response, outcome, error_id: None }
    }

    fn internal(page: &Page, id: String) -> Self {
        let response = to_html(StatusCode::INTERNAL_SERVER_ERROR, page.internal(&id));
        Self { response, outcome: Outcome::Internal, error_id: Some(id) }
    }
}

async fn told(service: &Service, gate: &Gate, request: Request) -> Told {
    let (parts, body) = request.into_parts();
    let passed = gate.pass(PeerAddress::of(&parts), None, service.clock().elapsed_us());
    if passed.is_ok() {
        body::discard(&parts.headers, body).await;
    }
    let path = parts.uri.path().get(1 + RECEIPT_PATH.len()..).unwrap_or_default();
    let style = "../".repeat(path.matches('/').count().min(20)) + STYLE_PATH;
    let page = Page { style };
    if let Err(Limited { retry_after_s }) = passed {
        let mut response = to_html(StatusCode::TOO_MANY_REQUESTS, page.trouble(page::LIMITED));
        response.headers_mut().insert(header::RETRY_AFTER, retry_after_s.into());
        return Told::new(Outcome::ClientError, response);
    }
    if !matches!(parts.method, Method::GET | Method::HEAD) {
        let mut response = to_html(StatusCode::METHOD_NOT_ALLOWED, page.trouble(page::METHOD));
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return Told::new(Outcome::ClientError, response);
    }
    if path == STYLE_PATH {
        let style = to_answer(StatusCode::OK, "text/css; charset=utf-8", STYLE.to_owned());
        return Told::new(Outcome::Success, style);
    }
    if path.trim_end_matches('/').split('/').count() != CODE_PARTS {
        return of_failure(&page, Failure::Refused(ReceiptRefusal::Malformed));
    }
    // It reads on this thread, in microseconds.
    match caught(async { service.check_receipt(path) }).await {
        Ok(Ok(known)) => {
            let known = page.known(&known, &service.receipt_key());
            Told::new(Outcome::Success, to_html(StatusCode::OK, known))
        }
        Ok(Err(failure)) => of_failure(&page, failure),
        Err(panic) => Told::internal(&page, panics::logged(service.clock(), &panic)),
    }
}

/// A page for each way in which nothing is shown.
fn of_failure(page: &Page, failure: Failure<ReceiptRefusal>) -> Told {
    let unavailable = || to_html(StatusCode::SERVICE_UNAVAILABLE, page.trouble(page::UNAVAILABLE));
    match failure {
        Failure::Refused(refusal) => {
            Told::new(Outcome::Refused, to_html(StatusCode::NOT_FOUND, page.refused(refusal)))
        }
        Failure::Unavailable => Told::new(Outcome::Unavailable, unavailable()),
        Failure::Unknown => Told::new(Outcome::Unknown, unavailable()),
        Failure::Internal(id) => Told::internal(page, id.to_string()),
    }
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
