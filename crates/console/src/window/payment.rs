//! One payment, whoever took it, and its paper.

use askama::Template;
use ventanilla_documents::{Invoice, Paper};
use ventanilla_domain::{PaymentId, PrintablePayment};

use super::texts::WindowTexts;
use super::{Fact, fact, search};
use crate::answer::{self, Answer};
use crate::figures::{date, moment, period, priced};
use crate::forms::Errors;
use crate::frame::Frame;
use crate::language::filled;
use crate::trouble::{Trouble, of_failure};
use crate::visit::Visit;

#[derive(Debug, Template)]
#[template(path = "window/payment.html")]
struct PaymentPage {
    frame: Frame,
    t: &'static WindowTexts,
    title: String,
    back: String,
    path: String,
    reversed: Option<String>,
    facts: Vec<Fact>,
    /// The receipt that it is of: where it is, and its name.
    receipt: Option<(String, String)>,
}

/// Leads from a number to its payment.
pub(super) async fn find(visit: &Visit) -> Answer {
    let number = visit.query.get("numero");
    let t = WindowTexts::of(visit.language);
    let Ok(id) = number.replace('.', "").parse::<i64>() else {
        return search::with_number(visit, number, Errors::of("numero", t.number_wrong));
    };
    match read(visit, id) {
        Ok(_) => answer::see(&visit.to_path(&format!("/pago/{id}"))),
        Err(Trouble::Missing) => {
            search::with_number(visit, number, Errors::of("numero", t.payment_missing))
        }
        Err(trouble) => Err(trouble),
    }
}

fn read(visit: &Visit, id: i64) -> Result<PrintablePayment, Trouble> {
    let id = PaymentId::from_i64(id).ok().ok_or(Trouble::Missing)?;
    let printed = visit.hall.service.payment_to_print(visit.company()?.id, id);
    printed.map_err(|failure| of_failure(failure, |_| Trouble::Missing))
}

/// The payment.
pub(super) async fn show(visit: &Visit) -> Answer {
    let printed = read(visit, visit.number("pago")?)?;
    let t = WindowTexts::of(visit.language);
    let PrintablePayment { company, payment, reversal, collector, .. } = &printed;
    let reversed = reversal.as_ref().map(|reversal| {
        let reason = reversal.reason.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("{} {} {reason}", t.reversed, moment(company, reversal.recorded_at))
    });
    let facts = [
        fact(t.member, Some(format!("{} · {}", payment.contract_code, payment.member_name))),
        fact(t.bill, Some(payment.bill)),
        fact(t.bill_period, Some(period(payment.period))),
        fact(t.amount, Some(priced(payment.amount))),
        fact(t.collector, Some(collector)),
        fact(t.cashier, payment.place.cashier.as_ref()),
        fact(t.means_column, payment.place.means.as_ref()),
        fact(t.taken_at, Some(moment(company, payment.recorded_at))),
        fact(t.day, Some(date(payment.business_day.to_date()))),
    ];
    let title = format!("{} {}", t.payment, payment.id);
    answer::page(&PaymentPage {
        frame: visit.frame(title.clone()),
        t,
        title,
        back: visit.to_path("/caja"),
        path: visit.to_path(&format!("/pago/{}", payment.id)),
        reversed,
        facts: facts.into_iter().flatten().collect(),
        receipt: receipt_of(visit, payment.id)?,
    })
}

/// The receipt of the window that a payment is in: where it is, and its name.
fn receipt_of(visit: &Visit, payment: PaymentId) -> Result<Option<(String, String)>, Trouble> {
    let found = visit.hall.service.receipt_of_payment(visit.station()?, payment)?;
    let t = WindowTexts::of(visit.language);
    Ok(found.map(|id| (visit.to_path(&format!("/recibo/{id}")), filled(t.receipt, id))))
}

/// Its paper, A4 or a roll's.
pub(super) async fn paper(visit: &Visit) -> Answer {
    let printed = read(visit, visit.number("pago")?)?;
    let paper = paper_of(visit);
    let proof = visit.hall.service.receipt_text(&printed);
    let invoice = Invoice::of(&printed, &proof);
    answer::file("application/pdf", &invoice.file_name(), true, invoice.to_pdf(paper))
}

/// The paper that was asked for.
pub(super) fn paper_of(visit: &Visit) -> Paper {
    if visit.query.get("formato") == "rollo" { Paper::Roll } else { Paper::A4 }
}
