//! Files in: the biller's members, contracts and bills.

use std::io::{Read, Seek};

use ventanilla_domain::{BillId, CompanyId, FileKind, Label, Name, PaymentId};

/// What an import reads: it is read twice, first to check every line and then to keep them.
pub trait Source: Read + Seek {}
impl<T: Read + Seek> Source for T {}

/// A file to import.
#[derive(Debug, Clone)]
pub struct ImportRequest {
    pub company: CompanyId,
    pub kind: FileKind,
    /// The file's name, without a folder.
    pub name: Name,
    pub imported_by: Label,
    /// Check and count only.
    pub dry_run: bool,
    /// Leave the bad lines out instead of refusing the file.
    pub skip_bad: bool,
}

/// What is told while a file is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// Bytes read so far in this phase.
    Progress { phase: Phase, bytes: u64, bytes_total: u64 },
    /// A line that cannot be taken.
    Refused(Verdict),
    /// A line that would change a paid bill: listed, never applied.
    Paid { line: u64, bill: BillId, payment: PaymentId },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase { Checking, Keeping }

/// Why a line cannot be taken: where, and a Spanish sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// From 1; the heading is line 1.
    pub line: u64,
    /// The column's name, where one is to blame.
    pub column: Option<&'static str>,
    /// What is wrong, in Spanish.
    pub message: String,
}

/// What an import did (or with `dry_run` would do). Counts of lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    pub lines: u64,
    pub new: u64,
    pub changed: u64,
    pub unchanged: u64,
    /// Lines that would change a paid bill.
    pub paid: u64,
    pub refused: u64,
    /// Hundredths by which what is owed changes, for bills.
    pub difference_minor: i128,
}

/// Why nothing of a file was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportRefusal {
    #[error("no such company")]
    CompanyUnknown,
    /// The file cannot be read at all: a heading without a required column, an unknown encoding, …
    #[error("the file cannot be read: {}", .0.message)]
    Unreadable(Verdict),
    /// So many lines are bad; each was told.
    #[error("{0} bad lines")]
    BadLines(u64),
}
