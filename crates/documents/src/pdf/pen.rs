//! A column of text that grows downwards.

use ventanilla_domain::Logo;

use super::font::{ASCENT, DESCENT};
use super::{Canvas, Face, Ink, QrCode};

/// Where a line stands in its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    /// At the left edge.
    Left,
    /// In the middle.
    Centre,
    /// At the right edge.
    Right,
}

impl Align {
    /// How much of the room beside it is on its left.
    const fn indent(self, room: f32) -> f32 {
        match self {
            Self::Left => 0.0,
            Self::Centre => room / 2.0,
            Self::Right => room,
        }
    }
}

/// How a text looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Style {
    pub(crate) face: Face,
    /// In points.
    pub(crate) size: f32,
    pub(crate) ink: Ink,
    pub(crate) align: Align,
}

impl Style {
    /// Running text of a size.
    pub(crate) const fn text(size: f32) -> Self {
        Self { face: Face::Regular, size, ink: Ink::BLACK, align: Align::Left }
    }

    /// The same in bold.
    pub(crate) const fn bold(self) -> Self {
        Self { face: Face::Bold, ..self }
    }

    /// The same with an ink.
    pub(crate) const fn ink(self, ink: Ink) -> Self {
        Self { ink, ..self }
    }

    /// The same elsewhere in its column.
    pub(crate) const fn align(self, align: Align) -> Self {
        Self { align, ..self }
    }

    fn width(self, text: &str) -> f32 {
        self.face.width(text, self.size)
    }

    /// How high a line is.
    const fn leading(self) -> f32 {
        self.size * (ASCENT + DESCENT)
    }
}

/// A column on a canvas, and how far down it is written.
#[derive(Debug)]
pub(crate) struct Pen<'c, 'f> {
    canvas: &'c mut Canvas<'f>,
    left: f32,
    width: f32,
    y: f32,
}

impl<'c, 'f> Pen<'c, 'f> {
    /// A column from the top of a canvas.
    pub(crate) fn new(canvas: &'c mut Canvas<'f>, left: f32, width: f32) -> Self {
        Self { canvas, left, width, y: 0.0 }
    }

    /// How far down the column is written, in points.
    pub(crate) fn y(&self) -> f32 {
        self.y
    }

    /// Leaves room.
    pub(crate) fn gap(&mut self, height: f32) {
        self.y += height;
    }

    /// Draws columns beside each other, by their number from 0, each as wide as its share of the width
    /// less the gutters between them, and goes on below the longest.
    pub(crate) fn columns(
        &mut self,
        gutter: f32,
        shares: &[f32],
        mut draw: impl FnMut(usize, &mut Pen<'_, 'f>),
    ) {
        let gutters = shares.iter().skip(1).fold(0.0, |sum, _| sum + gutter);
        let unit = (self.width - gutters) / shares.iter().sum::<f32>();
        let (top, mut left, mut bottom) = (self.y, self.left, self.y);
        for (number, share) in shares.iter().enumerate() {
            let width = share * unit;
            let mut pen = Pen { canvas: &mut *self.canvas, left, width, y: top };
            draw(number, &mut pen);
            bottom = bottom.max(pen.y);
            left += width + gutter;
        }
        self.y = bottom;
    }

    /// Draws inside a frame with some room around.
    pub(crate) fn boxed(&mut self, ink: Ink, padding: f32, draw: impl FnOnce(&mut Pen<'_, 'f>)) {
        let (top, left, width) = (self.y, self.left, self.width);
        let mut pen = Pen {
            canvas: &mut *self.canvas,
            left: left + padding,
            width: width - 2.0 * padding,
            y: top + padding,
        };
        draw(&mut pen);
        self.y = pen.y + padding;
        self.canvas.frame(ink, [left, top], [width, self.y - top], 0.8);
    }

    /// A line across the column.
    pub(crate) fn rule(&mut self, ink: Ink, thickness: f32) {
        self.canvas.rect(ink, [self.left, self.y], [self.width, thickness]);
        self.y += thickness;
    }

    /// A paragraph.
    pub(crate) fn text(&mut self, style: Style, text: &str) {
        for line in wrapped(style, text, self.width) {
            self.line(style, line);
        }
    }

    /// A line that is written smaller where it is too long, down to 60 % of its size.
    pub(crate) fn fitted(&mut self, style: Style, text: &str) {
        let share = (self.width / style.width(text)).clamp(0.6, 1.0);
        self.text(Style { size: style.size * share, ..style }, text);
    }

    /// One line, cut where the column ends.
    pub(crate) fn cut(&mut self, style: Style, text: &str) {
        if style.width(text) <= self.width {
            return self.line(style, text);
        }
        let end = letters_end(style, text, self.width - style.width("…"));
        self.line(style, &format!("{}…", &text[..end]));
    }

    fn line(&mut self, style: Style, line: &str) {
        self.place(style, line);
        self.y += style.leading();
    }

    /// Writes a line without going on to the next.
    fn place(&mut self, style: Style, line: &str) {
        let indent = style.align.indent(self.width - style.width(line));
        let at = [self.left + indent, self.y + style.size * ASCENT];
        self.canvas.text(style.face, style.size, style.ink, at, line);
    }

    /// A label in bold and what it names, which goes on under itself.
    pub(crate) fn named(&mut self, style: Style, label: &str, value: &str) {
        let bold = style.bold();
        let indent = bold.width(label) + style.size * 0.35;
        self.place(bold, label);
        let (left, width) = (self.left + indent, self.width - indent);
        let mut pen = Pen { canvas: &mut *self.canvas, left, width, y: self.y };
        pen.text(style, value);
        self.y = pen.y.max(self.y + style.leading());
    }

    /// The same where there is anything to tell.
    pub(crate) fn told(&mut self, style: Style, label: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.named(style, label, value);
        }
    }

    /// A text on the left and a figure on the right, at its last line.
    pub(crate) fn row(&mut self, style: Style, text: &str, figure: &str) {
        let figure_style = style.align(Align::Right);
        let room = self.width - style.width(figure) - style.size;
        let lines: Vec<&str> = wrapped(style, text, room);
        let count = lines.len();
        for (number, line) in (1..).zip(lines) {
            if number == count {
                self.place(figure_style, figure);
            }
            self.line(style, line);
        }
        if count == 0 {
            self.line(figure_style, figure);
        }
    }

    /// The file's logo, as large as it fits into the column and a box, in points, and with its own shape.
    pub(crate) fn logo(&mut self, logo: &Logo, [width, height]: [f32; 2], align: Align) {
        let size = logo_size(logo, [width.min(self.width), height]);
        let at = [self.left + align.indent(self.width - size[0]), self.y];
        self.canvas.logo(at, size);
        self.y += size[1];
    }

    /// A QR code of that side.
    pub(crate) fn qr(&mut self, code: &QrCode, side: f32, align: Align) {
        let at = [self.left + align.indent(self.width - side), self.y];
        self.canvas.qr(code, at, side);
        self.y += side;
    }
}

/// How large a logo is that fills a box in its own shape, in points.
pub(crate) fn logo_size(logo: &Logo, [width, height]: [f32; 2]) -> [f32; 2] {
    #[expect(clippy::cast_precision_loss, reason = "a logo has few dots a side")]
    let [across, down] = [logo.width(), logo.height()].map(|dots| dots as f32);
    let scale = (width / across).min(height / down);
    [across * scale, down * scale]
}

/// A text in lines of that width at most: broken between words, and a word that is too long wherever
/// it must be.
fn wrapped(style: Style, text: &str, width: f32) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = line_end(style, rest, width);
        lines.push(rest[..end].trim_end());
        rest = rest[end..].trim_start();
    }
    lines
}

/// Where the first line of a text ends: at least one character in.
fn line_end(style: Style, text: &str, width: f32) -> usize {
    let end = letters_end(style, text, width);
    if end == text.len() || text[end..].starts_with(' ') {
        return end;
    }
    let last_blank = text[..end].rfind(' ').filter(|blank| *blank > 0);
    let first_len = text.chars().next().map_or(0, char::len_utf8);
    last_blank.unwrap_or(end.max(first_len))
}

/// How many bytes of a text are letters that fit into that width.
fn letters_end(style: Style, text: &str, width: f32) -> usize {
    let (mut reached, mut letter_text) = (0.0, [0; 4]);
    for (place, letter) in text.char_indices() {
        reached += style.width(letter.encode_utf8(&mut letter_text));
        if reached > width {
            return place;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, width: f32, expected: &[&str]) {
        let style = Style::text(10.0);
        let lines = wrapped(style, text, width);
        assert_eq!(lines, expected);
        assert!(lines.iter().all(|line| style.width(line) <= width || line.chars().count() == 1));
    }

    #[test]
    fn a_text_breaks_between_words_or_where_it_must() {
        check("", 50.0, &[]);
        check("Agua", 50.0, &["Agua"]);
        check("Agua potable y saneamiento", 70.0, &["Agua potable", "y saneamiento"]);
        check("Alcantarillado", 30.0, &["Alcant", "arillad", "o"]);
        check("  dos   blancos  ", 1000.0, &["dos   blancos"]);
        check("ññ", 1.0, &["ñ", "ñ"]);
    }
}
