//! The printed number of a document: a point of issue and a serial number.

use std::fmt;

use crate::{Text, TextError};

/// Why a number was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// The point of issue is not in `0..=99999`.
    #[error("the point of issue is out of range")]
    Point,
    /// The serial number is not in `1..=99999999`.
    #[error("the serial number is out of range")]
    Serial,
}

/// A document's number, `0001-00000288`: unique for a payout in its company, for an invoice in its
/// supplier's and letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentNumber {
    point: u32,
    serial: u32,
}

/// The number printed on a payout; its point of issue is the book it is written in.
pub type PayoutNumber = DocumentNumber;

impl DocumentNumber {
    /// The point of issue where nobody names one.
    pub const FIRST_POINT: u32 = 1;

    /// Takes a point in `0..=99999` and a serial number in `1..=99999999`, which eight digits hold.
    ///
    /// Errors in order: the point, the serial number.
    pub const fn from_parts(point: u32, serial: u32) -> Result<Self, NumberError> {
        if point > 99_999 {
            return Err(NumberError::Point);
        }
        if serial == 0 || serial > 99_999_999 {
            return Err(NumberError::Serial);
        }
        Ok(Self { point, serial })
    }

    /// The point of issue, in `0..=99999`.
    pub const fn to_point(self) -> u32 {
        self.point
    }

    /// The serial number, in `1..=99999999`.
    pub const fn to_serial(self) -> u32 {
        self.serial
    }

    /// The number after `serial` of a point of issue, where there is one left.
    pub const fn after(point: u32, serial: u32) -> Result<Self, NumberError> {
        Self::from_parts(point, serial.saturating_add(1))
    }
}

/// The letter of a kind of document (A, B, C …): 1 to 4 characters, in upper case, so that one document
/// is not entered twice.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Letter(Text<4>);

impl Letter {
    /// Trims and turns into upper case. Errors in order: empty, too long, a forbidden character.
    pub fn from_text(text: &str) -> Result<Self, TextError> {
        Text::from_text(&text.to_uppercase()).map(Self)
    }

    /// The letter.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for DocumentNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:08}", self.point, self.serial)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_padded_as_printed() {
        for (point, serial, shown) in [
            (1, 288, "0001-00000288"),
            (0, 1, "0000-00000001"),
            (12_345, 99_999_999, "12345-99999999"),
        ] {
            let number = DocumentNumber::from_parts(point, serial).unwrap();
            assert_eq!(number.to_string(), shown);
        }
    }

    #[test]
    fn a_letter_is_in_upper_case() {
        for (text, shown) in [("a", "A"), (" B ", "B"), ("ñ", "Ñ"), ("FACA", "FACA")] {
            assert_eq!(Letter::from_text(text).unwrap().as_str(), shown);
        }
        assert_eq!(Letter::from_text("FACAS"), Err(TextError::TooLong));
        assert_eq!(Letter::from_text(" "), Err(TextError::Empty));
    }

    #[test]
    fn a_number_out_of_range_is_refused() {
        assert_eq!(DocumentNumber::from_parts(100_000, 0), Err(NumberError::Point));
        assert_eq!(DocumentNumber::from_parts(1, 0), Err(NumberError::Serial));
        assert_eq!(DocumentNumber::from_parts(1, 100_000_000), Err(NumberError::Serial));
        assert_eq!(DocumentNumber::after(1, 99_999_999), Err(NumberError::Serial));
        assert_eq!(DocumentNumber::after(1, 0), DocumentNumber::from_parts(1, 1));
    }
}
