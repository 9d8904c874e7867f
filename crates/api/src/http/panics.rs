//! A panic costs one answer, not the connection.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;

use ventanilla_service::Clock;

/// A panic's message, for the log alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Panicked(pub(crate) String);

/// Runs a future; a panic in it ends it with an error.
pub(crate) async fn caught<F: Future>(future: F) -> Result<F::Output, Panicked> {
    let mut future = pin!(future);
    // Nothing that the future could leave half changed is seen again: it is dropped unfinished.
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
        Err(payload) => Poll::Ready(Err(Panicked(message(payload.as_ref())))),
    })
    .await
}

/// Logs a panic under a new name: the only word of it that leaves.
pub(crate) fn logged(clock: &Clock, Panicked(message): &Panicked) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let id = format!("{:x}-{count:x}", clock.now().as_microsecond());
    tracing::error!(id, message, "a request panicked");
    id
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without a message").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_error_with_its_message() {
        assert_eq!(caught(async { 1 }).await, Ok(1));
        let reason = String::from("lost");
        let outcome = caught(async {
            tokio::task::yield_now().await;
            assert!(reason.is_empty(), "{reason}");
        });
        assert_eq!(outcome.await, Err(Panicked("lost".to_owned())));
    }
}
