//! The code on a printed receipt: scanned, and checked with the books and without them.

use std::fs::File;

use serde_json::{Value, json};

use crate::common::paper::{codes, shell};
use crate::common::{Installation, check, run, with_bills};

const DEMO: &str = "ventanilla-demo";
/// The demo's payment that stands, and the one that was reversed.
const STANDING: &str = "23456422";
const REVERSED: &str = "4224330";

/// The demo with the code of a payment as its paper has it.
fn scanned(payment: &str) -> (Installation, String) {
    let installation = Installation::nothing();
    installation.demo().stop();
    let line = format!("invoice {payment} --data {DEMO} --company 13 --output papel.pdf");
    installation.done(&line.split(' ').collect::<Vec<_>>());
    let [code] = codes(&installation, "papel.pdf").try_into().unwrap();
    (installation, code)
}

/// Checks a text, in lines and as JSON: the exit code, the sentence, and the word for it.
#[track_caller]
fn checked(
    installation: &Installation,
    text: &str,
    flags: &[&str],
    (code, sentence, word): (i32, &str, &str),
) -> Value {
    let line = [&["check-receipt", text][..], flags].concat();
    let ran = installation.run(&line);
    assert_eq!((ran.code, ran.err.as_str()), (code, ""), "{ran:?}");
    assert!(ran.out.starts_with(sentence), "{ran:?}");
    let ran = installation.run(&[&line[..], &["--json"]].concat());
    let shown: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, shown["Resultado"].as_str()), (code, Some(word)), "{ran:?}");
    shown
}

const VALID: (i32, &str, &str) = (0, "El pago está registrado y vigente\n", "vigente");
const SIGNED: (i32, &str, &str) = (0, "La firma es correcta: ", "firmado");
const FORGED: (i32, &str, &str) =
    (1, "No es válido. La firma no corresponde a estos datos", "falsificado");
const MALFORMED: (i32, &str, &str) =
    (1, "No es válido. No es el código de un comprobante", "ilegible");

#[test]
fn a_receipts_code_is_checked_against_the_books() {
    let (installation, scanned) = scanned(STANDING);
    let data: &[&str] = &["--data", DEMO];
    assert!(scanned.starts_with("http://127.0.0.1:8080/comprobante/13/"), "{scanned}");
    let (_, code) = scanned.split_once("comprobante/").unwrap();
    for text in [&scanned, code] {
        let shown = checked(&installation, text, data, VALID);
        let told = [
            ("IdEmpresa", json!(13)),
            ("Empresa", json!("Cooperativa de Servicios Públicos Cooplan Ltda.")),
            ("IdCobranza", json!(STANDING)),
            ("IdFactura", json!(234_234)),
            ("Contrato", json!("316")),
            ("Periodo", json!("202109")),
            ("Monto", json!("98.40")),
            ("Moneda", json!("BOB")),
            ("Recaudador", json!("Ventanilla Cooplan")),
            ("FechaReversion", json!(null)),
        ];
        for (name, value) in told {
            assert_eq!(shown[name], value, "{name}: {shown}");
        }
    }
    for (changed, verdict) in [
        (scanned.replace("/98.40/", "/98.50/"), FORGED),
        (scanned.replace(STANDING, "23456423"), FORGED),
        (scanned.replace("/13/", "/14/"), FORGED),
        (scanned[..scanned.len() - 1].to_owned(), MALFORMED),
        ("hola".to_owned(), MALFORMED),
        (String::new(), MALFORMED),
    ] {
        assert_eq!(checked(&installation, &changed, data, verdict)["Monto"], json!(null));
    }
    // As a scanner types it: one line.
    for (input, code, told) in [
        (format!("{scanned}\n"), 0, "vigente\n"),
        (format!("{scanned}\r\notra línea\n"), 0, "vigente\n"),
        ("\n".to_owned(), 1, "No es válido."),
        ("\u{FFFD}".repeat(5_000), 1, "No es válido."),
        (String::new(), 2, ""),
    ] {
        installation.write("escaneado", input);
        let mut command = installation.command(&["check-receipt", "--data", DEMO]);
        let ran = run(command.stdin(File::open(installation.path("escaneado")).unwrap()));
        assert!(ran.code == code && ran.out.contains(told), "{ran:?}");
        assert_eq!(ran.err.contains("falta lo que dice el código QR"), code == 2, "{ran:?}");
    }
}

#[test]
fn a_receipts_code_is_checked_without_books_by_whoever_has_the_key() {
    let (installation, scanned) = scanned(STANDING);
    let key = installation.done(&["receipt-key", "--data", DEMO]).out;
    let key = key.trim_end();
    assert!(key.len() == 64 && key.bytes().all(|byte| byte.is_ascii_hexdigit()), "{key}");
    let shown = installation.run(&["receipt-key", "--data", DEMO, "--json"]).json();
    assert_eq!(shown, json!({ "ClavePublica": key }));

    let elsewhere = Installation::nothing();
    let shown = checked(&elsewhere, &scanned, &["--key", key], SIGNED);
    assert_eq!((&shown["IdCobranza"], &shown["Empresa"]), (&json!(STANDING), &json!(null)));
    let ran = elsewhere.done(&["check-receipt", &scanned, "--key", &key.to_uppercase()]);
    assert!(ran.out.contains("solo lo dicen los libros"), "{ran:?}");
    assert!(ran.out.contains("\nmonto          98.40 BOB\n"), "{ran:?}");
    let changed = scanned.replace("98.40", "98.50");
    checked(&elsewhere, &changed, &["--key", key], FORGED);
    let other = Installation::with_company();
    let theirs = other.done(&["receipt-key", "--data", "datos"]).out;
    checked(&elsewhere, &scanned, &["--key", theirs.trim_end()], FORGED);
    checked(&other, &scanned, &["--data", "datos"], FORGED);
    let line = format!("check-receipt {scanned} --key {}", &key[1..]);
    check(&elsewhere, &[(&line, 2, "--key <CLAVE>: se espera una clave pública")]);
}

#[test]
fn a_reversed_payments_receipt_is_told_so_by_the_books_alone() {
    let (installation, scanned) = scanned(REVERSED);
    let reversed = (1, "PAGO REVERTIDO el ", "revertido");
    let shown = checked(&installation, &scanned, &["--data", DEMO], reversed);
    assert!(shown["FechaReversion"].as_str().unwrap().ends_with(" 10:49:03"), "{shown}");
    let key = installation.done(&["receipt-key", "--data", DEMO]).out;
    let shown = checked(&installation, &scanned, &["--key", key.trim_end()], SIGNED);
    assert_eq!(shown["FechaReversion"], json!(null));
}

#[test]
fn a_receipt_of_a_payment_that_the_books_have_lost_is_unknown() {
    let installation = with_bills();
    let credentials = installation.collector("caja");
    shell(&installation, "cp -r datos antes; cp datos.secrets antes.secrets");
    let server = installation.serve();
    let body = r#"{"IdFactura":1,"Periodo":"202401","Contrato":"1","Monto":10}"#;
    let paid = server.client(&credentials).post("realizarpago", body).values();
    server.stop();
    let payment = paid["IdCobranza"].as_str().unwrap();
    installation.done(&["invoice", payment, "--data=datos", "--output=papel.pdf"]);
    let codes = codes(&installation, "papel.pdf");
    let [code] = &codes[..] else { panic!("{codes:?}") };
    assert!(code.starts_with("comprobante/13/"), "no address where none is set: {code}");
    checked(&installation, code, &["--data", "datos"], VALID);
    let lost = (1, "No es válido. La firma es correcta, pero el pago no figura", "desconocido");
    checked(&installation, code, &["--data", "antes"], lost);
}
