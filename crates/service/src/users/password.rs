//! Passwords that people choose: their MD5 as it travels, and the slow hash that is kept of it.
//!
//! Source: docs/spec/colppy.md §2 and §3: on the wire the MD5 is the password.

use argon2::password_hash::Error;
use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};
use md5::{Digest as _, Md5};
use ventanilla_store::{PasswordHash, StoreError, to_hex};

use crate::AdminRefusal;

/// Digits of an MD5, and of a session's key.
const HEX_LEN: usize = 32;
/// Bytes of salt.
pub(crate) const SALT_LEN: usize = 16;
/// The hash that an unknown name's password is compared with: the work is that of any other, and no
/// password is known to have it.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
                       AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A text of 32 hexadecimal digits in either case, in lower case.
pub(crate) fn to_hex_digits(text: &str) -> Option<String> {
    let is_hex = text.len() == HEX_LEN && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| text.to_ascii_lowercase())
}

/// The MD5 of a password: 32 hexadecimal digits in lower case.
#[derive(Clone)]
pub(crate) struct PasswordMd5(String);

impl PasswordMd5 {
    /// Takes what travels: an MD5, or else the password itself.
    pub(crate) fn from_wire(text: &str) -> Self {
        to_hex_digits(text).map_or_else(|| Self::of_typed(text), Self)
    }

    /// Takes a password as it was chosen. Refusals in order: it is empty or of blanks alone, which
    /// the wire takes for a parameter that is missing; it reads as an MD5.
    pub(crate) fn from_chosen(password: &str) -> Result<Self, AdminRefusal> {
        if password.trim().is_empty() {
            return Err(AdminRefusal::PasswordEmpty);
        }
        if to_hex_digits(password).is_some() {
            return Err(AdminRefusal::PasswordAmbiguous);
        }
        Ok(Self::of_typed(password))
    }

    /// Takes what somebody typed at the console for the password itself: of 32 hexadecimal digits too, which no
    /// password has. So whoever heard an MD5 on the wire does not get in by it.
    pub(crate) fn of_typed(password: &str) -> Self {
        Self(to_hex(&Md5::digest(password.as_bytes())))
    }

    /// The digits.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// What is kept of it. Slow, on purpose.
    pub(crate) fn to_hash(&self, salt: &[u8; SALT_LEN]) -> Result<PasswordHash, StoreError> {
        let hash = Argon2::default().hash_password_with_salt(self.0.as_bytes(), salt);
        let hash = hash.map_err(|cause| damaged("a password cannot be hashed", cause))?;
        Ok(PasswordHash::from_phc(hash.to_string()))
    }

    /// Whether this is the password of a hash. As slow where there is no hash to compare with.
    pub(crate) fn matches(&self, kept: Option<&PasswordHash>) -> Result<bool, StoreError> {
        let phc = kept.map_or(NOBODYS, PasswordHash::as_str);
        match Argon2::default().verify_password(self.0.as_bytes(), phc) {
            Ok(()) => Ok(kept.is_some()),
            Err(Error::PasswordInvalid) => Ok(false),
            Err(cause) => Err(damaged("a password's hash cannot be read", cause)),
        }
    }
}

fn damaged(what: &'static str, cause: Error) -> StoreError {
    StoreError::Damaged { what, cause: Some(cause.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_travels_as_its_md5_or_as_itself() {
        let md5 = "d0edfe89f30a78ef45ab9a22bd0f826b";
        for typed in ["SujetoDePruebaContraseña", md5, "D0EDFE89F30A78EF45AB9A22BD0F826B"] {
            assert_eq!(PasswordMd5::from_wire(typed).as_str(), md5, "{typed}");
        }
        assert_ne!(PasswordMd5::of_typed(md5).as_str(), md5, "at the console it is no password");
        let near = "d0edfe89f30a78ef45ab9a22bd0f826g";
        assert_ne!(PasswordMd5::from_wire(near).as_str(), near, "not hexadecimal");
        assert_ne!(PasswordMd5::from_wire("ññññññññññññññññ").as_str(), "ññññññññññññññññ");
    }

    #[test]
    fn a_chosen_password_is_neither_blank_nor_an_md5() {
        let refused = |password| PasswordMd5::from_chosen(password).err();
        for blank in ["", " ", " \t\n\u{a0}"] {
            assert_eq!(refused(blank), Some(AdminRefusal::PasswordEmpty));
        }
        let md5 = "D0EDFE89F30A78EF45AB9A22BD0F826B";
        assert_eq!(refused(md5), Some(AdminRefusal::PasswordAmbiguous));
        assert_eq!(refused("a"), None);
    }

    #[test]
    fn a_hash_is_its_passwords_alone_and_nobodys_is_no_ones() {
        let (right, wrong) = (PasswordMd5::from_wire("a"), PasswordMd5::from_wire("b"));
        let hash = right.to_hash(&[7; SALT_LEN]).unwrap();
        assert!(right.matches(Some(&hash)).unwrap());
        assert!(!wrong.matches(Some(&hash)).unwrap());
        assert!(!right.matches(None).unwrap());
        let unreadable = PasswordHash::from_phc("$argon2id$".to_owned());
        assert!(right.matches(Some(&unreadable)).is_err());
        // The same work for a name that nobody has.
        let cost = |phc: &str| phc.split('$').take(4).collect::<Vec<_>>().join("$");
        assert_eq!(cost(hash.as_str()), cost(NOBODYS));
        assert_eq!(hash.as_str().len(), NOBODYS.len());
    }
}
