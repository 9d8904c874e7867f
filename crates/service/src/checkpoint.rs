//! Checkpoints: signed lines that say how far each journal had come, in a file of their own.
//!
//! Whoever can write the books can cut a journal's end off, put an older copy in its place, or, with
//! the secrets file, link an altered one anew. A line of this file, kept where that person cannot write,
//! tells on all three. A line is words with a space between:
//!
//! ```text
//! 7 2026-11-22T09:05:00Z <hash of the line before> books:13:52:<link> trail:13:9:<link> <signature>
//! ```
//!
//! its number from 1, when it was written, SHA-256 of the line before (zeros in the first), for each
//! journal (`books`) and trail the company (0: a trail of no company), its last entry or row that was
//! found sound and the link of that (both hashes are 64 hexadecimal digits), and the signature: Ed25519 by the key of receipts over `ventanilla-control-1:`
//! and all the words before it, in base64 for URLs.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, ErrorKind, Read as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use ventanilla_domain::CompanyId;
use ventanilla_store::{Digest, Follower, Snapshot, StoreError, to_hex};

use crate::receipt::{ReceiptKey, ReceiptSigner};
use crate::{Failure, NoRefusal, Service};

/// What is signed before a line, so that a signature is of nothing else.
const PURPOSE: &str = "ventanilla-control-1:";

/// A journal or a trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Chain {
    Books(CompanyId),
    Trail(Option<CompanyId>),
}

impl Chain {
    fn to_word(self) -> String {
        match self {
            Self::Books(company) => format!("books:{company}"),
            Self::Trail(company) => format!("trail:{}", company.map_or(0, CompanyId::to_i64)),
        }
    }

    fn from_words(kind: &str, company: &str) -> Option<Self> {
        let number: i64 = company.parse().ok()?;
        let company = CompanyId::from_i64(number).ok();
        match kind {
            "books" => company.map(Self::Books),
            "trail" if number == 0 || company.is_some() => Some(Self::Trail(company)),
            _ => None,
        }
    }

    /// That its link of a number is gone.
    fn to_gone(self, number: i64) -> String {
        match self {
            Self::Books(company) => format!(
                "el diario de la empresa {company} ya no tiene el asiento {number}: fue cortado"
            ),
            Self::Trail(Some(company)) => format!(
                "la bitácora de la empresa {company} ya no tiene la fila {number}: fue cortada"
            ),
            Self::Trail(None) => {
                format!("la bitácora sin empresa ya no tiene la fila {number}: fue cortada")
            }
        }
    }

    /// That its link of a number is another.
    fn to_other(self, number: i64) -> String {
        match self {
            Self::Books(company) => format!(
                "el asiento {number} del diario de la empresa {company} es otro: fue rehecho"
            ),
            Self::Trail(Some(company)) => format!(
                "la fila {number} de la bitácora de la empresa {company} es otra: fue rehecha"
            ),
            Self::Trail(None) => {
                format!("la fila {number} de la bitácora sin empresa es otra: fue rehecha")
            }
        }
    }
}

/// How far a chain was found sound: its last number, from 1, and that one's link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Attested {
    pub(crate) chain: Chain,
    pub(crate) last: i64,
    pub(crate) link: Digest,
}

impl Attested {
    /// How far a follower has come in each chain; nothing of what is empty.
    pub(crate) fn by(follower: &Follower) -> Vec<Self> {
        let books = follower.heads().into_iter().map(|head| Self {
            chain: Chain::Books(head.company),
            last: head.entries,
            link: head.chain,
        });
        let trails = follower.trail_heads().into_iter().map(|head| Self {
            chain: Chain::Trail(head.company),
            last: head.rows,
            link: head.chain,
        });
        books.chain(trails).filter(|attested| attested.last > 0).collect()
    }
}

/// Bytes of a line at most: some 80,000 companies, each with its journal and its trail. What is longer is
/// neither written nor read, and never taken for the end of a file.
const LINE_LEN_MAX: u64 = 16 << 20;

/// Findings that are told; the rest is counted.
const TOLD: usize = 20;

/// What a file of checkpoints was found to say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckpointReport {
    /// Lines that are right.
    pub lines: u64,
    /// When the last of them was written.
    pub last_at: Option<Timestamp>,
    /// What they attest to and a restoration from a backup has left behind.
    pub lost: u64,
    /// What is wrong, one Spanish sentence each; empty when all is well.
    pub findings: Vec<String>,
}

/// A line, read.
struct Checkpoint {
    number: u64,
    at: Timestamp,
    before: String,
    heads: Vec<(Chain, i64, String)>,
}

impl Checkpoint {
    /// Whether a line reads as one; its signature is not looked at.
    fn is_one(line: &str) -> bool {
        line.rsplit_once(' ').and_then(|(text, _)| Self::from_words(text)).is_some()
    }

    /// A line's words; the signature is not looked at.
    fn from_words(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let number = words.next()?.parse().ok()?;
        let at = words.next()?.parse().ok()?;
        let before = words.next()?.to_owned();
        let heads = words.map(head_from_word).collect::<Option<_>>()?;
        Some(Self { number, at, before, heads })
    }
}

fn head_from_word(word: &str) -> Option<(Chain, i64, String)> {
    let parts: Vec<&str> = word.split(':').collect();
    let [kind, company, last, link] = <[&str; 4]>::try_from(parts).ok()?;
    Some((Chain::from_words(kind, company)?, last.parse().ok()?, link.to_owned()))
}

fn hash(line: &str) -> String {
    to_hex(&Sha256::digest(line.as_bytes()))
}

/// The file, open at its end.
#[derive(Debug)]
pub(crate) struct Checkpoints {
    file: File,
    /// Where the next line begins.
    end: u64,
    /// Lines so far.
    len: u64,
    /// The hash of the last one.
    before: String,
}

impl Checkpoints {
    /// Opens the file, or makes it, readable by its owner alone, and keeps others from writing it. A last
    /// line that a crash cut off is taken away; whether the others are right is for
    /// [`Service::check_checkpoints`].
    ///
    /// Errors in order: it cannot be opened, another server writes it ([`ErrorKind::ResourceBusy`]), it is
    /// no file of checkpoints ([`ErrorKind::InvalidData`]) and stays as it is.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).mode(0o600).open(path)?;
        // Whoever writes cuts off what stands behind its last line. Not every file system has locks.
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            return Err(ErrorKind::ResourceBusy.into());
        }
        let (mut len, mut end, mut before) = (0, 0, "0".repeat(64));
        let mut is_ours = false;
        let mut lines = Lines::new(BufReader::new(&file));
        while let Some(line) = lines.next()? {
            let Some(whole) = line.to_whole() else {
                is_ours |= line.may_be_cut_off(len + 1);
                break;
            };
            is_ours = is_ours || Checkpoint::is_one(&whole);
            (len, before) = (len + 1, hash(&whole));
            end += line.len();
        }
        if !is_ours && file.metadata()?.len() > 0 {
            // Another file that is named by mistake loses nothing.
            return Err(ErrorKind::InvalidData.into());
        }
        file.set_len(end)?;
        Ok(Self { file, end, len, before })
    }

    /// Writes a line and syncs it.
    pub(crate) fn write(
        &mut self,
        signer: &ReceiptSigner,
        at: Timestamp,
        heads: &[Attested],
    ) -> io::Result<()> {
        let mut text = format!("{} {at} {}", self.len + 1, self.before);
        for Attested { chain, last, link } in heads {
            write!(text, " {}:{last}:{}", chain.to_word(), to_hex(link))
                .expect("writing to a String does not fail");
        }
        let line = format!("{text} {}", signer.sign(PURPOSE, &text));
        let written = format!("{line}\n");
        let written_len = u64::try_from(written.len()).unwrap_or(u64::MAX);
        if written_len > LINE_LEN_MAX {
            return Err(ErrorKind::FileTooLarge.into());
        }
        // What an attempt before this one wrote of its line, on a disk that was full, is written over.
        self.file.set_len(self.end)?;
        self.file.write_all_at(written.as_bytes(), self.end)?;
        self.file.sync_data()?;
        self.end += written_len;
        (self.len, self.before) = (self.len + 1, hash(&line));
        Ok(())
    }
}

/// A line as it stands in the file, with its end where it has one.
struct Line {
    bytes: Vec<u8>,
}

impl Line {
    /// Bytes of it in the file.
    fn len(&self) -> u64 {
        u64::try_from(self.bytes.len()).unwrap_or(u64::MAX)
    }

    /// Its text; `None` where it was not written to its end.
    fn to_whole(&self) -> Option<String> {
        let whole = self.bytes.strip_suffix(b"\n")?;
        Some(String::from_utf8_lossy(whole).into_owned())
    }

    /// Whether a crash may have left it of the line of that number. A file system that lost its power
    /// gives zeros for what it had not written.
    fn may_be_cut_off(&self, number: u64) -> bool {
        let start = format!("{number} ");
        let len = start.len().min(self.bytes.len());
        self.bytes.starts_with(&start.as_bytes()[..len]) || self.bytes.iter().all(|byte| *byte == 0)
    }
}

/// The lines of a file.
struct Lines<R> {
    from: R,
}

impl<R: BufRead> Lines<R> {
    fn new(from: R) -> Self {
        Self { from }
    }

    /// The next line; an error of kind [`ErrorKind::InvalidData`] where it is longer than one can be.
    fn next(&mut self) -> io::Result<Option<Line>> {
        let mut bytes = Vec::new();
        let len = self.from.by_ref().take(LINE_LEN_MAX).read_until(b'\n', &mut bytes)?;
        let line = Line { bytes };
        if line.len() == LINE_LEN_MAX && !line.bytes.ends_with(b"\n") {
            return Err(ErrorKind::InvalidData.into());
        }
        Ok((len > 0).then_some(line))
    }
}

impl Service {
    /// Compares a file of checkpoints with itself and with the books: each line's number, signature and
    /// link to the line before, and that each journal has the entries it attests to, with their links.
    ///
    /// Errors: the file cannot be read, or is none of checkpoints; within, the books cannot be read.
    pub fn check_checkpoints(
        &self,
        path: &Path,
    ) -> io::Result<Result<CheckpointReport, Failure<NoRefusal>>> {
        // What a server writes from here on may attest to entries that the snapshot lacks.
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        let mut lines = Lines::new(BufReader::new(file.take(len)));
        let snapshot = match self.snapshot() {
            Ok(snapshot) => snapshot,
            Err(failure) => return Ok(Err(failure)),
        };
        let mut check = Check {
            key: self.receipt_key(),
            snapshot,
            before: "0".repeat(64),
            number: 0,
            differing: 0,
            report: CheckpointReport::default(),
            lost: None,
        };
        // A last line without its end is one that a crash, or this moment, has cut off.
        while let Some(line) = lines.next()? {
            let Some(line) = line.to_whole() else { break };
            if let Err(error) = check.line(&line) {
                return Ok(Err(self.read_failure(&error)));
            }
        }
        Ok(Ok(check.end()))
    }
}

/// A file being checked.
struct Check {
    key: ReceiptKey,
    snapshot: Snapshot,
    /// The hash of the line before.
    before: String,
    /// The number of the line before, by counting.
    number: u64,
    differing: usize,
    report: CheckpointReport,
    /// From a backup to its restoration: what was attested between the two may be gone. Read when it is
    /// first asked for.
    lost: Option<Vec<(Timestamp, Timestamp)>>,
}

impl Check {
    fn line(&mut self, line: &str) -> Result<(), StoreError> {
        self.number += 1;
        let before = std::mem::replace(&mut self.before, hash(line));
        let number = self.number;
        let words = line.rsplit_once(' ');
        let is_signed = words.is_some_and(|(text, signature)| {
            self.key.has_signed(PURPOSE, text, signature) == Some(true)
        });
        let read = words.filter(|_| is_signed).and_then(|(text, _)| Checkpoint::from_words(text));
        let Some(checkpoint) = read else {
            self.tell(&format!(
                "línea {number}: la firma no es de esta instalación, o fue alterada"
            ));
            return Ok(());
        };
        if checkpoint.number != number || checkpoint.before != before {
            self.tell(&format!("línea {number}: no sigue a la anterior: faltan o sobran líneas"));
            // What follows it is told of by its own number.
            self.number = checkpoint.number;
        }
        for (chain, last, link) in &checkpoint.heads {
            self.head(checkpoint.at, *chain, *last, link)?;
        }
        self.report.lines += 1;
        self.report.last_at = Some(checkpoint.at);
        Ok(())
    }

    /// Compares one chain with what was attested of it. What was attested between a backup and the
    /// restoration of it is known to be gone.
    fn head(
        &mut self,
        at: Timestamp,
        chain: Chain,
        last: i64,
        link: &str,
    ) -> Result<(), StoreError> {
        let view = self.snapshot.view();
        let kept = match chain {
            Chain::Books(company) => view.link(company, last)?,
            Chain::Trail(company) => view.trail_link(company, last)?,
        };
        let what = match kept {
            Some(kept) if to_hex(&kept) == link => return Ok(()),
            _ if self.was_lost(at)? => {
                self.report.lost += 1;
                return Ok(());
            }
            Some(_) => chain.to_other(last),
            None => chain.to_gone(last) + ", o es una copia anterior",
        };
        let at = at.strftime("%Y-%m-%dT%H:%M:%SZ");
        self.tell(&format!("línea {} ({at}): {what}", self.number));
        Ok(())
    }

    /// Whether books that stood at an instant were left behind by a restoration.
    fn was_lost(&mut self, at: Timestamp) -> Result<bool, StoreError> {
        if self.lost.is_none() {
            let view = self.snapshot.view();
            let mut lost = Vec::new();
            for company in view.companies()? {
                let restorations = view.restorations(company.id)?.into_iter();
                lost.extend(restorations.map(|(at, restoration)| (restoration.backed_up_at, at)));
            }
            self.lost = Some(lost);
        }
        Ok(self.lost.iter().flatten().any(|(from, until)| *from <= at && at <= *until))
    }

    fn tell(&mut self, finding: &str) {
        self.differing += 1;
        if self.differing <= TOLD {
            self.report.findings.push(format!("puntos de control: {finding}"));
        }
    }

    fn end(mut self) -> CheckpointReport {
        if let Some(more) = self.differing.checked_sub(TOLD).filter(|more| *more > 0) {
            self.report.findings.push(format!("puntos de control: y {more} diferencias más"));
        }
        self.report
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use ventanilla_store::Keys;

    use super::*;

    fn write(checkpoints: &mut Checkpoints, companies: i64) -> io::Result<()> {
        let attested = (1..=companies).flat_map(|id| {
            let company = CompanyId::from_i64(id).unwrap();
            let chains = [Chain::Books(company), Chain::Trail(Some(company))];
            chains.map(|chain| Attested { chain, last: 1_000_000, link: [7; 32] })
        });
        let at = "2021-11-26T16:11:52Z".parse().unwrap();
        let signer = ReceiptSigner::new(&Keys::from_random([7; 64]));
        checkpoints.write(&signer, at, &attested.collect::<Vec<_>>())
    }

    #[test]
    fn lines_of_ten_thousand_companies_are_there_at_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoints");
        let mut checkpoints = Checkpoints::open(&path).unwrap();
        for _ in 0..2 {
            write(&mut checkpoints, 10_000).unwrap();
        }
        let len = fs::metadata(&path).unwrap().len();
        drop(checkpoints);
        assert_eq!(Checkpoints::open(&path).unwrap().len, 2);
        assert_eq!(fs::metadata(&path).unwrap().len(), len);
    }

    #[test]
    fn a_line_that_could_not_be_read_back_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoints");
        let mut checkpoints = Checkpoints::open(&path).unwrap();
        write(&mut checkpoints, 1).unwrap();
        write(&mut checkpoints, 120_000).unwrap_err();
        write(&mut checkpoints, 1).unwrap();
        drop(checkpoints);
        assert_eq!(Checkpoints::open(&path).unwrap().len, 2);
    }

    #[test]
    fn a_file_of_something_else_is_refused_and_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoints");
        let long = vec![b'x'; usize::try_from(LINE_LEN_MAX).unwrap() + 9];
        for content in [&b"apuntes\nsin fin"[..], b"apuntes", b"\xff\n\xff", &long] {
            fs::write(&path, content).unwrap();
            let refused = Checkpoints::open(&path).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::InvalidData);
            assert!(fs::read(&path).unwrap() == content, "nothing of it is lost");
        }
    }

    #[test]
    fn what_a_crash_left_of_a_line_is_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoints");
        for left in ["", "1", "1 2021-11", "\0\0\0"] {
            fs::write(&path, left).unwrap();
            let mut checkpoints = Checkpoints::open(&path).unwrap();
            assert_eq!(checkpoints.end, 0, "{left:?}");
            write(&mut checkpoints, 1).unwrap();
        }
        // A byte that no text has counts as the one byte that it is.
        let mut bytes = fs::read(&path).unwrap();
        bytes[9] = 0xff;
        bytes.extend_from_slice(&fs::read(&path).unwrap());
        fs::write(&path, &bytes).unwrap();
        let checkpoints = Checkpoints::open(&path).unwrap();
        assert_eq!((checkpoints.len, usize::try_from(checkpoints.end)), (2, Ok(bytes.len())));
    }

    #[test]
    fn a_second_server_does_not_write_the_same_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoints");
        let first = Checkpoints::open(&path).unwrap();
        let refused = Checkpoints::open(&path).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ResourceBusy);
        drop(first);
        Checkpoints::open(&path).unwrap();
    }
}
