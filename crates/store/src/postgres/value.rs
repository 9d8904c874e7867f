//! What goes into a statement of PostgreSQL: single values, and arrays to be taken apart by `UNNEST`.

use std::borrow::Cow;
use std::error::Error;

use bytes::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::Digest;
use crate::sql::Value;

type Encoded = Result<IsNull, Box<dyn Error + Sync + Send>>;

/// A parameter of a statement that may take a whole column at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PgValue<'v> {
    One(Value<'v>),
    Ints(Vec<i64>),
    MaybeInts(Vec<Option<i64>>),
    Texts(Vec<Cow<'v, str>>),
    MaybeTexts(Vec<Option<Cow<'v, str>>>),
    Digests(Vec<Digest>),
}

impl<'v, T: Into<Value<'v>>> From<T> for PgValue<'v> {
    fn from(value: T) -> Self {
        Self::One(value.into())
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Encoded {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(value) if *kind == Type::INT4 => i32::try_from(*value)?.to_sql(kind, out),
            Self::Int(value) if *kind == Type::INT2 => i16::try_from(*value)?.to_sql(kind, out),
            Self::Int(value) => value.to_sql_checked(kind, out),
            Self::Text(value) => value.to_sql_checked(kind, out),
            Self::Digest(value) => value.as_slice().to_sql_checked(kind, out),
        }
    }

    /// Any: what does not fit is refused when it is written.
    fn accepts(_kind: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl ToSql for PgValue<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Encoded {
        match self {
            Self::One(value) => value.to_sql(kind, out),
            Self::Ints(values) => values.to_sql_checked(kind, out),
            Self::MaybeInts(values) => values.to_sql_checked(kind, out),
            Self::Texts(values) => values.to_sql_checked(kind, out),
            Self::MaybeTexts(values) => values.to_sql_checked(kind, out),
            Self::Digests(values) => {
                let values: Vec<&[u8]> = values.iter().map(Digest::as_slice).collect();
                values.to_sql_checked(kind, out)
            }
        }
    }

    fn accepts(_kind: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
