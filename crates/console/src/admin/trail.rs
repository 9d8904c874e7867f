//! Who did what, when and from where.

use askama::Template;
use jiff::Timestamp;
use ventanilla_domain::Company;
use ventanilla_service::{TrailAct, TrailCursor, TrailFilter, TrailPage};

use super::texts::AdminTexts;
use super::{acts, administration, parts};
use crate::answer::{self, Answer};
use crate::figures::{date_from, moment};
use crate::forms::{Choice, Errors};
use crate::frame::{Frame, Section};
use crate::visit::{Visit, with_query};

/// Acts of a page.
const PAGE_LEN: usize = 50;

#[derive(Debug)]
struct Row {
    at: String,
    who: String,
    from: String,
    what: String,
    word: String,
    outcome: String,
    is_good: bool,
    subject: String,
}

#[derive(Debug, Template)]
#[template(path = "admin/trail.html")]
struct TrailTemplate {
    frame: Frame,
    t: &'static AdminTexts,
    parts: Vec<Section>,
    errors: Errors,
    who: String,
    what: Vec<Choice>,
    day: String,
    rows: Vec<Row>,
    older: Option<String>,
}

/// The trail, the newest first.
pub(super) async fn show(visit: &Visit) -> Answer {
    let (t, query) = (AdminTexts::of(visit.language), &visit.query);
    let given = |name: &str| Some(query.get(name).to_owned()).filter(|text| !text.is_empty());
    let day = date_from(query.get("dia"));
    let filter = TrailFilter { what: given("que"), who: given("quien"), day };
    let before = TrailCursor::from_text(query.get("antes"));
    let TrailPage { acts, next } = administration(visit)?.trail(&filter, before, PAGE_LEN)?;
    let here = format!(
        "{}?{}",
        visit.to_path("/admin/bitacora"),
        query.without(|name| name == "antes").to_text()
    );
    let company = visit.company()?;
    answer::page(&TrailTemplate {
        frame: visit.frame(t.trail),
        t,
        parts: parts(visit),
        errors: Errors::default(),
        who: query.get("quien").to_owned(),
        what: whats(visit, t),
        day: query.get("dia").to_owned(),
        rows: acts.iter().map(|act| to_row(visit, company, act)).collect(),
        older: next.map(|next| with_query(&here, "antes", &next.to_string())),
    })
}

/// What there is to choose: all acts, and what was asked for where that is none of them.
fn whats(visit: &Visit, t: &'static AdminTexts) -> Vec<Choice> {
    let asked = visit.query.get("que");
    let mut acts: Vec<_> = acts::all(visit.language).collect();
    acts.sort_by_key(|(_, name)| *name);
    let is_known = asked.is_empty() || acts.iter().any(|(word, _)| *word == asked);
    let other = (!is_known).then_some((asked, asked));
    Choice::all([("", t.all)].into_iter().chain(other).chain(acts), asked)
}

fn to_row(visit: &Visit, company: &Company, TrailAct { act, who }: &TrailAct) -> Row {
    let (t, language) = (AdminTexts::of(visit.language), visit.language);
    let at = Timestamp::from_microsecond(act.at_us).unwrap_or(Timestamp::MIN);
    let named = [
        (t.of_payment, act.payment.map(|id| id.to_string())),
        (t.of_bill, act.bill.map(|id| id.to_string())),
        (t.of_contract, act.contract.as_ref().map(ToString::to_string)),
        (t.of_receipt, act.receipt.map(|id| id.to_string())),
        ("", act.name.as_ref().map(ToString::to_string)),
    ];
    let subject = named.into_iter().filter_map(|(word, value)| Some(format!("{word} {}", value?)));
    let code = act.code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default();
    Row {
        at: moment(company, at),
        who: who.clone().unwrap_or_default(),
        from: act.from.as_ref().map_or("", |from| acts::meaning(from, language)).to_owned(),
        what: acts::meaning(&act.what, language).to_owned(),
        word: act.what.to_string(),
        is_good: act.outcome == "done",
        outcome: format!("{}{code}", acts::meaning(&act.outcome, language)),
        subject: subject.collect::<Vec<_>>().join(", "),
    }
}
