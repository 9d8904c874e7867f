//! The store in SQLite: one file, one writer at a time, readers on their own connections.

mod checkpoint;
mod copy;
mod migrate;

use std::fs::{DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::sql::{Held, KnownCompanies, Link, Reads, SqlTx};
use crate::{FileSizes, Keys, OpenError, ServerLock, StoreError};
use checkpoint::Checkpointer;
pub(crate) use copy::{CopiedBooks, take_manifest};

/// The file in a data directory that holds the books.
pub(crate) const FILE: &str = "ventanilla.db";
/// SQLite's name for the write-ahead log of that file.
const LOG_FILE: &str = "ventanilla.db-wal";
/// Versions before this one can lose commits when the log is reset (the WAL-reset defect).
const OLDEST_VERSION: i32 = 3_051_003;
/// How long a writer waits for another process's transaction.
const BUSY_TRIES: i32 = 10_000;
const BUSY_PAUSE: Duration = Duration::from_micros(500);
/// Readers kept open; a burst of more is served and closed again.
const READERS_KEPT: usize = 16;
/// Memory for pages, in KiB: of the writer, and of each reader.
const WRITER_CACHE_KIB: i64 = 65_536;
const READER_CACHE_KIB: i64 = 32_768;
/// The part of the file that readers map, from its start: where the small tables are.
const READER_MAP_BYTES: i64 = 128 << 20;
/// Statements kept ready on each connection; more than there are in this crate.
const STATEMENTS: usize = 256;

/// A store in a data directory.
#[derive(Debug, Clone)]
pub struct Sqlite {
    path: PathBuf,
    keys: Keys,
    writer: Arc<Mutex<Connection>>,
    readers: Arc<Mutex<Vec<Connection>>>,
    known: Arc<KnownCompanies>,
    _checkpointer: Arc<Checkpointer>,
}

impl Sqlite {
    /// Makes the directory and an empty store in it. Errors in order: a store exists, the
    /// directory cannot be made, the database cannot be made durable.
    pub(crate) fn create(directory: &Path, keys: Keys) -> Result<Self, OpenError> {
        let path = directory.join(FILE);
        if path.exists() {
            return Err(OpenError::Exists(path.display().to_string()));
        }
        make_private(directory, &path)
            .map_err(|source| OpenError::File { path: directory.display().to_string(), source })?;
        Self::connected(path, keys)
    }

    /// Opens the store of a directory and brings its schema up to date, under the server's lock.
    /// Errors in order: there is none, it cannot be made durable, an older server holds it, another
    /// version wrote it, the keys are not its own.
    pub(crate) fn open(
        directory: &Path,
        keys: Keys,
        lock: Option<&ServerLock>,
    ) -> Result<Self, OpenError> {
        let path = directory.join(FILE);
        // An empty file is what a creation that was cut off leaves: nothing was kept in it.
        let is_made = std::fs::metadata(&path).is_ok_and(|file| file.len() > 0);
        if !is_made {
            return Err(OpenError::Missing(directory.display().to_string()));
        }
        // A server that is running would go on by the schema it knows.
        let _held = match lock {
            None if migrate::is_older(&connect(&path)?)? => Some(hold(directory)?),
            _ => None,
        };
        Self::connected(path, keys)
    }

    /// That the schema of a directory's store is this version's.
    pub(crate) fn require_current(directory: &Path) -> Result<(), OpenError> {
        migrate::require_current(&connect(&directory.join(FILE))?)
    }

    fn connected(path: PathBuf, keys: Keys) -> Result<Self, OpenError> {
        if rusqlite::version_number() < OLDEST_VERSION {
            return Err(OpenError::NotDurable("SQLite 3.51.3"));
        }
        let mut writer = connect(&path)?;
        migrate::migrate(&mut writer, &keys)?;
        // What a killed process wrote and did not sync is read as committed from here on: it must
        // be on the disk before an answer rests on it. A checkpoint syncs the log first.
        checkpoint::checkpoint(&writer, "PRAGMA wal_checkpoint(PASSIVE)")?;
        let checkpointer = Checkpointer::start(connect(&path)?);
        Ok(Self {
            path,
            keys,
            writer: Arc::new(Mutex::new(writer)),
            readers: Arc::default(),
            known: Arc::default(),
            _checkpointer: Arc::new(checkpointer),
        })
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
    }

    /// A view of one moment, on a connection of its own.
    pub(crate) fn snapshot(&self) -> Result<SqliteSnapshot, StoreError> {
        let ready = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match ready {
            Some(connection) => connection,
            None => reader(&self.path)?,
        };
        connection.prepare_cached("BEGIN")?.execute([])?;
        let (readers, known) = (Arc::clone(&self.readers), Arc::clone(&self.known));
        Ok(SqliteSnapshot { connection: Some(connection), readers, known })
    }

    /// A transaction that writes; waits for the one before it.
    pub(crate) fn begin(&self) -> Result<SqlTx<'_>, StoreError> {
        let connection = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(SqlTx::begin(Held::sqlite(connection)?, &self.keys, &self.known))
    }

    /// What the files take; a file that is not there takes nothing.
    pub(crate) fn file_sizes(&self) -> FileSizes {
        let len = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
        let log = self.path.with_file_name(LOG_FILE);
        FileSizes { database_bytes: len(&self.path), log_bytes: len(&log) }
    }

    pub(crate) fn shares_disk_with(&self, path: &Path) -> bool {
        let device = |path: &Path| std::fs::metadata(path).ok().map(|found| found.dev());
        device(path).is_some_and(|of_path| device(&self.path) == Some(of_path))
    }

    /// What SQLite itself finds wrong with the file: nothing when all is well.
    pub(crate) fn integrity(&self) -> Result<Vec<String>, StoreError> {
        integrity_of(self.snapshot()?.connection())
    }
}

/// What SQLite itself finds wrong with the file of a connection: nothing when all is well.
fn integrity_of(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let mut findings = Vec::new();
    let mut statement = connection.prepare("PRAGMA integrity_check")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let line: String = row.get(0)?;
        if line != "ok" {
            findings.push(line);
        }
    }
    findings.extend(migrate::trigger_findings(connection)?);
    let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let table: String = row.get(0)?;
        findings.push(format!("foreign key of {table}"));
    }
    Ok(findings)
}

fn hold(directory: &Path) -> Result<ServerLock, OpenError> {
    ServerLock::take(directory).map_err(|error| match error {
        OpenError::Held(path) => OpenError::HeldByOlder(path),
        other => other,
    })
}

/// A read transaction; its connection goes back to the pool.
#[derive(Debug)]
pub struct SqliteSnapshot {
    connection: Option<Connection>,
    readers: Arc<Mutex<Vec<Connection>>>,
    known: Arc<KnownCompanies>,
}

impl SqliteSnapshot {
    pub(crate) fn connection(&self) -> &Connection {
        self.connection.as_ref().expect("the connection is taken out only when dropped")
    }

    pub(crate) fn reads(&self) -> Reads<'_> {
        Reads::new(Link::Sqlite(self.connection()), &self.known)
    }
}

impl Drop for SqliteSnapshot {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        let ended = connection.prepare_cached("COMMIT").and_then(|mut end| end.execute([]));
        // A connection that cannot end a read is not used again.
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if ended.is_ok() && readers.len() < READERS_KEPT {
            readers.push(connection);
        }
    }
}

/// Makes the directory and an empty file for the database, its owner's alone, and the names of both
/// lasting. SQLite gives its other files the mode of this one.
fn make_private(directory: &Path, path: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    File::options().write(true).create_new(true).mode(0o600).open(path)?.sync_all()?;
    File::open(directory)?.sync_all()?;
    let parent = directory.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

fn connect(path: &Path) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.busy_handler(Some(|tries| {
        std::thread::sleep(BUSY_PAUSE);
        tries < BUSY_TRIES
    }))?;
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        return Err(OpenError::NotDurable("journal_mode = WAL"));
    }
    // FULL is 2. It is read back: a setting that was not taken would lose payments at a power cut.
    set(&connection, "synchronous", 2, "synchronous = FULL")?;
    set(&connection, "foreign_keys", 1, "foreign_keys = ON")?;
    // The checkpointer moves the log into the file, off the path of a commit.
    set(&connection, "wal_autocheckpoint", 0, "wal_autocheckpoint = 0")?;
    // Otherwise a join is planned anew at each new value of its parameters (docs/decisions/0008).
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    Ok(connection)
}

fn set(
    connection: &Connection,
    pragma: &str,
    value: i64,
    what: &'static str,
) -> Result<(), OpenError> {
    connection.pragma_update(None, pragma, value)?;
    let taken: i64 = connection.pragma_query_value(None, pragma, |row| row.get(0))?;
    if taken == value { Ok(()) } else { Err(OpenError::NotDurable(what)) }
}

fn reader(path: &Path) -> Result<Connection, StoreError> {
    let connection = connect(path).map_err(|error| match error {
        OpenError::Store(error) => error,
        other => StoreError::damaged_by("a connection cannot be opened", other),
    })?;
    connection.pragma_update(None, "query_only", true)?;
    // A commit of anybody empties a reader's cache; what is mapped needs none (docs/decisions/0009).
    connection.pragma_update(None, "mmap_size", READER_MAP_BYTES)?;
    connection.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(folder: &Path) -> Sqlite {
        Sqlite::create(folder, Keys::from_random([7; 64])).unwrap()
    }

    #[test]
    fn every_connection_syncs_in_full() {
        let folder = tempfile::tempdir().unwrap();
        let store = made(folder.path());
        let value = |connection: &Connection, pragma: &str| -> i64 {
            connection.pragma_query_value(None, pragma, |row| row.get(0)).unwrap()
        };
        let snapshot = store.snapshot().unwrap();
        for connection in [&*store.writer.lock().unwrap(), snapshot.connection()] {
            assert_eq!(value(connection, "synchronous"), 2);
            assert_eq!(value(connection, "foreign_keys"), 1);
            assert_eq!(value(connection, "wal_autocheckpoint"), 0);
        }
        assert_eq!(value(snapshot.connection(), "query_only"), 1);
    }

    #[test]
    fn what_is_written_is_seen_in_the_sizes_of_the_files() {
        let folder = tempfile::tempdir().unwrap();
        let store = made(folder.path());
        let before = store.file_sizes();
        let tx = store.begin().unwrap();
        for _ in 0..30 {
            tx.fill(100_000).unwrap();
        }
        tx.commit().unwrap();
        let after = store.file_sizes();
        // The log is used again from its start, so it is as long as what is in it at least.
        assert!(before.database_bytes > 4096 && before.log_bytes < 3_000_000, "{before:?}");
        assert!(after.log_bytes > 3_000_000, "{after:?}");
    }

    #[test]
    fn no_statistics_are_kept() {
        // With STAT4 compiled in, one ANALYZE makes reads several times slower (docs/decisions/0008).
        let folder = tempfile::tempdir().unwrap();
        let store = made(folder.path());
        let sql = "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'sqlite_stat%'";
        let tables: i64 =
            store.writer.lock().unwrap().query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(tables, 0);
    }

    #[test]
    fn a_full_disk_is_told_and_left_without_a_trace() {
        let folder = tempfile::tempdir().unwrap();
        let store = made(folder.path());
        let pages = |count: i64| {
            let writer = store.writer.lock().unwrap();
            writer.query_row(&format!("PRAGMA max_page_count = {count}"), [], |_| Ok(())).unwrap();
        };
        let fill = || -> Result<(), StoreError> {
            let tx = store.begin()?;
            for _ in 0..10 {
                tx.fill(100_000)?;
            }
            tx.commit().map_err(|error| match error {
                crate::CommitError::Nothing(error) => error,
                crate::CommitError::Unknown(error) => panic!("unknown: {error}"),
            })
        };
        pages(100);
        assert!(matches!(fill(), Err(StoreError::Full(_))));
        assert!(store.snapshot().unwrap().reads().companies().unwrap().is_empty(), "reads go on");
        pages(100_000);
        fill().unwrap();
    }
}
