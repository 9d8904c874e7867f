//! What the tests over every store have in common.

use ventanilla_rig::{Cluster, Database};
use ventanilla_store::{DatabaseAddress, Keys, Store};

/// An empty store in a database of its own, which lasts as long as the first of the two.
#[expect(clippy::expect_used, reason = "a test stops where something fails")]
pub(crate) fn in_postgres(keys: Keys) -> (Database, Store) {
    let database = Cluster::shared().and_then(Cluster::database).expect("PostgreSQL starts");
    let address = DatabaseAddress::from_text(&database.url()).expect("an address of the rig");
    let store = Store::create_postgres(&address, keys).expect("the database is empty");
    (database, store)
}
