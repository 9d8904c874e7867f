//! Signing in and out, as people do it.

use ventanilla_domain::Role;
use ventanilla_rig::browser::View;

use crate::house::{House, PASSWORD};

#[test]
fn who_is_outside_signs_in_and_comes_where_they_wanted_to_go() {
    let house = House::open();
    let name = house.user(Role::Cashier);
    for view in [View::DESK, View::PHONE.without_scripts()] {
        let page = house.outside("/consola/13/socio/000123", view);
        page.find("heading", "Ingresar");
        page.focuses("textbox", "Usuario");
        page.fill("Usuario", name.as_str());
        page.fill("Contraseña", "otra clave");
        page.follow("button", "Ingresar");
        page.sees("El usuario o la contraseña no coinciden.");
        assert_eq!(page.field("Usuario").value(), name.as_str(), "what was typed is kept");
        page.fill("Contraseña", PASSWORD);
        page.follow("button", "Ingresar");
        page.find("heading", "MARÍA PEÑA LÓPEZ");
        let [session] = &page
            .cookies()
            .into_iter()
            .filter(|cookie| cookie["name"] == "ventanilla")
            .collect::<Vec<_>>()[..]
        else {
            panic!("one session")
        };
        assert_eq!((&session["httpOnly"], &session["sameSite"]), (&true.into(), &"Lax".into()));
        page.follow("button", "Salir");
        page.find("heading", "Ingresar");
        page.go(&house.at("/consola/13/socio/000123"));
        page.find("heading", "Ingresar");
        assert!(!page.says("PEÑA"), "nobody is inside any more");
    }
}

#[test]
fn the_way_in_needs_no_mouse() {
    let house = House::open();
    let name = house.user(Role::Cashier);
    let page = house.outside("/consola/", View::DESK);
    page.focuses("textbox", "Usuario");
    page.write(name.as_str());
    page.press(&["Tab"]);
    page.write(PASSWORD);
    page.loads(|page| page.press(&["Enter"]));
    page.focuses("searchbox", "Código, nombre, documento o número de factura");
}
