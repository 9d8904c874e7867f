//! A group's acts written by arrays: as many statements as there are tables, whatever the number of acts.

use std::borrow::Cow;
use std::collections::BTreeMap;

use ventanilla_domain::{
    Bill, BillId, CallerKey, CollectorId, Company, ContractKey, Payment, PaymentId, Reversal, Text,
};

use super::error::code_of;
use super::seal::Act;
use super::{PgValue, again_if_taken};
use crate::sql::{Loaded, Value};
use crate::{Operation, StoreError};

/// Bills as they were taken: what was changed of them is written only where they still are so.
pub(super) type Taken = BTreeMap<(ContractKey, BillId), Bill>;

const PAYMENTS: &str = "INSERT INTO payment (company_id, payment_id, collector_id, contract_key, \
    contract_code, member_name, bill_id, bill_version, period, amount_minor, recorded_at_us, \
    business_day, caller_reference, caller_key, branch, cashier, terminal, means, collected_at, \
    previous, issuer) \
    SELECT CAST(?1 AS BIGINT), p.* FROM unnest(CAST(?2 AS BIGINT[]), CAST(?3 AS BIGINT[]), \
    CAST(?4 AS BIGINT[]), CAST(?5 AS TEXT[]), CAST(?6 AS TEXT[]), CAST(?7 AS BIGINT[]), \
    CAST(?8 AS BIGINT[]), CAST(?9 AS BIGINT[]), CAST(?10 AS BIGINT[]), CAST(?11 AS BIGINT[]), \
    CAST(?12 AS TEXT[]), CAST(?13 AS TEXT[]), CAST(?14 AS TEXT[]), CAST(?15 AS TEXT[]), \
    CAST(?16 AS TEXT[]), CAST(?17 AS TEXT[]), CAST(?18 AS TEXT[]), CAST(?19 AS TEXT[]), \
    CAST(?20 AS BIGINT[]), CAST(?21 AS BIGINT[])) AS p";

const REVERSALS: &str = "INSERT INTO reversal (company_id, payment_id, collector_id, contract_key, \
    bill_id, amount_minor, recorded_at_us, business_day, reason, caller_key) \
    SELECT CAST(?1 AS BIGINT), r.* FROM unnest(CAST(?2 AS BIGINT[]), CAST(?3 AS BIGINT[]), \
    CAST(?4 AS BIGINT[]), CAST(?5 AS BIGINT[]), CAST(?6 AS BIGINT[]), CAST(?7 AS BIGINT[]), \
    CAST(?8 AS TEXT[]), CAST(?9 AS TEXT[]), CAST(?10 AS TEXT[])) AS r";

/// The law: a bill changes hands only where it is owed by who it was owed by, in that version and amount.
/// Where it changes less than it is to change, it makes a number of a word, and the transaction fails: its commit is
/// sent without waiting for it.
const BILLS: &str = "WITH changed AS (UPDATE bill SET paid_by = w.paid_by, last_payment = w.last_payment \
    FROM unnest(CAST(?2 AS BIGINT[]), CAST(?3 AS BIGINT[]), CAST(?4 AS BIGINT[]), \
    CAST(?5 AS BIGINT[]), CAST(?6 AS BIGINT[]), CAST(?7 AS BIGINT[]), CAST(?8 AS BIGINT[])) \
    AS w (contract_key, bill_id, paid_by, last_payment, was_paid_by, version, amount_minor) \
    WHERE bill.company_id = ?1 AND bill.contract_key = w.contract_key \
    AND bill.bill_id = w.bill_id AND bill.paid_by IS NOT DISTINCT FROM w.was_paid_by \
    AND bill.state = 'owed' AND bill.version = w.version AND bill.amount_minor = w.amount_minor RETURNING 1) \
    SELECT CAST(CASE WHEN count(*) = ?9 THEN '1' ELSE 'fewer' END AS BIGINT) FROM changed";
const NO_NUMBER: &str = "22P02";

const KEYS: &str = "INSERT INTO caller_key (company_id, collector_id, operation, caller_key, \
    payment_id) SELECT CAST(?1 AS BIGINT), k.* FROM unnest(CAST(?2 AS BIGINT[]), \
    CAST(?3 AS TEXT[]), CAST(?4 AS TEXT[]), CAST(?5 AS BIGINT[])) AS k";

const UNSEALED: &str = "INSERT INTO unsealed (company_id, payment_id, kind, recorded_at_us, \
    place) SELECT CAST(?1 AS BIGINT), u.* FROM unnest(CAST(?2 AS BIGINT[]), CAST(?3 AS TEXT[]), \
    CAST(?4 AS BIGINT[]), CAST(?5 AS BIGINT[])) AS u";

/// A statement, the rows that it is to change, and its parameters.
pub(super) type Statement<'v> = (&'static str, usize, Vec<PgValue<'v>>);

/// What writes a group's acts, in places from `first_place` on, and what they made of the bills.
///
/// It fails, for [`again_where_changed`], where a bill is not as it was taken.
pub(super) fn statements<'v>(
    company: &Company,
    acts: &'v [Act],
    taken: &Taken,
    loaded: &Loaded,
    first_place: i64,
) -> Vec<Statement<'v>> {
    let company = PgValue::One(Value::Int(company.id.to_i64()));
    let bills: Vec<(&Bill, Bill)> = taken
        .iter()
        .filter_map(|(key, was)| Some((was, (*loaded.bills.get(key)?)?)))
        .filter(|(was, is)| *was != is)
        .collect();
    let payments: Vec<&Payment> = acts.iter().filter_map(Act::payment).collect();
    let reversals: Vec<&Reversal> = acts.iter().filter_map(Act::reversal).collect();
    let keys: Vec<_> = acts.iter().filter_map(key_of).collect();
    let acts: Vec<&Act> = acts.iter().collect();
    let mut statements = vec![
        (PAYMENTS, payments.len(), payment_columns(&company, &payments)),
        (REVERSALS, reversals.len(), reversal_columns(&company, &reversals)),
        (BILLS, usize::from(!bills.is_empty()), bill_columns(&company, &bills)),
        (KEYS, keys.len(), key_columns(&company, &keys)),
        (UNSEALED, acts.len(), unsealed_columns(&company, &acts, first_place)),
    ];
    statements.retain(|(_, len, _)| *len > 0);
    statements
}

/// A group that failed since a bill is not as it was taken, or since a caller's key was used, for another bill,
/// after it was looked for, is to be run again.
pub(super) fn again_where_changed(error: StoreError) -> StoreError {
    match error {
        error if code_of(&error) == Some(NO_NUMBER) => StoreError::Again(error.into()),
        error => again_if_taken(error),
    }
}

fn ints<T: Copy>(of: &[T], value: impl Fn(T) -> i64) -> PgValue<'static> {
    PgValue::Ints(of.iter().copied().map(value).collect())
}

fn maybe_ints<T: Copy>(of: &[T], value: impl Fn(T) -> Option<i64>) -> PgValue<'static> {
    PgValue::MaybeInts(of.iter().copied().map(value).collect())
}

fn texts<'v, T: Copy>(of: &[T], value: impl Fn(T) -> Cow<'v, str>) -> PgValue<'v> {
    PgValue::Texts(of.iter().copied().map(value).collect())
}

fn maybe_texts<'v, T: Copy>(of: &[T], value: impl Fn(T) -> Option<Cow<'v, str>>) -> PgValue<'v> {
    PgValue::MaybeTexts(of.iter().copied().map(value).collect())
}

fn words<const MAX: usize>(text: Option<&Text<MAX>>) -> Option<Cow<'_, str>> {
    text.map(|text| text.as_str().into())
}

fn name(key: Option<&CallerKey>) -> Option<Cow<'_, str>> {
    key.map(|key| key.as_str().into())
}

fn payment_columns<'v>(company: &PgValue<'v>, of: &[&'v Payment]) -> Vec<PgValue<'v>> {
    vec![
        company.clone(),
        ints(of, |payment| payment.id.to_i64()),
        ints(of, |payment| payment.collector.to_i64()),
        ints(of, |payment| payment.contract.to_i64()),
        texts(of, |payment| payment.contract_code.as_str().into()),
        texts(of, |payment| payment.member_name.as_str().into()),
        ints(of, |payment| payment.bill.to_i64()),
        ints(of, |payment| payment.bill_version.into()),
        ints(of, |payment| payment.period.to_yyyymm().into()),
        ints(of, |payment| payment.amount.to_minor()),
        ints(of, |payment| payment.recorded_at.as_microsecond()),
        texts(of, |payment| payment.business_day.to_date().to_string().into()),
        maybe_texts(of, |payment| words(payment.caller_reference.as_ref())),
        maybe_texts(of, |payment| name(payment.caller_key.as_ref())),
        maybe_texts(of, |payment| words(payment.place.branch.as_ref())),
        maybe_texts(of, |payment| words(payment.place.cashier.as_ref())),
        maybe_texts(of, |payment| words(payment.place.terminal.as_ref())),
        maybe_texts(of, |payment| words(payment.place.means.as_ref())),
        maybe_texts(of, |payment| payment.place.collected_at.map(|at| at.to_string().into())),
        maybe_ints(of, |payment| payment.previous.map(PaymentId::to_i64)),
        ints(of, |payment| payment.issuer.into()),
    ]
}

fn reversal_columns<'v>(company: &PgValue<'v>, of: &[&'v Reversal]) -> Vec<PgValue<'v>> {
    vec![
        company.clone(),
        ints(of, |reversal| reversal.payment.to_i64()),
        ints(of, |reversal| reversal.collector.to_i64()),
        ints(of, |reversal| reversal.contract.to_i64()),
        ints(of, |reversal| reversal.bill.to_i64()),
        ints(of, |reversal| reversal.amount.to_minor()),
        ints(of, |reversal| reversal.recorded_at.as_microsecond()),
        texts(of, |reversal| reversal.business_day.to_date().to_string().into()),
        maybe_texts(of, |reversal| words(reversal.reason.as_ref())),
        maybe_texts(of, |reversal| reversal.caller_key.as_ref().map(|key| key.as_str().into())),
    ]
}

fn bill_columns<'v>(company: &PgValue<'v>, of: &[(&Bill, Bill)]) -> Vec<PgValue<'v>> {
    vec![
        company.clone(),
        ints(of, |(_, is)| is.contract.to_i64()),
        ints(of, |(_, is)| is.id.to_i64()),
        maybe_ints(of, |(_, is)| is.paid_by.map(PaymentId::to_i64)),
        maybe_ints(of, |(_, is)| is.last_payment.map(PaymentId::to_i64)),
        maybe_ints(of, |(was, _)| was.paid_by.map(PaymentId::to_i64)),
        ints(of, |(was, _)| was.version.into()),
        ints(of, |(was, _)| was.amount.to_minor()),
        PgValue::One(Value::Int(i64::try_from(of.len()).unwrap_or(i64::MAX))),
    ]
}

type Key<'a> = (CollectorId, Operation, &'a CallerKey, PaymentId);

fn key_of(act: &Act) -> Option<Key<'_>> {
    match act {
        Act::Paid(of) => Some((of.collector, Operation::Pay, of.caller_key.as_ref()?, of.id)),
        Act::Reversed(of) => {
            Some((of.collector, Operation::Reverse, of.caller_key.as_ref()?, of.payment))
        }
    }
}

fn key_columns<'v>(company: &PgValue<'v>, of: &[Key<'v>]) -> Vec<PgValue<'v>> {
    vec![
        company.clone(),
        ints(of, |(collector, ..)| collector.to_i64()),
        texts(of, |(_, operation, ..)| operation.to_code().into()),
        texts(of, |(_, _, key, _)| key.as_str().into()),
        ints(of, |(.., payment)| payment.to_i64()),
    ]
}

fn unsealed_columns<'v>(company: &PgValue<'v>, of: &[&Act], first_place: i64) -> Vec<PgValue<'v>> {
    vec![
        company.clone(),
        ints(of, |act| act.key().payment),
        texts(of, |act| act.key().kind().into()),
        ints(of, |act| act.recorded_at().as_microsecond()),
        PgValue::Ints((first_place..).take(of.len()).collect()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::connection::Uncommitted;
    use crate::postgres::trial::Trial;

    #[test]
    fn a_bill_that_is_not_as_it_was_taken_ends_the_commit_that_was_sent() {
        let trial = Trial::new();
        let connection = trial.connect();
        connection
            .simple(
                "CREATE TABLE bill (company_id BIGINT, contract_key BIGINT, bill_id BIGINT, \
                 paid_by BIGINT, last_payment BIGINT, version BIGINT, amount_minor BIGINT, state TEXT); \
                 INSERT INTO bill VALUES (1, 1, 1, NULL, NULL, 2, 500, 'owed'), \
                 (1, 1, 2, 70, 70, 1, 500, 'owed'), (1, 1, 3, NULL, NULL, 1, 500, 'annulled')",
            )
            .unwrap();
        // Bill, who is to have paid it, who had, version, amount.
        for (bill, payer, former, version, amount, is_written) in [
            (1, Some(80), None, 1, 500, false),
            (1, Some(80), None, 2, 501, false),
            (1, Some(80), Some(70), 2, 500, false),
            (2, Some(80), None, 1, 500, false),
            (3, Some(80), None, 1, 500, false),
            (4, Some(80), None, 1, 500, false),
            (1, Some(80), None, 2, 500, true),
            (2, None, Some(70), 1, 500, true),
        ] {
            let one = |value: i64| PgValue::Ints(vec![value]);
            let maybe = |value: Option<i64>| PgValue::MaybeInts(vec![value]);
            let len = PgValue::One(Value::Int(1));
            let id = PgValue::One(Value::Int(1));
            let paid = [maybe(payer), maybe(payer.or(former)), maybe(former)];
            let [payer, last, former] = paid;
            let values =
                [id, one(1), one(bill), payer, last, former, one(version), one(amount), len];
            connection.queue("BEGIN");
            match connection.commit_after(&[(BILLS, &values)]) {
                Ok(counts) => assert_eq!((counts.as_slice(), is_written), (&[1][..], true)),
                Err(Uncommitted::Nothing(error)) => {
                    let again = again_where_changed(error);
                    assert!(matches!(again, StoreError::Again(_)), "{again:?}");
                    assert!(!is_written, "bill {bill}");
                }
                Err(error @ Uncommitted::InDoubt(_)) => panic!("{error:?}"),
            }
        }
        let bills = trial.sql("SELECT bill_id, paid_by, last_payment FROM bill ORDER BY bill_id");
        assert_eq!(bills, "1|80|80\n2||70\n3||");
    }
}
