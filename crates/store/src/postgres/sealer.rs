//! The thread that seals: what servers side by side have paid gets its place in the journal shortly after.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use ventanilla_domain::CompanyId;

use super::Inner;
use super::seal::{Sealed, seal_some};
use super::slots::Kind;
use super::writing::Writing;
use crate::sql::{Link, Reads, Value};
use crate::{CommitError, StoreError};

/// After a payment, how long others are waited for that are sealed with it.
const GATHER: Duration = Duration::from_millis(20);
/// Between two looks for what other servers have paid.
const PAUSE: Duration = Duration::from_millis(200);
/// How long a server that seals a company keeps others from trying, in microseconds; and how often it says so, and
/// the others look.
const LEASE_US: i64 = 5_000_000;
const LEASE_RENEWAL: Duration = Duration::from_secs(1);

/// Acts that are sealed before what is deleted of them is taken out of the table.
const SWEEP_AFTER: usize = 20_000;

#[derive(Debug, Default)]
struct State {
    /// Companies of which something was paid here.
    paid: BTreeSet<CompanyId>,
    is_over: bool,
}

/// Whether this server is the one that seals a company, and since when that is known.
#[derive(Debug, Clone, Copy)]
struct Lease {
    is_ours: bool,
    since: Instant,
}

/// The sealer of one process; its thread starts with the first payment.
#[derive(Debug, Default)]
pub(super) struct Sealer {
    state: Arc<(Mutex<State>, Condvar)>,
    thread: Mutex<Option<JoinHandle<()>>>,
    leases: Mutex<HashMap<CompanyId, Lease>>,
    /// Acts that were sealed since what is deleted of them was taken out.
    unswept: AtomicUsize,
}

impl Sealer {
    /// Starts the thread, once.
    pub(super) fn start(&self, store: &Arc<Inner>) {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if thread.is_some() {
            return;
        }
        let (state, store) = (Arc::clone(&self.state), Arc::downgrade(store));
        let started =
            thread::Builder::new().name("sealer".to_owned()).spawn(move || run(&state, &store));
        match started {
            Ok(started) => *thread = Some(started),
            Err(error) => tracing::error!(%error, "nothing is sealed until another server does"),
        }
    }

    /// Tells the thread that something of a company was paid.
    pub(super) fn wake(&self, company: CompanyId) {
        let (state, woken) = &*self.state;
        state.lock().unwrap_or_else(PoisonError::into_inner).paid.insert(company);
        woken.notify_one();
    }
}

impl Drop for Sealer {
    fn drop(&mut self) {
        let (state, woken) = &*self.state;
        state.lock().unwrap_or_else(PoisonError::into_inner).is_over = true;
        woken.notify_one();
        // The thread itself may be the last that holds the store: it does not wait for itself.
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread.filter(|own| own.thread().id() != thread::current().id())
            && thread.join().is_err()
        {
            tracing::error!("the sealer panicked");
        }
    }
}

fn run(state: &(Mutex<State>, Condvar), store: &Weak<Inner>) {
    let (lock, woken) = state;
    let mut looked = now();
    loop {
        let guard = lock.lock().unwrap_or_else(PoisonError::into_inner);
        let is_quiet = |state: &mut State| state.paid.is_empty() && !state.is_over;
        let waited = woken.wait_timeout_while(guard, PAUSE, is_quiet);
        let (mut guard, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if guard.is_over {
            return;
        }
        if !guard.paid.is_empty() {
            drop(guard);
            thread::sleep(GATHER);
            guard = lock.lock().unwrap_or_else(PoisonError::into_inner);
        }
        let paid = std::mem::take(&mut guard.paid);
        drop(guard);
        let Some(store) = store.upgrade() else { return };
        let is_due = now().duration_since(looked) >= PAUSE;
        let done = if is_due { store.seal_round() } else { store.seal_each(paid) };
        if is_due {
            looked = now();
        }
        if let Err(error) = done {
            tracing::debug!(%error, "not sealed this time");
        }
    }
}

impl Inner {
    /// Seals what is unsealed, whoever paid it, of the companies that no other server seals.
    fn seal_round(&self) -> Result<(), StoreError> {
        self.seal_each(self.unsealed_companies()?)
    }

    fn seal_each(&self, companies: impl IntoIterator<Item = CompanyId>) -> Result<(), StoreError> {
        for company in companies {
            if self.lease(company)? {
                self.sweep(self.seal(company)?);
            }
            self.blocks.refill(&self.pool, company)?;
        }
        Ok(())
    }

    /// Seals all that is unsealed now, whoever usually does: what is read after it is as one wrote it.
    pub(super) fn settle(&self) -> Result<(), StoreError> {
        self.unsealed_companies()?.into_iter().try_for_each(|company| self.seal(company).map(drop))
    }

    fn unsealed_companies(&self) -> Result<Vec<CompanyId>, StoreError> {
        let connection = self.pool.take()?;
        Reads::new(Link::Postgres(&connection), &self.known).unsealed_companies()
    }

    /// Seals all that is unsealed of a company; says how many acts.
    fn seal(&self, company: CompanyId) -> Result<usize, StoreError> {
        let mut total = 0_usize;
        loop {
            let writing = Writing::begin(self, Kind::Own)?;
            let sealed = seal_some(writing.connection(), &self.known, &self.keys, company)?;
            let (Sealed::Some(len) | Sealed::All(len)) = sealed else { return Ok(total) };
            writing.commit(company.to_i64()).map_err(|error| match error {
                CommitError::Nothing(error) | CommitError::Unknown(error) => error,
            })?;
            total = total.saturating_add(len);
            if let Sealed::All(_) = sealed {
                return Ok(total);
            }
        }
    }

    /// Has what was deleted taken out of the table now and then: whoever reads what is unsealed passes by all of
    /// it, and the server itself would look only once a minute. An engine that cleans up otherwise says no.
    fn sweep(&self, sealed: usize) {
        let left = &self.sealer.unswept;
        if left.fetch_add(sealed, Ordering::Relaxed).saturating_add(sealed) < SWEEP_AFTER {
            return;
        }
        left.store(0, Ordering::Relaxed);
        let connection = self.pool.take();
        let swept = connection.and_then(|to| to.simple("VACUUM (TRUNCATE FALSE) unsealed"));
        if let Err(error) = swept {
            tracing::debug!(%error, "what was sealed is not taken out of its table");
        }
    }

    /// Takes a company's sealing for some seconds by the database's clock, or keeps it; not where another
    /// server has it. Two that seal would only wait for each other: the books do not rest on it.
    fn lease(&self, company: CompanyId) -> Result<bool, StoreError> {
        let now = now();
        let mut leases = self.sealer.leases.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lease) = leases.get(&company)
            && now.duration_since(lease.since) < LEASE_RENEWAL
        {
            return Ok(lease.is_ours);
        }
        leases.remove(&company);
        let is_ours = self.take_lease(company)?;
        leases.insert(company, Lease { is_ours, since: now });
        Ok(is_ours)
    }

    fn take_lease(&self, company: CompanyId) -> Result<bool, StoreError> {
        let connection = self.pool.take()?;
        let taken = connection.run(
            "INSERT INTO sealer_lease (company_id, holder, until_us) \
             VALUES (?1, ?2, CAST(extract(epoch FROM now()) * 1000000 AS BIGINT) + ?3) \
             ON CONFLICT (company_id) DO UPDATE \
             SET holder = excluded.holder, until_us = excluded.until_us \
             WHERE sealer_lease.holder = excluded.holder \
             OR sealer_lease.until_us < excluded.until_us - ?3",
            &[Value::Int(company.to_i64()), Value::Int(self.process), Value::Int(LEASE_US)],
        )?;
        Ok(taken == 1)
    }
}

#[expect(clippy::disallowed_methods, reason = "who seals is no fact of the books")]
fn now() -> Instant {
    Instant::now()
}
