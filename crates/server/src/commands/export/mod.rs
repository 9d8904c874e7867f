//! `export`: what other systems and people read of the books. Payments and reversals by number, for
//! whoever keeps up with them; bills, members and payments as lists.

mod columns;
mod follow;
mod rows;

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::Date;
use ventanilla_domain::{BusinessDay, Company, CompanyId};
use ventanilla_service::{ExportRefusal, Failure, Service, Subject, What};

use super::by::ByArgs;
use super::import::from_number;
use super::target::Target;
use super::{from_company_id, from_day};
use crate::books::{Books, StoreArgs};
use crate::config::from_count;
use crate::log::LogArgs;
use crate::output::{self, counted};
use crate::problem::{Exit, Problem};

use columns::Column;
use rows::{Form, Rows};

/// Rows of one page. Each page is read over a snapshot of its own, which is let go before a row is
/// written: whoever reads slowly holds nothing up.
const PAGE_LEN: usize = 500;
/// How often the books are looked at for what is new.
const POLL: Duration = Duration::from_millis(500);

/// The commands under `export`.
#[derive(Debug, Subcommand)]
pub(crate) enum ExportCommand {
    /// Saca los cobros y las reversiones, numerados, para que otro sistema los siga
    Events(EventsArgs),
    /// Saca las facturas, con su estado y su cobro
    Bills(BillsArgs),
    /// Saca los socios y contratos, con las columnas de la importación
    Members(ExportArgs),
    /// Saca los cobros, con su reversión donde la hay
    Payments(PaymentsArgs),
}

/// The flags of every export.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// Número de la empresa; sobra donde hay una sola
    #[arg(long, value_name = "ID", value_parser = from_company_id)]
    company: Option<CompanyId>,
    /// Forma: csv o jsonl (un objeto JSON por línea); si falta, jsonl en events y csv en lo demás
    #[arg(long, value_name = "FORMA")]
    format: Option<Format>,
    /// CSV para una hoja de cálculo: «;», coma decimal y nada que corra como fórmula
    #[arg(long)]
    excel: bool,
    /// Archivo que se escribe, entero o nada; si falta, la salida estándar
    #[arg(long, value_name = "ARCHIVO")]
    output: Option<PathBuf>,
    #[command(flatten)]
    by: ByArgs,
    #[command(flatten)]
    store: StoreArgs,
}

/// The flags of `export events`.
#[derive(Debug, Args)]
pub(crate) struct EventsArgs {
    /// Último número que ya se procesó: salen los que siguen; 0 si falta
    #[arg(long, value_name = "N", default_value = "0", value_parser = from_number)]
    after: u64,
    /// Sigue sin terminar: escribe lo nuevo a medida que se guarda
    #[arg(long, conflicts_with = "output")]
    follow: bool,
    /// A lo sumo tantas líneas
    #[arg(long, value_name = "N", value_parser = from_count)]
    limit: Option<u32>,
    #[command(flatten)]
    export: ExportArgs,
}

/// The flags of `export bills`.
#[derive(Debug, Args)]
pub(crate) struct BillsArgs {
    /// Solo las que se deben
    #[arg(long)]
    unpaid: bool,
    /// Solo las columnas que toma la importación; lo pagado aquí va como pagado fuera
    #[arg(long)]
    for_import: bool,
    #[command(flatten)]
    export: ExportArgs,
}

/// The flags of `export payments`.
#[derive(Debug, Args)]
pub(crate) struct PaymentsArgs {
    /// Desde ese día contable, como 2021-11-05; si falta, desde el primero
    #[arg(long, value_name = "FECHA", value_parser = from_day)]
    from: Option<BusinessDay>,
    /// Hasta ese día contable, incluido; si falta, hasta el último
    #[arg(long, value_name = "FECHA", value_parser = from_day)]
    to: Option<BusinessDay>,
    #[command(flatten)]
    export: ExportArgs,
}

/// A form for other programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// CSV with `,`.
    Csv,
    /// An object a line.
    Jsonl,
}

/// Exports what was asked for.
pub(crate) fn run(command: ExportCommand, log: &LogArgs) -> anyhow::Result<Exit> {
    match command {
        ExportCommand::Events(args) => events(&args, log),
        ExportCommand::Bills(args) => bills(&args, log),
        ExportCommand::Members(args) => members(&args, log),
        ExportCommand::Payments(args) => payments(&args, log),
    }
}

fn events(args: &EventsArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let export = Export::start("events", &args.export, Format::Jsonl, log)?;
    let (service, company) = export.source();
    let page = move |after, len| service.events_after(company, after, len);
    let list = List {
        after: i64::try_from(args.after).unwrap_or(i64::MAX),
        len_max: args.limit.map_or(usize::MAX, |limit| limit as usize),
        ..List::whole(columns::events(), |row| row.number.to_i64(), page)
    };
    if args.follow { export.follow(list) } else { export.write(&list) }
}

fn bills(args: &BillsArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let export = Export::start("bills", &args.export, Format::Csv, log)?;
    let (service, company) = export.source();
    let unpaid_only = args.unpaid;
    let page = move |after, len| {
        if unpaid_only {
            service.unpaid_bills_after(company, after, len)
        } else {
            service.bills_after(company, after, len)
        }
    };
    let columns = if args.for_import { columns::bills_for_import() } else { columns::bills() };
    export.write(&List::whole(columns, |row| row.bill.id.to_i64(), page))
}

fn members(args: &ExportArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let export = Export::start("members", args, Format::Csv, log)?;
    let (service, company) = export.source();
    let page = move |after, len| service.members_after(company, after, len);
    export.write(&List::whole(columns::members(), |row| row.contract.key.to_i64(), page))
}

fn payments(args: &PaymentsArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let from = args.from.unwrap_or(BusinessDay::from_date(Date::MIN));
    let to = args.to.unwrap_or(BusinessDay::from_date(Date::MAX));
    if from > to {
        return Err(Problem::usage("--from es posterior a --to"));
    }
    let export = Export::start("payments", &args.export, Format::Csv, log)?;
    let (service, company) = export.source();
    let page = move |after, len| service.payments_after(company, &(from..=to), after, len);
    export.write(&List::whole(columns::payments(), |row| row.payment.id.to_i64(), page))
}

/// The rows to write.
struct List<T: 'static> {
    columns: Vec<Column<T>>,
    /// By which the rows are in order.
    number: fn(&T) -> i64,
    page: Box<Page<T>>,
    /// The number after which they start.
    after: i64,
    len_max: usize,
}

/// Reads the rows after a number, at most so many.
type Page<T> = dyn Fn(i64, usize) -> Result<Vec<T>, Failure<ExportRefusal>> + Send;

impl<T> List<T> {
    /// All the rows there are.
    fn whole(
        columns: Vec<Column<T>>,
        number: fn(&T) -> i64,
        page: impl Fn(i64, usize) -> Result<Vec<T>, Failure<ExportRefusal>> + Send + 'static,
    ) -> Self {
        Self { columns, number, page: Box::new(page), after: 0, len_max: usize::MAX }
    }
}

/// Why not all rows were written.
#[derive(Debug)]
enum Cut {
    Read(Failure<ExportRefusal>),
    Write(io::Error),
}

/// Writes a list and counts its rows. With `stopped` it goes on after the last one, until it hears
/// of an end.
fn copy<T>(
    list: &List<T>,
    rows: &mut Rows<impl Write>,
    stopped: Option<&Receiver<()>>,
) -> Result<usize, Cut> {
    let (mut after, mut count) = (list.after, 0);
    loop {
        let len = PAGE_LEN.min(list.len_max - count);
        let page = match (list.page)(after, len) {
            Ok(page) => page,
            // Whoever follows has time.
            Err(Failure::Unavailable) if stopped.is_some() => Vec::new(),
            Err(failure) => return Err(Cut::Read(failure)),
        };
        for row in &page {
            rows.write(list.columns.iter().map(|(_, cell)| cell(row))).map_err(Cut::Write)?;
            after = (list.number)(row);
        }
        rows.flush().map_err(Cut::Write)?;
        count += page.len();
        let is_end = page.len() < len;
        let has_enough = match stopped {
            None => is_end,
            Some(stopped) => {
                let pause = if is_end { POLL } else { Duration::ZERO };
                stopped.recv_timeout(pause) != Err(RecvTimeoutError::Timeout)
            }
        };
        if has_enough || count == list.len_max {
            return Ok(count);
        }
    }
}

/// An export: of which books, in what form, and where to.
struct Export<'a> {
    args: &'a ExportArgs,
    books: Books,
    company: Company,
    form: Form,
}

impl<'a> Export<'a> {
    /// Begins an export of that name, which the trail is told.
    fn start(
        name: &str,
        args: &'a ExportArgs,
        usual: Format,
        log: &LogArgs,
    ) -> anyhow::Result<Self> {
        if args.excel && args.format == Some(Format::Jsonl) {
            return Err(Problem::usage("--excel es CSV: no va junto con --format jsonl"));
        }
        let form = match args.format.unwrap_or(usual) {
            _ if args.excel => Form::Excel,
            Format::Csv => Form::Csv,
            Format::Jsonl => Form::JsonLines,
        };
        let books = Books::open_by(&args.by, &args.store, log)?;
        let company = books.company(args.company)?;
        books.service.note_operator(Some(company.id), What::Export, Subject::named(name));
        Ok(Self { args, books, company, form })
    }

    /// What the pages are read from.
    fn source(&self) -> (Service, CompanyId) {
        (self.books.service.clone(), self.company.id)
    }

    fn rows<T>(&self, list: &List<T>, target: &Target) -> Result<Rows<File>, Cut> {
        let names = list.columns.iter().map(|(name, _)| *name).collect();
        let out = target.to_out().map_err(Cut::Write)?;
        Rows::start(self.form, self.company.clone(), names, out).map_err(Cut::Write)
    }

    /// Writes the list once.
    fn write<T>(self, list: &List<T>) -> anyhow::Result<Exit> {
        let target = Target::open(self.args.output.as_deref())?;
        let written = self.rows(list, &target).and_then(|mut rows| copy(list, &mut rows, None));
        let kept = written.and_then(|count| target.keep().map(|()| count).map_err(Cut::Write));
        if let (Ok(count), Some(file)) = (&kept, &self.args.output) {
            let lines = counted(*count as u64, "línea", "líneas");
            output::tell(format_args!("{}: {lines}", file.display()));
        }
        self.end(kept.map(drop))
    }

    /// Writes the list and what is added to it.
    fn follow<T>(self, list: List<T>) -> anyhow::Result<Exit> {
        let target = Target::open(None)?;
        let rows = self.rows(&list, &target);
        let followed = rows.and_then(|rows| follow::follow(&self.books, list, rows));
        self.end(followed)
    }

    fn end(self, ended: Result<(), Cut>) -> anyhow::Result<Exit> {
        let told = match ended {
            Ok(()) => Ok(()),
            Err(Cut::Write(error)) => output::to_written(Err(error)),
            Err(Cut::Read(failure)) => Err(self.books.failed(failure, |refusal| match refusal {
                ExportRefusal::CompanyUnknown => {
                    Problem::usage("no hay ninguna empresa con ese número")
                }
            })),
        };
        self.books.close();
        told.map(|()| Exit::Done)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};
    use std::sync::mpsc;

    use ventanilla_documents::Cell;
    use ventanilla_domain::{Currency, Name, Policy, TimeZone};

    use super::*;

    /// The numbers from 1 to 1,200, of books that cannot be read at each second try.
    fn list() -> List<i64> {
        let tries = AtomicI64::new(0);
        let page = move |after: i64, len: usize| {
            if tries.fetch_add(1, Ordering::Relaxed) % 2 == 1 {
                return Err(Failure::Unavailable);
            }
            Ok((after + 1..=1_200).take(len).collect())
        };
        List::whole(vec![("numero", |number| Cell::Number(*number))], |number| *number, page)
    }

    fn copied(list: &List<i64>, stopped: Option<&Receiver<()>>) -> (Result<usize, Cut>, String) {
        let company = Company {
            id: CompanyId::from_i64(13).unwrap(),
            name: Name::from_text("Cooplan").unwrap(),
            currency: Currency::BOB,
            time_zone: TimeZone::from_name("America/La_Paz").unwrap(),
            policy: Policy::default(),
            issuer: 0,
        };
        let mut out = Vec::new();
        let mut rows = Rows::start(Form::JsonLines, company, vec!["numero"], &mut out).unwrap();
        let ended = copy(list, &mut rows, stopped);
        drop(rows);
        (ended, String::from_utf8(out).unwrap())
    }

    #[test]
    fn whoever_follows_waits_for_books_that_cannot_be_read() {
        let (ended, out) = copied(&list(), None);
        assert!(matches!(ended, Err(Cut::Read(Failure::Unavailable))), "{ended:?}");
        assert_eq!(out.lines().count(), PAGE_LEN, "what was read is written");
        let (_stop, stopped) = mpsc::channel();
        for (after, len_max) in [(0, 1_200), (199, 700), (1_199, 1)] {
            let list = List { after, len_max, ..list() };
            let (ended, out) = copied(&list, Some(&stopped));
            assert_eq!(ended.unwrap(), len_max);
            let numbers = (after + 1..).take(len_max);
            assert!(out.lines().eq(numbers.map(|number| format!("{{\"numero\":{number}}}"))));
        }
    }
}
