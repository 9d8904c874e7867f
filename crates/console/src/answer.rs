//! What a handler answers: a page, a redirect, a file.

use askama::Template;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;

use crate::trouble::Trouble;

/// A handler's word.
pub(crate) type Answer = Result<Response, Trouble>;

/// What each answer says of itself. A page holds no script and no style of its own, so none can be
/// smuggled into it.
const HEADERS: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; \
         connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("x-robots-tag"), "noindex"),
];

/// Sets the headers that every answer has; one that says nothing of how long it may be kept is kept nowhere.
pub(crate) fn guard(response: &mut Response) {
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// A page.
pub(crate) fn page(template: &impl Template) -> Answer {
    page_with(StatusCode::OK, template)
}

/// A page that gives back what was typed, with what is wrong with it.
pub(crate) fn wrong(template: &impl Template) -> Answer {
    page_with(StatusCode::UNPROCESSABLE_ENTITY, template)
}

/// A page with a status.
pub(crate) fn page_with(status: StatusCode, template: &impl Template) -> Answer {
    let text = template.render().map_err(|error| Trouble::Defect(error.to_string()))?;
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let media_type = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    Ok(response)
}

/// Where to go after something was done: repeating the page repeats nothing.
pub(crate) fn see(path: &str) -> Answer {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let location = HeaderValue::from_str(path).ok().ok_or(Trouble::Missing)?;
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// A file, shown where a browser can, else kept under its name (letters, digits, `-`, `_` and `.` alone).
pub(crate) fn file(
    media_type: &'static str,
    name: &str,
    is_shown: bool,
    bytes: impl Into<Body>,
) -> Answer {
    let mut response = Response::new(bytes.into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    let how = if is_shown { "inline" } else { "attachment" };
    let safe: String =
        name.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect();
    let disposition = HeaderValue::from_str(&format!("{how}; filename=\"{safe}\""));
    headers.insert(header::CONTENT_DISPOSITION, disposition.ok().ok_or(Trouble::Missing)?);
    Ok(response)
}
