//! The columns of each list, in the order in which they are written. They are kept: what others
//! read never loses one nor sees two change places; a new one comes last (docs/exports.md).

use ventanilla_documents::Cell;
use ventanilla_domain::{
    BillId, BillState, CallerKey, ContractState, Holder, Label, LocationCode, Money, Payment,
    PaymentId, Text,
};
use ventanilla_service::{ExportedBill, ExportedEvent, ExportedPayment};

/// A column: its name, and what a row says under it.
pub(super) type Column<T> = (&'static str, for<'r> fn(&'r T) -> Cell<'r>);

/// Payments and reversals. A reversal tells of the payment that it undoes.
pub(super) fn events() -> Vec<Column<ExportedEvent>> {
    let own: &[Column<ExportedEvent>] = &[
        ("numero", |row| Cell::Number(row.number.to_i64())),
        ("tipo", |row| Cell::Text(if row.reversal.is_some() { "reversion" } else { "pago" })),
        ("id_cobranza", |row| Cell::Number(row.payment.id.to_i64())),
        ("fecha_hora", |row| {
            let reversed_at = row.reversal.as_ref().map(|reversal| reversal.recorded_at);
            Cell::Instant(reversed_at.unwrap_or(row.payment.recorded_at))
        }),
        ("dia", |row| {
            let day = row.reversal.as_ref().map(|reversal| reversal.business_day);
            Cell::Day(day.unwrap_or(row.payment.business_day).to_date())
        }),
    ];
    let rest: &[Column<ExportedEvent>] = &[
        ("motivo", |row| text(row.reversal.as_ref().and_then(|by| by.reason.as_ref()))),
        ("asiento", |row| Cell::Number(row.entry.to_i64())),
    ];
    [own, &collected(), rest].concat()
}

/// Payments as they stand.
pub(super) fn payments() -> Vec<Column<ExportedPayment>> {
    let own: &[Column<ExportedPayment>] = &[
        ("id_cobranza", |row| Cell::Number(row.payment.id.to_i64())),
        ("estado", |row| Cell::Text(if row.reversal.is_some() { "revertida" } else { "vigente" })),
        ("fecha_hora", |row| Cell::Instant(row.payment.recorded_at)),
        ("dia", |row| Cell::Day(row.payment.business_day.to_date())),
    ];
    let reversed: &[Column<ExportedPayment>] = &[
        ("fecha_reversion", |row| {
            row.reversal.as_ref().map_or(Cell::Nothing, |by| Cell::Instant(by.recorded_at))
        }),
        ("dia_reversion", |row| {
            row.reversal.as_ref().map_or(Cell::Nothing, |by| Cell::Day(by.business_day.to_date()))
        }),
        ("motivo", |row| text(row.reversal.as_ref().and_then(|by| by.reason.as_ref()))),
    ];
    [own, &collected(), reversed].concat()
}

/// A row that tells of a payment.
trait OfPayment {
    fn payment(&self) -> &Payment;
    /// Who did what the row tells.
    fn collector(&self) -> &Label;
    /// The name that the collector gave to its attempt.
    fn caller_key(&self) -> Option<&CallerKey>;
}

impl OfPayment for ExportedEvent {
    fn payment(&self) -> &Payment {
        &self.payment
    }

    fn collector(&self) -> &Label {
        &self.collector
    }

    fn caller_key(&self) -> Option<&CallerKey> {
        match &self.reversal {
            Some(reversal) => reversal.caller_key.as_ref(),
            None => self.payment.caller_key.as_ref(),
        }
    }
}

impl OfPayment for ExportedPayment {
    fn payment(&self) -> &Payment {
        &self.payment
    }

    fn collector(&self) -> &Label {
        &self.collector
    }

    fn caller_key(&self) -> Option<&CallerKey> {
        self.payment.caller_key.as_ref()
    }
}

/// What was paid, and where and by whom it was taken.
fn collected<T: OfPayment>() -> [Column<T>; 15] {
    [
        ("factura", |row| Cell::Number(row.payment().bill.to_i64())),
        ("version", |row| Cell::Number(row.payment().bill_version.into())),
        ("contrato", |row| Cell::Text(row.payment().contract_code.as_str())),
        ("nombre", |row| Cell::Text(row.payment().member_name.as_str())),
        ("periodo", |row| Cell::Number(row.payment().period.to_yyyymm().into())),
        ("monto", |row| Cell::Amount(row.payment().amount)),
        ("moneda", |row| Cell::Text(row.payment().amount.currency().to_code())),
        ("recaudador", |row| Cell::Text(row.collector().as_str())),
        ("id_asociado", |row| text(row.payment().caller_reference.as_ref())),
        ("id_transaccion", |row| {
            row.caller_key().map_or(Cell::Nothing, |key| Cell::Text(key.as_str()))
        }),
        ("sucursal", |row| text(row.payment().place.branch.as_ref())),
        ("cajero", |row| text(row.payment().place.cashier.as_ref())),
        ("terminal", |row| text(row.payment().place.terminal.as_ref())),
        ("medio_pago", |row| text(row.payment().place.means.as_ref())),
        ("fecha_cobro", |row| row.payment().place.collected_at.map_or(Cell::Nothing, Cell::Civil)),
    ]
}

/// Contracts with their holders: the columns of a file of members, but for `contrato_anterior`, which
/// tells of a change. An id that our counter gave is left out: it would come back as the biller's own,
/// and the biller's member of that number would then take the person over.
pub(super) fn members() -> Vec<Column<Holder>> {
    vec![
        ("contrato", |row| Cell::Text(row.contract.code.as_str())),
        ("nombre", |row| Cell::Text(row.member.name.as_str())),
        ("socio_id", |row| {
            if row.member.is_assigned {
                Cell::Nothing
            } else {
                Cell::Number(row.member.id.to_i64())
            }
        }),
        ("tipo_documento", |row| text(row.member.document_kind.as_ref())),
        ("num_doc", |row| text(row.member.document_number.as_ref())),
        ("nit", |row| text(row.member.tax_id.as_ref())),
        ("direccion", |row| text(row.contract.address.as_ref())),
        ("cod_ubicacion", |row| number(row.member.location.map(LocationCode::to_i64))),
        ("cod_suministro", |row| number(row.contract.supply_point.map(LocationCode::to_i64))),
        ("estado", |row| {
            Cell::Text(match row.contract.state {
                ContractState::Active => "activo",
                ContractState::Cut => "cortado",
                ContractState::Blocked => "bloqueado",
                ContractState::Ended => "baja",
            })
        }),
        ("correo", |row| text(row.member.email.as_ref())),
        ("telefono", |row| text(row.member.phone.as_ref())),
    ]
}

/// Bills as they stand: the columns of a file of bills, but for `reemplaza`, which tells of a change;
/// then ours.
pub(super) fn bills() -> Vec<Column<ExportedBill>> {
    [DEBT, &[("estado", standing)], PRINTED, SETTLED].concat()
}

/// Bills as a file that can be imported: one that was paid here is `pagada_fuera` elsewhere.
pub(super) fn bills_for_import() -> Vec<Column<ExportedBill>> {
    let stated: Column<ExportedBill> = ("estado", |row| {
        Cell::Text(match to_standing(row) {
            "pagada" => "pagada_fuera",
            other => other,
        })
    });
    [DEBT, &[stated], PRINTED].concat()
}

const DEBT: &[Column<ExportedBill>] = &[
    ("factura", |row| Cell::Number(row.bill.id.to_i64())),
    ("contrato", |row| Cell::Text(row.contract.as_str())),
    ("periodo", |row| Cell::Number(row.bill.period.to_yyyymm().into())),
    ("monto", |row| Cell::Amount(row.bill.amount)),
];

const PRINTED: &[Column<ExportedBill>] = &[
    ("emision", |row| row.version.terms.printed.issued_on.map_or(Cell::Nothing, Cell::Day)),
    ("vencimiento", |row| row.version.terms.printed.due_on.map_or(Cell::Nothing, Cell::Day)),
    ("mes_facturacion", |row| text(row.version.terms.printed.billing_month.as_ref())),
    ("nro_fiscal", |row| text(row.version.terms.printed.fiscal_number.as_ref())),
    ("autorizacion", |row| text(row.version.terms.printed.authorization.as_ref())),
    ("codigo_control", |row| text(row.version.terms.printed.control_code.as_ref())),
    ("fecha_limite", |row| {
        row.version.terms.printed.issue_deadline.map_or(Cell::Nothing, Cell::Day)
    }),
    ("cuf", |row| text(row.version.terms.printed.cuf.as_ref())),
    ("lectura_anterior", |row| text(row.version.terms.printed.reading_before.as_ref())),
    ("lectura_actual", |row| text(row.version.terms.printed.reading_after.as_ref())),
    ("consumo", |row| text(row.version.terms.printed.consumption.as_ref())),
    ("base_credito_fiscal", |row| amount(row.version.terms.printed.tax_credit_base)),
    ("ice_tasas", |row| amount(row.version.terms.printed.ice_and_fees)),
    ("no_gravado", |row| amount(row.version.terms.printed.untaxed)),
    ("no_sujeto", |row| amount(row.version.terms.printed.not_subject)),
    ("descuentos", |row| amount(row.version.terms.printed.discounts)),
    ("detalle", |row| match row.version.terms.printed.details.as_slice() {
        [] => Cell::Nothing,
        lines => Cell::Details(lines),
    }),
];

const SETTLED: &[Column<ExportedBill>] = &[
    ("version", |row| Cell::Number(row.bill.version.into())),
    ("reemplazada_por", |row| number(row.version.replaced_by.map(BillId::to_i64))),
    ("id_cobranza", |row| number(row.bill.paid_by.map(PaymentId::to_i64))),
    ("fecha_pago", |row| {
        row.payment.as_ref().map_or(Cell::Nothing, |(by, _)| Cell::Instant(by.recorded_at))
    }),
    ("dia_pago", |row| {
        row.payment.as_ref().map_or(Cell::Nothing, |(by, _)| Cell::Day(by.business_day.to_date()))
    }),
    ("recaudador", |row| text(row.payment.as_ref().map(|(_, collector)| collector))),
];

fn standing(row: &ExportedBill) -> Cell<'_> {
    Cell::Text(to_standing(row))
}

/// The import's words, and `pagada` for what was paid here.
fn to_standing(row: &ExportedBill) -> &'static str {
    match row.bill.state {
        BillState::Owed if row.bill.paid_by.is_some() => "pagada",
        BillState::Owed => "pendiente",
        BillState::Annulled => "anulada",
        BillState::PaidElsewhere => "pagada_fuera",
    }
}

fn text<const MAX: usize>(text: Option<&Text<MAX>>) -> Cell<'_> {
    text.map_or(Cell::Nothing, |text| Cell::Text(text.as_str()))
}

fn number(number: Option<i64>) -> Cell<'static> {
    number.map_or(Cell::Nothing, Cell::Number)
}

fn amount(amount: Option<Money>) -> Cell<'static> {
    amount.map_or(Cell::Nothing, Cell::Amount)
}
