//! The collectors' use cases: look up, pay, print, report, reverse.

use std::sync::Arc;

use jiff::Timestamp;
use ventanilla_domain::{
    Bill, BillId, BusinessDay, Company, CompanyId, ContractCode, ContractState, Event, Holder,
    Money, MoneyError, PayCommand, PayDecision, PayFacts, PayRefusal, Payment, PaymentId, Reversal,
    ReverseCommand, ReverseDecision, ReverseFacts, ReverseRefusal, decide_pay, decide_reverse,
};
use ventanilla_store::{Operation, StoreError, Tx, View};

use crate::{
    Accepted, Caller, DayReport, Debt, Failure, FoundContract, LookUpRefusal, NoRefusal, Page,
    PaymentSelector, PaymentState, PrintRefusal, Service, Total,
};

/// What runs in a transaction: damage, or the domain's answer.
pub(crate) type Decided<T, R> = Result<Result<T, R>, StoreError>;

impl Service {
    /// The contract of a code, with its oldest unpaid bill (`buscarcliente`).
    ///
    /// Refuses an unknown code. A blocked contract is shown.
    pub fn find_contract(
        &self,
        caller: &Caller,
        code: &ContractCode,
    ) -> Result<FoundContract, Failure<LookUpRefusal>> {
        self.read_decided(|view| {
            let Some(holder) = view.holder(caller.company.id, code)? else {
                return Ok(Err(LookUpRefusal::ContractUnknown));
            };
            found_contract(view, &caller.company, holder).map(Ok)
        })
    }

    /// A page of the company's contracts, in the order they were made (`buscarcliente` without a
    /// code). Refuses a collector without the permission.
    pub fn list_contracts(
        &self,
        caller: &Caller,
        page: Page,
    ) -> Result<Vec<FoundContract>, Failure<LookUpRefusal>> {
        if !caller.can_list {
            return Err(Failure::Refused(LookUpRefusal::ListingNotAllowed));
        }
        let skipped = page.number.saturating_sub(1).saturating_mul(page.len);
        self.read_decided(|view| {
            let holders = view.holders(caller.company.id, skipped, page.len)?;
            let found =
                holders.into_iter().map(|holder| found_contract(view, &caller.company, holder));
            found.collect::<Result<Vec<_>, _>>().map(Ok)
        })
    }

    /// What a contract owes (`consultardeuda`).
    ///
    /// Refusals in order: an unknown code, a blocked contract. No debt is an empty list.
    pub fn debt(
        &self,
        caller: &Caller,
        code: &ContractCode,
    ) -> Result<Debt, Failure<LookUpRefusal>> {
        self.read_decided(|view| {
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

    /// Pays one bill, at most once (`realizarpago`). Refusals in the order of [`PayRefusal`].
    ///
    /// Answers after the payment is on disk. `command.collector` is the caller's.
    pub async fn pay(
        &self,
        caller: &Caller,
        command: PayCommand,
    ) -> Result<Accepted<Payment>, Failure<PayRefusal>> {
        debug_assert_eq!(command.collector, caller.collector, "a collector pays for itself");
        let company = caller.company.id;
        self.write(move |tx, now| pay(tx, company, &command, now)).await
    }

    /// Reverses a payment (`revertirpago`). Refusals in the order of [`ReverseRefusal`].
    ///
    /// Answers after the reversal is on disk. `command.collector` is the caller's.
    pub async fn reverse(
        &self,
        caller: &Caller,
        command: ReverseCommand,
    ) -> Result<Accepted<Reversal>, Failure<ReverseRefusal>> {
        debug_assert_eq!(command.collector, caller.collector, "a collector reverses its own");
        let company = caller.company.id;
        self.write(move |tx, now| reverse(tx, company, &command, now)).await
    }

    /// The payment to print (`imprimirfactura`). Refusals in the order of [`PrintRefusal`].
    pub fn payment_to_print(
        &self,
        caller: &Caller,
        bill: BillId,
        payment: PaymentId,
    ) -> Result<PaymentState, Failure<PrintRefusal>> {
        self.read_decided(|view| {
            let payment = own_payment(view, caller, payment)?;
            Ok(match payment {
                None => Err(PrintRefusal::PaymentUnknown),
                Some(payment) if payment.bill != bill => Err(PrintRefusal::PaymentOfAnotherBill),
                Some(payment) => Ok(payment_state(view, &caller.company, payment)?),
            })
        })
    }

    /// The calling collector's business day (`reportecobranzas`).
    pub fn day_report(
        &self,
        caller: &Caller,
        day: BusinessDay,
    ) -> Result<DayReport, Failure<NoRefusal>> {
        let (company, collector) = (&caller.company, caller.collector);
        self.read_decided(|view| {
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
        caller: &Caller,
        selector: &PaymentSelector,
    ) -> Result<Vec<PaymentState>, Failure<NoRefusal>> {
        self.read_decided(|view| {
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

/// Decides a payment inside a transaction and keeps it.
fn pay(
    tx: &mut Tx<'_>,
    company: CompanyId,
    command: &PayCommand,
    now: Timestamp,
) -> Decided<Accepted<Payment>, PayRefusal> {
    let company = company_of(tx, company)?;
    let next_payment = next_payment(tx, company.id)?;
    let facts = pay_facts(&tx.view(), &company, command, next_payment)?;
    match decide_pay(&facts, command, now) {
        Err(refusal) => Ok(Err(refusal)),
        Ok(PayDecision::Replayed(payment)) => Ok(Ok(Accepted { act: *payment, is_replay: true })),
        Ok(PayDecision::Accepted(payment)) => {
            let act = payment.as_ref().clone();
            tx.append(company.id, Event::PaymentMade(payment), None, now)?;
            Ok(Ok(Accepted { act, is_replay: false }))
        }
    }
}

pub(crate) fn company_of(tx: &Tx<'_>, company: CompanyId) -> Result<Arc<Company>, StoreError> {
    let missing = || StoreError::Damaged { what: "a company is gone", cause: None };
    tx.view().company(company)?.ok_or_else(missing)
}

fn next_payment(tx: &mut Tx<'_>, company: CompanyId) -> Result<PaymentId, StoreError> {
    let missing = || StoreError::Damaged { what: "a company has no counters", cause: None };
    Ok(tx.counters(company)?.ok_or_else(missing)?.next_payment)
}

/// Loads what [`decide_pay`] must know.
pub(crate) fn pay_facts<'c>(
    view: &View<'_>,
    company: &'c Company,
    command: &PayCommand,
    next_payment: PaymentId,
) -> Result<PayFacts<'c>, StoreError> {
    let attempt = match &command.caller_key {
        Some(key) => view.attempt(company.id, command.collector, Operation::Pay, key)?,
        None => None,
    };
    let payer = view.payer(company.id, &command.contract)?;
    // The bill is nearly always the named contract's; only a wrong request pays for the index.
    let owed = match &payer {
        Some(payer) => view.bill(company, payer.contract, command.bill)?,
        None => None,
    };
    let bill = match owed {
        Some(bill) => Some(bill),
        None => bill_by_number(view, company, command.bill)?,
    };
    let settled = match bill.and_then(|bill| bill.paid_by) {
        Some(payment) => view.payment(company, payment)?,
        None => None,
    };
    let older_unpaid = match bill {
        Some(bill) if company.policy.oldest_first => {
            let unpaid = view.unpaid_bills(company, bill.contract)?;
            unpaid.iter().any(|other| other.period < bill.period)
        }
        _ => false,
    };
    let repeated = match attempt {
        Some(payment) => view.payment(company, payment)?,
        None => None,
    };
    Ok(PayFacts { company, repeated, payer, bill, settled, older_unpaid, next_payment })
}

pub(crate) fn bill_by_number(
    view: &View<'_>,
    company: &Company,
    bill: BillId,
) -> Result<Option<Bill>, StoreError> {
    match view.bill_contract(company.id, bill)? {
        Some(contract) => view.bill(company, contract, bill),
        None => Ok(None),
    }
}

/// Decides a reversal inside a transaction and keeps it.
fn reverse(
    tx: &mut Tx<'_>,
    company: CompanyId,
    command: &ReverseCommand,
    now: Timestamp,
) -> Decided<Accepted<Reversal>, ReverseRefusal> {
    let company = company_of(tx, company)?;
    let facts = reverse_facts(&tx.view(), &company, command)?;
    match decide_reverse(facts, command, now) {
        Err(refusal) => Ok(Err(refusal)),
        Ok(ReverseDecision::Replayed(reversal)) => {
            Ok(Ok(Accepted { act: *reversal, is_replay: true }))
        }
        Ok(ReverseDecision::Accepted(reversal)) => {
            let act = reversal.as_ref().clone();
            tx.append(company.id, Event::PaymentReversed(reversal), None, now)?;
            Ok(Ok(Accepted { act, is_replay: false }))
        }
    }
}

/// Loads what [`decide_reverse`] must know.
fn reverse_facts<'c>(
    view: &View<'_>,
    company: &'c Company,
    command: &ReverseCommand,
) -> Result<ReverseFacts<'c>, StoreError> {
    let attempt = match &command.caller_key {
        Some(key) => view.attempt(company.id, command.collector, Operation::Reverse, key)?,
        None => None,
    };
    let repeated = match attempt {
        Some(payment) => view.reversal(company, payment)?,
        None => None,
    };
    let payment = view.payment(company, command.payment)?;
    let reversal = view.reversal(company, command.payment)?;
    Ok(ReverseFacts { company, repeated, payment, reversal })
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
/// stays as it was (spec/cooplan.md §2, Services 6).
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
    let net = Total {
        count: paid.count - reversed.count,
        amount: paid.amount.checked_sub(reversed.amount)?,
    };
    Ok(DayReport { day, payments, reversals, paid, reversed, net })
}

fn total(company: &Company, rows: &[PaymentState]) -> Result<Total, MoneyError> {
    let mut amounts = rows.iter().map(|row| row.payment.amount);
    let amount = amounts.try_fold(Money::zero(company.currency), Money::checked_add)?;
    Ok(Total { count: i64::try_from(rows.len()).unwrap_or(i64::MAX), amount })
}
