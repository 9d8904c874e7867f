//! `import report`: what a collector did between a backup and the loss of what came after it, from its
//! own report; for the reports, or lines of them, that a restoration left out.

use std::path::PathBuf;

use clap::Args;
use ventanilla_domain::{CompanyId, Label};

use crate::books::{Books, StoreArgs};
use crate::commands::by::ByArgs;
use crate::commands::restore::{
    CompanyReports, Reported, load_reports, refused, to_loaded, to_owner,
};
use crate::commands::{from_company_id, from_text};
use crate::log::LogArgs;
use crate::output;
use crate::problem::Exit;

/// The flags of `import report`.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// Reporte del recaudador, como lo descargó en CSV, o con esas columnas
    #[arg(value_name = "ARCHIVO")]
    file: PathBuf,
    /// Nombre del recaudador
    #[arg(long, value_name = "NOMBRE", value_parser = from_text::<64>)]
    collector: Label,
    /// Número de la empresa; sobra donde hay una sola
    #[arg(long, value_name = "ID", value_parser = from_company_id)]
    company: Option<CompanyId>,
    /// Deja fuera las líneas malas, en vez de rechazar el archivo
    #[arg(long)]
    skip_bad: bool,
    #[command(flatten)]
    by: ByArgs,
    #[command(flatten)]
    store: StoreArgs,
}

/// Brings back what a report says was lost.
pub(super) fn run(args: &ReportArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let books = Books::open_by(&args.by, &args.store, log)?;
    let company = books.company(args.company)?.id;
    let collectors = books.service.collectors(Some(company));
    let collectors = collectors.map_err(|failure| books.unread(failure))?;
    let owner = to_owner(&collectors, company, args.collector.as_str())?;
    let report = Reported::of(owner, &args.file)?;
    let reports = CompanyReports { company, reports: vec![(owner.id, report)] };
    let loaded = load_reports(&books.service, &reports, args.skip_bad)
        .map_err(|failure| books.failed(failure, |refusal| refused(&reports, &refusal)))?;
    books.close();
    for loaded in &loaded {
        output::print(to_loaded(owner.name.as_str(), loaded))?;
    }
    let is_whole = args.skip_bad || loaded.iter().all(|loaded| loaded.refused == 0);
    Ok(if is_whole { Exit::Done } else { Exit::FoundWrong })
}
