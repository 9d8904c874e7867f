//! The report: medians, and the ratios that say something, as Markdown.

use std::time::Duration;

use super::load::Measured;

/// All rounds of one target.
#[derive(Debug)]
pub(super) struct Series {
    name: &'static str,
    rates: Vec<f64>,
    p99s: Vec<Duration>,
    refused: u32,
    first_refused: Option<String>,
}

impl Series {
    /// No round yet.
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, rates: Vec::new(), p99s: Vec::new(), refused: 0, first_refused: None }
    }

    /// One round more.
    pub(super) fn add(&mut self, measured: Measured) {
        self.add_rate(measured.rate);
        self.p99s.push(measured.p99);
        self.refused = self.refused.saturating_add(measured.refused);
        self.first_refused = self.first_refused.take().or(measured.first_refused);
    }

    /// One round more of what tells no more than how many a second they were.
    pub(super) fn add_rate(&mut self, rate: f64) {
        self.rates.push(rate);
    }

    fn to_row(&self) -> String {
        let p99s: Vec<f64> = self.p99s.iter().map(|p99| p99.as_secs_f64() * 1e3).collect();
        let p99 = match p99s.as_slice() {
            [] => "–".to_owned(),
            p99s => format!("{:.2} ms", median(p99s)),
        };
        format!("| {} | {:.0} | {p99} |", self.name, median(&self.rates))
    }
}

/// What each round of something took.
#[derive(Debug)]
pub(super) struct Times {
    name: &'static str,
    rounds_ms: Vec<f64>,
    at_most_ms: Option<f64>,
}

impl Times {
    /// No round yet; its median must be `at_most_ms`.
    pub(super) fn new(name: &'static str, at_most_ms: Option<f64>) -> Self {
        Self { name, rounds_ms: Vec::new(), at_most_ms }
    }

    /// What the report calls it.
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// One round more.
    pub(super) fn add(&mut self, took: Duration) {
        self.rounds_ms.push(took.as_secs_f64() * 1e3);
    }

    fn to_row(&self) -> String {
        let (median, range) = (median(&self.rounds_ms), to_range(&self.rounds_ms));
        let bound = self.at_most_ms.map(Bound::AtMost);
        let target = bound.map_or_else(|| "–".to_owned(), |bound| bound.to_verdict(median));
        format!("| {} | {median:.2} | {range} | {target} |", self.name)
    }
}

/// The least and the greatest.
fn to_range(rounds: &[f64]) -> String {
    let least = rounds.iter().copied().fold(f64::INFINITY, f64::min);
    let most = rounds.iter().copied().fold(0.0, f64::max);
    format!("{least:.2} – {most:.2}")
}

/// One series over another, round by round.
#[derive(Debug)]
pub(super) struct Ratio {
    name: &'static str,
    rounds: Vec<f64>,
    bound: Option<Bound>,
}

/// What a ratio's median is to be.
#[derive(Debug, Clone, Copy)]
enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Bound {
    fn to_verdict(self, median: f64) -> String {
        let (target, is_met) = match self {
            Self::AtLeast(least) => (format!("≥ {least}"), median >= least),
            Self::AtMost(most) => (format!("≤ {most}"), median <= most),
        };
        format!("{target}: {}", if is_met { "cumple" } else { "**no cumple**" })
    }
}

impl Ratio {
    /// `this` over `that`, which must be `at_least` so much.
    pub(super) fn of(
        name: &'static str,
        this: &Series,
        that: &Series,
        at_least: Option<f64>,
    ) -> Self {
        let rounds = this.rates.iter().zip(&that.rates);
        let rounds = rounds.map(|(this, that)| this / that).collect();
        Self { name, rounds, bound: at_least.map(Bound::AtLeast) }
    }

    /// What one of `this` costs beside one of `that`, which may be `at_most` so many times as much.
    pub(super) fn of_cost(name: &'static str, this: &Series, that: &Series, at_most: f64) -> Self {
        let bound = Some(Bound::AtMost(at_most));
        Self { bound, ..Self::of(name, that, this, None) }
    }

    /// How fast `this` is beside `that`.
    pub(super) fn of_speed(
        name: &'static str,
        this: &Times,
        that: &Times,
        at_least: Option<f64>,
    ) -> Self {
        let rounds = that.rounds_ms.iter().zip(&this.rounds_ms);
        let rounds = rounds.map(|(that, this)| that / this).collect();
        Self { name, rounds, bound: at_least.map(Bound::AtLeast) }
    }

    fn to_row(&self) -> String {
        let (median, range) = (median(&self.rounds), to_range(&self.rounds));
        let target = self.bound.map_or_else(|| "–".to_owned(), |bound| bound.to_verdict(median));
        format!("| {} | {median:.2} | {range} | {target} |", self.name)
    }
}

/// What was measured in one run.
#[derive(Debug)]
pub(super) struct Report {
    command: String,
    series: Vec<Series>,
    times: Vec<Times>,
    ratios: Vec<Ratio>,
    syncs_per_second: Option<f64>,
}

impl Report {
    /// Nothing measured yet by this command.
    pub(super) fn new(command: String) -> Self {
        let (series, times, ratios) = (Vec::new(), Vec::new(), Vec::new());
        Self { command, series, times, ratios, syncs_per_second: None }
    }

    /// Adds series, in the order of their rows.
    pub(super) fn add_series(&mut self, series: impl IntoIterator<Item = Series>) {
        self.series.extend(series);
    }

    /// Adds times, in the order of their rows.
    pub(super) fn add_times(&mut self, times: impl IntoIterator<Item = Times>) {
        self.times.extend(times);
    }

    /// Adds a ratio.
    pub(super) fn add_ratio(&mut self, ratio: Ratio) {
        self.ratios.push(ratio);
    }

    /// Sets the anchor F.
    pub(super) fn set_syncs(&mut self, syncs_per_second: f64) {
        self.syncs_per_second = Some(syncs_per_second);
    }

    /// Whether a request was answered otherwise than with success: then the rates mean nothing.
    pub(super) fn has_refusals(&self) -> bool {
        self.series.iter().any(|series| series.refused > 0)
    }

    /// The command and the tables.
    pub(super) fn to_markdown(&self) -> String {
        let mut lines = vec![
            format!("`{}`", self.command),
            String::new(),
            "| razón (mediana de las rondas) | mediana | mín – máx | objetivo |".to_owned(),
            "|---|---|---|---|".to_owned(),
        ];
        lines.extend(self.ratios.iter().map(Ratio::to_row));
        lines.extend(self.to_times());
        lines.extend(self.to_rates());
        for series in self.series.iter().filter(|series| series.refused > 0) {
            let first = series.first_refused.as_deref().unwrap_or_default();
            lines.push(format!(
                "\n{}: {} sin éxito; el primero: {first}",
                series.name, series.refused
            ));
        }
        lines.join("\n")
    }

    /// The table of times, where there are any.
    fn to_times(&self) -> Vec<String> {
        let heading = ["", "| duración (mediana de las rondas) | ms | mín – máx | objetivo |"];
        to_table(heading, "|---|---|---|---|", self.times.iter().map(Times::to_row))
    }

    /// The table of rates, where there are any.
    fn to_rates(&self) -> Vec<String> {
        let series = self.series.iter().map(Series::to_row);
        let syncs = self.syncs_per_second;
        let syncs =
            syncs.map(|syncs| format!("| F: fdatasync de 4 KiB en su lugar | {syncs:.0} | – |"));
        to_table(["", "| medición | por segundo | p99 |"], "|---|---|---|", series.chain(syncs))
    }
}

/// A table after an empty line; nothing where it has no rows.
fn to_table(heading: [&str; 2], rule: &str, rows: impl Iterator<Item = String>) -> Vec<String> {
    let mut lines: Vec<String> = heading.iter().chain([&rule]).map(ToString::to_string).collect();
    let len = lines.len();
    lines.extend(rows);
    if lines.len() == len { Vec::new() } else { lines }
}

/// The middle one; the mean of the two in the middle where they are two.
pub(super) fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match (values.get(middle), values.len() % 2) {
        (Some(value), 1) => *value,
        (Some(value), _) => {
            f64::midpoint(*value, values.get(middle.wrapping_sub(1)).copied().unwrap_or(*value))
        }
        (None, _) => f64::NAN,
    }
}

/// A time in milliseconds.
pub(super) fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

/// A row of a value with the bound that it is to meet.
pub(super) fn to_target_row(name: &str, value: &str, target: &str, is_met: bool) -> String {
    let told = if is_met { "cumple" } else { "**no cumple**" };
    format!("| {name} | {value} | {target}: {told} |")
}

/// A row of `this` over `that`, round by round, whose median is to be `max` at most.
pub(super) fn ratio_at_most(name: &str, this: &[f64], that: &[f64], max: f64) -> String {
    let rounds: Vec<f64> = this.iter().zip(that).map(|(this, that)| this / that).collect();
    let least = rounds.iter().copied().fold(f64::INFINITY, f64::min);
    let most = rounds.iter().copied().fold(0.0, f64::max);
    let middle = median(&rounds);
    let told = if middle <= max { "cumple" } else { "**no cumple**" };
    format!("| {name} | {middle:.2} | {least:.2} – {most:.2} | ≤ {max}: {told} |")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(name: &'static str, rates: &[f64]) -> Series {
        let mut series = Series::new(name);
        for rate in rates {
            series.add(Measured {
                rate: *rate,
                p99: Duration::from_micros(1500),
                longest: Duration::from_micros(1500),
                refused: 0,
                first_refused: None,
            });
        }
        series
    }

    #[test]
    fn a_ratio_is_the_median_of_its_rounds() {
        let this = series("a", &[10.0, 40.0, 30.0]);
        let that = series("b", &[10.0, 10.0, 10.0]);
        let row = Ratio::of("a / b", &this, &that, Some(3.0)).to_row();
        assert_eq!(row, "| a / b | 3.00 | 1.00 – 4.00 | ≥ 3: cumple |");
        let row = Ratio::of("b / a", &that, &this, Some(0.45)).to_row();
        assert_eq!(row, "| b / a | 0.33 | 0.25 – 1.00 | ≥ 0.45: **no cumple** |");
        let row = Ratio::of_cost("b / a", &that, &this, 2.0).to_row();
        assert_eq!(row, "| b / a | 3.00 | 1.00 – 4.00 | ≤ 2: **no cumple** |");
        let row = Ratio::of_cost("a / b", &this, &that, 2.0).to_row();
        assert_eq!(row, "| a / b | 0.33 | 0.25 – 1.00 | ≤ 2: cumple |");
    }

    #[test]
    fn the_tables_hold_every_series() {
        let mut report = Report::new("ventanilla bench pay".to_owned());
        let mut told = Series::new("b");
        told.add_rate(7.0);
        report.add_series([series("a", &[10.0, 20.0]), told]);
        report.set_syncs(9000.4);
        let text = report.to_markdown();
        assert!(text.starts_with("`ventanilla bench pay`\n\n| razón "), "{text}");
        assert!(text.contains("\n| a | 15 | 1.50 ms |\n| b | 7 | – |\n| F: "), "{text}");
        assert!(!report.has_refusals());
        assert!(!text.contains("duración"), "a table without rows is left out: {text}");
    }

    #[test]
    fn times_are_told_beside_their_bound() {
        let times = |name, at_most_ms, rounds: &[u64]| {
            let mut times = Times::new(name, at_most_ms);
            for round in rounds {
                times.add(Duration::from_micros(*round));
            }
            times
        };
        let (slow, fast) = (times("a", Some(3.0), &[3_100, 2_000]), times("b", None, &[1_000; 2]));
        let ratio = Ratio::of_speed("a / b", &slow, &fast, None);
        assert_eq!(ratio.to_row(), "| a / b | 0.41 | 0.32 – 0.50 | – |");
        let late = times("c", Some(3.0), &[3_001]);
        assert_eq!(late.to_row(), "| c | 3.00 | 3.00 – 3.00 | ≤ 3: **no cumple** |");
        let mut report = Report::new("ventanilla bench print".to_owned());
        report.add_times([slow, fast]);
        let text = report.to_markdown();
        let rows = "\n| a | 2.55 | 2.00 – 3.10 | ≤ 3: cumple |\n| b | 1.00 | 1.00 – 1.00 | – |";
        assert!(text.ends_with(rows), "{text}");
        assert!(!text.contains("medición"), "a table without rows is left out: {text}");
    }
}
