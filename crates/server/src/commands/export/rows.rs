//! The rows of an export, in the form that was asked for.

use std::io::{self, BufWriter, Write};

use ventanilla_documents::{Cell, CsvTable, Spelling};
use ventanilla_domain::Company;

/// What a row looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// An object a line, its keys in the order of the columns; instants are in RFC 3339.
    JsonLines,
    /// RFC 4180 with `,` and a heading; UTF-8, each line ended by a line feed.
    Csv,
    /// CSV for a spreadsheet of a Spanish-speaking office: a mark of UTF-8, `;`, CRLF, a decimal
    /// comma, times as it reads them, and no text that it would run as a formula.
    Excel,
}

/// Writes rows.
#[derive(Debug)]
pub(super) enum Rows<W: Write> {
    Json(JsonRows<W>),
    Csv(CsvTable<W>),
}

impl<W: Write> Rows<W> {
    /// Starts with what comes before the first row.
    pub(super) fn start(
        form: Form,
        company: Company,
        names: Vec<&'static str>,
        out: W,
    ) -> io::Result<Self> {
        let spelling = match form {
            Form::JsonLines => return Ok(Self::Json(JsonRows::start(company, names, out))),
            Form::Csv => Spelling::Program,
            Form::Excel => Spelling::YearFirst,
        };
        CsvTable::start(spelling, company, names, out).map(Self::Csv)
    }

    /// Writes a row: a cell for each name.
    pub(super) fn write<'r>(&mut self, cells: impl Iterator<Item = Cell<'r>>) -> io::Result<()> {
        match self {
            Self::Json(rows) => rows.write(cells),
            Self::Csv(table) => table.write(cells),
        }
    }

    /// Hands on what was written.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Json(rows) => rows.out.flush(),
            Self::Csv(table) => table.flush(),
        }
    }
}

/// Rows as objects.
#[derive(Debug)]
pub(super) struct JsonRows<W: Write> {
    company: Company,
    names: Vec<&'static str>,
    out: BufWriter<W>,
    /// The text of the cell at hand.
    text: String,
}

impl<W: Write> JsonRows<W> {
    fn start(company: Company, names: Vec<&'static str>, out: W) -> Self {
        Self { company, names, out: BufWriter::new(out), text: String::new() }
    }

    fn write<'r>(&mut self, cells: impl Iterator<Item = Cell<'r>>) -> io::Result<()> {
        let Self { company, names, out, text } = self;
        let mut before = '{';
        for (name, cell) in names.iter().zip(cells) {
            text.clear();
            cell.spell(Spelling::Program, company, text).map_err(io::Error::other)?;
            write!(out, "{before}\"{name}\":")?;
            before = ',';
            match cell {
                Cell::Nothing => out.write_all(b"null")?,
                Cell::Number(_) => out.write_all(text.as_bytes())?,
                _ => serde_json::to_writer(&mut *out, text)?,
            }
        }
        out.write_all(b"}\n")
    }
}

#[cfg(test)]
mod tests {
    use ventanilla_domain::{
        CompanyId, Concept, Currency, DetailLine, Money, Name, Policy, TimeZone,
    };

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
