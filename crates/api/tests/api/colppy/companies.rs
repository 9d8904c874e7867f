//! Provision Empresa: a user sees the companies it has a right to, and no other.

use serde_json::{Value, json};

use super::books::{
    FOREIGNER, OTHER_USER, READER, USER, call, check_refused, shared, with_session,
};

const LIST: &str = "Empresa.listar_empresa";
const READ: &str = "Empresa.leer_empresa";

fn row(id: u32, is_administrator: u8) -> String {
    let name = format!(r#"Empresa {id} \"Ñandú\" S.A."#);
    format!(
        r#"{{"IdEmpresa":"{id}","razonSocial":"{name}","Nombre":"{name}","CUIT":"","idPlan":"","tipo":"","activa":"1","esAdministrador":"{is_administrator}","logoPath":"","fechaVencimiento":"","UltimoLogin":"","fecha_cierre_impuesto":"","actividad_economica":""}}"#
    )
}

#[tokio::test]
async fn a_user_is_told_its_companies_alone() {
    let books = shared().await;
    for (user, rows) in [
        (USER, vec![row(98, 0), row(576, 1)]),
        (READER, vec![row(98, 0)]),
        (OTHER_USER, vec![row(576, 1)]),
        (FOREIGNER, vec![row(777, 1)]),
    ] {
        let answer = books.call(user, LIST, json!({})).await;
        let response = format!(
            r#""response":{{"success":true,"message":"La operación se realizó con éxito.","total":"{}","data":[{}]}}}}"#,
            rows.len(),
            rows.join(","),
        );
        assert!(answer.body.ends_with(&response), "{user}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_company_is_read_by_its_users_alone() {
    let books = shared().await;
    for (user, company, found) in [
        (USER, json!("98"), Some(row(98, 0))),
        (USER, json!(576), Some(row(576, 1))),
        (USER, json!(" 098 "), Some(row(98, 0))),
        (USER, json!("777"), None),
        (USER, json!("99"), None),
        (READER, json!("98"), Some(row(98, 0))),
        (READER, json!("576"), None),
        (OTHER_USER, json!("98"), None),
        (FOREIGNER, json!("777"), Some(row(777, 1))),
        (FOREIGNER, json!("98"), None),
    ] {
        let asked = format!("{user} {company}");
        let answer = books.call(user, READ, json!({"idEmpresa": company})).await;
        match found {
            Some(row) => {
                assert!(answer.body.ends_with(&format!(r#""data":{row}}}}}"#)), "{asked}");
            }
            None => check_refused(&answer, "No se encontro la empresa.", &asked),
        }
    }
}

async fn listed(body: &Value) -> (Value, Vec<String>) {
    let answer = shared().await.send(body.to_string()).await;
    let rows = answer.value("/response/data");
    let ids = rows.as_array().unwrap_or_else(|| panic!("{body}: {}", answer.body)).iter();
    let ids = ids.map(|row| row["IdEmpresa"].as_str().unwrap().to_owned());
    (answer.value("/response/total"), ids.collect())
}

#[tokio::test]
async fn what_is_asked_of_a_list_stands_inside_the_parameters_or_beside_them() {
    let filter = json!([{"field": "IdEmpresa", "op": ">", "value": "98"}]);
    let order = json!([{"field": "idempresa", "dir": "DESC"}]);
    let plain = call(LIST, with_session(USER, json!({})));
    let with = |parameters: &[(&str, &Value)], beside: &[(&str, &Value)]| {
        let mut body = plain.clone();
        for (name, value) in parameters {
            body["parameters"][*name] = (*value).clone();
        }
        for (name, value) in beside {
            body[*name] = (*value).clone();
        }
        body
    };
    let text = Value::from(filter.to_string());
    let nothing = json!([]);
    for (body, total, ids) in [
        (with(&[], &[]), "2", &["98", "576"][..]),
        (with(&[("filter", &filter)], &[]), "1", &["576"]),
        (with(&[], &[("filter", &filter)]), "1", &["576"]),
        (with(&[], &[("Filter", &text)]), "1", &["576"]),
        (with(&[("filter", &nothing)], &[("filter", &filter)]), "2", &["98", "576"]),
        (with(&[("order", &order)], &[]), "2", &["576", "98"]),
        (with(&[], &[("order", &order)]), "2", &["576", "98"]),
        (with(&[("start", &json!(1))], &[("order", &order)]), "2", &["98"]),
        (with(&[("limit", &json!("1"))], &[("order", &order)]), "2", &["576"]),
        (with(&[], &[("start", &json!(1)), ("order", &order)]), "2", &["98"]),
        (with(&[], &[("limit", &json!("1"))]), "2", &["98"]),
        (with(&[("start", &json!(0))], &[("start", &json!(1))]), "2", &["98", "576"]),
        (with(&[("start", &json!(2))], &[]), "2", &[]),
    ] {
        let told = listed(&body).await;
        assert_eq!(told, (json!(total), ids.iter().map(|id| (*id).to_owned()).collect()), "{body}");
    }
}
