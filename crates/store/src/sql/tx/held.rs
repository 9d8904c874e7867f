//! The connection that a transaction writes on, and how it begins and ends there.

use std::sync::MutexGuard;

use rusqlite::{Connection, ErrorCode};
use ventanilla_domain::CompanyId;

use crate::postgres::Own;
use crate::sql::Link;
use crate::{CommitError, Keys, StoreError};

/// A connection in a transaction, which is rolled back when it is dropped.
#[derive(Debug)]
pub(crate) enum Held<'a> {
    Sqlite(SqliteHeld<'a>),
    Postgres(Box<Own<'a>>),
}

/// Against whom something is held until a transaction ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Hold {
    /// Everybody else.
    Alone,
    /// Those who want it alone.
    Shared,
}

/// The one connection of SQLite that writes.
#[derive(Debug)]
pub(crate) struct SqliteHeld<'a> {
    connection: MutexGuard<'a, Connection>,
    is_open: bool,
}

impl<'a> Held<'a> {
    /// Begins on SQLite's connection; waits for the transactions of other processes.
    pub(crate) fn sqlite(connection: MutexGuard<'a, Connection>) -> Result<Self, StoreError> {
        if !connection.is_autocommit() {
            // The transaction before could not be undone: nothing more is written over it.
            return Err(StoreError::Io("a transaction was left open".into()));
        }
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        Ok(Self::Sqlite(SqliteHeld { connection, is_open: true }))
    }

    pub(super) fn link(&self) -> Link<'_> {
        match self {
            Self::Sqlite(held) => Link::Sqlite(&held.connection),
            Self::Postgres(own) => own.link(),
        }
    }

    /// Keeps everybody else from a company until the transaction ends. SQLite has one writer in any case.
    /// Says whether others may have changed it up to now.
    pub(in crate::sql) fn take(
        &mut self,
        company: CompanyId,
        keys: &Keys,
    ) -> Result<bool, StoreError> {
        match self {
            Self::Sqlite(_) => Ok(false),
            Self::Postgres(own) => own.take(company, keys),
        }
    }

    /// Keeps others from who may sign in.
    pub(super) fn hold_identities(&self, hold: Hold) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(own) => own.hold_identities(hold),
        }
    }

    /// Keeps everybody else from the end of a trail.
    pub(in crate::sql) fn take_trail(&self, code: i64) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(own) => own.take_trail(code),
        }
    }

    /// Checks at the commit, not at each row, that what a row names is there.
    pub(in crate::sql) fn defer_references(&mut self) -> Result<(), StoreError> {
        match self {
            // A pragma takes no place among the statements that are kept ready.
            Self::Sqlite(held) => {
                Ok(held.connection.execute_batch("PRAGMA defer_foreign_keys = ON")?)
            }
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Commits. An error of the disk here leaves the outcome unknown; a full disk does not.
    pub(super) fn commit(self) -> Result<(), CommitError> {
        match self {
            Self::Sqlite(held) => held.commit(),
            Self::Postgres(own) => own.commit(),
        }
    }
}

impl SqliteHeld<'_> {
    fn commit(mut self) -> Result<(), CommitError> {
        let committed =
            self.connection.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([]));
        match committed {
            Ok(_) => {
                self.is_open = false;
                Ok(())
            }
            Err(error) => Err(match error.sqlite_error_code() {
                Some(ErrorCode::DiskFull | ErrorCode::DatabaseBusy) => {
                    CommitError::Nothing(error.into())
                }
                _ => CommitError::Unknown(error.into()),
            }),
        }
    }
}

impl Drop for SqliteHeld<'_> {
    fn drop(&mut self) {
        if !self.is_open || self.connection.is_autocommit() {
            return;
        }
        if let Err(error) = self.connection.execute_batch("ROLLBACK") {
            tracing::error!(%error, "a transaction was not rolled back");
        }
    }
}
