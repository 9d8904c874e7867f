//! Paths, methods, headers and bodies.

use super::{PATH, check_headers, check_stopped, post};
use crate::world::{MEDIA_TYPES, Sent, World};

/// A call that is told that its envelope is not whole: it was read.
const READ: &str = r#"{"service":{"provision":"Pago","operacion":"leer_pago"}}"#;

#[tokio::test]
async fn the_dialect_has_two_paths_and_leaves_the_others_alone() {
    let world = World::demo().await;
    for path in [
        "/lib/frontera2/service.php",
        "/lib/frontera2/service.php/",
        "/Lib/FRONTERA2/Service.php",
        "/lib/frontera2/service.php?x=1",
        "/colppy",
        "/COLPPY/",
        "//colppy//",
    ] {
        let answer = world.send(&Sent::to_path(path).without_token().json(READ)).await;
        check_stopped(&answer, ["Pago", "leer_pago"], 102, path);
    }
    for path in ["/", "/lib/frontera2", "/colppy/x", "/api/colppy", "/lib//frontera2/service.php"] {
        let answer = world.send(&Sent::to_path(path).json(READ)).await;
        answer.check_status(404, "SERVICIO_NO_EXISTE", path);
    }
}

#[tokio::test]
async fn a_body_is_read_whatever_the_content_type_says() {
    let world = World::demo().await;
    for media_type in MEDIA_TYPES {
        for body in [READ.to_owned(), format!("\u{feff}\r\n {READ}\n")] {
            for method in ["POST", "GET"] {
                let sent = Sent::to_path(PATH).method(method).body(media_type, body.clone());
                let answer = world.send(&sent).await;
                check_stopped(&answer, ["Pago", "leer_pago"], 102, media_type);
            }
        }
    }
}

#[tokio::test]
async fn a_body_is_read_up_to_its_limit() {
    let world = World::demo().await;
    let padded = |len: usize| format!("{READ}{}", " ".repeat(len - READ.len()));
    let answer = world.send(&post(padded(64 * 1024))).await;
    check_stopped(&answer, ["Pago", "leer_pago"], 102, "the largest");
    assert!(!answer.headers.contains_key("connection"));
    let answer = world.send(&post(padded(64 * 1024 + 1))).await;
    check_stopped(&answer, ["", ""], 101, "one byte more");
    assert!(answer.body.contains("64 KiB"), "{}", answer.body);
    assert_eq!(answer.headers["connection"], "close");
}

#[tokio::test]
async fn another_method_is_told_how_the_api_is_called() {
    let world = World::demo().await;
    for method in ["PUT", "DELETE", "PATCH", "post", "PROPFIND"] {
        let answer = world.send(&post(READ).method(method)).await;
        check_stopped(&answer, ["", ""], 101, method);
        assert!(answer.body.contains("método POST"), "{}", answer.body);
    }
}

#[tokio::test]
async fn options_lets_any_page_call() {
    let world = World::demo().await;
    for body in ["", READ] {
        let sent = post(body)
            .method("OPTIONS")
            .header("origin", "https://example.org")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type");
        let answer = world.send(&sent).await;
        check_headers(&answer, body);
        assert_eq!(answer.body, "{}");
        for (name, value) in [
            ("access-control-allow-methods", "GET, POST, OPTIONS"),
            ("access-control-allow-headers", "*"),
            ("access-control-max-age", "86400"),
        ] {
            assert_eq!(answer.headers[name], value);
        }
    }
}

#[tokio::test]
async fn head_is_a_get_without_the_body() {
    let world = World::demo().await;
    let get = world.send(&post(READ).method("GET")).await;
    let head = world.send(&post(READ).method("HEAD")).await;
    check_headers(&head, "HEAD");
    assert_eq!(head.body, "");
    assert_eq!(head.headers["content-length"], get.body.len().to_string());
}
