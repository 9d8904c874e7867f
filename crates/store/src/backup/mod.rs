//! A copy of the books in one file: made while they are used, checked, encrypted where it is asked,
//! and laid out again.
//!
//! A plain backup is a database that any SQLite reads, with one table more, the [`Manifest`]; a sealed
//! one is the same file encrypted (`sealed.rs`). The secrets file is in neither (docs/decisions/0020).

mod manifest;

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use crate::sealed::{self, Altered, SealedReader, SealedWriter};
use crate::sqlite::CopiedBooks;
use crate::{Digest, Keys, OpenError, Store, StoreError, Verification};
pub use manifest::Manifest;
pub(crate) use manifest::{read_manifest, write_manifest};

/// What a database begins with.
const DATABASE_MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// Bytes read and written at a time.
const PIECE_LEN: usize = 1 << 20;
/// Bytes after which what was written is synced, and the pause in which whoever pays has the disk.
const SYNC_LEN: usize = 4 << 20;
const PAUSE: Duration = Duration::from_millis(5);

/// Why a backup could not be made, read or taken.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// It is neither a database nor a sealed backup.
    #[error("the file is no backup")]
    NotABackup,
    /// It is a database, and says nothing of being a backup.
    #[error("the database has no manifest: it is no backup")]
    NoManifest,
    /// A later version sealed it in another form.
    #[error("the backup is sealed in a form that is not known here")]
    OtherForm,
    /// Another installation's keys made it.
    #[error("the backup was made with other keys")]
    ForeignKeys,
    /// It was altered or cut off after it was made.
    #[error("the backup was altered or cut off: {0}")]
    Altered(&'static str),
    /// What it holds is not sound in itself: what differs.
    #[error("the backup does not verify: {} differences", .0.len())]
    Unsound(Vec<String>),
    /// The file could not be read.
    #[error("the backup cannot be read")]
    Read(#[source] io::Error),
    /// The file could not be written.
    #[error("the copy cannot be written")]
    Write(#[source] io::Error),
    /// The database in it could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for BackupError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

/// A backup that was found whole and sound.
#[derive(Debug)]
pub struct Examined {
    /// What it says of itself.
    pub manifest: Manifest,
    /// What was recomputed of it: without findings.
    pub verification: Verification,
}

impl Store {
    /// Copies the books as they stand at one moment into the empty file at `to`, with a manifest, and
    /// syncs it. `made_at` and `version` are what the manifest says. Others read and write meanwhile.
    ///
    /// Errors in order: the store is in memory or in PostgreSQL, the file cannot be used, the books cannot
    /// be read.
    pub fn copy_into(
        &self,
        to: &Path,
        made_at: Timestamp,
        version: &str,
    ) -> Result<(), BackupError> {
        match self {
            Self::Memory(_) => {
                Err(OpenError::Missing("a store in memory has no file".to_owned()).into())
            }
            Self::Postgres(_) => {
                Err(OpenError::Missing("a database is not one file".to_owned()).into())
            }
            Self::Sqlite(sqlite) => sqlite.copy_into(to, made_at, version),
        }
    }
}

/// Reads a plain backup of this version's schema without changing it, and recomputes everything in it.
///
/// Errors in order: it is no backup, other keys made it, it was altered, it is not sound.
pub fn examine(file: &Path, keys: &Keys) -> Result<Examined, BackupError> {
    let books = CopiedBooks::open(file, keys)?;
    let manifest = read_manifest(books.connection(), keys)?;
    let verification = checked(books.verify()?, &manifest)?;
    Ok(Examined { manifest, verification })
}

/// Lays a backup of either form out as the database of a new store at `to`, and takes its manifest out
/// of it. Only what was authenticated of a sealed one is written.
///
/// Errors in order: it is no backup, other keys made it, it was altered or cut off, `to` cannot be
/// written.
pub fn lay_out(file: &Path, keys: &Keys, to: &Path) -> Result<Manifest, BackupError> {
    let mut from =
        BufReader::with_capacity(PIECE_LEN, File::open(file).map_err(BackupError::Read)?);
    let start = io::BufRead::fill_buf(&mut from).map_err(BackupError::Read)?;
    let out = create_private(to).map_err(BackupError::Write)?;
    if sealed::is_sealed(start) {
        copy_bytes(SealedReader::open(keys, from)?, out)?;
    } else if start.starts_with(DATABASE_MAGIC) {
        copy_bytes(from, out)?;
    } else {
        return Err(BackupError::NotABackup);
    }
    let taken = crate::sqlite::take_manifest(to, keys)?;
    File::open(to).and_then(|file| file.sync_all()).map_err(BackupError::Write)?;
    Ok(taken)
}

/// Whether a file is a sealed backup, whoever's.
pub fn is_sealed(file: &Path) -> Result<bool, BackupError> {
    let mut start = Vec::new();
    let read = File::open(file).and_then(|file| file.take(64).read_to_end(&mut start));
    read.map_err(BackupError::Read)?;
    Ok(sealed::is_sealed(&start))
}

/// What a verification of a laid-out backup found, where it is what its manifest says.
///
/// Errors in order: something differs, a journal ends elsewhere.
pub fn checked(
    verification: Verification,
    manifest: &Manifest,
) -> Result<Verification, BackupError> {
    if !verification.findings.is_empty() {
        return Err(BackupError::Unsound(verification.findings));
    }
    if verification.heads != manifest.heads {
        return Err(BackupError::Altered("its journals do not end where it says"));
    }
    Ok(verification)
}

/// Encrypts a file into an empty one and syncs that; then reads it back and compares.
///
/// Errors in order: `from` cannot be read, `to` cannot be written, what is read back differs.
pub fn seal(from: &Path, keys: &Keys, salt: &Digest, to: &Path) -> Result<(), BackupError> {
    let source = || File::open(from).map_err(BackupError::Read);
    let out = File::options().write(true).open(to).map_err(BackupError::Write)?;
    let out = BufWriter::with_capacity(PIECE_LEN, Paced { file: out, unsynced: 0 });
    let mut writer = SealedWriter::start(keys, salt, out).map_err(BackupError::Write)?;
    pump(source()?, &mut writer)?;
    let out = writer.finish().map_err(BackupError::Write)?;
    out.get_ref().file.sync_all().map_err(BackupError::Write)?;
    let sealed = File::open(to).map_err(BackupError::Read)?;
    let reader = SealedReader::open(keys, BufReader::with_capacity(PIECE_LEN, sealed))?;
    if is_same(reader, source()?).map_err(of_reading)? {
        Ok(())
    } else {
        Err(BackupError::Altered("what was written is not what is read back"))
    }
}

/// A file whose content is synced as it grows: a commit on the same disk never waits for all of it.
struct Paced {
    file: File,
    unsynced: usize,
}

impl Write for Paced {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.unsynced += written;
        if self.unsynced >= SYNC_LEN {
            self.file.sync_data()?;
            self.unsynced = 0;
            std::thread::sleep(PAUSE);
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Makes an empty file that is its owner's alone; refuses a name that is taken.
pub fn create_private(path: &Path) -> io::Result<File> {
    File::options().write(true).create_new(true).mode(0o600).open(path)
}

fn copy_bytes(from: impl Read, out: File) -> Result<(), BackupError> {
    let mut out = BufWriter::with_capacity(PIECE_LEN, out);
    pump(from, &mut out)?;
    out.flush().map_err(BackupError::Write)
}

/// Copies all there is, and tells apart which side failed.
fn pump(mut from: impl Read, out: &mut impl Write) -> Result<(), BackupError> {
    let mut piece = vec![0; PIECE_LEN];
    loop {
        let len = from.read(&mut piece).map_err(of_reading)?;
        if len == 0 {
            return Ok(());
        }
        out.write_all(&piece[..len]).map_err(BackupError::Write)?;
    }
}

fn of_reading(error: io::Error) -> BackupError {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Altered>()) {
        Some(Altered) => BackupError::Altered("a part does not authenticate"),
        None => BackupError::Read(error),
    }
}

fn is_same(mut one: impl Read, mut other: impl Read) -> io::Result<bool> {
    let (mut ours, mut theirs) = (vec![0; PIECE_LEN], vec![0; PIECE_LEN]);
    loop {
        let len = fill(&mut one, &mut ours)?;
        if len != fill(&mut other, &mut theirs)? || ours[..len] != theirs[..len] {
            return Ok(false);
        }
        if len == 0 {
            return Ok(true);
        }
    }
}

/// Reads until the piece is full or nothing is left.
fn fill(from: &mut impl Read, piece: &mut [u8]) -> io::Result<usize> {
    let mut len = 0;
    while len < piece.len() {
        match from.read(&mut piece[len..])? {
            0 => break,
            read => len += read,
        }
    }
    Ok(len)
}
