//! Books that go on from a backup: who could sign in can again, no number is given twice, and what
//! collectors did since comes back from their own reports. With the mirror of the books nothing is
//! missing: they go on where it ended.

mod plan;
mod problem;
mod reports;

use jiff::Timestamp;
use ventanilla_domain::{CompanyId, EntryNumber, Event, Label, RESTORATION_STEP, Restoration};
use ventanilla_store::{Counters, StoreError, Tx};

pub use reports::{CollectorReport, LoadRefusal, LoadedReport, ReportVerdict};

use crate::failure::damaged;
use crate::trail::OperatorAct;
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
}

impl Service {
    /// Lets the books go on from a backup, in one transaction: ends every token and session, so that
    /// none that was ended since lives again, and steps every company's numbers over those that were
    /// given since. `waived` are the collectors of which no report will be loaded.
    pub fn go_on_from_backup(
        &self,
        backed_up_at: Timestamp,
        restored_by: &Label,
        waived: &[(CompanyId, Label)],
    ) -> Result<Vec<RestoredCompany>, Failure<NoRefusal>> {
        let (restored_by, waived) = (restored_by.clone(), waived.to_vec());
        self.write_blocking(move |tx, now| {
            tx.end_all_sign_ins()?;
            let act = OperatorAct::by(&restored_by, What::ReportWaive);
            for (company, collector) in &waived {
                act.keep(tx, now, Some(*company), Subject::named(collector.as_str()))?;
            }
            let companies = tx.view().companies()?;
            let restored = companies
                .iter()
                .map(|company| step_over(tx, company.id, backed_up_at, &restored_by, now));
            restored.collect::<Result<_, StoreError>>().map(Ok)
        })
    }
}

impl Service {
    /// Lets the books go on from a backup and all that their mirror had beyond it, in one transaction:
    /// nothing was lost, so no number is stepped over. Ends every token and session, of which no mirror
    /// has any.
    pub fn go_on_from_mirror(
        &self,
        restored_by: &Label,
    ) -> Result<Vec<RestoredCompany>, Failure<NoRefusal>> {
        let act = OperatorAct::by(restored_by, What::Restore);
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
        }
    }
}

fn last_entry(counters: &Counters) -> Result<EntryNumber, StoreError> {
    let last = EntryNumber::from_i64(counters.next_entry.to_i64() - 1);
    last.map_err(|_range| damaged("books have no entry"))
}

fn step_over(
    tx: &mut Tx<'_>,
    company: CompanyId,
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
        step: RESTORATION_STEP,
        restored_by: restored_by.clone(),
    };
    tx.append(company, Event::BooksRestored(Box::new(restoration)), now)?;
    let act = OperatorAct::by(restored_by, What::Restore);
    act.keep(tx, now, Some(company), Subject::default())?;
    Ok(RestoredCompany::of(company, last_entry, &counters_of(tx, company)?))
}

fn counters_of(tx: &mut Tx<'_>, company: CompanyId) -> Result<Counters, StoreError> {
    tx.counters(company)?.ok_or_else(|| damaged("a company has no counters"))
}
