//! Administration, page by page.

use axum::http::StatusCode;
use ventanilla_domain::Role;

use super::house::House;

#[tokio::test]
async fn a_setting_is_kept_and_a_wrong_one_is_told_beside_it() {
    let house = House::open().await;
    let admin = house.inside(Role::Administrator).await;
    let path = "/consola/13/admin/empresa";
    let saved = house
        .post(
            &admin,
            path,
            [("cash_rounding", "0.10"), ("issuer.name", "Cooplan <Ltda.>"), ("hours", "")],
        )
        .await;
    assert_eq!(saved.location(), "/consola/13/admin/empresa?hecho=guardado", "{}", saved.text);
    let page = house.get(&admin, path).await;
    for hint in [
        "Se escribe 0..65535; vacío: sin límite.",
        "Se escribe HH:MM-HH:MM; vacío: a toda hora.",
        "Se escribe HH:MM; vacío: a medianoche.",
        "Se escribe 0.02..100.00; vacío: no se redondea.",
    ] {
        assert!(page.text.contains(hint), "{hint}");
    }
    assert!(page.text.contains("value=\"0.10\"") && page.text.contains("Cooplan &#60;Ltda.&#62;"));
    let wrong = house.post(&admin, path, [("cut_off", "tarde"), ("hours", "08:00-18:00")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("id=\"cut_off-error\"") && wrong.text.contains("value=\"tarde\""));
    assert!(wrong.text.contains("value=\"08:00-18:00\""), "nothing typed is lost");
}

#[tokio::test]
async fn what_needs_a_second_factor_leads_to_it_and_is_offered_again() {
    let house = House::open().await;
    let admin = house.inside(Role::Administrator).await;
    let added =
        house.post(&admin, "/consola/13/admin/recaudadores", [("nombre", "Banco Sol")]).await;
    assert_eq!(added.status, StatusCode::FORBIDDEN);
    assert!(added.text.contains("Configurarlo ahora"), "{}", added.text);
    assert_eq!(added.hidden("guardado_ruta"), "/consola/13/admin/recaudadores");
    assert!(added.hidden("guardado_datos").contains("nombre=Banco%20Sol"));
    let offered = house.post(&admin, "/consola/segundo-factor/alta", []).await;
    assert!(
        offered.text.contains("<svg class=\"qr\"") && offered.text.contains("name=\"pendiente\"")
    );
    let pending = offered.hidden("pendiente");
    let wrong = house
        .post(
            &admin,
            "/consola/segundo-factor/confirmar",
            [("pendiente", &pending), ("codigo", "000000")],
        )
        .await;
    assert!(wrong.text.contains("El código no es correcto"), "{}", wrong.text);
    assert_eq!(wrong.hidden("pendiente"), pending, "the same is confirmed");
}

#[tokio::test]
async fn an_invitation_that_is_over_says_so() {
    let house = House::open().await;
    let page = house.get(&super::house::Browser::default(), "/consola/ingreso/abc").await;
    assert_eq!(page.status, StatusCode::GONE);
    assert!(page.text.contains("Esta invitación ya no vale"));
}

#[tokio::test]
async fn the_first_administrator_comes_in_by_a_link() {
    let house = House::open().await;
    let issued = house.service.invite_first().await.unwrap();
    let visitor = super::house::Browser::default();
    let page = house.get(&visitor, &issued.to_path()).await;
    assert!(page.text.contains("name=\"usuario\"") && !page.text.contains("nombre_empresa"));
    let cookie = page.cookie("visita").unwrap();
    let browser = super::house::Browser { cookies: format!("visita={cookie}") };
    let mut form = crate::fields::Fields::from([
        ("formulario", cookie.as_str()),
        ("usuario", "ana"),
        ("clave_nueva", "una frase larga"),
        ("clave_repetida", "otra frase larga"),
    ]);
    let differ = house.post_raw(&browser, &issued.to_path(), &form).await;
    assert!(
        differ.text.contains("Las dos no son iguales.") && differ.text.contains("value=\"ana\"")
    );
    form.set("clave_repetida", "una frase larga");
    let taken = house.post_raw(&browser, &issued.to_path(), &form).await;
    assert_eq!(taken.location(), "/consola/", "{}", taken.text);
    let inside = super::house::Browser {
        cookies: format!("ventanilla={}", taken.cookie("ventanilla").unwrap()),
    };
    assert_eq!(house.get(&inside, "/consola/13/admin/usuarios").await.status, StatusCode::OK);
    let again = house.post_raw(&browser, &issued.to_path(), &form).await;
    assert_eq!(again.status, StatusCode::GONE, "once");
}

#[tokio::test]
async fn people_sessions_trail_and_health_are_shown() {
    let house = House::open().await;
    house.inside(Role::Cashier).await;
    let admin = house.inside(Role::Administrator).await;
    house.service.flush_trail();
    for (path, parts) in [
        ("/consola/13/admin/usuarios", &["cashier", "cajero", "Invitar a una persona"][..]),
        ("/consola/13/admin/sesiones", &["0.0.0.0", "esta", "administrator"]),
        ("/consola/13/admin/recaudadores", &["Agregar un recaudador"]),
        ("/consola/13/admin/bitacora", &["user-add"]),
        ("/consola/13/admin/salud", &["listo para cobrar"]),
    ] {
        let page = house.get(&admin, path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
        for part in parts {
            assert!(page.text.contains(part), "{path} lacks {part}: {}", page.text);
        }
    }
}

#[tokio::test]
async fn ones_own_password_is_changed_by_who_knows_it() {
    let house = House::open().await;
    let cashier = house.inside(Role::Cashier).await;
    let change = |present, new, again| {
        [("clave_actual", present), ("clave_nueva", new), ("clave_repetida", again)]
    };
    for (fields, sentence) in [
        (change("mala", "una frase nueva", "una frase nueva"), "No es su contraseña actual."),
        (change(super::house::PASSWORD, "una frase nueva", "otra"), "Las dos no son iguales."),
        (change(super::house::PASSWORD, "corta", "corta"), "al menos 10 caracteres"),
    ] {
        let page = house.post(&cashier, "/consola/cuenta/clave", fields).await;
        assert!(page.text.contains(sentence), "{sentence}: {}", page.text);
    }
    let fields = change(super::house::PASSWORD, "una frase nueva", "una frase nueva");
    let changed = house.post(&cashier, "/consola/cuenta/clave", fields).await;
    assert_eq!(changed.location(), "/consola/cuenta?hecho=clave", "{}", changed.text);
}

#[tokio::test]
async fn a_file_is_checked_line_by_line_and_kept_after_a_word() {
    let house = House::open().await;
    let admin = house.inside(Role::Administrator).await;
    let path = "/consola/13/admin/importar";
    let key = house.get(&admin, path).await.hidden("formulario");
    let file = "factura,contrato,periodo,monto\n601,000123,202111,12.50\n602,nadie,202111,1.00\n";
    let preview = house.post_file(&admin, path, &key, file).await;
    assert_eq!(preview.status, StatusCode::OK, "{}", preview.text);
    for part in ["Vista previa de facturas.csv", "nadie", "<strong>1</strong>", "Dejar fuera"] {
        assert!(preview.text.contains(part), "{part}: {}", preview.text);
    }
    let member = house.get(&admin, "/consola/13/socio/000123").await;
    assert!(!member.text.contains(">601<"), "nothing is kept yet");
    let waiting = preview.hidden("archivo");
    let keep = "/consola/13/admin/importar/guardar";
    let refused = house.post(&admin, keep, [("archivo", &waiting)]).await;
    assert!(
        refused.text.contains("Vista previa"),
        "a bad line is left out by a word: {}",
        refused.text
    );
    let other = house.post(&admin, keep, [("archivo", "otro"), ("omitir", "1")]).await;
    assert!(other.text.contains("La vista previa ya no está"), "{}", other.text);
    let kept = house.post(&admin, keep, [("archivo", &waiting), ("omitir", "1")]).await;
    assert_eq!(kept.location(), "/consola/13/admin/importar?hecho=guardado", "{}", kept.text);
    assert!(house.get(&admin, "/consola/13/socio/000123").await.text.contains(">601<"));
    let unreadable = house.post_file(&admin, path, &key, "que,es\nesto,?\n").await;
    assert!(unreadable.text.contains("Línea 1:") && !unreadable.text.contains("Guardar estas"));
}
