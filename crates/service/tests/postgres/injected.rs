//! Every request to the database fails in its turn, in every way: what is done is done once, and the books
//! are what they are without a fault.

use std::collections::BTreeSet;
use std::fmt::Debug;

use jiff::SignedDuration;
use ventanilla_domain::{FileKind, Payment};
use ventanilla_rig::{Cluster, Database, Fault, Injector};
use ventanilla_service::{Clock, Failure, UserCaller};

use crate::world::{
    FIRST_PAYMENT, Server, bills_of, company, database, new_collector, note, until_told, waited,
};

/// Bills that are there from the start; those above come with files.
const BILLS: i64 = 2_000;

/// Somebody's act, which succeeds; of each kind so many have been done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Pay,
    Reverse,
    PayAgain,
    Import,
    AddCollector,
    DisableCollector,
    PayOut,
}

const DEEDS: [Deed; 7] = [
    Deed::Pay,
    Deed::Reverse,
    Deed::PayAgain,
    Deed::Import,
    Deed::AddCollector,
    Deed::DisableCollector,
    Deed::PayOut,
];

/// A server, and a user who signed in there.
struct Office {
    server: Server,
    user: UserCaller,
    /// What is to be reversed, or paid under the same key.
    paid: Vec<Payment>,
}

/// Does something until it is done; only that nothing changed may be told before.
fn done<T: Debug, R: Debug>(act: impl FnMut() -> Result<T, Failure<R>>) -> T {
    until_told(act).unwrap()
}

impl Deed {
    /// What has to be done before.
    fn needs(self) -> Option<Self> {
        match self {
            Self::Reverse | Self::PayAgain => Some(Self::Pay),
            Self::DisableCollector => Some(Self::AddCollector),
            _ => None,
        }
    }
}

impl Office {
    /// Gives what was paid its place in the journal, whichever connection was cut off in silence.
    fn settle(&self) {
        let settle = || self.server.store.settle().map_err(|_passing| Failure::<()>::Unavailable);
        done(settle);
    }

    /// Does what `number` says, which nobody has done before.
    fn act(&mut self, deed: Deed, number: i64) {
        let (server, key) = (&self.server, format!("k{number}"));
        match deed {
            Deed::Pay => {
                let paid = done(|| server.pay(number, Some(&key)));
                self.paid.push(paid.act);
            }
            Deed::Reverse => {
                let paid = self.paid.pop().unwrap();
                done(|| server.reverse(&paid, Some(&key)));
            }
            Deed::PayAgain => {
                let paid = self.paid.last().unwrap();
                let key = paid.caller_key.as_ref().unwrap().as_str();
                let again = done(|| server.pay(paid.bill.to_i64(), Some(key)));
                assert!(again.is_replay && again.act == *paid, "{again:?}");
            }
            Deed::Import => {
                let new = (BILLS + number, number);
                let changed = (number, number + 1);
                done(|| server.try_import(FileKind::Bills, &bills_of([new, changed].into_iter())));
            }
            Deed::AddCollector => {
                let new = || new_collector(company(), &key);
                done(|| waited(server.service.add_collector(new())));
            }
            Deed::DisableCollector => {
                let name = format!("k{}", number - 1);
                done(|| waited(server.service.disable_collector(company(), &name)));
            }
            Deed::PayOut => drop(done(|| server.pay_out(&self.user, number, &key))),
        }
    }
}

/// What the books hold, line by line, with the ids of payments in their order instead of their numbers,
/// which have gaps; but for what is no part of them.
fn kept(database: &Database) -> BTreeSet<String> {
    let tables = "SELECT string_agg(format('SELECT %L || (to_jsonb(t) - ''chain'' - ''next_payment'')::text \
                  FROM %I t', table_name || ' ', table_name), ' UNION ALL ') \
                  FROM information_schema.tables WHERE table_schema = 'public' AND table_name NOT IN \
                  ('commit_mark', 'sealer_lease', 'installation', 'integrator', 'app_user', 'token', \
                   'user_session', 'console_session', 'invitation', 'second_factor', \
                   'second_factor_step', 'recovery_code', 'schema_version', 'migration_lock')";
    let lines = database.sql(&database.sql(tables).unwrap()).unwrap();
    let ids: BTreeSet<&str> = numbers(&lines).filter(|number| is_payment(number)).collect();
    let named = |line: &str| {
        let mut line = line.to_owned();
        for (place, id) in ids.iter().enumerate() {
            line = line.replace(id, &format!("#{place}"));
        }
        line
    };
    lines.lines().map(named).collect()
}

fn numbers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_ascii_digit()).filter(|digits| digits.len() == 7)
}

fn is_payment(number: &str) -> bool {
    number
        .parse()
        .is_ok_and(|number: i64| (FIRST_PAYMENT..FIRST_PAYMENT + 1_000_000).contains(&number))
}

/// What is not to fail: what a thread of its own asks from time to time, and what frees a statement that nobody
/// uses.
fn is_beside(statement: &str) -> bool {
    statement == "close" || statement.contains("DISTINCT company_id FROM unsealed")
}

/// The same, and what no server refuses so: passwords, and where a transaction begins or is given up.
fn is_never_refused(statement: &str) -> bool {
    let is_bound = ["BEGIN", "ROLLBACK", "SET"].iter().any(|word| statement.starts_with(word));
    is_beside(statement) || statement.is_empty() || is_bound
}

fn exceptions(fault: Fault) -> fn(&str) -> bool {
    match fault {
        Fault::Refused => is_never_refused,
        Fault::Lost | Fault::Unheard => is_beside,
    }
}

/// The same books twice: in one database nothing fails, in the other what the injector is told.
struct Trial {
    databases: [Database; 2],
    injector: Injector,
    clock: Clock,
    offices: [Office; 2],
    /// Deeds so far.
    number: i64,
}

impl Trial {
    fn made() -> Self {
        let clock = Clock::manual("2021-11-26T12:00:00Z".parse().unwrap());
        let databases = [database(), database()];
        let injector = Injector::start(Cluster::shared().unwrap().port()).unwrap();
        let urls = [databases[0].url(), databases[1].url_at(injector.port())];
        let office = |number: usize| {
            let made = Server::made(&databases[number].url(), clock.clone(), BILLS);
            let key = made.open_desk();
            let user = made.user(&key).unwrap();
            Office { server: made.beside(&urls[number]), user, paid: Vec::new() }
        };
        let offices = [0, 1].map(office);
        Self { databases, injector, clock, offices, number: 0 }
    }

    /// Does something in both; where it is ordered, with a fault in the second.
    fn act(&mut self, deed: Deed, order: Option<(usize, Fault)>) -> Option<Vec<String>> {
        self.number += 1;
        self.clock.set(self.clock.now() + SignedDuration::from_secs(1));
        let [reference, tried] = &mut self.offices;
        reference.act(deed, self.number);
        if let Some((nth, fault)) = order {
            self.injector.order(nth, fault, exceptions(fault));
        }
        tried.act(deed, self.number);
        let failed = self.injector.failed().filter(|_| order.is_some());
        for office in &self.offices {
            office.settle();
        }
        failed
    }

    /// Has every request of a deed fail in its turn; how many it has.
    fn fail_each(&mut self, deed: Deed, fault: Fault) -> usize {
        for nth in 0.. {
            if let Some(before) = deed.needs() {
                self.act(before, None);
            }
            if self.act(deed, Some((nth, fault))).is_none() {
                return nth;
            }
        }
        unreachable!("a deed has an end")
    }

    fn check_equal(&self, what: &str) {
        let [expected, found] = self.databases.each_ref().map(kept);
        let only = |own: &BTreeSet<String>, other: &BTreeSet<String>| {
            own.difference(other).cloned().collect::<Vec<_>>()
        };
        let (lacks, has) = (only(&expected, &found), only(&found, &expected));
        assert!(lacks.is_empty() && has.is_empty(), "{what}: lacks {lacks:#?}, has {has:#?}");
    }
}

fn check(fault: Fault) {
    let mut trial = Trial::made();
    let mut told = Vec::new();
    for deed in DEEDS {
        let failed = trial.fail_each(deed, fault);
        trial.check_equal(&format!("{fault:?} {deed:?}"));
        // A beginning, something that is written, a mark, a commit.
        assert!(failed >= 4, "{deed:?}: {failed}");
        told.push(format!("{deed:?} {failed}"));
    }
    for office in &trial.offices {
        office.server.verified();
    }
    note(format_args!("{fault:?}, requests that failed: {}", told.join(", ")));
}

#[test]
fn what_others_are_in_the_way_of_is_done_once() {
    check(Fault::Refused);
}

#[test]
fn what_is_cut_off_before_it_is_heard_is_done_once() {
    check(Fault::Lost);
}

#[test]
fn what_is_cut_off_before_its_answer_is_heard_is_done_once() {
    check(Fault::Unheard);
}
