//! Every field of every service: its forms, and the order in which fields are read.

use crate::world::{Sent, World, pay_body, printed_payment};

type Given = &'static [(&'static str, &'static str)];

/// The fields of each service in the order of the checks, with a value of each; the number of
/// those that are required comes first.
const FIELDS: [(&str, usize, Given); 6] = [
    ("token", 3, &[("CodSeguridad", "DEMO-COOPLAN"), ("Login", "demo"), ("Pwd", "demo-cooplan")]),
    ("consultardeuda", 1, &[("Contrato", "345")]),
    (
        "realizarpago",
        4,
        &[
            ("IdFactura", "4303567"),
            ("Periodo", "202110"),
            ("Contrato", "315"),
            ("Monto", "145.70"),
            ("IdAsociado", "12394"),
            ("IdTransaccion", "k-1"),
            ("Sucursal", "Centro"),
            ("Cajero", "ana"),
            ("Terminal", "t1"),
            ("MedioPago", "efectivo"),
            ("FechaCobro", "2021-11-26 12:10"),
        ],
    ),
    (
        "imprimirfactura",
        2,
        &[("IdFactura", "4303567"), ("IdCobranza", "4224330"), ("Formato", "rollo")],
    ),
    ("reportecobranzas", 1, &[("Fecha", "2021-11-05")]),
    (
        "revertirpago",
        2,
        &[
            ("IdFactura", "234234"),
            ("IdCobranza", "23456422"),
            ("Motivo", "error"),
            ("IdTransaccion", "r-1"),
        ],
    ),
];

const BAD_TEXT: &str = r#"["nested"]"#;

fn body(fields: &[(&str, String)]) -> String {
    let pairs: Vec<_> = fields.iter().map(|(name, json)| format!("\"{name}\":{json}")).collect();
    format!("{{{}}}", pairs.join(","))
}

/// Fields up to `at` are well, the one at `at` is `json`, and all after it are nested values.
fn broken_from<'a>(fields: &[(&'a str, &str)], at: usize, json: Option<&str>) -> String {
    let given = fields.iter().enumerate().filter_map(|(index, (name, value))| {
        let json = match index.cmp(&at) {
            std::cmp::Ordering::Less => Some(format!("{value:?}")),
            std::cmp::Ordering::Equal => json.map(str::to_owned),
            std::cmp::Ordering::Greater => Some(BAD_TEXT.to_owned()),
        };
        Some((*name, json?))
    });
    // In reverse, so that the order of the checks is not the order of the body.
    body(&given.collect::<Vec<(&'a str, String)>>().into_iter().rev().collect::<Vec<_>>())
}

#[tokio::test]
async fn each_field_is_checked_before_the_next_is_read() {
    let world = World::demo().await;
    for (service, required_len, fields) in FIELDS {
        for (at, (name, _)) in fields.iter().enumerate() {
            let missing = if at < required_len {
                format!("PARAMETRO_REQUERIDO: {name}")
            } else {
                // An optional field that is missing leaves the next one to be read.
                fields
                    .get(at + 1)
                    .map_or(String::new(), |(next, _)| format!("PARAMETRO_INVALIDO: {next}"))
            };
            if !missing.is_empty() {
                for absent in [None, Some("null"), Some("\"\""), Some("\" \\t \"")] {
                    world.check(service, &broken_from(fields, at, absent), &missing).await;
                }
            }
            let malformed = format!("PARAMETRO_INVALIDO: {name}");
            for json in ["true", "false", "[]", "{}", BAD_TEXT] {
                world.check(service, &broken_from(fields, at, Some(json)), &malformed).await;
            }
        }
        let well = fields.iter().map(|(name, value)| (*name, format!("{value:?}")));
        world.check(service, &body(&well.collect::<Vec<_>>()), "").await;
    }
}

/// Sends the document's payment with one field as given, in all three forms of a body. The
/// answers of a form that is taken are business answers.
async fn check_payment_field(world: &World, name: &str, json: &str, is_taken: bool) {
    let mut fields = vec![
        ("IdFactura", "999".to_owned()),
        ("Periodo", "202110".to_owned()),
        ("Contrato", "\"315\"".to_owned()),
        ("Monto", "145.7".to_owned()),
        ("IdAsociado", "\"12394\"".to_owned()),
    ];
    fields.retain(|(known, _)| *known != name);
    fields.push((name, json.to_owned()));
    let code = if is_taken {
        if name == "IdFactura" { "" } else { "FACTURA_NO_EXISTE" }.to_owned()
    } else {
        format!("PARAMETRO_INVALIDO: {name}")
    };
    let text =
        |json: &str| serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned());
    let form: Vec<_> =
        fields.iter().map(|(name, json)| format!("{name}={}", escaped(&text(json)))).collect();
    let parts = fields.iter().map(|(name, json)| {
        format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{}\r\n", text(json))
    });
    let sents = [
        Sent::to("realizarpago").json(&body(&fields)),
        Sent::to("realizarpago").body("application/x-www-form-urlencoded", form.join("&")),
        Sent::to("realizarpago")
            .body("multipart/form-data; boundary=XX", parts.collect::<String>() + "--XX--"),
    ];
    for sent in sents {
        let answer = world.send(&sent).await;
        let told = answer.value("messageSistema");
        if code.is_empty() {
            assert!(!told.as_str().unwrap().starts_with("PARAMETRO"), "{name} {json}: {told}");
        } else {
            answer.check(&code, &format!("{name} {json}"));
        }
    }
}

fn escaped(text: &str) -> String {
    let escape = |byte: u8| {
        if byte.is_ascii_alphanumeric() {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.bytes().map(escape).collect()
}

async fn check_forms(name: &str, taken: &[&str], refused: &[&str]) {
    let world = World::demo().await;
    for json in taken {
        check_payment_field(&world, name, json, true).await;
    }
    for json in refused {
        check_payment_field(&world, name, json, false).await;
    }
}

#[tokio::test]
async fn an_amount_has_its_forms() {
    check_forms(
        "Monto",
        &[
            "145.7",
            "145.70",
            "145",
            "\"145.7\"",
            "\" 145.70 \"",
            "194.66000000000003",
            "0.01",
            "0.28999999999999998",
            "1000000000.00",
            "\"0145.7\"",
        ],
        &[
            "-1",
            "0",
            "0.00",
            "0.001",
            "1e2",
            "1E+2",
            "145.701",
            "1000000000.01",
            "92233720368547758.08",
            "\"136,76\"",
            "\"1.000,00\"",
            "\"1,000.00\"",
            "\"+1\"",
            "\"NaN\"",
            "\"0x10\"",
            "\"١٣٦\"",
            "\"145.\"",
            "\".7\"",
            "\"Bs 145.70\"",
            "\"1 000\"",
            "\"Infinity\"",
        ],
    )
    .await;
    let world = World::demo().await;
    for digit in ["1", "9", "0"] {
        check_payment_field(&world, "Monto", &format!("\"{}\"", digit.repeat(10_000)), false).await;
    }
    check_payment_field(&world, "Monto", &"9".repeat(10_000), false).await;
}

#[tokio::test]
async fn a_period_has_its_forms() {
    check_forms(
        "Periodo",
        &["202110", "\"202110\"", "\"2021-10\"", "\"2021-10 \"", "\"2021/10\"", "\"10/2021\""],
        &[
            "202113",
            "202100",
            "20211",
            "-202110",
            "202110.0",
            "\"2021\"",
            "\"2021-1\"",
            "\"1/2021\"",
            "\"octubre 2021\"",
            "\"13/2021\"",
            "\"2021-10-01\"",
            "\"٢٠٢١١٠\"",
        ],
    )
    .await;
}

#[tokio::test]
async fn an_id_has_its_forms() {
    check_forms(
        "IdFactura",
        &["4303567", "\"4303567\"", "\" 4303567 \"", "9007199254740991", "\"0004303567\""],
        &[
            "0",
            "-1",
            "1.5",
            "1.0",
            "1e3",
            "9007199254740992",
            "99999999999999999999",
            "\"abc\"",
            "\"4303567a\"",
            "\"+1\"",
            "\"4.303.567\"",
            "\"٤\"",
            "\"0x1\"",
        ],
    )
    .await;
    let world = World::demo().await;
    let body = |id: &str| format!("{{\"IdFactura\":4303567,\"IdCobranza\":{id}}}");
    for id in ["4224330", "\"4224330\"", "\" 4224330 \""] {
        world.check("imprimirfactura", &body(id), "").await;
    }
    for id in ["0", "-1", "1.5", "\"x\"", "9007199254740992", "true"] {
        for service in ["imprimirfactura", "revertirpago"] {
            world.check(service, &body(id), "PARAMETRO_INVALIDO: IdCobranza").await;
        }
        let body = format!("{{\"IdCobranza\":{id}}}");
        world.check("consultarpago", &body, "PARAMETRO_INVALIDO: IdCobranza").await;
    }
}

#[tokio::test]
async fn texts_have_their_lengths_and_no_control_characters() {
    let quoted = |text: &str| format!("{text:?}");
    for (name, len_max) in [
        ("Contrato", 32),
        ("IdAsociado", 64),
        ("Sucursal", 64),
        ("Cajero", 64),
        ("Terminal", 64),
        ("MedioPago", 64),
    ] {
        let (longest, longer) = (quoted(&"ñ".repeat(len_max)), quoted(&"ñ".repeat(len_max + 1)));
        check_forms(name, &["345", "\"0345\"", &longest], &[&longer, r#""a\nb""#, r#""a\u007fb""#])
            .await;
    }
    check_forms(
        "IdTransaccion",
        &["1", &quoted(&"k".repeat(64)), "\"a b/~!\""],
        &[&quoted(&"k".repeat(65)), "\"ñ\"", r#""a\tb""#],
    )
    .await;
}

#[tokio::test]
async fn a_collection_time_has_its_forms() {
    check_forms(
        "FechaCobro",
        &[
            "\"2021-11-26\"",
            "20211126",
            "\"26/11/2021\"",
            "\"26/11/2021 12:11:52\"",
            "\"2021-11-26T12:11\"",
            "\"2021-11-26 12:11\"",
        ],
        &[
            "\"2021-02-30\"",
            "\"26/13/2021\"",
            "\"2021-11-26 25:00\"",
            "\"2021-11-26T12:11:52Z\"",
            "\"ayer\"",
            "1637929912",
        ],
    )
    .await;
}

#[tokio::test]
async fn a_day_has_its_forms() {
    let world = World::demo().await;
    for day in ["\"2021-11-05\"", "20211105", "\"20211105\"", "\"05/11/2021\"", "\" 2021-11-05 \""]
    {
        let answer = world.check("reportecobranzas", &format!("{{\"Fecha\":{day}}}"), "").await;
        assert_eq!(answer.value("/reporte/fecha"), "2021-11-05");
    }
    for day in [
        "\"2021-02-30\"",
        "\"30/02/2021\"",
        "\"2021-13-01\"",
        "\"05-11-2021\"",
        "\"5/11/2021\"",
        "\"2021/11/05\"",
        "\"2021-11-05T00:00:00\"",
        "\"hoy\"",
        "2021",
        "-20211105",
        "20211105.0",
        "\"0000-01-01\"",
        "false",
    ] {
        world
            .check("reportecobranzas", &format!("{{\"Fecha\":{day}}}"), "PARAMETRO_INVALIDO: Fecha")
            .await;
    }
}

#[tokio::test]
async fn a_paper_is_a4_or_a_roll() {
    let world = World::demo().await;
    for (paper, code) in [
        ("\"a4\"", ""),
        ("\"A4\"", ""),
        ("\"rollo\"", ""),
        ("null", ""),
        ("\"\"", ""),
        ("\"carta\"", "PARAMETRO_INVALIDO: Formato"),
        ("4", "PARAMETRO_INVALIDO: Formato"),
    ] {
        let body =
            format!("{{\"IdFactura\":4303567,\"IdCobranza\":\"4224330\",\"Formato\":{paper}}}");
        world.check("imprimirfactura", &body, code).await;
    }
}

#[tokio::test]
async fn numbers_may_come_as_texts_and_texts_as_numbers() {
    let world = World::demo().await;
    let body = r#"{"IDFACTURA":" 4303567 ","periodo":202110,"contrato":315,"MONTO":"145.70","idasociado":12394}"#;
    let answer = world.check("realizarpago", body, "").await;
    assert_eq!(answer.payment(), "4224408");
    let again = world.check("realizarpago", &printed_payment(""), "FACTURA_YA_PAGADA").await;
    assert_eq!(again.payment(), "4224408");
}

#[tokio::test]
async fn an_amount_is_never_a_float() {
    let world = World::demo().await;
    for (amount, code) in [
        ("20.000000000000004", ""),
        ("19.999999999999996", "FACTURA_YA_PAGADA"),
        ("20.01", "FACTURA_YA_PAGADA"),
        ("20.009", "PARAMETRO_INVALIDO: Monto"),
    ] {
        world.check("realizarpago", &pay_body(7002, "700", 202_110, amount, ""), code).await;
    }
    for amount in ["19.99", "20.01", "2000", "0.01"] {
        world
            .check("realizarpago", &pay_body(7003, "700", 202_110, amount, ""), "MONTO_NO_COINCIDE")
            .await;
    }
}
