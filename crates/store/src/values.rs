//! Values as a column or the journal holds them, and back.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use ventanilla_domain::{
    BillState, CallerKey, CollectorLimits, ContractState, Cuit, Currency, DocumentNumber, FileKind,
    IdOutOfRange, Letter, Money, Period, Text, TimeZone,
};

use crate::StoreError;

pub(crate) fn id<T>(from: fn(i64) -> Result<T, IdOutOfRange>, value: i64) -> Result<T, StoreError> {
    from(value).map_err(|cause| StoreError::damaged_by("an id is out of range", cause))
}

pub(crate) fn text<const MAX: usize>(value: &str) -> Result<Text<MAX>, StoreError> {
    Text::from_text(value).map_err(|cause| StoreError::damaged_by("a text is not one", cause))
}

pub(crate) fn optional<const MAX: usize>(
    value: Option<&str>,
) -> Result<Option<Text<MAX>>, StoreError> {
    value.map(text).transpose()
}

pub(crate) fn shown<const MAX: usize>(value: Option<&Text<MAX>>) -> Option<String> {
    value.map(ToString::to_string)
}

pub(crate) fn date(value: &str) -> Result<Date, StoreError> {
    value.parse().map_err(|cause| StoreError::damaged_by("a date is not one", cause))
}

pub(crate) fn instant(microseconds: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(microseconds)
        .map_err(|cause| StoreError::damaged_by("an instant is out of range", cause))
}

pub(crate) fn key(value: Option<&str>) -> Result<Option<CallerKey>, StoreError> {
    let key = value.map(CallerKey::from_text).transpose();
    key.map_err(|cause| StoreError::damaged_by("a caller key is not one", cause))
}

/// The code of a bill's state in the store.
pub(crate) fn to_bill_code(state: BillState) -> &'static str {
    match state {
        BillState::Owed => "owed",
        BillState::Annulled => "annulled",
        BillState::PaidElsewhere => "paid-elsewhere",
    }
}

/// The bill's state of that code.
pub(crate) fn from_bill_code(code: &str) -> Result<BillState, StoreError> {
    [BillState::Owed, BillState::Annulled, BillState::PaidElsewhere]
        .into_iter()
        .find(|state| to_bill_code(*state) == code)
        .ok_or_else(|| StoreError::damaged("a bill's state is not one"))
}

/// The code of a contract's state in the store.
pub(crate) fn to_contract_code(state: ContractState) -> &'static str {
    match state {
        ContractState::Active => "active",
        ContractState::Cut => "cut",
        ContractState::Blocked => "blocked",
        ContractState::Ended => "ended",
    }
}

/// The contract's state of that code.
pub(crate) fn from_contract_code(code: &str) -> Result<ContractState, StoreError> {
    [ContractState::Active, ContractState::Cut, ContractState::Blocked, ContractState::Ended]
        .into_iter()
        .find(|state| to_contract_code(*state) == code)
        .ok_or_else(|| StoreError::damaged("a contract's state is not one"))
}

/// The code of a file's kind in the store.
pub(crate) fn to_file_code(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Members => "members",
        FileKind::Bills => "bills",
    }
}

/// The file's kind of that code.
pub(crate) fn from_file_code(code: &str) -> Result<FileKind, StoreError> {
    [FileKind::Members, FileKind::Bills]
        .into_iter()
        .find(|kind| to_file_code(*kind) == code)
        .ok_or_else(|| StoreError::damaged("a file's kind is not one"))
}

/// The tax number of those eleven digits.
pub(crate) fn cuit(digits: &str) -> Result<Cuit, StoreError> {
    Cuit::from_text(digits)
        .map_err(|cause| StoreError::damaged_by("a tax number is not one", cause))
}

/// A document's letter.
pub(crate) fn letter(value: &str) -> Result<Letter, StoreError> {
    Letter::from_text(value).map_err(|cause| StoreError::damaged_by("a letter is not one", cause))
}

/// The number of a document, by its parts.
pub(crate) fn document_number(point: u32, serial: u32) -> Result<DocumentNumber, StoreError> {
    DocumentNumber::from_parts(point, serial)
        .map_err(|cause| StoreError::damaged_by("a document's number is not one", cause))
}

/// A count or an ordinal, which the store keeps as a signed number.
pub(crate) fn unsigned<T: TryFrom<i64>>(value: i64) -> Result<T, StoreError> {
    T::try_from(value).ok().ok_or_else(|| StoreError::damaged("a count is out of range"))
}

/// What a collector may take, of its hundredths.
pub(crate) fn to_limits(
    (payment_max, held_max): (Option<i64>, Option<i64>),
    currency: Currency,
) -> Result<CollectorLimits, StoreError> {
    let money = |minor: Option<i64>| minor.map(|minor| money(minor, currency));
    CollectorLimits::new(money(payment_max), money(held_max))
        .map_err(|cause| StoreError::damaged_by("a limit is not one", cause))
}

/// An amount in a company's currency.
pub(crate) fn money(minor: i64, currency: Currency) -> Money {
    Money::from_minor(minor, currency)
}

/// The currency of that code.
pub(crate) fn currency(code: &str) -> Result<Currency, StoreError> {
    Currency::from_code(code)
        .map_err(|cause| StoreError::damaged_by("a currency is not one", cause))
}

/// The time zone of that name.
pub(crate) fn time_zone(name: &str) -> Result<TimeZone, StoreError> {
    TimeZone::from_name(name)
        .map_err(|cause| StoreError::damaged_by("a time zone is not one", cause))
}

/// A period in the form `YYYYMM`.
pub(crate) fn period(yyyymm: u32) -> Result<Period, StoreError> {
    Period::from_yyyymm(yyyymm)
        .map_err(|cause| StoreError::damaged_by("a period is out of range", cause))
}

/// A local time in ISO 8601.
pub(crate) fn date_time(value: &str) -> Result<DateTime, StoreError> {
    value.parse().map_err(|cause| StoreError::damaged_by("a time is not one", cause))
}
