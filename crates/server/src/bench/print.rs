//! `bench print`: what a paper costs, and what a report of many collections costs beside the `csv` crate
//! writing the same rows as texts that are ready. All of it on one thread, without books.

use std::hint::black_box;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use ventanilla_documents::{DayHeading, DayReportFile, FileForm, Paper};
use ventanilla_domain::{DayTotals, Total};

use super::facts::{self, Collection, Paid};
use super::report::{Ratio, Report, Times, median};
use super::{BenchArgs, now};
use crate::config::from_count;
use crate::output;
use crate::problem::Problem;

/// The flags of the measurement.
#[derive(Debug, Args)]
pub(crate) struct PrintBenchArgs {
    /// Cobranzas del reporte, una de cada diez revertida: 100000 si falta
    #[arg(long, value_name = "N", default_value = "100000", value_parser = from_count)]
    rows: u32,
    /// Rondas de cada variante, alternadas: 7 si falta
    #[arg(long, value_name = "N", default_value = "7", value_parser = from_count)]
    rounds: u32,
}

/// Collections of the report where nobody says.
const ROWS: u32 = 100_000;

impl PrintBenchArgs {
    /// What it measures as a part of `bench all`: no more rows than there are bills.
    pub(super) fn within(args: &BenchArgs) -> Self {
        Self { rows: args.bills.unwrap_or(ROWS).min(ROWS), rounds: args.rounds }
    }

    pub(super) fn to_line(&self) -> String {
        let Self { rows, rounds } = self;
        format!("ventanilla bench print --rows {rows} --rounds {rounds}")
    }
}

/// A paper must be drawn within so many milliseconds.
const PAPER_MAX_MS: f64 = 3.0;
/// CSV must be written at least at such a part of the crate's speed.
const CSV_RATIO_MIN: f64 = 0.34;
/// Papers of a round; the round took what the one in the middle did.
const PAPERS: u32 = 101;

/// Measures, and adds what was found.
pub(super) fn run(args: &PrintBenchArgs, report: &mut Report) -> anyhow::Result<()> {
    papers(args, report)?;
    reports(args, report)
}

fn papers(args: &PrintBenchArgs, report: &mut Report) -> anyhow::Result<()> {
    let paid = facts::paid()?;
    let mut all = [
        (Paper::A4, Times::new("factura A4, 12 líneas y dos QR", Some(PAPER_MAX_MS))),
        (Paper::Roll, Times::new("la misma en rollo", Some(PAPER_MAX_MS))),
    ];
    for round in 0..args.rounds {
        for (paper, times) in &mut all {
            add(times, round, drawn(&paid, *paper));
        }
    }
    report.add_times(all.map(|(_, times)| times));
    Ok(())
}

/// What the paper in the middle took: whatever else runs on the machine delays only some.
fn drawn(paid: &Paid, paper: Paper) -> Duration {
    let took = || {
        let began = now();
        black_box(paid.invoice().to_pdf(paper));
        (now() - began).as_secs_f64()
    };
    // The first one warms up.
    took();
    let all: Vec<f64> = (0..PAPERS).map(|_| took()).collect();
    Duration::from_secs_f64(median(&all))
}

fn reports(args: &PrintBenchArgs, report: &mut Report) -> anyhow::Result<()> {
    output::tell(format_args!("Preparando un reporte de {} cobranzas …", args.rows));
    let day = Day::of(facts::collections(args.rows)?)?;
    let strings = day.to_strings()?;
    let mut anchor = Times::new("csv: las mismas filas, con los textos listos", None);
    let mut all = [
        (FileForm::Csv, Times::new("reporte CSV", None)),
        (FileForm::Xlsx, Times::new("reporte XLSX", None)),
        (FileForm::Pdf, Times::new("reporte PDF", None)),
    ];
    for round in 0..args.rounds {
        add(&mut anchor, round, timed(|| write_strings(&strings, io::sink()))?);
        for (form, times) in &mut all {
            add(times, round, timed(|| day.write(*form, io::sink()))?);
        }
    }
    let [csv, xlsx, pdf] = all.map(|(_, times)| times);
    let ratio = |name, this, least| Ratio::of_speed(name, this, &anchor, least);
    report.add_ratio(ratio("reporte CSV / csv", &csv, Some(CSV_RATIO_MIN)));
    report.add_ratio(ratio("reporte XLSX / csv", &xlsx, None));
    report.add_ratio(ratio("reporte PDF / csv", &pdf, None));
    report.add_times([anchor, csv, xlsx, pdf]);
    Ok(())
}

fn timed(write: impl FnOnce() -> io::Result<()>) -> io::Result<Duration> {
    let began = now();
    write()?;
    Ok(now() - began)
}

fn add(times: &mut Times, round: u32, took: Duration) {
    let (name, ms) = (times.name(), took.as_secs_f64() * 1e3);
    output::tell(format_args!("ronda {}: {name}: {ms:.2} ms", round + 1));
    times.add(took);
}

/// A day to report.
struct Day {
    heading: DayHeading,
    totals: DayTotals,
    collections: Vec<Collection>,
}

impl Day {
    fn of(collections: Vec<Collection>) -> anyhow::Result<Self> {
        let company = Arc::new(facts::company()?);
        let zero = Total::zero(company.currency);
        let mut amounts = collections.iter().map(|(payment, _)| payment.amount);
        let paid = amounts.try_fold(zero, Total::checked_add)?;
        let reversals = collections.iter().filter_map(|(_, reversal)| reversal.as_ref());
        let reversed = reversals.map(|by| by.amount).try_fold(zero, Total::checked_add)?;
        let totals = DayTotals { paid, reversed, net: paid.checked_sub(reversed)? };
        let (collector, day) = (facts::collector()?, facts::DAY);
        Ok(Self {
            heading: DayHeading { company, collector, day, logo: None },
            totals,
            collections,
        })
    }

    fn write(&self, form: FileForm, out: impl Write + Send) -> io::Result<()> {
        let mut file = DayReportFile::start(form, self.heading.clone(), self.totals, out)?;
        for (payment, reversal) in &self.collections {
            file.payment(payment, reversal.as_ref())?;
        }
        for (payment, reversal) in &self.collections {
            if let Some(reversal) = reversal {
                file.reversal(payment, reversal)?;
            }
        }
        file.finish()
    }

    /// The cells of the CSV, as they stand in it.
    fn to_strings(&self) -> anyhow::Result<Vec<csv::StringRecord>> {
        let mut ours = Vec::new();
        self.write(FileForm::Csv, &mut ours)?;
        let rows = ours.strip_prefix(MARK).unwrap_or(&ours);
        let mut reader =
            csv::ReaderBuilder::new().delimiter(b';').has_headers(false).from_reader(rows);
        let strings = reader.records().collect::<Result<Vec<_>, _>>()?;
        let mut theirs = Vec::new();
        write_strings(&strings, &mut theirs)?;
        if theirs != ours {
            return Err(Problem::store("la medición compara archivos que no son iguales"));
        }
        Ok(strings)
    }
}

/// What a file of UTF-8 begins with where a spreadsheet reads it.
const MARK: &[u8] = "\u{FEFF}".as_bytes();

/// The anchor: rows whose texts are ready, in the form of the report.
fn write_strings(strings: &[csv::StringRecord], mut out: impl Write) -> io::Result<()> {
    out.write_all(MARK)?;
    let mut form = csv::WriterBuilder::new();
    form.delimiter(b';').terminator(csv::Terminator::CRLF);
    let mut writer = form.from_writer(out);
    for record in strings {
        writer.write_record(record)?;
    }
    writer.flush()
}
