//! One act of a cashier: bills paid together, all or nothing.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Drawer, StaffName, is_in_range};
use crate::{
    Bill, BillId, BusinessDay, CallerKey, CallerReference, CollectorId, CollectorLimits, Company,
    ContractCode, DrawerId, Label, Money, PayCommand, PayDecision, PayFacts, PayRefusal, Payment,
    PaymentId, Period, Place, ReceiptId, TextError, business_day, decide_pay,
};

/// Bills that one receipt holds at most.
pub const RECEIPT_BILLS_MAX: usize = 60;

/// How the money of a receipt comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WindowMeans {
    /// Cash: the only one that is rounded, and that a drawer is counted by.
    Cash,
    /// A card.
    Card,
    /// A bank transfer.
    Transfer,
    /// A QR code that was paid.
    Qr,
}

impl WindowMeans {
    /// All means.
    pub const ALL: [Self; 4] = [Self::Cash, Self::Card, Self::Transfer, Self::Qr];

    /// Its code in the store.
    pub const fn to_code(self) -> &'static str {
        match self {
            Self::Cash => "cash",
            Self::Card => "card",
            Self::Transfer => "transfer",
            Self::Qr => "qr",
        }
    }

    /// The means of that code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|means| means.to_code() == code)
    }
}

/// The name of one attempt at a receipt: 1 to 60 printable ASCII characters, so that each of its payments
/// has a [`CallerKey`] of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WindowReceiptKey(CallerKey);

impl WindowReceiptKey {
    const LEN_MAX: usize = 60;

    /// Trims, then checks. Errors in order: empty, too long, a character that is not printable ASCII.
    pub fn from_text(text: &str) -> Result<Self, TextError> {
        if text.trim().chars().count() > Self::LEN_MAX {
            return Err(TextError::TooLong);
        }
        CallerKey::from_text(text).map(Self)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The name of the attempt at its payment of that number, from 1.
    fn of_payment(&self, number: usize) -> Option<CallerKey> {
        CallerKey::from_text(&format!("{}.{number}", self.as_str())).ok()
    }
}

/// Bills paid together at the window, all or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowReceipt {
    /// Its id.
    pub id: ReceiptId,
    /// The company's window.
    pub collector: CollectorId,
    /// Its payments, in the order in which they were decided; 1 to [`RECEIPT_BILLS_MAX`].
    pub payments: Vec<PaymentId>,
    /// What the bills come to.
    pub total: Money,
    /// What rounding adds to it; negative where it takes off.
    pub rounding: Money,
    /// How the money came in.
    pub means: WindowMeans,
    /// What was handed over: of cash what is due or more, of any other means what is due.
    pub tendered: Money,
    /// Who took it.
    pub cashier: StaffName,
    /// Into which drawer.
    pub drawer: DrawerId,
    /// When it was accepted.
    pub recorded_at: Timestamp,
    /// The accounting day, that of its payments.
    pub business_day: BusinessDay,
    /// The name of the attempt.
    pub key: WindowReceiptKey,
}

impl WindowReceipt {
    /// What was to be paid: the total with its rounding.
    pub fn due(&self) -> Money {
        Money::from_minor(
            self.total.to_minor().saturating_add(self.rounding.to_minor()),
            self.total.currency(),
        )
    }

    /// What was given back of what was handed over.
    pub fn change(&self) -> Money {
        Money::from_minor(
            self.tendered.to_minor().saturating_sub(self.due().to_minor()),
            self.total.currency(),
        )
    }
}

/// A bill that is to be paid, as the cashier saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptLine {
    /// Its contract.
    pub contract: ContractCode,
    /// The bill.
    pub bill: BillId,
    /// Its period.
    pub period: Period,
    /// Its amount: whole bills only.
    pub amount: Money,
}

/// A cashier's wish to take payments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptCommand {
    /// The company's window.
    pub collector: CollectorId,
    /// Who takes the money.
    pub cashier: StaffName,
    /// The bills.
    pub lines: Vec<ReceiptLine>,
    /// How the money comes in.
    pub means: WindowMeans,
    /// The word for it that reports show.
    pub means_word: Label,
    /// What is handed over; what is due where `None`.
    pub tendered: Option<Money>,
    /// The name of this attempt.
    pub key: WindowReceiptKey,
}

/// What must be known of one bill of a [`ReceiptCommand`].
#[derive(Debug, Clone)]
pub struct ReceiptBill {
    /// Whom its contract's code finds.
    pub payer: Option<crate::Payer>,
    /// The bill of that number, whatever its contract.
    pub bill: Option<Bill>,
    /// The payment that settles it.
    pub settled: Option<Payment>,
    /// The unpaid bills of its contract. Read only where the company's policy is oldest first.
    pub unpaid: Vec<Bill>,
}

/// A receipt that the same attempt has made, with its payments.
#[derive(Debug, Clone)]
pub struct RepeatedReceipt {
    /// The receipt.
    pub receipt: WindowReceipt,
    /// Its payments, in its order.
    pub payments: Vec<Payment>,
}

/// What must be known to decide a [`ReceiptCommand`].
#[derive(Debug, Clone)]
pub struct ReceiptFacts<'a> {
    /// The company whose bills they are.
    pub company: &'a Company,
    /// The receipt that this attempt has made before.
    pub repeated: Option<RepeatedReceipt>,
    /// The cashier's open drawer.
    pub drawer: Option<Drawer>,
    /// The bills, in the command's order; empty where the command has none or too many.
    pub bills: Vec<ReceiptBill>,
    /// The ids of the payments, one for each bill.
    pub next_payments: Vec<PaymentId>,
    /// The id of the receipt.
    pub next_receipt: ReceiptId,
}

/// The answer to a receipt that may stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReceiptDecision {
    /// A new receipt and its payments, to be kept: first these, then it.
    Accepted(Box<WindowReceipt>, Vec<Payment>),
    /// The receipt this very attempt made before, with its payments; nothing is kept.
    Replayed(Box<WindowReceipt>, Vec<Payment>),
}

/// Why a receipt was refused, in order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WindowReceiptRefusal {
    /// The attempt's name has made a receipt of other bills or by other means.
    #[error("the caller key was used with other data")]
    CallerKeyReused,
    /// No bill is named.
    #[error("no bill is named")]
    NoBills,
    /// More bills than [`RECEIPT_BILLS_MAX`].
    #[error("too many bills")]
    TooManyBills,
    /// A bill is named twice.
    #[error("a bill is named twice")]
    BillRepeated {
        /// Which one.
        bill: BillId,
    },
    /// The cashier has no drawer open.
    #[error("the cashier has no drawer open")]
    DrawerNotOpen,
    /// A bill cannot be paid.
    #[error("bill {bill}: {refusal}")]
    Bill {
        /// Which one.
        bill: BillId,
        /// Why.
        refusal: PayRefusal,
    },
    /// What is handed over, or what the bills come to, is out of range.
    #[error("an amount is out of range")]
    AmountOutOfRange,
    /// Less cash is handed over than is due.
    #[error("less is handed over than is due")]
    TenderedShort {
        /// What is due.
        due: Money,
    },
    /// By another means than cash, something else is handed over than is due.
    #[error("what is handed over is not what is due")]
    TenderedNotDue {
        /// What is due.
        due: Money,
    },
}

/// Decides a receipt: each bill by [`decide_pay`], after those before it in the act. Where the company's
/// policy is oldest first, the bills are taken in the order of their periods, whatever the command's order.
///
/// Refusals in the order of [`WindowReceiptRefusal`]; of the bills, the first one's that is refused.
pub fn decide_receipt(
    facts: ReceiptFacts<'_>,
    command: &ReceiptCommand,
    now: Timestamp,
) -> Result<ReceiptDecision, WindowReceiptRefusal> {
    if let Some(RepeatedReceipt { receipt, payments }) = facts.repeated {
        return if is_same_act(&receipt, &payments, command) {
            Ok(ReceiptDecision::Replayed(Box::new(receipt), payments))
        } else {
            Err(WindowReceiptRefusal::CallerKeyReused)
        };
    }
    refuse_lines(&command.lines)?;
    let facts_len = (facts.bills.len(), facts.next_payments.len());
    assert_eq!(facts_len, (command.lines.len(), command.lines.len()), "each bill has its facts");
    let drawer = facts
        .drawer
        .as_ref()
        .filter(|drawer| drawer.is_open() && drawer.opening.cashier == command.cashier);
    let drawer = drawer.ok_or(WindowReceiptRefusal::DrawerNotOpen)?.opening.id;
    let payments = paid(&facts, command, now)?;
    let nothing = Money::zero(facts.company.currency);
    let amounts = payments.iter().map(|payment| payment.amount);
    let total = { amounts }.try_fold(nothing, Money::checked_add);
    let total = total.ok().ok_or(WindowReceiptRefusal::AmountOutOfRange)?;
    let rounding = match (command.means, facts.company.policy.cash_rounding) {
        (WindowMeans::Cash, Some(rounding)) => rounding
            .checked_rounding_of(total)
            .ok()
            .ok_or(WindowReceiptRefusal::AmountOutOfRange)?,
        _ => nothing,
    };
    let mut receipt = WindowReceipt {
        id: facts.next_receipt,
        collector: command.collector,
        payments: payments.iter().map(|payment| payment.id).collect(),
        total,
        rounding,
        means: command.means,
        tendered: nothing,
        cashier: command.cashier.clone(),
        drawer,
        recorded_at: now,
        business_day: business_day(facts.company, now),
        key: command.key.clone(),
    };
    receipt.tendered = tendered(facts.company, &receipt, command)?;
    Ok(ReceiptDecision::Accepted(Box::new(receipt), payments))
}

/// Whether a receipt is of the bills that are asked for, by the same means. What was handed over may be
/// said otherwise the second time.
fn is_same_act(receipt: &WindowReceipt, payments: &[Payment], command: &ReceiptCommand) -> bool {
    let made = payments.iter().map(|payment| (payment.bill, payment.period, payment.amount));
    let made: Vec<_> = sorted(made);
    let asked = command.lines.iter().map(|line| (line.bill, line.period, line.amount));
    receipt.means == command.means && receipt.cashier == command.cashier && made == sorted(asked)
}

fn sorted(lines: impl Iterator<Item = (BillId, Period, Money)>) -> Vec<(BillId, Period, Money)> {
    let mut lines: Vec<_> = lines.collect();
    lines.sort_by_key(|(bill, _, _)| *bill);
    lines
}

fn refuse_lines(lines: &[ReceiptLine]) -> Result<(), WindowReceiptRefusal> {
    if lines.is_empty() {
        return Err(WindowReceiptRefusal::NoBills);
    }
    if lines.len() > RECEIPT_BILLS_MAX {
        return Err(WindowReceiptRefusal::TooManyBills);
    }
    let mut seen = BTreeSet::new();
    match lines.iter().find(|line| !seen.insert(line.bill)) {
        Some(ReceiptLine { bill, .. }) => Err(WindowReceiptRefusal::BillRepeated { bill: *bill }),
        None => Ok(()),
    }
}

/// The payments of all bills, each decided as those before it leave its contract.
fn paid(
    facts: &ReceiptFacts<'_>,
    command: &ReceiptCommand,
    now: Timestamp,
) -> Result<Vec<Payment>, WindowReceiptRefusal> {
    let mut lines: Vec<_> = command.lines.iter().zip(&facts.bills).collect();
    if facts.company.policy.oldest_first {
        lines.sort_by_key(|(line, _)| line.period);
    }
    let mut payments: Vec<Payment> = Vec::new();
    for ((number, id), (line, bill)) in (1..).zip(&facts.next_payments).zip(lines) {
        let refused = |refusal| WindowReceiptRefusal::Bill { bill: line.bill, refusal };
        let pay = PayCommand {
            collector: command.collector,
            bill: line.bill,
            period: line.period,
            contract: line.contract.clone(),
            amount: line.amount,
            caller_reference: payer_word(facts.company, bill),
            caller_key: command.key.of_payment(number),
            place: place(command),
        };
        let facts = PayFacts {
            company: facts.company,
            repeated: None,
            payer: bill.payer.clone(),
            bill: bill.bill,
            settled: bill.settled.clone(),
            older_unpaid: is_older_unpaid(bill, &payments),
            // The window's cash is the company's.
            limits: CollectorLimits::NONE,
            held: None,
            next_payment: *id,
        };
        match decide_pay(&facts, &pay, now).map_err(refused)? {
            PayDecision::Accepted(payment) | PayDecision::Replayed(payment) => {
                payments.push(*payment);
            }
        }
    }
    Ok(payments)
}

/// At the window the payer is whoever the contract finds: where the policy checks it, it is said.
fn payer_word(company: &Company, bill: &ReceiptBill) -> Option<CallerReference> {
    let payer = bill.payer.as_ref().filter(|_| company.policy.check_payer)?;
    CallerReference::from_text(&payer.member.to_string()).ok()
}

/// Whether its contract has an older unpaid bill that the act has not paid before.
fn is_older_unpaid(bill: &ReceiptBill, payments: &[Payment]) -> bool {
    let is_paid = |other: &Bill| payments.iter().any(|payment| payment.bill == other.id);
    let is_older = |other: &Bill| bill.bill.is_some_and(|bill| other.period < bill.period);
    bill.unpaid.iter().any(|other| is_older(other) && !is_paid(other))
}

/// A payment's cashier is a shorter text than a name that somebody signs in with.
fn place(command: &ReceiptCommand) -> Place {
    let cashier: String = command.cashier.as_str().chars().take(64).collect();
    Place {
        cashier: Label::from_text(&cashier).ok(),
        means: Some(command.means_word.clone()),
        ..Place::default()
    }
}

/// What is handed over for a receipt.
fn tendered(
    company: &Company,
    receipt: &WindowReceipt,
    command: &ReceiptCommand,
) -> Result<Money, WindowReceiptRefusal> {
    let due = receipt.due();
    let tendered = command.tendered.unwrap_or(due);
    if !is_in_range(company, tendered) {
        return Err(WindowReceiptRefusal::AmountOutOfRange);
    }
    if receipt.means == WindowMeans::Cash {
        let is_enough = tendered.to_minor() >= due.to_minor();
        return if is_enough {
            Ok(tendered)
        } else {
            Err(WindowReceiptRefusal::TenderedShort { due })
        };
    }
    if tendered == due { Ok(tendered) } else { Err(WindowReceiptRefusal::TenderedNotDue { due }) }
}

#[cfg(test)]
pub(crate) mod tests;
