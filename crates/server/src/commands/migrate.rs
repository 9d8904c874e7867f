//! `migrate`: the books of a data directory, copied into a database and compared there. The directory stays
//! as it is.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use clap::Args;
use ventanilla_service::What;
use ventanilla_store::{CopyError, OpenError, ServerLock, Store, StoreError, Verification};

use super::backup::to_counts;
use super::by::ByArgs;
use super::mirror;
use crate::books::COMMAND_LOG;
use crate::config::FileConfig;
use crate::log::{self, LogArgs};
use crate::output;
use crate::place::{DatabaseUrl, Home, Place, StoreArgs, from_url};
use crate::problem::{Exit, Problem};

/// What may stand before the directory, beside the `postgres:` of the database.
const SQLITE: &str = "sqlite:";

/// The flags of `migrate`.
#[derive(Debug, Args)]
pub(crate) struct MigrateArgs {
    /// Directorio de los datos que se copian, que nadie atienda: queda como está
    #[arg(long, value_name = "DIR", value_parser = from_source)]
    from: PathBuf,
    #[arg(
        help = "Base de datos PostgreSQL vacía donde se copian: postgres://…; mejor en la variable",
        long, value_name = "URL", env = "VENTANILLA_DATABASE", value_parser = from_url)]
    to: Option<DatabaseUrl>,
    /// Archivo de las claves, que son las mismas en los dos; si falta, el directorio más «.secrets»
    #[arg(long, value_name = "ARCHIVO", env = "VENTANILLA_SECRETS")]
    secrets: Option<PathBuf>,
    /// Archivo de configuración; si falta, ./ventanilla.toml donde lo haya
    #[arg(long, value_name = "ARCHIVO", env = "VENTANILLA_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    by: ByArgs,
}

/// Takes a directory, also as `sqlite:DIR`.
fn from_source(text: &str) -> Result<PathBuf, String> {
    let directory = text.strip_prefix(SQLITE).unwrap_or(text);
    if directory.is_empty() {
        return Err("se espera el directorio de los datos".to_owned());
    }
    Ok(PathBuf::from(directory))
}

/// Copies a directory's books into a database.
pub(crate) fn run(args: &MigrateArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let file = FileConfig::read(args.config.as_deref())?;
    log::start(log, COMMAND_LOG)?;
    let operator = args.by.to_label("ventanilla migrate")?;
    let source = StoreArgs::of_directory(&args.from, args.secrets.clone()).to_place(&file)?;
    let target = to_target(args, &file, &source)?;
    let (_lock, from) = open_source(&source, &args.from)?;
    let to = open_target(&target)?;
    let expected = sound(from.verify(), &source)?;
    copy(&from, &to, &target)?;
    let found = to.verify().map_err(|error| target.to_unread(&error))?;
    require_same(&expected, &found, &target)?;
    let mirrored = mirror::known(&from, &source)?;
    mirror::note(to, &target, operator, What::Migrate, &args.from)?;
    tell(&source, &target, &found, mirrored.as_deref())?;
    Ok(Exit::Done)
}

/// The database, with the secrets of the directory.
fn to_target(args: &MigrateArgs, file: &FileConfig, source: &Place) -> anyhow::Result<Place> {
    let named = args.to.as_ref().map(|url| (url, "--to"));
    let named = named.or_else(|| file.database.as_ref().map(|url| (url, "database")));
    let (url, said_by) = named.ok_or_else(|| {
        Problem::usage(
            "falta la base de datos: --to URL, VENTANILLA_DATABASE, o database en ventanilla.toml",
        )
    })?;
    Place::at(Home::Database(url.to_address(said_by)?), Some(source.secrets.clone()), None)
}

/// Opens the directory's books under the lock of their server, so that nobody pays there meanwhile.
fn open_source(source: &Place, directory: &Path) -> anyhow::Result<(ServerLock, Store)> {
    source.require()?;
    let keys = source.keys()?;
    let opened = ServerLock::take(directory).and_then(|lock| {
        let store = Store::serve_sqlite(&lock, keys)?;
        Ok((lock, store))
    });
    opened.map_err(|error| source.to_problem(&error))
}

/// Makes the store in the database, or takes the one that a copy that was cut off left: it is empty.
fn open_target(target: &Place) -> anyhow::Result<Store> {
    match target.try_create(target.keys()?) {
        Err(OpenError::Exists(_)) => target.try_open().map_err(|error| match error {
            OpenError::ForeignKeys => to_occupied(target),
            error => target.to_problem(&error),
        }),
        created => created.map_err(|error| target.to_problem(&error)),
    }
}

fn to_occupied(target: &Place) -> anyhow::Error {
    target.to_problem(&OpenError::Exists(target.to_shown()))
}

/// What a verification found, where it found nothing wrong.
fn sound(
    verified: Result<Verification, StoreError>,
    place: &Place,
) -> anyhow::Result<Verification> {
    let verification = verified.map_err(|error| place.to_unread(&error))?;
    if verification.findings.is_empty() {
        return Ok(verification);
    }
    Err(Problem::found(format!(
        "{}: los libros no concuerdan con su diario; no se copió nada\n{}",
        place.to_shown(),
        verification.findings.join("\n")
    )))
}

/// Copies all there is, and tells how far it is where somebody looks on.
fn copy(from: &Store, to: &Store, target: &Place) -> anyhow::Result<()> {
    let is_terminal = std::io::stderr().is_terminal();
    let mut copied = 0;
    let ended = from.copy_into_empty(to, &mut |_, rows| {
        copied += rows;
        if is_terminal && rows > 0 {
            output::tell(format_args!("copiadas {copied} filas …"));
        }
    });
    ended.map_err(|error| {
        tracing::debug!(error = &error as &dyn std::error::Error, "books were not copied");
        match &error {
            CopyError::NotEmpty | CopyError::OtherKinds => to_occupied(target),
            CopyError::Store(error) => target.to_unread(error),
            CopyError::Unknown(_) => Problem::store(format!(
                "{}: no respondió si guardó la copia; repita, y si dice que ya tiene una instalación, está \
                 entera: revísela con «ventanilla verify»",
                target.to_shown()
            )),
        }
    })
}

/// That what was recomputed in the database is what it was in the directory: every number and every link.
fn require_same(
    expected: &Verification,
    found: &Verification,
    target: &Place,
) -> anyhow::Result<()> {
    if expected == found {
        return Ok(());
    }
    let mut told = format!(
        "{}: la copia no es lo que hay en el directorio, que quedó como estaba; ¿hubo una carga mientras se \
         copiaba? Borre la base de datos, créela de nuevo y repita",
        target.to_shown()
    );
    for finding in &found.findings {
        told.push('\n');
        told.push_str(finding);
    }
    Err(Problem::found(told))
}

/// Tells what was copied, and how to go on.
fn tell(
    source: &Place,
    target: &Place,
    found: &Verification,
    mirrored: Option<&str>,
) -> anyhow::Result<()> {
    let (from, to) = (source.to_shown(), target.to_shown());
    let secrets = source.secrets.display();
    output::print(format_args!("Copiado de {from} a {to}, y comparado: {}", to_counts(found)))?;
    for head in &found.heads {
        output::print(format_args!("empresa {}: último asiento {}", head.company, head.entries))?;
    }
    output::print(format_args!(
        "{from} quedó como estaba: no lo atienda más, o daría los mismos números a otros pagos"
    ))?;
    if let Some(path) = mirrored {
        output::print(format_args!(
            "El espejo de {path} no sigue: póngale a la base una réplica síncrona"
        ))?;
    }
    output::print(format_args!(
        "Sigue:\n  1. la base de datos en VENTANILLA_DATABASE, o database en ventanilla.toml, en vez de data y \
         mirror\n  2. ventanilla serve --secrets {secrets}\n  3. otros servidores, cada uno con una copia de \
         {secrets}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_named_with_or_without_its_kind() {
        for (text, directory) in
            [("datos", "datos"), ("sqlite:datos", "datos"), ("sqlite:/srv/datos", "/srv/datos")]
        {
            assert_eq!(from_source(text), Ok(PathBuf::from(directory)));
        }
        assert!(from_source("sqlite:").is_err() && from_source("").is_err());
    }
}
