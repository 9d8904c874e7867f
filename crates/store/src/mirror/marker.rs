//! The marker of a mirror: a file that says whose the directory is, and whose lock those who write hold.
//! A directory without it is no mirror: the place where a disk should be mounted never becomes one.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use super::MirrorError;
use super::line::FORMAT;
use crate::Keys;
use crate::keys::to_hex;

type Kept<T> = Result<T, MirrorError>;

/// The marker's name.
pub(super) const MARKER: &str = "mirror.json";

pub(super) fn marker_text(keys: &Keys) -> String {
    let installation = to_hex(&keys.fingerprint());
    format!("{{\"mirror\":{FORMAT},\"installation\":\"{installation}\"}}\n")
}

/// Opens the marker of a mirror. Errors in order: there is none, it cannot be read, another version
/// wrote it, it is another installation's.
pub(super) fn open_marker(keys: &Keys, directory: &Path) -> Kept<File> {
    let path = directory.join(MARKER);
    let place = || directory.display().to_string();
    let file = File::open(&path).map_err(|source| match source.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => MirrorError::Missing(place()),
        _ => MirrorError::file(&path, source),
    })?;
    let mut text = String::new();
    let read = (&file).take(4096).read_to_string(&mut text);
    read.map_err(|source| MirrorError::file(&path, source))?;
    if !text.starts_with(&format!("{{\"mirror\":{FORMAT},")) {
        return Err(MirrorError::OtherVersion(place()));
    }
    if text != marker_text(keys) {
        return Err(MirrorError::ForeignKeys(place()));
    }
    Ok(file)
}

/// Whether a directory that is no mirror holds what is not ours. What a file system makes at its root, and
/// a marker that was not finished, are nobody's.
pub(super) fn is_occupied(directory: &Path) -> std::io::Result<bool> {
    if directory.join(MARKER).try_exists()? {
        return Ok(false);
    }
    for entry in directory.read_dir()? {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        let is_draft = name.starts_with(MARKER) && name.ends_with(".draft");
        if name != "lost+found" && !is_draft {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The mirror's lock, over all processes.
#[derive(Debug)]
pub(super) struct Held(File);

impl Held {
    /// Waits for the lock.
    pub(super) fn take(marker: &File, directory: &Path) -> Kept<Self> {
        let held = marker.try_clone().and_then(|marker| marker.lock().map(|()| Self(marker)));
        held.map_err(|source| MirrorError::file(directory, source))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // A file system that cannot unlock has lost the lock already.
        self.0.unlock().ok();
    }
}
