//! The services: one table that routing, the coverage test and the docs read, and their handlers.
//! A handler reads, converts, calls the service, converts, answers.

use std::net::IpAddr;
use std::pin::Pin;

use axum::body::Body;
use axum::http::HeaderMap;
use serde::Serialize;
use tokio::sync::Semaphore;
use ventanilla_documents::{Invoice, Paper};
use ventanilla_domain::{BusinessDay, CallerKey, CollectorId, Company, CompanyId, Place};
use ventanilla_service::{
    ByToken, ByTokenRefusal, Caller, Credentials, Failure, Page, PayRequest, PaymentSelector,
    ReverseRequest, Service, Session, Subject, What,
};

use super::errors::{self, Problem};
use super::wire::ReportFile;
use super::wire::{self, Envelope, field};
use super::{convert, errors::of_failure, report};
use crate::http::accept;
use crate::http::attempt::{self, KeysDiffer};
use crate::http::fields::{FieldError, Fields};
use crate::http::gate::Passed;
use crate::http::token;
use crate::noted::{self, Noted};

/// Rows a page when nobody says.
const PAGE_LEN: u32 = 100;

/// Reports that are made at a time: each takes a thread, and perhaps a file.
static REPORTS: Semaphore = Semaphore::const_new(4);

/// Characters of one credential at most.
const CREDENTIAL_LEN_MAX: usize = 128;

/// One service of the dialect.
#[derive(Debug)]
pub(super) struct Operation {
    /// Its path under `/api/`, in lower case.
    pub(super) name: &'static str,
    /// Other paths of the same service.
    pub(super) aliases: &'static [&'static str],
    /// What the trail calls it; `None` of what it is not told, which changes nothing.
    pub(super) act: Option<What>,
    /// What answers it.
    pub(super) handler: Handler,
}

/// What answers a service, and on what terms.
#[derive(Debug, Clone, Copy)]
pub(super) enum Handler {
    /// Needs no token.
    Open(for<'a> fn(&'a Call<'a>) -> Answering<'a>),
    /// Needs a token; answers at once.
    Read(fn(&Call<'_>, &Session<'_>) -> Answer),
    /// Needs a token, which is looked up in the transaction of what is read here.
    Write(fn(&Call<'_>) -> Result<Act, FieldError>),
    /// Needs a token; waits for the disk or for a long reading.
    Wait(for<'a> fn(&'a Call<'a>, &'a Caller) -> Answering<'a>),
}

/// A request whose body was read.
pub(super) struct Call<'a> {
    pub(super) service: &'a Service,
    pub(super) headers: &'a HeaderMap,
    pub(super) fields: Fields<'a>,
    pub(super) address: IpAddr,
}

/// What a token's holder asks to be kept.
#[derive(Debug)]
pub(super) enum Act {
    Pay(PayRequest),
    Reverse(ReverseRequest),
}

/// A success.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) body: Body,
    /// The file that the body is; an envelope where `None`.
    pub(super) file: Option<File>,
    /// Whether an earlier request under the same key did it.
    pub(super) is_replay: bool,
    /// Whose a token that was issued is.
    pub(super) issued_to: Option<(CompanyId, CollectorId)>,
}

impl Reply {
    /// A file.
    pub(super) fn file(body: Body, file: File) -> Self {
        Self { body, file: Some(file), is_replay: false, issued_to: None }
    }
}

/// What a file is, and what it is to be called.
#[derive(Debug)]
pub(super) struct File {
    pub(super) media_type: &'static str,
    pub(super) name: String,
}

type Answer = Result<Reply, Problem>;
type Answering<'a> = Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

/// All services.
pub(super) static OPERATIONS: [Operation; 8] = [
    Operation {
        name: "token",
        aliases: &["login"],
        act: Some(What::Token),
        handler: Handler::Open(issue_token),
    },
    Operation {
        name: "buscarcliente",
        aliases: &[],
        act: None,
        handler: Handler::Read(find_members),
    },
    Operation {
        name: "consultardeuda",
        aliases: &[],
        act: None,
        handler: Handler::Read(look_up_debt),
    },
    Operation {
        name: "realizarpago",
        aliases: &[],
        act: Some(What::Pay),
        handler: Handler::Write(payment),
    },
    Operation {
        name: "imprimirfactura",
        aliases: &[],
        act: Some(What::Print),
        handler: Handler::Read(print),
    },
    Operation {
        name: "reportecobranzas",
        aliases: &[],
        act: Some(What::Report),
        handler: Handler::Wait(report_day),
    },
    Operation {
        name: "revertirpago",
        aliases: &[],
        act: Some(What::Reverse),
        handler: Handler::Write(reversal),
    },
    Operation {
        name: "consultarpago",
        aliases: &[],
        act: None,
        handler: Handler::Read(find_payments),
    },
];

/// The service at a path: in any letter case, with or without one slash at the end.
pub(super) fn find(path: &str) -> Option<&'static Operation> {
    const PREFIX: &str = "/api/";
    let (prefix, name) = path.split_at_checked(PREFIX.len())?;
    if !prefix.eq_ignore_ascii_case(PREFIX) {
        return None;
    }
    let name = name.strip_suffix('/').unwrap_or(name);
    OPERATIONS.iter().find(|operation| {
        let mut names = std::iter::once(&operation.name).chain(operation.aliases);
        names.any(|known| known.eq_ignore_ascii_case(name))
    })
}

/// Where a service stands in the table.
pub(super) fn place(operation: &Operation) -> Option<usize> {
    OPERATIONS.iter().position(|known| std::ptr::eq(known, operation))
}

fn reply<V: Serialize>(envelope: &Envelope<'_, V>) -> Reply {
    let body = envelope.to_bytes().into();
    Reply { body, file: None, is_replay: false, issued_to: None }
}

fn issue_token<'a>(call: &'a Call<'a>) -> Answering<'a> {
    Box::pin(async move {
        let word = |name| {
            let word = call.fields.required(name, convert::text::<CREDENTIAL_LEN_MAX>)?;
            Ok::<_, FieldError>(word.as_str().to_owned())
        };
        let credentials = Credentials {
            security_code: word(field::SECURITY_CODE)?,
            login: word(field::LOGIN)?,
            password: word(field::PASSWORD)?,
        };
        let issued = call.service.issue_token(&credentials, call.address).await;
        let issued = issued.map_err(|failure| of_failure(failure, errors::of_login))?;
        let envelope = Envelope {
            lifetime_s: Some(issued.lifetime_s),
            ..Envelope::success("", &issued.token)
        };
        Ok(Reply { issued_to: Some((issued.company, issued.collector)), ..reply(&envelope) })
    })
}

fn find_members(call: &Call<'_>, session: &Session<'_>) -> Answer {
    let contract = call.fields.optional(field::CONTRACT, convert::text)?;
    // Who may not list has a required field missing, which comes before the optional ones.
    if contract.is_none() && !session.caller().can_list {
        return Err(FieldError::Missing(field::CONTRACT).into());
    }
    let page = page(call)?;
    let found = match contract {
        Some(contract) => session.find_contract(&contract).map(|found| vec![found]),
        None => session.list_contracts(page),
    };
    let found = found.map_err(|failure| of_failure(failure, errors::of_look_up))?;
    let rows: Vec<_> = found.iter().map(convert::found_member).collect();
    Ok(reply(&Envelope::success("", rows)))
}

fn page(call: &Call<'_>) -> Result<Page, FieldError> {
    let number = call.fields.optional(field::PAGE_NUMBER, convert::page_number)?;
    let len = call.fields.optional(field::PAGE_LEN, convert::page_len)?;
    Ok(Page { number: number.unwrap_or(1), len: len.unwrap_or(PAGE_LEN) })
}

fn look_up_debt(call: &Call<'_>, session: &Session<'_>) -> Answer {
    let contract = call.fields.required(field::CONTRACT, convert::text)?;
    let debt = session.debt(&contract);
    let debt = debt.map_err(|failure| of_failure(failure, errors::of_look_up))?;
    let row = |bill| convert::owed_bill(&debt.holder, bill);
    let rows: Vec<_> = debt.bills.iter().map(row).collect();
    Ok(reply(&Envelope::success("", rows)))
}

/// What a request to pay says, before anybody knows whose it is.
fn payment(call: &Call<'_>) -> Result<Act, FieldError> {
    let fields = &call.fields;
    // In the order in which they are checked: the document's first, then ours.
    Ok(Act::Pay(PayRequest {
        bill: fields.required(field::BILL, convert::bill_id)?,
        period: fields.required(field::PERIOD, convert::period)?,
        contract: fields.required(field::CONTRACT, convert::text)?,
        amount_minor: fields.required(field::AMOUNT, convert::amount_minor)?,
        caller_reference: fields.optional(field::CALLER_REFERENCE, convert::text)?,
        caller_key: caller_key(call)?,
        place: Place {
            branch: fields.optional(field::BRANCH, convert::text)?,
            cashier: fields.optional(field::CASHIER, convert::text)?,
            terminal: fields.optional(field::TERMINAL, convert::text)?,
            means: fields.optional(field::MEANS, convert::text)?,
            collected_at: fields.optional(field::COLLECTED_AT, convert::date_time)?,
        },
    }))
}

/// What a request is about, as far as its fields can be read.
pub(super) fn subject(call: &Call<'_>) -> Subject {
    let fields = &call.fields;
    let day = fields.optional(field::DAY, convert::date).ok().flatten();
    let key = caller_key(call).ok().flatten();
    let token = token::bearer(call.headers, &wire::TOKEN_HEADERS).ok();
    Subject {
        payment: fields.optional(field::PAYMENT, convert::payment_id).ok().flatten(),
        bill: fields.optional(field::BILL, convert::bill_id).ok().flatten(),
        contract: fields.optional(field::CONTRACT, convert::text).ok().flatten(),
        caller_key: noted::harmless(key, token),
        day: day.map(BusinessDay::from_date),
        ..Subject::default()
    }
}

fn reversal(call: &Call<'_>) -> Result<Act, FieldError> {
    Ok(Act::Reverse(ReverseRequest {
        bill: call.fields.required(field::BILL, convert::bill_id)?,
        payment: call.fields.required(field::PAYMENT, convert::payment_id)?,
        reason: call.fields.optional(field::REASON, convert::text)?,
        caller_key: caller_key(call)?,
    }))
}

impl Act {
    /// Does it, and answers; the gate learns whose token it is.
    pub(super) async fn run(
        self,
        service: &Service,
        passed: Passed<'_>,
        token: &str,
        noted: &mut Noted,
    ) -> Answer {
        let mut learn = Learn { service, passed, token, noted };
        match self {
            Self::Pay(request) => {
                let paid = service.pay_by_token(token, request).await;
                learn.from(&paid);
                let (caller, paid) = paid.map_err(|failure| of_act(failure, errors::of_pay))?;
                noted.subject.payment = Some(paid.act.id);
                let values = convert::paid(&caller.company, paid.act.id, paid.act.recorded_at);
                let answer = reply(&Envelope::success(wire::PAID, values));
                Ok(Reply { is_replay: paid.is_replay, ..answer })
            }
            Self::Reverse(request) => {
                let reversed = service.reverse_by_token(token, request).await;
                learn.from(&reversed);
                let of_reverse = |refusal, _: &_| errors::of_reverse(refusal);
                let (_, reversed) = reversed.map_err(|failure| of_act(failure, of_reverse))?;
                let answer = reply(&Envelope::success(wire::REVERSED, wire::REVERSED_VALUES));
                Ok(Reply { is_replay: reversed.is_replay, ..answer })
            }
        }
    }
}

/// Who wants to know whose token it was that something was done by: the gate, and the trail.
struct Learn<'a> {
    service: &'a Service,
    passed: Passed<'a>,
    token: &'a str,
    noted: &'a mut Noted,
}

impl Learn<'_> {
    /// Whatever came of it.
    fn from<T, R>(&mut self, outcome: &ByToken<T, R>) {
        match outcome {
            Ok((caller, _)) | Err(Failure::Refused(ByTokenRefusal::Act(_, caller))) => {
                self.passed.accepted(self.token, caller.collector);
                self.noted.asked_by(caller);
            }
            Err(Failure::Refused(ByTokenRefusal::Token(_))) => self.passed.refused(self.token),
            // It never ran, or what it came to is lost: nobody has said whose the token is.
            Err(_) => {
                if let Ok(session) = self.service.session(self.token) {
                    self.noted.asked_by(session.caller());
                }
            }
        }
    }
}

fn of_act<R>(
    failure: Failure<ByTokenRefusal<R>>,
    of: impl FnOnce(R, &Company) -> Problem,
) -> Problem {
    of_failure(failure, |refusal| match refusal {
        ByTokenRefusal::Token(refusal) => errors::of_token(refusal),
        ByTokenRefusal::Act(refusal, caller) => of(refusal, &caller.company),
    })
}

/// The caller's name for this attempt, in the field or in the header.
fn caller_key(call: &Call<'_>) -> Result<Option<CallerKey>, FieldError> {
    let in_body = call.fields.optional(field::CALLER_KEY, convert::caller_key)?;
    attempt::key(in_body, call.headers)
        .map_err(|KeysDiffer| FieldError::Malformed(field::CALLER_KEY))
}

fn print(call: &Call<'_>, session: &Session<'_>) -> Answer {
    let bill = call.fields.required(field::BILL, convert::bill_id)?;
    let payment = call.fields.required(field::PAYMENT, convert::payment_id)?;
    let paper = call.fields.optional(field::PAPER, convert::paper)?;
    let printed = session.payment_to_print(bill, payment);
    let printed = printed.map_err(|failure| of_failure(failure, errors::of_print))?;
    let proof = call.service.receipt_text(&printed);
    let invoice = Invoice::of(&printed, &proof);
    let (name, pdf) = (invoice.file_name(), invoice.to_pdf(paper.unwrap_or(Paper::A4)));
    if accept::favourite(call.headers, &[wire::PDF]).is_some() {
        return Ok(Reply::file(pdf.into(), File { media_type: wire::PDF, name }));
    }
    let document = Some(convert::document(name, &pdf));
    Ok(reply(&Envelope { document, ..Envelope::success("", wire::PRINTED) }))
}

fn report_day<'a>(call: &'a Call<'a>, caller: &'a Caller) -> Answering<'a> {
    Box::pin(async move {
        let day = BusinessDay::from_date(call.fields.required(field::DAY, convert::date)?);
        let wanted = wanted_file(call.headers);
        let (service, caller) = (call.service.clone(), caller.clone());
        // A day may have 100,000 rows: whoever pays meanwhile must not wait for them.
        // The semaphore is never closed, so there is a place for everyone who waits.
        let place = REPORTS.acquire().await;
        let reported =
            tokio::task::spawn_blocking(move || report::written(&service, &caller, day, wanted));
        let reported = reported.await;
        drop(place);
        reported.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    })
}

/// The file that the caller wants of a report; the envelope where `None`.
fn wanted_file(headers: &HeaderMap) -> Option<ReportFile> {
    let wanted = accept::favourite(headers, &wire::REPORT_FILES.map(|file| file.accept))?;
    wire::REPORT_FILES.into_iter().find(|file| file.accept == wanted)
}

fn find_payments(call: &Call<'_>, session: &Session<'_>) -> Answer {
    let selector = PaymentSelector {
        payment: call.fields.optional(field::PAYMENT, convert::payment_id)?,
        bill: call.fields.optional(field::BILL, convert::bill_id)?,
        caller_key: call.fields.optional(field::CALLER_KEY, convert::caller_key)?,
    };
    if selector == PaymentSelector::default() {
        return Err(FieldError::Missing(field::PAYMENT).into());
    }
    let found = session.find_payments(&selector);
    let found = found.map_err(|failure| of_failure(failure, errors::of_none))?;
    let rows = convert::payment_rows(&session.caller().company, &found);
    Ok(reply(&Envelope::success("", rows)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_found_in_any_case_with_or_without_a_slash() {
        for (path, expected) in [
            ("/api/consultardeuda", Some("consultardeuda")),
            ("/api/consultardeuda/", Some("consultardeuda")),
            ("/API/ConsultarDeuda", Some("consultardeuda")),
            ("/api/TOKEN", Some("token")),
            ("/api/Login/", Some("token")),
            ("/api/consultardeuda//", None),
            ("/api//consultardeuda", None),
            ("/api/consultardeuda/x", None),
            ("/api/consultardeud", None),
            ("/api/", None),
            ("/api", None),
            ("/apiconsultardeuda", None),
            ("/", None),
            ("*", None),
            ("", None),
            ("/apí/token", None),
            ("/api/%74oken", None),
        ] {
            let found = find(path).map(|operation| operation.name);
            assert_eq!(found, expected, "{path}");
        }
    }

    #[test]
    fn names_are_lower_case_and_stand_for_one_service() {
        let names = OPERATIONS.iter().flat_map(|operation| {
            std::iter::once(operation.name).chain(operation.aliases.iter().copied())
        });
        let mut names: Vec<_> = names.collect();
        assert!(names.iter().all(|name| *name == name.to_ascii_lowercase()));
        let len = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), len);
    }

    #[test]
    fn every_service_but_the_token_needs_a_token() {
        for operation in &OPERATIONS {
            let is_open = matches!(operation.handler, Handler::Open(_));
            assert_eq!(is_open, operation.name == "token", "{}", operation.name);
        }
    }
}
