//! Lists: what is filtered, ordered, paged and rendered by one table of columns.
//!
//! A list may have more rows than memory should hold, so it is read twice: first for the keys of
//! what the filter takes, and then for the rows of the page, by their ids.

mod columns;

use std::cmp::Ordering;
use std::convert::Infallible;

use self::columns::Key;
pub(super) use self::columns::{Column, Row, SameWord, Table};
use super::convert;
use super::parameters::{ParameterError, Parameters};
use super::wire::{self, field};

/// Rows of a page when nobody says.
const LIMIT: usize = 50;

/// Rows of a page at most; who asks for more gets these.
const LIMIT_MAX: usize = 5000;

/// Conditions of one filter: each is tried on every row.
const CONDITIONS_LEN_MAX: usize = 50;

/// How a row's value stands to a filter's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    AtLeast,
    AtMost,
    Above,
    Below,
}

impl Operator {
    fn from_text(text: &str) -> Option<Self> {
        Some(match text {
            "=" => Self::Equal,
            "<>" | "!=" => Self::NotEqual,
            ">=" => Self::AtLeast,
            "<=" => Self::AtMost,
            ">" => Self::Above,
            "<" => Self::Below,
            _ => return None,
        })
    }

    /// Whether it tells before from after.
    fn is_of_order(self) -> bool {
        !matches!(self, Self::Equal | Self::NotEqual)
    }

    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::AtLeast => ordering.is_ge(),
            Self::AtMost => ordering.is_le(),
            Self::Above => ordering.is_gt(),
            Self::Below => ordering.is_lt(),
        }
    }
}

/// One condition of a filter.
struct Condition<T: 'static> {
    column: &'static Column<T>,
    operator: Operator,
    wanted: Key,
}

impl<T> Condition<T> {
    fn read(table: &'static Table<T>, row: &Parameters<'_>) -> Result<Self, ParameterError> {
        let name = row.required_word(field::FIELD)?;
        let column = table.column(&name).ok_or(ParameterError::UnknownFilterField(name))?;
        let operator = row.required_word(field::OPERATOR)?;
        let operator = Operator::from_text(&operator)
            .ok_or(ParameterError::UnknownFilterOperator(operator))?;
        let given = row.word(field::VALUE)?.filter(|text| !column.is_nothing(text));
        let wanted = if let Some(text) = given {
            let wanted = column.wanted(&text, operator.is_of_order());
            wanted.ok_or_else(|| column.unfit(row.named(field::VALUE)))?
        } else {
            let nothing = column.nothing().filter(|nothing| !is_outside(nothing, operator));
            nothing.ok_or_else(|| row.missing(field::VALUE))?
        };
        Ok(Self { column, operator, wanted })
    }

    /// Whether it holds for a row with that key in the column.
    fn holds(&self, key: &Key) -> bool {
        !is_outside(key, self.operator) && self.operator.holds(key.cmp(&self.wanted))
    }
}

/// What a filter asks of one column, whose key is made once for a row: a body could name it fifty
/// times.
struct Filter<T: 'static> {
    column: &'static Column<T>,
    conditions: Vec<Condition<T>>,
}

impl<T> Filter<T> {
    fn holds(&self, row: &T) -> bool {
        let key = self.column.key(row);
        self.conditions.iter().all(|condition| condition.holds(&key))
    }
}

/// Reads the filter, by column.
fn filters<T>(
    parameters: &Parameters<'_>,
    table: &'static Table<T>,
) -> Result<Vec<Filter<T>>, ParameterError> {
    let conditions = parameters.rows(field::FILTER, |row| Condition::read(table, row))?;
    if conditions.len() > CONDITIONS_LEN_MAX {
        let name = parameters.named(field::FILTER);
        return Err(ParameterError::TooMany(name, CONDITIONS_LEN_MAX));
    }
    let mut filters: Vec<Filter<T>> = Vec::new();
    for condition in conditions {
        let column = condition.column;
        match filters.iter_mut().find(|filter| std::ptr::eq(filter.column, column)) {
            Some(filter) => filter.conditions.push(condition),
            None => filters.push(Filter { column, conditions: vec![condition] }),
        }
    }
    Ok(filters)
}

/// What is not there is neither before nor after a day.
fn is_outside(key: &Key, operator: Operator) -> bool {
    *key == Key::Day(None) && operator.is_of_order()
}

/// One thing that rows are ordered by.
struct Sort<T: 'static> {
    column: &'static Column<T>,
    is_descending: bool,
    key: fn(&Column<T>, &T) -> Key,
}

impl<T> Sort<T> {
    fn compare(&self, one: &Key, other: &Key) -> Ordering {
        if self.is_descending { other.cmp(one) } else { one.cmp(other) }
    }
}

/// What rows are ordered by: each column once, and then the spellings of the texts among them.
fn sorts<T>(
    parameters: &Parameters<'_>,
    table: &'static Table<T>,
) -> Result<Vec<Sort<T>>, ParameterError> {
    let read = |row: &Parameters<'_>| sorts_of_row(table, row);
    let given = parameters.rows_or_words(field::ORDER, field::FIELD, read)?;
    let mut sorts: Vec<Sort<T>> = Vec::new();
    for one in given.into_iter().flatten() {
        // A column decides once; a body could name it thousands of times.
        if !sorts.iter().any(|known| std::ptr::eq(known.column, one.column)) {
            sorts.push(one);
        }
    }
    let texts = sorts.iter().filter(|sort| sort.column.is_text());
    let spellings: Vec<_> = texts.map(|sort| Sort { key: Column::spelling, ..*sort }).collect();
    sorts.extend(spellings);
    Ok(sorts)
}

/// Reads `{"field":"a","dir":"ASC"}` and `{"field":["a","b"],"order":["asc","desc"]}`; the last
/// direction goes on.
///
/// A field that the list has not is passed over: examples in the wild carry the order of one list
/// into another, and were never refused for it.
fn sorts_of_row<T>(
    table: &'static Table<T>,
    row: &Parameters<'_>,
) -> Result<Vec<Sort<T>>, ParameterError> {
    let names = row.words(field::FIELD)?;
    let by_one_name = directions(row, field::DIRECTION, names.len())?;
    let by_other_name = directions(row, field::ORDER, names.len())?;
    let directions = if by_one_name.is_empty() { by_other_name } else { by_one_name };
    let last = directions.last().copied().unwrap_or(false);
    let directions = directions.into_iter().chain(std::iter::repeat(last));
    let sorts = names.iter().zip(directions).filter_map(|(name, is_descending)| {
        let column = table.column(name.trim())?;
        Some(Sort { column, is_descending, key: Column::key })
    });
    Ok(sorts.collect())
}

/// Whether each of some fields is descending; more directions than fields have no meaning.
fn directions(
    row: &Parameters<'_>,
    name: &str,
    fields_len: usize,
) -> Result<Vec<bool>, ParameterError> {
    let words = row.words(name)?;
    let directions: Option<Vec<_>> = words.iter().map(|word| is_descending(word.trim())).collect();
    let directions = directions.filter(|directions| directions.len() <= fields_len.max(1));
    directions.ok_or_else(|| row.malformed(name))
}

fn is_descending(direction: &str) -> Option<bool> {
    let known = [(wire::ASCENDING, false), (wire::DESCENDING, true)];
    let mut found = known.into_iter().filter(|(name, _)| name.eq_ignore_ascii_case(direction));
    found.next().map(|(_, is_descending)| is_descending)
}

/// What is asked of a list. It owns all it needs, so that another thread can run it.
pub(super) struct Query<T: 'static> {
    table: &'static Table<T>,
    filters: Vec<Filter<T>>,
    sorts: Vec<Sort<T>>,
    start: usize,
    limit: usize,
}

/// A page of a list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page<T> {
    /// Rows that the filter takes, on whatever page.
    pub(super) total: usize,
    pub(super) rows: Vec<T>,
}

impl<T> Query<T> {
    /// Reads `start`, `limit`, `filter` and `order`.
    pub(super) fn from_parameters(
        parameters: &Parameters<'_>,
        table: &'static Table<T>,
    ) -> Result<Self, ParameterError> {
        let start = parameters.optional(field::START, convert::count)?.unwrap_or(0);
        let limit = parameters.optional(field::LIMIT, convert::count)?.unwrap_or(LIMIT);
        if limit == 0 {
            return Err(ParameterError::NotPositive(parameters.named(field::LIMIT)));
        }
        let filters = filters(parameters, table)?;
        let sorts = sorts(parameters, table)?;
        Ok(Self { table, filters, sorts, start, limit: limit.min(LIMIT_MAX) })
    }

    /// Finds the page: `for_each` visits all rows of the list in any order, and `by_id` finds one
    /// of them again. What both read must be of one moment.
    pub(super) fn run<E>(
        &self,
        for_each: impl FnOnce(&mut dyn FnMut(T)) -> Result<(), E>,
        mut by_id: impl FnMut(i64) -> Result<Option<T>, E>,
    ) -> Result<Page<T>, E> {
        let mut found = Vec::new();
        for_each(&mut |row| {
            if self.filters.iter().all(|filter| filter.holds(&row)) {
                found.push(self.place(&row));
            }
        })?;
        let total = found.len();
        let ids = self.page(&mut found);
        let rows = ids.iter().filter_map(|(_, id)| by_id(*id).transpose());
        Ok(Page { total, rows: rows.collect::<Result<_, _>>()? })
    }

    /// Finds the page of a list that is in memory.
    pub(super) fn run_over(&self, rows: &[T]) -> Page<T>
    where
        T: Clone,
    {
        let for_each = |take: &mut dyn FnMut(T)| {
            rows.iter().cloned().for_each(take);
            Ok(())
        };
        let by_id = |id| Ok(rows.iter().find(|row| (self.table.id)(row) == id).cloned());
        self.run::<Infallible>(for_each, by_id).unwrap_or_else(|never| match never {})
    }

    /// What a row is ordered by.
    fn place(&self, row: &T) -> Place {
        let keys = self.sorts.iter().map(|sort| (sort.key)(sort.column, row));
        (keys.collect(), (self.table.id)(row))
    }

    /// The places of the page: what comes after it is not sorted.
    fn page<'p>(&self, found: &'p mut [Place]) -> &'p [Place] {
        let start = self.start.min(found.len());
        let end = start.saturating_add(self.limit).min(found.len());
        if end < found.len() {
            found.select_nth_unstable_by(end, |one, other| self.compare(one, other));
        }
        let (taken, _) = found.split_at_mut(end);
        taken.sort_unstable_by(|one, other| self.compare(one, other));
        &taken[start..]
    }

    fn compare(&self, (one, one_id): &Place, (other, other_id): &Place) -> Ordering {
        let sorts = self.sorts.iter().zip(one.iter().zip(other));
        let mut orderings = sorts.map(|(sort, (one, other))| sort.compare(one, other));
        let decided = orderings.find(|ordering| ordering.is_ne());
        decided.unwrap_or_else(|| one_id.cmp(other_id))
    }
}

/// A row's keys and its id.
type Place = (Box<[Key]>, i64);

#[cfg(test)]
mod tests;
