//! What collectors hold that may hold only so much: asked for within their group, while nobody else adds to it.
//! Of all other collectors nothing is asked.

use std::collections::{BTreeSet, HashMap};

use ventanilla_domain::{Account, CollectorId};

use super::PgValue;
use super::load::{Asked, asked};
use crate::sql::Row;
use crate::values::id;
use crate::{Bearer, Digest, StoreError, Wanted, WantedBearer};

/// Which of some collectors have a limit to what they hold.
const LIMITED: &str = "SELECT collector_id FROM collector WHERE company_id = ?1 \
    AND collector_id = ANY (CAST(?2 AS BIGINT[])) AND held_max_minor IS NOT NULL";

/// Takes collectors in the order of their ids, after all bills, so that two groups never wait for each other: what
/// another group adds to what they hold is committed, and seen by the next statement, or comes after this group.
/// Their keys stay: whoever only names one, as a token does that is issued, waits for nothing.
const TAKEN: &str = "SELECT collector_id FROM collector WHERE company_id = ?1 \
    AND collector_id = ANY (CAST(?2 AS BIGINT[])) ORDER BY collector_id FOR NO KEY UPDATE";

/// What is summed, and what was paid and reversed and is not: of one snapshot, since whoever seals moves an act
/// from one to the other in one commit.
const HELD: &str = "SELECT w.collector_id, coalesce(b.balance_minor, 0) + coalesce(u.minor, 0) \
    FROM unnest(CAST(?2 AS BIGINT[]), CAST(?3 AS TEXT[])) AS w (collector_id, account) \
    LEFT JOIN LATERAL (SELECT balance_minor FROM balance \
    WHERE company_id = ?1 AND account = w.account LIMIT 1) AS b ON TRUE \
    LEFT JOIN (SELECT a.collector_id, CAST(sum(a.minor) AS BIGINT) AS minor FROM (\
    SELECT p.collector_id, p.amount_minor AS minor FROM unsealed AS k \
    CROSS JOIN LATERAL (SELECT collector_id, amount_minor FROM payment \
    WHERE company_id = ?1 AND payment_id = k.payment_id LIMIT 1) AS p \
    WHERE k.company_id = ?1 AND k.kind = 'payment-made' \
    UNION ALL SELECT r.collector_id, -r.amount_minor FROM unsealed AS k \
    CROSS JOIN LATERAL (SELECT collector_id, amount_minor FROM reversal \
    WHERE company_id = ?1 AND payment_id = k.payment_id LIMIT 1) AS r \
    WHERE k.company_id = ?1 AND k.kind = 'payment-reversed') AS a \
    GROUP BY a.collector_id) AS u ON u.collector_id = w.collector_id";

type Read<T> = Result<T, StoreError>;

/// Of payments by collectors that show no token: which of those have a limit.
pub(super) fn which_limited<'v>(company: PgValue<'v>, wanted: &[&Wanted]) -> Option<Asked<'v>> {
    let untold: BTreeSet<CollectorId> = paying(wanted)
        .filter_map(|bearer| match bearer {
            WantedBearer::Collector(_, collector) => Some(collector),
            WantedBearer::Token(_) => None,
        })
        .collect();
    asked(!untold.is_empty(), LIMITED, || vec![company, ids(&untold)])
}

/// The collectors that pay and may hold only so much.
pub(super) fn limited(
    wanted: &[&Wanted],
    bearers: &HashMap<Digest, Option<Bearer>>,
    found: &[tokio_postgres::Row],
) -> Read<BTreeSet<CollectorId>> {
    let by_token = paying(wanted).filter_map(|bearer| match bearer {
        WantedBearer::Token(digest) => {
            let bearer = bearers.get(&digest)?.as_ref()?;
            bearer.limits.held_max().map(|_| bearer.collector)
        }
        WantedBearer::Collector(..) => None,
    });
    let mut limited: BTreeSet<CollectorId> = by_token.collect();
    for row in found.iter().map(Row::Postgres) {
        limited.insert(id(CollectorId::from_i64, row.get(0)?)?);
    }
    Ok(limited)
}

/// What takes those collectors, and then what tells what they hold.
pub(super) fn what_held<'v>(
    company: &PgValue<'v>,
    of: &BTreeSet<CollectorId>,
) -> [Option<Asked<'v>>; 2] {
    let account = |id: &CollectorId| Account::Collector(*id).to_string().into();
    [
        asked(!of.is_empty(), TAKEN, || vec![company.clone(), ids(of)]),
        asked(!of.is_empty(), HELD, || {
            vec![company.clone(), ids(of), PgValue::Texts(of.iter().map(account).collect())]
        }),
    ]
}

/// A row of what is held.
pub(super) fn held(row: &tokio_postgres::Row) -> Read<(CollectorId, i64)> {
    let row = Row::Postgres(row);
    Ok((id(CollectorId::from_i64, row.get(0)?)?, row.get(1)?))
}

fn paying(wanted: &[&Wanted]) -> impl Iterator<Item = WantedBearer> {
    wanted.iter().filter(|wanted| wanted.is_payment()).map(|wanted| wanted.bearer)
}

fn ids(of: &BTreeSet<CollectorId>) -> PgValue<'static> {
    PgValue::Ints(of.iter().map(|id| id.to_i64()).collect())
}
