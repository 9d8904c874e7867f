//! Codes that change with time: RFC 6238 over HMAC-SHA-1, 30 seconds, 6 digits.

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha1::Sha1;
use subtle::{Choice, ConstantTimeEq as _};

/// Seconds of a step.
const STEP_S: i64 = 30;
/// Steps by which a telephone's clock may differ, before and after.
const STEPS_OFF: i64 = 1;
const DIGITS: usize = 6;
const MODULUS: u32 = 1_000_000;
/// RFC 4648, as applications on telephones take it.
const BASE_32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Bytes of a secret.
pub(super) const SECRET_LEN: usize = 20;

/// The step of an instant, counted since 1970.
pub(super) fn step_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(STEP_S)
}

/// A secret's code of a step (RFC 4226 §5.3).
pub(super) fn code_at(secret: &[u8], step: i64) -> u32 {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(&step.to_be_bytes());
    let hash: [u8; 20] = mac.finalize().into_bytes().into();
    let offset = usize::from(hash[19] & 15);
    let part = hash[offset..].first_chunk().expect("an offset of 15 leaves five bytes");
    (u32::from_be_bytes(*part) & 0x7fff_ffff) % MODULUS
}

/// The step that a typed code is of, if it is of one around an instant; blanks are not looked at. It takes the
/// same time whatever is wrong.
pub(super) fn step_of_code(secret: &[u8], typed: &str, at: Timestamp) -> Option<i64> {
    let digits: String = typed.chars().filter(|char| !char.is_whitespace()).collect();
    let is_code = digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    let typed: u32 = digits.parse().ok().filter(|_| is_code)?;
    let now = step_of(at);
    let mut found = (Choice::from(0), None);
    for step in now - STEPS_OFF..=now + STEPS_OFF {
        let is_it = code_at(secret, step).ct_eq(&typed);
        if bool::from(is_it) {
            found = (found.0 | is_it, Some(step));
        }
    }
    found.1.filter(|_| bool::from(found.0))
}

/// A secret as people type it.
pub(super) fn to_base_32(secret: &[u8]) -> String {
    let bits = secret.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
    let bits: Vec<u8> = bits.collect();
    let symbol = |chunk: &[u8]| {
        let value = (0..5).fold(0, |value, bit| value << 1 | chunk.get(bit).copied().unwrap_or(0));
        char::from(BASE_32[usize::from(value)])
    };
    bits.chunks(5).map(symbol).collect()
}

/// What the picture that a telephone reads says.
pub(super) fn to_uri(name: &str, secret: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut uri = String::from("otpauth://totp/Ventanilla:");
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            write!(uri, "%{byte:02X}").expect("writing to a String does not fail");
        }
    }
    write!(uri, "?secret={}&issuer=Ventanilla", to_base_32(secret))
        .expect("writing to a String does not fail");
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    #[test]
    fn the_codes_are_those_of_the_rfc() {
        // RFC 6238, appendix B, SHA-1: the last six of the eight digits.
        for (second, code) in [
            (59, 287_082),
            (1_111_111_109, 81_804),
            (1_111_111_111, 50_471),
            (1_234_567_890, 5_924),
            (2_000_000_000, 279_037),
            (20_000_000_000, 353_130),
        ] {
            let at = Timestamp::from_second(second).unwrap();
            assert_eq!(code_at(SECRET, step_of(at)), code, "{second}");
        }
    }

    #[test]
    fn a_code_is_taken_one_step_early_and_one_late_and_as_six_digits_alone() {
        let at = |second| Timestamp::from_second(second).unwrap();
        for (second, step) in [
            (1_111_111_109, Some(37_037_036)),
            (1_111_111_080 - 1, Some(37_037_036)),
            (1_111_111_080 - 31, None),
            (1_111_111_080 + 59, Some(37_037_036)),
            (1_111_111_080 + 60, None),
        ] {
            assert_eq!(step_of_code(SECRET, "081804", at(second)), step, "{second}");
        }
        for (typed, is_code) in [
            ("081 804", true),
            (" 081804\n", true),
            ("81804", false),
            ("0081804", false),
            ("+81804", false),
            ("08180a", false),
            ("٠٨١٨٠٤", false),
            ("", false),
        ] {
            let step = step_of_code(SECRET, typed, at(1_111_111_109));
            assert_eq!(step.is_some(), is_code, "{typed}");
        }
    }

    #[test]
    fn a_secret_is_typed_in_base_32_and_read_from_a_uri() {
        // RFC 4648, §10, without its padding.
        for (text, typed) in [("f", "MY"), ("fo", "MZXQ"), ("foobar", "MZXW6YTBOI")] {
            assert_eq!(to_base_32(text.as_bytes()), typed);
        }
        assert_eq!(
            to_uri("ana maría", b"foobar"),
            "otpauth://totp/Ventanilla:ana%20mar%C3%ADa?secret=MZXW6YTBOI&issuer=Ventanilla"
        );
    }
}
