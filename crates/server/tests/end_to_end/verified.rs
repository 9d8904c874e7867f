//! What a server verifies beside its work, and the checkpoints that tell on a journal set back.

use std::fs;
use std::process::{Command, Stdio};

use crate::common::watched::{scrape, watched};
use crate::common::{Installation, PATIENCE, Server, bills, import, verify, wait_until};

/// Copies the file of the books, with what its log holds.
fn copy(installation: &Installation, from: &str, to: &str) {
    let from = installation.path(from).join("ventanilla.db");
    let to = installation.path(to);
    fs::create_dir_all(&to).unwrap();
    let to = to.join("ventanilla.db");
    for suffix in ["-wal", "-shm"] {
        fs::remove_file(format!("{}{suffix}", to.display())).ok();
    }
    fs::remove_file(&to).ok();
    let vacuum = format!("VACUUM INTO '{}'", to.display());
    assert!(Command::new("sqlite3").arg(from).arg(vacuum).status().unwrap().success());
}

#[test]
fn books_set_back_to_an_older_copy_are_found_by_their_checkpoints() {
    let installation = Installation::with_company();
    let credentials = installation.collector("caja");
    let bills = bills(1, 2);
    import(&installation, &bills);
    let told = installation.done(&["verify", "--data", "datos"]).out;
    assert!(told.contains("puntos de control: ninguno en datos.checkpoints\n"), "{told}");
    copy(&installation, "datos", "antes");
    let server = installation.serve();
    server.client(&credentials).post("realizarpago", &bills[0].to_payment(None)).values();
    server.stop();
    let told = installation.done(&["verify", "--data", "datos"]).out;
    assert!(told.contains("\npuntos de control: ") && told.contains(", el último de "), "{told}");
    copy(&installation, "antes", "datos");
    let ran = installation.run(&["verify", "--data", "datos"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("difiere: puntos de control: línea "), "{ran:?}");
    assert!(ran.out.contains(": fue cortado, o es una copia anterior"), "{ran:?}");
    // Whoever goes on from there links other entries under the same numbers: the server says so, and
    // signs nothing of them.
    let signed = installation.read("datos.checkpoints");
    let (server, metrics) = watched(&installation);
    wait_until("it is told", || scrape(metrics)["ventanilla_verify_findings_total"] > 0.5);
    server.client(&credentials).post("realizarpago", &bills[1].to_payment(None)).values();
    server.stop();
    assert_eq!(installation.read("datos.checkpoints"), signed);
    let ran = installation.run(&["verify", "--data", "datos"]);
    assert!(ran.code == 1 && ran.out.contains("es otro: fue rehecho"), "{ran:?}");
    let ran = installation.run(&["init", "--data", "otros"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    installation.write("nuevos.checkpoints", "");
    let ran = installation.run(&["init", "--data", "nuevos"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("nuevos.checkpoints: ya existe; nada cambió"), "{ran:?}");
}

#[test]
fn what_a_restoration_left_behind_is_no_finding() {
    let installation = Installation::with_company();
    let credentials = installation.collector("caja");
    let bills = bills(1, 2);
    import(&installation, &bills);
    let pay = |bill: usize| {
        let server = installation.serve();
        server.client(&credentials).post("realizarpago", &bills[bill].to_payment(None)).values();
        server.stop();
    };
    pay(0);
    installation.done(&["backup", "respaldo", "--data", "datos"]);
    pay(1);
    installation.done(&["restore", "respaldo", "--data", "datos", "--waive", "caja"]);
    let told = installation.done(&["verify", "--data", "datos"]).out;
    assert!(told.contains("dicen lo que una restauración dejó atrás: es normal\n"), "{told}");
    pay(1);
    verify(&installation, "datos");
    let other = "UPDATE journal SET chain = zeroblob(32) WHERE kind = 'books-restored'";
    let sql = format!("DROP TRIGGER journal_refuses_update; {other}");
    let database = installation.path("datos/ventanilla.db");
    assert!(Command::new("sqlite3").arg(&database).arg(sql).status().unwrap().success());
    let ran = installation.run(&["verify", "--data", "datos"]);
    assert!(ran.code == 1 && ran.out.contains(" es otro: fue rehecho"), "{ran:?}");
}

#[test]
fn the_file_of_checkpoints_is_where_the_configuration_says() {
    let installation = Installation::with_company();
    fs::create_dir(installation.path("otro")).unwrap();
    installation.write("ventanilla.toml", "data = 'datos'\ncheckpoints = 'otro/control'\n");
    let flags = ["serve", "--listen", "127.0.0.1:0"];
    Server::start(&mut installation.command(&flags)).stop();
    assert!(installation.read("otro/control").starts_with("1 "));
    verify(&installation, "datos");
    assert!(!installation.path("datos.checkpoints").exists());
    installation.write("ventanilla.toml", "data = 'datos'\ncheckpoints = 'no/hay'\n");
    let ran = installation.run(&flags);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("no/hay: no se puede escribir los puntos de control"), "{ran:?}");
}

#[test]
fn a_server_finds_what_was_changed_behind_its_back() {
    let installation = Installation::with_company();
    import(&installation, &bills(4, 2));
    let (server, metrics) = watched(&installation);
    wait_until("the books are verified", || {
        scrape(metrics)["ventanilla_verify_timestamp_seconds"] > 0.0
    });
    let sound = scrape(metrics);
    assert!(sound["ventanilla_verify_findings_total"].abs() < 0.1, "{sound:?}");
    assert!(sound["ventanilla_verify_entries_total"] > 4.0, "{sound:?}");
    server.stop();
    let change =
        "UPDATE balance SET balance_minor = balance_minor + 1 WHERE account = 'receivable'";
    let database = installation.path("datos/ventanilla.db");
    assert!(Command::new("sqlite3").arg(&database).arg(change).status().unwrap().success());
    let log = fs::File::create(installation.path("registro")).unwrap();
    let mut command = installation.command(&["serve", "--data", "datos"]);
    let flags = ["--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"];
    let mut server = Server::start(command.args(flags).stderr(Stdio::from(log)));
    wait_until("the difference is told", || {
        installation.read("registro").contains("el saldo no es el del diario en: receivable")
    });
    server.terminate();
    assert_eq!(server.ended(PATIENCE), 0, "it is told, and the window stays open");
}
