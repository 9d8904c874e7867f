//! What only a store on a disk can show: opening, tampering, a full disk.

use std::path::Path;

use crate::former::{full_issuer, logo};
use crate::world::{World, id, instant};
use rusqlite::Connection;
use ventanilla_domain::{BillChange, Contract, Event, Member};
use ventanilla_store::{Keys, OpenError, Store, StoreError};

pub(crate) fn keys() -> Keys {
    Keys::from_random([7; 64])
}

fn made(folder: &Path) -> World {
    let world = World::made(Store::create_sqlite(folder, keys()).unwrap());
    let payment = world.pay(1, Some("a"));
    world.reverse(&payment, None);
    world.pay(1, Some("b"));
    world.change_member(316, |member| Member { phone: None, ..member });
    world.change_contract(|contract| Contract { address: None, ..contract });
    world.keep(Event::IssuerKept(Box::new(full_issuer())));
    world.head_papers_with(&logo(7));
    world
}

#[test]
fn a_store_is_opened_only_where_one_was_made_and_with_its_keys() {
    let folder = tempfile::tempdir().unwrap();
    let missing = Store::open_sqlite(folder.path(), keys());
    assert!(matches!(missing, Err(OpenError::Missing(_))), "{missing:?}");
    std::fs::write(folder.path().join("ventanilla.db"), "").unwrap();
    let empty = Store::open_sqlite(folder.path(), keys());
    assert!(matches!(empty, Err(OpenError::Missing(_))), "{empty:?}");
    std::fs::remove_file(folder.path().join("ventanilla.db")).unwrap();
    drop(made(folder.path()));
    let again = Store::create_sqlite(folder.path(), keys());
    assert!(matches!(again, Err(OpenError::Exists(_))), "{again:?}");
    let foreign = Store::open_sqlite(folder.path(), Keys::from_random([8; 64]));
    assert!(matches!(foreign, Err(OpenError::ForeignKeys)), "{foreign:?}");
    let own = Store::open_sqlite(folder.path(), keys()).unwrap();
    assert_eq!(own.verify().unwrap().findings, Vec::<String>::new());
}

#[test]
fn a_store_of_another_version_is_refused() {
    for change in [
        "INSERT INTO migration (number, checksum) VALUES (99, zeroblob(32))",
        "UPDATE migration SET checksum = zeroblob(32)",
    ] {
        let folder = tempfile::tempdir().unwrap();
        drop(made(folder.path()));
        edit(folder.path(), change);
        let opened = Store::open_sqlite(folder.path(), keys());
        assert!(matches!(opened, Err(OpenError::OtherVersion { .. })), "{change}: {opened:?}");
    }
}

pub(crate) fn edit(folder: &Path, sql: &str) {
    let connection = Connection::open(folder.join("ventanilla.db")).unwrap();
    connection.pragma_update(None, "foreign_keys", false).unwrap();
    connection.execute_batch(sql).unwrap();
}

pub(crate) const UNLOCKED: &str =
    "DROP TRIGGER journal_refuses_update; DROP TRIGGER journal_refuses_delete;";

#[test]
fn each_tampering_is_found() {
    let in_journal = |sql: &str| format!("{UNLOCKED} {sql}");
    for (change, expected) in [
        (
            in_journal(
                "UPDATE journal SET payload = replace(payload, '\"minor\":100', '\"minor\":200') WHERE kind = 'payment-made'",
            ),
            "cadena",
        ),
        (in_journal("UPDATE journal SET amount_minor = 1 WHERE kind = 'payment-made'"), "cadena"),
        (
            in_journal(
                "UPDATE journal SET recorded_at_us = recorded_at_us + 1 WHERE entry_number = 8",
            ),
            "cadena",
        ),
        (in_journal("UPDATE journal SET chain = randomblob(32) WHERE entry_number = 8"), "cadena"),
        (
            in_journal(
                "UPDATE journal SET payload = replace(payload, '{', '{\"note\":1,') WHERE entry_number = 8",
            ),
            "cadena",
        ),
        ("DROP TRIGGER journal_refuses_update".to_owned(), "falta el disparador"),
        (
            in_journal("UPDATE journal SET payload = '{' WHERE entry_number = 8"),
            "asiento 8 no se puede leer",
        ),
        (in_journal("DELETE FROM journal WHERE entry_number = 8"), "falta el asiento 8"),
        (
            in_journal(
                "DELETE FROM journal WHERE entry_number = (SELECT max(entry_number) FROM journal)",
            ),
            "contadores",
        ),
        (in_journal("DELETE FROM journal"), "vacío"),
        ("UPDATE bill SET amount_minor = 1".to_owned(), "bill:"),
        ("UPDATE bill SET paid_by = NULL".to_owned(), "bill:"),
        ("UPDATE bill_version SET period = 202101".to_owned(), "bill_version:"),
        ("UPDATE payment SET member_name = 'Otro'".to_owned(), "payment:"),
        ("DELETE FROM payment WHERE payment_id = 2".to_owned(), "payment: falta"),
        ("UPDATE reversal SET business_day = '2021-11-27'".to_owned(), "reversal:"),
        ("DELETE FROM caller_key".to_owned(), "caller_key: falta"),
        (
            "UPDATE balance SET balance_minor = balance_minor + 1 WHERE account = 'receivable'"
                .to_owned(),
            "balance:",
        ),
        ("UPDATE counter SET next_payment = 1".to_owned(), "contadores"),
        ("UPDATE company SET policy = '{\"check_payer\":\"true\"}'".to_owned(), "empresa"),
        ("UPDATE member SET name = 'Otro'".to_owned(), "member:"),
        ("UPDATE contract SET state = 'blocked'".to_owned(), "contract:"),
        ("UPDATE imported_file SET lines = 4".to_owned(), "imported_file:"),
        ("UPDATE payment SET business_day = 'ayer'".to_owned(), "payment: una fila"),
    ] {
        check_found(&change, expected);
    }
}

/// That books which were sound are found tampered with.
fn check_found(change: &str, expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let world = made(folder.path());
    assert_eq!(world.store.verify().unwrap().findings, Vec::<String>::new());
    edit(folder.path(), change);
    let findings = world.store.verify().unwrap().findings;
    assert!(findings.iter().any(|finding| finding.contains(expected)), "{change}: {findings:?}");
}

#[test]
fn each_tampering_with_what_stood_before_is_found() {
    for (change, expected) in [
        ("UPDATE payment SET issuer = 1 WHERE payment_id = 2", "payment: cobranza 2"),
        ("UPDATE company SET issuer = 0", "empresa"),
        ("DELETE FROM issuer", "issuer: falta emisor 1"),
        ("UPDATE issuer SET number = 3 WHERE number = 1", "issuer: emisor 3 no está"),
        (
            "UPDATE issuer SET record = replace(record, 'Salto', 'Salta')",
            "issuer: emisor 1 difiere",
        ),
        (
            "UPDATE issuer SET record = replace(record, '\"number\":1', '\"number\":9')",
            "issuer: emisor 1 difiere",
        ),
        ("UPDATE issuer SET record = '{'", "issuer: una fila"),
        (
            "DELETE FROM logo",
            "logo: falta logotipo 9d0e4d78cd3d2781a50ebe8303ef56e9c8d946a099aa34751b936d6ce2c5b5d0",
        ),
        ("UPDATE logo SET sha256 = zeroblob(32)", "logo: una fila"),
        ("UPDATE logo SET record = replace(record, 'ffda000207', 'ffda000208')", "logo: una fila"),
        (
            "UPDATE logo SET record = '{\"sha256\":\"5859cd4bd848771b2844d0a62fa029f36b03811acf4adb90e809e747c2ae4b0f\",\"content\":\"ffd8ffc0000b080001000101011100ffda000208ffd9\"}', \
             sha256 = x'5859cd4bd848771b2844d0a62fa029f36b03811acf4adb90e809e747c2ae4b0f'",
            "logo: logotipo 5859cd4bd848771b2844d0a62fa029f36b03811acf4adb90e809e747c2ae4b0f no está",
        ),
        (
            "UPDATE issuer SET record = replace(record, ',\"logo\":\"9d0e4d78cd3d2781a50ebe8303ef56e9c8d946a099aa34751b936d6ce2c5b5d0\"', '') WHERE number = 2",
            "issuer: emisor 2 difiere",
        ),
        (
            "UPDATE former_member SET name = 'Otro'",
            "former_member: socio 316 hasta el asiento 11 difiere",
        ),
        (
            "UPDATE former_member SET until_entry = 12",
            "former_member: socio 316 hasta el asiento 12 no está",
        ),
        ("DELETE FROM former_member", "former_member: falta socio 316"),
        (
            "INSERT INTO former_member SELECT company_id, member_id, 3, is_assigned, name, \
             document_kind, document_number, tax_id, location, email, phone FROM former_member",
            "former_member: socio 316 hasta el asiento 3 no está",
        ),
        (
            "UPDATE former_contract SET state = 'cut'",
            "former_contract: contrato de clave 1 hasta el asiento 12 difiere",
        ),
        ("DELETE FROM former_contract", "former_contract: falta contrato de clave 1"),
    ] {
        check_found(change, expected);
    }
}

#[test]
fn the_journal_takes_no_change() {
    let folder = tempfile::tempdir().unwrap();
    drop(made(folder.path()));
    let connection = Connection::open(folder.path().join("ventanilla.db")).unwrap();
    for sql in ["UPDATE journal SET kind = 'x'", "DELETE FROM journal"] {
        let refused = connection.execute_batch(sql).unwrap_err().to_string();
        assert!(refused.contains("append-only"), "{sql}: {refused}");
    }
}

#[test]
fn another_process_may_write_between_two_transactions() {
    let folder = tempfile::tempdir().unwrap();
    let world = made(folder.path());
    let other = World { store: Store::open_sqlite(folder.path(), keys()).unwrap() };
    let ours = world.pay(2, None);
    let theirs = other.pay(3, None);
    assert_eq!(theirs.id.to_i64(), ours.id.to_i64() + 1);
    assert_eq!(world.store.verify().unwrap().findings, Vec::<String>::new());
}

#[test]
fn an_event_that_does_not_balance_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let world = made(folder.path());
    let mut version = world.version(2);
    version.bill = id(ventanilla_domain::BillId::from_i64, 9);
    version.revenue.clear();
    let mut tx = world.store.begin().unwrap();
    let changes = vec![BillChange { version, replaced: None }];
    let refused = tx.append_bills(world.company().id, changes, instant());
    assert!(matches!(refused, Err(StoreError::Damaged { .. })), "{refused:?}");
}
