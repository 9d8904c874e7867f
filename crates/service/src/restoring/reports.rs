//! What collectors' reports say was done since the backup: read, decided together, and kept whole or
//! not at all.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use ventanilla_domain::{CollectorId, Company, CompanyId, Event, Total, instant_at};
use ventanilla_store::{StoreError, Tx};

use super::plan::{Act, Deed, Plan, Planned};
use super::problem::ReportProblem;
use crate::admin::without_rules;
use crate::collecting::{Decided, company_of};
use crate::import::{ImportRefusal, ReportedRows, Source, Verdict, scan};
use crate::{Failure, Service, Subject, What};

/// A collector's report of what it did since the backup.
pub struct CollectorReport<'s> {
    /// Whose it is.
    pub collector: CollectorId,
    /// CSV or JSON lines, as a collector downloads it or with a few columns of it.
    pub source: &'s mut dyn Source,
}

impl fmt::Debug for CollectorReport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CollectorReport")
            .field("collector", &self.collector)
            .finish_non_exhaustive()
    }
}

/// Why a line of a report was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportVerdict {
    /// Which report, from 0.
    pub report: usize,
    /// The line, and why.
    pub verdict: Verdict,
}

/// What came of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadedReport {
    /// Payments that came back, and what they add up to.
    pub payments: Total,
    /// Reversals that came back.
    pub reversals: u64,
    /// Payments and reversals that were there already.
    pub known: u64,
    /// Lines that were left out.
    pub refused: u64,
}

/// Why nothing of any report was kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadRefusal {
    /// No company of that id.
    #[error("no such company")]
    CompanyUnknown,
    /// The company's books never went on from a backup: nothing was lost.
    #[error("the books were never restored")]
    NeverRestored,
    /// A report cannot be read as a whole.
    #[error("report {} cannot be read: {}", .0.report, .0.verdict.message)]
    Unreadable(ReportVerdict),
    /// These lines cannot be taken.
    #[error("{} bad lines", .0.len())]
    BadLines(Vec<ReportVerdict>),
}

/// The rows of all reports, and what is wrong with the others.
struct Read {
    acts: Vec<Act>,
    bad: Vec<ReportVerdict>,
}

impl Service {
    /// Brings back what a company's collectors did since the backup from which its books went on, each
    /// payment under its own `IdCobranza`: all of it, or nothing where a line is bad and `skip_bad` does
    /// not leave it out. What is known already is compared. Blocking.
    ///
    /// Refusals in order: an unknown company, books that were never restored, a report that cannot be
    /// read, bad lines. Answers what came of each report, and the lines left out.
    pub fn load_reports(
        &self,
        company: CompanyId,
        reports: &mut [CollectorReport<'_>],
        skip_bad: bool,
    ) -> Result<(Vec<LoadedReport>, Vec<ReportVerdict>), Failure<LoadRefusal>> {
        let (company, restorations) = self.read_decided(|view| {
            let Some(company) = view.company(company)? else {
                return Ok(Err(LoadRefusal::CompanyUnknown));
            };
            match view.restorations(company.id)? {
                none if none.is_empty() => Ok(Err(LoadRefusal::NeverRestored)),
                restorations => {
                    let restorations = restorations.into_iter().map(|(_, restoration)| restoration);
                    Ok(Ok((company, restorations.collect::<Vec<_>>())))
                }
            }
        })?;
        let read = read(&company, reports).map_err(Failure::Refused)?;
        let (read, count) = (Arc::new(read), reports.len());
        let restorations = Arc::new(restorations);
        let collectors: Vec<_> = reports.iter().map(|report| report.collector).collect();
        let act = self.operator_act(What::ReportLoad);
        self.write_blocking(move |tx, now| {
            let lenient = without_rules(company_of(tx, company.id)?.as_ref());
            let mut plan = Plan::new(&lenient, &restorations, now);
            plan.decide_all(&tx.view(), &read.acts)?;
            let mut bad = read.bad.clone();
            bad.append(&mut plan.bad);
            bad.sort_by_key(|bad| (bad.report, bad.verdict.line));
            if !bad.is_empty() && !skip_bad {
                return Ok(Err(LoadRefusal::BadLines(bad)));
            }
            for collector in &collectors {
                let named = tx.view().collector(*collector)?.map(|record| record.name.to_string());
                let subject = Subject { name: named, ..Subject::default() };
                act.keep(tx, now, Some(company.id), subject)?;
            }
            keep(tx, &lenient, plan, bad, count, now)
        })
    }
}

fn keep(
    tx: &mut Tx<'_>,
    company: &Company,
    plan: Plan<'_>,
    bad: Vec<ReportVerdict>,
    count: usize,
    now: Timestamp,
) -> Decided<(Vec<LoadedReport>, Vec<ReportVerdict>), LoadRefusal> {
    let zero = LoadedReport {
        payments: Total::zero(company.currency),
        reversals: 0,
        known: 0,
        refused: 0,
    };
    let mut loaded = vec![zero; count];
    for (report, planned) in plan.planned {
        let told = &mut loaded[report];
        match planned {
            Planned::Known => told.known += 1,
            Planned::Again => {}
            Planned::Payment(payment) => {
                told.payments = told.payments.checked_add(payment.amount).map_err(too_much)?;
                tx.append(company.id, Event::PaymentMade(payment), now)?;
            }
            Planned::Reversal(reversal) => {
                told.reversals += 1;
                tx.append(company.id, Event::PaymentReversed(reversal), now)?;
            }
        }
    }
    let mut last = None;
    for line in &bad {
        let this = Some((line.report, line.verdict.line));
        loaded[line.report].refused += u64::from(this != last);
        last = this;
    }
    Ok(Ok((loaded, bad)))
}

fn too_much(cause: ventanilla_domain::MoneyError) -> StoreError {
    StoreError::Damaged { what: "what a report adds up to does not fit", cause: Some(cause.into()) }
}

fn read(company: &Company, reports: &mut [CollectorReport<'_>]) -> Result<Read, LoadRefusal> {
    let mut found = Read { acts: Vec::new(), bad: Vec::new() };
    for (report, given) in reports.iter_mut().enumerate() {
        let read = read_report(company, report, given, &mut found);
        read.map_err(|refusal| match refusal {
            ImportRefusal::Unreadable(verdict) => {
                LoadRefusal::Unreadable(ReportVerdict { report, verdict })
            }
            other => LoadRefusal::Unreadable(ReportVerdict {
                report,
                verdict: Verdict { line: 1, column: None, message: other.to_string() },
            }),
        })?;
    }
    // As they happened: a bill that was reversed is paid again afterwards, perhaps by somebody else. In
    // one second it is reversed before its next payment, which has a greater id.
    found.acts.sort_by_key(|act| (act.at, act.row.payment, act.deed));
    Ok(found)
}

fn read_report(
    company: &Company,
    report: usize,
    given: &mut CollectorReport<'_>,
    found: &mut Read,
) -> Result<(), ImportRefusal> {
    let scan = scan(given.source)?;
    for row in ReportedRows::new(given.source, &scan, company.currency)? {
        let (line, row) = match row? {
            (line, Ok(row)) => (line, Arc::new(row)),
            (_, Err(verdicts)) => {
                let bad = verdicts.into_iter().map(|verdict| ReportVerdict { report, verdict });
                found.bad.extend(bad);
                continue;
            }
        };
        let at = |civil| instant_at(company, civil);
        let act = |deed, at| Act {
            report,
            line,
            collector: given.collector,
            deed,
            at,
            row: Arc::clone(&row),
        };
        if row.is_payment {
            found.acts.push(act(Deed::Payment, at(row.paid_at)));
        }
        if let Some(reversed_at) = row.reversed_at {
            found.acts.push(act(Deed::Reversal, at(reversed_at)));
        }
    }
    Ok(())
}

impl ReportVerdict {
    pub(super) fn of(act: &Act, problem: ReportProblem) -> Self {
        let column = problem.column().unwrap_or(match (act.deed, problem) {
            (Deed::Payment, ReportProblem::Later) => "FechaPagoEmpresa",
            (Deed::Payment, _) => "IdCobranza",
            (Deed::Reversal, _) => "FechaReversion",
        });
        let message = problem.to_string();
        let verdict = Verdict { line: act.line, column: Some(column), message };
        Self { report: act.report, verdict }
    }
}
