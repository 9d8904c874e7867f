//! The recovery code: 130 bits that a person copies from paper.

use std::fmt;

use crate::Entropy;

/// Letters and digits that are not taken for one another (Crockford's base 32: no I, L, O, U).
pub(crate) const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Symbols of 5 bits nobody can guess.
const SECRET_LEN: usize = 26;
/// Symbols that check them.
const CHECK_LEN: usize = 2;
const LEN: usize = SECRET_LEN + CHECK_LEN;
/// Symbols that are written together.
const GROUP_LEN: usize = 4;
/// A prime beyond every product of a place and a difference: one wrong symbol and two that changed
/// places are always told.
const MODULUS: u32 = 1021;

/// A recovery code. It is shown once and kept nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode {
    symbols: [u8; LEN],
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode")
    }
}

/// Why a text is no recovery code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// It has this character, which no code has.
    #[error("a recovery code has no «{0}»")]
    Symbol(char),
    /// It has so many symbols, and a code has 28.
    #[error("a recovery code has 28 symbols, and this has {0}")]
    Length(usize),
    /// Its symbols do not fit together: one was copied wrong, or two changed places.
    #[error("a symbol of the recovery code was copied wrong")]
    Mistyped,
}

impl RecoveryCode {
    /// A new code.
    pub fn issue(entropy: &Entropy) -> Self {
        let secret = entropy.bytes::<SECRET_LEN>().map(|byte| SYMBOLS[usize::from(byte & 31)]);
        let mut symbols = [0; LEN];
        symbols[..SECRET_LEN].copy_from_slice(&secret);
        symbols[SECRET_LEN..].copy_from_slice(&check_of(&secret));
        Self { symbols }
    }

    /// Takes a code as somebody typed it: in either case, with whatever hyphens and blanks, and with the
    /// letters that look like a digit.
    ///
    /// Errors in order: another character, another length, a symbol that was copied wrong.
    pub fn from_typed(typed: &str) -> Result<Self, CodeError> {
        let mut found = Vec::with_capacity(LEN);
        for char in typed.chars().filter(|char| *char != '-' && !char.is_whitespace()) {
            found.push(to_symbol(char).ok_or(CodeError::Symbol(char))?);
        }
        let symbols: [u8; LEN] =
            found.as_slice().try_into().map_err(|_wrong| CodeError::Length(found.len()))?;
        if symbols[SECRET_LEN..] != check_of(&symbols[..SECRET_LEN]) {
            return Err(CodeError::Mistyped);
        }
        Ok(Self { symbols })
    }

    /// What the kit's key is made from.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.symbols
    }
}

/// Seven groups of four: `7KQ2-M9XD-…`.
impl fmt::Display for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, group) in self.symbols.chunks(GROUP_LEN).enumerate() {
            if number > 0 {
                f.write_str("-")?;
            }
            group.iter().try_for_each(|symbol| write!(f, "{}", char::from(*symbol)))?;
        }
        Ok(())
    }
}

pub(crate) fn to_symbol(typed: char) -> Option<u8> {
    let symbol = match typed.to_ascii_uppercase() {
        'O' => b'0',
        'I' | 'L' => b'1',
        other => u8::try_from(other).ok()?,
    };
    SYMBOLS.contains(&symbol).then_some(symbol)
}

/// The check of the secret symbols: the sum of each one's value times its place.
fn check_of(secret: &[u8]) -> [u8; CHECK_LEN] {
    let value = |symbol: &u8| SYMBOLS.iter().position(|known| known == symbol).unwrap_or_default();
    let sum = (1_u32..).zip(secret).fold(0, |sum, (place, symbol)| {
        let value = u32::try_from(value(symbol)).unwrap_or_default();
        (sum + place * value) % MODULUS
    });
    [sum / 32, sum % 32].map(|value| SYMBOLS[usize::try_from(value).unwrap_or_default()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code() -> RecoveryCode {
        RecoveryCode::issue(&Entropy::System)
    }

    #[test]
    fn a_code_is_read_as_it_is_shown_and_as_people_type_it() {
        let code = code();
        let shown = code.to_string();
        assert_eq!(shown.len(), 34);
        assert!(shown.split('-').all(|group| group.len() == 4), "{shown}");
        for typed in [
            shown.clone(),
            shown.to_lowercase(),
            shown.replace('-', ""),
            shown.replace('-', " "),
            format!("  {}\n", shown.replace('0', "o").replace('1', "l")),
            shown.replace('0', "O").replace('1', "I"),
        ] {
            assert_eq!(RecoveryCode::from_typed(&typed), Ok(code.clone()), "{typed}");
        }
        assert_eq!(format!("{code:?}"), "RecoveryCode");
        assert_ne!(code, self::code());
    }

    #[test]
    fn every_single_wrong_symbol_and_every_exchange_of_two_is_told() {
        let symbols = code().symbols;
        let told = |symbols: [u8; LEN]| {
            let typed: String = symbols.iter().map(|symbol| char::from(*symbol)).collect();
            RecoveryCode::from_typed(&typed)
        };
        for place in 0..LEN {
            for wrong in SYMBOLS.iter().filter(|wrong| **wrong != symbols[place]) {
                let mut typed = symbols;
                typed[place] = *wrong;
                assert_eq!(told(typed), Err(CodeError::Mistyped), "{place}");
            }
            for other in place + 1..SECRET_LEN {
                let mut typed = symbols;
                typed.swap(place, other);
                assert_eq!(told(typed).is_ok(), typed == symbols, "{place} and {other}");
            }
        }
    }

    #[test]
    fn what_is_no_code_is_told() {
        let shown = code().to_string();
        for (typed, error) in [
            (String::new(), CodeError::Length(0)),
            (shown[..33].to_owned(), CodeError::Length(27)),
            (format!("{shown}0"), CodeError::Length(29)),
            (shown.replacen(|c: char| c != '-', "U", 1), CodeError::Symbol('U')),
            (format!("{shown}ñ"), CodeError::Symbol('ñ')),
        ] {
            assert_eq!(RecoveryCode::from_typed(&typed), Err(error), "{typed}");
        }
    }
}
