//! The window, read.

use ventanilla_domain::{
    BusinessDay, CallerKey, CollectorId, Company, CompanyId, Currency, Drawer, DrawerId,
    DrawerState, PaymentId, ReceiptId, RemittanceId, StaffName, WindowReceiptKey,
};

use super::read::limit;
use super::rows::{maybe, string, words};
use super::{Reads, Row, Value};
use crate::StoreError;
use crate::journal::{
    read_approval, read_closing, read_figures, read_opening, read_receipt, read_receipt_reversal,
    read_remittance, read_remittance_reversal,
};
use crate::payables::Kept;
use crate::values::{date, id, key};
use crate::window::{
    DrawerFilter, DrawerRow, KeptReceipt, KeptRemittance, ReceiptFilter, ReceiptRow, RemittanceRow,
};

type Read<T> = Result<T, StoreError>;
type Visit<'v, T> = &'v mut dyn FnMut(T) -> Read<()>;

/// A page of a table, the latest first: of the rows of ids below the second parameter that are all that is
/// asked for. Only that stands in the statement, so that an index is used for it.
struct Page<'f> {
    sql: String,
    params: Vec<Value<'f>>,
}

impl<'f> Page<'f> {
    fn new(select: &str, id: &str, company: CompanyId, before: i64) -> Self {
        Self {
            sql: format!("{select} WHERE company_id = ?1 AND {id} < ?2"),
            params: vec![company.to_i64().into(), before.into()],
        }
    }

    fn of(mut self, column: &str, value: Option<impl Into<Value<'f>>>) -> Self {
        if let Some(value) = value {
            self.params.push(value.into());
            let place = self.params.len();
            self.sql = format!("{} AND {column} = ?{place}", self.sql);
        }
        self
    }

    fn ended(mut self, id: &str, len: usize) -> Self {
        self.params.push(limit(len).into());
        let place = self.params.len();
        self.sql = format!("{} ORDER BY {id} DESC LIMIT ?{place}", self.sql);
        self
    }
}

fn day(of: Option<BusinessDay>) -> Option<String> {
    of.map(|day| day.to_date().to_string())
}

const DRAWER: &str = "SELECT opening, figures, closing, approval FROM drawer";
const RECEIPT: &str = "SELECT record, reversal FROM window_receipt";
const REMITTANCE: &str = "SELECT record, reversal FROM remittance";

impl Reads<'_> {
    pub(crate) fn drawer(self, company: &Company, drawer_id: DrawerId) -> Read<Option<Drawer>> {
        let sql = format!("{DRAWER} WHERE company_id = ?1 AND drawer_id = ?2");
        let key = (company.id.to_i64(), drawer_id.to_i64());
        self.one(&sql, key, |row| drawer(row, 0, company.currency))
    }

    pub(crate) fn open_drawer_of(
        self,
        company: CompanyId,
        cashier: &StaffName,
    ) -> Read<Option<DrawerId>> {
        let sql = "SELECT drawer_id FROM drawer WHERE company_id = ?1 AND open_for = ?2";
        self.one(sql, (company.to_i64(), cashier.as_str()), |row| {
            id(DrawerId::from_i64, row.get(0)?)
        })
    }

    pub(crate) fn drawers_before(
        self,
        company: &Company,
        filter: &DrawerFilter,
        before: i64,
        len: usize,
    ) -> Read<Vec<Drawer>> {
        let page = Page::new(DRAWER, "drawer_id", company.id, before)
            .of("state", filter.state.map(DrawerState::to_code))
            .of("business_day", day(filter.day))
            .of("cashier", filter.cashier.as_ref().map(StaffName::as_str))
            .ended("drawer_id", len);
        self.many(&page.sql, &page.params[..], |row| drawer(row, 0, company.currency))
    }

    pub(crate) fn receipt(
        self,
        company: &Company,
        receipt_id: ReceiptId,
    ) -> Read<Option<KeptReceipt>> {
        let sql = format!("{RECEIPT} WHERE company_id = ?1 AND receipt_id = ?2");
        let key = (company.id.to_i64(), receipt_id.to_i64());
        self.one(&sql, key, |row| receipt(row, 0, company.currency))
    }

    pub(crate) fn receipt_keyed(
        self,
        company: CompanyId,
        of: &WindowReceiptKey,
    ) -> Read<Option<ReceiptId>> {
        let sql = "SELECT receipt_id FROM window_receipt WHERE company_id = ?1 AND caller_key = ?2";
        self.one(sql, (company.to_i64(), of.as_str()), |row| id(ReceiptId::from_i64, row.get(0)?))
    }

    pub(crate) fn receipt_of_payment(
        self,
        company: CompanyId,
        payment: PaymentId,
    ) -> Read<Option<ReceiptId>> {
        let sql = "SELECT receipt_id FROM window_receipt_payment \
                   WHERE company_id = ?1 AND payment_id = ?2";
        let key = (company.to_i64(), payment.to_i64());
        self.one(sql, key, |row| id(ReceiptId::from_i64, row.get(0)?))
    }

    pub(crate) fn receipts_before(
        self,
        company: &Company,
        filter: &ReceiptFilter,
        before: i64,
        len: usize,
    ) -> Read<Vec<KeptReceipt>> {
        let page = Page::new(RECEIPT, "receipt_id", company.id, before)
            .of("business_day", day(filter.day))
            .of("cashier", filter.cashier.as_ref().map(StaffName::as_str))
            .of("drawer_id", filter.drawer.map(DrawerId::to_i64))
            .ended("receipt_id", len);
        self.many(&page.sql, &page.params[..], |row| receipt(row, 0, company.currency))
    }

    pub(crate) fn remittance(
        self,
        company: &Company,
        remittance_id: RemittanceId,
    ) -> Read<Option<KeptRemittance>> {
        let sql = format!("{REMITTANCE} WHERE company_id = ?1 AND remittance_id = ?2");
        let key = (company.id.to_i64(), remittance_id.to_i64());
        self.one(&sql, key, |row| remittance(row, 0, company.currency))
    }

    pub(crate) fn remittance_keyed(
        self,
        company: CompanyId,
        of: &CallerKey,
    ) -> Read<Option<RemittanceId>> {
        let sql = "SELECT remittance_id FROM remittance WHERE company_id = ?1 AND caller_key = ?2";
        let key = (company.to_i64(), of.as_str());
        self.one(sql, key, |row| id(RemittanceId::from_i64, row.get(0)?))
    }

    pub(crate) fn remittances_before(
        self,
        company: &Company,
        collector: Option<CollectorId>,
        before: i64,
        len: usize,
    ) -> Read<Vec<KeptRemittance>> {
        let page = Page::new(REMITTANCE, "remittance_id", company.id, before)
            .of("collector_id", collector.map(CollectorId::to_i64))
            .ended("remittance_id", len);
        self.many(&page.sql, &page.params[..], |row| remittance(row, 0, company.currency))
    }

    pub(crate) fn each_drawer(
        self,
        company: &Company,
        visit: Visit<'_, (DrawerId, DrawerRow)>,
    ) -> Read<()> {
        let sql = "SELECT drawer_id, state, cashier, open_for, business_day, opening, figures, \
                   closing, approval FROM drawer WHERE company_id = ?1";
        let from_row = |row: Row<'_>| {
            let state = DrawerState::from_code(string(row, 1)?);
            let state = state.ok_or_else(|| StoreError::damaged("a drawer's state is not one"))?;
            let open_for = maybe(row, 3)?.map(|_| words(row, 3)).transpose()?;
            let columns = (state, words(row, 2)?, open_for, business_day(row, 4)?);
            let record = drawer(row, 5, company.currency)?;
            Ok((id(DrawerId::from_i64, row.get(0)?)?, Kept { columns, record }))
        };
        self.each(sql, [company.id.to_i64()], from_row, visit)
    }

    pub(crate) fn each_receipt(
        self,
        company: &Company,
        visit: Visit<'_, (ReceiptId, ReceiptRow)>,
    ) -> Read<()> {
        let sql = "SELECT receipt_id, caller_key, cashier, drawer_id, business_day, record, \
                   reversal FROM window_receipt WHERE company_id = ?1";
        let from_row = |row: Row<'_>| {
            let key = WindowReceiptKey::from_text(string(row, 1)?);
            let key =
                key.map_err(|cause| StoreError::damaged_by("a receipt's key is not one", cause))?;
            let drawer = id(DrawerId::from_i64, row.get(3)?)?;
            let columns = (key, words(row, 2)?, drawer, business_day(row, 4)?);
            let record = receipt(row, 5, company.currency)?;
            Ok((id(ReceiptId::from_i64, row.get(0)?)?, Kept { columns, record }))
        };
        self.each(sql, [company.id.to_i64()], from_row, visit)
    }

    pub(crate) fn each_receipt_payment(
        self,
        company: CompanyId,
        visit: Visit<'_, (PaymentId, ReceiptId)>,
    ) -> Read<()> {
        let sql = "SELECT payment_id, receipt_id FROM window_receipt_payment WHERE company_id = ?1";
        let from_row = |row: Row<'_>| {
            let payment = id(PaymentId::from_i64, row.get(0)?)?;
            Ok((payment, id(ReceiptId::from_i64, row.get(1)?)?))
        };
        self.each(sql, [company.to_i64()], from_row, visit)
    }

    pub(crate) fn each_remittance(
        self,
        company: &Company,
        visit: Visit<'_, (RemittanceId, RemittanceRow)>,
    ) -> Read<()> {
        let sql = "SELECT remittance_id, collector_id, caller_key, record, reversal \
                   FROM remittance WHERE company_id = ?1";
        let from_row = |row: Row<'_>| {
            let collector = id(CollectorId::from_i64, row.get(1)?)?;
            let columns = (collector, key(maybe(row, 2)?)?);
            let record = remittance(row, 3, company.currency)?;
            Ok((id(RemittanceId::from_i64, row.get(0)?)?, Kept { columns, record }))
        };
        self.each(sql, [company.id.to_i64()], from_row, visit)
    }
}

fn business_day(row: Row<'_>, column: usize) -> Read<BusinessDay> {
    Ok(BusinessDay::from_date(date(string(row, column)?)?))
}

fn drawer(row: Row<'_>, from: usize, currency: Currency) -> Read<Drawer> {
    let [closing, approval] = [maybe(row, from + 2)?, maybe(row, from + 3)?];
    Ok(Drawer {
        opening: read_opening(string(row, from)?, currency)?,
        figures: read_figures(string(row, from + 1)?, currency)?,
        closing: closing.map(|closing| read_closing(closing, currency)).transpose()?,
        approval: approval.map(|approval| read_approval(approval, currency)).transpose()?,
    })
}

fn receipt(row: Row<'_>, from: usize, currency: Currency) -> Read<KeptReceipt> {
    let reversal = maybe(row, from + 1)?;
    Ok(KeptReceipt {
        receipt: read_receipt(string(row, from)?, currency)?,
        reversal: reversal.map(|reversal| read_receipt_reversal(reversal, currency)).transpose()?,
    })
}

fn remittance(row: Row<'_>, from: usize, currency: Currency) -> Read<KeptRemittance> {
    let reversal = maybe(row, from + 1)?;
    let reversal = reversal.map(|reversal| read_remittance_reversal(reversal, currency));
    Ok(KeptRemittance {
        remittance: read_remittance(string(row, from)?, currency)?,
        reversal: reversal.transpose()?,
    })
}
