//! Whether the service serves at the moment, and what it has in its books.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use ventanilla_store::{FileSizes, SignInCounts, StoreError, View};

use crate::Service;
use crate::meters::WriteMeters;

/// How long the writer may be at one batch until it counts as stuck, in microseconds. A commit that
/// waits for another process gives up after half of it.
const BATCH_AGE_US_MAX: u64 = 10_000_000;

/// How long a disk that was found full counts as full, in microseconds. What waits for the trail is tried
/// again more often than that: as long as the disk is full, it is found so.
const FULL_US: u64 = 10_000_000;

/// How long a database that was found out of reach in writing counts as such, in microseconds, unless
/// something was written since: it may be read all the same, as one that takes no writes.
const UNREACHABLE_US: u64 = 10_000_000;

/// Why nothing can be paid at the moment; in the order in which it is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unready {
    /// The store has failed: this process must end.
    StoreFailed,
    /// The disk is full.
    Full,
    /// The database cannot be reached, or takes no writes; looked for again where the books are read.
    Unreachable,
    /// The mirror cannot be written.
    Mirror,
    /// The queue is full, or the writer is stuck in a batch.
    Busy,
    /// The books cannot be read.
    Unreadable,
}

/// What there is in the books.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Entries in the journals of all companies, whoever wrote them.
    pub journal_entries: u64,
    /// Collectors' tokens that are taken now.
    pub tokens: u64,
    /// Users' sessions that are taken now.
    pub sessions: u64,
    /// Sessions of the console that are taken now.
    pub console_sessions: u64,
}

impl Service {
    /// What is in the books, if the service is ready for payments. Refusals in the order of
    /// [`Unready`]. It reads, for microseconds, and is not heard of where the disk hangs.
    pub fn ready(&self) -> Result<Holdings, Unready> {
        if *self.inner.writer.failed().borrow() {
            return Err(Unready::StoreFailed);
        }
        let (meters, now_us) = (self.write_meters(), self.inner.clock.elapsed_us());
        if meters.is_full(now_us, FULL_US) {
            return Err(Unready::Full);
        }
        if meters.unreachable.is_on(now_us, UNREACHABLE_US) {
            return Err(Unready::Unreachable);
        }
        if meters.mirror.state().is_some_and(|state| !state.is_ready) {
            return Err(Unready::Mirror);
        }
        let is_full = meters.queue_len.get() >= self.queue_len_max();
        let is_stuck = meters.batch_age_us(now_us) > BATCH_AGE_US_MAX;
        if is_full || is_stuck {
            return Err(Unready::Busy);
        }
        self.holdings().map_err(|error| {
            tracing::debug!(%error, "the books cannot be read");
            match error {
                StoreError::Unreachable(_) => Unready::Unreachable,
                _ => Unready::Unreadable,
            }
        })
    }

    fn holdings(&self) -> Result<Holdings, StoreError> {
        let (_, holdings) = self.try_snapshot_with(|view| self.holdings_of(view))?;
        Ok(holdings)
    }

    fn holdings_of(&self, view: &View<'_>) -> Result<Holdings, StoreError> {
        let mut journal_entries = 0;
        for company in view.companies()? {
            let counters = view.counters(company.id)?;
            let next = counters.map_or(1, |counters| counters.next_entry.to_i64());
            journal_entries += u64::try_from(next.saturating_sub(1)).unwrap_or(0);
        }
        let now = self.clock().now();
        let renewed_by = SignedDuration::from_secs(-self.settings().session_lifetime_s);
        let renewed_by = now.checked_add(renewed_by).unwrap_or(Timestamp::MIN);
        let SignInCounts { tokens, sessions } = view.sign_ins(now, renewed_by)?;
        let console_sessions = self.console_session_count(view, now)?;
        Ok(Holdings { journal_entries, tokens, sessions, console_sessions })
    }

    /// The bytes that the books take on disk, where they are in files of this machine.
    pub fn file_sizes(&self) -> Option<FileSizes> {
        self.inner.store.file_sizes()
    }

    /// What is counted of the write path.
    pub fn write_meters(&self) -> &Arc<WriteMeters> {
        self.inner.writer.meters()
    }

    /// Commands that may wait for the writer.
    pub fn queue_len_max(&self) -> u64 {
        u64::try_from(self.inner.settings.queue_len_max.max(1)).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::channel;

    use ventanilla_store::{CommitError, FaultPoint, Faults, Keys, Store};

    use super::*;
    use crate::failure::{WriteFailure, damaged};
    use crate::{Clock, Entropy, Settings};

    fn started(clock: &Clock) -> Service {
        let store = Store::memory(Keys::from_random([7; 64]));
        let settings = Settings { queue_len_max: 1, ..Settings::default() };
        Service::start(store, clock.clone(), Entropy::counted(1), settings).unwrap()
    }

    #[test]
    fn a_full_disk_is_told_until_it_was_not_full_for_a_while() {
        let clock = Clock::manual("2021-11-26T16:11:52Z".parse().unwrap());
        let service = started(&clock);
        let (answer, answered) = channel();
        service.inner.writer.submit(
            |_, _| Err::<(), _>(StoreError::Full("no room".into())),
            move |result| answer.send(result.is_err()).unwrap(),
        );
        assert!(answered.recv().unwrap());
        assert_eq!(service.ready(), Err(Unready::Full));
        clock.set("2021-11-26T16:12:01.9Z".parse().unwrap());
        assert_eq!(service.ready(), Err(Unready::Full));
        clock.set("2021-11-26T16:12:02Z".parse().unwrap());
        assert!(service.ready().is_ok());
    }

    #[test]
    fn a_database_out_of_reach_is_told_until_something_is_written_or_for_a_while() {
        let clock = Clock::manual("2021-11-26T16:11:52Z".parse().unwrap());
        let service = started(&clock);
        let write = |is_there: bool| {
            let (answer, answered) = channel();
            service.inner.writer.submit(
                move |_, _| {
                    let away = || StoreError::Unreachable("no route".into());
                    is_there.then_some(()).ok_or_else(away)
                },
                move |result| answer.send(result).unwrap(),
            );
            answered.recv().unwrap()
        };
        assert!(matches!(write(false), Err(WriteFailure::Unavailable)));
        assert_eq!(service.ready(), Err(Unready::Unreachable), "though it can be read");
        write(true).unwrap();
        assert!(service.ready().is_ok());
        write(false).unwrap_err();
        clock.set("2021-11-26T16:12:01.9Z".parse().unwrap());
        assert_eq!(service.ready(), Err(Unready::Unreachable));
        clock.set("2021-11-26T16:12:02Z".parse().unwrap());
        assert!(service.ready().is_ok(), "nobody wrote, and it may be back");
    }

    /// A service of which so many snapshots fail.
    fn blind(cause: fn() -> StoreError, mut times: usize) -> Service {
        let faults = Faults::remote(1, move |point| match point {
            FaultPoint::Snapshot if times > 0 => {
                times -= 1;
                Err(CommitError::Nothing(cause()))
            }
            _ => Ok(()),
        });
        let store = Store::memory_with_faults(Keys::from_random([7; 64]), faults);
        Service::start(store, Clock::System, Entropy::counted(1), Settings::default()).unwrap()
    }

    #[test]
    fn books_that_cannot_be_read_are_told_by_what_is_in_the_way_while_it_is() {
        type Cause = fn() -> StoreError;
        let cases: [(Cause, usize, _); 5] = [
            (|| StoreError::Unreachable("no route".into()), 1, Err(Unready::Unreachable)),
            (|| StoreError::Busy("others".into()), 1, Err(Unready::Unreadable)),
            (|| damaged("a test"), 1, Err(Unready::Unreadable)),
            // One connection that broke is looked past, and another at once is not.
            (|| StoreError::Again("cut off".into()), 1, Ok(Holdings::default())),
            (|| StoreError::Again("cut off".into()), 2, Err(Unready::Unreadable)),
        ];
        for (cause, times, expected) in cases {
            let service = blind(cause, times);
            assert_eq!(service.ready(), expected, "{:?} {times}", cause());
            assert_eq!(service.ready(), Ok(Holdings::default()), "it comes back by itself");
        }
    }

    #[test]
    fn a_full_queue_and_a_stuck_writer_are_busy_until_it_goes_on() {
        let clock = Clock::manual("2021-11-26T16:11:52Z".parse().unwrap());
        let service = started(&clock);
        assert_eq!(service.ready(), Ok(Holdings::default()));
        let (release, held) = channel::<()>();
        let (start, started) = channel();
        let held = Mutex::new(held);
        let wait = move || {
            start.send(()).ok();
            held.lock().unwrap().recv().ok();
        };
        service.inner.writer.submit(
            move |_, _| {
                wait();
                Ok(())
            },
            drop,
        );
        started.recv().unwrap();
        assert!(service.ready().is_ok(), "a batch may take a while");
        clock.set("2021-11-26T16:12:03Z".parse().unwrap());
        assert_eq!(service.ready(), Err(Unready::Busy), "11 s are too long");
        clock.set("2021-11-26T16:12:02Z".parse().unwrap());
        assert!(service.ready().is_ok());
        let (answer, answered) = channel();
        service.inner.writer.submit(|_, _| Ok(()), move |_| answer.send(()).unwrap());
        assert_eq!(service.ready(), Err(Unready::Busy), "the queue is full");
        drop(release);
        answered.recv().unwrap();
        assert!(service.ready().is_ok());
    }
}
