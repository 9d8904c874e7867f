//! How far a store or a mirror goes: the last number and link of each chained stream, and the version of
//! the identity tables.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ventanilla_domain::CompanyId;

use crate::Digest;
use crate::keys::{from_hex, to_hex};

/// The kinds of chained streams. Each line of one has its company, its number and its link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// A company's journal.
    Journal,
}

impl Kind {
    const ALL: [Self; 1] = [Self::Journal];

    pub(super) fn to_code(self) -> &'static str {
        match self {
            Self::Journal => "journal",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.to_code() == code)
    }
}

/// A chained stream of a company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Stream {
    pub(crate) kind: Kind,
    pub(crate) company: CompanyId,
}

impl Stream {
    pub(crate) fn journal(company: CompanyId) -> Self {
        Self { kind: Kind::Journal, company }
    }

    fn to_name(self) -> String {
        format!("{}/{}", self.kind.to_code(), self.company)
    }

    fn from_name(name: &str) -> Option<Self> {
        let (kind, company) = name.split_once('/')?;
        let company = CompanyId::from_i64(company.parse().ok()?).ok()?;
        Some(Self { kind: Kind::from_code(kind)?, company })
    }
}

/// The last of a chained stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End {
    /// Its number; 0 before the first.
    pub(crate) number: i64,
    /// Its link; zeros before the first.
    pub(crate) chain: Digest,
}

impl End {
    pub(crate) const START: Self = Self { number: 0, chain: [0; 32] };
}

/// How far a store or a mirror goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ends {
    pub(crate) chained: BTreeMap<Stream, End>,
    /// The version of the identity tables; `None` where they were never written.
    pub(crate) identities: Option<i64>,
}

impl Ends {
    pub(crate) fn of(&self, stream: Stream) -> End {
        self.chained.get(&stream).copied().unwrap_or(End::START)
    }

    /// The last number of each company's journal.
    pub fn journals(&self) -> impl Iterator<Item = (CompanyId, i64)> {
        let journals = self.chained.iter().filter(|(stream, _)| stream.kind == Kind::Journal);
        journals.map(|(stream, end)| (stream.company, end.number))
    }

    /// The version of the identity tables; `None` where they were never written.
    pub fn identities(&self) -> Option<i64> {
        self.identities
    }

    /// How many lines of this are not in `other`, the identity tables counted as one.
    pub fn lead_over(&self, other: &Self) -> u64 {
        let missing = |(stream, end): (&Stream, &End)| {
            u64::try_from(end.number.saturating_sub(other.of(*stream).number)).unwrap_or(0)
        };
        let chained: u64 = self.chained.iter().map(missing).sum();
        chained.saturating_add(u64::from(self.identities > other.identities))
    }

    pub(super) fn to_record(&self) -> EndsRecord {
        let chained = self.chained.iter().map(|(stream, end)| {
            let chain = to_hex(&end.chain);
            (stream.to_name(), EndRecord { number: end.number, chain })
        });
        EndsRecord { chained: chained.collect(), identities: self.identities }
    }

    /// `None` where the record is not one.
    pub(super) fn from_record(record: &EndsRecord) -> Option<Self> {
        let chained = record.chained.iter().map(|(name, end)| {
            let end = End { number: end.number, chain: from_hex(&end.chain)? };
            Some((Stream::from_name(name)?, end))
        });
        Some(Self { chained: chained.collect::<Option<_>>()?, identities: record.identities })
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct EndsRecord {
    chained: BTreeMap<String, EndRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    identities: Option<i64>,
}

#[derive(Debug, Serialize, Deserialize)]
struct EndRecord {
    number: i64,
    chain: String,
}
