//! What the accountant does and sees: closing days, and the suppliers' side.

use ventanilla_domain::{BusinessDay, Company, Right, Supplier, SupplierId};
use ventanilla_store::{EnteredInvoice, StoreError, View};

use super::{OfficeRefusal, Officer};
use crate::admin::setting_company;
use crate::collecting::Decided;
use crate::payables::{invoice_state, supplier_state};
use crate::{AdminRefusal, Failure, InvoiceState, NoRefusal, Service, SupplierState, What};

/// Suppliers or invoices that a page shows at most.
const SHOWN_MAX: usize = 200;

/// Some of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownSuppliers {
    /// Those shown, by id.
    pub suppliers: Vec<SupplierState>,
    /// Whether there are more: whoever misses one types more of its name.
    pub is_cut_off: bool,
}

/// A supplier with its invoices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupplierBooks {
    /// The supplier as it stands.
    pub state: SupplierState,
    /// Its invoices, the latest entered first, 200 at most.
    pub invoices: Vec<InvoiceState>,
    /// Whether it has more.
    pub is_cut_off: bool,
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

    /// A supplier with its invoices. Needs [`Right::SeePayables`]. Refuses one that there is not.
    pub fn supplier(
        &self,
        officer: &Officer,
        id: SupplierId,
    ) -> Result<SupplierBooks, Failure<OfficeRefusal<SupplierUnknown>>> {
        self.read_for(officer, Right::SeePayables, |view| supplier(view, officer, id))
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
    Ok(Ok(SupplierBooks { state: supplier_state(view, company, found)?, invoices, is_cut_off }))
}
