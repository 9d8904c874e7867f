//! One member: what is owed, and what is to be collected of it.

use askama::Template;
use ventanilla_domain::{
    Bill, BillId, CashRounding, ContractCode, ContractState, Currency, Holder, Money, Period, Right,
};
use ventanilla_service::Debt;

use super::texts::WindowTexts;
use super::{Badge, Fact, fact, state_of};
use crate::answer::{self, Answer};
use crate::fields::encoded;
use crate::figures::{amount, period, sign_of};
use crate::forms::{Choice, Errors};
use crate::frame::Frame;
use crate::trouble::{Trouble, of_failure};
use crate::visit::Visit;

/// The words of the means of payment, as forms have them and reports show them; the first is chosen.
pub(super) const MEANS: [&str; 4] = ["efectivo", "tarjeta", "transferencia", "qr"];

/// A bill as a cashier saw it: what is sent is what was on the page, so that a bill that changed meanwhile
/// is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SeenBill {
    pub(super) contract: ContractCode,
    pub(super) bill: BillId,
    pub(super) period: Period,
    pub(super) amount_minor: i64,
}

impl SeenBill {
    fn of(code: &ContractCode, bill: &Bill) -> Self {
        Self {
            contract: code.clone(),
            bill: bill.id,
            period: bill.period,
            amount_minor: bill.amount.to_minor(),
        }
    }

    /// Its form in a field: number, period, hundredths, and the code, which may hold anything.
    pub(super) fn to_field(&self) -> String {
        let Self { contract, bill, period, amount_minor } = self;
        format!("{bill}:{}:{amount_minor}:{contract}", period.to_yyyymm())
    }

    /// Reads it back.
    pub(super) fn from_field(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, ':');
        let bill = BillId::from_i64(parts.next()?.parse().ok()?).ok()?;
        let period = Period::from_yyyymm(parts.next()?.parse().ok()?).ok()?;
        let amount_minor = parts.next()?.parse().ok()?;
        let contract = ContractCode::from_text(parts.next()?).ok()?;
        Some(Self { contract, bill, period, amount_minor })
    }

    /// What people read of it.
    pub(super) fn to_words(&self) -> String {
        // Without its sign an amount is written alike in every currency.
        let money = Money::from_minor(self.amount_minor, Currency::BOB);
        format!("{}, {}, {}", self.bill, period(self.period), amount(money))
    }
}

#[derive(Debug)]
struct BillRow {
    key: String,
    id: String,
    period: String,
    amount: String,
    minor: i64,
    is_chosen: bool,
}

#[derive(Debug)]
struct MemberFacts {
    name: String,
    state: Badge,
    is_blocked: bool,
    facts: Vec<Fact>,
}

#[derive(Debug, Template)]
#[template(path = "window/member.html")]
struct MemberPage {
    frame: Frame,
    t: &'static WindowTexts,
    errors: Errors,
    back: String,
    action: String,
    member: MemberFacts,
    bills: Vec<BillRow>,
    sign: &'static str,
    total: String,
    chosen_count: usize,
    chosen_due: String,
    coin_minor: u32,
    is_oldest_first: bool,
    can_collect: bool,
    /// Where a drawer is opened, where one must be first.
    drawer_path: Option<String>,
    means: Vec<Choice>,
    tendered: String,
    attempt: String,
}

/// What a member owes.
pub(super) async fn show(visit: &Visit) -> Answer {
    to_page(visit, Errors::default())
}

/// The page with what was typed, and what is wrong with it.
pub(super) fn to_page(visit: &Visit, errors: Errors) -> Answer {
    let code = ContractCode::from_text(visit.part("codigo")).ok().ok_or(Trouble::Missing)?;
    let company = visit.company()?;
    let debt = visit.hall.service.debt_of(company.id, &code);
    let Debt { holder, bills } =
        debt.map_err(|failure| of_failure(failure, |_| Trouble::Missing))?;
    let t = WindowTexts::of(visit.language);
    let chosen = chosen(visit, &holder, &bills);
    let rows: Vec<BillRow> = bills.iter().map(|bill| to_row(&holder, bill, &chosen)).collect();
    let picked = || rows.iter().filter(|row| row.is_chosen);
    let due_minor = picked().fold(0, |sum: i64, row| sum.saturating_add(row.minor));
    let total_minor = rows.iter().fold(0, |sum: i64, row| sum.saturating_add(row.minor));
    let shown = |minor| amount(Money::from_minor(minor, company.currency));
    let is_blocked = holder.contract.state == ContractState::Blocked;
    let may_collect = visit.may(Right::Collect);
    let drawer_needed = may_collect && visit.hall.service.drawer_of(visit.station()?)?.is_none();
    let is_wrong = !errors.is_empty();
    let page = MemberPage {
        frame: visit.frame(holder.member.name.as_str()),
        t,
        errors,
        back: visit.to_path("/caja"),
        action: visit.to_path(&format!("/socio/{}", encoded(code.as_str()))),
        member: member_facts(&holder, t),
        sign: sign_of(company.currency),
        total: shown(total_minor),
        chosen_count: picked().count(),
        chosen_due: shown(due_minor),
        coin_minor: company.policy.cash_rounding.map_or(1, CashRounding::to_minor),
        is_oldest_first: company.policy.oldest_first,
        can_collect: may_collect && !drawer_needed && !is_blocked && !rows.is_empty(),
        drawer_path: drawer_needed.then(|| visit.to_path("/gaveta")),
        means: means(visit, t),
        tendered: visit.form.get("recibido").to_owned(),
        attempt: visit.attempt(),
        bills: rows,
    };
    if is_wrong { answer::wrong(&page) } else { answer::page(&page) }
}

fn means(visit: &Visit, t: &'static WindowTexts) -> Vec<Choice> {
    let sent = visit.form.get("medio");
    let chosen = if sent.is_empty() { MEANS[0] } else { sent };
    Choice::all(MEANS.into_iter().zip([t.cash, t.card, t.transfer, t.qr]), chosen)
}

/// The bills that are chosen: as they were sent, else the oldest.
fn chosen(visit: &Visit, holder: &Holder, bills: &[Bill]) -> Vec<String> {
    if visit.is_form() {
        return visit.form.all("factura").map(str::to_owned).collect();
    }
    let oldest = bills.first().map(|bill| SeenBill::of(&holder.contract.code, bill).to_field());
    oldest.into_iter().collect()
}

fn to_row(holder: &Holder, bill: &Bill, chosen: &[String]) -> BillRow {
    let key = SeenBill::of(&holder.contract.code, bill).to_field();
    BillRow {
        id: bill.id.to_string(),
        period: period(bill.period),
        amount: amount(bill.amount),
        minor: bill.amount.to_minor(),
        is_chosen: chosen.contains(&key),
        key,
    }
}

fn member_facts(holder: &Holder, t: &'static WindowTexts) -> MemberFacts {
    let Holder { contract, member } = holder;
    let facts = [
        fact(t.code, Some(&contract.code)),
        fact(t.document, member.document_number.as_ref()),
        fact(t.tax_id, member.tax_id.as_ref()),
        fact(t.address, contract.address.as_ref()),
        fact(t.phone, member.phone.as_ref()),
    ];
    MemberFacts {
        name: member.name.to_string(),
        state: state_of(contract.state, t),
        is_blocked: contract.state == ContractState::Blocked,
        facts: facts.into_iter().flatten().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bill_goes_through_a_form_as_it_was_seen() {
        let seen = SeenBill {
            contract: ContractCode::from_text("A:1 <b>").unwrap(),
            bill: BillId::from_i64(4_303_567).unwrap(),
            period: Period::from_yyyymm(202_110).unwrap(),
            amount_minor: 14_570,
        };
        assert_eq!(seen.to_field(), "4303567:202110:14570:A:1 <b>");
        assert_eq!(SeenBill::from_field(&seen.to_field()), Some(seen));
        for wrong in
            ["", "1:202110:1", "0:202110:1:a", "1:202113:1:a", "1:202110:x:a", "1:202110:1:"]
        {
            assert_eq!(SeenBill::from_field(wrong), None, "{wrong}");
        }
    }
}
