//! What the accountant does and sees: closing days, and the suppliers' side.

use ventanilla_domain::{BusinessDay, Company, PayoutId, Right, Supplier, SupplierId};
use ventanilla_store::{EnteredInvoice, StoreError, View};

use super::{OfficeRefusal, Officer};
use crate::admin::setting_company;
use crate::collecting::Decided;
use crate::payables::{invoice_state, supplier_state};
use crate::{
    AdminRefusal, Failure, InvoiceState, ListedPayout, NoRefusal, Service, SupplierState, What,
};

/// Suppliers or invoices that a page shows at most.
const SHOWN_MAX: usize = 200;
/// Payouts of a supplier that a page shows at most.
const PAYOUTS_LEN: usize = 50;

/// Some of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownSuppliers {
    /// Those shown, by id.
    pub suppliers: Vec<SupplierState>,
    /// Whether there are more: whoever misses one types more of its name.
    pub is_cut_off: bool,
}

/// A supplier with its invoices and some of its payouts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupplierBooks {
    /// The supplier as it stands.
    pub state: SupplierState,
    /// Its invoices, the latest entered first, 200 at most.
    pub invoices: Vec<InvoiceState>,
    /// Whether it has more.
    pub is_cut_off: bool,
    /// What it was paid, the latest first, undone payouts too: 50 at most.
    pub payouts: Vec<ListedPayout>,
    /// The payout before which older ones are; `None` where there are none.
    pub before: Option<PayoutId>,
}

/// No supplier of that id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such supplier")]
pub struct SupplierUnknown;

impl Service {
    /// Closes every business day up to one: nothing enters them any more. Needs [`Right::CloseDays`].
    ///
    /// Refuses a day that is not over, and one before the last that was closed.
    pub async fn close_days(
        &self,
        officer: &Officer,
        through: BusinessDay,
    ) -> Result<Company, Failure<OfficeRefusal<AdminRefusal>>> {
        let setting = ("closed_through".to_owned(), through.to_date().to_string());
        let act = officer.act(What::CompanySet);
        let close = setting_company(act, officer.company.id, vec![setting]);
        self.write_for(officer, Right::CloseDays, move |tx, _, now| close(tx, now)).await
    }

    /// The company's suppliers whose trade or legal name holds a text, whatever its case; 200 at most. Needs
    /// [`Right::SeePayables`].
    pub fn suppliers(
        &self,
        officer: &Officer,
        text: &str,
    ) -> Result<ShownSuppliers, Failure<OfficeRefusal<NoRefusal>>> {
        let text = text.to_lowercase();
        self.read_for(officer, Right::SeePayables, |view| suppliers(view, officer, &text).map(Ok))
    }

    /// A supplier with its invoices, and its payouts before one, or the last of all: all of one moment. Needs
    /// [`Right::SeePayables`]. Refuses a supplier that there is not.
    pub fn supplier(
        &self,
        officer: &Officer,
        id: SupplierId,
        before: Option<PayoutId>,
    ) -> Result<SupplierBooks, Failure<OfficeRefusal<SupplierUnknown>>> {
        self.read_for(officer, Right::SeePayables, |view| supplier(view, officer, id, before))
    }
}

fn suppliers(view: &View<'_>, officer: &Officer, text: &str) -> Result<ShownSuppliers, StoreError> {
    let mut found: Vec<Supplier> = Vec::new();
    let mut is_cut_off = false;
    view.each_supplier(officer.company.id, &mut |supplier: Supplier| {
        let names = [supplier.trade_name.as_str(), supplier.legal_name.as_str()];
        if names.iter().any(|name| name.to_lowercase().contains(text)) {
            if found.len() < SHOWN_MAX {
                found.push(supplier);
            } else {
                is_cut_off = true;
            }
        }
        Ok(())
    })?;
    let states = found.into_iter().map(|supplier| supplier_state(view, &officer.company, supplier));
    Ok(ShownSuppliers { suppliers: states.collect::<Result<_, _>>()?, is_cut_off })
}

fn supplier(
    view: &View<'_>,
    officer: &Officer,
    id: SupplierId,
    before: Option<PayoutId>,
) -> Decided<SupplierBooks, SupplierUnknown> {
    let company = &officer.company;
    let Some(found) = view.supplier(company.id, id)? else { return Ok(Err(SupplierUnknown)) };
    let mut invoices: Vec<InvoiceState> = Vec::new();
    view.each_invoice(company, &mut |entered: EnteredInvoice| {
        if entered.invoice.terms.supplier == id {
            invoices.push(invoice_state(entered));
        }
        Ok(())
    })?;
    invoices.reverse();
    let is_cut_off = invoices.len() > SHOWN_MAX;
    invoices.truncate(SHOWN_MAX);
    let (payouts, before) = payouts(view, company, &found, before)?;
    let state = supplier_state(view, company, found)?;
    Ok(Ok(SupplierBooks { state, invoices, is_cut_off, payouts, before }))
}

/// A supplier's payouts before one, or the last of all, and where older ones go on.
fn payouts(
    view: &View<'_>,
    company: &Company,
    supplier: &Supplier,
    before: Option<PayoutId>,
) -> Result<(Vec<ListedPayout>, Option<PayoutId>), StoreError> {
    // One more than is shown tells whether there are older ones.
    let mut page = view.payouts_to(company, supplier.id, before, PAYOUTS_LEN + 1)?;
    let is_whole = page.len() <= PAYOUTS_LEN;
    page.truncate(PAYOUTS_LEN);
    let last = page.last().map(|(payout, _)| payout.id).filter(|_| !is_whole);
    let listed = page.into_iter().map(|(payout, is_reversed)| {
        let supplier_name = supplier.trade_name.clone();
        ListedPayout { payout, is_reversed, supplier_name }
    });
    Ok((listed.collect(), last))
}
