//! `import list` and `import show`: what was imported, and what came of it.

use std::io::{self, Write};

use clap::Args;
use serde::Serialize;
use ventanilla_domain::{BillState, BillVersion, Company, CompanyId, FileId, FileKind, civil_at};
use ventanilla_service::Failure;
use ventanilla_service::import::{FileRefusal, KeptFile};
use ventanilla_store::to_hex;

use super::json::Counts;
use super::report::{to_digest, to_table};
use crate::books::{Books, StoreArgs};
use crate::commands::from_company_id;
use crate::log::LogArgs;
use crate::output;
use crate::problem::{Exit, Problem};

/// Characters of a hash that the list shows.
const HASH_LEN: usize = 12;

/// The flags of `import list`.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Número de la empresa; sobra donde hay una sola
    #[arg(long, value_name = "ID", value_parser = from_company_id)]
    company: Option<CompanyId>,
    /// Responde con una lista JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArgs,
}

/// The flags of `import show`.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// Número del archivo, como lo dicen la carga y «import list»
    #[arg(value_name = "N", value_parser = from_file_id)]
    file: FileId,
    /// Número de la empresa; sobra donde hay una sola
    #[arg(long, value_name = "ID", value_parser = from_company_id)]
    company: Option<CompanyId>,
    /// Responde con un objeto JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArgs,
}

fn from_file_id(text: &str) -> Result<FileId, String> {
    let id = text.parse::<i64>().ok().and_then(|id| FileId::from_i64(id).ok());
    id.ok_or_else(|| "se espera un número entero desde 1".to_owned())
}

/// An imported file with what is told beside it.
struct Told<'t> {
    company: &'t Company,
    kept: &'t KeptFile,
    /// The later file of the same bytes that did the rest, where the import was cut off.
    finished_by: Option<FileId>,
}

impl<'t> Told<'t> {
    fn of(company: &'t Company, kept: &'t KeptFile, all: &[KeptFile]) -> Self {
        let is_rest = |other: &&KeptFile| {
            other.file.id > kept.file.id
                && (other.file.kind, other.file.sha256) == (kept.file.kind, kept.file.sha256)
                && other.totals.is_some()
        };
        let mut rest = all.iter().filter(|_| kept.totals.is_none()).filter(is_rest);
        Self { company, kept, finished_by: rest.next().map(|other| other.file.id) }
    }

    fn kind(&self) -> &'static str {
        match self.kept.file.kind {
            FileKind::Members => "socios",
            FileKind::Bills => "facturas",
        }
    }

    fn recorded_at(&self) -> String {
        let at = civil_at(self.company, self.kept.recorded_at);
        at.strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    fn hash(&self) -> String {
        to_hex(&self.kept.file.sha256)
    }

    /// What came of it, in one line.
    fn outcome(&self) -> String {
        match (&self.kept.totals, self.finished_by) {
            (Some(totals), _) => to_digest(self.kept.file.kind, totals),
            (None, Some(file)) => format!("cortado; lo terminó el archivo {file}"),
            (None, None) => {
                "en curso, cortado o de una versión anterior: repita el archivo".to_owned()
            }
        }
    }

    fn to_cells(&self) -> [String; 8] {
        let file = &self.kept.file;
        [
            file.id.to_string(),
            self.recorded_at(),
            self.kind().to_owned(),
            file.name.to_string(),
            file.lines.to_string(),
            file.imported_by.to_string(),
            self.hash().chars().take(HASH_LEN).collect(),
            self.outcome(),
        ]
    }

    fn to_json(&self) -> Shown<'_> {
        let KeptFile { file, totals, .. } = self.kept;
        Shown {
            archivo: file.id.to_i64(),
            fecha: self.recorded_at(),
            tipo: self.kind(),
            nombre: file.name.as_str(),
            importado_por: file.imported_by.as_str(),
            sha256: self.hash(),
            estado: if totals.is_some() { "cargado" } else { "cortado" },
            terminado_por: self.finished_by.map(FileId::to_i64),
            lineas: totals.is_none().then_some(file.lines),
            cuentas: totals
                .as_ref()
                .map(|totals| Counts::of(file.kind, totals, self.company.currency)),
        }
    }
}

/// An imported file, as `--json` shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown<'a> {
    archivo: i64,
    fecha: String,
    tipo: &'static str,
    nombre: &'a str,
    importado_por: &'a str,
    sha256: String,
    estado: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    terminado_por: Option<i64>,
    /// Beside nothing else of a file that was cut off.
    #[serde(skip_serializing_if = "Option::is_none")]
    lineas: Option<u64>,
    #[serde(flatten)]
    cuentas: Option<Counts>,
}

/// A version that a file made, as `--json` shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownVersion {
    factura: i64,
    version: u32,
    estado: &'static str,
    monto: String,
    /// The line it came from; none for a bill that a complete file withdrew.
    linea: Option<u64>,
}

impl ShownVersion {
    fn of(version: &BillVersion) -> Self {
        Self {
            factura: version.bill.to_i64(),
            version: version.number,
            estado: match version.terms.state {
                BillState::Owed => "pendiente",
                BillState::Annulled => "anulada",
                BillState::PaidElsewhere => "pagada_fuera",
            },
            monto: version.terms.amount.to_decimal(),
            linea: (!version.is_withdrawal()).then_some(version.source.line),
        }
    }
}

/// Lists the files that were imported, by number.
pub(super) fn list(args: &ListArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let books = Books::open(&args.store, log)?;
    let company = books.company(args.company)?;
    let files = files(&books, &company)?;
    books.close();
    let told: Vec<Told<'_>> = files.iter().map(|kept| Told::of(&company, kept, &files)).collect();
    if args.json {
        output::print_json(&told.iter().map(Told::to_json).collect::<Vec<_>>())?;
    } else if !told.is_empty() {
        let heading = ["n.º", "fecha", "tipo", "nombre", "líneas", "cargó", "sha256", "resultado"];
        let heading = heading.map(str::to_owned);
        let rows: Vec<_> =
            std::iter::once(heading).chain(told.iter().map(Told::to_cells)).collect();
        output::stream(|out| Ok(write_table(out, &rows)?))?;
    }
    Ok(Exit::Done)
}

/// Writes rows in columns.
fn write_table(out: &mut dyn Write, rows: &[[String; 8]]) -> io::Result<()> {
    let mut lens = [0; 8];
    for row in rows {
        for (len, cell) in lens.iter_mut().zip(row) {
            *len = cell.chars().count().max(*len);
        }
    }
    for row in rows {
        let [id, at, kind, name, lines, by, hash, outcome] = row;
        let [id_len, at_len, kind_len, name_len, lines_len, by_len, hash_len, _] = lens;
        writeln!(
            out,
            "{id:>id_len$}  {at:<at_len$}  {kind:<kind_len$}  {name:<name_len$}  \
             {lines:>lines_len$}  {by:<by_len$}  {hash:<hash_len$}  {outcome}"
        )?;
    }
    Ok(())
}

/// Shows a file, and the versions of bills that it made.
pub(super) fn show(args: &ShowArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let books = Books::open(&args.store, log)?;
    let company = books.company(args.company)?;
    let files = files(&books, &company)?;
    let kept = files.iter().find(|kept| kept.file.id == args.file);
    let kept = kept.ok_or_else(|| no_file(args.file))?;
    let told = Told::of(&company, kept, &files);
    output::stream(|out| {
        if args.json { write_json(out, &books, &told) } else { write_text(out, &books, &told) }
    })?;
    books.close();
    Ok(Exit::Done)
}

fn write_text(out: &mut dyn Write, books: &Books, told: &Told<'_>) -> anyhow::Result<()> {
    let file = &told.kept.file;
    for (name, value) in [
        ("archivo", file.id.to_string()),
        ("fecha", told.recorded_at()),
        ("tipo", told.kind().to_owned()),
        ("nombre", file.name.to_string()),
        ("cargó", file.imported_by.to_string()),
        ("sha256", told.hash()),
        ("líneas", file.lines.to_string()),
    ] {
        writeln!(out, "{name:<8} {value}")?;
    }
    match &told.kept.totals {
        Some(totals) => {
            for line in to_table(file.kind, totals, told.company.currency) {
                writeln!(out, "{line}")?;
            }
        }
        None => writeln!(out, "  {}", told.outcome())?,
    }
    if file.kind == FileKind::Members {
        return Ok(());
    }
    let mut heading = Some("\n         factura  versión  estado               monto    línea");
    each_version(books, told, &mut |version| {
        if let Some(heading) = heading.take() {
            writeln!(out, "{heading}")?;
        }
        let ShownVersion { factura, version, estado, monto, linea } = version;
        let line = linea.map_or_else(|| "-".to_owned(), |line| line.to_string());
        writeln!(out, "{factura:>16}  {version:>7}  {estado:<12}  {monto:>12}  {line:>7}")
    })
}

fn write_json(out: &mut dyn Write, books: &Books, told: &Told<'_>) -> anyhow::Result<()> {
    let shown = serde_json::to_string(&told.to_json())?;
    if told.kept.file.kind == FileKind::Members {
        return Ok(writeln!(out, "{shown}")?);
    }
    // One object, written as it is read: a file may have made a million versions.
    let open = shown.strip_suffix('}').unwrap_or(&shown);
    write!(out, "{open},\"Versiones\":[")?;
    let mut comma = "";
    each_version(books, told, &mut |version| {
        let version = serde_json::to_string(&version)?;
        write!(out, "{}{version}", std::mem::replace(&mut comma, ","))
    })?;
    Ok(writeln!(out, "]}}")?)
}

fn each_version(
    books: &Books,
    told: &Told<'_>,
    write: &mut dyn FnMut(ShownVersion) -> io::Result<()>,
) -> anyhow::Result<()> {
    let mut written = Ok(());
    let file = told.kept.file.id;
    let read = books.service.each_version_of(told.company.id, file, &mut |version| {
        written = write(ShownVersion::of(version));
        written.is_ok()
    });
    read.map_err(|failure| unread(books, failure, file))?;
    Ok(written?)
}

fn files(books: &Books, company: &Company) -> anyhow::Result<Vec<KeptFile>> {
    let files = books.service.imported_files(company.id);
    files.map_err(|failure| unread(books, failure, FileId::FIRST))
}

fn unread(books: &Books, failure: Failure<FileRefusal>, file: FileId) -> anyhow::Error {
    books.failed(failure, |refusal| match refusal {
        FileRefusal::CompanyUnknown => Problem::usage("no hay ninguna empresa con ese número"),
        FileRefusal::FileUnknown => no_file(file),
    })
}

fn no_file(file: FileId) -> anyhow::Error {
    Problem::usage(format!("no hay ningún archivo {file}; vea «ventanilla import list»"))
}
