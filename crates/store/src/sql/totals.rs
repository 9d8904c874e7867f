//! What is added up and the words of members: read, moved by what a transaction did, and made anew of books
//! that were kept before it.

use std::collections::BTreeMap;

use ventanilla_domain::{BusinessDay, CollectorId, Company, CompanyId, Member, Period};

use super::read::limit;
use super::rows::{member, string};
use super::{KnownCompanies, Link, Params, Reads, Row, Value};
use crate::totals::{CollectedKey, OwedSums, Totals, hour_at};
use crate::values::{date, id, instant, period};
use crate::{CollectedSums, StoreError};

type Read<T> = Result<T, StoreError>;
type Write = Read<()>;
type Visit<'v, T> = &'v mut dyn FnMut(T) -> Read<()>;

/// Members whose words are made at a time, so that their words are written in the order of the table.
const MEMBERS: usize = 20_000;
/// Words that one statement inserts: as many as fit, of what is left.
const WORD_ROWS: [usize; 3] = [400, 20, 1];

/// Sums stay at the greatest number there is: a payment is never refused for what is only told.
const COLLECT: &str = "INSERT INTO collected (company_id, business_day, collector_id, hour, payments, \
    paid_minor, reversals, reversed_minor) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) \
    ON CONFLICT (company_id, business_day, collector_id, hour) DO UPDATE SET \
    payments = collected.payments + excluded.payments, \
    paid_minor = CASE WHEN collected.paid_minor > 9223372036854775807 - excluded.paid_minor \
    THEN 9223372036854775807 ELSE collected.paid_minor + excluded.paid_minor END, \
    reversals = collected.reversals + excluded.reversals, \
    reversed_minor = CASE WHEN collected.reversed_minor > 9223372036854775807 - excluded.reversed_minor \
    THEN 9223372036854775807 ELSE collected.reversed_minor + excluded.reversed_minor END";

const OWE: &str = "INSERT INTO owed (company_id, period, unpaid_bills, owed_minor) \
    VALUES (?1, ?2, ?3, ?4) ON CONFLICT (company_id, period) DO UPDATE SET \
    unpaid_bills = owed.unpaid_bills + excluded.unpaid_bills, \
    owed_minor = owed.owed_minor + excluded.owed_minor";

/// By how much the words of members change: one that comes is true, one that goes is false.
#[derive(Debug, Default)]
pub(crate) struct Words {
    changes: BTreeMap<(String, i64), bool>,
}

impl Words {
    /// Notes what a member is found by from now on, and no more.
    pub(crate) fn change(&mut self, before: Option<&Member>, member: &Member) {
        let id = member.id.to_i64();
        let (old, new) = (before.map(Member::to_keys).unwrap_or_default(), member.to_keys());
        for word in old.iter().filter(|word| !new.contains(word)) {
            self.note(word.clone(), id, false);
        }
        for word in new.into_iter().filter(|word| !old.contains(word)) {
            self.note(word, id, true);
        }
    }

    /// What comes and goes again in one transaction leaves nothing.
    fn note(&mut self, word: String, member: i64, comes: bool) {
        let key = (word, member);
        if self.changes.remove(&key).is_none() {
            self.changes.insert(key, comes);
        }
    }

    pub(crate) fn write(&self, link: Link<'_>, company: CompanyId) -> Write {
        let gone = self.changes.iter().filter(|(_, comes)| !**comes);
        for ((word, member), _) in gone {
            let sql = "DELETE FROM member_word \
                       WHERE company_id = ?1 AND word = ?2 AND member_id = ?3";
            let values = (company.to_i64(), word.as_str(), member).into_values();
            if link.run(sql, values.as_ref())? != 1 {
                return Err(StoreError::damaged("a member's word was not kept"));
            }
        }
        let come = self.changes.iter().filter(|(_, comes)| **comes);
        let come: Vec<_> = come.map(|((word, member), _)| (word.as_str(), *member)).collect();
        insert_words(link, company, &come)
    }
}

/// Inserts words many at a time, in their order.
fn insert_words(link: Link<'_>, company: CompanyId, mut words: &[(&str, i64)]) -> Write {
    for rows in WORD_ROWS {
        if words.len() < rows {
            continue;
        }
        let places: Vec<_> =
            (0..rows).map(|row| format!("(?1,?{},?{})", row * 2 + 2, row * 2 + 3)).collect();
        let sql = format!(
            "INSERT INTO member_word (company_id, word, member_id) VALUES {}",
            places.join(",")
        );
        while let Some((some, rest)) = words.split_at_checked(rows) {
            let mut values = vec![Value::Int(company.to_i64())];
            values
                .extend(some.iter().flat_map(|(word, member)| [(*word).into(), (*member).into()]));
            link.run(&sql, &values)?;
            words = rest;
        }
    }
    Ok(())
}

impl Totals {
    /// Moves what is kept by what has changed.
    pub(crate) fn write(&self, link: Link<'_>, company: CompanyId) -> Write {
        let company = company.to_i64();
        for ((day, collector, hour), sums) in &self.collected {
            let values = (
                company,
                day.to_date().to_string(),
                collector.to_i64(),
                hour,
                sums.payments,
                sums.paid_minor,
                sums.reversals,
                sums.reversed_minor,
            );
            link.run(COLLECT, values.into_values().as_ref())?;
        }
        for (period, sums) in &self.owed {
            let values = (company, period.to_yyyymm(), sums.unpaid_bills, sums.owed_minor);
            link.run(OWE, values.into_values().as_ref())?;
        }
        Ok(())
    }
}

impl Reads<'_> {
    /// The days are as they are written, so that what is no day is among all.
    pub(crate) fn each_collected(
        self,
        company: CompanyId,
        [first, last]: [&str; 2],
        visit: Visit<'_, (CollectedKey, CollectedSums)>,
    ) -> Read<()> {
        let sql = "SELECT business_day, collector_id, hour, payments, paid_minor, reversals, \
                   reversed_minor FROM collected WHERE company_id = ?1 \
                   AND business_day BETWEEN ?2 AND ?3 ORDER BY business_day, collector_id, hour";
        let from_row = |row: Row<'_>| {
            let sums = CollectedSums {
                payments: row.get(3)?,
                paid_minor: row.get(4)?,
                reversals: row.get(5)?,
                reversed_minor: row.get(6)?,
            };
            Ok((collected_key(row)?, sums))
        };
        self.each(sql, (company.to_i64(), first, last), from_row, visit)
    }

    pub(crate) fn each_owed(
        self,
        company: CompanyId,
        visit: Visit<'_, (Period, OwedSums)>,
    ) -> Read<()> {
        let sql = "SELECT period, unpaid_bills, owed_minor FROM owed WHERE company_id = ?1 \
                   AND (unpaid_bills <> 0 OR owed_minor <> 0) ORDER BY period";
        self.each(sql, [company.to_i64()], owed, visit)
    }

    /// The period of the bill that a payment paid.
    pub(crate) fn period_paid(self, company: CompanyId, payment: i64) -> Read<Period> {
        let sql = "SELECT period FROM payment WHERE company_id = ?1 AND payment_id = ?2";
        let found = self.one(sql, (company.to_i64(), payment), |row| period(row.get(0)?))?;
        found.ok_or_else(|| StoreError::damaged("a reversal has no payment"))
    }

    pub(crate) fn each_word(self, company: CompanyId, visit: Visit<'_, (String, i64)>) -> Read<()> {
        let sql = "SELECT word, member_id FROM member_word WHERE company_id = ?1";
        self.each(sql, [company.to_i64()], |row| Ok((row.get(0)?, row.get(1)?)), visit)
    }

    /// What was collected and is owed as the books themselves say: what the totals must come to.
    fn totals_of_books(self, company: &Company) -> Read<Totals> {
        let mut totals = Totals::default();
        let key = [company.id.to_i64()];
        let of_act = |row: Row<'_>| {
            let day = BusinessDay::from_date(date(string(row, 0)?)?);
            let collector = id(CollectorId::from_i64, row.get(1)?)?;
            let hour = hour_at(company, instant(row.get(2)?)?);
            Ok(((day, collector, hour), row.get(3)?))
        };
        let paid = "SELECT business_day, collector_id, recorded_at_us, amount_minor \
                    FROM payment WHERE company_id = ?1";
        self.each(paid, key, of_act, &mut |(key, minor): (CollectedKey, i64)| {
            totals.collect(key, minor);
            Ok::<_, StoreError>(())
        })?;
        let reversed = "SELECT business_day, collector_id, recorded_at_us, amount_minor \
                        FROM reversal WHERE company_id = ?1";
        self.each(reversed, key, of_act, &mut |(key, minor): (CollectedKey, i64)| {
            totals.give_back(key, minor);
            Ok::<_, StoreError>(())
        })?;
        let unpaid = "SELECT period, count(*), CAST(sum(amount_minor) AS BIGINT) FROM bill \
                      WHERE company_id = ?1 AND paid_by IS NULL AND state = 'owed' GROUP BY period";
        self.each(unpaid, key, owed, &mut |(period, sums): (Period, OwedSums)| {
            totals.owe(period, sums.unpaid_bills, sums.owed_minor)
        })?;
        Ok(totals)
    }

    /// The members after an id, at most `len`, by id.
    fn members_after(self, company: CompanyId, after: i64, len: usize) -> Read<Vec<Member>> {
        let sql = concat!(
            "SELECT ",
            member_columns!(),
            " FROM member m WHERE m.company_id = ?1 AND m.member_id > ?2",
            " ORDER BY m.member_id LIMIT ?3"
        );
        self.many(sql, (company.to_i64(), after, limit(len)), member)
    }
}

fn collected_key(row: Row<'_>) -> Read<CollectedKey> {
    let day = BusinessDay::from_date(date(string(row, 0)?)?);
    Ok((day, id(CollectorId::from_i64, row.get(1)?)?, row.get(2)?))
}

fn owed(row: Row<'_>) -> Read<(Period, OwedSums)> {
    let sums = OwedSums { unpaid_bills: row.get(1)?, owed_minor: row.get(2)? };
    Ok((period(row.get(0)?)?, sums))
}

/// Makes a company's words and totals of the books as they stand, in the place of any that are there: of books
/// that were kept before there were any. Nobody else may write meanwhile.
pub(crate) fn make_anew(
    link: Link<'_>,
    known: &KnownCompanies,
    company: CompanyId,
) -> Result<(), StoreError> {
    let reads = Reads::new(link, known);
    let Some(company) = reads.company(company)? else { return Ok(()) };
    for table in ["member_word", "collected", "owed"] {
        let sql = format!("DELETE FROM {table} WHERE company_id = ?1");
        link.run(&sql, &[Value::Int(company.id.to_i64())])?;
    }
    reads.totals_of_books(&company)?.write(link, company.id)?;
    let mut after = i64::MIN;
    loop {
        let members = reads.members_after(company.id, after, MEMBERS)?;
        let Some(last) = members.last() else { return Ok(()) };
        after = last.id.to_i64();
        let mut words = Words::default();
        for member in &members {
            words.change(None, member);
        }
        words.write(link, company.id)?;
    }
}
