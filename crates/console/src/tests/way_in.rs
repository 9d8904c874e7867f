//! Signing in and out, and what is kept meanwhile.

use axum::http::StatusCode;
use ventanilla_domain::Role;

use super::house::{Browser, House, PASSWORD};
use crate::fields::Fields;

/// A browser that has the page of signing in, and its form's key.
async fn visitor(house: &House) -> (Browser, String) {
    let page = house.get(&Browser::default(), "/consola/ingreso").await;
    let visitor = page.cookie("visita").unwrap();
    assert_eq!(page.hidden("formulario"), visitor);
    (Browser { cookies: format!("visita={visitor}") }, visitor)
}

#[tokio::test]
async fn who_signs_in_goes_on_to_the_page_that_was_asked_for() {
    let house = House::open().await;
    house.inside(Role::Cashier).await;
    let (browser, key) = visitor(&house).await;
    let mut form = Fields::from([
        ("formulario", key.as_str()),
        ("usuario", "cashier"),
        ("clave", PASSWORD),
        ("volver", "/consola/13/caja?q=a"),
    ]);
    let page = house.post_raw(&browser, "/consola/ingreso", &form).await;
    assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/consola/13/caja?q=a"));
    let session = page.cookie("ventanilla").unwrap();
    assert_eq!(session.len(), 64);
    let inside = Browser { cookies: format!("ventanilla={session}") };
    assert_eq!(house.get(&inside, "/consola/13/caja").await.status, StatusCode::OK);
    assert_eq!(house.get(&inside, "/consola/").await.location(), "/consola/13");
    assert_eq!(house.get(&inside, "/consola/13").await.location(), "/consola/13/caja");
    form.set("volver", "https://otro.example/");
    let page = house.post_raw(&browser, "/consola/ingreso", &form).await;
    assert_eq!(page.location(), "/consola/", "never to another site");
}

#[tokio::test]
async fn a_wrong_password_keeps_the_name_and_not_itself() {
    let house = House::open().await;
    house.inside(Role::Cashier).await;
    let (browser, key) = visitor(&house).await;
    let form = Fields::from([
        ("formulario", key.as_str()),
        ("usuario", "cashier"),
        ("clave", "otra clave"),
    ]);
    let page = house.post_raw(&browser, "/consola/ingreso", &form).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        page.text.contains("value=\"cashier\"") && !page.text.contains("otra clave"),
        "{}",
        page.text
    );
    assert!(page.text.contains("aria-invalid=\"true\" aria-describedby=\"clave-error\""));
    assert_eq!(page.cookie("ventanilla"), None);
    let empty = Fields::from([("formulario", key.as_str())]);
    let page = house.post_raw(&browser, "/consola/ingreso", &empty).await;
    assert!(
        page.text.contains("Escriba su usuario.") && page.text.contains("Escriba su contraseña.")
    );
}

#[tokio::test]
async fn a_form_whose_session_is_over_is_offered_again_after_signing_in() {
    let house = House::open().await;
    house.inside(Role::Cashier).await;
    let typed = Fields::from([
        ("formulario", "de-una-sesion-anterior"),
        ("motivo", "Ñandú & \"compañía\" <b>"),
        ("clave_nueva", "secreta"),
        ("intento", "abc"),
    ]);
    let path = "/consola/salir";
    let (visitor, _) = visitor(&house).await;
    let over = Browser { cookies: format!("ventanilla={}; {}", "0".repeat(64), visitor.cookies) };
    let page = house.post_raw(&over, path, &typed).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    assert!(
        page.text.contains("Su sesión terminó") && !page.text.contains("secreta"),
        "{}",
        page.text
    );
    let mut form = Fields::from([("usuario", "cashier"), ("clave", PASSWORD)]);
    let data = page.hidden("guardado_datos").replace("&#38;", "&");
    for (name, value) in [
        ("formulario", page.hidden("formulario")),
        ("guardado_ruta", page.hidden("guardado_ruta")),
        ("guardado_datos", data),
    ] {
        form.set(name, value);
    }
    let page = house.post_raw(&over, "/consola/ingreso", &form).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let offered = page.text.split_once("action=\"/consola/salir\">").unwrap().1;
    assert!(
        page.text.contains("Siga donde estaba") && offered.contains("formulario"),
        "{}",
        page.text
    );
    assert!(
        page.text.contains("name=\"motivo\" value=\"Ñandú &#38; &#34;compañía&#34; &#60;b&#62;\""),
        "{}",
        page.text
    );
    assert!(page.text.contains("<dt>Motivo</dt>") && !page.text.contains("<dd>abc</dd>"));
    assert!(
        page.text.contains("name=\"intento\" value=\"abc\"")
            && !page.text.contains("de-una-sesion")
    );
}

#[tokio::test]
async fn a_path_that_takes_no_form_is_not_offered_one() {
    let house = House::open().await;
    house.inside(Role::Cashier).await;
    let (browser, key) = visitor(&house).await;
    for path in
        ["https://otro.example/consola/salir", "/consola/nada", "/pagar", "/consola/13/caja"]
    {
        let form = Fields::from([
            ("formulario", key.as_str()),
            ("usuario", "cashier"),
            ("clave", PASSWORD),
            ("guardado_ruta", path),
            ("guardado_datos", "a=b"),
        ]);
        let page = house.post_raw(&browser, "/consola/ingreso", &form).await;
        assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/consola/"), "{path}");
    }
}

#[tokio::test]
async fn who_leaves_is_out() {
    let house = House::open().await;
    let browser = house.inside(Role::Cashier).await;
    let page = house.post(&browser, "/consola/salir", []).await;
    assert_eq!(page.location(), "/consola/ingreso?hecho=terminado");
    assert_eq!(page.cookie("ventanilla").as_deref(), Some(""));
    assert_eq!(house.get(&browser, "/consola/empresas").await.status, StatusCode::SEE_OTHER);
}
