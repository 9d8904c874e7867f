//! Where books are restored: the data directory, which nobody may be serving, and the place beside it
//! where the new one is made.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use ventanilla_store::{Keys, ServerLock};

use super::now;
use crate::commands::backup::DATABASE;
use crate::place::{Place, beside, books_file, is_empty};
use crate::problem::{Problem, to_reason};

/// What a server locks in a data directory.
const SERVER_LOCK: &str = "server.lock";

/// The directory itself, where its name is a link to it: it is what is moved aside.
pub(super) fn resolved(data: &Path) -> PathBuf {
    let found = fs::symlink_metadata(data).ok().filter(fs::Metadata::is_symlink);
    let resolved = found.and_then(|_| fs::canonicalize(data).ok());
    resolved.unwrap_or_else(|| data.to_owned())
}

/// A data directory that is to be replaced, or made.
#[derive(Debug)]
pub(super) struct Ground {
    data: PathBuf,
    /// What is to be moved aside, and its lock.
    former: Option<ServerLock>,
}

impl Ground {
    /// Takes the directory, so that nobody serves it meanwhile.
    ///
    /// Errors in order: it is no directory, or one of something else; somebody serves it.
    pub(super) fn hold(data: &Path, place: &Place) -> anyhow::Result<Self> {
        let shown = data.display();
        if !data.exists() || (data.is_dir() && is_empty(data)?) {
            return Ok(Self { data: data.to_owned(), former: None });
        }
        if !books_file(data).is_file() {
            return Err(Problem::usage(format!(
                "{shown}: existe y no es un directorio de datos de Ventanilla; nada cambió"
            )));
        }
        let former = ServerLock::take(data).map_err(|error| place.to_problem(&error))?;
        Ok(Self { data: data.to_owned(), former: Some(former) })
    }

    /// The lock of what is to be moved aside.
    pub(super) fn former(&self) -> Option<&ServerLock> {
        self.former.as_ref()
    }

    /// Puts what was made in the directory's place; answers where what it held is now.
    pub(super) fn give_to(self, mut scratch: Scratch) -> anyhow::Result<Option<PathBuf>> {
        let at = |path: &Path| {
            let path = path.to_owned();
            move |error: io::Error| {
                let (path, reason) = (path.display(), to_reason(&error));
                Problem::store(format!("{path}: no se pudo poner en su lugar: {reason}"))
            }
        };
        sync_all(&scratch.path).map_err(at(&scratch.path))?;
        let aside = match &self.former {
            Some(_) => Some(aside_of(&self.data)?),
            None => None,
        };
        if let Some(aside) = &aside {
            fs::rename(&self.data, aside).map_err(at(&self.data))?;
        }
        if let Err(error) = fs::rename(&scratch.path, &self.data) {
            // What was there goes on being there.
            let back = aside.as_ref().map_or(Ok(()), |aside| fs::rename(aside, &self.data));
            back.map_err(at(&self.data))?;
            return Err(at(&self.data)(error));
        }
        scratch.is_given = true;
        sync_folder_of(&self.data).map_err(at(&self.data))?;
        Ok(aside)
    }
}

/// A name beside the directory that nothing has.
fn aside_of(data: &Path) -> anyhow::Result<PathBuf> {
    let at = now().strftime("%Y%m%dT%H%M%SZ");
    let mut aside = beside(data, &format!(".before-restore-{at}"))?;
    for number in 2.. {
        if fs::symlink_metadata(&aside).is_err() {
            break;
        }
        aside = beside(data, &format!(".before-restore-{at}-{number}"))?;
    }
    Ok(aside)
}

/// The directory in which the new one is made; removed unless it was put in its place.
#[derive(Debug)]
pub(super) struct Scratch {
    path: PathBuf,
    /// Locked as long as its process lives: what nobody holds was left by one that was killed.
    _held: File,
    /// Whether it was put in its place: what has its name from then on is another restoration's.
    is_given: bool,
}

impl Scratch {
    /// Makes it, in the place of one that a killed restore left. A directory that holds anything else is
    /// somebody's, and stays.
    pub(super) fn beside(data: &Path) -> anyhow::Result<Self> {
        let path = beside(data, ".restoring")?;
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&path);
        let taken = made.and_then(|()| {
            let held = File::open(&path)?;
            held.try_lock()?;
            Ok(held)
        });
        let emptied = taken.and_then(|held| empty(&path).map(|()| held));
        let held = emptied.map_err(|error| {
            let (path, reason) = (path.display(), to_reason(&error));
            match error.kind() {
                io::ErrorKind::WouldBlock => {
                    Problem::store(format!("{path}: otra restauración está en curso"))
                }
                io::ErrorKind::DirectoryNotEmpty => Problem::usage(format!(
                    "{path}: tiene otras cosas, y ahí se restauraría; nada cambió: dele otro nombre"
                )),
                _ => Problem::store(format!("{path}: no se pudo crear: {reason}")),
            }
        })?;
        Ok(Self { path, _held: held, is_given: false })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !self.is_given {
            fs::remove_dir_all(&self.path).ok();
        }
    }
}

/// Removes what a killed restore left in its directory, unless there is more than that.
fn empty(directory: &Path) -> io::Result<()> {
    let entries = fs::read_dir(directory)?.collect::<io::Result<Vec<_>>>()?;
    let is_ours = |entry: &fs::DirEntry| {
        let name = entry.file_name();
        name.to_string_lossy().starts_with(DATABASE) || name == SERVER_LOCK
    };
    if !entries.iter().all(is_ours) {
        return Err(io::ErrorKind::DirectoryNotEmpty.into());
    }
    entries.iter().try_for_each(|entry| fs::remove_file(entry.path()))
}

/// Writes the secrets file from a kit.
pub(super) fn write_secrets(place: &Place, random: [u8; 64]) -> anyhow::Result<()> {
    let written = Keys::create_file(&place.secrets, random);
    written.map(drop).map_err(|error| place.to_problem(&error))
}

fn sync_all(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        File::open(entry?.path())?.sync_all()?;
    }
    File::open(directory)?.sync_all()
}

fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_restoration_at_once_is_refused_and_what_a_killed_one_left_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("datos");
        let left = folder.path().join("datos.restoring");
        fs::create_dir(&left).unwrap();
        fs::write(left.join("ventanilla.db"), "restos").unwrap();
        let first = Scratch::beside(&data).unwrap();
        assert_eq!(fs::read_dir(first.path()).unwrap().count(), 0);
        let second = Scratch::beside(&data).unwrap_err().to_string();
        assert!(second.contains("otra restauración está en curso"), "{second}");
        drop(first);
        assert!(!left.exists());
        let mut given = Scratch::beside(&data).unwrap();
        given.is_given = true;
        drop(given);
        assert!(left.exists(), "it is another's by then");
        fs::write(left.join("fotos"), "de alguien").unwrap();
        let somebodys = Scratch::beside(&data).unwrap_err().to_string();
        assert!(somebodys.contains("tiene otras cosas"), "{somebodys}");
        assert!(left.join("fotos").exists());
    }

    #[test]
    fn what_is_moved_aside_takes_the_place_of_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("datos");
        let first = aside_of(&data).unwrap();
        fs::create_dir(&first).unwrap();
        assert!(!aside_of(&data).unwrap().exists());
    }
}
