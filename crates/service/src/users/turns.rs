//! The same credentials at once: one call proves them, the others wait for what comes of it. An accounting
//! system that opens forty connections after a restart costs one slow hash, not forty.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::OwnedMutexGuard;
use ventanilla_store::Digest;

type Turn = tokio::sync::Mutex<()>;

/// Whose turn it is, by a keyed hash of the credentials.
#[derive(Debug, Default)]
pub(super) struct Turns {
    of: Mutex<HashMap<Digest, Weak<Turn>>>,
}

impl Turns {
    /// Waits until nobody else proves these credentials.
    pub(super) async fn take(&self, credentials: Digest) -> OwnedMutexGuard<()> {
        self.of(credentials).lock_owned().await
    }

    fn of(&self, credentials: Digest) -> Arc<Turn> {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = of.get(&credentials).and_then(Weak::upgrade) {
            return turn;
        }
        of.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::default();
        of.insert(credentials, Arc::downgrade(&turn));
        turn
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn equal_credentials_take_turns_and_others_do_not_wait() {
        let turns = Turns::default();
        let first = turns.take([1; 32]).await;
        drop(turns.take([2; 32]).await);
        let second = timeout(Duration::from_millis(20), turns.take([1; 32]));
        assert!(second.await.is_err(), "it waits");
        drop(first);
        drop(turns.take([1; 32]).await);
        drop(turns.take([3; 32]).await);
        assert_eq!(turns.of.lock().unwrap().len(), 1, "who has gone is forgotten");
    }
}
