//! Sessions: how they are opened, used, renewed and ended.

use serde_json::{Value, json};

use super::books::{
    Books, DEVELOPER, DEVELOPER_PASSWORD, FOREIGNER, MD5, OTHER_USER, PASSWORD, USER, call,
    check_no_session, check_refused, key_of, name, shared,
};
use super::{ANSWERED_AT, post};

const SIGN_IN: &str = "Usuario.iniciar_sesion";
const SIGN_OUT: &str = "Usuario.cerrar_sesion";
const LIST: &str = "Empresa.listar_empresa";
const WRONG: &str = "El usuario o la contraseña son incorrectos";

async fn is_open(books: &Books, session: &Value) -> bool {
    let answer = books.send(call(LIST, json!({"sesion": session})).to_string()).await;
    let is_open = answer.value("/response/success") == true;
    if !is_open {
        check_no_session(&answer, LIST, "");
    }
    is_open
}

fn session(user: &str, key: &str) -> Value {
    json!({"usuario": user, "claveSesion": key})
}

#[tokio::test]
async fn a_sign_in_answers_the_key_of_a_new_session() {
    let books = shared().await;
    for password in [PASSWORD, MD5, &MD5.to_uppercase()] {
        for user in [USER, " a "] {
            let parameters = json!({"usuario": user, "password": password});
            let answer = books.send(call(SIGN_IN, parameters).to_string()).await;
            let key = answer.value("/response/data/claveSesion").as_str().unwrap().to_owned();
            let is_hex = key.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            assert!(key.len() == 32 && is_hex, "{key}");
            let whole = format!(
                r#"{{"service":{{"provision":"Usuario","operacion":"iniciar_sesion","version":"1_0_0_0","response_date":"{ANSWERED_AT}"}},"result":{{"estado":0,"mensaje":"La operación se realizó correctamente"}},"response":{{"success":true,"message":"La operación se realizó con éxito.","data":{{"usuario":"a","claveSesion":"{key}"}}}}}}"#
            );
            assert_eq!(answer.body, whole);
            assert!(is_open(books, &session(USER, &key)).await);
        }
    }
}

#[tokio::test]
async fn a_wrong_an_unknown_and_a_disabled_user_are_told_alike() {
    let books = Books::open().await;
    books.service.disable_user(&name(FOREIGNER)).await.unwrap();
    for (user, password) in [
        (USER, json!("otra")),
        (USER, json!(PASSWORD.to_lowercase())),
        (USER, json!(format!("{PASSWORD} "))),
        (USER, json!(&MD5[1..])),
        (USER, json!(12)),
        ("A", json!(MD5)),
        ("nadie", json!(MD5)),
        (FOREIGNER, json!(MD5)),
        (DEVELOPER, json!(DEVELOPER_PASSWORD)),
    ] {
        let asked = format!("{user} {password}");
        let parameters = json!({"usuario": user, "password": password});
        let answer = books.send(call(SIGN_IN, parameters).to_string()).await;
        check_refused(&answer, WRONG, &asked);
    }
    assert!(!is_open(&books, &session(FOREIGNER, key_of(FOREIGNER))).await);
}

#[tokio::test]
async fn a_sign_in_of_another_shape_is_told_what_is_wrong() {
    let books = shared().await;
    for (parameters, sentence) in [
        (json!({}), "Falta el parámetro: usuario"),
        (json!({"usuario": "", "password": MD5}), "Falta el parámetro: usuario"),
        (json!({"usuario": USER}), "Falta el parámetro: password"),
        (json!({"usuario": USER, "password": null}), "Falta el parámetro: password"),
        (
            json!({"usuario": [USER], "password": MD5}),
            "El parámetro usuario no tiene una forma válida.",
        ),
        (
            json!({"usuario": USER, "password": {}}),
            "El parámetro password no tiene una forma válida.",
        ),
    ] {
        let asked = parameters.to_string();
        let answer = books.send(call(SIGN_IN, parameters).to_string()).await;
        check_refused(&answer, sentence, &asked);
    }
}

#[tokio::test]
async fn who_fails_to_sign_in_ten_times_is_told_to_wait() {
    let books = Books::open().await;
    let sign_in = |password: &str| {
        call(SIGN_IN, json!({"usuario": OTHER_USER, "password": password})).to_string()
    };
    for _ in 0..10 {
        check_refused(&books.send(sign_in("x")).await, WRONG, "x");
    }
    let whole = format!(
        r#"{{"service":{{"provision":"Usuario","operacion":"iniciar_sesion","version":"1_0_0_0","response_date":"{ANSWERED_AT}"}},"result":{{"estado":190,"mensaje":"Demasiados intentos fallidos; espere 61 segundos antes de volver a intentar."}},"response":null}}"#
    );
    // The right one is not heard either.
    for password in ["x", MD5] {
        assert_eq!(books.send(sign_in(password)).await.body, whole, "{password}");
    }
    let elsewhere = books.send_as(post(sign_in(MD5)).at_address("203.0.113.9")).await;
    assert_eq!(elsewhere.value("/response/success"), true);
    books.pass(60);
    assert_eq!(books.send(sign_in(MD5)).await.value("/response/success"), true);
}

#[tokio::test]
async fn what_is_no_session_is_told_so() {
    let books = shared().await;
    let key = key_of(USER);
    for sent in [
        json!(null),
        json!(""),
        json!(key),
        json!([]),
        json!([{"usuario": USER, "claveSesion": key}]),
        json!({}),
        json!({"usuario": USER}),
        json!({"claveSesion": key}),
        json!({"usuario": "", "claveSesion": key}),
        json!({"usuario": USER, "claveSesion": ""}),
        json!({"usuario": USER, "claveSesion": null}),
        json!({"usuario": {}, "claveSesion": key}),
        json!({"usuario": USER, "claveSesion": [key]}),
        json!({"usuario": true, "claveSesion": 1}),
        session(OTHER_USER, key),
        session("nadie", key),
        session("A", key),
        session(USER, key_of(OTHER_USER)),
        session(USER, &"0".repeat(32)),
        session(USER, &key[1..]),
        session(USER, &format!("{key}0")),
        session(USER, &format!("0x{key}")),
        session(USER, &"g".repeat(32)),
        session(USER, &"ñ".repeat(16)),
        session(USER, "' OR 1=1 --"),
        session(USER, MD5),
    ] {
        let answer = books.send(call(LIST, json!({"sesion": sent})).to_string()).await;
        check_no_session(&answer, LIST, &sent.to_string());
    }
}

#[tokio::test]
async fn a_session_is_taken_in_every_form_that_clients_send() {
    let books = shared().await;
    let key = key_of(OTHER_USER);
    for sent in [
        session(OTHER_USER, key),
        session(OTHER_USER, &key.to_uppercase()),
        session(&format!(" {OTHER_USER} "), &format!("\t{key} ")),
        json!({"Usuario": OTHER_USER, "CLAVESESION": key, "userId": 7}),
        json!({"usuario": OTHER_USER, "userId": "378usuario@colppy.com", "claveSesion": key}),
    ] {
        assert!(is_open(books, &sent).await, "{sent}");
    }
}

#[tokio::test]
async fn a_session_lives_an_hour_after_its_last_use() {
    let books = Books::open().await;
    let (used, unused) = (books.log_in(USER).await, books.log_in(USER).await);
    let open = async |key: &str| {
        let is_open = is_open(&books, &session(USER, key)).await;
        books.settle().await;
        is_open
    };
    assert!(open(&used).await);
    for seconds in [3599, 3599, 1800] {
        books.pass(seconds);
        assert!(open(&used).await, "{seconds}");
    }
    assert!(!open(&unused).await);
    books.pass(3600);
    assert!(!open(&used).await, "an hour without use");
    assert!(!open(&used).await, "asking does not renew it");
    // The demo's own session stays.
    assert!(open(key_of(USER)).await);
}

#[tokio::test]
async fn a_use_within_a_minute_is_not_stored() {
    let books = Books::open().await;
    let key = books.log_in(USER).await;
    books.pass(59);
    assert!(is_open(&books, &session(USER, &key)).await);
    books.settle().await;
    books.pass(3541);
    assert!(!is_open(&books, &session(USER, &key)).await);
}

#[tokio::test]
async fn several_sessions_live_side_by_side_and_end_one_by_one() {
    let books = Books::open().await;
    let keys = [books.log_in(USER).await, books.log_in(USER).await];
    assert_ne!(keys[0], keys[1]);
    let end = async |key: &str| {
        let parameters = json!({"sesion": session(USER, key)});
        books.send(call(SIGN_OUT, parameters).to_string()).await
    };
    for key in &keys {
        assert!(is_open(&books, &session(USER, key)).await);
    }
    let ended = end(&keys[0].to_uppercase()).await;
    let told = r#""response":{"success":true,"message":"La operación se realizó con éxito."}}"#;
    assert!(ended.body.ends_with(told), "{}", ended.body);
    assert!(!is_open(&books, &session(USER, &keys[0])).await);
    assert!(is_open(&books, &session(USER, &keys[1])).await);
    check_no_session(&end(&keys[0]).await, SIGN_OUT, "ended twice");
    check_no_session(&end(&"0".repeat(32)).await, SIGN_OUT, "unknown");
    let others = json!({"sesion": session(OTHER_USER, &keys[1])});
    let others = books.send(call(SIGN_OUT, others).to_string()).await;
    check_no_session(&others, SIGN_OUT, "another user's");
    assert!(is_open(&books, &session(USER, &keys[1])).await);
}

#[tokio::test]
async fn another_password_ends_all_sessions_of_its_user_and_of_no_other() {
    let books = Books::open().await;
    let key = books.log_in(USER).await;
    books.service.set_user_password(&name(USER), "otra contraseña").await.unwrap();
    for key in [key.as_str(), key_of(USER)] {
        assert!(!is_open(&books, &session(USER, key)).await);
    }
    assert!(is_open(&books, &session(OTHER_USER, key_of(OTHER_USER))).await);
    for (password, message) in
        [(MD5, json!(WRONG)), ("otra contraseña", json!("La operación se realizó con éxito."))]
    {
        let parameters = json!({"usuario": USER, "password": password});
        let answer = books.send(call(SIGN_IN, parameters).to_string()).await;
        assert_eq!(answer.value("/response/message"), message);
    }
}
