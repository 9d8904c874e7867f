//! What can be read, whatever the store.

use std::ops::RangeInclusive;
use std::sync::Arc;

use jiff::Timestamp;
use ventanilla_domain::{
    Account, Bill, BillId, BillVersion, BusinessDay, CallerKey, CollectorId, Company, CompanyId,
    Contract, ContractCode, ContractKey, EntryNumber, EventNumber, Holder, Member, MemberId, Payer,
    Payment, PaymentId, Restoration, Reversal,
};

use crate::memory::{Attempt, State};
use crate::postgres::Act;
use crate::sql::Reads;
use crate::{
    Bearer, CollectorRecord, Counters, Digest, Entry, FileRecord, Operation, StoreError,
    TokenRecord,
};

type Read<T> = Result<T, StoreError>;
type Visit<'v, T> = &'v mut dyn FnMut(T) -> Read<()>;

/// The books as a snapshot or a transaction sees them.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    pub(crate) from: From<'a>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum From<'a> {
    Memory(&'a State),
    Sql(Reads<'a>),
}

/// Reads the same of either store: of the memory plainly, of SQLite with its errors.
macro_rules! read {
    ($self:ident, $view:ident => $memory:expr, $sqlite:expr) => {
        match $self.from {
            From::Memory($view) => Ok($memory),
            From::Sql($view) => $sqlite,
        }
    };
}

pub(crate) use read;

/// Visits a table of either store.
macro_rules! visit {
    ($self:ident, $company:expr, $visit:ident, $table:ident, $sqlite:expr) => {
        match $self.from {
            From::Memory(state) => match state.books_of($company) {
                Some(books) => books.$table.values().cloned().try_for_each($visit),
                None => Ok(()),
            },
            From::Sql(reads) => $sqlite(reads, $visit),
        }
    };
}

impl<'a> View<'a> {
    pub(crate) fn memory(state: &'a State) -> Self {
        Self { from: From::Memory(state) }
    }

    pub(crate) fn sql(reads: Reads<'a>) -> Self {
        Self { from: From::Sql(reads) }
    }

    /// All companies, by id.
    pub fn companies(&self) -> Read<Vec<Arc<Company>>> {
        read!(self, view => view.companies(), view.companies())
    }

    /// The company of that id.
    pub fn company(&self, id: CompanyId) -> Read<Option<Arc<Company>>> {
        read!(self, view => view.company(id), view.company(id))
    }

    /// A company's counters, as they were committed last.
    pub fn counters(&self, company: CompanyId) -> Read<Option<Counters>> {
        read!(self, view => view.counters(company), view.counters(company))
    }

    /// The contract of exactly that code.
    pub fn contract(&self, company: CompanyId, code: &ContractCode) -> Read<Option<Contract>> {
        read!(self, view => view.contract(company, code), view.contract(company, code))
    }

    /// The member of that id.
    pub fn member(&self, company: CompanyId, id: MemberId) -> Read<Option<Member>> {
        read!(self, view => view.member(company, id), view.member(company, id))
    }

    /// What a payment needs to know of the contract that `code` finds, leading zeros as in
    /// [`View::holder`].
    pub fn payer(&self, company: CompanyId, code: &ContractCode) -> Read<Option<Payer>> {
        found(
            code,
            |code| read!(self, view => view.payer(company, code), view.payer(company, code)),
        )
    }

    /// The contract that `code` finds, with its holder: the one of exactly that code, or else the
    /// one of the code without its leading zeros (docs/spec/cooplan.md §2, Fields).
    pub fn holder(&self, company: CompanyId, code: &ContractCode) -> Read<Option<Holder>> {
        found(
            code,
            |code| read!(self, view => view.holder(company, code), view.holder(company, code)),
        )
    }

    /// A page of the company's contracts with their holders, in the order they were made.
    pub fn holders(&self, company: CompanyId, skipped: u32, len: u32) -> Read<Vec<Holder>> {
        read!(self, view => view.holders(company, skipped, len), view.holders(company, skipped, len))
    }

    /// A contract's bill of that number.
    pub fn bill(
        &self,
        company: &Company,
        contract: ContractKey,
        bill: BillId,
    ) -> Read<Option<Bill>> {
        read!(self, view =>
            view.bill(company.id, contract, bill), view.bill(company, contract, bill))
    }

    /// The contract that owes the bill of that number.
    pub fn bill_contract(&self, company: CompanyId, bill: BillId) -> Read<Option<ContractKey>> {
        read!(self, view => view.bill_contract(company, bill), view.bill_contract(company, bill))
    }

    /// A contract's unpaid bills, oldest period first, then by number.
    pub fn unpaid_bills(&self, company: &Company, contract: ContractKey) -> Read<Vec<Bill>> {
        let mut bills = read!(self, view =>
            view.unpaid_bills(company.id, contract), view.unpaid_bills(company, contract))?;
        bills.sort_unstable_by_key(|bill| (bill.period, bill.id));
        Ok(bills)
    }

    /// A contract's bills, paid and annulled ones too, by number.
    pub fn bills_of(&self, company: &Company, contract: ContractKey) -> Read<Vec<Bill>> {
        read!(self, view =>
            view.bills_of(company.id, contract), view.bills_of(company, contract))
    }

    /// A version of a bill.
    pub fn version(
        &self,
        company: &Company,
        contract: ContractKey,
        bill: BillId,
        number: u32,
    ) -> Read<Option<BillVersion>> {
        read!(self, view =>
            view.version(company.id, contract, bill, number),
            view.version(company, contract, bill, number))
    }

    /// The version in force of the bill of that number, whosever it is: one look, where a file
    /// asks for a million.
    pub fn version_in_force(&self, company: &Company, bill: BillId) -> Read<Option<BillVersion>> {
        read!(self, view =>
            view.version_in_force(company.id, bill), view.version_in_force(company, bill))
    }

    /// The payment of that id.
    pub fn payment(&self, company: &Company, id: PaymentId) -> Read<Option<Payment>> {
        read!(self, view => view.payment(company.id, id), view.payment(company, id))
    }

    /// The reversal of a payment.
    pub fn reversal(&self, company: &Company, payment: PaymentId) -> Read<Option<Reversal>> {
        read!(self, view => view.reversal(company.id, payment), view.reversal(company, payment))
    }

    /// The payment that a collector's caller key made or reversed.
    pub fn attempt(
        &self,
        company: CompanyId,
        collector: CollectorId,
        operation: Operation,
        key: &CallerKey,
    ) -> Read<Option<PaymentId>> {
        read!(self, view =>
            view.attempt(company, collector, operation, key),
            view.attempt(company, collector, operation, key))
    }

    /// All collectors, by id.
    pub fn collectors(&self) -> Read<Vec<CollectorRecord>> {
        read!(self, view => view.collectors(), view.collectors())
    }

    /// The collector of that id.
    pub fn collector(&self, id: CollectorId) -> Read<Option<CollectorRecord>> {
        read!(self, view => view.collector(id), view.collector(id))
    }

    /// The company's own window; `None` where it has none yet.
    pub fn window(&self, company: CompanyId) -> Read<Option<CollectorRecord>> {
        read!(self, view => view.own_window(company), view.own_window(company))
    }

    /// The collector whose security code has that keyed hash.
    pub fn collector_by_code(&self, digest: &Digest) -> Read<Option<CollectorRecord>> {
        read!(self, view => view.collector_by_code(digest), view.collector_by_code(digest))
    }

    /// A collector's tokens, those that have ended and are still known too, by their end.
    pub fn tokens_of(&self, collector: CollectorId) -> Read<Vec<TokenRecord>> {
        read!(self, view => view.tokens_of(collector), view.tokens_of(collector))
    }

    /// The tokens whose hashes are in a range, both ends in it, by hash.
    pub fn tokens_between(&self, first: &Digest, last: &Digest) -> Read<Vec<TokenRecord>> {
        read!(self, view => view.tokens_between(first, last), view.tokens_between(first, last))
    }

    /// What the token of that hash stands for.
    pub fn bearer(&self, digest: &Digest) -> Read<Option<Bearer>> {
        read!(self, view => view.bearer(digest), view.bearer(digest))
    }

    /// The contract of that key.
    pub fn contract_of_key(&self, company: CompanyId, key: ContractKey) -> Read<Option<Contract>> {
        read!(self, view => view.contract_of_key(company, key), view.contract_of_key(company, key))
    }

    /// A member's contracts, by key, at most `len`.
    pub fn contracts_of(
        &self,
        company: CompanyId,
        member: MemberId,
        len: usize,
    ) -> Read<Vec<Contract>> {
        read!(self, view =>
            view.contracts_of(company, member, len), view.contracts_of(company, member, len))
    }

    /// The contracts that once had that code and have another now, by key.
    pub fn once_called(&self, company: CompanyId, code: &ContractCode) -> Read<Vec<Contract>> {
        read!(self, view => view.once_called(company, code), view.once_called(company, code))
    }

    /// A company's imported files, by id.
    pub fn files(&self, company: CompanyId) -> Read<Vec<FileRecord>> {
        read!(self, view => view.files(company), view.files(company))
    }

    /// A company's payments and reversals in the order they were kept, numbered from 1 without
    /// gaps: those after number `after`, at most `len`.
    pub fn events_after(
        &self,
        company: &Company,
        after: i64,
        len: usize,
    ) -> Read<Vec<(EventNumber, Entry)>> {
        read!(self, view =>
            view.events_after(company.id, after, len), view.events_after(company, after, len))
    }

    /// A company's bills by number: those after number `after`, at most `len`.
    pub fn bills_after(&self, company: &Company, after: i64, len: usize) -> Read<Vec<Bill>> {
        read!(self, view =>
            view.bills_after(company.id, after, len), view.bills_after(company, after, len))
    }

    /// A company's unpaid bills by number: those after number `after`, at most `len`.
    pub fn unpaid_bills_after(&self, company: &Company, after: i64, len: usize) -> Read<Vec<Bill>> {
        read!(self, view =>
            view.unpaid_bills_after(company.id, after, len),
            view.unpaid_bills_after(company, after, len))
    }

    /// A company's contracts with their holders by key: those after key `after`, at most `len`.
    pub fn holders_after(&self, company: CompanyId, after: i64, len: usize) -> Read<Vec<Holder>> {
        read!(self, view =>
            view.holders_after(company, after, len), view.holders_after(company, after, len))
    }

    /// A company's payments of some business days by id, each with its reversal: those after id
    /// `after`, at most `len`.
    pub fn payments_after(
        &self,
        company: &Company,
        days: &RangeInclusive<BusinessDay>,
        after: i64,
        len: usize,
    ) -> Read<Vec<(Payment, Option<Reversal>)>> {
        read!(self, view =>
            view.payments_after(company.id, days, after, len),
            view.payments_after(company, days, after, len))
    }

    /// The restorations of a company's books, in order, with when each was made. It reads the whole
    /// journal.
    pub fn restorations(&self, company: CompanyId) -> Read<Vec<(Timestamp, Restoration)>> {
        read!(self, view => view.restorations(company), view.restorations(company))
    }

    /// A company's journal entries from number `from` on, at most `len`.
    pub fn entries(&self, company: &Company, from: i64, len: usize) -> Read<Vec<Entry>> {
        read!(self, view => view.entries(company.id, from, len), view.entries(company, from, len))
    }

    /// The link of an entry; `None` where the journal has no such entry.
    pub fn link(&self, company: CompanyId, number: i64) -> Read<Option<Digest>> {
        read!(self, view => view.link(company, number), view.link(company, number))
    }

    /// What of a company has no place in the journal yet, in an order in which it can get one; `None` where
    /// entries are written with their acts.
    pub(crate) fn unsealed_tail(&self, company: &Company) -> Read<Option<Vec<Act>>> {
        match self.from {
            From::Memory(_) => Ok(None),
            From::Sql(reads) => reads.unsealed_tail(company),
        }
    }

    pub(crate) fn each_member(&self, company: CompanyId, to: Visit<'_, Member>) -> Read<()> {
        visit!(self, company, to, members, |reads: Reads<'_>, to| reads.each_member(company, to))
    }

    pub(crate) fn each_contract(&self, company: CompanyId, to: Visit<'_, Contract>) -> Read<()> {
        visit!(self, company, to, contracts, |reads: Reads<'_>, to| {
            reads.each_contract(company, to)
        })
    }

    pub(crate) fn each_bill(&self, company: &Company, to: Visit<'_, Bill>) -> Read<()> {
        visit!(self, company.id, to, bills, |reads: Reads<'_>, to| reads.each_bill(company, to))
    }

    pub(crate) fn each_version(&self, company: &Company, to: Visit<'_, BillVersion>) -> Read<()> {
        visit!(self, company.id, to, versions, |reads: Reads<'_>, to| {
            reads.each_version(company, to)
        })
    }

    pub(crate) fn each_payment(&self, company: &Company, to: Visit<'_, Payment>) -> Read<()> {
        visit!(self, company.id, to, payments, |reads: Reads<'_>, to| {
            reads.each_payment(company, to)
        })
    }

    pub(crate) fn each_reversal(&self, company: &Company, to: Visit<'_, Reversal>) -> Read<()> {
        visit!(self, company.id, to, reversals, |reads: Reads<'_>, to| {
            reads.each_reversal(company, to)
        })
    }

    pub(crate) fn each_attempt(&self, company: CompanyId, to: Visit<'_, Attempt>) -> Read<()> {
        match self.from {
            From::Memory(state) => {
                let attempts = state.books_of(company).into_iter().flat_map(|b| &b.attempts);
                attempts.map(|(key, payment)| (key.clone(), *payment)).try_for_each(to)
            }
            From::Sql(reads) => reads.each_attempt(company, to),
        }
    }

    pub(crate) fn each_former_code(
        &self,
        company: CompanyId,
        to: Visit<'_, (ContractCode, ContractKey)>,
    ) -> Read<()> {
        match self.from {
            From::Memory(state) => {
                let books = state.books_of(company).into_iter();
                books.flat_map(|books| &books.former_codes).cloned().try_for_each(to)
            }
            From::Sql(reads) => reads.each_former_code(company, to),
        }
    }

    pub(crate) fn each_event(
        &self,
        company: CompanyId,
        to: Visit<'_, (EventNumber, EntryNumber)>,
    ) -> Read<()> {
        match self.from {
            From::Memory(state) => {
                let events = state.books_of(company).into_iter().flat_map(|books| &books.events);
                events.map(|(number, entry)| (*number, *entry)).try_for_each(to)
            }
            From::Sql(reads) => reads.each_event(company, to),
        }
    }

    pub(crate) fn each_balance(
        &self,
        company: CompanyId,
        to: Visit<'_, (Account, i64)>,
    ) -> Read<()> {
        match self.from {
            From::Memory(state) => {
                let balances = state.books_of(company).into_iter().flat_map(|b| &b.balances);
                balances.map(|(account, minor)| (account.clone(), *minor)).try_for_each(to)
            }
            From::Sql(reads) => reads.each_balance(company, to),
        }
    }
}

/// What exactly this code finds, or else the code without its leading zeros.
fn found<T>(
    code: &ContractCode,
    find: impl Fn(&ContractCode) -> Read<Option<T>>,
) -> Read<Option<T>> {
    match (find(code)?, code.without_leading_zeros()) {
        (None, Some(bare)) => find(&bare),
        (found, _) => Ok(found),
    }
}
