//! A transaction that writes, whatever the store.

use std::sync::Arc;

use jiff::Timestamp;
use ventanilla_domain::{
    Account, BillChange, CollectorId, Company, CompanyId, Event, Money, PaymentId,
};

use crate::memory::MemoryTx;
use crate::postgres::GroupTx;
use crate::sql::SqlTx;
use crate::{
    Bearer, CollectorRecord, CommitError, Counters, Digest, Prepared, StoreError, TokenRecord, View,
};

/// A transaction that writes. Dropped without a commit, it leaves nothing.
#[derive(Debug)]
pub enum Tx<'a> {
    /// Of a store in memory.
    Memory(Box<MemoryTx<'a>>),
    /// Of a store in SQLite; of one in PostgreSQL, for what is neither a payment nor a reversal.
    Sql(Box<SqlTx<'a>>),
    /// Of a store in PostgreSQL, for payments and reversals of one company. All else is refused by
    /// [`StoreError::NeedsOwn`].
    Group(Box<GroupTx<'a>>),
}

impl Tx<'_> {
    /// The books as this transaction leaves them so far, but for the counters, which
    /// [`Tx::counters`] gives, and the balances, which are those of the last commit.
    pub fn view(&self) -> View<'_> {
        match self {
            Self::Memory(tx) => View::memory(tx.state()),
            Self::Sql(tx) => View::sql(tx.reads()),
            Self::Group(tx) => View::sql(tx.reads()),
        }
    }

    /// The company of that id, as this transaction leaves it so far.
    pub fn company(&mut self, id: CompanyId) -> Result<Option<Arc<Company>>, StoreError> {
        match self {
            Self::Memory(tx) => Ok(tx.state().company(id)),
            Self::Sql(tx) => tx.company(id),
            Self::Group(tx) => tx.company(id),
        }
    }

    /// What the token of that hash stands for, as this transaction leaves it so far.
    pub fn bearer(&mut self, digest: &Digest) -> Result<Option<Bearer>, StoreError> {
        match self {
            Self::Memory(tx) => Ok(tx.state().bearer(digest)),
            Self::Sql(tx) => tx.bearer(digest),
            Self::Group(tx) => tx.bearer(digest),
        }
    }

    /// What a collector holds for its company as this transaction leaves it so far: collected, less reversed and
    /// handed over. Nobody else's payments by it enter until the transaction ends.
    pub fn held_by(
        &mut self,
        company: &Company,
        collector: CollectorId,
    ) -> Result<Money, StoreError> {
        let account = Account::Collector(collector);
        let minor = match self {
            Self::Memory(tx) => tx.state().balance(company.id, &account),
            Self::Sql(tx) => tx.balance(company.id, &account)?,
            Self::Group(tx) => tx.held_by(company.id, collector)?,
        };
        Ok(Money::from_minor(minor, company.currency))
    }

    /// A company's counters as this transaction leaves them so far.
    pub fn counters(&mut self, company: CompanyId) -> Result<Option<Counters>, StoreError> {
        match self {
            Self::Memory(tx) => Ok(tx.state().counters(company)),
            Self::Sql(tx) => tx.counters(company),
            Self::Group(_) => Err(StoreError::NeedsOwn),
        }
    }

    /// The id that a company's next payment gets; `None` without such a company.
    pub fn next_payment(&mut self, company: CompanyId) -> Result<Option<PaymentId>, StoreError> {
        match self {
            Self::Group(tx) => tx.next_payment(company),
            Self::Memory(_) | Self::Sql(_) => {
                Ok(self.counters(company)?.map(|counters| counters.next_payment))
            }
        }
    }

    /// Writes an entry into a company's journal, lets it take effect and posts it. Versions of bills
    /// are taken as those of new bills: later ones go through [`Tx::append_bills`].
    ///
    /// An event that breaks a rule that must stand (a bill paid twice, an amount that does not
    /// balance) is refused as damage: the decision that made it was wrong.
    pub fn append(
        &mut self,
        company: CompanyId,
        event: Event,
        recorded_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.append_prepared(company, &Prepared::from_event(event)?, recorded_at)
    }

    /// The same for new versions of bills, each bill at most once, in one entry.
    pub fn append_bills(
        &mut self,
        company: CompanyId,
        changes: Vec<BillChange>,
        recorded_at: Timestamp,
    ) -> Result<(), StoreError> {
        let split = changes.into_iter().map(|change| (change.version, change.replaced));
        let (versions, replaced): (Vec<_>, Vec<_>) = split.unzip();
        let replaced: Vec<_> = replaced.iter().map(Option::as_ref).collect();
        let prepared = Prepared::over(Event::BillsVersioned(versions), &replaced)?;
        self.append_prepared(company, &prepared, recorded_at)
    }

    /// The same for an event that was prepared before the transaction.
    pub fn append_prepared(
        &mut self,
        company: CompanyId,
        prepared: &Prepared,
        recorded_at: Timestamp,
    ) -> Result<(), StoreError> {
        match self {
            Self::Memory(tx) => tx.append(company, prepared, recorded_at),
            Self::Sql(tx) => tx.append(company, prepared, recorded_at),
            Self::Group(tx) => tx.append(company, prepared, recorded_at),
        }
    }

    /// Adds a collector, or changes its permission, its state, its secrets and its limits.
    pub fn put_collector(&mut self, record: CollectorRecord) -> Result<(), StoreError> {
        self.touch_identities()?;
        match self {
            Self::Memory(tx) => {
                tx.put_collector(record);
                Ok(())
            }
            Self::Sql(tx) => tx.put_collector(&record),
            Self::Group(_) => Err(StoreError::NeedsOwn),
        }
    }

    /// Adds a token.
    pub fn put_token(&mut self, record: TokenRecord) -> Result<(), StoreError> {
        match self {
            Self::Memory(tx) => {
                tx.put_token(record);
                Ok(())
            }
            Self::Sql(tx) => tx.put_token(&record),
            Self::Group(_) => Err(StoreError::NeedsOwn),
        }
    }

    /// Forgets the token of that hash: it is unknown from then on.
    pub fn drop_token(&mut self, digest: &Digest) -> Result<(), StoreError> {
        match self {
            Self::Memory(tx) => {
                tx.drop_token(digest);
                Ok(())
            }
            Self::Sql(tx) => tx.drop_token(digest),
            Self::Group(_) => Err(StoreError::NeedsOwn),
        }
    }

    /// Forgets a collector's tokens that ended before an instant.
    pub fn drop_tokens(
        &mut self,
        collector: CollectorId,
        ended_before: Timestamp,
    ) -> Result<(), StoreError> {
        match self {
            Self::Memory(tx) => {
                tx.drop_tokens(collector, ended_before);
                Ok(())
            }
            Self::Sql(tx) => tx.drop_tokens(collector, ended_before),
            Self::Group(_) => Err(StoreError::NeedsOwn),
        }
    }

    /// Forgets every token and invitation, and ends every session, permanent ones too.
    pub fn end_all_sign_ins(&mut self) -> Result<(), StoreError> {
        match self {
            Self::Memory(tx) => {
                tx.end_all_sign_ins();
                Ok(())
            }
            Self::Sql(tx) => tx.end_all_sign_ins(),
            Self::Group(_) => Err(StoreError::NeedsOwn),
        }
    }

    /// Commits: after `Ok`, all of it is on disk.
    pub fn commit(self) -> Result<(), CommitError> {
        match self {
            Self::Memory(tx) => tx.commit(),
            Self::Sql(tx) => tx.commit(),
            Self::Group(tx) => tx.commit(),
        }
    }
}
