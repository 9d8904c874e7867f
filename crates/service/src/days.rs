//! A collector's business day: whole, for who shows it, or row by row, for who writes it down. A day
//! may have 100,000 rows.

use std::convert::Infallible;
use std::sync::Arc;

use ventanilla_domain::{
    BusinessDay, CollectorId, Company, CompanyId, DayTotals, Label, Logo, Money, MoneyError,
    Payment, Reversal, Total,
};
use ventanilla_store::{DaySums, StoreError, View};

use crate::failure::damaged;
use crate::logo::logo_of;
use crate::printing::issuer_of_number;
use crate::{
    DayRefusal, DayReport, Failure, NoRefusal, PaymentState, Service, Session, VisitFailure,
};

/// What is known of a day before its rows are read.
#[derive(Debug, Clone)]
pub struct DayOpening {
    /// Whose money it is.
    pub company: Arc<Company>,
    /// The name of the collector who took it.
    pub collector: Label,
    /// The business day.
    pub day: BusinessDay,
    /// What the rows to come add up to, and how many they are.
    pub totals: DayTotals,
    /// The logo of the last issuer that a payment of the day names: a closed day's never changes.
    pub logo: Option<Logo>,
}

/// Takes a day as it is read, in this order: its opening once, its payments by id, its reversals by
/// the payment's id. All of it is of one moment.
///
/// While it is read, the store's log cannot start anew: a visitor waits for nobody.
pub trait DayVisitor {
    /// What stops it, as a full disk does.
    type Error;

    /// Takes what is known before the rows.
    fn open(&mut self, opening: &DayOpening) -> Result<(), Self::Error>;

    /// Takes a payment of the day; its reversal shows only where it is of the same day.
    fn payment(&mut self, payment: PaymentState) -> Result<(), Self::Error>;

    /// Takes a payment that was reversed on the day, with its reversal.
    fn reversal(&mut self, reversed: PaymentState) -> Result<(), Self::Error>;
}

impl Session<'_> {
    /// The calling collector's business day, whole (`reportecobranzas`).
    pub fn day_report(&self, day: BusinessDay) -> Result<DayReport, Failure<NoRefusal>> {
        let mut whole = Whole::default();
        match self.visit_day(day, &mut whole) {
            Ok(()) => {}
            Err(VisitFailure::Books(failure)) => return Err(failure),
            Err(VisitFailure::Visitor(never)) => match never {},
        }
        let Whole { totals, payments, reversals } = whole;
        let DayTotals { paid, reversed, net } = totals.expect("a day is opened first");
        Ok(DayReport { day, payments, reversals, paid, reversed, net })
    }

    /// Hands the calling collector's business day to a visitor, in no more memory than a row takes.
    pub fn visit_day<V: DayVisitor + ?Sized>(
        &self,
        day: BusinessDay,
        visitor: &mut V,
    ) -> Result<(), VisitFailure<NoRefusal, V::Error>> {
        let (view, caller) = (self.view(), self.caller());
        let collector = view.collector(caller.collector);
        let visited = collector.map_err(Stopped::Store).and_then(|record| {
            let record = record.ok_or_else(|| damaged("a caller is no collector"))?;
            let collector = (record.id, record.name);
            visit(&view, &caller.company, collector, day, visitor)
        });
        visited.map_err(|stopped| self.service().visit_failure(stopped))
    }
}

impl Service {
    /// Hands the business day of a company's collector to a visitor, in no more memory than a row
    /// takes. Refusals in the order of [`DayRefusal`].
    pub fn visit_day<V: DayVisitor + ?Sized>(
        &self,
        company: CompanyId,
        collector: &str,
        day: BusinessDay,
        visitor: &mut V,
    ) -> Result<(), VisitFailure<DayRefusal, V::Error>> {
        let find = |view: &View<'_>| collector_of(view, company, collector.trim());
        let (snapshot, found) = self.snapshot_with(find).map_err(VisitFailure::Books)?;
        let (company, collector) =
            found.map_err(|refusal| VisitFailure::Books(Failure::Refused(refusal)))?;
        let visited = visit(&snapshot.view(), &company, collector, day, visitor);
        visited.map_err(|stopped| self.visit_failure(stopped))
    }

    fn visit_failure<R, E>(&self, stopped: Stopped<E>) -> VisitFailure<R, E> {
        match stopped {
            Stopped::Store(error) => VisitFailure::Books(self.read_failure(&error)),
            Stopped::Visitor(error) => VisitFailure::Visitor(error),
        }
    }
}

type Found = Result<(Arc<Company>, (CollectorId, Label)), DayRefusal>;

fn collector_of(view: &View<'_>, company: CompanyId, name: &str) -> Result<Found, StoreError> {
    let Some(company) = view.company(company)? else {
        return Ok(Err(DayRefusal::CompanyUnknown));
    };
    let mut named = view
        .collectors()?
        .into_iter()
        .filter(|record| record.company == company.id && record.name.as_str() == name);
    let found = named.next().map(|record| (company, (record.id, record.name)));
    Ok(found.ok_or(DayRefusal::CollectorUnknown))
}

/// Why a visit did not come to its end.
enum Stopped<E> {
    Store(StoreError),
    Visitor(E),
}

impl<E> From<StoreError> for Stopped<E> {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

fn visit<V: DayVisitor + ?Sized>(
    view: &View<'_>,
    company: &Arc<Company>,
    (collector, name): (CollectorId, Label),
    day: BusinessDay,
    visitor: &mut V,
) -> Result<(), Stopped<V::Error>> {
    let sums = view.day_sums(company, collector, day)?;
    let issuer = issuer_of_number(view, company.id, sums.last_issuer)?;
    let opening = DayOpening {
        logo: logo_of(view, company.id, issuer.as_ref())?,
        company: Arc::clone(company),
        collector: name,
        day,
        totals: day_totals(company, sums).map_err(does_not_fit)?,
    };
    visitor.open(&opening).map_err(Stopped::Visitor)?;
    view.each_payment_of_day(company, collector, day, &mut |payment, reversal| {
        visitor.payment(of_day(day, payment, reversal)).map_err(Stopped::Visitor)
    })?;
    view.each_reversal_of_day(company, collector, day, &mut |payment, reversal| {
        let reversed = PaymentState { payment, reversal: Some(reversal) };
        visitor.reversal(reversed).map_err(Stopped::Visitor)
    })
}

/// A payment as its own day tells it. A reversal of a later day stands in that day's report, and the
/// payment's own day stays as it was (docs/spec/cooplan.md §2, Services 6).
fn of_day(day: BusinessDay, payment: Payment, reversal: Option<Reversal>) -> PaymentState {
    let reversal = reversal.filter(|reversal| reversal.business_day == day);
    PaymentState { payment, reversal }
}

fn day_totals(company: &Company, sums: DaySums) -> Result<DayTotals, MoneyError> {
    let total = |count, minor| Total { count, amount: Money::from_minor(minor, company.currency) };
    let paid = total(sums.payments, sums.paid_minor);
    let reversed = total(sums.reversals, sums.reversed_minor);
    Ok(DayTotals { paid, reversed, net: paid.checked_sub(reversed)? })
}

fn does_not_fit(cause: MoneyError) -> StoreError {
    StoreError::Damaged { what: "a day's total does not fit", cause: Some(cause.into()) }
}

/// A visitor that keeps all it is shown.
#[derive(Default)]
struct Whole {
    totals: Option<DayTotals>,
    payments: Vec<PaymentState>,
    reversals: Vec<PaymentState>,
}

impl DayVisitor for Whole {
    type Error = Infallible;

    fn open(&mut self, opening: &DayOpening) -> Result<(), Infallible> {
        self.totals = Some(opening.totals);
        Ok(())
    }

    fn payment(&mut self, payment: PaymentState) -> Result<(), Infallible> {
        self.payments.push(payment);
        Ok(())
    }

    fn reversal(&mut self, reversed: PaymentState) -> Result<(), Infallible> {
        self.reversals.push(reversed);
        Ok(())
    }
}
