//! HTTP in dialects over the one service: reading, limits and credentials are shared in `http`; a
//! dialect's words stay in its own folder.

mod cooplan;
mod http;

pub use http::serve::{Limits, PeerAddress, serve, serve_within};

use axum::Router;
use axum::extract::{Request, State};
use ventanilla_service::Service;

/// All that is served over HTTP.
///
/// The Cooplan dialect is the fallback, because it takes its paths in any letter case, which a
/// table of routes cannot. What has routes (other dialects, the console) is merged beside it.
pub fn router(service: Service) -> Router {
    Router::new()
        .fallback(|State(service): State<Service>, request: Request| async move {
            cooplan::answer(&service, request).await
        })
        .with_state(service)
}
