//! One random log to both stores: acts of the suppliers' side alone and several at once, payments
//! and reversals of bills, and files with all of these amid them.

use std::collections::BTreeMap;

use fastrand::Rng;
use jiff::Timestamp;
use ventanilla_domain::FileKind;
use ventanilla_service::import::{News, Phase};
use ventanilla_sim::payables::{Auditor, Outcome, Step, Workload};
use ventanilla_sim::{World, write_bills, write_members};

use crate::side::{Side, start};

/// The seeds that run when none is named.
const SEEDS: [u64; 3] = [1, 2, 3];

/// Steps of each run when their number is not named.
const STEPS: usize = 900;

/// Steps between two comparisons of all that is kept.
const COMPARED_EVERY: usize = 150;

/// How many lines each file has more than the one before.
const LINES_ADDED: usize = 20;

/// Every answer that the runs must meet.
const ANSWERS: [&str; 47] = [
    "KeepSupplier Ok",
    "KeepSupplier SessionOver",
    "KeepSupplier CompanyUnknown",
    "KeepSupplier NotAllowed",
    "KeepSupplier SupplierUnknown",
    "KeepSupplier NameMissing",
    "KeepSupplier TaxIdTaken",
    "EnterInvoice Ok",
    "EnterInvoice CompanyUnknown",
    "EnterInvoice NotAllowed",
    "EnterInvoice SupplierUnknown",
    "EnterInvoice AmountOutOfRange",
    "EnterInvoice TooManyItems",
    "EnterInvoice BreakdownDoesNotAddUp",
    "EnterInvoice PartsDoNotAddUp",
    "EnterInvoice NumberTaken",
    "MakePayout Ok",
    "MakePayout Replay",
    "MakePayout SessionOver",
    "MakePayout CompanyUnknown",
    "MakePayout NotAllowed",
    "MakePayout CallerKeyReused",
    "MakePayout SupplierUnknown",
    "MakePayout AmountOutOfRange",
    "MakePayout TooManyLines",
    "MakePayout MeansDoNotAddUp",
    "MakePayout NothingSettled",
    "MakePayout InvoiceRepeated",
    "MakePayout InvoiceUnknown",
    "MakePayout InvoiceOverApplied",
    "MakePayout OverApplied",
    "MakePayout NumberOutOfRange",
    "MakePayout NumberTaken",
    "ReversePayout Ok",
    "ReversePayout CompanyUnknown",
    "ReversePayout PayoutUnknown",
    "ReversePayout AlreadyReversed",
    "RecordPayout Ok",
    "RecordPayout Internal",
    "RecordSupplier Internal",
    "Admin Ok",
    "Admin RightUnknown",
    "ReadSupplier SessionOver",
    "ReadSupplier NoDesk",
    "ReadPayout Ok",
    "ListPayouts Ok",
    "ListInvoices Ok",
];

#[expect(clippy::disallowed_methods, reason = "what to replay comes from the environment")]
fn from_environment<T: std::str::FromStr>(name: &str) -> Option<T> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().ok().unwrap_or_else(|| panic!("{name} is a number")))
}

/// Names the seed of a run that fails.
struct Replay(u64);

impl Drop for Replay {
    #[expect(clippy::print_stderr, reason = "a failure prints the seed that replays it")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("VENTANILLA_SEED={}", self.0);
        }
    }
}

struct Run {
    sides: [Side; 2],
    random: Rng,
    /// The instant of the act before.
    at: Timestamp,
    payouts: Workload,
    auditor: Auditor,
    payments: ventanilla_sim::Workload,
    payments_auditor: ventanilla_sim::Auditor,
    /// The bills that files bring and change; nobody pays them.
    filed: World,
    lines: usize,
}

impl Run {
    fn opened(seed: u64, sides: [Side; 2]) -> Self {
        let world = World::new(seed, 40, 4);
        let filed = World {
            first_contract: 500_001,
            first_member: 600_001,
            first_bill: 50_000_001,
            ..World::new(seed, 50, 6)
        };
        let mut members = Vec::new();
        write_members(&mut members, &filed).unwrap();
        for side in &sides {
            side.import_world(&world);
            side.import(FileKind::Members, members.clone(), None, &mut |_| {});
        }
        let first = &sides[0];
        let (companies, bills) = (first.companies.each_ref(), world.known_bills());
        let collectors = first.collectors.clone();
        Self {
            random: Rng::with_seed(seed),
            at: start(),
            payouts: Workload::new(seed, start(), &first.staff, companies),
            auditor: Auditor::new(&first.staff, companies),
            payments_auditor: ventanilla_sim::Auditor::new(&collectors, bills.clone()),
            payments: ventanilla_sim::Workload::new(seed, start(), collectors, bills),
            sides,
            filed,
            lines: 0,
        }
    }

    fn step(&mut self) {
        let marks = self.marks();
        match self.random.u8(0..80) {
            0..44 => self.act(),
            44..54 => self.act_together(),
            54..79 => self.pay(),
            _ => return self.import(),
        }
        assert_eq!(self.marks(), marks, "neither payouts nor payments change the facts of bills");
    }

    fn marks(&self) -> [i64; 2] {
        self.sides.each_ref().map(|side| side.counters().facts_mark())
    }

    /// The next act of the suppliers' side, at this instant or a later one.
    fn next(&mut self) -> Step {
        let step = self.payouts.next_step();
        self.at = self.at.max(step.at);
        Step { at: self.at, ..step }
    }

    fn act(&mut self) {
        let step = self.next();
        let [expected, outcome] = self.sides.each_ref().map(|side| side.apply(&step));
        self.judge(&[step], &[outcome], &[expected]);
    }

    /// Several acts of one instant, none of which waits for another.
    fn act_together(&mut self) {
        let steps = self.next_together();
        let [expected, outcomes] = self.sides.each_ref().map(|side| side.apply_together(&steps));
        self.judge(&steps, &outcomes, &expected);
    }

    fn next_together(&mut self) -> Vec<Step> {
        let len = self.random.usize(2..7);
        let mut steps: Vec<_> = (0..len).map(|_| self.next()).collect();
        // What is read is read at once, what is written in its turn.
        steps.retain(|step| step.act.is_write());
        for step in &mut steps {
            step.at = self.at;
        }
        steps
    }

    fn judge(&mut self, steps: &[Step], outcomes: &[Outcome], expected: &[Outcome]) {
        assert_eq!(outcomes.len(), steps.len());
        for ((step, outcome), expected) in steps.iter().zip(outcomes).zip(expected) {
            assert_eq!(outcome, expected, "{step:#?}");
            self.payouts.learn(step, outcome);
            self.auditor.observe(step, outcome);
        }
        assert_eq!(self.auditor.findings(), &[] as &[String]);
    }

    /// The next act at the window.
    fn pay(&mut self) {
        let step = self.payments.next_step();
        self.at = self.at.max(step.at);
        let step = ventanilla_sim::Step { at: self.at, ..step };
        let apply =
            |side: &Side| side.wait(ventanilla_sim::apply(&side.service, &side.collectors, &step));
        let [expected, outcome] = self.sides.each_ref().map(apply);
        assert_eq!(outcome, expected, "{step:#?}");
        self.payments.learn(&step, &outcome);
        self.payments_auditor.observe(&step, &outcome);
        assert_eq!(self.payments_auditor.findings(), &[] as &[String]);
    }

    /// A file of new and changed bills, and acts of the suppliers' side while it is imported.
    fn import(&mut self) {
        let file = self.file();
        let steps = self.next_together();
        let amid = if self.random.bool() { Phase::Checking } else { Phase::Keeping };
        let import = |side: &Side| {
            side.service.clock().set(self.at);
            let (mut outcomes, mut ends) = (Vec::new(), [0; 2]);
            let imported = side.import(FileKind::Bills, file.clone(), None, &mut |told| {
                let News::Progress { phase, .. } = told else {
                    assert_eq!(ends, [0; 2], "what was checked was decided anew: {told:?}");
                    return;
                };
                ends[usize::from(phase == Phase::Keeping)] += 1;
                if phase == amid && outcomes.is_empty() {
                    outcomes = side.apply_together(&steps);
                }
            });
            assert!(ends[1] <= 1, "the file was read once more");
            (imported.totals, outcomes)
        };
        let [expected, (totals, outcomes)] = self.sides.each_ref().map(import);
        assert_eq!(totals, expected.0);
        // Of a file that brings nothing, no line is kept, and nobody acts meanwhile.
        if !outcomes.is_empty() {
            self.judge(&steps, &outcomes, &expected.1);
        }
    }

    fn file(&mut self) -> Vec<u8> {
        self.lines += LINES_ADDED;
        let (mut bills, mut file) = (Vec::new(), String::new());
        write_bills(&mut bills, &self.filed).unwrap();
        let text = String::from_utf8(bills).unwrap();
        for (number, line) in text.lines().take(self.lines + 1).enumerate() {
            // Number, contract, period, amount: the rest would have to add up.
            let cells: Vec<_> = line.split(',').take(4).collect();
            let is_changed = number > 0 && self.random.u8(0..10) == 0;
            let amount = format!("{}.50", self.random.u8(1..9));
            let amount = if is_changed { &amount } else { cells[3] };
            file += &[cells[0], cells[1], cells[2], amount].join(",");
            file.push('\n');
        }
        file.into_bytes()
    }

    /// Compares all that both stores keep with the auditor's books.
    fn compare(&mut self) {
        for side in &self.sides {
            let snapshot = side.store.snapshot().unwrap();
            self.auditor.compare(&snapshot.view()).unwrap();
        }
        assert_eq!(self.auditor.findings(), &[] as &[String]);
    }

    /// Reads everything once more, and the journals to their ends.
    fn close(&mut self) {
        self.compare();
        for company in self.sides[0].companies.each_ref().map(|company| company.id) {
            for act in self.auditor.readings(company) {
                let step = Step { at: self.at, caller: 0, company, act };
                let [expected, outcome] = self.sides.each_ref().map(|side| side.apply(&step));
                self.judge(&[step], &[outcome], &[expected]);
            }
        }
        for side in &self.sides {
            let snapshot = side.store.snapshot().unwrap();
            self.auditor.compare_journal(&snapshot.view()).unwrap();
        }
        assert_eq!(self.auditor.findings(), &[] as &[String]);
        let [memory, disk] = self.sides.each_ref().map(Side::verified);
        assert_eq!(memory.heads, disk.heads, "the journals' ends");
        let (active, reversed) = self.payments_auditor.count();
        assert_eq!(disk.payments, u64::try_from(active + reversed).unwrap());
        let (standing, reversed) = self.auditor.count();
        assert_eq!(disk.payouts, u64::try_from(standing + reversed).unwrap());
    }
}

fn run(seed: u64, steps: usize, answers: &mut BTreeMap<String, usize>) {
    let _replay = Replay(seed);
    let folder = tempfile::tempdir().unwrap();
    let mut run = Run::opened(seed, [Side::in_memory(), Side::on_disk(folder.path())]);
    for number in 1..=steps {
        run.step();
        if number % COMPARED_EVERY == 0 {
            run.compare();
        }
    }
    run.close();
    let (standing, reversed) = run.auditor.count();
    assert!(standing > 50 && reversed > 20, "the workload does too little");
    for (answer, count) in run.auditor.answers() {
        *answers.entry(answer.clone()).or_default() += count;
    }
}

#[test]
fn memory_and_sqlite_answer_the_same_and_the_auditor_is_content() {
    let seed = from_environment("VENTANILLA_SEED");
    let seeds = seed.map_or(SEEDS.to_vec(), |seed| vec![seed]);
    let steps = from_environment("VENTANILLA_STEPS").unwrap_or(STEPS);
    let mut answers = BTreeMap::new();
    for seed in &seeds {
        run(*seed, steps, &mut answers);
    }
    // Runs that do too little prove too little.
    let missed: Vec<_> = ANSWERS.iter().filter(|answer| !answers.contains_key(**answer)).collect();
    assert!(seeds.len() == 1 || missed.is_empty(), "{missed:?} of {answers:#?}");
}
