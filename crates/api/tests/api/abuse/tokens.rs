//! Tokens that are none, on every service: each is told alike, before anything of the request, and does nothing.

use super::{SERVICES, entries};
use crate::world::{Sent, World, company};

/// Headers that bear no token that is taken, and what is told; `TOKEN` stands for the demo's own.
const NO_TOKENS: [(&[(&str, &str)], &str); 15] = [
    (&[], "TOKEN_REQUERIDO"),
    (&[("authorization", "Bearer ")], "TOKEN_REQUERIDO"),
    (&[("cookie", "token=TOKEN")], "TOKEN_REQUERIDO"),
    (&[("x-authorization", "Bearer TOKEN")], "TOKEN_REQUERIDO"),
    (&[("proxy-authorization", "Bearer TOKEN")], "TOKEN_REQUERIDO"),
    (&[("authorization", "TOKEN")], "TOKEN_INVALIDO"),
    (&[("authorization", "Basic TOKEN")], "TOKEN_INVALIDO"),
    (&[("authorization", "Token TOKEN")], "TOKEN_INVALIDO"),
    (&[("authorization", "Bearer TOKEN,TOKEN")], "TOKEN_INVALIDO"),
    (&[("authorization", "Bearer TOKEN TOKEN")], "TOKEN_INVALIDO"),
    (&[("authorization", "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.")], "TOKEN_INVALIDO"),
    (&[("autorizacion", "Bearer ' OR '1'='1")], "TOKEN_INVALIDO"),
    (&[("autorizacion", "Bearer ../../secrets")], "TOKEN_INVALIDO"),
    (&[("authorization", "Bearer TOKEN"), ("autorizacion", "Bearer x")], "TOKEN_INVALIDO"),
    (&[("authorization", "Bearer x"), ("authorization", "Bearer TOKEN")], "TOKEN_INVALIDO"),
];

async fn check_nothing_is_done(world: &World, headers: &[(&str, String)], code: &str) {
    let before = entries(world);
    for service in &SERVICES {
        // A request that is good, one that lacks everything, and one that is none.
        let mut told = Vec::new();
        for body in [service.sample, "{}", "["] {
            let mut sent = Sent::to(service.name).without_token().json(body);
            for (name, value) in headers {
                sent = sent.header(name, value);
            }
            let answer = world.send(&sent).await;
            answer.check_status(401, code, &format!("{sent:?}"));
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
            told.push(answer.body);
        }
        told.dedup();
        assert_eq!(told.len(), 1, "{}: {told:?}", service.name);
    }
    assert_eq!(entries(world), before, "{headers:?}");
}

#[tokio::test]
async fn what_bears_no_token_does_nothing_on_any_service() {
    let world = World::demo().await;
    for (headers, code) in NO_TOKENS {
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| (*name, value.replace("TOKEN", &world.token)))
            .collect();
        check_nothing_is_done(&world, &headers, code).await;
    }
}

#[tokio::test]
async fn a_token_that_is_nearly_right_is_unknown_on_every_service() {
    let world = World::demo().await;
    let token = &world.token;
    let changed = |at: usize| {
        let mut bytes = token.clone().into_bytes();
        bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
        String::from_utf8(bytes).unwrap()
    };
    let shorter = token[..63].to_owned();
    let reversed: String = token.chars().rev().collect();
    for guess in [changed(0), changed(31), changed(63), shorter, format!("0{token}"), reversed] {
        assert_ne!(guess, *token);
        check_nothing_is_done(
            &world,
            &[("authorization", format!("Bearer {guess}"))],
            "TOKEN_INVALIDO",
        )
        .await;
    }
}

#[tokio::test]
async fn a_token_that_has_ended_does_nothing_on_any_service() {
    let world = World::demo().await;
    let bearer = [("authorization", format!("Bearer {}", world.token))];
    world.service.disable_collector(company(), "demo").await.unwrap();
    check_nothing_is_done(&world, &bearer, "CREDENCIAL_INACTIVA").await;
    world.service.enable_collector(company(), "demo").await.unwrap();
    check_nothing_is_done(&world, &bearer, "TOKEN_INVALIDO").await;
    let mut world = World::demo().await;
    world.log_in_anew().await;
    let bearer = [("authorization", format!("Bearer {}", world.token))];
    world.service.revoke_tokens_of(company(), "demo").await.unwrap();
    check_nothing_is_done(&world, &bearer, "TOKEN_INVALIDO").await;
    let world = World::demo().await;
    let bearer = [("authorization", format!("Bearer {}", world.token))];
    world.set_clock("2021-11-27T00:11:52Z");
    check_nothing_is_done(&world, &bearer, "TOKEN_EXPIRADO").await;
}
