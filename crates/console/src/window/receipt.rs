//! A receipt of the window: what was paid together, its paper, and undoing it.

use askama::Template;
use ventanilla_documents::{Letterhead, ReceiptPaper};
use ventanilla_domain::{
    Company, Payment, Reason, ReceiptId, ReceiptReverseRefusal, ReverseRefusal, Right, WindowMeans,
    WindowReceipt,
};
use ventanilla_service::{Failure, IssuedReceipt};

use super::payment::paper_of;
use super::texts::WindowTexts;
use super::{Fact, fact, means_name};
use crate::answer::{self, Answer};
use crate::figures::{amount, date, moment, period, priced, sign_of};
use crate::forms::Errors;
use crate::frame::{Done, Frame};
use crate::language::filled;
use crate::trouble::{Trouble, act_refusal_of, of_office};
use crate::visit::Visit;

#[derive(Debug)]
struct Row {
    path: String,
    payment: String,
    member: String,
    bill: String,
    period: String,
    amount: String,
}

#[derive(Debug, Template)]
#[template(path = "window/receipt.html")]
struct ReceiptPage {
    frame: Frame,
    t: &'static WindowTexts,
    errors: Errors,
    title: String,
    path: String,
    next: String,
    sign: &'static str,
    rows: Vec<Row>,
    sums: Vec<Fact>,
    /// What is given back: the change, or all of a receipt that was reversed.
    back: Option<Fact>,
    facts: Vec<Fact>,
    reversed: Option<String>,
    can_reverse: bool,
    reverse_more: String,
    reason: String,
}

fn id(visit: &Visit) -> Result<ReceiptId, Trouble> {
    ReceiptId::from_i64(visit.number("recibo")?).ok().ok_or(Trouble::Missing)
}

fn read(visit: &Visit) -> Result<IssuedReceipt, Trouble> {
    let issued = visit.hall.service.receipt(visit.station()?, id(visit)?);
    issued.map_err(|failure| of_office(failure, |_| Trouble::Missing))
}

/// A receipt.
pub(super) async fn show(visit: &Visit) -> Answer {
    to_page(visit, Errors::default())
}

fn to_page(visit: &Visit, errors: Errors) -> Answer {
    let IssuedReceipt { receipt, payments, reversal } = read(visit)?;
    let (t, company) = (WindowTexts::of(visit.language), visit.company()?);
    let title = filled(t.receipt, receipt.id);
    let reversed = reversal.as_ref().map(|reversal| {
        let at = filled(t.reversed_told, moment(company, reversal.recorded_at));
        filled(&filled(&at, &reversal.reversed_by), &reversal.reason)
    });
    let is_own = receipt.cashier == visit.station()?.name;
    let may = visit.may(Right::ReverseAny) || is_own && visit.may(Right::ReverseOwn);
    let is_wrong = !errors.is_empty();
    let page = ReceiptPage {
        frame: visit.frame(title.clone()),
        t,
        errors,
        title,
        path: visit.to_path(&format!("/recibo/{}", receipt.id)),
        next: visit.to_path("/caja"),
        sign: sign_of(company.currency),
        rows: payments.iter().map(|payment| to_row(visit, payment)).collect(),
        sums: sums(&receipt, t),
        back: given_back(&receipt, reversed.is_some(), t),
        facts: facts(company, &receipt, t),
        can_reverse: may && reversed.is_none(),
        reversed,
        reverse_more: filled(t.reverse_more, priced(receipt.due())),
        reason: visit.form.get("motivo").to_owned(),
    };
    if is_wrong { answer::wrong(&page) } else { answer::page(&page) }
}

fn given_back(receipt: &WindowReceipt, is_reversed: bool, t: &'static WindowTexts) -> Option<Fact> {
    if is_reversed {
        return Some((t.returned, priced(receipt.due())));
    }
    (receipt.change().to_minor() > 0).then(|| (t.change, priced(receipt.change())))
}

fn to_row(visit: &Visit, payment: &Payment) -> Row {
    Row {
        path: visit.to_path(&format!("/pago/{}", payment.id)),
        payment: payment.id.to_string(),
        member: format!("{} · {}", payment.contract_code, payment.member_name),
        bill: payment.bill.to_string(),
        period: period(payment.period),
        amount: amount(payment.amount),
    }
}

fn sums(receipt: &WindowReceipt, t: &'static WindowTexts) -> Vec<Fact> {
    let mut sums = vec![(t.total, amount(receipt.total))];
    if receipt.rounding.to_minor() != 0 {
        sums.push((t.rounding, amount(receipt.rounding)));
        sums.push((t.due, amount(receipt.due())));
    }
    if receipt.means == WindowMeans::Cash {
        sums.push((t.tendered, amount(receipt.tendered)));
        sums.push((t.change, amount(receipt.change())));
    }
    sums
}

fn facts(company: &Company, receipt: &WindowReceipt, t: &'static WindowTexts) -> Vec<Fact> {
    let facts = [
        fact(t.means_column, Some(means_name(receipt.means, t))),
        fact(t.cashier, Some(&receipt.cashier)),
        fact(t.drawer_column, Some(receipt.drawer)),
        fact(t.taken_at, Some(moment(company, receipt.recorded_at))),
        fact(t.day, Some(date(receipt.business_day.to_date()))),
    ];
    facts.into_iter().flatten().collect()
}

/// Its paper, A4 or a roll's, with the proof of its first payment.
pub(super) async fn paper(visit: &Visit) -> Answer {
    let printed = visit.hall.service.receipt_to_print(visit.station()?, id(visit)?);
    let printed = printed.map_err(|failure| of_office(failure, |_| Trouble::Missing))?;
    let IssuedReceipt { receipt, payments, reversal } = &printed.issued;
    let head = Letterhead::of(&printed.company, printed.issuer.as_ref());
    let paper = ReceiptPaper {
        company: &printed.company,
        letterhead: head.with_logo(printed.logo.as_ref()),
        receipt,
        payments,
        reversal: reversal.as_ref(),
        proof: &printed.proof,
    };
    let name = format!("recibo-{}.pdf", receipt.id);
    answer::file("application/pdf", &name, true, paper.to_pdf(paper_of(visit)))
}

/// Undoes it, whole.
pub(super) async fn reverse(visit: &Visit) -> Answer {
    let t = WindowTexts::of(visit.language);
    let id = ReceiptId::from_i64(visit.number("recibo")?).ok().ok_or(Trouble::Missing)?;
    let path = visit.to_path(&format!("/recibo/{id}"));
    let Ok(reason) = Reason::from_text(visit.form.get("motivo")) else {
        return to_page(visit, Errors::of("motivo", t.reason_missing));
    };
    match visit.hall.service.reverse_receipt(visit.station()?, id, reason).await {
        Ok(_) => answer::see(&Done::Reversed.at(&path)),
        Err(Failure::Unknown) => Err(Trouble::Unknown(path)),
        Err(failure) => match act_refusal_of(failure)? {
            ReceiptReverseRefusal::ReceiptUnknown => Err(Trouble::Missing),
            refusal => to_page(visit, Errors::whole(why(&refusal, t))),
        },
    }
}

fn why(refusal: &ReceiptReverseRefusal, t: &'static WindowTexts) -> String {
    match refusal {
        ReceiptReverseRefusal::ReceiptUnknown | ReceiptReverseRefusal::NotOwn => {
            t.not_own.to_owned()
        }
        ReceiptReverseRefusal::AlreadyReversed => t.already_reversed.to_owned(),
        ReceiptReverseRefusal::DrawerNotOpen => t.drawer_to_give_back.to_owned(),
        ReceiptReverseRefusal::Payment { payment, refusal } => {
            let why = match refusal {
                ReverseRefusal::AlreadyReversed => t.already_reversed,
                _ => t.days_over,
            };
            format!("{} {payment}: {why}", t.payment)
        }
    }
}
