//! What can be read of the window, whatever the store.

use ventanilla_domain::{
    CallerKey, CollectorId, Company, CompanyId, Drawer, DrawerId, PaymentId, ReceiptId,
    RemittanceId, StaffName, WindowReceiptKey,
};

use super::{
    DrawerFilter, DrawerRow, KeptReceipt, KeptRemittance, ReceiptFilter, ReceiptRow, RemittanceRow,
    Window,
};
use crate::memory::State;
use crate::view::{From, read};
use crate::{StoreError, View};

type Read<T> = Result<T, StoreError>;
type Visit<'v, T> = &'v mut dyn FnMut(T) -> Read<()>;

impl View<'_> {
    /// The drawer of that id.
    pub fn drawer(&self, company: &Company, id: DrawerId) -> Read<Option<Drawer>> {
        read!(self, view => view.drawer(company.id, id), view.drawer(company, id))
    }

    /// The drawer that somebody has open.
    pub fn open_drawer_of(&self, company: CompanyId, of: &StaffName) -> Read<Option<DrawerId>> {
        read!(self, view => view.open_drawer_of(company, of), view.open_drawer_of(company, of))
    }

    /// A company's drawers that a filter takes, the latest first: those of ids below `before`, at most
    /// `len`.
    pub fn drawers_before(
        &self,
        company: &Company,
        filter: &DrawerFilter,
        before: i64,
        len: usize,
    ) -> Read<Vec<Drawer>> {
        read!(self, view =>
            view.drawers_before(company.id, filter, before, len),
            view.drawers_before(company, filter, before, len))
    }

    /// The receipt of that id, reversed or not.
    pub fn receipt(&self, company: &Company, id: ReceiptId) -> Read<Option<KeptReceipt>> {
        read!(self, view => view.receipt(company.id, id), view.receipt(company, id))
    }

    /// The receipt that an attempt of that name made.
    pub fn receipt_keyed(
        &self,
        company: CompanyId,
        key: &WindowReceiptKey,
    ) -> Read<Option<ReceiptId>> {
        read!(self, view => view.receipt_keyed(company, key), view.receipt_keyed(company, key))
    }

    /// The receipt that a payment is in.
    pub fn receipt_of_payment(
        &self,
        company: CompanyId,
        payment: PaymentId,
    ) -> Read<Option<ReceiptId>> {
        read!(self, view =>
            view.receipt_of_payment(company, payment), view.receipt_of_payment(company, payment))
    }

    /// A company's receipts that a filter takes, reversed ones too, the latest first: those of ids below
    /// `before`, at most `len`.
    pub fn receipts_before(
        &self,
        company: &Company,
        filter: &ReceiptFilter,
        before: i64,
        len: usize,
    ) -> Read<Vec<KeptReceipt>> {
        read!(self, view =>
            view.receipts_before(company.id, filter, before, len),
            view.receipts_before(company, filter, before, len))
    }

    /// The remittance of that id, reversed or not.
    pub fn remittance(&self, company: &Company, id: RemittanceId) -> Read<Option<KeptRemittance>> {
        read!(self, view => view.remittance(company.id, id), view.remittance(company, id))
    }

    /// The remittance that an attempt of that name made.
    pub fn remittance_keyed(
        &self,
        company: CompanyId,
        key: &CallerKey,
    ) -> Read<Option<RemittanceId>> {
        read!(self, view => view.remittance_keyed(company, key), view.remittance_keyed(company, key))
    }

    /// A company's remittances, or those of one collector, reversed ones too, the latest first: those of
    /// ids below `before`, at most `len`.
    pub fn remittances_before(
        &self,
        company: &Company,
        collector: Option<CollectorId>,
        before: i64,
        len: usize,
    ) -> Read<Vec<KeptRemittance>> {
        read!(self, view =>
            view.remittances_before(company.id, collector, before, len),
            view.remittances_before(company, collector, before, len))
    }

    pub(crate) fn each_drawer(
        &self,
        company: &Company,
        to: Visit<'_, (DrawerId, DrawerRow)>,
    ) -> Read<()> {
        match self.from {
            From::Memory(state) => {
                let all = window(state, company.id).flat_map(|window| &window.drawers);
                all.map(|(id, drawer)| (*id, DrawerRow::of(drawer))).try_for_each(to)
            }
            From::Sql(reads) => reads.each_drawer(company, to),
        }
    }

    pub(crate) fn each_receipt(
        &self,
        company: &Company,
        to: Visit<'_, (ReceiptId, ReceiptRow)>,
    ) -> Read<()> {
        match self.from {
            From::Memory(state) => {
                let all = window(state, company.id).flat_map(|window| &window.receipts);
                all.map(|(id, kept)| (*id, ReceiptRow::of(kept))).try_for_each(to)
            }
            From::Sql(reads) => reads.each_receipt(company, to),
        }
    }

    pub(crate) fn each_receipt_payment(
        &self,
        company: CompanyId,
        to: Visit<'_, (PaymentId, ReceiptId)>,
    ) -> Read<()> {
        match self.from {
            From::Memory(state) => {
                let all = window(state, company).flat_map(|window| &window.receipts_of);
                all.map(|(payment, receipt)| (*payment, *receipt)).try_for_each(to)
            }
            From::Sql(reads) => reads.each_receipt_payment(company, to),
        }
    }

    pub(crate) fn each_remittance(
        &self,
        company: &Company,
        to: Visit<'_, (RemittanceId, RemittanceRow)>,
    ) -> Read<()> {
        match self.from {
            From::Memory(state) => {
                let all = window(state, company.id).flat_map(|window| &window.remittances);
                all.map(|(id, kept)| (*id, RemittanceRow::of(kept))).try_for_each(to)
            }
            From::Sql(reads) => reads.each_remittance(company, to),
        }
    }
}

fn window(state: &State, company: CompanyId) -> impl Iterator<Item = &Window> {
    state.window(company).into_iter()
}
