//! One seeded workload against services over memory, SQLite and PostgreSQL: every answer is the same,
//! fits what was answered before, and all books verify. The same mixed with what the window's cashiers do.
//!
//! A failure names its seed; `VENTANILLA_SEED=<seed> cargo test -p ventanilla-sim --test
//! stores_agree` runs that one again.

#![expect(clippy::unwrap_used, reason = "a test stops where something fails")]

mod mixed;
mod noticed;

use std::io::Cursor;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use jiff::Timestamp;
use ventanilla_domain::{
    CompanyId, Currency, FileKind, ImportTotals, Label, Name, PayRefusal, PaymentId, TimeZone,
};
use ventanilla_rig::Cluster;
use ventanilla_service::import::{ImportRequest, VanishMax};
use ventanilla_service::{
    Caller, Clock, Entropy, Failure, LimitChange, LimitChanges, NewCollector, NewCompany, Service,
    Settings, VerifyReport,
};
use ventanilla_sim::{Auditor, Outcome, Workload, World, apply, write_bills, write_members};
use ventanilla_store::{DatabaseAddress, Keys, Store};

/// The seeds that run when none is named.
const SEEDS: [u64; 3] = [1, 2, 3];

/// Steps of each run.
const STEPS: usize = 1_500;

fn start() -> Timestamp {
    "2021-11-26T12:00:00Z".parse().unwrap()
}

fn keys() -> Keys {
    Keys::from_random([7; 64])
}

#[expect(clippy::disallowed_methods, reason = "the seed to replay comes from the environment")]
fn seeds() -> Vec<u64> {
    match std::env::var("VENTANILLA_SEED") {
        Ok(seed) => vec![seed.parse().expect("VENTANILLA_SEED is a number")],
        Err(_) => SEEDS.to_vec(),
    }
}

/// A service with the books that every run starts from, and its callers.
async fn opened(store: Store, world: &World) -> (Service, Vec<Caller>) {
    opened_with(store, world, Settings::default()).await
}

async fn opened_with(store: Store, world: &World, settings: Settings) -> (Service, Vec<Caller>) {
    let service =
        Service::start(store, Clock::manual(start()), Entropy::counted(1), settings).unwrap();
    let company = NewCompany {
        id: CompanyId::FIRST,
        name: Name::from_text("Cooperativa").unwrap(),
        currency: Currency::BOB,
        time_zone: TimeZone::from_name("America/La_Paz").unwrap(),
        first_payment: PaymentId::from_i64(4_224_408).unwrap(),
    };
    let company = service.add_company(company).await.unwrap().id;
    let (mut members, mut bills) = (Vec::new(), Vec::new());
    write_members(&mut members, world).unwrap();
    write_bills(&mut bills, world).unwrap();
    let rows = u64::from(world.contracts);
    let bill_rows = rows * u64::from(world.bills_per_contract);
    for (kind, file, rows) in
        [(FileKind::Members, members, rows), (FileKind::Bills, bills, bill_rows)]
    {
        let summary = import(&service, kind, file.clone()).await;
        assert_eq!((summary.lines, summary.new.count, summary.refused), (rows, rows, 0));
        let again = import(&service, kind, file).await;
        assert_eq!((again.lines, again.unchanged), (rows, rows));
    }
    let mut callers = Vec::new();
    let keep = LimitChange::Keep;
    for (name, payment_max, held_max) in [
        ("banco", keep, keep),
        ("kiosco", LimitChange::Set(9_000), keep),
        ("billetera", keep, LimitChange::Set(250_000)),
    ] {
        let name = Label::from_text(name).unwrap();
        let new = NewCollector { company, name, can_list: false, credentials: None };
        let (added, credentials) = service.add_collector(new).await.unwrap();
        let changes = LimitChanges { payment_max, held_max };
        service.limit_collector(company, added.name.as_str(), changes).await.unwrap();
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let token = service.issue_token(&credentials, address).await.unwrap().token;
        callers.push(service.session(&token).unwrap().into_caller());
    }
    (service, callers)
}

/// The file of bills with other amounts here and there, and without some of its lines.
fn changed_bills(world: &World) -> Vec<u8> {
    let mut bills = Vec::new();
    write_bills(&mut bills, world).unwrap();
    let text = String::from_utf8(bills).unwrap();
    let mut changed = String::new();
    for (number, line) in text.lines().enumerate() {
        // Number, contract, period, amount, state: the rest would have to add up.
        let cells: Vec<_> = line.split(',').take(5).collect();
        let line = match number % 10 {
            3 => [cells[0], cells[1], cells[2], "1.23", cells[4]].join(","),
            7 => continue,
            _ => cells.join(","),
        };
        changed.push_str(&line);
        changed.push('\n');
    }
    changed.into_bytes()
}

async fn import(service: &Service, kind: FileKind, file: Vec<u8>) -> ImportTotals {
    import_as(service, kind, file, None).await
}

async fn import_as(
    service: &Service,
    kind: FileKind,
    file: Vec<u8>,
    complete: Option<VanishMax>,
) -> ImportTotals {
    let request = ImportRequest {
        company: CompanyId::FIRST,
        kind,
        name: Name::from_text("archivo.csv").unwrap(),
        imported_by: Label::from_text("prueba").unwrap(),
        dry_run: false,
        skip_bad: false,
        complete,
    };
    let service = service.clone();
    let import = move || service.import(&request, &mut Cursor::new(file), &mut |_| {});
    tokio::task::spawn_blocking(import).await.unwrap().unwrap().totals
}

async fn verified(service: &Service) -> VerifyReport {
    let service = service.clone();
    let verify = move || {
        let report = service.verify();
        service.shut_down();
        report
    };
    tokio::task::spawn_blocking(verify).await.unwrap().unwrap()
}

async fn run(seed: u64, directory: &Path) {
    let world = World::new(seed, 120, 5);
    let (in_memory, memory_callers) = opened(Store::memory(keys()), &world).await;
    let database = Cluster::shared().and_then(Cluster::database).unwrap();
    let address = DatabaseAddress::from_text(&database.url()).unwrap();
    let others = [
        opened(Store::create_sqlite(directory, keys()).unwrap(), &world).await,
        opened(Store::create_postgres(&address, keys()).unwrap(), &world).await,
    ];
    let bills = world.known_bills();
    let mut auditor = Auditor::new(&memory_callers, bills.clone());
    let mut workload = Workload::new(seed, start(), memory_callers.clone(), bills);
    let mut above = [0, 0];
    for number in 1..=STEPS {
        let step = workload.next_step();
        let expected = apply(&in_memory, &memory_callers, &step).await;
        for (on_disk, callers) in &others {
            let outcome = apply(on_disk, callers, &step).await;
            assert_eq!(outcome, expected, "seed {seed}, step {number}: {step:#?}");
        }
        workload.learn(&step, &expected);
        auditor.observe(&step, &expected);
        match expected {
            Outcome::Pay(Err(Failure::Refused(PayRefusal::PaymentAboveLimit))) => above[0] += 1,
            Outcome::Pay(Err(Failure::Refused(PayRefusal::HeldAboveLimit))) => above[1] += 1,
            _ => {}
        }
        assert_eq!(auditor.findings(), &[] as &[String], "seed {seed}");
    }
    let (active, reversed) = auditor.count();
    assert!(active > 100 && reversed > 50, "seed {seed}: the workload does too little");
    assert!(above.iter().all(|count| *count > 5), "seed {seed}: {above:?} above a limit");
    let changed = changed_bills(&world);
    let complete = Some(VanishMax::Count(u64::MAX));
    let totals = import_as(&in_memory, FileKind::Bills, changed.clone(), complete).await;
    for (on_disk, _) in &others {
        let own = import_as(on_disk, FileKind::Bills, changed.clone(), complete).await;
        assert_eq!(own, totals);
    }
    let counts = [totals.changed.count, totals.paid, totals.vanished.count, totals.unchanged];
    assert!(counts.iter().all(|count| *count > 0), "seed {seed}: {totals:?}");
    for service in others.iter().map(|(service, _)| service).chain([&in_memory]) {
        let report = verified(service).await;
        assert_eq!(report.findings, [] as [String; 0], "seed {seed}");
        let payments = u64::try_from(active + reversed).unwrap();
        assert_eq!(report.payments, payments, "seed {seed}");
    }
}

#[tokio::test]
async fn every_store_answers_the_same() {
    for seed in seeds() {
        let directory = tempfile::tempdir().unwrap();
        run(seed, &directory.path().join("datos")).await;
    }
}
