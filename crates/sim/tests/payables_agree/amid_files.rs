//! What the suppliers' side does while a file is imported: the bills that were prepared hold, since
//! nothing of it changes the facts of bills. A change of the rules, for contrast, lets nothing hold.

use ventanilla_domain::{Event, FileKind};
use ventanilla_service::import::{Imported, News, Phase, VanishMax};
use ventanilla_sim::payables::Workload;
use ventanilla_sim::{World, write_bills};

use crate::side::{Side, start};

/// What somebody does while a file is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Amid {
    Nothing,
    /// Suppliers, invoices, payouts and reversals.
    Payables,
    Rules,
}

/// Who acts while a file is imported.
struct Meddler {
    amid: Amid,
    workload: Workload,
    count: usize,
}

impl Meddler {
    fn of(side: &Side, amid: Amid) -> Self {
        let workload = Workload::new(1, start(), &side.staff, side.companies.each_ref());
        Self { amid, workload, count: 0 }
    }

    fn act(&mut self, side: &Side) {
        self.count += 1;
        match self.amid {
            Amid::Nothing => {}
            Amid::Payables => self.enter(side),
            Amid::Rules => {
                let settings = vec![("revenue.Agua".to_owned(), format!("Venta {}", self.count))];
                side.wait(side.service.set_company(side.first(), settings)).unwrap();
            }
        }
    }

    /// Goes on until some acts have been kept.
    fn enter(&mut self, side: &Side) {
        let before = side.counters();
        while side.counters().payable_entries < before.payable_entries + 5 {
            let step = self.workload.next_step();
            let outcome = side.apply(&step);
            self.workload.learn(&step, &outcome);
        }
        assert!(side.counters().next_entry > before.next_entry);
    }
}

/// The number, contract, period and amount of every bill of a world.
fn bills(world: &World) -> Vec<String> {
    let mut bills = Vec::new();
    write_bills(&mut bills, world).unwrap();
    let text = String::from_utf8(bills).unwrap();
    text.lines().map(|line| line.split(',').take(4).collect::<Vec<_>>().join(",") + "\n").collect()
}

/// A side with the members of a world.
fn each_side(world: &World, check: impl Fn(&Side)) {
    let folder = tempfile::tempdir().unwrap();
    for side in [Side::in_memory(), Side::on_disk(folder.path())] {
        side.import_world(&World { bills_per_contract: 0, ..world.clone() });
        check(&side);
        side.verified();
    }
}

/// How many entries have new versions of bills.
fn versioned(side: &Side) -> usize {
    let snapshot = side.store.snapshot().unwrap();
    let entries = snapshot.view().entries(&side.companies[0], 1, 1_000).unwrap();
    entries.iter().filter(|entry| matches!(entry.event, Event::BillsVersioned(_))).count()
}

#[test]
fn payouts_between_two_chunks_leave_what_was_prepared() {
    // More lines than one chunk holds.
    let world = World::new(1, 100, 50);
    for (amid, readings, entries) in
        [(Amid::Nothing, 1, 2), (Amid::Payables, 1, 2), (Amid::Rules, 2, 2)]
    {
        each_side(&world, |side| {
            let (mut meddler, mut ends) = (Meddler::of(side, amid), 0);
            let Imported { totals, .. } =
                side.import(FileKind::Bills, bills(&world).concat().into(), None, &mut |told| {
                    let News::Progress { phase: Phase::Keeping, bytes, bytes_total } = told else {
                        return;
                    };
                    ends += usize::from(bytes == bytes_total);
                    if bytes < bytes_total && ends == 0 {
                        meddler.act(side);
                    }
                });
            assert_eq!((totals.new.count, totals.refused), (5_000, 0));
            assert!(meddler.count > 0, "there were two chunks");
            assert_eq!(ends, readings, "{amid:?}: how often the file was read to keep it");
            assert_eq!(versioned(side), entries, "{amid:?}");
        });
    }
}

#[test]
fn payouts_while_a_file_is_checked_leave_what_was_checked() {
    let world = World::new(2, 20, 5);
    for (amid, entries) in [(Amid::Nothing, 2), (Amid::Payables, 2), (Amid::Rules, 1)] {
        each_side(&world, |side| {
            let lines = bills(&world);
            side.import(FileKind::Bills, lines[..51].concat().into(), None, &mut |_| {});
            let before = versioned(side);
            let changed: Vec<_> =
                lines.iter().map(|line| line.replace(".1", ".2").replace(".3", ".4")).collect();
            let mut meddler = Meddler::of(side, amid);
            let Imported { totals, .. } =
                side.import(FileKind::Bills, changed.concat().into(), None, &mut |told| {
                    if let News::Progress { phase: Phase::Checking, .. } = told {
                        meddler.act(side);
                    }
                });
            assert!(totals.new.count == 50 && totals.changed.count > 0, "{totals:?}");
            assert_eq!(meddler.count, 1);
            // New bills that were prepared have an entry of their own; the others are decided.
            assert_eq!(versioned(side) - before, entries, "{amid:?}");
        });
    }
}

#[test]
fn payouts_let_a_complete_file_withdraw_what_vanished() {
    let world = World::new(3, 20, 5);
    for (amid, is_left) in [(Amid::Nothing, false), (Amid::Payables, false), (Amid::Rules, true)] {
        each_side(&world, |side| {
            let lines = bills(&world);
            side.import(FileKind::Bills, lines.concat().into(), None, &mut |_| {});
            let (mut meddler, mut stays) = (Meddler::of(side, amid), 0);
            let complete = Some(VanishMax::Count(u64::MAX));
            let file = lines[..61].concat().into();
            let imported = side.import(FileKind::Bills, file, complete, &mut |told| match told {
                News::Vanished { .. } if meddler.count == 0 => meddler.act(side),
                News::Stays { .. } => stays += 1,
                _ => {}
            });
            assert_eq!(meddler.count, 1);
            assert_eq!(imported.is_withheld, is_left, "{amid:?}");
            let withdrawn = imported.totals.vanished.count;
            assert_eq!((withdrawn, stays), if is_left { (0, 40) } else { (40, 0) }, "{amid:?}");
        });
    }
}
