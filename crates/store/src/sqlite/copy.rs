//! The books copied into one file while they are used, and such a copy read without changing it.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::{Sqlite, integrity_of, migrate, set};
use crate::backup::{read_manifest, write_manifest};
use crate::sql::{KnownCompanies, Link, Reads};
use crate::{BackupError, Keys, Manifest, OpenError, StoreError, Verification, View, verify};

/// Pages copied at a time (1 MiB), and the pause in which whoever pays has the disk and the core.
const PAGES: i32 = 256;
const PAUSE: Duration = Duration::from_millis(2);
/// Steps after which what was copied is synced (4 MiB): a commit never waits for all of it.
const STEPS_TO_SYNC: u64 = 4;
/// Memory for pages of the copy, in KiB.
const CACHE_KIB: i64 = 4_096;

impl Sqlite {
    /// Copies the books as they stand at one moment into an empty file, with a manifest.
    ///
    /// A read transaction holds the moment: the log is not started anew meanwhile and grows by what is
    /// committed; nobody waits.
    pub(crate) fn copy_into(
        &self,
        to: &Path,
        made_at: Timestamp,
        version: &str,
    ) -> Result<(), BackupError> {
        let synced = File::open(to).map_err(BackupError::Write)?;
        let mut copy = open_copy(to, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        copy.pragma_update(None, "cache_size", -CACHE_KIB)?;
        // The file is nobody's yet: it needs neither a journal nor SQLite's own syncs.
        copy.query_row("PRAGMA journal_mode = OFF", [], |_| Ok(()))?;
        copy.pragma_update(None, "synchronous", 0)?;
        self.copy_pages(&mut copy, &synced, || std::thread::sleep(PAUSE))?;
        // A log beside the file would make it unreadable where nothing can be written.
        let mode: String = copy.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0))?;
        if mode != "delete" {
            return Err(OpenError::NotDurable("journal_mode = DELETE").into());
        }
        write_manifest(&copy, self.keys(), made_at, version)?;
        copy.close().map_err(|(_, error)| error)?;
        synced.sync_all().map_err(BackupError::Write)
    }

    /// Copies all pages as they are at one moment, and pauses between any two steps.
    fn copy_pages(
        &self,
        copy: &mut Connection,
        synced: &File,
        mut pause: impl FnMut(),
    ) -> Result<(), BackupError> {
        let snapshot = self.snapshot()?;
        // A transaction has its moment from its first read on.
        snapshot.reads().companies()?;
        let backup = Backup::new(snapshot.connection(), copy)?;
        for step in 1_u64.. {
            if backup.step(PAGES)? == StepResult::Done {
                break;
            }
            if step.is_multiple_of(STEPS_TO_SYNC) {
                synced.sync_data().map_err(BackupError::Write)?;
            }
            pause();
        }
        Ok(())
    }
}

/// A connection to a file that no other process uses, without the locks that some file systems lack.
fn open_copy(path: &Path, access: OpenFlags) -> Result<Connection, StoreError> {
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags_and_vfs(path, flags, "unix-none")?;
    // Where nobody else is, a log needs no memory that is shared.
    connection.query_row("PRAGMA locking_mode = EXCLUSIVE", [], |_| Ok(()))?;
    Ok(connection)
}

/// A plain backup, open to be read; its file is not changed.
pub(crate) struct CopiedBooks {
    connection: Connection,
    known: KnownCompanies,
    keys: Keys,
}

impl CopiedBooks {
    /// Opens a backup. Errors in order: it is no database, it has another schema than ours.
    pub(crate) fn open(path: &Path, keys: &Keys) -> Result<Self, BackupError> {
        let connection = open_copy(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        if !migrate::is_current(&connection)? {
            return Err(BackupError::NoManifest);
        }
        Ok(Self { connection, known: KnownCompanies::default(), keys: keys.clone() })
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Recomputes everything from its journals.
    pub(crate) fn verify(&self) -> Result<Verification, StoreError> {
        let damage = integrity_of(&self.connection)?;
        let view = View::sql(Reads::new(Link::Sqlite(&self.connection), &self.known));
        verify::verify(&view, &self.keys, damage)
    }
}

/// Reads the manifest of a backup that was laid out, and takes it out: what is left is a store.
pub(crate) fn take_manifest(path: &Path, keys: &Keys) -> Result<Manifest, BackupError> {
    let connection = open_copy(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    set(&connection, "trusted_schema", 0, "trusted_schema = OFF")?;
    let manifest = match read_manifest(&connection, keys) {
        // What is torn shows first where it is read first.
        Err(BackupError::Store(StoreError::Damaged { .. })) => {
            return Err(BackupError::Altered("its database cannot be read"));
        }
        other => other?,
    };
    connection.execute("DROP TABLE backup_manifest", [])?;
    connection.close().map_err(|(_, error)| error)?;
    Ok(manifest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_committed_between_two_steps_is_not_in_the_copy() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::from_random([7; 64]);
        let store = Sqlite::create(&folder.path().join("datos"), keys).unwrap();
        let fill_more = || {
            let tx = store.begin().unwrap();
            tx.fill(100_000).unwrap();
            tx.commit().unwrap();
        };
        (0..30).for_each(|_| fill_more());
        let path = folder.path().join("copia");
        let draft = crate::backup::create_private(&path).unwrap();
        let mut copy = open_copy(&path, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
        let mut pauses = 0;
        let copied = store.copy_pages(&mut copy, &draft, || {
            pauses += 1;
            if pauses < 10 {
                fill_more();
            }
        });
        copied.unwrap();
        let rows = "SELECT count(*) FROM filler";
        let rows: i64 = copy.query_row(rows, [], |row| row.get(0)).unwrap();
        assert_eq!((rows, pauses), (30, 3), "3 MB in four steps, none of them twice");
    }
}
