//! The workload and the auditor over a service in memory, and over answers that are wrong.

use jiff::Timestamp;
use ventanilla_domain::{
    Company, CompanyId, Currency, Money, Name, PaymentId, PayoutReverseRefusal, TimeZone,
};
use ventanilla_service::{
    Clock, DeskRefusal, Entropy, Failure, NewCompany, PayoutState, Service, Settings, SupplierState,
};
use ventanilla_store::{Keys, Store};

use crate::payables::{Auditor, Outcome, Staff, Step, Workload, apply};

/// Acts of a log: enough that each kind of answer is among them.
const STEPS: usize = 500;

fn start() -> Timestamp {
    "2021-11-26T12:00:00Z".parse().unwrap()
}

/// A log of acts and what came of them.
struct Log {
    companies: [Company; 2],
    staff: Staff,
    acts: Vec<(Step, Outcome)>,
}

impl Log {
    fn of(seed: u64) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(Self::made(seed))
    }

    async fn made(seed: u64) -> Self {
        let store = Store::memory(Keys::from_random([7; 64]));
        let (clock, settings) = (Clock::manual(start()), Settings::default());
        let service = Service::start(store.clone(), clock, Entropy::counted(1), settings).unwrap();
        let first = service.add_company(company(1)).await.unwrap();
        let companies = [first, service.add_company(company(2)).await.unwrap()];
        let staff = Staff::enlisted(&service, &store, companies.each_ref().map(|it| it.id));
        let staff = staff.await.unwrap();
        let mut workload = Workload::new(seed, start(), &staff, companies.each_ref());
        let mut acts = Vec::new();
        for _ in 0..STEPS {
            let step = workload.next_step();
            let outcome = apply(&service, &staff.callers, &step).await;
            workload.learn(&step, &outcome);
            acts.push((step, outcome));
        }
        Self { companies, staff, acts }
    }

    /// What an auditor finds where an answer is altered: the first one that can be.
    fn findings(&self, alter: impl Fn(&mut Outcome) -> bool) -> Vec<String> {
        let mut auditor = Auditor::new(&self.staff, self.companies.each_ref());
        let mut is_altered = false;
        for (step, outcome) in &self.acts {
            let mut outcome = outcome.clone();
            is_altered = is_altered || alter(&mut outcome);
            auditor.observe(step, &outcome);
        }
        auditor.findings().to_vec()
    }
}

fn company(id: i64) -> NewCompany {
    NewCompany {
        id: CompanyId::from_i64(id).unwrap(),
        name: Name::from_text("Cooperativa").unwrap(),
        currency: Currency::BOB,
        time_zone: TimeZone::from_name("America/La_Paz").unwrap(),
        first_payment: PaymentId::FIRST,
    }
}

fn add_one(amount: &mut Money) -> bool {
    *amount = Money::from_minor(amount.to_minor() + 1, amount.currency());
    true
}

#[test]
fn a_log_is_the_same_for_the_same_seed_and_has_no_findings() {
    for seed in 0..4 {
        let (log, again) = (Log::of(seed), Log::of(seed));
        assert_eq!(log.acts, again.acts);
        assert_eq!(log.findings(|_| false), [] as [String; 0], "seed {seed}");
    }
    assert_ne!(Log::of(1).acts, Log::of(2).acts);
}

#[test]
fn one_wrong_answer_is_found() {
    type Alter = fn(&mut Outcome) -> bool;
    let alterations: [(&str, Alter); 8] = [
        ("a supplier's balance", |outcome| match outcome {
            Outcome::ReadSupplier(Ok(Some(Some(SupplierState { balance, .. })))) => {
                add_one(balance)
            }
            _ => false,
        }),
        ("what is settled of an invoice", |outcome| match outcome {
            Outcome::ReadInvoice(Ok(Some(Some(state)))) => add_one(&mut state.applied),
            _ => false,
        }),
        ("a payout that is undone", |outcome| match outcome {
            Outcome::ReadPayout(Ok(Some(Some(state)))) => {
                let PayoutState { is_reversed, .. } = &mut **state;
                *is_reversed = !*is_reversed;
                true
            }
            _ => false,
        }),
        ("an invoice that a list leaves out", |outcome| match outcome {
            Outcome::ListInvoices(Ok(Some(invoices))) => invoices.pop().is_some(),
            _ => false,
        }),
        ("an id given twice", |outcome| match outcome {
            Outcome::MakePayout(Ok(made)) if made.act.id.to_i64() > 1 => {
                let before = made.act.id.to_i64() - 1;
                made.act.id = ventanilla_domain::PayoutId::from_i64(before).unwrap();
                true
            }
            _ => false,
        }),
        ("a repeat that is told as new", |outcome| match outcome {
            Outcome::MakePayout(Ok(made)) => std::mem::replace(&mut made.is_replay, false),
            _ => false,
        }),
        ("a reversal that is refused", |outcome| {
            let refusal = DeskRefusal::Act(PayoutReverseRefusal::AlreadyReversed);
            let is_made = matches!(outcome, Outcome::ReversePayout(Ok(_)));
            if is_made {
                *outcome = Outcome::ReversePayout(Err(Failure::Refused(refusal)));
            }
            is_made
        }),
        ("a desk for whom there is none", |outcome| match outcome {
            Outcome::ListPayouts(Ok(seen @ None)) => {
                *seen = Some(None);
                true
            }
            _ => false,
        }),
    ];
    let logs: Vec<_> = (0..3).map(Log::of).collect();
    for (altered, alter) in alterations {
        let found = logs.iter().filter(|log| !log.findings(alter).is_empty()).count();
        assert!(found > 0, "{altered} was not found");
    }
}
