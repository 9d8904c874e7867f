//! The first half of an import: every line is checked against the books and the rest of the file,
//! and nothing is written.

use std::sync::Arc;

use ventanilla_domain::{BillId, ImportTotals};
use ventanilla_store::{StoreError, View};

use super::kinds::{Bills, Kind};
use super::run::{Chunk, Done, Job, Tell, count};
use super::{
    ImportRefusal, Judged, LineOutcome, LineVerdict, News, Phase, Source, VanishMax, Verdict,
};
use crate::Failure;

/// Bills read at a time.
const PAGE: usize = 10_000;
/// Bills that a complete file may always withdraw.
const VANISH_ALWAYS: u64 = 100;

/// What the check made of a line. Small: one for each line is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Planned {
    /// Nothing is left to do of it: it cannot be taken, or has been kept.
    Done,
    New,
    Changed,
    Annulled,
    PaidElsewhere,
    /// It says what is known: there is nothing to keep.
    Unchanged,
    Paid,
}

/// What is to be told of a line.
enum Told<K> {
    Line(u64, K, LineOutcome),
    Refused(Verdict),
}

impl<Key> Told<Key> {
    fn to_news<K: Kind<Key = Key>>(&self) -> News<'_> {
        match self {
            Self::Line(line, key, outcome) => {
                News::Line { line: *line, subject: K::subject(key), outcome: *outcome }
            }
            Self::Refused(verdict) => News::Refused(verdict.clone()),
        }
    }
}

impl Planned {
    pub(super) const fn of(outcome: &LineOutcome) -> Self {
        match outcome.verdict {
            LineVerdict::New => Self::New,
            LineVerdict::Changed => Self::Changed,
            LineVerdict::Annulled => Self::Annulled,
            LineVerdict::PaidElsewhere => Self::PaidElsewhere,
            LineVerdict::Unchanged => Self::Unchanged,
            LineVerdict::Paid(_) => Self::Paid,
        }
    }
}

/// What the check found.
pub(super) struct Checked<K> {
    /// What was remembered of the lines.
    pub(super) kind: Arc<K>,
    /// What is to be done with each row, in the order of the file.
    pub(super) plan: Vec<Planned>,
    /// What would come of the file.
    pub(super) totals: ImportTotals,
    /// Bills to withdraw, with the hundredths by which that changes what is owed.
    pub(super) vanished: Vec<(BillId, i64)>,
}

/// Checks every line.
pub(super) fn check<K: Kind>(
    job: &Job<'_>,
    source: &mut dyn Source,
    on_news: Tell<'_>,
) -> Done<Checked<K>> {
    let mut kind = K::default();
    let (mut plan, mut totals) = (Vec::new(), ImportTotals::default());
    let mut take = |chunk: Chunk<K::Row>, on_news: Tell<'_>| {
        let mut told = Vec::with_capacity(chunk.rows.len());
        // What a line says is remembered: it is checked once.
        job.service.read_once(|view| {
            for judged in chunk.rows {
                plan.push(check_row(job, view, &mut kind, judged, &mut totals, &mut told)?);
            }
            Ok(Ok(()))
        })?;
        // After the reading: whoever listens slowly holds no snapshot, and no log.
        for told in told {
            on_news(told.to_news::<K>());
        }
        Ok(())
    };
    job.each_chunk::<K>(source, Phase::Checking, on_news, &mut take)?;
    let vanished = Vec::new();
    Ok(Checked { kind: Arc::new(kind), plan, totals, vanished })
}

fn check_row<K: Kind>(
    job: &Job<'_>,
    view: &View<'_>,
    kind: &mut K,
    (line, row): Judged<K::Row>,
    totals: &mut ImportTotals,
    told: &mut Vec<Told<K::Key>>,
) -> Result<Planned, StoreError> {
    totals.lines += 1;
    let verdicts = match row {
        Err(verdicts) => verdicts,
        Ok(row) => {
            let key = K::key(&row);
            match kind.check(view, &job.company, line, row)? {
                Err(verdict) => vec![verdict],
                Ok(outcome) => {
                    count(totals, &outcome);
                    let planned = Planned::of(&outcome);
                    told.push(Told::Line(line, key, outcome));
                    return Ok(planned);
                }
            }
        }
    };
    totals.refused += 1;
    kind.note_bad(line);
    told.extend(verdicts.into_iter().map(Told::Refused));
    Ok(Planned::Done)
}

impl Job<'_> {
    /// The unpaid bills that a file of bills has no line of.
    ///
    /// Refuses where they are more than may be withdrawn.
    pub(super) fn vanished(&self, kind: &Bills) -> Done<Vec<(BillId, i64)>> {
        let (mut vanished, mut unpaid, mut after) = (Vec::new(), 0, 0);
        loop {
            let read =
                |view: &View<'_>| Ok(Ok(view.unpaid_bills_after(&self.company, after, PAGE)?));
            let bills = self.service.read_decided(read)?;
            let Some(last) = bills.last() else { break };
            after = last.id.to_i64();
            for bill in &bills {
                unpaid += 1;
                if !kind.speaks_of(bill.id) {
                    vanished.push((bill.id, -bill.amount.to_minor()));
                }
            }
        }
        let max = match self.request.complete {
            Some(VanishMax::Count(count)) => count,
            // A file without a line is one that was not written.
            Some(VanishMax::Half) | None if kind.is_empty() => 0,
            Some(VanishMax::Half) | None => VANISH_ALWAYS.max(unpaid / 2),
        };
        let count = u64::try_from(vanished.len()).unwrap_or(u64::MAX);
        if count > max {
            let vanished = count;
            return Err(Failure::Refused(ImportRefusal::TooManyVanish { vanished, unpaid, max }));
        }
        Ok(vanished)
    }
}
