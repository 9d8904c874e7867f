//! An accountant's day: what was collected, who holds it, and the books behind each figure.

use ventanilla_domain::Role;
use ventanilla_rig::browser::View;

use crate::house::House;
use crate::window::cashier;

/// A house where a cashier took 100,26 in cash and 136,76 by card, and the second was reversed.
fn with_receipts() -> House {
    let house = House::open();
    let page = cashier(&house, "/consola/13/socio/000123", View::DESK);
    page.follow("button", "Cobrar");
    page.find("heading", "Recibo 1");
    page.go(&house.at("/consola/13/socio/000124"));
    page.click("radio", "Tarjeta");
    page.follow("button", "Cobrar");
    page.find("heading", "Recibo 2");
    page.click("DisclosureTriangle", "Revertir el recibo");
    page.fill("Motivo", "era de otro");
    page.follow("button", "Revertir el recibo");
    page.sees("Se revirtió.");
    house
}

fn an_accountants_day(view: View) {
    let house = with_receipts();
    let page = house.inside(Role::Accountant, "/consola/", view);
    page.find("heading", "Resumen");
    page.sees("Cobrado Bs 237,02");
    page.sees("Neto Bs 100,26");

    page.follow("link", "Cobranzas");
    page.field("Estado").choose("revertido");
    page.follow("button", "Filtrar");
    page.sees("JUAN CONDORI MAMANI");
    assert!(!page.says("MARÍA PEÑA LÓPEZ"), "those reversed alone");
    let list = page.find("link", "Descargar esta lista CSV").attribute("href").unwrap();
    let list = page.fetch(&list);
    assert!(list.media_type.starts_with("text/csv"), "{list:?}");
    assert!(String::from_utf8(list.bytes).unwrap().contains("JUAN CONDORI MAMANI"));

    page.follow("link", "Rendiciones");
    page.fill("Monto recibido", "60");
    page.fill("Comisión que se queda", "1,5");
    page.fill("Fecha del banco", "2021-11-26");
    page.fill("Referencia", "dep. 4410");
    page.follow("button", "Asentar");
    page.sees("La rendición se asentó.");
    page.sees("38,76");
    page.reload();
    page.sees("38,76");

    page.follow("link", "Libro");
    page.sees("La suma de todos los saldos es cero.");
    page.follow("link", "Comisiones de recaudadores");
    page.sees("Rindió un recaudador");
    page.all("row", "*").get(1).unwrap();
    page.go(&house.at("/consola/13/libro"));
    page.follow("link", "Cuentas por cobrar de socios");
    page.sees("Se cobró");

    house.wait(24 * 3600);
    house.sign_in(&page, Role::Accountant);
    page.go(&house.at("/consola/13/cierre"));
    page.sees("26/11/2021");
    page.fill("Cerrar hasta", "2021-11-26");
    if view.has_scripts {
        let question = page.confirms(false, |page| page.click("button", "Cerrar los días"));
        assert!(question.contains("no se vuelve a abrir"), "{question}");
        page.loads(|page| {
            page.confirms(true, |page| page.click("button", "Cerrar los días"));
        });
    } else {
        page.follow("button", "Cerrar los días");
    }
    page.sees("El día quedó cerrado.");
    page.sees("Cerrado hasta 26/11/2021");
    assert_eq!(page.complaints(), Vec::<String>::new());
}

#[test]
fn an_accountants_whole_day() {
    an_accountants_day(View::DESK);
}

#[test]
fn the_same_day_without_scripts() {
    an_accountants_day(View::PHONE.without_scripts());
}
