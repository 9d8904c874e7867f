//! Time and chance: the only place that asks the machine for them.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use jiff::Timestamp;

/// Where the time comes from.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that stands still until it is set.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `at`, to the microsecond, until [`Clock::set`].
    pub fn manual(at: Timestamp) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(at.as_microsecond())))
    }

    /// Sets a manual clock; the machine's is left alone.
    pub fn set(&self, at: Timestamp) {
        if let Self::Manual(microseconds) = self {
            microseconds.store(at.as_microsecond(), Ordering::SeqCst);
        }
    }

    /// The instant, to the microsecond.
    pub fn now(&self) -> Timestamp {
        let microseconds = match self {
            Self::System => system_microseconds(),
            Self::Manual(microseconds) => microseconds.load(Ordering::SeqCst),
        };
        Timestamp::from_microsecond(microseconds).unwrap_or(Timestamp::MAX)
    }

    /// Microseconds since some moment, to measure how long something takes: unlike the instant it
    /// never goes back, whatever is done to the machine's date. A manual clock gives its own time.
    pub fn elapsed_us(&self) -> u64 {
        match self {
            Self::System => system_elapsed_us(),
            Self::Manual(microseconds) => microseconds.load(Ordering::SeqCst).unsigned_abs(),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is where the machine's clock is read")]
fn system_microseconds() -> i64 {
    Timestamp::now().as_microsecond()
}

fn system_elapsed_us() -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(system_instant);
    let elapsed = system_instant().saturating_duration_since(*START);
    u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX)
}

#[expect(clippy::disallowed_methods, reason = "this is where the machine's clock is read")]
fn system_instant() -> Instant {
    Instant::now()
}

/// Where chance comes from.
#[derive(Debug, Clone)]
pub enum Entropy {
    /// The operating system.
    System,
    /// A counted sequence: the same start gives the same secrets. For tests alone.
    Counted(Arc<AtomicI64>),
}

impl Entropy {
    /// A sequence that starts at `seed`.
    pub fn counted(seed: i64) -> Self {
        Self::Counted(Arc::new(AtomicI64::new(seed)))
    }

    /// `N` bytes nobody can guess (with [`Entropy::System`]).
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match self {
            Self::System => fill_from_system(&mut bytes),
            Self::Counted(counter) => {
                let next = counter.fetch_add(1, Ordering::SeqCst).to_be_bytes();
                for (byte, next) in bytes.iter_mut().rev().zip(next.iter().rev()) {
                    *byte = *next;
                }
            }
        }
        bytes
    }
}

#[expect(clippy::disallowed_methods, reason = "this is where the machine's entropy is read")]
fn fill_from_system(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system gives entropy, or nothing can be safe");
}
