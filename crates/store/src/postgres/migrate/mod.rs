//! The schema's versions: numbered scripts, each run once, statement by statement, and never changed
//! afterwards. Servers that start at the same time wait for each other at a row.
//!
//! Not every engine undoes a table with its transaction: each statement is a step of its own, and how far a
//! script came is written down. A step that was done and not written down is recognised by what is there.

#[cfg(test)]
mod lint;
#[cfg(test)]
mod tests;

use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::error::code_of;
use super::seal::seal_all;
use super::{DatabaseAddress, PgConnection};
use crate::sql::{KnownCompanies, Link, Reads, Value, make_anew};
use crate::{Digest, Keys, OpenError, StoreError};

const SCRIPTS: [&str; 3] = [
    include_str!("../0001_books.sql"),
    include_str!("../0002_console.sql"),
    include_str!("../0003_limits_and_payables.sql"),
];

/// The script whose words and totals are made when it has run: one step more than it has statements.
const WITH_TOTALS: usize = 2;

/// What scripts have run, and how far; and the row at which servers wait for each other.
const LEDGER: [&str; 3] = [
    "CREATE TABLE IF NOT EXISTS schema_version (
  version BIGINT PRIMARY KEY,
  checksum BYTEA NOT NULL CHECK (length(checksum) = 32),
  steps BIGINT NOT NULL CHECK (steps > 0),
  steps_done BIGINT NOT NULL CHECK (steps_done >= 0 AND steps_done <= steps)
)",
    "CREATE TABLE IF NOT EXISTS schema_lock (one BIGINT PRIMARY KEY CHECK (one = 1))",
    "INSERT INTO schema_lock (one) VALUES (1) ON CONFLICT (one) DO NOTHING",
];

/// How often a table that another server makes at the same moment is tried again.
const LEDGER_TRIES: usize = 20;
/// How often the row is waited for, each time for as long as the connection waits for a lock.
const LOCK_TRIES: usize = 120;
/// How long a step may take: one that changes a large table takes long.
const STEP_DEADLINE: Duration = Duration::from_mins(10);
const RETRY_PAUSE: Duration = Duration::from_millis(50);

/// Makes an empty store, or ends a making that was cut off.
///
/// Errors in order: the database holds what is none of ours, it holds a store, it is of another version, it
/// refuses a table.
pub(super) fn create(
    address: &DatabaseAddress,
    connection: &PgConnection,
    keys: &Keys,
) -> Result<(), OpenError> {
    // In this order: another server may make the ledger between the two looks.
    if let Some(table) = first_table(connection)?
        && !has_ledger(connection)?
    {
        let why =
            format!("tiene tablas que no son de Ventanilla, como «{table}»; use una base vacía");
        return Err(OpenError::Unsuitable(why));
    }
    make_ledger(connection)?;
    let lock = hold(address)?;
    apply(address, connection, &lock, keys)?;
    if fingerprint(connection)?.is_some() {
        return Err(OpenError::Exists(address.to_shown()));
    }
    protect(connection);
    let sql = "INSERT INTO installation (one, keys_fingerprint, processes) VALUES (1, ?1, 0)";
    connection.run(sql, &[Value::Digest(keys.fingerprint())])?;
    warn(connection);
    Ok(())
}

/// Brings the schema of a store up to date.
///
/// Errors in order: there is no store, or one whose making was cut off; it is of another version; the keys are
/// not its own.
pub(super) fn open(
    address: &DatabaseAddress,
    connection: &PgConnection,
    keys: &Keys,
) -> Result<(), OpenError> {
    let is_made = has_ledger(connection)? && has_installation(connection)?;
    let found = if is_made { fingerprint(connection)? } else { None };
    let found = found.ok_or_else(|| OpenError::Missing(address.to_shown()))?;
    // The ordinary case takes no lock.
    let is_current = is_current(connection)?;
    if found != keys.fingerprint() {
        return Err(OpenError::ForeignKeys);
    }
    if !is_current {
        apply(address, connection, &hold(address)?, keys)?;
        protect(connection);
    }
    warn(connection);
    Ok(())
}

/// A script that has begun to run.
struct Seen {
    version: i64,
    checksum: Digest,
    steps_done: i64,
}

impl Seen {
    fn read_all(connection: &PgConnection) -> Result<Vec<Self>, OpenError> {
        let sql = "SELECT version, checksum, steps_done FROM schema_version ORDER BY version";
        let mut seen = Vec::new();
        Link::Postgres(connection).each(sql, &[], &mut |row| {
            seen.push(Self {
                version: row.get(0)?,
                checksum: row.get(1)?,
                steps_done: row.get(2)?,
            });
            Ok::<_, StoreError>(())
        })?;
        Ok(seen)
    }
}

/// The scripts that have begun to run; each must be the one we have under its number.
fn checked_scripts(connection: &PgConnection) -> Result<Vec<Seen>, OpenError> {
    let seen = Seen::read_all(connection)?;
    let is_ours = seen.iter().zip(1_i64..).all(|(seen, version)| seen.version == version)
        && seen.len() <= SCRIPTS.len()
        && seen.iter().zip(SCRIPTS).all(|(seen, script)| seen.checksum == checksum(script));
    if is_ours {
        return Ok(seen);
    }
    let found = seen.iter().map(|seen| seen.version).max().unwrap_or(0);
    Err(OpenError::OtherVersion { found, ours: count(SCRIPTS.len()) })
}

fn is_current(connection: &PgConnection) -> Result<bool, OpenError> {
    let seen = checked_scripts(connection)?;
    let is_whole = |(seen, place): (&Seen, usize)| seen.steps_done == count(steps_len(place));
    Ok(seen.len() == SCRIPTS.len() && seen.iter().zip(0..).all(is_whole))
}

/// Runs what has not run, under the lock.
fn apply(
    address: &DatabaseAddress,
    connection: &PgConnection,
    lock: &PgConnection,
    keys: &Keys,
) -> Result<(), OpenError> {
    connection.set_deadline(STEP_DEADLINE);
    // A machine that stops loses the last steps together with the word that they were done. The last word
    // takes all of them to the disk.
    connection.simple("SET synchronous_commit = off")?;
    let seen = checked_scripts(connection)?;
    for (place, script) in SCRIPTS.iter().enumerate() {
        let (version, steps) = (count(place + 1), steps(script));
        let key = Value::Int(version);
        let done = seen.get(place).map_or(0, |seen| seen.steps_done);
        if place >= seen.len() {
            connection.run(
                "INSERT INTO schema_version (version, checksum, steps, steps_done) \
                 VALUES (?1, ?2, ?3, 0)",
                &[
                    key.clone(),
                    Value::Digest(checksum(script)),
                    Value::Int(count(steps_len(place))),
                ],
            )?;
        }
        let done = usize::try_from(done).unwrap_or(usize::MAX);
        for (step, sql) in steps.iter().enumerate().skip(done) {
            // Whoever lost the lock must not go on beside whoever has it now.
            lock.simple("SELECT 1")?;
            run_step(connection, sql, step == done)?;
            let sql = "UPDATE schema_version SET steps_done = ?2 WHERE version = ?1";
            connection.run(sql, &[key.clone(), Value::Int(count(step + 1))])?;
        }
        if place + 1 == WITH_TOTALS && done < steps_len(place) {
            lock.simple("SELECT 1")?;
            make_all_anew(connection, keys, version)?;
        }
    }
    connection.simple("RESET synchronous_commit")?;
    connection.run("UPDATE schema_version SET steps_done = steps", &[])?;
    connection.set_deadline(address.deadline());
    Ok(())
}

/// How many steps a script takes.
fn steps_len(place: usize) -> usize {
    steps(SCRIPTS[place]).len() + usize::from(place + 1 == WITH_TOTALS)
}

/// Makes what is looked for and added up, of books that were kept before it was, and writes down that it is
/// done: all of it, or nothing.
fn make_all_anew(connection: &PgConnection, keys: &Keys, version: i64) -> Result<(), OpenError> {
    let (link, known) = (Link::Postgres(connection), KnownCompanies::default());
    connection.queue("BEGIN ISOLATION LEVEL READ COMMITTED");
    for company in Reads::new(link, &known).companies()? {
        let sql = "SELECT company_id FROM company WHERE company_id = ?1 FOR UPDATE";
        link.one(sql, &[Value::Int(company.id.to_i64())], |_| Ok(()))?;
        // Of what has no entry yet, nothing is added up.
        seal_all(connection, &known, keys, company.id)?;
        make_anew(link, &known, company.id)?;
    }
    let sql = "UPDATE schema_version SET steps_done = steps WHERE version = ?1";
    connection.run(sql, &[Value::Int(version)])?;
    connection.simple("COMMIT")?;
    Ok(())
}

/// Runs a step. Of the first, it may be that it was done and not written down.
fn run_step(connection: &PgConnection, sql: &str, is_first: bool) -> Result<(), OpenError> {
    let Err(error) = connection.simple(sql) else { return Ok(()) };
    match code_of(&error) {
        // A table or an index, a column, a constraint is there already; or gone already.
        Some("42P07" | "42701" | "42710" | "42704") if is_first => Ok(()),
        _ => Err(told(error)),
    }
}

/// Why a table was not made.
fn told(error: StoreError) -> OpenError {
    match code_of(&error) {
        Some("42501") => OpenError::Unsuitable(
            "el usuario no puede crear tablas en el esquema «public»".to_owned(),
        ),
        _ => error.into(),
    }
}

/// Makes the tables that the making of all others rests on. Another server may make them at the same moment,
/// which PostgreSQL tells by whatever it comes upon first.
fn make_ledger(connection: &PgConnection) -> Result<(), OpenError> {
    let mut tries = 0;
    for sql in LEDGER {
        while let Err(error) = connection.simple(sql) {
            tries += 1;
            let is_passing = matches!(error, StoreError::Again(_))
                || matches!(code_of(&error), Some("23505" | "42710" | "42P07" | "XX000"));
            if !is_passing || tries == LEDGER_TRIES {
                return Err(told(error));
            }
            std::thread::sleep(RETRY_PAUSE);
        }
    }
    Ok(())
}

/// Waits until no other server changes the schema, and keeps others from it as long as the connection that it
/// gives is kept.
fn hold(address: &DatabaseAddress) -> Result<PgConnection, OpenError> {
    let lock = PgConnection::connect(address)?;
    // The other connection works meanwhile, however long.
    lock.simple("SET idle_in_transaction_session_timeout = 0")?;
    let mut tries = 0;
    loop {
        lock.queue("BEGIN");
        let held = lock.run("SELECT one FROM schema_lock WHERE one = 1 FOR UPDATE", &[]);
        tries += 1;
        match held {
            Ok(_) => return Ok(lock),
            Err(StoreError::Again(_)) if tries < LOCK_TRIES && !lock.is_lost() => {
                lock.send_end("ROLLBACK");
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Whether our ledger is there. Other programs have a table of that name, with other columns.
fn has_ledger(connection: &PgConnection) -> Result<bool, OpenError> {
    let columns = "SELECT count(*) FROM information_schema.columns WHERE table_schema = 'public' \
                   AND table_name = 'schema_version' \
                   AND column_name IN ('version', 'checksum', 'steps', 'steps_done')";
    Ok(connection.text(columns)?.as_deref() == Some("4"))
}

fn has_installation(connection: &PgConnection) -> Result<bool, OpenError> {
    let sql = "SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = 'public' \
               AND tablename = 'installation'";
    Ok(connection.text(sql)?.as_deref() == Some("1"))
}

/// The table of the database that comes first by its name.
fn first_table(connection: &PgConnection) -> Result<Option<String>, OpenError> {
    let sql = "SELECT min(tablename::TEXT) FROM pg_catalog.pg_tables WHERE schemaname = 'public'";
    Ok(connection.text(sql)?)
}

fn fingerprint(connection: &PgConnection) -> Result<Option<Digest>, OpenError> {
    let sql = "SELECT keys_fingerprint FROM installation WHERE one = 1";
    Ok(Link::Postgres(connection).one(sql, &[], |row| row.get(0))?)
}

/// Takes from whoever serves the right to change what was written for ever. An engine that cannot is told of
/// in the log: the chains and the checkpoints tell what was changed.
fn protect(connection: &PgConnection) {
    for who in ["PUBLIC", "CURRENT_USER"] {
        let sql = format!("REVOKE UPDATE, DELETE, TRUNCATE ON journal, trail FROM {who}");
        if let Err(error) = connection.simple(&sql) {
            tracing::warn!(%error, who, "the right to change the journal could not be revoked");
        }
    }
}

/// Tells the log what of the database weakens what it keeps.
fn warn(connection: &PgConnection) {
    let facts =
        "SELECT has_table_privilege('journal', 'UPDATE')::TEXT, current_setting('fsync', true)";
    let Ok(facts) = connection.texts(facts) else { return };
    let is = |place: usize, value: &str| facts.get(place).and_then(Option::as_deref) == Some(value);
    if is(0, "true") {
        tracing::warn!("the database's role may change the journal: is it a superuser?");
    }
    if is(1, "off") {
        tracing::warn!(
            "the database does not sync what it commits (fsync = off): payments may be lost"
        );
    }
}

/// The statements of a script, without its comments.
pub(super) fn steps(script: &str) -> Vec<String> {
    let lines = script.lines().filter(|line| !line.trim_start().starts_with("--"));
    let text = lines.collect::<Vec<_>>().join("\n");
    let steps = text.split(';').map(str::trim).filter(|step| !step.is_empty());
    steps.map(str::to_owned).collect()
}

fn checksum(script: &str) -> Digest {
    Sha256::digest(script.as_bytes()).into()
}

fn count(len: usize) -> i64 {
    i64::try_from(len).unwrap_or(i64::MAX)
}
