//! Any list as a file: rows under columns, and what their amounts add up to.

mod paper;

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;

use jiff::civil::Date;
use ventanilla_domain::{Company, Logo};

use crate::FileForm;
use crate::table::{Book, Cell, CsvTable, Kind, Sheets, Spelling};
use paper::ListPaper;

/// A column: its name, what its cells are, and how wide it is, in characters on a sheet; on paper the columns share
/// the width of the page as those are to each other.
pub type ListColumn = (&'static str, Kind, u8);

/// What a list is.
#[derive(Debug, Clone)]
pub struct ListHeading {
    /// The company: its name, its currency, and the time zone in which times are told.
    pub company: Arc<Company>,
    /// What it is a list of; the sheet is called that too, so it has at most 31 characters.
    pub title: &'static str,
    /// Of which of them, in a line on paper.
    pub about: String,
    /// The day it was made on.
    pub day: Date,
    /// The picture at the head of each page, of those files that have pages.
    pub logo: Option<Logo>,
}

/// A list that is being written, row by row: memory does not grow with the rows.
///
/// CSV goes to `out` as it comes, and paper page by page; a workbook goes to temporary files, and to `out` at the end.
/// What was written is a list only once [`Self::finish`] succeeds.
#[derive(Debug)]
pub struct ListFile<W: Write + Send>(Out<W>);

#[derive(Debug)]
enum Out<W: Write + Send> {
    Csv(CsvTable<W>),
    Xlsx(Box<ListBook>, W),
    Pdf(Box<ListPaper<W>>),
}

/// A workbook with the sheets of the one list.
struct ListBook {
    book: Book,
    sheets: Sheets,
}

impl fmt::Debug for ListBook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListBook").field("book", &self.book).finish_non_exhaustive()
    }
}

impl<W: Write + Send> ListFile<W> {
    /// Starts a file with the columns' names.
    pub fn start(
        form: FileForm,
        heading: ListHeading,
        columns: &[ListColumn],
        out: W,
    ) -> io::Result<Self> {
        let out = match form {
            FileForm::Csv => {
                let names = columns.iter().map(|(name, ..)| *name);
                let company = Company::clone(&heading.company);
                Out::Csv(CsvTable::start(Spelling::DayFirst, company, names, out)?)
            }
            FileForm::Xlsx => {
                let ListHeading { company, title, day, .. } = heading;
                let mut book = Book::new(&company, title, day)?;
                let sheets = Sheets::start(&mut book, title, columns.iter().copied())?;
                Out::Xlsx(Box::new(ListBook { book, sheets }), out)
            }
            FileForm::Pdf => Out::Pdf(Box::new(ListPaper::start(heading, columns, out)?)),
        };
        Ok(Self(out))
    }

    /// Writes a row: a cell for each column. A marked one is red, and on a sheet struck through.
    pub fn write(&mut self, cells: &[Cell<'_>], is_marked: bool) -> io::Result<()> {
        match &mut self.0 {
            Out::Csv(table) => table.write(cells.iter().copied()),
            Out::Xlsx(list, _) => {
                list.sheets.write(&mut list.book, cells.iter().copied(), is_marked)
            }
            Out::Pdf(paper) => paper.write(cells, is_marked),
        }
    }

    /// Ends the file: a workbook and paper with what the amounts of each column add up to.
    pub fn finish(self) -> io::Result<()> {
        match self.0 {
            Out::Csv(mut table) => table.flush(),
            Out::Xlsx(list, out) => {
                let listed = list.sheets.finish()?;
                list.book.finish(listed.sheets, out)
            }
            Out::Pdf(paper) => paper.finish(),
        }
    }
}
