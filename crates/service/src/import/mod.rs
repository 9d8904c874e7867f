//! Files in: the biller's members, contracts and bills.
//!
//! A file is scanned for its hash, encoding and separator; then its rows are read, each parsed or
//! refused with a [`Verdict`] per cell. The reading takes bounded memory whatever the file holds; what is remembered of it is the
//! keys of its rows, so that no two say a thing twice. Both happen
//! before a line is kept, and the rows are read again to keep them.
//!
//! Source: docs/billing.md (the columns and their forms).

mod cells;
mod check;
mod columns;
mod files;
#[cfg(test)]
mod form_tests;
mod json;
mod keep;
mod kinds;
mod opening;
mod problem;
mod record;
mod reported;
mod rows;
mod run;
#[cfg(test)]
mod tests;
mod text;
mod verdict;

use std::io::{Read, Seek};

pub use files::{FileRefusal, KeptFile};
pub use opening::sniff;
pub(crate) use reported::{ReportedRow, ReportedRows};
pub(crate) use rows::{BillRows, Judged, MemberRows, differing_column};
pub(crate) use text::{Scan, scan};
use ventanilla_domain::{
    BillId, CompanyId, ContractCode, FileId, FileKind, ImportTotals, Label, Name, PaymentId,
};
pub(crate) use verdict::{
    bill_refused, bill_repeated, code_used_before, contract_repeated, contract_unknown,
    holder_unsure, member_differs, member_refused, replaced_elsewhere, replaced_twice,
};

use crate::{NoRefusal, OfficeRefusal};

/// What an import reads, more than once: first to check every line and then to keep them.
pub trait Source: Read + Seek + Send {}
impl<T: Read + Seek + Send> Source for T {}

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
    /// The file of bills has every unpaid bill there is: those it has no line of are withdrawn.
    pub complete: Option<VanishMax>,
}

/// How many bills a complete file may withdraw: a file that was cut off must not empty the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VanishMax {
    /// Half of those that are unpaid, or 100 where that is more; none where the file has no line.
    Half,
    /// So many.
    Count(u64),
}

/// What a line speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject<'n> {
    /// A contract, by its code.
    Contract(&'n ContractCode),
    /// A bill.
    Bill(BillId),
}

/// What a line does, or would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineVerdict {
    /// It makes a contract or a bill.
    New,
    /// It changes one.
    Changed,
    /// It annuls a bill.
    Annulled,
    /// It tells that a bill was paid by a way that is not ours.
    PaidElsewhere,
    /// It says what is known.
    Unchanged,
    /// It would change a bill that this payment settles: listed, never applied.
    Paid(PaymentId),
}

/// What comes of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineOutcome {
    /// What the line does.
    pub verdict: LineVerdict,
    /// Hundredths by which it changes what is owed, but for the bill that is replaced.
    pub difference_minor: i64,
    /// The bill that the line's bill takes the place of, where it is annulled for that.
    pub replaced: Option<Replaced>,
}

impl LineOutcome {
    /// An outcome that replaces no bill.
    const fn plain(verdict: LineVerdict, difference_minor: i64) -> Self {
        Self { verdict, difference_minor, replaced: None }
    }
}

/// A bill that is annulled because another takes its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replaced {
    /// The bill.
    pub bill: BillId,
    /// Hundredths by which what is owed changes: zero or less.
    pub difference_minor: i64,
}

/// What is told while a file is read.
///
/// A line is told once it is checked; again when it is kept, where it became something else because
/// of what others did meanwhile: the last word holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News<'n> {
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
    /// A line that can.
    Line {
        /// From 1; the heading of a CSV file is line 1.
        line: u64,
        /// What it speaks of.
        subject: Subject<'n>,
        /// What comes of it.
        outcome: LineOutcome,
    },
    /// An unpaid bill that a complete file has no line of.
    Vanished {
        /// The bill.
        bill: BillId,
        /// Hundredths by which what is owed changes.
        difference_minor: i64,
    },
    /// A bill told as [`News::Vanished`] that stays as it is, because of what others did meanwhile.
    Stays {
        /// The bill.
        bill: BillId,
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

/// What an import did (or with `dry_run` would do).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    /// The file's entry; `None` for a dry run.
    pub file: Option<FileId>,
    /// What came of its lines.
    pub totals: ImportTotals,
    /// Whether bills that vanished were left as they are, because bad lines may speak of them or
    /// because others changed members, contracts, bills or rules meanwhile.
    pub is_withheld: bool,
}

/// Why nothing of a file was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportRefusal {
    /// Who sends it from the console may not: the session, the right.
    #[error("the officer may not import: {0:?}")]
    Officer(OfficeRefusal<NoRefusal>),
    /// No company of that id.
    #[error("no such company")]
    CompanyUnknown,
    /// The file cannot be read as a whole: a heading without a required column, mixed forms, …
    #[error("the file cannot be read: {}", .0.message)]
    Unreadable(Verdict),
    /// So many lines are bad; each was told.
    #[error("{0} bad lines")]
    BadLines(u64),
    /// A complete file would withdraw more bills than it may.
    #[error("{vanished} of {unpaid} unpaid bills would be withdrawn; at most {max} may be")]
    TooManyVanish {
        /// Unpaid bills that the file has no line of.
        vanished: u64,
        /// Unpaid bills in all.
        unpaid: u64,
        /// How many may be withdrawn.
        max: u64,
    },
}
