//! Buckets of tokens for whoever comes, in a fixed number of places: a flood of new callers takes no memory,
//! and cannot make those be forgotten who have asked most.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::{Mutex, PoisonError};

/// How often one caller may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Requests a second in the long run; 0 is no limit.
    pub per_second: u32,
    /// Requests at once, after a silence; 0 is no limit.
    pub burst: u32,
}

/// The caller has asked too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limited {
    /// Seconds until a request is heard, at least 1.
    pub(crate) retry_after_s: u32,
}

/// Places that a caller's hash allows.
const WAYS: usize = 8;
/// Groups of so many places: 32,768 callers, half a megabyte.
const SETS: u64 = 4096;

const SECOND_NS: u64 = 1_000_000_000;

/// A caller by its hash, and when its bucket will be full again: one that is full is as good as none.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    hash: u64,
    full_at_ns: u64,
}

/// The buckets of all callers under one rate. Nobody outside knows how callers are hashed, so nobody can
/// choose with whom he shares places.
#[derive(Debug)]
pub(super) struct Buckets {
    /// What one request takes.
    request_ns: u64,
    /// What a full bucket holds.
    burst_ns: u64,
    hasher: RandomState,
    sets: Mutex<Box<[[Place; WAYS]]>>,
}

impl Buckets {
    /// `None` where there is no limit.
    pub(super) fn new(rate: Rate) -> Option<Self> {
        Self::with_sets(rate, SETS)
    }

    fn with_sets(rate: Rate, len: u64) -> Option<Self> {
        let request_ns = (SECOND_NS / u64::from(rate.per_second.max(1))).max(1);
        if rate.per_second == 0 || rate.burst == 0 {
            return None;
        }
        Some(Self {
            request_ns,
            burst_ns: request_ns.saturating_mul(rate.burst.into()),
            hasher: RandomState::new(),
            sets: Mutex::new((0..len).map(|_| [Place::default(); WAYS]).collect()),
        })
    }

    /// Takes a request out of a caller's bucket; `at_us` never goes back.
    pub(super) fn take(&self, caller: &impl Hash, at_us: u64) -> Result<(), Limited> {
        let now_ns = at_us.saturating_mul(1_000);
        let hash = self.hasher.hash_one(caller);
        let mut sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
        let at = usize::try_from(hash).unwrap_or(usize::MAX) % sets.len();
        let set = sets.get_mut(at).expect("a remainder is less than the length");
        let known = set.iter().position(|place| place.hash == hash);
        // Whoever is new takes the place of whom it matters least to have forgotten.
        let least = || set.iter().enumerate().min_by_key(|(_, place)| place.full_at_ns);
        let at = known.or_else(|| Some(least()?.0)).unwrap_or_default();
        let place = set.get_mut(at).expect("it was found there");
        let full_at_ns = if known.is_some() { place.full_at_ns.max(now_ns) } else { now_ns };
        let after_ns = full_at_ns.saturating_add(self.request_ns);
        let over_ns = after_ns.saturating_sub(now_ns.saturating_add(self.burst_ns));
        if over_ns > 0 {
            let retry_after_s = u32::try_from(over_ns.div_ceil(SECOND_NS)).unwrap_or(u32::MAX);
            return Err(Limited { retry_after_s });
        }
        *place = Place { hash, full_at_ns: after_ns };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_US: u64 = 1_000_000;

    fn buckets(per_second: u32, burst: u32) -> Buckets {
        Buckets::new(Rate { per_second, burst }).unwrap()
    }

    /// How many of `tries` pass at a moment.
    fn passed(buckets: &Buckets, caller: &str, at_us: u64, tries: u32) -> u32 {
        let passed = (0..tries).filter(|_| buckets.take(&caller, at_us).is_ok()).count();
        u32::try_from(passed).unwrap()
    }

    #[test]
    fn a_burst_passes_and_then_so_many_a_second() {
        let buckets = buckets(10, 25);
        let start = 7 * SECOND_US;
        for (after_us, expected) in [
            (0, 25),
            (99_999, 0),
            (100_000, 1),
            (SECOND_US, 9),
            (3 * SECOND_US, 20),
            (3_600 * SECOND_US, 25),
        ] {
            assert_eq!(passed(&buckets, "a", start + after_us, 100), expected, "{after_us}");
        }
        assert_eq!(passed(&buckets, "b", start, 100), 25, "another has a bucket of its own");
    }

    #[test]
    fn whoever_waits_as_told_is_heard() {
        for (per_second, burst, expected) in
            [(1, 1, 1), (1, 30, 1), (1_000, 5, 1), (4_000_000_000, 1, 1)]
        {
            let buckets = buckets(per_second, burst);
            assert_eq!(passed(&buckets, "a", SECOND_US, burst), burst);
            let Err(Limited { retry_after_s }) = buckets.take(&"a", SECOND_US) else {
                panic!("{per_second} {burst}")
            };
            assert_eq!(retry_after_s, expected);
            let later = SECOND_US * (1 + u64::from(retry_after_s));
            assert_eq!(buckets.take(&"a", later), Ok(()), "{per_second} {burst}");
        }
    }

    #[test]
    fn nothing_is_no_limit() {
        for (per_second, burst) in [(0, 0), (0, 9), (9, 0)] {
            assert!(Buckets::new(Rate { per_second, burst }).is_none());
        }
    }

    #[test]
    fn a_flood_of_callers_neither_grows_nor_frees_those_who_asked_most() {
        let rate = Rate { per_second: 1, burst: 100 };
        let buckets = Buckets::with_sets(rate, 16).unwrap();
        assert_eq!(passed(&buckets, "greedy", 0, 200), 100);
        for caller in 0..100_000 {
            assert_eq!(buckets.take(&caller, 1), Ok(()), "the new are heard");
        }
        assert_eq!(passed(&buckets, "greedy", 1, 1), 0, "it is not forgotten");
        assert_eq!(buckets.sets.lock().unwrap().len(), 16);
    }
}
