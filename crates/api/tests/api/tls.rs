//! TLS: who is greeted with which certificate, and who is not greeted at all.

use std::fs::{self, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, version};
use ventanilla_api::{Edge, Limits, Tls, TlsError, serve};

use crate::world::World;

const SOON: Duration = Duration::from_millis(300);

/// The files of a certificate.
struct Files {
    folder: TempDir,
}

impl Files {
    /// A certificate for `localhost`, which vouches for itself; what trusts it.
    fn new() -> (Self, CertificateDer<'static>) {
        let files = Self { folder: tempfile::tempdir().unwrap() };
        let certificate = files.renew();
        (files, certificate)
    }

    fn renew(&self) -> CertificateDer<'static> {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        fs::write(self.certificate(), made.cert.pem()).unwrap();
        fs::write(self.key(), made.signing_key.serialize_pem()).unwrap();
        fs::set_permissions(self.key(), Permissions::from_mode(0o600)).unwrap();
        made.cert.der().clone()
    }

    fn certificate(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    fn key(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }

    fn read(&self) -> Result<Tls, TlsError> {
        Tls::read(&self.certificate(), &self.key())
    }
}

struct Server {
    address: SocketAddr,
    tls: Arc<Tls>,
    token: String,
    stop: Option<oneshot::Sender<()>>,
}

impl Server {
    async fn start(files: &Files) -> Self {
        let world = World::demo().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let tls = Arc::new(files.read().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let limits = Limits { header_time_max: SOON, ..Limits::default() };
        let (router, served) = (world.router.clone(), Arc::clone(&tls));
        let edge = Edge { limits, tls: Some(served), ..Edge::default() };
        tokio::spawn(serve(edge, listener, router, async {
            stopped.await.ok();
        }));
        Self { address, tls, token: world.token, stop: Some(stop) }
    }

    /// The answer of a client that trusts one certificate; none where the handshake fails.
    async fn ask(&self, trusted: &CertificateDer<'static>, versions: Versions) -> Option<String> {
        let mut roots = RootCertStore::empty();
        roots.add(trusted.clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(self.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.ok()?;
        let body = r#"{"Contrato":"345"}"#;
        let request = format!(
            "POST /api/consultardeuda HTTP/1.1\r\nHost: localhost\r\nautorizacion: Bearer {}\r\n\
             Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
            self.token,
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        Some(answer)
    }
}

type Versions = &'static [&'static tokio_rustls::rustls::SupportedProtocolVersion];
const BOTH: Versions = &[&version::TLS13, &version::TLS12];
const NEW: Versions = &[&version::TLS13];
const OLD: Versions = &[&version::TLS12];

fn is_debt(answer: &str) -> bool {
    answer.starts_with("HTTP/1.1 200 OK") && answer.contains("\"factura\":4294633")
}

#[tokio::test]
async fn a_client_that_trusts_the_certificate_is_served() {
    let (files, certificate) = Files::new();
    let mut server = Server::start(&files).await;
    for versions in [BOTH, NEW, OLD] {
        assert!(is_debt(&server.ask(&certificate, versions).await.unwrap()));
    }
    let (_, other) = Files::new();
    assert!(server.ask(&other, BOTH).await.is_none(), "another's certificate is not trusted");
    server.stop.take().unwrap().send(()).unwrap();
}

#[tokio::test]
async fn a_new_certificate_is_taken_without_a_restart() {
    let (files, first) = Files::new();
    let server = Server::start(&files).await;
    assert!(!server.tls.refresh().unwrap(), "nothing has changed");
    let second = files.renew();
    assert!(server.ask(&second, BOTH).await.is_none(), "not before it was read");
    assert!(server.tls.refresh().unwrap());
    assert!(is_debt(&server.ask(&second, BOTH).await.unwrap()));
    assert!(server.ask(&first, BOTH).await.is_none());
    // Half of a new pair is there: the old one stays until the other half comes.
    let key = fs::read(files.key()).unwrap();
    let third = files.renew();
    let new_key = fs::read(files.key()).unwrap();
    fs::write(files.key(), key).unwrap();
    assert!(matches!(server.tls.refresh(), Err(TlsError::Mismatch(..))));
    assert!(is_debt(&server.ask(&second, BOTH).await.unwrap()));
    fs::write(files.key(), new_key).unwrap();
    assert!(server.tls.refresh().unwrap());
    assert!(is_debt(&server.ask(&third, BOTH).await.unwrap()));
}

#[tokio::test]
async fn who_speaks_no_tls_is_not_heard() {
    let (files, _) = Files::new();
    let server = Server::start(&files).await;
    let mut plain = TcpStream::connect(server.address).await.unwrap();
    plain
        .write_all(b"POST /api/token HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    timeout(SOON * 10, plain.read_to_end(&mut answer)).await.unwrap().ok();
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    // A handshake that does not come counts as a header that does not.
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    let mut answer = Vec::new();
    let closed = timeout(SOON * 10, silent.read_to_end(&mut answer)).await;
    assert!(closed.is_ok() && answer.is_empty(), "{closed:?}");
}

#[test]
fn files_that_are_no_good_are_told() {
    let (files, _) = Files::new();
    assert!(files.read().is_ok());
    fs::set_permissions(files.key(), Permissions::from_mode(0o640)).unwrap();
    assert!(files.read().is_ok(), "a group of those who may read certificates is common");
    fs::set_permissions(files.key(), Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(files.read(), Err(TlsError::KeyExposed(_))));
    fs::set_permissions(files.key(), Permissions::from_mode(0o600)).unwrap();
    let (other, _) = Files::new();
    assert!(matches!(Tls::read(&other.certificate(), &files.key()), Err(TlsError::Mismatch(..))));
    assert!(matches!(Tls::read(&files.key(), &files.key()), Err(TlsError::Certificate(_))));
    assert!(matches!(
        Tls::read(&files.certificate(), &files.certificate()),
        Err(TlsError::KeyExposed(_) | TlsError::Key(_))
    ));
    fs::write(files.certificate(), "").unwrap();
    assert!(matches!(files.read(), Err(TlsError::Certificate(_))));
    fs::remove_file(files.certificate()).unwrap();
    assert!(matches!(files.read(), Err(TlsError::File(..))));
}
