//! A file that is being made: it takes its name once it is whole, and never another's place.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use ventanilla_store::FileSizes;
use ventanilla_store::backup::create_private;

use crate::problem::{Problem, to_reason};

/// The end of the name of what is not whole.
const SUFFIX: &str = ".respaldo-parcial";
/// What a copy on the disk of the books must leave to those who pay, in bytes.
const ROOM_LEFT: u64 = 64 << 20;

/// A file that is being made; removed unless it is kept.
#[derive(Debug)]
pub(super) struct Draft {
    path: PathBuf,
    /// The name it will have, where it will have one.
    to: Option<PathBuf>,
    /// Locked as long as its process lives: a draft that nobody holds was left by one that was killed.
    _held: File,
}

impl Draft {
    /// Begins the file that will be at `to`. Errors in order: something is there, there is no such
    /// folder or nothing can be written in it.
    pub(super) fn beside(to: &Path) -> anyhow::Result<Self> {
        let shown = to.display();
        let Some(name) = to.file_name() else {
            return Err(Problem::usage(format!("{shown}: no es el nombre de un archivo")));
        };
        if fs::symlink_metadata(to).is_ok() {
            return Err(Problem::usage(format!("{shown}: ya existe; nada cambió")));
        }
        let stem = format!("{}.", name.to_string_lossy());
        let made = Self::make(&folder_of(to), &stem, Some(to.to_owned()));
        made.map_err(|error| {
            Problem::usage(format!("{shown}: no se pudo crear: {}", to_reason(&error)))
        })
    }

    /// Begins a file in a folder that will never have a name.
    pub(super) fn within(folder: &Path) -> anyhow::Result<Self> {
        Self::make(folder, "", None).map_err(|error| {
            let (folder, reason) = (folder.display(), to_reason(&error));
            Problem::store(format!("{folder}: no se pudo crear la copia de trabajo: {reason}"))
        })
    }

    fn make(folder: &Path, stem: &str, to: Option<PathBuf>) -> io::Result<Self> {
        remove_abandoned(folder)?;
        let path = folder.join(format!("{stem}{}{SUFFIX}", std::process::id()));
        let held = create_private(&path)?;
        // Where a file system has no locks, what a killed process leaves is not removed.
        held.try_lock().ok();
        Ok(Self { path, to, _held: held })
    }

    /// Where it is until then.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives it its name, which is on the disk with it afterwards.
    pub(super) fn keep(self) -> anyhow::Result<()> {
        let Some(to) = &self.to else { return Ok(()) };
        let shown = to.display();
        self.take_name(to).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                Problem::usage(format!("{shown}: ya existe; nada cambió"))
            }
            _ => Problem::store(format!("{shown}: no se pudo crear: {}", to_reason(&error))),
        })
    }

    fn take_name(&self, to: &Path) -> io::Result<()> {
        // A link, unlike a renaming, refuses a name that is taken. Not every file system has them.
        match fs::hard_link(&self.path, to) {
            Ok(()) => fs::remove_file(&self.path)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
            Err(_) if fs::symlink_metadata(to).is_ok() => {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            Err(_) => fs::rename(&self.path, to)?,
        }
        File::open(folder_of(to))?.sync_all()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // One that was kept has another name by now.
        fs::remove_file(&self.path).ok();
    }
}

fn folder_of(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new(".")).to_owned()
}

/// Removes the drafts in a folder whose process is gone.
fn remove_abandoned(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if !path.to_string_lossy().ends_with(SUFFIX) {
            continue;
        }
        let Ok(file) = File::open(&path) else { continue };
        match file.try_lock() {
            Ok(()) => fs::remove_file(&path)?,
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => {}
        }
    }
    Ok(())
}

/// Refuses copies that would fill the disk of the books: payments go before backups. Of the drafts, those
/// on that disk count.
pub(super) fn require_room(data: &Path, drafts: &[&Path], sizes: FileSizes) -> anyhow::Result<()> {
    let device = |path: &Path| fs::metadata(path).map(|file| file.dev());
    let is_same = |draft: &&&Path| matches!((device(data), device(draft)), (Ok(ours), Ok(its)) if ours == its);
    let copies = u64::try_from(drafts.iter().filter(is_same).count()).unwrap_or(u64::MAX);
    let Ok(room) = rustix::fs::statvfs(data) else { return Ok(()) };
    let free = room.f_bavail.saturating_mul(room.f_frsize);
    let needed = sizes.database_bytes.saturating_mul(copies).saturating_add(ROOM_LEFT);
    if copies == 0 || free >= needed {
        return Ok(());
    }
    Err(Problem::store(format!(
        "{}: no hay lugar para la copia en el disco de los datos: quedan {} MB y hacen falta {} MB",
        data.display(),
        free >> 20,
        (needed >> 20) + 1
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_copy_on_the_disk_of_the_books_needs_room_there() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        let room = rustix::fs::statvfs(data).unwrap();
        let free = room.f_bavail * room.f_frsize;
        let elsewhere = Path::new("/proc/self/status");
        for (share, drafts, has_room) in [
            (3, vec![data], true),
            (3, vec![data, data], false),
            (3, vec![data, elsewhere], true),
            (6, vec![data], false),
            (6, vec![elsewhere], true),
        ] {
            let sizes = FileSizes { database_bytes: free / 5 * share, log_bytes: 0 };
            let found = require_room(data, &drafts, sizes);
            assert_eq!(found.is_ok(), has_room, "{share} fifths in {drafts:?}");
        }
    }
}
