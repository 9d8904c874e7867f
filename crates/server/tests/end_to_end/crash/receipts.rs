//! Receipts of the window: two bills each, both or none.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;

use fastrand::Rng;
use serde_json::Value;

use super::{CLIENTS, Caller, Journal, Load, live_and_die};
use crate::common::cashier::Cashier;
use crate::common::{Bill, Credentials, Installation, Server, bills, import, note, run};

/// Who works at the window, each at several tabs.
const CASHIERS: [&str; 4] = ["ana", "eva", "luis", "juan"];
const PASSWORD: &str = "la-clave-de-la-caja";

/// What comes in before each life: few bills, so that cashiers meet on them.
const CONTRACTS: u32 = 30;
const BILLS: u32 = 8;

/// Attempts that were answered and are sent again after a restart.
const REPEATED: usize = 50;

/// One attempt to take two bills, by the name that its form has for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Attempt {
    key: String,
    bills: [Bill; 2],
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// With this receipt.
    Taken(i64),
    Refused,
}

/// A bill as the form has it that a cashier was shown.
fn to_field(bill: Bill) -> String {
    let Bill { id, contract, period, amount_minor } = bill;
    format!("{id}:{period}:{amount_minor}:{contract}")
}

impl Attempt {
    /// Sends the form; `None` where there was no answer that says how it ended.
    fn send(&self, cashier: &mut Cashier) -> Option<End> {
        let path = format!("/consola/13/socio/{}", self.bills[0].contract);
        let [one, other] = self.bills.map(to_field);
        let fields = [
            ("intento", &*self.key),
            ("medio", "efectivo"),
            ("factura", &one),
            ("factura", &other),
        ];
        let answer = cashier.try_post(&path, &fields).ok()?;
        match answer.status {
            303 => {
                let id = answer.location().strip_prefix("/consola/13/recibo/");
                let id = id.and_then(|rest| rest.strip_suffix("?hecho=cobrado"));
                Some(End::Taken(id.unwrap_or_else(|| panic!("{answer:?}")).parse().unwrap()))
            }
            // Nothing but a bill that is paid may stop one.
            422 => {
                assert!(answer.text.contains("ya está pagada."), "{self:?}: {answer:?}");
                Some(End::Refused)
            }
            status => {
                assert_eq!(status, 503, "{self:?}: {answer:?}");
                None
            }
        }
    }

    fn ids(&self) -> BTreeSet<i64> {
        self.bills.iter().map(|bill| bill.id).collect()
    }
}

/// A tab of a cashier's.
struct Tab {
    cashier: Cashier,
    random: Rng,
    /// What is owed, as it was when the tab was opened.
    owed: Vec<Bill>,
}

impl Caller for Tab {
    type Attempt = Attempt;
    type End = End;

    fn next(&mut self, key: String) -> Attempt {
        let one = self.random.usize(0..self.owed.len());
        let other = (one + self.random.usize(1..self.owed.len())) % self.owed.len();
        Attempt { key, bills: [self.owed[one], self.owed[other]] }
    }

    fn send(&mut self, attempt: &Attempt) -> Option<End> {
        attempt.send(&mut self.cashier)
    }

    fn is_success(end: &End) -> bool {
        matches!(end, End::Taken(_))
    }
}

/// What all cashiers were told, over all lives of the server.
struct Window {
    credentials: Credentials,
    /// The sessions, which outlive the server.
    cashiers: Vec<Cashier>,
    /// Bills by id.
    bills: BTreeMap<i64, Bill>,
    taken: BTreeMap<i64, Attempt>,
    /// Of each attempt by its name, how it ended.
    ended: BTreeMap<String, (Attempt, End)>,
    unanswered: usize,
}

impl Window {
    /// A company with a window, cashiers with open drawers, and bills.
    fn opened(installation: &Installation) -> Self {
        installation.write("clave", PASSWORD);
        for name in CASHIERS {
            let line = format!("user add --data datos --company 13 --name {name} --role cajero");
            let password = std::fs::File::open(installation.path("clave")).unwrap();
            let mut command = installation.command(&line.split(' ').collect::<Vec<_>>());
            let added = run(command.stdin(Stdio::from(password)));
            assert_eq!(added.code, 0, "{added:?}");
        }
        let credentials = installation.collector("banco");
        let server = installation.serve();
        let cashiers = CASHIERS.map(|name| {
            let mut cashier = Cashier::sign_in(server.address(), name, PASSWORD);
            let opened = cashier.try_post("/consola/13/gaveta/abrir", &[("fondo", "0")]).unwrap();
            assert!(opened.location() == "/consola/13/caja?hecho=gaveta-abierta", "{opened:?}");
            cashier
        });
        server.stop();
        let (bills, taken, ended) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let cashiers = cashiers.into();
        let mut window = Self { credentials, cashiers, bills, taken, ended, unanswered: 0 };
        window.bring(installation);
        window
    }

    /// Brings the bills of some contracts more.
    fn bring(&mut self, installation: &Installation) {
        let known = u32::try_from(self.bills.len()).unwrap() / BILLS;
        let all = bills(known + CONTRACTS, BILLS);
        let fresh: Vec<Bill> = all.into_iter().filter(|bill| bill.contract > known).collect();
        import(installation, &fresh);
        self.bills.extend(fresh.into_iter().map(|bill| (bill.id, bill)));
    }

    /// The bills that no receipt is of.
    fn owed(&self) -> BTreeSet<i64> {
        let taken: BTreeSet<i64> = self.taken.values().flat_map(Attempt::ids).collect();
        self.bills.keys().filter(|id| !taken.contains(id)).copied().collect()
    }

    /// Takes an end; a receipt never stands for two attempts, and an attempt ends once.
    fn add(&mut self, attempt: &Attempt, end: End) {
        if let End::Taken(id) = end {
            let before = self.taken.insert(id, attempt.clone());
            assert!(before.is_none_or(|before| before == *attempt), "{id}: {attempt:?}");
        }
        let before = self.ended.insert(attempt.key.clone(), (attempt.clone(), end));
        assert!(before.is_none_or(|(_, before)| before == end), "{end:?}: {attempt:?}");
    }

    /// There are the receipts that somebody was told of, each of both its bills, and no other.
    fn check_receipts(&self, cashier: &mut Cashier, from: i64) {
        let next = 1 + i64::try_from(self.taken.len()).unwrap();
        assert!(self.taken.keys().copied().eq(1..next), "receipts that nobody was told of");
        for (id, attempt) in self.taken.range(from..) {
            let page = cashier.get(&format!("/consola/13/recibo/{id}"));
            assert_eq!(page.status, 200, "an acknowledged receipt is lost: {id}, {attempt:?}");
            let told = page.text.split("data-label=\"Factura\">").skip(1);
            let told = told.map(|rest| rest.split('<').next().unwrap().parse().unwrap());
            assert_eq!(told.collect::<BTreeSet<i64>>(), attempt.ids(), "{id}: {attempt:?}");
        }
        let missing = cashier.get(&format!("/consola/13/recibo/{next}"));
        assert_eq!(missing.status, 404, "a receipt that nobody was told of: {next}");
    }

    /// What collectors are told is owed is what no receipt is of.
    fn check_owed(&self, server: &Server, contracts: impl Iterator<Item = u32>) {
        let (owed, mut client) = (self.owed(), server.client(&self.credentials));
        for contract in contracts {
            let body = format!(r#"{{"Contrato":"{contract}"}}"#);
            let debts = client.post("consultardeuda", &body).values();
            let debts = debts.as_array().unwrap().iter();
            let told: BTreeSet<i64> = debts.map(|debt| debt["factura"].as_i64().unwrap()).collect();
            let of_contract = |id: &&i64| self.bills[*id].contract == contract;
            let expected = owed.iter().filter(of_contract).copied().collect();
            assert_eq!(told, expected, "half a receipt, or a bill that is lost: {contract}");
        }
    }

    /// The payments are those of the receipts, two of each, and no bill has two.
    fn check_payments(&self, installation: &Installation) {
        let line = ["export", "payments", "--data", "datos", "--format", "jsonl"];
        let told = installation.done(&line).out;
        let told = told.lines().map(|line| {
            let row: Value = serde_json::from_str(line).unwrap();
            assert_eq!(row["estado"], "vigente", "{row}");
            let key = row["id_transaccion"].as_str().unwrap_or_else(|| panic!("{row}"));
            (row["factura"].as_i64().unwrap(), key.to_owned())
        });
        let mut told: Vec<(i64, String)> = told.collect();
        told.sort();
        let of_receipt = |attempt: &Attempt| {
            let (key, bills) = (attempt.key.clone(), attempt.bills);
            [1, 2].map(|number| (bills[number - 1].id, format!("{key}.{number}")))
        };
        let mut expected: Vec<_> = self.taken.values().flat_map(of_receipt).collect();
        expected.sort();
        assert_eq!(told, expected);
        assert!(told.windows(2).all(|two| two[0].0 != two[1].0), "a bill is paid twice: {told:?}");
    }
}

impl Load for Window {
    const CYCLES: u32 = 24;
    const LIFE_MS: [u64; 2] = [10, 100];

    type Caller = Tab;

    fn callers(&mut self, server: &Server, random: &mut Rng) -> Vec<Tab> {
        let owed: Vec<Bill> = self.owed().iter().map(|id| self.bills[id]).collect();
        let tab = |number: usize| Tab {
            cashier: self.cashiers[number % CASHIERS.len()].moved_to(server),
            random: random.fork(),
            owed: owed.clone(),
        };
        (0..CLIENTS).map(tab).collect()
    }

    fn befall(&mut self, installation: &Installation) {
        self.bring(installation);
    }

    fn check(&mut self, server: &Server, journals: Vec<Journal<Tab>>, random: &mut Rng) {
        let known = i64::try_from(self.taken.len()).unwrap();
        let mut cashier = self.cashiers[0].moved_to(server);
        // Whoever got no answer sends the same form again, at a tab of whoever sent it.
        for (number, journal) in journals.into_iter().enumerate() {
            let mut cashier = self.cashiers[number % CASHIERS.len()].moved_to(server);
            for (attempt, end) in journal.ended {
                self.add(&attempt, end);
            }
            for attempt in journal.unanswered {
                self.unanswered += 1;
                let end = attempt.send(&mut cashier).unwrap();
                self.add(&attempt, end);
            }
        }
        let mut attempts: Vec<&(Attempt, End)> = self.ended.values().collect();
        random.shuffle(&mut attempts);
        for (attempt, end) in attempts.into_iter().take(REPEATED) {
            let number = attempt.key.split('-').nth(1).unwrap().parse::<usize>().unwrap();
            let mut cashier = self.cashiers[number % CASHIERS.len()].moved_to(server);
            assert_eq!(attempt.send(&mut cashier), Some(*end), "{attempt:?}");
        }
        self.check_receipts(&mut cashier, known + 1);
        // Those of the life that has ended, and what came in since.
        let contracts = u32::try_from(self.bills.len()).unwrap() / BILLS;
        self.check_owed(server, contracts.saturating_sub(2 * CONTRACTS) + 1..=contracts);
    }

    fn check_all(&mut self, server: &Server) {
        let contracts = u32::try_from(self.bills.len()).unwrap() / BILLS;
        self.check_receipts(&mut self.cashiers[0].moved_to(server), 1);
        self.check_owed(server, 1..=contracts);
    }
}

#[test]
fn a_killed_server_takes_each_receipt_once_and_whole() {
    let installation = Installation::with_company();
    let mut load = Window::opened(&installation);
    live_and_die(&installation, "datos", &mut load);
    load.check_payments(&installation);
    let (taken, refused) = (load.taken.len(), load.ended.len() - load.taken.len());
    let unanswered = load.unanswered;
    note(format_args!("crash: {taken} receipts, {refused} refused, {unanswered} unanswered"));
    assert!(taken > 0 && refused > 0 && unanswered > 0, "the load was none");
}
