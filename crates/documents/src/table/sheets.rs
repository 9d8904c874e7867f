//! Rows as worksheets of a workbook.
//!
//! A list that is longer than a sheet goes on in another one. What a spreadsheet could run is written
//! as text, in columns that hold text.

use std::io;

use rust_xlsxwriter::{Color, Format, FormatBorder, Formula, IgnoreError, Worksheet, XlsxError};
use ventanilla_domain::{Company, Currency, Total, civil_at};

use super::book::{Book, amount_format, guarded, label_format, text_format, to_float, to_serial};
use super::cell::{Cell, Spelling};

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Whole numbers.
    Number,
    /// Texts, codes too: their zeros stay.
    Text,
    /// Amounts, summed under the last row.
    Amount,
    /// Dates with a time: `26/11/2021 12:11:52`.
    Moment,
    /// Dates: `26/11/2021`.
    Day,
}

impl Kind {
    fn to_format(self) -> Format {
        match self {
            Self::Number => Format::new().set_num_format("0"),
            Self::Text => text_format(),
            Self::Amount => amount_format(),
            Self::Moment => Format::new().set_num_format("dd/mm/yyyy hh:mm:ss"),
            Self::Day => Format::new().set_num_format("dd/mm/yyyy"),
        }
    }
}

/// A column of a sheet: its name, what its cells are, and how many characters wide it is.
pub(crate) type SheetColumn = (&'static str, Kind, u8);

/// Excel shows fifteen digits of a number; a longer one goes as text, whole.
const NUMBER_MAX: i64 = 999_999_999_999_999;
/// The row under the heading, counted from 0 as all rows here.
const FIRST_ROW: u32 = 1;

/// The sheets of one list, the last one at hand.
pub(crate) struct Sheets {
    name: &'static str,
    columns: Vec<SheetColumn>,
    /// The formats of a marked row.
    marked: Vec<Format>,
    currency: Currency,
    sheet: Worksheet,
    /// The first row of the sheet at hand that is free.
    row: u32,
    /// What the amounts of the sheet at hand add up to, column by column.
    totals: Vec<Total>,
    full: Vec<Worksheet>,
    /// Where the amounts are: `Pagadas!F2:F9`.
    ranges: Vec<String>,
    text: String,
}

/// A list that was written.
pub(crate) struct Listed {
    /// Its sheets.
    pub(crate) sheets: Vec<Worksheet>,
    /// Where its amounts are: the arguments of a formula. They are of one column.
    pub(crate) ranges: String,
}

impl Sheets {
    /// The sheets of a list.
    pub(crate) fn start(
        book: &mut Book,
        name: &'static str,
        columns: impl IntoIterator<Item = SheetColumn>,
    ) -> io::Result<Self> {
        let columns: Vec<_> = columns.into_iter().collect();
        let mark = |(_, kind, _): &SheetColumn| {
            kind.to_format().set_font_strikethrough().set_font_color(Color::Red)
        };
        let currency = book.company.currency;
        Ok(Self {
            name,
            marked: columns.iter().map(mark).collect(),
            currency,
            sheet: guarded(|| start_sheet(book, name, &columns))?,
            totals: vec![Total::zero(currency); columns.len()],
            columns,
            row: FIRST_ROW,
            full: Vec::new(),
            ranges: Vec::new(),
            text: String::new(),
        })
    }

    /// Writes a row: a cell for each column. A marked one is struck through and red.
    pub(crate) fn write<'r>(
        &mut self,
        book: &mut Book,
        cells: impl IntoIterator<Item = Cell<'r>>,
        is_marked: bool,
    ) -> io::Result<()> {
        // The last row is for the totals.
        if self.row + 1 == book.rows_max {
            self.go_on(book)?;
        }
        for (column, cell) in (0..).zip(cells) {
            if let Cell::Amount(amount) = cell {
                let total = &mut self.totals[usize::from(column)];
                *total = total.checked_add(amount).map_err(io::Error::other)?;
            }
            guarded(|| self.write_cell(&book.company, column, cell, is_marked))?;
        }
        self.row += 1;
        Ok(())
    }

    fn write_cell(
        &mut self,
        company: &Company,
        column: u16,
        cell: Cell<'_>,
        is_marked: bool,
    ) -> Result<(), XlsxError> {
        let place = usize::from(column);
        let (_, kind, _) = self.columns[place];
        let format = is_marked.then(|| &self.marked[place]);
        let number = match cell {
            Cell::Nothing => return Ok(()),
            // A period or another code of digits.
            _ if kind == Kind::Text => None,
            Cell::Number(number) => {
                (-NUMBER_MAX..=NUMBER_MAX).contains(&number).then(|| to_float(number))
            }
            Cell::Amount(amount) => Some(to_float(amount.to_minor()) / 100.0),
            Cell::Day(day) => to_serial(day.into()),
            Cell::Instant(at) => to_serial(civil_at(company, at)),
            Cell::Civil(at) => to_serial(at),
            Cell::Text(_) | Cell::Details(_) => None,
        };
        let (sheet, row) = (&mut self.sheet, self.row);
        if let Some(number) = number {
            match format {
                Some(format) => sheet.write_number_with_format(row, column, number, format),
                None => sheet.write_number(row, column, number),
            }?;
            return Ok(());
        }
        self.text.clear();
        cell.spell(Spelling::DayFirst, company, &mut self.text)
            .expect("a sheet's times have no offset, the one part whose spelling can fail");
        match format {
            Some(format) => sheet.write_string_with_format(row, column, &self.text, format),
            None => sheet.write_string(row, column, &self.text),
        }?;
        Ok(())
    }

    /// Ends the sheet at hand and begins the next one.
    fn go_on(&mut self, book: &mut Book) -> io::Result<()> {
        guarded(|| self.end_sheet())?;
        let name = format!("{} {}", self.name, self.full.len() + 2);
        let next = guarded(|| start_sheet(book, &name, &self.columns))?;
        self.full.push(std::mem::replace(&mut self.sheet, next));
        self.row = FIRST_ROW;
        self.totals.fill(Total::zero(self.currency));
        Ok(())
    }

    /// Ends the list.
    pub(crate) fn finish(mut self) -> io::Result<Listed> {
        guarded(|| self.end_sheet())?;
        self.full.push(self.sheet);
        Ok(Listed { sheets: self.full, ranges: self.ranges.join(",") })
    }

    /// Writes the totals and what depends on where the sheet ends.
    fn end_sheet(&mut self) -> Result<(), XlsxError> {
        // A formula needs a range: an empty list is an empty row.
        let total_row = self.row.max(FIRST_ROW + 1);
        let last_column = u16::try_from(self.columns.len() - 1).unwrap_or(u16::MAX);
        let sheet = &mut self.sheet;
        let format = label_format().set_border_top(FormatBorder::Thin);
        for ((column, (_, kind, _)), total) in (0..).zip(&self.columns).zip(&self.totals) {
            match kind {
                Kind::Amount => {
                    let letter = rust_xlsxwriter::utility::column_number_to_name(column);
                    let range = format!("{letter}{}:{letter}{total_row}", FIRST_ROW + 1);
                    let sum = Formula::new(format!("=SUM({range})"))
                        .set_result(total.amount.to_decimal());
                    let format = format.clone().set_num_format("#,##0.00");
                    sheet.write_formula_with_format(total_row, column, sum, &format)?;
                    let name = sheet.name();
                    let quote = if name.contains(' ') { "'" } else { "" };
                    self.ranges.push(format!("{quote}{name}{quote}!{range}"));
                }
                _ if column == 0 => {
                    sheet.write_string_with_format(total_row, column, "Total", &format)?;
                }
                _ => {
                    sheet.write_blank(total_row, column, &format)?;
                }
            }
        }
        sheet.autofilter(0, 0, total_row - 1, last_column)?;
        // A code of digits is no number by mistake.
        let warned = IgnoreError::NumberStoredAsText;
        sheet.ignore_error_range(FIRST_ROW, 0, total_row - 1, last_column, warned)?;
        Ok(())
    }
}

/// A sheet with its heading, which stays in sight and is printed on every page.
fn start_sheet(
    book: &mut Book,
    name: &str,
    columns: &[SheetColumn],
) -> Result<Worksheet, XlsxError> {
    let mut sheet = book.start_sheet(name)?;
    sheet.set_freeze_panes(1, 0)?.set_repeat_rows(0, 0)?;
    let format = label_format().set_border_bottom(FormatBorder::Thin);
    for (column, (name, kind, width)) in (0..).zip(columns) {
        sheet.set_column_width(column, *width)?;
        sheet.set_column_format(column, &kind.to_format())?;
        sheet.write_string_with_format(0, column, *name, &format)?;
    }
    Ok(sheet)
}
