//! Bounded texts: trimmed, not empty, of a known greatest length, without control characters.

use std::fmt;

/// Why a text was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing but blanks.
    #[error("the text is empty")]
    Empty,
    /// More characters than the field holds.
    #[error("the text is too long")]
    TooLong,
    /// A control character, or one the field does not take.
    #[error("the text has a character that is not allowed")]
    Character,
}

/// A text of 1 to `MAX` characters, trimmed, without control characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    /// Trims, then checks. Errors in order: empty, too long, a forbidden character.
    pub fn from_text(text: &str) -> Result<Self, TextError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(TextError::Empty);
        }
        if text.chars().count() > MAX {
            return Err(TextError::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(TextError::Character);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> fmt::Debug for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A short word that is stored and shown: a branch, a cashier, a terminal, a document's number.
pub type Label = Text<64>;
/// A person's or a company's name, or an address.
pub type Name = Text<200>;
/// What a detail line of a bill, or a revenue account, is called.
pub type Concept = Text<80>;
/// What the law or the company wants said at the foot of a paper.
pub type Legend = Text<500>;
/// Why a payment was reversed.
pub type Reason = Text<200>;
/// The caller's word for the payer: stored, not understood (`IdAsociado` on the Cooplan wire).
pub type CallerReference = Text<64>;
/// The code a contract is searched by (`Contrato` on the wires): 1 to 32 characters, zeros kept.
pub type ContractCode = Text<32>;

impl ContractCode {
    /// The same code without its leading zeros; `None` where there are none, or nothing else.
    ///
    /// Source: docs/spec/cooplan.md §2, Fields: `0345` finds `345` only when no member is `0345`.
    pub fn without_leading_zeros(&self) -> Option<Self> {
        let bare = self.0.trim_start_matches('0');
        (bare.len() < self.0.len() && !bare.is_empty()).then(|| Self(bare.to_owned()))
    }
}

/// The caller's name for one attempt: 1 to 64 printable ASCII characters.
///
/// Source: docs/spec/cooplan.md §2, Services 4 (`IdTransaccion`, `Idempotency-Key`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallerKey(Text<64>);

impl CallerKey {
    /// Trims, then checks. Errors in order: empty, too long, a character that is not printable ASCII.
    pub fn from_text(text: &str) -> Result<Self, TextError> {
        let text = Text::from_text(text)?;
        if !text.as_str().bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return Err(TextError::Character);
        }
        Ok(Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_trimmed_bounded_and_printable() {
        assert_eq!(Label::from_text("  caja 1 ").unwrap().as_str(), "caja 1");
        assert_eq!(Label::from_text(" \t "), Err(TextError::Empty));
        assert_eq!(Label::from_text(&"ñ".repeat(65)), Err(TextError::TooLong));
        assert!(Label::from_text(&"ñ".repeat(64)).is_ok());
        assert_eq!(Label::from_text("a\u{0}b"), Err(TextError::Character));
        assert_eq!(Label::from_text("a\nb"), Err(TextError::Character));
    }

    #[test]
    fn a_caller_key_is_printable_ascii() {
        assert!(CallerKey::from_text("banco-000017/á").is_err());
        assert!(CallerKey::from_text(&"k".repeat(65)).is_err());
        assert_eq!(CallerKey::from_text(" a b ").unwrap().as_str(), "a b");
    }

    #[test]
    fn only_leading_zeros_are_dropped() {
        let bare = |code| {
            let code = ContractCode::from_text(code).unwrap();
            code.without_leading_zeros().map(|code| code.to_string())
        };
        assert_eq!(bare("00345").as_deref(), Some("345"));
        assert_eq!(bare("345"), None);
        assert_eq!(bare("000"), None);
        assert_eq!(bare("3450").as_deref(), None);
    }
}
