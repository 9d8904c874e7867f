//! The books a command works on: where they are, and the service over them.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use tokio::runtime::Runtime;
use ventanilla_domain::{Company, CompanyId, Label};
use ventanilla_service::{AdminRefusal, Clock, Entropy, Failure, NoRefusal, Service, Settings};
use ventanilla_store::{Keys, OpenError, ServerLock, Store};

use crate::commands::by::ByArgs;
use crate::commands::mirror;
use crate::config::FileConfig;
use crate::log::{self, LogArgs};
use crate::problem::{self, Problem, to_reason, to_store_reason};

/// The file in a data directory that holds the books.
const DATABASE: &str = "ventanilla.db";

/// What a command logs unless told otherwise: it tells an internal error itself, and its causes are
/// for whoever asks for them.
pub(crate) const COMMAND_LOG: &str =
    "error,ventanilla_service::failure=off,ventanilla_service::mirror=off";

/// Where the books are, as the command line says it.
#[derive(Debug, Args)]
pub(crate) struct StoreArgs {
    /// Directorio de los datos
    #[arg(long, value_name = "DIR", env = "VENTANILLA_DATA")]
    pub(crate) data: Option<PathBuf>,
    /// Base de datos PostgreSQL (en una versión posterior)
    #[arg(long, value_name = "URL", env = "VENTANILLA_DATABASE")]
    pub(crate) database: Option<String>,
    /// Archivo de las claves; si falta, el directorio de los datos más «.secrets»
    #[arg(long, value_name = "ARCHIVO", env = "VENTANILLA_SECRETS")]
    pub(crate) secrets: Option<PathBuf>,
    /// Archivo de los puntos de control; si falta, el directorio de los datos más «.checkpoints»
    #[arg(long, hide = true, value_name = "ARCHIVO", env = "VENTANILLA_CHECKPOINTS")]
    pub(crate) checkpoints: Option<PathBuf>,
    /// Archivo de configuración; si falta, ./ventanilla.toml donde lo haya
    #[arg(long, value_name = "ARCHIVO", env = "VENTANILLA_CONFIG")]
    pub(crate) config: Option<PathBuf>,
}

impl StoreArgs {
    /// Where the books are: what the flags and the environment say, else the file.
    pub(crate) fn to_place(&self, file: &FileConfig) -> anyhow::Result<Place> {
        if self.database.is_some() || (self.data.is_none() && file.database.is_some()) {
            return Err(Problem::usage(
                "--database: PostgreSQL llega en una versión posterior; use --data DIR",
            ));
        }
        let data = self.data.as_ref().or(file.data.as_ref()).ok_or_else(|| {
            Problem::usage(
                "falta el directorio de los datos: --data DIR, VENTANILLA_DATA, o data en \
                 ventanilla.toml",
            )
        })?;
        // What the file says beside belongs to the file's directory, not to one that a flag names.
        let is_same = self.data.is_none() || file.data.is_none() || self.data == file.data;
        let secrets = self.secrets.clone().or_else(|| file.secrets.clone().filter(|_| is_same));
        let checkpoints = self.checkpoints.clone();
        let checkpoints = checkpoints.or_else(|| file.checkpoints.clone().filter(|_| is_same));
        Place::from_paths(data, secrets, checkpoints)
    }
}

/// Where the books are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The data directory.
    pub(crate) data: PathBuf,
    /// The secrets file.
    pub(crate) secrets: PathBuf,
    /// The file of checkpoints.
    pub(crate) checkpoints: PathBuf,
}

impl Place {
    /// Takes a data directory; its secrets and its checkpoints are beside it unless named.
    pub(crate) fn from_paths(
        data: &Path,
        secrets: Option<PathBuf>,
        checkpoints: Option<PathBuf>,
    ) -> anyhow::Result<Self> {
        let or_beside =
            |named: Option<PathBuf>, suffix| named.map_or_else(|| beside(data, suffix), Ok);
        Ok(Self {
            data: data.to_owned(),
            secrets: or_beside(secrets, ".secrets")?,
            checkpoints: or_beside(checkpoints, ".checkpoints")?,
        })
    }

    /// Makes an empty store and its secrets; refuses what exists.
    pub(crate) fn create(&self) -> anyhow::Result<Store> {
        Keys::create_file(&self.secrets, Entropy::System.bytes())
            .and_then(|keys| Store::create_sqlite(&self.data, keys))
            .map_err(|error| self.to_problem(&error))
    }

    /// The file that holds the books.
    pub(crate) fn database(&self) -> PathBuf {
        self.data.join(DATABASE)
    }

    /// That there is something to open. Where the data is missing, that is what to tell, not that
    /// its secrets are missing too.
    pub(crate) fn require(&self) -> anyhow::Result<()> {
        // What one may not look at seems not to be there: a directory, or what is in it.
        for path in [&self.data, &self.database()] {
            refuse_forbidden(path, fs::metadata(path).err())?;
        }
        if !self.data.is_dir() {
            let missing = OpenError::Missing(self.data.display().to_string());
            return Err(self.to_problem(&missing));
        }
        self.require_secrets()
    }

    /// That there is a secrets file.
    pub(crate) fn require_secrets(&self) -> anyhow::Result<()> {
        refuse_forbidden(&self.secrets, fs::metadata(&self.secrets).err())?;
        if !self.secrets.is_file() {
            let secrets = self.secrets.display();
            return Err(Problem::usage(format!(
                "{secrets}: no existe el archivo de claves; indique el suyo con --secrets"
            )));
        }
        Ok(())
    }

    /// The keys of the secrets file.
    pub(crate) fn keys(&self) -> anyhow::Result<Keys> {
        self.require_secrets()?;
        Keys::read_file(&self.secrets).map_err(|error| self.to_problem(&error))
    }

    /// Where its recovery kit is made: beside the secrets, under their name.
    pub(crate) fn kit(&self) -> PathBuf {
        let name = self.secrets.file_name().unwrap_or_default().to_string_lossy();
        let stem = name.strip_suffix(".secrets").unwrap_or(&name);
        self.secrets.with_file_name(format!("{stem}.recovery-kit"))
    }

    /// Opens the store.
    pub(crate) fn open(&self) -> anyhow::Result<Store> {
        self.require()?;
        self.try_open().map_err(|error| self.to_problem(&error))
    }

    /// Opens the store for the server, which holds its lock.
    pub(crate) fn open_held(&self, lock: &ServerLock) -> anyhow::Result<Store> {
        let store = Keys::read_file(&self.secrets).and_then(|keys| Store::serve_sqlite(lock, keys));
        store.map_err(|error| self.to_problem(&error))
    }

    /// Opens the store, for a caller that has its own words for some of what may be wrong.
    pub(crate) fn try_open(&self) -> Result<Store, OpenError> {
        Store::open_sqlite(&self.data, Keys::read_file(&self.secrets)?)
    }

    /// Why the store or its secrets could not be used, in Spanish; the causes stay in the log.
    pub(crate) fn to_problem(&self, error: &OpenError) -> anyhow::Error {
        tracing::debug!(error = error as &dyn std::error::Error, "the store could not be opened");
        let secrets = self.secrets.display();
        match error {
            OpenError::Missing(path) => Problem::store(format!(
                "{path}: no hay ninguna instalación; créela con «ventanilla init» o «ventanilla \
                 demo»"
            )),
            OpenError::Exists(path) => Problem::usage(format!("{path}: ya existe; nada cambió")),
            OpenError::Held(path) => {
                Problem::store(format!("{path}: otro servidor ya atiende estos datos"))
            }
            OpenError::HeldByOlder(path) => Problem::store(format!(
                "{path}: los atiende un servidor de una versión anterior: deténgalo y vuelva a \
                 intentarlo"
            )),
            OpenError::OtherVersion { found, ours } => Problem::store(format!(
                "los datos son de otra versión de Ventanilla (esquema {found}, el de esta es {ours})"
            )),
            OpenError::Secrets(path) => Problem::usage(format!(
                "{path}: no es un archivo de claves; indique el de estos datos con --secrets"
            )),
            OpenError::ForeignKeys => Problem::usage(format!(
                "{secrets}: no es el archivo de claves de estos datos; indique el suyo con --secrets"
            )),
            OpenError::SecretsExposed(path) => Problem::usage(format!(
                "{path}: otros usuarios pueden leer las claves; ciérrelo con: chmod 600 {path}"
            )),
            OpenError::NotDurable(what) => Problem::store(format!(
                "la base de datos no mantiene {what}: así se podrían perder pagos"
            )),
            OpenError::Unreachable(_) => Problem::store("no se llega a la base de datos"),
            OpenError::ReadOnly => Problem::store(
                "la base de datos no admite escrituras: es una réplica, o se está recuperando",
            ),
            OpenError::Unsuitable(why) => {
                Problem::store(format!("la base de datos no sirve: {why}"))
            }
            OpenError::File { path, source } => {
                Problem::store(format!("{path}: no se pudo usar: {}", to_reason(source)))
            }
            OpenError::Store(error) => {
                let (database, reason) = (self.database(), to_store_reason(error));
                Problem::store(format!("{}: {reason}", database.display()))
            }
        }
    }
}

/// Tells of a path that may not be looked at; whatever else is wrong with it is told where it is used.
fn refuse_forbidden(path: &Path, error: Option<io::Error>) -> anyhow::Result<()> {
    match error.filter(|error| error.kind() == io::ErrorKind::PermissionDenied) {
        Some(error) => {
            let (path, reason) = (path.display(), to_reason(&error));
            Err(Problem::store(format!(
                "{path}: {reason}; use el comando como el usuario que atiende estos datos"
            )))
        }
        None => Ok(()),
    }
}

/// Whether a directory is missing or has nothing in it.
pub(crate) fn is_empty(directory: &Path) -> anyhow::Result<bool> {
    match fs::read_dir(directory) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => {
            let (directory, reason) = (directory.display(), to_reason(&error));
            Err(Problem::usage(format!("{directory}: no se pudo leer: {reason}")))
        }
    }
}

/// The path with `suffix` added to its last name: `datos` gives `datos.secrets`.
pub(crate) fn beside(path: &Path, suffix: &str) -> anyhow::Result<PathBuf> {
    let absolute = std::path::absolute(path).ok();
    let name = absolute.as_deref().and_then(Path::file_name);
    let (Some(absolute), Some(name)) = (&absolute, name) else {
        let path = path.display();
        return Err(Problem::usage(format!("{path}: no nombra un directorio; use otro nombre")));
    };
    let mut name = OsString::from(name);
    name.push(suffix);
    // A path as it was typed is the one a reader recognises.
    let typed = path.file_name().map(|_| path.with_file_name(&name));
    Ok(typed.unwrap_or_else(|| absolute.with_file_name(&name)))
}

/// Starts a service over an open store, by the machine's clock and entropy.
pub(crate) fn start_service(store: Store, settings: Settings) -> anyhow::Result<Service> {
    let started = Service::start(store, Clock::System, Entropy::System, settings);
    started.map_err(|error| {
        Problem::store(format!("el servicio no pudo arrancar: {}", to_reason(&error)))
    })
}

/// The service over open books, for a command that is not a server.
#[derive(Debug)]
pub(crate) struct Books {
    /// The service.
    pub(crate) service: Service,
    runtime: Runtime,
    place: Place,
}

impl Books {
    /// Opens the books that the arguments name.
    pub(crate) fn open(args: &StoreArgs, log: &LogArgs) -> anyhow::Result<Self> {
        let file = FileConfig::read(args.config.as_deref())?;
        log::start(log, COMMAND_LOG)?;
        let place = args.to_place(&file)?;
        Self::start(place.open()?, &place)
    }

    /// The same for a command that changes something, or hands it out: who runs it stands in the trail.
    pub(crate) fn open_by(by: &ByArgs, args: &StoreArgs, log: &LogArgs) -> anyhow::Result<Self> {
        Ok(Self::open(args, log)?.operated_by(by.to_label("ventanilla")?))
    }

    /// The same books, where what is changed stands in the trail as that person's act.
    pub(crate) fn operated_by(self, operator: Label) -> Self {
        Self { service: self.service.operated_by(operator), ..self }
    }

    /// Starts a service over the open store of a place.
    pub(crate) fn start(store: Store, place: &Place) -> anyhow::Result<Self> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let service = start_service(store, Settings::default())?;
        Ok(Self { service, runtime, place: place.clone() })
    }

    /// Waits for an answer of the service.
    pub(crate) fn wait<T>(&self, answer: impl Future<Output = T>) -> T {
        self.runtime.block_on(answer)
    }

    /// The file of checkpoints.
    pub(crate) fn checkpoints(&self) -> &Path {
        &self.place.checkpoints
    }

    /// Ends the service.
    pub(crate) fn close(self) {
        self.service.shut_down();
    }

    /// The company named, or the only one there is.
    pub(crate) fn company(&self, named: Option<CompanyId>) -> anyhow::Result<Company> {
        let companies = self.service.companies();
        pick(companies.map_err(|failure| self.unread(failure))?, named)
    }

    /// A failure, where a refusal becomes what `refused` makes of it, and what is wrong inside is
    /// told of the file.
    pub(crate) fn failed<R>(
        &self,
        failure: Failure<R>,
        refused: impl FnOnce(R) -> anyhow::Error,
    ) -> anyhow::Error {
        match failure {
            Failure::Internal(id) => Problem::store(format!(
                "{}: no se puede leer: error interno {id}; la causa se ve con «--log error»",
                self.place.database().display()
            )),
            other => match (&other, self.service.mirror_problem()) {
                (Failure::Unavailable, Some(problem)) => Problem::store(format!(
                    "el espejo no se puede escribir, y nada cambió: {}",
                    mirror::to_way_out(&problem)
                )),
                (Failure::Unknown, Some(problem)) => Problem::store(format!(
                    "el cambio quedó guardado, pero no en el espejo: {}",
                    mirror::to_way_out(&problem)
                )),
                _ => problem::from_failure(other, refused),
            },
        }
    }

    /// A failure to read.
    pub(crate) fn unread(&self, failure: Failure<NoRefusal>) -> anyhow::Error {
        self.failed(failure, |refusal| match refusal {})
    }

    /// A refused or failed act of administration.
    pub(crate) fn unchanged(&self, failure: Failure<AdminRefusal>) -> anyhow::Error {
        self.failed(failure, |refusal| problem::refused(&refusal))
    }
}

fn pick(mut companies: Vec<Company>, named: Option<CompanyId>) -> anyhow::Result<Company> {
    if let Some(named) = named {
        let found = companies.into_iter().find(|company| company.id == named);
        return found.ok_or_else(|| Problem::usage(format!("no hay ninguna empresa {named}")));
    }
    if companies.len() > 1 {
        let ids: Vec<String> = companies.iter().map(|company| company.id.to_string()).collect();
        let ids = ids.join(", ");
        return Err(Problem::usage(format!("hay varias empresas ({ids}): indique --company ID")));
    }
    companies.pop().ok_or_else(|| {
        Problem::usage("no hay ninguna empresa: agregue una con «ventanilla company add»")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_not_be_looked_at_is_not_told_as_missing() {
        for (kind, told) in [
            (io::ErrorKind::PermissionDenied, "datos: falta el permiso; use el comando como"),
            (io::ErrorKind::NotFound, ""),
        ] {
            let refused = refuse_forbidden(Path::new("datos"), Some(kind.into()));
            let sentence = refused.err().map(|error| error.to_string()).unwrap_or_default();
            assert!(
                sentence.starts_with(told) && sentence.is_empty() == told.is_empty(),
                "{sentence}"
            );
        }
    }

    #[test]
    fn the_secrets_are_beside_the_data() {
        let check = |data: &str, secrets: &str| {
            let place = Place::from_paths(Path::new(data), None, None).unwrap();
            assert_eq!(place.secrets, Path::new(secrets), "{data}");
        };
        check("datos", "datos.secrets");
        check("./ventanilla-demo", "./ventanilla-demo.secrets");
        check("/srv/ventanilla/", "/srv/ventanilla.secrets");
        check("/srv/v1.2", "/srv/v1.2.secrets");
        assert!(Place::from_paths(Path::new("/"), None, None).is_err());
        let kit = |data: &str, secrets: Option<&str>| {
            Place::from_paths(Path::new(data), secrets.map(PathBuf::from), None).unwrap().kit()
        };
        assert_eq!(kit("/srv/v1.2", None), Path::new("/srv/v1.2.recovery-kit"));
        assert_eq!(kit("datos", Some("/etc/claves")), Path::new("/etc/claves.recovery-kit"));
        let here = Place::from_paths(Path::new("."), None, None).unwrap();
        assert!(here.secrets.is_absolute());
    }
}
