//! A seeded sequence of acts at the window: the right ones, the repeated and the wrong.

use std::collections::{HashSet, VecDeque};

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use ventanilla_domain::{
    BillId, BillState, BusinessDay, CallerKey, CallerReference, ContractCode, ContractState, Label,
    Money, PayCommand, Payment, PaymentId, Period, Place, Reason, ReverseCommand, business_day,
};
use ventanilla_service::{Caller, PaymentSelector};

use crate::Outcome;

/// What is known of a bill before anything happens to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownBill {
    /// The bill.
    pub bill: BillId,
    /// Its contract's code.
    pub contract: ContractCode,
    /// Its period.
    pub period: Period,
    /// Its amount.
    pub amount: Money,
    /// What the biller says of it.
    pub state: BillState,
    /// What may be done with its contract.
    pub contract_state: ContractState,
}

/// One act of one caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Pay a bill.
    Pay(PayCommand),
    /// Undo a payment.
    Reverse(ReverseCommand),
    /// List what a contract owes.
    LookUp(ContractCode),
    /// Look for a payment after a lost answer.
    Find(PaymentSelector),
    /// The caller's report of a day.
    Report(BusinessDay),
}

/// An act, when it is done and by which caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The instant; it never goes back.
    pub at: Timestamp,
    /// The caller, counted from 0 in the workload's callers.
    pub caller: usize,
    /// What it does.
    pub operation: Operation,
}

/// Acts that are remembered to be repeated and contradicted.
const REMEMBERED_MAX: usize = 256;

/// Makes acts from a seed and from what came of those before: the same outcomes give the same acts.
#[derive(Debug)]
pub struct Workload {
    random: Rng,
    now: Timestamp,
    callers: Vec<Caller>,
    bills: Vec<KnownBill>,
    /// Bills that are paid as far as is known.
    paid: HashSet<BillId>,
    /// The last payments that were accepted, by caller, reversed or not.
    payments: VecDeque<(usize, Payment)>,
    /// The last attempts that had a key.
    keyed: VecDeque<(usize, Operation)>,
    keys: u64,
}

impl Workload {
    /// Acts of these callers on these bills from an instant on. Neither may be empty; the callers
    /// are of one company.
    pub fn new(seed: u64, start: Timestamp, callers: Vec<Caller>, bills: Vec<KnownBill>) -> Self {
        assert!(!callers.is_empty() && !bills.is_empty(), "somebody pays something");
        Self {
            random: Rng::with_seed(seed),
            now: start,
            callers,
            bills,
            paid: HashSet::new(),
            payments: VecDeque::new(),
            keyed: VecDeque::new(),
            keys: 0,
        }
    }

    /// The next act.
    pub fn next_step(&mut self) -> Step {
        self.pass_time();
        let (caller, operation) = match self.random.u8(0..100) {
            0..36 => self.pay_a_bill(),
            36..44 => self.repeat(),
            44..48 => self.reuse_a_key(),
            48..57 => self.pay_wrongly(),
            57..63 => self.pay_again(),
            63..81 => self.reverse(),
            81..85 => self.reverse_wrongly(),
            85..93 => self.look_up(),
            93..98 => self.find(),
            _ => self.report(),
        };
        let has_key = match &operation {
            Operation::Pay(command) => command.caller_key.is_some(),
            Operation::Reverse(command) => command.caller_key.is_some(),
            Operation::LookUp(_) | Operation::Find(_) | Operation::Report(_) => false,
        };
        if has_key {
            let keyed = (caller, operation.clone());
            remember(&mut self.keyed, keyed);
        }
        Step { at: self.now, caller, operation }
    }

    /// Takes note of what came of an act, so that later ones can undo it.
    pub fn learn(&mut self, step: &Step, outcome: &Outcome) {
        match outcome {
            Outcome::Pay(Ok(accepted)) if !accepted.is_replay => {
                self.paid.insert(accepted.act.bill);
                remember(&mut self.payments, (step.caller, accepted.act.clone()));
            }
            Outcome::Reverse(Ok(accepted)) => {
                self.paid.remove(&accepted.act.bill);
            }
            Outcome::Pay(_)
            | Outcome::Reverse(_)
            | Outcome::LookUp(_)
            | Outcome::Find(_)
            | Outcome::Report(_) => {}
        }
    }

    /// Mostly seconds; now and then a night.
    fn pass_time(&mut self) {
        let seconds = match self.random.u16(0..400) {
            0 => self.random.i64(3_600..90_000),
            1..200 => 0,
            _ => self.random.i64(0..20),
        };
        let passed = SignedDuration::new(seconds, self.random.i32(0..1_000_000) * 1_000);
        self.now = self.now.checked_add(passed).unwrap_or(self.now);
    }

    fn caller(&mut self) -> usize {
        self.random.usize(0..self.callers.len())
    }

    fn bill(&mut self) -> KnownBill {
        self.bills[self.random.usize(0..self.bills.len())].clone()
    }

    /// A payment of before, as often as not one of the last few.
    fn payment(&mut self) -> Option<(usize, Payment)> {
        let len = self.payments.len();
        let first = if self.random.bool() { len.saturating_sub(8) } else { 0 };
        let at = self.random.usize(first..len.max(1));
        self.payments.get(at).cloned()
    }

    fn command(&mut self, caller: usize, bill: &KnownBill) -> PayCommand {
        PayCommand {
            collector: self.callers[caller].collector,
            bill: bill.bill,
            period: bill.period,
            contract: self.spelled(&bill.contract),
            amount: bill.amount,
            caller_reference: match self.random.u8(0..4) {
                0 => None,
                digit => CallerReference::from_text(&format!("socio-{digit}")).ok(),
            },
            caller_key: if self.random.bool() { self.key() } else { None },
            place: self.place(),
        }
    }

    /// A contract's code, now and then with zeros before it.
    fn spelled(&mut self, code: &ContractCode) -> ContractCode {
        let zeros = if self.random.u8(0..20) == 0 { "00" } else { "" };
        ContractCode::from_text(&format!("{zeros}{code}")).unwrap_or_else(|_| code.clone())
    }

    fn key(&mut self) -> Option<CallerKey> {
        self.keys += 1;
        CallerKey::from_text(&format!("intento-{}", self.keys)).ok()
    }

    fn place(&mut self) -> Place {
        let mut one_of = |word: &str| match self.random.u8(0..3) {
            0 => None,
            digit => Label::from_text(&format!("{word} {digit}")).ok(),
        };
        Place { cashier: one_of("cajero"), terminal: one_of("terminal"), ..Place::default() }
    }

    /// A bill that is unpaid, where one is met soon.
    fn pay_a_bill(&mut self) -> (usize, Operation) {
        let (caller, mut bill) = (self.caller(), self.bill());
        for _ in 0..4 {
            if !self.paid.contains(&bill.bill) {
                break;
            }
            bill = self.bill();
        }
        (caller, Operation::Pay(self.command(caller, &bill)))
    }

    /// The very act of before, key included, or a new one where there is none.
    fn repeat(&mut self) -> (usize, Operation) {
        let at = self.random.usize(0..self.keyed.len().max(1));
        match self.keyed.get(at).cloned() {
            Some((caller, operation)) => (caller, operation),
            None => self.pay_a_bill(),
        }
    }

    /// A key of before with other data.
    fn reuse_a_key(&mut self) -> (usize, Operation) {
        let (caller, mut operation) = self.repeat();
        let bill = self.bill();
        match &mut operation {
            Operation::Pay(command) => match self.random.u8(0..3) {
                0 => command.bill = bill.bill,
                1 => command.amount = bill.amount,
                _ => command.caller_reference = CallerReference::from_text("otro").ok(),
            },
            Operation::Reverse(command) => command.bill = bill.bill,
            Operation::LookUp(_) | Operation::Find(_) | Operation::Report(_) => {}
        }
        (caller, operation)
    }

    fn pay_wrongly(&mut self) -> (usize, Operation) {
        let (caller, bill, other) = (self.caller(), self.bill(), self.bill());
        let mut command = self.command(caller, &bill);
        match self.random.u8(0..5) {
            0 => {
                command.amount =
                    Money::from_minor(bill.amount.to_minor() + 1, bill.amount.currency());
            }
            1 => command.period = other.period,
            2 => command.contract = other.contract,
            3 => command.contract = ContractCode::from_text("nadie").unwrap_or(bill.contract),
            _ => command.bill = BillId::FIRST,
        }
        (caller, Operation::Pay(command))
    }

    /// A paid bill again, by any caller and cashier, under another key or none.
    fn pay_again(&mut self) -> (usize, Operation) {
        let Some((_, payment)) = self.payment() else { return self.pay_a_bill() };
        let known = self.bills.iter().find(|bill| bill.bill == payment.bill).cloned();
        let (caller, bill) = (self.caller(), known.unwrap_or_else(|| self.bill()));
        (caller, Operation::Pay(self.command(caller, &bill)))
    }

    /// A payment of before, by whom it was made: it may be reversed already, or be too old.
    fn reverse(&mut self) -> (usize, Operation) {
        let Some((caller, payment)) = self.payment() else { return self.look_up() };
        let command = ReverseCommand {
            collector: payment.collector,
            bill: payment.bill,
            payment: payment.id,
            reason: Reason::from_text("error del cajero").ok().filter(|_| self.random.bool()),
            caller_key: if self.random.bool() { self.key() } else { None },
            is_late_allowed: false,
        };
        (caller, Operation::Reverse(command))
    }

    fn reverse_wrongly(&mut self) -> (usize, Operation) {
        let (mut caller, operation) = self.reverse();
        let Operation::Reverse(mut command) = operation else { return (caller, operation) };
        match self.random.u8(0..3) {
            0 => command.bill = self.bill().bill,
            1 => command.payment = PaymentId::FIRST,
            _ => {
                caller = self.caller();
                command.collector = self.callers[caller].collector;
            }
        }
        (caller, Operation::Reverse(command))
    }

    fn look_up(&mut self) -> (usize, Operation) {
        let (caller, bill) = (self.caller(), self.bill());
        let code = match self.random.u8(0..20) {
            0 => ContractCode::from_text("nadie").unwrap_or(bill.contract),
            _ => self.spelled(&bill.contract),
        };
        (caller, Operation::LookUp(code))
    }

    fn find(&mut self) -> (usize, Operation) {
        let Some((caller, payment)) = self.payment() else { return self.look_up() };
        let caller = if self.random.u8(0..5) == 0 { self.caller() } else { caller };
        let mut selector = PaymentSelector::default();
        match self.random.u8(0..3) {
            0 => selector.payment = Some(payment.id),
            1 => selector.bill = Some(payment.bill),
            _ => {
                selector.caller_key = payment.caller_key;
                selector.bill = Some(payment.bill);
            }
        }
        (caller, Operation::Find(selector))
    }

    fn report(&mut self) -> (usize, Operation) {
        let caller = self.caller();
        let today = business_day(&self.callers[caller].company, self.now);
        let day = match self.payment() {
            Some((_, payment)) if self.random.bool() => payment.business_day,
            _ => today,
        };
        (caller, Operation::Report(day))
    }
}

/// Keeps the last of them.
pub(crate) fn remember<T>(kept: &mut VecDeque<T>, new: T) {
    if kept.len() == REMEMBERED_MAX {
        kept.pop_front();
    }
    kept.push_back(new);
}
