//! Checkpoints: signed lines that say how far each journal and trail had come, in a file of their own.
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
//! journal the company, its last entry that was found sound and that entry's link (both hashes are 64
//! hexadecimal digits), the same of each trail and its last row, where company 0 is none, and the signature: Ed25519 by the key of receipts over `ventanilla-control-1:`
//! and all the words before it, in base64 for URLs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use ventanilla_domain::CompanyId;
use ventanilla_store::{Digest, Follower, Head, Snapshot, StoreError, TrailHead, to_hex};

use crate::receipt::{ReceiptKey, ReceiptSigner};
use crate::{Failure, NoRefusal, Service};

/// What is signed before a line, so that a signature is of nothing else.
const PURPOSE: &str = "ventanilla-control-1:";

/// The words of a company's journal and trail.
const BOOKS: &str = "books";
const TRAIL: &str = "trail";

/// Bytes of a line at most: some 10,000 companies.
const LINE_LEN_MAX: u64 = 1 << 20;

/// Findings that are told; the rest is counted.
const TOLD: usize = 20;

/// What a file of checkpoints was found to say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckpointReport {
    /// Lines that are right.
    pub lines: u64,
    /// When the last of them was written.
    pub last_at: Option<Timestamp>,
    /// What is wrong, one Spanish sentence each; empty when all is well.
    pub findings: Vec<String>,
}

/// How far the journals and trails are sound.
#[derive(Debug, Default)]
pub(crate) struct Attested {
    journals: Vec<Head>,
    trails: Vec<TrailHead>,
}

impl Attested {
    pub(crate) fn by(follower: &Follower) -> Self {
        Self { journals: follower.heads(), trails: follower.trail_heads() }
    }

    /// The length and the last link of each, by its word and its company.
    fn ends(&self) -> BTreeMap<(&'static str, i64), (i64, Digest)> {
        let journals = self
            .journals
            .iter()
            .map(|head| ((BOOKS, head.company.to_i64()), (head.entries, head.chain)));
        let trails = self.trails.iter().map(|head| {
            ((TRAIL, head.company.map_or(0, CompanyId::to_i64)), (head.rows, head.chain))
        });
        journals.chain(trails).collect()
    }

    /// Whether one of them is farther than before, or new, and none is less far.
    pub(crate) fn is_later_than(&self, before: &Self) -> bool {
        let (now, before) = (self.ends(), before.ends());
        let is_later =
            now.iter().any(|(of, (len, _))| before.get(of).is_none_or(|(before, _)| before < len));
        let is_earlier =
            before.iter().any(|(of, (before, _))| now.get(of).is_some_and(|(len, _)| len < before));
        is_later && !is_earlier
    }
}

/// A line, read.
struct Checkpoint {
    number: u64,
    at: Timestamp,
    before: String,
    heads: Vec<End>,
}

/// What a line says of one journal or trail.
struct End {
    kind: &'static str,
    /// `None` of the trail of no company.
    company: Option<CompanyId>,
    len: i64,
    link: String,
}

impl Checkpoint {
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

fn head_from_word(word: &str) -> Option<End> {
    let mut parts = word.split(':');
    let (kind, company, len, link, None) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next())
    else {
        return None;
    };
    let kind = [BOOKS, TRAIL].into_iter().find(|known| *known == kind)?;
    let company = match (kind, company.parse().ok()?) {
        (TRAIL, 0) => None,
        (_, id) => Some(CompanyId::from_i64(id).ok()?),
    };
    Some(End { kind, company, len: len.parse().ok()?, link: link.to_owned() })
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
    /// Opens the file, or makes it, readable by its owner alone. A last line that a crash cut off is
    /// taken away; whether the others are right is for [`Service::check_checkpoints`].
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).mode(0o600).open(path)?;
        let (mut len, mut end, mut before) = (0, 0, "0".repeat(64));
        let mut lines = Lines::new(BufReader::new(&file));
        while let Some(line) = lines.next()? {
            let Some(whole) = line.strip_suffix('\n') else { break };
            (len, before) = (len + 1, hash(whole));
            end += u64::try_from(line.len()).unwrap_or(u64::MAX);
        }
        file.set_len(end)?;
        Ok(Self { file, end, len, before })
    }

    /// Writes a line and syncs it.
    pub(crate) fn write(
        &mut self,
        signer: &ReceiptSigner,
        at: Timestamp,
        attested: &Attested,
    ) -> io::Result<()> {
        let at = at.strftime("%Y-%m-%dT%H:%M:%SZ");
        let mut text = format!("{} {at} {}", self.len + 1, self.before);
        for ((kind, company), (len, chain)) in attested.ends() {
            write!(text, " {kind}:{company}:{len}:{}", to_hex(&chain))
                .expect("writing to a String does not fail");
        }
        let line = format!("{text} {}", signer.sign(PURPOSE, &text));
        let written = format!("{line}\n");
        // What an attempt before this one wrote of its line, on a disk that was full, is written over.
        self.file.set_len(self.end)?;
        self.file.write_all_at(written.as_bytes(), self.end)?;
        self.file.sync_data()?;
        self.end += u64::try_from(written.len()).unwrap_or(u64::MAX);
        (self.len, self.before) = (self.len + 1, hash(&line));
        Ok(())
    }
}

/// Lines with their ends; what is longer than a line can be is cut.
struct Lines<R> {
    from: R,
}

impl<R: BufRead> Lines<R> {
    fn new(from: R) -> Self {
        Self { from }
    }

    fn next(&mut self) -> io::Result<Option<String>> {
        let mut bytes = Vec::new();
        let len = self.from.by_ref().take(LINE_LEN_MAX).read_until(b'\n', &mut bytes)?;
        Ok((len > 0).then(|| String::from_utf8_lossy(&bytes).into_owned()))
    }
}

impl Service {
    /// Compares a file of checkpoints with itself and with the books: each line's number, signature and
    /// link to the line before, and that each journal has the entries it attests to, with their links.
    ///
    /// Errors: the file cannot be read; within, the books cannot be.
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
        };
        // A last line without its end is one that a crash, or this moment, has cut off.
        while let Some(line) = lines.next()? {
            let Some(line) = line.strip_suffix('\n') else { break };
            if let Err(error) = check.line(line) {
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
        for end in &checkpoint.heads {
            self.head(checkpoint.at, end)?;
        }
        self.report.lines += 1;
        self.report.last_at = Some(checkpoint.at);
        Ok(())
    }

    /// Compares one journal or trail with what was attested of it.
    fn head(&mut self, at: Timestamp, end: &End) -> Result<(), StoreError> {
        let End { kind, company, len, link } = end;
        if *len == 0 {
            return Ok(());
        }
        let view = self.snapshot.view();
        let kept = match (*kind, company) {
            (BOOKS, Some(company)) => view.link(*company, *len)?,
            _ => view.trail_link(*company, *len)?,
        };
        let told = match (*kind, company, kept) {
            (_, _, Some(kept)) if to_hex(&kept) == *link => return Ok(()),
            (BOOKS, Some(company), Some(_)) => {
                format!("el asiento {len} de la empresa {company} es otro: el diario fue rehecho")
            }
            (BOOKS, Some(company), None) => format!(
                "la empresa {company} tenía el asiento {len} y ya no: el diario fue cortado, o es \
                 una copia anterior"
            ),
            (_, company, kept) => {
                let of =
                    company.map_or("sin empresa".to_owned(), |id| format!("de la empresa {id}"));
                match kept {
                    Some(_) => format!("la fila {len} de la bitácora {of} es otra: fue rehecha"),
                    None => format!(
                        "la bitácora {of} tenía la fila {len} y ya no: fue cortada, o es una copia \
                         anterior"
                    ),
                }
            }
        };
        let number = self.number;
        self.tell(&format!("línea {number} ({at}): {told}"));
        Ok(())
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
