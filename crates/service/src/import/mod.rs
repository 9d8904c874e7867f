//! Files in: the biller's members, contracts and bills.
//!
//! A file is scanned for its hash, encoding and separator; then its rows are read, each parsed or
//! refused with a [`Verdict`] per cell. The reading takes bounded memory whatever the file holds; what is remembered of it is the
//! keys of its rows, so that no two say a thing twice. Both happen
//! before a line is kept, and the rows are read again to keep them.
//!
//! Source: README.md, "Put it to work" (the columns and their forms).

mod cells;
mod columns;
mod kinds;
mod rows;
mod run;
#[cfg(test)]
mod tests;
mod text;
mod verdict;

use std::io::{Read, Seek};

pub(crate) use rows::{BillRows, Judged, MemberRows, differing_column};
pub(crate) use text::{Scan, scan};
use ventanilla_domain::{BillId, CompanyId, FileKind, Label, Name, PaymentId};
pub(crate) use verdict::{
    bill_refused, bill_repeated, contract_repeated, member_differs, member_refused,
    replaced_elsewhere, replaced_twice,
};

/// What an import reads, more than once: first to check every line and then to keep them.
pub trait Source: Read + Seek {}
impl<T: Read + Seek> Source for T {}

/// A file to import.
#[derive(Debug, Clone)]
pub struct ImportRequest {
    /// Whose members or bills they are.
    pub company: CompanyId,
    /// What the file holds.
    pub kind: FileKind,
    /// The file's name, without a folder.
    pub name: Name,
    /// Who imports it.
    pub imported_by: Label,
    /// Check and count only.
    pub dry_run: bool,
    /// Leave the bad lines out instead of refusing the file.
    pub skip_bad: bool,
}

/// What is told while a file is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// How far the reading has come.
    Progress {
        /// What is being done.
        phase: Phase,
        /// Bytes read so far in this phase.
        bytes: u64,
        /// Bytes of the file.
        bytes_total: u64,
    },
    /// A line that cannot be taken.
    Refused(Verdict),
    /// A line that would change a paid bill: listed, never applied.
    Paid {
        /// From 1; the heading is line 1.
        line: u64,
        /// The bill.
        bill: BillId,
        /// The payment that settles it.
        payment: PaymentId,
    },
}

/// What an import is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Every line is checked; nothing is written.
    Checking,
    /// The lines are kept.
    Keeping,
}

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
    /// Lines of data, without the heading and empty lines.
    pub lines: u64,
    /// Lines that made a contract or a bill.
    pub new: u64,
    /// Lines that changed one.
    pub changed: u64,
    /// Lines that say what is known.
    pub unchanged: u64,
    /// Lines that would change a paid bill.
    pub paid: u64,
    /// Lines that cannot be taken.
    pub refused: u64,
    /// Hundredths by which what is owed changes, for bills.
    pub difference_minor: i128,
}

/// Why nothing of a file was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportRefusal {
    /// No company of that id.
    #[error("no such company")]
    CompanyUnknown,
    /// The file cannot be read as a whole: a heading without a required column, mixed forms, …
    #[error("the file cannot be read: {}", .0.message)]
    Unreadable(Verdict),
    /// So many lines are bad; each was told.
    #[error("{0} bad lines")]
    BadLines(u64),
}
