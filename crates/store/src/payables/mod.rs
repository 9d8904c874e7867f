//! The suppliers' side of the books in memory: the specification of what a store keeps of it.

pub(crate) mod verify;
mod view;

use std::collections::{BTreeMap, BTreeSet};

use ventanilla_domain::{
    Account, Application, AppliedInvoice, CallerKey, CompanyId, Cuit, DocumentNumber, IntegratorId,
    Letter, Money, Payout, PayoutId, PayoutNumber, PayoutReversal, PurchaseInvoice,
    PurchaseInvoiceId, Supplier, SupplierId,
};

use crate::StoreError;
use crate::memory::{Books, State, exhausted};

type Write = Result<(), StoreError>;

/// A purchase invoice with what payouts have settled of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnteredInvoice {
    /// The invoice.
    pub invoice: PurchaseInvoice,
    /// What standing payouts have settled of it: from nothing to its total.
    pub applied: Money,
}

/// A record with what its row says of it in columns of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept<C, T> {
    pub(crate) columns: C,
    pub(crate) record: T,
}

/// What is unique of an invoice beside its id.
pub(crate) type InvoiceKey = (SupplierId, Option<Letter>, DocumentNumber);
pub(crate) type KeptSupplier = Kept<Option<Cuit>, Supplier>;
pub(crate) type KeptInvoice = Kept<(InvoiceKey, Money), EnteredInvoice>;
pub(crate) type KeptPayout = Kept<(SupplierId, PayoutNumber), Payout>;
/// What a payout settles of an invoice.
pub(crate) type PayoutApplication = ((PayoutId, PurchaseInvoiceId), Money);
/// A caller key with its integrator, and the payout it made.
pub(crate) type PayoutKey = ((IntegratorId, CallerKey), PayoutId);

impl KeptSupplier {
    pub(crate) fn of(supplier: &Supplier) -> Self {
        Self { columns: supplier.tax_id, record: supplier.clone() }
    }
}

impl KeptInvoice {
    pub(crate) fn of(entered: &EnteredInvoice) -> Self {
        let total = entered.invoice.terms.total;
        Self { columns: (key_of(&entered.invoice), total), record: entered.clone() }
    }
}

impl KeptPayout {
    pub(crate) fn of(payout: &Payout) -> Self {
        Self { columns: (payout.terms.supplier, payout.number), record: payout.clone() }
    }
}

fn key_of(invoice: &PurchaseInvoice) -> InvoiceKey {
    let terms = &invoice.terms;
    (terms.supplier, terms.letter.clone(), terms.number)
}

/// A company's suppliers, their invoices, and what went out to them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Payables {
    pub(crate) suppliers: BTreeMap<SupplierId, Supplier>,
    tax_ids: BTreeMap<Cuit, SupplierId>,
    pub(crate) invoices: BTreeMap<PurchaseInvoiceId, EnteredInvoice>,
    invoice_numbers: BTreeMap<InvoiceKey, PurchaseInvoiceId>,
    pub(crate) payouts: BTreeMap<PayoutId, Payout>,
    payout_numbers: BTreeMap<PayoutNumber, PayoutId>,
    pub(crate) applications: BTreeMap<(PayoutId, PurchaseInvoiceId), Money>,
    payouts_by_invoice: BTreeSet<(PurchaseInvoiceId, PayoutId)>,
    pub(crate) keys: BTreeMap<(IntegratorId, CallerKey), PayoutId>,
    pub(crate) reversals: BTreeMap<PayoutId, PayoutReversal>,
}

/// What each event does to the counters; what it does to the tables is below.
impl Books {
    pub(crate) fn keep_supplier(&mut self, supplier: &Supplier) -> Write {
        let next = supplier.id.checked_next().map_err(exhausted)?;
        self.counters.next_supplier = self.counters.next_supplier.max(next);
        self.counters.payable_entries += 1;
        self.payables.keep_supplier(supplier)
    }

    pub(crate) fn enter_invoice(&mut self, invoice: &PurchaseInvoice) -> Write {
        let next = invoice.id.checked_next().map_err(exhausted)?;
        self.counters.next_invoice = self.counters.next_invoice.max(next);
        self.counters.payable_entries += 1;
        self.payables.add_invoice(invoice)
    }

    pub(crate) fn make_payout(&mut self, payout: &Payout) -> Write {
        let next = payout.id.checked_next().map_err(exhausted)?;
        self.counters.next_payout = self.counters.next_payout.max(next);
        self.counters.payable_entries += 1;
        self.payables.add_payout(payout)
    }

    pub(crate) fn reverse_payout(&mut self, reversal: &PayoutReversal) -> Write {
        self.counters.payable_entries += 1;
        self.payables.add_reversal(reversal)
    }
}

impl Payables {
    fn keep_supplier(&mut self, supplier: &Supplier) -> Write {
        let before = self.suppliers.insert(supplier.id, supplier.clone());
        if let Some(tax_id) = before.and_then(|before| before.tax_id) {
            self.tax_ids.remove(&tax_id);
        }
        match supplier.tax_id.and_then(|tax_id| self.tax_ids.insert(tax_id, supplier.id)) {
            Some(_) => Err(StoreError::damaged("two suppliers have one tax number")),
            None => Ok(()),
        }
    }

    fn ensure_supplier(&self, supplier: SupplierId) -> Write {
        match self.suppliers.get(&supplier) {
            Some(_) => Ok(()),
            None => Err(StoreError::damaged("an act found no such supplier")),
        }
    }

    fn add_invoice(&mut self, invoice: &PurchaseInvoice) -> Write {
        self.ensure_supplier(invoice.terms.supplier)?;
        let total = invoice.terms.total;
        if total.to_minor() <= 0 {
            return Err(StoreError::damaged("an invoice has no total"));
        }
        let applied = Money::zero(total.currency());
        let entered = EnteredInvoice { invoice: invoice.clone(), applied };
        if self.invoices.insert(invoice.id, entered).is_some() {
            return Err(StoreError::damaged("an invoice's id was used twice"));
        }
        match self.invoice_numbers.insert(key_of(invoice), invoice.id) {
            Some(_) => Err(StoreError::damaged("a supplier's invoice number was used twice")),
            None => Ok(()),
        }
    }

    fn add_payout(&mut self, payout: &Payout) -> Write {
        self.ensure_supplier(payout.terms.supplier)?;
        if self.payouts.insert(payout.id, payout.clone()).is_some() {
            return Err(StoreError::damaged("a payout's id was used twice"));
        }
        if self.payout_numbers.insert(payout.number, payout.id).is_some() {
            return Err(StoreError::damaged("a payout's number was used twice"));
        }
        for application in &payout.terms.applied {
            self.add_application(payout, *application)?;
        }
        let Some(key) = payout.integrator.zip(payout.caller_key.clone()) else { return Ok(()) };
        match self.keys.insert(key, payout.id) {
            Some(_) => Err(StoreError::damaged("a caller key was used twice")),
            None => Ok(()),
        }
    }

    fn add_application(&mut self, payout: &Payout, application: Application) -> Write {
        let Application { invoice, amount } = application;
        let entered = self.invoices.get_mut(&invoice);
        let entered = entered
            .filter(|entered| entered.invoice.terms.supplier == payout.terms.supplier)
            .ok_or_else(|| StoreError::damaged("a payout found no such invoice of its supplier"))?;
        let total = entered.invoice.terms.total.to_minor();
        let applied = entered.applied.checked_add(amount).ok();
        entered.applied = applied
            .filter(|applied| amount.to_minor() > 0 && applied.to_minor() <= total)
            .ok_or_else(|| StoreError::damaged("a payout settles more than is open"))?;
        if self.applications.insert((payout.id, invoice), amount).is_some() {
            return Err(StoreError::damaged("a payout settles an invoice twice"));
        }
        self.payouts_by_invoice.insert((invoice, payout.id));
        Ok(())
    }

    fn add_reversal(&mut self, reversal: &PayoutReversal) -> Write {
        let payout = &reversal.payout;
        if self.payouts.get(&payout.id) != Some(payout) {
            return Err(StoreError::damaged("a reversal's payout is not the one kept"));
        }
        if self.reversals.insert(payout.id, reversal.clone()).is_some() {
            return Err(StoreError::damaged("a payout was reversed twice"));
        }
        payout.terms.applied.iter().try_for_each(|application| self.take_back(*application))
    }

    fn take_back(&mut self, application: Application) -> Write {
        let entered = self.invoices.get_mut(&application.invoice);
        let entered = entered.ok_or_else(|| StoreError::damaged("a reversal found no invoice"))?;
        let applied = entered.applied.checked_sub(application.amount).ok();
        entered.applied = applied
            .filter(|applied| applied.to_minor() >= 0)
            .ok_or_else(|| StoreError::damaged("a reversal takes back more than was applied"))?;
        Ok(())
    }

    /// A payout, and whether it was reversed.
    fn standing(&self, payout: &Payout) -> (Payout, bool) {
        (payout.clone(), self.reversals.contains_key(&payout.id))
    }
}

impl State {
    fn payables(&self, company: CompanyId) -> Option<&Payables> {
        self.books_of(company).map(|books| &books.payables)
    }

    pub(crate) fn balance(&self, company: CompanyId, account: &Account) -> i64 {
        let books = self.books_of(company);
        books.and_then(|books| books.balances.get(account)).copied().unwrap_or(0)
    }

    fn supplier(&self, company: CompanyId, id: SupplierId) -> Option<Supplier> {
        self.payables(company)?.suppliers.get(&id).cloned()
    }

    fn supplier_of_tax_id(&self, company: CompanyId, tax_id: Cuit) -> Option<SupplierId> {
        self.payables(company)?.tax_ids.get(&tax_id).copied()
    }

    fn invoice(&self, company: CompanyId, id: PurchaseInvoiceId) -> Option<EnteredInvoice> {
        self.payables(company)?.invoices.get(&id).cloned()
    }

    fn invoice_standing(
        &self,
        company: CompanyId,
        id: PurchaseInvoiceId,
    ) -> Option<AppliedInvoice> {
        let EnteredInvoice { invoice, applied } = self.payables(company)?.invoices.get(&id)?;
        let (supplier, total) = (invoice.terms.supplier, invoice.terms.total);
        Some(AppliedInvoice { supplier, total, applied: *applied })
    }

    fn invoice_numbered(
        &self,
        company: CompanyId,
        supplier: SupplierId,
        letter: Option<&Letter>,
        number: DocumentNumber,
    ) -> Option<PurchaseInvoiceId> {
        let key = (supplier, letter.cloned(), number);
        self.payables(company)?.invoice_numbers.get(&key).copied()
    }

    fn payout(&self, company: CompanyId, id: PayoutId) -> Option<Payout> {
        self.payables(company)?.payouts.get(&id).cloned()
    }

    fn payout_standing(&self, company: CompanyId, id: PayoutId) -> Option<(Payout, bool)> {
        let payout = self.payout(company, id)?;
        Some((payout, self.payout_reversal(company, id).is_some()))
    }

    fn payouts_after(&self, company: CompanyId, after: i64, len: usize) -> Vec<(Payout, bool)> {
        let Some(payables) = self.payables(company) else {
            return Vec::new();
        };
        let payouts = payables.payouts.values().filter(|payout| payout.id.to_i64() > after);
        payouts.take(len).map(|payout| payables.standing(payout)).collect()
    }

    fn invoices_of(
        &self,
        company: CompanyId,
        supplier: SupplierId,
        before: Option<PurchaseInvoiceId>,
        len: usize,
    ) -> Vec<EnteredInvoice> {
        let Some(payables) = self.payables(company) else {
            return Vec::new();
        };
        let invoices = payables.invoices.iter().rev().filter(|(id, entered)| {
            entered.invoice.terms.supplier == supplier && before.is_none_or(|before| **id < before)
        });
        invoices.take(len).map(|(_, entered)| entered.clone()).collect()
    }

    fn payouts_to(
        &self,
        company: CompanyId,
        supplier: SupplierId,
        before: Option<PayoutId>,
        len: usize,
    ) -> Vec<(Payout, bool)> {
        let Some(payables) = self.payables(company) else {
            return Vec::new();
        };
        let payouts = payables.payouts.values().rev().filter(|payout| {
            payout.terms.supplier == supplier && before.is_none_or(|before| payout.id < before)
        });
        payouts.take(len).map(|payout| payables.standing(payout)).collect()
    }

    fn payout_reversal(&self, company: CompanyId, id: PayoutId) -> Option<PayoutReversal> {
        self.payables(company)?.reversals.get(&id).cloned()
    }

    fn payout_numbered(&self, company: CompanyId, number: PayoutNumber) -> Option<PayoutId> {
        self.payables(company)?.payout_numbers.get(&number).copied()
    }

    fn payout_keyed(
        &self,
        company: CompanyId,
        integrator: IntegratorId,
        key: &CallerKey,
    ) -> Option<PayoutId> {
        self.payables(company)?.keys.get(&(integrator, key.clone())).copied()
    }

    fn last_serial(&self, company: CompanyId, point: u32) -> u32 {
        let numbers = self.payables(company).map(|payables| payables.payout_numbers.keys());
        let of_point = numbers.into_iter().flatten().filter(|number| number.to_point() == point);
        of_point.map(|number| number.to_serial()).max().unwrap_or(0)
    }

    fn payouts_of_invoice(&self, company: CompanyId, invoice: PurchaseInvoiceId) -> Vec<PayoutId> {
        let Some(payables) = self.payables(company) else {
            return Vec::new();
        };
        let all = (invoice, PayoutId::FIRST)..;
        let own = payables.payouts_by_invoice.range(all).take_while(|(of, _)| *of == invoice);
        own.map(|(_, payout)| *payout).collect()
    }
}
