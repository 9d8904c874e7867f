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

/// What a chart is drawn on. Each is drawn on both, and the style shows the one whose letters can be read.
#[derive(Debug, Clone, Copy)]
struct Sheet {
    /// What the style knows it by.
    class: &'static str,
    width: f64,
    /// The room of the figures beside the lines.
    left: f64,
    /// About the width of a letter.
    letter: f64,
    /// Letters of a label; the figures behind the chart have the others too.
    label_len_max: usize,
}

const SHEETS: [Sheet; 2] = [
    Sheet { class: "broad", width: 720.0, left: 64.0, letter: 7.0, label_len_max: 64 },
    // On a telephone it is shown at some four fifths of its size.
    Sheet { class: "narrow", width: 300.0, left: 56.0, letter: 7.6, label_len_max: 32 },
];
const HEIGHT: f64 = 240.0;
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

/// A chart on one sheet.
#[derive(Debug)]
struct Picture {
    sheet: Sheet,
    marks: Vec<Mark>,
    points: String,
    lines: Vec<Line>,
    labels: Vec<Label>,
}

#[derive(Debug, Template)]
#[template(path = "chart.html")]
struct Drawing<'f> {
    t: &'static ChartTexts,
    id: &'static str,
    figures: &'f Figures,
    is_line: bool,
    is_empty: bool,
    pictures: Vec<Picture>,
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
    let drawing = Drawing {
        t,
        id,
        figures,
        is_line: form == Form::Line,
        is_empty: most_shown(figures, form) == 0,
        pictures: SHEETS.map(|sheet| Picture::of(figures, form, sheet)).into(),
        legend: legend(figures),
        rows: rows(figures),
    };
    drawing.render().unwrap_or_default()
}

impl Picture {
    fn of(figures: &Figures, form: Form, sheet: Sheet) -> Self {
        let scale = Scale::of(figures, form, sheet);
        Self {
            sheet,
            marks: if form == Form::Bars { marks(figures, &scale) } else { Vec::new() },
            points: if form == Form::Line { points(figures, &scale) } else { String::new() },
            lines: lines(figures, &scale),
            labels: labels(figures, &scale),
        }
    }
}

/// The greatest figure.
fn most_shown(figures: &Figures, form: Form) -> i64 {
    let sum = |at: usize| -> i64 {
        let values =
            figures.series.iter().map(|series| series.values.get(at).copied().unwrap_or(0));
        if form == Form::Line { values.take(1).sum() } else { values.fold(0, i64::saturating_add) }
    };
    (0..figures.labels.len()).map(sum).max().unwrap_or(0).max(0)
}

/// From figures to places.
struct Scale {
    sheet: Sheet,
    /// Where the uppermost line is: a round figure not below it.
    top: i64,
    /// The room of one label.
    step: f64,
}

impl Scale {
    fn of(figures: &Figures, form: Form, sheet: Sheet) -> Self {
        let labels_len = u32::try_from(figures.labels.len().max(1)).unwrap_or(u32::MAX);
        let step = (sheet.width - sheet.left) / f64::from(labels_len);
        Self { sheet, top: round_up(most_shown(figures, form)), step }
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
        self.sheet.left + self.step * f64::from(u32::try_from(at).unwrap_or(u32::MAX))
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

/// As many labels as there is room for, each within the sheet.
fn labels(figures: &Figures, scale: &Scale) -> Vec<Label> {
    let texts = figures.labels.iter().map(|label| cut(label, scale.sheet.label_len_max));
    let texts: Vec<String> = texts.collect();
    let longest = texts.iter().map(|text| text.chars().count()).max().unwrap_or(0);
    let needed = scale.sheet.letter * f64::from(u32::try_from(longest).unwrap_or(u32::MAX)) + 8.0;
    let half = (needed / 2.0).min(scale.sheet.width / 2.0);
    let mut free_from = f64::MIN;
    let mut shown = Vec::new();
    for (at, text) in texts.into_iter().enumerate() {
        let x = (scale.x(at) + scale.step / 2.0).clamp(half, scale.sheet.width - half);
        if x - needed / 2.0 >= free_from {
            shown.push(Label { x: short(x), text });
            free_from = x + needed / 2.0;
        }
    }
    shown
}

fn cut(label: &str, len_max: usize) -> String {
    match label.char_indices().nth(len_max) {
        Some(_) => label.chars().take(len_max - 1).chain(['…']).collect(),
        None => label.to_owned(),
    }
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

    /// The labels below a sheet, with their places.
    fn labels_of(html: &str, class: &str) -> Vec<(f64, String)> {
        let (_, sheet) = html.split_once(&format!("<svg class=\"{class}\"")).unwrap();
        let (sheet, _) = sheet.split_once("</svg>").unwrap();
        let texts = sheet.split("<text x=\"").skip(1);
        let middle = texts.filter(|text| text.contains("text-anchor=\"middle\""));
        middle
            .map(|text| {
                let (x, rest) = text.split_once('"').unwrap();
                let (_, told) = rest.split_once('>').unwrap();
                (x.parse().unwrap(), told.split_once('<').unwrap().0.to_owned())
            })
            .collect()
    }

    #[test]
    fn a_chart_has_a_title_and_its_figures_in_a_table() {
        let html =
            html(&figures(&[("Banco", &[3, 0, 7]), ("Ventanilla", &[1, 2, 0])], 3), Form::Bars);
        assert_eq!(
            html.matches("<rect").count(),
            4 * 2 + 2,
            "a bar for each figure above zero on each sheet, and the legend"
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
        let shown = |class| labels_of(&html, class).len();
        assert_eq!([shown("broad"), shown("narrow")], [11, 5]);
    }

    #[test]
    fn each_label_is_within_its_sheet_however_long() {
        let mut figures = figures(&[("a", &[1; 3])], 3);
        for label in ["Caja", "Cooperativa de Ahorro y Crédito", &"M".repeat(64)] {
            figures.labels[2] = label.to_owned();
            let html = html(&figures, Form::Bars);
            for sheet in SHEETS {
                for (x, text) in labels_of(&html, sheet.class) {
                    let letters = u32::try_from(text.chars().count()).unwrap();
                    let half = sheet.letter * f64::from(letters) / 2.0;
                    let is_within = x - half >= 0.0 && x + half <= sheet.width;
                    assert!(is_within, "{text} at {x} on {}", sheet.class);
                }
            }
            assert!(html.contains(&format!("<th scope=\"row\">{label}</th>")), "{html}");
        }
        assert_eq!([cut("Banco", 5), cut("Banco", 4)], ["Banco", "Ban…"]);
    }
}
