//! The primary of the database fails under load, and its standby takes over: no answered payment is lost or
//! doubled, and whoever was not answered finds out by its key.
//!
//! `VENTANILLA_HA_ROUNDS` says how often each server of the database fails, `VENTANILLA_HA_SEED` when.

mod callers;
mod history;
mod site;

use std::thread;
use std::time::Duration;

use fastrand::Rng;
use ventanilla_rig::{Cut, Pair};

use crate::common::{note, now};
use callers::Load;
use history::History;
use site::Site;

/// How long a round is under load before, and after somebody has been answered again.
const BEFORE_MS: [u64; 2] = [200, 1_500];
const AFTER: Duration = Duration::from_millis(700);
/// How long it takes whoever watches the primary to see that it fails, from and to.
const SEEN_MS: [u64; 2] = [0, 800];

/// How a primary fails. Whatever is left of it once its standby is promoted is ended, at once or when all are
/// answered again: it never wakes up as a second one.
#[derive(Debug, Clone, Copy)]
enum Failing {
    Killed,
    Frozen,
    /// Nobody reaches it, nor is told so.
    CutOff,
}

impl Failing {
    fn strike(self, pair: &mut Pair) {
        match self {
            Self::Killed => pair.kill_primary().unwrap(),
            Self::Frozen => pair.freeze_primary().unwrap(),
            Self::CutOff => pair.cut_primary(Cut::BlackHoled),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a long run is asked for by the environment")]
fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn between(random: &mut Rng, [from, to]: [u64; 2]) -> Duration {
    Duration::from_millis(random.u64(from..=to))
}

/// Fails over under load, round after round.
fn check(failing: Failing) {
    let seed = from_environment("VENTANILLA_HA_SEED").unwrap_or(std::process::id().into());
    let rounds = from_environment("VENTANILLA_HA_ROUNDS").unwrap_or(1);
    note(format_args!("ha: {failing:?} VENTANILLA_HA_SEED={seed} VENTANILLA_HA_ROUNDS={rounds}"));
    let mut random = Rng::with_seed(seed);
    let mut site = Site::made();
    let mut history = History::default();
    let (mut downs, mut struck) = (Vec::new(), Vec::new());
    for round in 1..=rounds {
        let mut load = Load::of(&site, round, &mut random, history.standing());
        let (down, attempts) = thread::scope(|scope| {
            let running = load.start(scope);
            thread::sleep(between(&mut random, BEFORE_MS));
            failing.strike(&mut site.pair);
            struck.push(now());
            thread::sleep(between(&mut random, SEEN_MS));
            site.pair.promote().unwrap();
            let promoted = now();
            if round % 2 == 1 {
                // As whoever promotes one makes sure of the end of the other.
                site.pair.kill_standby().unwrap();
            }
            let down = running.wait_for_successes(promoted);
            site.pair.kill_standby().unwrap();
            thread::sleep(AFTER);
            (down, running.stop())
        });
        downs.push(down);
        history.add(attempts);
        site.pair.rejoin().unwrap();
        site.verify();
        history.check(&site.events());
        note(format_args!(
            "ha: {failing:?} round {round}: {down:?} to the first success; {history}"
        ));
    }
    site.stop();
    downs.sort_unstable();
    let (median, most) = (downs[downs.len() / 2], downs[downs.len() - 1]);
    note(format_args!(
        "ha: {failing:?}, {rounds} failovers; from the promotion to the first success {median:?} in the middle, \
         {most:?} at most; {history}"
    ));
    history.check_load(&struck);
}

#[test]
fn a_primary_that_is_killed_takes_no_answered_payment_with_it() {
    check(Failing::Killed);
}

#[test]
fn a_primary_that_is_frozen_takes_no_answered_payment_with_it() {
    check(Failing::Frozen);
}

#[test]
fn a_primary_that_is_cut_off_takes_no_answered_payment_with_it() {
    check(Failing::CutOff);
}
