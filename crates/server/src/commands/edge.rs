//! How a server is reached: in TLS, or in the open where that is asked for.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use ventanilla_api::{Network, Proxies, Tls, TlsError, UnknownNetwork};

use crate::problem::{Problem, to_reason};

/// How often the files of a certificate are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// How a server is reached.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct EdgeArgs {
    /// Certificado TLS con los que lo avalan (PEM); se vuelve a leer cuando cambia
    #[arg(long, value_name = "ARCHIVO", env = "VENTANILLA_TLS_CERT")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Clave privada del certificado (PEM), que otros no deben poder leer
    #[arg(long, value_name = "ARCHIVO", env = "VENTANILLA_TLS_KEY")]
    pub(crate) tls_key: Option<PathBuf>,
    #[arg(
        help = "Permite escuchar sin TLS en una dirección pública: solo detrás de un proxy que lo ponga",
        long,
        env = "VENTANILLA_ALLOW_PLAIN_HTTP"
    )]
    pub(crate) allow_plain_http: bool,
    #[arg(
        help = "Proxies a los que se cree la dirección del que llama (X-Forwarded-For): direcciones o redes, con comas",
        long, value_name = "REDES", env = "VENTANILLA_TRUSTED_PROXIES", value_delimiter = ',',
        value_parser = from_network)]
    pub(crate) trusted_proxies: Vec<Network>,
}

/// Takes an address or a network.
pub(crate) fn from_network(text: &str) -> Result<Network, String> {
    text.parse().map_err(|UnknownNetwork| {
        "se espera una dirección o una red, como 127.0.0.1 o 10.0.0.0/8".to_owned()
    })
}

impl EdgeArgs {
    /// The proxies that are believed: the flags' and the environment's, else the file's.
    pub(crate) fn to_proxies(&self, file: &Self) -> Proxies {
        let named = if self.trusted_proxies.is_empty() { file } else { self };
        Proxies(named.trusted_proxies.clone())
    }

    /// The certificate, if there is one: the flags' and the environment's, else the file's. Refuses half of a
    /// pair, files that are no good, and an open door to everybody that nobody has asked for.
    pub(crate) fn to_tls(
        &self,
        file: &Self,
        addresses: &[SocketAddr],
    ) -> anyhow::Result<Option<Tls>> {
        let named = if self.tls_cert.is_some() || self.tls_key.is_some() { self } else { file };
        match (&named.tls_cert, &named.tls_key) {
            (Some(certificate), Some(key)) => {
                Tls::read(certificate, key).map(Some).map_err(|error| Problem::usage(told(&error)))
            }
            (None, None) => {
                let is_allowed = self.allow_plain_http || file.allow_plain_http;
                let public = addresses.iter().find(|address| is_public(address.ip()));
                match public.filter(|_| !is_allowed) {
                    Some(address) => Err(Problem::usage(format!(
                        "{address} es una dirección pública y no hay TLS: indique --tls-cert y --tls-key, o \
                         --allow-plain-http si un proxy lo pone"
                    ))),
                    None => Ok(None),
                }
            }
            (Some(_), None) => Err(Problem::usage("falta --tls-key, la clave del certificado")),
            (None, Some(_)) => Err(Problem::usage("falta --tls-cert, el certificado de la clave")),
        }
    }
}

/// Whether anybody might reach the address: neither this machine's own nor of a private network. All
/// addresses of the machine count as public.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            !(address.is_loopback() || address.is_private() || address.is_link_local())
        }
        IpAddr::V6(address) => {
            !(address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local())
        }
    }
}

/// Reads a certificate again whenever its files change, for ever.
pub(super) async fn renew(tls: Arc<Tls>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let looked = Arc::clone(&tls);
        match tokio::task::spawn_blocking(move || looked.refresh()).await {
            Ok(Ok(true)) => tracing::info!("the certificate was read again"),
            Ok(Ok(false)) => {}
            Ok(Err(error)) => {
                tracing::warn!(?error, "the changed certificate is no good; the old one stays");
            }
            Err(error) => tracing::error!(%error, "a certificate could not be looked at"),
        }
    }
}

fn told(error: &TlsError) -> String {
    let shown = |path: &Path| path.display().to_string();
    match error {
        TlsError::File(path, error) => {
            format!("{}: no se pudo leer: {}", shown(path), to_reason(error))
        }
        TlsError::Certificate(path) => format!("{}: no hay un certificado PEM", shown(path)),
        TlsError::Key(path) => format!("{}: no hay una clave privada PEM", shown(path)),
        TlsError::KeyExposed(path) => {
            format!(
                "{}: cualquiera puede leer la clave; quítele el permiso (chmod 600)",
                shown(path)
            )
        }
        TlsError::Mismatch(certificate, key) => {
            format!("{} no es la clave de {}", shown(key), shown(certificate))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_address_needs_tls_or_a_word() {
        for (address, is_plain_taken) in [
            ("127.0.0.1:80", true),
            ("[::1]:80", true),
            ("10.1.2.3:80", true),
            ("172.31.0.1:80", true),
            ("192.168.0.7:80", true),
            ("[fd00::1]:80", true),
            ("[fe80::1]:80", true),
            ("[::ffff:10.0.0.1]:80", true),
            ("0.0.0.0:80", false),
            ("[::]:80", false),
            ("203.0.113.7:80", false),
            ("172.32.0.1:80", false),
            ("[2001:db8::1]:80", false),
            ("[::ffff:203.0.113.7]:80", false),
        ] {
            let addresses = [address.parse().unwrap()];
            let plain = |edge: &EdgeArgs, file: &EdgeArgs| edge.to_tls(file, &addresses).is_ok();
            let allowed = EdgeArgs { allow_plain_http: true, ..EdgeArgs::default() };
            let silent = EdgeArgs::default();
            assert_eq!(plain(&silent, &silent), is_plain_taken, "{address}");
            assert!(plain(&allowed, &silent) && plain(&silent, &allowed), "{address}");
        }
    }

    #[test]
    fn half_a_pair_is_told() {
        let refused =
            |edge: &EdgeArgs| edge.to_tls(&EdgeArgs::default(), &[]).unwrap_err().to_string();
        let half = |cert: bool| EdgeArgs {
            tls_cert: cert.then(|| "cert.pem".into()),
            tls_key: (!cert).then(|| "key.pem".into()),
            allow_plain_http: true,
            trusted_proxies: Vec::new(),
        };
        assert_eq!(refused(&half(true)), "falta --tls-key, la clave del certificado");
        assert_eq!(refused(&half(false)), "falta --tls-cert, el certificado de la clave");
    }
}
