//! The queue's far end, which the writer's threads share: one at a time takes what waits.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::command::{Commands, Waiting};
use crate::failure::WriteFailure;
use crate::meters::WriteMeters;

pub(super) enum Message {
    Run(Box<dyn Waiting>),
    /// To look after the mirror; whoever asks waits until the sender is gone.
    Look(Sender<()>),
    Stop,
}

/// What a thread found in the queue.
pub(super) enum Taken {
    Batch(Batch),
    /// Nothing came for as long as it could wait.
    Silence,
    /// The writer has stopped, or nobody is left to ask for anything.
    Over,
}

/// What waited at one moment.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) commands: Commands,
    pub(super) lookers: Vec<Sender<()>>,
}

/// For how long a batch that is smaller than what is under way may grow.
const GATHER_FOR: Duration = Duration::from_millis(10);
/// How often it is looked whether that is still under way.
const LOOK_EVERY: Duration = Duration::from_micros(250);

pub(super) struct Queue {
    /// Gone once the writer was told to stop: then nobody finds a place in the queue any more.
    waiting: Mutex<Option<Receiver<Message>>>,
    /// Commands that threads are at.
    under_way: AtomicUsize,
    /// [`GATHER_FOR`], but for tests.
    pub(super) gather_for: Duration,
    meters: Arc<WriteMeters>,
}

impl Queue {
    pub(super) fn new(waiting: Receiver<Message>, meters: Arc<WriteMeters>) -> Self {
        Self {
            waiting: Mutex::new(Some(waiting)),
            under_way: AtomicUsize::new(0),
            gather_for: GATHER_FOR,
            meters,
        }
    }

    /// Takes note that so many commands are under way.
    pub(super) fn begun(&self, len: usize) {
        self.under_way.fetch_add(len, Ordering::Relaxed);
    }

    /// Takes note that so many commands that were under way are settled.
    pub(super) fn settled(&self, len: usize) {
        self.under_way.fetch_sub(len, Ordering::Relaxed);
    }

    /// Takes what waits, at most so many commands; waits for the first, `pause` at most where there is
    /// one, and for the threads that came to wait before.
    ///
    /// While others are under way, it waits for as many, or until those are settled, but not for long: two
    /// large groups side by side cost less than many small ones.
    pub(super) fn take(&self, len_max: usize, pause: Option<Duration>) -> Taken {
        let mut place = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(waiting) = &*place else { return Taken::Over };
        let first = match pause {
            None => waiting.recv().map_err(|_gone| RecvTimeoutError::Disconnected),
            Some(pause) => waiting.recv_timeout(pause),
        };
        let first = match first {
            Ok(first) => first,
            Err(RecvTimeoutError::Timeout) => return Taken::Silence,
            Err(RecvTimeoutError::Disconnected) => return Taken::Over,
        };
        let (batch, is_stopped) = self.gather(waiting, first, len_max, self.gather_for);
        self.note(&mut place, &batch, is_stopped);
        Taken::Batch(batch)
    }

    /// Takes what waits at this moment, at most so many commands, and waits for nobody.
    pub(super) fn take_now(&self, len_max: usize) -> Batch {
        // Whoever has the place waits for what comes, or takes it.
        let Ok(mut place) = self.waiting.try_lock() else { return Batch::default() };
        let Some(waiting) = &*place else { return Batch::default() };
        let Ok(first) = waiting.try_recv() else { return Batch::default() };
        let (batch, is_stopped) = self.gather(waiting, first, len_max, Duration::ZERO);
        self.note(&mut place, &batch, is_stopped);
        batch
    }

    /// Counts what was taken, and closes the queue behind a stop.
    fn note(&self, place: &mut Option<Receiver<Message>>, batch: &Batch, is_stopped: bool) {
        self.meters.queue_len.taken(batch.commands.len());
        if is_stopped && let Some(waiting) = place.take() {
            self.refuse(&waiting);
        }
    }

    /// Answers what came in behind a stop, which never runs.
    fn refuse(&self, waiting: &Receiver<Message>) {
        while let Ok(late) = waiting.try_recv() {
            if let Message::Run(late) = late {
                self.meters.queue_len.taken(1);
                late.answer(Some(WriteFailure::Unavailable));
            }
        }
    }

    /// All that waits behind the first message, up to a stop; whether there was one.
    fn gather(
        &self,
        waiting: &Receiver<Message>,
        first: Message,
        len_max: usize,
        mut patience: Duration,
    ) -> (Batch, bool) {
        let mut batch = Batch::default();
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Run(command) => batch.commands.push(command),
                Message::Look(looker) => batch.lookers.push(looker),
                Message::Stop => return (batch, true),
            }
            let has_room = batch.commands.len() < len_max;
            next = if has_room { self.next(waiting, &batch, &mut patience) } else { None };
        }
        (batch, false)
    }

    /// The next message, where one waits or is worth waiting for.
    fn next(
        &self,
        waiting: &Receiver<Message>,
        batch: &Batch,
        patience: &mut Duration,
    ) -> Option<Message> {
        let is_small = || batch.commands.len() < self.under_way.load(Ordering::Relaxed);
        loop {
            if let Ok(message) = waiting.try_recv() {
                return Some(message);
            }
            if !is_small() || patience.is_zero() {
                return None;
            }
            // What comes in the meantime costs nothing of the patience: the batch grows.
            match waiting.recv_timeout(LOOK_EVERY) {
                Ok(message) => return Some(message),
                Err(RecvTimeoutError::Timeout) => *patience = patience.saturating_sub(LOOK_EVERY),
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }
}
