//! Collectors and their keys, each shown once.

use askama::Template;
use ventanilla_domain::Label;
use ventanilla_service::{AdminRefusal, Held, Rotation};

use super::limits::LimitFields;
use super::refusal::why;
use super::texts::AdminTexts;
use super::{administration, done, parts};
use crate::answer::{self, Answer};
use crate::figures::{amount, moment, sign_of};
use crate::forms::Errors;
use crate::frame::{Frame, Section};
use crate::language::filled;
use crate::trouble::act_refusal_of;
use crate::visit::Visit;

pub(super) const PATH: &str = "/admin/recaudadores";

/// How long a secret is good beside the one that takes its place, in seconds.
const OVERLAP_S: u32 = 24 * 3600;

#[derive(Debug)]
struct Row {
    name: String,
    login: String,
    can_list: bool,
    is_active: bool,
    held: String,
    /// None of the window, which has no limits.
    limits: Option<LimitFields>,
}

#[derive(Debug, Template)]
#[template(path = "admin/collectors.html")]
struct CollectorsPage {
    frame: Frame,
    t: &'static AdminTexts,
    parts: Vec<Section>,
    errors: Errors,
    path: String,
    sign: &'static str,
    remittances: String,
    name: String,
    can_list: bool,
    rows: Vec<Row>,
}

#[derive(Debug, Template)]
#[template(path = "admin/keys.html")]
struct KeysPage {
    frame: Frame,
    t: &'static AdminTexts,
    parts: Vec<Section>,
    title: String,
    back: String,
    more: String,
    keys: Vec<(&'static str, String)>,
}

/// All collectors.
pub(super) async fn show(visit: &Visit) -> Answer {
    to_page(visit, Errors::default())
}

pub(super) fn to_page(visit: &Visit, errors: Errors) -> Answer {
    let t = AdminTexts::of(visit.language);
    let rows = administration(visit)?.holdings()?.into_iter();
    let rows = rows.map(|Held { collector, amount: held }| Row {
        name: collector.name.to_string(),
        limits: LimitFields::of(visit, &collector),
        login: collector.login,
        can_list: collector.can_list,
        is_active: collector.is_active,
        held: amount(held),
    });
    let is_wrong = !errors.is_empty();
    let page = CollectorsPage {
        frame: visit.frame(t.collectors),
        t,
        parts: parts(visit),
        errors,
        path: visit.to_path(PATH),
        sign: sign_of(visit.company()?.currency),
        remittances: visit.to_path("/rendiciones"),
        name: visit.form.get("nombre").to_owned(),
        can_list: visit.form.has("listar"),
        rows: rows.collect(),
    };
    if is_wrong { answer::wrong(&page) } else { answer::page(&page) }
}

pub(super) fn refused(visit: &Visit, refusal: &AdminRefusal) -> Answer {
    to_page(visit, Errors::whole(why(refusal, AdminTexts::of(visit.language))))
}

/// Adds one, and shows its keys.
pub(super) async fn add(visit: &Visit) -> Answer {
    let t = AdminTexts::of(visit.language);
    let Ok(name) = Label::from_text(visit.form.get("nombre")) else {
        return to_page(visit, Errors::of("nombre", t.name_wrong));
    };
    match administration(visit)?.add_collector(name, visit.form.has("listar")).await {
        Ok((collector, credentials)) => keys(
            visit,
            collector.name.as_str(),
            String::new(),
            vec![
                (t.security_code, credentials.security_code),
                (t.login, credentials.login),
                (t.secret, credentials.password),
            ],
        ),
        Err(failure) => match act_refusal_of(failure)? {
            AdminRefusal::CollectorExists => to_page(visit, Errors::of("nombre", t.name_taken)),
            refusal => refused(visit, &refusal),
        },
    }
}

fn keys(visit: &Visit, name: &str, more: String, keys: Vec<(&'static str, String)>) -> Answer {
    let t = AdminTexts::of(visit.language);
    let title = filled(t.keys, name);
    let back = visit.to_path(PATH);
    let frame = visit.frame(title.clone());
    answer::page(&KeysPage { frame, t, parts: parts(visit), title, back, more, keys })
}

/// Issues a secret anew, and shows it.
pub(super) async fn rotate(visit: &Visit) -> Answer {
    let t = AdminTexts::of(visit.language);
    let now = visit.form.has("ya");
    let rotation = if now { Rotation::Now } else { Rotation::Overlap { seconds: OVERLAP_S } };
    match administration(visit)?.rotate_collector(visit.form.get("nombre"), rotation).await {
        Ok(rotated) => {
            let company = visit.company()?;
            let until = rotated.previous_until.map(|until| moment(company, until));
            let more = until.map(|until| format!("{} {until}.", t.previous_until));
            let login = rotated.collector.login.clone();
            keys(
                visit,
                rotated.collector.name.as_str(),
                more.unwrap_or_default(),
                vec![(t.login, login), (t.secret, rotated.password)],
            )
        }
        Err(failure) => refused(visit, &act_refusal_of(failure)?),
    }
}

/// Disables one.
pub(super) async fn disable(visit: &Visit) -> Answer {
    match administration(visit)?.disable_collector(visit.form.get("nombre")).await {
        Ok(_) => done(visit, PATH),
        Err(failure) => refused(visit, &act_refusal_of(failure)?),
    }
}

/// Takes one's credentials again.
pub(super) async fn enable(visit: &Visit) -> Answer {
    match administration(visit)?.enable_collector(visit.form.get("nombre")).await {
        Ok(_) => done(visit, PATH),
        Err(failure) => refused(visit, &act_refusal_of(failure)?),
    }
}
