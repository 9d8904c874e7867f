//! A day's report as JSON: the object that is `reporte` in the answer of `reportecobranzas`
//! (docs/spec/cooplan.md §2, Services 6), written row by row.

use std::io::{self, Write};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use ventanilla_documents::{Cell, Spelling};
use ventanilla_domain::{
    BusinessDay, CallerKey, Company, DayTotals, Payment, Reversal, Text, Total,
};

/// `Estado` of a payment that stands.
const PAID: u8 = 2;
/// `Estado` of a payment that was reversed.
const REVERSED: u8 = 3;

/// A report that is being written: memory does not grow with its rows.
#[derive(Debug)]
pub(super) struct JsonReport<W: Write> {
    company: Arc<Company>,
    totals: DayTotals,
    paid: Total,
    reversed: Total,
    out: W,
}

/// A row, with the wire's own names.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row<'a> {
    id_cobranza: String,
    id_factura: i64,
    contrato: &'a str,
    nombre: &'a str,
    periodo: String,
    monto: String,
    fecha_pago_empresa: String,
    estado: u8,
    fecha_reversion: Option<String>,
    id_asociado: Option<&'a str>,
    id_transaccion: Option<&'a str>,
    sucursal: Option<&'a str>,
    cajero: Option<&'a str>,
    terminal: Option<&'a str>,
    medio_pago: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fecha_cobro: Option<String>,
}

/// A sum, with the wire's own names.
#[derive(Debug, Serialize)]
struct Sum {
    cantidad: i64,
    monto: String,
}

impl<W: Write> JsonReport<W> {
    /// Starts a report whose rows come to those totals.
    pub(super) fn start(
        company: Arc<Company>,
        day: BusinessDay,
        totals: DayTotals,
        mut out: W,
    ) -> io::Result<Self> {
        write!(out, "{{\"fecha\":\"{}\",\"cobranzas\":[", day.to_date())?;
        let zero = Total::zero(company.currency);
        Ok(Self { company, totals, paid: zero, reversed: zero, out })
    }

    /// Writes a payment of the day. All payments come before the first reversal.
    pub(super) fn payment(
        &mut self,
        payment: &Payment,
        reversal: Option<&Reversal>,
    ) -> io::Result<()> {
        if self.paid.count > 0 {
            self.out.write_all(b",")?;
        }
        self.paid = self.paid.checked_add(payment.amount).map_err(io::Error::other)?;
        self.row(payment, reversal)
    }

    /// Writes a reversal of the day with the payment that it undoes.
    pub(super) fn reversal(&mut self, payment: &Payment, reversal: &Reversal) -> io::Result<()> {
        self.out.write_all(if self.reversed.count > 0 { b"," } else { BETWEEN })?;
        self.reversed = self.reversed.checked_add(payment.amount).map_err(io::Error::other)?;
        self.row(payment, Some(reversal))
    }

    fn row(&mut self, payment: &Payment, reversal: Option<&Reversal>) -> io::Result<()> {
        let row = Row::of(&self.company, payment, reversal)?;
        Ok(serde_json::to_writer(&mut self.out, &row)?)
    }

    /// Ends the report. Errors in order: the rows are not what the totals say, the writer takes no more.
    pub(super) fn finish(mut self) -> io::Result<()> {
        let DayTotals { paid, reversed, net } = self.totals;
        if (paid, reversed) != (self.paid, self.reversed) {
            return Err(io::Error::other("the rows of the report do not add up to its totals"));
        }
        if self.reversed.count == 0 {
            self.out.write_all(BETWEEN)?;
        }
        self.out.write_all(b"]")?;
        for (name, total) in [("pagadas", paid), ("revertidas", reversed), ("neto", net)] {
            write!(self.out, ",\"{name}\":")?;
            serde_json::to_writer(&mut self.out, &Sum::of(total))?;
        }
        self.out.write_all(b"}\n")?;
        self.out.flush()
    }
}

/// What stands between the two lists.
const BETWEEN: &[u8] = b"],\"reversiones\":[";

impl Sum {
    fn of(total: Total) -> Self {
        Self { cantidad: total.count, monto: total.amount.to_decimal() }
    }
}

impl<'a> Row<'a> {
    fn of(
        company: &Company,
        payment: &'a Payment,
        reversal: Option<&Reversal>,
    ) -> io::Result<Self> {
        let moment = |at: Timestamp| told(company, Cell::Instant(at));
        let place = &payment.place;
        Ok(Self {
            id_cobranza: payment.id.to_string(),
            id_factura: payment.bill.to_i64(),
            contrato: payment.contract_code.as_str(),
            nombre: payment.member_name.as_str(),
            periodo: payment.period.to_string(),
            monto: payment.amount.to_decimal(),
            fecha_pago_empresa: moment(payment.recorded_at)?,
            estado: if reversal.is_some() { REVERSED } else { PAID },
            fecha_reversion: reversal.map(|by| moment(by.recorded_at)).transpose()?,
            id_asociado: payment.caller_reference.as_ref().map(Text::as_str),
            id_transaccion: payment.caller_key.as_ref().map(CallerKey::as_str),
            sucursal: place.branch.as_ref().map(Text::as_str),
            cajero: place.cashier.as_ref().map(Text::as_str),
            terminal: place.terminal.as_ref().map(Text::as_str),
            medio_pago: place.means.as_ref().map(Text::as_str),
            fecha_cobro: place.collected_at.map(|at| told(company, Cell::Civil(at))).transpose()?,
        })
    }
}

/// A time as the wire tells it: `26/11/2021 12:11:52`.
fn told(company: &Company, cell: Cell<'_>) -> io::Result<String> {
    let mut text = String::new();
    cell.spell(Spelling::DayFirst, company, &mut text).map_err(io::Error::other)?;
    Ok(text)
}
