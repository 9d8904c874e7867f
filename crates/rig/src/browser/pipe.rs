//! The two pipes of a browser: what is asked, what is answered, and what happened meanwhile.

use crate::patience::PATIENCE;
use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{ChildStdin, ChildStdout};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Messages are parted by this byte.
const END: u8 = 0;

/// The connection to a browser, which any thread may ask.
#[derive(Debug)]
pub(super) struct Pipe {
    input: Mutex<ChildStdin>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    asked: u64,
    waiting: HashMap<u64, Sender<Value>>,
    /// What happened in each session that somebody still listens to, oldest first.
    events: HashMap<String, Vec<Value>>,
    is_over: bool,
}

impl Pipe {
    pub(super) fn new(input: ChildStdin, output: ChildStdout) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        thread::spawn({
            let state = Arc::clone(&state);
            move || listen(output, &state)
        });
        Self { input: Mutex::new(input), state }
    }

    /// Asks the browser, or a page of it, and waits for the answer.
    pub(super) fn call(
        &self,
        session: Option<&str>,
        method: &str,
        parameters: &Value,
    ) -> Result<Value> {
        let (answer_tx, answer) = mpsc::channel();
        let id = {
            let mut state = lock(&self.state);
            if state.is_over {
                bail!("the browser has ended");
            }
            state.asked += 1;
            let id = state.asked;
            state.waiting.insert(id, answer_tx);
            id
        };
        let mut message = json!({ "id": id, "method": method, "params": parameters });
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(END);
        lock(&self.input).write_all(&bytes).context("the browser has ended")?;
        let answer = answer.recv_timeout(PATIENCE);
        lock(&self.state).waiting.remove(&id);
        let mut answer = answer.with_context(|| format!("the browser did not answer {method}"))?;
        if let Some(error) = answer["error"]["message"].as_str() {
            bail!("{method}: {error}");
        }
        Ok(answer["result"].take())
    }

    /// Keeps what happens in a session from now on.
    pub(super) fn listen_to(&self, session: &str) {
        lock(&self.state).events.insert(session.to_owned(), Vec::new());
    }

    pub(super) fn forget(&self, session: &str) {
        lock(&self.state).events.remove(session);
    }

    /// The first that happened of that name in a session, and takes it alone.
    pub(super) fn take_event(&self, session: &str, method: &str) -> Option<Value> {
        let mut state = lock(&self.state);
        let events = state.events.get_mut(session)?;
        let index = events.iter().position(|event| event["method"] == method)?;
        Some(events.remove(index))
    }

    /// What happened in a session, oldest first, and takes it.
    pub(super) fn take_events(&self, session: &str) -> Vec<Value> {
        lock(&self.state).events.get_mut(session).map(std::mem::take).unwrap_or_default()
    }
}

/// Hands each message to whom it concerns, until the browser has ended.
fn listen(output: ChildStdout, state: &Mutex<State>) {
    let messages = BufReader::new(output).split(END).map_while(Result::ok);
    for message in messages.filter_map(|bytes| serde_json::from_slice::<Value>(&bytes).ok()) {
        let mut state = lock(state);
        if let Some(id) = message["id"].as_u64() {
            if let Some(waiting) = state.waiting.remove(&id) {
                // Who has lost patience waits no more.
                waiting.send(message).ok();
            }
        } else if let Some(session) = message["sessionId"].as_str()
            && let Some(events) = state.events.get_mut(session)
        {
            events.push(message);
        }
    }
    let mut state = lock(state);
    state.is_over = true;
    state.waiting.clear();
}

/// A test that failed under the lock left nothing half-done: each change is one step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
