//! The columns of a day's report, in the order in which every file has them: those of a row of
//! `reportecobranzas`, with its names (docs/spec/cooplan.md §2, Services 6).

use ventanilla_domain::{Money, Payment, Reversal, Text};

use crate::table::{Cell, Kind};

/// A row: a payment, and what became of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'r> {
    pub(super) payment: &'r Payment,
    pub(super) reversal: Option<&'r Reversal>,
    /// What the row adds to the sum of its column.
    pub(super) amount: Money,
}

/// A column: its name, what its cells are, how many characters wide it is on a sheet, and what a row
/// says under it.
pub(super) type DayColumn = (&'static str, Kind, u8, for<'r> fn(&Row<'r>) -> Cell<'r>);

/// `Estado` of a payment that stands.
const PAID: i64 = 2;
/// `Estado` of a payment that was reversed.
const REVERSED: i64 = 3;

pub(super) const COLUMNS: [DayColumn; 16] = [
    ("IdCobranza", Kind::Number, 13, |row| Cell::Number(row.payment.id.to_i64())),
    ("IdFactura", Kind::Number, 13, |row| Cell::Number(row.payment.bill.to_i64())),
    ("Contrato", Kind::Text, 12, |row| Cell::Text(row.payment.contract_code.as_str())),
    ("Nombre", Kind::Text, 36, |row| Cell::Text(row.payment.member_name.as_str())),
    ("Periodo", Kind::Text, 9, |row| Cell::Number(row.payment.period.to_yyyymm().into())),
    ("Monto", Kind::Amount, 14, |row| Cell::Amount(row.amount)),
    ("FechaPagoEmpresa", Kind::Moment, 19, |row| Cell::Instant(row.payment.recorded_at)),
    ("Estado", Kind::Number, 8, |row| {
        Cell::Number(if row.reversal.is_some() { REVERSED } else { PAID })
    }),
    ("FechaReversion", Kind::Moment, 19, |row| {
        row.reversal.map_or(Cell::Nothing, |by| Cell::Instant(by.recorded_at))
    }),
    ("IdAsociado", Kind::Text, 14, |row| text(row.payment.caller_reference.as_ref())),
    ("IdTransaccion", Kind::Text, 24, |row| {
        row.payment.caller_key.as_ref().map_or(Cell::Nothing, |key| Cell::Text(key.as_str()))
    }),
    ("Sucursal", Kind::Text, 14, |row| text(row.payment.place.branch.as_ref())),
    ("Cajero", Kind::Text, 14, |row| text(row.payment.place.cashier.as_ref())),
    ("Terminal", Kind::Text, 14, |row| text(row.payment.place.terminal.as_ref())),
    ("MedioPago", Kind::Text, 14, |row| text(row.payment.place.means.as_ref())),
    ("FechaCobro", Kind::Moment, 19, |row| {
        row.payment.place.collected_at.map_or(Cell::Nothing, Cell::Civil)
    }),
];

fn text<const MAX: usize>(text: Option<&Text<MAX>>) -> Cell<'_> {
    text.map_or(Cell::Nothing, |text| Cell::Text(text.as_str()))
}
