//! Our own accept loop: `axum::serve` installs no timer, so its header timeout never fires.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::request::Parts;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower::Service as _;
use tracing::{debug, warn};

use super::connection::{Activity, GuardedStream, HeaderTimer, WatchedBody};
use super::places::{Places, Seat};
use super::proxies::Proxies;
use super::tls::Tls;
use crate::Meters;

/// Bytes that a request's line and headers may have.
const HEADER_LEN_MAX: usize = 16 * 1024;

/// Bytes kept for one connection in each direction.
const BUFFER_LEN_MAX: usize = 64 * 1024;

/// The address a request came from, as an extension of the request: the peer's, or the one that a proxy
/// which is believed names. An IPv4 address that came
/// mapped into IPv6 is told as IPv4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerAddress(pub IpAddr);

impl PeerAddress {
    /// Whoever was not accepted by our own loop has no address of its own.
    pub(crate) fn of(parts: &Parts) -> IpAddr {
        let known = parts.extensions.get::<Self>();
        known.map_or(Ipv4Addr::UNSPECIFIED.into(), |Self(address)| *address)
    }
}

/// Whether nobody on the way can read a request, as an extension of it: it came in our own TLS, or a proxy which
/// is believed says that it did in its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrivateWay(pub bool);

/// What one listener grants (ARCHITECTURE.md, "The HTTP edge").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections in all; one more is closed at once. Before that, those that only wait make room.
    pub connections_len_max: usize,
    /// Connections of one address (one /64 of IPv6); the loopback addresses have no such limit.
    pub connections_per_address_len_max: usize,
    /// How long a header may take; a new connection that is silent counts as a header, and so does
    /// a handshake.
    pub header_time_max: Duration,
    /// How long a connection may be silent between two requests.
    pub idle_time_max: Duration,
    /// How long a peer may take nothing of an answer.
    pub stall_time_max: Duration,
    /// How long a closed connection waits for the peer to close as well.
    pub linger_time_max: Duration,
    /// How long a shutdown waits for the answers under way.
    pub shut_down_time_max: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_len_max: 10_000,
            connections_per_address_len_max: 256,
            header_time_max: Duration::from_secs(5),
            idle_time_max: Duration::from_mins(1),
            stall_time_max: Duration::from_secs(30),
            linger_time_max: Duration::from_secs(2),
            shut_down_time_max: Duration::from_secs(10),
        }
    }
}

/// How a listener is served.
#[derive(Debug, Clone, Default)]
pub struct Edge {
    /// What it grants.
    pub limits: Limits,
    /// The certificate that connections are greeted with; none are in TLS where there is none.
    pub tls: Option<Arc<Tls>>,
    /// The proxies whose word for a caller's address is believed.
    pub proxies: Arc<Proxies>,
    /// What counts the connections.
    pub meters: Arc<Meters>,
}

/// Serves until `shutdown` resolves, then finishes the requests that were accepted, for at most
/// [`Limits::shut_down_time_max`]. [`PeerAddress`] and [`PrivateWay`] are in each request's extensions.
///
/// It fails only where the listener cannot be used at all; a failing connection costs itself.
pub async fn serve(
    edge: Edge,
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let Edge { limits, tls, proxies, meters } = edge;
    listener.local_addr()?;
    let places = Arc::new(Places::new(limits, meters));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let address = peer_address(peer);
                    // Over the limits: dropping the stream closes it.
                    if let Some(place) = places.take(address).await {
                        let serving = Serving {
                            limits,
                            address,
                            is_in_tls: tls.is_some(),
                            router: router.clone(),
                            proxies: Arc::clone(&proxies),
                            watcher: graceful.watcher(),
                            seat: Arc::clone(place.seat()),
                        };
                        let serving = serving.greet(stream, tls.clone());
                        connections.spawn(async move {
                            tokio::select! {
                                biased;
                                () = serving => {}
                                () = place.seat().left() => {}
                            }
                        });
                    }
                }
                Err(error) => pause_after(&error).await,
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
    drop(listener);
    if timeout(limits.shut_down_time_max, graceful.shutdown()).await.is_err() {
        warn!(connections = connections.len(), "connections cut off at shutdown");
    }
    Ok(())
}

/// Out of descriptors or memory: accepting again at once would only spin.
async fn pause_after(error: &io::Error) {
    let is_the_peers = matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    );
    if !is_the_peers {
        warn!(%error, "a connection could not be accepted");
        sleep(Duration::from_millis(50)).await;
    }
}

/// What serves one connection.
struct Serving {
    limits: Limits,
    address: PeerAddress,
    is_in_tls: bool,
    router: Router,
    proxies: Arc<Proxies>,
    watcher: Watcher,
    seat: Arc<Seat>,
}

impl Serving {
    /// Serves a connection, in TLS where there is a certificate. A handshake counts as a header.
    async fn greet(self, stream: TcpStream, tls: Option<Arc<Tls>>) {
        if let Err(error) = stream.set_nodelay(true) {
            debug!(%error, "a connection is gone");
            return;
        }
        let Some(tls) = tls else { return self.converse(stream).await };
        // In boxes: connections without TLS would take as much memory.
        let handshake = Box::pin(timeout(self.limits.header_time_max, tls.accept(stream)));
        match handshake.await {
            Ok(Ok(stream)) => Box::pin(self.converse(stream)).await,
            Ok(Err(error)) => debug!(%error, "a handshake failed"),
            Err(_) => debug!("a handshake took too long"),
        }
    }

    async fn converse<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(self, stream: S) {
        let Self { limits, address, is_in_tls, router, proxies, watcher, seat } = self;
        let activity = Arc::new(Activity::default());
        let timer = HeaderTimer {
            activity: Arc::clone(&activity),
            seat: Arc::clone(&seat),
            header_time_max: limits.header_time_max,
            idle_time_max: limits.idle_time_max,
        };
        let (stall_time_max, linger_time_max) = (limits.stall_time_max, limits.linger_time_max);
        let stream = GuardedStream::new(
            stream,
            activity,
            Arc::clone(&seat),
            stall_time_max,
            linger_time_max,
        );
        let answer = service_fn(move |mut request: hyper::Request<Incoming>| {
            let caller = proxies.caller(address.0, request.headers());
            let is_private = is_in_tls || proxies.is_asked_in_tls(address.0, request.headers());
            let extensions = request.extensions_mut();
            extensions.insert(PeerAddress(caller));
            extensions.insert(PrivateWay(is_private));
            router.clone().call(request.map(|body| WatchedBody::new(body, Arc::clone(&seat))))
        });
        let connection = http1::Builder::new()
            .timer(timer)
            .header_read_timeout(limits.header_time_max)
            .max_header_size(HEADER_LEN_MAX)
            .max_buf_size(BUFFER_LEN_MAX)
            // A client may say that it is done sending and still wait for its answer.
            .half_close(true)
            .serve_connection(TokioIo::new(stream), answer);
        if let Err(error) = watcher.watch(connection).await {
            debug!(%error, "a connection failed");
        }
    }
}

fn peer_address(peer: SocketAddr) -> PeerAddress {
    PeerAddress(peer.ip().to_canonical())
}
