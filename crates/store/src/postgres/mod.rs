//! The store in PostgreSQL.

mod address;

pub use address::{AddressError, DatabaseAddress};
