//! Against real servers.

mod opening;
mod plans;

use std::time::{Duration, Instant};

use ventanilla_rig::{Cluster, Cut, Options, Proxy};

use super::*;
use crate::postgres::DatabaseAddress;
use crate::postgres::trial::Trial;
use crate::sql::values;

/// How long `work` takes.
#[expect(clippy::disallowed_methods, reason = "a test of deadlines measures them")]
fn took<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let done = work();
    (done, start.elapsed())
}

fn number(connection: &PgConnection, sql: &str, values: &[Value<'_>]) -> i64 {
    let mut found = None;
    connection
        .each(sql, values, &mut |row| {
            found = Some(row.get(0)?);
            Ok::<_, StoreError>(())
        })
        .unwrap();
    found.unwrap()
}

/// A table of numbers with a unique key, a text and a digest.
fn table(connection: &PgConnection) {
    connection
        .simple("CREATE TABLE t (a BIGINT PRIMARY KEY, b TEXT, c BYTEA, d INT, e SMALLINT, CHECK (d < 100))")
        .unwrap();
}

const INSERT: &str = "INSERT INTO t (a, b, c, d, e) VALUES (?1, ?2, ?3, ?4, ?5)";

#[test]
fn values_of_every_kind_go_in_and_come_out() {
    let trial = Trial::new();
    let connection = trial.connect();
    table(&connection);
    let digest = [7; 32];
    let row = values![1_i64, "ñandú", &digest, 5_i64, true];
    assert_eq!(connection.run(INSERT, &row).unwrap(), 1);
    let nulls = values![2_i64, None::<&str>, Value::Null, Value::Null, Value::Null];
    assert_eq!(connection.run(INSERT, &nulls).unwrap(), 1);
    let mut seen = Vec::new();
    let sql = "SELECT a, b, c, d::BIGINT, e = 1 FROM t WHERE a >= ?1 ORDER BY a";
    connection
        .each(sql, &values![1_i64], &mut |row| {
            let digest: Option<crate::Digest> = row.get(2)?;
            let truth = if row.get::<i64>(0)? == 1 { Some(row.get::<bool>(4)?) } else { None };
            let number: Option<i64> = row.get(3)?;
            seen.push((row.get::<i64>(0)?, row.get::<Option<String>>(1)?, digest, number, truth));
            Ok::<_, StoreError>(())
        })
        .unwrap();
    let first = (1, Some("ñandú".to_owned()), Some(digest), Some(5), Some(true));
    assert_eq!(seen, [first, (2, None, None, None, None)]);
    // What does not fit is refused, and costs the connection at most.
    let too_large = values![3_i64, "x", &digest, i64::MAX, true];
    assert!(matches!(connection.run(INSERT, &too_large), Err(StoreError::Damaged { .. })));
}

#[test]
fn what_is_written_last_is_committed_in_the_same_trip_or_not_at_all() {
    let trial = Trial::new();
    let (connection, other) = (trial.connect(), trial.connect());
    table(&connection);
    let insert = "INSERT INTO t (a) VALUES (?1)";
    let key = |number: i64| [PgValue::from(number)];
    let kept = || number(&other, "SELECT count(*) FROM t", &[]);
    connection.queue("BEGIN");
    let committed = connection.commit_after(&[(insert, &key(1)), (insert, &key(2))]);
    assert_eq!(committed.unwrap(), [1, 1]);
    assert_eq!((kept(), connection.is_in_transaction()), (2, false));
    connection.queue("BEGIN");
    let refused =
        connection.commit_after(&[(insert, &key(3)), (insert, &key(1)), (insert, &key(4))]);
    assert!(matches!(refused, Err(Uncommitted::Nothing(StoreError::Damaged { .. }))));
    assert_eq!((kept(), connection.is_in_transaction()), (2, false));
    // The connection goes on.
    connection.queue("BEGIN");
    assert_eq!(connection.commit_after(&[(insert, &key(3))]).unwrap(), [1]);
    assert_eq!(kept(), 3);
}

#[test]
fn what_cannot_be_prepared_leaves_its_transaction_to_be_given_up() {
    let trial = Trial::new();
    let connection = trial.connect();
    table(&connection);
    connection.queue("BEGIN");
    let refused = connection.commit_after(&[("INSERT INTO nowhere (a) VALUES (?1)", &[])]);
    assert!(matches!(refused, Err(Uncommitted::Nothing(StoreError::Damaged { .. }))));
    assert!(connection.is_in_transaction());
    connection.simple("ROLLBACK").unwrap();
    connection.queue("BEGIN");
    let key = [PgValue::from(1_i64)];
    assert_eq!(connection.commit_after(&[("INSERT INTO t (a) VALUES (?1)", &key)]).unwrap(), [1]);
}

#[test]
fn statements_are_sent_together_and_answered_in_order() {
    let trial = Trial::new();
    let connection = trial.connect();
    table(&connection);
    connection.queue("BEGIN");
    let (one, two) = ([PgValue::from(1_i64)], [PgValue::from(2_i64)]);
    let counts = connection
        .run_many(&[
            ("INSERT INTO t (a) VALUES (?1)", &one),
            ("INSERT INTO t (a) VALUES (?1)", &two),
            ("UPDATE t SET d = 4", &[]),
            ("DELETE FROM t WHERE a = ?1", &one),
        ])
        .unwrap();
    assert_eq!(counts, [1, 1, 2, 1]);
    connection.commit().unwrap();
    let columns = [
        PgValue::Ints(vec![10, 11]),
        PgValue::MaybeTexts(vec![Some("x".into()), None]),
        PgValue::Digests(vec![[1; 32], [2; 32]]),
        PgValue::MaybeInts(vec![None, Some(9)]),
    ];
    let texts = [PgValue::Texts(vec!["x".into()]), PgValue::from(10_i64)];
    let rows = connection
        .query_many(&[
            (
                "INSERT INTO t (a, b, c, d) SELECT a, b, c, d::INT FROM \
                 UNNEST(?1::BIGINT[], ?2::TEXT[], ?3::BYTEA[], ?4::BIGINT[]) AS n (a, b, c, d)",
                &columns,
            ),
            ("SELECT a FROM t WHERE b = ANY (?1) AND a = ?2", &texts),
            ("SELECT a FROM t ORDER BY a", &[]),
        ])
        .unwrap();
    let found: Vec<Vec<i64>> =
        rows.iter().map(|rows| rows.iter().map(|row| row.get(0)).collect()).collect();
    assert_eq!(found, [vec![], vec![10], vec![2, 10, 11]]);
    assert_eq!(connection.inner.borrow().statements.len(), 6);
}

#[test]
fn a_transaction_in_which_a_statement_failed_is_not_committed() {
    let trial = Trial::new();
    let connection = trial.connect();
    table(&connection);
    connection.queue("BEGIN");
    connection.run("INSERT INTO t (a) VALUES (?1)", &values![1_i64]).unwrap();
    let one = [PgValue::from(1_i64)];
    let failed = connection.run_many(&[
        ("INSERT INTO t (a) VALUES (?1)", &one),
        ("INSERT INTO t (a) VALUES (2)", &[]),
    ]);
    assert!(matches!(failed, Err(StoreError::Damaged { .. })));
    assert!(connection.is_in_transaction() && !connection.is_lost());
    let committed = connection.commit();
    assert!(matches!(committed, Err(Uncommitted::Nothing(StoreError::Damaged { .. }))));
    assert!(!connection.is_lost());
    connection.send_end("ROLLBACK");
    assert!(!connection.is_in_transaction());
    assert_eq!(number(&connection, "SELECT count(*) FROM t", &[]), 0);
}

#[test]
fn rows_are_copied_in_as_they_are_filled_in_or_not_at_all() {
    let trial = Trial::new();
    let connection = trial.connect();
    table(&connection);
    let copy = |until: u64, ends: bool| {
        let mut next = 0;
        connection.copy_in("COPY t (a, b) FROM STDIN", &mut |buffer| {
            while buffer.len() < 100_000 && next < until {
                buffer.extend_from_slice(format!("{next}\tñ\n").as_bytes());
                next += 1;
            }
            match next == until {
                false => Ok(true),
                true if ends => Ok(false),
                true => Err(StoreError::NeedsOwn),
            }
        })
    };
    assert!(matches!(copy(50_000, false), Err(StoreError::NeedsOwn)));
    assert_eq!(number(&connection, "SELECT count(*) FROM t", &[]), 0);
    assert_eq!(copy(50_000, true).unwrap(), 50_000);
    assert_eq!(number(&connection, "SELECT count(*) FROM t WHERE b = 'ñ'", &[]), 50_000);
    assert!(matches!(copy(1, true), Err(StoreError::Damaged { .. })) && !connection.is_lost());
}

#[test]
fn what_is_queued_fails_the_next_call_and_what_was_sent_is_done_without_it() {
    let trial = Trial::new();
    let (connection, other) = (trial.connect(), trial.connect());
    table(&connection);
    connection.queue("BEGIN");
    connection.queue("INSERT INTO nothing VALUES (1)");
    assert!(connection.run("SELECT 1", &[]).is_err());
    connection.send_end("ROLLBACK");
    connection.run("SELECT 1", &[]).unwrap();
    connection.queue("BEGIN");
    connection.run("LOCK TABLE t", &[]).unwrap();
    connection.send_end("ROLLBACK");
    // Nobody drives the connection, and its locks are gone.
    other.simple("DROP TABLE t").unwrap();
}

#[test]
fn rows_come_page_by_page_and_others_may_be_asked_for_meanwhile() {
    let trial = Trial::new();
    let connection = trial.connect();
    let sql = "SELECT generate_series(1, ?1::BIGINT)";
    let (mut seen, mut inner_seen) = (0, 0);
    connection
        .each(sql, &values![200_000_i64], &mut |row| {
            seen += row.get::<i64>(0)?;
            if seen == 1 {
                connection.each(sql, &values![600_i64], &mut |row| {
                    inner_seen += row.get::<i64>(0)?;
                    Ok::<_, StoreError>(())
                })?;
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
    assert_eq!((seen, inner_seen), (20_000_100_000, 180_300));
    let mut left = 3;
    let stopped = connection.each(sql, &values![1_000_000_i64], &mut |_| {
        left -= 1;
        if left == 0 { Err(StoreError::NeedsOwn) } else { Ok(()) }
    });
    assert!(matches!(stopped, Err(StoreError::NeedsOwn)));
    assert_eq!(number(&connection, sql, &values![1_i64]), 1);
    assert!(connection.inner.borrow().open.is_empty());
}

#[test]
fn calls_are_made_on_any_thread() {
    let trial = Trial::new();
    let address = trial.address();
    let work = move || {
        let connection = PgConnection::connect(&address).unwrap();
        connection.send_end("ROLLBACK");
        assert!(connection.is_alive());
        number(&connection, "SELECT ?1::BIGINT", &values![4_i64])
    };
    assert_eq!(work(), 4);
    let several = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let (of_task, of_blocking) = (work.clone(), work.clone());
    assert_eq!(several.block_on(several.spawn(async move { of_task() })).unwrap(), 4);
    assert_eq!(several.block_on(several.spawn_blocking(of_blocking)).unwrap(), 4);
    assert_eq!(several.block_on(async { work() }), 4);
    let single = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(single.block_on(async { work() }), 4);
    let of_blocking = work.clone();
    assert_eq!(single.block_on(single.spawn_blocking(of_blocking)).unwrap(), 4);
}

#[test]
fn each_error_of_the_database_is_what_it_means() {
    let trial = Trial::new();
    let (connection, other) = (trial.connect(), trial.connect());
    table(&connection);
    let fails = |sql: &str| connection.simple(sql).unwrap_err();
    fails("INSERT INTO t (a, b) VALUES (1, 'un secreto'); SELECT 1/0");
    connection.simple("INSERT INTO t (a, b) VALUES (1, 'un secreto')").unwrap();
    for (sql, kind) in [
        ("INSERT INTO t (a, b) VALUES (1, 'un secreto')", "Damaged"),
        ("INSERT INTO t (a, b, d) VALUES (2, 'un secreto', 100)", "Damaged"),
        ("INSERT INTO t (b) VALUES ('un secreto')", "Damaged"),
        ("SELECT nothing FROM t", "Damaged"),
        ("SET LOCAL statement_timeout = 1; SELECT pg_sleep(9)", "Again"),
        ("BEGIN READ ONLY; DELETE FROM t", "Unreachable"),
    ] {
        let connection = trial.connect();
        let error = connection.simple(sql).unwrap_err();
        assert!(format!("{error:?}").starts_with(kind), "{sql}: {error:?}");
        assert!(!format!("{error:?}").contains("secreto"), "{error:?}");
        assert_eq!(connection.is_lost(), kind == "Unreachable", "{sql}");
    }
    for code in ["40001", "40P01", "55P03", "08006", "57P01"] {
        let raise = format!("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{code}'; END $$");
        assert!(matches!(fails(&raise), StoreError::Again(_)), "{code}");
    }
    for (code, kind) in
        [("53100", "Full"), ("53300", "Busy"), ("53200", "Busy"), ("22012", "Damaged")]
    {
        let raise = format!("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{code}'; END $$");
        assert!(format!("{:?}", fails(&raise)).starts_with(kind), "{code}");
    }
    // Whoever waits for a lock is told before its connection is given up.
    let patience = other.text("SHOW lock_timeout").unwrap();
    assert_eq!(patience.as_deref(), Some("5s"));
    other.simple("SET lock_timeout = '100ms'").unwrap();
    connection.simple("BEGIN; LOCK TABLE t").unwrap();
    let error = other.simple("DELETE FROM t").unwrap_err();
    assert!(matches!(error, StoreError::Again(_)) && !other.is_lost(), "{error:?}");
}

#[test]
fn a_statement_whose_table_changed_is_run_again_on_another_connection() {
    let trial = Trial::new();
    let (connection, other) = (trial.connect(), trial.connect());
    table(&connection);
    connection.run("SELECT * FROM t", &[]).unwrap();
    other.simple("ALTER TABLE t ADD COLUMN f TEXT").unwrap();
    assert!(matches!(connection.run("SELECT * FROM t", &[]), Err(StoreError::Again(_))));
    assert!(connection.is_lost());
    // What the server does not support at all is not tried again.
    let error = other.simple("SELECT 1 FROM t, t AS s FOR UPDATE OF t, s SKIP LOCKED NOWAIT");
    assert!(matches!(error, Err(StoreError::Damaged { .. })));
    let error = other.simple("SELECT count(*) FROM t FOR UPDATE").unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }) && !other.is_lost(), "{error:?}");
}

#[test]
fn a_server_that_is_not_heard_costs_a_call_its_deadline_and_the_connection() {
    let trial = Trial::new();
    let proxy = Proxy::start(Cluster::shared().unwrap().port()).unwrap();
    let address = DatabaseAddress::from_text(&trial.database.url_at(proxy.port())).unwrap();
    let connection =
        PgConnection::connect(&address.with_deadline(Duration::from_millis(300))).unwrap();
    proxy.cut(Cut::BlackHoled);
    let (error, waited) = took(|| connection.run("SELECT 1", &[]).unwrap_err());
    assert!(matches!(error, StoreError::Again(_)), "{error:?}");
    assert!(waited >= Duration::from_millis(300) && waited < Duration::from_secs(3), "{waited:?}");
    assert!(connection.is_lost());
    let (again, waited) = took(|| connection.run("SELECT 1", &[]));
    assert!(matches!(again, Err(StoreError::Again(_))) && waited < Duration::from_millis(100));
    connection.queue("BEGIN");
    assert!(matches!(connection.commit(), Err(Uncommitted::Nothing(StoreError::Again(_)))));
}

#[test]
fn a_server_that_went_away_is_noticed_without_a_statement() {
    let trial = Trial::new();
    let (idle, used) = (trial.connect(), trial.connect());
    assert!(idle.is_alive());
    used.simple("BEGIN").unwrap();
    trial
        .sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'keeper%'");
    while idle.is_alive() {}
    assert!(idle.is_lost());
    assert!(matches!(used.run("SELECT 1", &[]), Err(StoreError::Again(_))));
    assert!(used.is_lost());
}

#[test]
fn a_commit_that_no_standby_heard_is_in_doubt() {
    let cluster = Cluster::start(&Options::default()).unwrap();
    let trial = Trial { database: cluster.database().unwrap() };
    let (connection, other) = (trial.connect(), trial.connect());
    table(&connection);
    // Whoever clears up after the test does not wait.
    trial.sql("ALTER ROLE postgres SET synchronous_commit = local");
    trial.sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    trial.sql("SELECT pg_reload_conf()");
    trial.sql("CHECKPOINT");
    let cancelled = |work: &dyn Fn() -> Result<(), Uncommitted>| {
        std::thread::scope(|scope| {
            let canceller = scope.spawn(|| {
                let waiting = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
                while trial.sql(&format!("SELECT pg_cancel_backend(pid) {waiting}")) != "t" {}
            });
            let done = work();
            canceller.join().unwrap();
            done
        })
    };
    connection.queue("BEGIN");
    connection.run("INSERT INTO t (a) VALUES (1)", &[]).unwrap();
    assert!(matches!(cancelled(&|| connection.commit()), Err(Uncommitted::InDoubt(_))));
    assert!(connection.is_lost());
    assert_eq!(number(&other, "SELECT count(*) FROM t", &[]), 1);
    // A statement that commits by itself is no better.
    let insert = || other.run("INSERT INTO t (a) VALUES (2)", &[]);
    let done = cancelled(&|| insert().map(drop).map_err(Uncommitted::Nothing));
    assert!(matches!(done, Err(Uncommitted::Nothing(StoreError::Again(_)))) && other.is_lost());
    // Nor does one that nobody answers count as undone.
    let other = trial.connect();
    other.set_deadline(Duration::from_millis(300));
    other.queue("BEGIN");
    other.run("INSERT INTO t (a) VALUES (3)", &[]).unwrap();
    assert!(matches!(other.commit(), Err(Uncommitted::InDoubt(StoreError::Again(_)))));
    assert!(other.is_lost());
}
