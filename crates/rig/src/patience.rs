//! Waiting for processes, with a deadline.

use anyhow::{Result, bail};
use std::thread;
use std::time::{Duration, Instant};

/// How long a server may take for anything it is asked, on a machine that is busy.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

const PAUSE: Duration = Duration::from_millis(5);

/// Asks until there is an answer, every five milliseconds. `what` is what the error says did not come.
pub(crate) fn wait_for<T>(what: &str, ask: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    wait_at_most(PATIENCE, what, ask)
}

/// The same, for as long as that.
pub(crate) fn wait_at_most<T>(
    patience: Duration,
    what: &str,
    mut ask: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let deadline = now() + patience;
    loop {
        if let Some(answer) = ask()? {
            return Ok(answer);
        }
        if now() > deadline {
            bail!("{what} did not come within {patience:?}");
        }
        thread::sleep(PAUSE);
    }
}

#[expect(clippy::disallowed_methods, reason = "whoever waits for a process has a deadline")]
fn now() -> Instant {
    Instant::now()
}
