//! Deciding what reports say, one act after the other, over the books as they stand and what was
//! decided before: nothing is written until all of it is decided.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use ventanilla_domain::{
    BillId, CallerKey, CollectorId, Company, PayCommand, PayDecision, PayFacts, PayRefusal,
    Payment, PaymentId, Restoration, Reversal, ReverseCommand, ReverseDecision, ReverseFacts,
    decide_pay, decide_reverse,
};
use ventanilla_store::{StoreError, View};

use super::problem::{COLLECTOR, ReportProblem};
use super::reports::ReportVerdict;
use crate::collecting::{bill_by_number, pay_facts};
use crate::import::ReportedRow;

/// What a row says was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Deed {
    Payment,
    Reversal,
}

/// One thing that a collector says it did.
#[derive(Debug, Clone)]
pub(super) struct Act {
    pub(super) report: usize,
    pub(super) line: u64,
    pub(super) collector: CollectorId,
    pub(super) deed: Deed,
    pub(super) at: Timestamp,
    pub(super) row: Arc<ReportedRow>,
}

/// What is to be kept of an act.
#[derive(Debug)]
pub(super) enum Planned {
    /// Nothing: the books say it already.
    Known,
    /// Nothing: another row says it too.
    Again,
    Payment(Box<Payment>),
    Reversal(Box<Reversal>),
}

/// What was decided so far. The books are those of one transaction, which nobody changes meanwhile.
pub(super) struct Plan<'p> {
    company: &'p Company,
    restorations: &'p [Restoration],
    now: Timestamp,
    /// Of each act that stands its report, in the order in which they are to be kept.
    pub(super) planned: Vec<(usize, Planned)>,
    /// The acts that do not.
    pub(super) bad: Vec<ReportVerdict>,
    payments: HashMap<PaymentId, Payment>,
    reversals: HashMap<PaymentId, Reversal>,
    /// Of each bill that was paid or reversed: the payment that settles it, and the last one.
    bills: HashMap<BillId, (Option<PaymentId>, PaymentId)>,
    keys: HashSet<(CollectorId, CallerKey)>,
    /// What the books were found to say already.
    known: HashSet<(PaymentId, Deed)>,
}

type Verdict = Result<Planned, ReportProblem>;

impl<'p> Plan<'p> {
    /// Nothing decided yet. `company` is the company without its rules; nothing was done after `now`.
    pub(super) fn new(
        company: &'p Company,
        restorations: &'p [Restoration],
        now: Timestamp,
    ) -> Self {
        Self {
            company,
            restorations,
            now,
            planned: Vec::new(),
            bad: Vec::new(),
            payments: HashMap::new(),
            reversals: HashMap::new(),
            bills: HashMap::new(),
            keys: HashSet::new(),
            known: HashSet::new(),
        }
    }

    /// Decides acts in their order. The reversal of a line whose payment is bad is left out with it.
    pub(super) fn decide_all(&mut self, view: &View<'_>, acts: &[Act]) -> Result<(), StoreError> {
        let mut bad_payments = HashSet::new();
        for act in acts {
            let decided = match act.deed {
                Deed::Reversal if bad_payments.contains(&(act.report, act.line)) => continue,
                _ if act.at > self.now => Err(ReportProblem::Later),
                Deed::Payment => self.decide_payment(view, act)?,
                Deed::Reversal => self.decide_reversal(view, act)?,
            };
            match decided {
                // A reversal may stand in two rows.
                Ok(Planned::Known) if !self.known.insert((act.row.payment, act.deed)) => {}
                Ok(planned) => self.keep(act.report, planned),
                Err(problem) => {
                    if act.deed == Deed::Payment {
                        bad_payments.insert((act.report, act.line));
                    }
                    self.bad.push(ReportVerdict::of(act, problem));
                }
            }
        }
        Ok(())
    }

    fn keep(&mut self, report: usize, planned: Planned) {
        match &planned {
            Planned::Known | Planned::Again => {}
            Planned::Payment(payment) => {
                self.bills.insert(payment.bill, (Some(payment.id), payment.id));
                if let Some(key) = &payment.caller_key {
                    self.keys.insert((payment.collector, key.clone()));
                }
                self.payments.insert(payment.id, payment.as_ref().clone());
            }
            Planned::Reversal(reversal) => {
                self.bills.insert(reversal.bill, (None, reversal.payment));
                self.reversals.insert(reversal.payment, reversal.as_ref().clone());
            }
        }
        self.planned.push((report, planned));
    }

    /// The payment of an id: one decided here, or the books'.
    fn payment(&self, view: &View<'_>, id: PaymentId) -> Result<Option<Payment>, StoreError> {
        match self.payments.get(&id) {
            Some(payment) => Ok(Some(payment.clone())),
            None => view.payment(self.company, id),
        }
    }

    fn decide_payment(&self, view: &View<'_>, act: &Act) -> Result<Verdict, StoreError> {
        let row = &act.row;
        if let Some(told) = self.payments.get(&row.payment) {
            return Ok(agrees(told, act).map(|()| Planned::Again));
        }
        if let Some(known) = view.payment(self.company, row.payment)? {
            return Ok(agrees(&known, act).map(|()| Planned::Known));
        }
        let is_lost = |restoration: &Restoration| restoration.may_have_lost(row.payment);
        if !self.restorations.iter().any(is_lost) {
            return Ok(Err(ReportProblem::NotLost { payment: row.payment }));
        }
        let Some(bill) = bill_by_number(view, self.company, row.bill)? else {
            return Ok(Err(ReportProblem::Pay(PayRefusal::BillUnknown)));
        };
        let command = PayCommand {
            collector: act.collector,
            bill: row.bill,
            period: row.period.unwrap_or(bill.period),
            contract: row.contract.clone(),
            amount: row.amount,
            caller_reference: row.reference.clone(),
            caller_key: row.key.clone(),
            place: row.place.clone(),
        };
        let facts = pay_facts(view, self.company, &command, row.payment)?;
        let facts = self.with_decided(facts);
        let key = row.key.as_ref().map(|key| (act.collector, key.clone()));
        if facts.repeated.is_some() || key.is_some_and(|key| self.keys.contains(&key)) {
            return Ok(Err(ReportProblem::Pay(PayRefusal::CallerKeyReused)));
        }
        Ok(match decide_pay(&facts, &command, act.at) {
            Ok(PayDecision::Accepted(payment)) => Ok(Planned::Payment(payment)),
            // Not without a repeated attempt.
            Ok(PayDecision::Replayed(_)) => Err(ReportProblem::Pay(PayRefusal::CallerKeyReused)),
            Err(PayRefusal::BillPaid { .. }) => {
                let settled = facts.settled.map(|payment| payment.id);
                Err(ReportProblem::BillPaid { settled })
            }
            Err(refusal) => Err(ReportProblem::Pay(refusal)),
        })
    }

    /// The facts with what was decided here of the bill.
    fn with_decided<'c>(&self, mut facts: PayFacts<'c>) -> PayFacts<'c> {
        if let Some(bill) = &mut facts.bill
            && let Some((paid_by, last)) = self.bills.get(&bill.id)
        {
            (bill.paid_by, bill.last_payment) = (*paid_by, Some(*last));
            facts.settled = paid_by.and_then(|id| self.payments.get(&id).cloned());
        }
        facts
    }

    fn decide_reversal(&self, view: &View<'_>, act: &Act) -> Result<Verdict, StoreError> {
        let row = &act.row;
        let Some(payment) = self.payment(view, row.payment)? else {
            return Ok(Err(ReportProblem::PaymentUnknown { payment: row.payment }));
        };
        if let Err(differs) = agrees(&payment, act) {
            return Ok(Err(differs));
        }
        if let Some(told) = self.reversals.get(&row.payment) {
            return Ok(is_of_that_instant(told, act).map(|()| Planned::Again));
        }
        if let Some(known) = view.reversal(self.company, row.payment)? {
            return Ok(is_of_that_instant(&known, act).map(|()| Planned::Known));
        }
        let command = ReverseCommand {
            collector: act.collector,
            bill: row.bill,
            payment: row.payment,
            reason: None,
            caller_key: None,
            is_late_allowed: false,
        };
        let company = self.company;
        let facts =
            ReverseFacts { company, repeated: None, payment: Some(payment), reversal: None };
        Ok(match decide_reverse(facts, &command, act.at) {
            Ok(ReverseDecision::Accepted(reversal)) => Ok(Planned::Reversal(reversal)),
            Ok(ReverseDecision::Replayed(_)) => Ok(Planned::Known),
            Err(refusal) => Err(ReportProblem::Reverse(refusal)),
        })
    }
}

fn is_of_that_instant(known: &Reversal, act: &Act) -> Result<(), ReportProblem> {
    if known.recorded_at.as_second() == act.at.as_second() {
        return Ok(());
    }
    Err(ReportProblem::Differs { payment: known.payment, what: "FechaReversion" })
}

/// Whether the books say of a payment what the row says.
fn agrees(known: &Payment, act: &Act) -> Result<(), ReportProblem> {
    let row = &act.row;
    // Of a reversal's row the instant is the reversal's.
    let is_same_instant =
        act.deed == Deed::Reversal || known.recorded_at.as_second() == act.at.as_second();
    let is_same_contract = known.contract_code == row.contract
        || row.contract.without_leading_zeros().as_ref() == Some(&known.contract_code);
    let compared = [
        (COLLECTOR, known.collector == act.collector),
        ("IdFactura", known.bill == row.bill),
        ("Contrato", is_same_contract),
        ("Monto", known.amount == row.amount),
        ("FechaPagoEmpresa", is_same_instant),
    ];
    match compared.into_iter().find(|(_, is_same)| !is_same) {
        None => Ok(()),
        Some((what, _)) => Err(ReportProblem::Differs { payment: known.id, what }),
    }
}
