//! A real database for tests.

use ventanilla_rig::{Cluster, Database};

use super::{DatabaseAddress, PgConnection};

/// A new database, of a role that owns it, on the server of this process.
pub(super) struct Trial {
    pub(super) database: Database,
}

impl Trial {
    pub(super) fn new() -> Self {
        Self { database: Cluster::shared().unwrap().database().unwrap() }
    }

    pub(super) fn address(&self) -> DatabaseAddress {
        DatabaseAddress::from_text(&self.database.url()).unwrap()
    }

    pub(super) fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.address()).unwrap()
    }

    /// Asks as the superuser.
    pub(super) fn sql(&self, text: &str) -> String {
        self.database.sql(text).unwrap().trim().to_owned()
    }
}
