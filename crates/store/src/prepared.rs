//! An event made ready to be written: what needs no transaction is done before it.

use ventanilla_domain::{BillVersion, Event, Posting, postings_of};

use crate::journal::{self, VersionTexts};
use crate::totals::Totals;
use crate::{StoreError, Written};

/// An event with all that is written of it, but for its place in the journal.
///
/// Making one costs as much as keeping it: a file's bills are prepared while the store is free for
/// others.
#[derive(Debug)]
pub struct Prepared {
    pub(crate) event: Event,
    pub(crate) postings: Vec<Posting>,
    pub(crate) written: Written,
    /// Of each version of [`Event::BillsVersioned`], in its order.
    pub(crate) texts: Vec<VersionTexts>,
    /// By how much the versions change what is owed.
    pub(crate) owed: Totals,
}

impl Prepared {
    /// Prepares an event. The versions of bills in it are those of new bills.
    ///
    /// Fails as damage where it cannot be posted: the decision that made it was wrong.
    pub fn from_event(event: Event) -> Result<Self, StoreError> {
        let versions = match &event {
            Event::BillsVersioned(versions) => versions.len(),
            _ => 0,
        };
        Self::over(event, &vec![None; versions])
    }

    /// Prepares new versions of bills, each over the one it takes the place of.
    pub(crate) fn over(
        event: Event,
        replaced: &[Option<&BillVersion>],
    ) -> Result<Self, StoreError> {
        if has_a_bill_twice(&event) {
            return Err(StoreError::damaged("a bill is in an entry twice"));
        }
        let postings = postings_of(&event, replaced)
            .map_err(|cause| StoreError::damaged_by("an event cannot be posted", cause))?;
        let texts: Vec<_> = match &event {
            Event::BillsVersioned(versions) => versions.iter().map(VersionTexts::of).collect(),
            _ => Vec::new(),
        };
        let mut owed = Totals::default();
        if let Event::BillsVersioned(versions) = &event {
            owed.change(versions, replaced)?;
        }
        let written = journal::write(&event, &texts);
        Ok(Self { event, postings, written, texts, owed })
    }
}

/// Whether an event versions a bill more than once: what it replaces would be another version than
/// the one that stood before the entry.
fn has_a_bill_twice(event: &Event) -> bool {
    let Event::BillsVersioned(versions) = event else { return false };
    let mut bills: Vec<_> = versions.iter().map(|version| version.bill).collect();
    bills.sort_unstable();
    bills.windows(2).any(|pair| pair[0] == pair[1])
}
