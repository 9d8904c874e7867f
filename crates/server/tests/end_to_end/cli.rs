//! The commands: what they print, how they end, and what they do to a server that runs.

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::common::{
    BILLS, Bill, Client, Credentials, Installation, Server, bills, check, exists, import, run,
    verify,
};

#[test]
fn init_makes_an_installation_once() {
    let installation = Installation::nothing();
    check(
        &installation,
        &[
            ("init", 2, "falta el directorio de los datos"),
            ("init --data datos", 0, "datos.secrets"),
            ("init --data datos", 2, "datos: ya existe y no está vacío; nada cambió"),
            ("verify --data datos", 0, "sin diferencias"),
            ("init --data otros --secrets datos.secrets", 2, "datos.secrets: ya existe"),
            ("init --data otros --secrets otras.claves", 0, "otras.claves"),
            ("verify --data otros", 2, "otros.secrets: no existe el archivo de claves"),
            ("verify --data otros --secrets otras.claves", 0, "sin diferencias"),
        ],
    );
    let mode = installation.path("datos.secrets").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn init_takes_an_empty_directory_and_no_other() {
    let installation = Installation::nothing();
    for folder in ["volumen", "lleno/algo"] {
        std::fs::create_dir_all(installation.path(folder)).unwrap();
    }
    installation.write("archivo", "algo");
    check(
        &installation,
        &[
            ("init --data volumen", 0, "Instalación vacía en volumen"),
            ("verify --data volumen", 0, "sin diferencias"),
            ("init --data volumen", 2, "volumen: ya existe y no está vacío; nada cambió"),
            ("init --data lleno", 2, "lleno: ya existe y no está vacío; nada cambió"),
            ("init --data archivo", 2, "archivo: ya existe y no es un directorio; nada cambió"),
        ],
    );
    for secrets in ["lleno.secrets", "archivo.secrets"] {
        assert!(!exists(&installation.path(secrets)), "{secrets}");
    }
}

#[test]
fn wrong_secrets_are_told_with_their_file() {
    let installation = Installation::nothing();
    installation.done(&["init", "--data", "datos"]);
    installation.done(&["init", "--data", "otros"]);
    installation.write("notas.txt", "no son claves");
    let close = |name: &str, mode: u32| {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(installation.path(name), permissions).unwrap();
    };
    close("notas.txt", 0o600);
    check(
        &installation,
        &[
            (
                "verify --data datos --secrets otros.secrets",
                2,
                "ventanilla: otros.secrets: no es el archivo de claves de estos datos",
            ),
            (
                "serve --data datos --listen 127.0.0.1:0 --secrets otros.secrets",
                2,
                "ventanilla: otros.secrets: no es el archivo de claves de estos datos",
            ),
            (
                "verify --data datos --secrets notas.txt",
                2,
                "ventanilla: notas.txt: no es un archivo de claves",
            ),
        ],
    );
    close("datos.secrets", 0o644);
    check(&installation, &[("verify --data datos", 2, "chmod 600 datos.secrets")]);
    close("datos.secrets", 0o600);
    check(&installation, &[("verify --data datos", 0, "sin diferencias")]);
}

#[test]
fn a_damaged_database_is_told_with_its_file() {
    let told = "datos/ventanilla.db: no se puede leer";
    let lines = [
        ("verify --data datos", 3, told),
        ("company list --data datos", 3, told),
        ("collector list --data datos", 3, told),
        ("serve --data datos --listen 127.0.0.1:0", 3, told),
    ];
    // The heading, which every command reads, and the middle, which only the comparison reads.
    for (at, lines) in [(0, &lines[..]), (20, &lines[..1])] {
        let installation = Installation::with_company();
        import(&installation, &bills(400, 4));
        let path = installation.path("datos/ventanilla.db");
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[at * 4096..].fill(b'x');
        std::fs::write(&path, bytes).unwrap();
        check(&installation, lines);
        let ran = installation.run(&["verify", "--data", "datos"]);
        for inner in ["malformed", "not a database", "SQLite", "ERROR"] {
            assert!(!ran.err.contains(inner), "{at}: {ran:?}");
        }
    }
}

#[test]
fn what_has_no_store_says_so() {
    let installation = Installation::nothing();
    installation.write("f.csv", BILLS);
    for line in [
        "company list --data nada",
        "collector list --data nada",
        "import bills f.csv --data nada",
        "verify --data nada",
        "serve --data nada",
    ] {
        check(&installation, &[(line, 3, "nada: no hay ninguna instalación")]);
    }
    check(
        &installation,
        &[
            ("verify", 2, "falta el directorio de los datos"),
            ("serve --data nada --listen 8080", 2, "no es una dirección HOST:PORT"),
            ("serve --data nada --log =", 2, "el nivel de registro «=» no es válido"),
            ("verify --data nada --log silly", 2, "el nivel de registro «silly» no es válido"),
            ("serve --data nada --log warn,silly", 2, "«warn,silly» no es válido"),
            ("verify --data nada --log ventanilla=silly", 2, "no es válido"),
            ("verify --data nada --log ventanilla=debug", 3, "nada: no hay ninguna instalación"),
            ("serve --data nada --log warn,hyper=off", 3, "nada: no hay ninguna instalación"),
        ],
    );
    assert!(!exists(&installation.path("nada")));
}

#[test]
fn companies_are_added_listed_and_set() {
    let installation = Installation::nothing();
    installation.done(&["init", "--data", "datos"]);
    check(
        &installation,
        &[
            ("company set --data datos oldest_first=true", 2, "no hay ninguna empresa"),
            (
                "company add --data datos --id 13 --name Cooplan",
                0,
                "Empresa 13 «Cooplan» agregada: BOB, America/La_Paz (no cambian)\n",
            ),
            (
                "company add --data datos --id 13 --name Otra",
                2,
                "ya hay una empresa con ese número",
            ),
            ("company add --data datos --id 14 --name Otra --currency CLP", 2, "no es una moneda"),
            ("company add --data datos --id 14 --name Otra --time-zone La_Paz", 2, "zona horaria"),
            ("company add --data datos --id 14", 2, "falta --name <NOMBRE>"),
            ("company add --data datos --id x --name Otra", 2, "--id <ID>: se espera un número"),
            ("company list --data datos", 0, "13\tCooplan\tBOB\tAmerica/La_Paz\n"),
            (
                "company set --data datos oldest_first=true hours=08:00-20:30",
                0,
                "hours=08:00-20:30\n",
            ),
            (
                "company set --data datos --company 99 oldest_first=true",
                2,
                "no hay ninguna empresa 99",
            ),
            ("company set --data datos color=azul", 2, "no hay ningún ajuste «color»"),
            (
                "company set --data datos oldest_first=sí",
                2,
                "el ajuste «oldest_first» toma true|false",
            ),
            ("company set --data datos oldest_first", 2, "no tiene la forma CLAVE=VALOR"),
            ("company set --data datos closed_through=9000-01-01", 2, "un día que no terminó"),
            ("company set --data datos reversal_days=5 oldest_first=x", 2, "toma true|false"),
            (
                "company set --data datos closed_through=2020-01-02",
                0,
                "closed_through=2020-01-02\n",
            ),
            ("company set --data datos closed_through=2020-01-01", 2, "solo avanza"),
        ],
    );
    verify(&installation, "datos");
}

#[test]
fn the_settings_in_force_are_shown_each_in_its_type() {
    let installation = Installation::with_company();
    check(
        &installation,
        &[
            ("company set --data datos oldest_first=true hours=08:00-20:30", 0, ""),
            ("company set --data datos closed_through=2020-01-02", 0, ""),
            ("company set --data datos issuer.tax_id=1023245028", 0, "issuer.tax_id=1023245028\n"),
            ("company set --data datos issuer.phone=4-42", 0, "issuer.phone=4-42\n"),
            ("company set --data datos issuer.phone=none", 0, "issuer.phone=none\n"),
            ("company set --data datos --company 13", 0, "oldest_first=true\nreversal_days=0\n"),
            ("company list --data datos", 0, "La_Paz\n  oldest_first=true\n  reversal_days=0\n"),
            ("company set --data datos --company 99", 2, "no hay ninguna empresa 99"),
        ],
    );
    let name = ["company", "add", "--data", "datos", "--id", "14", "--name", "Agua del Sur"];
    let ran = installation.run(&[&name[..], &["--currency", "ars", "--json"]].concat());
    let settings = json!({
        "oldest_first": false, "reversal_days": 0, "hours": null, "cut_off": null,
        "check_payer": false, "cash_rounding": null, "issuer.name": null, "issuer.tax_id": null,
        "issuer.address": null,
        "issuer.municipality": null, "issuer.phone": null, "issuer.activity": null,
        "issuer.legend": null, "issuer.public_url": null,
    });
    let added = json!({
        "Id": 14, "Nombre": "Agua del Sur", "Moneda": "ARS", "ZonaHoraria": "America/La_Paz",
        "Ajustes": settings, "Logo": null,
    });
    assert_eq!(ran.json(), added);
    let list = installation.run(&["company", "list", "--data", "datos", "--json"]).json();
    assert_eq!(list[1], added);
    let set = json!({
        "oldest_first": true, "reversal_days": 0, "hours": "08:00-20:30", "cut_off": null,
        "check_payer": false, "cash_rounding": null, "closed_through": "2020-01-02", "issuer.name": null,
        "issuer.tax_id": "1023245028", "issuer.address": null, "issuer.municipality": null,
        "issuer.phone": null, "issuer.activity": null, "issuer.legend": null,
        "issuer.public_url": null,
    });
    assert_eq!(list[0]["Ajustes"], set);
    let shown = installation.run(&["company", "set", "--data=datos", "--company=13", "--json"]);
    assert_eq!(shown.json()["Ajustes"], set, "no setting is changed, all are shown");
    check(
        &installation,
        &[
            ("company set --data datos oldest_first=true", 2, "hay varias empresas (13, 14)"),
            ("company set --data datos --company 14 reversal_days=none", 0, "reversal_days=none\n"),
        ],
    );
    let shown = installation.run(&["company", "set", "--data=datos", "--company=14", "--json"]);
    assert_eq!(shown.json()["Ajustes"]["reversal_days"], json!(null));
    verify(&installation, "datos");
}

#[test]
fn collectors_are_added_listed_and_disabled() {
    let installation = Installation::with_company();
    let line = "collector add --data datos --company 13 --name banco --json";
    let ran = installation.run(&line.split(' ').collect::<Vec<_>>());
    let added = ran.json();
    let keys: Vec<&String> = added.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["CodSeguridad", "Login", "Pwd"]);
    assert!(ran.out.starts_with(r#"{"CodSeguridad":""#) && ran.out.lines().count() == 1);
    assert!(added["Pwd"].as_str().unwrap().len() >= 32);
    check(
        &installation,
        &[
            ("collector add --data datos --name banco", 2, "ya hay un recaudador con ese nombre"),
            ("collector add --data datos --company 9 --name otro", 2, "no hay ninguna empresa 9"),
            ("collector add --data datos --name caja --permission todo", 2, "no vale: listar"),
            ("collector add --data datos --name caja --permission listar", 0, "CodSeguridad: "),
            ("collector list --data datos", 0, "13\tbanco\tbanco\tactivo\n"),
            ("collector list --data datos --company 13", 0, "13\tcaja\tcaja\tactivo\tlistar\n"),
            ("collector list --data datos --company 9", 2, "no hay ninguna empresa 9"),
            ("collector disable --data datos --company 13 --name caja", 0, "inactivo desde ahora"),
            ("collector disable --data datos --name nadie", 2, "no hay ningún recaudador"),
            ("collector disable --data datos", 2, "falta --name <NOMBRE>"),
            ("collector limit --data datos --name banco", 2, "falta"),
            (
                "collector limit --data datos --name banco --held-max 1,50",
                2,
                "un monto como 5000.00",
            ),
            ("collector limit --data datos --name banco --held-max 0", 2, "el cupo va de 0.01"),
            (
                "collector limit --data datos --name nadie --held-max 1",
                2,
                "no hay ningún recaudador",
            ),
            (
                "collector limit --data datos --name banco --payment-max 5000.00",
                0,
                "máximo por pago 5000.00, cupo sin límite",
            ),
            (
                "collector limit --data datos --name banco --held-max 100000",
                0,
                "máximo por pago 5000.00, cupo 100000.00",
            ),
            (
                "collector list --data datos",
                0,
                "13\tbanco\tbanco\tactivo\t\tmáximo=5000.00\tcupo=100000.00\n",
            ),
            (
                "collector limit --data datos --name banco --payment-max none",
                0,
                "máximo por pago sin límite, cupo 100000.00",
            ),
        ],
    );
    let list = installation.run(&["collector", "list", "--data", "datos", "--json"]);
    let shown = |name: &str, permissions: &[&str], active: bool, held_max: Option<&str>| {
        json!({
            "Empresa": 13, "Nombre": name, "Login": name, "Permisos": permissions, "Activo": active,
            "MaximoPorPago": null, "Cupo": held_max,
        })
    };
    let bank = shown("banco", &[], true, Some("100000.00"));
    assert_eq!(list.json(), json!([bank, shown("caja", &["listar"], false, None)]));
    assert!(!list.out.contains(added["Pwd"].as_str().unwrap()), "a secret is shown once");
}

#[test]
fn the_configuration_has_its_order() {
    let installation = Installation::with_company();
    let listens = |command: &mut Command| Server::start(command).address().ip().to_string();
    installation.write("ventanilla.toml", "data = 'datos'\nlisten = '127.0.0.2:0'\nlog = 'warn'\n");
    assert_eq!(listens(&mut installation.command(&["serve"])), "127.0.0.2");
    let mut command = installation.command(&["serve"]);
    assert_eq!(listens(command.env("VENTANILLA_LISTEN", "127.0.0.3:0")), "127.0.0.3");
    let mut command = installation.command(&["serve", "--listen", "127.0.0.4:0"]);
    assert_eq!(listens(command.env("VENTANILLA_LISTEN", "127.0.0.3:0")), "127.0.0.4");
    check(&installation, &[("company list", 0, "13\tCooplan"), ("verify", 0, "sin diferencias")]);
    let ran = run(installation.command(&["verify"]).env("VENTANILLA_DATA", "otros"));
    assert!(ran.code == 3 && ran.err.contains("otros: no hay"), "{ran:?}");
    let mut command = installation.command(&["serve"]);
    let ran = run(command.env("VENTANILLA_SESSION_LIFETIME_S", "0"));
    let told = "ventanilla: VENTANILLA_SESSION_LIFETIME_S: se espera un número entero desde 1\n";
    assert!(ran.code == 2 && ran.err.starts_with(told), "{ran:?}");
    installation.write("otra.toml", "listn = '127.0.0.1:0'\nclave = 1\n");
    check(
        &installation,
        &[
            ("serve --config otra.toml", 2, "otra.toml: no se conoce «clave», «listn»"),
            ("serve --config nada.toml", 2, "nada.toml: no se pudo leer: no existe"),
            ("verify --config otra.toml", 2, "no se conoce"),
        ],
    );
}

#[test]
fn a_busy_address_is_told() {
    let installation = Installation::with_company();
    let server = installation.serve();
    let busy = server.address().to_string();
    let other = Installation::with_company();
    check(
        &other,
        &[(&format!("serve --data datos --listen {busy}"), 2, "la dirección está ocupada")],
    );
}

#[test]
fn a_reader_that_has_read_enough_is_no_error() {
    let installation = Installation::with_company();
    for line in [["--help", "", ""], ["company", "list", "--data=datos"]] {
        let arguments: Vec<&str> = line.into_iter().filter(|word| !word.is_empty()).collect();
        let mut child = installation
            .command(&arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(0), "{line:?}: {ended:?}");
    }
}

#[test]
fn verify_tells_what_differs() {
    let installation = Installation::with_company();
    import(&installation, &bills(2, 2));
    let database = installation.path("datos/ventanilla.db");
    let change = "UPDATE bill SET amount_minor = amount_minor + 1 WHERE bill_id = 1002";
    let changed = Command::new("sqlite3").arg(&database).arg(change).status().unwrap();
    assert!(changed.success());
    let ran = installation.run(&["verify", "--data", "datos"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("difiere: ") && ran.out.contains("1002"), "{ran:?}");
    assert!(!ran.out.contains("sin diferencias"), "{ran:?}");
}

#[test]
fn a_benchmark_tells_its_ratios() {
    let installation = Installation::nothing();
    let line = "bench all --data . --seconds 1 --rounds 1 --connections 4 --bills 20000";
    let told =
        "`ventanilla bench all --seconds 1 --rounds 1 --connections 4 --bills 20000 --data .`\n";
    let ran = installation.done(&line.split(' ').collect::<Vec<_>>());
    assert!(ran.out.starts_with(&format!("{told}\n| razón (mediana de las rondas) | ")), "{ran:?}");
    for measured in ["pagos durables", "consultardeuda", "leer_pago", "factura A4", "reporte CSV"] {
        assert!(ran.out.contains(&format!("\n| {measured}")), "{measured}: {ran:?}");
    }
    check(
        &installation,
        &[
            ("bench print --rows 50 --rounds 1", 0, "\n| reporte PDF / csv | "),
            ("bench pay --help", 0, "Segundos de cada ronda: 2 si falta"),
            ("bench pay --help", 0, "alternadas: 7 si falta"),
            ("bench pay --rounds 0", 2, "--rounds <N>: se espera un número entero desde 1"),
            ("bench", 2, "Comandos:"),
        ],
    );
    let left = std::fs::read_dir(installation.path(".")).unwrap().count();
    assert_eq!(left, 0, "a benchmark takes its data away");
}

#[test]
fn the_benchmark_of_the_console_asks_for_every_page_there_is() {
    let installation = Installation::nothing();
    let line = "bench console --data . --contracts 2000 --payments 900 --times 1 --rounds 1";
    let ran = installation.done(&line.split(' ').collect::<Vec<_>>());
    for page in ventanilla_console::pages().filter(|page| !page.is_form) {
        let name = page.path.replace("/consola/{empresa}", "…");
        let is_told = ran.out.lines().any(|row| {
            let told = row.strip_prefix("| ").and_then(|row| row.strip_prefix(name.as_str()));
            told.is_some_and(|rest| rest.starts_with(" | ") || rest.starts_with(" ("))
        });
        assert!(is_told, "{name}: {ran:?}");
    }
    assert!(ran.out.contains("\n| primera página, con todo lo que necesita | "), "{ran:?}");
    let left = std::fs::read_dir(installation.path(".")).unwrap().count();
    assert_eq!(left, 0, "a benchmark takes its data away");
}

/// What a contract owes.
fn owed(client: &mut Client, contract: u32) -> usize {
    let answer = client.post("consultardeuda", &format!(r#"{{"Contrato":"{contract}"}}"#));
    answer.values().as_array().unwrap().len()
}

#[test]
fn every_command_works_beside_a_running_server() {
    let installation = Installation::with_company();
    let all = bills(30, 4);
    let (first, more) = all.split_at(60);
    import(&installation, first);
    let (ours, theirs) = (installation.collector("caja"), installation.collector("banco"));
    let server = installation.serve();
    let mut client = server.client(&ours);
    let mut other = server.client(&theirs);
    assert_eq!(owed(&mut client, 1), 4);

    import(&installation, more);
    assert_eq!(owed(&mut client, 30), 4, "an import is seen at once");
    let paid = client.post("realizarpago", &more[0].to_payment(None)).values();

    let changed = Bill { amount_minor: 99, ..more[0] };
    let row =
        format!("{},{},{},{}", changed.id, changed.contract, changed.period, changed.to_amount());
    installation.write("tarde.csv", format!("factura,contrato,periodo,monto\n{row}\n"));
    let ran = installation.run(&["import", "bills", "tarde.csv", "--data", "datos"]);
    let told = format!(
        "la factura {} está pagada (IdCobranza {})",
        changed.id,
        paid["IdCobranza"].as_str().unwrap()
    );
    assert!(ran.code == 0 && ran.err.contains(&told), "{ran:?}");
    assert!(ran.out.contains("  ya pagadas  1   (sin tocar)\n"), "{ran:?}");

    installation.done(&["company", "set", "--data", "datos", "oldest_first=true"]);
    let refused = client.post("realizarpago", &first[3].to_payment(None));
    assert_eq!(refused.code(), "DEUDA_ANTERIOR_PENDIENTE", "a setting acts at once");
    client.post("realizarpago", &first[0].to_payment(None)).values();

    installation.done(&["collector", "disable", "--data", "datos", "--name", "banco"]);
    let refused = other.post("consultardeuda", r#"{"Contrato":"1"}"#);
    assert_eq!((refused.status, refused.code().as_str()), (401, "CREDENCIAL_INACTIVA"));
    let refused = other.post("token", &theirs.to_body());
    assert_eq!((refused.status, refused.code().as_str()), (401, "CREDENCIAL_INACTIVA"));
    assert_eq!(owed(&mut client, 1), 3, "the other collector goes on");

    let added: Credentials = installation.collector("quiosco");
    assert_eq!(owed(&mut server.client(&added), 1), 3, "a new collector is taken at once");
    verify(&installation, "datos");
    server.stop();
    verify(&installation, "datos");
}
