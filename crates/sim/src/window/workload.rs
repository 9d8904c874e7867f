//! A seeded sequence of acts at the window: the right ones, the repeated and the wrong.

use std::collections::{BTreeMap, HashSet, VecDeque};

use fastrand::Rng;
use jiff::Timestamp;
use ventanilla_domain::{
    BillId, CallerKey, CollectorId, Currency, DrawerId, Means, Money, Reason, ReceiptId,
    ReceiptLine, RemittanceId, Right, WindowMeans, WindowReceiptKey,
};
use ventanilla_service::{NewRemittance, Officer, WindowPayment};

use super::{Act, Outcome, Step};
use crate::KnownBill;
use crate::workload::remember;

/// Why a text made here has the domain's form.
const VALID: &str = "made of this module's words and counts";

const MEANS: [WindowMeans; 6] = [
    WindowMeans::Cash,
    WindowMeans::Cash,
    WindowMeans::Cash,
    WindowMeans::Card,
    WindowMeans::Transfer,
    WindowMeans::Qr,
];

/// Makes acts from a seed and from what came of those before: the same outcomes give the same acts.
#[derive(Debug)]
pub struct Workload {
    random: Rng,
    /// Officers by what they may do: take money, approve counts, enter remittances.
    cashiers: Vec<usize>,
    approvers: Vec<usize>,
    accountants: Vec<usize>,
    collectors: Vec<CollectorId>,
    /// By contract, so that those of one stand together.
    bills: Vec<KnownBill>,
    paid: HashSet<BillId>,
    open: BTreeMap<usize, DrawerId>,
    /// Those that were counted.
    drawers: VecDeque<DrawerId>,
    receipts: VecDeque<(usize, ReceiptId)>,
    remittances: VecDeque<RemittanceId>,
    /// The last attempts of each kind, to be repeated and contradicted.
    taken: VecDeque<(usize, WindowPayment)>,
    remitted: VecDeque<(usize, NewRemittance)>,
    keys: u64,
}

impl Workload {
    /// Acts of these officers on these bills and collectors. None may be empty, and somebody must take money,
    /// somebody enter remittances.
    pub fn new(
        seed: u64,
        officers: &[Officer],
        collectors: Vec<CollectorId>,
        bills: Vec<KnownBill>,
    ) -> Self {
        let who_may = |right: Right| -> Vec<usize> {
            let all = officers.iter().enumerate();
            all.filter(|(_, officer)| officer.role.may(right)).map(|(at, _)| at).collect()
        };
        let (cashiers, accountants) = (who_may(Right::Collect), who_may(Right::Remit));
        assert!(!cashiers.is_empty() && !accountants.is_empty(), "somebody is at work");
        assert!(!collectors.is_empty() && !bills.is_empty(), "somebody pays something");
        Self {
            random: Rng::with_seed(seed),
            cashiers,
            approvers: who_may(Right::ApproveDrawers),
            accountants,
            collectors,
            bills,
            paid: HashSet::new(),
            open: BTreeMap::new(),
            drawers: VecDeque::new(),
            receipts: VecDeque::new(),
            remittances: VecDeque::new(),
            taken: VecDeque::new(),
            remitted: VecDeque::new(),
            keys: 0,
        }
    }

    /// The next act, at an instant that is not before those of the acts before.
    pub fn next_step(&mut self, at: Timestamp) -> Step {
        let (officer, act) = match self.random.u8(0..100) {
            0..40 => self.take(),
            40..50 => self.repeat(),
            50..57 => self.reuse_a_key(),
            57..69 => self.reverse(),
            69..77 => self.open(),
            77..83 => self.close(),
            83..88 => self.approve(),
            88..94 => self.remit(),
            94..96 => self.reverse_remittance(),
            _ => (self.accountant(), Act::SeeHeld),
        };
        match &act {
            Act::Take(payment) => {
                remember(&mut self.taken, (officer, payment.as_ref().clone()));
            }
            Act::Remit(new) => remember(&mut self.remitted, (officer, new.as_ref().clone())),
            _ => {}
        }
        Step { at, officer, act }
    }

    /// Takes note of what came of an act.
    pub fn learn(&mut self, step: &Step, outcome: &Outcome) {
        match outcome {
            Outcome::Open(Ok(opening)) => {
                self.open.insert(step.officer, opening.id);
            }
            Outcome::Close(Ok(drawer)) => {
                self.open.remove(&step.officer);
                remember(&mut self.drawers, drawer.opening.id);
            }
            Outcome::Take(Ok(accepted)) if !accepted.is_replay => {
                let issued = &accepted.act;
                self.paid.extend(issued.payments.iter().map(|payment| payment.bill));
                remember(&mut self.receipts, (step.officer, issued.receipt.id));
            }
            Outcome::Reverse(Ok(undone)) => {
                for payment in &undone.payments {
                    self.paid.remove(&payment.bill);
                }
            }
            Outcome::Remit(Ok(accepted)) => remember(&mut self.remittances, accepted.act.id),
            _ => {}
        }
    }

    fn cashier(&mut self) -> usize {
        self.cashiers[self.random.usize(0..self.cashiers.len())]
    }

    fn accountant(&mut self) -> usize {
        self.accountants[self.random.usize(0..self.accountants.len())]
    }

    fn key(&mut self) -> String {
        self.keys += 1;
        format!("ventanilla-{}", self.keys)
    }

    fn money(&mut self, most: i64) -> Money {
        Money::from_minor(self.random.i64(0..most), Currency::BOB)
    }

    /// One to four bills that stand together, now and then one that is paid or twice the same.
    fn take(&mut self) -> (usize, Act) {
        let officer = self.cashier();
        let first = self.random.usize(0..self.bills.len());
        let is_careless = self.random.u8(0..12) == 0;
        let next = self.bills[first..].iter().chain(&self.bills);
        let unpaid = next.filter(|bill| is_careless || !self.paid.contains(&bill.bill));
        let mut bills: Vec<ReceiptLine> =
            unpaid.take(self.random.usize(1..5)).map(to_line).collect();
        if self.random.u8(0..25) == 0 {
            bills.extend(bills.first().cloned());
        }
        if self.random.u8(0..20) == 0
            && let Some(line) = bills.last_mut()
        {
            line.amount = self.money(50_000);
        }
        let means = MEANS[self.random.usize(0..MEANS.len())];
        let sum = bills.iter().map(|line| line.amount.to_minor()).sum::<i64>();
        let tendered = match self.random.u8(0..6) {
            0 => Some(self.money(100_000)),
            1..4 => Some(Money::from_minor(sum + 1_000, Currency::BOB)),
            _ => None,
        };
        let tendered = tendered.filter(|_| means == WindowMeans::Cash);
        let key = WindowReceiptKey::from_text(&self.key()).expect(VALID);
        (officer, Act::Take(Box::new(WindowPayment { bills, means, tendered, key })))
    }

    /// The very act of before: a double click, or a lost answer.
    fn repeat(&mut self) -> (usize, Act) {
        if self.random.u8(0..4) == 0 {
            let at = self.random.usize(0..self.remitted.len().max(1));
            if let Some((officer, new)) = self.remitted.get(at).cloned() {
                return (officer, Act::Remit(Box::new(new)));
            }
        }
        let at = self.random.usize(0..self.taken.len().max(1));
        match self.taken.get(at).cloned() {
            Some((officer, payment)) => (officer, Act::Take(Box::new(payment))),
            None => self.take(),
        }
    }

    /// A name of before with other bills, other means, or by another cashier.
    fn reuse_a_key(&mut self) -> (usize, Act) {
        let (mut officer, mut act) = self.repeat();
        match &mut act {
            Act::Take(payment) => match self.random.u8(0..3) {
                0 => payment.bills.truncate(1),
                1 => payment.means = MEANS[self.random.usize(0..MEANS.len())],
                _ => officer = self.cashier(),
            },
            Act::Remit(new) => new.amount = self.money(10_000),
            _ => {}
        }
        (officer, act)
    }

    /// A receipt of before by whoever: it may be another's, too old, or given back.
    fn reverse(&mut self) -> (usize, Act) {
        let len = self.receipts.len();
        let first = if self.random.bool() { len.saturating_sub(6) } else { 0 };
        let at = self.random.usize(first..len.max(1));
        let Some((own, receipt)) = self.receipts.get(at).copied() else { return self.open() };
        let officer = if self.random.u8(0..4) == 0 { self.cashier() } else { own };
        (officer, Act::Reverse(receipt, reason("se equivocó de socio")))
    }

    fn open(&mut self) -> (usize, Act) {
        (self.cashier(), Act::Open(self.money(50_000)))
    }

    /// One's own drawer, counted somehow; now and then another's.
    fn close(&mut self) -> (usize, Act) {
        let at = self.random.usize(0..self.open.len().max(1));
        let Some((own, drawer)) = self.open.iter().nth(at).map(|(own, drawer)| (*own, *drawer))
        else {
            return self.open();
        };
        let officer = if self.random.u8(0..8) == 0 { self.cashier() } else { own };
        (officer, Act::Close(drawer, self.money(200_000)))
    }

    fn approve(&mut self) -> (usize, Act) {
        let first = self.drawers.len().saturating_sub(4);
        let at = self.random.usize(first..self.drawers.len().max(1));
        let Some(drawer) = self.drawers.get(at).copied() else { return self.open() };
        let approver = self.approvers.get(self.random.usize(0..self.approvers.len().max(1)));
        let approver = approver.copied().filter(|_| self.random.u8(0..4) > 0);
        let officer = approver.unwrap_or_else(|| self.cashier());
        (officer, Act::Approve(drawer))
    }

    fn remit(&mut self) -> (usize, Act) {
        let key = self.key();
        let new = NewRemittance {
            collector: self.collectors[self.random.usize(0..self.collectors.len())],
            amount: self.money(100_000),
            commission: self.money(1_000),
            means: Means::Transfer,
            bank_date: jiff::civil::date(2021, 11, 26),
            reference: None,
            key: CallerKey::from_text(&key).ok().filter(|_| self.random.u8(0..4) > 0),
        };
        (self.accountant(), Act::Remit(Box::new(new)))
    }

    fn reverse_remittance(&mut self) -> (usize, Act) {
        let at = self.random.usize(0..self.remittances.len().max(1));
        match self.remittances.get(at).copied() {
            Some(id) => (self.accountant(), Act::ReverseRemittance(id, reason("era de otro"))),
            None => self.remit(),
        }
    }
}

fn to_line(bill: &KnownBill) -> ReceiptLine {
    ReceiptLine {
        contract: bill.contract.clone(),
        bill: bill.bill,
        period: bill.period,
        amount: bill.amount,
    }
}

fn reason(text: &str) -> Reason {
    Reason::from_text(text).expect(VALID)
}
