//! No secret leaks: credentials that nothing else looks like go through good and bad requests and every
//! command that lists something, and then are looked for wherever somebody may read.

mod finder;
mod left;

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::common::accountant::{PATH, post};
use crate::common::{
    Client, Credentials, Installation, PATIENCE, Server, connect, run, with_bills,
};
use crate::faults::fail_syncs;
use finder::{Canary, Heard, base64, to_joined};

/// The password of user `ana`, and the MD5 of it that its wire takes as well.
const PASSWORD: &str = "SujetoDePruebaContraseña";
const PASSWORD_MD5: &str = "d0edfe89f30a78ef45ab9a22bd0f826b";

/// What somebody may send by mistake is nearly a secret: it is nobody's to read either.
const WRONG_CODE: &str = "CANARIO-CODIGO-EQUIVOCADO";
const WRONG_PWD: &str = "Canario Pwd/Equivocado+ñandú";
const WRONG_TOKEN: &str = "ca4a510ca4a510ca4a510ca4a510ca4a510ca4a510ca4a510ca4a510ca4a5100";
const WRONG_SESSION: &str = "5e5104ca4a5105e5104ca4a5105e5104";

/// Sends bytes on a connection of its own; what came back, if anything.
fn send(address: SocketAddr, request: &str) -> String {
    let mut stream = connect(address).unwrap();
    let mut answer = Vec::new();
    // A server that has read enough may close before all is sent.
    stream.write_all(request.as_bytes()).ok();
    stream.read_to_end(&mut answer).ok();
    String::from_utf8_lossy(&answer).into_owned()
}

fn request(head: &str, body: &str) -> String {
    let len = body.len();
    format!("{head}\r\nHost: x\r\nConnection: close\r\nContent-Length: {len}\r\n\r\n{body}")
}

fn form(words: &[(&str, &str)]) -> String {
    let encode = |text: &str| to_joined(text.as_bytes(), "", |byte| format!("%{byte:02X}"));
    let pairs = words.iter().map(|(name, word)| format!("{name}={}", encode(word)));
    pairs.collect::<Vec<_>>().join("&")
}

/// Requests for a token that are wrong in some way, each in its own.
fn bad_log_ins(credentials: &Credentials) -> Vec<String> {
    let Credentials { code, login, password } = credentials;
    let token = "POST /api/token HTTP/1.1\r\nContent-Type: application/json";
    let urlencoded = "POST /api/token HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded";
    let body = |code: &str, password: &Value| {
        json!({ "CodSeguridad": code, "Login": login, "Pwd": password }).to_string()
    };
    let right = credentials.to_body();
    let query = form(&[("CodSeguridad", code), ("Login", login), ("Pwd", password)]);
    let basic = base64(format!("{code}:{password}").as_bytes());
    vec![
        request(token, &body(code, &json!(WRONG_PWD))),
        request(token, &body(WRONG_CODE, &json!(password))),
        request(token, &body(code, &json!([password]))),
        request(token, &body(code, &json!({ "Pwd": password }))),
        request(token, &body(&code.repeat(20), &json!(password))),
        request(token, &body(code, &json!(password.repeat(20)))),
        request(token, &body(code, &json!(format!("{password}\u{1}")))),
        request(token, &right.replace("Login", "Usuario")),
        request(token, &right.replace("Login", "Pwd")),
        request(token, &right.replace('}', "")),
        request(token, &format!("{right}{right}")),
        request(token, &format!("{}{right}", " ".repeat(70_000))),
        request(token, &format!("{}{right}", "[".repeat(40))),
        request(&token.replace("json", "xml"), &right),
        request(urlencoded, &format!("{query}&Pwd=%zz")),
        request(urlencoded, &form(&[("CodSeguridad", code), ("Pwd", WRONG_PWD)])),
        request(&token.replace("POST", "PUT"), &right),
        request(&token.replace("/api/token", "/api/nada"), &right),
        request(&format!("GET /api/token?{query} HTTP/1.1"), ""),
        request(&format!("POST /api/token?{query} HTTP/1.1"), ""),
        request(&format!("POST /{code}/{password} HTTP/1.1\r\nReferer: http://x/?{query}"), ""),
        request(&format!("POST /api/token HTTP/1.1\r\nAuthorization: Basic {basic}"), "x"),
        request(&format!("POST /api/token HTTP/9.9\r\nX: {password}"), &right),
        format!("POST /api/token HTTP/1.1\r\n{password}\r\n\r\n"),
    ]
}

/// Requests with a token, of every kind that does nothing.
fn bad_calls(token: &str) -> Vec<String> {
    let debt = "POST /api/consultardeuda HTTP/1.1\r\nContent-Type: application/json";
    let body = r#"{"Contrato":"1"}"#;
    let with = |headers: &str, body: &str| request(&format!("{debt}\r\n{headers}"), body);
    vec![
        with(&format!("Authorization: Bearer {WRONG_TOKEN}"), body),
        with(&format!("autorizacion: Bearer {token}x"), body),
        with(&format!("Authorization: Bearer {token}\r\nautorizacion: Bearer {WRONG_TOKEN}"), body),
        with(&format!("Authorization: Basic {token}"), body),
        with(&format!("Authorization: Bearer {token}"), r#"{"Contrato":"#),
        with(&format!("Authorization: Bearer {token}"), r#"{"Contrato":{"a":1}}"#),
        with(&format!("Authorization: Bearer {token}"), &json!({ "Contrato": token }).to_string()),
        with(&format!("Authorization: Bearer {}", token.repeat(2_000)), body),
        with(&format!("Authorization: Bearer {token}\r\nX: {}", "x".repeat(700_000)), body),
        with(&format!("Authorization: Bearer {token}\u{1}"), body),
        with(&format!("Cookie: token={token}"), body),
        request(&format!("GET /api/consultardeuda?token={token} HTTP/1.1"), ""),
        request(&format!("GET /comprobante/{token} HTTP/1.1"), ""),
        with(&format!("Authorization: Bearer {token}\r\nIdempotency-Key: {token}"), body),
        pay_with(token, &format!("Idempotency-Key: {token}"), "1"),
        pay_with(token, "X: y", token),
        pay_with(&format!("{token}x"), &format!("Idempotency-Key: {token}"), "1"),
    ]
}

/// A payment that is refused, of which the trail is told.
fn pay_with(token: &str, header: &str, key: &str) -> String {
    let head = "POST /api/realizarpago HTTP/1.1\r\nContent-Type: application/json";
    let body = json!({
        "IdFactura": 1, "Periodo": "202401", "Contrato": "1", "Monto": 99, "IdTransaccion": key
    });
    let head = format!("{head}\r\nAuthorization: Bearer {token}\r\n{header}");
    request(&head, &body.to_string())
}

/// The bodies of an accounting system's requests that are refused.
fn bad_envelopes(integrator: &Value, session: &str) -> Vec<String> {
    let envelope = |auth: &Value, operation: &str, parameters: Value| {
        let (provision, operation) = operation.split_once('.').unwrap();
        json!({
            "auth": auth, "parameters": parameters,
            "service": { "provision": provision, "operacion": operation },
        })
        .to_string()
    };
    let wrong = json!({ "usuario": "CONTABLE", "password": WRONG_PWD });
    let as_list = json!({ "usuario": "CONTABLE", "password": [integrator["password"]] });
    let md5 = json!({ "usuario": "CONTABLE", "password": integrator["md5"] });
    let sign_in = |password: &str| json!({ "usuario": "ana", "password": password });
    let list = |key: &str| json!({ "sesion": { "usuario": "ana", "claveSesion": key } });
    let begin = "Usuario.iniciar_sesion";
    vec![
        envelope(&wrong, begin, sign_in(PASSWORD)),
        envelope(&as_list, begin, sign_in(PASSWORD)),
        envelope(&md5, begin, sign_in(WRONG_PWD)),
        envelope(&md5, begin, sign_in(&PASSWORD.repeat(30))),
        envelope(&md5, begin, json!({ "usuario": PASSWORD, "password": PASSWORD })),
        envelope(&md5, begin, json!({ "usuario": "ana", "password": { "a": PASSWORD } })),
        envelope(&md5, begin, sign_in(PASSWORD)).replace('}', ""),
        envelope(&md5, "Usuario.nada", sign_in(PASSWORD)),
        envelope(&md5, "Proveedor.listar_proveedor", list(WRONG_SESSION)),
        envelope(&wrong, "Proveedor.listar_proveedor", list(session)),
        envelope(&md5, "Proveedor.leer_proveedor", list(session)),
        envelope(&md5, "Pago.alta_pago", list(session)),
    ]
}

/// An accounting system's good requests; its session's key.
fn work(client: &mut Client, integrator: &Value, heard: &mut Heard) -> String {
    let mut session = String::new();
    for password in [PASSWORD, PASSWORD_MD5] {
        let body = json!({
            "auth": { "usuario": "CONTABLE", "password": integrator["password"] },
            "service": { "provision": "Usuario", "operacion": "iniciar_sesion" },
            "parameters": { "usuario": "ana", "password": password },
        });
        let answer = post(client, PATH, &body.to_string());
        let read: Value = serde_json::from_str(&answer).unwrap();
        read["response"]["data"]["claveSesion"].as_str().unwrap().clone_into(&mut session);
        if password == PASSWORD_MD5 {
            heard.add_showing("claveSesion", "the answer to iniciar_sesion", &answer);
        }
    }
    let body = json!({
        "auth": { "usuario": "CONTABLE", "password": integrator["md5"] },
        "service": { "provision": "Empresa", "operacion": "listar_empresa" },
        "parameters": { "sesion": { "usuario": "ana", "claveSesion": session } },
    });
    let answer = post(client, PATH, &body.to_string());
    assert!(answer.contains(r#""success":true"#), "{answer}");
    heard.add("the answer to listar_empresa", answer);
    session
}

/// The commands that list or tell something, and those that change a secret's state.
const TOLD: [&str; 30] = [
    "collector list",
    "collector list --json",
    "token list",
    "token list --json",
    "token list --collector banco --json",
    "integrator list",
    "integrator list --json",
    "user list",
    "user list --json",
    "company list",
    "company list --json",
    "company set --company 13",
    "import list",
    "import show 1",
    "export events --after 0",
    "export bills",
    "export members",
    "export payments",
    "payout list",
    "report --collector banco --date 2024-01-01 --format json",
    "receipt-key",
    "collector disable --name caja --json",
    "collector enable --name caja",
    "trail",
    "trail --json",
    "trail --no-company",
    "trail --no-company --json",
    "explain --bill 1",
    "explain --bill 1 --json",
    "verify",
];

fn tell(installation: &Installation, heard: &mut Heard) {
    for line in TOLD {
        let line = format!("{line} --data datos --log trace");
        let ran = installation.done(&line.split(' ').collect::<Vec<_>>());
        heard.add(format!("{line}, output"), ran.out);
        heard.add(format!("{line}, errors"), ran.err);
    }
}

/// A server whose log, with all there is to be told, goes to a file.
fn serve(installation: &Installation) -> Server {
    let log = File::create(installation.path("registro")).unwrap();
    let flags = ["--listen", "127.0.0.1:0", "--log", "trace", "--log-format", "json"];
    let mut command = installation.command(&["serve", "--data", "datos"]);
    Server::start(command.args(flags).stderr(Stdio::from(log)))
}

fn add_user(installation: &Installation, heard: &mut Heard) {
    installation.write("clave", format!("{PASSWORD}\n"));
    for line in ["user add --name ana --company 13 --role contador", "user password --name ana"] {
        let line = format!("{line} --data datos --log trace");
        let mut command = installation.command(&line.split(' ').collect::<Vec<_>>());
        let ran = run(command.stdin(File::open(installation.path("clave")).unwrap()));
        assert_eq!(ran.code, 0, "{ran:?}");
        heard.add(line, ran.out + &ran.err);
    }
}

/// Rotates the collector's secret; its credentials from then on.
fn rotate(installation: &Installation, bank: &Credentials, heard: &mut Heard) -> Credentials {
    let rotate = ["collector", "rotate", "--data", "datos", "--name", "banco", "--log", "trace"];
    let rotated = installation.done(&rotate);
    let pwd = rotated.out.lines().find_map(|line| line.strip_prefix("Pwd: ")).unwrap().to_owned();
    heard.add_showing("new Pwd", "collector rotate", &(rotated.out + &rotated.err));
    Credentials { password: pwd, ..bank.clone() }
}

/// What a failed commit is told as: where the trail is what was written first, nothing is begun any more.
const FAILED: [&str; 2] = ["RESULTADO_DESCONOCIDO", "SERVICIO_NO_DISPONIBLE"];

#[test]
fn no_secret_leaks() {
    let installation = with_bills();
    let mut heard = Heard::default();
    let bank = installation.collector("banco");
    installation.collector("caja");
    let integrator = ["integrator", "add", "--data", "datos", "--name", "CONTABLE", "--json"];
    let integrator = installation.run(&integrator).json();
    add_user(&installation, &mut heard);
    let mut server = serve(&installation);
    let address = server.address();

    let mut client = Client::new(address);
    let answer = client.post("token", &bank.to_body());
    let token = answer.values().as_str().unwrap().to_owned();
    heard.add_showing("token", "the answer to token", &answer.text);
    let mut client = server.client(&bank);
    for (service, body) in [
        ("realizarpago", r#"{"IdFactura":1,"Periodo":"202401","Contrato":"1","Monto":10.00}"#),
        ("reportecobranzas", r#"{"Fecha":"2024-01-01"}"#),
        ("consultardeuda", r#"{"Contrato":"1"}"#),
    ] {
        let answer = client.post(service, body);
        assert_eq!(answer.status, 200, "{answer:?}");
        heard.add(service, answer.head + &answer.text);
    }
    let session = work(&mut Client::new(address), &integrator, &mut heard);
    for (at, request) in bad_log_ins(&bank).iter().chain(&bad_calls(&token)).enumerate() {
        heard.add(format!("the answer to bad request {at}"), send(address, request));
    }
    for (at, body) in bad_envelopes(&integrator, &session).iter().enumerate() {
        let answer = post(&mut Client::new(address), PATH, body);
        heard.add(format!("the answer to bad envelope {at}"), answer);
    }
    let renewed = rotate(&installation, &bank, &mut heard);
    server.client(&renewed);
    tell(&installation, &mut heard);
    for name in ["cmdline", "environ"] {
        let bytes = fs::read(format!("/proc/{}/{name}", server.pid())).unwrap();
        assert!(name == "environ" || !bytes.is_empty());
        heard.add(name, String::from_utf8_lossy(&bytes));
    }
    heard.add_files("while it serves", &installation.path("datos"));

    // What the log tells of an error inside is told at length.
    let mut strace = fail_syncs(server.pid());
    let answer = client.post("token", &renewed.to_body());
    assert!(FAILED.contains(&answer.code().as_str()), "{answer:?}");
    heard.add("the answer to a failed commit", answer.head + &answer.text);
    assert_eq!(server.ended(PATIENCE), 3);
    strace.wait().unwrap();
    heard.add_files("in the end", &installation.path("datos"));
    heard.add("datos.secrets", installation.read("datos.secrets"));
    assert!(heard.has("ventanilla.db while", "Socio Uno"), "the files are looked into");
    assert!(heard.has("ventanilla.db-wal while", "caja"), "and what waits to be moved into them");
    let log = installation.read("registro");
    for told in [r#""level":"DEBUG""#, r#""level":"ERROR""#] {
        assert!(log.contains(told), "the log tells everything: {told}");
    }
    heard.add("the log", log);
    heard.check(&[
        Canary::new("Pwd", &bank.password),
        Canary::new("CodSeguridad", &bank.code),
        Canary::new("new Pwd", &renewed.password),
        Canary::new("token", &token),
        Canary::new("the integrator's password", integrator["password"].as_str().unwrap()),
        Canary::new("the integrator's MD5", integrator["md5"].as_str().unwrap()),
        Canary::new("the user's password", PASSWORD),
        Canary::new("the user's MD5", PASSWORD_MD5),
        Canary::new("claveSesion", &session),
        Canary::new("a wrong code", WRONG_CODE),
        Canary::new("a wrong Pwd", WRONG_PWD),
        Canary::new("a wrong token", WRONG_TOKEN),
        Canary::new("a wrong session", WRONG_SESSION),
    ]);
}
