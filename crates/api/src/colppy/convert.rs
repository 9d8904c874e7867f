//! Where the wire's forms meet ours: amounts, dates, numbers of documents, ids.
//!
//! What comes in is trimmed already, and `None` is a form that is not taken. Source of every form:
//! docs/spec/colppy.md §2 and §3.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use ventanilla_domain::{
    CompanyId, Cuit, CuitError, DocumentNumber, IdOutOfRange, Means, Money, PayoutId,
    PurchaseInvoiceId, Right, Role, SupplierId,
};

use super::wire;

/// The greatest amount that is taken, in hundredths.
const AMOUNT_MAX_MINOR: i64 = Money::PAYABLE_MAX_MINOR;

/// Characters an amount may have: no client prints more zeros than this.
const AMOUNT_LEN_MAX: usize = 64;

/// The time of the wire's own country, all year round.
const RESPONSE_OFFSET: Offset = Offset::constant(-3);

/// An amount in hundredths, in `0..=AMOUNT_MAX_MINOR`: digits, and perhaps a point with digits
/// after it, of which only zeros are taken beyond the second.
pub(super) fn amount_minor(text: &str) -> Option<i64> {
    hundredths(text).filter(|minor| *minor <= AMOUNT_MAX_MINOR)
}

/// An amount that is compared and not kept: it may be negative, as a balance may.
pub(super) fn compared_minor(text: &str) -> Option<i64> {
    match text.strip_prefix('-') {
        Some(text) => hundredths(text)?.checked_neg(),
        None => hundredths(text),
    }
}

fn hundredths(text: &str) -> Option<i64> {
    if text.len() > AMOUNT_LEN_MAX {
        return None;
    }
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    if !is_digits(whole) || !is_digits(decimals) {
        return None;
    }
    let (near, far) = decimals.split_at(decimals.len().min(2));
    if far.bytes().any(|digit| digit != b'0') {
        return None;
    }
    let tenfold = if near.len() == 1 { 10 } else { 1 };
    number(whole)?.checked_mul(100)?.checked_add(number(near)? * tenfold)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A decimal number without a sign.
fn number(text: &str) -> Option<i64> {
    is_digits(text).then(|| text.parse().ok()).flatten()
}

/// A whole number that is compared and not kept, so it may be negative.
pub(super) fn compared_whole(text: &str) -> Option<i64> {
    match text.strip_prefix('-') {
        Some(text) => number(text)?.checked_neg(),
        None => number(text),
    }
}

/// How many of something, from 0; more than can be counted is as many as can be.
pub(super) fn count(text: &str) -> Option<usize> {
    is_digits(text).then(|| text.parse().unwrap_or(usize::MAX))
}

/// A yes or a no: `1`, `0`, `true`, `false`, `Si`, `No`, `S`, `N`.
pub(super) fn flag(text: &str) -> Option<bool> {
    match &*folded(text) {
        "1" | "true" | "si" | "s" => Some(true),
        "0" | "false" | "no" | "n" => Some(false),
        _ => None,
    }
}

/// Digits of a whole number, in `1..=2^53 - 1`.
fn id<T>(text: &str, from: fn(i64) -> Result<T, IdOutOfRange>) -> Option<T> {
    from(number(text)?).ok()
}

/// `idEmpresa`.
pub(super) fn company_id(text: &str) -> Option<CompanyId> {
    id(text, CompanyId::from_i64)
}

/// `idProveedor`.
pub(super) fn supplier_id(text: &str) -> Option<SupplierId> {
    id(text, SupplierId::from_i64)
}

/// `CUIT`. Zeros, which forms are filled with, are none.
pub(super) fn tax_id(text: &str) -> Result<Option<Cuit>, CuitError> {
    if text.bytes().all(|byte| matches!(byte, b'0' | b'-')) {
        return Ok(None);
    }
    Cuit::from_text(text).map(Some)
}

/// `idFactura`.
pub(super) fn invoice_id(text: &str) -> Option<PurchaseInvoiceId> {
    id(text, PurchaseInvoiceId::from_i64)
}

/// `idPago`.
pub(super) fn payout_id(text: &str) -> Option<PayoutId> {
    id(text, PayoutId::from_i64)
}

/// A day as `16-08-2024`, `16/08/2024` or `2024-08-16`, of the years 1900 to 9999; the day and the
/// month may lack their zero.
pub(super) fn date(text: &str) -> Option<Date> {
    let separator = if text.contains('/') { '/' } else { '-' };
    let mut parts = text.split(separator);
    let (first, month, last) = (parts.next()?, parts.next()?, parts.next()?);
    let is_iso = first.len() == 4 && separator == '-';
    let (year, day) = if is_iso { (first, last) } else { (last, first) };
    if parts.next().is_some() || year.len() != 4 || month.len() > 2 || day.len() > 2 {
        return None;
    }
    let year = i16::try_from(number(year)?).ok().filter(|year| *year >= 1900)?;
    let (month, day) = (i8::try_from(number(month)?).ok()?, i8::try_from(number(day)?).ok()?);
    Date::new(year, month, day).ok()
}

/// Whether a text is the zeros that databases and forms have where there is no day: `0000-00-00`.
pub(super) fn is_no_day(text: &str) -> bool {
    text.contains('0') && text.bytes().all(|byte| matches!(byte, b'0' | b'-' | b'/'))
}

/// A text in one line: breaks of lines, which forms for longer texts have, are blanks.
pub(super) fn one_line(text: &str) -> String {
    let is_break = |c: char| matches!(c, '\n' | '\r' | '\t');
    let words = text.split(is_break).map(str::trim).filter(|line| !line.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// One part of a document's number: up to `LEN` digits, padded with zeros or not.
fn part<const LEN: usize>(text: &str) -> Option<u32> {
    let digits = Some(text).filter(|text| is_digits(text) && text.len() <= LEN);
    digits.and_then(|digits| digits.parse().ok())
}

/// `nroPago1`, `nroFactura1`: a point of issue.
pub(super) fn point(text: &str) -> Option<u32> {
    part::<5>(text)
}

/// `nroPago2`, `nroFactura2`: a serial number.
pub(super) fn serial(text: &str) -> Option<u32> {
    part::<8>(text)
}

/// `nroFactura`: both parts, with a dash between them.
pub(super) fn document_number(text: &str) -> Option<DocumentNumber> {
    let (first, second) = text.split_once('-')?;
    DocumentNumber::from_parts(point(first)?, serial(second)?).ok()
}

/// Whether a decimal is 1 and not 0; no other is taken.
pub(super) fn is_one(text: &str) -> Option<bool> {
    match hundredths(text)? {
        0 => Some(false),
        100 => Some(true),
        _ => None,
    }
}

/// Whether a text is a zero, which forms are filled with where there is nothing.
pub(super) fn is_zero(text: &str) -> bool {
    hundredths(text) == Some(0)
}

/// `idMedioPago`: with or without accents, in any letter case.
pub(super) fn means(text: &str) -> Option<Means> {
    let text = folded(text);
    let mut found = wire::payouts::MEANS.into_iter().filter(|(_, name)| folded(name) == text);
    found.next().map(|(means, _)| means)
}

/// A part of a document's number, padded with zeros to at least `LEN` digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Padded<const LEN: usize>(pub(super) u32);

impl<const LEN: usize> fmt::Display for Padded<LEN> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:0LEN$}", self.0)
    }
}

/// An amount in hundredths as `11.00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decimal(pub(super) i64);

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let minor = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", minor / 100, minor % 100)
    }
}

/// An amount in hundredths that goes out as a JSON number, as short as it can be: `0`, `11.5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shortest(pub(super) i64);

impl Serialize for Shortest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 % 100 == 0 {
            return serializer.serialize_i64(self.0 / 100);
        }
        let digits = Decimal(self.0).to_string();
        let digits = digits.strip_suffix('0').unwrap_or(&digits).to_owned();
        let number = RawValue::from_string(digits).map_err(serde::ser::Error::custom)?;
        number.serialize(serializer)
    }
}

/// A day as `16/08/2016`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Day(pub(super) Date);

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}/{:02}/{:04}", self.0.day(), self.0.month(), self.0.year())
    }
}

/// `response_date`: the time of an answer as `2016-08-18 12:39:29`, three hours behind UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AnsweredAt(DateTime);

impl AnsweredAt {
    pub(super) fn from_instant(at: Timestamp) -> Self {
        Self(RESPONSE_OFFSET.to_datetime(at))
    }
}

impl fmt::Display for AnsweredAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (date, time) = (self.0.date(), self.0.time());
        write!(f, "{date} {:02}:{:02}:{:02}", time.hour(), time.minute(), time.second())
    }
}

/// Whether a role keeps the company itself.
pub(super) fn is_administrator(role: Role) -> bool {
    role.may(Right::Administer)
}

/// What makes an ñ of an n, in what is compared: it comes after whatever may follow an n.
const TILDE: char = '\u{10ffff}';

/// A text as it is compared, so that it stands where a reader of Spanish looks for it: without
/// regard to case and to accents, those of Latin-1 and combining ones. Only ñ is a letter of its own,
/// after n.
pub(super) fn folded(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        let is_folded = !text.bytes().any(|byte| byte.is_ascii_uppercase());
        return if is_folded { text.into() } else { text.to_ascii_lowercase().into() };
    }
    let mut folded = String::with_capacity(text.len() + TILDE.len_utf8());
    for letter in text.chars().flat_map(char::to_lowercase) {
        match letter {
            'à'..='å' => folded.push('a'),
            'ç' => folded.push('c'),
            'è'..='ë' => folded.push('e'),
            'ì'..='ï' => folded.push('i'),
            'ñ' => folded.extend(['n', TILDE]),
            '\u{303}' if folded.ends_with('n') => folded.push(TILDE),
            'ò'..='ö' | 'ø' => folded.push('o'),
            'ù'..='ü' => folded.push('u'),
            'ý' | 'ÿ' => folded.push('y'),
            '\u{300}'..='\u{36f}' => {}
            other => folded.push(other),
        }
    }
    folded.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: PartialEq + fmt::Debug>(
        read: impl Fn(&str) -> Option<T>,
        cases: &[(&str, Option<T>)],
    ) {
        for (text, expected) in cases {
            assert_eq!(read(text), *expected, "{text:?}");
        }
    }

    fn check_refused<T: fmt::Debug>(read: impl Fn(&str) -> Option<T>, texts: &[&str]) {
        for text in texts {
            let taken = read(text);
            assert!(taken.is_none(), "{text:?} was taken as {taken:?}");
        }
    }

    #[test]
    fn an_amount_is_an_exact_decimal() {
        check(
            amount_minor,
            &[
                ("0", Some(0)),
                ("0.00", Some(0)),
                ("11", Some(1100)),
                ("11.5", Some(1150)),
                ("11.50", Some(1150)),
                ("11.05", Some(1105)),
                ("11.0500000", Some(1105)),
                ("0011.05", Some(1105)),
                ("0.01", Some(1)),
                ("1000000000", Some(100_000_000_000)),
                ("1000000000000.00", Some(100_000_000_000_000)),
            ],
        );
        let long = format!("1.{}", "0".repeat(64));
        check_refused(
            amount_minor,
            &[
                "",
                "1000000000000.01",
                "92233720368547758.08",
                "9223372036854775808",
                "-1",
                "-0",
                "+1",
                "1.",
                ".5",
                ".",
                "1.2.3",
                "11.001",
                "11.005",
                "10.999999999",
                "1e2",
                "1E2",
                "1,5",
                "1.000,00",
                "1,000.00",
                "1 000",
                "$11",
                "NaN",
                "１１",
                &long,
            ],
        );
    }

    #[test]
    fn what_is_compared_may_be_negative() {
        check(
            compared_minor,
            &[("-11.5", Some(-1150)), ("0", Some(0)), ("-", None), ("--1", None)],
        );
        check(compared_whole, &[("-7", Some(-7)), ("7", Some(7)), ("7.0", None), ("", None)]);
    }

    #[test]
    fn a_count_has_no_end() {
        let long = "9".repeat(100);
        check(count, &[("0", Some(0)), ("50", Some(50)), (&long, Some(usize::MAX))]);
        check_refused(count, &["", "-1", "+1", "1.0", "1e3", "a", "٣"]);
    }

    #[test]
    fn an_id_is_a_whole_number_of_digits() {
        let read = |text: &str| company_id(text).map(CompanyId::to_i64);
        check(
            read,
            &[("98", Some(98)), ("098", Some(98)), ("9007199254740991", Some((1 << 53) - 1))],
        );
        check_refused(
            read,
            &["", "0", "-1", "1.0", "a", "9007199254740992", "9223372036854775808"],
        );
    }

    #[test]
    fn a_flag_is_a_digit_or_a_word() {
        for text in ["1", "true", "True", "Si", "si", "SÍ", "S"] {
            check(flag, &[(text, Some(true))]);
        }
        for text in ["0", "FALSE", "No", "NO", "n"] {
            check(flag, &[(text, Some(false))]);
        }
        check_refused(flag, &["", "2", "01", "yes", "y", "sino"]);
    }

    #[test]
    fn a_tax_id_of_zeros_is_none() {
        let read = |text| tax_id(text).map(|tax_id| tax_id.map(|tax_id| tax_id.to_string()));
        for text in ["20-12345678-6", "20123456786"] {
            assert_eq!(read(text), Ok(Some("20-12345678-6".to_owned())), "{text}");
        }
        for text in ["0", "00000000000", "00-00000000-0", "-", "--"] {
            assert_eq!(read(text), Ok(None), "{text}");
        }
        assert_eq!(read("20-12345678-5"), Err(CuitError::CheckDigit));
        assert_eq!(read("20-12345678"), Err(CuitError::Digits));
    }

    #[test]
    fn a_text_of_many_lines_is_kept_in_one() {
        assert_eq!(one_line("Resmas\r\n\r\n de papel\tA4\n"), "Resmas de papel A4");
        assert_eq!(one_line("\n"), "");
    }

    #[test]
    fn a_day_of_zeros_is_none() {
        for text in ["0000-00-00", "00/00/0000", "00-00-0000", "0"] {
            assert!(is_no_day(text), "{text}");
        }
        for text in ["", "-", "2024-00-00", "00:00"] {
            assert!(!is_no_day(text), "{text}");
        }
    }

    #[test]
    fn a_date_has_three_forms() {
        let day = Date::new(2024, 8, 16).ok();
        check(date, &["16-08-2024", "16/08/2024", "2024-08-16"].map(|form| (form, day)));
        check(date, &[("29-02-2024", Date::new(2024, 2, 29).ok())]);
        let unpadded = Date::new(2024, 8, 1).ok();
        check(date, &["1-8-2024", "1/8/2024", "01-8-2024", "2024-8-1"].map(|it| (it, unpadded)));
        check_refused(
            date,
            &[
                "",
                "30-02-2024",
                "29-02-2023",
                "32-01-2024",
                "00-01-2024",
                "01-00-2024",
                "08-16-2024",
                "16-08/2024",
                "16.08.2024",
                "2024/08/16",
                "20240816",
                "001-8-2024",
                "1--2024",
                "1-8-2024-",
                "16-08-24",
                "16-08-2024 10:00:00",
                "31-12-1899",
                "0000-00-00",
                "-1-08-2024",
                "+1-08-2024",
                "é-08-2024é",
                "hoy",
            ],
        );
    }

    #[test]
    fn a_part_of_a_number_may_be_padded() {
        for (text, as_point, as_serial) in [
            ("1", Some(1), Some(1)),
            ("0001", Some(1), Some(1)),
            ("00000", Some(0), Some(0)),
            ("00000288", None, Some(288)),
            ("99999", Some(99_999), Some(99_999)),
            ("99999999", None, Some(99_999_999)),
            ("000000288", None, None),
            ("", None, None),
            ("-1", None, None),
            ("+1", None, None),
            ("1.0", None, None),
            ("2a8", None, None),
        ] {
            assert_eq!((point(text), serial(text)), (as_point, as_serial), "{text:?}");
        }
        for (text, expected) in [
            ("0001-00000005", Some("0001-00000005")),
            ("1-5", Some("0001-00000005")),
            ("00000-5", Some("0000-00000005")),
            ("12345-99999999", Some("12345-99999999")),
            ("5", None),
            ("1-", None),
            ("-5", None),
            ("1-0", None),
            ("1-2-3", None),
            ("100000-5", None),
            ("A-5", None),
        ] {
            let read = document_number(text).map(|number| number.to_string());
            assert_eq!(read.as_deref(), expected, "{text:?}");
        }
        assert_eq!(Padded::<4>(1).to_string(), "0001");
        assert_eq!(Padded::<4>(12_345).to_string(), "12345");
        assert_eq!(Padded::<8>(288).to_string(), "00000288");
    }

    #[test]
    fn a_zero_or_a_one_comes_in_any_decimal_form() {
        for (text, expected) in [
            ("0", Some(false)),
            ("0.0000", Some(false)),
            ("1", Some(true)),
            ("1.00", Some(true)),
            ("01.0", Some(true)),
            ("1.01", None),
            ("2", None),
            ("-1", None),
            ("", None),
            ("USD", None),
        ] {
            assert_eq!(is_one(text), expected, "{text:?}");
            assert_eq!(is_zero(text), expected == Some(false), "{text:?}");
        }
    }

    #[test]
    fn means_are_known_in_any_case_with_or_without_accents() {
        check(
            means,
            &[
                ("Cheque Emitido Común", Some(Means::Cheque)),
                ("cheque emitido comun", Some(Means::Cheque)),
                ("CHEQUE EMITIDO COMU\u{301}N", Some(Means::Cheque)),
                ("Cheque Emitido Diferido", Some(Means::DeferredCheque)),
                ("Transferencia", Some(Means::Transfer)),
                ("EFECTIVO", Some(Means::Cash)),
                ("Tarjeta de Credito", Some(Means::CreditCard)),
                ("TARJETA DE CRÉDITO", Some(Means::CreditCard)),
                ("Cheque de Tercero", Some(Means::ThirdPartyCheque)),
            ],
        );
        check_refused(means, &["", "Cheque", "Bitcoin", "Efectivos", "0", "ñ"]);
    }

    #[test]
    fn what_goes_out_has_one_form() {
        for (minor, decimal, shortest) in [
            (0, "0.00", "0"),
            (5, "0.05", "0.05"),
            (1100, "11.00", "11"),
            (1150, "11.50", "11.5"),
            (1105, "11.05", "11.05"),
            (-50, "-0.50", "-0.5"),
            (-1100, "-11.00", "-11"),
            (100_000_000_000, "1000000000.00", "1000000000"),
            (i64::MAX, "92233720368547758.07", "92233720368547758.07"),
        ] {
            assert_eq!(Decimal(minor).to_string(), decimal);
            assert_eq!(serde_json::to_string(&Shortest(minor)).unwrap(), shortest);
        }
        assert_eq!(Day(jiff::civil::date(2016, 8, 6)).to_string(), "06/08/2016");
    }

    #[test]
    fn an_answer_is_dated_three_hours_behind_utc() {
        for (at, shown) in [
            ("2016-08-18T15:39:29Z", "2016-08-18 12:39:29"),
            ("2016-08-18T02:59:59.999999Z", "2016-08-17 23:59:59"),
            ("2025-01-01T03:00:00Z", "2025-01-01 00:00:00"),
        ] {
            assert_eq!(AnsweredAt::from_instant(at.parse().unwrap()).to_string(), shown);
        }
    }

    #[test]
    fn texts_are_compared_without_case_and_accents() {
        for (text, expected) in [
            ("", ""),
            ("abc 1", "abc 1"),
            ("ABC", "abc"),
            ("ÁLAMO", "alamo"),
            ("a\u{301}lamo", "alamo"),
            ("pingüino", "pinguino"),
            ("Çà ËÎ Øü Ÿ", "ca ei ou y"),
            ("ÑANDÚ", "n\u{10ffff}andu"),
            ("N\u{303}andu\u{301}", "n\u{10ffff}andu"),
            ("a\u{303}o", "ao"),
            ("日本 №1", "日本 №1"),
        ] {
            assert_eq!(folded(text), expected, "{text}");
        }
    }

    #[test]
    fn texts_are_sorted_as_in_a_spanish_dictionary() {
        let sorted = [
            "", " a", "1", "álamo", "Alba", "árbol", "nz", "n😀", "Ñandú", "ñu", "oca", "Zorro",
            "日",
        ];
        for pair in sorted.windows(2) {
            assert!(folded(pair[0]) < folded(pair[1]), "{pair:?}");
        }
    }
}
