//! Two servers over a pair of database servers.

use std::process::{Command, Stdio};

use serde_json::Value;
use ventanilla_rig::{Options, Pair};

use crate::common::{Bill, Client, Credentials, Installation, Server, bills, files, run};

/// Few bills, so that callers meet on them.
const CONTRACTS: u32 = 20;

pub(super) struct Site {
    installation: Installation,
    pub(super) pair: Pair,
    servers: Vec<Server>,
    pub(super) bills: Vec<Bill>,
    clients: Vec<Client>,
}

/// An entry of the export of events.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) is_reversal: bool,
    pub(super) id: String,
    pub(super) bill: i64,
    pub(super) key: String,
    pub(super) moment: String,
    pub(super) amount: String,
}

impl Site {
    pub(super) fn made() -> Self {
        let installation = Installation::nothing();
        let pair = Pair::start(&Options::default()).unwrap();
        let mut site = Self {
            installation,
            pair,
            servers: Vec::new(),
            bills: bills(CONTRACTS, 6),
            clients: Vec::new(),
        };
        site.done("init");
        site.done("company add --id 13 --name Cooplan");
        site.done("company set reversal_days=none");
        let collectors = ["banco", "caja"].map(|name| site.collector(name));
        let (members, lines) = files(&site.bills);
        site.installation.write("socios.csv", members);
        site.installation.write("facturas.csv", lines);
        site.done("import members socios.csv");
        site.done("import bills facturas.csv");
        site.servers = ["uno", "dos"].map(|name| site.serve(name)).into();
        for (server, collector) in site.servers.iter().zip(&collectors) {
            site.clients.push(server.client(collector));
        }
        site
    }

    /// A client of either collector, at either server.
    pub(super) fn client(&self, number: usize) -> Client {
        let at = &self.servers[number / 2 % 2];
        self.clients[number % 2].at(at.address())
    }

    fn command(&self, line: &str) -> Command {
        let mut command = self.installation.command(&line.split(' ').collect::<Vec<_>>());
        command.env("VENTANILLA_DATABASE", format!("{}&connect_timeout=1", self.pair.url()));
        command
    }

    fn done(&self, line: &str) -> String {
        let ran = run(&mut self.command(line));
        assert_eq!(ran.code, 0, "{line}: {ran:?}");
        ran.out
    }

    fn collector(&self, name: &str) -> Credentials {
        let added = self.done(&format!("collector add --company 13 --name {name} --json"));
        let added: Value = serde_json::from_str(&added).unwrap();
        let word = |key: &str| added[key].as_str().unwrap().to_owned();
        Credentials { code: word("CodSeguridad"), login: word("Login"), password: word("Pwd") }
    }

    fn serve(&self, name: &str) -> Server {
        let line = format!("serve --listen 127.0.0.1:0 --log error --checkpoints {name}.control");
        Server::start(self.command(&line).stderr(Stdio::inherit()))
    }

    /// `verify` must find nothing.
    pub(super) fn verify(&self) {
        let out = self.done("verify");
        assert!(out.contains("sin diferencias"), "{out}");
    }

    /// Payments and reversals, in the order of the journal.
    pub(super) fn events(&self) -> Vec<Event> {
        let exported = self.done("export events --after 0 --format jsonl");
        let read = |line: &str| {
            let event: Value = serde_json::from_str(line).unwrap();
            let word = |key: &str| match &event[key] {
                Value::String(word) => word.clone(),
                other => other.to_string(),
            };
            Event {
                is_reversal: event["tipo"] == "reversion",
                id: word("id_cobranza"),
                bill: event["factura"].as_i64().unwrap(),
                key: word("id_transaccion"),
                moment: word("fecha_hora"),
                amount: word("monto"),
            }
        };
        exported.lines().map(read).collect()
    }

    pub(super) fn stop(&mut self) {
        std::mem::take(&mut self.servers).into_iter().for_each(Server::stop);
    }
}
