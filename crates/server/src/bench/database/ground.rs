//! The databases that are measured: made on the cluster that is given, and dropped with these values.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crate::bench::load::Requests;
use crate::bench::peer::Peer;
use crate::bench::world::{self, BILLS_PER_CONTRACT, FIRST_BILL};
use crate::books;
use crate::output;
use crate::place::{DatabaseUrl, Home, Place};
use crate::problem::{Problem, to_reason};

/// Fills books in SQL: to import so many bills would take longer than all that is measured. `verify` would
/// find no entry of them, and a payment looks for none.
const FILL: &str = include_str!("fill.sql");

/// How often, and how far apart, a database is copied from which somebody is just taking leave.
const COPIES: u32 = 50;
const COPY_PAUSE: Duration = Duration::from_millis(100);

/// A cluster, and an installation on it of which every books are a copy.
#[derive(Debug)]
pub(super) struct Ground<'g> {
    server: &'g DatabaseUrl,
    base: Database<'g>,
    folder: &'g Path,
}

/// A database that is dropped with this value.
#[derive(Debug)]
pub(super) struct Database<'g> {
    server: &'g DatabaseUrl,
    name: String,
}

/// Books with so many bills, of which none is paid.
#[derive(Debug)]
pub(super) struct Books<'g> {
    database: Database<'g>,
    folder: &'g Path,
    bills: u32,
}

impl<'g> Ground<'g> {
    /// Makes the installation; its files are in `folder`.
    pub(super) fn new(server: &'g DatabaseUrl, folder: &'g Path) -> anyhow::Result<Self> {
        let ground = Self { server, base: Database::create(server, "base", None)?, folder };
        let place = Place {
            home: Home::Database(ground.base.url().to_address("--database")?),
            secrets: secrets(folder),
            checkpoints: folder.join("postgres.checkpoints"),
        };
        let books = books::Books::start(place.create()?, &place)?;
        world::add_company(&books)?;
        books.close();
        Ok(ground)
    }

    /// A new database without tables.
    pub(super) fn database(&self, name: &str) -> anyhow::Result<Database<'g>> {
        Database::create(self.server, name, None)
    }

    /// New books with so many bills.
    pub(super) fn books(&self, name: &str, bills: u32) -> anyhow::Result<Books<'g>> {
        output::tell(format_args!("Preparando {bills} facturas en PostgreSQL …"));
        let database = Database::create(self.server, name, Some(&self.base))?;
        let values = [
            ("bills", u64::from(bills)),
            ("contracts", u64::from(bills).div_ceil(BILLS_PER_CONTRACT)),
            ("bills_per_contract", BILLS_PER_CONTRACT),
            ("first_bill", FIRST_BILL),
        ];
        let values = values.map(|(name, value)| format!("\\set {name} {value}\n"));
        database.ask(&format!("{}{FILL}", values.concat()))?;
        Ok(Books { database, folder: self.folder, bills })
    }
}

impl<'g> Database<'g> {
    fn create(
        server: &'g DatabaseUrl,
        name: &str,
        template: Option<&Self>,
    ) -> anyhow::Result<Self> {
        let name = format!("ventanilla_bench_{}_{name}", std::process::id());
        let of = template.map(|of| format!(" TEMPLATE {}", of.name)).unwrap_or_default();
        let statement = format!("CREATE DATABASE {name}{of}");
        for _ in 0..COPIES {
            let created = psql(server, &statement)?;
            if created.status.success() {
                return Ok(Self { server, name });
            }
            if !String::from_utf8_lossy(&created.stderr).contains("being accessed by other users") {
                return Err(refused("psql", &created));
            }
            std::thread::sleep(COPY_PAUSE);
        }
        Err(Problem::store(format!("{name}: no se pudo copiar una base de datos en uso")))
    }

    pub(super) fn url(&self) -> DatabaseUrl {
        self.server.of_database(&self.name)
    }

    /// Runs a script of `psql`, up to its first error.
    pub(super) fn ask(&self, script: &str) -> anyhow::Result<()> {
        let asked = psql(&self.url(), script)?;
        if asked.status.success() { Ok(()) } else { Err(refused("psql", &asked)) }
    }
}

/// How often a database is asked to go.
const DROP_TRIES: u32 = 5;

impl Drop for Database<'_> {
    fn drop(&mut self) {
        let sql = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        // A session that ends behind a slow disk may outlive the seconds that the server gives it.
        let is_dropped = || psql(self.server, &sql).is_ok_and(|dropped| dropped.status.success());
        if !(0..DROP_TRIES).any(|_| is_dropped()) {
            output::tell(format_args!("{}: no se pudo borrar esa base de datos", self.name));
        }
    }
}

impl<'g> Books<'g> {
    /// The same books in a database of their own. Nobody may be using these.
    pub(super) fn copy(&self, name: &str) -> anyhow::Result<Self> {
        let database = Database::create(self.database.server, name, Some(&self.database))?;
        Ok(Self { database, folder: self.folder, bills: self.bills })
    }

    pub(super) fn database(&self) -> &Database<'g> {
        &self.database
    }

    pub(super) fn bills(&self) -> u32 {
        self.bills
    }

    /// A server of these books. There may be several, each under a number of its own.
    pub(super) fn server(&self, number: u32) -> anyhow::Result<Peer> {
        let checkpoints = self.folder.join(format!("{}.{number}.checkpoints", self.database.name));
        let (url, secrets) = (self.database.url(), secrets(self.folder));
        let (secrets, checkpoints) = (secrets.to_string_lossy(), checkpoints.to_string_lossy());
        // What is measured does not hang on a file that happens to lie where it is run.
        let place = ["--database", url.as_written(), "--secrets", &secrets];
        let beside = ["--config", "/dev/null", "--checkpoints", &checkpoints];
        Peer::start(&[&["serve"], &place[..], &beside].concat())
    }

    /// Requests of `realizarpago`, each of another bill, until there are no more.
    pub(super) fn payments(&self, server: &Peer) -> anyhow::Result<Requests> {
        world::payments(self.bills.into(), server)
    }
}

/// The secrets file of all books.
fn secrets(folder: &Path) -> PathBuf {
    folder.join("postgres.secrets")
}

fn psql(url: &DatabaseUrl, script: &str) -> anyhow::Result<Output> {
    let mut command = Command::new("psql");
    command.args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--dbname"]);
    command.arg(url.as_written()).stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| missing("psql", &error))?;
    if let Some(mut input) = child.stdin.take() {
        // One that has ended early says itself why.
        input.write_all(script.as_bytes()).ok();
    }
    Ok(child.wait_with_output()?)
}

/// That a program of PostgreSQL cannot be started.
pub(super) fn missing(program: &str, error: &std::io::Error) -> anyhow::Error {
    Problem::usage(format!("{program}, con el que se mide: {}", to_reason(error)))
}

/// That a program of PostgreSQL failed, in its own words.
pub(super) fn refused(program: &str, output: &Output) -> anyhow::Error {
    let said = String::from_utf8_lossy(&output.stderr);
    Problem::store(format!("{program}: {}", said.trim()))
}
