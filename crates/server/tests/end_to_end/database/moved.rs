//! Books moved from a directory into a database; and there the documents' examples.

use ventanilla_store::{DatabaseAddress, Keys, Store};

use super::{Office, check_told};
use crate::common::{Credentials, Installation, document, examples, run, verify};
use crate::demo::check_examples;

fn moved_demo() -> Office {
    let office = Office::nothing();
    office.installation.demo().stop();
    office
}

#[test]
fn the_documents_examples_work_as_printed_over_a_database() {
    let office = moved_demo();
    let told = office.done("migrate --from sqlite:ventanilla-demo --by rosa").out;
    assert!(told.starts_with("Copiado de ventanilla-demo a postgres://"), "{told}");
    assert!(told.contains("ventanilla-demo quedó como estaba: no lo atienda más"), "{told}");
    office.installation.write("ventanilla.toml", "secrets = 'ventanilla-demo.secrets'\n");
    office.verify();
    let server = office.serve("uno");
    check_examples(&mut server.client(&Credentials::demo()));
    server.stop();
    office.verify();
    let trail = office.done("trail --no-company").out;
    assert!(trail.contains("paso a otra base") && trail.contains("rosa"), "{trail}");
    // What was copied is there still, as it was.
    verify(&office.installation, "ventanilla-demo");
}

#[test]
fn what_was_signed_of_the_directory_holds_in_the_database() {
    let office = Office::nothing();
    let installation = &office.installation;
    installation.done(&["init", "--data", "datos"]);
    installation.done(&["company", "add", "--data", "datos", "--id", "13", "--name", "Cooplan"]);
    installation.serve().stop();
    let told = office.done("migrate --from datos").out;
    assert!(told.contains("  2. ventanilla serve --secrets datos.secrets\n"), "{told}");
    let line = "verify --secrets datos.secrets --checkpoints datos.checkpoints";
    let ran = office.done(line);
    assert!(ran.out.contains("sin diferencias") && !ran.out.contains("ninguno"), "{ran:?}");
}

#[test]
fn books_move_into_an_empty_database_from_a_directory_that_nobody_serves() {
    let office = moved_demo();
    let check = |line: &str, code: i32, told: &str| {
        let ran = office.run(line);
        assert!(ran.code == code && ran.err.contains(told), "{line}: {told}: {ran:?}");
        check_told(&ran, ":clave");
    };
    let bare = Installation::nothing();
    let ran = run(&mut bare.command(&["migrate", "--from", "datos"]));
    assert!(ran.code == 2 && ran.err.contains("falta la base de datos: --to URL"), "{ran:?}");
    check("migrate --from nada", 3, "nada: no hay ninguna instalación");
    check(
        "migrate --from ventanilla-demo --to mysql://a:clave@b/c",
        2,
        "--to: se escribe postgres://",
    );
    check(
        "migrate --from ventanilla-demo --secrets nada",
        2,
        "nada: no existe el archivo de claves",
    );
    let served = office.installation.demo();
    check("migrate --from ventanilla-demo", 3, "otro servidor ya atiende estos datos");
    served.stop();
    // As a copy that was cut off leaves it: of the same keys, and empty.
    let keys = Keys::read_file(&office.installation.path("ventanilla-demo.secrets")).unwrap();
    let address = DatabaseAddress::from_text(&office.database.url()).unwrap();
    drop(Store::create_postgres(&address, keys).unwrap());
    office.done("migrate --from ventanilla-demo");
    check("migrate --from ventanilla-demo", 2, "ya tiene una instalación; nada cambió");
    let other = Office::with_company();
    let ran = run(office
        .command("migrate --from ventanilla-demo")
        .env("VENTANILLA_DATABASE", other.database.url()));
    assert!(ran.code == 2 && ran.err.contains("ya tiene una instalación; nada cambió"), "{ran:?}");
    other.verify();
}

#[test]
fn the_lines_of_the_documents_begin_an_installation() {
    for name in ["docs/operations.md", "docs/operaciones.md"] {
        let office = Office::nothing();
        let all = examples(&document(name));
        for example in all.iter().filter(|example| example.mark == "database") {
            let lines = format!("set -euo pipefail\n{}", example.shell);
            let mut shell = office.installation.shell(".", &lines);
            let ran = run(shell.env("VENTANILLA_DATABASE", office.database.url()));
            assert!(ran.code == 0 && ran.out.contains("sin diferencias"), "{name}: {ran:?}");
        }
        office.verify();
    }
}
