//! `verify`: everything recomputed from the journal, and compared. The end of each company's journal
//! and of each trail is told so that it can be kept elsewhere: it is what shows one that was cut short.

use std::io;

use clap::Args;

use crate::books::{Books, StoreArgs};
use crate::log::LogArgs;
use crate::output::{self, counted};
use crate::problem::{Exit, Problem, to_reason};

/// The flags of `verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    store: StoreArgs,
}

/// What the file of checkpoints comes to, and what in it differs.
fn check_checkpoints(books: &Books) -> anyhow::Result<(String, Vec<String>)> {
    let path = books.checkpoints();
    let shown = path.display();
    let report = match books.service.check_checkpoints(path) {
        Ok(report) => report.map_err(|failure| books.unread(failure))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok((format!("puntos de control: ninguno en {shown}"), Vec::new()));
        }
        Err(error) => {
            let reason = to_checkpoint_reason(&error);
            return Err(Problem::usage(format!("{shown}: no se pudo leer: {reason}")));
        }
    };
    let last =
        report.last_at.map(|at| at.strftime(", el último de %Y-%m-%dT%H:%M:%SZ").to_string());
    let last = last.unwrap_or_default();
    let left = match report.lost {
        0 => String::new(),
        times => format!("; {times} veces dicen lo que una restauración dejó atrás: es normal"),
    };
    Ok((format!("puntos de control: {}{last}{left}", report.lines), report.findings))
}

/// Why a file of checkpoints could not be used.
pub(crate) fn to_checkpoint_reason(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::InvalidData => "no es un archivo de puntos de control",
        io::ErrorKind::ResourceBusy => {
            "otro servidor escribe los suyos ahí: cada uno lleva los suyos, donde diga --checkpoints"
        }
        _ => to_reason(error),
    }
}

/// How much was compared.
pub(crate) fn to_compared(entries: u64, payments: u64, payouts: u64) -> String {
    let mut compared = [
        counted(entries, "asiento", "asientos"),
        counted(payments, "pago", "pagos"),
        counted(payouts, "pago a proveedores", "pagos a proveedores"),
    ]
    .to_vec();
    if payouts == 0 {
        compared.pop();
    }
    compared.join(", ")
}

/// Tells what was compared, and what differs.
pub(crate) fn run(args: &VerifyArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let books = Books::open(&args.store, log)?;
    let mut report = books.service.verify().map_err(|failure| books.unread(failure))?;
    let (attested, differing) = check_checkpoints(&books)?;
    report.findings.extend(differing);
    books.close();
    let compared = to_compared(report.entries, report.payments, report.payouts);
    output::print(format_args!("comparados: {compared}"))?;
    if report.unsealed > 0 {
        let unsealed = counted(report.unsealed, "movimiento", "movimientos");
        output::print(format_args!("sin asiento todavía, y comparados: {unsealed}"))?;
    }
    for (company, entries, chain) in &report.heads {
        output::print(format_args!(
            "empresa {company}: último asiento {entries}, eslabón {chain}"
        ))?;
    }
    for (company, rows, chain) in &report.trails {
        let of = company.map_or("sin empresa".to_owned(), |id| format!("de la empresa {id}"));
        output::print(format_args!("bitácora {of}: última fila {rows}, eslabón {chain}"))?;
    }
    output::print(attested)?;
    for finding in &report.findings {
        output::print(format_args!("difiere: {finding}"))?;
    }
    if report.findings.is_empty() {
        output::print("sin diferencias")?;
        return Ok(Exit::Done);
    }
    Ok(Exit::FoundWrong)
}
