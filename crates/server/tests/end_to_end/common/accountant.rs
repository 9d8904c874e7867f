//! An accounting system that speaks Colppy.

use std::io;
use std::net::SocketAddr;

use serde_json::{Value, json};

use super::{Answer, Client, Server};

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

    /// Another connection in the same session.
    pub(crate) fn another(&self) -> Self {
        Self { client: self.client.another(), session: self.session.clone() }
    }

    /// The same to a server that was started anew.
    pub(crate) fn moved_to(&self, server: &Server) -> Self {
        Self { client: Client::new(server.address()), session: self.session.clone() }
    }

    /// Asks for an operation, named with its provision; the whole answer.
    pub(crate) fn ask(&mut self, operation: &str, parameters: Value) -> Value {
        let answer = self.try_ask(operation, parameters);
        answer.unwrap_or_else(|error| panic!("{operation}: {error}"))
    }

    /// The same where the server may be gone; the next call makes a new connection.
    pub(crate) fn try_ask(&mut self, operation: &str, parameters: Value) -> io::Result<Value> {
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
        let answer = try_post(&mut self.client, PATH, &body.to_string())?;
        Ok(answer.json())
    }

    /// The response to an operation that must succeed.
    pub(crate) fn done(&mut self, operation: &str, parameters: Value) -> Value {
        let answer = self.ask(operation, parameters);
        assert_eq!(answer["response"]["success"], true, "{operation}: {answer}");
        answer["response"].clone()
    }

    /// Enters an invoice; its id.
    pub(crate) fn enter(&mut self, invoice: Value) -> String {
        let entered = self.done("FacturaCompra.alta_facturacompra", invoice);
        entered["data"]["idFactura"].as_str().unwrap().to_owned()
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
    let answer = try_post(client, path, body);
    answer.unwrap_or_else(|error| panic!("{path} {body}: {error}")).text
}

fn try_post(client: &mut Client, path: &str, body: &str) -> io::Result<Answer> {
    let len = body.len();
    let answer = client.try_send(&format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {len}\r\n\r\n{body}"
    ))?;
    assert_eq!(answer.status, 200, "{answer:?}");
    Ok(answer)
}

/// The parameters of an invoice of the demo's supplier: as little as it can say, and more.
pub(crate) fn invoice(serial: &str, total: &str, more: &Value) -> Value {
    let least = json!({
        "idEmpresa": "98", "idProveedor": "91694", "idTipoComprobante": "FAC",
        "idTipoFactura": "A", "nroFactura1": "0003", "nroFactura2": serial,
        "fechaFactura": "16-08-2024", "totalFactura": total,
    });
    with(least, more)
}

/// The parameters of a payout of an amount to the demo's supplier, and more.
pub(crate) fn payout(amount: &str, more: &Value) -> Value {
    let least = json!({
        "idEmpresa": "98", "idPago": "", "idProveedor": "91694", "fechaPago": "17-08-2024",
        "totalpagado": amount, "idEstadoPago": "Aprobado", "retemitidas": [],
        "recordsToInsertUpdate1": [{ "idMedioPago": "Transferencia", "importe": amount }],
    });
    with(least, more)
}

fn with(mut parameters: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        parameters[name] = value.clone();
    }
    parameters
}
