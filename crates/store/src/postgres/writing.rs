//! A connection in a transaction that writes: how it begins, is marked, commits, and what became of a
//! commit whose answer was lost.

use std::thread::sleep;
use std::time::Duration;

use super::connection::Uncommitted;
use super::pool::Pooled;
use super::slots::Slot;
use super::{Inner, PgConnection};
use crate::sql::Value;
use crate::{CommitError, StoreError};

/// How often, and how far apart, a database is asked what became of a commit.
const LOOKS: u32 = 40;
const LOOK_PAUSE: Duration = Duration::from_millis(500);

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
        let nothing = CommitError::Nothing;
        let (writer, seq) = self.mark(company).map_err(nothing)?;
        match self.connection.commit() {
            Ok(()) => Ok(()),
            Err(Uncommitted::Nothing(error)) => Err(nothing(error)),
            Err(Uncommitted::InDoubt(error)) => {
                tracing::warn!(%error, "the answer to a commit was lost; looking for it");
                let outcome = self.store.outcome(company, writer, seq);
                if let Err(CommitError::Unknown(_)) = outcome
                    && let Some(slot) = self.slot.take()
                {
                    self.store.slots.put_last(slot);
                }
                outcome
            }
        }
    }

    /// Writes down that this transaction commits, if it does.
    fn mark(&mut self, company: i64) -> Result<(i64, i64), StoreError> {
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
        let marked = self.connection.run(
            "UPDATE commit_mark SET seq = ?3 WHERE company_id = ?1 AND writer_id = ?2",
            &[Value::Int(company), Value::Int(writer), Value::Int(seq)],
        )?;
        if marked == 1 { Ok((writer, seq)) } else { Err(StoreError::damaged("a mark has no row")) }
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
    fn outcome(&self, company: i64, writer: i64, seq: i64) -> Result<(), CommitError> {
        let mut last = None;
        for _ in 0..LOOKS {
            match self.find_mark(company, writer, seq) {
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

    fn find_mark(&self, company: i64, writer: i64, seq: i64) -> Result<bool, StoreError> {
        let connection = self.pool.take()?;
        let changed = connection.run(
            "UPDATE commit_mark SET seq = ?3 WHERE company_id = ?1 AND writer_id = ?2 AND seq = ?3",
            &[Value::Int(company), Value::Int(writer), Value::Int(seq)],
        )?;
        Ok(changed == 1)
    }
}
