//! Who gets which page: each route by nobody and by each role.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use ventanilla_domain::{Right, Role};

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

/// Who may what, by how paths begin: said here a second time, since the tests of each role believe the table. The first
/// that fits counts.
const RIGHTS: [(&str, Access); 21] = [
    ("GET /caja", Access::Holder(Right::SeeMembers)),
    ("GET /socio/", Access::Holder(Right::SeeMembers)),
    ("POST /socio/", Access::Holder(Right::Collect)),
    ("GET /recibo/", Access::Holder(Right::SeeMembers)),
    ("POST /recibo/", Access::Holder(Right::ReverseOwn)),
    ("GET /mi-dia", Access::Holder(Right::Collect)),
    ("GET /gavetas", Access::Holder(Right::ApproveDrawers)),
    ("POST /gaveta/{gaveta}/aprobar", Access::Holder(Right::ApproveDrawers)),
    ("GET /gaveta", Access::Holder(Right::Collect)),
    ("POST /gaveta/", Access::Holder(Right::Collect)),
    ("GET /pago-a-proveedor", Access::Holder(Right::SeePayables)),
    ("GET /proveedores", Access::Holder(Right::SeePayables)),
    ("GET /pago", Access::Holder(Right::SeeMembers)),
    ("GET /resumen", Access::Holder(Right::SeeBooks)),
    ("GET /cobranzas", Access::Holder(Right::SeeBooks)),
    ("GET /rendiciones", Access::Holder(Right::SeeBooks)),
    ("GET /libro", Access::Holder(Right::SeeBooks)),
    ("POST /rendiciones", Access::Holder(Right::Remit)),
    ("GET /logo", Access::Company),
    ("GET /admin", Access::Holder(Right::Administer)),
    ("POST /admin", Access::Holder(Right::Administer)),
];

#[test]
fn each_page_of_a_company_needs_the_right_that_is_said_twice() {
    for route in routes::all() {
        let rest = route.path.strip_prefix("/consola/{empresa}").filter(|rest| !rest.is_empty());
        let Some(rest) = rest else {
            assert!(!matches!(route.access, Access::Holder(_)), "{}", route.path);
            continue;
        };
        let page = format!("{} {rest}", route.method);
        let expected = if rest == "/cierre" {
            Access::Holder(Right::CloseDays)
        } else {
            let found = RIGHTS.iter().find(|(start, _)| page.starts_with(start));
            found.unwrap_or_else(|| panic!("who may {page}?")).1
        };
        assert_eq!(route.access, expected, "{page}");
    }
}

#[tokio::test]
async fn a_form_that_a_browser_says_is_of_another_site_does_nothing() {
    let house = House::open().await;
    let browser = house.inside(Role::Cashier).await;
    let key = house.get(&browser, "/consola/cuenta").await.hidden("formulario");
    for (site, is_taken) in
        [("same-origin", true), ("none", true), ("same-site", false), ("cross-site", false)]
    {
        let request = Request::post("/consola/idioma")
            .header(header::COOKIE, &browser.cookies)
            .header("sec-fetch-site", site)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let form = format!("formulario={key}&idioma=en&volver=/consola/cuenta");
        let page = house.ask(request.body(Body::from(form)).unwrap()).await;
        assert_eq!(page.status == StatusCode::SEE_OTHER, is_taken, "{site}: {}", page.status);
        assert_eq!(page.status == StatusCode::FORBIDDEN, !is_taken, "{site}: {}", page.status);
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
