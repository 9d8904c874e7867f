//! The columns of a list: how a value is told, and what it is compared by.

use std::borrow::Cow;

use jiff::civil::Date;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use ventanilla_domain::{Cuit, DocumentNumber};

use super::super::convert::{self, Day, Decimal, Padded};
use super::super::parameters::ParameterError;
use super::super::wire::Shown;

/// A kind of list.
pub(in crate::colppy) struct Table<T: 'static> {
    /// What tells rows apart: the order among equals, and what a row is fetched by.
    pub(in crate::colppy) id: fn(&T) -> i64,
    /// In the order in which they go out.
    pub(in crate::colppy) columns: &'static [Column<T>],
}

/// A column of a list.
pub(in crate::colppy) struct Column<T> {
    name: &'static str,
    cell: Cell<T>,
}

/// Where a column's values come from. The kind is known without a row, so that a filter is judged
/// before anything is read.
enum Cell<T> {
    Text(fn(&T) -> Cow<'_, str>),
    /// A text of which some values have several forms.
    Word(fn(&T) -> Cow<'_, str>, SameWord),
    Whole(fn(&T) -> i64),
    /// Hundredths.
    Amount(fn(&T) -> i64),
    Day(fn(&T) -> Option<Date>),
    Flag(fn(&T) -> bool),
    TaxId(fn(&T) -> Option<Cuit>),
    Number(fn(&T) -> DocumentNumber),
    /// The first part of a number.
    Point(fn(&T) -> DocumentNumber),
    /// The second part of a number.
    Serial(fn(&T) -> DocumentNumber),
}

/// The one form of a value that has several; `None` for any other value.
pub(in crate::colppy) type SameWord = fn(&str) -> Option<&'static str>;

impl<T> Column<T> {
    pub(in crate::colppy) const fn text(name: &'static str, of: fn(&T) -> Cow<'_, str>) -> Self {
        Self { name, cell: Cell::Text(of) }
    }

    /// A text that is always empty.
    pub(in crate::colppy) const fn empty(name: &'static str) -> Self {
        Self::text(name, |_| Cow::Borrowed(""))
    }

    /// Found in any of the forms that `same` knows; a value that it does not know is compared as a
    /// text.
    pub(in crate::colppy) const fn word(
        name: &'static str,
        of: fn(&T) -> Cow<'_, str>,
        same: SameWord,
    ) -> Self {
        Self { name, cell: Cell::Word(of, same) }
    }

    pub(in crate::colppy) const fn whole(name: &'static str, of: fn(&T) -> i64) -> Self {
        Self { name, cell: Cell::Whole(of) }
    }

    /// Of hundredths.
    pub(in crate::colppy) const fn amount(name: &'static str, of: fn(&T) -> i64) -> Self {
        Self { name, cell: Cell::Amount(of) }
    }

    pub(in crate::colppy) const fn day(name: &'static str, of: fn(&T) -> Option<Date>) -> Self {
        Self { name, cell: Cell::Day(of) }
    }

    pub(in crate::colppy) const fn flag(name: &'static str, of: fn(&T) -> bool) -> Self {
        Self { name, cell: Cell::Flag(of) }
    }

    /// Told with dashes, and found with or without them.
    pub(in crate::colppy) const fn tax_id(name: &'static str, of: fn(&T) -> Option<Cuit>) -> Self {
        Self { name, cell: Cell::TaxId(of) }
    }

    /// Padded or not where it is looked for, as are its parts.
    pub(in crate::colppy) const fn number(
        name: &'static str,
        of: fn(&T) -> DocumentNumber,
    ) -> Self {
        Self { name, cell: Cell::Number(of) }
    }

    pub(in crate::colppy) const fn point(name: &'static str, of: fn(&T) -> DocumentNumber) -> Self {
        Self { name, cell: Cell::Point(of) }
    }

    pub(in crate::colppy) const fn serial(
        name: &'static str,
        of: fn(&T) -> DocumentNumber,
    ) -> Self {
        Self { name, cell: Cell::Serial(of) }
    }

    /// What a row is compared by.
    pub(super) fn key(&self, row: &T) -> Key {
        match self.cell {
            Cell::Text(of) => Key::folded(&of(row)),
            Cell::Word(of, same) => Key::word(&of(row), same),
            Cell::Whole(of) | Cell::Amount(of) => Key::Whole(of(row)),
            Cell::Day(of) => Key::Day(of(row)),
            Cell::Flag(of) => Key::Flag(of(row)),
            Cell::TaxId(of) => Key::Text(of(row).map(Cuit::to_digits).unwrap_or_default().into()),
            Cell::Number(of) => Key::Number(of(row)),
            Cell::Point(of) => Key::Whole(of(row).to_point().into()),
            Cell::Serial(of) => Key::Whole(of(row).to_serial().into()),
        }
    }

    pub(super) fn is_text(&self) -> bool {
        matches!(self.cell, Cell::Text(_) | Cell::Word(..))
    }

    /// What tells rows apart whose keys are equal: a text as it is.
    pub(super) fn spelling(&self, row: &T) -> Key {
        match self.cell {
            Cell::Text(of) | Cell::Word(of, _) => Key::Text(of(row).into()),
            _ => self.key(row),
        }
    }

    /// What a filter wants, in the column's own form; before and after have no other forms.
    pub(super) fn wanted(&self, text: &str, is_of_order: bool) -> Option<Key> {
        match self.cell {
            Cell::Text(_) => Some(Key::folded(&convert::one_line(text))),
            Cell::Word(_, same) if !is_of_order => Some(Key::word(text, same)),
            Cell::Word(..) => Some(Key::folded(text)),
            Cell::Whole(_) => convert::compared_whole(text).map(Key::Whole),
            Cell::Amount(_) => convert::compared_minor(text).map(Key::Whole),
            Cell::Day(_) => convert::date(text).map(|day| Key::Day(Some(day))),
            Cell::Flag(_) => convert::flag(text).map(Key::Flag),
            Cell::TaxId(_) => Some(Key::tax_id(text)),
            Cell::Number(_) => convert::document_number(text).map(Key::Number),
            Cell::Point(_) => convert::point(text).map(|point| Key::Whole(point.into())),
            Cell::Serial(_) => convert::serial(text).map(|serial| Key::Whole(serial.into())),
        }
    }

    /// Whether a filter's value stands for none.
    pub(super) fn is_nothing(&self, text: &str) -> bool {
        matches!(self.cell, Cell::Day(_)) && convert::is_no_day(text)
    }

    /// The error of a filter's value that is not of the column's form.
    pub(super) fn unfit(&self, name: String) -> ParameterError {
        match self.cell {
            Cell::Day(_) => ParameterError::NoDay(name),
            _ => ParameterError::Malformed(name),
        }
    }

    /// What a filter wants that names no value, where rows may be without one.
    pub(super) fn nothing(&self) -> Option<Key> {
        match self.cell {
            Cell::Text(_) | Cell::Word(..) | Cell::TaxId(_) => Some(Key::Text("".into())),
            Cell::Day(_) => Some(Key::Day(None)),
            Cell::Whole(_)
            | Cell::Amount(_)
            | Cell::Flag(_)
            | Cell::Number(_)
            | Cell::Point(_)
            | Cell::Serial(_) => None,
        }
    }
}

/// A value to compare. Keys of one column are of one kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Text(Box<str>),
    Whole(i64),
    /// A row without a day comes before all that have one.
    Day(Option<Date>),
    Flag(bool),
    Number(DocumentNumber),
}

impl Key {
    fn folded(text: &str) -> Self {
        Self::Text(convert::folded(text).into())
    }

    fn word(text: &str, same: SameWord) -> Self {
        Self::folded(same(text).unwrap_or(text))
    }

    /// Of any beginning of a number too.
    fn tax_id(text: &str) -> Self {
        match convert::tax_id(text) {
            Ok(None) => Self::Text("".into()),
            Ok(Some(_)) | Err(_) => Self::Text(text.replace('-', "").into()),
        }
    }
}

/// One row as it goes out: texts alone.
pub(in crate::colppy) struct Row<'a, T: 'static> {
    table: &'static Table<T>,
    row: &'a T,
}

impl<T> Serialize for Row<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.table.columns.len()))?;
        for Column { name, cell } in self.table.columns {
            match cell {
                Cell::Text(of) | Cell::Word(of, _) => map.serialize_entry(name, &of(self.row))?,
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
                Cell::Number(of) => map.serialize_entry(name, &Shown(of(self.row)))?,
                Cell::Point(of) => {
                    map.serialize_entry(name, &Shown(Padded::<4>(of(self.row).to_point())))?;
                }
                Cell::Serial(of) => {
                    map.serialize_entry(name, &Shown(Padded::<8>(of(self.row).to_serial())))?;
                }
            }
        }
        map.end()
    }
}

impl<T> Table<T> {
    /// A row as it goes out.
    pub(in crate::colppy) fn row<'a>(&'static self, row: &'a T) -> Row<'a, T> {
        Row { table: self, row }
    }

    /// Some rows as they go out.
    pub(in crate::colppy) fn rows<'a>(&'static self, rows: &'a [T]) -> Vec<Row<'a, T>> {
        rows.iter().map(|row| self.row(row)).collect()
    }

    /// Whether rows have that field.
    #[cfg(test)]
    pub(in crate::colppy) fn has_column(&'static self, name: &str) -> bool {
        self.column(name).is_some()
    }

    pub(super) fn column(&'static self, name: &str) -> Option<&'static Column<T>> {
        self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))
    }
}
