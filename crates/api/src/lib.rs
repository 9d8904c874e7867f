//! HTTP in dialects over the one service: reading, limits and credentials are shared in `http`; a
//! dialect's words stay in its own folder.

mod colppy;
mod cooplan;
#[cfg(test)]
mod every;
mod http;
mod receipt;

pub use http::serve::{Limits, PeerAddress, serve, serve_within};
pub use http::tls::{Tls, TlsError};

use axum::Router;
use axum::extract::{Request, State};
use ventanilla_service::Service;

/// All that is served over HTTP.
///
/// The dialects are the fallback, because they take their paths in any letter case, which a table
/// of routes cannot; what is nobody's path is told so by the Cooplan dialect. What has routes (the
/// console) is merged beside them.
pub fn router(service: Service) -> Router {
    Router::new()
        .fallback(|State(service): State<Service>, request: Request| async move {
            let path = request.uri().path();
            if colppy::takes(path) {
                colppy::answer(&service, request).await
            } else if receipt::takes(path) {
                receipt::answer(&service, request).await
            } else {
                cooplan::answer(&service, request).await
            }
        })
        .with_state(service)
}
