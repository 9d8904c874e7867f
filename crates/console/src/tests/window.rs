//! A cashier's day, page by page.

use axum::http::StatusCode;
use ventanilla_domain::Role;

use super::house::{Browser, House, Page};
use crate::fields::Fields;

const MEMBER: &str = "/consola/13/socio/000123";
const OLDER: &str = "501:202109:10026:000123";
const NEWER: &str = "502:202110:4570:000123";

async fn with_drawer(house: &House, role: Role) -> Browser {
    let browser = house.inside(role).await;
    let opened = house.post(&browser, "/consola/13/gaveta/abrir", [("fondo", "100")]).await;
    assert_eq!(opened.location(), "/consola/13/caja?hecho=gaveta-abierta", "{}", opened.text);
    browser
}

async fn take(
    house: &House,
    browser: &Browser,
    attempt: &str,
    bills: &[&str],
    given: &str,
) -> Page {
    let page = house.get(browser, MEMBER).await;
    let key = page.hidden("formulario");
    let mut text = format!("formulario={key}&intento={attempt}&medio=efectivo&recibido={given}");
    for bill in bills {
        text.push_str("&factura=");
        text.push_str(bill);
    }
    house.post_raw(browser, MEMBER, &Fields::read(&text)).await
}

#[tokio::test]
async fn a_member_is_found_by_code_name_and_document() {
    let house = House::open().await;
    let browser = house.inside(Role::Cashier).await;
    for q in ["000123", "pena mar", "4455667", "501"] {
        let page =
            house.get(&browser, &format!("/consola/13/caja?q={}", q.replace(' ', "+"))).await;
        assert_eq!(page.location(), MEMBER, "one is found by {q:?}: {}", page.text);
    }
    let none = house.get(&browser, "/consola/13/caja?q=zzz").await;
    assert!(none.text.contains("Nadie coincide con «zzz».") && none.text.contains("value=\"zzz\""));
    let part = house.get(&browser, "/consola/13/caja?q=juan&parte=1").await;
    assert!(part.text.contains("JUAN CORTADO") && !part.text.contains("<html"), "{}", part.text);
}

#[tokio::test]
async fn nothing_is_taken_without_a_drawer() {
    let house = House::open().await;
    let browser = house.inside(Role::Cashier).await;
    let page = house.get(&browser, MEMBER).await;
    assert!(
        page.text.contains("Para cobrar abra su gaveta") && !page.text.contains("name=\"factura\"")
    );
}

#[tokio::test]
async fn the_oldest_bill_is_chosen_and_a_receipt_comes_of_it_once() {
    let house = House::open().await;
    let browser = with_drawer(&house, Role::Cashier).await;
    let page = house.get(&browser, MEMBER).await;
    let chosen = page
        .text
        .split("<input type=\"checkbox\"")
        .filter(|input| input.split('>').next().is_some_and(|input| input.ends_with(" checked")));
    let chosen: Vec<&str> = chosen.collect();
    assert!(chosen.len() == 1 && chosen[0].contains(OLDER), "{chosen:?}");
    for _ in 0..2 {
        let taken = take(&house, &browser, "abc", &[OLDER, NEWER], "150").await;
        assert_eq!(taken.location(), "/consola/13/recibo/1?hecho=cobrado", "{}", taken.text);
    }
    let receipt = house.get(&browser, "/consola/13/recibo/1?hecho=cobrado").await;
    for part in ["Cobro registrado.", "145,96", "4,04", "MARIA PEÑA LOPEZ", "09/2021", "efectivo"]
    {
        assert!(
            receipt.text.to_lowercase().contains(&part.to_lowercase()),
            "{part}: {}",
            receipt.text
        );
    }
    let member = house.get(&browser, MEMBER).await;
    assert!(member.text.contains("No debe nada."));
    let day = house.get(&browser, "/consola/13/mi-dia").await;
    assert!(
        day.text.contains("/consola/13/recibo/1\">1<") && day.text.contains("Bs 145,96"),
        "{}",
        day.text
    );
    let paper = house.get(&browser, "/consola/13/pago/1/papel?formato=rollo").await;
    assert_eq!(paper.headers["content-type"], "application/pdf");
    assert!(paper.text.starts_with("%PDF"));
}

#[tokio::test]
async fn what_is_wrong_is_told_beside_it_and_what_was_typed_stays() {
    let house = House::open().await;
    let browser = with_drawer(&house, Role::Cashier).await;
    for (bills, given, field, sentence) in [
        (&[][..], "10", "factura", "Elija al menos una factura."),
        (&[NEWER], "45,7,0", "recibido", "Escriba el monto como 1234,56."),
        (&[NEWER], "45,69", "recibido", "Lo recibido no alcanza. A cobrar: Bs 45,70"),
        (&[NEWER, NEWER], "", "factura", "Factura 502: está dos veces."),
        (&["502:202110:4571:000123"], "", "", "Factura 502: cambió mientras tanto"),
        (&["nada"], "", "factura", "Una factura llegó mal escrita."),
    ] {
        let page = take(&house, &browser, "k", bills, given).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{sentence}");
        assert!(page.text.contains(sentence), "{sentence}: {}", page.text);
        assert!(
            field.is_empty() || page.text.contains(&format!("id=\"{field}-error\"")),
            "{sentence}"
        );
        assert_eq!(page.hidden("intento"), "k", "the same attempt goes on");
        assert_eq!(page.text.contains(&format!("value=\"{NEWER}\" data-minor=\"4570\" aria-label=\"Factura 502, 10/2021, 45,70\" checked")), bills.contains(&NEWER), "{sentence}");
        assert!(
            given.is_empty() || page.text.contains(&format!("value=\"{given}\"")),
            "{sentence}"
        );
    }
}

#[tokio::test]
async fn a_receipt_is_reversed_whole_and_a_drawer_is_counted_blind() {
    let house = House::open().await;
    let cashier = with_drawer(&house, Role::Cashier).await;
    take(&house, &cashier, "a", &[OLDER], "").await;
    take(&house, &cashier, "b", &[NEWER], "").await;
    let no_reason = house.post(&cashier, "/consola/13/recibo/2/revertir", [("motivo", " ")]).await;
    assert!(no_reason.text.contains("Escriba el motivo."));
    let undone =
        house.post(&cashier, "/consola/13/recibo/2/revertir", [("motivo", "se equivocó")]).await;
    assert_eq!(undone.location(), "/consola/13/recibo/2?hecho=revertido", "{}", undone.text);
    let again =
        house.post(&cashier, "/consola/13/recibo/2/revertir", [("motivo", "otra vez")]).await;
    assert!(again.text.contains("ya está revertido."), "{}", again.text);
    let open = house.get(&cashier, "/consola/13/gaveta").await;
    assert!(
        open.text.contains("Fondo de cambio") && !open.text.contains("200,26"),
        "{}",
        open.text
    );
    let closed = house.post(&cashier, "/consola/13/gaveta/1/cerrar", [("contado", "200")]).await;
    assert_eq!(closed.location(), "/consola/13/gaveta/1?hecho=gaveta-cerrada", "{}", closed.text);
    let counted = house.get(&cashier, "/consola/13/gaveta/1").await;
    for part in ["Bs 200,26", "Bs 200,00", "Falta", "Bs 0,26"] {
        assert!(counted.text.contains(part), "{part}: {}", counted.text);
    }
    assert!(!counted.text.contains("Aprobar el arqueo"), "somebody else approves");
    let supervisor = house.inside(Role::Supervisor).await;
    let list = house.get(&supervisor, "/consola/13/gavetas?estado=closed").await;
    assert!(list.text.contains("/consola/13/gaveta/1\">1<") && list.text.contains("-0,26"));
    for (browser, section) in [(&cashier, "gaveta"), (&supervisor, "gavetas")] {
        let page = house.get(browser, "/consola/13/gaveta/1").await.text;
        let marked = page.split("<a href=\"").filter(|link| link.contains("aria-current")).count();
        let mark = format!("<a href=\"/consola/13/{section}\" aria-current=\"page\"");
        assert!(page.contains(&mark) && marked == 1, "{section}");
    }
    let approved = house.post(&supervisor, "/consola/13/gaveta/1/aprobar", [("nota", "")]).await;
    assert_eq!(approved.location(), "/consola/13/gaveta/1?hecho=aprobado", "{}", approved.text);
}

#[tokio::test]
async fn a_drawer_that_was_left_open_is_closed_by_a_supervisor_and_says_so() {
    let house = House::open().await;
    let cashier = with_drawer(&house, Role::Cashier).await;
    take(&house, &cashier, "a", &[OLDER], "").await;
    let supervisor = with_drawer(&house, Role::Supervisor).await;
    let (page, close) = ("/consola/13/gaveta/1", "/consola/13/gaveta/1/cerrar");
    let open = house.get(&supervisor, page).await;
    assert!(open.text.contains("en lugar de su cajero") && open.text.contains(close));
    // What is wrong is told at that drawer, not at the supervisor's own.
    let wrong = house.post(&supervisor, close, [("contado", "mucho")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("Gaveta 1</h1>") && wrong.text.contains("value=\"mucho\""));
    let closed = house.post(&supervisor, close, [("contado", "200")]).await;
    assert_eq!(closed.location(), format!("{page}?hecho=gaveta-cerrada"), "{}", closed.text);
    let own = house.get(&cashier, page).await;
    assert!(own.text.contains("<dt>Cerrada por</dt><dd>supervisor</dd>"), "{}", own.text);
    let counted = house.get(&supervisor, page).await;
    assert!(counted.text.contains("Otra persona debe aprobar su arqueo."), "{}", counted.text);
    assert!(!counted.text.contains("Aprobar el arqueo"));
    let refused = house.post(&supervisor, &format!("{page}/aprobar"), [("nota", "")]).await;
    assert!(refused.text.contains("Otra persona debe aprobar su arqueo."), "{}", refused.text);
    let boss = house.inside(Role::Administrator).await;
    let approved = house.post(&boss, &format!("{page}/aprobar"), [("nota", "")]).await;
    assert_eq!(approved.location(), format!("{page}?hecho=aprobado"), "{}", approved.text);
    // The supervisor's own goes on, and is closed at its own page.
    let wrong = house.post(&supervisor, "/consola/13/gaveta/2/cerrar", [("contado", "x")]).await;
    assert!(wrong.text.contains("Gaveta 2</h1>") && wrong.text.contains("Lo esperado se muestra"));
}

/// The bills that a page offers, those that are chosen with a mark.
fn offered(page: &Page) -> String {
    let inputs = page.text.split("name=\"factura\" value=\"").skip(1);
    let told = inputs.map(|input| {
        let (bill, rest) = input.split_once(':').unwrap();
        let is_chosen = rest.split('>').next().unwrap().ends_with(" checked");
        if is_chosen { format!("{bill}*") } else { bill.to_owned() }
    });
    told.collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_member_is_shown_with_all_contracts_that_owe() {
    let house = House::open().await;
    house.with_several_contracts();
    let browser = with_drawer(&house, Role::Cashier).await;
    let page = house.get(&browser, "/consola/13/socio/202").await;
    assert_eq!(offered(&page), "603* 601 602", "what was asked for first, and chosen");
    for told in ["Cuenta 201 · Calle 1", "Cuenta 203", "<td class=\"figure\">100,00</td>"] {
        assert!(page.text.contains(told), "{told}: {}", page.text);
    }
    assert!(!page.text.contains("Cuenta 205"), "it owes nothing");
    let blocked = house.get(&browser, "/consola/13/socio/203").await;
    assert_eq!(offered(&blocked), "601 602 603");
    assert!(blocked.text.contains("data-count>0<"), "a blocked bill is not chosen");
    let alone = house.get(&browser, "/consola/13/socio/204").await;
    assert!(offered(&alone) == "605*" && !alone.text.contains("Cuenta 204"), "{}", alone.text);
}

#[tokio::test]
async fn a_neighbours_bill_is_taken_in_the_same_act_and_nothing_typed_is_lost() {
    let house = House::open().await;
    house.with_several_contracts();
    let browser = with_drawer(&house, Role::Cashier).await;
    let key = house.get(&browser, MEMBER).await.hidden("formulario");
    let typed = format!("formulario={key}&intento=k&medio=tarjeta&recibido=7&factura={NEWER}");
    let send = async |more: &str| {
        house.post_raw(&browser, MEMBER, &Fields::read(&format!("{typed}{more}"))).await
    };
    // By what means nobody, one, or several.
    let none = send("&otro=zzz").await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(none.text.contains("id=\"otro-error\"") && none.text.contains("value=\"zzz\""));
    let several = send("&otro=ana+flores").await;
    assert_eq!((several.status, offered(&several).as_str()), (StatusCode::OK, "501 502*"));
    assert!(several.text.contains("name=\"agregar\" value=\"202\""), "{}", several.text);
    let chosen = send("&otro=ana+flores&agregar=202").await;
    assert_eq!(offered(&chosen), "501 502* 603* 601 602");
    let added = send("&otro=luis").await;
    assert_eq!(offered(&added), "501 502* 605*");
    for kept in [
        "name=\"con\" value=\"204\"",
        "name=\"intento\" value=\"k\"",
        "value=\"tarjeta\" checked",
        "value=\"7\"",
    ] {
        assert!(added.text.contains(kept), "{kept}: {}", added.text);
    }
    // With who was added before, and without choosing theirs again.
    let more = send("&con=204&otro=000124").await;
    assert_eq!(offered(&more), "501 502* 605 503*");
    let day = house.get(&browser, "/consola/13/mi-dia").await;
    assert!(day.text.contains("Hoy no cobró nada todavía."), "looking takes nothing");
    let wrong = send("&con=204&factura=605:202110:4999:204").await;
    assert!(wrong.text.contains("Factura 605: cambió mientras tanto"), "{}", wrong.text);
    assert_eq!(offered(&wrong), "501 502* 605", "who was added is still there");
    let taken = send("&con=204&factura=605:202110:5000:204").await;
    assert_eq!(taken.location(), "/consola/13/recibo/1?hecho=cobrado", "{}", taken.text);
    let receipt = house.get(&browser, "/consola/13/recibo/1").await;
    for told in ["MARIA PEÑA LOPEZ", "LUIS FLORES", "95,70"] {
        assert!(receipt.text.contains(told), "{told}: {}", receipt.text);
    }
}

#[tokio::test]
async fn what_was_done_to_a_drawer_already_leads_to_it() {
    let house = House::open().await;
    let cashier = with_drawer(&house, Role::Cashier).await;
    let supervisor = house.inside(Role::Supervisor).await;
    let (page, much) = ("/consola/13/gaveta/1", "99999999999999999");
    let [close, approve] = ["cerrar", "aprobar"].map(|act| format!("{page}/{act}"));
    let opened = house.post(&cashier, "/consola/13/gaveta/abrir", [("fondo", "100")]).await;
    assert_eq!(opened.location(), "/consola/13/gaveta", "{}", opened.text);
    let early = house.post(&supervisor, &approve, [("nota", "")]).await;
    assert_eq!(early.location(), page, "it is still open: {}", early.text);
    // What is no amount is told at the page of whoever counted: one's own, or that drawer's.
    for (browser, told) in
        [(&cashier, "Lo esperado se muestra"), (&supervisor, "en lugar de su cajero")]
    {
        let wrong = house.post(browser, &close, [("contado", much)]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", wrong.text);
        assert!(wrong.text.contains("id=\"contado-error\"") && wrong.text.contains(told), "{told}");
    }
    for (browser, done) in
        [(&supervisor, "?hecho=gaveta-cerrada"), (&cashier, ""), (&supervisor, "")]
    {
        let closed = house.post(browser, &close, [("contado", "100")]).await;
        assert_eq!(closed.location(), format!("{page}{done}"), "{}", closed.text);
    }
    let boss = house.inside(Role::Administrator).await;
    let long = "x".repeat(500);
    let wrong = house.post(&boss, &approve, [("nota", &long)]).await;
    assert!(
        wrong.text.contains("id=\"nota-error\"") && wrong.text.contains(&long),
        "{}",
        wrong.text
    );
    for done in ["?hecho=aprobado", ""] {
        let approved = house.post(&boss, &approve, [("nota", "")]).await;
        assert_eq!(approved.location(), format!("{page}{done}"), "{}", approved.text);
    }
    let unknown = house.post(&boss, "/consola/13/gaveta/9/cerrar", [("contado", "1")]).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn no_more_than_ten_are_added_to_one_act_and_nobody_twice() {
    let house = House::open().await;
    house.with_several_contracts();
    let browser = with_drawer(&house, Role::Cashier).await;
    let key = house.get(&browser, MEMBER).await.hidden("formulario");
    let send = async |more: &str| {
        let form = format!("formulario={key}&intento=k&medio=efectivo&recibido={more}");
        house.post_raw(&browser, MEMBER, &Fields::read(&form)).await
    };
    for here in ["&otro=000123", "&con=204&otro=luis"] {
        let page = send(here).await;
        assert!(page.text.contains("id=\"otro-error\""), "{here} is there already: {}", page.text);
    }
    let ten = "&con=204".repeat(10);
    let full = send(&format!("{ten}&otro=ana")).await;
    assert_eq!(full.status, StatusCode::OK, "{}", full.text);
    assert!(!full.text.contains("name=\"otro\"") && !full.text.contains("name=\"agregar\""));
}
