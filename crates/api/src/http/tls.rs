//! TLS: a certificate and its key from files, read again when they change.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use tokio_rustls::rustls::{self, ServerConfig, version};
use tokio_rustls::server::TlsStream;

/// Why there is no TLS, in the order in which it is found out.
#[derive(Debug)]
pub enum TlsError {
    /// A file cannot be read.
    File(PathBuf, io::Error),
    /// The file holds no certificate in PEM.
    Certificate(PathBuf),
    /// The file holds no private key in PEM.
    Key(PathBuf),
    /// Others than its owner can read the key.
    KeyExposed(PathBuf),
    /// The key is not the certificate's, or of a kind that is not taken.
    Mismatch(PathBuf, PathBuf),
}

/// What the files were when they were read.
type Seen = [(i64, i64, u64, u64); 2];

/// The certificate that connections are greeted with.
#[derive(Debug)]
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    config: RwLock<Arc<ServerConfig>>,
    seen: Mutex<Seen>,
}

impl Tls {
    /// Reads a certificate with those that vouch for it, and its key; both PEM. Errors in the order of
    /// [`TlsError`].
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let seen = seen(certificate, key)?;
        let config = RwLock::new(read(certificate, key)?);
        let (certificate, key) = (certificate.to_owned(), key.to_owned());
        Ok(Self { certificate, key, config, seen: Mutex::new(seen) })
    }

    /// Reads the files again if they have changed; says whether they had. Connections from now on are
    /// greeted with the new certificate. Where the files are no good the old one stays, and the next call
    /// tries again: a new certificate and its key do not come at one moment.
    pub fn refresh(&self) -> Result<bool, TlsError> {
        let now = seen(&self.certificate, &self.key)?;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == now {
            return Ok(false);
        }
        let config = read(&self.certificate, &self.key)?;
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
        *seen = now;
        Ok(true)
    }

    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let config = Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner));
        TlsAcceptor::from(config).accept(stream).await
    }
}

fn seen(certificate: &Path, key: &Path) -> Result<Seen, TlsError> {
    let of = |path: &Path| {
        let metadata =
            fs::metadata(path).map_err(|error| TlsError::File(path.to_owned(), error))?;
        Ok((metadata.mtime(), metadata.mtime_nsec(), metadata.ino(), metadata.len()))
    };
    Ok([of(certificate)?, of(key)?])
}

fn read(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let open =
        |path: &Path| File::open(path).map_err(|error| TlsError::File(path.to_owned(), error));
    let no_certificate = || TlsError::Certificate(certificate.to_owned());
    let chain = CertificateDer::pem_reader_iter(open(certificate)?);
    let chain =
        chain.collect::<Result<Vec<_>, pem::Error>>().ok().filter(|chain| !chain.is_empty());
    let chain = chain.ok_or_else(no_certificate)?;
    let file = open(key)?;
    let mode = file.metadata().map_err(|error| TlsError::File(key.to_owned(), error))?.mode();
    // A group of those who may read certificates is common; everybody is nobody's intent.
    if mode & 0o007 != 0 {
        return Err(TlsError::KeyExposed(key.to_owned()));
    }
    let secret = PrivateKeyDer::from_pem_reader(file);
    let secret = secret.ok().ok_or_else(|| TlsError::Key(key.to_owned()))?;
    let config = to_config(chain, secret);
    let mismatch = || TlsError::Mismatch(certificate.to_owned(), key.to_owned());
    Ok(Arc::new(config.ok().ok_or_else(mismatch)?))
}

fn to_config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, rustls::Error> {
    // The provider is named, so that no other crate's choice can be a second one.
    let provider = Arc::new(ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&version::TLS13, &version::TLS12])?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
