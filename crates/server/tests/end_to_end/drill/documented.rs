//! The drill as the documents print it: every block after `<!-- test: drill -->`, in one session.

use std::fs;

use super::{Office, pay};
use crate::common::{Example, Installation, document, examples, run};

const DOCUMENTS: [&str; 2] = ["docs/operations.md", "docs/operaciones.md"];
/// Where the documents have it all.
const HOME: &str = "/srv";

/// A night's backup and the kit, as they lie on another machine.
fn carried() -> (Installation, String) {
    let office = Office::opened();
    let server = office.installation.serve();
    pay(&mut server.client(&office.bank), office.bills[0], "a");
    office.backup("noche.respaldo --encrypt");
    server.stop();
    let elsewhere = Installation::nothing();
    fs::create_dir_all(elsewhere.path("srv/respaldos")).unwrap();
    for name in ["noche.respaldo", "datos.recovery-kit"] {
        let to = elsewhere.path(&format!("srv/respaldos/{name}"));
        fs::copy(office.installation.path(name), to).unwrap();
    }
    (elsewhere, office.code)
}

fn check(example: &Example, home: &str, elsewhere: &Installation, code: &str, session: &str) {
    let line = example.line;
    elsewhere.write("papel", code);
    let shell = example.shell.replace(HOME, home);
    let lines = format!(
        "set -euo pipefail\ncd \"$(cat '{session}')\"\ntrap \"pwd >'{session}'\" EXIT\n{shell}"
    );
    let mut command = elsewhere.shell("srv", &lines);
    let ran = run(command.stdin(fs::File::open(elsewhere.path("papel")).unwrap()));
    assert_eq!(ran.code, 0, "line {line}: {ran:?}");
    if let Some(printed) = &example.answer {
        let said = ran.out.replace(home, HOME);
        assert!(printed.prints(&said), "line {line} prints\n{}\nand is\n{said}", printed.as_str());
    }
}

#[test]
fn the_drill_works_as_it_is_printed() {
    for name in DOCUMENTS {
        let examples = examples(&document(name));
        let drill: Vec<_> = examples.iter().filter(|example| example.mark == "drill").collect();
        let others = examples.iter().filter(|example| example.mark == "database").count();
        assert_eq!((drill.len(), others, examples.len()), (5, 1, 6), "{name}");
        let (elsewhere, code) = carried();
        let home = elsewhere.path("srv").display().to_string();
        let session = elsewhere.path("sesion").display().to_string();
        elsewhere.write("sesion", &home);
        for example in drill {
            check(example, &home, &elsewhere, &code, &session);
        }
        assert!(!elsewhere.path("srv/simulacro").exists(), "{name}");
    }
}

#[test]
fn both_documents_print_the_same_drill() {
    let [ours, theirs] = DOCUMENTS.map(|name| {
        let examples = examples(&document(name)).into_iter();
        examples.map(|example| (example.shell, example.answer)).collect::<Vec<_>>()
    });
    assert_eq!(ours, theirs);
}
