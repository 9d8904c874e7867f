//! Two servers over one database, at the same moment.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread;
use std::time::Duration;

use tokio::task::JoinSet;
use ventanilla_domain::{FileKind, PayRefusal, Payment, ReverseRefusal};
use ventanilla_rig::Database;
use ventanilla_service::{
    Accepted, AdminRefusal, ByTokenRefusal, Clock, DeskRefusal, Failure, Rotation, SessionRefusal,
    TokenRefusal,
};
use ventanilla_store::token_digest;

use crate::desk::name;
use crate::world::{
    FIRST_PAYMENT, HOME, PayFailure, Server, at_once, bills_of, company, credentials, database,
    from_environment, new_collector, new_company, payment, waited,
};

const CALLERS: usize = 100;
/// How often a race is run where the environment says nothing.
const ROUNDS: u64 = 40;

/// How long a stop may wait for payments that are under way, in microseconds: less than one lock may be
/// waited for, or it had to be tried again.
const STOP_MAX_US: u64 = 4_000_000;

fn rounds() -> i64 {
    let rounds = from_environment("VENTANILLA_HA_ROUNDS").unwrap_or(ROUNDS);
    i64::try_from(rounds).unwrap()
}

/// Two servers over one database of so many bills.
fn two(bill_count: i64) -> (Database, [Server; 2]) {
    let database = database();
    let one = Server::made(&database.url(), Clock::System, bill_count);
    let other = one.beside(&database.url());
    (database, [one, other])
}

fn years_ago() -> Clock {
    Clock::manual("2021-11-26T16:11:52Z".parse().unwrap())
}

type Paid = Result<Accepted<Payment>, PayFailure>;

/// Pays a bill so often at once, by turns at either server; `key` gives the key of each attempt.
fn pay_at_once(
    servers: &[Server; 2],
    bill: i64,
    key: impl Fn(usize) -> Option<String>,
) -> Vec<Paid> {
    waited(async {
        let mut paying = JoinSet::new();
        for caller in 0..CALLERS {
            let server = servers[caller % 2].clone();
            let request = payment(bill, key(caller).as_deref());
            paying.spawn(async move {
                let paid = server.service.pay_by_token(&server.token, request).await;
                paid.map(|(_, accepted)| accepted)
            });
        }
        paying.join_all().await
    })
}

#[test]
fn of_a_hundred_payments_of_a_bill_over_two_servers_one_is_made() {
    let rounds = 5 * rounds();
    let (_database, servers) = two(rounds);
    let mut ids = BTreeSet::new();
    for bill in 1..=rounds {
        let answers = pay_at_once(&servers, bill, |_| None);
        let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        let [Ok(Accepted { act: made, is_replay: false })] = made.as_slice() else {
            panic!("bill {bill}: {made:?}")
        };
        for refusal in refused {
            let Err(Failure::Refused(ByTokenRefusal::Act(refusal, _))) = refusal else {
                panic!("bill {bill}: {refusal:?}")
            };
            let PayRefusal::BillPaid { existing } = refusal else { panic!("{refusal:?}") };
            assert_eq!(existing.map(|existing| existing.payment), Some(made.id));
        }
        assert!(ids.insert(made.id), "{made:?}");
    }
    for server in &servers {
        // Who waits for a bill decides once, over the bill as it is then.
        assert_eq!(server.service.write_meters().writes_retried.get(), 0);
    }
    assert_eq!(servers[0].verified(), u64::try_from(rounds).unwrap());
}

#[test]
fn one_key_at_two_servers_is_one_payment() {
    let (_database, servers) = two(rounds());
    for bill in 1..=rounds() {
        let answers = pay_at_once(&servers, bill, |_| Some(format!("k{bill}")));
        let made: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
        assert_eq!(made.iter().filter(|made| !made.is_replay).count(), 1, "bill {bill}");
        assert!(made.iter().all(|other| other.act == made[0].act), "bill {bill}");
    }
    // One key for two bills: one of them is paid, the other is told.
    let (_database, servers) = two(2 * rounds());
    for round in 1..=rounds() {
        let key = format!("k{round}");
        let ends = at_once(2, |number| {
            let bill = 2 * round - i64::try_from(number).unwrap();
            servers[number].pay(bill, Some(&key)).map(|made| made.is_replay)
        });
        let reused = |end: &Result<bool, _>| match end {
            Err(Failure::Refused(ByTokenRefusal::Act(PayRefusal::CallerKeyReused, _))) => true,
            Ok(false) => false,
            other => panic!("round {round}: {other:?}"),
        };
        assert_eq!(ends.iter().filter(|end| reused(end)).count(), 1, "round {round}");
    }
    assert_eq!(servers[1].verified(), u64::try_from(rounds()).unwrap());
}

/// That each bill's events take turns: paid, undone, paid, under ids of which none comes twice.
fn check_turns(events: &[(i64, i64, bool)]) {
    let mut standing = std::collections::BTreeMap::new();
    let mut ids = BTreeSet::new();
    for (bill, id, is_reversal) in events {
        if *is_reversal {
            assert_eq!(standing.remove(bill), Some(*id), "bill {bill}");
        } else {
            assert_eq!(standing.insert(*bill, *id), None, "bill {bill} was paid twice");
            assert!(*id >= FIRST_PAYMENT && ids.insert(*id), "{id} was given twice");
        }
    }
}

#[test]
fn what_two_servers_pay_and_reverse_is_sealed_in_an_order_that_could_be() {
    const BILLS: i64 = 3;
    const CALLERS: usize = 8;
    let database = database();
    let one = Server::made(&database.url(), Clock::System, BILLS);
    // Behind by years, so that a reversal here was recorded long before its payment there.
    let behind = one.beside_at(&database.url(), years_ago());
    let servers = [one, behind];
    let done = AtomicI64::new(0);
    at_once(CALLERS, |caller| {
        for round in 0..rounds() {
            let bill = 1 + (round + i64::try_from(caller).unwrap()) % BILLS;
            let (here, there) = (&servers[caller % 2], &servers[(caller + 1) % 2]);
            let Ok(made) = here.pay(bill, None) else { continue };
            done.fetch_add(2, Ordering::SeqCst);
            let undone = there.reverse(&made.act, None);
            assert!(matches!(undone, Ok(false)), "{undone:?}");
        }
    });
    let count = servers[0].verified();
    let events = servers[1].events();
    check_turns(&events);
    let done = done.into_inner();
    assert!(done > 0 && i64::try_from(events.len()).unwrap() == done, "{done}");
    assert_eq!(i64::try_from(count).unwrap() * 2, done);
}

/// Has two servers pay bill after bill while `stop` is done at the first; nothing is paid once that has
/// returned. `is_refusal` tells what a payment hears then.
fn check_stopped(
    servers: &[Server; 2],
    next_bill: &AtomicI64,
    stop: impl Fn(),
    is_refusal: impl Fn(&PayFailure) -> bool + Sync,
) {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for server in servers.iter().chain(servers).cycle().take(8) {
            let (is_over, is_refusal) = (&is_over, &is_refusal);
            scope.spawn(move || {
                let next = || next_bill.fetch_add(1, Ordering::SeqCst);
                let mut bill = next();
                while !is_over.load(Ordering::SeqCst) {
                    match server.pay(bill, None) {
                        Ok(_) => bill = next(),
                        Err(failure) => assert!(is_refusal(&failure), "bill {bill}: {failure:?}"),
                    }
                }
            });
        }
        thread::sleep(Duration::from_millis(30));
        let clock = servers[0].service.clock();
        let start_us = clock.elapsed_us();
        stop();
        let took_us = clock.elapsed_us() - start_us;
        assert!(took_us < STOP_MAX_US, "who pays kept a stop waiting for {took_us} microseconds");
        let stopped = servers[1].events().len();
        thread::sleep(Duration::from_millis(30));
        is_over.store(true, Ordering::SeqCst);
        assert!(stopped > 0, "nothing was paid before");
        let paid = servers[1].events().len();
        assert_eq!(paid, stopped, "something was paid after the stop had returned");
    });
}

#[test]
fn what_is_forbidden_at_one_server_is_not_done_at_the_other_from_the_return_on() {
    let (_database, mut servers) = two(20_000);
    let next_bill = AtomicI64::new(1);
    for _ in 0..6 {
        let disable = || drop(waited(servers[0].service.disable_collector(company(), "banco")));
        check_stopped(&servers, &next_bill, disable, |failure| {
            matches!(failure, Failure::Refused(ByTokenRefusal::Token(TokenRefusal::Disabled)))
        });
        waited(servers[1].service.enable_collector(company(), "banco")).unwrap();
        let token = waited(servers[0].service.issue_token(&credentials("banco"), HOME)).unwrap();
        for server in &mut servers {
            server.token.clone_from(&token.token);
        }

        let service = servers[0].service.clone();
        let set = |hours: &str| {
            let setting = vec![("hours".to_owned(), hours.to_owned())];
            drop(waited(service.set_company(company(), setting)).unwrap());
        };
        // An hour that is not now.
        let now =
            service.clock().now().to_zoned(jiff::tz::TimeZone::get("America/La_Paz").unwrap());
        let closed = if now.hour() < 12 { "20:00-21:00" } else { "01:00-02:00" };
        check_stopped(
            &servers,
            &next_bill,
            || set(closed),
            |failure| {
                let refusal = PayRefusal::OutsideHours;
                matches!(failure, Failure::Refused(ByTokenRefusal::Act(told, _)) if *told == refusal)
            },
        );
        set("none");
    }
    servers[0].verified();
}

#[test]
fn a_window_that_is_closed_at_one_server_reverses_nothing_at_the_other() {
    let (database, servers) = two(1);
    let behind = servers[0].beside_at(&database.url(), years_ago());
    let made = behind.pay(1, None).unwrap().act;
    let days = vec![("reversal_days".to_owned(), "1".to_owned())];
    waited(servers[0].service.set_company(company(), days)).unwrap();
    let refused = servers[1].reverse(&made, None);
    let refusal = ReverseRefusal::WindowOver;
    assert!(
        matches!(&refused, Err(Failure::Refused(ByTokenRefusal::Act(told, _))) if *told == refusal),
        "{refused:?}"
    );
}

/// A file of the same bills, every other a hundred more.
fn changed_bills(bill_count: i64) -> String {
    let amount = |bill: i64| if bill % 2 == 0 { bill } else { bill + 10_000 };
    bills_of((1..=bill_count).map(|bill| (bill, amount(bill))))
}

#[test]
fn a_file_at_one_server_and_payments_at_the_other_leave_books_that_agree() {
    const BILLS: i64 = 3_000;
    let (_database, servers) = two(BILLS);
    let is_over = AtomicBool::new(false);
    let paid = thread::scope(|scope| {
        let (payer, is_over) = (&servers[1], &is_over);
        let pay = |caller: i64| {
            let own = (1 + caller..=BILLS).step_by(4);
            let own = own.take_while(|_| !is_over.load(Ordering::SeqCst));
            own.filter(|bill| payer.pay(*bill, None).is_ok()).count()
        };
        let paying: Vec<_> = (0..4).map(|caller| scope.spawn(move || pay(caller))).collect();
        let totals = servers[0].import(FileKind::Bills, &changed_bills(BILLS));
        is_over.store(true, Ordering::SeqCst);
        assert!(totals.changed.count > 0 && totals.paid > 0, "{totals:?}");
        paying.into_iter().map(|caller| caller.join().unwrap()).sum::<usize>()
    });
    assert_eq!(servers[1].verified(), u64::try_from(paid).unwrap());
    check_turns(&servers[0].events());
}

#[test]
fn what_a_server_that_died_had_leased_is_sealed_by_another() {
    let (_database, [one, other]) = two(2);
    one.pay(1, None).unwrap();
    let unsealed = |server: &Server| server.store.verify().unwrap().unsealed;
    let wait_until_sealed = |server: &Server| {
        for _ in 0..1_000 {
            if unsealed(server) == 0 {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("nobody seals");
    };
    wait_until_sealed(&one);
    // It dies without a word: its lease is what it was.
    one.service.shut_down();
    drop(one);
    other.pay(2, None).unwrap();
    assert_eq!(unsealed(&other), 1);
    wait_until_sealed(&other);
    assert_eq!(other.verified(), 2);
}

#[test]
fn what_is_added_at_two_servers_at_once_is_added_twice() {
    let (_database, servers) = two(1);
    waited(servers[0].service.add_company(new_company(14))).unwrap();
    for round in 0..rounds() {
        let added = at_once(2, |number| {
            let company = if number == 0 { company() } else { new_company(14).id };
            let name = format!("caja-{round}-{number}");
            let added = servers[number].service.add_collector(new_collector(company, &name));
            let (collector, _) = waited(added).unwrap();
            (collector, credentials(&name))
        });
        for (collector, credentials) in added {
            let issued = waited(servers[1].service.issue_token(&credentials, HOME));
            let issued = issued.map(|issued| (issued.collector, issued.company));
            assert_eq!(issued, Ok((collector.id, collector.company)), "round {round}");
        }
        let name = format!("misma-{round}");
        let added = at_once(2, |number| {
            waited(servers[number].service.add_collector(new_collector(company(), &name))).map(drop)
        });
        assert!(added.contains(&Ok(())), "round {round}: {added:?}");
        assert!(added.contains(&Err(Failure::Refused(AdminRefusal::CollectorExists))), "{added:?}");
    }
    servers[0].verified();
}

#[test]
fn no_token_outlives_the_secret_it_was_issued_for() {
    let (_database, servers) = two(1);
    let new = new_collector(company(), "caja");
    let (_, mut current) = waited(servers[0].service.add_collector(new)).unwrap();
    for round in 0..rounds() {
        let (rotated, issued) = thread::scope(|scope| {
            let issuing = scope.spawn(|| waited(servers[1].service.issue_token(&current, HOME)));
            let service = &servers[0].service;
            let rotated = waited(service.rotate_collector(company(), "caja", Rotation::Now));
            (rotated.unwrap(), issuing.join().unwrap())
        });
        if let Ok(issued) = issued {
            let found = servers[1].service.session(&issued.token).map(|_| ());
            assert_eq!(found, Err(Failure::Refused(TokenRefusal::Unknown)), "round {round}");
        }
        current.password = rotated.password;
    }
}

#[test]
fn who_acts_in_a_transaction_of_its_own_is_not_disabled_meanwhile() {
    let (_database, [one, other]) = two(1);
    let mut tx = other.store.begin().unwrap();
    let bearer = tx.bearer(&token_digest(&one.token)).unwrap().unwrap();
    assert!(bearer.is_active);
    thread::scope(|scope| {
        let disable = || waited(one.service.disable_collector(company(), "banco")).unwrap();
        let disabling = scope.spawn(disable);
        thread::sleep(Duration::from_millis(300));
        assert!(!disabling.is_finished(), "it may still pay");
        drop(tx);
        disabling.join().unwrap();
    });
    let mut tx = other.store.begin().unwrap();
    assert!(!tx.bearer(&token_digest(&one.token)).unwrap().unwrap().is_active);
}

#[test]
fn who_signs_in_at_one_server_is_signed_in_at_all_and_out_at_all() {
    let (_database, [one, other]) = two(1);
    let key = one.open_desk();
    let caller = other.user(&key).unwrap();
    let made = other.pay_out(&caller, 100, "k").unwrap();
    assert_eq!(one.pay_out(&caller, 100, "k"), Ok(made), "one key is one payout");
    waited(one.service.disable_user(&name("a"))).unwrap();
    let over = Err(Failure::Refused(DeskRefusal::SessionOver));
    assert_eq!(other.pay_out(&caller, 200, "l"), over);
    assert_eq!(other.user(&key).map(drop), Err(Failure::Refused(SessionRefusal)));
    waited(other.service.enable_user(&name("a"))).unwrap();
    assert_eq!(one.user(&key).map(drop), Err(Failure::Refused(SessionRefusal)), "it ended");
    assert_eq!(other.verified(), 0);
}
