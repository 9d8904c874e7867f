//! What the use cases take and answer, beside the domain's own types.

use std::sync::Arc;

use jiff::Timestamp;
use ventanilla_domain::{
    Bill, BillId, BusinessDay, CallerKey, CallerReference, CollectorId, CollectorLimits, Company,
    CompanyId, ContractCode, Currency, Holder, Label, Money, Name, PayCommand, Payment, PaymentId,
    Period, Place, Reason, Reversal, ReverseCommand, TimeZone, Total,
};

/// The three words a collector proves itself with; all are secret but the login.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// `CodSeguridad`.
    pub security_code: String,
    /// `Login`.
    pub login: String,
    /// `Pwd`.
    pub password: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("login", &self.login).finish_non_exhaustive()
    }
}

/// A token just issued.
#[derive(Clone)]
pub struct IssuedToken {
    /// The token: 64 hexadecimal digits. It is kept nowhere.
    pub token: String,
    /// How long it lives, in seconds.
    pub lifetime_s: i64,
    /// Whose it is.
    pub collector: CollectorId,
    /// For whom that one collects.
    pub company: CompanyId,
}

impl std::fmt::Debug for IssuedToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { token: _, lifetime_s, collector, company } = self;
        let mut shown = f.debug_struct("IssuedToken");
        shown.field("lifetime_s", lifetime_s).field("collector", collector);
        shown.field("company", company).finish_non_exhaustive()
    }
}

/// A collector whose token was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who calls.
    pub collector: CollectorId,
    /// Whether it may list the company's members.
    pub can_list: bool,
    /// What it may take.
    pub limits: CollectorLimits,
    /// For whom it collects.
    pub company: Arc<Company>,
}

/// A collector, as it is shown: no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collector {
    /// Its id.
    pub id: CollectorId,
    /// For whom it collects.
    pub company: CompanyId,
    /// Its name.
    pub name: Label,
    /// Its login.
    pub login: String,
    /// Whether it may list the company's members.
    pub can_list: bool,
    /// Whether its credentials and tokens are taken.
    pub is_active: bool,
    /// Whether it is the company's own window, which no act of administration changes.
    pub is_window: bool,
    /// What it may take.
    pub limits: CollectorLimits,
}

/// A collector to be added.
#[derive(Debug, Clone)]
pub struct NewCollector {
    /// For whom it collects.
    pub company: CompanyId,
    /// Its name, unique in the company.
    pub name: Label,
    /// Whether it may list the company's members.
    pub can_list: bool,
    /// Its credentials; issued by us where `None` (at least 160 bits of secret).
    pub credentials: Option<Credentials>,
}

/// A company to be added.
#[derive(Debug, Clone)]
pub struct NewCompany {
    /// Its id.
    pub id: CompanyId,
    /// Its name.
    pub name: Name,
    /// The currency of its books, for ever.
    pub currency: Currency,
    /// The time zone of its days, for ever.
    pub time_zone: TimeZone,
    /// The first `IdCobranza`; [`PaymentId::FIRST`] unless an older system's numbers go on.
    pub first_payment: PaymentId,
}

/// A payment that was taken before the books were opened here, with the id it has.
#[derive(Debug, Clone)]
pub struct PastPayment {
    /// The id it has.
    pub id: PaymentId,
    /// What was paid.
    pub command: PayCommand,
    /// When it was taken.
    pub recorded_at: Timestamp,
    /// When it was reversed, if it was.
    pub reversed_at: Option<Timestamp>,
}

/// A contract that was found, with its holder and the oldest bill to pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundContract {
    /// The contract and who holds it.
    pub holder: Holder,
    /// The oldest unpaid bill.
    pub oldest_unpaid: Option<BillId>,
}

/// What a contract owes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Debt {
    /// The contract and who holds it.
    pub holder: Holder,
    /// The unpaid bills, oldest period first, then by number.
    pub bills: Vec<Bill>,
}

/// What those who stand at a window owe.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Debts {
    /// By contract, each once: of each code that was asked for its own contract, then what else its holder owes.
    pub all: Vec<Debt>,
    /// Whether a holder has more contracts than are looked at.
    pub is_cut_off: bool,
}

/// A part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// From 1.
    pub number: u32,
    /// Rows a page, in `1..=500`.
    pub len: u32,
}

/// A payment asked for by whoever holds a token: a `PayCommand` before it is known who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayRequest {
    /// The bill.
    pub bill: BillId,
    /// Its period, as the caller believes.
    pub period: Period,
    /// Its contract, as the caller believes.
    pub contract: ContractCode,
    /// Its amount, as the caller believes, in hundredths of the company's currency.
    pub amount_minor: i64,
    /// The caller's word for the payer.
    pub caller_reference: Option<CallerReference>,
    /// The caller's name for this attempt.
    pub caller_key: Option<CallerKey>,
    /// Where and by whom.
    pub place: Place,
}

impl PayRequest {
    pub(crate) fn to_command(&self, caller: &Caller) -> PayCommand {
        PayCommand {
            collector: caller.collector,
            bill: self.bill,
            period: self.period,
            contract: self.contract.clone(),
            amount: Money::from_minor(self.amount_minor, caller.company.currency),
            caller_reference: self.caller_reference.clone(),
            caller_key: self.caller_key.clone(),
            place: self.place.clone(),
        }
    }
}

/// A reversal asked for by whoever holds a token: a `ReverseCommand` before it is known who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReverseRequest {
    /// The bill, as the caller believes.
    pub bill: BillId,
    /// The payment.
    pub payment: PaymentId,
    /// Why.
    pub reason: Option<Reason>,
    /// The caller's name for this attempt.
    pub caller_key: Option<CallerKey>,
}

impl ReverseRequest {
    pub(crate) fn to_command(&self, caller: &Caller) -> ReverseCommand {
        ReverseCommand {
            collector: caller.collector,
            bill: self.bill,
            payment: self.payment,
            reason: self.reason.clone(),
            caller_key: self.caller_key.clone(),
            is_late_allowed: false,
        }
    }
}

/// An act that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted<T> {
    /// What was kept.
    pub act: T,
    /// Whether an earlier attempt under the same caller key kept it.
    pub is_replay: bool,
}

/// A payment with its reversal, if it was reversed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentState {
    /// The payment.
    pub payment: Payment,
    /// Its reversal.
    pub reversal: Option<Reversal>,
}

/// What a collector looks for after a time-out: each given selector must match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaymentSelector {
    /// The payment's id.
    pub payment: Option<PaymentId>,
    /// The bill.
    pub bill: Option<BillId>,
    /// The caller's name for the attempt.
    pub caller_key: Option<CallerKey>,
}

/// A collector's day (docs/spec/cooplan.md §2, Services 6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayReport {
    /// The business day.
    pub day: BusinessDay,
    /// The payments of the day by id; a reversal shows only where it is of the same day.
    pub payments: Vec<PaymentState>,
    /// The payments reversed on the day, by id, each with its reversal.
    pub reversals: Vec<PaymentState>,
    /// All of `payments`.
    pub paid: Total,
    /// All of `reversals`.
    pub reversed: Total,
    /// The difference.
    pub net: Total,
}

/// When a token ends.
pub(crate) fn expires_at(now: Timestamp, lifetime_s: i64) -> Timestamp {
    Timestamp::from_second(now.as_second().saturating_add(lifetime_s)).unwrap_or(Timestamp::MAX)
}

/// What a verification found.
#[derive(Debug, Clone, Default)]
pub struct VerifyReport {
    /// Entries read, over all companies.
    pub entries: u64,
    /// Payments compared, over all companies.
    pub payments: u64,
    /// Payouts compared, over all companies.
    pub payouts: u64,
    /// Payments and reversals compared that have no place in a journal yet.
    pub unsealed: u64,
    /// The end of each company's journal: its id, how many entries it has, and the last one's
    /// link in the chain as 64 hexadecimal digits.
    pub heads: Vec<(CompanyId, i64, String)>,
    /// The same of each trail, `None` being that of the acts that belong to no company.
    pub trails: Vec<(Option<CompanyId>, i64, String)>,
    /// What differs, one Spanish sentence each; empty when all is well.
    pub findings: Vec<String>,
}
