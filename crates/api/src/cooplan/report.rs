//! A day's report as a file (service 6 under `Accept`).

use std::io;

use axum::body::Body;
use ventanilla_documents::{DayHeading, DayReportFile, FileForm};
use ventanilla_domain::BusinessDay;
use ventanilla_service::{
    Caller, DayOpening, DayVisitor, Failure, NoRefusal, PaymentState, Service, VisitFailure,
};

use super::errors::{self, Problem, of_failure};
use super::operations::{File, Reply};
use super::wire::ReportFile;
use crate::http::spool::Spool;

/// Writes the calling collector's day, and hands it over once it is whole. Blocking.
pub(super) fn written(
    service: &Service,
    caller: &Caller,
    day: BusinessDay,
    file: ReportFile,
) -> Result<Reply, Problem> {
    let mut spool = Spool::default();
    let mut writing = Writing { form: file.form, out: Some(&mut spool), file: None };
    let session =
        service.session_as(caller).map_err(|failure| of_failure(failure, errors::of_none))?;
    session.visit_day(day, &mut writing).map_err(to_problem)?;
    // What is left to be done needs the books no more.
    drop(session);
    let body = writing.finish().and_then(|()| spool.into_body());
    let body: Body = body.map_err(|error| to_problem(VisitFailure::Visitor(error)))?;
    let name = format!("cobranzas-{}.{}", day.to_date(), file.ending);
    let file = Some(File { media_type: file.media_type, name });
    Ok(Reply { body, file, is_replay: false })
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

/// A report that begins with its heading.
struct Writing<'s> {
    form: FileForm,
    out: Option<&'s mut Spool>,
    file: Option<DayReportFile<&'s mut Spool>>,
}

impl Writing<'_> {
    fn file(&mut self) -> io::Result<&mut DayReportFile<impl io::Write + Send>> {
        self.file.as_mut().ok_or_else(not_opened)
    }

    fn finish(self) -> io::Result<()> {
        self.file.ok_or_else(not_opened)?.finish()
    }
}

fn not_opened() -> io::Error {
    io::Error::other("a day has no heading")
}

impl DayVisitor for Writing<'_> {
    type Error = io::Error;

    fn open(&mut self, opening: &DayOpening) -> io::Result<()> {
        let DayOpening { company, collector, day, totals } = opening.clone();
        let out = self.out.take().ok_or_else(|| io::Error::other("a day has two headings"))?;
        let heading = DayHeading { company, collector, day };
        self.file = Some(DayReportFile::start(self.form, heading, totals, out)?);
        Ok(())
    }

    fn payment(&mut self, state: PaymentState) -> io::Result<()> {
        self.file()?.payment(&state.payment, state.reversal.as_ref())
    }

    fn reversal(&mut self, state: PaymentState) -> io::Result<()> {
        let reversal = state.reversal.ok_or_else(|| io::Error::other("a reversal is none"))?;
        self.file()?.reversal(&state.payment, &reversal)
    }
}
