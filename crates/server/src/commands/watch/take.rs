//! One file of `entrada`: imported, told of, and moved.

use std::fs::{self, File};
use std::io;

use jiff::civil::DateTime;
use ventanilla_domain::{Company, FileKind, Label, Name, civil_at};
use ventanilla_service::import::{ImportRefusal, ImportRequest, Verdict, sniff};

use super::WatchArgs;
use super::folder::{Folder, Waiting};

use crate::books::Books;
use crate::commands::import::{
    Report, VerdictFile, Work, open_file, to_digest, to_name, to_sentence,
};
use crate::output;
use crate::problem::{Problem, to_reason};

const REFUSED: &str = "rechazado";

/// Bad lines that a summary shows; the verdict file has them all.
const BAD_SHOWN: usize = 100;

/// Imports files for one company.
pub(super) struct Taker<'t> {
    pub(super) args: &'t WatchArgs,
    pub(super) books: &'t Books,
    pub(super) company: &'t Company,
}

/// What came of a file.
struct Fate {
    /// Whether all of it was taken.
    is_whole: bool,
    what: &'static str,
    /// In one line.
    digest: String,
    /// In full.
    lines: Vec<String>,
    /// Its first bad lines.
    bad: Vec<Verdict>,
}

/// The kind of the file that waits, where that can be told.
pub(super) fn kind_of(waiting: &Waiting) -> Option<FileKind> {
    sniff(&mut open_file(&waiting.path).ok()??).ok()
}

impl Taker<'_> {
    /// Imports a file and moves it; whether all went well. Fails where it is not known what came
    /// of it, or cannot be written down: it stays, to be tried again.
    pub(super) fn take(&self, folder: &mut Folder, waiting: &Waiting) -> anyhow::Result<bool> {
        let name = to_name(&waiting.path)?;
        let opened = match open_file(&waiting.path) {
            Ok(Some(file)) => Ok(file),
            // It vanished between the look and now, or became something else.
            Ok(None) => return Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
            Err(error) => Err(error),
        };
        let path = folder.verdicts();
        let verdicts = VerdictFile::create(path.clone(), self.company.currency);
        let mut verdicts = verdicts.map_err(|error| {
            Problem::store(format!(
                "{}: no se pudo escribir: {}",
                path.display(),
                to_reason(&error)
            ))
        })?;
        let fate = match opened {
            Ok(mut file) => self.import(&name, &mut file, &mut verdicts)?,
            Err(error) => refuse(&mut verdicts, &to_unread(to_reason(&error))),
        };
        if !waiting.is_same() {
            let digest = &fate.digest;
            output::tell(format_args!(
                "{name}: cambió o se quitó mientras se cargaba ({digest}); si sigue ahí, se carga \
                 de nuevo"
            ));
            return Ok(false);
        }
        self.put_away(folder, waiting, &name, &fate, verdicts)
    }

    fn import(
        &self,
        name: &Name,
        file: &mut File,
        verdicts: &mut VerdictFile,
    ) -> anyhow::Result<Fate> {
        let kind = match sniff(file) {
            Ok(kind) => kind,
            Err(ImportRefusal::Unreadable(verdict)) => return Ok(refuse(verdicts, &verdict)),
            Err(_) => return Ok(refuse(verdicts, &to_unread("el sistema lo impide"))),
        };
        let complete = self.args.complete.to_max().filter(|_| kind == FileKind::Bills);
        let request = ImportRequest {
            company: self.company.id,
            kind,
            name: name.clone(),
            imported_by: self.imported_by()?,
            dry_run: false,
            skip_bad: self.args.how.skip_bad,
            complete,
        };
        let work = Work { books: self.books, company: self.company, request, is_telling: false };
        let report = work.run(file, Some(verdicts))?;
        Ok(self.to_fate(kind, report))
    }

    fn to_fate(&self, kind: FileKind, report: Report) -> Fate {
        let is_whole = report.is_whole(self.args.how.skip_bad);
        let (what, digest) = match report.totals() {
            Some(totals) if is_whole => ("cargado", to_digest(kind, totals)),
            Some(totals) => ("cargado en parte", to_digest(kind, totals)),
            None => (REFUSED, report.refused().unwrap_or_default()),
        };
        let lines = report.to_lines().into_iter().chain(report.refused()).chain(report.to_notes());
        Fate { is_whole, what, digest, lines: lines.collect(), bad: report.bad }
    }

    /// Writes down what came of a file beside it, and moves it; whether all went well.
    fn put_away(
        &self,
        folder: &mut Folder,
        waiting: &Waiting,
        name: &Name,
        fate: &Fate,
        verdicts: VerdictFile,
    ) -> anyhow::Result<bool> {
        let now = civil_at(self.company, self.books.service.clock().now());
        let stamp = now.strftime("%Y%m%d-%H%M%S").to_string();
        let destination = folder.destination(&waiting.name, &stamp, fate.is_whole);
        let (shown, Fate { what, digest, .. }) = (&destination.shown, fate);
        let written = fs::write(&destination.summary, self.to_summary(name, now, fate)?)
            .and_then(|()| verdicts.finish(&destination.verdicts));
        if let Err(error) = &written {
            let reason = to_reason(error);
            output::tell(format_args!("{shown}: no se pudo escribir qué fue de él: {reason}"));
        }
        if let Err(error) = fs::rename(&waiting.path, &destination.file) {
            folder.leave(waiting);
            let reason = to_reason(&error);
            output::tell(format_args!(
                "{name}: {what} ({digest}), pero no se pudo mover a {shown}: {reason}; queda en \
                 entrada y no se vuelve a cargar mientras no cambie"
            ));
            return Ok(false);
        }
        output::print(format_args!("{name}: {what}: {digest} -> {shown}"))?;
        Ok(fate.is_whole && written.is_ok())
    }

    /// What people read of a file, as old editors of Windows take it.
    fn to_summary(&self, name: &Name, now: DateTime, fate: &Fate) -> anyhow::Result<String> {
        let Fate { what, lines, bad, .. } = fate;
        let head = [
            format!("archivo:   {name}"),
            format!("resultado: {what}"),
            format!("fecha:     {}", now.strftime("%Y-%m-%d %H:%M:%S")),
            format!("empresa:   {} {}", self.company.id, self.company.name),
            format!("cargó:     {}", self.imported_by()?),
            String::new(),
        ];
        let rest = (bad.len() > BAD_SHOWN)
            .then(|| "… y más: están todas en el archivo de veredictos".to_owned());
        let shown = bad.iter().take(BAD_SHOWN).map(to_sentence).chain(rest);
        let lines = head.into_iter().chain(lines.iter().cloned()).chain(shown);
        Ok(format!("\u{FEFF}{}\r\n", lines.collect::<Vec<_>>().join("\r\n")))
    }

    fn imported_by(&self) -> anyhow::Result<Label> {
        self.args.how.by.to_label("ventanilla watch")
    }
}

fn to_unread(reason: &str) -> Verdict {
    Verdict { line: 0, column: None, message: format!("No se pudo leer: {reason}.") }
}

fn refuse(verdicts: &mut VerdictFile, verdict: &Verdict) -> Fate {
    verdicts.refuse(verdict);
    let digest = format!("{} No se guardó nada.", to_sentence(verdict));
    let lines = vec![digest.clone()];
    Fate { is_whole: false, what: REFUSED, digest, lines, bad: Vec::new() }
}
