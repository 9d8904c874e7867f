//! Pictures of the pages, in `pictures/`: each differs from what it was only when somebody meant it to.
//! `VENTANILLA_PICTURES=write cargo test -p ventanilla-console --test browser looks` keeps them anew.

use std::path::Path;

use ventanilla_domain::Role;
use ventanilla_rig::browser::{Gallery, Page, View};

use crate::house::House;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser/pictures");

/// A page's name, and how one comes to it.
type Look = (&'static str, fn(&House, &Page));

const LOOKS: [Look; 4] = [
    ("ingreso", |house, page| {
        page.forget_cookies();
        page.go(&house.at("/consola/ingreso"));
    }),
    ("caja", |house, page| page.go(&house.at("/consola/13/caja?q=con"))),
    ("socio", |house, page| page.go(&house.at("/consola/13/socio/000123"))),
    ("falta", |house, page| page.go(&house.at("/consola/13/nada"))),
];

const VIEWS: [(&str, View); 3] =
    [("320", View::PHONE), ("1280", View::DESK), ("oscuro", View { is_dark: true, ..View::DESK })];

#[test]
fn pages_look_as_they_did() {
    let gallery = Gallery::new(Path::new(FOLDER));
    let house = House::open();
    let mut told = Vec::new();
    for (name, reach) in LOOKS {
        let mut page = house.inside(Role::Cashier, "/consola/", View::DESK);
        for (view_name, view) in VIEWS {
            page.look(view);
            reach(&house, &page);
            let name = format!("{name}-{view_name}");
            told.extend(gallery.trouble(&name, &page.picture(false)).unwrap());
        }
    }
    assert_eq!(told, Vec::<String>::new());
}
