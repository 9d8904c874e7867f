//! What the edge counts of itself: requests by service and outcome, and connections. Its labels are
//! the names of tables in the program: no id, account or code of a caller ever becomes one.

use ventanilla_service::{Counter, Level};

use crate::{colppy, cooplan};

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It did or told what was asked, a repeat too.
    Success,
    /// It was understood, and the answer is no.
    Refused,
    /// It could not be read, is not allowed, or names what does not exist.
    ClientError,
    /// Nothing changed; the same may succeed later.
    Unavailable,
    /// Nobody knows whether it was kept.
    Unknown,
    /// A defect or a damaged store.
    Internal,
}

impl Outcome {
    /// All of them with their names.
    pub(crate) const NAMES: [(Self, &'static str); 6] = [
        (Self::Success, "success"),
        (Self::Refused, "refused"),
        (Self::ClientError, "client_error"),
        (Self::Unavailable, "unavailable"),
        (Self::Unknown, "unknown"),
        (Self::Internal, "internal"),
    ];

    /// The name that labels it.
    pub(crate) fn to_name(self) -> &'static str {
        let [success, refused, client_error, unavailable, unknown, internal] = Self::NAMES;
        match self {
            Self::Success => success.1,
            Self::Refused => refused.1,
            Self::ClientError => client_error.1,
            Self::Unavailable => unavailable.1,
            Self::Unknown => unknown.1,
            Self::Internal => internal.1,
        }
    }
}

/// Requests of one dialect.
#[derive(Debug)]
pub(crate) struct Tally {
    /// A row for each service, in the order of the dialect's table, and one for what is no service.
    rows: Box<[[Counter; Outcome::NAMES.len()]]>,
}

impl Tally {
    fn of(services_len: usize) -> Self {
        Self { rows: (0..=services_len).map(|_| Default::default()).collect() }
    }

    /// Counts a request to the service at `at` in the dialect's table; to none where `None`.
    pub(crate) fn count(&self, at: Option<usize>, outcome: Outcome) {
        let other = self.rows.len().saturating_sub(1);
        let row = self.rows.get(at.unwrap_or(other));
        if let Some(counter) = row.and_then(|row| row.get(outcome as usize)) {
            counter.add_one();
        }
    }

    /// How many there were, by row and outcome.
    pub(crate) fn get(&self, at: usize, outcome: Outcome) -> u64 {
        let row = self.rows.get(at);
        row.and_then(|row| row.get(outcome as usize)).map_or(0, Counter::get)
    }
}

/// Connections of a listener.
#[derive(Debug, Default)]
pub(crate) struct ConnectionMeters {
    /// Open at the moment.
    pub(crate) open: Level,
    /// Closed while they waited for their peers, to make room for others.
    pub(crate) shed: Counter,
    /// Closed at once, since there were too many in all.
    pub(crate) refused_in_all: Counter,
    /// Closed at once, since there were too many of one address.
    pub(crate) refused_by_address: Counter,
}

/// Requests that were told to come later.
#[derive(Debug, Default)]
pub(crate) struct LimitedMeters {
    /// Since their collector, or integrator, asked too often.
    pub(crate) collector: Counter,
    /// Since their address did.
    pub(crate) address: Counter,
}

/// What is counted of requests and connections.
#[derive(Debug)]
pub struct Meters {
    pub(crate) cooplan: Tally,
    pub(crate) colppy: Tally,
    pub(crate) receipt: Tally,
    pub(crate) limited: LimitedMeters,
    pub(crate) connections: ConnectionMeters,
}

impl Default for Meters {
    fn default() -> Self {
        Self {
            cooplan: Tally::of(cooplan::service_names().count()),
            colppy: Tally::of(colppy::service_names().count()),
            // It has no services: all of it is one row.
            receipt: Tally::of(0),
            limited: LimitedMeters::default(),
            connections: ConnectionMeters::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_is_counted_under_its_own_name() {
        for (at, (outcome, name)) in Outcome::NAMES.into_iter().enumerate() {
            assert_eq!((outcome as usize, outcome.to_name()), (at, name));
        }
    }

    #[test]
    fn what_is_no_service_has_a_row_of_its_own() {
        let tally = Tally::of(2);
        tally.count(Some(0), Outcome::Success);
        tally.count(None, Outcome::Refused);
        tally.count(Some(7), Outcome::Success);
        let counted = |at| tally.get(at, Outcome::Success) + tally.get(at, Outcome::Refused);
        assert_eq!([0, 1, 2, 3].map(counted), [1, 0, 1, 0]);
    }
}
