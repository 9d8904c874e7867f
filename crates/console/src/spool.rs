//! A file that is written before it is sent: whoever reads it slowly holds nothing of the books, and
//! what cannot be written whole is not begun to be sent. As the dialects send theirs.

use std::io::{self, BufWriter, IntoInnerError, Read as _, Seek as _, SeekFrom, Write};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use tempfile::SpooledTempFile;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// Bytes that stay in memory; a longer file goes to the disk, into a file without a name.
const IN_MEMORY_MAX: usize = 1024 * 1024;

/// Bytes that are written or read at a time.
const CHUNK_LEN: usize = 64 * 1024;

/// Files that may be there at a time, written or sent: a list of a million rows takes some 100 MB of the disk.
const SPOOLS_MAX: usize = 16;
static PLACES: Semaphore = Semaphore::const_new(SPOOLS_MAX);

/// How long a file may take to be sent: whoever reads a byte now and then does not keep it for ever.
const SEND_TIME_MAX: Duration = Duration::from_mins(30);

/// What is being written.
#[derive(Debug)]
pub(crate) struct Spool {
    out: BufWriter<SpooledTempFile>,
    place: SemaphorePermit<'static>,
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Spool {
    /// A file to be written, if there is a place for one.
    pub(crate) fn new() -> Option<Self> {
        let file = tempfile::spooled_tempfile(IN_MEMORY_MAX);
        let place = PLACES.try_acquire().ok()?;
        Some(Self { out: BufWriter::with_capacity(CHUNK_LEN, file), place })
    }

    /// What was written, as the body of an answer of known length.
    pub(crate) fn into_body(self) -> io::Result<Body> {
        let mut file = self.out.into_inner().map_err(IntoInnerError::into_error)?;
        let len = file.seek(SeekFrom::End(0))?;
        file.rewind()?;
        let deadline = Instant::now() + SEND_TIME_MAX;
        Ok(Body::new(SpoolBody { file, left: len, deadline, _place: self.place }))
    }
}

#[derive(Debug)]
struct SpoolBody {
    file: SpooledTempFile,
    left: u64,
    deadline: Instant,
    _place: SemaphorePermit<'static>,
}

impl HttpBody for SpoolBody {
    type Data = Bytes;
    type Error = io::Error;

    /// Reads on this thread: the file was just written, so the system has it in memory.
    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let len = usize::try_from(self.left).unwrap_or(usize::MAX).min(CHUNK_LEN);
        if len == 0 {
            return Poll::Ready(None);
        }
        if Instant::now() > self.deadline {
            return Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into())));
        }
        let mut chunk = vec![0; len];
        Poll::Ready(Some(self.file.read_exact(&mut chunk).map(|()| {
            self.left -= len as u64;
            Frame::data(chunk.into())
        })))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    #[tokio::test]
    async fn what_was_written_is_what_is_sent() {
        for len in [0, 1, CHUNK_LEN, CHUNK_LEN + 1, IN_MEMORY_MAX + 1, 3 * IN_MEMORY_MAX] {
            let mut spool = Spool::new().unwrap();
            let written: Vec<u8> = (0..=250).cycle().take(len).collect();
            spool.write_all(&written).unwrap();
            let body = spool.into_body().unwrap();
            assert_eq!(body.size_hint().exact(), Some(len as u64));
            assert_eq!(body.is_end_stream(), len == 0);
            assert!(to_bytes(body, usize::MAX).await.unwrap() == written, "{len}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_reads_too_slowly_does_not_get_it_all() {
        let mut spool = Spool::new().unwrap();
        spool.write_all(&vec![7; 2 * CHUNK_LEN]).unwrap();
        let body = spool.into_body().unwrap();
        tokio::time::advance(SEND_TIME_MAX + Duration::from_secs(1)).await;
        assert!(to_bytes(body, usize::MAX).await.is_err());
    }

    #[tokio::test]
    async fn there_are_so_many_places_and_each_is_given_back_with_its_file() {
        // Eight are left to the tests beside this one.
        let taken: Vec<_> = std::iter::from_fn(Spool::new).take(SPOOLS_MAX - 8).collect();
        assert!(PLACES.available_permits() <= 8);
        let bodies: Vec<_> = taken.into_iter().map(|spool| spool.into_body().unwrap()).collect();
        assert!(PLACES.available_permits() <= 8, "a body keeps it");
        drop(bodies);
        assert!(PLACES.available_permits() >= 8);
    }
}
