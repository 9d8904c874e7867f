//! Texts that are long, or that mean something elsewhere: they are kept exactly or refused, and
//! never understood. Secrets that were sent never come back.

use serde_json::{Value, json};

use super::books::{
    Books, DEVELOPER, DEVELOPER_PASSWORD, USER, call, check_no_session, check_refused, key_of,
    shared, with_session,
};
use super::suppliers::{new_with, read, register, text_fields};
use super::{operations, post};

const LIST: &str = "Empresa.listar_empresa";
const SIGN_IN: &str = "Usuario.iniciar_sesion";

/// As long as a body lets a text be.
fn long_texts() -> [String; 4] {
    ["a".repeat(60_000), "ñ".repeat(30_000), "😀".repeat(15_000), " a".repeat(30_000)]
}

#[tokio::test]
async fn a_long_name_or_password_is_a_wrong_one() {
    let books = shared().await;
    for (at, text) in long_texts().into_iter().enumerate() {
        for (by, (developer, password)) in
            [(text.as_str(), DEVELOPER_PASSWORD), (DEVELOPER, text.as_str())]
                .into_iter()
                .enumerate()
        {
            let mut body = call(LIST, with_session(USER, json!({})));
            body["auth"] = json!({"usuario": developer, "password": password});
            let sent = post(body.to_string()).at_address(&format!("198.18.{by}.{at}"));
            assert_eq!(books.send_as(sent).await.value("/result/estado"), 602);
        }
        for parameters in [
            json!({"usuario": text, "password": "x"}),
            json!({"usuario": "larga", "password": text}),
        ] {
            let sent = post(call(SIGN_IN, parameters).to_string());
            let answer = books.send_as(sent.at_address(&format!("198.19.0.{at}"))).await;
            check_refused(&answer, "El usuario o la contraseña son incorrectos", "long");
        }
        for session in [
            json!({"usuario": text, "claveSesion": key_of(USER)}),
            json!({"usuario": USER, "claveSesion": text}),
        ] {
            let answer = books.send(call(LIST, json!({"sesion": session})).to_string()).await;
            check_no_session(&answer, LIST, "long");
        }
    }
}

/// Texts that mean something to a database, a page, a spreadsheet or a terminal, none of which is
/// longer than the shortest field.
const KEPT: [&str; 26] = [
    "' OR '1'='1",
    "'; DROP TABLE supplier; --",
    "\" OR \"\"=\"",
    "Robert'); DELETE FROM entry;--",
    "%' UNION SELECT password_hash FROM user --",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</textarea>&lt;b&gt;&amp;&#60;",
    "{{7*7}} ${7*7} #{7*7} %{7*7}",
    "=1+1",
    "=HYPERLINK(\"http://x.example\";\"x\")",
    "+1+1",
    "-1+1",
    "@SUM(A1:A9)",
    "a;b,c|d",
    "\"a\"\"b\"",
    "C:\\x\\..\\y",
    "../../etc/passwd",
    "\\u0000\\n",
    "null",
    "NaN",
    "[]",
    "{\"a\":1}",
    "\u{202e}abc\u{202c}\u{200f}\u{2066}",
    "e\u{301}\u{200b}\u{feff}x",
    "😀👩‍👩‍👧 ﷽ \u{10ffff}",
];

/// Control characters, inside a text.
const REFUSED: [&str; 9] = [
    "a\u{1}b",
    "a\nb",
    "a\r\nb",
    "a\tb",
    "a\u{1b}[31mb",
    "a\u{7f}b",
    "a\u{85}b",
    "a\u{8}b",
    "a\u{9f}b",
];

#[tokio::test]
async fn a_text_that_means_something_elsewhere_is_kept_exactly() {
    let books = Books::open().await;
    for text in KEPT {
        let said: Vec<_> = text_fields().map(|field| (field, json!(text))).collect();
        let row = read(&books, &register(&books, new_with(&said)).await).await;
        for field in text_fields() {
            assert_eq!(row[field], text, "{field}");
        }
        let filter = json!({"field": "Email", "op": "=", "value": text});
        let asked = json!({"idEmpresa": "98", "filter": [filter]});
        let listed = books.done("Proveedor.listar_proveedor", asked).await;
        assert_eq!(listed["total"], "1", "{text}");
    }
}

#[tokio::test]
async fn a_control_character_is_refused_in_every_text() {
    let books = Books::open().await;
    let before = books.stored();
    for field in text_fields() {
        for text in REFUSED {
            let sentence = format!("El parámetro {field} no tiene una forma válida.");
            let new = new_with(&[(field, json!(text))]);
            books.refused("Proveedor.alta_proveedor", new, &sentence).await;
            let mut edit = json!({"idEmpresa": "98", "idProveedor": "91694"});
            edit[field] = json!(text);
            books.refused("Proveedor.editar_proveedor", edit, &sentence).await;
        }
    }
    assert_eq!(books.stored(), before);
}

#[tokio::test]
async fn what_no_text_can_be_is_no_request() {
    let books = Books::open().await;
    let before = books.stored();
    for escape in ["\\u0000", "a\\u0000b", "\\ud800", "\\udc00x", "\u{0}", "\u{1}", "\n"] {
        for field in text_fields().chain(["CUIT", "Activo", "idEmpresa", "color"]) {
            let new = new_with(&[(field, json!("HERE"))]);
            let body = call("Proveedor.alta_proveedor", with_session(USER, new)).to_string();
            let answer = books.send(body.replace("HERE", escape)).await;
            assert_eq!(answer.value("/result/estado"), 101, "{field} {escape:?}");
        }
    }
    assert_eq!(books.stored(), before);
}

/// The forms that a parameter may have around a text.
fn forms(parameter: &str, text: &str) -> Vec<Value> {
    if !["filter", "order"].contains(&parameter) {
        return vec![json!(text), json!([text]), json!({"a": text})];
    }
    vec![
        json!(text),
        json!([text]),
        json!({"field": text, "op": "=", "value": "x"}),
        json!([{"field": "RazonSocial", "op": text, "dir": "ASC"}]),
        json!([{"field": "RazonSocial", "op": "=", "value": text}]),
        json!({"field": ["RazonSocial"], "dir": text}),
    ]
}

#[tokio::test]
async fn no_text_in_any_parameter_breaks_an_operation() {
    let books = Books::open().await;
    let long = long_texts();
    let texts = KEPT.iter().chain(&REFUSED).copied().chain(long.iter().map(String::as_str));
    let texts: Vec<&str> = texts.collect();
    // A wrong password is slow to try, on purpose.
    let samples = operations::samples().filter(|(operation, _)| *operation != SIGN_IN);
    for (operation, sample) in samples {
        let mut names: Vec<&str> = sample.as_object().unwrap().keys().map(String::as_str).collect();
        names.extend(["start", "limit", "filter", "order", "color"]);
        let pairs = names.iter().flat_map(|name| texts.iter().map(move |text| (*name, *text)));
        for (name, value) in pairs
            .flat_map(|(name, text)| forms(name, text).into_iter().map(move |value| (name, value)))
        {
            let mut parameters = sample.clone();
            parameters[name] = value.clone();
            let answer = books.call(USER, operation, parameters).await;
            let shown = value.to_string();
            let shown = &shown[..shown.floor_char_boundary(80)];
            assert_eq!(answer.value("/result/estado"), 0, "{operation} {name} {shown}");
        }
    }
    books.stored();
}

#[tokio::test]
async fn a_secret_that_was_sent_never_comes_back() {
    let books = shared().await;
    let (text, key) = ("SECRETO-QUE-NO-VUELVE", "5ec2e70f5ec2e70f5ec2e70f5ec2e70f");
    for secret in [text, key] {
        for secret in [json!(secret), json!([secret]), json!({"usuario": secret})] {
            let mut by_developer = call(LIST, with_session(USER, json!({})));
            by_developer["auth"]["password"] = secret.clone();
            let by_user = call(SIGN_IN, json!({"usuario": "callada", "password": secret}));
            let session = json!({"usuario": USER, "claveSesion": secret});
            let by_session = call(LIST, json!({"sesion": session, "password": secret}));
            for body in [by_developer, by_user, by_session] {
                let sent = post(body.to_string()).at_address("198.51.100.77");
                let answer = books.send_as(sent).await;
                assert!(answer.value("/response/success") != true, "{}", answer.body);
                for secret in [text, key] {
                    assert!(!answer.body.contains(secret), "{}", answer.body);
                }
            }
        }
    }
}

#[tokio::test]
async fn the_key_of_a_session_is_told_once() {
    let books = Books::open().await;
    let key = books.log_in(USER).await;
    for (operation, mut parameters) in operations::samples() {
        parameters["sesion"] = json!({"usuario": USER, "claveSesion": key});
        let answer = books.send(call(operation, parameters).to_string()).await;
        assert!(!answer.body.contains(&key), "{operation}: {}", answer.body);
    }
}
