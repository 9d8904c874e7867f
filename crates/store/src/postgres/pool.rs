//! The connections of a store, kept open from one transaction to the next.

use std::sync::{Arc, Mutex, PoisonError};

use super::{DatabaseAddress, PgConnection};
use crate::{OpenError, StoreError};

#[derive(Debug, Clone)]
pub(super) struct Pool {
    address: DatabaseAddress,
    shelf: Arc<Mutex<Shelf>>,
}

/// Connections that nobody uses.
#[derive(Debug, Default)]
struct Shelf {
    free: Vec<PgConnection>,
    /// How often a connection was lost: those that were made before are not kept, as whatever cut one off
    /// has most likely cut off the others, and each would be waited for.
    losses: u64,
}

/// A connection that goes back to its pool.
#[derive(Debug)]
pub(super) struct Pooled {
    connection: Option<PgConnection>,
    losses: u64,
    shelf: Arc<Mutex<Shelf>>,
}

impl std::ops::Deref for Pooled {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        self.connection.as_ref().expect("it is taken out when this is dropped")
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        if self.losses != shelf.losses {
            return;
        }
        if connection.is_lost() {
            shelf.losses += 1;
            shelf.free.clear();
        } else {
            shelf.free.push(connection);
        }
    }
}

impl Pool {
    pub(super) fn new(address: DatabaseAddress) -> Self {
        Self { address, shelf: Arc::default() }
    }

    pub(super) fn take(&self) -> Result<Pooled, StoreError> {
        let (ready, losses) = {
            let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
            (shelf.free.pop(), shelf.losses)
        };
        let connection = match ready {
            Some(connection) => connection,
            None => PgConnection::connect(&self.address).map_err(|error| match error {
                OpenError::Store(error) => error,
                other => StoreError::Unreachable(other.into()),
            })?,
        };
        Ok(Pooled { connection: Some(connection), losses, shelf: Arc::clone(&self.shelf) })
    }
}
