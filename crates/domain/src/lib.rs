//! The rules of collections: `(facts, command, now) -> decision or refusal`.
//!
//! This crate is pure: no I/O, no clock, no randomness, no serialisation. Whatever it needs to know
//! is an argument, so that each rule can be read, tested and replayed by itself.

#![warn(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    missing_docs
)]

mod bill;
mod company;
mod day;
mod event;
mod ids;
mod import;
mod issuer;
mod ledger;
mod limits;
mod logo;
mod member;
mod money;
mod pay;
mod payables;
mod payment;
mod period;
mod policy;
mod printable;
mod restoration;
mod reverse;
mod role;
mod text;
mod window;
mod words;

pub use bill::{Bill, BillState, BillTerms, BillVersion, DetailLine, PrintedFacts, SourceLine};
pub use company::{Company, TimeZone, UnknownTimeZone};
pub use day::{BusinessDay, business_day, civil_at, instant_at, zoned_at};
pub use event::{Event, FileKind, ImportedFile, Sha256};
pub use ids::{
    BillId, CollectorId, CompanyId, ContractKey, DrawerId, EntryNumber, EventNumber, FileId,
    IdOutOfRange, IntegratorId, LocationCode, MemberId, PaymentId, PayoutId, PurchaseInvoiceId,
    ReceiptId, RemittanceId, SupplierId, UserId,
};
pub use import::{
    BillChange, BillDecision, BillFacts, BillRefusal, BillRow, Given, ImportTotals, MemberDecision,
    MemberFacts, MemberRefusal, MemberRow, PrintedRow, Tally, decide_bill, decide_member,
    decide_withdrawal,
};
pub use issuer::{Issuer, PublicUrl};
pub use ledger::{Account, LedgerError, Posting, RevenueShare, postings_of};
pub use limits::{CollectorLimits, LimitError};
pub use logo::{Logo, LogoError, LogoKind};
pub use member::{Contract, ContractState, Holder, Member, Payer};
pub use money::{Currency, DayTotals, Money, MoneyError, Total, UnknownCurrency};
pub use pay::{Existing, PayCommand, PayDecision, PayFacts, PayRefusal, decide_pay};
pub use payables::{
    APPLIED_MAX, Application, AppliedInvoice, Cuit, CuitError, DetailKind, DetailText, Details,
    DocumentNumber, ITEMS_MAX, IncomeWithholding, InvoiceCommand, InvoiceDecision, InvoiceDetail,
    InvoiceFacts, InvoiceRefusal, InvoiceTerms, ItemDetail, LegalName, Letter, MEANS_MAX, Means,
    MeansLine, NumberError, Payout, PayoutCommand, PayoutDecision, PayoutFacts, PayoutNumber,
    PayoutRefusal, PayoutReversal, PayoutReverseCommand, PayoutReverseFacts, PayoutReverseRefusal,
    PayoutTerms, PurchaseInvoice, PurchaseParts, Supplier, SupplierCommand, SupplierDecision,
    SupplierDetail, SupplierFacts, SupplierRefusal, SupplierRow, Withholding, Withholdings,
    decide_invoice, decide_payout, decide_payout_reversal, decide_supplier,
};
pub use payment::{Payment, Place, Reversal};
pub use period::{Period, PeriodError};
pub use policy::{Hours, Policy, ReversalWindow, SettingError};
pub use printable::PrintablePayment;
pub use restoration::{RESTORATION_STEP, Restoration};
pub use reverse::{ReverseCommand, ReverseDecision, ReverseFacts, ReverseRefusal, decide_reverse};
pub use role::{Right, Role};
pub use text::{
    CallerKey, CallerReference, Concept, ContractCode, Label, Legend, Name, Reason, Text, TextError,
};
pub use window::{
    ApproveCommand, ApproveRefusal, CashRounding, CloseCommand, CloseRefusal, Drawer,
    DrawerApproval, DrawerClosing, DrawerFigures, DrawerOpening, DrawerState, MeansFigures,
    OpenCommand, OpenRefusal, RECEIPT_BILLS_MAX, ReceiptBill, ReceiptCommand, ReceiptDecision,
    ReceiptFacts, ReceiptLine, ReceiptReversal, ReceiptReverseCommand, ReceiptReverseDecision,
    ReceiptReverseFacts, ReceiptReverseRefusal, RemitCommand, RemitDecision, RemitFacts,
    RemitRefusal, Remittance, RemittanceReversal, RemittanceReverseCommand,
    RemittanceReverseRefusal, RepeatedReceipt, StaffName, TakenPayment, WindowMeans, WindowReceipt,
    WindowReceiptKey, WindowReceiptRefusal, decide_approval, decide_closing, decide_opening,
    decide_receipt, decide_receipt_reversal, decide_remittance, decide_remittance_reversal,
};
pub use words::{WORD_LETTERS_MAX, WORDS_MAX, pair_of, words_of};
