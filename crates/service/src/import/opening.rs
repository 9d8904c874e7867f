//! The first lines of a file: they tell its form, and what it is about.

use ventanilla_domain::FileKind;

use super::columns::{BillColumn, Column, MemberColumn};
use super::problem::FileProblem;
use super::record::{Cutter, Record};
use super::text::Lines;
use super::verdict::refuse_file;
use super::{ImportRefusal, Source, json};

pub(super) const UTF8_BOM: &[u8] = b"\xEF\xBB\xBF";

/// How a file writes its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A heading, and then a row in each line.
    Csv(Separator),
    /// A JSON object in each line.
    JsonLines,
}

/// What separates a file's columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Separator {
    /// `,`
    Comma,
    /// `;`: amounts may use the decimal comma.
    Semicolon,
}

impl Separator {
    pub(super) const fn to_byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
        }
    }
}

/// What the first lines of a file tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Opening {
    pub(super) form: Form,
    /// Where the heading is, or the first object.
    pub(super) line: u64,
    /// That line, without a byte order mark and trimmed; cut off where it is too long for a file.
    text: Vec<u8>,
}

/// Reads as many lines as tell the form.
///
/// Errors, as [`ImportRefusal::Unreadable`] with the line: reading failed, a workbook or UTF-16, no
/// heading, a list in JSON, lines that end in carriage returns, another separator.
pub(super) fn read_opening(source: &mut dyn Source) -> Result<Opening, ImportRefusal> {
    let mut lines = Lines::from_start(source)?;
    let first = lines.read()?.unwrap_or_default();
    check_is_text(first)?;
    let first = first.strip_prefix(UTF8_BOM).unwrap_or(first);
    if let Some(separator) = told_separator(first)? {
        let text = lines.read()?.unwrap_or_default().trim_ascii().to_vec();
        let line = lines.number();
        if text.is_empty() {
            return Err(refuse_file(line, &FileProblem::NoHeadingAfterSeparator));
        }
        return Ok(Opening { form: Form::Csv(separator), line, text });
    }
    let mut text = first.trim_ascii().to_vec();
    while text.is_empty()
        && let Some(next) = lines.read()?
    {
        text = next.trim_ascii().to_vec();
    }
    let line = lines.number();
    let form = match text.first() {
        Some(b'{') => Form::JsonLines,
        Some(b'[') => return Err(refuse_file(line, &FileProblem::JsonList)),
        Some(_) if line == 1 => Form::Csv(shown_separator(&text)?),
        _ => return Err(refuse_file(1, &FileProblem::NoHeading)),
    };
    Ok(Opening { form, line, text })
}

fn check_is_text(first: &[u8]) -> Result<(), ImportRefusal> {
    let begins_with = |marks: [&[u8]; 2]| marks.iter().any(|mark| first.starts_with(mark));
    if begins_with([b"PK\x03\x04", b"\xD0\xCF\x11\xE0"]) {
        return Err(refuse_file(1, &FileProblem::Workbook));
    }
    if begins_with([b"\xFF\xFE", b"\xFE\xFF"]) {
        return Err(refuse_file(1, &FileProblem::Utf16));
    }
    Ok(())
}

/// The separator that Excel's own first line tells: `sep=;`.
fn told_separator(first: &[u8]) -> Result<Option<Separator>, ImportRefusal> {
    let line = first.strip_suffix(b"\n").unwrap_or(first);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match line {
        [word @ .., mark] if word.eq_ignore_ascii_case(b"sep=") => match mark {
            b',' => Ok(Some(Separator::Comma)),
            b';' => Ok(Some(Separator::Semicolon)),
            other => Err(other_separator(*other)),
        },
        _ => Ok(None),
    }
}

/// The separator that a heading shows; `,` where it has but one column.
fn shown_separator(heading: &[u8]) -> Result<Separator, ImportRefusal> {
    if heading.contains(&b'\r') {
        return Err(refuse_file(1, &FileProblem::CarriageReturns));
    }
    let count = |wanted: u8| heading.split(|byte| *byte == wanted).count() - 1;
    let (commas, semicolons) = (count(b','), count(b';'));
    let other = b"\t|".iter().find(|mark| commas + semicolons == 0 && count(**mark) > 0);
    match other {
        Some(mark) => Err(other_separator(*mark)),
        None if semicolons > commas => Ok(Separator::Semicolon),
        None => Ok(Separator::Comma),
    }
}

fn other_separator(mark: u8) -> ImportRefusal {
    refuse_file(1, &FileProblem::OtherSeparator { mark: char::from(mark) })
}

/// Tells what a file holds by the columns of its heading, or by the keys of its first object: one
/// with `factura` holds bills, and else one with `nombre` members.
///
/// Errors, as [`ImportRefusal::Unreadable`]: those of a file without a readable first line, an
/// object that is not JSON, columns of neither kind.
pub fn sniff(source: &mut dyn Source) -> Result<FileKind, ImportRefusal> {
    let opening = read_opening(source)?;
    let text = String::from_utf8_lossy(&opening.text);
    let names = match opening.form {
        Form::JsonLines => {
            json::keys(&text).map_err(|problem| refuse_file(opening.line, &problem))?
        }
        Form::Csv(separator) => {
            let mut heading = Record::default();
            Cutter::new(separator).push_line(&text, &mut heading);
            heading.cells().map(str::to_owned).collect()
        }
    };
    let has = |column: &str| names.iter().any(|name| name.eq_ignore_ascii_case(column));
    if has(BillColumn::Bill.to_name()) {
        Ok(FileKind::Bills)
    } else if has(MemberColumn::Name.to_name()) {
        Ok(FileKind::Members)
    } else {
        Err(refuse_file(opening.line, &FileProblem::KindUnknown))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// What a file opens with: its form and line, and what it holds; or the line and a part of the
    /// sentence with which it is refused.
    fn check(bytes: &[u8], expected: Result<(Form, u64, FileKind), (u64, &str)>) {
        let mut source = Cursor::new(bytes);
        let told = sniff(&mut source).and_then(|kind| {
            let opening = read_opening(&mut source)?;
            Ok((opening.form, opening.line, kind))
        });
        match (told, expected) {
            (Ok(told), Ok(expected)) => assert_eq!(told, expected, "{}", bytes.escape_ascii()),
            (Err(ImportRefusal::Unreadable(verdict)), Err((line, message))) => {
                assert_eq!((verdict.line, verdict.column), (line, None), "{}", verdict.message);
                assert!(verdict.message.contains(message), "{}", verdict.message);
            }
            (told, _) => panic!("{} gave {told:?}", bytes.escape_ascii()),
        }
    }

    #[test]
    fn the_first_lines_tell_the_form_and_the_kind() {
        const COMMA: Form = Form::Csv(Separator::Comma);
        const SEMICOLON: Form = Form::Csv(Separator::Semicolon);
        for (bytes, form, line, kind) in [
            (&b"contrato,nombre\n"[..], COMMA, 1, FileKind::Members),
            (b"contrato;NOMBRE;estado", SEMICOLON, 1, FileKind::Members),
            (b"\"nombre\",\"Contrato\"\r\n", COMMA, 1, FileKind::Members),
            (b"contrato;factura;nombre", SEMICOLON, 1, FileKind::Bills),
            (b"nombre", COMMA, 1, FileKind::Members),
            (b"\xEF\xBB\xBFcontrato;nombre", SEMICOLON, 1, FileKind::Members),
            (b"sep=;\r\ncontrato;nombre\r\n", SEMICOLON, 2, FileKind::Members),
            (b"\xEF\xBB\xBFSEP=;\nfactura;a,b,c\n", SEMICOLON, 2, FileKind::Bills),
            (b"sep=,\nnombre\n", COMMA, 2, FileKind::Members),
            (b"sep=,\nnombre;factura,factura\n", COMMA, 2, FileKind::Bills),
            (b"{\"factura\":1,\"nombre\":2}\n", Form::JsonLines, 1, FileKind::Bills),
            (b"\xEF\xBB\xBF\r\n\n {\"Nombre\":[1]}", Form::JsonLines, 3, FileKind::Members),
        ] {
            check(bytes, Ok((form, line, kind)));
        }
    }
    #[test]
    fn a_file_that_does_not_open_is_refused() {
        let neither = "no es de facturas ni de socios: las facturas llevan factura, contrato, \
                       periodo, monto y los socios contrato, nombre.";
        for (bytes, line, message) in [
            (&b""[..], 1, "La primera línea está vacía"),
            (b"\n\n \n", 1, "La primera línea está vacía"),
            (b"\ncontrato,nombre\n", 1, "La primera línea está vacía"),
            (b"sep=;", 1, "Falta el encabezado: la línea que sigue a «sep=»"),
            (b"sep=;\n", 1, "Falta el encabezado"),
            (b"sep=;\n\ncontrato;nombre\n", 2, "Falta el encabezado"),
            (b"sep=|\ncontrato|nombre\n", 1, "Las columnas están separadas por «|»; sepárelas"),
            (b"sep=\t\r\n", 1, "Las columnas están separadas por tabulaciones; sepárelas"),
            (b"contrato|nombre\n", 1, "separadas por «|»"),
            (b"contrato\tnombre|x\n", 1, "separadas por tabulaciones"),
            (b"contrato,nombre|x\n", 1, neither),
            (b"contrato,direccion\n", 1, neither),
            (b"sep=,\ncontrato;nombre\n", 2, neither),
            (b"sep=", 1, neither),
            (b"\n{\"contrato\":\"315\"}\n", 2, neither),
            (b"{}", 1, neither),
            (b"{\"factura\":1", 1, "El objeto JSON no se cierra"),
            (b"\n{factura:1}", 2, "donde dice «factura:1}» debe ir un nombre entre comillas"),
            (b"[{\"factura\":1}]", 1, "El archivo es una lista de JSON"),
            (b"\n [\n{\"factura\":1}\n]", 2, "El archivo es una lista de JSON"),
            (b"nombre\rElena\r", 1, "Las líneas terminan en CR sin LF"),
            (b"PK\x03\x04\n{", 1, "libro de cálculo"),
            (b"\xFE\xFF\0{", 1, "UTF-16"),
        ] {
            check(bytes, Err((line, message)));
        }
    }
}
