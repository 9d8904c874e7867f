//! The console over TLS, with a certificate that nobody vouches for.

use std::process::Stdio;

use ventanilla_rig::browser::{Browser, View};

use super::{open_drawer, sign_in};
use crate::common::{Daemon, Installation, bills, import, run, verify};
use crate::tls::write_certificate;

const PASSWORD: &str = "una clave larga";

#[test]
fn over_tls_a_cashier_signs_in_and_pays_with_cookies_that_go_nowhere_else() {
    let installation = Installation::with_company();
    installation.write("clave", PASSWORD);
    let line = "user add --data datos --name rosa --role cajero";
    let mut add = installation.command(&line.split(' ').collect::<Vec<_>>());
    let password = std::fs::File::open(installation.path("clave")).unwrap();
    assert_eq!(run(add.stdin(Stdio::from(password))).code, 0);
    import(&installation, &bills(1, 2));
    write_certificate(&installation);
    let line =
        "serve --data datos --listen 127.0.0.1:0 --tls-cert cert.pem --tls-key key.pem --log warn";
    let arguments: Vec<_> = line.split(' ').collect();
    let server = Daemon::start(&mut installation.command(&arguments));
    let url = server.line().replace("listening on ", "");
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");

    let page = Browser::shared().unwrap().open(View::DESK).unwrap();
    page.trust_any_certificate();
    page.go(&format!("{url}/consola/"));
    sign_in(&page, "rosa", PASSWORD);
    open_drawer(&page);
    page.go(&format!("{url}/consola/13/socio/1"));
    page.follow("button", "Cobrar");
    page.find("heading", "Recibo 1");
    page.sees("Cobro registrado.");

    let cookies = page.cookies();
    let mut names: Vec<&str> =
        cookies.iter().map(|cookie| cookie["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["__Host-ventanilla", "__Host-visita"]);
    for cookie in &cookies {
        let is_bound = cookie["secure"] == true && cookie["httpOnly"] == true;
        assert!(is_bound, "{cookie}");
        let place = (cookie["path"].as_str(), cookie["domain"].as_str());
        assert_eq!(place, (Some("/"), Some("127.0.0.1")), "of this host alone: {cookie}");
    }
    assert_eq!(page.complaints(), Vec::<String>::new());
    server.stop();
    verify(&installation, "datos");
}
