//! How a restoration is written for ever.

use serde::{Deserialize, Serialize};
use ventanilla_domain::{EntryNumber, PaymentId, Restoration};

use super::record::parsed;
use super::to_json;
use crate::StoreError;
use crate::values::{id, instant, text};

#[derive(Serialize, Deserialize)]
struct RestorationRecord {
    backup_at_us: i64,
    last_entry: i64,
    next_payment: i64,
    step: u32,
    by: String,
}

pub(super) fn write_restoration(restoration: &Restoration) -> String {
    to_json(&RestorationRecord {
        backup_at_us: restoration.backed_up_at.as_microsecond(),
        last_entry: restoration.last_entry.to_i64(),
        next_payment: restoration.next_payment.to_i64(),
        step: restoration.step,
        by: restoration.restored_by.to_string(),
    })
}

pub(crate) fn read_restoration(payload: &str) -> Result<Restoration, StoreError> {
    let record: RestorationRecord = parsed(payload)?;
    Ok(Restoration {
        backed_up_at: instant(record.backup_at_us)?,
        last_entry: id(EntryNumber::from_i64, record.last_entry)?,
        next_payment: id(PaymentId::from_i64, record.next_payment)?,
        step: record.step,
        restored_by: text(&record.by)?,
    })
}
