//! What is behind an account, in the journal's rows.

use ventanilla_domain::{Account, Company, EntryNumber};

use super::Reads;
use super::read::limit;
use super::rows::account as account_of;
use crate::values::{id, instant, money};
use crate::{AccountEntry, StoreError};

impl Reads<'_> {
    /// An entry's head is read only of what was found. What a file's entry says stands before what it posts, and
    /// takes many pages: of accounts that no file posts to, it is not read.
    pub(crate) fn postings_of(
        self,
        company: &Company,
        account: &Account,
        (from, end): (i64, i64),
        len: usize,
    ) -> Result<Vec<AccountEntry>, StoreError> {
        let sql = "SELECT p.entry_number, h.recorded_at_us, h.kind, p.debit, p.credit, p.amount_minor \
                   FROM journal p CROSS JOIN journal h USING (company_id, entry_number) \
                   WHERE p.company_id = ?1 AND p.entry_number >= ?2 AND p.entry_number < ?3 \
                   AND (?6 = 1 OR p.kind IS NULL OR p.kind <> 'bills-versioned') \
                   AND (p.debit = ?4 OR p.credit = ?4) AND h.row_number = 0 \
                   ORDER BY p.entry_number DESC, p.row_number LIMIT ?5";
        let is_of_bills =
            matches!(account, Account::Receivable | Account::Revenue(_) | Account::PaidElsewhere);
        let (id_of, code) = (company.id.to_i64(), account.to_string());
        let values = (id_of, from, end, code, limit(len), i64::from(is_of_bills));
        self.many(sql, values, |row| {
            let amount = money(row.get(5)?, company.currency);
            Ok(AccountEntry {
                number: id(EntryNumber::from_i64, row.get(0)?)?,
                recorded_at: instant(row.get(1)?)?,
                kind: row.get(2)?,
                postings: vec![ventanilla_domain::Posting {
                    debit: account_of(row, 3)?,
                    credit: account_of(row, 4)?,
                    amount,
                }],
            })
        })
    }
}
