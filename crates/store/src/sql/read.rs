//! What is read, on any connection: a snapshot's or the writer's own.

use std::ops::RangeInclusive;
use std::sync::Arc;

use jiff::Timestamp;
use ventanilla_domain::{
    Account, Bill, BillId, BillVersion, BusinessDay, CallerKey, CollectorId, Company, CompanyId,
    Contract, ContractCode, ContractKey, Currency, EntryNumber, EventNumber, Holder, Member,
    MemberId, Payer, Payment, PaymentId, Restoration, Reversal, Role, UserId,
};

use super::rows::{
    account, attempt, bearer, bill, code, collector, company, contract, counters, entry, file,
    holder, member, payer, payment, posting, reversal, token, version,
};
use super::users::role;
use super::{KnownCompanies, Link, Loaded, Params, Row};
use crate::journal::{RESTORED, read_restoration};
use crate::memory::Attempt;
use crate::values::{id, instant};
use crate::{
    Bearer, CollectorRecord, Counters, Digest, Entry, FileRecord, Operation, StoreError,
    TokenRecord,
};

type Read<T> = Result<T, StoreError>;

/// Reads on one connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reads<'a> {
    link: Link<'a>,
    known: &'a KnownCompanies,
    /// Of a group of payments: what it has loaded stands for what is kept.
    loaded: Option<&'a Loaded>,
}

/// Columns of a member, after which its contract stands in a row of both.
pub(super) const MEMBER_LEN: usize = 9;
/// Columns of a contract, after which others stand in a row of both.
pub(super) const CONTRACT_LEN: usize = 6;
/// Columns of a payment, after which its reversal stands in a row of both.
pub(super) const PAYMENT_LEN: usize = 20;
/// Columns of a reversal, after which others stand in a row of both.
pub(super) const REVERSAL_LEN: usize = 9;
/// Columns of a company, after which others stand in a row of both.
pub(super) const COMPANY_LEN: usize = 6;

impl<'a> Reads<'a> {
    pub(crate) fn new(link: Link<'a>, known: &'a KnownCompanies) -> Self {
        Self { link, known, loaded: None }
    }

    /// The same in a group of payments, which has loaded what it wanted.
    pub(crate) fn over(self, loaded: &'a Loaded) -> Self {
        Self { loaded: Some(loaded), ..self }
    }

    /// Whether payments get their place in the journal after their commit.
    pub(super) fn is_sealed_later(self) -> bool {
        matches!(self.link, Link::Postgres(_))
    }

    /// What was loaded; `None` where it was not asked for, or nothing is.
    fn loaded<T>(self, find: impl Fn(&'a Loaded) -> Option<T>) -> Option<T> {
        let loaded = self.loaded?;
        let found = find(loaded);
        if found.is_none() {
            loaded.miss();
        }
        found
    }

    /// Hands rows on as the statement gives them, until the visitor fails, with an error of its own
    /// or of reading.
    pub(super) fn each<'v, T, E: From<StoreError>>(
        self,
        sql: &str,
        params: impl Params<'v>,
        from_row: impl Fn(Row<'_>) -> Read<T>,
        visit: &mut dyn FnMut(T) -> Result<(), E>,
    ) -> Result<(), E> {
        let values = params.into_values();
        self.link.each(sql, values.as_ref(), &mut |row| visit(from_row(row)?))
    }

    pub(super) fn many<'v, T>(
        self,
        sql: &str,
        params: impl Params<'v>,
        from_row: impl Fn(Row<'_>) -> Read<T>,
    ) -> Read<Vec<T>> {
        let mut found = Vec::new();
        self.each(sql, params, from_row, &mut |row| {
            found.push(row);
            Ok::<_, StoreError>(())
        })?;
        Ok(found)
    }

    pub(in crate::sql) fn one<'v, T>(
        self,
        sql: &str,
        params: impl Params<'v>,
        from_row: impl Fn(Row<'_>) -> Read<T>,
    ) -> Read<Option<T>> {
        let values = params.into_values();
        self.link.one(sql, values.as_ref(), from_row)
    }

    pub(crate) fn companies(self) -> Read<Vec<Arc<Company>>> {
        let sql = concat!("SELECT ", company_columns!(), " FROM company ORDER BY company_id");
        self.many(sql, (), |row| company(row, self.known))
    }

    pub(crate) fn company(self, company_id: CompanyId) -> Read<Option<Arc<Company>>> {
        let sql = concat!("SELECT ", company_columns!(), " FROM company WHERE company_id = ?1");
        self.one(sql, [company_id.to_i64()], |row| company(row, self.known))
    }

    pub(crate) fn company_of(
        self,
        user: UserId,
        company_id: CompanyId,
    ) -> Read<Option<(Arc<Company>, Role)>> {
        let sql = concat!(
            "SELECT ",
            company_columns!(),
            ", role FROM user_right JOIN app_user USING (user_id) JOIN company USING (company_id)",
            " WHERE user_id = ?1 AND company_id = ?2 AND is_active = 1"
        );
        self.one(sql, (user.to_i64(), company_id.to_i64()), |row| {
            Ok((company(row, self.known)?, role(row, COMPANY_LEN)?))
        })
    }

    pub(crate) fn restorations(self, company: CompanyId) -> Read<Vec<(Timestamp, Restoration)>> {
        let sql = "SELECT payload, recorded_at_us FROM journal WHERE company_id = ?1 AND row_number = 0 \
                   AND kind = ?2 ORDER BY entry_number";
        self.many(sql, (company.to_i64(), RESTORED), |row| {
            let payload: String = row.get(0)?;
            Ok((instant(row.get(1)?)?, read_restoration(&payload)?))
        })
    }

    pub(crate) fn counters(self, company: CompanyId) -> Read<Option<Counters>> {
        let sql = "SELECT next_payment, next_member, next_contract, next_file, next_entry, chain, \
                   next_event, next_supplier, next_invoice, next_payout, payable_entries, \
                   next_receipt, next_drawer, next_remittance, window_entries \
                   FROM counter WHERE company_id = ?1";
        self.one(sql, [company.to_i64()], counters)
    }

    /// The greatest id that a payment has; 0 where there is none.
    pub(super) fn greatest_payment(self, company: CompanyId) -> Read<i64> {
        let sql = "SELECT max(payment_id) FROM payment WHERE company_id = ?1";
        let greatest = self.one(sql, [company.to_i64()], |row| row.get::<Option<i64>>(0))?;
        Ok(greatest.flatten().unwrap_or(0))
    }

    pub(crate) fn contract(
        self,
        company: CompanyId,
        code: &ContractCode,
    ) -> Read<Option<Contract>> {
        let sql = concat!(
            "SELECT ",
            contract_columns!(),
            " FROM contract c WHERE c.company_id = ?1 AND c.code = ?2"
        );
        self.one(sql, (company.to_i64(), code.as_str()), |row| contract(row, 0))
    }

    pub(crate) fn member(self, company: CompanyId, member_id: MemberId) -> Read<Option<Member>> {
        let sql = concat!(
            "SELECT ",
            member_columns!(),
            " FROM member m WHERE m.company_id = ?1 AND m.member_id = ?2"
        );
        self.one(sql, (company.to_i64(), member_id.to_i64()), member)
    }

    pub(crate) fn payer(self, company: CompanyId, code: &ContractCode) -> Read<Option<Payer>> {
        if let Some(payer) = self.loaded(|loaded| loaded.payers.get(code).cloned()) {
            return Ok(payer);
        }
        let sql = "SELECT c.contract_key, c.code, c.state, c.member_id, m.name \
                   FROM contract c JOIN member m USING (company_id, member_id) \
                   WHERE c.company_id = ?1 AND c.code = ?2";
        self.one(sql, (company.to_i64(), code.as_str()), |row| payer(row, 0))
    }

    pub(crate) fn holder(self, company: CompanyId, code: &ContractCode) -> Read<Option<Holder>> {
        let sql = concat!(
            "SELECT ",
            member_columns!(),
            ", ",
            contract_columns!(),
            " FROM contract c JOIN member m USING (company_id, member_id)",
            " WHERE c.company_id = ?1 AND c.code = ?2"
        );
        self.one(sql, (company.to_i64(), code.as_str()), holder)
    }

    pub(crate) fn holders(self, company: CompanyId, skipped: u32, len: u32) -> Read<Vec<Holder>> {
        let sql = concat!(
            "SELECT ",
            member_columns!(),
            ", ",
            contract_columns!(),
            " FROM contract c JOIN member m USING (company_id, member_id)",
            " WHERE c.company_id = ?1 ORDER BY c.contract_key LIMIT ?3 OFFSET ?2"
        );
        self.many(sql, (company.to_i64(), skipped, len), holder)
    }

    pub(crate) fn bill(
        self,
        company: &Company,
        contract: ContractKey,
        bill_id: BillId,
    ) -> Read<Option<Bill>> {
        if let Some(bill) = self.loaded(|loaded| loaded.bills.get(&(contract, bill_id)).copied()) {
            return Ok(bill);
        }
        let sql = concat!(
            "SELECT ",
            bill_columns!(),
            " FROM bill b WHERE b.company_id = ?1 AND contract_key = ?2 AND bill_id = ?3"
        );
        let key = (company.id.to_i64(), contract.to_i64(), bill_id.to_i64());
        self.one(sql, key, |row| bill(row, company.currency))
    }

    pub(crate) fn bill_contract(
        self,
        company: CompanyId,
        bill_id: BillId,
    ) -> Read<Option<ContractKey>> {
        let sql = "SELECT contract_key FROM bill_version WHERE company_id = ?1 AND bill_id = ?2 \
                   AND version = 1";
        self.one(sql, (company.to_i64(), bill_id.to_i64()), |row| {
            id(ContractKey::from_i64, row.get(0)?)
        })
    }

    pub(crate) fn unpaid_bills(self, company: &Company, contract: ContractKey) -> Read<Vec<Bill>> {
        if let Some(bills) = self.loaded(|loaded| loaded.unpaid.get(&contract).cloned()) {
            return Ok(bills);
        }
        let sql = concat!(
            "SELECT ",
            bill_columns!(),
            " FROM bill b WHERE b.company_id = ?1 AND contract_key = ?2",
            " AND paid_by IS NULL AND state = 'owed'"
        );
        self.many(sql, (company.id.to_i64(), contract.to_i64()), |row| bill(row, company.currency))
    }

    pub(crate) fn bills_of(self, company: &Company, contract: ContractKey) -> Read<Vec<Bill>> {
        let sql = concat!(
            "SELECT ",
            bill_columns!(),
            " FROM bill b WHERE b.company_id = ?1 AND contract_key = ?2 ORDER BY bill_id"
        );
        self.many(sql, (company.id.to_i64(), contract.to_i64()), |row| bill(row, company.currency))
    }

    pub(crate) fn version(
        self,
        company: &Company,
        contract: ContractKey,
        bill_id: BillId,
        number: u32,
    ) -> Read<Option<BillVersion>> {
        let sql = concat!(
            "SELECT ",
            version_columns!(),
            " FROM bill_version WHERE company_id = ?1 AND bill_id = ?3 AND version = ?4",
            " AND contract_key = ?2"
        );
        let key = (company.id.to_i64(), contract.to_i64(), bill_id.to_i64(), number);
        self.one(sql, key, |row| version(row, company.currency))
    }

    pub(crate) fn version_in_force(
        self,
        company: &Company,
        bill_id: BillId,
    ) -> Read<Option<BillVersion>> {
        let sql = concat!(
            "SELECT ",
            version_columns!(),
            " FROM bill_version WHERE company_id = ?1 AND bill_id = ?2",
            " ORDER BY version DESC LIMIT 1"
        );
        let key = (company.id.to_i64(), bill_id.to_i64());
        self.one(sql, key, |row| version(row, company.currency))
    }

    pub(crate) fn payment(self, company: &Company, payment_id: PaymentId) -> Read<Option<Payment>> {
        if let Some(payment) = self.loaded(|loaded| loaded.payments.get(&payment_id).cloned()) {
            return Ok(payment);
        }
        let sql = concat!(
            "SELECT ",
            payment_columns!(),
            " FROM payment p WHERE p.company_id = ?1 AND p.payment_id = ?2"
        );
        let key = (company.id.to_i64(), payment_id.to_i64());
        self.one(sql, key, |row| payment(row, company.currency))
    }

    pub(crate) fn reversal(self, company: &Company, payment: PaymentId) -> Read<Option<Reversal>> {
        if let Some(reversal) = self.loaded(|loaded| loaded.reversals.get(&payment).cloned()) {
            return Ok(reversal);
        }
        let sql = concat!(
            "SELECT ",
            reversal_columns!(),
            " FROM reversal r WHERE r.company_id = ?1 AND r.payment_id = ?2"
        );
        let key = (company.id.to_i64(), payment.to_i64());
        self.one(sql, key, |row| reversal(row, 0, company.currency))
    }

    pub(crate) fn attempt(
        self,
        company: CompanyId,
        collector: CollectorId,
        operation: Operation,
        caller_key: &CallerKey,
    ) -> Read<Option<PaymentId>> {
        let loaded = self.loaded(|loaded| {
            loaded.attempts.get(&(collector, operation, caller_key.clone())).copied()
        });
        if let Some(payment) = loaded {
            return Ok(payment);
        }
        let sql = "SELECT payment_id FROM caller_key WHERE company_id = ?1 AND collector_id = ?2 \
                   AND operation = ?3 AND caller_key = ?4";
        let key = (company.to_i64(), collector.to_i64(), operation.to_code(), caller_key.as_str());
        self.one(sql, key, |row| id(PaymentId::from_i64, row.get(0)?))
    }

    pub(crate) fn collectors(self) -> Read<Vec<CollectorRecord>> {
        let sql = concat!("SELECT ", collector_columns!(), " FROM collector ORDER BY collector_id");
        self.many(sql, (), collector)
    }

    pub(crate) fn collector(self, collector_id: CollectorId) -> Read<Option<CollectorRecord>> {
        let sql =
            concat!("SELECT ", collector_columns!(), " FROM collector WHERE collector_id = ?1");
        self.one(sql, [collector_id.to_i64()], collector)
    }

    pub(crate) fn own_window(self, company: CompanyId) -> Read<Option<CollectorRecord>> {
        let sql = concat!(
            "SELECT ",
            collector_columns!(),
            " FROM collector WHERE company_id = ?1 AND is_window = 1 ORDER BY collector_id"
        );
        self.one(sql, [company.to_i64()], collector)
    }

    pub(crate) fn collector_by_code(self, digest: &Digest) -> Read<Option<CollectorRecord>> {
        let sql =
            concat!("SELECT ", collector_columns!(), " FROM collector WHERE code_digest = ?1");
        self.one(sql, [digest], collector)
    }

    pub(crate) fn tokens_of(self, collector: CollectorId) -> Read<Vec<TokenRecord>> {
        let sql = concat!(
            "SELECT ",
            token_columns!(),
            " FROM token WHERE collector_id = ?1 ORDER BY expires_at_us, digest"
        );
        self.many(sql, [collector.to_i64()], token)
    }

    pub(crate) fn tokens_between(self, first: &Digest, last: &Digest) -> Read<Vec<TokenRecord>> {
        let sql = concat!(
            "SELECT ",
            token_columns!(),
            " FROM token WHERE digest BETWEEN ?1 AND ?2 ORDER BY digest"
        );
        self.many(sql, [first, last], token)
    }

    pub(crate) fn bearer(self, digest: &Digest) -> Read<Option<Bearer>> {
        let sql = concat!(
            "SELECT ",
            company_columns!(),
            ", collector_id, can_list, is_active, expires_at_us, payment_max_minor, held_max_minor",
            " FROM token JOIN collector USING (collector_id) JOIN company USING (company_id)",
            " WHERE digest = ?1"
        );
        self.one(sql, [digest], |row| bearer(row, self.known))
    }

    /// The company of a token's collector; `None` without such a token.
    pub(crate) fn company_of_token(self, digest: &Digest) -> Read<Option<CompanyId>> {
        let sql = "SELECT company_id FROM token JOIN collector USING (collector_id) \
                   WHERE digest = ?1";
        self.one(sql, [digest], |row| id(CompanyId::from_i64, row.get(0)?))
    }

    /// The entries of a company from a number on, at most about `len`.
    pub(crate) fn entries(self, company: &Company, from: i64, len: usize) -> Read<Vec<Entry>> {
        let sql = "SELECT entry_number, recorded_at_us, kind, payload, chain, debit, credit, \
                   amount_minor FROM journal WHERE company_id = ?1 AND entry_number >= ?2 \
                   AND entry_number < ?3 ORDER BY entry_number, row_number";
        let until = from.saturating_add(i64::try_from(len).unwrap_or(i64::MAX));
        let mut entries: Vec<Entry> = Vec::new();
        let key = [company.id.to_i64(), from, until];
        self.link.each(sql, key.into_values().as_ref(), &mut |row| {
            if row.get::<Option<i64>>(1)?.is_some() {
                entries.push(entry(row, company.currency)?);
            } else {
                let extra = posting(row, company.currency)?;
                let entry = entries.last_mut().filter(|_| extra.is_some());
                let entry = entry.ok_or_else(|| StoreError::damaged("a posting has no entry"))?;
                entry.postings.extend(extra);
            }
            Ok::<_, StoreError>(())
        })?;
        Ok(entries)
    }

    pub(crate) fn link(self, company: CompanyId, number: i64) -> Read<Option<Digest>> {
        let sql = "SELECT chain FROM journal WHERE company_id = ?1 AND entry_number = ?2 \
                   AND row_number = 0";
        self.one(sql, (company.to_i64(), number), |row| row.get(0))
    }

    pub(crate) fn contract_of_key(
        self,
        company: CompanyId,
        key: ContractKey,
    ) -> Read<Option<Contract>> {
        let sql = concat!(
            "SELECT ",
            contract_columns!(),
            " FROM contract c WHERE c.company_id = ?1 AND c.contract_key = ?2"
        );
        self.one(sql, (company.to_i64(), key.to_i64()), |row| contract(row, 0))
    }

    pub(crate) fn contracts_of(
        self,
        company: CompanyId,
        member: MemberId,
        len: usize,
    ) -> Read<Vec<Contract>> {
        let sql = concat!(
            "SELECT ",
            contract_columns!(),
            " FROM contract c WHERE c.company_id = ?1 AND c.member_id = ?2",
            " ORDER BY c.contract_key LIMIT ?3"
        );
        let key = (company.to_i64(), member.to_i64(), limit(len));
        self.many(sql, key, |row| contract(row, 0))
    }

    pub(crate) fn once_called(
        self,
        company: CompanyId,
        code: &ContractCode,
    ) -> Read<Vec<Contract>> {
        let sql = concat!(
            "SELECT ",
            contract_columns!(),
            " FROM former_code f JOIN contract c USING (company_id, contract_key)",
            " WHERE f.company_id = ?1 AND f.code = ?2 ORDER BY f.contract_key"
        );
        self.many(sql, (company.to_i64(), code.as_str()), |row| contract(row, 0))
    }

    pub(crate) fn files(self, company: CompanyId) -> Read<Vec<FileRecord>> {
        let sql = concat!(
            "SELECT ",
            file_columns!(),
            " FROM imported_file WHERE company_id = ?1 ORDER BY file_id"
        );
        self.many(sql, [company.to_i64()], file)
    }

    pub(crate) fn events_after(
        self,
        company: &Company,
        after: i64,
        len: usize,
    ) -> Read<Vec<(EventNumber, Entry)>> {
        let sql = "SELECT entry_number, event_number FROM collection_event \
                   WHERE company_id = ?1 AND event_number > ?2 ORDER BY event_number LIMIT ?3";
        let numbers = self.many(sql, (company.id.to_i64(), after, limit(len)), |row| {
            Ok((row.get::<i64>(0)?, id(EventNumber::from_i64, row.get(1)?)?))
        })?;
        // Of both together a database without statistics, as one is just after it was filled, reads every
        // entry for every page.
        let (Some((first, _)), Some((last, _))) = (numbers.first(), numbers.last()) else {
            return Ok(Vec::new());
        };
        // A payment or reversal posts once: its entry has one row.
        let sql = "SELECT entry_number, recorded_at_us, kind, payload, chain, debit, credit, \
                   amount_minor FROM journal WHERE company_id = ?1 AND entry_number >= ?2 \
                   AND entry_number <= ?3 AND row_number = 0 \
                   AND kind IN ('payment-made', 'payment-reversed') ORDER BY entry_number";
        let entries = self.many(sql, (company.id.to_i64(), *first, *last), |row| {
            Ok((row.get::<i64>(0)?, entry(row, company.currency)?))
        })?;
        let mut entries = entries.into_iter();
        let with_entry = |(number, event)| {
            let found = entries.find(|(other, _)| *other == number);
            let (_, entry) = found.ok_or_else(|| StoreError::damaged("an event has no entry"))?;
            Ok((event, entry))
        };
        numbers.into_iter().map(with_entry).collect()
    }

    pub(crate) fn bills_after(self, company: &Company, after: i64, len: usize) -> Read<Vec<Bill>> {
        let sql =
            concat!("SELECT ", bill_columns!(), bills_by_number!(), " ORDER BY v.bill_id LIMIT ?3");
        let key = (company.id.to_i64(), after, limit(len));
        self.many(sql, key, |row| bill(row, company.currency))
    }

    pub(crate) fn unpaid_bills_after(
        self,
        company: &Company,
        after: i64,
        len: usize,
    ) -> Read<Vec<Bill>> {
        let sql = concat!(
            "SELECT ",
            bill_columns!(),
            bills_by_number!(),
            " AND b.paid_by IS NULL AND b.state = 'owed' ORDER BY v.bill_id LIMIT ?3"
        );
        let key = (company.id.to_i64(), after, limit(len));
        self.many(sql, key, |row| bill(row, company.currency))
    }

    pub(crate) fn holders_after(
        self,
        company: CompanyId,
        after: i64,
        len: usize,
    ) -> Read<Vec<Holder>> {
        let sql = concat!(
            "SELECT ",
            member_columns!(),
            ", ",
            contract_columns!(),
            " FROM contract c JOIN member m USING (company_id, member_id)",
            " WHERE c.company_id = ?1 AND c.contract_key > ?2 ORDER BY c.contract_key LIMIT ?3"
        );
        self.many(sql, (company.to_i64(), after, limit(len)), holder)
    }

    pub(crate) fn payments_after(
        self,
        company: &Company,
        days: &RangeInclusive<BusinessDay>,
        after: i64,
        len: usize,
    ) -> Read<Vec<(Payment, Option<Reversal>)>> {
        let sql = concat!(
            "SELECT ",
            payment_columns!(),
            ", ",
            reversal_columns!(),
            " FROM payment p LEFT JOIN reversal r USING (company_id, payment_id)",
            " WHERE p.company_id = ?1 AND p.payment_id > ?2 AND p.business_day BETWEEN ?4 AND ?5",
            " ORDER BY p.payment_id LIMIT ?3"
        );
        let [first, last] = [days.start(), days.end()].map(|day| day.to_date().to_string());
        let key = (company.id.to_i64(), after, limit(len), first, last);
        self.many(sql, key, |row| payment_and_reversal(row, company.currency))
    }

    pub(crate) fn each_former_code(
        self,
        company: CompanyId,
        visit: &mut dyn FnMut((ContractCode, ContractKey)) -> Read<()>,
    ) -> Read<()> {
        let sql = "SELECT code, contract_key FROM former_code WHERE company_id = ?1";
        let from_row = |row: Row<'_>| Ok((code(row, 0)?, id(ContractKey::from_i64, row.get(1)?)?));
        self.each(sql, [company.to_i64()], from_row, visit)
    }

    pub(crate) fn each_event(
        self,
        company: CompanyId,
        visit: &mut dyn FnMut((EventNumber, EntryNumber)) -> Read<()>,
    ) -> Read<()> {
        let sql = "SELECT event_number, entry_number FROM collection_event WHERE company_id = ?1";
        let from_row = |row: Row<'_>| {
            let number = id(EventNumber::from_i64, row.get(0)?)?;
            Ok((number, id(EntryNumber::from_i64, row.get(1)?)?))
        };
        self.each(sql, [company.to_i64()], from_row, visit)
    }

    pub(crate) fn each_member(
        self,
        company: CompanyId,
        visit: &mut dyn FnMut(Member) -> Read<()>,
    ) -> Read<()> {
        let sql = concat!("SELECT ", member_columns!(), " FROM member m WHERE m.company_id = ?1");
        self.each(sql, [company.to_i64()], member, visit)
    }

    pub(crate) fn each_contract(
        self,
        company: CompanyId,
        visit: &mut dyn FnMut(Contract) -> Read<()>,
    ) -> Read<()> {
        let sql =
            concat!("SELECT ", contract_columns!(), " FROM contract c WHERE c.company_id = ?1");
        self.each(sql, [company.to_i64()], |row| contract(row, 0), visit)
    }

    pub(crate) fn each_bill(
        self,
        company: &Company,
        visit: &mut dyn FnMut(Bill) -> Read<()>,
    ) -> Read<()> {
        let sql = concat!("SELECT ", bill_columns!(), " FROM bill b WHERE b.company_id = ?1");
        self.each(sql, [company.id.to_i64()], |row| bill(row, company.currency), visit)
    }

    pub(crate) fn each_version(
        self,
        company: &Company,
        visit: &mut dyn FnMut(BillVersion) -> Read<()>,
    ) -> Read<()> {
        let sql =
            concat!("SELECT ", version_columns!(), " FROM bill_version WHERE company_id = ?1");
        self.each(sql, [company.id.to_i64()], |row| version(row, company.currency), visit)
    }

    pub(crate) fn each_payment(
        self,
        company: &Company,
        visit: &mut dyn FnMut(Payment) -> Read<()>,
    ) -> Read<()> {
        let sql = concat!("SELECT ", payment_columns!(), " FROM payment p WHERE p.company_id = ?1");
        self.each(sql, [company.id.to_i64()], |row| payment(row, company.currency), visit)
    }

    pub(crate) fn each_reversal(
        self,
        company: &Company,
        visit: &mut dyn FnMut(Reversal) -> Read<()>,
    ) -> Read<()> {
        let sql =
            concat!("SELECT ", reversal_columns!(), " FROM reversal r WHERE r.company_id = ?1");
        self.each(sql, [company.id.to_i64()], |row| reversal(row, 0, company.currency), visit)
    }

    pub(crate) fn each_attempt(
        self,
        company: CompanyId,
        visit: &mut dyn FnMut(Attempt) -> Read<()>,
    ) -> Read<()> {
        let sql = "SELECT collector_id, operation, caller_key, payment_id FROM caller_key \
                   WHERE company_id = ?1";
        self.each(sql, [company.to_i64()], attempt, visit)
    }

    pub(crate) fn each_balance(
        self,
        company: CompanyId,
        visit: &mut dyn FnMut((Account, i64)) -> Read<()>,
    ) -> Read<()> {
        let sql = "SELECT account, balance_minor FROM balance WHERE company_id = ?1";
        self.each(sql, [company.to_i64()], |row| Ok((account(row, 0)?, row.get(1)?)), visit)
    }
}

pub(super) fn payment_and_reversal(
    row: Row<'_>,
    currency: Currency,
) -> Read<(Payment, Option<Reversal>)> {
    let is_reversed = row.get::<Option<i64>>(PAYMENT_LEN)?.is_some();
    let reversal = is_reversed.then(|| reversal(row, PAYMENT_LEN, currency));
    Ok((payment(row, currency)?, reversal.transpose()?))
}

pub(super) fn limit(len: usize) -> i64 {
    i64::try_from(len).unwrap_or(i64::MAX)
}
