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

/// What stands for a character that the typeface lacks: its glyph for nothing is a box, and this is what
/// the box reads as.
const MISSING: char = '□';
/// That glyph, in the typeface and in every subset.
const MISSING_GLYPH: u16 = 0;

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
        let bounds = Rect::new(left, bottom, right, top);
        Self { data, name, stem, bounds, glyphs, further, widths: widths.collect() }
    }

    fn glyph_of(&self, letter: char) -> u16 {
        match self.glyphs.get(letter as usize) {
            Some(glyph) => *glyph,
            None => self.further.get(&letter).copied().unwrap_or(MISSING_GLYPH),
        }
    }

    fn width_of(&self, glyph: u16) -> u16 {
        self.widths.get(usize::from(glyph)).copied().unwrap_or(0)
    }
}

/// A character as it is set: marks that are not seen are left out, blanks of any width are a blank.
fn shown(letter: char) -> Option<char> {
    match letter {
        '\u{200B}'..='\u{200F}'
        | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{2064}'
        | '\u{FEFF}'
        | '\u{AD}' => None,
        '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}' | '\u{A0}' => Some(' '),
        '\u{2212}' => Some('-'),
        _ => Some(letter),
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
        let units: u32 = text
            .chars()
            .filter_map(shown)
            .map(|letter| u32::from(metrics.width_of(metrics.glyph_of(letter))))
            .sum();
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
        for letter in text.chars().filter_map(shown) {
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
        let letter = if glyph == MISSING_GLYPH { MISSING } else { letter };
        self.letters.insert(code, (letter, glyph));
        code
    }

    /// The widths of the glyphs from number 1 on; number 0 is the one for what is missing.
    fn widths(&self, metrics: &Metrics) -> impl Iterator<Item = f32> {
        let glyphs = self.letters.range(1..).map(|(_, (_, glyph))| *glyph);
        glyphs.map(|glyph| f32::from(metrics.width_of(glyph)))
    }

    /// Six letters that tell this subset from others, for whoever puts several files into one.
    fn tag(&self) -> String {
        const LETTERS: &[u8; 26] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        // FNV-1a over the glyphs.
        let mut hash = self.letters.values().fold(0xcbf2_9ce4_8422_2325_u64, |hash, (_, glyph)| {
            (hash ^ u64::from(*glyph)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut letter = || {
            let place = usize::try_from(hash % 26).expect("it is below 26");
            hash /= 26;
            char::from(LETTERS[place])
        };
        (0..6).map(|_| letter()).collect()
    }

    fn write<W: Write>(&self, file: &mut PdfFile<W>, metrics: &Metrics, id: Ref) -> io::Result<()> {
        let [cid_font, descriptor, data, cmap] = std::array::from_fn(|_| file.new_ref());
        let name = format!("{}+{}", self.tag(), metrics.name);
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
        font.default_width(f32::from(metrics.width_of(MISSING_GLYPH)));
        font.widths().consecutive(1, self.widths(metrics));
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
        let letters = "ÁÉÍÓÚÜÑáéíóúüñ¿¡ºª°N°–—…«»“”‘’€₡ǴĝÑʼãẽĩõũỹÃẼĨÕŨỸçÇЖΩ0123456789";
        for metrics in [Face::Regular, Face::Bold].map(Face::metrics) {
            for letter in letters.chars() {
                let glyph = metrics.glyph_of(letter);
                assert!(glyph != MISSING_GLYPH && metrics.width_of(glyph) > 0, "{letter}");
            }
            assert_eq!(metrics.glyph_of('漢'), MISSING_GLYPH);
            assert!(metrics.width_of(MISSING_GLYPH) > 0);
        }
    }

    #[test]
    fn each_glyph_has_its_own_width_whatever_is_missing() {
        for text in ["WiW.", "漢WiW.", "W漢i😀W.", "Wi\u{200B}W\u{FEFF}."] {
            let (mut fonts, mut codes) = (Fonts::default(), Vec::new());
            fonts.encode(Face::Regular, text, &mut codes);
            let metrics = Face::Regular.metrics();
            let widths: Vec<f32> = fonts.regular.widths(metrics).collect();
            let told: f32 = codes
                .chunks(2)
                .map(|code| usize::from(u16::from_be_bytes([code[0], code[1]])))
                .map(|code| match code.checked_sub(1) {
                    Some(place) => widths[place],
                    None => f32::from(metrics.width_of(MISSING_GLYPH)),
                })
                .sum();
            let width = Face::Regular.width(text, 1000.0);
            assert!((told - width).abs() < 0.01, "{text}: {told} {width}");
        }
    }

    #[test]
    fn what_is_not_seen_takes_no_room() {
        let width = |text| Face::Bold.width(text, 10.0);
        let same = |one, other| assert!((width(one) - width(other)).abs() < 0.001, "{other:?}");
        same("ab", "a\u{200B}\u{FEFF}b");
        same("a b", "a\u{202F}b");
        same("-7", "\u{2212}7");
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
