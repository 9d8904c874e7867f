//! Looking for members, in tables.

use ventanilla_domain::{CompanyId, Holder};

use super::read::limit;
use super::rows::holder;
use super::{Reads, Row, Value};
use crate::StoreError;
use crate::search::{LAST, WordRow};

type Read<T> = Result<T, StoreError>;

/// What follows a text and everything that starts with it.
fn end_of(start: &str) -> String {
    format!("{start}{LAST}")
}

impl Reads<'_> {
    pub(crate) fn holders_by_code(
        self,
        company: CompanyId,
        start: &str,
        len: usize,
    ) -> Read<Vec<Holder>> {
        let sql = concat!(
            "SELECT ",
            member_columns!(),
            ", ",
            contract_columns!(),
            " FROM contract c JOIN member m USING (company_id, member_id)",
            " WHERE c.company_id = ?1 AND c.code >= ?2 AND c.code < ?3 ORDER BY c.code LIMIT ?4"
        );
        self.many(sql, (company.to_i64(), start, end_of(start), limit(len)), holder)
    }

    /// Leaps from each word to the next: a word that many have costs no more than another.
    pub(crate) fn words_from(
        self,
        company: CompanyId,
        start: &str,
        len: usize,
    ) -> Read<Vec<String>> {
        let sql = "WITH RECURSIVE found (word) AS ( \
                   SELECT min(word) FROM member_word \
                   WHERE company_id = ?1 AND word >= ?2 AND word < ?3 \
                   UNION ALL SELECT (SELECT min(w.word) FROM member_word w \
                   WHERE w.company_id = ?1 AND w.word > found.word AND w.word < ?3) \
                   FROM found WHERE found.word IS NOT NULL) \
                   SELECT word FROM found WHERE word IS NOT NULL LIMIT ?4";
        let key = (company.to_i64(), start, end_of(start), limit(len));
        self.many(sql, key, |row: Row<'_>| row.get(0))
    }

    pub(crate) fn count_words(
        self,
        company: CompanyId,
        first: &str,
        (word, member): &WordRow,
        len: usize,
    ) -> Read<usize> {
        let sql = "SELECT count(*) FROM (SELECT 1 AS one FROM member_word \
                   WHERE company_id = ?1 AND word >= ?2 AND (word, member_id) < (?3, ?4) LIMIT ?5) AS w";
        let key = (company.to_i64(), first, word, member, limit(len));
        let count = self.one(sql, key, |row| row.get::<i64>(0))?.unwrap_or(0);
        Ok(usize::try_from(count).unwrap_or(0))
    }

    pub(crate) fn nth_word(
        self,
        company: CompanyId,
        first: &str,
        before: usize,
    ) -> Read<Option<WordRow>> {
        let sql = "SELECT word, member_id FROM member_word WHERE company_id = ?1 AND word >= ?2 \
                   ORDER BY word, member_id LIMIT 1 OFFSET ?3";
        let key = (company.to_i64(), first, limit(before));
        self.one(sql, key, |row| Ok((row.get(0)?, row.get(1)?)))
    }

    pub(crate) fn holders_by_words(
        self,
        company: CompanyId,
        first: &str,
        (word, member): &WordRow,
        others: &[&[String]],
        len: usize,
    ) -> Read<Vec<Holder>> {
        let mut values: Vec<Value<'_>> = vec![
            company.to_i64().into(),
            first.into(),
            word.into(),
            member.into(),
            limit(len).into(),
        ];
        let (mut joins, mut conditions) = (String::new(), String::new());
        for words in others {
            let first = values.len() + 1;
            values.extend(padded(words).map(Value::from));
            let (join, condition) = other_word(first, values.len());
            joins.push_str(&join);
            conditions.push_str(&condition);
        }
        let sql = format!(
            concat!(
                "SELECT ",
                member_columns!(),
                ", ",
                contract_columns!(),
                " FROM member_word d{} CROSS JOIN contract c CROSS JOIN member m",
                " WHERE d.company_id = ?1 AND d.word >= ?2 AND (d.word, d.member_id) < (?3, ?4){}",
                " AND c.company_id = d.company_id AND c.member_id = d.member_id",
                " AND m.company_id = d.company_id AND m.member_id = d.member_id",
                " ORDER BY d.word, d.member_id, c.contract_key LIMIT ?5"
            ),
            joins, conditions
        );
        self.many(&sql, values.as_slice(), holder)
    }
}

/// What joins the rows of a word that is among some values, and what they must be. One value is a loop more, whose
/// cursor is opened once; of several an `EXISTS` tells each member once, and opens its cursor for each row.
fn other_word(first: usize, last: usize) -> (String, String) {
    if first == last {
        let join = format!(" CROSS JOIN member_word w{first}");
        let condition = format!(
            " AND w{first}.company_id = d.company_id AND w{first}.word = ?{first} \
             AND w{first}.member_id = d.member_id"
        );
        return (join, condition);
    }
    let places: Vec<_> = (first..=last).map(|place| format!("?{place}")).collect();
    let condition = format!(
        " AND EXISTS (SELECT 1 FROM member_word w WHERE w.company_id = ?1 AND w.word IN ({}) \
         AND w.member_id = d.member_id)",
        places.join(", ")
    );
    (String::new(), condition)
}

/// The words, the last one again until there are as many as a power of two: few statements for all numbers.
fn padded(words: &[String]) -> impl Iterator<Item = &str> {
    let last = words.last().into_iter().flat_map(std::iter::repeat);
    words.iter().chain(last).take(words.len().next_power_of_two()).map(String::as_str)
}
