//! Writes what is noted, on a thread of its own: through the writer's queue, where it shares a commit
//! with payments, and waits for no mirror.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::Act;
use super::buffer::{Buffer, Sheet};
use crate::failure::WriteFailure;
use crate::writer::Writer;

/// How long an act waits for others. What it takes to be written comes on top.
const WAIT: Duration = Duration::from_millis(500);
/// How long what could not be written waits for another try.
const RETRY: Duration = Duration::from_secs(5);

/// The buffer and its thread.
#[derive(Debug)]
pub(crate) struct Flusher {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Shared {
    writer: Arc<Writer>,
    state: Mutex<State>,
    /// Something waits where nothing did, or very much, or there is no more to come.
    news: Condvar,
    /// Held while something is being written: one flush at a time, so that rows keep their order.
    flushing: Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    buffer: Buffer,
    end: Option<End>,
}

/// How the thread ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// It writes what waits.
    Flush,
    /// Nobody is left to ask for it.
    Abandon,
}

impl Flusher {
    pub(crate) fn start(writer: Arc<Writer>) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            writer,
            state: Mutex::default(),
            news: Condvar::new(),
            flushing: Mutex::default(),
        });
        let running = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("trail".to_owned());
        let thread = thread.spawn(move || running.run())?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    /// Takes an act to be written.
    pub(crate) fn note(&self, act: Act) {
        let mut state = self.shared.lock();
        let (was_empty, was_full) = (state.buffer.is_empty(), state.buffer.is_full());
        state.buffer.push(act);
        // The thread sleeps through the rest.
        if was_empty || (!was_full && state.buffer.is_full()) {
            drop(state);
            self.shared.news.notify_one();
        }
    }

    /// Writes what waits, and waits for it.
    pub(crate) fn flush(&self) {
        self.shared.flush();
    }

    /// Writes what waits and ends the thread; the writer must still run. Blocking.
    pub(crate) fn stop(&self) {
        self.end(End::Flush);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread of the trail panicked");
        }
        // What came in behind it.
        self.shared.flush();
        let lost = self.shared.lock().buffer.take().into_sheets();
        let lost: usize = lost.iter().map(|sheet| sheet.acts).sum();
        if lost > 0 {
            tracing::warn!(acts = lost, "acts could not be written into the trail");
        }
    }

    fn end(&self, end: End) {
        self.shared.lock().end.get_or_insert(end);
        self.shared.news.notify_one();
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        self.end(End::Abandon);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        loop {
            let state = self.lock();
            let nothing = |state: &mut State| state.buffer.is_empty() && state.end.is_none();
            let state = self.news.wait_while(state, nothing);
            let state = state.unwrap_or_else(PoisonError::into_inner);
            let little = |state: &mut State| !state.buffer.is_full() && state.end.is_none();
            let waited = self.news.wait_timeout_while(state, WAIT, little);
            let end = waited.unwrap_or_else(PoisonError::into_inner).0.end;
            let is_written = end == Some(End::Abandon) || self.flush();
            if end.is_some() {
                return;
            }
            if !is_written {
                let lasts = |state: &mut State| state.end.is_none();
                drop(self.news.wait_timeout_while(self.lock(), RETRY, lasts));
            }
        }
    }

    /// Takes what waits, and puts back what could not be written; whether there was nothing of that.
    fn flush(&self) -> bool {
        let _flushing = self.flushing.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = self.lock().buffer.take();
        let sheets = taken.into_sheets();
        self.lock().buffer.hold(sheets.iter().map(|sheet| sheet.acts).sum());
        let unwritten = self.write(sheets);
        let is_written = unwritten.is_empty();
        self.lock().buffer.put_back(unwritten);
        is_written
    }

    /// Writes rows, each by a command of its own: payments get their turn between two of them. Gives
    /// those that may be written later.
    fn write(&self, mut sheets: VecDeque<Arc<Sheet>>) -> VecDeque<Arc<Sheet>> {
        // Where commands may overtake each other, a row waits for the one before it.
        let at_once = if self.writer.is_ordered() { sheets.len() } else { 1 };
        let mut unwritten = VecDeque::new();
        while !sheets.is_empty() && unwritten.is_empty() {
            let next = sheets.drain(..at_once.min(sheets.len()));
            let submitted: Vec<_> = next.map(|sheet| self.submit(sheet)).collect();
            unwritten.extend(submitted.into_iter().filter_map(to_unwritten));
        }
        unwritten.append(&mut sheets);
        unwritten
    }

    fn submit(&self, sheet: Arc<Sheet>) -> (Arc<Sheet>, Answered) {
        let (answer, answered) = sync_channel(1);
        let written = Arc::clone(&sheet);
        self.writer.submit_aside(
            move |tx, now| tx.append_trail(written.company, &written.body, now),
            move |result| drop(answer.send(result)),
        );
        (sheet, answered)
    }
}

type Answered = Receiver<Result<(), WriteFailure>>;

/// The row, where it was not written and may be later.
fn to_unwritten((sheet, answered): (Arc<Sheet>, Answered)) -> Option<Arc<Sheet>> {
    match answered.recv() {
        Ok(Ok(())) => None,
        Ok(Err(WriteFailure::Unavailable)) => Some(sheet),
        // Once more would do no better: a damaged store, a process that is about to end, or a row that
        // may be there.
        Ok(Err(WriteFailure::Unknown | WriteFailure::Internal(_))) | Err(_) => {
            tracing::error!(acts = sheet.acts, "acts were not written into the trail");
            None
        }
    }
}
