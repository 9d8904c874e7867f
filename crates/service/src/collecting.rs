//! What a collector writes: payments and reversals.

use std::sync::Arc;

use jiff::Timestamp;
use ventanilla_domain::{
    Bill, BillId, CallerKey, CollectorLimits, Company, CompanyId, ContractCode, Event, PayCommand,
    PayDecision, PayFacts, PayRefusal, Payment, PaymentId, Reversal, ReverseCommand,
    ReverseDecision, ReverseFacts, ReverseRefusal, decide_pay, decide_reverse,
};
use ventanilla_store::{
    Digest, Operation, StoreError, Tx, View, Wanted, WantedAct, WantedBearer, token_digest,
};

use crate::access::caller_of;
use crate::{Accepted, ByTokenRefusal, Caller, Failure, PayRequest, ReverseRequest, Service};

/// What runs in a transaction: damage, or the domain's answer.
pub(crate) type Decided<T, R> = Result<Result<T, R>, StoreError>;

/// What came of an act by a token, and whose token it is.
pub type ByToken<T, R> = Result<(Caller, Accepted<T>), Failure<ByTokenRefusal<R>>>;

impl Service {
    /// Pays one bill, at most once (`realizarpago`). Refusals in the order of [`PayRefusal`].
    ///
    /// Answers after the payment is on disk. `command.collector` is the caller's, and its limits are those that it
    /// had when it was accepted.
    pub async fn pay(
        &self,
        caller: &Caller,
        command: PayCommand,
    ) -> Result<Accepted<Payment>, Failure<PayRefusal>> {
        assert_eq!(command.collector, caller.collector, "a collector pays for itself");
        let (company, limits) = (caller.company.id, caller.limits);
        let wanted = self.wanted(|| {
            let bearer = WantedBearer::Collector(company, command.collector);
            wanted_payment(bearer, (&command.contract, command.bill), command.caller_key.as_ref())
        });
        self.write_payment(wanted, move |tx, now| pay(tx, (company, limits), &command, now)).await
    }

    /// Pays one bill, at most once (`realizarpago`), for whoever holds a token. The token is looked
    /// up in the payment's own transaction: a collector that is disabled pays nothing from then on,
    /// not even what waits in the queue.
    ///
    /// Says whose the token is. Refusals in the order of [`ByTokenRefusal`]. Answers after the payment is
    /// on disk.
    pub async fn pay_by_token(
        &self,
        token: &str,
        request: PayRequest,
    ) -> ByToken<Payment, PayRefusal> {
        let digest = token_digest(token);
        let wanted = self.wanted(|| {
            let (bill, key) = ((&request.contract, request.bill), request.caller_key.as_ref());
            wanted_payment(WantedBearer::Token(digest), bill, key)
        });
        self.write_payment(wanted, move |tx, now| {
            by_token(tx, &digest, now, |tx, caller| {
                let of = (caller.company.id, caller.limits);
                pay(tx, of, &request.to_command(caller), now)
            })
        })
        .await
    }

    /// Reverses a payment (`revertirpago`). Refusals in the order of [`ReverseRefusal`].
    ///
    /// Answers after the reversal is on disk. `command.collector` is the caller's.
    pub async fn reverse(
        &self,
        caller: &Caller,
        command: ReverseCommand,
    ) -> Result<Accepted<Reversal>, Failure<ReverseRefusal>> {
        assert_eq!(command.collector, caller.collector, "a collector reverses its own");
        let company = caller.company.id;
        let wanted = self.wanted(|| {
            let bearer = WantedBearer::Collector(company, command.collector);
            wanted_reversal(bearer, command.payment, command.caller_key.as_ref())
        });
        self.write_reversal(wanted, move |tx, now| reverse(tx, company, &command, now)).await
    }

    /// Reverses a payment (`revertirpago`) for whoever holds a token, which is looked up as for
    /// [`Service::pay_by_token`].
    ///
    /// Refusals in the order of [`ByTokenRefusal`]. Answers after the reversal is on disk.
    pub async fn reverse_by_token(
        &self,
        token: &str,
        request: ReverseRequest,
    ) -> ByToken<Reversal, ReverseRefusal> {
        let digest = token_digest(token);
        let wanted = self.wanted(|| {
            let key = request.caller_key.as_ref();
            wanted_reversal(WantedBearer::Token(digest), request.payment, key)
        });
        self.write_reversal(wanted, move |tx, now| {
            by_token(tx, &digest, now, |tx, caller| {
                reverse(tx, caller.company.id, &request.to_command(caller), now)
            })
        })
        .await
    }
}

fn wanted_payment(
    bearer: WantedBearer,
    (contract, bill): (&ContractCode, BillId),
    key: Option<&CallerKey>,
) -> Wanted {
    Wanted { bearer, act: WantedAct::Pay(contract.clone(), bill), key: key.cloned() }
}

fn wanted_reversal(bearer: WantedBearer, payment: PaymentId, key: Option<&CallerKey>) -> Wanted {
    Wanted { bearer, act: WantedAct::Reverse(payment), key: key.cloned() }
}

/// Acts inside a transaction for the caller whose token it is at that moment.
fn by_token<T, R>(
    tx: &mut Tx<'_>,
    digest: &Digest,
    now: Timestamp,
    act: impl FnOnce(&mut Tx<'_>, &Caller) -> Decided<T, R>,
) -> Decided<(Caller, T), ByTokenRefusal<R>> {
    let caller = match caller_of(tx.bearer(digest)?, now) {
        Ok(caller) => caller,
        Err(refusal) => return Ok(Err(ByTokenRefusal::Token(refusal))),
    };
    Ok(match act(tx, &caller)? {
        Ok(accepted) => Ok((caller, accepted)),
        Err(refusal) => Err(ByTokenRefusal::Act(refusal, caller)),
    })
}

/// Decides a payment of a company's bill, by a collector with its limits, inside a transaction and keeps it.
fn pay(
    tx: &mut Tx<'_>,
    (company, limits): (CompanyId, CollectorLimits),
    command: &PayCommand,
    now: Timestamp,
) -> Decided<Accepted<Payment>, PayRefusal> {
    let company = company_of(tx, company)?;
    let next_payment = next_payment(tx, company.id)?;
    let mut facts = pay_facts(&tx.view(), &company, command, next_payment)?;
    facts.limits = limits;
    if limits.held_max().is_some() && facts.repeated.is_none() {
        facts.held = Some(tx.held_by(&company, command.collector)?);
    }
    match decide_pay(&facts, command, now) {
        Err(refusal) => Ok(Err(refusal)),
        Ok(PayDecision::Replayed(payment)) => Ok(Ok(Accepted { act: *payment, is_replay: true })),
        Ok(PayDecision::Accepted(payment)) => {
            let act = payment.as_ref().clone();
            tx.append(company.id, Event::PaymentMade(payment), now)?;
            Ok(Ok(Accepted { act, is_replay: false }))
        }
    }
}

pub(crate) fn company_of(tx: &mut Tx<'_>, company: CompanyId) -> Result<Arc<Company>, StoreError> {
    let missing = || StoreError::Damaged { what: "a company is gone", cause: None };
    tx.company(company)?.ok_or_else(missing)
}

fn next_payment(tx: &mut Tx<'_>, company: CompanyId) -> Result<PaymentId, StoreError> {
    let missing = || StoreError::Damaged { what: "a company has no counters", cause: None };
    tx.next_payment(company)?.ok_or_else(missing)
}

/// Loads what [`decide_pay`] must know of a payment that no limit binds.
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
    Ok(PayFacts {
        company,
        repeated,
        payer,
        bill,
        settled,
        older_unpaid,
        limits: CollectorLimits::NONE,
        held: None,
        next_payment,
    })
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
            tx.append(company.id, Event::PaymentReversed(reversal), now)?;
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
