//! Credentials and tokens: who may call, and how it is told otherwise.

use crate::world::{Answer, Sent, World, company};

const DEBT: &str = r#"{"Contrato":"345"}"#;

fn debt() -> Sent {
    Sent::to("consultardeuda").without_token().json(DEBT)
}

fn log_in(security_code: &str, login: &str, password: &str) -> Sent {
    let body =
        format!(r#"{{"CodSeguridad":"{security_code}","Login":"{login}","Pwd":"{password}"}}"#);
    Sent::to("token").without_token().json(&body)
}

async fn check(world: &World, sent: Sent, status: u16, code: &str) -> Answer {
    let answer = world.send(&sent).await;
    answer.check_status(status, code, &format!("{sent:?}"));
    assert_eq!(answer.headers.contains_key("www-authenticate"), status == 401);
    answer
}

#[tokio::test]
async fn a_token_is_taken_in_both_headers_and_all_spellings() {
    let world = World::demo().await;
    let token = &world.token;
    for header in ["Authorization", "authorization", "autorizacion", "AUTORIZACION"] {
        for value in [
            format!("Bearer {token}"),
            format!("Bearer \"{token}\""),
            format!("bearer {token}"),
            format!("BEARER \"{token}\""),
            format!("  Bearer   {token}  "),
        ] {
            check(&world, debt().header(header, &value), 200, "").await;
        }
    }
    let quoted = format!("bearer \"{token}\"");
    let both =
        debt().header("authorization", &format!("Bearer {token}")).header("autorizacion", &quoted);
    check(&world, both, 200, "").await;
}

#[tokio::test]
async fn a_missing_or_wrong_token_is_told_apart() {
    let world = World::demo().await;
    let (token, other) = (&world.token, &world.other_token);
    let upper = token.to_uppercase();
    for (value, code) in [
        ("", "TOKEN_REQUERIDO"),
        ("Bearer", "TOKEN_REQUERIDO"),
        ("Bearer \"\"", "TOKEN_REQUERIDO"),
        (token.as_str(), "TOKEN_INVALIDO"),
        ("Basic YTph", "TOKEN_INVALIDO"),
        ("Bearer TokenDevuelto", "TOKEN_INVALIDO"),
        ("Bearer ñandú", "TOKEN_INVALIDO"),
        (&format!("Bearer {}", &token[1..]), "TOKEN_INVALIDO"),
        (&format!("Bearer {token}0"), "TOKEN_INVALIDO"),
        (&format!("Bearer {}", "f".repeat(64)), "TOKEN_INVALIDO"),
        (&format!("Bearer \"{token}"), "TOKEN_INVALIDO"),
        (&format!("Bearer {upper}x"), "TOKEN_INVALIDO"),
        ("Bearer ' OR 1=1 --", "TOKEN_INVALIDO"),
    ] {
        for header in ["authorization", "autorizacion"] {
            check(&world, debt().header(header, value), 401, code).await;
        }
    }
    check(&world, debt(), 401, "TOKEN_REQUERIDO").await;
    let both = debt()
        .header("authorization", &format!("Bearer {token}"))
        .header("autorizacion", &format!("Bearer {other}"));
    check(&world, both, 401, "TOKEN_INVALIDO").await;
    let one_wrong = debt()
        .header("authorization", "Bearer x")
        .header("autorizacion", &format!("Bearer {token}"));
    check(&world, one_wrong, 401, "TOKEN_INVALIDO").await;
}

#[tokio::test]
async fn several_tokens_are_alive_until_their_time_is_over() {
    let world = World::demo().await;
    world.set_clock("2021-11-26T20:00:00Z");
    let later = world.log_in("DEMO-COOPLAN", "demo", "demo-cooplan").await;
    let bearer = |token: &str| debt().header("authorization", &format!("Bearer {token}"));
    for (at, first, second) in [
        ("2021-11-27T00:11:51Z", "", ""),
        ("2021-11-27T00:11:52Z", "TOKEN_EXPIRADO", ""),
        ("2021-11-27T03:59:59Z", "TOKEN_EXPIRADO", ""),
        ("2021-11-27T04:00:00Z", "TOKEN_EXPIRADO", "TOKEN_EXPIRADO"),
    ] {
        world.set_clock(at);
        for (token, code) in [(&world.token, first), (&later, second)] {
            check(&world, bearer(token), if code.is_empty() { 200 } else { 401 }, code).await;
        }
    }
}

#[tokio::test]
async fn wrong_credentials_get_one_answer_whatever_is_wrong() {
    let world = World::demo().await;
    let mut told = Vec::new();
    for (security_code, login, password) in [
        ("DEMO-COOPLAN", "demo", "wrong"),
        ("DEMO-COOPLAN", "banco", "demo-cooplan"),
        ("DEMO-BANCO", "demo", "demo-cooplan"),
        ("NONE", "demo", "demo-cooplan"),
        ("demo-cooplan", "demo", "demo-cooplan"),
        ("DEMO-COOPLAN", "demo", "DEMO-COOPLAN"),
        ("DEMO-COOPLAN", "Demo", "demo-cooplan"),
        ("ñ", "' OR '1'='1", "%00"),
    ] {
        let answer =
            check(&world, log_in(security_code, login, password), 401, "CREDENCIALES_INVALIDAS")
                .await;
        told.push(answer.body);
    }
    told.dedup();
    assert_eq!(told.len(), 1);
    check(&world, log_in(" DEMO-COOPLAN ", "demo", "demo-cooplan "), 200, "").await;
    let long = "x".repeat(200);
    check(&world, log_in(&long, "demo", "x"), 200, "PARAMETRO_INVALIDO: CodSeguridad").await;
}

#[tokio::test]
async fn a_token_needs_no_token() {
    let world = World::demo().await;
    let sent = log_in("DEMO-COOPLAN", "demo", "demo-cooplan")
        .header("authorization", "Basic x")
        .header("autorizacion", "Bearer y");
    check(&world, sent, 200, "").await;
}

#[tokio::test]
async fn the_eleventh_failure_of_a_minute_waits() {
    let world = World::demo().await;
    let wrong = || log_in("DEMO-COOPLAN", "demo", "wrong");
    let right = || log_in("DEMO-COOPLAN", "demo", "demo-cooplan");
    for _ in 0..10 {
        check(&world, right(), 200, "").await;
        check(&world, wrong(), 401, "CREDENCIALES_INVALIDAS").await;
    }
    for sent in [wrong(), right(), wrong()] {
        let answer = check(&world, sent, 429, "LIMITE_EXCEDIDO").await;
        let seconds: u32 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=61).contains(&seconds), "{seconds}");
    }
    // Neither another address, nor another code, nor a call with a token is held up.
    check(&world, right().at_address("192.0.2.8"), 200, "").await;
    check(&world, log_in("DEMO-BANCO", "banco", "demo-banco"), 200, "").await;
    world.check("consultardeuda", DEBT, "").await;
    world.set_clock("2021-11-26T16:12:53Z");
    check(&world, right(), 200, "").await;
}

#[tokio::test]
async fn a_disabled_collector_is_refused_at_once() {
    let world = World::demo().await;
    world.check("consultardeuda", DEBT, "").await;
    world.service.disable_collector(company(), "demo").await.unwrap();
    check(&world, Sent::to("consultardeuda").json(DEBT), 401, "CREDENCIAL_INACTIVA").await;
    check(&world, log_in("DEMO-COOPLAN", "demo", "demo-cooplan"), 401, "CREDENCIAL_INACTIVA").await;
    check(&world, log_in("DEMO-COOPLAN", "demo", "wrong"), 401, "CREDENCIALES_INVALIDAS").await;
    check(&world, Sent::to("consultardeuda").by_other().json(DEBT), 200, "").await;
}
