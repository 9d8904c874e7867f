//! What people and scripts read: results on standard output, everything else on standard error.

use std::fmt::Display;
use std::io::{self, BufWriter, Write};

use serde::Serialize;

use crate::problem::{Problem, to_reason};

/// Prints a result, one line, on standard output.
///
/// A reader that has closed its end has read enough: that is no error. A full disk is one, since a
/// secret is shown only once.
pub(crate) fn print(line: impl Display) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    to_written(writeln!(out, "{line}").and_then(|()| out.flush()))
}

/// Prints a result of many lines. What `write` meets as an [`io::Error`] of its writer ends it as
/// [`print()`] ends.
pub(crate) fn stream(
    write: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    match write(&mut out) {
        Ok(()) => to_written(out.flush()),
        Err(error) => to_written(Err(error.downcast::<io::Error>()?)),
    }
}

/// What became of writing a result: a reader that has closed its end has read enough.
pub(crate) fn to_written(result: io::Result<()>) -> anyhow::Result<()> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let reason = to_reason(&error);
            Err(Problem::store(format!("no se pudo escribir el resultado: {reason}")))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Prints a result as one line of JSON on standard output.
pub(crate) fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    print(serde_json::to_string(value)?)
}

/// Tells a verdict, progress or problem on standard error, one line.
pub(crate) fn tell(line: impl Display) {
    let line = to_shown(&line.to_string());
    // Where standard error is closed there is nobody left to tell.
    writeln!(io::stderr().lock(), "{line}").ok();
}

/// A text whose control characters a terminal shows and does not obey: names of files are others' words. Ends of
/// lines stay.
fn to_shown(text: &str) -> String {
    let is_obeyed = |char: char| char.is_control() && !matches!(char, '\n' | '\t');
    let mut shown = String::with_capacity(text.len());
    for char in text.chars() {
        if is_obeyed(char) {
            shown.extend(char.escape_unicode());
        } else {
            shown.push(char);
        }
    }
    shown
}

/// So many of something: «1 línea», «2 líneas».
pub(crate) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_a_cursor_is_shown() {
        for (text, shown) in [
            ("línea 2:\tñandú «x»\nUso: …", "línea 2:\tñandú «x»\nUso: …"),
            ("a\u{1b}[2J\u{7}", "a\\u{1b}[2J\\u{7}"),
            ("\r\u{9b}31m\u{7f}", "\\u{d}\\u{9b}31m\\u{7f}"),
        ] {
            assert_eq!(to_shown(text), shown);
        }
    }
}
