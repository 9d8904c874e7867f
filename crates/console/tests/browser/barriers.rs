//! Everybody can use every page, as far as a program can tell, and no page breaks its own policy.

use ventanilla_console::{PageInfo, pages};
use ventanilla_domain::Role;
use ventanilla_rig::browser::{Browser, Page, View};

use crate::house::House;
use crate::window::{cashier, open_drawer};

/// What the parts of a path stand for.
const PARTS: [(&str, &str); 9] = [
    // One that is over: who holds a good one is outside.
    ("{invitacion}", "0"),
    ("{empresa}", "13"),
    ("{codigo}", "000123"),
    ("{pago}", "1"),
    ("{recibo}", "1"),
    ("{gaveta}", "1"),
    ("{cuenta}", "receivable"),
    ("{asiento}", "1"),
    ("{proveedor}", "1"),
];

/// Pages that are files, or nothing but the way to others.
const NO_PAGES: [&str; 4] = ["/papel", "/logo", "/lista", "/cobranzas/dia"];

/// A path of a route.
pub(crate) fn example(page: PageInfo) -> String {
    PARTS.iter().fold(page.path.to_owned(), |path, (part, value)| path.replace(part, value))
}

/// What is wrong with a page as it is shown.
fn trouble(page: &Page) -> Vec<String> {
    let mut trouble = page.complaints();
    trouble.extend(page.barriers());
    let too_wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth";
    if page.script(too_wide) == true {
        trouble.push("it must be scrolled sideways".to_owned());
    }
    trouble
}

/// Books in which there is something of everything: a drawer that waits for approval and one that is open, receipts that
/// stand and one that was reversed, remittances, a supplier with payouts, accounts of revenue, and the trail of it all; as an
/// administrator sees them.
fn full() -> (House, Page) {
    let house = House::open();
    house.enter_supplier();
    let cashier = cashier(&house, "/consola/13/socio/000123", View::DESK);
    for receipt in ["Recibo 1", "Recibo 2"] {
        cashier.follow("button", "Cobrar");
        cashier.find("heading", receipt);
        cashier.go(&house.at("/consola/13/socio/000126"));
    }
    cashier.go(&house.at("/consola/13/recibo/2"));
    cashier.click("DisclosureTriangle", "Revertir el recibo");
    cashier.fill("Motivo", "era de otro");
    cashier.follow("button", "Revertir el recibo");
    cashier.go(&house.at("/consola/13/gaveta"));
    cashier.fill("Contado", "199");
    cashier.follow("button", "Cerrar la gaveta");
    let page = house.inside(Role::Administrator, "/consola/13/rendiciones", View::DESK);
    page.fill("Monto recibido", "60");
    page.follow("button", "Asentar");
    page.click("DisclosureTriangle", "Revertir 1");
    page.fill("Motivo 1", "no llegó");
    page.follow("button", "Revertir 1");
    page.fill("Monto recibido", "12,50");
    page.follow("button", "Asentar");
    page.sees("La rendición se asentó.");
    page.go(&house.at("/consola/13/admin/empresa"));
    for concept in ["Agua", "Alcantarillado"] {
        page.fill("Otro concepto", concept);
        page.fill("Su cuenta", "Venta de servicios");
        page.follow("button", "Guardar las cuentas");
    }
    page.go(&house.at("/consola/13/gaveta"));
    open_drawer(&page);
    house.service.flush_trail();
    (house, page)
}

/// Pages of another kind than the examples of their routes, and what tells that they are.
const OTHERS: [(&str, &str); 6] = [
    ("/consola/13/recibo/2", "era de otro"),
    ("/consola/13/gavetas", "/consola/13/gaveta/1"),
    ("/consola/13/pago-a-proveedor/2", "revertido"),
    ("/consola/13/libro/cuenta/collector:1", "ventanilla"),
    ("/consola/13/cobranzas?estado=revertido", "COMERCIAL"),
    ("/consola/13/admin/bitacora?que=nada", "nada"),
];

/// Spanish and light as most see it, and what each other language, scheme and width changes.
const LOOKS: [(View, bool); 5] =
    [(View::DESK, false), (DARK, false), (View::PHONE, false), (DARK, true), (View::PHONE, true)];
const DARK: View = View { is_dark: true, ..View::DESK };

#[test]
fn everybody_can_use_every_page() {
    let (house, mut page) = full();
    for (path, told) in OTHERS {
        page.go(&house.at(path));
        let told = format!("document.body.innerHTML.includes('{told}')");
        assert_eq!(page.script(&told), true, "{path}");
    }
    let routes = pages()
        .filter(|page| !page.is_form)
        .filter(|page| !NO_PAGES.iter().any(|end| page.path.ends_with(end)));
    let mut paths: Vec<String> = routes.map(example).collect();
    paths.extend(OTHERS.map(|(path, _)| path.to_owned()));
    let mut told = Vec::new();
    for (view, is_english) in LOOKS {
        page.look(view);
        if is_english {
            house.in_english(&page);
        }
        for path in &paths {
            assert!(!path.contains('{'), "what does a part of {path} stand for?");
            page.go(&house.at(path));
            let looked_at = format!(
                "{path} at {} dots, dark: {}, English: {is_english}",
                view.width, view.is_dark
            );
            assert!(
                !page.says("Esta página no existe") && !page.says("There is no such page"),
                "{path}"
            );
            told.extend(trouble(&page).into_iter().map(|line| format!("{looked_at}: {line}")));
            let language = page.script("document.documentElement.lang");
            assert_eq!(language, if is_english { "en" } else { "es" }, "{looked_at}");
        }
    }
    assert_eq!(told, Vec::<String>::new());
}

#[test]
fn whoever_is_outside_can_use_the_way_in() {
    let house = House::open();
    for view in [View::DESK, View::DESK.dark(), View::PHONE] {
        let page = house.outside("/consola/ingreso", view);
        assert_eq!(trouble(&page), Vec::<String>::new());
        let invited = Browser::shared().unwrap().open(view).unwrap();
        invited.go(&house.at(&house.invite_first()));
        assert_eq!(trouble(&invited), Vec::<String>::new());
        page.fill("Usuario", "nadie");
        page.fill("Contraseña", "nada");
        page.follow("button", "Ingresar");
        assert_eq!(trouble(&page), Vec::<String>::new(), "with what is wrong beside the fields");
    }
}
