//! `bench database`: payments over PostgreSQL, beside what the same cluster does for others in the same minutes.
//!
//! It runs on a cluster that is given (`cargo xtask bench-database` starts one), with `psql` and `pgbench`.

mod ground;
mod pgbench;

use std::path::PathBuf;

use clap::Args;

use super::load::{Load, Target};
use super::peer::Peer;
use super::report::{Ratio, Report};
use super::world::World;
use super::{Found, Subject, alternate, load_of};
use crate::config::from_count;
use crate::place::{DatabaseUrl, from_url};
use ground::{Books, Ground};
use pgbench::{Accounts, Naive};

/// The flags of the measurement.
#[derive(Debug, Args)]
pub(crate) struct DatabaseBenchArgs {
    #[arg(
        help = "Servidor PostgreSQL, de un rol que pueda crear bases de datos: postgres://… [VENTANILLA_DATABASE]",
        long,
        value_name = "URL",
        env = "VENTANILLA_DATABASE",
        hide_env = true,
        value_parser = from_url
    )]
    database: DatabaseUrl,
    /// Segundos de cada ronda: 3 si falta
    #[arg(long, value_name = "S", default_value = "3", value_parser = from_count)]
    seconds: u32,
    /// Rondas de cada variante, alternadas: 7 si falta
    #[arg(long, value_name = "N", default_value = "7", value_parser = from_count)]
    rounds: u32,
    /// Conexiones, con una petición en vuelo cada una: 64 si falta
    #[arg(long, value_name = "N", default_value = "64", value_parser = from_count)]
    connections: u32,
    /// Facturas de los libros grandes: 10000000 si falta
    #[arg(long, value_name = "N", default_value = "10000000", value_parser = from_count)]
    bills: u32,
    /// Escala de las tablas de pgbench: 50 si falta
    #[arg(long, value_name = "N", default_value = "50", value_parser = from_count)]
    scale: u32,
    /// Directorio para los libros en SQLite; si falta, el temporal del sistema
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl DatabaseBenchArgs {
    /// The command as it is run, without what only the machine knows.
    pub(super) fn to_line(&self) -> String {
        let Self { seconds, rounds, connections, bills, scale, .. } = self;
        format!(
            "ventanilla bench database --seconds {seconds} --rounds {rounds} --connections {connections} \
             --bills {bills} --scale {scale}"
        )
    }

    /// Bills of books that no rounds pay to the end.
    fn bills_to_pay(&self) -> u32 {
        let seconds = self.rounds.saturating_mul(self.seconds.saturating_add(1));
        // The rounds at other counts of connections pay bills of the same books.
        seconds.saturating_mul(PAYMENTS_PER_SECOND_MAX).saturating_mul(2)
    }
}

/// Payments a second that no machine of the kind passes.
const PAYMENTS_PER_SECOND_MAX: u32 = 25_000;
/// Bills of the small books, and most that one round of them pays.
const FEW_BILLS: u32 = 100_000;
/// Connections that are told for information, and their rounds at most.
const OTHER_CONNECTIONS: [u32; 2] = [16, 256];
const OTHER_ROUNDS: u32 = 3;

/// Durable payments must be at least so many times the transactions of `pgbench -N`.
const PGBENCH_RATIO_MIN: f64 = 1.2;
/// The same for transactions of their own work, a statement a round trip.
const NAIVE_RATIO_MIN: f64 = 4.0;
/// A second server that brings callers of its own must raise what the database takes.
const SECOND_RATIO_MIN: f64 = 1.0;
/// Callers of each server there: few enough to leave the machine something to give.
const CALLERS_OF_EACH: u32 = 16;
/// A payment among many bills may cost so many times one among few.
const GROWTH_MAX: f64 = 2.0;

/// Measures, and adds what was found.
pub(super) fn run(args: &DatabaseBenchArgs, report: &mut Report) -> anyhow::Result<()> {
    let world = World::create(args.data.as_deref(), args.bills_to_pay())?;
    let ground = Ground::new(&args.database, world.root())?;
    let accounts = Accounts::create(&ground, args.scale)?;
    let paid = ground.books("libros", args.bills_to_pay())?;
    beside(args, &world, &paid, &accounts, report)?;
    at_other_counts(args, &paid, &accounts, report)?;
    with_a_second(args, &paid, report)?;
    drop(paid);
    grown(args, &ground, report)
}

/// Payments at one server and at two, and the anchors: the cluster's own measure, the same work done
/// naively, and SQLite on the same machine.
fn beside(
    args: &DatabaseBenchArgs,
    world: &World,
    books: &Books<'_>,
    accounts: &Accounts<'_>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let load = load_of(args.connections, args.seconds);
    let (two_books, naive_books) = (books.copy("dos")?, books.copy("ingenua")?);
    let one = books.server(1)?;
    let two = [two_books.server(1)?, two_books.server(2)?];
    let sqlite = world.server("sqlite", &[])?;
    let addresses = two.each_ref().map(Peer::address);
    let [one, two, sqlite] = [
        Target::new("pagos durables, un servidor", one.address(), books.payments(&one)?),
        Target::of_several("pagos, dos servidores", addresses, two_books.payments(&two[0])?),
        Target::new("pagos en SQLite", sqlite.address(), world.payments(&sqlite)?),
    ];
    let mut naive = Naive::of(&naive_books, args.rounds)?;
    let [one, two, accounts, naive, sqlite] = alternate(
        [
            Subject::asked(&one, load),
            Subject::asked(&two, load),
            of_pgbench("pgbench -N", || accounts.rate(load)),
            of_pgbench("una sentencia por viaje", || naive.rate(load)),
            Subject::asked(&sqlite, load),
        ],
        args.rounds,
    )?;
    for (name, that, least) in [
        ("pagos durables / pgbench -N", &accounts, Some(PGBENCH_RATIO_MIN)),
        ("pagos durables / una sentencia por viaje", &naive, Some(NAIVE_RATIO_MIN)),
        ("pagos durables / los mismos en SQLite", &sqlite, None),
    ] {
        report.add_ratio(Ratio::of(name, &one, that, least));
    }
    report.add_ratio(Ratio::of("dos servidores / uno, las mismas conexiones", &two, &one, None));
    report.add_series([one, two, accounts, naive, sqlite]);
    Ok(())
}

/// One server and the cluster's own measure at other counts of connections.
fn at_other_counts(
    args: &DatabaseBenchArgs,
    books: &Books<'_>,
    accounts: &Accounts<'_>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let copy = books.copy("otras")?;
    let server = copy.server(1)?;
    let target = Target::new("", server.address(), copy.payments(&server)?);
    let loads = OTHER_CONNECTIONS.map(|connections| load_of(connections, args.seconds));
    let asked = |name, at: usize| Subject { name, ..Subject::asked(&target, loads[at]) };
    let series = alternate(
        [
            asked("pagos, 16 conexiones", 0),
            of_pgbench("pgbench -N, 16 conexiones", || accounts.rate(loads[0])),
            asked("pagos, 256 conexiones", 1),
            of_pgbench("pgbench -N, 256 conexiones", || accounts.rate(loads[1])),
        ],
        args.rounds.min(OTHER_ROUNDS),
    )?;
    for (name, this, that) in
        [("pagos / pgbench -N, 16 conexiones", 0, 1), ("pagos / pgbench -N, 256 conexiones", 2, 3)]
    {
        report.add_ratio(Ratio::of(name, &series[this], &series[that], None));
    }
    report.add_series(series);
    Ok(())
}

/// A server with its callers, and the same beside another with as many: servers that waited for each other
/// would take no more than one.
fn with_a_second(
    args: &DatabaseBenchArgs,
    books: &Books<'_>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (alone_books, both_books) = (books.copy("solo")?, books.copy("ambos")?);
    let alone = alone_books.server(1)?;
    let both = [both_books.server(1)?, both_books.server(2)?];
    let addresses = both.each_ref().map(Peer::address);
    let alone =
        Target::new("pagos, 16 de un servidor", alone.address(), alone_books.payments(&alone)?);
    let both = Target::of_several(
        "pagos, 16 de cada uno de dos",
        addresses,
        both_books.payments(&both[0])?,
    );
    let series = alternate(
        [
            Subject::asked(&alone, load_of(CALLERS_OF_EACH, args.seconds)),
            Subject::asked(&both, load_of(CALLERS_OF_EACH * 2, args.seconds)),
        ],
        args.rounds,
    )?;
    let name = "dos servidores con 16 conexiones cada uno / uno con 16";
    report.add_ratio(Ratio::of(name, &series[1], &series[0], Some(SECOND_RATIO_MIN)));
    report.add_series(series);
    Ok(())
}

/// Payments among many bills and among few: of those, each round has new ones, or they would be paid.
fn grown(args: &DatabaseBenchArgs, ground: &Ground<'_>, report: &mut Report) -> anyhow::Result<()> {
    let load = load_of(args.connections, args.seconds);
    let few_books = ground.books("pocas", FEW_BILLS.min(args.bills))?;
    let many_books = ground.books("muchas", args.bills)?;
    let server = many_books.server(1)?;
    let many = Target::new("pagos entre muchas", server.address(), many_books.payments(&server)?);
    let few =
        Subject { name: "pagos entre pocas", round: Box::new(|| few_round(&few_books, load)) };
    let [few, many] = alternate([few, Subject::asked(&many, load)], args.rounds)?;
    let name = "costo de un pago entre muchas facturas / entre pocas";
    report.add_ratio(Ratio::of_cost(name, &many, &few, GROWTH_MAX));
    report.add_series([few, many]);
    Ok(())
}

fn few_round(books: &Books<'_>, load: Load) -> anyhow::Result<Found> {
    let copy = books.copy("ronda")?;
    let server = copy.server(1)?;
    let target = Target::new("", server.address(), copy.payments(&server)?);
    load.run(&target).map(Found::Measured)
}

fn of_pgbench<'s>(
    name: &'static str,
    mut rate: impl FnMut() -> anyhow::Result<f64> + 's,
) -> Subject<'s> {
    Subject { name, round: Box::new(move || rate().map(Found::Rate)) }
}
