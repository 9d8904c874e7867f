//! Giving what was paid and reversed its place in the journal: numbers, links, sums.
//!
//! Payments of several servers commit side by side; whoever seals holds the company's counters.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use ventanilla_domain::{
    Account, Company, CompanyId, Event, EventNumber, Payment, PaymentId, Period, Reversal,
};

use super::{PgConnection, PgValue};
use crate::journal::link;
use crate::sql::{KnownCompanies, Link, Reads, Row, Value};
use crate::totals::Totals;
use crate::values::{id, period};
use crate::{CollectedSums, Counters, Digest, Keys, Prepared, StoreError};

/// Acts sealed in one transaction at most.
const LEN_MAX: usize = 4_000;

const JOURNAL: &str = "INSERT INTO journal (company_id, entry_number, row_number, recorded_at_us, kind, \
    payload, chain, debit, credit, amount_minor) \
    SELECT CAST(?1 AS BIGINT), e.number, 0, e.recorded_at_us, e.kind, e.payload, e.chain, e.debit, \
    e.credit, e.amount_minor FROM unnest(CAST(?2 AS BIGINT[]), CAST(?3 AS BIGINT[]), \
    CAST(?4 AS TEXT[]), CAST(?5 AS TEXT[]), CAST(?6 AS BYTEA[]), CAST(?7 AS TEXT[]), \
    CAST(?8 AS TEXT[]), CAST(?9 AS BIGINT[])) \
    AS e (number, recorded_at_us, kind, payload, chain, debit, credit, amount_minor)";

const EVENTS: &str = "INSERT INTO collection_event (company_id, event_number, entry_number) \
    SELECT CAST(?1 AS BIGINT), e.event_number, e.entry_number \
    FROM unnest(CAST(?2 AS BIGINT[]), CAST(?3 AS BIGINT[])) AS e (event_number, entry_number)";

const PAID: &str = "DELETE FROM unsealed WHERE company_id = ?1 AND kind = 'payment-made' \
    AND payment_id = ANY (CAST(?2 AS BIGINT[]))";

const REVERSED: &str = "DELETE FROM unsealed WHERE company_id = ?1 AND kind = 'payment-reversed' \
    AND payment_id = ANY (CAST(?2 AS BIGINT[]))";

const BALANCES: &str = "INSERT INTO balance (company_id, account, balance_minor) \
    SELECT CAST(?1 AS BIGINT), b.account, b.balance_minor \
    FROM unnest(CAST(?2 AS TEXT[]), CAST(?3 AS BIGINT[])) AS b (account, balance_minor) \
    ON CONFLICT (company_id, account) \
    DO UPDATE SET balance_minor = balance.balance_minor + excluded.balance_minor";

const COLLECTED: &str = "INSERT INTO collected (company_id, business_day, collector_id, hour, payments, \
    paid_minor, reversals, reversed_minor) \
    SELECT CAST(?1 AS BIGINT), c.business_day, c.collector_id, c.hour, c.payments, c.paid_minor, \
    c.reversals, c.reversed_minor FROM unnest(CAST(?2 AS TEXT[]), CAST(?3 AS BIGINT[]), \
    CAST(?4 AS BIGINT[]), CAST(?5 AS BIGINT[]), CAST(?6 AS BIGINT[]), CAST(?7 AS BIGINT[]), \
    CAST(?8 AS BIGINT[])) AS c (business_day, collector_id, hour, payments, paid_minor, reversals, \
    reversed_minor) ON CONFLICT (company_id, business_day, collector_id, hour) DO UPDATE SET \
    payments = collected.payments + excluded.payments, \
    paid_minor = CASE WHEN collected.paid_minor > 9223372036854775807 - excluded.paid_minor \
    THEN 9223372036854775807 ELSE collected.paid_minor + excluded.paid_minor END, \
    reversals = collected.reversals + excluded.reversals, \
    reversed_minor = CASE WHEN collected.reversed_minor > 9223372036854775807 - excluded.reversed_minor \
    THEN 9223372036854775807 ELSE collected.reversed_minor + excluded.reversed_minor END";

const OWED: &str = "INSERT INTO owed (company_id, period, unpaid_bills, owed_minor) \
    SELECT CAST(?1 AS BIGINT), o.period, o.unpaid_bills, o.owed_minor \
    FROM unnest(CAST(?2 AS BIGINT[]), CAST(?3 AS BIGINT[]), CAST(?4 AS BIGINT[])) \
    AS o (period, unpaid_bills, owed_minor) ON CONFLICT (company_id, period) DO UPDATE SET \
    unpaid_bills = owed.unpaid_bills + excluded.unpaid_bills, \
    owed_minor = owed.owed_minor + excluded.owed_minor";

const PERIODS: &str = "SELECT payment_id, period FROM payment \
    WHERE company_id = ?1 AND payment_id = ANY (CAST(?2 AS BIGINT[]))";

const COUNTERS: &str = "UPDATE counter SET next_entry = ?2, next_event = ?3, chain = ?4 \
    WHERE company_id = ?1";

/// What an act is found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ActKey {
    pub(crate) payment: i64,
    pub(crate) is_reversal: bool,
}

impl ActKey {
    pub(crate) const PAYMENT: &'static str = "payment-made";
    pub(crate) const REVERSAL: &'static str = "payment-reversed";

    pub(super) fn kind(self) -> &'static str {
        if self.is_reversal { Self::REVERSAL } else { Self::PAYMENT }
    }
}

/// A payment or a reversal that has no place in the journal yet.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    Paid(Box<Payment>),
    Reversed(Box<Reversal>),
}

impl Act {
    pub(crate) fn key(&self) -> ActKey {
        match self {
            Self::Paid(payment) => ActKey { payment: payment.id.to_i64(), is_reversal: false },
            Self::Reversed(reversal) => {
                ActKey { payment: reversal.payment.to_i64(), is_reversal: true }
            }
        }
    }

    pub(super) fn payment(&self) -> Option<&Payment> {
        match self {
            Self::Paid(payment) => Some(payment),
            Self::Reversed(_) => None,
        }
    }

    pub(super) fn reversal(&self) -> Option<&Reversal> {
        match self {
            Self::Reversed(reversal) => Some(reversal),
            Self::Paid(_) => None,
        }
    }

    /// The act that it follows on: a reversal its payment, a payment the reversal of the one before.
    fn follows(&self) -> Option<ActKey> {
        match self {
            Self::Paid(payment) => payment
                .previous
                .map(|before| ActKey { payment: before.to_i64(), is_reversal: true }),
            Self::Reversed(reversal) => {
                Some(ActKey { payment: reversal.payment.to_i64(), is_reversal: false })
            }
        }
    }

    pub(crate) fn recorded_at(&self) -> jiff::Timestamp {
        match self {
            Self::Paid(payment) => payment.recorded_at,
            Self::Reversed(reversal) => reversal.recorded_at,
        }
    }

    pub(crate) fn to_event(&self) -> Event {
        match self {
            Self::Paid(payment) => Event::PaymentMade(payment.clone()),
            Self::Reversed(reversal) => Event::PaymentReversed(reversal.clone()),
        }
    }
}

/// What came of sealing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sealed {
    /// Nothing could be sealed, and nothing was written.
    None,
    /// So many acts, as much as goes at a time; more may be left.
    Some(usize),
    /// All that could be seen: so many acts.
    All(usize),
}

/// Seals what is unsealed and can be seen, at most [`LEN_MAX`] acts. The transaction holds the company's
/// counters from here on.
pub(super) fn seal_some(
    connection: &PgConnection,
    known: &KnownCompanies,
    keys: &Keys,
    company: CompanyId,
) -> Result<Sealed, StoreError> {
    let reads = Reads::new(Link::Postgres(connection), known);
    let sql = "SELECT company_id FROM counter WHERE company_id = ?1 FOR UPDATE";
    Link::Postgres(connection).one(sql, &[Value::Int(company.to_i64())], |_| Ok(()))?;
    let Some(company) = reads.company(company)? else { return Ok(Sealed::None) };
    let acts = reads.unsealed(&company, LEN_MAX)?;
    if acts.is_empty() {
        return Ok(Sealed::None);
    }
    let counters = reads.counters(company.id)?;
    let counters = counters.ok_or_else(|| StoreError::damaged("a company has no counters"))?;
    let acts_in_order = in_order(&acts);
    let periods = periods_paid(connection, company.id, &acts_in_order)?;
    let mut sealing = Sealing::new(keys, &company, counters);
    for act in &acts_in_order {
        sealing.add(act)?;
        sealing.add_up(act, &periods)?;
    }
    let len = sealing.numbers.len();
    if len == 0 {
        return Ok(Sealed::None);
    }
    sealing.write(connection)?;
    Ok(if acts.len() < LEN_MAX { Sealed::All(len) } else { Sealed::Some(len) })
}

/// The periods of what reversals give back: a reversal does not tell it.
fn periods_paid(
    connection: &PgConnection,
    company: CompanyId,
    acts: &[Act],
) -> Result<HashMap<PaymentId, Period>, StoreError> {
    let reversed = acts.iter().filter_map(|act| act.reversal());
    let reversed: Vec<i64> = reversed.map(|reversal| reversal.payment.to_i64()).collect();
    if reversed.is_empty() {
        return Ok(HashMap::new());
    }
    let values = [PgValue::One(Value::Int(company.to_i64())), PgValue::Ints(reversed)];
    let read = connection.query_many(&[(PERIODS, &values)])?;
    let rows = read.iter().flatten().map(Row::Postgres);
    rows.map(|row| Ok((id(PaymentId::from_i64, row.get(0)?)?, period(row.get(1)?)?))).collect()
}

/// Seals all that is unsealed and can be seen.
pub(super) fn seal_all(
    connection: &PgConnection,
    known: &KnownCompanies,
    keys: &Keys,
    company: CompanyId,
) -> Result<(), StoreError> {
    while let Sealed::Some(_) = seal_some(connection, known, keys, company)? {}
    Ok(())
}

/// The acts in an order in which each comes after the one it follows on; otherwise by when they were
/// recorded, as they come. One that follows on an act which is unsealed and not among them is left out.
pub(crate) fn in_order(acts: &[(Act, bool)]) -> Vec<Act> {
    let places: HashMap<ActKey, usize> =
        acts.iter().enumerate().map(|(place, (act, _))| (act.key(), place)).collect();
    let mut is_placed = vec![false; acts.len()];
    let mut ordered = Vec::with_capacity(acts.len());
    for place in 0..acts.len() {
        // From the act back to one whose forerunner is sealed, or placed here.
        let mut chain = Vec::new();
        let mut next = Some(place);
        while let Some(at) = next {
            if is_placed[at] {
                break;
            }
            chain.push(at);
            let (act, waits) = &acts[at];
            next = act.follows().filter(|_| *waits).and_then(|key| places.get(&key).copied());
            if *waits && next.is_none() {
                chain.clear();
            }
        }
        for at in chain.into_iter().rev() {
            is_placed[at] = true;
            ordered.push(acts[at].0.clone());
        }
    }
    ordered
}

/// Entries being made of acts, column by column.
struct Sealing<'s> {
    keys: &'s Keys,
    company: &'s Company,
    counters: Counters,
    acts: Vec<ActKey>,
    numbers: Vec<i64>,
    events: Vec<i64>,
    recorded_at_us: Vec<i64>,
    kinds: Vec<Cow<'s, str>>,
    payloads: Vec<Cow<'s, str>>,
    chains: Vec<Digest>,
    debits: Vec<Cow<'s, str>>,
    credits: Vec<Cow<'s, str>>,
    amounts: Vec<i64>,
    balances: BTreeMap<Account, i64>,
    totals: Totals,
}

impl<'s> Sealing<'s> {
    fn new(keys: &'s Keys, company: &'s Company, counters: Counters) -> Self {
        Self {
            keys,
            company,
            counters,
            acts: Vec::new(),
            numbers: Vec::new(),
            events: Vec::new(),
            recorded_at_us: Vec::new(),
            kinds: Vec::new(),
            payloads: Vec::new(),
            chains: Vec::new(),
            debits: Vec::new(),
            credits: Vec::new(),
            amounts: Vec::new(),
            balances: BTreeMap::new(),
            totals: Totals::default(),
        }
    }

    /// Adds up what an act changes of what was collected and is owed.
    fn add_up(
        &mut self,
        act: &Act,
        periods: &HashMap<PaymentId, Period>,
    ) -> Result<(), StoreError> {
        match act {
            Act::Paid(payment) => self.totals.pay(self.company, payment),
            Act::Reversed(reversal) => {
                let period = periods.get(&reversal.payment);
                let period = period.ok_or(StoreError::damaged("a reversal has no payment"))?;
                self.totals.reverse(self.company, reversal, *period)
            }
        }
    }

    fn add(&mut self, act: &Act) -> Result<(), StoreError> {
        let Prepared { written, postings, .. } = Prepared::from_event(act.to_event())?;
        let [posting] = postings.as_slice() else {
            return Err(StoreError::damaged("a payment posts once"));
        };
        let (number, recorded_at) = (self.counters.next_entry, act.recorded_at());
        let before = &self.counters.chain;
        let chain =
            link(self.keys, self.company.id, number, recorded_at, &written, &postings, before);
        let event: EventNumber = self.counters.next_event;
        self.counters.chain = chain;
        self.counters.next_entry = number.checked_next().map_err(exhausted)?;
        self.counters.next_event = event.checked_next().map_err(exhausted)?;
        let minor = posting.amount.to_minor();
        for (account, minor) in [(&posting.debit, minor), (&posting.credit, -minor)] {
            let balance = self.balances.entry(account.clone()).or_default();
            let sum = balance.checked_add(minor);
            *balance = sum.ok_or_else(|| StoreError::damaged("a balance does not fit"))?;
        }
        self.acts.push(act.key());
        self.numbers.push(number.to_i64());
        self.events.push(event.to_i64());
        self.recorded_at_us.push(recorded_at.as_microsecond());
        self.kinds.push(written.kind);
        self.payloads.push(written.payload.into());
        self.chains.push(chain);
        self.debits.push(posting.debit.to_string().into());
        self.credits.push(posting.credit.to_string().into());
        self.amounts.push(minor);
        Ok(())
    }

    fn write(self, connection: &PgConnection) -> Result<(), StoreError> {
        let company = || PgValue::One(Value::Int(self.company.id.to_i64()));
        let len = self.numbers.len();
        let counters = [
            company(),
            PgValue::One(Value::Int(self.counters.next_entry.to_i64())),
            PgValue::One(Value::Int(self.counters.next_event.to_i64())),
            PgValue::One(Value::Digest(self.counters.chain)),
        ];
        let (accounts, sums): (Vec<_>, Vec<_>) = self
            .balances
            .iter()
            .map(|(account, minor)| (Cow::from(account.to_string()), *minor))
            .unzip();
        let balances = [company(), PgValue::Texts(accounts), PgValue::Ints(sums)];
        let (collected, owed) = total_columns(self.company.id, &self.totals);
        let events = [company(), PgValue::Ints(self.events), PgValue::Ints(self.numbers.clone())];
        let (reversed, paid): (Vec<ActKey>, Vec<ActKey>) =
            self.acts.iter().partition(|act| act.is_reversal);
        let [paid, reversed] = [paid, reversed]
            .map(|acts| [company(), PgValue::Ints(acts.iter().map(|act| act.payment).collect())]);
        let journal = [
            company(),
            PgValue::Ints(self.numbers),
            PgValue::Ints(self.recorded_at_us),
            PgValue::Texts(self.kinds),
            PgValue::Texts(self.payloads),
            PgValue::Digests(self.chains),
            PgValue::Texts(self.debits),
            PgValue::Texts(self.credits),
            PgValue::Ints(self.amounts),
        ];
        let counts = connection.run_many(&[
            (JOURNAL, &journal),
            (EVENTS, &events),
            (PAID, &paid),
            (REVERSED, &reversed),
            (BALANCES, &balances),
            (COLLECTED, &collected),
            (OWED, &owed),
            (COUNTERS, &counters),
        ])?;
        let len = u64::try_from(len).unwrap_or(u64::MAX);
        match counts.as_slice() {
            [entries, events, paid, reversed, _, _, _, 1]
                if [*entries, *events, *paid + *reversed] == [len; 3] =>
            {
                Ok(())
            }
            _ => Err(StoreError::damaged("what was sealed is not what was unsealed")),
        }
    }
}

/// What changes of what was collected, and of what is owed, column by column.
fn total_columns(company: CompanyId, totals: &Totals) -> ([PgValue<'_>; 8], [PgValue<'_>; 4]) {
    let company = || PgValue::One(Value::Int(company.to_i64()));
    let collected = || totals.collected.iter();
    let ints = |of: fn(&CollectedSums) -> i64| {
        PgValue::Ints(collected().map(|(_, sums)| of(sums)).collect())
    };
    let of_hours = [
        company(),
        PgValue::Texts(
            collected().map(|((day, ..), _)| day.to_date().to_string().into()).collect(),
        ),
        PgValue::Ints(collected().map(|((_, collector, _), _)| collector.to_i64()).collect()),
        PgValue::Ints(collected().map(|((.., hour), _)| *hour).collect()),
        ints(|sums| sums.payments),
        ints(|sums| sums.paid_minor),
        ints(|sums| sums.reversals),
        ints(|sums| sums.reversed_minor),
    ];
    let owed = || totals.owed.iter();
    let of_periods = [
        company(),
        PgValue::Ints(owed().map(|(period, _)| period.to_yyyymm().into()).collect()),
        PgValue::Ints(owed().map(|(_, sums)| sums.unpaid_bills).collect()),
        PgValue::Ints(owed().map(|(_, sums)| sums.owed_minor).collect()),
    ];
    (of_hours, of_periods)
}

fn exhausted(cause: ventanilla_domain::IdOutOfRange) -> StoreError {
    StoreError::damaged_by("a counter is exhausted", cause)
}
