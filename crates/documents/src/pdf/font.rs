//! The typeface: what a text measures, and the glyphs that a file must hold.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::LazyLock;

use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Chunk, Name, Rect, Ref, Str};
use subsetter::GlyphRemapper;

use super::file::{PdfFile, deflated};

/// The weights of the typeface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Face {
    /// Running text.
    Regular,
    /// Headings and what must be found at a glance.
    Bold,
}

const REGULAR: &[u8] = include_bytes!("../../fonts/NotoSans-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../../fonts/NotoSans-Bold.ttf");

/// What stands for a character that the typeface lacks.
const MISSING: char = '□';

/// Codes of characters up to this one are looked up in a table.
const TABLE_LEN: usize = 0x2200;

/// How high above and below its line a text of size 1 reaches.
pub(crate) const ASCENT: f32 = 1.069;
pub(crate) const DESCENT: f32 = 0.293;
const CAP_HEIGHT: f32 = 714.0;

/// One weight, read once.
struct Metrics {
    data: &'static [u8],
    name: &'static str,
    stem: f32,
    bounds: Rect,
    /// The glyph of each character of the table; 0 where there is none.
    glyphs: Vec<u16>,
    /// The glyphs of characters beyond the table.
    further: BTreeMap<char, u16>,
    /// Widths by glyph, in thousandths of the size.
    widths: Vec<u16>,
    missing: u16,
}

static METRICS: LazyLock<[Metrics; 2]> = LazyLock::new(|| {
    [Metrics::read(REGULAR, "NotoSans-Regular", 80.0), Metrics::read(BOLD, "NotoSans-Bold", 140.0)]
});

impl Metrics {
    fn read(data: &'static [u8], name: &'static str, stem: f32) -> Self {
        let face = ttf_parser::Face::parse(data, 0).expect("the embedded typeface is sound");
        assert_eq!(face.units_per_em(), 1000, "widths are thousandths of the size");
        let widths = (0..face.number_of_glyphs())
            .map(|glyph| face.glyph_hor_advance(ttf_parser::GlyphId(glyph)).unwrap_or(0));
        let (mut glyphs, mut further) = (vec![0; TABLE_LEN], BTreeMap::new());
        for (letter, glyph) in characters(&face) {
            match glyphs.get_mut(letter as usize) {
                Some(place) => *place = glyph,
                None => drop(further.insert(letter, glyph)),
            }
        }
        let bounds = face.global_bounding_box();
        let [left, bottom, right, top] =
            [bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max].map(f32::from);
        let missing = further.get(&MISSING).copied().unwrap_or(0);
        let bounds = Rect::new(left, bottom, right, top);
        Self { data, name, stem, bounds, glyphs, further, widths: widths.collect(), missing }
    }

    fn glyph_of(&self, letter: char) -> u16 {
        let found = match self.glyphs.get(letter as usize) {
            Some(glyph) => *glyph,
            None => self.further.get(&letter).copied().unwrap_or(0),
        };
        if found == 0 { self.missing } else { found }
    }

    fn width_of(&self, glyph: u16) -> u16 {
        self.widths.get(usize::from(glyph)).copied().unwrap_or(0)
    }
}

/// All characters of a face with their glyphs.
fn characters(face: &ttf_parser::Face<'_>) -> Vec<(char, u16)> {
    let mut found = Vec::new();
    let tables = face.tables().cmap.into_iter().flat_map(|cmap| cmap.subtables);
    for table in tables.filter(ttf_parser::cmap::Subtable::is_unicode) {
        table.codepoints(|code| {
            let letter = char::from_u32(code);
            let glyph = table.glyph_index(code);
            found.extend(letter.zip(glyph).map(|(letter, glyph)| (letter, glyph.0)));
        });
    }
    found
}

impl Face {
    fn metrics(self) -> &'static Metrics {
        let [regular, bold] = &*METRICS;
        match self {
            Self::Regular => regular,
            Self::Bold => bold,
        }
    }

    /// How wide a text of that size is, in points.
    pub(crate) fn width(self, text: &str, size: f32) -> f32 {
        let metrics = self.metrics();
        let units: u32 =
            text.chars().map(|letter| u32::from(metrics.width_of(metrics.glyph_of(letter)))).sum();
        #[expect(clippy::cast_precision_loss, reason = "a line is far below 2^23 units")]
        let units = units as f32;
        units * size / 1000.0
    }

    /// What the face is called in a page's resources.
    pub(crate) const fn resource(self) -> Name<'static> {
        match self {
            Self::Regular => Name(b"R"),
            Self::Bold => Name(b"B"),
        }
    }
}

/// The glyphs that one file uses.
#[derive(Debug, Default)]
pub(crate) struct Fonts {
    regular: Used,
    bold: Used,
}

/// The glyphs of one face that a file uses, numbered anew in the order they came.
#[derive(Debug, Default)]
struct Used {
    glyphs: GlyphRemapper,
    /// The new number of each glyph of the face; 0 where the file does not use it yet.
    codes: Vec<u16>,
    /// The character that each glyph of the file stands for first, by its new number.
    letters: BTreeMap<u16, (char, u16)>,
}

impl Fonts {
    /// The text as codes of the file's own glyphs, two bytes each.
    pub(crate) fn encode(&mut self, face: Face, text: &str, codes: &mut Vec<u8>) {
        let metrics = face.metrics();
        let used = self.used_mut(face);
        for letter in text.chars() {
            codes.extend(used.code_of(metrics, letter).to_be_bytes());
        }
    }

    fn used_mut(&mut self, face: Face) -> &mut Used {
        match face {
            Face::Regular => &mut self.regular,
            Face::Bold => &mut self.bold,
        }
    }

    /// Writes both faces under the references given.
    pub(crate) fn write<W: Write>(
        &self,
        file: &mut PdfFile<W>,
        regular: Ref,
        bold: Ref,
    ) -> io::Result<()> {
        self.regular.write(file, Face::Regular.metrics(), regular)?;
        self.bold.write(file, Face::Bold.metrics(), bold)
    }
}

/// How a subset names its glyphs: by their numbers.
const SYSTEM: SystemInfo<'_> =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

impl Used {
    fn code_of(&mut self, metrics: &Metrics, letter: char) -> u16 {
        let glyph = metrics.glyph_of(letter);
        if self.codes.is_empty() {
            self.codes.resize(metrics.widths.len(), 0);
        }
        let known = self.codes[usize::from(glyph)];
        if known > 0 {
            return known;
        }
        let code = self.glyphs.remap(glyph);
        self.codes[usize::from(glyph)] = code;
        let letter = if glyph == metrics.missing { MISSING } else { letter };
        self.letters.insert(code, (letter, glyph));
        code
    }

    fn write<W: Write>(&self, file: &mut PdfFile<W>, metrics: &Metrics, id: Ref) -> io::Result<()> {
        let [cid_font, descriptor, data, cmap] = std::array::from_fn(|_| file.new_ref());
        // A name of its own, so that no viewer takes it for the whole typeface.
        let name = format!("VENTAN+{}", metrics.name);
        let name = Name(name.as_bytes());
        let mut font = Chunk::new();
        font.type0_font(id)
            .base_font(name)
            .encoding_predefined(Name(b"Identity-H"))
            .descendant_font(cid_font)
            .to_unicode(cmap);
        file.write(&font)?;
        self.write_cid_font(file, metrics, name, [cid_font, descriptor])?;
        write_descriptor(file, metrics, name, [descriptor, data])?;
        self.write_data(file, metrics, data)?;
        self.write_cmap(file, cmap)
    }

    fn write_cid_font<W: Write>(
        &self,
        file: &mut PdfFile<W>,
        metrics: &Metrics,
        name: Name<'_>,
        [id, descriptor]: [Ref; 2],
    ) -> io::Result<()> {
        let mut chunk = Chunk::new();
        let mut font = chunk.cid_font(id);
        font.subtype(CidFontType::Type2)
            .base_font(name)
            .system_info(SYSTEM)
            .font_descriptor(descriptor)
            .cid_to_gid_map_predefined(Name(b"Identity"));
        let widths = self.letters.values();
        let widths = widths.map(|(_, glyph)| f32::from(metrics.width_of(*glyph)));
        // The first glyph of a subset, 0, is the one for nothing.
        font.widths().consecutive(1, widths);
        drop(font);
        file.write(&chunk)
    }

    fn write_data<W: Write>(
        &self,
        file: &mut PdfFile<W>,
        metrics: &Metrics,
        id: Ref,
    ) -> io::Result<()> {
        let subset = subsetter::subset(metrics.data, 0, &self.glyphs);
        let subset = subset.expect("the embedded typeface is sound");
        let data = deflated(&subset);
        let mut chunk = Chunk::new();
        let len = i32::try_from(subset.len()).expect("the typeface is below 100 KB");
        chunk.stream(id, &data).filter(pdf_writer::Filter::FlateDecode).pair(Name(b"Length1"), len);
        file.write(&chunk)
    }

    /// What each glyph means, for whoever searches or copies the text.
    fn write_cmap<W: Write>(&self, file: &mut PdfFile<W>, id: Ref) -> io::Result<()> {
        let mut cmap = UnicodeCmap::new(Name(b"Ventanilla"), SYSTEM);
        for (code, (letter, _)) in &self.letters {
            cmap.pair(*code, *letter);
        }
        let cmap = deflated(&cmap.finish());
        let mut chunk = Chunk::new();
        chunk.stream(id, &cmap).filter(pdf_writer::Filter::FlateDecode);
        file.write(&chunk)
    }
}

fn write_descriptor<W: Write>(
    file: &mut PdfFile<W>,
    metrics: &Metrics,
    name: Name<'_>,
    [id, data]: [Ref; 2],
) -> io::Result<()> {
    let mut chunk = Chunk::new();
    chunk
        .font_descriptor(id)
        .name(name)
        .flags(FontFlags::NON_SYMBOLIC)
        .bbox(metrics.bounds)
        .italic_angle(0.0)
        .ascent(ASCENT * 1000.0)
        .descent(DESCENT * -1000.0)
        .cap_height(CAP_HEIGHT)
        .stem_v(metrics.stem)
        .font_file2(data);
    file.write(&chunk)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_faces_have_every_letter_that_is_printed() {
        let letters = "ÁÉÍÓÚÜÑáéíóúüñ¿¡ºª°N°–—…«»“”‘’€₡ǴĝÑʼãẽĩõũỹÃẼĨÕŨỸçÇЖΩ□0123456789";
        for face in [Face::Regular, Face::Bold] {
            for letter in letters.chars() {
                let metrics = face.metrics();
                let glyph = metrics.glyph_of(letter);
                assert!(letter == MISSING || glyph != metrics.missing, "{letter}");
                assert!(metrics.width_of(glyph) > 0, "{letter}");
            }
            assert_eq!(face.metrics().glyph_of('漢'), face.metrics().missing);
        }
    }

    #[test]
    fn figures_are_all_of_one_width() {
        for face in [Face::Regular, Face::Bold] {
            let metrics = face.metrics();
            let widths = "0123456789".chars().map(|it| metrics.width_of(metrics.glyph_of(it)));
            assert!(widths.clone().all(|width| width == 572), "{:?}", widths.collect::<Vec<_>>());
            assert!((face.width("00", 10.0) - 11.44).abs() < 0.001);
        }
    }
}
