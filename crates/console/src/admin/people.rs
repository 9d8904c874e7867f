//! The company's people: who may sign in, and as what.

use askama::Template;
use ventanilla_domain::{Role, UserId};
use ventanilla_service::{AdminRefusal, Administered, Colleague, SignInName, User};

use super::refusal::why;
use super::texts::AdminTexts;
use super::{administration, done, parts};
use crate::answer::{self, Answer};
use crate::figures::moment;
use crate::forms::{Choice, Errors};
use crate::frame::{Frame, FrameTexts, Section, role_name};
use crate::language::filled;
use crate::trouble::{Trouble, act_refusal_of};
use crate::visit::Visit;

const PATH: &str = "/admin/usuarios";

#[derive(Debug)]
struct Row {
    name: String,
    role: &'static str,
    roles: Vec<Choice>,
    is_active: bool,
    is_own: bool,
    has_factor: bool,
    invited: Option<String>,
}

#[derive(Debug, Template)]
#[template(path = "admin/people.html")]
struct PeoplePage {
    frame: Frame,
    t: &'static AdminTexts,
    parts: Vec<Section>,
    errors: Errors,
    path: String,
    name: String,
    roles: Vec<Choice>,
    rows: Vec<Row>,
}

#[derive(Debug, Template)]
#[template(path = "admin/invitation.html")]
struct InvitationPage {
    frame: Frame,
    t: &'static AdminTexts,
    parts: Vec<Section>,
    title: String,
    link: String,
    until: String,
    back: String,
}

/// All who work for the company.
pub(super) async fn show(visit: &Visit) -> Answer {
    to_page(visit, Errors::default())
}

fn to_page(visit: &Visit, errors: Errors) -> Answer {
    let t = AdminTexts::of(visit.language);
    let own = visit.station()?.user;
    let people = administration(visit)?.users()?;
    let rows = people.iter().map(|colleague| to_row(visit, colleague, own));
    let is_wrong = !errors.is_empty();
    let typed = visit.form.get("rol");
    let page = PeoplePage {
        frame: visit.frame(t.users),
        t,
        parts: parts(visit),
        errors,
        path: visit.to_path(PATH),
        name: visit.form.get("usuario").to_owned(),
        roles: roles(visit, if typed.is_empty() { Role::Cashier.to_code() } else { typed }),
        rows: rows.collect(),
    };
    if is_wrong { answer::wrong(&page) } else { answer::page(&page) }
}

fn roles(visit: &Visit, chosen: &str) -> Vec<Choice> {
    let names = FrameTexts::of(visit.language);
    Choice::all(Role::ALL.map(|role| (role.to_code(), role_name(role, names))), chosen)
}

fn to_row(visit: &Visit, colleague: &Colleague, own: UserId) -> Row {
    let until = visit.station.as_ref().zip(colleague.invited_until);
    Row {
        name: colleague.name.to_string(),
        role: role_name(colleague.role, FrameTexts::of(visit.language)),
        roles: roles(visit, colleague.role.to_code()),
        is_active: colleague.is_active,
        is_own: colleague.id == own,
        has_factor: colleague.has_second_factor,
        invited: until.map(|(station, until)| moment(&station.company, until)),
    }
}

fn name_of(visit: &Visit) -> Option<SignInName> {
    SignInName::from_text(visit.form.get("usuario")).ok()
}

fn role_of(visit: &Visit) -> Result<Role, Trouble> {
    Role::from_code(visit.form.get("rol")).ok_or(Trouble::Malformed)
}

/// Invites somebody, and shows the link.
pub(super) async fn invite(visit: &Visit) -> Answer {
    let t = AdminTexts::of(visit.language);
    let Some(name) = name_of(visit) else {
        return to_page(visit, Errors::of("usuario", t.name_wrong));
    };
    let role = role_of(visit)?;
    match administration(visit)?.invite(name.clone(), role).await {
        Ok(issued) => {
            let title = filled(t.invitation, &name);
            answer::page(&InvitationPage {
                frame: visit.frame(title.clone()),
                t,
                parts: parts(visit),
                title,
                link: issued.to_path(),
                until: moment(visit.company()?, issued.expires_at),
                back: visit.to_path(PATH),
            })
        }
        Err(failure) => match act_refusal_of(failure)? {
            AdminRefusal::UserExists => to_page(visit, Errors::of("usuario", t.name_taken)),
            refusal => to_page(visit, Errors::whole(why(&refusal, t))),
        },
    }
}

/// What came of an act on somebody.
fn told(visit: &Visit, done_to: Administered<User>) -> Answer {
    match done_to {
        Ok(_) => done(visit, PATH),
        Err(failure) => {
            let refusal = act_refusal_of(failure)?;
            to_page(visit, Errors::whole(why(&refusal, AdminTexts::of(visit.language))))
        }
    }
}

/// Gives somebody another role.
pub(super) async fn set_role(visit: &Visit) -> Answer {
    let (name, role) = (name_of(visit).ok_or(Trouble::Malformed)?, role_of(visit)?);
    told(visit, administration(visit)?.set_role(&name, role).await)
}

/// Takes somebody's right for the company away.
pub(super) async fn remove(visit: &Visit) -> Answer {
    let name = name_of(visit).ok_or(Trouble::Malformed)?;
    told(visit, administration(visit)?.remove_user(&name).await)
}

/// Disables somebody.
pub(super) async fn disable(visit: &Visit) -> Answer {
    let name = name_of(visit).ok_or(Trouble::Malformed)?;
    told(visit, administration(visit)?.disable_user(&name).await)
}

/// Lets somebody sign in again.
pub(super) async fn enable(visit: &Visit) -> Answer {
    let name = name_of(visit).ok_or(Trouble::Malformed)?;
    told(visit, administration(visit)?.enable_user(&name).await)
}

/// Forgets somebody's second factor.
pub(super) async fn reset_factor(visit: &Visit) -> Answer {
    let name = name_of(visit).ok_or(Trouble::Malformed)?;
    told(visit, administration(visit)?.reset_second_factor(&name).await)
}

/// Ends somebody's sessions.
pub(super) async fn end_sessions(visit: &Visit) -> Answer {
    let name = name_of(visit).ok_or(Trouble::Malformed)?;
    told(visit, administration(visit)?.end_sessions_of(&name).await)
}
