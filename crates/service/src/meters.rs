//! What a process counts of itself for whoever watches it. Atomics alone: counting takes no lock and
//! no memory, so that a payment does not feel it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::hindrance::Hindrance;

/// Upper bounds of a duration's buckets, in microseconds: 100 µs to 10 s.
const DURATIONS_US: [u64; 16] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 2_500_000, 5_000_000, 10_000_000,
];

/// Upper bounds of the buckets of commands that share a commit.
const BATCH_LENS: [u64; 9] = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/// A number that only grows while the process lives.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub fn add_one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// How many so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How many there are at the moment: every rise is followed by its fall.
#[derive(Debug, Default)]
pub struct Level(AtomicU64);

impl Level {
    /// One comes.
    pub fn rise(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// One that came goes.
    pub fn fall(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    /// How many there are.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Commands that wait. What the callers count and what the writer counts are kept apart, so that
/// neither waits for the other's processor.
#[derive(Debug, Default)]
pub struct QueueLen {
    submitted: Apart<AtomicU64>,
    taken: Apart<AtomicU64>,
}

/// A value that shares no line of the processors' caches with another.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Apart<T>(T);

impl QueueLen {
    pub(crate) fn submitted(&self) {
        self.submitted.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn taken(&self, len: usize) {
        self.taken.0.fetch_add(u64::try_from(len).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// How many wait. One that is taken before it is counted does not, for that moment.
    pub fn get(&self) -> u64 {
        let taken = self.taken.0.load(Ordering::Relaxed);
        self.submitted.0.load(Ordering::Relaxed).saturating_sub(taken)
    }
}

/// How often a value came to how much, by buckets.
#[derive(Debug)]
#[repr(align(64))]
pub struct Histogram {
    /// The buckets' upper bounds, ascending, each in its bucket.
    bounds: &'static [u64],
    /// One for each bound, and one for what is above them all.
    buckets: Box<[AtomicU64]>,
    sum: AtomicU64,
}

/// What a histogram says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Upper bounds, ascending, each with the number of values up to it.
    pub up_to: Vec<(u64, u64)>,
    /// All values.
    pub count: u64,
    /// What they come to together.
    pub sum: u64,
}

impl Histogram {
    fn new(bounds: &'static [u64]) -> Self {
        let buckets = (0..=bounds.len()).map(|_| AtomicU64::default()).collect();
        Self { bounds, buckets, sum: AtomicU64::default() }
    }

    /// Takes a value, in the unit of the bounds.
    pub fn observe(&self, value: u64) {
        let at = self.bounds.partition_point(|bound| *bound < value);
        if let Some(bucket) = self.buckets.get(at) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// What it says now. The count is that of the buckets, whatever comes meanwhile.
    pub fn read(&self) -> Reading {
        let mut count = 0;
        let mut counts = self.buckets.iter().map(|bucket| {
            count += bucket.load(Ordering::Relaxed);
            count
        });
        let up_to = self.bounds.iter().copied().zip(counts.by_ref()).collect();
        let count = counts.last().unwrap_or(0);
        Reading { up_to, count, sum: self.sum.load(Ordering::Relaxed) }
    }
}

/// What is told of the mirror.
#[derive(Debug)]
pub struct MirrorMeters {
    /// Lines written to it with their sync, group by group, in microseconds.
    pub write_us: Histogram,
    state: AtomicU64,
    lag: AtomicU64,
}

/// How a mirror stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MirrorState {
    /// Whether it can be written.
    pub is_ready: bool,
    /// How many lines of the store are not known to be in it: entries, and the identity tables as
    /// one.
    pub lag: u64,
}

impl Default for MirrorMeters {
    fn default() -> Self {
        let (state, lag) = (AtomicU64::default(), AtomicU64::default());
        Self { write_us: Histogram::new(&DURATIONS_US), state, lag }
    }
}

impl MirrorMeters {
    const NONE: u64 = 0;
    const READY: u64 = 1;
    const FAILING: u64 = 2;

    /// How the mirror stands; `None` where the store has none.
    pub fn state(&self) -> Option<MirrorState> {
        let state = self.state.load(Ordering::Relaxed);
        let lag = self.lag.load(Ordering::Relaxed);
        let is_ready = state == Self::READY;
        (state != Self::NONE).then_some(MirrorState { is_ready, lag })
    }

    pub(crate) fn set_none(&self) {
        self.set(Self::NONE, 0);
    }

    pub(crate) fn set_ready(&self) {
        self.set(Self::READY, 0);
    }

    pub(crate) fn set_failing(&self, lag: u64) {
        self.set(Self::FAILING, lag);
    }

    fn set(&self, state: u64, lag: u64) {
        self.lag.store(lag, Ordering::Relaxed);
        self.state.store(state, Ordering::Relaxed);
    }
}

/// What is counted of the write path.
#[derive(Debug)]
pub struct WriteMeters {
    /// Payments that were decided, refused and repeated ones too: from the queue to the end of their
    /// commit, in microseconds.
    pub payment_us: Histogram,
    /// Commits with their sync, failed ones too, in microseconds.
    pub commit_us: Histogram,
    /// Commands that shared a commit.
    pub batch_len: Histogram,
    /// Commands that wait for the writer.
    pub queue_len: QueueLen,
    /// Commands that found the queue full.
    pub commands_refused: Counter,
    /// Groups that ran again, each time: another transaction was in their way, or the connection to the
    /// database was lost before their commit.
    pub writes_retried: Counter,
    /// The mirror, if the store has one.
    pub mirror: Arc<MirrorMeters>,
    /// That the database could not be reached.
    pub(crate) unreachable: Hindrance,
    /// That others held up all that was tried.
    pub(crate) busy: Hindrance,
    /// When the batch under way in each of the writer's threads began, in [`crate::Clock`]'s elapsed
    /// microseconds; 0 between batches.
    batches_since_us: Box<[Apart<AtomicU64>]>,
    /// When the disk was last found full, in the same; 0 if never.
    full_at_us: AtomicU64,
}

impl WriteMeters {
    /// Those of a writer with so many threads.
    pub(crate) fn of(writers: usize) -> Self {
        Self {
            payment_us: Histogram::new(&DURATIONS_US),
            commit_us: Histogram::new(&DURATIONS_US),
            batch_len: Histogram::new(&BATCH_LENS),
            queue_len: QueueLen::default(),
            commands_refused: Counter::default(),
            writes_retried: Counter::default(),
            mirror: Arc::default(),
            unreachable: Hindrance::default(),
            busy: Hindrance::default(),
            batches_since_us: (0..writers).map(|_| Apart::default()).collect(),
            full_at_us: AtomicU64::default(),
        }
    }

    /// A thread, counted from 0, has taken a batch.
    pub(crate) fn begin_batch(&self, thread: usize, now_us: u64) {
        self.set_batch(thread, now_us.max(1));
    }

    pub(crate) fn end_batch(&self, thread: usize) {
        self.set_batch(thread, 0);
    }

    fn set_batch(&self, thread: usize, since_us: u64) {
        if let Some(batch) = self.batches_since_us.get(thread) {
            batch.0.store(since_us, Ordering::Relaxed);
        }
    }

    /// How long the writer has been at the oldest batch under way, in microseconds; 0 between batches.
    pub(crate) fn batch_age_us(&self, now_us: u64) -> u64 {
        let begun = self.batches_since_us.iter().map(|batch| batch.0.load(Ordering::Relaxed));
        let ages = begun.filter(|since_us| *since_us > 0);
        ages.map(|since_us| now_us.saturating_sub(since_us)).max().unwrap_or(0)
    }

    /// The disk was found full; whether that is news after `quiet_us` without a word of it.
    pub(crate) fn found_full(&self, now_us: u64, quiet_us: u64) -> bool {
        let before_us = self.full_at_us.swap(now_us.max(1), Ordering::Relaxed);
        before_us == 0 || now_us.saturating_sub(before_us) >= quiet_us
    }

    /// Whether the disk was found full within that time.
    pub(crate) fn is_full(&self, now_us: u64, within_us: u64) -> bool {
        let full_at_us = self.full_at_us.load(Ordering::Relaxed);
        full_at_us > 0 && now_us.saturating_sub(full_at_us) < within_us
    }

    /// A commit of `len` commands has ended. One of nothing is what a stop makes.
    pub(crate) fn committed(&self, len: usize, took_us: u64) {
        if len > 0 {
            self.commit_us.observe(took_us);
            self.batch_len.observe(u64::try_from(len).unwrap_or(u64::MAX));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_in_every_bucket_from_the_first_that_reaches_it() {
        static BOUNDS: [u64; 3] = [1, 10, 100];
        for (values, counts, sum) in [
            (&[][..], [0, 0, 0, 0], 0),
            (&[0, 1], [2, 2, 2, 2], 1),
            (&[2, 10], [0, 2, 2, 2], 12),
            (&[11, 100], [0, 0, 2, 2], 111),
            (&[101, 1_000_000], [0, 0, 0, 2], 1_000_101),
            (&[1, 5, 50, 500], [1, 2, 3, 4], 556),
        ] {
            let histogram = Histogram::new(&BOUNDS);
            for value in values {
                histogram.observe(*value);
            }
            let Reading { up_to, count, sum: read } = histogram.read();
            let expected: Vec<_> = BOUNDS.into_iter().zip(counts).collect();
            assert_eq!((up_to, count, read), (expected, counts[3], sum), "{values:?}");
        }
    }

    #[test]
    fn a_batch_grows_old_until_it_ends() {
        let meters = WriteMeters::of(1);
        assert_eq!(meters.batch_age_us(50), 0);
        meters.begin_batch(0, 20);
        assert_eq!(meters.batch_age_us(50), 30);
        assert_eq!(meters.batch_age_us(10), 0, "a clock that is read on two threads");
        meters.end_batch(0);
        assert_eq!(meters.batch_age_us(90), 0);
    }

    #[test]
    fn of_several_threads_the_oldest_batch_is_told() {
        let meters = WriteMeters::of(3);
        meters.begin_batch(1, 20);
        meters.begin_batch(2, 30);
        assert_eq!(meters.batch_age_us(50), 30);
        // One that goes on quickly does not hide one that is stuck.
        meters.end_batch(2);
        meters.begin_batch(2, 45);
        assert_eq!(meters.batch_age_us(50), 30);
        meters.end_batch(1);
        assert_eq!(meters.batch_age_us(50), 5);
    }
}
