//! Blocks that follow each other down a page, and over to the next.

use std::io;

use ventanilla_domain::Logo;

use super::{Canvas, Face, Fonts, Ink, MM, PdfFile, Pen, Style, Title};
use crate::pdf::Align;

/// What is printed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paper {
    /// Pages of 210 mm × 297 mm.
    A4,
    /// One strip, 80 mm wide, as long as it needs to be.
    Roll,
}

impl Paper {
    /// In points.
    const fn width(self) -> f32 {
        match self {
            Self::A4 => 210.0 * MM,
            Self::Roll => 80.0 * MM,
        }
    }

    /// The greatest, in points. A strip longer than this has no form in PDF (5 m): it goes on in another.
    const fn height_max(self) -> f32 {
        match self {
            Self::A4 => 297.0 * MM,
            Self::Roll => 14_400.0,
        }
    }

    /// Of a page that is written as far down as this, in points.
    fn height(self, y: f32) -> f32 {
        match self {
            Self::A4 => self.height_max(),
            Self::Roll => (y + self.margin()).min(self.height_max()),
        }
    }

    /// In points. A roll's printer reaches 72 of its 80 mm.
    const fn margin(self) -> f32 {
        match self {
            Self::A4 => 15.0 * MM,
            Self::Roll => 4.0 * MM,
        }
    }
}

/// A document under way.
#[derive(Debug)]
pub(crate) struct Sheet {
    paper: Paper,
    fonts: Fonts,
    /// The pages before the last, which is the one at hand, and how far down each is written.
    pages: Vec<(Vec<u8>, f32)>,
    page: Vec<u8>,
    y: f32,
}

impl Sheet {
    pub(crate) fn new(paper: Paper) -> Self {
        let (fonts, pages, page) = (Fonts::default(), Vec::new(), Vec::new());
        Self { paper, fonts, pages, page, y: paper.margin() }
    }

    /// Draws a block that stays together, on the next page where this one is too full.
    pub(crate) fn block(&mut self, draw: impl FnOnce(&mut Pen<'_, '_>)) {
        let mut canvas = Canvas::new(&mut self.fonts);
        let margin = self.paper.margin();
        let mut pen = Pen::new(&mut canvas, margin, self.paper.width() - 2.0 * margin);
        draw(&mut pen);
        let height = pen.y();
        let drawn = canvas.finish();
        let is_over = self.y + height > self.paper.height_max() - margin;
        if is_over && self.y > margin {
            self.pages.push((std::mem::take(&mut self.page), self.y));
            self.y = margin;
        }
        place(&mut self.page, &drawn, self.y);
        self.y += height;
    }

    /// Leaves room; at the end of a page it is not carried over.
    pub(crate) fn gap(&mut self, height: f32) {
        self.y += height;
    }

    /// The file, each page under a stamp if there is one, and numbered if there are several; with the logo that
    /// was drawn.
    pub(crate) fn finish(
        mut self,
        title: Title<'_>,
        stamp: Option<&str>,
        logo: Option<&Logo>,
    ) -> Vec<u8> {
        let mut pages = std::mem::take(&mut self.pages);
        pages.push((std::mem::take(&mut self.page), self.y));
        let width = self.paper.width();
        let written = (|| {
            let mut file = PdfFile::start(Vec::new())?;
            let count = pages.len();
            for (number, (page, y)) in (1..).zip(pages) {
                let height = self.paper.height(y);
                let mut drawn = self.stamped(stamp, width, height);
                drawn.extend(page);
                if count > 1 {
                    drawn.extend(self.numbered(number, count, height));
                }
                file.add_page(&drawn, width, height)?;
            }
            file.finish(title, &self.fonts, logo)
        })();
        written.unwrap_or_else(|error: io::Error| unreachable!("writing to memory: {error}"))
    }

    /// The stamp lies under what is written, so that all of it stays readable.
    fn stamped(&mut self, stamp: Option<&str>, width: f32, height: f32) -> Vec<u8> {
        let Some(stamp) = stamp else { return Vec::new() };
        let mut canvas = Canvas::new(&mut self.fonts);
        // As long as three quarters of the page are wide, rising by 30°.
        let size = width * 0.75 / Face::Bold.width(stamp, 1.0);
        let middle = [width / 2.0, height.min(width * 1.3) / 2.0];
        canvas.slanted(Face::Bold, size, Ink::Colour(0.97, 0.72, 0.72), middle, stamp);
        let mut drawn = Vec::new();
        place(&mut drawn, &canvas.finish(), 0.0);
        drawn
    }

    fn numbered(&mut self, number: usize, count: usize, height: f32) -> Vec<u8> {
        let margin = self.paper.margin();
        let mut canvas = Canvas::new(&mut self.fonts);
        let mut pen = Pen::new(&mut canvas, margin, self.paper.width() - 2.0 * margin);
        pen.text(Style::text(7.5).align(Align::Right), &format!("Página {number} de {count}"));
        let mut drawn = Vec::new();
        place(&mut drawn, &canvas.finish(), height - margin * 0.8);
        drawn
    }
}

/// Puts a drawing that far below the top of a page, in a state of its own.
pub(crate) fn place(page: &mut Vec<u8>, drawn: &[u8], y: f32) {
    page.extend(format!("q 1 0 0 1 0 {:.3} cm\n", -y).as_bytes());
    page.extend_from_slice(drawn);
    page.extend_from_slice(b"\nQ\n");
}
