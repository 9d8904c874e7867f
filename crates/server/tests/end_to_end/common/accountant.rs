//! An accounting system that speaks Colppy.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::Client;

/// Where the dialect is.
pub(crate) const PATH: &str = "/lib/frontera2/service.php";

/// The demo's developer and user, with a session of its own.
#[derive(Debug)]
pub(crate) struct Accountant {
    client: Client,
    session: String,
}

impl Accountant {
    /// Logs the demo's user in.
    pub(crate) fn log_in(address: SocketAddr) -> Self {
        let mut accountant = Self { client: Client::new(address), session: String::new() };
        let parameters = json!({ "usuario": "a", "password": "a" });
        let response = accountant.done("Usuario.iniciar_sesion", parameters);
        response["data"]["claveSesion"].as_str().unwrap().clone_into(&mut accountant.session);
        accountant
    }

    /// Asks for an operation, named with its provision; the whole answer.
    pub(crate) fn ask(&mut self, operation: &str, parameters: Value) -> Value {
        let (provision, operation) = operation.split_once('.').unwrap();
        let mut parameters = parameters;
        if !self.session.is_empty() {
            parameters["sesion"] = json!({ "usuario": "a", "claveSesion": self.session });
        }
        let body = json!({
            "auth": { "usuario": "USUARIO_DESARROLLADOR", "password": "PASSWORD_DESARROLLADOR" },
            "service": { "provision": provision, "operacion": operation },
            "parameters": parameters,
        });
        post(&mut self.client, PATH, &body.to_string()).parse().unwrap()
    }

    /// The response to an operation that must succeed.
    pub(crate) fn done(&mut self, operation: &str, parameters: Value) -> Value {
        let answer = self.ask(operation, parameters);
        assert_eq!(answer["response"]["success"], true, "{operation}: {answer}");
        answer["response"].clone()
    }

    /// The message of an operation that must be refused.
    pub(crate) fn refused(&mut self, operation: &str, parameters: Value) -> String {
        let answer = self.ask(operation, parameters);
        assert_eq!(answer["response"]["success"], false, "{operation}: {answer}");
        answer["response"]["message"].as_str().unwrap().to_owned()
    }
}

/// Posts a body as an accounting system does; the text of the answer, which is always 200.
pub(crate) fn post(client: &mut Client, path: &str, body: &str) -> String {
    let len = body.len();
    let answer = client.try_send(&format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {len}\r\n\r\n{body}"
    ));
    let answer = answer.unwrap_or_else(|error| panic!("{path} {body}: {error}"));
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.text
}
