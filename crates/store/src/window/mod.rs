//! The window's side of the books in memory: the specification of what a store keeps of it.

mod law;
pub(crate) mod verify;
mod view;

use std::collections::BTreeMap;

use ventanilla_domain::{
    BusinessDay, CallerKey, CollectorId, CompanyId, Drawer, DrawerApproval, DrawerClosing,
    DrawerId, DrawerOpening, DrawerState, PaymentId, ReceiptId, ReceiptReversal, Remittance,
    RemittanceId, RemittanceReversal, StaffName, WindowReceipt, WindowReceiptKey,
};

use crate::StoreError;
use crate::memory::{Books, State, exhausted};
use crate::payables::Kept;

pub(crate) use law::{
    Paid, approved, check_receipt, check_remittance, check_reversal, closed, returned, taken,
};

type Write = Result<(), StoreError>;

/// A receipt with its reversal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptReceipt {
    /// The receipt.
    pub receipt: WindowReceipt,
    /// Its reversal.
    pub reversal: Option<ReceiptReversal>,
}

/// A remittance with its reversal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRemittance {
    /// The remittance.
    pub remittance: Remittance,
    /// Its reversal.
    pub reversal: Option<RemittanceReversal>,
}

/// Which drawers are looked for: those that are all that is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DrawerFilter {
    /// How far they are.
    pub state: Option<DrawerState>,
    /// On which day they were opened.
    pub day: Option<BusinessDay>,
    /// Whose they are.
    pub cashier: Option<StaffName>,
}

impl DrawerFilter {
    fn takes(&self, drawer: &Drawer) -> bool {
        let Self { state, day, cashier } = self;
        state.is_none_or(|state| drawer.state() == state)
            && day.is_none_or(|day| drawer.opening.business_day == day)
            && cashier.as_ref().is_none_or(|cashier| drawer.opening.cashier == *cashier)
    }
}

/// Which receipts are looked for: those that are all that is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReceiptFilter {
    /// On which day they were issued.
    pub day: Option<BusinessDay>,
    /// Who took them.
    pub cashier: Option<StaffName>,
    /// Into which drawer.
    pub drawer: Option<DrawerId>,
}

impl ReceiptFilter {
    fn takes(&self, receipt: &WindowReceipt) -> bool {
        let Self { day, cashier, drawer } = self;
        day.is_none_or(|day| receipt.business_day == day)
            && cashier.as_ref().is_none_or(|cashier| receipt.cashier == *cashier)
            && drawer.is_none_or(|drawer| receipt.drawer == drawer)
    }
}

/// A drawer with what its row says in columns of their own: its state, its cashier, for whom it is open,
/// and its day.
pub(crate) type DrawerRow = Kept<(DrawerState, StaffName, Option<StaffName>, BusinessDay), Drawer>;
/// A receipt with the same: its key, its cashier, its drawer and its day.
pub(crate) type ReceiptRow =
    Kept<(WindowReceiptKey, StaffName, DrawerId, BusinessDay), KeptReceipt>;
/// A remittance with the same: its collector and its key.
pub(crate) type RemittanceRow = Kept<(CollectorId, Option<CallerKey>), KeptRemittance>;

impl DrawerRow {
    fn of(drawer: &Drawer) -> Self {
        let opening = &drawer.opening;
        let cashier = opening.cashier.clone();
        let open_for = Some(cashier.clone()).filter(|_| drawer.is_open());
        let columns = (drawer.state(), cashier, open_for, opening.business_day);
        Self { columns, record: drawer.clone() }
    }
}

impl ReceiptRow {
    fn of(kept: &KeptReceipt) -> Self {
        let WindowReceipt { key, cashier, drawer, business_day, .. } = &kept.receipt;
        let columns = (key.clone(), cashier.clone(), *drawer, *business_day);
        Self { columns, record: kept.clone() }
    }
}

impl RemittanceRow {
    fn of(kept: &KeptRemittance) -> Self {
        let Remittance { collector, caller_key, .. } = &kept.remittance;
        Self { columns: (*collector, caller_key.clone()), record: kept.clone() }
    }
}

/// A company's drawers, receipts, and what its collectors handed over.
#[derive(Debug, Clone, Default)]
pub(crate) struct Window {
    drawers: BTreeMap<DrawerId, Drawer>,
    open_drawers: BTreeMap<StaffName, DrawerId>,
    receipts: BTreeMap<ReceiptId, KeptReceipt>,
    receipt_keys: BTreeMap<WindowReceiptKey, ReceiptId>,
    receipts_of: BTreeMap<PaymentId, ReceiptId>,
    remittances: BTreeMap<RemittanceId, KeptRemittance>,
    remittance_keys: BTreeMap<CallerKey, RemittanceId>,
}

/// What each event does to the counters; what it does to the tables is below.
impl Books {
    pub(crate) fn open_drawer(&mut self, opening: &DrawerOpening) -> Write {
        let next = opening.id.checked_next().map_err(exhausted)?;
        self.counters.next_drawer = self.counters.next_drawer.max(next);
        self.counters.window_entries += 1;
        self.window.open_drawer(opening)
    }

    pub(crate) fn close_drawer(&mut self, closing: &DrawerClosing) -> Write {
        self.counters.window_entries += 1;
        let drawer = self.window.change(closing.drawer, |drawer| closed(drawer, closing))?;
        self.window.open_drawers.remove(&drawer);
        Ok(())
    }

    pub(crate) fn approve_drawer(&mut self, approval: &DrawerApproval) -> Write {
        self.counters.window_entries += 1;
        self.window.change(approval.drawer, |drawer| approved(drawer, approval)).map(drop)
    }

    pub(crate) fn issue_receipt(&mut self, receipt: &WindowReceipt) -> Write {
        let next = receipt.id.checked_next().map_err(exhausted)?;
        self.counters.next_receipt = self.counters.next_receipt.max(next);
        self.counters.window_entries += 1;
        check_receipt(receipt, &self.paid(receipt))?;
        self.window.change(receipt.drawer, |drawer| taken(drawer, receipt))?;
        self.window.add_receipt(receipt)
    }

    pub(crate) fn reverse_receipt(&mut self, reversal: &ReceiptReversal) -> Write {
        self.counters.window_entries += 1;
        let kept = self.window.receipts.get(&reversal.receipt.id);
        check_reversal(reversal, kept, &self.paid(&reversal.receipt))?;
        if let Some(drawer) = reversal.drawer {
            self.window.change(drawer, |drawer| returned(drawer, reversal))?;
        }
        if let Some(kept) = self.window.receipts.get_mut(&reversal.receipt.id) {
            kept.reversal = Some(reversal.clone());
        }
        Ok(())
    }

    pub(crate) fn make_remittance(&mut self, remittance: &Remittance) -> Write {
        let next = remittance.id.checked_next().map_err(exhausted)?;
        self.counters.next_remittance = self.counters.next_remittance.max(next);
        self.counters.window_entries += 1;
        check_remittance(remittance)?;
        self.window.add_remittance(remittance)
    }

    pub(crate) fn reverse_remittance(&mut self, reversal: &RemittanceReversal) -> Write {
        self.counters.window_entries += 1;
        let kept = self.window.remittances.get_mut(&reversal.remittance.id);
        let kept = kept
            .filter(|kept| kept.remittance == reversal.remittance && kept.reversal.is_none())
            .ok_or_else(|| StoreError::damaged("a reversal found no such remittance"))?;
        kept.reversal = Some(reversal.clone());
        Ok(())
    }

    fn paid(&self, receipt: &WindowReceipt) -> Vec<Option<Paid>> {
        let payments = receipt.payments.iter().map(|id| {
            let payment = self.payments.get(id)?;
            Some(Paid::of(payment, self.reversals.contains_key(id)))
        });
        payments.collect()
    }
}

impl Window {
    fn open_drawer(&mut self, opening: &DrawerOpening) -> Write {
        if self.drawers.insert(opening.id, Drawer::opened(opening.clone())).is_some() {
            return Err(StoreError::damaged("a drawer's id was used twice"));
        }
        match self.open_drawers.insert(opening.cashier.clone(), opening.id) {
            Some(_) => Err(StoreError::damaged("a cashier has two drawers open")),
            None => Ok(()),
        }
    }

    /// Puts a drawer as a change leaves it in the place of the one there is. Whose it is.
    fn change(
        &mut self,
        drawer: DrawerId,
        change: impl FnOnce(Drawer) -> Result<Drawer, StoreError>,
    ) -> Result<StaffName, StoreError> {
        let kept = self.drawers.get_mut(&drawer);
        let kept = kept.ok_or_else(|| StoreError::damaged("an act found no such drawer"))?;
        *kept = change(kept.clone())?;
        Ok(kept.opening.cashier.clone())
    }

    fn add_receipt(&mut self, receipt: &WindowReceipt) -> Write {
        let kept = KeptReceipt { receipt: receipt.clone(), reversal: None };
        if self.receipts.insert(receipt.id, kept).is_some() {
            return Err(StoreError::damaged("a receipt's id was used twice"));
        }
        if self.receipt_keys.insert(receipt.key.clone(), receipt.id).is_some() {
            return Err(StoreError::damaged("a receipt's key was used twice"));
        }
        for payment in &receipt.payments {
            if self.receipts_of.insert(*payment, receipt.id).is_some() {
                return Err(StoreError::damaged("a payment is in two receipts"));
            }
        }
        Ok(())
    }

    fn add_remittance(&mut self, remittance: &Remittance) -> Write {
        let kept = KeptRemittance { remittance: remittance.clone(), reversal: None };
        if self.remittances.insert(remittance.id, kept).is_some() {
            return Err(StoreError::damaged("a remittance's id was used twice"));
        }
        let Some(key) = &remittance.caller_key else { return Ok(()) };
        match self.remittance_keys.insert(key.clone(), remittance.id) {
            Some(_) => Err(StoreError::damaged("a remittance's key was used twice")),
            None => Ok(()),
        }
    }
}

impl State {
    fn window(&self, company: CompanyId) -> Option<&Window> {
        self.books_of(company).map(|books| &books.window)
    }

    fn drawer(&self, company: CompanyId, id: DrawerId) -> Option<Drawer> {
        self.window(company)?.drawers.get(&id).cloned()
    }

    fn open_drawer_of(&self, company: CompanyId, cashier: &StaffName) -> Option<DrawerId> {
        self.window(company)?.open_drawers.get(cashier).copied()
    }

    fn drawers_before(
        &self,
        company: CompanyId,
        filter: &DrawerFilter,
        before: i64,
        len: usize,
    ) -> Vec<Drawer> {
        let drawers = self.window(company).into_iter().flat_map(|window| window.drawers.values());
        let mut drawers: Vec<_> =
            drawers.filter(|drawer| drawer.opening.id.to_i64() < before).collect();
        drawers.reverse();
        let found = drawers.into_iter().filter(|drawer| filter.takes(drawer));
        found.take(len).cloned().collect()
    }

    fn receipt(&self, company: CompanyId, id: ReceiptId) -> Option<KeptReceipt> {
        self.window(company)?.receipts.get(&id).cloned()
    }

    fn receipt_keyed(&self, company: CompanyId, key: &WindowReceiptKey) -> Option<ReceiptId> {
        self.window(company)?.receipt_keys.get(key).copied()
    }

    fn receipt_of_payment(&self, company: CompanyId, payment: PaymentId) -> Option<ReceiptId> {
        self.window(company)?.receipts_of.get(&payment).copied()
    }

    fn receipts_before(
        &self,
        company: CompanyId,
        filter: &ReceiptFilter,
        before: i64,
        len: usize,
    ) -> Vec<KeptReceipt> {
        let all = self.window(company).into_iter().flat_map(|window| window.receipts.values());
        let mut all: Vec<_> = all.filter(|kept| kept.receipt.id.to_i64() < before).collect();
        all.reverse();
        let found = all.into_iter().filter(|kept| filter.takes(&kept.receipt));
        found.take(len).cloned().collect()
    }

    fn remittance(&self, company: CompanyId, id: RemittanceId) -> Option<KeptRemittance> {
        self.window(company)?.remittances.get(&id).cloned()
    }

    fn remittance_keyed(&self, company: CompanyId, key: &CallerKey) -> Option<RemittanceId> {
        self.window(company)?.remittance_keys.get(key).copied()
    }

    fn remittances_before(
        &self,
        company: CompanyId,
        collector: Option<CollectorId>,
        before: i64,
        len: usize,
    ) -> Vec<KeptRemittance> {
        let all = self.window(company).into_iter().flat_map(|window| window.remittances.values());
        let mut all: Vec<_> = all.filter(|kept| kept.remittance.id.to_i64() < before).collect();
        all.reverse();
        let is_of = |kept: &&KeptRemittance| {
            collector.is_none_or(|collector| kept.remittance.collector == collector)
        };
        all.into_iter().filter(is_of).take(len).cloned().collect()
    }
}
