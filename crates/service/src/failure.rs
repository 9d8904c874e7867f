//! The four ways in which a use case does not succeed.

use std::error::Error;
use std::fmt;

use ventanilla_store::{StoreError, to_hex};

use crate::Entropy;

/// The name of an internal error: what the log line and the caller's answer share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorId(pub(crate) String);

impl fmt::Display for ErrorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a use case did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure<R> {
    /// The request was understood and the answer is no: nothing changed, the caller acts.
    Refused(R),
    /// Nothing changed; the same request may succeed later.
    Unavailable,
    /// A commit was attempted and its result is not known: never told as "rejected".
    Unknown,
    /// A defect or a damaged store; the chain of causes is in the log under this id.
    Internal(ErrorId),
}

impl<R> Failure<R> {
    /// The same failure with its refusal, if it is one, turned into another.
    pub fn map<S>(self, refusal: impl FnOnce(R) -> S) -> Failure<S> {
        match self {
            Self::Refused(inner) => Failure::Refused(refusal(inner)),
            Self::Unavailable => Failure::Unavailable,
            Self::Unknown => Failure::Unknown,
            Self::Internal(id) => Failure::Internal(id),
        }
    }
}

/// Why a visitor did not see the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VisitFailure<R, E> {
    /// The books could not be read.
    Books(Failure<R>),
    /// The visitor stopped, with an error of its own.
    Visitor(E),
}

/// A use case that knows no refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoRefusal {}

/// A failure of the write path, which knows no refusals: they are results.
#[derive(Debug, Clone)]
pub(crate) enum WriteFailure {
    Unavailable,
    Unknown,
    Internal(ErrorId),
}

impl<R> From<WriteFailure> for Failure<R> {
    fn from(failure: WriteFailure) -> Self {
        match failure {
            WriteFailure::Unavailable => Self::Unavailable,
            WriteFailure::Unknown => Self::Unknown,
            WriteFailure::Internal(id) => Self::Internal(id),
        }
    }
}

/// Damage that is found in reading.
pub(crate) fn damaged(what: &'static str) -> StoreError {
    StoreError::Damaged { what, cause: None }
}

/// A failure to read: what is not a passing hindrance is logged under an id.
pub(crate) fn of_read<R>(error: &StoreError, entropy: &Entropy) -> Failure<R> {
    match error {
        StoreError::Busy(_)
        | StoreError::Full(_)
        | StoreError::Again(_)
        | StoreError::Unreachable(_) => Failure::Unavailable,
        StoreError::Io(_) | StoreError::NeedsOwn | StoreError::Damaged { .. } => {
            Failure::Internal(logged(error, entropy))
        }
    }
}

/// Logs an error with its causes under a new id: the only word of it that leaves.
pub(crate) fn logged(error: &StoreError, entropy: &Entropy) -> ErrorId {
    let id = to_hex(&entropy.bytes::<6>());
    tracing::error!(id, error = chain(error), "internal error");
    ErrorId(id)
}

/// An error with its causes, in one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
