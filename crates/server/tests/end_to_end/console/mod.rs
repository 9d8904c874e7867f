//! The console of the real binary, in a real browser. What each page does is tried in the crate `console`, over
//! books in memory and a clock of its own; here it is the demo, on a disk.

mod days;
mod pictures;

use ventanilla_rig::browser::{Browser, Page, View};

use crate::common::Server;

/// A browser in which one of the demo's people has signed in.
fn inside(server: &Server, name: &str, view: View) -> Page {
    let page = Browser::shared().unwrap().open(view).unwrap();
    page.go(&at(server, "/consola/"));
    page.fill("Usuario", name);
    page.fill("Contraseña", &format!("demo-{name}"));
    page.follow("button", "Ingresar");
    page.find("button", "Salir");
    page
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
