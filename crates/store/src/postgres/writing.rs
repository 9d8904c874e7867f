//! A connection in a transaction that writes: how it begins, is marked, commits, and what became of a
//! commit whose answer was lost.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::connection::Uncommitted;
use super::flush::Statement;
use super::pool::Pooled;
use super::slots::{Kind, Slot};
use super::{Inner, PgConnection, PgValue};
use crate::sql::{Link, Value};
use crate::{CommitError, StoreError};

/// For how long a database is asked what became of a commit, and how far apart.
const LOOK_FOR: Duration = Duration::from_secs(20);
const LOOK_PAUSE: Duration = Duration::from_millis(200);

/// A transaction on a connection; dropped without a commit, it is rolled back.
#[derive(Debug)]
pub(super) struct Writing<'a> {
    store: &'a Inner,
    connection: Pooled,
    /// Given back when it ends.
    slot: Option<Slot>,
    is_marked: bool,
}

/// Marks a transaction: the company, or 0; the slot's number; the transaction's.
pub(super) const MARK: &str = "UPDATE commit_mark SET seq = ?3 \
    WHERE company_id = ?1 AND writer_id = ?2 RETURNING seq";

impl<'a> Writing<'a> {
    /// Begins. The first statement takes it to the database.
    pub(super) fn begin(store: &'a Inner, kind: Kind) -> Result<Self, StoreError> {
        let connection = store.pool.take()?;
        let slot = store.slots.take(kind);
        let slot = slot.ok_or_else(|| StoreError::Busy("every slot is used".into()))?;
        connection.queue("BEGIN ISOLATION LEVEL READ COMMITTED");
        Ok(Self { store, connection, slot: Some(slot), is_marked: false })
    }

    pub(super) fn connection(&self) -> &PgConnection {
        &self.connection
    }

    pub(super) fn store(&self) -> &'a Inner {
        self.store
    }

    /// Commits, under a mark in a company's part of the database, or in that of none (0).
    pub(super) fn commit(self, company: i64) -> Result<(), CommitError> {
        self.commit_after(company, &[])
    }

    /// The same after statements, in one round trip with them: they are to fail where they do not do what they
    /// are to do.
    pub(super) fn commit_after(
        mut self,
        company: i64,
        statements: &[Statement<'_>],
    ) -> Result<(), CommitError> {
        let nothing = CommitError::Nothing;
        let [_, writer, seq] = self.mark(company).map_err(nothing)?;
        let batch: Vec<(&str, &[PgValue<'_>])> =
            statements.iter().map(|(sql, _, values)| (*sql, values.as_slice())).collect();
        match self.connection.commit_after(&batch) {
            Ok(counts) if is_as_told(&counts, statements) => Ok(()),
            Ok(_) => Err(CommitError::Unknown(StoreError::damaged("less was written than told"))),
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

    /// What [`MARK`] is to write, for a row that is there.
    pub(super) fn prepare_mark(&mut self, company: i64) -> Result<[i64; 3], StoreError> {
        let slot = self.slot.as_mut().ok_or(StoreError::damaged("a transaction ended twice"))?;
        if !slot.marked.contains(&company) {
            // On a connection of its own: the row must be there for whoever looks for it.
            self.store.pool.take()?.run(
                "INSERT INTO commit_mark (company_id, writer_id, seq) VALUES (?1, ?2, 0) \
                 ON CONFLICT (company_id, writer_id) DO NOTHING",
                &[Value::Int(company), Value::Int(slot.writer)],
            )?;
            slot.marked.insert(company);
        }
        Ok([company, slot.writer, slot.seq])
    }

    /// Takes note of how many rows [`MARK`] has written.
    pub(super) fn note_mark(&mut self, company: i64, rows: usize) -> Result<(), StoreError> {
        if rows == 1 {
            self.is_marked = true;
            return Ok(());
        }
        // Whoever opens the store forgets the marks of those who opened it long before, and live still.
        if let Some(slot) = &mut self.slot {
            slot.marked.remove(&company);
        }
        Err(StoreError::Again("the mark's row was forgotten".into()))
    }

    /// Writes down that this transaction commits, if it does.
    fn mark(&mut self, company: i64) -> Result<[i64; 3], StoreError> {
        let mark = self.prepare_mark(company)?;
        if !self.is_marked {
            let link = Link::Postgres(&self.connection);
            let rows = link.one(MARK, &mark.map(Value::Int), |_| Ok::<_, StoreError>(()))?;
            self.note_mark(company, usize::from(rows.is_some()))?;
        }
        Ok(mark)
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        if !self.connection.is_lost() && self.connection.is_in_transaction() {
            self.connection.send_end("ROLLBACK");
        }
        let Some(slot) = self.slot.take() else { return };
        if self.connection.is_lost() {
            // The database may take a while to see that nobody is there, and holds the mark's row until then.
            self.store.slots.put_last(slot);
        } else {
            self.store.slots.give_back(slot);
        }
    }
}

/// Whether as many rows were changed as were to be.
fn is_as_told(counts: &[u64], statements: &[Statement<'_>]) -> bool {
    let told = statements.iter().map(|(_, len, _)| u64::try_from(*len).unwrap_or(u64::MAX));
    told.eq(counts.iter().copied())
}

/// What the row of a mark tells of a commit.
enum Told {
    Committed,
    NotCommitted,
    /// There is no such row any more.
    Nothing,
}

impl Inner {
    /// What became of a commit whose answer was lost. Waits for the transaction in doubt to end, since that
    /// holds the mark's row; and commits itself, so that what it saw is where every commit must be.
    fn outcome(&self, company: i64, writer: i64, seq: i64) -> Result<(), CommitError> {
        let start = now();
        loop {
            let error = match self.find_mark(company, writer, seq) {
                Ok(Told::Committed) => return Ok(()),
                Ok(Told::NotCommitted) => {
                    let absent = StoreError::Again("the commit did not take place".into());
                    return Err(CommitError::Nothing(absent));
                }
                Ok(Told::Nothing) => {
                    return Err(CommitError::Unknown(StoreError::damaged("a mark has no row")));
                }
                Err(error) => error,
            };
            if start.elapsed() >= LOOK_FOR {
                return Err(CommitError::Unknown(error));
            }
            sleep(LOOK_PAUSE);
        }
    }

    /// Writes the row as it is, whatever it holds: a condition on what it holds would be met, or not, by what
    /// it held before the transaction in doubt, and nobody would wait for that.
    fn find_mark(&self, company: i64, writer: i64, seq: i64) -> Result<Told, StoreError> {
        let connection = self.pool.take()?;
        let sql = "UPDATE commit_mark SET seq = seq WHERE company_id = ?1 AND writer_id = ?2 \
                   RETURNING seq";
        let row = [Value::Int(company), Value::Int(writer)];
        let found: Option<i64> = Link::Postgres(&connection).one(sql, &row, |row| row.get(0))?;
        Ok(match found {
            Some(found) if found == seq => Told::Committed,
            Some(_) => Told::NotCommitted,
            None => Told::Nothing,
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "whoever waits for a database has a deadline")]
fn now() -> Instant {
    Instant::now()
}
