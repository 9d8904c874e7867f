//! The README's commands, run as they stand against a fresh demo: every block of shell lines after
//! `<!-- test: demo -->`, in order and in one session, and the JSON block after it as the answer.

use std::net::SocketAddr;
use std::process::{Command, Stdio};

use crate::common::{Example, Installation, document, examples, run};

/// What the README prints as the demo's address.
const ADDRESS: &str = "127.0.0.1:8080";
/// What parts the answers of the session.
const CUT: &str = "-----8<-----";

/// Runs the examples against a server, in one session of bash.
fn check(examples: &[Example], address: SocketAddr) {
    let mut script = "set -euo pipefail\n".to_owned();
    for example in examples {
        assert_eq!(example.mark, "demo", "line {}", example.line);
        script += &example.shell;
        script += "\nprintf '\\n%s\\n' '";
        script += CUT;
        script += "'\n";
    }
    let script = script.replace(ADDRESS, &address.to_string());
    let ran = run(Command::new("bash").arg("-c").arg(&script).stdin(Stdio::null()));
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
    let examples = examples(&document("README.md"));
    assert!(examples.len() >= 7, "the README shows the seven services: {}", examples.len());
    let installation = Installation::nothing();
    let server = installation.demo();
    check(&examples, server.address());
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
    check(&examples(FIXTURE), server.address());
}
