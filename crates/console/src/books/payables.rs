//! The suppliers' side, as accounting systems keep it: read here, written there.

use askama::Template;
use ventanilla_domain::{Money, MoneyError, PayoutId, PurchaseInvoiceId, SupplierId, Withholding};
use ventanilla_service::{
    InvoiceState, KeptPayout, ListedPayout, PayoutName, SettledInvoice, SupplierBefore,
    SupplierState,
};

use super::means_name;
use super::texts::BooksTexts;
use crate::answer::{self, Answer};
use crate::figures::{amount, date, moment, priced, sign_of};
use crate::frame::Frame;
use crate::language::filled;
use crate::trouble::{Trouble, of_failure, of_office};
use crate::visit::{Visit, with_query};

#[derive(Debug)]
struct Row {
    path: String,
    name: String,
    legal_name: String,
    tax_id: String,
    balance: String,
    is_ahead: bool,
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
        is_ahead: balance.to_minor() < 0,
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
    older_invoices: Option<String>,
    older_payouts: Option<String>,
}

/// Before which invoice, and before which payout, a supplier's lists go back.
const INVOICES: &str = "facturas";
const PAYOUTS: &str = "antes";

/// A supplier with its invoices and what it was paid, the latest first.
pub(super) async fn supplier(visit: &Visit) -> Answer {
    let (t, company) = (BooksTexts::of(visit.language), visit.company()?);
    let id = SupplierId::from_i64(visit.number("proveedor")?).ok().ok_or(Trouble::Missing)?;
    let before = SupplierBefore {
        invoice: before(visit, INVOICES, PurchaseInvoiceId::from_i64),
        payout: before(visit, PAYOUTS, PayoutId::from_i64),
    };
    let path = visit.to_path(&format!("/proveedores/{id}"));
    let books = visit.hall.service.supplier(visit.station()?, id, before);
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
        payouts: books.payouts.iter().map(|listed| to_payout(visit, listed)).collect(),
        older_invoices: books
            .older
            .invoice
            .is_some()
            .then(|| to_page(&path, SupplierBefore { invoice: books.older.invoice, ..before })),
        older_payouts: books
            .older
            .payout
            .is_some()
            .then(|| to_page(&path, SupplierBefore { payout: books.older.payout, ..before })),
    })
}

/// What the query says, where it is an id.
fn before<T, E>(visit: &Visit, name: &str, from: fn(i64) -> Result<T, E>) -> Option<T> {
    from(visit.query.get(name).parse().ok()?).ok()
}

/// A page of a supplier's: each list stays where it is while one goes through the other.
fn to_page(path: &str, before: SupplierBefore) -> String {
    let invoice = before.invoice.map(|id| (INVOICES, id.to_string()));
    let payout = before.payout.map(|id| (PAYOUTS, id.to_string()));
    let named = invoice.into_iter().chain(payout);
    named.fold(path.to_owned(), |path, (name, id)| with_query(&path, name, &id))
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

fn to_payout(visit: &Visit, listed: &ListedPayout) -> PayoutRow {
    let ListedPayout { payout, is_reversed, .. } = listed;
    PayoutRow {
        path: visit.to_path(&format!("/pago-a-proveedor/{}", payout.id)),
        number: payout.number.to_string(),
        date: date(payout.terms.paid_on),
        is_reversed: *is_reversed,
        total: amount(payout.terms.total),
    }
}

/// What a part of a payout is called, and its lines.
type Part = (&'static str, Vec<(String, String)>);

#[derive(Debug, Template)]
#[template(path = "books/payout.html")]
struct PayoutPage {
    frame: Frame,
    t: &'static BooksTexts,
    back: String,
    title: String,
    reversed: Option<String>,
    facts: Vec<(&'static str, String)>,
    sign: &'static str,
    /// How it was paid and what it settles, each with what it comes to: the same sum.
    parts: [Part; 2],
    settled: String,
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
        sign: sign_of(company.currency),
        parts: parts(&kept, t).map_err(|error| Trouble::Defect(error.to_string()))?,
        settled: kept
            .payout
            .terms
            .checked_settled()
            .map(amount)
            .map_err(|error| Trouble::Defect(error.to_string()))?,
    })
}

fn facts(kept: &KeptPayout, t: &'static BooksTexts) -> Vec<(&'static str, String)> {
    let terms = &kept.payout.terms;
    let mut facts = vec![
        (t.supplier, kept.supplier.trade_name.to_string()),
        (t.paid_on, date(terms.paid_on)),
        (t.total, priced(terms.total)),
        (t.recorded_by, kept.payout.recorded_by.to_string()),
    ];
    facts.extend(kept.integrator.as_ref().map(|name| (t.integrator, name.to_string())));
    facts.extend(terms.description.as_ref().map(|text| (t.description, text.to_string())));
    facts
}

/// How a payout was paid, withholdings and discounts too and interest taken off, and what it settles: invoices, and the
/// rest in advance. What is nothing is left out.
fn parts(kept: &KeptPayout, t: &'static BooksTexts) -> Result<[Part; 2], MoneyError> {
    let terms = &kept.payout.terms;
    let mut paid: Vec<(String, Money)> = Vec::new();
    paid.extend(terms.means.iter().map(|line| (means_name(line.means, t).to_owned(), line.amount)));
    let withheld = terms.withholdings.by_tax()?;
    paid.extend(withheld.map(|(tax, amount)| (withholding_name(tax, t).to_owned(), amount)));
    paid.push((t.discounts.to_owned(), terms.discounts));
    let interest = Money::zero(terms.interest.currency()).checked_sub(terms.interest)?;
    paid.push((t.interest.to_owned(), interest));
    let invoice =
        |SettledInvoice { number, amount, .. }: &SettledInvoice| (number.to_string(), *amount);
    let mut settled: Vec<(String, Money)> = kept.settled.iter().map(invoice).collect();
    settled.push((t.advance.to_owned(), terms.checked_advance()?));
    let told = |rows: Vec<(String, Money)>| {
        let some = rows.into_iter().filter(|(_, amount)| amount.to_minor() != 0);
        some.map(|(name, sum)| (name, amount(sum))).collect()
    };
    Ok([(t.how_paid, told(paid)), (t.settled, told(settled))])
}

const fn withholding_name(tax: Withholding, t: &'static BooksTexts) -> &'static str {
    match tax {
        Withholding::GrossIncome => t.withheld_gross_income,
        Withholding::Income => t.withheld_income,
        Withholding::Rent => t.withheld_rent,
    }
}
