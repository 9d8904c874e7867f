//! `bench`: what the server does, as ratios measured in one run against anchors beside it.
//!
//! Absolute figures belong to the machine and the minute; only a ratio of two rates taken in
//! alternating rounds says something of the program.

mod anchors;
mod console;
mod database;
mod edge;
mod facts;
mod import;
mod load;
mod payouts;
mod peer;
mod print;
mod report;
mod search;
mod siege;
mod world;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};

use crate::config::from_count;
use crate::log::{self, LogArgs};
use crate::output;
use crate::problem::Exit;

use load::{Load, Measured, Target};
use peer::Peer;
use report::{Ratio, Report, Series};
use world::World;

/// The commands under `bench`.
#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// Pagos durables: en grupos contra un pago por commit
    Pay(BenchArgs),
    /// Consultas de deuda: contra un eco de la misma petición
    Consult(BenchArgs),
    /// Lecturas de un pago a un proveedor: contra un eco de la misma petición
    Payout(BenchArgs),
    /// Facturas en papel, y reportes de muchas cobranzas: contra un CSV de textos ya listos
    Print(print::PrintBenchArgs),
    /// Esas cuatro mediciones
    All(BenchArgs),
    /// Archivos de facturas: contra el «.import» de sqlite3, y mientras se cobra
    Import(import::ImportBenchArgs),
    /// El borde bajo abuso: cajeros que cobran mientras otros solo ocupan conexiones
    Edge(edge::EdgeBenchArgs),
    /// Pagos sobre PostgreSQL: contra pgbench, y contra una sentencia por viaje en el mismo esquema
    Database(database::DatabaseBenchArgs),
    /// Búsquedas de socios: contra la deuda de un contrato por su código
    Search(search::SearchBenchArgs),
    /// Páginas de la consola, cada una de la tabla de rutas: contra un eco de los mismos bytes
    Console(console::ConsoleBenchArgs),
    /// Un eco que responde siempre lo mismo
    #[command(hide = true)]
    ServeEcho(anchors::EchoArgs),
}

impl BenchCommand {
    /// The command as it is run, with what was left to the defaults.
    fn to_line(&self) -> String {
        match self {
            Self::Pay(args) => args.to_line("pay"),
            Self::Consult(args) => args.to_line("consult"),
            Self::Payout(args) => args.to_line("payout"),
            Self::Print(args) => args.to_line(),
            Self::All(args) => args.to_line("all"),
            Self::Database(args) => args.to_line(),
            Self::Search(args) => args.to_line(),
            Self::Import(_) | Self::Edge(_) | Self::Console(_) | Self::ServeEcho(_) => {
                String::new()
            }
        }
    }
}

/// The flags of the measurements.
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// Segundos de cada ronda: 2 si falta
    #[arg(long, value_name = "S", default_value = "2", value_parser = from_count)]
    seconds: u32,
    /// Rondas de cada variante, alternadas: 7 si falta
    #[arg(long, value_name = "N", default_value = "7", value_parser = from_count)]
    rounds: u32,
    /// Conexiones, con una petición en vuelo cada una: 64 si falta
    #[arg(long, value_name = "N", default_value = "64", value_parser = from_count)]
    connections: u32,
    /// Facturas, cinco por contrato; si falta, las que piden las rondas
    #[arg(long, value_name = "N", value_parser = from_count)]
    bills: Option<u32>,
    /// Directorio en cuyo disco se mide; si falta, el temporal del sistema
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Mide los pagos también con un espejo, en un directorio nuevo dentro de este
    #[arg(long, value_name = "DIR")]
    mirror: Option<PathBuf>,
}

impl BenchArgs {
    fn to_line(&self, name: &str) -> String {
        let Self { seconds, rounds, connections, .. } = self;
        let mut line = format!(
            "ventanilla bench {name} --seconds {seconds} --rounds {rounds} --connections {connections}"
        );
        line.extend(self.bills.map(|bills| format!(" --bills {bills}")));
        line.extend(self.data.as_ref().map(|data| format!(" --data {}", data.display())));
        line.extend(self.mirror.as_ref().map(|mirror| format!(" --mirror {}", mirror.display())));
        line
    }
}

/// Payments a second that no machine of the kind passes: so many bills are made ready.
const PAYMENTS_PER_SECOND_MAX: u32 = 40_000;
/// Bills enough to consult.
const CONSULT_BILLS: u32 = 100_000;

/// Durable payments in groups must be at least so many times those one by one.
const PAY_RATIO_MIN: f64 = 3.0;
/// Debts must be told at least at such a part of the echo's rate.
const CONSULT_RATIO_MIN: f64 = 0.45;
/// Payouts must be told at least at such a part of the echo's rate.
const PAYOUT_RATIO_MIN: f64 = 0.35;

/// The part of each round that is not counted.
const WARM_UP: Duration = Duration::from_millis(300);
/// Between two rounds: what the last one left to be written is written.
const PAUSE: Duration = Duration::from_millis(500);

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn now() -> Instant {
    Instant::now()
}

/// Runs a command under `bench`.
pub(crate) fn run(command: &BenchCommand, log: &LogArgs) -> anyhow::Result<Exit> {
    log::start(log, "warn")?;
    let mut report = Report::new(command.to_line());
    let create =
        |args: &BenchArgs, bills| World::create(args.data.as_deref(), args.bills.unwrap_or(bills));
    let to_pay = |args: &BenchArgs| {
        let seconds = args.rounds.saturating_mul(args.seconds.saturating_add(1));
        seconds.saturating_mul(PAYMENTS_PER_SECOND_MAX)
    };
    match command {
        BenchCommand::ServeEcho(args) => return anchors::serve_echo(args),
        BenchCommand::Import(args) => return import::run(args),
        BenchCommand::Edge(args) => return edge::run(args),
        BenchCommand::Console(args) => return console::run(args),
        BenchCommand::Database(args) => database::run(args, &mut report)?,
        BenchCommand::Search(args) => search::run(args, &mut report)?,
        BenchCommand::Pay(args) => pay(&create(args, to_pay(args))?, args, &mut report)?,
        BenchCommand::Consult(args) => consult(&create(args, CONSULT_BILLS)?, args, &mut report)?,
        BenchCommand::Payout(args) => {
            payout(&World::of_members(args.data.as_deref(), 1)?, args, &mut report)?;
        }
        BenchCommand::Print(args) => print::run(args, &mut report)?,
        BenchCommand::All(args) => {
            let world = create(args, to_pay(args))?;
            pay(&world, args, &mut report)?;
            consult(&world, args, &mut report)?;
            payout(&world, args, &mut report)?;
            print::run(&print::PrintBenchArgs::within(args), &mut report)?;
        }
    }
    output::print(report.to_markdown())?;
    Ok(if report.has_refusals() { Exit::FoundWrong } else { Exit::Done })
}

/// Payments: the server as it is, the same with groups of one, and the anchors N and F.
fn pay(world: &World, args: &BenchArgs, report: &mut Report) -> anyhow::Result<()> {
    let grouped = world.server("grupos", &[])?;
    let single = world.server("uno", &["--batch-len-max", "1"])?;
    let durable = world.anchor(&world.debt_answer(&grouped)?, true)?;
    let targets = [
        Target::new("pagos durables", grouped.address(), world.payments(&grouped)?),
        Target::new("pagos, un pago por commit", single.address(), world.payments(&single)?),
        Target::new("N: eco, cola y fdatasync por grupo", durable.address(), world.debts("x")),
    ];
    let [grouped, single, durable] = measure(&targets, args)?;
    let name = "pagos durables / un pago por commit";
    report.add_ratio(Ratio::of(name, &grouped, &single, Some(PAY_RATIO_MIN)));
    report.add_ratio(Ratio::of("pagos durables / N", &grouped, &durable, None));
    report.add_series([grouped, single, durable]);
    report.set_syncs(anchors::syncs_per_second(world.root())?);
    args.mirror.as_deref().map_or(Ok(()), |parent| pay_mirrored(world, parent, args, report))
}

/// The same payments with a mirror, beside those without.
fn pay_mirrored(
    world: &World,
    parent: &Path,
    args: &BenchArgs,
    report: &mut Report,
) -> anyhow::Result<()> {
    let folder = tempfile::Builder::new().prefix("ventanilla-bench-").tempdir_in(parent)?;
    let mirror = folder.path().join("espejo");
    let alone = world.server("sin-espejo", &[])?;
    let mirrored = world.server("con-espejo", &["--mirror", &mirror.to_string_lossy()])?;
    let targets = [
        Target::new("pagos sin espejo", alone.address(), world.payments(&alone)?),
        Target::new("pagos con espejo", mirrored.address(), world.payments(&mirrored)?),
    ];
    let [alone, mirrored] = measure(&targets, args)?;
    report.add_ratio(Ratio::of("pagos con espejo / sin espejo", &mirrored, &alone, None));
    report.add_series([alone, mirrored]);
    Ok(())
}

/// Debts: the server as it is, and the anchor E.
fn consult(world: &World, args: &BenchArgs, report: &mut Report) -> anyhow::Result<()> {
    let server = world.server("consulta", &[])?;
    let echo = world.anchor(&world.debt_answer(&server)?, false)?;
    let requests = world.debts(&World::token(&server)?);
    let targets = [
        Target::new("consultardeuda", server.address(), requests.clone()),
        Target::new("E: eco de la misma petición", echo.address(), requests),
    ];
    let [consult, echo] = measure(&targets, args)?;
    report.add_ratio(Ratio::of("consultardeuda / E", &consult, &echo, Some(CONSULT_RATIO_MIN)));
    report.add_series([consult, echo]);
    Ok(())
}

/// Payouts read: the server as it is, and the anchor E.
fn payout(world: &World, args: &BenchArgs, report: &mut Report) -> anyhow::Result<()> {
    world.add_payouts()?;
    let server = world.server("pagos", &[])?;
    let echo = world.anchor(&payouts::answer(&server)?, false)?;
    let target = |name, peer: &Peer| {
        let target = Target::new(name, peer.address(), payouts::requests());
        target.succeeding(payouts::is_success)
    };
    let targets = [target("leer_pago", &server), target("E: eco del mismo pedido de pago", &echo)];
    let [read, echo] = measure(&targets, args)?;
    report.add_ratio(Ratio::of("leer_pago / E", &read, &echo, Some(PAYOUT_RATIO_MIN)));
    report.add_series([read, echo]);
    Ok(())
}

/// What is measured in turn with others.
struct Subject<'s> {
    name: &'static str,
    round: Box<dyn FnMut() -> anyhow::Result<Found> + 's>,
}

/// What a round found.
enum Found {
    Measured(Measured),
    /// No more than how many a second they were.
    Rate(f64),
}

impl<'s> Subject<'s> {
    /// A target that is asked like this.
    fn asked(target: &'s Target, load: Load) -> Self {
        let round = move || load.run(target).map(Found::Measured);
        Self { name: target.name(), round: Box::new(round) }
    }
}

/// Measures the targets in turn.
fn measure<const N: usize>(targets: &[Target; N], args: &BenchArgs) -> anyhow::Result<[Series; N]> {
    let load = load_of(args.connections, args.seconds);
    alternate(targets.each_ref().map(|target| Subject::asked(target, load)), args.rounds)
}

/// Connections that ask without a pause for so many seconds.
fn load_of(connections: u32, seconds: u32) -> Load {
    Load {
        connections,
        warm_up: WARM_UP,
        counted: Duration::from_secs(seconds.into()),
        think: Duration::ZERO,
        is_kept: true,
    }
}

/// Measures in turn, round after round, each second round backwards.
fn alternate<const N: usize>(
    mut subjects: [Subject<'_>; N],
    rounds: u32,
) -> anyhow::Result<[Series; N]> {
    let mut series: [Series; N] = std::array::from_fn(|at| Series::new(subjects[at].name));
    for round in 0..rounds {
        for step in 0..N {
            let at = if round % 2 == 0 { step } else { N - 1 - step };
            let Subject { name, round: measure } = &mut subjects[at];
            let rate = match measure()? {
                Found::Measured(measured) => {
                    let rate = measured.rate;
                    series[at].add(measured);
                    rate
                }
                Found::Rate(rate) => {
                    series[at].add_rate(rate);
                    rate
                }
            };
            output::tell(format_args!("ronda {}: {name}: {rate:.0}/s", round + 1));
            std::thread::sleep(PAUSE);
        }
    }
    Ok(series)
}
