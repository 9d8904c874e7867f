//! What goes into a statement, whatever the database: whole numbers, texts, digests and nothing.

use std::borrow::Cow;

use crate::Digest;

/// A parameter of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value<'v> {
    Null,
    Int(i64),
    Text(Cow<'v, str>),
    Digest(Digest),
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u32> for Value<'_> {
    fn from(value: u32) -> Self {
        Self::Int(value.into())
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Self::Int(value.into())
    }
}

impl<'v> From<&'v str> for Value<'v> {
    fn from(value: &'v str) -> Self {
        Self::Text(Cow::Borrowed(value))
    }
}

impl<'v> From<&'v String> for Value<'v> {
    fn from(value: &'v String) -> Self {
        Self::Text(Cow::Borrowed(value))
    }
}

impl From<String> for Value<'_> {
    fn from(value: String) -> Self {
        Self::Text(Cow::Owned(value))
    }
}

impl<'v> From<&'v Cow<'_, str>> for Value<'v> {
    fn from(value: &'v Cow<'_, str>) -> Self {
        Self::Text(Cow::Borrowed(value))
    }
}

impl From<Digest> for Value<'_> {
    fn from(value: Digest) -> Self {
        Self::Digest(value)
    }
}

impl From<&Digest> for Value<'_> {
    fn from(value: &Digest) -> Self {
        Self::Digest(*value)
    }
}

impl From<&i64> for Value<'_> {
    fn from(value: &i64) -> Self {
        Self::Int(*value)
    }
}

impl From<&bool> for Value<'_> {
    fn from(value: &bool) -> Self {
        Self::Int((*value).into())
    }
}

impl<'v, T: Into<Value<'v>>> From<Option<T>> for Value<'v> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::ValueRef;
        Ok(rusqlite::types::ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Digest(value) => ValueRef::Blob(value),
        }))
    }
}

/// Values of several types, for a row too long for a tuple.
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        [$($crate::sql::Value::from($value)),*]
    };
}

pub(crate) use values;
