//! Moving the write-ahead log into the file, off the path of a commit.
//!
//! The log must stay bounded without a stall: small passive steps that block nobody, and a restart
//! of the log only when almost nothing of it is left to move. The log is never truncated: a
//! recycled one syncs twice as fast as a growing one.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;

/// Between two looks at the log.
const PAUSE: Duration = Duration::from_millis(100);
/// Pages to be moved that are worth a step (16 MiB): a page that many commits wrote is moved once.
const PAGES_TO_MOVE: i64 = 4_000;
/// Pages in the log from which it is started anew (64 MiB).
const PAGES_TO_RESTART: i64 = 16_000;
/// Pages left to move that do not hold a writer up (about 1 ms).
const TAIL_SHORT: i64 = 64;

/// Steps in a row that catch up with a writer; each is shorter than the one before it.
const STEPS: usize = 8;

/// The thread that moves the log; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Checkpointer {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    pub(super) fn start(connection: Connection) -> Self {
        let (stop, stopped) = channel();
        let thread = std::thread::Builder::new().name("checkpoint".to_owned()).spawn(move || {
            let mut is_failing = false;
            while stopped.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
                let outcome = step(&connection);
                // Told once, and not at each look while a disk stays full.
                if let (false, Err(error)) = (is_failing, &outcome) {
                    tracing::warn!(%error, "the log was not moved");
                }
                is_failing = outcome.is_err();
            }
        });
        // Without the thread the log only grows: payments go on, and the last close moves it.
        let thread =
            thread.inspect_err(|error| tracing::error!(%error, "no thread for the log")).ok();
        Self { stop: Some(stop), thread }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.stop.take();
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread of the log panicked");
        }
    }
}

fn step(connection: &Connection) -> rusqlite::Result<()> {
    let (pages, moved) = checkpoint(connection, "PRAGMA wal_checkpoint(NOOP)")?;
    if pages.saturating_sub(moved) < PAGES_TO_MOVE {
        return Ok(());
    }
    for _ in 0..STEPS {
        checkpoint(connection, "PRAGMA wal_checkpoint(PASSIVE)")?;
        // A step tells the log as it stood at its start: only a new look sees what came since.
        let (pages, moved) = checkpoint(connection, "PRAGMA wal_checkpoint(NOOP)")?;
        if pages < PAGES_TO_RESTART {
            return Ok(());
        }
        if pages.saturating_sub(moved) <= TAIL_SHORT {
            // A reader or a writer in the way is not waited for: the next look tries again.
            connection.busy_timeout(Duration::from_millis(2))?;
            checkpoint(connection, "PRAGMA wal_checkpoint(RESTART)")?;
            return Ok(());
        }
    }
    Ok(())
}

/// Pages in the log, and how many of them are in the file.
pub(super) fn checkpoint(connection: &Connection, pragma: &str) -> rusqlite::Result<(i64, i64)> {
    connection.query_row(pragma, [], |row| Ok((row.get(1)?, row.get(2)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_moved_and_then_started_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.db");
        std::fs::File::create(&path).unwrap();
        let connection = || super::super::connect(&path);
        let (writer, mover) = (connection().unwrap(), connection().unwrap());
        writer.execute_batch("CREATE TABLE page (content BLOB)").unwrap();
        let write = |pages: i64| {
            let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT ?1) \
                       INSERT INTO page SELECT zeroblob(4000) FROM n";
            writer.execute(sql, [pages]).unwrap();
        };
        let glance = || checkpoint(&mover, "PRAGMA wal_checkpoint(NOOP)").unwrap();
        write(PAGES_TO_MOVE / 2);
        step(&mover).unwrap();
        assert_eq!(glance().1, 0, "a short log is left alone, and looking moves nothing");
        write(PAGES_TO_MOVE);
        step(&mover).unwrap();
        let (all, copied) = glance();
        assert!(all > PAGES_TO_MOVE && copied == all, "{copied} of {all} pages moved");
        write(PAGES_TO_RESTART);
        step(&mover).unwrap();
        write(1);
        assert!(glance().0 < PAGES_TO_MOVE, "the log was started anew: {:?}", glance());
    }
}
