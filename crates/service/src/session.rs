//! What a collector reads: one session, one moment of the books.

use ventanilla_domain::{
    BillId, BusinessDay, Company, ContractCode, ContractState, Holder, MoneyError, Payment,
    PaymentId, Reversal, Total,
};
use ventanilla_store::{Operation, Snapshot, StoreError, View};

use crate::collecting::{Decided, bill_by_number};
use crate::{
    Caller, DayReport, Debt, Failure, FoundContract, LookUpRefusal, NoRefusal, Page,
    PaymentSelector, PaymentState, PrintRefusal, Service,
};

/// A caller at one moment: all that a session reads is of one state of the books.
///
/// It reads on the calling thread, in microseconds but for a long report. Let it go before you
/// wait for anything: while it lives, the log of the store cannot start anew.
#[derive(Debug)]
pub struct Session<'s> {
    service: &'s Service,
    snapshot: Snapshot,
    caller: Caller,
}

impl<'s> Session<'s> {
    pub(crate) fn new(service: &'s Service, snapshot: Snapshot, caller: Caller) -> Self {
        Self { service, snapshot, caller }
    }

    /// Who calls.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Ends the session and says who called.
    pub fn into_caller(self) -> Caller {
        self.caller
    }

    fn read<T, R>(
        &self,
        read: impl FnOnce(&View<'_>, &Caller) -> Decided<T, R>,
    ) -> Result<T, Failure<R>> {
        match read(&self.snapshot.view(), &self.caller) {
            Ok(read) => read.map_err(Failure::Refused),
            Err(error) => Err(self.service.read_failure(&error)),
        }
    }

    /// The contract of a code, with its oldest unpaid bill (`buscarcliente`).
    ///
    /// Refuses an unknown code. A blocked contract is shown.
    pub fn find_contract(
        &self,
        code: &ContractCode,
    ) -> Result<FoundContract, Failure<LookUpRefusal>> {
        self.read(|view, caller| {
            let Some(holder) = view.holder(caller.company.id, code)? else {
                return Ok(Err(LookUpRefusal::ContractUnknown));
            };
            found_contract(view, &caller.company, holder).map(Ok)
        })
    }

    /// A page of the company's contracts, in the order they were made (`buscarcliente` without a
    /// code). Refuses a collector without the permission.
    pub fn list_contracts(&self, page: Page) -> Result<Vec<FoundContract>, Failure<LookUpRefusal>> {
        if !self.caller.can_list {
            return Err(Failure::Refused(LookUpRefusal::ListingNotAllowed));
        }
        let skipped = page.number.saturating_sub(1).saturating_mul(page.len);
        self.read(|view, caller| {
            let holders = view.holders(caller.company.id, skipped, page.len)?;
            let found =
                holders.into_iter().map(|holder| found_contract(view, &caller.company, holder));
            found.collect::<Result<Vec<_>, _>>().map(Ok)
        })
    }

    /// What a contract owes (`consultardeuda`).
    ///
    /// Refusals in order: an unknown code, a blocked contract. No debt is an empty list.
    pub fn debt(&self, code: &ContractCode) -> Result<Debt, Failure<LookUpRefusal>> {
        self.read(|view, caller| {
            let Some(holder) = view.holder(caller.company.id, code)? else {
                return Ok(Err(LookUpRefusal::ContractUnknown));
            };
            if holder.contract.state == ContractState::Blocked {
                return Ok(Err(LookUpRefusal::ContractBlocked));
            }
            let bills = view.unpaid_bills(&caller.company, holder.contract.key)?;
            Ok(Ok(Debt { holder, bills }))
        })
    }

    /// The payment to print (`imprimirfactura`). Refusals in the order of [`PrintRefusal`].
    pub fn payment_to_print(
        &self,
        bill: BillId,
        payment: PaymentId,
    ) -> Result<PaymentState, Failure<PrintRefusal>> {
        self.read(|view, caller| {
            let payment = own_payment(view, caller, payment)?;
            Ok(match payment {
                None => Err(PrintRefusal::PaymentUnknown),
                Some(payment) if payment.bill != bill => Err(PrintRefusal::PaymentOfAnotherBill),
                Some(payment) => Ok(payment_state(view, &caller.company, payment)?),
            })
        })
    }

    /// The calling collector's business day (`reportecobranzas`).
    pub fn day_report(&self, day: BusinessDay) -> Result<DayReport, Failure<NoRefusal>> {
        self.read(|view, caller| {
            let (company, collector) = (&caller.company, caller.collector);
            let payments = view.payments_of_day(company, collector, day)?;
            let reversals = view.reversals_of_day(company, collector, day)?;
            let report = day_report(company, day, payments, reversals);
            report.map(Ok).map_err(|cause| StoreError::Damaged {
                what: "a day's total does not fit",
                cause: Some(cause.into()),
            })
        })
    }

    /// The calling collector's payments that match each selector given, by id (`consultarpago`).
    pub fn find_payments(
        &self,
        selector: &PaymentSelector,
    ) -> Result<Vec<PaymentState>, Failure<NoRefusal>> {
        self.read(|view, caller| {
            let mut found = candidates(view, caller, selector)?;
            found.retain(|payment| {
                payment.collector == caller.collector
                    && selector.payment.is_none_or(|id| payment.id == id)
                    && selector.bill.is_none_or(|bill| payment.bill == bill)
                    && (selector.caller_key.is_none() || payment.caller_key == selector.caller_key)
            });
            found.sort_unstable_by_key(|payment| payment.id);
            let states =
                found.into_iter().map(|payment| payment_state(view, &caller.company, payment));
            states.collect::<Result<Vec<_>, _>>().map(Ok)
        })
    }
}

fn found_contract(
    view: &View<'_>,
    company: &Company,
    holder: Holder,
) -> Result<FoundContract, StoreError> {
    let unpaid = view.unpaid_bills(company, holder.contract.key)?;
    Ok(FoundContract { holder, oldest_unpaid: unpaid.first().map(|bill| bill.id) })
}

fn own_payment(
    view: &View<'_>,
    caller: &Caller,
    payment: PaymentId,
) -> Result<Option<Payment>, StoreError> {
    let payment = view.payment(&caller.company, payment)?;
    Ok(payment.filter(|payment| payment.collector == caller.collector))
}

fn payment_state(
    view: &View<'_>,
    company: &Company,
    payment: Payment,
) -> Result<PaymentState, StoreError> {
    let reversal = view.reversal(company, payment.id)?;
    Ok(PaymentState { payment, reversal })
}

/// The payments that the narrowest selector given finds.
fn candidates(
    view: &View<'_>,
    caller: &Caller,
    selector: &PaymentSelector,
) -> Result<Vec<Payment>, StoreError> {
    let company = &caller.company;
    let one = |payment: Option<PaymentId>| match payment {
        Some(payment) => Ok(view.payment(company, payment)?.into_iter().collect()),
        None => Ok(Vec::new()),
    };
    if selector.payment.is_some() {
        return one(selector.payment);
    }
    if let Some(key) = &selector.caller_key {
        return one(view.attempt(company.id, caller.collector, Operation::Pay, key)?);
    }
    let Some(bill) = selector.bill else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    let mut next = bill_by_number(view, company, bill)?.and_then(|bill| bill.last_payment);
    while let Some(payment) = next {
        let Some(payment) = view.payment(company, payment)? else { break };
        next = payment.previous;
        found.push(payment);
    }
    Ok(found)
}

/// A day's report. A reversal of a later day stands in that day's report, and the payment's own day
/// stays as it was (docs/spec/cooplan.md §2, Services 6).
fn day_report(
    company: &Company,
    day: BusinessDay,
    payments: Vec<(Payment, Option<Reversal>)>,
    reversals: Vec<(Payment, Reversal)>,
) -> Result<DayReport, MoneyError> {
    let payments: Vec<PaymentState> = payments
        .into_iter()
        .map(|(payment, reversal)| {
            let reversal = reversal.filter(|reversal| reversal.business_day == day);
            PaymentState { payment, reversal }
        })
        .collect();
    let reversals: Vec<PaymentState> = reversals
        .into_iter()
        .map(|(payment, reversal)| PaymentState { payment, reversal: Some(reversal) })
        .collect();
    let paid = total(company, &payments)?;
    let reversed = total(company, &reversals)?;
    let net = paid.checked_sub(reversed)?;
    Ok(DayReport { day, payments, reversals, paid, reversed, net })
}

fn total(company: &Company, rows: &[PaymentState]) -> Result<Total, MoneyError> {
    let mut amounts = rows.iter().map(|row| row.payment.amount);
    amounts.try_fold(Total::zero(company.currency), Total::checked_add)
}
