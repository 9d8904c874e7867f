//! The auditor of the window notices each way in which its answers could be wrong.

use ventanilla_domain::{Currency, Money, WindowReceiptRefusal};
use ventanilla_service::{Failure, OfficeRefusal};
use ventanilla_sim::window::Outcome;
use ventanilla_sim::{Auditor, World, window};

use super::mixed::House;
use super::start;

const STEPS: usize = 400;

/// What becomes of an answer; a defect changes some of them.
type Defect = fn(Outcome) -> Outcome;

const DEFECTS: [(&str, Defect); 8] = [
    ("a receipt is rounded otherwise", |mut outcome| {
        if let Outcome::Take(Ok(accepted)) = &mut outcome {
            accepted.act.receipt.rounding = more(accepted.act.receipt.rounding);
        }
        outcome
    }),
    ("a bill of a receipt is left out", |mut outcome| {
        if let Outcome::Take(Ok(accepted)) = &mut outcome {
            accepted.act.payments.pop();
        }
        outcome
    }),
    ("a repeat is taken for a new receipt", |mut outcome| {
        if let Outcome::Take(Ok(accepted)) = &mut outcome {
            accepted.is_replay = false;
        }
        outcome
    }),
    ("what is right is refused", |outcome| match outcome {
        Outcome::Take(Ok(_)) => {
            let refusal = OfficeRefusal::Act(WindowReceiptRefusal::NoBills);
            Outcome::Take(Err(Failure::Refused(refusal)))
        }
        outcome => outcome,
    }),
    ("money is given back from nowhere", |mut outcome| {
        if let Outcome::Reverse(Ok(undone)) = &mut outcome
            && let Some(reversal) = &mut undone.reversal
        {
            reversal.drawer = None;
        }
        outcome
    }),
    ("a drawer got more than went through it", |mut outcome| {
        if let Outcome::Close(Ok(drawer)) = &mut outcome {
            drawer.figures.cash.taken.amount = more(drawer.figures.cash.taken.amount);
        }
        outcome
    }),
    ("a remittance is of more", |mut outcome| {
        if let Outcome::Remit(Ok(accepted)) = &mut outcome {
            accepted.act.amount = more(accepted.act.amount);
        }
        outcome
    }),
    ("a collector holds more", |mut outcome| {
        if let Outcome::SeeHeld(Ok(held)) = &mut outcome {
            held[0].1 = more(held[0].1);
        }
        outcome
    }),
];

fn more(money: Money) -> Money {
    Money::from_minor(money.to_minor() + 1, Currency::BOB)
}

/// What the auditor finds in answers that went through a defect.
async fn findings(defect: Defect) -> Vec<String> {
    let world = World::new(1, 60, 5);
    let house = House::in_memory(&world).await;
    let (bills, officers) = (world.known_bills(), &house.officers);
    let collectors = house.callers.iter().map(|caller| caller.collector).collect();
    let mut auditor = Auditor::new(&house.callers, bills.clone()).with_window(officers);
    let mut till = window::Workload::new(1, officers, collectors, bills);
    for _ in 0..STEPS {
        let step = till.next_step(start());
        let outcome = window::apply(&house.service, officers, &step).await;
        till.learn(&step, &outcome);
        auditor.observe_window(&step, &defect(outcome));
    }
    house.service.shut_down();
    auditor.findings().to_vec()
}

#[tokio::test]
async fn the_auditor_is_content_with_a_sound_window_and_with_no_other() {
    assert_eq!(findings(|outcome| outcome).await, [] as [String; 0]);
    for (name, defect) in DEFECTS {
        assert!(!findings(defect).await.is_empty(), "{name}");
    }
}
