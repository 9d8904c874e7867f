//! What a backup says of itself, authenticated: which moment, which journals to which end, and who
//! could sign in.

use jiff::Timestamp;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension as _};
use serde::{Deserialize, Serialize};
use ventanilla_domain::CompanyId;

use super::BackupError;
use crate::keys::{from_hex, to_hex};
use crate::values::{id, instant};
use crate::{Digest, Head, Keys, StoreError};

/// The table that a backup has and no store.
const TABLE: &str = "CREATE TABLE backup_manifest (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  manifest TEXT NOT NULL,
  authenticated BLOB NOT NULL CHECK (length(authenticated) = 32)
) STRICT";

/// What no journal vouches for: collectors, integrators, users and their rights, and where each trail
/// ends. Tokens, sessions and invitations are ended by whoever restores, so nothing need vouch for them.
const UNVOUCHED_TABLES: [&str; 5] =
    ["collector", "integrator", "app_user", "user_right", "trail_head"];
/// The same since a script of this number.
const CONSOLE_TABLES: [&str; 2] = ["second_factor", "recovery_code"];
const CONSOLE_SCRIPT: i64 = 9;

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// When its copying began: what was kept before is in it.
    pub made_at: Timestamp,
    /// The version of the program that made it.
    pub version: String,
    /// The number of the newest script of its schema.
    pub schema: i64,
    /// The end of each company's journal, by company.
    pub heads: Vec<Head>,
}

#[derive(Serialize, Deserialize)]
struct ManifestRecord {
    made_at_us: i64,
    version: String,
    schema: i64,
    heads: Vec<HeadRecord>,
    identities: String,
}

#[derive(Serialize, Deserialize)]
struct HeadRecord {
    company: i64,
    entries: i64,
    chain: String,
}

/// Writes the manifest of a copy into it.
pub(crate) fn write_manifest(
    copy: &Connection,
    keys: &Keys,
    made_at: Timestamp,
    version: &str,
) -> Result<(), BackupError> {
    let schema = copy.query_row("SELECT max(number) FROM migration", [], |row| row.get(0))?;
    let record = ManifestRecord {
        made_at_us: made_at.as_microsecond(),
        version: version.to_owned(),
        schema,
        heads: heads(copy)?,
        identities: to_hex(&identities(copy, keys, schema)?),
    };
    let text = serde_json::to_string(&record)
        .map_err(|cause| StoreError::damaged_by("a manifest cannot be written", cause))?;
    copy.execute(TABLE, [])?;
    copy.execute(
        "INSERT INTO backup_manifest (one, manifest, authenticated) VALUES (1, ?1, ?2)",
        (&text, keys.manifest_digest(&text)),
    )?;
    Ok(())
}

/// Reads the manifest of a copy. Errors in order: there is none, other keys made it, it was altered.
pub(crate) fn read_manifest(copy: &Connection, keys: &Keys) -> Result<Manifest, BackupError> {
    let tables: i64 = copy.query_row(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' \
         AND name IN ('backup_manifest', 'installation', 'migration')",
        [],
        |row| row.get(0),
    )?;
    if tables != 3 {
        return Err(BackupError::NoManifest);
    }
    let fingerprint: Option<Digest> = copy
        .query_row("SELECT keys_fingerprint FROM installation", [], |row| row.get(0))
        .optional()?;
    if fingerprint != Some(keys.fingerprint()) {
        return Err(BackupError::ForeignKeys);
    }
    let sql = "SELECT manifest, authenticated FROM backup_manifest";
    let (text, authenticated): (String, Digest) =
        copy.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if keys.manifest_digest(&text) != authenticated {
        return Err(BackupError::Altered("its manifest does not authenticate"));
    }
    let record: ManifestRecord = serde_json::from_str(&text)
        .map_err(|cause| StoreError::damaged_by("a manifest cannot be read", cause))?;
    if from_hex(&record.identities) != Some(identities(copy, keys, record.schema)?) {
        return Err(BackupError::Altered("its collectors, users or trails are not those it says"));
    }
    to_manifest(record).map_err(BackupError::Store)
}

fn to_manifest(record: ManifestRecord) -> Result<Manifest, StoreError> {
    let head = |head: HeadRecord| {
        let chain = from_hex(&head.chain);
        Ok(Head {
            company: id(CompanyId::from_i64, head.company)?,
            entries: head.entries,
            chain: chain.ok_or_else(|| StoreError::damaged("a link is not one"))?,
        })
    };
    Ok(Manifest {
        made_at: instant(record.made_at_us)?,
        version: record.version,
        schema: record.schema,
        heads: record.heads.into_iter().map(head).collect::<Result<_, StoreError>>()?,
    })
}

fn heads(copy: &Connection) -> Result<Vec<HeadRecord>, BackupError> {
    let sql = "SELECT company_id, next_entry - 1, chain FROM counter ORDER BY company_id";
    let mut statement = copy.prepare(sql)?;
    let heads = statement.query_map([], |row| {
        let chain: Digest = row.get(2)?;
        Ok(HeadRecord { company: row.get(0)?, entries: row.get(1)?, chain: to_hex(&chain) })
    })?;
    Ok(heads.collect::<Result<_, _>>()?)
}

/// The keyed hash of all rows of who may sign in, and of where each trail ends.
fn identities(copy: &Connection, keys: &Keys, schema: i64) -> Result<Digest, BackupError> {
    let mut parts: Vec<Vec<u8>> = vec![b"ventanilla backup identities".to_vec()];
    let later = CONSOLE_TABLES.iter().filter(|_| schema >= CONSOLE_SCRIPT);
    for table in UNVOUCHED_TABLES.iter().chain(later) {
        parts.push(table.as_bytes().to_vec());
        let mut statement = copy.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2"))?;
        let columns = statement.column_count();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            for column in 0..columns {
                parts.push(to_bytes(row.get_ref(column)?));
            }
        }
    }
    if let Some(version) = identities_version(copy)? {
        parts.extend([b"version".to_vec(), to_bytes(ValueRef::Integer(version))]);
    }
    Ok(keys.chain_link(parts.iter().map(Vec::as_slice)))
}

/// How often they have changed, by which a mirror knows whether it has later ones; none was counted
/// before there were mirrors.
fn identities_version(copy: &Connection) -> Result<Option<i64>, BackupError> {
    let sql = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'mirror'";
    let tables: i64 = copy.query_row(sql, [], |row| row.get(0))?;
    if tables == 0 {
        return Ok(None);
    }
    let sql = "SELECT identities_version FROM mirror";
    Ok(copy.query_row(sql, [], |row| row.get(0)).optional()?)
}

/// A value with its type, so that no two values read the same.
fn to_bytes(value: ValueRef<'_>) -> Vec<u8> {
    match value {
        ValueRef::Null => vec![0],
        ValueRef::Integer(number) => [&[1][..], &number.to_be_bytes()].concat(),
        ValueRef::Real(number) => [&[2][..], &number.to_be_bytes()].concat(),
        ValueRef::Text(text) => [&[3][..], text].concat(),
        ValueRef::Blob(bytes) => [&[4][..], bytes].concat(),
    }
}
