//! `recovery-kit`: an installation's keys on a file that only a code opens, for the day its disk is gone.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use ventanilla_domain::Label;
use ventanilla_service::{Entropy, RecoveryCode, RecoveryKit, What};
use ventanilla_store::write_once;

use super::by::ByArgs;
use super::mirror;
use crate::books::{COMMAND_LOG, StoreArgs};
use crate::config::FileConfig;
use crate::log::{self, LogArgs};
use crate::output;
use crate::place::Place;
use crate::problem::{Exit, Problem, to_reason};

/// The flags of `recovery-kit`.
#[derive(Debug, Args)]
pub(crate) struct RecoveryKitArgs {
    /// Archivo del kit, que no debe existir; si falta, el directorio de los datos más «.recovery-kit»
    #[arg(value_name = "ARCHIVO")]
    file: Option<PathBuf>,
    /// Responde con un objeto JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    by: ByArgs,
    #[command(flatten)]
    store: StoreArgs,
}

/// A kit just made, as `--json` shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown {
    archivo: String,
    codigo_recuperacion: String,
}

/// Makes a kit of the installation's keys, and shows its code once.
pub(crate) fn run(args: &RecoveryKitArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let file = FileConfig::read(args.store.config.as_deref())?;
    log::start(log, COMMAND_LOG)?;
    let place = args.store.to_place(&file)?;
    place.require_secrets()?;
    let path = args.file.clone().unwrap_or_else(|| place.kit());
    let operator = args.by.to_label("ventanilla")?;
    let code = make(&place, &path)?;
    note(&place, operator, &path);
    if args.json {
        let shown =
            Shown { archivo: path.display().to_string(), codigo_recuperacion: code.to_string() };
        output::print_json(&shown)?;
    } else {
        show(&path, &code)?;
    }
    Ok(Exit::Done)
}

/// Has the trail say who made a kit. Where the books cannot be opened, which may be why the kit is
/// wanted, there is no line.
fn note(place: &Place, operator: Label, path: &Path) {
    let noted = place
        .open()
        .and_then(|store| mirror::note(store, place, operator, What::RecoveryKit, path));
    if let Err(error) = noted {
        tracing::debug!(%error, "the trail does not say who made the kit");
    }
}

/// Writes a kit of a place's keys; refuses what exists.
pub(super) fn make(place: &Place, path: &Path) -> anyhow::Result<RecoveryCode> {
    let made = RecoveryKit::make(&place.secrets, &Entropy::System);
    let (kit, code) = made.map_err(|error| place.to_problem(&error))?;
    write_once(path, &kit.to_text()).map_err(|error| {
        let (path, reason) = (path.display(), to_reason(&error));
        Problem::usage(format!("{path}: no se pudo crear el kit de recuperación: {reason}"))
    })?;
    Ok(code)
}

/// Shows a kit's code, once, with what to do with it.
pub(super) fn show(path: &Path, code: &RecoveryCode) -> anyhow::Result<()> {
    let path = path.display();
    output::print(format_args!(
        "Kit de recuperación en {path}: guárdelo con los respaldos\n\
         Código de recuperación: {code}\n\
         No se vuelve a mostrar. Imprímalo o anótelo, y guárdelo en otro lugar que el kit: con un \
         respaldo, el kit y el código se recupera todo aunque se pierda esta máquina."
    ))
}
