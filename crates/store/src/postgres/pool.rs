use std::sync::{Arc, Mutex, PoisonError};

use super::{DatabaseAddress, PgConnection};
use crate::{OpenError, StoreError};

#[derive(Debug, Clone)]
pub(super) struct Pool {
    address: DatabaseAddress,
    free: Arc<Mutex<Vec<PgConnection>>>,
}

#[derive(Debug)]
pub(super) struct Pooled {
    connection: Option<PgConnection>,
    free: Arc<Mutex<Vec<PgConnection>>>,
}

impl std::ops::Deref for Pooled {
    type Target = PgConnection;
    fn deref(&self) -> &PgConnection {
        self.connection.as_ref().expect("taken out when dropped")
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take().filter(|it| !it.is_lost()) {
            self.free.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }
}

impl Pool {
    pub(super) fn new(address: DatabaseAddress) -> Self {
        Self { address, free: Arc::default() }
    }
    pub(super) fn take(&self) -> Result<Pooled, StoreError> {
        let ready = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match ready {
            Some(connection) => connection,
            None => PgConnection::connect(&self.address).map_err(|error| match error {
                OpenError::Store(error) => error,
                other => StoreError::Unreachable(other.into()),
            })?,
        };
        Ok(Pooled { connection: Some(connection), free: Arc::clone(&self.free) })
    }
}
