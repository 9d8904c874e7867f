//! What a collector may take, and what it holds: every store keeps and tells it alike.

use ventanilla_domain::{CollectorId, CollectorLimits, Event, Money, Payment};
use ventanilla_store::{CollectorRecord, StoreError, TokenRecord, Wanted, WantedAct, WantedBearer};

use crate::window::{handed_back, remittance, remittance_reversed, remitted};
use crate::world::{
    COLLECTOR, World, bob, database, each_store, id, in_postgres, instant, limits_of, reversal_of,
};

const DIGEST: [u8; 32] = [5; 32];

fn collector(number: i64) -> CollectorId {
    id(CollectorId::from_i64, number)
}

fn record(world: &World, number: i64) -> CollectorRecord {
    world.store.snapshot().unwrap().view().collector(collector(number)).unwrap().unwrap()
}

fn limit(world: &World, number: i64, limits: CollectorLimits) {
    let mut tx = world.store.begin().unwrap();
    tx.put_collector(CollectorRecord { limits, ..record(world, number) }).unwrap();
    tx.commit().unwrap();
}

fn sign_in(world: &World) {
    let mut tx = world.store.begin().unwrap();
    let (collector, expires_at) = (collector(COLLECTOR), instant());
    tx.put_token(TokenRecord { digest: DIGEST, collector, issued_at: None, expires_at }).unwrap();
    tx.commit().unwrap();
}

#[test]
fn limits_are_read_with_whoever_has_them_and_change() {
    each_store(|world| {
        sign_in(world);
        assert_eq!(record(world, COLLECTOR + 1).limits, limits_of(COLLECTOR + 1));
        let most = bob(Money::PAYABLE_MAX_MINOR);
        for (payment_max, held_max) in
            [(None, None), (Some(bob(1)), None), (None, Some(most)), (Some(most), Some(bob(1)))]
        {
            let limits = CollectorLimits::new(payment_max, held_max).unwrap();
            limit(world, COLLECTOR, limits);
            let changed = record(world, COLLECTOR);
            assert_eq!(changed.limits, limits);
            let snapshot = world.store.snapshot().unwrap();
            let view = snapshot.view();
            let by_code = view.collector_by_code(&changed.code_digest).unwrap().unwrap();
            assert_eq!(by_code.limits, limits);
            let all = view.collectors().unwrap().into_iter().map(|record| record.limits);
            assert_eq!(all.collect::<Vec<_>>(), [limits, limits_of(COLLECTOR + 1)]);
            assert_eq!(view.bearer(&DIGEST).unwrap().unwrap().limits, limits);
            let mut tx = world.store.begin().unwrap();
            assert_eq!(tx.bearer(&DIGEST).unwrap().unwrap().limits, limits);
        }
        assert_eq!(world.store.verify().unwrap().findings, Vec::<String>::new());
    });
}

#[test]
fn what_is_held_is_told_as_the_transaction_leaves_it_so_far() {
    each_store(|world| {
        let company = world.company();
        let payment = world.payment(world.next_payment(), 2, None);
        let mut tx = world.store.begin().unwrap();
        let mut check = |event: Option<Event>, held: i64| {
            if let Some(event) = event {
                tx.append(company.id, event, instant()).unwrap();
            }
            let told = [1, 2].map(|of| tx.held_by(&company, collector(of)).unwrap().to_minor());
            assert_eq!(told, [held, 0]);
        };
        check(None, 0);
        check(Some(Event::PaymentMade(Box::new(payment.clone()))), 200);
        check(Some(remitted(&remittance(1))), -100);
        check(Some(remittance_reversed(&handed_back(&remittance(1)))), 200);
        check(Some(Event::PaymentReversed(Box::new(reversal_of(&payment, None)))), 0);
        tx.commit().unwrap();
        world.pay(3, None);
        let mut tx = world.store.begin().unwrap();
        let mut held = || tx.held_by(&company, collector(COLLECTOR)).unwrap();
        assert_eq!([held(), held()], [bob(300); 2], "of what was committed before too");
    });
}

fn paying(bill: i64, bearer: WantedBearer) -> Wanted {
    let code = ventanilla_domain::ContractCode::from_text("345").unwrap();
    let act = WantedAct::Pay(code, id(ventanilla_domain::BillId::from_i64, bill));
    Wanted { bearer, act, key: None }
}

/// Pays or reverses in a group of its own, as collectors do; what the collector held before and after.
fn in_group(world: &World, wanted: &Wanted, event: impl FnOnce(&World) -> Event) -> [i64; 2] {
    let (company, of) = (world.company(), collector(COLLECTOR));
    let (wanted, event) = ([Some(wanted)], event(world));
    let groups = world.store.groups(&wanted).unwrap();
    let mut tx = world.store.begin_group(&groups[0], &wanted).unwrap();
    let before = tx.held_by(&company, of).unwrap().to_minor();
    let event = match (event, tx.next_payment(company.id)) {
        (Event::PaymentMade(payment), Ok(Some(next))) => {
            Event::PaymentMade(Box::new(Payment { id: next, ..*payment }))
        }
        (event, _) => event,
    };
    tx.append(company.id, event, instant()).unwrap();
    let after = tx.held_by(&company, of).unwrap().to_minor();
    tx.commit().unwrap();
    [before, after]
}

#[test]
fn a_group_sees_what_was_paid_whether_it_has_its_place_in_the_journal_or_not() {
    each_store(|world| {
        sign_in(world);
        limit(world, COLLECTOR, CollectorLimits::new(None, Some(bob(1_000))).unwrap());
        let by_token = WantedBearer::Token(DIGEST);
        let by_id = WantedBearer::Collector(world.company().id, collector(COLLECTOR));
        let pay = |bill| {
            move |world: &World| {
                Event::PaymentMade(Box::new(world.payment(world.next_payment(), bill, None)))
            }
        };
        for bearer in [by_token, by_id] {
            let mut held = 0;
            for (bill, is_settled) in [(1, false), (2, true), (3, false)] {
                let next = held + bill * 100;
                let told = in_group(world, &paying(bill, bearer), pay(bill));
                assert_eq!(told, [held, next], "bill {bill}");
                held = next;
                if is_settled {
                    world.store.settle().unwrap();
                }
            }
            for bill in [1, 2, 3] {
                let company = world.company();
                let snapshot = world.store.snapshot().unwrap();
                let kept = snapshot.view();
                let kept =
                    kept.bill(&company, world.version(bill).contract, world.version(bill).bill);
                let paid_by = kept.unwrap().unwrap().paid_by.unwrap();
                let payment = snapshot.view().payment(&company, paid_by).unwrap().unwrap();
                drop(snapshot);
                let mut tx = world.store.begin().unwrap();
                let event = Event::PaymentReversed(Box::new(reversal_of(&payment, None)));
                tx.append(company.id, event, instant()).unwrap();
                tx.commit().unwrap();
            }
        }
        assert_eq!(world.store.verify().unwrap().findings, Vec::<String>::new());
    });
}

#[test]
fn what_a_group_reverses_is_held_no_more_in_it_and_in_the_next() {
    each_store(|world| {
        sign_in(world);
        limit(world, COLLECTOR, CollectorLimits::new(None, Some(bob(1_000))).unwrap());
        let (company, bearer) = (world.company(), WantedBearer::Token(DIGEST));
        let pay = |bill| {
            move |world: &World| {
                Event::PaymentMade(Box::new(world.payment(world.next_payment(), bill, None)))
            }
        };
        assert_eq!(in_group(world, &paying(3, bearer), pay(3)), [0, 300]);
        let version = world.version(3);
        let snapshot = world.store.snapshot().unwrap();
        let bill = snapshot.view().bill(&company, version.contract, version.bill).unwrap();
        let paid_by = bill.unwrap().paid_by.unwrap();
        let payment = snapshot.view().payment(&company, paid_by).unwrap().unwrap();
        drop(snapshot);
        // Beside a payment, so that what is held is asked for.
        let reversing = Wanted { bearer, act: WantedAct::Reverse(paid_by), key: None };
        let paying_too = paying(1, bearer);
        let wanted = [Some(&paying_too), Some(&reversing)];
        let groups = world.store.groups(&wanted).unwrap();
        let mut tx = world.store.begin_group(&groups[0], &wanted).unwrap();
        let of = collector(COLLECTOR);
        assert_eq!(tx.held_by(&company, of).unwrap(), bob(300));
        let event = Event::PaymentReversed(Box::new(reversal_of(&payment, None)));
        tx.append(company.id, event, instant()).unwrap();
        assert_eq!(tx.held_by(&company, of).unwrap(), bob(0));
        tx.commit().unwrap();
        assert_eq!(in_group(world, &paying(2, bearer), pay(2)), [0, 200]);
        assert_eq!(world.store.verify().unwrap().findings, Vec::<String>::new());
    });
}

#[test]
fn of_a_collector_without_a_limit_a_group_asks_nothing() {
    each_store(|world| {
        sign_in(world);
        let wanted = paying(1, WantedBearer::Token(DIGEST));
        let wanted = [Some(&wanted)];
        let groups = world.store.groups(&wanted).unwrap();
        let company = world.company();
        let mut tx = world.store.begin_group(&groups[0], &wanted).unwrap();
        let told = tx.held_by(&company, collector(COLLECTOR));
        let is_asked = !matches!(told, Err(StoreError::NeedsOwn));
        assert_eq!(is_asked, !world.store.is_remote(), "{told:?}");
    });
}

#[test]
fn a_token_is_issued_to_a_collector_while_a_group_has_it() {
    let database = database();
    let world = World::made(in_postgres(&database));
    limit(&world, COLLECTOR, CollectorLimits::new(None, Some(bob(1_000))).unwrap());
    let wanted = paying(1, WantedBearer::Collector(world.company().id, collector(COLLECTOR)));
    let wanted = [Some(&wanted)];
    let groups = world.store.groups(&wanted).unwrap();
    let mut tx = world.store.begin_group(&groups[0], &wanted).unwrap();
    assert_eq!(tx.held_by(&world.company(), collector(COLLECTOR)).unwrap(), bob(0));
    sign_in(&world);
    assert!(world.store.snapshot().unwrap().view().bearer(&DIGEST).unwrap().is_some());
    tx.commit().unwrap();
}
