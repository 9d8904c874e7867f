//! A day's report as an Excel workbook: a summary, the payments, the reversals.

use std::fmt;
use std::io::{self, Write};
use std::iter;

use rust_xlsxwriter::{Format, FormatAlign, Formula, Worksheet, XlsxError};
use ventanilla_domain::{DayTotals, Total};

use super::DayHeading;
use super::columns::{COLUMNS, Row};
use crate::table::{
    Book, Listed, SheetColumn, Sheets, amount_format, guarded, label_format, text_format, to_serial,
};

const TITLE: &str = "Reporte de cobranzas";
/// The row of the sums' heading in the summary, counted from 0 as all rows here.
const SUMS_ROW: u32 = 7;

/// A day's report as a workbook.
pub(super) struct DayBook {
    book: Book,
    payments: Sheets,
    reversals: Sheets,
}

impl fmt::Debug for DayBook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DayBook").field("book", &self.book).finish_non_exhaustive()
    }
}

impl DayBook {
    pub(super) fn start(heading: &DayHeading) -> io::Result<Self> {
        Self::with_book(Book::new(&heading.company, TITLE, heading.day.to_date())?)
    }

    fn with_book(mut book: Book) -> io::Result<Self> {
        let columns =
            || COLUMNS.map(|(name, kind, width, _)| -> SheetColumn { (name, kind, width) });
        let payments = Sheets::start(&mut book, "Pagadas", columns())?;
        let reversals = Sheets::start(&mut book, "Revertidas", columns())?;
        Ok(Self { book, payments, reversals })
    }

    /// A payment of the day; one that was reversed is marked.
    pub(super) fn payment(&mut self, row: &Row<'_>) -> io::Result<()> {
        let cells = COLUMNS.iter().map(|(.., cell)| cell(row));
        self.payments.write(&mut self.book, cells, row.reversal.is_some())
    }

    /// A reversal of the day.
    pub(super) fn reversal(&mut self, row: &Row<'_>) -> io::Result<()> {
        let cells = COLUMNS.iter().map(|(.., cell)| cell(row));
        self.reversals.write(&mut self.book, cells, false)
    }

    /// Writes the whole workbook to `out`.
    pub(super) fn finish(
        mut self,
        heading: &DayHeading,
        totals: &DayTotals,
        out: impl Write + Send,
    ) -> io::Result<()> {
        let payments = self.payments.finish()?;
        let reversals = self.reversals.finish()?;
        let summary = guarded(|| {
            let mut sheet = self.book.start_sheet("Resumen")?;
            write_heading(&mut sheet, heading)?;
            write_sums(&mut sheet, totals, &payments, &reversals)?;
            Ok(sheet)
        })?;
        let lists = payments.sheets.into_iter().chain(reversals.sheets);
        self.book.finish(iter::once(summary).chain(lists), out)
    }
}

fn write_heading(sheet: &mut Worksheet, heading: &DayHeading) -> Result<(), XlsxError> {
    let (label, text) = (label_format(), text_format());
    for (column, width) in [(0, 14), (1, 14), (2, 18)] {
        sheet.set_column_width(column, width)?;
    }
    sheet.write_string_with_format(0, 0, TITLE, &label.clone().set_font_size(14))?;
    let company = &heading.company;
    for (row, name, told) in [
        (1, "Empresa", company.name.as_str()),
        (2, "Recaudador", heading.collector.as_str()),
        (3, "Moneda", company.currency.to_code()),
        (4, "Zona horaria", company.time_zone.to_name()),
    ] {
        sheet.write_string_with_format(row, 0, name, &label)?;
        sheet.write_string_with_format(row, 1, told, &text)?;
    }
    sheet.write_string_with_format(5, 0, "Día", &label)?;
    let day = heading.day.to_date();
    match to_serial(day.into()) {
        Some(serial) => {
            let format = Format::new().set_num_format("dd/mm/yyyy").set_align(FormatAlign::Left);
            sheet.write_number_with_format(5, 1, serial, &format)?;
        }
        None => {
            sheet.write_string_with_format(5, 1, day.strftime("%d/%m/%Y").to_string(), &text)?;
        }
    }
    Ok(())
}

/// Counts and amounts as formulas over the lists, with their results for viewers that reckon nothing.
fn write_sums(
    sheet: &mut Worksheet,
    totals: &DayTotals,
    payments: &Listed,
    reversals: &Listed,
) -> Result<(), XlsxError> {
    let label = label_format();
    for (column, name) in [(1, "Cantidad"), (2, "Monto")] {
        let format = label.clone().set_align(FormatAlign::Right);
        sheet.write_string_with_format(SUMS_ROW, column, name, &format)?;
    }
    let listed = |ranges| (format!("=COUNT({ranges})"), format!("=SUM({ranges})"));
    let (paid, reversed) = (SUMS_ROW + 2, SUMS_ROW + 3);
    // Sums of fractions of two differ from nothing by a hair.
    let net = (format!("=B{paid}-B{reversed}"), format!("=ROUND(C{paid}-C{reversed},2)"));
    for (row, name, (count, amount), total) in [
        (SUMS_ROW + 1, "Pagadas", listed(&payments.ranges), totals.paid),
        (SUMS_ROW + 2, "Revertidas", listed(&reversals.ranges), totals.reversed),
        (SUMS_ROW + 3, "Neto", net, totals.net),
    ] {
        let Total { count: counted, amount: summed } = total;
        let count = Formula::new(count).set_result(counted.to_string());
        let amount = Formula::new(amount).set_result(summed.to_decimal());
        sheet.write_string_with_format(row, 0, name, &label)?;
        let whole = Format::new().set_num_format("#,##0");
        sheet.write_formula_with_format(row, 1, count, &whole)?;
        sheet.write_formula_with_format(row, 2, amount, &amount_format())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::sync::Arc;

    use calamine::{Reader as _, Xlsx};
    use jiff::Timestamp;

    use ventanilla_domain::{
        BillId, BusinessDay, CollectorId, Company, CompanyId, ContractKey, Currency, Money, Name,
        Payment, PaymentId, Period, Place, Policy, Text, TimeZone,
    };

    use super::*;

    fn payment(number: i64, day: BusinessDay) -> Payment {
        Payment {
            id: PaymentId::from_i64(number).unwrap(),
            collector: CollectorId::FIRST,
            contract: ContractKey::FIRST,
            contract_code: Text::from_text("315").unwrap(),
            member_name: Text::from_text("Rivas").unwrap(),
            bill: BillId::FIRST,
            bill_version: 1,
            period: Period::from_yyyymm(202_110).unwrap(),
            amount: Money::from_minor(100 * number, Currency::BOB),
            recorded_at: Timestamp::UNIX_EPOCH,
            business_day: day,
            caller_reference: None,
            caller_key: None,
            place: Place::default(),
            previous: None,
            issuer: 0,
        }
    }

    /// A day of payments of 1, 2, 3, … on sheets of two rows.
    fn workbook(count: i64) -> Xlsx<Cursor<Vec<u8>>> {
        let company = Company {
            id: CompanyId::FIRST,
            name: Name::from_text("Cooplan").unwrap(),
            currency: Currency::BOB,
            time_zone: TimeZone::from_name("America/La_Paz").unwrap(),
            policy: Policy::default(),
            issuer: 0,
        };
        let collector = Text::from_text("banco").unwrap();
        let day = BusinessDay::from_date(jiff::civil::date(2021, 11, 5));
        let heading = DayHeading { company: Arc::new(company), collector, day, logo: None };
        let book = Book::new(&heading.company, TITLE, day.to_date()).unwrap().with_rows_max(4);
        let mut book = DayBook::with_book(book).unwrap();
        for number in 1..=count {
            let payment = payment(number, day);
            book.payment(&Row { payment: &payment, reversal: None, amount: payment.amount })
                .unwrap();
        }
        let none = Total::zero(Currency::BOB);
        let mut out = Vec::new();
        let totals = DayTotals { paid: none, reversed: none, net: none };
        book.finish(&heading, &totals, &mut out).unwrap();
        Xlsx::new(Cursor::new(out)).unwrap()
    }

    #[test]
    fn a_list_that_is_longer_than_a_sheet_goes_on_in_the_next() {
        for (count, lists) in [
            (1, &[("Pagadas", "IdCobranza 1 Total", 1.0)][..]),
            (2, &[("Pagadas", "IdCobranza 1 2 Total", 3.0)]),
            (
                3,
                &[
                    ("Pagadas", "IdCobranza 1 2 Total", 3.0),
                    ("Pagadas 2", "IdCobranza 3 Total", 3.0),
                ],
            ),
            (
                5,
                &[
                    ("Pagadas", "IdCobranza 1 2 Total", 3.0),
                    ("Pagadas 2", "IdCobranza 3 4 Total", 7.0),
                    ("Pagadas 3", "IdCobranza 5 Total", 5.0),
                ],
            ),
        ] {
            let mut book = workbook(count);
            let names: Vec<&str> = lists.iter().map(|(name, ..)| *name).collect();
            assert_eq!(book.sheet_names(), [&["Resumen"], &names[..], &["Revertidas"]].concat());
            for (name, ids, sum) in lists {
                let range = book.worksheet_range(name).unwrap();
                let column: Vec<String> = range.rows().map(|row| row[0].to_string()).collect();
                assert_eq!(column.join(" "), *ids, "{name}");
                assert_eq!(range.rows().next_back().unwrap()[5], *sum, "{name}");
            }
        }
        let formulas = workbook(5).worksheet_formula("Resumen").unwrap();
        let ranges = "(Pagadas!F2:F3,'Pagadas 2'!F2:F3,'Pagadas 3'!F2:F2)";
        assert_eq!(formulas.get_value((8, 1)), Some(&format!("COUNT{ranges}")));
        assert_eq!(formulas.get_value((8, 2)), Some(&format!("SUM{ranges}")));
    }
}
