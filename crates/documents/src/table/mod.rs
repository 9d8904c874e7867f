//! Tables: what stands in a row under a column, and the files that rows go to.

mod book;
mod cell;
mod csv;
mod sheets;

pub(crate) use book::{Book, amount_format, guarded, label_format, text_format, to_serial};
pub use cell::{Cell, Spelling, is_formula};
pub use csv::CsvTable;
pub use sheets::Kind;
pub(crate) use sheets::{Listed, SheetColumn, Sheets};
