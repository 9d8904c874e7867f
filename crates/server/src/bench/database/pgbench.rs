//! What `pgbench` measures on the same cluster: its own transactions, and a payment of ours done naively.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::ground::{Books, Database, Ground, missing, refused};
use crate::bench::load::Load;
use crate::bench::world::{BILLS_PER_CONTRACT, FIRST_BILL};
use crate::output;
use crate::place::DatabaseUrl;
use crate::problem::Problem;

/// A payment as it is written first.
const NAIVE: &str = include_str!("naive.sql");
/// The hash of the token that it shows, as hexadecimal digits.
const DIGEST: &str = "7676767676767676767676767676767676767676767676767676767676767676";
/// What it keeps of itself: as long as what we keep.
const PAYLOAD: &str = r#"{"id":1234567,"collector":1,"contract":123456,"code":"123456","member":"Socio de prueba 123456","bill":1234567,"version":1,"period":202101,"amount":12345,"day":"2021-11-26","reference":"123456","key":"m1234567","issuer":0}"#;
/// Threads of `pgbench`, as many as cores: with one it may be slower than the cluster.
const JOBS: u32 = 2;

/// `pgbench`'s own tables.
#[derive(Debug)]
pub(super) struct Accounts<'g> {
    database: Database<'g>,
}

impl<'g> Accounts<'g> {
    pub(super) fn create(ground: &Ground<'g>, scale: u32) -> anyhow::Result<Self> {
        output::tell(format_args!("Preparando las tablas de pgbench, escala {scale} …"));
        let database = ground.database("pgbench")?;
        let flags = format!("--initialize --quiet --scale {scale}");
        pgbench(&database.url(), flags.split(' '), "")?;
        Ok(Self { database })
    }

    /// Transactions a second of `pgbench -N`.
    pub(super) fn rate(&self, load: Load) -> anyhow::Result<f64> {
        let flags = format!("--skip-some-updates {}", to_flags(load));
        to_rate(&pgbench(&self.database.url(), flags.split(' '), "")?)
    }
}

/// A payment of ours, a statement a round trip.
#[derive(Debug)]
pub(super) struct Naive<'b> {
    books: &'b Books<'b>,
    rounds: u32,
    /// Rounds that were measured.
    measured: u32,
}

impl<'b> Naive<'b> {
    /// Lets it in with a token of its own.
    pub(super) fn of(books: &'b Books<'b>, rounds: u32) -> anyhow::Result<Self> {
        books.database().ask(&format!(
            "INSERT INTO token (digest, collector_id, expires_at_us)
             SELECT decode('{DIGEST}', 'hex'), collector_id, 4102444800000000 FROM collector"
        ))?;
        Ok(Self { books, rounds, measured: 0 })
    }

    /// Payments a second.
    pub(super) fn rate(&mut self, load: Load) -> anyhow::Result<f64> {
        let bills = u64::from(self.books.bills());
        // Of a round's part of the bills one process pays every so many-th.
        let from = bills / u64::from(self.rounds) * u64::from(self.measured) + 1;
        self.measured += 1;
        let mut flags = format!("--file - {}", to_flags(load));
        for (name, value) in [
            ("number", 0),
            ("from", from),
            ("clients", load.connections.into()),
            ("bills", bills),
            ("bills_per_contract", BILLS_PER_CONTRACT),
            ("first_bill", FIRST_BILL),
        ] {
            flags.extend([" --define ", name, "=", &value.to_string()]);
        }
        let texts = [format!("digest={DIGEST}"), format!("payload={PAYLOAD}")];
        let texts = texts.iter().flat_map(|text| ["--define", text]);
        to_rate(&pgbench(&self.books.database().url(), flags.split(' ').chain(texts), NAIVE)?)
    }
}

/// Statements are prepared once, as ours are: what is measured beside us does its best.
fn to_flags(load: Load) -> String {
    let (connections, seconds) = (load.connections, load.counted.as_secs());
    let jobs = JOBS.min(connections);
    format!("--no-vacuum --protocol prepared --client {connections} --jobs {jobs} --time {seconds}")
}

fn pgbench<'f>(
    url: &DatabaseUrl,
    flags: impl Iterator<Item = &'f str>,
    script: &str,
) -> anyhow::Result<String> {
    let mut command = Command::new("pgbench");
    command.args(flags).arg(url.as_written()).stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| missing("pgbench", &error))?;
    if let Some(mut input) = child.stdin.take() {
        // One that has ended early says itself why.
        input.write_all(script.as_bytes()).ok();
    }
    let ended = child.wait_with_output()?;
    if !ended.status.success() {
        return Err(refused("pgbench", &ended));
    }
    Ok(String::from_utf8_lossy(&ended.stdout).into_owned())
}

/// What `pgbench` found. Transactions that failed are no measure.
fn to_rate(said: &str) -> anyhow::Result<f64> {
    let value = |name: &str| {
        let found = said.lines().find_map(|line| line.strip_prefix(name))?;
        found.split_whitespace().next()?.parse::<f64>().ok()
    };
    match (value("tps = "), value("number of failed transactions: ")) {
        (Some(rate), None | Some(0.0)) => Ok(rate),
        _ => Err(Problem::store(format!("pgbench no dio una medida: {said}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_read_where_nothing_failed() {
        let said = |failed| {
            format!(
                "transaction type: <builtin>\nnumber of failed transactions: {failed}\n\
                 latency average = 5.4 ms\ntps = 11738.06 (without initial connection time)\n"
            )
        };
        assert!((to_rate(&said("0 (0.000%)")).unwrap() - 11738.06).abs() < 1e-9);
        assert!(to_rate(&said("3 (0.010%)")).is_err());
        assert!(to_rate("").is_err());
    }
}
