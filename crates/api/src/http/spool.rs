//! A file that is written before it is sent: whoever reads it slowly holds nothing of the books, and
//! what cannot be written whole is not begun to be sent.

use std::io::{self, BufWriter, IntoInnerError, Read as _, Seek as _, SeekFrom, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody};
use bytes::{Bytes, BytesMut};
use hyper::body::{Frame, SizeHint};
use tempfile::SpooledTempFile;

/// Bytes that stay in memory; a longer file goes to the disk, into a file without a name.
const IN_MEMORY_MAX: usize = 1024 * 1024;

/// Bytes that are written or read at a time.
const CHUNK_LEN: usize = 64 * 1024;

/// What is being written.
#[derive(Debug)]
pub(crate) struct Spool(BufWriter<SpooledTempFile>);

impl Default for Spool {
    fn default() -> Self {
        Self(BufWriter::with_capacity(CHUNK_LEN, tempfile::spooled_tempfile(IN_MEMORY_MAX)))
    }
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Spool {
    /// What was written, as the body of an answer of known length.
    pub(crate) fn into_body(self) -> io::Result<Body> {
        let mut file = self.0.into_inner().map_err(IntoInnerError::into_error)?;
        let len = file.seek(SeekFrom::End(0))?;
        file.rewind()?;
        Ok(Body::new(SpoolBody { file, left: len }))
    }
}

#[derive(Debug)]
struct SpoolBody {
    file: SpooledTempFile,
    left: u64,
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
    use axum::body::to_bytes;

    use super::*;

    #[tokio::test]
    async fn what_was_written_is_what_is_sent() {
        for len in [0, 1, CHUNK_LEN, CHUNK_LEN + 1, IN_MEMORY_MAX + 1, 3 * IN_MEMORY_MAX] {
            let mut spool = Spool::default();
            let written: Vec<u8> = (0..=250).cycle().take(len).collect();
            spool.write_all(&written).unwrap();
            let body = spool.into_body().unwrap();
            assert_eq!(body.size_hint().exact(), Some(len as u64));
            assert_eq!(body.is_end_stream(), len == 0);
            assert!(to_bytes(body, usize::MAX).await.unwrap() == written, "{len}");
        }
    }
}
