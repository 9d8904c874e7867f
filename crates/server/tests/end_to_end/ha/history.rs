//! What all clients were told, held against the journal.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Instant;

use super::callers::{Act, Attempt, End, Paid};
use super::site::Event;

#[derive(Default)]
pub(super) struct History {
    attempts: Vec<Attempt>,
    /// Payments that were answered and stand, by their ids.
    standing: BTreeMap<String, Paid>,
}

/// What an attempt is known by: a payment's key is none of a reversal.
type Name<'h> = (bool, &'h str);

fn name_of(attempt: &Attempt) -> Name<'_> {
    (matches!(attempt.act, Act::Reverse(_)), &attempt.key)
}

fn bill_of(attempt: &Attempt) -> i64 {
    match &attempt.act {
        Act::Pay(bill) => bill.id,
        Act::Reverse(paid) => paid.bill.id,
    }
}

impl History {
    pub(super) fn standing(&self) -> &BTreeMap<String, Paid> {
        &self.standing
    }

    pub(super) fn add(&mut self, attempts: Vec<Attempt>) {
        for attempt in &attempts {
            match (&attempt.act, &attempt.end) {
                (_, End::Paid(paid)) => drop(self.standing.insert(paid.id.clone(), paid.clone())),
                (Act::Reverse(paid), End::Reversed) => drop(self.standing.remove(&paid.id)),
                _ => {}
            }
        }
        self.attempts.extend(attempts);
    }

    /// Holds all of it against the events of the journal, in their order.
    pub(super) fn check(&self, events: &[Event]) {
        let mut by_name: BTreeMap<Name<'_>, &Event> = BTreeMap::new();
        for event in events {
            let again = by_name.insert((event.is_reversal, &event.key), event);
            assert!(again.is_none(), "one key, two events: {event:?} {again:?}");
        }
        self.check_ends(&by_name);
        self.check_known(events);
        check_turns(events);
        self.check_order(events);
    }

    /// Each success is in the books as it was told, and nothing that was refused is. What was told to have
    /// changed nothing had not, unless another try of it was told nothing.
    fn check_ends(&self, by_name: &BTreeMap<Name<'_>, &Event>) {
        for attempt in &self.attempts {
            let event = by_name.get(&name_of(attempt));
            match (&attempt.end, event) {
                (End::Paid(paid), Some(event)) => {
                    let told = (&paid.id, paid.bill.id, paid.bill.to_amount());
                    assert_eq!(told, (&event.id, event.bill, event.amount.clone()), "{attempt:?}");
                    assert!(is_moment(&paid.moment, &event.moment), "{attempt:?} {event:?}");
                }
                (End::Reversed, Some(event)) => {
                    let Act::Reverse(paid) = &attempt.act else { panic!("{attempt:?}") };
                    assert_eq!((&paid.id, paid.bill.id), (&event.id, event.bill), "{attempt:?}");
                }
                (End::Refused(code), None) => {
                    let is_expected =
                        matches!(&attempt.act, Act::Pay(_)) && code == "FACTURA_YA_PAGADA";
                    assert!(is_expected, "{attempt:?}");
                }
                (_, event) => panic!("{attempt:?} is in the books as {event:?}"),
            }
            let may_be_replay = attempt.unknown + attempt.silent > 0;
            assert!(
                may_be_replay || !attempt.is_replay,
                "it was told that nothing changed: {attempt:?}"
            );
        }
    }

    /// There is nothing in the books but what somebody was told.
    fn check_known(&self, events: &[Event]) {
        let known: BTreeSet<Name<'_>> = self.attempts.iter().map(name_of).collect();
        for event in events {
            assert!(
                known.contains(&(event.is_reversal, event.key.as_str())),
                "{event:?} is nobody's"
            );
        }
    }

    /// Of each bill, the order of the journal is one in which everybody may have been answered: an attempt
    /// that ended before another began comes before it, and who was told that a bill is paid was told so at
    /// a moment when it was.
    fn check_order(&self, events: &[Event]) {
        let by_name: BTreeMap<Name<'_>, &Attempt> =
            self.attempts.iter().map(|attempt| (name_of(attempt), attempt)).collect();
        let mut of_bills: BTreeMap<i64, Vec<&Attempt>> = BTreeMap::new();
        for event in events {
            let attempt = by_name[&(event.is_reversal, event.key.as_str())];
            of_bills.entry(event.bill).or_default().push(attempt);
        }
        for order in of_bills.values() {
            check_intervals(order);
        }
        let refused = self.attempts.iter().filter(|attempt| matches!(attempt.end, End::Refused(_)));
        for refused in refused {
            let order = of_bills.get(&bill_of(refused)).map_or(&[][..], Vec::as_slice);
            // After so many events at least, and at most.
            let least =
                order.iter().rposition(|event| event.until < refused.from).map_or(0, |at| at + 1);
            let most =
                order.iter().position(|event| event.from > refused.until).unwrap_or(order.len());
            // Payments and reversals take turns: it is paid after an odd number of them.
            assert!((least..=most).any(|count| count % 2 == 1), "{refused:?}: {order:?}");
        }
    }

    /// There was something to lose: whenever a primary was struck, somebody waited for an answer.
    pub(super) fn check_load(&self, struck: &[Instant]) {
        let [paid, reversed, refused, _] = self.counts();
        let is_spanned = |at: &Instant| {
            self.attempts.iter().any(|attempt| attempt.from < *at && *at < attempt.until)
        };
        let is_load = paid > 0 && reversed > 0 && refused > 0 && struck.iter().all(is_spanned);
        assert!(is_load, "the load was none: {self}");
    }

    fn counts(&self) -> [usize; 4] {
        let count = |is: fn(&&Attempt) -> bool| self.attempts.iter().filter(is).count();
        [
            count(|attempt| matches!(attempt.end, End::Paid(_))),
            count(|attempt| attempt.end == End::Reversed),
            count(|attempt| matches!(attempt.end, End::Refused(_))),
            count(|attempt| attempt.unknown + attempt.silent > 0),
        ]
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [paid, reversed, refused, unanswered] = self.counts();
        let unchanged: usize = self.attempts.iter().map(|attempt| attempt.unchanged).sum();
        let unknown: usize = self.attempts.iter().map(|attempt| attempt.unknown).sum();
        let replayed = self.attempts.iter().filter(|attempt| attempt.is_replay).count();
        write!(
            f,
            "{paid} payments, {reversed} reversals, {refused} refusals; {unanswered} were not answered at first, \
             of which {replayed} had been done; 503: {unchanged} nothing changed, {unknown} unknown"
        )
    }
}

/// Whether a moment as a payment is answered, `26/11/2021 12:11:52`, is the one that is exported.
fn is_moment(told: &str, exported: &str) -> bool {
    let [day, month, year, time] = [0..2, 3..5, 6..10, 11..19].map(|range| &told[range]);
    exported.starts_with(&format!("{year}-{month}-{day}T{time}-"))
}

/// Of each bill, payments and reversals take turns, each of the payment before; no id comes twice.
fn check_turns(events: &[Event]) {
    let (mut standing, mut ids) = (BTreeMap::new(), BTreeSet::new());
    for event in events {
        if event.is_reversal {
            assert_eq!(standing.remove(&event.bill), Some(&event.id), "{event:?}");
        } else {
            assert!(ids.insert(&event.id), "{event:?}: its id was given before");
            assert_eq!(standing.insert(event.bill, &event.id), None, "{event:?}: it was paid");
        }
    }
}

/// No attempt had ended before one began that comes before it.
fn check_intervals(order: &[&Attempt]) {
    let mut latest: Option<&Attempt> = None;
    for attempt in order {
        if let Some(before) = latest {
            assert!(before.from <= attempt.until, "{before:?} comes before {attempt:?}");
        }
        if latest.is_none_or(|before| before.from < attempt.from) {
            latest = Some(attempt);
        }
    }
}
