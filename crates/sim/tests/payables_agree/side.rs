//! A service over a store, with the books that every run starts from.

use std::future::Future;
use std::io::Cursor;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::task::Poll;

use jiff::Timestamp;
use tokio::runtime::Runtime;
use ventanilla_domain::{Company, CompanyId, Currency, FileKind, Label, Name, PaymentId, TimeZone};
use ventanilla_service::import::{ImportRequest, Imported, News, VanishMax};
use ventanilla_service::{
    Caller, Clock, Entropy, NewCollector, NewCompany, Service, Settings, VerifyReport,
};
use ventanilla_sim::payables::{Outcome, Staff, Step};
use ventanilla_sim::{World, payables, write_bills, write_members};
use ventanilla_store::{Counters, Keys, Store};

pub(crate) const COMPANIES: [(i64, &str, &str); 2] =
    [(1, "BOB", "America/La_Paz"), (2, "ARS", "America/Argentina/Buenos_Aires")];

pub(crate) fn keys() -> Keys {
    Keys::from_random([7; 64])
}

pub(crate) fn start() -> Timestamp {
    "2021-11-26T12:00:00Z".parse().unwrap()
}

/// One service and its store.
pub(crate) struct Side {
    pub(crate) store: Store,
    pub(crate) service: Service,
    pub(crate) companies: [Company; 2],
    pub(crate) staff: Staff,
    /// Who pays bills of the first company.
    pub(crate) collectors: Vec<Caller>,
    runtime: Runtime,
}

/// A service over a store, its clock standing still.
pub(crate) fn serve(store: &Store) -> Service {
    let (clock, settings) = (Clock::manual(start()), Settings::default());
    Service::start(store.clone(), clock, Entropy::counted(1), settings).unwrap()
}

pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

impl Side {
    pub(crate) fn in_memory() -> Self {
        Self::opened(Store::memory(keys()))
    }

    pub(crate) fn on_disk(directory: &Path) -> Self {
        Self::opened(Store::create_sqlite(&directory.join("datos"), keys()).unwrap())
    }

    fn opened(store: Store) -> Self {
        let (service, runtime) = (serve(&store), runtime());
        let companies =
            COMPANIES.map(|company| runtime.block_on(service.add_company(new(company))).unwrap());
        let staff = Staff::enlisted(&service, &store, companies.each_ref().map(|it| it.id));
        let staff = runtime.block_on(staff).unwrap();
        let collectors = ["banco", "kiosco"];
        let collectors = collectors
            .map(|name| runtime.block_on(add_collector(&service, companies[0].id, name)))
            .into();
        Self { store, service, companies, staff, collectors, runtime }
    }

    pub(crate) fn first(&self) -> CompanyId {
        self.companies[0].id
    }

    pub(crate) fn wait<T>(&self, what: impl Future<Output = T>) -> T {
        self.runtime.block_on(what)
    }

    pub(crate) fn apply(&self, step: &Step) -> Outcome {
        self.wait(payables::apply(&self.service, &self.staff.callers, step))
    }

    /// Puts acts of one instant in the queue, one behind the other, before any is answered.
    pub(crate) fn apply_together(&self, steps: &[Step]) -> Vec<Outcome> {
        let (service, callers) = (&self.service, &self.staff.callers);
        let acts = steps.iter().map(|step| payables::apply(service, callers, step));
        self.wait(all(acts.collect()))
    }

    pub(crate) fn counters(&self) -> Counters {
        self.store.snapshot().unwrap().view().counters(self.first()).unwrap().unwrap()
    }

    /// Imports the members and bills of a world.
    pub(crate) fn import_world(&self, world: &World) {
        let (mut members, mut bills) = (Vec::new(), Vec::new());
        write_members(&mut members, world).unwrap();
        write_bills(&mut bills, world).unwrap();
        self.import(FileKind::Members, members, None, &mut |_| {});
        self.import(FileKind::Bills, bills, None, &mut |_| {});
    }

    pub(crate) fn import(
        &self,
        kind: FileKind,
        file: Vec<u8>,
        complete: Option<VanishMax>,
        on_news: &mut dyn FnMut(News<'_>),
    ) -> Imported {
        let request = ImportRequest {
            company: self.first(),
            kind,
            name: Name::from_text("archivo.csv").unwrap(),
            imported_by: Label::from_text("prueba").unwrap(),
            dry_run: false,
            skip_bad: false,
            complete,
        };
        self.service.import(&request, &mut Cursor::new(file), on_news).unwrap()
    }

    /// Books that are sound.
    pub(crate) fn verified(&self) -> VerifyReport {
        let report = self.service.verify().unwrap();
        assert_eq!(report.findings, Vec::<String>::new());
        report
    }
}

fn new((id, currency, zone): (i64, &str, &str)) -> NewCompany {
    NewCompany {
        id: CompanyId::from_i64(id).unwrap(),
        name: Name::from_text("Cooperativa").unwrap(),
        currency: Currency::from_code(currency).unwrap(),
        time_zone: TimeZone::from_name(zone).unwrap(),
        first_payment: PaymentId::FIRST,
    }
}

async fn add_collector(service: &Service, company: CompanyId, name: &str) -> Caller {
    let name = Label::from_text(name).unwrap();
    let new = NewCollector { company, name, can_list: false, credentials: None };
    let (_, credentials) = service.add_collector(new).await.unwrap();
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let token = service.issue_token(&credentials, address).await.unwrap().token;
    service.session(&token).unwrap().into_caller()
}

/// Waits for all of them; each is begun before any is waited for, in order.
async fn all<F: Future>(waiting: Vec<F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = waiting.into_iter().map(|one| (Box::pin(one), None)).collect();
    std::future::poll_fn(|context| {
        let mut is_done = true;
        for (one, output) in waiting.iter_mut().filter(|(_, output)| output.is_none()) {
            match one.as_mut().poll(context) {
                Poll::Ready(ready) => *output = Some(ready),
                Poll::Pending => is_done = false,
            }
        }
        if is_done { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    waiting.into_iter().filter_map(|(_, output)| output).collect()
}
