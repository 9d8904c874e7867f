//! What PostgreSQL's errors mean to a store. What its rows hold stays out of them: a cause is logged.

use std::error::Error as _;
use std::io;

use tokio_postgres::Error;
use tokio_postgres::error::{DbError, Severity};

use crate::StoreError;

/// What a database said no with. The detail, which quotes rows, is left out.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {message}")]
pub(super) struct Answer {
    code: String,
    message: String,
}

impl From<&DbError> for Answer {
    fn from(error: &DbError) -> Self {
        Self { code: error.code().code().to_owned(), message: error.message().to_owned() }
    }
}

/// Nobody answers on a connection any more.
#[derive(Debug, thiserror::Error)]
#[error("the connection is lost")]
pub(super) struct Lost;

/// Nobody answered in time.
#[derive(Debug, thiserror::Error)]
#[error("the database did not answer in time")]
pub(super) struct Late;

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        let Some(answer) = error.as_db_error() else {
            return if is_cut_off(&error) {
                Self::Again(error.into())
            } else {
                Self::damaged_by("PostgreSQL was misunderstood", error)
            };
        };
        let cause = Answer::from(answer).into();
        match answer.code().code() {
            code if is_passing(code) || is_stale(answer) => Self::Again(cause),
            "25006" | "57P04" => Self::Unreachable(cause),
            "23505" => Self::Damaged { what: TAKEN, cause: Some(cause) },
            "53100" => Self::Full(cause),
            "53000" | "53200" | "53300" => Self::Busy(cause),
            _ => Self::Damaged { what: "PostgreSQL refused a statement", cause: Some(cause) },
        }
    }
}

const TAKEN: &str = "a key is used already";

/// Of a key that was free when it was looked at, that another server was faster: what chose it is to be run
/// again. In an entry, whose company nobody else changes meanwhile, a used key is damage.
pub(crate) fn again_if_taken(error: StoreError) -> StoreError {
    match error {
        StoreError::Damaged { what: TAKEN, cause } => {
            StoreError::Again(cause.unwrap_or_else(|| TAKEN.into()))
        }
        other => other,
    }
}

/// What the database said no with.
pub(super) fn code_of(error: &StoreError) -> Option<&str> {
    let cause = error.source()?.downcast_ref::<Answer>()?;
    Some(&cause.code)
}

/// Whether the same may succeed at once, on this connection or another: others were in the way, a statement
/// took too long, or the server stops.
fn is_passing(code: &str) -> bool {
    code.starts_with("08")
        || matches!(
            code,
            "40000"
                | "40001"
                | "40003"
                | "40P01"
                | "55P03"
                | "57014"
                | "57P01"
                | "57P02"
                | "57P03"
                | "57P05"
                | "25P03"
        )
}

/// Whether a statement was prepared before its tables changed, or is not known to the session. What the
/// server does not support at all has the same code, and comes from elsewhere in it.
fn is_stale(answer: &DbError) -> bool {
    match answer.code().code() {
        "0A000" => answer.routine() == Some("RevalidateCachedQuery"),
        code => code == "26000",
    }
}

/// Whether a connection is no good after it: the server ended it, it leads to a server that takes no writes,
/// or the two do not understand each other.
pub(super) fn ends_connection(error: &Error) -> bool {
    let Some(answer) = error.as_db_error() else { return true };
    let is_over = matches!(answer.parsed_severity(), Some(Severity::Fatal | Severity::Panic));
    // A statement whose completion is not known (40003) is looked up on another connection.
    is_over || matches!(answer.code().code(), "25006" | "40003") || is_stale(answer)
}

/// Whether the connection ended. What could not be written into or read from a message is an error of
/// another kind, though the driver keeps both as errors of input and output.
fn is_cut_off(error: &Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    error.is_closed() || cause.is_some_and(|cause| cause.kind() != io::ErrorKind::InvalidInput)
}
