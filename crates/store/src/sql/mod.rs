//! What SQLite and PostgreSQL have in common: statements, their parameters and their rows.

mod row;
mod value;

pub(crate) use row::Row;
pub(crate) use value::{Value, values};
