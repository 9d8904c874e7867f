//! The JSON of the window: drawers, receipts and their reversals, and what collectors hand over.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ventanilla_domain::{
    BusinessDay, CallerKey, CollectorId, Currency, DrawerApproval, DrawerClosing, DrawerFigures,
    DrawerId, DrawerOpening, Means, MeansFigures, PaymentId, ReceiptId, ReceiptReversal,
    Remittance, RemittanceId, RemittanceReversal, Total, WindowMeans, WindowReceipt,
    WindowReceiptKey,
};

use super::printed::to_json;
use super::record::parsed;
use crate::StoreError;
use crate::values::{date, id, instant, key, money, optional, shown, text};

type Read<T> = Result<T, StoreError>;

#[derive(Serialize, Deserialize)]
struct OpeningRecord {
    id: i64,
    cashier: String,
    float: i64,
    at_us: i64,
    day: String,
}

#[derive(Serialize, Deserialize)]
struct ClosingRecord {
    drawer: i64,
    counted: i64,
    expected: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    at_us: i64,
    day: String,
}

#[derive(Serialize, Deserialize)]
struct ApprovalRecord {
    drawer: i64,
    collector: i64,
    difference: i64,
    by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    at_us: i64,
    day: String,
}

#[derive(Serialize, Deserialize)]
struct ReceiptRecord {
    id: i64,
    collector: i64,
    payments: Vec<i64>,
    minor: i64,
    #[serde(default, skip_serializing_if = "is_nothing")]
    rounding: i64,
    means: String,
    tendered: i64,
    cashier: String,
    drawer: i64,
    at_us: i64,
    day: String,
    key: String,
}

#[derive(Serialize, Deserialize)]
struct ReceiptReversalRecord {
    receipt: ReceiptRecord,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    drawer: Option<i64>,
    reason: String,
    by: String,
    at_us: i64,
    day: String,
}

#[derive(Serialize, Deserialize)]
struct RemittanceRecord {
    id: i64,
    collector: i64,
    minor: i64,
    #[serde(default, skip_serializing_if = "is_nothing")]
    commission: i64,
    means: String,
    bank_date: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    by: String,
    at_us: i64,
    day: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct RemittanceReversalRecord {
    remittance: RemittanceRecord,
    reason: String,
    by: String,
    at_us: i64,
    day: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes what it may skip by reference")]
fn is_nothing(minor: &i64) -> bool {
    *minor == 0
}

fn day(text: &str) -> Read<BusinessDay> {
    Ok(BusinessDay::from_date(date(text)?))
}

pub(super) fn write_opening(opening: &DrawerOpening) -> String {
    to_json(&OpeningRecord {
        id: opening.id.to_i64(),
        cashier: opening.cashier.to_string(),
        float: opening.float.to_minor(),
        at_us: opening.recorded_at.as_microsecond(),
        day: opening.business_day.to_date().to_string(),
    })
}

pub(crate) fn read_opening(payload: &str, currency: Currency) -> Read<DrawerOpening> {
    let record: OpeningRecord = parsed(payload)?;
    Ok(DrawerOpening {
        id: id(DrawerId::from_i64, record.id)?,
        cashier: text(&record.cashier)?,
        float: money(record.float, currency),
        recorded_at: instant(record.at_us)?,
        business_day: day(&record.day)?,
    })
}

pub(super) fn write_closing(closing: &DrawerClosing) -> String {
    to_json(&ClosingRecord {
        drawer: closing.drawer.to_i64(),
        counted: closing.counted.to_minor(),
        expected: closing.expected.to_minor(),
        by: shown(closing.closed_by.as_ref()),
        at_us: closing.recorded_at.as_microsecond(),
        day: closing.business_day.to_date().to_string(),
    })
}

pub(crate) fn read_closing(payload: &str, currency: Currency) -> Read<DrawerClosing> {
    let record: ClosingRecord = parsed(payload)?;
    Ok(DrawerClosing {
        drawer: id(DrawerId::from_i64, record.drawer)?,
        counted: money(record.counted, currency),
        expected: money(record.expected, currency),
        closed_by: optional(record.by.as_deref())?,
        recorded_at: instant(record.at_us)?,
        business_day: day(&record.day)?,
    })
}

pub(super) fn write_approval(approval: &DrawerApproval) -> String {
    to_json(&ApprovalRecord {
        drawer: approval.drawer.to_i64(),
        collector: approval.collector.to_i64(),
        difference: approval.difference.to_minor(),
        by: approval.approved_by.to_string(),
        note: shown(approval.note.as_ref()),
        at_us: approval.recorded_at.as_microsecond(),
        day: approval.business_day.to_date().to_string(),
    })
}

pub(crate) fn read_approval(payload: &str, currency: Currency) -> Read<DrawerApproval> {
    let record: ApprovalRecord = parsed(payload)?;
    Ok(DrawerApproval {
        drawer: id(DrawerId::from_i64, record.drawer)?,
        collector: id(CollectorId::from_i64, record.collector)?,
        difference: money(record.difference, currency),
        approved_by: text(&record.by)?,
        note: optional(record.note.as_deref())?,
        recorded_at: instant(record.at_us)?,
        business_day: day(&record.day)?,
    })
}

fn receipt_record(receipt: &WindowReceipt) -> ReceiptRecord {
    ReceiptRecord {
        id: receipt.id.to_i64(),
        collector: receipt.collector.to_i64(),
        payments: receipt.payments.iter().map(|payment| payment.to_i64()).collect(),
        minor: receipt.total.to_minor(),
        rounding: receipt.rounding.to_minor(),
        means: receipt.means.to_code().to_owned(),
        tendered: receipt.tendered.to_minor(),
        cashier: receipt.cashier.to_string(),
        drawer: receipt.drawer.to_i64(),
        at_us: receipt.recorded_at.as_microsecond(),
        day: receipt.business_day.to_date().to_string(),
        key: receipt.key.as_str().to_owned(),
    }
}

fn to_receipt(record: &ReceiptRecord, currency: Currency) -> Read<WindowReceipt> {
    let payments = record.payments.iter().map(|payment| id(PaymentId::from_i64, *payment));
    let means = WindowMeans::from_code(&record.means);
    let key = WindowReceiptKey::from_text(&record.key);
    Ok(WindowReceipt {
        id: id(ReceiptId::from_i64, record.id)?,
        collector: id(CollectorId::from_i64, record.collector)?,
        payments: payments.collect::<Read<_>>()?,
        total: money(record.minor, currency),
        rounding: money(record.rounding, currency),
        means: means.ok_or_else(|| StoreError::damaged("a receipt's means is not one"))?,
        tendered: money(record.tendered, currency),
        cashier: text(&record.cashier)?,
        drawer: id(DrawerId::from_i64, record.drawer)?,
        recorded_at: instant(record.at_us)?,
        business_day: day(&record.day)?,
        key: key.map_err(|cause| StoreError::damaged_by("a receipt's key is not one", cause))?,
    })
}

pub(super) fn write_receipt(receipt: &WindowReceipt) -> String {
    to_json(&receipt_record(receipt))
}

pub(crate) fn read_receipt(payload: &str, currency: Currency) -> Read<WindowReceipt> {
    to_receipt(&parsed(payload)?, currency)
}

pub(super) fn write_receipt_reversal(reversal: &ReceiptReversal) -> String {
    to_json(&ReceiptReversalRecord {
        receipt: receipt_record(&reversal.receipt),
        drawer: reversal.drawer.map(DrawerId::to_i64),
        reason: reversal.reason.to_string(),
        by: reversal.reversed_by.to_string(),
        at_us: reversal.recorded_at.as_microsecond(),
        day: reversal.business_day.to_date().to_string(),
    })
}

pub(crate) fn read_receipt_reversal(payload: &str, currency: Currency) -> Read<ReceiptReversal> {
    let record: ReceiptReversalRecord = parsed(payload)?;
    Ok(ReceiptReversal {
        receipt: to_receipt(&record.receipt, currency)?,
        drawer: record.drawer.map(|drawer| id(DrawerId::from_i64, drawer)).transpose()?,
        reason: text(&record.reason)?,
        reversed_by: text(&record.by)?,
        recorded_at: instant(record.at_us)?,
        business_day: day(&record.day)?,
    })
}

fn remittance_record(remittance: &Remittance) -> RemittanceRecord {
    RemittanceRecord {
        id: remittance.id.to_i64(),
        collector: remittance.collector.to_i64(),
        minor: remittance.amount.to_minor(),
        commission: remittance.commission.to_minor(),
        means: remittance.means.to_code().to_owned(),
        bank_date: remittance.bank_date.to_string(),
        reference: shown(remittance.reference.as_ref()),
        by: remittance.recorded_by.to_string(),
        at_us: remittance.recorded_at.as_microsecond(),
        day: remittance.business_day.to_date().to_string(),
        key: remittance.caller_key.as_ref().map(CallerKey::as_str).map(str::to_owned),
    }
}

fn to_remittance(record: &RemittanceRecord, currency: Currency) -> Read<Remittance> {
    let means = Means::from_code(&record.means);
    Ok(Remittance {
        id: id(RemittanceId::from_i64, record.id)?,
        collector: id(CollectorId::from_i64, record.collector)?,
        amount: money(record.minor, currency),
        commission: money(record.commission, currency),
        means: means.ok_or_else(|| StoreError::damaged("a remittance's means is not one"))?,
        bank_date: date(&record.bank_date)?,
        reference: optional(record.reference.as_deref())?,
        recorded_by: text(&record.by)?,
        recorded_at: instant(record.at_us)?,
        business_day: day(&record.day)?,
        caller_key: key(record.key.as_deref())?,
    })
}

pub(super) fn write_remittance(remittance: &Remittance) -> String {
    to_json(&remittance_record(remittance))
}

pub(crate) fn read_remittance(payload: &str, currency: Currency) -> Read<Remittance> {
    to_remittance(&parsed(payload)?, currency)
}

pub(super) fn write_remittance_reversal(reversal: &RemittanceReversal) -> String {
    to_json(&RemittanceReversalRecord {
        remittance: remittance_record(&reversal.remittance),
        reason: reversal.reason.to_string(),
        by: reversal.reversed_by.to_string(),
        at_us: reversal.recorded_at.as_microsecond(),
        day: reversal.business_day.to_date().to_string(),
    })
}

pub(crate) fn read_remittance_reversal(
    payload: &str,
    currency: Currency,
) -> Read<RemittanceReversal> {
    let record: RemittanceReversalRecord = parsed(payload)?;
    Ok(RemittanceReversal {
        remittance: to_remittance(&record.remittance, currency)?,
        reason: text(&record.reason)?,
        reversed_by: text(&record.by)?,
        recorded_at: instant(record.at_us)?,
        business_day: day(&record.day)?,
    })
}

/// What went through a drawer, by means: receipts, hundredths, reversals, hundredths; a means by which
/// nothing did is left out. It is in no journal: it follows from receipts.
type FiguresRecord = BTreeMap<String, [i64; 4]>;

pub(crate) fn write_figures(figures: &DrawerFigures) -> String {
    let all = WindowMeans::ALL.map(|means| {
        let MeansFigures { taken, returned } = figures.of(means);
        let minor = |total: &Total| total.amount.to_minor();
        (means, [taken.count, minor(taken), returned.count, minor(returned)])
    });
    let some = all.into_iter().filter(|(_, figures)| *figures != [0; 4]);
    let record: FiguresRecord =
        some.map(|(means, figures)| (means.to_code().to_owned(), figures)).collect();
    to_json(&record)
}

pub(crate) fn read_figures(payload: &str, currency: Currency) -> Read<DrawerFigures> {
    let record: FiguresRecord = parsed(payload)?;
    let mut figures = DrawerFigures::none(currency);
    for (means, [taken, taken_minor, returned, returned_minor]) in record {
        let means = WindowMeans::from_code(&means);
        let means = means.ok_or_else(|| StoreError::damaged("a drawer's means is not one"))?;
        let total = |count, minor| Total { count, amount: money(minor, currency) };
        *figures.of_mut(means) = MeansFigures {
            taken: total(taken, taken_minor),
            returned: total(returned, returned_minor),
        };
    }
    Ok(figures)
}
