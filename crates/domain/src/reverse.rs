//! Reversing a payment.

use jiff::Timestamp;

use crate::{
    BillId, CallerKey, CollectorId, Company, Payment, PaymentId, Reason, Reversal, ReversalWindow,
    business_day,
};

/// A collector's wish to undo a payment it made (`revertirpago`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReverseCommand {
    /// Who reverses.
    pub collector: CollectorId,
    /// The bill, as the caller believes.
    pub bill: BillId,
    /// The payment.
    pub payment: PaymentId,
    /// Why.
    pub reason: Option<Reason>,
    /// The caller's name for this attempt.
    pub caller_key: Option<CallerKey>,
    /// Whether it may be undone beyond the company's reversal window: never by a collector's own wish.
    pub is_late_allowed: bool,
}

/// What must be known to decide a [`ReverseCommand`].
#[derive(Debug, Clone)]
pub struct ReverseFacts<'a> {
    /// The company whose payment it is.
    pub company: &'a Company,
    /// The reversal that this collector's caller key has already made.
    pub repeated: Option<Reversal>,
    /// The payment of that id, whoever made it.
    pub payment: Option<Payment>,
    /// Its reversal.
    pub reversal: Option<Reversal>,
}

/// The answer to a reversal that may stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReverseDecision {
    /// A new reversal, to be kept.
    Accepted(Box<Reversal>),
    /// The reversal this very attempt made before; nothing is kept.
    Replayed(Box<Reversal>),
}

/// Why a reversal was refused, in order of precedence (docs/spec/cooplan.md §2, Services 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReverseRefusal {
    /// The caller key has made a reversal with other data.
    #[error("the caller key was used with other data")]
    CallerKeyReused,
    /// No payment of that id, or another collector's.
    #[error("no such payment")]
    PaymentUnknown,
    /// The payment is of another bill.
    #[error("the payment is of another bill")]
    PaymentOfAnotherBill,
    /// The payment is already reversed.
    #[error("the payment is already reversed")]
    AlreadyReversed,
    /// The company's reversal window is over.
    #[error("the reversal window is over")]
    WindowOver,
}

/// Decides a reversal. Refusals in the order of [`ReverseRefusal`].
pub fn decide_reverse(
    facts: ReverseFacts<'_>,
    command: &ReverseCommand,
    now: Timestamp,
) -> Result<ReverseDecision, ReverseRefusal> {
    if let Some(reversal) = facts.repeated {
        let is_same = reversal.bill == command.bill && reversal.payment == command.payment;
        return is_same
            .then(|| ReverseDecision::Replayed(Box::new(reversal)))
            .ok_or(ReverseRefusal::CallerKeyReused);
    }
    let payment = facts
        .payment
        .filter(|payment| payment.collector == command.collector)
        .ok_or(ReverseRefusal::PaymentUnknown)?;
    if payment.bill != command.bill {
        return Err(ReverseRefusal::PaymentOfAnotherBill);
    }
    if facts.reversal.is_some() {
        return Err(ReverseRefusal::AlreadyReversed);
    }
    // A clock set back must not put the reversal before its payment.
    let day = business_day(facts.company, now).max(payment.business_day);
    let is_over = match facts.company.policy.reversal_window {
        ReversalWindow::Unlimited => false,
        ReversalWindow::Days(days) => day.days_since(payment.business_day) > i64::from(days),
    };
    if is_over && !command.is_late_allowed {
        return Err(ReverseRefusal::WindowOver);
    }
    Ok(ReverseDecision::Accepted(Box::new(Reversal {
        payment: payment.id,
        collector: payment.collector,
        contract: payment.contract,
        bill: payment.bill,
        amount: payment.amount,
        recorded_at: now,
        business_day: day,
        reason: command.reason.clone(),
        caller_key: command.caller_key.clone(),
    })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pay::tests::payment;
    use crate::policy::tests::company_with;

    fn command() -> ReverseCommand {
        let payment = payment();
        ReverseCommand {
            collector: payment.collector,
            bill: payment.bill,
            payment: payment.id,
            reason: None,
            caller_key: None,
            is_late_allowed: false,
        }
    }

    fn decide(
        window: &str,
        instant: &str,
        change: impl FnOnce(&mut ReverseFacts<'_>, &mut ReverseCommand),
    ) -> Result<ReverseDecision, ReverseRefusal> {
        let company = company_with(&[("reversal_days", window)]);
        let mut facts = ReverseFacts {
            company: &company,
            repeated: None,
            payment: Some(payment()),
            reversal: None,
        };
        let mut command = command();
        change(&mut facts, &mut command);
        decide_reverse(facts, &command, instant.parse().unwrap())
    }

    fn reversal() -> Reversal {
        match decide("0", "2021-11-26T18:00:00Z", |_, _| ()) {
            Ok(ReverseDecision::Accepted(reversal)) => *reversal,
            other => panic!("not accepted: {other:?}"),
        }
    }

    #[test]
    fn the_window_counts_business_days() {
        for (window, instant, is_taken) in [
            ("0", "2021-11-26T16:11:52Z", true),
            ("0", "2021-11-27T03:59:59Z", true),
            ("0", "2021-11-27T04:00:00Z", false),
            ("1", "2021-11-27T04:00:00Z", true),
            ("1", "2021-11-28T04:00:00Z", false),
            ("none", "2031-11-28T04:00:00Z", true),
        ] {
            let decision = decide(window, instant, |_, _| ());
            assert_eq!(decision.is_ok(), is_taken, "{window} {instant}");
        }
    }

    #[test]
    fn who_may_be_late_is_not_bound_by_the_window() {
        let decision = decide("0", "2031-11-28T04:00:00Z", |_, command| {
            command.is_late_allowed = true;
        });
        assert!(decision.is_ok());
    }

    #[test]
    fn a_clock_set_back_does_not_put_a_reversal_before_its_payment() {
        match decide("0", "2021-11-25T12:00:00Z", |_, _| ()) {
            Ok(ReverseDecision::Accepted(reversal)) => {
                assert_eq!(reversal.business_day, payment().business_day);
            }
            other => panic!("not accepted: {other:?}"),
        }
    }

    #[test]
    fn each_refusal_comes_in_its_place() {
        use ReverseRefusal as No;
        type Break = fn(&mut ReverseFacts<'_>, &mut ReverseCommand);
        let breaks: [(Break, No); 4] = [
            (
                |_, command| command.collector = CollectorId::from_i64(99).unwrap(),
                No::PaymentUnknown,
            ),
            (|_, command| command.bill = BillId::FIRST, No::PaymentOfAnotherBill),
            (|facts, _| facts.reversal = Some(reversal()), No::AlreadyReversed),
            (|_, _| (), No::WindowOver),
        ];
        for (first, (_, expected)) in breaks.iter().enumerate() {
            let decision = decide("0", "2021-12-26T12:00:00Z", |facts, command| {
                breaks[first..].iter().for_each(|(f, _)| f(facts, command));
            });
            assert_eq!(decision, Err(*expected));
        }
        let unknown = decide("0", "2021-12-26T12:00:00Z", |facts, _| facts.payment = None);
        assert_eq!(unknown, Err(No::PaymentUnknown));
    }

    #[test]
    fn a_repeated_key_replays_the_reversal() {
        let late = "2031-01-01T12:00:00Z";
        let again = decide("0", late, |facts, _| facts.repeated = Some(reversal()));
        assert_eq!(again, Ok(ReverseDecision::Replayed(Box::new(reversal()))));
        let other = decide("0", late, |facts, command| {
            facts.repeated = Some(reversal());
            command.payment = PaymentId::FIRST;
        });
        assert_eq!(other, Err(ReverseRefusal::CallerKeyReused));
    }
}
