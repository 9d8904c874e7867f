//! What is printed and handed out. It knows the domain's facts and nothing of where they are kept:
//! whoever reads them hands them on, row by row, and memory does not grow with the rows.

mod report;
mod table;

pub use report::{DayHeading, DayReportFile, DayTotals, FileForm};
pub use table::{Cell, CsvTable, Spelling, is_formula};
