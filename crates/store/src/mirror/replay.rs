//! Applying what a mirror has to an older copy of the books: nothing that was answered is lost.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::value::RawValue;
use ventanilla_domain::{CompanyId, Currency, Event};

use super::identities::IdentitiesRecord;
use super::line::{Content, entry};
use super::marker::{Held, open_marker};
use super::segment::{Lines, Next, Opening, damaged_segment, numbers};
use super::{Ends, Kept, Kind, MirrorError, RawEntry, Stream};
use crate::values::instant;
use crate::{CommitError, Digest, Prepared, Store, StoreError, Tx, Written, journal};

/// What a replay brought back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replayed {
    /// How many entries of each company; those that had all of theirs are left out.
    pub entries: BTreeMap<CompanyId, u64>,
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
        // Nobody adds to it meanwhile.
        let _held = Held::take(&open_marker(self.keys(), directory)?, directory)?;
        let mut tx = self.begin()?;
        tx.defer_references()?;
        let before = tx.view().ends()?;
        let mut replay = Replay { tx, before, reached: Ends::default(), identities: None };
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
            let (kept, company) = (self.before.of(*stream).number, stream.company);
            if kept < end.number {
                return Err(MirrorError::Gap { company, number: kept + 1 });
            }
            if self.tx.view().chain_at(*stream, end.number)? != Some(end.chain) {
                return Err(MirrorError::Diverged { company, number: end.number });
            }
        }
        self.reached = ends;
        Ok(())
    }

    fn follow_segment(&mut self, lines: &mut Lines<'_>, is_last: bool) -> Kept<()> {
        loop {
            let is_ours = match lines.next()? {
                Next::Line(Content::Chained(Kind::Journal, line)) => self.take_entry(line)?,
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

    /// Whether the line holds an entry; it is applied if the store lacks it.
    fn take_entry(&mut self, line: &RawValue) -> Kept<bool> {
        let (Some(entry), Some((stream, end))) =
            (entry(line), super::line::end_of(Kind::Journal, line))
        else {
            return Ok(false);
        };
        let (company, number) = (stream.company, end.number);
        if number != self.reached.of(stream).number + 1 {
            return Ok(false);
        }
        self.reached.chained.insert(stream, end);
        let kept = self.before.of(stream);
        if number == kept.number && end.chain != kept.chain {
            return Err(MirrorError::Diverged { company, number });
        }
        if number > kept.number {
            let applied = apply(&mut self.tx, company, entry);
            let chain = applied.map_err(|cause| MirrorError::Broken {
                company,
                number,
                cause: Some(cause),
            })?;
            if chain != end.chain {
                return Err(MirrorError::Broken { company, number, cause: None });
            }
        }
        Ok(true)
    }

    /// Checks what the store has beyond the mirror, replaces the identities, and commits.
    fn end(mut self) -> Result<Replayed, MirrorError> {
        for (stream, end) in &self.reached.chained {
            let is_behind = end.number < self.before.of(*stream).number;
            if is_behind && self.tx.view().chain_at(*stream, end.number)? != Some(end.chain) {
                let (company, number) = (stream.company, end.number);
                return Err(MirrorError::Diverged { company, number });
            }
        }
        let mut replayed = Replayed::default();
        for (Stream { company, .. }, end) in &self.reached.chained {
            let kept = self.before.of(Stream::journal(*company)).number;
            let count = u64::try_from(end.number.saturating_sub(kept)).unwrap_or(0);
            replayed.entries.extend((count > 0).then_some((*company, count)));
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
