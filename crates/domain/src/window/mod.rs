//! The window: what a company's own cashiers take, the drawers they take it into, and what collectors
//! hand over.

mod drawer;
mod receipt;
mod remittance;
mod reversal;
mod rounding;

use jiff::Timestamp;

use crate::{BusinessDay, Company, Money, Text, business_day};

pub use drawer::{
    ApproveCommand, ApproveRefusal, CloseCommand, CloseRefusal, Drawer, DrawerApproval,
    DrawerClosing, DrawerFigures, DrawerOpening, DrawerState, MeansFigures, OpenCommand,
    OpenRefusal, decide_approval, decide_closing, decide_opening,
};
pub use receipt::{
    RECEIPT_BILLS_MAX, ReceiptBill, ReceiptCommand, ReceiptDecision, ReceiptFacts, ReceiptLine,
    RepeatedReceipt, WindowMeans, WindowReceipt, WindowReceiptKey, WindowReceiptRefusal,
    decide_receipt,
};
pub use remittance::{
    RemitCommand, RemitDecision, RemitFacts, RemitRefusal, Remittance, RemittanceReversal,
    RemittanceReverseCommand, RemittanceReverseRefusal, decide_remittance,
    decide_remittance_reversal,
};
pub use reversal::{
    ReceiptReversal, ReceiptReverseCommand, ReceiptReverseDecision, ReceiptReverseFacts,
    ReceiptReverseRefusal, TakenPayment, decide_receipt_reversal,
};
pub use rounding::CashRounding;

/// The name of whoever works at the window: the one that they sign in with.
pub type StaffName = Text<128>;

/// The day of an act of now that follows on one of `earlier`: a clock set back must not put it before.
fn day_after(company: &Company, earlier: BusinessDay, now: Timestamp) -> BusinessDay {
    business_day(company, now).max(earlier)
}

/// Whether an amount is of the company's currency and within what the books hold, from nothing on.
fn is_in_range(company: &Company, amount: Money) -> bool {
    amount.currency() == company.currency
        && (0..=Money::PAYABLE_MAX_MINOR).contains(&amount.to_minor())
}

#[cfg(test)]
pub(crate) mod tests {
    pub(crate) use super::drawer::tests::{approval, closing, opening};
    pub(crate) use super::receipt::tests::{receipt, rounded};
    pub(crate) use super::remittance::tests::{remittance, reversal as remittance_reversal};
    pub(crate) use super::reversal::tests::reversal as receipt_reversal;
}
