//! A transaction that has a company for itself: everything but what collectors pay and reverse.

use std::collections::BTreeSet;

use ventanilla_domain::CompanyId;

use super::seal::seal_all;
use super::slots::Kind;
use super::writing::Writing;
use super::{Inner, PgConnection, PgValue};
use crate::sql::{Hold, Link, Value};
use crate::{CommitError, Keys, StoreError};

/// Groups share their company, one before the other has ended: whoever waits for a moment in which none is
/// under way may wait for ever. Each has its slot's mark for itself, which one can queue for.
const GROUPS: &str = "SELECT writer_id FROM commit_mark \
    WHERE company_id = ?1 AND writer_id % 1000 < 500 ORDER BY writer_id FOR UPDATE";
const COMPANY: &str = "SELECT company_id FROM company WHERE company_id = ?1 FOR UPDATE";

/// A transaction of its own. What it touches of a company nobody else changes until it ends.
#[derive(Debug)]
pub(crate) struct Own<'a> {
    writing: Writing<'a>,
    taken: BTreeSet<CompanyId>,
}

impl<'a> Own<'a> {
    pub(super) fn begin(store: &'a Inner) -> Result<Self, StoreError> {
        Ok(Self { writing: Writing::begin(store, Kind::Own)?, taken: BTreeSet::new() })
    }

    pub(super) fn connection(&self) -> &PgConnection {
        self.writing.connection()
    }

    pub(crate) fn link(&self) -> Link<'_> {
        Link::Postgres(self.connection())
    }

    /// Keeps everybody else from a company, and numbers what was paid and is not numbered yet: from here on
    /// its counters stand still. Books that are not open yet are nobody's. Says whether it was not taken yet.
    pub(crate) fn take(&mut self, company: CompanyId, keys: &Keys) -> Result<bool, StoreError> {
        if !self.taken.insert(company) {
            return Ok(false);
        }
        let key = [PgValue::One(Value::Int(company.to_i64()))];
        let found = self.connection().query_many(&[(GROUPS, &key), (COMPANY, &key)])?;
        if found.last().is_some_and(|company| !company.is_empty()) {
            seal_all(self.writing.connection(), &self.writing.store().known, keys, company)?;
        }
        Ok(true)
    }

    /// Keeps others from who may sign in, all of which goes by one row.
    pub(crate) fn hold_identities(&self, hold: Hold) -> Result<(), StoreError> {
        let sql = match hold {
            Hold::Alone => "SELECT one FROM mirror FOR UPDATE",
            Hold::Shared => "SELECT one FROM mirror FOR SHARE",
        };
        self.link().one(sql, &[], |_| Ok(())).map(drop)
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
