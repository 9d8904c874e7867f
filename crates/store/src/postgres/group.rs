//! A group of payments and reversals of one company: loaded in a few round trips, decided over what was
//! loaded, written in one, whatever their number.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use ventanilla_domain::{CollectorId, Company, CompanyId, Event, PaymentId};

use super::flush::{self, Taken};
use super::load::{Load, LoadedGroup};
use super::seal::Act;
use super::slots::Kind;
use super::writing::Writing;
use super::{Inner, PgConnection};
use crate::sql::{Link, Loaded, Reads};
use crate::{Bearer, CommitError, Digest, Prepared, StoreError, Wanted};

/// A transaction over a group. Dropped without a commit, it leaves nothing.
#[derive(Debug)]
pub struct GroupTx<'a> {
    writing: Writing<'a>,
    company: Arc<Company>,
    bearers: HashMap<Digest, Option<Bearer>>,
    loaded: Loaded,
    /// For the payments of the group, in ascending order.
    ids: VecDeque<PaymentId>,
    acts: Vec<Act>,
    /// The bills as they were taken.
    taken: Taken,
}

impl<'a> GroupTx<'a> {
    /// Begins, takes the bills that are wanted, and loads what is wanted of them.
    pub(super) fn begin(
        store: &'a Inner,
        company: CompanyId,
        wanted: &[&Wanted],
    ) -> Result<Self, StoreError> {
        let payments = wanted.iter().filter(|wanted| wanted.is_payment()).count();
        let ids = store.blocks.take(&store.pool, company, payments)?;
        let begun = Writing::begin(store, Kind::Group).and_then(|mut writing| {
            let mark = writing.prepare_mark(company.to_i64())?;
            let collectors = store.known_collectors(wanted);
            let connection = writing.connection();
            let load = Load::new(connection, &store.known, company, &collectors, wanted);
            let (load, marked) = load.run(mark)?;
            writing.note_mark(company.to_i64(), marked)?;
            Ok((load, writing))
        });
        let (load, writing) = match begun {
            Ok(begun) => begun,
            Err(error) => {
                store.blocks.give_back(company, ids);
                return Err(error);
            }
        };
        let LoadedGroup { company, bearers, loaded, .. } = load;
        let taken = loaded.bills.iter().filter_map(|(key, bill)| Some((*key, (*bill)?))).collect();
        Ok(Self { writing, company, bearers, loaded, ids, acts: Vec::new(), taken })
    }

    fn connection(&self) -> &PgConnection {
        self.writing.connection()
    }

    pub(crate) fn reads(&self) -> Reads<'_> {
        let known = &self.writing.store().known;
        Reads::new(Link::Postgres(self.connection()), known).over(&self.loaded)
    }

    pub(crate) fn company(&self, id: CompanyId) -> Result<Option<Arc<Company>>, StoreError> {
        if self.company.id == id {
            Ok(Some(Arc::clone(&self.company)))
        } else {
            Err(StoreError::NeedsOwn)
        }
    }

    /// What a token stands for, as it stood when the group began.
    pub(crate) fn bearer(&self, digest: &Digest) -> Result<Option<Bearer>, StoreError> {
        self.bearers.get(digest).cloned().ok_or(StoreError::NeedsOwn)
    }

    /// What a collector holds, in hundredths, as the group leaves it so far. Of one that had no limit when the
    /// group began it was not asked for.
    pub(crate) fn held_by(
        &self,
        company: CompanyId,
        collector: CollectorId,
    ) -> Result<i64, StoreError> {
        let held = self.loaded.held.get(&collector).filter(|_| self.company.id == company);
        held.copied().ok_or(StoreError::NeedsOwn)
    }

    /// The id of the next payment.
    pub(crate) fn next_payment(&self, company: CompanyId) -> Result<Option<PaymentId>, StoreError> {
        if self.company.id != company {
            return Err(StoreError::NeedsOwn);
        }
        self.ids.front().copied().map(Some).ok_or(StoreError::NeedsOwn)
    }

    /// Lets a payment or a reversal take effect; anything else needs a transaction of its own.
    pub(crate) fn append(
        &mut self,
        company: CompanyId,
        prepared: &Prepared,
        recorded_at: Timestamp,
    ) -> Result<(), StoreError> {
        let act = match &prepared.event {
            Event::PaymentMade(payment) if self.ids.front() == Some(&payment.id) => {
                self.loaded.pay(payment)?;
                self.ids.pop_front();
                Act::Paid(payment.clone())
            }
            Event::PaymentReversed(reversal) => {
                self.loaded.reverse(reversal)?;
                Act::Reversed(reversal.clone())
            }
            _ => return Err(StoreError::NeedsOwn),
        };
        if company != self.company.id {
            return Err(StoreError::NeedsOwn);
        }
        if act.recorded_at() != recorded_at {
            return Err(StoreError::damaged("an act was recorded at another instant"));
        }
        self.acts.push(act);
        Ok(())
    }

    pub(crate) fn commit(self) -> Result<(), CommitError> {
        let Self { writing, company, loaded, ids, acts, taken, .. } = self;
        let (store, id) = (writing.store(), company.id);
        if acts.is_empty() {
            store.blocks.give_back(id, ids);
            return Ok(());
        }
        let first_place = store.take_places(acts.len());
        let statements = flush::statements(&company, &acts, &taken, &loaded, first_place);
        writing.commit_after(id.to_i64(), &statements).map_err(|error| match error {
            CommitError::Nothing(error) => CommitError::Nothing(flush::again_where_changed(error)),
            unknown @ CommitError::Unknown(_) => unknown,
        })?;
        store.blocks.give_back(id, ids);
        store.sealer.wake(id);
        Ok(())
    }
}
