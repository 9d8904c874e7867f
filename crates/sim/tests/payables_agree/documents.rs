//! The plainest supplier, invoice and payout there are.

use ventanilla_domain::{
    Application, Cuit, Currency, Details, DocumentNumber, Given, InvoiceTerms, Means, MeansLine,
    Money, PayoutTerms, PurchaseInvoiceId, PurchaseParts, SupplierId, SupplierRow, Text,
};
use ventanilla_service::PayoutRequest;

pub(crate) fn text<const MAX: usize>(words: &str) -> Text<MAX> {
    Text::from_text(words).unwrap()
}

pub(crate) fn bob(minor: i64) -> Money {
    Money::from_minor(minor, Currency::BOB)
}

pub(crate) fn supplier(tax_id: Option<Cuit>) -> SupplierRow {
    SupplierRow {
        id: None,
        trade_name: Some(text("La Quebrada")),
        legal_name: Some(text("La Quebrada S.R.L.")),
        tax_id: Given::Value(tax_id),
        is_active: None,
        details: Vec::new(),
    }
}

pub(crate) fn invoice(supplier: SupplierId, serial: u32, minor: i64) -> InvoiceTerms {
    InvoiceTerms {
        supplier,
        number: DocumentNumber::from_parts(1, serial).unwrap(),
        letter: None,
        booked_on: "2021-11-26".parse().unwrap(),
        issued_on: "2021-11-26".parse().unwrap(),
        due_on: None,
        total: bob(minor),
        parts: PurchaseParts::none(bob(0)),
        description: None,
        details: Details::new(),
        items: Vec::new(),
    }
}

/// A payout of an amount, which settles as much of an invoice or is an advance.
pub(crate) fn payout(
    supplier: SupplierId,
    minor: i64,
    invoice: Option<PurchaseInvoiceId>,
) -> PayoutRequest {
    let line = MeansLine::plain(Means::Transfer, bob(minor));
    let mut terms = PayoutTerms::plain(supplier, "2021-11-26".parse().unwrap(), line);
    let settled = invoice.map(|invoice| Application { invoice, amount: bob(minor) });
    terms.applied.extend(settled);
    PayoutRequest { terms, point: None, serial: None, caller_key: None }
}
