//! The anchors: what the same machine, runtime and accept loop do with no books behind them.
//!
//! E parses the same request and answers the same bytes. N does so after its 128 bytes are
//! appended to a file and synced, one sync for all that wait. F is the disk alone.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use clap::Args;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::commands::serve::to_addresses;
use crate::output;
use crate::problem::Exit;

/// The flags of `bench serve-echo`.
#[derive(Debug, Args)]
pub(crate) struct EchoArgs {
    /// Dirección donde escucha
    #[arg(long, value_name = "HOST:PORT")]
    listen: String,
    /// Archivo con la respuesta
    #[arg(long, value_name = "ARCHIVO")]
    answer: PathBuf,
    /// Archivo al que cada petición agrega 128 bytes antes de su respuesta
    #[arg(long, value_name = "ARCHIVO")]
    append: Option<PathBuf>,
}

/// The request of `leer_pago`: all of it that an answer rests on.
#[derive(Debug, Deserialize)]
struct Envelope {
    auth: Auth,
    service: Asked,
    parameters: Parameters,
}

#[derive(Debug, Deserialize)]
struct Auth {
    usuario: String,
    password: String,
}

#[derive(Debug, Deserialize)]
struct Asked {
    provision: String,
    operacion: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    sesion: Sesion,
    id_pago: String,
    id_empresa: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sesion {
    usuario: String,
    clave_sesion: String,
}

/// The request of `consultardeuda`.
#[derive(Debug, Deserialize)]
struct Request {
    #[serde(rename = "Contrato")]
    contrato: String,
}

#[derive(Debug, Clone)]
struct Echo {
    answer: Bytes,
    queue: Option<Arc<mpsc::Sender<oneshot::Sender<()>>>>,
}

/// Serves an echo until the process ends.
pub(super) fn serve_echo(args: &EchoArgs) -> anyhow::Result<Exit> {
    let answer = Bytes::from(fs::read(&args.answer)?);
    let queue = args.append.as_deref().map(start_appending).transpose()?;
    let router = Router::new()
        .route("/api/consultardeuda", post(echo))
        .route("/colppy", post(echo_payout))
        .route("/consola/{*pagina}", get(echo_page))
        .with_state(Echo { answer, queue: queue.map(Arc::new) });
    let addresses = to_addresses("--listen", &args.listen)?;
    tokio::runtime::Runtime::new()?.block_on(async {
        let listener = TcpListener::bind(&*addresses).await?;
        output::print(format_args!("listening on http://{}", listener.local_addr()?))?;
        ventanilla_api::serve(
            ventanilla_api::Edge::default(),
            listener,
            router,
            std::future::pending(),
        )
        .await?;
        Ok(Exit::Done)
    })
}

async fn echo(State(echo): State<Echo>, headers: HeaderMap, body: Bytes) -> Response {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    let request = serde_json::from_slice::<Request>(&body);
    match (token, request) {
        (Some(token), Ok(request)) if !token.is_empty() && !request.contrato.is_empty() => {}
        _ => return StatusCode::BAD_REQUEST.into_response(),
    }
    if let Some(queue) = &echo.queue {
        let (written, waiting) = oneshot::channel();
        if queue.send(written).is_err() || waiting.await.is_err() {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
    }
    let headers = [
        (header::CONTENT_TYPE, "application/json; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, echo.answer).into_response()
}

async fn echo_payout(State(echo): State<Echo>, body: Bytes) -> Response {
    let Ok(request) = serde_json::from_slice::<Envelope>(&body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let Envelope { auth, service, parameters } = &request;
    let sesion = &parameters.sesion;
    let words = [
        &auth.usuario,
        &auth.password,
        &service.provision,
        &service.operacion,
        &sesion.usuario,
        &sesion.clave_sesion,
        &parameters.id_pago,
        &parameters.id_empresa,
    ];
    if words.into_iter().any(String::is_empty) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let headers = [
        (header::CONTENT_TYPE, "application/json; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (headers, echo.answer).into_response()
}

/// A page of somebody who has a cookie.
async fn echo_page(State(echo): State<Echo>, headers: HeaderMap) -> Response {
    if !headers.contains_key(header::COOKIE) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let headers =
        [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    (headers, echo.answer).into_response()
}

/// A thread that appends and syncs for all who wait, then lets them go.
fn start_appending(path: &Path) -> anyhow::Result<mpsc::Sender<oneshot::Sender<()>>> {
    const RECORD: [u8; 128] = [b'.'; 128];
    const GROUP_LEN_MAX: usize = 256;
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    let (queue, waiting) = mpsc::channel::<oneshot::Sender<()>>();
    std::thread::spawn(move || {
        let mut group = Vec::with_capacity(GROUP_LEN_MAX);
        while let Ok(first) = waiting.recv() {
            group.push(first);
            group.extend(waiting.try_iter().take(GROUP_LEN_MAX - 1));
            let records = RECORD.repeat(group.len());
            if file.write_all(&records).and_then(|()| file.sync_data()).is_err() {
                return;
            }
            for written in group.drain(..) {
                // Whoever has gone needs no answer.
                written.send(()).ok();
            }
        }
    });
    Ok(queue)
}

/// F: syncs a second of 4 KiB written in place.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
pub(super) fn syncs_per_second(folder: &Path) -> anyhow::Result<f64> {
    const COUNTED: Duration = Duration::from_secs(1);
    let path = folder.join("sync");
    let file = File::create(&path)?;
    let page = [b'.'; 4096];
    file.write_all_at(&page, 0)?;
    file.sync_all()?;
    let (start, mut syncs) = (Instant::now(), 0_u32);
    while start.elapsed() < COUNTED {
        file.write_all_at(&page, 0)?;
        file.sync_data()?;
        syncs += 1;
    }
    Ok(f64::from(syncs) / start.elapsed().as_secs_f64())
}
