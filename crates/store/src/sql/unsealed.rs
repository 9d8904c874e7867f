//! Payments and reversals that are kept and have no place in the journal yet, as PostgreSQL has them.

use ventanilla_domain::{Company, CompanyId};

use super::Reads;
use super::read::{PAYMENT_LEN, REVERSAL_LEN, limit, payment_and_reversal};
use crate::StoreError;
use crate::postgres::{Act, in_order};
use crate::values::id;

type Read<T> = Result<T, StoreError>;

impl Reads<'_> {
    /// The acts that were recorded first, at most `len`, each with whether what it follows on is unsealed
    /// too.
    pub(crate) fn unsealed(self, company: &Company, len: usize) -> Read<Vec<(Act, bool)>> {
        let sql = concat!(
            "SELECT ",
            payment_columns!(),
            ", ",
            reversal_columns!(),
            ", u.kind, d.payment_id FROM (SELECT payment_id, kind, recorded_at_us, place FROM unsealed",
            " WHERE company_id = ?1 ORDER BY recorded_at_us, place, payment_id LIMIT ?2) AS u",
            " CROSS JOIN LATERAL (SELECT * FROM payment WHERE company_id = ?1",
            " AND payment_id = u.payment_id LIMIT 1) AS p",
            " LEFT JOIN LATERAL (SELECT * FROM reversal WHERE u.kind = 'payment-reversed'",
            " AND company_id = ?1 AND payment_id = u.payment_id LIMIT 1) AS r ON TRUE",
            " LEFT JOIN LATERAL (SELECT payment_id FROM unsealed WHERE company_id = ?1",
            " AND payment_id = CASE u.kind WHEN 'payment-made' THEN p.previous",
            " ELSE u.payment_id END",
            " AND kind = CASE u.kind WHEN 'payment-made' THEN 'payment-reversed'",
            " ELSE 'payment-made' END LIMIT 1) AS d ON TRUE",
            " ORDER BY u.recorded_at_us, u.place, u.payment_id"
        );
        self.many(sql, (company.id.to_i64(), limit(len)), |row| {
            let (payment, reversal) = payment_and_reversal(row, company.currency)?;
            let is_reversal = row.string(PAYMENT_LEN + REVERSAL_LEN)? == "payment-reversed";
            let act = match (is_reversal, reversal) {
                (false, _) => Act::Paid(Box::new(payment)),
                (true, Some(reversal)) => Act::Reversed(Box::new(reversal)),
                (true, None) => return Err(StoreError::damaged("a reversal has no row")),
            };
            let waits = row.get::<Option<i64>>(PAYMENT_LEN + REVERSAL_LEN + 1)?.is_some();
            Ok((act, waits))
        })
    }

    /// All that a company has unsealed, in an order in which it can be sealed; `None` where entries are
    /// written with their acts.
    pub(crate) fn unsealed_tail(self, company: &Company) -> Read<Option<Vec<Act>>> {
        if !self.is_sealed_later() {
            return Ok(None);
        }
        Ok(Some(in_order(&self.unsealed(company, usize::MAX)?)))
    }

    /// The companies that have something unsealed.
    pub(crate) fn unsealed_companies(self) -> Read<Vec<CompanyId>> {
        let sql = "SELECT DISTINCT company_id FROM unsealed ORDER BY company_id";
        self.many(sql, (), |row| id(CompanyId::from_i64, row.get(0)?))
    }
}
