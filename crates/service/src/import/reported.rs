//! The rows of a collector's report: what it collected and reversed, each payment with its `IdCobranza`.
//!
//! Source: docs/spec/cooplan.md §2, Services 6; the columns are those of the report that a collector
//! downloads (`documents/src/report/columns.rs`), of which a few are enough.

use jiff::civil::{DateTime, Time};
use ventanilla_domain::{
    BillId, CallerKey, CallerReference, ContractCode, Currency, Label, Money, PaymentId, Period,
    Place,
};

use super::cells::{self, Forms};
use super::columns::ReportColumn;
use super::rows::{Cells, Judged, Rows};
use super::verdict::CellProblem;
use super::{ImportRefusal, Scan, Source};

/// What a row of a report says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReportedRow {
    pub(crate) payment: PaymentId,
    pub(crate) bill: BillId,
    pub(crate) contract: ContractCode,
    pub(crate) period: Option<Period>,
    /// More than zero, of a reversal too.
    pub(crate) amount: Money,
    /// When the payment was accepted, in the company's time, to the second.
    pub(crate) paid_at: DateTime,
    /// Whether the row tells of the payment, and not of its reversal alone.
    pub(crate) is_payment: bool,
    /// When it was reversed, where it was.
    pub(crate) reversed_at: Option<DateTime>,
    pub(crate) reference: Option<CallerReference>,
    pub(crate) key: Option<CallerKey>,
    pub(crate) place: Place,
}

/// The rows of a report. As an iterator it ends after an error, as `MemberRows` does.
pub(crate) struct ReportedRows<'a>(Rows<'a>);

impl<'a> ReportedRows<'a> {
    /// Reads the heading of a scanned source; amounts are taken as of `currency`.
    ///
    /// Errors in order: reading fails, the heading is bad.
    pub(crate) fn new(
        source: &'a mut dyn Source,
        scan: &Scan,
        currency: Currency,
    ) -> Result<Self, ImportRefusal> {
        Rows::from_start::<ReportColumn>(source, scan, currency).map(Self)
    }
}

impl Iterator for ReportedRows<'_> {
    type Item = Result<Judged<ReportedRow>, ImportRefusal>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next(reported_row)
    }
}

/// What a row is about, as `Tipo` and `Estado` say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tells {
    Payment,
    Reversal,
}

const KINDS: [(&str, Tells); 3] =
    [("cobranza", Tells::Payment), ("reversion", Tells::Reversal), ("reversión", Tells::Reversal)];
/// Whether the payment stands (2) or was reversed (3).
const STATES: [(&str, bool); 2] = [("2", false), ("3", true)];

fn reported_row(cells: &mut Cells<'_>) -> Option<ReportedRow> {
    use ReportColumn as Column;
    let payment = cells.required(Column::Payment, |cell, _| cells::id(cell, PaymentId::from_i64));
    let bill = cells.required(Column::Bill, |cell, _| cells::id(cell, BillId::from_i64));
    let contract = cells.required(Column::Contract, |cell, _| cells::text(unguarded(cell)));
    let amount = cells.required(Column::Amount, cells::signed_amount);
    let paid_at = cells.required(Column::PaidAt, moment);
    let kind = cells
        .given(Column::Kind, |cell, _| cells::one_of(cell, "cobranza o reversion", &KINDS))
        .or(None);
    let is_reversed =
        cells.given(Column::State, |cell, _| cells::one_of(cell, "2 o 3", &STATES)).or(None);
    let reversed_at = cells.given(Column::ReversedAt, moment).or(None);
    let period = cells.given(Column::Period, cells::period).or(None);
    let reference = cells.given(Column::Reference, |cell, _| cells::text(unguarded(cell))).or(None);
    let key = cells.given(Column::Key, |cell, _| caller_key(unguarded(cell))).or(None);
    let place = place(cells);
    // Whom a payment names, the books say.
    cells.given(Column::MemberName, |_, _| Ok(()));
    let amount = amount?;
    let tells = kind.unwrap_or(match amount.to_minor() {
        ..0 => Tells::Reversal,
        0.. => Tells::Payment,
    });
    let is_due = tells == Tells::Reversal || is_reversed == Some(true);
    if is_due && reversed_at.is_none() {
        cells.note(Column::ReversedAt, &CellProblem::Empty);
    }
    let amount = positive(amount, tells).or_else(|| {
        cells.note(Column::Amount, &CellProblem::Sign);
        None
    });
    Some(ReportedRow {
        payment: payment?,
        bill: bill?,
        contract: contract?,
        period,
        amount: amount?,
        paid_at: paid_at?,
        is_payment: tells == Tells::Payment,
        reversed_at,
        reference,
        key,
        place,
    })
}

fn place(cells: &mut Cells<'_>) -> Place {
    use ReportColumn as Column;
    let mut label =
        |column| cells.given::<Label>(column, |cell, _| cells::text(unguarded(cell))).or(None);
    Place {
        branch: label(Column::Branch),
        cashier: label(Column::Cashier),
        terminal: label(Column::Terminal),
        means: label(Column::Means),
        collected_at: cells.given(Column::CollectedAt, moment).or(None),
    }
}

/// A payment's amount is above zero; a reversal's is told below it, or as the payment's.
fn positive(amount: Money, tells: Tells) -> Option<Money> {
    let minor = match tells {
        Tells::Payment => amount.to_minor(),
        Tells::Reversal => amount.to_minor().abs(),
    };
    (minor > 0).then(|| Money::from_minor(minor, amount.currency()))
}

/// A moment: a date as the others of the file, and a time to the second or the minute. A date alone is
/// its noon.
fn moment(cell: &str, forms: &mut Forms) -> Result<DateTime, CellProblem> {
    let (date, time) = cell.split_once([' ', 'T']).unwrap_or((cell, "12:00:00"));
    let wrong = || CellProblem::Moment { cell: cells::shown(cell) };
    let date = cells::date(date, forms).map_err(|problem| match problem {
        CellProblem::Date { .. } => wrong(),
        other => other,
    })?;
    let time = time_of(time.trim()).ok_or_else(wrong)?;
    Ok(date.to_datetime(time))
}

fn time_of(text: &str) -> Option<Time> {
    let is_shaped = |len| {
        let shape = "00:00:00".bytes().take(len);
        text.len() == len
            && text.bytes().zip(shape).all(|(byte, shape)| match shape {
                b':' => byte == b':',
                _ => byte.is_ascii_digit(),
            })
    };
    if is_shaped(8) || is_shaped(5) { text.parse().ok() } else { None }
}

fn caller_key(cell: &str) -> Result<CallerKey, CellProblem> {
    CallerKey::from_text(cell).map_err(|error| cells::text_problem(cell, error, 64))
}

/// The text without the apostrophe that a report for spreadsheets puts before what they would run.
fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(text) if text.starts_with(['=', '+', '-', '@']) => text,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::import::scan;

    fn read(text: &str) -> Vec<Result<ReportedRow, String>> {
        let mut source = Cursor::new(text.to_owned());
        let scan = scan(&mut source).unwrap();
        let rows = ReportedRows::new(&mut source, &scan, Currency::BOB).unwrap();
        let told = |row: Result<Judged<ReportedRow>, ImportRefusal>| {
            row.unwrap().1.map_err(|verdicts| {
                let told = |verdict: &crate::import::Verdict| {
                    format!("{}: {}", verdict.column.unwrap_or("línea"), verdict.message)
                };
                verdicts.iter().map(told).collect::<Vec<_>>().join(" | ")
            })
        };
        rows.map(told).collect()
    }

    fn at(text: &str) -> DateTime {
        text.parse().unwrap()
    }

    #[test]
    fn the_downloaded_report_is_read_as_it_is() {
        let rows = read(
            "\u{FEFF}Tipo;IdCobranza;IdFactura;Contrato;Nombre;Periodo;Monto;FechaPagoEmpresa;\
             Estado;FechaReversion;IdAsociado;IdTransaccion;Sucursal;Cajero;Terminal;MedioPago;\
             FechaCobro\r\n\
             cobranza;4224409;4303568;00315;\"Muñoz; \"\"Hijos\"\"\";202110;0,05;\
             26/11/2021 23:59:59;3;27/11/2021 00:00:00;0012394;banco-7;Central;'=Ana;T-07;efectivo;\
             26/11/2021 12:10:00\r\n\
             reversion;4224330;4303567;315;Rivas;202110;-98,40;05/11/2021 12:11:52;3;\
             26/11/2021 08:00:00;;;;;;;\r\n",
        );
        let [Ok(payment), Ok(reversal)] = rows.as_slice() else { panic!("{rows:?}") };
        assert_eq!(payment.payment.to_i64(), 4_224_409);
        assert_eq!(payment.contract.as_str(), "00315");
        assert_eq!((payment.amount.to_minor(), payment.is_payment), (5, true));
        assert_eq!(payment.paid_at, at("2021-11-26T23:59:59"));
        assert_eq!(payment.reversed_at, Some(at("2021-11-27T00:00:00")));
        assert_eq!(payment.key.as_ref().unwrap().as_str(), "banco-7");
        assert_eq!(payment.place.cashier.as_ref().unwrap().as_str(), "=Ana");
        assert_eq!(payment.place.collected_at, Some(at("2021-11-26T12:10:00")));
        assert_eq!((reversal.amount.to_minor(), reversal.is_payment), (9840, false));
        assert_eq!(reversal.reversed_at, Some(at("2021-11-26T08:00:00")));
    }

    #[test]
    fn five_columns_are_enough() {
        let heading = "IdCobranza,IdFactura,Contrato,Monto,FechaPagoEmpresa\n";
        for (row, expected) in [
            ("7,1001,1,10.00,2024-02-03 10:11:12", Ok("2024-02-03T10:11:12")),
            ("7,1001,1,10,2024-02-03T10:11", Ok("2024-02-03T10:11:00")),
            ("7,1001,1,10.00,2024-02-03", Ok("2024-02-03T12:00:00")),
            ("7,1001,1,10.00,2024-02-30", Err("FechaPagoEmpresa: «2024-02-30» no es un momento")),
            ("7,1001,1,10.00,2024-02-03 25:00:00", Err("no es un momento")),
            ("7,1001,1,10.00,2024-02-03 10:11:12Z", Err("no es un momento")),
            ("7,1001,1,0,2024-02-03", Err("Monto: el importe de una cobranza es mayor que cero")),
            ("7,1001,1,-10,2024-02-03", Err("FechaReversion: la celda está vacía")),
            ("x,1001,1,10.00,2024-02-03", Err("IdCobranza: «x» no es un número")),
        ] {
            let rows = read(&format!("{heading}{row}\n"));
            match (&rows[0], expected) {
                (Ok(row), Ok(paid_at)) => assert_eq!(row.paid_at, at(paid_at)),
                (Err(told), Err(part)) => assert!(told.contains(part), "{row}: {told}"),
                (told, _) => panic!("{row}: {told:?}"),
            }
        }
    }

    #[test]
    fn what_a_row_tells_must_fit_together() {
        let heading =
            "Tipo,IdCobranza,IdFactura,Contrato,Monto,FechaPagoEmpresa,Estado,FechaReversion\n";
        for (row, part) in [
            ("cobranza,7,1,1,-10.00,2024-02-03,2,", "Monto: el importe de una cobranza"),
            ("cobranza,7,1,1,10.00,2024-02-03,3,", "FechaReversion: la celda está vacía"),
            ("reversion,7,1,1,-10.00,2024-02-03,3,", "FechaReversion: la celda está vacía"),
            ("pago,7,1,1,10.00,2024-02-03,2,", "Tipo: «pago» no se conoce; escriba cobranza"),
            ("cobranza,7,1,1,10.00,2024-02-03,9,", "Estado: «9» no se conoce; escriba 2 o 3"),
        ] {
            let rows = read(&format!("{heading}{row}\n"));
            let told = rows[0].as_ref().unwrap_err();
            assert!(told.contains(part), "{row}: {told}");
        }
        let rows = read(&format!("{heading}reversion,7,1,1,10.00,2024-02-03,3,2024-02-04\n"));
        assert_eq!(rows[0].as_ref().unwrap().amount.to_minor(), 1000, "as the payment's");
    }
}
