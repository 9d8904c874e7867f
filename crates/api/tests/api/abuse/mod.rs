//! What must hold on every service of the collectors' API, over a table that is compared with the services that
//! there are: one that is new must be entered here.

mod texts;
mod tokens;

use serde_json::{Value, json};
use ventanilla_domain::{CompanyId, Currency, Label, Name, PaymentId, TimeZone};
use ventanilla_service::{Credentials, NewCollector, NewCompany};

use crate::monitor::scrape;
use crate::world::{Answer, Sent, World, company};

/// A service that needs a token: a request that succeeds in the demo's world, what another company's collector
/// hears of it, and whether another collector of the same company hears the same.
struct Service {
    name: &'static str,
    sample: &'static str,
    /// The code that a stranger is told; `""` is a success that shows nothing.
    stranger: &'static str,
    /// Whether only the collector that took a payment may see it here.
    is_own: bool,
    /// Whether a success changes the books.
    writes: bool,
}

const SERVICES: [Service; 7] = [
    Service {
        name: "buscarcliente",
        sample: r#"{"Contrato":"345","Pagina":"1","Cantidad":"9"}"#,
        stranger: "SOCIO_NO_ENCONTRADO",
        is_own: false,
        writes: false,
    },
    Service {
        name: "consultardeuda",
        sample: r#"{"Contrato":"345"}"#,
        stranger: "SOCIO_NO_ENCONTRADO",
        is_own: false,
        writes: false,
    },
    Service {
        name: "realizarpago",
        sample: r#"{"IdFactura":"4303567","Periodo":"202110","Contrato":"315","Monto":"145.70","IdAsociado":"12394","IdTransaccion":"a1","Sucursal":"s","Cajero":"c","Terminal":"t","MedioPago":"m","FechaCobro":"26/11/2021 12:00:00"}"#,
        stranger: "FACTURA_NO_EXISTE",
        is_own: false,
        writes: true,
    },
    Service {
        name: "imprimirfactura",
        sample: r#"{"IdFactura":"234234","IdCobranza":"23456422","Formato":"a4"}"#,
        stranger: "COBRANZA_NO_EXISTE",
        is_own: true,
        writes: false,
    },
    Service {
        name: "reportecobranzas",
        sample: r#"{"Fecha":"2021-11-25"}"#,
        stranger: "",
        is_own: true,
        writes: false,
    },
    Service {
        name: "revertirpago",
        sample: r#"{"IdFactura":"234234","IdCobranza":"23456422","Motivo":"error","IdTransaccion":"r1"}"#,
        stranger: "COBRANZA_NO_EXISTE",
        is_own: true,
        writes: true,
    },
    Service {
        name: "consultarpago",
        sample: r#"{"IdCobranza":"23456422","IdFactura":"234234"}"#,
        stranger: "",
        is_own: true,
        writes: false,
    },
];

/// What nobody is shown of what is not his: names, accounts, and ids of payments.
const HIDDEN: [&str; 5] = ["Rivas", "Quiroga", "Mendieta", "9840", "98.40"];

impl Service {
    fn sent(&self) -> Sent {
        Sent::to(self.name).json(self.sample)
    }

    fn sample(&self) -> Value {
        serde_json::from_str(self.sample).unwrap()
    }
}

/// How many entries the journals have: what was refused adds none.
fn entries(world: &World) -> u64 {
    world.service.verify().unwrap().entries
}

/// Adds a company with a collector of the demo's own names; its token.
async fn stranger(world: &World) -> String {
    let id = CompanyId::from_i64(14).unwrap();
    assert_ne!(id, company());
    let new = NewCompany {
        id,
        name: Name::from_text("Otra").unwrap(),
        currency: Currency::BOB,
        time_zone: TimeZone::from_name("America/La_Paz").unwrap(),
        first_payment: PaymentId::FIRST,
    };
    world.service.add_company(new).await.unwrap();
    let owned = |text: &str| text.to_owned();
    let new = NewCollector {
        company: id,
        name: Label::from_text("demo").unwrap(),
        can_list: true,
        credentials: Some(Credentials {
            security_code: owned("OTRA"),
            login: owned("demo"),
            password: owned("demo-cooplan"),
        }),
    };
    world.service.add_collector(new).await.unwrap();
    world.log_in("OTRA", "demo", "demo-cooplan").await
}

async fn send_with(world: &World, service: &Service, token: &str) -> Answer {
    let sent = service.sent().without_token();
    world.send(&sent.header("authorization", &format!("Bearer {token}"))).await
}

#[tokio::test]
async fn every_service_is_in_the_table() {
    let families = scrape(&World::demo().await.monitor).await;
    let family = families.iter().find(|one| one.name == "ventanilla_requests_total").unwrap();
    let of_cooplan = family.samples.iter().filter(|sample| sample.labels["dialect"] == "cooplan");
    let mut names: Vec<_> = of_cooplan.map(|sample| sample.labels["service"].as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let open = ["token", "other"];
    names.retain(|name| !open.contains(name));
    let mut listed = SERVICES.map(|service| service.name);
    listed.sort_unstable();
    assert_eq!(names, listed);
}

#[tokio::test]
async fn every_sample_succeeds_for_whose_it_is() {
    for service in &SERVICES {
        let world = World::demo().await;
        let before = entries(&world);
        world.send(&service.sent()).await.check("", service.name);
        assert_eq!(entries(&world) > before, service.writes, "{}", service.name);
    }
}

#[tokio::test]
async fn another_companys_collector_is_told_what_an_unknown_id_is_told() {
    let world = World::demo().await;
    let token = stranger(&world).await;
    let before = entries(&world);
    for service in &SERVICES {
        let answer = send_with(&world, service, &token).await;
        answer.check(service.stranger, service.name);
        for hidden in HIDDEN {
            assert!(!answer.body.contains(hidden), "{}: {}", service.name, answer.body);
        }
        let mut unknown = service.sample();
        for id in ["Contrato", "IdFactura", "IdCobranza"] {
            if unknown.get(id).is_some() {
                unknown[id] = json!("999999999");
            }
        }
        let sent = Sent::to(service.name).without_token().json(&unknown.to_string());
        let told = world.send(&sent.header("authorization", &format!("Bearer {token}"))).await;
        assert_eq!(answer.body, told.body, "{}: not told apart", service.name);
    }
    assert_eq!(entries(&world), before);
}

#[tokio::test]
async fn another_collector_of_the_company_sees_no_payment_that_is_not_its_own() {
    let world = World::demo().await;
    let before = entries(&world);
    for service in SERVICES.iter().filter(|service| service.is_own) {
        let answer = world.send(&service.sent().by_other()).await;
        answer.check(service.stranger, service.name);
        for hidden in HIDDEN {
            assert!(!answer.body.contains(hidden), "{}: {}", service.name, answer.body);
        }
    }
    assert_eq!(entries(&world), before);
}
