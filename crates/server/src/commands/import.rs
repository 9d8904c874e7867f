//! `import`: the biller's members and bills from CSV files.

use std::fs::File;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use ventanilla_domain::{CompanyId, Currency, FileKind, ImportTotals, Label, Money, Name};
use ventanilla_service::Failure;
use ventanilla_service::import::{
    ImportRefusal, ImportRequest, LineVerdict, News, Phase, Subject, VanishMax, Verdict,
};

use super::from_company_id;
use crate::books::{Books, StoreArgs};
use crate::log::LogArgs;
use crate::output::{self, counted};
use crate::problem::{Exit, Problem, to_reason};

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
    /// completo
    #[arg(long)]
    complete: bool,
    /// Responde con un objeto JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArgs,
}

/// Verdicts that `--json` lists at most; standard error has them all.
const LISTED_MAX: usize = 1_000;

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
        complete: args.complete.then_some(VanishMax::Half),
    };
    let mut teller = Teller::new(args.json);
    let imported = books.service.import(&request, &mut file, &mut |news| teller.tell(news));
    teller.bar.finish_and_clear();
    let failure = match imported {
        Ok(imported) => {
            books.close();
            let summary = imported.totals;
            let difference = (kind == FileKind::Bills)
                .then(|| to_decimal(summary.difference_minor().into(), company.currency));
            show(&args, &summary, difference, company.currency, &teller.listed)?;
            // Without --skip-bad a line is refused only where the books changed under the import.
            let is_whole = summary.refused == 0 || args.skip_bad;
            return Ok(if is_whole { Exit::Done } else { Exit::FoundWrong });
        }
        Err(failure) => failure,
    };
    if let (true, Failure::Refused(refusal)) = (args.json, &failure) {
        show_refused(refusal, &teller.listed)?;
    }
    let is_partly_kept = teller.phase == Some(Phase::Keeping);
    let problem = books.failed(failure, |refusal| to_problem(&refusal, &args.file, is_partly_kept));
    books.close();
    Err(problem)
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

/// Only a file that changes while it is kept is refused when a part of it is kept already.
fn to_problem(refusal: &ImportRefusal, path: &Path, is_partly_kept: bool) -> anyhow::Error {
    let path = path.display();
    match refusal {
        ImportRefusal::CompanyUnknown => Problem::usage("no hay ninguna empresa con ese número"),
        ImportRefusal::Unreadable(verdict) => {
            let kept = if is_partly_kept { "Una parte se guardó." } else { "No se guardó nada." };
            Problem::found(format!("{path}: {} {kept}", to_sentence(verdict)))
        }
        ImportRefusal::BadLines(lines) => {
            let lines = counted(*lines, "línea mala", "líneas malas");
            Problem::found(format!("{path}: {lines}; no se guardó nada"))
        }
        ImportRefusal::TooManyVanish { .. } => Problem::found("demasiadas"),
    }
}

fn to_sentence(verdict: &Verdict) -> String {
    let Verdict { line, column, message } = verdict;
    let message = with_first(message, |letter| letter.to_lowercase().collect());
    match column {
        Some(column) => format!("línea {line}, columna {column}: {message}"),
        None => format!("línea {line}: {message}"),
    }
}

/// The text with its first letter changed.
fn with_first(text: &str, change: impl Fn(char) -> String) -> String {
    let mut letters = text.chars();
    letters.next().map(change).unwrap_or_default() + letters.as_str()
}

/// Tells the news of an import on standard error, under a bar where that is a terminal.
struct Teller {
    bar: ProgressBar,
    phase: Option<Phase>,
    /// Whether verdicts are to be listed as well, and the first of them.
    lists: bool,
    listed: Vec<Listed>,
}

impl Teller {
    fn new(lists: bool) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let target =
            if is_terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let style = ProgressStyle::with_template("{msg} {wide_bar} {percent}% {eta}");
        let bar = ProgressBar::with_draw_target(None, target);
        let bar = match style {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        };
        Self { bar, phase: None, lists, listed: Vec::new() }
    }

    fn tell(&mut self, news: News<'_>) {
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
                if self.lists && self.listed.len() < LISTED_MAX {
                    self.listed.push(Listed::of(&verdict));
                }
            }
            News::Line { line, subject: Subject::Bill(bill), outcome } => {
                if let LineVerdict::Paid(payment) = outcome.verdict {
                    self.bar.suspend(|| {
                output::tell(format_args!(
                    "línea {line}: la factura {bill} está pagada (IdCobranza {payment}); queda como está"
                ));
            });
                }
            }
            _ => {}
        }
    }
}

/// What an import did, as `--json` shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown<'a> {
    lineas: u64,
    nuevas: u64,
    cambiadas: u64,
    iguales: u64,
    pagadas: u64,
    rechazadas: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    diferencia: Option<String>,
    guardado: bool,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    veredictos: &'a [Listed],
}

/// What is told of a refused file, as `--json` shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownRefused<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    rechazadas: Option<u64>,
    guardado: bool,
    veredictos: &'a [Listed],
}

/// A verdict, as `--json` shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    linea: u64,
    columna: Option<&'static str>,
    mensaje: String,
}

impl Listed {
    fn of(verdict: &Verdict) -> Self {
        Self {
            linea: verdict.line,
            columna: verdict.column,
            mensaje: with_first(&verdict.message, |letter| letter.to_uppercase().collect()),
        }
    }
}

fn show_refused(refusal: &ImportRefusal, listed: &[Listed]) -> anyhow::Result<()> {
    let show = |rechazadas, veredictos| {
        output::print_json(&ShownRefused { rechazadas, guardado: false, veredictos })
    };
    match refusal {
        ImportRefusal::CompanyUnknown => Ok(()),
        ImportRefusal::Unreadable(verdict) => show(None, &[Listed::of(verdict)]),
        ImportRefusal::TooManyVanish { .. } => Ok(()),
        ImportRefusal::BadLines(lines) => show(Some(*lines), listed),
    }
}

fn show(
    args: &ImportArgs,
    summary: &ImportTotals,
    difference: Option<String>,
    currency: Currency,
    listed: &[Listed],
) -> anyhow::Result<()> {
    if args.json {
        return output::print_json(&Shown {
            lineas: summary.lines,
            nuevas: summary.new.count,
            cambiadas: summary.changed.count,
            iguales: summary.unchanged,
            pagadas: summary.paid,
            rechazadas: summary.refused,
            diferencia: difference,
            guardado: !args.dry_run,
            veredictos: listed,
        });
    }
    for line in to_lines(summary, args.dry_run) {
        output::print(line)?;
    }
    if let Some(difference) = difference {
        output::print(format_args!("lo adeudado cambia en {difference} {}", currency.to_code()))?;
    }
    Ok(())
}

fn to_lines(summary: &ImportTotals, is_dry_run: bool) -> Vec<String> {
    let (one, many) = if is_dry_run {
        ("línea revisada, nada se guardó", "líneas revisadas, nada se guardó")
    } else {
        ("línea cargada", "líneas cargadas")
    };
    let mut lines = vec![format!(
        "{}: {}, {}, {}",
        counted(summary.lines, one, many),
        counted(summary.new.count, "nueva", "nuevas"),
        counted(summary.changed.count, "cambiada", "cambiadas"),
        counted(summary.unchanged, "igual", "iguales"),
    )];
    if summary.paid > 0 {
        let (one, many) =
            ("factura ya pagada: queda como está", "facturas ya pagadas: quedan como están");
        lines.push(counted(summary.paid, one, many));
    }
    if summary.refused > 0 {
        let (one, many) = ("línea mala: quedó fuera", "líneas malas: quedaron fuera");
        lines.push(counted(summary.refused, one, many));
    }
    lines
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_told_as_one() {
        let summary = |count| Summary {
            lines: count,
            new: count,
            changed: count,
            unchanged: count,
            paid: count,
            refused: count,
            difference_minor: 0,
        };
        for (count, is_dry_run, told) in [
            (
                1,
                false,
                "1 línea cargada: 1 nueva, 1 cambiada, 1 igual\n\
                 1 factura ya pagada: queda como está\n1 línea mala: quedó fuera",
            ),
            (
                2,
                true,
                "2 líneas revisadas, nada se guardó: 2 nuevas, 2 cambiadas, 2 iguales\n\
                 2 facturas ya pagadas: quedan como están\n2 líneas malas: quedaron fuera",
            ),
            (0, false, "0 líneas cargadas: 0 nuevas, 0 cambiadas, 0 iguales"),
        ] {
            assert_eq!(to_lines(&summary(count), is_dry_run).join("\n"), told);
        }
    }

    #[test]
    fn a_sentence_goes_on_after_its_line_and_a_listed_one_stands_alone() {
        for (column, message, sentence, listed) in [
            (None, "La línea está vacía.", "línea 3: la línea está vacía.", "La línea está vacía."),
            (Some("monto"), "«x» no vale.", "línea 3, columna monto: «x» no vale.", "«x» no vale."),
            (Some("monto"), "está vacía.", "línea 3, columna monto: está vacía.", "Está vacía."),
        ] {
            let verdict = Verdict { line: 3, column, message: message.to_owned() };
            assert_eq!(to_sentence(&verdict), sentence);
            assert_eq!(Listed::of(&verdict).mensaje, listed);
        }
    }
}
