//! What a group of payments and reversals wants, loaded by arrays: two round trips, and a third where
//! something was paid or tried before.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use ventanilla_domain::{
    BillId, CallerKey, CollectorId, Company, CompanyId, ContractCode, ContractKey, PaymentId,
};

use super::{PgConnection, PgValue};
use crate::sql::rows::{self, bill, company, payer, payment, reversal};
use crate::sql::{AttemptKey, KnownCompanies, Loaded, Row, Value};
use crate::values::{id, instant};
use crate::{Bearer, Digest, Operation, StoreError, Wanted, WantedAct, WantedBearer};

/// A loading under way.
pub(super) struct Load<'l> {
    connection: &'l PgConnection,
    known: &'l KnownCompanies,
    company_id: CompanyId,
    wanted: &'l [&'l Wanted],
}

/// What was loaded.
pub(super) struct LoadedGroup {
    pub(super) company: Arc<Company>,
    pub(super) bearers: HashMap<Digest, Option<Bearer>>,
    pub(super) loaded: Loaded,
}

type Read<T> = Result<T, StoreError>;

impl<'l> Load<'l> {
    pub(super) fn new(
        connection: &'l PgConnection,
        known: &'l KnownCompanies,
        company_id: CompanyId,
        wanted: &'l [&'l Wanted],
    ) -> Self {
        Self { connection, known, company_id, wanted }
    }

    pub(super) fn run(self) -> Read<LoadedGroup> {
        let mut group = self.who_and_what()?;
        self.take_bills(&mut group)?;
        self.what_was_before(&mut group)?;
        Ok(group)
    }

    fn id(&self) -> PgValue<'static> {
        PgValue::One(Value::Int(self.company_id.to_i64()))
    }

    /// The company, which nobody changes from here on; who acts; whose bills; what is to be reversed.
    fn who_and_what(&self) -> Read<LoadedGroup> {
        let codes: BTreeSet<ContractCode> = self
            .wanted
            .iter()
            .filter_map(|wanted| wanted.contract())
            .flat_map(|code| std::iter::once(code.clone()).chain(code.without_leading_zeros()))
            .collect();
        let digests: BTreeSet<Digest> =
            self.wanted.iter().filter_map(|wanted| wanted.token()).collect();
        let targets: BTreeSet<PaymentId> =
            self.wanted.iter().filter_map(|wanted| wanted.reversed()).collect();
        let codes_text = codes.iter().map(|code| code.as_str().to_owned().into()).collect();
        let digests_value = PgValue::Digests(digests.iter().copied().collect());
        let found = self.connection.query_many(&[
            (COMPANY, &[self.id()]),
            (TOKENS, &[self.id(), digests_value]),
            (PAYERS, &[self.id(), PgValue::Texts(codes_text)]),
            (PAYMENTS, &[self.id(), PgValue::Ints(targets.iter().map(|id| id.to_i64()).collect())]),
        ])?;
        let [companies, tokens, payers, payments] = found.as_slice() else {
            return Err(StoreError::damaged("a statement has no answer"));
        };
        let company = companies.first().map(|row| company(Row::Postgres(row), self.known));
        let company = company.transpose()?.ok_or(StoreError::NeedsOwn)?;
        let mut loaded = Loaded {
            payers: codes.into_iter().map(|code| (code, None)).collect(),
            payments: targets.into_iter().map(|id| (id, None)).collect(),
            ..Loaded::default()
        };
        for row in payers {
            let payer = payer(Row::Postgres(row))?;
            loaded.payers.insert(payer.code.clone(), Some(payer));
        }
        keep_payments(&mut loaded, payments, &company)?;
        let mut bearers: HashMap<_, _> = digests.into_iter().map(|digest| (digest, None)).collect();
        for row in tokens {
            let (digest, bearer) = bearer(Row::Postgres(row), &company)?;
            bearers.insert(digest, Some(bearer));
        }
        Ok(LoadedGroup { company, bearers, loaded })
    }

    /// Takes the bills, in the order of their keys, so that two groups never wait for each other; then
    /// looks at what may have changed while it waited.
    fn take_bills(&self, group: &mut LoadedGroup) -> Read<()> {
        let LoadedGroup { company, bearers, loaded } = group;
        let bills = self.bill_keys(loaded);
        let attempts: BTreeSet<AttemptKey> =
            self.wanted.iter().filter_map(|wanted| attempt_of(wanted, bearers)).collect();
        // Older bills are looked for only where they come first.
        let is_ordered = company.policy.oldest_first;
        let contracts: BTreeSet<ContractKey> =
            bills.iter().map(|(contract, _)| *contract).filter(|_| is_ordered).collect();
        let targets: Vec<i64> = loaded.payments.keys().map(|id| id.to_i64()).collect();
        let contract_keys = contracts.iter().map(|key| key.to_i64()).collect();
        let found = self.connection.query_many(&[
            (BILLS, &self.bill_values(&bills)),
            (ATTEMPTS, &self.attempt_values(&attempts)),
            (REVERSALS, &[self.id(), PgValue::Ints(targets)]),
            (UNPAID, &[self.id(), PgValue::Ints(contract_keys)]),
        ])?;
        let [taken, tried, reversals, unpaid] = found.as_slice() else {
            return Err(StoreError::damaged("a statement has no answer"));
        };
        loaded.bills = bills.into_iter().map(|key| (key, None)).collect();
        for row in taken {
            let bill = bill(Row::Postgres(row), company.currency)?;
            loaded.bills.insert((bill.contract, bill.id), Some(bill));
        }
        loaded.attempts = attempts.into_iter().map(|key| (key, None)).collect();
        for row in tried {
            let (key, payment) = rows::attempt(Row::Postgres(row))?;
            loaded.attempts.insert(key, Some(payment));
        }
        loaded.reversals = loaded.payments.keys().map(|id| (*id, None)).collect();
        keep_reversals(loaded, reversals, company)?;
        loaded.unpaid = contracts.into_iter().map(|key| (key, Vec::new())).collect();
        for row in unpaid {
            let bill = bill(Row::Postgres(row), company.currency)?;
            loaded.unpaid.entry(bill.contract).or_default().push(bill);
        }
        Ok(())
    }

    fn bill_values(&self, bills: &BTreeSet<(ContractKey, BillId)>) -> [PgValue<'static>; 3] {
        let (contracts, numbers): (Vec<_>, Vec<_>) =
            bills.iter().map(|(contract, bill)| (contract.to_i64(), bill.to_i64())).unzip();
        [self.id(), PgValue::Ints(contracts), PgValue::Ints(numbers)]
    }

    fn attempt_values<'v>(&self, attempts: &'v BTreeSet<AttemptKey>) -> [PgValue<'v>; 4] {
        let collectors = attempts.iter().map(|(collector, _, _)| collector.to_i64()).collect();
        let operations = attempts.iter().map(|(_, of, _)| of.to_code().into()).collect();
        let names = attempts.iter().map(|(_, _, key)| key.as_str().into()).collect();
        [self.id(), PgValue::Ints(collectors), PgValue::Texts(operations), PgValue::Texts(names)]
    }

    /// The payments that settle wanted bills, or that wanted attempts have made or reversed.
    fn what_was_before(&self, group: &mut LoadedGroup) -> Read<()> {
        let LoadedGroup { company, loaded, .. } = group;
        let settled = loaded.bills.values().flatten().filter_map(|bill| bill.paid_by);
        let tried = loaded.attempts.values().flatten().copied();
        let before: BTreeSet<PaymentId> =
            settled.chain(tried).filter(|id| !loaded.payments.contains_key(id)).collect();
        if before.is_empty() {
            return Ok(());
        }
        let ids = || PgValue::Ints(before.iter().map(|id| id.to_i64()).collect());
        let found = self
            .connection
            .query_many(&[(PAYMENTS, &[self.id(), ids()]), (REVERSALS, &[self.id(), ids()])])?;
        let [payments, reversals] = found.as_slice() else {
            return Err(StoreError::damaged("a statement has no answer"));
        };
        for id in &before {
            loaded.payments.insert(*id, None);
            loaded.reversals.insert(*id, None);
        }
        keep_payments(loaded, payments, company)?;
        keep_reversals(loaded, reversals, company)
    }

    /// The bills that are wanted, of contracts that there are.
    fn bill_keys(&self, loaded: &Loaded) -> BTreeSet<(ContractKey, BillId)> {
        let wanted = self.wanted.iter().filter_map(|wanted| match &wanted.act {
            WantedAct::Pay(code, bill) => {
                let find = |code: &ContractCode| loaded.payers.get(code)?.as_ref();
                let bare = || find(&code.without_leading_zeros()?);
                Some((find(code).or_else(bare)?.contract, *bill))
            }
            WantedAct::Reverse(payment) => {
                let payment = loaded.payments.get(payment)?.as_ref()?;
                Some((payment.contract, payment.bill))
            }
        });
        wanted.collect()
    }
}

const COMPANY: &str =
    concat!("SELECT ", company_columns!(), " FROM company WHERE company_id = ?1 FOR SHARE");

const TOKENS: &str = "SELECT t.digest, c.collector_id, c.can_list, c.is_active, t.expires_at_us \
    FROM token t JOIN collector c USING (collector_id) \
    WHERE c.company_id = ?1 AND t.digest = ANY (CAST(?2 AS BYTEA[]))";

const PAYERS: &str = "SELECT c.contract_key, c.code, c.state, c.member_id, m.name \
    FROM contract c JOIN member m USING (company_id, member_id) \
    WHERE c.company_id = ?1 AND c.code = ANY (CAST(?2 AS TEXT[]))";

const BILLS: &str = concat!(
    "SELECT ",
    bill_columns!(),
    " FROM unnest(CAST(?2 AS BIGINT[]), CAST(?3 AS BIGINT[])) AS w (contract_key, bill_id)",
    " JOIN bill b ON b.company_id = ?1 AND b.contract_key = w.contract_key",
    " AND b.bill_id = w.bill_id ORDER BY b.contract_key, b.bill_id FOR UPDATE OF b"
);

const ATTEMPTS: &str = "SELECT k.collector_id, k.operation, k.caller_key, k.payment_id \
    FROM unnest(CAST(?2 AS BIGINT[]), CAST(?3 AS TEXT[]), CAST(?4 AS TEXT[])) \
    AS w (collector_id, operation, caller_key) JOIN caller_key k ON k.company_id = ?1 \
    AND k.collector_id = w.collector_id AND k.operation = w.operation \
    AND k.caller_key = w.caller_key";

const UNPAID: &str = concat!(
    "SELECT ",
    bill_columns!(),
    " FROM bill b WHERE b.company_id = ?1 AND b.contract_key = ANY (CAST(?2 AS BIGINT[]))",
    " AND b.paid_by IS NULL AND b.state = 'owed'"
);

const PAYMENTS: &str = concat!(
    "SELECT ",
    payment_columns!(),
    " FROM payment p WHERE p.company_id = ?1 AND p.payment_id = ANY (CAST(?2 AS BIGINT[]))"
);

const REVERSALS: &str = concat!(
    "SELECT ",
    reversal_columns!(),
    " FROM reversal r WHERE r.company_id = ?1 AND r.payment_id = ANY (CAST(?2 AS BIGINT[]))"
);

fn keep_payments(loaded: &mut Loaded, rows: &[tokio_postgres::Row], company: &Company) -> Read<()> {
    for row in rows {
        let payment = payment(Row::Postgres(row), company.currency)?;
        loaded.payments.insert(payment.id, Some(payment));
    }
    Ok(())
}

fn keep_reversals(
    loaded: &mut Loaded,
    rows: &[tokio_postgres::Row],
    company: &Company,
) -> Read<()> {
    for row in rows {
        let reversal = reversal(Row::Postgres(row), 0, company.currency)?;
        loaded.reversals.insert(reversal.payment, Some(reversal));
    }
    Ok(())
}

fn bearer(row: Row<'_>, company: &Arc<Company>) -> Read<(Digest, Bearer)> {
    let bearer = Bearer {
        company: Arc::clone(company),
        collector: id(CollectorId::from_i64, row.get(1)?)?,
        can_list: row.get(2)?,
        is_active: row.get(3)?,
        expires_at: instant(row.get(4)?)?,
    };
    Ok((row.get(0)?, bearer))
}

/// The name of an attempt, where it has one and it is known whose it is.
fn attempt_of(wanted: &Wanted, bearers: &HashMap<Digest, Option<Bearer>>) -> Option<AttemptKey> {
    let collector = match wanted.bearer {
        WantedBearer::Token(digest) => bearers.get(&digest)?.as_ref()?.collector,
        WantedBearer::Collector(_, collector) => collector,
    };
    let operation = if wanted.is_payment() { Operation::Pay } else { Operation::Reverse };
    let key: CallerKey = wanted.key.clone()?;
    Some((collector, operation, key))
}
