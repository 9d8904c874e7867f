//! Texts that mean something to a database, a page, a sheet or a terminal, in every field of every service: each
//! request has one answer in the envelope, no defect, and nothing of the text in it.

use serde_json::{Value, json};

use super::SERVICES;
use crate::world::{MEDIA_TYPES, Sent, World};

const TEXTS: [&str; 22] = [
    "' OR '1'='1",
    "'; DROP TABLE bill; --",
    "\" OR \"\"=\"",
    "345' UNION SELECT secret FROM collector --",
    "345%00",
    "345\u{0}",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "{{7*7}} ${7*7} %{7*7} %s%n%x",
    "=HYPERLINK(\"http://x.example\")",
    "../../../etc/passwd",
    "$(touch x) `touch x` | touch x",
    "a\r\nX-Forged: 1\r\n\r\n<html>",
    "a\n2026-01-01T00:00:00Z ERROR forged",
    "\u{1b}[2J\u{1b}]0;x\u{7}",
    "\u{202e}543\u{202c}",
    "\u{feff}345",
    "３４５",
    "٣٤٥",
    "1e9999",
    "-9223372036854775809",
    "0x159",
];

/// A text in the forms that a value may have.
fn forms(text: &str) -> [Value; 4] {
    [json!(text), json!([text]), json!({ "a": text }), json!(text.repeat(200))]
}

#[tokio::test]
async fn no_text_in_any_field_breaks_a_service_or_comes_back() {
    let world = World::demo().await;
    for service in &SERVICES {
        let sample = service.sample();
        for name in sample.as_object().unwrap().keys() {
            for (text, value) in
                TEXTS.iter().flat_map(|text| forms(text).map(move |value| (text, value)))
            {
                let mut body = sample.clone();
                body[name] = value;
                // Whoever pays must not pay twice.
                body["Monto"] = json!("0.01");
                let answer = world.call(service.name, &body.to_string()).await;
                let shown = format!("{} {name} {}", service.name, text.escape_debug());
                assert_eq!(answer.status, 200, "{shown}: {}", answer.body);
                let code = answer.value("messageSistema");
                assert!(!code.as_str().unwrap().starts_with("ERROR"), "{shown}: {code}");
                assert!(!answer.body.contains(text), "{shown}: {}", answer.body);
                assert!(!answer.headers.contains_key("x-forged"), "{shown}");
            }
        }
    }
    assert!(world.service.verify().unwrap().findings.is_empty());
}

#[tokio::test]
async fn no_body_of_any_form_breaks_a_service() {
    let world = World::demo().await;
    let deep = format!("{}1{}", "[".repeat(30_000), "]".repeat(30_000));
    let large = "x".repeat(65_536);
    let bodies: [&[u8]; 9] = [
        b"",
        b"\xff\xfe\x00\x01",
        b"Contrato=%FF%00&Contrato=2",
        b"--X\r\nContent-Disposition: form-data; name=\"Contrato\"\r\n\r\n345",
        b"{\"Contrato\":\"345\",\"Contrato\":\"346\"}",
        b"{\"Contrato\":1e400,\"__proto__\":{\"a\":1}}",
        b"<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>",
        deep.as_bytes(),
        large.as_bytes(),
    ];
    for service in &SERVICES {
        for (body, media_type) in
            bodies.iter().flat_map(|body| MEDIA_TYPES.map(|media_type| (body, media_type)))
        {
            let sent = Sent::to(service.name).body(media_type, *body);
            let answer = world.send(&sent).await;
            let shown = String::from_utf8_lossy(&body[..body.len().min(40)]);
            assert_eq!(answer.status, 200, "{} {media_type} {shown}", service.name);
            assert_eq!(answer.value("error"), 1, "{} {media_type} {shown}", service.name);
            assert!(!answer.body.contains("root:"), "{}", answer.body);
        }
    }
}
