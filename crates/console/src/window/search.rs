//! Who one is looking for.

use askama::Template;
use ventanilla_domain::Holder;
use ventanilla_service::FoundMembers;

use super::texts::WindowTexts;
use super::{Badge, state_of};
use crate::answer::{self, Answer};
use crate::fields::encoded;
use crate::forms::Errors;
use crate::frame::Frame;
use crate::language::filled;
use crate::trouble::{Trouble, of_failure};
use crate::visit::Visit;

/// Somebody who was found.
#[derive(Debug)]
struct Row {
    path: String,
    name: String,
    code: String,
    document: String,
    address: String,
    state: Badge,
}

/// Those who were found.
#[derive(Debug)]
struct Found {
    rows: Vec<Row>,
    is_cut_off: bool,
    /// How many they are, in words.
    count: String,
}

#[derive(Debug, Template)]
#[template(path = "window/search.html")]
struct SearchPage {
    frame: Frame,
    t: &'static WindowTexts,
    action: String,
    q: String,
    found: Option<Found>,
    payment_action: String,
    number: String,
    errors: Errors,
}

#[derive(Debug, Template)]
#[template(path = "window/found_part.html")]
struct FoundPart {
    t: &'static WindowTexts,
    found: Option<Found>,
}

/// The page, or what is found alone while one types (`parte`). Who presses Enter where one is found is
/// led to that one.
pub(super) async fn show(visit: &Visit) -> Answer {
    let q = visit.query.get("q");
    let found = if q.is_empty() { None } else { Some(found(visit, q)?) };
    let t = WindowTexts::of(visit.language);
    if visit.query.has("parte") {
        return answer::page(&FoundPart { t, found });
    }
    if let Some(Found { rows, is_cut_off: false, .. }) = &found
        && let [only] = rows.as_slice()
        && !visit.query.has("hecho")
    {
        return answer::see(&only.path);
    }
    to_page(visit, found, "", Errors::default())
}

/// The page with what is wrong with the number of a payment.
pub(super) fn with_number(visit: &Visit, number: &str, errors: Errors) -> Answer {
    to_page(visit, None, number, errors)
}

fn to_page(visit: &Visit, found: Option<Found>, number: &str, errors: Errors) -> Answer {
    let t = WindowTexts::of(visit.language);
    let is_wrong = !errors.is_empty();
    let page = SearchPage {
        frame: visit.frame(t.search),
        t,
        action: visit.to_path("/caja"),
        q: visit.query.get("q").to_owned(),
        found,
        payment_action: visit.to_path("/pago"),
        number: number.to_owned(),
        errors,
    };
    if is_wrong { answer::wrong(&page) } else { answer::page(&page) }
}

fn found(visit: &Visit, q: &str) -> Result<Found, Trouble> {
    let t = WindowTexts::of(visit.language);
    let FoundMembers { holders, is_cut_off } = look(visit, q)?;
    let count = match holders.len() {
        0 => filled(t.found_none, q),
        1 => t.found_one.to_owned(),
        len => filled(t.found_many, len),
    };
    let rows = holders.iter().map(|holder| to_row(visit, holder, t)).collect();
    Ok(Found { rows, is_cut_off, count })
}

/// Those who match, and whether there are more.
pub(super) fn look(visit: &Visit, q: &str) -> Result<FoundMembers, Trouble> {
    let found = visit.hall.service.search(visit.company()?.id, q);
    found.map_err(|failure| of_failure(failure, |_| Trouble::Missing))
}

fn to_row(visit: &Visit, holder: &Holder, t: &'static WindowTexts) -> Row {
    let Holder { contract, member } = holder;
    let document = member.document_number.as_ref().or(member.tax_id.as_ref());
    Row {
        path: visit.to_path(&format!("/socio/{}", encoded(contract.code.as_str()))),
        name: member.name.to_string(),
        code: contract.code.to_string(),
        document: document.map(ToString::to_string).unwrap_or_default(),
        address: contract.address.as_ref().map(ToString::to_string).unwrap_or_default(),
        state: state_of(contract.state, t),
    }
}
