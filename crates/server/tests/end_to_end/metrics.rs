//! Health and metrics of the real binary: their listener, a scrape under load, a stop, and the id of
//! an internal error.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::FileExt as _;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::Value;

use crate::common::{
    Answer, Installation, PATIENCE, Server, bills, check, connect, import, read_answer, wait_until,
};

/// A server of `datos` with metrics, and where they are.
fn watched(installation: &Installation) -> (Server, SocketAddr) {
    let flags = ["--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0", "--log", "warn"];
    let server = Server::start(installation.command(&["serve", "--data", "datos"]).args(flags));
    let line = server.line();
    let address = line.strip_prefix("metrics on http://").unwrap();
    let address = address.strip_suffix("/metrics").unwrap().parse().unwrap();
    (server, address)
}

pub(crate) fn get(address: SocketAddr, path: &str) -> Answer {
    let mut stream = connect(address).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    read_answer(&mut BufReader::new(stream)).unwrap()
}

/// Every sample by its name and labels. The reader that refuses what is not well formed is beside the
/// API.
pub(crate) fn scrape(address: SocketAddr) -> BTreeMap<String, f64> {
    let answer = get(address, "/metrics");
    assert_eq!(answer.status, 200);
    let lines = answer.text.lines().filter(|line| !line.starts_with('#'));
    let samples = lines.map(|line| {
        let (key, value) = line.rsplit_once(' ').unwrap();
        (key.to_owned(), value.parse().unwrap())
    });
    samples.collect()
}

#[test]
fn a_scrape_under_load_sees_every_payment_and_nothing_go_back() {
    let installation = Installation::with_company();
    let credentials = installation.collector("caja");
    let all = bills(100, 8);
    import(&installation, &all);
    let (server, metrics) = watched(&installation);
    let client = server.client(&credentials);
    let before = scrape(metrics);
    let is_paying = AtomicBool::new(true);
    let scrapes: Vec<_> = thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut scrapes = Vec::new();
            while is_paying.load(Ordering::SeqCst) {
                scrapes.push(scrape(metrics));
            }
            scrapes
        });
        let cashiers: Vec<_> = all
            .chunks(100)
            .map(|bills| {
                let mut client = client.another();
                scope.spawn(move || {
                    for bill in bills {
                        client.post("realizarpago", &bill.to_payment(None)).values();
                    }
                })
            })
            .collect();
        for cashier in cashiers {
            cashier.join().unwrap();
        }
        is_paying.store(false, Ordering::SeqCst);
        watcher.join().unwrap()
    });
    assert!(!scrapes.is_empty());
    let after = scrape(metrics);
    let all_scrapes: Vec<_> = [&before].into_iter().chain(&scrapes).chain([&after]).collect();
    for pair in all_scrapes.windows(2) {
        assert!(pair[0].keys().eq(pair[1].keys()), "the same samples each time");
        for (key, value) in pair[0].iter().filter(|(key, _)| key.contains("_total")) {
            assert!(pair[1][key] >= *value, "{key}: {value} {}", pair[1][key]);
        }
    }
    let paid = |key: &str| after[key] - before[key];
    let service = r#"dialect="cooplan",service="realizarpago",outcome="success""#;
    for key in [
        &*format!("ventanilla_requests_total{{{service}}}"),
        "ventanilla_payment_duration_seconds_count",
        "ventanilla_journal_entries_total",
    ] {
        assert!((paid(key) - 800.0).abs() < 0.1, "{key}: {}", paid(key));
    }
    let commits = paid("ventanilla_commit_duration_seconds_count");
    assert!((1.0..=800.0).contains(&commits), "{commits}");
    assert!(after["ventanilla_wal_bytes"] > 0.0 && after["ventanilla_database_bytes"] > 0.0);
    assert!(after["ventanilla_queue_commands"].abs() < 0.1, "nothing waits any more");
    let most = scrapes.iter().map(|scrape| scrape["ventanilla_connections"]).fold(0.0, f64::max);
    assert!(most > 1.5, "the cashiers' connections are seen: {most}");
    drop(client);
    server.stop();
}

#[test]
fn a_server_that_stops_is_not_ready_while_it_finishes_what_was_accepted() {
    let installation = Installation::with_company();
    let credentials = installation.collector("caja");
    let bills = bills(1, 1);
    import(&installation, &bills);
    let (mut server, metrics) = watched(&installation);
    let client = server.client(&credentials);
    let request = client.to_request("realizarpago", &bills[0].to_payment(None));
    let (begun, rest) = request.split_at(request.len() - 5);
    let mut accepted = connect(server.address()).unwrap();
    accepted.write_all(begun.as_bytes()).unwrap();
    wait_until("both connections", || scrape(metrics)["ventanilla_connections"] > 1.5);
    let ready = get(metrics, "/readyz");
    assert_eq!((ready.status, &*ready.text), (200, "ok\n"));
    server.terminate();
    wait_until("the stop", || get(metrics, "/readyz").status == 503);
    assert_eq!(get(metrics, "/readyz").text, "deteniendo\n");
    assert_eq!(get(metrics, "/healthz").status, 200);
    assert!(scrape(metrics)["ventanilla_ready"].abs() < 0.1);
    accepted.write_all(rest.as_bytes()).unwrap();
    let paid = read_answer(&mut BufReader::new(accepted)).unwrap();
    assert_eq!(paid.values()["IdCobranza"], "1", "{paid:?}");
    drop(client);
    assert_eq!(server.ended(PATIENCE), 0);
}

#[test]
fn the_metrics_listener_is_where_it_is_told_and_reached_by_others_only_if_meant() {
    let installation = Installation::with_company();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = format!(
        "serve --data datos --listen 127.0.0.1:0 --metrics {}",
        taken.local_addr().unwrap()
    );
    check(
        &installation,
        &[
            (
                "serve --data datos --listen 127.0.0.1:0 --metrics 0.0.0.0:0",
                2,
                "--metrics 0.0.0.0:0: esa dirección se alcanza desde otras máquinas",
            ),
            ("serve --data datos --listen 127.0.0.1:0 --metrics [::]:0", 2, "--metrics-public"),
            ("serve --data datos --metrics 9090", 2, "--metrics: «9090» no es una dirección"),
        ],
    );
    let ran = installation.run(&taken.split(' ').collect::<Vec<_>>());
    assert!(ran.code == 2 && ran.err.contains("la dirección está ocupada"), "{ran:?}");
    let flags = ["--listen", "127.0.0.1:0", "--metrics", "0.0.0.0:0", "--log", "warn"];
    let mut meant = installation.command(&["serve", "--data", "datos", "--metrics-public"]);
    let server = Server::start(meant.args(flags));
    assert!(server.line().starts_with("metrics on http://0.0.0.0:"));
    server.stop();
    installation.write("ventanilla.toml", "data = 'datos'\nmetrics = '127.0.0.1:0'\n");
    let server = Server::start(installation.command(&["serve"]).args(["--listen", "127.0.0.1:0"]));
    let line = server.line();
    assert!(line.starts_with("metrics on http://127.0.0.1:"), "{line}");
    server.stop();
}

#[test]
fn a_client_that_begins_and_goes_silent_is_cut_off_where_the_metrics_are() {
    let installation = Installation::with_company();
    let (server, metrics) = watched(&installation);
    let mut slow = connect(metrics).unwrap();
    slow.write_all(b"GET /metr").unwrap();
    let mut text = String::new();
    slow.read_to_string(&mut text).unwrap();
    assert_eq!(text, "");
    server.stop();
}

#[test]
fn an_internal_errors_id_is_in_its_answer_and_in_both_lines_of_the_log() {
    let installation = Installation::with_company();
    let credentials = installation.collector("caja");
    import(&installation, &bills(400, 4));
    let flags = ["--listen", "127.0.0.1:0", "--log", "debug", "--log-format", "json"];
    let log = std::fs::File::create(installation.path("registro")).unwrap();
    let mut command = installation.command(&["serve", "--data", "datos"]);
    let server = Server::start(command.args(flags).stderr(Stdio::from(log)));
    let mut client = server.client(&credentials);
    // Behind the pages that the log-in has read.
    let database = installation.path("datos/ventanilla.db");
    let file = std::fs::File::options().write(true).open(&database).unwrap();
    let len = usize::try_from(file.metadata().unwrap().len()).unwrap();
    file.write_all_at(&vec![b'x'; len - 40 * 4096], 40 * 4096).unwrap();
    let mut codes = (1..400).map(|contract| {
        let answer = client.post("consultardeuda", &format!(r#"{{"Contrato":"{contract}"}}"#));
        answer.code()
    });
    let code = codes.find(|code| code.starts_with("ERROR_INTERNO: ")).expect("an internal error");
    let id = code.strip_prefix("ERROR_INTERNO: ").unwrap().to_owned();
    drop(codes);
    server.kill();
    let log = std::fs::File::open(installation.path("registro")).unwrap();
    let lines = BufReader::new(log).lines().map(|line| line.unwrap().parse::<Value>().unwrap());
    let lines: Vec<_> = lines.filter(|line| line.to_string().contains(&id)).collect();
    let error = lines.iter().find(|line| line["level"] == "ERROR").expect("the error's line");
    assert_eq!(error["fields"]["id"], *id);
    let request = lines.iter().find(|line| line["level"] == "DEBUG").expect("the request's line");
    assert_eq!(request["fields"]["error_id"], *id);
    assert_eq!(request["fields"]["outcome"], "internal");
    let text = installation.read("registro");
    for secret in [&credentials.password, &credentials.code] {
        assert!(!text.contains(secret), "a secret is in the log");
    }
}
