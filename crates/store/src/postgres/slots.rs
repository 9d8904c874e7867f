//! Who writes: each transaction that runs at the same time as others has a slot of its own, whose row in
//! `commit_mark` tells afterwards whether its commit took place.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Slots of one process at most; of each kind half of them.
const SLOTS_MAX: i64 = 1_000;
const OF_KIND_MAX: i64 = 500;
/// Marks are kept of as many processes that came last.
pub(super) const PROCESSES_KEPT: i64 = 1_000;

/// What a slot's transactions are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Groups, whose marks whoever wants a company alone waits for.
    Group,
    /// All others.
    Own,
}

/// The slots of one process.
#[derive(Debug)]
pub(super) struct Slots {
    groups: Mutex<Vec<Slot>>,
    own: Mutex<Vec<Slot>>,
}

/// What a transaction signs with.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    kind: Kind,
    /// No other process has it, nor ever had.
    pub(super) writer: i64,
    /// The transaction's number among those of the slot.
    pub(super) seq: i64,
    /// The companies, or 0 for none, in which the slot has a row.
    pub(super) marked: BTreeSet<i64>,
}

impl Slots {
    /// Slots for the process of that number.
    pub(super) fn of_process(process: i64) -> Self {
        let first = process.saturating_mul(SLOTS_MAX);
        let of_kind = |kind, first: i64| {
            let slot = |writer| Slot { kind, writer, seq: 0, marked: BTreeSet::new() };
            Mutex::new((first..first.saturating_add(OF_KIND_MAX)).rev().map(slot).collect())
        };
        let own = first.saturating_add(OF_KIND_MAX);
        Self { groups: of_kind(Kind::Group, first), own: of_kind(Kind::Own, own) }
    }

    fn free(&self, kind: Kind) -> MutexGuard<'_, Vec<Slot>> {
        let free = match kind {
            Kind::Group => &self.groups,
            Kind::Own => &self.own,
        };
        free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A slot that nobody uses, for the next transaction; `None` where all are used.
    pub(super) fn take(&self, kind: Kind) -> Option<Slot> {
        let mut slot = self.free(kind).pop()?;
        slot.seq = slot.seq.saturating_add(1);
        Some(slot)
    }

    /// Gives a slot back once its transaction has ended.
    pub(super) fn give_back(&self, slot: Slot) {
        self.free(slot.kind).push(slot);
    }

    /// Gives a slot back whose transaction may hold its row still: it is used when no other is free.
    pub(super) fn put_last(&self, slot: Slot) {
        self.free(slot.kind).insert(0, slot);
    }

    /// The first number that marks are kept of, for the process of that number.
    pub(super) fn oldest_kept(process: i64) -> i64 {
        process.saturating_sub(PROCESSES_KEPT).saturating_mul(SLOTS_MAX)
    }
}
