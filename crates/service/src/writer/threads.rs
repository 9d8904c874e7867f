//! What each of the writer's threads does with what it takes: one transaction for each group.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use ventanilla_store::{CommitError, Group, Store, StoreError, Tx, Wanted};

use super::command::{Commands, Waiting, answer, part};
use super::queue::{Batch, Queue, Taken};
use super::turns::Turns;
use crate::failure::{self, WriteFailure};
use crate::meters::WriteMeters;
use crate::mirror::{Keeper, Leave};
use crate::{Clock, Entropy};

/// What hinders every write is told again only after this long, in microseconds.
const QUIET_US: u64 = 60_000_000;
/// How often a group runs again at most, and how long it waits before: a random part of the time, which
/// doubles each time, so that two that were in each other's way part.
const AGAIN_MAX: u32 = 8;
const PAUSE_FIRST_US: u64 = 1_000;
const PAUSE_MAX_US: u64 = 50_000;
/// How long a batch may have taken when it finds the database out of reach: what is left of it is answered
/// at once then, and waits for no more connections that do not come.
const PATIENCE_US: u64 = 1_000_000;

/// What is left to be done once a group is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    Nothing,
    /// The mirror gets what nobody waited for.
    Owed,
}

/// Why a group has no answers of its own.
enum Missed {
    Commit(CommitError),
    /// The mirror cannot be written: nothing was changed.
    NoMirror,
    /// What was committed is not in the mirror.
    Unmirrored,
}

impl From<CommitError> for Missed {
    fn from(error: CommitError) -> Self {
        Self::Commit(error)
    }
}

/// How a transaction begins.
#[derive(Clone, Copy)]
enum Opening<'o> {
    /// As one that may write anything.
    Own,
    /// As one of a group: what waited at that moment is known to the store.
    Group(&'o Group, &'o [Option<&'o Wanted>]),
}

/// One of the writer's threads.
pub(super) struct WriterThread {
    /// Which one, from 0.
    pub(super) number: usize,
    pub(super) queue: Arc<Queue>,
    pub(super) turns: Option<Arc<Turns>>,
    /// What waited for what this thread has just done, and is its to do.
    pub(super) next: Commands,
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) entropy: Entropy,
    pub(super) batch_len_max: usize,
    pub(super) fail: watch::Sender<bool>,
    pub(super) meters: Arc<WriteMeters>,
    /// Where the store can have a mirror; there is one thread then.
    pub(super) keeper: Option<Keeper>,
    /// When the batch under way was taken, in [`Clock::elapsed_us`].
    pub(super) batch_since_us: u64,
}

impl WriterThread {
    pub(super) fn run(&mut self) {
        loop {
            // Where there is a mirror, a silence is used to look after it.
            let pause = self.keeper.as_ref().and_then(Keeper::pause);
            let pause = pause.filter(|_| !*self.fail.borrow());
            if !self.next.is_empty() {
                let mut batch = self.queue.take_now(self.batch_len_max);
                batch.commands.splice(..0, std::mem::take(&mut self.next));
                self.settle(batch);
                continue;
            }
            match self.queue.take(self.batch_len_max, pause) {
                Taken::Batch(batch) => self.settle(batch),
                Taken::Silence => self.look(),
                Taken::Over => return,
            }
        }
    }

    fn look(&mut self) {
        if let Some(keeper) = &mut self.keeper {
            keeper.look();
        }
    }

    fn settle(&mut self, batch: Batch) {
        let Batch { commands, lookers } = batch;
        let len = commands.len();
        self.queue.begun(len);
        self.batch_since_us = self.clock.elapsed_us();
        self.meters.begin_batch(self.number, self.batch_since_us);
        if !lookers.is_empty() {
            self.look();
            drop(lookers);
        }
        if let Some(turns) = self.turns.clone() {
            self.commit_in_turn(&turns, commands);
        } else if self.store.is_remote() {
            self.commit_groups(commands);
        } else {
            self.commit(commands, Opening::Own);
        }
        self.queue.settled(len);
        self.meters.end_batch(self.number);
    }

    /// Commits what waited at one moment; keeps what has come under the same keys meanwhile for the next.
    fn commit_in_turn(&mut self, turns: &Turns, commands: Commands) {
        let keys: Vec<_> = commands.iter().filter_map(|command| command.key()).collect();
        self.commit_groups(commands);
        self.next = turns.end(&keys);
        self.meters.queue_len.taken(self.next.len());
    }

    /// Commits what waited at one moment, each group of it by a transaction.
    fn commit_groups(&mut self, mut commands: Commands) {
        if commands.is_empty() {
            return;
        }
        let wanted: Vec<_> = commands.iter_mut().map(|command| command.take_wanted()).collect();
        let wanted: Vec<_> = wanted.iter().map(Option::as_deref).collect();
        let groups = self.again(|thread| {
            let groups = caught("a split into groups panicked", || thread.store.groups(&wanted));
            groups.map_err(|error| CommitError::Nothing(error).into())
        });
        let groups = match groups {
            Ok(groups) => groups,
            Err(missed) => return self.miss(commands, missed, Opening::Own),
        };
        let mut left: Vec<_> = commands.into_iter().map(Some).collect();
        for group in &groups {
            let places = group.places.iter();
            let of_group = places.filter_map(|place| left.get_mut(*place)?.take()).collect();
            self.commit(of_group, Opening::Group(group, &wanted));
        }
        // None is left where every command is in a group, as it must be; else it is on its own.
        self.commit_alone(left.into_iter().flatten().collect());
    }

    fn commit_alone(&mut self, commands: Commands) {
        for command in commands {
            self.commit(vec![command], Opening::Own);
        }
    }

    fn commit(&mut self, mut commands: Commands, opening: Opening<'_>) {
        if *self.fail.borrow() || self.has_lost_patience() {
            return answer(commands, Some(&WriteFailure::Unavailable));
        }
        match self.again(|thread| thread.attempt(&mut commands, opening)) {
            Ok(rest) => {
                if self.meters.unreachable.end() {
                    tracing::info!("the database is back");
                }
                self.time(&commands);
                answer(commands, None);
                if let (Rest::Owed, Some(keeper)) = (rest, &mut self.keeper) {
                    keeper.catch_up();
                }
            }
            Err(missed) => self.miss(commands, missed, opening),
        }
    }

    /// Answers a group of which nothing was kept, or runs its commands in another way.
    fn miss(&mut self, commands: Commands, missed: Missed, opening: Opening<'_>) {
        match missed {
            Missed::Commit(CommitError::Nothing(StoreError::NeedsOwn))
                if matches!(opening, Opening::Group(..)) =>
            {
                self.commit_alone(commands);
            }
            // One command may have spoilt the group: each runs again alone, once.
            Missed::Commit(CommitError::Nothing(
                StoreError::Damaged { .. } | StoreError::Full(_),
            )) if commands.len() > 1 => self.commit_alone(commands),
            Missed::Commit(error) => answer(commands, Some(&self.failure(error))),
            // A retry under the caller's key gets its success once the mirror is back.
            Missed::Unmirrored => answer(part(commands, &WriteFailure::Unknown), None),
            Missed::NoMirror => {
                // What waits for no mirror is committed; the rest changes nothing.
                let aside = part(commands, &WriteFailure::Unavailable);
                if !aside.is_empty() {
                    self.commit(aside, Opening::Own);
                }
            }
        }
    }

    /// Whether the database was found out of reach in this batch, after a long wait.
    fn has_lost_patience(&self) -> bool {
        let now_us = self.clock.elapsed_us();
        let age_us = now_us.saturating_sub(self.batch_since_us);
        age_us > PATIENCE_US && self.meters.unreachable.is_on(now_us, age_us)
    }

    /// Keeps how long those that are timed took up to now.
    fn time(&self, commands: &[Box<dyn Waiting>]) {
        let now_us = self.clock.elapsed_us();
        for since_us in commands.iter().filter_map(|command| command.timed_since_us()) {
            self.meters.payment_us.observe(now_us.saturating_sub(since_us));
        }
    }

    /// Runs what another transaction was in the way of, or a lost connection, until it is through.
    fn again<T>(
        &mut self,
        mut run: impl FnMut(&mut Self) -> Result<T, Missed>,
    ) -> Result<T, Missed> {
        for again in 0..AGAIN_MAX {
            match run(self) {
                Err(Missed::Commit(CommitError::Nothing(StoreError::Again(cause)))) => {
                    tracing::debug!(error = failure::chain(cause.as_ref()), "a group runs again");
                    self.meters.writes_retried.add_one();
                    std::thread::sleep(pause(again, u64::from_be_bytes(self.entropy.bytes())));
                }
                other => return other,
            }
        }
        run(self)
    }

    fn attempt(
        &mut self,
        commands: &mut [Box<dyn Waiting>],
        opening: Opening<'_>,
    ) -> Result<Rest, Missed> {
        let len = commands.len();
        let is_awaited = commands.iter().any(|command| command.is_mirrored());
        if let Some(keeper) = &mut self.keeper {
            keeper.prepare();
        }
        let tx = caught("a beginning panicked", || begin(&self.store, opening));
        let mut tx = tx.map_err(CommitError::Nothing)?;
        let leave = allow(self.keeper.as_mut(), &tx).map_err(CommitError::Nothing)?;
        if leave == Leave::Refused && is_awaited {
            return Err(Missed::NoMirror);
        }
        for command in commands {
            let now = self.clock.now();
            if let Some(keeper) = &self.keeper
                && leave == Leave::Mirrored
                && command.is_mirrored()
            {
                keeper.begin(now);
            }
            let run = caught("a command panicked", || command.run(&mut tx, now));
            run.map_err(CommitError::Nothing)?;
        }
        let started_us = self.clock.elapsed_us();
        let committed = catch_unwind(AssertUnwindSafe(|| tx.commit()));
        self.meters.committed(len, self.clock.elapsed_us().saturating_sub(started_us));
        committed.unwrap_or_else(|_| Err(CommitError::Unknown(panicked("a commit panicked"))))?;
        let Some(keeper) = self.keeper.as_mut().filter(|_| leave == Leave::Mirrored) else {
            return Ok(Rest::Nothing);
        };
        if !is_awaited {
            return Ok(Rest::Owed);
        }
        if keeper.catch_up() { Ok(Rest::Nothing) } else { Err(Missed::Unmirrored) }
    }

    /// What the callers are told; the chain of causes is logged here, once.
    fn failure(&self, error: CommitError) -> WriteFailure {
        let now_us = self.clock.elapsed_us();
        match error {
            CommitError::Nothing(StoreError::Full(_)) => {
                // Every attempt would say the same.
                let is_news = self.meters.found_full(now_us, QUIET_US);
                tell(is_news, &error, "nothing new is kept until there is room");
                WriteFailure::Unavailable
            }
            CommitError::Nothing(StoreError::Unreachable(_)) => {
                let is_news = self.meters.unreachable.find(now_us, QUIET_US);
                tell(is_news, &error, "nothing new is kept until the database can be reached");
                WriteFailure::Unavailable
            }
            CommitError::Nothing(StoreError::Busy(_) | StoreError::Again(_)) => {
                let is_news = self.meters.busy.find(now_us, QUIET_US);
                tell(is_news, &error, "nothing was committed");
                WriteFailure::Unavailable
            }
            CommitError::Nothing(StoreError::Io(_)) => {
                self.give_up(&error, "the disk failed");
                WriteFailure::Unavailable
            }
            CommitError::Nothing(error @ (StoreError::NeedsOwn | StoreError::Damaged { .. })) => {
                WriteFailure::Internal(failure::logged(&error, &self.entropy))
            }
            CommitError::Unknown(_) => {
                self.give_up(&error, "unknown commit");
                WriteFailure::Unknown
            }
        }
    }

    /// What is on a disk that failed can be told only by opening it anew, by another process; a store
    /// that goes on by itself has it looked up.
    fn give_up(&self, error: &CommitError, what: &'static str) {
        let error = failure::chain(error);
        if self.store.outlives_unknown() {
            tracing::error!(error, "{what}");
        } else {
            tracing::error!(error, "{what}; stopping");
            self.fail.send_replace(true);
        }
    }
}

fn begin<'s>(store: &'s Store, opening: Opening<'_>) -> Result<Tx<'s>, StoreError> {
    match opening {
        Opening::Own => store.begin(),
        Opening::Group(group, wanted) => store.begin_group(group, wanted),
    }
}

/// Whether a group may write. Where the store is mirrored is part of it: whoever writes reads it under
/// the same lock.
fn allow(keeper: Option<&mut Keeper>, tx: &Tx<'_>) -> Result<Leave, StoreError> {
    match keeper {
        Some(keeper) => Ok(keeper.allow(tx.view().mirror()?.as_deref())),
        None => Ok(Leave::Unmirrored),
    }
}

/// How long to wait before a group runs again, `again` times after the first: half of the time for sure,
/// the rest by chance.
fn pause(again: u32, chance: u64) -> Duration {
    let most_us = PAUSE_FIRST_US.saturating_mul(1 << again.min(AGAIN_MAX)).min(PAUSE_MAX_US);
    let half_us = most_us / 2;
    Duration::from_micros(half_us + chance % (most_us - half_us + 1))
}

fn tell(is_news: bool, error: &CommitError, what: &'static str) {
    let error = failure::chain(error);
    if is_news {
        tracing::warn!(error, "{what}");
    } else {
        tracing::debug!(error, "nothing was committed");
    }
}

fn caught<T>(
    what: &'static str,
    run: impl FnOnce() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| Err(panicked(what)))
}

fn panicked(what: &'static str) -> StoreError {
    StoreError::Damaged { what, cause: None }
}
