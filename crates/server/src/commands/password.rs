//! A password that people choose: typed at a terminal, or read from standard input.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read};

use tokio::signal::unix::{SignalKind, signal};

use crate::books::Books;
use crate::problem::{Problem, to_reason};

/// Bytes of a password at most; enough for a sentence.
const PASSWORD_LEN_MAX: u64 = 1024;
/// What a file of UTF-8 may begin with.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// Bytes of the mark and of the line's end, which are not the password's.
const AROUND_LEN_MAX: u64 = 5;

/// The password: asked for twice where standard input is a terminal, else its one line. Nobody is
/// asked where nobody could answer.
pub(super) fn read_password(books: &Books) -> anyhow::Result<String> {
    let input = io::stdin();
    if !input.is_terminal() {
        return from_input(input.lock());
    }
    // A terminal that is not the process's own cannot be asked.
    if File::open("/dev/tty").is_err() {
        return Err(missing());
    }
    // No signal must end the process while the terminal hides what is typed; Ctrl+C is read as a
    // key, and a terminal that is gone ends the reading.
    let kinds = [
        SignalKind::interrupt(),
        SignalKind::terminate(),
        SignalKind::hangup(),
        SignalKind::quit(),
    ];
    let held = books.wait(async { kinds.map(signal).into_iter().collect::<io::Result<Vec<_>>>() });
    let _held = held.map_err(|error| unreadable(&error))?;
    let password = ask("Contraseña: ")?;
    if ask("Repítala: ")? != password {
        return Err(Problem::usage("las dos contraseñas no son iguales; nada cambió"));
    }
    Ok(password)
}

/// Asks at the terminal, which does not show what is typed.
fn ask(prompt: &str) -> anyhow::Result<String> {
    let typed = rpassword::prompt_password(prompt).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => missing(),
        io::ErrorKind::Interrupted => Problem::usage("interrumpido; nada cambió"),
        _ => unreadable(&error),
    })?;
    // What was no text was typed as this.
    if typed.contains(char::REPLACEMENT_CHARACTER) {
        return Err(no_text());
    }
    from_line(typed.as_bytes())
}

fn missing() -> anyhow::Error {
    Problem::usage(
        "falta la contraseña: se lee de la entrada estándar, en una línea; por ejemplo, de un \
         archivo: «ventanilla user … < ARCHIVO»",
    )
}

fn unreadable(error: &io::Error) -> anyhow::Error {
    Problem::usage(format!("no se pudo leer la contraseña: {}", to_reason(error)))
}

fn no_text() -> anyhow::Error {
    Problem::usage("la contraseña no es texto UTF-8")
}

/// Takes one line, without its end and without the mark that some editors begin a file with.
fn from_input(input: impl Read) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    let read = input.take(PASSWORD_LEN_MAX + AROUND_LEN_MAX + 1).read_to_end(&mut bytes);
    read.map_err(|error| unreadable(&error))?;
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&bytes);
    if bytes.is_empty() {
        return Err(missing());
    }
    let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    from_line(line.strip_suffix(b"\r").unwrap_or(line))
}

fn from_line(line: &[u8]) -> anyhow::Result<String> {
    // Before it is read as text: what was not taken in may end within a letter.
    if u64::try_from(line.len()).is_ok_and(|len| len > PASSWORD_LEN_MAX) {
        return Err(Problem::usage(format!("la contraseña pasa de {PASSWORD_LEN_MAX} bytes")));
    }
    let line = str::from_utf8(line).map_err(|_not_utf8| no_text())?;
    if line.contains(['\n', '\r']) {
        return Err(Problem::usage("la contraseña lleva más de una línea"));
    }
    // A terminal drops them unseen: what is typed and what is in a file must not differ.
    if line.contains(char::is_control) {
        return Err(Problem::usage("la contraseña lleva un carácter de control"));
    }
    Ok(line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_one_line_as_it_is() {
        let read = |bytes: &[u8]| from_input(bytes).map_err(|error| error.to_string());
        for text in ["ñandú 1", "ñandú 1\n", "ñandú 1\r\n"] {
            assert_eq!(read(text.as_bytes()).unwrap(), "ñandú 1");
        }
        assert_eq!(read(b"\xef\xbb\xbfa\r\n").unwrap(), "a", "as some editors begin a file");
        assert_eq!(read(b" a \n").unwrap(), " a ", "blanks are part of it");
        assert_eq!(read(b"\n").unwrap(), "", "which the service refuses");
        for nothing in [&b""[..], b"\xef\xbb\xbf"] {
            assert!(read(nothing).unwrap_err().contains("falta la contraseña"));
        }
        assert!(read(b"a\nb\n").unwrap_err().contains("más de una línea"));
        assert!(read(b"a\tb\n").unwrap_err().contains("carácter de control"));
        let long = "ñ".repeat(512);
        for (start, end) in [("", ""), ("\u{feff}", "\r\n")] {
            assert_eq!(read(format!("{start}{long}{end}").as_bytes()).unwrap(), long);
            let longer = format!("{start}{long}a{end}");
            assert!(read(longer.as_bytes()).unwrap_err().contains("pasa de 1024"));
        }
        let cut_in_a_letter = format!("a{}", "ñ".repeat(2000));
        assert!(read(cut_in_a_letter.as_bytes()).unwrap_err().contains("pasa de 1024"));
        assert!(read(b"\xf1and\xfa\n").unwrap_err().contains("no es texto UTF-8"));
    }
}
