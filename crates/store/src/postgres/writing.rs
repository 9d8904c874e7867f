//! A connection in a transaction that writes: how it begins, is marked, commits, and what became of a
//! commit whose answer was lost.

use std::thread::sleep;
use std::time::Duration;

use super::connection::Uncommitted;
use super::pool::Pooled;
use super::slots::Slot;
use super::{Inner, PgConnection, PgValue};
use crate::sql::Value;
use crate::{CommitError, StoreError};

/// How often, and how far apart, a database is asked what became of a commit.
const LOOKS: u32 = 40;
const LOOK_PAUSE: Duration = Duration::from_millis(500);

/// Writes a transaction's mark; one row is there for it.
pub(super) const MARK: &str =
    "UPDATE commit_mark SET seq = ?3 WHERE company_id = ?1 AND writer_id = ?2";

/// By what a transaction is found after its commit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    company: i64,
    writer: i64,
    seq: i64,
}

impl Mark {
    /// The parameters of [`MARK`].
    pub(super) fn values(self) -> [PgValue<'static>; 3] {
        [self.company, self.writer, self.seq].map(|value| PgValue::One(Value::Int(value)))
    }
}

/// A transaction on a connection; dropped without a commit, it is rolled back.
#[derive(Debug)]
pub(super) struct Writing<'a> {
    store: &'a Inner,
    connection: Pooled,
    /// Given back when it ends.
    slot: Option<Slot>,
}

impl<'a> Writing<'a> {
    /// Begins. The first statement takes it to the database.
    pub(super) fn begin(store: &'a Inner) -> Result<Self, StoreError> {
        let connection = store.pool.take()?;
        let slot = store.slots.take();
        let slot = slot.ok_or_else(|| StoreError::Busy("every slot is used".into()))?;
        connection.queue("BEGIN ISOLATION LEVEL READ COMMITTED");
        Ok(Self { store, connection, slot: Some(slot) })
    }

    pub(super) fn connection(&self) -> &PgConnection {
        &self.connection
    }

    pub(super) fn store(&self) -> &'a Inner {
        self.store
    }

    /// Commits, under a mark in a company's part of the database, or in that of none (0).
    pub(super) fn commit(mut self, company: i64) -> Result<(), CommitError> {
        let mark = self.mark(company).map_err(CommitError::Nothing)?;
        let marked = self.connection.run_many(&[(MARK, &mark.values())]);
        match marked.map_err(CommitError::Nothing)?.as_slice() {
            [1] => self.commit_marked(mark),
            _ => Err(CommitError::Nothing(StoreError::damaged("a mark has no row"))),
        }
    }

    /// Commits under a mark that is written already.
    pub(super) fn commit_marked(mut self, mark: Mark) -> Result<(), CommitError> {
        match self.connection.commit() {
            Ok(()) => Ok(()),
            Err(Uncommitted::Nothing(error)) => Err(CommitError::Nothing(error)),
            Err(Uncommitted::InDoubt(error)) => {
                tracing::warn!(%error, "the answer to a commit was lost; looking for it");
                let outcome = self.store.outcome(mark);
                if let Err(CommitError::Unknown(_)) = outcome
                    && let Some(slot) = self.slot.take()
                {
                    self.store.slots.put_last(slot);
                }
                outcome
            }
        }
    }

    /// What is to be written by [`MARK`], so that this transaction is known to have been committed if it was.
    pub(super) fn mark(&mut self, company: i64) -> Result<Mark, StoreError> {
        let slot = self.slot.as_mut().ok_or(StoreError::damaged("a transaction ended twice"))?;
        let (writer, seq) = (slot.writer, slot.seq);
        if !slot.marked.contains(&company) {
            // On a connection of its own: the row must be there for whoever looks for it.
            self.store.pool.take()?.run(
                "INSERT INTO commit_mark (company_id, writer_id, seq) VALUES (?1, ?2, 0) \
                 ON CONFLICT (company_id, writer_id) DO NOTHING",
                &[Value::Int(company), Value::Int(writer)],
            )?;
            slot.marked.insert(company);
        }
        Ok(Mark { company, writer, seq })
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        if !self.connection.is_lost() && self.connection.is_in_transaction() {
            self.connection.send_end("ROLLBACK");
        }
        if let Some(slot) = self.slot.take() {
            self.store.slots.give_back(slot);
        }
    }
}

impl Inner {
    /// What became of a commit whose answer was lost. Waits for the transaction in doubt to end, since that
    /// holds the mark's row; and commits itself, so that what it saw is where every commit must be.
    fn outcome(&self, mark: Mark) -> Result<(), CommitError> {
        let mut last = None;
        for _ in 0..LOOKS {
            match self.find_mark(mark) {
                Ok(true) => return Ok(()),
                Ok(false) => {
                    let absent = StoreError::Again("the commit did not take place".into());
                    return Err(CommitError::Nothing(absent));
                }
                Err(error) => last = Some(error),
            }
            sleep(LOOK_PAUSE);
        }
        let last = last.unwrap_or_else(|| StoreError::damaged("nobody looked for a commit"));
        Err(CommitError::Unknown(last))
    }

    fn find_mark(&self, mark: Mark) -> Result<bool, StoreError> {
        let connection = self.pool.take()?;
        let sql =
            "UPDATE commit_mark SET seq = ?3 WHERE company_id = ?1 AND writer_id = ?2 AND seq = ?3";
        Ok(connection.run_many(&[(sql, &mark.values())])? == [1])
    }
}
