//! The demo's people at their work.

use ventanilla_rig::browser::View;

use super::{at, inside, open_drawer};
use crate::common::{Installation, Server, verify};

const DEMO: &str = "ventanilla-demo";

#[test]
fn the_demos_people_each_find_their_work() {
    let installation = Installation::nothing();
    let server = installation.demo();
    for (name, role, sections) in [
        ("cajero", "cajero", &["Cobrar", "Mi día", "Gaveta"][..]),
        ("supervisor", "supervisor", &["Cobrar", "Gavetas", "Resumen", "Libro"]),
        ("contador", "contador", &["Resumen", "Cobranzas", "Cierre", "Rendiciones", "Libro"]),
        ("admin", "administrador", &["Cobrar", "Resumen", "Administración"]),
    ] {
        let page = inside(&server, name, View::DESK);
        page.sees(role);
        for section in sections {
            page.find("link", section);
        }
        assert_eq!(page.complaints(), Vec::<String>::new(), "{name}");
    }
    server.stop();
}

#[test]
fn a_receipt_that_was_seen_outlives_a_crash_and_so_does_the_session() {
    let installation = Installation::nothing();
    let server = installation.demo();
    let address = server.address().to_string();
    let page = inside(&server, "cajero", View::DESK);
    open_drawer(&page);
    page.go(&at(&server, "/consola/13/socio/345"));
    page.find("heading", "Rivas La Fuente Valentin");
    page.click("checkbox", "Factura 4325535, *");
    page.follow("button", "Cobrar");
    page.sees("Cobro registrado.");
    let path = page.path();
    server.kill();
    let again = ["demo", "--listen", &address, "--log", "warn"];
    let server = Server::start(&mut installation.command(&again));
    page.go(&at(&server, &path));
    page.sees("273,54");
    page.go(&at(&server, "/consola/13/socio/345"));
    page.sees("No debe nada.");
    server.stop();
    verify(&installation, DEMO);
}
