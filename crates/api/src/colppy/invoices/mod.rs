//! Provision `FacturaCompra`: purchase invoices are entered and read.

mod perceptions;

use ventanilla_domain::{
    CompanyId, Currency, Details, DocumentNumber, InvoiceDetail, InvoiceTerms, ItemDetail, Letter,
    Money, PurchaseInvoiceId, PurchaseParts,
};
use ventanilla_service::{Desk, Service, Subject, UserCaller, UserSession};

use self::perceptions::Perceptions;
use super::amounts::Amounts;
use super::convert;
use super::errors::invoices::{NotKept, of_entering};
use super::errors::{Problem, of_failure, of_opened, of_read};
use super::lists::{Query, SameWord};
use super::operations::{Answer, Answering, Books, Call, in_background, reply};
use super::parameters::{ParameterError, Parameters};
use super::wire::invoices::{self as wire, CompanysInvoice, EnteredInvoice, FoundInvoice, field};
use super::wire::{DONE, Listed, field as common};

/// `alta_facturacompra`.
pub(super) fn enter<'a>(call: &'a Call<'a>, caller: UserCaller) -> Answering<'a> {
    Box::pin(async move {
        let books = Books::of(call, &caller)?;
        let terms = terms(&call.parameters, books.currency)?;
        let entered = call.service.enter_invoice(&caller, books.company()?, terms).await;
        let entered = entered.map_err(|failure| of_failure(failure, of_entering))?;
        let subject = Subject {
            invoice: Some(entered.id),
            supplier: Some(entered.terms.supplier),
            ..Subject::default()
        };
        Ok(reply(&EnteredInvoice::from_id(entered.id)).about(subject))
    })
}

/// `leer_facturacompra`.
pub(super) fn read(call: &Call<'_>, session: UserSession<'_>) -> Answer {
    let (desk, company, id) = sought(call, session)?;
    let state = of_read(desk.invoice(id))?.ok_or_else(Problem::invoice_unknown)?;
    Ok(reply(&FoundInvoice::from_state(&(company, state))))
}

/// `leer_pagos_factura`.
pub(super) fn read_payouts(call: &Call<'_>, session: UserSession<'_>) -> Answer {
    let (desk, _, id) = sought(call, session)?;
    let payouts = of_read(desk.payouts_of_invoice(id))?.ok_or_else(Problem::invoice_unknown)?;
    let rows = wire::INVOICE_PAYOUTS.rows(&payouts);
    Ok(reply(&Listed::success(DONE, payouts.len(), rows)))
}

/// Where the invoice is that a call asks for, if it is anywhere.
fn sought<'s>(
    call: &Call<'_>,
    session: UserSession<'s>,
) -> Result<(Desk<'s>, CompanyId, PurchaseInvoiceId), Problem> {
    let company = call.parameters.sought(common::COMPANY, convert::company_id)?;
    let invoice = call.parameters.sought(field::INVOICE, convert::invoice_id)?;
    let (company, invoice) = company.zip(invoice).ok_or_else(Problem::invoice_unknown)?;
    let desk = of_read(session.desk(company))?.ok_or_else(Problem::invoice_unknown)?;
    Ok((desk, company, invoice))
}

/// `listar_facturascompra`.
pub(super) fn list<'a>(call: &'a Call<'a>, caller: UserCaller) -> Answering<'a> {
    Box::pin(async move {
        let company = call.parameters.sought(common::COMPANY, convert::company_id)?;
        let query = Query::from_parameters(&call.parameters, &wire::INVOICES)?;
        let company = company.ok_or_else(Problem::company_unknown)?;
        let service = call.service.clone();
        in_background(move || page(&service, &caller, company, &query)).await
    })
}

fn page(
    service: &Service,
    caller: &UserCaller,
    company: CompanyId,
    query: &Query<CompanysInvoice>,
) -> Answer {
    let session = of_opened(service.session_of(caller))?;
    let desk = of_read(session.desk(company))?.ok_or_else(Problem::company_unknown)?;
    let each = |take: &mut dyn FnMut(CompanysInvoice)| {
        desk.each_invoice(&mut |state| take((company, state)))
    };
    let by_id = |id| {
        let id = PurchaseInvoiceId::from_i64(id).ok();
        let found = id.map(|id| desk.invoice(id)).transpose()?.flatten();
        Ok(found.map(|state| (company, state)))
    };
    let page = of_read(query.run(each, by_id))?;
    let rows = wire::INVOICES.rows(&page.rows);
    Ok(reply(&Listed::success(DONE, page.total, rows)))
}

/// What an invoice says, in the company's currency.
fn terms(parameters: &Parameters<'_>, currency: Currency) -> Result<InvoiceTerms, Problem> {
    let supplier = parameters.sought(field::SUPPLIER, convert::supplier_id)?;
    let supplier = supplier.ok_or_else(Problem::supplier_unknown)?;
    let number = number(parameters)?;
    let booked_on = parameters.required_day(field::BOOKED_ON)?;
    let perceptions = Perceptions::read(parameters, currency)?;
    let parts = parts(parameters, currency, &perceptions)?;
    let terms = InvoiceTerms {
        supplier,
        number,
        letter: parameters.optional(field::LETTER, |text| Letter::from_text(text).ok())?,
        booked_on,
        issued_on: parameters.day(field::ISSUED_ON)?.unwrap_or(booked_on),
        due_on: parameters.day(field::DUE_ON)?,
        total: total(parameters, currency, &parts)?,
        parts,
        description: parameters.bounded_line(field::DESCRIPTION)?,
        details: details(parameters, perceptions)?,
        items: parameters.rows(field::ITEM_ROWS, item)?,
    };
    refuse_unkept(parameters)?;
    Ok(terms)
}

fn number(parameters: &Parameters<'_>) -> Result<DocumentNumber, ParameterError> {
    let point = parameters.optional(field::POINT, convert::point)?.unwrap_or(0);
    parameters.required(field::SERIAL, |text| {
        DocumentNumber::from_parts(point, convert::serial(text)?).ok()
    })
}

fn parts(
    parameters: &Parameters<'_>,
    currency: Currency,
    perceptions: &Perceptions,
) -> Result<PurchaseParts, ParameterError> {
    let amounts = Amounts::of(parameters, currency);
    let [standard, reduced, raised] = field::VAT_BY_RATE;
    let vat_by_rate =
        [amounts.or_nothing(standard)?, amounts.or_nothing(reduced)?, amounts.or_nothing(raised)?];
    Ok(PurchaseParts {
        net: amounts.or_nothing(field::NET)?,
        untaxed: amounts.or_nothing(field::UNTAXED)?,
        vat: amounts.optional(field::VAT)?.unwrap_or_else(|| sum(currency, &vat_by_rate)),
        vat_by_rate,
        vat_perception: amounts.or_nothing(field::VAT_PERCEPTION)?,
        gross_income: perceptions.total,
        gross_income_by_jurisdiction: perceptions.amounts,
    })
}

/// The sum of a few amounts of one currency, each of which was read.
fn sum(currency: Currency, amounts: &[Money]) -> Money {
    Money::from_minor(amounts.iter().map(|amount| amount.to_minor()).sum(), currency)
}

/// The total as stated, or what the parts come to.
fn total(
    parameters: &Parameters<'_>,
    currency: Currency,
    parts: &PurchaseParts,
) -> Result<Money, ParameterError> {
    let amounts = Amounts::of(parameters, currency);
    if amounts.optional(field::TOTAL)?.is_some() {
        return amounts.required(field::TOTAL);
    }
    let sum = parts.checked_sum().ok().filter(|sum| sum.to_minor() > 0);
    sum.ok_or_else(|| parameters.missing(field::TOTAL))
}

fn details(
    parameters: &Parameters<'_>,
    perceptions: Perceptions,
) -> Result<Details<InvoiceDetail>, ParameterError> {
    let kinds = [InvoiceDetail::FirstJurisdiction, InvoiceDetail::SecondJurisdiction];
    let jurisdictions = kinds.into_iter().zip(perceptions.jurisdictions);
    let mut details: Details<_> =
        jurisdictions.filter_map(|(kind, text)| Some((kind, text?))).collect();
    for (kind, name) in field::DETAILS {
        if let Some(text) = parameters.bounded_word(name)? {
            details.insert(kind, text);
        }
    }
    Ok(details)
}

fn item(row: &Parameters<'_>) -> Result<Details<ItemDetail>, ParameterError> {
    let mut item = Details::new();
    for (kind, names) in field::ITEM {
        if let Some(text) = row.bounded_word(row.spelt(names))? {
            item.insert(kind, text);
        }
    }
    Ok(item)
}

/// What has one value alone: its name, what that value is known by, and what any other is told.
const FIXED: [(&str, SameWord, NotKept); 4] = [
    (field::KIND, wire::kind, NotKept::Kind),
    (field::STATE, wire::approved, NotKept::State),
    (field::CURRENCY, wire::currency, NotKept::Currency),
    (field::EXCHANGE_RATE, wire::exchange_rate, NotKept::ExchangeRate),
];

/// Refuses what would not be kept.
fn refuse_unkept(parameters: &Parameters<'_>) -> Result<(), Problem> {
    for (name, same, not_kept) in FIXED {
        if parameters.word(name)?.is_some_and(|given| same(&given).is_none()) {
            return Err(not_kept.into());
        }
    }
    if parameters.word(field::INVOICE)?.is_some_and(|id| !convert::is_zero(&id)) {
        return Err(NotKept::Invoice.into());
    }
    if !parameters.rows(field::PAYMENT_ROWS, |_| Ok(()))?.is_empty() {
        return Err(NotKept::Payments.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
