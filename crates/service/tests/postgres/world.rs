//! Books in a database, and services over them.

use std::io::{Cursor, Write as _};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Barrier;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;
use std::time::Duration;

use ventanilla_domain::{
    BillId, CallerKey, CompanyId, ContractCode, Currency, FileKind, ImportTotals, Label, Name,
    Payment, PaymentId, Period, Place, TimeZone,
};
use ventanilla_rig::{Cluster, Database};
use ventanilla_service::import::ImportRequest;
use ventanilla_service::{
    Accepted, ByTokenRefusal, Clock, Credentials, Entropy, Failure, NewCollector, NewCompany,
    PayRequest, ReverseRequest, Service, Settings,
};
use ventanilla_store::{DatabaseAddress, Keys, Store};

pub(crate) const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// What no other number of the books is like: the ids of payments are told apart by it.
pub(crate) const FIRST_PAYMENT: i64 = 4_224_408;

/// How often whoever was told that nothing changed tries again, and how long it waits before. A database that
/// could not be reached is not looked for within half a second.
const TRIES: usize = 200;
const PAUSE: Duration = Duration::from_millis(10);

pub(crate) type PayFailure = Failure<ByTokenRefusal<ventanilla_domain::PayRefusal>>;
pub(crate) type ReverseFailure = Failure<ByTokenRefusal<ventanilla_domain::ReverseRefusal>>;

/// Tells something that a passing test must tell too, such as a figure.
pub(crate) fn note(text: impl std::fmt::Display) {
    let text = format!("{text}\n");
    std::io::stderr().write_all(text.as_bytes()).unwrap();
}

/// A service, as one of several servers, and the token of a collector.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) service: Service,
    pub(crate) store: Store,
    pub(crate) token: String,
}

#[expect(clippy::disallowed_methods, reason = "a long run is asked for by the environment")]
pub(crate) fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

pub(crate) fn waited<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// Runs work on so many threads at the same moment; what each gave.
pub(crate) fn at_once<T: Send>(threads: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let (barrier, work) = (&Barrier::new(threads), &work);
    thread::scope(|scope| {
        let spawn = |number| {
            scope.spawn(move || {
                barrier.wait();
                work(number)
            })
        };
        let running: Vec<_> = (0..threads).map(spawn).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// Does something until it is told how that ended: whoever hears that nothing changed tries again.
pub(crate) fn until_told<T, R>(
    mut act: impl FnMut() -> Result<T, Failure<R>>,
) -> Result<T, Failure<R>> {
    for _ in 0..TRIES {
        match act() {
            Err(Failure::Unavailable) => thread::sleep(PAUSE),
            told => return told,
        }
    }
    panic!("nothing is told in {TRIES} tries");
}

pub(crate) fn company() -> CompanyId {
    CompanyId::from_i64(13).unwrap()
}

pub(crate) fn database() -> Database {
    Cluster::shared().and_then(Cluster::database).unwrap()
}

fn keys() -> Keys {
    Keys::from_random([7; 64])
}

pub(crate) fn new_company(id: i64) -> NewCompany {
    NewCompany {
        id: CompanyId::from_i64(id).unwrap(),
        name: Name::from_text("Cooplan").unwrap(),
        currency: Currency::BOB,
        time_zone: TimeZone::from_name("America/La_Paz").unwrap(),
        first_payment: PaymentId::from_i64(FIRST_PAYMENT).unwrap(),
    }
}

/// A collector with credentials that are known.
pub(crate) fn new_collector(company: CompanyId, name: &str) -> NewCollector {
    let credentials = Some(credentials(name));
    let name = Label::from_text(name).unwrap();
    NewCollector { company, name, can_list: false, credentials }
}

pub(crate) fn credentials(name: &str) -> Credentials {
    let [security_code, login, password] = ["c", "l", "p"].map(|kind| format!("{kind}-{name}"));
    Credentials { security_code, login, password }
}

/// A payment of a bill, which is of contract 100 and of as many hundredths as its number says.
pub(crate) fn payment(bill: i64, key: Option<&str>) -> PayRequest {
    PayRequest {
        bill: BillId::from_i64(bill).unwrap(),
        period: Period::from_yyyymm(202_110).unwrap(),
        contract: ContractCode::from_text("100").unwrap(),
        amount_minor: bill,
        caller_reference: None,
        caller_key: key.map(|key| CallerKey::from_text(key).unwrap()),
        place: Place::default(),
    }
}

/// Its reversal.
pub(crate) fn reversal(payment: &Payment, key: Option<&str>) -> ReverseRequest {
    let caller_key = key.map(|key| CallerKey::from_text(key).unwrap());
    ReverseRequest { bill: payment.bill, payment: payment.id, reason: None, caller_key }
}

/// A file of bills of contract 100, each with its amount in hundredths.
pub(crate) fn bills_of(bills: impl Iterator<Item = (i64, i64)>) -> String {
    let row = |(bill, minor)| format!("{bill},100,202110,{}.{:02}\n", minor / 100, minor % 100);
    "factura,contrato,periodo,monto\n".to_owned() + &bills.map(row).collect::<String>()
}

impl Server {
    /// Company 13 in an empty database: contract 100 owes bills 1 to `bill_count`, and `banco` collects.
    pub(crate) fn made(url: &str, clock: Clock, bill_count: i64) -> Self {
        let address = DatabaseAddress::from_text(url).unwrap();
        let server = Self::over(Store::create_postgres(&address, keys()).unwrap(), clock);
        waited(server.service.add_company(new_company(13))).unwrap();
        let collector = new_collector(company(), "banco");
        waited(server.service.add_collector(collector)).unwrap();
        let days = vec![("reversal_days".to_owned(), "none".to_owned())];
        waited(server.service.set_company(company(), days)).unwrap();
        server.import(FileKind::Members, "contrato,nombre\n100,Ana Lopez\n");
        server.import(FileKind::Bills, &bills_of((1..=bill_count).map(|bill| (bill, bill))));
        let token = waited(server.service.issue_token(&credentials("banco"), HOME)).unwrap().token;
        Self { token, ..server }
    }

    /// Another server over the books of this one, which it may reach by another address.
    pub(crate) fn beside(&self, url: &str) -> Self {
        self.beside_at(url, self.service.clock().clone())
    }

    /// The same with a clock of its own.
    pub(crate) fn beside_at(&self, url: &str, clock: Clock) -> Self {
        let address = DatabaseAddress::from_text(url).unwrap();
        let store = Store::open_postgres(&address, keys()).unwrap();
        Self { token: self.token.clone(), ..Self::over(store, clock) }
    }

    fn over(store: Store, clock: Clock) -> Self {
        // Each has secrets of its own.
        static SERVERS: AtomicI64 = AtomicI64::new(1);
        let entropy = Entropy::counted(SERVERS.fetch_add(1, Ordering::SeqCst) << 40);
        let settings = Settings::default();
        let service = Service::start(store.clone(), clock, entropy, settings).unwrap();
        Self { service, store, token: String::new() }
    }

    pub(crate) fn try_import(
        &self,
        kind: FileKind,
        text: &str,
    ) -> Result<ImportTotals, Failure<ventanilla_service::import::ImportRefusal>> {
        let request = ImportRequest {
            company: company(),
            kind,
            name: Name::from_text("archivo.csv").unwrap(),
            imported_by: Label::from_text("prueba").unwrap(),
            dry_run: false,
            skip_bad: false,
            complete: None,
        };
        let mut source = Cursor::new(text.as_bytes().to_vec());
        self.service.import(&request, &mut source, &mut |_| {}).map(|summary| summary.totals)
    }

    pub(crate) fn import(&self, kind: FileKind, text: &str) -> ImportTotals {
        self.try_import(kind, text).unwrap()
    }

    pub(crate) fn pay(
        &self,
        bill: i64,
        key: Option<&str>,
    ) -> Result<Accepted<Payment>, PayFailure> {
        let paid = waited(self.service.pay_by_token(&self.token, payment(bill, key)));
        paid.map(|(_, accepted)| accepted)
    }

    pub(crate) fn reverse(
        &self,
        payment: &Payment,
        key: Option<&str>,
    ) -> Result<bool, ReverseFailure> {
        let request = reversal(payment, key);
        let reversed = waited(self.service.reverse_by_token(&self.token, request));
        reversed.map(|(_, accepted)| accepted.is_replay)
    }

    /// That the books agree with their journal once all has its place in it; how many payments there are.
    pub(crate) fn verified(&self) -> u64 {
        self.store.settle().unwrap();
        let verified = self.store.verify().unwrap();
        assert_eq!((verified.findings, verified.unsealed), (Vec::new(), 0));
        verified.payments
    }

    /// Payments and reversals in the order of the journal: a payment's id, and whether it is undone.
    pub(crate) fn events(&self) -> Vec<(i64, i64, bool)> {
        let events = self.service.events_after(company(), 0, 100_000).unwrap();
        let told = events.iter().map(|event| {
            let Payment { bill, id, .. } = &event.payment;
            (bill.to_i64(), id.to_i64(), event.reversal.is_some())
        });
        told.collect()
    }
}
