//! The bytes of a file as text: scanned once, then decoded as a stream.

use std::io::{self, BufRead, BufReader, Read, SeekFrom};

use encoding_rs::{Decoder, WINDOWS_1252};
use sha2::Digest;
use ventanilla_domain::Sha256;

use super::verdict::{FileProblem, refuse_file};
use super::{ImportRefusal, Source};

/// Bytes of a line at most, its end included.
pub(super) const LINE_LEN_MAX: usize = 64 * 1024;

/// Bytes that are read at once.
pub(super) const BUFFER_LEN: usize = 64 * 1024;

/// Bytes of text that one record may take before its quotation counts as never closed. A scanned
/// line is at most three times as long in UTF-8, and a record of several lines has a line break in
/// a cell, which no cell takes.
const RECORD_LEN_MAX: usize = 4 * LINE_LEN_MAX;

const UTF8_BOM: &[u8] = b"\xEF\xBB\xBF";

/// What [`Text`] appends: the end of the last line, and a record of its own that no text has in its
/// place. Where it does not come out as a record, an open quotation swallowed it.
const END: &[u8] = b"\n\0\n";

/// How a file's characters are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// Windows-1252, of which Latin-1 is a part for every printable character.
    Windows1252,
}

/// What separates a file's columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Separator {
    /// `,`
    Comma,
    /// `;`: amounts may use the decimal comma.
    Semicolon,
}

impl Separator {
    pub(super) const fn to_byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
        }
    }
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
    /// What separates its columns, as the heading shows.
    pub(crate) separator: Separator,
    has_bom: bool,
}

/// Reads a whole file once, from its start, a line at a time.
///
/// Errors, as [`ImportRefusal::Unreadable`] with the line: reading failed, a workbook or UTF-16, no
/// heading, a heading with tabs or carriage returns, a line of more than [`LINE_LEN_MAX`] bytes,
/// UTF-8 and Windows-1252 in one file.
pub(crate) fn scan(source: &mut dyn Source) -> Result<Scan, ImportRefusal> {
    rewind(source)?;
    let mut hashing = Hashing::over(source);
    let mut reader = BufReader::with_capacity(BUFFER_LEN, &mut hashing);
    let mut line = Vec::new();
    let mut lines = 0;
    let mut heading = None;
    let mut encodings = Encodings::default();
    loop {
        line.clear();
        let read = (&mut reader)
            .take(LINE_LEN_MAX as u64 + 1)
            .read_until(b'\n', &mut line)
            .map_err(|error| refuse_file(lines + 1, &not_read(&error)))?;
        if read == 0 {
            break;
        }
        lines += 1;
        if heading.is_none() {
            heading = Some(read_heading(&line)?);
        }
        if read > LINE_LEN_MAX {
            return Err(refuse_file(lines, &FileProblem::LineTooLong));
        }
        encodings.note(&line, lines)?;
    }
    let (separator, has_bom) = heading.ok_or_else(|| refuse_file(1, &FileProblem::NoHeading))?;
    Ok(Scan {
        bytes: hashing.bytes,
        sha256: hashing.hasher.finalize().into(),
        lines,
        encoding: encodings.found(),
        separator,
        has_bom,
    })
}

fn rewind(source: &mut dyn Source) -> Result<(), ImportRefusal> {
    source.seek(SeekFrom::Start(0)).map(|_| ()).map_err(|error| refuse_file(1, &not_read(&error)))
}

fn not_read(error: &io::Error) -> FileProblem {
    FileProblem::NotRead { cause: error.to_string() }
}

/// What the first line, or its first [`LINE_LEN_MAX`] bytes, tells: the separator, and whether a
/// byte order mark comes before.
fn read_heading(line: &[u8]) -> Result<(Separator, bool), ImportRefusal> {
    let refuse = |problem| Err(refuse_file(1, &problem));
    if line.starts_with(b"PK\x03\x04") || line.starts_with(b"\xD0\xCF\x11\xE0") {
        return refuse(FileProblem::Workbook);
    }
    if line.starts_with(b"\xFF\xFE") || line.starts_with(b"\xFE\xFF") {
        return refuse(FileProblem::Utf16);
    }
    let text = line.strip_prefix(UTF8_BOM).unwrap_or(line).trim_ascii();
    let count = |wanted: u8| text.split(|byte| *byte == wanted).count() - 1;
    let (commas, semicolons) = (count(b','), count(b';'));
    if text.is_empty() {
        return refuse(FileProblem::NoHeading);
    }
    if count(b'\r') > 0 {
        return refuse(FileProblem::CarriageReturns);
    }
    if commas == 0 && semicolons == 0 && count(b'\t') > 0 {
        return refuse(FileProblem::Tabs);
    }
    let separator = if semicolons > commas { Separator::Semicolon } else { Separator::Comma };
    Ok((separator, line.starts_with(UTF8_BOM)))
}

/// Which encodings the lines so far can be in.
#[derive(Debug, Default)]
struct Encodings {
    /// The first line that is UTF-8 and nothing else.
    utf8_line: Option<u64>,
    /// The first line that is no UTF-8.
    other_line: Option<u64>,
}

impl Encodings {
    /// Refuses the line where the second encoding of a file shows.
    fn note(&mut self, line: &[u8], number: u64) -> Result<(), ImportRefusal> {
        if line.is_ascii() {
            return Ok(());
        }
        if std::str::from_utf8(line).is_err() {
            self.other_line.get_or_insert(number);
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

    const fn found(&self) -> Encoding {
        match self.other_line {
            Some(_) => Encoding::Windows1252,
            None => Encoding::Utf8,
        }
    }
}

/// Whether a line of valid UTF-8 would be no Spanish in Windows-1252: `Ã` or `Â` before a sign, as
/// `ñ` and `º` would look, or a byte order mark.
fn is_surely_utf8(line: &[u8]) -> bool {
    line.starts_with(UTF8_BOM) || line.iter().any(|byte| matches!(byte, 0xC2 | 0xC3))
}

/// Hashes and counts what is read.
struct Hashing<'a> {
    source: &'a mut dyn Source,
    hasher: sha2::Sha256,
    bytes: u64,
}

impl<'a> Hashing<'a> {
    fn over(source: &'a mut dyn Source) -> Self {
        Self { source, hasher: sha2::Sha256::new(), bytes: 0 }
    }
}

impl Read for Hashing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = loop {
            match self.source.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result?,
            }
        };
        self.hasher.update(&buffer[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}

/// A scanned file's text as UTF-8, without a byte order mark and with [`END`] after it.
///
/// At the file's end the bytes read are compared with those scanned.
pub(super) struct Text<'a> {
    source: Hashing<'a>,
    scan: Scan,
    decoding: Option<Decoding>,
    /// Bytes of text delivered, [`END`] not counted.
    delivered_len: u64,
    /// What is left to deliver of [`END`]; `None` before the file's end.
    end: Option<&'static [u8]>,
    /// Bytes delivered since [`Text::start_record`].
    record_len: usize,
    /// What made reading fail.
    broken: Option<FileProblem>,
}

impl<'a> Text<'a> {
    /// The text of a source, from its start.
    pub(super) fn from_start(
        source: &'a mut dyn Source,
        scan: &Scan,
    ) -> Result<Self, ImportRefusal> {
        rewind(source)?;
        let mut source = Hashing::over(source);
        if scan.has_bom {
            source
                .read_exact(&mut [0; UTF8_BOM.len()])
                .map_err(|error| refuse_file(1, &not_read(&error)))?;
        }
        let decoding = match scan.encoding {
            Encoding::Utf8 => None,
            Encoding::Windows1252 => Some(Decoding::new()),
        };
        Ok(Self {
            source,
            scan: scan.clone(),
            decoding,
            delivered_len: 0,
            end: None,
            record_len: 0,
            broken: None,
        })
    }

    /// Bytes of the file read so far.
    pub(super) const fn bytes_read(&self) -> u64 {
        self.source.bytes
    }

    /// Bytes of the whole text, once all of it was delivered.
    pub(super) fn to_len(&self) -> Option<u64> {
        self.end.map(|_| self.delivered_len)
    }

    /// Tells that a new record begins: the bound on its length starts again.
    pub(super) const fn start_record(&mut self) {
        self.record_len = 0;
    }

    /// Why reading failed.
    pub(super) fn take_problem(&mut self, error: &csv::Error) -> FileProblem {
        match (self.broken.take(), error.kind()) {
            (Some(problem), _) => problem,
            // The scan found only valid text.
            (None, csv::ErrorKind::Utf8 { .. }) => FileProblem::Changed,
            (None, _) => FileProblem::NotRead { cause: error.to_string() },
        }
    }

    fn fail(&mut self, problem: FileProblem) -> io::Error {
        self.broken = Some(problem);
        io::Error::other("the text is broken")
    }

    fn read_text(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let source = &mut self.source;
        let read = match &mut self.decoding {
            None => source.read(buffer),
            Some(decoding) => decoding.read(source, buffer),
        };
        read.map_err(|error| self.fail(not_read(&error)))
    }

    fn check_unchanged(&mut self) -> io::Result<()> {
        let sha256: Sha256 = self.source.hasher.clone().finalize().into();
        if sha256 == self.scan.sha256 { Ok(()) } else { Err(self.fail(FileProblem::Changed)) }
    }
}

impl Read for Text<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.record_len > RECORD_LEN_MAX {
            return Err(self.fail(FileProblem::QuoteOpen));
        }
        if self.end.is_none() && !buffer.is_empty() {
            let read = self.read_text(buffer)?;
            self.delivered_len += read as u64;
            self.record_len += read;
            if read > 0 {
                return Ok(read);
            }
            self.check_unchanged()?;
            self.end = Some(END);
        }
        self.end.as_mut().map_or(Ok(0), |end| end.read(buffer))
    }
}

/// Windows-1252 on its way to UTF-8.
struct Decoding {
    decoder: Decoder,
    bytes: Vec<u8>,
    text: String,
    /// What of `text` was delivered.
    delivered: usize,
}

impl Decoding {
    fn new() -> Self {
        Self {
            decoder: WINDOWS_1252.new_decoder_without_bom_handling(),
            bytes: vec![0; BUFFER_LEN],
            // No character of Windows-1252 takes more than three bytes.
            text: String::with_capacity(3 * BUFFER_LEN + 16),
            delivered: 0,
        }
    }

    fn read(&mut self, source: &mut Hashing<'_>, buffer: &mut [u8]) -> io::Result<usize> {
        if self.delivered == self.text.len() {
            let read = source.read(&mut self.bytes)?;
            self.text.clear();
            self.delivered = 0;
            let (_, decoded, _) =
                self.decoder.decode_to_string(&self.bytes[..read], &mut self.text, false);
            assert_eq!(decoded, read, "the text has room for all that was read");
        }
        let read = (&self.text.as_bytes()[self.delivered..]).read(buffer)?;
        self.delivered += read;
        Ok(read)
    }
}
