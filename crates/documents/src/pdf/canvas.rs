//! A surface to draw on: points to the right and downwards from its upper left corner.

use std::fmt;

use pdf_writer::{Content, Str};

use super::{Face, Fonts, QrCode, picture};

/// What is drawn with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Ink {
    /// From 0 (black) to 1 (white).
    Grey(f32),
    /// Red, green and blue, each from 0 to 1.
    Colour(f32, f32, f32),
}

impl Ink {
    pub(crate) const BLACK: Self = Self::Grey(0.0);
}

/// A drawing under way, in black until another ink is asked for.
pub(crate) struct Canvas<'f> {
    content: Content,
    fonts: &'f mut Fonts,
    fill: Ink,
    /// The codes of the text at hand.
    codes: Vec<u8>,
}

impl fmt::Debug for Canvas<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Canvas").field("len", &self.content.len()).finish_non_exhaustive()
    }
}

impl<'f> Canvas<'f> {
    pub(crate) fn new(fonts: &'f mut Fonts) -> Self {
        Self { content: Content::new(), fonts, fill: Ink::BLACK, codes: Vec::new() }
    }

    /// The drawing's operators.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.content.finish().into_vec()
    }

    fn fill(&mut self, ink: Ink) {
        if self.fill != ink {
            self.fill = ink;
            match ink {
                Ink::Grey(grey) => self.content.set_fill_gray(grey),
                Ink::Colour(red, green, blue) => self.content.set_fill_rgb(red, green, blue),
            };
        }
    }

    /// Writes a text whose line is `y` below the top.
    pub(crate) fn text(&mut self, face: Face, size: f32, ink: Ink, [x, y]: [f32; 2], text: &str) {
        if text.is_empty() {
            return;
        }
        self.fill(ink);
        self.codes.clear();
        self.fonts.encode(face, text, &mut self.codes);
        self.content
            .begin_text()
            .set_font(face.resource(), size)
            .next_line(x, -y)
            .show(Str(&self.codes))
            .end_text();
    }

    /// Writes a text through a point that is its middle, rising to the right.
    pub(crate) fn slanted(
        &mut self,
        face: Face,
        size: f32,
        ink: Ink,
        [x, y]: [f32; 2],
        text: &str,
    ) {
        const SINE: f32 = 0.5;
        const COSINE: f32 = 0.866;
        self.fill(ink);
        self.content.save_state().transform([COSINE, SINE, -SINE, COSINE, x, -y]);
        self.text(face, size, ink, [face.width(text, size) / -2.0, 0.0], text);
        self.content.restore_state();
    }

    /// Fills a rectangle.
    pub(crate) fn rect(&mut self, ink: Ink, [x, y]: [f32; 2], [width, height]: [f32; 2]) {
        self.fill(ink);
        self.content.rect(x, -y - height, width, height).fill_nonzero();
    }

    /// Draws the edges of a rectangle, inside it.
    pub(crate) fn frame(&mut self, ink: Ink, at: [f32; 2], size: [f32; 2], thickness: f32) {
        let ([x, y], [width, height]) = (at, size);
        self.rect(ink, at, [width, thickness]);
        self.rect(ink, [x, y + height - thickness], [width, thickness]);
        self.rect(ink, at, [thickness, height]);
        self.rect(ink, [x + width - thickness, y], [thickness, height]);
    }

    /// Draws the file's logo into a rectangle.
    pub(crate) fn logo(&mut self, [x, y]: [f32; 2], [width, height]: [f32; 2]) {
        self.content.save_state().transform([width, 0.0, 0.0, height, x, -y - height]);
        self.content.x_object(picture::RESOURCE).restore_state();
    }

    /// Draws a QR code as a square of that side, its quiet zone outside.
    pub(crate) fn qr(&mut self, code: &QrCode, [x, y]: [f32; 2], side: f32) {
        self.fill(Ink::BLACK);
        // In modules, which are small whole numbers: a third of the bytes.
        let module = side / code.modules();
        self.content.save_state().transform([module, 0.0, 0.0, module, x, -y]);
        for run in code.runs() {
            self.content.rect(run.column, -run.row - 1.0, run.len, 1.0);
        }
        self.content.fill_nonzero().restore_state();
    }
}
