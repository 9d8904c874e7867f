//! `kill -9` under load, again and again on the same data: no acknowledged payment is lost, none
//! is doubled, and every unknown outcome, retried under its key, ends in exactly one state.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, ScopedJoinHandle};
use std::time::Duration;

use fastrand::Rng;

use crate::common::{
    Bill, Client, Credentials, Installation, PATIENCE, Server, bills, import, note, now, verify,
};

const CLIENTS: usize = 16;
const CYCLES: u32 = 8;
/// Few bills, so that clients meet on them.
const CONTRACTS: u32 = 40;

#[expect(clippy::disallowed_methods, reason = "a long run is asked for by the environment")]
fn from_environment<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.parse().ok()
}

/// One attempt, by the key it has for ever.
#[derive(Debug, Clone)]
struct Attempt {
    key: String,
    act: Act,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Act {
    Pay(Bill),
    Reverse(Paid),
}

/// What a client was told of a payment it made.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Paid {
    bill: Bill,
    id: String,
    moment: String,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
enum End {
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

/// What a client kept of one life of the server.
#[derive(Debug, Default)]
struct Journal {
    ended: Vec<(Attempt, End)>,
    unanswered: Vec<Attempt>,
}

/// Pays and reverses until the server is gone; tells each success at once.
fn act(
    mut client: Client,
    mut random: Rng,
    bills: &[Bill],
    mut standing: Vec<Paid>,
    name: &str,
    succeeded: impl Fn(),
) -> Journal {
    let mut journal = Journal::default();
    for count in 0.. {
        let act = if !standing.is_empty() && random.u8(0..10) < 4 {
            Act::Reverse(standing.swap_remove(random.usize(0..standing.len())))
        } else {
            Act::Pay(bills[random.usize(0..bills.len())])
        };
        let attempt = Attempt { key: format!("{name}-{count}"), act };
        // One retry under the same key, as a collector does; then the server is held for gone.
        let end = attempt.send(&mut client).or_else(|| attempt.send(&mut client));
        let Some((end, _)) = end else {
            journal.unanswered.push(attempt);
            break;
        };
        if end != End::Refused {
            succeeded();
        }
        if let End::Paid(paid) = &end {
            standing.push(paid.clone());
        }
        journal.ended.push((attempt, end));
    }
    journal
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
fn settle(known: &mut Known, client: &mut Client, unanswered: Vec<Attempt>) {
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
        known.add(&attempt, end);
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

/// One life of the server: load, `kill -9`, restart; the journals of the clients.
fn one_life(
    server: Server,
    credentials: &Credentials,
    bills: &[Bill],
    known: &Known,
    random: &mut Rng,
    cycle: u32,
) -> Vec<Journal> {
    let client = server.client(credentials);
    let load = Duration::from_millis(random.u64(20..=300));
    // The kill comes upon an answer: whatever is answered before it is kept is lost then.
    let (is_armed, doomed) = (AtomicBool::new(false), Mutex::new(Some(server)));
    let strike = || {
        if is_armed.load(Ordering::SeqCst) {
            strike_down(&doomed);
        }
    };
    thread::scope(|scope| {
        let clients: Vec<ScopedJoinHandle<'_, Journal>> = (0..CLIENTS)
            .map(|number| {
                let (client, random) = (client.another(), random.fork());
                let (name, strike) = (format!("c{cycle}-{number}"), &strike);
                let standing = known.standing.values().skip(number).step_by(CLIENTS).cloned();
                let standing = standing.collect();
                scope.spawn(move || act(client, random, bills, standing, &name, strike))
            })
            .collect();
        thread::sleep(load);
        is_armed.store(true, Ordering::SeqCst);
        let deadline = now() + PATIENCE;
        let is_over = || clients.iter().all(ScopedJoinHandle::is_finished);
        while now() < deadline && doomed.lock().unwrap().is_some() && !is_over() {
            thread::sleep(Duration::from_millis(1));
        }
        strike_down(&doomed);
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    })
}

/// Kills the server, once.
fn strike_down(doomed: &Mutex<Option<Server>>) {
    if let Some(server) = doomed.lock().unwrap().take() {
        server.kill();
    }
}

#[test]
fn a_killed_server_loses_and_doubles_nothing() {
    let seed = from_environment("VENTANILLA_CRASH_SEED").unwrap_or(u64::from(std::process::id()));
    let cycles = from_environment("VENTANILLA_CRASH_CYCLES").unwrap_or(CYCLES);
    note(format_args!("crash: VENTANILLA_CRASH_SEED={seed} VENTANILLA_CRASH_CYCLES={cycles}"));
    let mut random = Rng::with_seed(seed);
    let installation = Installation::with_company();
    installation.done(&["company", "set", "--data", "datos", "reversal_days=none"]);
    let credentials = installation.collector("caja");
    let bills = bills(CONTRACTS, 8);
    import(&installation, &bills);
    let mut known = Known::default();
    let (mut unanswered, mut slowest) = (0, Duration::ZERO);
    let mut server = installation.serve();
    for cycle in 1..=cycles {
        let journals = one_life(server, &credentials, &bills, &known, &mut random, cycle);
        if cycle % 2 == 0 {
            verify(&installation, "datos");
        }
        let started = now();
        server = installation.serve();
        slowest = slowest.max(started.elapsed());
        let mut client = server.client(&credentials);
        let mut fresh = Vec::new();
        for journal in journals {
            for (attempt, end) in journal.ended {
                if let End::Paid(paid) = &end {
                    fresh.push(paid.id.clone());
                }
                known.add(&attempt, end);
            }
            unanswered += journal.unanswered.len();
            settle(&mut known, &mut client, journal.unanswered);
        }
        known.check_found(&mut client, fresh.iter());
        random.shuffle(&mut fresh);
        fresh.truncate(50);
        known.check_repeats(&mut client, &fresh);
        check_bills(&mut client, &bills);
        if cycle % 2 == 1 {
            verify(&installation, "datos");
        }
    }
    known.check_found(&mut server.client(&credentials), known.paid.keys());
    server.stop();
    verify(&installation, "datos");
    let (paid, reversed) = (known.paid.len(), known.reversed.len());
    note(format_args!(
        "crash: {cycles} kills, {paid} payments, {reversed} reversals, {unanswered} unanswered; \
         slowest restart {slowest:?}"
    ));
    assert!(paid > 0 && reversed > 0 && unanswered > 0, "the load was none");
}
