//! Suppliers, their invoices and the payouts that settle them.

mod desk;
mod entering;
mod past;

pub use desk::{Desk, InvoicePayout, InvoiceState, PayoutState, SupplierState};
pub use entering::{DeskRefusal, PayoutRequest};
pub use past::PastPayable;
