//! Who may call, and in which order it is checked: developer, provision, operation, session,
//! parameters.

use serde_json::{Value, json};

use super::books::{
    Books, DEVELOPER, DEVELOPER_PASSWORD, DISABLED_DEVELOPER, MD5, PASSWORD, USER, call,
    check_no_session, check_refused, shared, with_session,
};
use super::{ANSWERED_AT, post};
use crate::world::Answer;

const LIST: &str = "Empresa.listar_empresa";

/// The whole answer to a call that did not come through to an operation.
fn stopped(called: [&str; 2], state: u16, message: &str) -> String {
    let [provision, operation] = called;
    format!(
        r#"{{"service":{{"provision":"{provision}","operacion":"{operation}","response_date":"{ANSWERED_AT}"}},"result":{{"estado":{state},"mensaje":"{message}"}},"response":null}}"#
    )
}

fn by(developer: &Value, password: &Value) -> String {
    let mut body = call(LIST, with_session(USER, json!({})));
    body["auth"] = json!({"usuario": developer, "password": password});
    body.to_string()
}

#[tokio::test]
async fn a_wrong_an_unknown_and_a_disabled_developer_are_told_alike() {
    let books = shared().await;
    let wrong =
        stopped(["Empresa", "listar_empresa"], 602, "La contraseña de usuario es incorrecta");
    let upper = DEVELOPER_PASSWORD.to_lowercase();
    let blank = format!(" {DEVELOPER_PASSWORD}");
    for (at, (developer, password)) in [
        (json!(DEVELOPER), json!("otra")),
        (json!(DEVELOPER), json!(upper)),
        (json!(DEVELOPER), json!(blank)),
        (json!(DEVELOPER), json!(MD5)),
        (json!(DEVELOPER), json!("0".repeat(32))),
        (json!(DEVELOPER), json!(12)),
        (json!(DEVELOPER.to_lowercase()), json!(DEVELOPER_PASSWORD)),
        (json!("NADIE"), json!(DEVELOPER_PASSWORD)),
        (json!(DISABLED_DEVELOPER), json!(DEVELOPER_PASSWORD)),
        (json!(USER), json!(PASSWORD)),
        (json!(DEVELOPER), json!("")),
        (json!(""), json!(DEVELOPER_PASSWORD)),
        (json!(DEVELOPER), json!(null)),
        (json!(DEVELOPER), json!([DEVELOPER_PASSWORD])),
        (json!("' OR 1=1 --"), json!("' OR 1=1 --")),
    ]
    .into_iter()
    .enumerate()
    {
        // Each from elsewhere: too many failures of one name from one address are told otherwise.
        let sent = post(by(&developer, &password)).at_address(&format!("198.51.100.{at}"));
        let answer = books.send_as(sent).await;
        assert_eq!(answer.body, wrong, "{developer} {password}");
    }
}

#[tokio::test]
async fn a_developers_password_comes_as_itself_or_as_its_md5() {
    let books = shared().await;
    let md5 = books.developer_md5();
    for (developer, password) in [
        (DEVELOPER.to_owned(), DEVELOPER_PASSWORD.to_owned()),
        (DEVELOPER.to_owned(), md5.clone()),
        (DEVELOPER.to_owned(), md5.to_uppercase()),
        (format!(" {DEVELOPER}\t"), md5),
    ] {
        let answer = books.send(by(&json!(developer), &json!(password))).await;
        assert_eq!(answer.value("/response/success"), true, "{}", answer.body);
    }
}

#[tokio::test]
async fn who_fails_ten_times_is_told_to_wait() {
    let books = Books::open().await;
    let wrong = by(&json!("NADIE"), &json!("x"));
    let send = async |body: &str| books.send(body).await.value("/result/estado");
    for _ in 0..10 {
        assert_eq!(send(&wrong).await, 602);
    }
    let told = books.send(wrong.clone()).await;
    let message = "Demasiados intentos fallidos; espere 61 segundos antes de volver a intentar.";
    assert_eq!(told.body, stopped(["Empresa", "listar_empresa"], 190, message));
    let elsewhere = books.send_as(post(wrong.clone()).at_address("203.0.113.9")).await;
    assert_eq!(elsewhere.value("/result/estado"), 602);
    let other = by(&json!(DEVELOPER), &json!(DEVELOPER_PASSWORD));
    assert_eq!(send(&other).await, 0);
    books.pass(60);
    assert_eq!(send(&wrong).await, 602);
}

#[tokio::test]
async fn who_was_admitted_a_moment_ago_is_not_held_up_by_others_failures() {
    let books = Books::open().await;
    let right = by(&json!(DEVELOPER), &json!(DEVELOPER_PASSWORD));
    assert_eq!(books.send(right.clone()).await.value("/result/estado"), 0);
    let wrong = by(&json!(DEVELOPER), &json!("x"));
    for _ in 0..10 {
        books.send(wrong.clone()).await;
    }
    assert_eq!(books.send(wrong).await.value("/result/estado"), 190);
    assert_eq!(books.send(right.clone()).await.value("/result/estado"), 0);
    // What was found right is forgotten once it is not used for ten minutes; so are the failures.
    books.pass(600);
    assert_eq!(books.send(right).await.value("/result/estado"), 0);
}

#[tokio::test]
async fn a_developer_disabled_a_moment_ago_calls_nothing() {
    let books = Books::open().await;
    let right = by(&json!(DEVELOPER), &json!(DEVELOPER_PASSWORD));
    assert_eq!(books.send(right.clone()).await.value("/result/estado"), 0);
    books.service.disable_integrator(&super::books::name(DEVELOPER)).await.unwrap();
    assert_eq!(books.send(right).await.value("/result/estado"), 602);
}

#[tokio::test]
async fn an_unknown_provision_or_operation_has_no_version() {
    let books = shared().await;
    let no_provision = "La provisión solicitada no existe.";
    let no_operation = "La operación solicitada no existe en esa provisión.";
    for (called, state, message) in [
        (["Cliente", "listar_cliente"], 103, no_provision),
        (["", "listar_empresa"], 103, no_provision),
        (["Usuario ", "iniciar_sesion"], 103, no_provision),
        (["Empresas", ""], 103, no_provision),
        (["Empresa", ""], 104, no_operation),
        (["Empresa", "iniciar_sesion"], 104, no_operation),
        (["EMPRESA", "listar_empresas"], 104, no_operation),
        (["Proveedor", "baja_proveedor"], 104, no_operation),
    ] {
        let body = call(&called.join("."), json!({})).to_string();
        assert_eq!(books.send(body).await.body, stopped(called, state, message));
    }
}

#[tokio::test]
async fn of_several_faults_the_first_in_order_is_told() {
    let books = shared().await;
    let told = |answer: &Answer| {
        let message = answer.value("/response/message");
        (answer.value("/result/estado"), message.as_str().map(str::to_owned))
    };
    let bad = json!({"auth": [], "service": {"provision": "X", "operacion": "y"}});
    let mut body = call("X.y", json!({"sesion": {}}));
    body["auth"]["password"] = json!("otra");
    let wrong_developer = body.clone();
    body["auth"]["password"] = json!(DEVELOPER_PASSWORD);
    let no_provision = body.clone();
    body["service"]["provision"] = json!("Proveedor");
    let no_operation = body.clone();
    body["service"]["operacion"] = json!("editar_proveedor");
    let no_session = body.clone();
    body["parameters"] = with_session(USER, json!({"CUIT": "1", "idProveedor": "x"}));
    let no_company = body.clone();
    body["parameters"]["idEmpresa"] = json!("777");
    body["parameters"]["idProveedor"] = json!("");
    let no_supplier = body.clone();
    body["parameters"]["idProveedor"] = json!("555");
    let bad_tax_id = body.clone();
    body["parameters"]["CUIT"] = json!("");
    for (body, state, message) in [
        (json!([bad]), 101, None),
        (bad, 102, None),
        (wrong_developer, 602, None),
        (no_provision, 103, None),
        (no_operation, 104, None),
        (no_session, 1, None),
        (no_company, 0, Some("Falta el parámetro: idEmpresa")),
        (no_supplier, 0, Some("Falta el parámetro: idProveedor")),
        (bad_tax_id, 0, Some("El CUIT debe tener once dígitos, con guiones o sin ellos.")),
        (body, 0, Some("No se encontro la empresa.")),
    ] {
        let answer = books.send_as(post(body.to_string()).at_address("198.51.100.99")).await;
        assert_eq!(told(&answer), (json!(state), message.map(str::to_owned)), "{body}");
    }
}

#[tokio::test]
async fn what_is_called_is_echoed_as_it_was_sent() {
    let books = shared().await;
    for (provision, operation, echoed, state) in [
        (json!("eMPRESA"), json!("Listar_EMPRESA"), ["eMPRESA", "Listar_EMPRESA"], 0),
        (json!("Empresa "), json!("listar_empresa"), ["Empresa ", "listar_empresa"], 103),
        (json!(7), json!("listar_empresa"), ["", "listar_empresa"], 103),
        (json!("Empresa"), json!(7), ["Empresa", ""], 104),
        (json!("Empresa"), json!(null), ["Empresa", ""], 104),
        (json!(["Empresa"]), json!({}), ["", ""], 103),
        (json!("<b>ñ\u{202e}"), json!("\n\u{1}"), ["<b>ñ\u{202e}", "\n\u{1}"], 103),
    ] {
        let mut body = call(LIST, with_session(USER, json!({})));
        body["service"] = json!({"provision": provision, "operacion": operation});
        let answer = books.send(body.to_string()).await;
        let service = ["/service/provision", "/service/operacion"].map(|at| answer.value(at));
        assert_eq!(service, echoed.map(Value::from), "{body}");
        assert_eq!(answer.value("/result/estado"), state, "{body}");
    }
    let mut body = call(LIST, with_session(USER, json!({})));
    body["service"] = json!({});
    let answer = books.send(body.to_string()).await;
    let message = "La provisión solicitada no existe.";
    assert_eq!(answer.body, stopped(["", ""], 103, message));
}

#[tokio::test]
async fn an_answer_is_dated_three_hours_behind_utc() {
    let books = Books::open().await;
    for (at, shown) in [
        ("2021-11-27T02:59:59.999999Z", "2021-11-26 23:59:59"),
        ("2021-11-27T03:00:00Z", "2021-11-27 00:00:00"),
        ("2022-01-01T02:59:59Z", "2021-12-31 23:59:59"),
        // It was summer time there.
        ("2009-01-15T02:30:00Z", "2009-01-14 23:30:00"),
    ] {
        books.clock.set(at.parse().unwrap());
        for body in [call(LIST, with_session(USER, json!({}))).to_string(), "{".to_owned()] {
            let answer = books.send(body).await;
            assert_eq!(answer.value("/service/response_date"), shown, "{}", answer.body);
        }
    }
}

#[tokio::test]
async fn what_nobody_asked_for_is_passed_over() {
    let books = shared().await;
    let mut body = call("Empresa.leer_empresa", with_session(USER, json!({"idEmpresa": "98"})));
    let plain = books.send(body.to_string()).await;
    assert_eq!(plain.value("/response/data/IdEmpresa"), "98", "{}", plain.body);
    body["parameters"]["color"] = json!({"idEmpresa": "777", "deep": [[[[1]]]]});
    body["parameters"]["idUsuario"] = json!(["x"]);
    body["parameters"]["sesion"]["userId"] = json!("378usuario@colppy.com");
    body["parameters"]["sesion"]["x"] = json!(null);
    body["auth"]["x"] = json!(1);
    body["service"]["version"] = json!("9");
    body["idEmpresa"] = json!("777");
    assert_eq!(books.send(body.to_string()).await.body, plain.body);
}

#[tokio::test]
async fn a_session_is_asked_for_before_the_parameters() {
    let books = shared().await;
    for operation in ["Empresa.leer_empresa", "Proveedor.alta_proveedor"] {
        for parameters in [json!({}), json!([]), json!(null), json!({"sesion": {"usuario": USER}})]
        {
            let answer = books.send(call(operation, parameters).to_string()).await;
            check_no_session(&answer, operation, operation);
        }
        let answer = books.call(USER, operation, json!({})).await;
        check_refused(&answer, "Falta el parámetro: idEmpresa", operation);
    }
}
