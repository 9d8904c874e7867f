//! Pictures of the pages, in `pictures/`: each differs from what it was only when somebody meant it to.
//! `VENTANILLA_PICTURES=write cargo test -p ventanilla-console --test browser looks` keeps them anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use ventanilla_domain::Role;
use ventanilla_rig::browser::{Gallery, Page, View};

use crate::house::House;
use crate::window::open_drawer;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser/pictures");

/// A page of somebody, and what is done once before it is looked at.
struct Look {
    name: &'static str,
    role: Option<Role>,
    path: &'static str,
    /// Whether it is looked at in the dark too: enough of them are.
    is_dark_too: bool,
    before: fn(&House, &Page),
}

impl Look {
    const fn new(name: &'static str, role: Role, path: &'static str) -> Self {
        Self { name, role: Some(role), path, is_dark_too: false, before: |_, _| {} }
    }

    const fn in_the_dark_too(self) -> Self {
        Self { is_dark_too: true, ..self }
    }

    fn views(&self) -> impl Iterator<Item = (String, View)> {
        let views = VIEWS.iter().filter(|(_, view)| self.is_dark_too || !view.is_dark);
        views.map(|(view_name, view)| (format!("{}-{view_name}", self.name), *view))
    }

    const fn after(self, before: fn(&House, &Page)) -> Self {
        Self { before, ..self }
    }
}

/// In this order, over the same books.
const LOOKS: [Look; 20] = [
    Look {
        name: "ingreso",
        role: None,
        path: "/consola/ingreso",
        is_dark_too: true,
        before: |_, _| {},
    },
    Look::new("caja", Role::Cashier, "/consola/13/caja?q=pe%C3%B1a"),
    Look::new("socio", Role::Cashier, "/consola/13/socio/000123").in_the_dark_too().after(
        |house, page| {
            page.go(&house.at("/consola/13/gaveta"));
            open_drawer(page);
        },
    ),
    Look::new("recibo", Role::Cashier, "/consola/13/recibo/1").in_the_dark_too().after(
        |house, page| {
            page.go(&house.at("/consola/13/socio/000123"));
            page.click("checkbox", "Factura 502, *");
            page.fill("Recibe", "150");
            page.follow("button", "Cobrar");
        },
    ),
    Look::new("mi-dia", Role::Cashier, "/consola/13/mi-dia"),
    Look::new("gaveta", Role::Cashier, "/consola/13/gaveta"),
    Look::new("arqueo", Role::Supervisor, "/consola/13/gaveta/1").after(|house, _| {
        let cashier = house.inside(Role::Cashier, "/consola/13/gaveta", View::DESK);
        cashier.fill("Contado", "245");
        cashier.follow("button", "Cerrar la gaveta");
    }),
    Look::new("falta", Role::Cashier, "/consola/13/nada"),
    Look::new("resumen", Role::Accountant, "/consola/13/resumen").in_the_dark_too(),
    Look::new("cobranzas", Role::Accountant, "/consola/13/cobranzas"),
    Look::new("rendiciones", Role::Accountant, "/consola/13/rendiciones").after(|house, _| {
        house.add_collector("Banco Sol", [None, None]);
        house.add_collector("Kiosco El Puente", [Some(200_000), Some(1_000_000)]);
    }),
    Look::new("cierre", Role::Accountant, "/consola/13/cierre"),
    Look::new("libro", Role::Accountant, "/consola/13/libro"),
    Look::new("cuenta", Role::Accountant, "/consola/13/libro/cuenta/receivable"),
    Look::new("empresa", Role::Administrator, "/consola/13/admin/empresa"),
    Look::new("recaudadores", Role::Administrator, "/consola/13/admin/recaudadores"),
    Look::new("usuarios", Role::Administrator, "/consola/13/admin/usuarios"),
    Look::new("salud", Role::Administrator, "/consola/13/admin/salud"),
    Look::new("socio-cuentas", Role::Supervisor, "/consola/13/socio/202").in_the_dark_too().after(
        |house, page| {
            house.with_two_contracts();
            page.go(&house.at("/consola/13/gaveta"));
            open_drawer(page);
        },
    ),
    Look::new("gaveta-ajena", Role::Administrator, "/consola/13/gaveta/2"),
];

const VIEWS: [(&str, View); 3] =
    [("320", View::PHONE), ("1280", View::DESK), ("oscuro", View { is_dark: true, ..View::DESK })];

#[test]
fn pages_look_as_they_did() {
    let gallery = Gallery::new(Path::new(FOLDER));
    let house = House::open();
    let mut told = Vec::new();
    for look in LOOKS {
        let mut page = match look.role {
            Some(role) => house.inside(role, "/consola/", View::DESK),
            None => house.outside("/consola/", View::DESK),
        };
        (look.before)(&house, &page);
        for (name, view) in look.views() {
            page.look(view);
            page.go(&house.at(look.path));
            // On a telephone one scrolls.
            let picture = page.picture(view == View::PHONE);
            told.extend(gallery.trouble(&name, &picture).unwrap());
        }
    }
    assert_eq!(told, Vec::<String>::new());
}

#[test]
fn no_picture_is_of_a_page_that_is_no_more() {
    let names = LOOKS.iter().flat_map(Look::views).map(|(name, _)| format!("{name}.png"));
    let files = fs::read_dir(FOLDER).unwrap().map(|file| file.unwrap().file_name());
    let kept: BTreeSet<_> = files
        .map(|name| name.into_string().unwrap())
        .filter(|name| !name.ends_with(".differs.png"))
        .collect();
    assert_eq!(kept, names.collect());
}
