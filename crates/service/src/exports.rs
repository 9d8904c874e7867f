//! What leaves for the biller's own system: payments and reversals by number, and the books' lists.
//!
//! Each page is read over a snapshot of its own, so that whoever reads slowly holds nothing up.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use ventanilla_domain::{
    Bill, BillVersion, BusinessDay, CollectorId, Company, CompanyId, ContractCode, EntryNumber,
    Event, EventNumber, Holder, Label, Payment, Reversal,
};
use ventanilla_store::{StoreError, View};

use crate::failure::damaged;
use crate::{Failure, Service};

/// A payment or a reversal, numbered among those of its company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedEvent {
    /// From 1, without gaps, in the order they were kept.
    pub number: EventNumber,
    /// The journal entry that holds it.
    pub entry: EntryNumber,
    /// The payment: the one that was made, or the one that was reversed.
    pub payment: Payment,
    /// The reversal, where this is one.
    pub reversal: Option<Reversal>,
    /// The name of the collector who paid or reversed.
    pub collector: Label,
}

/// A bill as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedBill {
    /// The bill.
    pub bill: Bill,
    /// The code of the contract that owes it.
    pub contract: ContractCode,
    /// Its version in force.
    pub version: BillVersion,
    /// The payment that settles it, with the collector's name.
    pub payment: Option<(Payment, Label)>,
}

/// A payment as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedPayment {
    /// The payment.
    pub payment: Payment,
    /// The name of the collector who took it.
    pub collector: Label,
    /// Its reversal, which that collector made.
    pub reversal: Option<Reversal>,
}

/// Why nothing can be exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExportRefusal {
    /// No company of that id.
    #[error("no such company")]
    CompanyUnknown,
}

type Exported<T> = Result<Vec<T>, Failure<ExportRefusal>>;

impl Service {
    /// A company's payments and reversals after number `after`, at most `len`; empty where there
    /// are none yet. Refuses an unknown company.
    pub fn events_after(
        &self,
        company: CompanyId,
        after: i64,
        len: usize,
    ) -> Exported<ExportedEvent> {
        self.settle()?;
        self.exported(company, |page| {
            let entries = page.view.events_after(page.company, after, len)?.into_iter();
            let events = entries.map(|(number, entry)| {
                let (payment, reversal) = match entry.event {
                    Event::PaymentMade(payment) => (*payment, None),
                    Event::PaymentReversed(reversal) => {
                        let payment = page.view.payment(page.company, reversal.payment)?;
                        (payment.ok_or_else(no_payment)?, Some(*reversal))
                    }
                    _ => return Err(damaged("an event is no payment")),
                };
                let by = reversal.as_ref().map_or(payment.collector, |by| by.collector);
                let collector = page.collector(by)?;
                Ok(ExportedEvent { number, entry: entry.number, payment, reversal, collector })
            });
            events.collect()
        })
    }

    /// A company's bills after number `after`, at most `len`, by number. Refuses an unknown company.
    pub fn bills_after(
        &self,
        company: CompanyId,
        after: i64,
        len: usize,
    ) -> Exported<ExportedBill> {
        self.exported_bills(company, |view, company| view.bills_after(company, after, len))
    }

    /// The same of the bills that are owed and not paid. Refuses an unknown company.
    pub fn unpaid_bills_after(
        &self,
        company: CompanyId,
        after: i64,
        len: usize,
    ) -> Exported<ExportedBill> {
        self.exported_bills(company, |view, company| view.unpaid_bills_after(company, after, len))
    }

    /// A company's contracts after key `after`, at most `len`, each with its holder, in the order
    /// they were made. Refuses an unknown company.
    pub fn members_after(&self, company: CompanyId, after: i64, len: usize) -> Exported<Holder> {
        self.exported(company, |page| page.view.holders_after(page.company.id, after, len))
    }

    /// A company's payments of some business days after id `after`, at most `len`, by id. Refuses an
    /// unknown company.
    pub fn payments_after(
        &self,
        company: CompanyId,
        days: &RangeInclusive<BusinessDay>,
        after: i64,
        len: usize,
    ) -> Exported<ExportedPayment> {
        self.exported(company, |page| {
            let payments = page.view.payments_after(page.company, days, after, len)?.into_iter();
            let payments = payments.map(|(payment, reversal)| {
                let collector = page.collector(payment.collector)?;
                Ok(ExportedPayment { payment, collector, reversal })
            });
            payments.collect()
        })
    }

    fn exported_bills(
        &self,
        company: CompanyId,
        read: impl Fn(&View<'_>, &Company) -> Result<Vec<Bill>, StoreError>,
    ) -> Exported<ExportedBill> {
        self.exported(company, |page| {
            let bills = read(page.view, page.company)?.into_iter();
            bills.map(|bill| page.bill(bill)).collect()
        })
    }

    fn exported<T>(
        &self,
        company: CompanyId,
        read: impl Fn(&PageOf<'_>) -> Result<Vec<T>, StoreError>,
    ) -> Exported<T> {
        self.read_decided(|view| {
            let Some(company) = view.company(company)? else {
                return Ok(Err(ExportRefusal::CompanyUnknown));
            };
            let collectors = view.collectors()?.into_iter();
            let collectors = collectors.map(|record| (record.id, record.name)).collect();
            read(&PageOf { view, company: &company, collectors }).map(Ok)
        })
    }
}

/// What a page is read from.
struct PageOf<'p> {
    view: &'p View<'p>,
    company: &'p Company,
    collectors: HashMap<CollectorId, Label>,
}

impl PageOf<'_> {
    fn collector(&self, id: CollectorId) -> Result<Label, StoreError> {
        self.collectors.get(&id).cloned().ok_or_else(|| damaged("a payment has no collector"))
    }

    fn bill(&self, bill: Bill) -> Result<ExportedBill, StoreError> {
        let contract = self.view.contract_of_key(self.company.id, bill.contract)?;
        let contract = contract.ok_or_else(|| damaged("a bill has no contract"))?.code;
        let version = self.view.version(self.company, bill.contract, bill.id, bill.version)?;
        let version = version.ok_or_else(|| damaged("a bill has no version"))?;
        let payment = match bill.paid_by {
            Some(id) => Some(self.view.payment(self.company, id)?.ok_or_else(no_payment)?),
            None => None,
        };
        let payment = payment.map(|payment| {
            let collector = self.collector(payment.collector)?;
            Ok::<_, StoreError>((payment, collector))
        });
        Ok(ExportedBill { bill, contract, version, payment: payment.transpose()? })
    }
}

fn no_payment() -> StoreError {
    damaged("a payment that is named is missing")
}
