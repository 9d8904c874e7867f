//! The recovery kit: the secrets file's keys, encrypted under a code that is on paper.
//!
//! A backup without the keys is of no use, and keys beside the data are lost with it: the kit may lie
//! with the backups, because nobody opens it without the code (docs/decisions/0020).

mod code;

use std::fmt;
use std::path::Path;

use argon2::Argon2;
use ventanilla_store::{Digest, Keys, OpenError, to_hex};

use crate::Entropy;
pub use code::{CodeError, RecoveryCode};
pub(crate) use code::{SYMBOLS, to_symbol};

const SALT_LEN: usize = 16;
/// Bytes of a kit's file at most.
const FILE_LEN_MAX: usize = 4096;
const HEADING: &str = "\
# Ventanilla: kit de recuperación. Son las claves de la instalación, cifradas con el código de
# recuperación que se mostró al hacer este archivo. Guárdelo con los respaldos, y el código en papel y
# en otro lugar. Se usa así: ventanilla restore RESPALDO --data DIR --kit ESTE_ARCHIVO";

/// An installation's keys, encrypted.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryKit {
    salt: [u8; SALT_LEN],
    sealed: Vec<u8>,
}

impl fmt::Debug for RecoveryKit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryKit")
    }
}

/// Why a kit gives no keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KitError {
    /// The text is no kit.
    #[error("this is no recovery kit")]
    NotAKit,
    /// A later version made it in another form.
    #[error("the kit has a form that is not known here")]
    OtherForm,
    /// The code is another kit's, or the kit was altered.
    #[error("the code does not open this kit")]
    WrongCode,
}

impl RecoveryKit {
    /// Makes a kit of a secrets file, with the code that opens it. Slow, on purpose.
    ///
    /// Errors in order: the file cannot be read, others can read it too, it is no secrets file.
    pub fn make(secrets: &Path, entropy: &Entropy) -> Result<(Self, RecoveryCode), OpenError> {
        let (code, salt) = (RecoveryCode::issue(entropy), entropy.bytes::<SALT_LEN>());
        let sealed = Keys::seal_file(secrets, &key_of(&code, &salt))?;
        Ok((Self { salt, sealed }, code))
    }

    /// The keys, as [`Keys::from_random`] takes them. Slow, on purpose.
    ///
    /// Refuses a code that is not this kit's.
    pub fn open(&self, code: &RecoveryCode) -> Result<[u8; 64], KitError> {
        Keys::unseal(&self.sealed, &key_of(code, &self.salt)).ok_or(KitError::WrongCode)
    }

    /// The kit as a file of text.
    pub fn to_text(&self) -> String {
        let (salt, keys) = (to_hex(&self.salt), to_hex(&self.sealed));
        format!("{HEADING}\nkit = 1\nsalt = \"{salt}\"\nkeys = \"{keys}\"\n")
    }

    /// Reads the text of a kit. Errors in order: it is none, it has another form.
    pub fn from_text(text: &str) -> Result<Self, KitError> {
        let value = |name: &str| {
            let mut lines = text.lines().filter(|_| text.len() <= FILE_LEN_MAX);
            let line =
                lines.find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix('='));
            line.map(|value| value.trim().trim_matches('"'))
        };
        match value("kit").ok_or(KitError::NotAKit)? {
            "1" => {}
            _ => return Err(KitError::OtherForm),
        }
        let bytes = |name| value(name).and_then(from_hex).ok_or(KitError::NotAKit);
        let salt = bytes("salt")?.try_into().map_err(|_len| KitError::NotAKit)?;
        Ok(Self { salt, sealed: bytes("keys")? })
    }
}

/// The key that a code stands for: Argon2id of version 1.3 with 19 MiB and two passes, as kits of form
/// 1 have it for ever. The code cannot be guessed even without it.
fn key_of(code: &RecoveryCode, salt: &[u8; SALT_LEN]) -> Digest {
    let mut key = [0; 32];
    let params = argon2::Params::new(19_456, 2, 1, Some(key.len()));
    let params = params.expect("these parameters are in range");
    Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params)
        .hash_password_into(code.as_bytes(), salt, &mut key)
        .expect("code, salt and key are of lengths that are taken");
    key
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let pairs = digits.chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
        u8::from_str_radix(pair, 16).ok()
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made() -> (RecoveryKit, RecoveryCode) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets");
        Keys::create_file(&path, [9; 64]).unwrap();
        RecoveryKit::make(&path, &Entropy::System).unwrap()
    }

    #[test]
    fn a_kit_gives_the_keys_back_to_its_code_alone() {
        let (kit, code) = made();
        let read = RecoveryKit::from_text(&kit.to_text()).unwrap();
        assert_eq!(read, kit);
        assert_eq!(read.open(&code), Ok([9; 64]));
        let (_, other) = made();
        assert_eq!(kit.open(&other), Err(KitError::WrongCode));
        assert!(!kit.to_text().contains(&to_hex(&[9; 8])) && format!("{kit:?}") == "RecoveryKit");
    }

    #[test]
    fn what_is_no_kit_or_was_altered_is_told() {
        let (kit, code) = made();
        let text = kit.to_text();
        for (text, error) in [
            (String::new(), KitError::NotAKit),
            ("kit = 1\n".to_owned(), KitError::NotAKit),
            (text.replace("kit = 1", "kit = 2"), KitError::OtherForm),
            (text.replace("salt = \"", "salt = \"x"), KitError::NotAKit),
            (text.replace("keys = \"", "keys = \"ñ"), KitError::NotAKit),
            (text.clone() + &" ".repeat(FILE_LEN_MAX), KitError::NotAKit),
        ] {
            assert_eq!(RecoveryKit::from_text(&text), Err(error), "{text}");
        }
        let mut altered = kit.clone();
        altered.sealed[20] ^= 1;
        assert_eq!(altered.open(&code), Err(KitError::WrongCode));
    }
}
