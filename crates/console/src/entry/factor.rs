//! The second factor: proving it, and having one.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use ventanilla_documents::qr_svg;
use ventanilla_service::{Enrolment, FactorRefusal, Proof};

use super::kept::Kept;
use super::texts::EntryTexts;
use crate::answer::{self, Answer};
use crate::forms::Errors;
use crate::frame::Frame;
use crate::language::filled;
use crate::trouble::{Trouble, act_refusal_of};
use crate::visit::Visit;

#[derive(Debug, Template)]
#[template(path = "entry/prove.html")]
struct ProvePage {
    frame: Frame,
    t: &'static EntryTexts,
    errors: Errors,
    hidden: Vec<(&'static str, String)>,
    is_kept: bool,
    /// Whether there is a factor that can be proven.
    is_enrolled: bool,
}

impl ProvePage {
    fn new(visit: &Visit, kept: &Kept, errors: Errors) -> Result<Self, Trouble> {
        let t = EntryTexts::of(visit.language);
        Ok(Self {
            frame: visit.frame(t.factor).narrow(),
            t,
            errors,
            hidden: kept.to_hidden(),
            is_kept: kept.has_form(),
            is_enrolled: visit.inside()?.proof != Proof::NotEnrolled,
        })
    }
}

/// The page that asks for a code, or for a factor to be enrolled first.
pub(super) async fn show(visit: &Visit) -> Answer {
    answer::page(&ProvePage::new(visit, &Kept::of_fields(&visit.query), Errors::default())?)
}

/// Asks somebody inside for the second factor; what was sent is kept.
pub(crate) fn asked_for_proof(visit: &Visit) -> Result<Response, Trouble> {
    let kept = Kept::of_request(visit);
    if !kept.has_form() {
        let path = crate::visit::with_query("/consola/segundo-factor", "volver", &kept.back);
        return answer::see(&path);
    }
    answer::page_with(StatusCode::FORBIDDEN, &ProvePage::new(visit, &kept, Errors::default())?)
}

/// What is wrong with a code.
fn errors_of(refusal: FactorRefusal, t: &'static EntryTexts) -> Errors {
    match refusal {
        FactorRefusal::TooManyTries { retry_after_s } => {
            Errors::whole(filled(t.too_many_codes, retry_after_s))
        }
        FactorRefusal::NotEnrolled => Errors::whole(t.factor_gone),
        FactorRefusal::EnrolmentUnknown => Errors::whole(t.factor_old),
        FactorRefusal::WrongCode => Errors::of("codigo", t.code_wrong),
    }
}

/// Proves by a code of the application, or else by a recovery code.
pub(super) async fn prove(visit: &Visit) -> Answer {
    let (service, inside) = (&visit.hall.service, visit.inside()?);
    let (kept, code) = (Kept::of_fields(&visit.form), visit.form.get("codigo").replace(' ', ""));
    let is_time_code = code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit());
    let proven = if is_time_code {
        service.prove_factor(&inside.office, &code).await.map(drop)
    } else {
        service.recover_factor(&inside.office, &code).await.map(drop)
    };
    match proven {
        Ok(()) => kept.go_on(visit, &inside.form_key),
        Err(failure) => {
            let errors = errors_of(act_refusal_of(failure)?, EntryTexts::of(visit.language));
            answer::wrong(&ProvePage::new(visit, &kept, errors)?)
        }
    }
}

#[derive(Debug, Template)]
#[template(path = "entry/enrol.html")]
struct EnrolPage {
    frame: Frame,
    t: &'static EntryTexts,
    errors: Errors,
    hidden: Vec<(&'static str, String)>,
    qr: String,
    secret: String,
    pending: String,
}

#[derive(Debug, Template)]
#[template(path = "entry/recovery.html")]
struct RecoveryPage {
    frame: Frame,
    t: &'static EntryTexts,
    codes: Vec<String>,
    back: String,
}

/// Offers a factor: nothing is kept until a code of it was seen.
pub(super) async fn enrol(visit: &Visit) -> Answer {
    offer(visit, Errors::default())
}

fn offer(visit: &Visit, errors: Errors) -> Answer {
    let t = EntryTexts::of(visit.language);
    let Enrolment { secret, uri, pending } =
        visit.hall.service.enrol_factor(&visit.inside()?.office)?;
    let is_wrong = !errors.is_empty();
    let page = EnrolPage {
        frame: visit.frame(t.factor).narrow(),
        t,
        errors,
        hidden: Kept::of_fields(&visit.form).to_hidden(),
        qr: qr_svg(&uri).unwrap_or_default(),
        secret,
        pending,
    };
    if is_wrong { answer::wrong(&page) } else { answer::page(&page) }
}

/// Keeps the factor that was offered, and shows its recovery codes once.
pub(super) async fn confirm(visit: &Visit) -> Answer {
    let t = EntryTexts::of(visit.language);
    let (service, inside, form) = (&visit.hall.service, visit.inside()?, &visit.form);
    let (pending, code) = (form.get("pendiente"), form.get("codigo").replace(' ', ""));
    match service.confirm_factor(&inside.office, pending, &code).await {
        Ok(codes) => answer::page(&RecoveryPage {
            frame: visit.frame(t.recovery).narrow(),
            t,
            codes: codes.0,
            back: Kept::of_fields(form).back,
        }),
        // The same factor is shown again: it is in the application already.
        Err(failure) => match act_refusal_of(failure)? {
            FactorRefusal::WrongCode if !pending.is_empty() => {
                let page = EnrolPage {
                    frame: visit.frame(t.factor).narrow(),
                    t,
                    errors: Errors::of("codigo", t.code_wrong),
                    hidden: Kept::of_fields(form).to_hidden(),
                    qr: String::new(),
                    secret: String::new(),
                    pending: pending.to_owned(),
                };
                answer::wrong(&page)
            }
            refusal => offer(visit, errors_of(refusal, t)),
        },
    }
}
