//! Against real servers.

use std::time::{Duration, Instant};

use super::*;
use crate::OpenError;
use crate::postgres::DatabaseAddress;
use crate::postgres::rig::{Server, free_port, signal};
use crate::sql::values;

/// Runs `work` and says whether it took less than that.
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
    let server = Server::start();
    let connection = server.connect();
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
fn statements_are_sent_together_and_answered_in_order() {
    let server = Server::start();
    let connection = server.connect();
    table(&connection);
    connection.queue("BEGIN");
    let (one, two) = (values![1_i64], values![2_i64]);
    let counts = connection
        .batch(&[
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
    let server = Server::start();
    let connection = server.connect();
    table(&connection);
    connection.queue("BEGIN");
    connection.run("INSERT INTO t (a) VALUES (?1)", &values![1_i64]).unwrap();
    let one = values![1_i64];
    let batch: [(&str, &[Value<'_>]); 2] =
        [("INSERT INTO t (a) VALUES (?1)", &one), ("INSERT INTO t (a) VALUES (2)", &[])];
    assert!(matches!(connection.batch(&batch), Err(StoreError::Again(_))));
    assert!(connection.is_in_transaction() && !connection.is_lost());
    let committed = connection.commit();
    assert!(matches!(committed, Err(Uncommitted::Nothing(StoreError::Damaged { .. }))));
    connection.send_end("ROLLBACK");
    assert!(!connection.is_in_transaction());
    assert_eq!(number(&connection, "SELECT count(*) FROM t", &[]), 0);
}

#[test]
fn what_is_queued_fails_the_next_call_and_what_was_sent_is_done_without_it() {
    let server = Server::start();
    let (connection, other) = (server.connect(), server.connect());
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
    let server = Server::start();
    let connection = server.connect();
    let sql = "SELECT generate_series(1, ?1::BIGINT)";
    let (mut seen, mut inner_seen) = (0, 0);
    connection
        .each(sql, &values![1_000_i64], &mut |row| {
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
    assert_eq!((seen, inner_seen), (500_500, 180_300));
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
    let server = Server::start();
    let address = server.address();
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
    let server = Server::start();
    let (connection, other) = (server.connect(), server.connect());
    table(&connection);
    let fails = |sql: &str| connection.simple(sql).unwrap_err();
    fails("INSERT INTO t (a, b) VALUES (1, 'un secreto'); SELECT 1/0");
    connection.simple("INSERT INTO t (a, b) VALUES (1, 'un secreto')").unwrap();
    for (sql, kind) in [
        ("INSERT INTO t (a, b) VALUES (1, 'un secreto')", "Again"),
        ("INSERT INTO t (a, b, d) VALUES (2, 'un secreto', 100)", "Damaged"),
        ("INSERT INTO t (b) VALUES ('un secreto')", "Damaged"),
        ("SELECT nothing FROM t", "Damaged"),
        ("SET LOCAL statement_timeout = 1; SELECT pg_sleep(9)", "Again"),
        ("BEGIN READ ONLY; DELETE FROM t", "Unreachable"),
    ] {
        let connection = server.connect();
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
    connection.simple("BEGIN; LOCK TABLE t").unwrap();
    let (error, waited) = took(|| other.simple("DELETE FROM t").unwrap_err());
    assert!(matches!(error, StoreError::Again(_)) && !other.is_lost(), "{error:?}");
    assert!(waited > Duration::from_secs(4) && waited < Duration::from_secs(9), "{waited:?}");
}

#[test]
fn a_statement_whose_table_changed_is_run_again_on_another_connection() {
    let server = Server::start();
    let (connection, other) = (server.connect(), server.connect());
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
fn a_server_that_freezes_costs_a_call_its_deadline_and_the_connection() {
    let server = Server::start();
    let address = server.address().with_deadline(Duration::from_millis(300));
    let connection = PgConnection::connect(&address).unwrap();
    let process = number(&connection, "SELECT pg_backend_pid()::BIGINT", &[]).to_string();
    signal("-STOP", &process);
    let (error, waited) = took(|| connection.run("SELECT 1", &[]).unwrap_err());
    assert!(matches!(error, StoreError::Again(_)), "{error:?}");
    assert!(waited >= Duration::from_millis(300) && waited < Duration::from_secs(3), "{waited:?}");
    assert!(connection.is_lost());
    let (again, waited) = took(|| connection.run("SELECT 1", &[]));
    assert!(matches!(again, Err(StoreError::Again(_))) && waited < Duration::from_millis(100));
    signal("-CONT", &process);
}

#[test]
fn a_server_that_went_away_is_noticed_without_a_statement() {
    let mut server = Server::start();
    let (idle, used) = (server.connect(), server.connect());
    assert!(idle.is_alive());
    used.simple("BEGIN").unwrap();
    server.restart();
    assert!(!idle.is_alive() && idle.is_lost());
    assert!(matches!(used.run("SELECT 1", &[]), Err(StoreError::Again(_))));
    assert!(used.is_lost());
    assert!(matches!(used.commit(), Err(Uncommitted::Nothing(_))));
}

#[test]
fn a_commit_that_no_standby_heard_is_in_doubt() {
    let server = Server::start();
    let (connection, other) = (server.connect(), server.connect());
    table(&connection);
    server.sql("postgres", "ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    server.sql("postgres", "SELECT pg_reload_conf()");
    let cancel = "SELECT pg_sleep(0.3), pg_cancel_backend(pid) FROM pg_stat_activity \
                  WHERE wait_event = 'SyncRep'";
    let insert = |number: i64| {
        connection.queue("BEGIN");
        connection.run("INSERT INTO t (a) VALUES (?1)", &values![number]).unwrap();
    };
    while number(
        &other,
        "SELECT count(*) FROM pg_settings WHERE name = 'synchronous_standby_names' AND setting = 'nobody'",
        &[],
    ) == 0
    {}
    insert(1);
    std::thread::scope(|scope| {
        let canceller = scope.spawn(|| while server.sql("postgres", cancel).is_empty() {});
        assert!(matches!(connection.commit(), Err(Uncommitted::InDoubt(_))));
        canceller.join().unwrap();
    });
    assert!(connection.is_lost());
    assert_eq!(number(&other, "SELECT count(*) FROM t", &[]), 1);
    // Nor does one that nobody answers count as undone.
    other.set_deadline(Duration::from_millis(300));
    other.queue("BEGIN");
    other.run("INSERT INTO t (a) VALUES (2)", &[]).unwrap();
    assert!(matches!(other.commit(), Err(Uncommitted::InDoubt(StoreError::Again(_)))));
    assert!(other.is_lost());
}

fn refused(address: &DatabaseAddress) -> OpenError {
    PgConnection::connect(address).unwrap_err()
}

#[test]
fn only_a_server_that_takes_writes_and_keeps_them_is_connected_to() {
    let primary = Server::start();
    let standby = primary.standby();
    assert!(matches!(refused(&standby.address()), OpenError::ReadOnly));
    let several = |ports: &[u16], parameters: &str| {
        let hosts: Vec<_> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
        let text = format!(
            "postgres://ventanilla:una%2Fclave%40rara@{}/ventanilla?{parameters}",
            hosts.join(",")
        );
        DatabaseAddress::from_text(&text).unwrap()
    };
    // The first is dead, the second a standby: the third is found, and asked first from then on.
    let address = several(&[free_port(), standby.port, primary.port], "");
    PgConnection::connect(&address).unwrap().simple("CREATE TABLE made (a BIGINT)").unwrap();
    assert_eq!(address.hosts().next().unwrap().0, 2);
    // One that has frozen takes connections, and never answers.
    standby.signal_all("-STOP");
    let address = several(&[standby.port, primary.port], "connect_timeout=1");
    let (connected, waited) = took(|| PgConnection::connect(&address));
    connected.unwrap();
    assert!(waited >= Duration::from_secs(1) && waited < Duration::from_secs(3), "{waited:?}");
    standby.signal_all("-CONT");
    assert!(matches!(refused(&several(&[free_port(), standby.port], "")), OpenError::ReadOnly));
    assert!(matches!(refused(&several(&[free_port()], "")), OpenError::Unreachable(_)));
    for (value, works) in [("off", false), ("local", false), ("remote_apply", true), ("on", true)] {
        primary.sql("postgres", &format!("ALTER ROLE ventanilla SET synchronous_commit = {value}"));
        let connected = PgConnection::connect(&primary.address());
        match connected {
            Ok(_) => assert!(works, "{value}"),
            Err(error) => assert!(matches!(error, OpenError::NotDurable(_)) && !works, "{value}"),
        }
    }
    primary.sql("postgres", "ALTER DATABASE ventanilla SET default_transaction_read_only = on");
    assert!(matches!(refused(&primary.address()), OpenError::ReadOnly));
}

fn reason(address: &DatabaseAddress) -> String {
    match refused(address) {
        OpenError::Unsuitable(why) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_is_not_let_in_is_told_why() {
    let server = Server::start();
    let port = server.port;
    let at = |who: &str, base: &str| {
        DatabaseAddress::from_text(&format!("postgres://{who}@127.0.0.1:{port}/{base}")).unwrap()
    };
    let password = "ventanilla:una%2Fclave%40rara";
    assert!(reason(&at("ventanilla:otra", "ventanilla")).contains("contraseña"));
    assert!(reason(&at("ventanilla", "ventanilla")).contains("contraseña"));
    assert!(reason(&at("nadie:x", "ventanilla")).contains("usuario"));
    assert!(reason(&at(password, "otra")).contains("«otra»"));
    server.sql("postgres", "CREATE DATABASE vieja ENCODING 'LATIN1' TEMPLATE template0");
    assert!(reason(&at(password, "vieja")).contains("LATIN1"));
    server.sql("postgres", "ALTER ROLE ventanilla CONNECTION LIMIT 1");
    let held = server.connect();
    let refused = refused(&server.address());
    assert!(matches!(refused, OpenError::Store(StoreError::Busy(_))), "{refused:?}");
    drop(held);
    // By its socket nobody asks for a password.
    let address = format!("postgres://ventanilla@{}:{port}/ventanilla", server.socket());
    PgConnection::connect(&DatabaseAddress::from_text(&address).unwrap()).unwrap();
}

#[test]
fn a_version_that_is_too_old_is_refused_and_other_engines_count_otherwise() {
    for (engine, version, works) in [
        ("PostgreSQL 15.18 on x86_64", "150018", true),
        ("PostgreSQL 14.5 on x86_64", "140005", false),
        ("PostgreSQL 11.2-YB-2.20.1.0-b0 on x86_64", "110002", true),
        ("CockroachDB CCL v25.1.0", "130000", true),
    ] {
        assert_eq!(opening::require_version(engine, version).is_ok(), works, "{engine}");
    }
}

#[test]
fn tls_is_only_with_the_server_that_was_meant() {
    let server = Server::start();
    let none = reason(&server.address_at("localhost", "sslmode=verify-full"));
    assert!(none.contains("no ofrece TLS"), "{none}");
    let authorities = server.certify();
    let with = |path: &std::path::Path| format!("sslrootcert={}", path.display());
    let connect = |host: &str, parameters: &str| server.address_at(host, parameters);
    // The server takes its certificate up a moment after it was told to.
    let known = connect("localhost", &with(&authorities.own));
    let connection = (0..500)
        .find_map(|_| {
            std::thread::sleep(Duration::from_millis(10));
            PgConnection::connect(&known).ok()
        })
        .unwrap();
    let is_tls = "SELECT ssl::INT::BIGINT FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    assert_eq!(number(&connection, is_tls, &[]), 1);
    assert_eq!(number(&server.connect(), is_tls, &[]), 0);
    assert!(reason(&connect("127.0.0.1", &with(&authorities.own))).contains("no es para"));
    assert!(reason(&connect("localhost", &with(&authorities.other))).contains("firma"));
    assert!(reason(&connect("localhost", "sslmode=verify-full")).contains("firma"));
    assert!(reason(&connect("localhost", "sslrootcert=/etc/passwd")).contains("PEM"));
    let missing = refused(&connect("localhost", "sslrootcert=/nothing"));
    assert!(matches!(missing, OpenError::File { .. }), "{missing:?}");
}
