//! The folder that servers live in, and who clears it away. A test process may be killed: then nothing of
//! this program runs any more, so a guardian outside it waits for its end.

use crate::toolbox::Toolbox;
use anyhow::{Context as _, Result};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, Stdio};

/// Folders of this rig are called this, the number of their process, and some letters.
const PREFIX: &str = "ventanilla-rig.";

const GUARDIAN: &str = include_str!("nest.sh");

/// A folder of servers, which is gone with them when this is dropped or this process ends.
#[derive(Debug)]
pub(crate) struct Nest {
    folder: PathBuf,
    guardian: Child,
}

impl Nest {
    /// A new one for servers of PostgreSQL, who may write into it.
    pub(crate) fn for_servers(toolbox: &Toolbox) -> Result<Self> {
        let nest = Self::build()?;
        toolbox.own(nest.folder())?;
        Ok(nest)
    }

    /// A new one in the folder for temporary files, where what processes that were killed together with
    /// their guardians left is swept first.
    pub(crate) fn build() -> Result<Self> {
        let temporary = std::env::temp_dir();
        sweep(&temporary);
        let folder = tempfile::Builder::new()
            .prefix(&format!("{PREFIX}{}.", process::id()))
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in(&temporary)
            .with_context(|| format!("cannot make a folder in {}", temporary.display()))?;
        // As the system names it, which is how a process's working directory is told.
        let canonical = folder.path().canonicalize()?;
        let guardian = guard(&canonical)?;
        drop(folder.keep());
        Ok(Self { folder: canonical, guardian })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Nest {
    fn drop(&mut self) {
        // Nobody waits for the guardian: on some disks it takes seconds to remove some thousand files.
        drop(self.guardian.stdin.take());
    }
}

/// Starts who clears the folder away at the end of this process. In a group of its own: what a terminal
/// interrupts is the tests.
fn guard(folder: &Path) -> Result<Child> {
    clearing(folder).stdin(Stdio::piped()).spawn().context("cannot start `sh`")
}

fn clearing(folder: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", GUARDIAN, "sh"]).arg(folder).process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Clears away the folders of processes that are no more. What cannot be removed is another user's.
fn sweep(temporary: &Path) {
    for entry in fs::read_dir(temporary).into_iter().flatten().filter_map(Result::ok) {
        if is_abandoned(&entry.file_name()) {
            clearing(&entry.path()).status().ok();
        }
    }
}

fn is_abandoned(name: &OsStr) -> bool {
    let rest = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
    let owner = rest.and_then(|rest| rest.split('.').next()?.parse::<u32>().ok());
    owner.is_some_and(|owner| !Path::new("/proc").join(owner.to_string()).exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_dead_process_left_is_swept_and_nothing_else() {
        let temporary = tempfile::tempdir().unwrap();
        // No process has a number this high.
        let dead = format!("{PREFIX}4194305.x");
        let alive = format!("{PREFIX}{}.x", process::id());
        let names = [dead.as_str(), alive.as_str(), "ventanilla-rig.x.x", "other.4194305.x"];
        for name in names {
            fs::create_dir_all(temporary.path().join(name).join("data")).unwrap();
        }
        sweep(temporary.path());
        let left: Vec<&str> =
            names.into_iter().filter(|name| temporary.path().join(name).exists()).collect();
        assert_eq!(left, names[1..]);
    }
}
