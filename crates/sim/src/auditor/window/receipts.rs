//! Receipts: what may be taken, what is given back, and from which drawer.

use jiff::Timestamp;
use ventanilla_domain::{
    BillState, BusinessDay, ContractState, Money, PaymentId, Reason, ReceiptId, ReceiptLine,
    ReceiptReverseRefusal, Reversal, Right, WindowMeans, WindowReceiptRefusal, business_day,
};
use ventanilla_service::{Accepted, IssuedReceipt, WindowPayment};

use super::{Heard, KnownDrawer, KnownReceipt, Verdict};
use crate::auditor::{Auditor, ensure, is_code};

impl Auditor {
    pub(super) fn judge_receipt(
        &mut self,
        at: Timestamp,
        officer: usize,
        asked: &WindowPayment,
        heard: Heard<'_, Box<Accepted<IssuedReceipt>>, WindowReceiptRefusal>,
    ) -> Verdict {
        let known =
            self.till.receipt_keys.get(&asked.key).and_then(|id| self.till.receipts.get(id));
        match (heard, known) {
            (Heard::Done(accepted), Some(known)) => {
                let is_first = accepted.is_replay && accepted.act.receipt == known.receipt;
                ensure(is_first && is_repeat(known, asked), "a used name took something else")
            }
            (Heard::Done(accepted), None) => {
                ensure(!accepted.is_replay, "a new name was taken for a repeat")?;
                self.judge_new_receipt(at, officer, asked, &accepted.act)
            }
            (Heard::Refused(WindowReceiptRefusal::CallerKeyReused), Some(known)) => {
                let is_own = known.receipt.cashier == self.till.officers[officer].0;
                ensure(!(is_own && is_repeat(known, asked)), "a repeat was refused")
            }
            (Heard::Refused(refusal), None) => self.judge_no_receipt(officer, asked, refusal),
            (Heard::Refused(_), Some(_)) => Err("a used name was refused for its bills".to_owned()),
        }
    }

    fn judge_new_receipt(
        &mut self,
        at: Timestamp,
        officer: usize,
        asked: &WindowPayment,
        issued: &IssuedReceipt,
    ) -> Verdict {
        let IssuedReceipt { receipt, payments, reversal } = issued;
        let cashier = self.till.officers[officer].0.clone();
        let drawer = self.till.open_drawer_of(&cashier);
        ensure(drawer == Some(receipt.drawer), "money was taken without one's own open drawer")?;
        let window = *self.till.window.get_or_insert(receipt.collector);
        ensure(window == receipt.collector, "there are two windows")?;
        ensure(!self.collectors.contains(&window), "a collector is the window")?;
        ensure(payments.len() == asked.bills.len(), "not every bill was paid, or more")?;
        let ids: Vec<PaymentId> = payments.iter().map(|payment| payment.id).collect();
        ensure(receipt.payments == ids && reversal.is_none(), "the receipt is of other payments")?;
        let sum: i64 = payments.iter().map(|payment| payment.amount.to_minor()).sum();
        ensure(receipt.total.to_minor() == sum, "the receipt does not add up")?;
        let rounding = self.rounding_of(asked.means, sum);
        ensure(receipt.rounding.to_minor() == rounding, "the receipt is rounded otherwise")?;
        let is_as_asked = receipt.cashier == cashier
            && receipt.means == asked.means
            && receipt.key == asked.key
            && receipt.recorded_at == at
            && receipt.business_day == business_day(&self.company, at);
        ensure(is_as_asked, "the receipt is not the one asked for")?;
        for line in &asked.bills {
            let mut of_line = payments.iter().filter(|payment| payment.bill == line.bill);
            let (payment, other) = (of_line.next(), of_line.next());
            let payment = payment.filter(|_| other.is_none()).ok_or("a bill was not paid once")?;
            ensure(self.is_payable(line), "a bill was paid that cannot be")?;
            let is_of_receipt = payment.amount == line.amount
                && payment.collector == window
                && payment.recorded_at == at;
            ensure(is_of_receipt, "a payment is not its receipt's")?;
        }
        for payment in payments {
            self.doubtful.remove(&payment.bill);
            self.books.keep_payment(payment)?;
        }
        self.till.move_cash(drawer, receipt, 1)?;
        self.till.receipt_keys.insert(asked.key.clone(), receipt.id);
        let known = KnownReceipt {
            receipt: receipt.clone(),
            payments: payments.clone(),
            is_reversed: false,
        };
        let before = self.till.receipts.insert(receipt.id, known);
        ensure(before.is_none(), "a receipt's id was given twice")
    }

    /// What makes cash the nearest multiple of the smallest coin, half of one up.
    fn rounding_of(&self, means: WindowMeans, sum: i64) -> i64 {
        let Some(coin) = self.company.policy.cash_rounding else { return 0 };
        let coin = i64::from(coin.to_minor());
        if means == WindowMeans::Cash { (sum + coin / 2) / coin * coin - sum } else { 0 }
    }

    /// Whether a bill may be paid as it was seen.
    fn is_payable(&self, line: &ReceiptLine) -> bool {
        let is_free = self.books.active_payment(line.bill).is_none() || self.is_doubtful(line.bill);
        is_free
            && self.books.bill(line.bill).is_some_and(|bill| {
                bill.state == BillState::Owed
                    && bill.contract_state != ContractState::Blocked
                    && is_code(bill, line.contract.as_str())
                    && (bill.period, bill.amount) == (line.period, line.amount)
            })
    }

    fn judge_no_receipt(
        &self,
        officer: usize,
        asked: &WindowPayment,
        refusal: &WindowReceiptRefusal,
    ) -> Verdict {
        let bills = &asked.bills;
        let drawer = self.till.open_drawer_of(&self.till.officers[officer].0);
        let sum: i64 = bills.iter().map(|line| line.amount.to_minor()).sum();
        let due = sum + self.rounding_of(asked.means, sum);
        let tendered = asked.tendered.map(Money::to_minor);
        let fits = match refusal {
            WindowReceiptRefusal::NoBills => bills.is_empty(),
            WindowReceiptRefusal::BillRepeated { bill } => {
                bills.iter().filter(|line| line.bill == *bill).count() > 1
            }
            WindowReceiptRefusal::DrawerNotOpen => drawer.is_none(),
            WindowReceiptRefusal::Bill { bill, .. } => {
                let line = bills.iter().find(|line| line.bill == *bill);
                self.is_doubtful(*bill) || line.is_some_and(|line| !self.is_payable(line))
            }
            WindowReceiptRefusal::TenderedShort { due: told } => {
                told.to_minor() == due && tendered.is_some_and(|tendered| tendered < due)
            }
            WindowReceiptRefusal::TenderedNotDue { due: told } => {
                told.to_minor() == due
                    && asked.means != WindowMeans::Cash
                    && tendered.is_some_and(|tendered| tendered != due)
            }
            // The name is new, and the bills are few.
            WindowReceiptRefusal::CallerKeyReused
            | WindowReceiptRefusal::TooManyBills
            | WindowReceiptRefusal::AmountOutOfRange => false,
        };
        ensure(fits, "a receipt was refused for what is not so")
    }

    pub(super) fn judge_receipt_reversal(
        &mut self,
        at: Timestamp,
        officer: usize,
        (id, reason): (ReceiptId, &Reason),
        heard: Heard<'_, Box<IssuedReceipt>, ReceiptReverseRefusal>,
    ) -> Verdict {
        let today = business_day(&self.company, at);
        let (by, role) = self.till.officers[officer].clone();
        let may_any = role.may(Right::ReverseAny);
        let own_drawer = self.till.open_drawer_of(&by);
        let known = self.till.receipts.get(&id).ok_or("a receipt is not known")?;
        let receipt = known.receipt.clone();
        let is_its_open = |drawer: &KnownDrawer| drawer.difference_minor.is_none();
        let from = self.till.drawers.get(&receipt.drawer).filter(|drawer| is_its_open(drawer));
        let from = from.map(|_| receipt.drawer).or(own_drawer);
        match heard {
            Heard::Done(undone) => {
                ensure(!known.is_reversed, "a receipt was given back twice")?;
                ensure(may_any || receipt.cashier == by, "another cashier gave it back")?;
                ensure(may_any || receipt.business_day == today, "a receipt was too old")?;
                ensure(may_any || from.is_some(), "money was given back from nowhere")?;
                let reversal = undone.reversal.as_ref().ok_or("nothing was given back")?;
                let is_as_asked = reversal.receipt == receipt
                    && reversal.drawer == from
                    && reversal.reason == *reason
                    && reversal.reversed_by == by
                    && (reversal.recorded_at, reversal.business_day) == (at, today);
                ensure(is_as_asked, "the reversal is not the one asked for")?;
                for reversal in reversals(known, (at, today), reason) {
                    self.books.keep_reversal(&reversal)?;
                }
                self.till.receipts.entry(id).and_modify(|known| known.is_reversed = true);
                self.till.move_cash(from, &receipt, -1)
            }
            Heard::Refused(refusal) => {
                let fits = match refusal {
                    ReceiptReverseRefusal::ReceiptUnknown => false,
                    ReceiptReverseRefusal::NotOwn => !may_any && receipt.cashier != by,
                    ReceiptReverseRefusal::AlreadyReversed => known.is_reversed,
                    ReceiptReverseRefusal::Payment { .. } => {
                        !may_any && receipt.business_day < today
                    }
                    ReceiptReverseRefusal::DrawerNotOpen => !may_any && from.is_none(),
                };
                ensure(fits, "a receipt was not given back for what is not so")
            }
        }
    }
}

/// Whether an attempt asks for what a receipt is of.
fn is_repeat(known: &KnownReceipt, asked: &WindowPayment) -> bool {
    let is_paid =
        |line: &ReceiptLine| known.payments.iter().any(|payment| payment.bill == line.bill);
    known.receipt.means == asked.means
        && known.payments.len() == asked.bills.len()
        && asked.bills.iter().all(is_paid)
}

/// What undoing a receipt does to its payments.
fn reversals<'k>(
    known: &'k KnownReceipt,
    (at, day): (Timestamp, BusinessDay),
    reason: &'k Reason,
) -> impl Iterator<Item = Reversal> + 'k {
    known.payments.iter().map(move |payment| Reversal {
        payment: payment.id,
        collector: payment.collector,
        contract: payment.contract,
        bill: payment.bill,
        amount: payment.amount,
        recorded_at: at,
        business_day: day,
        reason: Some(reason.clone()),
        caller_key: None,
    })
}
