//! One connection's guards: what hyper does not bound by itself.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::rt::{Sleep as HyperSleep, Timer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

use super::places::Seat;

/// What the timer must know of the stream.
#[derive(Debug, Default)]
pub(super) struct Activity {
    reads: AtomicU64,
    has_begun: AtomicBool,
}

/// A stream that gives up on a peer that takes nothing, and that ends politely.
pub(super) struct GuardedStream<S> {
    stream: S,
    activity: Arc<Activity>,
    seat: Arc<Seat>,
    stall_time_max: Duration,
    linger_time_max: Duration,
    deadline: Option<Pin<Box<Sleep>>>,
    is_closed_by_peer: bool,
    is_finished: bool,
}

impl<S> GuardedStream<S> {
    pub(super) fn new(
        stream: S,
        activity: Arc<Activity>,
        seat: Arc<Seat>,
        stall_time_max: Duration,
        linger_time_max: Duration,
    ) -> Self {
        Self {
            stream,
            activity,
            seat,
            stall_time_max,
            linger_time_max,
            deadline: None,
            is_closed_by_peer: false,
            is_finished: false,
        }
    }

    /// Passes on what a write came to, and lets none be pending for too long.
    fn watched<T>(
        &mut self,
        context: &mut Context<'_>,
        outcome: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.deadline = None;
            return outcome;
        }
        ready!(self.poll_deadline(context, self.stall_time_max));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn poll_deadline(&mut self, context: &mut Context<'_>, after: Duration) -> Poll<()> {
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep(after)));
        deadline.as_mut().poll(context)
    }
}

impl<S: AsyncRead + Unpin> GuardedStream<S> {
    /// Reads and drops until the peer has closed too.
    fn poll_drained(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut dropped = [0; 4096];
        while !self.is_closed_by_peer {
            let mut buffer = ReadBuf::new(&mut dropped);
            let outcome = ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer));
            self.is_closed_by_peer = outcome.is_err() || buffer.filled().is_empty();
        }
        Poll::Ready(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for GuardedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let len = buffer.filled().len();
        let outcome = ready!(Pin::new(&mut self.stream).poll_read(context, buffer));
        self.is_closed_by_peer |= outcome.is_err() || buffer.filled().len() == len;
        self.activity.reads.fetch_add(1, Ordering::Relaxed);
        Poll::Ready(outcome)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for GuardedStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watched(context, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.watched(context, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    /// Says that no more comes, and then waits a moment for the peer to close: closing over
    /// unread bytes would reset the connection, and the peer might never see its answer.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.is_finished {
            ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
            self.is_finished = true;
            self.seat.wait();
            self.deadline = None;
        }
        if self.poll_drained(context).is_pending() {
            let linger_time_max = self.linger_time_max;
            ready!(self.poll_deadline(context, linger_time_max));
        }
        Poll::Ready(Ok(()))
    }
}

/// Bounds the wait for a request's header.
///
/// hyper has one time for a header, counted from the answer before it. Here a new connection, and
/// a header that has begun, get the short time; silence between two requests gets the long one.
#[derive(Debug)]
pub(super) struct HeaderTimer {
    pub(super) activity: Arc<Activity>,
    pub(super) seat: Arc<Seat>,
    pub(super) header_time_max: Duration,
    pub(super) idle_time_max: Duration,
}

impl Timer for HeaderTimer {
    fn sleep(&self, _: Duration) -> Pin<Box<dyn HyperSleep>> {
        // What was asked before has its answer.
        self.seat.wait();
        let is_first = !self.activity.has_begun.swap(true, Ordering::Relaxed);
        let (wait, seen) = if is_first {
            (self.header_time_max, None)
        } else {
            let seen = self.activity.reads.load(Ordering::Relaxed);
            (self.idle_time_max, Some(seen))
        };
        Box::pin(HeaderSleep {
            activity: Arc::clone(&self.activity),
            header_time_max: self.header_time_max,
            idle_since: seen,
            sleep: Box::pin(sleep(wait)),
        })
    }

    fn sleep_until(&self, _: std::time::Instant) -> Pin<Box<dyn HyperSleep>> {
        self.sleep(self.header_time_max)
    }
}

/// hyper polls it after each read that did not complete a header.
struct HeaderSleep {
    activity: Arc<Activity>,
    header_time_max: Duration,
    /// How often had been read when the silence began; `None` once a header has begun.
    idle_since: Option<u64>,
    sleep: Pin<Box<Sleep>>,
}

impl HyperSleep for HeaderSleep {}

impl Future for HeaderSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let reads = self.activity.reads.load(Ordering::Relaxed);
        if self.idle_since.is_some_and(|since| since != reads) {
            self.idle_since = None;
            let deadline = Instant::now() + self.header_time_max;
            self.sleep.as_mut().reset(deadline);
        }
        self.sleep.as_mut().poll(context)
    }
}

/// A body, whose end tells that nothing more is waited for.
pub(super) struct WatchedBody {
    body: Incoming,
    seat: Arc<Seat>,
}

impl WatchedBody {
    pub(super) fn new(body: Incoming, seat: Arc<Seat>) -> Self {
        seat.wait();
        let watched = Self { body, seat };
        watched.look();
        watched
    }

    fn look(&self) {
        if self.body.is_end_stream() {
            self.seat.work();
        }
    }
}

impl Body for WatchedBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if frame.is_none() {
            self.seat.work();
        }
        self.look();
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
