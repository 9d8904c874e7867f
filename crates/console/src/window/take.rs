//! Taking payments: one act, all or nothing, whatever is clicked twice.

use ventanilla_domain::{
    BillId, Money, PayRefusal, ReceiptLine, WindowMeans, WindowReceiptKey, WindowReceiptRefusal,
};
use ventanilla_service::{Failure, WindowPayment};

use super::beside;
use super::member::{self, MEANS, SeenBill};
use super::texts::WindowTexts;
use crate::answer::{self, Answer};
use crate::figures::{money_from, priced};
use crate::forms::Errors;
use crate::frame::Done;
use crate::trouble::{Trouble, act_refusal_of};
use crate::visit::{ATTEMPT, Visit};

/// Takes what was chosen; where the form looks for somebody else, it is given back with their bills instead.
pub(super) async fn take(visit: &Visit) -> Answer {
    if beside::is_asked(visit) {
        return member::to_page(visit, Errors::default());
    }
    let mut errors = Errors::default();
    let Some(payment) = read(visit, &mut errors)? else {
        return member::to_page(visit, errors);
    };
    let taken = visit.hall.service.take_payment(visit.station()?, payment).await;
    match taken {
        Ok(accepted) => {
            let id = accepted.act.receipt.id;
            answer::see(&Done::Paid.at(&visit.to_path(&format!("/recibo/{id}"))))
        }
        // Where it is not known what came of it: what was taken today tells.
        Err(Failure::Unknown) => Err(Trouble::Unknown(visit.to_path("/mi-dia"))),
        Err(failure) => {
            let t = WindowTexts::of(visit.language);
            member::to_page(visit, errors_of(&act_refusal_of(failure)?, t))
        }
    }
}

/// What was typed, where it can be read.
fn read(visit: &Visit, errors: &mut Errors) -> Result<Option<WindowPayment>, Trouble> {
    let (t, form) = (WindowTexts::of(visit.language), &visit.form);
    let currency = visit.company()?.currency;
    let seen: Option<Vec<SeenBill>> = form.all("factura").map(SeenBill::from_field).collect();
    match &seen {
        None => errors.add("factura", t.bill_wrong),
        Some(seen) if seen.is_empty() => errors.add("factura", t.no_bill),
        Some(_) => {}
    }
    let means = means_of(form.get("medio"));
    if means.is_none() {
        errors.add("medio", t.means_wrong);
    }
    let is_cash = means == Some(WindowMeans::Cash);
    let given = form.get("recibido");
    let tendered = money_from(given, currency).filter(|_| is_cash);
    if is_cash && !given.is_empty() && tendered.is_none() {
        errors.add("recibido", t.amount_wrong);
    }
    let key = WindowReceiptKey::from_text(form.get(ATTEMPT)).ok().ok_or(Trouble::Malformed)?;
    let (Some(seen), Some(means), true) = (seen, means, errors.is_empty()) else {
        return Ok(None);
    };
    let line = |seen: SeenBill| ReceiptLine {
        contract: seen.contract,
        bill: seen.bill,
        period: seen.period,
        amount: Money::from_minor(seen.amount_minor, currency),
    };
    let bills = seen.into_iter().map(line).collect();
    Ok(Some(WindowPayment { bills, means, tendered, key }))
}

/// The means of that word in a form.
pub(super) fn means_of(word: &str) -> Option<WindowMeans> {
    let known = MEANS.into_iter().zip(WindowMeans::ALL).find(|(known, _)| *known == word);
    known.map(|(_, means)| means)
}

fn errors_of(refusal: &WindowReceiptRefusal, t: &'static WindowTexts) -> Errors {
    match refusal {
        WindowReceiptRefusal::CallerKeyReused => Errors::whole(t.attempt_used),
        WindowReceiptRefusal::NoBills => Errors::of("factura", t.no_bill),
        WindowReceiptRefusal::TooManyBills => Errors::of("factura", t.too_many_bills),
        WindowReceiptRefusal::BillRepeated { bill } => {
            Errors::of("factura", of_bill(t, *bill, t.bill_twice))
        }
        WindowReceiptRefusal::DrawerNotOpen => Errors::whole(t.drawer_needed),
        WindowReceiptRefusal::Bill { bill, refusal } => {
            Errors::whole(of_bill(t, *bill, why(refusal, t)))
        }
        WindowReceiptRefusal::AmountOutOfRange => Errors::of("recibido", t.amount_out_of_range),
        WindowReceiptRefusal::TenderedShort { due } => {
            Errors::of("recibido", format!("{} {}", t.tendered_short, priced(*due)))
        }
        WindowReceiptRefusal::TenderedNotDue { due } => {
            Errors::of("recibido", format!("{} {}", t.tendered_not_due, priced(*due)))
        }
    }
}

fn of_bill(t: &'static WindowTexts, bill: BillId, why: &str) -> String {
    format!("{} {bill}: {why}", t.bill)
}

const fn why(refusal: &PayRefusal, t: &'static WindowTexts) -> &'static str {
    match refusal {
        PayRefusal::CallerKeyReused => t.attempt_used,
        PayRefusal::BillUnknown => t.bill_unknown,
        PayRefusal::BillOfAnotherContract => t.bill_of_another,
        PayRefusal::PeriodMismatch | PayRefusal::AmountMismatch => t.bill_changed,
        PayRefusal::BillPaid { .. } => t.bill_paid,
        PayRefusal::BillAnnulled => t.bill_annulled,
        PayRefusal::ContractBlocked => t.is_blocked,
        PayRefusal::OlderBillUnpaid => t.older_unpaid,
        PayRefusal::OutsideHours => t.outside_hours,
        PayRefusal::PayerMismatch => t.payer_mismatch,
        // The window has no limits.
        PayRefusal::PaymentAboveLimit | PayRefusal::HeldAboveLimit => t.above_limit,
    }
}
