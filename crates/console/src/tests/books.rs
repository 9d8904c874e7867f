//! The back office, page by page.

use axum::http::StatusCode;
use ventanilla_domain::{CompanyId, Label, Role};
use ventanilla_service::NewCollector;
use ventanilla_sim::payables::{bill_example, enter_example, pay_example};

use super::house::{House, Page};
use crate::ConsoleSettings;

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

/// A cashier's receipts of 45,70 at noon and 10,00 an hour later, the second reversed and then the first.
async fn with_reversals(house: &House) {
    with_payment(house).await;
    let cashier = house.inside(Role::Cashier).await;
    house.post(&cashier, "/consola/13/recibo/1/revertir", [("motivo", "era de otro")]).await;
    let now = house.service.clock().now();
    house.service.clock().set(now + std::time::Duration::from_hours(1));
    let cashier = house.inside(Role::Cashier).await;
    let path = "/consola/13/socio/000124";
    for attempt in ["b", "c"] {
        let fields =
            [("intento", attempt), ("medio", "efectivo"), ("factura", "503:202110:1000:000124")];
        house.post(&cashier, path, fields).await;
        if attempt == "b" {
            let undone = house
                .post(&cashier, "/consola/13/recibo/2/revertir", [("motivo", "otra vez")])
                .await;
            assert_eq!(undone.status, StatusCode::SEE_OTHER, "{}", undone.text);
        }
    }
}

#[tokio::test]
async fn the_overview_and_the_days_to_be_closed_add_up() {
    let house = House::open().await;
    with_reversals(&house).await;
    let accountant = house.inside(Role::Accountant).await;
    let page = house.get(&accountant, "/consola/13/resumen").await;
    let tile = |name: &str, value: &str| format!("{name}</span><strong>{value}</strong>");
    for (name, value) in [
        ("Cobrado", "Bs 65,70"),
        ("Revertido", "Bs 55,70"),
        ("Neto", "Bs 10,00"),
        ("Cobranzas", "3"),
        ("Por cobrar", "Bs 165,96"),
        ("Facturas impagas", "3"),
    ] {
        assert!(page.text.contains(&tile(name, value)), "{name}: {}", page.text);
    }
    for (row, value) in [
        ("26/11", "65,70"),
        ("25/11", "0,00"),
        ("ventanilla", "65,70"),
        ("12", "45,70"),
        ("13", "20,00"),
        ("14", "0,00"),
        ("09/2021", "100,26"),
        ("10/2021", "65,70"),
    ] {
        let told = page.text.split(&format!("<th scope=\"row\">{row}</th>")).nth(1);
        let told = told.unwrap_or_else(|| panic!("{row}: {}", page.text));
        let cell = told.split("</td>").next().unwrap();
        assert!(cell.ends_with(&format!(">{value}")), "{row}: {cell}");
    }
    let before = house.get(&accountant, "/consola/13/resumen?hasta=2021-11-25").await;
    assert!(before.text.contains(&tile("Cobrado", "Bs 0,00")), "{}", before.text);
    let close = house.get(&accountant, "/consola/13/cierre").await;
    let (_, row) = close.text.split_once(">26/11/2021</td>").unwrap();
    let row = row.split("</tr>").next().unwrap();
    let figures: Vec<&str> = row.split("</td>").filter_map(|cell| cell.split('>').nth(1)).collect();
    assert_eq!(figures, ["3", "65,70", "55,70", "10,00"]);
}

#[tokio::test]
async fn the_ledger_shows_each_balance_on_its_side_and_both_sums() {
    let house = House::open().await;
    with_payment(&house).await;
    let accountant = house.inside(Role::Accountant).await;
    let page = house.get(&accountant, "/consola/13/libro").await;
    for (account, debit, credit) in [
        (">receivable</span>", "130,26", ""),
        (">collector:1</span>", "45,70", ""),
        (">revenue</span>", "", "175,96"),
        ("<tfoot>", "175,96", "175,96"),
    ] {
        let (_, row) = page.text.split_once(account).unwrap();
        let row = row.split("</tr>").next().unwrap();
        let sides: Vec<&str> = row
            .split("<td class=\"figure\"")
            .skip(1)
            .filter_map(|cell| cell.split_once('>')?.1.split_once("</td>").map(|(told, _)| told))
            .collect();
        assert_eq!(sides, [debit, credit], "{account}: {row}");
    }
}

#[tokio::test]
async fn what_others_wrote_is_text_on_every_page_of_the_books() {
    let house = House::open().await;
    with_reversals(&house).await;
    enter_example(&house.service, CompanyId::from_i64(13).unwrap()).await;
    let admin = house.inside(Role::Administrator).await;
    let fields = [
        ("intento", "r"),
        ("recaudador", "1"),
        ("monto", "5"),
        ("medio", "transfer"),
        ("fecha", "2021-11-26"),
        ("referencia", "<i>dep.</i>"),
    ];
    house.post(&admin, "/consola/13/rendiciones", fields).await;
    let key = house.get(&admin, "/consola/13/admin/importar").await.hidden("formulario");
    let file = "factura,contrato,periodo,monto,detalle\n601,000124,202108,1.00,<u>Agua</u>=1.00\n";
    let preview = house.post_named(&admin, "/consola/13/admin/importar", &key, "<i>f", file).await;
    let waiting = preview.hidden("archivo");
    house.post(&admin, "/consola/13/admin/importar/guardar", [("archivo", &waiting)]).await;
    house.service.flush_trail();
    for (path, is_there) in [
        ("cobranzas", "&#60;script&#62;alert(1)"),
        ("rendiciones", "&#60;i&#62;dep.&#60;/i&#62;"),
        ("proveedores", "&#60;e Hijos&#62;"),
        ("proveedores/1", "&#60;e Hijos&#62;"),
        ("pago-a-proveedor/1", "&#60;e Hijos&#62;"),
        ("admin/bitacora", "&#60;i&#62;f"),
        ("admin/importar", "&#60;i&#62;f"),
    ] {
        let page = house.get(&admin, &format!("/consola/13/{path}")).await;
        assert!(page.text.contains(is_there), "{path}: {}", page.text);
        for raw in ["<script>alert", "<i>", "<e Hijos", "<u>"] {
            assert!(!page.text.contains(raw), "{path} has {raw}: {}", page.text);
        }
    }
}

#[tokio::test]
async fn what_was_asked_for_goes_on_to_the_files_of_it() {
    let house = House::open().await;
    let accountant = house.inside(Role::Accountant).await;
    let page =
        house.get(&accountant, "/consola/13/cobranzas?estado=vigente&tras=2021-11-26.2").await;
    let link = "href=\"/consola/13/cobranzas/lista?estado=vigente&#38;formato=csv\"";
    assert!(page.text.contains(link), "{}", page.text);
}

#[tokio::test]
async fn a_payout_adds_up_on_both_sides() {
    let house = House::open().await;
    enter_example(&house.service, CompanyId::from_i64(13).unwrap()).await;
    let accountant = house.inside(Role::Accountant).await;
    let suppliers = house.get(&accountant, "/consola/13/proveedores?q=ferreter").await;
    assert!(suppliers.text.contains("Ferretería Peña &#60;e Hijos&#62;</a>"), "{}", suppliers.text);
    assert!(!suppliers.text.contains("<e Hijos>") && suppliers.text.contains(">175,00<"));
    let none = house.get(&accountant, "/consola/13/proveedores?q=nadie").await;
    assert!(!none.text.contains("Ferreter") && none.text.contains("No hay nada que mostrar."));
    let supplier = house.get(&accountant, "/consola/13/proveedores/1").await;
    for part in ["A 0001-00004410", ">500,00<", ">300,00<", ">revertido<", ">vigente<", "Bs 175,00"]
    {
        assert!(supplier.text.contains(part), "{part}: {}", supplier.text);
    }
    let payout = house.get(&accountant, "/consola/13/pago-a-proveedor/1").await;
    let rows = [
        ("Transferencia", "300,00"),
        ("Retención de ingresos brutos", "20,00"),
        ("Descuentos", "10,00"),
        ("Intereses", "-5,00"),
        ("0001-00004410", "300,00"),
        ("Anticipo", "25,00"),
    ];
    for (name, amount) in rows {
        let row = format!("{name}</td><td class=\"figure\">{amount}</td>");
        assert!(payout.text.contains(&row), "{row}: {}", payout.text);
    }
    assert_eq!(payout.text.matches("<tr><td>").count(), rows.len(), "{}", payout.text);
    let totals = "Total (Bs)</th><td class=\"figure\">325,00</td>";
    assert_eq!(payout.text.matches(totals).count(), 2, "{}", payout.text);
    let undone = house.get(&accountant, "/consola/13/pago-a-proveedor/2").await;
    assert!(undone.text.contains("badge bad\">revertido 26/11/2021 12:11"), "{}", undone.text);
}

#[tokio::test]
async fn a_page_of_payments_tells_what_it_comes_to_and_whether_that_is_all() {
    let house = House::open().await;
    with_payment(&house).await;
    let cashier = house.inside(Role::Cashier).await;
    let path = "/consola/13/socio/000124";
    let fields = [("intento", "b"), ("medio", "efectivo"), ("factura", "503:202110:1000:000124")];
    house.post(&cashier, path, fields).await;
    house.post(&cashier, "/consola/13/recibo/2/revertir", [("motivo", "era de otro")]).await;
    let accountant = house.inside(Role::Accountant).await;
    for (query, name, sums) in [
        ("", "Total: 2", Some(["55,70", "10,00"])),
        ("?estado=vigente", "Total: 1", Some(["45,70", "0,00"])),
        ("?estado=revertido", "Total: 1", Some(["10,00", "10,00"])),
        ("?tras=2021-11-26.2", "Suma de esta página: 1", Some(["45,70", "0,00"])),
        ("?cajero=otro", "Total", None),
    ] {
        let page = house.get(&accountant, &format!("/consola/13/cobranzas{query}")).await;
        let Some([all, undone]) = sums else {
            assert!(page.text.contains("No hay nada que mostrar."), "{query}: {}", page.text);
            continue;
        };
        let head = format!("<tfoot><tr><th scope=\"row\" colspan=\"5\">{name}</th>");
        let sum = format!(
            "</span> {undone}</td><td class=\"figure\" data-label=\"Monto (Bs)\">{all}</td>"
        );
        assert!(page.text.contains(&head) && page.text.contains(&sum), "{query}: {}", page.text);
    }
}

#[tokio::test]
async fn a_payment_after_the_cut_off_is_of_the_next_day_and_says_when_it_was() {
    let house = House::open().await;
    let admin = house.inside(Role::Administrator).await;
    house.post(&admin, "/consola/13/admin/empresa", [("cut_off", "11:00")]).await;
    with_payment(&house).await;
    let page = house.get(&admin, "/consola/13/cobranzas").await;
    assert!(page.text.contains(">27/11/2021 26/11/2021 12:11</td>"), "{}", page.text);
    house.post(&admin, "/consola/13/admin/empresa", [("cut_off", "")]).await;
    let path = "/consola/13/socio/000124";
    let fields = [("intento", "b"), ("medio", "efectivo"), ("factura", "503:202110:1000:000124")];
    house.post(&admin, "/consola/13/gaveta/abrir", [("fondo", "0")]).await;
    house.post(&admin, path, fields).await;
    let page = house.get(&admin, "/consola/13/cobranzas").await;
    assert!(page.text.contains(">26/11/2021 12:11</td>"), "{}", page.text);
}

#[tokio::test]
async fn of_several_collectors_nobody_is_chosen_and_what_they_hold_is_summed() {
    let house = House::open().await;
    with_payment(&house).await;
    let accountant = house.inside(Role::Accountant).await;
    let path = "/consola/13/rendiciones";
    let alone = house.get(&accountant, path).await;
    assert!(!alone.text.contains("Elija…") && !alone.text.contains("<tfoot>"), "{}", alone.text);
    let new = NewCollector {
        company: CompanyId::from_i64(13).unwrap(),
        name: Label::from_text("Banco Sol").unwrap(),
        can_list: false,
        credentials: None,
    };
    house.service.add_collector(new).await.unwrap();
    let page = house.get(&accountant, path).await;
    assert!(page.text.contains("<option value=\"\" selected>Elija…</option>"), "{}", page.text);
    let fields = |collector| {
        [
            ("intento", "r9"),
            ("recaudador", collector),
            ("monto", "5"),
            ("medio", "transfer"),
            ("fecha", "2021-11-26"),
        ]
    };
    let wrong = house.post(&accountant, &format!("{path}?hecho=rendido"), fields("")).await;
    assert!(wrong.text.contains("id=\"recaudador-error\""), "{}", wrong.text);
    assert!(!wrong.text.contains("La rendición se asentó."), "that was before: {}", wrong.text);
    let posted = house.post(&accountant, path, fields("2")).await;
    let page = house.get(&accountant, posted.location()).await;
    assert!(page.text.contains("La rendición se asentó."), "{}", page.text);
    // 45,70 in the window's hands, and the bank 5,00 ahead.
    let total =
        "<th scope=\"row\">Total</th><td class=\"figure\" data-label=\"Tiene (Bs)\">40,70</td>";
    assert!(page.text.contains(total) && page.text.contains("rindió de más"), "{}", page.text);
}

#[tokio::test]
async fn an_accounts_page_tells_what_is_left_and_on_which_side() {
    let house = House::open().await;
    with_payment(&house).await;
    let accountant = house.inside(Role::Accountant).await;
    for (account, told) in [
        ("receivable", "Saldo: Bs 130,26 Debe"),
        ("revenue", "Saldo: Bs 175,96 Haber"),
        ("collector:1", "Saldo: Bs 45,70 Debe"),
        ("commissions", "Saldo: Bs 0,00 "),
    ] {
        let page = house.get(&accountant, &format!("/consola/13/libro/cuenta/{account}")).await;
        assert!(page.text.contains(&format!("<strong>{told}</strong>")), "{told}: {}", page.text);
    }
}

#[tokio::test]
async fn each_list_is_had_in_each_form() {
    let house = House::open().await;
    with_payment(&house).await;
    let accountant = house.inside(Role::Accountant).await;
    remitted(&house, &accountant, "45,70").await;
    for (page, list, file, line) in [
        (
            "cobranzas",
            "cobranzas/lista",
            "cobranzas-2021-11-20-2021-11-26",
            "26/11/2021;26/11/2021 12:11:52;1;000123;MARIA PEÑA LOPEZ;502;202110;ventanilla;cashier;efectivo;vigente;45,70;",
        ),
        (
            "rendiciones",
            "rendiciones/lista",
            "rendiciones-2021-11-26",
            "1;25/11/2021;26/11/2021 12:11:52;26/11/2021;ventanilla;Transferencia;'=BNB 1;accountant;vigente;;45,70;0,70;",
        ),
        ("libro", "libro/lista", "saldos-2021-11-26", "collector:1;Recaudador ventanilla;;0,70"),
        (
            "libro/cuenta/collector:1",
            "libro/cuenta/collector%3A1/lista",
            "cuenta-collector-1-2021-11-26",
            "Se cobró;45,70;",
        ),
    ] {
        let page = house.get(&accountant, &format!("/consola/13/{page}")).await;
        for (form, media_type, start) in [
            ("csv", "text/csv; charset=utf-8", "\u{feff}"),
            ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "PK"),
            ("pdf", "application/pdf", "%PDF"),
        ] {
            let path = format!("/consola/13/{list}?formato={form}");
            assert!(page.text.contains(&format!("href=\"{path}\"")), "{path} in {}", page.text);
            let answer = house.get(&accountant, &path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
            assert!(answer.text.starts_with(start), "{path}");
            assert_eq!(answer.headers["content-type"], media_type, "{path}");
            assert_eq!(answer.headers["cache-control"], "no-store", "{path}");
            let name = answer.headers["content-disposition"].to_str().unwrap();
            assert_eq!(name, format!("attachment; filename=\"{file}.{form}\""));
            let has_line = answer.text.contains(line);
            assert_eq!(has_line, form == "csv", "{path} and {line}: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn a_list_as_a_file_has_what_was_asked_for_and_what_was_reversed_apart() {
    let house = House::open().await;
    with_payment(&house).await;
    let cashier = house.inside(Role::Cashier).await;
    let undone =
        house.post(&cashier, "/consola/13/recibo/1/revertir", [("motivo", "era de otro")]).await;
    assert_eq!(undone.status, StatusCode::SEE_OTHER, "{}", undone.text);
    let accountant = house.inside(Role::Accountant).await;
    remitted(&house, &accountant, "5").await;
    let path = "/consola/13/rendiciones/1/revertir";
    house.post(&accountant, path, [("motivo", "no llegó")]).await;
    for (list, ends) in [
        ("cobranzas/lista?estado=revertido", &["efectivo;revertido;45,70;45,70"][..]),
        ("cobranzas/lista?cajero=cashier", &["efectivo;revertido;45,70;45,70"]),
        ("cobranzas/lista?estado=vigente", &[]),
        ("cobranzas/lista?cajero=otro", &[]),
        ("cobranzas/lista?recaudador=2", &[]),
        ("cobranzas/lista?hasta=2021-11-25", &[]),
        ("rendiciones/lista?", &["revertido;no llegó;5,00;0,70;5,70"]),
    ] {
        let answer = house.get(&accountant, &format!("/consola/13/{list}&formato=csv")).await;
        let rows: Vec<&str> = answer.text.lines().skip(1).collect();
        assert_eq!(rows.len(), ends.len(), "{list}: {}", answer.text);
        for (row, end) in rows.iter().zip(ends) {
            assert!(row.ends_with(end), "{list}: {row}");
        }
    }
}

#[tokio::test]
async fn a_list_that_is_too_long_for_paper_leads_to_the_form_that_takes_it() {
    let settings =
        ConsoleSettings { paper_rows_max: 2, file_rows_max: 3, ..ConsoleSettings::default() };
    let house = House::open_with(settings).await;
    with_payment(&house).await;
    let accountant = house.inside(Role::Accountant).await;
    for rows in 1..=4 {
        remitted(&house, &accountant, &format!("{rows}")).await;
        let get = |form| format!("/consola/13/rendiciones/lista?algo=1&formato={form}");
        let paper = house.get(&accountant, &get("pdf")).await;
        assert_eq!(paper.status == StatusCode::OK, rows <= 2, "{rows}: {}", paper.text);
        for form in ["csv", "xlsx"] {
            let file = house.get(&accountant, &get(form)).await;
            assert_eq!(file.status == StatusCode::OK, rows <= 3, "{form} {rows}: {}", file.text);
            let is_told = file.text.contains("Una descarga lleva hasta 3 filas");
            assert_eq!(is_told, rows > 3, "{form} {rows}");
        }
        let link = "href=\"/consola/13/rendiciones/lista?algo=1&#38;formato=csv\"";
        let is_told = paper.text.contains("Un PDF lleva hasta 2 filas");
        assert_eq!((is_told, paper.text.contains(link)), (rows > 2, rows > 2), "{}", paper.text);
    }
}

/// Books where the window has handed that much over, and kept 0,70 for itself.
async fn remitted(house: &House, accountant: &super::house::Browser, amount: &str) {
    let fields = [
        ("intento", amount),
        ("recaudador", "1"),
        ("monto", amount),
        ("comision", "0,70"),
        ("medio", "transfer"),
        ("fecha", "2021-11-25"),
        ("referencia", "=BNB 1"),
    ];
    let posted = house.post(accountant, "/consola/13/rendiciones", fields).await;
    assert_eq!(posted.status, StatusCode::SEE_OTHER, "{}", posted.text);
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
        let kept =
            format!("name=\"dia\" value=\"{}\"", if day.is_empty() { "2021-11-25" } else { day });
        assert!(page.text.contains(&kept), "{kept}: {}", page.text);
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
            ("medio", "cheque"),
            ("fecha", "2021-11-25"),
            ("referencia", "BNB 1"),
        ]
    };
    let wrong = house.post(&accountant, path, fields("4x")).await;
    for part in [
        "id=\"monto-error\"",
        "value=\"BNB 1\"",
        "name=\"comision\" value=\"0,70\"",
        "name=\"monto\" value=\"4x\"",
        "name=\"fecha\" value=\"2021-11-25\"",
        "value=\"cheque\" selected",
        "name=\"intento\" value=\"r1\"",
    ] {
        assert!(wrong.text.contains(part), "{part}: {}", wrong.text);
    }
    for _ in 0..2 {
        let posted = house.post(&accountant, path, fields("45")).await;
        assert_eq!(posted.location(), "/consola/13/rendiciones?hecho=rendido", "{}", posted.text);
    }
    let page = house.get(&accountant, path).await;
    assert_eq!(page.text.matches("BNB 1").count(), 1, "a double click posts once: {}", page.text);
    let reader = house.inside(Role::Reader).await;
    let seen = house.get(&reader, path).await;
    assert!(seen.text.contains("BNB 1") && !seen.text.contains("/rendiciones/1/revertir"));
    let undoing = "/consola/13/rendiciones/1/revertir";
    let unsaid = house.post(&accountant, undoing, [("motivo", " ")]).await;
    assert!(unsaid.text.contains("Escriba el motivo."), "{}", unsaid.text);
    let undone = house.post(&accountant, undoing, [("motivo", "otro banco")]).await;
    assert_eq!(undone.location(), "/consola/13/rendiciones?hecho=revertido", "{}", undone.text);
    let page = house.get(&reader, path).await;
    assert!(page.text.contains("otro banco") && !page.text.contains("Registrar una rendición"));
}

#[tokio::test]
async fn a_suppliers_payouts_are_shown_from_the_latest_on_page_by_page() {
    let (house, company) = (House::open().await, CompanyId::from_i64(13).unwrap());
    enter_example(&house.service, company).await;
    let accountant = house.inside(Role::Accountant).await;
    let payouts = |page: &Page| -> Vec<i64> {
        let links = page.text.split("/consola/13/pago-a-proveedor/").skip(1);
        links.map(|rest| rest.split('"').next().unwrap().parse().unwrap()).collect()
    };
    let older = |last: i64| format!("href=\"/consola/13/proveedores/1?antes={last}\" rel=\"next\"");
    for (total, pages) in [(2, &[(2, 1)][..]), (50, &[(50, 1)]), (51, &[(51, 2), (1, 1)])] {
        let before = payouts(&house.get(&accountant, "/consola/13/proveedores/1").await)[0];
        pay_example(&house.service, company, total - before).await;
        let mut path = "/consola/13/proveedores/1".to_owned();
        for (first, last) in pages {
            let page = house.get(&accountant, &path).await;
            assert!((*last..=*first).rev().eq(payouts(&page)), "{path} of {total}: {}", page.text);
            let is_more = *last > 1;
            assert_eq!(page.text.contains(&older(*last)), is_more, "{path} of {total}");
            assert_eq!(page.text.contains("rel=\"next\""), is_more, "{path} of {total}");
            path = format!("/consola/13/proveedores/1?antes={last}");
        }
    }
    for wrong in ["0", "-1", "x", "9999999999999999"] {
        let path = format!("/consola/13/proveedores/1?antes={wrong}");
        assert_eq!(payouts(&house.get(&accountant, &path).await)[0], 51, "{wrong} is no payout");
    }
    let all_undone = house.get(&accountant, "/consola/13/proveedores/1?antes=3").await;
    assert!(all_undone.text.contains(">vigente<") && all_undone.text.contains(">revertido<"));
}

#[tokio::test]
async fn a_suppliers_invoices_are_shown_from_the_latest_on_beside_its_payouts() {
    let (house, company) = (House::open().await, CompanyId::from_i64(13).unwrap());
    enter_example(&house.service, company).await;
    bill_example(&house.service, company, 51).await;
    pay_example(&house.service, company, 60).await;
    let accountant = house.inside(Role::Accountant).await;
    let has = |page: &Page, serial: i64| page.text.contains(&format!(">A 0001-{serial:08}<"));
    let first = house.get(&accountant, "/consola/13/proveedores/1").await;
    assert!(has(&first, 51) && has(&first, 2), "{}", first.text);
    assert!(!has(&first, 1) && !has(&first, 4_410));
    assert!(first.text.contains("href=\"/consola/13/proveedores/1?facturas=3\" rel=\"next\""));
    let payouts = house.get(&accountant, "/consola/13/proveedores/1?antes=20&facturas=3").await;
    assert!(has(&payouts, 1) && has(&payouts, 4_410) && !has(&payouts, 2));
    assert!(
        payouts.text.contains("/pago-a-proveedor/19\"") && !payouts.text.contains("rel=\"next\"")
    );
    // Whoever goes on in one list stays where they are in the other.
    let both = house.get(&accountant, "/consola/13/proveedores/1?facturas=53&antes=62").await;
    for next in ["?facturas=3&#38;antes=62", "?facturas=53&#38;antes=12"] {
        assert!(both.text.contains(&format!("proveedores/1{next}\" rel=\"next\"")), "{next}");
    }
    for wrong in ["0", "-1", "x"] {
        let path = format!("/consola/13/proveedores/1?facturas={wrong}");
        assert!(has(&house.get(&accountant, &path).await, 51), "{wrong} is no invoice");
    }
}
