//! Faults that a store in memory is told to have: how what is written over a store that may fail, or
//! be a network away, is tested without one.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use crate::{CommitError, StoreError};

/// Where a store in memory asks whether it is to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultPoint {
    /// A snapshot is taken.
    Snapshot,
    /// Commands are split into groups.
    Groups,
    /// A group's transaction begins.
    BeginGroup,
    /// Any other transaction begins.
    Begin,
    /// An entry, or a row of a trail, is written.
    Append,
    /// A commit begins: what fails here keeps nothing.
    Commit,
    /// A commit has ended: what fails here, as unknown, has been kept.
    Committed,
}

type Plan = dyn FnMut(FaultPoint) -> Result<(), CommitError> + Send;

/// What is to go wrong with a store in memory, and what kind of store it passes itself off as.
pub struct Faults {
    pub(super) writers: usize,
    pub(super) is_remote: bool,
    plan: Mutex<Box<Plan>>,
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Faults");
        shown.field("writers", &self.writers).field("is_remote", &self.is_remote);
        shown.finish_non_exhaustive()
    }
}

impl Faults {
    /// Those of a store on this machine. `plan` is asked at each point, one at a time; an unknown
    /// outcome that it gives anywhere but in a commit is taken as its cause.
    pub fn local(plan: impl FnMut(FaultPoint) -> Result<(), CommitError> + Send + 'static) -> Self {
        Self { writers: 1, is_remote: false, plan: Mutex::new(Box::new(plan)) }
    }

    /// The same of a store that is a network away: so many may write at the same time, what waits is
    /// split into groups, and it goes on after an unknown outcome.
    pub fn remote(
        writers: usize,
        plan: impl FnMut(FaultPoint) -> Result<(), CommitError> + Send + 'static,
    ) -> Self {
        Self { writers: writers.max(1), is_remote: true, ..Self::local(plan) }
    }

    /// Asks what becomes of a commit there.
    pub(super) fn commit(&self, point: FaultPoint) -> Result<(), CommitError> {
        let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        plan(point)
    }

    /// Asks what becomes of anything else there.
    pub(super) fn at(&self, point: FaultPoint) -> Result<(), StoreError> {
        self.commit(point).map_err(|error| match error {
            CommitError::Nothing(error) | CommitError::Unknown(error) => error,
        })
    }
}
