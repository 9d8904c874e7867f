//! What can go wrong in a store. The driver's own errors are kept as causes and shown to nobody.

use std::error::Error;

type Cause = Box<dyn Error + Send + Sync>;

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No room: nothing was written, reads go on.
    #[error("the disk is full")]
    Full(#[source] Cause),
    /// Another process holds the store: nothing was written.
    #[error("the store is busy")]
    Busy(#[source] Cause),
    /// The disk failed: what is on it can be told only after a restart.
    #[error("the disk failed")]
    Io(#[source] Cause),
    /// Another transaction was in the way, or the connection was lost before the commit: nothing was
    /// written, and the whole of it may be run again at once.
    #[error("the transaction is to be run again")]
    Again(#[source] Cause),
    /// The database cannot be reached, or takes no writes: nothing was written.
    #[error("the database is out of reach")]
    Unreachable(#[source] Cause),
    /// A command of a group asked for what only a transaction of its own may do: nothing was written.
    #[error("a transaction of its own is needed")]
    NeedsOwn,
    /// The store holds what it cannot hold, or an act broke a rule that must stand.
    #[error("the store is damaged or an invariant broke: {what}")]
    Damaged {
        /// What was found.
        what: &'static str,
        /// Why.
        #[source]
        cause: Option<Cause>,
    },
}

impl StoreError {
    pub(crate) fn damaged(what: &'static str) -> Self {
        Self::Damaged { what, cause: None }
    }

    pub(crate) fn damaged_by(what: &'static str, cause: impl Into<Cause>) -> Self {
        Self::Damaged { what, cause: Some(cause.into()) }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let shared_memory_full = error
            .sqlite_error()
            .is_some_and(|error| error.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE);
        match error.sqlite_error_code() {
            Some(Code::DiskFull) => Self::Full(error.into()),
            Some(Code::SystemIoFailure) if shared_memory_full => Self::Full(error.into()),
            // No descriptor is left, or another process has the lock: it passes.
            Some(Code::DatabaseBusy | Code::DatabaseLocked | Code::CannotOpen) => {
                Self::Busy(error.into())
            }
            Some(Code::SystemIoFailure | Code::ReadOnly) => Self::Io(error.into()),
            _ => Self::damaged_by("SQLite refused a statement", error),
        }
    }
}

/// Why a transaction did not commit.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Nothing was written.
    #[error("nothing was committed")]
    Nothing(#[source] StoreError),
    /// The disk failed in the commit: it may or may not be found after a restart.
    #[error("the outcome of the commit is not known")]
    Unknown(#[source] StoreError),
}

/// Why books were not copied into a database.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The database holds books, or somebody who signs in.
    #[error("the database is not empty")]
    NotEmpty,
    /// Books are copied from SQLite into PostgreSQL, and no other way.
    #[error("books are copied from a directory into a database")]
    OtherKinds,
    /// The books could not be read or written: nothing was copied.
    #[error("nothing was copied")]
    Store(#[from] StoreError),
    /// All was copied, or nothing: the database did not answer.
    #[error("whether all was copied is not known")]
    Unknown(#[source] StoreError),
}

/// Why a store could not be opened, made or locked.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is nothing there.
    #[error("there is no store in {0}")]
    Missing(String),
    /// There is something there already.
    #[error("{0} exists already")]
    Exists(String),
    /// Another process serves it.
    #[error("another server holds {0}")]
    Held(String),
    /// An older version serves it, which would not understand what this one makes of it.
    #[error("a server of an older version holds {0}")]
    HeldByOlder(String),
    /// It was written by a newer version, or its migrations are not ours.
    #[error("the store was written by another version: schema {found}, ours is {ours}")]
    OtherVersion {
        /// The schema found.
        found: i64,
        /// The newest schema known here.
        ours: i64,
    },
    /// The secrets file is not one.
    #[error("{0} is not a secrets file")]
    Secrets(String),
    /// Others than its owner can read the secrets file.
    #[error("others than its owner can read the secrets file {0}")]
    SecretsExposed(String),
    /// The store was made with another installation's keys.
    #[error("the store was made with other keys")]
    ForeignKeys,
    /// The machine did not take a setting that durability rests on.
    #[error("the database does not keep {0}, without which payments could be lost")]
    NotDurable(&'static str),
    /// The database cannot be reached.
    #[error("the database cannot be reached")]
    Unreachable(#[source] Cause),
    /// The database takes no writes: a standby, or one that recovers.
    #[error("the database takes no writes")]
    ReadOnly,
    /// The database is not one that can be used: too old, of another kind, with what is none of ours in it.
    #[error("the database cannot be used: {0}")]
    Unsuitable(String),
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The database could not be used.
    #[error("the database cannot be used")]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}
