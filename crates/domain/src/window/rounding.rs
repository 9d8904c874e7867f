//! Cash is rounded to what coins there are.

use std::fmt;
use std::num::NonZeroU32;

use crate::{Money, MoneyError};

/// The least amount that cash is counted in: whole hundredths, from 0.02 to 100.00.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CashRounding(NonZeroU32);

impl CashRounding {
    const MAX_MINOR: u32 = 10_000;

    /// Takes an amount with two decimals and a point, `0.10`, from 0.02 to 100.00.
    pub fn from_decimal(text: &str) -> Option<Self> {
        let (whole, cents) = text.split_once('.')?;
        let is_plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || cents.len() != 2 || !is_plain(whole) || !is_plain(cents) {
            return None;
        }
        let minor =
            whole.parse::<u32>().ok()?.checked_mul(100)?.checked_add(cents.parse().ok()?)?;
        let multiple = NonZeroU32::new(minor).filter(|_| (2..=Self::MAX_MINOR).contains(&minor))?;
        // One amount has one form, so that what is shown is what was said.
        Some(Self(multiple)).filter(|rounding| rounding.to_string() == text)
    }

    /// The multiple in hundredths.
    pub const fn to_minor(self) -> u32 {
        self.0.get()
    }

    /// What must be added to an amount to make it the nearest multiple, half a multiple up; negative
    /// where it is rounded down. The amount is not negative.
    ///
    /// Fails where the rounded amount is too large.
    pub fn checked_rounding_of(self, amount: Money) -> Result<Money, MoneyError> {
        let multiple = i64::from(self.0.get());
        let over = amount.to_minor().checked_rem_euclid(multiple).ok_or(MoneyError::Overflow)?;
        let rest = multiple.saturating_sub(over);
        let rounding = if over < rest {
            over.saturating_neg()
        } else {
            rest.checked_rem(multiple).ok_or(MoneyError::Overflow)?
        };
        let rounding = Money::from_minor(rounding, amount.currency());
        amount.checked_add(rounding)?;
        Ok(rounding)
    }
}

impl fmt::Display for CashRounding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0.get() / 100, self.0.get() % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Currency;

    #[test]
    fn only_the_form_that_is_shown_is_taken() {
        for (text, taken) in [
            ("0.10", true),
            ("0.05", true),
            ("0.02", true),
            ("1.00", true),
            ("100.00", true),
            ("0.01", false),
            ("0.00", false),
            ("100.01", false),
            ("00.10", false),
            ("0.1", false),
            (".10", false),
            ("10", false),
            ("-0.10", false),
            ("+0.10", false),
            ("0,10", false),
            ("0.1a", false),
            ("99999999999.00", false),
            ("none", false),
        ] {
            let rounding = CashRounding::from_decimal(text);
            assert_eq!(rounding.is_some(), taken, "{text}");
            assert!(rounding.is_none_or(|rounding| rounding.to_string() == text));
        }
    }

    #[test]
    fn the_nearest_multiple_is_taken_and_a_half_goes_up() {
        for (multiple, minor, rounding) in [
            ("0.10", 0, 0),
            ("0.10", 14_570, 0),
            ("0.10", 14_571, -1),
            ("0.10", 14_574, -4),
            ("0.10", 14_575, 5),
            ("0.10", 14_579, 1),
            ("0.10", 4, -4),
            ("0.05", 12, -2),
            ("0.05", 13, 2),
            ("0.50", 14_525, 25),
            ("0.50", 14_524, -24),
            ("0.03", 1, -1),
            ("0.03", 2, 1),
        ] {
            let amount = Money::from_minor(minor, Currency::BOB);
            let made = CashRounding::from_decimal(multiple).unwrap().checked_rounding_of(amount);
            assert_eq!(made.map(Money::to_minor), Ok(rounding), "{multiple} {minor}");
        }
    }

    #[test]
    fn what_does_not_fit_once_rounded_is_refused() {
        let rounding = CashRounding::from_decimal("0.10").unwrap();
        let of = |minor| {
            let made = rounding.checked_rounding_of(Money::from_minor(minor, Currency::BOB));
            made.map(Money::to_minor)
        };
        assert_eq!(of(i64::MAX), Err(MoneyError::Overflow));
        assert_eq!(of(i64::MAX - 3), Ok(-4));
    }
}
