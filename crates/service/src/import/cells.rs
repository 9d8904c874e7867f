//! Cells to the domain's types, and the forms that a file must keep to.

use jiff::civil::Date;
use ventanilla_domain::{
    BillState, Concept, ContractState, Currency, DetailLine, IdOutOfRange, Money, Period, Text,
    TextError,
};

use super::verdict::{AmountForms, CellProblem, quoted};

/// The forms that the cells of one file have shown so far: each thing has one.
#[derive(Debug, Clone)]
pub(super) struct Forms {
    /// The line being read, from 1.
    pub(super) line: u64,
    currency: Currency,
    takes_comma: bool,
    decimal: Option<Seen>,
    date: Option<Seen>,
    period: Option<Seen>,
}

/// A form, and the first line that had it.
#[derive(Debug, Clone, Copy)]
struct Seen {
    form: &'static str,
    line: u64,
}

impl Forms {
    /// No form seen yet. Amounts are of `currency`; the decimal comma is a form with `takes_comma`.
    pub(super) const fn new(currency: Currency, takes_comma: bool) -> Self {
        Self { line: 1, currency, takes_comma, decimal: None, date: None, period: None }
    }
}

/// Keeps the first form there is, and refuses another.
fn keep_to(
    seen: &mut Option<Seen>,
    form: &'static str,
    line: u64,
    cell: &str,
) -> Result<(), CellProblem> {
    match seen {
        Some(seen) if seen.form != form => Err(CellProblem::MixedForms {
            cell: quoted(cell),
            here: form,
            there: seen.form,
            there_line: seen.line,
        }),
        Some(_) => Ok(()),
        None => {
            *seen = Some(Seen { form, line });
            Ok(())
        }
    }
}

/// An amount without a sign: `136`, `136.7`, `136.76`, where the file takes it also `136,76`.
///
/// Errors in order: another form, over 1,000,000,000.00, mixed forms.
pub(super) fn amount(cell: &str, forms: &mut Forms) -> Result<Money, CellProblem> {
    decimal(cell, forms, false)
}

/// An amount that may have a leading `-`. Errors as in [`amount`].
pub(super) fn signed_amount(cell: &str, forms: &mut Forms) -> Result<Money, CellProblem> {
    decimal(cell, forms, true)
}

fn decimal(cell: &str, forms: &mut Forms, minus: bool) -> Result<Money, CellProblem> {
    let wrong = |comma| {
        let forms = AmountForms { comma, minus };
        CellProblem::Amount { cell: quoted(cell), forms }
    };
    let negative = cell.strip_prefix('-').filter(|_| minus);
    let digits = negative.unwrap_or(cell).as_bytes();
    let mark = digits.iter().position(|byte| !byte.is_ascii_digit());
    let (whole, form, hundredths) = match mark {
        None => (digits, None, Some(0)),
        Some(at) => {
            let form = match digits[at] {
                b'.' => "136.76 (punto decimal)",
                b',' if forms.takes_comma => "136,76 (coma decimal)",
                _ => return Err(wrong(forms.takes_comma)),
            };
            (&digits[..at], Some(form), hundredths_of(&digits[at + 1..]))
        }
    };
    let hundredths =
        hundredths.filter(|_| !whole.is_empty()).ok_or_else(|| wrong(forms.takes_comma))?;
    let minor = whole.iter().try_fold(0_i64, |value, digit| {
        value.checked_mul(10)?.checked_add(i64::from(digit - b'0'))
    });
    let minor = minor
        .and_then(|whole| whole.checked_mul(100)?.checked_add(hundredths))
        .filter(|minor| *minor <= Money::BILL_MAX_MINOR)
        .ok_or_else(|| CellProblem::AmountTooLarge { cell: quoted(cell) })?;
    if let Some(form) = form {
        keep_to(&mut forms.decimal, form, forms.line, cell)?;
    }
    let minor = if negative.is_some() { -minor } else { minor };
    Ok(Money::from_minor(minor, forms.currency))
}

/// The digits after the decimal mark, one or two, as hundredths.
fn hundredths_of(digits: &[u8]) -> Option<i64> {
    match digits {
        [tenths] => digit(*tenths).map(|tenths| tenths * 10),
        [tenths, hundredths] => Some(digit(*tenths)? * 10 + digit(*hundredths)?),
        _ => None,
    }
}

fn digit(byte: u8) -> Option<i64> {
    byte.is_ascii_digit().then(|| i64::from(byte - b'0'))
}

/// A date: `2021-11-05` or `05/11/2021`, of the years 1900 to 9999.
///
/// Errors in order: another form or no such day, mixed forms.
pub(super) fn date(cell: &str, forms: &mut Forms) -> Result<Date, CellProblem> {
    let (year, month, day, form) = match cell.as_bytes() {
        [y @ .., b'-', m1, m2, b'-', d1, d2] => (y, [*m1, *m2], [*d1, *d2], "2021-11-05"),
        [d1, d2, b'/', m1, m2, b'/', y @ ..] => (y, [*m1, *m2], [*d1, *d2], "05/11/2021"),
        _ => return Err(CellProblem::Date { cell: quoted(cell) }),
    };
    let date =
        year_of(year).zip(small(&month)).zip(small(&day)).and_then(|((year, month), day)| {
            let year = i16::try_from(year).ok().filter(|year| *year >= 1900)?;
            Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
        });
    let date = date.ok_or_else(|| CellProblem::Date { cell: quoted(cell) })?;
    keep_to(&mut forms.date, form, forms.line, cell)?;
    Ok(date)
}

/// A billing month: `202110`, `2021-10`, `2021/10` or `10/2021`.
///
/// Errors in order: another form or no such month, mixed forms.
pub(super) fn period(cell: &str, forms: &mut Forms) -> Result<Period, CellProblem> {
    let (year, month, form) = match cell.as_bytes() {
        [m1, m2, b'/', y @ ..] => (y, [*m1, *m2], "10/2021"),
        [y @ .., b'/', m1, m2] => (y, [*m1, *m2], "2021/10"),
        [y @ .., b'-', m1, m2] => (y, [*m1, *m2], "2021-10"),
        [y @ .., m1, m2] => (y, [*m1, *m2], "202110"),
        _ => return Err(CellProblem::Period { cell: quoted(cell) }),
    };
    let period = year_of(year)
        .zip(small(&month))
        .and_then(|(year, month)| Period::from_year_month(year, month).ok())
        .ok_or_else(|| CellProblem::Period { cell: quoted(cell) })?;
    keep_to(&mut forms.period, form, forms.line, cell)?;
    Ok(period)
}

/// Exactly four digits.
fn year_of(digits: &[u8]) -> Option<u32> {
    if digits.len() == 4 { small(digits) } else { None }
}

/// A few digits and nothing else.
fn small(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, byte| {
        byte.is_ascii_digit().then(|| value * 10 + u32::from(byte - b'0'))
    })
}

/// An id: digits alone, in `1..=2^53 - 1`.
pub(super) fn id<T>(
    cell: &str,
    from: fn(i64) -> Result<T, IdOutOfRange>,
) -> Result<T, CellProblem> {
    let is_number = cell.bytes().all(|byte| byte.is_ascii_digit());
    is_number
        .then(|| cell.parse().ok())
        .flatten()
        .and_then(|value| from(value).ok())
        .ok_or_else(|| CellProblem::Id { cell: quoted(cell) })
}

/// An offending cell as a problem shows it.
pub(super) fn shown(cell: &str) -> String {
    quoted(cell)
}

/// What is wrong with a text of at most so many characters.
pub(super) fn text_problem(cell: &str, error: TextError, len_max: usize) -> CellProblem {
    CellProblem::Text { cell: quoted(cell), error, len_max }
}

/// A text of at most `MAX` characters. Errors in order: too long, a control character.
pub(super) fn text<const MAX: usize>(cell: &str) -> Result<Text<MAX>, CellProblem> {
    Text::from_text(cell).map_err(|error| text_problem(cell, error, MAX))
}

/// What may be done with a contract.
pub(super) fn contract_state(cell: &str) -> Result<ContractState, CellProblem> {
    one_of(
        cell,
        "activo, cortado, bloqueado o baja",
        &[
            ("activo", ContractState::Active),
            ("cortado", ContractState::Cut),
            ("bloqueado", ContractState::Blocked),
            ("baja", ContractState::Ended),
        ],
    )
}

/// What the biller says of a bill.
pub(super) fn bill_state(cell: &str) -> Result<BillState, CellProblem> {
    one_of(
        cell,
        "pendiente, anulada o pagada_fuera",
        &[
            ("pendiente", BillState::Owed),
            ("anulada", BillState::Annulled),
            ("pagada_fuera", BillState::PaidElsewhere),
        ],
    )
}

/// A word of a closed list, in any case.
pub(super) fn one_of<T: Copy>(
    cell: &str,
    words: &'static str,
    values: &[(&str, T)],
) -> Result<T, CellProblem> {
    values
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(cell))
        .map(|(_, value)| *value)
        .ok_or_else(|| CellProblem::Word { cell: quoted(cell), words })
}

/// What a bill charges: `Agua=35.98|Alcantarillado=8.80|Descuento Ley 1886=-7.20`. A concept may
/// contain `=`: the last one counts.
///
/// Errors of the first bad line, in order: no `CONCEPT=AMOUNT`, then those of [`amount`].
pub(super) fn details(cell: &str, forms: &mut Forms) -> Result<Vec<DetailLine>, CellProblem> {
    let mut lines = Vec::with_capacity(cell.bytes().filter(|byte| *byte == b'|').count() + 1);
    for part in cell.split('|') {
        lines.push(detail(part, forms)?);
    }
    Ok(lines)
}

fn detail(part: &str, forms: &mut Forms) -> Result<DetailLine, CellProblem> {
    let wrong = || CellProblem::Detail { part: quoted(part) };
    let (concept, amount) = part.rsplit_once('=').ok_or_else(wrong)?;
    let concept = Concept::from_text(concept).ok().ok_or_else(wrong)?;
    let amount = amount.trim();
    if amount.is_empty() {
        return Err(wrong());
    }
    Ok(DetailLine { concept, amount: signed_amount(amount, forms)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms(takes_comma: bool) -> Forms {
        Forms::new(Currency::BOB, takes_comma)
    }

    /// The hundredths an amount means, by itself in a file of either separator.
    fn check_amount(cell: &str, with_comma: bool, expected: Option<i64>) {
        let amount = amount(cell, &mut forms(with_comma)).ok();
        assert_eq!(amount.map(Money::to_minor), expected, "{cell:?} comma {with_comma}");
    }

    #[test]
    fn an_amount_is_exact_and_unadorned() {
        for (cell, expected) in [
            ("136.76", Some(13_676)),
            ("145.7", Some(14_570)),
            ("145", Some(14_500)),
            ("0", Some(0)),
            ("0.05", Some(5)),
            ("007.50", Some(750)),
            ("1000000000.00", Some(100_000_000_000)),
            ("1000000000.01", None),
            ("99999999999999999999", None),
            ("9223372036854775807", None),
            ("1.234", None),
            ("1,234.50", None),
            ("1.234,50", None),
            ("1 234.50", None),
            ("1\u{A0}234", None),
            ("1e3", None),
            ("+1", None),
            ("-1", None),
            ("-", None),
            ("1.", None),
            (".5", None),
            (".", None),
            ("1..5", None),
            ("1.5.5", None),
            ("1.5-", None),
            ("1.x5", None),
            ("Bs 5", None),
            ("٣", None),
            ("1\0", None),
            ("", None),
        ] {
            check_amount(cell, false, expected.filter(|_| !cell.is_empty()));
            check_amount(cell, true, expected.filter(|_| !cell.is_empty()));
        }
        for (cell, expected) in
            [("136,76", Some(13_676)), ("0,5", Some(50)), ("1,234", None), ("1,", None)]
        {
            check_amount(cell, false, None);
            check_amount(cell, true, expected);
        }
    }

    #[test]
    fn only_a_signed_amount_takes_a_minus() {
        for (cell, expected) in [
            ("-7.20", Some(-720)),
            ("7.20", Some(720)),
            ("-0.05", Some(-5)),
            ("-1000000000.01", None),
            ("--1", None),
            ("- 1", None),
            ("-", None),
        ] {
            let amount = signed_amount(cell, &mut forms(false)).ok();
            assert_eq!(amount.map(Money::to_minor), expected, "{cell:?}");
        }
    }

    #[test]
    fn a_date_has_two_forms() {
        for (cell, expected) in [
            ("2021-11-05", Some("2021-11-05")),
            ("05/11/2021", Some("2021-11-05")),
            ("29/02/2024", Some("2024-02-29")),
            ("1900-01-01", Some("1900-01-01")),
            ("9999-12-31", Some("9999-12-31")),
            ("29/02/2023", None),
            ("31/04/2023", None),
            ("11/25/2021", None),
            ("1899-12-31", None),
            ("5/11/2021", None),
            ("05/11/21", None),
            ("21-11-05", None),
            ("2021/11/05", None),
            ("05-11-2021", None),
            ("20211105", None),
            ("2021-11-05 00:00", None),
            ("+021-11-05", None),
            ("12021-11-05", None),
            ("2021-00-05", None),
            ("--", None),
            ("", None),
            ("ñññññ", None),
        ] {
            let date = date(cell, &mut forms(false)).ok();
            assert_eq!(date.map(|date| date.to_string()).as_deref(), expected, "{cell:?}");
        }
    }

    #[test]
    fn a_period_has_four_forms() {
        for (cell, expected) in [
            ("202110", Some(202_110)),
            ("2021-10", Some(202_110)),
            ("2021/10", Some(202_110)),
            ("10/2021", Some(202_110)),
            ("190001", Some(190_001)),
            ("202100", None),
            ("202113", None),
            ("189912", None),
            ("2021-1", None),
            ("1/2021", None),
            ("20211", None),
            ("2021101", None),
            ("10-2021", None),
            ("2021 10", None),
            ("oct-21", None),
            ("+02110", None),
            ("", None),
            ("/", None),
        ] {
            let period = period(cell, &mut forms(false)).ok();
            assert_eq!(period.map(Period::to_yyyymm), expected, "{cell:?}");
        }
    }

    #[test]
    fn an_id_is_digits_in_range() {
        use ventanilla_domain::BillId;
        for (cell, expected) in [
            ("4303567", Some(4_303_567)),
            ("007", Some(7)),
            ("9007199254740991", Some(9_007_199_254_740_991)),
            ("9007199254740992", None),
            ("99999999999999999999", None),
            ("0", None),
            ("-1", None),
            ("+1", None),
            ("1.0", None),
            ("1 000", None),
            ("A1", None),
            ("", None),
        ] {
            let id = id(cell, BillId::from_i64).ok();
            assert_eq!(id.map(BillId::to_i64), expected, "{cell:?}");
        }
    }

    #[test]
    fn a_state_is_one_of_its_words_in_any_case() {
        for (cell, expected) in [
            ("activo", Some(ContractState::Active)),
            ("Cortado", Some(ContractState::Cut)),
            ("BLOQUEADO", Some(ContractState::Blocked)),
            ("baja", Some(ContractState::Ended)),
            ("activa", None),
            ("1", None),
        ] {
            assert_eq!(contract_state(cell).ok(), expected, "{cell:?}");
        }
        for (cell, expected) in [
            ("pendiente", Some(BillState::Owed)),
            ("Anulada", Some(BillState::Annulled)),
            ("PAGADA_FUERA", Some(BillState::PaidElsewhere)),
            ("pagada fuera", None),
            ("pagada", None),
        ] {
            assert_eq!(bill_state(cell).ok(), expected, "{cell:?}");
        }
    }

    #[test]
    fn details_are_concepts_with_amounts() {
        let read = |cell, comma| {
            let lines = details(cell, &mut forms(comma)).ok()?;
            let line = |line: &DetailLine| format!("{} {:?}", line.concept, line.amount);
            Some(lines.iter().map(line).collect::<Vec<_>>().join(", "))
        };
        for (cell, comma, expected) in [
            (
                "Agua=35.98|Alcantarillado=8.80|Descuento Ley 1886=-7.20",
                false,
                Some("Agua 35.98 BOB, Alcantarillado 8.80 BOB, Descuento Ley 1886 -7.20 BOB"),
            ),
            (" Agua = 35,98 | Mora=1", true, Some("Agua 35.98 BOB, Mora 1.00 BOB")),
            ("Tasa=0.5=1.50", false, Some("Tasa=0.5 1.50 BOB")),
            ("Agua=35,98", false, None),
            ("Agua", false, None),
            ("Agua=", false, None),
            ("=5", false, None),
            ("Agua=5|", false, None),
            ("|Agua=5", false, None),
            ("Agua:5", false, None),
        ] {
            assert_eq!(read(cell, comma).as_deref(), expected, "{cell:?}");
        }
    }

    #[test]
    fn a_file_keeps_to_one_form() {
        type Read = fn(&str, &mut Forms) -> bool;
        let amounts: Read = |cell, forms| amount(cell, forms).is_ok();
        let dates: Read = |cell, forms| date(cell, forms).is_ok();
        let periods: Read = |cell, forms| period(cell, forms).is_ok();
        let lines: Read = |cell, forms| details(cell, forms).is_ok();
        for (read, first, then, is_taken) in [
            (amounts, "1.5", "2.5", true),
            (amounts, "1", "2,5", true),
            (amounts, "1.5", "2", true),
            (amounts, "1.5", "2,5", false),
            (amounts, "1,5", "2.5", false),
            (lines, "Agua=1,5", "Agua=2.5", false),
            (lines, "Agua=1,5", "Agua=2,5|Mora=1.5", false),
            (dates, "2021-11-05", "05/11/2021", false),
            (dates, "05/11/2021", "06/11/2021", true),
            (periods, "202110", "2021-11", false),
            (periods, "2021/10", "10/2021", false),
            (periods, "10/2021", "11/2021", true),
        ] {
            let mut forms = forms(true);
            assert!(read(first, &mut forms), "{first:?}");
            assert_eq!(read(then, &mut forms), is_taken, "{first:?} {then:?}");
        }
        let mut forms = forms(true);
        forms.line = 2;
        assert!(amount("1,5", &mut forms).is_ok());
        forms.line = 7;
        let problem = amount("1.5", &mut forms).unwrap_err();
        assert_eq!(
            problem.to_string(),
            "«1.5» tiene la forma 136.76 (punto decimal) y la línea 2 usa 136,76 (coma decimal); \
             use una sola forma en todo el archivo."
        );
    }
}
