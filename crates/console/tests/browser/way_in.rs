//! Signing in and out, as people do it.

use ventanilla_domain::Role;
use ventanilla_rig::browser::View;

use crate::house::{House, PASSWORD};
use crate::phone::Phone;

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

#[test]
fn the_first_administrator_comes_by_a_link_and_names_the_company() {
    let house = House::empty();
    let path = house.invite_first();
    let page = house.outside(&path, View::DESK);
    page.find("heading", "Bienvenida a Ventanilla");
    page.fill("Usuario", "gerencia");
    page.fill("Contraseña nueva", PASSWORD);
    page.fill("Repítala", "otra cosa distinta");
    page.fill("Nombre de la empresa", "Cooperativa La Fuente");
    page.fill("Número de empresa", "7");
    page.fill("Zona horaria", "America/La_Paz");
    page.follow("button", "Empezar");
    page.sees("Las dos no son iguales.");
    assert_eq!(page.field("Nombre de la empresa").value(), "Cooperativa La Fuente");
    page.fill("Contraseña nueva", PASSWORD);
    page.fill("Repítala", PASSWORD);
    page.follow("button", "Empezar");
    assert!(page.path().starts_with("/consola/7/"), "{}", page.path());
    page.go(&house.at("/consola/empresas"));
    page.sees("Cooperativa La Fuente");
    page.sees("administrador");
    let late = house.outside(&path, View::DESK);
    late.find("heading", "Esta invitación ya no vale");
}

#[test]
fn a_second_factor_is_scanned_from_the_page_and_proven() {
    let house = House::open();
    let page = house.inside(Role::Administrator, "/consola/cuenta", View::DESK);
    page.sees("Todavía no tiene uno.");
    page.follow("button", "Configurarlo ahora");
    let phone = Phone::scan(&page.picture(true));
    page.fill("Código", "000000");
    page.follow("button", "Comprobar");
    assert!(!page.has("heading", "Códigos de recuperación"), "not with any code");
    page.fill("Código", &phone.code(&house.clock));
    page.follow("button", "Comprobar");
    page.find("heading", "Códigos de recuperación");
    page.follow("link", "Los guardé");
    page.go(&house.at("/consola/cuenta"));
    page.sees("Probado en esta sesión.");
    house.wait(16 * 60);
    page.go(&house.at("/consola/cuenta"));
    page.sees("Activo. Se pide para lo delicado.");
    page.follow("link", "Comprobar");
    page.fill("Código", &phone.code(&house.clock));
    page.follow("button", "Comprobar");
    page.sees("Probado en esta sesión.");
}
