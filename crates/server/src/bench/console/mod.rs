//! `bench console`: what each page of the console takes among a million members, beside an echo of the same bytes
//! by the same accept loop. Over HTTP on one connection: more than the server's own time, never less.

mod crew;
mod debts;
mod ground;
mod guest;
mod pages;

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use ventanilla_domain::Role;
use ventanilla_sim as sim;

use self::crew::{PASSWORD, USERS};
use self::guest::{Answered, Guest};
use self::pages::{ROLES, Wanted};
use super::now;
use super::peer::Peer;
use super::report::{median, to_target_row};
use super::world::World;
use crate::config::from_count;
use crate::output;
use crate::problem::{Exit, Problem};

/// The flags of the measurement.
#[derive(Debug, Args)]
pub(crate) struct ConsoleBenchArgs {
    /// Contratos, nueve de cada diez de un socio más: 1111112 si falta, que son un millón de socios
    #[arg(long, value_name = "N", default_value = "1111112", value_parser = from_count)]
    contracts: u32,
    /// Cobranzas de 90 días, a lo más la mitad de los contratos: 300000 si falta
    #[arg(long, value_name = "N", default_value = "300000", value_parser = from_count)]
    payments: u32,
    /// Veces que se pide cada página en una ronda: 20 si falta
    #[arg(long, value_name = "N", default_value = "20", value_parser = from_count)]
    times: u32,
    /// Rondas de todas las páginas, cada segunda al revés: 5 si falta
    #[arg(long, value_name = "N", default_value = "5", value_parser = from_count)]
    rounds: u32,
    /// Solo las páginas cuya ruta contiene este texto
    #[arg(long, value_name = "TEXTO")]
    only: Option<String>,
    /// Directorio en cuyo disco se mide; si falta, el temporal del sistema
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// What people are made from.
const SEED: u64 = 1;
/// Bills of each contract, one a period.
const BILLS_PER_CONTRACT: u32 = 2;
/// The time that a page may take.
const PAGE_MAX_MS: f64 = 5.0;
/// Bytes over the wire that the first page may have, with all it needs.
const FIRST_PAGE_MAX: usize = 60_000;
/// The first page of a day's work.
const FIRST_PAGE: &str = "/consola/1/caja";

/// Runs the measurement and prints what was found.
pub(super) fn run(args: &ConsoleBenchArgs) -> anyhow::Result<Exit> {
    let people = sim::World::new(SEED, args.contracts, BILLS_PER_CONTRACT);
    let began = now();
    let payments = args.payments.min(args.contracts / 2);
    let (world, known) = ground::create(args.data.as_deref(), &people, payments)?;
    let took = (now() - began).as_secs_f64();
    output::tell(format_args!("{payments} cobranzas; preparado en {took:.0} s"));
    let server = world.server("consola", &[])?;
    let mut house = House::open(&world, &server)?;
    let wanted = pages::wanted(&known)?;
    let is_asked =
        |page: &Wanted| args.only.as_ref().is_none_or(|only| page.name.contains(only.as_str()));
    let mut measured: Vec<Measured> =
        wanted.into_iter().filter(is_asked).map(Measured::of).collect();
    for round in 0..args.rounds {
        house.round(round, args.times, &mut measured)?;
        output::tell(format_args!("ronda {}: {} páginas", round + 1, measured.len()));
    }
    let first_len = house.first_page_len()?;
    output::print(to_markdown(args, payments, &measured, first_len))?;
    Ok(Exit::Done)
}

/// Those who ask, and what is asked beside.
struct House {
    outside: Guest,
    inside: HashMap<Role, Guest>,
    /// Its process ends with this value.
    _echo_peer: Peer,
    echo: Guest,
}

impl House {
    fn open(world: &World, server: &Peer) -> anyhow::Result<Self> {
        let address = server.address();
        let mut inside = HashMap::new();
        for role in ROLES {
            let name = USERS.iter().find(|(_, its)| *its == role).map_or("", |(name, _)| *name);
            inside.insert(role, Guest::inside(address, name, PASSWORD)?);
        }
        let cashier = inside.get_mut(&Role::Cashier).expect("each role is inside");
        let answer = cashier.get(FIRST_PAGE)?.body;
        let echo_peer = world.anchor(&answer, false)?;
        let echo = Guest::outside(echo_peer.address())?;
        Ok(Self { outside: Guest::outside(address)?, inside, _echo_peer: echo_peer, echo })
    }

    fn guest(&mut self, role: Option<Role>) -> &mut Guest {
        role.and_then(|role| self.inside.get_mut(&role)).unwrap_or(&mut self.outside)
    }

    /// Every page some times, each after as many echoes.
    fn round(&mut self, round: u32, times: u32, pages: &mut [Measured]) -> anyhow::Result<()> {
        let mut order: Vec<&mut Measured> = pages.iter_mut().collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for page in order {
            let echoes = (0..times).map(|_| Ok(self.echo.get(FIRST_PAGE)?.took));
            let echoes = echoes.collect::<anyhow::Result<Vec<Duration>>>()?;
            let guest = self.guest(page.wanted.role);
            // A file takes its time, and nobody was promised any.
            let times = if page.wanted.is_file { times.div_ceil(10) } else { times };
            let mut took = Vec::new();
            for _ in 0..times {
                let answered = guest.get(page.next_path())?;
                page.require_page(&answered)?;
                took.push(answered.took);
                page.len = page.len.max(answered.len);
                page.status = answered.status;
            }
            page.ratios.push(middle(&took) / middle(&echoes));
            page.took_ms.extend(took.iter().copied().map(to_ms));
        }
        Ok(())
    }

    /// The bytes of the first page and of all that a browser fetches for it.
    fn first_page_len(&mut self) -> anyhow::Result<usize> {
        let guest = self.guest(Some(Role::Cashier));
        let page = guest.get(FIRST_PAGE)?;
        let mut len = page.len;
        let mut left = assets(&String::from_utf8_lossy(&page.body));
        let mut fetched = BTreeSet::new();
        while let Some(path) = left.pop_first() {
            let asset = guest.get(&path)?;
            len += asset.len;
            // The style's typefaces are beside it.
            if path.contains(".css") {
                left.extend(fonts(guest, &path)?);
            }
            fetched.insert(path);
            left.retain(|path| !fetched.contains(path));
        }
        Ok(len)
    }
}

const ASSETS: &str = "/consola/activos/";

/// The assets that a page names.
fn assets(page: &str) -> BTreeSet<String> {
    let named = page.split(ASSETS).skip(1);
    let name = |rest: &str| rest.split(['"', '#', '\'', ')']).next().unwrap_or_default().to_owned();
    named.map(|rest| format!("{ASSETS}{}", name(rest))).collect()
}

/// The typefaces that a style names, which is asked for once more as plain text.
fn fonts(guest: &mut Guest, path: &str) -> anyhow::Result<Vec<String>> {
    let style = guest.get_plain(path)?;
    let style = String::from_utf8_lossy(&style.body).into_owned();
    let named = style.split("url(\"").skip(1).filter_map(|rest| rest.split('"').next());
    Ok(named.map(|name| format!("{ASSETS}{name}")).collect())
}

/// A page, and what it took.
#[derive(Debug)]
struct Measured {
    wanted: Wanted,
    took_ms: Vec<f64>,
    /// Its median over the echo's, of each round.
    ratios: Vec<f64>,
    /// Of the greatest answer.
    len: usize,
    status: u16,
    asked: usize,
}

impl Measured {
    fn of(wanted: Wanted) -> Self {
        let (took_ms, ratios) = (Vec::new(), Vec::new());
        Self { wanted, took_ms, ratios, len: 0, status: 0, asked: 0 }
    }

    fn next_path(&mut self) -> &str {
        self.asked += 1;
        &self.wanted.paths[self.asked % self.wanted.paths.len()]
    }

    /// That it is the page that was asked for: found, and not the way in.
    fn require_page(&self, answered: &Answered) -> anyhow::Result<()> {
        let leads_in = answered.location().starts_with("/consola/ingreso");
        let is_page = match answered.status {
            200 => true,
            303 => !leads_in || self.wanted.role.is_none(),
            _ => false,
        };
        if is_page {
            return Ok(());
        }
        let (name, status) = (&self.wanted.name, answered.status);
        Err(Problem::store(format!("{name}: el servidor que se mide contestó {status}")))
    }

    fn p99_ms(&self) -> f64 {
        let mut took = self.took_ms.clone();
        took.sort_by(f64::total_cmp);
        took.get((took.len() * 99 / 100).min(took.len().saturating_sub(1)))
            .copied()
            .unwrap_or(f64::NAN)
    }

    fn to_row(&self) -> String {
        let Wanted { name, role, is_file, .. } = &self.wanted;
        let who = role.map_or("nadie", role_name);
        let (middle, p99, ratio) = (median(&self.took_ms), self.p99_ms(), median(&self.ratios));
        let told = if middle <= PAGE_MAX_MS { "cumple" } else { "**no cumple**" };
        let told = match (is_file, self.status) {
            (true, _) => "archivo".to_owned(),
            (false, 303) => format!("lleva a otra; ≤ {PAGE_MAX_MS}: {told}"),
            (false, _) => format!("≤ {PAGE_MAX_MS}: {told}"),
        };
        let len = self.len;
        format!("| {name} | {who} | {middle:.2} | {p99:.2} | {ratio:.1} | {len} | {told} |")
    }
}

const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Reader => "consulta",
        Role::Cashier => "cajero",
        Role::Supervisor => "supervisor",
        Role::Accountant => "contador",
        Role::Administrator => "administrador",
    }
}

fn to_ms(took: Duration) -> f64 {
    took.as_secs_f64() * 1e3
}

fn middle(took: &[Duration]) -> f64 {
    median(&took.iter().copied().map(to_ms).collect::<Vec<_>>())
}

fn to_markdown(
    args: &ConsoleBenchArgs,
    payments: u32,
    pages: &[Measured],
    first_len: usize,
) -> String {
    let ConsoleBenchArgs { contracts, times, rounds, .. } = args;
    let mut lines = vec![
        format!(
            "`ventanilla bench console --contracts {contracts} --payments {payments} --times {times} --rounds {rounds}`"
        ),
        String::new(),
        "| página | quién | mediana, ms | p99, ms | / eco | bytes, a lo más | objetivo |"
            .to_owned(),
        "|---|---|---|---|---|---|---|".to_owned(),
    ];
    lines.extend(pages.iter().map(Measured::to_row));
    let target = format!("≤ {FIRST_PAGE_MAX}");
    lines.extend([
        String::new(),
        "| peso | bytes | objetivo |".to_owned(),
        "|---|---|---|".to_owned(),
        to_target_row(
            "primera página, con todo lo que necesita",
            &first_len.to_string(),
            &target,
            first_len <= FIRST_PAGE_MAX,
        ),
    ]);
    lines.join("\n")
}
