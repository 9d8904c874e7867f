//! `bench edge`: what cashiers notice of those who only hold connections. The same server is asked in turn with
//! and without them, so that what the machine does at the moment is in both.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::load::{Load, Measured, Target};
use super::peer::{Peer, resident_mib};
use super::report::{median, milliseconds, ratio_at_most, to_target_row};
use super::siege::{Forces, Siege};
use super::world::World;
use super::{PAUSE, WARM_UP};
use crate::config::from_count;
use crate::descriptors;
use crate::output;
use crate::problem::{Exit, Problem};

/// The flags of the measurement.
#[derive(Debug, Args)]
pub(crate) struct EdgeBenchArgs {
    /// Conexiones que mandan un byte por segundo: 2000 si falta
    #[arg(long, value_name = "N", default_value = "2000", value_parser = from_count)]
    slow: u32,
    /// Conexiones que callan, desde el principio o tras una respuesta: 10000 si falta
    #[arg(long, value_name = "N", default_value = "10000", value_parser = from_count)]
    idle: u32,
    /// Cajeros, con una petición en vuelo cada uno: 16 si falta
    #[arg(long, value_name = "N", default_value = "16", value_parser = from_count)]
    cashiers: u32,
    /// Segundos de cada ronda: 2 si falta
    #[arg(long, value_name = "S", default_value = "2", value_parser = from_count)]
    seconds: u32,
    /// Rondas, con asedio y sin él: 7 si falta
    #[arg(long, value_name = "N", default_value = "7", value_parser = from_count)]
    rounds: u32,
    /// Directorio en cuyo disco se mide; si falta, el temporal del sistema
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// The p99 may be so many times what it is without a siege.
const P99_RATIO_MAX: f64 = 2.0;
/// What the server may have resident.
const RESIDENT_MAX_MIB: u64 = 400;
/// What a cashier takes for a member.
const THINK: Duration = Duration::from_millis(10);
/// Requests that a cashier makes in a second at most.
const REQUESTS_PER_SECOND: u32 = 100;
/// The places that a server has.
const PLACES: u32 = 10_000;
/// Descriptors that the measurement needs for itself.
const BESIDES: u32 = 256;

/// Runs the measurement and prints what was found.
pub(super) fn run(args: &EdgeBenchArgs) -> anyhow::Result<Exit> {
    require_descriptors(args)?;
    let asked = args.rounds.saturating_mul(args.seconds.saturating_add(1)).saturating_mul(2);
    let bills = asked.saturating_mul(args.cashiers).saturating_mul(REQUESTS_PER_SECOND);
    let world = World::create(args.data.as_deref(), bills)?;
    let server = world.server("borde", &[])?;
    let bench = Bench::prepare(args, &world, &server)?;
    let mut found = Found::default();
    for round in 1..=args.rounds {
        bench.round(round, &server, &mut found)?;
    }
    found.resident_mib = resident_mib(server.id());
    output::print(to_markdown(args, &found))?;
    Ok(if found.is_sound() { Exit::Done } else { Exit::FoundWrong })
}

/// Each connection takes a descriptor here, and one in the server, which is started with the same limit.
fn require_descriptors(args: &EdgeBenchArgs) -> anyhow::Result<()> {
    let needed = args.slow.saturating_add(args.idle).saturating_add(args.cashiers) + BESIDES;
    let granted = u32::try_from(descriptors::raise()).unwrap_or(u32::MAX);
    if granted >= needed {
        return Ok(());
    }
    Err(Problem::usage(format!(
        "el sistema deja abrir {granted} archivos y conexiones a este proceso, y hacen falta {needed}: \
         suba el límite (`ulimit -n {needed}`, o LimitNOFILE en systemd), o baje --slow e --idle"
    )))
}

/// What cashiers do.
#[derive(Debug, Clone, Copy)]
enum Course {
    Consult,
    ConsultAnew,
    Pay,
}

const COURSES: [(Course, &str); 3] = [
    (Course::Consult, "consultardeuda"),
    (Course::ConsultAnew, "consultardeuda, cada una por una conexión nueva"),
    (Course::Pay, "realizarpago"),
];

struct Bench {
    load: Load,
    forces: Forces,
    consult: Target,
    pay: Target,
}

/// The p99s of a course in milliseconds, round by round.
#[derive(Debug, Default)]
struct Series {
    quiet_ms: Vec<f64>,
    besieged_ms: Vec<f64>,
}

#[derive(Debug, Default)]
struct Found {
    courses: [Series; COURSES.len()],
    held: Vec<f64>,
    resident_mib: u64,
    refused: u32,
    first_refused: Option<String>,
}

impl Bench {
    fn prepare(args: &EdgeBenchArgs, world: &World, server: &Peer) -> anyhow::Result<Self> {
        let load = Load {
            connections: args.cashiers,
            warm_up: WARM_UP,
            counted: Duration::from_secs(args.seconds.into()),
            think: THINK,
            is_kept: true,
        };
        let forces = Forces { slow: args.slow, idle: args.idle };
        let consult = world.debts(&World::token(server)?);
        let consult = Target::new("consultardeuda", server.address(), consult);
        let pay = Target::new("realizarpago", server.address(), world.payments(server)?);
        Ok(Self { load, forces, consult, pay })
    }

    /// Each course without a siege and with one; each second round the other way around.
    fn round(&self, round: u32, server: &Peer, found: &mut Found) -> anyhow::Result<()> {
        let sieges = if round.is_multiple_of(2) { [true, false] } else { [false, true] };
        for is_besieged in sieges {
            if !is_besieged {
                self.courses(found, |series| &mut series.quiet_ms)?;
                continue;
            }
            // Some are always on their way back.
            let least = (self.forces.slow + self.forces.idle).min(PLACES) / 4 * 3;
            let siege = Siege::lay(server.address(), self.forces, least)?;
            found.held.push(siege.held().into());
            self.courses(found, |series| &mut series.besieged_ms)?;
            found.held.push(siege.held().into());
            drop(siege);
            // The server sees them go.
            std::thread::sleep(2 * PAUSE);
        }
        let told = found.courses.iter().map(|Series { quiet_ms, besieged_ms }| {
            let last = |all: &[f64]| all.last().copied().unwrap_or(f64::NAN);
            format!("{:.2} → {:.2} ms", last(quiet_ms), last(besieged_ms))
        });
        let told = told.collect::<Vec<_>>().join(", ");
        output::tell(format_args!("ronda {round}: p99 sin asedio → con él: {told}"));
        Ok(())
    }

    fn courses(
        &self,
        found: &mut Found,
        of: impl Fn(&mut Series) -> &mut Vec<f64>,
    ) -> anyhow::Result<()> {
        for (at, (course, name)) in COURSES.into_iter().enumerate() {
            let measured = self.ask(course).map_err(|error| {
                Problem::found(format!("{name}: un cajero se quedó sin respuesta: {error}"))
            })?;
            found.refused += measured.refused;
            found.first_refused = found.first_refused.take().or(measured.first_refused);
            if let Some(series) = found.courses.get_mut(at) {
                of(series).push(measured.p99.as_secs_f64() * 1e3);
            }
        }
        Ok(())
    }

    fn ask(&self, course: Course) -> anyhow::Result<Measured> {
        match course {
            Course::Consult => self.load.run(&self.consult),
            Course::ConsultAnew => Load { is_kept: false, ..self.load }.run(&self.consult),
            Course::Pay => self.load.run(&self.pay),
        }
    }
}

impl Series {
    fn ratio(&self) -> f64 {
        let rounds = self.besieged_ms.iter().zip(&self.quiet_ms);
        median(&rounds.map(|(besieged, quiet)| besieged / quiet).collect::<Vec<_>>())
    }
}

impl Found {
    /// Whether all bounds hold, and each request had its success.
    fn is_sound(&self) -> bool {
        self.refused == 0
            && self.resident_mib < RESIDENT_MAX_MIB
            && self.courses.iter().all(|series| series.ratio() <= P99_RATIO_MAX)
    }
}

fn to_markdown(args: &EdgeBenchArgs, found: &Found) -> String {
    let EdgeBenchArgs { slow, idle, cashiers, seconds, rounds, data: _ } = args;
    let mut lines = vec![
        format!(
            "`ventanilla bench edge --slow {slow} --idle {idle} --cashiers {cashiers} --seconds {seconds} --rounds {rounds}`"
        ),
        String::new(),
        "| razón de los p99, con asedio / sin él | mediana | mín – máx | objetivo |".to_owned(),
        "|---|---|---|---|".to_owned(),
    ];
    let courses = || COURSES.iter().zip(&found.courses);
    lines.extend(courses().map(|((_, name), series)| {
        ratio_at_most(name, &series.besieged_ms, &series.quiet_ms, P99_RATIO_MAX)
    }));
    lines.extend(["", "| medida | valor | objetivo |", "|---|---|---|"].map(str::to_owned));
    for ((_, name), Series { quiet_ms, besieged_ms }) in courses() {
        let [quiet, besieged] = [quiet_ms, besieged_ms]
            .map(|p99s| milliseconds(Duration::from_secs_f64(median(p99s) / 1e3)));
        lines.push(format!("| p99 de {name}, sin asedio → con él | {quiet} → {besieged} | – |"));
    }
    let is_small = found.resident_mib < RESIDENT_MAX_MIB;
    let (resident, most) =
        (format!("{} MiB", found.resident_mib), format!("{RESIDENT_MAX_MIB} MiB"));
    lines.push(to_target_row(
        "memoria residente del servidor, la mayor",
        &resident,
        &most,
        is_small,
    ));
    lines.push(format!("| conexiones ocupadas a la vez | {:.0} | – |", median(&found.held)));
    if let Some(first) = &found.first_refused {
        lines.push(format!("\nsin éxito: {}; la primera: {first}", found.refused));
    }
    lines.join("\n")
}
