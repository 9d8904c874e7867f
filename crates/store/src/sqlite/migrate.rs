//! The schema's versions: numbered scripts, each run once and never changed afterwards.

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};
use sha2::{Digest as _, Sha256};

use crate::sql::{KnownCompanies, Link, Reads, make_anew};
use crate::{Digest, Keys, OpenError, StoreError};

const SCRIPTS: [&str; 10] = [
    include_str!("0001_books.sql"),
    include_str!("0002_files_and_exports.sql"),
    include_str!("0003_users.sql"),
    include_str!("0004_payables.sql"),
    include_str!("0005_what_is_printed.sql"),
    include_str!("0006_secrets.sql"),
    include_str!("0007_trail.sql"),
    include_str!("0008_mirror.sql"),
    include_str!("0009_console.sql"),
    include_str!("0010_limits_and_payables.sql"),
];

/// The script whose words and totals are made when it has run.
const WITH_TOTALS: usize = 9;

const LEDGER: &str = "CREATE TABLE IF NOT EXISTS migration (
  number INTEGER PRIMARY KEY, checksum BLOB NOT NULL CHECK (length(checksum) = 32)
) STRICT";

/// Runs the scripts that the store has not seen, in one transaction that keeps others out.
///
/// Errors in order: the store is newer or its scripts are not ours, the keys are not its own.
pub(super) fn migrate(connection: &mut Connection, keys: &Keys) -> Result<(), OpenError> {
    if is_current(connection)? {
        // The ordinary case takes no lock: another process may be writing.
        return check_keys(connection, keys);
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute(LEDGER, [])?;
    let done = checked_scripts(&transaction)?;
    for (number, script) in (1_i64..).zip(SCRIPTS).skip(done) {
        transaction.execute_batch(script)?;
        transaction.execute(
            "INSERT INTO migration (number, checksum) VALUES (?1, ?2)",
            (number, checksum(script)),
        )?;
    }
    if done > 0 && done < WITH_TOTALS {
        make_all_anew(&transaction)?;
    }
    check_keys(&transaction, keys)?;
    transaction.commit()?;
    Ok(())
}

/// Makes what is looked for and added up, of books that were kept before it was.
fn make_all_anew(connection: &Connection) -> Result<(), StoreError> {
    let (link, known) = (Link::Sqlite(connection), KnownCompanies::default());
    for company in Reads::new(link, &known).companies()? {
        make_anew(link, &known, company.id)?;
    }
    Ok(())
}

pub(super) fn is_current(connection: &Connection) -> Result<bool, OpenError> {
    Ok(seen_scripts(connection)? == Some(SCRIPTS.len()))
}

/// Whether some scripts have run and some have not.
pub(super) fn is_older(connection: &Connection) -> Result<bool, OpenError> {
    Ok(seen_scripts(connection)?.is_some_and(|seen| seen < SCRIPTS.len()))
}

/// That all scripts have run, and no other.
pub(super) fn require_current(connection: &Connection) -> Result<(), OpenError> {
    let count = |len: usize| i64::try_from(len).unwrap_or(i64::MAX);
    match seen_scripts(connection)?.unwrap_or(0) {
        seen if seen == SCRIPTS.len() => Ok(()),
        seen => Err(OpenError::OtherVersion { found: count(seen), ours: count(SCRIPTS.len()) }),
    }
}

/// How many scripts have run; `None` in a store that is being made.
fn seen_scripts(connection: &Connection) -> Result<Option<usize>, OpenError> {
    let sql = "SELECT count(*) FROM sqlite_schema WHERE name = 'migration'";
    let tables: i64 = connection.query_row(sql, [], |row| row.get(0))?;
    if tables == 1 { checked_scripts(connection).map(Some) } else { Ok(None) }
}

/// How many scripts have run; each must be the one we have under its number.
fn checked_scripts(connection: &Connection) -> Result<usize, OpenError> {
    let mut statement = connection.prepare("SELECT checksum FROM migration ORDER BY number")?;
    let seen = statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<Digest>, _>>()?;
    let count = |len: usize| i64::try_from(len).unwrap_or(i64::MAX);
    let known = SCRIPTS.iter().map(|script| checksum(script));
    if seen.len() > SCRIPTS.len() || !seen.iter().copied().eq(known.take(seen.len())) {
        return Err(OpenError::OtherVersion {
            found: count(seen.len()),
            ours: count(SCRIPTS.len()),
        });
    }
    Ok(seen.len())
}

/// What is wrong with the triggers: ours protect the journal and the trail, and any other could change
/// what is written without a word in them.
pub(super) fn trigger_findings(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let ours = Connection::open_in_memory()?;
    ours.execute_batch(&SCRIPTS.concat())?;
    let (ours, found) = (triggers(&ours)?, triggers(connection)?);
    let mut findings = Vec::new();
    let missing = ours.iter().filter(|trigger| !found.contains(trigger));
    findings.extend(missing.map(|(name, _)| format!("falta el disparador «{name}»")));
    let others = found.iter().filter(|trigger| !ours.contains(trigger));
    findings.extend(others.map(|(name, _)| format!("el disparador «{name}» no es de Ventanilla")));
    Ok(findings)
}

/// The triggers there are, by name, with what each does.
fn triggers(connection: &Connection) -> Result<Vec<(String, String)>, StoreError> {
    let sql = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY name";
    let mut statement = connection.prepare(sql)?;
    let triggers = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(triggers.collect::<Result<_, _>>()?)
}

fn checksum(script: &str) -> Digest {
    Sha256::digest(script.as_bytes()).into()
}

/// A new store takes the keys' fingerprint; an old one must have it.
fn check_keys(connection: &Connection, keys: &Keys) -> Result<(), OpenError> {
    let found: Option<Digest> = connection
        .query_row("SELECT keys_fingerprint FROM installation", [], |row| row.get(0))
        .optional()?;
    let ours = keys.fingerprint();
    match found {
        Some(found) if found == ours => Ok(()),
        Some(_) => Err(OpenError::ForeignKeys),
        None => {
            connection
                .execute("INSERT INTO installation (one, keys_fingerprint) VALUES (1, ?1)", [ours])
                .map_err(StoreError::from)?;
            Ok(())
        }
    }
}
