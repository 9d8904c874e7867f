//! What can be read of the store in memory.

use std::ops::RangeInclusive;
use std::sync::Arc;

use jiff::Timestamp;
use ventanilla_domain::{
    Bill, BillId, BillVersion, BusinessDay, CallerKey, CollectorId, Company, CompanyId, Contract,
    ContractCode, ContractKey, EntryNumber, Event, EventNumber, Holder, Member, MemberId, Payer,
    Payment, PaymentId, Restoration, Reversal,
};

use super::{Books, State};
use crate::mirror::{End, Identified, journal_end};
use crate::users::Identities;
use crate::{
    Bearer, CollectorRecord, Counters, Digest, Entry, FileRecord, Operation, SignInCounts,
    TokenRecord,
};

impl State {
    fn books(&self, company: CompanyId) -> Option<&Books> {
        self.books.get(&company)
    }

    pub(crate) fn companies(&self) -> Vec<Arc<Company>> {
        self.books.values().map(|books| Arc::clone(&books.company)).collect()
    }

    pub(crate) fn company(&self, id: CompanyId) -> Option<Arc<Company>> {
        self.books(id).map(|books| Arc::clone(&books.company))
    }

    pub(crate) fn counters(&self, company: CompanyId) -> Option<Counters> {
        self.books(company).map(|books| books.counters)
    }

    pub(crate) fn contract(&self, company: CompanyId, code: &ContractCode) -> Option<Contract> {
        let books = self.books(company)?;
        books.contracts.get(books.codes.get(code)?).cloned()
    }

    pub(crate) fn member(&self, company: CompanyId, id: MemberId) -> Option<Member> {
        self.books(company)?.members.get(&id).cloned()
    }

    pub(crate) fn payer(&self, company: CompanyId, code: &ContractCode) -> Option<Payer> {
        let contract = self.contract(company, code)?;
        let member = self.member(company, contract.member)?;
        Some(Payer {
            contract: contract.key,
            code: contract.code,
            state: contract.state,
            member: contract.member,
            name: member.name,
        })
    }

    pub(crate) fn holder(&self, company: CompanyId, code: &ContractCode) -> Option<Holder> {
        let contract = self.contract(company, code)?;
        let member = self.member(company, contract.member)?;
        Some(Holder { contract, member })
    }

    pub(crate) fn holders(&self, company: CompanyId, skipped: u32, len: u32) -> Vec<Holder> {
        let Some(books) = self.books(company) else {
            return Vec::new();
        };
        let page = books.contracts.values().skip(skipped as usize).take(len as usize);
        page.filter_map(|contract| self.holder(company, &contract.code)).collect()
    }

    pub(crate) fn bill(&self, company: CompanyId, key: ContractKey, bill: BillId) -> Option<Bill> {
        self.books(company)?.bills.get(&(key, bill)).copied()
    }

    pub(crate) fn bill_contract(&self, company: CompanyId, bill: BillId) -> Option<ContractKey> {
        self.books(company)?.bill_contracts.get(&bill).copied()
    }

    pub(crate) fn unpaid_bills(&self, company: CompanyId, contract: ContractKey) -> Vec<Bill> {
        self.bills_of(company, contract).into_iter().filter(Bill::is_unpaid).collect()
    }

    pub(crate) fn bills_of(&self, company: CompanyId, contract: ContractKey) -> Vec<Bill> {
        let Some(books) = self.books(company) else {
            return Vec::new();
        };
        let all = (contract, BillId::FIRST)..;
        let own = books.bills.range(all).take_while(|((key, _), _)| *key == contract);
        own.map(|(_, bill)| *bill).collect()
    }

    pub(crate) fn version(
        &self,
        company: CompanyId,
        contract: ContractKey,
        bill: BillId,
        number: u32,
    ) -> Option<BillVersion> {
        self.books(company)?.versions.get(&(contract, bill, number)).cloned()
    }

    pub(crate) fn version_in_force(&self, company: CompanyId, bill: BillId) -> Option<BillVersion> {
        let contract = self.bill_contract(company, bill)?;
        self.books(company)?.version_in_force(contract, bill).cloned()
    }

    pub(crate) fn payment(&self, company: CompanyId, id: PaymentId) -> Option<Payment> {
        self.books(company)?.payments.get(&id).cloned()
    }

    pub(crate) fn reversal(&self, company: CompanyId, payment: PaymentId) -> Option<Reversal> {
        self.books(company)?.reversals.get(&payment).cloned()
    }

    pub(crate) fn attempt(
        &self,
        company: CompanyId,
        collector: CollectorId,
        operation: Operation,
        key: &CallerKey,
    ) -> Option<PaymentId> {
        self.books(company)?.attempts.get(&(collector, operation, key.clone())).copied()
    }

    pub(crate) fn collectors(&self) -> Vec<CollectorRecord> {
        self.collectors.values().cloned().collect()
    }

    pub(crate) fn collector(&self, id: CollectorId) -> Option<CollectorRecord> {
        self.collectors.get(&id).cloned()
    }

    pub(crate) fn own_window(&self, company: CompanyId) -> Option<CollectorRecord> {
        let is_it = |record: &&CollectorRecord| record.company == company && record.is_window;
        self.collectors.values().find(is_it).cloned()
    }

    pub(crate) fn collector_by_code(&self, digest: &Digest) -> Option<CollectorRecord> {
        self.collectors.values().find(|record| record.code_digest == *digest).cloned()
    }

    pub(crate) fn tokens_of(&self, collector: CollectorId) -> Vec<TokenRecord> {
        let tokens = self.tokens.values().filter(|token| token.collector == collector);
        let mut tokens: Vec<TokenRecord> = tokens.copied().collect();
        tokens.sort_unstable_by_key(|token| (token.expires_at, token.digest));
        tokens
    }

    pub(crate) fn tokens_between(&self, first: &Digest, last: &Digest) -> Vec<TokenRecord> {
        self.tokens
            .values()
            .filter(|token| (first..=last).contains(&&token.digest))
            .copied()
            .collect()
    }

    pub(crate) fn bearer(&self, digest: &Digest) -> Option<Bearer> {
        let token = self.tokens.get(digest)?;
        let collector = self.collectors.get(&token.collector)?;
        Some(Bearer {
            collector: collector.id,
            can_list: collector.can_list,
            is_active: collector.is_active,
            limits: collector.limits,
            company: self.company(collector.company)?,
            expires_at: token.expires_at,
        })
    }

    pub(crate) fn sign_ins(&self, now: Timestamp, renewed_by: Timestamp) -> SignInCounts {
        let is_taken = |token: &&TokenRecord| {
            let collector = self.collectors.get(&token.collector);
            token.expires_at > now && collector.is_some_and(|collector| collector.is_active)
        };
        let count = |len| u64::try_from(len).unwrap_or(u64::MAX);
        SignInCounts {
            tokens: count(self.tokens.values().filter(is_taken).count()),
            sessions: count(self.identities.open_sessions(renewed_by)),
        }
    }

    pub(crate) fn contract_of_key(&self, company: CompanyId, key: ContractKey) -> Option<Contract> {
        self.books(company)?.contracts.get(&key).cloned()
    }

    pub(crate) fn contracts_of(
        &self,
        company: CompanyId,
        member: MemberId,
        len: usize,
    ) -> Vec<Contract> {
        let all = self.books(company).into_iter().flat_map(|books| books.contracts.values());
        all.filter(|contract| contract.member == member).take(len).cloned().collect()
    }

    pub(crate) fn once_called(&self, company: CompanyId, code: &ContractCode) -> Vec<Contract> {
        let Some(books) = self.books(company) else {
            return Vec::new();
        };
        let all = (code.clone(), ContractKey::FIRST)..;
        let own = books.former_codes.range(all).take_while(|(former, _)| former == code);
        own.filter_map(|(_, key)| books.contracts.get(key).cloned()).collect()
    }

    pub(crate) fn files(&self, company: CompanyId) -> Vec<FileRecord> {
        self.books(company).into_iter().flat_map(|books| books.files.values().cloned()).collect()
    }

    pub(crate) fn events_after(
        &self,
        company: CompanyId,
        after: i64,
        len: usize,
    ) -> Vec<(EventNumber, Entry)> {
        let events = self.books(company).into_iter().flat_map(|books| &books.events);
        let entry = |entry: &EntryNumber| {
            self.journal.get(&company)?.iter().find(|found| found.number == *entry).cloned()
        };
        events
            .filter(|(number, _)| number.to_i64() > after)
            .take(len)
            .filter_map(|(number, at)| Some((*number, entry(at)?)))
            .collect()
    }

    pub(crate) fn bills_after(&self, company: CompanyId, after: i64, len: usize) -> Vec<Bill> {
        let Some(books) = self.books(company) else {
            return Vec::new();
        };
        books.bills_after(after).take(len).collect()
    }

    pub(crate) fn unpaid_bills_after(
        &self,
        company: CompanyId,
        after: i64,
        len: usize,
    ) -> Vec<Bill> {
        let Some(books) = self.books(company) else {
            return Vec::new();
        };
        books.bills_after(after).filter(Bill::is_unpaid).take(len).collect()
    }

    pub(crate) fn holders_after(&self, company: CompanyId, after: i64, len: usize) -> Vec<Holder> {
        let Some(books) = self.books(company) else {
            return Vec::new();
        };
        let contracts = books.contracts.values().filter(|contract| contract.key.to_i64() > after);
        contracts.take(len).filter_map(|contract| self.holder(company, &contract.code)).collect()
    }

    pub(crate) fn payments_after(
        &self,
        company: CompanyId,
        days: &RangeInclusive<BusinessDay>,
        after: i64,
        len: usize,
    ) -> Vec<(Payment, Option<Reversal>)> {
        let Some(books) = self.books(company) else {
            return Vec::new();
        };
        let payments = books.payments.values().filter(|payment| payment.id.to_i64() > after);
        payments
            .filter(|payment| days.contains(&payment.business_day))
            .take(len)
            .map(|payment| (payment.clone(), books.reversals.get(&payment.id).cloned()))
            .collect()
    }

    /// What was written of each restoration of a company's books, in order.
    pub(crate) fn restorations(&self, company: CompanyId) -> Vec<(Timestamp, Restoration)> {
        let entries = self.journal.get(&company).into_iter().flatten();
        let restorations = entries.filter_map(|entry| match &entry.event {
            Event::BooksRestored(restoration) => {
                Some((entry.recorded_at, restoration.as_ref().clone()))
            }
            _ => None,
        });
        restorations.collect()
    }

    /// The entries of a company from a number on, at most `len`.
    pub(crate) fn entries(&self, company: CompanyId, from: i64, len: usize) -> Vec<Entry> {
        let entries = self.journal.get(&company).into_iter().flatten();
        entries.filter(|entry| entry.number.to_i64() >= from).take(len).cloned().collect()
    }

    pub(crate) fn link(&self, company: CompanyId, number: i64) -> Option<Digest> {
        let entries = self.journal.get(&company)?;
        entries.iter().find(|entry| entry.number.to_i64() == number).map(|entry| entry.chain)
    }

    pub(crate) fn books_of(&self, company: CompanyId) -> Option<&Books> {
        self.books(company)
    }

    /// The last of each company's journal.
    pub(crate) fn journal_ends(&self) -> Vec<(CompanyId, End)> {
        let end =
            |books: &Books| journal_end(books.counters.next_entry.to_i64(), books.counters.chain);
        self.books.iter().map(|(company, books)| (*company, end(books))).collect()
    }

    /// Puts the identity tables in the place of those that are there; tokens and sessions end.
    pub(crate) fn replace_identities(&mut self, identified: &Identified) {
        let collectors = identified.collectors.iter();
        self.collectors = collectors.map(|record| (record.id, record.clone())).collect();
        self.tokens.clear();
        self.identities = Identities::of(identified);
        self.identities_version = identified.version;
    }
}
