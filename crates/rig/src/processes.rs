//! The processes of a server: those that work in its data directory.

use crate::patience::wait_for;
use anyhow::Result;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::path::Path;

/// Ends them all at once, as a power cut would: nothing of the server runs when this returns.
pub(crate) fn kill(postmaster: Option<Pid>, data: &Path) -> Result<()> {
    hold(postmaster);
    wait_for("the end of a server's processes", || {
        let alive = working_in(data)?;
        send(&alive, Signal::KILL);
        Ok(alive.is_empty().then_some(()))
    })
}

/// Stops them all where they are.
pub(crate) fn freeze(postmaster: Option<Pid>, data: &Path) -> Result<()> {
    hold(postmaster);
    send(&working_in(data)?, Signal::STOP);
    Ok(())
}

pub(crate) fn thaw(data: &Path) -> Result<()> {
    send(&working_in(data)?, Signal::CONT);
    Ok(())
}

/// A postmaster that stands still starts no process behind the back of whoever lists them, nor does it
/// see one of them die, and take that for a crash to recover from.
fn hold(postmaster: Option<Pid>) {
    send(postmaster.as_slice(), Signal::STOP);
}

fn send(processes: &[Pid], signal: Signal) {
    for process in processes {
        // One that ended meanwhile needs no signal.
        kill_process(*process, signal).ok();
    }
}

/// Every process of a server works in its data directory, whoever its parent is by now.
fn working_in(data: &Path) -> Result<Vec<Pid>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let entry = entry?;
        let id = entry.file_name().to_str().and_then(|name| name.parse().ok());
        let Some(id) = id.and_then(Pid::from_raw) else { continue };
        if fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == data) {
            found.push(id);
        }
    }
    Ok(found)
}
