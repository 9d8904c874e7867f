//! Provision `FacturaCompra`.

use serde_json::{Value, json};

use super::books::{Books, READER, USER, refusal, with};
use super::suppliers;

const ENTER: &str = "FacturaCompra.alta_facturacompra";
const READ: &str = "FacturaCompra.leer_facturacompra";
const LIST: &str = "FacturaCompra.listar_facturascompra";
const PAYOUTS: &str = "FacturaCompra.leer_pagos_factura";

/// As little as an invoice can say.
const LEAST: [(&str, &str); 5] = [
    ("idEmpresa", r#""98""#),
    ("idProveedor", r#""91694""#),
    ("nroFactura2", r#""00000001""#),
    ("fechaFactura", r#""12-08-2016""#),
    ("totalFactura", "100"),
];

fn least(changes: &[(&str, &str)]) -> String {
    with(&LEAST, changes)
}

impl Books {
    /// Enters an invoice of company 98; its id, which the answer has in three places.
    async fn enter(&self, changes: &[(&str, &str)]) -> String {
        let entered = self.done(ENTER, &least(changes)).await;
        let id = entered["idFactura"].as_str().unwrap().to_owned();
        let expected = json!({
            "success": true,
            "message": "Se insertó la factura con éxito",
            "idFactura": id,
            "idfactura": id,
            "data": {"idFactura": id},
        });
        assert_eq!(entered, expected);
        id
    }

    /// Enters an invoice of a supplier; its id.
    pub(super) async fn add_invoice(&self, supplier: &str, number: &str, total: &str) -> String {
        let changes = [("idProveedor", supplier), ("nroFactura2", number), ("totalFactura", total)];
        self.enter(&changes).await
    }

    async fn invoice(&self, id: &str) -> Value {
        let parameters = format!(r#"{{"idEmpresa":"98","idFactura":"{id}"}}"#);
        let response = self.done(READ, parameters).await;
        assert_eq!(response["infofactura"], response["data"]);
        response["data"].clone()
    }

    /// Pays some of an invoice; the payout's id.
    async fn pay(&self, invoice: &str, amount: &str) -> String {
        let parameters = format!(
            r#"{{"idEmpresa":98,"idProveedor":91694,"fechaPago":"16-08-2016","totalpagado":{amount},"descripcion":"Pago {amount}","recordsToInsertUpdate1":[{{"idMedioPago":"Efectivo","importe":{amount}}}],"recordsToInsertUpdate":[{{"idFactura":{invoice},"importe":{amount}}}]}}"#
        );
        let made = self.done("Pago.alta_pago", parameters).await;
        made["data"]["idPago"].as_str().unwrap().to_owned()
    }

    /// The ids that a list tells, and its `total`.
    async fn list(&self, parameters: &str) -> (String, Vec<String>) {
        let parameters = format!(r#"{{"idEmpresa":98{parameters}}}"#);
        let response = self.done(LIST, parameters).await;
        let rows = response["data"].as_array().unwrap().iter();
        let ids = rows.map(|row| row["idFactura"].as_str().unwrap().to_owned());
        (response["total"].as_str().unwrap().to_owned(), ids.collect())
    }
}

/// What clients are seen to send.
const SEEN: &str = r#"{"idEmpresa":"98","idProveedor":"91694","idTipoFactura":"A","idTipoComprobante":"1","nroFactura1":"0099","nroFactura2":"00999001","fechaFactura":"12-03-2026","fechaFacturaDoc":"11-03-2026","fechaPago":"12-04-2026","descripcion":"Ñandú \"1\"","netoGravado":"1000","netoNoGravado":"0","IVA21":"210","IVA105":"0","IVA27":"0","IIBBLocal":"0","IIBBOtro":"0","totalIVA":"210","percepcionIVA":"0","idRetGanancias":"0","totalFactura":"1260","percepcionIIBB":"50","percepcionIIBB1":"30","percepcionIIBB2":"20","idEstadoFactura":"Aprobada","idEstadoAnterior":"","idCondicionPago":"a 30 Dias","idMoneda":"1","valorCambio":"1","totalpagadofactura":"0","totalaplicado":"0","tipoFactura":"Credito","esresumen":"0","itemsFactura":[{"idItem":"0","tipoItem":"G","codigo":"","descripcion":"Resma","idPlanCuenta":"","ImporteUnitario":"1000","cantidad":1,"bonificacion":"0","subtotal":"1000.00","alicuotaIva":"21","importeIva":"210","ccosto1":"","ccosto2":""}],"totalesiva":[{"alicuotaIva":"21","baseImpIva":"1000","importeIva":"210"}],"percsufridas":[{"jurisdiccion":"Capital Federal","nroCertificado":"","importePerc":"30"},{"jurisdiccion":"Buenos Aires","nroCertificado":"","importePerc":20}]}"#;

#[tokio::test]
async fn what_clients_send_is_entered_and_reads_back_whole() {
    let books = Books::open().await;
    let entered = books.response(USER, ENTER, SEEN).await;
    assert_eq!(
        entered,
        r#"{"success":true,"message":"Se insertó la factura con éxito","idFactura":"1","idfactura":"1","data":{"idFactura":"1"}}"#
    );
    let invoice = r#"{"idFactura":"1","idProveedor":"91694","idEmpresa":"98","idEstadoAnterior":"","fechaFactura":"12/03/2026","fechaFacturaDoc":"11/03/2026","idTipoComprobante":"1","idTipoFactura":"A","nroFactura":"0099-00999001","idCondicionPago":"a 30 Dias","fechaPago":"12/04/2026","idEstadoFactura":"Aprobada","idMoneda":"1","valorCambio":"1","idRetGanancias":"0","descripcion":"Ñandú \"1\"","netoGravado":"1000.00","netoNoGravado":"0.00","totalIVA":"210.00","IVA21":"210.00","IVA105":"0.00","IVA27":"0.00","percepcionIVA":"0.00","percepcionIIBB":"50.00","IIBBLocal":"Capital Federal","percepcionIIBB1":"30.00","IIBBOtro":"Buenos Aires","percepcionIIBB2":"20.00","totalFactura":"1260.00","totalaplicado":"0.00","saldoaaplicar":"1260.00","idCondicionIva":"","nroFactura1":"0099","nroFactura2":"00999001"}"#;
    let item = r#"{"idItem":"0","codigo":"","Descripcion":"Resma","unidadMedida":"","Cantidad":"1","ImporteUnitario":"1000","porcDesc":"0","IVA":"21","idPlanCuenta":"","idAlmacen":"","ccosto1":"","ccosto2":"","SubTotal":"1000.00"}"#;
    let read = format!(
        r#"{{"success":true,"message":"La operación se realizó con éxito.","infofactura":{invoice},"itemsFactura":[{item}],"data":{invoice}}}"#
    );
    for parameters in
        [r#"{"idEmpresa":"98","idFactura":"1"}"#, r#"{"idEmpresa":98,"idfactura":1,"x":[]}"#]
    {
        assert_eq!(books.response(USER, READ, parameters).await, read);
        assert_eq!(books.response(READER, READ, parameters).await, read);
    }
    books.stored();
}

#[tokio::test]
async fn a_total_follows_from_its_parts_where_nobody_states_it() {
    let books = Books::open().await;
    let id = books
        .enter(&[
            ("totalFactura", ""),
            ("netoGravado", "10.10"),
            ("netoNoGravado", r#""0.01""#),
            ("IVA105", "1.06"),
            ("percepcionIVA", "1"),
            ("percepcionIIBB2", "2.5"),
            ("nroFactura1", "12345"),
        ])
        .await;
    let read = books.invoice(&id).await;
    for (name, expected) in [
        ("totalFactura", "14.67"),
        ("totalIVA", "1.06"),
        ("percepcionIIBB", "2.50"),
        ("percepcionIIBB2", "2.50"),
        ("saldoaaplicar", "14.67"),
        ("nroFactura", "12345-00000001"),
        ("nroFactura1", "12345"),
        ("fechaFacturaDoc", "12/08/2016"),
        ("fechaPago", ""),
        ("idTipoFactura", ""),
        ("descripcion", ""),
    ] {
        assert_eq!(read[name], expected, "{name}");
    }
    books.stored();
}

#[tokio::test]
async fn an_invoice_is_paid_in_parts_and_open_again_when_a_payout_is_undone() {
    let books = Books::open().await;
    let id = books.enter(&[]).await;
    let parameters = format!(r#"{{"idEmpresa":"98","idFactura":"{id}"}}"#);
    let check = async |state: &str, applied: &str, open: &str| {
        let read = books.invoice(&id).await;
        assert_eq!(read["idEstadoFactura"], state);
        assert_eq!(read["totalaplicado"], applied);
        assert_eq!(read["saldoaaplicar"], open);
    };
    check("Aprobada", "0.00", "100.00").await;
    let none =
        r#"{"success":true,"message":"La operación se realizó con éxito.","total":"0","data":[]}"#;
    assert_eq!(books.response(USER, PAYOUTS, &parameters).await, none);
    let first = books.pay(&id, "99.99").await;
    check("Aprobada", "99.99", "0.01").await;
    let second = books.pay(&id, "0.01").await;
    check("Pagada", "100.00", "0.00").await;
    books.reverse(&first).await;
    check("Aprobada", "0.01", "99.99").await;
    let row = |id: &str, number: &str, state: &str, [amount, settles]: [&str; 2]| {
        format!(
            r#"{{"idPago":"{id}","nroPago":"{number}","fechaPago":"16/08/2016","idEstadoPago":"{state}","totalpagado":"{amount}","importe":"{settles}","descripcion":"Pago {amount}"}}"#
        )
    };
    let rows = [
        row(&first, "0001-00000289", "Anulado", ["99.99", "0.00"]),
        row(&second, "0001-00000290", "Aprobado", ["0.01", "0.01"]),
    ];
    let expected = format!(
        r#"{{"success":true,"message":"La operación se realizó con éxito.","total":"2","data":[{}]}}"#,
        rows.join(",")
    );
    assert_eq!(books.response(USER, PAYOUTS, &parameters).await, expected);
    assert_eq!(books.response(READER, PAYOUTS, &parameters).await, expected);
    books.stored();
}

#[tokio::test]
async fn whatever_is_not_there_is_answered_alike() {
    let books = Books::open().await;
    books.enter(&[]).await;
    for operation in [READ, PAYOUTS] {
        for parameters in [
            r#"{"idFactura":"2","idEmpresa":"98"}"#,
            r#"{"idFactura":"1","idEmpresa":"576"}"#,
            r#"{"idFactura":"1","idEmpresa":"777"}"#,
            r#"{"idFactura":"1","idEmpresa":"x"}"#,
            r#"{"idFactura":"x","idEmpresa":"98"}"#,
            r#"{"idFactura":[],"idEmpresa":"98"}"#,
        ] {
            books.refused(operation, parameters, "No se encontro la factura.").await;
        }
        let missing = "Falta el parámetro: idFactura";
        books.refused(operation, r#"{"idEmpresa":"777"}"#, missing).await;
        let missing = "Falta el parámetro: idEmpresa";
        books.refused(operation, r#"{"idFactura":"x"}"#, missing).await;
    }
    for (parameters, sentence) in [
        (r#"{"x":1}"#, "Falta el parámetro: idEmpresa"),
        (r#"{"idEmpresa":"777"}"#, "No se encontro la empresa."),
        (r#"{"idEmpresa":"x"}"#, "No se encontro la empresa."),
        (r#"{"idEmpresa":"777","limit":0}"#, "El parámetro limit debe ser mayor que cero."),
        (
            r#"{"idEmpresa":98,"filter":{"field":"totalFactura","op":"="}}"#,
            "Falta el parámetro: filter[0].value",
        ),
        (
            r#"{"idEmpresa":98,"filter":[{"field":"Color","op":"=","value":"1"}]}"#,
            "La lista no se puede filtrar por el campo: Color",
        ),
    ] {
        books.refused(LIST, parameters, sentence).await;
    }
}

#[tokio::test]
async fn invoices_are_listed_filtered_ordered_and_paged() {
    let books = Books::open().await;
    suppliers::register(&books, suppliers::new_supplier()).await;
    for (number, total, day) in
        [("1", "100", "12-08-2016"), ("2", "20.5", "13-08-2016"), ("3", "100", "11-08-2016")]
    {
        let day = format!("\"{day}\"");
        let changes = [("nroFactura2", number), ("totalFactura", total), ("fechaFactura", &day)];
        books.enter(&changes).await;
    }
    books.enter(&[("idProveedor", "91695"), ("idTipoFactura", r#""b""#)]).await;
    books.pay("2", "20.5").await;
    let condition = |field: &str, op: &str, value: &str| {
        format!(r#","filter":[{{"field":"{field}","op":"{op}","value":"{value}"}}]"#)
    };
    for (parameters, total, expected) in [
        (String::new(), "4", &["1", "2", "3", "4"][..]),
        (r#","start":1,"limit":2"#.to_owned(), "4", &["2", "3"]),
        (r#","start":"4""#.to_owned(), "4", &[]),
        (condition("idProveedor", "=", "91694"), "3", &["1", "2", "3"]),
        (condition("totalFactura", ">=", "100"), "3", &["1", "3", "4"]),
        (condition("fechaFactura", "<=", "2016-08-12"), "3", &["1", "3", "4"]),
        (condition("idEstadoFactura", "=", "pagada"), "1", &["2"]),
        (condition("saldoaaplicar", ">", "0"), "3", &["1", "3", "4"]),
        (condition("nroFactura", "=", "0000-00000003"), "1", &["3"]),
        (condition("nroFactura", "=", "0-3"), "1", &["3"]),
        (condition("nroFactura1", "=", "0"), "4", &["1", "2", "3", "4"]),
        (condition("nroFactura2", ">=", "2"), "2", &["2", "3"]),
        (condition("idTipoFactura", "=", "B"), "1", &["4"]),
        (condition("idTipoFactura", "=", "b"), "1", &["4"]),
        (condition("idTipoComprobante", "=", "fac"), "4", &["1", "2", "3", "4"]),
        (condition("idTipoComprobante", "<>", "Fc"), "0", &[]),
        (condition("idTipoComprobante", "=", "NCC"), "0", &[]),
        (condition("idEstadoFactura", "<>", "APROBADA"), "1", &["2"]),
        (condition("idMoneda", "=", "0"), "4", &["1", "2", "3", "4"]),
        (condition("valorCambio", "=", "1.00"), "4", &["1", "2", "3", "4"]),
        (condition("valorCambio", "=", "350.5"), "0", &[]),
        (condition("idEmpresa", "=", "098"), "4", &["1", "2", "3", "4"]),
        (condition("IIBBLocal", "=", "0"), "4", &["1", "2", "3", "4"]),
        (condition("fechaPago", "=", ""), "4", &["1", "2", "3", "4"]),
        (condition("fechaPago", "<>", ""), "0", &[]),
        (
            r#","order":{"field":["idFactura"],"order":"desc"}"#.to_owned(),
            "4",
            &["4", "3", "2", "1"],
        ),
        (
            r#","order":[{"field":"fechaFactura","dir":"ASC"}]"#.to_owned(),
            "4",
            &["3", "1", "4", "2"],
        ),
    ] {
        let (told, ids) = books.list(&parameters).await;
        assert_eq!((told.as_str(), ids.join(" ")), (total, expected.join(" ")), "{parameters}");
    }
    let row = books.done(LIST, r#"{"idEmpresa":98,"limit":1}"#).await["data"][0].clone();
    assert_eq!(row, books.invoice("1").await);
    let spelt = "FacturaCompra.listar_facturasCompra";
    assert_eq!(books.done(spelt, r#"{"idEmpresa":98,"limit":1}"#).await["data"][0], row);
    let none = books.done(LIST, r#"{"idEmpresa":"576"}"#).await["data"].clone();
    assert_eq!(none, json!([]));
}

#[tokio::test]
async fn every_refusal_has_its_sentence_and_keeps_nothing() {
    let books = Books::open().await;
    let known = books.enter(&[("idTipoFactura", r#""A""#)]).await;
    let taken = format!(
        "La factura ya está registrada: ese número del proveedor lo tiene el idFactura {known}."
    );
    let entries = books.stored();
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[("idTipoFactura", r#""a""#)], &taken),
        (&[("idEmpresa", "")], "Falta el parámetro: idEmpresa"),
        (&[("idEmpresa", "777")], "No se encontro la empresa."),
        (&[("idEmpresa", r#""x""#)], "No se encontro la empresa."),
        (&[("idEmpresa", "777"), ("nroFactura2", "")], "Falta el parámetro: nroFactura2"),
        (&[("idProveedor", "7")], "No se encontro el proveedor."),
        (&[("totalFactura", "")], "Falta el parámetro: totalFactura"),
        (&[("totalFactura", "0")], "El parámetro totalFactura debe ser mayor que cero."),
        (
            &[("totalFactura", ""), ("netoGravado", "1000000000000"), ("netoNoGravado", "0.01")],
            "Un importe está fuera de rango: se admite hasta 1000000000000.00, y totalFactura debe ser mayor que cero.",
        ),
        (
            &[("totalIVA", "100"), ("IVA21", "99")],
            "Un desglose suma 99.00 y su total es 100.00: IVA21, IVA105 e IVA27 deben sumar totalIVA, y percepcionIIBB1 y percepcionIIBB2 deben sumar percepcionIIBB.",
        ),
        (
            &[("netoGravado", "99.99")],
            "Las partes suman 99.99 y totalFactura es 100.00: netoGravado, netoNoGravado, totalIVA, percepcionIVA y percepcionIIBB deben sumar totalFactura.",
        ),
        (
            &[("idTipoComprobante", "2")],
            "El parámetro idTipoComprobante solo admite FAC: solo se registran facturas.",
        ),
        (
            &[("idEstadoFactura", r#""Borrador""#)],
            "El parámetro idEstadoFactura solo admite Aprobada: solo se registran facturas aprobadas.",
        ),
        (
            &[("idMoneda", "2")],
            "El parámetro idMoneda solo admite 0 o 1: se registra en la moneda de la empresa.",
        ),
        (
            &[("valorCambio", "350.5")],
            "El parámetro valorCambio solo admite 0 o 1: se registra en la moneda de la empresa.",
        ),
        (
            &[("idFactura", "1")],
            "El parámetro idFactura debe estar vacío: alta_facturacompra registra facturas nuevas.",
        ),
        (
            &[("itemsPagos", r#"[{"importe":"1"}]"#)],
            "El parámetro itemsPagos debe estar vacío: registre los pagos con alta_pago.",
        ),
        (
            &[("percsufridas", r#"[{"importePerc":1,"nroCertificado":"1"}]"#)],
            "El parámetro percsufridas admite hasta dos jurisdicciones, con nroCertificado vacío.",
        ),
        (
            &[("percsufridas", r#"[{"importePerc":1}]"#), ("percepcionIIBB", "2")],
            "El parámetro percsufridas no coincide con percepcionIIBB.",
        ),
    ];
    for (changes, sentence) in cases {
        books.refused(ENTER, &least(changes), sentence).await;
    }
    let reader = books.response(READER, ENTER, &least(&[])).await;
    assert_eq!(reader, refusal("El usuario no tiene permiso para registrar facturas."));
    assert_eq!(books.stored(), entries);
    // The same number of another letter is another invoice.
    assert_ne!(books.enter(&[("idTipoFactura", r#""B""#)]).await, known);
}
