//! `serve`: the server, from taking the lock to letting it go.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use ventanilla_api::Tls;
use ventanilla_service::{Service, Settings};
use ventanilla_store::ServerLock;

use super::edge::{self, EdgeArgs};
use crate::books::{Place, StoreArgs, start_service};
use crate::config::{FileConfig, LimitArgs};
use crate::log::{self, LogArgs};
use crate::output;
use crate::problem::{Exit, Problem, to_reason};

/// Where a server listens unless told otherwise.
pub(crate) const LISTEN: &str = "127.0.0.1:8080";

/// How long accepted requests may take to finish once the server was told to stop.
const FAREWELL: Duration = Duration::from_secs(8);

/// The flags of `serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// Dirección donde escucha: 127.0.0.1:8080 si falta
    #[arg(long, value_name = "HOST:PORT", env = "VENTANILLA_LISTEN")]
    listen: Option<String>,
    #[command(flatten)]
    edge: EdgeArgs,
    #[command(flatten)]
    limits: LimitArgs,
}

/// Serves the books the arguments name until told to stop.
pub(crate) fn run(args: &ServeArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let file = FileConfig::read(args.store.config.as_deref())?;
    let log = LogArgs {
        log: log.log.clone().or_else(|| file.log.log.clone()),
        log_format: log.log_format.or(file.log.log_format),
    };
    log::start(&log, "info")?;
    let place = args.store.to_place(&file)?;
    let listen = args.listen.as_deref().or(file.listen.as_deref()).unwrap_or(LISTEN);
    let addresses = to_addresses(listen)?;
    let settings = args.limits.to_settings(file.limits);
    let tls = args.edge.to_tls(&file.edge, &addresses)?;
    serve(&place, settings, || Door::open(listen, &addresses, tls), |_| Ok(()))
}

/// The addresses that `HOST:PORT` stands for.
pub(crate) fn to_addresses(listen: &str) -> anyhow::Result<Vec<SocketAddr>> {
    let addresses = std::net::ToSocketAddrs::to_socket_addrs(listen);
    let addresses: Vec<SocketAddr> = addresses.map(Iterator::collect).unwrap_or_default();
    if addresses.is_empty() {
        return Err(Problem::usage(format!("--listen: «{listen}» no es una dirección HOST:PORT")));
    }
    Ok(addresses)
}

/// Where a server is reached: nobody else listens there, and who comes waits to be served.
#[derive(Debug)]
pub(crate) struct Door {
    runtime: Runtime,
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
}

impl Door {
    /// Listens at the first of the addresses, which `listen` stands for, that can be had.
    pub(crate) fn open(
        listen: &str,
        addresses: &[SocketAddr],
        tls: Option<Tls>,
    ) -> anyhow::Result<Self> {
        let runtime = Runtime::new()?;
        let listener = runtime.block_on(TcpListener::bind(addresses)).map_err(|error| {
            let reason = to_reason(&error);
            Problem::usage(format!("no se puede escuchar en {listen}: {reason}"))
        })?;
        Ok(Self { runtime, listener, tls: tls.map(Arc::new) })
    }
}

/// Serves the books at `place` once the door is open; `greet` may tell more then.
pub(crate) fn serve(
    place: &Place,
    settings: Settings,
    open_door: impl FnOnce() -> anyhow::Result<Door>,
    greet: impl FnOnce(SocketAddr) -> anyhow::Result<()>,
) -> anyhow::Result<Exit> {
    place.require()?;
    let lock = ServerLock::take(&place.data).map_err(|error| place.to_problem(&error))?;
    let service = start_service(place.open_held(&lock)?, settings)?;
    let door = open_door();
    let Door { runtime, listener, tls } = door.inspect_err(|_| service.shut_down())?;
    let ended = runtime.block_on(async {
        let mut signals = Signals::install()?;
        let address = listener.local_addr()?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        output::print(format_args!("listening on {scheme}://{address}"))?;
        greet(address)?;
        until_stopped(listener, tls, &service, &mut signals).await
    });
    service.shut_down();
    ended?;
    runtime.block_on(to_end(&service))
}

/// Serves until a signal comes or the store fails, then lets what was accepted finish.
async fn until_stopped(
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
    service: &Service,
    signals: &mut Signals,
) -> anyhow::Result<()> {
    let (stop, stopped) = oneshot::channel::<()>();
    let router = ventanilla_api::router(service.clone());
    // It ends with the runtime.
    let _renewing = tls.clone().map(|tls| tokio::spawn(edge::renew(tls)));
    let mut serving = pin!(ventanilla_api::serve(listener, tls, router, async {
        // A sender that is gone means the same as one that spoke.
        stopped.await.ok();
    }));
    tokio::select! {
        ended = &mut serving => {
            let reason = ended.err().map_or("terminó sin que se lo pidieran", |error| to_reason(&error));
            return Err(Problem::store(format!("el servidor dejó de escuchar: {reason}")));
        }
        () = signals.next() => tracing::info!("stopping: a signal came"),
        () = service.store_failed() => tracing::error!("stopping: the store failed"),
    }
    drop(stop);
    match tokio::time::timeout(FAREWELL, serving).await {
        Ok(Ok(())) => tracing::info!("every accepted request has its answer"),
        Ok(Err(error)) => tracing::warn!(%error, "the listener ended badly"),
        Err(_) => tracing::warn!("some requests took too long to finish"),
    }
    Ok(())
}

/// Whether the store failed decides how the process ends, whatever ended the serving.
async fn to_end(service: &Service) -> anyhow::Result<Exit> {
    match tokio::time::timeout(Duration::ZERO, service.store_failed()).await {
        Ok(()) => Err(Problem::store(
            "el almacén falló y el servidor se detuvo; arránquelo de nuevo: al abrir recupera lo guardado",
        )),
        Err(_) => Ok(Exit::Done),
    }
}

/// The signals that ask a process to stop.
#[derive(Debug)]
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Takes them over; inside a runtime.
    pub(crate) fn install() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for the next of them.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
