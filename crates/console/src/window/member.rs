//! One member: what is owed by which contract, and what is to be collected of it.

use std::iter;

use askama::Template;
use ventanilla_domain::{
    Bill, BillId, CashRounding, ContractCode, ContractState, Currency, Holder, Money, Period, Right,
};
use ventanilla_service::{Debt, Debts};

use super::beside::{self, Beside};
use super::texts::WindowTexts;
use super::{Badge, Fact, fact, state_of};
use crate::answer::{self, Answer};
use crate::fields::encoded;
use crate::figures::{amount, period, sign_of};
use crate::forms::{Choice, Errors};
use crate::frame::Frame;
use crate::language::filled;
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
        format!("{}, {}, {}", self.bill, period(self.period), shown(self.amount_minor))
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

/// What one contract owes.
#[derive(Debug)]
struct Group {
    /// Whose it is, where there are several: name, contract, address.
    heading: Option<[String; 3]>,
    state: Badge,
    is_blocked: bool,
    bills: Vec<BillRow>,
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
    groups: Vec<Group>,
    is_cut_off: bool,
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
    beside: Beside,
}

impl MemberPage {
    fn owes_nothing(&self) -> bool {
        self.groups.iter().all(|group| group.bills.is_empty())
    }
}

/// What a member owes.
pub(super) async fn show(visit: &Visit) -> Answer {
    to_page(visit, Errors::default())
}

/// The page with what was typed, and what is wrong with it.
pub(super) fn to_page(visit: &Visit, mut errors: Errors) -> Answer {
    let code = ContractCode::from_text(visit.part("codigo")).ok().ok_or(Trouble::Missing)?;
    let (t, company) = (WindowTexts::of(visit.language), visit.company()?);
    let beside = beside::of(visit, &mut errors)?;
    let codes: Vec<_> = iter::once(&code).chain(&beside.codes).cloned().collect();
    let debts = visit.hall.service.debts_of(company.id, &codes);
    let Debts { all: debts, is_cut_off } =
        debts.map_err(|failure| of_failure(failure, |_| Trouble::Missing))?;
    let holder = &debts.first().ok_or(Trouble::Missing)?.holder;
    let chosen = chosen(visit, &debts, beside.added.as_ref());
    let has_several = debts.len() > 1;
    let groups: Vec<Group> =
        debts.iter().map(|debt| to_group(debt, has_several, &chosen, t)).collect();
    let open = || groups.iter().filter(|group| !group.is_blocked).flat_map(|group| &group.bills);
    let picked = || open().filter(|bill| bill.is_chosen);
    let all = groups.iter().flat_map(|group| &group.bills);
    let may_collect = visit.may(Right::Collect);
    let drawer_needed = may_collect && visit.hall.service.drawer_of(visit.station()?)?.is_none();
    let is_wrong = !errors.is_empty();
    let page = MemberPage {
        frame: visit.frame(holder.member.name.as_str()),
        t,
        errors,
        back: visit.to_path("/caja"),
        action: visit.to_path(&format!("/socio/{}", encoded(code.as_str()))),
        member: member_facts(holder, t),
        sign: sign_of(company.currency),
        total: shown(sum_of(all)),
        chosen_count: picked().count(),
        chosen_due: shown(sum_of(picked())),
        coin_minor: company.policy.cash_rounding.map_or(1, CashRounding::to_minor),
        is_oldest_first: company.policy.oldest_first,
        can_collect: may_collect && !drawer_needed && open().next().is_some(),
        drawer_path: drawer_needed.then(|| visit.to_path("/gaveta")),
        means: means(visit, t),
        tendered: visit.form.get("recibido").to_owned(),
        attempt: visit.attempt(),
        groups,
        is_cut_off,
        beside,
    };
    if is_wrong { answer::wrong(&page) } else { answer::page(&page) }
}

/// Hundredths of what bills come to.
fn sum_of<'b>(bills: impl Iterator<Item = &'b BillRow>) -> i64 {
    bills.fold(0, |sum: i64, bill| sum.saturating_add(bill.minor))
}

/// Without its sign an amount is written alike in every currency.
fn shown(minor: i64) -> String {
    amount(Money::from_minor(minor, Currency::BOB))
}

fn means(visit: &Visit, t: &'static WindowTexts) -> Vec<Choice> {
    let sent = visit.form.get("medio");
    let chosen = if sent.is_empty() { MEANS[0] } else { sent };
    Choice::all(MEANS.into_iter().zip([t.cash, t.card, t.transfer, t.qr]), chosen)
}

/// The bills that are chosen: as they were sent, else the oldest of the contract that was asked for; and the
/// oldest of one that is added.
fn chosen(visit: &Visit, debts: &[Debt], added: Option<&ContractCode>) -> Vec<String> {
    let oldest = |debt: &Debt| {
        debt.bills.first().map(|bill| SeenBill::of(&debt.holder.contract.code, bill).to_field())
    };
    if !visit.is_form() {
        return debts.first().and_then(oldest).into_iter().collect();
    }
    let is_added = |debt: &&Debt| added == Some(&debt.holder.contract.code);
    let added = debts.iter().find(is_added).and_then(oldest);
    visit.form.all("factura").map(str::to_owned).chain(added).collect()
}

fn to_group(debt: &Debt, has_several: bool, chosen: &[String], t: &'static WindowTexts) -> Group {
    let Debt { holder: Holder { contract, member }, bills } = debt;
    let heading = || {
        let address = contract.address.as_ref().map(ToString::to_string).unwrap_or_default();
        [member.name.to_string(), filled(t.account, &contract.code), address]
    };
    Group {
        heading: has_several.then(heading),
        state: state_of(contract.state, t),
        is_blocked: contract.state == ContractState::Blocked,
        bills: bills.iter().map(|bill| to_row(&contract.code, bill, chosen)).collect(),
    }
}

fn to_row(code: &ContractCode, bill: &Bill, chosen: &[String]) -> BillRow {
    let key = SeenBill::of(code, bill).to_field();
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
