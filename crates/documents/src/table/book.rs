//! An Excel workbook, and what all its sheets have in common.

use std::fmt;
use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe};

use jiff::civil::{Date, DateTime, date};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};
use ventanilla_domain::Company;

/// Rows that a sheet of Excel holds, by its published limits.
const ROWS_MAX: u32 = 1_048_576;
/// Excel counts days from here. It takes 1900 for a leap year, so the count is right only from
/// [`FIRST_DAY`] on.
const DAY_ZERO: Date = date(1899, 12, 30);
/// The first day that is the same date in every spreadsheet.
const FIRST_DAY: Date = date(1900, 3, 1);
const SECONDS_PER_DAY: f64 = 86_400.0;
const PAPER_A4: u8 = 9;

/// A workbook that is being written. Its rows go to temporary files as they come, so memory does
/// not grow with them.
pub(crate) struct Book {
    workbook: Workbook,
    /// In whose time instants are told.
    pub(super) company: Company,
    /// Rows of one sheet.
    pub(super) rows_max: u32,
}

impl fmt::Debug for Book {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Book").field("company", &self.company.id).finish_non_exhaustive()
    }
}

impl Book {
    /// A workbook of that title. It says that it was made as `day` began, so that equal rows make
    /// equal bytes.
    pub(crate) fn new(company: &Company, title: &str, day: Date) -> io::Result<Self> {
        let properties = DocProperties::new()
            .set_title(title)
            .set_company(company.name.as_str())
            .set_creation_datetime(&to_excel_day(day).map_err(io::Error::other)?);
        let mut workbook = Workbook::new();
        workbook.set_properties(&properties);
        Ok(Self { workbook, company: company.clone(), rows_max: ROWS_MAX })
    }

    /// The same workbook with sheets of so many rows, at least three.
    #[cfg(test)]
    pub(crate) fn with_rows_max(self, rows_max: u32) -> Self {
        Self { rows_max, ..self }
    }

    /// A sheet of that name, to be handed back with [`Self::finish`]. It prints on the width of one
    /// page.
    pub(crate) fn start_sheet(&mut self, name: &str) -> Result<Worksheet, XlsxError> {
        let mut sheet = self.workbook.new_worksheet_with_constant_memory()?;
        sheet.set_name(name)?;
        sheet.set_paper_size(PAPER_A4).set_landscape().set_print_fit_to_pages(1, 0);
        sheet.set_footer("&CPágina &P de &N");
        Ok(sheet)
    }

    /// Writes the workbook with its sheets in that order.
    pub(crate) fn finish(
        mut self,
        sheets: impl IntoIterator<Item = Worksheet>,
        out: impl Write + Send,
    ) -> io::Result<()> {
        sheets.into_iter().for_each(|sheet| self.workbook.push_worksheet(sheet));
        let mut out = Hushed { out, failure: None };
        let saved = guarded(|| self.workbook.save_to_writer(&mut out));
        out.failure.map_or(saved, Err)?;
        out.out.flush()
    }
}

/// A writer that fails once: after that it takes all there is and writes nothing. The library ends an
/// archive that it could not write, and complains on standard error where that fails too.
struct Hushed<W> {
    out: W,
    failure: Option<io::Error>,
}

impl<W: Write> Write for Hushed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.failure.is_some() {
            return Ok(bytes.len());
        }
        self.out.write(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => error,
            kind => {
                self.failure = Some(error);
                kind.into()
            }
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Does what writes a workbook. The library panics where one of its temporary files cannot be
/// written, as on a full disk: that is an error like any other.
pub(crate) fn guarded<T>(write: impl FnOnce() -> Result<T, XlsxError>) -> io::Result<T> {
    // What the closure has half changed is dropped with the workbook.
    match panic::catch_unwind(AssertUnwindSafe(write)) {
        Ok(written) => written.map_err(io::Error::other),
        Err(_) => Err(io::Error::other("a temporary file of the workbook could not be written")),
    }
}

fn to_excel_day(day: Date) -> Result<ExcelDateTime, XlsxError> {
    let day = day.max(FIRST_DAY);
    let (month, day_of_month) = (day.month().unsigned_abs(), day.day().unsigned_abs());
    ExcelDateTime::from_ymd(day.year().unsigned_abs(), month, day_of_month)
}

/// A time as Excel keeps it: days and their fraction, in whole seconds. `None` before March 1900,
/// where spreadsheets do not agree on the day.
pub(crate) fn to_serial(at: DateTime) -> Option<f64> {
    if at.date() < FIRST_DAY {
        return None;
    }
    let days = at.date().duration_since(DAY_ZERO).as_hours() / 24;
    let minutes = i32::from(at.hour()) * 60 + i32::from(at.minute());
    let seconds = minutes * 60 + i32::from(at.second());
    Some(to_float(days) + f64::from(seconds) / SECONDS_PER_DAY)
}

/// A number as spreadsheets have it: exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "a spreadsheet has no other numbers")]
pub(super) const fn to_float(number: i64) -> f64 {
    number as f64
}

/// Texts. A text that is edited stays a text, whatever it starts with.
pub(crate) fn text_format() -> Format {
    Format::new().set_num_format("@")
}

/// Amounts: `1.234,50` where Spanish is spoken.
pub(crate) fn amount_format() -> Format {
    Format::new().set_num_format("#,##0.00")
}

/// Headings and names of things.
pub(crate) fn label_format() -> Format {
    Format::new().set_bold()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_the_days_since_the_end_of_1899() {
        // As Excel shows them with the format `0.00000`.
        for (at, serial) in [
            ("1900-03-01T00:00:00", Some(61.0)),
            ("1970-01-01T00:00:00", Some(25_569.0)),
            ("2021-11-05T12:00:00", Some(44_505.5)),
            ("2021-11-26T06:00:00.9", Some(44_526.25)),
            ("9999-12-31T18:00:00", Some(2_958_465.75)),
            ("1900-02-28T23:59:59", None),
            ("-000001-01-01T00:00:00", None),
        ] {
            assert_eq!(to_serial(at.parse().unwrap()), serial, "{at}");
        }
    }

    #[test]
    fn a_writer_that_failed_takes_the_rest_in_silence() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut out = Hushed { out: Full, failure: None };
        assert_eq!(out.write(b"a").unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(out.write(b"bc").unwrap(), 2);
        assert_eq!(out.failure.unwrap().kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    fn a_panic_of_the_library_is_an_error() {
        let failed = guarded(|| -> Result<(), XlsxError> { panic!("disk full") });
        assert_eq!(failed.unwrap_err().kind(), io::ErrorKind::Other);
    }
}
