//! `bench search`: what looking for a member costs beside looking up one contract by its code, over the same books,
//! on one thread, without HTTP.

use std::hint::black_box;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use ventanilla_domain::{CompanyId, ContractCode, Given};
use ventanilla_service::{Credentials, Failure};
use ventanilla_sim as sim;

use super::load::Measured;
use super::report::{Ratio, Report};
use super::world::{LOGIN, STRIDE, World};
use super::{Found, Subject, alternate, now};
use crate::books::Books;
use crate::config::from_count;
use crate::output;
use crate::problem::{self, Problem};

/// The flags of the measurement.
#[derive(Debug, Args)]
pub(crate) struct SearchBenchArgs {
    /// Contratos, nueve de cada diez de un socio más: 1111112 si falta, que son un millón de socios
    #[arg(long, value_name = "N", default_value = "1111112", value_parser = from_count)]
    contracts: u32,
    /// Segundos de cada ronda: 1 si falta
    #[arg(long, value_name = "S", default_value = "1", value_parser = from_count)]
    seconds: u32,
    /// Rondas de cada búsqueda, alternadas: 5 si falta
    #[arg(long, value_name = "N", default_value = "5", value_parser = from_count)]
    rounds: u32,
    /// Directorio en cuyo disco se mide; si falta, el temporal del sistema
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl SearchBenchArgs {
    pub(super) fn to_line(&self) -> String {
        let Self { contracts, seconds, rounds, .. } = self;
        format!(
            "ventanilla bench search --contracts {contracts} --seconds {seconds} --rounds {rounds}"
        )
    }
}

/// What people are made from.
const SEED: u64 = 1;

/// What is typed at a window, of a contract's holder.
type Typed = fn(&sim::World, u32) -> String;

const SEARCHES: [(&str, Typed); 7] = [
    ("apellidos y nombre", |world, contract| name(world, contract)),
    ("un apellido y el nombre", |world, contract| {
        let name = name(world, contract);
        let words: Vec<&str> = name.split(' ').collect();
        format!("{} {}", words[2], words[0])
    }),
    ("un apellido y el comienzo del nombre", |world, contract| {
        let name = name(world, contract);
        let words: Vec<&str> = name.split(' ').collect();
        format!("{} {}", words[1], words[2].chars().take(3).collect::<String>())
    }),
    ("un apellido", |world, contract| {
        name(world, contract).split(' ').next().unwrap_or_default().to_owned()
    }),
    ("documento", |world, contract| document(world, contract)),
    ("comienzo de un documento", |world, contract| {
        document(world, contract).chars().take(6).collect()
    }),
    ("código", |world, contract| world.member(contract).code.to_string()),
];

fn name(world: &sim::World, contract: u32) -> String {
    world.member(contract).name.to_string()
}

fn document(world: &sim::World, contract: u32) -> String {
    match world.member(contract).document_number {
        Given::Value(Some(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// Measures, and adds what was found.
pub(super) fn run(args: &SearchBenchArgs, report: &mut Report) -> anyhow::Result<()> {
    let people = sim::World::new(SEED, args.contracts, 0);
    let began = now();
    let world = World::of_people(args.data.as_deref(), &people)?;
    let took = (now() - began).as_secs_f64();
    output::tell(format_args!("{} contratos importados en {took:.1} s", args.contracts));
    let books = world.open()?;
    let asked = Asked::new(&books, &people, Duration::from_secs(args.seconds.into()))?;
    let mut subjects = vec![Subject {
        name: "deuda de un contrato, por su código",
        round: Box::new(|| asked.round(&|contract| asked.debt(contract))),
    }];
    for (name, typed) in SEARCHES {
        let asked = &asked;
        let round = move || asked.round(&|contract| asked.search(&typed(asked.people, contract)));
        subjects.push(Subject { name, round: Box::new(round) });
    }
    let subjects: [Subject<'_>; SEARCHES.len() + 1] = subjects
        .try_into()
        .unwrap_or_else(|_| unreachable!("one for each search, and the look-up"));
    let all = alternate(subjects, args.rounds)?;
    for ((name, _), search) in SEARCHES.iter().zip(&all[1..]) {
        report.add_ratio(Ratio::of(name, search, &all[0], None));
    }
    report.add_series(all);
    books.close();
    Ok(())
}

/// What is asked, and of which books.
struct Asked<'a> {
    books: &'a Books,
    people: &'a sim::World,
    token: String,
    counted: Duration,
}

impl<'a> Asked<'a> {
    fn new(books: &'a Books, people: &'a sim::World, counted: Duration) -> anyhow::Result<Self> {
        let credentials = Credentials {
            security_code: LOGIN.to_owned(),
            login: LOGIN.to_owned(),
            password: LOGIN.to_owned(),
        };
        let address = std::net::Ipv4Addr::LOCALHOST.into();
        let token = books.wait(books.service.issue_token(&credentials, address));
        let token = token.map_err(unread)?.token;
        Ok(Self { books, people, token, counted })
    }

    fn debt(&self, contract: u32) -> anyhow::Result<()> {
        let code: ContractCode = self.people.member(contract).code;
        let session = self.books.service.session(&self.token).map_err(unread)?;
        match black_box(session.debt(&code)) {
            // That nothing is owed is an answer.
            Ok(_) | Err(Failure::Refused(_)) => Ok(()),
            Err(failure) => Err(unread(failure)),
        }
    }

    fn search(&self, text: &str) -> anyhow::Result<()> {
        let found = self.books.service.search(CompanyId::FIRST, text);
        let found = found.map_err(unread)?;
        if black_box(&found).holders.is_empty() && !found.is_cut_off {
            return Err(Problem::store(format!("la medición no encontró «{text}»")));
        }
        Ok(())
    }

    /// Asks without a pause, of contracts in no order.
    fn round(&self, ask: &dyn Fn(u32) -> anyhow::Result<()>) -> anyhow::Result<Found> {
        let mut took: Vec<Duration> = Vec::new();
        let began = now();
        for number in 1_u64.. {
            let contract = number.wrapping_mul(STRIDE) % u64::from(self.people.contracts);
            let before = now();
            ask(u32::try_from(contract).unwrap_or(0))?;
            let after = now();
            took.push(after - before);
            if after - began >= self.counted {
                break;
            }
        }
        let rate = count(took.len()) / (now() - began).as_secs_f64();
        took.sort_unstable();
        let at = |part: usize| took[(took.len() * part / 100).min(took.len() - 1)];
        let (p99, longest) = (at(99), at(100));
        Ok(Found::Measured(Measured { rate, p99, longest, refused: 0, first_refused: None }))
    }
}

fn unread<R>(failure: Failure<R>) -> anyhow::Error {
    problem::from_failure(failure, |_| Problem::store("la medición no pudo leer"))
}

fn count(len: usize) -> f64 {
    u32::try_from(len).map_or(f64::INFINITY, f64::from)
}
