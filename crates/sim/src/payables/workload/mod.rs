//! A seeded sequence of acts on the suppliers' side: the right ones, the repeated and the wrong.

mod invoices;
mod payouts;
mod suppliers;

use std::collections::VecDeque;

use fastrand::Rng;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use ventanilla_domain::{
    Company, CompanyId, Currency, Label, Money, Payout, PayoutId, PayoutReverseCommand,
    PurchaseInvoiceId, Reason, Role, SupplierId, Text,
};
use ventanilla_service::PayoutRequest;

use super::{Act, Outcome, Staff, Step};
use crate::workload::remember;

/// Why a text, a date or an id made here always has the domain's form.
const VALID: &str = "made of this crate's words and numbers, within the field's bounds";

/// An id that nothing has: the counters come nowhere near.
const NOBODY: i64 = 999_999_999;

/// Makes acts from a seed and from what came of those before: the same outcomes give the same acts.
#[derive(Debug)]
pub struct Workload {
    random: Rng,
    now: Timestamp,
    callers: usize,
    known: [Known; 2],
    /// The last attempts that had a name, with their caller and company.
    named: VecDeque<(usize, usize, PayoutRequest)>,
    /// Counts what must be new: names of attempts, numbers of documents.
    fresh: u32,
}

/// What came of a company's acts, as far as it matters to the next ones.
#[derive(Debug)]
struct Known {
    company: CompanyId,
    currency: Currency,
    suppliers: Vec<SupplierId>,
    invoices: VecDeque<KnownInvoice>,
    /// Reversed or not.
    payouts: VecDeque<Payout>,
    /// The greatest id of a payout.
    last_payout: i64,
}

#[derive(Debug, Clone)]
struct KnownInvoice {
    id: PurchaseInvoiceId,
    supplier: SupplierId,
    number: u32,
    open_minor: i64,
}

impl Workload {
    /// Acts of a staff for its two companies from an instant on.
    pub fn new(seed: u64, start: Timestamp, staff: &Staff, companies: [&Company; 2]) -> Self {
        Self {
            random: Rng::with_seed(seed),
            now: start,
            callers: staff.callers.len(),
            known: companies.map(Known::of),
            named: VecDeque::new(),
            fresh: 0,
        }
    }

    /// The next act.
    pub fn next_step(&mut self) -> Step {
        self.pass_time();
        let of = usize::from(self.is_in(5));
        let (mut caller, mut of, act) = (self.caller(), of, None);
        let act = if self.known[of].suppliers.is_empty() {
            act
        } else if self.is_in(12) {
            self.repeated().map(|(by, company, request)| {
                (caller, of) = (if self.is_in(4) { caller } else { by }, company);
                Act::MakePayout(Box::new(request))
            })
        } else {
            Some(self.act(of))
        };
        let act = act.unwrap_or_else(|| Act::KeepSupplier(self.new_supplier(of)));
        if let Act::MakePayout(request) = &act
            && request.caller_key.is_some()
        {
            remember(&mut self.named, (caller, of, request.as_ref().clone()));
        }
        let unknown = CompanyId::from_i64(NOBODY).expect(VALID);
        let company = if self.is_in(50) { unknown } else { self.known[of].company };
        Step { at: self.now, caller, company, act }
    }

    fn act(&mut self, of: usize) -> Act {
        match self.random.u8(0..100) {
            0..4 => Act::KeepSupplier(self.new_supplier(of)),
            4..9 => Act::KeepSupplier(self.changed_supplier(of)),
            9..12 => Act::KeepSupplier(self.wrong_supplier(of)),
            12..28 => Act::EnterInvoice(Box::new(self.invoice(of))),
            28..34 => Act::EnterInvoice(Box::new(self.wrong_invoice(of))),
            34..60 => Act::MakePayout(Box::new(self.payout(of))),
            60..74 => Act::MakePayout(Box::new(self.wrong_payout(of))),
            74..84 => self.reverse(of),
            84..94 => self.read(of),
            94..97 => self.administer(),
            97 => Act::RecordSupplier(Box::new(self.past_supplier(of))),
            _ => Act::RecordPayout(Box::new(self.past_payout(of))),
        }
    }

    /// Takes note of what came of an act, so that later ones can settle, undo and contradict it.
    pub fn learn(&mut self, step: &Step, outcome: &Outcome) {
        let Some(known) = self.known.iter_mut().find(|known| known.company == step.company) else {
            return;
        };
        match outcome {
            Outcome::KeepSupplier(Ok(supplier)) if !known.suppliers.contains(&supplier.id) => {
                known.suppliers.push(supplier.id);
            }
            Outcome::EnterInvoice(Ok(invoice)) => {
                let (id, terms) = (invoice.id, &invoice.terms);
                let (supplier, number) = (terms.supplier, terms.number.to_serial());
                let open_minor = terms.total.to_minor();
                remember(&mut known.invoices, KnownInvoice { id, supplier, number, open_minor });
            }
            Outcome::MakePayout(Ok(accepted)) if !accepted.is_replay => known.add(&accepted.act),
            Outcome::RecordPayout(Ok(payout)) => known.add(payout),
            Outcome::ReversePayout(Ok(reversal)) => known.apply(&reversal.payout, 1),
            _ => {}
        }
    }

    /// Mostly seconds; now and then a night.
    fn pass_time(&mut self) {
        let seconds = match self.random.u16(0..200) {
            0 => self.random.i64(3_600..90_000),
            1..100 => 0,
            _ => self.random.i64(0..20),
        };
        let passed = SignedDuration::new(seconds, self.random.i32(0..1_000_000) * 1_000);
        self.now = self.now.checked_add(passed).unwrap_or(self.now);
    }

    /// Mostly the one who may always write.
    fn caller(&mut self) -> usize {
        if self.random.bool() { 0 } else { self.random.usize(0..self.callers) }
    }

    fn is_in(&mut self, parts: u32) -> bool {
        self.random.u32(0..parts) == 0
    }

    fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.random.usize(0..all.len())].clone()
    }

    fn fresh(&mut self) -> u32 {
        self.fresh += 1;
        self.fresh
    }

    fn supplier(&mut self, of: usize) -> SupplierId {
        let known = &self.known[of].suppliers;
        known[self.random.usize(0..known.len())]
    }

    /// An amount of more than nothing: ordinary, a few hundredths, or the greatest there is.
    fn minor(&mut self) -> i64 {
        match self.random.u8(0..40) {
            0 => Money::PAYABLE_MAX_MINOR,
            1..6 => self.random.i64(1..20),
            _ => self.random.i64(100..500_000),
        }
    }

    fn money(&self, of: usize, minor: i64) -> Money {
        Money::from_minor(minor, self.known[of].currency)
    }

    fn date(&mut self) -> Date {
        Date::new(2021, self.random.i8(1..13), self.random.i8(1..29)).expect(VALID)
    }

    /// Now and then something.
    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.random.bool().then(|| make(self))
    }

    fn words<const MAX: usize>(&mut self, what: &str) -> Text<MAX> {
        text(&format!("{what} {}", self.random.u8(0..5)))
    }

    /// A payout of before, reversed or not.
    fn payout_of_before(&mut self, of: usize) -> Option<&Payout> {
        let known = &self.known[of].payouts;
        known.get(self.random.usize(0..known.len().max(1)))
    }

    /// A payout of before as often as not one of the last few; rarely one that nobody made.
    fn reverse(&mut self, of: usize) -> Act {
        let len = self.known[of].payouts.len();
        let first = if self.random.bool() { len.saturating_sub(8) } else { 0 };
        let at = self.random.usize(first..len.max(1));
        let known = self.known[of].payouts.get(at).map(|payout| payout.id);
        let nobody = PayoutId::from_i64(NOBODY).expect(VALID);
        let payout = known.filter(|_| !self.is_in(12)).unwrap_or(nobody);
        let reason: Option<Reason> = self.maybe(|made| made.words("motivo"));
        let reversed_by: Label = self.words("operador");
        Act::ReversePayout(PayoutReverseCommand { payout, reason, reversed_by })
    }

    fn administer(&mut self) -> Act {
        let names: Vec<_> = Staff::names().collect();
        // The first one may always write; only the last user is ever disabled.
        let (others, last) = (&names[1..], &names[names.len() - 2..]);
        match self.random.u8(0..16) {
            0 => Act::Disable(self.one_of(last)),
            1..6 => Act::Revoke(self.one_of(others)),
            _ => Act::Grant(self.one_of(others), self.one_of(&Role::ALL)),
        }
    }

    fn read(&mut self, of: usize) -> Act {
        let nobody = self.is_in(10);
        let invoices = &self.known[of].invoices;
        let invoice = invoices.get(self.random.usize(0..invoices.len().max(1)));
        let invoice = invoice.map(|invoice| invoice.id).filter(|_| !nobody);
        let invoice = invoice.unwrap_or_else(|| PurchaseInvoiceId::from_i64(NOBODY).expect(VALID));
        let payout = self.payout_of_before(of).map(|payout| payout.id).filter(|_| !nobody);
        let supplier = if nobody { None } else { Some(self.supplier(of)) };
        match self.random.u8(0..20) {
            0 => Act::ListSuppliers,
            1 => Act::ListInvoices,
            2..7 => Act::ReadSupplier(supplier.unwrap_or(nobodys_supplier())),
            7..10 => Act::ReadInvoice(invoice),
            10..14 => Act::ListPayouts(invoice),
            _ => Act::ReadPayout(payout.unwrap_or(PayoutId::from_i64(NOBODY).expect(VALID))),
        }
    }
}

impl Known {
    fn of(company: &Company) -> Self {
        Self {
            company: company.id,
            currency: company.currency,
            suppliers: Vec::new(),
            invoices: VecDeque::new(),
            payouts: VecDeque::new(),
            last_payout: 0,
        }
    }

    fn add(&mut self, payout: &Payout) {
        self.last_payout = self.last_payout.max(payout.id.to_i64());
        self.apply(payout, -1);
        remember(&mut self.payouts, payout.clone());
    }

    /// Takes what a payout settles off its invoices, or gives it back.
    fn apply(&mut self, payout: &Payout, sign: i64) {
        for application in &payout.terms.applied {
            let mut known = self.invoices.iter_mut();
            if let Some(invoice) = known.find(|invoice| invoice.id == application.invoice) {
                invoice.open_minor += sign * application.amount.to_minor();
            }
        }
    }
}

fn text<const MAX: usize>(words: &str) -> Text<MAX> {
    Text::from_text(words).expect(VALID)
}

fn nobodys_supplier() -> SupplierId {
    SupplierId::from_i64(NOBODY).expect(VALID)
}
