//! Books that an earlier version kept are brought up to date whole.

use std::path::Path;

use crate::earlier::keep_books_of;
use crate::former::full_issuer;
use crate::world::{World, id};
use rusqlite::Connection;
use sha2::{Digest as _, Sha256};
use ventanilla_domain::{
    BillId, CollectorId, CompanyId, Contract, ContractKey, ContractState, EntryNumber, Event,
    Member, PaymentId, PayoutId, PurchaseInvoiceId, SupplierId,
};
use ventanilla_store::{Entry, Keys, OpenError, ServerLock, Store, TokenRecord};

const SECOND_SCRIPT: &str = include_str!("../../src/sqlite/0002_files_and_exports.sql");

/// The books of the first version.
fn keep_first_books(folder: &Path) {
    keep_books_of(1, folder);
}

/// The same as the second script left them.
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

/// A company's former rows as script 0005 makes them, in one line each.
fn former_rows(folder: &Path, company: i64) -> Vec<String> {
    let connection = Connection::open(folder.join("ventanilla.db")).unwrap();
    let sql = "SELECT concat_ws('|', 'socio', member_id, until_entry, is_assigned, name, \
                 coalesce(document_kind, '-'), coalesce(document_number, '-'), \
                 coalesce(tax_id, '-'), coalesce(location, '-'), coalesce(email, '-'), \
                 coalesce(phone, '-')) AS told, until_entry FROM former_member \
               WHERE company_id = ?1 \
               UNION ALL SELECT concat_ws('|', 'contrato', contract_key, until_entry, code, \
                 member_id, state, coalesce(address, '-'), coalesce(supply_point, '-')), \
                 until_entry FROM former_contract WHERE company_id = ?1 ORDER BY 2";
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([company], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn what_members_and_contracts_of_older_books_said_is_read_of_their_journal() {
    for (script, keep) in [(1, keep_first_books as fn(&Path)), (2, keep_second_books)] {
        let folder = tempfile::tempdir().unwrap();
        keep(folder.path());
        let world = opened(folder.path());
        assert_eq!(former_rows(folder.path(), 13), Vec::<String>::new(), "script {script}");
        // Of the entries that say the same again, 5 and 10, there is nothing.
        assert_eq!(
            former_rows(folder.path(), 15),
            [
                "socio|316|6|0|Rivas La Fuente Valentin|CI|4455667|-|24532|-|-",
                "contrato|1|7|345|316|active|Calle Ficticia 12|-",
                "socio|1|8|1|Soria Vaca Ana|-|-|-|-|-|-",
                "contrato|1|9|345|316|cut|Calle Ficticia 12|14207",
                "socio|316|11|0|Rivas La Fuente Valentin|CI|4455667|4455667018|24532|\
                 rivas@ejemplo.bo|-",
            ]
        );
        let snapshot = world.store.snapshot().unwrap();
        let company = id(CompanyId::from_i64, 15);
        let held_at = |entry| {
            let entry = id(EntryNumber::from_i64, entry);
            let holder = snapshot.view().holder_at(company, ContractKey::FIRST, entry).unwrap();
            holder.map(|holder| (holder.member.id.to_i64(), holder.contract.state)).unwrap()
        };
        let (active, cut) = (ContractState::Active, ContractState::Cut);
        assert_eq!([5, 7, 9].map(held_at), [(316, active), (316, cut), (1, active)]);
        assert_eq!(world.store.verify().unwrap().findings, Vec::<String>::new());
    }
}

#[test]
fn the_migration_makes_what_would_have_been_kept() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let keys = || Keys::from_random([7; 64]);
    let world = World::made(Store::create_sqlite(&data, keys()).unwrap());
    world.change_member(316, |member| Member { phone: None, ..member });
    world.change_member(316, |member| member);
    world.change_contract(|contract| Contract { address: None, ..contract });
    world.change_member(316, |member| Member { tax_id: member.document_number.clone(), ..member });
    world.change_contract(|contract| Contract { state: ContractState::Ended, ..contract });
    world.pay(1, None);
    let (kept, head) = (former_rows(&data, 13), world.store.verify().unwrap().heads);
    assert_eq!(kept.len(), 4);
    drop(world);
    // As script 0004 left it.
    crate::sqlite::edit(
        &data,
        "DROP TABLE window_receipt_payment; DROP TABLE window_receipt; DROP TABLE drawer; \
         DROP TABLE remittance; ALTER TABLE collector DROP COLUMN is_window; \
         ALTER TABLE collector DROP COLUMN payment_max_minor; \
         ALTER TABLE collector DROP COLUMN held_max_minor; \
         ALTER TABLE counter DROP COLUMN next_receipt; \
         ALTER TABLE counter DROP COLUMN next_drawer; \
         ALTER TABLE counter DROP COLUMN next_remittance; \
         ALTER TABLE counter DROP COLUMN window_entries; \
         DROP TABLE console_session; DROP TABLE invitation; DROP TABLE second_factor; \
         DROP TABLE second_factor_step; DROP TABLE recovery_code; DROP TABLE mirror; \
         DROP TABLE member_word; DROP TABLE collected; DROP TABLE owed; \
         DROP INDEX contract_by_member; DROP INDEX payout_by_supplier; \
         DROP INDEX invoice_by_supplier; \
         DROP TABLE issuer; DROP TABLE logo; DROP TABLE former_member; \
         DROP TABLE former_contract; \
         ALTER TABLE company DROP COLUMN issuer; ALTER TABLE payment DROP COLUMN issuer; \
         ALTER TABLE collector DROP COLUMN previous_until_us; \
         ALTER TABLE collector DROP COLUMN previous_secret_digest; \
         ALTER TABLE token DROP COLUMN issued_at_us; \
         DROP TABLE trail; DROP TABLE trail_head; \
         DELETE FROM migration WHERE number >= 5;",
    );
    let world = opened(&data);
    assert_eq!(former_rows(&data, 13), kept);
    let report = world.store.verify().unwrap();
    assert_eq!((report.heads, report.findings), (head, Vec::<String>::new()));
    world.keep(Event::IssuerKept(Box::new(full_issuer())));
    assert_eq!(world.pay(2, None).issuer, 1);
    assert_eq!(world.store.verify().unwrap().findings, Vec::<String>::new());
}

#[test]
fn the_collectors_and_tokens_of_older_books_are_kept() {
    for (script, keep) in [(1, keep_first_books as fn(&Path)), (2, keep_second_books)] {
        let folder = tempfile::tempdir().unwrap();
        keep(folder.path());
        crate::sqlite::edit(
            folder.path(),
            "INSERT INTO token VALUES (zeroblob(32), 11, 1637943112000000);",
        );
        let world = opened(folder.path());
        let (snapshot, collector) =
            (world.store.snapshot().unwrap(), id(CollectorId::from_i64, 11));
        let record = snapshot.view().collector(collector).unwrap().unwrap();
        let kept = (record.code_digest, record.secret_digest, record.previous);
        assert_eq!(kept, ([11; 32], [8; 32], None), "script {script}");
        let (issued_at, expires_at) = (None, "2021-11-26T16:11:52Z".parse().unwrap());
        assert_eq!(
            snapshot.view().tokens_of(collector).unwrap(),
            [TokenRecord { digest: [0; 32], collector, issued_at, expires_at }]
        );
        assert_eq!(snapshot.view().mirror().unwrap(), None);
        assert_eq!(world.store.ends().unwrap().identities(), Some(0));
        assert_eq!(world.store.verify().unwrap().findings, Vec::<String>::new());
    }
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
