//! The JSON of each event. These structs are the store's: no domain type is serialised.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use ventanilla_domain::{
    BillId, BillState, BillTerms, BillVersion, BusinessDay, CollectorId, Company, CompanyId,
    Contract, ContractKey, Currency, Event, FileId, ImportTotals, ImportedFile, LocationCode,
    Member, MemberId, Payment, PaymentId, Place, Policy, Reversal, SourceLine, Tally,
};

use super::issuer::{read_issuer, write_issuer};
use super::logo::{read_logo, write_logo};
use super::payables;
use super::printed::{PrintedRecord, ShareRecord, VersionTexts, to_json as json};
use super::restoration::{read_restoration, write_restoration};
use super::window;
use crate::StoreError;
use crate::keys::{from_hex, to_hex};
use crate::values::{
    currency, date, date_time, from_bill_code, from_contract_code, from_file_code, id, instant,
    key, money, optional, period, shown, text, time_zone, to_bill_code, to_contract_code,
    to_file_code,
};

#[derive(Serialize, Deserialize)]
struct CompanyRecord {
    id: i64,
    name: String,
    currency: String,
    time_zone: String,
    first_payment: i64,
    policy: PolicyRecord,
}

/// A policy as its settings, `KEY: VALUE`.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct PolicyRecord(BTreeMap<String, String>);

impl PolicyRecord {
    pub(crate) fn from_policy(policy: &Policy) -> Self {
        Self(policy.to_settings().into_iter().collect())
    }

    pub(crate) fn to_policy(&self) -> Result<Policy, StoreError> {
        self.0.iter().try_fold(Policy::default(), |policy, (key, value)| {
            policy
                .with(key, value)
                .map_err(|cause| StoreError::damaged_by("a setting is not one", cause))
        })
    }
}

#[derive(Serialize, Deserialize)]
struct FileRecord {
    id: i64,
    kind: String,
    name: String,
    sha256: String,
    lines: u64,
    imported_by: String,
}

#[derive(Serialize, Deserialize)]
struct MemberRecord {
    id: i64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_assigned: bool,
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    document_kind: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    document_number: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tax_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    location: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct ContractRecord {
    key: i64,
    code: String,
    member: i64,
    state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    supply_point: Option<i64>,
}

#[derive(Serialize, Deserialize)]
struct VersionRecord<P, R> {
    contract: i64,
    bill: i64,
    #[serde(default = "first_version", skip_serializing_if = "is_first_version")]
    version: u32,
    period: u32,
    minor: i64,
    #[serde(default = "owed", skip_serializing_if = "is_owed")]
    state: Cow<'static, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    printed: Option<P>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revenue: Option<R>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replaced_by: Option<i64>,
    file: i64,
    line: u64,
}

type WrittenVersion<'t> = VersionRecord<&'t RawValue, &'t RawValue>;
type ReadVersion = VersionRecord<PrintedRecord<'static>, Vec<ShareRecord<'static>>>;

fn first_version() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes what it may skip by reference")]
fn is_first_version(version: &u32) -> bool {
    *version == first_version()
}

fn owed() -> Cow<'static, str> {
    to_bill_code(BillState::Owed).into()
}

fn is_owed(state: &str) -> bool {
    state == to_bill_code(BillState::Owed)
}

/// So many lines or bills, and the hundredths by which they change what is owed.
#[derive(Serialize, Deserialize, Default, PartialEq)]
#[serde(default)]
struct TallyRecord {
    count: u64,
    minor: i64,
}

impl TallyRecord {
    fn is_none(&self) -> bool {
        *self == Self::default()
    }

    fn from_tally(tally: Tally) -> Self {
        Self { count: tally.count, minor: tally.difference_minor }
    }

    fn to_tally(&self) -> Tally {
        Tally { count: self.count, difference_minor: self.minor }
    }
}

/// What came of a file's lines.
#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
pub(crate) struct TotalsRecord {
    lines: u64,
    #[serde(skip_serializing_if = "TallyRecord::is_none")]
    new: TallyRecord,
    #[serde(skip_serializing_if = "TallyRecord::is_none")]
    changed: TallyRecord,
    #[serde(skip_serializing_if = "TallyRecord::is_none")]
    annulled: TallyRecord,
    #[serde(skip_serializing_if = "TallyRecord::is_none")]
    paid_elsewhere: TallyRecord,
    unchanged: u64,
    paid: u64,
    refused: u64,
    #[serde(skip_serializing_if = "TallyRecord::is_none")]
    replaced: TallyRecord,
    #[serde(skip_serializing_if = "TallyRecord::is_none")]
    vanished: TallyRecord,
}

impl TotalsRecord {
    pub(crate) fn from_totals(totals: &ImportTotals) -> Self {
        Self {
            lines: totals.lines,
            new: TallyRecord::from_tally(totals.new),
            changed: TallyRecord::from_tally(totals.changed),
            annulled: TallyRecord::from_tally(totals.annulled),
            paid_elsewhere: TallyRecord::from_tally(totals.paid_elsewhere),
            unchanged: totals.unchanged,
            paid: totals.paid,
            refused: totals.refused,
            replaced: TallyRecord::from_tally(totals.replaced),
            vanished: TallyRecord::from_tally(totals.vanished),
        }
    }

    pub(crate) fn to_totals(&self) -> ImportTotals {
        ImportTotals {
            lines: self.lines,
            new: self.new.to_tally(),
            changed: self.changed.to_tally(),
            annulled: self.annulled.to_tally(),
            paid_elsewhere: self.paid_elsewhere.to_tally(),
            unchanged: self.unchanged,
            paid: self.paid,
            refused: self.refused,
            replaced: self.replaced.to_tally(),
            vanished: self.vanished.to_tally(),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct FinishedRecord {
    file: i64,
    totals: TotalsRecord,
}

#[derive(Serialize, Deserialize)]
struct PaymentRecord {
    id: i64,
    collector: i64,
    contract: i64,
    code: String,
    name: String,
    bill: i64,
    version: u32,
    period: u32,
    minor: i64,
    at_us: i64,
    day: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    branch: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cashier: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    terminal: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    means: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    collected_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<i64>,
    #[serde(default, skip_serializing_if = "is_no_issuer")]
    issuer: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes what it may skip by reference")]
fn is_no_issuer(number: &u32) -> bool {
    *number == 0
}

#[derive(Serialize, Deserialize)]
struct ReversalRecord {
    payment: i64,
    collector: i64,
    contract: i64,
    bill: i64,
    minor: i64,
    at_us: i64,
    day: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

/// The kind of the event that books go on from a backup.
pub(crate) const RESTORED: &str = "books-restored";

/// The kind of an event and its JSON; `texts` are those of the versions in it.
pub(super) fn to_record(event: &Event, texts: &[VersionTexts]) -> (&'static str, String) {
    match event {
        Event::CompanyOpened { company, first_payment } => {
            ("company-opened", json(&company_record(company, *first_payment)))
        }
        Event::PolicyChanged(policy) => {
            ("policy-changed", json(&PolicyRecord::from_policy(policy)))
        }
        Event::IssuerKept(issuer) => ("issuer-kept", write_issuer(issuer)),
        Event::LogoKept(logo) => ("logo-kept", write_logo(logo)),
        Event::FileImported(file) => ("file-imported", json(&file_record(file))),
        Event::MemberKept(member) => ("member-kept", json(&member_record(member))),
        Event::ContractKept(contract) => ("contract-kept", json(&contract_record(contract))),
        Event::FileFinished { file, totals } => {
            let (file, totals) = (file.to_i64(), TotalsRecord::from_totals(totals));
            ("file-finished", json(&FinishedRecord { file, totals }))
        }
        Event::BillsVersioned(versions) => {
            let records: Vec<_> = versions.iter().zip(texts).map(version_record).collect();
            ("bills-versioned", json(&records))
        }
        Event::PaymentMade(payment) => ("payment-made", json(&payment_record(payment))),
        Event::PaymentReversed(reversal) => ("payment-reversed", json(&reversal_record(reversal))),
        Event::SupplierKept(supplier) => ("supplier-kept", payables::write_supplier(supplier)),
        Event::InvoiceEntered(invoice) => ("invoice-entered", payables::write_invoice(invoice)),
        Event::PayoutMade(payout) => ("payout-made", payables::write_payout(payout)),
        Event::PayoutReversed(reversal) => ("payout-reversed", payables::write_reversal(reversal)),
        Event::DrawerOpened(opening) => ("drawer-opened", window::write_opening(opening)),
        Event::DrawerClosed(closing) => ("drawer-closed", window::write_closing(closing)),
        Event::DrawerApproved(approval) => ("drawer-approved", window::write_approval(approval)),
        Event::ReceiptIssued(receipt) => ("receipt-issued", window::write_receipt(receipt)),
        Event::ReceiptReversed(reversal) => {
            ("receipt-reversed", window::write_receipt_reversal(reversal))
        }
        Event::RemittanceMade(made) => ("remittance-made", window::write_remittance(made)),
        Event::RemittanceReversed(reversal) => {
            ("remittance-reversed", window::write_remittance_reversal(reversal))
        }
        Event::BooksRestored(restoration) => (RESTORED, write_restoration(restoration)),
    }
}

/// The event of a kind and its JSON.
pub(super) fn from_record(
    kind: &str,
    payload: &str,
    currency: Currency,
) -> Result<Event, StoreError> {
    Ok(match kind {
        "company-opened" => company_opened(&parsed(payload)?)?,
        "policy-changed" => {
            Event::PolicyChanged(Box::new(parsed::<PolicyRecord>(payload)?.to_policy()?))
        }
        "issuer-kept" => Event::IssuerKept(Box::new(read_issuer(payload)?)),
        "logo-kept" => Event::LogoKept(Box::new(read_logo(payload)?)),
        "file-imported" => Event::FileImported(Box::new(file(&parsed(payload)?)?)),
        "member-kept" => Event::MemberKept(Box::new(member(&parsed(payload)?)?)),
        "contract-kept" => Event::ContractKept(Box::new(contract(&parsed(payload)?)?)),
        "file-finished" => {
            let record: FinishedRecord = parsed(payload)?;
            let file = id(FileId::from_i64, record.file)?;
            Event::FileFinished { file, totals: Box::new(record.totals.to_totals()) }
        }
        "bills-versioned" => {
            let records: Vec<ReadVersion> = parsed(payload)?;
            let versions = records.into_iter().map(|record| version(record, currency));
            Event::BillsVersioned(versions.collect::<Result<_, _>>()?)
        }
        // Before files were kept in chunks, each bill had an entry of its own.
        "bill-versioned" => Event::BillsVersioned(vec![version(parsed(payload)?, currency)?]),
        "payment-made" => Event::PaymentMade(Box::new(payment(&parsed(payload)?, currency)?)),
        "payment-reversed" => {
            Event::PaymentReversed(Box::new(reversal(&parsed(payload)?, currency)?))
        }
        "supplier-kept" => Event::SupplierKept(Box::new(payables::read_supplier(payload)?)),
        "invoice-entered" => {
            Event::InvoiceEntered(Box::new(payables::read_invoice(payload, currency)?))
        }
        "payout-made" => Event::PayoutMade(Box::new(payables::read_payout(payload, currency)?)),
        "payout-reversed" => {
            Event::PayoutReversed(Box::new(payables::read_reversal(payload, currency)?))
        }
        RESTORED => Event::BooksRestored(Box::new(read_restoration(payload)?)),
        _ => return of_window(kind, payload, currency),
    })
}

/// The event of the window of a kind and its JSON.
fn of_window(kind: &str, payload: &str, currency: Currency) -> Result<Event, StoreError> {
    Ok(match kind {
        "drawer-opened" => Event::DrawerOpened(Box::new(window::read_opening(payload, currency)?)),
        "drawer-closed" => Event::DrawerClosed(Box::new(window::read_closing(payload, currency)?)),
        "drawer-approved" => {
            Event::DrawerApproved(Box::new(window::read_approval(payload, currency)?))
        }
        "receipt-issued" => {
            Event::ReceiptIssued(Box::new(window::read_receipt(payload, currency)?))
        }
        "receipt-reversed" => {
            Event::ReceiptReversed(Box::new(window::read_receipt_reversal(payload, currency)?))
        }
        "remittance-made" => {
            Event::RemittanceMade(Box::new(window::read_remittance(payload, currency)?))
        }
        "remittance-reversed" => {
            let reversal = window::read_remittance_reversal(payload, currency)?;
            Event::RemittanceReversed(Box::new(reversal))
        }
        _ => return Err(StoreError::damaged("an entry's kind is not known")),
    })
}

pub(super) fn parsed<'a, T: Deserialize<'a>>(payload: &'a str) -> Result<T, StoreError> {
    serde_json::from_str(payload)
        .map_err(|cause| StoreError::damaged_by("an entry's payload cannot be read", cause))
}

fn company_record(company: &Company, first_payment: PaymentId) -> CompanyRecord {
    CompanyRecord {
        id: company.id.to_i64(),
        name: company.name.to_string(),
        currency: company.currency.to_code().to_owned(),
        time_zone: company.time_zone.to_name().to_owned(),
        first_payment: first_payment.to_i64(),
        policy: PolicyRecord::from_policy(&company.policy),
    }
}

fn company_opened(record: &CompanyRecord) -> Result<Event, StoreError> {
    let company = Company {
        id: id(CompanyId::from_i64, record.id)?,
        name: text(&record.name)?,
        currency: currency(&record.currency)?,
        time_zone: time_zone(&record.time_zone)?,
        policy: record.policy.to_policy()?,
        issuer: 0,
    };
    let first_payment = id(PaymentId::from_i64, record.first_payment)?;
    Ok(Event::CompanyOpened { company: Box::new(company), first_payment })
}

fn file_record(file: &ImportedFile) -> FileRecord {
    FileRecord {
        id: file.id.to_i64(),
        kind: to_file_code(file.kind).to_owned(),
        name: file.name.to_string(),
        sha256: to_hex(&file.sha256),
        lines: file.lines,
        imported_by: file.imported_by.to_string(),
    }
}

fn file(record: &FileRecord) -> Result<ImportedFile, StoreError> {
    let sha256 = from_hex(&record.sha256);
    Ok(ImportedFile {
        id: id(FileId::from_i64, record.id)?,
        kind: from_file_code(&record.kind)?,
        name: text(&record.name)?,
        sha256: sha256.ok_or_else(|| StoreError::damaged("a hash is not one"))?,
        lines: record.lines,
        imported_by: text(&record.imported_by)?,
    })
}

fn member_record(member: &Member) -> MemberRecord {
    MemberRecord {
        id: member.id.to_i64(),
        is_assigned: member.is_assigned,
        name: member.name.to_string(),
        document_kind: shown(member.document_kind.as_ref()),
        document_number: shown(member.document_number.as_ref()),
        tax_id: shown(member.tax_id.as_ref()),
        location: member.location.map(LocationCode::to_i64),
        email: shown(member.email.as_ref()),
        phone: shown(member.phone.as_ref()),
    }
}

fn member(record: &MemberRecord) -> Result<Member, StoreError> {
    Ok(Member {
        id: id(MemberId::from_i64, record.id)?,
        is_assigned: record.is_assigned,
        name: text(&record.name)?,
        document_kind: optional(record.document_kind.as_deref())?,
        document_number: optional(record.document_number.as_deref())?,
        tax_id: optional(record.tax_id.as_deref())?,
        location: location(record.location)?,
        email: optional(record.email.as_deref())?,
        phone: optional(record.phone.as_deref())?,
    })
}

fn location(code: Option<i64>) -> Result<Option<LocationCode>, StoreError> {
    code.map(|code| id(LocationCode::from_i64, code)).transpose()
}

fn contract_record(contract: &Contract) -> ContractRecord {
    ContractRecord {
        key: contract.key.to_i64(),
        code: contract.code.to_string(),
        member: contract.member.to_i64(),
        state: to_contract_code(contract.state).to_owned(),
        address: shown(contract.address.as_ref()),
        supply_point: contract.supply_point.map(LocationCode::to_i64),
    }
}

fn contract(record: &ContractRecord) -> Result<Contract, StoreError> {
    Ok(Contract {
        key: id(ContractKey::from_i64, record.key)?,
        code: text(&record.code)?,
        member: id(MemberId::from_i64, record.member)?,
        state: from_contract_code(&record.state)?,
        address: optional(record.address.as_deref())?,
        supply_point: location(record.supply_point)?,
    })
}

fn version_record<'t>((version, texts): (&BillVersion, &'t VersionTexts)) -> WrittenVersion<'t> {
    VersionRecord {
        contract: version.contract.to_i64(),
        bill: version.bill.to_i64(),
        version: version.number,
        period: version.terms.period.to_yyyymm(),
        minor: version.terms.amount.to_minor(),
        state: to_bill_code(version.terms.state).into(),
        printed: texts.printed.as_deref(),
        revenue: texts.revenue.as_deref(),
        replaced_by: version.replaced_by.map(BillId::to_i64),
        file: version.source.file.to_i64(),
        line: version.source.line,
    }
}

fn version(record: ReadVersion, currency: Currency) -> Result<BillVersion, StoreError> {
    let amount = money(record.minor, currency);
    Ok(BillVersion {
        contract: id(ContractKey::from_i64, record.contract)?,
        bill: id(BillId::from_i64, record.bill)?,
        number: record.version,
        terms: BillTerms {
            period: period(record.period)?,
            amount,
            state: from_bill_code(&record.state)?,
            printed: Box::new(PrintedRecord::to_facts(record.printed, currency)?),
        },
        revenue: ShareRecord::to_shares(record.revenue, amount)?,
        replaced_by: record.replaced_by.map(|bill| id(BillId::from_i64, bill)).transpose()?,
        source: SourceLine { file: id(FileId::from_i64, record.file)?, line: record.line },
    })
}

fn payment_record(payment: &Payment) -> PaymentRecord {
    PaymentRecord {
        id: payment.id.to_i64(),
        collector: payment.collector.to_i64(),
        contract: payment.contract.to_i64(),
        code: payment.contract_code.to_string(),
        name: payment.member_name.to_string(),
        bill: payment.bill.to_i64(),
        version: payment.bill_version,
        period: payment.period.to_yyyymm(),
        minor: payment.amount.to_minor(),
        at_us: payment.recorded_at.as_microsecond(),
        day: payment.business_day.to_date().to_string(),
        reference: shown(payment.caller_reference.as_ref()),
        key: payment.caller_key.as_ref().map(|key| key.as_str().to_owned()),
        branch: shown(payment.place.branch.as_ref()),
        cashier: shown(payment.place.cashier.as_ref()),
        terminal: shown(payment.place.terminal.as_ref()),
        means: shown(payment.place.means.as_ref()),
        collected_at: payment.place.collected_at.map(|at| at.to_string()),
        previous: payment.previous.map(PaymentId::to_i64),
        issuer: payment.issuer,
    }
}

fn payment(record: &PaymentRecord, currency: Currency) -> Result<Payment, StoreError> {
    Ok(Payment {
        id: id(PaymentId::from_i64, record.id)?,
        collector: id(CollectorId::from_i64, record.collector)?,
        contract: id(ContractKey::from_i64, record.contract)?,
        contract_code: text(&record.code)?,
        member_name: text(&record.name)?,
        bill: id(BillId::from_i64, record.bill)?,
        bill_version: record.version,
        period: period(record.period)?,
        amount: money(record.minor, currency),
        recorded_at: instant(record.at_us)?,
        business_day: BusinessDay::from_date(date(&record.day)?),
        caller_reference: optional(record.reference.as_deref())?,
        caller_key: key(record.key.as_deref())?,
        place: Place {
            branch: optional(record.branch.as_deref())?,
            cashier: optional(record.cashier.as_deref())?,
            terminal: optional(record.terminal.as_deref())?,
            means: optional(record.means.as_deref())?,
            collected_at: record.collected_at.as_deref().map(date_time).transpose()?,
        },
        previous: record.previous.map(|previous| id(PaymentId::from_i64, previous)).transpose()?,
        issuer: record.issuer,
    })
}

fn reversal_record(reversal: &Reversal) -> ReversalRecord {
    ReversalRecord {
        payment: reversal.payment.to_i64(),
        collector: reversal.collector.to_i64(),
        contract: reversal.contract.to_i64(),
        bill: reversal.bill.to_i64(),
        minor: reversal.amount.to_minor(),
        at_us: reversal.recorded_at.as_microsecond(),
        day: reversal.business_day.to_date().to_string(),
        reason: shown(reversal.reason.as_ref()),
        key: reversal.caller_key.as_ref().map(|key| key.as_str().to_owned()),
    }
}

fn reversal(record: &ReversalRecord, currency: Currency) -> Result<Reversal, StoreError> {
    Ok(Reversal {
        payment: id(PaymentId::from_i64, record.payment)?,
        collector: id(CollectorId::from_i64, record.collector)?,
        contract: id(ContractKey::from_i64, record.contract)?,
        bill: id(BillId::from_i64, record.bill)?,
        amount: money(record.minor, currency),
        recorded_at: instant(record.at_us)?,
        business_day: BusinessDay::from_date(date(&record.day)?),
        reason: optional(record.reason.as_deref())?,
        caller_key: key(record.key.as_deref())?,
    })
}
