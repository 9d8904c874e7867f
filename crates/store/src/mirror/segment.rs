//! The files of a mirror: segments of lines, one after the other, each beginning with a header.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::MirrorError;
use super::ends::Ends;
use super::line::{Content, FORMAT, HeaderRecord, checked_seal, content};
use crate::keys::{from_hex, to_hex};
use crate::{Digest, Keys};

type Kept<T> = Result<T, MirrorError>;

const PREFIX: &str = "segment-";
const SUFFIX: &str = ".jsonl";

pub(super) fn path_of(directory: &Path, number: u32) -> PathBuf {
    directory.join(format!("{PREFIX}{number:08}{SUFFIX}"))
}

/// The numbers of the segments in a directory, ascending.
pub(super) fn numbers(directory: &Path) -> Kept<Vec<u32>> {
    let failed = |source| MirrorError::file(directory, source);
    let mut numbers = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX));
        numbers.extend(number.and_then(|number| number.parse::<u32>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// The bytes of a segment.
pub(super) fn len(directory: &Path, number: u32) -> Kept<u64> {
    let path = path_of(directory, number);
    let file = std::fs::metadata(&path).map_err(|source| MirrorError::file(&path, source))?;
    Ok(file.len())
}

/// Removes a segment.
pub(super) fn remove(directory: &Path, number: u32) -> Kept<()> {
    let path = path_of(directory, number);
    std::fs::remove_file(&path).map_err(|source| MirrorError::file(&path, source))?;
    sync_directory(directory)
}

pub(super) fn sync_directory(directory: &Path) -> Kept<()> {
    let synced = File::open(directory).and_then(|directory| directory.sync_all());
    synced.map_err(|source| MirrorError::file(directory, source))
}

fn damaged(path: &Path, line: u64) -> MirrorError {
    MirrorError::Damaged { path: path.display().to_string(), line }
}

/// A segment that has no header though another comes after it.
pub(super) fn damaged_segment(directory: &Path, number: u32) -> MirrorError {
    damaged(&path_of(directory, number), 1)
}

/// What a segment goes on from.
#[derive(Debug)]
pub(super) struct Opening {
    /// The seal of the last line of the segment before.
    pub(super) previous: Digest,
    /// What stands in the segments before.
    pub(super) ends: Ends,
}

/// The next of a segment's lines.
#[derive(Debug)]
pub(super) enum Next<'l> {
    /// A whole line with the right seal.
    Line(Content<'l>),
    /// A line that was not written to its end: none of those after it was ever synced.
    Torn,
    /// There are no more.
    End,
}

/// A segment's lines, read and checked one after the other.
#[derive(Debug)]
pub(super) struct Lines<'k> {
    keys: &'k Keys,
    path: PathBuf,
    reader: BufReader<File>,
    buffer: Vec<u8>,
    count: u64,
    /// Up to here the lines are whole and follow from each other.
    pub(super) len: u64,
    pub(super) seal: Digest,
}

impl<'k> Lines<'k> {
    /// Opens a segment and reads its header; `None` where that was not written to its end.
    ///
    /// Errors in order: the file cannot be read, another version wrote it, it is another
    /// installation's, the header is not one.
    pub(super) fn open(
        keys: &'k Keys,
        directory: &Path,
        number: u32,
    ) -> Kept<Option<(Self, Opening)>> {
        let path = path_of(directory, number);
        let file = File::open(&path).map_err(|source| MirrorError::file(&path, source))?;
        let mut lines = Self::after(keys, path, file, 0, [0; 32])?;
        if !lines.read_whole()? {
            return Ok(None);
        }
        let opening = lines.opening(number)?;
        lines.seal = opening.previous;
        match lines.check()? {
            Content::Header(_) => Ok(Some((lines, opening))),
            _ => Err(lines.damaged()),
        }
    }

    /// The lines that stand in an open file after so many bytes.
    pub(super) fn after(
        keys: &'k Keys,
        path: PathBuf,
        file: File,
        len: u64,
        seal: Digest,
    ) -> Kept<Self> {
        let mut reader = BufReader::with_capacity(1 << 18, file);
        let sought = reader.seek(SeekFrom::Start(len));
        sought.map_err(|source| MirrorError::file(&path, source))?;
        Ok(Self { keys, path, reader, buffer: Vec::new(), count: 0, len, seal })
    }

    pub(super) fn next(&mut self) -> Kept<Next<'_>> {
        if self.read_whole()? {
            return self.check().map(Next::Line);
        }
        Ok(if self.buffer.is_empty() { Next::End } else { Next::Torn })
    }

    /// A line that does not follow from the one before it.
    pub(super) fn damaged(&self) -> MirrorError {
        damaged(&self.path, self.count)
    }

    /// Reads a line: whether it was written to its end. A file system that lost its power gives
    /// zeros for what it had not written.
    fn read_whole(&mut self) -> Kept<bool> {
        self.buffer.clear();
        let read = self.reader.read_until(b'\n', &mut self.buffer);
        read.map_err(|source| MirrorError::file(&self.path, source))?;
        self.count += 1;
        Ok(self.buffer.pop_if(|last| *last == b'\n').is_some() && !self.buffer.contains(&0))
    }

    fn check(&mut self) -> Kept<Content<'_>> {
        let line = std::str::from_utf8(&self.buffer).unwrap_or_default();
        let checked = checked_seal(self.keys, &self.seal, line).zip(content(line));
        let Some((seal, content)) = checked else {
            return Err(damaged(&self.path, self.count));
        };
        self.seal = seal;
        self.len += u64::try_from(self.buffer.len()).unwrap_or(u64::MAX) + 1;
        Ok(content)
    }

    fn opening(&self, number: u32) -> Kept<Opening> {
        let line = std::str::from_utf8(&self.buffer).ok();
        let header = match line.and_then(content) {
            Some(Content::Header(header)) => header.get(),
            _ => return Err(self.damaged()),
        };
        let Ok(record) = serde_json::from_str::<HeaderRecord>(header) else {
            return Err(self.damaged());
        };
        let path = || self.path.display().to_string();
        if record.mirror != FORMAT {
            return Err(MirrorError::OtherVersion(path()));
        }
        if record.installation != to_hex(&self.keys.fingerprint()) {
            return Err(MirrorError::ForeignKeys(path()));
        }
        let opening = from_hex(&record.previous).zip(Ends::from_record(&record.ends));
        let opening = opening.filter(|_| record.segment == number);
        let (previous, ends) = opening.ok_or_else(|| self.damaged())?;
        Ok(Opening { previous, ends })
    }
}
