//! Payments as they are looked through: by day, collector, cashier and state, the newest first, page by page.
//!
//! Which days and collectors have any is known from what was added up; of these the payments are read by the index
//! of a collector's day, side by side, so that no day is read through for another's sake.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::ops::RangeInclusive;

use ventanilla_domain::{
    BusinessDay, CollectorId, Company, CompanyId, Label, Payment, PaymentId, Reversal,
};
use ventanilla_store::{StoreError, View};

use super::Told;
use crate::{PaymentState, Service};

/// Payments that are looked at for a page.
const LOOKED_MAX: usize = 2_500;
/// Payments of one collector that are read at a time.
const READ_LEN: usize = 64;
/// The greatest page.
const LEN_MAX: usize = 1_000;

/// Which payments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentsWanted {
    /// Their business days.
    pub days: RangeInclusive<BusinessDay>,
    /// Who took them; anybody where `None`.
    pub collector: Option<CollectorId>,
    /// The cashier that they name; any, or none, where `None`.
    pub cashier: Option<Label>,
    /// Whether they are reversed; both where `None`.
    pub is_reversed: Option<bool>,
}

/// A place in the list of a company's payments: those that come after it are of earlier days, or of this day and
/// of lesser ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaymentPlace {
    /// A business day.
    pub day: BusinessDay,
    /// A payment of that day.
    pub payment: PaymentId,
}

/// Payments, the newest day first, of a day the greatest id first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListedPayments {
    /// Those found; fewer than asked for, or none, where many others lie between.
    pub payments: Vec<PaymentState>,
    /// Where to go on: after this place. `None` where all were looked at.
    pub after: Option<PaymentPlace>,
}

impl PaymentsWanted {
    fn is_wanted(&self, payment: &Payment, reversal: Option<&Reversal>) -> bool {
        let cashier = self.cashier.as_ref();
        cashier.is_none_or(|cashier| payment.place.cashier.as_ref() == Some(cashier))
            && self.is_reversed.is_none_or(|is_reversed| is_reversed == reversal.is_some())
    }
}

impl Service {
    /// A company's payments after a place, or from the newest on, at most `len` (1,000 at most): of 2,500 that are
    /// looked at; the page says where to go on. Refuses an unknown company.
    pub fn payments(
        &self,
        company: CompanyId,
        wanted: &PaymentsWanted,
        after: Option<PaymentPlace>,
        len: usize,
    ) -> Told<ListedPayments> {
        self.settle()?;
        let len = len.clamp(1, LEN_MAX);
        self.of_books(company, |view, company| listed(view, company, wanted, after, len))
    }
}

fn listed(
    view: &View<'_>,
    company: &Company,
    wanted: &PaymentsWanted,
    after: Option<PaymentPlace>,
    len: usize,
) -> Result<ListedPayments, StoreError> {
    let mut listed = ListedPayments::default();
    let mut looked = 0;
    for (day, collectors) in days_with_payments(view, company, wanted, after)? {
        let before = after.filter(|place| place.day == day).map(|place| place.payment);
        let mut day_read = DayRead::new(day, collectors, before);
        while let Some((payment, reversal)) = day_read.next(view, company)? {
            if looked == LOOKED_MAX || listed.payments.len() == len {
                return Ok(listed);
            }
            looked += 1;
            listed.after = Some(PaymentPlace { day, payment: payment.id });
            if wanted.is_wanted(&payment, reversal.as_ref()) {
                listed.payments.push(PaymentState { payment, reversal });
            }
        }
    }
    listed.after = None;
    Ok(listed)
}

/// The days that are wanted and have payments, the newest first, with those who took them.
fn days_with_payments(
    view: &View<'_>,
    company: &Company,
    wanted: &PaymentsWanted,
    after: Option<PaymentPlace>,
) -> Result<Vec<(BusinessDay, Vec<CollectorId>)>, StoreError> {
    let last = after.map_or(*wanted.days.end(), |place| place.day.min(*wanted.days.end()));
    let mut days: Vec<(BusinessDay, Vec<CollectorId>)> = Vec::new();
    for row in view.collected(company.id, &(*wanted.days.start()..=last))? {
        let is_wanted = wanted.collector.is_none_or(|collector| collector == row.collector);
        if !is_wanted || row.sums.payments == 0 {
            continue;
        }
        match days.last_mut().filter(|(day, _)| *day == row.day) {
            Some((_, collectors)) if collectors.last() == Some(&row.collector) => {}
            Some((_, collectors)) => collectors.push(row.collector),
            None => days.push((row.day, vec![row.collector])),
        }
    }
    days.reverse();
    Ok(days)
}

type Kept = (Payment, Option<Reversal>);

/// A day that is read, the payments of its collectors side by side.
struct DayRead {
    day: BusinessDay,
    collectors: Vec<CollectorRead>,
}

/// The payments of a collector's day, of which some are read ahead.
struct CollectorRead {
    collector: CollectorId,
    ahead: VecDeque<Kept>,
    before: Option<PaymentId>,
    is_over: bool,
}

impl DayRead {
    fn new(day: BusinessDay, collectors: Vec<CollectorId>, before: Option<PaymentId>) -> Self {
        let read =
            |collector| CollectorRead { collector, ahead: VecDeque::new(), before, is_over: false };
        Self { day, collectors: collectors.into_iter().map(read).collect() }
    }

    /// The payment of the greatest id that is left.
    fn next(&mut self, view: &View<'_>, company: &Company) -> Result<Option<Kept>, StoreError> {
        for read in &mut self.collectors {
            read.fill(view, company, self.day)?;
        }
        let next = self
            .collectors
            .iter_mut()
            .filter(|read| !read.ahead.is_empty())
            .min_by_key(|read| read.ahead.front().map(|(payment, _)| Reverse(payment.id)));
        Ok(next.and_then(|read| read.ahead.pop_front()))
    }
}

impl CollectorRead {
    fn fill(
        &mut self,
        view: &View<'_>,
        company: &Company,
        day: BusinessDay,
    ) -> Result<(), StoreError> {
        if self.is_over || !self.ahead.is_empty() {
            return Ok(());
        }
        let read =
            view.payments_of_day_before(company, self.collector, day, self.before, READ_LEN)?;
        self.is_over = read.len() < READ_LEN;
        self.before = read.last().map(|(payment, _)| payment.id).or(self.before);
        self.ahead.extend(read);
        Ok(())
    }
}
