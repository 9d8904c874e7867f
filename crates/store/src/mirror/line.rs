//! The lines of a mirror: JSON that anybody reads, each sealed over the one before it.
//!
//! A line is `{"KIND":{…},"seal":"…"}`. The seal is the keyed hash of what stands before it and of the
//! seal of the line before, so none is edited, removed or moved unseen; the end can be cut off.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use ventanilla_domain::CompanyId;

use super::ends::{End, Ends, EndsRecord, Kind, Stream};
use super::identities::IdentitiesRecord;
use crate::keys::{from_hex, to_hex};
use crate::trail::to_code;
use crate::values::instant;
use crate::{Digest, Keys, StoreError, TrailRow};

/// The form of the files; a later one may differ.
pub(super) const FORMAT: u32 = 1;

const SEAL: &str = ",\"seal\":\"";
const CLOSE: &str = "\"}";
/// The bytes of a line's seal, its line break left out.
pub(super) const SEAL_LEN: usize = SEAL.len() + 64 + CLOSE.len();

/// A journal entry as the store holds it, unread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RawEntry {
    pub(crate) number: i64,
    pub(crate) recorded_at_us: i64,
    pub(crate) kind: String,
    pub(crate) payload: String,
    pub(crate) chain: Digest,
    /// Debit, credit and amount of each posting.
    pub(crate) postings: Vec<(String, String, i64)>,
}

#[derive(Serialize, Deserialize)]
struct EntryRecord<'a> {
    company: i64,
    number: i64,
    recorded_at_us: i64,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    payload: &'a RawValue,
    postings: Vec<(String, String, i64)>,
    chain: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
struct RowRecord<'a> {
    /// 0 for none.
    company: i64,
    number: i64,
    recorded_at_us: i64,
    #[serde(borrow)]
    body: Cow<'a, str>,
    #[serde(borrow)]
    chain: Cow<'a, str>,
}

/// The first line of a segment.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct HeaderRecord {
    pub(super) mirror: u32,
    pub(super) installation: String,
    pub(super) segment: u32,
    /// The seal that this line's is made over: that of the last line of the segment before.
    pub(super) previous: String,
    /// What stands in the segments before.
    pub(super) ends: EndsRecord,
}

#[derive(Deserialize)]
struct LineRecord<'a> {
    #[serde(borrow, default)]
    journal: Option<&'a RawValue>,
    #[serde(borrow, default)]
    trail: Option<&'a RawValue>,
    #[serde(borrow, default)]
    identities: Option<&'a RawValue>,
    #[serde(borrow, default)]
    header: Option<&'a RawValue>,
}

/// What a line says, with its content unread.
#[derive(Debug, Clone, Copy)]
pub(super) enum Content<'a> {
    Header(&'a RawValue),
    Chained(Kind, &'a RawValue),
    Identities(&'a RawValue),
}

/// Lines that are to be written after others.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) bytes: Vec<u8>,
    pub(super) seal: Digest,
    pub(super) ends: Ends,
}

impl Draft {
    pub(super) fn after(seal: Digest, ends: Ends) -> Self {
        Self { bytes: Vec::new(), seal, ends }
    }

    /// Adds a header.
    pub(super) fn push_header(&mut self, keys: &Keys, header: &HeaderRecord) {
        let json = serde_json::to_string(header).expect("a header is plain JSON");
        self.push(keys, "header", &json);
    }

    /// Adds an entry. Its payload goes in as it is, unparsed: it must stay one line.
    pub(super) fn push_entry(
        &mut self,
        keys: &Keys,
        company: CompanyId,
        entry: &RawEntry,
    ) -> Result<(), StoreError> {
        let payload = &entry.payload;
        let is_json = payload.starts_with(['{', '[']) && payload.ends_with(['}', ']']);
        if !is_json || payload.contains(['\n', '\0']) {
            return Err(StoreError::damaged("an entry is not a line of JSON"));
        }
        let text = |text: &str| serde_json::to_string(text).expect("a text is plain JSON");
        let postings = serde_json::to_string(&entry.postings).expect("postings are plain JSON");
        let json = format!(
            "{{\"company\":{company},\"number\":{},\"recorded_at_us\":{},\"kind\":{},\
             \"payload\":{payload},\"postings\":{postings},\"chain\":\"{}\"}}",
            entry.number,
            entry.recorded_at_us,
            text(&entry.kind),
            to_hex(&entry.chain),
        );
        self.push(keys, Kind::Journal.to_code(), &json);
        let end = End { number: entry.number, chain: entry.chain };
        self.ends.chained.insert(Stream::Journal(company), end);
        Ok(())
    }

    /// Adds a row of a trail.
    pub(super) fn push_row(&mut self, keys: &Keys, company: Option<CompanyId>, row: &TrailRow) {
        let record = RowRecord {
            company: to_code(company),
            number: row.number,
            recorded_at_us: row.recorded_at.as_microsecond(),
            body: row.body.as_str().into(),
            chain: to_hex(&row.chain).into(),
        };
        let json = serde_json::to_string(&record).expect("a row is plain JSON");
        self.push(keys, Kind::Trail.to_code(), &json);
        let end = End { number: row.number, chain: row.chain };
        self.ends.chained.insert(Stream::Trail(company), end);
    }

    /// Adds the identity tables.
    pub(super) fn push_identities(&mut self, keys: &Keys, identities: &IdentitiesRecord) {
        let json = serde_json::to_string(identities).expect("identities are plain JSON");
        self.push(keys, "identities", &json);
        self.ends.identities = Some(identities.version);
    }

    fn push(&mut self, keys: &Keys, kind: &str, json: &str) {
        let start = self.bytes.len();
        for part in ["{\"", kind, "\":", json] {
            self.bytes.extend_from_slice(part.as_bytes());
        }
        let body = self.bytes.get(start..).unwrap_or_default();
        self.seal = seal(keys, &self.seal, body);
        let seal = to_hex(&self.seal);
        for part in [SEAL, &seal, CLOSE, "\n"] {
            self.bytes.extend_from_slice(part.as_bytes());
        }
    }
}

fn seal(keys: &Keys, before: &Digest, body: &[u8]) -> Digest {
    keys.chain_link([b"ventanilla mirror".as_slice(), before, body].into_iter())
}

/// The seal that a line bears, its line break left out; `None` where it bears none.
pub(super) fn seal_of(line: &str) -> Option<Digest> {
    let at = line.len().checked_sub(SEAL_LEN)?;
    from_hex(line.get(at..)?.strip_prefix(SEAL)?.strip_suffix(CLOSE)?)
}

/// The seal that a line bears, where it is the right one over `before`.
pub(super) fn checked_seal(keys: &Keys, before: &Digest, line: &str) -> Option<Digest> {
    let body = line.get(..line.len().checked_sub(SEAL_LEN)?)?;
    seal_of(line).filter(|found| *found == seal(keys, before, body.as_bytes()))
}

/// What a line says; `None` where it is not one of ours.
pub(super) fn content(line: &str) -> Option<Content<'_>> {
    let record: LineRecord<'_> = serde_json::from_str(line).ok()?;
    match (record.journal, record.trail, record.identities, record.header) {
        (Some(entry), None, None, None) => Some(Content::Chained(Kind::Journal, entry)),
        (None, Some(row), None, None) => Some(Content::Chained(Kind::Trail, row)),
        (None, None, Some(identities), None) => Some(Content::Identities(identities)),
        (None, None, None, Some(header)) => Some(Content::Header(header)),
        _ => None,
    }
}

/// The stream of a chained line and where it leaves it.
pub(super) fn end_of(kind: Kind, content: &RawValue) -> Option<(Stream, End)> {
    #[derive(Deserialize)]
    struct EndRecord<'a> {
        company: i64,
        number: i64,
        #[serde(borrow)]
        chain: Cow<'a, str>,
    }
    let record: EndRecord<'_> = serde_json::from_str(content.get()).ok()?;
    let stream = Stream::from_codes(kind, record.company)?;
    let end = End { number: record.number, chain: from_hex(&record.chain)? };
    Some((stream, end))
}

/// The version of the identity tables that a line holds.
pub(super) fn identities_version(content: &RawValue) -> Option<i64> {
    #[derive(Deserialize)]
    struct VersionRecord {
        version: i64,
    }
    serde_json::from_str(content.get()).ok().map(|record: VersionRecord| record.version)
}

/// The entry of a line, byte for byte as the store held it.
pub(super) fn entry(content: &RawValue) -> Option<RawEntry> {
    let record: EntryRecord<'_> = serde_json::from_str(content.get()).ok()?;
    Some(RawEntry {
        number: record.number,
        recorded_at_us: record.recorded_at_us,
        kind: record.kind.into_owned(),
        payload: record.payload.get().to_owned(),
        chain: from_hex(&record.chain)?,
        postings: record.postings,
    })
}

/// The row of a line.
pub(super) fn row(content: &RawValue) -> Option<TrailRow> {
    let record: RowRecord<'_> = serde_json::from_str(content.get()).ok()?;
    Some(TrailRow {
        number: record.number,
        recorded_at: instant(record.recorded_at_us).ok()?,
        body: record.body.into_owned(),
        chain: from_hex(&record.chain)?,
    })
}
