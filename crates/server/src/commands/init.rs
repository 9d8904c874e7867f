//! `init`: an empty installation.

use std::fs;

use clap::Args;

use crate::books::{Books, StoreArgs};
use crate::config::FileConfig;
use crate::log::{self, LogArgs};
use crate::output;
use crate::problem::{Exit, Problem};

/// The flags of `init`.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    #[command(flatten)]
    store: StoreArgs,
}

/// Makes the data directory and the secrets file; refuses what exists.
pub(crate) fn run(args: &InitArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let file = FileConfig::read(args.store.config.as_deref())?;
    log::start(log, "error")?;
    let place = args.store.to_place(&file)?;
    for path in [&place.data, &place.secrets] {
        if fs::symlink_metadata(path).is_ok() {
            return Err(Problem::usage(format!("{}: ya existe; nada cambió", path.display())));
        }
    }
    Books::start(place.create()?)?.close();
    output::print(format_args!(
        "Instalación vacía en {}\nClaves en {}: guarde una copia aparte, no van en los respaldos",
        place.data.display(),
        place.secrets.display()
    ))?;
    Ok(Exit::Done)
}
