//! Commands under one caller key take turns, where several threads write: whoever repeats an attempt that was
//! not answered is told what became of it last, and nothing of it is left to be done behind that answer.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ventanilla_domain::CallerKey;

use super::command::{Commands, Waiting};

/// Whose turn it is.
pub(super) struct Turns {
    len_max: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Of each key that is in the queue or with a thread, what waits for its turn.
    waiting: HashMap<CallerKey, Commands>,
    len: usize,
    is_over: bool,
}

impl fmt::Debug for Turns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turns").field("len", &self.lock().len).finish_non_exhaustive()
    }
}

/// What becomes of a command that came.
pub(super) enum Turn {
    /// It is its turn.
    Now(Box<dyn Waiting>),
    /// Another of its key is under way: it waits.
    Later,
    /// So many wait that it cannot.
    Never(Box<dyn Waiting>),
}

impl Turns {
    /// At most so many wait.
    pub(super) fn new(len_max: usize) -> Self {
        Self { len_max, state: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a command wait for those of its key that came before.
    pub(super) fn begin(&self, command: Box<dyn Waiting>) -> Turn {
        let Some(key) = command.key() else { return Turn::Now(command) };
        let mut state = self.lock();
        let State { waiting, len, is_over } = &mut *state;
        if *is_over {
            return Turn::Now(command);
        }
        let Some(others) = waiting.get_mut(&key) else {
            waiting.insert(key, Vec::new());
            return Turn::Now(command);
        };
        if *len >= self.len_max {
            return Turn::Never(command);
        }
        others.push(command);
        *len += 1;
        Turn::Later
    }

    /// What came under those keys while others of them were under way, whose turn it is now. Keys of which
    /// nothing came are free.
    pub(super) fn end(&self, keys: &[CallerKey]) -> Commands {
        let mut state = self.lock();
        let mut next = Vec::new();
        for key in keys {
            match state.waiting.get_mut(key) {
                Some(others) if !others.is_empty() => next.append(others),
                _ => drop(state.waiting.remove(key)),
            }
        }
        state.len = state.len.saturating_sub(next.len());
        next
    }

    /// All that waits, which is nobody's turn any more.
    pub(super) fn close(&self) -> Commands {
        let mut state = self.lock();
        state.is_over = true;
        state.len = 0;
        std::mem::take(&mut state.waiting).into_values().flatten().collect()
    }
}
