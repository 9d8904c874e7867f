//! The READMEs' commands, run as they stand: against a fresh demo every block of shell lines after
//! `<!-- test: demo -->`, in order and in one session, and the block of JSON or text after it as the
//! answer; after `<!-- test: work -->` on an empty installation.

use std::fs::File;
use std::net::SocketAddr;

use serde_json::json;

use crate::common::accountant::{PATH, post};
use crate::common::{Client, Example, Installation, document, examples, run, verify};

const READMES: [&str; 2] = ["README.md", "README.es.md"];
/// What the README prints as the demo's address.
const ADDRESS: &str = "127.0.0.1:8080";
/// What it prints as the data's directory.
const DATA: &str = "/srv/ventanilla";
/// What parts the answers of the session.
const CUT: &str = "-----8<-----";

/// The examples of a text with that mark.
fn marked(text: &str, mark: &str) -> Vec<Example> {
    examples(text).into_iter().filter(|example| example.mark == mark).collect()
}

/// Runs the examples against a server, in one session of bash.
fn check(installation: &Installation, examples: &[Example], address: SocketAddr) {
    let mut script = "set -euo pipefail\n".to_owned();
    for example in examples {
        script += &example.shell;
        script += "\nprintf '\\n%s\\n' '";
        script += CUT;
        script += "'\n";
    }
    let script = script.replace(ADDRESS, &address.to_string());
    let ran = run(&mut installation.shell(".", &script));
    let answers: Vec<&str> = ran.out.split(&format!("\n{CUT}\n")).collect();
    for (at, example) in examples.iter().enumerate() {
        let line = example.line;
        assert!(at + 1 < answers.len(), "line {line}: the commands failed: {ran:?}");
        if let Some(printed) = &example.answer {
            let answer = answers[at];
            assert!(
                printed.prints(answer),
                "line {line}: the README prints\n{}\nand the server answers\n{answer}\n\
                 Correct the README, or the server.",
                printed.as_str()
            );
        }
    }
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn the_readmes_commands_work_as_printed() {
    for readme in READMES {
        let text = document(readme);
        let (demo, work) = (marked(&text, "demo"), marked(&text, "work"));
        assert!(demo.len() >= 7, "{readme} shows the services: {}", demo.len());
        assert_eq!(demo.len() + work.len(), examples(&text).len(), "{readme}: an unknown mark");
        let installation = Installation::nothing();
        let server = installation.demo();
        check(&installation, &demo, server.address());
    }
}

#[test]
fn a_readme_leads_from_nothing_to_a_call_of_an_accounting_system() {
    for readme in READMES {
        let work = marked(&document(readme), "work");
        assert_eq!(work.len(), 1, "{readme}");
        let installation = Installation::nothing();
        installation.done(&["init", "--data", "datos"]);
        installation.write("clave", "una clave\n");
        let lines = format!("set -euo pipefail\n{}", work[0].shell.replace(DATA, "datos"));
        let mut shell = installation.shell(".", &lines);
        let ran = run(shell.stdin(File::open(installation.path("clave")).unwrap()));
        assert_eq!(ran.code, 0, "{readme}: {ran:?}");
        let password = ran.out.lines().find_map(|line| line.strip_prefix("password: "));
        let body = json!({
            "auth": { "usuario": "CONTABLE", "password": password.unwrap() },
            "service": { "provision": "Usuario", "operacion": "iniciar_sesion" },
            "parameters": { "usuario": "ana", "password": "una clave" },
        });
        let server = installation.serve();
        let answer = post(&mut Client::new(server.address()), PATH, &body.to_string());
        assert!(answer.contains(r#""success":true"#), "{readme}: {answer}");
        server.stop();
        verify(&installation, "datos");
    }
}

const FIXTURE: &str = r#"
<!-- test: demo -->
```sh
TOKEN=$(curl -s http://127.0.0.1:8080/api/token -d CodSeguridad=DEMO-COOPLAN \
  -d Login=demo -d Pwd=demo-cooplan | sed 's/.*"values":"\([^"]*\)".*/\1/')
```

<!-- test: demo -->
```sh
curl -s http://127.0.0.1:8080/api/consultardeuda -H "Authorization: Bearer $TOKEN" -d Contrato=0
```
```json
{"error": 1, "status": 0, "message": "<fecha>",
 "messageMostrar": 0, "messageSistema": "SOCIO_NO_ENCONTRADO", "values": null}
```
"#;

#[test]
fn a_readme_like_the_fixture_passes() {
    let installation = Installation::nothing();
    let server = installation.demo();
    check(&installation, &examples(FIXTURE), server.address());
}
