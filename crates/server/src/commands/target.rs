//! Where a result goes that may be a file: standard output, or a file that takes its name once it is
//! whole.

use std::fs::{self, File};
use std::io::{self, IsTerminal as _, Seek as _, Write as _};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};

use crate::output;
use crate::problem::{Problem, to_reason};

/// Where a result goes.
#[derive(Debug)]
pub(super) struct Target {
    out: File,
    end: End,
}

/// What is left to do once all is written.
#[derive(Debug)]
enum End {
    /// Nothing: it went to standard output as it came.
    Streamed,
    /// It goes to standard output now.
    Held,
    /// The file takes its name.
    Named(Draft),
}

/// A file that is being written; removed unless it is kept.
#[derive(Debug)]
struct Draft {
    path: PathBuf,
    to: PathBuf,
}

impl Drop for Draft {
    fn drop(&mut self) {
        // One that was kept has another name by now.
        fs::remove_file(&self.path).ok();
    }
}

impl Target {
    /// Opens it: standard output where no file is named.
    pub(super) fn open(file: Option<&Path>) -> anyhow::Result<Self> {
        match file {
            Some(file) => Self::named(file),
            None => Ok(Self { out: standard_output()?, end: End::Streamed }),
        }
    }

    /// The same for what is read of the books as it is written. Whoever reads standard output may be slow,
    /// and the books must not wait: it gets what was written once it is whole, and nothing of what is not.
    pub(super) fn open_held(file: Option<&Path>) -> anyhow::Result<Self> {
        if let Some(file) = file {
            return Self::named(file);
        }
        let out = tempfile::tempfile().map_err(|error| {
            let reason = to_reason(&error);
            Problem::store(format!("no se pudo crear un archivo temporal: {reason}"))
        })?;
        Ok(Self { out, end: End::Held })
    }

    fn named(to: &Path) -> anyhow::Result<Self> {
        let shown = to.display();
        let is_other = fs::metadata(to).is_ok_and(|there| !there.is_file());
        let name = to.file_name().filter(|_| !is_other);
        let Some(name) = name else {
            return Err(Problem::usage(format!("--output {shown}: no es un archivo")));
        };
        // Beside it, since only there a name is changed at one stroke; of this process alone.
        let draft = format!("{}.{}.parcial", name.to_string_lossy(), std::process::id());
        let path = to.with_file_name(draft);
        let out = File::create(&path).map_err(|error| {
            let reason = to_reason(&error);
            Problem::usage(format!("--output {shown}: no se pudo crear: {reason}"))
        })?;
        Ok(Self { out, end: End::Named(Draft { path, to: to.to_owned() }) })
    }

    /// What is written to.
    pub(super) fn to_out(&self) -> io::Result<File> {
        self.out.try_clone()
    }

    /// Ends what was written whole: a file gets its name, once it is on the disk.
    pub(super) fn keep(mut self) -> io::Result<()> {
        match &self.end {
            End::Streamed => Ok(()),
            End::Held => {
                self.out.rewind()?;
                io::copy(&mut self.out, &mut standard_output()?).map(drop)
            }
            End::Named(draft) => {
                self.out.sync_all()?;
                fs::rename(&draft.path, &draft.to)
            }
        }
    }
}

fn standard_output() -> io::Result<File> {
    io::stdout().as_fd().try_clone_to_owned().map(File::from)
}

/// Refuses a terminal for what nobody reads there; `what` begins the sentence.
pub(super) fn require_no_terminal(file: Option<&Path>, what: &str) -> anyhow::Result<()> {
    if file.is_none() && io::stdout().is_terminal() {
        return Err(Problem::usage(format!(
            "{what} no se lee en una terminal: diga en qué archivo queda, con --output ARCHIVO"
        )));
    }
    Ok(())
}

/// Writes what is whole already.
pub(super) fn write(file: Option<&Path>, bytes: &[u8]) -> anyhow::Result<()> {
    let target = Target::open(file)?;
    let written = target.to_out().and_then(|mut out| out.write_all(bytes));
    output::to_written(written.and_then(|()| target.keep()))
}
