//! The store in PostgreSQL.

#![cfg_attr(not(test), expect(dead_code, reason = "the store over these connections comes next"))]

mod address;
mod connection;
mod error;
#[cfg(test)]
mod rig;
mod tls;
mod translate;
mod value;

use std::convert::Infallible;

use ventanilla_domain::CompanyId;

pub use address::{AddressError, DatabaseAddress};
pub(crate) use connection::PgConnection;

use crate::sql::Link;
use crate::{CommitError, Keys, StoreError};

/// A transaction of its own: still to come.
#[derive(Debug)]
pub(crate) struct Own<'a> {
    connection: &'a PgConnection,
    never: Infallible,
}

impl Own<'_> {
    pub(crate) fn link(&self) -> Link<'_> {
        Link::Postgres(self.connection)
    }

    pub(crate) fn take(&mut self, _company: CompanyId, _keys: &Keys) -> Result<(), StoreError> {
        match self.never {}
    }

    pub(crate) fn commit(self) -> Result<(), CommitError> {
        match self.never {}
    }
}
