//! What a group of payments and reversals wanted, loaded at once, as the group leaves it so far.

use std::cell::RefCell;
use std::collections::HashMap;

use ventanilla_domain::{
    Bill, BillId, CallerKey, CollectorId, ContractCode, ContractKey, Payer, Payment, PaymentId,
    Reversal,
};

use crate::{Operation, StoreError};

pub(crate) type AttemptKey = (CollectorId, Operation, CallerKey);

/// What was loaded of one company. What is not in here was not asked for, and is read where it is.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    pub(crate) payers: HashMap<ContractCode, Option<Payer>>,
    pub(crate) bills: HashMap<(ContractKey, BillId), Option<Bill>>,
    pub(crate) unpaid: HashMap<ContractKey, Vec<Bill>>,
    pub(crate) attempts: HashMap<AttemptKey, Option<PaymentId>>,
    pub(crate) payments: HashMap<PaymentId, Option<Payment>>,
    pub(crate) reversals: HashMap<PaymentId, Option<Reversal>>,
    /// What each of those collectors holds, in hundredths, that may hold only so much.
    pub(crate) held: HashMap<CollectorId, i64>,
    /// How often something was read that was not loaded; for the tests.
    pub(crate) missed: RefCell<u64>,
}

impl Loaded {
    pub(crate) fn miss(&self) {
        *self.missed.borrow_mut() += 1;
    }

    /// Lets a payment take effect.
    ///
    /// Errors in order: the bill was not loaded, it is not owed so by anybody, the payment's id or its
    /// caller key was used.
    pub(crate) fn pay(&mut self, payment: &Payment) -> Result<(), StoreError> {
        let key = (payment.contract, payment.bill);
        let bill = self.bills.get_mut(&key).and_then(Option::as_mut).ok_or(StoreError::NeedsOwn)?;
        if !bill.is_unpaid()
            || bill.version != payment.bill_version
            || bill.amount != payment.amount
        {
            return Err(StoreError::damaged("a payment found no such unpaid bill"));
        }
        bill.paid_by = Some(payment.id);
        bill.last_payment = Some(payment.id);
        if let Some(unpaid) = self.unpaid.get_mut(&payment.contract) {
            unpaid.retain(|bill| bill.id != payment.bill);
        }
        if self.payments.insert(payment.id, Some(payment.clone())).flatten().is_some() {
            return Err(StoreError::damaged("a payment's id was used twice"));
        }
        self.hold(payment.collector, payment.amount.to_minor())?;
        // Nobody has reversed what is new.
        self.reversals.insert(payment.id, None);
        self.use_key(payment.collector, Operation::Pay, payment.caller_key.as_ref(), payment.id)
    }

    /// Lets a reversal take effect. Errors in order: the bill was not loaded, the payment is not what
    /// settles it, the caller key was used.
    pub(crate) fn reverse(&mut self, reversal: &Reversal) -> Result<(), StoreError> {
        let key = (reversal.contract, reversal.bill);
        let bill = self.bills.get_mut(&key).and_then(Option::as_mut).ok_or(StoreError::NeedsOwn)?;
        if bill.paid_by != Some(reversal.payment) {
            return Err(StoreError::damaged("a reversal found no paid bill"));
        }
        bill.paid_by = None;
        if let Some(unpaid) = self.unpaid.get_mut(&reversal.contract) {
            unpaid.push(*bill);
        }
        self.hold(reversal.collector, -reversal.amount.to_minor())?;
        self.reversals.insert(reversal.payment, Some(reversal.clone()));
        let key = reversal.caller_key.as_ref();
        self.use_key(reversal.collector, Operation::Reverse, key, reversal.payment)
    }

    /// Adds to what a collector holds, where that was asked for.
    fn hold(&mut self, collector: CollectorId, minor: i64) -> Result<(), StoreError> {
        let Some(held) = self.held.get_mut(&collector) else { return Ok(()) };
        let sum = held.checked_add(minor);
        *held = sum.ok_or_else(|| StoreError::damaged("a balance does not fit"))?;
        Ok(())
    }

    fn use_key(
        &mut self,
        collector: CollectorId,
        operation: Operation,
        key: Option<&CallerKey>,
        payment: PaymentId,
    ) -> Result<(), StoreError> {
        let Some(key) = key else { return Ok(()) };
        let used = self.attempts.insert((collector, operation, key.clone()), Some(payment));
        match used.flatten() {
            Some(_) => Err(StoreError::damaged("a caller key was used twice")),
            None => Ok(()),
        }
    }
}
