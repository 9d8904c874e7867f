//! The companies of the page beside the world's own, before those who may ask for them.

use jiff::civil::date;
use ventanilla_domain::{
    CompanyId, Currency, Given, Label, Means, MeansLine, Money, Name, PaymentId, PayoutCommand,
    PayoutId, PayoutReverseCommand, PayoutTerms, Role, SupplierCommand, SupplierId, SupplierRow,
    Text, TimeZone,
};
use ventanilla_service::{NewCompany, PastPayable};

use super::{ANSWERED_AT, post};
use crate::world::{Answer, World};

/// Each with the id of its payment; the world's own company 13 is nobody's here.
const COMPANIES: [(i64, i64); 2] = [(98, 928), (576, 29_124)];

/// The session of the page's request, of `a`, who keeps both companies.
pub(super) const SESSION: &str = r#"{"usuario":"a","userId":"378usuario@colppy.com","claveSesion":"2b5fd41968528bb933454bcd4f804080"}"#;
/// Of `lector`, who reads company 98.
pub(super) const READER: &str =
    r#"{"usuario":"lector","claveSesion":"00000000000000000000000000000001"}"#;

/// A service with the page's data in its books.
pub(super) struct Desk {
    pub(super) world: World,
}

impl Desk {
    pub(super) async fn open() -> Self {
        let world = World::demo().await;
        let desk = Self { world };
        desk.add_integrator("USUARIO_DESARROLLADOR", "PASSWORD_DESARROLLADOR").await;
        for (id, payout) in COMPANIES {
            desk.add_company(id).await;
            desk.add_payout(id, payout).await;
        }
        let sessions = [
            ("a", Role::Accountant, "2b5fd41968528bb933454bcd4f804080"),
            ("lector", Role::Reader, "00000000000000000000000000000001"),
        ];
        for (name, role, key) in sessions {
            let name = Text::from_text(name).unwrap();
            let service = &desk.world.service;
            service.add_user(name.clone(), "clave", company(98), role).await.unwrap();
            service.open_permanent_session(&name, key).await.unwrap();
        }
        let name = Text::from_text("a").unwrap();
        desk.world.service.grant(&name, company(576), Role::Accountant).await.unwrap();
        desk
    }

    async fn add_integrator(&self, name: &str, password: &str) {
        let (name, password) = (Text::from_text(name).unwrap(), password.to_owned());
        self.world.service.add_integrator(name, Some(password)).await.unwrap();
    }

    async fn add_company(&self, id: i64) {
        let new = NewCompany {
            id: company(id),
            name: Name::from_text("Cooperativa La Quebrada").unwrap(),
            currency: ars(0).currency(),
            time_zone: TimeZone::from_name("America/Argentina/Buenos_Aires").unwrap(),
            first_payment: PaymentId::FIRST,
        };
        self.world.service.add_company(new).await.unwrap();
        self.add_supplier(id, 91_694).await;
    }

    pub(super) async fn add_supplier(&self, of: i64, id: i64) {
        let row = SupplierRow {
            id: None,
            trade_name: Some(Text::from_text("Librería El Aguaribay").unwrap()),
            legal_name: Some(Text::from_text("El Aguaribay S.R.L.").unwrap()),
            tax_id: Given::Absent,
            is_active: None,
            details: Vec::new(),
        };
        let says = SupplierCommand { row, changed_by: Text::from_text("a").unwrap() };
        let past = PastPayable { id: SupplierId::from_i64(id).unwrap(), says };
        self.world.service.record_past_supplier(company(of), past).await.unwrap();
    }

    /// The payment as the page prints it.
    async fn add_payout(&self, of: i64, id: i64) {
        let line = MeansLine::plain(Means::Cash, ars(1_100));
        let supplier = SupplierId::from_i64(91_694).unwrap();
        let terms = PayoutTerms {
            description: Some(Text::from_text("Pago de prueba").unwrap()),
            ..PayoutTerms::plain(supplier, date(2016, 8, 16), line)
        };
        let says = PayoutCommand {
            terms,
            point: Some(1),
            serial: Some(288),
            recorded_by: Text::from_text("a").unwrap(),
            integrator: None,
            caller_key: None,
        };
        let past = PastPayable { id: PayoutId::from_i64(id).unwrap(), says };
        self.world.service.record_past_payout(company(of), past).await.unwrap();
    }

    /// Undoes a payout of company 98.
    pub(super) async fn reverse(&self, payout: &str) {
        let command = PayoutReverseCommand {
            payout: PayoutId::from_i64(payout.parse().unwrap()).unwrap(),
            reason: None,
            reversed_by: Label::from_text("prueba").unwrap(),
        };
        self.world.service.reverse_payout(company(98), command).await.unwrap();
    }

    pub(super) async fn send(
        &self,
        session: &str,
        [provision, operation]: [&str; 2],
        parameters: &str,
    ) -> Answer {
        let body = format!(
            r#"{{"auth":{{"usuario":"USUARIO_DESARROLLADOR","password":"PASSWORD_DESARROLLADOR"}},"service":{{"provision":"{provision}","operacion":"{operation}"}},"parameters":{{"sesion":{session},{parameters}}}}}"#
        );
        self.world.send(&post(body)).await
    }

    /// `response` of a call by `a` that came through; `parameters` stand without braces.
    pub(super) async fn call(&self, called: [&str; 2], parameters: &str) -> String {
        self.call_by(SESSION, called, parameters).await
    }

    pub(super) async fn call_by(
        &self,
        session: &str,
        called: [&str; 2],
        parameters: &str,
    ) -> String {
        let answer = self.send(session, called, parameters).await;
        let [provision, operation] = called;
        let start = format!(
            r#"{{"service":{{"provision":"{provision}","operacion":"{operation}","version":"1_0_0_0","response_date":"{ANSWERED_AT}"}},"result":{{"estado":0,"mensaje":"La operación se realizó correctamente"}},"response":"#
        );
        let rest = answer.body.strip_prefix(&start);
        let rest = rest.unwrap_or_else(|| panic!("{parameters}: {}", answer.body));
        rest.strip_suffix('}').unwrap().to_owned()
    }

    /// `data` of a call by `a` that succeeds.
    pub(super) async fn data(&self, called: [&str; 2], parameters: &str) -> serde_json::Value {
        let response = self.call(called, parameters).await;
        let response: serde_json::Value = serde_json::from_str(&response).unwrap();
        assert_eq!(response["success"], true, "{parameters}: {response}");
        response["data"].clone()
    }

    /// Checks that a call by `a` is refused with this sentence and nothing else.
    pub(super) async fn check_refused(&self, called: [&str; 2], parameters: &str, sentence: &str) {
        let response = self.call(called, parameters).await;
        assert_eq!(response, refusal(sentence), "{parameters}");
    }

    /// Checks that the books agree with themselves; how many entries they have.
    pub(super) async fn verified(&self) -> u64 {
        let service = self.world.service.clone();
        let report = tokio::task::spawn_blocking(move || service.verify()).await.unwrap().unwrap();
        assert_eq!(report.findings, Vec::<String>::new());
        report.entries
    }
}

pub(super) fn refusal(sentence: &str) -> String {
    format!(r#"{{"success":false,"message":"{sentence}"}}"#)
}

pub(super) fn company(id: i64) -> CompanyId {
    CompanyId::from_i64(id).unwrap()
}

fn ars(minor: i64) -> Money {
    Money::from_minor(minor, Currency::from_code("ARS").unwrap())
}

/// JSON members with some of them set, added or, where the value is empty, left out.
pub(super) fn with(members: &[(&str, &str)], changes: &[(&str, &str)]) -> String {
    let mut members = members.to_vec();
    for (name, value) in changes {
        members.retain(|(known, _)| known != name);
        members.push((name, value));
    }
    let shown = members.iter().filter(|(_, value)| !value.is_empty());
    let shown = shown.map(|(name, value)| format!(r#""{name}":{value}"#));
    shown.collect::<Vec<_>>().join(",")
}
