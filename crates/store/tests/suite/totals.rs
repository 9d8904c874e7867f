//! What was collected and is owed, and the words of members: kept with the books, and compared with them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use ventanilla_domain::{
    Account, BillState, BillVersion, BusinessDay, CollectorId, CompanyId, Contract, ContractKey,
    Event, Label, Member, Name, Payment, Period, Reversal,
};
use ventanilla_store::{CollectedSums, Follower, Store};

use crate::earlier::keep_books_of;
use crate::sqlite::{edit, keys};
use crate::world::{
    COLLECTOR, World, database, day, each_store, id, in_postgres, instant, reversal_of,
};

impl World {
    /// `day collector hour: payments paid reversals reversed`, of all days.
    fn collected(&self) -> Vec<String> {
        self.store.settle().unwrap();
        let all = BusinessDay::from_date("2000-01-01".parse().unwrap())
            ..=BusinessDay::from_date("2100-01-01".parse().unwrap());
        let rows = self.store.snapshot().unwrap().view().collected(company_id(), &all).unwrap();
        let told = rows.iter().map(|row| {
            let CollectedSums { payments, paid_minor, reversals, reversed_minor } = row.sums;
            let (day, collector, hour) = (row.day.to_date(), row.collector, row.hour);
            format!(
                "{day} {collector} {hour}: {payments} {paid_minor} {reversals} {reversed_minor}"
            )
        });
        told.collect()
    }

    /// `period: bills hundredths`.
    fn owed(&self) -> Vec<String> {
        self.store.settle().unwrap();
        let rows = self.store.snapshot().unwrap().view().owed(company_id()).unwrap();
        let told = rows.iter().map(|row| {
            format!("{}: {} {}", row.period.to_yyyymm(), row.unpaid_bills, row.owed_minor)
        });
        told.collect()
    }

    fn is_followed_sound(&self) {
        assert_eq!(self.store.verify().unwrap().findings, Vec::<String>::new());
        let mut follower = Follower::default();
        self.store.settle().unwrap();
        let step = self.store.follow(&mut follower, 1_000).unwrap();
        assert_eq!((step.behind, step.findings), (0, Vec::new()));
    }
}

fn company_id() -> CompanyId {
    id(CompanyId::from_i64, 13)
}

fn at(instant: &str) -> Timestamp {
    instant.parse().unwrap()
}

#[test]
fn what_is_collected_is_added_up_by_day_collector_and_local_hour() {
    each_store(|world| {
        assert_eq!(world.collected(), Vec::<String>::new());
        let first = world.pay(1, None);
        let second = world.pay(2, None);
        world.reverse(&second, None);
        // 23:59:59 and 00:00 of La Paz, for one business day; then a reversal of another collector and day.
        let mut late = world.payment(world.next_payment(), 2, None);
        late.recorded_at = at("2021-11-27T03:59:59Z");
        late.collector = id(CollectorId::from_i64, COLLECTOR + 1);
        keep_at(world, late);
        let mut later = world.payment(world.next_payment(), 3, None);
        later.recorded_at = at("2021-11-27T04:00:00Z");
        keep_at(world, later);
        let next_day = BusinessDay::from_date("2021-11-27".parse().unwrap());
        let reversal = Reversal { business_day: next_day, ..reversal_of(&first, None) };
        world.keep(Event::PaymentReversed(Box::new(reversal)));
        assert_eq!(
            world.collected(),
            [
                "2021-11-26 1 0: 1 300 0 0",
                "2021-11-26 1 12: 2 300 1 200",
                "2021-11-26 2 23: 1 200 0 0",
                "2021-11-27 1 12: 0 0 1 100",
            ]
        );
        let rows = world.store.snapshot().unwrap();
        let of_a_day = rows.view().collected(company_id(), &(day()..=day())).unwrap();
        assert_eq!(of_a_day.len(), 3);
        world.is_followed_sound();
    });
}

/// Keeps a payment at the instant it says.
fn keep_at(world: &World, payment: Payment) {
    let mut tx = world.store.begin().unwrap();
    let at = payment.recorded_at;
    tx.append(company_id(), Event::PaymentMade(Box::new(payment)), at).unwrap();
    tx.commit().unwrap();
}

#[test]
fn what_is_owed_follows_bills_payments_and_reversals() {
    each_store(|world| {
        assert_eq!(world.owed(), ["202109: 1 300", "202110: 2 300"]);
        let payment = world.pay(3, None);
        assert_eq!(
            world.owed(),
            ["202110: 2 300"],
            "a period of which nothing is owed is not told"
        );
        world.reverse(&payment, None);
        assert_eq!(world.owed(), ["202109: 1 300", "202110: 2 300"]);
        // A bill that moves to another period, one that is withdrawn, and one that comes back.
        let before = world.version(3);
        let moved = changed(&before, |version| {
            version.terms.period = Period::from_yyyymm(202_112).unwrap();
        });
        world.keep_version(moved, Some(before));
        let before = world.version(2);
        let withdrawn = changed(&before, |version| version.terms.state = BillState::PaidElsewhere);
        world.keep_version(withdrawn.clone(), Some(before));
        assert_eq!(world.owed(), ["202110: 1 100", "202112: 1 300"]);
        let back = changed(&withdrawn, |version| version.terms.state = BillState::Owed);
        world.keep_version(back, Some(withdrawn));
        assert_eq!(world.owed(), ["202110: 2 300", "202112: 1 300"]);
        world.is_followed_sound();
    });
}

fn changed(before: &BillVersion, change: impl Fn(&mut BillVersion)) -> BillVersion {
    let mut version = before.clone();
    version.number += 1;
    change(&mut version);
    version
}

#[test]
fn many_acts_of_one_transaction_are_added_up_together() {
    each_store(|world| {
        let first = world.payment(world.next_payment(), 1, None);
        let next = first.id.checked_next().unwrap();
        let second = world.payment(next, 2, None);
        let reversal = reversal_of(&first, None);
        let mut tx = world.store.begin().unwrap();
        for event in [
            Event::PaymentMade(Box::new(first)),
            Event::PaymentMade(Box::new(second)),
            Event::PaymentReversed(Box::new(reversal)),
        ] {
            tx.append(company_id(), event, instant()).unwrap();
        }
        tx.commit().unwrap();
        assert_eq!(world.collected(), ["2021-11-26 1 12: 2 300 1 100"]);
        assert_eq!(world.owed(), ["202109: 1 300", "202110: 1 100"]);
        world.is_followed_sound();
    });
}

#[test]
fn the_accounts_are_told_with_their_balances() {
    each_store(|world| {
        world.pay(1, None);
        world.store.settle().unwrap();
        let snapshot = world.store.snapshot().unwrap();
        let accounts = snapshot.view().accounts(company_id()).unwrap();
        let expected = [
            (Account::Receivable, 500),
            (Account::Collector(CollectorId::FIRST), 100),
            (Account::Revenue(None), -600),
        ];
        assert_eq!(accounts, BTreeMap::from(expected));
    });
}

/// The found contracts' codes.
fn found(world: &World, text: &str) -> Vec<String> {
    let snapshot = world.store.snapshot().unwrap();
    let found = snapshot.view().search(company_id(), text).unwrap();
    found.holders.iter().map(|holder| holder.contract.code.to_string()).collect()
}

#[test]
fn the_words_of_a_member_follow_its_changes() {
    each_store(|world| {
        assert_eq!(found(world, "valentin"), ["345"]);
        let name = |name: &str| Name::from_text(name).unwrap();
        world.change_member(316, |member| Member { name: name("Rivas Ñancu Óscar"), ..member });
        assert_eq!(found(world, "valentin"), Vec::<String>::new());
        assert_eq!(found(world, "OSCAR nañcu"), ["345"]);
        assert_eq!(found(world, "4455667"), ["345"]);
        let document = |text: &str| Label::from_text(text).ok();
        world.change_member(316, |member| Member { document_number: document("9.1"), ..member });
        assert_eq!(found(world, "4455667"), Vec::<String>::new());
        assert_eq!(found(world, "91"), ["345"]);
        // What comes and goes again in one transaction.
        let mut tx = world.store.begin().unwrap();
        for text in ["Zulma", "Yola", "Zulma", "Xenia", "Xenia"] {
            let member =
                tx.view().member(company_id(), id(ventanilla_domain::MemberId::from_i64, 316));
            let member = Member { name: name(text), ..member.unwrap().unwrap() };
            tx.append(company_id(), Event::MemberKept(Box::new(member)), instant()).unwrap();
        }
        tx.commit().unwrap();
        assert_eq!((found(world, "zulma"), found(world, "xenia").len()), (Vec::new(), 1));
        world.is_followed_sound();
    });
}

#[test]
fn each_tampering_with_totals_and_words_is_found() {
    for (change, expected, is_followed) in [
        (
            "UPDATE collected SET paid_minor = paid_minor + 1",
            "collected: lo cobrado el 2021-11-26 por el recaudador 1 a las 12 difiere",
            true,
        ),
        (
            "UPDATE collected SET hour = 13",
            "collected: lo cobrado el 2021-11-26 por el recaudador 1 a las 13 no está",
            true,
        ),
        ("DELETE FROM collected", "collected: falta lo cobrado el 2021-11-26", true),
        (
            "UPDATE collected SET business_day = 'ayer'",
            "collected, owed: una fila no se puede leer",
            true,
        ),
        (
            "UPDATE owed SET unpaid_bills = unpaid_bills + 1",
            "owed: lo adeudado del período 202109 difiere",
            true,
        ),
        (
            "DELETE FROM owed WHERE period = 202109",
            "owed: falta lo adeudado del período 202109",
            true,
        ),
        (
            "INSERT INTO owed VALUES (13, 202201, 1, 5)",
            "owed: lo adeudado del período 202201 no está",
            true,
        ),
        (
            "INSERT INTO member_word VALUES (13, 'otro', 316)",
            "member_word: «otro» no es palabra del socio 316",
            false,
        ),
        (
            "DELETE FROM member_word WHERE word = 'fuente'",
            "member_word: faltan palabras del socio 316",
            false,
        ),
        (
            "UPDATE member_word SET member_id = 317 WHERE word = 'la'",
            "member_word: «la» no es palabra del socio 317",
            false,
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let world = World::made(Store::create_sqlite(folder.path(), keys()).unwrap());
        world.pay(1, None);
        world.is_followed_sound();
        edit(folder.path(), change);
        let findings = world.store.verify().unwrap().findings;
        assert!(
            findings.iter().any(|finding| finding.contains(expected)),
            "{change}: {findings:?}"
        );
        let step = world.store.follow(&mut Follower::default(), 1_000).unwrap();
        assert_eq!(!step.findings.is_empty(), is_followed, "{change}: {:?}", step.findings);
    }
}

/// Books with a payment, a reversal and a second member, in whose place words and totals are spoilt.
fn lived(world: &World) -> (Vec<String>, Vec<String>) {
    let payment = world.pay(1, None);
    world.reverse(&payment, None);
    world.pay(3, None);
    world.change_contract(|contract| Contract { address: None, ..contract });
    (world.collected(), world.owed())
}

const SPOILT: &str = "DELETE FROM member_word WHERE word < 'm'; UPDATE collected SET payments = 9; DELETE FROM owed;";

#[test]
fn books_of_before_get_their_words_and_totals_over_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    keep_books_of(7, folder.path());
    let world = World { store: Store::open_sqlite(folder.path(), keys()).unwrap() };
    assert_eq!(world.collected(), ["2021-11-26 1 12: 2 200 1 100"]);
    assert_eq!(world.owed(), ["202109: 1 300", "202110: 1 200"]);
    assert_eq!(found(&world, "fuente"), ["345"]);
    world.is_followed_sound();
}

#[test]
fn books_of_before_get_their_words_and_totals_over_postgresql() {
    let database = database();
    let world = World::made(in_postgres(&database));
    let told = lived(&world);
    drop(world);
    let address = crate::world::address(&database);
    // Words and totals that were made half, and those of books that have none yet.
    for spoilt in [SPOILT, "DELETE FROM member_word; DELETE FROM collected; DELETE FROM owed;"] {
        database.sql(spoilt).unwrap();
        database.sql("UPDATE schema_version SET steps_done = steps - 1 WHERE version = 2").unwrap();
        let world = World { store: Store::open_postgres(&address, keys()).unwrap() };
        assert_eq!((world.collected(), world.owed()), told, "{spoilt}");
        assert_eq!(found(&world, "fuente"), ["345"]);
        world.is_followed_sound();
    }
    let world = World { store: Store::open_postgres(&address, keys()).unwrap() };
    world.pay(2, None);
    world.is_followed_sound();
    let contract = world.version(1).contract;
    assert_eq!(contract, ContractKey::FIRST);
}
