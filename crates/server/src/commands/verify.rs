//! `verify`: everything recomputed from the journal, and compared.

use clap::Args;

use crate::books::{Books, StoreArgs};
use crate::log::LogArgs;
use crate::output;
use crate::problem::{self, Exit};

/// The flags of `verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    store: StoreArgs,
}

/// Tells what was compared, and what differs.
pub(crate) fn run(args: &VerifyArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let books = Books::open(&args.store, log)?;
    let report = books.service.verify().map_err(problem::from_plain)?;
    books.close();
    let (entries, payments) = (report.entries, report.payments);
    output::print(format_args!("comparados: {entries} asientos, {payments} pagos"))?;
    for finding in &report.findings {
        output::print(format_args!("difiere: {finding}"))?;
    }
    if report.findings.is_empty() {
        output::print("sin diferencias")?;
        return Ok(Exit::Done);
    }
    Ok(Exit::FoundWrong)
}
