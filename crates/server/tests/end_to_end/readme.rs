//! The README's commands, run as they stand against a fresh demo: every block of shell lines after
//! `<!-- test: demo -->`, in order and in one session, and the JSON block after it as the answer.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::common::{Installation, run};

const MARK: &str = "<!-- test: demo -->";
/// What the README prints as the demo's address.
const ADDRESS: &str = "127.0.0.1:8080";
/// Words of an answer that differ from run to run.
const PLACEHOLDERS: [&str; 2] = ["<token>", "<fecha>"];
/// What parts the answers of the session.
const CUT: &str = "-----8<-----";

/// Shell lines, and what they must print, where the text says it.
#[derive(Debug, PartialEq, Eq)]
struct Example {
    line: usize,
    shell: String,
    answer: Option<String>,
}

/// A fenced block.
#[derive(Debug)]
struct Block {
    line: usize,
    language: String,
    text: String,
    is_marked: bool,
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open: Option<Block> = None;
    let mut is_marked = false;
    for (number, line) in text.lines().enumerate() {
        match (&mut open, line.trim_end().strip_prefix("```")) {
            (None, Some(language)) => {
                let language = language.to_owned();
                let line = number + 1;
                open = Some(Block { line, language, text: String::new(), is_marked });
                is_marked = false;
            }
            (Some(_), Some("")) => blocks.extend(open.take()),
            (Some(block), _) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) if line.trim() == MARK => is_marked = true,
            (None, None) if line.trim().is_empty() => {}
            (None, None) => assert!(!is_marked, "line {}: {MARK} has no block", number + 1),
        }
    }
    assert!(open.is_none() && !is_marked, "the last block is not closed, or its mark has none");
    blocks
}

/// The marked blocks of shell lines, each with the block of JSON that follows it.
fn examples(text: &str) -> Vec<Example> {
    let blocks = blocks(text);
    let marked = blocks.iter().enumerate().filter(|(_, block)| block.is_marked);
    marked
        .map(|(at, block)| {
            assert_eq!(block.language, "sh", "line {}: only shell lines are run", block.line);
            let next = blocks.get(at + 1).filter(|next| next.language == "json" && !next.is_marked);
            Example {
                line: block.line,
                shell: block.text.clone(),
                answer: next.map(|next| next.text.clone()),
            }
        })
        .collect()
}

/// The text without the blanks between its tokens: a README may break long lines.
fn without_blanks(text: &str) -> String {
    let (mut bare, mut in_string, mut is_escaped) = (String::new(), false, false);
    for letter in text.chars() {
        if in_string || !letter.is_whitespace() {
            bare.push(letter);
        }
        if is_escaped {
            is_escaped = false;
        } else if in_string && letter == '\\' {
            is_escaped = true;
        } else if letter == '"' {
            in_string = !in_string;
        }
    }
    bare
}

/// Whether the answer is the one printed, where a placeholder stands for what is within a string.
fn is_as_printed(answer: &str, printed: &str) -> bool {
    let (answer, mut printed) = (without_blanks(answer), without_blanks(printed));
    for placeholder in PLACEHOLDERS {
        printed = printed.replace(placeholder, CUT);
    }
    let mut parts = printed.split(CUT);
    let Some(mut rest) = parts.next().and_then(|first| answer.strip_prefix(first)) else {
        return false;
    };
    for part in parts {
        let end = rest.find('"').unwrap_or(rest.len());
        match rest.get(end..).and_then(|rest| rest.strip_prefix(part)) {
            Some(after) if end > 0 => rest = after,
            _ => return false,
        }
    }
    rest.is_empty()
}

/// Runs the examples against a server, in one session of bash.
fn check(examples: &[Example], address: SocketAddr) {
    let mut script = "set -euo pipefail\n".to_owned();
    for example in examples {
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
                is_as_printed(answer, printed),
                "line {line}: the README prints\n{printed}\nand the server answers\n{answer}\n\
                 Correct the README, or the server."
            );
        }
    }
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn the_readmes_commands_work_as_printed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let examples = examples(&text);
    assert!(examples.len() >= 7, "the README shows the seven services: {}", examples.len());
    let installation = Installation::nothing();
    let server = installation.demo();
    check(&examples, server.address());
}

const FIXTURE: &str = r#"# Title

```sh
exit 1
```

<!-- test: demo -->
```sh
TOKEN=$(curl -s http://127.0.0.1:8080/api/token -d CodSeguridad=DEMO-COOPLAN \
  -d Login=demo -d Pwd=demo-cooplan | sed 's/.*"values":"\([^"]*\)".*/\1/')
```

<!-- test: demo -->

```sh
curl -s http://127.0.0.1:8080/api/consultardeuda -H "Authorization: Bearer $TOKEN" -d Contrato=0
```

The answer:

```json
{"error": 1, "status": 0, "message": "<fecha>",
 "messageMostrar": 0, "messageSistema": "SOCIO_NO_ENCONTRADO", "values": null}
```
"#;

#[test]
fn marked_blocks_are_found_with_their_answers() {
    let found = examples(FIXTURE);
    assert_eq!(found.iter().map(|example| example.line).collect::<Vec<_>>(), [8, 15]);
    assert!(found[0].answer.is_none() && found[0].shell.starts_with("TOKEN="));
    assert!(found[1].answer.as_ref().unwrap().contains("SOCIO_NO_ENCONTRADO"));
    assert_eq!(found[1].shell.lines().count(), 1);
}

#[test]
fn a_placeholder_stands_for_what_is_within_a_string() {
    for (answer, printed, same) in [
        (r#"{"a":1}"#, "{ \"a\": 1 }\n", true),
        (r#"{"a":"x y"}"#, r#"{"a":"xy"}"#, false),
        (r#"{"a":"b","c":2}"#, r#"{"a":"<token>","c":2}"#, true),
        (r#"{"a":"b","c":2}"#, r#"{"a":"<token>"}"#, false),
        (r#"{"a":"","c":2}"#, r#"{"a":"<token>","c":2}"#, false),
        (r#"{"a":"26/11/2021 12:11:52"}"#, r#"{"a":"<fecha>"}"#, true),
        (r#"{"a":"b"}{"c":1}"#, "{\"a\":\"<fecha>\"}\n{\"c\":1}", true),
        (r#"{"c":1,"a":1}"#, r#"{"a":1,"c":1}"#, false),
        (r#"{"a":"\"b c"}"#, r#"{"a":"\"b c"}"#, true),
    ] {
        assert_eq!(is_as_printed(answer, printed), same, "{answer} {printed}");
    }
}

#[test]
fn a_readme_like_the_fixture_passes() {
    let installation = Installation::nothing();
    let server = installation.demo();
    check(&examples(FIXTURE), server.address());
}
