//! Health and metrics, for the operator's own listener: `/healthz` (the process lives), `/readyz`
//! (payments can be made) and `/metrics` (Prometheus). Whoever reaches it learns how busy a company
//! is, and no name, id or amount.

mod metrics;
mod text;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use ventanilla_service::{FileSizes, Holdings, Service, Unready};

use crate::Meters;
use crate::http::body;

/// How long a look at the books may take: a disk that hangs counts as unreadable.
const LOOK_TIME_MAX: Duration = Duration::from_secs(2);

/// The text format of Prometheus.
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";
const WORD: &str = "text/plain; charset=utf-8";

/// Who watches a server.
#[derive(Debug)]
pub struct Monitor {
    service: Service,
    meters: Arc<Meters>,
    version: &'static str,
    started_at: Timestamp,
    is_stopping: AtomicBool,
    /// One look at a time: a disk that hangs must not take a thread of each who asks.
    looking: Arc<Semaphore>,
}

/// What a look at the books shows.
#[derive(Debug)]
struct Sight {
    readiness: Result<(), NotReady>,
    /// `None` where the service was not ready.
    holdings: Option<Holdings>,
    /// `None` where the books are in no file of this machine, or its disk did not answer in time.
    files: Option<FileSizes>,
}

/// Why a server is not ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NotReady {
    /// It was told to stop.
    Stopping,
    /// The service is not.
    Unready(Unready),
}

impl NotReady {
    /// The word of the answer.
    fn to_word(self) -> &'static str {
        match self {
            Self::Stopping => "deteniendo",
            Self::Unready(Unready::StoreFailed) => "fallo",
            Self::Unready(Unready::Full) => "lleno",
            Self::Unready(Unready::Unreachable) => "base",
            Self::Unready(Unready::Mirror) => "espejo",
            Self::Unready(Unready::Busy) => "ocupado",
            Self::Unready(Unready::Unreadable) => "ilegible",
        }
    }
}

impl Monitor {
    /// Watches a service that starts now, in a program of this version.
    pub fn new(service: Service, version: &'static str) -> Arc<Self> {
        let started_at = service.clock().now();
        Arc::new(Self {
            service,
            meters: Arc::default(),
            version,
            started_at,
            is_stopping: AtomicBool::new(false),
            looking: Arc::new(Semaphore::new(1)),
        })
    }

    /// Where requests and connections are to be counted.
    pub fn meters(&self) -> Arc<Meters> {
        Arc::clone(&self.meters)
    }

    /// From now on the server is not ready: whoever sends it callers must look for another.
    pub fn stop(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
    }

    /// All that the monitor answers. It is for a listener of its own.
    pub fn router(self: &Arc<Self>) -> Router {
        let monitor = Arc::clone(self);
        Router::new()
            .fallback(|State(monitor): State<Arc<Self>>, request: Request| async move {
                monitor.answer(request).await
            })
            .with_state(monitor)
    }

    async fn answer(&self, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        body::discard(&parts.headers, body).await;
        let path = parts.uri.path();
        if !["/healthz", "/readyz", "/metrics"].contains(&path) {
            return to_answer(StatusCode::NOT_FOUND, WORD, "no existe\n");
        }
        if !matches!(parts.method, Method::GET | Method::HEAD) {
            let mut response = to_answer(StatusCode::METHOD_NOT_ALLOWED, WORD, "solo GET\n");
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        match path {
            "/healthz" => to_answer(StatusCode::OK, WORD, "ok\n"),
            "/readyz" => match self.look().await.readiness {
                Ok(()) => to_answer(StatusCode::OK, WORD, "ok\n"),
                Err(reason) => {
                    let word = format!("{}\n", reason.to_word());
                    to_answer(StatusCode::SERVICE_UNAVAILABLE, WORD, word)
                }
            },
            _ => to_answer(StatusCode::OK, METRICS, metrics::to_text(self, &self.look().await)),
        }
    }

    /// Looks whether the server is ready, and how large its books are.
    async fn look(&self) -> Sight {
        let (service, looking) = (self.service.clone(), Arc::clone(&self.looking));
        let look = async move {
            let place = looking.acquire_owned().await.ok()?;
            let look = move || {
                let seen = (service.ready(), service.file_sizes());
                drop(place);
                seen
            };
            spawn_blocking(look).await.ok()
        };
        let seen = timeout(LOOK_TIME_MAX, look).await.ok().flatten();
        let (ready, files) = seen.unzip();
        let ready = ready.unwrap_or(Err(Unready::Unreadable));
        let is_stopping = self.is_stopping.load(Ordering::Relaxed);
        let readiness = if is_stopping {
            Err(NotReady::Stopping)
        } else {
            ready.map(drop).map_err(NotReady::Unready)
        };
        Sight { readiness, holdings: ready.ok(), files: files.flatten() }
    }
}

fn to_answer(status: StatusCode, media_type: &'static str, text: impl Into<Body>) -> Response {
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_the_word_that_the_docs_tell() {
        let docs = include_str!("../../../../docs/observability.md");
        for (reason, word) in [
            (NotReady::Stopping, "deteniendo"),
            (NotReady::Unready(Unready::StoreFailed), "fallo"),
            (NotReady::Unready(Unready::Full), "lleno"),
            (NotReady::Unready(Unready::Unreachable), "base"),
            (NotReady::Unready(Unready::Mirror), "espejo"),
            (NotReady::Unready(Unready::Busy), "ocupado"),
            (NotReady::Unready(Unready::Unreadable), "ilegible"),
        ] {
            assert_eq!(reason.to_word(), word);
            assert!(docs.contains(&format!("`{word}` (")), "{word}");
        }
    }
}
