//! What the trail is told of requests: each act with its outcome, refused ones too, and no look-up.

use std::fmt::Write as _;

use ventanilla_domain::CompanyId;
use ventanilla_service::{ActRecord, Service};

use crate::world::{Sent, World, company, pay_body, send};

/// The acts of a trail from its `skipped`th on, a line each, without their times.
pub(crate) fn acts(service: &Service, of: Option<CompanyId>, skipped: usize) -> Vec<String> {
    service.flush_trail();
    let mut told = Vec::new();
    let visited = service.visit_trail(of, &|_| true, &mut |act| {
        told.push(told_of(&act));
        true
    });
    visited.unwrap();
    told.drain(..skipped.min(told.len()));
    told
}

fn told_of(act: &ActRecord<'_>) -> String {
    let mut told = format!("{} {}", act.what, act.outcome);
    told.extend(act.code.as_ref().map(|code| format!(" {code}")));
    told.extend(act.count.map(|count| format!(" x{count}")));
    told.extend(act.from.iter().map(|from| format!(" from {from}")));
    for (name, id) in [
        ("collector", act.collector),
        ("integrator", act.integrator),
        ("user", act.user),
        ("payment", act.payment),
        ("bill", act.bill),
        ("supplier", act.supplier),
        ("invoice", act.invoice),
        ("payout", act.payout),
    ] {
        if let Some(id) = id {
            write!(told, " {name} {id}").unwrap();
        }
    }
    let texts = [("contract", &act.contract), ("key", &act.key), ("day", &act.day)];
    for (name, text) in texts.into_iter().chain([("name", &act.name)]) {
        told.extend(text.iter().map(|text| format!(" {name} {text}")));
    }
    told
}

struct Told {
    world: World,
    skipped: usize,
}

impl Told {
    async fn new() -> Self {
        let world = World::demo().await;
        let skipped = acts(&world.service, Some(company()), 0).len();
        Self { world, skipped }
    }

    /// That the company's trail has got these acts, and no more.
    fn check(&mut self, expected: &[&str]) {
        let told = acts(&self.world.service, Some(company()), self.skipped);
        assert_eq!(told, expected);
        self.skipped += told.len();
    }

    fn check_nobodys(&self, expected: &[&str]) {
        let mut told = acts(&self.world.service, None, 0);
        told.sort();
        assert_eq!(told, expected);
    }
}

const KEY: &str = r#","IdTransaccion":"k-1""#;
const FROM: &str = "from 192.0.2.7 collector 1";

#[tokio::test]
async fn payments_reversals_print_outs_and_reports_are_told_with_their_outcomes() {
    let mut told = Told::new().await;
    let paid = pay_body(4_303_567, "315", 202_110, "145.7", KEY);
    for (service, body, code, expected) in [
        (
            "realizarpago",
            pay_body(4_303_567, "0315", 202_110, "145.71", KEY),
            "MONTO_NO_COINCIDE",
            "pay refused MONTO_NO_COINCIDE {FROM} bill 4303567 contract 0315 key k-1",
        ),
        (
            "realizarpago",
            pay_body(4_303_567, "315", 202_110, "\"x\"", KEY),
            "PARAMETRO_INVALIDO: Monto",
            "pay refused PARAMETRO_INVALIDO: Monto {FROM} bill 4303567 contract 315 key k-1",
        ),
        (
            "realizarpago",
            paid.clone(),
            "",
            "pay done {FROM} payment 4224408 bill 4303567 contract 315 key k-1",
        ),
        (
            "realizarpago",
            paid,
            "",
            "pay repeated {FROM} payment 4224408 bill 4303567 contract 315 key k-1",
        ),
        (
            "imprimirfactura",
            r#"{"IdFactura":4303567,"IdCobranza":4224408}"#.to_owned(),
            "",
            "print done {FROM} payment 4224408 bill 4303567",
        ),
        (
            "imprimirfactura",
            r#"{"IdFactura":1,"IdCobranza":4224408}"#.to_owned(),
            "COBRANZA_FACTURA_NO_COINCIDE",
            "print refused COBRANZA_FACTURA_NO_COINCIDE {FROM} payment 4224408 bill 1",
        ),
        (
            "reportecobranzas",
            r#"{"Fecha":"2021-11-26"}"#.to_owned(),
            "",
            "report done {FROM} day 2021-11-26",
        ),
        (
            "revertirpago",
            format!(r#"{{"IdFactura":4303567,"IdCobranza":4224408{KEY}}}"#),
            "",
            "reverse done {FROM} payment 4224408 bill 4303567 key k-1",
        ),
        (
            "revertirpago",
            r#"{"IdFactura":4303567,"IdCobranza":4224408}"#.to_owned(),
            "COBRANZA_YA_REVERTIDA",
            "reverse refused COBRANZA_YA_REVERTIDA {FROM} payment 4224408 bill 4303567",
        ),
    ] {
        told.world.check(service, &body, code).await;
        told.check(&[&expected.replace("{FROM}", FROM)]);
    }
    let body = pay_body(7001, "315", 202_110, "1", "");
    told.world.check_other("realizarpago", &body, "FACTURA_CONTRATO_NO_COINCIDE").await;
    told.check(&[
        "pay refused FACTURA_CONTRATO_NO_COINCIDE from 192.0.2.7 collector 2 bill 7001 contract 315",
    ]);
    told.check_nobodys(&[]);
}

#[tokio::test]
async fn what_is_looked_up_is_not_told() {
    let mut told = Told::new().await;
    for (service, body) in [
        ("buscarcliente", r#"{"Contrato":"315"}"#),
        ("consultardeuda", r#"{"Contrato":"315"}"#),
        ("consultarpago", r#"{"IdCobranza":4224330}"#),
    ] {
        told.world.check(service, body, "").await;
        told.world.send(&Sent::to(service).without_token().json(body)).await;
    }
    told.world.send(&Sent::to("nada").json("{}")).await;
    told.check(&[]);
    told.check_nobodys(&[]);
}

#[tokio::test]
async fn tokens_are_told_by_whose_they_are_and_refusals_are_counted() {
    let mut told = Told::new().await;
    told.world.log_in("DEMO-BANCO", "banco", "demo-banco").await;
    told.check(&["token done from 192.0.2.7 collector 2"]);
    let wrong = r#"{"CodSeguridad":"DEMO-BANCO","Login":"banco","Pwd":"mal"}"#;
    for _ in 0..3 {
        told.world.send(&Sent::to("token").without_token().json(wrong)).await;
    }
    let there = Sent::to("token").without_token().json(wrong).at_address("2001:db8::7");
    told.world.send(&there).await;
    let pay = pay_body(4_303_567, "315", 202_110, "145.7", KEY);
    for _ in 0..2 {
        let bad = Sent::to("realizarpago").without_token().json(&pay);
        let bad = bad.header("authorization", "Bearer 0123");
        send(&told.world.router, &bad).await.check_status(401, "TOKEN_INVALIDO", "pay");
        send(&told.world.router, &Sent::to("imprimirfactura").json("{}")).await;
    }
    told.world.set_clock("2021-12-26T16:11:52Z");
    told.world.call("realizarpago", &pay).await.check_status(401, "TOKEN_EXPIRADO", "late");
    told.check(&[]);
    told.check_nobodys(&[
        "pay refused TOKEN_EXPIRADO from 192.0.2.7",
        "pay refused TOKEN_INVALIDO x2 from 192.0.2.7",
        "print refused TOKEN_REQUERIDO x2 from 192.0.2.7",
        "token refused CREDENCIALES_INVALIDAS from 2001:db8::",
        "token refused CREDENCIALES_INVALIDAS x3 from 192.0.2.7",
    ]);
}

#[tokio::test]
async fn a_token_that_is_sent_as_a_key_is_not_told() {
    let mut told = Told::new().await;
    let token = told.world.token.clone();
    let key = format!(r#","IdTransaccion":"{token}""#);
    let body = pay_body(4_303_567, "315", 202_110, "1", &key);
    told.world.check("realizarpago", &body, "MONTO_NO_COINCIDE").await;
    told.check(&[&format!("pay refused MONTO_NO_COINCIDE {FROM} bill 4303567 contract 315")]);
}
