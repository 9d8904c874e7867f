//! The Colppy dialect: the provisions of an Argentine accounting system that keep suppliers, their
//! invoices, and the money that goes out to them.
//!
//! Its quirks: there is one URL, and the body names what is called; every answer is HTTP 200, and a
//! failure is told by `estado` (the call did not come through) or by `success` (the operation says
//! no); a developer's credentials come with every call, and a person's session in its parameters;
//! passwords travel as MD5; ids and amounts go out as texts; a payment (*pago*) is money **out**.
//! The contract is docs/spec/colppy.md; what the page prints is answered letter by letter.

mod amounts;
mod convert;
mod errors;
mod invoices;
mod lists;
mod operations;
mod parameters;
mod payouts;
#[cfg(test)]
mod reference;
mod request;
#[cfg(test)]
mod samples;
mod suppliers;
mod wire;

use std::net::IpAddr;

use axum::body::Body;
use axum::extract::Request as HttpRequest;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::response::Response;
use bytes::Bytes;
use tracing::{Level, debug, enabled};
use ventanilla_service::{Admitted, Clock, Service, Subject, What, Who};

use self::convert::AnsweredAt;
use self::errors::{Problem, of_failure};
use self::operations::{Answer, Call, Operation, Reply};
use self::parameters::Parameters;
use self::request::{Heard, Request};
use self::wire::{Called, Envelope, Told};
use crate::http::gate::Gate;
use crate::http::panics::{self, caught};
use crate::http::serve::PeerAddress;
use crate::http::{attempt, body};
use crate::meters::{Outcome, Tally};
use crate::noted::{self, Noted};

/// The URL that every client has written down, and a short one of ours.
const PATHS: [&str; 2] = ["lib/frontera2/service.php", "colppy"];

/// Whoever serves a page may call from it: what is secret comes in the body, not in a cookie.
const CORS: [(HeaderName, &str); 4] = [
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, OPTIONS"),
    (header::ACCESS_CONTROL_ALLOW_HEADERS, "*"),
    (header::ACCESS_CONTROL_MAX_AGE, "86400"),
];

/// Whether a path is the dialect's: in any letter case, and with the slashes that clients join a
/// host and a path with.
pub(crate) fn takes(path: &str) -> bool {
    let is = |known: &&str| known.eq_ignore_ascii_case(path.trim_matches('/'));
    path.starts_with('/') && PATHS.iter().any(is)
}

/// The operations' names, in the order in which they are counted.
pub(crate) fn service_names() -> impl Iterator<Item = &'static str> {
    operations::OPERATIONS.iter().map(|operation| operation.name)
}

/// Answers a request to one of the dialect's paths. The question that a browser asks before it is
/// not counted.
pub(crate) async fn answer(
    service: &Service,
    gate: &Gate,
    tally: &Tally,
    request: HttpRequest,
) -> Response {
    let (parts, body) = request.into_parts();
    if parts.method == Method::OPTIONS {
        body::discard(&parts.headers, body).await;
        return preflight();
    }
    let address = PeerAddress::of(&parts);
    let body = match gate.pass(address, None, service.clock().elapsed_us()) {
        Ok(_) => body_of(&parts.method, &parts.headers, body).await,
        Err(limited) => Err(Problem::limited(limited, !body::pass(&parts.headers, body).await)),
    };
    match body {
        Ok(body) => {
            let guarded = Guarded { gate, tally };
            answer_body(service, &guarded, &parts.headers, &body, address).await
        }
        Err(problem) => {
            let told = Exchange { operation: None, answer: Err(problem) };
            told.count(tally);
            to_response(service.clock(), &Called::default(), &told)
        }
    }
}

/// `HEAD` is a `GET` whose answer's body is left away on its way out.
async fn body_of(method: &Method, headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    if [Method::POST, Method::GET, Method::HEAD].contains(method) {
        return Ok(body::read(headers, body).await?);
    }
    body::discard(headers, body).await;
    Err(Problem::wrong_method())
}

/// What watches over the requests.
struct Guarded<'a> {
    gate: &'a Gate,
    tally: &'a Tally,
}

async fn answer_body(
    service: &Service,
    Guarded { gate, tally }: &Guarded<'_>,
    headers: &HeaderMap,
    body: &[u8],
    address: IpAddr,
) -> Response {
    let clock = service.clock();
    let started_at = enabled!(Level::DEBUG).then(|| clock.now());
    let Heard { called, request } = Heard::from_body(body);
    let told = match request {
        Ok(Request { auth, parameters }) => {
            let call = Call { service, headers, parameters, address };
            let mut noted = Noted { address, ..Noted::new(None) };
            let told = exchange(&call, gate, &called, &auth, &mut noted).await;
            told.tell(service, noted);
            told
        }
        Err(error) => Exchange { operation: None, answer: Err(error.into()) },
    };
    told.count(tally);
    if let Some(started_at) = started_at {
        let name = told.operation.map_or("", |operation| operation.name);
        let kind = told.operation.map(|operation| operation.kind);
        let (state, success) = told.state();
        let (outcome, error_id) = (told.outcome().to_name(), told.error_id());
        let elapsed_us = clock.now().duration_since(started_at).as_micros();
        debug!(operation = name, ?kind, state, success, outcome, error_id, elapsed_us, "answered");
    }
    to_response(clock, &called, &told)
}

/// What came of a request.
struct Exchange {
    /// What was called, once it is known that a developer called it.
    operation: Option<&'static Operation>,
    answer: Answer,
}

impl Exchange {
    fn count(&self, tally: &Tally) {
        tally.count(self.operation.and_then(operations::place), self.outcome());
    }

    /// Tells the trail what came of it.
    fn tell(&self, service: &Service, mut noted: Noted) {
        let outcome = match &self.answer {
            Ok(Reply { is_replay, subject, .. }) => {
                let caller_key = noted.subject.caller_key.take();
                noted.subject = Subject { caller_key, ..subject.clone() };
                noted::done(*is_replay)
            }
            Err(problem) => noted::failed(problem.outcome(), problem.code(), problem.error_id()),
        };
        noted.tell(service, outcome);
    }

    fn outcome(&self) -> Outcome {
        self.answer.as_ref().err().map_or(Outcome::Success, Problem::outcome)
    }

    fn error_id(&self) -> Option<&str> {
        self.answer.as_ref().err().and_then(Problem::error_id)
    }

    /// `estado`, and `success`.
    fn state(&self) -> (u16, bool) {
        match &self.answer {
            Ok(_) => (0, true),
            Err(Problem::Refused { .. }) => (0, false),
            Err(Problem::Stopped { state, .. }) => (*state, false),
        }
    }
}

/// The checks in their order: developer, and how often it asks, provision, operation, session; the parameters
/// are the handler's.
async fn exchange(
    call: &Call<'_>,
    gate: &Gate,
    called: &Called<'_>,
    auth: &Parameters<'_>,
    noted: &mut Noted,
) -> Exchange {
    let clock = call.service.clock();
    // Who is admitted, with every call, is nothing to tell; who is not, is.
    noted.what = Some(What::Admit);
    let admitted = guarded(clock, async {
        let admitted = admitted(call, auth).await?;
        noted.who = Who::Integrator(admitted.integrator());
        noted.what = None;
        gate.pass_integrator(admitted.integrator(), call.address, clock.elapsed_us())?;
        Ok((admitted, operations::find(called)?))
    });
    match admitted.await {
        Ok((admitted, operation)) => {
            noted.what = operation.act;
            let answer = guarded(clock, operation.handler.run(call, admitted, noted)).await;
            Exchange { operation: Some(operation), answer }
        }
        Err(problem) => Exchange { operation: None, answer: Err(problem) },
    }
}

async fn admitted<'s>(call: &Call<'s>, auth: &Parameters<'_>) -> Result<Admitted<'s>, Problem> {
    let sign_in = operations::credentials(auth);
    let sign_in = sign_in.map_err(|_incomplete| Problem::wrong_developer())?;
    let admitted = call.service.admit(&sign_in, call.address).await;
    admitted.map_err(|failure| of_failure(failure, errors::of_developer))
}

/// Runs a part of an exchange; a panic in it is told by a name that the log line has too.
async fn guarded<T>(
    clock: &Clock,
    part: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    let outcome = caught(part).await;
    outcome.unwrap_or_else(|panic| Err(Problem::internal(panics::logged(clock, &panic))))
}

fn to_response(clock: &Clock, called: &Called<'_>, told: &Exchange) -> Response {
    let at = AnsweredAt::from_instant(clock.now());
    let is_known = told.operation.is_some();
    match &told.answer {
        Ok(Reply { response, is_replay, .. }) => {
            let mut answer = to_answer(Envelope::passed(called, at, response).to_bytes());
            if *is_replay {
                let headers = answer.headers_mut();
                attempt::mark_replay(headers);
                headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, attempt::REPLAYED.into());
            }
            answer
        }
        Err(Problem::Refused { message, .. }) => {
            let refusal = wire::to_raw(&Told::refusal(message));
            to_answer(Envelope::passed(called, at, &refusal).to_bytes())
        }
        Err(Problem::Stopped { state, message, retry_after_s, closes, .. }) => {
            let envelope = Envelope::stopped(called, is_known, at, *state, message);
            let mut response = to_answer(envelope.to_bytes());
            let headers = response.headers_mut();
            if *closes {
                headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            if let Some(seconds) = retry_after_s {
                headers.insert(header::RETRY_AFTER, (*seconds).into());
                headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, header::RETRY_AFTER.into());
            }
            response
        }
    }
}

fn preflight() -> Response {
    let mut response = to_answer(b"{}".to_vec());
    for (name, value) in CORS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn to_answer(body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "application/json; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    #[test]
    fn a_path_is_taken_in_any_case_with_slashes_around_it() {
        for (path, expected) in [
            ("/lib/frontera2/service.php", true),
            ("/lib/frontera2/service.php/", true),
            ("/LIB/Frontera2/SERVICE.PHP", true),
            ("/colppy", true),
            ("/Colppy/", true),
            ("/colppy//", true),
            ("//colppy", true),
            ("//lib/frontera2/service.php", true),
            ("colppy", false),
            ("/colppy/x", false),
            ("/lib/frontera2", false),
            ("/lib/frontera2/service.php/x", false),
            ("/lib//frontera2/service.php", false),
            ("lib/frontera2/service.php", false),
            ("/%63olppy", false),
            ("/", false),
            ("", false),
        ] {
            assert_eq!(takes(path), expected, "{path}");
        }
    }

    fn clock() -> Clock {
        Clock::manual("2016-08-18T15:39:29Z".parse().unwrap())
    }

    #[tokio::test]
    async fn a_panic_is_answered_with_an_id_and_nothing_else() {
        let clock = clock();
        let panics = async {
            assert!(clock.now().as_second() == 0, "secret: /etc/passwd");
            Ok(operations::reply(&Told::success(wire::DONE)))
        };
        let answer = guarded(&clock, panics).await;
        let told = Exchange { operation: Some(&operations::OPERATIONS[0]), answer };
        let called = Called { provision: "Usuario".into(), operation: "x".into() };
        let response = to_response(&clock, &called, &told);
        assert_eq!(response.status(), 200);
        let body = to_bytes(response.into_body(), 1000).await.unwrap();
        let body = str::from_utf8(&body).unwrap();
        let start = r#"{"service":{"provision":"Usuario","operacion":"x","version":"1_0_0_0","response_date":"2016-08-18 12:39:29"},"result":{"estado":199,"mensaje":""#;
        assert!(body.starts_with(start), "{body}");
        assert!(body.ends_with(r#"."},"response":null}"#), "{body}");
        assert!(body.contains("el código 53a5") && !body.contains("secret"), "{body}");
    }
}
