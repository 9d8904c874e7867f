//! A day's report on paper: a line for each collection and reversal, page after page.
//!
//! Every line is of one height, so that how many pages there will be is known from the counts, and a
//! page goes out as soon as it is full.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::Arc;

use ventanilla_domain::{DayTotals, Text, Total, civil_at};

use super::DayHeading;
use super::columns::Row;
use crate::figures::{amount, count, date, moment, period, sign_of};
use crate::pdf::{Align, Canvas, Fonts, Ink, MM, PdfFile, Pen, Style, Title, logo_size, place};

const WIDTH: f32 = 297.0 * MM;
const HEIGHT: f32 = 210.0 * MM;
const MARGIN: f32 = 13.0 * MM;
/// Where the heading of the columns stands, and the first line below it.
const COLUMNS_TOP: f32 = MARGIN + 38.0;
/// The room of a logo, in points.
const LOGO_BOX: [f32; 2] = [140.0, 32.0];
const TOP: f32 = COLUMNS_TOP + 15.0;
const LINE_HEIGHT: f32 = 11.4;
/// Lines a page, without the one of its subtotal.
const LINES: i64 = 39;
/// Lines that the sums at the end take, together.
const SUMS_LEN: i64 = 7;

const BODY: Style = Style::text(7.5);
const GREY: Ink = Ink::Grey(0.62);
const RED: Ink = Ink::Colour(0.75, 0.08, 0.08);

/// What stands under a heading: how wide it is, in points, and at which edge.
const COLUMNS: [(&str, f32, Align); 9] = [
    ("IdCobranza", 70.0, Align::Right),
    ("IdFactura", 70.0, Align::Right),
    ("Contrato", 60.0, Align::Left),
    ("Nombre", 162.0, Align::Left),
    ("Periodo", 34.0, Align::Left),
    ("Fecha de pago", 80.0, Align::Left),
    ("Cajero", 54.0, Align::Left),
    ("Estado", 102.0, Align::Left),
    ("Monto", 80.0, Align::Right),
];
/// Between columns.
const GUTTER: f32 = 7.0;

/// What the lines of a list are called.
const PAYMENTS: &str = "cobranzas";
const REVERSALS: &str = "reversiones";

/// A day's report that is being written.
#[derive(Debug)]
pub(super) struct DayPaper<W: Write> {
    heading: DayHeading,
    totals: DayTotals,
    file: PdfFile<W>,
    fonts: Fonts,
    page: Vec<u8>,
    page_number: i64,
    pages: i64,
    /// Lines of the page at hand that are taken.
    line: i64,
    /// The list at hand.
    list: &'static str,
    /// What the rows on the page at hand add up to, of the lists that stand on it.
    subtotals: Vec<(&'static str, Total)>,
}

/// How many pages the report takes: the lines of both lists with their headings and totals, and the sums.
fn pages(totals: &DayTotals) -> i64 {
    let list = |rows: i64| rows + 2;
    let reversals = if totals.reversed.count > 0 { 1 + list(totals.reversed.count) } else { 0 };
    let lines = list(totals.paid.count) + reversals;
    let taken = (lines - 1) % LINES + 1;
    let full = (lines - 1) / LINES + 1;
    full + i64::from(LINES - taken < SUMS_LEN)
}

impl<W: Write> DayPaper<W> {
    pub(super) fn start(heading: DayHeading, totals: DayTotals, out: W) -> io::Result<Self> {
        let mut paper = Self {
            heading,
            totals,
            file: PdfFile::start(out)?,
            fonts: Fonts::default(),
            page: Vec::new(),
            page_number: 1,
            pages: pages(&totals),
            line: 0,
            subtotals: Vec::new(),
            list: PAYMENTS,
        };
        paper.start_page();
        paper.heading(PAYMENTS)?;
        Ok(paper)
    }

    /// A payment of the day; one that was reversed is marked.
    pub(super) fn payment(&mut self, row: &Row<'_>) -> io::Result<()> {
        let ink = if row.reversal.is_some() { RED } else { Ink::BLACK };
        self.row(row, ink)
    }

    /// A reversal of the day.
    pub(super) fn reversal(&mut self, row: &Row<'_>) -> io::Result<()> {
        if self.list == PAYMENTS {
            self.total(self.totals.paid)?;
            self.next_line()?;
            self.heading(REVERSALS)?;
        }
        self.row(row, Ink::BLACK)
    }

    /// Ends the file.
    pub(super) fn finish(mut self) -> io::Result<()> {
        let is_paid = self.list == PAYMENTS;
        self.total(if is_paid { self.totals.paid } else { self.totals.reversed })?;
        if LINES - self.line < SUMS_LEN {
            self.turn()?;
        }
        self.sums();
        self.end_page()?;
        assert_eq!(self.page_number, self.pages, "the pages are as many as their numbers say");
        let title = format!("Reporte de cobranzas {}", date(self.heading.day.to_date()));
        let title = Title { title: &title, author: self.heading.company.name.as_str() };
        self.file.finish(title, &self.fonts, self.heading.logo.as_ref()).map(drop)
    }

    /// Draws at that height of the page.
    fn draw(&mut self, y: f32, draw: impl FnOnce(&mut Canvas<'_>)) {
        let mut canvas = Canvas::new(&mut self.fonts);
        draw(&mut canvas);
        place(&mut self.page, &canvas.finish(), y);
    }

    /// Where the next line stands.
    fn next_line(&mut self) -> io::Result<f32> {
        if self.line == LINES {
            self.turn()?;
        }
        self.line += 1;
        Ok(line_top(self.line - 1))
    }

    fn turn(&mut self) -> io::Result<()> {
        self.end_page()?;
        self.page_number += 1;
        self.start_page();
        Ok(())
    }

    fn start_page(&mut self) {
        let heading = self.heading.clone();
        self.line = 0;
        self.subtotals = vec![(self.list, Total::zero(heading.company.currency))];
        let number = format!("Página {} de {}", self.page_number, self.pages);
        let title = format!("Reporte de cobranzas del {}", date(heading.day.to_date()));
        let whose = format!("{} – {}", heading.company.name, heading.collector);
        let sign = sign_of(heading.company.currency);
        self.draw(MARGIN, |canvas| {
            let left = heading.logo.as_ref().map_or(0.0, |logo| {
                let size = logo_size(logo, LOGO_BOX);
                canvas.logo([MARGIN, 0.0], size);
                size[0] + GUTTER
            });
            let mut pen = Pen::new(canvas, MARGIN + left, WIDTH - 2.0 * MARGIN - left);
            pen.row(Style::text(11.0).bold(), &title, "");
            pen.columns(GUTTER, &[5.0, 1.0], |column, pen| match column {
                0 => pen.cut(Style::text(8.5), &whose),
                _ => pen.cut(Style::text(8.5).align(Align::Right), &number),
            });
        });
        self.draw(COLUMNS_TOP, |canvas| {
            canvas.rect(GREY, [MARGIN, 0.0], [WIDTH - 2.0 * MARGIN, 0.6]);
            canvas.rect(GREY, [MARGIN, 12.6], [WIDTH - 2.0 * MARGIN, 0.4]);
            for (place, (name, ..)) in COLUMNS.iter().enumerate() {
                let is_amount = place + 1 == COLUMNS.len();
                let name =
                    if is_amount { format!("{name} ({sign})").into() } else { Cow::from(*name) };
                cell(canvas, BODY.bold(), place, 1.2, &name);
            }
        });
    }

    /// Writes the page with what its rows add up to.
    fn end_page(&mut self) -> io::Result<()> {
        let mut subtotals = std::mem::take(&mut self.subtotals);
        subtotals.retain(|(_, total)| total.count > 0);
        self.draw(line_top(LINES) + 2.0, |canvas| {
            let mut pen = Pen::new(canvas, MARGIN, WIDTH - 2.0 * MARGIN);
            for (list, total) in &subtotals {
                pen.rule(GREY, 0.4);
                let told = format!("Subtotal de la página, {list}: {}", count(total.count));
                pen.row(BODY, &told, &amount(total.amount));
            }
        });
        let page = std::mem::take(&mut self.page);
        self.file.add_page(&page, WIDTH, HEIGHT)
    }

    /// Begins a list.
    fn heading(&mut self, list: &'static str) -> io::Result<()> {
        let y = self.next_line()?;
        self.list = list;
        self.subtotals.push((list, Total::zero(self.heading.company.currency)));
        self.draw(y, |canvas| {
            let mut pen = Pen::new(canvas, MARGIN, WIDTH - 2.0 * MARGIN);
            pen.text(BODY.bold(), &format!("Las {list} del día"));
        });
        Ok(())
    }

    /// Ends the list at hand.
    fn total(&mut self, total: Total) -> io::Result<()> {
        let y = self.next_line()?;
        let told = format!("Total de {}: {}", self.list, count(total.count));
        self.draw(y, |canvas| {
            let mut pen = Pen::new(canvas, MARGIN, WIDTH - 2.0 * MARGIN);
            pen.row(BODY.bold(), &told, &amount(total.amount));
        });
        Ok(())
    }

    fn row(&mut self, row: &Row<'_>, ink: Ink) -> io::Result<()> {
        let y = self.next_line()?;
        if let Some((_, subtotal)) = self.subtotals.last_mut() {
            *subtotal = subtotal.checked_add(row.amount).map_err(io::Error::other)?;
        }
        let payment = row.payment;
        let company = Arc::clone(&self.heading.company);
        let at = |instant| moment(civil_at(&company, instant));
        let state = row.reversal.map_or_else(String::new, |reversal| {
            // The minute is enough here: it was reversed on this very day, or is listed by itself.
            let at = at(reversal.recorded_at);
            format!("revertida {}", at.get(..16).unwrap_or(&at))
        });
        let cells = [
            payment.id.to_string(),
            payment.bill.to_string(),
            payment.contract_code.to_string(),
            payment.member_name.to_string(),
            period(payment.period),
            at(payment.recorded_at),
            payment.place.cashier.as_ref().map(Text::to_string).unwrap_or_default(),
            state,
            amount(row.amount),
        ];
        self.draw(y, |canvas| {
            for (place, text) in cells.iter().enumerate() {
                cell(canvas, BODY.ink(ink), place, 0.0, text);
            }
        });
        Ok(())
    }

    /// What the day adds up to, and what a file of it is checked by: the number of its records, and the sum of
    /// their amounts.
    fn sums(&mut self) {
        let DayTotals { paid, reversed, net } = self.totals;
        let sign = sign_of(self.heading.company.currency);
        let told = |name: &str, total: Total| {
            (format!("{name}: {}", count(total.count)), format!("{sign} {}", amount(total.amount)))
        };
        let records = count(paid.count.saturating_add(reversed.count));
        let sum = paid.amount.checked_add(reversed.amount).unwrap_or(paid.amount);
        let rows = [
            told("Pagadas", paid),
            told("Revertidas", reversed),
            told("Neto", net),
            (
                format!("Cantidad de registros: {records}"),
                format!("Suma de control: {}", amount(sum)),
            ),
        ];
        let y = line_top(self.line) + LINE_HEIGHT;
        self.draw(y, |canvas| {
            let mut pen = Pen::new(canvas, MARGIN, 300.0);
            pen.boxed(GREY, 5.0, |pen| {
                for (name, figure) in &rows {
                    pen.row(BODY.bold(), name, figure);
                }
            });
        });
    }
}

fn line_top(line: i64) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "a page has few lines")]
    let line = line as f32;
    TOP + line * LINE_HEIGHT
}

/// Writes a cell of the line at hand, cut where its column ends.
fn cell(canvas: &mut Canvas<'_>, style: Style, place: usize, y: f32, text: &str) {
    let (_, width, align) = COLUMNS[place];
    let left: f32 = COLUMNS[..place].iter().map(|(_, width, _)| width + GUTTER).sum();
    let mut pen = Pen::new(canvas, MARGIN + left, width);
    pen.gap(y);
    pen.cut(style.align(align), text);
}
