//! The four ways in which a use case does not succeed.

use std::fmt;

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

/// A use case that knows no refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoRefusal {}
