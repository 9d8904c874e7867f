//! A day's report as a file, read back by others' readers.

mod csv;
mod facts;
mod large;
mod pdf;
mod xlsx;

pub(crate) use facts::{company, written_with};
pub(crate) use pdf::day_with;
