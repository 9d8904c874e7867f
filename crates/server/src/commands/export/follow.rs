//! `--follow`: what comes is written as it comes, until somebody has had enough.

use std::io::{self, Write};
use std::os::fd::AsFd as _;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tokio::io::Interest;
use tokio::net::unix::pipe;
use tokio::sync::oneshot;

use super::rows::Rows;
use super::{Cut, List, copy};
use crate::books::Books;
use crate::commands::serve::Signals;

/// How long the page at hand may take to be written once a signal has come.
const FAREWELL: Duration = Duration::from_secs(1);

/// Writes a list and what is added to it, until the reader closes its end, a signal comes, or the
/// list has all the rows that were wanted.
pub(super) fn follow<T: 'static>(
    books: &Books,
    list: List<T>,
    mut rows: Rows<impl Write + Send + 'static>,
) -> Result<(), Cut> {
    let (stop, stopped) = mpsc::channel::<()>();
    let (tell, mut ended) = oneshot::channel();
    books.wait(async {
        let mut signals = Signals::install().map_err(Cut::Write)?;
        // On a thread of its own: whoever waits for a reader hears no signal.
        thread::spawn(move || tell.send(copy(&list, &mut rows, Some(&stopped))));
        tokio::select! {
            ended = &mut ended => return ended.unwrap_or(Ok(0)).map(drop),
            () = reader_gone() => return Ok(()),
            () = signals.next() => drop(stop),
        }
        // A reader that takes longer is left with what it has.
        let ended = tokio::time::timeout(FAREWELL, ended).await;
        ended.ok().and_then(Result::ok).map_or(Ok(()), |ended| ended.map(drop))
    })
}

/// Waits until whoever reads standard output has closed its end: for ever where it is a file, which
/// has no reader.
async fn reader_gone() {
    let out = io::stdout().as_fd().try_clone_to_owned();
    // Nothing is written through it: it is watched, and stays as whoever shares it wants it.
    let out = out.and_then(pipe::Sender::from_owned_fd_unchecked);
    let is_gone = match &out {
        Ok(out) => out.ready(Interest::ERROR).await.is_ok(),
        Err(_) => false,
    };
    if !is_gone {
        std::future::pending::<()>().await;
    }
}
