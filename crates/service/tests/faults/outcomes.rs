//! What callers hear: of a commit whose outcome is lost, and of books that cannot be read.

use std::sync::atomic::{AtomicUsize, Ordering};

use ventanilla_service::Failure;
use ventanilla_store::{CommitError, FaultPoint, StoreError};

use crate::world::{World, company, world};

#[tokio::test]
async fn an_unknown_payment_is_told_so_and_its_repeat_tells_what_became_of_it() {
    for (point, is_kept) in [(FaultPoint::Commit, false), (FaultPoint::Committed, true)] {
        let world = world(2).await;
        let mut is_due = true;
        world.fail(move |asked| {
            let fails = asked == point && std::mem::take(&mut is_due);
            let lost = || CommitError::Unknown(StoreError::Unreachable("cut off".into()));
            if fails { Err(lost()) } else { Ok(()) }
        });
        assert_eq!(world.pay(1, Some("k")).await, Err(Failure::Unknown));
        let repeated = world.pay(1, Some("k")).await.unwrap();
        assert_eq!((repeated.is_replay, repeated.act.id.to_i64()), (is_kept, 2), "{point:?}");
        world.kept();
        let events = world.service.events_after(company(), 0, 9).unwrap();
        assert_eq!(events.len(), 2, "bill 9, and bill 1 once");
    }
}

type Read = fn(&World) -> Option<bool>;

/// Whether it was read; `None` of any failure but [`Failure::Unavailable`].
fn outcome<T, R>(read: &Result<T, Failure<R>>) -> Option<bool> {
    match read {
        Ok(_) => Some(true),
        Err(Failure::Unavailable) => Some(false),
        Err(_) => None,
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_unavailable_and_one_lost_connection_is_looked_past() {
    type Cause = fn() -> StoreError;
    let cases: [(Cause, usize, bool); 4] = [
        (|| StoreError::Again("cut off".into()), 1, true),
        (|| StoreError::Again("cut off".into()), 2, false),
        (|| StoreError::Unreachable("no route".into()), 1, false),
        (|| StoreError::Busy("others".into()), 1, false),
    ];
    let reads: [(&str, Read); 5] = [
        ("session", |world| outcome(&world.service.session(&world.token))),
        ("companies", |world| outcome(&world.service.companies())),
        ("payment", |world| outcome(&world.service.payment_to_print(company(), world.paid.id))),
        ("events", |world| outcome(&world.service.events_after(company(), 0, 9))),
        ("trail", |world| {
            outcome(&world.service.visit_trail(Some(company()), &|_| true, &mut |_| true))
        }),
    ];
    let world = world(1).await;
    for (cause, times, is_read) in cases {
        for (name, read) in reads {
            let left = AtomicUsize::new(times);
            world.fail(move |point| {
                let is_read = point == FaultPoint::Snapshot;
                let take = |left: usize| left.checked_sub(1);
                let order = Ordering::SeqCst;
                if is_read && left.fetch_update(order, order, take).is_ok() {
                    return Err(CommitError::Nothing(cause()));
                }
                Ok(())
            });
            assert_eq!(read(&world), Some(is_read), "{name}: {:?} {times}", cause());
            assert_eq!(read(&world), Some(true), "{name}: it goes on by itself");
        }
    }
}
