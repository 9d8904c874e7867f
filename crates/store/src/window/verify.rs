//! Comparing what is kept of the window with the books rebuilt.

use ventanilla_domain::Company;

use super::{DrawerRow, ReceiptRow, RemittanceRow};
use crate::memory::Books;
use crate::verify::{Findings, table};
use crate::{StoreError, View};

/// Compares each table with the books rebuilt.
pub(crate) fn compare(
    view: &View<'_>,
    company: &Company,
    books: &mut Books,
    found: &mut Findings,
) -> Result<(), StoreError> {
    let window = std::mem::take(&mut books.window);
    let drawers = window.drawers.iter();
    table(
        found,
        "drawer",
        drawers.map(|(id, drawer)| (*id, DrawerRow::of(drawer))).collect(),
        |id| format!("gaveta {id}"),
        |to| view.each_drawer(company, &mut |(id, row)| to(id, row)),
    )?;
    let receipts = window.receipts.iter();
    table(
        found,
        "window_receipt",
        receipts.map(|(id, kept)| (*id, ReceiptRow::of(kept))).collect(),
        |id| format!("recibo {id}"),
        |to| view.each_receipt(company, &mut |(id, row)| to(id, row)),
    )?;
    table(
        found,
        "window_receipt_payment",
        window.receipts_of,
        |payment| format!("recibo de la cobranza {payment}"),
        |to| view.each_receipt_payment(company.id, &mut |(payment, receipt)| to(payment, receipt)),
    )?;
    let remittances = window.remittances.iter();
    table(
        found,
        "remittance",
        remittances.map(|(id, kept)| (*id, RemittanceRow::of(kept))).collect(),
        |id| format!("rendición {id}"),
        |to| view.each_remittance(company, &mut |(id, row)| to(id, row)),
    )
}
