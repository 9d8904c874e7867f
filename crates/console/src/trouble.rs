//! Why there is no page, and the one place where that becomes a page.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use ventanilla_documents::FileForm;
use ventanilla_service::{Failure, NoRefusal, OfficeRefusal};

use crate::answer;
use crate::entry;
use crate::figures::count;
use crate::frame::Frame;
use crate::language::{filled, texts};
use crate::panics;
use crate::visit::{FORM, Visit, with_query};

/// Why a handler has no page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// No such page, or nothing of that number.
    Missing,
    /// Nobody is inside, or not any more: what was typed is kept and offered again.
    SessionOver,
    /// The role does not hold the right.
    NotAllowed,
    /// The second factor must be proven first; what was typed is kept.
    ProofNeeded,
    /// The form's key is another's: nothing was done.
    Forged,
    /// The request cannot be read.
    Malformed,
    /// More was sent than is read.
    TooLong,
    /// A list has more rows than such a file takes.
    RowsOver(FileForm, usize),
    /// Nothing changed; the same may go well later.
    Unavailable,
    /// A commit was attempted and its outcome is not known; the path tells where to look.
    Unknown(String),
    /// Something is broken; the log has it under this id.
    Internal(String),
    /// A page that cannot be drawn.
    Defect(String),
}

impl From<Failure<NoRefusal>> for Trouble {
    fn from(failure: Failure<NoRefusal>) -> Self {
        of_failure(failure, |refusal| match refusal {})
    }
}

/// The trouble of a failure, where `refused` says what a refusal is.
pub(crate) fn of_failure<R>(failure: Failure<R>, refused: impl FnOnce(R) -> Trouble) -> Trouble {
    match failure {
        Failure::Refused(refusal) => refused(refusal),
        Failure::Unavailable => Trouble::Unavailable,
        Failure::Unknown => Trouble::Unknown(String::new()),
        Failure::Internal(id) => Trouble::Internal(id.to_string()),
    }
}

/// What a handler does with a failure: a refusal goes beside its field, the rest is a trouble.
pub(crate) fn refusal_of<R>(failure: Failure<R>) -> Result<R, Trouble> {
    match failure {
        Failure::Refused(refusal) => Ok(refusal),
        other => Err(of_failure(other, |_| Trouble::Missing)),
    }
}

/// What a handler does with the failure of somebody's act: what the act itself refused goes beside its field.
pub(crate) fn act_refusal_of<R>(failure: Failure<OfficeRefusal<R>>) -> Result<R, Trouble> {
    match failure {
        Failure::Refused(OfficeRefusal::Act(refusal)) => Ok(refusal),
        other => Err(of_office(other, |_| Trouble::Missing)),
    }
}

/// The trouble of a failure of somebody's act, where `refused` says what the act's own refusal is.
pub(crate) fn of_office<R>(
    failure: Failure<OfficeRefusal<R>>,
    refused: impl FnOnce(R) -> Trouble,
) -> Trouble {
    of_failure(failure, |refusal| match refusal {
        OfficeRefusal::SessionOver => Trouble::SessionOver,
        OfficeRefusal::NotAllowed => Trouble::NotAllowed,
        OfficeRefusal::ProofNeeded => Trouble::ProofNeeded,
        OfficeRefusal::Act(refusal) => refused(refusal),
    })
}

impl From<Failure<OfficeRefusal<NoRefusal>>> for Trouble {
    fn from(failure: Failure<OfficeRefusal<NoRefusal>>) -> Self {
        of_office(failure, |refusal| match refusal {})
    }
}

texts! {
    /// What is told where there is no page.
    TroubleTexts {
        missing: "Esta página no existe" / "There is no such page",
        missing_more: "Puede que el número esté mal escrito, o que ya no exista lo que buscaba."
            / "The number may be mistyped, or what you were looking for is gone.",
        not_allowed: "Su rol no permite esto" / "Your role does not allow this",
        not_allowed_more: "Pida a un administrador que lo haga, o que cambie su rol."
            / "Ask an administrator to do it, or to change your role.",
        forged: "El formulario ya no vale" / "The form is no longer valid",
        forged_more: "No se cambió nada. Vuelva a abrir la página e inténtelo de nuevo."
            / "Nothing was changed. Open the page again and retry.",
        malformed: "No se entiende lo enviado" / "What was sent cannot be read",
        malformed_more: "No se cambió nada. Vuelva atrás e inténtelo de nuevo."
            / "Nothing was changed. Go back and try again.",
        too_long: "Se envió demasiado" / "Too much was sent",
        too_long_more: "No se cambió nada: el archivo o el formulario es demasiado grande."
            / "Nothing was changed: the file or form is too big.",
        rows_over: "La lista es demasiado larga" / "The list is too long",
        rows_over_paper: "Un PDF lleva hasta {} filas, y esta lista tiene más. Descárguela en CSV, o acote los días."
            / "A PDF takes up to {} rows, and this list has more. Download it as CSV, or narrow the days down.",
        rows_over_file: "Una descarga lleva hasta {} filas, y esta lista tiene más. Acote los días, o saque todos los asientos con «ventanilla export events»."
            / "A download takes up to {} rows, and this list has more. Narrow the days down, or take all entries out with “ventanilla export events”.",
        as_csv: "Descargar en CSV" / "Download as CSV",
        unavailable: "El servicio no está disponible en este momento" / "The service is not available right now",
        unavailable_more: "No se cambió nada. Espere un momento y vuelva a intentarlo."
            / "Nothing was changed. Wait a moment and try again.",
        unknown: "No se sabe si quedó hecho" / "It is not known whether it was done",
        unknown_more: "Pregunte antes de repetir: mire si el cobro o el cambio ya figura."
            / "Look before you repeat: see whether the payment or change is already there.",
        internal: "Error interno" / "Internal error",
        internal_more: "Quedó anotado con el número {}. Pregunte antes de repetir lo que hacía."
            / "It was noted under the number {}. Look before you repeat what you were doing.",
        retry: "Volver a intentarlo" / "Try again",
        look: "Mirar si quedó hecho" / "See whether it was done",
        home: "Ir al inicio" / "Go to the start",
    }
}

#[derive(Debug, Template)]
#[template(path = "trouble.html")]
struct TroublePage {
    frame: Frame,
    heading: &'static str,
    sentence: String,
    /// Where to go, and what that is called.
    way_out: (String, &'static str),
    /// What was sent, to be sent again as it is: the form's own key makes that safe.
    again: Option<Vec<(String, String)>>,
}

impl Trouble {
    /// The page that tells it.
    pub(crate) fn into_response(self, visit: &Visit) -> Response {
        let told = match self {
            Self::SessionOver => entry::asked_to_sign_in(visit),
            Self::ProofNeeded => entry::asked_for_proof(visit),
            other => other.into_page(visit),
        };
        told.unwrap_or_else(|_| {
            let mut response = Response::new("Error interno".into());
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response
        })
    }

    fn into_page(self, visit: &Visit) -> Result<Response, Trouble> {
        let t = TroubleTexts::of(visit.language);
        let home = || (visit.to_home(), t.home);
        let (status, heading, sentence, way_out) = match self {
            Self::Missing => (StatusCode::NOT_FOUND, t.missing, t.missing_more.to_owned(), home()),
            Self::NotAllowed => {
                (StatusCode::FORBIDDEN, t.not_allowed, t.not_allowed_more.to_owned(), home())
            }
            Self::Forged => {
                let again = (visit.to_page_before(), t.retry);
                (StatusCode::FORBIDDEN, t.forged, t.forged_more.to_owned(), again)
            }
            Self::Malformed => {
                (StatusCode::BAD_REQUEST, t.malformed, t.malformed_more.to_owned(), home())
            }
            Self::TooLong => {
                (StatusCode::PAYLOAD_TOO_LARGE, t.too_long, t.too_long_more.to_owned(), home())
            }
            Self::RowsOver(form, rows_max) => {
                let (sentence, way_out) = match form {
                    FileForm::Pdf => (t.rows_over_paper, (as_csv(visit), t.as_csv)),
                    FileForm::Csv | FileForm::Xlsx => (t.rows_over_file, home()),
                };
                let rows_max = count(i64::try_from(rows_max).unwrap_or(i64::MAX));
                let sentence = filled(sentence, rows_max);
                (StatusCode::UNPROCESSABLE_ENTITY, t.rows_over, sentence, way_out)
            }
            Self::Unknown(look) => {
                let look = if look.is_empty() { home() } else { (look, t.look) };
                (StatusCode::SERVICE_UNAVAILABLE, t.unknown, t.unknown_more.to_owned(), look)
            }
            Self::Internal(id) => {
                let sentence = filled(t.internal_more, id);
                (StatusCode::INTERNAL_SERVER_ERROR, t.internal, sentence, home())
            }
            Self::Defect(message) => {
                let id = panics::logged(visit.hall.service.clock(), &message);
                let sentence = filled(t.internal_more, id);
                (StatusCode::INTERNAL_SERVER_ERROR, t.internal, sentence, home())
            }
            Self::Unavailable | Self::SessionOver | Self::ProofNeeded => {
                let again = (visit.to_page_before(), t.retry);
                (
                    StatusCode::SERVICE_UNAVAILABLE,
                    t.unavailable,
                    t.unavailable_more.to_owned(),
                    again,
                )
            }
        };
        let is_passing = status == StatusCode::SERVICE_UNAVAILABLE && heading == t.unavailable;
        let again = (is_passing && visit.is_form() && !visit.holds_secret())
            .then(|| visit.form.pairs().to_vec());
        let frame = visit.frame(heading).narrow();
        let page = TroublePage { frame, heading, sentence, way_out, again };
        let mut response = answer::page_with(status, &page)?;
        if is_passing {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        Ok(response)
    }
}

/// The same download in the form that takes the most.
fn as_csv(visit: &Visit) -> String {
    let rest = visit.query.without(|name| name == FORM);
    with_query(&format!("{}?{}", visit.uri.path(), rest.to_text()), FORM, "csv")
}
