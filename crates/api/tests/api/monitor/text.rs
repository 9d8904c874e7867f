//! A strict reader of Prometheus' text format 0.0.4, independent of what writes it. It refuses more
//! than Prometheus does: a family stands in one piece, told in full, and nothing stands twice.

use std::collections::{BTreeMap, BTreeSet};

/// A metric by its name.
#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) samples: Vec<Sample>,
}

#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) value: f64,
}

impl Sample {
    /// Its name and labels in one text.
    pub(crate) fn to_key(&self) -> String {
        let labels: Vec<_> =
            self.labels.iter().map(|(name, text)| format!("{name}={text}")).collect();
        format!("{} {}", self.name, labels.join(" "))
    }
}

/// Reads a page; panics over the first line that is not as it must be.
pub(crate) fn read(text: &str) -> Vec<Family> {
    assert!(text.ends_with('\n') && !text.contains('\r'), "lines end with a line feed");
    let mut families: Vec<Family> = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let (name, help) =
            line.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' ')).expect(line);
        assert!(is_name(name) && help.len() > 10 && !help.contains('\\'), "{line}");
        let typed = lines.next().expect("a type");
        let kind = typed.strip_prefix(&format!("# TYPE {name} ")).expect(typed);
        assert!(["counter", "gauge", "histogram"].contains(&kind), "{typed}");
        let mut family =
            Family { name: name.to_owned(), kind: kind.to_owned(), samples: Vec::new() };
        while let Some(line) = lines.next_if(|line| !line.starts_with('#')) {
            family.samples.push(read_sample(line));
        }
        assert!(families.iter().all(|other| other.name != name), "{name} stands twice");
        check(&family);
        families.push(family);
    }
    families
}

/// A name, labels in braces if there are any, a blank and a number; no timestamp.
fn read_sample(line: &str) -> Sample {
    let (series, value) = line.rsplit_once(' ').expect(line);
    let (name, labels) = match series.split_once('{') {
        Some((name, rest)) => (name, rest.strip_suffix('}').expect(line)),
        None => (series, ""),
    };
    assert!(is_name(name), "{line}");
    let pairs = labels.split(',').filter(|pair| !pair.is_empty()).map(|pair| {
        let (label, text) = pair.split_once('=').expect(line);
        let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).expect(line);
        assert!(is_name(label) && !text.is_empty() && !text.contains(['"', '\\']), "{line}");
        (label.to_owned(), text.to_owned())
    });
    let pairs: Vec<_> = pairs.collect();
    let labels: BTreeMap<_, _> = pairs.iter().cloned().collect();
    assert_eq!(labels.len(), pairs.len(), "{line}");
    Sample { name: name.to_owned(), labels, value: number(value) }
}

fn number(text: &str) -> f64 {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    assert!(is_plain, "{text}");
    text.parse().expect(text)
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|first: char| first.is_ascii_digit())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// What must hold within a family.
fn check(family: &Family) {
    let Family { name, kind, samples } = family;
    let keys: BTreeSet<_> = samples.iter().map(Sample::to_key).collect();
    assert_eq!(keys.len(), samples.len(), "{name}: a sample stands twice");
    assert_eq!(kind == "counter", name.ends_with("_total"), "{name} {kind}");
    if kind == "histogram" {
        check_histogram(name, samples);
    } else {
        assert!(samples.iter().all(|sample| sample.name == *name), "{name}");
    }
}

fn check_histogram(name: &str, samples: &[Sample]) {
    let (tail, buckets) = (&samples[samples.len() - 2..], &samples[..samples.len() - 2]);
    assert_eq!([&tail[0].name, &tail[1].name], [&format!("{name}_sum"), &format!("{name}_count")]);
    let bounds: Vec<f64> = buckets
        .iter()
        .map(|bucket| {
            assert_eq!(bucket.name, format!("{name}_bucket"));
            match bucket.labels["le"].as_str() {
                "+Inf" => f64::INFINITY,
                bound => number(bound),
            }
        })
        .collect();
    assert!(bounds.windows(2).all(|pair| pair[0] < pair[1]), "{name}: {bounds:?}");
    assert_eq!(bounds.last(), Some(&f64::INFINITY), "{name}");
    let counts: Vec<f64> = buckets.iter().map(|bucket| bucket.value).collect();
    assert!(counts.windows(2).all(|pair| pair[0] <= pair[1]), "{name}: {counts:?}");
    assert_eq!(counts.last(), Some(&tail[1].value), "{name}: all values are in the last bucket");
}
