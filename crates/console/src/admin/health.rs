//! How the service is.

use askama::Template;
use ventanilla_service::{Holdings, Unready};

use super::parts;
use super::texts::AdminTexts;
use crate::answer::{self, Answer};
use crate::figures::count;
use crate::frame::{Frame, Section};
use crate::visit::Visit;

#[derive(Debug, Template)]
#[template(path = "admin/health.html")]
struct HealthPage {
    frame: Frame,
    t: &'static AdminTexts,
    parts: Vec<Section>,
    is_ready: bool,
    sentence: &'static str,
    tiles: Vec<(&'static str, String)>,
}

/// The page.
pub(super) async fn show(visit: &Visit) -> Answer {
    let t = AdminTexts::of(visit.language);
    let ready = visit.hall.service.ready();
    let sentence = match &ready {
        Ok(_) => t.ready,
        Err(Unready::StoreFailed) => t.store_failed,
        Err(Unready::Full) => t.full,
        Err(Unready::Unreachable) => t.unreachable,
        Err(Unready::Mirror) => t.mirror,
        Err(Unready::Busy) => t.busy,
        Err(Unready::Unreadable) => t.unreadable,
    };
    let shown = |value: u64| count(i64::try_from(value).unwrap_or(i64::MAX));
    let tiles = ready.as_ref().map_or_else(
        |_| Vec::new(),
        |Holdings { journal_entries, tokens, sessions, console_sessions }| {
            vec![
                (t.journal_entries, shown(*journal_entries)),
                (t.api_tokens, shown(*tokens)),
                (t.colppy_sessions, shown(*sessions)),
                (t.console_sessions, shown(*console_sessions)),
            ]
        },
    );
    let is_ready = ready.is_ok();
    answer::page(&HealthPage {
        frame: visit.frame(t.health),
        t,
        parts: parts(visit),
        is_ready,
        sentence,
        tiles,
    })
}
