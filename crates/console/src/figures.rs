//! Figures as people write and type them, over those of the papers.

use jiff::Timestamp;
use jiff::civil::Date;
pub(crate) use ventanilla_documents::figures::{amount, count, date, period, sign_of};
use ventanilla_domain::{Company, Currency, Money, civil_at};

/// `26/11/2021 12:11`, in the company's own time.
pub(crate) fn moment(company: &Company, at: Timestamp) -> String {
    let local = civil_at(company, at);
    format!("{} {:02}:{:02}", date(local.date()), local.hour(), local.minute())
}

/// `12:11`, in the company's own time.
pub(crate) fn time(company: &Company, at: Timestamp) -> String {
    let local = civil_at(company, at);
    format!("{:02}:{:02}", local.hour(), local.minute())
}

/// An amount with the sign of its currency: `Bs 1.234,56`.
pub(crate) fn priced(money: Money) -> String {
    format!("{} {}", sign_of(money.currency()), amount(money))
}

/// Hundredths of an amount as it was typed: `1.234,56`, `1234,5`, `1234.56`, `1234`. A comma is decimal, and
/// then points stand between thousands; without a comma a point is decimal, and three figures after it might be
/// either, so they are refused. From zero to [`Money::BILL_MAX_MINOR`].
pub(crate) fn minor_from(text: &str) -> Option<i64> {
    let text: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    let plain = if text.contains(',') {
        if !is_grouped(text.split(',').next().unwrap_or_default()) {
            return None;
        }
        text.replace('.', "").replacen(',', ".", 1)
    } else {
        text
    };
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let has_point = plain.contains('.');
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = !whole.is_empty()
        && digits(whole)
        && digits(fraction)
        && fraction.len() <= 2
        && (!has_point || !fraction.is_empty());
    let minor = format!("{whole}{fraction:0<2}").parse().ok().filter(|_| is_number);
    minor.filter(|minor| *minor <= Money::BILL_MAX_MINOR)
}

/// Whether points, where there are any, stand between thousands.
fn is_grouped(whole: &str) -> bool {
    let mut groups = whole.split('.');
    let first = groups.next().unwrap_or_default();
    let mut rest = groups.peekable();
    rest.peek().is_none() || (1..=3).contains(&first.len()) && rest.all(|group| group.len() == 3)
}

/// Money of an amount as it was typed.
pub(crate) fn money_from(text: &str, currency: Currency) -> Option<Money> {
    minor_from(text).map(|minor| Money::from_minor(minor, currency))
}

/// A day as a browser's field sends it, `2021-11-26`, or as people write it, `26/11/2021`.
pub(crate) fn date_from(text: &str) -> Option<Date> {
    if let Ok(date) = text.parse() {
        return Some(date);
    }
    let mut parts = text.split('/');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let is_over = parts.next().is_none() && year.len() == 4;
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok().filter(|_| is_over)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_read_as_people_type_it() {
        for (text, minor) in [
            ("0", Some(0)),
            ("100", Some(10_000)),
            ("100,5", Some(10_050)),
            ("100,50", Some(10_050)),
            ("1.234,56", Some(123_456)),
            ("1234,56", Some(123_456)),
            ("1234.56", Some(123_456)),
            (" 1 234,56 ", Some(123_456)),
            ("1.000.000.000", None),
            ("1.000.000.000,00", Some(Money::BILL_MAX_MINOR)),
            ("1.000.000.000,01", None),
            ("1.234", None),
            ("12.34,56", None),
            ("1,234.56", None),
            ("1,234", None),
            ("-5", None),
            ("5,", None),
            (",5", None),
            ("", None),
            ("1e3", None),
            ("٣", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(minor_from(text), minor, "{text:?}");
        }
    }

    #[test]
    fn a_day_is_read_in_both_forms() {
        let day = jiff::civil::date(2021, 11, 26);
        for (text, read) in [
            ("2021-11-26", Some(day)),
            ("26/11/2021", Some(day)),
            ("31/02/2021", None),
            ("26/11/21", None),
            ("26/11/2021/1", None),
            ("", None),
        ] {
            assert_eq!(date_from(text), read, "{text:?}");
        }
    }

    #[test]
    fn an_amount_is_shown_with_its_currency() {
        let money = money_from("1234,05", Currency::BOB).unwrap();
        assert_eq!(priced(money), "Bs 1.234,05");
    }
}
