//! Suppliers, their invoices and the payouts that settle them.

mod desk;
mod entering;
mod past;
mod reading;

use ventanilla_store::StoreError;

pub use desk::{Desk, InvoicePayout, InvoiceState, PayoutState, SupplierState};
pub(crate) use desk::{invoice_state, supplier_state};
pub use entering::{DeskRefusal, PayoutRequest};
pub use past::PastPayable;
pub use reading::{
    KeptPayout, ListedPayout, PayoutName, PayoutReadRefusal, PayoutSelector, SettledInvoice,
};

fn damaged(what: &'static str) -> StoreError {
    StoreError::Damaged { what, cause: None }
}
pub(crate) use entering::counters;
