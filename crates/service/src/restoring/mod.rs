//! Books that go on from a backup: who could sign in can again, no number is given twice, and what
//! collectors did since comes back from their own reports. With the mirror of the books nothing is
//! missing: they go on where it ended.

mod plan;
mod problem;
mod reports;

use std::collections::BTreeMap;

use jiff::Timestamp;
use ventanilla_domain::{CompanyId, EntryNumber, Event, Label, RESTORATION_STEP, Restoration};
use ventanilla_store::{Counters, StoreError, Tx};

pub use reports::{CollectorReport, LoadRefusal, LoadedReport, ReportVerdict};

use crate::failure::damaged;
use crate::trail::StaffAct;
use crate::{Failure, NoRefusal, Service, Subject, What};

/// A company whose books went on from a backup, or from it and the mirror.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoredCompany {
    /// Whose books.
    pub company: CompanyId,
    /// The last entry that they had.
    pub last_entry: EntryNumber,
    /// The next `IdCobranza`.
    pub next_payment: i64,
    /// The next number of an exported event.
    pub next_event: i64,
    /// The next `idPago`.
    pub next_payout: i64,
    /// The next `idFactura` of a supplier's invoice.
    pub next_invoice: i64,
    /// The next `idProveedor`.
    pub next_supplier: i64,
    /// The next number of a receipt of the window.
    pub next_receipt: i64,
    /// The next number of a cashier's drawer.
    pub next_drawer: i64,
    /// The next number of a remittance.
    pub next_remittance: i64,
}

impl Service {
    /// Lets the books go on from a backup, in one transaction: ends every token and session, so that
    /// none that was ended since lives again, and steps every company's numbers over those that were
    /// given since. `waived` are the collectors of which no report will be loaded; `displaced` how far
    /// books went that these take the place of, as those of an earlier restoration of the same backup,
    /// whose numbers are stepped over too.
    pub fn go_on_from_backup(
        &self,
        backed_up_at: Timestamp,
        restored_by: &Label,
        waived: &[(CompanyId, Label)],
        displaced: &BTreeMap<CompanyId, Counters>,
    ) -> Result<Vec<RestoredCompany>, Failure<NoRefusal>> {
        let (restored_by, waived) = (restored_by.clone(), waived.to_vec());
        let displaced = displaced.clone();
        self.write_blocking(move |tx, now| {
            tx.end_all_sign_ins()?;
            let act = StaffAct::by(&restored_by, What::ReportWaive);
            for (company, collector) in &waived {
                act.keep(tx, now, Some(*company), Subject::named(collector.as_str()))?;
            }
            let companies = tx.view().companies()?;
            let companies: Vec<_> = companies.iter().map(|company| company.id).collect();
            let step = step_of(tx, &companies, &displaced)?;
            let restored = companies
                .iter()
                .map(|company| step_over(tx, *company, step, backed_up_at, &restored_by, now));
            restored.collect::<Result<_, StoreError>>().map(Ok)
        })
    }

    /// Lets the books go on from a backup and all that their mirror had beyond it, in one transaction:
    /// nothing was lost, so no number is stepped over. Ends every token and session, of which no mirror
    /// has any.
    pub fn go_on_from_mirror(
        &self,
        restored_by: &Label,
    ) -> Result<Vec<RestoredCompany>, Failure<NoRefusal>> {
        let act = StaffAct::by(restored_by, What::Restore);
        self.write_blocking(move |tx, now| {
            tx.end_all_sign_ins()?;
            let companies = tx.view().companies()?;
            let resumed = companies.iter().map(|company| {
                let id = company.id;
                act.keep(tx, now, Some(id), Subject::default())?;
                let counters = counters_of(tx, id)?;
                Ok(RestoredCompany::of(id, last_entry(&counters)?, &counters))
            });
            resumed.collect::<Result<_, StoreError>>().map(Ok)
        })
    }
}

impl RestoredCompany {
    fn of(company: CompanyId, last_entry: EntryNumber, next: &Counters) -> Self {
        Self {
            company,
            last_entry,
            next_payment: next.next_payment.to_i64(),
            next_event: next.next_event.to_i64(),
            next_payout: next.next_payout.to_i64(),
            next_invoice: next.next_invoice.to_i64(),
            next_supplier: next.next_supplier.to_i64(),
            next_receipt: next.next_receipt.to_i64(),
            next_drawer: next.next_drawer.to_i64(),
            next_remittance: next.next_remittance.to_i64(),
        }
    }
}

fn last_entry(counters: &Counters) -> Result<EntryNumber, StoreError> {
    let last = EntryNumber::from_i64(counters.next_entry.to_i64() - 1);
    last.map_err(|_range| damaged("books have no entry"))
}

/// By how much all numbers step: what books that are displaced were ahead in any series of any company,
/// and the step of every restoration.
fn step_of(
    tx: &mut Tx<'_>,
    companies: &[CompanyId],
    displaced: &BTreeMap<CompanyId, Counters>,
) -> Result<u32, StoreError> {
    let mut lead = 0;
    for company in companies {
        if let Some(displaced) = displaced.get(company) {
            lead = lead.max(lead_over(displaced, &counters_of(tx, *company)?));
        }
    }
    let step = u32::try_from(lead).ok().and_then(|lead| lead.checked_add(RESTORATION_STEP));
    step.ok_or_else(|| damaged("displaced books are too far ahead to step over their numbers"))
}

/// By how much one of the series whose numbers others are told is ahead at most; 0 where none is.
fn lead_over(ahead: &Counters, behind: &Counters) -> i64 {
    let [ahead, behind] = [ahead, behind].map(|next| {
        [
            next.next_payment.to_i64(),
            next.next_event.to_i64(),
            next.next_payout.to_i64(),
            next.next_invoice.to_i64(),
            next.next_supplier.to_i64(),
            next.next_receipt.to_i64(),
            next.next_drawer.to_i64(),
            next.next_remittance.to_i64(),
        ]
    });
    let leads = ahead.iter().zip(behind).map(|(ahead, behind)| ahead.saturating_sub(behind));
    leads.fold(0, i64::max)
}

fn step_over(
    tx: &mut Tx<'_>,
    company: CompanyId,
    step: u32,
    backed_up_at: Timestamp,
    restored_by: &Label,
    now: Timestamp,
) -> Result<RestoredCompany, StoreError> {
    let before = counters_of(tx, company)?;
    let last_entry = last_entry(&before)?;
    let restoration = Restoration {
        backed_up_at,
        last_entry,
        next_payment: before.next_payment,
        step,
        restored_by: restored_by.clone(),
    };
    tx.append(company, Event::BooksRestored(Box::new(restoration)), now)?;
    let act = StaffAct::by(restored_by, What::Restore);
    act.keep(tx, now, Some(company), Subject::default())?;
    Ok(RestoredCompany::of(company, last_entry, &counters_of(tx, company)?))
}

fn counters_of(tx: &mut Tx<'_>, company: CompanyId) -> Result<Counters, StoreError> {
    tx.counters(company)?.ok_or_else(|| damaged("a company has no counters"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ventanilla_domain::{
        ContractKey, DrawerId, EventNumber, FileId, MemberId, PaymentId, PayoutId,
        PurchaseInvoiceId, ReceiptId, RemittanceId, SupplierId,
    };

    /// Counters whose series of numbers that others are told are these.
    fn counters(series: [i64; 8]) -> Counters {
        let [payment, event, payout, invoice, supplier, receipt, drawer, remittance] = series;
        Counters {
            next_payment: PaymentId::from_i64(payment).unwrap(),
            next_member: MemberId::FIRST,
            next_contract: ContractKey::FIRST,
            next_file: FileId::FIRST,
            next_entry: EntryNumber::FIRST,
            next_event: EventNumber::from_i64(event).unwrap(),
            next_supplier: SupplierId::from_i64(supplier).unwrap(),
            next_invoice: PurchaseInvoiceId::from_i64(invoice).unwrap(),
            next_payout: PayoutId::from_i64(payout).unwrap(),
            payable_entries: 0,
            next_receipt: ReceiptId::from_i64(receipt).unwrap(),
            next_drawer: DrawerId::from_i64(drawer).unwrap(),
            next_remittance: RemittanceId::from_i64(remittance).unwrap(),
            window_entries: 0,
            chain: [0; 32],
        }
    }

    #[test]
    fn the_lead_is_that_of_the_series_which_is_ahead_most() {
        let behind = counters([5; 8]);
        for (ahead, lead) in [
            ([5; 8], 0),
            ([1; 8], 0),
            ([9, 5, 5, 5, 5, 5, 5, 5], 4),
            ([5, 9, 5, 5, 5, 5, 5, 5], 4),
            ([1, 1, 9, 1, 1, 1, 1, 1], 4),
            ([5, 5, 5, 9, 6, 5, 5, 5], 4),
            ([5, 5, 5, 5, 5, 9, 1, 1], 4),
            ([5, 5, 5, 5, 5, 1, 9, 1], 4),
            ([5, 5, 5, 5, 5, 1, 1, 9], 4),
            ([6, 7, 8, 9, 10, 1, 1, 1], 5),
        ] {
            assert_eq!(lead_over(&counters(ahead), &behind), lead, "{ahead:?}");
        }
    }
}
