//! The JSON of the suppliers' side: suppliers, what they billed, payouts and their reversals.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ventanilla_domain::{
    Application, BusinessDay, Cuit, Currency, DetailKind, Details, IncomeWithholding, IntegratorId,
    InvoiceTerms, Means, MeansLine, Money, Payout, PayoutId, PayoutReversal, PayoutTerms,
    PurchaseInvoice, PurchaseInvoiceId, PurchaseParts, Supplier, SupplierId, Withholdings,
};

use super::printed::to_json;
use super::record::parsed;
use crate::StoreError;
use crate::values::{
    cuit, date, document_number, id, instant, key, letter, money, optional, shown, text,
};

/// What is said, by the code of its kind.
type DetailsRecord = BTreeMap<String, String>;

#[derive(Serialize, Deserialize)]
struct SupplierRecord {
    id: i64,
    trade_name: String,
    legal_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tax_id: Option<String>,
    is_active: bool,
    registered_on: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    details: DetailsRecord,
    by: String,
}

#[derive(Serialize, Deserialize)]
struct InvoiceRecord {
    id: i64,
    supplier: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    letter: Option<String>,
    point: u32,
    serial: u32,
    booked_on: String,
    issued_on: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_on: Option<String>,
    minor: i64,
    #[serde(default, skip_serializing_if = "PartsRecord::is_none")]
    parts: PartsRecord,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    details: DetailsRecord,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    items: Vec<DetailsRecord>,
    at_us: i64,
    by: String,
}

/// What an invoice's total is made of, in hundredths.
#[derive(Serialize, Deserialize, Default, PartialEq)]
#[serde(default)]
struct PartsRecord {
    #[serde(skip_serializing_if = "is_nothing")]
    net: i64,
    #[serde(skip_serializing_if = "is_nothing")]
    untaxed: i64,
    #[serde(skip_serializing_if = "is_nothing")]
    vat: i64,
    #[serde(skip_serializing_if = "is_nothing")]
    vat_21: i64,
    #[serde(skip_serializing_if = "is_nothing")]
    vat_10_5: i64,
    #[serde(skip_serializing_if = "is_nothing")]
    vat_27: i64,
    #[serde(skip_serializing_if = "is_nothing")]
    vat_perception: i64,
    #[serde(skip_serializing_if = "is_nothing")]
    gross_income: i64,
    #[serde(skip_serializing_if = "is_nothing")]
    gross_income_1: i64,
    #[serde(skip_serializing_if = "is_nothing")]
    gross_income_2: i64,
}

impl PartsRecord {
    fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

#[derive(Serialize, Deserialize)]
struct PayoutRecord {
    id: i64,
    point: u32,
    serial: u32,
    supplier: i64,
    paid_on: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_rate_stated: bool,
    minor: i64,
    #[serde(default, skip_serializing_if = "is_nothing")]
    advance: i64,
    #[serde(default, skip_serializing_if = "is_nothing")]
    invoices: i64,
    #[serde(default, skip_serializing_if = "is_nothing")]
    discounts: i64,
    #[serde(default, skip_serializing_if = "is_nothing")]
    interest: i64,
    #[serde(default, skip_serializing_if = "is_nothing")]
    gross_income: i64,
    #[serde(default, skip_serializing_if = "IncomeRecord::is_none")]
    income_1: IncomeRecord,
    #[serde(default, skip_serializing_if = "IncomeRecord::is_none")]
    income_2: IncomeRecord,
    #[serde(default, skip_serializing_if = "is_nothing")]
    rent: i64,
    means: Vec<MeansRecord>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    applied: Vec<ApplicationRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    at_us: i64,
    day: String,
    by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    integrator: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

/// Income tax kept back under one regime.
#[derive(Serialize, Deserialize, Default, PartialEq)]
#[serde(default)]
struct IncomeRecord {
    #[serde(skip_serializing_if = "is_nothing")]
    minor: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "is_nothing")]
    base: i64,
}

impl IncomeRecord {
    fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

#[derive(Serialize, Deserialize)]
struct MeansRecord {
    means: String,
    minor: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cheque: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    valid_on: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_reconciled: bool,
}

#[derive(Serialize, Deserialize)]
struct ApplicationRecord {
    invoice: i64,
    minor: i64,
}

#[derive(Serialize, Deserialize)]
struct PayoutReversalRecord {
    payout: PayoutRecord,
    at_us: i64,
    day: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    by: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes what it may skip by reference")]
fn is_nothing(minor: &i64) -> bool {
    *minor == 0
}

pub(super) fn write_supplier(supplier: &Supplier) -> String {
    to_json(&SupplierRecord {
        id: supplier.id.to_i64(),
        trade_name: supplier.trade_name.to_string(),
        legal_name: supplier.legal_name.to_string(),
        tax_id: supplier.tax_id.map(Cuit::to_digits),
        is_active: supplier.is_active,
        registered_on: supplier.registered_on.to_string(),
        details: details_record(&supplier.details),
        by: supplier.changed_by.to_string(),
    })
}

/// The supplier of that JSON.
pub(crate) fn read_supplier(json: &str) -> Result<Supplier, StoreError> {
    let record: SupplierRecord = parsed(json)?;
    Ok(Supplier {
        id: id(SupplierId::from_i64, record.id)?,
        trade_name: text(&record.trade_name)?,
        legal_name: text(&record.legal_name)?,
        tax_id: record.tax_id.as_deref().map(cuit).transpose()?,
        is_active: record.is_active,
        registered_on: date(&record.registered_on)?,
        details: details(&record.details)?,
        changed_by: text(&record.by)?,
    })
}

pub(super) fn write_invoice(invoice: &PurchaseInvoice) -> String {
    let terms = &invoice.terms;
    to_json(&InvoiceRecord {
        id: invoice.id.to_i64(),
        supplier: terms.supplier.to_i64(),
        letter: terms.letter.as_ref().map(|letter| letter.as_str().to_owned()),
        point: terms.number.to_point(),
        serial: terms.number.to_serial(),
        booked_on: terms.booked_on.to_string(),
        issued_on: terms.issued_on.to_string(),
        due_on: terms.due_on.map(|day| day.to_string()),
        minor: terms.total.to_minor(),
        parts: parts_record(&terms.parts),
        description: shown(terms.description.as_ref()),
        details: details_record(&terms.details),
        items: terms.items.iter().map(details_record).collect(),
        at_us: invoice.recorded_at.as_microsecond(),
        by: invoice.recorded_by.to_string(),
    })
}

/// The invoice of that JSON.
pub(crate) fn read_invoice(json: &str, currency: Currency) -> Result<PurchaseInvoice, StoreError> {
    let record: InvoiceRecord = parsed(json)?;
    Ok(PurchaseInvoice {
        id: id(PurchaseInvoiceId::from_i64, record.id)?,
        terms: InvoiceTerms {
            supplier: id(SupplierId::from_i64, record.supplier)?,
            number: document_number(record.point, record.serial)?,
            letter: record.letter.as_deref().map(letter).transpose()?,
            booked_on: date(&record.booked_on)?,
            issued_on: date(&record.issued_on)?,
            due_on: record.due_on.as_deref().map(date).transpose()?,
            total: money(record.minor, currency),
            parts: parts(&record.parts, currency),
            description: optional(record.description.as_deref())?,
            details: details(&record.details)?,
            items: record.items.iter().map(details).collect::<Result<_, _>>()?,
        },
        recorded_at: instant(record.at_us)?,
        recorded_by: text(&record.by)?,
    })
}

pub(super) fn write_payout(payout: &Payout) -> String {
    to_json(&payout_record(payout))
}

/// The payout of that JSON.
pub(crate) fn read_payout(json: &str, currency: Currency) -> Result<Payout, StoreError> {
    payout(&parsed(json)?, currency)
}

pub(super) fn write_reversal(reversal: &PayoutReversal) -> String {
    to_json(&PayoutReversalRecord {
        payout: payout_record(&reversal.payout),
        at_us: reversal.recorded_at.as_microsecond(),
        day: reversal.business_day.to_date().to_string(),
        reason: shown(reversal.reason.as_ref()),
        by: reversal.reversed_by.to_string(),
    })
}

/// The reversal of a payout of that JSON.
pub(crate) fn read_reversal(json: &str, currency: Currency) -> Result<PayoutReversal, StoreError> {
    let record: PayoutReversalRecord = parsed(json)?;
    Ok(PayoutReversal {
        payout: payout(&record.payout, currency)?,
        recorded_at: instant(record.at_us)?,
        business_day: BusinessDay::from_date(date(&record.day)?),
        reason: optional(record.reason.as_deref())?,
        reversed_by: text(&record.by)?,
    })
}

fn details_record<K: DetailKind>(details: &Details<K>) -> DetailsRecord {
    let told = details.iter().map(|(kind, text)| (kind.to_code().to_owned(), text.to_string()));
    told.collect()
}

fn details<K: DetailKind>(record: &DetailsRecord) -> Result<Details<K>, StoreError> {
    let told = record.iter().map(|(code, said)| {
        let kind = K::from_code(code);
        let kind = kind.ok_or_else(|| StoreError::damaged("a detail's kind is not one"))?;
        Ok((kind, text(said)?))
    });
    told.collect()
}

fn parts_record(parts: &PurchaseParts) -> PartsRecord {
    let [vat_21, vat_10_5, vat_27] = parts.vat_by_rate.map(Money::to_minor);
    let [gross_income_1, gross_income_2] = parts.gross_income_by_jurisdiction.map(Money::to_minor);
    PartsRecord {
        net: parts.net.to_minor(),
        untaxed: parts.untaxed.to_minor(),
        vat: parts.vat.to_minor(),
        vat_21,
        vat_10_5,
        vat_27,
        vat_perception: parts.vat_perception.to_minor(),
        gross_income: parts.gross_income.to_minor(),
        gross_income_1,
        gross_income_2,
    }
}

fn parts(record: &PartsRecord, currency: Currency) -> PurchaseParts {
    let money = |minor| money(minor, currency);
    PurchaseParts {
        net: money(record.net),
        untaxed: money(record.untaxed),
        vat: money(record.vat),
        vat_by_rate: [record.vat_21, record.vat_10_5, record.vat_27].map(money),
        vat_perception: money(record.vat_perception),
        gross_income: money(record.gross_income),
        gross_income_by_jurisdiction: [record.gross_income_1, record.gross_income_2].map(money),
    }
}

fn payout_record(payout: &Payout) -> PayoutRecord {
    let terms = &payout.terms;
    let [income_1, income_2] = terms.withholdings.income.each_ref().map(income_record);
    PayoutRecord {
        id: payout.id.to_i64(),
        point: payout.number.to_point(),
        serial: payout.number.to_serial(),
        supplier: terms.supplier.to_i64(),
        paid_on: terms.paid_on.to_string(),
        is_rate_stated: terms.is_rate_stated,
        minor: terms.total.to_minor(),
        advance: terms.stated_advance.to_minor(),
        invoices: terms.stated_invoices.to_minor(),
        discounts: terms.discounts.to_minor(),
        interest: terms.interest.to_minor(),
        gross_income: terms.withholdings.gross_income.to_minor(),
        income_1,
        income_2,
        rent: terms.withholdings.rent.to_minor(),
        means: terms.means.iter().map(means_record).collect(),
        applied: terms.applied.iter().map(application_record).collect(),
        description: shown(terms.description.as_ref()),
        at_us: payout.recorded_at.as_microsecond(),
        day: payout.business_day.to_date().to_string(),
        by: payout.recorded_by.to_string(),
        integrator: payout.integrator.map(IntegratorId::to_i64),
        key: payout.caller_key.as_ref().map(|key| key.as_str().to_owned()),
    }
}

fn payout(record: &PayoutRecord, currency: Currency) -> Result<Payout, StoreError> {
    Ok(Payout {
        id: id(PayoutId::from_i64, record.id)?,
        number: document_number(record.point, record.serial)?,
        terms: payout_terms(record, currency)?,
        recorded_at: instant(record.at_us)?,
        business_day: BusinessDay::from_date(date(&record.day)?),
        recorded_by: text(&record.by)?,
        integrator: record.integrator.map(|by| id(IntegratorId::from_i64, by)).transpose()?,
        caller_key: key(record.key.as_deref())?,
    })
}

fn payout_terms(record: &PayoutRecord, currency: Currency) -> Result<PayoutTerms, StoreError> {
    let (means_lines, applied) = (record.means.iter(), record.applied.iter());
    Ok(PayoutTerms {
        supplier: id(SupplierId::from_i64, record.supplier)?,
        paid_on: date(&record.paid_on)?,
        is_rate_stated: record.is_rate_stated,
        total: money(record.minor, currency),
        stated_advance: money(record.advance, currency),
        stated_invoices: money(record.invoices, currency),
        discounts: money(record.discounts, currency),
        interest: money(record.interest, currency),
        withholdings: Withholdings {
            gross_income: money(record.gross_income, currency),
            income: [income(&record.income_1, currency)?, income(&record.income_2, currency)?],
            rent: money(record.rent, currency),
        },
        means: means_lines.map(|line| means_line(line, currency)).collect::<Result<_, _>>()?,
        applied: applied.map(|record| application(record, currency)).collect::<Result<_, _>>()?,
        description: optional(record.description.as_deref())?,
    })
}

fn income_record(income: &IncomeWithholding) -> IncomeRecord {
    IncomeRecord {
        minor: income.amount.to_minor(),
        code: shown(income.code.as_ref()),
        base: income.base.to_minor(),
    }
}

fn income(record: &IncomeRecord, currency: Currency) -> Result<IncomeWithholding, StoreError> {
    Ok(IncomeWithholding {
        amount: money(record.minor, currency),
        code: optional(record.code.as_deref())?,
        base: money(record.base, currency),
    })
}

fn means_record(line: &MeansLine) -> MeansRecord {
    MeansRecord {
        means: line.means.to_code().to_owned(),
        minor: line.amount.to_minor(),
        account: shown(line.chart_account.as_ref()),
        cheque: shown(line.cheque_number.as_ref()),
        valid_on: line.valid_on.map(|day| day.to_string()),
        is_reconciled: line.is_reconciled,
    }
}

fn means_line(record: &MeansRecord, currency: Currency) -> Result<MeansLine, StoreError> {
    let means = Means::from_code(&record.means);
    Ok(MeansLine {
        means: means.ok_or_else(|| StoreError::damaged("a means of payment is not one"))?,
        amount: money(record.minor, currency),
        chart_account: optional(record.account.as_deref())?,
        cheque_number: optional(record.cheque.as_deref())?,
        valid_on: record.valid_on.as_deref().map(date).transpose()?,
        is_reconciled: record.is_reconciled,
    })
}

fn application_record(application: &Application) -> ApplicationRecord {
    ApplicationRecord {
        invoice: application.invoice.to_i64(),
        minor: application.amount.to_minor(),
    }
}

fn application(record: &ApplicationRecord, currency: Currency) -> Result<Application, StoreError> {
    Ok(Application {
        invoice: id(PurchaseInvoiceId::from_i64, record.invoice)?,
        amount: money(record.minor, currency),
    })
}
