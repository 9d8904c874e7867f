//! What every page has: headers, escaped names, two languages, and few bytes.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use ventanilla_domain::Role;

use super::house::{Browser, COMPANY, House};
use crate::assets::Assets;
use crate::routes::{self, Access};

#[tokio::test]
async fn every_answer_says_what_a_browser_may_do_with_it() {
    let house = House::open().await;
    let browser = house.inside(Role::Administrator).await;
    let style = &Assets::get().style;
    for path in
        ["/consola/ingreso", "/consola/13/caja", "/consola/13/socio/000123", "/consola/nada", style]
    {
        let page = house.get(&browser, path).await;
        let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}");
        assert_eq!(page.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
        assert_eq!(page.headers[header::X_FRAME_OPTIONS], "DENY", "{path}");
        assert_eq!(page.headers[header::REFERRER_POLICY], "same-origin", "{path}");
        assert_eq!(page.headers["cross-origin-opener-policy"], "same-origin", "{path}");
        let kept = page.headers[header::CACHE_CONTROL].to_str().unwrap();
        assert_eq!(kept == "no-store", path != style, "{path}: {kept}");
        for inline in ["<style", "style=", "onclick=", "<script>", "javascript:"] {
            assert!(path == style || !page.text.contains(inline), "{path} holds {inline}");
        }
    }
}

#[tokio::test]
async fn a_name_is_a_name_whatever_it_holds() {
    let house = House::open().await;
    let browser = house.inside(Role::Cashier).await;
    for path in [
        "/consola/13/socio/000124",
        "/consola/13/caja?parte=1&q=000124",
        "/consola/13/caja?q=%3Cscript%3Ealert(1)%3C/script%3E",
        "/consola/13/pago?numero=%22%3E%3Cscript%3E",
        "/consola/ingreso?volver=/consola/%22%3E%3Cscript%3E",
    ] {
        let page = house.get(&browser, path).await;
        assert!(
            !page.text.contains("<script>") && !page.text.contains("<b>2"),
            "{path}: {}",
            page.text
        );
    }
}

#[tokio::test]
async fn the_language_is_switched_and_remembered() {
    let house = House::open().await;
    let first = house.get(&Browser::default(), "/consola/ingreso").await;
    assert!(first.text.contains("lang=\"es\"") && first.text.contains("Contraseña"));
    let visitor = first.cookie("visita").unwrap();
    let browser = Browser { cookies: format!("visita={visitor}") };
    let form = crate::fields::Fields::from([
        ("formulario", visitor.as_str()),
        ("idioma", "en"),
        ("volver", "/consola/ingreso"),
    ]);
    let switched = house.post_raw(&browser, "/consola/idioma", &form).await;
    assert_eq!(switched.location(), "/consola/ingreso");
    assert_eq!(switched.cookie("idioma").as_deref(), Some("en"));
    let browser = Browser { cookies: format!("visita={visitor}; idioma=en") };
    let page = house.get(&browser, "/consola/ingreso").await;
    assert!(page.text.contains("lang=\"en\"") && page.text.contains("Password"));
}

#[tokio::test]
async fn the_first_page_is_below_sixty_kilobytes_with_all_it_needs() {
    let house = House::open().await;
    let browser = house.inside(Role::Administrator).await;
    let page = house.get(&browser, "/consola/13/caja").await;
    let mut sum = page.len;
    let assets = Assets::get();
    let fonts = page.text.matches("as=\"font\"").count();
    assert_eq!(fonts, 1);
    let style = house.get(&browser, &assets.style).await.text;
    let named = style.split("url(\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    let fonts = named.map(|name| format!("/consola/activos/{name}"));
    for path in
        [assets.style.clone(), assets.script.clone(), assets.icons.clone()].into_iter().chain(fonts)
    {
        let request = Request::get(&path).header(header::ACCEPT_ENCODING, "gzip");
        let asset = house.ask(request.body(Body::empty()).unwrap()).await;
        assert_eq!(asset.status, StatusCode::OK, "{path}");
        sum += asset.len;
    }
    assert!(sum < 60_000, "{sum} bytes");
}

#[tokio::test]
async fn a_page_is_a_whole_page_in_both_languages() {
    let house = House::open().await;
    let browser = house.inside(Role::Administrator).await;
    for language in ["es", "en"] {
        let browser = Browser { cookies: format!("{}; idioma={language}", browser.cookies) };
        let pages = routes::all().filter(|route| {
            route.method == Method::GET
                && !route.path.contains('{')
                && route.access != Access::Everybody
        });
        let of_company = routes::all().filter(|route| {
            route.method == Method::GET
                && route.path.matches('{').count() == 1
                && route.path.starts_with("/consola/{empresa}/")
        });
        for route in pages.chain(of_company) {
            let page =
                house.get(&browser, &route.path.replace("/consola/{empresa}", COMPANY)).await;
            if page.status != StatusCode::OK || !page.text.contains("<html") {
                continue;
            }
            assert!(page.text.contains(&format!("<html lang=\"{language}\">")), "{}", route.path);
            assert_eq!(page.text.matches("<h1").count(), 1, "{}: one heading", route.path);
            assert_eq!(page.text.matches("<main").count(), 1, "{}", route.path);
            for id in page.text.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap())
            {
                let times = page.text.matches(&format!(" id=\"{id}\"")).count();
                assert_eq!(times, 1, "{}: the id {id}", route.path);
            }
        }
    }
}
