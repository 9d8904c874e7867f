//! People, collectors and sessions: each button does what it says, and nothing else.

use axum::http::StatusCode;
use ventanilla_domain::Role;
use ventanilla_service::{Collector, Credentials, User};

use super::house::{Browser, House, PASSWORD, Page};
use crate::Caller;

const PEOPLE: &str = "/consola/13/admin/usuarios";
const COLLECTORS: &str = "/consola/13/admin/recaudadores";
const SESSIONS: &str = "/consola/13/admin/sesiones";

fn user(house: &House, role: Role) -> User {
    let mut all = house.service.users().unwrap().into_iter();
    all.find(|user| user.name.as_str() == role.to_code()).unwrap()
}

async fn is_inside(house: &House, browser: &Browser) -> bool {
    house.get(browser, "/consola/cuenta").await.status == StatusCode::OK
}

async fn may_enter(house: &House, role: Role) -> bool {
    let address = Caller::default().address;
    house.service.enter(role.to_code(), PASSWORD, address).await.is_ok()
}

fn collector(house: &House) -> Collector {
    house.service.collectors(None).unwrap().into_iter().next().unwrap()
}

async fn opens(house: &House, credentials: &Credentials) -> bool {
    house.service.issue_token(credentials, Caller::default().address).await.is_ok()
}

/// What a page shows once.
fn secrets(page: &Page) -> Vec<String> {
    let shown = page.text.split("<dd class=\"secret\">").skip(1);
    shown.map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_is_done_to_somebody_is_what_the_button_says() {
    let house = House::open_without_factors().await;
    let admin = house.inside(Role::Administrator).await;
    let told = async |act: &str| {
        let path = format!("{PEOPLE}/{act}");
        let fields = [("usuario", "cashier"), ("rol", "supervisor")];
        let page = house.post(&admin, &path, fields).await;
        assert_eq!(page.location(), format!("{PEOPLE}?hecho=guardado"), "{act}: {}", page.text);
        let user = user(&house, Role::Cashier);
        let role = user.rights.first().map(|(_, role)| role.to_code());
        (role, user.is_active)
    };
    let browser = house.inside(Role::Cashier).await;
    assert_eq!(told("rol").await, (Some("supervisor"), true));
    assert!(is_inside(&house, &browser).await);
    assert_eq!(told("sesiones").await, (Some("supervisor"), true));
    assert!(!is_inside(&house, &browser).await && is_inside(&house, &admin).await);
    let browser = house.inside(Role::Cashier).await;
    assert_eq!(told("factor").await, (Some("supervisor"), true));
    assert!(!is_inside(&house, &browser).await, "who has to enrol again comes in again");
    assert_eq!(told("desactivar").await, (Some("supervisor"), false));
    assert!(!may_enter(&house, Role::Cashier).await);
    assert_eq!(told("activar").await, (Some("supervisor"), true));
    assert!(may_enter(&house, Role::Cashier).await);
    assert_eq!(told("quitar").await, (None, true));
    assert!(!house.get(&admin, PEOPLE).await.text.contains(">cashier<"));
    let trail = house.get(&admin, "/consola/13/admin/bitacora?quien=administrator").await;
    for act in
        ["user-grant", "session-end", "factor-reset", "user-disable", "user-enable", "user-revoke"]
    {
        let times = trail.text.matches(&format!("title=\"{act}\"")).count();
        assert_eq!(times, 1, "{act}: {}", trail.text);
    }
}

#[tokio::test]
async fn what_cannot_be_done_to_somebody_is_told_and_changes_nothing() {
    let house = House::open_without_factors().await;
    let admin = house.inside(Role::Administrator).await;
    for (act, who, told) in [
        ("/desactivar", "administrator", "No puede hacer esto con su propia cuenta."),
        ("/factor", "administrator", "No puede hacer esto con su propia cuenta."),
        ("/quitar", "administrator", "administrador"),
        ("/rol", "administrator", "administrador"),
        ("/activar", "nadie", "Ya no existe"),
        ("/sesiones", "nadie", "Ya no existe"),
    ] {
        let fields = [("usuario", who), ("rol", "cashier")];
        let page = house.post(&admin, &format!("{PEOPLE}{act}"), fields).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{act} {who}: {}", page.text);
        assert!(page.text.contains(told), "{act} {who}: {}", page.text);
    }
    let user = user(&house, Role::Administrator);
    assert!(user.is_active && user.rights[0].1 == Role::Administrator);
    assert!(is_inside(&house, &admin).await);
    let no_role = [("usuario", "ana"), ("rol", "jefa")];
    assert_eq!(house.post(&admin, PEOPLE, no_role).await.status, StatusCode::BAD_REQUEST);
    let taken = [("usuario", "administrator"), ("rol", "cashier")];
    let taken = house.post(&admin, PEOPLE, taken).await;
    assert!(taken.text.contains("id=\"usuario-error\""), "beside its field: {}", taken.text);
}

#[tokio::test]
async fn a_collectors_keys_are_shown_once_and_open_its_door_as_long_as_is_said() {
    let house = House::open_without_factors().await;
    let admin = house.inside(Role::Administrator).await;
    let new = [("nombre", "Banco"), ("listar", "1")];
    let shown = secrets(&house.post(&admin, COLLECTORS, new).await);
    let [security_code, login, password] = shown.try_into().unwrap();
    let first = Credentials { security_code, login, password };
    assert!(collector(&house).can_list && opens(&house, &first).await);
    let again = house.post(&admin, COLLECTORS, new).await;
    assert!(again.text.contains("id=\"nombre-error\""), "beside its field: {}", again.text);
    assert!(again.text.contains("value=\"Banco\"") && again.text.contains("value=\"1\" checked"));

    let rotate = format!("{COLLECTORS}/clave");
    let page = house.post(&admin, &rotate, [("nombre", "Banco")]).await;
    assert!(page.text.contains("La anterior vale hasta 27/11/2021 12:11"), "{}", page.text);
    let [login, password] = secrets(&page).try_into().unwrap();
    let second = Credentials { login, password, ..first.clone() };
    assert!(opens(&house, &first).await && opens(&house, &second).await);
    let page = house.post(&admin, &rotate, [("nombre", "Banco"), ("ya", "1")]).await;
    assert!(!page.text.contains("La anterior vale hasta"), "{}", page.text);
    let [login, password] = secrets(&page).try_into().unwrap();
    let third = Credentials { login, password, ..first.clone() };
    assert!(!opens(&house, &first).await && !opens(&house, &second).await);
    assert!(opens(&house, &third).await);

    for (act, is_active) in [("desactivar", false), ("activar", true)] {
        let path = format!("{COLLECTORS}/{act}");
        let page = house.post(&admin, &path, [("nombre", "Banco")]).await;
        assert_eq!(page.location(), format!("{COLLECTORS}?hecho=guardado"), "{act}: {}", page.text);
        assert_eq!(collector(&house).is_active, is_active);
        assert_eq!(opens(&house, &third).await, is_active);
        let gone = house.post(&admin, &path, [("nombre", "Kiosco")]).await;
        assert!(gone.text.contains("Ya no existe"), "{act}: {}", gone.text);
    }
    let gone = house.post(&admin, &rotate, [("nombre", "Kiosco")]).await;
    assert!(gone.text.contains("Ya no existe"), "{}", gone.text);
    house.post(&admin, COLLECTORS, [("nombre", "Kiosco")]).await;
    let all = house.service.collectors(None).unwrap();
    assert!(!all[1].can_list, "unless it is said");
}

/// The id in the row of whom a page of sessions names first so.
fn id_of(page: &Page, whose: &str) -> String {
    let (_, row) = page.text.split_once(&format!("\">{whose}<")).unwrap();
    let (_, rest) = row.split_once("name=\"id\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_session_and_a_token_are_ended_and_no_other() {
    let house = House::open_without_factors().await;
    let admin = house.inside(Role::Administrator).await;
    let (cashier, supervisor) =
        (house.inside(Role::Cashier).await, house.inside(Role::Supervisor).await);
    let new = [("nombre", "Banco")];
    let shown = secrets(&house.post(&admin, COLLECTORS, new).await);
    let [security_code, login, password] = shown.try_into().unwrap();
    let credentials = Credentials { security_code, login, password };
    let address = Caller::default().address;
    let token = house.service.issue_token(&credentials, address).await.unwrap().token;
    let page = house.get(&admin, SESSIONS).await;
    for (act, whose) in [("terminar", "cashier"), ("acceso", "Banco")] {
        let path = format!("{SESSIONS}/{act}");
        let id = id_of(&page, whose);
        let ended = house.post(&admin, &path, [("id", &id)]).await;
        assert_eq!(ended.location(), format!("{SESSIONS}?hecho=guardado"), "{}", ended.text);
        let again = house.post(&admin, &path, [("id", &id)]).await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "{act}: {}", again.text);
        let none = house.post(&admin, &path, [("id", "nada")]).await;
        assert_eq!(none.status, StatusCode::BAD_REQUEST, "{act}");
        assert_eq!(house.service.session(&token).is_ok(), whose == "cashier", "{act}");
    }
    assert!(!is_inside(&house, &cashier).await && is_inside(&house, &supervisor).await);
    assert!(is_inside(&house, &admin).await);
    let page = house.get(&admin, SESSIONS).await;
    assert!(!page.text.contains("\">Banco<") && !page.text.contains("\">cashier<"));
}
