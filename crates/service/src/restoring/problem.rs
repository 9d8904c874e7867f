//! What can be wrong with a line of a report beside what the books say, and the Spanish sentence for
//! each.

use std::fmt::{self, Display};

use ventanilla_domain::{PayRefusal, PaymentId, ReverseRefusal};

/// What of a payment is no column: whose it is.
pub(super) const COLLECTOR: &str = "el recaudador";

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReportProblem {
    /// The books have the payment, and say something else of it.
    Differs { payment: PaymentId, what: &'static str },
    /// It is said to have been done later than now.
    Later,
    /// No payment of that id can have been lost.
    NotLost { payment: PaymentId },
    /// Another payment settles the bill; `None` where it was paid elsewhere.
    BillPaid { settled: Option<PaymentId> },
    /// The payment that was reversed is neither in the books nor in a report.
    PaymentUnknown { payment: PaymentId },
    /// The payment is refused.
    Pay(PayRefusal),
    /// The reversal is refused.
    Reverse(ReverseRefusal),
}

impl Display for ReportProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Differs { payment, what } => {
                write!(f, "la cobranza {payment} ya está en los libros y {what} no coincide.")
            }
            Self::Later => f.write_str(
                "es posterior a este momento: revise la fecha, y el reloj de esta máquina.",
            ),
            Self::NotLost { payment } => write!(
                f,
                "la cobranza {payment} no está en los libros, y su número no es de los que se dieron \
                 después del respaldo."
            ),
            Self::BillPaid { settled: Some(settled) } => {
                write!(f, "la factura ya está pagada por la cobranza {settled}.")
            }
            Self::BillPaid { settled: None } => {
                f.write_str("la factura figura como pagada fuera de este sistema.")
            }
            Self::PaymentUnknown { payment } => write!(
                f,
                "la cobranza {payment} que se revirtió no está en los libros ni en los reportes."
            ),
            Self::Pay(refusal) => f.write_str(pay_sentence(*refusal)),
            Self::Reverse(refusal) => f.write_str(reverse_sentence(*refusal)),
        }
    }
}

impl ReportProblem {
    /// The column that is wrong, where it is one other than what names the deed.
    pub(super) fn column(&self) -> Option<&'static str> {
        match self {
            Self::Differs { what, .. } => Some(*what).filter(|what| *what != COLLECTOR),
            Self::BillPaid { .. } => Some("IdFactura"),
            Self::Pay(refusal) => match refusal {
                PayRefusal::CallerKeyReused => Some("IdTransaccion"),
                PayRefusal::BillUnknown
                | PayRefusal::BillPaid { .. }
                | PayRefusal::BillAnnulled => Some("IdFactura"),
                PayRefusal::BillOfAnotherContract | PayRefusal::ContractBlocked => Some("Contrato"),
                PayRefusal::PeriodMismatch => Some("Periodo"),
                PayRefusal::AmountMismatch => Some("Monto"),
                PayRefusal::OlderBillUnpaid
                | PayRefusal::OutsideHours
                | PayRefusal::PayerMismatch
                | PayRefusal::PaymentAboveLimit
                | PayRefusal::HeldAboveLimit => None,
            },
            Self::Later | Self::NotLost { .. } | Self::PaymentUnknown { .. } | Self::Reverse(_) => {
                None
            }
        }
    }
}

fn pay_sentence(refusal: PayRefusal) -> &'static str {
    match refusal {
        PayRefusal::CallerKeyReused => "su IdTransaccion ya es de otra cobranza.",
        PayRefusal::BillUnknown => {
            "no hay ninguna factura con ese número: si llegó después del respaldo, cárguela y cargue \
             luego el reporte."
        }
        PayRefusal::BillOfAnotherContract => "la factura es de otro contrato.",
        PayRefusal::PeriodMismatch => "el periodo no es el de la factura.",
        PayRefusal::BillPaid { .. } => "la factura ya está pagada.",
        PayRefusal::BillAnnulled => "la factura está anulada.",
        PayRefusal::ContractBlocked => {
            "el contrato está bloqueado: si cambió después del respaldo, cargue los socios y luego el \
             reporte."
        }
        PayRefusal::AmountMismatch => {
            "el importe no es el de la factura: si cambió después del respaldo, cargue las facturas y \
             luego el reporte."
        }
        PayRefusal::OlderBillUnpaid => "hay una factura anterior sin pagar.",
        PayRefusal::OutsideHours => "está fuera del horario de cobro.",
        PayRefusal::PayerMismatch => "el IdAsociado no es el del socio.",
        PayRefusal::PaymentAboveLimit => "pasa del máximo por pago del recaudador.",
        PayRefusal::HeldAboveLimit => "pasa del cupo del recaudador.",
    }
}

fn reverse_sentence(refusal: ReverseRefusal) -> &'static str {
    match refusal {
        ReverseRefusal::CallerKeyReused => "su IdTransaccion ya es de otra reversión.",
        ReverseRefusal::PaymentUnknown => "la cobranza es de otro recaudador.",
        ReverseRefusal::PaymentOfAnotherBill => "la cobranza es de otra factura.",
        ReverseRefusal::AlreadyReversed => "la cobranza ya está revertida.",
        ReverseRefusal::WindowOver => "pasó el plazo para revertir.",
    }
}
