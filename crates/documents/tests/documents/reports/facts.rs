//! A day of a collector: the facts that the reports tell.

use jiff::civil::date;
use std::sync::Arc;
use ventanilla_documents::{DayHeading, DayReportFile, FileForm};
use ventanilla_domain::{
    BillId, BusinessDay, CallerKey, CollectorId, Company, CompanyId, ContractKey, Currency,
    DayTotals, Logo, Money, Name, Payment, PaymentId, Period, Place, Policy, Reversal, Text,
    TimeZone, Total,
};

/// A payment, and its reversal where there is one.
pub(crate) type State = (Payment, Option<Reversal>);

pub(crate) fn company(name: &str) -> Company {
    Company {
        id: CompanyId::from_i64(13).unwrap(),
        name: Name::from_text(name).unwrap(),
        currency: Currency::BOB,
        time_zone: TimeZone::from_name("America/La_Paz").unwrap(),
        policy: Policy::default(),
        issuer: 0,
    }
}

pub(crate) fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::from_text(text).unwrap()
}

/// A payment of which a collector states nothing.
pub(crate) fn payment(id: i64, bill: i64, minor: i64, at: &str) -> Payment {
    Payment {
        id: PaymentId::from_i64(id).unwrap(),
        collector: CollectorId::FIRST,
        contract: ContractKey::FIRST,
        contract_code: text("315"),
        member_name: text("Rivas La Fuente Valentin"),
        bill: BillId::from_i64(bill).unwrap(),
        bill_version: 1,
        period: Period::from_yyyymm(202_110).unwrap(),
        amount: Money::from_minor(minor, Currency::BOB),
        recorded_at: at.parse().unwrap(),
        business_day: BusinessDay::from_date(date(2021, 11, 26)),
        caller_reference: None,
        caller_key: None,
        place: Place::default(),
        previous: None,
        issuer: 0,
    }
}

pub(crate) fn reversal(of: &Payment, at: &str) -> Reversal {
    Reversal {
        payment: of.id,
        collector: of.collector,
        contract: of.contract,
        bill: of.bill,
        amount: of.amount,
        recorded_at: at.parse().unwrap(),
        business_day: BusinessDay::from_date(date(2021, 11, 26)),
        reason: None,
        caller_key: CallerKey::from_text("otra").ok(),
    }
}

/// The payment with all that a collector can state.
pub(crate) fn stated(mut payment: Payment) -> Payment {
    payment.caller_reference = Some(text("0012394"));
    payment.caller_key = CallerKey::from_text("banco-7").ok();
    payment.place = Place {
        branch: Some(text("Central")),
        cashier: Some(text("Ana")),
        terminal: Some(text("T-07")),
        means: Some(text("efectivo")),
        collected_at: Some(date(2021, 11, 26).at(12, 10, 0, 0)),
    };
    payment
}

/// A day with what is awkward: marks of CSV and of XML in a name, a code of zeros, the greatest id and
/// amount, a payment reversed on the day, and the reversal of another day's payment.
pub(crate) fn awkward_day() -> (Vec<State>, Vec<State>) {
    let plain = payment(4_224_408, 4_303_567, 14_570, "2021-11-26T16:11:52.999Z");
    let mut undone = stated(payment(4_224_409, 4_303_568, 5, "2021-11-27T03:59:59Z"));
    undone.contract_code = text("00315");
    undone.member_name = text(r#"Muñoz; "Hijos" <y> Cía & 'Co', _x0041_ "#);
    let undoing = reversal(&undone, "2021-11-27T04:00:00Z");
    let great = payment(
        9_007_199_254_740_991,
        999_999_999_999_999,
        100_000_000_000,
        "2021-11-26T04:00:00Z",
    );
    let mut earlier = payment(4_224_330, 4_303_567, 9_840, "2021-11-05T16:11:52Z");
    earlier.business_day = BusinessDay::from_date(date(2021, 11, 5));
    let later = reversal(&earlier, "2021-11-26T12:00:00Z");
    let reversals = vec![(earlier, Some(later)), (undone.clone(), Some(undoing.clone()))];
    (vec![(plain, None), (undone, Some(undoing)), (great, None)], reversals)
}

/// The sum of a list.
pub(crate) fn total(count: i64, minor: i64) -> Total {
    Total { count, amount: Money::from_minor(minor, Currency::BOB) }
}

/// The totals of a day, the net given as it must be.
pub(crate) fn totals(paid: (i64, i64), reversed: (i64, i64), net: (i64, i64)) -> DayTotals {
    DayTotals {
        paid: total(paid.0, paid.1),
        reversed: total(reversed.0, reversed.1),
        net: total(net.0, net.1),
    }
}

/// The totals of [`awkward_day`].
pub(crate) fn awkward_totals() -> DayTotals {
    totals((3, 100_000_014_575), (2, 9_845), (1, 100_000_004_730))
}

/// The file of a day of Cooplan's collector `banco`.
pub(crate) fn written(
    form: FileForm,
    payments: &[State],
    reversals: &[State],
    totals: DayTotals,
) -> Vec<u8> {
    written_for("Cooplan", "banco", form, payments, reversals, totals)
}

/// The file of a day of that company's collector.
pub(crate) fn written_for(
    company_name: &str,
    collector: &str,
    form: FileForm,
    payments: &[State],
    reversals: &[State],
    totals: DayTotals,
) -> Vec<u8> {
    written_headed(heading(company_name, collector, None), form, payments, reversals, totals)
}

/// The file of the awkward day, under a logo.
pub(crate) fn written_with(form: FileForm, logo: Option<&Logo>) -> Vec<u8> {
    let (payments, reversals) = awkward_day();
    let heading = heading("Cooplan", "banco", logo);
    written_headed(heading, form, &payments, &reversals, awkward_totals())
}

/// What heads the day of that company's collector.
pub(crate) fn heading(company_name: &str, collector: &str, logo: Option<&Logo>) -> DayHeading {
    let (company, collector) = (company(company_name), text(collector));
    let day = BusinessDay::from_date(date(2021, 11, 26));
    DayHeading { company: Arc::new(company), collector, day, logo: logo.cloned() }
}

pub(crate) fn written_headed(
    heading: DayHeading,
    form: FileForm,
    payments: &[State],
    reversals: &[State],
    totals: DayTotals,
) -> Vec<u8> {
    let mut out = Vec::new();
    let mut file = DayReportFile::start(form, heading, totals, &mut out).unwrap();
    for (payment, reversal) in payments {
        file.payment(payment, reversal.as_ref()).unwrap();
    }
    for (payment, reversal) in reversals {
        file.reversal(payment, reversal.as_ref().unwrap()).unwrap();
    }
    file.finish().unwrap();
    out
}

/// A day whose every text starts like a formula.
pub(crate) fn hostile(formula: &str) -> State {
    let mut row = stated(payment(1, 2, 300, "2021-11-26T16:11:52Z"));
    row.contract_code = text(formula);
    row.member_name = text(formula);
    row.caller_reference = Some(text(formula));
    row.caller_key = CallerKey::from_text(formula).ok();
    row.place.branch = Some(text(formula));
    row.place.cashier = Some(text(formula));
    row.place.terminal = Some(text(formula));
    row.place.means = Some(text(formula));
    (row, None)
}

/// What spreadsheets run.
pub(crate) const FORMULAS: [&str; 5] =
    ["=1+1", "+591 70000000", "-1", "@SUM(A1)", "=cmd|'/c x'!A1"];
