//! Payouts over the second wire, some of them applied to invoices.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use serde_json::{Value, json};

use super::{CLIENTS, Caller, Journal, Load, live_and_die};
use crate::common::accountant::{Accountant, invoice, payout};
use crate::common::{Installation, Server, note};

/// The demo's data, kept by the next server; the page's payout is the last of its company.
const DATA: &str = "ventanilla-demo";
const LAST: (i64, i64) = (928, 288);

/// Invoices that are entered before each life, and what each is of: few, so that payouts meet on
/// them, and small, so that they are settled under load.
const INVOICES: usize = 6;
const TOTAL_MINOR: i64 = 3_000;

fn to_text(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}

/// An amount of an answer, in hundredths: a text with two decimals, or a number.
fn to_minor(amount: &Value) -> i64 {
    let text = amount.as_str().map_or_else(|| amount.to_string(), str::to_owned);
    let (units, cents) = text.split_once('.').unwrap_or((&text, ""));
    format!("{units}{cents:0<2}").parse().unwrap_or_else(|error| panic!("{amount}: {error}"))
}

/// One attempt to pay, by the key it has for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Attempt {
    key: String,
    amount_minor: i64,
    /// What is applied of it, by invoice.
    applied: BTreeMap<String, i64>,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// As this payout.
    Made(i64),
    Refused,
}

impl End {
    fn made(self) -> Option<i64> {
        match self {
            Self::Made(id) => Some(id),
            Self::Refused => None,
        }
    }
}

impl Attempt {
    fn new(key: String, random: &mut Rng, invoices: &[String]) -> Self {
        let amount_minor = random.i64(2..=2_000);
        let mut applied = BTreeMap::new();
        for _ in 0..random.usize(0..=2) {
            let part = random.i64(1..=amount_minor / 2);
            applied.insert(invoices[random.usize(0..invoices.len())].clone(), part);
        }
        Self { key, amount_minor, applied }
    }

    /// Sends the attempt; `None` where there was no answer that says how it ended.
    fn send(&self, accountant: &mut Accountant) -> Option<End> {
        let rows = self.applied.iter();
        let rows = rows.map(|(id, part)| json!({ "idFactura": id, "importe": to_text(*part) }));
        let more = json!({
            "IdTransaccion": self.key,
            "recordsToInsertUpdate": rows.collect::<Vec<_>>(),
        });
        let asked = payout(&to_text(self.amount_minor), &more);
        let answer = accountant.try_ask("Pago.alta_pago", asked).ok()?;
        if answer["result"]["estado"] != 0 {
            return None;
        }
        if answer["response"]["success"] == true {
            return Some(End::Made(to_id(&answer["response"]["data"]["idPago"])));
        }
        // Nothing but a settled invoice may stop one.
        let told = answer["response"]["message"].as_str().unwrap();
        assert!(told.contains("supera su saldo"), "{self:?}: {told}");
        Some(End::Refused)
    }
}

fn to_id(id: &Value) -> i64 {
    id.as_str().unwrap().parse().unwrap()
}

/// An accountant who makes payouts.
struct Payer {
    accountant: Accountant,
    random: Rng,
    invoices: Vec<String>,
}

impl Caller for Payer {
    type Attempt = Attempt;
    type End = End;

    fn next(&mut self, key: String) -> Attempt {
        Attempt::new(key, &mut self.random, &self.invoices)
    }

    fn send(&mut self, attempt: &Attempt) -> Option<End> {
        attempt.send(&mut self.accountant)
    }

    fn is_success(end: &End) -> bool {
        end.made().is_some()
    }
}

/// What all accountants were told, over all lives of the server.
struct Paying {
    /// Who signed in before the first life.
    accountant: Accountant,
    /// The ids of the invoices, in the order they were entered.
    invoices: Vec<String>,
    made: BTreeMap<i64, Attempt>,
    refused: usize,
    unanswered: usize,
}

impl Paying {
    /// Takes an end; an id never stands for two payouts.
    fn add(&mut self, attempt: &Attempt, end: End) {
        let End::Made(id) = end else {
            self.refused += 1;
            return;
        };
        let before = self.made.insert(id, attempt.clone());
        assert!(before.is_none_or(|before| before == *attempt), "{id}: {attempt:?}");
    }

    /// Every answered payout is found as it was asked for; the numbers they have.
    fn check_found(&mut self, ids: impl Iterator<Item = i64>) -> BTreeSet<i64> {
        ids.map(|id| {
            let asked = json!({ "idEmpresa": 98, "idPago": id });
            let answer = self.accountant.ask("Pago.leer_pago", asked);
            let (attempt, data) = (&self.made[&id], &answer["response"]["data"]);
            assert!(data.is_object(), "an acknowledged payout is lost: {id}, {attempt:?}");
            let told = ["totalpagado", "aplicadoAEstePago"].map(|name| to_minor(&data[name]));
            let expected = [attempt.amount_minor, attempt.applied.values().sum()];
            assert_eq!(told, expected, "{id}: {attempt:?}");
            assert_eq!(data["nroPago1"], "0001", "{id}: {attempt:?}");
            to_id(&data["nroPago2"])
        })
        .collect()
    }

    /// There are the payouts that somebody was told of and no other.
    fn check_no_other(&mut self) {
        let ids: Vec<i64> = self.made.keys().copied().collect();
        let following = |last: i64| (last + 1..).take(ids.len()).collect::<Vec<i64>>();
        assert_eq!(ids, following(LAST.0), "ids that nobody was told of");
        let next = LAST.0 + 1 + i64::try_from(ids.len()).unwrap();
        let asked = json!({ "idEmpresa": 98, "idPago": next });
        let told = self.accountant.refused("Pago.leer_pago", asked);
        assert_eq!(told, "No se encontro el pago.", "a payout that nobody was told of");
    }

    /// Of each invoice, what payouts settled is what they were told, and within its total.
    fn check_invoices(&mut self, from: usize) {
        for id in &self.invoices[from..] {
            let asked = json!({ "idEmpresa": 98, "idFactura": id });
            let rows = self.accountant.done("FacturaCompra.leer_pagos_factura", asked.clone());
            let rows = rows["data"].as_array().unwrap().iter();
            let told = rows.map(|row| (to_id(&row["idPago"]), to_minor(&row["importe"])));
            let told: BTreeMap<i64, i64> = told.collect();
            let parts = self.made.iter().filter_map(|(payout, attempt)| {
                attempt.applied.get(id).map(|part| (*payout, *part))
            });
            assert_eq!(told, parts.collect(), "invoice {id}");
            let read = self.accountant.done("FacturaCompra.leer_facturacompra", asked);
            let figures = ["totalFactura", "totalaplicado", "saldoaaplicar"];
            let applied: i64 = told.values().sum();
            let expected = [TOTAL_MINOR, applied, TOTAL_MINOR - applied];
            assert_eq!(figures.map(|name| to_minor(&read["data"][name])), expected, "{id}");
            assert!(applied <= TOTAL_MINOR, "invoice {id} is settled beyond its total");
        }
    }

    /// Before each life there are invoices that nobody has paid yet.
    fn enter_invoices(&mut self) {
        for _ in 0..INVOICES {
            let serial = (self.invoices.len() + 1).to_string();
            let entered = invoice(&serial, &to_text(TOTAL_MINOR), &json!({}));
            self.invoices.push(self.accountant.enter(entered));
        }
    }

    /// Where the invoices of this life begin, and those of the one before.
    fn recent(&self) -> usize {
        self.invoices.len().saturating_sub(2 * INVOICES)
    }
}

impl Load for Paying {
    /// Many and short: all that was answered is asked for again after each.
    const CYCLES: u32 = 24;
    const LIFE_MS: [u64; 2] = [10, 80];

    type Caller = Payer;

    fn callers(&mut self, server: &Server, random: &mut Rng) -> Vec<Payer> {
        self.accountant = self.accountant.moved_to(server);
        self.enter_invoices();
        let invoices = &self.invoices[self.recent()..];
        let caller = |_| Payer {
            accountant: self.accountant.another(),
            random: random.fork(),
            invoices: invoices.to_vec(),
        };
        (0..CLIENTS).map(caller).collect()
    }

    fn check(&mut self, server: &Server, journals: Vec<Journal<Payer>>, random: &mut Rng) {
        self.accountant = self.accountant.moved_to(server);
        let (mut answered, mut unanswered) = (Vec::new(), Vec::new());
        for journal in journals {
            answered.extend(journal.ended);
            unanswered.extend(journal.unanswered);
        }
        for (attempt, end) in &answered {
            self.add(attempt, *end);
        }
        self.check_found(answered.iter().filter_map(|(_, end)| end.made()));
        self.unanswered += unanswered.len();
        for attempt in unanswered {
            let end = attempt.send(&mut self.accountant).unwrap();
            self.add(&attempt, end);
            answered.push((attempt, end));
        }
        random.shuffle(&mut answered);
        for (attempt, end) in &answered {
            assert_eq!(attempt.send(&mut self.accountant), Some(*end), "{attempt:?}");
        }
        self.check_no_other();
        self.check_invoices(self.recent());
    }

    fn check_all(&mut self, _: &Server) {
        let ids: Vec<i64> = self.made.keys().copied().collect();
        let numbers = self.check_found(ids.iter().copied());
        let following: BTreeSet<i64> = (LAST.1 + 1..).take(ids.len()).collect();
        assert_eq!(numbers, following, "numbers given twice or to nobody");
        self.check_invoices(0);
    }
}

#[test]
fn a_killed_server_loses_and_doubles_no_payout() {
    let installation = Installation::nothing();
    let demo = installation.demo();
    let accountant = Accountant::log_in(demo.address());
    demo.stop();
    let (invoices, made) = (Vec::new(), BTreeMap::new());
    let mut load = Paying { accountant, invoices, made, refused: 0, unanswered: 0 };
    live_and_die(&installation, DATA, &mut load);
    let Paying { made, refused, unanswered, .. } = load;
    let applied = made.values().filter(|attempt| !attempt.applied.is_empty()).count();
    let made = made.len();
    note(format_args!(
        "crash: {made} payouts, {applied} applied, {refused} refused, {unanswered} unanswered"
    ));
    assert!(applied > 0 && refused > 0 && unanswered > 0, "the load was none");
}
