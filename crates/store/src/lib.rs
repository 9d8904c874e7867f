//! Keeps facts and decisions: in memory (the specification), in SQLite and in PostgreSQL.
//!
//! Every store keeps an append-only journal per company and the tables that follow from it. One
//! suite runs against all of them, and [`Store::verify`] recomputes the tables from the journal.

#[macro_use]
mod columns;

pub mod backup;
mod days;
mod error;
mod former;
mod inside;
mod journal;
mod keys;
mod ledger;
mod lock;
mod memory;
mod mirror;
mod payables;
mod postgres;
mod prepared;
mod records;
mod sealed;
mod search;
mod sql;
mod sqlite;
mod totals;
mod trail;
mod tx;
mod users;
mod values;
mod verify;
mod view;
mod wanted;
mod window;

use std::path::Path;
use std::sync::Arc;

pub use backup::{BackupError, Examined, Manifest};
pub use days::DaySums;
pub use error::{CommitError, CopyError, OpenError, StoreError};
pub use inside::{ConsoleSessionRecord, InvitationRecord, OpenConsoleSession, SecondFactorRecord};
pub use keys::{Digest, Keys, to_hex, token_digest, write_once};
pub use ledger::{AccountEntry, AccountPage};
pub use lock::ServerLock;
pub use mirror::{Ends, Mirror, MirrorError, MirrorStatus, Replayed, Stream};
pub use payables::EnteredInvoice;
pub use postgres::{AddressError, DatabaseAddress};
pub use prepared::Prepared;
pub use records::{
    Bearer, CollectorRecord, Counters, Entry, FileRecord, Operation, PreviousSecret, TokenRecord,
    Written,
};
pub use search::FoundMembers;
pub use totals::{Collected, CollectedSums, Owed};
pub use trail::{TrailHead, TrailRow};
pub use tx::Tx;
pub use users::{
    IntegratorRecord, OpenSession, PasswordHash, SessionRecord, SignInCounts, SignInName,
    SignInRecord, UserRecord,
};
pub use verify::{Follower, Head, Step, Verification};
pub use view::View;
pub use wanted::{Group, Wanted, WantedAct, WantedBearer};
pub use window::{DrawerFilter, KeptReceipt, KeptRemittance, ReceiptFilter};

pub use memory::{FaultPoint, Faults};
use memory::{Memory, State};
use postgres::{PgSnapshot, Postgres};
use sqlite::{Sqlite, SqliteSnapshot};

/// Where the books are kept. Cheap to clone: all clones are one store.
#[derive(Debug, Clone)]
pub enum Store {
    /// In memory: gone with the process.
    Memory(Box<Memory>),
    /// In a data directory.
    Sqlite(Box<Sqlite>),
    /// In a PostgreSQL database.
    Postgres(Box<Postgres>),
}

impl Store {
    /// An empty store in memory.
    pub fn memory(keys: Keys) -> Self {
        Self::Memory(Box::new(Memory::new(keys, None)))
    }

    /// An empty store in memory that fails as it is told, for tests of what is written over one.
    pub fn memory_with_faults(keys: Keys, faults: Faults) -> Self {
        Self::Memory(Box::new(Memory::new(keys, Some(faults))))
    }

    /// Makes `directory` and an empty store in it.
    ///
    /// Errors in order: a store exists, the directory cannot be made, the database cannot be used
    /// or does not keep what durability rests on.
    pub fn create_sqlite(directory: &Path, keys: Keys) -> Result<Self, OpenError> {
        Sqlite::create(directory, keys).map(Box::new).map(Self::Sqlite)
    }

    /// Opens the store in `directory`, bringing an older schema up to date where nobody serves it.
    ///
    /// Errors in order: there is none, the database cannot be used or does not keep what
    /// durability rests on, a server of an older version holds it, another version wrote it, the
    /// keys are not its own.
    pub fn open_sqlite(directory: &Path, keys: Keys) -> Result<Self, OpenError> {
        Sqlite::open(directory, keys, None).map(Box::new).map(Self::Sqlite)
    }

    /// The same for the server, which holds the lock of the directory.
    pub fn serve_sqlite(lock: &ServerLock, keys: Keys) -> Result<Self, OpenError> {
        Sqlite::open(lock.directory(), keys, Some(lock)).map(Box::new).map(Self::Sqlite)
    }

    /// The same for whoever only looks at it, under the server's lock: a schema of another version is
    /// refused and stays as it is.
    pub fn serve_sqlite_unchanged(lock: &ServerLock, keys: Keys) -> Result<Self, OpenError> {
        Sqlite::require_current(lock.directory())?;
        Self::serve_sqlite(lock, keys)
    }

    /// Makes an empty store in a PostgreSQL database.
    ///
    /// Errors in order: the database cannot be reached or takes no writes, it is too old, it holds a store,
    /// or what is none of ours.
    pub fn create_postgres(address: &DatabaseAddress, keys: Keys) -> Result<Self, OpenError> {
        Postgres::create(address, keys).map(Box::new).map(Self::Postgres)
    }

    /// Opens the store in a PostgreSQL database, bringing an older schema up to date. Several servers may
    /// have it open.
    ///
    /// Errors in order: the database cannot be reached or takes no writes, it is too old, there is no store,
    /// another version wrote it, the keys are not its own.
    pub fn open_postgres(address: &DatabaseAddress, keys: Keys) -> Result<Self, OpenError> {
        Postgres::open(address, keys).map(Box::new).map(Self::Postgres)
    }

    /// The installation's keys.
    pub fn keys(&self) -> &Keys {
        match self {
            Self::Memory(memory) => memory.keys(),
            Self::Sqlite(sqlite) => sqlite.keys(),
            Self::Postgres(postgres) => postgres.keys(),
        }
    }

    /// The books as they stand at one moment. Reads never wait for a writer.
    pub fn snapshot(&self) -> Result<Snapshot, StoreError> {
        Ok(match self {
            Self::Memory(memory) => Snapshot::Memory(memory.snapshot()?),
            Self::Sqlite(sqlite) => Snapshot::Sqlite(sqlite.snapshot()?),
            Self::Postgres(postgres) => Snapshot::Postgres(postgres.snapshot()?),
        })
    }

    /// A transaction that writes. There is one at a time, over all processes; in PostgreSQL one at a time of
    /// each company that it touches by its id, its counters or an entry.
    pub fn begin(&self) -> Result<Tx<'_>, StoreError> {
        Ok(match self {
            Self::Memory(memory) => Tx::Memory(Box::new(memory.begin(FaultPoint::Begin)?)),
            Self::Sqlite(sqlite) => Tx::Sql(Box::new(sqlite.begin()?)),
            Self::Postgres(postgres) => Tx::Sql(Box::new(postgres.begin()?)),
        })
    }

    /// The bytes that the books take on disk: none of a store in memory, and not known of a database, whose
    /// disk is another machine's.
    pub fn file_sizes(&self) -> Option<FileSizes> {
        match self {
            Self::Memory(_) => Some(FileSizes::default()),
            Self::Sqlite(sqlite) => Some(sqlite.file_sizes()),
            Self::Postgres(_) => None,
        }
    }

    /// Whether a path is on the disk of the books: what takes one takes the other. Not told of a
    /// store in memory or a database, nor of what cannot be looked at.
    pub fn shares_disk_with(&self, path: &Path) -> bool {
        match self {
            Self::Memory(_) | Self::Postgres(_) => false,
            Self::Sqlite(sqlite) => sqlite.shares_disk_with(path),
        }
    }

    /// Recomputes everything from the journal and compares it with what is kept.
    pub fn verify(&self) -> Result<Verification, StoreError> {
        let damage = match self {
            Self::Memory(_) | Self::Postgres(_) => Vec::new(),
            Self::Sqlite(sqlite) => sqlite.integrity()?,
        };
        verify::verify(&self.snapshot()?.view(), self.keys(), damage)
    }

    /// Gives what was paid before its place in the journal, where that comes after the payment.
    pub fn settle(&self) -> Result<(), StoreError> {
        match self {
            Self::Memory(_) | Self::Sqlite(_) => Ok(()),
            Self::Postgres(postgres) => postgres.settle(),
        }
    }

    /// Copies these books, in a directory, into an empty store in a database, every row as it is; `progress`
    /// is told of each table when it is done, with its rows. All of it is copied, or nothing.
    ///
    /// Errors in order: the stores are of other kinds, the database holds something, one of the two cannot be
    /// read or written, the outcome could not be learnt.
    pub fn copy_into_empty(
        &self,
        to: &Self,
        progress: &mut dyn FnMut(&'static str, u64),
    ) -> Result<(), CopyError> {
        match (self, to) {
            (Self::Sqlite(from), Self::Postgres(to)) => to.copy_from(from, progress),
            _ => Err(CopyError::OtherKinds),
        }
    }

    /// Checks the next entries of each company, at most `len_max` of each. Blocking; reads of one
    /// snapshot, which is gone when it answers.
    pub fn follow(&self, follower: &mut Follower, len_max: usize) -> Result<Step, StoreError> {
        follower.step(&self.snapshot()?.view(), self.keys(), len_max)
    }
}

/// Bytes on disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FileSizes {
    /// Of the file of the books.
    pub database_bytes: u64,
    /// Of the write-ahead log beside it, which is started anew and never made shorter.
    pub log_bytes: u64,
}

/// The books at one moment.
#[derive(Debug)]
pub enum Snapshot {
    /// Of a store in memory.
    Memory(Arc<State>),
    /// Of a store in SQLite.
    Sqlite(SqliteSnapshot),
    /// Of a store in PostgreSQL.
    Postgres(PgSnapshot),
}

impl Snapshot {
    /// What can be read.
    pub fn view(&self) -> View<'_> {
        match self {
            Self::Memory(state) => View::memory(state),
            Self::Sqlite(snapshot) => View::sql(snapshot.reads()),
            Self::Postgres(snapshot) => View::sql(snapshot.reads()),
        }
    }
}
