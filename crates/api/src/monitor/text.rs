//! The text format of Prometheus, version 0.0.4: a family is its help, its type and its samples.

use std::fmt::{Display, Write as _};

use ventanilla_service::{Histogram, Reading};

/// What a family's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// The unit that a histogram counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// Told in seconds.
    Microseconds,
    /// Told as they are.
    Ones,
}

/// A name and a value: words of the program, which need no escaping.
pub(super) type Label = (&'static str, &'static str);

/// A page that grows family by family.
#[derive(Debug, Default)]
pub(super) struct Page {
    text: String,
}

impl Page {
    /// Begins a family.
    pub(super) fn family(&mut self, name: &str, kind: Kind, help: &str) {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {kind}"));
    }

    /// A sample of the family that was begun last.
    pub(super) fn sample(&mut self, name: &str, labels: &[Label], value: impl Display) {
        let labels: Vec<_> =
            labels.iter().map(|(label, text)| format!("{label}=\"{text}\"")).collect();
        let labels =
            if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        self.line(format_args!("{name}{labels} {value}"));
    }

    /// A family of one value without labels.
    pub(super) fn single(&mut self, name: &str, kind: Kind, help: &str, value: impl Display) {
        self.family(name, kind, help);
        self.sample(name, &[], value);
    }

    /// A family of one histogram.
    pub(super) fn histogram(&mut self, name: &str, help: &str, unit: Unit, values: &Histogram) {
        self.family(name, Kind::Histogram, help);
        let Reading { up_to, count, sum } = values.read();
        for (bound, count) in up_to {
            self.line(format_args!("{name}_bucket{{le=\"{}\"}} {count}", unit.to_text(bound)));
        }
        self.line(format_args!("{name}_bucket{{le=\"+Inf\"}} {count}"));
        self.line(format_args!("{name}_sum {}", unit.to_text(sum)));
        self.line(format_args!("{name}_count {count}"));
    }

    /// The whole page.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.text, "{line}").expect("a String takes it");
    }
}

impl Unit {
    /// A value in the unit that is told, exactly.
    fn to_text(self, value: u64) -> String {
        if self == Self::Ones {
            return value.to_string();
        }
        to_decimal(value / 1_000_000, value % 1_000_000)
    }
}

/// Seconds and microseconds as a decimal number without zeros at its end.
pub(super) fn to_decimal(seconds: impl Display, microseconds: u64) -> String {
    let text = format!("{seconds}.{microseconds:06}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn microseconds_are_told_as_seconds_exactly() {
        for (value, told) in [
            (0, "0"),
            (1, "0.000001"),
            (100, "0.0001"),
            (2_500, "0.0025"),
            (1_000_000, "1"),
            (10_000_000, "10"),
            (12_345_678, "12.345678"),
            (u64::MAX, "18446744073709.551615"),
        ] {
            assert_eq!(Unit::Microseconds.to_text(value), told);
            assert_eq!(Unit::Ones.to_text(value), value.to_string());
        }
    }
}
