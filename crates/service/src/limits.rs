//! Limits of collectors: how the company's people change them.

use jiff::Timestamp;
use ventanilla_domain::{CollectorLimits, CompanyId, Currency, LimitError, Money};
use ventanilla_store::{CollectorRecord, Tx};

use crate::admin::{collector_named, shown};
use crate::collecting::Decided;
use crate::trail::StaffAct;
use crate::{AdminRefusal, Collector, Failure, Service, Subject, What};

/// What becomes of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitChange {
    /// It stays as it is.
    Keep,
    /// There is none any more.
    Lift,
    /// It is so much, in hundredths of the company's currency.
    Set(i64),
}

/// What becomes of a collector's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitChanges {
    /// Of the most that one payment may be.
    pub payment_max: LimitChange,
    /// Of the most that it may hold for the company.
    pub held_max: LimitChange,
}

impl LimitChanges {
    /// The limits as they are then. Errors in the order of [`LimitError`].
    pub(crate) fn applied_to(
        &self,
        limits: CollectorLimits,
        currency: Currency,
    ) -> Result<CollectorLimits, LimitError> {
        let changed = |change, before| match change {
            LimitChange::Keep => before,
            LimitChange::Lift => None,
            LimitChange::Set(minor) => Some(Money::from_minor(minor, currency)),
        };
        CollectorLimits::new(
            changed(self.payment_max, limits.payment_max()),
            changed(self.held_max, limits.held_max()),
        )
    }
}

impl Service {
    /// Says what a collector may take: what it pays from now on is decided by that. What it holds already is
    /// left to it. The company's window has no limits.
    ///
    /// Refusals in order: an unknown company, an unknown name, a limit out of range.
    pub async fn limit_collector(
        &self,
        company: CompanyId,
        name: &str,
        changes: LimitChanges,
    ) -> Result<Collector, Failure<AdminRefusal>> {
        let act = self.operator_act(What::CollectorLimit);
        self.write(limiting_collector(act, company, name, changes)).await
    }
}

/// What says what a collector may take, whoever does it. Refusals as in [`Service::limit_collector`].
pub(crate) fn limiting_collector(
    act: StaffAct,
    company: CompanyId,
    name: &str,
    changes: LimitChanges,
) -> impl Fn(&mut Tx<'_>, Timestamp) -> Decided<Collector, AdminRefusal> + Send + 'static {
    let name = name.trim().to_owned();
    move |tx, now| {
        let (company, record) = match collector_named(tx, company, &name)? {
            Ok(found) => found,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let limits = match changes.applied_to(record.limits, company.currency) {
            Ok(limits) => limits,
            Err(error) => return Ok(Err(error.into())),
        };
        act.keep(tx, now, Some(company.id), Subject::named(told_limits(&name, limits)))?;
        let record = CollectorRecord { limits, ..record };
        tx.put_collector(record.clone())?;
        Ok(Ok(shown(&record)))
    }
}

/// A collector with its limits, as the trail tells them: no journal has them.
fn told_limits(name: &str, limits: CollectorLimits) -> String {
    let told = |limit: Option<Money>| limit.map_or("none".to_owned(), Money::to_decimal);
    let (payment_max, held_max) = (told(limits.payment_max()), told(limits.held_max()));
    format!("{name}, payment_max={payment_max}, held_max={held_max}")
}
