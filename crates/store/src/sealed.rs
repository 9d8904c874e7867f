//! What is encrypted so that only the installation's keys open it: a stream in chunks, each
//! authenticated with its place and whether it is the last; and a few bytes at once.
//!
//! The construction is STREAM over ChaCha20-Poly1305 (docs/decisions/0020).

use std::fmt;
use std::io::{self, BufRead, Read, Write};

use aead_stream::{DecryptorBE32, EncryptorBE32};
use chacha20poly1305::aead::Aead as _;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _};

use crate::{BackupError, Digest, Keys};

/// What a sealed stream begins with; the digit is the form's version.
const MAGIC: &[u8; 31] = b"ventanilla-respaldo-cifrado-01\n";
/// The part of it that every version has.
const MAGIC_STEM_LEN: usize = 28;
/// Bytes of what tells the keys, and of the salt.
const PART_LEN: usize = 32;
const HEADER_LEN: usize = MAGIC.len() + 2 * PART_LEN;
/// Bytes of a chunk before it is encrypted; only the last is shorter.
const CHUNK_LEN: usize = 64 * 1024;
/// Bytes by which encrypting makes a chunk longer.
const TAG_LEN: usize = 16;

/// Each stream has a key of its own, so that its chunks can be counted from the same nonce.
const NONCE: [u8; 7] = [0; 7];

/// What was given is not what was sealed: altered, cut off, or its chunks in another order.
#[derive(Debug, thiserror::Error)]
#[error("what was sealed was altered or cut off")]
pub(crate) struct Altered;

/// An error that says no more than that, of one that says nothing.
fn altered(_: aead_stream::aead::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, Altered)
}

/// Encrypts what is written. What reached `out` is whole only after [`Self::finish`].
pub(crate) struct SealedWriter<W: Write> {
    out: W,
    stream: EncryptorBE32<ChaCha20Poly1305>,
    header: [u8; HEADER_LEN],
    chunk: Vec<u8>,
}

impl<W: Write> SealedWriter<W> {
    /// Starts a stream; `salt` is random and never used twice.
    pub(crate) fn start(keys: &Keys, salt: &Digest, mut out: W) -> io::Result<Self> {
        let header = header_of(&keys.fingerprint(), salt);
        out.write_all(&header)?;
        let stream = EncryptorBE32::new(&keys.backup_key(salt).into(), &NONCE.into());
        Ok(Self { out, stream, header, chunk: Vec::with_capacity(CHUNK_LEN + TAG_LEN) })
    }

    /// Writes the last chunk, and gives back the writer beneath.
    pub(crate) fn finish(self) -> io::Result<W> {
        let Self { mut out, stream, header, mut chunk } = self;
        stream.encrypt_last_in_place(&header, &mut chunk).map_err(io::Error::other)?;
        out.write_all(&chunk)?;
        out.flush()?;
        Ok(out)
    }
}

impl<W: Write> Write for SealedWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A chunk goes out only when more follows: the last one is marked.
        if self.chunk.len() == CHUNK_LEN && !bytes.is_empty() {
            let sealed = self.stream.encrypt_next_in_place(&self.header, &mut self.chunk);
            sealed.map_err(io::Error::other)?;
            self.out.write_all(&self.chunk)?;
            self.chunk.clear();
        }
        let taken = bytes.len().min(CHUNK_LEN - self.chunk.len());
        self.chunk.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Decrypts what is read: every byte it gives was authenticated. What was altered, cut off or put in
/// another order is an error of kind [`io::ErrorKind::InvalidData`], at the latest at its end.
pub(crate) struct SealedReader<R: BufRead> {
    from: R,
    /// `None` after the last chunk.
    stream: Option<DecryptorBE32<ChaCha20Poly1305>>,
    header: [u8; HEADER_LEN],
    chunk: Vec<u8>,
    given: usize,
}

impl<R: BufRead> SealedReader<R> {
    /// Reads the header. Errors in order: reading fails, it is not a sealed stream, another version
    /// sealed it, other keys did.
    pub(crate) fn open(keys: &Keys, mut from: R) -> Result<Self, BackupError> {
        let mut header = [0; HEADER_LEN];
        from.read_exact(&mut header).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => BackupError::NotABackup,
            _ => BackupError::Read(error),
        })?;
        let (magic, rest) = header.split_at(MAGIC.len());
        let (fingerprint, salt) = rest.split_at(PART_LEN);
        if !is_sealed(magic) {
            return Err(BackupError::NotABackup);
        }
        if magic != MAGIC {
            return Err(BackupError::OtherForm);
        }
        if fingerprint != keys.fingerprint() {
            return Err(BackupError::ForeignKeys);
        }
        let salt: Digest = salt.try_into().expect("the header's last part is a salt");
        let stream = Some(DecryptorBE32::new(&keys.backup_key(&salt).into(), &NONCE.into()));
        Ok(Self { from, stream, header, chunk: Vec::new(), given: 0 })
    }

    /// Decrypts the next chunk; `false` where the last one was read.
    fn read_chunk(&mut self) -> io::Result<bool> {
        let Some(mut stream) = self.stream.take() else { return Ok(false) };
        self.chunk.clear();
        self.given = 0;
        let len = u64::try_from(CHUNK_LEN + TAG_LEN).expect("a chunk's length is small");
        (&mut self.from).take(len).read_to_end(&mut self.chunk)?;
        if self.from.fill_buf()?.is_empty() {
            let opened = stream.decrypt_last_in_place(&self.header, &mut self.chunk);
            opened.map_err(altered)?;
        } else {
            let opened = stream.decrypt_next_in_place(&self.header, &mut self.chunk);
            opened.map_err(altered)?;
            self.stream = Some(stream);
        }
        Ok(true)
    }
}

impl<R: BufRead> Read for SealedReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.chunk.len() {
            if !self.read_chunk()? {
                return Ok(0);
            }
        }
        let rest = &self.chunk[self.given..];
        let len = rest.len().min(out.len());
        out[..len].copy_from_slice(&rest[..len]);
        self.given += len;
        Ok(len)
    }
}

impl<W: Write> fmt::Debug for SealedWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedWriter")
    }
}

impl<R: BufRead> fmt::Debug for SealedReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedReader")
    }
}

/// Whether bytes begin as a sealed stream of any version does.
pub(crate) fn is_sealed(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC[..MAGIC_STEM_LEN])
}

fn header_of(fingerprint: &Digest, salt: &Digest) -> [u8; HEADER_LEN] {
    let mut header = [0; HEADER_LEN];
    header[..MAGIC.len()].copy_from_slice(MAGIC);
    header[MAGIC.len()..][..PART_LEN].copy_from_slice(fingerprint);
    header[MAGIC.len() + PART_LEN..].copy_from_slice(salt);
    header
}

/// Seals a few bytes under a key that seals nothing else.
pub(crate) fn seal_once(key: &Digest, bytes: &[u8]) -> Vec<u8> {
    let sealed = ChaCha20Poly1305::new(&(*key).into()).encrypt(&[0; 12].into(), bytes);
    sealed.expect("a few bytes are not too many")
}

/// What was sealed under that key; `None` under another, or where it was altered.
pub(crate) fn unseal_once(key: &Digest, sealed: &[u8]) -> Option<Vec<u8>> {
    ChaCha20Poly1305::new(&(*key).into()).decrypt(&[0; 12].into(), sealed).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        Keys::from_random([7; 64])
    }

    fn bytes(len: usize) -> Vec<u8> {
        (0..len).map(|at| u8::try_from(at % 251).unwrap()).collect()
    }

    fn sealed(bytes: &[u8]) -> Vec<u8> {
        let mut writer = SealedWriter::start(&keys(), &[3; 32], Vec::new()).unwrap();
        // In pieces that are no part of a chunk.
        bytes.chunks(7_919).for_each(|piece| writer.write_all(piece).unwrap());
        writer.finish().unwrap()
    }

    fn opened(sealed: &[u8]) -> Option<Vec<u8>> {
        let mut read = Vec::new();
        let reader = SealedReader::open(&keys(), sealed);
        reader.ok()?.read_to_end(&mut read).ok().map(|_| read)
    }

    #[test]
    fn what_is_sealed_is_opened_whatever_its_length() {
        for len in [0, 1, CHUNK_LEN - 1, CHUNK_LEN, CHUNK_LEN + 1, 3 * CHUNK_LEN, 200_000] {
            let sealed = sealed(&bytes(len));
            assert_eq!(opened(&sealed).unwrap(), bytes(len), "{len}");
            let chunks = len.div_ceil(CHUNK_LEN).max(1);
            assert_eq!(sealed.len(), HEADER_LEN + len + chunks * TAG_LEN, "{len}");
        }
    }

    #[test]
    fn one_bit_anywhere_is_told() {
        let good = sealed(&bytes(CHUNK_LEN + 300));
        for at in (0..good.len()).step_by(97).chain([0, HEADER_LEN, good.len() - 1]) {
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert_eq!(opened(&bad), None, "byte {at}");
        }
    }

    #[test]
    fn what_is_cut_off_or_longer_is_told() {
        let good = sealed(&bytes(3 * CHUNK_LEN));
        let step = CHUNK_LEN + TAG_LEN;
        for len in [0, 5, HEADER_LEN, HEADER_LEN + 5, HEADER_LEN + step, HEADER_LEN + 2 * step] {
            assert_eq!(opened(&good[..len]), None, "{len} bytes");
        }
        assert_eq!(opened(&[&good[..], b"x"].concat()), None);
        assert_eq!(opened(&[&good[..], &good[HEADER_LEN..]].concat()), None);
    }

    #[test]
    fn chunks_in_another_order_or_of_another_stream_are_told() {
        let good = sealed(&bytes(3 * CHUNK_LEN));
        let step = CHUNK_LEN + TAG_LEN;
        let (header, chunks) = good.split_at(HEADER_LEN);
        let chunk = |number: usize| &chunks[number * step..(number + 1) * step];
        for order in [[1, 0, 2], [0, 2, 1], [0, 0, 2]] {
            let swapped = [header, chunk(order[0]), chunk(order[1]), chunk(order[2])].concat();
            assert_eq!(opened(&swapped), None, "{order:?}");
        }
        let mut other = SealedWriter::start(&keys(), &[4; 32], Vec::new()).unwrap();
        other.write_all(&bytes(3 * CHUNK_LEN)).unwrap();
        let other = other.finish().unwrap();
        assert_eq!(opened(&[header, &other[HEADER_LEN..]].concat()), None);
    }

    #[test]
    fn what_is_no_stream_of_these_keys_is_told_apart() {
        let good = sealed(b"x");
        let told = |bytes: &[u8], keys: &Keys| SealedReader::open(keys, bytes).err().unwrap();
        assert!(matches!(told(b"SQLite format 3\0", &keys()), BackupError::NotABackup));
        let mut newer = good.clone();
        newer[29] = b'2';
        assert!(matches!(told(&newer, &keys()), BackupError::OtherForm));
        let foreign = Keys::from_random([8; 64]);
        assert!(matches!(told(&good, &foreign), BackupError::ForeignKeys));
    }

    #[test]
    fn a_few_bytes_are_opened_by_their_key_alone() {
        let sealed = seal_once(&[1; 32], b"claves");
        assert_eq!(unseal_once(&[1; 32], &sealed).unwrap(), b"claves");
        assert_eq!(unseal_once(&[2; 32], &sealed), None);
        assert_eq!(unseal_once(&[1; 32], &sealed[1..]), None);
    }
}
