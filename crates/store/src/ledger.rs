//! What is behind an account: the entries that posted to it, the newest first.

use jiff::Timestamp;
use ventanilla_domain::{Account, Company, EntryNumber, Posting};

use crate::view::{From, View, read};
use crate::{Entry, StoreError};

type Read<T> = Result<T, StoreError>;

/// Entries that are looked at for a page.
const LOOKED_MAX: i64 = 5_000;
/// Postings that are read for a page, by entries asked for: a file's entry has one for each account of revenue.
const POSTINGS_EACH: usize = 4;

/// An entry that posted to an account: what it posted there, and what kind of act it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountEntry {
    /// Its number.
    pub number: EntryNumber,
    /// When it was kept.
    pub recorded_at: Timestamp,
    /// The kind of event, as the journal writes it.
    pub kind: String,
    /// The postings to or from the account.
    pub postings: Vec<Posting>,
}

/// Entries that posted to an account, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountPage {
    /// The entries found; fewer than asked for, or none, where many others lie between.
    pub entries: Vec<AccountEntry>,
    /// Where to go on: before this entry. `None` where all were looked at.
    pub before: Option<EntryNumber>,
}

impl View<'_> {
    /// The entry of that number.
    pub fn entry(&self, company: &Company, number: EntryNumber) -> Read<Option<Entry>> {
        let found = self.entries(company, number.to_i64(), 1)?.into_iter().next();
        Ok(found.filter(|entry| entry.number == number))
    }

    /// The newest entries before one, or of all, that posted to an account: at most `len`, of which at least one
    /// is looked for. Not more than 5,000 entries are looked at: no index by account is kept, which every payment
    /// would pay for.
    pub fn entries_of(
        &self,
        company: &Company,
        account: &Account,
        before: Option<EntryNumber>,
        len: usize,
    ) -> Read<AccountPage> {
        let Some(counters) = self.counters(company.id)? else { return Ok(AccountPage::default()) };
        let end = before.map_or(counters.next_entry, |before| before.min(counters.next_entry));
        let from = (end.to_i64() - LOOKED_MAX).max(EntryNumber::FIRST.to_i64());
        let len = len.max(1);
        let rows_max = len.saturating_mul(POSTINGS_EACH).max(1_000);
        let rows = self.postings_of(company, account, (from, end.to_i64()), rows_max)?;
        let is_cut = rows.len() >= rows_max;
        let mut entries = grouped(rows);
        if is_cut && entries.len() > 1 {
            // Of the last one there may be more.
            entries.pop();
        }
        let has_more = is_cut || entries.len() > len;
        entries.truncate(len);
        let before = match entries.last() {
            Some(last) if has_more => Some(last.number),
            _ => EntryNumber::from_i64(from).ok().filter(|from| *from > EntryNumber::FIRST),
        };
        Ok(AccountPage { entries, before })
    }

    /// The postings to and from an account by entries from a number to before another, the newest entries
    /// first, each entry's in their order, at most `len`.
    fn postings_of(
        &self,
        company: &Company,
        account: &Account,
        (from, end): (i64, i64),
        len: usize,
    ) -> Read<Vec<AccountEntry>> {
        read!(self, view =>
            own_postings(view.entries(company.id, from, usize::MAX), account, end, len),
            view.postings_of(company, account, (from, end), len))
    }
}

/// Of rows with a posting each, entries with all of theirs.
fn grouped(rows: Vec<AccountEntry>) -> Vec<AccountEntry> {
    let mut entries: Vec<AccountEntry> = Vec::new();
    for row in rows {
        match entries.last_mut().filter(|entry| entry.number == row.number) {
            Some(entry) => entry.postings.extend(row.postings),
            None => entries.push(row),
        }
    }
    entries
}

fn own_postings(entries: Vec<Entry>, account: &Account, end: i64, len: usize) -> Vec<AccountEntry> {
    let entries = entries.into_iter().filter(|entry| entry.number.to_i64() < end).rev();
    let rows = entries.flat_map(|entry| {
        let own = entry.postings.iter();
        let own = own.filter(|posting| posting.debit == *account || posting.credit == *account);
        let rows = own.map(|posting| AccountEntry {
            number: entry.number,
            recorded_at: entry.recorded_at,
            kind: entry.written.kind.to_string(),
            postings: vec![posting.clone()],
        });
        rows.collect::<Vec<_>>()
    });
    rows.take(len).collect()
}
