//! What a mirror reads and replaces: raw entries, how far the journals go, and the identity tables.

use ventanilla_domain::{CollectorId, CompanyId, IntegratorId, UserId};

use super::rows::string;
use super::{Reads, Row, SqlTx};
use crate::mirror::{End, Identified, RawEntry, journal_end};
use crate::values::id;
use crate::{CollectorRecord, StoreError};

type Read<T> = Result<T, StoreError>;
type Write = Result<(), StoreError>;

impl Reads<'_> {
    pub(crate) fn mirror(self) -> Read<Option<String>> {
        let path = self.one("SELECT path FROM mirror", (), |row| row.get::<Option<String>>(0))?;
        Ok(path.flatten())
    }

    pub(crate) fn identities_version(self) -> Read<i64> {
        let sql = "SELECT identities_version FROM mirror";
        let version = self.one(sql, (), |row| row.get(0))?;
        version.ok_or_else(|| StoreError::damaged("the identities have no version"))
    }

    pub(crate) fn journal_ends(self) -> Read<Vec<(CompanyId, End)>> {
        self.many("SELECT company_id, next_entry, chain FROM counter", (), |row| {
            let company = id(CompanyId::from_i64, row.get(0)?)?;
            Ok((company, journal_end(row.get(1)?, row.get(2)?)))
        })
    }

    pub(crate) fn raw_entries(
        self,
        company: CompanyId,
        after: i64,
        len: usize,
    ) -> Read<Vec<RawEntry>> {
        let sql = "SELECT entry_number, recorded_at_us, kind, payload, chain, debit, credit, \
                   amount_minor FROM journal WHERE company_id = ?1 AND entry_number > ?2 \
                   AND entry_number <= ?3 ORDER BY entry_number, row_number";
        let through = after.saturating_add(i64::try_from(len).unwrap_or(i64::MAX));
        let mut entries: Vec<RawEntry> = Vec::new();
        let from_row = |row: Row<'_>| Ok((raw_entry(row)?, raw_posting(row)?));
        self.each(sql, (company.to_i64(), after, through), from_row, &mut |(entry, posting)| {
            entries.extend(entry);
            let entry = entries.last_mut();
            let entry = entry.ok_or_else(|| StoreError::damaged("a posting has no entry"))?;
            entry.postings.extend(posting);
            Ok::<_, StoreError>(())
        })?;
        Ok(entries)
    }
}

/// The entry whose first row this is; its posting comes with every row.
fn raw_entry(row: Row<'_>) -> Read<Option<RawEntry>> {
    let Some(recorded_at_us) = row.get(1)? else { return Ok(None) };
    Ok(Some(RawEntry {
        number: row.get(0)?,
        recorded_at_us,
        kind: string(row, 2)?.to_owned(),
        payload: string(row, 3)?.to_owned(),
        chain: row.get(4)?,
        postings: Vec::new(),
    }))
}

fn raw_posting(row: Row<'_>) -> Read<Option<(String, String, i64)>> {
    let Some(amount_minor) = row.get(7)? else { return Ok(None) };
    Ok(Some((string(row, 5)?.to_owned(), string(row, 6)?.to_owned(), amount_minor)))
}

impl SqlTx<'_> {
    pub(crate) fn set_mirror(&mut self, path: Option<&str>) -> Write {
        self.run("UPDATE mirror SET path = ?1", [path])?;
        Ok(())
    }

    /// Checks at the commit, not at each row, that what a row names is there.
    pub(crate) fn defer_references(&mut self) -> Write {
        self.held.defer_references()
    }

    /// Puts the identity tables in the place of those that are there; tokens and sessions end.
    pub(crate) fn replace_identities(&mut self, identified: &Identified) -> Write {
        for table in [
            "token",
            "user_session",
            "console_session",
            "invitation",
            "second_factor",
            "second_factor_step",
            "recovery_code",
            "user_right",
        ] {
            self.run(&format!("DELETE FROM {table}"), ())?;
        }
        let Identified { version, collectors, integrators, users, rights, .. } = identified;
        let collector_ids = collectors.iter().map(|one| one.id.to_i64());
        self.drop_all_but("collector", "collector_id", collector_ids)?;
        let integrator_ids = integrators.iter().map(|one| IntegratorId::to_i64(one.id));
        self.drop_all_but("integrator", "integrator_id", integrator_ids)?;
        let user_ids = users.iter().map(|one| UserId::to_i64(one.id));
        self.drop_all_but("app_user", "user_id", user_ids)?;
        for record in collectors {
            self.put_collector(record)?;
            self.rename_collector(record)?;
        }
        integrators.iter().try_for_each(|record| self.put_integrator(record))?;
        users.iter().try_for_each(|record| self.put_user(record))?;
        for (user, company, role) in rights {
            self.put_right(*user, *company, *role)?;
        }
        identified.factors.iter().try_for_each(|record| self.put_second_factor(record))?;
        for (user, digest) in &identified.recovery_codes {
            self.put_recovery_code(*user, digest)?;
        }
        self.run("UPDATE mirror SET identities_version = ?1", [version])?;
        Ok(())
    }

    /// A row is deleted only where it is not among those that come: to delete one that payments name
    /// would look through all of them.
    fn drop_all_but(&mut self, table: &str, key: &str, kept: impl Iterator<Item = i64>) -> Write {
        let kept: Vec<String> = kept.map(|id| id.to_string()).collect();
        let kept = kept.join(",");
        let sql = format!("DELETE FROM {table} WHERE {key} NOT IN ({kept})");
        self.run(&sql, ())?;
        Ok(())
    }

    /// What of a collector never changes otherwise.
    fn rename_collector(&mut self, record: &CollectorRecord) -> Write {
        self.run(
            "UPDATE collector SET company_id = ?2, name = ?3, login = ?4, code_digest = ?5 \
             WHERE collector_id = ?1",
            (
                CollectorId::to_i64(record.id),
                record.company.to_i64(),
                record.name.as_str(),
                record.login.as_str(),
                record.code_digest,
            ),
        )?;
        Ok(())
    }
}
