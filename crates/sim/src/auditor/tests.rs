//! The workload and the auditor against a window of their own: the domain's rules over two maps.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::{Auditor, KnownBill, Operation, Outcome, Step, Workload, World};
use jiff::Timestamp;
use ventanilla_domain::{
    Bill, BillId, BusinessDay, CollectorId, CollectorLimits, Company, CompanyId, Contract,
    ContractCode, ContractKey, ContractState, Currency, Holder, Member, MemberId, Money, Name,
    PayCommand, PayDecision, PayFacts, PayRefusal, Payer, PaymentId, Policy, ReverseCommand,
    ReverseDecision, ReverseFacts, TimeZone, Total, decide_pay, decide_reverse,
};
use ventanilla_service::{
    Accepted, Caller, DayReport, Debt, Failure, LookUpRefusal, PaymentSelector, PaymentState,
};

/// A way in which the window is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Defect {
    None,
    ForgetsThatABillIsPaid,
    GivesIdsTwice,
    ForgetsKeys,
    ForgetsReversals,
    ListsPaidBills,
    LosesPaymentsInReports,
    FindsNothing,
    RefusesWhatIsRight,
    ForgetsLimits,
    RefusesBelowLimits,
}

struct Window {
    defect: Defect,
    company: Arc<Company>,
    limits: HashMap<CollectorId, CollectorLimits>,
    bills: HashMap<BillId, KnownBill>,
    payments: BTreeMap<PaymentId, PaymentState>,
    next_payment: i64,
}

impl Window {
    fn payer(&self, code: &ContractCode) -> Option<Payer> {
        let of = |code: &str| self.bills.values().find(|bill| bill.contract.as_str() == code);
        let bill = of(code.as_str()).or_else(|| of(code.as_str().trim_start_matches('0')))?;
        Some(Payer {
            contract: key_of(&bill.contract),
            code: bill.contract.clone(),
            state: bill.contract_state,
            member: MemberId::FIRST,
            name: Name::from_text("Socia").unwrap(),
        })
    }

    fn active(&self, bill: BillId) -> Option<&PaymentState> {
        let mut of_bill = self.payments.values().filter(|state| state.payment.bill == bill);
        of_bill.find(|state| state.reversal.is_none())
    }

    fn held(&self, collector: CollectorId) -> i64 {
        let own = self.payments.values().filter(|state| state.payment.collector == collector);
        let standing = own.filter(|state| state.reversal.is_none());
        standing.map(|state| state.payment.amount.to_minor()).sum()
    }

    fn bill(&self, known: &KnownBill) -> Bill {
        let active = self.active(known.bill).map(|state| state.payment.id);
        let is_forgotten = self.defect == Defect::ForgetsThatABillIsPaid;
        Bill {
            contract: key_of(&known.contract),
            id: known.bill,
            version: 1,
            period: known.period,
            amount: known.amount,
            state: known.state,
            paid_by: active.filter(|_| !is_forgotten),
            last_payment: None,
        }
    }

    fn pay(&mut self, command: &PayCommand, now: Timestamp) -> Outcome {
        let is_repeated = |state: &&PaymentState| {
            command.caller_key.is_some()
                && self.defect != Defect::ForgetsKeys
                && state.payment.caller_key == command.caller_key
                && state.payment.collector == command.collector
        };
        let held = match self.defect {
            Defect::ForgetsLimits => 0,
            Defect::RefusesBelowLimits => HELD_MAX_MINOR,
            _ => self.held(command.collector),
        };
        let facts = PayFacts {
            company: &self.company,
            repeated: self.payments.values().find(is_repeated).map(|state| state.payment.clone()),
            payer: self.payer(&command.contract),
            bill: self.bills.get(&command.bill).map(|bill| self.bill(bill)),
            settled: self.active(command.bill).map(|state| state.payment.clone()),
            older_unpaid: false,
            limits: self.limits[&command.collector],
            held: Some(Money::from_minor(held, Currency::BOB)),
            next_payment: PaymentId::from_i64(self.next_payment).unwrap(),
        };
        let decision = decide_pay(&facts, command, now);
        if self.defect == Defect::RefusesWhatIsRight
            && matches!(decision, Ok(PayDecision::Accepted(_)))
        {
            return Outcome::Pay(Err(Failure::Refused(PayRefusal::AmountMismatch)));
        }
        Outcome::Pay(match decision {
            Ok(PayDecision::Accepted(payment)) => {
                let act = *payment;
                let state = PaymentState { payment: act.clone(), reversal: None };
                self.payments.insert(act.id, state);
                let is_stuck = self.defect == Defect::GivesIdsTwice && self.next_payment > 5;
                self.next_payment += i64::from(!is_stuck);
                Ok(Accepted { act, is_replay: false })
            }
            Ok(PayDecision::Replayed(payment)) => Ok(Accepted { act: *payment, is_replay: true }),
            Err(refusal) => Err(Failure::Refused(refusal)),
        })
    }

    fn reverse(&mut self, command: &ReverseCommand, now: Timestamp) -> Outcome {
        let mut reversals = self.payments.values().filter_map(|state| state.reversal.as_ref());
        let repeated = reversals.find(|reversal| {
            command.caller_key.is_some()
                && reversal.caller_key == command.caller_key
                && reversal.collector == command.collector
        });
        let state = self.payments.get(&command.payment);
        let reversal = state.and_then(|state| state.reversal.clone());
        let facts = ReverseFacts {
            company: &self.company,
            repeated: repeated.cloned(),
            payment: state.map(|state| state.payment.clone()),
            reversal: reversal.filter(|_| self.defect != Defect::ForgetsReversals),
        };
        Outcome::Reverse(match decide_reverse(facts, command, now) {
            Ok(ReverseDecision::Accepted(reversal)) => {
                let act = *reversal;
                self.payments.get_mut(&act.payment).unwrap().reversal = Some(act.clone());
                Ok(Accepted { act, is_replay: false })
            }
            Ok(ReverseDecision::Replayed(reversal)) => {
                Ok(Accepted { act: *reversal, is_replay: true })
            }
            Err(refusal) => Err(Failure::Refused(refusal)),
        })
    }

    fn debt(&self, code: &ContractCode) -> Outcome {
        let Some(payer) = self.payer(code) else {
            return Outcome::LookUp(Err(Failure::Refused(LookUpRefusal::ContractUnknown)));
        };
        if payer.state == ContractState::Blocked {
            return Outcome::LookUp(Err(Failure::Refused(LookUpRefusal::ContractBlocked)));
        }
        let of_contract = self.bills.values().filter(|bill| bill.contract == payer.code);
        let mut bills: Vec<_> = of_contract
            .map(|bill| self.bill(bill))
            .filter(|bill| bill.is_unpaid() || self.defect == Defect::ListsPaidBills)
            .collect();
        bills.sort_by_key(|bill| (bill.period, bill.id));
        Outcome::LookUp(Ok(Debt { holder: holder(payer), bills }))
    }

    fn find(&self, by: CollectorId, selector: &PaymentSelector) -> Outcome {
        let is_wanted = |state: &&PaymentState| {
            state.payment.collector == by
                && selector.payment.is_none_or(|id| id == state.payment.id)
                && selector.bill.is_none_or(|bill| bill == state.payment.bill)
                && selector
                    .caller_key
                    .as_ref()
                    .is_none_or(|key| state.payment.caller_key.as_ref() == Some(key))
                && self.defect != Defect::FindsNothing
        };
        Outcome::Find(Ok(self.payments.values().filter(is_wanted).cloned().collect()))
    }

    fn report(&self, by: CollectorId, day: BusinessDay) -> Outcome {
        let own = || self.payments.values().filter(|state| state.payment.collector == by).cloned();
        let is_of_day = |state: &PaymentState| {
            state.reversal.as_ref().is_some_and(|reversal| reversal.business_day == day)
        };
        let mut payments: Vec<_> =
            own().filter(|state| state.payment.business_day == day).collect();
        for state in &mut payments {
            if !is_of_day(state) {
                state.reversal = None;
            }
        }
        if self.defect == Defect::LosesPaymentsInReports {
            payments.pop();
        }
        let reversals: Vec<_> = own().filter(is_of_day).collect();
        let (paid, reversed) = (total(&payments), total(&reversals));
        let net = paid.checked_sub(reversed).unwrap();
        Outcome::Report(Ok(DayReport { day, payments, reversals, paid, reversed, net }))
    }

    fn apply(&mut self, callers: &[Caller], step: &Step) -> Outcome {
        let by = callers[step.caller].collector;
        match &step.operation {
            Operation::Pay(command) => self.pay(command, step.at),
            Operation::Reverse(command) => self.reverse(command, step.at),
            Operation::LookUp(code) => self.debt(code),
            Operation::Find(selector) => self.find(by, selector),
            Operation::Report(day) => self.report(by, *day),
        }
    }
}

fn key_of(code: &ContractCode) -> ContractKey {
    ContractKey::from_i64(code.as_str().parse().unwrap()).unwrap()
}

fn total(rows: &[PaymentState]) -> Total {
    let minor = rows.iter().map(|state| state.payment.amount.to_minor()).sum();
    Total {
        count: i64::try_from(rows.len()).unwrap(),
        amount: Money::from_minor(minor, Currency::BOB),
    }
}

fn holder(payer: Payer) -> Holder {
    let contract = Contract {
        key: payer.contract,
        code: payer.code,
        member: payer.member,
        state: payer.state,
        address: None,
        supply_point: None,
    };
    let member = Member {
        id: payer.member,
        is_assigned: false,
        name: payer.name,
        document_kind: None,
        document_number: None,
        tax_id: None,
        location: None,
        email: None,
        phone: None,
    };
    Holder { contract, member }
}

const PAYMENT_MAX_MINOR: i64 = 16_000;
const HELD_MAX_MINOR: i64 = 700_000;

/// Of the first collector none; of the second how much it may take at once, of the third how much it may hold.
fn limits_of(collector: i64) -> CollectorLimits {
    let bob = |minor| Some(Money::from_minor(minor, Currency::BOB));
    let limits = match collector {
        2 => CollectorLimits::new(bob(PAYMENT_MAX_MINOR), None),
        3 => CollectorLimits::new(None, bob(HELD_MAX_MINOR)),
        _ => return CollectorLimits::NONE,
    };
    limits.unwrap()
}

fn callers() -> Vec<Caller> {
    let company = Arc::new(Company {
        id: CompanyId::FIRST,
        name: Name::from_text("Cooperativa").unwrap(),
        currency: Currency::BOB,
        time_zone: TimeZone::from_name("America/La_Paz").unwrap(),
        policy: Policy::default(),
        issuer: 0,
    });
    let caller = |id| Caller {
        collector: CollectorId::from_i64(id).unwrap(),
        can_list: false,
        limits: limits_of(id),
        company: Arc::clone(&company),
    };
    (1..=3).map(caller).collect()
}

/// Runs a workload against a window, and gives what came of each step and the auditor.
fn run(seed: u64, steps: usize, defect: Defect) -> (Vec<(Step, Outcome)>, Auditor) {
    let bills = World::new(seed, 200, 5).known_bills();
    let callers = callers();
    let start = "2021-11-26T12:00:00Z".parse().unwrap();
    let mut workload = Workload::new(seed, start, callers.clone(), bills.clone());
    let mut auditor = Auditor::new(&callers, bills.clone());
    let mut window = Window {
        defect,
        company: Arc::clone(&callers[0].company),
        limits: callers.iter().map(|caller| (caller.collector, caller.limits)).collect(),
        bills: bills.into_iter().map(|bill| (bill.bill, bill)).collect(),
        payments: BTreeMap::new(),
        next_payment: 1,
    };
    let mut told = Vec::new();
    for _ in 0..steps {
        let step = workload.next_step();
        let outcome = window.apply(&callers, &step);
        workload.learn(&step, &outcome);
        auditor.observe(&step, &outcome);
        told.push((step, outcome));
    }
    (told, auditor)
}

#[test]
fn a_right_window_has_no_findings() {
    for seed in 0..10 {
        let (_, auditor) = run(seed, 2_000, Defect::None);
        assert_eq!(auditor.findings(), &[] as &[String], "seed {seed}");
        let (active, reversed) = auditor.count();
        assert!(
            active > 200 && reversed > 100,
            "seed {seed}: {active} active, {reversed} reversed"
        );
    }
}

#[test]
fn every_defect_is_found() {
    for defect in [
        Defect::ForgetsThatABillIsPaid,
        Defect::GivesIdsTwice,
        Defect::ForgetsKeys,
        Defect::ForgetsReversals,
        Defect::ListsPaidBills,
        Defect::LosesPaymentsInReports,
        Defect::FindsNothing,
        Defect::RefusesWhatIsRight,
        Defect::ForgetsLimits,
        Defect::RefusesBelowLimits,
    ] {
        let (_, auditor) = run(1, 2_000, defect);
        assert!(!auditor.findings().is_empty(), "{defect:?}");
    }
}

#[test]
fn a_workload_is_the_same_for_the_same_seed() {
    let (one, other) = (run(5, 500, Defect::None).0, run(5, 500, Defect::None).0);
    assert_eq!(one, other);
    assert_ne!(one, run(6, 500, Defect::None).0);
}

#[test]
fn a_workload_meets_every_kind_of_answer() {
    let (told, _) = run(2, 10_000, Defect::None);
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for (_, outcome) in &told {
        let kind = match outcome {
            Outcome::Pay(Ok(accepted)) => format!("paid, replay {}", accepted.is_replay),
            Outcome::Pay(Err(failure)) => format!("{failure:?}").chars().take(40).collect(),
            Outcome::Reverse(Ok(accepted)) => format!("reversed, replay {}", accepted.is_replay),
            Outcome::Reverse(Err(failure)) => format!("not reversed: {failure:?}"),
            Outcome::LookUp(Ok(_)) => "debt".to_owned(),
            Outcome::LookUp(Err(failure)) => format!("no debt: {failure:?}"),
            Outcome::Find(_) => "found".to_owned(),
            Outcome::Report(_) => "report".to_owned(),
        };
        *counts.entry(kind).or_default() += 1;
    }
    // Eleven refusals of payments (two of them BillPaid), five of reversals, two of look-ups.
    assert_eq!(counts.len(), 25, "{counts:#?}");
    assert!(counts.values().all(|count| *count >= 5), "{counts:#?}");
}
