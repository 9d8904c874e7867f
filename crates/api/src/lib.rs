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
pub use http::serve::{Edge, Limits, PeerAddress, serve};
pub use http::tls::{Tls, TlsError};
pub use meters::Meters;
pub use monitor::Monitor;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use ventanilla_service::Service;

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
    let gate = Arc::new(Gate::new(rates, Arc::clone(&meters)));
    let shared = Shared { service, meters, gate };
    Router::new()
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
        .with_state(shared)
}

/// What every request needs.
#[derive(Debug, Clone)]
struct Shared {
    service: Service,
    meters: Arc<Meters>,
    gate: Arc<Gate>,
}
