//! What is printed: the invoice of a paid bill, the order of a payout, the report of a day.
//!
//! Pure: facts in, bytes out, the same bytes for the same facts.

mod figures;
mod invoice;
mod letterhead;
mod pdf;
mod words;

pub use invoice::Invoice;
pub use letterhead::Letterhead;
pub use pdf::Paper;
pub use words::amount_in_words;
