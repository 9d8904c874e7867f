//! The trail, read: page by page, each of a snapshot of its own, so that a long one holds nothing up.

use ventanilla_domain::CompanyId;

use super::ActRecord;
use crate::{Failure, NoRefusal, Service};

/// Rows read at a time; each has some hundred acts at most.
const PAGE_LEN: usize = 20;

impl Service {
    /// Hands on the acts of a company's trail, or of those that belong to no company, in the order in
    /// which they were written, until the visitor has seen enough and says `false`. `takes` looks at
    /// an act's line before it is read, which costs far more.
    pub fn visit_trail(
        &self,
        company: Option<CompanyId>,
        takes: &dyn Fn(&str) -> bool,
        visit: &mut dyn FnMut(ActRecord<'static>) -> bool,
    ) -> Result<(), Failure<NoRefusal>> {
        let mut from = 1;
        loop {
            let rows = self.read_decided(|view| view.trail(company, from, PAGE_LEN).map(Ok))?;
            let Some(last) = rows.last() else { return Ok(()) };
            from = last.number + 1;
            let lines = rows.iter().flat_map(|row| row.body.lines()).filter(|line| takes(line));
            for act in lines.filter_map(ActRecord::from_line) {
                if !visit(act) {
                    return Ok(());
                }
            }
        }
    }
}
