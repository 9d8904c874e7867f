//! Applying what a mirror has to an older copy of the books: nothing that was answered is lost.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use serde_json::value::RawValue;
use ventanilla_domain::{CompanyId, Currency, Event};

use super::identities::IdentitiesRecord;
use super::line::{Content, end_of, entry, row};
use super::marker::open_marker;
use super::segment::{Lines, Next, Opening, damaged_segment, numbers};
use super::{End, Ends, Kept, Kind, MirrorError, RawEntry, Stream};
use crate::values::instant;
use crate::{CommitError, Digest, Prepared, Store, StoreError, TrailRow, Tx, Written, journal};

/// What a replay brought back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replayed {
    /// How many entries of each company; those that had all of theirs are left out.
    pub entries: BTreeMap<CompanyId, u64>,
    /// How many rows of trails.
    pub trail_rows: u64,
    /// When the last of them all was written, by the clock of then.
    pub last_at: Option<Timestamp>,
    /// The version of the identity tables that was put in place, where the mirror had a later one.
    pub identities: Option<i64>,
}

impl Store {
    /// Applies all that the mirror in a directory has beyond this store, which is a copy of the
    /// books of an earlier moment: all of it or, on an error, nothing. Each entry is kept as the
    /// mirror has it, byte for byte, and must have the mirror's link. Tokens and sessions end where
    /// the identity tables are replaced.
    ///
    /// Errors in order: those of [`super::Mirror::check`], a segment cannot be read, it is damaged, the store
    /// and the mirror hold different entries, an entry is in neither, an entry does not follow, the
    /// store cannot be written.
    pub fn replay_mirror(&self, directory: &Path) -> Result<Replayed, MirrorError> {
        // Without its lock: whoever pays would wait for all of this. What is added meanwhile is followed as
        // far as it is whole, as after a crash.
        open_marker(self.keys(), directory)?;
        let mut tx = self.begin()?;
        tx.defer_references()?;
        let before = tx.view().ends()?;
        let (reached, last_at) = (Ends::default(), None);
        let mut replay = Replay { tx, before, reached, identities: None, last_at };
        replay.follow(self, directory)?;
        replay.end()
    }
}

/// A replay under way.
struct Replay<'s> {
    tx: Tx<'s>,
    /// How far the store went.
    before: Ends,
    /// How far the mirror's lines have come.
    reached: Ends,
    /// The last identity tables that the mirror has.
    identities: Option<IdentitiesRecord>,
    /// When the last that was applied was written.
    last_at: Option<Timestamp>,
}

/// What a chained line holds.
enum Piece {
    Entry(CompanyId, RawEntry),
    Row(Option<CompanyId>, TrailRow),
}

impl Piece {
    fn read(stream: Stream, line: &RawValue) -> Option<Self> {
        Some(match stream {
            Stream::Journal(company) => Self::Entry(company, entry(line)?),
            Stream::Trail(company) => Self::Row(company, row(line)?),
        })
    }

    fn recorded_at(&self) -> Result<Timestamp, StoreError> {
        match self {
            Self::Entry(_, entry) => instant(entry.recorded_at_us),
            Self::Row(_, row) => Ok(row.recorded_at),
        }
    }

    /// Keeps it as it is written: its link.
    fn apply(self, tx: &mut Tx<'_>) -> Result<Digest, StoreError> {
        match self {
            Self::Entry(company, entry) => apply(tx, company, entry),
            Self::Row(company, row) => {
                tx.append_trail(company, &row.body, row.recorded_at)?;
                let head = tx.view().trail_head(company)?;
                head.map(|head| head.chain)
                    .ok_or_else(|| StoreError::damaged("a row found no trail"))
            }
        }
    }
}

impl Replay<'_> {
    fn follow(&mut self, store: &Store, directory: &Path) -> Kept<()> {
        let numbers = numbers(directory)?;
        let mut before: Option<(u32, Digest)> = None;
        for number in &numbers {
            let is_last = Some(number) == numbers.last();
            let opened = Lines::open(store.keys(), directory, *number)?;
            let Some((mut lines, opening)) = opened else {
                if is_last {
                    break;
                }
                return Err(damaged_segment(directory, *number));
            };
            match before {
                None => self.begin(opening)?,
                Some((last, seal)) if last + 1 == *number && seal == opening.previous => {}
                Some(_) => return Err(lines.damaged()),
            }
            self.follow_segment(&mut lines, is_last)?;
            before = Some((*number, lines.seal));
        }
        Ok(())
    }

    /// That what the first segment goes on from is in the store.
    fn begin(&mut self, opening: Opening) -> Kept<()> {
        let ends = opening.ends;
        for (stream, end) in &ends.chained {
            let (kept, stream) = (self.before.of(*stream).number, *stream);
            if kept < end.number {
                return Err(MirrorError::Gap { stream, number: kept + 1 });
            }
            if self.tx.view().chain_at(stream, end.number)? != Some(end.chain) {
                return Err(MirrorError::Diverged { stream, number: end.number });
            }
        }
        self.reached = ends;
        Ok(())
    }

    fn follow_segment(&mut self, lines: &mut Lines<'_>, is_last: bool) -> Kept<()> {
        loop {
            let is_ours = match lines.next()? {
                Next::Line(Content::Chained(kind, line)) => self.take(kind, line)?,
                Next::Line(Content::Identities(line)) => self.take_identities(line),
                // Of the last group only a part was written: nobody was answered of it.
                Next::Torn if is_last => return Ok(()),
                Next::End => return Ok(()),
                Next::Line(Content::Header(_)) | Next::Torn => false,
            };
            if !is_ours {
                return Err(lines.damaged());
            }
        }
    }

    fn take_identities(&mut self, line: &RawValue) -> bool {
        let record: Option<IdentitiesRecord> = serde_json::from_str(line.get()).ok();
        self.reached.identities = record.as_ref().map(|record| record.version);
        self.identities = record;
        self.identities.is_some()
    }

    /// Whether the line holds what comes next of a stream; it is applied if the store lacks it.
    fn take(&mut self, kind: Kind, line: &RawValue) -> Kept<bool> {
        let Some((stream, end)) = end_of(kind, line) else { return Ok(false) };
        let Some(piece) = Piece::read(stream, line) else { return Ok(false) };
        let number = end.number;
        if number != self.reached.of(stream).number + 1 {
            return Ok(false);
        }
        self.reached.chained.insert(stream, end);
        let kept = self.before.of(stream);
        if number == kept.number && end.chain != kept.chain {
            return Err(MirrorError::Diverged { stream, number });
        }
        if number > kept.number {
            self.apply(stream, end, piece)?;
        }
        Ok(true)
    }

    fn apply(&mut self, stream: Stream, end: End, piece: Piece) -> Kept<()> {
        let number = end.number;
        let broken = |cause| MirrorError::Broken { stream, number, cause };
        let recorded_at = piece.recorded_at().map_err(|cause| broken(Some(cause)))?;
        let chain = piece.apply(&mut self.tx).map_err(|cause| broken(Some(cause)))?;
        if chain != end.chain {
            return Err(broken(None));
        }
        self.last_at = self.last_at.max(Some(recorded_at));
        Ok(())
    }

    /// Checks what the store has beyond the mirror, replaces the identities, and commits.
    fn end(mut self) -> Result<Replayed, MirrorError> {
        for (stream, end) in &self.reached.chained {
            let is_behind = end.number < self.before.of(*stream).number;
            if is_behind && self.tx.view().chain_at(*stream, end.number)? != Some(end.chain) {
                let (stream, number) = (*stream, end.number);
                return Err(MirrorError::Diverged { stream, number });
            }
        }
        let mut replayed = Replayed { last_at: self.last_at, ..Replayed::default() };
        for (stream, end) in &self.reached.chained {
            let kept = self.before.of(*stream).number;
            let count = u64::try_from(end.number.saturating_sub(kept)).unwrap_or(0);
            match stream {
                Stream::Journal(company) if count > 0 => {
                    replayed.entries.insert(*company, count);
                }
                Stream::Journal(_) => {}
                Stream::Trail(_) => replayed.trail_rows = replayed.trail_rows.saturating_add(count),
            }
        }
        if self.reached.identities > self.before.identities {
            replayed.identities = self.reached.identities;
            self.replace_identities()?;
        }
        self.tx.commit().map_err(|error| match error {
            CommitError::Nothing(error) | CommitError::Unknown(error) => error,
        })?;
        Ok(replayed)
    }

    fn replace_identities(&mut self) -> Kept<()> {
        let Some(record) = &self.identities else {
            let version = self.reached.identities.unwrap_or_default();
            return Err(MirrorError::IdentitiesGap(version));
        };
        Ok(self.tx.replace_identities(&record.to_identified()?)?)
    }
}

/// Keeps an entry as it is written: its link.
fn apply(tx: &mut Tx<'_>, company: CompanyId, entry: RawEntry) -> Result<Digest, StoreError> {
    // The entry that opens the books brings its own currency.
    let currency = tx.company(company)?.map_or(Currency::BOB, |company| company.currency);
    let event = journal::read(&entry.kind, &entry.payload, currency)?;
    let recorded_at = instant(entry.recorded_at_us)?;
    let prepared = prepared(tx, company, event)?;
    let written = Written { kind: entry.kind.into(), payload: entry.payload };
    tx.append_prepared(company, &Prepared { written, ..prepared }, recorded_at)?;
    let counters = tx.counters(company)?;
    let counters = counters.ok_or_else(|| StoreError::damaged("an entry found no books"))?;
    Ok(counters.chain)
}

/// An event made ready, its versions of bills over those they take the place of.
fn prepared(tx: &mut Tx<'_>, company: CompanyId, event: Event) -> Result<Prepared, StoreError> {
    let Event::BillsVersioned(versions) = &event else { return Prepared::from_event(event) };
    let company = tx.company(company)?;
    let company = company.ok_or_else(|| StoreError::damaged("an entry found no books"))?;
    let mut replaced = Vec::with_capacity(versions.len());
    for version in versions {
        replaced.push(match version.number {
            0 | 1 => None,
            number => {
                let view = tx.view();
                view.version(&company, version.contract, version.bill, number - 1)?
            }
        });
    }
    let replaced: Vec<_> = replaced.iter().map(Option::as_ref).collect();
    Prepared::over(event, &replaced)
}
