//! `init`: an empty installation, the kit with which it survives its disk, and the way in for its first
//! administrator.

use std::fs;
use std::path::Path;

use clap::Args;
use serde::Serialize;

use super::by::ByArgs;
use super::{invitation, recovery_kit};
use crate::books::{Books, StoreArgs};
use crate::config::FileConfig;
use crate::log::{self, LogArgs};
use crate::output;
use crate::place::{Home, Place, is_empty};
use crate::problem::{Exit, Problem};

/// The flags of `init`.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// Responde con un objeto JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    by: ByArgs,
    #[command(flatten)]
    store: StoreArgs,
}

/// A new installation as `--json` shows it. Nothing of it is shown again.
#[derive(Debug, Serialize)]
struct Shown {
    datos: String,
    claves: String,
    kit: String,
    codigo_recuperacion: String,
    invitacion: invitation::Shown,
}

/// Makes the books, the secrets file and the recovery kit; refuses what exists, but for an empty directory or
/// database.
pub(crate) fn run(args: &InitArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let file = FileConfig::read(args.store.config.as_deref())?;
    log::start(log, "error")?;
    let place = args.store.to_place(&file)?;
    refuse_what_exists(&place)?;
    let books = Books::start(place.create()?, &place)?;
    let books = books.operated_by(args.by.to_label("ventanilla")?);
    let first = books.wait(books.service.invite_first());
    let first = first.map_err(|failure| books.unread(failure))?;
    books.close();
    let kit = place.kit();
    if args.json {
        return output::print_json(&Shown {
            datos: place.to_shown(),
            claves: place.secrets.display().to_string(),
            kit: kit.display().to_string(),
            codigo_recuperacion: recovery_kit::make(&place, &kit)?.to_string(),
            invitacion: invitation::Shown::of(&first, None),
        })
        .map(|()| Exit::Done);
    }
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
    recovery_kit::show(&kit, &recovery_kit::make(&place, &kit)?)?;
    invitation::show(&first, "Enlace del primer administrador de la consola")?;
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
