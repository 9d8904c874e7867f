//! What waits to be written into the trail: bounded, whatever comes.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;
use ventanilla_domain::CompanyId;

use super::{Act, ActOutcome, ActRecord, Origin, What, Who};
use crate::network_of;

/// Acts that wait, those whose writing failed too; more are counted and not kept.
pub(super) const ACTS_MAX: usize = 32_768;
/// Acts that are written without waiting for more.
pub(super) const ACTS_MANY: usize = 4_096;
/// Kinds of acts of nobody in particular that are counted apart; the rest is dropped.
const KINDS_MAX: usize = 1_024;
/// Acts of a row, so that a row is read and hashed in a moment.
const ROW_ACTS_MAX: usize = 500;

/// What kind of act it was: from which network, what, and what came of it.
type Kind = (IpAddr, What, ActOutcome);

/// Acts of one kind.
#[derive(Debug)]
pub(super) struct Counted {
    pub(super) count: u64,
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
}

/// Acts of one trail, ready to be written as a row.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) company: Option<CompanyId>,
    /// A line each.
    pub(super) body: String,
    pub(super) acts: usize,
}

/// What waits.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    acts: Vec<Act>,
    counted: HashMap<Kind, Counted>,
    /// Acts that found no place, and when the last of them came.
    dropped: u64,
    dropped_at: Timestamp,
    /// What could not be written before.
    unwritten: VecDeque<Arc<Sheet>>,
    unwritten_acts: usize,
}

impl Buffer {
    /// Takes an act, or counts it.
    pub(super) fn push(&mut self, act: Act) {
        let is_common = matches!(act.outcome, ActOutcome::Refused(_) | ActOutcome::Unavailable);
        if let (Who::Nobody, true, Origin::Address(address)) = (&act.who, is_common, act.from) {
            return self.count((network_of(address), act.what, act.outcome), act.at);
        }
        if self.acts.len() + self.unwritten_acts >= ACTS_MAX {
            return self.drop_one(act.at);
        }
        self.acts.push(act);
    }

    fn count(&mut self, kind: Kind, at: Timestamp) {
        if self.counted.len() >= KINDS_MAX && !self.counted.contains_key(&kind) {
            return self.drop_one(at);
        }
        let counted = self.counted.entry(kind);
        let counted = counted.or_insert(Counted { count: 0, first: at, last: at });
        counted.count += 1;
        counted.last = at;
    }

    fn drop_one(&mut self, at: Timestamp) {
        self.dropped += 1;
        self.dropped_at = at;
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        let nothing = self.acts.is_empty() && self.counted.is_empty() && self.unwritten.is_empty();
        nothing && self.dropped == 0
    }

    /// Whether so much waits that it is written without waiting for more.
    pub(super) fn is_full(&self) -> bool {
        self.acts.len() >= ACTS_MANY
    }

    /// Takes all that waits.
    pub(super) fn take(&mut self) -> Taken {
        Taken {
            unwritten: std::mem::take(&mut self.unwritten),
            acts: std::mem::take(&mut self.acts),
            counted: std::mem::take(&mut self.counted),
            dropped: (std::mem::take(&mut self.dropped), self.dropped_at),
        }
    }

    /// Says how many of what was taken are still held outside.
    pub(super) fn hold(&mut self, acts: usize) {
        self.unwritten_acts = acts;
    }

    /// Takes back what could not be written, to be written first.
    pub(super) fn put_back(&mut self, sheets: VecDeque<Arc<Sheet>>) {
        self.unwritten_acts = sheets.iter().map(|sheet| sheet.acts).sum();
        self.unwritten = sheets;
    }
}

/// What was taken out of a buffer.
#[derive(Debug)]
pub(super) struct Taken {
    unwritten: VecDeque<Arc<Sheet>>,
    acts: Vec<Act>,
    counted: HashMap<Kind, Counted>,
    dropped: (u64, Timestamp),
}

impl Taken {
    /// All of it as rows to write, each trail's in order.
    pub(super) fn into_sheets(self) -> VecDeque<Arc<Sheet>> {
        let mut sheets = self.unwritten;
        let mut open = BTreeMap::new();
        for act in &self.acts {
            add(&mut sheets, &mut open, act.company, &ActRecord::of(act));
        }
        for ((network, what, outcome), counted) in &self.counted {
            let record = ActRecord::of_counted(network.to_string(), *what, outcome, counted);
            add(&mut sheets, &mut open, None, &record);
        }
        let (dropped, at) = self.dropped;
        if dropped > 0 {
            let record = ActRecord::of_dropped(at.as_microsecond(), dropped);
            add(&mut sheets, &mut open, None, &record);
        }
        sheets.extend(open.into_values().map(Arc::new));
        sheets
    }
}

/// Adds a line to the sheet of a company, and a sheet that is full to those that are done.
fn add(
    done: &mut VecDeque<Arc<Sheet>>,
    open: &mut BTreeMap<Option<CompanyId>, Sheet>,
    company: Option<CompanyId>,
    record: &ActRecord<'_>,
) {
    let sheet = open.entry(company).or_insert(Sheet { company, body: String::new(), acts: 0 });
    if sheet.acts > 0 {
        sheet.body.push('\n');
    }
    sheet.body.push_str(&record.to_line());
    sheet.acts += 1;
    if sheet.acts == ROW_ACTS_MAX {
        done.extend(open.remove(&company).map(Arc::new));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Subject;

    fn act(second: i64, address: &str, who: Who, outcome: ActOutcome) -> Act {
        Act {
            at: Timestamp::from_second(second).unwrap(),
            company: CompanyId::from_i64(13).ok(),
            from: Origin::Address(address.parse().unwrap()),
            who,
            what: What::Pay,
            outcome,
            subject: Subject::default(),
        }
    }

    fn collector() -> Who {
        Who::Collector(ventanilla_domain::CollectorId::FIRST)
    }

    fn refused(code: &'static str) -> ActOutcome {
        ActOutcome::Refused(code.into())
    }

    /// The lines of all sheets, in order.
    fn lines(buffer: &mut Buffer) -> Vec<String> {
        let sheets = buffer.take().into_sheets();
        sheets.iter().flat_map(|sheet| sheet.body.lines().map(str::to_owned)).collect()
    }

    #[test]
    fn what_nobody_in_particular_is_refused_is_counted_by_network_act_and_code() {
        let mut buffer = Buffer::default();
        for (second, address, code) in [
            (1, "2001:db8::1", "TOKEN_INVALIDO"),
            (2, "2001:db8::2", "TOKEN_INVALIDO"),
            (3, "2001:db8::2", "TOKEN_EXPIRADO"),
            (4, "192.0.2.1", "TOKEN_INVALIDO"),
            (5, "2001:db8::3", "TOKEN_INVALIDO"),
        ] {
            buffer.push(act(second, address, Who::Nobody, refused(code)));
        }
        let mut lines = lines(&mut buffer);
        lines.sort();
        assert_eq!(
            lines,
            [
                r#"{"at_us":1000000,"until_us":5000000,"what":"pay","outcome":"refused","code":"TOKEN_INVALIDO","count":3,"from":"2001:db8::"}"#,
                r#"{"at_us":3000000,"what":"pay","outcome":"refused","code":"TOKEN_EXPIRADO","from":"2001:db8::"}"#,
                r#"{"at_us":4000000,"what":"pay","outcome":"refused","code":"TOKEN_INVALIDO","from":"192.0.2.1"}"#,
            ]
        );
        assert!(buffer.is_empty());
    }

    #[test]
    fn what_somebody_does_is_listed_each_time() {
        let mut buffer = Buffer::default();
        for second in 0..3 {
            buffer.push(act(second, "192.0.2.1", collector(), refused("X")));
        }
        buffer.push(act(3, "192.0.2.1", Who::Nobody, ActOutcome::Failed("5d".to_owned())));
        assert_eq!(lines(&mut buffer).len(), 4);
        for second in 0..3 {
            buffer.push(act(second, "192.0.2.1", Who::Nobody, ActOutcome::Unavailable));
        }
        assert_eq!(lines(&mut buffer).len(), 1, "a full queue turns nobody away a thousand times");
    }

    #[test]
    fn a_full_buffer_counts_what_it_drops_and_says_so() {
        let mut buffer = Buffer::default();
        for second in 0..i64::try_from(ACTS_MAX).unwrap() + 7 {
            buffer.push(act(second, "192.0.2.1", collector(), ActOutcome::Done));
        }
        for kind in 0..KINDS_MAX + 5 {
            let address = format!("10.{}.{}.1", kind / 256, kind % 256);
            buffer.push(act(0, &address, Who::Nobody, refused("X")));
        }
        assert!(buffer.is_full());
        let lines = lines(&mut buffer);
        assert_eq!(lines.len(), ACTS_MAX + KINDS_MAX + 1);
        let dropped = r#"{"at_us":0,"what":"dropped","outcome":"done","count":12}"#;
        assert!(lines.iter().any(|line| line == dropped), "{:?}", lines.last());
    }

    #[test]
    fn rows_are_of_one_company_and_not_long() {
        let mut buffer = Buffer::default();
        for company in [13, 14, 13] {
            for second in 0..300 {
                let act = act(second, "192.0.2.1", collector(), ActOutcome::Done);
                buffer.push(Act { company: CompanyId::from_i64(company).ok(), ..act });
            }
        }
        let sheets = buffer.take().into_sheets();
        let told: Vec<_> = sheets
            .iter()
            .map(|sheet| (sheet.company.unwrap().to_i64(), sheet.acts, sheet.body.lines().count()))
            .collect();
        assert_eq!(told, [(13, 500, 500), (13, 100, 100), (14, 300, 300)]);
    }

    #[test]
    fn what_could_not_be_written_keeps_its_place_and_its_room() {
        let mut buffer = Buffer::default();
        let push = |buffer: &mut Buffer, acts: usize| {
            for _ in 0..acts {
                buffer.push(act(1, "192.0.2.1", collector(), ActOutcome::Done));
            }
        };
        push(&mut buffer, 600);
        let sheets = buffer.take().into_sheets();
        buffer.put_back(sheets);
        push(&mut buffer, ACTS_MAX);
        let acts: Vec<_> =
            buffer.take().into_sheets().iter().take(3).map(|sheet| sheet.acts).collect();
        assert_eq!(acts, [500, 100, 500]);
        buffer.put_back(VecDeque::new());
        assert_eq!((buffer.dropped, buffer.unwritten_acts), (0, 0));
    }
}
