//! The second factor: proving it, and having one.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use ventanilla_service::Proof;

use super::kept::Kept;
use super::texts::EntryTexts;
use crate::answer::{self, Answer};
use crate::forms::Errors;
use crate::frame::Frame;
use crate::trouble::Trouble;
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
