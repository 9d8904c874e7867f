//! The tax number of a person or firm in Argentina.

use std::fmt;

/// Why a tax number was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CuitError {
    /// Not eleven digits, with or without the usual dashes.
    #[error("a CUIT has eleven digits")]
    Digits,
    /// The last digit is not the one that the others give.
    #[error("the CUIT's check digit is wrong")]
    CheckDigit,
}

/// A CUIT: eleven digits, the last of which checks the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cuit(u64);

/// What each of the first ten digits counts.
const WEIGHTS: [u64; 10] = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2];

impl Cuit {
    /// Takes `30-71234567-1`, or the same without dashes.
    ///
    /// Errors in order: not eleven digits, a wrong check digit.
    pub fn from_text(text: &str) -> Result<Self, CuitError> {
        let text = text.trim();
        let is_dashed = text.len() == 13
            && text.char_indices().all(|(at, c)| (c == '-') == (at == 2 || at == 11));
        let digits = if is_dashed { text.replace('-', "") } else { text.to_owned() };
        if digits.len() != 11 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(CuitError::Digits);
        }
        let value: u64 = digits.parse().map_err(|_too_long| CuitError::Digits)?;
        // Zeros are what forms are filled with where there is none.
        if value == 0 || check_digit(&digits) != Some(value % 10) {
            return Err(CuitError::CheckDigit);
        }
        Ok(Self(value))
    }

    /// The eleven digits.
    pub fn to_digits(self) -> String {
        format!("{:011}", self.0)
    }
}

/// The check digit of eleven digits; `None` for those that no CUIT has.
fn check_digit(digits: &str) -> Option<u64> {
    let counted = digits.chars().zip(WEIGHTS);
    let sum = counted
        .filter_map(|(digit, weight)| u64::from(digit.to_digit(10)?).checked_mul(weight))
        .fold(0_u64, u64::saturating_add);
    match sum % 11 {
        0 => Some(0),
        1 => None,
        rest => Some(11_u64.saturating_sub(rest)),
    }
}

impl fmt::Display for Cuit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.to_digits();
        let (kind, rest) = digits.split_at(2);
        let (person, check) = rest.split_at(8);
        write!(f, "{kind}-{person}-{check}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, CuitError>) {
        let shown = Cuit::from_text(text).map(|cuit| cuit.to_string());
        assert_eq!(shown.as_deref(), expected.as_ref().copied(), "{text}");
    }

    #[test]
    fn a_cuit_is_taken_with_or_without_dashes() {
        for text in ["20-12345678-6", "20123456786", " 20-12345678-6 "] {
            check(text, Ok("20-12345678-6"));
        }
        check("30-50000010-0", Ok("30-50000010-0"));
    }

    #[test]
    fn what_stands_for_none_is_no_cuit() {
        check("00-00000000-0", Err(CuitError::CheckDigit));
        // The others would ask for a check digit of ten.
        for digit in 0..10 {
            check(&format!("20-00000001-{digit}"), Err(CuitError::CheckDigit));
        }
    }

    #[test]
    fn every_other_check_digit_is_wrong() {
        for digit in 0..10 {
            let expected =
                if digit == 6 { Ok("20-12345678-6") } else { Err(CuitError::CheckDigit) };
            check(&format!("20-12345678-{digit}"), expected);
        }
    }

    #[test]
    fn what_is_no_eleven_digits_is_refused() {
        for text in [
            "",
            "2012345678",
            "201234567866",
            "20-1234567-86",
            "2-012345678-6",
            "20 12345678 6",
            "20-12345678-",
            "20-12345678-٦",
            "+2012345678",
            "20--2345678-6",
        ] {
            check(text, Err(CuitError::Digits));
        }
    }
}
