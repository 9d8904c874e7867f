//! What a group of payments and reversals wants, loaded by arrays: one round trip, and a second where
//! something was paid or tried before, or where older bills come first.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use ventanilla_domain::{
    BillId, CallerKey, CollectorId, Company, CompanyId, ContractCode, ContractKey, PaymentId,
};

use super::limits::{held, limited, what_held, which_limited};
use super::writing::MARK;
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
    /// Whose tokens are shown.
    collectors: &'l HashMap<Digest, CollectorId>,
    wanted: &'l [&'l Wanted],
}

/// What was loaded.
pub(super) struct LoadedGroup {
    pub(super) company: Arc<Company>,
    pub(super) bearers: HashMap<Digest, Option<Bearer>>,
    pub(super) loaded: Loaded,
    /// The collectors that pay and may hold only so much.
    limited: BTreeSet<CollectorId>,
}

type Read<T> = Result<T, StoreError>;

/// A statement and its parameters.
pub(super) type Asked<'v> = (&'static str, Vec<PgValue<'v>>);

impl<'l> Load<'l> {
    pub(super) fn new(
        connection: &'l PgConnection,
        known: &'l KnownCompanies,
        company_id: CompanyId,
        collectors: &'l HashMap<Digest, CollectorId>,
        wanted: &'l [&'l Wanted],
    ) -> Self {
        Self { connection, known, company_id, collectors, wanted }
    }

    /// Loads under a mark; says how many rows it took.
    pub(super) fn run(self, mark: [i64; 3]) -> Read<(LoadedGroup, usize)> {
        let (mut group, marked) = self.take(mark)?;
        self.what_else(&mut group)?;
        Ok((group, marked))
    }

    fn id(&self) -> PgValue<'static> {
        PgValue::One(Value::Int(self.company_id.to_i64()))
    }

    /// The rows that each statement gives, in one round trip; none of one that is not asked.
    fn ask<const N: usize>(
        &self,
        batch: [Option<Asked<'_>>; N],
    ) -> Read<[Vec<tokio_postgres::Row>; N]> {
        let asked: Vec<(&str, &[PgValue<'_>])> =
            batch.iter().flatten().map(|(sql, values)| (*sql, values.as_slice())).collect();
        let mut found = self.connection.query_many(&asked)?.into_iter();
        Ok(batch.map(|asked| asked.and_then(|_| found.next()).unwrap_or_default()))
    }

    /// All that can be asked at once: the mark, where the group queues behind who wants the company alone; the
    /// company, which nobody changes from here on; who acts; then whose bills, which are taken; and what may
    /// have changed while they were waited for.
    fn take(&self, mark: [i64; 3]) -> Read<(LoadedGroup, usize)> {
        let bills = self.wanted_bills();
        let digests: BTreeSet<Digest> =
            self.wanted.iter().filter_map(|wanted| wanted.token()).collect();
        let targets: BTreeSet<PaymentId> =
            self.wanted.iter().filter_map(|wanted| wanted.reversed()).collect();
        let attempts: BTreeSet<AttemptKey> =
            self.wanted.iter().filter_map(|wanted| self.attempt_of(wanted)).collect();
        let [marked, companies, tokens, untold, taken, tried, payments, reversals] = self.ask([
            Some((MARK, mark.map(|number| PgValue::One(Value::Int(number))).to_vec())),
            Some((COMPANY, vec![self.id()])),
            asked(!digests.is_empty(), TOKENS, || {
                vec![self.id(), PgValue::Digests(digests.iter().copied().collect())]
            }),
            which_limited(self.id(), self.wanted),
            Some((BILLS, self.bill_values(&bills, &targets))),
            asked(!attempts.is_empty(), ATTEMPTS, || self.attempt_values(&attempts)),
            asked(!targets.is_empty(), PAYMENTS, || vec![self.id(), ids(&targets)]),
            asked(!targets.is_empty(), REVERSALS, || vec![self.id(), ids(&targets)]),
        ])?;
        let company = companies.first().map(|row| company(Row::Postgres(row), self.known));
        let company = company.transpose()?.ok_or(StoreError::NeedsOwn)?;
        let mut loaded = Loaded {
            payers: bills.into_iter().map(|(code, _)| (code, None)).collect(),
            payments: targets.iter().map(|id| (*id, None)).collect(),
            reversals: targets.iter().map(|id| (*id, None)).collect(),
            attempts: attempts.into_iter().map(|key| (key, None)).collect(),
            ..Loaded::default()
        };
        keep_payments(&mut loaded, &payments, &company)?;
        keep_reversals(&mut loaded, &reversals, &company)?;
        for row in &tried {
            let (key, payment) = rows::attempt(Row::Postgres(row))?;
            loaded.attempts.insert(key, Some(payment));
        }
        self.keep_bills(&mut loaded, &taken, &company)?;
        let mut bearers: HashMap<_, _> = digests.into_iter().map(|digest| (digest, None)).collect();
        for row in &tokens {
            let (digest, bearer) = bearer(Row::Postgres(row), &company)?;
            bearers.insert(digest, Some(bearer));
        }
        let limited = limited(self.wanted, &bearers, &untold)?;
        Ok((LoadedGroup { company, bearers, loaded, limited }, marked.len()))
    }

    /// Each bill by the code of its contract, and by that without leading zeros.
    fn wanted_bills(&self) -> BTreeSet<(ContractCode, BillId)> {
        let wanted = self.wanted.iter().filter_map(|wanted| match &wanted.act {
            WantedAct::Pay(code, bill) => Some((code, *bill)),
            WantedAct::Reverse(_) => None,
        });
        wanted
            .flat_map(|(code, bill)| {
                let codes = std::iter::once(code.clone()).chain(code.without_leading_zeros());
                codes.map(move |code| (code, bill))
            })
            .collect()
    }

    fn bill_values<'v>(
        &self,
        bills: &'v BTreeSet<(ContractCode, BillId)>,
        targets: &BTreeSet<PaymentId>,
    ) -> Vec<PgValue<'v>> {
        let codes = bills.iter().map(|(code, _)| code.as_str().into()).collect();
        let numbers = bills.iter().map(|(_, bill)| bill.to_i64()).collect();
        vec![self.id(), PgValue::Texts(codes), PgValue::Ints(numbers), ids(targets)]
    }

    /// Keeps payers and their bills; of the bills that are wanted, also that there are none such.
    fn keep_bills(
        &self,
        loaded: &mut Loaded,
        taken: &[tokio_postgres::Row],
        company: &Company,
    ) -> Read<()> {
        let mut bills = Vec::new();
        for row in taken.iter().map(Row::Postgres) {
            if row.get::<Option<i64>>(0)?.is_some() {
                bills.push(bill(row, company.currency)?);
            }
            if row.get::<Option<i64>>(BILL_LEN + 3)?.is_some() {
                let payer = payer(row, BILL_LEN)?;
                loaded.payers.insert(payer.code.clone(), Some(payer));
            }
        }
        loaded.bills = self.bill_keys(loaded).into_iter().map(|key| (key, None)).collect();
        loaded.bills.extend(bills.into_iter().map(|bill| ((bill.contract, bill.id), Some(bill))));
        Ok(())
    }

    /// The name of an attempt, where it has one and it is known whose it is.
    fn attempt_of(&self, wanted: &Wanted) -> Option<AttemptKey> {
        let collector = match wanted.bearer {
            WantedBearer::Token(digest) => *self.collectors.get(&digest)?,
            WantedBearer::Collector(_, collector) => collector,
        };
        let operation = if wanted.is_payment() { Operation::Pay } else { Operation::Reverse };
        let key: CallerKey = wanted.key.clone()?;
        Some((collector, operation, key))
    }

    fn attempt_values<'v>(&self, attempts: &'v BTreeSet<AttemptKey>) -> Vec<PgValue<'v>> {
        let collectors = attempts.iter().map(|(collector, _, _)| collector.to_i64()).collect();
        let operations = attempts.iter().map(|(_, of, _)| of.to_code().into()).collect();
        let names = attempts.iter().map(|(_, _, key)| key.as_str().into()).collect();
        vec![
            self.id(),
            PgValue::Ints(collectors),
            PgValue::Texts(operations),
            PgValue::Texts(names),
        ]
    }

    /// The payments that settle wanted bills, or that wanted attempts have made or reversed; where the oldest
    /// bills come first, what else their contracts owe; and what collectors hold that may hold only so much.
    /// Usually there is nothing to ask.
    fn what_else(&self, group: &mut LoadedGroup) -> Read<()> {
        let LoadedGroup { company, loaded, limited, .. } = group;
        let settled = loaded.bills.values().flatten().filter_map(|bill| bill.paid_by);
        let tried = loaded.attempts.values().flatten().copied();
        let before: BTreeSet<PaymentId> =
            settled.chain(tried).filter(|id| !loaded.payments.contains_key(id)).collect();
        let is_ordered = company.policy.oldest_first;
        let contracts: BTreeSet<ContractKey> =
            loaded.bills.keys().map(|(contract, _)| *contract).filter(|_| is_ordered).collect();
        if before.is_empty() && contracts.is_empty() && limited.is_empty() {
            return Ok(());
        }
        let [take_held, ask_held] = what_held(&self.id(), limited);
        let [payments, reversals, unpaid, _, held_now] = self.ask([
            asked(!before.is_empty(), PAYMENTS, || vec![self.id(), ids(&before)]),
            asked(!before.is_empty(), REVERSALS, || vec![self.id(), ids(&before)]),
            asked(!contracts.is_empty(), UNPAID, || {
                let contracts = contracts.iter().map(|key| key.to_i64()).collect();
                vec![self.id(), PgValue::Ints(contracts)]
            }),
            take_held,
            ask_held,
        ])?;
        for id in &before {
            loaded.payments.insert(*id, None);
            loaded.reversals.insert(*id, None);
        }
        keep_payments(loaded, &payments, company)?;
        keep_reversals(loaded, &reversals, company)?;
        loaded.held = held_now.iter().map(held).collect::<Read<_>>()?;
        loaded.unpaid = contracts.into_iter().map(|key| (key, Vec::new())).collect();
        for row in &unpaid {
            let bill = bill(Row::Postgres(row), company.currency)?;
            loaded.unpaid.entry(bill.contract).or_default().push(bill);
        }
        Ok(())
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

/// A statement that is asked where it could find something.
pub(super) fn asked<'v>(
    is_asked: bool,
    sql: &'static str,
    values: impl FnOnce() -> Vec<PgValue<'v>>,
) -> Option<Asked<'v>> {
    is_asked.then(|| (sql, values()))
}

fn ids(of: &BTreeSet<PaymentId>) -> PgValue<'static> {
    PgValue::Ints(of.iter().map(|id| id.to_i64()).collect())
}

// What is looked for by arrays is looked for one by one, by its key (`LATERAL` with `LIMIT`): a plan that was made
// when a table was empty stays good while it grows.

const COMPANY: &str =
    concat!("SELECT ", company_columns!(), " FROM company WHERE company_id = ?1 FOR SHARE");

const TOKENS: &str = "SELECT t.digest, c.collector_id, c.can_list, c.is_active, t.expires_at_us, \
    c.payment_max_minor, c.held_max_minor \
    FROM unnest(CAST(?2 AS BYTEA[])) AS w (digest) \
    CROSS JOIN LATERAL (SELECT digest, collector_id, expires_at_us FROM token \
    WHERE digest = w.digest LIMIT 1) AS t \
    CROSS JOIN LATERAL (SELECT collector_id, can_list, is_active, \
    payment_max_minor, held_max_minor FROM collector \
    WHERE collector_id = t.collector_id AND company_id = ?1 LIMIT 1) AS c";

/// Bills in the order of their keys, so that two groups never wait for each other.
const BILLS: &str = concat!(
    "SELECT ",
    bill_columns!(),
    ", k.contract_key, k.code, k.state, k.member_id, m.name FROM (",
    "SELECT c.contract_key, c.code, c.state, c.member_id, w.bill_id",
    " FROM unnest(CAST(?2 AS TEXT[]), CAST(?3 AS BIGINT[])) AS w (code, bill_id)",
    " CROSS JOIN LATERAL (SELECT contract_key, code, state, member_id FROM contract",
    " WHERE company_id = ?1 AND code = w.code LIMIT 1) AS c",
    " UNION ALL SELECT p.contract_key, NULL, NULL, NULL, p.bill_id",
    " FROM unnest(CAST(?4 AS BIGINT[])) AS t (payment_id)",
    " CROSS JOIN LATERAL (SELECT contract_key, bill_id FROM payment",
    " WHERE company_id = ?1 AND payment_id = t.payment_id LIMIT 1) AS p",
    " ORDER BY contract_key, bill_id) AS k",
    " LEFT JOIN LATERAL (SELECT name FROM member",
    " WHERE company_id = ?1 AND member_id = k.member_id LIMIT 1) AS m ON TRUE",
    " LEFT JOIN LATERAL (SELECT * FROM bill WHERE company_id = ?1",
    " AND contract_key = k.contract_key AND bill_id = k.bill_id FOR UPDATE) AS b ON TRUE"
);

/// Columns of a bill, after which its payer stands; a bill that is to be owed again has none.
const BILL_LEN: usize = 8;

const ATTEMPTS: &str = "SELECT w.collector_id, w.operation, w.caller_key, k.payment_id \
    FROM unnest(CAST(?2 AS BIGINT[]), CAST(?3 AS TEXT[]), CAST(?4 AS TEXT[])) \
    AS w (collector_id, operation, caller_key) \
    CROSS JOIN LATERAL (SELECT payment_id FROM caller_key WHERE company_id = ?1 \
    AND collector_id = w.collector_id AND operation = w.operation \
    AND caller_key = w.caller_key LIMIT 1) AS k";

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
        limits: rows::limits(row, 5, company.currency)?,
    };
    Ok((row.get(0)?, bearer))
}
