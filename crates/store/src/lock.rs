//! The lock that refuses a second server on the same data.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use crate::{OpenError, sqlite};

/// Held by the one process that serves a data directory, until it is dropped or the process ends.
#[derive(Debug)]
pub struct ServerLock {
    _file: File,
    directory: PathBuf,
}

impl ServerLock {
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Takes the lock of a data directory.
    ///
    /// Errors in order: there is no store in it, the lock's file cannot be made, another process
    /// holds it.
    pub fn take(directory: &Path) -> Result<Self, OpenError> {
        if !directory.join(sqlite::FILE).exists() {
            return Err(OpenError::Missing(directory.display().to_string()));
        }
        let path = directory.join("server.lock");
        let name = || path.display().to_string();
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(|source| OpenError::File { path: name(), source })?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file, directory: directory.to_owned() }),
            Err(TryLockError::WouldBlock) => Err(OpenError::Held(directory.display().to_string())),
            Err(TryLockError::Error(source)) => Err(OpenError::File { path: name(), source }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_server_is_refused_until_the_first_ends() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(ServerLock::take(folder.path()), Err(OpenError::Missing(_))));
        std::fs::write(folder.path().join(sqlite::FILE), "").unwrap();
        let first = ServerLock::take(folder.path()).unwrap();
        assert!(matches!(ServerLock::take(folder.path()), Err(OpenError::Held(_))));
        drop(first);
        assert!(ServerLock::take(folder.path()).is_ok());
    }
}
