//! The Cooplan dialect: seven services of a Bolivian water cooperative's document, and one of ours.
//!
//! Its quirks: every service is a `POST`; a "no" is HTTP 200 with `error: 1`; the sentence of a
//! success stands sometimes in `message` and sometimes in `values`; the token comes in
//! `Authorization` or in `autorizacion`, and the document quotes it; a payment is *cobranza*.
//! The contract is docs/spec/cooplan.md; what the document prints is answered letter by letter.

mod convert;
mod errors;
mod operations;
mod report;
#[cfg(test)]
mod samples;
mod wire;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use tracing::{Level, debug, enabled};
use ventanilla_service::{Failure, Service, Session, Who};

use self::errors::Problem;
use self::operations::{Call, Handler, Operation, Reply};
use self::wire::Envelope;
use crate::http::fields::Fields;
use crate::http::gate::{Gate, Passed};
use crate::http::panics::{self, caught};
use crate::http::serve::PeerAddress;
use crate::http::token::TokenError;
use crate::http::{attempt, body, token};
use crate::meters::{Outcome, Tally};
use crate::noted::{self, Noted};

/// The media type of an envelope.
const JSON: &str = "application/json; charset=utf-8";

/// The services' names, in the order in which they are counted.
pub(crate) fn service_names() -> impl Iterator<Item = &'static str> {
    operations::OPERATIONS.iter().map(|operation| operation.name)
}

/// Answers any request, whatever its path.
pub(crate) async fn answer(
    service: &Service,
    gate: &Gate,
    tally: &Tally,
    request: Request,
) -> Response {
    let operation = operations::find(request.uri().path());
    answer_with(service, gate, tally, operation, request).await
}

async fn answer_with(
    service: &Service,
    gate: &Gate,
    tally: &Tally,
    operation: Option<&Operation>,
    request: Request,
) -> Response {
    let clock = service.clock();
    let started_at = enabled!(Level::DEBUG).then(|| clock.now());
    let mut noted = Noted::new(operation.and_then(|operation| operation.act));
    let outcome = caught(outcome_of(service, gate, operation, request, &mut noted)).await;
    let outcome =
        outcome.unwrap_or_else(|panic| Err(Problem::internal(panics::logged(clock, &panic))));
    let counted = outcome.as_ref().err().map_or(Outcome::Success, |problem| problem.outcome);
    tally.count(operation.and_then(operations::place), counted);
    if let Some(started_at) = started_at {
        let (status, code, error_id) = match &outcome {
            Ok(_) => (200, "", None),
            Err(problem) => (problem.status.as_u16(), &*problem.code, problem.error_id.as_deref()),
        };
        let elapsed_us = clock.now().duration_since(started_at).as_micros();
        let name = operation.map_or("", |operation| operation.name);
        let outcome = counted.to_name();
        debug!(service = name, status, code, outcome, error_id, elapsed_us, "answered");
    }
    match outcome {
        Ok(reply) => {
            noted.tell(service, noted::done(reply.is_replay));
            to_success(reply)
        }
        Err(problem) => {
            let Problem { outcome, code, error_id, .. } = &problem;
            noted.tell(service, noted::failed(*outcome, code.clone(), error_id.as_deref()));
            to_problem(&problem)
        }
    }
}

/// The checks in their order: how often the caller asks, path, method, size, token, body; the fields are the
/// handler's.
async fn outcome_of(
    service: &Service,
    gate: &Gate,
    operation: Option<&Operation>,
    request: Request,
    noted: &mut Noted,
) -> Result<Reply, Problem> {
    let (parts, body) = request.into_parts();
    let (headers, address) = (&parts.headers, PeerAddress::of(&parts));
    noted.address = address;
    let token = token::bearer(headers, &wire::TOKEN_HEADERS);
    let passed = match gate.pass(address, token.ok(), service.clock().elapsed_us()) {
        Ok(passed) => passed,
        Err(limited) => {
            let closes = !body::pass(headers, body).await;
            return Err(Problem { closes, ..limited.into() });
        }
    };
    let bearer = Bearer { service, passed, token };
    let operation = match operation {
        Some(operation) if parts.method == Method::POST => operation,
        refused => {
            body::discard(headers, body).await;
            return Err(refused.map_or_else(Problem::unknown_service, |_| Problem::wrong_method()));
        }
    };
    let body = body::read(headers, body).await?;
    let fields = || Fields::from_body(headers, &body);
    let call = |fields| Call { service, headers, fields, address };
    match operation.handler {
        Handler::Open(run) => {
            let reply = run(&call(fields().await?)).await?;
            if let Some((company, collector)) = reply.issued_to {
                (noted.company, noted.who) = (Some(company), Who::Collector(collector));
            }
            Ok(reply)
        }
        Handler::Read(run) => {
            let session = bearer.session()?;
            noted.asked_by(session.caller());
            let call = call(fields().await?);
            note_subject(noted, &call);
            run(&call, &session)
        }
        Handler::Write(read) => {
            let token = token?;
            let act = match fields().await {
                Ok(fields) => {
                    let call = call(fields);
                    note_subject(noted, &call);
                    read(&call).map_err(Problem::from)
                }
                Err(unreadable) => Err(Problem::from(unreadable)),
            };
            match act {
                Ok(act) => act.run(service, passed, token, noted).await,
                // A bad token is told before a bad request.
                Err(problem) => {
                    noted.asked_by(bearer.session()?.caller());
                    Err(problem)
                }
            }
        }
        Handler::Wait(run) => {
            let caller = bearer.session()?.into_caller();
            noted.asked_by(&caller);
            let call = call(fields().await?);
            note_subject(noted, &call);
            run(&call, &caller).await
        }
    }
}

/// What a request that the trail is told of is about, as far as its fields can be read.
fn note_subject(noted: &mut Noted, call: &Call<'_>) {
    if noted.what.is_some() {
        noted.subject = operations::subject(call);
    }
}

/// Whoever sent a request with a token, or without one.
struct Bearer<'a> {
    service: &'a Service,
    passed: Passed<'a>,
    token: Result<&'a str, TokenError>,
}

impl<'a> Bearer<'a> {
    fn session(&self) -> Result<Session<'a>, Problem> {
        let token = self.token?;
        let session = self.service.session(token);
        match &session {
            Ok(session) => self.passed.accepted(token, session.caller().collector),
            Err(Failure::Refused(_)) => self.passed.refused(token),
            Err(_) => {}
        }
        session.map_err(|failure| errors::of_failure(failure, errors::of_token))
    }
}

fn to_success(reply: Reply) -> Response {
    let media_type = reply.file.as_ref().map_or(JSON, |file| file.media_type);
    let mut response = to_answer(StatusCode::OK, media_type, reply.body);
    let headers = response.headers_mut();
    if reply.is_replay {
        attempt::mark_replay(headers);
    }
    let disposition = reply.file.map(|file| format!("attachment; filename=\"{}\"", file.name));
    if let Some(value) = disposition.and_then(|text| HeaderValue::try_from(text).ok()) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

fn to_problem(problem: &Problem) -> Response {
    let envelope = Envelope::refusal(&problem.code, &problem.message, &problem.paid);
    let mut response = to_answer(problem.status, JSON, envelope.to_bytes().into());
    let headers = response.headers_mut();
    if let Some(seconds) = problem.retry_after_s {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    let told = match problem.status {
        StatusCode::METHOD_NOT_ALLOWED => Some((header::ALLOW, "POST")),
        StatusCode::UNAUTHORIZED => Some((header::WWW_AUTHENTICATE, "Bearer")),
        _ => None,
    };
    let closed = problem.closes.then_some((header::CONNECTION, "close"));
    for (name, value) in told.into_iter().chain(closed) {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn to_answer(status: StatusCode, media_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    let no_store = HeaderValue::from_static("no-store");
    headers.insert(header::CACHE_CONTROL, no_store);
    response
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::body::to_bytes;
    use ventanilla_service::{Clock, Entropy, Settings};
    use ventanilla_store::{Keys, Store};

    use super::*;

    const PANICS: Operation = Operation {
        name: "panics",
        aliases: &[],
        act: None,
        handler: Handler::Open(|call| {
            Box::pin(async move {
                assert!(call.address.is_loopback(), "secret: /etc/passwd");
                Err(Problem::unknown_service())
            })
        }),
    };

    #[tokio::test]
    async fn a_panic_is_answered_with_an_id_and_nothing_else() {
        let store = Store::memory(Keys::from_random([7; 64]));
        let clock = Clock::manual("2021-11-26T16:11:52Z".parse().unwrap());
        let service = Service::start(store, clock, Entropy::counted(1), Settings::default());
        let service = service.unwrap();
        let request = Request::builder().method("POST").body(Body::from("{}"));
        let meters = crate::Meters::default();
        let gate = Gate::new(crate::Rates::default(), Arc::default());
        let answer = answer_with(&service, &gate, &meters.cooplan, Some(&PANICS), request.unwrap());
        let response = answer.await;
        assert_eq!(response.status(), 500);
        let body = to_bytes(response.into_body(), 1000).await.unwrap();
        let envelope: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let code = envelope["messageSistema"].as_str().unwrap();
        assert!(code.starts_with("ERROR_INTERNO: 5d1b"), "{code}");
        assert!(!String::from_utf8_lossy(&body).contains("secret"));
        assert_eq!(envelope["values"], serde_json::Value::Null);
        let other = service_names().count();
        assert_eq!(meters.cooplan.get(other, Outcome::Internal), 1);
    }
}
