use super::PgConnection;
use crate::sql::{Link, Value};
use crate::{Keys, OpenError};
pub(super) fn create(connection: &PgConnection, keys: &Keys) -> Result<(), OpenError> {
    connection.simple("BEGIN")?;
    connection.simple(include_str!("0001_books.sql"))?;
    connection.run(
        "INSERT INTO installation (one, keys_fingerprint, processes) VALUES (1, ?1, 0)",
        &[Value::Digest(keys.fingerprint())],
    )?;
    connection.simple("COMMIT")?;
    Ok(())
}
pub(super) fn open(connection: &PgConnection, keys: &Keys) -> Result<(), OpenError> {
    let found = Link::Postgres(connection).one(
        "SELECT keys_fingerprint FROM installation",
        &[],
        |row| row.get::<crate::Digest>(0),
    )?;
    if found == Some(keys.fingerprint()) { Ok(()) } else { Err(OpenError::ForeignKeys) }
}
