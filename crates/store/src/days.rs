//! A collector's business day: its sums, and its rows handed on one by one, so that a day of any
//! length takes no memory.

use ventanilla_domain::{BusinessDay, CollectorId, Company, Payment, PaymentId, Reversal};

use crate::StoreError;
use crate::memory::Books;
use crate::view::{From as Source, View};

/// How many payments and reversals a collector's day has, and how many hundredths they come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DaySums {
    /// Payments of the day, those that were reversed too.
    pub payments: i64,
    /// What they come to.
    pub paid_minor: i64,
    /// Reversals of the day, whatever day their payments are of.
    pub reversals: i64,
    /// What they come to.
    pub reversed_minor: i64,
    /// The greatest number of an issuer that a payment of the day names; 0 where none names one.
    pub last_issuer: u32,
}

impl Books {
    fn payments_of(
        &self,
        collector: CollectorId,
        day: BusinessDay,
    ) -> impl Iterator<Item = &Payment> {
        let payments = self.payments.values();
        payments
            .filter(move |payment| payment.collector == collector && payment.business_day == day)
    }

    fn reversals_of(
        &self,
        collector: CollectorId,
        day: BusinessDay,
    ) -> impl Iterator<Item = &Reversal> {
        let reversals = self.reversals.values();
        reversals
            .filter(move |reversal| reversal.collector == collector && reversal.business_day == day)
    }

    fn day_sums(&self, collector: CollectorId, day: BusinessDay) -> Result<DaySums, StoreError> {
        let mut sums = DaySums::default();
        for payment in self.payments_of(collector, day) {
            sums.payments += 1;
            sums.last_issuer = sums.last_issuer.max(payment.issuer);
            sums.paid_minor = add(sums.paid_minor, payment.amount.to_minor())?;
        }
        for reversal in self.reversals_of(collector, day) {
            sums.reversals += 1;
            sums.reversed_minor = add(sums.reversed_minor, reversal.amount.to_minor())?;
        }
        Ok(sums)
    }
}

fn add(sum: i64, minor: i64) -> Result<i64, StoreError> {
    sum.checked_add(minor).ok_or_else(|| StoreError::damaged("a day's sum does not fit"))
}

impl View<'_> {
    /// What a collector's business day comes to. A sum beyond 2⁶³ is damage, in either store.
    pub fn day_sums(
        &self,
        company: &Company,
        collector: CollectorId,
        day: BusinessDay,
    ) -> Result<DaySums, StoreError> {
        match self.from {
            Source::Memory(state) => match state.books_of(company.id) {
                Some(books) => books.day_sums(collector, day),
                None => Ok(DaySums::default()),
            },
            Source::Sql(reads) => reads.day_sums(company, collector, day),
        }
    }

    /// Hands on a collector's payments of a business day by id, each with its reversal, as they are
    /// read. A visitor that fails ends it with its own error, which a failure to read becomes too.
    pub fn each_payment_of_day<E: From<StoreError>>(
        &self,
        company: &Company,
        collector: CollectorId,
        day: BusinessDay,
        visit: &mut dyn FnMut(Payment, Option<Reversal>) -> Result<(), E>,
    ) -> Result<(), E> {
        match self.from {
            Source::Memory(state) => {
                let books = state.books_of(company.id).into_iter();
                let mut rows = books.flat_map(|books| {
                    let payments = books.payments_of(collector, day);
                    payments.map(|payment| (payment, books.reversals.get(&payment.id)))
                });
                rows.try_for_each(|(payment, reversal)| visit(payment.clone(), reversal.cloned()))
            }
            Source::Sql(reads) => reads.each_payment_of_day(company, collector, day, visit),
        }
    }

    /// A collector's payments of a business day, each with its reversal, by id from the greatest on: those before
    /// an id, at most `len`.
    pub fn payments_of_day_before(
        &self,
        company: &Company,
        collector: CollectorId,
        day: BusinessDay,
        before: Option<PaymentId>,
        len: usize,
    ) -> Result<Vec<(Payment, Option<Reversal>)>, StoreError> {
        let before = before.map_or(i64::MAX, PaymentId::to_i64);
        match self.from {
            Source::Memory(state) => {
                let books = state.books_of(company.id).into_iter();
                let rows = books.flat_map(|books| {
                    let payments = books.payments_of(collector, day);
                    payments.map(|payment| (payment.clone(), books.reversals.get(&payment.id)))
                });
                let rows = rows.filter(|(payment, _)| payment.id.to_i64() < before);
                let mut rows: Vec<_> =
                    rows.map(|(payment, reversal)| (payment, reversal.cloned())).collect();
                rows.reverse();
                rows.truncate(len);
                Ok(rows)
            }
            Source::Sql(reads) => {
                reads.payments_of_day_before(company, collector, day, before, len)
            }
        }
    }

    /// The same for a collector's reversals of a business day by payment, each with its payment.
    pub fn each_reversal_of_day<E: From<StoreError>>(
        &self,
        company: &Company,
        collector: CollectorId,
        day: BusinessDay,
        visit: &mut dyn FnMut(Payment, Reversal) -> Result<(), E>,
    ) -> Result<(), E> {
        match self.from {
            Source::Memory(state) => {
                let books = state.books_of(company.id).into_iter();
                let mut rows = books.flat_map(|books| {
                    let reversals = books.reversals_of(collector, day);
                    reversals.filter_map(|reversal| {
                        Some((books.payments.get(&reversal.payment)?, reversal))
                    })
                });
                rows.try_for_each(|(payment, reversal)| visit(payment.clone(), reversal.clone()))
            }
            Source::Sql(reads) => reads.each_reversal_of_day(company, collector, day, visit),
        }
    }
}
