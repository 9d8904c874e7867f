use super::{DatabaseAddress, PgConnection};
use crate::StoreError;
#[derive(Debug)]
pub(crate) struct Pool;
#[derive(Debug)]
pub(crate) struct Pooled(PgConnection);
impl std::ops::Deref for Pooled {
    type Target = PgConnection;
    fn deref(&self) -> &PgConnection {
        &self.0
    }
}
impl Pool {
    pub(crate) fn new(_: DatabaseAddress) -> Self {
        Self
    }
    pub(crate) fn take(&self) -> Result<Pooled, StoreError> {
        todo!()
    }
}
