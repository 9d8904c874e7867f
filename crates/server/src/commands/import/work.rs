//! The import of one open file, as `import` and `watch` do it.

use std::fs::File;
use std::path::Path;

use clap::Args;
use ventanilla_domain::{Company, CompanyId, Name};
use ventanilla_service::Failure;
use ventanilla_service::import::{ImportRefusal, ImportRequest, VanishMax};

use super::listener::Listener;
use super::report::{Refused, Report};
use super::verdicts::VerdictFile;
use crate::books::Books;
use crate::commands::by::ByArgs;
use crate::commands::{from_company_id, mirror, to_printable};
use crate::problem::Problem;

/// Characters of a name that is kept, at most.
const NAME_LEN_MAX: usize = 200;

/// How a file is imported.
#[derive(Debug, Args)]
pub(crate) struct HowArgs {
    /// Número de la empresa; sobra donde hay una sola
    #[arg(long, value_name = "ID", value_parser = from_company_id)]
    pub(crate) company: Option<CompanyId>,
    /// Deja fuera las líneas malas en vez de rechazar el archivo
    #[arg(long)]
    pub(crate) skip_bad: bool,
    #[command(flatten)]
    pub(crate) by: ByArgs,
}

/// Whether a file of bills has every unpaid bill there is.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct CompleteArgs {
    /// El archivo trae todas las facturas impagas: retira las que no están en él
    #[arg(long)]
    complete: bool,
    #[arg(
        help = "Facturas que --complete puede retirar, como máximo; si falta, la mitad de las impagas, o 100 si son más",
        long, value_name = "N", requires = "complete", value_parser = from_number)]
    withdraw_max: Option<u64>,
}

impl CompleteArgs {
    /// How many bills may be withdrawn, where any may be.
    pub(crate) fn to_max(self) -> Option<VanishMax> {
        self.complete.then(|| self.withdraw_max.map_or(VanishMax::Half, VanishMax::Count))
    }
}

/// Takes a whole number from 0.
pub(crate) fn from_number(text: &str) -> Result<u64, String> {
    text.parse().ok().ok_or_else(|| "se espera un número entero desde 0".to_owned())
}

/// A file to import.
#[derive(Debug)]
pub(crate) struct Work<'w> {
    /// The books it goes to.
    pub(crate) books: &'w Books,
    /// Whose books they are.
    pub(crate) company: &'w Company,
    /// What is asked.
    pub(crate) request: ImportRequest,
    /// Whether each bad line is told on standard error, and progress where that is a terminal.
    pub(crate) is_telling: bool,
}

impl Work<'_> {
    /// Imports the file, and gives what came of it, refused or not.
    pub(crate) fn run(
        &self,
        file: &mut File,
        mut verdicts: Option<&mut VerdictFile>,
    ) -> anyhow::Result<Report> {
        let mut listener = Listener::new(self.is_telling, verdicts.as_deref_mut());
        let service = &self.books.service;
        let imported = service.import(&self.request, file, &mut |news| listener.hear(news));
        listener.finish();
        // Nothing is kept before.
        let is_partly_kept = listener.is_keeping();
        let Listener { bad, paid, .. } = listener;
        let ended = match imported {
            Ok(imported) => Ok(imported),
            Err(Failure::Refused(refusal)) => Err(Refused { refusal, is_partly_kept }),
            Err(failure) => return Err(self.to_problem(failure, is_partly_kept)),
        };
        let ImportRequest { kind, dry_run, .. } = self.request;
        let currency = self.company.currency;
        let report = Report { kind, currency, is_dry_run: dry_run, ended, bad, paid };
        if let (Some(verdicts), Some(refused)) = (verdicts, report.to_refusal()) {
            verdicts.refuse(&refused);
        }
        Ok(report)
    }

    /// Why it is not known what came of the file. Repeating it is always safe.
    fn to_problem(&self, failure: Failure<ImportRefusal>, is_partly_kept: bool) -> anyhow::Error {
        let mirror = self.books.service.mirror_problem();
        let mirror = mirror.as_deref().map(mirror::to_way_out);
        match failure {
            Failure::Unavailable if is_partly_kept => match mirror {
                Some(mirror) => Problem::store(format!(
                    "el espejo no se puede escribir, y solo una parte se guardó: {mirror}. Cuando el \
                     espejo vuelva o se deje, repita el archivo, que no duplica nada"
                )),
                None => Problem::store(
                    "el almacén dejó de estar disponible y una parte se guardó: repita el archivo",
                ),
            },
            Failure::Unknown => match mirror {
                Some(mirror) => Problem::store(format!(
                    "el espejo no se puede escribir: lo último que se guardó no está en él, y lo demás \
                     no se guardó: {mirror}. Cuando el espejo vuelva o se deje, repita el archivo, que \
                     no duplica nada"
                )),
                None => Problem::store(
                    "no se sabe si todo quedó guardado: repita el archivo, que no duplica nada",
                ),
            },
            other => self.books.failed(other, |_| Problem::found("el archivo fue rechazado")),
        }
    }
}

/// The file's name without its folder, in the form a file's record takes.
pub(crate) fn to_name(path: &Path) -> anyhow::Result<Name> {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let name = Name::from_text(&to_printable(&name, NAME_LEN_MAX));
    name.or_else(|_| Ok(Name::from_text("sin nombre")?))
}
