//! The use case: check every line, then keep them in small transactions between payments.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use ventanilla_domain::{
    BillId, Company, CompanyId, Event, FileId, FileKind, ImportedFile, PaymentId, SourceLine,
};
use ventanilla_store::{StoreError, Tx, View};

use super::kinds::{Bills, Kind, Members};
use super::{
    ImportRefusal, ImportRequest, Judged, News, Phase, Scan, Source, Summary, Verdict, scan,
};
use crate::{Failure, Service};

/// Lines that share a transaction: some milliseconds, since a payment may have to wait for them.
const CHUNK_LEN: usize = 250;
/// Bytes of the file that share a transaction, about: lines may be long.
const CHUNK_BYTES: u64 = 512 * 1024;
/// Between two transactions, so that another process's payments find the store free.
const PAUSE: Duration = Duration::from_millis(2);

/// What a line does, or would do.
pub(super) enum LineOutcome {
    Unchanged,
    /// Hundredths by which what is owed changes.
    New(i128),
    Changed(i128),
    /// It would change a paid bill.
    Paid(BillId, PaymentId),
}

impl Service {
    /// Imports a file of members or bills. Blocking.
    ///
    /// Nothing is written unless every line is valid (or `skip_bad` leaves the bad ones out); then
    /// the lines go in small transactions between payments, so an import that was cut off is
    /// finished by repeating the file. A file that changes nothing writes nothing.
    ///
    /// Refusals in order: an unknown company, a file that cannot be read, bad lines.
    pub fn import(
        &self,
        request: &ImportRequest,
        source: &mut dyn Source,
        on_news: &mut dyn FnMut(News),
    ) -> Result<Summary, Failure<ImportRefusal>> {
        let company = self.read_decided(|view| {
            Ok(view.company(request.company)?.ok_or(ImportRefusal::CompanyUnknown))
        })?;
        match request.kind {
            FileKind::Members => self.import_kind::<Members>(&company, request, source, on_news),
            FileKind::Bills => self.import_kind::<Bills>(&company, request, source, on_news),
        }
    }

    fn import_kind<K: Kind>(
        &self,
        company: &Company,
        request: &ImportRequest,
        source: &mut dyn Source,
        on_news: &mut dyn FnMut(News),
    ) -> Result<Summary, Failure<ImportRefusal>> {
        let scan = scan(source).map_err(Failure::Refused)?;
        let mut checked = Summary::default();
        let mut refused = HashSet::new();
        let mut paid = Vec::new();
        let mut kind = K::default();
        each_chunk::<K>(company, source, &scan, &mut |chunk, bytes| {
            on_news(progress(Phase::Checking, bytes, &scan));
            let mut on_checked = |news| match news {
                // Told once: now, or when the lines are kept and it may have become another.
                News::Paid { .. } => paid.push(news),
                News::Progress { .. } | News::Refused(_) => on_news(news),
            };
            self.check(company, &mut kind, chunk, &mut checked, &mut refused, &mut on_checked)
        })?;
        let is_kept = checked.new + checked.changed > 0 && !request.dry_run;
        let is_good = checked.refused == 0 || request.skip_bad;
        if !is_kept || !is_good {
            paid.into_iter().for_each(&mut *on_news);
        }
        if !is_good {
            return Err(Failure::Refused(ImportRefusal::BadLines(checked.refused)));
        }
        if !is_kept {
            return Ok(checked);
        }
        let kind = Arc::new(kind);
        let file = self.keep_file(request, &scan, checked.lines)?;
        let mut kept =
            Summary { lines: checked.lines, refused: checked.refused, ..Summary::default() };
        each_chunk::<K>(company, source, &scan, &mut |chunk, bytes| {
            on_news(progress(Phase::Keeping, bytes, &scan));
            let good = chunk.into_iter().filter(|(line, _)| !refused.contains(line));
            let good = good.filter_map(|(line, row)| Some((line, row.ok()?))).collect();
            self.keep_chunk(&kind, company.id, file, good, &mut kept, on_news)
        })?;
        Ok(kept)
    }

    /// Checks a chunk against the books as they stand, without writing.
    fn check<K: Kind>(
        &self,
        company: &Company,
        kind: &mut K,
        chunk: Vec<Judged<K::Row>>,
        summary: &mut Summary,
        refused: &mut HashSet<u64>,
        on_news: &mut dyn FnMut(News),
    ) -> Result<(), Failure<ImportRefusal>> {
        self.read_decided(|view| {
            for (line, row) in chunk {
                summary.lines += 1;
                let checked = match row {
                    Ok(row) => check_row(view, company, kind, line, &row)?,
                    Err(verdicts) => Err(verdicts),
                };
                match checked {
                    Ok(outcome) => summary.count(line, &outcome, on_news),
                    Err(verdicts) => {
                        summary.refused += 1;
                        refused.insert(line);
                        for verdict in verdicts {
                            on_news(News::Refused(verdict));
                        }
                    }
                }
            }
            Ok(Ok(()))
        })
    }

    fn keep_file(
        &self,
        request: &ImportRequest,
        scan: &Scan,
        lines: u64,
    ) -> Result<FileId, Failure<ImportRefusal>> {
        let (company, kind, sha256) = (request.company, request.kind, scan.sha256);
        let (name, imported_by) = (request.name.clone(), request.imported_by.clone());
        self.write_blocking(move |tx, now| {
            let Some(counters) = tx.counters(company)? else {
                return Ok(Err(ImportRefusal::CompanyUnknown));
            };
            let (name, imported_by) = (name.clone(), imported_by.clone());
            let file =
                ImportedFile { id: counters.next_file, kind, name, sha256, lines, imported_by };
            tx.append(company, Event::FileImported(Box::new(file)), None, now)?;
            Ok(Ok(counters.next_file))
        })
    }

    /// Decides the lines of a chunk again, since payments go on meanwhile, and keeps them.
    fn keep_chunk<K: Kind>(
        &self,
        kind: &Arc<K>,
        company: CompanyId,
        file: FileId,
        chunk: Vec<(u64, K::Row)>,
        summary: &mut Summary,
        on_news: &mut dyn FnMut(News),
    ) -> Result<(), Failure<ImportRefusal>> {
        if chunk.is_empty() {
            return Ok(());
        }
        let (chunk, kind) = (Arc::new(chunk), Arc::clone(kind));
        let outcomes = self.write_blocking(move |tx, now| {
            let company = crate::collecting::company_of(tx, company)?;
            let mut outcomes = Vec::with_capacity(chunk.len());
            for (line, row) in chunk.iter() {
                let at = SourceLine { file, line: *line };
                outcomes.push((*line, keep_row(tx, &*kind, &company, row.clone(), at, now)?));
            }
            Ok(Ok(outcomes))
        })?;
        for (line, outcome) in outcomes {
            match outcome {
                Ok(outcome) => summary.count(line, &outcome, on_news),
                Err(verdict) => {
                    summary.refused += 1;
                    on_news(News::Refused(verdict));
                }
            }
        }
        std::thread::sleep(PAUSE);
        Ok(())
    }
}

/// Reads the file from its start and hands its lines on in chunks, with the bytes read so far.
fn each_chunk<K: Kind>(
    company: &Company,
    source: &mut dyn Source,
    scan: &Scan,
    take: &mut Take<'_, K::Row>,
) -> Result<(), Failure<ImportRefusal>> {
    let (mut chunk, mut chunk_start) = (Vec::with_capacity(CHUNK_LEN), 0);
    K::each_row(source, scan, company.currency, &mut |row, bytes| {
        chunk.push(row);
        if chunk.len() < CHUNK_LEN && bytes.saturating_sub(chunk_start) < CHUNK_BYTES {
            return Ok(());
        }
        chunk_start = bytes;
        take(std::mem::take(&mut chunk), bytes)
    })?;
    take(chunk, scan.bytes)
}

type Take<'t, R> = dyn FnMut(Vec<Judged<R>>, u64) -> Result<(), Failure<ImportRefusal>> + 't;

fn progress(phase: Phase, bytes: u64, scan: &Scan) -> News {
    News::Progress { phase, bytes, bytes_total: scan.bytes }
}

fn check_row<K: Kind>(
    view: &View<'_>,
    company: &Company,
    kind: &mut K,
    line: u64,
    row: &K::Row,
) -> Result<Result<LineOutcome, Vec<Verdict>>, StoreError> {
    if let Some(verdict) = kind.repeats(line, row) {
        return Ok(Err(vec![verdict]));
    }
    // No file has the id yet: the line is only decided, not kept.
    let at = SourceLine { file: FileId::FIRST, line };
    let counters = view.counters(company.id)?;
    let counters = counters.ok_or_else(no_counters)?;
    let decided = kind.decide(view, company, &counters, row.clone(), at)?;
    Ok(match decided {
        Ok(decision) => match kind.contradicts(line, row, &decision) {
            Some(verdict) => Err(vec![verdict]),
            None => Ok(K::outcome(&decision)),
        },
        Err(refusal) if kind.is_settled_by_file(row, refusal) => Ok(LineOutcome::New(0)),
        Err(refusal) => Err(vec![K::verdict(line, refusal)]),
    })
}

fn keep_row<K: Kind>(
    tx: &mut Tx<'_>,
    kind: &K,
    company: &Company,
    row: K::Row,
    at: SourceLine,
    now: jiff::Timestamp,
) -> Result<Result<LineOutcome, Verdict>, StoreError> {
    let counters = tx.counters(company.id)?.ok_or_else(no_counters)?;
    match kind.decide(&tx.view(), company, &counters, row, at)? {
        Err(refusal) => Ok(Err(K::verdict(at.line, refusal))),
        Ok(decision) => {
            let outcome = K::outcome(&decision);
            K::keep(tx, company.id, decision, now)?;
            Ok(Ok(outcome))
        }
    }
}

fn no_counters() -> StoreError {
    StoreError::Damaged { what: "a company has no counters", cause: None }
}

impl Summary {
    fn count(&mut self, line: u64, outcome: &LineOutcome, on_news: &mut dyn FnMut(News)) {
        match outcome {
            LineOutcome::Unchanged => self.unchanged += 1,
            LineOutcome::New(difference) => {
                self.new += 1;
                self.difference_minor += difference;
            }
            LineOutcome::Changed(difference) => {
                self.changed += 1;
                self.difference_minor += difference;
            }
            LineOutcome::Paid(bill, payment) => {
                self.paid += 1;
                on_news(News::Paid { line, bill: *bill, payment: *payment });
            }
        }
    }
}
