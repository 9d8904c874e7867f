//! What is told before anybody is asked for credentials.

use super::{check_stopped, post};
use crate::world::World;

#[tokio::test]
async fn what_is_no_json_object_is_told_so() {
    let world = World::demo().await;
    let deep = format!(r#"{{"service":{{}},"auth":{}"#, "[".repeat(50_000));
    for body in [
        "",
        " ",
        "[]",
        "[{}]",
        "\"a\"",
        "null",
        "{",
        "usuario=a",
        "<a/>",
        r#"{"service":{},"auth":{}"#,
        r#"{"service":{},"auth":{}}}"#,
        r#"{"service":{},"auth":{},"auth":{}}"#,
        r#"{"service":{},"auth":{},"parameters":{"a":1,"a":1}}"#,
        r#"{"service":{},"auth":{},"x":"\u0000"}"#,
        r#"{"service":{},"auth":{},"x":"\ud800"}"#,
        r#"{"service":{},"auth":{},"x":01}"#,
        &deep,
    ] {
        check_stopped(&world.send(&post(body)).await, ["", ""], 101, body);
    }
    for body in [&b"{\"a\":\"Pe\xf1a\"}"[..], b"{\"a\":\"\0\"}", b"\xff\xfe{\0}\0"] {
        check_stopped(&world.send(&post(body)).await, ["", ""], 101, "not UTF-8");
    }
}

#[tokio::test]
async fn what_is_no_envelope_is_told_so_and_echoed() {
    let world = World::demo().await;
    for (body, called) in [
        ("{}", ["", ""]),
        (r#"{"auth":{}}"#, ["", ""]),
        (r#"{"auth":{},"service":"Pago"}"#, ["", ""]),
        (r#"{"service":{"provision":"pAGO","operacion":"Leer_Pago"}}"#, ["pAGO", "Leer_Pago"]),
        (r#"{"service":{"provision":7,"operacion":"leer_pago"},"auth":[]}"#, ["", "leer_pago"]),
        (r#"{"SERVICE":{"Provision":"Pago"},"auth":null}"#, ["Pago", ""]),
    ] {
        check_stopped(&world.send(&post(body)).await, called, 102, body);
    }
}

#[tokio::test]
async fn a_developer_without_credentials_is_told_before_what_it_calls() {
    let world = World::demo().await;
    for auth in [
        "{}",
        r#"{"usuario":"a"}"#,
        r#"{"password":"a"}"#,
        r#"{"usuario":"","password":"a"}"#,
        r#"{"usuario":"a","password":null}"#,
        r#"{"usuario":[],"password":{}}"#,
    ] {
        for called in [["Nada", "nada"], ["Empresa", "nada"], ["Empresa", "listar_empresa"]] {
            let [provision, operation] = called;
            let body = format!(
                r#"{{"auth":{auth},"service":{{"provision":"{provision}","operacion":"{operation}"}}}}"#
            );
            check_stopped(&world.send(&post(body)).await, called, 602, auth);
        }
    }
}

#[tokio::test]
async fn a_text_is_echoed_as_json_whatever_it_holds() {
    let world = World::demo().await;
    let body = r#"{"service":{"provision":"\u00f1\"\\\n</script>","operacion":"\ud83d\ude00"}}"#;
    let answer = world.send(&post(body)).await;
    check_stopped(&answer, [r#"ñ\"\\\n</script>"#, "😀"], 102, body);
    assert_eq!(answer.value("/service/provision"), "ñ\"\\\n</script>");
}
