//! A collector's day: its sums, and its rows one by one.

use ventanilla_domain::{
    BillId, BillVersion, BusinessDay, CollectorId, Event, Payment, PaymentId, Reversal,
};
use ventanilla_store::{DaySums, StoreError};

use crate::former::logo;
use crate::world::{COLLECTOR, World, bob, day, each_store, id, reversal_of};

fn collector() -> CollectorId {
    id(CollectorId::from_i64, COLLECTOR)
}

fn sums(world: &World, collector: CollectorId, day: BusinessDay) -> Result<DaySums, StoreError> {
    world.store.snapshot().unwrap().view().day_sums(&world.company(), collector, day)
}

fn next_day() -> BusinessDay {
    BusinessDay::from_date("2021-11-27".parse().unwrap())
}

impl World {
    /// Payments 1, 2 and 4 of the day, payment 2 reversed on it, payment 1 on the next.
    fn with_days(&self) -> [Payment; 3] {
        let first = self.pay(1, None);
        let second = self.pay(2, None);
        self.reverse(&second, None);
        let late = Reversal { business_day: next_day(), ..reversal_of(&first, None) };
        self.keep(Event::PaymentReversed(Box::new(late)));
        let mut other = self.payment(self.next_payment(), 1, None);
        other.collector = id(CollectorId::from_i64, COLLECTOR + 1);
        self.keep(Event::PaymentMade(Box::new(other)));
        let fourth = self.pay_as(id(PaymentId::from_i64, 4), 3, None);
        [first, second, fourth]
    }
}

/// What stops a visitor.
#[derive(Debug)]
enum Stopped {
    Read(StoreError),
    Enough,
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        Self::Read(error)
    }
}

#[test]
fn a_days_rows_come_one_by_one_in_the_order_of_their_ids() {
    each_store(|world| {
        world.with_days();
        let told = |day| {
            let snapshot = world.store.snapshot().unwrap();
            let (view, company) = (snapshot.view(), world.company());
            let mut told = Vec::new();
            let mut pay = |payment: Payment, reversal: Option<Reversal>| {
                let at = reversal.map(|reversal| reversal.business_day.to_date().to_string());
                told.push(format!("{} {}", payment.id, at.unwrap_or_default()));
                Ok::<_, StoreError>(())
            };
            view.each_payment_of_day(&company, collector(), day, &mut pay).unwrap();
            let mut reverse = |payment: Payment, reversal: Reversal| {
                assert_eq!(payment.id, reversal.payment);
                told.push(format!("-{}", payment.id));
                Ok::<_, StoreError>(())
            };
            view.each_reversal_of_day(&company, collector(), day, &mut reverse).unwrap();
            told
        };
        assert_eq!(told(day()), ["1 2021-11-27", "2 2021-11-26", "4 ", "-2"]);
        assert_eq!(told(next_day()), ["-1"]);
    });
}

#[test]
fn a_visitor_stops_a_day_with_an_error_of_its_own() {
    each_store(|world| {
        world.with_days();
        let snapshot = world.store.snapshot().unwrap();
        let (view, company) = (snapshot.view(), world.company());
        let mut seen = 0;
        let stopped = view.each_payment_of_day(&company, collector(), day(), &mut |_, _| {
            seen += 1;
            if seen == 2 { Err(Stopped::Enough) } else { Ok(()) }
        });
        assert!(matches!(stopped, Err(Stopped::Enough)), "{stopped:?}");
        assert_eq!(seen, 2);
        let mut seen = 0;
        let stopped = view.each_reversal_of_day(&company, collector(), day(), &mut |_, _| {
            seen += 1;
            Err(Stopped::Enough)
        });
        assert!(matches!(stopped, Err(Stopped::Enough)), "{stopped:?}");
        assert_eq!(seen, 1);
        // What was read before is read as it was: no statement was left half-way.
        let mut seen = 0;
        let read = view.each_payment_of_day(&company, collector(), day(), &mut |_, _| {
            seen += 1;
            Ok::<_, StoreError>(())
        });
        read.unwrap();
        assert_eq!(seen, 3);
    });
}

#[test]
fn a_row_that_cannot_be_read_is_the_visitors_error_too() {
    let folder = tempfile::tempdir().unwrap();
    let keys = crate::sqlite::keys();
    let world = World::made(ventanilla_store::Store::create_sqlite(folder.path(), keys).unwrap());
    world.with_days();
    crate::sqlite::edit(folder.path(), "UPDATE payment SET member_name = '' WHERE payment_id = 2");
    let snapshot = world.store.snapshot().unwrap();
    let mut seen = 0;
    let company = world.company();
    let visited = snapshot.view().each_payment_of_day(&company, collector(), day(), &mut |_, _| {
        seen += 1;
        Ok::<_, Stopped>(())
    });
    assert!(matches!(visited, Err(Stopped::Read(StoreError::Damaged { .. }))), "{visited:?}");
    assert_eq!(seen, 1);
}

#[test]
fn a_days_sums_are_those_of_its_rows() {
    each_store(|world| {
        assert_eq!(sums(world, collector(), day()).unwrap(), DaySums::default());
        world.with_days();
        let of = |payments, paid_minor, reversals, reversed_minor| DaySums {
            payments,
            paid_minor,
            reversals,
            reversed_minor,
            last_issuer: 0,
        };
        assert_eq!(sums(world, collector(), day()).unwrap(), of(3, 600, 1, 200));
        assert_eq!(sums(world, collector(), next_day()).unwrap(), of(0, 0, 1, 100));
        let other = id(CollectorId::from_i64, COLLECTOR + 1);
        assert_eq!(sums(world, other, day()).unwrap(), of(1, 100, 0, 0));
        assert_eq!(sums(world, other, next_day()).unwrap(), DaySums::default());
    });
}

#[test]
fn a_days_sums_tell_the_last_issuer_that_its_payments_name() {
    each_store(|world| {
        let told = || sums(world, collector(), day()).unwrap().last_issuer;
        let payment = world.pay(1, None);
        assert_eq!(told(), 0);
        world.head_papers_with(&logo(1));
        world.pay(2, None);
        world.head_papers_with(&logo(2));
        assert_eq!(told(), 1, "what is in force is not what was");
        world.reverse(&payment, None);
        assert_eq!(told(), 1);
        world.pay(3, None);
        assert_eq!(told(), 2);
    });
}

#[test]
fn a_days_sum_beyond_what_fits_is_told_and_never_another_number() {
    each_store(|world| {
        let mut version = BillVersion { bill: id(BillId::from_i64, 9), ..world.version(1) };
        version.terms.amount = bob(i64::MAX / 2 + 1);
        version.revenue[0].amount = version.terms.amount;
        world.keep_version(version.clone(), None);
        let payment = world.pay(9, None);
        let all = sums(world, collector(), day()).unwrap();
        assert_eq!((all.payments, all.paid_minor), (1, i64::MAX / 2 + 1));
        world.reverse(&payment, None);
        world.pay(9, None);
        let sums = sums(world, collector(), day());
        assert!(matches!(sums, Err(StoreError::Damaged { .. })), "{sums:?}");
    });
}
