//! Books that an earlier version kept are brought up to date whole.

use std::path::Path;

use crate::world::{World, id};
use rusqlite::Connection;
use sha2::{Digest as _, Sha256};
use ventanilla_domain::{
    BillId, CompanyId, ContractKey, PaymentId, PayoutId, PurchaseInvoiceId, SupplierId,
};
use ventanilla_store::{Entry, Keys, OpenError, ServerLock, Store};

const FIRST_SCRIPT: &str = include_str!("../../src/sqlite/0001_books.sql");
const SECOND_SCRIPT: &str = include_str!("../../src/sqlite/0002_files_and_exports.sql");
const BOOKS: &str = include_str!("books_of_0001.sql");

/// A data directory as the first script alone left it.
fn keep_first_books(folder: &Path) {
    let connection = Connection::open(folder.join("ventanilla.db")).unwrap();
    connection.pragma_update(None, "foreign_keys", false).unwrap();
    let migrations = "CREATE TABLE migration (
        number INTEGER PRIMARY KEY, checksum BLOB NOT NULL CHECK (length(checksum) = 32)
    ) STRICT;";
    connection.execute_batch(&format!("{migrations}{FIRST_SCRIPT}{BOOKS}")).unwrap();
}

/// The same as the second script left it.
fn keep_second_books(folder: &Path) {
    keep_first_books(folder);
    let connection = Connection::open(folder.join("ventanilla.db")).unwrap();
    connection.pragma_update(None, "foreign_keys", false).unwrap();
    connection.execute_batch(SECOND_SCRIPT).unwrap();
    let checksum: [u8; 32] = Sha256::digest(SECOND_SCRIPT.as_bytes()).into();
    connection.execute("INSERT INTO migration VALUES (2, ?1)", [checksum]).unwrap();
}

fn opened(folder: &Path) -> World {
    World { store: Store::open_sqlite(folder, Keys::from_random([7; 64])).unwrap() }
}

/// A company's events as `number entry kind`.
fn events(world: &World, company: i64) -> Vec<String> {
    let snapshot = world.store.snapshot().unwrap();
    let company = snapshot.view().company(id(CompanyId::from_i64, company)).unwrap().unwrap();
    let told =
        |(number, entry): &(_, Entry)| format!("{number} {} {}", entry.number, entry.written.kind);
    snapshot.view().events_after(&company, 0, 100).unwrap().iter().map(told).collect()
}

#[test]
fn the_payments_and_reversals_of_older_books_are_numbered() {
    let folder = tempfile::tempdir().unwrap();
    keep_first_books(folder.path());
    for _ in ["brought up to date", "as it is"] {
        let world = opened(folder.path());
        let of_13 =
            ["1 8 payment-made", "2 9 payment-reversed", "3 11 payment-made", "4 12 payment-made"];
        assert_eq!(events(&world, 13), of_13);
        let of_14 = ["1 8 payment-made", "2 9 payment-reversed", "3 10 payment-made"];
        assert_eq!(events(&world, 14), of_14, "each company from 1");
        assert_eq!(world.store.verify().unwrap().findings, Vec::<String>::new());
    }
    let world = opened(folder.path());
    let company = world.company();
    let payment =
        world.store.snapshot().unwrap().view().payment(&company, id(PaymentId::from_i64, 2));
    world.reverse(&payment.unwrap().unwrap(), None);
    assert_eq!(events(&world, 13)[4..], ["5 13 payment-reversed"], "the next one goes on");
    assert_eq!(world.store.verify().unwrap().findings, Vec::<String>::new());
}

#[test]
fn books_that_an_older_server_holds_are_left_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    keep_first_books(folder.path());
    let keys = || Keys::from_random([7; 64]);
    let lock = ServerLock::take(folder.path()).unwrap();
    let refused = Store::open_sqlite(folder.path(), keys());
    assert!(matches!(refused, Err(OpenError::HeldByOlder(_))), "{refused:?}");
    // The server that holds them may; and then everybody, beside it.
    Store::serve_sqlite(&lock, keys()).unwrap();
    assert_eq!(opened(folder.path()).store.verify().unwrap().findings, Vec::<String>::new());
}

#[test]
fn the_versions_and_files_of_older_books_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    keep_first_books(folder.path());
    let world = opened(folder.path());
    let (snapshot, company) = (world.store.snapshot().unwrap(), world.company());
    let version = |bill, number| {
        let bill = id(BillId::from_i64, bill);
        let version =
            snapshot.view().version(&company, ContractKey::FIRST, bill, number).unwrap()?;
        assert_eq!(version.terms.printed.fiscal_number.as_ref().unwrap().as_str(), "1207");
        Some((version.terms.amount.to_minor(), version.source.line))
    };
    for (bill, number, expected) in [
        (1, 1, Some((100, 2))),
        (1, 2, None),
        (2, 1, Some((200, 3))),
        (2, 2, Some((250, 9))),
        (3, 1, Some((300, 4))),
    ] {
        assert_eq!(version(bill, number), expected, "bill {bill}, version {number}");
    }
    let files = snapshot.view().files(company.id).unwrap();
    let told: Vec<_> = files
        .iter()
        .map(|record| (record.file.name.as_str(), record.entry.to_i64(), record.totals))
        .collect();
    assert_eq!(told, [("facturas.csv", 2, None)], "what came of it was not written down then");
    let bills = snapshot.view().bills_after(&company, 0, 100).unwrap();
    let told: Vec<_> = bills
        .iter()
        .map(|bill| (bill.id.to_i64(), bill.version, bill.paid_by.map(PaymentId::to_i64)))
        .collect();
    assert_eq!(told, [(1, 1, Some(2)), (2, 2, None), (3, 1, Some(3))]);
}

#[test]
fn older_books_have_no_supplier_and_take_the_first() {
    for (script, keep) in [(1, keep_first_books as fn(&Path)), (2, keep_second_books)] {
        let folder = tempfile::tempdir().unwrap();
        keep(folder.path());
        let world = opened(folder.path());
        for company in [13, 14] {
            let company = id(CompanyId::from_i64, company);
            let counters = world.store.snapshot().unwrap().view().counters(company);
            let counters = counters.unwrap().unwrap();
            assert_eq!(counters.next_supplier, SupplierId::FIRST, "script {script}");
            assert_eq!(counters.next_invoice, PurchaseInvoiceId::FIRST);
            assert_eq!(counters.next_payout, PayoutId::FIRST);
            assert_eq!(counters.payable_entries, 0);
        }
        let mark = world.counters().facts_mark();
        assert_eq!(world.store.verify().unwrap().findings, Vec::<String>::new());
        world.with_payables();
        let world = opened(folder.path());
        assert_eq!(world.counters().facts_mark(), mark);
        assert_eq!(world.counters().payable_entries, 8);
        assert_eq!(world.store.verify().unwrap().findings, Vec::<String>::new());
    }
}
