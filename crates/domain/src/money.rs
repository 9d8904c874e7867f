//! Amounts: whole minor units and a currency, never a float.

use std::fmt;

/// The currencies a company can keep its books in: those of the region that count in hundredths.
///
/// The wires print two decimals, so a currency without hundredths (CLP, PYG) has no form on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency(&'static str);

/// The currency is not one of [`Currency::CODES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown currency")]
pub struct UnknownCurrency;

impl Currency {
    /// ISO 4217 codes of the currencies taken.
    pub const CODES: [&'static str; 17] = [
        "BOB", "ARS", "BRL", "COP", "CRC", "CUP", "DOP", "EUR", "GTQ", "HNL", "MXN", "NIO", "PAB",
        "PEN", "USD", "UYU", "VES",
    ];

    /// The boliviano: the demo's currency.
    pub const BOB: Self = Self("BOB");

    /// Takes an ISO 4217 code, in any case.
    pub fn from_code(code: &str) -> Result<Self, UnknownCurrency> {
        Self::CODES
            .into_iter()
            .find(|known| known.eq_ignore_ascii_case(code))
            .map(Self)
            .ok_or(UnknownCurrency)
    }

    /// The ISO 4217 code, upper case.
    pub const fn to_code(self) -> &'static str {
        self.0
    }
}

/// Why an amount could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The two amounts are of different currencies.
    #[error("the amounts are of different currencies")]
    Currency,
    /// The result does not fit.
    #[error("the amount is too large")]
    Overflow,
}

/// An amount: whole minor units (hundredths) of one currency. It may be negative.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// The greatest amount of one bill: 1,000,000,000.00 (docs/spec/cooplan.md §2, Fields).
    pub const BILL_MAX_MINOR: i64 = 100_000_000_000;

    /// The greatest amount of a purchase invoice or a payout: 1,000,000,000,000.00. A company's own
    /// debts are greater than its members', and some currencies count in thousands.
    pub const PAYABLE_MAX_MINOR: i64 = 100_000_000_000_000;

    /// `minor` hundredths of `currency`.
    pub const fn from_minor(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing, in `currency`.
    pub const fn zero(currency: Currency) -> Self {
        Self::from_minor(0, currency)
    }

    /// The amount in hundredths.
    pub const fn to_minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The sum. Errors in order: other currency, too large.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.combined(other, i64::checked_add)
    }

    /// The difference. Errors in order: other currency, too large.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.combined(other, i64::checked_sub)
    }

    fn combined(
        self,
        other: Self,
        operation: fn(i64, i64) -> Option<i64>,
    ) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::Currency);
        }
        operation(self.minor, other.minor)
            .map(|minor| Self::from_minor(minor, self.currency))
            .ok_or(MoneyError::Overflow)
    }

    /// The amount with two decimals and a point, without a currency: `136.76`, `-0.05`.
    pub fn to_decimal(self) -> String {
        let sign = if self.minor < 0 { "-" } else { "" };
        let minor = self.minor.unsigned_abs();
        format!("{sign}{}.{:02}", minor / 100, minor % 100)
    }
}

/// How many and how much; both may be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    /// How many.
    pub count: i64,
    /// How much.
    pub amount: Money,
}

impl Total {
    /// None, of nothing.
    pub const fn zero(currency: Currency) -> Self {
        Self { count: 0, amount: Money::zero(currency) }
    }

    /// One more. Errors in order: other currency, too large.
    pub fn checked_add(self, amount: Money) -> Result<Self, MoneyError> {
        let amount = self.amount.checked_add(amount)?;
        let count = self.count.checked_add(1).ok_or(MoneyError::Overflow)?;
        Ok(Self { count, amount })
    }

    /// The difference. Errors in order: other currency, too large.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        let amount = self.amount.checked_sub(other.amount)?;
        let count = self.count.checked_sub(other.count).ok_or(MoneyError::Overflow)?;
        Ok(Self { count, amount })
    }
}

/// What a collector's business day comes to (docs/spec/cooplan.md §2, Services 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayTotals {
    /// The payments of the day, those that were reversed too.
    pub paid: Total,
    /// The reversals made on the day.
    pub reversed: Total,
    /// The difference.
    pub net: Total,
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.to_decimal(), self.currency.to_code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_prints_two_decimals() {
        for (minor, text) in [
            (0, "0.00"),
            (5, "0.05"),
            (-5, "-0.05"),
            (13_676, "136.76"),
            (100_000_000_000, "1000000000.00"),
            (i64::MIN, "-92233720368547758.08"),
        ] {
            assert_eq!(Money::from_minor(minor, Currency::BOB).to_decimal(), text);
        }
    }

    #[test]
    fn amounts_of_two_currencies_do_not_add_up() {
        let bob = Money::from_minor(1, Currency::BOB);
        let usd = Money::from_minor(1, Currency::from_code("usd").unwrap());
        assert_eq!(bob.checked_add(usd), Err(MoneyError::Currency));
        let most = Money::from_minor(i64::MAX, Currency::BOB);
        assert_eq!(most.checked_add(bob), Err(MoneyError::Overflow));
        assert_eq!(most.checked_sub(most), Ok(Money::zero(Currency::BOB)));
    }

    #[test]
    fn a_total_counts_what_it_adds_and_may_fall_below_nothing() {
        let bob = |minor| Money::from_minor(minor, Currency::BOB);
        let usd = Money::zero(Currency::from_code("USD").unwrap());
        let paid = Total::zero(Currency::BOB).checked_add(bob(150)).unwrap();
        assert_eq!(paid, Total { count: 1, amount: bob(150) });
        let reversed = paid.checked_add(bob(-7)).unwrap();
        assert_eq!(paid.checked_sub(reversed), Ok(Total { count: -1, amount: bob(7) }));
        assert_eq!(paid.checked_add(usd), Err(MoneyError::Currency));
        assert_eq!(paid.checked_add(bob(i64::MAX)), Err(MoneyError::Overflow));
        let most = Total { count: i64::MAX, amount: bob(0) };
        assert_eq!(most.checked_add(bob(0)), Err(MoneyError::Overflow));
    }

    #[test]
    fn a_currency_without_hundredths_is_not_taken() {
        assert_eq!(Currency::from_code("CLP"), Err(UnknownCurrency));
        assert_eq!(Currency::from_code("bob"), Ok(Currency::BOB));
    }
}
