//! Payments and reversals: facts that are never changed.

use jiff::Timestamp;
use jiff::civil::DateTime;

use crate::{
    BillId, BusinessDay, CallerKey, CallerReference, CollectorId, ContractCode, ContractKey, Label,
    Money, Name, PaymentId, Period, Reason,
};

/// Where and by whom the collector took the money: all optional, stored and shown in reports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// Branch (`Sucursal`).
    pub branch: Option<Label>,
    /// Cashier (`Cajero`).
    pub cashier: Option<Label>,
    /// Terminal (`Terminal`).
    pub terminal: Option<Label>,
    /// Means of payment (`MedioPago`).
    pub means: Option<Label>,
    /// When the collector says it took the money (`FechaCobro`), in the collector's own time.
    pub collected_at: Option<DateTime>,
}

/// Money accepted against one bill, final unless reversed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// `IdCobranza`.
    pub id: PaymentId,
    /// Who took the money.
    pub collector: CollectorId,
    /// The contract whose bill was paid.
    pub contract: ContractKey,
    /// The contract's code when it was paid.
    pub contract_code: ContractCode,
    /// The member's name when it was paid: a closed day's report never changes.
    pub member_name: Name,
    /// The bill.
    pub bill: BillId,
    /// The version of the bill that was paid.
    pub bill_version: u32,
    /// The bill's period.
    pub period: Period,
    /// How much: the whole bill.
    pub amount: Money,
    /// When it was accepted.
    pub recorded_at: Timestamp,
    /// The accounting day, fixed when it was accepted.
    pub business_day: BusinessDay,
    /// The caller's word for the payer.
    pub caller_reference: Option<CallerReference>,
    /// The caller's name for the attempt.
    pub caller_key: Option<CallerKey>,
    /// Where and by whom.
    pub place: Place,
    /// The payment of the same bill before this one, which was reversed.
    pub previous: Option<PaymentId>,
    /// Number of the issuer in force when it was accepted, which heads what is printed of it; 0
    /// where there was none.
    pub issuer: u32,
}

/// Undoes a payment; the payment stays, the bill is owed again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reversal {
    /// The payment undone.
    pub payment: PaymentId,
    /// Who reverses: the collector that took the money.
    pub collector: CollectorId,
    /// The contract whose bill is owed again.
    pub contract: ContractKey,
    /// The bill that is owed again.
    pub bill: BillId,
    /// The payment's whole amount.
    pub amount: Money,
    /// When it was accepted.
    pub recorded_at: Timestamp,
    /// The accounting day: the day the reversal is made, never before the payment's.
    pub business_day: BusinessDay,
    /// Why.
    pub reason: Option<Reason>,
    /// The caller's name for the attempt.
    pub caller_key: Option<CallerKey>,
}
