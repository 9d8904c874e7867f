//! A cashier's day over books in a database, with the supervisor at another server of the same books.

use ventanilla_rig::browser::{Browser, Page, View};

use super::{at, open_drawer, sign_in};
use crate::common::{Server, bills};
use crate::database::Office;

const PASSWORD: &str = "una clave larga";

fn inside(server: &Server, name: &str) -> Page {
    let page = Browser::shared().unwrap().open(View::DESK).unwrap();
    page.go(&at(server, "/consola/"));
    sign_in(&page, name, PASSWORD);
    page
}

#[test]
fn a_cashiers_day_is_the_same_over_a_database() {
    let office = Office::with_company();
    for (name, role) in [("rosa", "cajero"), ("esteban", "supervisor"), ("nora", "contador")] {
        office.add_user(name, role, PASSWORD);
    }
    office.import(&bills(2, 3));
    let servers = [office.serve("uno"), office.serve("dos")];
    let page = inside(&servers[0], "rosa");
    open_drawer(&page);
    page.follow("link", "Cobrar");
    page.fill("Código, nombre, documento o número de factura", "prueba 1");
    page.loads(|page| page.press(&["Enter"]));
    page.find("heading", "Socio de prueba 1");
    page.click("checkbox", "Factura 1002, *");
    page.fill("Recibe", "50");
    page.sees("Cambio 29,63");
    page.follow("button", "Cobrar");
    page.find("heading", "Recibo 1");
    page.sees("Cobro registrado.");
    page.sees("Total 20,37");
    page.go(&at(&servers[1], "/consola/13/socio/2"));
    page.follow("button", "Cobrar");
    page.find("heading", "Recibo 2");
    page.find("DisclosureTriangle", "Revertir el recibo").click();
    page.fill("Motivo", "pagó en el banco");
    page.follow("button", "Revertir el recibo");
    page.sees("Se revirtió.");
    page.follow("link", "Mi día");
    page.sees("Recibos 1");
    page.sees("Neto Bs 20,37");
    page.follow("link", "Gaveta");
    page.fill("Contado", "220");
    page.follow("button", "Cerrar la gaveta");
    page.sees("Falta Bs 0,37");

    let supervisor = inside(&servers[1], "esteban");
    supervisor.go(&at(&servers[1], "/consola/13/gavetas"));
    supervisor.follow("link", "1");
    supervisor.fill("Nota", "se contó dos veces");
    supervisor.follow("button", "Aprobar el arqueo");
    supervisor.sees("Se aprobó.");
    let accountant = inside(&servers[0], "nora");
    accountant.find("heading", "Resumen");
    accountant.sees("Neto Bs 20,37");
    accountant.follow("link", "Libro");
    accountant.sees("0,37");
    for page in [&page, &supervisor, &accountant] {
        assert_eq!(page.complaints(), Vec::<String>::new());
    }
    servers.into_iter().for_each(Server::stop);
    office.verify();
}
