//! Connections that are kept: so many at most, given to whoever needs one and taken back.

#[cfg(test)]
mod tests;

use std::ops::Deref;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{DatabaseAddress, PgConnection};
use crate::{OpenError, StoreError};

/// A server has a hundred of them, unless it is told otherwise, for all that are connected.
const LEN_MAX: usize = 32;
/// How long one is waited for where all are used.
const PATIENCE: Duration = Duration::from_secs(10);
/// After a database could not be reached, how long it is not tried.
const BACK_OFF: Duration = Duration::from_millis(500);

/// Connections to one database.
#[derive(Debug)]
pub(crate) struct Pool {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    address: DatabaseAddress,
    len_max: usize,
    patience: Duration,
    state: Mutex<State>,
    returned: Condvar,
}

#[derive(Debug, Default)]
struct State {
    idle: Vec<PgConnection>,
    /// Connections that are used, or being made.
    used: usize,
    outage: Option<Outage>,
}

/// The database could not be reached.
#[derive(Debug)]
struct Outage {
    since: Instant,
    /// Somebody tries again; everybody else is told without waiting.
    is_tried: bool,
}

impl Pool {
    pub(crate) fn new(address: DatabaseAddress) -> Self {
        Self::with_limits(address, LEN_MAX, PATIENCE)
    }

    fn with_limits(address: DatabaseAddress, len_max: usize, patience: Duration) -> Self {
        let (state, returned) = (Mutex::default(), Condvar::new());
        Self { shared: Arc::new(Shared { address, len_max, patience, state, returned }) }
    }

    /// A connection that works as far as can be told without asking the server.
    ///
    /// Errors in order: all are used and none came back in time, the database could not be reached a moment
    /// ago or now, it has no place for a connection.
    pub(crate) fn take(&self) -> Result<Pooled, StoreError> {
        loop {
            match self.shared.reserve()? {
                Some(idle) => {
                    let pooled = Pooled::new(&self.shared, idle);
                    if pooled.is_alive() {
                        return Ok(pooled);
                    }
                }
                None => return self.shared.connect().map(|new| Pooled::new(&self.shared, new)),
            }
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one more as used: an idle one, or, as `None`, one that is to be made.
    fn reserve(&self) -> Result<Option<PgConnection>, StoreError> {
        let is_full = |state: &mut State| state.idle.is_empty() && state.used >= self.len_max;
        let waited = self.returned.wait_timeout_while(self.lock(), self.patience, is_full);
        let (mut state, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            return Err(StoreError::Busy("every connection is used".into()));
        }
        let idle = state.idle.pop();
        if idle.is_none() {
            state.require_reachable()?;
        }
        state.used += 1;
        Ok(idle)
    }

    /// Makes a connection, for which a place is reserved.
    fn connect(&self) -> Result<PgConnection, StoreError> {
        let connected = PgConnection::connect(&self.address);
        let mut state = self.lock();
        match connected {
            Ok(connection) => {
                if state.outage.take().is_some() {
                    tracing::info!("the database is back");
                }
                Ok(connection)
            }
            Err(error) => {
                state.used -= 1;
                self.returned.notify_one();
                match error {
                    OpenError::Store(error @ StoreError::Busy(_)) => {
                        // The server is there: whoever comes next may find a place.
                        state.outage = None;
                        Err(error)
                    }
                    error => {
                        state.outage = Some(Outage { since: now(), is_tried: false });
                        Err(StoreError::Unreachable(error.into()))
                    }
                }
            }
        }
    }

    fn give_back(&self, connection: PgConnection) {
        let is_clean = !connection.is_lost() && !connection.is_in_transaction();
        let mut state = self.lock();
        state.used -= 1;
        if connection.is_lost() {
            // What one has lost the others may have lost too, and each would find out by its deadline.
            state.idle.clear();
        }
        // One in a transaction is hung up: the server undoes it.
        if is_clean {
            state.idle.push(connection);
        }
        self.returned.notify_one();
    }
}

impl State {
    /// That the database is not known to be out of reach; or whoever asks is the one who tries again.
    fn require_reachable(&mut self) -> Result<(), StoreError> {
        let Some(outage) = &mut self.outage else { return Ok(()) };
        if outage.is_tried || now().duration_since(outage.since) < BACK_OFF {
            return Err(StoreError::Unreachable("it could not be reached a moment ago".into()));
        }
        outage.is_tried = true;
        Ok(())
    }
}

/// A connection of a pool, which takes it back.
#[derive(Debug)]
pub(crate) struct Pooled {
    shared: Arc<Shared>,
    connection: Option<PgConnection>,
}

impl Pooled {
    fn new(shared: &Arc<Shared>, connection: PgConnection) -> Self {
        Self { shared: Arc::clone(shared), connection: Some(connection) }
    }
}

impl Deref for Pooled {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        self.connection.as_ref().expect("the connection is taken out only when dropped")
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.shared.give_back(connection);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "since when nobody answers is no fact of the books")]
fn now() -> Instant {
    Instant::now()
}
