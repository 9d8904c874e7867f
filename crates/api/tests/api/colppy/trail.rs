//! What the trail is told of the dialect's calls: who signs in, and what is written.

use serde_json::{Value, json};

use super::books::{Books, COMPANY, READER, SECOND_COMPANY, USER, call, id, to_request, with};
use super::suppliers::new_supplier;
use crate::trail::acts;

/// The acts that a company's trail has got since it had so many.
fn told(books: &Books, company: Option<i64>, skipped: &mut usize) -> Vec<String> {
    let told = acts(&books.service, company.map(id), *skipped);
    *skipped += told.len();
    told
}

const PAYOUT: [(&str, &str); 6] = [
    ("idEmpresa", r#""98""#),
    ("idProveedor", r#""91694""#),
    ("fechaPago", r#""16-08-2024""#),
    ("totalpagado", "11"),
    ("recordsToInsertUpdate1", r#"[{"idMedioPago":"Efectivo","importe":11}]"#),
    ("IdTransaccion", r#""p-1""#),
];

#[tokio::test]
async fn what_is_written_is_told_with_its_outcome() {
    let books = Books::open().await;
    let mut skipped = acts(&books.service, Some(id(COMPANY)), 0).len();
    let invoice = r#"{"idEmpresa":"98","idProveedor":"91694","nroFactura2":"7","fechaFactura":"16-08-2024","totalFactura":"11.00","netoGravado":"11.00"}"#;
    let user = "from 192.0.2.7 integrator 1 user 1";
    for (caller, operation, parameters, expected) in [
        (
            USER,
            "Proveedor.alta_proveedor",
            new_supplier().to_string(),
            format!("supplier done {user} supplier 91695"),
        ),
        (
            READER,
            "Proveedor.alta_proveedor",
            new_supplier().to_string(),
            "supplier refused not-allowed from 192.0.2.7 integrator 1 user 2".to_owned(),
        ),
        (
            USER,
            "Proveedor.editar_proveedor",
            r#"{"idEmpresa":"98","idProveedor":"5"}"#.to_owned(),
            format!("supplier refused supplier-unknown {user} supplier 5"),
        ),
        (
            USER,
            "FacturaCompra.alta_facturacompra",
            invoice.to_owned(),
            format!("invoice done {user} supplier 91694 invoice 1"),
        ),
        (
            USER,
            "FacturaCompra.alta_facturacompra",
            invoice.to_owned(),
            format!("invoice refused number-taken {user} supplier 91694"),
        ),
        (
            USER,
            "Pago.alta_pago",
            with(&PAYOUT, &[]),
            format!("payout done {user} supplier 91694 payout 929 key p-1"),
        ),
        (
            USER,
            "Pago.alta_pago",
            with(&PAYOUT, &[]),
            format!("payout repeated {user} supplier 91694 payout 929 key p-1"),
        ),
        (
            USER,
            "Pago.alta_pago",
            with(&PAYOUT, &[("totalpagado", "12")]),
            format!("payout refused caller-key-reused {user} supplier 91694 key p-1"),
        ),
        (
            USER,
            "Pago.alta_pago",
            with(&PAYOUT, &[("totalpagado", "\"x\"")]),
            format!("payout refused parameter {user} supplier 91694 key p-1"),
        ),
    ] {
        let answer = books.call(caller, operation, &parameters).await;
        let told = told(&books, Some(COMPANY), &mut skipped);
        assert_eq!(told, [expected], "{operation} {parameters}: {}", answer.body);
    }
    books.call(USER, "Pago.leer_pago", r#"{"idEmpresa":"98","idPago":"928"}"#).await;
    books.call(USER, "Proveedor.listar_proveedor", r#"{"idEmpresa":"98"}"#).await;
    assert_eq!(told(&books, Some(COMPANY), &mut skipped), Vec::<String>::new(), "looked up");
}

#[tokio::test]
async fn a_company_that_is_not_the_users_is_told_nothing_of() {
    let books = Books::open().await;
    let mut skipped =
        [COMPANY, SECOND_COMPANY].map(|company| acts(&books.service, Some(id(company)), 0).len());
    let mut nobodys = acts(&books.service, None, 0).len();
    let company = SECOND_COMPANY.to_string();
    let parameters = with(&PAYOUT, &[("idEmpresa", &company)]);
    books.call(READER, "Pago.alta_pago", parameters).await;
    for (company, skipped) in [COMPANY, SECOND_COMPANY].into_iter().zip(&mut skipped) {
        assert_eq!(told(&books, Some(company), skipped), Vec::<String>::new());
    }
    let refused = "payout refused company-unknown from 192.0.2.7 integrator 1 user 2 \
                   supplier 91694 key p-1";
    assert_eq!(told(&books, None, &mut nobodys), [refused]);
}

#[tokio::test]
async fn who_signs_in_and_out_is_told_and_no_word_that_was_wrong() {
    let books = Books::open().await;
    let mut skipped = acts(&books.service, None, 0).len();
    let key = books.log_in(USER).await;
    let done = "sign-in done from 192.0.2.7 integrator 1 name a";
    assert_eq!(told(&books, None, &mut skipped), [done]);
    let wrong = json!({"usuario": "secreto", "password": "secreto"});
    books.send(call("Usuario.iniciar_sesion", wrong).to_string()).await;
    let refused = "sign-in refused wrong-credentials from 192.0.2.7 integrator 1";
    assert_eq!(told(&books, None, &mut skipped), [refused]);
    let session = json!({"sesion": {"usuario": USER, "claveSesion": key}});
    books.send(call("Usuario.cerrar_sesion", &session).to_string()).await;
    let ended = "sign-out done from 192.0.2.7 integrator 1 user 1";
    assert_eq!(told(&books, None, &mut skipped), [ended]);
    books.send(call("Usuario.cerrar_sesion", &session).to_string()).await;
    let refused = "sign-out refused 1 from 192.0.2.7 integrator 1";
    assert_eq!(told(&books, None, &mut skipped), [refused]);
}

#[tokio::test]
async fn a_developer_who_is_refused_is_counted() {
    let books = Books::open().await;
    let mut skipped = acts(&books.service, None, 0).len();
    let mut body: Value = to_request("Empresa.listar_empresa", "{}").parse().unwrap();
    body["auth"]["password"] = "mal".into();
    for _ in 0..2 {
        books.send(body.to_string()).await;
    }
    assert_eq!(told(&books, None, &mut skipped), ["admit refused 602 x2 from 192.0.2.7"]);
}
