//! HTTP in dialects over the one service: reading, limits and credentials are shared in `http`; a
//! dialect's words stay in its own folder.

mod colppy;
mod cooplan;
#[cfg(test)]
mod every;
mod http;
mod meters;
mod monitor;
mod noted;
mod receipt;

pub use http::buckets::Rate;
pub use http::gate::Rates;
pub use http::proxies::{Network, Proxies, UnknownNetwork};
pub use http::serve::{Edge, Limits, PeerAddress, PrivateWay, serve};
pub use http::tls::{Tls, TlsError};
pub use meters::Meters;
pub use monitor::Monitor;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use ventanilla_service::Service;

use http::buckets::Limited;
use http::gate::Gate;

/// All that is served over HTTP.
///
/// The dialects are the fallback, because they take their paths in any letter case, which a table
/// of routes cannot; what is nobody's path is told so by the Cooplan dialect. What has routes (the
/// console) is merged beside them.
pub fn router(service: Service) -> Router {
    counted_router(service, Arc::default(), Rates::default())
}

/// [`router`], where the requests are counted, and held to these rates.
pub fn counted_router(service: Service, meters: Arc<Meters>, rates: Rates) -> Router {
    router_beside(service, meters, rates, Router::new())
}

/// [`counted_router`] with pages beside the dialects, whose callers are held to the same rates by their
/// addresses: who signs in there has a guard of its own.
pub fn router_beside(service: Service, meters: Arc<Meters>, rates: Rates, pages: Router) -> Router {
    let gate = Arc::new(Gate::new(rates, Arc::clone(&meters)));
    let shared = Shared { service, meters, gate };
    let pages = pages.layer(from_fn_with_state(shared.clone(), held_to_rates));
    let dialects = Router::new()
        .fallback(|State(shared): State<Shared>, request: Request| async move {
            let Shared { service, meters, gate } = &shared;
            let path = request.uri().path();
            if colppy::takes(path) {
                colppy::answer(service, gate, &meters.colppy, request).await
            } else if receipt::takes(path) {
                receipt::answer(service, gate, &meters.receipt, request).await
            } else {
                cooplan::answer(service, gate, &meters.cooplan, request).await
            }
        })
        .with_state(shared);
    dialects.merge(pages)
}

/// A page, unless its caller's address asks too often.
async fn held_to_rates(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let at_us = shared.service.clock().elapsed_us();
    match shared.gate.pass(PeerAddress::of(&parts), None, at_us).map(drop) {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(Limited { retry_after_s }) => {
            let mut response = Response::new(TOO_OFTEN.into());
            *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
            let headers = response.headers_mut();
            headers.insert(header::RETRY_AFTER, retry_after_s.into());
            let text = HeaderValue::from_static("text/plain; charset=utf-8");
            headers.insert(header::CONTENT_TYPE, text);
            response
        }
    }
}

/// Told to whoever asks for pages too often.
const TOO_OFTEN: &str =
    "Se consultó demasiadas veces en poco tiempo: espere un momento y vuelva a intentarlo.\n";

/// What every request needs.
#[derive(Debug, Clone)]
struct Shared {
    service: Service,
    meters: Arc<Meters>,
    gate: Arc<Gate>,
}
