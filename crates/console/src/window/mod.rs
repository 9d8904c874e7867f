//! The window: who owes what, taking it, the papers, and the drawer it goes into.

mod member;
mod payment;
mod search;
mod texts;

use ventanilla_domain::{ContractState, Right};

use crate::routes::{Access, Route, page};
use texts::WindowTexts;

const MEMBERS: Access = Access::Holder(Right::SeeMembers);

/// The routes of the window.
pub(crate) const ROUTES: [Route; 5] = [
    Route::get("/consola/{empresa}/caja", MEMBERS, page!(search::show)),
    Route::get("/consola/{empresa}/socio/{codigo}", MEMBERS, page!(member::show)),
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
