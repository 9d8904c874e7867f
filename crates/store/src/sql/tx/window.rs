//! What each event of the window does to the tables.

use std::sync::Arc;

use ventanilla_domain::{
    CallerKey, Company, CompanyId, Drawer, DrawerApproval, DrawerClosing, DrawerFigures, DrawerId,
    DrawerOpening, Event, ReceiptReversal, Remittance, RemittanceReversal, WindowReceipt,
};

use super::{SqlTx, Write, exhausted};
use crate::journal::write_figures;
use crate::window::{
    Paid, approved, check_receipt, check_remittance, check_reversal, closed, returned, taken,
};
use crate::{Counters, Prepared, StoreError, Written};

impl SqlTx<'_> {
    /// Lets an event of the window take effect; any other is refused.
    pub(super) fn apply_of_window(
        &self,
        company: CompanyId,
        prepared: &Prepared,
        counters: &mut Counters,
    ) -> Write {
        let written = &prepared.written;
        counters.window_entries += 1;
        match &prepared.event {
            Event::DrawerOpened(opening) => self.open_drawer(company, opening, written, counters),
            Event::DrawerClosed(closing) => self.close_drawer(company, closing, written),
            Event::DrawerApproved(approval) => self.approve_drawer(company, approval, written),
            Event::ReceiptIssued(receipt) => {
                self.issue_receipt(company, receipt, written, counters)
            }
            Event::ReceiptReversed(reversal) => self.reverse_receipt(company, reversal, written),
            Event::RemittanceMade(remittance) => {
                self.make_remittance(company, remittance, written, counters)
            }
            Event::RemittanceReversed(reversal) => {
                self.reverse_remittance(company, reversal, written)
            }
            _ => Err(StoreError::damaged("an event is not of the window")),
        }
    }

    /// Adds a drawer; an id that is used, or a cashier who has one open, is refused by its key.
    fn open_drawer(
        &self,
        company: CompanyId,
        opening: &DrawerOpening,
        written: &Written,
        counters: &mut Counters,
    ) -> Write {
        let next = opening.id.checked_next().map_err(exhausted)?;
        counters.next_drawer = counters.next_drawer.max(next);
        self.run(
            "INSERT INTO drawer (company_id, drawer_id, state, cashier, open_for, business_day, \
             opening, figures) VALUES (?1, ?2, 'open', ?3, ?3, ?4, ?5, ?6)",
            (
                company.to_i64(),
                opening.id.to_i64(),
                opening.cashier.as_str(),
                opening.business_day.to_date().to_string(),
                &written.payload,
                write_figures(&DrawerFigures::none(opening.float.currency())),
            ),
        )?;
        Ok(())
    }

    fn close_drawer(
        &self,
        company: CompanyId,
        closing: &DrawerClosing,
        written: &Written,
    ) -> Write {
        closed(self.kept_drawer(company, closing.drawer)?, closing)?;
        self.run_one(
            "UPDATE drawer SET state = 'closed', open_for = NULL, closing = ?3 \
             WHERE company_id = ?1 AND drawer_id = ?2 AND state = 'open'",
            (company.to_i64(), closing.drawer.to_i64(), &written.payload),
            "a closing found no such open drawer",
        )
    }

    fn approve_drawer(
        &self,
        company: CompanyId,
        approval: &DrawerApproval,
        written: &Written,
    ) -> Write {
        approved(self.kept_drawer(company, approval.drawer)?, approval)?;
        self.run_one(
            "UPDATE drawer SET state = 'approved', approval = ?3 \
             WHERE company_id = ?1 AND drawer_id = ?2 AND state = 'closed'",
            (company.to_i64(), approval.drawer.to_i64(), &written.payload),
            "an approval found no such closed drawer",
        )
    }

    /// Adds a receipt; an id or a key that is used, or a payment that is in another, is refused by its key.
    fn issue_receipt(
        &self,
        company: CompanyId,
        receipt: &WindowReceipt,
        written: &Written,
        counters: &mut Counters,
    ) -> Write {
        let next = receipt.id.checked_next().map_err(exhausted)?;
        counters.next_receipt = counters.next_receipt.max(next);
        check_receipt(receipt, &self.paid(company, receipt)?)?;
        let drawer = taken(self.kept_drawer(company, receipt.drawer)?, receipt)?;
        self.put_figures(company, &drawer)?;
        self.run(
            "INSERT INTO window_receipt (company_id, receipt_id, caller_key, cashier, drawer_id, \
             business_day, record) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            (
                company.to_i64(),
                receipt.id.to_i64(),
                receipt.key.as_str(),
                receipt.cashier.as_str(),
                receipt.drawer.to_i64(),
                receipt.business_day.to_date().to_string(),
                &written.payload,
            ),
        )?;
        for payment in &receipt.payments {
            self.run(
                "INSERT INTO window_receipt_payment (company_id, payment_id, receipt_id) \
                 VALUES (?1, ?2, ?3)",
                (company.to_i64(), payment.to_i64(), receipt.id.to_i64()),
            )?;
        }
        Ok(())
    }

    fn reverse_receipt(
        &self,
        company: CompanyId,
        reversal: &ReceiptReversal,
        written: &Written,
    ) -> Write {
        let (books, receipt) = (self.books(company)?, &reversal.receipt);
        let kept = self.reads().receipt(&books, receipt.id)?;
        check_reversal(reversal, kept.as_ref(), &self.paid(company, receipt)?)?;
        if let Some(drawer) = reversal.drawer {
            let drawer = returned(self.kept_drawer(company, drawer)?, reversal)?;
            self.put_figures(company, &drawer)?;
        }
        self.run_one(
            "UPDATE window_receipt SET reversal = ?3 \
             WHERE company_id = ?1 AND receipt_id = ?2 AND reversal IS NULL",
            (company.to_i64(), receipt.id.to_i64(), &written.payload),
            "a reversal found no such receipt",
        )
    }

    /// Adds a remittance; an id or a key that is used is refused by its key.
    fn make_remittance(
        &self,
        company: CompanyId,
        remittance: &Remittance,
        written: &Written,
        counters: &mut Counters,
    ) -> Write {
        let next = remittance.id.checked_next().map_err(exhausted)?;
        counters.next_remittance = counters.next_remittance.max(next);
        check_remittance(remittance)?;
        self.run(
            "INSERT INTO remittance (company_id, remittance_id, collector_id, caller_key, record) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
            (
                company.to_i64(),
                remittance.id.to_i64(),
                remittance.collector.to_i64(),
                remittance.caller_key.as_ref().map(CallerKey::as_str),
                &written.payload,
            ),
        )?;
        Ok(())
    }

    fn reverse_remittance(
        &self,
        company: CompanyId,
        reversal: &RemittanceReversal,
        written: &Written,
    ) -> Write {
        let id = reversal.remittance.id;
        let kept = self.reads().remittance(&*self.books(company)?, id)?;
        if kept.is_none_or(|kept| kept.remittance != reversal.remittance) {
            return Err(StoreError::damaged("a reversal found no such remittance"));
        }
        self.run_one(
            "UPDATE remittance SET reversal = ?3 \
             WHERE company_id = ?1 AND remittance_id = ?2 AND reversal IS NULL",
            (company.to_i64(), id.to_i64(), &written.payload),
            "a reversal found no such remittance",
        )
    }

    fn books(&self, company: CompanyId) -> Result<Arc<Company>, StoreError> {
        let missing = || StoreError::damaged("an act of the window found no company");
        self.reads().company(company)?.ok_or_else(missing)
    }

    fn kept_drawer(&self, company: CompanyId, drawer: DrawerId) -> Result<Drawer, StoreError> {
        let kept = self.reads().drawer(&*self.books(company)?, drawer)?;
        kept.ok_or_else(|| StoreError::damaged("an act found no such drawer"))
    }

    /// Keeps what went through a drawer, which must be open.
    fn put_figures(&self, company: CompanyId, drawer: &Drawer) -> Write {
        self.run_one(
            "UPDATE drawer SET figures = ?3 \
             WHERE company_id = ?1 AND drawer_id = ?2 AND state = 'open'",
            (company.to_i64(), drawer.opening.id.to_i64(), write_figures(&drawer.figures)),
            "an act found no open drawer",
        )
    }

    fn paid(
        &self,
        company: CompanyId,
        receipt: &WindowReceipt,
    ) -> Result<Vec<Option<Paid>>, StoreError> {
        let books = self.books(company)?;
        let payments = receipt.payments.iter().map(|id| {
            let Some(payment) = self.reads().payment(&books, *id)? else { return Ok(None) };
            let is_reversed = self.reads().reversal(&books, *id)?.is_some();
            Ok(Some(Paid::of(&payment, is_reversed)))
        });
        payments.collect()
    }
}
