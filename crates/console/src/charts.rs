//! Charts, drawn here as SVG: colours come from the style, the figures themselves from a table behind each.

use askama::Template;

use crate::language::texts;

texts! {
    ChartTexts {
        figures: "Ver las cifras" / "Show the figures",
        nothing: "Sin datos" / "No data",
    }
}

/// Colours that the style has; more series share the last.
const SERIES_LEN_MAX: usize = 5;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 64.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 26.0;

/// One of the things that are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Series {
    /// What it is called.
    pub(crate) name: String,
    /// Its figures, one for each label, from zero.
    pub(crate) values: Vec<i64>,
}

/// What a chart shows.
#[derive(Debug, Clone)]
pub(crate) struct Figures {
    /// Its heading.
    pub(crate) title: String,
    /// What it says in one sentence, for who does not see it.
    pub(crate) summary: String,
    /// What the figures stand at, in order.
    pub(crate) labels: Vec<String>,
    /// What is compared; bars of several are stacked.
    pub(crate) series: Vec<Series>,
    /// How a figure is written at a line.
    pub(crate) write: fn(i64) -> String,
    /// How it is written to the last digit, so that sums add up.
    pub(crate) exact: fn(i64) -> String,
}

#[derive(Debug)]
struct Mark {
    class: usize,
    x: String,
    y: String,
    width: String,
    height: String,
    title: String,
}

#[derive(Debug)]
struct Line {
    y: String,
    label_y: String,
    text: String,
}

#[derive(Debug)]
struct Label {
    x: String,
    text: String,
}

#[derive(Debug)]
struct Row {
    label: String,
    cells: Vec<(String, String)>,
}

#[derive(Debug, Template)]
#[template(path = "chart.html")]
struct Drawing<'f> {
    t: &'static ChartTexts,
    id: &'static str,
    figures: &'f Figures,
    is_line: bool,
    is_empty: bool,
    marks: Vec<Mark>,
    points: String,
    lines: Vec<Line>,
    labels: Vec<Label>,
    legend: Vec<(usize, String)>,
    rows: Vec<Row>,
}

/// How figures are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Bars, one on the other where there are several series.
    Bars,
    /// A line, of the first series.
    Line,
}

/// A chart as HTML that is safe to put into a page; `id` is unique in it.
pub(crate) fn drawn(
    figures: &Figures,
    form: Form,
    id: &'static str,
    t: &'static ChartTexts,
) -> String {
    let scale = Scale::of(figures, form);
    let drawing = Drawing {
        t,
        id,
        figures,
        is_line: form == Form::Line,
        is_empty: scale.most_shown == 0,
        marks: if form == Form::Bars { marks(figures, &scale) } else { Vec::new() },
        points: if form == Form::Line { points(figures, &scale) } else { String::new() },
        lines: lines(figures, &scale),
        labels: labels(figures, &scale),
        legend: legend(figures),
        rows: rows(figures),
    };
    drawing.render().unwrap_or_default()
}

/// From figures to places.
struct Scale {
    /// The greatest figure.
    most_shown: i64,
    /// Where the uppermost line is: a round figure not below it.
    top: i64,
    /// The room of one label.
    step: f64,
}

impl Scale {
    fn of(figures: &Figures, form: Form) -> Self {
        let sum = |at: usize| -> i64 {
            let values =
                figures.series.iter().map(|series| series.values.get(at).copied().unwrap_or(0));
            if form == Form::Line {
                values.take(1).sum()
            } else {
                values.fold(0, i64::saturating_add)
            }
        };
        let most_shown = (0..figures.labels.len()).map(sum).max().unwrap_or(0).max(0);
        let labels_len = u32::try_from(figures.labels.len().max(1)).unwrap_or(u32::MAX);
        Self { most_shown, top: round_up(most_shown), step: (WIDTH - LEFT) / f64::from(labels_len) }
    }

    fn height(&self, value: i64) -> f64 {
        let thousandths = i128::from(value.max(0)) * 100_000 / i128::from(self.top.max(1));
        let share = u32::try_from(thousandths).unwrap_or(u32::MAX);
        f64::from(share) / 100_000.0 * (HEIGHT - TOP - BOTTOM)
    }

    fn y(&self, value: i64) -> f64 {
        HEIGHT - BOTTOM - self.height(value)
    }

    fn x(&self, at: usize) -> f64 {
        LEFT + self.step * f64::from(u32::try_from(at).unwrap_or(u32::MAX))
    }
}

/// The least of 1, 2, 5, 10, 20, 50 … times four that is not below a figure.
fn round_up(most: i64) -> i64 {
    let mut step: i64 = 1;
    loop {
        for times in [1, 2, 5] {
            let top = step.saturating_mul(times).saturating_mul(4);
            if top >= most {
                return top;
            }
        }
        step = step.saturating_mul(10);
    }
}

fn marks(figures: &Figures, scale: &Scale) -> Vec<Mark> {
    let mut marks = Vec::new();
    let width = (scale.step * 0.7).min(64.0);
    for (at, label) in figures.labels.iter().enumerate() {
        let mut below: i64 = 0;
        for (class, series) in figures.series.iter().enumerate() {
            let value = series.values.get(at).copied().unwrap_or(0).max(0);
            let top = below.saturating_add(value);
            if value > 0 {
                marks.push(Mark {
                    class: (class + 1).min(SERIES_LEN_MAX),
                    x: short(scale.x(at) + (scale.step - width) / 2.0),
                    y: short(scale.y(top)),
                    width: short(width),
                    height: short(scale.height(top) - scale.height(below)),
                    title: format!("{label} · {} · {}", series.name, (figures.exact)(value)),
                });
            }
            below = top;
        }
    }
    marks
}

fn points(figures: &Figures, scale: &Scale) -> String {
    let values = figures.series.first().map_or(&[][..], |series| &series.values);
    let points = values.iter().enumerate().map(|(at, value)| {
        format!("{},{}", short(scale.x(at) + scale.step / 2.0), short(scale.y(*value)))
    });
    points.collect::<Vec<_>>().join(" ")
}

fn lines(figures: &Figures, scale: &Scale) -> Vec<Line> {
    let quarters = (0..=4).map(|quarter| scale.top / 4 * quarter);
    quarters
        .map(|value| {
            let y = scale.y(value);
            Line { y: short(y), label_y: short(y + 4.0), text: (figures.write)(value) }
        })
        .collect()
}

/// As many labels as there is room for.
fn labels(figures: &Figures, scale: &Scale) -> Vec<Label> {
    let longest = figures.labels.iter().map(|label| label.chars().count()).max().unwrap_or(0);
    let needed = 7.0 * f64::from(u32::try_from(longest).unwrap_or(u32::MAX)) + 8.0;
    let mut free_from = f64::MIN;
    let mut shown = Vec::new();
    for (at, label) in figures.labels.iter().enumerate() {
        let x = scale.x(at) + scale.step / 2.0;
        if x - needed / 2.0 >= free_from {
            shown.push(Label { x: short(x), text: label.clone() });
            free_from = x + needed / 2.0;
        }
    }
    shown
}

fn legend(figures: &Figures) -> Vec<(usize, String)> {
    if figures.series.len() < 2 {
        return Vec::new();
    }
    let named = figures.series.iter().enumerate();
    named.map(|(at, series)| ((at + 1).min(SERIES_LEN_MAX), series.name.clone())).collect()
}

fn rows(figures: &Figures) -> Vec<Row> {
    let row = |(at, label): (usize, &String)| Row {
        label: label.clone(),
        cells: figures
            .series
            .iter()
            .map(|series| {
                let value = series.values.get(at).copied().unwrap_or(0);
                (series.name.clone(), (figures.exact)(value))
            })
            .collect(),
    };
    figures.labels.iter().enumerate().map(row).collect()
}

fn short(place: f64) -> String {
    format!("{place:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    fn figures(series: &[(&str, &[i64])], labels: usize) -> Figures {
        Figures {
            title: "Cobrado <por> día".to_owned(),
            summary: "Resumen".to_owned(),
            labels: (1..=labels).map(|day| format!("{day:02}/11")).collect(),
            series: series
                .iter()
                .map(|(name, values)| Series { name: (*name).to_owned(), values: values.to_vec() })
                .collect(),
            write: |value| value.to_string(),
            exact: |value| format!("={value}"),
        }
    }

    fn html(figures: &Figures, form: Form) -> String {
        drawn(figures, form, "c1", ChartTexts::of(Language::Spanish))
    }

    #[test]
    fn a_chart_has_a_title_and_its_figures_in_a_table() {
        let html =
            html(&figures(&[("Banco", &[3, 0, 7]), ("Ventanilla", &[1, 2, 0])], 3), Form::Bars);
        assert_eq!(
            html.matches("<rect").count(),
            4 + 2,
            "a bar for each figure above zero, and the legend"
        );
        for part in [
            "<title",
            "<desc",
            "<details",
            "<th scope=\"row\">03/11</th>",
            ">=7</td>",
            "03/11 · Banco · =7",
            "Cobrado &#60;por&#62; día",
        ] {
            assert!(html.contains(part), "{part}: {html}");
        }
        assert!(!html.contains("style="), "the page's policy forbids it");
    }

    #[test]
    fn a_chart_of_nothing_says_so_and_one_of_much_breaks_nothing() {
        assert!(html(&figures(&[("a", &[0, 0])], 2), Form::Bars).contains("Sin datos"));
        assert!(html(&figures(&[], 0), Form::Line).contains("Sin datos"));
        let huge = html(&figures(&[("a", &[i64::MAX, 1]), ("b", &[i64::MAX, 1])], 2), Form::Bars);
        assert!(!huge.contains("NaN") && !huge.contains("inf"), "{huge}");
    }

    #[test]
    fn the_uppermost_line_is_round() {
        for (most, top) in [(0, 4), (4, 4), (5, 8), (9, 20), (21, 40), (399, 400), (401, 800)] {
            assert_eq!(round_up(most), top, "{most}");
        }
    }

    #[test]
    fn labels_do_not_lie_on_each_other() {
        let html = html(&figures(&[("a", &[1; 31])], 31), Form::Line);
        let shown = html.matches("text-anchor=\"middle\"").count();
        assert!((6..=16).contains(&shown), "{shown}");
    }
}
