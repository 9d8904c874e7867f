//! Provision Proveedor: what is said of a supplier is kept and told again.

use serde_json::{Value, json};
use ventanilla_domain::{Currency, DocumentNumber, InvoiceTerms, Money, PurchaseParts, SupplierId};

use super::books::{Books, COMPANY, SUPPLIERS, USER, id, key_of, name, shared};

const REGISTER: &str = "Proveedor.alta_proveedor";
const EDIT: &str = "Proveedor.editar_proveedor";
const READ: &str = "Proveedor.leer_proveedor";
const LIST: &str = "Proveedor.listar_proveedor";

/// Its columns, in the order in which they go out.
const COLUMNS: [&str; 30] = [
    "idProveedor",
    "RazonSocial",
    "NombreFantasia",
    "FechaAlta",
    "DirPostal",
    "DirPostalCiudad",
    "DirPostalCodigoPostal",
    "DirPostalProvincia",
    "DirPostalPais",
    "DirFiscal",
    "DirFiscalCiudad",
    "DirFiscalCodigoPostal",
    "DirFiscalProvincia",
    "DirFiscalPais",
    "Telefono",
    "Activo",
    "idCondicionPago",
    "idCondicionIva",
    "CUIT",
    "Producto",
    "CertificadoExclusion",
    "idPlanCuenta",
    "NroCuenta",
    "CBU",
    "Banco",
    "DesBanco",
    "porcentajeIVA",
    "idRetGanancias",
    "Email",
    "Saldo",
];

/// Those that a client may say anything in.
pub(super) fn text_fields() -> impl Iterator<Item = &'static str> {
    let others = ["idProveedor", "FechaAlta", "Activo", "CUIT", "Saldo"];
    COLUMNS.into_iter().filter(move |column| !others.contains(column))
}

pub(super) fn new_supplier() -> Value {
    json!({"idEmpresa": "98", "NombreFantasia": "Norte", "RazonSocial": "Norte S.A.", "Activo": "1"})
}

/// A new supplier with more said of it, or something else.
pub(super) fn new_with(more: &[(&str, Value)]) -> Value {
    let mut said = new_supplier();
    for (name, value) in more {
        said[*name] = value.clone();
    }
    said
}

pub(super) async fn register(books: &Books, said: Value) -> String {
    let response = books.done(REGISTER, said).await;
    response["id_proveedor"].as_str().unwrap().to_owned()
}

pub(super) async fn read(books: &Books, supplier: &str) -> Value {
    let asked = json!({"idEmpresa": 98, "idProveedor": supplier});
    books.done(READ, asked).await["data"].clone()
}

#[tokio::test]
async fn a_new_supplier_is_told_by_its_id_in_both_places() {
    let books = Books::open().await;
    let answer = books.call(USER, REGISTER, new_supplier()).await;
    let response = r#""response":{"success":true,"message":"El proveedor se registró con éxito.","id_proveedor":"91695","data":{"idProveedor":"91695"}}}"#;
    assert!(answer.body.ends_with(response), "{}", answer.body);
    let edited = json!({"idEmpresa": "98", "idProveedor": 91_695, "Telefono": "1"});
    let answer = books.call(USER, EDIT, edited).await;
    let response = r#""response":{"success":true,"message":"El proveedor se actualizó con éxito.","id_proveedor":"91695","data":{"idProveedor":"91695"}}}"#;
    assert!(answer.body.ends_with(response), "{}", answer.body);
}

#[tokio::test]
async fn all_that_is_said_is_told_again_in_the_order_of_the_columns() {
    let books = Books::open().await;
    let mut said = new_with(&[("CUIT", json!("20123456786")), ("Activo", json!("0"))]);
    let mut row = Vec::new();
    for (at, column) in COLUMNS.into_iter().enumerate() {
        let told = match column {
            "idProveedor" => "91695".to_owned(),
            "FechaAlta" => "26/11/2021".to_owned(),
            "Activo" => "0".to_owned(),
            "CUIT" => "20-12345678-6".to_owned(),
            "Saldo" => "0.00".to_owned(),
            _ => format!("{at} ñ de {column}"),
        };
        if text_fields().any(|field| field == column) {
            said[column] = json!(format!(" {told}\t"));
        }
        row.push(format!(r#""{column}":"{told}""#));
    }
    let row = row.join(",");
    assert_eq!(register(&books, said).await, "91695");
    let asked = json!({"idEmpresa": "98", "idProveedor": "91695"});
    let answer = books.call(USER, READ, asked).await;
    let response = format!(
        r#""response":{{"success":true,"message":"La operación se realizó con éxito.","data":{{{row}}}}}}}"#
    );
    assert!(answer.body.ends_with(&response), "{}", answer.body);
    let asked = json!({"idEmpresa": "98", "start": 1});
    let answer = books.call(USER, LIST, asked).await;
    let response = format!(
        r#""response":{{"success":true,"message":"La operación se realizó con éxito.","total":"2","data":[{{{row}}}]}}}}"#
    );
    assert!(answer.body.ends_with(&response), "{}", answer.body);
}

#[tokio::test]
async fn what_is_said_may_be_sorted_into_objects() {
    let books = Books::open().await;
    let nested = json!({
        "info_general": {"idUsuario": "x", "idProveedor": "0", "idEmpresa": "98",
            "NombreFantasia": "Norte", "RazonSocial": "Norte S.A.", "Telefono": ""},
        "info_otra": {"Activo": true, "CUIT": "20-12345678-6", "Telefono": "4-222"},
        "info_impositiva": {"idCondicionIva": 1, "porcentajeIVA": 10.50},
        "Email": "flat@example.org",
    });
    let id = register(&books, nested).await;
    let row = read(&books, &id).await;
    for (column, value) in [
        ("NombreFantasia", "Norte"),
        ("Activo", "1"),
        ("CUIT", "20-12345678-6"),
        ("Telefono", "4-222"),
        ("idCondicionIva", "1"),
        ("porcentajeIVA", "10.5"),
        ("Email", "flat@example.org"),
    ] {
        assert_eq!(row[column], value, "{column}");
    }
    let nested = json!({"idEmpresa": "98", "info_general": {"idProveedor": id, "Email": ""}});
    books.done(EDIT, nested).await;
    assert_eq!(read(&books, &id).await["Email"], "");
}

#[tokio::test]
async fn the_session_is_nothing_that_is_said_of_a_supplier() {
    let books = Books::open().await;
    let said = json!({"sesion": {"usuario": USER, "claveSesion": key_of(USER), "Activo": "1",
        "RazonSocial": "x", "NombreFantasia": "x", "idEmpresa": "98"}});
    let body = super::books::call(REGISTER, said).to_string();
    let answer = books.send(body).await;
    assert_eq!(answer.value("/response/message"), "Falta el parámetro: idEmpresa");
}

#[tokio::test]
async fn an_edit_leaves_what_is_absent_and_clears_what_is_empty() {
    let books = Books::open().await;
    let said = new_with(&[
        ("CUIT", json!("20-12345678-6")),
        ("Telefono", json!("4-222")),
        ("Email", json!("a@b.example")),
    ]);
    let id = register(&books, said).await;
    for (said, column, told) in [
        (json!({}), "RazonSocial", "Norte S.A."),
        (json!({"Telefono": "5-333"}), "Telefono", "5-333"),
        (json!({"Telefono": null}), "Telefono", "5-333"),
        (json!({"TELEFONO": " "}), "Telefono", ""),
        (json!({"NombreFantasia": "Sur"}), "RazonSocial", "Norte S.A."),
        (json!({"RazonSocial": "Sur S.A.", "Activo": "No"}), "Activo", "0"),
        (json!({"Activo": null}), "Activo", "0"),
        (json!({"Activo": "Sí"}), "Activo", "1"),
        (json!({"DirFiscal": 7}), "DirFiscal", "7"),
        (json!({"CUIT": null}), "CUIT", "20-12345678-6"),
        (json!({"CUIT": "30707070702"}), "CUIT", "30-70707070-2"),
        (json!({"CUIT": "00-00000000-0"}), "CUIT", ""),
        (json!({"CUIT": 20_123_456_786_i64}), "CUIT", "20-12345678-6"),
        (json!({"CUIT": ""}), "CUIT", ""),
        (json!({}), "NombreFantasia", "Sur"),
        (json!({}), "Email", "a@b.example"),
        (json!({}), "FechaAlta", "26/11/2021"),
    ] {
        let asked = said.to_string();
        let mut parameters = said;
        parameters["idEmpresa"] = json!("98");
        parameters["idProveedor"] = json!(id);
        books.done(EDIT, parameters).await;
        assert_eq!(read(&books, &id).await[column], told, "{asked}");
    }
}

#[tokio::test]
async fn an_edit_that_says_what_is_known_stores_nothing() {
    let books = Books::open().await;
    let id = register(&books, new_supplier()).await;
    let before = books.stored();
    let mut same = new_supplier();
    same["idProveedor"] = json!(id);
    books.done(EDIT, same).await;
    assert_eq!(books.stored(), before);
}

#[tokio::test]
async fn what_is_said_in_another_form_is_refused_and_not_stored() {
    let books = Books::open().await;
    let before = books.stored();
    let long = |len: usize| json!("ñ".repeat(len));
    let malformed = |name: &str| format!("El parámetro {name} no tiene una forma válida.");
    let too_long =
        |name: &str, max: u32| format!("El parámetro {name} admite hasta {max} caracteres.");
    let digits = "El CUIT debe tener once dígitos, con guiones o sin ellos.".to_owned();
    let check_digit = "El CUIT no es válido: no corresponde su dígito verificador.".to_owned();
    for (field, value, sentence) in [
        ("RazonSocial", long(61), too_long("RazonSocial", 60)),
        ("NombreFantasia", long(201), too_long("NombreFantasia", 200)),
        ("DirPostal", long(201), too_long("DirPostal", 200)),
        ("Activo", json!("quizás"), malformed("Activo")),
        ("Activo", json!(2), malformed("Activo")),
        ("Activo", json!([1]), malformed("Activo")),
        ("RazonSocial", json!(["x"]), malformed("RazonSocial")),
        ("Email", json!({"a": 1}), malformed("Email")),
        ("Banco", json!([]), malformed("Banco")),
        ("CUIT", json!("20-12345678-5"), check_digit.clone()),
        ("CUIT", json!("20123456787"), check_digit.clone()),
        ("CUIT", json!("2012345678"), digits.clone()),
        ("CUIT", json!("20.12345678.6"), digits.clone()),
        ("CUIT", json!("x"), digits),
        ("CUIT", json!([]), malformed("CUIT")),
    ] {
        books.refused(REGISTER, new_with(&[(field, value.clone())]), &sentence).await;
        let mut edit = json!({"idEmpresa": "98", "idProveedor": "91694"});
        edit[field] = value;
        books.refused(EDIT, edit, &sentence).await;
    }
    for name in ["RazonSocial", "NombreFantasia", "Activo"] {
        for empty in ["", " "] {
            let mut edit = json!({"idEmpresa": "98", "idProveedor": "91694"});
            edit[name] = json!(empty);
            books.refused(EDIT, edit, &format!("Falta el parámetro: {name}")).await;
        }
    }
    assert_eq!(books.stored(), before);
}

#[tokio::test]
async fn the_longest_texts_are_kept() {
    let books = Books::open().await;
    let (name, text) = ("ñ".repeat(60), "ñ".repeat(200));
    let said = new_with(&[
        ("RazonSocial", json!(name)),
        ("NombreFantasia", json!(text)),
        ("DirFiscal", json!(text)),
    ]);
    let row = read(&books, &register(&books, said).await).await;
    let told = ["RazonSocial", "NombreFantasia", "DirFiscal"].map(|column| row[column].clone());
    assert_eq!(told, [json!(name), json!(text), json!(text)]);
}

#[tokio::test]
async fn a_new_supplier_brings_no_id() {
    let books = Books::open().await;
    let before = books.stored();
    let sentence = "El alta de un proveedor no lleva idProveedor; para modificarlo se usa \
                    editar_proveedor.";
    for id in [json!("91694"), json!(1), json!("x"), json!("-0"), json!("0.0")] {
        books.refused(REGISTER, new_with(&[("idProveedor", id)]), sentence).await;
    }
    assert_eq!(books.stored(), before);
    for id in [json!(null), json!(""), json!("0"), json!(0), json!("00")] {
        register(&books, new_with(&[("idProveedor", id)])).await;
    }
}

#[tokio::test]
async fn a_cuit_is_one_suppliers_alone_in_its_company() {
    let books = Books::open().await;
    let [(_, holder, _, taken), (_, _, _, free), _] = SUPPLIERS;
    let sentence = format!("El CUIT ya es de otro proveedor: idProveedor {holder}.");
    let digits = taken.replace('-', "");
    for cuit in [taken, &digits] {
        books.refused(REGISTER, new_with(&[("CUIT", json!(cuit))]), &sentence).await;
    }
    // Another company's supplier has it, and that is nobody's business here.
    let id = register(&books, new_with(&[("CUIT", json!(free))])).await;
    let edit = |id: &str, cuit: &str| json!({"idEmpresa": "98", "idProveedor": id, "CUIT": cuit});
    books.refused(EDIT, edit(&id, taken), &sentence).await;
    books.done(EDIT, edit(&id, free)).await;
    books.done(EDIT, edit(&holder.to_string(), "")).await;
    books.done(EDIT, edit(&id, taken)).await;
    assert_eq!(read(&books, &id).await["CUIT"], taken);
}

#[tokio::test]
async fn the_balance_is_what_is_owed() {
    let books = Books::open().await;
    let ars = |minor| Money::from_minor(minor, Currency::from_code("ARS").unwrap());
    let terms = InvoiceTerms {
        supplier: SupplierId::from_i64(91_694).unwrap(),
        number: DocumentNumber::from_parts(1, 7).unwrap(),
        letter: None,
        booked_on: jiff::civil::date(2021, 11, 26),
        issued_on: jiff::civil::date(2021, 11, 26),
        due_on: None,
        total: ars(123_450),
        parts: PurchaseParts::none(ars(0)),
        description: None,
        details: [].into(),
        items: Vec::new(),
    };
    let caller = books.caller(USER).await;
    books.service.enter_invoice(&caller, id(COMPANY), terms).await.unwrap();
    assert_eq!(read(&books, "91694").await["Saldo"], "1223.50", "less what was advanced");
    register(&books, new_supplier()).await;
    for (op, value, ids) in [
        ("=", json!(1223.5), &["91694"][..]),
        ("=", json!("0"), &["91695"]),
        (">=", json!("1223.51"), &[]),
        ("<>", json!("0.00"), &["91694"]),
    ] {
        check_list(&books, filter("Saldo", op, &value), ids).await;
    }
}

fn filter(field: &str, op: &str, value: &Value) -> Value {
    json!({"filter": [{"field": field, "op": op, "value": value}]})
}

async fn check_list(books: &Books, mut asked: Value, ids: &[&str]) {
    asked["idEmpresa"] = json!("98");
    let shown = asked.to_string();
    let response = books.done(LIST, asked).await;
    let rows = response["data"].as_array().unwrap().iter();
    let told: Vec<_> = rows.map(|row| row["idProveedor"].as_str().unwrap()).collect();
    assert_eq!(told, ids, "{shown}");
}

#[tokio::test]
async fn a_list_is_filtered_and_ordered_by_any_column() {
    let books = Books::open().await;
    for (trade_name, city, is_active) in
        [("alfa", "Salta", "1"), ("Ñandú", "", "0"), ("BETA", "jujuy", "Si")]
    {
        let said = new_with(&[
            ("NombreFantasia", json!(trade_name)),
            ("DirPostalCiudad", json!(city)),
            ("Activo", json!(is_active)),
        ]);
        register(&books, said).await;
    }
    let order = |order: Value| json!({"order": order});
    for (asked, ids) in [
        (json!({}), &["91694", "91695", "91696", "91697"][..]),
        (filter("CUIT", "=", &json!("30500000100")), &["91694"]),
        (filter("cuit", "=", &json!("30-50000010-0")), &["91694"]),
        (filter("CUIT", "=", &json!(30_500_000_100_i64)), &["91694"]),
        (filter("CUIT", "=", &json!("20-12345678-6")), &[]),
        (filter("CUIT", "=", &json!("")), &["91695", "91696", "91697"]),
        (filter("Activo", "=", &json!(1)), &["91694", "91695", "91697"]),
        (filter("Activo", "=", &json!("1")), &["91694", "91695", "91697"]),
        (filter("Activo", "<>", &json!("1")), &["91696"]),
        (filter("NombreFantasia", "=", &json!("beta")), &["91697"]),
        (filter("DirPostalCiudad", "=", &json!("JUJUY")), &["91697"]),
        (filter("idProveedor", ">=", &json!("91696")), &["91696", "91697"]),
        (filter("FechaAlta", "=", &json!("26-11-2021")), &["91694", "91695", "91696", "91697"]),
        (filter("FechaAlta", "<", &json!("2021-11-26")), &[]),
        (
            order(json!([{"field": "NombreFantasia", "dir": "desc"}])),
            &["91696", "91694", "91697", "91695"],
        ),
        (
            order(json!({"field": ["Activo", "idProveedor"], "order": "DESC"})),
            &["91697", "91695", "91694", "91696"],
        ),
        (order(json!("NombreFantasia")), &["91695", "91697", "91694", "91696"]),
        (
            order(json!({"field": ["Activo", "idProveedor"], "order": ["asc", "desc"]})),
            &["91696", "91697", "91695", "91694"],
        ),
        (
            json!({"order": [{"field": "DirPostalCiudad"}], "start": 1, "limit": "2"}),
            &["91696", "91697"],
        ),
        (json!({"start": 4}), &[]),
    ] {
        check_list(&books, asked, ids).await;
    }
    let unknown = json!({"idEmpresa": "98", "filter": {"field": "x", "op": "=", "value": 1}});
    books.refused(LIST, unknown, "La lista no se puede filtrar por el campo: x").await;
}

#[tokio::test]
async fn many_lists_at_a_time_are_all_answered() {
    let books = shared().await;
    let list = || tokio::spawn(books.done(LIST, json!({"idEmpresa": "576"})));
    let lists: Vec<_> = (0..40).map(|_| list()).collect();
    for list in lists {
        assert_eq!(list.await.unwrap()["total"], "1");
    }
}

#[tokio::test]
async fn what_is_changed_is_recorded_for_its_company_alone() {
    let books = Books::open().await;
    let before = books.stored();
    register(&books, new_supplier()).await;
    let entries = |heads: &[(ventanilla_domain::CompanyId, i64, String)]| {
        heads.iter().map(|(_, entries, _)| *entries).collect::<Vec<_>>()
    };
    let (before, after) = (entries(&before), entries(&books.stored()));
    assert_eq!(after, [before[0] + 1, before[1], before[2]]);
    // Nor does another company's user see it.
    books.service.grant(&name(USER), id(777), ventanilla_domain::Role::Reader).await.unwrap();
    let listed = books.done(LIST, json!({"idEmpresa": "777"})).await;
    assert_eq!(listed["total"], "1");
}
