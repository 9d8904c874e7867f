//! `integrator` and `user`: what they print, how they end, and that no password is told.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::common::{Installation, check, run, verify};

const MD5: &str = "d0edfe89f30a78ef45ab9a22bd0f826b";

/// Runs a command whose standard input is a file, and checks its end and a part of what it tells.
fn check_with(installation: &Installation, line: &str, input: &[u8], code: i32, told: &str) {
    installation.write("entrada", input);
    let file = std::fs::File::open(installation.path("entrada")).unwrap();
    let mut command = installation.command(&line.split(' ').collect::<Vec<_>>());
    let ran = run(command.stdin(Stdio::from(file)));
    assert_eq!(ran.code, code, "{line}: {ran:?}");
    let text = if code == 0 { &ran.out } else { &ran.err };
    assert!(text.contains(told), "{line}: {told}: {ran:?}");
    let password = String::from_utf8_lossy(input).trim().to_owned();
    let is_told = |text: &str| password.len() > 3 && text.contains(&password);
    assert!(!is_told(&ran.out) && !is_told(&ran.err), "{line}: {ran:?}");
}

fn list(installation: &Installation, what: &str) -> Value {
    installation.run(&[what, "list", "--data", "datos", "--json"]).json()
}

#[test]
fn an_integrators_password_is_shown_once() {
    let installation = Installation::with_company();
    let line = "integrator add --data datos --name USUARIO_DESARROLLADOR --json";
    let ran = installation.run(&line.split(' ').collect::<Vec<_>>());
    let added = ran.json();
    let keys: Vec<&String> = added.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["md5", "password", "usuario"]);
    assert!(ran.out.starts_with(r#"{"usuario":"USUARIO_DESARROLLADOR","password":""#), "{ran:?}");
    let (password, md5) = (added["password"].as_str().unwrap(), added["md5"].as_str().unwrap());
    assert_eq!((password.len(), md5.len()), (40, 32));
    check(
        &installation,
        &[
            ("integrator add --data datos --name USUARIO_DESARROLLADOR", 2, "ya hay un integrador"),
            ("integrator add --data datos --name ERP", 0, "usuario: ERP\npassword: "),
            ("integrator add --data datos", 2, "falta --name <NOMBRE>"),
            ("integrator list --data datos", 0, "USUARIO_DESARROLLADOR\tactivo\nERP\tactivo\n"),
            ("integrator disable --data datos --name ERP", 0, "«ERP» inactivo desde ahora"),
            ("integrator disable --data datos --name erp", 2, "no hay ningún integrador"),
            ("integrator enable --data datos --name erp", 2, "no hay ningún integrador"),
            ("integrator password --data datos --name erp", 2, "no hay ningún integrador"),
            ("integrator password --data datos", 2, "falta --name <NOMBRE>"),
        ],
    );
    let shown = |name: &str, active: bool| json!({ "usuario": name, "activo": active });
    let both = json!([shown("USUARIO_DESARROLLADOR", true), shown("ERP", false)]);
    assert_eq!(list(&installation, "integrator"), both);
    for what in ["integrator list --data datos", "integrator list --data datos --json"] {
        let ran = installation.done(&what.split(' ').collect::<Vec<_>>());
        assert!(!ran.out.contains(password) && !ran.out.contains(md5), "{ran:?}");
    }
    verify(&installation, "datos");
}

#[test]
fn an_integrators_new_password_is_shown_once_too_and_it_is_enabled_again() {
    let installation = Installation::with_company();
    let run = |line: &str| installation.done(&line.split(' ').collect::<Vec<_>>());
    let added = run("integrator add --data datos --name ERP --json").json();
    run("integrator disable --data datos --name ERP");
    let changed = run("integrator password --data datos --name ERP --json");
    assert!(changed.out.starts_with(r#"{"usuario":"ERP","password":""#), "{changed:?}");
    let changed = changed.json();
    for secret in ["password", "md5"] {
        assert_ne!(changed[secret], added[secret]);
        assert_eq!(changed[secret].as_str().map(str::len), added[secret].as_str().map(str::len));
    }
    let shown = |active: bool| json!([{ "usuario": "ERP", "activo": active }]);
    assert_eq!(list(&installation, "integrator"), shown(false), "another password enables nobody");
    check(
        &installation,
        &[
            ("integrator password --data datos --name ERP", 0, "usuario: ERP\npassword: "),
            ("integrator enable --data datos --name ERP", 0, "«ERP» activo desde ahora"),
        ],
    );
    assert_eq!(list(&installation, "integrator"), shown(true));
    verify(&installation, "datos");
}

#[test]
fn users_are_added_granted_revoked_and_disabled() {
    let installation = Installation::with_company();
    let add = "user add --data datos --name a";
    let told = "Usuario «a» agregado: contador en la empresa 13\n";
    check_with(&installation, add, b"clave-de-a\n", 0, told);
    check_with(&installation, add, b"clave-de-a\n", 2, "ya hay un usuario con ese nombre");
    installation.done(&["company", "add", "--data", "datos", "--id", "98", "--name", "Otra"]);
    check_with(&installation, add, b"clave-de-a\n", 2, "hay varias empresas (13, 98)");
    let second = "user add --data datos --name b@coop.example --company 98 --role Lector --json";
    let told = "{\"usuario\":\"b@coop.example\",\"activo\":true,\
                \"derechos\":[{\"idEmpresa\":98,\"rol\":\"consulta\"}]}\n";
    check_with(&installation, second, b"clave-de-b", 0, told);
    check(
        &installation,
        &[
            ("user grant --data datos --name a --company 98 --role ADMIN", 0, "administrador en"),
            ("user grant --data datos --name a --company 13 --role consulta", 0, "consulta en"),
            ("user list --data datos", 0, "a\tactivo\t13:consulta,98:administrador\n"),
            ("user revoke --data datos --name a --company 13", 0, "sin derechos en la empresa 13"),
            ("user revoke --data datos --name a --company 13", 2, "no tiene derechos en esa"),
            ("user revoke --data datos --name a", 2, "hay varias empresas (13, 98)"),
            ("user grant --data datos --name z --company 13", 2, "no hay ningún usuario"),
            ("user grant --data datos --name a --company 9", 2, "no hay ninguna empresa 9"),
            ("user disable --data datos --name z", 2, "no hay ningún usuario"),
            ("user enable --data datos --name z", 2, "no hay ningún usuario"),
            ("user disable --data datos --name a", 0, "inactivo desde ahora"),
            ("user enable --data datos --name a", 0, "«a» activo desde ahora"),
            ("user disable --data datos --name b@coop.example", 0, "inactivo desde ahora"),
        ],
    );
    let shown = |name: &str, active: bool, role: &str| {
        json!({
            "usuario": name, "activo": active, "derechos": [{ "idEmpresa": 98, "rol": role }],
        })
    };
    let both =
        json!([shown("a", true, "administrador"), shown("b@coop.example", false, "consulta")]);
    assert_eq!(list(&installation, "user"), both);
    verify(&installation, "datos");
}

#[test]
fn a_password_comes_on_one_line_of_standard_input() {
    let installation = Installation::with_company();
    let (add, change) = ("user add --data datos --name a", "user password --data datos --name a");
    for (input, told) in [
        (&b""[..], "falta la contraseña: se lee de la entrada estándar"),
        (b"\n", "la contraseña está vacía"),
        (b"  \n", "la contraseña está vacía o solo tiene espacios"),
        (b"a\tb\n", "la contraseña lleva un carácter de control"),
        (b"una-clave\notra-clave\n", "la contraseña lleva más de una línea"),
        (MD5.as_bytes(), "se tomarían por su MD5"),
        (b"contrase\xf1a-1", "no es texto UTF-8"),
        (&[b'x'; 2000], "la contraseña pasa de 1024 bytes"),
        ("ñ".repeat(2000).as_bytes(), "la contraseña pasa de 1024 bytes"),
    ] {
        check_with(&installation, add, input, 2, told);
    }
    assert_eq!(list(&installation, "user"), json!([]));
    check_with(&installation, change, b"clave-nueva\n", 2, "no hay ningún usuario");
    check_with(&installation, add, b"clave-vieja\r\n", 0, "agregado");
    let told = "Contraseña de «a» cambiada; sus sesiones terminaron\n";
    check_with(&installation, change, b"clave-nueva\n", 0, told);
    check_with(&installation, change, MD5.as_bytes(), 2, "se tomarían por su MD5");
    check_with(&installation, change, b"", 2, "falta la contraseña");
}

#[test]
fn they_work_beside_a_running_server() {
    let installation = Installation::with_company();
    let server = installation.serve();
    installation.done(&["integrator", "add", "--data", "datos", "--name", "ERP"]);
    check_with(&installation, "user add --data datos --name a", b"clave-de-a\n", 0, "agregado");
    installation.done(&["user", "grant", "--data", "datos", "--name", "a", "--role", "consulta"]);
    let user = json!({
        "usuario": "a", "activo": true, "derechos": [{ "idEmpresa": 13, "rol": "consulta" }],
    });
    assert_eq!(list(&installation, "user"), json!([user]));
    server.stop();
    verify(&installation, "datos");
}

/// The path of an invitation's page, as a command shows it.
fn path_of(text: &str) -> &str {
    let path = text.split_whitespace().find(|word| word.starts_with("/consola/ingreso/")).unwrap();
    let token = path.strip_prefix("/consola/ingreso/").unwrap();
    assert!(token.len() == 64 && token.bytes().all(|digit| digit.is_ascii_hexdigit()), "{path}");
    path
}

#[test]
fn an_invitation_is_shown_once_and_stands_in_no_list_and_no_trail() {
    let installation = Installation::nothing();
    let made = installation.done(&["init", "--data", "datos"]);
    assert!(made.out.contains("primer administrador"), "{made:?}");
    let first = path_of(&made.out).to_owned();
    let json = installation.done(&["init", "--data", "otros", "--json"]).json();
    let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["claves", "codigo_recuperacion", "datos", "invitacion", "kit"]);
    path_of(json["invitacion"]["enlace"].as_str().unwrap());
    let again = installation.done(&["user", "invite", "--data", "datos"]);
    assert_ne!(path_of(&again.out), first);
    installation.done(&["company", "add", "--data", "datos", "--id", "98", "--name", "Cooplan"]);
    let line = "user invite --data datos --name eva --role cajero --json";
    let invited = installation.done(&line.split(' ').collect::<Vec<_>>()).json();
    assert_eq!(invited["usuario"], "eva");
    let path = path_of(invited["enlace"].as_str().unwrap()).to_owned();
    check(
        &installation,
        &[
            (
                "user invite --data datos --name eva --role cajero",
                0,
                "Enlace de «eva» (cajero en la",
            ),
            ("user invite --data datos --name leo", 2, "falta --role"),
            ("user invite --data datos --role cajero", 2, "--name"),
            (
                "user invite --data datos --name leo --role cajero --company 9",
                2,
                "ninguna empresa 9",
            ),
            ("user reset-second-factor --data datos --name eva", 0, "«eva» olvidado"),
            ("user reset-second-factor --data datos --name leo", 2, "no hay ningún usuario"),
        ],
    );
    let own = json!({ "idEmpresa": 98, "rol": "cajero" });
    let eva = json!([{ "usuario": "eva", "activo": true, "derechos": [own] }]);
    assert_eq!(list(&installation, "user"), eva);
    check_with(&installation, "user add --data datos --name ana", b"clave-de-ana\n", 0, "agregado");
    check(
        &installation,
        &[("user invite --data datos --name ana --role cajero", 2, "ya hay un usuario")],
    );
    for what in ["trail --data datos --company 98", "trail --data datos --no-company"] {
        let ran = installation.done(&what.split(' ').collect::<Vec<_>>());
        assert!(ran.out.contains("user-invite") && !ran.out.contains(&path[17..]), "{ran:?}");
    }
    verify(&installation, "datos");
}
