//! Payments and reversals.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;

use super::{CLIENTS, Caller, Journal, Load, live_and_die};
use crate::common::{Bill, Client, Credentials, Installation, Server, bills, import, note};

/// Few bills, so that clients meet on them.
const CONTRACTS: u32 = 40;

/// One attempt, by the key it has for ever.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    key: String,
    act: Act,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    Pay(Bill),
    Reverse(Paid),
}

/// What a client was told of a payment it made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Paid {
    bill: Bill,
    id: String,
    moment: String,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    Paid(Paid),
    Reversed,
    Refused,
}

impl Attempt {
    /// Sends the attempt; `None` where there was no answer that says how it ended.
    fn send(&self, client: &mut Client) -> Option<(End, bool)> {
        let (service, body) = match &self.act {
            Act::Pay(bill) => ("realizarpago", bill.to_payment(Some(&self.key))),
            Act::Reverse(paid) => ("revertirpago", self.to_reversal(paid)),
        };
        let answer = client.try_post(service, &body).ok().filter(|answer| answer.status == 200)?;
        let json = answer.json();
        let end = match &self.act {
            _ if json["error"] != 0 => End::Refused,
            Act::Reverse(_) => End::Reversed,
            Act::Pay(bill) => End::Paid(Paid {
                bill: *bill,
                id: json["values"]["IdCobranza"].as_str().unwrap().to_owned(),
                moment: json["values"]["FechaPagoEmpresa"].as_str().unwrap().to_owned(),
            }),
        };
        Some((end, answer.is_replay()))
    }

    fn to_reversal(&self, paid: &Paid) -> String {
        let (bill, id, key) = (paid.bill.id, &paid.id, &self.key);
        format!(r#"{{"IdFactura":{bill},"IdCobranza":"{id}","IdTransaccion":"{key}"}}"#)
    }
}

/// A client that pays and reverses.
pub(super) struct Collector {
    client: Client,
    random: Rng,
    bills: Vec<Bill>,
    /// What it may reverse.
    standing: Vec<Paid>,
}

impl Caller for Collector {
    type Attempt = Attempt;
    type End = End;

    fn next(&mut self, key: String) -> Attempt {
        let Self { random, bills, standing, .. } = self;
        let act = if !standing.is_empty() && random.u8(0..10) < 4 {
            Act::Reverse(standing.swap_remove(random.usize(0..standing.len())))
        } else {
            Act::Pay(bills[random.usize(0..bills.len())])
        };
        Attempt { key, act }
    }

    fn send(&mut self, attempt: &Attempt) -> Option<End> {
        let (end, _) = attempt.send(&mut self.client)?;
        if let End::Paid(paid) = &end {
            self.standing.push(paid.clone());
        }
        Some(end)
    }

    fn is_success(end: &End) -> bool {
        *end != End::Refused
    }
}

/// What all clients were told, over all lives of the server.
#[derive(Debug, Default)]
struct Known {
    /// Payments by id, and the key each was made under.
    paid: BTreeMap<String, (Paid, String)>,
    /// The attempts that reversed, by the payment's id.
    reversed: BTreeMap<String, Attempt>,
    /// The payments that stand, by id.
    standing: BTreeMap<String, Paid>,
}

impl Known {
    /// Takes an end; an id never stands for two payments, a payment is reversed once.
    fn add(&mut self, attempt: &Attempt, end: End) {
        match (end, &attempt.act) {
            (End::Paid(paid), _) => {
                let id = paid.id.clone();
                let before = self.paid.insert(id.clone(), (paid.clone(), attempt.key.clone()));
                match before {
                    Some(before) => assert_eq!(before, (paid, attempt.key.clone())),
                    None => drop(self.standing.insert(id, paid)),
                }
            }
            (End::Reversed, Act::Reverse(paid)) => {
                let before = self.reversed.insert(paid.id.clone(), attempt.clone());
                assert!(before.is_none_or(|before| before.key == attempt.key), "{attempt:?}");
                self.standing.remove(&paid.id);
            }
            (End::Reversed | End::Refused, _) => {}
        }
    }

    /// Every acknowledged success is found, unchanged.
    fn check_found<'a>(&self, client: &mut Client, ids: impl Iterator<Item = &'a String>) {
        for id in ids {
            let (paid, key) = &self.paid[id];
            let rows =
                client.post("consultarpago", &format!(r#"{{"IdCobranza":"{id}"}}"#)).values();
            let row = &rows[0];
            let told = (row["IdFactura"].as_i64(), row["FechaPagoEmpresa"].as_str());
            assert_eq!(told, (Some(paid.bill.id), Some(paid.moment.as_str())), "{paid:?}");
            assert_eq!(row["IdTransaccion"].as_str(), Some(key.as_str()), "{paid:?}");
            assert_eq!(row["Monto"].as_str(), Some(paid.bill.to_amount().as_str()), "{paid:?}");
            if self.reversed.contains_key(id) {
                assert_eq!(row["Estado"], 3, "an acknowledged reversal of {paid:?} is lost");
            }
        }
    }

    /// A key that was answered is answered the same again.
    fn check_repeats(&self, client: &mut Client, ids: &[String]) {
        for id in ids {
            let (paid, key) = &self.paid[id];
            let again = Attempt { key: key.clone(), act: Act::Pay(paid.bill) };
            let (end, is_replay) = again.send(client).unwrap();
            assert_eq!((end, is_replay), (End::Paid(paid.clone()), true));
            if let Some(reversal) = self.reversed.get(id) {
                assert_eq!(reversal.send(client), Some((End::Reversed, true)));
            }
        }
    }
}

/// Whoever got no answer asks, retries under the same key, and retries once more.
fn settle(known: &mut Known, client: &mut Client, unanswered: &[Attempt]) {
    for attempt in unanswered {
        let found = match &attempt.act {
            Act::Pay(_) => {
                let key = &attempt.key;
                client.post("consultarpago", &format!(r#"{{"IdTransaccion":"{key}"}}"#)).values()
            }
            Act::Reverse(_) => serde_json::json!([]),
        };
        let (end, is_replay) = attempt.send(client).unwrap();
        if let Some(row) = found.get(0) {
            let id = row["IdCobranza"].as_str().unwrap();
            assert!(is_replay && matches!(&end, End::Paid(paid) if paid.id == id), "{end:?} {row}");
        }
        let (again, _) = attempt.send(client).unwrap();
        assert_eq!(end, again, "{attempt:?}");
        known.add(attempt, end);
    }
}

/// No bill has two active payments, and what is owed is what has none.
fn check_bills(client: &mut Client, bills: &[Bill]) {
    for of_contract in bills.chunk_by(|one, other| one.contract == other.contract) {
        let body = format!(r#"{{"Contrato":"{}"}}"#, of_contract[0].contract);
        let debts = client.post("consultardeuda", &body).values();
        let debts = debts.as_array().unwrap().iter();
        let owed: BTreeSet<i64> = debts.map(|debt| debt["factura"].as_i64().unwrap()).collect();
        for bill in of_contract {
            let body = format!(r#"{{"IdFactura":{}}}"#, bill.id);
            let rows = client.post("consultarpago", &body).values();
            let rows = rows.as_array().unwrap();
            let active = rows.iter().filter(|row| row["Estado"] == 2).count();
            assert!(active <= 1, "{bill:?} has {active} active payments: {rows:?}");
            assert_eq!(owed.contains(&bill.id), active == 0, "{bill:?}: {rows:?}");
        }
    }
}

pub(super) struct Collecting {
    credentials: Credentials,
    bills: Vec<Bill>,
    known: Known,
    unanswered: usize,
}

impl Load for Collecting {
    const CYCLES: u32 = 24;
    const LIFE_MS: [u64; 2] = [10, 100];

    type Caller = Collector;

    fn callers(&mut self, server: &Server, random: &mut Rng) -> Vec<Collector> {
        let client = server.client(&self.credentials);
        let standing = |number| self.known.standing.values().skip(number).step_by(CLIENTS);
        let caller = |number| Collector {
            client: client.another(),
            random: random.fork(),
            bills: self.bills.clone(),
            standing: standing(number).cloned().collect(),
        };
        (0..CLIENTS).map(caller).collect()
    }

    fn check(&mut self, server: &Server, journals: Vec<Journal<Collector>>, random: &mut Rng) {
        let Self { bills, known, .. } = self;
        let mut client = server.client(&self.credentials);
        let mut fresh = Vec::new();
        for journal in journals {
            for (attempt, end) in journal.ended {
                if let End::Paid(paid) = &end {
                    fresh.push(paid.id.clone());
                }
                known.add(&attempt, end);
            }
            self.unanswered += journal.unanswered.len();
            settle(known, &mut client, &journal.unanswered);
        }
        known.check_found(&mut client, fresh.iter());
        random.shuffle(&mut fresh);
        fresh.truncate(50);
        known.check_repeats(&mut client, &fresh);
        check_bills(&mut client, bills);
    }

    fn check_all(&mut self, server: &Server) {
        let known = &self.known;
        known.check_found(&mut server.client(&self.credentials), known.paid.keys());
    }
}

impl Collecting {
    /// A company with bills and a collector, in `datos`.
    pub(super) fn made(installation: &Installation) -> Self {
        installation.done(&["company", "set", "--data", "datos", "reversal_days=none"]);
        let credentials = installation.collector("caja");
        let bills = bills(CONTRACTS, 8);
        import(installation, &bills);
        Self { credentials, bills, known: Known::default(), unanswered: 0 }
    }

    /// Tells how much was done, which must be something.
    pub(super) fn tell(&self) {
        let (paid, reversed) = (self.known.paid.len(), self.known.reversed.len());
        let unanswered = self.unanswered;
        note(format_args!("crash: {paid} payments, {reversed} reversals, {unanswered} unanswered"));
        assert!(paid > 0 && reversed > 0 && unanswered > 0, "the load was none");
    }
}

#[test]
fn a_killed_server_loses_and_doubles_no_payment() {
    let installation = Installation::with_company();
    let mut load = Collecting::made(&installation);
    live_and_die(&installation, "datos", &mut load);
    load.tell();
}
