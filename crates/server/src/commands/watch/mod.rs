//! `watch`: files that are dropped into a folder are imported and put away, with what came of them
//! beside them. For offices without programmers.
//!
//! The store is opened for the files that wait and closed again, so that it may come and go. What
//! is not known to be kept stays where it is: repeating a file changes nothing.

mod folder;
mod take;

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use clap::Args;
use tokio::runtime::Runtime;
use ventanilla_domain::FileKind;

use super::import::{CompleteArgs, HowArgs, from_number};
use super::serve::Signals;
use crate::books::{Books, StoreArgs};
use crate::log::LogArgs;
use crate::output;
use crate::problem::Exit;
use folder::{Folder, Waiting};
use take::{Taker, kind_of};

/// Looks into the folder.
const LOOKS_A_SECOND: u64 = 2;
const LOOK_EVERY: Duration = Duration::from_millis(1_000 / LOOKS_A_SECOND);
/// Before what could not be done is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// Seconds that a file must stand still unless told otherwise.
const SETTLE_S: u64 = 3;

/// The flags of `watch`.
#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    /// Carpeta: lo que se deja en su «entrada» se carga y pasa a «procesados» o «rechazados»
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    how: HowArgs,
    #[command(flatten)]
    complete: CompleteArgs,
    /// Procesa lo que hay y termina; sale con 1 si algún archivo se rechazó
    #[arg(long)]
    once: bool,
    /// Segundos que un archivo debe quedar quieto: 3 si falta, 0 con --once
    #[arg(long, value_name = "S", value_parser = from_number)]
    settle: Option<u64>,
    #[command(flatten)]
    store: StoreArgs,
}

/// Imports what is dropped into a folder, until told to stop.
pub(crate) fn run(args: &WatchArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    // What is wrong with the line is told before anything is made.
    let books = Books::open(&args.store, log)?;
    let company = books.company(args.how.company)?.id;
    books.close();
    let folder = Folder::take(&args.folder)?;
    let stop = Stop::install()?;
    let mut watch = Watch { args, log, folder, stop, has_failed: false };
    if args.once {
        return watch.once();
    }
    let inbox = watch.folder.inbox();
    output::print(format_args!("atiende {} para la empresa {company}", inbox.display()))?;
    Ok(watch.until_stopped())
}

/// A folder that is watched.
struct Watch<'w> {
    args: &'w WatchArgs,
    log: &'w LogArgs,
    folder: Folder,
    stop: Stop,
    /// Whether any file was refused, or could not be put away.
    has_failed: bool,
}

impl Watch<'_> {
    fn until_stopped(&mut self) -> Exit {
        let mut told = None;
        loop {
            let pause = match self.pass() {
                Ok(()) => {
                    told = None;
                    LOOK_EVERY
                }
                Err(problem) => {
                    let problem = problem.to_string();
                    if told.as_ref() != Some(&problem) {
                        let pause_s = RETRY_AFTER.as_secs();
                        output::tell(format_args!(
                            "ventanilla: {problem} (se reintenta cada {pause_s} s)"
                        ));
                        told = Some(problem);
                    }
                    RETRY_AFTER
                }
            };
            if self.stop.is_asked(pause) {
                return Exit::Done;
            }
        }
    }

    fn once(&mut self) -> anyhow::Result<Exit> {
        for _ in 0..self.still_looks() {
            self.folder.look(0)?;
            if self.stop.is_asked(LOOK_EVERY) {
                return Ok(Exit::Done);
            }
        }
        self.pass()?;
        Ok(if self.has_failed { Exit::FoundWrong } else { Exit::Done })
    }

    /// Looks in a row that must find a file as it was.
    fn still_looks(&self) -> u64 {
        let settle_s = self.args.settle.unwrap_or(if self.args.once { 0 } else { SETTLE_S });
        settle_s.saturating_mul(LOOKS_A_SECOND)
    }

    /// Deals with what waits.
    fn pass(&mut self) -> anyhow::Result<()> {
        let still_looks = self.still_looks();
        let waiting = self.folder.look(still_looks)?;
        if waiting.is_empty() {
            return Ok(());
        }
        let books = Books::open(&self.args.store, self.log)?;
        let company = books.company(self.args.how.company)?;
        let taker = Taker { args: self.args, books: &books, company: &company };
        for waiting in in_order(waiting) {
            let is_well = taker.take(&mut self.folder, &waiting)?;
            self.has_failed |= !is_well;
            if self.stop.is_asked(Duration::ZERO) {
                break;
            }
        }
        books.close();
        Ok(())
    }
}

/// Members before bills, which need them; then as they were last written.
fn in_order(mut waiting: Vec<Waiting>) -> Vec<Waiting> {
    waiting.sort_by_cached_key(|waiting| {
        let is_late = kind_of(waiting) != Some(FileKind::Members);
        (is_late, waiting.modified_at, waiting.name.clone())
    });
    waiting
}

/// Whether a signal asks the process to end.
struct Stop {
    _runtime: Runtime,
    signal: Receiver<()>,
    is_asked: bool,
}

impl Stop {
    fn install() -> anyhow::Result<Self> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let (tell, signal) = channel();
        let mut signals = {
            let _inside = runtime.enter();
            Signals::install()?
        };
        runtime.spawn(async move {
            signals.next().await;
            // Nobody to tell: the process is ending already.
            tell.send(()).ok();
        });
        Ok(Self { _runtime: runtime, signal, is_asked: false })
    }

    /// Waits for a signal so long at most; whether one has come.
    fn is_asked(&mut self, patience: Duration) -> bool {
        if !self.is_asked {
            let waited = self.signal.recv_timeout(patience);
            self.is_asked = !matches!(waited, Err(RecvTimeoutError::Timeout));
        }
        self.is_asked
    }
}
