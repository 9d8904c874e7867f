//! Where the books are: in a data directory or in a database, with their secrets and their checkpoints.

mod args;
mod problem;
mod url;

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ventanilla_service::Entropy;
use ventanilla_store::{DatabaseAddress, Keys, OpenError, ServerLock, Store};

pub(crate) use args::{StoreArgs, from_url};
pub(crate) use url::{DatabaseUrl, without_passwords};

use crate::problem::{Problem, to_reason};

/// The file in a data directory that holds the books.
const BOOKS_FILE: &str = "ventanilla.db";

/// The files of books in a database, unless named: in the directory where a command runs.
const DATABASE_SECRETS: &str = "ventanilla.secrets";
const DATABASE_CHECKPOINTS: &str = "ventanilla.checkpoints";

/// What holds the books.
#[derive(Debug, Clone)]
pub(crate) enum Home {
    /// A data directory, for one server.
    Directory(PathBuf),
    /// A database of PostgreSQL, for as many servers as there are.
    Database(DatabaseAddress),
}

/// Where the books are.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// What holds them.
    pub(crate) home: Home,
    /// The secrets file.
    pub(crate) secrets: PathBuf,
    /// The file of checkpoints.
    pub(crate) checkpoints: PathBuf,
}

impl Place {
    /// Takes what holds the books; its secrets and its checkpoints are where they are by default, unless named.
    /// Refuses a directory that has no name.
    pub(crate) fn at(
        home: Home,
        secrets: Option<PathBuf>,
        checkpoints: Option<PathBuf>,
    ) -> anyhow::Result<Self> {
        let or_default = |named: Option<PathBuf>, suffix, in_database: &str| match (named, &home) {
            (Some(named), _) => Ok(named),
            (None, Home::Directory(data)) => beside(data, suffix),
            (None, Home::Database(_)) => Ok(PathBuf::from(in_database)),
        };
        let secrets = or_default(secrets, ".secrets", DATABASE_SECRETS)?;
        let checkpoints = or_default(checkpoints, ".checkpoints", DATABASE_CHECKPOINTS)?;
        Ok(Self { home, secrets, checkpoints })
    }

    /// Takes a data directory, with its secrets and its checkpoints beside it.
    pub(crate) fn in_directory(data: &Path) -> anyhow::Result<Self> {
        Self::at(Home::Directory(data.to_owned()), None, None)
    }

    /// The same books in another directory.
    pub(crate) fn moved_to(&self, data: &Path) -> Self {
        Self { home: Home::Directory(data.to_owned()), ..self.clone() }
    }

    /// Where the books are, as people are told: without a password.
    pub(crate) fn to_shown(&self) -> String {
        match &self.home {
            Home::Directory(data) => data.display().to_string(),
            Home::Database(address) => address.to_shown(),
        }
    }

    /// What holds the books to the letter, as people are told: a directory's file.
    pub(crate) fn to_shown_books(&self) -> String {
        match &self.home {
            Home::Directory(data) => books_file(data).display().to_string(),
            Home::Database(_) => self.to_shown(),
        }
    }

    /// The data directory. Refuses a database, in the words of a command that is not for one.
    pub(crate) fn require_directory(&self, refusal: &str) -> anyhow::Result<&Path> {
        match &self.home {
            Home::Directory(data) => Ok(data),
            Home::Database(_) => Err(Problem::usage(format!("{}: {refusal}", self.to_shown()))),
        }
    }

    /// Makes an empty store and its secrets; refuses what exists. Where there is no store in the end, there are
    /// no secrets of one.
    pub(crate) fn create(&self) -> anyhow::Result<Store> {
        let made = Keys::create_file(&self.secrets, Entropy::System.bytes());
        let keys = made.map_err(|error| self.to_problem(&error))?;
        self.try_create(keys).map_err(|error| {
            if let Err(error) = fs::remove_file(&self.secrets) {
                tracing::debug!(%error, "the secrets of a store that was not made are left");
            }
            self.to_problem(&error)
        })
    }

    /// Makes an empty store of these keys, for a caller that has its own words for some of what may be wrong.
    pub(crate) fn try_create(&self, keys: Keys) -> Result<Store, OpenError> {
        match &self.home {
            Home::Directory(data) => Store::create_sqlite(data, keys),
            Home::Database(address) => Store::create_postgres(address, keys),
        }
    }

    /// That there is something to open, as far as can be told without opening it. Where the data is missing,
    /// that is what to tell, not that its secrets are missing too.
    pub(crate) fn require(&self) -> anyhow::Result<()> {
        if let Home::Directory(data) = &self.home {
            // What one may not look at seems not to be there: a directory, or what is in it.
            for path in [data, &books_file(data)] {
                refuse_forbidden(path, fs::metadata(path).err())?;
            }
            if !data.is_dir() {
                return Err(self.to_problem(&OpenError::Missing(self.to_shown())));
            }
        }
        self.require_secrets()
    }

    /// That there is a secrets file.
    pub(crate) fn require_secrets(&self) -> anyhow::Result<()> {
        refuse_forbidden(&self.secrets, fs::metadata(&self.secrets).err())?;
        if !self.secrets.is_file() {
            return Err(self.to_missing_secrets());
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

    /// Opens the store for a server. A directory has one, which holds its lock as long as it keeps that; a
    /// database has as many as there are.
    pub(crate) fn open_to_serve(&self) -> anyhow::Result<(Option<ServerLock>, Store)> {
        self.require()?;
        let Home::Directory(data) = &self.home else { return Ok((None, self.open()?)) };
        let opened = ServerLock::take(data).and_then(|lock| {
            let store = Store::serve_sqlite(&lock, Keys::read_file(&self.secrets)?)?;
            Ok((Some(lock), store))
        });
        opened.map_err(|error| self.to_problem(&error))
    }

    /// Opens the store, for a caller that has its own words for some of what may be wrong.
    pub(crate) fn try_open(&self) -> Result<Store, OpenError> {
        let keys = Keys::read_file(&self.secrets)?;
        match &self.home {
            Home::Directory(data) => Store::open_sqlite(data, keys),
            Home::Database(address) => Store::open_postgres(address, keys),
        }
    }
}

/// The file of a data directory that holds the books.
pub(crate) fn books_file(data: &Path) -> PathBuf {
    data.join(BOOKS_FILE)
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
            let place = Place::in_directory(Path::new(data)).unwrap();
            assert_eq!(place.secrets, Path::new(secrets), "{data}");
        };
        check("datos", "datos.secrets");
        check("./ventanilla-demo", "./ventanilla-demo.secrets");
        check("/srv/ventanilla/", "/srv/ventanilla.secrets");
        check("/srv/v1.2", "/srv/v1.2.secrets");
        assert!(Place::in_directory(Path::new("/")).is_err());
        let kit = |data: &str, secrets: Option<&str>| {
            Place::at(Home::Directory(data.into()), secrets.map(PathBuf::from), None).unwrap().kit()
        };
        assert_eq!(kit("/srv/v1.2", None), Path::new("/srv/v1.2.recovery-kit"));
        assert_eq!(kit("datos", Some("/etc/claves")), Path::new("/etc/claves.recovery-kit"));
        let here = Place::in_directory(Path::new(".")).unwrap();
        assert!(here.secrets.is_absolute());
    }
}
