//! What is printed and handed out: the paper of a paid bill, the receipt of a window, the order of a payout, the report of a day,
//! lists, and tables for other programs.
//!
//! It knows the domain's facts and nothing of where they are kept: facts in, bytes out, the same bytes for
//! the same facts. Rows are handed on one by one, and memory does not grow with them.

pub mod figures;
mod invoice;
mod letterhead;
mod list;
mod order;
mod pdf;
mod receipt;
mod report;
mod table;
mod words;

pub use invoice::Invoice;
pub use letterhead::Letterhead;
pub use list::{ListColumn, ListFile, ListHeading};
pub use order::{OrderedInvoice, PaymentOrder};
pub use pdf::{Paper, qr_svg};
pub use receipt::ReceiptPaper;
pub use report::{DayHeading, DayReportFile, FileForm};
pub use table::{Cell, CsvTable, Kind, Spelling, is_formula};
pub use words::amount_in_words;
