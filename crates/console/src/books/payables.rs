//! The suppliers' side, as accounting systems keep it: read here, written there.

use askama::Template;
use ventanilla_domain::{Payout, PayoutId, SupplierId};
use ventanilla_service::{
    InvoiceState, KeptPayout, ListedPayout, PayoutName, PayoutSelector, SettledInvoice,
    SupplierState,
};

use super::means_name;
use super::texts::BooksTexts;
use crate::answer::{self, Answer};
use crate::figures::{amount, date, moment, priced, sign_of};
use crate::frame::Frame;
use crate::language::filled;
use crate::trouble::{Trouble, of_failure, of_office};
use crate::visit::Visit;

/// Payouts that a supplier's page shows: the last of them.
const PAYOUTS_MAX: usize = 200;

#[derive(Debug)]
struct Row {
    path: String,
    name: String,
    legal_name: String,
    tax_id: String,
    balance: String,
}

#[derive(Debug, Template)]
#[template(path = "books/suppliers.html")]
struct SuppliersPage {
    frame: Frame,
    t: &'static BooksTexts,
    q: String,
    sign: &'static str,
    rows: Vec<Row>,
    is_cut_off: bool,
}

/// The suppliers.
pub(super) async fn suppliers(visit: &Visit) -> Answer {
    let (t, q) = (BooksTexts::of(visit.language), visit.query.get("q"));
    let shown = visit.hall.service.suppliers(visit.station()?, q)?;
    answer::page(&SuppliersPage {
        frame: visit.frame(t.suppliers),
        t,
        q: q.to_owned(),
        sign: sign_of(visit.company()?.currency),
        rows: shown.suppliers.iter().map(|state| to_row(visit, state)).collect(),
        is_cut_off: shown.is_cut_off,
    })
}

fn to_row(visit: &Visit, SupplierState { supplier, balance }: &SupplierState) -> Row {
    Row {
        path: visit.to_path(&format!("/proveedores/{}", supplier.id)),
        name: supplier.trade_name.to_string(),
        legal_name: supplier.legal_name.as_str().to_owned(),
        tax_id: supplier.tax_id.as_ref().map(ToString::to_string).unwrap_or_default(),
        balance: amount(*balance),
    }
}

#[derive(Debug)]
struct InvoiceRow {
    number: String,
    issued: String,
    due: String,
    total: String,
    applied: String,
}

#[derive(Debug)]
struct PayoutRow {
    path: String,
    number: String,
    date: String,
    is_reversed: bool,
    total: String,
}

#[derive(Debug, Template)]
#[template(path = "books/supplier.html")]
struct SupplierPage {
    frame: Frame,
    t: &'static BooksTexts,
    back: String,
    name: String,
    facts: Vec<(&'static str, String)>,
    sign: &'static str,
    invoices: Vec<InvoiceRow>,
    payouts: Vec<PayoutRow>,
}

/// A supplier with its invoices and what it was paid.
pub(super) async fn supplier(visit: &Visit) -> Answer {
    let (t, company) = (BooksTexts::of(visit.language), visit.company()?);
    let id = SupplierId::from_i64(visit.number("proveedor")?).ok().ok_or(Trouble::Missing)?;
    let books = visit.hall.service.supplier(visit.station()?, id);
    let books = books.map_err(|failure| of_office(failure, |_| Trouble::Missing))?;
    let SupplierState { supplier, balance } = &books.state;
    answer::page(&SupplierPage {
        frame: visit.frame(supplier.trade_name.as_str()),
        t,
        back: visit.to_path("/proveedores"),
        name: supplier.trade_name.to_string(),
        facts: vec![
            (t.legal_name, supplier.legal_name.as_str().to_owned()),
            (t.tax_id, supplier.tax_id.as_ref().map(ToString::to_string).unwrap_or_default()),
            (t.balance, priced(*balance)),
        ],
        sign: sign_of(company.currency),
        invoices: books.invoices.iter().map(to_invoice).collect(),
        payouts: payouts(visit, id)?,
    })
}

fn to_invoice(InvoiceState { invoice, applied }: &InvoiceState) -> InvoiceRow {
    let terms = &invoice.terms;
    let letter =
        terms.letter.as_ref().map(|letter| format!("{} ", letter.as_str())).unwrap_or_default();
    InvoiceRow {
        number: format!("{letter}{}", terms.number),
        issued: date(terms.issued_on),
        due: terms.due_on.map(date).unwrap_or_default(),
        total: amount(terms.total),
        applied: amount(*applied),
    }
}

/// What a supplier was paid, the latest first.
fn payouts(visit: &Visit, supplier: SupplierId) -> Result<Vec<PayoutRow>, Trouble> {
    let always = jiff::civil::Date::MIN..=jiff::civil::Date::MAX;
    let selector = PayoutSelector { supplier: Some(supplier), paid_on: always };
    let mut rows = std::collections::VecDeque::new();
    let read = visit.hall.service.each_payout(visit.company()?.id, &selector, &mut |listed| {
        let ListedPayout { payout, is_reversed, .. } = listed;
        rows.push_front(PayoutRow {
            path: visit.to_path(&format!("/pago-a-proveedor/{}", payout.id)),
            number: payout.number.to_string(),
            date: date(payout.terms.paid_on),
            is_reversed,
            total: amount(payout.terms.total),
        });
        rows.truncate(PAYOUTS_MAX);
        true
    });
    read.map_err(|failure| of_failure(failure, |_| Trouble::Missing))?;
    Ok(rows.into())
}

#[derive(Debug, Template)]
#[template(path = "books/payout.html")]
struct PayoutPage {
    frame: Frame,
    t: &'static BooksTexts,
    back: String,
    title: String,
    reversed: Option<String>,
    facts: Vec<(&'static str, String)>,
    means: Vec<(&'static str, String)>,
    settled: Vec<(String, String)>,
}

/// One payout.
pub(super) async fn payout(visit: &Visit) -> Answer {
    let (t, company) = (BooksTexts::of(visit.language), visit.company()?);
    let id = PayoutId::from_i64(visit.number("pago")?).ok().ok_or(Trouble::Missing)?;
    let kept = visit.hall.service.kept_payout(company.id, PayoutName::Id(id));
    let kept = kept.map_err(|failure| of_failure(failure, |_| Trouble::Missing))?;
    let title = filled(t.payout, kept.payout.number);
    let reversed = kept.reversal.as_ref();
    answer::page(&PayoutPage {
        frame: visit.frame(title.clone()),
        t,
        back: visit.to_path(&format!("/proveedores/{}", kept.supplier.id)),
        title,
        reversed: reversed.map(|reversal| moment(company, reversal.recorded_at)),
        facts: facts(&kept, t),
        means: lines(&kept.payout, t),
        settled: kept.settled.iter().map(to_settled).collect(),
    })
}

fn facts(kept: &KeptPayout, t: &'static BooksTexts) -> Vec<(&'static str, String)> {
    let terms = &kept.payout.terms;
    let mut facts = vec![
        (t.supplier, kept.supplier.trade_name.to_string()),
        (t.paid_on, date(terms.paid_on)),
        (t.total, priced(terms.total)),
        (t.discounts, amount(terms.discounts)),
        (t.interest, amount(terms.interest)),
        (t.recorded_by, kept.payout.recorded_by.to_string()),
    ];
    facts.extend(kept.integrator.as_ref().map(|name| (t.integrator, name.to_string())));
    facts.extend(terms.description.as_ref().map(|text| (t.description, text.to_string())));
    facts
}

fn lines(payout: &Payout, t: &'static BooksTexts) -> Vec<(&'static str, String)> {
    let lines = payout.terms.means.iter();
    lines.map(|line| (means_name(line.means, t), amount(line.amount))).collect()
}

fn to_settled(SettledInvoice { number, amount: paid, .. }: &SettledInvoice) -> (String, String) {
    (number.to_string(), amount(*paid))
}
