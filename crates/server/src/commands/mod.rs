//! The commands: each reads its flags, calls the service, and tells what came of it.

pub(crate) mod backup;
pub(crate) mod by;
pub(crate) mod collector;
pub(crate) mod company;
pub(crate) mod config;
pub(crate) mod demo;
pub(crate) mod edge;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod integrator;
mod invitation;
pub(crate) mod invoice;
pub(crate) mod migrate;
pub(crate) mod mirror;
mod password;
pub(crate) mod payout;
pub(crate) mod rates;
pub(crate) mod receipt;
pub(crate) mod recovery_kit;
pub(crate) mod report;
pub(crate) mod restore;
pub(crate) mod serve;
mod target;
pub(crate) mod token;
pub(crate) mod trail;
pub(crate) mod user;
pub(crate) mod verify;
pub(crate) mod watch;

use jiff::civil::Date;
use jiff::{Timestamp, Zoned};
use ventanilla_domain::{
    BusinessDay, Company, CompanyId, PaymentId, Text, TextError, civil_at, zoned_at,
};

/// Takes a company's number.
pub(crate) fn from_company_id(text: &str) -> Result<CompanyId, String> {
    let id = text.parse::<i64>().ok().and_then(|id| CompanyId::from_i64(id).ok());
    id.ok_or_else(|| "se espera un número entero desde 1".to_owned())
}

/// Takes a day in the one form in which it is shown.
pub(crate) fn from_date(text: &str) -> Result<Date, String> {
    let date = text.parse::<Date>().ok().filter(|date| date.to_string() == text);
    date.ok_or_else(|| "se espera un día como 2021-11-05".to_owned())
}

/// Takes a business day in the form of [`from_date`].
pub(crate) fn from_day(text: &str) -> Result<BusinessDay, String> {
    from_date(text).map(BusinessDay::from_date)
}

/// Takes an `IdCobranza`.
pub(crate) fn from_payment_id(text: &str) -> Result<PaymentId, String> {
    let id = text.parse::<i64>().ok().and_then(|id| PaymentId::from_i64(id).ok());
    id.ok_or_else(|| "se espera un número entero desde 1".to_owned())
}

/// Takes a name or a label.
pub(crate) fn from_text<const MAX: usize>(text: &str) -> Result<Text<MAX>, String> {
    Text::from_text(text).map_err(|error| match error {
        TextError::Empty => "está vacío".to_owned(),
        TextError::TooLong => format!("pasa de {MAX} caracteres"),
        TextError::Character => "lleva un carácter de control".to_owned(),
    })
}

/// An instant in the company's time, to the second.
pub(crate) fn to_local(company: &Company, at: Timestamp) -> String {
    civil_at(company, at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The same with its offset, as `2021-11-26 12:11:52-04:00`: for those who compare it with other clocks.
pub(crate) fn to_zoned(company: &Company, at: Timestamp) -> String {
    with_offset(&zoned_at(company, at))
}

/// A time with its offset.
pub(crate) fn with_offset(at: &Zoned) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S%:z").to_string()
}

/// The text without control characters, and its first `len_max` characters.
pub(crate) fn to_printable(text: &str, len_max: usize) -> String {
    text.chars().filter(|char| !char.is_control()).take(len_max).collect()
}
