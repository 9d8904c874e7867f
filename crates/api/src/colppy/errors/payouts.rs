//! Why a payout is not made.

use ventanilla_domain::{APPLIED_MAX, MEANS_MAX, Money, PayoutRefusal};
use ventanilla_service::DeskRefusal;

use super::{EXCHANGE_RATE, Problem, of_desk};

/// What a payout is not made with, because it would not be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::colppy) enum NotKept {
    /// A rate that would change the amounts.
    ExchangeRate,
    /// A state other than approved.
    State,
    /// The id of a payout to change.
    Payout,
    /// Rows of withholdings.
    WithholdingRows,
}

impl From<NotKept> for Problem {
    fn from(not_kept: NotKept) -> Self {
        Self::refused(match not_kept {
            NotKept::ExchangeRate => EXCHANGE_RATE,
            NotKept::State => {
                "El parámetro idEstadoPago solo admite Aprobado: solo se registran pagos aprobados."
            }
            NotKept::Payout => {
                "El parámetro idPago debe estar vacío: alta_pago registra pagos nuevos."
            }
            NotKept::WithholdingRows => {
                "El parámetro retemitidas debe estar vacío: informe la retención en retencionIIBB."
            }
        })
    }
}

pub(in crate::colppy) fn of_making(refusal: DeskRefusal<PayoutRefusal>) -> Problem {
    of_desk(refusal, "registrar pagos", of_payout)
}

fn of_payout(refusal: PayoutRefusal) -> Problem {
    use PayoutRefusal as No;
    let code = code(&refusal);
    let message = match refusal {
        No::SupplierUnknown => return Problem::supplier_unknown(),
        No::CallerKeyReused => {
            "El IdTransaccion ya se usó para un pago con otros datos.".to_owned()
        }
        No::AmountOutOfRange => {
            "Un importe está fuera de rango: se admite hasta 1000000000000.00, y totalpagado y los \
             importes de los medios de pago y de las facturas deben ser mayores que cero."
                .to_owned()
        }
        No::TooManyLines => {
            format!("Un pago admite hasta {MEANS_MAX} medios de pago y {APPLIED_MAX} facturas.")
        }
        No::MeansDoNotAddUp { sum, total, withheld } => means_do_not_add_up(sum, total, withheld),
        No::NothingSettled => {
            "Los intereses alcanzan o superan lo que se paga: el pago no cancela nada.".to_owned()
        }
        No::InvoiceRepeated { invoice } => {
            format!("La factura {invoice} figura más de una vez en recordsToInsertUpdate.")
        }
        No::InvoiceUnknown { invoice } => {
            format!("No se encontro la factura {invoice} del proveedor.")
        }
        No::InvoiceOverApplied { invoice, balance } => {
            let balance = balance.to_decimal();
            format!("El importe aplicado a la factura {invoice} supera su saldo, {balance}.")
        }
        No::OverApplied { applied, settled } => {
            let (applied, settled) = (applied.to_decimal(), settled.to_decimal());
            format!(
                "Se aplican {applied} a facturas y el pago cancela {settled}: medios de pago, \
                 retenciones y descuentos, menos intereses."
            )
        }
        No::NumberOutOfRange => "El número de pago no es válido, o el talonario no tiene más \
                                 números: nroPago2 va de 1 a 99999999; puede usar otro nroPago1."
            .to_owned(),
        No::NumberTaken { holder } => {
            format!("El número de pago ya está usado: lo tiene el idPago {holder}.")
        }
    };
    Problem::refused(message).coded(code)
}

/// What the trail calls it.
fn code(refusal: &PayoutRefusal) -> &'static str {
    use PayoutRefusal as No;
    match refusal {
        No::SupplierUnknown => "supplier-unknown",
        No::CallerKeyReused => "caller-key-reused",
        No::AmountOutOfRange => "amount-out-of-range",
        No::TooManyLines => "too-many-lines",
        No::MeansDoNotAddUp { .. } => "means-do-not-add-up",
        No::NothingSettled => "nothing-settled",
        No::InvoiceRepeated { .. } => "invoice-repeated",
        No::InvoiceUnknown { .. } => "invoice-unknown",
        No::InvoiceOverApplied { .. } => "invoice-over-applied",
        No::OverApplied { .. } => "over-applied",
        No::NumberOutOfRange => "number-out-of-range",
        No::NumberTaken { .. } => "number-taken",
    }
}

fn means_do_not_add_up(sum: Money, total: Money, withheld: Money) -> String {
    let less = match total.checked_sub(withheld) {
        Ok(less) if withheld.to_minor() != 0 => {
            format!(", o {} sin las retenciones de {}", less.to_decimal(), withheld.to_decimal())
        }
        _ => String::new(),
    };
    let (sum, total) = (sum.to_decimal(), total.to_decimal());
    format!("Los medios de pago suman {sum} y deben sumar el totalpagado, {total}{less}.")
}

/// For the reference and its tests.
#[cfg(test)]
pub(in crate::colppy) mod rows {
    use ventanilla_domain::{Currency, PayoutId, PurchaseInvoiceId};

    use super::*;
    use crate::colppy::errors::rows::{Row, of_desks, reworded};
    use crate::every::every;

    pub(in crate::colppy) fn of_making() -> Vec<Row> {
        use PayoutRefusal as No;
        let ars = Currency::from_code("ARS").unwrap();
        let ars = |minor| Money::from_minor(minor, ars);
        let invoice = PurchaseInvoiceId::from_i64(4017).unwrap();
        let holder = PayoutId::from_i64(928).unwrap();
        let refusals = every![
            No::CallerKeyReused => No::CallerKeyReused,
            No::SupplierUnknown => No::SupplierUnknown,
            No::AmountOutOfRange => No::AmountOutOfRange,
            No::TooManyLines => No::TooManyLines,
            No::MeansDoNotAddUp { .. } => No::MeansDoNotAddUp {
                sum: ars(900),
                total: ars(1_100),
                withheld: ars(150),
            },
            No::NothingSettled => No::NothingSettled,
            No::InvoiceRepeated { .. } => No::InvoiceRepeated { invoice },
            No::InvoiceUnknown { .. } => No::InvoiceUnknown { invoice },
            No::InvoiceOverApplied { .. } => No::InvoiceOverApplied { invoice, balance: ars(500) },
            No::OverApplied { .. } => No::OverApplied { applied: ars(1_200), settled: ars(1_100) },
            No::NumberOutOfRange => No::NumberOutOfRange,
            No::NumberTaken { .. } => No::NumberTaken { holder },
        ];
        let not_kept = every![
            (NotKept::ExchangeRate, _) => (NotKept::ExchangeRate, "a rate other than 0 and 1"),
            (NotKept::State, _) => (NotKept::State, "a state other than `Aprobado`"),
            (NotKept::Payout, _) => (NotKept::Payout, "the id of a payout"),
            (NotKept::WithholdingRows, _) => (NotKept::WithholdingRows, "rows of withholdings"),
        ];
        let mut rows = reworded(not_kept);
        rows.extend(of_desks(refusals, super::of_making));
        rows
    }
}
