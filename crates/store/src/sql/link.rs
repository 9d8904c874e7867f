//! A connection of either engine, and what every statement needs of it.

use rusqlite::Connection;

use super::{Row, Value};
use crate::StoreError;
use crate::postgres::PgConnection;

/// A connection.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Link<'a> {
    Sqlite(&'a Connection),
    Postgres(&'a PgConnection),
}

impl Link<'_> {
    /// Hands rows on as the statement gives them, until the visitor fails, with an error of its own
    /// or of reading.
    pub(crate) fn each<E: From<StoreError>>(
        self,
        sql: &str,
        values: &[Value<'_>],
        visit: &mut dyn FnMut(Row<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(sql).map_err(StoreError::from)?;
                let mut rows = statement.query(params(values)).map_err(StoreError::from)?;
                while let Some(row) = rows.next().map_err(StoreError::from)? {
                    visit(Row::Sqlite(row))?;
                }
                Ok(())
            }
            Self::Postgres(connection) => connection.each(sql, values, visit),
        }
    }

    /// The first row.
    pub(crate) fn one<T>(
        self,
        sql: &str,
        values: &[Value<'_>],
        from_row: impl Fn(Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        match self {
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(sql)?;
                let mut rows = statement.query(params(values))?;
                rows.next()?.map(|row| from_row(Row::Sqlite(row))).transpose()
            }
            Self::Postgres(connection) => {
                let mut found = None;
                connection.each(sql, values, &mut |row| {
                    if found.is_none() {
                        found = Some(from_row(row)?);
                    }
                    Ok::<_, StoreError>(())
                })?;
                Ok(found)
            }
        }
    }

    /// Runs one statement and says how many rows it changed.
    pub(crate) fn run(self, sql: &str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(connection) => {
                let changed = connection.prepare_cached(sql)?.execute(params(values))?;
                Ok(u64::try_from(changed).unwrap_or(u64::MAX))
            }
            Self::Postgres(connection) => connection.run(sql, values),
        }
    }
}

fn params<'v>(values: &'v [Value<'v>]) -> impl rusqlite::Params + 'v {
    rusqlite::params_from_iter(values)
}
