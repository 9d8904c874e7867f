//! The queue's far end, which the writer's threads share: one at a time takes what waits.

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

pub(super) struct Queue {
    /// Gone once the writer was told to stop: then nobody finds a place in the queue any more.
    waiting: Mutex<Option<Receiver<Message>>>,
    meters: Arc<WriteMeters>,
}

impl Queue {
    pub(super) fn new(waiting: Receiver<Message>, meters: Arc<WriteMeters>) -> Self {
        Self { waiting: Mutex::new(Some(waiting)), meters }
    }

    /// Takes what waits, at most so many commands; waits for the first, `pause` at most where there is
    /// one, and for the threads that came to wait before.
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
        let (batch, is_stopped) = gather(waiting, first, len_max);
        self.note(&mut place, &batch, is_stopped);
        Taken::Batch(batch)
    }

    /// Takes what waits at this moment, at most so many commands, and waits for nobody.
    pub(super) fn take_now(&self, len_max: usize) -> Batch {
        // Whoever has the place waits for what comes, or takes it.
        let Ok(mut place) = self.waiting.try_lock() else { return Batch::default() };
        let Some(waiting) = &*place else { return Batch::default() };
        let Ok(first) = waiting.try_recv() else { return Batch::default() };
        let (batch, is_stopped) = gather(waiting, first, len_max);
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
}

/// All that waits behind the first message, up to a stop; whether there was one.
fn gather(waiting: &Receiver<Message>, first: Message, len_max: usize) -> (Batch, bool) {
    let mut batch = Batch::default();
    let mut next = Some(first);
    while let Some(message) = next {
        match message {
            Message::Run(command) => batch.commands.push(command),
            Message::Look(looker) => batch.lookers.push(looker),
            Message::Stop => return (batch, true),
        }
        let has_room = batch.commands.len() < len_max;
        next = if has_room { waiting.try_recv().ok() } else { None };
    }
    (batch, false)
}
