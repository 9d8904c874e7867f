//! `restore`: the books go on from a backup, or from it and their mirror. Everything is checked and made beside the data directory;
//! that takes the new one at one stroke, and what it held is moved aside.

mod answers;
mod displaced;
mod ground;
mod mirrored;
mod told;

use std::path::PathBuf;

use clap::Args;
use ventanilla_domain::Label;
use ventanilla_service::{
    Clock, CollectorReport, Failure, LoadRefusal, LoadedReport, NoRefusal, Service,
};
use ventanilla_store::backup::{checked, lay_out};
use ventanilla_store::{Keys, Manifest, ServerLock, Store, Verification};

pub(crate) use answers::CompanyReports;
use answers::{Answers, Named};
pub(crate) use answers::{Reported, to_owner};
use displaced::Displaced;
use ground::{Ground, Scratch};
use mirrored::Brought;
use told::{Outcome, Restored};
pub(crate) use told::{to_line, to_loaded};

use super::backup::{DATABASE, KitArgs, to_problem};
use super::by::ByArgs;
use super::mirror;
use crate::books::{Books, StoreArgs};
use crate::config::FileConfig;
use crate::log::{self, LogArgs};
use crate::output;
use crate::place::Place;
use crate::problem::{Exit, Problem};

/// The flags of `restore`.
#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// Respaldo que hizo «ventanilla backup», cifrado o no
    #[arg(value_name = "ARCHIVO")]
    file: PathBuf,
    #[command(flatten)]
    kit: KitArgs,
    /// Reporte de un recaudador con lo que cobró desde el respaldo, como lo descargó en CSV; se repite
    #[arg(long, value_name = "[EMPRESA:]NOMBRE=ARCHIVO", value_parser = Reported::from_text)]
    report: Vec<Reported>,
    /// Recaudador del que no se carga ningún reporte: lo que cobró desde el respaldo se pierde; se repite
    #[arg(long, value_name = "[EMPRESA:]NOMBRE", value_parser = Named::from_text)]
    waive: Vec<Named>,
    /// Espejo de lo que se perdió: trae todo lo que vino después del respaldo, sin reportes
    #[arg(long, value_name = "DIR", conflicts_with_all = ["report", "waive", "skip_bad"])]
    mirror: Option<PathBuf>,
    /// Deja fuera las líneas malas de los reportes, en vez de no restaurar
    #[arg(long)]
    skip_bad: bool,
    #[command(flatten)]
    by: ByArgs,
    #[command(flatten)]
    store: StoreArgs,
}

/// Over a database nothing is put in another's place at one stroke, and it has its own ways.
const NOT_OF_A_DATABASE: &str = "una base de datos se recupera con las herramientas de PostgreSQL \
    (docs/operaciones.md, «Con PostgreSQL»); este respaldo se restaura en un directorio, con --data";

/// Restores a backup.
pub(crate) fn run(args: &RestoreArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let config = FileConfig::read(args.store.config.as_deref())?;
    log::start(log, "error,ventanilla_service::failure=off")?;
    let place = args.store.to_place(&config)?;
    let data = ground::resolved(place.require_directory(NOT_OF_A_DATABASE)?);
    let place = place.moved_to(&data);
    let by = args.by.to_label("ventanilla restore")?;
    let ground = Ground::hold(&data, &place)?;
    let (keys, new_secrets) = to_keys(args, &place)?;
    let scratch = Scratch::beside(&data)?;
    let (lock, store, manifest, kept) = laid_out(args, &scratch, &place, keys.clone())?;
    let displaced = Displaced::of(ground.former(), keys);
    let flags = to_flags(args, &place);
    let from = Origin { place: &place, manifest: &manifest, kept: &kept, by: &by, flags: &flags };
    // The mirror that the backup names, if any, has more than the backup: whoever serves names one.
    let former = mirror::known(&store, &place)?;
    mirror::keep(&store, None, &place)?;
    let brought = args.mirror.as_deref().map(|mirror| Brought::from_mirror(&store, mirror));
    let brought = brought.transpose()?;
    let books = Books::start(store, &place.moved_to(scratch.path()))?;
    let books = books.operated_by(by.clone());
    let mut outcome = match &brought {
        Some(brought) => brought.go_on(&books, from)?,
        None => go_on(args, &books, from, former, &displaced)?,
    };
    require_sound(&books)?;
    // Closed, the database is one file without a log.
    books.close();
    if let Some(random) = new_secrets {
        ground::write_secrets(&place, random)?;
        let secrets = place.secrets.display();
        outcome.lines.insert(1, format!("Claves escritas en {secrets}, desde el kit"));
    }
    let aside = ground.give_to(scratch)?;
    drop(lock);
    if let Some(aside) = aside {
        let Outcome { companies, source, .. } = &outcome;
        outcome.lines.push(displaced.to_line(&aside, companies, source));
    }
    outcome.lines.iter().chain(&outcome.next).try_for_each(output::print)?;
    Ok(Exit::Done)
}

/// A backup that lies beside the data directory, found sound.
#[derive(Debug, Clone, Copy)]
struct Origin<'o> {
    place: &'o Place,
    manifest: &'o Manifest,
    kept: &'o Verification,
    /// Who restores it.
    by: &'o Label,
    /// With what the next command finds the books.
    flags: &'o str,
}

/// With what the next command finds the books: what this one was told.
fn to_flags(args: &RestoreArgs, place: &Place) -> String {
    let mut flags = format!("--data {}", place.to_shown());
    for (flag, path) in [("--config", &args.store.config), ("--secrets", &args.store.secrets)] {
        flags.extend(path.iter().map(|path| format!(" {flag} {}", path.display())));
    }
    flags
}

/// Lets the books go on from the backup and collectors' reports; what to tell of it.
fn go_on(
    args: &RestoreArgs,
    books: &Books,
    from: Origin<'_>,
    former_mirror: Option<String>,
    displaced: &Displaced,
) -> anyhow::Result<Outcome> {
    let answers = Answers::of(&books.service, &args.report, &args.waive)?;
    let waived = answers.waived.iter().map(|waived| (waived.company, waived.name.clone()));
    let waived: Vec<_> = waived.collect();
    let counters = displaced.counters();
    let companies = books
        .service
        .go_on_from_backup(from.manifest.made_at, from.by, &waived, &counters)
        .map_err(|failure| unread(books, failure))?;
    let loaded = load(books, &answers, args.skip_bad)?;
    let restored = Restored {
        from,
        companies: &companies,
        loaded: &loaded,
        waived: &answers.waived,
        people: told::people(books)?,
        former_mirror,
    };
    let lines = restored.to_lines();
    Ok(Outcome { lines, companies, source: "el respaldo", next: from.to_next() })
}

/// The keys, and what a secrets file that is not there yet is to hold.
///
/// Errors in order: no kit, no code or a wrong one; there is no secrets file; it has other keys than the
/// kit.
fn to_keys(args: &RestoreArgs, place: &Place) -> anyhow::Result<(Keys, Option<[u8; 64]>)> {
    let Some(random) = args.kit.to_random()? else {
        return Ok((place.keys()?, None));
    };
    let keys = Keys::from_random(random);
    if std::fs::symlink_metadata(&place.secrets).is_err() {
        return Ok((keys, Some(random)));
    }
    if place.keys()?.is_same(&keys) {
        return Ok((keys, None));
    }
    let secrets = place.secrets.display();
    Err(Problem::usage(format!(
        "{secrets}: ya existe, con otras claves que las del kit; nada cambió: muévalo, o indique otro \
         con --secrets"
    )))
}

/// Lays the backup out and opens it, found sound.
fn laid_out(
    args: &RestoreArgs,
    scratch: &Scratch,
    place: &Place,
    keys: Keys,
) -> anyhow::Result<(ServerLock, Store, Manifest, Verification)> {
    let at = |error| to_problem(&args.file, &error);
    let manifest = lay_out(&args.file, &keys, &scratch.path().join(DATABASE)).map_err(at)?;
    let opened = ServerLock::take(scratch.path()).and_then(|lock| {
        let store = Store::serve_sqlite(&lock, keys)?;
        Ok((lock, store))
    });
    let (lock, store) = opened.map_err(|error| place.to_problem(&error))?;
    let kept = store.verify().map_err(|error| at(error.into()))?;
    let kept = checked(kept, &manifest).map_err(at)?;
    Ok((lock, store, manifest, kept))
}

/// What came of the reports of one company, each with its name.
#[derive(Debug)]
struct Loaded {
    reports: Vec<(Reported, LoadedReport)>,
}

/// Loads every company's reports; a line that is not taken is told.
fn load(books: &Books, answers: &Answers, skip_bad: bool) -> anyhow::Result<Vec<Loaded>> {
    answers.reports.iter().map(|reports| load_company(books, reports, skip_bad)).collect()
}

fn load_company(books: &Books, reports: &CompanyReports, skip_bad: bool) -> anyhow::Result<Loaded> {
    let loaded = load_reports(&books.service, reports, skip_bad)
        .map_err(|failure| failed(books, failure, |refusal| refused(reports, &refusal)))?;
    let named = reports.reports.iter().map(|(_, named)| named.clone());
    Ok(Loaded { reports: named.zip(loaded).collect() })
}

/// Loads reports of one company and tells the lines that are left out.
pub(crate) fn load_reports(
    service: &Service,
    reports: &CompanyReports,
    skip_bad: bool,
) -> Result<Vec<LoadedReport>, Failure<LoadRefusal>> {
    let mut files = Vec::new();
    for (collector, named) in &reports.reports {
        files.push((*collector, named.open()));
    }
    let mut sources: Vec<_> = files
        .iter_mut()
        .map(|(collector, file)| CollectorReport { collector: *collector, source: file })
        .collect();
    let (loaded, bad) = service.load_reports(reports.company, &mut sources, skip_bad)?;
    for verdict in &bad {
        output::tell(to_line(reports, verdict));
    }
    Ok(loaded)
}

/// Tells why reports were refused, line by line.
pub(crate) fn refused(reports: &CompanyReports, refusal: &LoadRefusal) -> anyhow::Error {
    match refusal {
        LoadRefusal::CompanyUnknown => Problem::usage("no hay ninguna empresa con ese número"),
        LoadRefusal::NeverRestored => Problem::usage(
            "estos libros nunca se restauraron de un respaldo: no hay nada que traer de un reporte",
        ),
        LoadRefusal::Unreadable(verdict) => Problem::found(to_line(reports, verdict)),
        LoadRefusal::BadLines(verdicts) => {
            for verdict in verdicts {
                output::tell(to_line(reports, verdict));
            }
            Problem::found(
                "hay líneas que los libros contradicen; nada cambió: corríjalas, o déjelas fuera con \
                 --skip-bad",
            )
        }
    }
}

fn require_sound(books: &Books) -> anyhow::Result<()> {
    let report = books.service.verify().map_err(|failure| unread(books, failure))?;
    if report.findings.is_empty() {
        return Ok(());
    }
    let findings = report.findings.join("\n");
    Err(Problem::store(format!("lo restaurado no se pudo comprobar; nada cambió:\n{findings}")))
}

/// A failure over books that are being made, which nobody else uses: what keeps them from being written
/// is the disk.
fn failed<R>(
    books: &Books,
    failure: Failure<R>,
    refused: impl FnOnce(R) -> anyhow::Error,
) -> anyhow::Error {
    match failure {
        Failure::Unavailable => {
            Problem::store("no se pudo restaurar: el disco está lleno; nada cambió")
        }
        other => books.failed(other, refused),
    }
}

fn unread(books: &Books, failure: Failure<NoRefusal>) -> anyhow::Error {
    failed(books, failure, |refusal| match refusal {})
}

/// When things happen: the machine's clock.
fn now() -> jiff::Timestamp {
    Clock::System.now()
}
