//! Rows handed on as they come: page by page, so that whoever looks at them may ask for others meanwhile.

use std::future::poll_fn;
use std::pin::Pin;

use futures_util::Stream as _;
use tokio_postgres::{Error, Row, RowStream};

use super::{Inner, PgConnection};
use crate::StoreError;
use crate::postgres::error::Lost;

/// Rows that are read before the visitor sees the first of them.
const PAGE_ROWS: usize = 256;

/// Rows of a statement that is not read to its end.
pub(super) struct OpenRows {
    stream: Pin<Box<RowStream>>,
    /// Read before their turn, to make way for another statement.
    ahead: Vec<Row>,
    is_done: bool,
}

/// What of the rows is still to come; nobody wants them once it is dropped.
pub(super) struct Rest<'c> {
    connection: &'c PgConnection,
    place: usize,
}

impl<'c> Rest<'c> {
    /// Leaves rows with their connection.
    pub(super) fn new(
        connection: &'c PgConnection,
        inner: &mut Inner,
        stream: Pin<Box<RowStream>>,
    ) -> Self {
        let place = inner.open.len();
        inner.open.push(OpenRows { stream, ahead: Vec::new(), is_done: false });
        Self { connection, place }
    }

    /// The next rows; none are left when it is empty.
    pub(super) fn page(&self) -> Result<Vec<Row>, StoreError> {
        self.connection.inner.borrow_mut().next_page(self.place)
    }
}

impl Drop for Rest<'_> {
    fn drop(&mut self) {
        self.connection.inner.borrow_mut().open.truncate(self.place);
    }
}

/// The next rows, and whether they are the last.
pub(super) async fn page(stream: &mut Pin<Box<RowStream>>) -> Result<(Vec<Row>, bool), Error> {
    let mut rows = Vec::new();
    while rows.len() < PAGE_ROWS {
        match poll_fn(|context| stream.as_mut().poll_next(context)).await {
            Some(row) => rows.push(row?),
            None => return Ok((rows, true)),
        }
    }
    Ok((rows, false))
}

impl Inner {
    fn next_page(&mut self, place: usize) -> Result<Vec<Row>, StoreError> {
        let deadline = self.deadline;
        let Some(open) = self.open.get_mut(place) else {
            return Err(StoreError::Again(Lost.into()));
        };
        if open.is_done || !open.ahead.is_empty() {
            return Ok(std::mem::take(&mut open.ahead));
        }
        let read = self.line.drive(deadline, async || page(&mut open.stream).await);
        let read = read.inspect(|read| open.is_done = read.as_ref().is_ok_and(|(_, last)| *last));
        self.settle(read).map(|(rows, _)| rows)
    }

    /// Reads what is open to its end: the server answers the next statement only after it.
    pub(super) fn make_way(&mut self) -> Result<(), StoreError> {
        for place in 0..self.open.len() {
            while self.open.get(place).is_some_and(|open| !open.is_done) {
                let deadline = self.deadline;
                let open = &mut self.open[place];
                let read = self.line.drive(deadline, async || page(&mut open.stream).await);
                let (rows, is_last) = self.settle(read)?;
                let open = &mut self.open[place];
                open.ahead.extend(rows);
                open.is_done = is_last;
            }
        }
        Ok(())
    }
}
