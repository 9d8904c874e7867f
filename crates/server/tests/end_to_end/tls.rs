//! TLS as an operator sets it up, and the door that is not opened to everybody by mistake.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::common::{Daemon, Installation, check};

/// Writes a certificate for `localhost` and its key.
pub(crate) fn write_certificate(installation: &Installation) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    installation.write("cert.pem", made.cert.pem());
    installation.write("key.pem", made.signing_key.serialize_pem());
    set_mode(installation, 0o600);
}

fn set_mode(installation: &Installation, mode: u32) {
    let permissions = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(installation.path("key.pem"), permissions).unwrap();
}

#[test]
fn a_client_reaches_the_server_over_tls() {
    let installation = Installation::with_company();
    let credentials = installation.collector("banco");
    write_certificate(&installation);
    let line =
        "serve --data datos --listen 127.0.0.1:0 --tls-cert cert.pem --tls-key key.pem --log warn";
    let arguments: Vec<_> = line.split(' ').collect();
    let server = Daemon::start(&mut installation.command(&arguments));
    let told = server.line();
    let port = told.strip_prefix("listening on https://127.0.0.1:").unwrap();
    let url = format!("https://localhost:{port}/api/token");
    let curl = |trusted: &[&str]| {
        let form = [
            format!("CodSeguridad={}", credentials.code),
            format!("Login={}", credentials.login),
            format!("Pwd={}", credentials.password),
        ];
        let mut curl = Command::new("curl");
        curl.args(["-sS", "--max-time", "20"]).args(trusted).current_dir(installation.path(""));
        for pair in &form {
            curl.args(["-d", pair]);
        }
        let output = curl.arg(&url).output().unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    };
    let (answered, answer) = curl(&["--cacert", "cert.pem"]);
    assert!(answered && answer.contains("\"expira\":28800"), "{answer}");
    let (answered, answer) = curl(&[]);
    assert!(!answered && answer.is_empty(), "nobody vouches for it: {answer}");
    server.stop();
}

#[test]
fn what_is_wrong_with_a_certificate_or_an_address_is_told() {
    let installation = Installation::with_company();
    write_certificate(&installation);
    installation.write("empty.pem", "");
    let pair = "serve --data datos --listen 127.0.0.1:0 --tls-cert cert.pem --tls-key";
    check(
        &installation,
        &[
            (
                "serve --data datos --listen 0.0.0.0:0",
                2,
                "0.0.0.0:0 es una dirección pública y no hay TLS",
            ),
            (
                "serve --data datos --listen [::]:0",
                2,
                "indique --tls-cert y --tls-key, o --allow-plain-http",
            ),
            ("serve --data datos --tls-cert cert.pem", 2, "falta --tls-key"),
            ("serve --data datos --tls-key key.pem", 2, "falta --tls-cert"),
            (&format!("{pair} no.pem"), 2, "no.pem: no se pudo leer: no existe"),
            (&format!("{pair} cert.pem"), 2, "cert.pem: cualquiera puede leer la clave"),
        ],
    );
    set_mode(&installation, 0o644);
    check(
        &installation,
        &[(&format!("{pair} key.pem"), 2, "key.pem: cualquiera puede leer la clave")],
    );
    set_mode(&installation, 0o600);
    let empty = "serve --data datos --listen 127.0.0.1:0 --tls-cert empty.pem --tls-key key.pem";
    check(&installation, &[(empty, 2, "empty.pem: no hay un certificado PEM")]);
    let other = rcgen::generate_simple_self_signed(["otra".to_owned()]).unwrap();
    installation.write("cert.pem", other.cert.pem());
    check(&installation, &[(&format!("{pair} key.pem"), 2, "key.pem no es la clave de cert.pem")]);
}

#[test]
fn a_public_address_is_served_in_the_open_where_that_is_asked_for() {
    let installation = Installation::with_company();
    let line = "serve --data datos --listen 0.0.0.0:0 --allow-plain-http --log warn";
    let arguments: Vec<_> = line.split(' ').collect();
    let server = Daemon::start(&mut installation.command(&arguments));
    assert!(server.line().starts_with("listening on http://0.0.0.0:"));
    server.stop();
}
