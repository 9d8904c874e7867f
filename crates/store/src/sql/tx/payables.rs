//! What each event of the suppliers' side does to the tables.

use ventanilla_domain::{
    Application, CompanyId, Cuit, Letter, Payout, PayoutId, PayoutReversal, PurchaseInvoice,
    Supplier, SupplierId,
};

use super::{SqlTx, Write, exhausted};
use crate::{Counters, StoreError, Written};

impl SqlTx<'_> {
    /// Keeps a supplier; a tax number that another one has is refused by its index.
    pub(super) fn keep_supplier(
        &self,
        company: CompanyId,
        supplier: &Supplier,
        written: &Written,
        counters: &mut Counters,
    ) -> Write {
        let next = supplier.id.checked_next().map_err(exhausted)?;
        counters.next_supplier = counters.next_supplier.max(next);
        counters.payable_entries += 1;
        self.run(
            "INSERT INTO supplier (company_id, supplier_id, tax_id, record) \
             VALUES (?1, ?2, ?3, ?4) ON CONFLICT (company_id, supplier_id) \
             DO UPDATE SET tax_id = excluded.tax_id, record = excluded.record",
            (
                company.to_i64(),
                supplier.id.to_i64(),
                supplier.tax_id.map(Cuit::to_digits),
                &written.payload,
            ),
        )?;
        Ok(())
    }

    /// Adds an invoice; an id or a number that is used, or an unknown supplier, is refused by its key.
    pub(super) fn enter_invoice(
        &self,
        company: CompanyId,
        invoice: &PurchaseInvoice,
        written: &Written,
        counters: &mut Counters,
    ) -> Write {
        let next = invoice.id.checked_next().map_err(exhausted)?;
        counters.next_invoice = counters.next_invoice.max(next);
        counters.payable_entries += 1;
        let terms = &invoice.terms;
        self.run(
            "INSERT INTO purchase_invoice (company_id, invoice_id, supplier_id, letter, point, \
             serial, total_minor) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            (
                company.to_i64(),
                invoice.id.to_i64(),
                terms.supplier.to_i64(),
                terms.letter.as_ref().map_or("", Letter::as_str),
                terms.number.to_point(),
                terms.number.to_serial(),
                terms.total.to_minor(),
            ),
        )?;
        self.run(
            "INSERT INTO invoice_record (company_id, invoice_id, record) VALUES (?1, ?2, ?3)",
            (company.to_i64(), invoice.id.to_i64(), &written.payload),
        )?;
        Ok(())
    }

    /// Adds a payout and what it settles; an id, a number or a caller key that is used, or an unknown
    /// supplier, is refused by its key.
    pub(super) fn make_payout(
        &self,
        company: CompanyId,
        payout: &Payout,
        written: &Written,
        counters: &mut Counters,
    ) -> Write {
        let next = payout.id.checked_next().map_err(exhausted)?;
        counters.next_payout = counters.next_payout.max(next);
        counters.payable_entries += 1;
        let (terms, number) = (&payout.terms, payout.number);
        self.run(
            "INSERT INTO payout (company_id, payout_id, supplier_id, point, serial, record) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (
                company.to_i64(),
                payout.id.to_i64(),
                terms.supplier.to_i64(),
                number.to_point(),
                number.to_serial(),
                &written.payload,
            ),
        )?;
        for application in &terms.applied {
            self.apply_payout(company, payout.id, terms.supplier, *application)?;
        }
        self.add_payout_key(company, payout)
    }

    fn apply_payout(
        &self,
        company: CompanyId,
        payout: PayoutId,
        supplier: SupplierId,
        application: Application,
    ) -> Write {
        let (invoice, minor) = (application.invoice.to_i64(), application.amount.to_minor());
        self.run(
            "INSERT INTO payout_application (company_id, payout_id, invoice_id, amount_minor) \
             VALUES (?1, ?2, ?3, ?4)",
            (company.to_i64(), payout.to_i64(), invoice, minor),
        )?;
        // The law: no more is settled than is open, and only of the supplier's own invoices.
        self.run_one(
            "UPDATE purchase_invoice SET applied_minor = applied_minor + ?4 \
             WHERE company_id = ?1 AND invoice_id = ?2 AND supplier_id = ?3 \
             AND applied_minor + ?4 <= total_minor",
            (company.to_i64(), invoice, supplier.to_i64(), minor),
            "a payout found no such open invoice of its supplier",
        )
    }

    /// Keeps the name of the attempt; without an integrator nobody repeats it.
    fn add_payout_key(&self, company: CompanyId, payout: &Payout) -> Write {
        let Some((integrator, key)) = payout.integrator.zip(payout.caller_key.as_ref()) else {
            return Ok(());
        };
        self.run(
            "INSERT INTO payout_key (company_id, integrator_id, caller_key, payout_id) \
             VALUES (?1, ?2, ?3, ?4)",
            (company.to_i64(), integrator.to_i64(), key.as_str(), payout.id.to_i64()),
        )?;
        Ok(())
    }

    /// Adds a reversal and gives the invoices back what its payout settled; a second one is refused by
    /// its key.
    pub(super) fn reverse_payout(
        &self,
        company: CompanyId,
        reversal: &PayoutReversal,
        written: &Written,
        counters: &mut Counters,
    ) -> Write {
        counters.payable_entries += 1;
        let payout = &reversal.payout;
        self.ensure_kept(company, payout)?;
        self.run(
            "INSERT INTO payout_reversal (company_id, payout_id, record) VALUES (?1, ?2, ?3)",
            (company.to_i64(), payout.id.to_i64(), &written.payload),
        )?;
        for Application { invoice, amount } in &payout.terms.applied {
            self.run_one(
                "UPDATE purchase_invoice SET applied_minor = applied_minor - ?3 \
                 WHERE company_id = ?1 AND invoice_id = ?2 AND applied_minor >= ?3",
                (company.to_i64(), invoice.to_i64(), amount.to_minor()),
                "a reversal takes back more than was applied",
            )?;
        }
        Ok(())
    }

    /// What is posted back is what the reversal says was posted: it must be what was.
    fn ensure_kept(&self, company: CompanyId, payout: &Payout) -> Write {
        let company = self.reads().company(company)?;
        let company = company.ok_or_else(|| StoreError::damaged("a reversal found no company"))?;
        let kept = self.reads().payout(&company, payout.id)?;
        if kept.as_ref() == Some(payout) {
            Ok(())
        } else {
            Err(StoreError::damaged("a reversal's payout is not the one kept"))
        }
    }
}
