//! Books that go on from a backup: what was kept after it is not known any more.

use jiff::Timestamp;

use crate::{EntryNumber, Label, PaymentId};

/// By how much each series of numbers steps: more than can have been given between a backup and the
/// loss of what came after it.
pub const RESTORATION_STEP: u32 = 1_000_000;

/// A company's books went on from a backup.
///
/// Of each series whose numbers others were told (payments, exported events, suppliers, purchase
/// invoices, payouts, receipts and drawers of the window, remittances) the next `step` numbers are given to nobody: whoever holds one holds it for
/// what came after the backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restoration {
    /// The moment of the backup.
    pub backed_up_at: Timestamp,
    /// The last entry that the backup had: the one before this event's own.
    pub last_entry: EntryNumber,
    /// The `IdCobranza` that was next when the backup was made. A payment that came after it has one
    /// from here on, below `step` more.
    pub next_payment: PaymentId,
    /// By how much the numbers step.
    pub step: u32,
    /// Who restored.
    pub restored_by: Label,
}

impl Restoration {
    /// Whether a payment of that id may have been made after the backup and before its loss.
    pub fn may_have_lost(&self, payment: PaymentId) -> bool {
        let first = self.next_payment.to_i64();
        let end = first.saturating_add(i64::from(self.step));
        (first..end).contains(&payment.to_i64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_have_been_lost_is_what_was_next_and_below_the_step() {
        let restoration = Restoration {
            backed_up_at: Timestamp::UNIX_EPOCH,
            last_entry: EntryNumber::FIRST,
            next_payment: PaymentId::from_i64(100).unwrap(),
            step: 10,
            restored_by: Label::from_text("ana").unwrap(),
        };
        for (payment, may) in [(99, false), (100, true), (109, true), (110, false)] {
            let payment = PaymentId::from_i64(payment).unwrap();
            assert_eq!(restoration.may_have_lost(payment), may, "{payment}");
        }
    }
}
