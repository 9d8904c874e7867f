//! `backup`: the books copied into one file while they are served, checked before it has its name; and a
//! backup examined.

mod draft;
mod found;
mod keys;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use tempfile::TempDir;
use ventanilla_service::{Clock, Entropy, Subject, What};
use ventanilla_store::backup::{self, Examined};
use ventanilla_store::{BackupError, Ends, Keys, Manifest, Store, Verification};

use super::by::ByArgs;
use super::to_printable;
use crate::books::{Books, StoreArgs};
use crate::config::FileConfig;
use crate::log::{self, LogArgs};
use crate::output;
use crate::place::{Home, Place};
use crate::problem::{Exit, Problem, to_reason, to_store_reason};
use draft::{Draft, require_room};
use found::Found;
pub(crate) use found::{to_counts, to_instant};
pub(crate) use keys::KitArgs;

/// The file in a directory that a backup is laid out as.
pub(crate) const DATABASE: &str = "ventanilla.db";

/// The flags of `backup`.
#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// Archivo del respaldo: uno nuevo, o el que se revisa con --check
    #[arg(value_name = "ARCHIVO")]
    file: PathBuf,
    /// Lo cifra con las claves de la instalación: lo abren el archivo de claves o el kit de recuperación
    #[arg(long)]
    encrypt: bool,
    /// Revisa un respaldo que ya existe, sin restaurarlo ni cambiarlo
    #[arg(long, conflicts_with = "encrypt")]
    check: bool,
    #[command(flatten)]
    kit: KitArgs,
    /// Responde con un objeto JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    by: ByArgs,
    #[command(flatten)]
    store: StoreArgs,
}

/// Makes a backup, or examines one.
pub(crate) fn run(args: &BackupArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let file = FileConfig::read(args.store.config.as_deref())?;
    log::start(log, "error")?;
    let found = if args.check {
        check(args, keys_to_check(args, &file)?)?
    } else {
        let place = args.store.to_place(&file)?;
        args.kit.refuse("--kit: un respaldo se hace con el archivo de claves; con --check, sí")?;
        make(args, &place)?
    };
    if args.json {
        output::print_json(&found.to_json())?;
    } else {
        for line in found.to_lines() {
            output::print(line)?;
        }
    }
    Ok(Exit::Done)
}

/// A copy of a database is made by what knows its log.
const NOT_OF_A_DATABASE: &str = "una base de datos se respalda con las herramientas de PostgreSQL: \
    pg_basebackup y el archivado continuo de su WAL (docs/operaciones.md, «Con PostgreSQL»)";

fn make(args: &BackupArgs, place: &Place) -> anyhow::Result<Found> {
    let data = place.require_directory(NOT_OF_A_DATABASE)?;
    let target = Draft::beside(&args.file)?;
    let store = place.open()?;
    let sizes = store.file_sizes().unwrap_or_default();
    let at = |error| match error {
        BackupError::Unsound(findings) => Problem::found(format!(
            "los libros no concuerdan con su diario: no se hizo el respaldo\n{}",
            findings.join("\n")
        )),
        other => to_problem(&args.file, &other),
    };
    let examined = if args.encrypt {
        // What is not encrypted stays where it is anyway, and never touches what the backup goes to.
        let scratch = Draft::within(data)?;
        require_room(data, &[scratch.path(), target.path()], sizes)?;
        let examined = copy(&store, scratch.path()).map_err(at)?;
        let salt = Entropy::System.bytes();
        backup::seal(scratch.path(), store.keys(), &salt, target.path()).map_err(at)?;
        examined
    } else {
        require_room(data, &[target.path()], sizes)?;
        copy(&store, target.path()).map_err(at)?
    };
    target.keep()?;
    note(args, place, store)?;
    let Examined { manifest, verification } = examined;
    Found::of(&args.file, args.encrypt, &manifest, &verification)
}

/// Notes in the trail who took all of the books along.
fn note(args: &BackupArgs, place: &Place, store: Store) -> anyhow::Result<()> {
    let books = Books::start(store, place)?.operated_by(args.by.to_label("ventanilla")?);
    let name = args.file.file_name().map(|name| to_printable(&name.to_string_lossy(), 64));
    let subject = Subject { name, ..Subject::default() };
    books.service.note_operator(None, What::Backup, subject);
    books.close();
    Ok(())
}

/// Copies the books and examines the copy.
fn copy(store: &Store, to: &Path) -> Result<Examined, BackupError> {
    store.copy_into(to, Clock::System.now(), env!("CARGO_PKG_VERSION"))?;
    backup::examine(to, store.keys())
}

/// The keys of the kit, or else of the secrets file, for which no data directory is needed where it is
/// named itself: a backup is examined where there may be no books.
fn keys_to_check(args: &BackupArgs, file: &FileConfig) -> anyhow::Result<Keys> {
    if let Some(random) = args.kit.to_random()? {
        return Ok(Keys::from_random(random));
    }
    match &args.store.secrets {
        Some(secrets) => {
            Place::at(Home::Directory(secrets.clone()), Some(secrets.clone()), None)?.keys()
        }
        None => args.store.to_place(file)?.keys(),
    }
}

fn check(args: &BackupArgs, keys: Keys) -> anyhow::Result<Found> {
    let LaidOut { manifest, verification, .. } = examine_aside(&args.file, keys)?;
    let is_sealed =
        backup::is_sealed(&args.file).map_err(|error| to_problem(&args.file, &error))?;
    Found::of(&args.file, is_sealed, &manifest, &verification)
}

/// How far a backup goes that was found whole and sound.
pub(crate) fn ends_of(file: &Path, keys: Keys) -> anyhow::Result<Ends> {
    let laid_out = examine_aside(file, keys)?;
    laid_out.store.ends().map_err(|error| to_problem(file, &error.into()))
}

/// A backup laid out for as long as it is looked at.
struct LaidOut {
    store: Store,
    manifest: Manifest,
    verification: Verification,
    /// Where it is laid out: dropped last.
    _folder: TempDir,
}

fn examine_aside(file: &Path, keys: Keys) -> anyhow::Result<LaidOut> {
    let folder = tempfile::Builder::new().prefix("ventanilla-check-").tempdir();
    let folder = folder.map_err(|error| {
        let reason = to_reason(&error);
        Problem::store(format!("no se pudo crear un directorio temporal: {reason}"))
    })?;
    let at = |error| to_problem(file, &error);
    let manifest = backup::lay_out(file, &keys, &folder.path().join(DATABASE)).map_err(at)?;
    let (store, verification) = open_laid_out(folder.path(), keys, &manifest).map_err(at)?;
    Ok(LaidOut { store, manifest, verification, _folder: folder })
}

/// Opens a backup that was laid out, bringing its schema up to date, and recomputes everything in it.
fn open_laid_out(
    directory: &Path,
    keys: Keys,
    manifest: &Manifest,
) -> Result<(Store, Verification), BackupError> {
    let store = Store::open_sqlite(directory, keys)?;
    let verification = backup::checked(store.verify()?, manifest)?;
    Ok((store, verification))
}

/// Why a backup could not be made, read or taken, in Spanish; the causes stay in the log.
pub(crate) fn to_problem(file: &Path, error: &BackupError) -> anyhow::Error {
    tracing::debug!(error = error as &dyn std::error::Error, "a backup failed");
    let shown = file.display();
    match error {
        BackupError::NotABackup => {
            Problem::found(format!("{shown}: no es un respaldo de Ventanilla"))
        }
        BackupError::NoManifest => Problem::found(format!(
            "{shown}: es una base de datos, pero no un respaldo: los hace «ventanilla backup»"
        )),
        BackupError::OtherForm => Problem::found(format!(
            "{shown}: lo cifró una versión posterior de Ventanilla; instale esa versión"
        )),
        BackupError::ForeignKeys => Problem::found(format!(
            "{shown}: es de otra instalación: no lo abren estas claves; indique las suyas con \
             --secrets o --kit"
        )),
        BackupError::Altered(_) => Problem::found(format!(
            "{shown}: está dañado, cortado o alterado; nada cambió: use otro respaldo"
        )),
        BackupError::Unsound(findings) => Problem::found(format!(
            "{shown}: lo que contiene no concuerda con su diario; nada cambió: use otro respaldo\n{}",
            findings.join("\n")
        )),
        BackupError::Read(source) => {
            Problem::usage(format!("{shown}: no se pudo leer: {}", to_reason(source)))
        }
        BackupError::Write(source) => Problem::store(format!(
            "{shown}: no se pudo escribir la copia: {}; no queda nada de ella",
            to_reason(source)
        )),
        BackupError::Store(error) => Problem::store(format!("{shown}: {}", to_store_reason(error))),
        BackupError::Open(error) => {
            let file = file.to_owned();
            let home = Home::Directory(file.clone());
            let nowhere = Place { home, secrets: file.clone(), checkpoints: file };
            nowhere.to_problem(error)
        }
    }
}

/// The bytes of a file.
fn len_of(file: &Path) -> anyhow::Result<u64> {
    let len = fs::metadata(file).map(|file| file.len());
    len.map_err(|error| {
        let (file, reason) = (file.display(), to_reason(&error));
        Problem::usage(format!("{file}: no se pudo leer: {reason}"))
    })
}
