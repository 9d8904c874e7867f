//! The back office: what was collected and is owed, closing days, what collectors hand over, suppliers, and the
//! ledger behind it all.

mod close;
mod download;
mod held;
mod ledger;
mod overview;
mod payables;
mod payments;
mod texts;

use ventanilla_domain::{BusinessDay, CollectorId, Means, Right, business_day};
use ventanilla_service::Collector;

use crate::figures::date_from;
use crate::language::Language;
use crate::routes::{Access, Route, page};
use crate::trouble::Trouble;
use crate::visit::Visit;
use texts::BooksTexts;

const BOOKS: Access = Access::Holder(Right::SeeBooks);
const CLOSE: Access = Access::Holder(Right::CloseDays);
const REMIT: Access = Access::Holder(Right::Remit);
const PAYABLES: Access = Access::Holder(Right::SeePayables);

/// The routes of the back office.
pub(crate) const ROUTES: [Route; 18] = [
    Route::get("/consola/{empresa}/resumen", BOOKS, page!(overview::show)),
    Route::get("/consola/{empresa}/cobranzas", BOOKS, page!(payments::show)),
    Route::get("/consola/{empresa}/cobranzas/lista", BOOKS, page!(payments::list)),
    Route::get("/consola/{empresa}/cobranzas/dia", BOOKS, page!(payments::day)),
    Route::get("/consola/{empresa}/cierre", CLOSE, page!(close::show)),
    Route::post("/consola/{empresa}/cierre", CLOSE, page!(close::close)),
    Route::get("/consola/{empresa}/rendiciones", BOOKS, page!(held::show)),
    Route::get("/consola/{empresa}/rendiciones/lista", BOOKS, page!(held::list)),
    Route::post("/consola/{empresa}/rendiciones", REMIT, page!(held::remit)),
    Route::post("/consola/{empresa}/rendiciones/{rendicion}/revertir", REMIT, page!(held::reverse)),
    Route::get("/consola/{empresa}/proveedores", PAYABLES, page!(payables::suppliers)),
    Route::get("/consola/{empresa}/proveedores/{proveedor}", PAYABLES, page!(payables::supplier)),
    Route::get("/consola/{empresa}/pago-a-proveedor/{pago}", PAYABLES, page!(payables::payout)),
    Route::get("/consola/{empresa}/libro", BOOKS, page!(ledger::accounts)),
    Route::get("/consola/{empresa}/libro/lista", BOOKS, page!(ledger::balances)),
    Route::get("/consola/{empresa}/libro/cuenta/{cuenta}", BOOKS, page!(ledger::account)),
    Route::get("/consola/{empresa}/libro/cuenta/{cuenta}/lista", BOOKS, page!(ledger::movements)),
    Route::get("/consola/{empresa}/libro/asiento/{asiento}", BOOKS, page!(ledger::entry)),
];

/// The company's collectors, by id.
fn collectors(visit: &Visit) -> Result<Vec<Collector>, Trouble> {
    Ok(visit.hall.service.collectors(Some(visit.company()?.id))?)
}

/// The name of a collector.
fn name_of(collectors: &[Collector], id: CollectorId) -> String {
    let found = collectors.iter().find(|collector| collector.id == id);
    found.map_or_else(|| id.to_string(), |collector| collector.name.to_string())
}

/// Today, as the company's days go.
fn today(visit: &Visit) -> Result<BusinessDay, Trouble> {
    Ok(business_day(visit.company()?, visit.now()))
}

/// A day of the query; another where there is none, or none that can be read.
fn day_of(visit: &Visit, name: &str, usual: BusinessDay) -> BusinessDay {
    date_from(visit.query.get(name)).map_or(usual, BusinessDay::from_date)
}

/// The day so many days before another.
fn days_before(day: BusinessDay, days: i64) -> BusinessDay {
    let span = jiff::Span::new().try_days(days).ok();
    let date = span.and_then(|span| day.to_date().checked_sub(span).ok());
    date.map_or(day, BusinessDay::from_date)
}

/// A means of a remittance, as a form sends it, for people; `None` of what is none.
pub(crate) fn means_in_words(code: &str, language: Language) -> Option<String> {
    let means = Means::from_code(code)?;
    Some(means_name(means, BooksTexts::of(language)).to_owned())
}

/// The name of a means by which money comes in or goes out.
const fn means_name(means: Means, t: &'static BooksTexts) -> &'static str {
    match means {
        Means::Cheque => t.cheque,
        Means::DeferredCheque => t.deferred_cheque,
        Means::Transfer => t.transfer,
        Means::Cash => t.cash,
        Means::CreditCard => t.credit_card,
        Means::ThirdPartyCheque => t.third_party_cheque,
    }
}
