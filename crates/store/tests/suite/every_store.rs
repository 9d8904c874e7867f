//! One suite for every store: what the memory does, SQLite does.

use crate::world::{COLLECTOR, bob, day, each_store, id, instant, reversal_of};
use ventanilla_domain::{BillChange, BillState, CallerKey, CollectorId, Event, PaymentId};
use ventanilla_store::{Operation, StoreError};

#[test]
fn a_payment_settles_its_bill_and_a_reversal_frees_it() {
    each_store(|world| {
        let company = world.company();
        let payment = world.pay(1, None);
        let snapshot = world.store.snapshot().unwrap();
        let bill = snapshot.view().bill(&company, payment.contract, payment.bill).unwrap().unwrap();
        assert_eq!((bill.paid_by, bill.last_payment), (Some(payment.id), Some(payment.id)));
        assert_eq!(snapshot.view().payment(&company, payment.id).unwrap(), Some(payment.clone()));
        let reversal = world.reverse(&payment, None);
        let snapshot = world.store.snapshot().unwrap();
        let bill = snapshot.view().bill(&company, payment.contract, payment.bill).unwrap().unwrap();
        assert_eq!((bill.paid_by, bill.last_payment), (None, Some(payment.id)));
        let view = snapshot.view();
        assert_eq!(view.reversal(&company, payment.id).unwrap(), Some(reversal.clone()));
        let collector = id(CollectorId::from_i64, COLLECTOR);
        let mut found = Vec::new();
        let read =
            view.each_payment_of_day(&company, collector, day(), &mut |payment, reversal| {
                found.push((payment, reversal));
                Ok::<_, StoreError>(())
            });
        read.unwrap();
        assert_eq!(found, [(payment.clone(), Some(reversal.clone()))]);
        let mut found = Vec::new();
        let read =
            view.each_reversal_of_day(&company, collector, day(), &mut |payment, reversal| {
                found.push((payment, reversal));
                Ok::<_, StoreError>(())
            });
        read.unwrap();
        assert_eq!(found, [(payment, reversal)]);
    });
}

#[test]
fn the_law_stands_below_the_rules() {
    each_store(|world| {
        let payment = world.pay(1, None);
        let twice = ventanilla_domain::Payment { id: world.next_payment(), ..payment.clone() };
        world.refuses(Event::PaymentMade(Box::new(twice)));
        world.reverse(&payment, None);
        world.refuses(Event::PaymentReversed(Box::new(reversal_of(&payment, None))));
        let unknown = ventanilla_domain::Payment {
            id: world.next_payment(),
            bill: id(ventanilla_domain::BillId::from_i64, 999),
            ..payment
        };
        world.refuses(Event::PaymentMade(Box::new(unknown)));
    });
}

#[test]
fn a_paid_bill_takes_no_new_version() {
    each_store(|world| {
        world.pay(1, None);
        let before = world.version(1);
        let mut version = before.clone();
        version.number = 2;
        version.terms.state = BillState::Annulled;
        let mut tx = world.store.begin().unwrap();
        let changes = vec![BillChange { version, replaced: Some(before) }];
        let refused = tx.append_bills(world.company().id, changes, instant());
        assert!(matches!(refused, Err(StoreError::Damaged { .. })), "{refused:?}");
    });
}

#[test]
fn ids_are_never_given_twice_and_step_over_those_in_use() {
    each_store(|world| {
        assert_eq!(world.next_payment().to_i64(), 1);
        // An id from an older system, ahead of the counter, and one at the counter's head.
        world.pay_as(id(PaymentId::from_i64, 3), 1, None);
        assert_eq!(world.next_payment().to_i64(), 1);
        world.pay(2, None);
        assert_eq!(world.next_payment().to_i64(), 2);
        world.pay(3, None);
        assert_eq!(world.next_payment().to_i64(), 4);
    });
}

#[test]
fn a_caller_key_finds_its_payment_by_collector_and_operation() {
    each_store(|world| {
        let key = CallerKey::from_text("k-1").unwrap();
        let payment = world.pay(1, Some("k-1"));
        world.reverse(&payment, Some("k-1"));
        let company = world.company().id;
        let snapshot = world.store.snapshot().unwrap();
        let find = |collector, operation| {
            let collector = id(CollectorId::from_i64, collector);
            snapshot.view().attempt(company, collector, operation, &key).unwrap()
        };
        assert_eq!(find(COLLECTOR, Operation::Pay), Some(payment.id));
        assert_eq!(find(COLLECTOR, Operation::Reverse), Some(payment.id));
        assert_eq!(find(COLLECTOR + 1, Operation::Pay), None);
    });
}

#[test]
fn what_is_not_committed_leaves_nothing() {
    each_store(|world| {
        let before = world.store.verify().unwrap();
        let payment = world.payment(world.next_payment(), 1, None);
        let mut tx = world.store.begin().unwrap();
        let event = Event::PaymentMade(Box::new(payment));
        tx.append(world.company().id, event, instant()).unwrap();
        drop(tx);
        assert_eq!(world.store.verify().unwrap(), before);
        assert_eq!(world.next_payment().to_i64(), 1);
        world.pay(1, None);
    });
}

#[test]
fn a_snapshot_stands_still() {
    each_store(|world| {
        let company = world.company();
        let snapshot = world.store.snapshot().unwrap();
        let contract = world.version(1).contract;
        assert_eq!(snapshot.view().unpaid_bills(&company, contract).unwrap().len(), 3);
        world.pay(1, None);
        assert_eq!(snapshot.view().unpaid_bills(&company, contract).unwrap().len(), 3);
        let later = world.store.snapshot().unwrap();
        assert_eq!(later.view().unpaid_bills(&company, contract).unwrap().len(), 2);
    });
}

#[test]
fn all_of_a_contracts_bills_come_by_number() {
    each_store(|world| {
        world.pay(2, None);
        let (company, contract) = (world.company(), world.version(1).contract);
        let snapshot = world.store.snapshot().unwrap();
        let of = |contract| {
            let bills = snapshot.view().bills_of(&company, contract).unwrap();
            let told = bills.iter().map(|bill| (bill.id.to_i64(), bill.is_unpaid()));
            told.collect::<Vec<_>>()
        };
        assert_eq!(of(contract), [(1, true), (2, false), (3, true)]);
        assert_eq!(of(contract.checked_next().unwrap()), []);
    });
}

#[test]
fn unpaid_bills_come_oldest_first() {
    each_store(|world| {
        let company = world.company();
        let contract = world.version(1).contract;
        let snapshot = world.store.snapshot().unwrap();
        let bills = snapshot.view().unpaid_bills(&company, contract).unwrap();
        let order: Vec<_> =
            bills.iter().map(|bill| (bill.period.to_yyyymm(), bill.id.to_i64())).collect();
        assert_eq!(order, [(202_109, 3), (202_110, 1), (202_110, 2)]);
        assert_eq!(bills[0].amount, bob(300));
    });
}

#[test]
fn everything_is_rebuilt_from_the_journal() {
    each_store(|world| {
        let payment = world.pay(1, Some("a"));
        world.reverse(&payment, Some("b"));
        world.pay(1, Some("c"));
        world.pay(3, None);
        let report = world.store.verify().unwrap();
        assert_eq!(report.findings, Vec::<String>::new());
        assert_eq!(report.payments, 3);
        // Company, file, member, contract, three bills, three payments, one reversal.
        assert_eq!(report.entries, 11);
    });
}

#[test]
fn a_second_store_of_the_same_acts_is_the_same() {
    let journals = std::sync::Mutex::new(Vec::new());
    each_store(|world| {
        let payment = world.pay(1, Some("a"));
        world.reverse(&payment, None);
        world.pay(2, Some("b"));
        let company = world.company();
        let snapshot = world.store.snapshot().unwrap();
        journals.lock().unwrap().push(snapshot.view().entries(&company, 1, 100).unwrap());
    });
    let journals = journals.into_inner().unwrap();
    assert_eq!(journals[0], journals[1], "entries, postings and chain links are equal");
}
