//! The journal's own form: how an event is written down for ever, and how entries are chained.

mod issuer;
mod logo;
mod payables;
mod printed;
mod record;
mod restoration;
mod window;

use jiff::Timestamp;
use ventanilla_domain::{CompanyId, Currency, EntryNumber, Event, Posting};

use crate::{Digest, Keys, StoreError, Written};
pub(crate) use issuer::read_issuer;
pub(crate) use logo::read_logo;
pub(crate) use payables::{read_invoice, read_payout, read_reversal, read_supplier};
pub(crate) use printed::{PrintedRecord, ShareRecord, VersionTexts, to_json};
pub(crate) use record::{PolicyRecord, RESTORED, TotalsRecord};
pub(crate) use restoration::read_restoration;
pub(crate) use window::{
    read_approval, read_closing, read_figures, read_opening, read_receipt, read_receipt_reversal,
    read_remittance, read_remittance_reversal, write_figures,
};

/// Writes an event down. What is written stays readable for ever: fields are added, never changed.
/// `texts` are those of the versions in it.
pub(crate) fn write(event: &Event, texts: &[VersionTexts]) -> Written {
    let (kind, payload) = record::to_record(event, texts);
    Written { kind: kind.into(), payload }
}

/// Reads an event back. `currency` is the company's; the event that opens the books brings its own.
pub(crate) fn read(kind: &str, payload: &str, currency: Currency) -> Result<Event, StoreError> {
    record::from_record(kind, payload, currency)
}

/// The link of an entry: the keyed hash of all that it holds and of the link before it.
pub(crate) fn link(
    keys: &Keys,
    company: CompanyId,
    number: EntryNumber,
    recorded_at: Timestamp,
    written: &Written,
    postings: &[Posting],
    before: &Digest,
) -> Digest {
    let numbers = [company.to_i64(), number.to_i64(), recorded_at.as_microsecond()];
    let numbers = numbers.map(i64::to_be_bytes);
    let postings: Vec<String> = postings
        .iter()
        .map(|posting| {
            format!("{}\0{}\0{}", posting.debit, posting.credit, posting.amount.to_minor())
        })
        .collect();
    let head = numbers.iter().map(<[u8; 8]>::as_slice);
    let body = [written.kind.as_bytes(), written.payload.as_bytes(), before.as_slice()];
    keys.chain_link(head.chain(body).chain(postings.iter().map(String::as_bytes)))
}
