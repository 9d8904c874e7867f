//! Everybody can use every page, as far as a program can tell, and no page breaks its own policy.

use ventanilla_console::{PageInfo, pages};
use ventanilla_domain::Role;
use ventanilla_rig::browser::{Browser, Page, View};

use crate::house::House;
use crate::window::open_drawer;

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
const NO_PAGES: [&str; 3] = ["/papel", "/lista", "/cobranzas/dia"];

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

#[test]
fn everybody_can_use_every_page() {
    let house = House::open();
    let mut page = house.inside(Role::Administrator, "/consola/13/gaveta", View::DESK);
    open_drawer(&page);
    page.go(&house.at("/consola/13/socio/000124"));
    page.follow("button", "Cobrar");
    page.find("heading", "Recibo 1");
    let mut told = Vec::new();
    for info in pages().filter(|page| !page.is_form) {
        if NO_PAGES.iter().any(|end| info.path.ends_with(end)) {
            continue;
        }
        let path = example(info);
        assert!(!path.contains('{'), "what does a part of {path} stand for?");
        for view in [View::DESK, View::DESK.dark(), View::PHONE] {
            page.look(view);
            page.go(&house.at(&path));
            let looked_at = format!("{path} at {} dots, dark: {}", view.width, view.is_dark);
            told.extend(trouble(&page).into_iter().map(|line| format!("{looked_at}: {line}")));
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
