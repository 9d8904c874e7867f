//! Who is inside now: people at the console, and collectors with a token.

use askama::Template;
use ventanilla_domain::Company;
use ventanilla_service::{AdminRefusal, KeptSession, KeptToken, TokenId};

use super::refusal::why;
use super::texts::AdminTexts;
use super::{administration, done, parts};
use crate::answer::{self, Answer};
use crate::figures::moment;
use crate::forms::Errors;
use crate::frame::{Frame, Section};
use crate::trouble::{Trouble, act_refusal_of};
use crate::visit::Visit;

const PATH: &str = "/admin/sesiones";

#[derive(Debug)]
struct SessionRow {
    id: String,
    user: String,
    address: String,
    opened: String,
    used: String,
    is_own: bool,
}

#[derive(Debug)]
struct TokenRow {
    id: String,
    collector: String,
    issued: String,
    expires: String,
}

#[derive(Debug, Template)]
#[template(path = "admin/sessions.html")]
struct SessionsPage {
    frame: Frame,
    t: &'static AdminTexts,
    parts: Vec<Section>,
    errors: Errors,
    path: String,
    sessions: Vec<SessionRow>,
    tokens: Vec<TokenRow>,
}

/// The page.
pub(super) async fn show(visit: &Visit) -> Answer {
    to_page(visit, Errors::default())
}

fn to_page(visit: &Visit, errors: Errors) -> Answer {
    let (t, company) = (AdminTexts::of(visit.language), visit.company()?);
    let tokens = match administration(visit)?.tokens() {
        Ok(tokens) => tokens,
        Err(failure) => {
            act_refusal_of(failure)?;
            Vec::new()
        }
    };
    let sessions = administration(visit)?.sessions()?;
    let is_wrong = !errors.is_empty();
    let page = SessionsPage {
        frame: visit.frame(t.sessions),
        t,
        parts: parts(visit),
        errors,
        path: visit.to_path(PATH),
        sessions: sessions.iter().map(|session| to_session(company, session)).collect(),
        tokens: tokens.iter().map(|token| to_token(company, token)).collect(),
    };
    if is_wrong { answer::wrong(&page) } else { answer::page(&page) }
}

fn to_session(company: &Company, session: &KeptSession) -> SessionRow {
    SessionRow {
        id: session.id.to_string(),
        user: session.user.to_string(),
        address: session.address.to_string(),
        opened: moment(company, session.opened_at),
        used: moment(company, session.renewed_at),
        is_own: session.is_own,
    }
}

fn to_token(company: &Company, token: &KeptToken) -> TokenRow {
    TokenRow {
        id: token.id.to_string(),
        collector: token.collector.to_string(),
        issued: token.issued_at.map(|at| moment(company, at)).unwrap_or_default(),
        expires: moment(company, token.expires_at),
    }
}

fn id_of(visit: &Visit) -> Result<TokenId, Trouble> {
    TokenId::from_text(visit.form.get("id")).ok_or(Trouble::Malformed)
}

fn refused(visit: &Visit, refusal: &AdminRefusal) -> Answer {
    to_page(visit, Errors::whole(why(refusal, AdminTexts::of(visit.language))))
}

/// Ends somebody's session.
pub(super) async fn end(visit: &Visit) -> Answer {
    match administration(visit)?.end_session(id_of(visit)?).await {
        Ok(()) => done(visit, PATH),
        Err(failure) => refused(visit, &act_refusal_of(failure)?),
    }
}

/// Ends a collector's token.
pub(super) async fn revoke(visit: &Visit) -> Answer {
    match administration(visit)?.revoke_token(id_of(visit)?).await {
        Ok(_) => done(visit, PATH),
        Err(failure) => refused(visit, &act_refusal_of(failure)?),
    }
}
