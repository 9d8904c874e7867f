//! Rows as CSV, for a program or for a spreadsheet.

use std::io::{self, Write};

use ventanilla_domain::Company;

use super::cell::{Cell, Spelling, is_formula};

/// Writes rows as CSV, each at once: memory does not grow with them.
///
/// For [`Spelling::Program`] it is RFC 4180 with `,` and lines ended by a line feed. For a
/// spreadsheet in Spanish: a mark of UTF-8, `;`, CRLF, and no text that it would run as a formula.
#[derive(Debug)]
pub struct CsvTable<W: Write> {
    spelling: Spelling,
    company: Company,
    out: Box<csv::Writer<W>>,
    /// The text of the cell at hand.
    text: String,
}

impl<W: Write> CsvTable<W> {
    /// Starts with the heading. Instants are told in the company's time.
    pub fn start(
        spelling: Spelling,
        company: Company,
        names: impl IntoIterator<Item = &'static str>,
        mut out: W,
    ) -> io::Result<Self> {
        let mut form = csv::WriterBuilder::new();
        if spelling != Spelling::Program {
            form.delimiter(b';').terminator(csv::Terminator::CRLF);
            out.write_all("\u{FEFF}".as_bytes())?;
        }
        let mut out = Box::new(form.from_writer(out));
        out.write_record(names.into_iter().map(str::as_bytes)).map_err(to_io_error)?;
        Ok(Self { spelling, company, out, text: String::new() })
    }

    /// Writes a row: a cell for each name.
    pub fn write<'r>(&mut self, cells: impl IntoIterator<Item = Cell<'r>>) -> io::Result<()> {
        for cell in cells {
            self.write_cell(cell)?;
        }
        self.out.write_record(None::<&[u8]>).map_err(to_io_error)
    }

    fn write_cell(&mut self, cell: Cell<'_>) -> io::Result<()> {
        let is_run = self.spelling != Spelling::Program;
        if let Cell::Text(words) = cell
            && !(is_run && is_formula(words))
        {
            return self.out.write_field(words).map_err(to_io_error);
        }
        self.text.clear();
        cell.spell(self.spelling, &self.company, &mut self.text).map_err(io::Error::other)?;
        // What others wrote, only: an amount may be negative.
        let is_theirs = matches!(cell, Cell::Text(_) | Cell::Details(_));
        if is_run && is_theirs && is_formula(&self.text) {
            self.text.insert(0, '\'');
        }
        self.out.write_field(&self.text).map_err(to_io_error)
    }

    /// Hands on what was written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The error of the writer beneath, whose kind tells a reader that has gone.
fn to_io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
