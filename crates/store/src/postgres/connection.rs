use super::DatabaseAddress;
use crate::sql::{Row, Value};
use crate::{Digest, OpenError, StoreError};

#[derive(Debug)]
pub(crate) enum PgConnection {}

#[derive(Debug, Clone)]
pub(crate) enum PgValue<'v> {
    One(Value<'v>),
    Ints(Vec<i64>),
    MaybeInts(Vec<Option<i64>>),
    Texts(Vec<String>),
    MaybeTexts(Vec<Option<String>>),
    Digests(Vec<Digest>),
}

impl PgConnection {
    pub(crate) fn connect(_: &DatabaseAddress) -> Result<Self, OpenError> {
        todo!()
    }
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
    pub(crate) fn queue(&self, _sql: &str) -> Result<(), StoreError> {
        match *self {}
    }
    pub(crate) fn simple(&self, _sql: &str) -> Result<(), StoreError> {
        match *self {}
    }
    pub(crate) fn send_end(&self, _sql: &str) {
        match *self {}
    }
    pub(crate) fn lose(&self) {
        match *self {}
    }
    pub(crate) fn is_lost(&self) -> bool {
        match *self {}
    }
    pub(crate) fn copy_in(
        &self,
        _: &str,
        _: &mut dyn FnMut(&mut Vec<u8>) -> Result<bool, StoreError>,
    ) -> Result<u64, StoreError> {
        match *self {}
    }
    pub(crate) fn run_many(&self, _: &[(&str, &[PgValue<'_>])]) -> Result<Vec<u64>, StoreError> {
        match *self {}
    }
    pub(crate) fn query_many(
        &self,
        _: &[(&str, &[PgValue<'_>])],
    ) -> Result<Vec<Vec<tokio_postgres::Row>>, StoreError> {
        match *self {}
    }
}
