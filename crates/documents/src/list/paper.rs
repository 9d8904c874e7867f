//! A list on paper: a line for each row, page after page, and what its amounts add up to under the last.

use std::io::{self, Write};

use ventanilla_domain::{Total, civil_at};

use super::{ListColumn, ListHeading};
use crate::figures::{amount, count, date, moment, sign_of};
use crate::pdf::{Align, Canvas, Fonts, Ink, MM, PdfFile, Pen, Style, Title, logo_size, place};
use crate::table::{Cell, Kind, Spelling};

const WIDTH: f32 = 297.0 * MM;
const HEIGHT: f32 = 210.0 * MM;
const MARGIN: f32 = 13.0 * MM;
/// Where the heading of the columns stands, and the first line below it.
const COLUMNS_TOP: f32 = MARGIN + 38.0;
const TOP: f32 = COLUMNS_TOP + 15.0;
/// The room of a logo, in points.
const LOGO_BOX: [f32; 2] = [140.0, 32.0];
const LINE_HEIGHT: f32 = 11.4;
/// Lines a page, without the one of the totals.
const LINES: u8 = 40;
/// Between columns.
const GUTTER: f32 = 6.0;

const BODY: Style = Style::text(7.5);
const GREY: Ink = Ink::Grey(0.62);
const RED: Ink = Ink::Colour(0.75, 0.08, 0.08);

/// A list that is being written.
#[derive(Debug)]
pub(super) struct ListPaper<W: Write> {
    heading: ListHeading,
    columns: Vec<Column>,
    file: PdfFile<W>,
    fonts: Fonts,
    page: Vec<u8>,
    page_number: i64,
    /// Lines of the page at hand that are taken.
    line: u8,
    /// Rows of all pages.
    rows: i64,
}

/// A column, where it stands, and what its amounts add up to.
#[derive(Debug)]
struct Column {
    name: String,
    kind: Kind,
    left: f32,
    width: f32,
    align: Align,
    total: Total,
}

/// The columns side by side over the whole width of the page.
fn laid_out(heading: &ListHeading, columns: &[ListColumn]) -> Vec<Column> {
    let currency = heading.company.currency;
    let gutters = columns.iter().skip(1).map(|_| GUTTER).sum::<f32>();
    let all: f32 = columns.iter().map(|(.., width)| f32::from(*width)).sum();
    let point = (WIDTH - 2.0 * MARGIN - gutters) / all;
    let mut left = MARGIN;
    let column = |&(name, kind, width): &ListColumn| {
        let name = match kind {
            Kind::Amount => format!("{name} ({})", sign_of(currency)),
            _ => name.to_owned(),
        };
        let align =
            if matches!(kind, Kind::Amount | Kind::Number) { Align::Right } else { Align::Left };
        let (at, width) = (left, f32::from(width) * point);
        left += width + GUTTER;
        Column { name, kind, left: at, width, align, total: Total::zero(currency) }
    };
    columns.iter().map(column).collect()
}

impl<W: Write> ListPaper<W> {
    pub(super) fn start(heading: ListHeading, columns: &[ListColumn], out: W) -> io::Result<Self> {
        let mut paper = Self {
            columns: laid_out(&heading, columns),
            heading,
            file: PdfFile::start(out)?,
            fonts: Fonts::default(),
            page: Vec::new(),
            page_number: 0,
            line: 0,
            rows: 0,
        };
        paper.start_page();
        Ok(paper)
    }

    /// Writes a row.
    pub(super) fn write(&mut self, cells: &[Cell<'_>], is_marked: bool) -> io::Result<()> {
        if self.line == LINES {
            self.end_page()?;
            self.start_page();
        }
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            if let Cell::Amount(amount) = cell {
                column.total = column.total.checked_add(*amount).map_err(io::Error::other)?;
            }
        }
        let texts: Vec<String> = cells.iter().map(|cell| self.told(*cell)).collect();
        let ink = if is_marked { RED } else { Ink::BLACK };
        self.row(BODY.ink(ink), line_top(self.line), &texts);
        self.line += 1;
        self.rows += 1;
        Ok(())
    }

    /// Ends the file.
    pub(super) fn finish(mut self) -> io::Result<()> {
        let mut texts: Vec<String> = self.columns.iter().map(Column::to_total).collect();
        if let Some(first) = texts.first_mut() {
            *first = format!("Total: {}", count(self.rows));
        }
        let y = line_top(self.line) + 2.0;
        self.draw(y - 2.0, |canvas| {
            canvas.rect(GREY, [MARGIN, 0.0], [WIDTH - 2.0 * MARGIN, 0.4]);
        });
        self.row(BODY.bold(), y, &texts);
        self.end_page()?;
        let title = Title { title: self.heading.title, author: self.heading.company.name.as_str() };
        self.file.finish(title, &self.fonts, self.heading.logo.as_ref()).map(drop)
    }

    /// What a cell says to people.
    fn told(&self, cell: Cell<'_>) -> String {
        match cell {
            Cell::Amount(told) => amount(told),
            Cell::Instant(at) => moment(civil_at(&self.heading.company, at)),
            other => {
                let mut text = String::new();
                other
                    .spell(Spelling::DayFirst, &self.heading.company, &mut text)
                    .expect("only an instant's spelling can fail, for its offset");
                text
            }
        }
    }

    /// Draws at that height of the page.
    fn draw(&mut self, y: f32, draw: impl FnOnce(&mut Canvas<'_>)) {
        let mut canvas = Canvas::new(&mut self.fonts);
        draw(&mut canvas);
        place(&mut self.page, &canvas.finish(), y);
    }

    /// Writes a text under each column: cut where the column ends, but a figure is written smaller.
    fn row(&mut self, style: Style, y: f32, texts: &[String]) {
        let mut canvas = Canvas::new(&mut self.fonts);
        for (column, text) in self.columns.iter().zip(texts) {
            let mut pen = Pen::new(&mut canvas, column.left, column.width);
            match column.kind {
                Kind::Text => pen.cut(style.align(column.align), text),
                _ => pen.fitted(style.align(column.align), text),
            }
        }
        place(&mut self.page, &canvas.finish(), y);
    }

    fn start_page(&mut self) {
        self.line = 0;
        self.page_number += 1;
        let ListHeading { company, title, about, day, logo } = self.heading.clone();
        let whose = if about.is_empty() {
            company.name.to_string()
        } else {
            format!("{} – {about}", company.name)
        };
        let number = format!("{} · Página {}", date(day), self.page_number);
        self.draw(MARGIN, |canvas| {
            let left = logo.as_ref().map_or(0.0, |logo| {
                let size = logo_size(logo, LOGO_BOX);
                canvas.logo([MARGIN, 0.0], size);
                size[0] + GUTTER
            });
            let mut pen = Pen::new(canvas, MARGIN + left, WIDTH - 2.0 * MARGIN - left);
            pen.row(Style::text(11.0).bold(), title, "");
            pen.columns(GUTTER, &[5.0, 1.0], |column, pen| match column {
                0 => pen.cut(Style::text(8.5), &whose),
                _ => pen.cut(Style::text(8.5).align(Align::Right), &number),
            });
        });
        self.draw(COLUMNS_TOP, |canvas| {
            canvas.rect(GREY, [MARGIN, 0.0], [WIDTH - 2.0 * MARGIN, 0.6]);
            canvas.rect(GREY, [MARGIN, 12.6], [WIDTH - 2.0 * MARGIN, 0.4]);
        });
        let names: Vec<String> = self.columns.iter().map(|column| column.name.clone()).collect();
        self.row(BODY.bold(), COLUMNS_TOP + 1.2, &names);
    }

    fn end_page(&mut self) -> io::Result<()> {
        let page = std::mem::take(&mut self.page);
        self.file.add_page(&page, WIDTH, HEIGHT)
    }
}

impl Column {
    /// What its amounts add up to; nothing of other columns.
    fn to_total(&self) -> String {
        if self.kind == Kind::Amount { amount(self.total.amount) } else { String::new() }
    }
}

fn line_top(line: u8) -> f32 {
    TOP + f32::from(line) * LINE_HEIGHT
}
