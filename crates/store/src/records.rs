//! What a store keeps beside the domain's facts.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;
use ventanilla_domain::{
    CollectorId, CollectorLimits, Company, CompanyId, ContractKey, DrawerId, EntryNumber, Event,
    EventNumber, FileId, ImportTotals, ImportedFile, Label, MemberId, PaymentId, PayoutId, Posting,
    PurchaseInvoiceId, ReceiptId, RemittanceId, Restoration, SupplierId,
};

use crate::values::id;
use crate::{Digest, StoreError};

/// A collector and the hashes of its credentials. Keyed by its own id, not by its company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectorRecord {
    /// Its id.
    pub id: CollectorId,
    /// For whom it collects.
    pub company: CompanyId,
    /// Its name, unique in the company.
    pub name: Label,
    /// Its login.
    pub login: Label,
    /// The keyed hash of its security code: what it is looked up by.
    pub code_digest: Digest,
    /// The keyed hash of security code, login and password.
    pub secret_digest: Digest,
    /// The secret before it, where that is still to be taken.
    pub previous: Option<PreviousSecret>,
    /// Whether it may list the company's members.
    pub can_list: bool,
    /// Whether its credentials and tokens are taken.
    pub is_active: bool,
    /// Whether it is the company's own window: at most one is, and nobody knows its credentials.
    pub is_window: bool,
    /// What it may take.
    pub limits: CollectorLimits,
}

/// A secret that another has replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreviousSecret {
    /// The keyed hash of security code, login and password.
    pub digest: Digest,
    /// When it ends: from then on it is refused.
    pub until: Timestamp,
}

/// A token that was issued: its hash alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenRecord {
    /// The hash of the token.
    pub digest: Digest,
    /// Whose it is.
    pub collector: CollectorId,
    /// When it was issued; `None` of one from before this was kept.
    pub issued_at: Option<Timestamp>,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// What a token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer {
    /// Whose it is.
    pub collector: CollectorId,
    /// Whether the collector may list the company's members.
    pub can_list: bool,
    /// Whether the collector's credentials and tokens are taken.
    pub is_active: bool,
    /// What the collector may take.
    pub limits: CollectorLimits,
    /// For whom it collects.
    pub company: Arc<Company>,
    /// When the token ends.
    pub expires_at: Timestamp,
}

/// The use case that a caller key belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// A payment.
    Pay,
    /// A reversal.
    Reverse,
}

impl Operation {
    /// Its code in the store.
    pub(crate) fn to_code(self) -> &'static str {
        match self {
            Self::Pay => "pay",
            Self::Reverse => "reverse",
        }
    }

    pub(crate) fn from_code(code: &str) -> Option<Self> {
        [Self::Pay, Self::Reverse].into_iter().find(|operation| operation.to_code() == code)
    }
}

/// A company's counters and the head of its journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counters {
    /// The id of the next payment: always free.
    pub next_payment: PaymentId,
    /// The id of the next member that brings none: always free.
    pub next_member: MemberId,
    /// The key of the next contract.
    pub next_contract: ContractKey,
    /// The id of the next imported file.
    pub next_file: FileId,
    /// The number of the next entry.
    pub next_entry: EntryNumber,
    /// The number of the next payment or reversal.
    pub next_event: EventNumber,
    /// The id of the next supplier: greater than any in use.
    pub next_supplier: SupplierId,
    /// The id of the next purchase invoice: greater than any in use.
    pub next_invoice: PurchaseInvoiceId,
    /// The id of the next payout: greater than any in use.
    pub next_payout: PayoutId,
    /// How many entries are of suppliers, their invoices, payouts and reversals of these.
    pub payable_entries: i64,
    /// The id of the next receipt of the window: greater than any in use.
    pub next_receipt: ReceiptId,
    /// The id of the next drawer: greater than any in use.
    pub next_drawer: DrawerId,
    /// The id of the next remittance: greater than any in use.
    pub next_remittance: RemittanceId,
    /// How many entries are of drawers, receipts and their reversals, and remittances and theirs.
    pub window_entries: i64,
    /// The chain's last link; zeros before the first entry.
    pub chain: Digest,
}

impl Counters {
    /// The counters after the books went on from a backup: each series of which others were told numbers
    /// steps, and the next payment's id is still to be looked at.
    ///
    /// Errors in order: the journal did not end where the restoration says, a series is exhausted.
    pub(crate) fn stepped(&self, by: &Restoration) -> Result<Self, StoreError> {
        let is_end = self.next_entry.to_i64() - 1 == by.last_entry.to_i64();
        if !is_end || self.next_payment != by.next_payment {
            return Err(StoreError::damaged("a restoration found another journal"));
        }
        let step = i64::from(by.step);
        Ok(Self {
            next_payment: id(PaymentId::from_i64, self.next_payment.to_i64() + step)?,
            next_event: id(EventNumber::from_i64, self.next_event.to_i64() + step)?,
            next_supplier: id(SupplierId::from_i64, self.next_supplier.to_i64() + step)?,
            next_invoice: id(PurchaseInvoiceId::from_i64, self.next_invoice.to_i64() + step)?,
            next_payout: id(PayoutId::from_i64, self.next_payout.to_i64() + step)?,
            next_receipt: id(ReceiptId::from_i64, self.next_receipt.to_i64() + step)?,
            next_drawer: id(DrawerId::from_i64, self.next_drawer.to_i64() + step)?,
            next_remittance: id(RemittanceId::from_i64, self.next_remittance.to_i64() + step)?,
            ..*self
        })
    }

    /// How many entries are neither payments nor reversals nor of the suppliers' side nor of the window, but
    /// for the steps of restorations: as long as it stays the same, no member, contract, bill or rule has changed.
    pub fn facts_mark(&self) -> i64 {
        self.next_entry.to_i64()
            - self.next_event.to_i64()
            - self.payable_entries
            - self.window_entries
    }

    /// The counters of books just opened.
    pub(crate) fn starting_at(first_payment: PaymentId) -> Self {
        Self {
            next_payment: first_payment,
            next_member: MemberId::FIRST,
            next_contract: ContractKey::FIRST,
            next_file: FileId::FIRST,
            next_entry: EntryNumber::FIRST,
            next_event: EventNumber::FIRST,
            next_supplier: SupplierId::FIRST,
            next_invoice: PurchaseInvoiceId::FIRST,
            next_payout: PayoutId::FIRST,
            payable_entries: 0,
            next_receipt: ReceiptId::FIRST,
            next_drawer: DrawerId::FIRST,
            next_remittance: RemittanceId::FIRST,
            window_entries: 0,
            chain: [0; 32],
        }
    }
}

/// An imported file with its place in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRecord {
    /// The file.
    pub file: ImportedFile,
    /// The entry that accepted it: those of its lines come after.
    pub entry: EntryNumber,
    /// What came of its lines; `None` where its import was cut off.
    pub totals: Option<ImportTotals>,
}

/// An event as it is written: its kind and a JSON object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// What kind of event it is.
    pub kind: Cow<'static, str>,
    /// The event.
    pub payload: String,
}

/// A journal entry: an accepted act, what it posted, and its link in the company's chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number in the company, without gaps.
    pub number: EntryNumber,
    /// When it was kept.
    pub recorded_at: Timestamp,
    /// What happened.
    pub event: Event,
    /// What happened, as it is written: what the chain links.
    pub written: Written,
    /// What it posted.
    pub postings: Vec<Posting>,
    /// Its link.
    pub chain: Digest,
}
