//! A second place for what is kept: a directory, best on another disk, to which every committed entry is
//! written and synced before an answer rests on it (docs/decisions/0021).
//!
//! It holds lines of JSON: each entry as the journal has it, each row of the trails, and the identity
//! tables whenever they changed. Whoever commits brings the mirror level with the store by number, under the mirror's lock;
//! so what another process committed, or a crash left behind, is caught up by the next to write.

mod ends;
mod error;
mod identities;
mod line;
mod marker;
mod replay;
mod segment;
mod tail;
mod view;

use std::fs::{DirBuilder, File};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use ventanilla_domain::CompanyId;

use crate::keys::write_once;
use crate::{Keys, Store, StoreError, View};
pub(crate) use ends::{End, Kind};
pub use ends::{Ends, Stream};
pub use error::MirrorError;
pub(crate) use identities::Identified;
use identities::IdentitiesRecord;
use line::Draft;
pub(crate) use line::RawEntry;
use marker::{Held, MARKER, is_occupied, marker_text, open_marker};
pub use replay::Replayed;
use tail::{Followed, Tail};
pub(crate) use view::journal_end;

type Kept<T> = Result<T, MirrorError>;

/// A segment is not added to from this length on.
const SEGMENT_LEN_MAX: u64 = 8 << 20;
/// Bytes that are written and synced at once where much is missing.
const DRAFT_LEN_MAX: usize = 4 << 20;
/// Entries read at a time: one may hold thousands of bills.
const PAGE: usize = 64;
/// Rows of a trail read at a time: one may hold a thousand acts.
const ROWS_PAGE: usize = 20;

/// A mirror as one process writes it. Only what its lock's holder does changes it.
#[derive(Debug)]
pub struct Mirror {
    directory: PathBuf,
    keys: Keys,
    segment_len_max: u64,
    marker: Option<File>,
    tail: Option<Known>,
}

/// The last segment as this process left it.
#[derive(Debug)]
struct Known {
    tail: Tail,
    /// Whether it was compared with the store.
    is_proven: bool,
    /// Whether the last attempt to write it failed.
    is_suspect: bool,
}

/// What a mirror holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirrorStatus {
    /// How far it goes.
    pub ends: Ends,
    /// Its segments, by number, with their bytes.
    pub segments: Vec<(u32, u64)>,
}

impl MirrorStatus {
    /// That the mirror is this store's and no further than it. To be asked after it was read: what was
    /// in it by then was in its store before.
    ///
    /// Errors in order: it is ahead of the store, it is another store's, the store cannot be read.
    pub fn prove(&self, store: &Store) -> Kept<()> {
        let snapshot = store.snapshot()?;
        let view = snapshot.view();
        compare(&self.ends, false, &view, &view.ends()?)
    }
}

impl Mirror {
    /// The mirror in a directory. Nothing is read until it is used.
    pub fn at(directory: &Path, keys: Keys) -> Self {
        let directory = directory.to_owned();
        Self { directory, keys, segment_len_max: SEGMENT_LEN_MAX, marker: None, tail: None }
    }

    /// Makes the directory, whose parent must be there, and an empty mirror in it; one of the same
    /// installation that is there already is taken as it is.
    ///
    /// Errors in order: the directory cannot be made, it holds other files and no mirror, its marker
    /// cannot be made, another version made the one
    /// that is there, it is another installation's.
    pub fn make(directory: &Path, keys: Keys) -> Kept<Self> {
        let failed = |source| MirrorError::file(directory, source);
        match DirBuilder::new().mode(0o700).create(directory) {
            Ok(()) => {
                let parent = directory.parent().filter(|parent| !parent.as_os_str().is_empty());
                segment::sync_directory(parent.unwrap_or(Path::new(".")))?;
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                if is_occupied(directory).map_err(failed)? {
                    return Err(MirrorError::Occupied(directory.display().to_string()));
                }
            }
            Err(error) => return Err(failed(error)),
        }
        let made = write_once(&directory.join(MARKER), &marker_text(&keys));
        match made {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(error)),
        }
        open_marker(&keys, directory)?;
        Ok(Self::at(directory, keys))
    }

    /// The same with segments of about so many bytes, for tests.
    #[must_use]
    pub fn with_segment_len_max(self, segment_len_max: u64) -> Self {
        Self { segment_len_max, ..self }
    }

    /// Where it is.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// How far it goes as this process knows; `None` before it was read.
    pub fn known_ends(&self) -> Option<&Ends> {
        self.tail.as_ref().map(|known| &known.tail.ends)
    }

    /// That the mirror is where it was: a disk that is gone shows before anything is committed.
    /// It takes microseconds where nothing has changed.
    ///
    /// Errors in order: it is not there, its marker cannot be read, another version made it, it is
    /// another installation's.
    pub fn check(&mut self) -> Kept<()> {
        let named = std::fs::metadata(self.directory.join(MARKER)).ok();
        let open = self.marker.as_ref().and_then(|marker| marker.metadata().ok());
        let is_same = named
            .zip(open)
            .is_some_and(|(named, open)| (named.dev(), named.ino()) == (open.dev(), open.ino()));
        if !is_same {
            self.let_go();
            self.marker = Some(open_marker(&self.keys, &self.directory)?);
        }
        Ok(())
    }

    /// Writes everything that the store has committed and the mirror lacks: how many lines. After
    /// `Ok` all that the store held at the call is on the mirror's disk.
    ///
    /// Errors in order: those of [`Mirror::check`], a file of it cannot be read or written, it is
    /// damaged, it is ahead of the store, it is another store's, the store cannot be read.
    pub fn catch_up(&mut self, store: &Store) -> Kept<u64> {
        let caught_up = self.try_catch_up(store);
        if caught_up.is_err() {
            self.let_go();
        }
        caught_up
    }

    fn try_catch_up(&mut self, store: &Store) -> Kept<u64> {
        self.check()?;
        if self.is_level_with(store)? {
            return Ok(0);
        }
        // The last segment is read before the lock is taken: nobody who pays waits for that.
        let is_read = self.tail.is_none() && self.read_tail();
        let _held = self.hold()?;
        self.follow()?;
        if let Some(known) = self.tail.as_ref().filter(|_| is_read) {
            known.tail.sync()?;
        }
        self.write_missing(store)
    }

    /// Drops the whole segments of which nothing is needed beside a backup that goes as far as
    /// `covered`: how many.
    ///
    /// Errors in order: those of [`Mirror::check`], a segment cannot be read or removed, it is
    /// damaged, the backup is another store's.
    pub fn trim(&mut self, covered: &Ends) -> Kept<usize> {
        self.check()?;
        let _held = self.hold()?;
        let numbers = segment::numbers(&self.directory)?;
        let mut dropped = 0;
        for (number, next) in numbers.iter().zip(numbers.iter().skip(1)) {
            let opened = segment::Lines::open(&self.keys, &self.directory, *next)?;
            let Some((_, opening)) = opened else { break };
            if !is_within(&opening.ends, covered)? {
                break;
            }
            segment::remove(&self.directory, *number)?;
            dropped += 1;
        }
        Ok(dropped)
    }

    /// What the mirror holds, read without its lock and changing nothing.
    ///
    /// Errors in order: those of [`Mirror::check`], a segment cannot be read, it is damaged.
    pub fn status(&mut self) -> Kept<MirrorStatus> {
        self.check()?;
        let ends = tail::read_ends(&self.keys, &self.directory)?;
        let numbers = segment::numbers(&self.directory)?.into_iter();
        let sized = numbers.map(|number| Ok((number, segment::len(&self.directory, number)?)));
        Ok(MirrorStatus { ends, segments: sized.collect::<Kept<_>>()? })
    }

    /// Whether the store has nothing that this process has not seen on the mirror's disk.
    fn is_level_with(&self, store: &Store) -> Kept<bool> {
        let Some(known) = self.tail.as_ref().filter(|known| known.is_proven && !known.is_suspect)
        else {
            return Ok(false);
        };
        Ok(known.tail.ends == store.snapshot()?.view().ends()?)
    }

    /// Takes the mirror's lock, over all processes.
    fn hold(&self) -> Kept<Held> {
        let missing = || MirrorError::Missing(self.directory.display().to_string());
        let marker = self.marker.as_ref().ok_or_else(missing)?;
        Held::take(marker, &self.directory)
    }

    /// Reads the last segment as far as it is whole: whether there is one. What is wrong with it is
    /// told under the lock.
    fn read_tail(&mut self) -> bool {
        let tail = Tail::read(&self.keys, &self.directory).ok().flatten();
        self.tail = tail.map(|tail| Known { tail, is_proven: false, is_suspect: false });
        self.tail.is_some()
    }

    /// Takes in what other processes wrote.
    fn follow(&mut self) -> Kept<()> {
        let Self { keys, directory, tail: known, .. } = self;
        if let Some(Known { tail, is_proven, is_suspect }) = known {
            let followed = if !*is_suspect || tail.reopen()? {
                *is_suspect = false;
                tail.follow(keys, directory)?
            } else {
                Followed::Elsewhere
            };
            if followed != Followed::Elsewhere {
                *is_proven &= followed == Followed::Same;
                return Ok(());
            }
        }
        let tail = Tail::open(keys, directory)?;
        *known = Some(Known { tail, is_proven: false, is_suspect: false });
        Ok(())
    }

    fn write_missing(&mut self, store: &Store) -> Kept<u64> {
        let Self { keys, directory, tail: Some(known), segment_len_max, .. } = self else {
            return Err(MirrorError::Missing(self.directory.display().to_string()));
        };
        let mut lines = 0;
        loop {
            // Each round has a snapshot of its own: a long one would hold up the write-ahead log.
            let snapshot = store.snapshot()?;
            let view = snapshot.view();
            let goal = view.ends()?;
            prove(known, &view, &goal)?;
            let missing = goal.lead_over(&known.tail.ends);
            if missing == 0 {
                return Ok(lines);
            }
            if known.tail.len >= *segment_len_max {
                known.tail = known.tail.next(keys, directory)?;
            }
            let mut draft = Draft::after(known.tail.seal, known.tail.ends.clone());
            fill(&mut draft, keys, &view, &goal)?;
            drop(snapshot);
            lines += missing - goal.lead_over(&draft.ends);
            known.tail.append(draft)?;
        }
    }

    /// Lets go of the files: the next use opens them anew, from the end that is known.
    fn let_go(&mut self) {
        self.marker = None;
        if let Some(known) = &mut self.tail {
            known.is_suspect = true;
        }
    }
}

/// That the mirror is this store's and no further than it: links authenticate all that is before them.
fn prove(known: &mut Known, view: &View<'_>, goal: &Ends) -> Kept<()> {
    compare(&known.tail.ends, known.is_proven, view, goal)?;
    known.is_proven = true;
    Ok(())
}

/// The same of a mirror's ends; what is before the last of a stream may have been proven.
fn compare(ends: &Ends, is_proven: bool, view: &View<'_>, goal: &Ends) -> Kept<()> {
    for (stream, end) in &ends.chained {
        let kept = goal.of(*stream);
        let (stream, number) = (*stream, end.number);
        if end.number > kept.number {
            return Err(MirrorError::Ahead { stream, number });
        }
        let chain = match (end.number == kept.number, is_proven) {
            (true, _) => Some(kept.chain),
            (false, true) => continue,
            (false, false) => view.chain_at(stream, number)?,
        };
        if chain != Some(end.chain) {
            return Err(MirrorError::Diverged { stream, number });
        }
    }
    if let Some(version) = ends.identities.filter(|_| ends.identities > goal.identities) {
        return Err(MirrorError::IdentitiesAhead(version));
    }
    Ok(())
}

/// Whether a backup that goes as far as `covered` has all that `ends` has.
fn is_within(ends: &Ends, covered: &Ends) -> Kept<bool> {
    for (stream, end) in &ends.chained {
        let (kept, stream, number) = (covered.of(*stream), *stream, end.number);
        if end.number == kept.number && end.chain != kept.chain {
            return Err(MirrorError::Diverged { stream, number });
        }
        if end.number > kept.number {
            return Ok(false);
        }
    }
    Ok(ends.identities <= covered.identities)
}

/// Adds what is missing up to `goal`, as much as is written at once.
fn fill(draft: &mut Draft, keys: &Keys, view: &View<'_>, goal: &Ends) -> Result<(), StoreError> {
    for (stream, end) in &goal.chained {
        while draft.ends.of(*stream).number < end.number {
            if draft.bytes.len() >= DRAFT_LEN_MAX {
                return Ok(());
            }
            push_page(draft, keys, view, *stream)?;
        }
    }
    if goal.identities > draft.ends.identities {
        let version = goal.identities.unwrap_or_default();
        let identified = Identified::read(view, version)?;
        draft.push_identities(keys, &IdentitiesRecord::of(&identified));
    }
    Ok(())
}

fn push_page(
    draft: &mut Draft,
    keys: &Keys,
    view: &View<'_>,
    stream: Stream,
) -> Result<(), StoreError> {
    match stream {
        Stream::Journal(company) => push_entries(draft, keys, view, company),
        Stream::Trail(company) => push_rows(draft, keys, view, company),
    }
}

fn push_entries(
    draft: &mut Draft,
    keys: &Keys,
    view: &View<'_>,
    company: CompanyId,
) -> Result<(), StoreError> {
    let before = draft.ends.of(Stream::Journal(company)).number;
    let entries = view.raw_entries(company, before, PAGE)?;
    if entries.is_empty() {
        return Err(StoreError::damaged("the journal ends before its counter"));
    }
    for (number, entry) in (before + 1..).zip(&entries) {
        if entry.number != number {
            return Err(StoreError::damaged("the journal has a gap"));
        }
        draft.push_entry(keys, company, entry)?;
    }
    Ok(())
}

fn push_rows(
    draft: &mut Draft,
    keys: &Keys,
    view: &View<'_>,
    company: Option<CompanyId>,
) -> Result<(), StoreError> {
    let before = draft.ends.of(Stream::Trail(company)).number;
    let rows = view.trail(company, before + 1, ROWS_PAGE)?;
    if rows.is_empty() {
        return Err(StoreError::damaged("a trail ends before its head"));
    }
    for (number, row) in (before + 1..).zip(&rows) {
        if row.number != number {
            return Err(StoreError::damaged("a trail has a gap"));
        }
        draft.push_row(keys, company, row);
    }
    Ok(())
}
