//! `init`: an empty installation, and the kit with which it survives its disk.

use std::fs;
use std::path::Path;

use clap::Args;

use super::recovery_kit;
use crate::books::{Books, StoreArgs};
use crate::config::FileConfig;
use crate::log::{self, LogArgs};
use crate::output;
use crate::place::{Home, Place, is_empty};
use crate::problem::{Exit, Problem};

/// The flags of `init`.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    #[command(flatten)]
    store: StoreArgs,
}

/// Makes the books, the secrets file and the recovery kit; refuses what exists, but for an empty directory or
/// database.
pub(crate) fn run(args: &InitArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let file = FileConfig::read(args.store.config.as_deref())?;
    log::start(log, "error")?;
    let place = args.store.to_place(&file)?;
    refuse_what_exists(&place)?;
    Books::start(place.create()?, &place)?.close();
    output::print(format_args!(
        "Instalación vacía en {}\nClaves en {}: guarde una copia aparte, no van en los respaldos{}",
        place.to_shown(),
        place.secrets.display(),
        match &place.home {
            Home::Directory(_) => "",
            Home::Database(_) =>
                "; cada servidor de esta base de datos necesita este mismo archivo",
        }
    ))?;
    // Into a file or a pipe too: a code that nobody saw would be a kit that nobody opens.
    let kit = place.kit();
    recovery_kit::show(&kit, &recovery_kit::make(&place, &kit)?)?;
    Ok(Exit::Done)
}

/// An empty directory may be there: a volume that is mounted always is.
fn refuse_what_exists(place: &Place) -> anyhow::Result<()> {
    let exists = |path: &Path| fs::symlink_metadata(path).is_ok();
    if let Home::Directory(data) = &place.home
        && exists(data)
        && !(data.is_dir() && is_empty(data)?)
    {
        let what = if data.is_dir() { "y no está vacío; " } else { "y no es un directorio; " };
        return Err(Problem::usage(format!("{}: ya existe {what}nada cambió", data.display())));
    }
    for file in [&place.secrets, &place.checkpoints, &place.kit()] {
        if exists(file) {
            let file = file.display();
            return Err(Problem::usage(format!("{file}: ya existe; nada cambió")));
        }
    }
    Ok(())
}
