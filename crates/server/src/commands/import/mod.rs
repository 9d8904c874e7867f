//! `import`: the biller's members and bills from files, and what was imported.

mod files;
mod json;
mod listener;
mod lost;
mod report;
mod verdicts;
mod work;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use ventanilla_domain::{Currency, FileKind};
use ventanilla_service::import::{ImportRequest, VanishMax};

pub(crate) use report::{Report, to_digest, to_sentence};
pub(crate) use verdicts::VerdictFile;
pub(crate) use work::{CompleteArgs, HowArgs, Work, from_number, to_name};

use crate::books::{Books, StoreArgs};
use crate::log::LogArgs;
use crate::output;
use crate::place::beside;
use crate::problem::{Exit, Problem, to_reason};

/// The commands under `import`.
#[derive(Debug, Subcommand)]
pub(crate) enum ImportCommand {
    /// Carga socios y contratos: contrato,nombre y columnas optativas
    Members(ImportArgs),
    /// Carga facturas: factura,contrato,periodo,monto y columnas optativas
    Bills(BillsArgs),
    /// Trae lo que un recaudador cobró después del respaldo del que se restauró, de su reporte
    Report(lost::ReportArgs),
    /// Muestra los archivos cargados y qué fue de cada uno
    List(files::ListArgs),
    /// Muestra un archivo cargado: su huella, sus totales y las versiones de facturas que hizo
    Show(files::ShowArgs),
}

/// The flags of both imports.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Archivo CSV, con «,» o «;», en UTF-8 o Windows-1252, o un objeto JSON por línea; no «-»: se lee dos veces
    #[arg(value_name = "ARCHIVO")]
    file: PathBuf,
    #[command(flatten)]
    how: HowArgs,
    /// Revisa y cuenta, sin guardar nada
    #[arg(long)]
    dry_run: bool,
    /// Deja en este archivo CSV un veredicto por cada línea, también si se rechaza
    #[arg(long, value_name = "ARCHIVO")]
    verdicts: Option<PathBuf>,
    /// Responde con un objeto JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArgs,
}

/// The flags of `import bills`.
#[derive(Debug, Args)]
pub(crate) struct BillsArgs {
    #[command(flatten)]
    import: ImportArgs,
    #[command(flatten)]
    complete: CompleteArgs,
}

/// Runs a command under `import`.
pub(crate) fn run(command: ImportCommand, log: &LogArgs) -> anyhow::Result<Exit> {
    match command {
        ImportCommand::Members(args) => import(FileKind::Members, &args, None, log),
        ImportCommand::Bills(BillsArgs { import: args, complete }) => {
            import(FileKind::Bills, &args, complete.to_max(), log)
        }
        ImportCommand::Report(args) => lost::run(&args, log),
        ImportCommand::List(args) => files::list(&args, log),
        ImportCommand::Show(args) => files::show(&args, log),
    }
}

fn import(
    kind: FileKind,
    args: &ImportArgs,
    complete: Option<VanishMax>,
    log: &LogArgs,
) -> anyhow::Result<Exit> {
    let mut file = open(&args.file)?;
    let books = Books::open(&args.store, log)?;
    let company = books.company(args.how.company)?;
    let mut verdicts = match &args.verdicts {
        Some(path) => Some(create_verdicts(path, &args.file, company.currency)?),
        None => None,
    };
    let request = ImportRequest {
        company: company.id,
        kind,
        name: to_name(&args.file)?,
        imported_by: args.how.by.to_label("ventanilla import")?,
        dry_run: args.dry_run,
        skip_bad: args.how.skip_bad,
        complete,
    };
    let work = Work { books: &books, company: &company, request, is_telling: true };
    let report = work.run(&mut file, verdicts.as_mut())?;
    books.close();
    let finished = match (verdicts, &args.verdicts) {
        (Some(verdicts), Some(path)) => verdicts.finish(path).map_err(|error| {
            let reason = to_reason(&error);
            Problem::store(format!("{}: no se pudo escribir: {reason}", path.display()))
        }),
        _ => Ok(()),
    };
    let exit = tell(&report, args)?;
    finished.map(|()| exit)
}

/// Tells what came of a file.
fn tell(report: &Report, args: &ImportArgs) -> anyhow::Result<Exit> {
    report.to_notes().iter().for_each(output::tell);
    if args.json {
        json::print(report)?;
    } else {
        for line in report.to_lines() {
            output::print(line)?;
        }
    }
    if let Some(sentence) = report.refused() {
        return Err(Problem::found(format!("{}: {sentence}", args.file.display())));
    }
    Ok(if report.is_whole(args.how.skip_bad) { Exit::Done } else { Exit::FoundWrong })
}

fn open(path: &Path) -> anyhow::Result<File> {
    let shown = path.display();
    if path == Path::new("-") {
        return Err(Problem::usage(
            "«-»: la entrada estándar no sirve, porque el archivo se lee dos veces: guárdelo \
             primero y dé su nombre",
        ));
    }
    match open_file(path) {
        Ok(Some(file)) => Ok(file),
        Ok(None) => Err(Problem::usage(format!(
            "{shown}: no es un archivo (una tubería no sirve: se lee dos veces)"
        ))),
        Err(error) => {
            let reason = to_reason(&error);
            Err(Problem::usage(format!("{shown}: no se pudo leer: {reason}")))
        }
    }
}

/// Opens what is a file; `None` for what is not, such as a folder or a pipe.
pub(crate) fn open_file(path: &Path) -> io::Result<Option<File>> {
    // A pipe without a writer would hold whoever opens it.
    if !fs::metadata(path)?.is_file() {
        return Ok(None);
    }
    File::open(path).map(Some)
}

/// Begins the verdict file that will be at `path`, so that what is in its way is told before
/// anything is imported.
fn create_verdicts(path: &Path, source: &Path, currency: Currency) -> anyhow::Result<VerdictFile> {
    let shown = path.display();
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return Err(Problem::usage(format!("{shown}: ya existe y no es un archivo")));
    }
    let canonical = |path: &Path| fs::canonicalize(path).ok();
    if canonical(path).is_some_and(|path| Some(path) == canonical(source)) {
        return Err(Problem::usage(format!("--verdicts: {shown} es el archivo que se carga")));
    }
    let temporary = beside(path, &format!(".{}.tmp", std::process::id()))?;
    VerdictFile::create(temporary, currency).map_err(|error| {
        let reason = to_reason(&error);
        Problem::usage(format!("{shown}: no se pudo escribir: {reason}"))
    })
}
