//! The operations: one table that routing, the coverage test and the reference read, and their
//! handlers. A handler reads, converts, calls the service, converts, answers.

use std::net::IpAddr;
use std::pin::Pin;

use axum::http::HeaderMap;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::Semaphore;
use ventanilla_domain::{CompanyId, Currency};
use ventanilla_service::{Admitted, Service, SignIn, Subject, UserCaller, UserSession, What, Who};

use super::convert;
use super::errors::{self, Problem, of_failure, of_opened, of_read};
use super::lists::Query;
use super::parameters::{ParameterError, Parameters};
use super::wire::{self, Called, Found, Listed, Told, field};
use super::{invoices, payouts, suppliers};
use crate::noted::{self, Noted};

/// Long lists that are made at a time: each holds its keys in memory.
static LONG_LISTS: Semaphore = Semaphore::const_new(4);

/// One operation of the dialect. Names match in any letter case.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) provision: &'static str,
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// What the trail calls it; `None` of what it is not told, which changes nothing.
    pub(super) act: Option<What>,
    /// What it does.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "told by the reference, which a test renders")
    )]
    pub(super) purpose: &'static str,
    /// Where its shape comes from, and what of it is ours.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "told by the reference, which a test renders")
    )]
    pub(super) source: &'static str,
    /// What it reads, without the session.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "told by the reference, which a test renders")
    )]
    pub(super) parameters: &'static [Parameter],
    /// What answers it.
    pub(super) handler: Handler,
}

/// Whether an operation changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Read,
    Write,
}

/// A parameter, as the reference tells it.
#[cfg_attr(not(test), expect(dead_code, reason = "told by the reference, which a test renders"))]
#[derive(Debug, Clone, Copy)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) is_required: bool,
    pub(super) form: &'static str,
}

impl Parameter {
    pub(super) const fn required(name: &'static str, form: &'static str) -> Self {
        Self { name, is_required: true, form }
    }

    pub(super) const fn optional(name: &'static str, form: &'static str) -> Self {
        Self { name, is_required: false, form }
    }
}

/// Two lists of parameters as one, whose length counts both.
pub(super) const fn joined<const LEN: usize>(
    first: &[Parameter],
    rest: &[Parameter],
) -> [Parameter; LEN] {
    assert!(first.len() + rest.len() == LEN);
    let mut all = [Parameter::optional("", ""); LEN];
    let mut at = 0;
    while at < LEN {
        all[at] = if at < first.len() { first[at] } else { rest[at - first.len()] };
        at += 1;
    }
    all
}

/// What answers an operation, and on what terms.
#[derive(Debug, Clone, Copy)]
pub(super) enum Handler {
    /// Needs no session.
    Open(for<'a> fn(&'a Call<'a>) -> Answering<'a>),
    /// Needs a session; answers at once.
    Read(fn(&Call<'_>, UserSession<'_>) -> Answer),
    /// Needs a session; waits for the disk or for a long reading.
    Wait(for<'a> fn(&'a Call<'a>, UserCaller) -> Answering<'a>),
}

/// A request whose developer was admitted.
pub(super) struct Call<'a> {
    pub(super) service: &'a Service,
    pub(super) headers: &'a HeaderMap,
    pub(super) parameters: Parameters<'a>,
    pub(super) address: IpAddr,
}

/// A success.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) response: Box<RawValue>,
    /// Whether this answer was given before to the same attempt.
    pub(super) is_replay: bool,
    /// What it made or changed.
    pub(super) subject: Subject,
}

impl Reply {
    /// The same, of an act on that.
    pub(super) fn about(self, subject: Subject) -> Self {
        Self { subject, ..self }
    }
}

pub(super) type Answer = Result<Reply, Problem>;
pub(super) type Answering<'a> = Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

pub(super) const ID: &str = "whole number, as a text or a number";
const LIST_OF_COMPANY: [Parameter; 1 + LIST.len()] =
    joined(&[Parameter::required(field::COMPANY, ID)], &LIST);
const LIST: [Parameter; 4] = [
    Parameter::optional(field::START, "rows passed over: a whole number, 0 when absent"),
    Parameter::optional(field::LIMIT, "rows of the page: 1 to 5000, 50 when absent"),
    Parameter::optional(field::FILTER, "see [Lists](#lists)"),
    Parameter::optional(field::ORDER, "see [Lists](#lists)"),
];

/// All operations.
pub(super) static OPERATIONS: [Operation; 14] = [
    Operation {
        provision: "Usuario",
        name: "iniciar_sesion",
        kind: Kind::Write,
        act: Some(What::SignIn),
        purpose: "Opens a session of 60 minutes, which each use renews.",
        source: "public examples",
        parameters: &[
            Parameter::required(field::USER, "text"),
            Parameter::required(
                field::PASSWORD,
                "the MD5 of the password as 32 hexadecimal digits, or the password itself",
            ),
        ],
        handler: Handler::Open(sign_in),
    },
    Operation {
        provision: "Usuario",
        name: "cerrar_sesion",
        kind: Kind::Write,
        act: Some(What::SignOut),
        purpose: "Ends the session it is called with.",
        source: "public examples",
        parameters: &[],
        handler: Handler::Wait(sign_out),
    },
    Operation {
        provision: "Empresa",
        name: "listar_empresa",
        kind: Kind::Read,
        act: None,
        purpose: "Lists the companies that the user has a right to.",
        source: "public examples; what the books do not keep is `\"\"`",
        parameters: &LIST,
        handler: Handler::Read(|call, session| list_companies(call, &session)),
    },
    Operation {
        provision: "Empresa",
        name: "leer_empresa",
        kind: Kind::Read,
        act: None,
        purpose: "Tells one company that the user has a right to.",
        source: "ours: `data` is a row of `listar_empresa`",
        parameters: &[Parameter::required(field::COMPANY, ID)],
        handler: Handler::Read(|call, session| read_company(call, &session)),
    },
    Operation {
        provision: "Proveedor",
        name: "alta_proveedor",
        kind: Kind::Write,
        act: Some(What::Supplier),
        purpose: "Makes a supplier; an administrator or accountant of the company may. All but \
                  `sesion` may stand in any object inside `parameters`, such as `info_general`.",
        source: "public examples; `message` is ours",
        parameters: &suppliers::OF_REGISTERING,
        handler: Handler::Wait(suppliers::register),
    },
    Operation {
        provision: "Proveedor",
        name: "editar_proveedor",
        kind: Kind::Write,
        act: Some(What::Supplier),
        purpose: "Changes a supplier: what is absent or null stays, and an empty text clears a \
                  detail. Who may, and where the parameters stand, is as in `alta_proveedor`.",
        source: "ours, after `alta_proveedor`",
        parameters: &suppliers::OF_EDITING,
        handler: Handler::Wait(suppliers::edit),
    },
    Operation {
        provision: "Proveedor",
        name: "leer_proveedor",
        kind: Kind::Read,
        act: None,
        purpose: "Tells one supplier.",
        source: "ours: `data` is a row of `listar_proveedor`",
        parameters: &suppliers::OF_READING,
        handler: Handler::Read(suppliers::read),
    },
    Operation {
        provision: "Proveedor",
        name: "listar_proveedor",
        kind: Kind::Read,
        act: None,
        purpose: "Lists the suppliers of a company. `Saldo` is what is owed to one less what it was \
                  paid in advance; a CUIT is found with or without dashes.",
        source: "public examples; `Fiscal` fields and the details that no example shows are ours",
        parameters: &LIST_OF_COMPANY,
        handler: Handler::Wait(suppliers::list),
    },
    Operation {
        provision: "FacturaCompra",
        name: "alta_facturacompra",
        kind: Kind::Write,
        act: Some(What::Invoice),
        purpose: "Enters an invoice of a supplier, of the kind FAC.",
        source: "ours, after public examples",
        parameters: &wire::invoices::ENTERS,
        handler: Handler::Wait(invoices::enter),
    },
    Operation {
        provision: "FacturaCompra",
        name: "leer_facturacompra",
        kind: Kind::Read,
        act: None,
        purpose: "Tells one invoice of a supplier with its lines.",
        source: "ours, after public examples; `data` repeats `infofactura`",
        parameters: &wire::invoices::READS,
        handler: Handler::Read(invoices::read),
    },
    Operation {
        provision: "FacturaCompra",
        name: "listar_facturascompra",
        kind: Kind::Read,
        act: None,
        purpose: "Lists the invoices of a company's suppliers. `idEstadoFactura` is `Aprobada` while \
                  anything of one is open, and then `Pagada`.",
        source: "ours, after public examples: a row is `infofactura` of `leer_facturacompra`",
        parameters: &LIST_OF_COMPANY,
        handler: Handler::Wait(invoices::list),
    },
    Operation {
        provision: "FacturaCompra",
        name: "leer_pagos_factura",
        kind: Kind::Read,
        act: None,
        purpose: "Tells the payouts that settled an invoice, and those that did before they were \
                  undone (`Anulado`), which settle 0.00 of it.",
        source: "ours; `importe` is what the payout settles of the invoice",
        parameters: &wire::invoices::READS,
        handler: Handler::Read(invoices::read_payouts),
    },
    Operation {
        provision: "Pago",
        name: "alta_pago",
        kind: Kind::Write,
        act: Some(What::Payout),
        purpose: "Makes a payout to a supplier, active or not, and settles invoices with it; what no \
                  invoice takes is an advance. After a time-out, send the same again: whoever names \
                  the attempt (`IdTransaccion`, or the header `Idempotency-Key`) is answered as the \
                  first time, with the header `Idempotency-Replayed: true`, also where the payout \
                  was undone since; whoever numbers is told which payout has the number. Without \
                  either, a repeat is another payout.",
        source: "public examples; the rows of invoices are ours",
        parameters: &wire::payouts::MAKES,
        handler: Handler::Wait(payouts::make),
    },
    Operation {
        provision: "Pago",
        name: "leer_pago",
        kind: Kind::Read,
        act: None,
        purpose: "Tells one payout. `idEstadoPago` is `Aprobado`, or `Anulado` once it was undone.",
        source: "the page",
        parameters: &wire::payouts::READS,
        handler: Handler::Read(payouts::read),
    },
];

/// The operation that is called; refused where there is none.
pub(super) fn find(called: &Called<'_>) -> Result<&'static Operation, Problem> {
    let is = |known: &str, given: &str| known.eq_ignore_ascii_case(given);
    let mut of_provision =
        OPERATIONS.iter().filter(|operation| is(operation.provision, &called.provision)).peekable();
    of_provision.peek().ok_or_else(Problem::unknown_provision)?;
    let found = of_provision.find(|operation| is(operation.name, &called.operation));
    found.ok_or_else(Problem::unknown_operation)
}

/// Where an operation stands in the table.
pub(super) fn place(operation: &Operation) -> Option<usize> {
    OPERATIONS.iter().position(|known| std::ptr::eq(known, operation))
}

impl Handler {
    /// Opens the session that the operation needs, and answers.
    pub(super) async fn run<'a>(
        self,
        call: &'a Call<'a>,
        admitted: Admitted<'a>,
        noted: &mut Noted,
    ) -> Answer {
        match self {
            Self::Open(run) => {
                drop(admitted);
                run(call).await
            }
            Self::Read(run) => run(call, call.session(admitted)?),
            Self::Wait(run) => {
                let caller = call.session(admitted)?.into_caller();
                noted.who = Who::User { user: caller.user, integrator: caller.integrator };
                if noted.what.is_some() {
                    note_subject(call, &caller, noted);
                }
                run(call, caller).await
            }
        }
    }
}

/// Whose trail an act belongs to, and what it is about, as far as its parameters can be read. A
/// company that the user has no right to keeps no trail of it.
fn note_subject(call: &Call<'_>, caller: &UserCaller, noted: &mut Noted) {
    let said = call.parameters.or_inside_all_but(field::SESSION);
    let company = said.sought(field::COMPANY, convert::company_id).ok().flatten();
    let session = company.and_then(|_| call.service.session_of(caller).ok());
    noted.company = company.zip(session).and_then(|(company, session)| {
        let found = session.company(company).ok().flatten();
        found.map(|(company, _)| company.id)
    });
    let key = payouts::caller_key(&call.parameters, call.headers).ok().flatten();
    let secret = call.session_key().ok().map(|(_, key)| key);
    noted.subject.caller_key = noted::harmless(key, secret.as_deref());
    noted.subject.supplier = said.sought(field::SUPPLIER, convert::supplier_id).ok().flatten();
}

impl Call<'_> {
    fn session<'s>(&self, admitted: Admitted<'s>) -> Result<UserSession<'s>, Problem> {
        let (user, key) = self.session_key()?;
        of_opened(admitted.session(&user, &key))
    }

    /// User and key of the session, as they came.
    fn session_key(&self) -> Result<(String, String), Problem> {
        let sent = self.parameters.object(field::SESSION).ok_or_else(Problem::no_session)?;
        let word = |name| sent.required_word(name).map_err(|_incomplete| Problem::no_session());
        Ok((word(field::USER)?, word(field::SESSION_KEY)?))
    }
}

/// The company that is written for.
pub(super) struct Books {
    company: Option<CompanyId>,
    /// The company's; where the user has no such company, any one serves to judge the other
    /// parameters, whose faults are told first.
    pub(super) currency: Currency,
}

impl Books {
    pub(super) fn of(call: &Call<'_>, caller: &UserCaller) -> Result<Self, Problem> {
        let Some(id) = call.parameters.sought(field::COMPANY, convert::company_id)? else {
            return Ok(Self { company: None, currency: Currency::BOB });
        };
        let session = of_opened(call.service.session_of(caller))?;
        let company = of_read(session.company(id))?.map(|(company, _)| company);
        let currency = company.as_ref().map_or(Currency::BOB, |company| company.currency);
        Ok(Self { company: company.map(|company| company.id), currency })
    }

    pub(super) fn company(&self) -> Result<CompanyId, Problem> {
        self.company.ok_or_else(Problem::company_unknown)
    }
}

/// Reads credentials: a password is not trimmed.
pub(super) fn credentials(parameters: &Parameters<'_>) -> Result<SignIn, ParameterError> {
    let name = parameters.required_word(field::USER)?;
    let password = parameters.text(field::PASSWORD)?;
    let password = password.ok_or_else(|| parameters.missing(field::PASSWORD))?;
    Ok(SignIn { name, password: password.into_owned() })
}

pub(super) fn reply(response: &impl Serialize) -> Reply {
    Reply { response: wire::to_raw(response), is_replay: false, subject: Subject::default() }
}

/// Runs what may read for long on a thread of its own: whoever pays meanwhile must not wait for it.
pub(super) async fn in_background(work: impl FnOnce() -> Answer + Send + 'static) -> Answer {
    // The semaphore is never closed, so there is a place for everyone who waits.
    let place = LONG_LISTS.acquire().await;
    // The place is given back when the work is done, also where nobody waits for it any more.
    let work = move || {
        let answer = work();
        drop(place);
        answer
    };
    let answer = tokio::task::spawn_blocking(work).await;
    answer.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}

fn sign_in<'a>(call: &'a Call<'a>) -> Answering<'a> {
    Box::pin(async move {
        let sign_in = credentials(&call.parameters)?;
        let key = call.service.log_in(&sign_in, call.address).await;
        let key = key.map_err(|failure| of_failure(failure, errors::of_user))?;
        let signed_in = wire::SignedIn { user: &sign_in.name, key: &key };
        let told = reply(&Found::success(wire::DONE, signed_in));
        // The password was right, so it is a user's name that was sent as the name.
        Ok(told.about(Subject::named(sign_in.name.trim())))
    })
}

fn sign_out<'a>(call: &'a Call<'a>, _caller: UserCaller) -> Answering<'a> {
    Box::pin(async move {
        let (user, key) = call.session_key()?;
        let ended = call.service.log_out(&user, &key).await;
        ended.map_err(|failure| of_failure(failure, errors::of_session))?;
        Ok(reply(&Told::success(wire::DONE)))
    })
}

fn list_companies(call: &Call<'_>, session: &UserSession<'_>) -> Answer {
    let query = Query::from_parameters(&call.parameters, &wire::COMPANIES)?;
    let companies = of_read(session.companies())?;
    let page = query.run_over(&companies);
    let rows = wire::COMPANIES.rows(&page.rows);
    Ok(reply(&Listed::success(wire::DONE, page.total, rows)))
}

fn read_company(call: &Call<'_>, session: &UserSession<'_>) -> Answer {
    let id = call.parameters.sought(field::COMPANY, convert::company_id)?;
    let found = of_read(id.map(|id| session.company(id)).transpose())?;
    let found = found.flatten().ok_or_else(Problem::company_unknown)?;
    Ok(reply(&Found::success(wire::DONE, wire::COMPANIES.row(&found))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(provision: &str, operation: &str, expected: &Result<&str, Problem>) {
        let called = Called { provision: provision.into(), operation: operation.into() };
        let found = find(&called).map(|operation| operation.name);
        assert_eq!(&found, expected, "{provision}.{operation}");
    }

    #[test]
    fn an_operation_is_found_in_any_case_under_its_provision() {
        check("Usuario", "iniciar_sesion", &Ok("iniciar_sesion"));
        check("USUARIO", "Iniciar_Sesion", &Ok("iniciar_sesion"));
        check("empresa", "LEER_EMPRESA", &Ok("leer_empresa"));
        for provision in ["", "Usuarios", "Usuari", " Usuario", "Ústuario"] {
            check(provision, "iniciar_sesion", &Err(Problem::unknown_provision()));
        }
        for operation in ["", "iniciar", "listar_empresa", "iniciar_sesion "] {
            check("Usuario", operation, &Err(Problem::unknown_operation()));
        }
    }

    #[test]
    fn every_operation_stands_once_and_says_what_it_does() {
        for operation in &OPERATIONS {
            let called =
                Called { provision: operation.provision.into(), operation: operation.name.into() };
            let first = find(&called).unwrap();
            assert!(std::ptr::eq(first, operation), "{}", operation.name);
            assert!(operation.purpose.ends_with('.') && !operation.source.is_empty());
            let mut names: Vec<_> = operation.parameters.iter().map(|one| one.name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), operation.parameters.len(), "{}", operation.name);
            assert!(!names.contains(&field::SESSION), "{}", operation.name);
        }
    }

    #[test]
    fn the_trail_is_told_of_what_changes_something() {
        for operation in &OPERATIONS {
            let is_write = operation.kind == Kind::Write;
            assert_eq!(operation.act.is_some(), is_write, "{}", operation.name);
        }
    }

    #[test]
    fn every_operation_but_the_sign_in_needs_a_session() {
        for operation in &OPERATIONS {
            let is_open = matches!(operation.handler, Handler::Open(_));
            assert_eq!(is_open, operation.name == "iniciar_sesion", "{}", operation.name);
        }
    }

    #[test]
    fn what_answers_at_once_changes_nothing() {
        for operation in &OPERATIONS {
            let answers_at_once = matches!(operation.handler, Handler::Read(_));
            assert!(!answers_at_once || operation.kind == Kind::Read, "{}", operation.name);
        }
    }

    #[test]
    fn credentials_are_two_texts_and_the_password_is_as_it_came() {
        for (object, expected) in [
            (r#"{"usuario":" a ","password":" b "}"#, Ok(("a", " b "))),
            (r#"{"Usuario":"a","PASSWORD":12}"#, Ok(("a", "12"))),
            (r#"{"password":"b"}"#, Err(ParameterError::Missing("usuario".to_owned()))),
            (r#"{"usuario":"a"}"#, Err(ParameterError::Missing("password".to_owned()))),
            (
                r#"{"usuario":"a","password":[]}"#,
                Err(ParameterError::Malformed("password".to_owned())),
            ),
        ] {
            let read = credentials(&Parameters::from_object(object).unwrap());
            let read = read.map(|SignIn { name, password }| (name, password));
            let expected = expected.map(|(name, password)| (name.to_owned(), password.to_owned()));
            assert_eq!(read, expected, "{object}");
        }
    }

    #[tokio::test]
    async fn what_runs_in_the_background_answers_as_if_it_ran_here() {
        let refused = in_background(|| Err(Problem::company_unknown())).await;
        assert_eq!(refused.unwrap_err(), Problem::company_unknown());
        let done = in_background(|| Ok(reply(&Told::success(wire::DONE)))).await.unwrap();
        assert!(done.response.get().starts_with(r#"{"success":true"#));
    }
}
