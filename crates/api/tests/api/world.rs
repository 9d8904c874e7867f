//! The world of the tests: the document's example data, a clock that stands at 26/11/2021 12:11:52
//! in La Paz, and two collectors.

use std::io::Cursor;
use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use serde_json::Value;
use tower::ServiceExt as _;
use ventanilla_api::{Monitor, PeerAddress, Rate, Rates, counted_router};
use ventanilla_domain::{
    BillId, Company, CompanyId, ContractCode, Currency, FileKind, Label, Money, Name, PayCommand,
    PaymentId, Period, Place, TimeZone,
};
use ventanilla_service::import::{ImportRequest, News};
use ventanilla_service::{
    AdminRefusal, Clock, Credentials, Entropy, Failure, NewCollector, NewCompany, PastPayment,
    Service, Settings,
};
use ventanilla_store::{Keys, Store};

pub(crate) const NOW: &str = "2021-11-26T16:11:52Z";
const YESTERDAY: &str = "2021-11-25T16:00:00Z";

/// The clock of the tests stands still: nobody who waits would be heard.
pub(crate) const UNLIMITED: Rates = Rates { address: NONE, collector: NONE, limits_loopback: true };
const NONE: Rate = Rate { per_second: 0, burst: 0 };

/// What clients say of a body that is JSON.
pub(crate) const MEDIA_TYPES: [&str; 6] = [
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=X",
    "text/plain",
    "application/xml",
    "application/json; charset=latin1",
    "",
];

/// `socio_id` 700 holds two contracts; the last ones tell leading zeros apart.
const MEMBERS: &str = "\
contrato,nombre,socio_id,tipo_documento,num_doc,nit,direccion,cod_ubicacion,cod_suministro,estado
345,Rivas La Fuente Valentin,316,,,,,24532,14207,activo
315,Mendieta Rojas Elena,12394,,,,,,,activo
316,Quiroga Vaca Andrés,12395,,,,,,,activo
700,Peña Ortiz Íñigo,700,CI,4455667,4455667019,Av. Busch Nº 12,501,,activo
701,Peña Ortiz Íñigo,700,CI,4455667,4455667019,Av. Busch Nº 12,501,,cortado
702,Salas Ríos Ana,702,,,,,,,bloqueado
703,Roca Gil Luis,703,,,,,,903,baja
0800,Núñez Paz Sara,800,,,,,,,activo
800,Núñez Paz Raúl,801,,,,,,,activo
";

const BILLS: &str = "\
factura,contrato,periodo,monto,estado
4325535,345,202111,136.78,
4294633,345,202110,136.76,
4303567,315,202110,145.70,
234234,316,202109,98.40,
7001,700,202109,10.00,
7002,700,202110,20.00,
7003,700,202110,20.00,
7004,700,202111,30.00,anulada
7005,700,202111,40.00,pagada_fuera
7011,701,202111,15.50,
7021,702,202111,12.00,
7031,703,202111,13.00,
8001,0800,202111,1.00,
8002,800,202111,2.00,
";

pub(crate) fn company() -> CompanyId {
    CompanyId::from_i64(13).unwrap()
}

pub(crate) fn demo_credentials() -> Credentials {
    credentials("DEMO-COOPLAN", "demo", "demo-cooplan")
}

fn credentials(security_code: &str, login: &str, password: &str) -> Credentials {
    Credentials {
        security_code: security_code.to_owned(),
        login: login.to_owned(),
        password: password.to_owned(),
    }
}

/// A service with the example data in its books, its clock, and the demo collector's token.
pub(crate) struct World {
    pub(crate) service: Service,
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) monitor: Arc<Monitor>,
    pub(crate) router: Router,
    /// Of the collector `DEMO-COOPLAN`, which took the past payments.
    pub(crate) token: String,
    /// Of the collector `DEMO-BANCO`, which may list members.
    pub(crate) other_token: String,
}

impl World {
    /// The demo's books: reversals at any time.
    pub(crate) async fn demo() -> Self {
        Self::with_policy(&[("reversal_days", "none")]).await
    }

    pub(crate) async fn with_policy(policy: &[(&str, &str)]) -> Self {
        let clock = Clock::manual(NOW.parse().unwrap());
        let store = Store::memory(Keys::from_random([7; 64]));
        let settings = Settings::default();
        let service =
            Service::start(store.clone(), clock.clone(), Entropy::counted(1), settings).unwrap();
        open_books(&service).await;
        add_collector(&service, "demo", demo_credentials(), false).await;
        let bank = credentials("DEMO-BANCO", "banco", "demo-banco");
        add_collector(&service, "banco", bank, true).await;
        import(&service, FileKind::Members, MEMBERS).await;
        import(&service, FileKind::Bills, BILLS).await;
        record_past_payments(&service).await;
        let settings = policy.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        service.set_company(company(), settings.collect()).await.unwrap();
        let monitor = Monitor::new(service.clone(), "1.2.3");
        let router = counted_router(service.clone(), monitor.meters(), UNLIMITED);
        let mut world = Self {
            service,
            store,
            clock,
            monitor,
            router,
            token: String::new(),
            other_token: String::new(),
        };
        world.log_in_anew().await;
        world
    }

    /// Takes new tokens for both collectors: those before end with their time.
    pub(crate) async fn log_in_anew(&mut self) {
        self.token = self.log_in("DEMO-COOPLAN", "demo", "demo-cooplan").await;
        self.other_token = self.log_in("DEMO-BANCO", "banco", "demo-banco").await;
    }

    pub(crate) async fn log_in(&self, security_code: &str, login: &str, password: &str) -> String {
        let body = serde_json::json!({
            "CodSeguridad": security_code, "Login": login, "Pwd": password
        });
        let answer = self.send(&Sent::to("token").without_token().json(&body.to_string())).await;
        answer.value("values").as_str().unwrap().to_owned()
    }

    pub(crate) async fn send(&self, sent: &Sent) -> Answer {
        let bearer = match &sent.token {
            Token::Demo => Some(format!("Bearer \"{}\"", self.token)),
            Token::Other => Some(format!("Bearer {}", self.other_token)),
            Token::None => None,
        };
        match bearer {
            Some(bearer) => send(&self.router, &sent.clone().header("autorizacion", &bearer)).await,
            None => send(&self.router, sent).await,
        }
    }

    /// Calls a service as the demo collector with a JSON body.
    pub(crate) async fn call(&self, service: &str, body: &str) -> Answer {
        self.send(&Sent::to(service).json(body)).await
    }

    /// The code that a call is answered with, `""` for a success.
    pub(crate) async fn check(&self, service: &str, body: &str, code: &str) -> Answer {
        let answer = self.call(service, body).await;
        answer.check(code, &format!("{service} {body}"));
        answer
    }

    pub(crate) async fn check_other(&self, service: &str, body: &str, code: &str) -> Answer {
        let answer = self.send(&Sent::to(service).by_other().json(body)).await;
        answer.check(code, &format!("other {service} {body}"));
        answer
    }

    /// Pays a bill of the example data as the demo collector; the `IdCobranza`.
    pub(crate) async fn pay(&self, bill: i64, contract: &str, period: u32, amount: &str) -> String {
        let body = pay_body(bill, contract, period, amount, "");
        let answer = self.check("realizarpago", &body, "").await;
        answer.payment()
    }

    pub(crate) fn set_clock(&self, at: &str) {
        self.clock.set(at.parse().unwrap());
    }

    /// `company set` with what an operator types, `KEY=VALUE, KEY=VALUE`.
    pub(crate) async fn set(&self, typed: &str) -> Result<Company, Failure<AdminRefusal>> {
        let settings = typed.split(", ").map(|setting| {
            let (key, value) = setting.split_once('=').unwrap();
            (key.to_owned(), value.to_owned())
        });
        self.service.set_company(company(), settings.collect()).await
    }
}

/// Sends a request as it is, without a token of ours.
pub(crate) async fn send(router: &Router, sent: &Sent) -> Answer {
    let mut request = Request::builder().method(sent.method.as_str()).uri(&sent.path);
    for (name, value) in &sent.headers {
        request = request.header(name, value);
    }
    let mut request = request.body(Body::from(sent.body.clone())).unwrap();
    request.extensions_mut().insert(PeerAddress(sent.address));
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
        bytes: body.into(),
    }
}

/// A body of Realizar Pago; `more` starts with a comma.
pub(crate) fn pay_body(bill: i64, contract: &str, period: u32, amount: &str, more: &str) -> String {
    format!(
        r#"{{"IdFactura":{bill},"Periodo":"{period}","Contrato":"{contract}","Monto":{amount}{more}}}"#
    )
}

/// The document's payment, with more fields, which start with a comma.
pub(crate) fn printed_payment(more: &str) -> String {
    let more = format!(r#","IdAsociado":"12394"{more}"#);
    pay_body(4_303_567, "315", 202_110, "145.7", &more)
}

async fn open_books(service: &Service) {
    let new = NewCompany {
        id: company(),
        name: Name::from_text("Cooplan").unwrap(),
        currency: Currency::BOB,
        time_zone: TimeZone::from_name("America/La_Paz").unwrap(),
        first_payment: PaymentId::from_i64(4_224_408).unwrap(),
    };
    service.add_company(new).await.unwrap();
}

async fn add_collector(service: &Service, name: &str, credentials: Credentials, can_list: bool) {
    let new = NewCollector {
        company: company(),
        name: Label::from_text(name).unwrap(),
        can_list,
        credentials: Some(credentials),
    };
    service.add_collector(new).await.unwrap();
}

pub(crate) async fn import(service: &Service, kind: FileKind, text: impl Into<String>) {
    let (service, text) = (service.clone(), text.into());
    let importing = tokio::task::spawn_blocking(move || {
        let request = ImportRequest {
            company: company(),
            kind,
            name: Name::from_text("ejemplo.csv").unwrap(),
            imported_by: Label::from_text("prueba").unwrap(),
            dry_run: false,
            skip_bad: false,
            complete: None,
        };
        let mut news = Vec::new();
        let mut on_news = |one: News<'_>| news.push(format!("{one:?}"));
        let imported = service.import(&request, &mut Cursor::new(text), &mut on_news);
        imported.unwrap_or_else(|failure| panic!("{failure:?} {news:?}"))
    });
    importing.await.unwrap();
}

/// What an older system had taken the day before: one reversed, one not.
async fn record_past_payments(service: &Service) {
    let demo = service.collectors(Some(company())).unwrap()[0].id;
    for (id, bill, contract, period, minor, is_reversed) in [
        (4_224_330, 4_303_567, "315", 202_110, 14_570, true),
        (23_456_422, 234_234, "316", 202_109, 9_840, false),
    ] {
        let recorded_at = YESTERDAY.parse().unwrap();
        let past = PastPayment {
            id: PaymentId::from_i64(id).unwrap(),
            command: PayCommand {
                collector: demo,
                bill: BillId::from_i64(bill).unwrap(),
                period: Period::from_yyyymm(period).unwrap(),
                contract: ContractCode::from_text(contract).unwrap(),
                amount: Money::from_minor(minor, Currency::BOB),
                caller_reference: None,
                caller_key: None,
                place: Place::default(),
            },
            recorded_at,
            reversed_at: is_reversed.then_some(recorded_at),
        };
        service.record_past_payment(company(), past).await.unwrap();
    }
}

#[derive(Debug, Clone, Copy)]
enum Token {
    Demo,
    Other,
    None,
}

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    method: String,
    path: String,
    token: Token,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    address: IpAddr,
}

impl Sent {
    /// A `POST` to a service, with the demo collector's token.
    pub(crate) fn to(service: &str) -> Self {
        Self::to_path(&format!("/api/{service}"))
    }

    pub(crate) fn to_path(path: &str) -> Self {
        Self {
            method: "POST".to_owned(),
            path: path.to_owned(),
            token: Token::Demo,
            headers: Vec::new(),
            body: Vec::new(),
            address: "192.0.2.7".parse().unwrap(),
        }
    }

    pub(crate) fn by_other(mut self) -> Self {
        self.token = Token::Other;
        self
    }

    pub(crate) fn without_token(mut self) -> Self {
        self.token = Token::None;
        self
    }

    pub(crate) fn method(mut self, method: &str) -> Self {
        method.clone_into(&mut self.method);
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn at_address(mut self, address: &str) -> Self {
        self.address = address.parse().unwrap();
        self
    }

    pub(crate) fn body(mut self, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header(header::CONTENT_TYPE.as_str(), media_type)
    }

    pub(crate) fn json(self, body: &str) -> Self {
        self.body("application/json", body)
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    /// The body as it came: a file is no text.
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Checks the envelope's rules, and its code; a business "no" is HTTP 200.
    pub(crate) fn check(&self, code: &str, asked: &str) {
        self.check_status(200, code, asked);
    }

    pub(crate) fn check_status(&self, status: u16, code: &str, asked: &str) {
        let asked = &asked[..asked.floor_char_boundary(300)];
        assert_eq!(self.value("messageSistema"), code, "{asked}: {}", self.body);
        assert_eq!(self.status, status, "{asked}: {}", self.body);
        let is_error = i64::from(!code.is_empty());
        assert_eq!(self.value("error"), is_error, "{asked}");
        assert_eq!(self.value("status"), 1 - is_error, "{asked}");
        assert_eq!(self.value("messageMostrar"), 0, "{asked}");
        let start = format!("{{\"error\":{is_error},\"status\":");
        assert!(self.body.starts_with(&start), "{asked}: {}", self.body);
        if is_error == 1 && code != "FACTURA_YA_PAGADA" {
            assert_eq!(self.value("values"), Value::Null, "{asked}");
            assert!(self.value("message").as_str().unwrap().ends_with('.'));
        }
        assert_eq!(self.header("content-type"), Some("application/json; charset=utf-8"));
        assert_eq!(self.header("cache-control"), Some("no-store"));
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// A member of the envelope; `/values/0/Nombre` for one inside.
    pub(crate) fn value(&self, path: &str) -> Value {
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        self.json().pointer(&path).cloned().unwrap_or(Value::Null)
    }

    pub(crate) fn payment(&self) -> String {
        self.value("/values/IdCobranza").as_str().unwrap().to_owned()
    }

    pub(crate) fn is_replay(&self) -> bool {
        self.headers.get("idempotency-replayed").is_some_and(|told| told == "true")
    }
}
