//! What holds for every operation, over the table of operations as the reference renders it: whose
//! an id is, what is required, who may write. An operation that is new must be entered here.

use serde_json::{Value, json};

use super::books::{
    Books, COMPANY, FOREIGNER, OTHER_USER, READER, USER, call, check_no_session, check_refused, id,
    name, shared, with_session,
};

const REFERENCE: &str = include_str!("../../../../../docs/colppy.md");

const NO_COMPANY: &str = "No se encontro la empresa.";
const NO_SUPPLIER: &str = "No se encontro el proveedor.";
const NO_INVOICE: &str = "No se encontro la factura.";
const NO_PAYOUT: &str = "No se encontro el pago.";

/// Every operation, with what is told of each required id that is not the user's to name.
const TOLD: [(&str, &[(&str, &str)]); 14] = [
    ("Usuario.iniciar_sesion", &[]),
    ("Usuario.cerrar_sesion", &[]),
    ("Empresa.listar_empresa", &[]),
    ("Empresa.leer_empresa", &[("idEmpresa", NO_COMPANY)]),
    ("Proveedor.alta_proveedor", &[("idEmpresa", NO_COMPANY)]),
    ("Proveedor.editar_proveedor", &[("idEmpresa", NO_COMPANY), ("idProveedor", NO_SUPPLIER)]),
    ("Proveedor.leer_proveedor", &[("idEmpresa", NO_SUPPLIER), ("idProveedor", NO_SUPPLIER)]),
    ("Proveedor.listar_proveedor", &[("idEmpresa", NO_COMPANY)]),
    (
        "FacturaCompra.alta_facturacompra",
        &[("idEmpresa", NO_COMPANY), ("idProveedor", NO_SUPPLIER)],
    ),
    ("FacturaCompra.leer_facturacompra", &[("idEmpresa", NO_INVOICE), ("idFactura", NO_INVOICE)]),
    ("FacturaCompra.listar_facturascompra", &[("idEmpresa", NO_COMPANY)]),
    ("FacturaCompra.leer_pagos_factura", &[("idEmpresa", NO_INVOICE), ("idFactura", NO_INVOICE)]),
    ("Pago.alta_pago", &[("idEmpresa", NO_COMPANY), ("idProveedor", NO_SUPPLIER)]),
    ("Pago.leer_pago", &[("idEmpresa", NO_PAYOUT), ("idPago", NO_PAYOUT)]),
];

/// Ids that others have and ids that nobody has.
fn strange_ids(parameter: &str) -> &'static [&'static str] {
    match parameter {
        "idEmpresa" => &["777", "99", "9007199254740991"],
        "idProveedor" => &["555", "1200", "91695", "9007199254740991"],
        "idFactura" => &["1", "2", "4018", "9007199254740991"],
        "idPago" => &["29124", "4444", "929", "9007199254740991"],
        other => panic!("whose is another {other}?"),
    }
}

/// What can be no id.
fn no_ids() -> Vec<Value> {
    let texts = [
        "0",
        "-98",
        "+98",
        "98.0",
        "98x",
        "0x62",
        "1e2",
        "9 8",
        "٩٨",
        "9007199254740992",
        "99999999999999999999999999",
        "abc",
        "' OR '1'='1",
        "98; DROP TABLE supplier",
        "null",
        "\u{1}",
    ];
    let mut values: Vec<Value> = texts.iter().map(|text| json!(text)).collect();
    values.extend([json!(0), json!(-98), json!(98.5), json!(1e300), json!(true), json!(false)]);
    values.extend([json!([]), json!(["98"]), json!({}), json!({"a": "98"})]);
    values
}

/// An operation as the reference tells it.
struct Operation {
    name: &'static str,
    writes: bool,
    required: Vec<&'static str>,
    /// `parameters` of its sample, flat and without the session.
    sample: Value,
}

impl Operation {
    fn needs_session(&self) -> bool {
        self.name != "Usuario.iniciar_sesion"
    }

    fn is_of_a_company(&self) -> bool {
        self.required.contains(&"idEmpresa")
    }

    /// The sample with another value of one parameter.
    fn with(&self, parameter: &str, value: Value) -> Value {
        let mut parameters = self.sample.clone();
        parameters[parameter] = value;
        parameters
    }
}

fn operations() -> Vec<Operation> {
    let is_operation = |section: &&'static str| section.contains(". It needs ");
    let operations: Vec<_> = REFERENCE.split("\n## ").filter(is_operation).map(operation).collect();
    let names: Vec<_> = operations.iter().map(|operation| operation.name).collect();
    assert_eq!(names, TOLD.map(|(name, _)| name), "the table of this file is not the reference's");
    operations
}

fn operation(section: &'static str) -> Operation {
    let name = section.lines().next().unwrap();
    let required = section.lines().filter_map(|line| {
        let (parameter, rest) = line.strip_prefix("| `")?.split_once("` | ")?;
        rest.starts_with("required |").then_some(parameter)
    });
    let request = section.split("```json\n").nth(1).unwrap().lines().next().unwrap();
    let request: Value = serde_json::from_str(request).unwrap();
    Operation {
        name,
        writes: section.contains("; writes. Source:"),
        required: required.collect(),
        sample: flat(&request["parameters"]),
    }
}

/// Parameters whose nested ones stand beside the others.
fn flat(parameters: &Value) -> Value {
    let mut all = parameters.as_object().unwrap().clone();
    all.remove("sesion");
    if let Some(Value::Object(inside)) = all.remove("info_general") {
        all.extend(inside);
    }
    Value::Object(all)
}

/// Every operation with the parameters of its sample, without the session.
pub(super) fn samples() -> impl Iterator<Item = (&'static str, Value)> {
    operations().into_iter().map(|operation| (operation.name, operation.sample))
}

#[test]
fn every_required_id_is_in_the_table() {
    for (operation, (name, told)) in operations().iter().zip(TOLD) {
        let ids = operation.required.iter().filter(|parameter| parameter.starts_with("id"));
        let told = told.iter().map(|(parameter, _)| parameter);
        assert_eq!(ids.collect::<Vec<_>>(), told.collect::<Vec<_>>(), "{name}");
    }
}

#[tokio::test]
async fn an_id_that_is_not_the_users_to_name_tells_nothing_and_changes_nothing() {
    let books = Books::open().await;
    let before = books.stored();
    for (operation, (_, told)) in operations().iter().zip(TOLD) {
        for (parameter, sentence) in told {
            let strange = strange_ids(parameter).iter();
            let strange = strange.flat_map(|id| [json!(id), json!(id.parse::<i64>().unwrap())]);
            for value in strange.chain(no_ids()) {
                books.refused(operation.name, operation.with(parameter, value), sentence).await;
            }
        }
    }
    assert_eq!(books.stored(), before);
}

#[tokio::test]
async fn whoever_has_no_right_to_a_company_is_told_what_an_unknown_one_is_told() {
    let books = Books::open().await;
    let before = books.stored();
    for operation in operations().iter().filter(|operation| operation.is_of_a_company()) {
        let unknown = operation.with("idEmpresa", json!("99"));
        let unknown = books.call(USER, operation.name, unknown).await;
        for user in [OTHER_USER, FOREIGNER] {
            let answer = books.call(user, operation.name, operation.sample.clone()).await;
            assert_eq!(answer.body, unknown.body, "{} {user}", operation.name);
        }
    }
    assert_eq!(books.stored(), before);
}

#[tokio::test]
async fn every_required_parameter_that_is_left_out_is_named() {
    let books = shared().await;
    for operation in operations() {
        for parameter in &operation.required {
            let sentence = format!("Falta el parámetro: {parameter}");
            for value in [None, Some(json!(null)), Some(json!("")), Some(json!(" \t"))] {
                let mut parameters = operation.sample.clone();
                let sent = parameters.as_object_mut().unwrap();
                match value {
                    None => sent.remove(*parameter),
                    Some(value) => sent.insert((*parameter).to_owned(), value),
                };
                books.refused(operation.name, parameters, &sentence).await;
            }
        }
    }
}

#[tokio::test]
async fn every_sample_comes_through_to_its_operation() {
    let books = shared().await;
    for operation in operations() {
        let answer = books.call(USER, operation.name, operation.sample.clone()).await;
        assert_eq!(answer.value("/result/estado"), 0, "{}: {}", operation.name, answer.body);
        let message = answer.value("/response/message");
        let message = message.as_str().unwrap();
        let is_malformed =
            ["Falta el parámetro", "El parámetro "].iter().any(|start| message.starts_with(start));
        assert!(!is_malformed, "{}: {message}", operation.name);
    }
}

#[tokio::test]
async fn every_operation_but_the_sign_in_needs_a_session() {
    let books = shared().await;
    for operation in operations().iter().filter(|operation| operation.needs_session()) {
        let body = call(operation.name, operation.sample.clone());
        check_no_session(&books.send(body.to_string()).await, operation.name, operation.name);
    }
}

/// What is told to a user who may not write.
fn is_told_not_to_write(message: &Value) -> bool {
    message.as_str().unwrap().starts_with("El usuario no tiene permiso para ")
}

#[tokio::test]
async fn a_reader_reads_and_writes_nothing() {
    let books = Books::open().await;
    let before = books.stored();
    for operation in operations().iter().filter(|operation| operation.is_of_a_company()) {
        let answer = books.call(READER, operation.name, operation.sample.clone()).await;
        let message = answer.value("/response/message");
        assert_eq!(is_told_not_to_write(&message), operation.writes, "{}", answer.body);
        if operation.writes {
            check_refused(&answer, message.as_str().unwrap(), operation.name);
        }
    }
    assert_eq!(books.stored(), before);
}

#[tokio::test]
async fn a_right_that_changed_a_moment_ago_is_the_one_that_counts() {
    use ventanilla_domain::Role;
    let books = Books::open().await;
    let before = books.stored();
    let of_company: Vec<_> = operations().into_iter().filter(Operation::is_of_a_company).collect();
    let messages = async || {
        let mut messages = Vec::new();
        for operation in &of_company {
            let answer = books.call(USER, operation.name, operation.sample.clone()).await;
            messages.push(answer.value("/response/message"));
        }
        messages
    };
    books.service.grant(&name(USER), id(COMPANY), Role::Reader).await.unwrap();
    for (operation, message) in of_company.iter().zip(messages().await) {
        assert_eq!(is_told_not_to_write(&message), operation.writes, "{message}");
    }
    books.service.revoke(&name(USER), id(COMPANY)).await.unwrap();
    for (operation, message) in of_company.iter().zip(messages().await) {
        let (_, told) = TOLD.iter().find(|(name, _)| *name == operation.name).unwrap();
        assert_eq!(message, told[0].1, "{}", operation.name);
    }
    assert_eq!(books.stored(), before);
}

#[tokio::test]
async fn a_user_disabled_a_moment_ago_does_nothing() {
    let books = Books::open().await;
    let before = books.stored();
    books.service.disable_user(&name(USER)).await.unwrap();
    for operation in operations().iter().filter(|operation| operation.needs_session()) {
        let body = call(operation.name, with_session(USER, operation.sample.clone()));
        check_no_session(&books.send(body.to_string()).await, operation.name, operation.name);
    }
    assert_eq!(books.stored(), before);
}
