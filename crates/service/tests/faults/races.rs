//! Several writers at once.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use ventanilla_domain::PayRefusal;
use ventanilla_service::{Accepted, ActRecord, Failure};
use ventanilla_store::FaultPoint;

use crate::world::{again, company, world};

/// Runs work on so many threads of their own at once.
fn at_once(threads: usize, work: impl Fn(usize) + Sync) {
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let work = &work;
            scope.spawn(move || work(thread));
        }
    });
}

fn waited<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

#[test]
fn of_many_payments_of_a_bill_over_several_writers_one_wins() {
    let world = waited(world(4));
    let mut asked = 0;
    world.fail(move |point| {
        asked += 1;
        let fails = asked % 11 == 0 && point != FaultPoint::Committed;
        if fails { again() } else { Ok(()) }
    });
    let accepted = Mutex::new(Vec::new());
    at_once(8, |thread| {
        for bill in 1..=6 {
            let key = format!("{thread}-{bill}");
            let paid = loop {
                match waited(world.pay(bill, Some(&key))) {
                    Err(Failure::Unavailable) => {}
                    answered => break answered,
                }
            };
            match paid {
                Ok(Accepted { act, is_replay: false }) => accepted.lock().unwrap().push(act),
                Err(Failure::Refused(PayRefusal::BillPaid { .. })) => {}
                other => panic!("{other:?}"),
            }
        }
    });
    world.kept();
    let mut accepted = accepted.into_inner().unwrap();
    accepted.sort_by_key(|payment| payment.bill);
    let bills: Vec<_> = accepted.iter().map(|payment| payment.bill.to_i64()).collect();
    assert_eq!(bills, [1, 2, 3, 4, 5, 6]);
    let mut ids: Vec<_> = accepted.iter().map(|payment| payment.id.to_i64()).collect();
    ids.sort_unstable();
    assert_eq!(ids, [2, 3, 4, 5, 6, 7], "after the one of bill 9");
    assert!(world.service.write_meters().writes_retried.get() > 0);
    world.service.shut_down();
}

#[test]
fn payments_and_reversals_over_several_writers_leave_books_that_agree() {
    let world = waited(world(3));
    let (paid, reversed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    at_once(6, |thread| {
        for round in 0..30 {
            let key = format!("{thread}-{round}");
            let Ok(payment) = waited(world.pay(1, Some(&key))) else { continue };
            paid.fetch_add(1, Ordering::SeqCst);
            let command = world.reversal(&payment.act, &format!("r{key}"));
            waited(world.service.reverse(&world.bank, command)).unwrap();
            reversed.fetch_add(1, Ordering::SeqCst);
        }
    });
    world.kept();
    let (paid, reversed) = (paid.into_inner(), reversed.into_inner());
    assert!(paid > 0 && paid == reversed, "{paid} {reversed}");
    let events = world.service.events_after(company(), 0, 1_000).unwrap();
    assert_eq!(events.len(), 1 + paid + reversed);
}

#[tokio::test]
async fn the_trail_keeps_its_order_though_commands_may_overtake_each_other() {
    for writers in [1, 4] {
        let world = world(writers).await;
        let meters = world.service.write_meters();
        let commits = || (meters.batch_len.read().count, meters.batch_len.read().sum);
        let before = commits();
        // More than a row holds, several times.
        (1..=2_000).for_each(|number| world.service.note(world.act(number)));
        world.service.flush_trail();
        let mut told = Vec::new();
        let bills = &mut |act: ActRecord<'static>| {
            told.extend(act.bill);
            true
        };
        world.service.visit_trail(Some(company()), &|_| true, bills).unwrap();
        assert_eq!(told, (1..=2_000).collect::<Vec<_>>(), "{writers} writers");
        if writers > 1 {
            let after = commits();
            assert_eq!((after.0 - before.0, after.1 - before.1), (4, 4), "row after row");
        }
    }
}
