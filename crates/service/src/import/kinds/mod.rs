//! What a file of members and a file of bills do differently.

mod bills;
mod members;

pub(super) use bills::{Bills, difference, standing};
pub(super) use members::Members;

use jiff::Timestamp;
use ventanilla_domain::{BillVersion, Company, Currency, FileId, SourceLine};
use ventanilla_store::{StoreError, Tx, View};

use super::{ImportRefusal, Judged, LineOutcome, Scan, Source, Subject, Verdict};

/// Takes a row with the bytes of the file read so far; false where no more are wanted.
pub(super) type TakeRow<'t, R> = dyn FnMut(Judged<R>, u64) -> bool + 't;

/// What comes of each line, by its number.
pub(super) type Outcomes = Vec<(u64, Result<LineOutcome, Verdict>)>;

/// A kind of file. The value remembers the lines seen, so that no two say a thing twice.
pub(super) trait Kind: Default + Send + Sync + 'static {
    type Row: Clone + Send + Sync + 'static;
    /// What a row is about: a contract's code or a bill.
    type Key;

    /// Reads the rows of a file, from its start.
    fn each_row(
        source: &mut dyn Source,
        scan: &Scan,
        currency: Currency,
        take: &mut TakeRow<'_, Self::Row>,
    ) -> Result<(), ImportRefusal>;

    /// What a row speaks of.
    fn key(row: &Self::Row) -> Self::Key;

    /// The same, to be told.
    fn subject(key: &Self::Key) -> Subject<'_>;

    /// What a row would do, or the verdict that the books or an earlier line of the file bring.
    fn check(
        &mut self,
        view: &View<'_>,
        company: &Company,
        line: u64,
        row: Self::Row,
    ) -> Result<Result<LineOutcome, Verdict>, StoreError>;

    /// Notes that a line before the next cannot be taken.
    fn note_bad(&mut self, line: u64);

    /// The version that a row makes, where the check found nothing known of it; the row itself
    /// where it must be decided when it is kept, and `None` where the check was wrong.
    fn prepare(
        &self,
        company: &Company,
        row: Self::Row,
        at: SourceLine,
    ) -> Result<Option<BillVersion>, Self::Row>;

    /// Decides rows on the books as they stand, and keeps them.
    fn keep(
        &self,
        tx: &mut Tx<'_>,
        company: &Company,
        file: FileId,
        rows: &[(u64, Self::Row)],
        now: Timestamp,
    ) -> Result<Outcomes, StoreError>;
}

pub(super) fn no_counters() -> StoreError {
    StoreError::Damaged { what: "a company has no counters", cause: None }
}
