//! The folder: what waits in `entrada`, and where it goes.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::problem::{Problem, to_reason};

/// Where files are dropped.
const INBOX: &str = "entrada";
/// Where they go once they are imported.
const DONE: &str = "procesados";
/// Where they go if they are refused.
const REFUSED: &str = "rechazados";

/// What keeps a second watcher out.
const LOCK: &str = ".ventanilla.lock";
/// The verdict file while it is written.
const VERDICTS: &str = ".veredictos.tmp";

/// How names end that programs give to what they have not finished writing.
const UNFINISHED: [&str; 5] = [".tmp", ".part", ".crdownload", ".filepart", "~"];
/// What Windows leaves in a shared folder by itself.
const NOT_OURS: [&str; 2] = ["thumbs.db", "desktop.ini"];

/// Bytes of a file's name that are kept: what is put before and after it must fit too.
const NAME_LEN_MAX: usize = 200;

/// A folder that this process watches, and no other.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    _lock: File,
    seen: HashMap<OsString, Seen>,
}

/// What tells one state of a file from another. Not its inode: a network folder may give it another
/// each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Print {
    len: u64,
    modified_at: Option<SystemTime>,
}

/// What is remembered of a file in `entrada`.
#[derive(Debug)]
struct Seen {
    print: Print,
    /// Looks in a row that found it as it was.
    still_looks: u32,
    /// Whether it was dealt with and could not be moved.
    is_stuck: bool,
}

/// A file that stood still long enough.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) path: PathBuf,
    pub(super) name: OsString,
    pub(super) modified_at: Option<SystemTime>,
    print: Print,
}

/// Where a file and what belongs to it go.
#[derive(Debug)]
pub(super) struct Destination {
    pub(super) file: PathBuf,
    pub(super) verdicts: PathBuf,
    pub(super) summary: PathBuf,
    /// The file, from the watched folder on.
    pub(super) shown: String,
}

impl Print {
    fn of(metadata: &Metadata) -> Self {
        Self { len: metadata.len(), modified_at: metadata.modified().ok() }
    }
}

impl Waiting {
    /// Whether the file is what it was when it was found.
    pub(super) fn is_same(&self) -> bool {
        fs::symlink_metadata(&self.path).is_ok_and(|metadata| Print::of(&metadata) == self.print)
    }
}

impl Folder {
    /// Makes what is missing of a folder, and takes it. Refuses where another process has it.
    pub(super) fn take(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let problem = |error: io::Error| {
            Problem::usage(format!("{shown}: no se pudo usar: {}", to_reason(&error)))
        };
        for name in [INBOX, DONE, REFUSED] {
            fs::create_dir_all(path.join(name)).map_err(problem)?;
        }
        let lock = File::options().create(true).write(true).truncate(false).open(path.join(LOCK));
        let lock = lock.map_err(problem)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Problem::store(format!(
                    "{shown}: otro «ventanilla watch» ya atiende esta carpeta"
                )));
            }
            Err(TryLockError::Error(error)) => return Err(problem(error)),
        }
        Ok(Self { path: path.to_owned(), _lock: lock, seen: HashMap::new() })
    }

    /// Where files are dropped.
    pub(super) fn inbox(&self) -> PathBuf {
        self.path.join(INBOX)
    }

    /// The verdict file while it is written.
    pub(super) fn verdicts(&self) -> PathBuf {
        self.path.join(VERDICTS)
    }

    /// Looks into `entrada`, and gives the files that so many looks in a row found as they were.
    pub(super) fn look(&mut self, still_looks: u64) -> anyhow::Result<Vec<Waiting>> {
        let inbox = self.inbox();
        self.see(&inbox).map_err(|error| {
            let reason = to_reason(&error);
            Problem::store(format!("{}: no se pudo leer: {reason}", inbox.display()))
        })?;
        let ready = self
            .seen
            .iter()
            .filter(|(_, seen)| u64::from(seen.still_looks) >= still_looks && !seen.is_stuck);
        let waiting = ready.map(|(name, seen)| Waiting {
            path: inbox.join(name),
            name: name.clone(),
            modified_at: seen.print.modified_at,
            print: seen.print,
        });
        Ok(waiting.collect())
    }

    fn see(&mut self, inbox: &Path) -> io::Result<()> {
        let mut before = std::mem::take(&mut self.seen);
        for entry in fs::read_dir(inbox)? {
            let entry = entry?;
            let name = entry.file_name();
            // What vanished meanwhile is nobody's concern; a link may lead anywhere.
            let Ok(metadata) = entry.metadata() else { continue };
            if !metadata.is_file() || is_left_alone(&name) {
                continue;
            }
            let print = Print::of(&metadata);
            let seen = match before.remove(&name).filter(|seen| seen.print == print) {
                Some(seen) => Seen { still_looks: seen.still_looks.saturating_add(1), ..seen },
                None => Seen { print, still_looks: 0, is_stuck: false },
            };
            self.seen.insert(name, seen);
        }
        Ok(())
    }

    /// Leaves a file alone until it changes.
    pub(super) fn leave(&mut self, waiting: &Waiting) {
        if let Some(seen) = self.seen.get_mut(&waiting.name) {
            seen.is_stuck = true;
        }
    }

    /// A free place for a file that was imported, or refused, at a moment.
    pub(super) fn destination(&self, name: &OsStr, stamp: &str, is_imported: bool) -> Destination {
        let folder = if is_imported { DONE } else { REFUSED };
        let kept = to_kept_name(name);
        let mut count = 1;
        loop {
            let counter = if count == 1 { String::new() } else { format!("-{count}") };
            let name = format!("{stamp}{counter}-{kept}");
            let at = |end: &str| self.path.join(folder).join(format!("{name}{end}"));
            let destination = Destination {
                file: at(""),
                verdicts: at(".veredictos.csv"),
                summary: at(".resumen.txt"),
                shown: format!("{folder}/{name}"),
            };
            let Destination { file, verdicts, summary, .. } = &destination;
            if [file, verdicts, summary].iter().all(|path| fs::symlink_metadata(path).is_err()) {
                return destination;
            }
            count += 1;
        }
    }
}

/// Whether a name says that its file is not for us, or not finished.
fn is_left_alone(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_lowercase();
    name.starts_with(['.', '~'])
        || UNFINISHED.iter().any(|end| name.ends_with(end))
        || NOT_OURS.contains(&name.as_str())
}

/// The name in a form that fits: its end, which says what kind of file it is.
fn to_kept_name(name: &OsStr) -> String {
    let name: String = name.to_string_lossy().chars().filter(|char| !char.is_control()).collect();
    let start = name.len().saturating_sub(NAME_LEN_MAX);
    let start = (start..name.len()).find(|at| name.is_char_boundary(*at)).unwrap_or(start);
    name[start..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_finished_or_not_ours_is_left_alone() {
        for (name, is_left) in [
            ("facturas.csv", false),
            ("Facturas de marzo (2).CSV", false),
            ("sin extensión", false),
            ("tmp", false),
            ("lista.json", false),
            (".facturas.csv.swp", true),
            ("facturas.csv.tmp", true),
            ("facturas.csv.PART", true),
            ("facturas.csv.crdownload", true),
            ("facturas.csv.filepart", true),
            ("facturas.csv~", true),
            ("~$facturas.xlsx", true),
            ("Thumbs.db", true),
            ("desktop.ini", true),
        ] {
            assert_eq!(is_left_alone(OsStr::new(name)), is_left, "{name}");
        }
    }

    #[test]
    fn a_name_is_kept_as_far_as_it_fits() {
        for (name, kept) in [
            ("facturas.csv", "facturas.csv".to_owned()),
            ("a\nb\u{1b}.csv", "ab.csv".to_owned()),
            (&format!("{}.csv", "x".repeat(250)), format!("{}.csv", "x".repeat(196))),
            (&format!("{}x.csv", "ñ".repeat(125)), format!("{}x.csv", "ñ".repeat(97))),
        ] {
            assert_eq!(to_kept_name(OsStr::new(name)), kept);
        }
    }

    #[test]
    fn a_file_waits_until_it_stands_still() {
        let temporary = tempfile::tempdir().unwrap();
        let mut folder = Folder::take(temporary.path()).unwrap();
        let path = folder.inbox().join("f.csv");
        let mut names = |still_looks: u64| {
            let waiting = folder.look(still_looks).unwrap();
            waiting.into_iter().map(|waiting| waiting.name).collect::<Vec<_>>()
        };
        fs::write(&path, "a").unwrap();
        assert_eq!(names(2).len(), 0, "just found");
        assert_eq!(names(2).len(), 0, "found as it was once");
        fs::write(&path, "ab").unwrap();
        assert_eq!(names(2).len(), 0, "it grew");
        assert_eq!(names(2).len(), 0);
        assert_eq!(names(2), ["f.csv"]);
        assert_eq!(names(0), ["f.csv"]);
        fs::remove_file(&path).unwrap();
        assert_eq!(names(0).len(), 0);
        assert!(Folder::take(temporary.path()).is_err(), "one watcher at a time");
    }

    #[test]
    fn no_two_files_get_one_name() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::take(temporary.path()).unwrap();
        let free = || folder.destination(OsStr::new("f.csv"), "20260102-030405", true);
        assert_eq!(free().shown, "procesados/20260102-030405-f.csv");
        fs::write(free().summary, "").unwrap();
        assert_eq!(free().shown, "procesados/20260102-030405-2-f.csv");
        fs::write(free().file, "").unwrap();
        assert_eq!(free().shown, "procesados/20260102-030405-3-f.csv");
    }
}
