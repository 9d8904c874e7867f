//! Requests and answers word for word: the names of the parameters that are read, and the answers
//! with their keys in the printed order. The wire's Spanish stays here and in `errors`.

pub(super) mod suppliers;

pub(super) mod invoices;
pub(super) mod payouts;

use std::borrow::Cow;
use std::fmt::Display;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use ventanilla_domain::{Company, Role};

use super::convert::{self, AnsweredAt};
use super::lists::{Column, Table};

/// The names that are read.
pub(super) mod field {
    pub(in crate::colppy) const AUTH: &str = "auth";
    pub(in crate::colppy) const SERVICE: &str = "service";
    pub(in crate::colppy) const PROVISION: &str = "provision";
    pub(in crate::colppy) const OPERATION: &str = "operacion";
    pub(in crate::colppy) const PARAMETERS: &str = "parameters";
    pub(in crate::colppy) const SESSION: &str = "sesion";
    pub(in crate::colppy) const USER: &str = "usuario";
    pub(in crate::colppy) const PASSWORD: &str = "password";
    pub(in crate::colppy) const SESSION_KEY: &str = "claveSesion";
    pub(in crate::colppy) const COMPANY: &str = "idEmpresa";
    pub(in crate::colppy) const SUPPLIER: &str = "idProveedor";
    pub(in crate::colppy) const START: &str = "start";
    pub(in crate::colppy) const LIMIT: &str = "limit";
    pub(in crate::colppy) const FILTER: &str = "filter";
    pub(in crate::colppy) const ORDER: &str = "order";
    /// What is asked of a list.
    pub(in crate::colppy) const OF_LISTS: [&str; 4] = [START, LIMIT, FILTER, ORDER];
    pub(in crate::colppy) const FIELD: &str = "field";
    pub(in crate::colppy) const OPERATOR: &str = "op";
    pub(in crate::colppy) const VALUE: &str = "value";
    pub(in crate::colppy) const DIRECTION: &str = "dir";
}

/// What a list is ordered by when a client names a direction.
pub(super) const ASCENDING: &str = "ASC";
/// The other direction.
pub(super) const DESCENDING: &str = "DESC";

/// The version of every operation.
const VERSION: &str = "1_0_0_0";
/// `mensaje` of a call that came through to its operation.
const PASSED: &str = "La operación se realizó correctamente";
/// `message` of an operation that has no sentence of its own.
pub(super) const DONE: &str = "La operación se realizó con éxito.";

/// What a request calls, in its own letter case; empty where it says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Called<'a> {
    pub(super) provision: Cow<'a, str>,
    pub(super) operation: Cow<'a, str>,
}

/// What every answer is.
#[derive(Debug, Serialize)]
pub(super) struct Envelope<'a> {
    service: Service<'a>,
    result: Outcome<'a>,
    response: Option<&'a RawValue>,
}

#[derive(Debug, Serialize)]
struct Service<'a> {
    provision: &'a str,
    #[serde(rename = "operacion")]
    operation: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'static str>,
    response_date: Shown<AnsweredAt>,
}

#[derive(Debug, Serialize)]
struct Outcome<'a> {
    #[serde(rename = "estado")]
    state: u16,
    #[serde(rename = "mensaje")]
    message: &'a str,
}

impl<'a> Envelope<'a> {
    /// Of a call that came through to its operation, whatever that says.
    pub(super) fn passed(called: &'a Called<'_>, at: AnsweredAt, response: &'a RawValue) -> Self {
        Self { response: Some(response), ..Self::stopped(called, true, at, 0, PASSED) }
    }

    /// Of a call that did not; `is_known` tells whether there is such an operation.
    pub(super) fn stopped(
        called: &'a Called<'_>,
        is_known: bool,
        at: AnsweredAt,
        state: u16,
        message: &'a str,
    ) -> Self {
        let service = Service {
            provision: &called.provision,
            operation: &called.operation,
            version: is_known.then_some(VERSION),
            response_date: Shown(at),
        };
        Self { service, result: Outcome { state, message }, response: None }
    }

    /// Compact JSON, UTF-8 as it is.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts and numbers always have a JSON form")
    }
}

/// `response` as JSON.
pub(super) fn to_raw(response: &impl Serialize) -> Box<RawValue> {
    serde_json::value::to_raw_value(response).expect("texts and numbers always have a JSON form")
}

/// A value that goes out as the text it is shown as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shown<T>(pub(super) T);

impl<T: Display> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// `response` of an operation that was not done, and of one that has nothing to tell.
#[derive(Debug, Serialize)]
pub(super) struct Told<'a> {
    success: bool,
    message: &'a str,
}

impl<'a> Told<'a> {
    pub(super) fn success(message: &'a str) -> Self {
        Self { success: true, message }
    }

    pub(super) fn refusal(message: &'a str) -> Self {
        Self { success: false, message }
    }
}

/// `response` of an operation that tells one thing.
#[derive(Debug, Serialize)]
pub(super) struct Found<'a, D> {
    success: bool,
    message: &'a str,
    data: D,
}

impl<'a, D> Found<'a, D> {
    pub(super) fn success(message: &'a str, data: D) -> Self {
        Self { success: true, message, data }
    }
}

/// `response` of a list: `total` counts all that the filter takes.
#[derive(Debug, Serialize)]
pub(super) struct Listed<'a, R> {
    success: bool,
    message: &'a str,
    total: Shown<usize>,
    data: Vec<R>,
}

impl<'a, R> Listed<'a, R> {
    pub(super) fn success(message: &'a str, total: usize, data: Vec<R>) -> Self {
        Self { success: true, message, total: Shown(total), data }
    }
}

/// `data` of a sign-in.
#[derive(Debug, Serialize)]
pub(super) struct SignedIn<'a> {
    #[serde(rename = "usuario")]
    pub(super) user: &'a str,
    #[serde(rename = "claveSesion")]
    pub(super) key: &'a str,
}

/// A company with the role of the user who asks.
pub(super) type UsersCompany = (Arc<Company>, Role);

/// A row of Empresa, one at a time or in a list. What the books do not keep is empty.
pub(super) static COMPANIES: Table<UsersCompany> = Table {
    id: |(company, _)| company.id.to_i64(),
    columns: &[
        Column::whole("IdEmpresa", |(company, _)| company.id.to_i64()),
        Column::text("razonSocial", |(company, _)| company.name.as_str().into()),
        Column::text("Nombre", |(company, _)| company.name.as_str().into()),
        Column::empty("CUIT"),
        Column::empty("idPlan"),
        Column::empty("tipo"),
        Column::flag("activa", |_| true),
        Column::flag("esAdministrador", |(_, role)| convert::is_administrator(*role)),
        Column::empty("logoPath"),
        Column::empty("fechaVencimiento"),
        Column::empty("UltimoLogin"),
        Column::empty("fecha_cierre_impuesto"),
        Column::empty("actividad_economica"),
    ],
};
