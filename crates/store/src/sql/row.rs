//! Rows of either database, read column by column.

use crate::{Digest, StoreError};

type Read<T> = Result<T, StoreError>;

/// A row that was read.
#[derive(Clone, Copy)]
pub(crate) enum Row<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r tokio_postgres::Row),
}

/// What a column can be read as.
pub(crate) trait Column: Sized {
    fn from_row(row: Row<'_>, column: usize) -> Read<Self>;
}

impl<'r> Row<'r> {
    /// The value of a column, counted from 0.
    pub(crate) fn get<T: Column>(self, column: usize) -> Read<T> {
        T::from_row(self, column)
    }

    /// The text of a column that always has one.
    pub(crate) fn string(self, column: usize) -> Read<&'r str> {
        self.maybe(column)?.ok_or_else(|| StoreError::damaged("a column has no text"))
    }

    /// The text of a column.
    pub(crate) fn maybe(self, column: usize) -> Read<Option<&'r str>> {
        match self {
            Self::Sqlite(row) => row
                .get_ref(column)?
                .as_str_or_null()
                .map_err(|cause| StoreError::damaged_by("not a text", cause)),
            Self::Postgres(row) => Ok(row.try_get(column)?),
        }
    }
}

impl Column for Option<i64> {
    fn from_row(row: Row<'_>, column: usize) -> Read<Self> {
        match row {
            Row::Sqlite(row) => Ok(row.get(column)?),
            Row::Postgres(row) => Ok(row.try_get(column)?),
        }
    }
}

impl Column for i64 {
    fn from_row(row: Row<'_>, column: usize) -> Read<Self> {
        row.get::<Option<i64>>(column)?.ok_or_else(|| StoreError::damaged("a column has no number"))
    }
}

impl Column for u32 {
    fn from_row(row: Row<'_>, column: usize) -> Read<Self> {
        u32::try_from(row.get::<i64>(column)?)
            .map_err(|cause| StoreError::damaged_by("a number does not fit", cause))
    }
}

/// Kept as 0 or 1; what a database compares itself may come as its own kind of truth.
impl Column for bool {
    fn from_row(row: Row<'_>, column: usize) -> Read<Self> {
        match row {
            Row::Sqlite(row) => Ok(row.get(column)?),
            Row::Postgres(row)
                if row
                    .columns()
                    .get(column)
                    .is_some_and(|of| *of.type_() == tokio_postgres::types::Type::BOOL) =>
            {
                Ok(row.try_get(column)?)
            }
            Row::Postgres(_) => Ok(row.get::<i64>(column)? != 0),
        }
    }
}

impl Column for Option<Digest> {
    fn from_row(row: Row<'_>, column: usize) -> Read<Self> {
        match row {
            Row::Sqlite(row) => Ok(row.get(column)?),
            Row::Postgres(row) => {
                let bytes: Option<&[u8]> = row.try_get(column)?;
                let digest = bytes.map(Digest::try_from).transpose();
                digest.map_err(|cause| StoreError::damaged_by("not a digest", cause))
            }
        }
    }
}

impl Column for Digest {
    fn from_row(row: Row<'_>, column: usize) -> Read<Self> {
        row.get::<Option<Digest>>(column)?
            .ok_or_else(|| StoreError::damaged("a column has no digest"))
    }
}

impl Column for Option<String> {
    fn from_row(row: Row<'_>, column: usize) -> Read<Self> {
        Ok(row.maybe(column)?.map(str::to_owned))
    }
}

impl Column for String {
    fn from_row(row: Row<'_>, column: usize) -> Read<Self> {
        row.string(column).map(str::to_owned)
    }
}
