//! A picture in a PDF: its bytes as they came, where PDF reads them so, and else its dots.

use std::io::{self, Cursor, Write};
use std::sync::Arc;

use pdf_writer::types::Predictor;
use pdf_writer::{Chunk, Filter, Finish, Name, Ref};
use ventanilla_domain::{Logo, LogoKind};

use super::PdfFile;
use super::file::deflated;
use super::shelf::Shelf;

/// What pages call it: a file has one at most.
pub(super) const RESOURCE: Name<'static> = Name(b"Logo");

/// What reading a PNG may take beside its dots, in bytes.
const MEMORY_MAX: usize = 1024 * 1024;

/// Pictures that papers were made with lately.
static SHELF: Shelf = Shelf::new();

/// A picture as a PDF holds it.
#[derive(Debug)]
pub(super) struct Picture {
    /// In dots.
    width: i32,
    /// In dots.
    height: i32,
    colours: Colours,
    bits: i32,
    packed: Packed,
    data: Vec<u8>,
    /// How much of each dot shows, deflated, a byte a dot.
    mask: Option<Vec<u8>>,
}

/// What a dot's values mean.
#[derive(Debug)]
enum Colours {
    Grey,
    Rgb,
    /// Red, green and blue of each number.
    Palette(Vec<u8>),
}

impl Colours {
    /// Values of a dot.
    const fn len(&self) -> i32 {
        match self {
            Self::Grey | Self::Palette(_) => 1,
            Self::Rgb => 3,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packed {
    /// Deflated dots.
    Flate,
    /// Deflated, each row told by the one before it as PNG does.
    Png,
    /// A JPEG.
    Dct,
}

impl Picture {
    /// A logo as PDF takes it: made once, as long as papers go on having it, since what is clear in parts takes a tenth of
    /// a second to be made.
    pub(super) fn of(logo: &Logo) -> Arc<Self> {
        SHELF.get(logo, Self::made)
    }

    /// One of so many bytes.
    #[cfg(test)]
    pub(super) fn of_len(len: usize) -> Self {
        let (colours, packed, data) = (Colours::Grey, Packed::Flate, vec![0; len]);
        Self { width: 1, height: 1, colours, bits: 8, packed, data, mask: None }
    }

    /// Bytes that it takes.
    pub(super) fn len(&self) -> usize {
        self.data.len() + self.mask.as_ref().map_or(0, Vec::len)
    }

    /// One that cannot be read, which none that was taken is, shows nothing.
    fn made(logo: &Logo) -> Self {
        let read = match logo.kind() {
            LogoKind::Jpeg { is_grey } => of_jpeg(logo, is_grey),
            LogoKind::Png => of_png(logo).unwrap_or(None),
        };
        read.unwrap_or_else(|| Self {
            width: 1,
            height: 1,
            colours: Colours::Grey,
            bits: 8,
            packed: Packed::Flate,
            data: deflated(&[255]),
            mask: None,
        })
    }

    /// Writes the picture, and what it shows through first.
    pub(super) fn write<W: Write>(&self, file: &mut PdfFile<W>, id: Ref) -> io::Result<()> {
        let mask = self.mask.as_ref().map(|mask| (file.new_ref(), mask));
        if let Some((id, mask)) = mask {
            let mut chunk = Chunk::new();
            let mut image = chunk.image_xobject(id, mask);
            image.filter(Filter::FlateDecode);
            image.width(self.width).height(self.height).bits_per_component(8);
            image.color_space().device_gray();
            image.finish();
            file.write(&chunk)?;
        }
        let mut chunk = Chunk::new();
        let mut image = chunk.image_xobject(id, &self.data);
        let is_jpeg = self.packed == Packed::Dct;
        image.filter(if is_jpeg { Filter::DctDecode } else { Filter::FlateDecode });
        if self.packed == Packed::Png {
            let mut rows = image.decode_parms();
            rows.predictor(Predictor::PngOptimum).columns(self.width);
            rows.colors(self.colours.len()).bits_per_component(self.bits);
        }
        image.width(self.width).height(self.height).bits_per_component(self.bits);
        match &self.colours {
            Colours::Grey => image.color_space().device_gray(),
            Colours::Rgb => image.color_space().device_rgb(),
            Colours::Palette(palette) => {
                let last = i32::try_from(palette.len() / 3).unwrap_or(1) - 1;
                image.color_space().indexed(Name(b"DeviceRGB"), last, palette);
            }
        }
        if let Some((mask, _)) = mask {
            image.s_mask(mask);
        }
        image.finish();
        file.write(&chunk)
    }
}

fn sides(logo: &Logo) -> Option<[i32; 2]> {
    Some([i32::try_from(logo.width()).ok()?, i32::try_from(logo.height()).ok()?])
}

/// The file as it came: a baseline JPEG is what PDF's own filter reads.
fn of_jpeg(logo: &Logo, is_grey: bool) -> Option<Picture> {
    let [width, height] = sides(logo)?;
    let colours = if is_grey { Colours::Grey } else { Colours::Rgb };
    let (packed, data) = (Packed::Dct, logo.content().to_vec());
    Some(Picture { width, height, colours, bits: 8, packed, data, mask: None })
}

/// The dots as they came where nothing shows through and they follow each other; else they are read and
/// deflated anew.
fn of_png(logo: &Logo) -> Result<Option<Picture>, png::DecodingError> {
    let limits = png::Limits { bytes: MEMORY_MAX };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(logo.content()), limits);
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let reader = decoder.read_info()?;
    let info = reader.info();
    let is_plain = info.trns.is_none() && !info.interlaced;
    let colours = match info.color_type {
        png::ColorType::Grayscale => Some(Colours::Grey),
        png::ColorType::Rgb => Some(Colours::Rgb),
        png::ColorType::Indexed => info.palette.as_deref().and_then(palette),
        png::ColorType::GrayscaleAlpha | png::ColorType::Rgba => None,
    };
    match colours.filter(|_| is_plain) {
        Some(colours) => Ok(as_it_came(logo, colours, info.bit_depth)),
        None => read_anew(logo, reader),
    }
}

/// One that PDF takes: up to 256 colours, each whole.
fn palette(colours: &[u8]) -> Option<Colours> {
    let is_whole = colours.len().is_multiple_of(3) && (1..=256).contains(&(colours.len() / 3));
    is_whole.then(|| Colours::Palette(colours.to_vec()))
}

fn as_it_came(logo: &Logo, colours: Colours, depth: png::BitDepth) -> Option<Picture> {
    let [width, height] = sides(logo)?;
    let bits = match depth {
        png::BitDepth::One => 1,
        png::BitDepth::Two => 2,
        png::BitDepth::Four => 4,
        png::BitDepth::Eight => 8,
        png::BitDepth::Sixteen => 16,
    };
    let (packed, data) = (Packed::Png, deflated_dots(logo.content())?);
    Some(Picture { width, height, colours, bits, packed, data, mask: None })
}

/// What a PNG's chunks of dots hold, one after the other.
fn deflated_dots(content: &[u8]) -> Option<Vec<u8>> {
    const MARK_LEN: usize = 8;
    const SUM_LEN: usize = 4;
    let (mut rest, mut dots) = (content.get(MARK_LEN..)?, Vec::new());
    while let Some((len, named)) = rest.split_first_chunk() {
        let len = usize::try_from(u32::from_be_bytes(*len)).ok()?;
        let (name, data) = named.split_first_chunk()?;
        let (data, after) = data.split_at_checked(len)?;
        if name == b"IDAT" {
            dots.extend_from_slice(data);
        }
        rest = after.get(SUM_LEN..)?;
    }
    Some(dots)
}

type Reader<'l> = png::Reader<Cursor<&'l [u8]>>;

/// Reads the dots, and takes what is seen of each from how much of it shows.
fn read_anew(logo: &Logo, mut reader: Reader<'_>) -> Result<Option<Picture>, png::DecodingError> {
    let (colour_type, _) = reader.output_color_type();
    let (colours, has_mask) = match colour_type {
        png::ColorType::Grayscale => (Colours::Grey, false),
        png::ColorType::GrayscaleAlpha => (Colours::Grey, true),
        png::ColorType::Rgb => (Colours::Rgb, false),
        png::ColorType::Rgba => (Colours::Rgb, true),
        png::ColorType::Indexed => return Ok(None),
    };
    let (Some(len), Some([width, height])) = (reader.output_buffer_size(), sides(logo)) else {
        return Ok(None);
    };
    let mut dots = vec![0; len];
    reader.next_frame(&mut dots)?;
    let (seen, mask) = if has_mask { parted(&dots, colour_type.samples()) } else { (dots, None) };
    let (packed, data) = (Packed::Flate, deflated(&seen));
    let mask = mask.map(|mask: Vec<u8>| deflated(&mask));
    Ok(Some(Picture { width, height, colours, bits: 8, packed, data, mask }))
}

/// The colours of dots, and the last value of each, which is how much of it shows.
fn parted(dots: &[u8], values: usize) -> (Vec<u8>, Option<Vec<u8>>) {
    let (mut seen, mut mask) = (Vec::new(), Vec::new());
    for dot in dots.chunks_exact(values) {
        if let [colour @ .., shown] = dot {
            seen.extend_from_slice(colour);
            mask.push(*shown);
        }
    }
    (seen, Some(mask))
}
