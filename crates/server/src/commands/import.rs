//! `import`: the biller's members and bills from CSV files.

use std::fs::File;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use ventanilla_domain::{CompanyId, Currency, FileKind, Label, Money, Name};
use ventanilla_service::Failure;
use ventanilla_service::import::{ImportRefusal, ImportRequest, News, Phase, Summary, Verdict};

use super::from_company_id;
use crate::books::{Books, StoreArgs};
use crate::log::LogArgs;
use crate::output;
use crate::problem::{self, Exit, Problem, to_reason};

/// The commands under `import`.
#[derive(Debug, Subcommand)]
pub(crate) enum ImportCommand {
    /// Carga socios y contratos: contrato,nombre y columnas optativas
    Members(ImportArgs),
    /// Carga facturas: factura,contrato,periodo,monto y columnas optativas
    Bills(ImportArgs),
}

/// The flags of both imports.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Archivo CSV, con «,» o «;», en UTF-8 o Windows-1252
    #[arg(value_name = "ARCHIVO")]
    file: PathBuf,
    /// Número de la empresa; sobra donde hay una sola
    #[arg(long, value_name = "ID", value_parser = from_company_id)]
    company: Option<CompanyId>,
    /// Revisa y cuenta, sin guardar nada
    #[arg(long)]
    dry_run: bool,
    /// Deja fuera las líneas malas en vez de rechazar el archivo
    #[arg(long)]
    skip_bad: bool,
    /// Responde con un objeto JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArgs,
}

/// Who imports, as the file's record says.
const IMPORTED_BY: &str = "ventanilla import";

/// Imports a file and tells what came of it.
pub(crate) fn run(command: ImportCommand, log: &LogArgs) -> anyhow::Result<Exit> {
    let (kind, args) = match command {
        ImportCommand::Members(args) => (FileKind::Members, args),
        ImportCommand::Bills(args) => (FileKind::Bills, args),
    };
    let mut file = open(&args.file)?;
    let books = Books::open(&args.store, log)?;
    let company = books.company(args.company)?;
    let request = ImportRequest {
        company: company.id,
        kind,
        name: to_name(&args.file)?,
        imported_by: Label::from_text(IMPORTED_BY)?,
        dry_run: args.dry_run,
        skip_bad: args.skip_bad,
    };
    let mut teller = Teller::new();
    let imported = books.service.import(&request, &mut file, &mut |news| teller.tell(news));
    teller.bar.finish_and_clear();
    let outcome = match imported {
        Ok(summary) => {
            show(&args, kind, company.currency, &summary)?;
            Ok(Exit::Done)
        }
        Err(failure) => Err(refused(failure, &args.file)),
    };
    books.close();
    outcome
}

fn open(path: &Path) -> anyhow::Result<File> {
    let file = File::open(path).and_then(|file| Ok((file.metadata()?.is_file(), file)));
    match file {
        Ok((true, file)) => Ok(file),
        Ok((false, _)) => Err(Problem::usage(format!("{}: no es un archivo", path.display()))),
        Err(error) => {
            let reason = to_reason(&error);
            Err(Problem::usage(format!("{}: no se pudo leer: {reason}", path.display())))
        }
    }
}

/// The file's name without its folder, in the form a file's record takes.
fn to_name(path: &Path) -> anyhow::Result<Name> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let printable: String =
        name.unwrap_or_default().chars().filter(|c| !c.is_control()).take(200).collect();
    let name = Name::from_text(&printable).ok();
    name.ok_or_else(|| Problem::usage(format!("{}: el nombre no sirve", path.display())))
}

fn refused(failure: Failure<ImportRefusal>, path: &Path) -> anyhow::Error {
    let path = path.display();
    problem::from_failure(failure, |refusal| match refusal {
        ImportRefusal::CompanyUnknown => Problem::usage("no hay ninguna empresa con ese número"),
        ImportRefusal::Unreadable(verdict) => {
            Problem::found(format!("{path}: {} No se guardó nada.", to_sentence(&verdict)))
        }
        ImportRefusal::BadLines(1) => {
            Problem::found(format!("{path}: 1 línea mala; no se guardó nada"))
        }
        ImportRefusal::BadLines(lines) => {
            Problem::found(format!("{path}: {lines} líneas malas; no se guardó nada"))
        }
    })
}

fn to_sentence(verdict: &Verdict) -> String {
    let Verdict { line, column, message } = verdict;
    match column {
        Some(column) => format!("línea {line}, columna {column}: {message}"),
        None => format!("línea {line}: {message}"),
    }
}

/// Tells the news of an import on standard error, under a bar where that is a terminal.
struct Teller {
    bar: ProgressBar,
    phase: Option<Phase>,
}

impl Teller {
    fn new() -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let target =
            if is_terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let style = ProgressStyle::with_template("{msg} {wide_bar} {percent}% {eta}");
        let bar = ProgressBar::with_draw_target(None, target);
        let bar = match style {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        };
        Self { bar, phase: None }
    }

    fn tell(&mut self, news: News) {
        match news {
            News::Progress { phase, bytes, bytes_total } => {
                if self.phase != Some(phase) {
                    self.phase = Some(phase);
                    self.bar.reset();
                    self.bar.set_length(bytes_total);
                    self.bar.set_message(match phase {
                        Phase::Checking => "Revisando",
                        Phase::Keeping => "Guardando",
                    });
                }
                self.bar.set_position(bytes);
            }
            News::Refused(verdict) => {
                self.bar.suspend(|| output::tell(to_sentence(&verdict)));
            }
            News::Paid { line, bill, payment } => self.bar.suspend(|| {
                output::tell(format_args!(
                    "línea {line}: la factura {bill} está pagada (IdCobranza {payment}); queda como está"
                ));
            }),
        }
    }
}

/// What an import did, as `--json` shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown {
    lineas: u64,
    nuevas: u64,
    cambiadas: u64,
    iguales: u64,
    pagadas: u64,
    rechazadas: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    diferencia: Option<String>,
    guardado: bool,
}

fn show(
    args: &ImportArgs,
    kind: FileKind,
    currency: Currency,
    summary: &Summary,
) -> anyhow::Result<()> {
    let shown = Shown {
        lineas: summary.lines,
        nuevas: summary.new,
        cambiadas: summary.changed,
        iguales: summary.unchanged,
        pagadas: summary.paid,
        rechazadas: summary.refused,
        diferencia: (kind == FileKind::Bills)
            .then(|| to_decimal(summary.difference_minor, currency)),
        guardado: !args.dry_run,
    };
    if args.json {
        return output::print_json(&shown);
    }
    let Shown { lineas, nuevas, cambiadas, iguales, pagadas, rechazadas, diferencia, .. } = shown;
    let done = if args.dry_run { "revisadas, nada se guardó" } else { "cargadas" };
    output::print(format_args!(
        "{lineas} líneas {done}: {nuevas} nuevas, {cambiadas} cambiadas, {iguales} iguales"
    ))?;
    if pagadas > 0 {
        output::print(format_args!("{pagadas} de facturas ya pagadas: quedan como están"))?;
    }
    if rechazadas > 0 {
        output::print(format_args!("{rechazadas} malas: quedaron fuera"))?;
    }
    if let Some(difference) = diferencia {
        output::print(format_args!("lo adeudado cambia en {difference} {}", currency.to_code()))?;
    }
    Ok(())
}

/// A sum over a whole file may pass what one amount holds.
fn to_decimal(minor: i128, currency: Currency) -> String {
    if let Ok(minor) = i64::try_from(minor) {
        return Money::from_minor(minor, currency).to_decimal();
    }
    let sign = if minor < 0 { "-" } else { "" };
    let minor = minor.unsigned_abs();
    format!("{sign}{}.{:02}", minor / 100, minor % 100)
}
