//! Reversing a payout.

use jiff::Timestamp;

use super::Payout;
use crate::{BusinessDay, Company, Label, PayoutId, Reason, business_day};

/// Undoes a payout; the payout stays, the invoices it settled are open again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutReversal {
    /// The payout undone, as it was made: what it posted is posted back.
    pub payout: Payout,
    /// When it was accepted.
    pub recorded_at: Timestamp,
    /// The accounting day: the day the reversal is made, never before the payout's.
    pub business_day: BusinessDay,
    /// Why.
    pub reason: Option<Reason>,
    /// Who reverses.
    pub reversed_by: Label,
}

/// A wish to undo a payout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutReverseCommand {
    /// The payout.
    pub payout: PayoutId,
    /// Why.
    pub reason: Option<Reason>,
    /// Who reverses.
    pub reversed_by: Label,
}

/// What must be known to decide a [`PayoutReverseCommand`].
#[derive(Debug, Clone)]
pub struct PayoutReverseFacts<'a> {
    /// The company.
    pub company: &'a Company,
    /// The payout of that id.
    pub payout: Option<Payout>,
    /// Whether it is reversed.
    pub is_reversed: bool,
}

/// Why a payout was not reversed, in order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PayoutReverseRefusal {
    /// No payout of that id.
    #[error("no such payout")]
    PayoutUnknown,
    /// It is already reversed.
    #[error("the payout is already reversed")]
    AlreadyReversed,
}

/// Decides a reversal. Refusals in the order of [`PayoutReverseRefusal`].
pub fn decide_payout_reversal(
    facts: PayoutReverseFacts<'_>,
    command: PayoutReverseCommand,
    now: Timestamp,
) -> Result<Box<PayoutReversal>, PayoutReverseRefusal> {
    let payout = facts.payout.ok_or(PayoutReverseRefusal::PayoutUnknown)?;
    if facts.is_reversed {
        return Err(PayoutReverseRefusal::AlreadyReversed);
    }
    // A clock set back must not put the reversal before its payout.
    let business_day = business_day(facts.company, now).max(payout.business_day);
    let PayoutReverseCommand { reason, reversed_by, .. } = command;
    Ok(Box::new(PayoutReversal { payout, recorded_at: now, business_day, reason, reversed_by }))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::payout::tests::{NOW, payout};
    use super::*;
    use crate::policy::tests::company_with;

    fn decide(
        change: impl FnOnce(&mut PayoutReverseFacts<'_>),
        now: &str,
    ) -> Result<Box<PayoutReversal>, PayoutReverseRefusal> {
        let company = company_with(&[]);
        let mut facts =
            PayoutReverseFacts { company: &company, payout: Some(payout()), is_reversed: false };
        change(&mut facts);
        let command = PayoutReverseCommand {
            payout: payout().id,
            reason: None,
            reversed_by: Label::from_text("ana").unwrap(),
        };
        decide_payout_reversal(facts, command, now.parse().unwrap())
    }

    pub(crate) fn reversal() -> PayoutReversal {
        *decide(|_| (), "2024-09-01T12:00:00Z").unwrap()
    }

    #[test]
    fn a_payout_is_reversed_once() {
        let reversal = reversal();
        assert_eq!(reversal.payout, payout());
        assert_eq!(reversal.business_day.to_date().to_string(), "2024-09-01");
        let again = decide(|facts| facts.is_reversed = true, NOW);
        assert_eq!(again, Err(PayoutReverseRefusal::AlreadyReversed));
        let unknown = decide(|facts| facts.payout = None, NOW);
        assert_eq!(unknown, Err(PayoutReverseRefusal::PayoutUnknown));
    }

    #[test]
    fn a_clock_set_back_does_not_put_a_reversal_before_its_payout() {
        let reversal = decide(|_| (), "2024-08-01T12:00:00Z").unwrap();
        assert_eq!(reversal.business_day, payout().business_day);
    }
}
