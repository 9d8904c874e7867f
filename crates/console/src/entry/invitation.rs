//! The page that an invitation's link leads to: whoever opens it chooses a password; the first administrator a
//! name and, where there is none, the company too.

use askama::Template;
use axum::http::StatusCode;
use ventanilla_domain::{CompanyId, Currency, Name, PaymentId, TimeZone};
use ventanilla_service::{Chosen, Failure, Invitation, InvitationRefusal, NewCompany, SignInName};

use super::texts::EntryTexts;
use super::{password, with_cookie};
use crate::answer::{self, Answer};
use crate::cookies::Cookie;
use crate::forms::{Choice, Errors};
use crate::frame::Frame;
use crate::language::filled;
use crate::trouble::Trouble;
use crate::trouble::{of_failure, refusal_of};
use crate::visit::Visit;

/// What a company is made with unless somebody says otherwise.
const COMPANY: [(&str, &str); 3] =
    [("empresa", "1"), ("moneda", "BOB"), ("zona", "America/La_Paz")];

#[derive(Debug, Template)]
#[template(path = "entry/invitation.html")]
struct InvitationPage {
    frame: Frame,
    t: &'static EntryTexts,
    errors: Errors,
    action: String,
    intro: String,
    needs_name: bool,
    needs_company: bool,
    name: String,
    company_id: String,
    company_name: String,
    currencies: Vec<Choice>,
    time_zone: String,
}

#[derive(Debug, Template)]
#[template(path = "entry/invitation_over.html")]
struct OverPage {
    frame: Frame,
    t: &'static EntryTexts,
}

/// The page of an invitation.
pub(super) async fn show(visit: &Visit) -> Answer {
    match read(visit)? {
        Some(invitation) => to_page(visit, &invitation, Errors::default()),
        None => over(visit),
    }
}

fn read(visit: &Visit) -> Result<Option<Invitation>, Trouble> {
    match visit.hall.service.invitation(visit.part("invitacion")) {
        Ok(invitation) => Ok(Some(invitation)),
        Err(Failure::Refused(_)) => Ok(None),
        Err(failure) => Err(of_failure(failure, |_| Trouble::Missing)),
    }
}

fn over(visit: &Visit) -> Answer {
    let t = EntryTexts::of(visit.language);
    let page = OverPage { frame: visit.frame(t.invitation_over).narrow(), t };
    answer::page_with(StatusCode::GONE, &page)
}

fn to_page(visit: &Visit, invitation: &Invitation, errors: Errors) -> Answer {
    let t = EntryTexts::of(visit.language);
    let typed = |name: &str| {
        let usual = COMPANY.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value);
        if visit.is_form() { visit.form.get(name) } else { usual }.to_owned()
    };
    let is_wrong = !errors.is_empty();
    let page = InvitationPage {
        frame: visit.frame(t.welcome).narrow(),
        t,
        errors,
        action: visit.uri.path().to_owned(),
        intro: match &invitation.user {
            Some(name) => filled(t.welcome_user, name),
            None => t.welcome_first.to_owned(),
        },
        needs_name: invitation.user.is_none(),
        needs_company: invitation.needs_company,
        name: typed("usuario"),
        company_id: typed("empresa"),
        company_name: typed("nombre_empresa"),
        currencies: Choice::all(Currency::CODES.map(|code| (code, code)), &typed("moneda")),
        time_zone: typed("zona"),
    };
    if is_wrong { answer::wrong(&page) } else { answer::page(&page) }
}

/// Takes the invitation: a user with a password, who is inside at once.
pub(super) async fn take(visit: &Visit) -> Answer {
    let Some(invitation) = read(visit)? else { return over(visit) };
    let t = EntryTexts::of(visit.language);
    let mut errors = Errors::default();
    let chosen = chosen(visit, &invitation, &mut errors);
    if !errors.is_empty() {
        return to_page(visit, &invitation, errors);
    }
    let (service, token) = (&visit.hall.service, visit.part("invitacion"));
    match service.take_invitation(token, chosen, visit.caller.address).await {
        Ok(entered) => with_cookie(answer::see("/consola/"), Cookie::Session, &entered.key, visit),
        Err(failure) => match refusal_of(failure)? {
            InvitationRefusal::Over => over(visit),
            InvitationRefusal::NameNeeded => {
                to_page(visit, &invitation, Errors::of("usuario", t.name_wrong))
            }
            InvitationRefusal::CompanyNeeded => {
                to_page(visit, &invitation, Errors::of("nombre_empresa", t.company_name_wrong))
            }
            InvitationRefusal::Chosen(refusal) => {
                to_page(visit, &invitation, password::errors_of(&refusal, t))
            }
        },
    }
}

fn chosen(visit: &Visit, invitation: &Invitation, errors: &mut Errors) -> Chosen {
    let (t, form) = (EntryTexts::of(visit.language), &visit.form);
    let name = SignInName::from_text(form.get("usuario")).ok();
    if invitation.user.is_none() && name.is_none() {
        errors.add("usuario", t.name_wrong);
    }
    let company = if invitation.needs_company { company(visit, errors) } else { None };
    Chosen { name, password: password::chosen(form, t, errors), company }
}

fn company(visit: &Visit, errors: &mut Errors) -> Option<NewCompany> {
    let (t, form) = (EntryTexts::of(visit.language), &visit.form);
    let id = form.get("empresa").parse().ok().and_then(|id| CompanyId::from_i64(id).ok());
    let name = Name::from_text(form.get("nombre_empresa")).ok();
    let currency = Currency::from_code(form.get("moneda")).ok();
    let time_zone = TimeZone::from_name(form.get("zona")).ok();
    for (is_missing, field, sentence) in [
        (id.is_none(), "empresa", t.company_id_wrong),
        (name.is_none(), "nombre_empresa", t.company_name_wrong),
        (time_zone.is_none(), "zona", t.time_zone_wrong),
    ] {
        if is_missing {
            errors.add(field, sentence);
        }
    }
    let (id, name, currency, time_zone) = (id?, name?, currency?, time_zone?);
    Some(NewCompany { id, name, currency, time_zone, first_payment: PaymentId::FIRST })
}
