//! `init`: an empty installation.

use std::fs;
use std::path::Path;

use clap::Args;

use crate::books::{Books, Place, StoreArgs, is_empty};
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

/// Makes the data directory and the secrets file; refuses what exists, but for an empty directory.
pub(crate) fn run(args: &InitArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let file = FileConfig::read(args.store.config.as_deref())?;
    log::start(log, "error")?;
    let place = args.store.to_place(&file)?;
    refuse_what_exists(&place)?;
    Books::start(place.create()?, &place)?.close();
    output::print(format_args!(
        "Instalación vacía en {}\nClaves en {}: guarde una copia aparte, no van en los respaldos",
        place.data.display(),
        place.secrets.display()
    ))?;
    Ok(Exit::Done)
}

/// An empty directory may be there: a volume that is mounted always is.
fn refuse_what_exists(place: &Place) -> anyhow::Result<()> {
    let exists = |path: &Path| fs::symlink_metadata(path).is_ok();
    let data = &place.data;
    if exists(data) && !(data.is_dir() && is_empty(data)?) {
        let what = if data.is_dir() { "y no está vacío; " } else { "y no es un directorio; " };
        return Err(Problem::usage(format!("{}: ya existe {what}nada cambió", data.display())));
    }
    for made in [&place.secrets, &place.checkpoints] {
        if exists(made) {
            let made = made.display();
            return Err(Problem::usage(format!("{made}: ya existe; nada cambió")));
        }
    }
    Ok(())
}
