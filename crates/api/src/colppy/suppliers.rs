//! Provision Proveedor: the suppliers of a company.
//!
//! What is said of one stands in `parameters`, or in any object inside them: clients sort the same
//! fields into `info_general`, `info_otra` and others.

use ventanilla_domain::{
    CompanyId, Cuit, DetailKind as _, DetailText, Given, IdOutOfRange, SupplierDetail, SupplierId,
    SupplierRow, Text,
};
use ventanilla_service::{Desk, Service, Subject, SupplierState, UserCaller, UserSession};

use super::convert;
use super::errors::suppliers::of_keeping;
use super::errors::{Problem, of_failure, of_opened, of_read};
use super::lists::Query;
use super::operations::{Answer, Answering, Call, ID, Parameter, in_background, joined, reply};
use super::parameters::{ParameterError, Parameters};
use super::wire::suppliers::{self as wire, Kept, SUPPLIERS};
use super::wire::{DONE, Found, Listed, field};

const COMPANY: Parameter = Parameter::required(field::COMPANY, ID);
const SUPPLIER: Parameter = Parameter::required(field::SUPPLIER, ID);

const TRADE_NAME: Parameter =
    Parameter::required(wire::TRADE_NAME, "text of at most 200 characters");
const LEGAL_NAME: Parameter =
    Parameter::required(wire::LEGAL_NAME, "text of at most 60 characters");
const IS_ACTIVE: Parameter =
    Parameter::required(wire::IS_ACTIVE, "`1` or `0`, `true` or `false`, `Si` or `No`");
const TAX_ID: Parameter = Parameter::optional(
    wire::TAX_ID,
    "eleven digits, with or without dashes, the last of which checks the others; zeros are none",
);

const DETAILS_LEN: usize = SupplierDetail::ALL.len();
const DETAILS: [Parameter; DETAILS_LEN] = {
    let mut details = [Parameter::optional("", "text of at most 200 characters"); DETAILS_LEN];
    let mut at = 0;
    while at < DETAILS_LEN {
        details[at].name = wire::detail_name(SupplierDetail::ALL[at]);
        at += 1;
    }
    details
};

/// What `alta_proveedor` reads.
pub(super) const OF_REGISTERING: [Parameter; 6 + DETAILS_LEN] = joined(
    &[
        COMPANY,
        TRADE_NAME,
        LEGAL_NAME,
        IS_ACTIVE,
        TAX_ID,
        Parameter::optional(field::SUPPLIER, "nothing, or `0`: the id is ours to give"),
    ],
    &DETAILS,
);

/// What `editar_proveedor` reads.
pub(super) const OF_EDITING: [Parameter; 6 + DETAILS_LEN] = joined(
    &[
        COMPANY,
        SUPPLIER,
        Parameter { is_required: false, ..TRADE_NAME },
        Parameter { is_required: false, ..LEGAL_NAME },
        Parameter { is_required: false, ..IS_ACTIVE },
        TAX_ID,
    ],
    &DETAILS,
);

/// What `leer_proveedor` reads.
pub(super) const OF_READING: [Parameter; 2] = [COMPANY, SUPPLIER];

pub(super) fn register<'a>(call: &'a Call<'a>, caller: UserCaller) -> Answering<'a> {
    Box::pin(async move {
        let said = call.parameters.or_inside_all_but(field::SESSION);
        let company = said.sought(field::COMPANY, convert::company_id)?;
        check_is_new(&said)?;
        let company = company.ok_or_else(Problem::company_unknown)?;
        kept(call.service, &caller, company, row(&said, None)?, wire::REGISTERED).await
    })
}

pub(super) fn edit<'a>(call: &'a Call<'a>, caller: UserCaller) -> Answering<'a> {
    Box::pin(async move {
        let said = call.parameters.or_inside_all_but(field::SESSION);
        let company = said.sought(field::COMPANY, convert::company_id)?;
        let supplier = said.sought(field::SUPPLIER, convert::supplier_id)?;
        let company = company.ok_or_else(Problem::company_unknown)?;
        let supplier = supplier.ok_or_else(Problem::supplier_unknown)?;
        kept(call.service, &caller, company, row(&said, Some(supplier))?, wire::EDITED).await
    })
}

pub(super) fn read(call: &Call<'_>, session: UserSession<'_>) -> Answer {
    let company = call.parameters.sought(field::COMPANY, convert::company_id)?;
    let supplier = call.parameters.sought(field::SUPPLIER, convert::supplier_id)?;
    let (company, supplier) = company.zip(supplier).ok_or_else(Problem::supplier_unknown)?;
    let desk = of_read(session.desk(company))?.ok_or_else(Problem::supplier_unknown)?;
    let found = of_read(desk.supplier(supplier))?.ok_or_else(Problem::supplier_unknown)?;
    Ok(reply(&Found::success(DONE, SUPPLIERS.row(&found))))
}

pub(super) fn list<'a>(call: &'a Call<'a>, caller: UserCaller) -> Answering<'a> {
    Box::pin(async move {
        let company = call.parameters.sought(field::COMPANY, convert::company_id)?;
        let query = Query::from_parameters(&call.parameters, &SUPPLIERS)?;
        let service = call.service.clone();
        in_background(move || {
            let company = company.ok_or_else(Problem::company_unknown)?;
            let desk = of_read(of_opened(service.session_of(&caller))?.desk(company))?;
            listed(&desk.ok_or_else(Problem::company_unknown)?, &query)
        })
        .await
    })
}

fn listed(desk: &Desk<'_>, query: &Query<SupplierState>) -> Answer {
    let by_id = |id| match SupplierId::from_i64(id) {
        Ok(id) => desk.supplier(id),
        Err(IdOutOfRange) => Ok(None),
    };
    let page = of_read(query.run(|visit| desk.each_supplier(visit), by_id))?;
    Ok(reply(&Listed::success(DONE, page.total, SUPPLIERS.rows(&page.rows))))
}

async fn kept(
    service: &Service,
    caller: &UserCaller,
    company: CompanyId,
    row: SupplierRow,
    message: &'static str,
) -> Answer {
    let kept = service.keep_supplier(caller, company, row).await;
    let kept = kept.map_err(|failure| of_failure(failure, of_keeping))?;
    let subject = Subject { supplier: Some(kept.id), ..Subject::default() };
    Ok(reply(&Kept::success(message, kept.id)).about(subject))
}

/// Refuses the id of a supplier that is to be new. Forms send zero where there is none.
fn check_is_new(said: &Parameters<'_>) -> Result<(), Problem> {
    let id = said.word(field::SUPPLIER)?.unwrap_or_default();
    if id.bytes().all(|byte| byte == b'0') { Ok(()) } else { Err(Problem::supplier_not_new()) }
}

/// What is said of a supplier: of a new one where `id` is `None`.
fn row(said: &Parameters<'_>, id: Option<SupplierId>) -> Result<SupplierRow, Problem> {
    let is_new = id.is_none();
    Ok(SupplierRow {
        id,
        trade_name: lasting(said, wire::TRADE_NAME, is_new, bounded)?,
        legal_name: lasting(said, wire::LEGAL_NAME, is_new, bounded)?,
        is_active: lasting(said, wire::IS_ACTIVE, is_new, flag)?,
        tax_id: tax_id(said)?,
        details: details(said)?,
    })
}

/// How a parameter's text is read.
type Reading<T> = fn(&Parameters<'_>, &str, &str) -> Result<T, ParameterError>;

/// What every supplier has: a new one must be given it, and none can be without it later.
fn lasting<T>(
    said: &Parameters<'_>,
    name: &str,
    is_new: bool,
    read: Reading<T>,
) -> Result<Option<T>, ParameterError> {
    match said.given(name)? {
        Given::Value(Some(text)) => read(said, name, &text).map(Some),
        Given::Absent if !is_new => Ok(None),
        Given::Absent | Given::Value(None) => Err(said.missing(name)),
    }
}

fn bounded<const MAX: usize>(
    said: &Parameters<'_>,
    name: &str,
    text: &str,
) -> Result<Text<MAX>, ParameterError> {
    said.bounded(name, text)
}

fn flag(said: &Parameters<'_>, name: &str, text: &str) -> Result<bool, ParameterError> {
    convert::flag(text).ok_or_else(|| said.malformed(name))
}

fn tax_id(said: &Parameters<'_>) -> Result<Given<Cuit>, Problem> {
    Ok(match said.given(wire::TAX_ID)? {
        Given::Value(Some(text)) => Given::Value(convert::tax_id(&text)?),
        Given::Value(None) => Given::Value(None),
        Given::Absent => Given::Absent,
    })
}

fn details(
    said: &Parameters<'_>,
) -> Result<Vec<(SupplierDetail, Option<DetailText>)>, ParameterError> {
    let mut details = Vec::new();
    for kind in SupplierDetail::ALL {
        let name = wire::detail_name(*kind);
        if let Given::Value(text) = said.given(name)? {
            let text = text.map(|text| said.bounded(name, &text)).transpose()?;
            details.push((*kind, text));
        }
    }
    Ok(details)
}
