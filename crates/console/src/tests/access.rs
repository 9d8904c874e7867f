//! Who gets which page: each route by nobody and by each role.

use axum::http::{Method, StatusCode};
use ventanilla_domain::Role;

use super::house::{Browser, COMPANY, House};
use crate::fields::Fields;
use crate::routes::{self, Access, Route};

/// A path of a route: what its braces might stand for.
fn example(route: &Route) -> String {
    let example = route.path.replace("{empresa}", "13").replace("{codigo}", "000123");
    example
        .split('/')
        .map(|part| if part.starts_with('{') { "1" } else { part })
        .collect::<Vec<_>>()
        .join("/")
}

async fn asked(house: &House, browser: &Browser, route: &Route) -> super::house::Page {
    let path = example(route);
    if route.method == Method::GET {
        house.get(browser, &path).await
    } else if browser.cookies.is_empty() {
        house.post_raw(browser, &path, &Fields::default()).await
    } else {
        house.post(browser, &path, []).await
    }
}

#[tokio::test]
async fn nobody_gets_a_page_that_is_not_for_everybody() {
    let house = House::open().await;
    for route in routes::all().filter(|route| route.access != Access::Everybody) {
        let page = asked(&house, &Browser::default(), route).await;
        let what = format!("{} {}: {}", route.method, route.path, page.status);
        if route.method == Method::GET {
            assert_eq!(page.status, StatusCode::SEE_OTHER, "{what}");
            assert!(page.location().starts_with("/consola/ingreso?volver="), "{what}");
        } else {
            assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{what}");
            assert!(page.text.contains("guardado_ruta"), "{what}");
        }
    }
}

#[tokio::test]
async fn each_role_gets_the_pages_of_its_rights_and_no_others() {
    let house = House::open().await;
    for role in Role::ALL {
        let browser = house.inside(role).await;
        for route in routes::all() {
            let Access::Holder(right) = route.access else { continue };
            let page = asked(&house, &browser, route).await;
            let is_refused = page.status == StatusCode::FORBIDDEN && page.text.contains("Su rol");
            assert_eq!(
                is_refused,
                !role.may(right),
                "{role:?} {} {}: {}",
                route.method,
                route.path,
                page.text
            );
            assert!(!page.status.is_server_error(), "{role:?} {} {}", route.method, route.path);
        }
    }
}

#[tokio::test]
async fn a_form_without_the_key_of_its_session_does_nothing() {
    let house = House::open().await;
    let browser = house.inside(Role::Administrator).await;
    let strange = Fields::from([("formulario", "0123456789abcdef0123456789abcdef")]);
    for route in routes::all().filter(|route| route.method == Method::POST) {
        for form in [&Fields::default(), &strange] {
            let path = example(route);
            let page = if route.takes_file {
                house.post_file(&browser, &path, form.get("formulario"), "factura").await
            } else {
                house.post_raw(&browser, &path, form).await
            };
            assert_eq!(page.status, StatusCode::FORBIDDEN, "{}", route.path);
            assert!(
                page.text.contains("El formulario ya no vale"),
                "{}: {}",
                route.path,
                page.text
            );
        }
    }
    let page = house.get(&browser, COMPANY).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "still inside");
}

#[tokio::test]
async fn a_company_of_others_is_no_company() {
    let house = House::open().await;
    let browser = house.inside(Role::Administrator).await;
    for path in [
        "/consola/14",
        "/consola/14/caja",
        "/consola/0",
        "/consola/x/caja",
        "/consola/nada/de/nada",
    ] {
        assert_eq!(house.get(&browser, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
