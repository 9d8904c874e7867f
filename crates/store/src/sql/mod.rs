//! What SQLite and PostgreSQL have in common: statements, their parameters and their rows, what is read
//! and how each event is written.
//!
//! Statements are in SQLite's form; PostgreSQL's connections put them into their own.

mod days;
mod former;
mod inside;
mod known;
mod ledger;
mod link;
mod loaded;
mod mirror;
mod params;
mod payables;
mod read;
mod row;
pub(crate) mod rows;
mod search;
mod totals;
mod trail;
mod tx;
mod unsealed;
mod users;
mod value;
mod window;

pub(crate) use known::KnownCompanies;
pub(crate) use link::Link;
pub(crate) use loaded::{AttemptKey, Loaded};
pub(crate) use params::Params;
pub(crate) use read::Reads;
pub(crate) use row::Row;
pub(crate) use totals::{Words, make_anew};
pub(crate) use tx::{Held, Hold, SqlTx};
pub(crate) use value::{Value, values};
