//! One's own account: the password, and how one stands with the second factor.

use askama::Template;
use ventanilla_service::{PasswordRefusal, Proof, SignInRefusal};

use super::password;
use super::texts::EntryTexts;
use crate::answer::{self, Answer};
use crate::forms::Errors;
use crate::frame::{Done, Frame};
use crate::language::filled;
use crate::trouble::act_refusal_of;
use crate::visit::Visit;

#[derive(Debug, Template)]
#[template(path = "entry/account.html")]
struct AccountPage {
    frame: Frame,
    t: &'static EntryTexts,
    errors: Errors,
    name: String,
    factor: &'static str,
    can_prove: bool,
    can_enrol: bool,
}

/// One's own account.
pub(super) async fn show(visit: &Visit) -> Answer {
    to_page(visit, Errors::default())
}

fn to_page(visit: &Visit, errors: Errors) -> Answer {
    let (t, inside) = (EntryTexts::of(visit.language), visit.inside()?);
    let is_wrong = !errors.is_empty();
    let page = AccountPage {
        frame: visit.frame(t.account).narrow(),
        t,
        errors,
        name: inside.name.clone(),
        factor: match inside.proof {
            Proof::NotAsked => t.factor_not_asked,
            Proof::NotEnrolled => t.factor_missing,
            Proof::Stale => t.factor_stale,
            Proof::Fresh { .. } => t.factor_fresh,
        },
        can_prove: inside.proof == Proof::Stale,
        can_enrol: matches!(inside.proof, Proof::NotEnrolled | Proof::Fresh { .. }),
    };
    if is_wrong { answer::wrong(&page) } else { answer::page(&page) }
}

/// Changes one's own password.
pub(super) async fn change_password(visit: &Visit) -> Answer {
    let t = EntryTexts::of(visit.language);
    let mut errors = Errors::default();
    let new = password::chosen(&visit.form, t, &mut errors);
    if !errors.is_empty() {
        return to_page(visit, errors);
    }
    let (office, present) = (&visit.inside()?.office, visit.form.raw("clave_actual"));
    match visit.hall.service.change_own_password(office, present, &new).await {
        Ok(()) => answer::see(&Done::Password.at("/consola/cuenta")),
        Err(failure) => to_page(
            visit,
            match act_refusal_of(failure)? {
                PasswordRefusal::Present(SignInRefusal::WrongCredentials) => {
                    Errors::of("clave_actual", t.present_wrong)
                }
                PasswordRefusal::Present(SignInRefusal::TooManyFailures { retry_after_s }) => {
                    Errors::whole(filled(t.too_many, retry_after_s))
                }
                PasswordRefusal::New(refusal) => password::errors_of(&refusal, t),
            },
        ),
    }
}
