//! Acts that race on real threads, over two services on one data directory, as two processes would
//! be: what only one can have, one has, and the others are told so.

use std::collections::BTreeSet;
use std::sync::Barrier;

use fastrand::Rng;
use tempfile::TempDir;
use ventanilla_domain::{
    CallerKey, Cuit, InvoiceRefusal, Label, Payout, PayoutRefusal, PayoutReverseCommand,
    PayoutReverseRefusal, PurchaseInvoice, PurchaseInvoiceId, SupplierId, SupplierRefusal,
};
use ventanilla_service::{Accepted, DeskRefusal, Failure, PayoutRequest, Service, UserCaller};
use ventanilla_sim::payables::{Act, Outcome, Step, Workload};
use ventanilla_store::Store;

use crate::documents::{bob, invoice, payout, supplier, text};
use crate::side::{Side, keys, runtime, serve, start};

/// Threads of a race: more than there are cores.
const RACERS: usize = 8;

/// Races of each kind: each is another chance to meet.
const ROUNDS: u32 = 20;

type Raced<T, R> = Result<T, Failure<DeskRefusal<R>>>;

/// A data directory with two services on it, and a supplier.
struct Track {
    side: Side,
    services: [Service; 2],
    supplier: SupplierId,
    _folder: TempDir,
}

impl Track {
    fn made() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let side = Side::on_disk(folder.path());
        let other = Store::open_sqlite(&folder.path().join("datos"), keys()).unwrap();
        let services = [side.service.clone(), serve(&other)];
        let kept = services[1].keep_supplier(&side.staff.callers[0], side.first(), supplier(None));
        let supplier = side.wait(kept).unwrap().id;
        Self { side, services, supplier, _folder: folder }
    }

    fn ana(&self) -> &UserCaller {
        &self.side.staff.callers[0]
    }

    /// Runs as many threads as there are racers, half of them on each service; they start at once.
    fn race<T: Send, R>(
        &self,
        act: impl Fn(usize, &Service) -> Raced<T, R> + Sync,
    ) -> Vec<Raced<T, R>>
    where
        R: Send,
    {
        let (barrier, act) = (&Barrier::new(RACERS), &act);
        std::thread::scope(|scope| {
            let racers = (0..RACERS).map(|number| {
                let service = self.services[number % 2].clone();
                scope.spawn(move || {
                    barrier.wait();
                    // Nothing changed while the store was another's: asked again.
                    loop {
                        match act(number, &service) {
                            Err(Failure::Unavailable) => {}
                            told => return told,
                        }
                    }
                })
            });
            let racers: Vec<_> = racers.collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).collect()
        })
    }

    fn pay(
        &self,
        service: &Service,
        request: PayoutRequest,
    ) -> Raced<Accepted<Payout>, PayoutRefusal> {
        runtime().block_on(service.make_payout(self.ana(), self.side.first(), request))
    }

    fn invoice(&self, serial: u32, minor: i64) -> PurchaseInvoice {
        let terms = invoice(self.supplier, serial, minor);
        let entered = self.services[0].enter_invoice(self.ana(), self.side.first(), terms);
        self.side.wait(entered).unwrap()
    }

    /// What is settled of an invoice, as the other service sees it.
    fn applied_minor(&self, invoice: PurchaseInvoiceId) -> i64 {
        let session = self.services[1].session_of(self.ana()).unwrap();
        let desk = session.desk(self.side.first()).unwrap().unwrap();
        desk.invoice(invoice).unwrap().unwrap().applied.to_minor()
    }

    fn balance_minor(&self) -> i64 {
        let session = self.services[1].session_of(self.ana()).unwrap();
        let desk = session.desk(self.side.first()).unwrap().unwrap();
        desk.supplier(self.supplier).unwrap().unwrap().balance.to_minor()
    }

    fn payouts(&self) -> Vec<Payout> {
        let (snapshot, mut all) = (self.side.store.snapshot().unwrap(), Vec::new());
        let each = snapshot.view().each_payout(&self.side.companies[0], &mut |payout| {
            all.push(payout);
            Ok(())
        });
        each.unwrap();
        all
    }
}

/// The one that succeeded, and what the others were told.
fn one_winner<T, R: std::fmt::Debug>(told: Vec<Raced<T, R>>) -> (T, Vec<R>) {
    let (mut winners, mut losers) = (Vec::new(), Vec::new());
    for told in told {
        match told {
            Ok(won) => winners.push(won),
            Err(Failure::Refused(DeskRefusal::Act(refusal))) => losers.push(refusal),
            Err(failure) => panic!("{failure:?}"),
        }
    }
    assert_eq!(winners.len(), 1, "one has it, whatever the others do: {losers:?}");
    (winners.remove(0), losers)
}

#[test]
fn payouts_that_race_for_one_balance_never_settle_more_than_there_is() {
    let track = Track::made();
    let mut random = Rng::with_seed(7);
    for round in 1..=ROUNDS {
        let total = 10_000;
        let invoice = track.invoice(round, total).id;
        let asked: Vec<i64> = (0..RACERS).map(|_| random.i64(1_000..6_000)).collect();
        let told = track.race(|number, service| {
            track.pay(service, payout(track.supplier, asked[number], Some(invoice)))
        });
        let applied = track.applied_minor(invoice);
        let mut settled = 0;
        for (told, asked) in told.into_iter().zip(asked) {
            match told {
                Ok(_) => settled += asked,
                Err(Failure::Refused(DeskRefusal::Act(PayoutRefusal::InvoiceOverApplied {
                    balance,
                    ..
                }))) => {
                    let told = balance.to_minor();
                    // What was told was so then; it only falls.
                    assert!(asked > told && told >= total - applied, "{asked} of {told}");
                }
                Err(failure) => panic!("{failure:?}"),
            }
        }
        assert!(settled > 0 && settled <= total);
        assert_eq!(applied, settled);
    }
    track.side.verified();
}

#[test]
fn automatic_numbers_that_race_are_all_different_and_have_no_gaps() {
    let track = Track::made();
    let mut serials = BTreeSet::new();
    for _ in 0..ROUNDS {
        for told in track.race(|_, service| track.pay(service, payout(track.supplier, 100, None))) {
            assert!(serials.insert(told.unwrap().act.number.to_serial()), "given twice");
        }
    }
    let count = u32::try_from(RACERS).unwrap() * ROUNDS;
    assert_eq!(serials, (1..=count).collect());
    let ids: Vec<i64> = track.payouts().iter().map(|payout| payout.id.to_i64()).collect();
    assert_eq!(ids, (1..=i64::from(count)).collect::<Vec<_>>());
    track.side.verified();
}

#[test]
fn repeats_of_one_key_that_race_make_one_payout() {
    let track = Track::made();
    for round in 1..=ROUNDS {
        let key = CallerKey::from_text(&format!("intento-{round}")).unwrap();
        // Every fourth racer says something else under the same key.
        let minor = |number: usize| if number % 4 == 3 { 200 } else { 100 };
        let told = track.race(|number, service| {
            let request = payout(track.supplier, minor(number), None);
            track.pay(service, PayoutRequest { caller_key: Some(key.clone()), ..request })
        });
        let made: Vec<_> = track.payouts();
        assert_eq!(made.len(), usize::try_from(round).unwrap());
        let made = made.last().unwrap();
        let mut first = 0;
        for (number, told) in told.into_iter().enumerate() {
            let is_same = bob(minor(number)) == made.terms.total;
            match told {
                Ok(Accepted { act, is_replay }) => {
                    assert!(is_same && act == *made);
                    first += usize::from(!is_replay);
                }
                Err(failure) => {
                    let reused = Failure::Refused(DeskRefusal::Act(PayoutRefusal::CallerKeyReused));
                    assert!(!is_same && failure == reused, "{failure:?}");
                }
            }
        }
        assert_eq!(first, 1, "all others are told that it is a repeat");
    }
    let paid: i64 = track.payouts().iter().map(|payout| payout.terms.total.to_minor()).sum();
    assert_eq!(track.balance_minor(), -paid);
    track.side.verified();
}

#[test]
fn of_reversals_that_race_one_wins() {
    let track = Track::made();
    for round in 1..=ROUNDS {
        let invoice = track.invoice(round, 10_000).id;
        let owed = track.balance_minor();
        let request = payout(track.supplier, 7_000, Some(invoice));
        let made = track.pay(&track.services[0], request).unwrap().act;
        assert_eq!((track.applied_minor(invoice), track.balance_minor()), (7_000, owed - 7_000));
        let told = track.race(|number, service| {
            let reversed_by: Label = text(&format!("operador {number}"));
            let command = PayoutReverseCommand { payout: made.id, reason: None, reversed_by };
            runtime().block_on(service.reverse_payout(track.side.first(), command))
        });
        let (reversal, losers) = one_winner(told);
        assert_eq!(reversal.payout, made);
        assert_eq!(losers, [PayoutReverseRefusal::AlreadyReversed; RACERS - 1]);
        assert_eq!((track.applied_minor(invoice), track.balance_minor()), (0, owed));
    }
    track.side.verified();
}

#[test]
fn a_number_that_many_race_for_is_had_by_one() {
    let track = Track::made();
    for round in 1..=ROUNDS {
        let told = track.race(|_, service| {
            let request = payout(track.supplier, 100, None);
            track.pay(service, PayoutRequest { serial: Some(round * 10), ..request })
        });
        let (Accepted { act: Payout { id: holder, .. }, .. }, losers) = one_winner(told);
        assert_eq!(losers, [PayoutRefusal::NumberTaken { holder }; RACERS - 1]);

        let told = track.race(|_, service| {
            let terms = invoice(track.supplier, round, 100);
            runtime().block_on(service.enter_invoice(track.ana(), track.side.first(), terms))
        });
        let (PurchaseInvoice { id: holder, .. }, losers) = one_winner(told);
        assert_eq!(losers, [InvoiceRefusal::NumberTaken { holder }; RACERS - 1]);
    }
    let tax_id = Cuit::from_text("20-12345678-6").unwrap();
    let told = track.race(|_, service| {
        let row = supplier(Some(tax_id));
        runtime().block_on(service.keep_supplier(track.ana(), track.side.first(), row))
    });
    let (kept, losers) = one_winner(told);
    assert_eq!(losers, [SupplierRefusal::TaxIdTaken { holder: kept.id }; RACERS - 1]);
    track.side.verified();
}

/// What one racer of a random log was answered that stands in the books.
#[derive(Default)]
struct Kept {
    payouts: Vec<Payout>,
    reversed: BTreeSet<i64>,
    invoices: Vec<PurchaseInvoiceId>,
}

/// Acts of a seed of its own, on books that others change meanwhile.
fn act_at_random(track: &Track, service: &Service, seed: u64) -> Kept {
    let (side, runtime, mut kept) = (&track.side, runtime(), Kept::default());
    let companies = side.companies.each_ref();
    let mut workload = Workload::new(seed, start(), &side.staff, companies);
    for _ in 0..120 {
        let step = workload.next_step();
        // One workload's names of attempts are not the other's, and ids of the past would collide.
        if matches!(step.act, Act::RecordPayout(_) | Act::RecordSupplier(_)) {
            continue;
        }
        let step = Step { caller: 0, company: side.first(), ..step };
        let act = ventanilla_sim::payables::apply(service, &side.staff.callers, &step);
        let outcome = runtime.block_on(act);
        workload.learn(&step, &outcome);
        match outcome {
            Outcome::MakePayout(Ok(made)) if !made.is_replay => kept.payouts.push(made.act),
            Outcome::ReversePayout(Ok(undone)) => {
                assert!(kept.reversed.insert(undone.payout.id.to_i64()));
            }
            Outcome::EnterInvoice(Ok(invoice)) => kept.invoices.push(invoice.id),
            _ => {}
        }
    }
    kept
}

#[test]
fn whatever_races_the_books_hold_what_was_answered() {
    let track = Track::made();
    let all = track.race::<_, ()>(|number, service| {
        Ok(act_at_random(&track, service, u64::try_from(number).unwrap()))
    });
    let all: Vec<Kept> = all.into_iter().map(Result::unwrap).collect();
    let mut payouts: Vec<_> = all.iter().flat_map(|kept| kept.payouts.clone()).collect();
    payouts.sort_by_key(|payout| payout.id);
    assert_eq!(payouts, track.payouts(), "what was answered, and nothing else");
    let numbers: BTreeSet<_> = payouts.iter().map(|payout| payout.number).collect();
    assert_eq!(numbers.len(), payouts.len(), "each has a number of its own");
    let invoices: BTreeSet<_> = all.iter().flat_map(|kept| &kept.invoices).collect();
    assert_eq!(invoices.len(), all.iter().map(|kept| kept.invoices.len()).sum::<usize>());
    let reversed: BTreeSet<_> = all.iter().flat_map(|kept| &kept.reversed).collect();
    assert_eq!(reversed.len(), all.iter().map(|kept| kept.reversed.len()).sum::<usize>());
    let standing = payouts.iter().filter(|payout| !reversed.contains(&payout.id.to_i64()));
    let standing: Vec<_> = standing.flat_map(|payout| payout.terms.applied.iter()).collect();
    for invoice in invoices {
        let own = standing.iter().filter(|applied| applied.invoice == *invoice);
        let settled: i64 = own.map(|applied| applied.amount.to_minor()).sum();
        assert_eq!(settled, track.applied_minor(*invoice), "{invoice:?}");
    }
    assert!(payouts.len() > 100 && !reversed.is_empty(), "the racers do too little");
    track.side.verified();
}
