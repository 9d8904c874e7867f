//! Provision Pago word for word.

use serde::Serialize;
use ventanilla_domain::{
    CompanyId, DocumentNumber, IncomeWithholding, Means, Money, PayoutId, SupplierId,
};
use ventanilla_service::PayoutState;

use super::Shown;
use crate::colppy::convert::{Day, Decimal, Padded, Shortest};
use crate::colppy::operations::{ID, Parameter};

/// The names that are read.
pub(in crate::colppy) mod field {
    pub(in crate::colppy) const PAYOUT: &str = "idPago";
    pub(in crate::colppy) const SUPPLIER: &str = "idProveedor";
    pub(in crate::colppy) const PAID_ON: &str = "fechaPago";
    pub(in crate::colppy) const EXCHANGE_RATE: &str = "valorCambio";
    pub(in crate::colppy) const TOTAL: &str = "totalpagado";
    pub(in crate::colppy) const STATE: &str = "idEstadoPago";
    pub(in crate::colppy) const ADVANCE: &str = "anticipo";
    pub(in crate::colppy) const INVOICES_TOTAL: &str = "totalFacturas";
    pub(in crate::colppy) const DISCOUNTS: &str = "descuentos";
    pub(in crate::colppy) const INTEREST: &str = "intereses";
    pub(in crate::colppy) const GROSS_INCOME: &str = "retencionIIBB";
    pub(in crate::colppy) const RENT: &str = "retencionesRenta";
    /// Amount, code and base of each regime of income tax.
    pub(in crate::colppy) const INCOME: [[&str; 3]; 2] = [
        ["retGanancias1", "idRetGanancias1", "baseCalculo1"],
        ["retGanancias2", "idRetGanancias2", "baseCalculo2"],
    ];
    pub(in crate::colppy) const WITHHOLDING_ROWS: &str = "retemitidas";
    pub(in crate::colppy) const POINT: &str = "nroPago1";
    pub(in crate::colppy) const SERIAL: &str = "nroPago2";
    pub(in crate::colppy) const DESCRIPTION: &str = "descripcion";
    pub(in crate::colppy) const CALLER_KEY: &str = "IdTransaccion";

    pub(in crate::colppy) const MEANS_ROWS: &str = "recordsToInsertUpdate1";
    pub(in crate::colppy) const MEANS: &str = "idMedioPago";
    pub(in crate::colppy) const CHART_ACCOUNT: &str = "idPlanCuenta";
    pub(in crate::colppy) const CHEQUE_NUMBER: &str = "nroCheque";
    pub(in crate::colppy) const VALID_ON: &str = "fechaValidez";
    pub(in crate::colppy) const AMOUNT: &str = "importe";
    pub(in crate::colppy) const IS_RECONCILED: &str = "Conciliado";

    pub(in crate::colppy) const APPLIED_ROWS: &str = "recordsToInsertUpdate";
    /// What an applied invoice's id may be called; the rows are not public.
    pub(in crate::colppy) const APPLIED_INVOICE: &str = "idFactura";
    /// What the amount applied to it may be called.
    pub(in crate::colppy) const APPLIED_AMOUNT: [&str; 5] =
        [AMOUNT, "importeAplicado", "aplicado", "importePago", "monto"];
}

/// What makes a payout.
pub(in crate::colppy) const MAKES: [Parameter; 26] = [
    Parameter::required(super::field::COMPANY, ID),
    Parameter::required(field::SUPPLIER, ID),
    Parameter::required(field::PAID_ON, "day"),
    Parameter::required(field::TOTAL, "amount, more than 0"),
    Parameter::required(
        field::MEANS_ROWS,
        "how it goes out, at least one row: `idMedioPago` (`Cheque Emitido Común`, `Cheque Emitido \
         Diferido`, `Transferencia`, `Efectivo`, `Tarjeta de Credito` or `Cheque de Tercero`, in any \
         case, with or without accents), `importe` (more than 0); optional `idPlanCuenta`, `nroCheque` \
         (texts of up to 64 characters), `fechaValidez` (day), `Conciliado` (`1` or `0`)",
    ),
    Parameter::optional(
        field::APPLIED_ROWS,
        "what it settles, each invoice once (ours): `idFactura`; `importe`, or \
         `importeAplicado`, `aplicado`, `importePago`, `monto`: more than 0",
    ),
    Parameter::optional(
        field::POINT,
        "the book it is written in: up to 5 digits, padded or not; 1 when absent",
    ),
    Parameter::optional(
        field::SERIAL,
        "its number there: up to 8 digits, padded or not; the next one when absent",
    ),
    Parameter::optional(field::EXCHANGE_RATE, "0 or 1: both mean the company's currency"),
    Parameter::optional(field::STATE, "`Aprobado`"),
    Parameter::optional(field::ADVANCE, "amount, kept as stated"),
    Parameter::optional(field::INVOICES_TOTAL, "amount, kept as stated"),
    Parameter::optional(field::DISCOUNTS, "amount that the supplier lets off"),
    Parameter::optional(field::INTEREST, "amount that is paid for being late"),
    Parameter::optional(field::GROSS_INCOME, "amount kept back"),
    Parameter::optional(field::INCOME[0][0], "amount kept back"),
    Parameter::optional(field::INCOME[0][1], "text of up to 20 characters; `0` is none"),
    Parameter::optional(field::INCOME[0][2], "amount"),
    Parameter::optional(field::INCOME[1][0], "amount kept back"),
    Parameter::optional(field::INCOME[1][1], "text of up to 20 characters; `0` is none"),
    Parameter::optional(field::INCOME[1][2], "amount"),
    Parameter::optional(field::RENT, "amount kept back"),
    Parameter::optional(field::DESCRIPTION, "text of up to 500 characters"),
    Parameter::optional(
        field::CALLER_KEY,
        "ours: the caller's name for this attempt, 1 to 64 printable ASCII characters; the header \
         `Idempotency-Key` says the same, and where both are sent they must agree",
    ),
    Parameter::optional(field::WITHHOLDING_ROWS, "empty alone"),
    Parameter::optional(field::PAYOUT, "empty or 0 alone"),
];

/// What finds a payout.
pub(in crate::colppy) const READS: [Parameter; 2] =
    [Parameter::required(super::field::COMPANY, ID), Parameter::required(field::PAYOUT, ID)];

/// `message` of a payout that was found.
pub(in crate::colppy) const FOUND: &str = "Se obtuvo el detalle pago del PAGO con exito";
/// `message` of a payout that was made.
pub(in crate::colppy) const MADE: &str = "Se insertó el pago con éxito";

/// A payout that stands: the only state that can be asked for.
pub(in crate::colppy) const APPROVED: &str = "Aprobado";
/// A payout that was undone.
const REVERSED: &str = "Anulado";

/// `idEstadoPago`.
pub(super) fn state(is_reversed: bool) -> &'static str {
    if is_reversed { REVERSED } else { APPROVED }
}

/// What each means is called.
pub(in crate::colppy) const MEANS: [(Means, &str); 6] = [
    (Means::Cheque, "Cheque Emitido Común"),
    (Means::DeferredCheque, "Cheque Emitido Diferido"),
    (Means::Transfer, "Transferencia"),
    (Means::Cash, "Efectivo"),
    (Means::CreditCard, "Tarjeta de Credito"),
    (Means::ThirdPartyCheque, "Cheque de Tercero"),
];

/// `data` of a payout that was made.
#[derive(Debug, Serialize)]
pub(in crate::colppy) struct MadePayout {
    #[serde(rename = "idPago")]
    payout: Shown<PayoutId>,
    #[serde(rename = "estesoreria")]
    is_treasury: &'static str,
}

impl MadePayout {
    pub(in crate::colppy) fn from_id(id: PayoutId) -> Self {
        Self { payout: Shown(id), is_treasury: "0" }
    }
}

/// `data` of a payout that is read: the page's 27 fields in its order.
#[derive(Debug, Serialize)]
pub(in crate::colppy) struct FoundPayout<'a> {
    #[serde(rename = "idEmpresa")]
    company: Shown<CompanyId>,
    #[serde(rename = "idPago")]
    payout: Shown<PayoutId>,
    #[serde(rename = "idProveedor")]
    supplier: Shown<SupplierId>,
    #[serde(rename = "fechaPago")]
    paid_on: Shown<Day>,
    #[serde(rename = "valorCambio")]
    exchange_rate: &'static str,
    #[serde(rename = "totalpagado")]
    total: Shown<Decimal>,
    #[serde(rename = "retencionIIBB")]
    gross_income: Shown<Decimal>,
    #[serde(rename = "idEstadoPago")]
    state: &'static str,
    #[serde(rename = "anticipo")]
    advance: Shown<Decimal>,
    #[serde(rename = "totalFacturas")]
    stated_invoices: Shown<Decimal>,
    #[serde(rename = "descuentos")]
    discounts: Shown<Decimal>,
    #[serde(rename = "intereses")]
    interest: Shown<Decimal>,
    #[serde(rename = "retGanancias1")]
    first_income: Shown<Decimal>,
    #[serde(rename = "retGanancias2")]
    second_income: Shown<Decimal>,
    #[serde(rename = "idRetGanancias1")]
    first_code: &'a str,
    #[serde(rename = "idRetGanancias2")]
    second_code: &'a str,
    #[serde(rename = "nroPago")]
    number: Shown<DocumentNumber>,
    #[serde(rename = "baseCalculo1")]
    first_base: Shown<Decimal>,
    #[serde(rename = "baseCalculo2")]
    second_base: Shown<Decimal>,
    #[serde(rename = "descripcion")]
    description: &'a str,
    #[serde(rename = "retencionesRenta")]
    rent: Shown<Decimal>,
    #[serde(rename = "retencionesRentaLabel")]
    rent_label: Shown<Decimal>,
    #[serde(rename = "nroPago1")]
    point: Shown<Padded<4>>,
    #[serde(rename = "nroPago2")]
    serial: Shown<Padded<8>>,
    #[serde(rename = "totalapagar")]
    invoices_total: Shortest,
    #[serde(rename = "totalaplicado")]
    invoices_applied: Shortest,
    #[serde(rename = "aplicadoAEstePago")]
    applied: Shortest,
}

impl<'a> FoundPayout<'a> {
    pub(in crate::colppy) fn from_state(company: CompanyId, state: &'a PayoutState) -> Self {
        let PayoutState { payout, is_reversed, invoices_total, invoices_applied, applied } = state;
        let terms = &payout.terms;
        let withheld = &terms.withholdings;
        let [first, second] = &withheld.income;
        Self {
            company: Shown(company),
            payout: Shown(payout.id),
            supplier: Shown(terms.supplier),
            paid_on: Shown(Day(terms.paid_on)),
            exchange_rate: if terms.is_rate_stated { "1" } else { "0" },
            total: decimal(terms.total),
            gross_income: decimal(withheld.gross_income),
            state: self::state(*is_reversed),
            advance: decimal(terms.stated_advance),
            stated_invoices: decimal(terms.stated_invoices),
            discounts: decimal(terms.discounts),
            interest: decimal(terms.interest),
            first_income: decimal(first.amount),
            second_income: decimal(second.amount),
            first_code: code(first),
            second_code: code(second),
            number: Shown(payout.number),
            first_base: decimal(first.base),
            second_base: decimal(second.base),
            description: terms.description.as_ref().map_or("", |text| text.as_str()),
            rent: decimal(withheld.rent),
            rent_label: decimal(withheld.rent),
            point: Shown(Padded(payout.number.to_point())),
            serial: Shown(Padded(payout.number.to_serial())),
            invoices_total: Shortest(invoices_total.to_minor()),
            invoices_applied: Shortest(invoices_applied.to_minor()),
            applied: Shortest(applied.to_minor()),
        }
    }
}

fn decimal(amount: Money) -> Shown<Decimal> {
    Shown(Decimal(amount.to_minor()))
}

fn code(withholding: &IncomeWithholding) -> &str {
    withholding.code.as_ref().map_or("0", |code| code.as_str())
}
