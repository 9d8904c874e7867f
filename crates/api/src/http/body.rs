//! Reading a body: so many bytes, in so much time.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body as _;
use tokio::time::timeout;

/// Bytes a body may have (docs/spec/cooplan.md §2, Transport).
pub(crate) const BODY_LEN_MAX: usize = 64 * 1024;

/// How long a body may take, what is dropped included.
const BODY_TIME_MAX: Duration = Duration::from_secs(10);

/// How long a body is waited for whose sender is only to be told to come later.
const PASS_TIME_MAX: Duration = Duration::from_millis(500);

/// Why there is no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// More than [`BODY_LEN_MAX`] bytes.
    TooLarge,
    /// Not all there after [`BODY_TIME_MAX`].
    TooSlow,
    /// The transfer broke off, or its framing is wrong.
    Broken,
}

/// The body has no text that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unreadable;

/// The body's text, without a byte order mark and the blanks around. Errors: invalid UTF-8, U+0000.
pub(crate) fn text(body: &[u8]) -> Result<&str, Unreadable> {
    let text = str::from_utf8(body).map_err(|_invalid| Unreadable)?;
    if body.contains(&0) {
        return Err(Unreadable);
    }
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text).trim())
}

/// The whole body.
///
/// What a body has beyond the limit is read and dropped before the error is told: a client that is
/// still sending would not read the answer. A client that waits for `100 Continue` has sent
/// nothing, so it is told at once.
pub(crate) async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, BodyError> {
    if body.size_hint().lower() > to_u64(BODY_LEN_MAX) {
        discard(headers, body).await;
        return Err(BodyError::TooLarge);
    }
    let mut taken = Taken::default();
    let outcome = timeout(BODY_TIME_MAX, taken.fill(body)).await;
    if taken.is_over {
        return Err(BodyError::TooLarge);
    }
    match outcome {
        Ok(Ok(())) => Ok(taken.bytes()),
        Ok(Err(axum::Error { .. })) => Err(BodyError::Broken),
        Err(tokio::time::error::Elapsed { .. }) => Err(BodyError::TooSlow),
    }
}

/// Reads a body that nobody wants, so that its sender gets to the answer.
pub(crate) async fn discard(headers: &HeaderMap, mut body: Body) {
    if waits_for_continue(headers) || body.is_end_stream() {
        return;
    }
    let dropping = async { while let Some(Ok(_)) = body.frame().await {} };
    // Too slow or broken: the answer goes out all the same.
    timeout(BODY_TIME_MAX, dropping).await.ok();
}

/// Drops a body that may be kept waiting for, so that the connection goes on; `false` where that takes more
/// than a moment: then the connection has to end.
pub(crate) async fn pass(headers: &HeaderMap, body: Body) -> bool {
    if body.is_end_stream() {
        return true;
    }
    if waits_for_continue(headers) || body.size_hint().lower() > to_u64(BODY_LEN_MAX) {
        return false;
    }
    let mut taken = Taken::default();
    let is_whole =
        timeout(PASS_TIME_MAX, taken.fill(body)).await.is_ok_and(|filled| filled.is_ok());
    is_whole && !taken.is_over
}

fn waits_for_continue(headers: &HeaderMap) -> bool {
    headers
        .get(header::EXPECT)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

fn to_u64(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

/// What has arrived: nearly always one piece, which then is not copied.
#[derive(Default)]
struct Taken {
    first: Bytes,
    joined: BytesMut,
    is_over: bool,
}

impl Taken {
    async fn fill(&mut self, mut body: Body) -> Result<(), axum::Error> {
        while let Some(frame) = body.frame().await {
            if let Ok(piece) = frame?.into_data() {
                self.take(piece);
            }
        }
        Ok(())
    }

    fn take(&mut self, piece: Bytes) {
        let len = self.first.len() + self.joined.len() + piece.len();
        if self.is_over || len > BODY_LEN_MAX {
            *self = Self { is_over: true, ..Self::default() };
        } else if len == piece.len() {
            self.first = piece;
        } else {
            self.joined.extend_from_slice(&std::mem::take(&mut self.first));
            self.joined.extend_from_slice(&piece);
        }
    }

    fn bytes(self) -> Bytes {
        if self.joined.is_empty() { self.first } else { self.joined.freeze() }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use hyper::body::Frame;

    use super::*;

    fn check(pieces: &[usize], expected: Option<usize>) {
        let mut taken = Taken::default();
        for (at, len) in pieces.iter().enumerate() {
            let byte = u8::try_from(at).unwrap();
            taken.take(Bytes::from(vec![byte; *len]));
        }
        let whole = (!taken.is_over).then(|| taken.bytes());
        assert_eq!(whole.as_ref().map(Bytes::len), expected, "{pieces:?}");
        let sent = pieces.iter().enumerate().flat_map(|(at, len)| vec![at; *len]);
        if let Some(whole) = whole {
            assert!(sent.eq(whole.iter().map(|byte| usize::from(*byte))));
        }
    }

    #[test]
    fn pieces_are_joined_up_to_the_limit() {
        check(&[], Some(0));
        check(&[5], Some(5));
        check(&[0, 5], Some(5));
        check(&[5, 0, 7, 1], Some(13));
        check(&[BODY_LEN_MAX], Some(BODY_LEN_MAX));
        check(&[1, BODY_LEN_MAX - 1], Some(BODY_LEN_MAX));
        check(&[BODY_LEN_MAX + 1], None);
        check(&[BODY_LEN_MAX, 1, 5], None);
    }

    /// Sends what it has, and then nothing, for ever.
    struct Stalls(Option<Bytes>);

    impl hyper::body::Body for Stalls {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            match self.0.take() {
                Some(piece) => Poll::Ready(Some(Ok(Frame::data(piece)))),
                None => Poll::Pending,
            }
        }
    }

    async fn check_stalled(len: usize, expected: BodyError) {
        let body = || Body::new(Stalls(Some(Bytes::from(vec![b' '; len]))));
        assert_eq!(read(&HeaderMap::new(), body()).await, Err(expected));
        discard(&HeaderMap::new(), body()).await;
        assert!(!pass(&HeaderMap::new(), body()).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stops_is_given_up() {
        check_stalled(5, BodyError::TooSlow).await;
        check_stalled(BODY_LEN_MAX, BodyError::TooSlow).await;
        check_stalled(BODY_LEN_MAX + 1, BodyError::TooLarge).await;
    }
}
