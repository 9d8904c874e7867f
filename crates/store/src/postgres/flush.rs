//! A group's acts written by arrays: as many statements as there are tables, whatever the number of acts.

use std::borrow::Cow;
use std::collections::BTreeMap;

use ventanilla_domain::{
    Bill, BillId, CallerKey, CollectorId, Company, ContractKey, Payment, PaymentId, Reversal, Text,
};

use super::seal::Act;
use super::{PgConnection, PgValue, again_if_taken};
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
const BILLS: &str = "UPDATE bill SET paid_by = w.paid_by, last_payment = w.last_payment \
    FROM unnest(CAST(?2 AS BIGINT[]), CAST(?3 AS BIGINT[]), CAST(?4 AS BIGINT[]), \
    CAST(?5 AS BIGINT[]), CAST(?6 AS BIGINT[]), CAST(?7 AS BIGINT[]), CAST(?8 AS BIGINT[])) \
    AS w (contract_key, bill_id, paid_by, last_payment, was_paid_by, version, amount_minor) \
    WHERE bill.company_id = ?1 AND bill.contract_key = w.contract_key \
    AND bill.bill_id = w.bill_id AND bill.paid_by IS NOT DISTINCT FROM w.was_paid_by \
    AND bill.state = 'owed' AND bill.version = w.version AND bill.amount_minor = w.amount_minor";

const KEYS: &str = "INSERT INTO caller_key (company_id, collector_id, operation, caller_key, \
    payment_id) SELECT CAST(?1 AS BIGINT), k.* FROM unnest(CAST(?2 AS BIGINT[]), \
    CAST(?3 AS TEXT[]), CAST(?4 AS TEXT[]), CAST(?5 AS BIGINT[])) AS k";

const UNSEALED: &str = "INSERT INTO unsealed (company_id, payment_id, kind, recorded_at_us, \
    place) SELECT CAST(?1 AS BIGINT), u.* FROM unnest(CAST(?2 AS BIGINT[]), CAST(?3 AS TEXT[]), \
    CAST(?4 AS BIGINT[]), CAST(?5 AS BIGINT[])) AS u";

/// Writes a group's acts, in places from `first_place` on, and what they made of the bills.
///
/// Refuses, to be run again, where a bill is not as it was taken.
pub(super) fn write(
    connection: &PgConnection,
    company: &Company,
    acts: &[Act],
    taken: &Taken,
    loaded: &Loaded,
    first_place: i64,
) -> Result<(), StoreError> {
    let company = PgValue::One(Value::Int(company.id.to_i64()));
    let bills: Vec<(&Bill, Bill)> = taken
        .iter()
        .filter_map(|(key, was)| Some((was, (*loaded.bills.get(key)?)?)))
        .filter(|(was, is)| *was != is)
        .collect();
    let payments: Vec<&Payment> = acts.iter().filter_map(Act::payment).collect();
    let reversals: Vec<&Reversal> = acts.iter().filter_map(Act::reversal).collect();
    let keys: Vec<_> = acts.iter().filter_map(key_of).collect();
    let mut statements = vec![
        (PAYMENTS, payments.len(), payment_columns(&company, &payments)),
        (REVERSALS, reversals.len(), reversal_columns(&company, &reversals)),
        (BILLS, bills.len(), bill_columns(&company, &bills)),
        (KEYS, keys.len(), key_columns(&company, &keys)),
        (UNSEALED, acts.len(), unsealed_columns(&company, acts, first_place)),
    ];
    statements.retain(|(_, len, _)| *len > 0);
    let batch: Vec<(&str, &[PgValue<'_>])> =
        statements.iter().map(|(sql, _, values)| (*sql, values.as_slice())).collect();
    // A caller's key may have been used, for another bill, since it was looked for.
    let counts = connection.run_many(&batch).map_err(again_if_taken)?;
    let is_whole = counts
        .iter()
        .zip(&statements)
        .all(|(count, (_, len, _))| u64::try_from(*len).is_ok_and(|len| len == *count));
    if is_whole && counts.len() == statements.len() {
        Ok(())
    } else {
        Err(StoreError::Again("a bill is not as it was taken".into()))
    }
}

fn ints<T>(of: &[T], value: impl Fn(&T) -> i64) -> PgValue<'static> {
    PgValue::Ints(of.iter().map(value).collect())
}

fn maybe_ints<T>(of: &[T], value: impl Fn(&T) -> Option<i64>) -> PgValue<'static> {
    PgValue::MaybeInts(of.iter().map(value).collect())
}

fn texts<'v, T>(of: &'v [T], value: impl Fn(&'v T) -> Cow<'v, str>) -> PgValue<'v> {
    PgValue::Texts(of.iter().map(value).collect())
}

fn maybe_texts<'v, T>(of: &'v [T], value: impl Fn(&'v T) -> Option<Cow<'v, str>>) -> PgValue<'v> {
    PgValue::MaybeTexts(of.iter().map(value).collect())
}

fn words<const MAX: usize>(text: Option<&Text<MAX>>) -> Option<Cow<'_, str>> {
    text.map(|text| text.as_str().into())
}

fn name(key: Option<&CallerKey>) -> Option<Cow<'_, str>> {
    key.map(|key| key.as_str().into())
}

fn payment_columns<'v>(company: &PgValue<'v>, of: &'v [&Payment]) -> Vec<PgValue<'v>> {
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

fn reversal_columns<'v>(company: &PgValue<'v>, of: &'v [&Reversal]) -> Vec<PgValue<'v>> {
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

fn bill_columns<'v>(company: &PgValue<'v>, of: &'v [(&Bill, Bill)]) -> Vec<PgValue<'v>> {
    vec![
        company.clone(),
        ints(of, |(_, is)| is.contract.to_i64()),
        ints(of, |(_, is)| is.id.to_i64()),
        maybe_ints(of, |(_, is)| is.paid_by.map(PaymentId::to_i64)),
        maybe_ints(of, |(_, is)| is.last_payment.map(PaymentId::to_i64)),
        maybe_ints(of, |(was, _)| was.paid_by.map(PaymentId::to_i64)),
        ints(of, |(was, _)| was.version.into()),
        ints(of, |(was, _)| was.amount.to_minor()),
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

fn key_columns<'v>(company: &PgValue<'v>, of: &'v [Key<'_>]) -> Vec<PgValue<'v>> {
    vec![
        company.clone(),
        ints(of, |(collector, ..)| collector.to_i64()),
        texts(of, |(_, operation, ..)| operation.to_code().into()),
        texts(of, |(_, _, key, _)| key.as_str().into()),
        ints(of, |(.., payment)| payment.to_i64()),
    ]
}

fn unsealed_columns<'v>(
    company: &PgValue<'v>,
    of: &'v [Act],
    first_place: i64,
) -> Vec<PgValue<'v>> {
    vec![
        company.clone(),
        ints(of, |act| act.key().payment),
        texts(of, |act| act.key().kind().into()),
        ints(of, |act| act.recorded_at().as_microsecond()),
        PgValue::Ints((first_place..).take(of.len()).collect()),
    ]
}
