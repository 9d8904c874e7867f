//! Clients that pay and reverse, each attempt until it is told how that ended.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, Scope, ScopedJoinHandle};
use std::time::{Duration, Instant};

use fastrand::Rng;

use super::site::Site;
use crate::common::{Bill, Client, PATIENCE, now};

const CLIENTS: usize = 12;
/// How long a caller waits for an answer, and before it tries again.
const TIMEOUT: Duration = Duration::from_secs(4);
const PAUSE: Duration = Duration::from_millis(20);
/// After so many tries without an end something is wrong.
const TRIES_MAX: usize = 3_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    Pay(Bill),
    Reverse(Paid),
}

/// What a client was told of a payment that it made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Paid {
    pub(super) bill: Bill,
    pub(super) id: String,
    pub(super) moment: String,
    pub(super) collector: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    Paid(Paid),
    Reversed,
    Refused(String),
}

/// An attempt, under the key that it has for ever, and how it ended.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) key: String,
    pub(super) act: Act,
    pub(super) end: End,
    pub(super) is_replay: bool,
    /// When it was first asked and last answered.
    pub(super) from: Instant,
    pub(super) until: Instant,
    /// How often it was told that nothing changed, that nobody knows, and nothing in time.
    pub(super) unchanged: usize,
    pub(super) unknown: usize,
    pub(super) silent: usize,
}

/// What one try was told.
enum Told {
    End(End, bool),
    Unchanged,
    Unknown,
    Nothing,
}

struct Caller {
    name: String,
    collector: usize,
    client: Client,
    random: Rng,
    bills: Vec<Bill>,
    /// What it may reverse, and nobody else does.
    standing: Vec<Paid>,
}

impl Caller {
    fn next(&mut self) -> Act {
        let Self { random, bills, standing, .. } = self;
        if !standing.is_empty() && random.u8(0..10) < 4 {
            return Act::Reverse(standing.swap_remove(random.usize(0..standing.len())));
        }
        Act::Pay(bills[random.usize(0..bills.len())])
    }

    fn send(&mut self, act: &Act, key: &str) -> Told {
        let (service, body) = match act {
            Act::Pay(bill) => ("realizarpago", bill.to_payment(Some(key))),
            Act::Reverse(Paid { bill, id, .. }) => {
                let bill = bill.id;
                let body = format!(
                    r#"{{"IdFactura":{bill},"IdCobranza":"{id}","IdTransaccion":"{key}"}}"#
                );
                ("revertirpago", body)
            }
        };
        let Ok(answer) = self.client.try_post(service, &body) else { return Told::Nothing };
        let (json, code) = (answer.json(), answer.code());
        let end = match (answer.status, code.as_str(), act) {
            (503, "SERVICIO_NO_DISPONIBLE", _) => return Told::Unchanged,
            (503, "RESULTADO_DESCONOCIDO", _) => return Told::Unknown,
            (200, "", Act::Reverse(_)) => End::Reversed,
            (200, "", Act::Pay(bill)) => End::Paid(Paid {
                bill: *bill,
                id: json["values"]["IdCobranza"].as_str().unwrap().to_owned(),
                moment: json["values"]["FechaPagoEmpresa"].as_str().unwrap().to_owned(),
                collector: self.collector,
            }),
            (200, code, _) => End::Refused(code.to_owned()),
            _ => panic!("{answer:?}"),
        };
        Told::End(end, answer.is_replay())
    }

    /// Tries until it is told how that ended.
    fn attempt(&mut self, number: usize) -> Attempt {
        let (act, key) = (self.next(), format!("{}-{number}", self.name));
        let (from, mut counts) = (now(), [0; 3]);
        for _ in 0..TRIES_MAX {
            let told = match self.send(&act, &key) {
                Told::End(end, is_replay) => {
                    if let End::Paid(paid) = &end {
                        self.standing.push(paid.clone());
                    }
                    let ([unchanged, unknown, silent], until) = (counts, now());
                    return Attempt {
                        key,
                        act,
                        end,
                        is_replay,
                        from,
                        until,
                        unchanged,
                        unknown,
                        silent,
                    };
                }
                Told::Unchanged => 0,
                Told::Unknown => 1,
                Told::Nothing => 2,
            };
            counts[told] += 1;
            thread::sleep(PAUSE);
        }
        panic!("{key}: {act:?} has no end: {counts:?}");
    }
}

/// The clients of one round.
pub(super) struct Load {
    callers: Vec<Caller>,
    shared: Shared,
}

#[derive(Default)]
struct Shared {
    is_over: AtomicBool,
    /// Attempts of each client that ended, since they were last set to none.
    ended: [AtomicUsize; CLIENTS],
}

/// Clients under way.
pub(super) struct Running<'scope, 'load> {
    shared: &'load Shared,
    threads: Vec<ScopedJoinHandle<'scope, Vec<Attempt>>>,
}

impl Load {
    /// The clients of a round, and among them what may be reversed, by the collector that was paid.
    pub(super) fn of(
        site: &Site,
        round: u64,
        random: &mut Rng,
        standing: &BTreeMap<String, Paid>,
    ) -> Self {
        let caller = |number: usize| {
            let collector = number % 2;
            let own = standing.values().filter(|paid| paid.collector == collector);
            let own = own.enumerate().filter(|(place, _)| place % (CLIENTS / 2) == number / 2);
            Caller {
                name: format!("{round}-{number}"),
                collector,
                client: site.client(number).waiting(TIMEOUT),
                random: random.fork(),
                bills: site.bills.clone(),
                standing: own.map(|(_, paid)| paid.clone()).collect(),
            }
        };
        Self { callers: (0..CLIENTS).map(caller).collect(), shared: Shared::default() }
    }

    pub(super) fn start<'scope, 'load: 'scope>(
        &'load mut self,
        scope: &'scope Scope<'scope, '_>,
    ) -> Running<'scope, 'load> {
        let shared = &self.shared;
        let threads = self.callers.iter_mut().enumerate().map(|(number, caller)| {
            scope.spawn(move || {
                let mut attempts = Vec::new();
                while !shared.is_over.load(Ordering::SeqCst) {
                    attempts.push(caller.attempt(attempts.len()));
                    shared.ended[number].fetch_add(1, Ordering::SeqCst);
                }
                attempts
            })
        });
        Running { threads: threads.collect(), shared }
    }
}

impl Running<'_, '_> {
    /// Waits until every client has had an attempt from its beginning to its end; how long after `start` the
    /// first was answered.
    pub(super) fn wait_for_successes(&self, start: Instant) -> Duration {
        let ended = &self.shared.ended;
        for ended in ended {
            ended.store(0, Ordering::SeqCst);
        }
        let mut first = None;
        loop {
            let count =
                |least| ended.iter().filter(|ended| ended.load(Ordering::SeqCst) >= least).count();
            if first.is_none() && count(1) > 0 {
                first = Some(start.elapsed());
            }
            if count(2) == CLIENTS {
                return first.unwrap_or_else(|| start.elapsed());
            }
            let is_stuck = start.elapsed() > PATIENCE
                || self.threads.iter().any(ScopedJoinHandle::is_finished);
            assert!(!is_stuck, "not every client is answered again: {ended:?}");
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Lets every client come to the end of its attempt.
    pub(super) fn stop(self) -> Vec<Attempt> {
        self.shared.is_over.store(true, Ordering::SeqCst);
        self.threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    }
}
