//! What is added up beside the books: what was collected, by business day, collector and hour, and what is
//! owed, by period. Whoever looks at a year must not read its payments.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use ventanilla_domain::{
    Account, BillVersion, BusinessDay, CollectorId, Company, CompanyId, Payment, Period, Reversal,
    civil_at,
};

use crate::StoreError;
use crate::verify::{Findings, table};
use crate::view::{From as Source, View};

type Read<T> = Result<T, StoreError>;
type Visit<'v, T> = &'v mut dyn FnMut(T) -> Read<()>;

/// After whatever is written as a day.
const ALL_DAYS: &str = "\u{10ffff}";

/// Business day, collector, and the hour, `0..=23`, of the company's local time of the record.
pub(crate) type CollectedKey = (BusinessDay, CollectorId, i64);

/// What a collector took and gave back in one hour, for one business day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Collected {
    /// The business day.
    pub day: BusinessDay,
    /// Who took it and gave it back.
    pub collector: CollectorId,
    /// The hour, `0..=23`, of the company's local time at which it was recorded: near a cut-off, of another
    /// date than the business day's.
    pub hour: i64,
    /// How much it was. A sum that does not fit stays at the greatest that does.
    pub sums: CollectedSums,
}

/// Payments and reversals, and the hundredths that they come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CollectedSums {
    /// Payments, those that were reversed too.
    pub payments: i64,
    /// What they come to.
    pub paid_minor: i64,
    /// Reversals, whatever day their payments are of.
    pub reversals: i64,
    /// What they come to.
    pub reversed_minor: i64,
}

/// What is owed for one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owed {
    /// The period.
    pub period: Period,
    /// How many bills are unpaid.
    pub unpaid_bills: i64,
    /// Hundredths they come to.
    pub owed_minor: i64,
}

/// How many bills are unpaid, and how many hundredths they come to; or by how much that changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct OwedSums {
    pub(crate) unpaid_bills: i64,
    pub(crate) owed_minor: i64,
}

/// Sums, or by how much they change. There is no row of a period of which nothing is owed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) collected: BTreeMap<CollectedKey, CollectedSums>,
    pub(crate) owed: BTreeMap<Period, OwedSums>,
}

impl Totals {
    /// Adds a payment that was made.
    pub(crate) fn pay(&mut self, company: &Company, payment: &Payment) -> Read<()> {
        let minor = payment.amount.to_minor();
        let hour = hour_at(company, payment.recorded_at);
        self.collect((payment.business_day, payment.collector, hour), minor);
        self.owe(payment.period, -1, -minor)
    }

    /// Adds a payment by its parts, where what is owed is known otherwise.
    pub(crate) fn collect(&mut self, key: CollectedKey, minor: i64) {
        let sums = self.collected.entry(key).or_default();
        sums.payments = sums.payments.saturating_add(1);
        sums.paid_minor = sums.paid_minor.saturating_add(minor);
    }

    /// Adds a reversal of a payment of that period.
    pub(crate) fn reverse(
        &mut self,
        company: &Company,
        reversal: &Reversal,
        period: Period,
    ) -> Read<()> {
        let minor = reversal.amount.to_minor();
        let hour = hour_at(company, reversal.recorded_at);
        self.give_back((reversal.business_day, reversal.collector, hour), minor);
        self.owe(period, 1, minor)
    }

    /// Adds a reversal by its parts, where what is owed is known otherwise.
    pub(crate) fn give_back(&mut self, key: CollectedKey, minor: i64) {
        let sums = self.collected.entry(key).or_default();
        sums.reversals = sums.reversals.saturating_add(1);
        sums.reversed_minor = sums.reversed_minor.saturating_add(minor);
    }

    /// Adds versions of bills that nobody has paid, each over the one it takes the place of.
    pub(crate) fn change(
        &mut self,
        versions: &[BillVersion],
        replaced: &[Option<&BillVersion>],
    ) -> Read<()> {
        let gone = replaced.iter().flatten().map(|version| (*version, -1));
        let come = versions.iter().map(|version| (version, 1));
        gone.chain(come).try_for_each(|(version, sign)| self.owe_version(version, sign))
    }

    /// Adds (1) or takes away (-1) what the biller says is owed by a version.
    pub(crate) fn owe_version(&mut self, version: &BillVersion, sign: i64) -> Read<()> {
        match version.to_owed_minor() {
            0 => Ok(()),
            minor => self.owe(version.terms.period, sign, sign * minor),
        }
    }

    /// Adds what has changed elsewhere.
    pub(crate) fn add(&mut self, other: &Self) -> Read<()> {
        other
            .owed
            .iter()
            .try_for_each(|(period, sums)| self.owe(*period, sums.unpaid_bills, sums.owed_minor))
    }

    pub(crate) fn owe(&mut self, period: Period, bills: i64, minor: i64) -> Read<()> {
        let sums = self.owed.entry(period).or_default();
        let unpaid_bills = sums.unpaid_bills.checked_add(bills);
        let owed_minor = sums.owed_minor.checked_add(minor);
        let (Some(unpaid_bills), Some(owed_minor)) = (unpaid_bills, owed_minor) else {
            return Err(StoreError::damaged("what is owed does not fit"));
        };
        *sums = OwedSums { unpaid_bills, owed_minor };
        if *sums == OwedSums::default() {
            self.owed.remove(&period);
        }
        Ok(())
    }
}

/// The hour, `0..=23`, of the company's local time.
pub(crate) fn hour_at(company: &Company, at: jiff::Timestamp) -> i64 {
    civil_at(company, at).hour().into()
}

impl View<'_> {
    /// What was collected for some business days, by day, collector and hour.
    pub fn collected(
        &self,
        company: CompanyId,
        days: &RangeInclusive<BusinessDay>,
    ) -> Read<Vec<Collected>> {
        let days = [days.start(), days.end()].map(|day| day.to_date().to_string());
        let mut found = Vec::new();
        self.each_collected(company, days.each_ref().map(String::as_str), &mut |(key, sums)| {
            let (day, collector, hour) = key;
            found.push(Collected { day, collector, hour, sums });
            Ok(())
        })?;
        Ok(found)
    }

    /// The days are as they are written.
    fn each_collected(
        &self,
        company: CompanyId,
        days: [&str; 2],
        to: Visit<'_, (CollectedKey, CollectedSums)>,
    ) -> Read<()> {
        let [first, last] = days;
        match self.from {
            Source::Memory(state) => {
                let books = state.books_of(company).into_iter();
                let rows = books.flat_map(|books| &books.totals.collected);
                let mut rows = rows.filter(|((day, ..), _)| {
                    (first..=last).contains(&day.to_date().to_string().as_str())
                });
                rows.try_for_each(|(key, sums)| to((*key, *sums)))
            }
            Source::Sql(reads) => reads.each_collected(company, days, to),
        }
    }

    /// What is owed, by period; of a period that is not there, nothing.
    pub fn owed(&self, company: CompanyId) -> Read<Vec<Owed>> {
        let mut found = Vec::new();
        self.each_owed(company, &mut |(period, OwedSums { unpaid_bills, owed_minor })| {
            found.push(Owed { period, unpaid_bills, owed_minor });
            Ok(())
        })?;
        Ok(found)
    }

    /// A company's accounts in their order, each with what was debited to it less what was credited, in
    /// hundredths; those that nothing was ever posted to have no row.
    pub fn accounts(&self, company: CompanyId) -> Read<BTreeMap<Account, i64>> {
        let mut found = BTreeMap::new();
        self.each_balance(company, &mut |(account, minor)| {
            found.insert(account, minor);
            Ok(())
        })?;
        Ok(found)
    }

    fn each_owed(&self, company: CompanyId, to: Visit<'_, (Period, OwedSums)>) -> Read<()> {
        match self.from {
            Source::Memory(state) => {
                let owed = state.books_of(company).into_iter().flat_map(|books| &books.totals.owed);
                owed.map(|(period, sums)| (*period, *sums)).try_for_each(to)
            }
            Source::Sql(reads) => reads.each_owed(company, to),
        }
    }

    /// All that is kept of a company's totals.
    pub(crate) fn totals(&self, company: CompanyId) -> Read<Totals> {
        let mut totals = Totals::default();
        self.each_collected(company, ["", ALL_DAYS], &mut |(key, sums)| {
            totals.collected.insert(key, sums);
            Ok(())
        })?;
        self.each_owed(company, &mut |(period, sums)| {
            totals.owed.insert(period, sums);
            Ok(())
        })?;
        Ok(totals)
    }
}

/// Compares what is kept with what the books rebuilt come to.
pub(crate) fn compare(
    view: &View<'_>,
    company: CompanyId,
    made: Totals,
    found: &mut Findings,
) -> Read<()> {
    let kept = view.totals(company);
    let damage = match &kept {
        Err(StoreError::Damaged { what, .. }) => Some(*what),
        _ => None,
    };
    if let Some(what) = damage {
        found.tell(&format!("collected, owed: una fila no se puede leer ({what})"));
        return Ok(());
    }
    let Totals { collected, owed } = kept?;
    table(
        found,
        "collected",
        made.collected,
        |(day, collector, hour)| {
            format!("lo cobrado el {} por el recaudador {collector} a las {hour}", day.to_date())
        },
        |to| collected.into_iter().try_for_each(|(key, sums)| to(key, sums)),
    )?;
    table(
        found,
        "owed",
        made.owed,
        |period| format!("lo adeudado del período {period}"),
        |to| owed.into_iter().try_for_each(|(period, sums)| to(period, sums)),
    )
}
