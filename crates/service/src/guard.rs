//! Counts failures, so that secrets cannot be guessed.
//!
//! Source: docs/spec/cooplan.md §2, Services 1.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use ventanilla_store::Digest;

use crate::network_of;

/// Failures of one name from one network that are heard within [`WINDOW`].
const FAILURES_MAX: usize = 10;
const WINDOW: SignedDuration = SignedDuration::from_secs(60);
/// Pairs of name and network remembered; more are forgotten, the oldest first.
const PAIRS_MAX: usize = 10_000;

/// The failures of the last [`WINDOW`], by the keyed hash of the name that failed, be it a security
/// code's, an integrator's or a user's, and by the network it failed from.
#[derive(Debug, Default)]
pub(crate) struct LoginGuard {
    failures: Mutex<HashMap<(Digest, IpAddr), Vec<Timestamp>>>,
}

impl LoginGuard {
    /// Seconds until the next try is heard, at least 1, where too many have failed.
    pub(crate) fn hold_s(&self, name: &Digest, address: IpAddr, now: Timestamp) -> Option<u32> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let times = failures.get_mut(&(*name, network_of(address)))?;
        // A failure of the future is one of a clock that was set back: it holds nobody up.
        let has_ended = |at: &Timestamp| *at > now || now.duration_since(*at) >= WINDOW;
        // Nor are they in order then: one of the past may stand before it.
        times.retain(|at| !has_ended(at));
        let first = times.iter().min().filter(|_| times.len() >= FAILURES_MAX)?;
        let rest_s = (WINDOW - now.duration_since(*first)).as_secs();
        Some(u32::try_from(rest_s + 1).unwrap_or(u32::MAX))
    }

    /// Counts a failure.
    pub(crate) fn count(&self, name: Digest, address: IpAddr, now: Timestamp) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= PAIRS_MAX {
            forget_oldest(&mut failures, |times| times.last().copied());
        }
        failures.entry((name, network_of(address))).or_default().push(now);
    }
}

/// Forgets the half of a map, which must not be empty, whose last use is the oldest.
pub(crate) fn forget_oldest<K: Eq + Hash, V, S: BuildHasher>(
    map: &mut HashMap<K, V, S>,
    last_use: impl Fn(&V) -> Option<Timestamp>,
) {
    let mut uses: Vec<Option<Timestamp>> = map.values().map(&last_use).collect();
    let middle = uses.len() / 2;
    let (_, median, _) = uses.select_nth_unstable(middle);
    let median = *median;
    map.retain(|_, value| last_use(value) > median);
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: Digest = [1; 32];
    const HOME: &str = "192.0.2.1";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + seconds).unwrap()
    }

    impl LoginGuard {
        fn fail(&self, times: usize, from: &str, seconds: i64) {
            for _ in 0..times {
                self.count(NAME, from.parse().unwrap(), at(seconds));
            }
        }

        fn held_s(&self, from: &str, seconds: i64) -> Option<u32> {
            self.hold_s(&NAME, from.parse().unwrap(), at(seconds))
        }
    }

    #[test]
    fn the_addresses_of_one_ipv6_network_fail_together() {
        let guard = LoginGuard::default();
        guard.fail(5, "2001:db8::1", 0);
        guard.fail(5, "2001:db8::ffff", 0);
        assert_eq!(guard.held_s("2001:db8::2", 0), Some(61));
        assert_eq!(guard.held_s("2001:db8:0:1::2", 0), None);
        guard.fail(10, HOME, 0);
        assert_eq!(guard.held_s("::ffff:192.0.2.1", 0), Some(61));
    }

    #[test]
    fn a_failure_of_the_future_holds_nobody_up_wherever_it_stands() {
        let guard = LoginGuard::default();
        guard.fail(1, HOME, 0);
        guard.fail(9, HOME, 3600);
        assert_eq!(guard.held_s(HOME, 1), None, "the clock was set back");
        guard.fail(8, HOME, 1);
        assert_eq!(guard.held_s(HOME, 1), None);
        guard.fail(1, HOME, 0);
        assert_eq!(guard.held_s(HOME, 1), Some(60), "the first that ends ends the hold");
    }
}
