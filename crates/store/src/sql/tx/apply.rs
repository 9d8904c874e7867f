//! What each event does to the tables.

use serde_json::value::RawValue;
use ventanilla_domain::{
    BillId, BillVersion, CallerKey, CollectorId, CompanyId, Event, FileId, ImportTotals,
    ImportedFile, Member, Payment, PaymentId, Policy, Reversal, Text,
};

use super::{SqlTx, Write, exhausted, to_signed};
use crate::journal::{PolicyRecord, TotalsRecord, VersionTexts, to_json};
use crate::sql::{Value, values};
use crate::values::{to_bill_code, to_file_code};
use crate::{Counters, Operation, Prepared, StoreError};

impl SqlTx<'_> {
    /// Lets an event take effect, and moves the counters it uses. What a member was before, where it keeps one that
    /// was there.
    pub(super) fn apply(
        &self,
        company: CompanyId,
        prepared: &Prepared,
        counters: &mut Counters,
    ) -> Result<Option<Member>, StoreError> {
        let done = match &prepared.event {
            Event::CompanyOpened { .. } => Ok(()),
            Event::PolicyChanged(policy) => self.set_policy(company, policy),
            Event::IssuerKept(issuer) => self.keep_issuer(company, issuer, &prepared.written),
            Event::LogoKept(logo) => self.keep_logo(company, logo, &prepared.written),
            Event::FileImported(file) => self.add_file(company, file, counters),
            Event::MemberKept(member) => return self.keep_member(company, member, counters),
            Event::ContractKept(contract) => self.keep_contract(company, contract, counters),
            Event::FileFinished { file, totals } => self.finish_file(company, *file, totals),
            Event::BillsVersioned(versions) => {
                self.add_versions(company, versions, &prepared.texts)
            }
            Event::PaymentMade(payment) => {
                self.add_payment(company, payment, counters)?;
                self.number_event(company, counters)
            }
            Event::PaymentReversed(reversal) => {
                self.add_reversal(company, reversal)?;
                self.number_event(company, counters)
            }
            Event::SupplierKept(supplier) => {
                self.keep_supplier(company, supplier, &prepared.written, counters)
            }
            Event::InvoiceEntered(invoice) => {
                self.enter_invoice(company, invoice, &prepared.written, counters)
            }
            Event::PayoutMade(payout) => {
                self.make_payout(company, payout, &prepared.written, counters)
            }
            Event::PayoutReversed(reversal) => {
                self.reverse_payout(company, reversal, &prepared.written, counters)
            }
            Event::DrawerOpened(_)
            | Event::DrawerClosed(_)
            | Event::DrawerApproved(_)
            | Event::ReceiptIssued(_)
            | Event::ReceiptReversed(_)
            | Event::RemittanceMade(_)
            | Event::RemittanceReversed(_) => self.apply_of_window(company, prepared, counters),
            Event::BooksRestored(restoration) => {
                *counters = counters.stepped(restoration)?;
                self.find_free_payment(company, i64::MAX, counters)
            }
        };
        done.map(|()| None)
    }

    fn number_event(&self, company: CompanyId, counters: &mut Counters) -> Write {
        let number = counters.next_event;
        counters.next_event = number.checked_next().map_err(exhausted)?;
        self.run(
            "INSERT INTO collection_event (company_id, event_number, entry_number) \
             VALUES (?1, ?2, ?3)",
            (company.to_i64(), number.to_i64(), counters.next_entry.to_i64()),
        )?;
        Ok(())
    }

    fn set_policy(&self, company: CompanyId, policy: &Policy) -> Write {
        self.run_one(
            "UPDATE company SET policy = ?2 WHERE company_id = ?1",
            (company.to_i64(), to_json(&PolicyRecord::from_policy(policy))),
            "a policy found no company",
        )
    }

    fn add_file(&self, company: CompanyId, file: &ImportedFile, counters: &mut Counters) -> Write {
        counters.next_file = file.id.checked_next().map_err(exhausted)?;
        self.run(
            "INSERT INTO imported_file (company_id, file_id, kind, name, sha256, lines, \
             imported_by, entry_number) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            (
                company.to_i64(),
                file.id.to_i64(),
                to_file_code(file.kind),
                file.name.as_str(),
                file.sha256,
                to_signed(file.lines)?,
                file.imported_by.as_str(),
                counters.next_entry.to_i64(),
            ),
        )?;
        Ok(())
    }

    fn finish_file(&self, company: CompanyId, file: FileId, totals: &ImportTotals) -> Write {
        self.run_one(
            "UPDATE imported_file SET totals = ?3 \
             WHERE company_id = ?1 AND file_id = ?2 AND totals IS NULL",
            (company.to_i64(), file.to_i64(), to_json(&TotalsRecord::from_totals(totals))),
            "no such file is open",
        )
    }

    /// Keeps new versions, and the narrow rows of their bills: made by a first version, changed by a
    /// later one.
    fn add_versions(
        &self,
        company: CompanyId,
        versions: &[BillVersion],
        texts: &[VersionTexts],
    ) -> Write {
        let first: Vec<_> = versions.iter().filter(|version| version.number == 1).collect();
        self.insert_rows(
            "INSERT INTO bill (company_id, contract_key, bill_id, period, amount_minor, state, \
             version) VALUES ",
            first.iter().map(|version| bill_row(company, version)),
        )?;
        for version in versions.iter().filter(|version| version.number > 1) {
            self.run_one(
                "UPDATE bill SET period = ?4, amount_minor = ?5, state = ?6, version = ?7 \
                 WHERE company_id = ?1 AND contract_key = ?2 AND bill_id = ?3 \
                 AND paid_by IS NULL AND version = ?7 - 1",
                bill_row(company, version),
                "a new version found no unpaid bill of the version before",
            )?;
        }
        let rows = versions.iter().zip(texts);
        self.insert_rows(
            "INSERT INTO bill_version (company_id, contract_key, bill_id, period, amount_minor, \
             state, version, printed, revenue, file_id, line, replaced_by) VALUES ",
            rows.map(|(version, texts)| version_row(company, version, texts)),
        )
    }

    /// Inserts rows many at a time: a statement for each would cost a file half as much again.
    fn insert_rows<'r, const LEN: usize>(
        &self,
        insert: &str,
        mut rows: impl ExactSizeIterator<Item = [Value<'r>; LEN]>,
    ) -> Write {
        while rows.len() > 0 {
            let count = if rows.len() >= ROWS { ROWS } else { 1 };
            let values: Vec<_> = rows.by_ref().take(count).flatten().collect();
            self.held.link().run(&insert_sql(insert, count, LEN), &values)?;
        }
        Ok(())
    }

    fn add_payment(&self, company: CompanyId, payment: &Payment, counters: &mut Counters) -> Write {
        self.insert_payment(company, payment)?;
        // The law: a bill is paid only where nobody has paid it.
        self.run_one(
            "UPDATE bill SET paid_by = ?4, last_payment = ?4 \
             WHERE company_id = ?1 AND contract_key = ?2 AND bill_id = ?3 \
             AND paid_by IS NULL AND state = 'owed' AND version = ?5 AND amount_minor = ?6",
            (
                company.to_i64(),
                payment.contract.to_i64(),
                payment.bill.to_i64(),
                payment.id.to_i64(),
                payment.bill_version,
                payment.amount.to_minor(),
            ),
            "a payment found no such unpaid bill",
        )?;
        let greatest = self.pending.get(&company).map_or(i64::MAX, |kept| kept.greatest_payment);
        self.find_free_payment(company, greatest.max(payment.id.to_i64()), counters)?;
        let key = payment.caller_key.as_ref();
        self.add_attempt(company, payment.collector, Operation::Pay, key, payment.id)
    }

    /// Moves the counter to the next id that no payment has; none has one beyond `greatest`.
    fn find_free_payment(
        &self,
        company: CompanyId,
        greatest: i64,
        counters: &mut Counters,
    ) -> Write {
        while counters.next_payment.to_i64() <= greatest
            && self.has_payment(company, counters.next_payment)?
        {
            counters.next_payment = counters.next_payment.checked_next().map_err(exhausted)?;
        }
        Ok(())
    }

    fn insert_payment(&self, company: CompanyId, payment: &Payment) -> Write {
        let place = &payment.place;
        self.run(
            "INSERT INTO payment (company_id, payment_id, collector_id, contract_key, \
             contract_code, member_name, bill_id, bill_version, period, amount_minor, \
             recorded_at_us, business_day, caller_reference, caller_key, branch, cashier, \
             terminal, means, collected_at, previous, issuer) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, \
             ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)",
            values![
                company.to_i64(),
                payment.id.to_i64(),
                payment.collector.to_i64(),
                payment.contract.to_i64(),
                payment.contract_code.as_str(),
                payment.member_name.as_str(),
                payment.bill.to_i64(),
                payment.bill_version,
                payment.period.to_yyyymm(),
                payment.amount.to_minor(),
                payment.recorded_at.as_microsecond(),
                payment.business_day.to_date().to_string(),
                payment.caller_reference.as_ref().map(Text::as_str),
                payment.caller_key.as_ref().map(CallerKey::as_str),
                place.branch.as_ref().map(Text::as_str),
                place.cashier.as_ref().map(Text::as_str),
                place.terminal.as_ref().map(Text::as_str),
                place.means.as_ref().map(Text::as_str),
                place.collected_at.map(|at| at.to_string()),
                payment.previous.map(PaymentId::to_i64),
                payment.issuer,
            ],
        )?;
        Ok(())
    }

    fn has_payment(&self, company: CompanyId, payment: PaymentId) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM payment WHERE company_id = ?1 AND payment_id = ?2";
        let key = (company.to_i64(), payment.to_i64());
        Ok(self.reads().one(sql, key, |_| Ok(()))?.is_some())
    }

    fn add_reversal(&self, company: CompanyId, reversal: &Reversal) -> Write {
        self.run(
            "INSERT INTO reversal (company_id, payment_id, collector_id, contract_key, bill_id, \
             amount_minor, recorded_at_us, business_day, reason, caller_key) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            (
                company.to_i64(),
                reversal.payment.to_i64(),
                reversal.collector.to_i64(),
                reversal.contract.to_i64(),
                reversal.bill.to_i64(),
                reversal.amount.to_minor(),
                reversal.recorded_at.as_microsecond(),
                reversal.business_day.to_date().to_string(),
                reversal.reason.as_ref().map(Text::as_str),
                reversal.caller_key.as_ref().map(CallerKey::as_str),
            ),
        )?;
        self.run_one(
            "UPDATE bill SET paid_by = NULL WHERE company_id = ?1 AND contract_key = ?2 \
             AND bill_id = ?3 AND paid_by = ?4",
            (
                company.to_i64(),
                reversal.contract.to_i64(),
                reversal.bill.to_i64(),
                reversal.payment.to_i64(),
            ),
            "a reversal found no paid bill",
        )?;
        let key = reversal.caller_key.as_ref();
        self.add_attempt(company, reversal.collector, Operation::Reverse, key, reversal.payment)
    }

    fn add_attempt(
        &self,
        company: CompanyId,
        collector: CollectorId,
        operation: Operation,
        key: Option<&CallerKey>,
        payment: PaymentId,
    ) -> Write {
        let Some(key) = key else { return Ok(()) };
        self.run(
            "INSERT INTO caller_key (company_id, collector_id, operation, caller_key, \
             payment_id) VALUES (?1, ?2, ?3, ?4, ?5)",
            (
                company.to_i64(),
                collector.to_i64(),
                operation.to_code(),
                key.as_str(),
                payment.to_i64(),
            ),
        )?;
        Ok(())
    }
}

/// Rows that one statement inserts.
const ROWS: usize = 50;

/// An insertion of rows of `len` columns each, with a place for every value.
fn insert_sql(insert: &str, rows: usize, len: usize) -> String {
    let row = |row: usize| {
        let places = (1..=len).map(|column| format!("?{}", row * len + column));
        format!("({})", places.collect::<Vec<_>>().join(","))
    };
    format!("{insert}{}", (0..rows).map(row).collect::<Vec<_>>().join(","))
}

fn bill_row(company: CompanyId, version: &BillVersion) -> [Value<'static>; 7] {
    [
        company.to_i64().into(),
        version.contract.to_i64().into(),
        version.bill.to_i64().into(),
        version.terms.period.to_yyyymm().into(),
        version.terms.amount.to_minor().into(),
        to_bill_code(version.terms.state).into(),
        version.number.into(),
    ]
}

fn version_row<'v>(
    company: CompanyId,
    version: &BillVersion,
    texts: &'v VersionTexts,
) -> [Value<'v>; 12] {
    let [company, contract, bill, period, amount, state, number] = bill_row(company, version);
    let text = |text: &'v Option<Box<RawValue>>| match text {
        Some(text) => Value::from(text.get()),
        None => Value::Null,
    };
    let replaced_by = version.replaced_by.map(BillId::to_i64);
    [
        company,
        contract,
        bill,
        period,
        amount,
        state,
        number,
        text(&texts.printed),
        text(&texts.revenue),
        version.source.file.to_i64().into(),
        i64::try_from(version.source.line).unwrap_or(i64::MAX).into(),
        replaced_by.into(),
    ]
}
