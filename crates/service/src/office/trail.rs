//! A company's trail for its administrators: page by page, the newest act first, in bounded work.

use std::collections::HashMap;
use std::fmt;

use jiff::civil::Date;
use ventanilla_domain::{CompanyId, Right};
use ventanilla_store::{StoreError, TrailRow, View};

use super::OfficeRefusal;
use super::administration::Administration;
use crate::{ActRecord, Failure, NoRefusal};

/// Rows read at a time; each has some hundred acts at most.
const ROWS_LEN: i64 = 20;
/// Rows looked through for a page; a page that found less is gone on from where it ended.
const ROWS_MAX: i64 = 400;
/// How much earlier than its row an act may be, in microseconds: they are written within a second, or once what
/// hindered it has passed.
const LATE_US: i64 = 3600 * 1_000_000;

/// Which acts of a trail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrailFilter {
    /// Of this word.
    pub what: Option<String>,
    /// By somebody whose name this is, or a part of it.
    pub who: Option<String>,
    /// Of this day, where the company is.
    pub day: Option<Date>,
}

/// A place in a trail: acts before it are older.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrailCursor {
    row: i64,
    /// Lines of the row that are not seen yet.
    lines: usize,
}

impl TrailCursor {
    /// Reads what [`fmt::Display`] writes.
    pub fn from_text(text: &str) -> Option<Self> {
        let (row, lines) = text.split_once('.')?;
        let row = row.parse().ok().filter(|row| *row > 0)?;
        Some(Self { row, lines: lines.parse().ok()? })
    }
}

impl fmt::Display for TrailCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.row, self.lines)
    }
}

/// An act, and who did it by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailAct {
    /// The act.
    pub act: ActRecord<'static>,
    /// The name of the user, collector, integrator or operator; `None` of nobody in particular.
    pub who: Option<String>,
}

/// A part of a trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailPage {
    /// The newest first.
    pub acts: Vec<TrailAct>,
    /// Where to go on; `None` where there is nothing older. A page may have fewer acts than were asked for, or
    /// none, and still have something older behind it.
    pub next: Option<TrailCursor>,
}

/// Names of those who act.
struct Names {
    users: HashMap<i64, String>,
    collectors: HashMap<i64, String>,
    integrators: HashMap<i64, String>,
}

impl Names {
    fn read(view: &View<'_>) -> Result<Self, StoreError> {
        let users = view.users()?.into_iter();
        let collectors = view.collectors()?.into_iter();
        let integrators = view.integrators()?.into_iter();
        Ok(Self {
            users: users.map(|one| (one.id.to_i64(), one.name.to_string())).collect(),
            collectors: collectors.map(|one| (one.id.to_i64(), one.name.to_string())).collect(),
            integrators: integrators.map(|one| (one.id.to_i64(), one.name.to_string())).collect(),
        })
    }

    /// Who did something: the person before the program that the person uses.
    fn who(&self, act: &ActRecord<'_>) -> Option<String> {
        let named = |names: &HashMap<i64, String>, id: Option<i64>| {
            id.map(|id| names.get(&id).cloned().unwrap_or_else(|| id.to_string()))
        };
        let user = named(&self.users, act.user);
        let collector = || named(&self.collectors, act.collector);
        let integrator = || named(&self.integrators, act.integrator);
        let operator = || act.operator.as_deref().map(str::to_owned);
        user.or_else(collector).or_else(integrator).or_else(operator)
    }
}

/// A filter ready to be asked, with the instants of its day in microseconds.
struct Sieve<'f> {
    filter: &'f TrailFilter,
    who: Option<String>,
    day_us: Option<(i64, i64)>,
    names: Names,
}

impl Sieve<'_> {
    fn act(&self, line: &str) -> Option<TrailAct> {
        let act = ActRecord::from_line(line)?;
        if self.filter.what.as_ref().is_some_and(|what| *what != act.what) {
            return None;
        }
        if self.day_us.is_some_and(|(from, to)| act.at_us < from || act.at_us >= to) {
            return None;
        }
        let who = self.names.who(&act);
        let is_named = |part: &String| {
            who.as_ref().is_some_and(|who| who.to_lowercase().contains(part.as_str()))
        };
        self.who.as_ref().is_none_or(is_named).then(|| TrailAct { act, who: who.clone() })
    }

    /// Whether all acts of a row, and of those before it, are older than the day.
    fn is_past(&self, row: &TrailRow) -> bool {
        self.day_us.is_some_and(|(from, _)| row.recorded_at.as_microsecond() < from)
    }
}

impl Administration<'_> {
    /// A page of the company's trail: at most `len` acts before a place in it, or from its end on.
    ///
    /// Refusals in the order of [`OfficeRefusal`].
    pub fn trail(
        &self,
        filter: &TrailFilter,
        before: Option<TrailCursor>,
        len: usize,
    ) -> Result<TrailPage, Failure<OfficeRefusal<NoRefusal>>> {
        let company = self.company();
        self.service.read_for(self.officer, Right::Administer, |view| {
            let sieve = Sieve {
                filter,
                who: filter.who.as_ref().map(|who| who.trim().to_lowercase()),
                day_us: filter.day.and_then(|day| self.day_us(day)),
                names: Names::read(view)?,
            };
            let end = match before {
                Some(cursor) => cursor,
                None => {
                    TrailCursor { row: end_of(view, company, sieve.day_us)?, lines: usize::MAX }
                }
            };
            page(view, company, &sieve, end, len).map(Ok)
        })
    }

    /// When a day begins and ends where the company is.
    fn day_us(&self, day: Date) -> Option<(i64, i64)> {
        let zone = jiff::tz::TimeZone::get(self.officer.company.time_zone.to_name()).ok()?;
        let begin = |day: Date| {
            let at = zone.to_ambiguous_timestamp(day.at(0, 0, 0, 0)).compatible().ok()?;
            Some(at.as_microsecond())
        };
        Some((begin(day)?, begin(day.tomorrow().ok()?)?))
    }
}

/// The last row that may tell of a day, or of all: found by halves, since rows are in the order of their time.
fn end_of(
    view: &View<'_>,
    company: CompanyId,
    day_us: Option<(i64, i64)>,
) -> Result<i64, StoreError> {
    let last = view.trail_head(Some(company))?.map_or(0, |head| head.rows);
    let Some((_, to)) = day_us else { return Ok(last) };
    let (mut low, mut high) = (0, last);
    while low < high {
        let middle = low + (high - low + 1) / 2;
        let row = view.trail(Some(company), middle, 1)?;
        let is_within =
            row.first().is_none_or(|row| row.recorded_at.as_microsecond() < to + LATE_US);
        if is_within { low = middle } else { high = middle - 1 }
    }
    Ok(low)
}

fn page(
    view: &View<'_>,
    company: CompanyId,
    sieve: &Sieve<'_>,
    end: TrailCursor,
    len: usize,
) -> Result<TrailPage, StoreError> {
    let mut acts = Vec::new();
    let mut end = end;
    let stop = end.row.saturating_sub(ROWS_MAX);
    while end.row > stop.max(0) {
        let from = (end.row - ROWS_LEN + 1).max(1);
        let count = usize::try_from(end.row - from + 1).unwrap_or_default();
        let rows = view.trail(Some(company), from, count)?;
        for row in rows.iter().rev() {
            if sieve.is_past(row) {
                return Ok(TrailPage { acts, next: None });
            }
            let lines: Vec<&str> = row.body.lines().collect();
            let unseen =
                lines.len().min(if row.number == end.row { end.lines } else { usize::MAX });
            for at in (0..unseen).rev() {
                acts.extend(sieve.act(lines[at]));
                if acts.len() >= len {
                    let next = TrailCursor { row: row.number, lines: at };
                    return Ok(TrailPage { acts, next: before(next) });
                }
            }
        }
        end = TrailCursor { row: from - 1, lines: usize::MAX };
    }
    Ok(TrailPage { acts, next: before(end) })
}

/// A place with something before it.
fn before(end: TrailCursor) -> Option<TrailCursor> {
    let TrailCursor { row, lines } = end;
    let end = if lines == 0 { TrailCursor { row: row - 1, lines: usize::MAX } } else { end };
    (end.row > 0).then_some(end)
}
