//! One sample per wire type, and one exchange per service: what tests and docs show.

use std::fmt::Display;

use axum::http::HeaderMap;
use jiff::civil::date;
use serde::Serialize;
use ventanilla_domain::{BusinessDay, Currency, Money, PaymentId, Period};

use super::convert::{Decimal, IsoDate, Moment};
use super::operations::OPERATIONS;
use super::wire::{self, Envelope, Shown};
use crate::http::fields::Fields;

/// An exchange: a service, what it is sent, and what it answers, both as they stand on the wire.
pub(super) struct Sample {
    pub(super) operation: &'static str,
    pub(super) request: &'static str,
    pub(super) answer: Vec<u8>,
    pub(super) printed: &'static str,
}

fn amount(minor: i64) -> Shown<Decimal> {
    Shown(Decimal(Money::from_minor(minor, Currency::BOB)))
}

fn payment(id: i64) -> Shown<PaymentId> {
    Shown(PaymentId::from_i64(id).unwrap())
}

fn period(yyyymm: u32) -> Shown<Period> {
    Shown(Period::from_yyyymm(yyyymm).unwrap())
}

fn moment() -> Shown<Moment> {
    Shown(Moment(date(2021, 11, 26).at(12, 11, 52, 0)))
}

pub(super) fn found_member() -> wire::FoundMember<'static> {
    wire::FoundMember {
        name: "Rivas La Fuente Valentin",
        oldest_unpaid: 4_294_633,
        document_number: "",
        document_kind: "",
        tax_id: "",
        address: "",
        state: wire::ACTIVE,
        location: 24_532,
    }
}

pub(super) fn owed_bill() -> wire::OwedBill<'static> {
    wire::OwedBill {
        member: 316,
        name: "Rivas La Fuente Valentin",
        location: 14_207,
        period: period(202_110),
        bill: 4_294_633,
        amount: amount(13_676),
        state: wire::ACTIVE,
    }
}

pub(super) fn paid() -> wire::Paid {
    wire::Paid { payment: payment(4_224_408), recorded_at: moment() }
}

pub(super) fn payment_row() -> wire::PaymentRow<'static> {
    wire::PaymentRow {
        payment: payment(4_224_408),
        bill: 4_303_567,
        contract: "315",
        name: "Ñuflo \"Ágreda\"",
        period: period(202_110),
        amount: amount(14_570),
        recorded_at: moment(),
        standing: wire::PaymentStanding::Reversed,
        reversed_at: Some(moment()),
        caller_reference: Some("12394"),
        caller_key: Some("banco-000017"),
        branch: None,
        cashier: Some("ana"),
        terminal: None,
        means: Some("efectivo"),
        collected_at: None,
    }
}

/// A day of one reversal.
fn report() -> Vec<u8> {
    let total = |count, minor| wire::Total { count, amount: amount(minor) };
    let totals =
        wire::Totals { paid: total(0, 0), reversed: total(1, 14_570), net: total(-1, -14_570) };
    let mut answer = Vec::new();
    let day = IsoDate(BusinessDay::from_date(date(2021, 11, 5)));
    let mut envelope = wire::ReportEnvelope::start(&mut answer, day).unwrap();
    envelope.reversal(&payment_row()).unwrap();
    envelope.finish(&totals).unwrap();
    answer
}

fn sample<V: Serialize>(
    operation: &'static str,
    request: &'static str,
    answer: &Envelope<'_, V>,
    printed: &'static str,
) -> Sample {
    let answer = answer.to_bytes();
    Sample { operation, request, answer, printed }
}

const ROW: &str = r#"{"IdCobranza":"4224408","IdFactura":4303567,"Contrato":"315","Nombre":"Ñuflo \"Ágreda\"","Periodo":"202110","Monto":"145.70","FechaPagoEmpresa":"26/11/2021 12:11:52","Estado":3,"FechaReversion":"26/11/2021 12:11:52","IdAsociado":"12394","IdTransaccion":"banco-000017","Sucursal":null,"Cajero":"ana","Terminal":null,"MedioPago":"efectivo"}"#;

/// One exchange per service, in the order of the table.
pub(super) fn samples() -> Vec<Sample> {
    let token = Envelope { lifetime_s: Some(28_800), ..Envelope::success("", "TokenDevuelto") };
    vec![
        sample(
            "token",
            r#"{"CodSeguridad":"DEMO-COOPLAN","Login":"demo","Pwd":"demo-cooplan"}"#,
            &token,
            r#"{"error":0,"status":1,"message":"","messageMostrar":0,"messageSistema":"","values":"TokenDevuelto","expira":28800}"#,
        ),
        sample(
            "buscarcliente",
            r#"{"Contrato":"345"}"#,
            &Envelope::success("", [found_member()]),
            r#"{"error":0,"status":1,"message":"","messageMostrar":0,"messageSistema":"","values":[{"Nombre":"Rivas La Fuente Valentin","Factura":4294633,"NumDoc":"","TipoDocumento":"","Nit":"","Direccion":"","estado":1,"CodUbicacion":24532}]}"#,
        ),
        sample(
            "consultardeuda",
            r#"{"Contrato":"345"}"#,
            &Envelope::success("", [owed_bill()]),
            r#"{"error":0,"status":1,"message":"","messageMostrar":0,"messageSistema":"","values":[{"ID":316,"Nombre":"Rivas La Fuente Valentin","CodUbicacion":14207,"periodo":"202110","factura":4294633,"montoTotal":"136.76","estado":1}]}"#,
        ),
        sample(
            "realizarpago",
            r#"{"IdFactura":4303567,"Periodo":"202110","Contrato":"315","Monto":145.7,"IdAsociado":"12394"}"#,
            &Envelope::success(wire::PAID, paid()),
            r#"{"error":0,"status":1,"message":"Transaccion realizada con exito","messageMostrar":0,"messageSistema":"","values":{"IdCobranza":"4224408","FechaPagoEmpresa":"26/11/2021 12:11:52"}}"#,
        ),
        sample(
            "imprimirfactura",
            r#"{"IdFactura":4303567,"IdCobranza":"4224330"}"#,
            &Envelope {
                document: Some(super::convert::document(
                    "factura-4303567-4224330.pdf".to_owned(),
                    b"%PDF-1.7",
                )),
                ..Envelope::success("", wire::PRINTED)
            },
            r#"{"error":0,"status":1,"message":"","messageMostrar":0,"messageSistema":"","values":"Transacción realizada con exito","documento":{"nombre":"factura-4303567-4224330.pdf","tipo":"application/pdf","base64":"JVBERi0xLjc="}}"#,
        ),
        Sample {
            operation: "reportecobranzas",
            request: r#"{"Fecha":"2021-11-05"}"#,
            answer: report(),
            printed: r#"{"error":0,"status":1,"message":"","messageMostrar":0,"messageSistema":"","values":"Transacción realizada con éxito","reporte":{"fecha":"2021-11-05","cobranzas":[],"reversiones":[ROW],"pagadas":{"cantidad":0,"monto":"0.00"},"revertidas":{"cantidad":1,"monto":"145.70"},"neto":{"cantidad":-1,"monto":"-145.70"}}}"#,
        },
        sample(
            "revertirpago",
            r#"{"IdFactura":234234,"IdCobranza":23456422}"#,
            &Envelope::success(wire::REVERSED, wire::REVERSED_VALUES),
            r#"{"error":0,"status":1,"message":" Transacción realizada con éxito ","messageMostrar":0,"messageSistema":"","values":1}"#,
        ),
        sample(
            "consultarpago",
            r#"{"IdCobranza":"4224408"}"#,
            &Envelope::success("", [payment_row()]),
            r#"{"error":0,"status":1,"message":"","messageMostrar":0,"messageSistema":"","values":[ROW]}"#,
        ),
    ]
}

fn check(answer: &[u8], printed: &str, name: impl Display) {
    let printed = printed.replace("ROW", ROW);
    assert_eq!(str::from_utf8(answer).unwrap(), printed, "{name}");
}

#[test]
fn every_service_has_a_sample_that_reads_as_printed() {
    let samples = samples();
    let shown: Vec<_> = samples.iter().map(|sample| sample.operation).collect();
    let known: Vec<_> = OPERATIONS.iter().map(|operation| operation.name).collect();
    assert_eq!(shown, known);
    for sample in &samples {
        check(&sample.answer, sample.printed, sample.operation);
    }
}

#[tokio::test]
async fn every_sample_request_can_be_read() {
    let headers = HeaderMap::new();
    for sample in samples() {
        let body = sample.request.into();
        let fields = Fields::from_body(&headers, &body).await;
        assert!(fields.is_ok(), "{}", sample.operation);
    }
}

#[test]
fn a_refusal_reads_as_the_spec_says() {
    let none: Option<wire::Paid> = None;
    let refusal = Envelope::refusal("FACTURA_YA_PAGADA", "La factura ya está pagada.", none);
    let printed = r#"{"error":1,"status":0,"message":"La factura ya está pagada.","messageMostrar":0,"messageSistema":"FACTURA_YA_PAGADA","values":null}"#;
    check(&refusal.to_bytes(), printed, "refusal");
    let told = Envelope::refusal("FACTURA_YA_PAGADA", "La factura ya está pagada.", Some(paid()));
    let printed = r#"{"error":1,"status":0,"message":"La factura ya está pagada.","messageMostrar":0,"messageSistema":"FACTURA_YA_PAGADA","values":{"IdCobranza":"4224408","FechaPagoEmpresa":"26/11/2021 12:11:52"}}"#;
    check(&told.to_bytes(), printed, "told");
}
