//! `export events --follow`: beside a server, through restarts, whoever reads.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::common::{
    Bill, Client, Daemon, Installation, PATIENCE, Piped, bills, import, verify, wait_until,
};

const FOLLOW: [&str; 5] = ["export", "events", "--data", "datos", "--follow"];

fn follow(installation: &Installation, flags: &[&str]) -> Command {
    installation.command(&[&FOLLOW, flags].concat())
}

fn signal(pid: u32, name: &str) {
    let pid = pid.to_string();
    assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
}

/// Pays a bill, and reverses and pays it again where its number is a multiple of three.
fn collect(client: &mut Client, bill: Bill) -> usize {
    let paid = client.post("realizarpago", &bill.to_payment(None)).values();
    if bill.id % 3 != 0 {
        return 1;
    }
    let payment = paid["IdCobranza"].as_str().unwrap();
    let body = format!(r#"{{"IdFactura":{},"IdCobranza":{payment}}}"#, bill.id);
    client.post("revertirpago", &body).values();
    client.post("realizarpago", &bill.to_payment(None)).values();
    3
}

/// `sqlite3` over the books.
fn sqlite(installation: &Installation) -> Command {
    let mut command = Command::new("sqlite3");
    command.arg(installation.path("datos/ventanilla.db"));
    command
}

fn number(line: &str) -> i64 {
    let event: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    event["numero"].as_i64().unwrap()
}

fn all_events(installation: &Installation) -> Vec<String> {
    let ran = installation.done(&["export", "events", "--data", "datos"]);
    ran.out.lines().map(str::to_owned).collect()
}

#[test]
fn events_are_followed_while_a_server_takes_payments() {
    let installation = Installation::with_company();
    let (first, more) = (bills(20, 4), bills(30, 4).split_off(80));
    import(&installation, &first);
    let credentials = installation.collector("caja");
    let server = installation.serve();
    let mut seen: Vec<String> = Vec::new();
    let mut expected = 0;
    // Each follower takes the place of the one before, however that one ended.
    for (round, name) in ["-TERM", "-INT", "-KILL", "-TERM"].into_iter().enumerate() {
        let after = seen.last().map_or(0, |line| number(line)).to_string();
        let mut follower = Daemon::start(&mut follow(&installation, &["--after", &after]));
        let mut client = server.client(&credentials);
        for bill in &first[round * 20..][..20] {
            expected += collect(&mut client, *bill);
        }
        import(&installation, &more[round * 10..][..10]);
        while seen.len() < expected {
            seen.push(follower.line());
        }
        // What comes while it waits for the next.
        expected += collect(&mut client, more[round * 10]);
        while seen.len() < expected {
            seen.push(follower.line());
        }
        signal(follower.pid(), name);
        let code = if name == "-KILL" { 128 + 9 } else { 0 };
        assert_eq!(follower.ended(PATIENCE), code, "{name}");
    }
    server.stop();
    assert_eq!(seen, all_events(&installation), "the parts are the whole");
    let numbers: Vec<i64> = seen.iter().map(|line| number(line)).collect();
    assert!(numbers.into_iter().eq(1..=i64::try_from(expected).unwrap()));
    verify(&installation, "datos");
}

#[test]
fn a_follower_ends_where_it_was_told_to_or_when_its_reader_goes() {
    let installation = Installation::with_company();
    import(&installation, &bills(2, 2));
    let credentials = installation.collector("caja");
    let server = installation.serve();
    for bill in bills(2, 2) {
        collect(&mut server.client(&credentials), bill);
    }
    let limited = installation.done(&[&FOLLOW[..], &["--limit", "2", "--after", "1"]].concat());
    assert_eq!(limited.out.lines().map(number).collect::<Vec<_>>(), [2, 3]);
    // Beyond the end there is nothing to write, and nothing tells it but its reader's going.
    for flags in [&["--after", "1000"][..], &[], &["--format", "csv"], &["--excel"]] {
        let mut follower = Piped::start(follow(&installation, flags).stdout(Stdio::piped()));
        drop(follower.child.stdout.take());
        assert_eq!(follower.ended(), 0, "{flags:?}");
    }
}

#[test]
fn a_slow_reader_holds_nothing_up() {
    let installation = Installation::with_company();
    let all = bills(40, 10);
    import(&installation, &all);
    let credentials = installation.collector("caja");
    let server = installation.serve();
    let mut client = server.client(&credentials);
    let (last, rest) = all.split_last().unwrap();
    for bill in rest {
        client.post("realizarpago", &bill.to_payment(None)).values();
    }
    let mut follower = Piped::start(follow(&installation, &[]).stdout(Stdio::piped()));
    let mut out = follower.child.stdout.take().unwrap();
    out.read_exact(&mut [0]).unwrap();
    // Now the pipe is full. The log can still be moved into the file whole: nobody holds a
    // snapshot from before the next payment.
    client.post("realizarpago", &last.to_payment(None)).values();
    wait_until("a log that nobody holds", || {
        let told = sqlite(&installation).arg("PRAGMA wal_checkpoint(TRUNCATE)").output().unwrap();
        told.stdout.starts_with(b"0|")
    });
    signal(follower.child.id(), "-TERM");
    assert_eq!(follower.ended(), 0, "a full pipe keeps it from nothing");
    server.stop();
}

#[test]
fn a_follower_waits_for_no_writer() {
    let installation = Installation::with_company();
    import(&installation, &bills(1, 1));
    let credentials = installation.collector("caja");
    let server = installation.serve();
    collect(&mut server.client(&credentials), bills(1, 1)[0]);
    server.stop();
    let mut writer = Piped::start(sqlite(&installation).stdin(Stdio::piped()));
    let mut input = writer.child.stdin.take().unwrap();
    // It may have to wait for one of those that look whether it is there.
    input.write_all(b".timeout 60000\nBEGIN IMMEDIATE;\n").unwrap();
    wait_until("the transaction", || {
        let other = sqlite(&installation).arg("BEGIN IMMEDIATE").stderr(Stdio::null()).status();
        !other.unwrap().success()
    });
    let follower = Daemon::start(&mut follow(&installation, &[]));
    assert_eq!(number(&follower.line()), 1);
}
