//! What is written of the suppliers' side, and that whoever alters it is found.

use std::path::Path;

use ventanilla_store::Store;

use crate::sqlite::{UNLOCKED, edit, keys};
use crate::world::{World, each_store};

fn made(folder: &Path) -> World {
    let world = World::made(Store::create_sqlite(folder, keys()).unwrap());
    world.with_payables();
    world
}

#[test]
fn what_is_written_keeps_its_form() {
    // These texts are in journals for ever: a field may be added, none may change.
    let expected = [
        (
            "supplier-kept",
            r#"{"id":1,"trade_name":"La Quebrada","legal_name":"La Quebrada S.R.L.","tax_id":"20123456786","is_active":true,"registered_on":"2021-11-20","details":{"email":"ventas@quebrada.example","postal-street":"Calle Ficticia 7"},"by":"ana"}"#,
        ),
        (
            "supplier-kept",
            r#"{"id":2,"trade_name":"La Quebrada","legal_name":"La Quebrada S.R.L.","is_active":false,"registered_on":"2021-11-20","by":"ana"}"#,
        ),
        (
            "invoice-entered",
            r#"{"id":1,"supplier":1,"letter":"A","point":3,"serial":1,"booked_on":"2021-11-25","issued_on":"2021-11-24","due_on":"2021-12-24","minor":126000,"parts":{"net":90000,"untaxed":9000,"vat":21000,"vat_21":10000,"vat_10_5":8000,"vat_27":3000,"vat_perception":1000,"gross_income":5000,"gross_income_1":3000,"gross_income_2":2000},"description":"Postes","details":{"payment-terms":"30 días"},"items":[{"code":"P-1","quantity":"3"},{"description":"Flete"}],"at_us":1637943112000000,"by":"ana"}"#,
        ),
        (
            "invoice-entered",
            r#"{"id":2,"supplier":1,"point":3,"serial":2,"booked_on":"2021-11-25","issued_on":"2021-11-24","minor":50000,"at_us":1637943112000000,"by":"ana"}"#,
        ),
        (
            "invoice-entered",
            r#"{"id":3,"supplier":2,"point":3,"serial":3,"booked_on":"2021-11-25","issued_on":"2021-11-24","minor":10000,"at_us":1637943112000000,"by":"ana"}"#,
        ),
        (
            "payout-made",
            r#"{"id":1,"point":1,"serial":1,"supplier":1,"paid_on":"2021-11-26","is_rate_stated":true,"minor":100000,"advance":10000,"invoices":90000,"discounts":500,"interest":200,"gross_income":3000,"income_1":{"minor":2000,"code":"78","base":20000},"income_2":{"minor":700,"code":"79","base":7000},"rent":300,"means":[{"means":"deferred-cheque","minor":90000,"account":"1.1.2","cheque":"000123","valid_on":"2021-12-26","is_reconciled":true},{"means":"cash","minor":4000}],"applied":[{"invoice":1,"minor":60000},{"invoice":2,"minor":30000}],"description":"Postes y flete","at_us":1637943112000000,"day":"2021-11-26","by":"ana","integrator":1}"#,
        ),
    ];
    each_store(|world| {
        world.with_payables();
        let snapshot = world.store.snapshot().unwrap();
        let entries = snapshot.view().entries(&world.company(), 8, 100).unwrap();
        let written: Vec<_> =
            entries.iter().map(|entry| (&*entry.written.kind, &*entry.written.payload)).collect();
        assert_eq!(written[..6], expected);
        let (_, payout) = expected[5];
        let reversal = format!(
            r#"{{"payout":{payout},"at_us":1637943112000000,"day":"2021-11-26","reason":"repetido","by":"ana"}}"#
        );
        assert_eq!(written[6], ("payout-reversed", reversal.as_str()));
        let (kind, payout) = written[7];
        assert_eq!(kind, "payout-made");
        assert!(payout.ends_with(r#""by":"ana","integrator":1,"key":"k-1"}"#), "{payout}");
    });
}

#[test]
fn tables_hold_what_the_journal_holds() {
    let folder = tempfile::tempdir().unwrap();
    drop(made(folder.path()));
    let connection = rusqlite::Connection::open(folder.path().join("ventanilla.db")).unwrap();
    for (kind, table) in [
        ("supplier-kept", "supplier"),
        ("invoice-entered", "invoice_record"),
        ("payout-made", "payout"),
        ("payout-reversed", "payout_reversal"),
    ] {
        let sql = format!(
            "SELECT (SELECT count(*) FROM {table}), count(*) FROM journal \
             WHERE kind = '{kind}' AND payload IN (SELECT record FROM {table})"
        );
        let (kept, written): (i64, i64) =
            connection.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        assert!(kept > 0 && kept == written, "{table}: {kept} and {written}");
    }
}

/// A change of the file, and what is told of it.
const TAMPERINGS: [(&str, &str); 30] = [
    (
        "UPDATE payout SET record = replace(record, '\"rent\":300', '\"rent\":301') WHERE payout_id = 2",
        "payout: pago 2 difiere",
    ),
    ("UPDATE payout SET serial = 9 WHERE payout_id = 2", "payout: pago 2 difiere"),
    ("UPDATE payout SET supplier_id = 2 WHERE payout_id = 1", "payout: pago 1 difiere"),
    ("UPDATE payout SET payout_id = 9 WHERE payout_id = 2", "payout: pago 9 no está en el diario"),
    ("UPDATE payout SET record = '{}' WHERE payout_id = 2", "payout: una fila no se puede leer"),
    ("DELETE FROM payout WHERE payout_id = 2", "payout: falta pago 2"),
    (
        "UPDATE invoice_record SET record = replace(record, 'Postes', 'Cables')",
        "purchase_invoice: factura de compra 1 difiere",
    ),
    (
        "DELETE FROM invoice_record WHERE invoice_id = 1",
        "purchase_invoice: una fila no se puede leer",
    ),
    ("UPDATE invoice_record SET invoice_id = 9 WHERE invoice_id = 1", "invoice_record"),
    (
        "UPDATE purchase_invoice SET total_minor = 60000 WHERE invoice_id = 1",
        "purchase_invoice: factura de compra 1 difiere",
    ),
    (
        "UPDATE purchase_invoice SET letter = '' WHERE invoice_id = 1",
        "purchase_invoice: factura de compra 1 difiere",
    ),
    (
        "UPDATE purchase_invoice SET point = 4 WHERE invoice_id = 3",
        "purchase_invoice: factura de compra 3 difiere",
    ),
    (
        "UPDATE purchase_invoice SET applied_minor = applied_minor - 1 WHERE invoice_id = 2",
        "purchase_invoice: factura de compra 2 difiere",
    ),
    (
        "DELETE FROM purchase_invoice WHERE invoice_id = 3",
        "purchase_invoice: falta factura de compra 3",
    ),
    (
        "UPDATE supplier SET tax_id = '30500000100' WHERE supplier_id = 1",
        "supplier: proveedor 1 difiere",
    ),
    ("UPDATE supplier SET tax_id = NULL", "supplier: proveedor 1 difiere"),
    ("UPDATE supplier SET tax_id = '1' WHERE supplier_id = 1", "supplier: una fila no se puede"),
    (
        "UPDATE supplier SET record = replace(record, 'true', 'false')",
        "supplier: proveedor 1 difiere",
    ),
    (
        "DELETE FROM payout_application WHERE payout_id = 1 AND invoice_id = 2",
        "payout_application: falta aplicación del pago 1 a la factura de compra 2",
    ),
    (
        "UPDATE payout_application SET amount_minor = 1 WHERE payout_id = 2 AND invoice_id = 1",
        "payout_application: aplicación del pago 2 a la factura de compra 1 difiere",
    ),
    ("DELETE FROM payout_reversal", "payout_reversal: falta reversión del pago 1"),
    (
        "UPDATE payout_reversal SET record = replace(record, 'repetido', 'error')",
        "payout_reversal: reversión del pago 1 difiere",
    ),
    (
        "UPDATE payout_reversal SET payout_id = 2",
        "payout_reversal: reversión del pago 2 no está en el diario",
    ),
    ("DELETE FROM payout_key", "payout_key: falta clave k-1 del integrador 1"),
    ("UPDATE payout_key SET payout_id = 1", "payout_key: clave k-1 del integrador 1 difiere"),
    // Another code of the same account would be another balance.
    ("UPDATE balance SET account = 'payable:01' WHERE account = 'payable:1'", "balance"),
    ("UPDATE counter SET next_supplier = 9", "contadores"),
    ("UPDATE counter SET next_invoice = 9", "contadores"),
    ("UPDATE counter SET next_payout = 1", "contadores"),
    ("UPDATE counter SET payable_entries = 7", "contadores"),
];

fn is_found(change: &str, expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let world = made(folder.path());
    assert_eq!(world.store.verify().unwrap().findings, Vec::<String>::new());
    edit(folder.path(), change);
    let findings = world.store.verify().unwrap().findings;
    assert!(findings.iter().any(|finding| finding.contains(expected)), "{change}: {findings:?}");
}

#[test]
fn each_tampering_with_the_suppliers_side_is_found() {
    for (change, expected) in TAMPERINGS {
        is_found(change, expected);
    }
}

#[test]
fn each_tampering_with_its_entries_is_found() {
    for change in [
        "UPDATE journal SET payload = replace(payload, '\"rent\":300', '\"rent\":0') WHERE kind = 'payout-made'",
        "UPDATE journal SET kind = 'payout-made' WHERE kind = 'payout-reversed'",
        "UPDATE journal SET amount_minor = 1 WHERE debit = 'expense'",
        "UPDATE journal SET debit = 'advance:2' WHERE debit = 'advance:1'",
    ] {
        is_found(&format!("{UNLOCKED} {change}"), "asiento");
    }
}
