//! `IdCobranza` for servers side by side: each process takes blocks of ids that no other gets.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ventanilla_domain::{CompanyId, PaymentId};

use super::PgConnection;
use super::pool::Pool;
use crate::StoreError;
use crate::sql::{Link, Value};
use crate::values::id;

/// Ids taken at a time. What is left of a block when a process ends is never used.
const BLOCK_LEN: i64 = 2_000;

/// The ids that this process may give.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    free: Mutex<HashMap<CompanyId, VecDeque<PaymentId>>>,
}

impl Blocks {
    /// Takes as many ids, in ascending order; none of them is given again unless they are given back.
    pub(super) fn take(
        &self,
        pool: &Pool,
        company: CompanyId,
        count: usize,
    ) -> Result<VecDeque<PaymentId>, StoreError> {
        let mut free = self.lock();
        let own = free.entry(company).or_default();
        while own.len() < count {
            own.extend(reserve(&*pool.take()?, company)?);
        }
        let rest = own.split_off(count);
        Ok(std::mem::replace(own, rest))
    }

    /// Takes a block ahead of need where few ids are left, so that no payment waits for the counters, which
    /// are held while others are sealed.
    pub(super) fn refill(&self, pool: &Pool, company: CompanyId) -> Result<(), StoreError> {
        let left = self.lock().get(&company).map_or(0, VecDeque::len);
        if i64::try_from(left).is_ok_and(|left| left >= BLOCK_LEN) {
            return Ok(());
        }
        let block = reserve(&*pool.take()?, company)?;
        let mut free = self.lock();
        let own = free.entry(company).or_default();
        own.extend(block);
        // Another block may have been taken meanwhile.
        own.make_contiguous().sort_unstable();
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CompanyId, VecDeque<PaymentId>>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives ids back that nobody was told of.
    pub(super) fn give_back(&self, company: CompanyId, ids: VecDeque<PaymentId>) {
        let mut free = self.lock();
        let own = free.entry(company).or_default();
        for id in ids.into_iter().rev() {
            own.push_front(id);
        }
    }
}

/// The next block, without the ids that payments from elsewhere have.
fn reserve(connection: &PgConnection, company: CompanyId) -> Result<Vec<PaymentId>, StoreError> {
    let link = Link::Postgres(connection);
    let sql = "UPDATE counter SET next_payment = next_payment + ?2 WHERE company_id = ?1 \
               RETURNING next_payment";
    let key = [Value::Int(company.to_i64()), Value::Int(BLOCK_LEN)];
    let end: Option<i64> = link.one(sql, &key, |row| row.get(0))?;
    let end = end.ok_or_else(|| StoreError::damaged("a company has no counters"))?;
    let mut used = Vec::new();
    let sql = "SELECT payment_id FROM payment WHERE company_id = ?1 AND payment_id >= ?2 \
               AND payment_id < ?3";
    let first = end.saturating_sub(BLOCK_LEN);
    let range = [Value::Int(company.to_i64()), Value::Int(first), Value::Int(end)];
    link.each(sql, &range, &mut |row| {
        used.push(row.get::<i64>(0)?);
        Ok::<_, StoreError>(())
    })?;
    let unused = (first..end).filter(|number| !used.contains(number));
    unused.map(|number| id(PaymentId::from_i64, number)).collect()
}
