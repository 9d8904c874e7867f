//! Every code of the business, in the order in which rules are checked.

use ventanilla_service::{LimitChange, LimitChanges};

use crate::world::{World, company, pay_body, printed_payment};

#[tokio::test]
async fn a_member_is_found_or_the_refusal_says_why_not() {
    let world = World::demo().await;
    for (service, contract, code) in [
        ("buscarcliente", "345", ""),
        ("buscarcliente", "999", "SOCIO_NO_ENCONTRADO"),
        ("buscarcliente", "702", ""),
        ("consultardeuda", "345", ""),
        ("consultardeuda", "999", "SOCIO_NO_ENCONTRADO"),
        ("consultardeuda", "702", "CONTRATO_BLOQUEADO"),
        ("consultardeuda", "701", ""),
        ("consultardeuda", "703", ""),
    ] {
        world.check(service, &format!("{{\"Contrato\":\"{contract}\"}}"), code).await;
    }
}

#[tokio::test]
async fn a_payment_is_refused_in_the_order_of_the_rules() {
    let world = World::demo().await;
    // Each row is also wrong in whatever a later rule looks at.
    for (bill, contract, period, amount, code) in [
        (999, "999", 209_901, "9", "FACTURA_NO_EXISTE"),
        (234_234, "345", 209_901, "9", "FACTURA_CONTRATO_NO_COINCIDE"),
        (234_234, "999", 209_901, "9", "FACTURA_CONTRATO_NO_COINCIDE"),
        (234_234, "316", 209_901, "9", "PERIODO_NO_COINCIDE"),
        (234_234, "316", 202_109, "9", "FACTURA_YA_PAGADA"),
        (7005, "700", 202_111, "9", "FACTURA_YA_PAGADA"),
        (7004, "700", 202_111, "9", "FACTURA_NO_VIGENTE"),
        (7021, "702", 202_111, "9", "CONTRATO_BLOQUEADO"),
        (7001, "700", 202_109, "9", "MONTO_NO_COINCIDE"),
        (7011, "701", 202_111, "15.5", ""),
        (7031, "703", 202_111, "13", ""),
    ] {
        let body = pay_body(bill, contract, period, amount, "");
        world.check("realizarpago", &body, code).await;
    }
    let elsewhere = pay_body(7005, "700", 202_111, "40", "");
    let answer = world.check("realizarpago", &elsewhere, "FACTURA_YA_PAGADA").await;
    assert!(answer.body.ends_with(r#","values":null}"#), "{}", answer.body);
}

#[tokio::test]
async fn the_companys_rules_refuse_what_they_say() {
    let newer = pay_body(4_325_535, "345", 202_111, "136.78", "");
    for (policy, code) in [
        (("oldest_first", "true"), "DEUDA_ANTERIOR_PENDIENTE"),
        (("hours", "13:00-18:00"), "FUERA_DE_HORARIO"),
        (("check_payer", "true"), "ASOCIADO_NO_COINCIDE"),
        (("hours", "08:00-18:00"), ""),
    ] {
        let world = World::with_policy(&[policy]).await;
        world.check("realizarpago", &newer, code).await;
    }
    let world = World::with_policy(&[("check_payer", "true"), ("oldest_first", "true")]).await;
    let payer = pay_body(4_294_633, "345", 202_110, "136.76", r#","IdAsociado":316"#);
    world.check("realizarpago", &payer, "").await;
    let payer = pay_body(4_325_535, "345", 202_111, "136.78", r#","IdAsociado":"316""#);
    world.check("realizarpago", &payer, "").await;
}

#[tokio::test]
async fn a_rule_that_is_changed_holds_at_once() {
    let world = World::demo().await;
    let hours = vec![("hours".to_owned(), "13:00-18:00".to_owned())];
    world.service.set_company(company(), hours).await.unwrap();
    world.check("realizarpago", &printed_payment(""), "FUERA_DE_HORARIO").await;
    world.set_clock("2021-11-26T17:00:00Z");
    world.check("realizarpago", &printed_payment(""), "").await;
}

#[tokio::test]
async fn a_collector_is_told_its_limits_last_and_a_repeat_its_success() {
    let world = World::demo().await;
    let limit = async |payment_max, held_max| {
        let changes = LimitChanges { payment_max, held_max };
        world.service.limit_collector(company(), "demo", changes).await.unwrap();
    };
    let (lift, set) = (LimitChange::Lift, LimitChange::Set);
    let key = r#","IdTransaccion":"t-1""#;
    limit(set(14_569), set(1)).await;
    let wrong = pay_body(4_303_567, "315", 202_110, "145.71", "");
    world.check("realizarpago", &wrong, "MONTO_NO_COINCIDE").await;
    let told = world.check("realizarpago", &printed_payment(key), "MONTO_SOBRE_LIMITE").await;
    assert_eq!(told.status, 200);
    limit(set(14_570), set(1)).await;
    let told = world.check("realizarpago", &printed_payment(key), "CUPO_EXCEDIDO").await;
    assert_eq!(told.status, 200);
    let sentence = told.value("message");
    let sentence = sentence.as_str().unwrap();
    assert!(sentence.contains("rendir a la empresa"), "{sentence}");
    assert!(!sentence.contains(|letter: char| letter.is_ascii_digit()), "no figure is told");
    limit(lift, lift).await;
    let paid = world.check("realizarpago", &printed_payment(key), "").await;
    limit(set(1), set(1)).await;
    let again = world.check("realizarpago", &printed_payment(key), "").await;
    assert_eq!(again.value("values"), paid.value("values"));
    let another = pay_body(4_294_633, "345", 202_110, "136.76", "");
    world.check("realizarpago", &another, "MONTO_SOBRE_LIMITE").await;
    world.check_other("realizarpago", &another, "").await;
}

#[tokio::test]
async fn a_payment_is_printed_for_who_took_it_and_for_its_bill() {
    let world = World::demo().await;
    let paid = world.pay(4_303_567, "315", 202_110, "145.7").await;
    let body =
        |bill: i64, payment: &str| format!("{{\"IdFactura\":{bill},\"IdCobranza\":\"{payment}\"}}");
    for (bill, payment, code) in [
        (4_303_567, paid.as_str(), ""),
        (4_303_567, "4224330", ""),
        (234_234, "23456422", ""),
        (234_234, "999", "COBRANZA_NO_EXISTE"),
        (999, "23456422", "COBRANZA_FACTURA_NO_COINCIDE"),
        (234_234, paid.as_str(), "COBRANZA_FACTURA_NO_COINCIDE"),
    ] {
        world.check("imprimirfactura", &body(bill, payment), code).await;
        world.check_other("imprimirfactura", &body(bill, payment), "COBRANZA_NO_EXISTE").await;
    }
}

#[tokio::test]
async fn a_reversal_is_refused_in_the_order_of_the_rules() {
    let world = World::with_policy(&[]).await;
    let paid = world.pay(7001, "700", 202_109, "10").await;
    let body =
        |bill: i64, payment: &str| format!("{{\"IdFactura\":{bill},\"IdCobranza\":{payment}}}");
    for (bill, payment, code) in [
        (7001, "999", "COBRANZA_NO_EXISTE"),
        (7002, paid.as_str(), "COBRANZA_FACTURA_NO_COINCIDE"),
        (4_303_567, "4224330", "COBRANZA_YA_REVERTIDA"),
        (234_234, "23456422", "REVERSION_FUERA_DE_PLAZO"),
        (7001, paid.as_str(), ""),
        (7001, paid.as_str(), "COBRANZA_YA_REVERTIDA"),
    ] {
        world.check_other("revertirpago", &body(bill, payment), "COBRANZA_NO_EXISTE").await;
        let answer = world.check("revertirpago", &body(bill, payment), code).await;
        if code == "COBRANZA_YA_REVERTIDA" {
            assert!(answer.value("message").as_str().unwrap().contains("revertida"));
        }
    }
}

#[tokio::test]
async fn a_reversed_bill_is_owed_again_and_paid_under_a_new_id() {
    let world = World::demo().await;
    let debt = |world: World| async {
        let answer = world.check("consultardeuda", "{\"Contrato\":315}", "").await;
        (answer.value("values").as_array().unwrap().len(), world)
    };
    let (owed, world) = debt(world).await;
    assert_eq!(owed, 1);
    let mut before = String::new();
    for _ in 0..3 {
        let paid = world.pay(4_303_567, "315", 202_110, "145.7").await;
        assert!(paid > before, "{paid} after {before}");
        world.check("realizarpago", &printed_payment(""), "FACTURA_YA_PAGADA").await;
        let body = format!(
            "{{\"IdFactura\":4303567,\"IdCobranza\":\"{paid}\",\"Motivo\":\"otro socio\"}}"
        );
        world.check("revertirpago", &body, "").await;
        world.check("revertirpago", &body, "COBRANZA_YA_REVERTIDA").await;
        before = paid;
    }
    let (owed, world) = debt(world).await;
    assert_eq!(owed, 1);
    world.pay(4_303_567, "315", 202_110, "145.7").await;
    assert_eq!(debt(world).await.0, 0);
}

#[tokio::test]
async fn a_hundred_callers_pay_a_bill_once() {
    let world = std::sync::Arc::new(World::demo().await);
    let calls = (0..100).map(|_| {
        let world = world.clone();
        tokio::spawn(async move { world.call("realizarpago", &printed_payment("")).await })
    });
    let mut paid = 0;
    for call in calls.collect::<Vec<_>>() {
        let answer = call.await.unwrap();
        let code = answer.value("messageSistema");
        if code == "" {
            paid += 1;
        } else {
            assert_eq!(code, "FACTURA_YA_PAGADA");
        }
        assert_eq!(answer.payment(), "4224408");
    }
    assert_eq!(paid, 1);
}

#[tokio::test]
async fn a_service_that_was_shut_down_says_that_nothing_changed() {
    let world = World::demo().await;
    let service = world.service.clone();
    tokio::task::spawn_blocking(move || service.shut_down()).await.unwrap();
    let answer = world.call("realizarpago", &printed_payment("")).await;
    answer.check_status(503, "SERVICIO_NO_DISPONIBLE", "after the end");
    assert_eq!(answer.headers["retry-after"], "1");
    world.check("consultardeuda", "{\"Contrato\":345}", "").await;
}
