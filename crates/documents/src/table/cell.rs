//! What stands in a row under a column, and how it is spelled.

use std::fmt::{self, Write as _};

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use ventanilla_domain::{Company, DetailLine, Money, civil_at, zoned_at};

/// What stands in a row under a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell<'r> {
    /// Nothing: an empty cell.
    Nothing,
    /// A whole number.
    Number(i64),
    /// A text.
    Text(&'r str),
    /// An amount, with two decimals.
    Amount(Money),
    /// What a bill charges: `Agua=35.98|Descuento=-7.20`.
    Details(&'r [DetailLine]),
    /// A date.
    Day(Date),
    /// An instant, told in the company's time, in whole seconds.
    Instant(Timestamp),
    /// A time of somebody else's clock, in whole seconds.
    Civil(DateTime),
}

/// Who reads a text: it decides the mark of decimals and the form of times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// A program: `136.76`, `2021-11-26T12:11:52-04:00`; a time of somebody else's clock is without
    /// an offset.
    Program,
    /// A spreadsheet in Spanish: `136,76`, `2021-11-26 12:11:52`, `2021-11-26`.
    YearFirst,
    /// People, and their spreadsheets: `136,76`, `26/11/2021 12:11:52`, `26/11/2021`.
    DayFirst,
}

impl Spelling {
    /// The mark before an amount's decimals.
    const fn to_decimal_mark(self) -> char {
        match self {
            Self::Program => '.',
            Self::YearFirst | Self::DayFirst => ',',
        }
    }
}

impl Cell<'_> {
    /// Appends what the cell says to `text`.
    pub fn spell(self, spelling: Spelling, company: &Company, text: &mut String) -> fmt::Result {
        match self {
            Self::Nothing => {}
            Self::Number(number) => push_signed(text, number),
            Self::Text(words) => text.push_str(words),
            Self::Amount(amount) => push_amount(text, amount, spelling),
            Self::Details(lines) => push_details(text, lines, spelling),
            Self::Day(day) => push_date(text, day, spelling),
            Self::Instant(at) if spelling == Spelling::Program => {
                return write!(text, "{}", zoned_at(company, at).strftime("%Y-%m-%dT%H:%M:%S%:z"));
            }
            Self::Instant(at) => push_time(text, civil_at(company, at), spelling),
            Self::Civil(at) => push_time(text, at, spelling),
        }
        Ok(())
    }
}

/// Whether a spreadsheet would run a cell of that text: what others wrote gets a `'` before it.
pub fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

// By hand, not by `write!`: a report of a hundred thousand rows spells a million of these, and the
// machinery of formatting would be most of its time.

fn push_details(text: &mut String, lines: &[DetailLine], spelling: Spelling) {
    for (place, line) in lines.iter().enumerate() {
        if place > 0 {
            text.push('|');
        }
        text.push_str(line.concept.as_str());
        text.push('=');
        push_amount(text, line.amount, spelling);
    }
}

fn push_amount(text: &mut String, amount: Money, spelling: Spelling) {
    let minor = amount.to_minor();
    if minor < 0 {
        text.push('-');
    }
    let minor = minor.unsigned_abs();
    push_digits(text, minor / 100, 1);
    text.push(spelling.to_decimal_mark());
    push_digits(text, minor % 100, 2);
}

fn push_time(text: &mut String, at: DateTime, spelling: Spelling) {
    push_date(text, at.date(), spelling);
    text.push(if spelling == Spelling::Program { 'T' } else { ' ' });
    push_part(text, at.hour());
    text.push(':');
    push_part(text, at.minute());
    text.push(':');
    push_part(text, at.second());
}

fn push_date(text: &mut String, day: Date, spelling: Spelling) {
    if spelling == Spelling::DayFirst {
        push_part(text, day.day());
        text.push('/');
        push_part(text, day.month());
        text.push('/');
        push_year(text, day);
    } else {
        push_year(text, day);
        text.push('-');
        push_part(text, day.month());
        text.push('-');
        push_part(text, day.day());
    }
}

fn push_year(text: &mut String, day: Date) {
    if day.year() < 0 {
        text.push('-');
    }
    push_digits(text, day.year().unsigned_abs().into(), 4);
}

/// A part of a date or a time, in `0..=59`.
fn push_part(text: &mut String, part: i8) {
    push_digits(text, part.unsigned_abs().into(), 2);
}

fn push_signed(text: &mut String, number: i64) {
    if number < 0 {
        text.push('-');
    }
    push_digits(text, number.unsigned_abs(), 1);
}

/// A number in decimal, with zeros before it up to `len_min` digits.
fn push_digits(text: &mut String, number: u64, len_min: usize) {
    let mut digits = [b'0'; 20];
    let (mut start, mut rest) = (digits.len(), number);
    while rest > 0 || digits.len() - start < len_min {
        start -= 1;
        digits[start] = b"0123456789"[usize::try_from(rest % 10).expect("a digit is under ten")];
        rest /= 10;
    }
    text.push_str(str::from_utf8(&digits[start..]).expect("digits are ASCII"));
}

#[cfg(test)]
mod tests {
    use ventanilla_domain::{CompanyId, Concept, Currency, Name, Policy, TimeZone};

    use super::*;

    /// What a cell says to a program, a spreadsheet and people.
    fn check(cell: Cell<'_>, told: [&str; 3]) {
        let company = Company {
            id: CompanyId::from_i64(13).unwrap(),
            name: Name::from_text("Cooplan").unwrap(),
            currency: Currency::BOB,
            time_zone: TimeZone::from_name("America/La_Paz").unwrap(),
            policy: Policy::default(),
            issuer: 0,
        };
        let spellings = [Spelling::Program, Spelling::YearFirst, Spelling::DayFirst];
        for (spelling, told) in spellings.into_iter().zip(told) {
            let mut text = String::from("antes ");
            cell.spell(spelling, &company, &mut text).unwrap();
            assert_eq!(text.strip_prefix("antes "), Some(told), "{spelling:?}");
        }
    }

    fn money(minor: i64) -> Money {
        Money::from_minor(minor, Currency::BOB)
    }

    #[test]
    fn a_number_or_a_text_is_spelled_alike_for_all() {
        check(Cell::Nothing, [""; 3]);
        check(Cell::Number(0), ["0"; 3]);
        check(Cell::Number(4_224_408), ["4224408"; 3]);
        check(Cell::Number(-10), ["-10"; 3]);
        check(Cell::Number(i64::MIN), ["-9223372036854775808"; 3]);
        check(Cell::Text("=Muñoz;"), ["=Muñoz;"; 3]);
    }

    #[test]
    fn an_amount_has_two_decimals_after_the_readers_mark() {
        for (minor, program, people) in [
            (0, "0.00", "0,00"),
            (5, "0.05", "0,05"),
            (-5, "-0.05", "-0,05"),
            (14_570, "145.70", "145,70"),
            (100_000_000_000, "1000000000.00", "1000000000,00"),
            (i64::MIN, "-92233720368547758.08", "-92233720368547758,08"),
        ] {
            check(Cell::Amount(money(minor)), [program, people, people]);
        }
        let line = |concept, minor| DetailLine {
            concept: Concept::from_text(concept).unwrap(),
            amount: money(minor),
        };
        let lines = [line("Agua", 3_598), line("Descuento Ley 1886", -720)];
        let people = "Agua=35,98|Descuento Ley 1886=-7,20";
        check(Cell::Details(&lines), ["Agua=35.98|Descuento Ley 1886=-7.20", people, people]);
    }

    #[test]
    fn a_time_is_in_whole_seconds_and_the_readers_order() {
        let day = |text: &str| Cell::Day(text.parse().unwrap());
        check(day("2021-11-05"), ["2021-11-05", "2021-11-05", "05/11/2021"]);
        check(day("0007-01-02"), ["0007-01-02", "0007-01-02", "02/01/0007"]);
        let instant = |text: &str| Cell::Instant(text.parse().unwrap());
        check(
            instant("2021-11-26T16:11:52.999Z"),
            ["2021-11-26T12:11:52-04:00", "2021-11-26 12:11:52", "26/11/2021 12:11:52"],
        );
        check(
            instant("2021-11-27T03:59:59Z"),
            ["2021-11-26T23:59:59-04:00", "2021-11-26 23:59:59", "26/11/2021 23:59:59"],
        );
        let civil = |text: &str| Cell::Civil(text.parse().unwrap());
        check(
            civil("1990-02-03T04:05:06.9"),
            ["1990-02-03T04:05:06", "1990-02-03 04:05:06", "03/02/1990 04:05:06"],
        );
    }

    #[test]
    fn a_text_that_a_spreadsheet_would_run_is_a_formula() {
        for (text, is_run) in [
            ("=1+1", true),
            ("+591 70000000", true),
            ("-1", true),
            ("@SUM(A1)", true),
            ("\t=1", true),
            ("\r=1", true),
            ("1-1", false),
            ("a=b", false),
            ("'", false),
            ("", false),
        ] {
            assert_eq!(is_formula(text), is_run, "{text:?}");
        }
    }
}
