//! What was answered: bills, payments, reversals and keys.

use std::collections::HashMap;

use ventanilla_domain::{BillId, CallerKey, CollectorId, Payment, PaymentId, Reversal};
use ventanilla_service::PaymentState;

use crate::KnownBill;

#[derive(Debug)]
pub(super) struct Books {
    bills: HashMap<BillId, KnownBill>,
    /// The one payment of each bill that stands.
    active: HashMap<BillId, PaymentId>,
    payments: HashMap<PaymentId, PaymentState>,
    paying_keys: HashMap<(CollectorId, CallerKey), PaymentId>,
    reversing_keys: HashMap<(CollectorId, CallerKey), PaymentId>,
}

impl Books {
    pub(super) fn new(bills: Vec<KnownBill>) -> Self {
        Self {
            bills: bills.into_iter().map(|bill| (bill.bill, bill)).collect(),
            active: HashMap::new(),
            payments: HashMap::new(),
            paying_keys: HashMap::new(),
            reversing_keys: HashMap::new(),
        }
    }

    pub(super) fn bill(&self, bill: BillId) -> Option<&KnownBill> {
        self.bills.get(&bill)
    }

    pub(super) fn bills(&self) -> impl Iterator<Item = &KnownBill> {
        self.bills.values()
    }

    pub(super) fn payment(&self, payment: PaymentId) -> Option<&PaymentState> {
        self.payments.get(&payment)
    }

    pub(super) fn payments(&self) -> impl Iterator<Item = &PaymentState> {
        self.payments.values()
    }

    /// The payment that settles a bill.
    pub(super) fn active_payment(&self, bill: BillId) -> Option<&Payment> {
        let payment = self.active.get(&bill)?;
        self.payments.get(payment).map(|state| &state.payment)
    }

    pub(super) fn payment_of_key(&self, by: CollectorId, key: &CallerKey) -> Option<&Payment> {
        let payment = self.paying_keys.get(&(by, key.clone()))?;
        self.payments.get(payment).map(|state| &state.payment)
    }

    pub(super) fn reversal_of_key(&self, by: CollectorId, key: &CallerKey) -> Option<&Reversal> {
        let payment = self.reversing_keys.get(&(by, key.clone()))?;
        self.payments.get(payment)?.reversal.as_ref()
    }

    /// Keeps an accepted payment; an id that was given before is a finding.
    pub(super) fn keep_payment(&mut self, payment: &Payment) -> Result<(), String> {
        self.active.insert(payment.bill, payment.id);
        if let Some(key) = payment.caller_key.clone() {
            self.paying_keys.insert((payment.collector, key), payment.id);
        }
        let state = PaymentState { payment: payment.clone(), reversal: None };
        match self.payments.insert(payment.id, state) {
            None => Ok(()),
            Some(before) => Err(format!("the id {} was given twice", before.payment.id)),
        }
    }

    /// Keeps an accepted reversal; one of a payment that is not known is a finding.
    pub(super) fn keep_reversal(&mut self, reversal: &Reversal) -> Result<(), String> {
        self.active.remove(&reversal.bill);
        if let Some(key) = reversal.caller_key.clone() {
            self.reversing_keys.insert((reversal.collector, key), reversal.payment);
        }
        let state = self.payments.get_mut(&reversal.payment);
        state
            .map(|state| state.reversal = Some(reversal.clone()))
            .ok_or_else(|| format!("the payment {} is not known", reversal.payment))
    }
}
