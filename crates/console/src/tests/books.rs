//! The back office, page by page.

use axum::http::StatusCode;
use ventanilla_domain::Role;

use super::house::House;

/// Books in which a cashier has taken a bill of 45,70.
async fn with_payment(house: &House) {
    let cashier = house.inside(Role::Cashier).await;
    house.post(&cashier, "/consola/13/gaveta/abrir", [("fondo", "0")]).await;
    let paid = house
        .post(
            &cashier,
            "/consola/13/socio/000123",
            [("intento", "a"), ("medio", "efectivo"), ("factura", "502:202110:4570:000123")],
        )
        .await;
    assert_eq!(paid.location(), "/consola/13/recibo/1?hecho=cobrado", "{}", paid.text);
}

#[tokio::test]
async fn what_a_cashier_took_is_found_from_the_overview_to_the_entry() {
    let house = House::open().await;
    with_payment(&house).await;
    let accountant = house.inside(Role::Accountant).await;
    for (path, parts) in [
        ("/consola/13/resumen", &["Bs 45,70", "Cobrado por día", "<svg", "ventanilla"][..]),
        (
            "/consola/13/cobranzas",
            &["/consola/13/pago/1\"", "000123 · MARIA", "cashier", "vigente"],
        ),
        ("/consola/13/cobranzas?estado=revertido", &["No hay nada que mostrar."]),
        ("/consola/13/cierre", &["26/11/2021", "45,70", "ninguno todavía"]),
        ("/consola/13/rendiciones", &["ventanilla", "45,70", "Registrar una rendición"]),
        (
            "/consola/13/libro",
            &["receivable", "Recaudador ventanilla", "La suma de todos los saldos es cero."],
        ),
        ("/consola/13/libro/cuenta/collector%3A1", &["Se cobró", "45,70"]),
        ("/consola/13/libro/cuenta/receivable", &["Se guardaron facturas"]),
        ("/consola/13/proveedores", &["Proveedores"]),
    ] {
        let page = house.get(&accountant, path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
        for part in parts {
            assert!(page.text.contains(part), "{path} lacks {part}: {}", page.text);
        }
    }
    let account = house.get(&accountant, "/consola/13/libro/cuenta/collector:1").await;
    let (_, entry) = account.text.split_once("href=\"/consola/13/libro/asiento/").unwrap();
    let entry = format!("/consola/13/libro/asiento/{}", entry.split_once('"').unwrap().0);
    let entry = house.get(&accountant, &entry).await;
    assert!(
        entry.text.contains("/consola/13/pago/1\"") && entry.text.contains("45,70"),
        "{}",
        entry.text
    );
    for path in [
        "/consola/13/libro/cuenta/nada",
        "/consola/13/libro/asiento/99999",
        "/consola/13/proveedores/9",
    ] {
        assert_eq!(house.get(&accountant, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn payments_are_handed_out_as_files() {
    let house = House::open().await;
    with_payment(&house).await;
    let accountant = house.inside(Role::Accountant).await;
    let list = house.get(&accountant, "/consola/13/cobranzas/lista").await;
    assert!(
        list.text.contains("MARIA PEÑA LOPEZ;502;202110;ventanilla;cashier;efectivo;vigente;45,70"),
        "{}",
        list.text
    );
    for (form, start) in [("csv", "\u{feff}Tipo;"), ("xlsx", "PK"), ("pdf", "%PDF")] {
        let path = format!("/consola/13/cobranzas/dia?de=ventanilla&dia=2021-11-26&formato={form}");
        let file = house.get(&accountant, &path).await;
        assert!(file.text.starts_with(start), "{form}: {}", file.text);
        let name = file.headers["content-disposition"].to_str().unwrap();
        assert_eq!(name, format!("attachment; filename=\"cobranzas-2021-11-26.{form}\""));
    }
    let nobody = house.get(&accountant, "/consola/13/cobranzas/dia?de=nadie").await;
    assert!(nobody.text.contains("No hay un recaudador con ese nombre."));
}

#[tokio::test]
async fn a_day_is_closed_once_and_only_when_it_is_over() {
    let house = House::open().await;
    let accountant = house.inside(Role::Accountant).await;
    for (day, sentence) in [
        ("2021-11-26", "Ese día no terminó todavía."),
        ("ayer", "Escriba una fecha"),
        ("", "Escriba una fecha"),
    ] {
        let page = house.post(&accountant, "/consola/13/cierre", [("dia", day)]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{day}");
        assert!(page.text.contains(sentence), "{day}: {}", page.text);
    }
    let closed = house.post(&accountant, "/consola/13/cierre", [("dia", "2021-11-25")]).await;
    assert_eq!(closed.location(), "/consola/13/cierre?hecho=dia-cerrado", "{}", closed.text);
    let before = house.post(&accountant, "/consola/13/cierre", [("dia", "2021-11-20")]).await;
    assert!(before.text.contains("Ese día ya está cerrado"), "{}", before.text);
}

#[tokio::test]
async fn a_remittance_is_posted_once_and_undone_with_a_reason() {
    let house = House::open().await;
    with_payment(&house).await;
    let accountant = house.inside(Role::Accountant).await;
    let path = "/consola/13/rendiciones";
    let fields = |amount| {
        [
            ("intento", "r1"),
            ("recaudador", "1"),
            ("monto", amount),
            ("comision", "0,70"),
            ("medio", "transfer"),
            ("fecha", "2021-11-26"),
            ("referencia", "BNB 1"),
        ]
    };
    let wrong = house.post(&accountant, path, fields("4x")).await;
    assert!(wrong.text.contains("id=\"monto-error\"") && wrong.text.contains("value=\"BNB 1\""));
    for _ in 0..2 {
        let posted = house.post(&accountant, path, fields("45")).await;
        assert_eq!(posted.location(), "/consola/13/rendiciones?hecho=rendido", "{}", posted.text);
    }
    let page = house.get(&accountant, path).await;
    assert_eq!(page.text.matches("BNB 1").count(), 1, "a double click posts once: {}", page.text);
    let undone = house
        .post(&accountant, "/consola/13/rendiciones/1/revertir", [("motivo", "otro banco")])
        .await;
    assert_eq!(undone.location(), "/consola/13/rendiciones?hecho=revertido", "{}", undone.text);
    let reader = house.inside(Role::Reader).await;
    let page = house.get(&reader, path).await;
    assert!(page.text.contains("otro banco") && !page.text.contains("Registrar una rendición"));
}
