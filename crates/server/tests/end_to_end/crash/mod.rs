//! `kill -9` under load, again and again on the same data: no acknowledged success is lost, none
//! is doubled, and every unknown outcome, retried under its key, ends in exactly one state.

mod mirrored;
mod payments;
mod payouts;
mod receipts;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, ScopedJoinHandle};
use std::time::Duration;

use fastrand::Rng;

use crate::common::{Installation, PATIENCE, Server, note, now, verify};

const CLIENTS: usize = 16;

#[expect(clippy::disallowed_methods, reason = "a long run is asked for by the environment")]
fn from_environment<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.parse().ok()
}

/// Whoever makes one attempt after the other, each under the key it has for ever.
trait Caller: Send {
    type Attempt: Send;
    type End: Send;

    /// Another attempt.
    fn next(&mut self, key: String) -> Self::Attempt;

    /// Sends an attempt; `None` where there was no answer that says how it ended.
    fn send(&mut self, attempt: &Self::Attempt) -> Option<Self::End>;

    fn is_success(end: &Self::End) -> bool;
}

/// What is done to a server, and what its callers were told over all its lives.
trait Load {
    /// How many lives there are where the environment says nothing.
    const CYCLES: u32;
    /// How long each is under load, in milliseconds, from and to.
    const LIFE_MS: [u64; 2];

    type Caller: Caller;

    /// [`CLIENTS`] callers of one life.
    fn callers(&mut self, server: &Server, random: &mut Rng) -> Vec<Self::Caller>;

    /// What else befalls the data after a kill, before the restart.
    fn befall(&mut self, _installation: &Installation) {}

    /// Checks after a restart what the callers were told, and settles what they were not.
    fn check(&mut self, server: &Server, journals: Vec<Journal<Self::Caller>>, random: &mut Rng);

    /// Checks all that anybody was ever told.
    fn check_all(&mut self, server: &Server);
}

/// What a caller kept of one life of the server.
struct Journal<C: Caller> {
    ended: Vec<(C::Attempt, C::End)>,
    unanswered: Vec<C::Attempt>,
}

/// Makes attempts until the server is gone; tells each success at once.
fn act<C: Caller>(mut caller: C, name: &str, succeeded: impl Fn()) -> Journal<C> {
    let mut journal = Journal { ended: Vec::new(), unanswered: Vec::new() };
    for count in 0.. {
        let attempt = caller.next(format!("{name}-{count}"));
        // One retry under the same key, as callers do; then the server is held for gone.
        let end = caller.send(&attempt).or_else(|| caller.send(&attempt));
        let Some(end) = end else {
            journal.unanswered.push(attempt);
            break;
        };
        if C::is_success(&end) {
            succeeded();
        }
        journal.ended.push((attempt, end));
    }
    journal
}

/// One life of the server: load, then `kill -9`; the journals of the callers.
fn one_life<C: Caller>(
    server: Server,
    callers: Vec<C>,
    life: Duration,
    cycle: u32,
) -> Vec<Journal<C>> {
    // The kill comes upon an answer: whatever is answered before it is kept is lost then.
    let (is_armed, doomed) = (AtomicBool::new(false), Mutex::new(Some(server)));
    let strike = || {
        if is_armed.load(Ordering::SeqCst) {
            strike_down(&doomed);
        }
    };
    thread::scope(|scope| {
        let callers = callers.into_iter().enumerate().map(|(number, caller)| {
            let (name, strike) = (format!("c{cycle}-{number}"), &strike);
            scope.spawn(move || act(caller, &name, strike))
        });
        let callers: Vec<ScopedJoinHandle<'_, Journal<C>>> = callers.collect();
        thread::sleep(life);
        is_armed.store(true, Ordering::SeqCst);
        let deadline = now() + PATIENCE;
        let is_over = || callers.iter().all(ScopedJoinHandle::is_finished);
        while now() < deadline && doomed.lock().unwrap().is_some() && !is_over() {
            thread::sleep(Duration::from_millis(1));
        }
        strike_down(&doomed);
        callers.into_iter().map(|caller| caller.join().unwrap()).collect()
    })
}

/// Kills the server, once.
fn strike_down(doomed: &Mutex<Option<Server>>) {
    if let Some(server) = doomed.lock().unwrap().take() {
        server.kill();
    }
}

/// Life after life of a server over the same data, each ended by `kill -9`.
fn live_and_die<L: Load>(installation: &Installation, data: &str, load: &mut L) {
    let seed = from_environment("VENTANILLA_CRASH_SEED").unwrap_or(u64::from(std::process::id()));
    let cycles = from_environment("VENTANILLA_CRASH_CYCLES").unwrap_or(L::CYCLES);
    note(format_args!("crash: VENTANILLA_CRASH_SEED={seed} VENTANILLA_CRASH_CYCLES={cycles}"));
    let (mut random, mut slowest) = (Rng::with_seed(seed), Duration::ZERO);
    let mut server = installation.serve_data(data);
    for cycle in 1..=cycles {
        let callers = load.callers(&server, &mut random);
        let [shortest, longest] = L::LIFE_MS;
        let life = Duration::from_millis(random.u64(shortest..=longest));
        let journals = one_life(server, callers, life, cycle);
        if cycle % 2 == 0 {
            verify(installation, data);
        }
        load.befall(installation);
        let started = now();
        server = installation.serve_data(data);
        slowest = slowest.max(started.elapsed());
        load.check(&server, journals, &mut random);
        if cycle % 2 == 1 {
            verify(installation, data);
        }
    }
    load.check_all(&server);
    server.stop();
    verify(installation, data);
    note(format_args!("crash: {cycles} kills; slowest restart {slowest:?}"));
}
