//! TLS towards the database: only with a server that proves to be the one that was meant.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::{CertificateError, ClientConfig, Error, RootCertStore, version};

use super::address::Trust;
use crate::OpenError;

/// Where systems keep the certification authorities they trust.
const SYSTEM: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// What greets the server. Errors in order: the file of authorities cannot be read, it holds none.
pub(super) fn connector(trust: &Trust) -> Result<MakeRustlsConnect, OpenError> {
    let roots = match trust {
        Trust::Plain => RootCertStore::empty(),
        Trust::File(path) => read(path)?,
        Trust::System => {
            let found = SYSTEM.iter().map(PathBuf::from).find(|path| path.exists());
            read(&found.ok_or_else(|| {
                OpenError::Unsuitable(
                    "este sistema no tiene autoridades de certificación; indique las suyas con \
                     sslrootcert"
                        .to_owned(),
                )
            })?)?
        }
    };
    // The provider is named, so that no other crate's choice can be a second one.
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&version::TLS13, &version::TLS12])
        .expect("the provider has suites of both versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn read(path: &Path) -> Result<RootCertStore, OpenError> {
    let shown = path.display();
    let file =
        File::open(path).map_err(|source| OpenError::File { path: shown.to_string(), source })?;
    let mut roots = RootCertStore::empty();
    let certificates =
        CertificateDer::pem_reader_iter(file).collect::<Result<Vec<_>, pem::Error>>();
    // One that cannot be used is no reason to do without the others.
    roots.add_parsable_certificates(certificates.unwrap_or_default());
    if roots.is_empty() {
        let why = format!("{shown} no tiene certificados de autoridades, en PEM");
        return Err(OpenError::Unsuitable(why));
    }
    Ok(roots)
}

/// What a server that was not believed did wrong, in Spanish.
pub(super) fn to_reason(error: &Error) -> &'static str {
    match error {
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => "su certificado no es para la máquina que nombra la dirección",
        Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        ) => "su certificado venció",
        // An authority of the same name, but not that one, is found out by its signature.
        Error::InvalidCertificate(
            CertificateError::UnknownIssuer | CertificateError::BadSignature,
        ) => "no se conoce a quien firma su certificado; indique la autoridad con sslrootcert",
        _ => "no se pudo acordar con ella una conexión TLS de fiar",
    }
}
