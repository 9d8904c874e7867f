//! The use case: check every line, then keep them in small transactions between payments.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use ventanilla_domain::{BillId, Company, FileKind, ImportTotals};

use super::check::{Checked, check};
use super::keep::{Kept, keep};
use super::kinds::{Bills, Kind, Members};
use super::{
    ImportRefusal, ImportRequest, Imported, Judged, LineOutcome, LineVerdict, News, Phase, Scan,
    Source, scan,
};
use crate::trail::StaffAct;
use crate::{Failure, Officer, Service, What};

/// Lines that are read, checked or kept together.
const CHUNK_LEN: usize = 4_000;
/// Bytes of the file that a chunk takes, about: lines may be long.
const CHUNK_BYTES: u64 = 512 * 1024;
/// Chunks that are read ahead.
const CHUNKS_AHEAD: usize = 2;

/// What all parts of an import share.
pub(super) struct Job<'j> {
    pub(super) service: &'j Service,
    pub(super) request: &'j ImportRequest,
    /// Who imports from the console; `None` of a command.
    pub(super) officer: Option<&'j Officer>,
    pub(super) company: Arc<Company>,
    /// Where the facts stood when the company was read.
    pub(super) facts_mark: i64,
    pub(super) scan: Scan,
}

/// Rows read, and the bytes of the file up to their end.
pub(super) struct Chunk<R> {
    pub(super) rows: Vec<Judged<R>>,
    pub(super) bytes: u64,
}

pub(super) type Done<T> = Result<T, Failure<ImportRefusal>>;
pub(super) type Tell<'t> = &'t mut dyn FnMut(News<'_>);
type Take<'t, R> = &'t mut dyn FnMut(Chunk<R>, Tell<'_>) -> Done<()>;

impl Service {
    /// Imports a file of members or bills. Blocking.
    ///
    /// Nothing is written unless every line is valid (or `skip_bad` leaves the bad ones out); then
    /// the lines go in small transactions between payments, so an import that was cut off is
    /// finished by repeating the file. The file itself is always written down, but for a dry run.
    ///
    /// Refusals in order: an unknown company, a file that cannot be read, bad lines, too many bills
    /// that vanish.
    pub fn import(
        &self,
        request: &ImportRequest,
        source: &mut dyn Source,
        on_news: &mut dyn FnMut(News<'_>),
    ) -> Result<Imported, Failure<ImportRefusal>> {
        self.import_by(None, request, source, on_news)
    }

    /// The same by an officer, or by a command.
    pub(crate) fn import_by(
        &self,
        officer: Option<&Officer>,
        request: &ImportRequest,
        source: &mut dyn Source,
        on_news: &mut dyn FnMut(News<'_>),
    ) -> Result<Imported, Failure<ImportRefusal>> {
        let (company, facts_mark) = self.read_decided(|view| {
            let company = view.company(request.company)?;
            let counters = view.counters(request.company)?;
            let known = company.zip(counters.map(|counters| counters.facts_mark()));
            Ok(known.ok_or(ImportRefusal::CompanyUnknown))
        })?;
        let scan = scan(source).map_err(Failure::Refused)?;
        let job = Job { service: self, request, officer, company, facts_mark, scan };
        match request.kind {
            FileKind::Members => job.run::<Members>(source, on_news, |_, _| Ok(Vec::new())),
            FileKind::Bills => job.run::<Bills>(source, on_news, Job::vanished),
        }
    }
}

impl Job<'_> {
    /// The beginning of its act in the trail.
    pub(super) fn act(&self) -> StaffAct {
        self.officer.map_or_else(
            || StaffAct::by(&self.request.imported_by, What::Import),
            |officer| officer.act(What::Import),
        )
    }

    fn run<K: Kind>(
        &self,
        source: &mut dyn Source,
        on_news: Tell<'_>,
        vanished: impl FnOnce(&Self, &K) -> Done<Vec<(BillId, i64)>>,
    ) -> Done<Imported> {
        let mut checked: Checked<K> = check(self, source, on_news)?;
        let refused = checked.totals.refused;
        if refused > 0 && !self.request.skip_bad {
            return Err(Failure::Refused(ImportRefusal::BadLines(refused)));
        }
        let is_withheld = self.request.complete.is_some() && refused > 0;
        if self.request.complete.is_some() && !is_withheld {
            checked.vanished = vanished(self, &checked.kind)?;
        }
        for (bill, difference_minor) in checked.vanished.iter().copied() {
            checked.totals.vanished.add(difference_minor);
            on_news(News::Vanished { bill, difference_minor });
        }
        if self.request.dry_run {
            return Ok(Imported { file: None, totals: checked.totals, is_withheld });
        }
        let Kept { file, totals, is_withheld: is_left } = keep(self, source, checked, on_news)?;
        Ok(Imported { file: Some(file), totals, is_withheld: is_withheld || is_left })
    }

    /// Reads the file from its start on a thread of its own, and hands its rows on in chunks.
    pub(super) fn each_chunk<K: Kind>(
        &self,
        source: &mut dyn Source,
        phase: Phase,
        on_news: Tell<'_>,
        take: Take<'_, K::Row>,
    ) -> Done<()> {
        std::thread::scope(|scope| {
            let (send, chunks) = sync_channel(CHUNKS_AHEAD);
            let reading = scope.spawn(move || self.read_chunks::<K>(source, &send));
            let taken = self.take_chunks(&chunks, phase, on_news, take);
            // The reader ends where nobody takes its chunks.
            drop(chunks);
            let Ok(read) = reading.join() else {
                tracing::error!("the reading of a file panicked");
                return Err(Failure::Unavailable);
            };
            taken.and(read.map_err(Failure::Refused))
        })
    }

    fn read_chunks<K: Kind>(
        &self,
        source: &mut dyn Source,
        send: &SyncSender<Chunk<K::Row>>,
    ) -> Result<(), ImportRefusal> {
        let (mut rows, mut start) = (Vec::with_capacity(CHUNK_LEN), 0);
        let mut is_wanted = true;
        K::each_row(source, &self.scan, self.company.currency, &mut |row, bytes| {
            rows.push(row);
            if rows.len() == CHUNK_LEN || bytes.saturating_sub(start) >= CHUNK_BYTES {
                start = bytes;
                let rows = std::mem::replace(&mut rows, Vec::with_capacity(CHUNK_LEN));
                is_wanted = send.send(Chunk { rows, bytes }).is_ok();
            }
            is_wanted
        })?;
        if is_wanted {
            // Nobody to take the last chunk: what went wrong is told there.
            drop(send.send(Chunk { rows, bytes: self.scan.bytes }));
        }
        Ok(())
    }

    fn take_chunks<R>(
        &self,
        chunks: &Receiver<Chunk<R>>,
        phase: Phase,
        on_news: Tell<'_>,
        take: Take<'_, R>,
    ) -> Done<()> {
        for chunk in chunks {
            let bytes = chunk.bytes;
            take(chunk, on_news)?;
            on_news(News::Progress { phase, bytes, bytes_total: self.scan.bytes });
        }
        Ok(())
    }
}

/// Counts what comes of a line.
pub(super) fn count(totals: &mut ImportTotals, outcome: &LineOutcome) {
    let difference = outcome.difference_minor;
    match outcome.verdict {
        LineVerdict::New => totals.new.add(difference),
        LineVerdict::Changed => totals.changed.add(difference),
        LineVerdict::Annulled => totals.annulled.add(difference),
        LineVerdict::PaidElsewhere => totals.paid_elsewhere.add(difference),
        LineVerdict::Unchanged => totals.unchanged += 1,
        LineVerdict::Paid(_) => totals.paid += 1,
    }
    if let Some(replaced) = outcome.replaced {
        totals.replaced.add(replaced.difference_minor);
    }
}
