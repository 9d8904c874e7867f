//! What a collector reads: one session, one moment of the books.

use ventanilla_domain::{Company, ContractCode, ContractState, Holder, Payment, PaymentId};
use ventanilla_store::{Operation, Snapshot, StoreError, View};

use crate::collecting::{Decided, bill_by_number};
use crate::{
    Caller, Debt, Failure, FoundContract, LookUpRefusal, NoRefusal, Page, PaymentSelector,
    PaymentState, Service,
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

    pub(crate) fn view(&self) -> View<'_> {
        self.snapshot.view()
    }

    pub(crate) fn service(&self) -> &Service {
        self.service
    }

    pub(crate) fn read<T, R>(
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

    /// The calling collector's payments that match each selector given, by id (`consultarpago`).
    /// Unavailable where one of them is not in the mirror yet.
    pub fn find_payments(
        &self,
        selector: &PaymentSelector,
    ) -> Result<Vec<PaymentState>, Failure<NoRefusal>> {
        let states: Vec<PaymentState> = self.read(|view, caller| {
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
        })?;
        for PaymentState { payment, reversal } in &states {
            self.service.require_mirrored(payment, reversal.as_ref())?;
        }
        Ok(states)
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

/// The payment of that id, where the caller took it.
pub(crate) fn own_payment(
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
