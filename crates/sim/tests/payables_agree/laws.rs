//! Entries that were decided on what stood a while ago, appended past all rules by threads that
//! race: the rows themselves let one through, or as many as fit.

use std::sync::Barrier;

use ventanilla_domain::{
    Application, BusinessDay, CallerKey, DocumentNumber, Event, IntegratorId, Payout, PayoutId,
    PayoutReversal, PurchaseInvoiceId, SupplierId,
};
use ventanilla_store::{CommitError, Store, StoreError};

use crate::documents::{bob, invoice, payout, supplier, text};
use crate::side::{Side, keys, start};

/// Threads, each with an entry of its own.
const RACERS: i64 = 8;

/// How often all of them meet.
const ROUNDS: i64 = 10;

/// What is owed for the invoice of each round.
const TOTAL: i64 = 10_000;

/// A payout as it would be decided on books that have no other.
fn decided(side: &Side, id: i64, serial: i64, invoice: Option<(i64, i64)>) -> Payout {
    let supplier = SupplierId::FIRST;
    let mut terms = payout(supplier, 100_000, None).terms;
    terms.applied.extend(invoice.map(|(invoice, minor)| Application {
        invoice: PurchaseInvoiceId::from_i64(invoice).unwrap(),
        amount: bob(minor),
    }));
    Payout {
        id: PayoutId::from_i64(id).unwrap(),
        number: DocumentNumber::from_parts(1, u32::try_from(serial).unwrap()).unwrap(),
        terms,
        recorded_at: start(),
        business_day: BusinessDay::from_date("2021-11-26".parse().unwrap()),
        recorded_by: side.staff.callers[0].name.clone(),
        integrator: None,
        caller_key: None,
    }
}

/// Books with a supplier and an invoice a round.
fn with_invoices(side: &Side) {
    let (caller, company) = (&side.staff.callers[0], side.first());
    let kept = side.wait(side.service.keep_supplier(caller, company, supplier(None))).unwrap();
    for round in 1..=ROUNDS {
        let terms = invoice(kept.id, u32::try_from(round).unwrap(), TOTAL);
        side.wait(side.service.enter_invoice(caller, company, terms)).unwrap();
    }
}

/// Appends the entries from a thread each, in transactions of their own; how many were kept.
fn kept(side: &Side, stores: &[Store], entries: Vec<Event>) -> usize {
    let barrier = &Barrier::new(entries.len());
    std::thread::scope(|scope| {
        let racers = stores.iter().cycle().zip(entries).map(|(store, entry)| {
            scope.spawn(move || {
                barrier.wait();
                is_kept(side, store, &entry)
            })
        });
        let racers: Vec<_> = racers.collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).filter(|is_kept| *is_kept).count()
    })
}

fn is_kept(side: &Side, store: &Store, entry: &Event) -> bool {
    loop {
        let appended = store.begin().map_err(CommitError::Nothing).and_then(|mut tx| {
            let appended = tx.append(side.first(), entry.clone(), start());
            appended.map_err(CommitError::Nothing)?;
            tx.commit()
        });
        match appended {
            Ok(()) => return true,
            Err(CommitError::Nothing(StoreError::Damaged { .. })) => return false,
            Err(CommitError::Nothing(StoreError::Busy(_))) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
}

/// Both kinds of store: one in memory, and one on a disk opened twice.
fn each_store(check: impl Fn(&Side, &[Store])) {
    let folder = tempfile::tempdir().unwrap();
    let sides = [Side::in_memory(), Side::on_disk(folder.path())];
    let other = Store::open_sqlite(&folder.path().join("datos"), keys()).unwrap();
    let others = [sides[0].store.clone(), other];
    for (side, other) in sides.iter().zip(others) {
        with_invoices(side);
        check(side, &[side.store.clone(), other]);
        side.verified();
    }
}

fn made(payout: Payout) -> Event {
    Event::PayoutMade(Box::new(payout))
}

#[test]
fn an_invoices_row_takes_no_more_than_its_total() {
    each_store(|side, stores| {
        for round in 1..=ROUNDS {
            // Each fits an invoice that nothing has been settled of, and three of them together.
            let payouts = (1..=RACERS).map(|number| {
                let id = round * 100 + number;
                made(decided(side, id, id, Some((round, 3_000))))
            });
            assert_eq!(kept(side, stores, payouts.collect()), 3);
            let (snapshot, id) =
                (side.store.snapshot().unwrap(), PurchaseInvoiceId::from_i64(round));
            let entered =
                snapshot.view().invoice(&side.companies[0], id.unwrap()).unwrap().unwrap();
            assert_eq!(entered.applied, bob(9_000));
        }
    });
}

#[test]
fn a_number_an_id_a_key_and_a_reversal_are_had_once() {
    each_store(|side, stores| {
        for round in 1..=ROUNDS {
            let id = |number: i64| round * 100 + number;
            let each =
                |make: &dyn Fn(i64) -> Payout| (1..=RACERS).map(|it| made(make(it))).collect();
            let numbered = each(&|number| decided(side, id(number), id(0), None));
            assert_eq!(kept(side, stores, numbered), 1, "one number");
            let alike = each(&|number| decided(side, id(20), id(number), None));
            assert_eq!(kept(side, stores, alike), 1, "one id");
            let keyed = each(&|number| Payout {
                integrator: Some(IntegratorId::FIRST),
                caller_key: Some(CallerKey::from_text(&format!("intento-{round}")).unwrap()),
                ..decided(side, id(30 + number), id(30 + number), None)
            });
            assert_eq!(kept(side, stores, keyed), 1, "one key");
            let payout = decided(side, id(50), id(50), Some((round, TOTAL)));
            assert_eq!(kept(side, stores, vec![made(payout.clone())]), 1);
            let reversed = (1..=RACERS).map(|number| {
                Event::PayoutReversed(Box::new(PayoutReversal {
                    recorded_at: start(),
                    business_day: payout.business_day,
                    reason: None,
                    reversed_by: text(&format!("operador {number}")),
                    payout: payout.clone(),
                }))
            });
            assert_eq!(kept(side, stores, reversed.collect()), 1, "one reversal");
        }
    });
}
