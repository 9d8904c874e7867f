//! Rows sent in bulk, by `COPY`.

use std::pin::Pin;

use bytes::Bytes;
use futures_util::SinkExt as _;
use tokio_postgres::CopyInSink;

use super::PgConnection;
use crate::StoreError;

impl PgConnection {
    /// Runs a `COPY … FROM STDIN`: `fill` puts the next bytes into a buffer and says whether more follow. How
    /// many rows were written; none where `fill` fails. The deadline is for each buffer.
    pub(crate) fn copy_in(
        &self,
        sql: &str,
        fill: &mut dyn FnMut(&mut Vec<u8>) -> Result<bool, StoreError>,
    ) -> Result<u64, StoreError> {
        let mut sink: Pin<Box<CopyInSink<Bytes>>> =
            self.inner.borrow_mut().call(async |client, statements| {
                let statement = statements.get(client, sql).await?;
                Ok(Box::pin(client.copy_in(&statement).await?))
            })?;
        loop {
            let mut buffer = Vec::new();
            let has_more = match fill(&mut buffer) {
                Ok(has_more) => has_more,
                Err(error) => {
                    // The copy ends with its sink, and the transaction with the copy.
                    self.inner.borrow_mut().has_failed = true;
                    return Err(error);
                }
            };
            let chunk = Bytes::from(buffer);
            let mut inner = self.inner.borrow_mut();
            inner.call(async |_, _| sink.as_mut().send(chunk).await)?;
            if !has_more {
                return inner.call(async |_, _| sink.as_mut().finish().await);
            }
        }
    }
}
