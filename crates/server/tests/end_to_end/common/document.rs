//! Documents whose commands are run: the blocks of shell lines after `<!-- test: … -->`, in order,
//! and the block of JSON or text after each as what it must print.

use std::path::Path;

/// Words of a printed answer that stand for what differs from run to run; blanks may follow the
/// word, to keep a table's columns: `<fecha            >`.
const PLACEHOLDERS: [&str; 7] = ["token", "fecha", "sello", "huella", "pdf", "n", "codigo"];
/// A placeholder while an answer is compared.
const CUT: &str = "-----8<-----";

/// Shell lines, and what they must print, where the text says it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Example {
    pub(crate) line: usize,
    /// What its mark says after `test:`.
    pub(crate) mark: String,
    pub(crate) shell: String,
    pub(crate) answer: Option<Answer>,
}

/// What a block of a document prints as an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Json(String),
    Text(String),
}

/// A fenced block.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) line: usize,
    pub(crate) language: String,
    pub(crate) text: String,
    pub(crate) mark: Option<String>,
}

/// The text of a document, by its path from the root of the repository.
pub(crate) fn document(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn to_mark(line: &str) -> Option<&str> {
    line.trim().strip_prefix("<!-- test: ")?.strip_suffix(" -->")
}

/// The fenced blocks of a document.
pub(crate) fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open: Option<Block> = None;
    let mut mark: Option<String> = None;
    for (number, line) in text.lines().enumerate() {
        match (&mut open, line.trim_end().strip_prefix("```")) {
            (None, Some(language)) => {
                let language = language.to_owned();
                let (line, mark) = (number + 1, mark.take());
                open = Some(Block { line, language, text: String::new(), mark });
            }
            (Some(_), Some("")) => blocks.extend(open.take()),
            (Some(block), _) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) if line.trim().is_empty() => {}
            (None, None) => {
                assert!(mark.is_none(), "line {}: the mark has no block", number + 1);
                mark = to_mark(line).map(str::to_owned);
            }
        }
    }
    assert!(open.is_none() && mark.is_none(), "the last block is not closed, or its mark has none");
    blocks
}

/// The marked blocks of shell lines, each with the answer that follows it.
pub(crate) fn examples(text: &str) -> Vec<Example> {
    let blocks = blocks(text);
    let mut examples = Vec::new();
    for (at, block) in blocks.iter().enumerate() {
        let Some(mark) = &block.mark else { continue };
        assert_eq!(block.language, "sh", "line {}: only shell lines are run", block.line);
        let next = blocks.get(at + 1).filter(|next| next.mark.is_none());
        let answer = next.and_then(|next| match next.language.as_str() {
            "json" => Some(Answer::Json(next.text.clone())),
            "text" => Some(Answer::Text(next.text.clone())),
            _ => None,
        });
        let (line, mark, shell) = (block.line, mark.clone(), block.text.clone());
        examples.push(Example { line, mark, shell, answer });
    }
    examples
}

impl Answer {
    /// What the document prints.
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Json(text) | Self::Text(text) => text,
        }
    }

    /// Whether what was answered is what is printed, but for the placeholders.
    pub(crate) fn prints(&self, answer: &str) -> bool {
        match self {
            Self::Json(printed) => is_as_printed(answer, printed),
            Self::Text(printed) => {
                let (answer, printed) = (answer.trim_end(), printed.trim_end());
                answer.lines().count() == printed.lines().count()
                    && answer
                        .lines()
                        .zip(printed.lines())
                        .all(|(line, printed)| is_line_as_printed(line, printed))
            }
        }
    }
}

/// The printed text with a cut for each placeholder.
fn cut(printed: &str) -> String {
    let mut parts = printed.split('<');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once('>') {
            Some((word, rest)) if PLACEHOLDERS.contains(&word.trim_end()) => {
                text += CUT;
                text += rest;
            }
            _ => {
                text.push('<');
                text += part;
            }
        }
    }
    text
}

/// Whether a line is the one printed, where a placeholder stands for one character or more.
fn is_line_as_printed(line: &str, printed: &str) -> bool {
    let printed = cut(printed);
    let mut parts = printed.split(CUT).peekable();
    let Some(mut rest) = parts.next().and_then(|first| line.strip_prefix(first)) else {
        return false;
    };
    while let Some(part) = parts.next() {
        let at = match parts.peek() {
            Some(_) => rest.find(part),
            None => rest.strip_suffix(part).map(str::len),
        };
        match at {
            Some(at) if at > 0 => rest = &rest[at + part.len()..],
            _ => return false,
        }
    }
    rest.is_empty()
}

/// The text without the blanks between its tokens: a document may break long lines.
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

/// Whether JSON is what is printed, where a placeholder stands for what is within a string.
fn is_as_printed(answer: &str, printed: &str) -> bool {
    let (answer, printed) = (without_blanks(answer), cut(&without_blanks(printed)));
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

const FIXTURE: &str = r#"# Title

```sh
exit 1
```

<!-- test: demo -->
```sh
TOKEN=x
```

<!-- test: other, exit 1 -->

```sh
curl -s http://127.0.0.1:8080/
```

The answer:

```json
{"error": 1}
```

<!-- test: demo -->
```sh
echo a
```
```text
a
```
"#;

#[test]
fn marked_blocks_are_found_with_their_answers() {
    let example = |line, mark: &str, shell: &str, answer| Example {
        line,
        mark: mark.to_owned(),
        shell: shell.to_owned(),
        answer,
    };
    let json = Answer::Json("{\"error\": 1}\n".to_owned());
    assert_eq!(
        examples(FIXTURE),
        [
            example(8, "demo", "TOKEN=x\n", None),
            example(14, "other, exit 1", "curl -s http://127.0.0.1:8080/\n", Some(json)),
            example(25, "demo", "echo a\n", Some(Answer::Text("a\n".to_owned()))),
        ]
    );
}

#[test]
fn a_placeholder_of_json_stands_for_what_is_within_a_string() {
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
fn a_placeholder_of_a_text_stands_for_a_part_of_its_line() {
    for (answer, printed, same) in [
        ("a\nb\n", "a\nb", true),
        ("a\nb\n", "a", false),
        ("a  b", "a b", false),
        ("1  2026-01-02 03:04  x", "1  <fecha>  x", true),
        ("1  2026-01-02 03:04  x", "1  <fecha>  y", false),
        ("1  2026-01-02 03:04  x", "1  <fecha         >  x", true),
        ("1  <otra>  x", "1  <otra>  x", true),
        ("1  x", "1  <fecha>x", false),
        ("asiento 61, eslabón 5c72", "asiento <n>, eslabón <huella>", true),
        ("asiento 61\n, eslabón 5c72", "asiento <n>, eslabón <huella>", false),
        ("a x b x", "a <n> x", true),
        ("5.00", "<n>", true),
        ("", "<n>", false),
    ] {
        assert_eq!(Answer::Text(printed.to_owned()).prints(answer), same, "{answer} {printed}");
    }
}
