//! Credentials that were found right a short while ago, so that a call does not pay for the slow hash.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use ventanilla_store::Digest;

use crate::guard::forget_oldest;

/// How long credentials are known to be right after the last time they were found so.
const KEPT: SignedDuration = SignedDuration::from_mins(10);
/// Credentials remembered; more are forgotten, the oldest first.
const LEN_MAX: usize = 10_000;

/// Credentials by a keyed hash that the kept password is part of: a changed one is not found.
#[derive(Debug, Default)]
pub(super) struct Verified {
    found_at: Mutex<HashMap<Digest, Timestamp>>,
}

impl Verified {
    /// Whether credentials are known to be right. To be asked for is to be found right once more:
    /// who calls all the time is never held up by another's failures.
    pub(super) fn holds(&self, credentials: &Digest, now: Timestamp) -> bool {
        let mut found_at = self.found_at.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(at) = found_at.get_mut(credentials) else { return false };
        if now.duration_since(*at) >= KEPT {
            found_at.remove(credentials);
            return false;
        }
        *at = (*at).max(now);
        true
    }

    /// Remembers credentials that were found right.
    pub(super) fn remember(&self, credentials: Digest, now: Timestamp) {
        let mut found_at = self.found_at.lock().unwrap_or_else(PoisonError::into_inner);
        if found_at.len() >= LEN_MAX {
            forget_oldest(&mut found_at, |at| Some(*at));
        }
        found_at.insert(credentials, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + seconds).unwrap()
    }

    fn numbered(number: usize) -> Digest {
        let mut digest = [0; 32];
        digest[..8].copy_from_slice(&number.to_be_bytes());
        digest
    }

    #[test]
    fn credentials_are_known_for_ten_minutes_after_their_last_use() {
        let verified = Verified::default();
        assert!(!verified.holds(&numbered(1), at(0)));
        verified.remember(numbered(1), at(0));
        for (seconds, holds) in [(599, true), (1198, true), (1798, false), (1199, false)] {
            assert_eq!(verified.holds(&numbered(1), at(seconds)), holds, "{seconds}");
        }
        assert!(!verified.holds(&numbered(2), at(0)));
    }

    #[test]
    fn the_oldest_are_forgotten_where_there_are_too_many() {
        let verified = Verified::default();
        for (number, seconds) in (0..=LEN_MAX).zip(0_i64..) {
            verified.remember(numbered(number), at(seconds / 100));
        }
        assert!(verified.found_at.lock().unwrap().len() <= LEN_MAX);
        let now = at(100);
        assert!(!verified.holds(&numbered(0), now) && verified.holds(&numbered(LEN_MAX), now));
    }
}
