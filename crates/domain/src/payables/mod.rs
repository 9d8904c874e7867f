//! The company's own debts: suppliers, their invoices, and the payouts that settle them.

mod cuit;
mod details;
mod invoice;
mod number;
mod payout;
mod reversal;
mod supplier;

pub use cuit::{Cuit, CuitError};
pub use details::{DetailKind, DetailText, Details, InvoiceDetail, ItemDetail, SupplierDetail};
pub use invoice::{
    ITEMS_MAX, InvoiceCommand, InvoiceDecision, InvoiceFacts, InvoiceRefusal, InvoiceTerms,
    PurchaseInvoice, PurchaseParts, decide_invoice,
};
pub use number::{DocumentNumber, Letter, NumberError, PayoutNumber};
pub use payout::{
    APPLIED_MAX, Application, AppliedInvoice, IncomeWithholding, MEANS_MAX, Means, MeansLine,
    Payout, PayoutCommand, PayoutDecision, PayoutFacts, PayoutRefusal, PayoutTerms, Withholding,
    Withholdings, decide_payout,
};
pub use reversal::{
    PayoutReversal, PayoutReverseCommand, PayoutReverseFacts, PayoutReverseRefusal,
    decide_payout_reversal,
};
pub use supplier::{
    LegalName, Supplier, SupplierCommand, SupplierDecision, SupplierFacts, SupplierRefusal,
    SupplierRow, decide_supplier,
};

#[cfg(test)]
pub(crate) mod tests {
    pub(crate) use super::invoice::tests::invoice;
    pub(crate) use super::payout::tests::payout;
    pub(crate) use super::reversal::tests::reversal;
}
