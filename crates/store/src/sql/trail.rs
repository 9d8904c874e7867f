//! The trail, read and written.

use std::collections::BTreeSet;

use jiff::Timestamp;
use ventanilla_domain::CompanyId;

use super::read::limit;
use super::rows::string;
use super::{Reads, Row, SqlTx};
use crate::postgres::again_if_taken;
use crate::trail::{TrailHead, TrailRow, from_code, to_code};
use crate::values::instant;
use crate::{Digest, StoreError};

type Read<T> = Result<T, StoreError>;

impl Reads<'_> {
    pub(crate) fn trail(
        self,
        company: Option<CompanyId>,
        from: i64,
        len: usize,
    ) -> Read<Vec<TrailRow>> {
        let sql = "SELECT number, recorded_at_us, body, chain FROM trail \
                   WHERE company_id = ?1 AND number >= ?2 ORDER BY number LIMIT ?3";
        self.many(sql, (to_code(company), from, limit(len)), row)
    }

    pub(crate) fn trail_head(self, company: Option<CompanyId>) -> Read<Option<TrailHead>> {
        let sql = "SELECT number, chain FROM trail_head WHERE company_id = ?1";
        self.one(sql, [to_code(company)], |row| {
            Ok(TrailHead { company, rows: row.get(0)?, chain: row.get(1)? })
        })
    }

    pub(crate) fn trail_heads(self) -> Read<Vec<TrailHead>> {
        self.many("SELECT company_id, number, chain FROM trail_head", (), |row| {
            let company = from_code(row.get(0)?)?;
            Ok(TrailHead { company, rows: row.get(1)?, chain: row.get(2)? })
        })
    }

    pub(crate) fn trail_link(
        self,
        company: Option<CompanyId>,
        number: i64,
    ) -> Read<Option<Digest>> {
        let sql = "SELECT chain FROM trail WHERE company_id = ?1 AND number = ?2";
        self.one(sql, (to_code(company), number), |row| row.get(0))
    }

    pub(crate) fn trails(self) -> Read<BTreeSet<Option<CompanyId>>> {
        let sql = "SELECT company_id FROM trail_head UNION SELECT company_id FROM trail";
        let codes = self.many(sql, (), |row| from_code(row.get(0)?))?;
        Ok(codes.into_iter().collect())
    }
}

impl SqlTx<'_> {
    pub(crate) fn append_trail(
        &mut self,
        company: Option<CompanyId>,
        body: &str,
        recorded_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.held.take_trail(to_code(company))?;
        let head = self.reads().trail_head(company)?;
        let head = head.unwrap_or(TrailHead::before_the_first(company));
        let row = head.next_row(self.keys(), body, recorded_at);
        let code = to_code(company);
        self.run(
            "INSERT INTO trail (company_id, number, recorded_at_us, body, chain) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
            (code, row.number, recorded_at.as_microsecond(), body, row.chain),
        )
        // Nobody holds the end of a trail that has none yet.
        .map_err(again_if_taken)?;
        self.run(
            "INSERT INTO trail_head (company_id, number, chain) VALUES (?1, ?2, ?3) \
             ON CONFLICT (company_id) DO UPDATE SET number = excluded.number, \
             chain = excluded.chain",
            (code, row.number, row.chain),
        )?;
        Ok(())
    }
}

fn row(row: Row<'_>) -> Read<TrailRow> {
    Ok(TrailRow {
        number: row.get(0)?,
        recorded_at: instant(row.get(1)?)?,
        body: string(row, 2)?.to_owned(),
        chain: row.get(3)?,
    })
}
