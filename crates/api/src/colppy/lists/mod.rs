//! Lists: what is filtered, ordered, paged and rendered by one table of columns.
//!
//! A list may have more rows than memory should hold, so it is read twice: first for the keys of
//! what the filter takes, and then for the rows of the page, by their ids.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::convert::Infallible;

use jiff::civil::Date;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use ventanilla_domain::Cuit;

use super::convert::{self, Day, Decimal};
use super::parameters::{ParameterError, Parameters};
use super::wire::{self, Shown, field};

/// Rows of a page when nobody says.
const LIMIT: usize = 50;

/// Rows of a page at most; who asks for more gets these.
const LIMIT_MAX: usize = 5000;

/// Conditions of one filter: each is tried on every row.
const CONDITIONS_LEN_MAX: usize = 50;

/// A kind of list.
pub(super) struct Table<T: 'static> {
    /// What tells rows apart: the order among equals, and what a row is fetched by.
    pub(super) id: fn(&T) -> i64,
    /// In the order in which they go out.
    pub(super) columns: &'static [Column<T>],
}

/// A column of a list.
pub(super) struct Column<T> {
    name: &'static str,
    cell: Cell<T>,
}

/// Where a column's values come from. The kind is known without a row, so that a filter is judged
/// before anything is read.
enum Cell<T> {
    Text(fn(&T) -> Cow<'_, str>),
    Whole(fn(&T) -> i64),
    /// Hundredths.
    Amount(fn(&T) -> i64),
    Day(fn(&T) -> Option<Date>),
    Flag(fn(&T) -> bool),
    TaxId(fn(&T) -> Option<Cuit>),
}

impl<T> Column<T> {
    pub(super) const fn text(name: &'static str, of: fn(&T) -> Cow<'_, str>) -> Self {
        Self { name, cell: Cell::Text(of) }
    }

    /// A text that is always empty.
    pub(super) const fn empty(name: &'static str) -> Self {
        Self::text(name, |_| Cow::Borrowed(""))
    }

    pub(super) const fn whole(name: &'static str, of: fn(&T) -> i64) -> Self {
        Self { name, cell: Cell::Whole(of) }
    }

    /// Of hundredths.
    pub(super) const fn amount(name: &'static str, of: fn(&T) -> i64) -> Self {
        Self { name, cell: Cell::Amount(of) }
    }

    pub(super) const fn day(name: &'static str, of: fn(&T) -> Option<Date>) -> Self {
        Self { name, cell: Cell::Day(of) }
    }

    pub(super) const fn flag(name: &'static str, of: fn(&T) -> bool) -> Self {
        Self { name, cell: Cell::Flag(of) }
    }

    /// Told with dashes, and found with or without them.
    pub(super) const fn tax_id(name: &'static str, of: fn(&T) -> Option<Cuit>) -> Self {
        Self { name, cell: Cell::TaxId(of) }
    }

    /// What a row is compared by.
    fn key(&self, row: &T) -> Key {
        match self.cell {
            Cell::Text(of) => Key::Text(convert::folded(&of(row)).into()),
            Cell::Whole(of) | Cell::Amount(of) => Key::Number(of(row)),
            Cell::Day(of) => Key::Day(of(row)),
            Cell::Flag(of) => Key::Flag(of(row)),
            Cell::TaxId(of) => Key::Text(of(row).map(Cuit::to_digits).unwrap_or_default().into()),
        }
    }

    /// What a filter wants, in the column's own form.
    fn wanted(&self, text: &str) -> Option<Key> {
        match self.cell {
            Cell::Text(_) => Some(Key::Text(convert::folded(text).into())),
            Cell::Whole(_) => convert::compared_whole(text).map(Key::Number),
            Cell::Amount(_) => convert::compared_minor(text).map(Key::Number),
            Cell::Day(_) => convert::date(text).map(|day| Key::Day(Some(day))),
            Cell::Flag(_) => convert::flag(text).map(Key::Flag),
            Cell::TaxId(_) => Some(Key::Text(text.replace('-', "").into())),
        }
    }
}

/// A value to compare. Keys of one column are of one kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Text(Box<str>),
    Number(i64),
    /// A row without a day comes before all that have one.
    Day(Option<Date>),
    Flag(bool),
}

/// One row as it goes out: texts alone.
pub(super) struct Row<'a, T: 'static> {
    table: &'static Table<T>,
    row: &'a T,
}

impl<T> Serialize for Row<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.table.columns.len()))?;
        for Column { name, cell } in self.table.columns {
            match cell {
                Cell::Text(of) => map.serialize_entry(name, &of(self.row))?,
                Cell::Whole(of) => map.serialize_entry(name, &Shown(of(self.row)))?,
                Cell::Amount(of) => map.serialize_entry(name, &Shown(Decimal(of(self.row))))?,
                Cell::Day(of) => match of(self.row) {
                    Some(day) => map.serialize_entry(name, &Shown(Day(day)))?,
                    None => map.serialize_entry(name, "")?,
                },
                Cell::Flag(of) => {
                    map.serialize_entry(name, if of(self.row) { "1" } else { "0" })?;
                }
                Cell::TaxId(of) => match of(self.row) {
                    Some(tax_id) => map.serialize_entry(name, &Shown(tax_id))?,
                    None => map.serialize_entry(name, "")?,
                },
            }
        }
        map.end()
    }
}

impl<T> Table<T> {
    /// A row as it goes out.
    pub(super) fn row<'a>(&'static self, row: &'a T) -> Row<'a, T> {
        Row { table: self, row }
    }

    /// Some rows as they go out.
    pub(super) fn rows<'a>(&'static self, rows: &'a [T]) -> Vec<Row<'a, T>> {
        rows.iter().map(|row| self.row(row)).collect()
    }

    /// Whether rows have that field.
    #[cfg(test)]
    pub(super) fn has_column(&'static self, name: &str) -> bool {
        self.column(name).is_some()
    }

    fn column(&'static self, name: &str) -> Option<&'static Column<T>> {
        self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))
    }
}

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
        // An empty value is a value: a text may be empty.
        let wanted = row.word(field::VALUE)?.unwrap_or_default();
        let wanted = column.wanted(&wanted).ok_or_else(|| row.malformed(field::VALUE))?;
        Ok(Self { column, operator, wanted })
    }

    fn holds(&self, row: &T) -> bool {
        match self.column.key(row) {
            // What is not there is neither before nor after a day.
            Key::Day(None) => self.operator == Operator::NotEqual,
            key => self.operator.holds(key.cmp(&self.wanted)),
        }
    }
}

/// One column that rows are ordered by.
struct SortColumn<T: 'static> {
    column: &'static Column<T>,
    is_descending: bool,
}

impl<T> SortColumn<T> {
    fn compare(&self, one: &Key, other: &Key) -> Ordering {
        if self.is_descending { other.cmp(one) } else { one.cmp(other) }
    }
}

/// Reads `{"field":"a","dir":"ASC"}` and `{"field":["a","b"],"order":"asc"}`.
///
/// A field that the list has not is passed over: examples in the wild carry the order of one list
/// into another, and were never refused for it.
fn sort_columns<T>(
    table: &'static Table<T>,
    row: &Parameters<'_>,
) -> Result<Vec<SortColumn<T>>, ParameterError> {
    let by_one_name = row.optional(field::DIRECTION, is_descending)?;
    let by_other_name = row.optional(field::ORDER, is_descending)?;
    let is_descending = by_one_name.or(by_other_name).unwrap_or(false);
    let names = row.words(field::FIELD)?;
    let columns = names.iter().filter_map(|name| table.column(name.trim()));
    Ok(columns.map(|column| SortColumn { column, is_descending }).collect())
}

fn is_descending(direction: &str) -> Option<bool> {
    let known = [(wire::ASCENDING, false), (wire::DESCENDING, true)];
    let mut found = known.into_iter().filter(|(name, _)| name.eq_ignore_ascii_case(direction));
    found.next().map(|(_, is_descending)| is_descending)
}

/// What is asked of a list. It owns all it needs, so that another thread can run it.
pub(super) struct Query<T: 'static> {
    table: &'static Table<T>,
    conditions: Vec<Condition<T>>,
    order: Vec<SortColumn<T>>,
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
        let limit = parameters.optional(field::LIMIT, convert::count_from_one)?.unwrap_or(LIMIT);
        let conditions = parameters.rows(field::FILTER, |row| Condition::read(table, row))?;
        if conditions.len() > CONDITIONS_LEN_MAX {
            return Err(parameters.malformed(field::FILTER));
        }
        let mut order: Vec<SortColumn<T>> = Vec::new();
        let given = parameters.rows(field::ORDER, |row| sort_columns(table, row))?;
        for one in given.into_iter().flatten() {
            // A column decides once; a body could name it thousands of times.
            if !order.iter().any(|known| std::ptr::eq(known.column, one.column)) {
                order.push(one);
            }
        }
        Ok(Self { table, conditions, order, start, limit: limit.min(LIMIT_MAX) })
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
            if self.conditions.iter().all(|condition| condition.holds(&row)) {
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
        let keys = self.order.iter().map(|sort| sort.column.key(row));
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
        let sorts = self.order.iter().zip(one.iter().zip(other));
        let mut orderings = sorts.map(|(sort, (one, other))| sort.compare(one, other));
        let decided = orderings.find(|ordering| ordering.is_ne());
        decided.unwrap_or_else(|| one_id.cmp(other_id))
    }
}

/// A row's keys and its id.
type Place = (Box<[Key]>, i64);

#[cfg(test)]
mod tests;
