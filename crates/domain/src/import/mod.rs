//! Taking in the biller's rows: members, contracts and bills.

mod bills;
mod members;
mod totals;

pub use bills::{
    BillChange, BillDecision, BillFacts, BillRefusal, BillRow, PrintedRow, decide_bill,
    decide_withdrawal,
};

pub use members::{MemberDecision, MemberFacts, MemberRefusal, MemberRow, decide_member};
pub use totals::{ImportTotals, Tally};

/// An optional column of a row: a file without the column leaves what is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Given<T> {
    /// The file has no such column.
    #[default]
    Absent,
    /// The file has it; an empty cell is `None`.
    Value(Option<T>),
}

impl<T> Given<T> {
    /// Whether the row says nothing else than what is known.
    pub fn restates(&self, known: Option<&T>) -> bool
    where
        T: PartialEq,
    {
        match self {
            Self::Absent => true,
            Self::Value(value) => value.as_ref() == known,
        }
    }

    /// What the row says, or what is known where it says nothing.
    pub fn or(self, known: Option<T>) -> Option<T> {
        match self {
            Self::Absent => known,
            Self::Value(value) => value,
        }
    }
}
