//! Verifying little by little, beside whoever writes.

use ventanilla_domain::{Company, CompanyId, Event, Member, PaymentId};
use ventanilla_store::{Follower, Step, Store};

use crate::former::{full_issuer, logo};
use crate::sqlite::{UNLOCKED, edit, keys};
use crate::world::{World, id, instant};

/// What all steps find until nothing is ahead, each of at most `len` entries.
fn followed(store: &Store, follower: &mut Follower, len: usize) -> Step {
    let mut all = Step::default();
    for _ in 0..100 {
        let step = store.follow(follower, len).unwrap();
        all.entries += step.entries;
        all.findings.extend(step.findings);
        all.behind = step.behind;
        if step.behind == 0 || !all.findings.is_empty() {
            return all;
        }
    }
    panic!("a follower that gets nowhere");
}

fn lived(store: Store) -> World {
    let world = World::made(store);
    let payment = world.pay(1, Some("a"));
    world.reverse(&payment, None);
    world.pay(1, Some("b"));
    world.change_member(316, |member| Member { phone: None, ..member });
    world.keep(Event::IssuerKept(Box::new(full_issuer())));
    world.head_papers_with(&logo(7));
    for company in [None, Some(company(&world.store).id)] {
        for act in 1..=5 {
            let mut tx = world.store.begin().unwrap();
            tx.append_trail(company, &format!("act {act}"), instant()).unwrap();
            tx.commit().unwrap();
        }
    }
    world
}

#[test]
fn what_is_sound_is_followed_to_its_end_and_on() {
    let folder = tempfile::tempdir().unwrap();
    for store in [Store::memory(keys()), Store::create_sqlite(folder.path(), keys()).unwrap()] {
        let world = lived(store);
        let entries = world.store.verify().unwrap().entries;
        for len in [1, 3, 50] {
            let mut follower = Follower::default();
            let step = followed(&world.store, &mut follower, len);
            assert_eq!(step, Step { entries, behind: 0, findings: Vec::new() }, "{len} at a time");
            let idle = world.store.follow(&mut follower, len).unwrap();
            assert_eq!(idle, Step::default());
        }
        let mut follower = Follower::default();
        followed(&world.store, &mut follower, 50);
        world.pay(2, None);
        let step = world.store.follow(&mut follower, 50).unwrap();
        assert_eq!(step, Step { entries: 1, behind: 0, findings: Vec::new() });
        let heads = follower.heads();
        assert_eq!(heads, world.store.verify().unwrap().heads);
        let trails = follower.trail_heads();
        assert_eq!(trails, world.store.verify().unwrap().trails);
        let snapshot = world.store.snapshot().unwrap();
        let last = |rows| snapshot.view().trail_link(trails[0].company, rows).unwrap();
        assert_eq!((trails.len(), last(5), last(6)), (2, Some(trails[0].chain), None));
        let link = |number| snapshot.view().link(heads[0].company, number).unwrap();
        assert_eq!(link(heads[0].entries), Some(heads[0].chain));
        assert_eq!((link(0), link(heads[0].entries + 1)), (None, None));
    }
}

/// That one of a change's findings says so, whether the change came before or after the entries were
/// followed; `sees_late` tells which of them the change can be seen by.
#[track_caller]
fn check_found(change: &str, expected: &str, sees_late: bool) {
    let folder = tempfile::tempdir().unwrap();
    let world = lived(Store::create_sqlite(folder.path(), keys()).unwrap());
    let mut late = Follower::default();
    followed(&world.store, &mut late, 50);
    edit(folder.path(), change);
    let found = followed(&world.store, &mut Follower::default(), 2).findings;
    assert!(found.iter().any(|found| found.contains(expected)), "{change}: {found:?}");
    let found = followed(&world.store, &mut late, 2).findings;
    assert_eq!(!found.is_empty(), sees_late, "{change}: {found:?}");
}

#[test]
fn each_tampering_is_found_by_a_new_round() {
    for (change, expected) in [
        (
            "UPDATE journal SET payload = replace(payload, '\"minor\":100', '\"minor\":200') \
             WHERE kind = 'payment-made'",
            "cadena",
        ),
        ("UPDATE journal SET recorded_at_us = recorded_at_us + 1 WHERE entry_number = 8", "cadena"),
        ("UPDATE journal SET chain = randomblob(32) WHERE entry_number = 8", "cadena"),
        ("UPDATE journal SET payload = '{' WHERE entry_number = 8", "uno ilegible"),
        ("DELETE FROM journal WHERE entry_number = 8", "falta el asiento 8"),
        ("DELETE FROM journal WHERE entry_number > 4", "falta el asiento 5"),
        ("DELETE FROM journal", "falta el asiento 1"),
    ] {
        check_found(&format!("{UNLOCKED} {change}"), expected, false);
    }
    let unlocked = "DROP TRIGGER trail_refuses_update; DROP TRIGGER trail_refuses_delete;";
    for (change, expected) in [
        (
            "UPDATE trail SET body = 'other' WHERE number = 3 AND company_id = 13",
            "fila 3: la cadena",
        ),
        ("UPDATE trail SET recorded_at_us = 1 WHERE number = 3", "sin empresa: fila 3: la cadena"),
        ("DELETE FROM trail WHERE number = 3", "falta la fila 3"),
        ("DELETE FROM trail WHERE number > 3 AND company_id = 13", "empresa 13: el final"),
    ] {
        check_found(&format!("{unlocked} {change}"), expected, false);
    }
    for (change, expected) in [
        ("UPDATE bill SET paid_by = NULL", "no está pagada"),
        ("UPDATE bill SET amount_minor = 1", "factura"),
        ("UPDATE bill_version SET period = 202101", "difiere"),
        ("UPDATE payment SET member_name = 'Otro'", "la cobranza"),
        ("DELETE FROM payment WHERE payment_id = 2", "la cobranza 2 difiere"),
        ("UPDATE payment SET business_day = 'ayer'", "la cobranza"),
        ("UPDATE reversal SET business_day = '2021-11-27'", "la reversión"),
        (
            "DELETE FROM logo",
            "el logotipo 9d0e4d78cd3d2781a50ebe8303ef56e9c8d946a099aa34751b936d6ce2c5b5d0 difiere",
        ),
        ("UPDATE logo SET record = replace(record, 'ffda000207', 'ffda000208')", "el logotipo"),
    ] {
        check_found(change, expected, false);
    }
}

#[test]
fn what_the_end_shows_is_found_at_each_look() {
    for (change, expected) in [
        (
            "UPDATE balance SET balance_minor = balance_minor + 1 WHERE account = 'receivable'",
            "el saldo no es el del diario en: receivable",
        ),
        ("DELETE FROM balance WHERE account = 'receivable'", "en: receivable"),
        ("UPDATE counter SET next_entry = next_entry + 1", "los contadores llegan al"),
        ("UPDATE counter SET next_entry = next_entry - 1", "los contadores llegan al"),
        ("UPDATE counter SET chain = zeroblob(32)", "final de la cadena"),
        ("UPDATE trail_head SET number = 6", "el final no es el que se guardó aparte"),
        ("DELETE FROM trail_head WHERE company_id = 0", "bitácora sin empresa: el final"),
    ] {
        check_found(change, expected, true);
    }
}

#[test]
fn a_finding_is_told_once_and_the_other_companies_are_followed_on() {
    let folder = tempfile::tempdir().unwrap();
    let world = lived(Store::create_sqlite(folder.path(), keys()).unwrap());
    let other = Company { id: id(CompanyId::from_i64, 14), ..company(&world.store) };
    let mut tx = world.store.begin().unwrap();
    let opened = Event::CompanyOpened {
        company: Box::new(Company { issuer: 0, ..other.clone() }),
        first_payment: PaymentId::FIRST,
    };
    tx.append(other.id, opened, instant()).unwrap();
    tx.append(other.id, Event::PolicyChanged(Box::default()), instant()).unwrap();
    tx.commit().unwrap();
    edit(folder.path(), &format!("{UNLOCKED} DELETE FROM journal WHERE entry_number = 3"));
    let mut follower = Follower::default();
    let first = world.store.follow(&mut follower, 1).unwrap();
    assert_eq!((first.entries, first.findings.len()), (2, 0), "one of each");
    let found = followed(&world.store, &mut follower, 1);
    assert_eq!(found.findings, ["empresa 13: falta el asiento 3; los contadores llegan al 14"]);
    let rest = followed(&world.store, &mut follower, 1);
    assert_eq!((rest.findings, rest.behind), (Vec::new(), 0));
}

fn company(store: &Store) -> Company {
    let companies = store.snapshot().unwrap().view().companies().unwrap();
    companies[0].as_ref().clone()
}
