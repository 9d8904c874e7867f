//! Callers who ask too often, against the real binary: they are told to come later, nothing was kept, and
//! whoever comes later is served. Those who only hold connections keep nobody out.

use std::io::{BufReader, Write as _};
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use crate::common::{
    Answer, Client, Credentials, Installation, Server, bills, check, connect, import, read_answer,
    run, verify,
};

fn serve(installation: &Installation, flags: &[&str]) -> Server {
    let command = ["serve", "--data", "datos", "--listen", "127.0.0.1:0", "--log", "warn"];
    Server::start(installation.command(&command).args(flags))
}

/// The whole seconds that an answer says to wait; `None` where it was heard.
fn told_to_wait(answer: &Answer) -> Option<Duration> {
    if answer.status != 429 {
        return None;
    }
    assert_eq!(answer.code(), "LIMITE_EXCEDIDO", "{answer:?}");
    assert!(answer.text.contains("nada se registró"), "{answer:?}");
    let header = answer.head.split_once("\r\nretry-after: ").unwrap().1;
    let seconds: u64 = header.lines().next().unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{answer:?}");
    Some(Duration::from_secs(seconds))
}

#[test]
fn a_payment_that_was_limited_changed_nothing_and_is_taken_after_the_wait() {
    let installation = Installation::with_company();
    let credentials = installation.collector("caja");
    let all = bills(4, 4);
    import(&installation, &all);
    let flags = ["--limit-loopback", "--address-requests-per-s", "0"];
    let rates = ["--collector-requests-per-s", "2", "--collector-requests-burst", "5"];
    let server = serve(&installation, &[flags.as_slice(), &rates].concat());
    let mut client = server.client(&credentials);
    let (mut limited, mut paid) = (0, 0);
    for bill in &all {
        let mut waited = false;
        loop {
            let answer = client.post("realizarpago", &bill.to_payment(None));
            let Some(wait) = told_to_wait(&answer) else {
                answer.values();
                paid += 1;
                break;
            };
            assert!(!waited, "whoever waits as told is heard");
            (limited, waited) = (limited + 1, true);
            thread::sleep(wait);
        }
    }
    assert_eq!(paid, all.len());
    assert!(limited > 3, "only {limited} were held off");
    server.stop();
    verify(&installation, "datos");
}

/// A request for a token that nobody gets, which a proxy passes on for somebody.
fn ask_by_proxy(proxy: SocketAddr, caller: &str) -> Answer {
    let request = format!(
        "POST /api/token HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {caller}\r\nContent-Length: 2\r\n\r\n{{}}"
    );
    let mut stream = connect(proxy).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    read_answer(&mut BufReader::new(stream)).unwrap()
}

#[test]
fn behind_a_proxy_that_is_believed_each_caller_counts_and_the_proxy_does_not() {
    let installation = Installation::with_company();
    let credentials = installation.collector("caja");
    installation.write(
        "ventanilla.toml",
        "data = 'datos'\ntrusted_proxies = ['127.0.0.1']\naddress_requests_per_s = 1\n\
         address_requests_burst = 3\n",
    );
    let command = ["serve", "--listen", "127.0.0.1:0", "--log", "warn"];
    let server = Server::start(&mut installation.command(&command));
    let limited = |caller: &str| {
        let answers = (0..6).map(|_| ask_by_proxy(server.address(), caller));
        answers.filter(|answer| told_to_wait(answer).is_some()).count()
    };
    for (caller, expected) in [
        ("203.0.113.7", 2..=3),
        ("198.51.100.1, 203.0.113.7", 5..=6),
        ("203.0.113.8", 2..=3),
        ("2001:db8::1", 2..=3),
        ("2001:db8::2", 5..=6),
        ("127.0.0.1", 0..=0),
    ] {
        let limited = limited(caller);
        assert!(expected.contains(&limited), "{caller}: {limited}");
    }
    let mut itself = Client::log_in(server.address(), &credentials);
    for _ in 0..20 {
        assert_eq!(itself.post("consultardeuda", r#"{"Contrato":"1"}"#).status, 200);
    }
}

#[test]
fn an_honest_caller_does_not_meet_the_limits_built_in() {
    let installation = Installation::nothing();
    let server = installation.demo();
    server.stop();
    let command =
        ["serve", "--data", "ventanilla-demo", "--listen", "127.0.0.1:0", "--log", "warn"];
    let server = Server::start(installation.command(&command).arg("--limit-loopback"));
    // A program that logs in before each question, and one that is as fast as it can.
    for _ in 0..100 {
        let mut client = server.client(&Credentials::demo());
        client.post("consultardeuda", r#"{"Contrato":"345"}"#).values();
    }
    let mut client = server.client(&Credentials::bank());
    for _ in 0..7_000 {
        client.post("consultardeuda", r#"{"Contrato":"345"}"#).values();
    }
}

#[test]
fn a_rate_that_is_none_is_told() {
    let installation = Installation::with_company();
    check(
        &installation,
        &[
            (
                "serve --data datos --address-requests-per-s=-1",
                2,
                "VENTANILLA_ADDRESS_REQUESTS_PER_S: se espera un número entero; 0 es sin límite",
            ),
            ("serve --data datos --limit-loopback=quizá", 2, "VENTANILLA_LIMIT_LOOPBACK"),
            ("config check --data datos --collector-requests-per-s 0", 0, "escucha"),
        ],
    );
}

#[test]
fn the_edge_is_measured_under_a_siege() {
    let installation = Installation::nothing();
    let line = "bench edge --slow 30 --idle 100 --cashiers 2 --seconds 1 --rounds 1 --data .";
    let ran = installation.run(&line.split(' ').collect::<Vec<_>>());
    // A ratio of one short round on a busy machine says nothing.
    assert!(matches!(ran.code, 0 | 1), "{ran:?}");
    for row in [
        "| consultardeuda | ",
        "| consultardeuda, cada una por una conexión nueva | ",
        "| realizarpago | ",
        "| memoria residente del servidor, la mayor | ",
    ] {
        let told = ran.out.lines().find(|line| line.starts_with(row));
        assert!(told.is_some_and(|told| told.contains("cumple")), "{row}: {ran:?}");
    }
    assert!(!ran.out.contains("sin éxito"), "{ran:?}");
    let left = std::fs::read_dir(installation.path(".")).unwrap().count();
    assert_eq!(left, 0, "a benchmark takes its data away");
    let few = run(&mut installation.shell(".", "ulimit -n 1000; ventanilla bench edge"));
    assert_eq!(few.code, 2, "{few:?}");
    assert!(few.err.contains("hacen falta 12272") && few.err.contains("ulimit -n"), "{few:?}");
}

#[test]
fn a_server_with_few_descriptors_keeps_some_for_the_books() {
    let installation = Installation::with_company();
    let credentials = installation.collector("caja");
    let serve = "ulimit -n 320; exec ventanilla serve --data datos --listen 127.0.0.1:0 --log warn";
    let server = Server::start(&mut installation.shell(".", serve));
    let held: Vec<_> = (0..300).map(|_| connect(server.address()).unwrap()).collect();
    for _ in 0..5 {
        let answer = server.client(&credentials).post("consultardeuda", r#"{"Contrato":"1"}"#);
        assert_eq!(answer.code(), "SOCIO_NO_ENCONTRADO", "with {} held", held.len());
    }
    server.stop();
}
