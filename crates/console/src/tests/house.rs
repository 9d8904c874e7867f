//! Books with a company, some members, and one user of each role.

use std::io::Cursor;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use jiff::Timestamp;
use tower::ServiceExt as _;
use ventanilla_domain::{CompanyId, Currency, FileKind, Label, Name, PaymentId, Role, TimeZone};
use ventanilla_service::import::ImportRequest;
use ventanilla_service::{Clock, Entropy, NewCompany, Service, Settings, SignInName};
use ventanilla_sim::memory_service;

use crate::fields::Fields;
use crate::visit::FORM_KEY;
use crate::{Caller, ConsoleSettings};

/// Everybody's password.
pub(super) const PASSWORD: &str = "una clave larga";

/// The company's path.
pub(super) const COMPANY: &str = "/consola/13";

const MEMBERS: &str = "contrato,nombre,num_doc,direccion,estado\n\
    000123,MARIA PEÑA LOPEZ,4455667,Calle 1,activo\n\
    000124,<script>alert(1)</script> & Co,99,\"Av. \"\"Dos\"\" <b>2</b>\",activo\n\
    000125,JUAN CORTADO,77,Calle 3,bloqueado\n";
const BILLS: &str = "factura,contrato,periodo,monto\n\
    501,000123,202109,100.26\n\
    502,000123,202110,45.70\n\
    503,000124,202110,10.00\n\
    504,000125,202110,20.00\n";

/// An answer, read whole.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
    pub(super) len: usize,
}

impl Page {
    /// Where it leads.
    pub(super) fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |path| path.to_str().unwrap())
    }

    /// The first value of a hidden field.
    pub(super) fn hidden(&self, name: &str) -> String {
        let mark = format!("name=\"{name}\" value=\"");
        let (_, rest) =
            self.text.split_once(&mark).unwrap_or_else(|| panic!("no {name} in {}", self.text));
        rest.split_once('"').unwrap().0.to_owned()
    }

    /// What a cookie was set to.
    pub(super) fn cookie(&self, name: &str) -> Option<String> {
        let lines =
            self.headers.get_all(header::SET_COOKIE).iter().map(|line| line.to_str().unwrap());
        let mut found = lines.filter_map(|line| line.split(';').next()?.split_once('='));
        found.rfind(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
    }
}

/// The console over books of its own.
pub(super) struct House {
    pub(super) service: Service,
    pub(super) router: Router,
}

/// A browser: its cookies.
#[derive(Debug, Clone, Default)]
pub(super) struct Browser {
    pub(super) cookies: String,
}

impl House {
    pub(super) async fn open() -> Self {
        Self::open_with(ConsoleSettings::default()).await
    }

    /// One that asks for no second factor.
    pub(super) async fn open_without_factors() -> Self {
        let settings = Settings { is_second_factor_asked: false, ..Settings::default() };
        Self::open_so(settings, ConsoleSettings::default()).await
    }

    /// One that is served so.
    pub(super) async fn open_with(settings: ConsoleSettings) -> Self {
        Self::open_so(Settings::default(), settings).await
    }

    async fn open_so(rules: Settings, settings: ConsoleSettings) -> Self {
        let console = ConsoleSettings { entropy: Entropy::counted(1), ..settings };
        let now: Timestamp = "2021-11-26T16:11:52Z".parse().unwrap();
        let service = memory_service(Clock::manual(now), Entropy::counted(1), rules).unwrap();
        let company = NewCompany {
            id: CompanyId::from_i64(13).unwrap(),
            name: Name::from_text("Cooplan").unwrap(),
            currency: Currency::BOB,
            time_zone: TimeZone::from_name("America/La_Paz").unwrap(),
            first_payment: PaymentId::FIRST,
        };
        service.add_company(company).await.unwrap();
        import(&service, FileKind::Members, MEMBERS);
        import(&service, FileKind::Bills, BILLS);
        let router = crate::router(service.clone(), console);
        Self { service, router }
    }

    /// Adds a member who has contracts 201, 202 and 203, 203 blocked, and 205, which owes nothing; and 204 of
    /// somebody else.
    pub(super) fn with_several_contracts(&self) {
        import(
            &self.service,
            FileKind::Members,
            "contrato,nombre,socio_id,direccion,estado\n201,ANA FLORES,901,Calle 1,activo\n\
             202,ANA FLORES,901,Calle 2,activo\n203,ANA FLORES,901,,bloqueado\n\
             204,LUIS FLORES,902,,activo\n205,ANA FLORES,901,,activo\n",
        );
        import(
            &self.service,
            FileKind::Bills,
            "factura,contrato,periodo,monto\n601,201,202109,10.00\n602,201,202110,20.00\n\
             603,202,202108,30.00\n604,203,202108,40.00\n605,204,202110,50.00\n",
        );
    }

    /// A browser in which somebody of that role has signed in.
    pub(super) async fn inside(&self, role: Role) -> Browser {
        let name = SignInName::from_text(role.to_code()).unwrap();
        let company = CompanyId::from_i64(13).unwrap();
        if self.service.users().unwrap().iter().all(|user| user.name != name) {
            self.service.add_user(name, PASSWORD, company, role).await.unwrap();
        }
        let address = Caller::default().address;
        let entered = self.service.enter(role.to_code(), PASSWORD, address).await.unwrap();
        Browser { cookies: format!("ventanilla={}", entered.key) }
    }

    pub(super) async fn get(&self, browser: &Browser, path: &str) -> Page {
        let request = Request::get(path).header(header::COOKIE, &browser.cookies);
        self.ask(request.body(Body::empty()).unwrap()).await
    }

    /// Sends a form as it stands.
    pub(super) async fn post_raw(&self, browser: &Browser, path: &str, form: &Fields) -> Page {
        let request = Request::post(path)
            .header(header::COOKIE, &browser.cookies)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.ask(request.body(Body::from(form.to_text())).unwrap()).await
    }

    /// Sends a form with the key that the browser's pages have.
    pub(super) async fn post<const N: usize>(
        &self,
        browser: &Browser,
        path: &str,
        fields: [(&str, &str); N],
    ) -> Page {
        let mut form = Fields::from(fields);
        let key = self.get(browser, "/consola/cuenta").await.hidden(FORM_KEY);
        form.set(FORM_KEY, key);
        self.post_raw(browser, path, &form).await
    }

    /// Sends a form with a file.
    pub(super) async fn post_file(
        &self,
        browser: &Browser,
        path: &str,
        key: &str,
        text: &str,
    ) -> Page {
        self.post_named(browser, path, key, "C:\\hoy\\facturas.csv", text).await
    }

    /// Sends a form with a file of that name.
    pub(super) async fn post_named(
        &self,
        browser: &Browser,
        path: &str,
        key: &str,
        name: &str,
        text: &str,
    ) -> Page {
        let part = |head: &str, text: &str| {
            format!("--limite\r\nContent-Disposition: form-data; {head}\r\n\r\n{text}\r\n")
        };
        let body = [
            part("name=\"formulario\"", key),
            part("name=\"contenido\"", "facturas"),
            part(&format!("name=\"archivo\"; filename=\"{name}\""), text),
            "--limite--\r\n".to_owned(),
        ];
        let request = Request::post(path)
            .header(header::COOKIE, &browser.cookies)
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=limite");
        self.ask(request.body(Body::from(body.concat())).unwrap()).await
    }

    pub(super) async fn ask(&self, request: Request<Body>) -> Page {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Page { status, headers, len: bytes.len(), text }
    }
}

fn import(service: &Service, kind: FileKind, text: &str) {
    let request = ImportRequest {
        company: CompanyId::from_i64(13).unwrap(),
        kind,
        name: Name::from_text("archivo.csv").unwrap(),
        imported_by: Label::from_text("prueba").unwrap(),
        dry_run: false,
        skip_bad: false,
        complete: None,
    };
    service.import(&request, &mut Cursor::new(text.as_bytes()), &mut |_| {}).unwrap();
}
