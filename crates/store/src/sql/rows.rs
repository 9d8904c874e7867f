//! Rows to what they mean. A row that means nothing is damage, told by what is wrong with it.

use std::sync::Arc;

use ventanilla_domain::{
    Account, Bill, BillId, BillTerms, BillVersion, BusinessDay, CollectorId, CollectorLimits,
    Company, CompanyId, Contract, ContractCode, ContractKey, Currency, DrawerId, EntryNumber,
    EventNumber, FileId, Holder, ImportedFile, LocationCode, Member, MemberId, Payer, Payment,
    PaymentId, PayoutId, Place, Posting, PurchaseInvoiceId, ReceiptId, RemittanceId, Reversal,
    SourceLine, SupplierId, Text,
};

use super::read::{COMPANY_LEN, MEMBER_LEN};
use super::{KnownCompanies, Row};
use crate::journal::{self, PolicyRecord, PrintedRecord, ShareRecord, TotalsRecord};
use crate::memory::Attempt;
use crate::values::{
    currency, date, date_time, from_bill_code, from_contract_code, from_file_code, id, instant,
    key, money, optional, period, text, time_zone, to_limits, unsigned,
};
use crate::{
    Bearer, CollectorRecord, Counters, Digest, Entry, FileRecord, Operation, PreviousSecret,
    StoreError, TokenRecord, Written,
};

type Read<T> = Result<T, StoreError>;

pub(crate) fn string(row: Row<'_>, column: usize) -> Read<&str> {
    row.string(column)
}

pub(crate) fn maybe(row: Row<'_>, column: usize) -> Read<Option<&str>> {
    row.maybe(column)
}

fn maybe_words<const MAX: usize>(row: Row<'_>, column: usize) -> Read<Option<Text<MAX>>> {
    optional(maybe(row, column)?)
}

pub(crate) fn words<const MAX: usize>(row: Row<'_>, column: usize) -> Read<Text<MAX>> {
    text(string(row, column)?)
}

fn json<T: serde::de::DeserializeOwned>(text: &str) -> Read<T> {
    serde_json::from_str(text)
        .map_err(|cause| StoreError::damaged_by("a column's JSON cannot be read", cause))
}

fn maybe_json<T: serde::de::DeserializeOwned>(row: Row<'_>, column: usize) -> Read<Option<T>> {
    maybe(row, column)?.map(json).transpose()
}

fn location(row: Row<'_>, column: usize) -> Read<Option<LocationCode>> {
    let code: Option<i64> = row.get(column)?;
    code.map(|code| id(LocationCode::from_i64, code)).transpose()
}

fn payment_id(row: Row<'_>, column: usize) -> Read<Option<PaymentId>> {
    let payment: Option<i64> = row.get(column)?;
    payment.map(|payment| id(PaymentId::from_i64, payment)).transpose()
}

pub(crate) fn company(row: Row<'_>, known: &KnownCompanies) -> Read<Arc<Company>> {
    let company_id = id(CompanyId::from_i64, row.get(0)?)?;
    let issuer = row.get(5)?;
    known.company(company_id, string(row, 4)?, issuer, |policy| {
        Ok(Company {
            id: company_id,
            name: words(row, 1)?,
            currency: currency(string(row, 2)?)?,
            time_zone: time_zone(string(row, 3)?)?,
            policy: json::<PolicyRecord>(policy)?.to_policy()?,
            issuer,
        })
    })
}

/// A row of a company with a collector's and a token's columns after it.
pub(crate) fn bearer(row: Row<'_>, known: &KnownCompanies) -> Read<Bearer> {
    let company = company(row, known)?;
    Ok(Bearer {
        limits: limits(row, COMPANY_LEN + 4, company.currency)?,
        company,
        collector: id(CollectorId::from_i64, row.get(COMPANY_LEN)?)?,
        can_list: row.get(COMPANY_LEN + 1)?,
        is_active: row.get(COMPANY_LEN + 2)?,
        expires_at: instant(row.get(COMPANY_LEN + 3)?)?,
    })
}

pub(crate) fn counters(row: Row<'_>) -> Read<Counters> {
    Ok(Counters {
        next_payment: id(PaymentId::from_i64, row.get(0)?)?,
        next_member: id(MemberId::from_i64, row.get(1)?)?,
        next_contract: id(ContractKey::from_i64, row.get(2)?)?,
        next_file: id(FileId::from_i64, row.get(3)?)?,
        next_entry: id(EntryNumber::from_i64, row.get(4)?)?,
        chain: row.get(5)?,
        next_event: id(EventNumber::from_i64, row.get(6)?)?,
        next_supplier: id(SupplierId::from_i64, row.get(7)?)?,
        next_invoice: id(PurchaseInvoiceId::from_i64, row.get(8)?)?,
        next_payout: id(PayoutId::from_i64, row.get(9)?)?,
        payable_entries: row.get(10)?,
        next_receipt: id(ReceiptId::from_i64, row.get(11)?)?,
        next_drawer: id(DrawerId::from_i64, row.get(12)?)?,
        next_remittance: id(RemittanceId::from_i64, row.get(13)?)?,
        window_entries: row.get(14)?,
    })
}

pub(crate) fn code(row: Row<'_>, column: usize) -> Read<ContractCode> {
    words(row, column)
}

pub(crate) fn member(row: Row<'_>) -> Read<Member> {
    Ok(Member {
        id: id(MemberId::from_i64, row.get(0)?)?,
        is_assigned: row.get(8)?,
        name: words(row, 1)?,
        document_kind: maybe_words(row, 2)?,
        document_number: maybe_words(row, 3)?,
        tax_id: maybe_words(row, 4)?,
        location: location(row, 5)?,
        email: maybe_words(row, 6)?,
        phone: maybe_words(row, 7)?,
    })
}

pub(crate) fn contract(row: Row<'_>, from: usize) -> Read<Contract> {
    Ok(Contract {
        key: id(ContractKey::from_i64, row.get(from)?)?,
        code: words(row, from + 1)?,
        member: id(MemberId::from_i64, row.get(from + 2)?)?,
        state: from_contract_code(string(row, from + 3)?)?,
        address: maybe_words(row, from + 4)?,
        supply_point: location(row, from + 5)?,
    })
}

pub(crate) fn holder(row: Row<'_>) -> Read<Holder> {
    Ok(Holder { member: member(row)?, contract: contract(row, MEMBER_LEN)? })
}

pub(crate) fn payer(row: Row<'_>, from: usize) -> Read<Payer> {
    Ok(Payer {
        contract: id(ContractKey::from_i64, row.get(from)?)?,
        code: words(row, from + 1)?,
        state: from_contract_code(string(row, from + 2)?)?,
        member: id(MemberId::from_i64, row.get(from + 3)?)?,
        name: words(row, from + 4)?,
    })
}

pub(crate) fn bill(row: Row<'_>, currency: Currency) -> Read<Bill> {
    Ok(Bill {
        contract: id(ContractKey::from_i64, row.get(0)?)?,
        id: id(BillId::from_i64, row.get(1)?)?,
        version: row.get(2)?,
        period: period(row.get(3)?)?,
        amount: money(row.get(4)?, currency),
        state: from_bill_code(string(row, 5)?)?,
        paid_by: payment_id(row, 6)?,
        last_payment: payment_id(row, 7)?,
    })
}

pub(crate) fn version(row: Row<'_>, currency: Currency) -> Read<BillVersion> {
    let amount = money(row.get(4)?, currency);
    Ok(BillVersion {
        contract: id(ContractKey::from_i64, row.get(0)?)?,
        bill: id(BillId::from_i64, row.get(1)?)?,
        number: row.get(2)?,
        terms: BillTerms {
            period: period(row.get(3)?)?,
            amount,
            state: from_bill_code(string(row, 5)?)?,
            printed: Box::new(PrintedRecord::to_facts(maybe_json(row, 6)?, currency)?),
        },
        revenue: ShareRecord::to_shares(maybe_json(row, 7)?, amount)?,
        replaced_by: row
            .get::<Option<i64>>(10)?
            .map(|bill| id(BillId::from_i64, bill))
            .transpose()?,
        source: SourceLine {
            file: id(FileId::from_i64, row.get(8)?)?,
            line: unsigned(row.get(9)?)?,
        },
    })
}

pub(crate) fn payment(row: Row<'_>, currency: Currency) -> Read<Payment> {
    Ok(Payment {
        id: id(PaymentId::from_i64, row.get(0)?)?,
        collector: id(CollectorId::from_i64, row.get(1)?)?,
        contract: id(ContractKey::from_i64, row.get(2)?)?,
        contract_code: words(row, 3)?,
        member_name: words(row, 4)?,
        bill: id(BillId::from_i64, row.get(5)?)?,
        bill_version: row.get(6)?,
        period: period(row.get(7)?)?,
        amount: money(row.get(8)?, currency),
        recorded_at: instant(row.get(9)?)?,
        business_day: BusinessDay::from_date(date(string(row, 10)?)?),
        caller_reference: maybe_words(row, 11)?,
        caller_key: key(maybe(row, 12)?)?,
        place: Place {
            branch: maybe_words(row, 13)?,
            cashier: maybe_words(row, 14)?,
            terminal: maybe_words(row, 15)?,
            means: maybe_words(row, 16)?,
            collected_at: maybe(row, 17)?.map(date_time).transpose()?,
        },
        previous: payment_id(row, 18)?,
        issuer: row.get(19)?,
    })
}

pub(crate) fn reversal(row: Row<'_>, from: usize, currency: Currency) -> Read<Reversal> {
    Ok(Reversal {
        payment: id(PaymentId::from_i64, row.get(from)?)?,
        collector: id(CollectorId::from_i64, row.get(from + 1)?)?,
        contract: id(ContractKey::from_i64, row.get(from + 2)?)?,
        bill: id(BillId::from_i64, row.get(from + 3)?)?,
        amount: money(row.get(from + 4)?, currency),
        recorded_at: instant(row.get(from + 5)?)?,
        business_day: BusinessDay::from_date(date(string(row, from + 6)?)?),
        reason: maybe_words(row, from + 7)?,
        caller_key: key(maybe(row, from + 8)?)?,
    })
}

pub(crate) fn collector(row: Row<'_>) -> Read<CollectorRecord> {
    let previous: (Option<Digest>, Option<i64>) = (row.get(8)?, row.get(9)?);
    let previous = match previous {
        (Some(digest), Some(until)) => Some(PreviousSecret { digest, until: instant(until)? }),
        _ => None,
    };
    Ok(CollectorRecord {
        id: id(CollectorId::from_i64, row.get(0)?)?,
        company: id(CompanyId::from_i64, row.get(1)?)?,
        name: words(row, 2)?,
        login: words(row, 3)?,
        code_digest: row.get(4)?,
        secret_digest: row.get(5)?,
        can_list: row.get(6)?,
        is_active: row.get(7)?,
        is_window: row.get(10)?,
        limits: match maybe(row, 13)? {
            Some(code) => limits(row, 11, currency(code)?)?,
            None => CollectorLimits::NONE,
        },
        previous,
    })
}

/// The two columns of what a collector may take.
pub(crate) fn limits(row: Row<'_>, from: usize, currency: Currency) -> Read<CollectorLimits> {
    to_limits((row.get(from)?, row.get(from + 1)?), currency)
}

pub(crate) fn token(row: Row<'_>) -> Read<TokenRecord> {
    let issued_at: Option<i64> = row.get(2)?;
    Ok(TokenRecord {
        digest: row.get(0)?,
        collector: id(CollectorId::from_i64, row.get(1)?)?,
        issued_at: issued_at.map(instant).transpose()?,
        expires_at: instant(row.get(3)?)?,
    })
}

pub(crate) fn file(row: Row<'_>) -> Read<FileRecord> {
    let totals: Option<TotalsRecord> = maybe_json(row, 7)?;
    Ok(FileRecord {
        file: imported_file(row)?,
        entry: id(EntryNumber::from_i64, row.get(6)?)?,
        totals: totals.map(|record| record.to_totals()),
    })
}

fn imported_file(row: Row<'_>) -> Read<ImportedFile> {
    Ok(ImportedFile {
        id: id(FileId::from_i64, row.get(0)?)?,
        kind: from_file_code(string(row, 1)?)?,
        name: words(row, 2)?,
        sha256: row.get(3)?,
        lines: unsigned(row.get(4)?)?,
        imported_by: words(row, 5)?,
    })
}

pub(crate) fn attempt(row: Row<'_>) -> Read<Attempt> {
    let collector = id(CollectorId::from_i64, row.get(0)?)?;
    let operation = Operation::from_code(string(row, 1)?);
    let operation = operation.ok_or_else(|| StoreError::damaged("an operation is not one"))?;
    let key = key(Some(string(row, 2)?))?;
    let key = key.ok_or_else(|| StoreError::damaged("a caller key is not one"))?;
    Ok(((collector, operation, key), id(PaymentId::from_i64, row.get(3)?)?))
}

pub(crate) fn account(row: Row<'_>, column: usize) -> Read<Account> {
    Account::from_code(string(row, column)?)
        .ok_or_else(|| StoreError::damaged("an account is not one"))
}

/// The first row of an entry, with its first posting.
pub(crate) fn entry(row: Row<'_>, currency: Currency) -> Read<Entry> {
    Ok(Entry {
        number: id(EntryNumber::from_i64, row.get(0)?)?,
        recorded_at: instant(row.get(1)?)?,
        event: journal::read(string(row, 2)?, string(row, 3)?, currency)?,
        written: Written {
            kind: string(row, 2)?.to_owned().into(),
            payload: string(row, 3)?.to_owned(),
        },
        postings: posting(row, currency)?.into_iter().collect(),
        chain: row.get(4)?,
    })
}

pub(crate) fn posting(row: Row<'_>, currency: Currency) -> Read<Option<Posting>> {
    let Some(minor) = row.get(7)? else {
        return Ok(None);
    };
    let amount = money(minor, currency);
    Ok(Some(Posting { debit: account(row, 5)?, credit: account(row, 6)?, amount }))
}
