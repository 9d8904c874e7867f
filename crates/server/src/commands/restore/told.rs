//! What came of a restoration, and what a person must look at.

use ventanilla_service::{Collector, LoadedReport, ReportVerdict, RestoredCompany};

use super::answers::CompanyReports;
use super::{Loaded, Origin};
use crate::books::Books;
use crate::commands::backup::{to_counts, to_instant};
use crate::commands::import::to_sentence;
use crate::output::counted;

/// What came of a restoration.
#[derive(Debug)]
pub(super) struct Restored<'r> {
    pub(super) from: Origin<'r>,
    pub(super) companies: &'r [RestoredCompany],
    pub(super) loaded: &'r [Loaded],
    pub(super) waived: &'r [Collector],
    pub(super) people: Vec<String>,
    /// The mirror that the backup names: it has more than these books, which leave it.
    pub(super) former_mirror: Option<String>,
}

/// What is told of a restoration once it is done.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) lines: Vec<String>,
    pub(super) companies: Vec<RestoredCompany>,
    /// What the books have all entries of.
    pub(super) source: &'static str,
    /// What is to be done, after everything else.
    pub(super) next: Vec<String>,
}

/// What is true of every restoration.
pub(super) const SIGN_INS_ENDED: &str = "Terminaron todos los tokens y todas las sesiones.";

impl Origin<'_> {
    /// Which backup was restored where.
    pub(super) fn to_line(self) -> String {
        format!(
            "Restaurado en {} el respaldo del {} (versión {}): {}",
            self.place.to_shown(),
            to_instant(self.manifest.made_at),
            self.manifest.version,
            to_counts(self.kept)
        )
    }

    /// What comes next, without a mirror.
    pub(super) fn to_next(self) -> Vec<String> {
        let flags = self.flags;
        vec![
            "Sigue:".to_owned(),
            format!(
                "  1. lo que se cargó después del respaldo, otra vez: ventanilla import members ARCHIVO \
                 {flags}; ventanilla import bills ARCHIVO {flags}"
            ),
            format!("  2. ventanilla serve {flags}"),
            format!("  3. un respaldo de estos libros: ventanilla backup ARCHIVO {flags}"),
        ]
    }
}

impl Restored<'_> {
    pub(super) fn to_lines(&self) -> Vec<String> {
        let mut lines = vec![self.from.to_line()];
        lines.extend(self.companies.iter().map(to_resumed));
        for Loaded { reports } in self.loaded {
            lines.extend(reports.iter().map(|(report, loaded)| to_loaded(report.name(), loaded)));
        }
        lines.extend(self.waived.iter().map(to_waived));
        lines.push(SIGN_INS_ENDED.to_owned());
        if !self.people.is_empty() {
            lines.push(
                "Revise uno por uno: vuelven a estar activos, con su clave de entonces, quienes lo \
                 estaban al hacer el respaldo:"
                    .to_owned(),
            );
            lines.extend(self.people.iter().map(|line| format!("  {line}")));
        }
        lines.extend(self.former_mirror.as_ref().map(|mirror| {
            format!(
                "Estos libros tenían un espejo en {mirror} y ya no lo llevan. Si todavía está, no siga: \
                 restaure con «--mirror {mirror}», que trae todo y no pide reportes."
            )
        }));
        lines
    }
}

fn to_waived(collector: &Collector) -> String {
    let (company, name) = (collector.company, &collector.name);
    if collector.is_window {
        return format!(
            "empresa {company}: lo que cobraron los cajeros después del respaldo falta: vuelva a cobrarlo en la \
             consola, por los recibos impresos"
        );
    }
    format!(
        "empresa {company}: sin el reporte de «{name}»: lo que cobró después del respaldo falta"
    )
}

pub(super) fn to_resumed(company: &RestoredCompany) -> String {
    format!(
        "empresa {}: hasta el asiento {}; siguen IdCobranza {}, movimiento {}, idPago {}, idFactura {}, \
         idProveedor {}, recibo {}, gaveta {}, rendición {}",
        company.company,
        company.last_entry,
        company.next_payment,
        company.next_event,
        company.next_payout,
        company.next_invoice,
        company.next_supplier,
        company.next_receipt,
        company.next_drawer,
        company.next_remittance
    )
}

/// What came of a report, in one line.
pub(crate) fn to_loaded(name: &str, loaded: &LoadedReport) -> String {
    let payments = u64::try_from(loaded.payments.count).unwrap_or_default();
    let mut line = format!(
        "reporte de «{name}»: {} por {}, {}; ya estaban {}",
        counted(payments, "cobranza traída", "cobranzas traídas"),
        loaded.payments.amount.to_decimal(),
        counted(loaded.reversals, "reversión traída", "reversiones traídas"),
        loaded.known
    );
    if loaded.refused > 0 {
        line += "; ";
        line += &counted(loaded.refused, "línea quedó fuera", "líneas quedaron fuera");
    }
    line
}

/// What is wrong with a line of a report.
pub(crate) fn to_line(reports: &CompanyReports, bad: &ReportVerdict) -> String {
    let path = reports.reports.get(bad.report).map(|(_, report)| report.path.display().to_string());
    format!("{}: {}", path.unwrap_or_default(), to_sentence(&bad.verdict))
}

/// Who may sign in again.
pub(super) fn people(books: &Books) -> anyhow::Result<Vec<String>> {
    let unread = |failure| books.unread(failure);
    let mut lines = Vec::new();
    for collector in books.service.collectors(None).map_err(unread)? {
        if collector.is_active && !collector.is_window {
            lines.push(format!("empresa {}: recaudador {}", collector.company, collector.name));
        }
    }
    for integrator in books.service.integrators().map_err(unread)? {
        if integrator.is_active {
            lines.push(format!("integrador {}", integrator.name));
        }
    }
    for user in books.service.users().map_err(unread)? {
        if user.is_active {
            lines.push(format!("usuario {}", user.name));
        }
    }
    Ok(lines)
}
