//! A cashier's day, as it is worked: with a mouse, by keys alone, without scripts, and when things go wrong.

use std::thread;

use ventanilla_domain::Role;
use ventanilla_rig::browser::{Browser, Page, View};
use ventanilla_rig::{Cut, Direction, Proxy};

use crate::house::{House, PASSWORD, name_of};

const SEARCH: &str = "Código, nombre, documento o número de factura";
const MEMBER: &str = "/consola/13/socio/000123";

/// A cashier with an open drawer, at a page.
pub(crate) fn cashier(house: &House, path: &str, view: View) -> Page {
    let page = house.inside(Role::Cashier, "/consola/13/gaveta", view);
    open_drawer(&page);
    page.go(&house.at(path));
    page
}

pub(crate) fn open_drawer(page: &Page) {
    page.fill("Fondo de cambio", "100");
    page.follow("button", "Abrir la gaveta");
    page.sees("La gaveta está abierta.");
}

/// How many receipts stand today, of the cashier who is inside, and what they come to.
#[track_caller]
fn took(house: &House, page: &Page, receipts: &str, total: &str) {
    let day = page.another();
    day.go(&house.at("/consola/13/mi-dia"));
    day.sees(&format!("Recibos {receipts}"));
    day.sees(&format!("Neto Bs {total}"));
}

/// Presses Tab until what is named has the focus.
#[track_caller]
fn tab_to(page: &Page, role: &str, name: &str) {
    for _ in 0..40 {
        page.press(&["Tab"]);
        if page.is_on(role, name) {
            return;
        }
    }
    panic!("Tab does not lead to {role} «{name}»");
}

fn a_whole_day(view: View) {
    let house = House::open();
    house.user(Role::Cashier);
    let page = house.outside("/consola/", view);
    page.fill("Usuario", name_of(Role::Cashier));
    page.fill("Contraseña", PASSWORD);
    page.follow("button", "Ingresar");
    page.follow("link", "Gaveta");
    open_drawer(&page);

    page.fill(SEARCH, "peña");
    if !view.has_scripts {
        page.follow("button", "Buscar");
    }
    page.find("link", "COMERCIAL PEÑARANDA S.R.L.");
    page.follow("link", "MARÍA PEÑA LÓPEZ");
    page.click("checkbox", "Factura 502, *");
    page.click("checkbox", "Factura 503, *");
    page.fill("Recibe", "250");
    if view.has_scripts {
        page.sees("A cobrar (3) Bs 233,96");
        page.sees("Cambio 16,04");
    }
    page.follow("button", "Cobrar");
    page.find("heading", "Recibo 1");
    for told in
        ["Cobro registrado.", "Total 233,96", "Cambio 16,04", "Bs 16,04", "09/2021", "11/2021"]
    {
        page.sees(told);
    }
    for name in ["Imprimir rollo", "Imprimir A4"] {
        let paper = page.fetch(&page.find("link", name).attribute("href").unwrap());
        assert_eq!((paper.status, paper.media_type.as_str()), (200, "application/pdf"));
        assert!(paper.bytes.starts_with(b"%PDF-"), "{name}");
    }

    page.follow("link", "Siguiente socio");
    page.fill(SEARCH, "3344556");
    page.loads(|page| page.press(&["Enter"]));
    page.find("heading", "JUAN CONDORI MAMANI");
    page.click("radio", "Tarjeta");
    page.follow("button", "Cobrar");
    page.find("heading", "Recibo 2");
    took(&house, &page, "2", "370,72");
    page.find("DisclosureTriangle", "Revertir el recibo").click();
    page.fill("Motivo", "pagó con otra tarjeta");
    page.follow("button", "Revertir el recibo");
    page.sees("Se revirtió.");
    page.sees("por rosa: pagó con otra tarjeta");
    page.sees("Devuelto Bs 136,76");
    assert!(!page.has("button", "Revertir el recibo"));
    took(&house, &page, "1", "233,96");

    page.follow("link", "Gaveta");
    assert!(!page.says("333,96"), "the count is blind");
    page.fill("Contado", "333");
    page.follow("button", "Cerrar la gaveta");
    page.sees("Falta Bs 0,96");
    page.sees("Otra persona debe aprobar su arqueo.");
    assert!(!page.has("button", "Aprobar el arqueo"));

    let supervisor = house.inside(Role::Supervisor, "/consola/13/gavetas?estado=closed", view);
    supervisor.go(&house.at("/consola/13/gavetas"));
    supervisor.follow("link", "1");
    supervisor.fill("Nota", "se revisó la caja");
    supervisor.follow("button", "Aprobar el arqueo");
    supervisor.sees("Se aprobó.");
    supervisor.sees("se revisó la caja");
    for page in [&page, &supervisor] {
        assert_eq!(page.complaints(), Vec::<String>::new());
    }
}

#[test]
fn a_cashiers_whole_day() {
    a_whole_day(View::DESK);
}

#[test]
fn the_same_day_without_scripts() {
    a_whole_day(View::DESK.without_scripts());
}

#[test]
fn the_same_day_on_a_telephone() {
    a_whole_day(View::PHONE);
}

#[test]
fn the_common_payment_takes_two_keys_after_what_is_searched() {
    let house = House::open();
    let page = cashier(&house, "/consola/13/caja", View::DESK);
    page.focuses("searchbox", SEARCH);
    for (number, typed) in [(1, "000124"), (2, "eusebio"), (3, "501")] {
        let before = page.keystrokes();
        page.write(typed);
        page.loads(|page| page.press(&["Enter"]));
        page.focuses("button", "Cobrar");
        page.loads(|page| page.press(&["Enter"]));
        page.find("heading", &format!("Recibo {number}"));
        let letters = u32::try_from(typed.len()).unwrap();
        assert_eq!(page.keystrokes() - before, letters + 2, "{typed}");
        page.loads(|page| page.press(&["F2"]));
        page.focuses("searchbox", SEARCH);
    }
    took(&house, &page, "3", "272,12");
}

#[test]
fn the_first_of_several_is_opened_by_its_key_too() {
    let house = House::open();
    let page = cashier(&house, "/consola/13/caja", View::DESK);
    page.focuses("searchbox", SEARCH);
    page.write("condori");
    page.find("link", "ROSA QUISPE DE CONDORI");
    let first = page.script("document.querySelector('a.row').textContent");
    page.loads(|page| page.press(&["Enter"]));
    page.find("heading", first.as_str().unwrap());
}

#[test]
fn no_part_of_the_day_needs_a_mouse() {
    let house = House::open();
    let page = house.inside(Role::Cashier, "/consola/13/caja", View::DESK);
    tab_to(&page, "link", "Gaveta");
    page.loads(|page| page.press(&["Enter"]));
    page.focuses("textbox", "Fondo de cambio");
    page.write("50");
    page.loads(|page| page.press(&["Enter"]));
    page.focuses("searchbox", SEARCH);
    page.write("pe");
    page.find("link", "MARÍA PEÑA LÓPEZ");
    page.press(&["ArrowDown"]);
    if !page.is_on("link", "MARÍA PEÑA LÓPEZ") {
        page.press(&["ArrowDown"]);
    }
    page.loads(|page| page.press(&["Enter"]));
    page.find("heading", "MARÍA PEÑA LÓPEZ");
    tab_to(&page, "link", "Saltar al contenido");
    page.press(&["Enter"]);
    tab_to(&page, "checkbox", "Factura 502, 10/2021, 45,70");
    page.press(&["Space"]);
    tab_to(&page, "textbox", "Recibe");
    page.write("200");
    page.sees("Cambio 54,04");
    page.loads(|page| page.press(&["Enter"]));
    page.find("heading", "Recibo 1");
    tab_to(&page, "DisclosureTriangle", "Revertir el recibo");
    page.press(&["Enter"]);
    tab_to(&page, "textbox", "Motivo");
    page.write("otra persona");
    page.loads(|page| page.press(&["Enter"]));
    page.sees("Se revirtió.");
    tab_to(&page, "link", "Gaveta");
    page.loads(|page| page.press(&["Enter"]));
    tab_to(&page, "textbox", "Contado");
    page.write("50");
    page.loads(|page| page.press(&["Enter"]));
    page.sees("Cuadra");
}

#[test]
fn a_double_click_pays_once() {
    let house = House::open();
    for (receipts, total, path, view) in [
        ("1", "100,26", MEMBER, View::DESK),
        ("2", "237,02", "/consola/13/socio/000124", View::DESK.without_scripts()),
    ] {
        let page = if receipts == "1" {
            cashier(&house, path, view)
        } else {
            house.inside(Role::Cashier, path, view)
        };
        let button = page.find("button", "Cobrar");
        page.loads(|_| button.double_click());
        page.find("heading", &format!("Recibo {receipts}"));
        took(&house, &page, receipts, total);
    }
}

#[test]
fn contracts_of_one_member_and_of_a_neighbour_are_one_receipt() {
    for view in [View::DESK, View::DESK.without_scripts(), View::PHONE] {
        let house = House::open();
        house.with_two_contracts();
        let page = cashier(&house, "/consola/13/socio/202", view);
        page.find("rowheader", "ANA FLORES ROJAS activo Cuenta 201*");
        assert!(!page.find("checkbox", "Factura 601, *").is_checked());
        page.click("checkbox", "Factura 601, *");
        page.click("radio", "Tarjeta");
        page.click("DisclosureTriangle", "Agregar otro socio");
        page.fill(SEARCH, "juan");
        page.follow("button", "Agregar");
        page.find("rowheader", "JUAN CONDORI MAMANI activo Cuenta 000124*");
        for (bill, is_chosen) in [(601, true), (602, false), (603, true), (511, true)] {
            let checkbox = page.find("checkbox", &format!("Factura {bill}, *"));
            assert_eq!(checkbox.is_checked(), is_chosen, "{bill}");
        }
        assert!(page.find("radio", "Tarjeta").is_checked());
        page.sees("A cobrar (3) Bs 177,26");
        page.follow("button", "Cobrar");
        page.find("heading", "Recibo 1");
        page.sees("Total 177,26");
        took(&house, &page, "1", "177,26");
        assert_eq!(page.complaints(), Vec::<String>::new());
    }
}

#[test]
fn a_neighbour_is_added_by_keys_alone_and_enter_there_collects_nothing() {
    let house = House::open();
    let page = cashier(&house, MEMBER, View::DESK);
    page.focuses("button", "Cobrar");
    tab_to(&page, "DisclosureTriangle", "Agregar otro socio");
    page.press(&["Enter"]);
    tab_to(&page, "textbox", SEARCH);
    page.write("condori");
    page.loads(|page| page.press(&["Enter"]));
    page.focuses("button", "JUAN CONDORI MAMANI · 000124");
    page.loads(|page| page.press(&["Enter"]));
    page.find("checkbox", "Factura 511, *");
    took(&house, &page, "0", "0,00");
    page.focuses("button", "Cobrar");
    page.loads(|page| page.press(&["Enter"]));
    page.sees("Total 237,02");
}

#[test]
fn what_is_wrong_has_the_focus() {
    let house = House::open();
    let page = cashier(&house, MEMBER, View::DESK);
    page.fill("Recibe", "1");
    page.follow("button", "Cobrar");
    page.sees("Lo recibido no alcanza.");
    page.focuses("textbox", "Recibe");
    assert_eq!(page.complaints(), Vec::<String>::new());
}

#[test]
fn where_one_is_can_be_seen_on_a_telephone() {
    let house = House::open();
    let page = house.inside(Role::Administrator, "/consola/13/libro", View::PHONE);
    let seen = page.script(
        "(() => {
            const here = document.querySelector('.sections [aria-current]').getBoundingClientRect();
            return here.left >= 0 && here.right <= innerWidth;
        })()",
    );
    assert_eq!(seen, true);
}

/// Sends the form of a page twice, as the page itself would, neither waiting for the other; the path and the
/// heading that each came to.
fn send_twice(page: &Page) -> Vec<(String, String)> {
    let told = page.script(
        "Promise.all([1, 2].map(async () => {
            const form = document.querySelector('form[data-till]');
            const answer = await fetch(form.action, { method: 'POST', body: new URLSearchParams(new FormData(form)) });
            const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
            return [new URL(answer.url).pathname, page.querySelector('h1').textContent];
        }))",
    );
    let word = |at: usize, which: usize| told[at][which].as_str().unwrap().to_owned();
    [0, 1].map(|at| (word(at, 0), word(at, 1))).into()
}

#[test]
fn a_form_that_is_sent_twice_is_answered_twice_and_pays_once() {
    let house = House::open();
    let page = cashier(&house, MEMBER, View::DESK);
    let receipt = ("/consola/13/recibo/1".to_owned(), "Recibo 1".to_owned());
    assert_eq!(send_twice(&page), [receipt.clone(), receipt.clone()]);
    took(&house, &page, "1", "100,26");
    // Whenever it comes: the form that the browser still has.
    assert_eq!(send_twice(&page), [receipt.clone(), receipt]);
    took(&house, &page, "1", "100,26");
}

#[test]
fn what_is_typed_at_the_search_is_searched_wherever_the_focus_is() {
    let house = House::open();
    let page = cashier(&house, "/consola/13/caja", View::DESK);
    for leave in ["document.activeElement.blur()", "document.querySelector('.sections a').focus()"]
    {
        page.script(&format!("{{ document.querySelector('[data-search]').value = ''; {leave} }}"));
        page.write("peña");
        page.focuses("searchbox", SEARCH);
        assert_eq!(page.field(SEARCH).value(), "peña", "after {leave}");
    }
    page.sees("2 resultados");
    page.click("DisclosureTriangle", "Reimprimir un pago");
    page.click("textbox", "Número de cobranza (IdCobranza)");
    page.write("7");
    assert_eq!(page.field("Número de cobranza (IdCobranza)").value(), "7");
}

#[test]
fn the_way_back_and_paying_again_pays_nothing_twice() {
    let house = House::open();
    let page = cashier(&house, "/consola/13/socio/000127", View::DESK);
    page.follow("button", "Cobrar");
    page.find("heading", "Recibo 1");
    page.reload();
    page.find("heading", "Recibo 1");
    page.back();
    if page.has("button", "Cobrar") && page.has("checkbox", "Factura 541, *") {
        page.follow("button", "Cobrar");
        page.find("heading", "Recibo 1");
    } else {
        page.sees("No debe nada.");
    }
    took(&house, &page, "1", "35,10");
}

#[test]
fn two_cashiers_take_a_bill_once() {
    let house = House::open();
    let one = cashier(&house, MEMBER, View::DESK);
    let two = house.inside(Role::Supervisor, "/consola/13/gaveta", View::DESK);
    open_drawer(&two);
    two.go(&house.at(MEMBER));
    one.follow("button", "Cobrar");
    one.find("heading", "Recibo 1");
    two.click("checkbox", "Factura 502, *");
    two.fill("Recibe", "150");
    two.follow("button", "Cobrar");
    two.sees("Factura 501: ya está pagada.");
    assert_eq!(two.field("Recibe").value(), "150", "what was typed stays");
    assert!(two.find("checkbox", "Factura 502, *").is_checked());
    two.follow("button", "Cobrar");
    two.find("heading", "Recibo 2");
    took(&house, &one, "1", "100,26");
    took(&house, &two, "1", "45,70");
}

/// Pays over a connection that is lost once the server has the request, and before its answer arrives.
fn lose_the_answer(house: &House, proxy: &Proxy) -> Page {
    let page = Browser::shared().unwrap().open(View::DESK).unwrap();
    house.sign_in(&page, Role::Cashier);
    page.go(&format!("http://127.0.0.1:{}{MEMBER}", proxy.port()));
    proxy.cut_after(Direction::ToClient, 0, Cut::BlackHoled);
    page.loads(|page| {
        page.click("button", "Cobrar");
        while proxy.is_armed() {
            thread::yield_now();
        }
        proxy.cut(Cut::Closed);
    });
    assert!(page.is_lost());
    proxy.mend();
    page
}

#[test]
fn an_answer_that_is_lost_is_heard_by_repeating_and_pays_once() {
    let house = House::open();
    let other = cashier(&house, "/consola/13/caja", View::DESK);
    let proxy = Proxy::start(house.port()).unwrap();
    let page = lose_the_answer(&house, &proxy);
    took(&house, &other, "1", "100,26");
    // The same form again, which the browser still has.
    page.reload();
    page.find("heading", "Recibo 1");
    took(&house, &other, "1", "100,26");
}

#[test]
fn an_answer_that_is_lost_is_seen_at_the_member_too() {
    let house = House::open();
    let other = cashier(&house, "/consola/13/caja", View::DESK);
    let proxy = Proxy::start(house.port()).unwrap();
    let page = lose_the_answer(&house, &proxy);
    page.go(&house.at(MEMBER));
    page.find("checkbox", "Factura 502, *");
    assert!(!page.has("checkbox", "Factura 501, *"), "it is paid");
    took(&house, &other, "1", "100,26");
}

#[test]
fn a_session_that_ends_in_mid_payment_loses_nothing_and_pays_once() {
    let house = House::open();
    for view in [View::DESK, View::DESK.without_scripts()] {
        let house = if view.has_scripts { &house } else { &House::open() };
        let page = cashier(house, MEMBER, view);
        page.click("checkbox", "Factura 502, *");
        page.fill("Recibe", "200");
        house.wait(21 * 60);
        page.follow("button", "Cobrar");
        page.sees("Su sesión terminó.");
        page.fill("Usuario", name_of(Role::Cashier));
        page.fill("Contraseña", PASSWORD);
        page.follow("button", "Ingresar");
        page.find("heading", "Siga donde estaba");
        for told in
            ["501, 09/2021, 100,26", "502, 10/2021, 45,70", "Medio de pago Efectivo", "Recibe 200"]
        {
            page.sees(told);
        }
        page.follow("button", "Enviarlo ahora");
        page.find("heading", "Recibo 1");
        page.sees("145,96");
        page.sees("54,04");
        took(house, &page, "1", "145,96");
    }
}
