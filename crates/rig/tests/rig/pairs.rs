//! What a primary has acknowledged is on its standby, whatever becomes of the primary.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use ventanilla_rig::{Cut, Options, Pair, ask};

/// Long enough for a write that can be done, short enough to wait for one that cannot.
const SILENCE: Duration = Duration::from_millis(300);

const TABLE: &str = "CREATE TABLE kept(id BIGINT PRIMARY KEY)";

/// A pair with an empty table.
fn pair() -> Pair {
    let pair = Pair::start(&Options::default()).unwrap();
    ask(&pair.url(), TABLE).unwrap();
    pair
}

fn write(pair: &Pair, id: u32) {
    ask(&pair.url(), &format!("INSERT INTO kept VALUES ({id})")).unwrap();
}

fn kept(pair: &Pair) -> String {
    ask(&pair.url(), "SELECT string_agg(id::text, ' ' ORDER BY id) FROM kept").unwrap()
}

#[test]
fn a_row_written_before_the_primary_was_killed_is_on_the_promoted_standby() {
    let mut pair = pair();
    write(&pair, 1);
    // Back and forth: what was promoted is killed in its turn.
    for id in 2..=4 {
        pair.kill_primary().unwrap();
        pair.promote().unwrap();
        write(&pair, id * 10);
        pair.rejoin().unwrap();
        write(&pair, id * 10 + 1);
        assert_eq!(pair.sql_of_standby("SELECT pg_is_in_recovery()").unwrap(), "t");
    }
    assert_eq!(kept(&pair), "1 20 21 30 31 40 41");
}

#[test]
fn a_primary_that_is_frozen_or_cut_off_answers_nothing_until_it_is_back() {
    let pair = pair();
    let check = |id: u32, stop: &dyn Fn(), go_on: &dyn Fn()| {
        stop();
        let (told, answer) = mpsc::channel();
        let url = pair.url_of_primary();
        let text = format!("INSERT INTO kept VALUES ({id})");
        let writer = thread::spawn(move || told.send(ask(&url, &text)).unwrap());
        answer.recv_timeout(SILENCE).expect_err("it cannot answer");
        go_on();
        answer.recv().unwrap().unwrap();
        writer.join().unwrap();
    };
    check(1, &|| pair.freeze_primary().unwrap(), &|| pair.thaw().unwrap());
    check(2, &|| pair.cut_primary(Cut::BlackHoled), &|| pair.mend());
    assert_eq!(kept(&pair), "1 2");
}

#[test]
fn a_frozen_primary_that_was_replaced_acknowledges_nothing_and_rejoins() {
    let mut pair = pair();
    write(&pair, 1);
    let former = pair.url_of_primary();
    pair.freeze_primary().unwrap();
    pair.promote().unwrap();
    pair.thaw().unwrap();
    let (told, answer) = mpsc::channel();
    let late =
        thread::spawn(move || told.send(ask(&former, "INSERT INTO kept VALUES (2)")).unwrap());
    answer.recv_timeout(SILENCE).expect_err("nobody acknowledges it");
    pair.rejoin().unwrap();
    answer.recv().unwrap().expect_err("its server was ended");
    late.join().unwrap();
    write(&pair, 3);
    assert_eq!(kept(&pair), "1 3");
}

#[test]
fn a_write_waits_for_the_standby() {
    let mut pair = pair();
    pair.kill_standby().unwrap();
    let (told, answer) = mpsc::channel();
    let url = pair.url();
    let writer =
        thread::spawn(move || told.send(ask(&url, "INSERT INTO kept VALUES (1)")).unwrap());
    answer.recv_timeout(SILENCE).expect_err("no standby has it");
    pair.rejoin().unwrap();
    answer.recv().unwrap().unwrap();
    writer.join().unwrap();
    assert_eq!(pair.sql_of_standby("SELECT count(*) FROM kept").unwrap(), "1");
}
