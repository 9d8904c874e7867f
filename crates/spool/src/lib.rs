//! A file that is written before it is sent: whoever reads it slowly holds nothing of the books, and
//! what cannot be written whole is not begun to be sent.

use std::io::{self, BufWriter, IntoInnerError, Read as _, Seek as _, SeekFrom, Write};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use bytes::{Bytes, BytesMut};
use hyper::body::{Frame, SizeHint};
use tempfile::SpooledTempFile;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// Bytes that stay in memory; a longer file goes to the disk, into a file without a name.
const IN_MEMORY_MAX: usize = 1024 * 1024;

/// Bytes that are written or read at a time.
const CHUNK_LEN: usize = 64 * 1024;

/// Places for files of one kind, so that they do not fill the disk.
#[derive(Debug)]
pub struct Spools {
    places: Semaphore,
    send_time_max: Duration,
}

impl Spools {
    /// So many files may be there at a time, written or sent; and a file may take so long to be sent, so that
    /// whoever reads a byte now and then does not keep it for ever.
    pub const fn new(places: usize, send_time_max: Duration) -> Self {
        Self { places: Semaphore::const_new(places), send_time_max }
    }

    /// A file to be written, if there is a place for one.
    pub fn begin(&'static self) -> Option<Spool> {
        let place = self.places.try_acquire().ok()?;
        let file = tempfile::spooled_tempfile(IN_MEMORY_MAX);
        let out = BufWriter::with_capacity(CHUNK_LEN, file);
        Some(Spool { out, send_time_max: self.send_time_max, place })
    }
}

/// What is being written. It gives its place back when it is dropped, or its body is.
#[derive(Debug)]
pub struct Spool {
    out: BufWriter<SpooledTempFile>,
    send_time_max: Duration,
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
    /// What was written, as the body of an answer of known length. Fails where the disk does.
    pub fn into_body(self) -> io::Result<Body> {
        let mut file = self.out.into_inner().map_err(IntoInnerError::into_error)?;
        let len = file.seek(SeekFrom::End(0))?;
        file.rewind()?;
        let deadline = Instant::now() + self.send_time_max;
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
        let mut chunk = BytesMut::zeroed(len);
        Poll::Ready(Some(self.file.read_exact(&mut chunk).map(|()| {
            self.left -= len as u64;
            Frame::data(chunk.freeze())
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
    use std::future::poll_fn;

    use axum::body::to_bytes;

    use super::*;

    static PLENTY: Spools = Spools::new(8, Duration::from_mins(5));

    #[tokio::test]
    async fn what_was_written_is_what_is_sent() {
        for len in [0, 1, CHUNK_LEN, CHUNK_LEN + 1, IN_MEMORY_MAX + 1, 3 * IN_MEMORY_MAX] {
            let mut spool = PLENTY.begin().unwrap();
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
        let mut spool = PLENTY.begin().unwrap();
        spool.write_all(&vec![7; 2 * CHUNK_LEN]).unwrap();
        let mut body = spool.into_body().unwrap();
        let next = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await.unwrap();
        assert_eq!(next.unwrap().into_data().unwrap().len(), CHUNK_LEN);
        tokio::time::advance(PLENTY.send_time_max + Duration::from_secs(1)).await;
        assert!(to_bytes(body, usize::MAX).await.is_err());
    }

    #[tokio::test]
    async fn there_are_so_many_places_and_each_is_given_back_with_its_file() {
        static TWO: Spools = Spools::new(2, Duration::from_mins(1));
        let (written, sent) = (TWO.begin().unwrap(), TWO.begin().unwrap().into_body().unwrap());
        assert!(TWO.begin().is_none());
        drop(written);
        let again = TWO.begin().unwrap();
        assert!(TWO.begin().is_none(), "a body keeps its place");
        drop((again, sent));
        assert!(TWO.begin().is_some());
    }
}
