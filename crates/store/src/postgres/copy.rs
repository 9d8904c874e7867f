//! Books from SQLite copied into an empty database: every row as it is, in one transaction.

use rusqlite::types::ValueRef;

use super::Postgres;
use crate::sql::Value;
use crate::sqlite::Sqlite;
use crate::{CommitError, CopyError, StoreError};

/// Bytes sent at a time.
const CHUNK_LEN: usize = 256 * 1024;

/// The tables in an order in which none names a row that comes later. What is not among them is of the
/// database itself: who made it, and what its servers know of each other.
const TABLES: [&str; 45] = [
    "company",
    "counter",
    "collector",
    "token",
    "integrator",
    "app_user",
    "user_right",
    "user_session",
    "console_session",
    "invitation",
    "second_factor",
    "second_factor_step",
    "recovery_code",
    "issuer",
    "logo",
    "imported_file",
    "member",
    "contract",
    "former_code",
    "former_member",
    "former_contract",
    "bill",
    "bill_version",
    "payment",
    "reversal",
    "caller_key",
    "supplier",
    "purchase_invoice",
    "invoice_record",
    "payout",
    "payout_application",
    "payout_key",
    "payout_reversal",
    "drawer",
    "window_receipt",
    "window_receipt_payment",
    "remittance",
    "journal",
    "collection_event",
    "balance",
    "member_word",
    "collected",
    "owed",
    "trail",
    "trail_head",
];

impl Postgres {
    /// Copies everything but the mirror's path; `progress` is told of each table when it is done, with its
    /// rows.
    ///
    /// Errors in order: the database holds something, the books cannot be read or written. Then nothing is
    /// copied.
    pub(crate) fn copy_from(
        &self,
        from: &Sqlite,
        progress: &mut dyn FnMut(&'static str, u64),
    ) -> Result<(), CopyError> {
        let snapshot = from.snapshot()?;
        let own = super::own::Own::begin(&self.inner)?;
        for table in TABLES {
            let sql = format!("SELECT count(*) FROM {table}");
            let rows: Option<i64> = own.link().one(&sql, &[], |row| row.get(0))?;
            if rows != Some(0) {
                return Err(CopyError::NotEmpty);
            }
        }
        for table in TABLES {
            let rows = copy_table(snapshot.connection(), own.connection(), table)?;
            progress(table, rows);
        }
        let version = snapshot.reads().identities_version()?;
        let sql = "UPDATE mirror SET identities_version = ?1";
        own.link().run(sql, &[Value::Int(version)])?;
        own.commit().map_err(|error| match error {
            CommitError::Nothing(error) => CopyError::Store(error),
            CommitError::Unknown(error) => CopyError::Unknown(error),
        })
    }
}

/// Copies a table: how many rows.
fn copy_table(
    from: &rusqlite::Connection,
    to: &super::PgConnection,
    table: &str,
) -> Result<u64, StoreError> {
    let mut statement = from.prepare(&format!("SELECT * FROM {table}"))?;
    let columns = statement.column_names().collect::<Vec<_>>().join(", ");
    let width = statement.column_count();
    let mut rows = statement.query([])?;
    to.copy_in(&format!("COPY {table} ({columns}) FROM STDIN"), &mut |buffer| {
        while buffer.len() < CHUNK_LEN {
            let Some(row) = rows.next()? else { return Ok(false) };
            for column in 0..width {
                write_value(buffer, row.get_ref(column)?)?;
                buffer.push(if column + 1 == width { b'\n' } else { b'\t' });
            }
        }
        Ok(true)
    })
}

/// Writes a value in the text form of `COPY`.
fn write_value(buffer: &mut Vec<u8>, value: ValueRef<'_>) -> Result<(), StoreError> {
    match value {
        ValueRef::Null => buffer.extend_from_slice(b"\\N"),
        ValueRef::Integer(number) => buffer.extend_from_slice(number.to_string().as_bytes()),
        ValueRef::Real(_) => return Err(StoreError::damaged("a column holds a fraction")),
        ValueRef::Text(text) => {
            for byte in text {
                match byte {
                    0 => return Err(StoreError::damaged("a text holds a NUL")),
                    b'\\' => buffer.extend_from_slice(b"\\\\"),
                    b'\n' => buffer.extend_from_slice(b"\\n"),
                    b'\r' => buffer.extend_from_slice(b"\\r"),
                    b'\t' => buffer.extend_from_slice(b"\\t"),
                    other => buffer.push(*other),
                }
            }
        }
        ValueRef::Blob(bytes) => {
            buffer.extend_from_slice(b"\\\\x");
            buffer.extend_from_slice(crate::to_hex(bytes).as_bytes());
        }
    }
    Ok(())
}
