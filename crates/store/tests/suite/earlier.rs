//! Books of every earlier version are opened, keep what they said, and are gone on with.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::Connection;
use ventanilla_domain::{BillId, Event, Payment};
use ventanilla_store::{Keys, OpenError, ServerLock, Store};

use crate::world::{World, id};

/// A script of the schema, and books as the last version kept them for which it was the newest.
type Version = (&'static str, &'static str);

macro_rules! version {
    ($script:literal, $books:literal) => {
        (include_str!(concat!("../../src/sqlite/", $script)), include_str!($books))
    };
}

/// All versions whose books a newer one may find. A new script brings the books of the one before it.
const VERSIONS: [Version; 9] = [
    version!("0001_books.sql", "books_of_0001.sql"),
    version!("0002_files_and_exports.sql", "books_of_0002.sql"),
    version!("0003_users.sql", "books_of_0003.sql"),
    version!("0004_payables.sql", "books_of_0004.sql"),
    version!("0005_what_is_printed.sql", "books_of_0005.sql"),
    version!("0006_secrets.sql", "books_of_0006.sql"),
    version!("0007_trail.sql", "books_of_0007.sql"),
    version!("0008_mirror.sql", "books_of_0008.sql"),
    version!("0009_console.sql", "books_of_0009.sql"),
];

/// A data directory as a version left it.
pub(crate) fn keep_books_of(number: usize, folder: &Path) {
    let connection = Connection::open(folder.join("ventanilla.db")).unwrap();
    connection.pragma_update(None, "foreign_keys", false).unwrap();
    let migrations = "CREATE TABLE migration (
        number INTEGER PRIMARY KEY, checksum BLOB NOT NULL CHECK (length(checksum) = 32)
    ) STRICT;";
    connection.execute_batch(migrations).unwrap();
    for (script, _) in &VERSIONS[..number] {
        connection.execute_batch(script).unwrap();
    }
    let (_, books) = VERSIONS[number - 1];
    connection.execute_batch(&format!("BEGIN; {books} COMMIT;")).unwrap();
}

fn keys() -> Keys {
    Keys::from_random([7; 64])
}

/// Each table's rows, but for those that a version keeps for itself.
fn counted(folder: &Path) -> BTreeMap<String, i64> {
    let connection = Connection::open(folder.join("ventanilla.db")).unwrap();
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'migration'";
    let mut tables = connection.prepare(sql).unwrap();
    let tables = tables.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let counted = tables.map(|table| {
        let table = table.unwrap();
        let sql = format!("SELECT count(*) FROM {table}");
        let rows = connection.query_row(&sql, [], |row| row.get(0)).unwrap();
        (table, rows)
    });
    counted.collect()
}

/// The companies' heads as the counters say them.
fn heads(folder: &Path) -> Vec<(i64, i64, [u8; 32])> {
    let connection = Connection::open(folder.join("ventanilla.db")).unwrap();
    let sql = "SELECT company_id, next_entry - 1, chain FROM counter ORDER BY company_id";
    let mut rows = connection.prepare(sql).unwrap();
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn the_books_of_every_version_are_opened_whole_and_gone_on_with() {
    for number in 1..=VERSIONS.len() {
        let folder = tempfile::tempdir().unwrap();
        keep_books_of(number, folder.path());
        let (rows, ends) = (counted(folder.path()), heads(folder.path()));
        let store = Store::open_sqlite(folder.path(), keys()).unwrap();
        let report = store.verify().unwrap();
        assert_eq!(report.findings, Vec::<String>::new(), "of {number}");
        let found: Vec<_> = report
            .heads
            .iter()
            .map(|head| (head.company.to_i64(), head.entries, head.chain))
            .collect();
        assert_eq!(found, ends, "of {number}");
        let kept = counted(folder.path());
        for (table, rows) in &rows {
            assert_eq!(kept.get(table), Some(rows), "{table} of {number}");
        }
        let world = World { store };
        let bill = id(BillId::from_i64, 2);
        let snapshot = world.store.snapshot().unwrap();
        let version = snapshot.view().version_in_force(&world.company(), bill).unwrap().unwrap();
        drop(snapshot);
        let payment = Payment {
            bill_version: version.number,
            amount: version.terms.amount,
            ..world.payment(world.next_payment(), 2, None)
        };
        world.keep(Event::PaymentMade(Box::new(payment)));
        let report = world.store.verify().unwrap();
        assert_eq!(report.findings, Vec::<String>::new(), "of {number}, gone on with");
        drop(world);
        let again = Store::open_sqlite(folder.path(), keys()).unwrap();
        assert_eq!(again.verify().unwrap(), report, "of {number}, opened again");
    }
}

#[test]
fn whoever_only_looks_at_books_of_an_earlier_version_leaves_them_so() {
    for number in 1..VERSIONS.len() {
        let folder = tempfile::tempdir().unwrap();
        keep_books_of(number, folder.path());
        let before = counted(folder.path());
        let lock = ServerLock::take(folder.path()).unwrap();
        let looked = Store::serve_sqlite_unchanged(&lock, keys());
        assert!(matches!(looked, Err(OpenError::OtherVersion { .. })), "of {number}: {looked:?}");
        assert_eq!(counted(folder.path()), before, "of {number}");
        drop(Store::serve_sqlite(&lock, keys()).unwrap());
        Store::serve_sqlite_unchanged(&lock, keys()).unwrap();
    }
}

#[test]
fn every_earlier_version_left_books_here() {
    let folder = tempfile::tempdir().unwrap();
    drop(Store::create_sqlite(folder.path(), keys()).unwrap());
    let connection = Connection::open(folder.path().join("ventanilla.db")).unwrap();
    let sql = "SELECT count(*) FROM migration";
    let current = connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let kept = i64::try_from(VERSIONS.len()).unwrap();
    assert!(kept + 1 >= current, "keep the books of {} too", current - 1);
}

#[test]
fn a_migration_that_is_cut_off_leaves_the_books_of_before() {
    for number in 1..VERSIONS.len() {
        let folder = tempfile::tempdir().unwrap();
        keep_books_of(number, folder.path());
        let before = counted(folder.path());
        // Keys that are not theirs end it after all scripts have run, before the commit.
        let foreign = Store::open_sqlite(folder.path(), Keys::from_random([8; 64]));
        assert!(matches!(foreign, Err(OpenError::ForeignKeys)), "of {number}: {foreign:?}");
        assert_eq!(counted(folder.path()), before, "of {number}");
    }
}
