//! Opening a connection: the first of the machines that takes writes, under settings that payments rest on.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::error::Error as _;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::time::timeout;
use tokio_postgres::{Client, Config, Error};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::rustls;

use super::line::{self, Line, apart};
use super::statements::Statements;
use super::{Inner, PgConnection};
use crate::postgres::address::{DatabaseAddress, Host};
use crate::postgres::error::{Answer, Late};
use crate::postgres::tls;
use crate::{OpenError, StoreError};

/// The oldest PostgreSQL that this is tested with.
const OLDEST_VERSION: u32 = 150_000;

/// Who waits for a lock is told before the deadline of its call, so that the connection is kept. A statement
/// is ended only long after whoever asked is gone: rows may be read slowly, and a COMMIT that is cancelled
/// while it waits for the standby is told as done. A transaction that nobody goes on with lets go of its locks.
const SETTINGS: &str = "SET lock_timeout = '5s'; SET statement_timeout = '600s'; \
    SET idle_in_transaction_session_timeout = '60s'; SET search_path = public";

/// Every statement is written for loops over keys, as SQLite runs it, and has one plan, which statistics do not
/// change (docs/decisions/0023). What is said is taken as far as the engine has such settings.
const PLANS: &str = "SELECT set_config(s.name, v.value, false) FROM pg_settings s JOIN (VALUES \
    ('plan_cache_mode', 'force_generic_plan'), ('jit', 'off'), ('enable_seqscan', 'off'), \
    ('enable_hashjoin', 'off'), ('enable_mergejoin', 'off')) AS v (name, value) ON s.name = v.name";

const FACTS: &str = "SELECT version(), current_setting('server_version_num', true), \
    current_setting('server_encoding', true), current_setting('transaction_read_only', true), \
    current_setting('synchronous_commit', true)";

impl PgConnection {
    /// Connects to the first of the machines that takes writes; the one that took them last is asked first.
    ///
    /// Errors in order, the first of any machine: the database cannot be used, it takes no writes, it has no
    /// place for a connection, it cannot be reached.
    pub(crate) fn connect(address: &DatabaseAddress) -> Result<Self, OpenError> {
        let tls = tls::connector(address.trust())?;
        let mut told: Option<OpenError> = None;
        for (place, host) in address.hosts() {
            match connect_host(address, host, &tls) {
                Ok(connection) => {
                    address.prefer(place);
                    return Ok(connection);
                }
                Err(error) if told.as_ref().is_none_or(|told| rank(&error) < rank(told)) => {
                    told = Some(error);
                }
                Err(_) => {}
            }
        }
        Err(told.unwrap_or_else(|| OpenError::Unreachable("no machine is named".into())))
    }
}

/// What tells more comes first: a machine that cannot be reached may be the one that is meant to be down.
fn rank(error: &OpenError) -> u8 {
    match error {
        OpenError::Unreachable(_) => 3,
        OpenError::Store(_) => 2,
        OpenError::ReadOnly => 1,
        _ => 0,
    }
}

fn connect_host(
    address: &DatabaseAddress,
    host: &Host,
    tls: &MakeRustlsConnect,
) -> Result<PgConnection, OpenError> {
    let mut told = OpenError::Unreachable("its name stands for no number".into());
    for number in numbers(host, address.connect_timeout())? {
        let config = address.to_config(host, number);
        match dial(&config, tls, address) {
            Ok(connection) => return Ok(connection),
            Err(error) => told = error,
        }
    }
    Err(told)
}

/// The numbers that a machine's name stands for; `None` of a socket's directory.
fn numbers(host: &Host, patience: Duration) -> Result<Vec<Option<IpAddr>>, OpenError> {
    let (name, port) = match host {
        Host::Unix(..) => return Ok(vec![None]),
        Host::Tcp(name, port) => (name.as_str(), *port),
    };
    if let Ok(number) = name.parse() {
        return Ok(vec![Some(number)]);
    }
    let runtime = line::runtime().map_err(unreachable)?;
    let found = apart(|| {
        let look_up = async {
            let found = lookup_host((name, port)).await?;
            Ok::<_, io::Error>(found.map(|address| Some(address.ip())).collect())
        };
        runtime.block_on(async { timeout(patience, look_up).await })
    });
    // A name server that does not answer holds a thread, for which nobody waits.
    runtime.shutdown_background();
    found.map_err(unreachable)?.map_err(unreachable)
}

/// Connects to one machine, for no longer than the address says, and looks at what answers.
fn dial(
    config: &Config,
    tls: &MakeRustlsConnect,
    address: &DatabaseAddress,
) -> Result<PgConnection, OpenError> {
    let runtime = line::runtime().map_err(unreachable)?;
    let patience = address.connect_timeout();
    let dialled =
        apart(|| runtime.block_on(async { timeout(patience, config.connect(tls.clone())).await }));
    let (client, wire) = match dialled {
        Ok(Ok(connected)) => connected,
        failed => {
            runtime.shutdown_background();
            return Err(match failed {
                Ok(Err(error)) => to_open_error(error, address),
                _ => unreachable(Late),
            });
        }
    };
    let connection = PgConnection::new(Line::new(runtime, wire), client, patience);
    connection.prepare_session()?;
    connection.set_deadline(address.deadline());
    Ok(connection)
}

impl PgConnection {
    fn new(line: Line, client: Client, deadline: Duration) -> Self {
        let inner = Inner {
            line,
            client: Arc::new(client),
            statements: Statements::default(),
            unsent: Vec::new(),
            unanswered: VecDeque::new(),
            open: Vec::new(),
            deadline,
            is_in_transaction: false,
            has_failed: false,
        };
        Self { inner: RefCell::new(Box::new(inner)) }
    }

    /// Makes the session's settings and looks at what the server says of itself, in one round trip.
    fn prepare_session(&self) -> Result<(), OpenError> {
        self.queue(SETTINGS);
        self.queue(PLANS);
        let facts = self.texts(FACTS).map_err(|error| match error {
            StoreError::Again(cause) | StoreError::Unreachable(cause) => {
                OpenError::Unreachable(cause)
            }
            error => error.into(),
        })?;
        let fact = |place: usize| facts.get(place).and_then(Option::as_deref).unwrap_or("");
        let [engine, version, encoding, read_only, synchronous] = [0, 1, 2, 3, 4].map(fact);
        require_version(engine, version)?;
        if encoding != "UTF8" {
            let why = format!("guarda los textos en {encoding}; hace falta UTF8");
            return Err(OpenError::Unsuitable(why));
        }
        if read_only == "on" {
            return Err(OpenError::ReadOnly);
        }
        if matches!(synchronous, "off" | "local") {
            return Err(OpenError::NotDurable("synchronous_commit = on"));
        }
        Ok(())
    }
}

/// That PostgreSQL is not too old. Other engines that speak its language count their versions otherwise.
pub(super) fn require_version(engine: &str, version: &str) -> Result<(), OpenError> {
    let is_postgresql = engine.starts_with("PostgreSQL ") && !engine.contains("-YB-");
    let version: u32 = version.parse().unwrap_or(0);
    if is_postgresql && version < OLDEST_VERSION {
        let (found, oldest) = (version / 10_000, OLDEST_VERSION / 10_000);
        let why = format!("es PostgreSQL {found}; hace falta la versión {oldest} o una posterior");
        return Err(OpenError::Unsuitable(why));
    }
    Ok(())
}

fn unreachable(cause: impl std::error::Error + Send + Sync + 'static) -> OpenError {
    OpenError::Unreachable(cause.into())
}

/// Why a machine did not let anybody in.
fn to_open_error(error: Error, address: &DatabaseAddress) -> OpenError {
    if let Some(answer) = error.as_db_error() {
        let cause = Answer::from(answer);
        let unsuitable = |why: String| {
            let answer: &dyn std::error::Error = &cause;
            tracing::debug!(answer, "the database let nobody in");
            OpenError::Unsuitable(why)
        };
        return match answer.code().code() {
            code if code.starts_with("28") => unsuitable(
                "no acepta al usuario, su contraseña o esta máquina, o pide otra clase de conexión"
                    .to_owned(),
            ),
            "3D000" => unsuitable(format!("no hay ninguna base «{}»", address.database())),
            "42501" => {
                unsuitable(format!("el usuario no puede entrar en «{}»", address.database()))
            }
            "53300" => OpenError::Store(StoreError::Busy(cause.into())),
            _ => OpenError::Unreachable(cause.into()),
        };
    }
    match to_reason(&error) {
        Some(reason) => {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "no connection was agreed on"
            );
            OpenError::Unsuitable(reason.to_owned())
        }
        None => OpenError::Unreachable(error.into()),
    }
}

/// What of TLS or of proving who one is went wrong, in Spanish, where it was that.
fn to_reason(error: &Error) -> Option<&'static str> {
    let cause = error.source();
    let io = cause.and_then(|cause| cause.downcast_ref::<io::Error>());
    let inner = io.and_then(io::Error::get_ref);
    if let Some(refused) = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return Some(tls::to_reason(refused));
    }
    // The driver tells its kinds of errors apart by their texts alone.
    match error.to_string().as_str() {
        "error performing TLS handshake" if io.is_none() => {
            Some("no ofrece TLS; actívelo en ella, o use sslmode=disable donde la red sea de fiar")
        }
        "error performing TLS handshake" => Some("no se pudo acordar con ella una conexión TLS"),
        "invalid configuration" | "authentication error" => {
            Some("pide una contraseña, o una prueba que la dirección no trae")
        }
        _ => None,
    }
}
