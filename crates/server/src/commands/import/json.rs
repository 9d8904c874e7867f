//! What came of a file, as `--json` shows it.

use serde::Serialize;
use ventanilla_domain::{Currency, FileId, FileKind, ImportTotals, Tally};
use ventanilla_service::import::{ImportRefusal, Verdict};

use super::report::{Report, to_decimal, to_listed};
use crate::output;

/// Prints what came of a file.
pub(super) fn print(report: &Report) -> anyhow::Result<()> {
    let veredictos: Vec<Listed> = report.bad.iter().map(Listed::of).collect();
    match &report.ended {
        Err(refused) => output::print_json(&ShownRefused::of(&refused.refusal, veredictos)),
        Ok(imported) => output::print_json(&ShownImported {
            archivo: imported.file.map(FileId::to_i64),
            cuentas: Counts::of(report.kind, &imported.totals, report.currency),
            retiro_pendiente: imported.is_withheld,
            guardado: !report.is_dry_run,
            veredictos,
        }),
    }
}

/// What an import did, as `--json` shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownImported {
    #[serde(skip_serializing_if = "Option::is_none")]
    archivo: Option<i64>,
    #[serde(flatten)]
    cuentas: Counts,
    /// Whether bills that vanished were left as they are because of bad lines.
    #[serde(skip_serializing_if = "is_false")]
    retiro_pendiente: bool,
    guardado: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    veredictos: Vec<Listed>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

/// What came of the lines, as JSON.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Counts {
    lineas: u64,
    nuevas: u64,
    cambiadas: u64,
    iguales: u64,
    pagadas: u64,
    rechazadas: u64,
    #[serde(flatten)]
    of_bills: Option<BillCounts>,
}

/// What only a file of bills can do.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct BillCounts {
    anuladas: u64,
    pagadas_fuera: u64,
    reemplazadas: u64,
    desaparecidas: u64,
    diferencia_nuevas: String,
    diferencia_cambiadas: String,
    diferencia_anuladas: String,
    diferencia_pagadas_fuera: String,
    diferencia_reemplazadas: String,
    diferencia_desaparecidas: String,
    diferencia: String,
}

impl Counts {
    pub(super) fn of(kind: FileKind, totals: &ImportTotals, currency: Currency) -> Self {
        let is_bills = kind == FileKind::Bills;
        Self {
            lineas: totals.lines,
            nuevas: totals.new.count,
            cambiadas: totals.changed.count,
            iguales: totals.unchanged,
            pagadas: totals.paid,
            rechazadas: totals.refused,
            of_bills: is_bills.then(|| BillCounts::of(totals, currency)),
        }
    }
}

impl BillCounts {
    fn of(totals: &ImportTotals, currency: Currency) -> Self {
        let difference = |tally: Tally| to_decimal(tally.difference_minor, currency);
        Self {
            anuladas: totals.annulled.count,
            pagadas_fuera: totals.paid_elsewhere.count,
            reemplazadas: totals.replaced.count,
            desaparecidas: totals.vanished.count,
            diferencia_nuevas: difference(totals.new),
            diferencia_cambiadas: difference(totals.changed),
            diferencia_anuladas: difference(totals.annulled),
            diferencia_pagadas_fuera: difference(totals.paid_elsewhere),
            diferencia_reemplazadas: difference(totals.replaced),
            diferencia_desaparecidas: difference(totals.vanished),
            diferencia: to_decimal(totals.difference_minor(), currency),
        }
    }
}

/// What is told of a refused file, as `--json` shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownRefused {
    #[serde(skip_serializing_if = "Option::is_none")]
    rechazadas: Option<u64>,
    #[serde(flatten)]
    too_many: Option<TooMany>,
    guardado: bool,
    veredictos: Vec<Listed>,
}

/// More bills than a complete file may withdraw, as JSON.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct TooMany {
    desaparecidas: u64,
    impagas: u64,
    retiro_maximo: u64,
}

impl ShownRefused {
    fn of(refusal: &ImportRefusal, listed: Vec<Listed>) -> Self {
        let refused =
            Self { rechazadas: None, too_many: None, guardado: false, veredictos: listed };
        match refusal {
            ImportRefusal::Officer(_) | ImportRefusal::CompanyUnknown => refused,
            ImportRefusal::Unreadable(verdict) => {
                Self { veredictos: vec![Listed::of(verdict)], ..refused }
            }
            ImportRefusal::BadLines(lines) => Self { rechazadas: Some(*lines), ..refused },
            ImportRefusal::TooManyVanish { vanished, unpaid, max } => {
                let (desaparecidas, impagas, retiro_maximo) = (*vanished, *unpaid, *max);
                let too_many = TooMany { desaparecidas, impagas, retiro_maximo };
                Self { too_many: Some(too_many), ..refused }
            }
        }
    }
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
        Self { linea: verdict.line, columna: verdict.column, mensaje: to_listed(verdict) }
    }
}
