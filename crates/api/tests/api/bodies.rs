//! The order of the checks before the fields, and what bodies are taken.

use crate::world::{MEDIA_TYPES, Sent, World};

const SERVICES: [&str; 8] = [
    "token",
    "buscarcliente",
    "consultardeuda",
    "realizarpago",
    "imprimirfactura",
    "reportecobranzas",
    "revertirpago",
    "consultarpago",
];

#[tokio::test]
async fn the_checks_come_in_their_order() {
    let world = World::demo().await;
    let large = " ".repeat(64 * 1024 + 1);
    // Each request breaks every rule that comes after the one it is answered with.
    let bad = |sent: Sent| sent.without_token().body("text/xml", large.clone());
    for service in SERVICES {
        for path in [format!("/api/{service}x"), format!("/api/{service}//"), format!("/{service}")]
        {
            let answer = world.send(&bad(Sent::to_path(&path).method("GET"))).await;
            answer.check_status(404, "SERVICIO_NO_EXISTE", &path);
        }
        for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "post"] {
            let answer = world.send(&bad(Sent::to(service).method(method))).await;
            answer.check_status(405, "METODO_NO_PERMITIDO", service);
            assert_eq!(answer.headers["allow"], "POST");
        }
        let answer = world.send(&bad(Sent::to(service))).await;
        answer.check_status(413, "CUERPO_DEMASIADO_GRANDE", service);
        assert_eq!(answer.headers["connection"], "close");
        if service != "token" {
            let sent = Sent::to(service).without_token().body("text/xml", "<a/>");
            let answer = world.send(&sent).await;
            answer.check_status(401, "TOKEN_REQUERIDO", service);
        }
        let answer = world.send(&Sent::to(service).body("text/xml", "<a/>")).await;
        answer.check("CUERPO_INVALIDO", service);
    }
}

#[tokio::test]
async fn a_service_answers_in_any_letter_case_with_or_without_a_slash() {
    let world = World::demo().await;
    for path in [
        "/api/consultardeuda",
        "/API/ConsultarDeuda",
        "/Api/CONSULTARDEUDA/",
        "/api/consultardeuda/?x=1",
    ] {
        let sent = Sent::to_path(path).json(r#"{"Contrato":"345"}"#);
        world.send(&sent).await.check("", path);
    }
}

#[tokio::test]
async fn a_body_is_read_up_to_its_limit() {
    let world = World::demo().await;
    let padded = |len: usize| {
        let body = r#"{"Contrato":"345","X":""#;
        format!("{body}{}\"}}", "x".repeat(len - body.len() - 2))
    };
    world.check("consultardeuda", &padded(64 * 1024), "").await;
    let answer = world.call("consultardeuda", &padded(64 * 1024 + 1)).await;
    answer.check_status(413, "CUERPO_DEMASIADO_GRANDE", "one byte more");
}

#[tokio::test]
async fn what_cannot_be_read_is_told_so_by_every_service() {
    let world = World::demo().await;
    let deep = format!("{{\"Contrato\":{}", "[".repeat(50_000));
    for service in SERVICES {
        for body in [
            "",
            " ",
            "[]",
            "[{}]",
            "\"345\"",
            "{",
            r#"{"Contrato":"345""#,
            r#"{"Contrato":"345"}}"#,
            r#"{"Contrato":"345","contrato":"345"}"#,
            r#"{"Contrato":"34\u00005"}"#,
            r#"{"Contrato":"\ud800"}"#,
            r#"{"Contrato":01}"#,
            r#"{"Contrato":NaN}"#,
            &deep,
        ] {
            world.check(service, body, "CUERPO_INVALIDO").await;
        }
        for body in
            [&b"{\"Contrato\":\"Pe\xf1a\"}"[..], b"{\"Contrato\":\"a\0\"}", b"\xff\xfe{\0}\0"]
        {
            let answer = world.send(&Sent::to(service).body("application/json", body)).await;
            answer.check("CUERPO_INVALIDO", service);
        }
        let form = "application/x-www-form-urlencoded";
        for body in ["Contrato=%F1", "Contrato=1&CONTRATO=1", "Contrato=a%00", "Contrato"] {
            let answer = world.send(&Sent::to(service).body(form, body)).await;
            answer.check("CUERPO_INVALIDO", body);
        }
    }
}

#[tokio::test]
async fn json_is_json_whatever_the_content_type_says() {
    let world = World::demo().await;
    for media_type in MEDIA_TYPES {
        for body in
            ["{\"contrato\" : 345 }", "\u{feff}\r\n {\"CONTRATO\":\" 345 \",\"Otro\":{\"a\":[1]}}"]
        {
            let answer = world.send(&Sent::to("consultardeuda").body(media_type, body)).await;
            answer.check("", media_type);
            assert_eq!(answer.value("/values/0/factura"), 4_294_633);
        }
    }
}
