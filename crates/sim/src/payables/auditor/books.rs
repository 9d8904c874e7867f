//! A company's suppliers, invoices and payouts as the acts so far leave them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use ventanilla_domain::{
    Account, BusinessDay, CallerKey, Company, DocumentNumber, Given, IntegratorId, InvoiceRefusal,
    InvoiceTerms, Payout, PayoutCommand, PayoutId, PayoutRefusal, PayoutReversal,
    PayoutReverseCommand, PayoutReverseRefusal, PurchaseInvoice, PurchaseInvoiceId, Supplier,
    SupplierId, SupplierRefusal, SupplierRow,
};
use ventanilla_service::{
    Accepted, DeskRefusal, Failure, InvoicePayout, InvoiceState, PayoutState, SignInName,
    SupplierState,
};

use super::postings::{Sums, post_invoice, post_payout, taken_minor};
use crate::payables::Act;

/// The books of one company.
#[derive(Debug)]
pub(super) struct Books {
    pub(super) company: Company,
    zone: TimeZone,
    pub(super) suppliers: BTreeMap<SupplierId, Supplier>,
    pub(super) invoices: BTreeMap<PurchaseInvoiceId, Invoice>,
    pub(super) payouts: BTreeMap<PayoutId, Made>,
    /// Points of issue and serial numbers, each used once for ever.
    pub(super) numbers: BTreeMap<(u32, u32), PayoutId>,
    pub(super) attempts: BTreeMap<(IntegratorId, CallerKey), PayoutId>,
    pub(super) sums: Sums,
    /// The greatest ids of suppliers, invoices and payouts.
    pub(super) last_ids: [i64; 3],
    /// How many acts were kept.
    pub(super) kept: i64,
}

/// An invoice, and what standing payouts have taken off it.
#[derive(Debug)]
pub(super) struct Invoice {
    pub(super) invoice: PurchaseInvoice,
    pub(super) applied_minor: i64,
}

/// A payout that was made, undone or not.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) payout: Payout,
    pub(super) is_reversed: bool,
}

type Answer<T, R> = Result<T, Failure<DeskRefusal<R>>>;

fn refused<T, R>(refusal: R) -> Answer<T, R> {
    Err(Failure::Refused(DeskRefusal::Act(refusal)))
}

impl Invoice {
    pub(super) fn open_minor(&self) -> i64 {
        self.invoice.terms.total.to_minor() - self.applied_minor
    }
}

impl Books {
    pub(super) fn opened(company: &Company) -> Self {
        Self {
            company: company.clone(),
            zone: TimeZone::get(company.time_zone.to_name()).expect("a company's zone is known"),
            suppliers: BTreeMap::new(),
            invoices: BTreeMap::new(),
            payouts: BTreeMap::new(),
            numbers: BTreeMap::new(),
            attempts: BTreeMap::new(),
            sums: Sums::new(),
            last_ids: [0; 3],
            kept: 0,
        }
    }

    /// Makes or changes a supplier; a new one has the id it brings, or the next.
    pub(super) fn keep_supplier(
        &mut self,
        id: Option<SupplierId>,
        row: &SupplierRow,
        by: &SignInName,
        at: Timestamp,
    ) -> Answer<Supplier, SupplierRefusal> {
        if let Some(refusal) = self.judge_supplier(row) {
            return refused(refusal);
        }
        let known = row.id.and_then(|id| self.suppliers.get(&id)).cloned();
        let next = id.unwrap_or_else(|| next(self.last_ids[0], SupplierId::from_i64));
        let mut supplier = match known.clone().or_else(|| self.new_supplier(next, row, by, at)) {
            Some(supplier) => stated(supplier, row),
            None => return refused(SupplierRefusal::NameMissing),
        };
        if known.as_ref() != Some(&supplier) {
            supplier.changed_by = by.clone();
            self.last_ids[0] = self.last_ids[0].max(supplier.id.to_i64());
            self.suppliers.insert(supplier.id, supplier.clone());
            self.kept += 1;
        }
        Ok(supplier)
    }

    fn new_supplier(
        &self,
        id: SupplierId,
        row: &SupplierRow,
        by: &SignInName,
        at: Timestamp,
    ) -> Option<Supplier> {
        Some(Supplier {
            id,
            trade_name: row.trade_name.clone()?,
            legal_name: row.legal_name.clone()?,
            tax_id: None,
            is_active: true,
            registered_on: self.local_date(at),
            details: BTreeMap::new(),
            changed_by: by.clone(),
        })
    }

    pub(super) fn enter_invoice(
        &mut self,
        terms: &InvoiceTerms,
        by: &SignInName,
        at: Timestamp,
    ) -> Answer<Box<PurchaseInvoice>, InvoiceRefusal> {
        if let Some(refusal) = self.judge_invoice(terms) {
            return refused(refusal);
        }
        let id = next(self.last_ids[1], PurchaseInvoiceId::from_i64);
        let (terms, recorded_by) = (terms.clone(), by.clone());
        let invoice = PurchaseInvoice { id, terms, recorded_at: at, recorded_by };
        post_invoice(&mut self.sums, &invoice.terms);
        self.last_ids[1] = id.to_i64();
        self.kept += 1;
        self.invoices.insert(id, Invoice { invoice: invoice.clone(), applied_minor: 0 });
        Ok(Box::new(invoice))
    }

    /// Makes a payout under the id it brings, or the next; a repeat gets the first success.
    pub(super) fn make_payout(
        &mut self,
        id: Option<PayoutId>,
        command: &PayoutCommand,
        at: Timestamp,
    ) -> Answer<Box<Accepted<Payout>>, PayoutRefusal> {
        let attempt = command.integrator.zip(command.caller_key.clone());
        let before = attempt.as_ref().and_then(|attempt| self.attempts.get(attempt));
        if let Some(Made { payout, .. }) = before.and_then(|id| self.payouts.get(id)) {
            return if is_repeat(payout, command) {
                Ok(Box::new(Accepted { act: payout.clone(), is_replay: true }))
            } else {
                refused(PayoutRefusal::CallerKeyReused)
            };
        }
        if let Some(refusal) = self.judge_payout(command) {
            return refused(refusal);
        }
        let (point, serial) = self.number_of(command);
        let Ok(number) = DocumentNumber::from_parts(point, serial) else {
            return refused(PayoutRefusal::NumberOutOfRange);
        };
        let payout = Payout {
            id: id.unwrap_or_else(|| next(self.last_ids[2], PayoutId::from_i64)),
            number,
            terms: command.terms.clone(),
            recorded_at: at,
            business_day: BusinessDay::from_date(self.local_date(at)),
            recorded_by: command.recorded_by.clone(),
            integrator: command.integrator,
            caller_key: command.caller_key.clone(),
        };
        self.numbers.insert((point, serial), payout.id);
        self.attempts.extend(attempt.map(|attempt| (attempt, payout.id)));
        self.add_payout(&payout);
        Ok(Box::new(Accepted { act: payout, is_replay: false }))
    }

    fn add_payout(&mut self, payout: &Payout) {
        self.apply(payout, 1);
        self.last_ids[2] = self.last_ids[2].max(payout.id.to_i64());
        self.payouts.insert(payout.id, Made { payout: payout.clone(), is_reversed: false });
    }

    pub(super) fn reverse_payout(
        &mut self,
        command: &PayoutReverseCommand,
        at: Timestamp,
    ) -> Answer<Box<PayoutReversal>, PayoutReverseRefusal> {
        let Some(made) = self.payouts.get_mut(&command.payout) else {
            return refused(PayoutReverseRefusal::PayoutUnknown);
        };
        if std::mem::replace(&mut made.is_reversed, true) {
            return refused(PayoutReverseRefusal::AlreadyReversed);
        }
        let payout = made.payout.clone();
        self.apply(&payout, -1);
        let today = BusinessDay::from_date(self.local_date(at));
        Ok(Box::new(PayoutReversal {
            business_day: today.max(payout.business_day),
            payout,
            recorded_at: at,
            reason: command.reason.clone(),
            reversed_by: command.reversed_by.clone(),
        }))
    }

    /// Takes what a payout settles off its invoices, or with a `sign` of -1 gives it back.
    fn apply(&mut self, payout: &Payout, sign: i64) {
        post_payout(&mut self.sums, &payout.terms, sign);
        self.kept += 1;
        for application in &payout.terms.applied {
            if let Some(known) = self.invoices.get_mut(&application.invoice) {
                known.applied_minor += sign * application.amount.to_minor();
            }
        }
    }

    fn local_date(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone.clone()).date()
    }

    pub(super) fn supplier_state(&self, id: SupplierId) -> Option<SupplierState> {
        let supplier = self.suppliers.get(&id)?.clone();
        let sum = |account| self.sums.get(&account).copied().unwrap_or(0);
        let balance = -(sum(Account::Payable(id)) + sum(Account::Advance(id)));
        Some(SupplierState { supplier, balance: self.money(balance) })
    }

    pub(super) fn supplier_states(&self) -> Vec<SupplierState> {
        self.suppliers.keys().filter_map(|id| self.supplier_state(*id)).collect()
    }

    pub(super) fn invoice_state(&self, id: PurchaseInvoiceId) -> Option<InvoiceState> {
        let known = self.invoices.get(&id)?;
        let applied = self.money(known.applied_minor);
        Some(InvoiceState { invoice: known.invoice.clone(), applied })
    }

    pub(super) fn invoice_states(&self) -> Vec<InvoiceState> {
        self.invoices.keys().filter_map(|id| self.invoice_state(*id)).collect()
    }

    pub(super) fn payouts_of_invoice(&self, id: PurchaseInvoiceId) -> Option<Vec<InvoicePayout>> {
        self.invoices.get(&id)?;
        let of_invoice = |made: &Made| {
            let mut applied = made.payout.terms.applied.iter();
            let amount = applied.find(|application| application.invoice == id)?.amount;
            let (payout, is_reversed) = (made.payout.clone(), made.is_reversed);
            let applied = if is_reversed { self.money(0) } else { amount };
            Some(InvoicePayout { payout, is_reversed, applied })
        };
        Some(self.payouts.values().filter_map(of_invoice).collect())
    }

    pub(super) fn payout_state(&self, id: PayoutId) -> Option<PayoutState> {
        let Made { payout, is_reversed } = self.payouts.get(&id)?;
        let named = payout.terms.applied.iter();
        let named: Vec<_> = named.filter_map(|it| self.invoices.get(&it.invoice)).collect();
        let totals = named.iter().map(|known| known.invoice.terms.total.to_minor());
        let applied = named.iter().map(|known| known.applied_minor);
        let own = if *is_reversed { 0 } else { taken_minor(&payout.terms) };
        Some(PayoutState {
            payout: payout.clone(),
            is_reversed: *is_reversed,
            invoices_total: self.money(totals.sum()),
            invoices_applied: self.money(applied.sum()),
            applied: self.money(own),
        })
    }

    /// Every reading there is.
    pub(super) fn readings(&self) -> Vec<Act> {
        let suppliers = self.suppliers.keys().map(|id| Act::ReadSupplier(*id));
        let invoices = self.invoices.keys();
        let invoices = invoices.flat_map(|id| [Act::ReadInvoice(*id), Act::ListPayouts(*id)]);
        let payouts = self.payouts.keys().map(|id| Act::ReadPayout(*id));
        let lists = [Act::ListSuppliers, Act::ListInvoices];
        lists.into_iter().chain(suppliers).chain(invoices).chain(payouts).collect()
    }
}

/// The id after the last.
fn next<Id, E: std::fmt::Debug>(last: i64, from: impl FnOnce(i64) -> Result<Id, E>) -> Id {
    from(last + 1).expect("nobody counts that far")
}

/// A supplier with what a row says of it.
fn stated(mut supplier: Supplier, row: &SupplierRow) -> Supplier {
    supplier.trade_name = row.trade_name.clone().unwrap_or(supplier.trade_name);
    supplier.legal_name = row.legal_name.clone().unwrap_or(supplier.legal_name);
    if let Given::Value(tax_id) = &row.tax_id {
        supplier.tax_id = *tax_id;
    }
    supplier.is_active = row.is_active.unwrap_or(supplier.is_active);
    for (kind, text) in &row.details {
        supplier.details.remove(kind);
        supplier.details.extend(text.clone().map(|text| (*kind, text)));
    }
    supplier
}

/// Whether a command says what an attempt of the same name said: what is left out of its number says
/// nothing else.
fn is_repeat(payout: &Payout, command: &PayoutCommand) -> bool {
    let (point, serial) = (payout.number.to_point(), payout.number.to_serial());
    payout.terms == command.terms
        && command.point.unwrap_or(1) == point
        && command.serial.unwrap_or(serial) == serial
}
