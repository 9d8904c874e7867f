//! The suppliers' side, read.

use ventanilla_domain::{
    Account, AppliedInvoice, CallerKey, Company, CompanyId, Cuit, Currency, DocumentNumber,
    IntegratorId, Letter, Payout, PayoutId, PayoutNumber, PayoutReversal, PurchaseInvoiceId,
    Supplier, SupplierId,
};

use super::read::limit;
use super::rows::{maybe, string};
use super::{Reads, Row};
use crate::StoreError;
use crate::journal::{read_invoice, read_payout, read_reversal, read_supplier};
use crate::payables::{
    EnteredInvoice, Kept, KeptInvoice, KeptPayout, KeptSupplier, PayoutApplication, PayoutKey,
};
use crate::values::{cuit, document_number, id, key, letter, money, unsigned};

type Read<T> = Result<T, StoreError>;
type Visit<'v, T> = &'v mut dyn FnMut(T) -> Read<()>;

impl Reads<'_> {
    pub(crate) fn balance(self, company: CompanyId, account: &Account) -> Read<i64> {
        let sql = "SELECT balance_minor FROM balance WHERE company_id = ?1 AND account = ?2";
        let balance = self.one(sql, (company.to_i64(), account.to_string()), |row| row.get(0))?;
        Ok(balance.unwrap_or(0))
    }

    pub(crate) fn supplier(
        self,
        company: CompanyId,
        supplier: SupplierId,
    ) -> Read<Option<Supplier>> {
        let sql = "SELECT record FROM supplier WHERE company_id = ?1 AND supplier_id = ?2";
        let key = (company.to_i64(), supplier.to_i64());
        self.one(sql, key, |row| read_supplier(string(row, 0)?))
    }

    pub(crate) fn supplier_of_tax_id(
        self,
        company: CompanyId,
        tax_id: Cuit,
    ) -> Read<Option<SupplierId>> {
        let sql = "SELECT supplier_id FROM supplier WHERE company_id = ?1 AND tax_id = ?2";
        let key = (company.to_i64(), tax_id.to_digits());
        self.one(sql, key, |row| id(SupplierId::from_i64, row.get(0)?))
    }

    pub(crate) fn invoice(
        self,
        company: &Company,
        invoice: PurchaseInvoiceId,
    ) -> Read<Option<EnteredInvoice>> {
        let sql = "SELECT record, applied_minor FROM purchase_invoice \
                   JOIN invoice_record USING (company_id, invoice_id) \
                   WHERE company_id = ?1 AND invoice_id = ?2";
        let key = (company.id.to_i64(), invoice.to_i64());
        self.one(sql, key, |row| entered_invoice(row, company.currency))
    }

    pub(crate) fn invoices_of(
        self,
        company: &Company,
        supplier: SupplierId,
        before: Option<PurchaseInvoiceId>,
        len: usize,
    ) -> Read<Vec<EnteredInvoice>> {
        let sql = "SELECT record, applied_minor FROM purchase_invoice \
                   JOIN invoice_record USING (company_id, invoice_id) \
                   WHERE company_id = ?1 AND supplier_id = ?2 AND invoice_id < ?3 \
                   ORDER BY invoice_id DESC LIMIT ?4";
        let before = before.map_or(i64::MAX, PurchaseInvoiceId::to_i64);
        let key = (company.id.to_i64(), supplier.to_i64(), before, limit(len));
        self.many(sql, key, |row| entered_invoice(row, company.currency))
    }

    pub(crate) fn invoice_standing(
        self,
        company: &Company,
        invoice: PurchaseInvoiceId,
    ) -> Read<Option<AppliedInvoice>> {
        let sql = "SELECT supplier_id, total_minor, applied_minor FROM purchase_invoice \
                   WHERE company_id = ?1 AND invoice_id = ?2";
        let key = (company.id.to_i64(), invoice.to_i64());
        self.one(sql, key, |row| {
            Ok(AppliedInvoice {
                supplier: id(SupplierId::from_i64, row.get(0)?)?,
                total: money(row.get(1)?, company.currency),
                applied: money(row.get(2)?, company.currency),
            })
        })
    }

    pub(crate) fn invoice_numbered(
        self,
        company: CompanyId,
        supplier: SupplierId,
        letter: Option<&Letter>,
        number: DocumentNumber,
    ) -> Read<Option<PurchaseInvoiceId>> {
        let sql = "SELECT invoice_id FROM purchase_invoice WHERE company_id = ?1 \
                   AND supplier_id = ?2 AND letter = ?3 AND point = ?4 AND serial = ?5";
        let letter = letter.map_or("", Letter::as_str);
        let (point, serial) = (number.to_point(), number.to_serial());
        let key = (company.to_i64(), supplier.to_i64(), letter, point, serial);
        self.one(sql, key, |row| id(PurchaseInvoiceId::from_i64, row.get(0)?))
    }

    pub(crate) fn payout(self, company: &Company, payout: PayoutId) -> Read<Option<Payout>> {
        let sql = "SELECT record FROM payout WHERE company_id = ?1 AND payout_id = ?2";
        let key = (company.id.to_i64(), payout.to_i64());
        self.one(sql, key, |row| read_payout(string(row, 0)?, company.currency))
    }

    pub(crate) fn payout_standing(
        self,
        company: &Company,
        payout: PayoutId,
    ) -> Read<Option<(Payout, bool)>> {
        let sql = "SELECT record, EXISTS (SELECT 1 FROM payout_reversal r \
                   WHERE r.company_id = ?1 AND r.payout_id = ?2) \
                   FROM payout WHERE company_id = ?1 AND payout_id = ?2";
        let key = (company.id.to_i64(), payout.to_i64());
        self.one(sql, key, |row| payout_and_standing(row, company.currency))
    }

    pub(crate) fn payouts_after(
        self,
        company: &Company,
        after: i64,
        len: usize,
    ) -> Read<Vec<(Payout, bool)>> {
        let sql = "SELECT record, EXISTS (SELECT 1 FROM payout_reversal r \
                   WHERE r.company_id = ?1 AND r.payout_id = p.payout_id) \
                   FROM payout p WHERE company_id = ?1 AND payout_id > ?2 \
                   ORDER BY payout_id LIMIT ?3";
        let key = (company.id.to_i64(), after, limit(len));
        self.many(sql, key, |row| payout_and_standing(row, company.currency))
    }

    pub(crate) fn payouts_to(
        self,
        company: &Company,
        supplier: SupplierId,
        before: Option<PayoutId>,
        len: usize,
    ) -> Read<Vec<(Payout, bool)>> {
        let sql = "SELECT record, EXISTS (SELECT 1 FROM payout_reversal r \
                   WHERE r.company_id = ?1 AND r.payout_id = p.payout_id) \
                   FROM payout p WHERE company_id = ?1 AND supplier_id = ?2 AND payout_id < ?3 \
                   ORDER BY payout_id DESC LIMIT ?4";
        let before = before.map_or(i64::MAX, PayoutId::to_i64);
        let key = (company.id.to_i64(), supplier.to_i64(), before, limit(len));
        self.many(sql, key, |row| payout_and_standing(row, company.currency))
    }

    pub(crate) fn payout_reversal(
        self,
        company: &Company,
        payout: PayoutId,
    ) -> Read<Option<PayoutReversal>> {
        let sql = "SELECT record FROM payout_reversal WHERE company_id = ?1 AND payout_id = ?2";
        let key = (company.id.to_i64(), payout.to_i64());
        self.one(sql, key, |row| read_reversal(string(row, 0)?, company.currency))
    }

    pub(crate) fn payout_numbered(
        self,
        company: CompanyId,
        number: PayoutNumber,
    ) -> Read<Option<PayoutId>> {
        let sql = "SELECT payout_id FROM payout \
                   WHERE company_id = ?1 AND point = ?2 AND serial = ?3";
        let key = (company.to_i64(), number.to_point(), number.to_serial());
        self.one(sql, key, |row| id(PayoutId::from_i64, row.get(0)?))
    }

    pub(crate) fn payout_keyed(
        self,
        company: CompanyId,
        integrator: IntegratorId,
        caller_key: &CallerKey,
    ) -> Read<Option<PayoutId>> {
        let sql = "SELECT payout_id FROM payout_key \
                   WHERE company_id = ?1 AND integrator_id = ?2 AND caller_key = ?3";
        let key = (company.to_i64(), integrator.to_i64(), caller_key.as_str());
        self.one(sql, key, |row| id(PayoutId::from_i64, row.get(0)?))
    }

    pub(crate) fn last_serial(self, company: CompanyId, point: u32) -> Read<u32> {
        let sql = "SELECT max(serial) FROM payout WHERE company_id = ?1 AND point = ?2";
        let last =
            self.one(sql, (company.to_i64(), point), |row| row.get::<Option<i64>>(0))?.flatten();
        unsigned(last.unwrap_or(0))
    }

    pub(crate) fn payouts_of_invoice(
        self,
        company: CompanyId,
        invoice: PurchaseInvoiceId,
    ) -> Read<Vec<PayoutId>> {
        let sql = "SELECT payout_id FROM payout_application \
                   WHERE company_id = ?1 AND invoice_id = ?2 ORDER BY payout_id";
        self.many(sql, (company.to_i64(), invoice.to_i64()), |row| {
            id(PayoutId::from_i64, row.get(0)?)
        })
    }

    pub(crate) fn each_kept_supplier(
        self,
        company: CompanyId,
        visit: Visit<'_, (SupplierId, KeptSupplier)>,
    ) -> Read<()> {
        let sql = "SELECT supplier_id, tax_id, record FROM supplier \
                   WHERE company_id = ?1 ORDER BY supplier_id";
        self.each(sql, [company.to_i64()], supplier, visit)
    }

    pub(crate) fn each_kept_invoice(
        self,
        company: &Company,
        visit: Visit<'_, (PurchaseInvoiceId, KeptInvoice)>,
    ) -> Read<()> {
        let sql = "SELECT invoice_id, supplier_id, letter, point, serial, total_minor, \
                   applied_minor, record FROM purchase_invoice \
                   LEFT JOIN invoice_record USING (company_id, invoice_id) \
                   WHERE company_id = ?1 ORDER BY invoice_id";
        self.each(sql, [company.id.to_i64()], |row| invoice(row, company.currency), visit)
    }

    pub(crate) fn each_kept_payout(
        self,
        company: &Company,
        visit: Visit<'_, (PayoutId, KeptPayout)>,
    ) -> Read<()> {
        let sql = "SELECT payout_id, supplier_id, point, serial, record FROM payout \
                   WHERE company_id = ?1 ORDER BY payout_id";
        self.each(sql, [company.id.to_i64()], |row| payout(row, company.currency), visit)
    }

    pub(crate) fn each_application(
        self,
        company: &Company,
        visit: Visit<'_, PayoutApplication>,
    ) -> Read<()> {
        let sql = "SELECT payout_id, invoice_id, amount_minor FROM payout_application \
                   WHERE company_id = ?1";
        let from_row = |row: Row<'_>| {
            let payout = id(PayoutId::from_i64, row.get(0)?)?;
            let invoice = id(PurchaseInvoiceId::from_i64, row.get(1)?)?;
            Ok(((payout, invoice), money(row.get(2)?, company.currency)))
        };
        self.each(sql, [company.id.to_i64()], from_row, visit)
    }

    pub(crate) fn each_payout_key(
        self,
        company: CompanyId,
        visit: Visit<'_, PayoutKey>,
    ) -> Read<()> {
        let sql = "SELECT integrator_id, caller_key, payout_id FROM payout_key \
                   WHERE company_id = ?1";
        self.each(sql, [company.to_i64()], payout_key, visit)
    }

    pub(crate) fn each_payout_reversal(
        self,
        company: &Company,
        visit: Visit<'_, (PayoutId, PayoutReversal)>,
    ) -> Read<()> {
        let sql = "SELECT payout_id, record FROM payout_reversal WHERE company_id = ?1";
        let from_row = |row: Row<'_>| {
            let reversal = read_reversal(string(row, 1)?, company.currency)?;
            Ok((id(PayoutId::from_i64, row.get(0)?)?, reversal))
        };
        self.each(sql, [company.id.to_i64()], from_row, visit)
    }
}

fn supplier(row: Row<'_>) -> Read<(SupplierId, KeptSupplier)> {
    let columns = maybe(row, 1)?.map(cuit).transpose()?;
    let record = read_supplier(string(row, 2)?)?;
    Ok((id(SupplierId::from_i64, row.get(0)?)?, Kept { columns, record }))
}

fn entered_invoice(row: Row<'_>, currency: Currency) -> Read<EnteredInvoice> {
    let applied = money(row.get(1)?, currency);
    Ok(EnteredInvoice { invoice: read_invoice(string(row, 0)?, currency)?, applied })
}

fn invoice(row: Row<'_>, currency: Currency) -> Read<(PurchaseInvoiceId, KeptInvoice)> {
    let letter = Some(string(row, 2)?).filter(|text| !text.is_empty()).map(letter).transpose()?;
    let number = document_number(row.get(3)?, row.get(4)?)?;
    let columns =
        ((id(SupplierId::from_i64, row.get(1)?)?, letter, number), money(row.get(5)?, currency));
    let applied = money(row.get(6)?, currency);
    let record = EnteredInvoice { invoice: read_invoice(string(row, 7)?, currency)?, applied };
    Ok((id(PurchaseInvoiceId::from_i64, row.get(0)?)?, Kept { columns, record }))
}

fn payout_and_standing(row: Row<'_>, currency: Currency) -> Read<(Payout, bool)> {
    Ok((read_payout(string(row, 0)?, currency)?, row.get(1)?))
}

fn payout(row: Row<'_>, currency: Currency) -> Read<(PayoutId, KeptPayout)> {
    let number = document_number(row.get(2)?, row.get(3)?)?;
    let columns = (id(SupplierId::from_i64, row.get(1)?)?, number);
    let record = read_payout(string(row, 4)?, currency)?;
    Ok((id(PayoutId::from_i64, row.get(0)?)?, Kept { columns, record }))
}

fn payout_key(row: Row<'_>) -> Read<PayoutKey> {
    let caller_key = key(Some(string(row, 1)?))?;
    let caller_key = caller_key.ok_or_else(|| StoreError::damaged("a caller key is not one"))?;
    let integrator = id(IntegratorId::from_i64, row.get(0)?)?;
    Ok(((integrator, caller_key), id(PayoutId::from_i64, row.get(2)?)?))
}
