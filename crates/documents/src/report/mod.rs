//! The report of a collector's day (docs/spec/cooplan.md §2, Services 6) as a file.

mod columns;
mod paper;
mod workbook;

use std::io::{self, Write};
use std::iter;
use std::sync::Arc;

use ventanilla_domain::{
    BusinessDay, Company, DayTotals, Label, Logo, Money, MoneyError, Payment, Reversal, Total,
};

use crate::table::{Cell, CsvTable, Spelling};
use columns::{COLUMNS, Row};
use paper::DayPaper;
use workbook::DayBook;

/// What kind of file a report is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileForm {
    /// CSV for people and their spreadsheets: a mark of UTF-8, `;`, CRLF, a decimal comma. Payments
    /// and reversals are one list, told apart by its first column, `Tipo`; a reversal's amount is
    /// negative, so that the column adds up to what was collected. No row of totals.
    Csv,
    /// An Excel workbook: a summary, the payments, the reversals with their amounts as they are.
    Xlsx,
    /// PDF to be printed: a line for each payment and reversal, subtotals a page, sums at the end.
    Pdf,
}

/// Whose report it is.
#[derive(Debug, Clone)]
pub struct DayHeading {
    /// The company: its name, its currency, and the time zone in which times are told.
    pub company: Arc<Company>,
    /// The collector's name.
    pub collector: Label,
    /// The business day.
    pub day: BusinessDay,
    /// The picture at the head of each page, of those files that have pages.
    pub logo: Option<Logo>,
}

/// A day's report that is being written, row by row: memory does not grow with the rows.
///
/// CSV goes to `out` as it comes; a workbook goes to temporary files, and to `out` at the end. What
/// was written is a report only once [`Self::finish`] succeeds.
#[derive(Debug)]
pub struct DayReportFile<W: Write + Send> {
    heading: DayHeading,
    totals: DayTotals,
    paid: Total,
    reversed: Total,
    out: Out<W>,
}

#[derive(Debug)]
enum Out<W: Write + Send> {
    Csv(CsvTable<W>),
    Xlsx(Box<DayBook>, W),
    Pdf(Box<DayPaper<W>>),
}

impl<W: Write + Send> DayReportFile<W> {
    /// Starts a file.
    pub fn start(
        form: FileForm,
        heading: DayHeading,
        totals: DayTotals,
        out: W,
    ) -> io::Result<Self> {
        let out = match form {
            FileForm::Csv => {
                let names = iter::once("Tipo").chain(COLUMNS.map(|(name, ..)| name));
                let company = Company::clone(&heading.company);
                Out::Csv(CsvTable::start(Spelling::DayFirst, company, names, out)?)
            }
            FileForm::Xlsx => Out::Xlsx(Box::new(DayBook::start(&heading)?), out),
            FileForm::Pdf => Out::Pdf(Box::new(DayPaper::start(heading.clone(), totals, out)?)),
        };
        let zero = Total::zero(heading.company.currency);
        Ok(Self { heading, totals, paid: zero, reversed: zero, out })
    }

    /// Writes a payment of the day; its reversal only where that is of the same day. All payments by
    /// id come before the first reversal.
    pub fn payment(&mut self, payment: &Payment, reversal: Option<&Reversal>) -> io::Result<()> {
        self.paid = self.paid.checked_add(payment.amount).map_err(io::Error::other)?;
        let row = Row { payment, reversal, amount: payment.amount };
        match &mut self.out {
            Out::Csv(table) => write_line(table, "cobranza", &row),
            Out::Xlsx(book, _) => book.payment(&row),
            Out::Pdf(paper) => paper.payment(&row),
        }
    }

    /// Writes a reversal of the day with the payment that it undoes, of whichever day; by the
    /// payment's id.
    pub fn reversal(&mut self, payment: &Payment, reversal: &Reversal) -> io::Result<()> {
        self.reversed = self.reversed.checked_add(payment.amount).map_err(io::Error::other)?;
        let row = Row { payment, reversal: Some(reversal), amount: payment.amount };
        match &mut self.out {
            Out::Csv(table) => {
                let amount = negated(payment.amount).map_err(io::Error::other)?;
                write_line(table, "reversion", &Row { amount, ..row })
            }
            Out::Xlsx(book, _) => book.reversal(&row),
            Out::Pdf(paper) => paper.reversal(&row),
        }
    }

    /// Ends the file. Errors in order: the rows are not what the totals say, `out` takes no more.
    pub fn finish(self) -> io::Result<()> {
        let net = self.paid.checked_sub(self.reversed).map_err(io::Error::other)?;
        if self.totals != (DayTotals { paid: self.paid, reversed: self.reversed, net }) {
            return Err(io::Error::other("the rows of the report do not add up to its totals"));
        }
        match self.out {
            Out::Csv(mut table) => table.flush(),
            Out::Xlsx(book, out) => book.finish(&self.heading, &self.totals, out),
            Out::Pdf(paper) => paper.finish(),
        }
    }
}

fn write_line(table: &mut CsvTable<impl Write>, kind: &str, row: &Row<'_>) -> io::Result<()> {
    table.write(iter::once(Cell::Text(kind)).chain(COLUMNS.iter().map(|(.., cell)| cell(row))))
}

fn negated(amount: Money) -> Result<Money, MoneyError> {
    Money::zero(amount.currency()).checked_sub(amount)
}
