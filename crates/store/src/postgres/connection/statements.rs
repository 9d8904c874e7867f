//! Statements that a connection has prepared, and how several are sent before the first is answered.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use futures_util::future::{MaybeDone, maybe_done};
use tokio_postgres::{Client, Error, Statement};

use crate::postgres::translate::translate;

/// More than there are in this crate; those that name ids in their text come and go.
const KEPT: usize = 512;

/// How long statements keep their plans: at first, and at most. A plan that was made while a table was empty may look
/// through all of it once it is large, and the server makes a new one only when it happens to count the rows.
const AGE_FIRST: Duration = Duration::from_millis(250);
const AGE_MAX: Duration = Duration::from_secs(16);

/// Statements by their text, as it was asked for.
pub(super) struct Statements {
    prepared: HashMap<String, Statement>,
    /// Since when the oldest of them is prepared.
    since: Option<Instant>,
    age_max: Duration,
}

impl Default for Statements {
    fn default() -> Self {
        Self { prepared: HashMap::new(), since: None, age_max: AGE_FIRST }
    }
}

impl Statements {
    /// Lets go of what was prepared long ago.
    pub(super) fn renew(&mut self) {
        if self.since.is_some_and(|since| now().duration_since(since) > self.age_max) {
            self.clear();
            self.age_max = AGE_MAX.min(self.age_max * 2);
        }
    }

    /// The statement of that text, prepared at its first use.
    pub(super) async fn get(&mut self, client: &Client, sql: &str) -> Result<Statement, Error> {
        if let Some(statement) = self.prepared.get(sql) {
            return Ok(statement.clone());
        }
        let statement = client.prepare(&translate(sql)).await?;
        self.keep(sql, statement.clone());
        Ok(statement)
    }

    /// The statements of those texts; those that are new are prepared in one round trip.
    pub(super) async fn get_all(
        &mut self,
        client: &Client,
        texts: &[&str],
    ) -> Result<Vec<Statement>, Error> {
        let mut new: Vec<&str> = Vec::new();
        for sql in texts.iter().copied().filter(|sql| !self.prepared.contains_key(*sql)) {
            if !new.contains(&sql) {
                new.push(sql);
            }
        }
        let prepared = in_order(new.iter().map(async |sql| client.prepare(&translate(sql)).await));
        for (sql, statement) in new.iter().copied().zip(prepared.await?) {
            self.keep(sql, statement);
        }
        let mut statements = Vec::with_capacity(texts.len());
        for sql in texts {
            statements.push(self.get(client, sql).await?);
        }
        Ok(statements)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.prepared.len()
    }

    pub(super) fn clear(&mut self) {
        self.prepared.clear();
        self.since = None;
    }

    fn keep(&mut self, sql: &str, statement: Statement) {
        if self.prepared.len() >= KEPT {
            self.clear();
        }
        self.since.get_or_insert_with(now);
        self.prepared.insert(sql.to_owned(), statement);
    }
}

#[expect(clippy::disallowed_methods, reason = "how old a plan is is no fact of the books")]
fn now() -> Instant {
    Instant::now()
}

/// Has each send in its turn, all before the first is answered, and then takes the answers in order: all, or
/// the first error.
pub(super) async fn in_order<T, F>(requests: impl Iterator<Item = F>) -> Result<Vec<T>, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let mut sent: Vec<Pin<Box<MaybeDone<F>>>> =
        requests.map(|request| Box::pin(maybe_done(request))).collect();
    poll_fn(|context| {
        for request in &mut sent {
            #[expect(clippy::let_underscore_must_use, reason = "an answer stays with its request")]
            let _: Poll<()> = request.as_mut().poll(context);
        }
        Poll::Ready(())
    })
    .await;
    let mut answers = Vec::with_capacity(sent.len());
    for request in &mut sent {
        request.as_mut().await;
        let answer = request.as_mut().take_output();
        answers.push(answer.expect("it was awaited, and is taken once")?);
    }
    Ok(answers)
}
