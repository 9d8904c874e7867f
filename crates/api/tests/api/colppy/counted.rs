//! What is counted of the dialect's calls.

use super::books::{Books, COMPANY, USER, to_request};
use crate::monitor::{counted, scrape};

#[tokio::test]
async fn every_call_of_the_other_dialect_is_counted_too() {
    let books = Books::open().await;
    let company = format!(r#"{{"idEmpresa":"{COMPANY}"}}"#);
    for (operation, parameters, expected) in [
        ("Empresa.leer_empresa", company.as_str(), "colppy leer_empresa success"),
        ("EMPRESA.Leer_Empresa", r#"{"idEmpresa":"77777"}"#, "colppy leer_empresa refused"),
        ("Proveedor.listar_proveedor", r#"{"limit":"x"}"#, "colppy listar_proveedor client_error"),
        ("Empresa.nada", "{}", "colppy other client_error"),
    ] {
        let before = scrape(&books.monitor).await;
        let answer = books.call(USER, operation, parameters).await;
        let after = scrape(&books.monitor).await;
        assert_eq!(counted(&before, &after), [expected], "{operation}: {}", answer.body);
    }
    let before = scrape(&books.monitor).await;
    books.send(to_request("Empresa.leer_empresa", company)).await;
    let after = scrape(&books.monitor).await;
    assert_eq!(counted(&before, &after), ["colppy leer_empresa client_error"], "no session");
}
