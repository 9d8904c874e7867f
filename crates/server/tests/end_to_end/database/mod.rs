//! Books in a database: how it is named and reached, and several servers side by side over it. The
//! database is a real one.

mod away;
mod bad;
mod commands;
mod moved;
mod named;
mod side_by_side;

use std::process::{Command, Stdio};

use ventanilla_rig::{Cluster, Database};

use crate::common::{Bill, Credentials, Installation, Ran, Server, files, run};

/// A directory in which commands run whose books are in a database of their own, which the environment names.
pub(crate) struct Office {
    installation: Installation,
    database: Database,
}

impl Office {
    /// An empty directory and an empty database.
    fn nothing() -> Self {
        let database = Cluster::shared().unwrap().database().unwrap();
        Self { installation: Installation::nothing(), database }
    }

    /// An initialised installation with company 13.
    pub(crate) fn with_company() -> Self {
        let office = Self::nothing();
        office.done("init");
        office.done("company add --id 13 --name Cooplan");
        office
    }

    /// The binary, over the database.
    fn command(&self, line: &str) -> Command {
        let mut command = self.installation.command(&line.split(' ').collect::<Vec<_>>());
        command.env("VENTANILLA_DATABASE", self.database.url());
        command
    }

    fn run(&self, line: &str) -> Ran {
        run(&mut self.command(line))
    }

    /// Runs a command that must do what it is asked.
    fn done(&self, line: &str) -> Ran {
        let ran = self.run(line);
        assert_eq!(ran.code, 0, "{line}: {ran:?}");
        ran
    }

    /// Adds a collector to company 13.
    fn collector(&self, name: &str) -> Credentials {
        let added = self.run(&format!("collector add --company 13 --name {name} --json")).json();
        let word = |key: &str| added[key].as_str().unwrap().to_owned();
        Credentials { code: word("CodSeguridad"), login: word("Login"), password: word("Pwd") }
    }

    /// Lets somebody sign in, with a role at company 13.
    pub(crate) fn add_user(&self, name: &str, role: &str, password: &str) {
        self.installation.write("clave", password);
        let password = std::fs::File::open(self.installation.path("clave")).unwrap();
        let mut add = self.command(&format!("user add --name {name} --role {role}"));
        let ran = run(add.stdin(Stdio::from(password)));
        assert_eq!(ran.code, 0, "{ran:?}");
    }

    /// Imports bills and the members who owe them into company 13.
    pub(crate) fn import(&self, bills: &[Bill]) {
        let (members, lines) = files(bills);
        self.installation.write("socios.csv", members);
        self.installation.write("facturas.csv", lines);
        self.done("import members socios.csv");
        self.done("import bills facturas.csv");
    }

    /// One of several servers; each has checkpoints of its own.
    pub(crate) fn serve(&self, name: &str) -> Server {
        let line = format!(
            "serve --listen 127.0.0.1:0 --metrics 127.0.0.1:0 --log warn --checkpoints {name}.control"
        );
        Server::start(self.command(&line).stderr(Stdio::inherit()))
    }

    /// `verify` must find nothing.
    pub(crate) fn verify(&self) {
        let ran = self.run("verify");
        assert!(ran.code == 0 && ran.out.contains("sin diferencias"), "{ran:?}");
    }
}

/// That nothing of the inside, and no password, is told.
#[track_caller]
fn check_told(ran: &Ran, password: &str) {
    for inner in
        ["panicked", "os error", "tokio", "postgres_", "SQLSTATE", "Error {", "FATAL", password]
    {
        assert!(!ran.err.contains(inner) && !ran.out.contains(inner), "{inner}: {ran:?}");
    }
}
