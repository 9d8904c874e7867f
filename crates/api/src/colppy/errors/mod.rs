//! What a "no" says. Every refusal is matched by name, so that a new one has no sentence until it
//! is given one here. The tables of docs/colppy.md are this file, rendered by a test.

pub(super) mod invoices;
pub(super) mod payouts;
pub(super) mod suppliers;

use std::borrow::Cow;
use std::fmt::Display;

use ventanilla_service::{DeskRefusal, Failure, NoRefusal, SessionRefusal, SignInRefusal};

use super::parameters::ParameterError;
use super::wire;
use crate::http::body::BodyError;
use crate::http::buckets::Limited;
use crate::meters::Outcome;

/// An answer that is no success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Problem {
    /// The call did not come through to its operation, or nobody knows what came of it.
    Stopped {
        /// `estado`: stable, for programs.
        state: u16,
        /// `mensaje`: for people.
        message: Cow<'static, str>,
        /// Seconds until another try makes sense.
        retry_after_s: Option<u32>,
        /// Whether the rest of the connection cannot be read.
        closes: bool,
        /// What it is counted as.
        outcome: Outcome,
        /// What the log line of an internal error and its answer share.
        error_id: Option<String>,
    },
    /// The operation says no; nothing changed.
    Refused {
        /// `message`: for people.
        message: Cow<'static, str>,
        /// What it is counted as.
        outcome: Outcome,
        /// What the trail calls it: the sentence may repeat what a client made up.
        code: &'static str,
    },
}

/// What keeps a body from being a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EnvelopeError {
    /// No JSON object, or not a strict one.
    NoJson,
    /// No `service`, or no `auth`.
    NoEnvelope,
}

/// `estado` of whatever cannot be read.
const UNREADABLE: u16 = 101;
/// `estado` of a call that would succeed later.
const BUSY: u16 = 190;

/// A rate that would change the amounts.
const EXCHANGE_RATE: &str =
    "El parámetro valorCambio solo admite 0 o 1: se registra en la moneda de la empresa.";

impl Problem {
    fn stopped(state: u16, message: impl Into<Cow<'static, str>>) -> Self {
        Self::failed(state, message, Outcome::ClientError)
    }

    fn failed(state: u16, message: impl Into<Cow<'static, str>>, outcome: Outcome) -> Self {
        let (message, retry_after_s) = (message.into(), None);
        Self::Stopped { state, message, retry_after_s, closes: false, outcome, error_id: None }
    }

    /// `what` there is too much of.
    fn too_many(retry_after_s: u32, what: &str) -> Self {
        let seconds = if retry_after_s == 1 { "segundo" } else { "segundos" };
        let message =
            format!("{what}; espere {retry_after_s} {seconds} antes de volver a intentar.");
        Self::Stopped {
            state: BUSY,
            message: message.into(),
            retry_after_s: Some(retry_after_s),
            closes: false,
            outcome: Outcome::ClientError,
            error_id: None,
        }
    }

    /// The same, of a connection of which a body may be left.
    pub(super) fn limited(limited: Limited, closes: bool) -> Self {
        let mut problem = Self::from(limited);
        if let Self::Stopped { closes: ends, .. } = &mut problem {
            *ends = closes;
        }
        problem
    }

    pub(super) fn refused(message: impl Into<Cow<'static, str>>) -> Self {
        Self::Refused { message: message.into(), outcome: Outcome::Refused, code: "refused" }
    }

    /// The same refusal under a name of its own in the trail.
    fn coded(self, code: &'static str) -> Self {
        match self {
            Self::Refused { message, outcome, .. } => Self::Refused { message, outcome, code },
            stopped @ Self::Stopped { .. } => stopped,
        }
    }

    /// What the trail calls it: `estado`, or a name of ours where that is 0.
    pub(super) fn code(&self) -> Cow<'static, str> {
        match self {
            Self::Stopped { state, .. } => state.to_string().into(),
            Self::Refused { code, .. } => Cow::Borrowed(code),
        }
    }

    /// What it is counted as.
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::Stopped { outcome, .. } | Self::Refused { outcome, .. } => *outcome,
        }
    }

    /// What the log line of an internal error and its answer share.
    pub(super) fn error_id(&self) -> Option<&str> {
        match self {
            Self::Stopped { error_id, .. } => error_id.as_deref(),
            Self::Refused { .. } => None,
        }
    }

    pub(super) fn wrong_method() -> Self {
        Self::stopped(UNREADABLE, "La API se llama con el método POST y un cuerpo JSON.")
    }

    pub(super) fn unknown_provision() -> Self {
        Self::stopped(103, "La provisión solicitada no existe.")
    }

    pub(super) fn unknown_operation() -> Self {
        Self::stopped(104, "La operación solicitada no existe en esa provisión.")
    }

    /// Credentials of a developer: unknown and wrong answer alike.
    pub(super) fn wrong_developer() -> Self {
        Self::stopped(602, "La contraseña de usuario es incorrecta")
    }

    /// A session that is missing, incomplete, unknown or over.
    pub(super) fn no_session() -> Self {
        Self::stopped(1, "La sesion no es válida.")
    }

    pub(super) fn company_unknown() -> Self {
        Self::refused("No se encontro la empresa.").coded("company-unknown")
    }

    pub(super) fn supplier_unknown() -> Self {
        Self::refused("No se encontro el proveedor.").coded("supplier-unknown")
    }

    /// One answer, as for payouts.
    pub(super) fn invoice_unknown() -> Self {
        Self::refused("No se encontro la factura.").coded("invoice-unknown")
    }

    /// One answer for an unknown payout, another company's and one of a company that is not the
    /// user's.
    pub(super) fn payout_unknown() -> Self {
        Self::refused("No se encontro el pago.").coded("payout-unknown")
    }

    /// `id` is what the log line and this answer share.
    pub(super) fn internal(id: impl Display) -> Self {
        let id = id.to_string();
        Self::Stopped {
            state: 199,
            message: format!("Ocurrió un error interno; informe el código {id}.").into(),
            retry_after_s: None,
            closes: false,
            outcome: Outcome::Internal,
            error_id: Some(id),
        }
    }
}

impl From<Limited> for Problem {
    fn from(Limited { retry_after_s }: Limited) -> Self {
        Self::too_many(retry_after_s, "Demasiadas solicitudes en poco tiempo y nada se registró")
    }
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        let message = match error {
            BodyError::TooLarge => "El cuerpo de la solicitud pasa de 64 KiB.",
            BodyError::TooSlow => "El cuerpo de la solicitud no llegó completo a tiempo.",
            BodyError::Broken => "El cuerpo de la solicitud llegó dañado.",
        };
        Self::Stopped {
            state: UNREADABLE,
            message: message.into(),
            retry_after_s: None,
            closes: true,
            outcome: Outcome::ClientError,
            error_id: None,
        }
    }
}

impl From<EnvelopeError> for Problem {
    fn from(error: EnvelopeError) -> Self {
        match error {
            EnvelopeError::NoJson => Self::stopped(
                UNREADABLE,
                "No se puede leer el cuerpo de la solicitud: se espera un objeto JSON, en UTF-8 y \
                 sin datos repetidos.",
            ),
            EnvelopeError::NoEnvelope => Self::stopped(
                102,
                "La solicitud no está completa: se esperan los objetos auth y service.",
            ),
        }
    }
}

impl From<ParameterError> for Problem {
    fn from(error: ParameterError) -> Self {
        let message = match error {
            ParameterError::Missing(name) => format!("Falta el parámetro: {name}"),
            ParameterError::Malformed(name) => {
                format!("El parámetro {name} no tiene una forma válida.")
            }
            ParameterError::NoDay(name) => format!(
                "El parámetro {name} debe ser una fecha: 16-08-2024, 16/08/2024 o 2024-08-16."
            ),
            ParameterError::NoAmount(name) => format!(
                "El parámetro {name} debe ser un importe de 0 a 1000000000000.00, con punto y hasta \
                 dos decimales."
            ),
            ParameterError::TooLong(name, max) => {
                format!("El parámetro {name} admite hasta {max} caracteres.")
            }
            ParameterError::TooMany(name, max) => {
                format!("El parámetro {name} admite hasta {max} elementos.")
            }
            ParameterError::NotPositive(name) => {
                format!("El parámetro {name} debe ser mayor que cero.")
            }
            ParameterError::KeysDiffer(name) => format!(
                "El parámetro {name} y el encabezado Idempotency-Key deben ser un mismo nombre, de 1 \
                 a 64 caracteres ASCII."
            ),
            ParameterError::UnknownMeans(name) => {
                let known = wire::payouts::MEANS.map(|(_, known)| known).join(", ");
                format!("El parámetro {name} no es un medio de pago conocido: {known}.")
            }
            ParameterError::UnknownFilterField(name) => {
                format!("La lista no se puede filtrar por el campo: {}", shown(&name))
            }
            ParameterError::UnknownFilterOperator(operator) => format!(
                "El filtro no admite el operador {}; se admiten =, <>, >=, <=, > y <.",
                shown(&operator)
            ),
        };
        Self::Refused { message: message.into(), outcome: Outcome::ClientError, code: "parameter" }
    }
}

/// The beginning of a word that a client made up.
fn shown(word: &str) -> &str {
    &word[..word.floor_char_boundary(64)]
}

/// A failure of a use case, whose refusals `of` tells.
pub(super) fn of_failure<R>(failure: Failure<R>, of: impl FnOnce(R) -> Problem) -> Problem {
    match failure {
        Failure::Refused(refusal) => of(refusal),
        Failure::Unavailable => Problem::failed(
            BUSY,
            "El servicio no está disponible en este momento y nada se registró; intente de nuevo \
             en unos segundos.",
            Outcome::Unavailable,
        ),
        Failure::Unknown => Problem::failed(
            198,
            "No se sabe si la operación quedó registrada: consulte antes de reintentar.",
            Outcome::Unknown,
        ),
        Failure::Internal(id) => Problem::internal(id),
    }
}

fn of_none(refusal: NoRefusal) -> Problem {
    match refusal {}
}

/// What was read, where nothing can be refused.
pub(super) fn of_read<T>(read: Result<T, Failure<NoRefusal>>) -> Result<T, Problem> {
    read.map_err(|failure| of_failure(failure, of_none))
}

pub(super) fn of_developer(refusal: SignInRefusal) -> Problem {
    match refusal {
        SignInRefusal::TooManyFailures { retry_after_s } => too_many_failures(retry_after_s),
        SignInRefusal::WrongCredentials => Problem::wrong_developer(),
    }
}

/// A person's password is the operation's affair: clients crash on a null response.
pub(super) fn of_user(refusal: SignInRefusal) -> Problem {
    match refusal {
        SignInRefusal::TooManyFailures { retry_after_s } => too_many_failures(retry_after_s),
        SignInRefusal::WrongCredentials => {
            Problem::refused("El usuario o la contraseña son incorrectos")
                .coded("wrong-credentials")
        }
    }
}

fn too_many_failures(retry_after_s: u32) -> Problem {
    Problem::too_many(retry_after_s, "Demasiados intentos fallidos")
}

/// The session that was opened.
pub(super) fn of_opened<T>(opened: Result<T, Failure<SessionRefusal>>) -> Result<T, Problem> {
    opened.map_err(|failure| of_failure(failure, of_session))
}

pub(super) fn of_session(SessionRefusal: SessionRefusal) -> Problem {
    Problem::no_session()
}

/// Nothing was written for a company; `act` is what the user may not do, and `of` tells the refusals
/// of the act itself.
fn of_desk<R>(refusal: DeskRefusal<R>, act: &str, of: impl FnOnce(R) -> Problem) -> Problem {
    match refusal {
        DeskRefusal::SessionOver => Problem::no_session(),
        DeskRefusal::CompanyUnknown => Problem::company_unknown(),
        DeskRefusal::NotAllowed => {
            Problem::refused(format!("El usuario no tiene permiso para {act}."))
                .coded("not-allowed")
        }
        DeskRefusal::Act(refusal) => of(refusal),
    }
}

/// One row per "no", for the reference and its tests: why, and what is told.
#[cfg(test)]
pub(super) mod rows {
    use super::*;
    use crate::every::every;

    pub(in crate::colppy) type Row = (String, Problem);

    pub(in crate::colppy) fn reworded<E>(
        cases: impl IntoIterator<Item = (E, &'static str)>,
    ) -> Vec<Row>
    where
        Problem: From<E>,
    {
        let row = |(error, why): (E, &str)| (why.to_owned(), Problem::from(error));
        cases.into_iter().map(row).collect()
    }

    /// Before the operation, in the order of the checks.
    pub(in crate::colppy) fn of_calls() -> Vec<Row> {
        let bodies = every![
            (BodyError::TooLarge, _) => (BodyError::TooLarge, "the body is over 64 KiB"),
            (BodyError::TooSlow, _) => (BodyError::TooSlow, "the body was not complete after 10 s"),
            (BodyError::Broken, _) => (BodyError::Broken, "the transfer of the body broke off"),
        ];
        let envelopes = every![
            (EnvelopeError::NoJson, _) => (
                EnvelopeError::NoJson,
                "empty, no JSON object, deeper than 16, a name twice in one object, not UTF-8, U+0000"
            ),
            (EnvelopeError::NoEnvelope, _) => (
                EnvelopeError::NoEnvelope,
                "no object `service`, or no object `auth`"
            ),
        ];
        let known = |why: &str, problem| (why.to_owned(), problem);
        let limited = "too many requests of an address, or of a developer; `Retry-After` says the seconds too";
        let mut rows = vec![known(limited, Limited { retry_after_s: 1 }.into())];
        rows.push(known("neither `POST` nor `GET`", Problem::wrong_method()));
        rows.extend(reworded(bodies));
        rows.extend(reworded(envelopes));
        rows.extend(of_sign_ins(of_developer));
        rows.push(known("no such provision", Problem::unknown_provision()));
        rows.push(known("no such operation of that provision", Problem::unknown_operation()));
        let why = "`sesion` is missing, incomplete, another user's or over";
        rows.push(known(why, of_session(SessionRefusal)));
        rows
    }

    fn of_sign_ins(of: impl Fn(SignInRefusal) -> Problem) -> Vec<Row> {
        use SignInRefusal as No;
        let refusals = every![
            No::TooManyFailures { .. } => No::TooManyFailures { retry_after_s: 60 },
            No::WrongCredentials => No::WrongCredentials,
        ];
        refusals.iter().map(|refusal| (refusal.to_string(), of(*refusal))).collect()
    }

    pub(in crate::colppy) fn of_failures() -> Vec<Row> {
        let of = |failure: Failure<NoRefusal>| of_failure(failure, of_none);
        let row = |why: &str, problem| (why.to_owned(), problem);
        vec![
            row("nothing changed; the same call may succeed later", of(Failure::Unavailable)),
            row("a commit was attempted and its result is not known", of(Failure::Unknown)),
            row("a defect; the log has its causes under the same id", Problem::internal("<id>")),
        ]
    }

    pub(in crate::colppy) fn of_parameters() -> Vec<Row> {
        use ParameterError as No;
        let name = |name: &str| name.to_owned();
        let errors = every![
            (No::Missing(_), _) => (
                No::Missing(name("idPago")),
                "a required parameter is absent, null or empty"
            ),
            (No::Malformed(_), _) => (
                No::Malformed(name("filter[0].value")),
                "a parameter is not of its form"
            ),
            (No::NoDay(_), _) => (No::NoDay(name("fechaPago")), "a day is none"),
            (No::NoAmount(_), _) => (
                No::NoAmount(name("totalpagado")),
                "an amount is none, or out of range"
            ),
            (No::TooLong(..), _) => (
                No::TooLong(name("RazonSocial"), 60),
                "a text is longer than the parameter may be"
            ),
            (No::TooMany(..), _) => (
                No::TooMany(name("filter"), 50),
                "a list is to be filtered by more conditions than it takes"
            ),
            (No::NotPositive(_), _) => (
                No::NotPositive(name("totalpagado")),
                "an amount, or `limit`, is 0 where there must be something"
            ),
            (No::KeysDiffer(_), _) => (
                No::KeysDiffer(name("IdTransaccion")),
                "the header is no such name, or not the parameter's"
            ),
            (No::UnknownMeans(_), _) => (
                No::UnknownMeans(name("recordsToInsertUpdate1[0].idMedioPago")),
                "there are no such means of payment"
            ),
            (No::UnknownFilterField(_), _) => (
                No::UnknownFilterField(name("Color")),
                "a list has no such field"
            ),
            (No::UnknownFilterOperator(_), _) => (
                No::UnknownFilterOperator(name("like")),
                "there is no such operator"
            ),
        ];
        reworded(errors)
    }

    pub(in crate::colppy) fn of_operations() -> Vec<(&'static str, Vec<Row>)> {
        let company = ("unknown, or not the user's".to_owned(), Problem::company_unknown());
        let why = "unknown, another company's, of a company that is not the user's, or no number";
        let payout = (why.to_owned(), Problem::payout_unknown());
        let invoice = (why.to_owned(), Problem::invoice_unknown());
        vec![
            ("`Usuario.iniciar_sesion`", of_sign_ins(of_user)),
            ("`Empresa.leer_empresa`", vec![company.clone()]),
            ("`Proveedor.alta_proveedor`, `editar_proveedor`", suppliers::rows::of_keeping()),
            ("`Proveedor.leer_proveedor`", suppliers::rows::of_reading()),
            ("`Proveedor.listar_proveedor`", vec![company.clone()]),
            ("`FacturaCompra.alta_facturacompra`", invoices::rows::of_entering()),
            ("`FacturaCompra.leer_facturacompra`", vec![invoice.clone()]),
            ("`FacturaCompra.listar_facturascompra`", vec![company]),
            ("`FacturaCompra.leer_pagos_factura`", vec![invoice]),
            ("`Pago.alta_pago`", payouts::rows::of_making()),
            ("`Pago.leer_pago`", vec![payout]),
        ]
    }

    /// Of an act that writes for a company, whose own refusals these are.
    pub(in crate::colppy) fn of_desks<R: Display>(
        refusals: impl IntoIterator<Item = R>,
        of: impl Fn(DeskRefusal<R>) -> Problem,
    ) -> Vec<Row> {
        let row = |refusal: R| (refusal.to_string(), of(DeskRefusal::Act(refusal)));
        let over = "the session was ended, or its user or developer disabled, meanwhile";
        let why = "the company is unknown, or not the user's";
        let mut rows = vec![
            (over.to_owned(), of(DeskRefusal::SessionOver)),
            (why.to_owned(), of(DeskRefusal::CompanyUnknown)),
            ("the user may read and not write".to_owned(), of(DeskRefusal::NotAllowed)),
        ];
        rows.extend(refusals.into_iter().map(row));
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::rows::Row;
    use super::*;

    fn all() -> Vec<Row> {
        let mut all = rows::of_calls();
        all.extend(rows::of_parameters());
        all.extend(rows::of_operations().into_iter().flat_map(|(_, rows)| rows));
        all.extend(rows::of_failures());
        all
    }

    #[test]
    fn a_problem_is_counted_as_what_it_is() {
        let failed = |failure| of_failure(failure, of_user);
        for (problem, outcome) in [
            (failed(Failure::Refused(SignInRefusal::WrongCredentials)), Outcome::Refused),
            (failed(Failure::Unavailable), Outcome::Unavailable),
            (failed(Failure::Unknown), Outcome::Unknown),
            (Problem::internal("53a5"), Outcome::Internal),
            (Problem::company_unknown(), Outcome::Refused),
            (Problem::wrong_developer(), Outcome::ClientError),
            (ParameterError::Missing("idPago".to_owned()).into(), Outcome::ClientError),
            (EnvelopeError::NoJson.into(), Outcome::ClientError),
            (BodyError::TooLarge.into(), Outcome::ClientError),
            (of_session(SessionRefusal), Outcome::ClientError),
            (Limited { retry_after_s: 1 }.into(), Outcome::ClientError),
        ] {
            assert_eq!(problem.outcome(), outcome, "{problem:?}");
            let is_internal = outcome == Outcome::Internal;
            assert_eq!(problem.error_id().is_some(), is_internal, "{problem:?}");
        }
    }

    #[test]
    fn every_problem_has_a_sentence_and_none_is_estado_0() {
        for (why, problem) in all() {
            match problem {
                Problem::Stopped { state, message, .. } => {
                    assert!(state != 0 && message.len() > 20, "{why}: {message}");
                }
                Problem::Refused { message, .. } => assert!(message.len() > 20, "{why}: {message}"),
            }
        }
    }

    #[test]
    fn these_sentences_are_the_spec_s() {
        let session = of_session(SessionRefusal);
        let missing = ParameterError::Missing("idPago".to_owned());
        for (problem, state, sentence) in [
            (Problem::wrong_developer(), 602, "La contraseña de usuario es incorrecta"),
            (session, 1, "La sesion no es válida."),
            (missing.into(), 0, "Falta el parámetro: idPago"),
            (
                of_user(SignInRefusal::WrongCredentials),
                0,
                "El usuario o la contraseña son incorrectos",
            ),
        ] {
            let told = match problem {
                Problem::Stopped { state, message, closes: false, .. } => (state, message),
                Problem::Stopped { .. } => panic!("{sentence}"),
                Problem::Refused { message, .. } => (0, message),
            };
            assert_eq!(told, (state, sentence.into()));
        }
    }

    #[test]
    fn a_word_that_a_client_made_up_is_cut_short() {
        let error = ParameterError::UnknownFilterField("ñ".repeat(10_000));
        let Problem::Refused { message, .. } = error.into() else { panic!("no refusal") };
        assert!(message.ends_with(&"ñ".repeat(32)) && message.len() < 150, "{message}");
    }
}
