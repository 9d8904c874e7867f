//! What is printed of a bill, and the parts of its amount, as JSON.

use std::borrow::Cow;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use ventanilla_domain::{
    BillVersion, Concept, Currency, DetailLine, Money, PrintedFacts, RevenueShare, Text,
};

use crate::StoreError;
use crate::values::{date, optional, text};

/// A part of a bill's amount: a detail line's, or a revenue account's.
#[derive(Serialize, Deserialize, Clone)]
pub(crate) struct ShareRecord<'a> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<Cow<'a, str>>,
    minor: i64,
}

impl<'a> ShareRecord<'a> {
    /// `None` for the ordinary case: all of it `por clasificar`.
    pub(crate) fn from_shares(shares: &'a [RevenueShare]) -> Option<Vec<Self>> {
        if let [RevenueShare { account: None, .. }] = shares {
            return None;
        }
        let record = |share: &'a RevenueShare| Self {
            name: words(share.account.as_ref()),
            minor: share.amount.to_minor(),
        };
        Some(shares.iter().map(record).collect())
    }

    pub(crate) fn to_shares(
        shares: Option<Vec<Self>>,
        amount: Money,
    ) -> Result<Vec<RevenueShare>, StoreError> {
        let Some(shares) = shares else {
            return Ok(vec![RevenueShare { account: None, amount }]);
        };
        let share = |share: Self| {
            let account = optional(share.name.as_deref())?;
            Ok(RevenueShare { account, amount: Money::from_minor(share.minor, amount.currency()) })
        };
        shares.into_iter().map(share).collect()
    }
}

/// The facts of a bill that are printed and nothing else.
#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
pub(crate) struct PrintedRecord<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_on: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_on: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    billing_month: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fiscal_number: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    control_code: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issue_deadline: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cuf: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reading_before: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reading_after: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consumption: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tax_credit_base: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ice_and_fees: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    untaxed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_subject: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    discounts: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    details: Vec<ShareRecord<'a>>,
}

impl<'a> PrintedRecord<'a> {
    /// `None` where nothing is printed beside the bill itself.
    pub(crate) fn from_facts(facts: &'a PrintedFacts) -> Option<Self> {
        if *facts == PrintedFacts::default() {
            return None;
        }
        let day = |date: Option<Date>| date.map(|date| date.to_string().into());
        let minor = |amount: Option<Money>| amount.map(Money::to_minor);
        Some(Self {
            issued_on: day(facts.issued_on),
            due_on: day(facts.due_on),
            billing_month: words(facts.billing_month.as_ref()),
            fiscal_number: words(facts.fiscal_number.as_ref()),
            authorization: words(facts.authorization.as_ref()),
            control_code: words(facts.control_code.as_ref()),
            issue_deadline: day(facts.issue_deadline),
            cuf: words(facts.cuf.as_ref()),
            reading_before: words(facts.reading_before.as_ref()),
            reading_after: words(facts.reading_after.as_ref()),
            consumption: words(facts.consumption.as_ref()),
            tax_credit_base: minor(facts.tax_credit_base),
            ice_and_fees: minor(facts.ice_and_fees),
            untaxed: minor(facts.untaxed),
            not_subject: minor(facts.not_subject),
            discounts: minor(facts.discounts),
            details: facts
                .details
                .iter()
                .map(|line| ShareRecord {
                    name: Some(line.concept.as_str().into()),
                    minor: line.amount.to_minor(),
                })
                .collect(),
        })
    }

    pub(crate) fn to_facts(
        record: Option<Self>,
        currency: Currency,
    ) -> Result<PrintedFacts, StoreError> {
        let Some(record) = record else {
            return Ok(PrintedFacts::default());
        };
        let day = |value: Option<Cow<'a, str>>| value.as_deref().map(date).transpose();
        let money = |minor: Option<i64>| minor.map(|minor| Money::from_minor(minor, currency));
        let line = |share: ShareRecord<'a>| {
            let concept: Concept = text(&share.name.unwrap_or_default())?;
            Ok(DetailLine { concept, amount: Money::from_minor(share.minor, currency) })
        };
        Ok(PrintedFacts {
            issued_on: day(record.issued_on)?,
            due_on: day(record.due_on)?,
            billing_month: optional(record.billing_month.as_deref())?,
            fiscal_number: optional(record.fiscal_number.as_deref())?,
            authorization: optional(record.authorization.as_deref())?,
            control_code: optional(record.control_code.as_deref())?,
            issue_deadline: day(record.issue_deadline)?,
            cuf: optional(record.cuf.as_deref())?,
            reading_before: optional(record.reading_before.as_deref())?,
            reading_after: optional(record.reading_after.as_deref())?,
            consumption: optional(record.consumption.as_deref())?,
            tax_credit_base: money(record.tax_credit_base),
            ice_and_fees: money(record.ice_and_fees),
            untaxed: money(record.untaxed),
            not_subject: money(record.not_subject),
            discounts: money(record.discounts),
            details: record.details.into_iter().map(line).collect::<Result<_, StoreError>>()?,
        })
    }
}

/// What a version's row has as JSON, and its entry has within its own; `None` for the ordinary case.
#[derive(Debug)]
pub(crate) struct VersionTexts {
    /// What is printed of it.
    pub(crate) printed: Option<Box<RawValue>>,
    /// Its amount by revenue account.
    pub(crate) revenue: Option<Box<RawValue>>,
}

impl VersionTexts {
    pub(crate) fn of(version: &BillVersion) -> Self {
        Self {
            printed: PrintedRecord::from_facts(&version.terms.printed).map(to_raw),
            revenue: ShareRecord::from_shares(&version.revenue).map(to_raw),
        }
    }
}

fn to_raw(record: impl Serialize) -> Box<RawValue> {
    to_raw_value(&record).expect(PLAIN)
}

/// A record as JSON.
pub(crate) fn to_json(record: &impl Serialize) -> String {
    serde_json::to_string(record).expect(PLAIN)
}

const PLAIN: &str = "records hold only texts and numbers";

fn words<const MAX: usize>(text: Option<&Text<MAX>>) -> Option<Cow<'_, str>> {
    text.map(|text| text.as_str().into())
}
