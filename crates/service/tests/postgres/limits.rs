//! What a collector may hold, where several servers take payments for it.

use ventanilla_domain::PayRefusal;
use ventanilla_service::{ByTokenRefusal, Clock, Failure, LimitChange, LimitChanges};

use crate::world::{PayFailure, Server, at_once, company, database, waited};

fn limit(server: &Server, held_max: i64) {
    let held_max = LimitChange::Set(held_max);
    let changes = LimitChanges { payment_max: LimitChange::Keep, held_max };
    waited(server.service.limit_collector(company(), "banco", changes)).unwrap();
}

fn is_full(failure: &PayFailure) -> bool {
    let full = PayRefusal::HeldAboveLimit;
    matches!(failure, Failure::Refused(ByTokenRefusal::Act(told, _)) if *told == full)
}

#[test]
fn two_servers_never_pass_together_what_a_collector_may_hold() {
    const BILLS: i64 = 400;
    const CALLERS: i64 = 8;
    const HELD_MAX: i64 = 50_000;
    let database = database();
    let one = Server::made(&database.url(), Clock::System, BILLS);
    let other = one.beside(&database.url());
    limit(&one, HELD_MAX);
    let servers = [one, other];
    let told = at_once(CALLERS.try_into().unwrap(), |caller| {
        let server = &servers[caller % 2];
        let first = 1 + i64::try_from(caller).unwrap();
        let step = CALLERS.try_into().unwrap();
        let (mut held, mut refused) = (0, Vec::new());
        for bill in (first..=BILLS).step_by(step) {
            match server.pay(bill, None) {
                // Some of it is undone, at the other server.
                Ok(made) if bill % 5 == 0 => {
                    let undone = servers[(caller + 1) % 2].reverse(&made.act, None);
                    assert!(matches!(undone, Ok(false)), "{undone:?}");
                }
                Ok(made) => held += made.act.amount.to_minor(),
                Err(failure) if is_full(&failure) => refused.push(bill),
                Err(failure) => panic!("bill {bill}: {failure:?}"),
            }
        }
        (held, refused)
    });
    let held: i64 = told.iter().map(|(held, _)| held).sum();
    let refused: Vec<i64> = told.into_iter().flat_map(|(_, refused)| refused).collect();
    assert!(held <= HELD_MAX, "{held}");
    assert!(!refused.is_empty());
    // What was undone is not held: there is room for it now, and for nothing more.
    let left = HELD_MAX - held;
    for bill in refused.iter().rev().take(20) {
        let paid = servers[0].pay(*bill, None);
        assert_eq!(paid.is_ok(), *bill <= left, "{bill} of {left}");
        if let Ok(made) = paid {
            servers[1].reverse(&made.act, None).unwrap();
        }
    }
    servers[0].verified();
}

#[test]
fn no_payment_counts_twice_or_not_at_all_while_it_gets_its_place_in_the_journal() {
    const BILLS: i64 = 300;
    let database = database();
    let one = Server::made(&database.url(), Clock::System, BILLS);
    let other = one.beside(&database.url());
    let servers = [one, other];
    // There is room for all bills but the first, to the last hundredth.
    limit(&servers[0], (2..=BILLS).sum());
    for (bill, server) in (2..=BILLS).zip(servers.iter().cycle()) {
        let paid = server.pay(bill, None);
        assert!(paid.is_ok(), "bill {bill}: {paid:?}");
    }
    for server in &servers {
        let failure = server.pay(1, None).unwrap_err();
        assert!(is_full(&failure), "{failure:?}");
    }
    assert_eq!(servers[0].verified(), u64::try_from(BILLS - 1).unwrap());
}

#[test]
fn a_limit_set_at_one_server_binds_the_other_from_the_return_on() {
    let database = database();
    let one = Server::made(&database.url(), Clock::System, 40);
    let other = one.beside(&database.url());
    for bill in 1..=20 {
        // The other remembers whose the token is.
        other.pay(bill, None).unwrap();
        limit(&one, 1);
        assert!(is_full(&other.pay(bill + 20, None).unwrap_err()), "bill {bill}");
        limit(&one, 1_000_000);
    }
}
