//! Undoing a receipt, whole.

use jiff::Timestamp;

use super::{Drawer, StaffName, WindowReceipt, day_after};
use crate::{
    BusinessDay, Company, DrawerId, Payment, PaymentId, Reason, ReceiptId, Reversal,
    ReverseCommand, ReverseDecision, ReverseFacts, ReverseRefusal, decide_reverse,
};

/// Undoes a receipt; it stays, and its bills are owed again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptReversal {
    /// The receipt undone, as it was made: what it posted is posted back.
    pub receipt: WindowReceipt,
    /// The drawer that the money is given back from; `None` where it comes from elsewhere.
    pub drawer: Option<DrawerId>,
    /// Why.
    pub reason: Reason,
    /// Who reverses.
    pub reversed_by: StaffName,
    /// When it was accepted.
    pub recorded_at: Timestamp,
    /// The accounting day, that of its payments' reversals: never before the receipt's.
    pub business_day: BusinessDay,
}

/// A wish to undo a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptReverseCommand {
    /// The receipt.
    pub receipt: ReceiptId,
    /// Why.
    pub reason: Reason,
    /// Who reverses.
    pub reversed_by: StaffName,
    /// Whether they may undo anybody's, beyond the company's days and without an open drawer too.
    pub is_any_allowed: bool,
}

/// A payment of a receipt, with its reversal.
#[derive(Debug, Clone)]
pub struct TakenPayment {
    /// The payment.
    pub payment: Payment,
    /// Its reversal.
    pub reversal: Option<Reversal>,
}

/// What must be known to decide a [`ReceiptReverseCommand`].
#[derive(Debug, Clone)]
pub struct ReceiptReverseFacts<'a> {
    /// The company.
    pub company: &'a Company,
    /// The receipt of that id.
    pub receipt: Option<WindowReceipt>,
    /// Whether it is reversed.
    pub is_reversed: bool,
    /// Its payments, in its order.
    pub payments: Vec<TakenPayment>,
    /// The drawer that it went into.
    pub drawer: Option<Drawer>,
    /// The open drawer of whoever reverses.
    pub own_drawer: Option<DrawerId>,
}

/// The answer to a reversal that may stand: the reversals of its payments, which are kept first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptReverseDecision {
    /// The reversals of its payments, in its order.
    pub payments: Vec<Reversal>,
    /// The reversal.
    pub reversal: ReceiptReversal,
}

/// Why a receipt was not reversed, in order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptReverseRefusal {
    /// No receipt of that id.
    #[error("no such receipt")]
    ReceiptUnknown,
    /// Another cashier took it.
    #[error("another cashier took it")]
    NotOwn,
    /// It is already reversed.
    #[error("the receipt is already reversed")]
    AlreadyReversed,
    /// One of its payments cannot be reversed: it is reversed already, or the company's days are over.
    #[error("payment {payment}: {refusal}")]
    Payment {
        /// Which one.
        payment: PaymentId,
        /// Why.
        refusal: ReverseRefusal,
    },
    /// Neither the receipt's drawer nor another of the cashier's is open.
    #[error("the cashier has no drawer open")]
    DrawerNotOpen,
}

/// Decides a reversal. The money is given back from the receipt's drawer while that is open, and else from
/// the open drawer of whoever reverses.
///
/// Refusals in the order of [`ReceiptReverseRefusal`]; of the payments, the first one's.
pub fn decide_receipt_reversal(
    facts: ReceiptReverseFacts<'_>,
    command: &ReceiptReverseCommand,
    now: Timestamp,
) -> Result<ReceiptReverseDecision, ReceiptReverseRefusal> {
    let receipt = facts.receipt.ok_or(ReceiptReverseRefusal::ReceiptUnknown)?;
    if receipt.cashier != command.reversed_by && !command.is_any_allowed {
        return Err(ReceiptReverseRefusal::NotOwn);
    }
    if facts.is_reversed {
        return Err(ReceiptReverseRefusal::AlreadyReversed);
    }
    let payments = facts.payments.into_iter();
    let payments = payments.map(|taken| reversed(facts.company, taken, command, now));
    let payments = payments.collect::<Result<Vec<_>, _>>()?;
    let drawer = facts.drawer.filter(Drawer::is_open).map(|drawer| drawer.opening.id);
    let drawer = drawer.or(facts.own_drawer);
    if drawer.is_none() && !command.is_any_allowed {
        return Err(ReceiptReverseRefusal::DrawerNotOpen);
    }
    let reversal = ReceiptReversal {
        drawer,
        reason: command.reason.clone(),
        reversed_by: command.reversed_by.clone(),
        recorded_at: now,
        business_day: day_after(facts.company, receipt.business_day, now),
        receipt,
    };
    Ok(ReceiptReverseDecision { payments, reversal })
}

fn reversed(
    company: &Company,
    taken: TakenPayment,
    command: &ReceiptReverseCommand,
    now: Timestamp,
) -> Result<Reversal, ReceiptReverseRefusal> {
    let TakenPayment { payment, reversal } = taken;
    let id = payment.id;
    let reverse = ReverseCommand {
        collector: payment.collector,
        bill: payment.bill,
        payment: id,
        reason: Some(command.reason.clone()),
        caller_key: None,
        is_late_allowed: command.is_any_allowed,
    };
    let facts = ReverseFacts { company, repeated: None, payment: Some(payment), reversal };
    match decide_reverse(facts, &reverse, now) {
        Ok(ReverseDecision::Accepted(reversal) | ReverseDecision::Replayed(reversal)) => {
            Ok(*reversal)
        }
        Err(refusal) => Err(ReceiptReverseRefusal::Payment { payment: id, refusal }),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::drawer::tests::{closing, drawer};
    use super::super::receipt::tests::{NOW, payments, receipt};
    use super::*;
    use crate::Text;
    use crate::policy::tests::company_with;

    type Decided = Result<ReceiptReverseDecision, ReceiptReverseRefusal>;

    const LATER: &str = "2021-11-26T18:00:00Z";
    const LATE: &str = "2021-11-28T18:00:00Z";

    fn decide(
        instant: &str,
        change: impl FnOnce(&mut ReceiptReverseFacts<'_>, &mut ReceiptReverseCommand),
    ) -> Decided {
        let company = company_with(&[]);
        let taken = |payment| TakenPayment { payment, reversal: None };
        let mut facts = ReceiptReverseFacts {
            company: &company,
            receipt: Some(receipt()),
            is_reversed: false,
            payments: payments().into_iter().map(taken).collect(),
            drawer: Some(drawer()),
            own_drawer: None,
        };
        let mut command = ReceiptReverseCommand {
            receipt: ReceiptId::FIRST,
            reason: Text::from_text("se equivocó").unwrap(),
            reversed_by: Text::from_text("ana").unwrap(),
            is_any_allowed: false,
        };
        change(&mut facts, &mut command);
        decide_receipt_reversal(facts, &command, instant.parse().unwrap())
    }

    pub(crate) fn reversal() -> ReceiptReversal {
        decide(LATER, |_, _| ()).unwrap().reversal
    }

    fn closed(facts: &mut ReceiptReverseFacts<'_>) {
        facts.drawer = Some(Drawer { closing: Some(closing()), ..drawer() });
    }

    #[test]
    fn a_receipt_is_reversed_with_all_its_payments() {
        let decision = decide(LATER, |_, _| ()).unwrap();
        let reversed: Vec<_> = decision.payments.iter().map(|reversal| reversal.payment).collect();
        assert_eq!(reversed, receipt().payments);
        assert!(decision.payments.iter().all(|reversal| reversal.reason.is_some()));
        assert_eq!(decision.reversal.receipt, receipt());
        assert_eq!(decision.reversal.drawer, Some(drawer().opening.id));
    }

    #[test]
    fn each_refusal_comes_in_its_place() {
        use ReceiptReverseRefusal as No;
        type Break = fn(&mut ReceiptReverseFacts<'_>, &mut ReceiptReverseCommand);
        let (first, over) = (receipt().payments[0], ReverseRefusal::WindowOver);
        let breaks: [(Break, No); 5] = [
            (|facts, _| facts.receipt = None, No::ReceiptUnknown),
            (|_, command| command.reversed_by = Text::from_text("eva").unwrap(), No::NotOwn),
            (|facts, _| facts.is_reversed = true, No::AlreadyReversed),
            (|_, _| (), No::Payment { payment: first, refusal: over }),
            (|facts, _| closed(facts), No::DrawerNotOpen),
        ];
        for (at, (_, expected)) in breaks.iter().enumerate() {
            let instant = if at <= 3 { LATE } else { LATER };
            let decision = decide(instant, |facts, command| {
                breaks[at..].iter().for_each(|(f, _)| f(facts, command));
            });
            assert_eq!(decision, Err(*expected), "{at}");
        }
    }

    #[test]
    fn a_payment_that_is_reversed_already_refuses_the_whole() {
        let undone = decide(LATER, |_, _| ()).unwrap().payments.remove(0);
        let payment = undone.payment;
        let refusal = ReverseRefusal::AlreadyReversed;
        for is_any_allowed in [false, true] {
            let decision = decide(LATER, |facts, command| {
                command.is_any_allowed = is_any_allowed;
                facts.payments[0].reversal = Some(undone.clone());
            });
            assert_eq!(decision, Err(ReceiptReverseRefusal::Payment { payment, refusal }));
        }
    }

    #[test]
    fn who_may_reverse_any_does_so_late_and_without_a_drawer() {
        let decision = decide(LATE, |facts, command| {
            closed(facts);
            command.reversed_by = Text::from_text("eva").unwrap();
            command.is_any_allowed = true;
        });
        let reversal = decision.unwrap().reversal;
        assert_eq!(reversal.drawer, None);
        assert_eq!(reversal.business_day.to_date().to_string(), "2021-11-28");
    }

    #[test]
    fn the_money_comes_from_the_receipts_drawer_or_else_from_ones_own() {
        let other = DrawerId::from_i64(9).unwrap();
        let from = |is_closed, own| {
            let decision = decide(LATER, |facts, _| {
                facts.own_drawer = own;
                if is_closed {
                    closed(facts);
                }
            });
            decision.unwrap().reversal.drawer
        };
        assert_eq!(from(false, Some(other)), Some(drawer().opening.id));
        assert_eq!(from(true, Some(other)), Some(other));
    }

    #[test]
    fn a_clock_set_back_does_not_put_a_reversal_before_its_receipt() {
        let reversal = decide("2021-11-20T12:00:00Z", |_, _| ()).unwrap().reversal;
        assert_eq!(reversal.business_day, receipt().business_day);
        assert_eq!(reversal.receipt.recorded_at, NOW.parse().unwrap());
    }
}
