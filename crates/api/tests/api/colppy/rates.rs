//! A developer whose program calls too often is told so, wherever it calls from.

use serde_json::json;
use ventanilla_api::{Rate, Rates, counted_router};

use super::books::{USER, call, shared, with_session};
use super::{check_stopped, post};
use crate::world::{UNLIMITED, send};

#[tokio::test]
async fn a_developer_is_limited_once_it_is_admitted_and_nobody_else_is() {
    let books = shared().await;
    let rates = Rates { collector: Rate { per_second: 1, burst: 3 }, ..UNLIMITED };
    let router = counted_router(books.service.clone(), books.monitor.meters(), rates);
    let list = call("Empresa.listar_empresa", with_session(USER, json!({})));
    let mut wrong = list.clone();
    wrong["auth"]["password"] = json!("otra");
    for at in 0..5 {
        let sent = |body: &serde_json::Value| {
            post(body.to_string()).at_address(&format!("203.0.113.{at}"))
        };
        let answer = send(&router, &sent(&list)).await;
        if at < 3 {
            assert_eq!(answer.value("/response/success"), true, "{}", answer.body);
        } else {
            check_stopped(&answer, ["Empresa", "listar_empresa"], 190, "the fourth");
            assert_eq!(answer.header("retry-after"), Some("1"));
        }
        let answer = send(&router, &sent(&wrong)).await;
        check_stopped(&answer, ["Empresa", "listar_empresa"], 602, "who is not it takes nothing");
    }
}
