//! Imprimir Factura and Reporte Cobranzas as files.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ventanilla_domain::FileKind;

use crate::world::{Answer, Sent, World, import, pay_body};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The document's own request to print.
const PRINT: &str = r#"{"IdFactura":4303567,"IdCobranza":"4224330"}"#;

async fn accepted(world: &World, service: &str, body: &str, accept: &str) -> Answer {
    world.send(&Sent::to(service).header("accept", accept).json(body)).await
}

fn document(answer: &Answer) -> Vec<u8> {
    STANDARD.decode(answer.value("/documento/base64").as_str().unwrap()).unwrap()
}

fn check_file(answer: &Answer, media_type: &str, name: &str) {
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header("content-type"), Some(media_type));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let disposition = format!("attachment; filename=\"{name}\"");
    assert_eq!(answer.header("content-disposition"), Some(disposition.as_str()));
}

#[tokio::test]
async fn an_invoice_comes_in_the_envelope_or_by_itself() {
    let world = World::demo().await;
    let answer = world.check("imprimirfactura", PRINT, "").await;
    assert_eq!(answer.value("/documento/nombre"), "factura-4303567-4224330.pdf");
    assert_eq!(answer.value("/documento/tipo"), "application/pdf");
    let pdf = document(&answer);
    assert!(pdf.starts_with(b"%PDF-1.7\n"));
    let file = accepted(&world, "imprimirfactura", PRINT, "application/pdf").await;
    check_file(&file, "application/pdf", "factura-4303567-4224330.pdf");
    assert!(file.bytes == pdf, "the same bytes both ways");
    assert!(document(&world.check("imprimirfactura", PRINT, "").await) == pdf, "and every time");
    for accept in ["*/*", "application/json, */*", "text/html, application/xml;q=0.9"] {
        accepted(&world, "imprimirfactura", PRINT, accept).await.check("", accept);
    }
}

#[tokio::test]
async fn an_invoice_is_printed_on_the_paper_that_is_asked_for() {
    let world = World::demo().await;
    let on =
        |paper: &str| format!("{},\"Formato\":\"{paper}\"}}", PRINT.strip_suffix('}').unwrap());
    let page = document(&world.check("imprimirfactura", PRINT, "").await);
    for (paper, is_page) in [("a4", true), ("A4", true), ("rollo", false), ("Rollo", false)] {
        let pdf = document(&world.check("imprimirfactura", &on(paper), "").await);
        assert_eq!(pdf == page, is_page, "{paper}");
    }
    let code = "PARAMETRO_INVALIDO: Formato";
    world.check("imprimirfactura", &on("carta"), code).await;
}

#[tokio::test]
async fn a_refusal_is_an_envelope_whatever_is_accepted() {
    let world = World::demo().await;
    let unknown = r#"{"IdFactura":4303567,"IdCobranza":"1"}"#;
    let answer = accepted(&world, "imprimirfactura", unknown, "application/pdf").await;
    answer.check("COBRANZA_NO_EXISTE", unknown);
    let other = r#"{"IdFactura":234234,"IdCobranza":"4224330"}"#;
    let answer = accepted(&world, "imprimirfactura", other, "application/pdf").await;
    answer.check("COBRANZA_FACTURA_NO_COINCIDE", other);
    let foreign = Sent::to("imprimirfactura").by_other().header("accept", "application/pdf");
    world.send(&foreign.json(PRINT)).await.check("COBRANZA_NO_EXISTE", "another collector's");
    for accept in ["text/csv", XLSX, "application/pdf"] {
        let answer = accepted(&world, "reportecobranzas", r#"{"Fecha":"ayer"}"#, accept).await;
        answer.check("PARAMETRO_INVALIDO: Fecha", accept);
        let nobody = Sent::to("reportecobranzas").without_token().header("accept", accept);
        let answer = world.send(&nobody.json(r#"{"Fecha":"2021-11-26"}"#)).await;
        answer.check_status(401, "TOKEN_REQUERIDO", accept);
    }
}

#[tokio::test]
async fn a_reprint_is_the_same_years_later() {
    let mut world = World::demo().await;
    world.set("issuer.name=Cooplan Ltda., issuer.tax_id=1023245028").await.unwrap();
    let bill = "factura,contrato,periodo,monto,nro_fiscal,autorizacion,codigo_control,emision,\
                base_credito_fiscal,ice_tasas,no_gravado,no_sujeto,descuentos,detalle\n\
                8800,700,202111,50.00,77,29040011007,7B-F3-48,05/11/2021,50.00,0.00,0.00,0.00,0.00,\
                Agua=60.00|Descuento Ley 1886=-10.00\n";
    import(&world.service, FileKind::Bills, bill).await;
    let payment = world.pay(8800, "700", 202_111, "50").await;
    let body = format!(r#"{{"IdFactura":8800,"IdCobranza":"{payment}"}}"#);
    let first = document(&world.check("imprimirfactura", &body, "").await);

    let members = "contrato,nombre,socio_id,nit,direccion\n700,Otro Nombre,700,999,Otra calle\n";
    import(&world.service, FileKind::Members, members).await;
    world
        .set("issuer.name=Otra, issuer.tax_id=1, issuer.public_url=https://otra.example")
        .await
        .unwrap();
    world.set_clock("2031-11-26T16:11:52Z");
    world.log_in_anew().await;
    assert!(document(&world.check("imprimirfactura", &body, "").await) == first);
}

#[tokio::test]
async fn a_reversed_payment_is_printed_otherwise() {
    let world = World::demo().await;
    let payment = world.pay(7001, "700", 202_109, "10").await;
    let body = format!(r#"{{"IdFactura":7001,"IdCobranza":"{payment}"}}"#);
    let standing = document(&world.check("imprimirfactura", &body, "").await);
    world.check("revertirpago", &body, "").await;
    let stamped = document(&world.check("imprimirfactura", &body, "").await);
    assert!(stamped != standing);
    assert!(document(&world.check("imprimirfactura", &body, "").await) == stamped);
}

#[tokio::test]
async fn a_report_comes_as_the_file_that_is_accepted() {
    let world = World::demo().await;
    let more = r#","IdTransaccion":"=k-1","Cajero":"ana""#;
    world.check("realizarpago", &pay_body(7001, "0700", 202_109, "10", more), "").await;
    let second = world.pay(7002, "700", 202_110, "20").await;
    let reverse = format!(r#"{{"IdFactura":7002,"IdCobranza":"{second}"}}"#);
    world.check("revertirpago", &reverse, "").await;
    let body = r#"{"Fecha":"2021-11-26"}"#;
    let csv = accepted(&world, "reportecobranzas", body, "text/csv").await;
    check_file(&csv, "text/csv; charset=utf-8", "cobranzas-2021-11-26.csv");
    let printed = "\u{FEFF}Tipo;IdCobranza;IdFactura;Contrato;Nombre;Periodo;Monto;FechaPagoEmpresa;\
        Estado;FechaReversion;IdAsociado;IdTransaccion;Sucursal;Cajero;Terminal;MedioPago;FechaCobro\r\n\
        cobranza;4224408;7001;700;Peña Ortiz Íñigo;202109;10,00;26/11/2021 12:11:52;2;;;'=k-1;;ana;;;\r\n\
        cobranza;4224409;7002;700;Peña Ortiz Íñigo;202110;20,00;26/11/2021 12:11:52;3;\
        26/11/2021 12:11:52;;;;;;;\r\n\
        reversion;4224409;7002;700;Peña Ortiz Íñigo;202110;-20,00;26/11/2021 12:11:52;3;\
        26/11/2021 12:11:52;;;;;;;\r\n";
    assert_eq!(csv.body, printed);
    let xlsx = accepted(&world, "reportecobranzas", body, XLSX).await;
    check_file(&xlsx, XLSX, "cobranzas-2021-11-26.xlsx");
    assert!(xlsx.bytes.starts_with(b"PK\x03\x04"));
    let pdf = accepted(&world, "reportecobranzas", body, "application/pdf").await;
    check_file(&pdf, "application/pdf", "cobranzas-2021-11-26.pdf");
    assert!(pdf.bytes.starts_with(b"%PDF-1.7\n") && pdf.bytes.ends_with(b"%%EOF\n"));
    let length = |answer: &Answer| answer.header("content-length").map(str::to_owned);
    assert!(
        [csv, xlsx, pdf]
            .iter()
            .all(|answer| length(answer).is_some_and(|told| told == answer.bytes.len().to_string()))
    );
}

#[tokio::test]
async fn a_day_without_rows_is_a_file_too() {
    let world = World::demo().await;
    for accept in ["text/csv", XLSX, "application/pdf"] {
        let body = r#"{"Fecha":"2021-11-05"}"#;
        let answer = accepted(&world, "reportecobranzas", body, accept).await;
        assert_eq!(answer.status, 200, "{accept}");
        assert!(!answer.bytes.is_empty() && !answer.body.contains("\"error\""), "{accept}");
    }
}
