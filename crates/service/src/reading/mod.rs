//! What a company's people look at: members they look for, what was collected and is owed, payments, and the
//! ledger. Whoever asks has checked who may.

mod payments;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use ventanilla_domain::{Account, BusinessDay, Company, CompanyId, EntryNumber};
use ventanilla_store::{AccountPage, Collected, Entry, FoundMembers, Owed, StoreError, View};

pub use payments::{ListedPayments, PaymentPlace, PaymentsWanted};

use crate::{Failure, Service};

/// Why nothing is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BooksRefusal {
    /// No company of that id.
    #[error("no such company")]
    CompanyUnknown,
}

type Told<T> = Result<T, Failure<BooksRefusal>>;

impl Service {
    /// The contracts that what somebody typed may mean, with their holders: 20 at most, in bounded work. Refuses an
    /// unknown company.
    pub fn search(&self, company: CompanyId, text: &str) -> Told<FoundMembers> {
        self.of_books(company, |view, company| view.search(company.id, text))
    }

    /// What was collected for some business days, by day, collector and local hour. Refuses an unknown company.
    pub fn collected(
        &self,
        company: CompanyId,
        days: &RangeInclusive<BusinessDay>,
    ) -> Told<Vec<Collected>> {
        self.settle()?;
        self.of_books(company, |view, company| view.collected(company.id, days))
    }

    /// What is owed, by period. Refuses an unknown company.
    pub fn owed(&self, company: CompanyId) -> Told<Vec<Owed>> {
        self.settle()?;
        self.of_books(company, |view, company| view.owed(company.id))
    }

    /// The accounts of a company with their balances, in hundredths debited less credited. Refuses an unknown
    /// company.
    pub fn accounts(&self, company: CompanyId) -> Told<BTreeMap<Account, i64>> {
        self.settle()?;
        self.of_books(company, |view, company| view.accounts(company.id))
    }

    /// The newest entries before one, or of all, that posted to an account, at most `len`: of 5,000 that are looked
    /// at; the page says where to go on. Refuses an unknown company.
    pub fn entries_of(
        &self,
        company: CompanyId,
        account: &Account,
        before: Option<EntryNumber>,
        len: usize,
    ) -> Told<AccountPage> {
        self.settle()?;
        self.of_books(company, |view, company| view.entries_of(company, account, before, len))
    }

    /// An entry of a company's journal, with what it says and what it posted. Refuses an unknown company.
    pub fn entry(&self, company: CompanyId, number: EntryNumber) -> Told<Option<Entry>> {
        self.settle()?;
        self.of_books(company, |view, company| view.entry(company, number))
    }

    /// Reads of a company's books, over one snapshot.
    fn of_books<T>(
        &self,
        company: CompanyId,
        read: impl Fn(&View<'_>, &Arc<Company>) -> Result<T, StoreError>,
    ) -> Told<T> {
        self.read_decided(|view| {
            let Some(company) = view.company(company)? else {
                return Ok(Err(BooksRefusal::CompanyUnknown));
            };
            read(view, &company).map(Ok)
        })
    }
}
