//! The end of a mirror: its last segment, to which lines are added.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::MirrorError;
use super::ends::Ends;
use super::line::{
    Content, Draft, FORMAT, HeaderRecord, SEAL_LEN, end_of, identities_version, seal_of,
};
use super::segment::{Lines, Next, Opening, numbers, path_of, remove, sync_directory};
use crate::keys::to_hex;
use crate::{Digest, Keys};

type Kept<T> = Result<T, MirrorError>;

/// Takes a line into the ends; whether it is one that may stand after a header.
fn advance(ends: &mut Ends, content: Content<'_>) -> bool {
    match content {
        Content::Header(_) => false,
        Content::Identities(identities) => {
            let version = identities_version(identities);
            ends.identities = version.or(ends.identities);
            version.is_some()
        }
        Content::Chained(kind, line) => {
            let Some((stream, end)) = end_of(kind, line) else { return false };
            let is_next = end.number == ends.of(stream).number + 1;
            ends.chained.insert(stream, end);
            is_next
        }
    }
}

/// What became of the last segment since it was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Followed {
    /// Nothing.
    Same,
    /// Other processes wrote to it.
    Longer,
    /// Another is the last now.
    Elsewhere,
}

/// The last segment, open for more lines. Whoever has it holds the mirror's lock.
#[derive(Debug)]
pub(super) struct Tail {
    number: u32,
    path: PathBuf,
    file: File,
    /// Up to here everything is sealed and synced.
    pub(super) len: u64,
    pub(super) seal: Digest,
    pub(super) ends: Ends,
}

impl Tail {
    /// The last segment as far as it is whole, read while others may be writing it.
    pub(super) fn read(keys: &Keys, directory: &Path) -> Kept<Option<Self>> {
        let Some(number) = numbers(directory)?.pop() else { return Ok(None) };
        let opened = Self::read_segment(keys, directory, number)?;
        Ok(opened.map(|(tail, _)| tail))
    }

    /// A segment as far as it is whole, and whether it is torn; `None` where it lacks its header.
    fn read_segment(keys: &Keys, directory: &Path, number: u32) -> Kept<Option<(Self, bool)>> {
        let Some((mut lines, Opening { mut ends, .. })) = Lines::open(keys, directory, number)?
        else {
            return Ok(None);
        };
        let is_torn = take_in(&mut lines, &mut ends)?;
        let (len, seal) = (lines.len, lines.seal);
        let path = path_of(directory, number);
        let file = OpenOptions::new().read(true).write(true).open(&path);
        let file = file.map_err(|source| MirrorError::file(&path, source))?;
        Ok(Some((Self { number, path, file, len, seal, ends }, is_torn)))
    }

    /// Opens the last segment, or begins the first. What was not written to its end is dropped, and
    /// what another process wrote is synced before anything rests on it.
    pub(super) fn open(keys: &Keys, directory: &Path) -> Kept<Self> {
        let mut numbers = numbers(directory)?;
        while let Some(number) = numbers.pop() {
            let Some((tail, is_torn)) = Self::read_segment(keys, directory, number)? else {
                tracing::warn!(number, "a segment of the mirror without a header is dropped");
                remove(directory, number)?;
                continue;
            };
            if is_torn {
                tail.cut()?;
            }
            tail.sync()?;
            return Ok(tail);
        }
        Self::create(keys, directory, 1, [0; 32], Ends::default())
    }

    /// Begins a segment. It takes its name once its header is on the disk.
    fn create(keys: &Keys, directory: &Path, number: u32, seal: Digest, ends: Ends) -> Kept<Self> {
        let header = HeaderRecord {
            mirror: FORMAT,
            installation: to_hex(&keys.fingerprint()),
            segment: number,
            previous: to_hex(&seal),
            ends: ends.to_record(),
        };
        let mut draft = Draft::after(seal, ends);
        draft.push_header(keys, &header);
        let path = path_of(directory, number);
        let unnamed = path.with_extension("draft");
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(true).mode(0o600);
        let made = options.open(&unnamed).and_then(|mut file| {
            file.write_all(&draft.bytes)?;
            file.sync_all()?;
            std::fs::rename(&unnamed, &path)?;
            Ok(file)
        });
        let file = made.map_err(|source| MirrorError::file(&path, source))?;
        sync_directory(directory)?;
        let len = u64::try_from(draft.bytes.len()).unwrap_or(u64::MAX);
        Ok(Self { number, path, file, len, seal: draft.seal, ends: draft.ends })
    }

    /// Opens the segment anew, as far as it is known: whether it is the same still.
    pub(super) fn reopen(&mut self) -> Kept<bool> {
        match OpenOptions::new().read(true).write(true).open(&self.path) {
            Ok(file) => self.file = file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(source) => return Err(MirrorError::file(&self.path, source)),
        }
        if !self.ends_as_known() {
            return Ok(false);
        }
        self.write_again()?;
        Ok(true)
    }

    /// Writes once more what stands behind the known end. A sync that failed leaves it in memory
    /// alone, taken for written; and it may be what others have answered for, so it is not cut off.
    fn write_again(&self) -> Kept<()> {
        let at = |source| MirrorError::file(&self.path, source);
        let len = self.file.metadata().map_err(at)?.len().saturating_sub(self.len);
        let mut rest = vec![0; usize::try_from(len).unwrap_or_default()];
        self.file.read_exact_at(&mut rest, self.len).map_err(at)?;
        self.file.write_all_at(&rest, self.len).map_err(at)
    }

    /// Whether the last line that is known stands where it stood.
    fn ends_as_known(&self) -> bool {
        const READ_LEN: u64 = 256;
        let from = self.len.saturating_sub(READ_LEN);
        let mut read = vec![0; usize::try_from(self.len - from).unwrap_or_default()];
        let is_read = self.file.read_exact_at(&mut read, from).is_ok();
        let line = read.strip_suffix(b"\n").and_then(|read| {
            let start = read.len().checked_sub(SEAL_LEN)?;
            std::str::from_utf8(read.get(start..)?).ok()
        });
        is_read && line.and_then(seal_of) == Some(self.seal)
    }

    /// Takes in what other processes wrote since.
    pub(super) fn follow(&mut self, keys: &Keys, directory: &Path) -> Kept<Followed> {
        let at = |source| MirrorError::file(&self.path, source);
        let (named, open) = (std::fs::metadata(&self.path), self.file.metadata().map_err(at)?);
        let named = named.ok().map(|named| (named.dev(), named.ino()));
        let is_last = !path_of(directory, self.number.saturating_add(1)).exists();
        if named != Some((open.dev(), open.ino())) || !is_last || open.len() < self.len {
            return Ok(Followed::Elsewhere);
        }
        if open.len() == self.len {
            return Ok(Followed::Same);
        }
        let file = self.file.try_clone().map_err(at)?;
        let mut lines = Lines::after(keys, self.path.clone(), file, self.len, self.seal)?;
        let mut ends = self.ends.clone();
        let is_torn = take_in(&mut lines, &mut ends)?;
        (self.len, self.seal, self.ends) = (lines.len, lines.seal, ends);
        if is_torn {
            self.cut()?;
        }
        self.sync()?;
        Ok(Followed::Longer)
    }

    /// The segment after this one.
    pub(super) fn next(&self, keys: &Keys, directory: &Path) -> Kept<Self> {
        let number = self.number.saturating_add(1);
        Self::create(keys, directory, number, self.seal, self.ends.clone())
    }

    /// Writes lines and syncs them: after `Ok` they are on the disk.
    pub(super) fn append(&mut self, draft: Draft) -> Kept<()> {
        let written = self.file.write_all_at(&draft.bytes, self.len);
        written.map_err(|source| MirrorError::file(&self.path, source))?;
        self.sync()?;
        self.len += u64::try_from(draft.bytes.len()).unwrap_or(u64::MAX);
        (self.seal, self.ends) = (draft.seal, draft.ends);
        Ok(())
    }

    fn cut(&self) -> Kept<()> {
        self.file.set_len(self.len).map_err(|source| MirrorError::file(&self.path, source))
    }

    pub(super) fn sync(&self) -> Kept<()> {
        self.file.sync_data().map_err(|source| MirrorError::file(&self.path, source))
    }
}

/// Reads lines to their end into the ends: whether the last was torn.
fn take_in(lines: &mut Lines<'_>, ends: &mut Ends) -> Kept<bool> {
    loop {
        match lines.next()? {
            Next::Line(content) => {
                if !advance(ends, content) {
                    return Err(lines.damaged());
                }
            }
            Next::Torn => return Ok(true),
            Next::End => return Ok(false),
        }
    }
}

/// The ends of a mirror, read without changing anything: what its last segment says.
pub(super) fn read_ends(keys: &Keys, directory: &Path) -> Kept<Ends> {
    for number in numbers(directory)?.into_iter().rev() {
        if let Some((mut lines, Opening { mut ends, .. })) = Lines::open(keys, directory, number)? {
            take_in(&mut lines, &mut ends)?;
            return Ok(ends);
        }
    }
    Ok(Ends::default())
}
