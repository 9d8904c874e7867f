//! What a collector may take: it answers for what it holds with a guarantee.

use crate::Money;

/// The limits of a collector; of the company's own window there are none, its cash is the company's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CollectorLimits {
    payment_max: Option<Money>,
    held_max: Option<Money>,
}

/// Which limit is not from 0.01 to [`Money::PAYABLE_MAX_MINOR`], in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// The most that one payment may be.
    #[error("the limit of a payment is out of range")]
    PaymentMax,
    /// The most that may be held.
    #[error("the limit of what is held is out of range")]
    HeldMax,
}

impl CollectorLimits {
    /// No limit.
    pub const NONE: Self = Self { payment_max: None, held_max: None };

    /// The most that one payment may be, and the most that may be held; `None` is no limit. Errors in the order
    /// of [`LimitError`].
    pub fn new(payment_max: Option<Money>, held_max: Option<Money>) -> Result<Self, LimitError> {
        let is_right = |limit: Option<Money>| {
            limit.is_none_or(|limit| (1..=Money::PAYABLE_MAX_MINOR).contains(&limit.to_minor()))
        };
        if !is_right(payment_max) {
            return Err(LimitError::PaymentMax);
        }
        if !is_right(held_max) {
            return Err(LimitError::HeldMax);
        }
        Ok(Self { payment_max, held_max })
    }

    /// The most that one payment may be.
    pub const fn payment_max(self) -> Option<Money> {
        self.payment_max
    }

    /// The most that the collector may hold for the company: collected, less reversed and handed over.
    pub const fn held_max(self) -> Option<Money> {
        self.held_max
    }

    /// What may still be collected where so much is held: negative where it is over the limit; `None` without one,
    /// or where it cannot be told.
    pub fn left(self, held: Money) -> Option<Money> {
        self.held_max?.checked_sub(held).ok()
    }

    /// Whether one payment may be so much.
    pub(crate) fn allow_payment(self, amount: Money) -> bool {
        self.payment_max.is_none_or(|most| is_at_most(amount, most))
    }

    /// Whether so much may be added to what is held. Where that is not known, or does not fit, it may not.
    pub(crate) fn allow_held(self, held: Option<Money>, amount: Money) -> bool {
        let Some(most) = self.held_max else { return true };
        held.and_then(|held| held.checked_add(amount).ok())
            .is_some_and(|held| is_at_most(held, most))
    }
}

fn is_at_most(amount: Money, most: Money) -> bool {
    amount.currency() == most.currency() && amount.to_minor() <= most.to_minor()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Currency;

    fn bob(minor: i64) -> Money {
        Money::from_minor(minor, Currency::BOB)
    }

    #[test]
    fn a_limit_is_at_least_a_hundredth_and_not_without_end() {
        let most = Money::PAYABLE_MAX_MINOR;
        for (payment_max, held_max, expected) in [
            (None, None, None),
            (Some(1), Some(1), None),
            (Some(most), Some(most), None),
            (Some(0), Some(0), Some(LimitError::PaymentMax)),
            (Some(-1), None, Some(LimitError::PaymentMax)),
            (Some(most + 1), None, Some(LimitError::PaymentMax)),
            (None, Some(0), Some(LimitError::HeldMax)),
            (Some(1), Some(most + 1), Some(LimitError::HeldMax)),
        ] {
            let limits = CollectorLimits::new(payment_max.map(bob), held_max.map(bob));
            assert_eq!(limits.err(), expected, "{payment_max:?} {held_max:?}");
        }
        assert_eq!(CollectorLimits::new(None, None), Ok(CollectorLimits::NONE));
    }

    #[test]
    fn what_is_left_is_the_limit_less_what_is_held() {
        let limits = CollectorLimits::new(None, Some(bob(1_000))).unwrap();
        for (held, left) in [(0, 1_000), (400, 600), (1_000, 0), (1_200, -200), (-300, 1_300)] {
            assert_eq!(limits.left(bob(held)), Some(bob(left)), "{held}");
        }
        assert_eq!(CollectorLimits::NONE.left(bob(1)), None);
        assert_eq!(limits.left(bob(i64::MIN)), None, "what does not fit is not told");
    }
}
