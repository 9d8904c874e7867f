//! Where the document's forms meet ours: amounts, dates, periods, ids and texts.
//!
//! What comes in is trimmed already, and `None` is a form that is not taken. Source of every form:
//! docs/spec/cooplan.md §2, Fields.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use ventanilla_documents::Paper;
use ventanilla_domain::{
    Bill, BillId, BusinessDay, CallerKey, Company, ContractState, DayTotals, Holder, IdOutOfRange,
    LocationCode, Money, PaymentId, Period, Text, Total, civil_at,
};
use ventanilla_service::{FoundContract, PaymentState};

use super::wire;

/// Characters an amount may have: enough for every digit of a binary float, as some clients print.
const AMOUNT_LEN_MAX: usize = 100;

/// An amount in hundredths, in `1..=Money::BILL_MAX_MINOR`.
///
/// Digits, and a point with digits after it. Beyond two decimals only what a client's float
/// leaves is taken: less than 0.000001 away from a multiple of 0.01.
pub(super) fn amount_minor(text: &str) -> Option<i64> {
    if text.len() > AMOUNT_LEN_MAX {
        return None;
    }
    let (whole, decimals) = match text.split_once('.') {
        Some((_, "")) => return None,
        Some((whole, decimals)) => (whole, decimals),
        None => (text, "0"),
    };
    if !is_digits(whole) || !is_digits(decimals) {
        return None;
    }
    let (hundredths, noise) = decimals.split_at(decimals.len().min(2));
    let hundredths = number(hundredths)? * if hundredths.len() == 1 { 10 } else { 1 };
    let minor = number(whole)?.checked_mul(100)?;
    let minor = minor.checked_add(hundredths + rounded(noise)?)?;
    (1..=Money::BILL_MAX_MINOR).contains(&minor).then_some(minor)
}

/// What the decimals from the third on add to the hundredths: nothing, or one; `None` when they
/// are no noise.
fn rounded(noise: &str) -> Option<i64> {
    let (near, far) = noise.split_at(noise.len().min(4));
    if near.bytes().all(|digit| digit == b'0') {
        Some(0)
    } else if near == "9999" && far.bytes().any(|digit| digit != b'0') {
        Some(1)
    } else {
        None
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A decimal number without a sign.
fn number(text: &str) -> Option<i64> {
    is_digits(text).then(|| text.parse().ok()).flatten()
}

/// Digits of a whole number, in `1..=2^53 - 1`.
fn id<T>(text: &str, from: fn(i64) -> Result<T, IdOutOfRange>) -> Option<T> {
    from(number(text)?).ok()
}

/// `IdFactura`.
pub(super) fn bill_id(text: &str) -> Option<BillId> {
    id(text, BillId::from_i64)
}

/// `IdCobranza`.
pub(super) fn payment_id(text: &str) -> Option<PaymentId> {
    id(text, PaymentId::from_i64)
}

/// `Pagina`: from 1.
pub(super) fn page_number(text: &str) -> Option<u32> {
    let number = u32::try_from(number(text)?).ok()?;
    (number >= 1).then_some(number)
}

/// `Cantidad`: 1 to 500.
pub(super) fn page_len(text: &str) -> Option<u32> {
    page_number(text).filter(|len| *len <= 500)
}

/// A text without control characters, of `MAX` characters at most.
pub(super) fn text<const MAX: usize>(text: &str) -> Option<Text<MAX>> {
    Text::from_text(text).ok()
}

/// `IdTransaccion`: 1 to 64 printable ASCII characters.
pub(super) fn caller_key(text: &str) -> Option<CallerKey> {
    CallerKey::from_text(text).ok()
}

/// `Periodo`: `202110`, `2021-10`, `2021/10`, `10/2021`.
pub(super) fn period(text: &str) -> Option<Period> {
    let (year, month) = match text.as_bytes() {
        [_, _, _, _, _, _] => text.split_at_checked(4)?,
        [_, _, _, _, b'-' | b'/', _, _] => (text.get(..4)?, text.get(5..)?),
        [_, _, b'/', _, _, _, _] => (text.get(3..)?, text.get(..2)?),
        _ => return None,
    };
    let part = |text| u32::try_from(number(text)?).ok();
    Period::from_year_month(part(year)?, part(month)?).ok()
}

/// `Fecha`: `2021-11-05`, `20211105`, `05/11/2021`; a year of 1900 to 9999.
pub(super) fn date(text: &str) -> Option<Date> {
    let (year, month, day) = match text.as_bytes() {
        [_, _, _, _, _, _, _, _] => (0..4, 4..6, 6..8),
        [_, _, _, _, b'-', _, _, b'-', _, _] => (0..4, 5..7, 8..10),
        [_, _, b'/', _, _, b'/', _, _, _, _] => (6..10, 3..5, 0..2),
        _ => return None,
    };
    let part = |range| i16::try_from(number(text.get(range)?)?).ok();
    let year = part(year).filter(|year| *year >= 1900)?;
    let (month, day) = (i8::try_from(part(month)?), i8::try_from(part(day)?));
    Date::new(year, month.ok()?, day.ok()?).ok()
}

/// `FechaCobro`: a [`date`], and after a blank or `T` perhaps `HH:MM` or `HH:MM:SS`.
pub(super) fn date_time(text: &str) -> Option<DateTime> {
    let Some((day, time)) = text.split_once([' ', 'T', 't']) else {
        return date(text).map(|date| date.to_datetime(Time::midnight()));
    };
    let (hour, minute, second) = match time.as_bytes() {
        [_, _, b':', _, _] => (0..2, 3..5, None),
        [_, _, b':', _, _, b':', _, _] => (0..2, 3..5, Some(6..8)),
        _ => return None,
    };
    let part = |range| i8::try_from(number(time.get(range)?)?).ok();
    let second = second.map_or(Some(0), part)?;
    let time = Time::new(part(hour)?, part(minute)?, second, 0).ok()?;
    date(day).map(|date| date.to_datetime(time))
}

/// `Formato`: one of [`wire::PAPERS`], in any letter case.
pub(super) fn paper(text: &str) -> Option<Paper> {
    let known = wire::PAPERS.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
    known.map(|(_, paper)| *paper)
}

/// `documento`.
pub(super) fn document(name: String, pdf: &[u8]) -> wire::Document {
    wire::Document { name, media_type: wire::PDF, base64: STANDARD.encode(pdf) }
}

/// An amount as `136.76`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decimal(pub(super) Money);

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minor = self.0.to_minor();
        let sign = if minor < 0 { "-" } else { "" };
        let minor = minor.unsigned_abs();
        write!(f, "{sign}{}.{:02}", minor / 100, minor % 100)
    }
}

/// A local time as `26/11/2021 12:11:52`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment(pub(super) DateTime);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.0;
        write!(
            f,
            "{:02}/{:02}/{:04} {:02}:{:02}:{:02}",
            at.day(),
            at.month(),
            at.year(),
            at.hour(),
            at.minute(),
            at.second()
        )
    }
}

/// A date as `2021-11-05`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct IsoDate(pub(super) BusinessDay);

impl fmt::Display for IsoDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.to_date().fmt(f)
    }
}

/// An instant in the company's own time.
fn moment(company: &Company, at: Timestamp) -> wire::Shown<Moment> {
    wire::Shown(Moment(civil_at(company, at)))
}

/// `values` of a payment made.
pub(super) fn paid(company: &Company, payment: PaymentId, recorded_at: Timestamp) -> wire::Paid {
    wire::Paid { payment: wire::Shown(payment), recorded_at: moment(company, recorded_at) }
}

fn location(of: Option<LocationCode>) -> i64 {
    of.map_or(0, LocationCode::to_i64)
}

/// A row of Buscar Cliente: the member's own location.
pub(super) fn found_member(found: &FoundContract) -> wire::FoundMember<'_> {
    let Holder { contract, member } = &found.holder;
    let state = match contract.state {
        ContractState::Active => wire::ACTIVE,
        ContractState::Cut | ContractState::Blocked | ContractState::Ended => wire::NOT_ACTIVE,
    };
    wire::FoundMember {
        name: member.name.as_str(),
        oldest_unpaid: found.oldest_unpaid.map_or(0, BillId::to_i64),
        document_number: member.document_number.as_ref().map_or("", Text::as_str),
        document_kind: member.document_kind.as_ref().map_or("", Text::as_str),
        tax_id: member.tax_id.as_ref().map_or("", Text::as_str),
        address: contract.address.as_ref().map_or("", Text::as_str),
        state,
        location: location(member.location),
    }
}

/// A row of Consultar Deuda: the supply point's location, or else the member's.
pub(super) fn owed_bill<'a>(holder: &'a Holder, bill: &Bill) -> wire::OwedBill<'a> {
    wire::OwedBill {
        member: holder.member.id.to_i64(),
        name: holder.member.name.as_str(),
        location: location(holder.contract.supply_point.or(holder.member.location)),
        period: wire::Shown(bill.period),
        bill: bill.id.to_i64(),
        amount: wire::Shown(Decimal(bill.amount)),
        state: wire::ACTIVE,
    }
}

/// A row of a report.
pub(super) fn payment_row<'a>(company: &Company, state: &'a PaymentState) -> wire::PaymentRow<'a> {
    let PaymentState { payment, reversal } = state;
    let place = &payment.place;
    wire::PaymentRow {
        payment: wire::Shown(payment.id),
        bill: payment.bill.to_i64(),
        contract: payment.contract_code.as_str(),
        name: payment.member_name.as_str(),
        period: wire::Shown(payment.period),
        amount: wire::Shown(Decimal(payment.amount)),
        recorded_at: moment(company, payment.recorded_at),
        standing: match reversal {
            None => wire::PaymentStanding::Paid,
            Some(_) => wire::PaymentStanding::Reversed,
        },
        reversed_at: reversal.as_ref().map(|reversal| moment(company, reversal.recorded_at)),
        caller_reference: payment.caller_reference.as_ref().map(Text::as_str),
        caller_key: payment.caller_key.as_ref().map(CallerKey::as_str),
        branch: place.branch.as_ref().map(Text::as_str),
        cashier: place.cashier.as_ref().map(Text::as_str),
        terminal: place.terminal.as_ref().map(Text::as_str),
        means: place.means.as_ref().map(Text::as_str),
        collected_at: place.collected_at.map(|at| wire::Shown(Moment(at))),
    }
}

/// Rows of payments, in the order given.
pub(super) fn payment_rows<'a>(
    company: &Company,
    states: &'a [PaymentState],
) -> Vec<wire::PaymentRow<'a>> {
    states.iter().map(|state| payment_row(company, state)).collect()
}

/// The sums of a collector's day.
pub(super) fn totals(totals: &DayTotals) -> wire::Totals {
    let total = |total: Total| wire::Total {
        count: total.count,
        amount: wire::Shown(Decimal(total.amount)),
    };
    wire::Totals {
        paid: total(totals.paid),
        reversed: total(totals.reversed),
        net: total(totals.net),
    }
}

#[cfg(test)]
mod tests {
    use ventanilla_domain::Currency;

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
    fn an_amount_is_exact_and_takes_the_noise_of_floats() {
        check(
            amount_minor,
            &[
                ("145.7", Some(14_570)),
                ("145.70", Some(14_570)),
                ("145", Some(14_500)),
                ("0145.7", Some(14_570)),
                ("145.700000000", Some(14_570)),
                ("0.01", Some(1)),
                ("194.66000000000003", Some(19_466)),
                ("145.69999999999998863131622783839702606201171875", Some(14_570)),
                ("0.28999999999999998", Some(29)),
                ("145.69999999999999", Some(14_570)),
                ("99.99999999999999", Some(10_000)),
                ("0.0100009", Some(1)),
                ("0.0099991", Some(1)),
                ("1000000000", Some(100_000_000_000)),
                ("1000000000.00", Some(100_000_000_000)),
                ("999999999.99999999", Some(100_000_000_000)),
            ],
        );
    }

    #[test]
    fn an_amount_of_another_form_is_refused() {
        check_refused(
            amount_minor,
            &[
                "",
                "0",
                "0.00",
                "0.000",
                "0.0000001",
                "0.001",
                "0.005",
                "0.014",
                "0.010001",
                "0.009999",
                "145.701",
                "145.6999",
                "145.69999",
                "-1",
                "+1",
                "-0.01",
                "1e2",
                "1E2",
                "1.457e2",
                "0x10",
                "NaN",
                "Infinity",
                "inf",
                "136,76",
                "1,000.00",
                "1.000,00",
                "1 000",
                "145.",
                ".7",
                ".",
                "1.2.3",
                "١٣٦",
                "１４５",
                "145.７",
                "Bs 145",
                "145.7 Bs",
                "1000000000.01",
                "1000000000.009999999",
                "92233720368547758.08",
                "9223372036854775808",
                "145.70\u{0}",
                "1_000",
            ],
        );
        check_refused(
            amount_minor,
            &[&"1".repeat(10_000), &"0".repeat(41), &format!("1.{}", "0".repeat(99))],
        );
    }

    #[test]
    fn an_id_is_a_whole_number_of_digits() {
        check(
            |text| bill_id(text).map(BillId::to_i64),
            &[
                ("4303567", Some(4_303_567)),
                ("0004303567", Some(4_303_567)),
                ("1", Some(1)),
                ("9007199254740991", Some(9_007_199_254_740_991)),
                ("9007199254740992", None),
            ],
        );
        check_refused(
            payment_id,
            &["", "0", "-1", "+1", "1.0", "1e3", "1 2", "0x1", "12a", "١", "9223372036854775808"],
        );
        check_refused(payment_id, &[&"9".repeat(10_000)]);
        check(page_number, &[("1", Some(1)), ("0", None), ("4294967296", None)]);
        check(page_len, &[("500", Some(500)), ("501", None), ("0", None)]);
    }

    #[test]
    fn a_period_has_four_forms() {
        let october = Period::from_yyyymm(202_110).ok();
        let forms = ["202110", "2021-10", "2021/10", "10/2021"];
        check(period, &forms.map(|form| (form, october)));
        check_refused(
            period,
            &[
                "",
                "2021",
                "20211",
                "2021-1",
                "1/2021",
                "202100",
                "202113",
                "13/2021",
                "00/2021",
                "10-2021",
                "2021 10",
                "2021.10",
                "20-2110",
                "2021-10-01",
                "octubre",
                "189912",
                "٢٠٢١10",
                "2021-1a",
                "+02110",
                "2021-+1",
                "é2110",
                "20é10",
                "20211é",
                "é/202é",
            ],
        );
    }

    #[test]
    fn a_date_has_three_forms() {
        let day = Date::new(2021, 11, 5).ok();
        let forms = ["2021-11-05", "20211105", "05/11/2021"];
        check(date, &forms.map(|form| (form, day)));
        check(date, &[("2024-02-29", Date::new(2024, 2, 29).ok())]);
        check_refused(
            date,
            &[
                "",
                "2021-02-30",
                "2021-02-29",
                "2021-13-01",
                "2021-00-01",
                "2021-01-00",
                "30/02/2021",
                "11/25/2021",
                "2021/11/05",
                "05-11-2021",
                "5/11/2021",
                "2021-11-5",
                "1899-12-31",
                "0000-01-01",
                "2021-11-05 ",
                "2021-11-05T00:00",
                "202111",
                "hoy",
                "2021-11-+5",
                "２０２１1105",
                "éééé",
                "202é-1-05",
                "-021-11-05",
            ],
        );
    }

    #[test]
    fn a_collection_time_is_a_date_and_perhaps_a_time() {
        let at = |hour, minute, second| {
            Some(jiff::civil::date(2021, 11, 26).at(hour, minute, second, 0))
        };
        check(
            date_time,
            &[
                ("2021-11-26", at(0, 0, 0)),
                ("20211126 12:11", at(12, 11, 0)),
                ("26/11/2021 12:11:52", at(12, 11, 52)),
                ("2021-11-26T23:59:59", at(23, 59, 59)),
            ],
        );
        check_refused(
            date_time,
            &[
                "",
                "12:11",
                "2021-11-26 24:00",
                "2021-11-26 12:60",
                "2021-11-26 12:11:60",
                "2021-11-26 1:11",
                "2021-11-26  12:11",
                "2021-11-26T12",
                "2021-11-26T12:11:52Z",
                "2021-11-26T12:11:52-04:00",
                "2021-11-26T12:11:52.5",
                "2021-02-30 12:11",
                "2021-11-26 é:11",
                "2021-11-26 -1:11",
            ],
        );
    }

    #[test]
    fn what_goes_out_has_one_form() {
        for (minor, shown) in [(13_676, "136.76"), (5, "0.05"), (-14_570, "-145.70"), (0, "0.00")] {
            let amount = Money::from_minor(minor, Currency::BOB);
            assert_eq!(Decimal(amount).to_string(), shown);
            assert_eq!(amount.to_decimal(), shown);
        }
        let at = jiff::civil::date(1990, 2, 3).at(4, 5, 6, 999_999_999);
        assert_eq!(Moment(at).to_string(), "03/02/1990 04:05:06");
        let day = BusinessDay::from_date(jiff::civil::date(2021, 11, 5));
        assert_eq!(IsoDate(day).to_string(), "2021-11-05");
    }

    #[test]
    fn a_paper_is_known_in_any_case() {
        let (page, roll) = (Some(Paper::A4), Some(Paper::Roll));
        for (text, known) in [("a4", page), ("A4", page), ("Rollo", roll), ("carta", None)] {
            assert_eq!(paper(text), known, "{text}");
        }
    }
}
