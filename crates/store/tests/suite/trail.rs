//! The trail: every store keeps it alike, and what was done to one is found.

use std::path::Path;
use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use ventanilla_domain::CompanyId;
use ventanilla_store::{Follower, Store, StoreError, TrailHead, TrailRow};

use crate::sqlite::{edit, keys};
use crate::world::{World, each_store, instant};

fn company() -> Option<CompanyId> {
    CompanyId::from_i64(13).ok()
}

fn after(seconds: i64) -> Timestamp {
    instant() + SignedDuration::from_secs(seconds)
}

/// Writes rows, each in a transaction of its own.
fn write(store: &Store, company: Option<CompanyId>, bodies: &[&str]) {
    for (seconds, body) in (0..).zip(bodies) {
        let mut tx = store.begin().unwrap();
        tx.append_trail(company, body, after(seconds)).unwrap();
        tx.commit().unwrap();
    }
}

fn rows(store: &Store, company: Option<CompanyId>, from: i64, len: usize) -> Vec<TrailRow> {
    store.snapshot().unwrap().view().trail(company, from, len).unwrap()
}

fn head(store: &Store, company: Option<CompanyId>) -> Option<TrailHead> {
    store.snapshot().unwrap().view().trail_head(company).unwrap()
}

#[test]
fn each_trail_is_numbered_from_one_and_read_from_any_row_on() {
    each_store(|world| {
        let store = &world.store;
        assert_eq!((rows(store, company(), 1, 9), head(store, company())), (vec![], None));
        write(store, company(), &["a", "b\nc", "d"]);
        write(store, None, &["z"]);
        let told = |company, from, len| {
            let rows = rows(store, company, from, len).into_iter();
            rows.map(|row| (row.number, row.body, row.recorded_at)).collect::<Vec<_>>()
        };
        let row = |number, body: &str| (number, body.to_owned(), after(number - 1));
        assert_eq!(told(company(), 1, 9), [row(1, "a"), row(2, "b\nc"), row(3, "d")]);
        assert_eq!(told(company(), 2, 1), [row(2, "b\nc")]);
        assert_eq!(told(company(), 4, 9), []);
        assert_eq!(told(None, 1, 9), [row(1, "z")]);
        let last = rows(store, company(), 3, 1).remove(0);
        let expected = TrailHead { company: company(), rows: 3, chain: last.chain };
        assert_eq!(head(store, company()), Some(expected));
    });
}

#[test]
fn a_trail_is_written_alike_by_every_store_and_verified() {
    let kept = Mutex::new(Vec::new());
    each_store(|world| {
        write(&world.store, company(), &["a", "b"]);
        write(&world.store, None, &["a", "b"]);
        let of = |company| rows(&world.store, company, 1, 9);
        let links = [of(company()), of(None)].concat();
        let links: Vec<_> = links.into_iter().map(|row| row.chain).collect();
        for (at, link) in links.iter().enumerate() {
            assert!(!links[..at].contains(link), "each link is its own row's");
        }
        let report = world.store.verify().unwrap();
        assert_eq!(report.findings, Vec::<String>::new());
        let heads = [None, company()].map(|company| head(&world.store, company).unwrap());
        assert_eq!(report.trails, heads);
        kept.lock().unwrap().push(links);
    });
    let kept = kept.into_inner().unwrap();
    assert_eq!(kept[0], kept[1]);
}

#[test]
fn rows_of_one_transaction_follow_each_other_and_leave_with_it() {
    each_store(|world| {
        let mut tx = world.store.begin().unwrap();
        tx.append_trail(company(), "a", instant()).unwrap();
        drop(tx);
        assert_eq!(head(&world.store, company()), None, "nothing was committed");
        let mut tx = world.store.begin().unwrap();
        for body in ["a", "b"] {
            tx.append_trail(company(), body, instant()).unwrap();
        }
        let empty = tx.append_trail(company(), "", instant());
        assert!(matches!(empty, Err(StoreError::Damaged { .. })), "{empty:?}");
        tx.commit().unwrap();
        assert_eq!(head(&world.store, company()).unwrap().rows, 2);
        assert_eq!(world.store.verify().unwrap().findings, Vec::<String>::new());
    });
}

/// A store in a folder with two trails.
fn made(folder: &Path) -> World {
    let world = World::made(Store::create_sqlite(folder, keys()).unwrap());
    let bodies: Vec<String> = (1..=50).map(|number| format!("acto {number}")).collect();
    write(&world.store, company(), &bodies.iter().map(String::as_str).collect::<Vec<_>>());
    write(&world.store, None, &["uno", "dos"]);
    world
}

const UNLOCKED: &str = "DROP TRIGGER trail_refuses_update; DROP TRIGGER trail_refuses_delete;";

#[test]
fn the_trail_takes_no_change() {
    let folder = tempfile::tempdir().unwrap();
    drop(made(folder.path()));
    let connection = Connection::open(folder.path().join("ventanilla.db")).unwrap();
    for sql in ["UPDATE trail SET body = 'x'", "DELETE FROM trail WHERE company_id = 0"] {
        let refused = connection.execute_batch(sql).unwrap_err().to_string();
        assert!(refused.contains("append-only"), "{sql}: {refused}");
    }
}

#[test]
fn each_tampering_with_a_trail_is_found() {
    for (change, expected) in [
        (
            "UPDATE trail SET body = 'otro' WHERE company_id = 13 AND number = 41",
            "bitácora de la empresa 13: fila 41: la cadena está rota",
        ),
        (
            "UPDATE trail SET recorded_at_us = recorded_at_us + 1 WHERE number = 2 AND company_id = 0",
            "bitácora sin empresa: fila 2: la cadena está rota",
        ),
        (
            "UPDATE trail SET chain = zeroblob(32) WHERE company_id = 13 AND number = 3",
            "fila 3: la cadena está rota",
        ),
        (
            "UPDATE trail SET company_id = 14 WHERE company_id = 0",
            "bitácora de la empresa 14: fila 1: la cadena está rota",
        ),
        ("UPDATE trail SET company_id = 14 WHERE company_id = 0", "bitácora sin empresa: el final"),
        (
            "UPDATE trail SET recorded_at_us = 1 << 62 WHERE company_id = 13 AND number = 50",
            "una fila desde la 41 no se puede leer",
        ),
        ("DELETE FROM trail WHERE company_id = 13 AND number = 20", "falta la fila 20"),
        (
            "DELETE FROM trail WHERE company_id = 13 AND number > 48",
            "bitácora de la empresa 13: el final no es el que se guardó aparte",
        ),
        ("DELETE FROM trail WHERE company_id = 0", "bitácora sin empresa: el final"),
        ("DELETE FROM trail_head WHERE company_id = 0", "bitácora sin empresa: el final"),
        ("UPDATE trail_head SET number = 49 WHERE company_id = 13", "13: el final"),
        ("SELECT 1", "falta el disparador «trail_refuses_update»"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let world = made(folder.path());
        assert_eq!(world.store.verify().unwrap().findings, Vec::<String>::new());
        edit(folder.path(), &format!("{UNLOCKED} {change}"));
        let findings = world.store.verify().unwrap().findings;
        let is_told = findings.iter().any(|finding| finding.contains(expected));
        assert!(is_told, "{change}: {findings:?}");
    }
}

#[test]
fn a_trail_that_was_cut_off_with_its_head_is_shown_by_the_head_alone() {
    let folder = tempfile::tempdir().unwrap();
    let world = made(folder.path());
    let before = world.store.verify().unwrap().trails;
    let cut = "DELETE FROM trail WHERE company_id = 13 AND number = 50; \
               UPDATE trail_head SET number = 49, chain = \
               (SELECT chain FROM trail WHERE company_id = 13 AND number = 49) WHERE company_id = 13;";
    edit(folder.path(), &format!("DROP TRIGGER trail_refuses_delete; {cut}"));
    let report = world.store.verify().unwrap();
    assert_eq!(report.findings, ["base de datos: falta el disparador «trail_refuses_delete»"]);
    assert_eq!((before[1].rows, report.trails[1].rows), (50, 49));
    assert_eq!(report.trails[0], before[0]);
}

#[test]
fn another_process_may_write_between_two_rows() {
    let folder = tempfile::tempdir().unwrap();
    let world = made(folder.path());
    let other = Store::open_sqlite(folder.path(), keys()).unwrap();
    write(&world.store, None, &["nuestro"]);
    write(&other, None, &["suyo"]);
    write(&world.store, None, &["nuestro"]);
    assert_eq!(head(&other, None).unwrap().rows, 5);
    assert_eq!(world.store.verify().unwrap().findings, Vec::<String>::new());
}

/// What a follower finds until nothing is ahead.
fn followed(store: &Store, follower: &mut Follower) -> Vec<String> {
    let mut findings = Vec::new();
    for _ in 0..100 {
        let step = store.follow(follower, 7).unwrap();
        findings.extend(step.findings);
        if step.behind == 0 {
            return findings;
        }
    }
    panic!("a follower that gets nowhere");
}

#[test]
fn a_trail_is_followed_to_its_end_and_on() {
    each_store(|world| {
        let bodies = ["a"; 40];
        write(&world.store, company(), &bodies);
        let mut follower = Follower::default();
        assert_eq!(followed(&world.store, &mut follower), Vec::<String>::new());
        assert_eq!(follower.trail_heads(), world.store.verify().unwrap().trails);
        write(&world.store, None, &["z"]);
        write(&world.store, company(), &["b"]);
        assert_eq!(followed(&world.store, &mut follower), Vec::<String>::new());
        let heads = follower.trail_heads();
        assert_eq!(heads, world.store.verify().unwrap().trails);
        let snapshot = world.store.snapshot().unwrap();
        let link = |number| snapshot.view().trail_link(company(), number).unwrap();
        assert_eq!((link(41), link(42)), (Some(heads[1].chain), None));
    });
}

#[test]
fn a_follower_tells_once_what_was_done_to_a_trail() {
    for (change, expected) in [
        (
            "UPDATE trail SET body = 'otro' WHERE company_id = 13 AND number = 9",
            "fila 9: la cadena",
        ),
        ("DELETE FROM trail WHERE company_id = 13 AND number = 9", "falta la fila 9"),
        ("DELETE FROM trail WHERE company_id = 13 AND number > 48", "el final no es"),
        ("UPDATE trail_head SET number = 49 WHERE company_id = 13", "el final no es"),
        ("UPDATE trail_head SET chain = zeroblob(32) WHERE company_id = 13", "el final no es"),
        (
            "UPDATE trail SET recorded_at_us = 1 << 62 WHERE company_id = 13 AND number = 50",
            "no se puede leer",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let world = made(folder.path());
        edit(folder.path(), &format!("{UNLOCKED} {change}"));
        let mut follower = Follower::default();
        let findings = followed(&world.store, &mut follower);
        assert_eq!(findings.len(), 1, "{change}: {findings:?}");
        assert!(findings[0].contains(expected), "{change}: {findings:?}");
        assert_eq!(followed(&world.store, &mut follower), Vec::<String>::new(), "{change}");
        let sound: Vec<_> = follower.trail_heads().iter().map(|head| head.company).collect();
        assert_eq!(sound, [None], "{change}");
    }
}
