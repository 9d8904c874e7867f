//! A bookkeeper of its own: what the outcomes so far allow, in the simplest terms there are.
//!
//! It knows nothing of stores, batches or journals. It holds that a bill has at most one active
//! payment, that no id is given twice, that a key stands for one act, and that lists and reports say
//! what was answered before.

mod books;
mod limits;
#[cfg(test)]
mod tests;
mod window;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use ventanilla_domain::{
    BillId, BillState, BusinessDay, CollectorId, CollectorLimits, Company, ContractState, Existing,
    PayCommand, PayRefusal, Payment, Reversal, ReverseCommand, ReverseRefusal, business_day,
};
use ventanilla_service::{
    Accepted, Caller, DayReport, Debt, Failure, LookUpRefusal, PaymentSelector, PaymentState,
};

use self::books::Books;
use self::window::Till;
use crate::{KnownBill, Operation, Outcome, Step};

/// Compares outcomes with what those before them allow.
///
/// The company's policy must be the default one but for the reversal window, and every act on its
/// bills must be told, in the order in which the service did them.
#[derive(Debug)]
pub struct Auditor {
    company: Arc<Company>,
    /// By their place in the workload.
    collectors: Vec<CollectorId>,
    limits: HashMap<CollectorId, CollectorLimits>,
    books: Books,
    /// Bills of which an act's outcome is not known: they are not judged until they show.
    doubtful: HashSet<BillId>,
    till: Till,
    findings: Vec<String>,
    steps: usize,
}

impl Auditor {
    /// An auditor of a workload's callers, at least one, and bills, all unpaid so far.
    pub fn new(callers: &[Caller], bills: Vec<KnownBill>) -> Self {
        Self {
            company: Arc::clone(&callers[0].company),
            collectors: callers.iter().map(|caller| caller.collector).collect(),
            limits: callers.iter().map(|caller| (caller.collector, caller.limits)).collect(),
            books: Books::new(bills),
            doubtful: HashSet::new(),
            till: Till::default(),
            findings: Vec::new(),
            steps: 0,
        }
    }

    /// Judges what came of a step, and takes note of it.
    pub fn observe(&mut self, step: &Step, outcome: &Outcome) {
        self.steps += 1;
        let verdict = match (&step.operation, outcome) {
            (Operation::Pay(command), Outcome::Pay(result)) => {
                self.observe_pay(step.at, command, result)
            }
            (Operation::Reverse(command), Outcome::Reverse(result)) => {
                self.observe_reverse(step.at, command, result)
            }
            (Operation::LookUp(code), Outcome::LookUp(result)) => match result {
                Ok(debt) => self.judge_debt(debt, code.as_str()),
                Err(Failure::Refused(refusal)) => self.judge_no_debt(code.as_str(), *refusal),
                Err(failure) => no_answer(failure),
            },
            (Operation::Find(selector), Outcome::Find(result)) => match result {
                Ok(found) => self.judge_found(self.collectors[step.caller], selector, found),
                Err(failure) => no_answer(failure),
            },
            (Operation::Report(day), Outcome::Report(result)) => match result {
                Ok(report) => self.judge_report(self.collectors[step.caller], *day, report),
                Err(failure) => no_answer(failure),
            },
            _ => Err("the outcome is another operation's".to_owned()),
        };
        if let Err(finding) = verdict {
            let number = self.steps;
            self.findings.push(format!("step {number}: {finding}: {step:?} gave {outcome:?}"));
        }
    }

    /// What did not fit so far; empty when all is well.
    pub fn findings(&self) -> &[String] {
        &self.findings
    }

    /// How many payments stand, and how many were made and reversed.
    pub fn count(&self) -> (usize, usize) {
        let reversed = self.books.payments().filter(|state| state.reversal.is_some()).count();
        (self.books.payments().count() - reversed, reversed)
    }

    fn observe_pay(
        &mut self,
        at: Timestamp,
        command: &PayCommand,
        result: &Result<Accepted<Payment>, Failure<PayRefusal>>,
    ) -> Result<(), String> {
        match result {
            Ok(Accepted { act, is_replay: true }) => {
                let is_due = self.keyed_payment(command) == Some(act) && is_repeat(act, command);
                ensure(is_due || self.is_doubtful(command.bill), "a replay of something else")
            }
            Ok(Accepted { act, is_replay: false }) => {
                let verdict = self.judge_payment(at, command, act);
                self.doubtful.remove(&act.bill);
                verdict.and(self.books.keep_payment(act))
            }
            Err(Failure::Refused(refusal)) => self.judge_pay_refusal(command, *refusal),
            Err(Failure::Unknown) => {
                self.doubtful.insert(command.bill);
                Ok(())
            }
            Err(failure) => no_answer(failure),
        }
    }

    fn judge_payment(
        &self,
        at: Timestamp,
        command: &PayCommand,
        payment: &Payment,
    ) -> Result<(), String> {
        let bill = self.books.bill(command.bill).ok_or("an unknown bill was paid")?;
        let active = self.books.active_payment(bill.bill);
        ensure(self.keyed_payment(command).is_none(), "a used key paid again")?;
        ensure(active.is_none() || self.is_doubtful(bill.bill), "a paid bill was paid again")?;
        ensure(bill.state == BillState::Owed, "a bill that is not owed was paid")?;
        ensure(bill.contract_state != ContractState::Blocked, "a blocked contract paid")?;
        ensure(is_code(bill, command.contract.as_str()), "another contract's bill was paid")?;
        ensure(bill.period == command.period, "a bill of another period was paid")?;
        ensure(bill.amount == command.amount, "another amount was taken")?;
        self.judge_limits(command)?;
        let is_as_asked = payment.bill == bill.bill
            && payment.amount == bill.amount
            && payment.period == bill.period
            && payment.contract_code == bill.contract
            && payment.collector == command.collector
            && payment.caller_key == command.caller_key
            && payment.caller_reference == command.caller_reference
            && payment.place == command.place;
        ensure(is_as_asked, "the payment is not the one asked for")?;
        let is_dated =
            payment.recorded_at == at && payment.business_day == business_day(&self.company, at);
        ensure(is_dated, "the payment is of another time")
    }

    fn judge_pay_refusal(&self, command: &PayCommand, refusal: PayRefusal) -> Result<(), String> {
        if self.is_doubtful(command.bill) {
            return Ok(());
        }
        if let Some(payment) = self.keyed_payment(command) {
            let is_due = refusal == PayRefusal::CallerKeyReused && !is_repeat(payment, command);
            return ensure(is_due, "a repeat was refused");
        }
        let bill = self.books.bill(command.bill);
        let active = self.books.active_payment(command.bill);
        let fits = match refusal {
            PayRefusal::BillUnknown => bill.is_none(),
            PayRefusal::BillOfAnotherContract => {
                bill.is_some_and(|bill| !is_code(bill, command.contract.as_str()))
            }
            PayRefusal::PeriodMismatch => bill.is_some_and(|bill| bill.period != command.period),
            PayRefusal::BillPaid { existing: Some(existing) } => {
                active.is_some_and(|active| is_told(active, command, existing))
            }
            PayRefusal::BillPaid { existing: None } => {
                active.is_some() || bill.is_some_and(|bill| bill.state == BillState::PaidElsewhere)
            }
            PayRefusal::BillAnnulled => bill.is_some_and(|bill| bill.state == BillState::Annulled),
            PayRefusal::ContractBlocked => {
                bill.is_some_and(|bill| bill.contract_state == ContractState::Blocked)
            }
            PayRefusal::AmountMismatch => bill.is_some_and(|bill| bill.amount != command.amount),
            // The key is new, and the default policy knows none of the others.
            PayRefusal::CallerKeyReused
            | PayRefusal::OlderBillUnpaid
            | PayRefusal::OutsideHours
            | PayRefusal::PayerMismatch => false,
            PayRefusal::PaymentAboveLimit | PayRefusal::HeldAboveLimit => {
                self.fits_limit(command, refusal) == Some(true)
            }
        };
        ensure(fits, "a payment was refused for what is not so")
    }

    fn observe_reverse(
        &mut self,
        at: Timestamp,
        command: &ReverseCommand,
        result: &Result<Accepted<Reversal>, Failure<ReverseRefusal>>,
    ) -> Result<(), String> {
        match result {
            Ok(Accepted { act, is_replay: true }) => {
                let is_due = self.keyed_reversal(command) == Some(act)
                    && (act.bill, act.payment) == (command.bill, command.payment);
                ensure(is_due || self.is_doubtful(command.bill), "a replay of something else")
            }
            Ok(Accepted { act, is_replay: false }) => {
                let verdict = self.judge_reversal(at, command, act);
                self.doubtful.remove(&act.bill);
                verdict.and(self.books.keep_reversal(act))
            }
            Err(Failure::Refused(refusal)) => self.judge_reverse_refusal(at, command, *refusal),
            Err(Failure::Unknown) => {
                self.doubtful.insert(command.bill);
                Ok(())
            }
            Err(failure) => no_answer(failure),
        }
    }

    fn judge_reversal(
        &self,
        at: Timestamp,
        command: &ReverseCommand,
        reversal: &Reversal,
    ) -> Result<(), String> {
        ensure(self.keyed_reversal(command).is_none(), "a used key reversed again")?;
        let state = self.books.payment(command.payment).ok_or("no payment was reversed")?;
        let payment = &state.payment;
        let active = self.books.active_payment(payment.bill).map(|payment| payment.id);
        ensure(state.reversal.is_none(), "a payment was reversed twice")?;
        ensure(active == Some(payment.id), "a payment was reversed that settles nothing")?;
        ensure(payment.collector == command.collector, "another collector reversed")?;
        ensure(payment.bill == command.bill, "a payment of another bill was reversed")?;
        let is_as_asked = reversal.payment == payment.id
            && reversal.bill == payment.bill
            && reversal.amount == payment.amount
            && reversal.collector == payment.collector
            && reversal.reason == command.reason
            && reversal.caller_key == command.caller_key;
        ensure(is_as_asked, "the reversal is not the one asked for")?;
        let is_dated =
            reversal.recorded_at == at && reversal.business_day == business_day(&self.company, at);
        ensure(is_dated, "the reversal is of another time")
    }

    fn judge_reverse_refusal(
        &self,
        at: Timestamp,
        command: &ReverseCommand,
        refusal: ReverseRefusal,
    ) -> Result<(), String> {
        if self.is_doubtful(command.bill) {
            return Ok(());
        }
        if let Some(reversal) = self.keyed_reversal(command) {
            let is_repeat = (reversal.bill, reversal.payment) == (command.bill, command.payment);
            let is_due = refusal == ReverseRefusal::CallerKeyReused && !is_repeat;
            return ensure(is_due, "a repeat was refused");
        }
        let state = self
            .books
            .payment(command.payment)
            .filter(|state| state.payment.collector == command.collector);
        let fits = match refusal {
            // The key is new.
            ReverseRefusal::CallerKeyReused => false,
            ReverseRefusal::PaymentUnknown => state.is_none(),
            ReverseRefusal::PaymentOfAnotherBill => {
                state.is_some_and(|state| state.payment.bill != command.bill)
            }
            ReverseRefusal::AlreadyReversed => state.is_some_and(|state| state.reversal.is_some()),
            ReverseRefusal::WindowOver => state
                .is_some_and(|state| state.payment.business_day < business_day(&self.company, at)),
        };
        ensure(fits, "a reversal was refused for what is not so")
    }

    fn judge_debt(&self, debt: &Debt, code: &str) -> Result<(), String> {
        let listed: Vec<_> = debt.bills.iter().map(|bill| bill.id).collect();
        let mut owed: Vec<_> = self
            .books
            .bills()
            .filter(|bill| is_code(bill, code) && bill.state == BillState::Owed)
            .filter(|bill| self.books.active_payment(bill.bill).is_none())
            .collect();
        owed.sort_by_key(|bill| (bill.period, bill.bill));
        let owed: Vec<_> = owed.into_iter().map(|bill| bill.bill).collect();
        let is_judged = |bill: &&BillId| !self.is_doubtful(**bill);
        let is_same = listed.iter().filter(is_judged).eq(owed.iter().filter(is_judged));
        ensure(is_same, "the debt is not what is unpaid")
    }

    fn judge_no_debt(&self, code: &str, refusal: LookUpRefusal) -> Result<(), String> {
        let mut bills = self.books.bills().filter(|bill| is_code(bill, code));
        let fits = match refusal {
            LookUpRefusal::ContractUnknown => bills.next().is_none(),
            LookUpRefusal::ContractBlocked => {
                bills.next().is_some_and(|bill| bill.contract_state == ContractState::Blocked)
            }
            LookUpRefusal::ListingNotAllowed => false,
        };
        ensure(fits, "a debt was refused for what is not so")
    }

    fn judge_found(
        &self,
        by: CollectorId,
        selector: &PaymentSelector,
        found: &[PaymentState],
    ) -> Result<(), String> {
        let is_wanted = |state: &PaymentState| {
            let payment = &state.payment;
            selector.payment.is_none_or(|id| id == payment.id)
                && selector.bill.is_none_or(|bill| bill == payment.bill)
                && (selector.caller_key.is_none() || selector.caller_key == payment.caller_key)
        };
        let mut wanted = self.payments_of(by);
        wanted.retain(is_wanted);
        ensure(self.is_same(found, &wanted), "what was found is not what was paid")
    }

    fn judge_report(
        &self,
        by: CollectorId,
        day: BusinessDay,
        report: &DayReport,
    ) -> Result<(), String> {
        let is_of_day = |reversal: &Reversal| reversal.business_day == day;
        let all = self.payments_of(by);
        let reversed = |state: &&PaymentState| state.reversal.as_ref().is_some_and(is_of_day);
        let reversals: Vec<_> = all.iter().filter(reversed).cloned().collect();
        let mut payments = all;
        payments.retain(|state| state.payment.business_day == day);
        for state in &mut payments {
            // A later day's reversal stands in that day's report.
            state.reversal = state.reversal.take().filter(is_of_day);
        }
        ensure(report.day == day, "the report is of another day")?;
        ensure(self.is_same(&report.payments, &payments), "the report misses what was paid")?;
        ensure(self.is_same(&report.reversals, &reversals), "the report misses reversals")?;
        let sum = |rows: &[PaymentState]| -> i64 {
            rows.iter().map(|state| state.payment.amount.to_minor()).sum()
        };
        let (paid, reversed) = (sum(&report.payments), sum(&report.reversals));
        let totals =
            [report.paid, report.reversed, report.net].map(|total| total.amount.to_minor());
        ensure(totals == [paid, reversed, paid - reversed], "the report does not add up")?;
        let counts = [report.paid.count, report.reversed.count];
        let lens = [report.payments.len(), report.reversals.len()];
        let lens = lens.map(|len| i64::try_from(len).unwrap_or(i64::MAX));
        ensure(counts == lens, "the report counts other rows than it lists")
    }

    /// A collector's payments by id.
    fn payments_of(&self, by: CollectorId) -> Vec<PaymentState> {
        let own = self.books.payments().filter(|state| state.payment.collector == by);
        let mut own: Vec<_> = own.cloned().collect();
        own.sort_by_key(|state| state.payment.id);
        own
    }

    /// Whether two lists in order of ids are the same but for bills in doubt.
    fn is_same(&self, listed: &[PaymentState], expected: &[PaymentState]) -> bool {
        let is_judged = |state: &&PaymentState| !self.is_doubtful(state.payment.bill);
        listed.iter().filter(is_judged).eq(expected.iter().filter(is_judged))
    }

    /// The payment that a command's key has made.
    fn keyed_payment(&self, command: &PayCommand) -> Option<&Payment> {
        self.books.payment_of_key(command.collector, command.caller_key.as_ref()?)
    }

    /// The reversal that a command's key has made.
    fn keyed_reversal(&self, command: &ReverseCommand) -> Option<&Reversal> {
        self.books.reversal_of_key(command.collector, command.caller_key.as_ref()?)
    }

    fn is_doubtful(&self, bill: BillId) -> bool {
        self.doubtful.contains(&bill)
    }
}

/// Whether a command asks for what a payment was, in the five inputs that count.
fn is_repeat(payment: &Payment, command: &PayCommand) -> bool {
    payment.bill == command.bill
        && payment.period == command.period
        && is_found_by(payment.contract_code.as_str(), command.contract.as_str())
        && payment.amount == command.amount
        && payment.caller_reference == command.caller_reference
}

/// Whether a caller's code finds the bill's contract: as it is, or without leading zeros.
fn is_code(bill: &KnownBill, code: &str) -> bool {
    is_found_by(bill.contract.as_str(), code)
}

fn is_found_by(known: &str, code: &str) -> bool {
    known == code || known == code.trim_start_matches('0')
}

/// A refusal may name the payment that stands only to the collector, terminal and cashier of it.
fn is_told(active: &Payment, command: &PayCommand, existing: Existing) -> bool {
    let may_be =
        |ours: &Option<_>, theirs: &Option<_>| ours.is_none() || theirs.is_none() || ours == theirs;
    existing.payment == active.id
        && existing.recorded_at == active.recorded_at
        && active.collector == command.collector
        && may_be(&active.place.terminal, &command.place.terminal)
        && may_be(&active.place.cashier, &command.place.cashier)
}

/// Nothing happened, or nothing was asked: only a defect is a finding.
fn no_answer<R>(failure: &Failure<R>) -> Result<(), String> {
    match failure {
        Failure::Refused(_) | Failure::Unavailable | Failure::Unknown => Ok(()),
        Failure::Internal(id) => Err(format!("an internal error {id}")),
    }
}

fn ensure(holds: bool, finding: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(finding.to_owned()) }
}
