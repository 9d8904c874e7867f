//! `mirror`: how the second place stands where every entry is written, and its end. It is made and
//! moved by `serve --mirror`; every command that writes keeps to the one the books name.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use ventanilla_store::{Ends, Mirror, MirrorError, Store, StoreError};

use crate::books::{Place, StoreArgs};
use crate::config::FileConfig;
use crate::log::{self, LogArgs};
use crate::output::{self, counted};
use crate::problem::{Exit, Problem, to_reason, to_store_reason};

/// The commands under `mirror`.
#[derive(Debug, Subcommand)]
pub(crate) enum MirrorCommand {
    /// Dice dónde está el espejo y si tiene todo lo que tienen los datos
    Status(MirrorCommandArgs),
    /// Deja de llevar el espejo; lo escrito en él queda
    Off(MirrorCommandArgs),
}

/// The flags of the commands under `mirror`.
#[derive(Debug, Args)]
pub(crate) struct MirrorCommandArgs {
    #[command(flatten)]
    store: StoreArgs,
}

/// Where a server's mirror is to be.
#[derive(Debug, Default, Args)]
pub(crate) struct MirrorArgs {
    /// Directorio de otro disco donde cada asiento se escribe también antes de responder
    #[arg(long, value_name = "DIR", env = "VENTANILLA_MIRROR")]
    mirror: Option<PathBuf>,
    /// Deja de llevar el espejo, aunque el archivo o el entorno nombren uno
    #[arg(long)]
    no_mirror: bool,
}

/// What becomes of the mirror that the books name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Whatever it is, it stays.
    Kept,
    /// It is in this directory from now on.
    At(PathBuf),
    /// There is none from now on.
    Off,
}

impl MirrorArgs {
    /// What the flags and the environment say, else the file; else the books keep the one they have.
    pub(crate) fn to_wanted(&self, file: &FileConfig) -> Wanted {
        match self.mirror.as_ref().or(file.mirror.as_ref()) {
            _ if self.no_mirror => Wanted::Off,
            Some(path) => Wanted::At(path.clone()),
            None => Wanted::Kept,
        }
    }
}

/// Runs a command under `mirror`.
pub(crate) fn run(command: &MirrorCommand, log: &LogArgs) -> anyhow::Result<Exit> {
    let (MirrorCommand::Status(args) | MirrorCommand::Off(args)) = command;
    let file = FileConfig::read(args.store.config.as_deref())?;
    log::start(log, "error")?;
    let place = args.store.to_place(&file)?;
    let store = place.open()?;
    let Some(path) = known(&store, &place)? else {
        output::print("no hay espejo")?;
        return Ok(Exit::Done);
    };
    match command {
        MirrorCommand::Status(_) => status(&store, Path::new(&path), &place),
        MirrorCommand::Off(_) => {
            keep(&store, None, &place)?;
            output::print(format_args!("el espejo de {path} ya no se lleva; lo escrito queda"))?;
            Ok(Exit::Done)
        }
    }
}

/// Makes, moves or ends the mirror of the books that a server is about to serve. A new one gets
/// everything before the books name it.
pub(crate) fn settle(store: &Store, wanted: &Wanted, place: &Place) -> anyhow::Result<()> {
    let before = known(store, place)?;
    match wanted {
        Wanted::Off if before.is_some() => keep(store, None, place)?,
        Wanted::Kept | Wanted::Off => {}
        Wanted::At(path) => {
            let path = to_name(path)?;
            if before.as_ref() != Some(&path) {
                let mirror = Mirror::make(Path::new(&path), store.keys().clone());
                let filled = mirror.and_then(|mut mirror| mirror.catch_up(store));
                filled.map_err(|error| to_problem(&error))?;
                keep(store, Some(&path), place)?;
            }
        }
    }
    let path = known(store, place)?;
    if let Some(path) = path.filter(|path| store.shares_disk_with(Path::new(path))) {
        tracing::warn!(
            path,
            "the mirror is on the disk of the data: whatever takes one takes both"
        );
    }
    Ok(())
}

/// A mirror that is not these books' keeps a server from starting; one whose disk is away does not:
/// nothing is written until it is back.
pub(crate) fn refuse_foreign(problem: Option<&MirrorError>) -> anyhow::Result<()> {
    match problem.filter(|error| !error.may_pass()) {
        Some(error) => Err(to_problem(error)),
        None => Ok(()),
    }
}

/// Why a mirror cannot be used, in Spanish.
pub(crate) fn to_sentence(error: &MirrorError) -> String {
    match error {
        MirrorError::Missing(path) => {
            format!("{path}: ahí no está el espejo; ¿está montado su disco?")
        }
        MirrorError::File { path, source } => {
            format!("{path}: no se pudo usar: {}", to_reason(source))
        }
        MirrorError::ForeignKeys(path) => format!("{path}: es el espejo de otra instalación"),
        MirrorError::OtherVersion(path) => {
            format!("{path}: lo escribió otra versión de Ventanilla")
        }
        MirrorError::Damaged { path, line } => format!(
            "{path}: la línea {line} no sigue a la anterior: el espejo fue alterado o está dañado"
        ),
        MirrorError::Ahead { company, number } => format!(
            "el espejo tiene el asiento {number} de la empresa {company}, que a los datos les \
             falta: restáurelos con él, o indique otro espejo con --mirror"
        ),
        MirrorError::IdentitiesAhead(_) | MirrorError::IdentitiesGap(_) => {
            "el espejo tiene recaudadores y usuarios que a los datos les faltan: restáurelos con \
             él, o indique otro espejo con --mirror"
                .to_owned()
        }
        MirrorError::Diverged { company, number } => format!(
            "el asiento {number} de la empresa {company} no es el mismo en el espejo que en los \
             datos: no son de la misma historia"
        ),
        MirrorError::Gap { company, number } => format!(
            "el asiento {number} de la empresa {company} no está en los datos ni en el espejo: \
             hace falta un respaldo más reciente"
        ),
        MirrorError::Broken { company, number, .. } => format!(
            "el asiento {number} de la empresa {company} no sigue al anterior: fue alterado"
        ),
        MirrorError::Store(error) => format!("los datos: {}", to_store_reason(error)),
    }
}

fn to_problem(error: &MirrorError) -> anyhow::Error {
    tracing::debug!(error = error as &dyn std::error::Error, "the mirror cannot be used");
    match error {
        MirrorError::Store(_) => Problem::store(to_sentence(error)),
        _ => Problem::usage(format!("espejo: {}", to_sentence(error))),
    }
}

/// Where the books say that their mirror is.
fn known(store: &Store, place: &Place) -> anyhow::Result<Option<String>> {
    let read = store.snapshot().and_then(|snapshot| snapshot.view().mirror());
    read.map_err(|error| unread(&error, place))
}

fn keep(store: &Store, path: Option<&str>, place: &Place) -> anyhow::Result<()> {
    let set = || {
        let mut tx = store.begin()?;
        tx.set_mirror(path)?;
        anyhow::Ok(tx.commit()?)
    };
    set().map_err(|error| {
        tracing::debug!(%error, "the mirror's place was not kept");
        Problem::store(format!("{}: no se pudo escribir", place.database().display()))
    })
}

fn unread(error: &StoreError, place: &Place) -> anyhow::Error {
    Problem::store(format!("{}: {}", place.database().display(), to_store_reason(error)))
}

/// The directory as the books keep it: every process must find it, wherever it was started.
fn to_name(path: &Path) -> anyhow::Result<String> {
    let absolute = std::path::absolute(path).ok();
    let name = absolute.as_deref().and_then(Path::to_str).map(str::to_owned);
    name.ok_or_else(|| {
        Problem::usage(format!("--mirror {}: no nombra un directorio", path.display()))
    })
}

fn status(store: &Store, path: &Path, place: &Place) -> anyhow::Result<Exit> {
    // What comes in meanwhile is more in the mirror, not less.
    let goal = store.ends().map_err(|error| unread(&error, place))?;
    let found = Mirror::at(path, store.keys().clone()).status();
    let found =
        found.map_err(|error| Problem::store(format!("espejo: {}", to_sentence(&error))))?;
    let bytes: u64 = found.segments.iter().map(|(_, bytes)| bytes).sum();
    let segments = u64::try_from(found.segments.len()).unwrap_or(u64::MAX);
    let segments = counted(segments, "segmento", "segmentos");
    let is_shared = store.shares_disk_with(path);
    let disk = if is_shared { "en el mismo disco que los datos" } else { "en otro disco" };
    output::print(format_args!("espejo en {}, {disk}", path.display()))?;
    output::print(format_args!("{segments}, {} KiB", bytes.div_ceil(1024)))?;
    tell_ends(&goal, &found.ends)?;
    match goal.lead_over(&found.ends) {
        0 => {
            output::print("al día")?;
            Ok(Exit::Done)
        }
        lag => {
            let verb = if lag == 1 { "falta" } else { "faltan" };
            output::print(format_args!("le {verb} {}", counted(lag, "línea", "líneas")))?;
            Ok(Exit::FoundWrong)
        }
    }
}

fn tell_ends(goal: &Ends, found: &Ends) -> anyhow::Result<()> {
    for (company, number) in goal.journals() {
        let mirrored = found.journals().find(|(of, _)| *of == company).map_or(0, |(_, at)| at);
        output::print(format_args!("empresa {company}: asiento {mirrored} de {number}"))?;
    }
    Ok(())
}
