//! Bills: amounts owed for one period, kept as a series of immutable versions.

use jiff::civil::Date;

use crate::{
    BillId, Concept, ContractKey, FileId, Label, Money, Name, PaymentId, Period, RevenueShare,
};

/// What the biller says of a bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BillState {
    /// To be paid, or paid here (`pendiente`).
    Owed,
    /// Withdrawn by the biller (`anulada`).
    Annulled,
    /// Paid by a way that is not ours (`pagada_fuera`).
    PaidElsewhere,
}

/// One line of what a bill charges; negative for a discount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetailLine {
    /// What is charged, for example `Agua`.
    pub concept: Concept,
    /// How much; it may be negative.
    pub amount: Money,
}

/// Facts that are printed and nothing else: none of them enters a decision.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrintedFacts {
    /// When the bill was issued.
    pub issued_on: Option<Date>,
    /// When it falls due.
    pub due_on: Option<Date>,
    /// The billing month as the biller words it.
    pub billing_month: Option<Label>,
    /// Number of the fiscal invoice.
    pub fiscal_number: Option<Label>,
    /// Authorization of the fiscal invoice.
    pub authorization: Option<Label>,
    /// Control code of the fiscal invoice.
    pub control_code: Option<Label>,
    /// Last day on which the fiscal invoice may be issued.
    pub issue_deadline: Option<Date>,
    /// Unique code of an online fiscal invoice (CUF).
    pub cuf: Option<Name>,
    /// Meter before.
    pub reading_before: Option<Label>,
    /// Meter after.
    pub reading_after: Option<Label>,
    /// What was used.
    pub consumption: Option<Label>,
    /// Base of the tax credit.
    pub tax_credit_base: Option<Money>,
    /// ICE, IEHD and fees.
    pub ice_and_fees: Option<Money>,
    /// Sales that are not taxed.
    pub untaxed: Option<Money>,
    /// What gives no tax credit.
    pub not_subject: Option<Money>,
    /// Discounts.
    pub discounts: Option<Money>,
    /// What the amount is made of; empty, or adding up to the amount.
    pub details: Vec<DetailLine>,
}

/// What the biller states of a bill in one row of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillTerms {
    /// The billing month.
    pub period: Period,
    /// The amount, in `0.01..=1,000,000,000.00`.
    pub amount: Money,
    /// What the biller says of it.
    pub state: BillState,
    /// What is printed.
    pub printed: Box<PrintedFacts>,
}

/// Where a version of a bill came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceLine {
    /// The imported file.
    pub file: FileId,
    /// The line in it, from 1 (the heading of a CSV file is line 1); 0 for a bill that a complete
    /// file withdrew by having no line of it.
    pub line: u64,
}

/// One immutable version of a bill. A payment names the version it paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillVersion {
    /// The contract that owes it.
    pub contract: ContractKey,
    /// The bill.
    pub bill: BillId,
    /// From 1, without gaps.
    pub number: u32,
    /// What the biller states.
    pub terms: BillTerms,
    /// The amount by revenue account, as the company's map said when the version was made.
    pub revenue: Vec<RevenueShare>,
    /// The bill that took its place, where this version annuls it for that.
    pub replaced_by: Option<BillId>,
    /// The line it came from.
    pub source: SourceLine,
}

impl BillVersion {
    /// Hundredths that the biller says are owed by it, paid here or not.
    pub const fn to_owed_minor(&self) -> i64 {
        match self.terms.state {
            BillState::Owed => self.terms.amount.to_minor(),
            BillState::Annulled | BillState::PaidElsewhere => 0,
        }
    }

    /// Whether a complete file made this version, by having no line of the bill.
    pub const fn is_withdrawal(&self) -> bool {
        self.source.line == 0
    }
}

/// A bill as it stands now: the narrow row that every payment reads and writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bill {
    /// The contract that owes it.
    pub contract: ContractKey,
    /// The bill.
    pub id: BillId,
    /// The version in force.
    pub version: u32,
    /// The billing month.
    pub period: Period,
    /// The amount.
    pub amount: Money,
    /// What the biller says of it.
    pub state: BillState,
    /// The payment that settles it; **the law**: set only where it is `None`.
    pub paid_by: Option<PaymentId>,
    /// The latest payment of it, reversed or not.
    pub last_payment: Option<PaymentId>,
}

impl Bill {
    /// The unpaid bill that a version makes; `last_payment` is the latest payment of it, reversed.
    pub fn from_version(version: &BillVersion, last_payment: Option<PaymentId>) -> Self {
        Self {
            contract: version.contract,
            id: version.bill,
            version: version.number,
            period: version.terms.period,
            amount: version.terms.amount,
            state: version.terms.state,
            paid_by: None,
            last_payment,
        }
    }

    /// Whether somebody has yet to pay it.
    pub fn is_unpaid(&self) -> bool {
        self.state == BillState::Owed && self.paid_by.is_none()
    }
}
