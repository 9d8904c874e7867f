//! Figures and dates as they stand on a paper, and wherever it is compared with one: decimal comma, day
//! before month.

use jiff::civil::{Date, DateTime};
use ventanilla_domain::{Currency, Money, Period};

/// An amount with two decimals after a comma and a point between thousands: `1.234,56`, `-7,20`.
pub fn amount(amount: Money) -> String {
    let decimal = amount.to_decimal();
    let (sign, digits) =
        decimal.strip_prefix('-').map_or(("", decimal.as_str()), |digits| ("-", digits));
    let (whole, hundredths) = digits.split_once('.').unwrap_or((digits, "00"));
    format!("{sign}{},{hundredths}", grouped(whole))
}

/// A count with a point between thousands.
pub fn count(count: i64) -> String {
    let sign = if count < 0 { "-" } else { "" };
    format!("{sign}{}", grouped(&count.unsigned_abs().to_string()))
}

fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('.');
        }
        text.push(digit);
    }
    text
}

/// `26/11/2021`.
pub fn date(date: Date) -> String {
    format!("{:02}/{:02}/{:04}", date.day(), date.month(), date.year())
}

/// `26/11/2021 12:11:52`.
pub fn moment(at: DateTime) -> String {
    format!("{} {:02}:{:02}:{:02}", date(at.date()), at.hour(), at.minute(), at.second())
}

/// `10/2021`.
pub fn period(period: Period) -> String {
    let yyyymm = period.to_yyyymm();
    format!("{:02}/{:04}", yyyymm % 100, yyyymm / 100)
}

/// The sign of a currency, as its country writes it.
pub fn sign_of(currency: Currency) -> &'static str {
    match currency.to_code() {
        "BOB" => "Bs",
        "BRL" => "R$",
        "CRC" => "₡",
        "DOP" => "RD$",
        "EUR" => "€",
        "GTQ" => "Q",
        "HNL" => "L",
        "NIO" => "C$",
        "PAB" => "B/.",
        "PEN" => "S/",
        "USD" => "US$",
        "UYU" => "$U",
        "VES" => "Bs.",
        // ARS, COP, CUP, MXN.
        _ => "$",
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date as day;

    use super::*;

    #[test]
    fn an_amount_has_a_comma_and_points_between_thousands() {
        for (minor, text) in [
            (0, "0,00"),
            (5, "0,05"),
            (-720, "-7,20"),
            (14_570, "145,70"),
            (99_999, "999,99"),
            (100_000, "1.000,00"),
            (-12_345_678, "-123.456,78"),
            (Money::BILL_MAX_MINOR, "1.000.000.000,00"),
        ] {
            assert_eq!(amount(Money::from_minor(minor, Currency::BOB)), text);
        }
    }

    #[test]
    fn counts_and_dates_read_as_people_write_them() {
        assert_eq!(count(0), "0");
        assert_eq!(count(-1_234), "-1.234");
        assert_eq!(count(100_000), "100.000");
        assert_eq!(moment(day(2021, 1, 5).at(2, 3, 4, 999)), "05/01/2021 02:03:04");
        assert_eq!(period(Period::from_yyyymm(202_110).unwrap()), "10/2021");
    }
}
