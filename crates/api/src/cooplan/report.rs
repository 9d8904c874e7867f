//! A day's report, written row by row: as the envelope, or as a file (service 6).

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use ventanilla_documents::{DayHeading, DayReportFile};
use ventanilla_domain::{BusinessDay, Company, DayTotals};
use ventanilla_service::{
    Caller, DayOpening, DayVisitor, Failure, NoRefusal, PaymentState, Service, VisitFailure,
};
use ventanilla_spool::{Spool, Spools};

use super::convert::{self, IsoDate};
use super::errors::{self, Problem, of_failure};
use super::operations::{File, Reply};
use super::wire::{ReportEnvelope, ReportFile};

/// Where days wait to be sent: the file of a large day takes some 30 MB of the disk.
static FILES: Spools = Spools::new(64, Duration::from_mins(5));

/// Writes the calling collector's day, and hands it over once it is whole: as the envelope, or as the
/// file that is wanted. Blocking.
pub(super) fn written(
    service: &Service,
    caller: &Caller,
    day: BusinessDay,
    wanted: Option<ReportFile>,
) -> Result<Reply, Problem> {
    // Others read theirs: this one may come later.
    let unavailable = || of_failure(Failure::Unavailable, errors::of_none);
    let mut spool = FILES.begin().ok_or_else(unavailable)?;
    let mut report = Report { wanted, out: Some(&mut spool), begun: None };
    let session = service.session_as(caller);
    let session = session.map_err(|failure| of_failure(failure, errors::of_none))?;
    session.visit_day(day, &mut report).map_err(to_problem)?;
    // What is left to be done needs the books no more.
    drop(session);
    let body = report.finish().and_then(|()| spool.into_body());
    let body: Body = body.map_err(|error| to_problem(VisitFailure::Visitor(error)))?;
    let file = wanted.map(|file| File {
        media_type: file.media_type,
        name: format!("cobranzas-{}.{}", day.to_date(), file.ending),
    });
    Ok(Reply { body, file, is_replay: false, issued_to: None })
}

/// A full disk here is no defect: the caller may try again.
fn to_problem(failure: VisitFailure<NoRefusal, io::Error>) -> Problem {
    let failure = match failure {
        VisitFailure::Books(failure) => failure,
        VisitFailure::Visitor(error) => {
            tracing::warn!(%error, "a report could not be written");
            Failure::Unavailable
        }
    };
    of_failure(failure, errors::of_none)
}

/// A report that begins with the day's opening.
struct Report<'s> {
    wanted: Option<ReportFile>,
    out: Option<&'s mut Spool>,
    begun: Option<Begun<'s>>,
}

enum Begun<'s> {
    Envelope(ReportEnvelope<&'s mut Spool>, Arc<Company>, DayTotals),
    File(Box<DayReportFile<&'s mut Spool>>),
}

impl<'s> Report<'s> {
    fn begun(&mut self) -> io::Result<&mut Begun<'s>> {
        self.begun.as_mut().ok_or_else(not_opened)
    }

    fn finish(self) -> io::Result<()> {
        match self.begun.ok_or_else(not_opened)? {
            Begun::Envelope(envelope, _, totals) => envelope.finish(&convert::totals(&totals)),
            Begun::File(file) => file.finish(),
        }
    }
}

fn not_opened() -> io::Error {
    io::Error::other("a day was not opened")
}

impl DayVisitor for Report<'_> {
    type Error = io::Error;

    fn open(&mut self, opening: &DayOpening) -> io::Result<()> {
        let DayOpening { company, collector, day, totals, logo } = opening.clone();
        let out = self.out.take().ok_or_else(|| io::Error::other("a day was opened twice"))?;
        self.begun = Some(match self.wanted {
            None => Begun::Envelope(ReportEnvelope::start(out, IsoDate(day))?, company, totals),
            Some(file) => {
                let heading = DayHeading { company, collector, day, logo };
                Begun::File(Box::new(DayReportFile::start(file.form, heading, totals, out)?))
            }
        });
        Ok(())
    }

    fn payment(&mut self, state: PaymentState) -> io::Result<()> {
        match self.begun()? {
            Begun::Envelope(envelope, company, _) => {
                envelope.payment(&convert::payment_row(company, &state))
            }
            Begun::File(file) => file.payment(&state.payment, state.reversal.as_ref()),
        }
    }

    fn reversal(&mut self, state: PaymentState) -> io::Result<()> {
        match (self.begun()?, &state.reversal) {
            (Begun::Envelope(envelope, company, _), _) => {
                envelope.reversal(&convert::payment_row(company, &state))
            }
            (Begun::File(file), Some(reversal)) => file.reversal(&state.payment, reversal),
            (Begun::File(_), None) => Err(io::Error::other("a reversal is none")),
        }
    }
}
