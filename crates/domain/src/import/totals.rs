//! What came of a file, in numbers.

/// So many lines or bills, and what they do to what is owed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub count: u64,
    /// Hundredths by which what is owed changes; it stays at the greatest an `i64` holds.
    pub difference_minor: i64,
}

impl Tally {
    /// Counts one more.
    pub fn add(&mut self, difference_minor: i64) {
        self.count = self.count.saturating_add(1);
        self.difference_minor = self.difference_minor.saturating_add(difference_minor);
    }
}

/// What came of the lines of a file, or would come of them. Every line is counted once, in one of
/// `new` to `refused`; `replaced` and `vanished` count bills that no line of their own speaks of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportTotals {
    /// Lines of data: without the heading and empty lines.
    pub lines: u64,
    /// Lines that made a contract or a bill.
    pub new: Tally,
    /// Lines that changed one.
    pub changed: Tally,
    /// Lines that annulled a bill (`anulada`).
    pub annulled: Tally,
    /// Lines that told of a payment by a way that is not ours (`pagada_fuera`).
    pub paid_elsewhere: Tally,
    /// Lines that say what is known.
    pub unchanged: u64,
    /// Lines that would change a paid bill: listed, never applied.
    pub paid: u64,
    /// Lines that cannot be taken.
    pub refused: u64,
    /// Bills annulled because a line's bill takes their place (`reemplaza`).
    pub replaced: Tally,
    /// Unpaid bills annulled because a complete file has no line of them.
    pub vanished: Tally,
}

impl ImportTotals {
    /// Hundredths by which the whole file changes what is owed.
    pub fn difference_minor(&self) -> i64 {
        [self.new, self.changed, self.annulled, self.paid_elsewhere, self.replaced, self.vanished]
            .into_iter()
            .fold(0, |sum, tally| sum.saturating_add(tally.difference_minor))
    }

    /// Whether anything is made or changed.
    pub fn is_change(&self) -> bool {
        [self.new, self.changed, self.annulled, self.paid_elsewhere, self.replaced, self.vanished]
            .into_iter()
            .any(|tally| tally.count > 0)
    }
}
