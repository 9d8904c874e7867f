//! What a mirror reads of a store.

use super::{End, Ends, Identified, RawEntry, Stream};
use crate::view::{From, View, read};
use crate::{Digest, Entry, Store, StoreError, TrailHead, Tx};
use ventanilla_domain::CompanyId;

type Read<T> = Result<T, StoreError>;

impl Store {
    /// How far the store goes.
    pub fn ends(&self) -> Result<Ends, StoreError> {
        self.snapshot()?.view().ends()
    }
}

impl View<'_> {
    /// Where the store is mirrored, if it is.
    pub fn mirror(&self) -> Read<Option<String>> {
        read!(self, view => view.mirror.clone(), view.mirror())
    }

    /// How far the store goes, as it was committed last.
    pub fn ends(&self) -> Read<Ends> {
        let (journals, trails, identities) = match self.from {
            From::Memory(state) => {
                (state.journal_ends(), state.trail_heads(), state.identities_version)
            }
            From::Sql(reads) => {
                (reads.journal_ends()?, reads.trail_heads()?, reads.identities_version()?)
            }
        };
        let journals = journals.into_iter().map(|(company, end)| (Stream::Journal(company), end));
        let trails = trails.into_iter().map(|TrailHead { company, rows, chain }| {
            (Stream::Trail(company), End { number: rows, chain })
        });
        Ok(Ends { chained: journals.chain(trails).collect(), identities: Some(identities) })
    }

    /// Whether the store has all that goes up to these ends, of the same history.
    pub fn has(&self, ends: &Ends) -> Read<bool> {
        for (stream, end) in &ends.chained {
            if end.number > 0 && self.chain_at(*stream, end.number)? != Some(end.chain) {
                return Ok(false);
            }
        }
        Ok(ends.identities <= self.ends()?.identities)
    }

    /// A company's entries after a number as they are kept, at most `len`.
    pub(crate) fn raw_entries(
        &self,
        company: CompanyId,
        after: i64,
        len: usize,
    ) -> Read<Vec<RawEntry>> {
        read!(self, view => {
            let from = after.saturating_add(1);
            view.entries(company, from, len).iter().map(to_raw).collect()
        }, view.raw_entries(company, after, len))
    }

    /// The link under a number of a stream.
    pub(crate) fn chain_at(&self, stream: Stream, number: i64) -> Read<Option<Digest>> {
        let company = match stream {
            Stream::Journal(company) => company,
            Stream::Trail(company) => return self.trail_link(company, number),
        };
        let entries = self.raw_entries(company, number.saturating_sub(1), 1)?;
        Ok(entries.first().filter(|entry| entry.number == number).map(|entry| entry.chain))
    }
}

impl Tx<'_> {
    /// Notes that the identity tables change: once is enough for a transaction.
    pub(crate) fn touch_identities(&mut self) -> Result<(), StoreError> {
        match self {
            Self::Memory(tx) => {
                tx.touch_identities();
                Ok(())
            }
            Self::Sql(tx) => tx.touch_identities(),
            Self::Group(_) => Err(StoreError::NeedsOwn),
        }
    }

    /// Checks at the commit, not at each row, that what a row names is there.
    pub(super) fn defer_references(&mut self) -> Result<(), StoreError> {
        match self {
            Self::Memory(_) => Ok(()),
            Self::Sql(tx) => tx.defer_references(),
            Self::Group(_) => Err(StoreError::NeedsOwn),
        }
    }

    /// Puts the identity tables in the place of those that are there; tokens and sessions end.
    pub(super) fn replace_identities(&mut self, identified: &Identified) -> Result<(), StoreError> {
        match self {
            Self::Memory(tx) => {
                tx.state.replace_identities(identified);
                Ok(())
            }
            Self::Sql(tx) => tx.replace_identities(identified),
            Self::Group(_) => Err(StoreError::NeedsOwn),
        }
    }

    /// Where the store is mirrored from this transaction on; `None` for nowhere.
    pub fn set_mirror(&mut self, path: Option<&str>) -> Result<(), StoreError> {
        match self {
            Self::Memory(tx) => {
                tx.state.mirror = path.map(str::to_owned);
                Ok(())
            }
            Self::Sql(tx) => tx.set_mirror(path),
            Self::Group(_) => Err(StoreError::NeedsOwn),
        }
    }
}

fn to_raw(entry: &Entry) -> RawEntry {
    let postings = entry.postings.iter().map(|posting| {
        let amount_minor = posting.amount.to_minor();
        (posting.debit.to_string(), posting.credit.to_string(), amount_minor)
    });
    RawEntry {
        number: entry.number.to_i64(),
        recorded_at_us: entry.recorded_at.as_microsecond(),
        kind: entry.written.kind.to_string(),
        payload: entry.written.payload.clone(),
        chain: entry.chain,
        postings: postings.collect(),
    }
}

/// The last of a journal, by the number and link of its counters.
pub(crate) fn journal_end(next_entry: i64, chain: Digest) -> End {
    End { number: next_entry.saturating_sub(1), chain }
}
