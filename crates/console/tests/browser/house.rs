//! The console over books of its own, served to browsers.

use std::collections::HashMap;
use std::io::Cursor;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use ventanilla_console::{ConsoleSettings, router};
use ventanilla_domain::{CompanyId, Currency, FileKind, Label, Name, PaymentId, Role, TimeZone};
use ventanilla_rig::browser::{Browser, Page, View};
use ventanilla_service::import::ImportRequest;
use ventanilla_service::{
    Clock, Entropy, LimitChange, LimitChanges, NewCollector, NewCompany, Service, Settings,
    SignInName,
};
use ventanilla_sim::memory_service;
use ventanilla_sim::payables::enter_example;

/// Everybody's password.
pub(crate) const PASSWORD: &str = "una clave larga";

const NOW: &str = "2021-11-26T16:11:52Z";

const MEMBERS: &str = "contrato,nombre,num_doc,nit,direccion,telefono,estado\n\
    000123,MARÍA PEÑA LÓPEZ,4455667,445566701,Calle Sucre 123,71000123,activo\n\
    000124,JUAN CONDORI MAMANI,3344556,,Av. Blanco Galindo km 4,,activo\n\
    000125,ROSA QUISPE DE CONDORI,5566778,,Calle Bolívar 45,,bloqueado\n\
    000126,COMERCIAL PEÑARANDA S.R.L.,,1023456022,Calle Sucre 200,44250000,activo\n\
    000127,EUSEBIO ÑANCUPIL,6677889,,Camino a Sipe Sipe s/n,,cortado\n\
    000128,<script>alert(1)</script> & Hijos,99,,\"Av. \"\"Dos\"\" <b>2</b>\",,activo\n";

const BILLS: &str = "factura,contrato,periodo,monto\n\
    501,000123,202109,100.26\n502,000123,202110,45.70\n503,000123,202111,88.00\n\
    511,000124,202110,136.76\n512,000124,202111,136.78\n\
    521,000125,202110,20.00\n\
    531,000126,202108,1250.00\n532,000126,202109,1310.50\n533,000126,202110,1199.90\n534,000126,202111,1402.35\n\
    541,000127,202111,35.10\n\
    551,000128,202111,10.00\n";

/// Books, their clock, and who serves their pages until this is dropped.
#[derive(Debug)]
pub(crate) struct House {
    pub(crate) service: Service,
    pub(crate) clock: Clock,
    address: SocketAddr,
    runtime: Runtime,
    known: Mutex<HashMap<&'static str, SignInName>>,
}

impl House {
    /// One with a company that has members and bills.
    pub(crate) fn open() -> Self {
        let house = Self::empty();
        let company = NewCompany {
            id: company(),
            name: Name::from_text("Cooperativa La Fuente").unwrap(),
            currency: Currency::BOB,
            time_zone: TimeZone::from_name("America/La_Paz").unwrap(),
            first_payment: PaymentId::FIRST,
        };
        house.runtime.block_on(house.service.add_company(company)).unwrap();
        import(&house.service, FileKind::Members, MEMBERS);
        import(&house.service, FileKind::Bills, BILLS);
        house
    }

    /// One with nothing in its books.
    pub(crate) fn empty() -> Self {
        let runtime = Runtime::new().unwrap();
        let clock = Clock::manual(NOW.parse().unwrap());
        let entropy = Entropy::counted(1);
        let service = {
            let _entered = runtime.enter();
            memory_service(clock.clone(), entropy.clone(), Settings::default()).unwrap()
        };
        let settings = ConsoleSettings { entropy, ..ConsoleSettings::default() };
        let router = router(service.clone(), settings);
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { service, clock, address, runtime, known: Mutex::default() }
    }

    /// Adds a member with two contracts, 201 and 202, that owe.
    pub(crate) fn with_two_contracts(&self) {
        let members = "contrato,nombre,socio_id,direccion,estado\n\
            201,ANA FLORES ROJAS,901,Calle Colón 1,activo\n202,ANA FLORES ROJAS,901,Av. América 2,activo\n";
        let bills = "factura,contrato,periodo,monto\n\
            601,201,202109,10.00\n602,201,202110,20.00\n603,202,202110,30.50\n";
        import(&self.service, FileKind::Members, members);
        import(&self.service, FileKind::Bills, bills);
    }

    /// The port it is served at, on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// The address of a page.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Lets time pass.
    pub(crate) fn wait(&self, seconds: u64) {
        let now: Timestamp = self.clock.now();
        self.clock.set(now + Duration::from_secs(seconds));
    }

    /// A browser in which nobody has signed in, at a page.
    pub(crate) fn outside(&self, path: &str, view: View) -> Page {
        let page = Browser::shared().unwrap().open(view).unwrap();
        page.go(&self.at(path));
        page
    }

    /// A browser in which somebody of that role has signed in, at a page.
    pub(crate) fn inside(&self, role: Role, path: &str, view: View) -> Page {
        let page = Browser::shared().unwrap().open(view).unwrap();
        self.sign_in(&page, role);
        page.go(&self.at(path));
        page
    }

    /// Signs somebody of that role in, without the page on which people do.
    pub(crate) fn sign_in(&self, page: &Page, role: Role) {
        let name = self.user(role);
        let entering = self.service.enter(name.as_str(), PASSWORD, Ipv4Addr::LOCALHOST.into());
        let entered = self.runtime.block_on(entering).unwrap();
        page.keep_cookie(&self.at("/consola/"), "ventanilla", &entered.key);
    }

    /// Enters a supplier with what it billed and was paid.
    pub(crate) fn enter_supplier(&self) {
        self.runtime.block_on(enter_example(&self.service, company()));
    }

    /// Has a browser see pages in English.
    pub(crate) fn in_english(&self, page: &Page) {
        page.keep_cookie(&self.at("/consola/"), "idioma", "en");
    }

    /// The path of the link by which the first administrator comes.
    pub(crate) fn invite_first(&self) -> String {
        self.runtime.block_on(self.service.invite_first()).unwrap().to_path()
    }

    /// Adds a collector that may take so much in one payment, and hold so much, in hundredths.
    pub(crate) fn add_collector(&self, name: &str, limits: [Option<i64>; 2]) {
        let (company, name) = (company(), Label::from_text(name).unwrap());
        let new = NewCollector { company, name, can_list: false, credentials: None };
        let (added, _) = self.runtime.block_on(self.service.add_collector(new)).unwrap();
        let [payment_max, held_max] =
            limits.map(|limit| limit.map_or(LimitChange::Keep, LimitChange::Set));
        let changes = LimitChanges { payment_max, held_max };
        let limiting = self.service.limit_collector(company, added.name.as_str(), changes);
        self.runtime.block_on(limiting).unwrap();
    }

    /// The user of that role, made when first needed.
    pub(crate) fn user(&self, role: Role) -> SignInName {
        let mut known = self.known.lock().unwrap();
        let name = known.entry(role.to_code()).or_insert_with(|| {
            let name = SignInName::from_text(name_of(role)).unwrap();
            let adding = self.service.add_user(name.clone(), PASSWORD, company(), role);
            self.runtime.block_on(adding).unwrap();
            name
        });
        name.clone()
    }
}

pub(crate) fn company() -> CompanyId {
    CompanyId::from_i64(13).unwrap()
}

/// Who has that role here.
pub(crate) const fn name_of(role: Role) -> &'static str {
    match role {
        Role::Reader => "consultas",
        Role::Cashier => "rosa",
        Role::Supervisor => "esteban",
        Role::Accountant => "contadora",
        Role::Administrator => "gerencia",
    }
}

fn import(service: &Service, kind: FileKind, text: &str) {
    let request = ImportRequest {
        company: company(),
        kind,
        name: Name::from_text("archivo.csv").unwrap(),
        imported_by: Label::from_text("prueba").unwrap(),
        dry_run: false,
        skip_bad: false,
        complete: None,
    };
    service.import(&request, &mut Cursor::new(text.as_bytes()), &mut |_| {}).unwrap();
}
