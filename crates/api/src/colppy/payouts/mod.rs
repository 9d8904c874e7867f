//! Provision Pago: payouts are made and read.

use axum::http::HeaderMap;
use ventanilla_domain::{
    Application, CallerKey, Currency, IncomeWithholding, MeansLine, PayoutTerms, SupplierId, Text,
    Withholdings,
};
use ventanilla_service::{PayoutRequest, Subject, UserCaller, UserSession};

use super::amounts::Amounts;
use super::convert;
use super::errors::payouts::{NotKept, of_making};
use super::errors::{Problem, of_failure, of_read};
use super::operations::{Answer, Answering, Books, Call, Reply, reply};
use super::parameters::{ParameterError, Parameters};
use super::wire::payouts::{self as wire, FoundPayout, MadePayout, field};
use super::wire::{Found, field as common};
use crate::http::attempt::{self, KeysDiffer};

/// `alta_pago`.
pub(super) fn make<'a>(call: &'a Call<'a>, caller: UserCaller) -> Answering<'a> {
    Box::pin(async move {
        let books = Books::of(call, &caller)?;
        let request = request(&call.parameters, call.headers, books.currency)?;
        let made = call.service.make_payout(&caller, books.company()?, request).await;
        let made = made.map_err(|failure| of_failure(failure, of_making))?;
        let told = reply(&Found::success(wire::MADE, MadePayout::from_id(made.act.id)));
        let subject = Subject {
            payout: Some(made.act.id),
            supplier: Some(made.act.terms.supplier),
            ..Subject::default()
        };
        Ok(Reply { is_replay: made.is_replay, ..told }.about(subject))
    })
}

/// `leer_pago`.
pub(super) fn read(call: &Call<'_>, session: UserSession<'_>) -> Answer {
    let company = call.parameters.sought(common::COMPANY, convert::company_id)?;
    let payout = call.parameters.sought(field::PAYOUT, convert::payout_id)?;
    let (company, payout) = company.zip(payout).ok_or_else(Problem::payout_unknown)?;
    let desk = of_read(session.desk(company))?.ok_or_else(Problem::payout_unknown)?;
    let state = of_read(desk.payout(payout))?.ok_or_else(Problem::payout_unknown)?;
    Ok(reply(&Found::success(wire::FOUND, FoundPayout::from_state(company, &state))))
}

/// What a caller asks for, in the company's currency.
fn request(
    parameters: &Parameters<'_>,
    headers: &HeaderMap,
    currency: Currency,
) -> Result<PayoutRequest, Problem> {
    let request = PayoutRequest {
        terms: terms(parameters, currency)?,
        point: parameters.optional(field::POINT, convert::point)?,
        serial: parameters.optional(field::SERIAL, convert::serial)?,
        caller_key: caller_key(parameters, headers)?,
    };
    refuse_unkept(parameters)?;
    Ok(request)
}

/// The caller's name for this attempt, in the parameter or in the header.
pub(super) fn caller_key(
    parameters: &Parameters<'_>,
    headers: &HeaderMap,
) -> Result<Option<CallerKey>, ParameterError> {
    let name = field::CALLER_KEY;
    let sent = parameters.optional(name, |text| CallerKey::from_text(text).ok())?;
    attempt::key(sent, headers)
        .map_err(|KeysDiffer| ParameterError::KeysDiffer(parameters.named(name)))
}

fn terms(parameters: &Parameters<'_>, currency: Currency) -> Result<PayoutTerms, Problem> {
    let amounts = Amounts::of(parameters, currency);
    Ok(PayoutTerms {
        supplier: supplier(parameters)?,
        paid_on: parameters.required_day(field::PAID_ON)?,
        total: amounts.required(field::TOTAL)?,
        means: means(parameters, currency)?,
        is_rate_stated: is_rate_stated(parameters)?,
        stated_advance: amounts.or_nothing(field::ADVANCE)?,
        stated_invoices: amounts.or_nothing(field::INVOICES_TOTAL)?,
        discounts: amounts.or_nothing(field::DISCOUNTS)?,
        interest: amounts.or_nothing(field::INTEREST)?,
        withholdings: withholdings(parameters, currency)?,
        applied: parameters.rows(field::APPLIED_ROWS, |row| application(row, currency))?,
        description: parameters.bounded_line(field::DESCRIPTION)?,
    })
}

fn supplier(parameters: &Parameters<'_>) -> Result<SupplierId, Problem> {
    let supplier = parameters.sought(field::SUPPLIER, convert::supplier_id)?;
    supplier.ok_or_else(Problem::supplier_unknown)
}

/// Whether the rate is stated as 1; any rate that would change the amounts is refused.
fn is_rate_stated(parameters: &Parameters<'_>) -> Result<bool, Problem> {
    let rate = parameters.word(field::EXCHANGE_RATE)?;
    let rate = rate.map(|text| convert::is_one(&text).ok_or(NotKept::ExchangeRate));
    Ok(rate.transpose()?.unwrap_or(false))
}

fn means(
    parameters: &Parameters<'_>,
    currency: Currency,
) -> Result<Vec<MeansLine>, ParameterError> {
    let lines = parameters.rows(field::MEANS_ROWS, |row| means_line(row, currency))?;
    if lines.is_empty() { Err(parameters.missing(field::MEANS_ROWS)) } else { Ok(lines) }
}

fn means_line(row: &Parameters<'_>, currency: Currency) -> Result<MeansLine, ParameterError> {
    let means = convert::means(&row.required_word(field::MEANS)?);
    Ok(MeansLine {
        means: means.ok_or_else(|| ParameterError::UnknownMeans(row.named(field::MEANS)))?,
        amount: Amounts::of(row, currency).required(field::AMOUNT)?,
        chart_account: row.bounded_word(field::CHART_ACCOUNT)?,
        cheque_number: row.bounded_word(field::CHEQUE_NUMBER)?,
        valid_on: row.day(field::VALID_ON)?,
        is_reconciled: row.optional(field::IS_RECONCILED, convert::flag)?.unwrap_or(false),
    })
}

fn application(row: &Parameters<'_>, currency: Currency) -> Result<Application, ParameterError> {
    Ok(Application {
        invoice: row.required(field::APPLIED_INVOICE, convert::invoice_id)?,
        amount: Amounts::of(row, currency).required(row.agreed(&field::APPLIED_AMOUNT)?)?,
    })
}

fn withholdings(
    parameters: &Parameters<'_>,
    currency: Currency,
) -> Result<Withholdings, ParameterError> {
    let amounts = Amounts::of(parameters, currency);
    let income = |[amount, code, base]: [&str; 3]| {
        Ok::<_, ParameterError>(IncomeWithholding {
            amount: amounts.or_nothing(amount)?,
            code: self::code(parameters, code)?,
            base: amounts.or_nothing(base)?,
        })
    };
    let [first, second] = field::INCOME;
    Ok(Withholdings {
        gross_income: amounts.or_nothing(field::GROSS_INCOME)?,
        income: [income(first)?, income(second)?],
        rent: amounts.or_nothing(field::RENT)?,
    })
}

/// A regime's code; forms are filled with zeros where there is none.
fn code(parameters: &Parameters<'_>, name: &str) -> Result<Option<Text<20>>, ParameterError> {
    let code = parameters.word(name)?.filter(|code| !convert::is_zero(code));
    code.map(|code| parameters.bounded(name, &code)).transpose()
}

/// Refuses what would not be kept.
fn refuse_unkept(parameters: &Parameters<'_>) -> Result<(), Problem> {
    let state = parameters.word(field::STATE)?;
    if state.is_some_and(|state| !state.eq_ignore_ascii_case(wire::APPROVED)) {
        return Err(NotKept::State.into());
    }
    if parameters.word(field::PAYOUT)?.is_some_and(|id| !convert::is_zero(&id)) {
        return Err(NotKept::Payout.into());
    }
    if !parameters.rows(field::WITHHOLDING_ROWS, |_| Ok(()))?.is_empty() {
        return Err(NotKept::WithholdingRows.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
