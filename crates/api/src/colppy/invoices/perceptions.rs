//! Gross-income tax collected in advance: stated in fields of the invoice, in rows of their own, or
//! in both, which must agree.

use ventanilla_domain::{Currency, DetailText, Money};

use super::super::amounts::Amounts;
use super::super::convert;
use super::super::errors::Problem;
use super::super::errors::invoices::NotKept;
use super::super::parameters::{ParameterError, Parameters};
use super::super::wire::invoices::field;
use super::sum;

/// What was collected, in all and by jurisdiction.
pub(super) struct Perceptions {
    pub(super) total: Money,
    pub(super) amounts: [Money; 2],
    pub(super) jurisdictions: [Option<DetailText>; 2],
}

/// A row of one jurisdiction.
struct Row {
    amount: Money,
    jurisdiction: Option<DetailText>,
    has_certificate: bool,
}

impl Perceptions {
    pub(super) fn read(parameters: &Parameters<'_>, currency: Currency) -> Result<Self, Problem> {
        let rows = parameters.rows(field::PERCEPTION_ROWS, |row| Row::read(row, currency))?;
        if rows.len() > 2 || rows.iter().any(|row| row.has_certificate) {
            return Err(NotKept::Perceptions.into());
        }
        let stated = Amounts::of(parameters, currency).optional(field::GROSS_INCOME)?;
        let of_rows: Vec<_> = rows.iter().map(|row| row.amount).collect();
        let of_rows = (!rows.is_empty()).then(|| sum(currency, &of_rows));
        let stated = agreed(field::GROSS_INCOME, stated, of_rows)?;
        let mut rows = rows.into_iter();
        let [first, second] = field::GROSS_INCOME_PARTS;
        let (first, first_name) = part(parameters, currency, first, rows.next())?;
        let (second, second_name) = part(parameters, currency, second, rows.next())?;
        let amounts = [first, second];
        let total = stated.unwrap_or_else(|| sum(currency, &amounts));
        Ok(Self { total, amounts, jurisdictions: [first_name, second_name] })
    }
}

impl Row {
    fn read(row: &Parameters<'_>, currency: Currency) -> Result<Self, ParameterError> {
        let amount = Amounts::of(row, currency).optional(field::PERCEPTION)?;
        Ok(Self {
            amount: amount.ok_or_else(|| row.missing(field::PERCEPTION))?,
            jurisdiction: named(row, field::JURISDICTION)?,
            has_certificate: row.word(field::CERTIFICATE)?.is_some(),
        })
    }
}

/// A jurisdiction; forms are filled with zeros where there is none.
fn named(parameters: &Parameters<'_>, name: &str) -> Result<Option<DetailText>, ParameterError> {
    let jurisdiction: Option<DetailText> = parameters.bounded_word(name)?;
    Ok(jurisdiction.filter(|text| !convert::is_zero(text.as_str())))
}

/// Amount and jurisdiction of one part. Forms are filled with zeros where nothing is stated.
fn part(
    parameters: &Parameters<'_>,
    currency: Currency,
    [amount, jurisdiction]: [&'static str; 2],
    row: Option<Row>,
) -> Result<(Money, Option<DetailText>), Problem> {
    let stated = Amounts::of(parameters, currency).optional(amount)?;
    let stated = stated.filter(|stated| stated.to_minor() != 0);
    let name = named(parameters, jurisdiction)?;
    let (row, row_name) = row.map_or((None, None), |row| (Some(row.amount), row.jurisdiction));
    let part = agreed(amount, stated, row)?.unwrap_or(Money::zero(currency));
    Ok((part, agreed(jurisdiction, name, row_name)?))
}

/// What is stated in a field and what a row says of it: whichever is there.
fn agreed<T: PartialEq>(
    name: &'static str,
    stated: Option<T>,
    row: Option<T>,
) -> Result<Option<T>, NotKept> {
    match (stated, row) {
        (Some(stated), Some(row)) if stated != row => Err(NotKept::PerceptionsDiffer(name)),
        (stated, row) => Ok(stated.or(row)),
    }
}
