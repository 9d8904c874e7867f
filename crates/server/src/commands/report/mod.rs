//! `report`: the day of a collector, as `reportecobranzas` tells it.

mod json;

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use ventanilla_documents::{DayHeading, DayReportFile, FileForm};
use ventanilla_domain::{BusinessDay, Company, CompanyId, DayTotals, Label};
use ventanilla_service::{
    DayOpening, DayRefusal, DayVisitor, Failure, PaymentState, Subject, VisitFailure, What,
};

use super::by::ByArgs;
use super::target::{self, Target};
use super::{from_company_id, from_day, from_text};
use crate::books::{Books, StoreArgs};
use crate::log::LogArgs;
use crate::output::{self, counted};
use crate::problem::{Exit, Problem};
use json::JsonReport;

/// The flags of `report`.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// Número de la empresa; sobra donde hay una sola
    #[arg(long, value_name = "ID", value_parser = from_company_id)]
    company: Option<CompanyId>,
    /// Nombre del recaudador, como lo muestra «collector list»
    #[arg(long, value_name = "NOMBRE", value_parser = from_text::<64>)]
    collector: Label,
    /// Día contable, como 2021-11-05
    #[arg(long, value_name = "FECHA", value_parser = from_day)]
    date: BusinessDay,
    /// Forma: csv (para una hoja de cálculo), xlsx, pdf, o json (el «reporte» de reportecobranzas)
    #[arg(long, value_name = "FORMA")]
    format: Form,
    /// Archivo que se escribe, entero o nada; si falta, la salida estándar
    #[arg(long, value_name = "ARCHIVO")]
    output: Option<PathBuf>,
    #[command(flatten)]
    by: ByArgs,
    #[command(flatten)]
    store: StoreArgs,
}

/// What a report is given as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    Csv,
    Xlsx,
    Pdf,
    Json,
}

impl Form {
    /// The kind of file; JSON is none of them.
    const fn to_file(self) -> Option<FileForm> {
        match self {
            Self::Csv => Some(FileForm::Csv),
            Self::Xlsx => Some(FileForm::Xlsx),
            Self::Pdf => Some(FileForm::Pdf),
            Self::Json => None,
        }
    }
}

/// Writes the report of a day.
pub(crate) fn run(args: &ReportArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let file = args.output.as_deref();
    match args.format {
        Form::Csv | Form::Json => {}
        Form::Xlsx => target::require_no_terminal(file, "un libro de Excel")?,
        Form::Pdf => target::require_no_terminal(file, "un PDF")?,
    }
    let books = Books::open_by(&args.by, &args.store, log)?;
    let company = books.company(args.company)?;
    let target = Target::open_held(file)?;
    let written = write(&books, args, &company, &target);
    let kept = written.and_then(|totals| {
        target.keep().map_err(VisitFailure::Visitor)?;
        Ok(totals)
    });
    let told = match (&kept, file) {
        (Ok(totals), Some(file)) => Some(format!("{}: {}", file.display(), to_counts(totals))),
        _ => None,
    };
    let ended = kept.map(drop).or_else(|stopped| match stopped {
        VisitFailure::Visitor(error) => output::to_written(Err(error)),
        VisitFailure::Books(failure) => Err(unread(&books, failure)),
    });
    if ended.is_ok() {
        let subject = Subject { day: Some(args.date), ..Subject::named(args.collector.as_str()) };
        books.service.note_operator(Some(company.id), What::Report, subject);
    }
    books.close();
    ended?;
    told.iter().for_each(output::tell);
    Ok(Exit::Done)
}

fn unread(books: &Books, failure: Failure<DayRefusal>) -> anyhow::Error {
    books.failed(failure, |refusal| {
        Problem::usage(match refusal {
            DayRefusal::CompanyUnknown => "no hay ninguna empresa con ese número",
            DayRefusal::CollectorUnknown => {
                "no hay ningún recaudador con ese nombre; vea «ventanilla collector list»"
            }
        })
    })
}

fn to_counts(totals: &DayTotals) -> String {
    let count = |count: i64, one, many| counted(count.unsigned_abs(), one, many);
    let paid = count(totals.paid.count, "cobranza", "cobranzas");
    format!("{paid}, {}", count(totals.reversed.count, "reversión", "reversiones"))
}

/// Writes the day as it is read, in no more memory than a row takes.
fn write(
    books: &Books,
    args: &ReportArgs,
    company: &Company,
    target: &Target,
) -> Result<DayTotals, VisitFailure<DayRefusal, io::Error>> {
    let out = BufWriter::new(target.to_out().map_err(VisitFailure::Visitor)?);
    let mut writer = Writer { form: args.format, out: Some(out), begun: None };
    books.service.visit_day(company.id, args.collector.as_str(), args.date, &mut writer)?;
    writer.finish().map_err(VisitFailure::Visitor)
}

/// Takes the day row by row.
struct Writer {
    form: Form,
    /// Until the day is opened.
    out: Option<BufWriter<File>>,
    /// From then on.
    begun: Option<(Report, DayTotals)>,
}

enum Report {
    File(Box<DayReportFile<BufWriter<File>>>),
    Json(JsonReport<BufWriter<File>>),
}

/// What the books keep: a day is opened once, before its rows.
const OPENED: &str = "a day is opened once, before its rows";

impl Writer {
    fn report(&mut self) -> &mut Report {
        &mut self.begun.as_mut().expect(OPENED).0
    }

    /// Ends the report, and tells what it comes to.
    fn finish(self) -> io::Result<DayTotals> {
        let (report, totals) = self.begun.expect(OPENED);
        match report {
            Report::File(file) => file.finish()?,
            Report::Json(json) => json.finish()?,
        }
        Ok(totals)
    }
}

impl DayVisitor for Writer {
    type Error = io::Error;

    fn open(&mut self, opening: &DayOpening) -> io::Result<()> {
        let out = self.out.take().expect(OPENED);
        let DayOpening { company, collector, day, totals, logo } = opening.clone();
        let report = if let Some(form) = self.form.to_file() {
            let heading = DayHeading { company, collector, day, logo };
            Report::File(Box::new(DayReportFile::start(form, heading, totals, out)?))
        } else {
            Report::Json(JsonReport::start(company, day, totals, out)?)
        };
        self.begun = Some((report, totals));
        Ok(())
    }

    fn payment(&mut self, state: PaymentState) -> io::Result<()> {
        let PaymentState { payment, reversal } = &state;
        match self.report() {
            Report::File(file) => file.payment(payment, reversal.as_ref()),
            Report::Json(json) => json.payment(payment, reversal.as_ref()),
        }
    }

    fn reversal(&mut self, reversed: PaymentState) -> io::Result<()> {
        let PaymentState { payment, reversal } = &reversed;
        let reversal = reversal.as_ref().expect("a reversal of the day comes with itself");
        match self.report() {
            Report::File(file) => file.reversal(payment, reversal),
            Report::Json(json) => json.reversal(payment, reversal),
        }
    }
}
