//! An administrator's day: the company's rules, its collectors and its people.

use std::fs;

use ventanilla_domain::Role;
use ventanilla_rig::browser::{Browser, Page, View};

use crate::house::{House, PASSWORD, name_of};
use crate::phone::Phone;

/// An administrator with a second factor, just proven, at a page.
fn administrator(house: &House, path: &str, view: View) -> Page {
    let page = house.inside(Role::Administrator, "/consola/cuenta", view);
    page.follow("button", "Configurarlo ahora");
    let phone = Phone::scan(&page.picture(true));
    page.fill("Código", &phone.code(&house.clock));
    page.follow("button", "Comprobar");
    page.find("heading", "Códigos de recuperación");
    page.go(&house.at(path));
    page
}

#[test]
fn a_rule_is_set_and_cash_is_rounded_by_it() {
    let house = House::open();
    let page = house.inside(Role::Administrator, "/consola/13/admin/empresa", View::DESK);
    page.fill("Redondeo del efectivo", "mucho");
    page.fill("Teléfono", "44250000");
    page.follow("button", "Guardar");
    page.sees("Ese valor no sirve aquí.");
    assert_eq!(page.field("Teléfono").value(), "44250000", "what was typed stays");
    page.fill("Redondeo del efectivo", "0.50");
    page.follow("button", "Guardar");
    page.sees("Se guardó.");
    let cashier = crate::window::cashier(&house, "/consola/13/socio/000123", View::DESK);
    cashier.sees("A cobrar (1) Bs 100,50");
    cashier.click("radio", "Tarjeta");
    cashier.sees("A cobrar (1) Bs 100,26");
    cashier.click("radio", "Efectivo");
    cashier.follow("button", "Cobrar");
    cashier.find("heading", "Recibo 1");
    cashier.sees("Redondeo 0,24");
}

#[test]
fn revenue_is_classified_by_an_administrator() {
    let house = House::open();
    for view in [View::DESK, View::PHONE.without_scripts()] {
        let page = house.inside(Role::Administrator, "/consola/13/admin/empresa", view);
        page.fill("Otro concepto", "Agua");
        page.follow("button", "Guardar las cuentas");
        page.sees("Escriba el nombre de la cuenta");
        assert_eq!(page.field("Otro concepto").value(), "Agua", "what was typed stays");
        page.fill("Su cuenta", "Venta de agua");
        page.follow("button", "Guardar las cuentas");
        page.sees("Se guardó.");
        page.fill("Cuenta de Agua", "Agua potable");
        // As somebody does who works with keys: nothing is taken away by it.
        page.loads(|page| page.press(&["Enter"]));
        page.sees("Se guardó.");
        assert_eq!(page.field("Cuenta de Agua").value(), "Agua potable");
        page.follow("button", "Quitar Agua");
        page.sees("Se guardó.");
        assert!(!page.says("Agua potable"), "{}", page.text());
        let complaints = page.complaints();
        assert!(complaints.iter().all(|line| line.contains("422")), "{complaints:?}");
    }
}

#[test]
fn a_collectors_keys_are_shown_once_after_a_second_factor() {
    let house = House::open();
    let page = house.inside(Role::Administrator, "/consola/13/admin/recaudadores", View::DESK);
    page.fill("Nombre", "Banco Sol");
    page.follow("button", "Agregar");
    page.find("heading", "Segundo factor");
    page.follow("button", "Configurarlo ahora");
    let phone = Phone::scan(&page.picture(true));
    page.fill("Código", &phone.code(&house.clock));
    page.follow("button", "Comprobar");
    page.go(&house.at("/consola/13/admin/recaudadores"));
    page.fill("Nombre", "Banco Sol");
    page.follow("button", "Agregar");
    page.find("heading", "Claves de Banco Sol");
    page.sees("Se muestran esta única vez");
    page.follow("link", "Las guardé");
    page.sees("Banco Sol");
    page.click("DisclosureTriangle", "Cambiar… Banco Sol");
    page.loads(|page| {
        page.confirms(true, |page| page.click("button", "Desactivar Banco Sol"));
    });
    page.sees("desactivado");
}

#[test]
fn a_collectors_limits_are_changed_beside_it() {
    let house = House::open();
    house.add_collector("Banco Sol", [None, None]);
    house.add_collector("Kiosco", [None, Some(1_000_000)]);
    for (view, held) in [(View::DESK, "20.000,00"), (View::PHONE.without_scripts(), "30.000,00")] {
        let page = house.inside(Role::Administrator, "/consola/13/admin/recaudadores", view);
        page.click("DisclosureTriangle", "Límites… Kiosco");
        page.fill("Máximo por pago Kiosco", "cero");
        page.fill("Cupo: lo más que puede tener sin rendir Kiosco", held);
        page.select("details[open] button").click();
        page.sees("Escriba el monto como 1234,56.");
        // The form is open, and what was typed is there.
        page.fill("Máximo por pago Kiosco", "500");
        page.select("details[open] button").click();
        page.sees("Se guardó.");
        page.sees(held);
        page.sees("500,00");
        page.go(&house.at("/consola/13/rendiciones"));
        page.sees(held);
    }
}

#[test]
fn somebody_is_invited_comes_in_and_is_put_out_again() {
    let house = House::open();
    let page = administrator(&house, "/consola/13/admin/usuarios", View::DESK);
    page.fill("Usuario", "marta");
    page.field("Rol").choose("cajero");
    page.follow("button", "Crear la invitación");
    page.find("heading", "Invitación para marta");
    let link = page.select("a.secret").attribute("href").unwrap();
    let path = link.find("/consola/").map(|start| link[start..].to_owned()).unwrap();
    let invited = Browser::shared().unwrap().open(View::PHONE).unwrap();
    invited.go(&house.at(&path));
    invited.sees("La invitación es para marta.");
    invited.fill("Contraseña nueva", PASSWORD);
    invited.fill("Repítala", PASSWORD);
    invited.follow("button", "Empezar");
    invited.focuses("searchbox", "Código, nombre, documento o número de factura");
    page.go(&house.at("/consola/13/admin/usuarios"));
    page.click("DisclosureTriangle", "Cambiar… marta");
    page.follow("button", "Desactivar marta");
    page.sees("desactivado");
    invited.reload();
    invited.find("heading", "Ingresar");
}

/// What each row is of, with the name of each thing in it that does something.
const NAMES_IN_ROWS: &str = "[...document.querySelectorAll('tbody tr')].flatMap(row =>
    [...row.querySelectorAll('summary, button, select')].map(it =>
        [row.cells[0].firstChild.textContent.trim(), it.ariaLabel ?? it.textContent]))";

#[test]
fn whoever_hears_a_page_hears_which_row_a_button_is_of() {
    let house = House::open();
    for role in Role::ALL {
        house.inside(role, "/consola/cuenta", View::DESK);
    }
    let page = house.inside(Role::Administrator, "/consola/13/admin/usuarios", View::DESK);
    for (path, rows) in [("usuarios", 4), ("sesiones", 6)] {
        page.go(&house.at(&format!("/consola/13/admin/{path}")));
        let named = page.script(
            "[...document.querySelectorAll('td summary, td > form button')].map(it => it.textContent)",
        );
        let named = named.as_array().unwrap();
        assert_eq!(named.len(), rows, "{path}: {named:?}");
        for name in Role::ALL
            .map(name_of)
            .into_iter()
            .filter(|name| path != "usuarios" || *name != "gerencia")
        {
            let of_row = named.iter().any(|told| told.as_str().unwrap().contains(name));
            assert!(of_row, "{path}: nothing is of {name}: {named:?}");
        }
    }
    for name in ["Banco Sol", "Kiosco"] {
        house.add_collector(name, [None, None]);
    }
    for (path, len) in [("usuarios", 6 * 3), ("recaudadores", 6 * 2), ("sesiones", 6)] {
        page.go(&house.at(&format!("/consola/13/admin/{path}")));
        let told = page.script(NAMES_IN_ROWS);
        let told = told.as_array().unwrap();
        assert!(told.len() >= len, "{path}: {told:?}");
        for pair in told {
            let [row, name] = [0, 1].map(|at| pair[at].as_str().unwrap());
            assert!(name.contains(row), "{path}: «{name}» does not say that it is of «{row}»");
        }
    }
}

#[test]
fn the_trail_tells_who_did_what() {
    let house = House::open();
    drop(crate::window::cashier(&house, "/consola/13/caja", View::DESK));
    house.service.flush_trail();
    let page = house.inside(Role::Administrator, "/consola/13/admin/bitacora", View::DESK);
    page.fill("Quién", name_of(Role::Cashier));
    page.follow("button", "Filtrar");
    page.sees("127.0.0.1");
    page.follow("link", "Salud");
    page.sees("El servicio está listo para cobrar.");
    page.follow("link", "Sesiones");
    page.sees("rosa");
    assert_eq!(page.complaints(), Vec::<String>::new());
}

#[test]
fn a_file_is_looked_at_line_by_line_before_it_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("facturas.csv");
    let lines = "factura,contrato,periodo,monto\n601,000123,202112,50.00\n602,nadie,202112,1.00\n";
    fs::write(&file, lines).unwrap();
    let house = House::open();
    for (view, is_known) in [(View::DESK, false), (View::PHONE.without_scripts(), true)] {
        let page = house.inside(Role::Administrator, "/consola/13/admin/importar", view);
        page.field("Qué contiene").choose("Facturas");
        page.select("#archivo").attach(&file);
        page.follow("button", "Revisar");
        page.find("heading", "Vista previa de facturas.csv");
        page.sees("Malas 1");
        let member = page.another();
        member.go(&house.at("/consola/13/socio/000123"));
        assert_eq!(member.says("601"), is_known, "nothing is kept yet");
        page.click("checkbox", "Dejar fuera las líneas malas");
        page.follow("button", "Guardar estas líneas");
        page.sees("Se guardó.");
        member.reload();
        member.sees("601");
        assert_eq!(page.complaints(), Vec::<String>::new());
    }
}
