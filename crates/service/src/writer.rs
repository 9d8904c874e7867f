//! The one write path: commands wait in a queue, and one thread decides and commits them in groups.
//!
//! Group commit: one transaction and one sync for all that waits. Each command is decided in order,
//! a refusal costs only itself, and every answer of a group leaves after its commit, refusals too,
//! since a refusal may rest on a payment of the same group.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{
    Receiver, RecvTimeoutError, Sender, SyncSender, TrySendError, channel, sync_channel,
};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use jiff::Timestamp;
use tokio::sync::watch;
use ventanilla_store::{CommitError, MirrorError, Store, StoreError, Tx};

use crate::failure::{self, WriteFailure};
use crate::meters::WriteMeters;
use crate::mirror::{Keeper, Leave, MirrorProblem, OneDiskOnly};
use crate::{Clock, Entropy, Settings};

/// A full disk is told again only after this long without one, in microseconds.
const FULL_QUIET_US: u64 = 60_000_000;

/// What a command does inside the transaction: loads its facts, decides, and keeps the decision.
/// It may run twice: again, alone, when the group it was in failed before its commit.
pub(crate) trait Work<T>:
    Fn(&mut Tx<'_>, Timestamp) -> Result<T, StoreError> + Send
{
}
impl<T, F: Fn(&mut Tx<'_>, Timestamp) -> Result<T, StoreError> + Send> Work<T> for F {}

/// A command that waits.
trait Waiting: Send {
    fn run(&mut self, tx: &mut Tx<'_>, now: Timestamp) -> Result<(), StoreError>;
    /// When a command whose time is kept came, in [`Clock::elapsed_us`].
    fn timed_since_us(&self) -> Option<u64>;
    /// Whether its answer waits for the mirror.
    fn is_mirrored(&self) -> bool;
    fn answer(self: Box<Self>, failure: Option<WriteFailure>);
}

struct Command<T, W, A> {
    work: W,
    result: Option<T>,
    timed_since_us: Option<u64>,
    is_mirrored: bool,
    answer: A,
}

impl<T, W, A> Command<T, W, A> {
    fn new(work: W, answer: A) -> Self {
        Self { work, result: None, timed_since_us: None, is_mirrored: true, answer }
    }
}

impl<T, W, A> Waiting for Command<T, W, A>
where
    T: Send,
    W: Work<T>,
    A: FnOnce(Result<T, WriteFailure>) + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>, now: Timestamp) -> Result<(), StoreError> {
        self.result = Some((self.work)(tx, now)?);
        Ok(())
    }

    fn timed_since_us(&self) -> Option<u64> {
        self.timed_since_us
    }

    fn is_mirrored(&self) -> bool {
        self.is_mirrored
    }

    fn answer(self: Box<Self>, failure: Option<WriteFailure>) {
        let result = match (failure, self.result) {
            (Some(failure), _) => Err(failure),
            (None, Some(result)) => Ok(result),
            (None, None) => Err(WriteFailure::Unknown),
        };
        (self.answer)(result);
    }
}

enum Message {
    Run(Box<dyn Waiting>),
    /// To look after the mirror; whoever asks waits until the sender is gone.
    Look(Sender<()>),
    Stop,
}

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

/// The queue and its thread.
#[derive(Debug)]
pub(crate) struct Writer {
    queue: SyncSender<Message>,
    thread: Mutex<Option<JoinHandle<()>>>,
    failed: watch::Receiver<bool>,
    meters: Arc<WriteMeters>,
    mirror_problem: MirrorProblem,
    one_disk_only: Arc<OneDiskOnly>,
}

impl Writer {
    pub(crate) fn start(
        store: Store,
        clock: Clock,
        entropy: Entropy,
        settings: Settings,
    ) -> std::io::Result<Self> {
        let (queue, waiting) = sync_channel(settings.queue_len_max.max(1));
        let (fail, failed) = watch::channel(false);
        let batch_len_max = settings.batch_len_max.max(1);
        let failing = fail.clone();
        let meters = Arc::new(WriteMeters::default());
        let counted = Arc::clone(&meters);
        let (mirror_problem, one_disk_only) =
            (MirrorProblem::default(), Arc::<OneDiskOnly>::default());
        let keeper = Keeper::new(
            store.clone(),
            clock.clone(),
            Arc::clone(&meters.mirror),
            Arc::clone(&mirror_problem),
            Arc::clone(&one_disk_only),
        );
        let mut loop_ =
            Loop { store, clock, entropy, batch_len_max, fail, meters: counted, keeper };
        let thread = std::thread::Builder::new().name("writer".to_owned());
        let thread = thread.spawn(move || {
            // Without a writer nothing can be paid: the process must not live on without it.
            if catch_unwind(AssertUnwindSafe(|| loop_.run(&waiting))).is_err() {
                tracing::error!("the writer panicked; stopping");
                failing.send_replace(true);
            }
        })?;
        let thread = Mutex::new(Some(thread));
        Ok(Self { queue, thread, failed, meters, mirror_problem, one_disk_only })
    }

    /// Puts a command in the queue; `answer` is called once its commit has ended. A full queue, or
    /// one that takes no more, answers at once that nothing changed.
    pub(crate) fn submit<T: Send + 'static>(
        &self,
        work: impl Work<T> + 'static,
        answer: impl FnOnce(Result<T, WriteFailure>) + Send + 'static,
    ) {
        self.enqueue(Box::new(Command::new(work, answer)));
    }

    /// The same for what binds nobody (who is signed in, the trail): it waits for no mirror.
    pub(crate) fn submit_aside<T: Send + 'static>(
        &self,
        work: impl Work<T> + 'static,
        answer: impl FnOnce(Result<T, WriteFailure>) + Send + 'static,
    ) {
        self.enqueue(Box::new(Command { is_mirrored: false, ..Command::new(work, answer) }));
    }

    /// The same for a payment that came at `since_us`: its time is kept if it is decided.
    pub(crate) fn submit_payment<T: Send + 'static>(
        &self,
        work: impl Work<T> + 'static,
        since_us: u64,
        answer: impl FnOnce(Result<T, WriteFailure>) + Send + 'static,
    ) {
        let timed_since_us = Some(since_us);
        self.enqueue(Box::new(Command { timed_since_us, ..Command::new(work, answer) }));
    }

    fn enqueue(&self, command: Box<dyn Waiting>) {
        let message = match self.queue.try_send(Message::Run(command)) {
            Ok(()) => return self.meters.queue_len.submitted(),
            Err(TrySendError::Full(message)) => {
                self.meters.commands_refused.add_one();
                message
            }
            Err(TrySendError::Disconnected(message)) => message,
        };
        if let Message::Run(command) = message {
            command.answer(Some(WriteFailure::Unavailable));
        }
    }

    /// Looks after the mirror between two groups. Blocking.
    pub(crate) fn look(&self) {
        let (looking, looked) = channel();
        if self.queue.send(Message::Look(looking)).is_ok() {
            // Nothing is ever sent: the sender goes when the look is over.
            looked.recv().ok();
        }
    }

    /// Why the mirror cannot be written, where it cannot.
    pub(crate) fn mirror_problem(&self) -> Option<Arc<MirrorError>> {
        self.mirror_problem.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What may be on the disk of the books alone.
    pub(crate) fn one_disk_only(&self) -> &OneDiskOnly {
        &self.one_disk_only
    }

    /// What is counted of the queue and the commits.
    pub(crate) fn meters(&self) -> &Arc<WriteMeters> {
        &self.meters
    }

    /// Finishes what waits, takes no more, and ends the thread. Blocking.
    pub(crate) fn stop(&self) {
        // Where the thread has ended already, nobody listens and nothing is left to do.
        if self.queue.send(Message::Stop).is_err() {
            tracing::debug!("the writer had ended");
        }
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the writer panicked");
        }
    }

    /// Turns true once the store has failed and the process must end.
    pub(crate) fn failed(&self) -> watch::Receiver<bool> {
        self.failed.clone()
    }
}

struct Loop {
    store: Store,
    clock: Clock,
    entropy: Entropy,
    batch_len_max: usize,
    fail: watch::Sender<bool>,
    meters: Arc<WriteMeters>,
    keeper: Keeper,
}

impl Loop {
    fn run(&mut self, waiting: &Receiver<Message>) {
        let mut is_open = true;
        while is_open {
            let Some(first) = self.next(waiting) else { return };
            let (mut batch, mut lookers) = (Vec::new(), Vec::new());
            let mut next = Some(first);
            while let Some(message) = next {
                match message {
                    Message::Run(command) => batch.push(command),
                    Message::Look(looker) => lookers.push(looker),
                    Message::Stop => is_open = false,
                }
                let has_room = is_open && batch.len() < self.batch_len_max;
                next = if has_room { waiting.try_recv().ok() } else { None };
            }
            self.meters.queue_len.taken(batch.len());
            self.meters.begin_batch(self.clock.elapsed_us());
            if !lookers.is_empty() {
                self.keeper.look();
                drop(lookers);
            }
            self.commit(batch);
            self.meters.end_batch();
        }
        // What came in behind the stop never ran.
        while let Ok(late) = waiting.try_recv() {
            if let Message::Run(late) = late {
                self.meters.queue_len.taken(1);
                late.answer(Some(WriteFailure::Unavailable));
            }
        }
    }

    /// What comes next. Where there is a mirror, a silence is used to look after it.
    fn next(&mut self, waiting: &Receiver<Message>) -> Option<Message> {
        loop {
            let Some(pause) = self.keeper.pause().filter(|_| !*self.fail.borrow()) else {
                return waiting.recv().ok();
            };
            match waiting.recv_timeout(pause) {
                Ok(message) => return Some(message),
                Err(RecvTimeoutError::Timeout) => self.keeper.look(),
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    fn commit(&mut self, mut batch: Vec<Box<dyn Waiting>>) {
        if *self.fail.borrow() {
            return answer(batch, Some(&WriteFailure::Unavailable));
        }
        match self.attempt(&mut batch) {
            Ok(rest) => {
                self.time(&batch);
                answer(batch, None);
                if rest == Rest::Owed {
                    self.keeper.catch_up();
                }
            }
            // One command may have spoilt the group: each runs again alone, once.
            Err(Missed::Commit(CommitError::Nothing(
                StoreError::Damaged { .. } | StoreError::Full(_),
            ))) if batch.len() > 1 => {
                for command in batch {
                    self.commit(vec![command]);
                }
            }
            Err(Missed::Commit(error)) => answer(batch, Some(&self.failure(error))),
            // A retry under the caller's key gets its success once the mirror is back.
            Err(Missed::Unmirrored) => {
                let aside = part(batch, &WriteFailure::Unknown);
                answer(aside, None);
            }
            Err(Missed::NoMirror) => self.commit_aside(batch),
        }
    }

    /// Commits what waits for no mirror; the rest changes nothing.
    fn commit_aside(&mut self, batch: Vec<Box<dyn Waiting>>) {
        let aside = part(batch, &WriteFailure::Unavailable);
        if !aside.is_empty() {
            self.commit(aside);
        }
    }

    /// Keeps how long those that are timed took up to now.
    fn time(&self, batch: &[Box<dyn Waiting>]) {
        let now_us = self.clock.elapsed_us();
        for since_us in batch.iter().filter_map(|command| command.timed_since_us()) {
            self.meters.payment_us.observe(now_us.saturating_sub(since_us));
        }
    }

    fn attempt(&mut self, batch: &mut [Box<dyn Waiting>]) -> Result<Rest, Missed> {
        let len = batch.len();
        let is_awaited = batch.iter().any(|command| command.is_mirrored());
        self.keeper.prepare();
        let mut tx = self.store.begin().map_err(CommitError::Nothing)?;
        // Where the store is mirrored is part of it: whoever writes reads it under the same lock.
        let path = tx.view().mirror().map_err(CommitError::Nothing)?;
        let leave = self.keeper.allow(path.as_deref());
        if leave == Leave::Refused && is_awaited {
            return Err(Missed::NoMirror);
        }
        for command in batch {
            let now = self.clock.now();
            if leave == Leave::Mirrored && command.is_mirrored() {
                self.keeper.begin(now);
            }
            let run = catch_unwind(AssertUnwindSafe(|| command.run(&mut tx, now)));
            let run = run.unwrap_or_else(|_| Err(panicked("a command panicked")));
            run.map_err(CommitError::Nothing)?;
        }
        let started_us = self.clock.elapsed_us();
        let committed = catch_unwind(AssertUnwindSafe(|| tx.commit()));
        self.meters.committed(len, self.clock.elapsed_us().saturating_sub(started_us));
        committed.unwrap_or_else(|_| Err(CommitError::Unknown(panicked("a commit panicked"))))?;
        match leave {
            Leave::Unmirrored | Leave::Refused => Ok(Rest::Nothing),
            Leave::Mirrored if !is_awaited => Ok(Rest::Owed),
            Leave::Mirrored if self.keeper.catch_up() => Ok(Rest::Nothing),
            Leave::Mirrored => Err(Missed::Unmirrored),
        }
    }

    /// What the callers are told; the chain of causes is logged here, once.
    fn failure(&self, error: CommitError) -> WriteFailure {
        match error {
            CommitError::Nothing(StoreError::Full(_)) => {
                // Every attempt would say the same.
                let is_news = self.meters.found_full(self.clock.elapsed_us(), FULL_QUIET_US);
                let error = failure::chain(&error);
                if is_news {
                    tracing::warn!(error, "nothing new is kept until there is room");
                } else {
                    tracing::debug!(error, "nothing was committed");
                }
                WriteFailure::Unavailable
            }
            CommitError::Nothing(
                StoreError::Busy(_) | StoreError::Again(_) | StoreError::Unreachable(_),
            ) => {
                tracing::warn!(error = failure::chain(&error), "nothing was committed");
                WriteFailure::Unavailable
            }
            CommitError::Nothing(StoreError::Io(_)) => {
                tracing::error!(error = failure::chain(&error), "the disk failed; stopping");
                self.fail.send_replace(true);
                WriteFailure::Unavailable
            }
            CommitError::Nothing(error @ (StoreError::NeedsOwn | StoreError::Damaged { .. })) => {
                WriteFailure::Internal(failure::logged(&error, &self.entropy))
            }
            CommitError::Unknown(_) => {
                tracing::error!(error = failure::chain(&error), "unknown commit; stopping");
                self.fail.send_replace(true);
                WriteFailure::Unknown
            }
        }
    }
}

fn panicked(what: &'static str) -> StoreError {
    StoreError::Damaged { what, cause: None }
}

/// Answers those that wait for the mirror that they failed; the others.
fn part(batch: Vec<Box<dyn Waiting>>, failure: &WriteFailure) -> Vec<Box<dyn Waiting>> {
    let (mirrored, aside): (Vec<_>, Vec<_>) =
        batch.into_iter().partition(|command| command.is_mirrored());
    answer(mirrored, Some(failure));
    aside
}

fn answer(batch: Vec<Box<dyn Waiting>>, failure: Option<&WriteFailure>) {
    for command in batch {
        command.answer(failure.cloned());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc::{Receiver, channel};

    use ventanilla_store::Keys;

    use super::*;

    type Answer = Result<u32, WriteFailure>;

    fn started(settings: Settings) -> Writer {
        let store = Store::memory(Keys::from_random([7; 64]));
        let clock = Clock::manual("2021-11-26T16:11:52Z".parse().unwrap());
        Writer::start(store, clock, Entropy::counted(1), settings).unwrap()
    }

    fn settings(queue_len_max: usize) -> Settings {
        Settings { batch_len_max: 8, queue_len_max, ..Settings::default() }
    }

    fn submit(writer: &Writer, work: impl Work<u32> + 'static) -> Receiver<Answer> {
        let (answer, answered) = channel();
        writer.submit(work, move |result| drop(answer.send(result)));
        answered
    }

    /// Holds the writer inside a command until the sender is dropped, so that a group gathers.
    fn hold(writer: &Writer) -> std::sync::mpsc::Sender<()> {
        let (release, held) = channel::<()>();
        let (start, started) = channel();
        let held = Mutex::new(held);
        drop(submit(writer, move |_, _| {
            start.send(()).ok();
            held.lock().unwrap().recv().ok();
            Ok(0)
        }));
        started.recv().unwrap();
        release
    }

    #[test]
    fn a_bad_command_costs_only_itself() {
        type Bad = fn() -> Result<u32, StoreError>;
        let bads: [Bad; 2] = [
            || Err(StoreError::Damaged { what: "a test", cause: None }),
            || panic!("a command panics"),
        ];
        for bad in bads {
            let writer = started(settings(16));
            let release = hold(&writer);
            let good = submit(&writer, |_, _| Ok(1));
            let bad = submit(&writer, move |_, _| bad());
            let runs = Arc::new(AtomicUsize::new(0));
            let counted = Arc::clone(&runs);
            let later = submit(&writer, move |_, _| {
                counted.fetch_add(1, Ordering::SeqCst);
                Ok(2)
            });
            drop(release);
            assert!(matches!(good.recv().unwrap(), Ok(1)));
            assert!(matches!(bad.recv().unwrap(), Err(WriteFailure::Internal(_))));
            assert!(matches!(later.recv().unwrap(), Ok(2)));
            assert_eq!(runs.load(Ordering::SeqCst), 1, "the group stopped at the bad command");
            assert!(matches!(submit(&writer, |_, _| Ok(3)).recv().unwrap(), Ok(3)));
        }
    }

    #[test]
    fn a_full_queue_answers_at_once_that_nothing_changed() {
        let writer = started(settings(2));
        let release = hold(&writer);
        let waiting: Vec<_> = (0..2).map(|_| submit(&writer, |_, _| Ok(1))).collect();
        let refused = submit(&writer, |_, _| Ok(1));
        assert!(matches!(refused.recv().unwrap(), Err(WriteFailure::Unavailable)));
        drop(release);
        for answered in waiting {
            assert!(matches!(answered.recv().unwrap(), Ok(1)));
        }
    }

    #[test]
    fn what_waits_is_refused_and_commits_is_counted() {
        let writer = started(settings(3));
        let meters = Arc::clone(writer.meters());
        let release = hold(&writer);
        assert!(meters.batch_age_us(u64::MAX) > 0, "a batch is under way");
        let waiting: Vec<_> = (0..3).map(|_| submit(&writer, |_, _| Ok(1))).collect();
        assert_eq!((meters.queue_len.get(), meters.commands_refused.get()), (3, 0));
        submit(&writer, |_, _| Ok(1)).recv().unwrap().unwrap_err();
        assert_eq!((meters.queue_len.get(), meters.commands_refused.get()), (3, 1));
        drop(release);
        for answered in waiting {
            answered.recv().unwrap().unwrap();
        }
        writer.stop();
        let batches = meters.batch_len.read();
        assert_eq!((batches.count, batches.sum), (2, 4), "the one that held, and the three");
        assert_eq!(meters.commit_us.read().count, 2, "a stop alone commits nothing");
        submit(&writer, |_, _| Ok(1)).recv().unwrap().unwrap_err();
        assert_eq!((meters.queue_len.get(), meters.commands_refused.get()), (0, 1));
        assert_eq!(meters.batch_age_us(u64::MAX), 0);
    }

    #[test]
    fn what_waits_for_no_mirror_is_answered_as_it_was_committed() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::from_random([7; 64]);
        let store = Store::create_sqlite(&folder.path().join("data"), keys.clone()).unwrap();
        let path = folder.path().join("espejo");
        ventanilla_store::Mirror::make(&path, keys).unwrap().catch_up(&store).unwrap();
        let mut tx = store.begin().unwrap();
        tx.set_mirror(path.to_str()).unwrap();
        tx.commit().unwrap();
        let clock = Clock::manual("2021-11-26T16:11:52Z".parse().unwrap());
        let writer =
            Writer::start(store.clone(), clock, Entropy::counted(1), settings(16)).unwrap();
        let release = hold(&writer);
        let act = |tx: &mut Tx<'_>, now| tx.append_trail(None, "{}", now).map(|()| 1);
        let awaited = submit(&writer, act);
        let (answer, aside) = channel();
        writer.submit_aside(act, move |result| drop(answer.send(result)));
        // The one that holds the writer is the last that the mirror takes.
        let segment = path.join("segment-00000001.jsonl");
        std::fs::remove_file(&segment).unwrap();
        std::fs::create_dir(&segment).unwrap();
        drop(release);
        assert!(matches!(awaited.recv().unwrap(), Err(WriteFailure::Unknown)));
        assert!(matches!(aside.recv().unwrap(), Ok(1)));
        let head = store.snapshot().unwrap().view().trail_head(None).unwrap();
        assert_eq!(head.map(|head| head.rows), Some(2), "both are in the books");
    }

    #[test]
    fn a_stop_finishes_what_was_accepted_and_takes_no_more() {
        let writer = started(settings(16));
        let release = hold(&writer);
        let accepted = submit(&writer, |_, _| Ok(1));
        drop(release);
        writer.stop();
        assert!(matches!(accepted.recv().unwrap(), Ok(1)));
        let late = submit(&writer, |_, _| Ok(1));
        assert!(matches!(late.recv().unwrap(), Err(WriteFailure::Unavailable)));
    }
}
