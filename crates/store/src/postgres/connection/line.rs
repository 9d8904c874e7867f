//! The line to the server: driven on the thread that asks, by a runtime of its own.

use std::future::poll_fn;
use std::panic::resume_unwind;
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime, RuntimeFlavor};
use tokio::task::{block_in_place, yield_now};
use tokio::time::timeout;
use tokio_postgres::error::Severity;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{AsyncMessage, Connection, Error, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::postgres::error::{Answer, Late};

/// What carries messages to the server and back.
pub(super) type Wire = Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

/// A wire, until it ends, and the runtime that it lives in.
pub(super) struct Line {
    runtime: Option<Runtime>,
    wire: Option<Wire>,
    end: Option<Error>,
    is_unheard: bool,
}

/// A runtime for one line.
pub(super) fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_io().enable_time().max_blocking_threads(1).build()
}

impl Line {
    pub(super) fn new(runtime: Runtime, wire: Wire) -> Self {
        Self { runtime: Some(runtime), wire: Some(wire), end: None, is_unheard: false }
    }

    pub(super) fn is_open(&self) -> bool {
        self.wire.is_some()
    }

    /// Whether the server has told, since this was asked, that it gave up waiting for the standby: what it
    /// committed is on one machine alone.
    pub(super) fn take_unheard(&mut self) -> bool {
        std::mem::take(&mut self.is_unheard)
    }

    /// What the wire ended with, once.
    pub(super) fn take_end(&mut self) -> Option<Error> {
        self.end.take()
    }

    /// Hangs up: what is still unanswered stays so.
    pub(super) fn close(&mut self) {
        self.wire = None;
    }

    /// Carries messages until `work` is done. Blocking, wherever it is called.
    pub(super) fn drive<T: Send>(
        &mut self,
        deadline: Duration,
        work: impl AsyncFnOnce() -> T + Send,
    ) -> Result<T, Late> {
        let runtime = self.runtime.take().expect("it is given back after each call");
        let done = apart(|| {
            runtime.block_on(async {
                let mut work = pin!(work());
                let driven = poll_fn(|context| {
                    self.poll(context);
                    work.as_mut().poll(context)
                });
                timeout(deadline, driven).await.ok()
            })
        });
        self.runtime = Some(runtime);
        done.ok_or(Late)
    }

    /// Sends what waits to be sent, and reads what has come, without waiting for either.
    pub(super) fn flush(&mut self) {
        let runtime = self.runtime.take().expect("it is given back after each call");
        apart(|| {
            runtime.block_on(async {
                // The second look is after the runtime has asked the system what is ready.
                for _ in 0..2 {
                    poll_fn(|context| self.look(context)).await;
                    yield_now().await;
                }
                poll_fn(|context| self.look(context)).await;
            });
        });
        self.runtime = Some(runtime);
    }

    fn look(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.poll(context);
        Poll::Ready(())
    }

    fn poll(&mut self, context: &mut Context<'_>) {
        while let Some(wire) = &mut self.wire {
            match wire.poll_message(context) {
                Poll::Pending => return,
                Poll::Ready(Some(Ok(message))) => self.note(&message),
                Poll::Ready(ended) => {
                    // Whoever still waits for an answer is told by the wire's going.
                    self.wire = None;
                    self.end = ended.and_then(Result::err);
                }
            }
        }
    }

    fn note(&mut self, message: &AsyncMessage) {
        let AsyncMessage::Notice(notice) = message else { return };
        if notice.parsed_severity() == Some(Severity::Warning) {
            // Its text is in the server's language; where it comes from is not.
            self.is_unheard |= notice.routine() == Some("SyncRepWaitForLSN");
            let answer: &dyn std::error::Error = &Answer::from(notice);
            tracing::warn!(answer, "the database warns");
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.wire = None;
        // To wait for it is not allowed where the thread is another runtime's.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Runs what blocks, wherever it is called: a thread that belongs to a runtime may not run another one, but
/// for a runtime that gives the thread's tasks to the others meanwhile.
pub(super) fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Err(_) => work(),
        Ok(RuntimeFlavor::MultiThread) => block_in_place(work),
        Ok(_) => std::thread::scope(|scope| {
            scope.spawn(work).join().unwrap_or_else(|panic| resume_unwind(panic))
        }),
    }
}
