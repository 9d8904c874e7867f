//! Health and metrics: what is told, that it moves, and that the files beside the program name what
//! there is.

mod files;
mod text;

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use ventanilla_api::{Edge, Limits, Monitor, serve};

use self::text::{Family, Sample, read};
use crate::world::{Answer, Sent, World, printed_payment, send};

async fn get(monitor: &Arc<Monitor>, path: &str) -> Answer {
    send(&monitor.router(), &Sent::to_path(path).without_token().method("GET")).await
}

pub(crate) async fn scrape(monitor: &Arc<Monitor>) -> Vec<Family> {
    let answer = get(monitor, "/metrics").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    read(&answer.body)
}

pub(crate) fn value(families: &[Family], key: &str) -> f64 {
    let mut samples = families.iter().flat_map(|family| &family.samples);
    samples
        .find(|sample| sample.to_key().trim_end() == key)
        .unwrap_or_else(|| panic!("{key}"))
        .value
}

/// The requests counted between two scrapes, as `dialect service outcome`.
pub(crate) fn counted(before: &[Family], after: &[Family]) -> Vec<String> {
    let requests = |families: &[Family]| -> Vec<(String, f64)> {
        let family = families.iter().find(|one| one.name == "ventanilla_requests_total").unwrap();
        let key = |sample: &Sample| {
            let labels = ["dialect", "service", "outcome"].map(|name| sample.labels[name].clone());
            (labels.join(" "), sample.value)
        };
        family.samples.iter().map(key).collect()
    };
    let (before, after) = (requests(before), requests(after));
    let moved = before.iter().zip(&after).filter(|(before, after)| before != after);
    moved
        .map(|((key, before), (_, after))| {
            assert!((after - before - 1.0).abs() < 0.1, "{key}: {before} {after}");
            key.clone()
        })
        .collect()
}

#[tokio::test]
async fn the_metrics_are_well_formed_and_there_from_the_start() {
    let world = World::demo().await;
    let families = scrape(&world.monitor).await;
    assert!(families.iter().all(|family| family.name.starts_with("ventanilla_")));
    assert!(families.iter().all(|family| !family.samples.is_empty()));
    for (key, expected) in [
        ("ventanilla_build_info version=1.2.3", 1.0),
        ("ventanilla_start_time_seconds", 1_637_943_112.0),
        ("ventanilla_ready", 1.0),
        ("ventanilla_requests_total dialect=cooplan outcome=success service=token", 2.0),
        ("ventanilla_requests_total dialect=cooplan outcome=unknown service=realizarpago", 0.0),
        ("ventanilla_requests_total dialect=colppy outcome=internal service=alta_pago", 0.0),
        ("ventanilla_requests_total dialect=receipt outcome=success service=other", 0.0),
        ("ventanilla_payment_duration_seconds_count", 0.0),
        ("ventanilla_queue_commands", 0.0),
        ("ventanilla_queue_commands_max", 4096.0),
        ("ventanilla_commands_refused_total", 0.0),
        ("ventanilla_mirror_configured", 0.0),
        ("ventanilla_mirror_ready", 1.0),
        ("ventanilla_mirror_lag_entries", 0.0),
        ("ventanilla_mirror_duration_seconds_count", 0.0),
        ("ventanilla_tokens", 2.0),
        ("ventanilla_sessions", 0.0),
        ("ventanilla_console_sessions", 0.0),
        ("ventanilla_connections", 0.0),
        ("ventanilla_connections_refused_total limit=address", 0.0),
        ("ventanilla_wal_bytes", 0.0),
    ] {
        let found = value(&families, key);
        assert!((found - expected).abs() < 0.1, "{key}: {found}");
    }
}

#[tokio::test]
async fn every_request_is_counted_once_under_its_service_and_outcome() {
    let world = World::demo().await;
    let paid = printed_payment("");
    let of = |service: &str, body: &str| Sent::to(service).json(body);
    for (sent, expected) in [
        (of("consultardeuda", r#"{"Contrato":"345"}"#), "cooplan consultardeuda success"),
        (of("consultardeuda", r#"{"Contrato":"999"}"#), "cooplan consultardeuda refused"),
        (of("consultardeuda", "{}"), "cooplan consultardeuda client_error"),
        (of("ConsultarDeuda/", "[]"), "cooplan consultardeuda client_error"),
        (of("realizarpago", &paid), "cooplan realizarpago success"),
        (of("realizarpago", &paid), "cooplan realizarpago refused"),
        (of("realizarpago", &paid).without_token(), "cooplan realizarpago client_error"),
        (
            of("login", r#"{"CodSeguridad":"a","Login":"b","Pwd":"c"}"#),
            "cooplan token client_error",
        ),
        (of("token", "{}").method("GET"), "cooplan token client_error"),
        (of("nada", "{}"), "cooplan other client_error"),
        (Sent::to_path("/metrics").method("GET"), "cooplan other client_error"),
        (Sent::to_path("/comprobante/x").method("GET"), "receipt other refused"),
        (Sent::to_path("/comprobante/x"), "receipt other client_error"),
        (Sent::to_path("/comprobante/estilo.css").method("GET"), "receipt other success"),
        (Sent::to_path("/colppy").body("", "no"), "colppy other client_error"),
        (Sent::to_path("/colppy").method("DELETE"), "colppy other client_error"),
    ] {
        let before = scrape(&world.monitor).await;
        let answer = world.send(&sent).await;
        let after = scrape(&world.monitor).await;
        assert_eq!(counted(&before, &after), [expected], "{sent:?}: {}", answer.body);
    }
    let before = scrape(&world.monitor).await;
    world.service.shut_down();
    world.send(&of("realizarpago", &paid)).await;
    let after = scrape(&world.monitor).await;
    assert_eq!(counted(&before, &after), ["cooplan realizarpago unavailable"]);
}

#[tokio::test]
async fn payments_move_the_histograms_and_the_journal() {
    let world = World::demo().await;
    let told = |families: &[Family]| {
        [
            "ventanilla_payment_duration_seconds_count",
            "ventanilla_commit_duration_seconds_count",
            "ventanilla_batch_commands_sum",
            "ventanilla_journal_entries_total",
        ]
        .map(|key| value(families, key))
    };
    let before = told(&scrape(&world.monitor).await);
    world.pay(4_303_567, "315", 202_110, "145.70").await;
    // A refusal waits for its commit too, and writes nothing.
    world.check("realizarpago", &printed_payment(""), "FACTURA_YA_PAGADA").await;
    let after = told(&scrape(&world.monitor).await);
    let moved: Vec<_> = before.iter().zip(after).map(|(before, after)| after - before).collect();
    assert_eq!(moved, [2.0, 2.0, 2.0, 1.0]);
}

#[tokio::test]
async fn health_and_readiness_are_a_word() {
    let world = World::demo().await;
    let check = async |path, status, word: &str| {
        let answer = get(&world.monitor, path).await;
        assert_eq!((answer.status.as_u16(), &*answer.body), (status, word), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    };
    check("/healthz", 200, "ok\n").await;
    check("/readyz", 200, "ok\n").await;
    world.monitor.stop();
    check("/healthz", 200, "ok\n").await;
    check("/readyz", 503, "deteniendo\n").await;
    let families = scrape(&world.monitor).await;
    assert!(value(&families, "ventanilla_ready").abs() < 0.1);
    assert!(value(&families, "ventanilla_journal_entries_total") > 0.0, "it is told to the end");
}

#[tokio::test]
async fn nothing_else_is_answered() {
    let world = World::demo().await;
    for (method, path, status) in [
        ("HEAD", "/healthz", 200),
        ("HEAD", "/metrics", 200),
        ("POST", "/healthz", 405),
        ("POST", "/metrics", 405),
        ("DELETE", "/readyz", 405),
        ("OPTIONS", "/metrics", 405),
        ("GET", "/", 404),
        ("GET", "/metrics/", 404),
        ("GET", "/METRICS", 404),
        ("POST", "/api/token", 404),
        ("POST", "/colppy", 404),
        ("GET", "/comprobante/x", 404),
    ] {
        let sent = Sent::to_path(path).without_token().method(method);
        let answer = send(&world.monitor.router(), &sent).await;
        assert_eq!(answer.status, status, "{method} {path}");
        assert_eq!(answer.header("allow"), (status == 405).then_some("GET, HEAD"), "{path}");
    }
    let metrics = send(&world.router, &Sent::to_path("/metrics").method("GET")).await;
    assert_eq!(metrics.status, 404, "not where the callers are");
}

#[tokio::test]
async fn a_slow_client_of_the_metrics_is_cut_off() {
    const PATIENCE: Duration = Duration::from_secs(30);
    let world = World::demo().await;
    let soon = Duration::from_millis(200);
    let limits = Limits { header_time_max: soon, linger_time_max: soon, ..Limits::default() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = world.monitor.router();
    let edge = Edge { limits, ..Edge::default() };
    tokio::spawn(serve(edge, listener, router, std::future::pending()));
    for start in ["", "GET /metr", "GET /metrics HTTP/1.1\r\nHost: x\r\nAccept"] {
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(start.as_bytes()).await.unwrap();
        let mut text = String::new();
        let ended = timeout(PATIENCE, client.read_to_string(&mut text)).await.expect("not closed");
        assert!(ended.is_err() || text.is_empty(), "{start}: {text}");
    }
}
