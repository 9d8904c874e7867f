//! What is printed of a bill, and the parts of its amount, as JSON.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use ventanilla_domain::{
    BillVersion, Concept, Currency, DetailLine, Money, PrintedFacts, RevenueShare,
};

use crate::StoreError;
use crate::values::{date, optional, shown, text};

/// A part of a bill's amount: a detail line's, or a revenue account's.
#[derive(Serialize, Deserialize, Clone)]
pub(crate) struct ShareRecord {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    minor: i64,
}

impl ShareRecord {
    /// `None` for the ordinary case: all of it `por clasificar`.
    pub(crate) fn from_shares(shares: &[RevenueShare]) -> Option<Vec<Self>> {
        if let [RevenueShare { account: None, .. }] = shares {
            return None;
        }
        let record = |share: &RevenueShare| Self {
            name: shown(share.account.as_ref()),
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
pub(crate) struct PrintedRecord {
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_on: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_on: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    billing_month: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fiscal_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    control_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issue_deadline: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cuf: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reading_before: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reading_after: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consumption: Option<String>,
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
    details: Vec<ShareRecord>,
}

impl PrintedRecord {
    /// `None` where nothing is printed beside the bill itself.
    pub(crate) fn from_facts(facts: &PrintedFacts) -> Option<Self> {
        if *facts == PrintedFacts::default() {
            return None;
        }
        let day = |date: Option<Date>| date.map(|date| date.to_string());
        let minor = |amount: Option<Money>| amount.map(Money::to_minor);
        Some(Self {
            issued_on: day(facts.issued_on),
            due_on: day(facts.due_on),
            billing_month: shown(facts.billing_month.as_ref()),
            fiscal_number: shown(facts.fiscal_number.as_ref()),
            authorization: shown(facts.authorization.as_ref()),
            control_code: shown(facts.control_code.as_ref()),
            issue_deadline: day(facts.issue_deadline),
            cuf: shown(facts.cuf.as_ref()),
            reading_before: shown(facts.reading_before.as_ref()),
            reading_after: shown(facts.reading_after.as_ref()),
            consumption: shown(facts.consumption.as_ref()),
            tax_credit_base: minor(facts.tax_credit_base),
            ice_and_fees: minor(facts.ice_and_fees),
            untaxed: minor(facts.untaxed),
            not_subject: minor(facts.not_subject),
            discounts: minor(facts.discounts),
            details: facts
                .details
                .iter()
                .map(|line| ShareRecord {
                    name: Some(line.concept.to_string()),
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
        let day = |value: Option<String>| value.as_deref().map(date).transpose();
        let money = |minor: Option<i64>| minor.map(|minor| Money::from_minor(minor, currency));
        let line = |share: ShareRecord| {
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

/// What a version's row has as JSON; `None` for the ordinary case.
#[derive(Debug)]
pub(crate) struct VersionTexts {
    /// What is printed of it.
    pub(crate) printed: Option<String>,
    /// Its amount by revenue account.
    pub(crate) revenue: Option<String>,
}

impl VersionTexts {
    pub(crate) fn of(version: &BillVersion) -> Self {
        let printed = PrintedRecord::from_facts(&version.terms.printed);
        let revenue = ShareRecord::from_shares(&version.revenue);
        Self {
            printed: printed.map(|record| to_json(&record)),
            revenue: revenue.map(|shares| to_json(&shares)),
        }
    }
}

/// A record as JSON.
pub(crate) fn to_json(record: &impl Serialize) -> String {
    serde_json::to_string(record).expect("records hold only texts and numbers")
}
