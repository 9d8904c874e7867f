//! `serve`: the server, from taking the lock to letting it go.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::middleware::map_request;
use clap::Args;
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use ventanilla_api::{Edge, Limits, Monitor, PeerAddress, PrivateWay, Proxies, Rates, Tls};
use ventanilla_service::{Service, Settings, Verifier};

use super::edge::EdgeArgs;
use super::mirror::{self, MirrorArgs, Wanted, require_parent};
use super::rates::RateArgs;
use super::verify::to_checkpoint_reason;
use crate::books::{StoreArgs, start_service};
use crate::config::{FileConfig, LimitArgs};
use crate::descriptors;
use crate::log::{self, LogArgs};
use crate::output;
use crate::place::Place;
use crate::problem::{Exit, Problem, to_reason};

/// Where a server listens unless told otherwise.
pub(crate) const LISTEN: &str = "127.0.0.1:8080";

/// How long accepted requests may take to finish once the server was told to stop.
const FAREWELL: Duration = Duration::from_secs(8);

/// How long the last look at health or metrics may take then.
const LAST_LOOK: Duration = Duration::from_millis(500);

/// Connections that the system keeps until they are accepted, if it may: of those beyond, the first word is lost,
/// and their peers repeat it after a second.
const BACKLOG_LEN: u32 = 4096;

/// Connections to health and metrics.
const WATCHERS_LEN_MAX: usize = 64;

/// The flags of `serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// Dirección donde escucha: 127.0.0.1:8080 si falta
    #[arg(long, value_name = "HOST:PORT", env = "VENTANILLA_LISTEN")]
    listen: Option<String>,
    #[command(flatten)]
    mirror: MirrorArgs,
    #[command(flatten)]
    edge: EdgeArgs,
    #[command(flatten)]
    metrics: MetricsArgs,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    rates: RateArgs,
}

/// Where health and metrics are.
#[derive(Debug, Args)]
struct MetricsArgs {
    /// Dirección propia de /healthz, /readyz y /metrics: no se sirven si falta
    #[arg(long, value_name = "HOST:PORT", env = "VENTANILLA_METRICS")]
    metrics: Option<String>,
    /// Permite que esa dirección se alcance desde otras máquinas
    #[arg(
        long,
        env = "VENTANILLA_METRICS_PUBLIC",
        value_parser = clap::builder::BoolishValueParser::new()
    )]
    metrics_public: bool,
}

impl MetricsArgs {
    /// The address that was asked for, and what it stands for. Whoever reaches it learns how busy a
    /// company is: one that others reach is taken only where that is said.
    fn to_addresses(&self, file: &FileConfig) -> anyhow::Result<Option<(String, Vec<SocketAddr>)>> {
        let Some(listen) = self.metrics.clone().or_else(|| file.metrics.clone()) else {
            return Ok(None);
        };
        let addresses = to_addresses("--metrics", &listen)?;
        let is_meant = self.metrics_public || file.metrics_public.unwrap_or(false);
        if !is_meant && addresses.iter().any(|address| !address.ip().is_loopback()) {
            return Err(Problem::usage(format!(
                "--metrics {listen}: esa dirección se alcanza desde otras máquinas; si es lo que \
                 quiere, dígalo con --metrics-public"
            )));
        }
        Ok(Some((listen, addresses)))
    }
}

impl ServeArgs {
    /// The configuration file that is named.
    pub(crate) fn config_file(&self) -> Option<&Path> {
        self.store.config.as_deref()
    }

    /// What would be served and how, line by line, and all that stands in its way.
    pub(crate) fn check(&self, file: &FileConfig, log: &LogArgs) -> (Vec<String>, Vec<String>) {
        let (mut told, mut problems) = (Vec::new(), Vec::new());
        let mut keep = |found: anyhow::Result<String>| match found {
            Ok(line) => told.push(line),
            Err(problem) => problems.push(problem.to_string()),
        };
        keep(self.store.to_place(file).and_then(|place| {
            place.require()?;
            Ok(format!("datos     {}", place.to_shown()))
        }));
        keep(self.store.to_place(file).and_then(|place| {
            require_parent("checkpoints", &place.checkpoints)?;
            Ok(format!("control   {}", place.checkpoints.display()))
        }));
        match self.mirror.to_wanted(file) {
            Wanted::Kept => {}
            Wanted::Off => keep(Ok("espejo    ya no se lleva".to_owned())),
            Wanted::At(path) => keep(self.check_mirror(file, &path)),
        }
        keep(log::to_filter(&to_log(log, file), LOG).map(|filter| format!("registro  {filter}")));
        let listen = self.listen.as_deref().or(file.listen.as_deref()).unwrap_or(LISTEN);
        keep(to_addresses("--listen", listen).and_then(|addresses| {
            let tls = self.edge.to_tls(&file.edge, &addresses)?;
            let scheme = if tls.is_some() { "https" } else { "http" };
            Ok(format!("escucha   {scheme}://{listen}"))
        }));
        keep(self.metrics.to_addresses(file).map(|metrics| {
            let listen = metrics.map_or_else(|| "no se sirven".to_owned(), |(listen, _)| listen);
            format!("métricas  {listen}")
        }));
        (told, problems)
    }

    fn check_mirror(&self, file: &FileConfig, path: &Path) -> anyhow::Result<String> {
        // What keeps the place from being known is told of the place.
        if let Ok(place) = self.store.to_place(file) {
            Wanted::At(path.to_owned()).require_possible(&place)?;
        }
        require_parent("espejo", path)?;
        Ok(format!("espejo    {}", path.display()))
    }
}

/// What a server logs unless told otherwise.
const LOG: &str = "info";

/// What a server logs: as the flags and the environment say, else the file.
fn to_log(log: &LogArgs, file: &FileConfig) -> LogArgs {
    LogArgs {
        log: log.log.clone().or_else(|| file.log.log.clone()),
        log_format: log.log_format.or(file.log.log_format),
    }
}

/// Serves the books the arguments name until told to stop.
pub(crate) fn run(args: &ServeArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let file = FileConfig::read(args.store.config.as_deref())?;
    log::start(&to_log(log, &file), LOG)?;
    let place = args.store.to_place(&file)?;
    let listen = args.listen.as_deref().or(file.listen.as_deref()).unwrap_or(LISTEN);
    let addresses = to_addresses("--listen", listen)?;
    let metrics = args.metrics.to_addresses(&file)?;
    let settings = args.limits.to_settings(file.limits);
    let tls = args.edge.to_tls(&file.edge, &addresses)?;
    let proxies = args.edge.to_proxies(&file.edge);
    let rates = args.rates.to_rates(file.rates);
    let open_door = || {
        let door = Door::open(listen, &addresses)?.with_edge(tls, proxies, rates);
        match &metrics {
            Some((listen, addresses)) => door.with_metrics(listen, addresses),
            None => Ok(door),
        }
    };
    let wanted = args.mirror.to_wanted(&file);
    serve(&place, &wanted, settings, open_door, |_| Ok(()))
}

/// The addresses that `HOST:PORT` of a flag stands for.
pub(crate) fn to_addresses(flag: &str, listen: &str) -> anyhow::Result<Vec<SocketAddr>> {
    let addresses = std::net::ToSocketAddrs::to_socket_addrs(listen);
    let addresses: Vec<SocketAddr> = addresses.map(Iterator::collect).unwrap_or_default();
    if addresses.is_empty() {
        return Err(Problem::usage(format!("{flag}: «{listen}» no es una dirección HOST:PORT")));
    }
    Ok(addresses)
}

/// Where a server is reached: nobody else listens there, and who comes waits to be served.
#[derive(Debug)]
pub(crate) struct Door {
    runtime: Runtime,
    listener: TcpListener,
    edge: Edge,
    rates: Rates,
    /// Of health and metrics.
    metrics: Option<TcpListener>,
}

impl Door {
    /// Listens at the first of the addresses, which `listen` stands for, that can be had.
    pub(crate) fn open(listen: &str, addresses: &[SocketAddr]) -> anyhow::Result<Self> {
        let runtime = Runtime::new()?;
        let listener = bind(&runtime, listen, addresses)?;
        let (limits, rates) = (Limits::default(), Rates::default());
        let connections_len_max =
            descriptors::connections(limits.connections_len_max, descriptors::raise());
        let edge = Edge { limits: Limits { connections_len_max, ..limits }, ..Edge::default() };
        Ok(Self { runtime, listener, edge, rates, metrics: None })
    }

    /// Greets with a certificate, if there is one, believes these proxies, and holds callers to these rates.
    fn with_edge(self, tls: Option<Tls>, proxies: Proxies, rates: Rates) -> Self {
        let (tls, proxies) = (tls.map(Arc::new), Arc::new(proxies));
        Self { edge: Edge { tls, proxies, ..self.edge }, rates, ..self }
    }

    /// Listens for health and metrics too.
    fn with_metrics(self, listen: &str, addresses: &[SocketAddr]) -> anyhow::Result<Self> {
        let metrics = Some(bind(&self.runtime, listen, addresses)?);
        Ok(Self { metrics, ..self })
    }
}

/// Listens at the first address that can be had.
fn bind(runtime: &Runtime, listen: &str, addresses: &[SocketAddr]) -> anyhow::Result<TcpListener> {
    let _inside = runtime.enter();
    let mut failed = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match listen_at(*address) {
            Ok(listener) => return Ok(listener),
            Err(error) => failed = error,
        }
    }
    let reason = to_reason(&failed);
    Err(Problem::usage(format!("no se puede escuchar en {listen}: {reason}")))
}

fn listen_at(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A server that has just ended leaves the address in use for a while.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG_LEN)
}

/// Serves the books at `place` once the door is open; `greet` may tell more then.
pub(crate) fn serve(
    place: &Place,
    wanted: &Wanted,
    settings: Settings,
    open_door: impl FnOnce() -> anyhow::Result<Door>,
    greet: impl FnOnce(SocketAddr) -> anyhow::Result<()>,
) -> anyhow::Result<Exit> {
    wanted.require_possible(place)?;
    // Held until the service has ended.
    let (_lock, store) = place.open_to_serve()?;
    mirror::settle(&store, wanted, place)?;
    let service = start_service(store, settings)?;
    service.settle_mirror();
    let foreign = mirror::refuse_foreign(service.mirror_problem().as_deref());
    let opened = foreign
        .and_then(|()| open_door())
        .and_then(|door| Ok((door, start_verifier(&service, place)?)));
    let (door, verifier) = opened.inspect_err(|_| service.shut_down())?;
    let Door { runtime, listener, edge, rates, metrics } = door;
    let ended = runtime.block_on(async {
        let mut signals = Signals::install()?;
        let address = listener.local_addr()?;
        let scheme = if edge.tls.is_some() { "https" } else { "http" };
        output::print(format_args!("listening on {scheme}://{address}"))?;
        let watch = Watch::start(&service, metrics)?;
        greet(address)?;
        let edge = Edge { meters: watch.monitor.meters(), ..edge };
        let meters = Arc::clone(&edge.meters);
        let pages = console_of(service.clone());
        let router = ventanilla_api::router_beside(service.clone(), meters, rates, pages);
        until_stopped(edge, listener, router, &service, &watch.monitor, &mut signals).await?;
        watch.end().await;
        anyhow::Ok(())
    });
    service.shut_down();
    // The last checkpoint attests to the last answer.
    drop(verifier);
    ended?;
    runtime.block_on(to_end(&service))
}

/// The console, which is told who asks as the edge found it.
fn console_of(service: Service) -> Router {
    let settings = ventanilla_console::ConsoleSettings::default();
    ventanilla_console::router(service, settings).layer(map_request(tell_caller))
}

async fn tell_caller(mut request: Request) -> Request {
    let extensions = request.extensions_mut();
    let mut caller = ventanilla_console::Caller::default();
    if let Some(PeerAddress(address)) = extensions.get() {
        caller.address = *address;
    }
    if let Some(PrivateWay(is_private)) = extensions.get() {
        caller.is_private = *is_private;
    }
    extensions.insert(caller);
    request
}

fn start_verifier(service: &Service, place: &Place) -> anyhow::Result<Verifier> {
    let started = service.start_verifier(&place.checkpoints);
    started.map_err(|error| {
        let (path, reason) = (place.checkpoints.display(), to_checkpoint_reason(&error));
        Problem::usage(format!("{path}: no se puede escribir los puntos de control: {reason}"))
    })
}

/// Serves until a signal comes or the store fails, then lets what was accepted finish.
async fn until_stopped(
    edge: Edge,
    listener: TcpListener,
    router: Router,
    service: &Service,
    monitor: &Monitor,
    signals: &mut Signals,
) -> anyhow::Result<()> {
    let (stop, stopped) = oneshot::channel::<()>();
    // It ends with the runtime.
    let _renewing = edge.tls.clone().map(|tls| tokio::spawn(super::edge::renew(tls)));
    let mut serving = pin!(ventanilla_api::serve(edge, listener, router, async {
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
    monitor.stop();
    drop(stop);
    match tokio::time::timeout(FAREWELL, serving).await {
        Ok(Ok(())) => tracing::info!("every accepted request has its answer"),
        Ok(Err(error)) => tracing::warn!(%error, "the listener ended badly"),
        Err(_) => tracing::warn!("some requests took too long to finish"),
    }
    Ok(())
}

/// Health and metrics, on their own listener if there is one.
#[derive(Debug)]
struct Watch {
    monitor: Arc<Monitor>,
    serving: Option<(oneshot::Sender<()>, JoinHandle<io::Result<()>>)>,
}

impl Watch {
    /// Begins to watch; inside a runtime.
    fn start(service: &Service, listener: Option<TcpListener>) -> anyhow::Result<Self> {
        let monitor = Monitor::new(service.clone(), env!("CARGO_PKG_VERSION"));
        let Some(listener) = listener else {
            return Ok(Self { monitor, serving: None });
        };
        output::print(format_args!("metrics on http://{}/metrics", listener.local_addr()?))?;
        let (stop, stopped) = oneshot::channel::<()>();
        let limits = Limits { connections_len_max: WATCHERS_LEN_MAX, ..Limits::default() };
        let edge = Edge { limits, ..Edge::default() };
        let serving = ventanilla_api::serve(edge, listener, monitor.router(), async {
            stopped.await.ok();
        });
        Ok(Self { monitor, serving: Some((stop, tokio::spawn(serving))) })
    }

    /// Stops answering: until the last request had its answer, a server tells that it is stopping.
    async fn end(self) {
        let Some((stop, serving)) = self.serving else { return };
        drop(stop);
        if tokio::time::timeout(LAST_LOOK, serving).await.is_err() {
            tracing::debug!("a look at the metrics took too long to finish");
        }
    }
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
