//! A collector's business day, read.

use ventanilla_domain::{BusinessDay, CollectorId, Company, Payment, Reversal};

use super::read::{PAYMENT_LEN, limit, payment_and_reversal};
use super::rows::{payment, reversal};
use super::{Reads, Row};
use crate::{DaySums, StoreError};

type Key = (i64, i64, String);

fn key(company: &Company, collector: CollectorId, day: BusinessDay) -> Key {
    (company.id.to_i64(), collector.to_i64(), day.to_date().to_string())
}

impl Reads<'_> {
    pub(crate) fn day_sums(
        self,
        company: &Company,
        collector: CollectorId,
        day: BusinessDay,
    ) -> Result<DaySums, StoreError> {
        let key = key(company, collector, day);
        // Without a word the planner reads all that the company was ever paid.
        let [payments, reversals] = [
            "SELECT count(*), CAST(coalesce(sum(amount_minor), 0) AS BIGINT), \
             coalesce(max(issuer), 0) FROM payment INDEXED BY payment_by_day \
             WHERE company_id = ?1 AND collector_id = ?2 AND business_day = ?3",
            "SELECT count(*), CAST(coalesce(sum(amount_minor), 0) AS BIGINT), \
             CAST(0 AS BIGINT) FROM reversal INDEXED BY reversal_by_day \
             WHERE company_id = ?1 AND collector_id = ?2 AND business_day = ?3",
        ]
        .map(|sql| self.sum(sql, &key));
        let (payments, paid_minor, last_issuer) = payments?;
        let (reversals, reversed_minor, _) = reversals?;
        Ok(DaySums { payments, paid_minor, reversals, reversed_minor, last_issuer })
    }

    /// A count, a sum and a maximum. SQLite adds whole numbers as whole numbers, and a sum that does not fit is
    /// an error, never another number.
    fn sum(
        self,
        sql: &str,
        (company, collector, day): &Key,
    ) -> Result<(i64, i64, u32), StoreError> {
        let sum = self.one(sql, (company, collector, day.as_str()), |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
        sum.ok_or_else(|| StoreError::damaged("a sum has no row"))
    }

    pub(crate) fn each_payment_of_day<E: From<StoreError>>(
        self,
        company: &Company,
        collector: CollectorId,
        day: BusinessDay,
        visit: &mut dyn FnMut(Payment, Option<Reversal>) -> Result<(), E>,
    ) -> Result<(), E> {
        let sql = concat!(
            "SELECT ",
            payment_columns!(),
            ", ",
            reversal_columns!(),
            " FROM payment p LEFT JOIN reversal r USING (company_id, payment_id)",
            " WHERE p.company_id = ?1 AND p.collector_id = ?2 AND p.business_day = ?3",
            " ORDER BY p.payment_id"
        );
        let from_row = |row: Row<'_>| payment_and_reversal(row, company.currency);
        self.each(sql, key(company, collector, day), from_row, &mut |(payment, reversal)| {
            visit(payment, reversal)
        })
    }

    pub(crate) fn payments_of_day_before(
        self,
        company: &Company,
        collector: CollectorId,
        day: BusinessDay,
        before: i64,
        len: usize,
    ) -> Result<Vec<(Payment, Option<Reversal>)>, StoreError> {
        let sql = concat!(
            "SELECT ",
            payment_columns!(),
            ", ",
            reversal_columns!(),
            " FROM payment p INDEXED BY payment_by_day",
            " LEFT JOIN reversal r USING (company_id, payment_id)",
            " WHERE p.company_id = ?1 AND p.collector_id = ?2 AND p.business_day = ?3",
            " AND p.payment_id < ?4 ORDER BY p.payment_id DESC LIMIT ?5"
        );
        let (company_id, collector, day) = key(company, collector, day);
        let values = (company_id, collector, day, before, limit(len));
        self.many(sql, values, |row| payment_and_reversal(row, company.currency))
    }

    pub(crate) fn each_reversal_of_day<E: From<StoreError>>(
        self,
        company: &Company,
        collector: CollectorId,
        day: BusinessDay,
        visit: &mut dyn FnMut(Payment, Reversal) -> Result<(), E>,
    ) -> Result<(), E> {
        let sql = concat!(
            "SELECT ",
            payment_columns!(),
            ", ",
            reversal_columns!(),
            " FROM reversal r JOIN payment p USING (company_id, payment_id)",
            " WHERE r.company_id = ?1 AND r.collector_id = ?2 AND r.business_day = ?3",
            " ORDER BY r.payment_id"
        );
        let from_row = |row: Row<'_>| {
            Ok((payment(row, company.currency)?, reversal(row, PAYMENT_LEN, company.currency)?))
        };
        self.each(sql, key(company, collector, day), from_row, &mut |(payment, reversal)| {
            visit(payment, reversal)
        })
    }
}
