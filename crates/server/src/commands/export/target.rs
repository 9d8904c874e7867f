//! Where an export goes.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};

use crate::problem::{Problem, to_reason};

/// Where an export goes: standard output, or a file that takes its name once it is whole.
#[derive(Debug)]
pub(super) struct Target {
    out: File,
    draft: Option<Draft>,
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
        let Some(to) = file else {
            let out = File::from(io::stdout().as_fd().try_clone_to_owned()?);
            return Ok(Self { out, draft: None });
        };
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
        Ok(Self { out, draft: Some(Draft { path, to: to.to_owned() }) })
    }

    /// What is written to.
    pub(super) fn to_out(&self) -> io::Result<File> {
        self.out.try_clone()
    }

    /// Gives a file that was written whole its name, once it is on the disk.
    pub(super) fn keep(self) -> io::Result<()> {
        let Some(draft) = &self.draft else { return Ok(()) };
        self.out.sync_all()?;
        fs::rename(&draft.path, &draft.to)
    }
}
