//! Keeping the mirror level with the store: what the writer does before a group and after it
//! (docs/decisions/0021).
//!
//! A group that was committed here and not there is answered as unknown; from then on nothing new is
//! written until the mirror is back and has everything. It is tried once a second.

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use ventanilla_domain::Label;
use ventanilla_store::{CommitError, Mirror, MirrorError, Store};

use crate::meters::MirrorMeters;
use crate::trail::StaffAct;
use crate::{Clock, Service, Subject, What, failure};

/// Between two looks at the mirror while nobody writes, and between two tries of one that fails.
const PAUSE: Duration = Duration::from_secs(1);
const PAUSE_US: u64 = 1_000_000;

/// What keeps the mirror from being written; shared with whoever asks why nothing is.
pub(crate) type MirrorProblem = Arc<Mutex<Option<Arc<MirrorError>>>>;

/// From which moment on what is kept may be on the disk of the books alone.
#[derive(Debug)]
pub(crate) struct OneDiskOnly {
    since_us: AtomicI64,
}

impl Default for OneDiskOnly {
    fn default() -> Self {
        Self { since_us: AtomicI64::new(i64::MAX) }
    }
}

impl OneDiskOnly {
    /// Whether what was recorded then may be lost with this disk. To be asked after it was read: its
    /// group said so before its commit, and takes it back once the mirror has it.
    pub(crate) fn has(&self, recorded_at: Timestamp) -> bool {
        recorded_at.as_microsecond() >= self.since_us.load(Ordering::SeqCst)
    }

    fn add(&self, recorded_at: Timestamp) {
        self.since_us.fetch_min(recorded_at.as_microsecond(), Ordering::SeqCst);
    }

    fn clear(&self) {
        self.since_us.store(i64::MAX, Ordering::SeqCst);
    }
}

/// Whether a group may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leave {
    /// The store has no mirror.
    Unmirrored,
    /// It has one, which must have the group before those of it are answered that wait for it.
    Mirrored,
    /// It has one that cannot be written.
    Refused,
}

#[derive(Debug)]
enum State {
    /// Not compared with the store yet.
    New,
    Ready,
    Failing {
        retry_at_us: u64,
        told: String,
    },
}

/// The mirror as the writer keeps it.
#[derive(Debug)]
pub(crate) struct Keeper {
    store: Store,
    clock: Clock,
    meters: Arc<MirrorMeters>,
    problem: MirrorProblem,
    one_disk_only: Arc<OneDiskOnly>,
    /// Where it is, in the store's words, and the mirror there.
    mirror: Option<(String, Mirror)>,
    state: State,
}

impl Keeper {
    pub(crate) fn new(
        store: Store,
        clock: Clock,
        meters: Arc<MirrorMeters>,
        problem: MirrorProblem,
        one_disk_only: Arc<OneDiskOnly>,
    ) -> Self {
        let (mirror, state) = (None, State::New);
        let mut keeper = Self { store, clock, meters, problem, one_disk_only, mirror, state };
        let path = keeper.store.snapshot().and_then(|snapshot| snapshot.view().mirror());
        // A store that cannot be read is told of by whoever reads or writes it.
        keeper.turn_to(path.ok().flatten().as_deref());
        keeper
    }

    /// How long the writer may be silent until it is time to look after the mirror.
    pub(crate) fn pause(&self) -> Option<Duration> {
        self.mirror.as_ref().map(|_| PAUSE)
    }

    /// Compares a mirror that was not used yet with the store, before a transaction holds others up.
    pub(crate) fn prepare(&mut self) {
        if matches!(self.state, State::New) && self.mirror.is_some() {
            self.catch_up();
        }
    }

    /// Whether a group may write, by where the store is mirrored at its start. What is seen to fail
    /// now fails before anything is changed.
    pub(crate) fn allow(&mut self, path: Option<&str>) -> Leave {
        self.turn_to(path);
        let Some((_, mirror)) = &mut self.mirror else { return Leave::Unmirrored };
        let is_usable = match &self.state {
            State::Ready => match mirror.check() {
                Ok(()) => true,
                Err(error) => {
                    self.fail(error);
                    false
                }
            },
            State::Failing { retry_at_us, .. } if self.clock.elapsed_us() < *retry_at_us => false,
            State::New | State::Failing { .. } => self.catch_up(),
        };
        if is_usable { Leave::Mirrored } else { Leave::Refused }
    }

    /// Notes that a command of a group that is to be mirrored runs at this instant.
    pub(crate) fn begin(&self, now: Timestamp) {
        self.one_disk_only.add(now);
    }

    /// Brings the mirror level with the store: whether it is. What fails is logged here, once.
    pub(crate) fn catch_up(&mut self) -> bool {
        let Some((_, mirror)) = &mut self.mirror else { return true };
        let started_us = self.clock.elapsed_us();
        match mirror.catch_up(&self.store) {
            Ok(lines) => {
                if lines > 0 {
                    let took_us = self.clock.elapsed_us().saturating_sub(started_us);
                    self.meters.write_us.observe(took_us);
                }
                self.recover(lines);
                true
            }
            Err(error) => {
                self.fail(error);
                false
            }
        }
    }

    /// Looks after the mirror while nobody writes: one that is gone is told of before the next
    /// payment comes, and what another process left is caught up.
    pub(crate) fn look(&mut self) {
        match self.store.snapshot().and_then(|snapshot| snapshot.view().mirror()) {
            Ok(path) => self.turn_to(path.as_deref()),
            Err(error) => tracing::debug!(%error, "where the mirror is cannot be read"),
        }
        self.catch_up();
    }

    /// Takes the place where the store is mirrored from now on.
    fn turn_to(&mut self, path: Option<&str>) {
        if self.mirror.as_ref().map(|(known, _)| known.as_str()) == path {
            return;
        }
        let mirror =
            |path: &str| (path.to_owned(), Mirror::at(Path::new(path), self.store.keys().clone()));
        self.mirror = path.map(mirror);
        self.state = State::New;
        self.tell(None);
        if let Some(path) = path {
            tracing::info!(path, "the books are mirrored");
        } else {
            tracing::info!("the books have no mirror any more");
            self.one_disk_only.clear();
            self.meters.set_none();
        }
    }

    fn recover(&mut self, lines: u64) {
        if let State::Failing { .. } = self.state {
            tracing::info!(lines, "the mirror is back and has everything");
        }
        self.state = State::Ready;
        self.one_disk_only.clear();
        self.meters.set_ready();
        self.tell(None);
    }

    fn fail(&mut self, error: MirrorError) {
        let told = failure::chain(&error);
        let is_news = !matches!(&self.state, State::Failing { told: known, .. } if *known == told);
        if is_news {
            tracing::error!(error = told, "the mirror cannot be written: nothing new is kept");
        }
        let retry_at_us = self.clock.elapsed_us().saturating_add(PAUSE_US);
        self.state = State::Failing { retry_at_us, told };
        self.meters.set_failing(self.lag());
        self.tell(Some(error));
    }

    /// How many entries of the store are not known to be in the mirror; rows of the trail bind nobody.
    fn lag(&self) -> u64 {
        let Some((_, mirror)) = &self.mirror else { return 0 };
        let known = mirror.known_ends().cloned().unwrap_or_default();
        self.store.ends().map_or(0, |ends| ends.books_lead_over(&known))
    }

    fn tell(&self, error: Option<MirrorError>) {
        let mut problem = self.problem.lock().unwrap_or_else(PoisonError::into_inner);
        *problem = error.map(Arc::new);
    }
}

/// Has the books name no mirror any more, and the trail who said so, in one transaction: it waits for
/// no mirror, as this is the way out where that is lost. `name` is the mirror's, for the trail.
pub fn leave_mirror(
    store: &Store,
    clock: &Clock,
    operator: &Label,
    name: &str,
) -> Result<(), CommitError> {
    let nothing = CommitError::Nothing;
    let mut tx = store.begin().map_err(nothing)?;
    tx.set_mirror(None).map_err(nothing)?;
    let act = StaffAct::by(operator, What::MirrorOff);
    act.keep(&mut tx, clock.now(), None, Subject::named(name)).map_err(nothing)?;
    tx.commit()
}

impl Service {
    /// Brings the mirror, if the store has one, level with the store. Blocking; what keeps it from
    /// that is told by [`Service::mirror_problem`], and tried again from then on.
    pub fn settle_mirror(&self) {
        self.inner.writer.look();
    }

    /// Why the mirror cannot be written, where the store has one that cannot.
    pub fn mirror_problem(&self) -> Option<Arc<MirrorError>> {
        self.inner.writer.mirror_problem()
    }
}
