//! What can be read of the suppliers' side, whatever the store.

use ventanilla_domain::{
    Account, AppliedInvoice, CallerKey, Company, CompanyId, Cuit, DocumentNumber, IntegratorId,
    Letter, Payout, PayoutId, PayoutNumber, PayoutReversal, PurchaseInvoiceId, Supplier,
    SupplierId,
};

use super::{
    EnteredInvoice, KeptInvoice, KeptPayout, KeptSupplier, Payables, PayoutApplication, PayoutKey,
};
use crate::memory::State;
use crate::view::{From, read};
use crate::{StoreError, View};

type Read<T> = Result<T, StoreError>;
type Visit<'v, T> = &'v mut dyn FnMut(T) -> Read<()>;

impl View<'_> {
    /// A company's balance of an account in hundredths, debits positive, as it was committed last; 0
    /// where there is none.
    pub fn balance(&self, company: CompanyId, account: &Account) -> Read<i64> {
        read!(self, view => view.balance(company, account), view.balance(company, account))
    }

    /// The supplier of that id.
    pub fn supplier(&self, company: CompanyId, id: SupplierId) -> Read<Option<Supplier>> {
        read!(self, view => view.supplier(company, id), view.supplier(company, id))
    }

    /// The supplier that has that tax number.
    pub fn supplier_of_tax_id(&self, company: CompanyId, tax_id: Cuit) -> Read<Option<SupplierId>> {
        read!(self, view =>
            view.supplier_of_tax_id(company, tax_id), view.supplier_of_tax_id(company, tax_id))
    }

    /// Visits a company's suppliers, by id.
    pub fn each_supplier(&self, company: CompanyId, visit: Visit<'_, Supplier>) -> Read<()> {
        self.each_kept_supplier(company, &mut |(_, kept)| visit(kept.record))
    }

    /// The purchase invoice of that id.
    pub fn invoice(
        &self,
        company: &Company,
        id: PurchaseInvoiceId,
    ) -> Read<Option<EnteredInvoice>> {
        read!(self, view => view.invoice(company.id, id), view.invoice(company, id))
    }

    /// How the purchase invoice of that id stands: one narrow row.
    pub fn invoice_standing(
        &self,
        company: &Company,
        id: PurchaseInvoiceId,
    ) -> Read<Option<AppliedInvoice>> {
        read!(self, view => view.invoice_standing(company.id, id), view.invoice_standing(company, id))
    }

    /// A supplier's invoice of that letter and number.
    pub fn invoice_numbered(
        &self,
        company: CompanyId,
        supplier: SupplierId,
        letter: Option<&Letter>,
        number: DocumentNumber,
    ) -> Read<Option<PurchaseInvoiceId>> {
        read!(self, view =>
            view.invoice_numbered(company, supplier, letter, number),
            view.invoice_numbered(company, supplier, letter, number))
    }

    /// Visits a company's purchase invoices, by id.
    pub fn each_invoice(&self, company: &Company, visit: Visit<'_, EnteredInvoice>) -> Read<()> {
        self.each_kept_invoice(company, &mut |(_, kept)| visit(kept.record))
    }

    /// The payout of that id, reversed or not.
    pub fn payout(&self, company: &Company, id: PayoutId) -> Read<Option<Payout>> {
        read!(self, view => view.payout(company.id, id), view.payout(company, id))
    }

    /// The payout of that id, and whether it was reversed: one look for both.
    pub fn payout_standing(&self, company: &Company, id: PayoutId) -> Read<Option<(Payout, bool)>> {
        read!(self, view => view.payout_standing(company.id, id), view.payout_standing(company, id))
    }

    /// The reversal of the payout of that id.
    pub fn payout_reversal(&self, company: &Company, id: PayoutId) -> Read<Option<PayoutReversal>> {
        read!(self, view => view.payout_reversal(company.id, id), view.payout_reversal(company, id))
    }

    /// The payout of that number: a reversed one keeps its own.
    pub fn payout_numbered(
        &self,
        company: CompanyId,
        number: PayoutNumber,
    ) -> Read<Option<PayoutId>> {
        read!(self, view =>
            view.payout_numbered(company, number), view.payout_numbered(company, number))
    }

    /// The payout that an integrator's caller key made.
    pub fn payout_keyed(
        &self,
        company: CompanyId,
        integrator: IntegratorId,
        key: &CallerKey,
    ) -> Read<Option<PayoutId>> {
        read!(self, view =>
            view.payout_keyed(company, integrator, key),
            view.payout_keyed(company, integrator, key))
    }

    /// The greatest serial number of a point of issue that a payout has; 0 where there is none.
    pub fn last_serial(&self, company: CompanyId, point: u32) -> Read<u32> {
        read!(self, view => view.last_serial(company, point), view.last_serial(company, point))
    }

    /// The payouts that settle something of an invoice by id, reversed ones too.
    pub fn payouts_of_invoice(
        &self,
        company: CompanyId,
        invoice: PurchaseInvoiceId,
    ) -> Read<Vec<PayoutId>> {
        read!(self, view =>
            view.payouts_of_invoice(company, invoice), view.payouts_of_invoice(company, invoice))
    }

    /// A company's payouts by id, each with whether it was reversed: those after id `after`, at
    /// most `len`.
    pub fn payouts_after(
        &self,
        company: &Company,
        after: i64,
        len: usize,
    ) -> Read<Vec<(Payout, bool)>> {
        read!(self, view =>
            view.payouts_after(company.id, after, len), view.payouts_after(company, after, len))
    }

    /// A supplier's invoices, the latest first: those before id `before`, or the last of all, at most `len`.
    pub fn invoices_of(
        &self,
        company: &Company,
        supplier: SupplierId,
        before: Option<PurchaseInvoiceId>,
        len: usize,
    ) -> Read<Vec<EnteredInvoice>> {
        read!(self, view =>
            view.invoices_of(company.id, supplier, before, len),
            view.invoices_of(company, supplier, before, len))
    }

    /// A supplier's payouts, the latest first, each with whether it was reversed: those before id `before`, or
    /// the last of all, at most `len`.
    pub fn payouts_to(
        &self,
        company: &Company,
        supplier: SupplierId,
        before: Option<PayoutId>,
        len: usize,
    ) -> Read<Vec<(Payout, bool)>> {
        read!(self, view =>
            view.payouts_to(company.id, supplier, before, len),
            view.payouts_to(company, supplier, before, len))
    }

    /// Visits a company's payouts by id, reversed ones too.
    pub fn each_payout(&self, company: &Company, visit: Visit<'_, Payout>) -> Read<()> {
        self.each_kept_payout(company, &mut |(_, kept)| visit(kept.record))
    }

    pub(crate) fn each_kept_supplier(
        &self,
        company: CompanyId,
        to: Visit<'_, (SupplierId, KeptSupplier)>,
    ) -> Read<()> {
        match self.from {
            From::Memory(state) => {
                let all = books(state, company).flat_map(|books| &books.suppliers);
                all.map(|(id, supplier)| (*id, KeptSupplier::of(supplier))).try_for_each(to)
            }
            From::Sql(reads) => reads.each_kept_supplier(company, to),
        }
    }

    pub(crate) fn each_kept_invoice(
        &self,
        company: &Company,
        to: Visit<'_, (PurchaseInvoiceId, KeptInvoice)>,
    ) -> Read<()> {
        match self.from {
            From::Memory(state) => {
                let all = books(state, company.id).flat_map(|books| &books.invoices);
                all.map(|(id, entered)| (*id, KeptInvoice::of(entered))).try_for_each(to)
            }
            From::Sql(reads) => reads.each_kept_invoice(company, to),
        }
    }

    pub(crate) fn each_kept_payout(
        &self,
        company: &Company,
        to: Visit<'_, (PayoutId, KeptPayout)>,
    ) -> Read<()> {
        match self.from {
            From::Memory(state) => {
                let all = books(state, company.id).flat_map(|books| &books.payouts);
                all.map(|(id, payout)| (*id, KeptPayout::of(payout))).try_for_each(to)
            }
            From::Sql(reads) => reads.each_kept_payout(company, to),
        }
    }

    pub(crate) fn each_application(
        &self,
        company: &Company,
        to: Visit<'_, PayoutApplication>,
    ) -> Read<()> {
        match self.from {
            From::Memory(state) => {
                let all = books(state, company.id).flat_map(|books| &books.applications);
                all.map(|(of, amount)| (*of, *amount)).try_for_each(to)
            }
            From::Sql(reads) => reads.each_application(company, to),
        }
    }

    pub(crate) fn each_payout_key(&self, company: CompanyId, to: Visit<'_, PayoutKey>) -> Read<()> {
        match self.from {
            From::Memory(state) => {
                let all = books(state, company).flat_map(|books| &books.keys);
                all.map(|(key, payout)| (key.clone(), *payout)).try_for_each(to)
            }
            From::Sql(reads) => reads.each_payout_key(company, to),
        }
    }

    pub(crate) fn each_payout_reversal(
        &self,
        company: &Company,
        to: Visit<'_, (PayoutId, PayoutReversal)>,
    ) -> Read<()> {
        match self.from {
            From::Memory(state) => {
                let all = books(state, company.id).flat_map(|books| &books.reversals);
                all.map(|(id, reversal)| (*id, reversal.clone())).try_for_each(to)
            }
            From::Sql(reads) => reads.each_payout_reversal(company, to),
        }
    }
}

fn books(state: &State, company: CompanyId) -> impl Iterator<Item = &Payables> {
    state.payables(company).into_iter()
}
