//! What must stand of the window whatever was decided: the same below the rules of every store.

use ventanilla_domain::{
    CollectorId, Drawer, DrawerApproval, DrawerClosing, Money, MoneyError, Payment,
    ReceiptReversal, Remittance, WindowMeans, WindowReceipt,
};

use super::KeptReceipt;
use crate::StoreError;

type Kept<T> = Result<T, StoreError>;

/// What a receipt must know of a payment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paid {
    collector: CollectorId,
    amount: Money,
    is_reversed: bool,
}

impl Paid {
    pub(crate) fn of(payment: &Payment, is_reversed: bool) -> Self {
        Self { collector: payment.collector, amount: payment.amount, is_reversed }
    }
}

fn too_large(cause: MoneyError) -> StoreError {
    StoreError::damaged_by("what goes through a drawer does not fit", cause)
}

/// A receipt is of standing payments of its own collector, comes to what they do, and is paid in full.
pub(crate) fn check_receipt(receipt: &WindowReceipt, payments: &[Option<Paid>]) -> Kept<()> {
    let mut total = Money::zero(receipt.total.currency());
    for paid in payments {
        let paid = paid.filter(|paid| paid.collector == receipt.collector && !paid.is_reversed);
        let paid = paid.ok_or_else(|| StoreError::damaged("a receipt found no such payment"))?;
        total = total.checked_add(paid.amount).map_err(too_large)?;
    }
    if payments.is_empty() || total != receipt.total {
        return Err(StoreError::damaged("a receipt does not come to what its payments do"));
    }
    let due = receipt.total.checked_add(receipt.rounding).map_err(too_large)?.to_minor();
    let is_cash = receipt.means == WindowMeans::Cash;
    let tendered = receipt.tendered.to_minor();
    let is_paid = due >= 0 && if is_cash { tendered >= due } else { tendered == due };
    if is_paid && (is_cash || receipt.rounding.to_minor() == 0) {
        Ok(())
    } else {
        Err(StoreError::damaged("a receipt is not paid as it is due"))
    }
}

/// A reversal is of a standing receipt as it was made, all of whose payments are reversed.
pub(crate) fn check_reversal(
    reversal: &ReceiptReversal,
    kept: Option<&KeptReceipt>,
    payments: &[Option<Paid>],
) -> Kept<()> {
    let is_standing =
        kept.is_some_and(|kept| kept.receipt == reversal.receipt && kept.reversal.is_none());
    if !is_standing {
        return Err(StoreError::damaged("a reversal found no such receipt"));
    }
    if payments.iter().all(|paid| paid.is_some_and(|paid| paid.is_reversed)) {
        Ok(())
    } else {
        Err(StoreError::damaged("a receipt was reversed without its payments"))
    }
}

/// An open drawer with one receipt of its cashier more.
pub(crate) fn taken(drawer: Drawer, receipt: &WindowReceipt) -> Kept<Drawer> {
    if !drawer.is_open() || drawer.opening.cashier != receipt.cashier {
        return Err(StoreError::damaged("a receipt found no open drawer of its cashier"));
    }
    drawer.checked_taken(receipt).map_err(too_large)
}

/// An open drawer that gave the money of a receipt back.
pub(crate) fn returned(drawer: Drawer, reversal: &ReceiptReversal) -> Kept<Drawer> {
    if !drawer.is_open() {
        return Err(StoreError::damaged("a reversal found no open drawer"));
    }
    drawer.checked_returned(reversal).map_err(too_large)
}

/// An open drawer closed, of which what is expected is what went through it; who closes it in its cashier's
/// place is not its cashier.
pub(crate) fn closed(drawer: Drawer, closing: &DrawerClosing) -> Kept<Drawer> {
    let expected = drawer.checked_expected().map_err(too_large)?;
    let is_others = closing.closed_by.as_ref() != Some(&drawer.opening.cashier);
    if !drawer.is_open() || expected != closing.expected || !is_others {
        return Err(StoreError::damaged("a closing found no such open drawer"));
    }
    Ok(Drawer { closing: Some(closing.clone()), ..drawer })
}

/// A closed drawer approved, by another than its cashier and who closed it.
pub(crate) fn approved(drawer: Drawer, approval: &DrawerApproval) -> Kept<Drawer> {
    let closing = drawer.closing.as_ref().filter(|_| drawer.approval.is_none());
    let is_right = closing.is_some_and(|closing| closing.difference() == approval.difference)
        && !drawer.is_answered_for_by(&approval.approved_by);
    if !is_right {
        return Err(StoreError::damaged("an approval found no such closed drawer"));
    }
    Ok(Drawer { approval: Some(approval.clone()), ..drawer })
}

/// Something is handed over or kept, and nothing is negative.
pub(crate) fn check_remittance(remittance: &Remittance) -> Kept<()> {
    let [amount, commission] = [remittance.amount, remittance.commission].map(Money::to_minor);
    if amount >= 0 && commission >= 0 && (amount > 0 || commission > 0) {
        Ok(())
    } else {
        Err(StoreError::damaged("a remittance hands nothing over"))
    }
}
