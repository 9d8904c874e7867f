//! `mirror`: how the second place stands where every entry is written, and its end. It is made and
//! moved by `serve --mirror`; every command that writes keeps to the one the books name.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use ventanilla_domain::Label;
use ventanilla_service::{Clock, Subject, What, leave_mirror};
use ventanilla_store::{Ends, Mirror, MirrorError, Store, StoreError, Stream};

use super::by::ByArgs;
use super::{backup, to_printable};
use crate::books::{Books, COMMAND_LOG, StoreArgs};
use crate::config::FileConfig;
use crate::log::{self, LogArgs};
use crate::output::{self, counted};
use crate::place::Place;
use crate::problem::{Exit, Problem, to_reason, to_store_reason};

/// Characters of a file's name that the trail has at most.
const FILE_NAME_LEN_MAX: usize = 64;

/// The commands under `mirror`.
#[derive(Debug, Subcommand)]
pub(crate) enum MirrorCommand {
    /// Dice dónde está el espejo y si tiene todo lo que tienen los datos
    Status(MirrorCommandArgs),
    /// Deja de llevar el espejo; lo escrito en él queda
    Off(OffArgs),
    /// Quita del espejo lo que ya tiene un respaldo; los dos juntos siguen siendo los libros
    Trim(TrimArgs),
}

/// The flags of `mirror status`.
#[derive(Debug, Args)]
pub(crate) struct MirrorCommandArgs {
    #[command(flatten)]
    store: StoreArgs,
}

/// The flags of `mirror off`.
#[derive(Debug, Args)]
pub(crate) struct OffArgs {
    #[command(flatten)]
    by: ByArgs,
    #[command(flatten)]
    store: StoreArgs,
}

/// The flags of `mirror trim`.
#[derive(Debug, Args)]
pub(crate) struct TrimArgs {
    /// Respaldo, guardado en otra parte, que tiene lo que se quita; se revisa entero antes
    #[arg(long, value_name = "ARCHIVO")]
    backup: PathBuf,
    #[command(flatten)]
    by: ByArgs,
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

impl Wanted {
    /// Refuses a mirror of a database.
    pub(crate) fn require_possible(&self, place: &Place) -> anyhow::Result<()> {
        match self {
            Self::At(_) => place.require_directory(NOT_OF_A_DATABASE).map(drop),
            Self::Kept | Self::Off => Ok(()),
        }
    }
}

/// What keeps a database a second time is another database.
const NOT_OF_A_DATABASE: &str = "una base de datos no lleva espejo: su segunda copia es una réplica síncrona \
    de PostgreSQL (docs/operaciones.md, «Con PostgreSQL»)";

/// Runs a command under `mirror`.
pub(crate) fn run(command: &MirrorCommand, log: &LogArgs) -> anyhow::Result<Exit> {
    let args = match command {
        MirrorCommand::Status(args) => &args.store,
        MirrorCommand::Off(args) => &args.store,
        MirrorCommand::Trim(args) => &args.store,
    };
    let file = FileConfig::read(args.config.as_deref())?;
    log::start(log, COMMAND_LOG)?;
    let place = args.to_place(&file)?;
    place.require_directory(NOT_OF_A_DATABASE)?;
    let store = place.open()?;
    let Some(path) = known(&store, &place)? else {
        output::print("no hay espejo")?;
        return Ok(Exit::Done);
    };
    match command {
        MirrorCommand::Status(_) => status(&store, Path::new(&path), &place),
        MirrorCommand::Off(args) => {
            leave(&args.by, &store, &path, &place)?;
            output::print(format_args!("el espejo de {path} ya no se lleva; lo escrito queda"))?;
            if let Some(named) = &file.mirror {
                output::tell(to_hint(named));
            }
            Ok(Exit::Done)
        }
        MirrorCommand::Trim(args) => trim(args, store, Path::new(&path), &place),
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
                require_parent("espejo", Path::new(&path))?;
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

/// That the directory in which something is to be made, a mirror, is there: one that is not may be a disk
/// that is not mounted.
pub(crate) fn require_parent(what: &str, path: &Path) -> anyhow::Result<()> {
    match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) if matches!(parent.try_exists(), Ok(false)) => {
            let parent = parent.display();
            Err(Problem::usage(format!(
                "{what}: no existe el directorio {parent}; ¿está montado su disco?"
            )))
        }
        _ => Ok(()),
    }
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
        MirrorError::Occupied(path) => {
            format!("{path}: tiene otros archivos; indique un directorio vacío o que no exista")
        }
        MirrorError::ForeignKeys(path) => format!("{path}: es el espejo de otra instalación"),
        MirrorError::OtherVersion(path) => {
            format!("{path}: lo escribió otra versión de Ventanilla")
        }
        MirrorError::Damaged { path, line } => format!(
            "{path}: la línea {line} no sigue a la anterior: el espejo fue alterado o está dañado"
        ),
        MirrorError::Ahead { stream, number } => format!(
            "el espejo tiene {}, que a los datos les falta: restáurelos con él, o indique otro \
             espejo con --mirror",
            to_item(*stream, *number)
        ),
        MirrorError::IdentitiesAhead(_) => {
            "el espejo tiene recaudadores y usuarios que a los datos les faltan: restáurelos con \
             él, o indique otro espejo con --mirror"
                .to_owned()
        }
        MirrorError::Diverged { stream, number } => format!(
            "{} no coincide en el espejo y en los datos: no son de la misma historia",
            to_item(*stream, *number)
        ),
        MirrorError::Gap { stream, number } => format!(
            "{} no está en los datos ni en el espejo: hace falta un respaldo más reciente",
            to_item(*stream, *number)
        ),
        MirrorError::IdentitiesGap(_) => {
            "los últimos recaudadores y usuarios no están en los datos ni en el espejo: hace falta \
             un respaldo más reciente"
                .to_owned()
        }
        MirrorError::Broken { stream, number, .. } => {
            format!("{} no sigue a lo anterior: hubo una alteración", to_item(*stream, *number))
        }
        MirrorError::Store(error) => format!("los datos: {}", to_store_reason(error)),
    }
}

/// The same where the mirror was in use: one that may come back may also be given up, which is then told.
/// One that knows more than the books must not be.
pub(crate) fn to_way_out(error: &MirrorError) -> String {
    let sentence = to_sentence(error);
    match error {
        MirrorError::Missing(_) | MirrorError::File { .. } => {
            format!("{sentence} (si no ha de volver: «ventanilla mirror off»)")
        }
        _ => sentence,
    }
}

/// What has that number, in Spanish.
fn to_item(stream: Stream, number: i64) -> String {
    match stream {
        Stream::Journal(company) => format!("el asiento {number} de la empresa {company}"),
        Stream::Trail(Some(company)) => {
            format!("la fila {number} de la bitácora de la empresa {company}")
        }
        Stream::Trail(None) => format!("la fila {number} de la bitácora sin empresa"),
    }
}

fn to_problem(error: &MirrorError) -> anyhow::Error {
    tracing::debug!(error = error as &dyn std::error::Error, "the mirror cannot be used");
    match error {
        MirrorError::Store(_) => Problem::store(to_sentence(error)),
        _ => Problem::usage(format!("espejo: {}", to_sentence(error))),
    }
}

/// Ends the mirror, and has the trail say who did.
fn leave(by: &ByArgs, store: &Store, path: &str, place: &Place) -> anyhow::Result<()> {
    let operator = by.to_label("ventanilla")?;
    let left = leave_mirror(store, &Clock::System, &operator, &to_file_name(Path::new(path)));
    left.map_err(|error| unwritten(&error, place))
}

/// That a server would take the mirror up again, since the file names one.
fn to_hint(named: &Path) -> String {
    format!(
        "el archivo de configuración nombra un espejo (mirror = \"{}\"): quite esa línea, o «ventanilla \
         serve» lo vuelve a llevar",
        named.display()
    )
}

/// Where the books say that their mirror is.
pub(super) fn known(store: &Store, place: &Place) -> anyhow::Result<Option<String>> {
    let read = store.snapshot().and_then(|snapshot| snapshot.view().mirror());
    read.map_err(|error| unread(&error, place))
}

pub(super) fn keep(store: &Store, path: Option<&str>, place: &Place) -> anyhow::Result<()> {
    let set = || {
        let mut tx = store.begin()?;
        tx.set_mirror(path)?;
        anyhow::Ok(tx.commit()?)
    };
    set().map_err(|error| unwritten(&error, place))
}

fn unwritten(error: &dyn Display, place: &Place) -> anyhow::Error {
    tracing::debug!(%error, "the mirror's place was not kept");
    Problem::store(format!("{}: no se pudo escribir", place.to_shown_books()))
}

fn unread(error: &StoreError, place: &Place) -> anyhow::Error {
    place.to_unread(error)
}

/// The directory as the books keep it: every process must find it, wherever it was started.
pub(super) fn to_name(path: &Path) -> anyhow::Result<String> {
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
    let is_shared = store.shares_disk_with(path);
    let disk = if is_shared { "en el mismo disco que los datos" } else { "en otro disco" };
    output::print(format_args!("espejo en {}, {disk}", path.display()))?;
    output::print(to_size(&found.segments))?;
    tell_ends(&goal, &found.ends)?;
    match found.prove(store) {
        Ok(()) => {}
        Err(MirrorError::Store(error)) => return Err(unread(&error, place)),
        Err(strange) => {
            output::print(to_sentence(&strange))?;
            return Ok(Exit::FoundWrong);
        }
    }
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

/// How many segments, and how much is in them.
fn to_size(segments: &[(u32, u64)]) -> String {
    let bytes: u64 = segments.iter().map(|(_, bytes)| bytes).sum();
    let count = u64::try_from(segments.len()).unwrap_or(u64::MAX);
    format!("{}, {} KiB", counted(count, "segmento", "segmentos"), bytes.div_ceil(1024))
}

/// Drops what a backup has, once that is known to be these books' and whole.
fn trim(args: &TrimArgs, store: Store, path: &Path, place: &Place) -> anyhow::Result<Exit> {
    let operator = args.by.to_label("ventanilla")?;
    let (dropped, kept) = drop_covered(&store, path, &args.backup, place)?;
    note(store, place, operator, What::MirrorTrim, &args.backup)?;
    output::print(format_args!("se quitó: {}", to_size(&dropped)))?;
    output::print(format_args!("queda: {}", to_size(&kept)))?;
    let backup = args.backup.display();
    output::print(format_args!("desde ahora hacen falta los dos: {backup} y el espejo"))?;
    Ok(Exit::Done)
}

/// Has the trail say who did something with a file, that is named there by its last name alone.
pub(super) fn note(
    store: Store,
    place: &Place,
    operator: Label,
    what: What,
    file: &Path,
) -> anyhow::Result<()> {
    let books = Books::start(store, place)?.operated_by(operator);
    books.service.note_operator(None, what, Subject::named(to_file_name(file)));
    books.close();
    Ok(())
}

fn to_file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    to_printable(&name, FILE_NAME_LEN_MAX)
}

/// A mirror's segments, by number, with their bytes.
type Segments = Vec<(u32, u64)>;

/// The segments that were dropped, and those that stay.
fn drop_covered(
    store: &Store,
    path: &Path,
    backup: &Path,
    place: &Place,
) -> anyhow::Result<(Segments, Segments)> {
    let covered = backup::ends_of(backup, store.keys().clone())?;
    let has = store.snapshot().and_then(|snapshot| snapshot.view().has(&covered));
    if !has.map_err(|error| unread(&error, place))? {
        let backup = backup.display();
        return Err(Problem::found(format!(
            "{backup}: tiene lo que estos libros no tienen: no es un respaldo de ellos; nada cambió"
        )));
    }
    let mut mirror = Mirror::at(path, store.keys().clone());
    let trimmed = mirror.status().and_then(|before| {
        let dropped = mirror.trim(&covered)?;
        let mut segments = before.segments;
        let kept = segments.split_off(dropped.min(segments.len()));
        Ok((segments, kept))
    });
    trimmed.map_err(|error| Problem::store(format!("espejo: {}", to_sentence(&error))))
}

fn tell_ends(goal: &Ends, found: &Ends) -> anyhow::Result<()> {
    for (company, number) in goal.journals() {
        let mirrored = found.journals().find(|(of, _)| *of == company).map_or(0, |(_, at)| at);
        output::print(format_args!("empresa {company}: asiento {mirrored} de {number}"))?;
    }
    Ok(())
}
