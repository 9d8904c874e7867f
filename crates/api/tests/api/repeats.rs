//! A bill is paid at most once, whatever is repeated: keys, and what a caller who lost an answer
//! is told.

use crate::world::{Answer, Sent, World, pay_body, printed_payment};

async fn pay_with_header(world: &World, body: &str, key: &str) -> Answer {
    let sent = Sent::to("realizarpago").json(body).header("Idempotency-Key", key);
    world.send(&sent).await
}

fn check_replay(answer: &Answer, first: &Answer) {
    answer.check("", "replay");
    assert!(answer.is_replay() && !first.is_replay());
    assert_eq!(answer.body, first.body);
}

#[tokio::test]
async fn a_repeated_key_gets_the_first_success_again() {
    let world = World::demo().await;
    let first =
        world.check("realizarpago", &printed_payment(r#","IdTransaccion":"k-1""#), "").await;
    world.set_clock("2021-11-26T18:00:00Z");
    // The same data as understood, and other optional data, and the header for the field.
    for body in [
        printed_payment(r#","IdTransaccion":"k-1""#),
        printed_payment(r#","IdTransaccion":" k-1 ","Cajero":"eva","Terminal":"t9""#),
        r#"{"IdFactura":"4303567","Periodo":"10/2021","Contrato":"0315","Monto":"145.70","IdAsociado":12394,"IdTransaccion":"k-1"}"#.to_owned(),
    ] {
        check_replay(&world.call("realizarpago", &body).await, &first);
    }
    check_replay(&pay_with_header(&world, &printed_payment(""), "k-1").await, &first);
    let both = printed_payment(r#","IdTransaccion":"k-1""#);
    check_replay(&pay_with_header(&world, &both, " k-1 ").await, &first);
}

#[tokio::test]
async fn a_key_with_other_data_is_refused() {
    let world = World::demo().await;
    let key = r#","IdTransaccion":"k-1""#;
    world.check("realizarpago", &printed_payment(key), "").await;
    let with_payer = |payer: &str| format!(r#","IdAsociado":"{payer}"{key}"#);
    for body in [
        pay_body(7001, "315", 202_110, "145.7", &with_payer("12394")),
        pay_body(4_303_567, "345", 202_110, "145.7", &with_payer("12394")),
        pay_body(4_303_567, "315", 202_111, "145.7", &with_payer("12394")),
        pay_body(4_303_567, "315", 202_110, "145.71", &with_payer("12394")),
        pay_body(4_303_567, "315", 202_110, "145.7", &with_payer("12395")),
        pay_body(4_303_567, "315", 202_110, "145.7", key),
        pay_body(999, "999", 202_110, "1", key),
    ] {
        world.check("realizarpago", &body, "IDTRANSACCION_REPETIDO").await;
    }
}

#[tokio::test]
async fn the_header_and_the_field_must_agree() {
    let world = World::demo().await;
    let body = printed_payment(r#","IdTransaccion":"k-1""#);
    let code = "PARAMETRO_INVALIDO: IdTransaccion";
    pay_with_header(&world, &body, "k-2").await.check(code, "differing");
    for key in ["ñ", &"k".repeat(65), "a\tb"] {
        pay_with_header(&world, &printed_payment(""), key).await.check(code, key);
    }
    let twice = Sent::to("realizarpago")
        .json(&printed_payment(""))
        .header("Idempotency-Key", "a")
        .header("idempotency-key", "b");
    world.send(&twice).await.check(code, "two headers");
    pay_with_header(&world, &body, "").await.check("", "an empty header");
}

#[tokio::test]
async fn only_a_success_uses_a_key_up() {
    let world = World::demo().await;
    let key = r#","IdTransaccion":"k-1""#;
    let wrong = pay_body(7001, "700", 202_109, "9", key);
    world.check("realizarpago", &wrong, "MONTO_NO_COINCIDE").await;
    world.check("realizarpago", &wrong, "MONTO_NO_COINCIDE").await;
    world.check("realizarpago", &pay_body(7001, "700", 202_109, "10", key), "").await;
    world.check("realizarpago", &wrong, "IDTRANSACCION_REPETIDO").await;
}

#[tokio::test]
async fn a_key_still_answers_after_a_reversal() {
    let world = World::demo().await;
    let body = printed_payment(r#","IdTransaccion":"k-1""#);
    let first = world.check("realizarpago", &body, "").await;
    let reverse = r#"{"IdFactura":4303567,"IdCobranza":"4224408","IdTransaccion":"k-1"}"#;
    let reversed = world.check("revertirpago", reverse, "").await;
    check_replay(&world.call("realizarpago", &body).await, &first);
    check_replay(&world.call("revertirpago", reverse).await, &reversed);
    let other = r#"{"IdFactura":234234,"IdCobranza":23456422,"IdTransaccion":"k-1"}"#;
    world.check("revertirpago", other, "IDTRANSACCION_REPETIDO").await;
    // The bill was not paid again by any of it.
    let again =
        world.check("realizarpago", &printed_payment(r#","IdTransaccion":"k-2""#), "").await;
    assert_ne!(again.payment(), first.payment());
    check_replay(&world.call("realizarpago", &body).await, &first);
}

#[tokio::test]
async fn a_key_belongs_to_one_collector() {
    let world = World::demo().await;
    let key = r#","IdTransaccion":"k-1""#;
    world.check("realizarpago", &printed_payment(key), "").await;
    let answer =
        world.check_other("realizarpago", &printed_payment(key), "FACTURA_YA_PAGADA").await;
    assert!(answer.body.ends_with(r#","values":null}"#));
    let own = pay_body(7001, "700", 202_109, "10", key);
    assert!(!world.check_other("realizarpago", &own, "").await.is_replay());
}

#[tokio::test]
async fn who_paid_is_told_of_the_payment_and_nobody_else() {
    let world = World::demo().await;
    let first = world
        .check("realizarpago", &printed_payment(r#","Terminal":"t1","Cajero":"ana""#), "")
        .await;
    world.set_clock("2021-11-26T18:00:00Z");
    for (more, is_told) in [
        ("", true),
        (r#","Terminal":"t1""#, true),
        (r#","Cajero":"ana""#, true),
        (r#","Terminal":"t1","Cajero":"ana","Sucursal":"otra""#, true),
        (r#","Terminal":"t2""#, false),
        (r#","Cajero":"eva""#, false),
        (r#","Terminal":"t1","Cajero":"eva""#, false),
        (r#","IdTransaccion":"new""#, true),
    ] {
        let answer = world.check("realizarpago", &printed_payment(more), "FACTURA_YA_PAGADA").await;
        let expected = if is_told { first.value("values") } else { serde_json::Value::Null };
        assert_eq!(answer.value("values"), expected, "{more}");
    }
    let other = world.check_other("realizarpago", &printed_payment(""), "FACTURA_YA_PAGADA").await;
    assert_eq!(other.value("values"), serde_json::Value::Null);
}

#[tokio::test]
async fn what_became_of_a_payment_can_be_asked() {
    let world = World::demo().await;
    let key = r#","IdTransaccion":"k-1""#;
    world.check("realizarpago", &printed_payment(key), "").await;
    let ids = async |body: &str| {
        let answer = world.check("consultarpago", body, "").await;
        let rows = answer.value("values");
        let row = |row: &serde_json::Value| format!("{}/{}", row["IdCobranza"], row["Estado"]);
        rows.as_array().unwrap().iter().map(row).collect::<Vec<_>>().join(" ").replace('"', "")
    };
    for (body, expected) in [
        (r#"{"IdTransaccion":"k-1"}"#, "4224408/2"),
        (r#"{"IdCobranza":4224408}"#, "4224408/2"),
        (r#"{"IdFactura":4303567}"#, "4224330/3 4224408/2"),
        (r#"{"IdFactura":4303567,"IdTransaccion":"k-1"}"#, "4224408/2"),
        (r#"{"IdFactura":"4303567","IdCobranza":"4224330"}"#, "4224330/3"),
        (r#"{"IdFactura":4303567,"IdCobranza":23456422}"#, ""),
        (r#"{"IdCobranza":4224330,"IdTransaccion":"k-1"}"#, ""),
        (r#"{"IdTransaccion":"k-2"}"#, ""),
        (r#"{"IdCobranza":999}"#, ""),
        (r#"{"IdFactura":999}"#, ""),
    ] {
        assert_eq!(ids(body).await, expected, "{body}");
        let other = world.check_other("consultarpago", body, "").await;
        assert!(other.body.ends_with(r#","values":[]}"#), "{}", other.body);
    }
    world.check("revertirpago", r#"{"IdFactura":4303567,"IdCobranza":4224408}"#, "").await;
    assert_eq!(ids(r#"{"IdTransaccion":"k-1"}"#).await, "4224408/3");
    for (body, code) in [
        ("{}", "PARAMETRO_REQUERIDO: IdCobranza"),
        (
            r#"{"IdCobranza":null,"IdFactura":"","IdTransaccion":" "}"#,
            "PARAMETRO_REQUERIDO: IdCobranza",
        ),
        (r#"{"IdFactura":"x"}"#, "PARAMETRO_INVALIDO: IdFactura"),
        (r#"{"IdTransaccion":"ñ"}"#, "PARAMETRO_INVALIDO: IdTransaccion"),
    ] {
        world.check("consultarpago", body, code).await;
    }
}
