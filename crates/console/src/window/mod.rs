//! The window: who owes what, taking it, the papers, and the drawer it goes into.

mod beside;
mod drawers;
mod member;
mod my_day;
mod payment;
mod receipt;
mod search;
mod take;
mod texts;

use ventanilla_domain::{ContractState, Right, WindowMeans};

use crate::language::Language;
use crate::routes::{Access, Route, page};
use texts::WindowTexts;

const MEMBERS: Access = Access::Holder(Right::SeeMembers);
const COLLECT: Access = Access::Holder(Right::Collect);
const APPROVE: Access = Access::Holder(Right::ApproveDrawers);

/// The routes of the window.
pub(crate) const ROUTES: [Route; 16] = [
    Route::get("/consola/{empresa}/caja", MEMBERS, page!(search::show)),
    Route::get("/consola/{empresa}/socio/{codigo}", MEMBERS, page!(member::show)),
    Route::post("/consola/{empresa}/socio/{codigo}", COLLECT, page!(take::take)),
    Route::get("/consola/{empresa}/recibo/{recibo}", MEMBERS, page!(receipt::show)),
    Route::get("/consola/{empresa}/recibo/{recibo}/papel", MEMBERS, page!(receipt::paper)),
    Route::post(
        "/consola/{empresa}/recibo/{recibo}/revertir",
        Access::Holder(Right::ReverseOwn),
        page!(receipt::reverse),
    ),
    Route::get("/consola/{empresa}/mi-dia", COLLECT, page!(my_day::show)),
    Route::get("/consola/{empresa}/gaveta", COLLECT, page!(drawers::own)),
    Route::post("/consola/{empresa}/gaveta/abrir", COLLECT, page!(drawers::open)),
    Route::get("/consola/{empresa}/gaveta/{gaveta}", COLLECT, page!(drawers::show)),
    Route::post("/consola/{empresa}/gaveta/{gaveta}/cerrar", COLLECT, page!(drawers::close)),
    Route::post("/consola/{empresa}/gaveta/{gaveta}/aprobar", APPROVE, page!(drawers::approve)),
    Route::get("/consola/{empresa}/gavetas", APPROVE, page!(drawers::list)),
    Route::get("/consola/{empresa}/pago", MEMBERS, page!(payment::find)),
    Route::get("/consola/{empresa}/pago/{pago}", MEMBERS, page!(payment::show)),
    Route::get("/consola/{empresa}/pago/{pago}/papel", MEMBERS, page!(payment::paper)),
];

/// A word on a badge, and the badge's class.
type Badge = (&'static str, &'static str);

/// The state of a contract.
const fn state_of(state: ContractState, t: &'static WindowTexts) -> Badge {
    match state {
        ContractState::Active => (t.active, " good"),
        ContractState::Cut => (t.cut, " warn"),
        ContractState::Blocked => (t.blocked, " bad"),
        ContractState::Ended => (t.ended, ""),
    }
}

/// A name and a value.
type Fact = (&'static str, String);

/// A fact, where there is one.
fn fact(name: &'static str, value: Option<impl ToString>) -> Option<Fact> {
    value.map(|value| (name, value.to_string()))
}

/// A bill that was chosen, as a form sends it, for people; `None` of what is none.
pub(crate) fn bill_in_words(field: &str) -> Option<String> {
    member::SeenBill::from_field(field).map(|seen| seen.to_words())
}

/// A means of payment, as a form sends it, for people; `None` of what is none.
pub(crate) fn means_in_words(word: &str, language: Language) -> Option<String> {
    let means = take::means_of(word)?;
    Some(means_name(means, WindowTexts::of(language)).to_owned())
}

/// The name of a means of payment.
const fn means_name(means: WindowMeans, t: &'static WindowTexts) -> &'static str {
    match means {
        WindowMeans::Cash => t.cash,
        WindowMeans::Card => t.card,
        WindowMeans::Transfer => t.transfer,
        WindowMeans::Qr => t.qr,
    }
}
