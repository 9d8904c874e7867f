//! The trail: who did what from where, beside the books (docs/decisions/0019). An append-only journal
//! per company, and one of the acts that belong to no company. What a row says is its writer's affair:
//! here it is text that is kept, numbered and chained.

use std::collections::BTreeSet;

use jiff::Timestamp;
use ventanilla_domain::CompanyId;

use crate::memory::{MemoryTx, State};
use crate::view::{From, read};
use crate::{Digest, Keys, StoreError, Tx, View};

type Read<T> = Result<T, StoreError>;

/// Rows read at a time in a verification: one may hold a thousand acts.
const PAGE: usize = 20;

/// Acts that were written together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailRow {
    /// Its number in the trail, from 1 without gaps.
    pub number: i64,
    /// When it was written.
    pub recorded_at: Timestamp,
    /// The acts, a line each.
    pub body: String,
    /// Its link in the trail's chain.
    pub chain: Digest,
}

/// The end of a trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrailHead {
    /// Whose; `None` of the acts that belong to no company.
    pub company: Option<CompanyId>,
    /// How many rows it has.
    pub rows: i64,
    /// The last one's link in the chain.
    pub chain: Digest,
}

impl TrailHead {
    pub(crate) fn before_the_first(company: Option<CompanyId>) -> Self {
        Self { company, rows: 0, chain: [0; 32] }
    }

    /// The row that comes after this head.
    pub(crate) fn next_row(&self, keys: &Keys, body: &str, recorded_at: Timestamp) -> TrailRow {
        let number = self.rows + 1;
        let chain = link(keys, self.company, number, recorded_at, body, &self.chain);
        TrailRow { number, recorded_at, body: body.to_owned(), chain }
    }
}

/// The number that stands for a trail's company; 0 for none.
pub(crate) fn to_code(company: Option<CompanyId>) -> i64 {
    company.map_or(0, CompanyId::to_i64)
}

/// The company that a number stands for.
pub(crate) fn from_code(code: i64) -> Read<Option<CompanyId>> {
    let company = (code != 0).then(|| CompanyId::from_i64(code)).transpose();
    company.map_err(|cause| StoreError::damaged_by("an id is out of range", cause))
}

/// The link of a row: the keyed hash of all that it holds and of the link before it. Its first part
/// is longer than a journal's, so that no row is ever taken for an entry.
fn link(
    keys: &Keys,
    company: Option<CompanyId>,
    number: i64,
    recorded_at: Timestamp,
    body: &str,
    before: &Digest,
) -> Digest {
    let numbers = [to_code(company), number, recorded_at.as_microsecond()].map(i64::to_be_bytes);
    let domain = std::iter::once(b"ventanilla trail".as_slice());
    let numbers = numbers.iter().map(<[u8; 8]>::as_slice);
    keys.chain_link(domain.chain(numbers).chain([body.as_bytes(), before.as_slice()]))
}

impl Tx<'_> {
    /// Writes acts at the end of a company's trail, or of that of the acts that belong to no company.
    /// Nothing about the books needs them: they bind nobody.
    ///
    /// Refuses, as damage, a body without a character.
    pub fn append_trail(
        &mut self,
        company: Option<CompanyId>,
        body: &str,
        recorded_at: Timestamp,
    ) -> Result<(), StoreError> {
        if body.is_empty() {
            return Err(StoreError::damaged("a row of the trail says nothing"));
        }
        match self {
            Self::Memory(tx) => tx.append_trail(company, body, recorded_at),
            Self::Sql(tx) => tx.append_trail(company, body, recorded_at),
            Self::Group(_) => Err(StoreError::NeedsOwn),
        }
    }
}

impl View<'_> {
    /// The rows of a trail from number `from` on, at most `len`.
    pub fn trail(&self, company: Option<CompanyId>, from: i64, len: usize) -> Read<Vec<TrailRow>> {
        read!(self, view => view.trail(company, from, len), view.trail(company, from, len))
    }

    /// The end of a trail; `None` of one that has no row.
    pub fn trail_head(&self, company: Option<CompanyId>) -> Read<Option<TrailHead>> {
        read!(self, view => view.trail_head(company), view.trail_head(company))
    }

    /// The link of a row; `None` where the trail has no such row.
    pub fn trail_link(&self, company: Option<CompanyId>, number: i64) -> Read<Option<Digest>> {
        read!(self, view => view.trail_link(company, number), view.trail_link(company, number))
    }

    /// Whose trails there are, heads without rows and rows without a head too.
    pub(crate) fn trails(&self) -> Read<BTreeSet<Option<CompanyId>>> {
        read!(self, view => view.trails.keys().copied().collect(), view.trails())
    }
}

impl State {
    fn trail(&self, company: Option<CompanyId>, from: i64, len: usize) -> Vec<TrailRow> {
        let rows = self.trails.get(&company).into_iter().flatten();
        rows.filter(|row| row.number >= from).take(len).cloned().collect()
    }

    fn trail_link(&self, company: Option<CompanyId>, number: i64) -> Option<Digest> {
        let rows = self.trails.get(&company)?;
        rows.iter().find(|row| row.number == number).map(|row| row.chain)
    }

    pub(crate) fn trail_heads(&self) -> Vec<TrailHead> {
        self.trails.keys().filter_map(|company| self.trail_head(*company)).collect()
    }

    fn trail_head(&self, company: Option<CompanyId>) -> Option<TrailHead> {
        let last = self.trails.get(&company)?.last()?;
        Some(TrailHead { company, rows: last.number, chain: last.chain })
    }
}

impl MemoryTx<'_> {
    fn append_trail(
        &mut self,
        company: Option<CompanyId>,
        body: &str,
        recorded_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.allow_append()?;
        let head = self.state.trail_head(company);
        let head = head.unwrap_or(TrailHead::before_the_first(company));
        let row = head.next_row(self.keys(), body, recorded_at);
        self.state.trails.entry(company).or_default().push(row);
        Ok(())
    }
}

/// Follows every trail, row by row, and compares its end with the one that is kept. Tells what is
/// wrong, one sentence each.
pub(crate) fn verify(
    view: &View<'_>,
    keys: &Keys,
    findings: &mut Vec<String>,
) -> Read<Vec<TrailHead>> {
    let mut heads = Vec::new();
    for company in view.trails()? {
        let mut head = TrailHead::before_the_first(company);
        let ended = loop {
            match head.follow(view, keys, PAGE)? {
                Ok(0) => break head.ends(view)?,
                Ok(_) => {}
                Err(broken) => break Err(broken),
            }
        };
        match ended {
            Ok(()) => heads.push(head),
            Err(finding) => findings.push(told(company, &finding)),
        }
    }
    Ok(heads)
}

/// A finding with the trail that it is of.
pub(crate) fn told(company: Option<CompanyId>, finding: &str) -> String {
    match company {
        Some(company) => format!("bitácora de la empresa {company}: {finding}"),
        None => format!("bitácora sin empresa: {finding}"),
    }
}

impl TrailHead {
    /// Goes on by the rows that come next, at most `len_max`: how many there were, or what is wrong with
    /// the first that is not sound.
    pub(crate) fn follow(
        &mut self,
        view: &View<'_>,
        keys: &Keys,
        len_max: usize,
    ) -> Read<Result<usize, String>> {
        let rows = match view.trail(self.company, self.rows + 1, len_max) {
            Ok(rows) => rows,
            Err(StoreError::Damaged { .. }) => {
                let next = self.rows + 1;
                return Ok(Err(format!("una fila desde la {next} no se puede leer")));
            }
            Err(other) => return Err(other),
        };
        for row in &rows {
            let next = self.rows + 1;
            if row.number != next {
                return Ok(Err(format!("falta la fila {next}")));
            }
            let link = link(keys, self.company, next, row.recorded_at, &row.body, &self.chain);
            if link != row.chain {
                return Ok(Err(format!("fila {next}: la cadena está rota: la fila fue alterada")));
            }
            (self.rows, self.chain) = (next, row.chain);
        }
        Ok(Ok(rows.len()))
    }

    /// Compares it, where the rows end, with the end that is kept apart.
    pub(crate) fn ends(&self, view: &View<'_>) -> Read<Result<(), String>> {
        let is_kept = view.trail_head(self.company)? == Some(*self);
        let other = || "el final no es el que se guardó aparte".to_owned();
        Ok(if is_kept { Ok(()) } else { Err(other()) })
    }
}
