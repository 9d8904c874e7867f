//! A connection to PostgreSQL, for callers that wait: each call blocks its thread, for no longer than the
//! deadline, and may be made on any thread, of a runtime too.

mod copying;
mod line;
mod opening;
mod rows;
mod statements;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::future::join;
use tokio_postgres::{Client, Error, SimpleQueryMessage};

use super::error::{Late, Lost, ends_connection};
use super::value::PgValue;
use crate::StoreError;
use crate::sql::{Row, Value};
use line::Line;
use rows::{OpenRows, Rest};
use statements::{Statements, in_order};

/// The answer to a statement that was sent without waiting for it.
type Outcome = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// A connection to a database that takes writes.
pub(crate) struct PgConnection {
    inner: RefCell<Box<Inner>>,
}

struct Inner {
    line: Line,
    client: Arc<Client>,
    statements: Statements,
    /// Statements that go with the next call.
    unsent: Vec<String>,
    /// Statements that were sent and whose answers nobody took yet.
    unanswered: VecDeque<Outcome>,
    open: Vec<OpenRows>,
    deadline: Duration,
    is_in_transaction: bool,
    has_failed: bool,
}

/// Why a transaction is not known to be committed.
#[derive(Debug)]
pub(crate) enum Uncommitted {
    /// The server said so: nothing was written.
    Nothing(StoreError),
    /// The server did not answer, or committed without its standby: it may have been written.
    InDoubt(StoreError),
}

impl PgConnection {
    /// Hands rows on as they come, until the visitor fails. The visitor may use the connection itself: the
    /// rows that it has not seen are read into memory then. The deadline is for each page of rows.
    pub(crate) fn each<E: From<StoreError>>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        visit: &mut dyn FnMut(Row<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let (mut page, rest) = self.first_page(sql, values)?;
        while !page.is_empty() {
            page.iter().try_for_each(|row| visit(Row::Postgres(row)))?;
            page = rest.as_ref().map_or(Ok(Vec::new()), Rest::page)?;
        }
        Ok(())
    }

    /// Runs one statement and says how many rows it changed.
    pub(crate) fn run(&self, sql: &str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        self.inner.borrow_mut().call(async |client, statements| {
            let statement = statements.get(client, sql).await?;
            client.execute_raw(&statement, values).await
        })
    }

    /// Runs statements in order, in one round trip, and says how many rows each changed. A parameter may be a
    /// whole column. Outside of a transaction, those after one that fails run all the same.
    pub(crate) fn run_many(
        &self,
        batch: &[(&str, &[PgValue<'_>])],
    ) -> Result<Vec<u64>, StoreError> {
        self.inner.borrow_mut().call(async |client, statements| {
            let texts: Vec<&str> = batch.iter().map(|(sql, _)| *sql).collect();
            let statements = statements.get_all(client, &texts).await?;
            let runs = statements.iter().zip(batch).map(async |(statement, (_, values))| {
                client.execute_raw(statement, values.iter()).await
            });
            in_order(runs).await
        })
    }

    /// The same for the rows that each gives; all are held in memory.
    pub(crate) fn query_many(
        &self,
        batch: &[(&str, &[PgValue<'_>])],
    ) -> Result<Vec<Vec<tokio_postgres::Row>>, StoreError> {
        self.inner.borrow_mut().call(async |client, statements| {
            let texts: Vec<&str> = batch.iter().map(|(sql, _)| *sql).collect();
            let statements = statements.get_all(client, &texts).await?;
            let queries = statements.iter().zip(batch).map(async |(statement, (_, values))| {
                let mut stream = Box::pin(client.query_raw(statement, values.iter()).await?);
                let mut rows = Vec::new();
                loop {
                    let (page, is_last) = rows::page(&mut stream).await?;
                    rows.extend(page);
                    if is_last {
                        return Ok(rows);
                    }
                }
            });
            in_order(queries).await
        })
    }

    /// Runs statements without parameters, in PostgreSQL's own form. `COMMIT` is [`Self::commit_after`].
    pub(crate) fn simple(&self, sql: &str) -> Result<(), StoreError> {
        let mut inner = self.inner.borrow_mut();
        let done = inner.call(async |client, _| client.batch_execute(sql).await);
        inner.note_bounds(sql);
        done
    }

    #[cfg(test)]
    pub(crate) fn commit(&self) -> Result<(), Uncommitted> {
        self.commit_after(&[]).map(drop)
    }

    /// Commits after statements, in one round trip with them, and says how many rows each changed. Where one
    /// of them fails, nothing is written. A transaction in which a statement failed before is refused: PostgreSQL
    /// would answer that it is over, and have written nothing.
    pub(crate) fn commit_after(
        &self,
        batch: &[(&str, &[PgValue<'_>])],
    ) -> Result<Vec<u64>, Uncommitted> {
        let mut inner = self.inner.borrow_mut();
        if !inner.line.is_open() {
            return Err(Uncommitted::Nothing(inner.lost()));
        }
        if inner.has_failed || !inner.is_in_transaction {
            let error = StoreError::damaged("a transaction that failed was to be committed");
            return Err(Uncommitted::Nothing(error));
        }
        let mut is_sent = false;
        let committed = inner.call(async |client, statements| {
            let texts: Vec<&str> = batch.iter().map(|(sql, _)| *sql).collect();
            let statements = statements.get_all(client, &texts).await?;
            is_sent = true;
            let runs = statements.iter().zip(batch).map(async |(statement, (_, values))| {
                client.execute_raw(statement, values.iter()).await
            });
            // Each is sent when it is first looked at: the commit last.
            let (counts, committed) = join(in_order(runs), client.batch_execute("COMMIT")).await;
            let counts = counts?;
            committed.map(|()| counts)
        });
        // A statement that cannot be prepared leaves the transaction open.
        if is_sent {
            inner.note_bounds("COMMIT");
        }
        match committed {
            Ok(counts) => Ok(counts),
            Err(error) if inner.line.is_open() => Err(Uncommitted::Nothing(error)),
            Err(error) => Err(Uncommitted::InDoubt(error)),
        }
    }

    /// The first row of a statement without parameters, as texts.
    pub(crate) fn texts(&self, sql: &str) -> Result<Vec<Option<String>>, StoreError> {
        let messages =
            self.inner.borrow_mut().call(async |client, _| client.simple_query(sql).await)?;
        let mut rows = messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        let row = rows.next().ok_or_else(|| StoreError::damaged("a statement gave no row"))?;
        Ok((0..row.len()).map(|column| row.get(column).map(str::to_owned)).collect())
    }

    /// The first column of that row.
    pub(crate) fn text(&self, sql: &str) -> Result<Option<String>, StoreError> {
        Ok(self.texts(sql)?.into_iter().next().flatten())
    }

    /// Has a statement without parameters sent together with the next call, which fails where it fails. It
    /// is for what fails only with the connection, as `BEGIN` does: the next call is made in any case.
    pub(crate) fn queue(&self, sql: &str) {
        self.inner.borrow_mut().queue(sql);
    }

    /// Sends the end of a transaction that read, or that is given up, without waiting for the answer: the
    /// next call takes it. A transaction of which nothing was sent yet costs nothing.
    pub(crate) fn send_end(&self, sql: &str) {
        let mut inner = self.inner.borrow_mut();
        if inner.unsent.last().is_some_and(|begin| begin.starts_with("BEGIN")) {
            inner.unsent.pop();
            inner.note_bounds(sql);
            return;
        }
        inner.queue(sql);
        inner.send();
        if inner.line.is_open() {
            inner.line.flush();
        }
    }

    /// Whether a transaction was begun and not ended.
    pub(crate) fn is_in_transaction(&self) -> bool {
        self.inner.borrow().is_in_transaction
    }

    /// Whether the connection is of no more use: every call fails with [`StoreError::Again`].
    pub(crate) fn is_lost(&self) -> bool {
        !self.inner.borrow().line.is_open()
    }

    /// Looks, without waiting, whether the server has hung up meanwhile; says whether it can be used.
    pub(crate) fn is_alive(&self) -> bool {
        let mut inner = self.inner.borrow_mut();
        if inner.line.is_open() {
            inner.line.flush();
        }
        inner.line.is_open()
    }

    /// Hangs up.
    #[cfg(test)]
    pub(crate) fn lose(&self) {
        self.inner.borrow_mut().lose();
    }

    /// How long each call may wait from now on.
    pub(crate) fn set_deadline(&self, deadline: Duration) {
        self.inner.borrow_mut().deadline = deadline;
    }

    fn first_page(
        &self,
        sql: &str,
        values: &[Value<'_>],
    ) -> Result<(Vec<tokio_postgres::Row>, Option<Rest<'_>>), StoreError> {
        let mut inner = self.inner.borrow_mut();
        let (page, rest) = inner.call(async |client, statements| {
            let statement = statements.get(client, sql).await?;
            let mut stream = Box::pin(client.query_raw(&statement, values).await?);
            let (page, is_last) = rows::page(&mut stream).await?;
            Ok((page, (!is_last).then_some(stream)))
        })?;
        let rest = rest.map(|stream| Rest::new(self, &mut inner, stream));
        Ok((page, rest))
    }
}

impl fmt::Debug for PgConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PgConnection").finish_non_exhaustive()
    }
}

impl Inner {
    /// Sends what `work` sends, behind what is queued, and waits for both.
    fn call<T: Send>(
        &mut self,
        work: impl AsyncFnOnce(&Client, &mut Statements) -> Result<T, Error> + Send,
    ) -> Result<T, StoreError> {
        if !self.line.is_open() {
            return Err(self.lost());
        }
        self.make_way()?;
        self.statements.renew();
        self.send();
        let unanswered = std::mem::take(&mut self.unanswered);
        let Self { line, client, statements, deadline, .. } = self;
        let done = line.drive(*deadline, async || {
            let (before, done) = join(taken(unanswered), work(client, statements)).await;
            before.and(done)
        });
        self.settle(done)
    }

    fn queue(&mut self, sql: &str) {
        self.note_bounds(sql);
        self.unsent.push(sql.to_owned());
    }

    /// Hands what is queued to the line.
    fn send(&mut self) {
        for sql in std::mem::take(&mut self.unsent) {
            let client = Arc::clone(&self.client);
            let mut outcome: Outcome = Box::pin(async move { client.batch_execute(&sql).await });
            // The first look sends it, which fails where the line has ended; no answer can be there yet.
            let mut context = Context::from_waker(Waker::noop());
            match outcome.as_mut().poll(&mut context) {
                Poll::Pending => self.unanswered.push_back(outcome),
                Poll::Ready(_) => self.lose(),
            }
        }
    }

    /// What came of a call; a connection that is no good any more is hung up.
    fn settle<T>(&mut self, done: Result<Result<T, Error>, Late>) -> Result<T, StoreError> {
        if self.line.take_unheard() {
            self.lose();
            return Err(StoreError::Again("the standby was not heard".into()));
        }
        match done {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => {
                self.has_failed = true;
                let end = self.line.take_end().filter(|_| error.is_closed());
                let error = end.unwrap_or(error);
                if ends_connection(&error) {
                    self.lose();
                }
                Err(error.into())
            }
            Err(late) => {
                self.lose();
                Err(StoreError::Again(late.into()))
            }
        }
    }

    fn lost(&mut self) -> StoreError {
        let end = self.line.take_end();
        self.lose();
        end.map_or_else(|| StoreError::Again(Lost.into()), StoreError::from)
    }

    fn lose(&mut self) {
        self.has_failed = true;
        self.line.close();
        self.unsent.clear();
        self.unanswered.clear();
        self.open.clear();
        self.statements.clear();
    }

    fn note_bounds(&mut self, sql: &str) {
        if sql.starts_with("BEGIN") {
            (self.is_in_transaction, self.has_failed) = (true, false);
        } else if sql.starts_with("COMMIT") || sql.starts_with("ROLLBACK") {
            (self.is_in_transaction, self.has_failed) = (false, false);
        }
    }
}

/// What came of statements that were sent before: nothing, or the first error.
async fn taken(outcomes: VecDeque<Outcome>) -> Result<(), Error> {
    let mut all = Ok(());
    for outcome in outcomes {
        let one = outcome.await;
        all = all.and(one);
    }
    all
}
