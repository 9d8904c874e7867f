//! The configuration: flags before the environment, the environment before `ventanilla.toml`, and
//! the file before what is built in. The environment is read by the flags themselves.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use toml::{Table, Value};
use ventanilla_api::Network;
use ventanilla_service::Settings;

use crate::commands::edge::EdgeArgs;
use crate::commands::rates::RateArgs;
use crate::log::{LogArgs, LogFormat};
use crate::place::DatabaseUrl;
use crate::problem::{Problem, to_reason};

/// The file that is read where `--config` names no other and it is there.
const FILE_NAME: &str = "ventanilla.toml";

/// The permission of everybody, beyond a file's owner and group, to read, change or run it.
const OF_OTHERS: u32 = 0o007;

/// What `ventanilla.toml` says; a path in it starts at the file's own directory.
#[derive(Debug, Default)]
pub(crate) struct FileConfig {
    /// `data`: the data directory.
    pub(crate) data: Option<PathBuf>,
    /// `database`: the URL of a database.
    pub(crate) database: Option<DatabaseUrl>,
    /// `secrets`: the secrets file.
    pub(crate) secrets: Option<PathBuf>,
    /// `checkpoints`: the file of checkpoints.
    pub(crate) checkpoints: Option<PathBuf>,
    /// `mirror`: the directory of the mirror.
    pub(crate) mirror: Option<PathBuf>,
    /// `listen`: `HOST:PORT`.
    pub(crate) listen: Option<String>,
    /// `metrics`: `HOST:PORT` of health and metrics.
    pub(crate) metrics: Option<String>,
    /// `metrics_public`: whether that may be an address that others reach.
    pub(crate) metrics_public: Option<bool>,
    /// `log` and `log_format`.
    pub(crate) log: LogArgs,
    /// `tls_cert`, `tls_key`, `allow_plain_http` and `trusted_proxies`.
    pub(crate) edge: EdgeArgs,
    /// `batch_len_max`, `queue_len_max`, `token_lifetime_s`, `session_lifetime_s` and those of the console.
    pub(crate) limits: LimitArgs,
    /// `address_requests_per_s` and the like.
    pub(crate) rates: RateArgs,
}

/// How the service runs, where it is not as built in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Args)]
pub(crate) struct LimitArgs {
    /// Pagos que comparten un commit, como máximo
    #[arg(long, hide = true, value_name = "N", env = "VENTANILLA_BATCH_LEN_MAX", value_parser = from_count)]
    batch_len_max: Option<u32>,
    /// Pagos que pueden esperar, como máximo
    #[arg(long, hide = true, value_name = "N", env = "VENTANILLA_QUEUE_LEN_MAX", value_parser = from_count)]
    queue_len_max: Option<u32>,
    /// Segundos que vive un token
    #[arg(long, hide = true, value_name = "S", env = "VENTANILLA_TOKEN_LIFETIME_S", value_parser = from_count)]
    token_lifetime_s: Option<u32>,
    /// Segundos que vive la sesión de un usuario desde su último uso
    #[arg(long, hide = true, value_name = "S", env = "VENTANILLA_SESSION_LIFETIME_S", value_parser = from_count)]
    session_lifetime_s: Option<u32>,
    /// Segundos que vive una sesión de la consola desde su último uso
    #[arg(long, hide = true, value_name = "S", env = "VENTANILLA_CONSOLE_IDLE_S", value_parser = from_count)]
    console_idle_s: Option<u32>,
    /// Segundos que vive una sesión de la consola, como máximo
    #[arg(long, hide = true, value_name = "S", env = "VENTANILLA_CONSOLE_SESSION_S", value_parser = from_count)]
    console_session_s: Option<u32>,
}

impl LimitArgs {
    /// These limits, else the file's, else those built in.
    pub(crate) fn to_settings(self, file: Self) -> Settings {
        let built_in = Settings::default();
        let len = |len: u32| usize::try_from(len).unwrap_or(usize::MAX);
        Settings {
            batch_len_max: self
                .batch_len_max
                .or(file.batch_len_max)
                .map_or(built_in.batch_len_max, len),
            queue_len_max: self
                .queue_len_max
                .or(file.queue_len_max)
                .map_or(built_in.queue_len_max, len),
            token_lifetime_s: self
                .token_lifetime_s
                .or(file.token_lifetime_s)
                .map_or(built_in.token_lifetime_s, i64::from),
            session_lifetime_s: self
                .session_lifetime_s
                .or(file.session_lifetime_s)
                .map_or(built_in.session_lifetime_s, i64::from),
            console_idle_s: self
                .console_idle_s
                .or(file.console_idle_s)
                .map_or(built_in.console_idle_s, i64::from),
            console_session_s: self
                .console_session_s
                .or(file.console_session_s)
                .map_or(built_in.console_session_s, i64::from),
            is_second_factor_asked: built_in.is_second_factor_asked,
        }
    }
}

/// Takes a whole number from 1.
pub(crate) fn from_count(text: &str) -> Result<u32, String> {
    let count = text.parse::<u32>().ok().filter(|count| *count > 0);
    count.ok_or_else(|| "se espera un número entero desde 1".to_owned())
}

/// A key of the file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    /// What it means, in Spanish.
    pub(crate) meaning: &'static str,
    /// A value of it in TOML: the one built in, if there is one.
    pub(crate) example: &'static str,
}

/// All keys, in the order in which `config check --print` tells them.
pub(crate) const KEYS: [Key; 25] = [
    key("data", "Directorio de los datos", "\"/var/lib/ventanilla/datos\""),
    key(
        "database",
        "Base de datos PostgreSQL, en vez del directorio de los datos; su contraseña, mejor en VENTANILLA_DATABASE_PASSWORD",
        "\"postgres://ventanilla@base.ejemplo:5432/ventanilla\"",
    ),
    key(
        "secrets",
        "Archivo de las claves; si falta, el directorio de los datos más «.secrets», o ventanilla.secrets de una base de datos",
        "\"/var/lib/ventanilla/datos.secrets\"",
    ),
    key(
        "checkpoints",
        "Archivo de los puntos de control, mejor en otro disco, uno por servidor; si falta, el directorio de los datos más «.checkpoints», o ventanilla.checkpoints de una base de datos",
        "\"/var/lib/ventanilla/datos.checkpoints\"",
    ),
    key(
        "mirror",
        "Directorio de otro disco donde cada asiento se escribe también antes de responder",
        "\"/mnt/espejo/ventanilla\"",
    ),
    key("listen", "Dirección donde escucha", "\"127.0.0.1:8080\""),
    key(
        "tls_cert",
        "Certificado TLS con los que lo avalan (PEM); se vuelve a leer cuando cambia",
        "\"/etc/ventanilla/cert.pem\"",
    ),
    key(
        "tls_key",
        "Clave privada del certificado (PEM), que otros no deben poder leer",
        "\"/etc/ventanilla/key.pem\"",
    ),
    key(
        "allow_plain_http",
        "Permite escuchar sin TLS en una dirección pública: solo detrás de un proxy que lo ponga",
        "false",
    ),
    key(
        "trusted_proxies",
        "Proxies a los que se cree la dirección del que llama (X-Forwarded-For)",
        "[\"127.0.0.1\"]",
    ),
    key("metrics", "Dirección propia de /healthz, /readyz y /metrics", "\"127.0.0.1:9090\""),
    key("metrics_public", "Permite que esa dirección se alcance desde otras máquinas", "false"),
    key("log", "Qué se registra: error, warn, info, debug o trace, o por módulo", "\"info\""),
    key("log_format", "Cómo se registra: human o json", "\"human\""),
    key("token_lifetime_s", "Segundos que vive un token", "28800"),
    key(
        "session_lifetime_s",
        "Segundos que vive la sesión de un usuario desde su último uso",
        "3600",
    ),
    key("console_idle_s", "Segundos que vive una sesión de la consola desde su último uso", "1200"),
    key("console_session_s", "Segundos que vive una sesión de la consola, como máximo", "43200"),
    key("batch_len_max", "Pagos que comparten un commit, como máximo", "256"),
    key("queue_len_max", "Pagos que pueden esperar, como máximo", "4096"),
    key(
        "address_requests_per_s",
        "Solicitudes por segundo de una dirección, sin contar las de un recaudador ya conocido; 0 es sin límite",
        "500",
    ),
    key(
        "address_requests_burst",
        "Solicitudes seguidas que se admiten a una dirección tras un silencio",
        "5000",
    ),
    key(
        "collector_requests_per_s",
        "Solicitudes por segundo de un recaudador, o de un desarrollador de Colppy; 0 es sin límite",
        "0",
    ),
    key(
        "collector_requests_burst",
        "Solicitudes seguidas que se admiten a un recaudador tras un silencio",
        "1000",
    ),
    key("limit_loopback", "Limita también a la propia máquina", "false"),
];

const fn key(name: &'static str, meaning: &'static str, example: &'static str) -> Key {
    Key { name, meaning, example }
}

impl FileConfig {
    /// Reads the file named, or `./ventanilla.toml` where it is there.
    pub(crate) fn read(named: Option<&Path>) -> anyhow::Result<Self> {
        Ok(Self::read_said(named)?.0)
    }

    /// The same, and what the file says word for word.
    pub(crate) fn read_said(named: Option<&Path>) -> anyhow::Result<(Self, Table)> {
        let path = named.unwrap_or(Path::new(FILE_NAME));
        match fs::read_to_string(path) {
            Ok(text) => {
                let (config, said) = Self::from_text(&text, path)?;
                config.refuse_exposed(path)?;
                Ok((config, said))
            }
            Err(error) if named.is_none() && error.kind() == io::ErrorKind::NotFound => {
                Ok((Self::default(), Table::new()))
            }
            Err(error) => {
                let reason = to_reason(&error);
                Err(Problem::usage(format!("{}: no se pudo leer: {reason}", path.display())))
            }
        }
    }

    /// Refuses a password that everybody can read.
    fn refuse_exposed(&self, path: &Path) -> anyhow::Result<()> {
        let holds_password = self.database.as_ref().is_some_and(DatabaseUrl::holds_password);
        let mode = fs::metadata(path).map_or(0, |file| file.permissions().mode());
        if !holds_password || mode & OF_OTHERS == 0 {
            return Ok(());
        }
        let path = path.display();
        Err(Problem::usage(format!(
            "{path}: cualquiera puede leer la contraseña de «database»; ciérrelo con: chmod o-rwx {path}, o \
             dígala en VENTANILLA_DATABASE_PASSWORD"
        )))
    }

    /// Takes the text of a file; `path` is for its directory and for what is told.
    fn from_text(text: &str, path: &Path) -> anyhow::Result<(Self, Table)> {
        let table = text.parse::<Table>();
        let table = table.map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or("");
            let line = before.matches('\n').count() + 1;
            Problem::usage(format!("{}: la línea {line} no es TOML válido", path.display()))
        })?;
        let mut config = Self::default();
        let (mut unknown, mut wrong) = (Vec::new(), Vec::new());
        let folder = path.parent().unwrap_or(Path::new(""));
        for (key, value) in &table {
            match config.set(key, value, folder) {
                Some(true) => {}
                Some(false) => wrong.push(format!("el valor de «{key}» no es válido")),
                None => unknown.push(format!("«{key}»")),
            }
        }
        if !unknown.is_empty() {
            wrong.insert(0, format!("no se conoce {}", unknown.join(", ")));
        }
        if wrong.is_empty() {
            return Ok((config, table));
        }
        Err(Problem::usage(format!("{}: {}", path.display(), wrong.join("; "))))
    }

    /// Sets a key: whether the value was taken, or `None` where the key is unknown.
    fn set(&mut self, key: &str, value: &Value, folder: &Path) -> Option<bool> {
        let text = value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let path = || text.as_deref().map(|text| folder.join(text));
        let whole = || value.as_integer().and_then(|count| u32::try_from(count).ok());
        let count = || whole().filter(|count| *count > 0);
        let format = || text.as_deref().and_then(|text| LogFormat::from_str(text, false).ok());
        Some(match key {
            "data" => keep(&mut self.data, path()),
            "database" => keep(&mut self.database, text.map(DatabaseUrl::from_text)),
            "secrets" => keep(&mut self.secrets, path()),
            "checkpoints" => keep(&mut self.checkpoints, path()),
            "mirror" => keep(&mut self.mirror, path()),
            "listen" => keep(&mut self.listen, text),
            "tls_cert" => keep(&mut self.edge.tls_cert, path()),
            "tls_key" => keep(&mut self.edge.tls_key, path()),
            "allow_plain_http" => {
                let allowed = value.as_bool();
                self.edge.allow_plain_http = allowed.unwrap_or_default();
                allowed.is_some()
            }
            "trusted_proxies" => {
                let named = value.as_array().map(|named| named.iter().map(to_network).collect());
                let named = named.unwrap_or(None);
                let is_taken = named.is_some();
                self.edge.trusted_proxies = named.unwrap_or_default();
                is_taken
            }
            "metrics" => keep(&mut self.metrics, text),
            "metrics_public" => keep(&mut self.metrics_public, value.as_bool()),
            "log" => keep(&mut self.log.log, text),
            "log_format" => keep(&mut self.log.log_format, format()),
            "batch_len_max" => keep(&mut self.limits.batch_len_max, count()),
            "queue_len_max" => keep(&mut self.limits.queue_len_max, count()),
            "token_lifetime_s" => keep(&mut self.limits.token_lifetime_s, count()),
            "session_lifetime_s" => keep(&mut self.limits.session_lifetime_s, count()),
            "console_idle_s" => keep(&mut self.limits.console_idle_s, count()),
            "console_session_s" => keep(&mut self.limits.console_session_s, count()),
            "address_requests_per_s" => keep(&mut self.rates.address_requests_per_s, whole()),
            "address_requests_burst" => keep(&mut self.rates.address_requests_burst, whole()),
            "collector_requests_per_s" => keep(&mut self.rates.collector_requests_per_s, whole()),
            "collector_requests_burst" => keep(&mut self.rates.collector_requests_burst, whole()),
            "limit_loopback" => keep(&mut self.rates.limit_loopback, value.as_bool()),
            _ => return None,
        })
    }
}

fn to_network(value: &Value) -> Option<Network> {
    value.as_str()?.parse().ok()
}

fn keep<T>(place: &mut Option<T>, value: Option<T>) -> bool {
    *place = value;
    place.is_some()
}

#[cfg(test)]
mod tests {
    use ventanilla_api::Rates;

    use super::*;

    fn read(text: &str) -> Result<FileConfig, String> {
        let config = FileConfig::from_text(text, Path::new("/etc/ventanilla.toml"));
        config.map(|(config, _)| config).map_err(|error| error.to_string())
    }

    #[test]
    fn a_file_says_what_the_flags_say() {
        let config = read(
            "data = 'datos'\nsecrets = '/var/lib/claves'\nmirror = 'espejo'\nlisten = '127.0.0.1:0'\n\
             checkpoints = '/mnt/otro/control'\n\
             metrics = '127.0.0.1:9090'\nmetrics_public = true\nlog = 'warn'\nlog_format = 'json'\n\
             batch_len_max = 1\ntoken_lifetime_s = 60\nsession_lifetime_s = 90\n\
             tls_cert = 'cert.pem'\ntls_key = 'key.pem'\nallow_plain_http = true\n\
             trusted_proxies = ['127.0.0.1', '10.0.0.0/8']\n",
        )
        .unwrap();
        assert_eq!(config.data.as_deref(), Some(Path::new("/etc/datos")));
        assert_eq!(config.secrets.as_deref(), Some(Path::new("/var/lib/claves")));
        assert_eq!(config.checkpoints.as_deref(), Some(Path::new("/mnt/otro/control")));
        assert_eq!(config.mirror.as_deref(), Some(Path::new("/etc/espejo")));
        assert_eq!(config.listen.as_deref(), Some("127.0.0.1:0"));
        assert_eq!(config.edge.tls_cert.as_deref(), Some(Path::new("/etc/cert.pem")));
        assert_eq!(config.edge.tls_key.as_deref(), Some(Path::new("/etc/key.pem")));
        assert!(config.edge.allow_plain_http);
        assert_eq!(config.edge.trusted_proxies.len(), 2);
        assert_eq!(config.metrics.as_deref(), Some("127.0.0.1:9090"));
        assert_eq!(config.metrics_public, Some(true));
        assert_eq!(config.log.log.as_deref(), Some("warn"));
        assert_eq!(config.log.log_format, Some(LogFormat::Json));
        let settings = LimitArgs::default().to_settings(config.limits);
        assert_eq!(settings.batch_len_max, 1);
        assert_eq!((settings.token_lifetime_s, settings.session_lifetime_s), (60, 90));
        assert_eq!(settings.queue_len_max, Settings::default().queue_len_max);
    }

    #[test]
    fn a_file_with_a_password_is_not_for_everybody() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ventanilla.toml");
        let with = "database = 'postgres://caja:s3cr3t@base/libros'\n";
        let without = "database = 'postgres://caja@base/libros'\n";
        for (text, mode, is_taken) in [
            (with, 0o600, true),
            (with, 0o640, true),
            (with, 0o644, false),
            (with, 0o602, false),
            (without, 0o644, true),
        ] {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let read = FileConfig::read(Some(&path)).map_err(|error| error.to_string());
            assert_eq!(read.is_ok(), is_taken, "{mode:o}: {text}");
            if let Err(refused) = read {
                assert!(refused.contains("cualquiera puede leer la contraseña"), "{refused}");
                assert!(!refused.contains("s3cr3t"), "{refused}");
            }
        }
    }

    #[test]
    fn the_packaged_file_is_taken_with_all_that_it_proposes() {
        let packaged = include_str!("../../../packaging/debian/ventanilla.toml");
        let unit = include_str!("../../../packaging/systemd/ventanilla.service");
        let config = read(packaged).unwrap();
        let data = config.data.unwrap();
        assert!(unit.contains(&format!("ConditionPathExists={}\n", data.display())));
        assert_eq!(config.secrets.unwrap().parent(), data.parent());
        let proposed =
            packaged.replace("listen = \"127.0.0.1:8080\"\n", "").replace("# listen", "listen");
        let proposed = proposed.replace("# tls_", "tls_");
        let config = read(&proposed).unwrap();
        assert_eq!(config.listen.as_deref(), Some("0.0.0.0:443"));
        assert!(config.edge.tls_cert.is_some() && config.edge.tls_key.is_some());
    }

    #[test]
    fn every_key_is_explained_and_its_example_is_taken() {
        let mut text = String::new();
        for Key { name, meaning, example } in KEYS {
            let line = format!("{name} = {example}\n");
            assert!(read(&line).is_ok() && !meaning.is_empty(), "{line}");
            text += &line;
        }
        let config = read(&text).unwrap();
        let built_in = Settings::default();
        let settings = LimitArgs::default().to_settings(config.limits);
        assert_eq!(
            format!("{settings:?}"),
            format!("{built_in:?}"),
            "examples are what is built in"
        );
        assert_eq!(RateArgs::default().to_rates(config.rates), Rates::default());
        // A key that is taken and not explained shows in the source alone: its arm has a name.
        let source = include_str!("config.rs");
        let (_, arms) = source.split_once("Some(match key {").unwrap();
        let (arms, _) = arms.split_once("_ => return None").unwrap();
        let names =
            arms.lines().filter_map(|line| line.trim().strip_prefix('"')?.split_once("\" =>"));
        for (name, _) in names {
            assert!(KEYS.iter().any(|key| key.name == name), "{name}");
        }
    }

    #[test]
    fn a_rate_is_the_flag_s_or_the_file_s_or_the_one_built_in() {
        let file = read(
            "address_requests_per_s = 0\naddress_requests_burst = 7\ncollector_requests_per_s = 8\n\
             limit_loopback = true",
        );
        let flag = RateArgs { address_requests_burst: Some(9), ..RateArgs::default() };
        let Rates { address, collector, limits_loopback } = flag.to_rates(file.unwrap().rates);
        assert_eq!((address.per_second, address.burst), (0, 9));
        assert_eq!((collector.per_second, collector.burst), (8, 1_000));
        assert!(limits_loopback);
    }

    #[test]
    fn a_flag_goes_before_the_file() {
        let flag = LimitArgs { batch_len_max: Some(7), ..LimitArgs::default() };
        let file =
            LimitArgs { batch_len_max: Some(9), queue_len_max: Some(11), ..LimitArgs::default() };
        let settings = flag.to_settings(file);
        assert_eq!((settings.batch_len_max, settings.queue_len_max), (7, 11));
    }

    #[test]
    fn what_a_file_must_not_say_is_named() {
        for (text, told) in [
            ("puerto = 1\nlisten = 'x:1'\nclave = 2", "no se conoce «clave», «puerto»"),
            (
                "clave = 1\nlisten = 1\nlog = 2",
                "no se conoce «clave»; el valor de «listen» no es válido; el valor de «log» no es válido",
            ),
            ("listen = 8080", "el valor de «listen» no es válido"),
            ("metrics = 9090", "el valor de «metrics» no es válido"),
            ("metrics_public = 'no'", "el valor de «metrics_public» no es válido"),
            ("batch_len_max = 0", "el valor de «batch_len_max» no es válido"),
            ("address_requests_per_s = -1", "el valor de «address_requests_per_s» no es válido"),
            ("limit_loopback = 1", "el valor de «limit_loopback» no es válido"),
            ("queue_len_max = '9'", "el valor de «queue_len_max» no es válido"),
            ("log_format = 'xml'", "el valor de «log_format» no es válido"),
            ("data = ''", "el valor de «data» no es válido"),
            ("mirror = false", "el valor de «mirror» no es válido"),
            ("allow_plain_http = 1", "el valor de «allow_plain_http» no es válido"),
            ("tls_key = true", "el valor de «tls_key» no es válido"),
            ("trusted_proxies = '::1'", "el valor de «trusted_proxies» no es válido"),
            ("trusted_proxies = ['x']", "el valor de «trusted_proxies» no es válido"),
            ("data = 'a'\nlisten 1", "la línea 2 no es TOML válido"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(told), "{text}: {error}");
            assert!(error.starts_with("/etc/ventanilla.toml: "), "{error}");
        }
    }
}
