//! Our own accept loop, over real sockets: what is closed in time, and what is answered.

use std::convert::Infallible;
use std::future::pending;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use hyper::body::{Bytes, Frame};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use ventanilla_api::{Edge, Limits, PeerAddress, Proxies, serve};

use crate::world::World;

/// How long anything may take before a test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A time limit that is over soon.
pub(crate) const SOON: Duration = Duration::from_millis(200);

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<std::io::Result<()>>,
    /// Of the demo collector.
    pub(crate) token: String,
}

impl Server {
    pub(crate) async fn start(limits: Limits) -> Self {
        let world = World::demo().await;
        let who = get(async |peer: axum::Extension<PeerAddress>| peer.0.0.to_string());
        let slow = get(async || {
            sleep(SOON).await;
            "at last"
        });
        let router = world.router.clone().route("/who", who);
        let router = router.route("/slow", slow);
        Self::with_router(limits, router, world.token).await
    }

    async fn with_router(limits: Limits, router: Router, token: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let stopped = async { stopped.await.unwrap_or(()) };
        let edge = Edge { limits, ..Edge::default() };
        let serving = tokio::spawn(serve(edge, listener, router, stopped));
        Self { address, stop, serving, token }
    }

    pub(crate) async fn connect(&self) -> Client {
        Client(TcpStream::connect(self.address).await.unwrap())
    }

    /// Consultar Deuda of a contract.
    pub(crate) fn request(&self, contract: &str) -> String {
        let body = format!("{{\"Contrato\":\"{contract}\"}}");
        self.request_with("", &format!("Content-Length: {}\r\n", body.len()), &body)
    }

    pub(crate) fn request_with(&self, path: &str, headers: &str, body: &str) -> String {
        let path = if path.is_empty() { "/api/consultardeuda" } else { path };
        let token = &self.token;
        format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nautorizacion: Bearer {token}\r\n{headers}\r\n{body}"
        )
    }
}

pub(crate) struct Client(pub(crate) TcpStream);

impl Client {
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }

    /// One answer: head and body.
    pub(crate) async fn answer(&mut self) -> String {
        let reading = async {
            let mut text = Vec::new();
            while !is_whole(&text) {
                let byte = self.0.read_u8().await;
                text.push(
                    byte.unwrap_or_else(|_| panic!("cut off: {}", String::from_utf8_lossy(&text))),
                );
            }
            String::from_utf8(text).unwrap()
        };
        timeout(PATIENCE, reading).await.expect("no answer")
    }

    /// Everything up to the end of the connection.
    pub(crate) async fn rest(&mut self) -> String {
        let mut text = Vec::new();
        let reading = self.0.read_to_end(&mut text);
        let end = timeout(PATIENCE, reading).await.expect("not closed");
        // A reset is an end too.
        if let Err(error) = end {
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
        }
        String::from_utf8(text).unwrap()
    }
}

fn is_whole(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let len = head
        .to_lowercase()
        .split_once("content-length: ")
        .map_or(0, |(_, rest)| rest.lines().next().unwrap().parse().unwrap());
    body.len() >= len
}

pub(crate) fn check(answer: &str, status: u16, code: &str) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    if !code.is_empty() {
        assert!(answer.contains(&format!("\"messageSistema\":\"{code}\"")), "{answer}");
    }
}

#[tokio::test]
async fn a_connection_is_kept_and_pipelined_requests_are_answered_in_order() {
    let server = Server::start(Limits::default()).await;
    let mut client = server.connect().await;
    for (contract, bill) in [("345", "4294633"), ("315", "4303567"), ("345", "4294633")] {
        client.send(server.request(contract)).await;
        let answer = client.answer().await;
        check(&answer, 200, "");
        assert!(answer.contains(bill), "{answer}");
    }
    client.send(server.request("345") + &server.request("315") + &server.request("999")).await;
    for expected in ["4294633", "4303567", "SOCIO_NO_ENCONTRADO"] {
        assert!(client.answer().await.contains(expected));
    }
    client.send(b"GET /who HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(client.answer().await.ends_with("\r\n\r\n127.0.0.1"));
}

#[tokio::test]
async fn a_proxy_that_is_believed_says_who_calls() {
    let proxies = Proxies(vec!["127.0.0.1".parse().unwrap(), "10.0.0.0/8".parse().unwrap()]);
    for (proxies, caller) in [(proxies, "203.0.113.7"), (Proxies::default(), "127.0.0.1")] {
        let who = get(async |peer: axum::Extension<PeerAddress>| peer.0.0.to_string());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let edge = Edge { proxies: Arc::new(proxies), ..Edge::default() };
        tokio::spawn(serve(edge, listener, Router::new().route("/who", who), pending()));
        let mut client = Client(stream);
        let forwarded = "X-Forwarded-For: 198.51.100.1, 203.0.113.7, 10.0.0.2";
        client.send(format!("GET /who HTTP/1.1\r\nHost: x\r\n{forwarded}\r\n\r\n")).await;
        assert!(client.answer().await.ends_with(&format!("\r\n\r\n{caller}")), "{caller}");
    }
}

#[tokio::test]
async fn a_header_that_is_slow_or_never_begins_is_closed() {
    let limits = Limits { header_time_max: SOON, linger_time_max: SOON, ..Limits::default() };
    let server = Server::start(limits).await;
    for start in ["", "P", "POST /api/token HTTP/1.1\r\nHost: x\r\nContent-"] {
        let mut client = server.connect().await;
        client.send(start).await;
        assert_eq!(client.rest().await, "", "{start}");
    }
    // A byte now and then does not help.
    let mut client = server.connect().await;
    let trickled = async {
        for byte in b"POST /api/token HTTP/1.1\r\nX: ".iter().chain([b'x'; 10_000].iter()) {
            if client.0.write_all(&[*byte]).await.is_err() {
                break;
            }
            sleep(SOON / 10).await;
        }
    };
    timeout(PATIENCE, trickled).await.expect("not closed");
}

#[tokio::test]
async fn a_kept_connection_may_be_silent_for_longer_than_a_header_takes() {
    let limits = Limits {
        header_time_max: Duration::from_secs(1),
        linger_time_max: SOON,
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let mut client = server.connect().await;
    for _ in 0..2 {
        client.send(server.request("345")).await;
        check(&client.answer().await, 200, "");
        sleep(limits.header_time_max * 3 / 2).await;
    }
    // A header that has begun has the short time again.
    client.send("POST /api/token HTTP/1.1\r\n").await;
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn a_connection_that_stays_silent_is_closed() {
    let limits = Limits { idle_time_max: SOON, ..Limits::default() };
    let server = Server::start(limits).await;
    let mut client = server.connect().await;
    client.send(server.request("345")).await;
    check(&client.answer().await, 200, "");
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_taken_and_then_refused() {
    // Without lingering, only what was read before the answer is out of its way.
    let limits = Limits { linger_time_max: Duration::ZERO, ..Limits::default() };
    let server = Server::start(limits).await;
    let large = "x".repeat(8 * 1024 * 1024);
    let declared = format!("Content-Length: {}\r\n", large.len());
    let chunked = format!("{:x}\r\n{large}\r\n0\r\n\r\n", large.len());
    let refused = "CUERPO_DEMASIADO_GRANDE";
    for (path, headers, body, status, code) in [
        ("", declared.as_str(), large.as_str(), 413, refused),
        ("", "Transfer-Encoding: chunked\r\n", &chunked, 413, refused),
        ("/api/nada", &declared, &large, 404, "SERVICIO_NO_EXISTE"),
        ("/colppy", &declared, &large, 200, ""),
    ] {
        let mut client = server.connect().await;
        let request = server.request_with(path, headers, body);
        let (first, rest) = request.split_at(request.len() / 2);
        client.send(first).await;
        sleep(SOON).await;
        client.send(rest).await;
        check(&client.answer().await, status, code);
    }
}

#[tokio::test]
async fn who_asks_first_is_told_before_sending() {
    let server = Server::start(Limits::default()).await;
    let expects = |len: usize| {
        let headers = format!("Expect: 100-continue\r\nContent-Length: {len}\r\n");
        server.request_with("", &headers, "")
    };
    let mut client = server.connect().await;
    client.send(expects(65_537)).await;
    let answers = client.rest().await;
    check(&answers, 413, "CUERPO_DEMASIADO_GRANDE");
    assert!(!answers.contains("100 Continue"));
    let mut client = server.connect().await;
    client.send(expects(16)).await;
    assert_eq!(client.answer().await, "HTTP/1.1 100 Continue\r\n\r\n");
    client.send(r#"{"Contrato":345}"#).await;
    check(&client.answer().await, 200, "");
}

#[tokio::test]
async fn an_answer_reaches_a_peer_that_is_still_sending() {
    let limits = Limits { linger_time_max: PATIENCE, ..Limits::default() };
    let server = Server::start(limits).await;
    let large = "x".repeat(8 * 1024 * 1024);
    let headers = format!("Expect: 100-continue\r\nContent-Length: {}\r\n", large.len());
    let mut client = server.connect().await;
    // It does not wait for the answer to its question.
    client.send(server.request_with("", &headers, &large)).await;
    check(&client.answer().await, 413, "CUERPO_DEMASIADO_GRANDE");
}

#[tokio::test]
async fn one_connection_too_many_is_closed_at_once() {
    let limits = Limits { connections_len_max: 2, ..Limits::default() };
    let server = Server::start(limits).await;
    let mut kept = [server.connect().await, server.connect().await];
    for client in &mut kept {
        client.send(server.request("345")).await;
        check(&client.answer().await, 200, "");
    }
    assert_eq!(server.connect().await.rest().await, "");
    drop(kept);
    let again = async {
        loop {
            let mut client = server.connect().await;
            if client.0.write_all(server.request("345").as_bytes()).await.is_ok()
                && client.0.read_u8().await.is_ok()
            {
                break;
            }
            sleep(SOON / 10).await;
        }
    };
    timeout(PATIENCE, again).await.expect("the places were not given back");
}

#[tokio::test]
async fn a_shutdown_finishes_what_was_accepted() {
    let server = Server::start(Limits::default()).await;
    let mut idle = server.connect().await;
    idle.send(server.request("345")).await;
    check(&idle.answer().await, 200, "");
    let mut late = server.connect().await;
    let (begun, rest) = (server.request("345"), r#""345"}"#);
    late.send(begun.strip_suffix(rest).unwrap()).await;
    // The request is under way once the server waits for the rest of its body.
    sleep(SOON).await;
    server.stop.send(()).unwrap();
    assert_eq!(idle.rest().await, "");
    late.send(rest).await;
    assert!(late.rest().await.contains("4294633"));
    drop((idle, late));
    timeout(PATIENCE, server.serving).await.expect("still serving").unwrap().unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_ever() {
    let limits = Limits { shut_down_time_max: SOON, ..Limits::default() };
    let server = Server::start(limits).await;
    let mut client = server.connect().await;
    client.send(server.request("345").strip_suffix("}").unwrap()).await;
    sleep(SOON).await;
    server.stop.send(()).unwrap();
    timeout(PATIENCE, server.serving).await.expect("still serving").unwrap().unwrap();
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn serve_ends_when_it_is_told_to() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let served = serve(Edge::default(), listener, Router::new(), async {});
    timeout(PATIENCE, served).await.expect("still serving").unwrap();
}

/// A body without an end, which tells when nobody wants it any more.
struct Endless(mpsc::Sender<()>);

impl Drop for Endless {
    fn drop(&mut self) {
        self.0.try_send(()).unwrap();
    }
}

impl hyper::body::Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'x'; 4096])))))
    }
}

#[tokio::test]
async fn a_peer_that_takes_nothing_is_given_up() {
    let (told, mut ended) = mpsc::channel(1);
    let endless = get(async move || Body::new(Endless(told.clone())));
    let limits = Limits { stall_time_max: SOON, ..Limits::default() };
    let router = Router::new().route("/endless", endless);
    let server = Server::with_router(limits, router, String::new()).await;
    let mut client = server.connect().await;
    client.send("GET /endless HTTP/1.1\r\nHost: x\r\n\r\n").await;
    check(&format!("{}\r\n\r\n", client.answer().await), 200, "");
    let ended = timeout(PATIENCE, ended.recv()).await;
    assert_eq!(ended.expect("still sending"), Some(()));
    drop(client);
}
