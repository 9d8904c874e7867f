//! The service over open books, for a command that is not a server.

use std::path::Path;

use tokio::runtime::Runtime;
use ventanilla_domain::{Company, CompanyId, Label};
use ventanilla_service::{AdminRefusal, Clock, Entropy, Failure, NoRefusal, Service, Settings};
use ventanilla_store::Store;

use crate::commands::by::ByArgs;
use crate::commands::mirror;
use crate::config::FileConfig;
use crate::log::{self, LogArgs};
use crate::place::Place;
pub(crate) use crate::place::StoreArgs;
use crate::problem::{self, Problem, to_reason};

/// What a command logs unless told otherwise: it tells an internal error itself, and its causes are
/// for whoever asks for them.
pub(crate) const COMMAND_LOG: &str =
    "error,ventanilla_service::failure=off,ventanilla_service::mirror=off";

/// Starts a service over an open store, by the machine's clock and entropy.
pub(crate) fn start_service(store: Store, settings: Settings) -> anyhow::Result<Service> {
    let started = Service::start(store, Clock::System, Entropy::System, settings);
    started.map_err(|error| {
        Problem::store(format!("el servicio no pudo arrancar: {}", to_reason(&error)))
    })
}

/// The service over open books, for a command that is not a server.
#[derive(Debug)]
pub(crate) struct Books {
    /// The service.
    pub(crate) service: Service,
    runtime: Runtime,
    place: Place,
}

impl Books {
    /// Opens the books that the arguments name.
    pub(crate) fn open(args: &StoreArgs, log: &LogArgs) -> anyhow::Result<Self> {
        let file = FileConfig::read(args.config.as_deref())?;
        log::start(log, COMMAND_LOG)?;
        let place = args.to_place(&file)?;
        Self::start(place.open()?, &place)
    }

    /// The same for a command that changes something, or hands it out: who runs it stands in the trail.
    pub(crate) fn open_by(by: &ByArgs, args: &StoreArgs, log: &LogArgs) -> anyhow::Result<Self> {
        Ok(Self::open(args, log)?.operated_by(by.to_label("ventanilla")?))
    }

    /// The same books, where what is changed stands in the trail as that person's act.
    pub(crate) fn operated_by(self, operator: Label) -> Self {
        Self { service: self.service.operated_by(operator), ..self }
    }

    /// Starts a service over the open store of a place.
    pub(crate) fn start(store: Store, place: &Place) -> anyhow::Result<Self> {
        Self::of(start_service(store, Settings::default())?, place)
    }

    /// The books of a place over which a service runs already.
    pub(crate) fn of(service: Service, place: &Place) -> anyhow::Result<Self> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        Ok(Self { service, runtime, place: place.clone() })
    }

    /// Waits for an answer of the service.
    pub(crate) fn wait<T>(&self, answer: impl Future<Output = T>) -> T {
        self.runtime.block_on(answer)
    }

    /// The file of checkpoints.
    pub(crate) fn checkpoints(&self) -> &Path {
        &self.place.checkpoints
    }

    /// Ends the service.
    pub(crate) fn close(self) {
        self.service.shut_down();
    }

    /// The company named, or the only one there is.
    pub(crate) fn company(&self, named: Option<CompanyId>) -> anyhow::Result<Company> {
        let companies = self.service.companies();
        pick(companies.map_err(|failure| self.unread(failure))?, named)
    }

    /// A failure, where a refusal becomes what `refused` makes of it, and what is wrong inside is
    /// told of the file.
    pub(crate) fn failed<R>(
        &self,
        failure: Failure<R>,
        refused: impl FnOnce(R) -> anyhow::Error,
    ) -> anyhow::Error {
        match failure {
            Failure::Internal(id) => Problem::store(format!(
                "{}: no se puede leer: error interno {id}; la causa se ve con «--log error»",
                self.place.to_shown_books()
            )),
            other => match (&other, self.service.mirror_problem()) {
                (Failure::Unavailable, Some(problem)) => Problem::store(format!(
                    "el espejo no se puede escribir, y nada cambió: {}",
                    mirror::to_way_out(&problem)
                )),
                (Failure::Unknown, Some(problem)) => Problem::store(format!(
                    "el cambio quedó guardado, pero no en el espejo: {}",
                    mirror::to_way_out(&problem)
                )),
                _ => problem::from_failure(other, refused),
            },
        }
    }

    /// A failure to read.
    pub(crate) fn unread(&self, failure: Failure<NoRefusal>) -> anyhow::Error {
        self.failed(failure, |refusal| match refusal {})
    }

    /// A refused or failed act of administration.
    pub(crate) fn unchanged(&self, failure: Failure<AdminRefusal>) -> anyhow::Error {
        self.failed(failure, |refusal| problem::refused(&refusal))
    }
}

fn pick(mut companies: Vec<Company>, named: Option<CompanyId>) -> anyhow::Result<Company> {
    if let Some(named) = named {
        let found = companies.into_iter().find(|company| company.id == named);
        return found.ok_or_else(|| Problem::usage(format!("no hay ninguna empresa {named}")));
    }
    if companies.len() > 1 {
        let ids: Vec<String> = companies.iter().map(|company| company.id.to_string()).collect();
        let ids = ids.join(", ");
        return Err(Problem::usage(format!("hay varias empresas ({ids}): indique --company ID")));
    }
    companies.pop().ok_or_else(|| {
        Problem::usage("no hay ninguna empresa: agregue una con «ventanilla company add»")
    })
}
