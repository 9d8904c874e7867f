//! Verifying beside the service: what was written is read again, checked, and attested to.
//!
//! One thread follows the journals and the trails a page at a time, and rests nine times as long as it worked: it takes
//! a tenth of one processor at most. Each day it begins anew, so that what is changed behind its back is
//! found within a day. What it found sound is signed into the file of checkpoints, every five minutes
//! and at the end.

use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;
use std::{io, thread};

use jiff::Timestamp;
use ventanilla_store::Follower;

use crate::Service;
use crate::checkpoint::{Attested, Checkpoints};
use crate::hindrance::Hindrance;

/// Entries read at a time: one may hold thousands of bills.
const PAGE: usize = 50;
/// How long the thread rests where nothing is ahead.
const REST: Duration = Duration::from_secs(5);
/// How long at most after a page. One of a file's entries, with 200,000 bills, takes most of a second.
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// How many times as long it rests as it worked.
const PAUSES_PER_WORK: u64 = 9;
/// How long a round may have been over until the next begins.
const ROUND_US: u64 = 24 * 3_600 * 1_000_000;
/// How long after a checkpoint the next may come.
const CHECKPOINT_US: u64 = 300 * 1_000_000;
/// Pages that are checked at the end, so that the last checkpoint says what the last answer did.
const LAST_PAGES: usize = 40;
/// How long that may take until no page is begun any more: whoever stops a server waits to start the next.
const LAST_PAGES_US: u64 = 2_000_000;
/// Books that cannot be read are told again only after this long, in microseconds.
const UNREAD_QUIET_US: u64 = 60_000_000;

/// What the verifier has come to. Zeros until it was started.
#[derive(Debug, Default)]
pub struct VerifyMeters {
    /// Entries checked, those of each round.
    pub entries: AtomicU64,
    /// Entries that were still ahead at its last look.
    pub behind: AtomicU64,
    /// What it found to differ since it was started.
    pub findings: AtomicU64,
    /// When it last had nothing ahead, in seconds since 1970.
    pub caught_up_at_s: AtomicI64,
    /// When it wrote the last checkpoint, in seconds since 1970.
    pub checkpoint_at_s: AtomicI64,
}

/// The thread. Dropped, it writes a last checkpoint and ends.
#[derive(Debug)]
pub struct Verifier {
    stop: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Verifier {
    fn drop(&mut self) {
        drop(self.stop.take());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the verifier panicked");
        }
    }
}

impl Service {
    /// Begins to verify what is in the books and what comes, and to write checkpoints into a file.
    ///
    /// Where the books are not what the file attests to, that is logged and counted, and nothing more is
    /// signed: on lines that tell of other books no new one can rest.
    ///
    /// Errors in order: the file cannot be opened, the machine gives no thread.
    pub fn start_verifier(&self, path: &Path) -> io::Result<Verifier> {
        let checkpoints = Checkpoints::open(path)?;
        let (stop, stopped) = sync_channel(1);
        let run = Run {
            service: self.clone(),
            follower: Follower::default(),
            checkpoints,
            attested: Vec::new(),
            may_attest: true,
            round_since_us: 0,
            checkpoint_us: None,
            unread: Hindrance::default(),
        };
        let checkpoints = path.to_owned();
        let thread = thread::Builder::new().name("verifier".to_owned());
        let thread = thread.spawn(move || run.until(&stopped, &checkpoints))?;
        Ok(Verifier { stop: Some(stop), thread: Some(thread) })
    }

    /// What the verifier has come to.
    pub fn verify_meters(&self) -> &VerifyMeters {
        &self.inner.verified
    }
}

struct Run {
    service: Service,
    follower: Follower,
    checkpoints: Checkpoints,
    /// What the last checkpoint said.
    attested: Vec<Attested>,
    /// Whether the books are what the file says so far.
    may_attest: bool,
    round_since_us: u64,
    checkpoint_us: Option<u64>,
    /// That the books could not be read.
    unread: Hindrance,
}

impl Run {
    fn until(mut self, stopped: &Receiver<()>, checkpoints: &Path) {
        self.round_since_us = self.now_us();
        self.may_attest = self.is_as_attested(checkpoints);
        let mut pause = Duration::ZERO;
        while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(pause) {
            pause = self.work();
        }
        let stopped_us = self.now_us();
        for _ in 0..LAST_PAGES {
            let is_late = self.now_us().saturating_sub(stopped_us) >= LAST_PAGES_US;
            if is_late || self.look() != Some(true) {
                break;
            }
        }
        self.attest();
    }

    /// Whether the books are what their checkpoints say; what is not is told.
    fn is_as_attested(&self, checkpoints: &Path) -> bool {
        match self.service.check_checkpoints(checkpoints) {
            Ok(Ok(report)) => {
                report.findings.iter().for_each(|finding| self.tell(finding));
                report.findings.is_empty()
            }
            // What is wrong has been logged; it says nothing against the books.
            Ok(Err(_)) => true,
            Err(error) => {
                tracing::error!(%error, "the checkpoints cannot be read");
                false
            }
        }
    }

    fn tell(&self, finding: &str) {
        tracing::error!(finding, "the books are not what their journal or checkpoints say");
        self.service.verify_meters().findings.fetch_add(1, Ordering::Relaxed);
    }

    fn now_us(&self) -> u64 {
        self.service.clock().elapsed_us()
    }

    /// Checks a page, attests where it is time, and says how long to rest.
    fn work(&mut self) -> Duration {
        let began_us = self.now_us();
        let is_behind = self.look();
        let now_us = self.now_us();
        let is_due = match self.checkpoint_us {
            None => is_behind == Some(false),
            Some(last) => now_us.saturating_sub(last) >= CHECKPOINT_US,
        };
        if is_due {
            self.attest();
        }
        if is_behind == Some(true) {
            return pause_after(now_us.saturating_sub(began_us));
        }
        if now_us.saturating_sub(self.round_since_us) >= ROUND_US {
            (self.follower, self.round_since_us) = (Follower::default(), now_us);
        }
        REST
    }

    /// Checks a page: whether more is ahead, or `None` where the books could not be read.
    fn look(&mut self) -> Option<bool> {
        // What a server that is gone has paid and not sealed is nobody's else to seal.
        let store = self.service.store();
        let step = match store.settle().and_then(|()| store.follow(&mut self.follower, PAGE)) {
            Ok(step) => step,
            Err(error) => {
                let error = crate::failure::chain(&error);
                if self.unread.find(self.now_us(), UNREAD_QUIET_US) {
                    tracing::warn!(error, "nothing was verified");
                } else {
                    tracing::debug!(error, "nothing was verified");
                }
                return None;
            }
        };
        let meters = self.service.verify_meters();
        meters.entries.fetch_add(step.entries, Ordering::Relaxed);
        meters.behind.store(step.behind, Ordering::Relaxed);
        step.findings.iter().for_each(|finding| self.tell(finding));
        if step.behind == 0 {
            meters.caught_up_at_s.store(self.now().as_second(), Ordering::Relaxed);
        }
        Some(step.behind > 0)
    }

    fn now(&self) -> Timestamp {
        self.service.clock().now()
    }

    /// Signs how far the journals are sound, where that is farther than was signed before. A new round
    /// comes from far behind: it attests to nothing until it has caught up.
    fn attest(&mut self) {
        if !self.may_attest {
            return;
        }
        let heads = Attested::by(&self.follower);
        let last_of = |heads: &[Attested], chain| {
            heads.iter().find(|head| head.chain == chain).map(|head| head.last)
        };
        let is_later = |head: &Attested| last_of(&self.attested, head.chain) < Some(head.last);
        let is_earlier = |before: &Attested| {
            last_of(&heads, before.chain).is_some_and(|last| last < before.last)
        };
        if !heads.iter().any(is_later) || self.attested.iter().any(is_earlier) {
            return;
        }
        let at = self.now();
        match self.checkpoints.write(self.service.receipts(), at, &heads) {
            Ok(()) => {
                let meters = self.service.verify_meters();
                meters.checkpoint_at_s.store(at.as_second(), Ordering::Relaxed);
                self.attested = heads;
            }
            Err(error) => tracing::error!(%error, "no checkpoint could be written"),
        }
        self.checkpoint_us = Some(self.now_us());
    }
}

/// How long it rests after that much work.
fn pause_after(worked_us: u64) -> Duration {
    Duration::from_micros(worked_us.saturating_mul(PAUSES_PER_WORK)).min(PAUSE_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_page_takes_a_tenth_of_a_processor_too() {
        for (worked_ms, paused_ms) in [(0, 0), (1, 9), (700, 6_300), (5_000, 10_000)] {
            let paused = Duration::from_millis(paused_ms);
            assert_eq!(pause_after(worked_ms * 1_000), paused, "{worked_ms} ms");
        }
        assert_eq!(pause_after(u64::MAX), PAUSE_MAX);
    }
}
