//! The console of the real binary, in a real browser. What each page does is tried in the crate `console`, over
//! books in memory and a clock of its own; here it is the demo, on a disk, books in a database, and TLS.

mod days;
mod over_database;
mod over_tls;
mod pictures;

use ventanilla_rig::browser::{Browser, Page, View};

use crate::common::Server;

/// A browser in which one of the demo's people has signed in.
fn inside(server: &Server, name: &str, view: View) -> Page {
    let page = Browser::shared().unwrap().open(view).unwrap();
    page.go(&at(server, "/consola/"));
    sign_in(&page, name, &format!("demo-{name}"));
    page
}

/// Signs in at the page on which people do.
fn sign_in(page: &Page, name: &str, password: &str) {
    page.fill("Usuario", name);
    page.fill("Contraseña", password);
    page.follow("button", "Ingresar");
    page.find("button", "Salir");
}

fn at(server: &Server, path: &str) -> String {
    format!("http://{}{path}", server.address())
}

/// Opens the drawer of whoever is inside.
fn open_drawer(page: &Page) {
    page.follow("link", "Gaveta");
    page.fill("Fondo de cambio", "200");
    page.follow("button", "Abrir la gaveta");
    page.sees("La gaveta está abierta.");
}
