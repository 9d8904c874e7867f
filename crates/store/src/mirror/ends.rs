//! How far a store or a mirror goes: the last number and link of each chained stream, and the version of
//! the identity tables.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ventanilla_domain::CompanyId;

use crate::keys::{from_hex, to_hex};
use crate::{Digest, trail};

/// The kinds of chained streams. Each line of one has its company, its number and its link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Journals.
    Journal,
    /// Trails.
    Trail,
}

impl Kind {
    const ALL: [Self; 2] = [Self::Journal, Self::Trail];

    pub(super) fn to_code(self) -> &'static str {
        match self {
            Self::Journal => "journal",
            Self::Trail => "trail",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.to_code() == code)
    }
}

/// A chained stream: what is in it has a number, from 1 without gaps, and a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    /// A company's journal.
    Journal(CompanyId),
    /// A company's trail, or that of the acts that belong to no company.
    Trail(Option<CompanyId>),
}

impl Stream {
    /// The stream of a kind that a number stands for: 0 for no company.
    pub(super) fn from_codes(kind: Kind, code: i64) -> Option<Self> {
        let company = trail::from_code(code).ok()?;
        match kind {
            Kind::Journal => company.map(Self::Journal),
            Kind::Trail => Some(Self::Trail(company)),
        }
    }

    /// Its kind, and the number that stands for its company.
    pub(super) fn to_codes(self) -> (Kind, i64) {
        match self {
            Self::Journal(company) => (Kind::Journal, company.to_i64()),
            Self::Trail(company) => (Kind::Trail, trail::to_code(company)),
        }
    }

    fn to_name(self) -> String {
        let (kind, code) = self.to_codes();
        format!("{}/{code}", kind.to_code())
    }

    fn from_name(name: &str) -> Option<Self> {
        let (kind, code) = name.split_once('/')?;
        Self::from_codes(Kind::from_code(kind)?, code.parse().ok()?)
    }

    /// What has that number in it, for an error.
    pub(super) fn to_item(self, number: i64) -> String {
        match self {
            Self::Journal(company) => format!("entry {number} of company {company}"),
            Self::Trail(Some(company)) => format!("row {number} of the trail of company {company}"),
            Self::Trail(None) => format!("row {number} of the trail of no company"),
        }
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
        self.chained.iter().filter_map(|(stream, end)| match stream {
            Stream::Journal(company) => Some((*company, end.number)),
            Stream::Trail(_) => None,
        })
    }

    /// The version of the identity tables; `None` where they were never written.
    pub fn identities(&self) -> Option<i64> {
        self.identities
    }

    /// How many lines of this are not in `other`, the identity tables counted as one.
    pub fn lead_over(&self, other: &Self) -> u64 {
        self.lead_by(other, |_| true)
    }

    /// The same without the rows of trails, for which no answer waits.
    pub fn books_lead_over(&self, other: &Self) -> u64 {
        self.lead_by(other, |stream| matches!(stream, Stream::Journal(_)))
    }

    fn lead_by(&self, other: &Self, is_counted: impl Fn(Stream) -> bool) -> u64 {
        let counted = self.chained.iter().filter(|(stream, _)| is_counted(**stream));
        let missing = |(stream, end): (&Stream, &End)| {
            u64::try_from(end.number.saturating_sub(other.of(*stream).number)).unwrap_or(0)
        };
        let chained: u64 = counted.map(missing).sum();
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
