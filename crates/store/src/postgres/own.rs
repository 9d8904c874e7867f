//! A transaction that has a company for itself: everything but what collectors pay and reverse.

use std::collections::BTreeSet;

use ventanilla_domain::CompanyId;

use super::seal::seal_all;
use super::writing::Writing;
use super::{Inner, PgConnection};
use crate::sql::{Link, Value};
use crate::{CommitError, Keys, StoreError};

/// A transaction of its own. What it touches of a company nobody else changes until it ends.
#[derive(Debug)]
pub(crate) struct Own<'a> {
    writing: Writing<'a>,
    taken: BTreeSet<CompanyId>,
}

impl<'a> Own<'a> {
    /// Begins. Nobody who signs in is changed until it ends, but by itself: whoever is disabled or has
    /// another secret does nothing from the commit on that says so.
    pub(super) fn begin(store: &'a Inner) -> Result<Self, StoreError> {
        let writing = Writing::begin(store)?;
        writing.connection().queue("SELECT identities_version FROM mirror FOR SHARE");
        Ok(Self { writing, taken: BTreeSet::new() })
    }

    pub(super) fn connection(&self) -> &PgConnection {
        self.writing.connection()
    }

    pub(crate) fn link(&self) -> Link<'_> {
        Link::Postgres(self.connection())
    }

    /// Keeps everybody else from a company, and numbers what was paid and is not numbered yet: from here on
    /// its counters stand still. Books that are not open yet are nobody's.
    pub(crate) fn take(&mut self, company: CompanyId, keys: &Keys) -> Result<(), StoreError> {
        if !self.taken.insert(company) {
            return Ok(());
        }
        let key = [Value::Int(company.to_i64())];
        let sql = "SELECT company_id FROM company WHERE company_id = ?1 FOR UPDATE";
        if self.link().one(sql, &key, |_| Ok(()))?.is_some() {
            seal_all(self.writing.connection(), &self.writing.store().known, keys, company)?;
        }
        Ok(())
    }

    /// Takes the end of a trail, so that nobody else writes there until this transaction ends.
    pub(crate) fn take_trail(&self, code: i64) -> Result<(), StoreError> {
        let sql = "SELECT number FROM trail_head WHERE company_id = ?1 FOR UPDATE";
        self.link().one(sql, &[Value::Int(code)], |_| Ok(())).map(drop)
    }

    pub(crate) fn commit(self) -> Result<(), CommitError> {
        let company = self.taken.first().map_or(0, |company| company.to_i64());
        self.writing.commit(company)
    }
}
