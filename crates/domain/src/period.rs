//! The billing month.

use std::fmt;

/// The year or month is out of range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a period is a year of 1900 to 9999 and a month of 1 to 12")]
pub struct PeriodError;

/// A billing month, ordered by time; `202110` on the wires.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period(u32);

impl Period {
    /// Takes a year in `1900..=9999` and a month in `1..=12`.
    pub const fn from_year_month(year: u32, month: u32) -> Result<Self, PeriodError> {
        if year < 1900 || year > 9999 || month < 1 || month > 12 {
            return Err(PeriodError);
        }
        Ok(Self(year.saturating_mul(100).saturating_add(month)))
    }

    /// Takes the form `YYYYMM`.
    pub const fn from_yyyymm(yyyymm: u32) -> Result<Self, PeriodError> {
        Self::from_year_month(yyyymm / 100, yyyymm % 100)
    }

    /// The form `YYYYMM`, in `190001..=999912`.
    pub const fn to_yyyymm(self) -> u32 {
        self.0
    }
}

impl fmt::Debug for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Period({})", self.0)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_a_month_of_a_year() {
        for (yyyymm, valid) in [
            (202_110, true),
            (202_100, false),
            (202_113, false),
            (189_912, false),
            (999_912, true),
            (1_000_001, false),
            (0, false),
        ] {
            assert_eq!(Period::from_yyyymm(yyyymm).is_ok(), valid, "{yyyymm}");
        }
    }
}
