//! The way in: signing in, the second factor, invitations, one's own account, and which company.

mod account;
mod factor;
mod invitation;
mod kept;
mod labels;
mod password;
mod sign_in;
mod texts;

use askama::Template;
use axum::http::HeaderValue;
use axum::http::header::SET_COOKIE;
use ventanilla_domain::{Right, Role};

pub(crate) use factor::asked_for_proof;
pub(crate) use sign_in::asked_to_sign_in;

use crate::answer::{self, Answer};
use crate::cookies::Cookie;
use crate::frame::{Done, Frame, FrameTexts, role_name};
use crate::language::Language;
use crate::routes::{Access, Route, page};
use crate::trouble::Trouble;
use crate::visit::{Visit, own_path};
use texts::EntryTexts;

/// The routes of the way in.
pub(crate) const ROUTES: [Route; 16] = [
    Route::get("/consola", Access::Everybody, page!(start)),
    Route::get("/consola/", Access::Everybody, page!(start)),
    Route::get("/consola/ingreso", Access::Everybody, page!(sign_in::show)),
    Route::post("/consola/ingreso", Access::Everybody, page!(sign_in::enter)),
    Route::get("/consola/segundo-factor", Access::Inside, page!(factor::show)),
    Route::post("/consola/segundo-factor", Access::Inside, page!(factor::prove)),
    Route::post("/consola/segundo-factor/alta", Access::Inside, page!(factor::enrol)),
    Route::post("/consola/segundo-factor/confirmar", Access::Inside, page!(factor::confirm)),
    Route::get("/consola/ingreso/{invitacion}", Access::Everybody, page!(invitation::show)),
    Route::post("/consola/ingreso/{invitacion}", Access::Everybody, page!(invitation::take)),
    Route::get("/consola/cuenta", Access::Inside, page!(account::show)),
    Route::post("/consola/cuenta/clave", Access::Inside, page!(account::change_password)),
    Route::post("/consola/salir", Access::Inside, page!(leave)),
    Route::post("/consola/idioma", Access::Everybody, page!(change_language)),
    Route::get("/consola/empresas", Access::Inside, page!(companies)),
    Route::get("/consola/{empresa}", Access::Company, page!(company_home)),
];

/// What is no page.
pub(crate) static MISSING: Route =
    Route::get("/consola/{*resto}", Access::Everybody, page!(missing));

async fn missing(_: &Visit) -> Answer {
    Err(Trouble::Missing)
}

/// The first page: for those outside, the way in; for those inside, their company.
async fn start(visit: &Visit) -> Answer {
    let Some(inside) = &visit.inside else { return answer::see("/consola/ingreso") };
    match inside.stations.as_slice() {
        [station] => answer::see(&format!("/consola/{}", station.company.id.to_i64())),
        _ => answer::see("/consola/empresas"),
    }
}

/// Where somebody begins the day.
async fn company_home(visit: &Visit) -> Answer {
    let takes_money = visit.may(Right::Collect) && visit.role() != Some(Role::Administrator);
    let rest = if takes_money || !visit.may(Right::SeeBooks) { "/caja" } else { "/resumen" };
    answer::see(&visit.to_path(rest))
}

async fn leave(visit: &Visit) -> Answer {
    let key = visit.inside()?.key();
    match visit.hall.service.leave(key, visit.caller.address).await {
        Ok(()) | Err(ventanilla_service::Failure::Refused(_)) => {}
        Err(failure) => return Err(crate::trouble::of_failure(failure, |_| Trouble::SessionOver)),
    }
    with_cookie(answer::see(&Done::Ended.at("/consola/ingreso")), Cookie::Session, "", visit)
}

async fn change_language(visit: &Visit) -> Answer {
    let language = Language::from_tag(visit.form.get("idioma")).ok_or(Trouble::Malformed)?;
    let back = own_path(visit.form.get("volver")).unwrap_or("/consola/");
    with_cookie(answer::see(back), Cookie::Language, language.to_tag(), visit)
}

/// An answer that keeps a cookie.
fn with_cookie(answer: Answer, cookie: Cookie, value: &str, visit: &Visit) -> Answer {
    let mut response = answer?;
    let kept: HeaderValue = cookie.keep(value, visit.caller.is_private);
    response.headers_mut().append(SET_COOKIE, kept);
    Ok(response)
}

#[derive(Debug, Template)]
#[template(path = "entry/companies.html")]
struct CompaniesPage {
    frame: Frame,
    t: &'static EntryTexts,
    /// Path, name, role.
    companies: Vec<(String, String, &'static str)>,
}

async fn companies(visit: &Visit) -> Answer {
    let (t, roles) = (EntryTexts::of(visit.language), FrameTexts::of(visit.language));
    let stations = visit.inside()?.stations.iter();
    let companies = stations.map(|station| {
        let path = format!("/consola/{}", station.company.id.to_i64());
        (path, station.company.name.to_string(), role_name(station.role, roles))
    });
    let frame = visit.frame(t.companies).narrow();
    answer::page(&CompaniesPage { frame, t, companies: companies.collect() })
}
