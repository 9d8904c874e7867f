//! Why a purchase invoice is not entered.

use ventanilla_domain::{ITEMS_MAX, InvoiceRefusal};
use ventanilla_service::DeskRefusal;

use super::{EXCHANGE_RATE, Problem, of_desk};

/// What an invoice is not entered with, because it would not be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::colppy) enum NotKept {
    /// A document other than an invoice.
    Kind,
    /// A state other than approved.
    State,
    /// Another currency than the company's.
    Currency,
    /// A rate that would change the amounts.
    ExchangeRate,
    /// The id of an invoice to change.
    Invoice,
    /// Payouts made with the invoice.
    Payments,
    /// Perceptions of more than two jurisdictions, or with a certificate.
    Perceptions,
    /// The rows of perceptions and this field say two things.
    PerceptionsDiffer(&'static str),
}

impl From<NotKept> for Problem {
    fn from(not_kept: NotKept) -> Self {
        Self::refused(match not_kept {
            NotKept::Kind => {
                "El parámetro idTipoComprobante solo admite FAC: solo se registran facturas."
            }
            NotKept::State => {
                "El parámetro idEstadoFactura solo admite Aprobada: solo se registran facturas \
                 aprobadas."
            }
            NotKept::Currency => {
                "El parámetro idMoneda solo admite 0 o 1: se registra en la moneda de la empresa."
            }
            NotKept::ExchangeRate => EXCHANGE_RATE,
            NotKept::Invoice => {
                "El parámetro idFactura debe estar vacío: alta_facturacompra registra facturas \
                 nuevas."
            }
            NotKept::Payments => {
                "El parámetro itemsPagos debe estar vacío: registre los pagos con alta_pago."
            }
            NotKept::Perceptions => {
                "El parámetro percsufridas admite hasta dos jurisdicciones, con nroCertificado \
                 vacío."
            }
            NotKept::PerceptionsDiffer(name) => {
                return Self::refused(format!("El parámetro percsufridas no coincide con {name}."));
            }
        })
    }
}

pub(in crate::colppy) fn of_entering(refusal: DeskRefusal<InvoiceRefusal>) -> Problem {
    of_desk(refusal, "registrar facturas", of_invoice)
}

fn of_invoice(refusal: InvoiceRefusal) -> Problem {
    use InvoiceRefusal as No;
    let code = code(&refusal);
    let message = match refusal {
        No::SupplierUnknown => return Problem::supplier_unknown(),
        No::AmountOutOfRange => {
            "Un importe está fuera de rango: se admite hasta 1000000000000.00, y \
                                 totalFactura debe ser mayor que cero."
                .to_owned()
        }
        No::TooManyItems => format!("Una factura admite hasta {ITEMS_MAX} renglones."),
        No::BreakdownDoesNotAddUp { sum, stated } => {
            let (sum, stated) = (sum.to_decimal(), stated.to_decimal());
            format!(
                "Un desglose suma {sum} y su total es {stated}: IVA21, IVA105 e IVA27 deben sumar \
                 totalIVA, y percepcionIIBB1 y percepcionIIBB2 deben sumar percepcionIIBB."
            )
        }
        No::PartsDoNotAddUp { sum, total } => {
            let (sum, total) = (sum.to_decimal(), total.to_decimal());
            format!(
                "Las partes suman {sum} y totalFactura es {total}: netoGravado, netoNoGravado, \
                 totalIVA, percepcionIVA y percepcionIIBB deben sumar totalFactura."
            )
        }
        No::NumberTaken { holder } => format!(
            "La factura ya está registrada: ese número del proveedor lo tiene el idFactura \
             {holder}."
        ),
    };
    Problem::refused(message).coded(code)
}

/// What the trail calls it.
fn code(refusal: &InvoiceRefusal) -> &'static str {
    use InvoiceRefusal as No;
    match refusal {
        No::SupplierUnknown => "supplier-unknown",
        No::AmountOutOfRange => "amount-out-of-range",
        No::TooManyItems => "too-many-items",
        No::BreakdownDoesNotAddUp { .. } => "breakdown-does-not-add-up",
        No::PartsDoNotAddUp { .. } => "parts-do-not-add-up",
        No::NumberTaken { .. } => "number-taken",
    }
}

/// For the reference and its tests.
#[cfg(test)]
pub(in crate::colppy) mod rows {
    use ventanilla_domain::{Currency, Money, PurchaseInvoiceId};

    use super::*;
    use crate::colppy::errors::rows::{Row, of_desks, reworded};
    use crate::every::every;

    pub(in crate::colppy) fn of_entering() -> Vec<Row> {
        use InvoiceRefusal as No;
        let ars = Currency::from_code("ARS").unwrap();
        let ars = |minor| Money::from_minor(minor, ars);
        let holder = PurchaseInvoiceId::from_i64(4017).unwrap();
        let refusals = every![
            No::SupplierUnknown => No::SupplierUnknown,
            No::AmountOutOfRange => No::AmountOutOfRange,
            No::TooManyItems => No::TooManyItems,
            No::BreakdownDoesNotAddUp { .. } => No::BreakdownDoesNotAddUp {
                sum: ars(21_000),
                stated: ars(21_001),
            },
            No::PartsDoNotAddUp { .. } => No::PartsDoNotAddUp {
                sum: ars(121_000),
                total: ars(126_000),
            },
            No::NumberTaken { .. } => No::NumberTaken { holder },
        ];
        let mut rows = reworded(not_kept());
        rows.extend(of_desks(refusals, super::of_entering));
        rows
    }

    fn not_kept() -> [(NotKept, &'static str); 8] {
        use NotKept as No;
        every![
            (No::Kind, _) => (No::Kind, "a document other than an invoice"),
            (No::State, _) => (No::State, "a state other than `Aprobada`"),
            (No::Currency, _) => (No::Currency, "another currency than the company's"),
            (No::ExchangeRate, _) => (No::ExchangeRate, "a rate other than 0 and 1"),
            (No::Invoice, _) => (No::Invoice, "the id of an invoice"),
            (No::Payments, _) => (No::Payments, "rows of payouts"),
            (No::Perceptions, _) => (No::Perceptions, "more than two rows, or a certificate"),
            (No::PerceptionsDiffer(_), _) => (
                No::PerceptionsDiffer("percepcionIIBB"),
                "the rows and the field say two things"
            ),
        ]
    }
}
