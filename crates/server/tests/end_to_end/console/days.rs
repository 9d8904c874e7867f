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

#[test]
fn a_restoration_asks_nobody_for_the_report_of_the_companys_own_window() {
    let installation = Installation::nothing();
    let server = installation.demo();
    let page = inside(&server, "cajero", View::DESK);
    open_drawer(&page);
    page.go(&at(&server, "/consola/13/socio/345"));
    page.follow("button", "Cobrar");
    page.sees("Cobro registrado.");
    server.stop();
    let run = |line: &str| installation.done(&line.split(' ').collect::<Vec<_>>()).out;
    run(&format!("backup respaldo --data {DEMO} --secrets {DEMO}.secrets"));
    let line = format!("restore respaldo --data otro --secrets {DEMO}.secrets");
    let unsaid = installation.run(&line.split(' ').collect::<Vec<_>>());
    assert_eq!(unsaid.err.matches("--waive '13:").count(), 2, "{unsaid:?}");
    let mut waived: Vec<&str> = line.split(' ').collect();
    waived.extend(["--waive", "13:Ventanilla Cooplan", "--waive", "13:Banco"]);
    let told = installation.done(&waived).out;
    assert!(
        told.contains("empresa 13: lo que cobraron los cajeros después del respaldo"),
        "{told}"
    );
    let active = told.lines().filter(|line| line.contains("recaudador ")).count();
    assert_eq!(active, 2, "nobody signs in as the window: {told}");
    let trail = run(&format!("trail --data otro --secrets {DEMO}.secrets --company 13"));
    assert_eq!(trail.matches("renuncia a un reporte").count(), 3, "{trail}");
    run(&format!("verify --data otro --secrets {DEMO}.secrets"));
}
