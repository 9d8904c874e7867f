//! Files of bills: against `sqlite3`'s own `.import` of the same file, and while payments run.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;

use super::load::{Load, Measured, Requests, Target};
use super::now;
use super::peer::{Peer, resident_mib};
use super::report::{median, milliseconds, ratio_at_most, to_target_row};
use super::world::{World, write_request};
use crate::config::from_count;
use crate::output;
use crate::problem::{Exit, Problem, to_reason};

/// The flags of the measurement.
#[derive(Debug, Args)]
pub(crate) struct ImportBenchArgs {
    /// Facturas, diez por contrato: 1000000 si falta
    #[arg(long, value_name = "N", default_value = "1000000", value_parser = from_count)]
    bills: u32,
    /// Rondas, alternadas: 3 si falta
    #[arg(long, value_name = "N", default_value = "3", value_parser = from_count)]
    rounds: u32,
    /// Directorio en cuyo disco se mide; si falta, el temporal del sistema
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

const BILLS_PER_CONTRACT: u64 = 10;
const FIRST_BILL: u64 = 4_000_001;
/// A prime: its multiples walk over all bills without order, as payers do.
const STRIDE: u64 = 999_983;

/// A new file may take so many times as long as `.import`, and one that says what is known.
const NEW_RATIO_MAX: f64 = 5.0;
const UNCHANGED_RATIO_MAX: f64 = 3.0;
/// What may be waited, and be resident.
const WAIT_MAX: Duration = Duration::from_millis(100);
const READY_MAX: Duration = Duration::from_secs(1);
const RESIDENT_MAX_MIB: u64 = 300;

/// Cashiers who pay while a file is imported, and what each takes for a member.
const CASHIERS: u32 = 16;
const THINK: Duration = Duration::from_millis(10);
/// Longer than any import: the payments end with it.
const LONG: Duration = Duration::from_hours(1);

/// Runs the measurement and prints what was found.
pub(super) fn run(args: &ImportBenchArgs) -> anyhow::Result<Exit> {
    let bench = Bench::prepare(args)?;
    let mut rounds = Rounds::default();
    for round in 1..=args.rounds {
        bench.round(round, &mut rounds)?;
    }
    let lived = bench.live(args.rounds)?;
    output::print(to_markdown(args, &rounds, &lived))?;
    let is_sound = lived.paying.refused == 0 && lived.is_verified;
    Ok(if is_sound { Exit::Done } else { Exit::FoundWrong })
}

struct Bench {
    world: World,
    bills: Bills,
    /// A file of new bills.
    new: PathBuf,
    /// The same bills, some changed and some annulled.
    changed: PathBuf,
}

/// Synthetic bills; the index of one says everything of it.
#[derive(Debug, Clone, Copy)]
struct Bills {
    count: u64,
    contracts: u64,
}

#[derive(Debug)]
struct Bill {
    id: u64,
    contract: u64,
    period: u64,
    minor: u64,
}

/// What the changed file says of a bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    None,
    Amount,
    Annulled,
}

impl Bills {
    /// A month's bills follow one another, a contract's do not.
    const fn bill(self, index: u64) -> Bill {
        let month = index / self.contracts;
        Bill {
            id: FIRST_BILL + index,
            contract: index % self.contracts + 1,
            period: (2021 + month / 12) * 100 + month % 12 + 1,
            minor: 1_000 + index * 37 % 20_000,
        }
    }

    /// Three in a hundred have another amount, and one is annulled.
    const fn change(index: u64) -> Change {
        match index % 100 {
            0..3 => Change::Amount,
            3 => Change::Annulled,
            _ => Change::None,
        }
    }

    /// One in twenty is paid before the changed file comes, some of those that it changes too.
    const fn paid_before(self, number: u64) -> Option<u64> {
        let count = self.count / 20;
        if number < count { Some(number * STRIDE % count * 20) } else { None }
    }

    /// Those paid meanwhile are not: a cashier would be told another amount.
    const fn paid_meanwhile(self, number: u64) -> Option<u64> {
        let count = self.count / 100 * 15;
        let place = number * STRIDE % count;
        if number < count { Some(place / 15 * 100 + 5 + place % 15) } else { None }
    }
}

/// What water costs beside, in hundredths.
const SEWER: u64 = 880;

/// Seconds of each round.
#[derive(Default)]
struct Rounds {
    anchor: Vec<f64>,
    new: Vec<f64>,
    unchanged: Vec<f64>,
    resident_mib: u64,
}

/// What was seen of a server on those books, while a changed file was imported.
struct Lived {
    ready: Duration,
    changed: Duration,
    paying: Measured,
    server_mib: u64,
    import_mib: u64,
    is_verified: bool,
}

impl Bench {
    fn prepare(args: &ImportBenchArgs) -> anyhow::Result<Self> {
        let bills = u64::from(args.bills);
        let contracts = bills.div_ceil(BILLS_PER_CONTRACT);
        let world = World::of_members(args.data.as_deref(), contracts)?;
        let (new, changed) = (world.root().join("nuevas.csv"), world.root().join("cambios.csv"));
        let bench = Self { world, bills: Bills { count: bills, contracts }, new, changed };
        bench.write(&bench.new, |_| Change::None)?;
        bench.write(&bench.changed, Bills::change)?;
        Ok(bench)
    }

    fn write(&self, path: &Path, change: fn(u64) -> Change) -> anyhow::Result<()> {
        let mut out = BufWriter::new(File::create(path)?);
        writeln!(out, "factura,contrato,periodo,monto,estado,vencimiento,detalle")?;
        for index in 0..self.bills.count {
            let bill = self.bills.bill(index);
            let change = change(index);
            let state = if change == Change::Annulled { "anulada" } else { "pendiente" };
            let water = bill.minor - SEWER + if change == Change::Amount { 100 } else { 0 };
            let amount = decimal(water + SEWER);
            let (year, month) = (bill.period / 100, bill.period % 100);
            writeln!(
                out,
                "{},{},{},{amount},{state},{year}-{month:02}-25,Agua={}|Alcantarillado={}",
                bill.id,
                bill.contract,
                bill.period,
                decimal(water),
                decimal(SEWER)
            )?;
        }
        out.flush()?;
        Ok(())
    }

    /// One round: the anchor, the new file, and the same once more.
    fn round(&self, round: u32, rounds: &mut Rounds) -> anyhow::Result<()> {
        let place = self.world.copy(&format!("ronda-{round}"))?;
        let anchor = self.anchor()?;
        let new = import(&self.new, &place)?;
        let unchanged = import(&self.new, &place)?;
        output::tell(format_args!(
            "ronda {round}: .import {:.2} s, nuevas {:.2} s, iguales {:.2} s",
            anchor.as_secs_f64(),
            new.took.as_secs_f64(),
            unchanged.took.as_secs_f64()
        ));
        rounds.anchor.push(anchor.as_secs_f64());
        rounds.new.push(new.took.as_secs_f64());
        rounds.unchanged.push(unchanged.took.as_secs_f64());
        let resident_mib = new.resident_mib.max(unchanged.resident_mib);
        rounds.resident_mib = rounds.resident_mib.max(resident_mib);
        Ok(())
    }

    /// The same file through `sqlite3`, into a table of its columns.
    fn anchor(&self) -> anyhow::Result<Duration> {
        let database = self.world.root().join("import.db");
        let import = format!(".import {} facturas", self.new.display());
        let began = now();
        let status = Command::new("sqlite3")
            .arg(&database)
            .args([".mode csv", &import])
            .stdin(Stdio::null())
            .status()
            .map_err(|error| {
                let reason = to_reason(&error);
                Problem::usage(format!("sqlite3, con el que se compara: {reason}"))
            })?;
        let took = now() - began;
        fs::remove_file(&database)?;
        if status.success() { Ok(took) } else { Err(Problem::store("sqlite3 no pudo importar")) }
    }

    /// A server on the last round's books: one bill in twenty is paid, then a changed file comes.
    fn live(&self, round: u32) -> anyhow::Result<Lived> {
        let data = self.world.root().join(format!("ronda-{round}"));
        let secrets = self.world.root().join("secrets");
        let (data, secrets) = (data.to_string_lossy(), secrets.to_string_lossy());
        let place = ["--data", &data, "--secrets", &secrets].map(str::to_owned);
        let began = now();
        let mut arguments = vec!["serve"];
        arguments.extend(place.iter().map(String::as_str));
        let server = Peer::start(&arguments)?;
        let ready = now() - began;
        let before = Load {
            connections: CASHIERS,
            warm_up: Duration::ZERO,
            counted: LONG,
            think: Duration::ZERO,
            is_kept: true,
        };
        before.run(&self.target(&server, Bills::paid_before)?)?;
        let target = self.target(&server, Bills::paid_meanwhile)?;
        let stop = Arc::new(AtomicBool::new(false));
        let meanwhile = Load { think: THINK, ..before };
        let (paying, changed) = std::thread::scope(|scope| {
            let paying = scope.spawn(|| meanwhile.run_until(&target, &stop));
            let changed = import(&self.changed, &place);
            stop.store(true, Ordering::Relaxed);
            (paying.join(), changed)
        });
        let Ok(paying) = paying else {
            return Err(Problem::store("los pagos que se miden se cortaron"));
        };
        let changed = changed?;
        let server_mib = resident_mib(server.id());
        let mut arguments = vec!["verify"];
        arguments.extend(place.iter().map(String::as_str));
        let is_verified = ran(&arguments).is_ok();
        Ok(Lived {
            ready,
            changed: changed.took,
            paying: paying?,
            server_mib,
            import_mib: changed.resident_mib,
            is_verified,
        })
    }

    /// Payments of the bills that `pick` gives, until it gives none.
    fn target(&self, server: &Peer, pick: fn(Bills, u64) -> Option<u64>) -> anyhow::Result<Target> {
        let (bills, token) = (self.bills, World::token(server)?);
        let requests: Requests = Arc::new(move |number, request| {
            let Some(index) = pick(bills, number) else { return false };
            let Bill { id, contract, period, minor } = bills.bill(index);
            let amount = decimal(minor);
            let body = format!(
                r#"{{"IdFactura":{id},"Periodo":"{period}","Contrato":"{contract}","Monto":{amount},"IdAsociado":"{contract}","IdTransaccion":"i{index}"}}"#
            );
            write_request(request, "realizarpago", Some(&token), &body).is_ok()
        });
        Ok(Target::new("pagos", server.address(), requests))
    }
}

fn decimal(minor: u64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}

/// What a process of this binary took.
struct Ran {
    took: Duration,
    resident_mib: u64,
}

/// Imports a file of bills.
fn import(file: &Path, place: &[String; 4]) -> anyhow::Result<Ran> {
    let file = file.to_string_lossy();
    let mut arguments = vec!["import", "bills", &file, "--json"];
    arguments.extend(place.iter().map(String::as_str));
    ran(&arguments)
}

/// Runs this binary to its end; an error where it does not end well.
fn ran(arguments: &[&str]) -> anyhow::Result<Ran> {
    let began = now();
    let mut child = Command::new(std::env::current_exe()?)
        .args(arguments)
        .args(["--log", "error"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let mut resident = 0;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        resident = resident.max(resident_mib(child.id()));
        std::thread::sleep(Duration::from_millis(5));
    };
    let took = now() - began;
    if status.success() {
        Ok(Ran { took, resident_mib: resident })
    } else {
        Err(Problem::store("una orden de la medición no terminó bien"))
    }
}

fn to_markdown(args: &ImportBenchArgs, rounds: &Rounds, lived: &Lived) -> String {
    let mut lines = vec![
        format!("`ventanilla bench import --bills {} --rounds {}`", args.bills, args.rounds),
        String::new(),
        "| razón (mediana de las rondas) | mediana | mín – máx | objetivo |".to_owned(),
        "|---|---|---|---|".to_owned(),
        ratio_at_most("facturas nuevas / .import", &rounds.new, &rounds.anchor, NEW_RATIO_MAX),
        ratio_at_most(
            "facturas iguales / .import",
            &rounds.unchanged,
            &rounds.anchor,
            UNCHANGED_RATIO_MAX,
        ),
        String::new(),
        "| medida | valor | objetivo |".to_owned(),
        "|---|---|---|".to_owned(),
    ];
    let seconds = |name: &str, taken: f64| format!("| {name} | {taken:.2} s | – |");
    lines.push(seconds("`.import` de sqlite3", median(&rounds.anchor)));
    lines.push(seconds("facturas nuevas", median(&rounds.new)));
    lines.push(seconds("facturas iguales", median(&rounds.unchanged)));
    lines.push(seconds(
        "3 % cambiadas y 1 % anuladas, mientras se cobra",
        lived.changed.as_secs_f64(),
    ));
    let is_ready = lived.ready <= READY_MAX;
    lines.push(to_target_row("hasta escuchar", &milliseconds(lived.ready), "1 s", is_ready));
    let paying = &lived.paying;
    lines.push(format!("| pagos mientras tanto | {:.0} por segundo | – |", paying.rate));
    lines.push(format!("| espera de un pago, p99 | {} | – |", milliseconds(paying.p99)));
    let is_short = paying.longest <= WAIT_MAX;
    lines.push(to_target_row(
        "espera de un pago, la mayor",
        &milliseconds(paying.longest),
        "100 ms",
        is_short,
    ));
    for (name, mib) in [
        ("memoria residente de la importación", rounds.resident_mib.max(lived.import_mib)),
        ("memoria residente del servidor", lived.server_mib),
    ] {
        lines.push(to_target_row(name, &format!("{mib} MiB"), "300 MiB", mib <= RESIDENT_MAX_MIB));
    }
    lines.push(to_target_row("libros después", "verify", "sin diferencias", lived.is_verified));
    if let Some(first) = &paying.first_refused {
        lines.push(format!("\npagos sin éxito: {}; el primero: {first}", paying.refused));
    }
    lines.join("\n")
}
