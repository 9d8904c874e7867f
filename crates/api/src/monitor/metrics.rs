//! The metrics by name. docs/observability.md tells each of them, and a test compares; what a
//! dashboard or an alert names must be here.

use std::sync::atomic::Ordering;

use jiff::Timestamp;
use ventanilla_service::Service;

use super::text::{Kind, Label, Page, Unit, to_decimal};
use super::{Monitor, Sight};
use crate::meters::{ConnectionMeters, LimitedMeters, Meters, Outcome, Tally};
use crate::{colppy, cooplan};

/// What is no service of a dialect.
const OTHER: &str = "other";

/// The whole page.
pub(super) fn to_text(monitor: &Monitor, sight: &Sight) -> String {
    let mut page = Page::default();
    process(&mut page, monitor, sight);
    requests(&mut page, &monitor.meters);
    limited(&mut page, &monitor.meters.limited);
    connections(&mut page, &monitor.meters.connections);
    writes(&mut page, &monitor.service);
    mirror(&mut page, &monitor.service);
    books(&mut page, sight);
    verified(&mut page, &monitor.service);
    page.into_text()
}

fn process(page: &mut Page, monitor: &Monitor, sight: &Sight) {
    let name = "ventanilla_build_info";
    page.family(name, Kind::Gauge, "The program that runs; always 1.");
    page.sample(name, &[("version", monitor.version)], 1);
    page.single(
        "ventanilla_start_time_seconds",
        Kind::Gauge,
        "When the server started, in seconds since 1970.",
        to_seconds(monitor.started_at),
    );
    page.single(
        "ventanilla_ready",
        Kind::Gauge,
        "Whether payments can be made, as /readyz tells: 1 or 0.",
        u8::from(sight.readiness.is_ok()),
    );
}

fn to_seconds(at: Timestamp) -> String {
    let microseconds = u64::try_from(at.subsec_microsecond()).unwrap_or(0);
    to_decimal(at.as_second(), microseconds)
}

fn requests(page: &mut Page, meters: &Meters) {
    let name = "ventanilla_requests_total";
    page.family(name, Kind::Counter, "Requests answered, by dialect, service and outcome.");
    let dialects: [(_, _, &mut dyn Iterator<Item = &'static str>); 3] = [
        ("cooplan", &meters.cooplan, &mut cooplan::service_names()),
        ("colppy", &meters.colppy, &mut colppy::service_names()),
        ("receipt", &meters.receipt, &mut std::iter::empty()),
    ];
    for (dialect, tally, services) in dialects {
        for (at, service) in services.chain([OTHER]).enumerate() {
            outcomes(page, name, [("dialect", dialect), ("service", service)], (tally, at));
        }
    }
}

fn outcomes(
    page: &mut Page,
    name: &str,
    [dialect, service]: [Label; 2],
    (tally, at): (&Tally, usize),
) {
    for (outcome, label) in Outcome::NAMES {
        page.sample(name, &[dialect, service, ("outcome", label)], tally.get(at, outcome));
    }
}

fn limited(page: &mut Page, meters: &LimitedMeters) {
    let name = "ventanilla_requests_limited_total";
    page.family(
        name,
        Kind::Counter,
        "Requests told to come later: too many of one collector or integrator, or of one address.",
    );
    page.sample(name, &[("limit", "collector")], meters.collector.get());
    page.sample(name, &[("limit", "address")], meters.address.get());
}

fn connections(page: &mut Page, meters: &ConnectionMeters) {
    page.single(
        "ventanilla_connections",
        Kind::Gauge,
        "Connections that are open.",
        meters.open.get(),
    );
    page.single(
        "ventanilla_connections_shed_total",
        Kind::Counter,
        "Connections closed while they waited for their peers, to make room for others.",
        meters.shed.get(),
    );
    let name = "ventanilla_connections_refused_total";
    page.family(
        name,
        Kind::Counter,
        "Connections closed at once: too many in all, or of one address.",
    );
    page.sample(name, &[("limit", "all")], meters.refused_in_all.get());
    page.sample(name, &[("limit", "address")], meters.refused_by_address.get());
}

fn writes(page: &mut Page, service: &Service) {
    let meters = service.write_meters();
    page.histogram(
        "ventanilla_payment_duration_seconds",
        "Payments decided, refused and repeated ones too: from the queue to the end of their commit.",
        Unit::Microseconds,
        &meters.payment_us,
    );
    page.histogram(
        "ventanilla_commit_duration_seconds",
        "Commits with their sync to the disk.",
        Unit::Microseconds,
        &meters.commit_us,
    );
    page.histogram(
        "ventanilla_batch_commands",
        "Commands that shared a commit.",
        Unit::Ones,
        &meters.batch_len,
    );
    page.single(
        "ventanilla_queue_commands",
        Kind::Gauge,
        "Commands that wait for the writer.",
        meters.queue_len.get(),
    );
    page.single(
        "ventanilla_queue_commands_max",
        Kind::Gauge,
        "Commands that may wait for the writer.",
        service.queue_len_max(),
    );
    page.single(
        "ventanilla_commands_refused_total",
        Kind::Counter,
        "Commands that found the queue full; nothing of them was kept.",
        meters.commands_refused.get(),
    );
    page.single(
        "ventanilla_writes_retried_total",
        Kind::Counter,
        "Groups of commands that ran again: others were in their way, or a connection was lost.",
        meters.writes_retried.get(),
    );
}

/// What reading the books again came to.
fn verified(page: &mut Page, service: &Service) {
    let meters = service.verify_meters();
    page.single(
        "ventanilla_verify_findings_total",
        Kind::Counter,
        "What of the books was found not to be as the journal says.",
        meters.findings.load(Ordering::Relaxed),
    );
    page.single(
        "ventanilla_verify_entries_total",
        Kind::Counter,
        "Entries verified, in each day's round anew.",
        meters.entries.load(Ordering::Relaxed),
    );
    page.single(
        "ventanilla_verify_entries_behind",
        Kind::Gauge,
        "Entries that the verification has yet to read.",
        meters.behind.load(Ordering::Relaxed),
    );
    page.single(
        "ventanilla_verify_timestamp_seconds",
        Kind::Gauge,
        "When the verification last had nothing ahead, in seconds since 1970.",
        meters.caught_up_at_s.load(Ordering::Relaxed),
    );
    page.single(
        "ventanilla_checkpoint_timestamp_seconds",
        Kind::Gauge,
        "When the last checkpoint was signed, in seconds since 1970.",
        meters.checkpoint_at_s.load(Ordering::Relaxed),
    );
}

/// How the mirror stands; where there is none, nothing waits for it.
fn mirror(page: &mut Page, service: &Service) {
    let mirror = &service.write_meters().mirror;
    let state = mirror.state();
    page.single(
        "ventanilla_mirror_configured",
        Kind::Gauge,
        "Whether the books have a mirror: 1 or 0.",
        u8::from(state.is_some()),
    );
    page.single(
        "ventanilla_mirror_ready",
        Kind::Gauge,
        "Whether the mirror can be written, or there is none: 1 or 0.",
        u8::from(state.is_none_or(|state| state.is_ready)),
    );
    page.single(
        "ventanilla_mirror_lag_entries",
        Kind::Gauge,
        "Entries that are not known to be in the mirror.",
        state.map_or(0, |state| state.lag),
    );
    page.histogram(
        "ventanilla_mirror_duration_seconds",
        "Writes to the mirror with their sync, group by group.",
        Unit::Microseconds,
        &mirror.write_us,
    );
}

/// What the books hold; a figure that could not be had in time is left out.
fn books(page: &mut Page, sight: &Sight) {
    let Sight { holdings, files, .. } = sight;
    let mut figure = |name, kind, told, value: Option<u64>| {
        page.family(name, kind, told);
        if let Some(value) = value {
            page.sample(name, &[], value);
        }
    };
    figure(
        "ventanilla_journal_entries_total",
        Kind::Counter,
        "Entries in the journals of all companies, whoever wrote them.",
        holdings.map(|holdings| holdings.journal_entries),
    );
    figure(
        "ventanilla_tokens",
        Kind::Gauge,
        "Collectors' tokens that are taken.",
        holdings.map(|holdings| holdings.tokens),
    );
    figure(
        "ventanilla_sessions",
        Kind::Gauge,
        "Users' sessions that are taken.",
        holdings.map(|holdings| holdings.sessions),
    );
    figure(
        "ventanilla_console_sessions",
        Kind::Gauge,
        "Sessions of the console that are taken.",
        holdings.map(|holdings| holdings.console_sessions),
    );
    figure(
        "ventanilla_database_bytes",
        Kind::Gauge,
        "The file of the books.",
        files.map(|files| files.database_bytes),
    );
    figure(
        "ventanilla_wal_bytes",
        Kind::Gauge,
        "The file of the write-ahead log, which grows and is used again, never cut.",
        files.map(|files| files.log_bytes),
    );
}
