//! Books that go on from a backup: every series steps, and what was lost may come back.

use ventanilla_domain::{
    CompanyId, EntryNumber, Event, Label, PaymentId, RESTORATION_STEP, Restoration,
};
use ventanilla_store::{Counters, Store, TokenRecord};

use crate::sqlite::keys;
use crate::world::{COLLECTOR, World, each_store, id, instant};

const STEP: i64 = RESTORATION_STEP as i64;

impl World {
    fn counters_now(&self) -> Counters {
        let company = id(CompanyId::from_i64, 13);
        self.store.snapshot().unwrap().view().counters(company).unwrap().unwrap()
    }

    fn restoration(&self) -> Restoration {
        let counters = self.counters_now();
        Restoration {
            backed_up_at: instant(),
            last_entry: id(EntryNumber::from_i64, counters.next_entry.to_i64() - 1),
            next_payment: counters.next_payment,
            step: RESTORATION_STEP,
            restored_by: Label::from_text("ana").unwrap(),
        }
    }

    fn restore(&self) -> Restoration {
        let restoration = self.restoration();
        self.keep(Event::BooksRestored(Box::new(restoration.clone())));
        restoration
    }
}

#[test]
fn every_series_that_others_were_told_of_steps() {
    each_store(|world| {
        world.pay(1, None);
        let before = world.counters_now();
        let restoration = world.restore();
        let after = world.counters_now();
        let series = |counters: &Counters| {
            [
                counters.next_payment.to_i64(),
                counters.next_event.to_i64(),
                counters.next_supplier.to_i64(),
                counters.next_invoice.to_i64(),
                counters.next_payout.to_i64(),
                counters.next_receipt.to_i64(),
                counters.next_drawer.to_i64(),
                counters.next_remittance.to_i64(),
            ]
        };
        assert_eq!(series(&after), series(&before).map(|next| next + STEP));
        assert_eq!(after.next_entry.to_i64(), before.next_entry.to_i64() + 1, "without a gap");
        assert_eq!(
            (after.next_member, after.next_contract, after.next_file),
            (before.next_member, before.next_contract, before.next_file)
        );
        assert!(restoration.may_have_lost(before.next_payment));
        assert!(!restoration.may_have_lost(after.next_payment));
        let company = world.company();
        let snapshot = world.store.snapshot().unwrap();
        let kept = snapshot.view().restorations(company.id).unwrap();
        assert_eq!(kept, [(instant(), restoration)]);
        world.is_sound();
    });
}

#[test]
fn payments_go_on_beyond_the_step_and_lost_ones_come_back_below_it() {
    each_store(|world| {
        let first = world.pay(1, None);
        let lost = world.next_payment();
        world.restore();
        // One that was recorded under an id of its own stands where the step leads.
        let next = world.pay(2, None);
        assert_eq!(next.id.to_i64(), first.id.to_i64() + 1 + STEP);
        let back = world.pay_as(lost, 3, Some("c"));
        assert_eq!(world.next_payment().to_i64(), next.id.to_i64() + 1);
        let company = world.company();
        let snapshot = world.store.snapshot().unwrap();
        let events = snapshot.view().events_after(&company, 0, 10).unwrap();
        let numbers: Vec<i64> = events.iter().map(|(number, _)| number.to_i64()).collect();
        assert_eq!(numbers, [1, 2 + STEP, 3 + STEP]);
        assert_eq!(snapshot.view().payment(&company, lost).unwrap(), Some(back));
        world.is_sound();
    });
}

#[test]
fn the_step_passes_over_ids_that_are_taken() {
    each_store(|world| {
        world.pay(1, None);
        let taken = id(PaymentId::from_i64, world.next_payment().to_i64() + STEP);
        world.pay_as(taken, 2, None);
        world.restore();
        assert_eq!(world.next_payment().to_i64(), taken.to_i64() + 1);
        world.restore();
        world.is_sound();
    });
}

#[test]
fn a_restoration_of_another_journal_is_refused() {
    each_store(|world| {
        world.pay(1, None);
        let right = world.restoration();
        let entry = |number: i64| id(EntryNumber::from_i64, right.last_entry.to_i64() + number);
        let wrong = [
            Restoration { last_entry: entry(1), ..right.clone() },
            Restoration { last_entry: entry(-1), ..right.clone() },
            Restoration { next_payment: PaymentId::FIRST, ..right.clone() },
        ];
        for restoration in wrong {
            world.refuses(Event::BooksRestored(Box::new(restoration)));
        }
    });
}

#[test]
fn every_token_and_session_ends_at_once() {
    each_store(|world| {
        let mut tx = world.store.begin().unwrap();
        let collector = id(ventanilla_domain::CollectorId::from_i64, COLLECTOR);
        let token = TokenRecord {
            digest: [5; 32],
            collector,
            issued_at: Some(instant()),
            expires_at: instant(),
        };
        tx.put_token(token).unwrap();
        tx.commit().unwrap();
        let mut tx = world.store.begin().unwrap();
        assert!(tx.bearer(&token.digest).unwrap().is_some());
        tx.end_all_sign_ins().unwrap();
        assert!(tx.bearer(&token.digest).unwrap().is_none(), "within the transaction too");
        tx.commit().unwrap();
        let snapshot = world.store.snapshot().unwrap();
        assert_eq!(snapshot.view().tokens_of(collector).unwrap(), []);
    });
}

#[test]
fn what_is_written_of_a_restoration_is_written_for_ever() {
    let world = World::made(Store::memory(keys()));
    world.restore();
    let snapshot = world.store.snapshot().unwrap();
    let entries = snapshot.view().entries(&world.company(), 1, 100).unwrap();
    let written = &entries.last().unwrap().written;
    assert_eq!(written.kind, "books-restored");
    let last = entries.len() - 1;
    assert_eq!(
        written.payload,
        format!(
            r#"{{"backup_at_us":1637943112000000,"last_entry":{last},"next_payment":1,"step":1000000,"by":"ana"}}"#
        )
    );
}
