//! Provision Pago.

use serde_json::Value;

use super::books::{Books, READER, USER, check_refused, refusal, to_request, with, with_session};
use super::{post, suppliers};

const MAKE: &str = "Pago.alta_pago";
const READ: &str = "Pago.leer_pago";

/// As little as a payout can say.
const LEAST: [(&str, &str); 5] = [
    ("idEmpresa", r#""98""#),
    ("idProveedor", r#""91694""#),
    ("fechaPago", r#""16-08-2024""#),
    ("totalpagado", "11"),
    ("recordsToInsertUpdate1", r#"[{"idMedioPago":"Efectivo","importe":11}]"#),
];

/// What the page prints of its payment.
const PRINTED: &str = r#"{"success":true,"message":"Se obtuvo el detalle pago del PAGO con exito","data":{"idEmpresa":"98","idPago":"928","idProveedor":"91694","fechaPago":"16/08/2016","valorCambio":"0","totalpagado":"11.00","retencionIIBB":"0.00","idEstadoPago":"Aprobado","anticipo":"0.00","totalFacturas":"0.00","descuentos":"0.00","intereses":"0.00","retGanancias1":"0.00","retGanancias2":"0.00","idRetGanancias1":"0","idRetGanancias2":"0","nroPago":"0001-00000288","baseCalculo1":"0.00","baseCalculo2":"0.00","descripcion":"Pago de prueba","retencionesRenta":"0.00","retencionesRentaLabel":"0.00","nroPago1":"0001","nroPago2":"00000288","totalapagar":0,"totalaplicado":0,"aplicadoAEstePago":0}}"#;

fn least(changes: &[(&str, &str)]) -> String {
    with(&LEAST, changes)
}

impl Books {
    /// Makes a payout of company 98; its `idPago`.
    async fn make(&self, changes: &[(&str, &str)]) -> String {
        let made = self.done(MAKE, least(changes)).await;
        made["data"]["idPago"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
    }

    async fn read(&self, payout: &str) -> Value {
        let parameters = format!(r#"{{"idEmpresa":"98","idPago":"{payout}"}}"#);
        self.done(READ, parameters).await["data"].clone()
    }
}

fn exchange(date: &str, response: &str) -> String {
    format!(
        r#"{{"service":{{"provision":"Pago","operacion":"leer_pago","version":"1_0_0_0","response_date":"{date}"}},"result":{{"estado":0,"mensaje":"La operación se realizó correctamente"}},"response":{response}}}"#
    )
}

#[tokio::test]
async fn the_page_s_exchanges_are_answered_byte_for_byte() {
    let books = Books::open().await;
    books.clock.set("2016-08-18T15:39:29Z".parse().unwrap());
    let request = r#"{"auth":{"usuario":"USUARIO_DESARROLLADOR","password":"PASSWORD_DESARROLLADOR"},
        "service":{"provision":"Pago","operacion":"leer_pago"},
        "parameters":{"sesion":{"usuario":"a","userId":"378usuario@colppy.com","claveSesion":"2b5fd41968528bb933454bcd4f804080"},
        "idPago":"29124","idEmpresa":"576"}}"#;
    let answer = books.send(request).await;
    let ids = [("98", "576"), ("928", "29124"), ("91694", "1200")];
    let other = ids.iter().fold(PRINTED.to_owned(), |printed, (id, other)| {
        printed.replace(&format!("\"{id}\""), &format!("\"{other}\""))
    });
    assert_eq!(answer.body, exchange("2016-08-18 12:39:29", &other));
    let own = books.call(USER, READ, r#"{"idPago":"928","idEmpresa":"98"}"#).await;
    assert_eq!(own.body, exchange("2016-08-18 12:39:29", PRINTED));
    books.clock.set("2016-08-18T16:12:27Z".parse().unwrap());
    let unknown = books.call(USER, READ, r#"{"idPago":"1","idEmpresa":"98"}"#).await;
    let unknown_told = refusal("No se encontro el pago.");
    assert_eq!(unknown.body, exchange("2016-08-18 13:12:27", &unknown_told));
}

#[tokio::test]
async fn ids_come_as_texts_or_numbers_and_a_reader_may_read() {
    let books = Books::open().await;
    for parameters in [
        r#"{"idPago":"928","idEmpresa":"98"}"#,
        r#"{"idPago":928,"idEmpresa":98}"#,
        r#"{"IDPAGO":" 928 ","idempresa":"0098","idUsuario":"x"}"#,
    ] {
        assert_eq!(books.response(USER, READ, parameters).await, PRINTED, "{parameters}");
        assert_eq!(books.response(READER, READ, parameters).await, PRINTED, "{parameters}");
    }
}

#[tokio::test]
async fn whatever_is_not_there_is_answered_alike() {
    let books = Books::open().await;
    for parameters in [
        r#"{"idPago":"929","idEmpresa":"98"}"#,
        r#"{"idPago":"29124","idEmpresa":"98"}"#,
        r#"{"idPago":"928","idEmpresa":"576"}"#,
        r#"{"idPago":"928","idEmpresa":"777"}"#,
        r#"{"idPago":"928","idEmpresa":"14"}"#,
        r#"{"idPago":"928","idEmpresa":"x"}"#,
        r#"{"idPago":"x","idEmpresa":"98"}"#,
        r#"{"idPago":"928.0","idEmpresa":"98"}"#,
        r#"{"idPago":-928,"idEmpresa":"98"}"#,
        r#"{"idPago":0,"idEmpresa":"98"}"#,
        r#"{"idPago":99999999999999999999,"idEmpresa":"98"}"#,
        r#"{"idPago":["928"],"idEmpresa":"98"}"#,
        r#"{"idPago":true,"idEmpresa":{}}"#,
    ] {
        books.refused(READ, parameters, "No se encontro el pago.").await;
    }
    for (parameters, name) in [
        (r#"{"idEmpresa":"98"}"#, "idPago"),
        (r#"{"idPago":"","idEmpresa":"98"}"#, "idPago"),
        (r#"{"idPago":null,"idEmpresa":"777"}"#, "idPago"),
        (r#"{"idPago":"928"}"#, "idEmpresa"),
        (r#"{"idPago":"x","idEmpresa":""}"#, "idEmpresa"),
    ] {
        let sentence = format!("Falta el parámetro: {name}");
        books.refused(READ, parameters, &sentence).await;
    }
    let other_s = books.response(READER, READ, r#"{"idPago":"29124","idEmpresa":"576"}"#).await;
    assert_eq!(other_s, refusal("No se encontro el pago."));
}

#[tokio::test]
async fn a_public_example_is_made_and_reads_back() {
    let books = Books::open().await;
    let example = r#"{"idEmpresa":"98","idPago":"","idProveedor":"91694","fechaPago":"16-08-2024","valorCambio":"","totalpagado":11,"idEstadoPago":"Aprobado","idUsuario":"x@y.com","userId":7,"totalFacturas":"0.00","anticipo":"0.00","descuentos":"0.00","intereses":"0.00","idRetGanancias1":"","baseCalculo1":"0.00","retGanancias1":"0.00","retemitidas":[],"retencionIIBB":"0.00","nroPago1":"0001","nroPago2":"00000286","recordsToInsertUpdate":"[]","recordsToInsertUpdate1":[{"idMedioPago":"Cheque Emitido Común","idPlanCuenta":"Banco 1","nroCheque":"17","fechaValidez":"16-08-2024","importe":11,"Conciliado":""}],"descripcion":"Pago de prueba"}"#;
    let made = books.response(USER, MAKE, example).await;
    let expected = r#"{"success":true,"message":"Se insertó el pago con éxito","data":{"idPago":"929","estesoreria":"0"}}"#;
    assert_eq!(made, expected);
    let read = books.response(USER, READ, r#"{"idPago":929,"idEmpresa":98}"#).await;
    let printed = PRINTED.replace(r#""928""#, r#""929""#).replace("00000288", "00000286");
    assert_eq!(read, printed.replace("16/08/2016", "16/08/2024"));
    books.stored();
}

#[tokio::test]
async fn amounts_and_dates_read_back_exactly() {
    let books = Books::open().await;
    for (sent, shown) in [
        ("0.01", "0.01"),
        ("1000000000000", "1000000000000.00"),
        ("11", "11.00"),
        (r#""11.5""#, "11.50"),
        ("10.10", "10.10"),
        (r#"" 10.1000 ""#, "10.10"),
    ] {
        let means = format!(r#"[{{"idMedioPago":"EFECTIVO","importe":{sent}}}]"#);
        let changes = [("totalpagado", sent), ("recordsToInsertUpdate1", means.as_str())];
        let payout = books.make(&changes).await;
        assert_eq!(books.read(&payout).await["totalpagado"], shown, "{sent}");
    }
    for sent in [r#""16-08-2024""#, r#""16/08/2024""#, r#""2024-08-16""#] {
        let payout = books.make(&[("fechaPago", sent)]).await;
        assert_eq!(books.read(&payout).await["fechaPago"], "16/08/2024", "{sent}");
    }
    books.stored();
}

#[tokio::test]
async fn what_a_payout_says_reads_back() {
    let books = Books::open().await;
    let payout = books
        .make(&[
            ("totalpagado", "100"),
            ("valorCambio", "1.00"),
            ("anticipo", "1.5"),
            ("totalFacturas", "2"),
            ("descuentos", "3"),
            ("intereses", "4"),
            ("retencionIIBB", "5"),
            ("retGanancias1", "6"),
            ("retGanancias2", "7"),
            ("idRetGanancias1", r#""78""#),
            ("baseCalculo1", "8"),
            ("baseCalculo2", "9"),
            ("retencionesRenta", "10"),
            ("nroPago1", r#""12345""#),
            ("nroPago2", "99999999"),
            ("descripcion", r#""Ñandú \"1\"""#),
            // The total less what is kept back: 100 - 28.
            ("recordsToInsertUpdate1", r#""[{\"idMedioPago\":\"Transferencia\",\"importe\":72}]""#),
        ])
        .await;
    let read = books.read(&payout).await;
    for (name, expected) in [
        ("valorCambio", "1"),
        ("anticipo", "1.50"),
        ("totalFacturas", "2.00"),
        ("descuentos", "3.00"),
        ("intereses", "4.00"),
        ("retencionIIBB", "5.00"),
        ("retGanancias1", "6.00"),
        ("retGanancias2", "7.00"),
        ("idRetGanancias1", "78"),
        ("idRetGanancias2", "0"),
        ("baseCalculo1", "8.00"),
        ("baseCalculo2", "9.00"),
        ("retencionesRenta", "10.00"),
        ("retencionesRentaLabel", "10.00"),
        ("nroPago", "12345-99999999"),
        ("nroPago1", "12345"),
        ("nroPago2", "99999999"),
        ("descripcion", "Ñandú \"1\""),
    ] {
        assert_eq!(read[name], expected, "{name}");
    }
    books.stored();
}

#[tokio::test]
async fn a_payout_without_a_number_gets_the_next_one_of_its_book() {
    let books = Books::open().await;
    for (changes, expected) in [
        (&[][..], "0001-00000289"),
        (&[("nroPago1", r#""0001""#), ("nroPago2", r#""""#)], "0001-00000290"),
        (&[("nroPago1", "2")], "0002-00000001"),
        (&[("nroPago1", "2"), ("nroPago2", r#""00000007""#)], "0002-00000007"),
        (&[("nroPago1", r#""0002""#)], "0002-00000008"),
        (&[("nroPago2", "288"), ("nroPago1", "3")], "0003-00000288"),
    ] {
        let payout = books.make(changes).await;
        assert_eq!(books.read(&payout).await["nroPago"], expected, "{changes:?}");
    }
    books.stored();
}

#[tokio::test]
async fn a_repeat_by_the_caller_s_key_gets_the_first_success() {
    let books = Books::open().await;
    let keyed = least(&[("IdTransaccion", r#""lote-1""#)]);
    let first = books.response(USER, MAKE, &keyed).await;
    let entries = books.stored();
    assert_eq!(books.response(USER, MAKE, &keyed).await, first);
    let other = least(&[("IdTransaccion", r#""lote-1""#), ("descripcion", r#""otro""#)]);
    let sentence = "El IdTransaccion ya se usó para un pago con otros datos.";
    books.refused(MAKE, &other, sentence).await;
    assert_eq!(books.stored(), entries);
    let next = least(&[("IdTransaccion", r#""lote-2""#)]);
    assert_ne!(books.response(USER, MAKE, &next).await, first);
}

#[tokio::test]
async fn the_key_may_come_in_a_header_and_a_repeat_says_that_it_is_one() {
    let books = Books::open().await;
    let make = |key: &str, changes: &[(&str, &str)]| {
        let parameters = with_session(USER, least(changes).parse().unwrap());
        books.send_as(post(to_request(MAKE, parameters)).header("idempotency-key", key))
    };
    let first = make("lote-1", &[]).await;
    let entries = books.stored();
    let again = make("lote-1", &[]).await;
    assert_eq!((first.is_replay(), again.is_replay()), (false, true));
    assert_eq!(again.headers["access-control-expose-headers"], "idempotency-replayed");
    assert_eq!(again.body, first.body);
    let in_body = make("", &[("IdTransaccion", r#""lote-1""#)]).await;
    assert_eq!((in_body.is_replay(), in_body.body), (true, first.body));
    let sentence = "El parámetro IdTransaccion y el encabezado Idempotency-Key deben ser un mismo nombre, de 1 a 64 caracteres ASCII.";
    let differing = make("lote-2", &[("IdTransaccion", r#""lote-1""#)]).await;
    check_refused(&differing, sentence, "two keys");
    assert_eq!(books.stored(), entries);
    assert!(!make("lote-2", &[]).await.is_replay());
}

impl Books {
    /// Checks that each payout is refused with its sentence, and that none was kept.
    async fn check_all_refused(&self, cases: &[(&[(&str, &str)], &str)]) {
        let entries = self.stored();
        for (changes, sentence) in cases {
            self.refused(MAKE, &least(changes), sentence).await;
        }
        assert_eq!(self.stored(), entries);
    }
}

#[tokio::test]
async fn faults_of_the_request_are_told_before_a_company_that_is_not_the_user_s() {
    let books = Books::open().await;
    let company = "No se encontro la empresa.";
    books
        .check_all_refused(&[
            (&[("idEmpresa", "777")], company),
            (&[("idEmpresa", r#""x""#)], company),
            (&[("idEmpresa", "14"), ("totalpagado", "12"), ("idProveedor", "7")], company),
            (&[("idEmpresa", "")], "Falta el parámetro: idEmpresa"),
            (&[("idEmpresa", "777"), ("fechaPago", "")], "Falta el parámetro: fechaPago"),
            (
                &[("idEmpresa", r#""x""#), ("anticipo", "-1")],
                "El parámetro anticipo debe ser un importe de 0 a 1000000000000.00, con punto y hasta dos decimales.",
            ),
            (&[("totalpagado", "0")], "El parámetro totalpagado debe ser mayor que cero."),
            (
                &[("recordsToInsertUpdate1", r#"[{"idMedioPago":"Trueque","importe":11}]"#)],
                "El parámetro recordsToInsertUpdate1[0].idMedioPago no es un medio de pago conocido: Cheque Emitido Común, Cheque Emitido Diferido, Transferencia, Efectivo, Tarjeta de Credito, Cheque de Tercero.",
            ),
            (
                &[("valorCambio", "2")],
                "El parámetro valorCambio solo admite 0 o 1: se registra en la moneda de la empresa.",
            ),
            (
                &[("idEstadoPago", r#""Borrador""#)],
                "El parámetro idEstadoPago solo admite Aprobado: solo se registran pagos aprobados.",
            ),
            (
                &[("idPago", "928")],
                "El parámetro idPago debe estar vacío: alta_pago registra pagos nuevos.",
            ),
            (
                &[("retemitidas", r#"[{"importe":"1"}]"#)],
                "El parámetro retemitidas debe estar vacío: informe la retención en retencionIIBB.",
            ),
        ])
        .await;
}

#[tokio::test]
async fn a_payout_that_may_not_stand_is_refused_with_its_figures() {
    let books = Books::open().await;
    books
        .check_all_refused(&[
            (&[("idProveedor", "7")], "No se encontro el proveedor."),
            (
                &[("totalpagado", "12")],
                "Los medios de pago suman 11.00 y deben sumar el totalpagado, 12.00.",
            ),
            (
                &[("totalpagado", "12"), ("retencionIIBB", "0.5")],
                "Los medios de pago suman 11.00 y deben sumar el totalpagado, 12.00, o 11.50 sin las retenciones de 0.50.",
            ),
            (
                &[("intereses", "11")],
                "Los intereses alcanzan o superan lo que se paga: el pago no cancela nada.",
            ),
            (
                &[("nroPago2", r#""00000000""#)],
                "El número de pago no es válido, o el talonario no tiene más números: nroPago2 va de 1 a 99999999; puede usar otro nroPago1.",
            ),
            (
                &[("nroPago2", "288")],
                "El número de pago ya está usado: lo tiene el idPago 928.",
            ),
        ])
        .await;
    books.make(&[("nroPago1", "9"), ("nroPago2", "99999999")]).await;
    let used_up = "El número de pago no es válido, o el talonario no tiene más números: nroPago2 va de 1 a 99999999; puede usar otro nroPago1.";
    books.check_all_refused(&[(&[("nroPago1", "9")], used_up)]).await;
}

#[tokio::test]
async fn an_invoice_is_settled_once_and_within_its_balance() {
    let books = Books::open().await;
    suppliers::register(&books, suppliers::new_supplier()).await;
    let own = books.add_invoice("91694", "1", "5").await;
    let other_s = books.add_invoice("91695", "1", "5").await;
    let rows =
        |invoice: &str, amount: &str| format!(r#"{{"idFactura":{invoice},"importe":{amount}}}"#);
    let twice = format!("[{0},{0}]", rows(&own, "1"));
    let (whole, over, of_other) = (rows(&own, "5"), rows(&own, "5.01"), rows(&other_s, "1"));
    let four = r#"{"idMedioPago":"Efectivo","importe":4}"#;
    let applied = "recordsToInsertUpdate";
    books
        .check_all_refused(&[
            (
                &[(applied, &twice)],
                &format!("La factura {own} figura más de una vez en recordsToInsertUpdate."),
            ),
            (
                &[(applied, r#"[{"idFactura":77,"importe":1}]"#)],
                "No se encontro la factura 77 del proveedor.",
            ),
            (
                &[(applied, &of_other)],
                &format!("No se encontro la factura {other_s} del proveedor."),
            ),
            (
                &[(applied, &over)],
                &format!("El importe aplicado a la factura {own} supera su saldo, 5.00."),
            ),
            (
                &[("totalpagado", "4"), ("recordsToInsertUpdate1", four), (applied, &whole)],
                "Se aplican 5.00 a facturas y el pago cancela 4.00: medios de pago, retenciones y descuentos, menos intereses.",
            ),
        ])
        .await;
    books.make(&[(applied, &whole)]).await;
    let settled = format!("El importe aplicado a la factura {own} supera su saldo, 0.00.");
    books.check_all_refused(&[(&[(applied, &rows(&own, "0.01"))], &settled)]).await;
}

#[tokio::test]
async fn a_reader_makes_no_payouts() {
    let books = Books::open().await;
    let entries = books.stored();
    let reader = books.response(READER, MAKE, &least(&[])).await;
    assert_eq!(reader, refusal("El usuario no tiene permiso para registrar pagos."));
    let other_s = books.response(READER, MAKE, &least(&[("idEmpresa", "576")])).await;
    assert_eq!(other_s, refusal("No se encontro la empresa."));
    assert_eq!(books.stored(), entries);
}

#[tokio::test]
async fn a_payout_tells_what_it_and_others_settled_of_its_invoices() {
    let books = Books::open().await;
    let invoice = books.add_invoice("91694", "1", "11.5").await;
    let other = books.add_invoice("91694", "2", "20").await;
    let first = format!(
        r#"[{{"idFactura":{invoice},"importe":6.5}},{{"idFactura":{other},"importe":"2"}}]"#
    );
    let second = format!(r#"[{{"idFactura":"{invoice}","importe":5}}]"#);
    let first = books.make(&[("recordsToInsertUpdate", &first)]).await;
    let second = books.make(&[("recordsToInsertUpdate", &second)]).await;
    let check = async |payout: &str, state: &str, totals: [&str; 3]| {
        let parameters = format!(r#"{{"idEmpresa":"98","idPago":"{payout}"}}"#);
        let read = books.response(USER, READ, &parameters).await;
        let [invoices, applied, own] = totals;
        let end = format!(
            r#""totalapagar":{invoices},"totalaplicado":{applied},"aplicadoAEstePago":{own}}}}}"#
        );
        assert!(read.ends_with(&end), "{read}");
        assert!(read.contains(&format!(r#""idEstadoPago":"{state}""#)), "{read}");
    };
    check(&first, "Aprobado", ["31.5", "13.5", "8.5"]).await;
    check(&second, "Aprobado", ["11.5", "11.5", "5"]).await;
    books.reverse(&first).await;
    check(&first, "Anulado", ["31.5", "5", "0"]).await;
    check(&second, "Aprobado", ["11.5", "5", "5"]).await;
    books.stored();
}
