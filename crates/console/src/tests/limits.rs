//! What collectors may take, on the administrator's page and the accountant's.

use axum::http::StatusCode;
use ventanilla_domain::{
    BillId, CollectorLimits, CompanyId, ContractCode, Currency, Label, Money, Period, Place, Role,
};
use ventanilla_service::{Credentials, NewCollector, PayRequest};

use super::house::House;
use crate::Caller;

const PAGE: &str = "/consola/13/admin/recaudadores";
const FORM: &str = "/consola/13/admin/recaudadores/limites";
const HELD: &str = "/consola/13/rendiciones";

async fn add(house: &House, name: &str) -> Credentials {
    let (company, name) = (CompanyId::from_i64(13).unwrap(), Label::from_text(name).unwrap());
    let new = NewCollector { company, name, can_list: false, credentials: None };
    house.service.add_collector(new).await.unwrap().1
}

/// Pays 45.70.
async fn pay(house: &House, credentials: &Credentials) {
    let address = Caller::default().address;
    let token = house.service.issue_token(credentials, address).await.unwrap().token;
    let request = PayRequest {
        bill: BillId::from_i64(502).unwrap(),
        period: Period::from_yyyymm(202_110).unwrap(),
        contract: ContractCode::from_text("000123").unwrap(),
        amount_minor: 4_570,
        caller_reference: None,
        caller_key: None,
        place: Place::default(),
    };
    house.service.pay_by_token(&token, request).await.unwrap();
}

fn limits(house: &House) -> Vec<CollectorLimits> {
    let all = house.service.collectors(None).unwrap();
    all.into_iter().map(|collector| collector.limits).collect()
}

#[tokio::test]
async fn limits_are_set_and_lifted_and_what_is_wrong_is_told_beside_its_field() {
    let house = House::open().await;
    add(&house, "Banco \"Uno\" & Co").await;
    add(&house, "Kiosco").await;
    let admin = house.inside(Role::Administrator).await;
    let page = house.get(&admin, PAGE).await;
    assert_eq!(page.text.matches(">sin límite<").count(), 4, "{}", page.text);
    let bob = |minor| Some(Money::from_minor(minor, Currency::BOB));
    let of = |payment_max, held_max| CollectorLimits::new(payment_max, held_max).unwrap();
    for (most, held, expected) in [
        ("5.000,00", "100000", of(bob(500_000), bob(10_000_000))),
        ("", "0,01", of(None, bob(1))),
        ("1234.5", "", of(bob(123_450), None)),
        ("", "", CollectorLimits::NONE),
        ("5.000,00", "100000", of(bob(500_000), bob(10_000_000))),
    ] {
        let fields = [("recaudador", "Kiosco"), ("maximo", most), ("cupo", held)];
        let saved = house.post(&admin, FORM, fields).await;
        assert_eq!(saved.location(), format!("{PAGE}?hecho=guardado"), "{}", saved.text);
        assert_eq!(limits(&house), [CollectorLimits::NONE, expected]);
    }
    let page = house.get(&admin, PAGE).await;
    for part in [
        "data-label=\"Máximo por pago\">5.000,00<",
        "data-label=\"Cupo\">100.000,00<",
        "value=\"100.000,00\"",
    ] {
        assert!(page.text.contains(part), "{part}: {}", page.text);
    }
    for (most, held, field, other) in [
        ("mucho", "7", "maximo-2-error", "value=\"7\""),
        ("7", "1.5.0", "cupo-2-error", "value=\"7\""),
        ("0", "7", "maximo-2-error", "value=\"7\""),
        ("7", "0,00", "cupo-2-error", "value=\"7\""),
    ] {
        let fields = [("recaudador", "Kiosco"), ("maximo", most), ("cupo", held)];
        let wrong = house.post(&admin, FORM, fields).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{most} {held}");
        assert_eq!(wrong.text.matches("class=\"wrong\"").count(), 1, "{most} {held}");
        assert!(wrong.text.contains(&format!("id=\"{field}\"")), "{most} {held}: {}", wrong.text);
        assert!(wrong.text.contains(other), "{most} {held}: what was typed is lost");
        assert_eq!(wrong.text.matches("<details open>").count(), 1, "the form is open");
        assert_eq!(limits(&house)[1], of(bob(500_000), bob(10_000_000)), "and nothing changes");
    }
    let gone = [("recaudador", "nadie"), ("maximo", ""), ("cupo", "1")];
    let gone = house.post(&admin, FORM, gone).await;
    assert!(gone.text.contains("Ya no existe"), "{}", gone.text);
}

#[tokio::test]
async fn each_field_of_a_row_says_whose_it_is() {
    let house = House::open().await;
    add(&house, "Banco").await;
    add(&house, "Kiosco").await;
    let admin = house.inside(Role::Administrator).await;
    let page = house.get(&admin, PAGE).await;
    for (row, name) in [(1, "Banco"), (2, "Kiosco")] {
        for field in ["maximo", "cupo"] {
            assert_eq!(page.text.matches(&format!("id=\"{field}-{row}\"")).count(), 1);
            assert_eq!(page.text.matches(&format!("for=\"{field}-{row}\"")).count(), 1);
        }
        let whose = format!("<span class=\"hidden-text\"> {name}</span></label>");
        assert_eq!(page.text.matches(&whose).count(), 2, "{name}: {}", page.text);
    }
}

#[tokio::test]
async fn what_is_held_stands_beside_what_may_be_held() {
    let house = House::open().await;
    let bank = add(&house, "Banco").await;
    pay(&house, &bank).await;
    let (admin, accountant) =
        (house.inside(Role::Administrator).await, house.inside(Role::Accountant).await);
    let page = house.get(&accountant, HELD).await;
    assert!(!page.text.contains("Le queda"), "nobody has a limit: {}", page.text);
    for (held_max, left, is_above) in
        [("100", "54,30", false), ("45,70", "0,00", false), ("40", "-5,70", true)]
    {
        let fields = [("recaudador", "Banco"), ("maximo", ""), ("cupo", held_max)];
        house.post(&admin, FORM, fields).await;
        let page = house.get(&accountant, HELD).await;
        for part in ["data-label=\"Cupo\"", &format!("data-label=\"Le queda\">{left}</td>")] {
            assert!(page.text.contains(part), "{held_max} lacks {part}: {}", page.text);
        }
        assert_eq!(page.text.contains("sobre el cupo"), is_above, "{held_max}");
    }
    let page = house.get(&admin, PAGE).await;
    let link = format!("<a href=\"{HELD}\" aria-label=\"Tiene 45,70, Banco\">45,70</a>");
    assert!(page.text.contains(&link), "{}", page.text);
}

#[tokio::test]
async fn the_companys_own_window_has_no_limits_to_change() {
    let house = House::open().await;
    add(&house, "Banco").await;
    let admin = house.inside(Role::Administrator).await;
    house.post(&admin, "/consola/13/gaveta/abrir", [("fondo", "0")]).await;
    let fields = [("factura", "501:202109:10026:000123"), ("medio", "qr"), ("intento", "a")];
    house.post(&admin, "/consola/13/socio/000123", fields).await;
    let page = house.get(&admin, PAGE).await;
    assert!(page.text.contains(">ventanilla</td>"), "{}", page.text);
    assert_eq!(page.text.matches("name=\"maximo\"").count(), 1, "the bank's: {}", page.text);
}
