//! What a user writes for one company. The session, the integrator and the user's right are looked
//! up in the transaction of the act: whose session ended, or who was disabled, a moment ago enters
//! nothing, not even what waits in the queue.

use std::sync::Arc;

use jiff::Timestamp;
use ventanilla_domain::{
    CallerKey, Company, CompanyId, Event, Given, InvoiceCommand, InvoiceFacts, InvoiceRefusal,
    InvoiceTerms, Payout, PayoutCommand, PayoutDecision, PayoutFacts, PayoutNumber, PayoutRefusal,
    PayoutReversal, PayoutReverseCommand, PayoutReverseFacts, PayoutReverseRefusal, PayoutTerms,
    PurchaseInvoice, Right, Supplier, SupplierCommand, SupplierDecision, SupplierFacts,
    SupplierRefusal, SupplierRow, decide_invoice, decide_payout, decide_payout_reversal,
    decide_supplier,
};
use ventanilla_store::{Counters, StoreError, Tx};

use crate::collecting::Decided;
use crate::trail::StaffAct;
use crate::{Accepted, Failure, Service, Subject, UserCaller, What};

/// Why nothing was written for a company, in order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeskRefusal<R> {
    /// The session is over by now, or its user or the integrator was disabled.
    #[error("the session is over")]
    SessionOver,
    /// No such company, or the user has no right to it: nobody learns which.
    #[error("no such company")]
    CompanyUnknown,
    /// The user may read and not write.
    #[error("the user may not write")]
    NotAllowed,
    /// The act itself was refused.
    #[error("{0}")]
    Act(R),
}

/// A payout that a user asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutRequest {
    /// What it says.
    pub terms: PayoutTerms,
    /// Its point of issue; the first where `None`.
    pub point: Option<u32>,
    /// Its serial number; the next of the point where `None`.
    pub serial: Option<u32>,
    /// The caller's name for this attempt: a repeat gets the first success.
    pub caller_key: Option<CallerKey>,
}

type Written<T, R> = Result<T, Failure<DeskRefusal<R>>>;

impl Service {
    /// Makes or changes a supplier (`alta_proveedor`, `editar_proveedor`).
    ///
    /// Refusals in the order of [`DeskRefusal`] and [`SupplierRefusal`].
    pub async fn keep_supplier(
        &self,
        caller: &UserCaller,
        company: CompanyId,
        row: SupplierRow,
    ) -> Written<Supplier, SupplierRefusal> {
        let command = SupplierCommand { row, changed_by: caller.name.clone() };
        self.enter_for(caller, company, move |tx, company, now| {
            keep_supplier(tx, company, &command, now)
        })
        .await
    }

    /// Enters a purchase invoice (`alta_facturacompra`).
    ///
    /// Refusals in the order of [`DeskRefusal`] and [`InvoiceRefusal`].
    pub async fn enter_invoice(
        &self,
        caller: &UserCaller,
        company: CompanyId,
        terms: InvoiceTerms,
    ) -> Written<PurchaseInvoice, InvoiceRefusal> {
        let command = InvoiceCommand { terms, recorded_by: caller.name.clone() };
        self.enter_for(caller, company, move |tx, company, now| {
            enter_invoice(tx, company, &command, now)
        })
        .await
    }

    /// Makes a payout (`alta_pago`).
    ///
    /// Refusals in the order of [`DeskRefusal`] and [`PayoutRefusal`]. Answers after it is on disk.
    pub async fn make_payout(
        &self,
        caller: &UserCaller,
        company: CompanyId,
        request: PayoutRequest,
    ) -> Written<Accepted<Payout>, PayoutRefusal> {
        let PayoutRequest { terms, point, serial, caller_key } = request;
        let command = PayoutCommand {
            terms,
            point,
            serial,
            recorded_by: caller.name.clone(),
            integrator: Some(caller.integrator),
            caller_key,
        };
        self.enter_for(caller, company, move |tx, company, now| {
            make_payout(tx, company, &command, now)
        })
        .await
    }

    /// Undoes a payout, for the operator. Refuses an unknown company, then in the order of
    /// [`PayoutReverseRefusal`].
    pub async fn reverse_payout(
        &self,
        company: CompanyId,
        command: PayoutReverseCommand,
    ) -> Written<PayoutReversal, PayoutReverseRefusal> {
        self.write(move |tx, now| {
            let Some(company) = tx.company(company)? else {
                return Ok(Err(DeskRefusal::CompanyUnknown));
            };
            let undone = reverse_payout(tx, &company, &command, now)?;
            if undone.is_ok() {
                let act = StaffAct::by(&command.reversed_by, What::PayoutReverse);
                let subject = Subject { payout: Some(command.payout), ..Subject::default() };
                act.keep(tx, now, Some(company.id), subject)?;
            }
            Ok(undone.map_err(DeskRefusal::Act))
        })
        .await
    }

    /// Writes for a user who may.
    async fn enter_for<T: Send + 'static, R: Send + 'static>(
        &self,
        caller: &UserCaller,
        company: CompanyId,
        act: impl Fn(&mut Tx<'_>, &Company, Timestamp) -> Decided<T, R> + Send + 'static,
    ) -> Written<T, R> {
        let (caller, lifetime_s) = (caller.clone(), self.settings().session_lifetime_s);
        self.write(move |tx, now| {
            tx.share_identities()?;
            if !caller.stands(&tx.view(), now, lifetime_s)? {
                return Ok(Err(DeskRefusal::SessionOver));
            }
            let role = tx.view().right(caller.user, company)?;
            let role = role.filter(|role| role.may(Right::SeePayables));
            let (Some(role), Some(company)) = (role, tx.company(company)?) else {
                return Ok(Err(DeskRefusal::CompanyUnknown));
            };
            if !role.may(Right::KeepPayables) {
                return Ok(Err(DeskRefusal::NotAllowed));
            }
            Ok(act(tx, &company, now)?.map_err(DeskRefusal::Act))
        })
        .await
    }
}

pub(crate) fn counters(tx: &mut Tx<'_>, company: &Company) -> Result<Counters, StoreError> {
    let missing = || StoreError::Damaged { what: "a company has no counters", cause: None };
    tx.counters(company.id)?.ok_or_else(missing)
}

pub(super) fn supplier_facts<'c>(
    tx: &mut Tx<'_>,
    company: &'c Company,
    row: &SupplierRow,
) -> Result<SupplierFacts<'c>, StoreError> {
    let next_supplier = counters(tx, company)?.next_supplier;
    let view = tx.view();
    let known = match row.id {
        Some(id) => view.supplier(company.id, id)?,
        None => None,
    };
    let tax_id_holder = match row.tax_id {
        Given::Value(Some(tax_id)) => view.supplier_of_tax_id(company.id, tax_id)?,
        Given::Value(None) | Given::Absent => None,
    };
    Ok(SupplierFacts { company, known, tax_id_holder, next_supplier })
}

fn keep_supplier(
    tx: &mut Tx<'_>,
    company: &Company,
    command: &SupplierCommand,
    now: Timestamp,
) -> Decided<Supplier, SupplierRefusal> {
    let facts = supplier_facts(tx, company, &command.row)?;
    match decide_supplier(facts, command, now) {
        Err(refusal) => Ok(Err(refusal)),
        Ok(SupplierDecision::Unchanged(supplier)) => Ok(Ok(*supplier)),
        Ok(SupplierDecision::Kept(supplier)) => {
            tx.append(company.id, Event::SupplierKept(supplier.clone()), now)?;
            Ok(Ok(*supplier))
        }
    }
}

fn enter_invoice(
    tx: &mut Tx<'_>,
    company: &Company,
    command: &InvoiceCommand,
    now: Timestamp,
) -> Decided<PurchaseInvoice, InvoiceRefusal> {
    let next_invoice = counters(tx, company)?.next_invoice;
    let (view, terms) = (tx.view(), &command.terms);
    let letter = terms.letter.as_ref();
    let facts = InvoiceFacts {
        company,
        is_supplier_known: view.supplier(company.id, terms.supplier)?.is_some(),
        number_holder: view.invoice_numbered(company.id, terms.supplier, letter, terms.number)?,
        next_invoice,
    };
    match decide_invoice(&facts, command.clone(), now) {
        Err(refusal) => Ok(Err(refusal)),
        Ok(invoice) => {
            tx.append(company.id, Event::InvoiceEntered(invoice.clone()), now)?;
            Ok(Ok(*invoice))
        }
    }
}

pub(super) fn payout_facts<'c>(
    tx: &mut Tx<'_>,
    company: &'c Company,
    command: &PayoutCommand,
) -> Result<PayoutFacts<'c>, StoreError> {
    let next_payout = counters(tx, company)?.next_payout;
    let (view, terms) = (tx.view(), &command.terms);
    let attempt = match (command.integrator, &command.caller_key) {
        (Some(integrator), Some(key)) => view.payout_keyed(company.id, integrator, key)?,
        _ => None,
    };
    let repeated = match attempt {
        Some(payout) => view.payout(company, payout)?,
        None => None,
    };
    // More than there may be are refused, whatever they are: nobody waits while they are looked up.
    let applied = if terms.has_too_many_lines() { &[][..] } else { &terms.applied };
    let invoices = applied.iter();
    let invoices = invoices.map(|application| view.invoice_standing(company, application.invoice));
    let point = command.to_point();
    let named = command.serial.and_then(|serial| PayoutNumber::from_parts(point, serial).ok());
    let number_holder = match named {
        Some(number) => view.payout_numbered(company.id, number)?,
        None => None,
    };
    Ok(PayoutFacts {
        company,
        repeated,
        is_supplier_known: view.supplier(company.id, terms.supplier)?.is_some(),
        invoices: invoices.collect::<Result<_, _>>()?,
        number_holder,
        last_serial: view.last_serial(company.id, point)?,
        next_payout,
    })
}

fn make_payout(
    tx: &mut Tx<'_>,
    company: &Company,
    command: &PayoutCommand,
    now: Timestamp,
) -> Decided<Accepted<Payout>, PayoutRefusal> {
    let facts = payout_facts(tx, company, command)?;
    match decide_payout(facts, command.clone(), now) {
        Err(refusal) => Ok(Err(refusal)),
        Ok(PayoutDecision::Replayed(payout)) => Ok(Ok(Accepted { act: *payout, is_replay: true })),
        Ok(PayoutDecision::Accepted(payout)) => {
            tx.append(company.id, Event::PayoutMade(payout.clone()), now)?;
            Ok(Ok(Accepted { act: *payout, is_replay: false }))
        }
    }
}

fn reverse_payout(
    tx: &mut Tx<'_>,
    company: &Arc<Company>,
    command: &PayoutReverseCommand,
    now: Timestamp,
) -> Decided<PayoutReversal, PayoutReverseRefusal> {
    let view = tx.view();
    let (payout, is_reversed) = view.payout_standing(company, command.payout)?.unzip();
    let facts = PayoutReverseFacts { company, payout, is_reversed: is_reversed.unwrap_or(false) };
    match decide_payout_reversal(facts, command.clone(), now) {
        Err(refusal) => Ok(Err(refusal)),
        Ok(reversal) => {
            tx.append(company.id, Event::PayoutReversed(reversal.clone()), now)?;
            Ok(Ok(*reversal))
        }
    }
}
