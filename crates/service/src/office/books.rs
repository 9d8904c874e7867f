//! What the accountant does and sees: closing days, and the suppliers' side.

use ventanilla_domain::{
    BusinessDay, Company, PayoutId, PurchaseInvoiceId, Right, Supplier, SupplierId,
};
use ventanilla_store::{StoreError, View};

use super::{OfficeRefusal, Officer};
use crate::admin::setting_company;
use crate::collecting::Decided;
use crate::payables::{invoice_state, supplier_state};
use crate::{
    AdminRefusal, Failure, InvoiceState, ListedPayout, NoRefusal, Service, SupplierState, What,
};

/// Suppliers that a page shows at most.
const SHOWN_MAX: usize = 200;
/// Invoices, and payouts, of a supplier that a page shows at most.
const PAGE_LEN: usize = 50;

/// Some of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownSuppliers {
    /// Those shown, by id.
    pub suppliers: Vec<SupplierState>,
    /// Whether there are more: whoever misses one types more of its name.
    pub is_cut_off: bool,
}

/// The invoice and the payout before which a page of a supplier's goes back; `None` is from the last on, or no
/// further.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SupplierBefore {
    /// Of its invoices.
    pub invoice: Option<PurchaseInvoiceId>,
    /// Of its payouts.
    pub payout: Option<PayoutId>,
}

/// A supplier with some of its invoices and of its payouts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupplierBooks {
    /// The supplier as it stands.
    pub state: SupplierState,
    /// Its invoices, the latest first: 50 at most.
    pub invoices: Vec<InvoiceState>,
    /// What it was paid, the latest first, undone payouts too: 50 at most.
    pub payouts: Vec<ListedPayout>,
    /// Where the older ones are.
    pub older: SupplierBefore,
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

    /// A supplier with its invoices and payouts before those, all of one moment. Needs [`Right::SeePayables`].
    /// Refuses a supplier that there is not.
    pub fn supplier(
        &self,
        officer: &Officer,
        id: SupplierId,
        before: SupplierBefore,
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
    before: SupplierBefore,
) -> Decided<SupplierBooks, SupplierUnknown> {
    let company = &officer.company;
    let Some(found) = view.supplier(company.id, id)? else { return Ok(Err(SupplierUnknown)) };
    // One more than is shown tells whether there are older ones.
    let mut invoices = view.invoices_of(company, id, before.invoice, PAGE_LEN + 1)?;
    let mut payouts = view.payouts_to(company, id, before.payout, PAGE_LEN + 1)?;
    let older = SupplierBefore {
        invoice: cut(&mut invoices).map(|last| last.invoice.id),
        payout: cut(&mut payouts).map(|(last, _)| last.id),
    };
    let payouts = payouts.into_iter().map(|(payout, is_reversed)| {
        let supplier_name = found.trade_name.clone();
        ListedPayout { payout, is_reversed, supplier_name }
    });
    let payouts = payouts.collect();
    let invoices = invoices.into_iter().map(invoice_state).collect();
    Ok(Ok(SupplierBooks { state: supplier_state(view, company, found)?, invoices, payouts, older }))
}

/// Leaves what a page shows; the last of it where there was more.
fn cut<T>(all: &mut Vec<T>) -> Option<&T> {
    let is_whole = all.len() <= PAGE_LEN;
    all.truncate(PAGE_LEN);
    all.last().filter(|_| !is_whole)
}
