//! The rows of an export, in the form that was asked for.

use std::fmt::{self, Write as _};
use std::io::{self, BufWriter, Write};

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use ventanilla_domain::{Company, DetailLine, Money, civil_at, zoned_at};

use crate::output;

/// What a row looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// An object a line, its keys in the order of the columns.
    JsonLines,
    /// RFC 4180 with `,` and a heading; UTF-8, each line ended by a line feed.
    Csv,
    /// CSV for a spreadsheet of a Spanish-speaking office: a mark of UTF-8, `;`, CRLF, a decimal
    /// comma, times as it reads them, and no text that it would run as a formula.
    Excel,
}

/// What stands in a row under a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cell<'r> {
    /// Nothing: `null`, or an empty cell.
    Nothing,
    /// A whole number.
    Number(i64),
    /// A text.
    Text(&'r str),
    /// An amount, with two decimals.
    Amount(Money),
    /// What a bill charges: `Agua=35.98|Descuento=-7.20`.
    Details(&'r [DetailLine]),
    /// A date.
    Day(Date),
    /// An instant, told in the company's time: RFC 3339 with its offset, whole seconds.
    Instant(Timestamp),
    /// A time of somebody else's clock: RFC 3339 without an offset.
    Civil(DateTime),
}

/// Writes rows.
#[derive(Debug)]
pub(super) struct Rows<W: Write> {
    form: Form,
    company: Company,
    names: Vec<&'static str>,
    out: Out<W>,
    /// The text of the cell at hand.
    text: String,
}

#[derive(Debug)]
enum Out<W: Write> {
    Json(BufWriter<W>),
    Csv(Box<csv::Writer<W>>),
}

impl<W: Write> Rows<W> {
    /// Starts with what comes before the first row.
    pub(super) fn start(
        form: Form,
        company: Company,
        names: Vec<&'static str>,
        mut out: W,
    ) -> io::Result<Self> {
        let mut csv = csv::WriterBuilder::new();
        if form == Form::Excel {
            csv.delimiter(b';').terminator(csv::Terminator::CRLF);
            out.write_all("\u{FEFF}".as_bytes())?;
        }
        let out = if form == Form::JsonLines {
            Out::Json(BufWriter::new(out))
        } else {
            let mut csv = csv.from_writer(out);
            csv.write_record(&names).map_err(to_io_error)?;
            Out::Csv(Box::new(csv))
        };
        Ok(Self { form, company, names, out, text: String::new() })
    }

    /// Writes a row: a cell for each name.
    pub(super) fn write<'r>(&mut self, cells: impl Iterator<Item = Cell<'r>>) -> io::Result<()> {
        let Self { form, company, names, out, text } = self;
        let mut before = '{';
        for (name, cell) in names.iter().zip(cells) {
            text.clear();
            print(cell, *form, company, text).map_err(io::Error::other)?;
            match out {
                Out::Csv(csv) => {
                    if *form == Form::Excel && matches!(cell, Cell::Text(_) | Cell::Details(_)) {
                        disarm(text);
                    }
                    csv.write_field(&*text).map_err(to_io_error)?;
                }
                Out::Json(out) => {
                    write!(out, "{before}\"{name}\":")?;
                    before = ',';
                    match cell {
                        Cell::Nothing => out.write_all(b"null")?,
                        Cell::Number(_) => out.write_all(text.as_bytes())?,
                        _ => serde_json::to_writer(&mut *out, text)?,
                    }
                }
            }
        }
        match out {
            Out::Csv(csv) => csv.write_record(None::<&[u8]>).map_err(to_io_error),
            Out::Json(out) => out.write_all(b"}\n"),
        }
    }

    /// Hands on what was written.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        match &mut self.out {
            Out::Json(out) => out.flush(),
            Out::Csv(out) => out.flush(),
        }
    }
}

/// The error of the writer beneath, whose kind tells a reader that has gone.
fn to_io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// Appends what a cell says to `text`.
fn print(cell: Cell<'_>, form: Form, company: &Company, text: &mut String) -> fmt::Result {
    match cell {
        Cell::Nothing => Ok(()),
        Cell::Number(number) => write!(text, "{number}"),
        Cell::Text(words) => text.write_str(words),
        Cell::Amount(amount) => text.write_str(&to_decimal(amount, form)),
        Cell::Details(lines) => lines.iter().enumerate().try_for_each(|(place, line)| {
            let mark = if place == 0 { "" } else { "|" };
            write!(text, "{mark}{}={}", line.concept, to_decimal(line.amount, form))
        }),
        Cell::Day(day) => write!(text, "{day}"),
        Cell::Instant(at) if form == Form::Excel => {
            print(Cell::Civil(civil_at(company, at)), form, company, text)
        }
        Cell::Instant(at) => {
            write!(text, "{}", zoned_at(company, at).strftime("%Y-%m-%dT%H:%M:%S%:z"))
        }
        Cell::Civil(at) if form == Form::Excel => {
            write!(text, "{}", at.strftime("%Y-%m-%d %H:%M:%S"))
        }
        Cell::Civil(at) => write!(text, "{}", at.strftime("%Y-%m-%dT%H:%M:%S")),
    }
}

fn to_decimal(amount: Money, form: Form) -> String {
    let decimal = amount.to_decimal();
    if form == Form::Excel { decimal.replace('.', ",") } else { decimal }
}

/// Keeps a spreadsheet from running what others wrote: it shows the mark before it, and a text.
fn disarm(text: &mut String) {
    if output::is_formula(text) {
        text.insert(0, '\'');
    }
}

#[cfg(test)]
mod tests {
    use ventanilla_domain::{CompanyId, Concept, Currency, Name, Policy, TimeZone};

    use super::*;

    fn company() -> Company {
        Company {
            id: CompanyId::from_i64(13).unwrap(),
            name: Name::from_text("Cooplan").unwrap(),
            currency: Currency::BOB,
            time_zone: TimeZone::from_name("America/La_Paz").unwrap(),
            policy: Policy::default(),
            issuer: 0,
        }
    }

    /// One row of one column, without its heading.
    fn written(form: Form, cell: Cell<'_>) -> String {
        let mut out = Vec::new();
        let mut rows = Rows::start(form, company(), vec!["dato"], &mut out).unwrap();
        rows.write([cell].into_iter()).unwrap();
        rows.flush().unwrap();
        drop(rows);
        let text = String::from_utf8(out).unwrap();
        let row = match form {
            Form::JsonLines => text.strip_prefix("{\"dato\":").unwrap().strip_suffix("}\n"),
            Form::Csv => text.strip_prefix("dato\n").unwrap().strip_suffix('\n'),
            Form::Excel => text.strip_prefix("\u{FEFF}dato\r\n").unwrap().strip_suffix("\r\n"),
        };
        row.unwrap().to_owned()
    }

    fn check(cell: Cell<'_>, json: &str, csv: &str, excel: &str) {
        assert_eq!(written(Form::JsonLines, cell), json, "{cell:?}");
        assert_eq!(written(Form::Csv, cell), csv, "{cell:?}");
        assert_eq!(written(Form::Excel, cell), excel, "{cell:?}");
    }

    fn amount(minor: i64) -> Cell<'static> {
        Cell::Amount(Money::from_minor(minor, Currency::BOB))
    }

    #[test]
    fn a_cell_says_the_same_in_every_form() {
        // A record of one empty cell is quoted, so that it is no empty line.
        check(Cell::Nothing, "null", "\"\"", "\"\"");
        check(Cell::Number(4_224_408), "4224408", "4224408", "4224408");
        check(amount(13_676), "\"136.76\"", "136.76", "136,76");
        check(amount(-5), "\"-0.05\"", "-0.05", "-0,05");
        check(Cell::Text("Muñoz"), "\"Muñoz\"", "Muñoz", "Muñoz");
        check(Cell::Text("a,b"), "\"a,b\"", "\"a,b\"", "a,b");
        check(Cell::Text("a;b"), "\"a;b\"", "a;b", "\"a;b\"");
        check(Cell::Text("a\"b"), r#""a\"b""#, r#""a""b""#, r#""a""b""#);
        check(Cell::Text("a\nb"), r#""a\nb""#, "\"a\nb\"", "\"a\nb\"");
        let day = "2021-11-05".parse().unwrap();
        check(Cell::Day(day), "\"2021-11-05\"", "2021-11-05", "2021-11-05");
        let at = "2021-11-26T16:11:52.9Z".parse().unwrap();
        let told = "2021-11-26T12:11:52-04:00";
        check(Cell::Instant(at), &format!("\"{told}\""), told, "2021-11-26 12:11:52");
        let at = "2021-11-26T12:11:52".parse().unwrap();
        let told = "2021-11-26T12:11:52";
        check(Cell::Civil(at), &format!("\"{told}\""), told, "2021-11-26 12:11:52");
        let line = |concept, minor| DetailLine {
            concept: Concept::from_text(concept).unwrap(),
            amount: Money::from_minor(minor, Currency::BOB),
        };
        let lines = [line("Agua", 3_598), line("Descuento Ley 1886", -720)];
        let told = "Agua=35.98|Descuento Ley 1886=-7.20";
        let excel = "Agua=35,98|Descuento Ley 1886=-7,20";
        check(Cell::Details(&lines), &format!("\"{told}\""), told, excel);
    }

    #[test]
    fn a_spreadsheet_runs_nothing_that_others_wrote() {
        for text in ["=1+1", "+591 70000000", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|'/c x'!A1"] {
            let excel = written(Form::Excel, Cell::Text(text));
            assert!(excel.trim_start_matches('"').starts_with('\''), "{excel}");
            let csv = written(Form::Csv, Cell::Text(text));
            assert_eq!(csv.trim_matches('"'), text, "a program gets what was written");
        }
        for text in ["1-1", "a=b", "Ñandú", "'"] {
            assert_eq!(written(Form::Excel, Cell::Text(text)), text);
        }
        let concept = Concept::from_text("=HYPERLINK").unwrap();
        let lines = [DetailLine { concept, amount: Money::from_minor(1, Currency::BOB) }];
        assert_eq!(written(Form::Excel, Cell::Details(&lines)), "'=HYPERLINK=0,01");
    }

    #[test]
    fn a_reader_that_has_gone_is_told_from_other_errors() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        for form in [Form::JsonLines, Form::Csv, Form::Excel] {
            let long = "x".repeat(100_000);
            let ended = Rows::start(form, company(), vec!["dato"], Gone)
                .and_then(|mut rows| rows.write([Cell::Text(&long)].into_iter()));
            assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::BrokenPipe, "{form:?}");
        }
    }
}
