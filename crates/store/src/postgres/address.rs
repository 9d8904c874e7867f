//! Where a database is: what an operator writes as `postgres://…`.

use std::collections::HashSet;
use std::fmt::{self, Write as _};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::SslMode;

const PORT: u16 = 5432;
/// How long one machine may take to answer before the next one is asked.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const CONNECT_TIMEOUT_MAX_S: u64 = 60;
/// How long a call may wait for the server before its connection counts as lost.
const DEADLINE: Duration = Duration::from_secs(10);
/// A peer that is gone is found out in half a minute even where nobody writes to it.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(15);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
const KEEPALIVE_RETRIES: u32 = 3;

/// Where a database is, and as whom it is used. Shown without its password. Cheap to clone: all clones
/// remember together which of the machines took writes last.
#[derive(Clone)]
pub struct DatabaseAddress {
    hosts: Arc<[Host]>,
    user: String,
    password: Option<String>,
    database: String,
    trust: Trust,
    application: String,
    connect_timeout: Duration,
    deadline: Duration,
    first: Arc<AtomicUsize>,
}

/// Why an address is none: a sentence in Spanish, with nothing of the password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the address of the database: {0}")]
pub struct AddressError(pub String);

/// A machine that may hold the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Host {
    /// By its name or number, and a port.
    Tcp(String, u16),
    /// By the directory of its socket, and the port in the socket's name.
    Unix(PathBuf, u16),
}

/// Whose word is taken that the machine is the one that was meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trust {
    /// Nobody's: no TLS.
    Plain,
    /// That of the system's certification authorities.
    System,
    /// That of the certificates in a file.
    File(PathBuf),
}

impl DatabaseAddress {
    /// Reads `postgres://user:password@host:port,host:port/database?parameter=value&…`. A host that is the
    /// directory of a socket is written with `%2F` for `/`. A password that it does not say is that of
    /// `VENTANILLA_DATABASE_PASSWORD` in the environment.
    ///
    /// Errors in order: the scheme, who and where, the database, the parameters.
    pub fn from_text(text: &str) -> Result<Self, AddressError> {
        Self::from_parts(text, password_of_environment())
    }

    fn from_parts(text: &str, other_password: Option<String>) -> Result<Self, AddressError> {
        let rest = ["postgres://", "postgresql://"].iter().find_map(|head| text.strip_prefix(head));
        let rest = rest.ok_or_else(form)?;
        let (rest, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        // Nothing of what stands before the database is quoted: a part of a password may be in it.
        let (who, machines) = authority.rsplit_once('@').ok_or_else(form)?;
        let (user, password) = match who.split_once(':') {
            Some((user, password)) => (decoded(user)?, Some(decoded(password)?)),
            None => (decoded(who)?, None),
        };
        let hosts = machines.split(',').map(to_host).collect::<Result<Arc<[_]>, _>>()?;
        let database = decoded(database)?;
        if user.is_empty() || database.is_empty() || database.contains('/') {
            return Err(form());
        }
        let mut address = Self {
            trust: if hosts.iter().all(Host::is_here) { Trust::Plain } else { Trust::System },
            hosts,
            user,
            password: password.filter(|password| !password.is_empty()).or(other_password),
            database,
            application: "ventanilla".to_owned(),
            connect_timeout: CONNECT_TIMEOUT,
            deadline: DEADLINE,
            first: Arc::default(),
        };
        address.take_parameters(parameters)?;
        Ok(address)
    }

    /// The address for people: without its password and its parameters.
    pub fn to_shown(&self) -> String {
        let mut shown = format!("postgres://{}@", self.user);
        for (place, host) in self.hosts.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(shown, "{comma}{host}").expect("writing to a String does not fail");
        }
        shown.push('/');
        shown.push_str(&self.database);
        shown
    }

    /// The name of the database.
    pub(super) fn database(&self) -> &str {
        &self.database
    }

    pub(super) fn trust(&self) -> &Trust {
        &self.trust
    }

    pub(super) fn connect_timeout(&self) -> Duration {
        self.connect_timeout
    }

    pub(super) fn deadline(&self) -> Duration {
        self.deadline
    }

    #[cfg(test)]
    pub(super) fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The machines, with the place of each in the address; first the one that took writes last.
    pub(super) fn hosts(&self) -> impl Iterator<Item = (usize, &Host)> {
        let first = self.first.load(Ordering::Relaxed);
        let (before, from) = self.hosts.split_at_checked(first).unwrap_or((&[], &self.hosts));
        let places = first..self.hosts.len();
        places.zip(from).chain(before.iter().enumerate())
    }

    /// Has the machine at that place asked first from now on.
    pub(super) fn prefer(&self, place: usize) {
        self.first.store(place, Ordering::Relaxed);
    }

    /// How to reach one of the machines, at one of the numbers that its name stands for.
    pub(super) fn to_config(&self, host: &Host, number: Option<IpAddr>) -> Config {
        let mut config = Config::new();
        config
            .user(&self.user)
            .dbname(&self.database)
            .application_name(&self.application)
            .connect_timeout(self.connect_timeout)
            .tcp_user_timeout(self.deadline)
            .keepalives_idle(KEEPALIVE_IDLE)
            .keepalives_interval(KEEPALIVE_INTERVAL)
            .keepalives_retries(KEEPALIVE_RETRIES)
            .ssl_mode(SslMode::Require);
        if let Some(password) = &self.password {
            config.password(password);
        }
        match host {
            Host::Tcp(name, port) => config.host(name).port(*port),
            Host::Unix(directory, port) => config.host_path(directory).port(*port),
        };
        if let Some(number) = number {
            config.hostaddr(number);
        }
        // Nobody listens in on a socket, and no name stands there for a certificate to vouch for.
        if self.trust == Trust::Plain || matches!(host, Host::Unix(..)) {
            config.ssl_mode(SslMode::Disable);
        }
        config
    }

    fn take_parameters(&mut self, parameters: &str) -> Result<(), AddressError> {
        let mut seen = HashSet::new();
        let mut roots = None;
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let (name, value) = (decoded(name)?, decoded(value)?);
            if !seen.insert(name.clone()) {
                return Err(AddressError(format!("el parámetro «{name}» está dos veces")));
            }
            match name.as_str() {
                "sslrootcert" => roots = Some(PathBuf::from(value)),
                _ => self.take_parameter(&name, &value)?,
            }
        }
        match roots {
            Some(_) if self.trust == Trust::Plain && seen.contains("sslmode") => {
                Err(AddressError("el parámetro «sslrootcert» no va con sslmode=disable".to_owned()))
            }
            Some(path) => {
                self.trust = Trust::File(path);
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn take_parameter(&mut self, name: &str, value: &str) -> Result<(), AddressError> {
        match (name, value) {
            ("sslmode", "verify-full") => self.trust = Trust::System,
            ("sslmode", "disable") => self.trust = Trust::Plain,
            ("sslmode", _) => {
                return Err(AddressError(
                    "el parámetro «sslmode» es verify-full, que comprueba con quién se habla, o \
                     disable"
                        .to_owned(),
                ));
            }
            ("target_session_attrs", "read-write") => {}
            ("target_session_attrs", _) => {
                return Err(AddressError(
                    "el parámetro «target_session_attrs» solo puede ser read-write".to_owned(),
                ));
            }
            ("connect_timeout", _) => self.connect_timeout = to_timeout(value)?,
            ("application_name", _) => value.clone_into(&mut self.application),
            _ => {
                return Err(AddressError(format!(
                    "el parámetro «{name}» no se conoce; los que hay: sslmode, sslrootcert, \
                     connect_timeout, application_name"
                )));
            }
        }
        Ok(())
    }
}

impl fmt::Debug for DatabaseAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DatabaseAddress").field(&self.to_shown()).finish()
    }
}

impl Host {
    /// Whether it is this machine, so that nobody stands between.
    fn is_here(&self) -> bool {
        match self {
            Self::Unix(..) => true,
            Self::Tcp(name, _) => {
                let number: Option<IpAddr> = name.parse().ok();
                name == "localhost" || number.is_some_and(|number| number.is_loopback())
            }
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = match self {
            Self::Tcp(name, port) if name.contains(':') => {
                write!(f, "[{name}]")?;
                *port
            }
            Self::Tcp(name, port) => {
                f.write_str(name)?;
                *port
            }
            Self::Unix(directory, port) => {
                write!(f, "{}", directory.display())?;
                *port
            }
        };
        if port == PORT { Ok(()) } else { write!(f, ":{port}") }
    }
}

fn to_host(text: &str) -> Result<Host, AddressError> {
    let bracketed = text.strip_prefix('[').map(|text| text.split_once(']').ok_or_else(form));
    let (name, port) = match bracketed.transpose()? {
        Some((name, "")) => (name, None),
        Some((name, rest)) => (name, Some(rest.strip_prefix(':').ok_or_else(form)?)),
        None => text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port))),
    };
    let name = decoded(name)?;
    let port = port.map_or(Ok(PORT), str::parse).ok().filter(|port| *port > 0).ok_or_else(form)?;
    match name.as_str() {
        "" => Err(form()),
        path if path.starts_with('/') => Ok(Host::Unix(PathBuf::from(path), port)),
        _ => Ok(Host::Tcp(name, port)),
    }
}

fn to_timeout(value: &str) -> Result<Duration, AddressError> {
    let seconds =
        value.parse().ok().filter(|seconds| (1..=CONNECT_TIMEOUT_MAX_S).contains(seconds));
    seconds.map(Duration::from_secs).ok_or_else(|| {
        AddressError(format!(
            "el parámetro «connect_timeout» es un número de segundos, de 1 a {CONNECT_TIMEOUT_MAX_S}"
        ))
    })
}

fn form() -> AddressError {
    AddressError(
        "se escribe postgres://usuario:contraseña@máquina:5432/base, y lo que en la contraseña no es \
         cifra ni letra, con % y su código (una barra es %2F)"
            .to_owned(),
    )
}

#[expect(clippy::disallowed_methods, reason = "a secret is no argument, so clap does not read it")]
fn password_of_environment() -> Option<String> {
    std::env::var("VENTANILLA_DATABASE_PASSWORD").ok().filter(|password| !password.is_empty())
}

/// A part of the address, with `%41` for `A` and the like undone.
fn decoded(text: &str) -> Result<String, AddressError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let (byte, after) = match (first, after) {
            (b'%', [high, low, after @ ..]) => (hexadecimal(*high, *low).ok_or_else(form)?, after),
            (b'%', _) => return Err(form()),
            (byte, after) => (*byte, after),
        };
        bytes.push(byte);
        rest = after;
    }
    let text = String::from_utf8(bytes).ok();
    text.filter(|text| !text.contains('\0')).ok_or_else(form)
}

fn hexadecimal(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> DatabaseAddress {
        DatabaseAddress::from_text(text).unwrap()
    }

    #[test]
    fn an_address_is_shown_without_its_password() {
        for (text, shown) in [
            ("postgres://ana:s3cr%40to@db.example/libros", "postgres://ana@db.example/libros"),
            ("postgresql://ana@h1:5432,h2:6000/x?sslmode=disable", "postgres://ana@h1,h2:6000/x"),
            ("postgres://a:b@c@[::1]:7/x", "postgres://a@[::1]:7/x"),
            ("postgres://a@%2Fvar%2Frun%2Fpg/x", "postgres://a@/var/run/pg/x"),
        ] {
            let address = read(text);
            assert_eq!(address.to_shown(), shown);
            assert_eq!(format!("{address:?}"), format!("DatabaseAddress({shown:?})"));
        }
    }

    #[test]
    fn a_password_comes_decoded_from_the_address_or_else_from_the_environment() {
        let other = || Some("otra".to_owned());
        let password = |text| DatabaseAddress::from_parts(text, other()).unwrap().password.unwrap();
        assert_eq!(password("postgres://a:%C3%B1%2F%40@h/x"), "ñ/@");
        assert_eq!(password("postgres://a@h/x"), "otra");
        assert_eq!(password("postgres://a:@h/x"), "otra");
    }

    #[test]
    fn tls_is_asked_for_unless_every_machine_is_this_one() {
        let file = || Trust::File(PathBuf::from("/etc/ca.pem"));
        for (text, trust) in [
            ("postgres://a@db/x", Trust::System),
            ("postgres://a@localhost,127.0.0.9,[::1],%2Frun/x", Trust::Plain),
            ("postgres://a@localhost,db/x", Trust::System),
            ("postgres://a@db/x?sslmode=disable", Trust::Plain),
            ("postgres://a@localhost/x?sslmode=verify-full", Trust::System),
            ("postgres://a@db/x?sslrootcert=%2Fetc%2Fca.pem", file()),
            ("postgres://a@db/x?sslrootcert=/etc/ca.pem&sslmode=verify-full", file()),
            ("postgres://a@localhost/x?sslrootcert=/etc/ca.pem", file()),
        ] {
            assert_eq!(*read(text).trust(), trust, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_the_parameters_name_and_nothing_of_the_password() {
        for (text, said) in [
            ("mysql://ana:secreto@h/x", "postgres://usuario"),
            ("postgres://h/x", "postgres://usuario"),
            ("postgres://ana:secreto@h", "postgres://usuario"),
            ("postgres://ana:secreto@/x", "postgres://usuario"),
            ("postgres://:secreto@h/x", "postgres://usuario"),
            ("postgres://ana:secreto/1@h/x", "postgres://usuario"),
            ("postgres://ana:secreto?1@h/x", "postgres://usuario"),
            ("postgres://ana:secreto%zz@h/x", "postgres://usuario"),
            ("postgres://ana:secreto@h:0/x", "postgres://usuario"),
            ("postgres://ana:secreto@h:port/x", "postgres://usuario"),
            ("postgres://ana:secreto@[::1/x", "postgres://usuario"),
            ("postgres://ana:secreto@h/x?sslmode=require", "«sslmode»"),
            ("postgres://ana:secreto@h/x?sslmode=prefer", "«sslmode»"),
            ("postgres://ana:secreto@h/x?sslmode=disable&sslrootcert=a", "«sslrootcert»"),
            ("postgres://ana:secreto@h/x?target_session_attrs=any", "«target_session_attrs»"),
            ("postgres://ana:secreto@h/x?connect_timeout=0", "«connect_timeout»"),
            ("postgres://ana:secreto@h/x?options=-c", "«options»"),
            ("postgres://ana:secreto@h/x?sslmode=disable&sslmode=disable", "dos veces"),
        ] {
            let error = DatabaseAddress::from_text(text).unwrap_err().0;
            assert!(error.contains(said), "{text}: {error}");
            assert!(!error.contains("secreto"), "{text}: {error}");
        }
    }

    #[test]
    fn the_machine_that_took_writes_last_is_asked_first() {
        let address = read("postgres://a@h1,h2,h3/x");
        let order = || address.hosts().map(|(place, _)| place).collect::<Vec<_>>();
        assert_eq!(order(), [0, 1, 2]);
        address.clone().prefer(1);
        assert_eq!(order(), [1, 2, 0]);
    }

    #[test]
    fn a_machine_is_reached_with_short_patience_and_its_own_name() {
        let address = read("postgres://a:b@db:7/x?connect_timeout=5");
        let (_, host) = address.hosts().next().unwrap();
        let config = address.to_config(host, Some([10, 0, 0, 1].into()));
        assert_eq!(config.get_connect_timeout(), Some(&Duration::from_secs(5)));
        assert_eq!(config.get_application_name(), Some("ventanilla"));
        assert_eq!(config.get_ssl_mode(), SslMode::Require);
        assert_eq!(config.get_hosts(), [tokio_postgres::config::Host::Tcp("db".into())]);
        assert_eq!(config.get_ports(), [7]);
    }
}
