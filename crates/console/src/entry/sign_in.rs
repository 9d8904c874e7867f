//! Signing in.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use ventanilla_service::SignInRefusal;

use super::kept::Kept;
use super::texts::EntryTexts;
use super::with_cookie;
use crate::answer::{self, Answer};
use crate::cookies::Cookie;
use crate::forms::Errors;
use crate::frame::Frame;
use crate::inside::Inside;
use crate::language::filled;
use crate::trouble::{Trouble, refusal_of};
use crate::visit::Visit;

#[derive(Debug, Template)]
#[template(path = "entry/sign_in.html")]
struct SignInPage {
    frame: Frame,
    t: &'static EntryTexts,
    errors: Errors,
    name: String,
    hidden: Vec<(&'static str, String)>,
    is_over: bool,
}

impl SignInPage {
    fn new(visit: &Visit, kept: &Kept, errors: Errors) -> Self {
        let t = EntryTexts::of(visit.language);
        Self {
            frame: visit.frame(t.sign_in).narrow(),
            t,
            errors,
            name: visit.form.get("usuario").to_owned(),
            hidden: kept.to_hidden(),
            is_over: kept.has_form(),
        }
    }
}

/// The page of signing in.
pub(super) async fn show(visit: &Visit) -> Answer {
    answer::page(&SignInPage::new(visit, &Kept::of_fields(&visit.query), Errors::default()))
}

/// Asks whoever is not inside, or not any more, to sign in; what was sent is kept.
pub(crate) fn asked_to_sign_in(visit: &Visit) -> Result<Response, Trouble> {
    let kept = Kept::of_request(visit);
    if !kept.has_form() {
        return answer::see(&crate::visit::with_query("/consola/ingreso", "volver", &kept.back));
    }
    let mut page = SignInPage::new(visit, &kept, Errors::default());
    page.frame.form_key.clone_from(&visit.visitor);
    page.name = String::new();
    answer::page_with(StatusCode::UNAUTHORIZED, &page)
}

/// Signs in, and goes on to where one was going.
pub(super) async fn enter(visit: &Visit) -> Answer {
    let (t, form) = (EntryTexts::of(visit.language), &visit.form);
    let kept = Kept::of_fields(form);
    let mut errors = Errors::default();
    if !form.has("usuario") {
        errors.add("usuario", t.missing_name);
    }
    if form.raw("clave").is_empty() {
        errors.add("clave", t.missing_password);
    }
    if !errors.is_empty() {
        return answer::wrong(&SignInPage::new(visit, &kept, errors));
    }
    let service = &visit.hall.service;
    let entered = service.enter(form.get("usuario"), form.raw("clave"), visit.caller.address).await;
    let entered = match entered {
        Ok(entered) => entered,
        Err(failure) => {
            let errors = match refusal_of(failure)? {
                SignInRefusal::WrongCredentials => Errors::of("clave", t.wrong_credentials),
                SignInRefusal::TooManyFailures { retry_after_s } => {
                    Errors::whole(filled(t.too_many, retry_after_s))
                }
            };
            return answer::wrong(&SignInPage::new(visit, &kept, errors));
        }
    };
    let inside = Inside::of(service, &entered.key, visit.caller)?.ok_or(Trouble::SessionOver)?;
    let answer = kept.go_on(visit, &inside.form_key);
    with_cookie(answer, Cookie::Session, &entered.key, visit)
}
