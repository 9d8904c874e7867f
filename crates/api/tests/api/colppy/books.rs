//! The world of these tests: three companies with a supplier each, a developer, people with rights
//! and without, and a clock that stands at 13:11:52 in Buenos Aires.

use std::fmt::Display;
use std::sync::Arc;

use axum::Router;
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use ventanilla_api::{Monitor, counted_router};
use ventanilla_domain::{
    CompanyId, Cuit, Currency, Given, Label, Means, MeansLine, Money, Name, PaymentId,
    PayoutCommand, PayoutId, PayoutReverseCommand, PayoutTerms, Role, SupplierCommand, SupplierId,
    SupplierRow, Text, TimeZone,
};
use ventanilla_service::{
    Clock, Entropy, NewCompany, PastPayable, Service, Settings, SignIn, SignInName, UserCaller,
};
use ventanilla_store::{Keys, Store};

use super::{check_headers, post};
use crate::world::{Answer, NOW, Sent, UNLIMITED, send};

pub(super) const DEVELOPER: &str = "USUARIO_DESARROLLADOR";
pub(super) const DEVELOPER_PASSWORD: &str = "PASSWORD_DESARROLLADOR";
/// A developer whose account was closed.
pub(super) const DISABLED_DEVELOPER: &str = "CERRADO";

/// Everybody's password, and its MD5 as the page prints it.
pub(super) const PASSWORD: &str = "SujetoDePruebaContraseña";
pub(super) const MD5: &str = "d0edfe89f30a78ef45ab9a22bd0f826b";

/// Whose the companies are: `a` keeps two of them.
pub(super) const COMPANY: i64 = 98;
pub(super) const SECOND_COMPANY: i64 = 576;
pub(super) const FOREIGN_COMPANY: i64 = 777;

/// A supplier of each company, in the same order.
pub(super) const SUPPLIERS: [(i64, i64, &str, &str); 3] = [
    (COMPANY, 91_694, "La Quebrada", "30-50000010-0"),
    (SECOND_COMPANY, 1200, "Yungas", "20-12345678-6"),
    (FOREIGN_COMPANY, 555, "Ajeno", "30-50000010-0"),
];

/// A payout of each, all of the same number: what the page prints of its own.
const PAYOUTS: [(i64, i64); 3] =
    [(COMPANY, 928), (SECOND_COMPANY, 29_124), (FOREIGN_COMPANY, 4444)];

/// Accountant of [`COMPANY`] and administrator of [`SECOND_COMPANY`].
pub(super) const USER: &str = "a";
/// May read [`COMPANY`].
pub(super) const READER: &str = "lector@cooplan.example";
/// Administrator of [`SECOND_COMPANY`] alone.
pub(super) const OTHER_USER: &str = "sola";
/// Administrator of [`FOREIGN_COMPANY`] alone.
pub(super) const FOREIGNER: &str = "ajeno";

/// A name, what it may do for which companies, and the key of its session.
type Person = (&'static str, &'static [(i64, Role)], &'static str);

const PEOPLE: [Person; 4] = [
    (
        USER,
        &[(COMPANY, Role::Accountant), (SECOND_COMPANY, Role::Administrator)],
        "2b5fd41968528bb933454bcd4f804080",
    ),
    (READER, &[(COMPANY, Role::Reader)], "11111111111111111111111111111111"),
    (OTHER_USER, &[(SECOND_COMPANY, Role::Administrator)], "abcdef0123456789abcdef0123456789"),
    (FOREIGNER, &[(FOREIGN_COMPANY, Role::Administrator)], "33333333333333333333333333333333"),
];

/// The key of a session of that user which never ends.
pub(super) fn key_of(user: &str) -> &'static str {
    PEOPLE.iter().find(|(name, ..)| *name == user).unwrap().2
}

pub(super) fn id(company: i64) -> CompanyId {
    CompanyId::from_i64(company).unwrap()
}

pub(super) fn name(text: &str) -> SignInName {
    SignInName::from_text(text).unwrap()
}

pub(super) struct Books {
    pub(super) service: Service,
    pub(super) clock: Clock,
    pub(super) monitor: Arc<Monitor>,
    router: Router,
    developer_md5: String,
    /// What no answer may hold.
    secrets: Vec<String>,
}

/// Books that many tests read and none changes: their passwords are slow to hash.
pub(super) async fn shared() -> &'static Books {
    static SHARED: OnceCell<Books> = OnceCell::const_new();
    SHARED.get_or_init(Books::open).await
}

impl Books {
    /// Books of one test.
    pub(super) async fn open() -> Self {
        let clock = Clock::manual(NOW.parse().unwrap());
        let store = Store::memory(Keys::from_random([7; 64]));
        let entropy = Entropy::counted(0x0123_4567_89AB_CDEF);
        let service = Service::start(store, clock.clone(), entropy, Settings::default()).unwrap();
        let monitor = Monitor::new(service.clone(), "1.2.3");
        let router = counted_router(service.clone(), monitor.meters(), UNLIMITED);
        let (developer_md5, secrets) = (String::new(), Vec::new());
        let mut books = Self { service, clock, monitor, router, developer_md5, secrets };
        for (company, supplier, name, tax_id) in SUPPLIERS {
            books.add_company(company, supplier, name, tax_id).await;
        }
        books.add_developers().await;
        for (user, rights, key) in PEOPLE {
            books.add_user(user, rights, key).await;
        }
        books.secrets.extend([DEVELOPER_PASSWORD, PASSWORD, MD5].map(str::to_owned));
        books
    }

    async fn add_company(&self, company: i64, supplier: i64, supplier_name: &str, tax_id: &str) {
        let new = NewCompany {
            id: id(company),
            name: Name::from_text(&format!("Empresa {company} \"Ñandú\" S.A.")).unwrap(),
            currency: Currency::from_code("ARS").unwrap(),
            time_zone: TimeZone::from_name("America/Argentina/Buenos_Aires").unwrap(),
            first_payment: PaymentId::FIRST,
        };
        self.service.add_company(new).await.unwrap();
        let says = SupplierRow {
            id: None,
            trade_name: Some(Text::from_text(supplier_name).unwrap()),
            legal_name: Some(Text::from_text(&format!("{supplier_name} S.R.L.")).unwrap()),
            tax_id: Given::Value(Some(Cuit::from_text(tax_id).unwrap())),
            is_active: Some(true),
            details: Vec::new(),
        };
        let says = SupplierCommand { row: says, changed_by: name(USER) };
        let supplier = SupplierId::from_i64(supplier).unwrap();
        let past = PastPayable { id: supplier, says };
        self.service.record_past_supplier(id(company), past).await.unwrap();
        self.add_payout(company, supplier).await;
    }

    async fn add_payout(&self, company: i64, supplier: SupplierId) {
        let (_, payout) = PAYOUTS.iter().find(|(of, _)| *of == company).unwrap();
        let amount = Money::from_minor(1_100, Currency::from_code("ARS").unwrap());
        let line = MeansLine::plain(Means::Cash, amount);
        let terms = PayoutTerms {
            description: Some(Text::from_text("Pago de prueba").unwrap()),
            ..PayoutTerms::plain(supplier, jiff::civil::date(2016, 8, 16), line)
        };
        let says = PayoutCommand {
            terms,
            point: Some(1),
            serial: Some(288),
            recorded_by: name(USER),
            integrator: None,
            caller_key: None,
        };
        let past = PastPayable { id: PayoutId::from_i64(*payout).unwrap(), says };
        self.service.record_past_payout(id(company), past).await.unwrap();
    }

    async fn add_developers(&mut self) {
        for developer in [DEVELOPER, DISABLED_DEVELOPER] {
            let password = Some(DEVELOPER_PASSWORD.to_owned());
            let added = self.service.add_integrator(name(developer), password).await;
            self.developer_md5 = added.unwrap().1.md5;
            self.secrets.push(self.developer_md5.clone());
        }
        self.service.disable_integrator(&name(DISABLED_DEVELOPER)).await.unwrap();
    }

    async fn add_user(&mut self, user: &str, rights: &[(i64, Role)], key: &str) {
        let (first, role) = rights[0];
        self.service.add_user(name(user), PASSWORD, id(first), role).await.unwrap();
        for (company, role) in &rights[1..] {
            self.service.grant(&name(user), id(*company), *role).await.unwrap();
        }
        self.service.open_permanent_session(&name(user), key).await.unwrap();
        self.secrets.push(key.to_owned());
    }

    /// Sends a body; whatever comes back has the headers of every answer and no secret.
    pub(super) async fn send(&self, body: impl Into<Vec<u8>>) -> Answer {
        self.send_as(post(body)).await
    }

    pub(super) async fn send_as(&self, sent: Sent) -> Answer {
        let answer = send(&self.router, &sent).await;
        check_headers(&answer, "");
        for secret in &self.secrets {
            assert!(!answer.body.contains(secret.as_str()), "{secret} in {}", answer.body);
        }
        answer
    }

    /// Calls an operation, `Provision.name`, as a user with a session; `parameters` show as JSON.
    pub(super) async fn call(
        &self,
        user: &str,
        operation: &str,
        parameters: impl Display,
    ) -> Answer {
        let parameters = parameters.to_string();
        let said = parameters.strip_prefix('{').unwrap();
        let comma = if said == "}" { "" } else { "," };
        let session = session_of(user);
        let parameters = format!(r#"{{"sesion":{session}{comma}{said}"#);
        self.send(to_request(operation, parameters)).await
    }

    /// `response` of a call that came through, as it is written.
    pub(super) async fn response(
        &self,
        user: &str,
        operation: &str,
        parameters: impl Display,
    ) -> String {
        let asked = format!("{operation} {parameters}");
        let answer = self.call(user, operation, parameters).await;
        let (provision, operation) = operation.split_once('.').unwrap();
        // Three hours behind UTC.
        let answered_at = self.clock.now() - jiff::SignedDuration::from_hours(3);
        let answered_at = answered_at.strftime("%F %T");
        let start = format!(
            r#"{{"service":{{"provision":"{provision}","operacion":"{operation}","version":"1_0_0_0","response_date":"{answered_at}"}},"result":{{"estado":0,"mensaje":"La operación se realizó correctamente"}},"response":"#
        );
        let rest = answer.body.strip_prefix(&start).and_then(|rest| rest.strip_suffix('}'));
        rest.unwrap_or_else(|| panic!("{}: {}", start_of(&asked), answer.body)).to_owned()
    }

    /// Calls an operation as `a`; its `response`, which must be a success.
    pub(super) async fn done(&self, operation: &str, parameters: impl Display) -> Value {
        let asked = format!("{operation} {parameters}");
        let response = self.response(USER, operation, parameters).await;
        let response: Value = response.parse().unwrap();
        assert_eq!(response["success"], true, "{asked}: {response}");
        response
    }

    /// Calls an operation as `a`, which must be refused so.
    pub(super) async fn refused(&self, operation: &str, parameters: impl Display, sentence: &str) {
        let asked = format!("{operation} {parameters}");
        let response = self.response(USER, operation, parameters).await;
        assert_eq!(response, refusal(sentence), "{}", start_of(&asked));
    }

    /// Undoes a payout of [`COMPANY`].
    pub(super) async fn reverse(&self, payout: &str) {
        let command = PayoutReverseCommand {
            payout: PayoutId::from_i64(payout.parse().unwrap()).unwrap(),
            reason: None,
            reversed_by: Label::from_text("prueba").unwrap(),
        };
        self.service.reverse_payout(id(COMPANY), command).await.unwrap();
    }

    pub(super) fn developer_md5(&self) -> String {
        self.developer_md5.clone()
    }

    /// Opens a session that ends with its time; its key.
    pub(super) async fn log_in(&self, user: &str) -> String {
        let parameters = json!({"usuario": user, "password": MD5});
        let answer = self.send(call("Usuario.iniciar_sesion", parameters).to_string()).await;
        answer.value("/response/data/claveSesion").as_str().unwrap().to_owned()
    }

    /// A user as the service knows who calls.
    pub(super) async fn caller(&self, user: &str) -> UserCaller {
        let sign_in =
            SignIn { name: DEVELOPER.to_owned(), password: DEVELOPER_PASSWORD.to_owned() };
        let admitted = self.service.admit(&sign_in, [127, 0, 0, 1].into()).await.unwrap();
        admitted.session(user, key_of(user)).unwrap().into_caller()
    }

    /// Every journal's end: what was stored shows there.
    pub(super) fn stored(&self) -> Vec<(CompanyId, i64, String)> {
        let report = self.service.verify().unwrap();
        assert_eq!(report.findings, Vec::<String>::new());
        report.heads
    }

    /// Waits until all that was in the writer's queue is written.
    pub(super) async fn settle(&self) {
        let nobody = self.service.log_out("nadie", &"0".repeat(32)).await;
        assert!(nobody.is_err());
    }

    pub(super) fn pass(&self, seconds: i64) {
        self.clock.set(self.clock.now() + jiff::SignedDuration::from_secs(seconds));
    }
}

/// A whole request of the developer's.
pub(super) fn to_request(operation: &str, parameters: impl Display) -> String {
    let (provision, operation) = operation.split_once('.').unwrap();
    format!(
        r#"{{"auth":{{"usuario":"{DEVELOPER}","password":"{DEVELOPER_PASSWORD}"}},"service":{{"provision":"{provision}","operacion":"{operation}"}},"parameters":{parameters}}}"#
    )
}

/// The same, to be changed.
pub(super) fn call(operation: &str, parameters: impl Display) -> Value {
    to_request(operation, parameters).parse().unwrap()
}

/// The session of a user that never ends.
fn session_of(user: &str) -> Value {
    json!({"usuario": user, "claveSesion": key_of(user)})
}

/// Parameters with the session of a user that never ends.
pub(super) fn with_session(user: &str, mut parameters: Value) -> Value {
    parameters["sesion"] = session_of(user);
    parameters
}

/// An object with some of its members set, added or, where the value is empty, left out: each
/// value is JSON, sent as it is written here.
pub(super) fn with(members: &[(&str, &str)], changes: &[(&str, &str)]) -> String {
    let mut members = members.to_vec();
    for (name, value) in changes {
        members.retain(|(known, _)| known != name);
        members.push((name, value));
    }
    let shown = members.iter().filter(|(_, value)| !value.is_empty());
    let shown = shown.map(|(name, value)| format!(r#""{name}":{value}"#));
    format!("{{{}}}", shown.collect::<Vec<_>>().join(","))
}

/// The whole response of an operation that said no.
pub(super) fn refusal(sentence: &str) -> String {
    format!(r#"{{"success":false,"message":{}}}"#, json!(sentence))
}

/// What is shown of a request.
fn start_of(asked: &str) -> &str {
    &asked[..asked.floor_char_boundary(300)]
}

/// Checks that an operation said no, in these words and no more.
pub(super) fn check_refused(answer: &Answer, sentence: &str, asked: &str) {
    let asked = start_of(asked);
    let refusal = refusal(sentence);
    let end = format!(
        r#""result":{{"estado":0,"mensaje":"La operación se realizó correctamente"}},"response":{refusal}}}"#
    );
    assert!(answer.body.ends_with(&end), "{asked}: {}", answer.body);
}

/// Checks that a known operation's session was not taken.
pub(super) fn check_no_session(answer: &Answer, operation: &str, asked: &str) {
    let (provision, operation) = operation.split_once('.').unwrap();
    let whole = format!(
        r#"{{"service":{{"provision":"{provision}","operacion":"{operation}","version":"1_0_0_0","response_date":"2"#
    );
    assert!(answer.body.starts_with(&whole), "{asked}: {}", answer.body);
    let end = r#"},"result":{"estado":1,"mensaje":"La sesion no es válida."},"response":null}"#;
    assert!(answer.body.ends_with(end), "{asked}: {}", answer.body);
}
