//! Looking for members: by what somebody at a window types, a name, a document, a contract's code or the number
//! of a bill.
//!
//! The work is bounded whatever is typed and however many members there are: the word that the fewest have drives,
//! and of it so many rows are looked at, not more. Whoever is told that something was left off types more.

use std::collections::{BTreeSet, HashSet};

use ventanilla_domain::{
    BillId, CompanyId, ContractCode, ContractKey, Holder, MemberId, pair_of, words_of,
};

use crate::StoreError;
use crate::memory::Books;
use crate::view::{From, View, read};

type Read<T> = Result<T, StoreError>;

/// Contracts that are told at most.
const FOUND_MAX: usize = 20;
/// Rows of words that are looked at, each together with what else was typed.
const WORK_MAX: usize = 5_000;
/// Rows of a typed word that are counted: more are many.
const COUNTED_MAX: usize = 1_000;
/// Kept words that the start of one may stand for.
const MEANT_MAX: usize = 16;
/// Digits of a code that a number typed without its leading zeros is looked for up to.
const PADDED_LEN_MAX: usize = 12;
/// Contracts that are read by words: a member may be found by two words that start alike.
const ROWS_MAX: usize = 64;
/// The greatest character: what comes before a text with it at its end starts with the text, or comes before it.
pub(crate) const LAST: char = '\u{10ffff}';

/// Contracts that were found, with their holders.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FoundMembers {
    /// At most 20: first those of exactly that code or bill, then by the start of the code, then by words.
    pub holders: Vec<Holder>,
    /// Whether there may be more: whoever misses one types more of its words.
    pub is_cut_off: bool,
}

/// A typed word: the kept words that it may mean, and how many rows they have, as far as that is counted.
#[derive(Debug)]
struct Typed {
    meant: Vec<String>,
    rows: usize,
}

impl Typed {
    /// The rows of the words, from the first to before the end.
    fn range(&self) -> (&str, WordRow) {
        let first = self.meant.first().map_or("", String::as_str);
        let last = self.meant.last().map_or("", String::as_str);
        (first, (last.to_owned(), i64::MAX))
    }
}

/// A word and a member who has it.
pub(crate) type WordRow = (String, i64);

impl FoundMembers {
    fn add(&mut self, seen: &mut HashSet<ContractKey>, holders: impl IntoIterator<Item = Holder>) {
        for holder in holders {
            if !seen.insert(holder.contract.key) {
                continue;
            }
            if self.holders.len() == FOUND_MAX {
                self.is_cut_off = true;
                return;
            }
            self.holders.push(holder);
        }
    }
}

impl View<'_> {
    /// The contracts that a text may mean. All its words must be a holder's, each whole or its start; a text of
    /// one word also is the start of a code, with and without leading zeros, or the number of a bill.
    pub fn search(&self, company: CompanyId, text: &str) -> Read<FoundMembers> {
        let (mut found, mut seen) = (FoundMembers::default(), HashSet::new());
        if let Ok(code) = ContractCode::from_text(text)
            && !code.as_str().contains(char::is_whitespace)
        {
            found.add(&mut seen, self.holder(company, &code)?);
            found.add(&mut seen, self.holder_of_bill(company, code.as_str())?);
            for code in [code.without_leading_zeros(), Some(code)].into_iter().flatten().rev() {
                let holders = self.holders_by_code(company, code.as_str(), FOUND_MAX + 1)?;
                found.add(&mut seen, holders);
            }
        }
        if found.holders.is_empty() {
            found.add(&mut seen, self.holder_of_padded(company, text)?);
        }
        if found.holders.len() < FOUND_MAX {
            self.search_words(company, text, &mut found, &mut seen)?;
        }
        Ok(found)
    }

    /// The contract whose code is a number that was typed without its leading zeros, the shortest first.
    fn holder_of_padded(&self, company: CompanyId, text: &str) -> Read<Option<Holder>> {
        let number = text.trim();
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(None);
        }
        for len in number.len() + 1..=PADDED_LEN_MAX {
            let Ok(code) = ContractCode::from_text(&format!("{number:0>len$}")) else { continue };
            if let Some(contract) = self.contract(company, &code)? {
                let member = self.member(company, contract.member)?;
                return Ok(member.map(|member| Holder { contract, member }));
            }
        }
        Ok(None)
    }

    fn holder_of_bill(&self, company: CompanyId, number: &str) -> Read<Option<Holder>> {
        let bill = number.parse().ok().and_then(|number| BillId::from_i64(number).ok());
        let Some(bill) = bill else { return Ok(None) };
        let Some(key) = self.bill_contract(company, bill)? else { return Ok(None) };
        let Some(contract) = self.contract_of_key(company, key)? else { return Ok(None) };
        let member = self.member(company, contract.member)?;
        Ok(member.map(|member| Holder { contract, member }))
    }

    fn search_words(
        &self,
        company: CompanyId,
        text: &str,
        found: &mut FoundMembers,
        seen: &mut HashSet<ContractKey>,
    ) -> Read<()> {
        let mut typed = Vec::new();
        for word in words_of(text) {
            let mut meant = self.words_from(company, &word, MEANT_MAX + 1)?;
            if meant.is_empty() {
                return Ok(());
            }
            found.is_cut_off |= meant.len() > MEANT_MAX;
            meant.truncate(MEANT_MAX);
            typed.push(Typed { meant, rows: 0 });
        }
        for typed in &mut typed {
            let (first, end) = typed.range();
            typed.rows = self.count_words(company, first, &end, COUNTED_MAX + 1)?;
        }
        let looks: usize = typed.iter().map(|typed| typed.meant.len()).sum();
        if typed.len() > 1
            && typed.iter().all(|typed| typed.rows > COUNTED_MAX.min(WORK_MAX / looks))
        {
            let before = found.holders.len();
            self.search_pairs(company, &typed, found, seen)?;
            if found.holders.len() > before {
                return Ok(());
            }
        }
        // The first of those that as few have.
        let Some(place) = (0..typed.len()).min_by_key(|place| typed[*place].rows) else {
            return Ok(());
        };
        let driving = typed.swap_remove(place);
        self.follow_word(company, &driving, &typed.iter().collect::<Vec<_>>(), found, seen)
    }

    /// Adds the holders of a pair of typed words where many have each of them: of the pair that stands for the
    /// fewest.
    fn search_pairs(
        &self,
        company: CompanyId,
        typed: &[Typed],
        found: &mut FoundMembers,
        seen: &mut HashSet<ContractKey>,
    ) -> Read<()> {
        let len =
            |(one, other): &(usize, usize)| typed[*one].meant.len() * typed[*other].meant.len();
        let places = (0..typed.len()).flat_map(|other| (0..other).map(move |one| (one, other)));
        let pair = places.min_by_key(len).filter(|pair| len(pair) <= MEANT_MAX);
        let Some((one, other)) = pair else { return Ok(()) };
        let rest = (0..typed.len()).filter(|place| ![one, other].contains(place));
        let rest: Vec<&Typed> = rest.map(|place| &typed[place]).collect();
        let mut pairs = BTreeSet::new();
        for word in &typed[one].meant {
            pairs.extend(typed[other].meant.iter().map(|other| pair_of(word, other)));
        }
        for pair in pairs {
            if found.holders.len() == FOUND_MAX {
                found.is_cut_off = true;
                break;
            }
            let mut driving = Typed { meant: vec![pair], rows: 0 };
            let (first, end) = driving.range();
            driving.rows = self.count_words(company, first, &end, COUNTED_MAX + 1)?;
            self.follow_word(company, &driving, &rest, found, seen)?;
        }
        Ok(())
    }

    /// Adds the holders who have one of the driving words and one of each other's.
    fn follow_word(
        &self,
        company: CompanyId,
        driving: &Typed,
        others: &[&Typed],
        found: &mut FoundMembers,
        seen: &mut HashSet<ContractKey>,
    ) -> Read<()> {
        let looks: usize = others.iter().map(|other| other.meant.len()).sum();
        let work = WORK_MAX / looks.max(1);
        let (first, mut end) = driving.range();
        if driving.rows > work.min(COUNTED_MAX)
            && let Some(beyond) = self.nth_word(company, first, work)?
            && beyond < end
        {
            end = beyond;
            found.is_cut_off = true;
        }
        let others: Vec<&[String]> = others.iter().map(|other| other.meant.as_slice()).collect();
        let mut holders = self.holders_by_words(company, first, &end, &others, ROWS_MAX)?;
        if holders.len() == ROWS_MAX {
            found.is_cut_off = true;
            // Of the last member there may be more, which nobody can tell.
            let last = holders.last().map(|holder| holder.member.id);
            if holders.iter().any(|holder| Some(holder.member.id) != last) {
                holders.retain(|holder| Some(holder.member.id) != last);
            }
        }
        found.add(seen, holders);
        Ok(())
    }

    /// The contracts whose codes start so, by code, at most `len`.
    fn holders_by_code(&self, company: CompanyId, start: &str, len: usize) -> Read<Vec<Holder>> {
        read!(self, view =>
            view.books_of(company).map_or(Vec::new(), |books| books.holders_by_code(start, len)),
            view.holders_by_code(company, start, len))
    }

    /// The kept words that start so, in their order, each once, at most `len`.
    fn words_from(&self, company: CompanyId, start: &str, len: usize) -> Read<Vec<String>> {
        read!(self, view => {
            let rows = view.books_of(company).map(Books::word_rows).unwrap_or_default();
            let mut words: Vec<_> = rows.into_iter().map(|(word, _)| word).collect();
            words.dedup();
            words.into_iter().filter(|word| word.starts_with(start)).take(len).collect()
        }, view.words_from(company, start, len))
    }

    /// How many rows there are from a word to before an end, as far as `len`.
    fn count_words(
        &self,
        company: CompanyId,
        first: &str,
        end: &WordRow,
        len: usize,
    ) -> Read<usize> {
        read!(self, view => {
            let rows = view.books_of(company).map(Books::word_rows).unwrap_or_default();
            rows.range((first.to_owned(), i64::MIN)..end.clone()).take(len).count()
        }, view.count_words(company, first, end, len))
    }

    /// The row that comes after `before` others from a word on.
    fn nth_word(&self, company: CompanyId, first: &str, before: usize) -> Read<Option<WordRow>> {
        read!(self, view => {
            let rows = view.books_of(company).map(Books::word_rows).unwrap_or_default();
            rows.range((first.to_owned(), i64::MIN)..).nth(before).cloned()
        }, view.nth_word(company, first, before))
    }

    /// The contracts of the members of those rows who also have one word of each of the others, row by row,
    /// each member's by key, at most `len`.
    fn holders_by_words(
        &self,
        company: CompanyId,
        first: &str,
        end: &WordRow,
        others: &[&[String]],
        len: usize,
    ) -> Read<Vec<Holder>> {
        read!(self, view => {
            view.books_of(company).map_or(Vec::new(), |books| {
                books.holders_by_words(first, end, others, len)
            })
        }, view.holders_by_words(company, first, end, others, len))
    }
}

impl Books {
    fn word_rows(&self) -> BTreeSet<WordRow> {
        let members = self.members.values();
        let rows = members
            .flat_map(|member| member.to_keys().into_iter().map(|word| (word, member.id.to_i64())));
        rows.collect()
    }

    fn holders_of(&self, member: i64) -> impl Iterator<Item = Holder> {
        let member = MemberId::from_i64(member).ok().and_then(|id| self.members.get(&id));
        member.into_iter().flat_map(|member| {
            let own = self.contracts.values().filter(|contract| contract.member == member.id);
            own.map(|contract| Holder { contract: contract.clone(), member: member.clone() })
        })
    }

    fn holders_by_words(
        &self,
        first: &str,
        end: &WordRow,
        others: &[&[String]],
        len: usize,
    ) -> Vec<Holder> {
        let rows = self.word_rows();
        let has_one = |member: i64, words: &[String]| {
            words.iter().any(|word| rows.contains(&(word.clone(), member)))
        };
        let members = rows
            .range((first.to_owned(), i64::MIN)..end.clone())
            .map(|(_, member)| *member)
            .filter(|member| others.iter().all(|words| has_one(*member, words)));
        members.flat_map(|member| self.holders_of(member)).take(len).collect()
    }

    fn holders_by_code(&self, start: &str, len: usize) -> Vec<Holder> {
        let found = self.codes.iter().filter(|(code, _)| code.as_str().starts_with(start));
        let contracts = found.filter_map(|(_, key)| self.contracts.get(key));
        let holders = contracts.filter_map(|contract| {
            let member = self.members.get(&contract.member)?.clone();
            Some(Holder { contract: contract.clone(), member })
        });
        holders.take(len).collect()
    }
}
