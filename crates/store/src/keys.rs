//! The secrets file: the keys of credentials' hashes and of the journal's chains.

use std::fmt::{self, Write as _};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use ventanilla_domain::UserId;

use crate::OpenError;
use crate::sealed::{seal_once, unseal_once};

/// A keyed or plain SHA-256.
pub type Digest = [u8; 32];

/// The keys of one installation. They are in no backup and in no log.
#[derive(Clone)]
pub struct Keys {
    credentials: Hmac<Sha256>,
    chain: Hmac<Sha256>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

const HEADING: &str = "# Ventanilla: claves de esta instalación. No las copie ni las comparta.";

impl Keys {
    /// Keys from 64 random bytes.
    pub fn from_random(random: [u8; 64]) -> Self {
        let (credentials, chain) = random.split_at(32);
        let keyed = |key| Hmac::new_from_slice(key).expect("HMAC takes keys of any length");
        Self { credentials: keyed(credentials), chain: keyed(chain) }
    }

    /// Makes the secrets file from 64 random bytes, readable by its owner alone.
    ///
    /// Errors in order: the file exists, it cannot be written.
    pub fn create_file(path: &Path, random: [u8; 64]) -> Result<Self, OpenError> {
        let (credentials, chain) = random.split_at(32);
        let (credentials, chain) = (to_hex(credentials), to_hex(chain));
        let text = format!("{HEADING}\ncredentials = \"{credentials}\"\nchain = \"{chain}\"\n");
        write_once(path, &text).map_err(|source| match source.kind() {
            ErrorKind::AlreadyExists => OpenError::Exists(path.display().to_string()),
            _ => at(path, source),
        })?;
        Ok(Self::from_random(random))
    }

    /// Reads the secrets file. Errors in order: it cannot be read, others can read it too, it is
    /// not one.
    pub fn read_file(path: &Path) -> Result<Self, OpenError> {
        read_random(path).map(Self::from_random)
    }

    /// What the secrets file holds, sealed under a key that seals nothing else: a recovery kit's part
    /// that only its code opens. Errors as in [`Self::read_file`].
    pub fn seal_file(path: &Path, key: &Digest) -> Result<Vec<u8>, OpenError> {
        read_random(path).map(|random| seal_once(key, &random))
    }

    /// The 64 bytes that [`Self::seal_file`] sealed, as [`Self::from_random`] takes them; `None` where
    /// the key is another or the bytes were altered.
    pub fn unseal(sealed: &[u8], key: &Digest) -> Option<[u8; 64]> {
        unseal_once(key, sealed)?.try_into().ok()
    }

    /// Whether these are the same keys.
    pub fn is_same(&self, other: &Self) -> bool {
        self.fingerprint() == other.fingerprint()
            && self.credential_digest(&[]) == other.credential_digest(&[])
    }

    /// The keyed hash of what somebody is known by: a collector's credentials, a name that failed to
    /// sign in, a password that was found right.
    ///
    /// It is fast, so it is no way to keep what people choose. On the disk are those of collectors'
    /// credentials alone, whose secrets we issue with 160 bits; names and verified passwords are
    /// hashed to be looked up in memory, and such a password is kept as a slow hash ([`PasswordHash`]).
    ///
    /// [`PasswordHash`]: crate::PasswordHash
    pub fn credential_digest(&self, parts: &[&str]) -> Digest {
        keyed(&self.credentials, parts.iter().map(|part| part.as_bytes()))
    }

    /// The next link of a chain: the keyed hash of an entry's parts, the link before among them.
    pub(crate) fn chain_link<'a>(&self, parts: impl Iterator<Item = &'a [u8]>) -> Digest {
        keyed(&self.chain, parts)
    }

    /// What the key that signs receipts is made from. It comes of the key of the chains, so that an
    /// installation has it without a new line in its secrets file.
    pub fn receipt_seed(&self) -> Digest {
        self.chain_link(std::iter::once(b"ventanilla receipts".as_slice()))
    }

    /// The key of one sealed backup, of its salt: whoever has the secrets file can open it.
    pub(crate) fn backup_key(&self, salt: &Digest) -> Digest {
        self.chain_link([b"ventanilla backup".as_slice(), salt].into_iter())
    }

    /// Seals what a user's second factor is computed from, under a key of its own; `salt` is random and never
    /// used twice.
    pub fn seal_second_factor(&self, user: UserId, salt: &Digest, secret: &[u8]) -> String {
        let sealed = seal_once(&self.second_factor_key(user, salt), secret);
        format!("{}{}", to_hex(salt), to_hex(&sealed))
    }

    /// What [`Self::seal_second_factor`] sealed for that user; `None` of another's, or where it was altered.
    pub fn unseal_second_factor(&self, user: UserId, sealed: &str) -> Option<Vec<u8>> {
        let (salt, sealed) = sealed.split_at_checked(64)?;
        let bytes = |at: usize| u8::from_str_radix(sealed.get(at..at + 2)?, 16).ok();
        let bytes: Option<Vec<u8>> = (0..sealed.len()).step_by(2).map(bytes).collect();
        unseal_once(&self.second_factor_key(user, &from_hex(salt)?), &bytes?)
    }

    fn second_factor_key(&self, user: UserId, salt: &Digest) -> Digest {
        let user = user.to_i64().to_be_bytes();
        self.chain_link([b"ventanilla second factor".as_slice(), &user, salt].into_iter())
    }

    /// What vouches for the manifest of a backup.
    pub(crate) fn manifest_digest(&self, manifest: &str) -> Digest {
        let parts = [b"ventanilla backup manifest".as_slice(), manifest.as_bytes()];
        self.chain_link(parts.into_iter())
    }

    /// What tells one installation's keys from another's without telling the keys.
    pub(crate) fn fingerprint(&self) -> Digest {
        self.chain_link(std::iter::once(b"ventanilla fingerprint".as_slice()))
    }
}

/// The 64 bytes of a secrets file. Errors as in [`Keys::read_file`].
fn read_random(path: &Path) -> Result<[u8; 64], OpenError> {
    let file = File::open(path).map_err(|source| at(path, source))?;
    let mode = file.metadata().map_err(|source| at(path, source))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(OpenError::SecretsExposed(path.display().to_string()));
    }
    let mut text = String::new();
    file.take(4096).read_to_string(&mut text).map_err(|source| at(path, source))?;
    let key = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        from_hex(line.trim_start().strip_prefix('=')?.trim().trim_matches('"'))
    };
    match (key("credentials"), key("chain")) {
        (Some(credentials), Some(chain)) => {
            let mut random = [0; 64];
            random[..32].copy_from_slice(&credentials);
            random[32..].copy_from_slice(&chain);
            Ok(random)
        }
        _ => Err(OpenError::Secrets(path.display().to_string())),
    }
}

/// The plain hash of a token: the token is 256 random bits, so no key is needed.
pub fn token_digest(token: &str) -> Digest {
    Sha256::digest(token.as_bytes()).into()
}

/// Lower-case hexadecimal digits.
pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a String does not fail");
        text
    })
}

/// 32 bytes from 64 hexadecimal digits.
pub(crate) fn from_hex(text: &str) -> Option<Digest> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(index * 2..index * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// The bytes of two digits each, however many.
pub(crate) fn bytes_from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |letter: u8| char::from(letter).to_digit(16).and_then(|it| u8::try_from(it).ok());
    let (pairs, rest) = text.as_bytes().as_chunks();
    let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?));
    rest.is_empty().then(|| bytes.collect())?
}

/// Each part goes in with its length, so that two lists of parts never read the same.
fn keyed<'a>(key: &Hmac<Sha256>, parts: impl Iterator<Item = &'a [u8]>) -> Digest {
    let mut mac = key.clone();
    for part in parts {
        mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Writes a file that either is there whole, for its owner alone, or is not there at all; refuses a name
/// that is taken.
pub fn write_once(path: &Path, text: &str) -> std::io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}.draft", std::process::id()));
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(&draft)?;
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        // A link, unlike a renaming, refuses a name that is taken.
        .and_then(|()| std::fs::hard_link(&draft, path));
    std::fs::remove_file(&draft)?;
    written?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn at(path: &Path, source: std::io::Error) -> OpenError {
    OpenError::File { path: path.display().to_string(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_gives_back_the_keys_and_is_the_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets");
        let made = Keys::create_file(&path, [9; 64]).unwrap();
        let read = Keys::read_file(&path).unwrap();
        assert_eq!(made.fingerprint(), read.fingerprint());
        assert_eq!(made.credential_digest(&["a"]), read.credential_digest(&["a"]));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(matches!(Keys::create_file(&path, [0; 64]), Err(OpenError::Exists(_))));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(Keys::read_file(&path), Err(OpenError::SecretsExposed(_))));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::write(&path, "credentials = \"12\"\n").unwrap();
        assert!(matches!(Keys::read_file(&path), Err(OpenError::Secrets(_))));
    }

    #[test]
    fn what_the_file_holds_is_sealed_and_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets");
        let made = Keys::create_file(&path, [9; 64]).unwrap();
        let sealed = Keys::seal_file(&path, &[1; 32]).unwrap();
        assert_eq!(Keys::unseal(&sealed, &[1; 32]), Some([9; 64]));
        assert_eq!(Keys::unseal(&sealed, &[2; 32]), None);
        assert!(made.is_same(&Keys::read_file(&path).unwrap()));
        for other in [0, 63] {
            let mut random = [9; 64];
            random[other] = 8;
            assert!(!made.is_same(&Keys::from_random(random)), "{other}");
        }
    }

    #[test]
    fn a_second_factor_is_unsealed_for_its_user_by_its_keys_alone() {
        let (keys, user) = (Keys::from_random([7; 64]), UserId::FIRST);
        let sealed = keys.seal_second_factor(user, &[1; 32], b"secret");
        assert_eq!(keys.unseal_second_factor(user, &sealed).unwrap(), b"secret");
        assert!(!sealed.contains(&to_hex(b"secret")));
        let other = user.checked_next().unwrap();
        assert_eq!(keys.unseal_second_factor(other, &sealed), None);
        assert_eq!(Keys::from_random([8; 64]).unseal_second_factor(user, &sealed), None);
        for bad in ["", "00", "ñ", &sealed[1..], &sealed[..80], &sealed.replace('a', "b")] {
            assert_eq!(keys.unseal_second_factor(user, bad), None, "{bad}");
        }
    }

    #[test]
    fn parts_are_told_apart() {
        let keys = Keys::from_random([7; 64]);
        assert_ne!(keys.credential_digest(&["ab", "c"]), keys.credential_digest(&["a", "bc"]));
        assert_ne!(keys.receipt_seed(), keys.fingerprint());
    }
}
