//! The bytes of a file as lines of text: scanned once, then decoded.

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read, SeekFrom};

use encoding_rs::WINDOWS_1252;
use sha2::Digest;
use ventanilla_domain::Sha256;

use super::opening::{Form, Opening, UTF8_BOM, read_opening};
use super::problem::FileProblem;
use super::verdict::refuse_file;
use super::{ImportRefusal, Source};

/// Bytes of a line at most, its end included.
pub(super) const LINE_LEN_MAX: usize = 64 * 1024;

/// Bytes that are read at once.
const BUFFER_LEN: usize = 64 * 1024;

/// How a file's characters are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// Windows-1252, of which Latin-1 is a part for every printable character.
    Windows1252,
}

/// What the first reading of a file found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scan {
    /// The hash of all its bytes.
    pub(crate) sha256: Sha256,
    /// How many bytes it has.
    pub(crate) bytes: u64,
    /// How many lines it has: the heading and empty ones count.
    pub(crate) lines: u64,
    /// How its characters are written.
    pub(crate) encoding: Encoding,
    /// How its rows are written.
    pub(crate) form: Form,
    /// Where its heading is, or its first object.
    pub(super) first_line: u64,
}

/// Reads a whole file once, from its start, a line at a time.
///
/// Errors, as [`ImportRefusal::Unreadable`] with the line: those of [`read_opening`], a line of more
/// than [`LINE_LEN_MAX`] bytes, UTF-8 and Windows-1252 in one file, a code page of DOS.
pub(crate) fn scan(source: &mut dyn Source) -> Result<Scan, ImportRefusal> {
    let Opening { form, line: first_line, .. } = read_opening(source)?;
    let mut lines = Lines::from_start(source)?;
    let mut encodings = Encodings::default();
    while let Some((number, line)) = lines.read_whole()? {
        encodings.note(line, number)?;
    }
    Ok(Scan {
        sha256: lines.to_sha256(),
        bytes: lines.bytes_read(),
        lines: lines.number(),
        encoding: encodings.found()?,
        form,
        first_line,
    })
}

/// Which encodings the lines so far can be in.
#[derive(Debug, Default)]
struct Encodings {
    /// The first line that is UTF-8 and nothing else.
    utf8_line: Option<u64>,
    /// The first line that is no UTF-8.
    other_line: Option<u64>,
    /// The first line that is no UTF-8 and has a letter as a code page of DOS writes it.
    dos_line: Option<u64>,
    /// Whether a line that is no UTF-8 has a letter as Windows-1252 writes it.
    has_latin: bool,
}

impl Encodings {
    /// Refuses the line where the second encoding of a file shows.
    fn note(&mut self, line: &[u8], number: u64) -> Result<(), ImportRefusal> {
        if line.is_ascii() {
            return Ok(());
        }
        if std::str::from_utf8(line).is_err() {
            self.other_line.get_or_insert(number);
            self.has_latin |= line.iter().any(|byte| *byte >= 0xC0);
            if self.dos_line.is_none() && has_dos_letter(line) {
                self.dos_line = Some(number);
            }
        } else if is_surely_utf8(line) {
            self.utf8_line.get_or_insert(number);
        }
        match (self.utf8_line, self.other_line) {
            (Some(utf8_line), Some(other_line)) => {
                Err(refuse_file(other_line, &FileProblem::MixedEncodings { utf8_line }))
            }
            _ => Ok(()),
        }
    }

    /// The encoding of the whole file; refuses one that is neither.
    fn found(&self) -> Result<Encoding, ImportRefusal> {
        match (self.other_line, self.dos_line) {
            (None, _) => Ok(Encoding::Utf8),
            (Some(_), Some(line)) if !self.has_latin => {
                Err(refuse_file(line, &FileProblem::DosPage))
            }
            (Some(_), _) => Ok(Encoding::Windows1252),
        }
    }
}

/// Whether a line has `é í ó ú ñ Ñ` after a letter, as code pages 850 and 437 write them: in
/// Windows-1252 these are signs, which follow no letter.
fn has_dos_letter(line: &[u8]) -> bool {
    line.windows(2)
        .any(|pair| pair[0].is_ascii_alphabetic() && matches!(pair[1], 0x82 | 0xA1..=0xA5))
}

/// Whether a line of valid UTF-8 would be no Spanish in Windows-1252: `Ã`, `Â` or `â` before a sign,
/// as `ñ`, `º` and `–` would look, or a byte order mark.
fn is_surely_utf8(line: &[u8]) -> bool {
    line.starts_with(UTF8_BOM) || line.iter().any(|byte| matches!(byte, 0xC2 | 0xC3 | 0xE2))
}

/// The lines of a source, each with its end, hashed as they are read.
pub(super) struct Lines<'a> {
    reader: BufReader<Hashing<'a>>,
    line: Vec<u8>,
    number: u64,
}

impl<'a> Lines<'a> {
    /// The lines of a source, from its start.
    pub(super) fn from_start(source: &'a mut dyn Source) -> Result<Self, ImportRefusal> {
        source.seek(SeekFrom::Start(0)).map_err(|error| not_read(1, &error))?;
        let hashing = Hashing { source, hasher: sha2::Sha256::new(), bytes: 0 };
        let reader = BufReader::with_capacity(BUFFER_LEN, hashing);
        Ok(Self { reader, line: Vec::new(), number: 0 })
    }

    /// Reads the next line, or of a longer one so much that it is over [`LINE_LEN_MAX`].
    pub(super) fn read(&mut self) -> Result<Option<&[u8]>, ImportRefusal> {
        self.line.clear();
        let read = (&mut self.reader)
            .take(LINE_LEN_MAX as u64 + 1)
            .read_until(b'\n', &mut self.line)
            .map_err(|error| not_read(self.number + 1, &error))?;
        self.number += u64::from(read > 0);
        Ok((read > 0).then_some(&self.line))
    }

    /// Reads the next line and tells its number; refuses one over [`LINE_LEN_MAX`].
    fn read_whole(&mut self) -> Result<Option<(u64, &[u8])>, ImportRefusal> {
        self.read()?;
        match self.line.len() {
            0 => Ok(None),
            1..=LINE_LEN_MAX => Ok(Some((self.number, &self.line))),
            _ => Err(refuse_file(self.number, &FileProblem::LineTooLong)),
        }
    }

    /// The number of the line that was read last, from 1.
    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// Bytes of the file read so far.
    fn bytes_read(&self) -> u64 {
        self.reader.get_ref().bytes
    }

    /// The hash of the bytes read so far.
    fn to_sha256(&self) -> Sha256 {
        self.reader.get_ref().hasher.clone().finalize().into()
    }
}

fn not_read(line: u64, error: &io::Error) -> ImportRefusal {
    refuse_file(line, &FileProblem::NotRead { cause: error.to_string() })
}

/// Hashes and counts what is read.
struct Hashing<'a> {
    source: &'a mut dyn Source,
    hasher: sha2::Sha256,
    bytes: u64,
}

impl Read for Hashing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.hasher.update(&buffer[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}

/// A scanned file's lines as text, without a byte order mark.
///
/// At the file's end the bytes read are compared with those scanned.
pub(super) struct Text<'a> {
    lines: Lines<'a>,
    encoding: Encoding,
    sha256: Sha256,
}

impl<'a> Text<'a> {
    /// The text of a source, from its start.
    pub(super) fn from_start(
        source: &'a mut dyn Source,
        scan: &Scan,
    ) -> Result<Self, ImportRefusal> {
        let lines = Lines::from_start(source)?;
        Ok(Self { lines, encoding: scan.encoding, sha256: scan.sha256 })
    }

    /// Bytes of the file read so far.
    pub(super) fn bytes_read(&self) -> u64 {
        self.lines.bytes_read()
    }

    /// Reads the next line, with its number from 1.
    ///
    /// Errors in order: reading failed, the line is too long, the file is not the one scanned.
    pub(super) fn read(&mut self) -> Result<Option<(u64, Cow<'_, str>)>, ImportRefusal> {
        if self.lines.read_whole()?.is_none() && self.lines.to_sha256() != self.sha256 {
            return Err(refuse_file(self.lines.number().max(1), &FileProblem::Changed));
        }
        let Lines { line, number, .. } = &self.lines;
        if line.is_empty() {
            return Ok(None);
        }
        let line = match number {
            1 => line.strip_prefix(UTF8_BOM).unwrap_or(line),
            _ => line,
        };
        let text = match self.encoding {
            Encoding::Windows1252 => WINDOWS_1252.decode_without_bom_handling(line).0,
            Encoding::Utf8 => match std::str::from_utf8(line) {
                Ok(text) => Cow::Borrowed(text),
                Err(_) => return Err(refuse_file(*number, &FileProblem::Changed)),
            },
        };
        Ok(Some((*number, text)))
    }
}
