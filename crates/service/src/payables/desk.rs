//! What a user reads of one company.

use std::sync::Arc;

use ventanilla_domain::{
    Account, Company, CompanyId, Money, MoneyError, Payout, PayoutId, PurchaseInvoice,
    PurchaseInvoiceId, Role, Supplier, SupplierId,
};
use ventanilla_store::{EnteredInvoice, StoreError, View};

use super::damaged;
use crate::{Failure, NoRefusal, UserCaller, UserSession};

/// A supplier as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupplierState {
    /// The supplier.
    pub supplier: Supplier,
    /// What it is owed, less what it was paid in advance: negative where the company has paid more.
    pub balance: Money,
}

/// An invoice as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceState {
    /// The invoice.
    pub invoice: PurchaseInvoice,
    /// What standing payouts have settled of it.
    pub applied: Money,
}

/// A payout as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutState {
    /// The payout.
    pub payout: Payout,
    /// Whether it was undone.
    pub is_reversed: bool,
    /// The totals of the invoices it names.
    pub invoices_total: Money,
    /// What all standing payouts have settled of them.
    pub invoices_applied: Money,
    /// What this one settles of them: nothing once it is reversed.
    pub applied: Money,
}

/// A payout of an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoicePayout {
    /// The payout.
    pub payout: Payout,
    /// Whether it was undone.
    pub is_reversed: bool,
    /// What it settles of the invoice: nothing once it is reversed.
    pub applied: Money,
}

/// One company before a user who has a right to it, at one moment of the books.
#[derive(Debug)]
pub struct Desk<'s> {
    session: UserSession<'s>,
    company: Arc<Company>,
    role: Role,
}

type Read<T> = Result<T, Failure<NoRefusal>>;

impl<'s> UserSession<'s> {
    /// The desk of a company; `None` where there is no such company, or the user has no right to
    /// it: nobody learns which.
    pub fn desk(self, company: CompanyId) -> Read<Option<Desk<'s>>> {
        let found = self.company(company)?;
        Ok(found.map(|(company, role)| Desk { session: self, company, role }))
    }
}

impl Desk<'_> {
    /// The company.
    pub fn company(&self) -> &Arc<Company> {
        &self.company
    }

    /// What the user may do.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Ends the reading and says who called.
    pub fn into_caller(self) -> UserCaller {
        self.session.into_caller()
    }

    fn read<T>(&self, read: impl FnOnce(&View<'_>, &Company) -> Result<T, StoreError>) -> Read<T> {
        let UserSession { service, snapshot, .. } = &self.session;
        read(&snapshot.view(), &self.company).map_err(|error| service.read_failure(&error))
    }

    /// The supplier of that id (`leer_proveedor`).
    pub fn supplier(&self, id: SupplierId) -> Read<Option<SupplierState>> {
        self.read(|view, company| {
            let supplier = view.supplier(company.id, id)?;
            supplier.map(|supplier| supplier_state(view, company, supplier)).transpose()
        })
    }

    /// All suppliers, by id (`listar_proveedor`).
    pub fn each_supplier(&self, visit: &mut dyn FnMut(SupplierState)) -> Read<()> {
        self.read(|view, company| {
            view.each_supplier(company.id, &mut |supplier| {
                visit(supplier_state(view, company, supplier)?);
                Ok(())
            })
        })
    }

    /// The invoice of that id (`leer_facturacompra`).
    pub fn invoice(&self, id: PurchaseInvoiceId) -> Read<Option<InvoiceState>> {
        self.read(|view, company| Ok(view.invoice(company, id)?.map(invoice_state)))
    }

    /// All invoices, by id (`listar_facturascompra`).
    pub fn each_invoice(&self, visit: &mut dyn FnMut(InvoiceState)) -> Read<()> {
        self.read(|view, company| {
            view.each_invoice(company, &mut |entered| {
                visit(invoice_state(entered));
                Ok(())
            })
        })
    }

    /// The payouts of an invoice, by id, those undone too; `None` where there is no such invoice
    /// (`leer_pagos_factura`).
    pub fn payouts_of_invoice(&self, id: PurchaseInvoiceId) -> Read<Option<Vec<InvoicePayout>>> {
        self.read(|view, company| {
            if view.invoice_standing(company, id)?.is_none() {
                return Ok(None);
            }
            let payouts = view.payouts_of_invoice(company.id, id)?.into_iter();
            let payouts = payouts.map(|payout| invoice_payout(view, company, payout, id));
            payouts.collect::<Result<_, _>>().map(Some)
        })
    }

    /// The payout of that id (`leer_pago`).
    pub fn payout(&self, id: PayoutId) -> Read<Option<PayoutState>> {
        self.read(|view, company| {
            let standing = view.payout_standing(company, id)?;
            standing.map(|standing| payout_state(view, company, standing)).transpose()
        })
    }
}

pub(crate) fn supplier_state(
    view: &View<'_>,
    company: &Company,
    supplier: Supplier,
) -> Result<SupplierState, StoreError> {
    let owed = view.balance(company.id, &Account::Payable(supplier.id))?;
    let advanced = view.balance(company.id, &Account::Advance(supplier.id))?;
    let zero = Money::zero(company.currency);
    let of = |minor| Money::from_minor(minor, company.currency);
    // The ledger counts debits as positive, and what is owed is a credit.
    let balance = zero.checked_sub(of(owed)).and_then(|owed| owed.checked_sub(of(advanced)));
    Ok(SupplierState { supplier, balance: balance.map_err(does_not_fit)? })
}

pub(crate) fn invoice_state(entered: EnteredInvoice) -> InvoiceState {
    let EnteredInvoice { invoice, applied } = entered;
    InvoiceState { invoice, applied }
}

fn invoice_payout(
    view: &View<'_>,
    company: &Company,
    id: PayoutId,
    invoice: PurchaseInvoiceId,
) -> Result<InvoicePayout, StoreError> {
    let standing = view.payout_standing(company, id)?;
    let (payout, is_reversed) = standing.ok_or_else(|| damaged("a payout is missing"))?;
    let mut applied = payout.terms.applied.iter();
    let application = applied.find(|application| application.invoice == invoice);
    let application = application.ok_or_else(|| damaged("a payout lacks an invoice of its own"))?;
    let applied = if is_reversed { Money::zero(company.currency) } else { application.amount };
    Ok(InvoicePayout { payout, is_reversed, applied })
}

fn payout_state(
    view: &View<'_>,
    company: &Company,
    (payout, is_reversed): (Payout, bool),
) -> Result<PayoutState, StoreError> {
    let zero = Money::zero(company.currency);
    let applied = payout.terms.checked_applied().map_err(does_not_fit)?;
    let (mut invoices_total, mut invoices_applied) = (zero, zero);
    for application in &payout.terms.applied {
        let standing = view.invoice_standing(company, application.invoice)?;
        let standing = standing.ok_or_else(|| damaged("a payout's invoice is missing"))?;
        invoices_total = invoices_total.checked_add(standing.total).map_err(does_not_fit)?;
        invoices_applied = invoices_applied.checked_add(standing.applied).map_err(does_not_fit)?;
    }
    let applied = if is_reversed { zero } else { applied };
    Ok(PayoutState { payout, is_reversed, invoices_total, invoices_applied, applied })
}

fn does_not_fit(cause: MoneyError) -> StoreError {
    StoreError::Damaged { what: "a sum does not fit", cause: Some(cause.into()) }
}
