//! What the paper of a payment says.

use std::sync::Arc;

use crate::{BillVersion, Company, Holder, Issuer, Label, Logo, Payment, Reversal};

/// A payment with all that its paper says. But for the reversal, nothing of it ever changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrintablePayment {
    /// The company that was paid. Its rules and the number of its issuer are those of now.
    pub company: Arc<Company>,
    /// What heads the paper: what the company had said when it was paid.
    pub issuer: Option<Issuer>,
    /// The logo that this issuer names.
    pub logo: Option<Logo>,
    /// The contract and who held it when the paid version of the bill came: whom the biller had
    /// issued the invoice to.
    pub holder: Holder,
    /// The version of the bill that was paid.
    pub version: BillVersion,
    /// The payment.
    pub payment: Payment,
    /// Its reversal, by now.
    pub reversal: Option<Reversal>,
    /// The name of the collector who took it.
    pub collector: Label,
}
