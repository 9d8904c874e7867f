//! The store in PostgreSQL.

mod address;

use ventanilla_domain::CompanyId;

pub use address::{AddressError, DatabaseAddress};

use crate::sql::{Link, Row, Value};
use crate::{CommitError, Keys, StoreError};

#[derive(Debug)]
pub(crate) enum PgConnection {}

impl PgConnection {
    pub(crate) fn each<E: From<StoreError>>(
        &self,
        _sql: &str,
        _values: &[Value<'_>],
        _visit: &mut dyn FnMut(Row<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        match *self {}
    }

    pub(crate) fn run(&self, _sql: &str, _values: &[Value<'_>]) -> Result<u64, StoreError> {
        match *self {}
    }
}

#[derive(Debug)]
pub(crate) struct Own<'a> {
    connection: &'a PgConnection,
}

impl Own<'_> {
    pub(crate) fn link(&self) -> Link<'_> {
        Link::Postgres(self.connection)
    }

    pub(crate) fn take(&mut self, _company: CompanyId, _keys: &Keys) -> Result<(), StoreError> {
        match *self.connection {}
    }

    pub(crate) fn commit(self) -> Result<(), CommitError> {
        match *self.connection {}
    }
}
