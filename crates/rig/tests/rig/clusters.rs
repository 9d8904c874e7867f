//! One server for many, which leaves nothing behind.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;
use ventanilla_rig::{Cluster, Options, ask};

#[test]
fn a_database_is_its_roles_own_and_nobody_elses() {
    let cluster = Cluster::shared().unwrap();
    let (mine, other) = (cluster.database().unwrap(), cluster.database().unwrap());
    ask(&mine.url(), "CREATE TABLE kept(id BIGINT PRIMARY KEY); INSERT INTO kept VALUES (7)")
        .unwrap();
    assert_eq!(ask(&mine.url(), "SELECT id FROM kept").unwrap(), "7");
    assert_eq!(mine.sql("SELECT count(*), current_user FROM kept").unwrap(), "1|postgres");
    let refused = |url: &str, text: &str, why: &str| {
        let error = ask(url, text).expect_err(text);
        assert!(error.to_string().contains(why), "{text}: {error:#}");
    };
    refused(&other.url(), "SELECT id FROM kept", "does not exist");
    refused(&other.url(), "CREATE ROLE more", "permission denied");
    refused(&other.url(), "CREATE DATABASE more", "permission denied");
    refused(&mine.url().replace(":clave@", ":x@"), "SELECT 1", "password authentication failed");
}

#[test]
fn a_dropped_database_is_gone_though_somebody_is_connected() {
    let cluster = Cluster::shared().unwrap();
    let database = cluster.database().unwrap();
    let (name, role, url) =
        (database.name().to_owned(), database.role().to_owned(), database.url());
    let count = format!(
        "SELECT (SELECT count(*) FROM pg_database WHERE datname = '{name}'),
            (SELECT count(*) FROM pg_roles WHERE rolname = '{role}'),
            (SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}')"
    );
    let sleeper = thread::spawn(move || ask(&url, "SELECT pg_sleep(30)"));
    while cluster.sql("postgres", &count).unwrap() != "1|1|1" {
        thread::sleep(Duration::from_millis(5));
    }
    drop(database);
    assert_eq!(cluster.sql("postgres", &count).unwrap(), "0|0|0");
    sleeper.join().unwrap().expect_err("its connection was ended");
}

#[test]
fn settings_and_fsync_are_as_asked() {
    let show = "SELECT current_setting('fsync'), current_setting('max_connections'),
        current_setting('work_mem')";
    let shared = Cluster::shared().unwrap();
    assert_eq!(shared.sql("postgres", show).unwrap(), "on|200|4MB");
    let settings = vec![(String::from("work_mem"), String::from("9MB"))];
    let own = Cluster::start(&Options { fsync: false, settings }).unwrap();
    assert_eq!(own.sql("postgres", show).unwrap(), "off|200|9MB");
}

#[test]
fn a_setting_that_does_not_exist_is_told_with_the_servers_own_words() {
    let settings = vec![(String::from("no_such_setting"), String::from("1"))];
    let error = Cluster::start(&Options { settings, ..Options::default() }).expect_err("no such");
    assert!(error.to_string().contains("unrecognized configuration parameter"), "{error}");
}

/// Where a cluster's processes work.
fn data_of(cluster: &Cluster) -> String {
    cluster.sql("postgres", "SHOW data_directory").unwrap()
}

/// The ids of a server's processes.
fn working_in(data: &str) -> Vec<String> {
    let works_there = |process: &std::fs::DirEntry| {
        std::fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd == Path::new(data))
    };
    let processes = std::fs::read_dir("/proc").unwrap().map(Result::unwrap);
    processes
        .filter(works_there)
        .map(|process| process.file_name().into_string().unwrap())
        .collect()
}

/// Whether nothing is left of a server: no folder, no process, no shared memory.
fn is_gone(data: &str, segment: &str) -> bool {
    let segments = std::fs::read_to_string("/proc/sysvipc/shm").unwrap();
    !Path::new(data).parent().unwrap().exists()
        && working_in(data).is_empty()
        && !segments.lines().any(|line| line.split_whitespace().nth(1) == Some(segment))
}

fn wait_until_gone(data: &str, segment: &str) {
    let mut pauses = 0;
    while !is_gone(data, segment) {
        assert!(pauses < 6_000, "{data} is still there");
        pauses += 1;
        thread::sleep(Duration::from_millis(10));
    }
}

/// The id of the piece of shared memory that outlives a server which is killed.
fn segment_of(data: &str) -> String {
    line_of_state(data, 6).split_whitespace().last().unwrap().to_owned()
}

/// A line of the file in which a server says who it is, counted from 0.
fn line_of_state(data: &str, number: usize) -> String {
    let state = std::fs::read_to_string(format!("{data}/postmaster.pid")).unwrap();
    state.lines().nth(number).unwrap().to_owned()
}

#[test]
fn a_dropped_cluster_leaves_nothing() {
    let cluster = Cluster::start(&Options::default()).unwrap();
    let data = data_of(&cluster);
    let segment = segment_of(&data);
    assert!(!is_gone(&data, &segment));
    drop(cluster);
    wait_until_gone(&data, &segment);
}

#[test]
#[ignore = "the process that the test below kills"]
fn a_process_that_is_to_be_killed() {
    let cluster = Cluster::start(&Options::default()).unwrap();
    let data = data_of(&cluster);
    println!("\n{data} {}", segment_of(&data));
    // Or until the test is gone, whatever became of it.
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

#[test]
fn a_process_that_is_killed_leaves_nothing() {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--nocapture", "--exact", "clusters::a_process_that_is_to_be_killed"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let told = lines.map(Result::unwrap).find(|line| line.starts_with('/')).unwrap();
    let (data, segment) = told.split_once(' ').unwrap();
    assert!(!is_gone(data, segment));
    // One that is frozen does not end by itself when it misses its files.
    let postmaster = line_of_state(data, 0);
    assert!(working_in(data).contains(&postmaster));
    assert!(Command::new("kill").args(["-STOP", &postmaster]).status().unwrap().success());
    process.kill().unwrap();
    process.wait().unwrap();
    wait_until_gone(data, segment);
}
