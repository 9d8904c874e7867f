//! The one write path: commands wait in a queue, and a thread decides and commits them in groups; over
//! a store where several may write at the same time, as many threads.
//!
//! Group commit: one transaction and one sync for all that waits. Each command is decided in order,
//! a refusal costs only itself, and every answer of a group leaves after its commit, refusals too,
//! since a refusal may rest on a payment of the same group. What waits over a store that is a network
//! away is several groups, each of a company; between two threads, groups have no order.

mod command;
mod queue;
#[cfg(test)]
mod tests;
mod threads;
mod turns;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{SyncSender, TrySendError, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::watch;
use ventanilla_store::{MirrorError, Store, Wanted};

use crate::failure::WriteFailure;
use crate::meters::WriteMeters;
use crate::mirror::{Keeper, MirrorProblem, OneDiskOnly};
use crate::{Clock, Entropy, Settings};
pub(crate) use command::Work;
use command::{Command, Commands, Waiting, answer};
use queue::{Message, Queue};
use threads::WriterThread;
use turns::{Turn, Turns};

/// The queue and its threads.
#[derive(Debug)]
pub(crate) struct Writer {
    queue: SyncSender<Message>,
    /// Where several threads may overtake each other.
    turns: Option<Arc<Turns>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    is_ordered: bool,
    is_remote: bool,
    failed: watch::Receiver<bool>,
    meters: Arc<WriteMeters>,
    mirror_problem: MirrorProblem,
    one_disk_only: Arc<OneDiskOnly>,
}

impl Writer {
    pub(crate) fn start(
        store: &Store,
        clock: &Clock,
        entropy: &Entropy,
        settings: Settings,
    ) -> std::io::Result<Self> {
        let (queue, waiting) = sync_channel(settings.queue_len_max.max(1));
        let (fail, failed) = watch::channel(false);
        let is_remote = store.is_remote();
        // What keeps a mirror level is one thread's.
        let writers = if is_remote { store.writers().max(1) } else { 1 };
        let meters = Arc::new(WriteMeters::of(writers));
        let waiting = Arc::new(Queue::new(waiting, Arc::clone(&meters)));
        let (mirror_problem, one_disk_only) =
            (MirrorProblem::default(), Arc::<OneDiskOnly>::default());
        let keeper = || {
            Keeper::new(
                store.clone(),
                clock.clone(),
                Arc::clone(&meters.mirror),
                Arc::clone(&mirror_problem),
                Arc::clone(&one_disk_only),
            )
        };
        let is_ordered = writers == 1;
        let turns = (!is_ordered).then(|| Arc::new(Turns::new(settings.queue_len_max)));
        let thread = |number| WriterThread {
            number,
            turns: turns.clone(),
            next: Commands::new(),
            queue: Arc::clone(&waiting),
            store: store.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            batch_len_max: settings.batch_len_max.max(1),
            fail: fail.clone(),
            meters: Arc::clone(&meters),
            keeper: (!is_remote).then(keeper),
            batch_since_us: 0,
        };
        let threads = (0..writers).map(|number| spawn(thread(number), fail.clone()));
        let threads = Mutex::new(threads.collect::<Result<_, _>>()?);
        Ok(Self {
            queue,
            turns,
            threads,
            is_ordered,
            is_remote,
            failed,
            meters,
            mirror_problem,
            one_disk_only,
        })
    }

    /// Whether a command is to say what it will ask of the books.
    pub(crate) fn is_told(&self) -> bool {
        self.is_remote
    }

    /// Whether commands are committed in the order in which they came.
    pub(crate) fn is_ordered(&self) -> bool {
        self.is_ordered
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
        self.enqueue(Box::new(Command::new(work, answer).aside()));
    }

    /// The same for a payment or a reversal, which may say what it wants. The time of one that came at
    /// `timed_since_us` is kept if it is decided.
    pub(crate) fn submit_wanting<T: Send + 'static>(
        &self,
        work: impl Work<T> + 'static,
        wanted: Option<Wanted>,
        timed_since_us: Option<u64>,
        answer: impl FnOnce(Result<T, WriteFailure>) + Send + 'static,
    ) {
        self.enqueue(Box::new(Command::new(work, answer).wanting(wanted, timed_since_us)));
    }

    fn enqueue(&self, command: Box<dyn Waiting>) {
        let turn = match &self.turns {
            Some(turns) => turns.begin(command),
            None => Turn::Now(command),
        };
        match turn {
            Turn::Now(command) => self.send(command),
            Turn::Later => self.meters.queue_len.submitted(),
            Turn::Never(command) => {
                self.meters.commands_refused.add_one();
                command.answer(Some(WriteFailure::Unavailable));
            }
        }
    }

    fn send(&self, command: Box<dyn Waiting>) {
        let key = command.key();
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
        // Whoever came under its key meanwhile does not wait for what never runs.
        let Some((turns, key)) = self.turns.as_ref().zip(key) else { return };
        while self.refuse(turns.end(std::slice::from_ref(&key))) > 0 {}
    }

    /// Answers what waited for its turn; how much that was.
    fn refuse(&self, commands: Commands) -> usize {
        let len = commands.len();
        self.meters.queue_len.taken(len);
        answer(commands, Some(&WriteFailure::Unavailable));
        len
    }

    /// Looks after the mirror between two groups, where there can be one. Blocking.
    pub(crate) fn look(&self) {
        if self.is_remote {
            return;
        }
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

    /// Finishes what waits, takes no more, and ends the threads. Blocking.
    pub(crate) fn stop(&self) {
        // One of them takes it and closes the queue to all. Where they have ended already, nobody
        // listens and nothing is left to do.
        if self.queue.send(Message::Stop).is_err() {
            tracing::debug!("the writer had ended");
        }
        let threads =
            std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("the writer panicked");
            }
        }
        // What waited for one that was refused by the stop.
        if let Some(turns) = &self.turns {
            self.refuse(turns.close());
        }
    }

    /// Turns true once the store has failed and the process must end.
    pub(crate) fn failed(&self) -> watch::Receiver<bool> {
        self.failed.clone()
    }
}

/// Starts one of the writer's threads.
fn spawn(
    mut writer: WriterThread,
    failing: watch::Sender<bool>,
) -> std::io::Result<JoinHandle<()>> {
    let name = match writer.number {
        0 => "writer".to_owned(),
        number => format!("writer-{number}"),
    };
    std::thread::Builder::new().name(name).spawn(move || {
        // Without a writer nothing can be paid: the process must not live on without it.
        if catch_unwind(AssertUnwindSafe(|| writer.run())).is_err() {
            tracing::error!("the writer panicked; stopping");
            failing.send_replace(true);
        }
    })
}
