//! The store in PostgreSQL: several servers side by side on one database, which may be a network away
//! (docs/decisions/0023).
//!
//! Payments and reversals run in groups ([`group`]) that lock the bills they change and nothing else; all
//! other acts have their company for themselves ([`own`]). What was paid is numbered, chained and summed
//! shortly after ([`sealer`]).

mod address;
mod blocks;
mod connection;
mod copy;
mod error;
mod flush;
mod group;
mod limits;
mod load;
mod migrate;
mod own;
mod pool;
mod seal;
mod sealer;
mod slots;
mod tls;
mod translate;
#[cfg(test)]
mod trial;
mod value;
mod writing;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ventanilla_domain::{CollectorId, CompanyId};

pub use address::{AddressError, DatabaseAddress};
pub(crate) use connection::PgConnection;
pub(crate) use error::again_if_taken;
pub(crate) use group::GroupTx;
pub(crate) use own::Own;
pub(crate) use seal::{Act, in_order};
pub(crate) use value::PgValue;

use crate::sql::{Held, KnownCompanies, Link, Reads, Row, SqlTx, Value};
use crate::values::id;
use crate::{Digest, Group, Keys, OpenError, StoreError, Wanted, WantedBearer};
use blocks::Blocks;
use pool::{Pool, Pooled};
use sealer::Sealer;
use slots::Slots;

/// Transactions that one process runs at the same time: while one waits for the disks, others are decided.
pub(crate) const WRITERS: usize = 4;
/// Tokens whose companies are remembered.
const TOKENS_KNOWN: usize = 100_000;

/// A store in a PostgreSQL database.
#[derive(Debug, Clone)]
pub struct Postgres {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    keys: Keys,
    pool: Pool,
    known: KnownCompanies,
    /// The number of this process among all that ever opened the store.
    process: i64,
    slots: Slots,
    blocks: Blocks,
    /// Whose a token is never changes.
    tokens: Mutex<HashMap<Digest, Holder>>,
    sealer: Sealer,
    /// How many acts this process has written without an entry.
    places: AtomicI64,
}

/// Whose a token is.
#[derive(Debug, Clone, Copy)]
struct Holder {
    company: CompanyId,
    collector: CollectorId,
}

impl Postgres {
    /// Makes an empty store. Errors as [`crate::Store::create_postgres`] says.
    pub(crate) fn create(address: &DatabaseAddress, keys: Keys) -> Result<Self, OpenError> {
        let connection = PgConnection::connect(address)?;
        migrate::create(address, &connection, &keys)?;
        Self::connected(address, keys, &connection)
    }

    /// Opens the store. Errors as [`crate::Store::open_postgres`] says.
    pub(crate) fn open(address: &DatabaseAddress, keys: Keys) -> Result<Self, OpenError> {
        let connection = PgConnection::connect(address)?;
        migrate::open(address, &connection, &keys)?;
        Self::connected(address, keys, &connection)
    }

    fn connected(
        address: &DatabaseAddress,
        keys: Keys,
        connection: &PgConnection,
    ) -> Result<Self, OpenError> {
        let sql = "UPDATE installation SET processes = processes + 1 RETURNING processes";
        let process: Option<i64> = Link::Postgres(connection).one(sql, &[], |row| row.get(0))?;
        let process = process.ok_or_else(|| StoreError::damaged("no installation has a row"))?;
        let oldest = [Value::Int(Slots::oldest_kept(process))];
        connection.run("DELETE FROM commit_mark WHERE writer_id < ?1", &oldest)?;
        let inner = Inner {
            keys,
            pool: Pool::new(address.clone()),
            known: KnownCompanies::default(),
            process,
            slots: Slots::of_process(process),
            blocks: Blocks::default(),
            tokens: Mutex::default(),
            sealer: Sealer::default(),
            places: AtomicI64::new(0),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.inner.keys
    }

    /// A view of one moment, on a connection of its own.
    pub(crate) fn snapshot(&self) -> Result<PgSnapshot, StoreError> {
        let connection = self.inner.pool.take()?;
        connection.queue("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
        Ok(PgSnapshot { connection, store: Arc::clone(&self.inner) })
    }

    /// A transaction that has what it touches for itself.
    pub(crate) fn begin(&self) -> Result<SqlTx<'_>, StoreError> {
        let held = Held::Postgres(Box::new(Own::begin(&self.inner)?));
        Ok(SqlTx::begin(held, &self.inner.keys, &self.inner.known))
    }

    /// A transaction for payments and reversals of one company.
    pub(crate) fn begin_group(
        &self,
        company: CompanyId,
        wanted: &[&Wanted],
    ) -> Result<GroupTx<'_>, StoreError> {
        self.inner.sealer.start(&self.inner);
        GroupTx::begin(&self.inner, company, wanted)
    }

    /// Seals all that is unsealed now.
    pub(crate) fn settle(&self) -> Result<(), StoreError> {
        self.inner.settle()
    }

    /// Payments and reversals by company, in one group each; every other command alone. Those by tokens
    /// that nobody knows are in one group of no company: they are refused.
    pub(crate) fn groups(&self, wanted: &[Option<&Wanted>]) -> Result<Vec<Group>, StoreError> {
        let holders = self.inner.holders_of(wanted)?;
        let mut groups: Vec<Group> = Vec::new();
        let mut by_company: BTreeMap<Option<CompanyId>, usize> = BTreeMap::new();
        for (place, wanted) in wanted.iter().enumerate() {
            let Some(wanted) = wanted else {
                groups.push(Group { places: vec![place], company: None });
                continue;
            };
            let company = match wanted.bearer {
                WantedBearer::Token(digest) => holders.get(&digest).map(|holder| holder.company),
                WantedBearer::Collector(company, _) => Some(company),
            };
            let at = *by_company.entry(company).or_insert_with(|| {
                groups.push(Group { places: Vec::new(), company });
                groups.len() - 1
            });
            groups[at].places.push(place);
        }
        Ok(groups)
    }
}

impl Inner {
    /// The first of as many places, in the order of this process.
    fn take_places(&self, len: usize) -> i64 {
        self.places.fetch_add(i64::try_from(len).unwrap_or(i64::MAX), Ordering::Relaxed)
    }

    /// Whose the tokens are that are wanted, as far as there are such tokens.
    fn holders_of(
        &self,
        wanted: &[Option<&Wanted>],
    ) -> Result<HashMap<Digest, Holder>, StoreError> {
        let digests = || wanted.iter().filter_map(|wanted| wanted.as_ref()?.token());
        let known = |known: &HashMap<Digest, Holder>| -> HashMap<_, _> {
            digests().filter_map(|digest| Some((digest, *known.get(&digest)?))).collect()
        };
        let mut found = known(&self.known_tokens());
        let unknown: Vec<Digest> = digests().filter(|digest| !found.contains_key(digest)).collect();
        if unknown.is_empty() {
            return Ok(found);
        }
        let read = self.pool.take()?.query_many(&[(TOKENS, &[PgValue::Digests(unknown)])])?;
        let mut known = self.known_tokens();
        for row in read.iter().flatten() {
            let row = Row::Postgres(row);
            let digest = row.get(0)?;
            let holder = Holder {
                company: id(CompanyId::from_i64, row.get(1)?)?,
                collector: id(CollectorId::from_i64, row.get(2)?)?,
            };
            if known.len() >= TOKENS_KNOWN {
                known.clear();
            }
            known.insert(digest, holder);
            found.insert(digest, holder);
        }
        Ok(found)
    }

    /// The collectors whose tokens are wanted, as far as they are known without asking.
    fn known_collectors(&self, wanted: &[&Wanted]) -> HashMap<Digest, CollectorId> {
        let known = self.known_tokens();
        let digests = wanted.iter().filter_map(|wanted| wanted.token());
        digests.filter_map(|digest| Some((digest, known.get(&digest)?.collector))).collect()
    }

    fn known_tokens(&self) -> MutexGuard<'_, HashMap<Digest, Holder>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const TOKENS: &str = "SELECT t.digest, c.company_id, c.collector_id FROM token t JOIN collector c USING (collector_id) \
    WHERE t.digest = ANY (CAST(?1 AS BYTEA[]))";

/// A read transaction on a connection of the pool.
#[derive(Debug)]
pub struct PgSnapshot {
    connection: Pooled,
    store: Arc<Inner>,
}

impl PgSnapshot {
    pub(crate) fn reads(&self) -> Reads<'_> {
        Reads::new(Link::Postgres(&self.connection), &self.store.known)
    }
}

impl Drop for PgSnapshot {
    fn drop(&mut self) {
        self.connection.send_end("COMMIT");
    }
}
