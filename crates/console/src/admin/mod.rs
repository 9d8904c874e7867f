//! Administration: the company, its collectors and people, what they did, and how the service is.

mod acts;
mod collectors;
mod company;
mod health;
mod import;
mod limits;
mod logo;
mod people;
mod refusal;
mod revenue;
mod sessions;
mod texts;
mod trail;

use std::borrow::Cow;

use ventanilla_domain::Right;
use ventanilla_service::Administration;

use crate::answer::{self, Answer};
use crate::frame::{Done, Section};
use crate::language::Language;
use crate::routes::{Access, Route, page};
use crate::trouble::Trouble;
use crate::visit::Visit;
use texts::AdminTexts;

const ADMIN: Access = Access::Holder(Right::Administer);

/// The routes of administration.
pub(crate) const ROUTES: [Route; 29] = [
    Route::get("/consola/{empresa}/admin", ADMIN, page!(start)),
    Route::get("/consola/{empresa}/admin/empresa", ADMIN, page!(company::show)),
    Route::post("/consola/{empresa}/admin/empresa", ADMIN, page!(company::save)),
    Route::post("/consola/{empresa}/admin/empresa/ingresos", ADMIN, page!(revenue::save)),
    Route::get("/consola/{empresa}/logo", Access::Company, page!(logo::show)),
    Route::upload("/consola/{empresa}/admin/empresa/logo", ADMIN, page!(logo::save)),
    Route::post("/consola/{empresa}/admin/empresa/logo/quitar", ADMIN, page!(logo::remove)),
    Route::get("/consola/{empresa}/admin/importar", ADMIN, page!(import::show)),
    Route::upload("/consola/{empresa}/admin/importar", ADMIN, page!(import::check)),
    Route::post("/consola/{empresa}/admin/importar/guardar", ADMIN, page!(import::keep)),
    Route::get("/consola/{empresa}/admin/recaudadores", ADMIN, page!(collectors::show)),
    Route::post("/consola/{empresa}/admin/recaudadores", ADMIN, page!(collectors::add)),
    Route::post("/consola/{empresa}/admin/recaudadores/clave", ADMIN, page!(collectors::rotate)),
    Route::post(
        "/consola/{empresa}/admin/recaudadores/desactivar",
        ADMIN,
        page!(collectors::disable),
    ),
    Route::post("/consola/{empresa}/admin/recaudadores/limites", ADMIN, page!(limits::save)),
    Route::post("/consola/{empresa}/admin/recaudadores/activar", ADMIN, page!(collectors::enable)),
    Route::get("/consola/{empresa}/admin/usuarios", ADMIN, page!(people::show)),
    Route::post("/consola/{empresa}/admin/usuarios", ADMIN, page!(people::invite)),
    Route::post("/consola/{empresa}/admin/usuarios/rol", ADMIN, page!(people::set_role)),
    Route::post("/consola/{empresa}/admin/usuarios/quitar", ADMIN, page!(people::remove)),
    Route::post("/consola/{empresa}/admin/usuarios/desactivar", ADMIN, page!(people::disable)),
    Route::post("/consola/{empresa}/admin/usuarios/activar", ADMIN, page!(people::enable)),
    Route::post("/consola/{empresa}/admin/usuarios/factor", ADMIN, page!(people::reset_factor)),
    Route::post("/consola/{empresa}/admin/usuarios/sesiones", ADMIN, page!(people::end_sessions)),
    Route::get("/consola/{empresa}/admin/sesiones", ADMIN, page!(sessions::show)),
    Route::post("/consola/{empresa}/admin/sesiones/terminar", ADMIN, page!(sessions::end)),
    Route::post("/consola/{empresa}/admin/sesiones/acceso", ADMIN, page!(sessions::revoke)),
    Route::get("/consola/{empresa}/admin/bitacora", ADMIN, page!(trail::show)),
    Route::get("/consola/{empresa}/admin/salud", ADMIN, page!(health::show)),
];

async fn start(visit: &Visit) -> Answer {
    answer::see(&visit.to_path("/admin/empresa"))
}

/// The parts of administration, of which one is at hand.
fn parts(visit: &Visit) -> Vec<Section> {
    let t = AdminTexts::of(visit.language);
    let all = [
        ("/admin/empresa", "window", t.company),
        ("/admin/importar", "down", t.import),
        ("/admin/recaudadores", "hand", t.collectors),
        ("/admin/usuarios", "person", t.users),
        ("/admin/sesiones", "lock", t.sessions),
        ("/admin/bitacora", "list", t.trail),
        ("/admin/salud", "good", t.health),
    ];
    all.into_iter()
        .map(|(rest, icon, name)| {
            let is_here = visit.route.path.starts_with(&format!("/consola/{{empresa}}{rest}"));
            Section { path: visit.to_path(rest), icon, name, is_here }
        })
        .collect()
}

/// What a setting of the company or of a collector is called; `None` of what is none.
pub(crate) fn setting_label(key: &str, language: Language) -> Option<Cow<'static, str>> {
    let t = AdminTexts::of(language);
    let label = company::label(key, t).or_else(|| limits::label(key, t));
    label.map(Cow::Borrowed).or_else(|| revenue::label(key, t))
}

/// The acts of administration, by whoever asks.
fn administration(visit: &Visit) -> Result<Administration<'_>, Trouble> {
    Ok(visit.hall.service.administer(visit.station()?))
}

/// Back to a page that tells that it was done.
fn done(visit: &Visit, rest: &str) -> Answer {
    answer::see(&Done::Saved.at(&visit.to_path(rest)))
}
