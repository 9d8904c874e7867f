//! The second half of an import: the lines that make or change something are kept.
//!
//! New bills are prepared while the chunk before them is written. What was prepared holds as long
//! as nobody else changes members, contracts, bills or rules meanwhile, which the counters tell.
//! Where somebody did, nothing more is kept in this reading: the file is read once more, and what is
//! left is decided inside its transaction, as lines that change something always are, since
//! payments go on.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use ventanilla_domain::{
    BillId, BillVersion, CompanyId, Event, FileId, ImportTotals, ImportedFile, Right, SourceLine,
    decide_withdrawal,
};
use ventanilla_store::{Prepared, StoreError, Tx};

use super::check::{Checked, Planned};
use super::kinds::{Kind, Outcomes, difference, no_counters, standing};
use super::run::{Chunk, Done, Job, Tell, count};
use super::{ImportRefusal, LineOutcome, LineVerdict, News, Phase, Source};
use crate::collecting::{Decided, company_of};
use crate::{Subject, Submitted};

/// Between two transactions, so that another process's payments find the store free: longer than
/// the pause of one that waits for it.
const PAUSE: Duration = Duration::from_micros(600);
/// Rows that are decided in one transaction: some ten milliseconds, since a payment may have to
/// wait for them. A chunk of new bills that are prepared takes no longer.
const DECIDED_LEN: usize = 1_000;

/// Keeps what the check found, and tells what came of it.
///
/// Bills that vanished are withdrawn only where nobody else changed the facts since they were found.
pub(super) fn keep<K: Kind>(
    job: &Job<'_>,
    source: &mut dyn Source,
    checked: Checked<K>,
    on_news: Tell<'_>,
) -> Done<Kept> {
    let Checked { totals: found, vanished, .. } = checked;
    let is_change = found.is_change();
    let (file, mark) = accept(job, &found, is_change)?;
    if !is_change {
        return Ok(Kept { file, totals: found, is_withheld: false });
    }
    let ImportTotals { lines, unchanged, refused, .. } = found;
    let mut keeping = Keeping {
        job,
        kind: checked.kind,
        plan: checked.plan,
        file,
        // The entry of the file is the only one since the check began.
        facts_mark: (mark == job.facts_mark + 1).then_some(mark),
        is_stale: false,
        totals: ImportTotals { lines, unchanged, refused, ..ImportTotals::default() },
        written: None,
    };
    keeping.read_through(source, on_news)?;
    if keeping.is_left() {
        (keeping.facts_mark, keeping.is_stale) = (None, false);
        keeping.read_through(source, on_news)?;
    }
    let (mut totals, mut mark) = (keeping.totals, keeping.facts_mark);
    for bills in vanished.chunks(DECIDED_LEN) {
        mark = withdraw(job, file, mark, bills, &mut totals, on_news)?;
    }
    finish(job, file, totals)?;
    Ok(Kept { file, totals, is_withheld: mark.is_none() && !vanished.is_empty() })
}

/// What was kept of a file.
pub(super) struct Kept {
    pub(super) file: FileId,
    pub(super) totals: ImportTotals,
    /// Whether bills that vanished were left, because others changed the facts meanwhile.
    pub(super) is_withheld: bool,
}

/// Writes the file down; gives its id and where the facts stand now. One that changes nothing is
/// finished with that.
fn accept(job: &Job<'_>, totals: &ImportTotals, is_change: bool) -> Done<(FileId, i64)> {
    let (company, totals) = (job.company.id, *totals);
    let request = job.request;
    let accepted = ImportedFile {
        id: FileId::FIRST,
        kind: request.kind,
        name: request.name.clone(),
        sha256: job.scan.sha256,
        lines: totals.lines,
        imported_by: request.imported_by.clone(),
    };
    let (act, officer) = (job.act(), job.officer.cloned());
    job.service.write_blocking(move |tx, now| {
        if let Some(officer) = &officer
            && let Err(refusal) = officer.require(tx, Right::Administer, now)?
        {
            return Ok(Err(ImportRefusal::Officer(refusal)));
        }
        let Some(counters) = tx.counters(company)? else {
            return Ok(Err(ImportRefusal::CompanyUnknown));
        };
        let file = ImportedFile { id: counters.next_file, ..accepted.clone() };
        let id = file.id;
        let (kept, name) = (Some(id), Some(file.name.to_string()));
        let subject = Subject { file: kept, name, ..Subject::default() };
        tx.append(company, Event::FileImported(Box::new(file)), now)?;
        act.keep(tx, now, Some(company), subject)?;
        if !is_change {
            tx.append(company, Event::FileFinished { file: id, totals: Box::new(totals) }, now)?;
        }
        Ok(Ok((id, facts_mark(tx, company)?)))
    })
}

fn finish(job: &Job<'_>, file: FileId, totals: ImportTotals) -> Done<()> {
    let company = job.company.id;
    job.service.write_blocking(move |tx, now| {
        tx.append(company, Event::FileFinished { file, totals: Box::new(totals) }, now)?;
        Ok(Ok(()))
    })
}

fn facts_mark(tx: &mut Tx<'_>, company: CompanyId) -> Result<i64, StoreError> {
    Ok(tx.counters(company)?.ok_or_else(no_counters)?.facts_mark())
}

/// A file that is being kept.
struct Keeping<'k, K: Kind> {
    job: &'k Job<'k>,
    kind: Arc<K>,
    plan: Vec<Planned>,
    file: FileId,
    /// Where the facts stood after the transaction before, while what the check found of new bills
    /// holds: `None` once others have changed them.
    facts_mark: Option<i64>,
    /// Whether they did so in this reading: the rest is left for the next one.
    is_stale: bool,
    totals: ImportTotals,
    /// What is being written.
    written: Option<Writing<K>>,
}

/// What is being written, and its answer to come.
type Writing<K> = (Arc<Work<K>>, Submitted<Worked, ImportRefusal>);

/// What is kept in one transaction.
struct Work<K: Kind> {
    kind: Arc<K>,
    company: CompanyId,
    file: FileId,
    /// The versions of new bills, in one entry.
    prepared: Option<Prepared>,
    /// The places of their rows in the plan, each with the hundredths it owes.
    prepared_at: Vec<(usize, i64)>,
    /// Rows to decide.
    rows: Vec<(u64, K::Row)>,
    /// Their places in the plan.
    rows_at: Vec<usize>,
}

/// What became of a [`Work`]: its outcomes and where the facts stand then; `None` where others had
/// changed them, so that nothing was kept.
type Worked = Option<(Outcomes, i64)>;

impl<K: Kind> Work<K> {
    /// Keeps all of it where the facts stand at `mark`, or wherever they stand without one: a row
    /// may rest on a bill that was prepared, here or in a chunk before.
    fn run(
        &self,
        tx: &mut Tx<'_>,
        mark: Option<i64>,
        now: Timestamp,
    ) -> Decided<Worked, ImportRefusal> {
        let company = company_of(tx, self.company)?;
        let stands = facts_mark(tx, company.id)?;
        if mark.is_some_and(|mark| mark != stands) {
            return Ok(Ok(None));
        }
        if let Some(prepared) = &self.prepared {
            tx.append_prepared(company.id, prepared, now)?;
        }
        let outcomes = self.kind.keep(tx, &company, self.file, &self.rows, now)?;
        Ok(Ok(Some((outcomes, facts_mark(tx, company.id)?))))
    }
}

impl<K: Kind> Keeping<'_, K> {
    /// Reads the file and keeps what the plan has left to do.
    fn read_through(&mut self, source: &mut dyn Source, on_news: Tell<'_>) -> Done<()> {
        let (job, mut place) = (self.job, 0);
        let read = job.each_chunk::<K>(source, Phase::Keeping, on_news, &mut |chunk, on_news| {
            for work in self.prepare(chunk, &mut place)? {
                self.wait(on_news)?;
                self.submit(work);
            }
            Ok(())
        });
        // What is being written is waited for, whatever became of the reading.
        let waited = self.wait(on_news);
        read.and(waited)
    }

    /// Whether rows were left out because what was prepared of them did not hold.
    fn is_left(&self) -> bool {
        self.plan.iter().any(|planned| !matches!(planned, Planned::Done | Planned::Unchanged))
    }

    /// What a chunk brings to keep; `place` is that of its first row in the plan, and then of the
    /// first one after it.
    fn prepare(&self, chunk: Chunk<K::Row>, place: &mut usize) -> Done<Vec<Work<K>>> {
        let (mut versions, mut prepared_at) = (Vec::new(), Vec::new());
        let (mut first, mut more) = (self.work(), Vec::new());
        for (line, row) in chunk.rows {
            let at = *place;
            *place += 1;
            // A file that has more rows than before is refused at its end.
            let planned = self.plan.get(at).copied().unwrap_or(Planned::Done);
            let (Ok(row), false) = (row, matches!(planned, Planned::Done | Planned::Unchanged))
            else {
                continue;
            };
            match self.prepared(planned, line, row) {
                Ok(version) => {
                    prepared_at.extend(version.iter().map(|new| (at, new.to_owed_minor())));
                    versions.extend(version);
                }
                Err(row) => {
                    let work = more.last_mut().unwrap_or(&mut first);
                    work.rows.push((line, row));
                    work.rows_at.push(at);
                    if work.rows.len() == DECIDED_LEN {
                        more.push(self.work());
                    }
                }
            }
        }
        if !versions.is_empty() {
            let prepared = Prepared::from_event(Event::BillsVersioned(versions));
            let prepared = prepared.map_err(|error| self.job.service.read_failure(&error))?;
            // It comes first: a line may replace a bill that an earlier one brings.
            (first.prepared, first.prepared_at) = (Some(prepared), prepared_at);
        }
        more.insert(0, first);
        Ok(more)
    }

    fn work(&self) -> Work<K> {
        Work {
            kind: Arc::clone(&self.kind),
            company: self.job.company.id,
            file: self.file,
            prepared: None,
            prepared_at: Vec::new(),
            rows: Vec::new(),
            rows_at: Vec::new(),
        }
    }

    fn prepared(
        &self,
        planned: Planned,
        line: u64,
        row: K::Row,
    ) -> Result<Option<BillVersion>, K::Row> {
        if self.facts_mark.is_none() || planned != Planned::New {
            return Err(row);
        }
        self.kind.prepare(&self.job.company, row, SourceLine { file: self.file, line })
    }

    fn submit(&mut self, work: Work<K>) {
        if self.is_stale || (work.prepared.is_none() && work.rows.is_empty()) {
            return;
        }
        let (work, mark) = (Arc::new(work), self.facts_mark);
        let running = Arc::clone(&work);
        let submitted = self.job.service.submit(move |tx, now| running.run(tx, mark, now));
        self.written = Some((work, submitted));
    }

    /// Waits for what is being written, and counts it.
    fn wait(&mut self, on_news: Tell<'_>) -> Done<()> {
        let Some((work, submitted)) = self.written.take() else { return Ok(()) };
        let Some((outcomes, mark)) = submitted.wait()? else {
            (self.facts_mark, self.is_stale) = (None, true);
            return Ok(());
        };
        self.facts_mark = self.facts_mark.map(|_| mark);
        self.count_prepared(&work);
        for (((_, row), at), (line, outcome)) in work.rows.iter().zip(&work.rows_at).zip(outcomes) {
            self.count_decided(row, *at, line, outcome, on_news);
        }
        std::thread::sleep(PAUSE);
        Ok(())
    }

    fn count_prepared(&mut self, work: &Work<K>) {
        for (at, difference_minor) in work.prepared_at.iter().copied() {
            self.plan[at] = Planned::Done;
            count(&mut self.totals, &LineOutcome::plain(LineVerdict::New, difference_minor));
        }
    }

    fn count_decided(
        &mut self,
        row: &K::Row,
        at: usize,
        line: u64,
        outcome: Result<LineOutcome, super::Verdict>,
        on_news: Tell<'_>,
    ) {
        let planned = std::mem::replace(&mut self.plan[at], Planned::Done);
        match outcome {
            Ok(outcome) => {
                count(&mut self.totals, &outcome);
                if Planned::of(&outcome) != planned {
                    on_news(News::Line { line, subject: K::subject(&K::key(row)), outcome });
                }
            }
            Err(verdict) => {
                self.totals.refused += 1;
                on_news(News::Refused(verdict));
            }
        }
    }
}

/// Withdraws bills that a complete file has no line of, but for those that are paid meanwhile, where
/// the facts stand at `mark`; gives where they stand then, `None` where others changed them.
fn withdraw(
    job: &Job<'_>,
    file: FileId,
    mark: Option<i64>,
    bills: &[(BillId, i64)],
    totals: &mut ImportTotals,
    on_news: Tell<'_>,
) -> Done<Option<i64>> {
    let company = job.company.id;
    let ids: Vec<BillId> = bills.iter().map(|(bill, _)| *bill).collect();
    let (withdrawn, mark) = job.service.write_blocking(move |tx, now| {
        let company = company_of(tx, company)?;
        if mark != Some(facts_mark(tx, company.id)?) {
            return Ok(Ok((Vec::new(), None)));
        }
        let mut changes = Vec::new();
        for id in &ids {
            let view = tx.view();
            let known = view.version_in_force(&company, *id)?;
            let Some((bill, version)) = standing(&view, &company, known)? else { continue };
            let change = decide_withdrawal(&bill, &version, SourceLine { file, line: 0 });
            // A bill that has had too many versions stays, as one that is paid does.
            changes.extend(change.ok().flatten());
        }
        let withdrawn: Vec<_> =
            changes.iter().map(|change| (change.version.bill, difference(change))).collect();
        if !changes.is_empty() {
            tx.append_bills(company.id, changes, now)?;
        }
        Ok(Ok((withdrawn, Some(facts_mark(tx, company.id)?))))
    })?;
    let mut withdrawn = withdrawn.into_iter().peekable();
    for (bill, _) in bills {
        match withdrawn.next_if(|(gone, _)| gone == bill) {
            Some((_, difference_minor)) => totals.vanished.add(difference_minor),
            None => on_news(News::Stays { bill: *bill }),
        }
    }
    std::thread::sleep(PAUSE);
    Ok(mark)
}
