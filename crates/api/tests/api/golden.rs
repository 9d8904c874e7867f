//! The document's own exchanges, byte for byte, in its order.

use crate::world::{Sent, World};

/// Service, body, answer. The token's section is missing from the document.
const EXCHANGES: [(&str, &str, &str); 6] = [
    (
        "buscarcliente",
        r#"{"Contrato":"345"}"#,
        r#"{"error":0,"status":1,"message":"","messageMostrar":0,"messageSistema":"","values":[{"Nombre":"Rivas La Fuente Valentin","Factura":4294633,"NumDoc":"","TipoDocumento":"","Nit":"","Direccion":"","estado":1,"CodUbicacion":24532}]}"#,
    ),
    (
        "consultardeuda",
        r#"{"Contrato":"345"}"#,
        r#"{"error":0,"status":1,"message":"","messageMostrar":0,"messageSistema":"","values":[{"ID":316,"Nombre":"Rivas La Fuente Valentin","CodUbicacion":14207,"periodo":"202110","factura":4294633,"montoTotal":"136.76","estado":1},{"ID":316,"Nombre":"Rivas La Fuente Valentin","CodUbicacion":14207,"periodo":"202111","factura":4325535,"montoTotal":"136.78","estado":1}]}"#,
    ),
    (
        "realizarpago",
        r#"{"IdFactura":4303567,"Periodo":"202110","Contrato":"315","Monto":145.7,"IdAsociado":"12394"}"#,
        r#"{"error":0,"status":1,"message":"Transaccion realizada con exito","messageMostrar":0,"messageSistema":"","values":{"IdCobranza":"4224408","FechaPagoEmpresa":"26/11/2021 12:11:52"}}"#,
    ),
    (
        "imprimirfactura",
        r#"{"IdFactura":4303567,"IdCobranza":"4224330"}"#,
        r#"{"error":0,"status":1,"message":"","messageMostrar":0,"messageSistema":"","values":"Transacción realizada con exito"}"#,
    ),
    (
        "reportecobranzas",
        r#"{"Fecha":"2021-11-05"}"#,
        r#"{"error":0,"status":1,"message":"","messageMostrar":0,"messageSistema":"","values":"Transacción realizada con éxito","reporte":{"fecha":"2021-11-05","cobranzas":[],"reversiones":[],"pagadas":{"cantidad":0,"monto":"0.00"},"revertidas":{"cantidad":0,"monto":"0.00"},"neto":{"cantidad":0,"monto":"0.00"}}}"#,
    ),
    (
        "revertirpago",
        r#"{"IdFactura":234234,"IdCobranza":23456422}"#,
        r#"{"error":0,"status":1,"message":" Transacción realizada con éxito ","messageMostrar":0,"messageSistema":"","values":1}"#,
    ),
];

/// The printed answer, and after it at most what is ours: another member of the envelope.
fn check(answer: &str, printed: &str, asked: &str) {
    let added = answer.strip_prefix(printed.strip_suffix('}').unwrap());
    let added = added.unwrap_or_else(|| panic!("{asked}: {answer}"));
    let is_printed_alone = asked != "imprimirfactura";
    assert_eq!(added == "}", is_printed_alone, "{asked}: {answer}");
    assert!(is_printed_alone || added.starts_with(",\"documento\":{"), "{asked}: {answer}");
}

#[tokio::test]
async fn the_documents_examples_are_answered_byte_for_byte() {
    let world = World::demo().await;
    for (service, body, printed) in EXCHANGES {
        let answer = world.check(service, body, "").await;
        check(&answer.body, printed, service);
    }
}

#[tokio::test]
async fn the_document_s_examples_work_as_forms_too() {
    for media_type in ["application/x-www-form-urlencoded", "multipart/form-data; boundary=XX"] {
        let world = World::demo().await;
        for (service, body, printed) in EXCHANGES {
            let fields: serde_json::Map<String, serde_json::Value> =
                serde_json::from_str(body).unwrap();
            let pairs = fields.iter().map(|(name, value)| {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                (name.as_str(), value)
            });
            let body = if media_type.starts_with("multipart") {
                let parts = pairs.map(|(name, value)| {
                    format!(
                        "--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
                    )
                });
                parts.collect::<String>() + "--XX--\r\n"
            } else {
                let pairs = pairs.map(|(name, value)| format!("{name}={value}"));
                pairs.collect::<Vec<_>>().join("&")
            };
            let answer = world.send(&Sent::to(service).body(media_type, body)).await;
            answer.check("", service);
            check(&answer.body, printed, service);
        }
    }
}

#[tokio::test]
async fn a_token_is_a_bare_string_with_its_lifetime() {
    let world = World::demo().await;
    let body = r#"{"CodSeguridad":"DEMO-COOPLAN","Login":"demo","Pwd":"demo-cooplan"}"#;
    for path in ["token", "login", "Token/", "LOGIN/"] {
        let answer = world.send(&Sent::to(path).without_token().json(body)).await;
        answer.check("", path);
        let token = answer.value("values");
        let printed = format!(
            r#"{{"error":0,"status":1,"message":"","messageMostrar":0,"messageSistema":"","values":{token},"expira":28800}}"#
        );
        assert_eq!(answer.body, printed);
        assert_eq!(token.as_str().unwrap().len(), 64);
    }
}
