//! What the outcomes so far leave to a collector to take.

use ventanilla_domain::{Money, PayCommand, PayRefusal};

use super::{Auditor, ensure};

impl Auditor {
    /// That a payment which was made is within its collector's limits.
    pub(super) fn judge_limits(&self, command: &PayCommand) -> Result<(), String> {
        let is_within = !self.is_above_payment_max(command);
        ensure(is_within, "a collector took more at once than it may")?;
        // What is not known may have been paid or undone.
        let is_within = !self.doubtful.is_empty() || !self.is_above_held_max(command);
        ensure(is_within, "a collector holds more than it may")
    }

    /// Whether a refusal for a collector's limit is as it must be; `None` of any other refusal.
    pub(super) fn fits_limit(&self, command: &PayCommand, refusal: PayRefusal) -> Option<bool> {
        match refusal {
            PayRefusal::PaymentAboveLimit => Some(self.is_above_payment_max(command)),
            PayRefusal::HeldAboveLimit => {
                Some(!self.doubtful.is_empty() || self.is_above_held_max(command))
            }
            _ => None,
        }
    }

    fn is_above_payment_max(&self, command: &PayCommand) -> bool {
        let most = self.limits.get(&command.collector).and_then(|limits| limits.payment_max());
        most.is_some_and(|most| command.amount.to_minor() > most.to_minor())
    }

    fn is_above_held_max(&self, command: &PayCommand) -> bool {
        let most = self.limits.get(&command.collector).and_then(|limits| limits.held_max());
        let held = self.held_minor(command.collector);
        most.map(Money::to_minor).is_some_and(|most| held + command.amount.to_minor() > most)
    }
}
