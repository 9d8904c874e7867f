//! What stands before every page: what was sent, who asks, whether they may, and what becomes of a failure.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::any;
use ventanilla_domain::CompanyId;

use crate::answer;
use crate::assets::{Assets, FOLDER};
use crate::cookies::Cookie;
use crate::fields::Fields;
use crate::inside::Inside;
use crate::panics::{caught, logged};
use crate::routes::{self, Access};
use crate::trouble::Trouble;
use crate::upload;
use crate::visit::{FORM_KEY, Visit};
use crate::{Hall, entry};

/// Bytes that a form may have.
const FORM_LEN_MAX: usize = 64 << 10;

/// All below `/consola`: the table of routes says what is there, the assets are beside it.
pub(crate) fn router(hall: Hall) -> Router {
    let answer = move |request: Request| answered(hall.clone(), request);
    let pages = any(answer);
    Router::new()
        .route("/consola", pages.clone())
        .route("/consola/", pages.clone())
        .route("/consola/{*resto}", pages)
}

/// An asset, or nothing.
fn asset(name: &str, headers: &HeaderMap) -> Response {
    let mut response = Assets::get().answer(name, headers).unwrap_or_else(|| {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_FOUND;
        response
    });
    answer::guard(&mut response);
    response
}

/// An answer to every request, whatever happens.
async fn answered(hall: Hall, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if let Some(name) = parts.uri.path().strip_prefix(FOLDER) {
        return asset(name, &parts.headers);
    }
    let (route, named) = routes::at(&parts.method, parts.uri.path())
        .unwrap_or_else(|| (&entry::MISSING, Vec::new()));
    let visit = Visit::new(hall.clone(), route, named.clone(), &parts);
    let is_private = visit.caller.is_private;
    let new_visitor = visit.is_visitor_new.then(|| visit.visitor.clone());
    let mut response = match caught(told(visit, &parts, body)).await {
        Ok(response) => response,
        Err(message) => {
            let id = logged(hall.service.clock(), &message);
            Trouble::Internal(id).into_response(&Visit::new(hall, route, named, &parts))
        }
    };
    if let Some(visitor) = new_visitor {
        let kept = Cookie::Visitor.keep(&visitor, is_private);
        response.headers_mut().append(header::SET_COOKIE, kept);
    }
    answer::guard(&mut response);
    response
}

async fn told(mut visit: Visit, parts: &Parts, body: Body) -> Response {
    match admitted(&mut visit, parts, body).await {
        Ok(()) => {
            let (visit, answer) = (visit.route.handler)(visit).await;
            answer.unwrap_or_else(|trouble| trouble.into_response(&visit))
        }
        Err(trouble) => trouble.into_response(&visit),
    }
}

/// Whether a handler is asked at all. In order: the body, the session, the company and the right, the form's
/// key. A form whose session is over is kept for whoever signs in again, and does nothing by itself.
async fn admitted(visit: &mut Visit, parts: &Parts, body: Body) -> Result<(), Trouble> {
    if visit.is_form() && !visit.route.takes_file {
        visit.form = read_form(&parts.headers, body).await?;
        return admitted_with(visit, parts);
    }
    // A file is read of nobody but of those who may send it.
    admit_by_session(visit, parts)?;
    if visit.is_form() {
        let len_max = visit.hall.settings.import_len_max;
        (visit.form, visit.upload) = upload::read(&parts.headers, body, len_max).await?;
        require_own_form(visit, &parts.headers)?;
    }
    Ok(())
}

/// The same once the form was read.
fn admitted_with(visit: &mut Visit, parts: &Parts) -> Result<(), Trouble> {
    admit_by_session(visit, parts)?;
    require_own_form(visit, &parts.headers)
}

fn admit_by_session(visit: &mut Visit, parts: &Parts) -> Result<(), Trouble> {
    if let Some(key) = Cookie::Session.of(&parts.headers, visit.caller.is_private) {
        visit.inside = Inside::of(&visit.hall.service, &key, visit.caller)?;
    }
    admit(visit)
}

/// Refusals in order: nobody inside, no such company for whoever is, a role without the right.
fn admit(visit: &mut Visit) -> Result<(), Trouble> {
    let access = visit.route.access;
    if access == Access::Everybody {
        return Ok(());
    }
    let inside = visit.inside.as_ref().ok_or(Trouble::SessionOver)?;
    if access == Access::Inside {
        return Ok(());
    }
    let id = CompanyId::from_i64(visit.number("empresa")?).ok().ok_or(Trouble::Missing)?;
    let station = inside.at(id).cloned().ok_or(Trouble::Missing)?;
    let is_allowed = match access {
        Access::Holder(right) => station.role.may(right),
        Access::Everybody | Access::Inside | Access::Company => true,
    };
    visit.station = Some(station);
    if is_allowed { Ok(()) } else { Err(Trouble::NotAllowed) }
}

/// That a form is of one of our pages: a browser that says where it comes from says so, and it holds the key
/// that only our pages know.
fn require_own_form(visit: &Visit, headers: &HeaderMap) -> Result<(), Trouble> {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    let is_ours = site.is_none_or(|site| site == b"same-origin" || site == b"none");
    let given = visit.form.get(FORM_KEY);
    // The key of those outside is in their cookie: it must have come with the request.
    let is_known = visit.inside.is_some() || !visit.is_visitor_new;
    if is_ours && is_known && is_same(given, visit.form_key()) {
        Ok(())
    } else {
        Err(Trouble::Forged)
    }
}

/// Compares without telling by its time how much is the same.
fn is_same(one: &str, other: &str) -> bool {
    let differing = one.bytes().zip(other.bytes()).fold(0, |sum, (one, other)| sum | (one ^ other));
    one.len() == other.len() && !one.is_empty() && differing == 0
}

async fn read_form(headers: &HeaderMap, body: Body) -> Result<Fields, Trouble> {
    let kind =
        headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return Err(Trouble::Malformed);
    }
    let bytes = to_bytes(body, FORM_LEN_MAX).await.ok().ok_or(Trouble::TooLong)?;
    let text = std::str::from_utf8(&bytes).ok().ok_or(Trouble::Malformed)?;
    Ok(Fields::read(text))
}
