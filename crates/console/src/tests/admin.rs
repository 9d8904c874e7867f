//! Administration, page by page.

use axum::http::StatusCode;
use ventanilla_domain::{CompanyId, Role};
use ventanilla_service::SignInName;

use super::house::{Browser, House};

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
        "0 es solo el mismo día; vacío: sin límite.",
        "Como 08:00-18:30; vacío: a toda hora.",
        "Como 17:30; vacío: a medianoche.",
        "como 0,10; vacío: no se redondea.",
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
async fn an_account_of_revenue_is_added_changed_and_taken_away() {
    let house = House::open().await;
    let admin = house.inside(Role::Administrator).await;
    let (page, path) = ("/consola/13/admin/empresa", "/consola/13/admin/empresa/ingresos");
    let saved = "/consola/13/admin/empresa?hecho=guardado";
    let empty = house.post(&admin, path, [("concepto", ""), ("cuenta", " ")]).await;
    assert_eq!(empty.location(), saved, "nothing to be done");
    for (concept, account) in [("Agua \"<b>\"", "Venta de agua"), ("Alcantarillado", "Servicios")] {
        let added = house.post(&admin, path, [("concepto", concept), ("cuenta", account)]).await;
        assert_eq!(added.location(), saved, "{}", added.text);
    }
    let shown = house.get(&admin, page).await;
    for part in [
        "name=\"revenue.Agua &#34;&#60;b&#62;&#34;\" value=\"Venta de agua\"",
        "name=\"revenue.Alcantarillado\" value=\"Servicios\"",
        "<option value=\"Servicios\">",
    ] {
        assert!(shown.text.contains(part), "{part}: {}", shown.text);
    }
    let fields = [("revenue.Alcantarillado", "Desagüe"), ("revenue.Ajeno", "Nada")];
    let changed = house.post(&admin, path, fields).await;
    assert_eq!(changed.location(), saved, "{}", changed.text);
    let removed = house.post(&admin, path, [("quitar", "Agua \"<b>\"")]).await;
    assert_eq!(removed.location(), saved, "{}", removed.text);
    let again = house.post(&admin, path, [("quitar", "Agua \"<b>\"")]).await;
    assert_eq!(again.location(), saved, "it is gone already: {}", again.text);
    let shown = house.get(&admin, page).await;
    assert!(shown.text.contains("name=\"revenue.Alcantarillado\" value=\"Desagüe\""));
    assert!(!shown.text.contains("revenue.Agua") && !shown.text.contains("revenue.Ajeno"));
}

#[tokio::test]
async fn a_wrong_account_of_revenue_is_told_beside_its_field_and_nothing_is_kept() {
    let house = House::open().await;
    let admin = house.inside(Role::Administrator).await;
    let path = "/consola/13/admin/empresa/ingresos";
    house.post(&admin, path, [("concepto", "Agua"), ("cuenta", "Venta de agua")]).await;
    let long = "x".repeat(81);
    for (existing, concept, account, field, sentence) in [
        ("Venta", "", "Servicios", "concepto", "Escriba el concepto"),
        ("Venta", &long, "Servicios", "concepto", "Escriba el concepto"),
        ("Venta", "Agua", "Servicios", "concepto", "Ese concepto ya tiene cuenta"),
        ("Venta", "Luz", "", "cuenta", "Escriba el nombre de la cuenta"),
        ("Venta", "Luz", "none", "cuenta", "Escriba el nombre de la cuenta"),
        ("", "Luz", "Servicios", "cuenta-1", "Escriba el nombre de la cuenta"),
        ("none", "Luz", "Servicios", "cuenta-1", "Escriba el nombre de la cuenta"),
        (&long, "Luz", "Servicios", "cuenta-1", "Escriba el nombre de la cuenta"),
    ] {
        let fields = [("revenue.Agua", existing), ("concepto", concept), ("cuenta", account)];
        let wrong = house.post(&admin, path, fields).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}: {}", wrong.text);
        let error = format!("id=\"{field}-error\" role=\"alert\">{sentence}");
        assert!(wrong.text.contains(&error), "{error}: {}", wrong.text);
        assert_eq!(wrong.text.matches("-error\" role=\"alert\"").count(), 1, "{}", wrong.text);
        for (name, value) in fields {
            let kept = format!("name=\"{name}\" value=\"{value}\"");
            assert!(wrong.text.contains(&kept), "{kept}: {}", wrong.text);
        }
        let page = house.get(&admin, "/consola/13/admin/empresa").await;
        assert!(page.text.contains("name=\"revenue.Agua\" value=\"Venta de agua\""));
        assert!(!page.text.contains("Luz"), "nothing of it is kept");
    }
}

#[tokio::test]
async fn concepts_of_what_was_paid_lately_are_offered_until_they_have_an_account() {
    let house = House::open().await;
    let admin = house.inside(Role::Administrator).await;
    let key = house.get(&admin, "/consola/13/admin/importar").await.hidden("formulario");
    let file =
        "factura,contrato,periodo,monto,detalle\n601,000124,202108,12.50,Agua=10.00|Luz=2.50\n";
    let preview = house.post_file(&admin, "/consola/13/admin/importar", &key, file).await;
    let waiting = preview.hidden("archivo");
    house.post(&admin, "/consola/13/admin/importar/guardar", [("archivo", &waiting)]).await;
    let offered =
        |text: &str| text.contains("<datalist id=\"conceptos\"><option value=\"Agua\"></option>");
    let before = house.get(&admin, "/consola/13/admin/empresa").await;
    assert!(!offered(&before.text), "it is not paid");
    house.post(&admin, "/consola/13/gaveta/abrir", [("fondo", "0")]).await;
    let fields = [("intento", "a"), ("medio", "efectivo"), ("factura", "601:202108:1250:000124")];
    let paid = house.post(&admin, "/consola/13/socio/000124", fields).await;
    assert_eq!(paid.status, StatusCode::SEE_OTHER, "{}", paid.text);
    let page = house.get(&admin, "/consola/13/admin/empresa").await;
    assert!(offered(&page.text) && page.text.contains("<option value=\"Luz\">"), "{}", page.text);
    let path = "/consola/13/admin/empresa/ingresos";
    house.post(&admin, path, [("concepto", "Agua"), ("cuenta", "Venta de agua")]).await;
    let page = house.get(&admin, "/consola/13/admin/empresa").await;
    assert!(!offered(&page.text) && page.text.contains("<option value=\"Luz\">"), "{}", page.text);
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
    let people = house.get(&admin, "/consola/13/admin/usuarios").await;
    assert_eq!(
        people.text.matches("<details").count(),
        1,
        "nobody changes oneself: {}",
        people.text
    );
    let entries = house.service.ready().unwrap().journal_entries;
    let journal = format!("Asientos en los diarios</span><strong>{entries}</strong>");
    for (path, parts) in [
        ("/consola/13/admin/usuarios", &["cashier", "cajero", "Invitar a una persona"][..]),
        ("/consola/13/admin/sesiones", &["0.0.0.0", "esta", "administrator"]),
        ("/consola/13/admin/recaudadores", &["Agregar un recaudador"]),
        ("/consola/13/admin/bitacora", &["title=\"user-add\">usuario nuevo</span>", ">hecho<"]),
        ("/consola/13/admin/salud", &["listo para cobrar", &journal]),
    ] {
        let page = house.get(&admin, path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
        for part in parts {
            assert!(page.text.contains(part), "{path} lacks {part}: {}", page.text);
        }
    }
}

#[tokio::test]
async fn the_trail_is_told_in_words_and_filtered() {
    let house = House::open().await;
    let admin = house.inside(Role::Administrator).await;
    house.post(&admin, "/consola/13/gaveta/abrir", [("fondo", "0")]).await;
    house.service.flush_trail();
    let (drawer, entered) =
        ("title=\"drawer-open\">gaveta abierta<", "title=\"console-in\">ingreso");
    for (query, has) in [
        ("", [true, true]),
        ("?que=drawer-open", [true, false]),
        ("?que=console-in", [false, true]),
        ("?que=nada", [false, false]),
        ("?quien=administrator", [true, true]),
        ("?quien=nadie", [false, false]),
        ("?dia=2021-11-26", [true, true]),
        ("?dia=2021-11-25", [false, false]),
    ] {
        let page = house.get(&admin, &format!("/consola/13/admin/bitacora{query}")).await;
        let found = [drawer, entered].map(|part| page.text.contains(part));
        assert_eq!(found, has, "{query}: {}", page.text);
        assert_eq!(page.text.contains("value=\"nada\" selected"), query == "?que=nada");
    }
}

#[tokio::test]
async fn a_coin_is_typed_as_amounts_are() {
    let house = House::open().await;
    let admin = house.inside(Role::Administrator).await;
    let path = "/consola/13/admin/empresa";
    for (typed, kept) in [("0,10", "0.10"), ("0.5", "0.50"), ("1", "1.00"), ("", "")] {
        let saved = house.post(&admin, path, [("cash_rounding", typed)]).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{typed}: {}", saved.text);
        let page = house.get(&admin, path).await;
        let field = format!("name=\"cash_rounding\" value=\"{kept}\"");
        assert!(page.text.contains(&field), "{typed}: {}", page.text);
    }
    let wrong = house.post(&admin, path, [("cash_rounding", "0,005")]).await;
    assert!(
        wrong.text.contains("id=\"cash_rounding-error\"") && wrong.text.contains("value=\"0,005\"")
    );
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
    let name = SignInName::from_text("otra").unwrap();
    let (company, role) = (CompanyId::from_i64(13).unwrap(), Role::Administrator);
    house.service.add_user(name, super::house::PASSWORD, company, role).await.unwrap();
    let address = crate::Caller::default().address;
    let entered = house.service.enter("otra", super::house::PASSWORD, address).await.unwrap();
    let else_browser = Browser { cookies: format!("ventanilla={}", entered.key) };
    let taken =
        house.post(&else_browser, keep, [("archivo", waiting.as_str()), ("omitir", "1")]).await;
    assert!(taken.text.contains("La vista previa ya no está"), "somebody else's: {}", taken.text);
    let other = house.post(&admin, keep, [("archivo", "otro"), ("omitir", "1")]).await;
    assert!(other.text.contains("La vista previa ya no está"), "{}", other.text);
    let kept = house.post(&admin, keep, [("archivo", &waiting), ("omitir", "1")]).await;
    assert_eq!(kept.location(), "/consola/13/admin/importar?hecho=guardado", "{}", kept.text);
    assert!(house.get(&admin, "/consola/13/socio/000123").await.text.contains(">601<"));
    let trail = house.get(&admin, "/consola/13/admin/bitacora?que=import").await;
    for (told, times) in [("administrator", 1), ("0.0.0.0", 1), ("línea de comandos", 2)] {
        let cells = trail.text.matches(&format!(">{told}</td>")).count();
        assert_eq!(cells, times, "{told}, beside the books' own two files: {}", trail.text);
    }
    let unreadable = house.post_file(&admin, path, &key, "que,es\nesto,?\n").await;
    assert!(unreadable.text.contains("Línea 1:") && !unreadable.text.contains("Guardar estas"));
}
