//! What keeps everything from being written, as it is told: not each time, and once more when it is over.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Something that passes and hinders every write while it lasts. Moments are of
/// [`Clock::elapsed_us`](crate::Clock::elapsed_us).
#[derive(Debug, Default)]
pub(crate) struct Hindrance {
    /// When it was last found; 0 where it never was, or has ended since.
    found_at_us: AtomicU64,
    /// When it was last told; 0 if never.
    told_at_us: AtomicU64,
    /// Whether its end is to be told.
    is_told: AtomicBool,
}

impl Hindrance {
    /// It was found. Whether that is to be told: it is once in `quiet_us`, however long it lasts and
    /// however often it comes.
    pub(crate) fn find(&self, now_us: u64, quiet_us: u64) -> bool {
        let now_us = now_us.max(1);
        self.found_at_us.store(now_us, Ordering::Relaxed);
        let told_at_us = self.told_at_us.load(Ordering::Relaxed);
        if told_at_us > 0 && now_us.saturating_sub(told_at_us) < quiet_us {
            return false;
        }
        let told = self.told_at_us.compare_exchange(
            told_at_us,
            now_us,
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
        // Otherwise another thread has found it too, and tells.
        if told.is_ok() {
            self.is_told.store(true, Ordering::Relaxed);
        }
        told.is_ok()
    }

    /// Something was written, so it has ended if it was there. Whether that is to be told: where it was
    /// told itself.
    pub(crate) fn end(&self) -> bool {
        // Nearly always there is nothing to end, and nothing to be written for others to read.
        self.found_at_us.load(Ordering::Relaxed) > 0
            && self.found_at_us.swap(0, Ordering::Relaxed) > 0
            && self.is_told.swap(false, Ordering::Relaxed)
    }

    /// Whether it was found within that time and has not ended since.
    pub(crate) fn is_on(&self, now_us: u64, within_us: u64) -> bool {
        let found_at_us = self.found_at_us.load(Ordering::Relaxed);
        found_at_us > 0 && now_us.saturating_sub(found_at_us) < within_us
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hinders_is_told_once_a_while_and_its_end_where_it_was_told() {
        let hindrance = Hindrance::default();
        assert!(!hindrance.end(), "there was none");
        for (now_us, is_told) in [(0, true), (5, false), (60, false), (61, true), (120, false)] {
            assert_eq!(hindrance.find(now_us, 60), is_told, "{now_us}");
        }
        assert!(hindrance.end(), "and it is over");
        assert!(!hindrance.end());
        // One that comes and goes is no louder.
        assert!(!hindrance.find(119, 60) && !hindrance.end());
        assert!(hindrance.find(121, 60) && hindrance.end());
    }

    #[test]
    fn what_hinders_is_on_until_it_ends_or_was_not_found_for_a_while() {
        let hindrance = Hindrance::default();
        assert!(!hindrance.is_on(0, 10));
        hindrance.find(100, 60);
        for (now_us, is_on) in [(99, true), (100, true), (109, true), (110, false)] {
            assert_eq!(hindrance.is_on(now_us, 10), is_on, "{now_us}");
        }
        hindrance.end();
        assert!(!hindrance.is_on(100, 10));
    }
}
