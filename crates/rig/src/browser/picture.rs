//! Pictures of pages, kept in the repository and compared with what the pages look like now.

use anyhow::{Context as _, Result, bail};
use png::{BitDepth, ColorType, Compression, Decoder, Encoder, Transformations};
use std::cmp::Reverse;
use std::collections::HashMap;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

/// Names what is to be done with pictures that differ: `write` keeps them anew.
const VARIABLE: &str = "VENTANILLA_PICTURES";

/// How far a channel of a dot may be off: a newer browser draws the edges of letters a little otherwise.
const SHADE_MAX: u8 = 64;

/// One dot of so many may be off further.
const DOTS_PER_STRAY: usize = 2_000;

/// What fits into a palette.
const COLOURS_MAX: usize = 256;

/// How many of them are those that there are most of.
const COMMON_COLOURS: usize = 192;

/// Dots, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    width: u32,
    height: u32,
    dots: Vec<[u8; 3]>,
}

impl Picture {
    /// Reads a PNG of any colours; what is seen through is black.
    pub fn from_png(bytes: &[u8]) -> Result<Self> {
        let mut decoder = Decoder::new(Cursor::new(bytes));
        decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
        let mut reader = decoder.read_info().context("no PNG")?;
        let mut buffer = vec![0; reader.output_buffer_size().context("too large a PNG")?];
        let info = reader.next_frame(&mut buffer)?;
        let dots = buffer.get(..info.buffer_size()).context("a PNG cut short")?;
        let dots = match info.color_type {
            ColorType::Rgb => dots.chunks_exact(3).map(|dot| [dot[0], dot[1], dot[2]]).collect(),
            ColorType::Rgba => dots.chunks_exact(4).map(|dot| [dot[0], dot[1], dot[2]]).collect(),
            ColorType::Grayscale => dots.iter().map(|dot| [*dot; 3]).collect(),
            kind => bail!("a PNG of kind {kind:?}"),
        };
        Ok(Self { width: info.width, height: info.height, dots })
    }

    /// A small PNG, of no more colours than a palette holds: the many shades of the edges of letters become those
    /// that come nearest.
    pub fn to_small_png(&self) -> Result<Vec<u8>> {
        let palette = self.to_palette();
        let mut nearest: HashMap<[u8; 3], u8> = HashMap::new();
        let indices: Vec<u8> = self
            .dots
            .iter()
            .map(|dot| *nearest.entry(*dot).or_insert_with(|| index_of(&palette, *dot)))
            .collect();
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, self.width, self.height);
        encoder.set_color(ColorType::Indexed);
        encoder.set_depth(BitDepth::Eight);
        encoder.set_palette(palette.concat());
        encoder.set_compression(Compression::High);
        encoder.set_filter(png::Filter::NoFilter);
        encoder.write_header()?.write_image_data(&indices)?;
        Ok(bytes)
    }

    /// The colours that there are most of, and of the others those that are farthest from all chosen.
    fn to_palette(&self) -> Vec<[u8; 3]> {
        let mut counts: HashMap<[u8; 3], usize> = HashMap::new();
        for dot in &self.dots {
            *counts.entry(*dot).or_default() += 1;
        }
        let mut colours: Vec<_> = counts.into_iter().collect();
        colours.sort_unstable_by_key(|(colour, count)| (Reverse(*count), *colour));
        let colours: Vec<[u8; 3]> = colours.into_iter().map(|(colour, _)| colour).collect();
        if colours.len() <= COLOURS_MAX {
            return colours;
        }
        let (often, seldom) = colours.split_at(COMMON_COLOURS);
        let mut palette = often.to_vec();
        let to_chosen = |colour| often.iter().map(|chosen| distance(*chosen, colour)).min();
        let mut apart: Vec<u32> =
            seldom.iter().map(|colour| to_chosen(*colour).unwrap_or_default()).collect();
        while palette.len() < COLOURS_MAX {
            let farthest = (0..seldom.len()).max_by_key(|index| (apart[*index], Reverse(*index)));
            let chosen = seldom[farthest.unwrap_or_default()];
            palette.push(chosen);
            for (apart, colour) in apart.iter_mut().zip(seldom) {
                *apart = distance(chosen, *colour).min(*apart);
            }
        }
        palette
    }

    /// How this differs from another, if more than a newer browser would make it.
    pub fn difference(&self, other: &Self) -> Option<String> {
        if (self.width, self.height) != (other.width, other.height) {
            return Some(format!(
                "it is {} × {} dots, and was {} × {}",
                self.width, self.height, other.width, other.height
            ));
        }
        let is_off = |(one, two): (&[u8; 3], &[u8; 3])| {
            one.iter().zip(two).any(|(one, two)| one.abs_diff(*two) > SHADE_MAX)
        };
        let pairs = || self.dots.iter().zip(&other.dots);
        let stray = pairs().filter(|pair| is_off(*pair)).count();
        if stray <= self.dots.len() / DOTS_PER_STRAY {
            return None;
        }
        let first = pairs().position(is_off).unwrap_or_default();
        let width = usize::try_from(self.width.max(1)).ok()?;
        let (row, column) = (first / width, first % width);
        Some(format!("{stray} dots differ, the first in column {column} of row {row}"))
    }
}

/// The colour of a palette that comes nearest.
fn index_of(palette: &[[u8; 3]], dot: [u8; 3]) -> u8 {
    let nearest = (0..=u8::MAX).zip(palette).min_by_key(|(_, colour)| distance(**colour, dot));
    nearest.map_or(0, |(index, _)| index)
}

/// How far two colours are apart.
fn distance(one: [u8; 3], two: [u8; 3]) -> u32 {
    one.into_iter().zip(two).map(|(one, two)| u32::from(one.abs_diff(two)).pow(2)).sum()
}

/// A folder of pictures.
#[derive(Debug)]
pub struct Gallery {
    folder: PathBuf,
    is_written: bool,
}

impl Gallery {
    /// The pictures in a folder, which are kept anew where `VENTANILLA_PICTURES=write` says so.
    pub fn new(folder: &Path) -> Self {
        let is_written = std::env::var_os(VARIABLE).is_some_and(|word| word == "write");
        Self { folder: folder.to_owned(), is_written }
    }

    /// What is wrong with a page's look, if anything: then what it looks like is put beside the picture, in a
    /// file that ends with `.differs.png`.
    pub fn trouble(&self, name: &str, png: &[u8]) -> Result<Option<String>> {
        let kept = self.folder.join(format!("{name}.png"));
        let differs = self.folder.join(format!("{name}.differs.png"));
        let now = Picture::from_png(png)?;
        let difference = match fs::read(&kept) {
            Ok(bytes) => now.difference(&Picture::from_png(&bytes)?),
            Err(_) => Some("there is no picture of it yet".to_owned()),
        };
        let Some(difference) = difference else {
            // What an earlier difference looked like, if there was one.
            fs::remove_file(&differs).ok();
            return Ok(None);
        };
        fs::create_dir_all(&self.folder)?;
        if self.is_written {
            fs::write(&kept, now.to_small_png()?)?;
            return Ok(None);
        }
        fs::write(&differs, png)?;
        Ok(Some(format!(
            "{}: {difference}; it looks as in {}; {VARIABLE}=write keeps that",
            kept.display(),
            differs.display()
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Grey, with a white square of so many dots to a side in its corner.
    fn picture(side: u32) -> Picture {
        let dot = |index: u32| if index % 100 < side && index / 100 < side { 255 } else { 128 };
        Picture {
            width: 100,
            height: 100,
            dots: (0..10_000).map(|index| [dot(index); 3]).collect(),
        }
    }

    #[test]
    fn few_strayed_dots_are_the_browsers_and_many_are_the_pages() {
        let check = |side, expected: Option<&str>| {
            assert_eq!(picture(side).difference(&picture(0)).as_deref(), expected, "{side}");
        };
        check(0, None);
        check(2, None);
        check(3, Some("9 dots differ, the first in column 0 of row 0"));
        let mut faint = picture(0);
        faint.dots.fill([128 + SHADE_MAX; 3]);
        assert_eq!(faint.difference(&picture(0)), None);
        faint.dots.fill([129 + SHADE_MAX; 3]);
        assert!(faint.difference(&picture(0)).is_some());
        let narrow = Picture { width: 50, ..picture(0) };
        let told = narrow.difference(&picture(0)).unwrap();
        assert_eq!(told, "it is 50 × 100 dots, and was 100 × 100");
    }

    #[test]
    fn a_small_png_looks_the_same() {
        let check = |picture: &Picture, is_equal: bool| {
            let read = Picture::from_png(&picture.to_small_png().unwrap()).unwrap();
            assert_eq!(read.difference(picture), None);
            assert_eq!(&read == picture, is_equal);
        };
        check(&picture(30), true);
        let mut colourful = picture(0);
        for (index, dot) in (0_u32..).zip(&mut colourful.dots) {
            *dot = [index % 251, index / 41, 128].map(|shade| u8::try_from(shade).unwrap());
        }
        check(&colourful, false);
    }

    #[test]
    fn a_picture_that_differs_is_put_beside() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (picture(10).to_small_png().unwrap(), picture(50).to_small_png().unwrap());
        let compared = Gallery { folder: folder.path().to_owned(), is_written: false };
        let written = Gallery { folder: folder.path().to_owned(), is_written: true };
        let told = compared.trouble("caja", &one).unwrap().unwrap();
        assert!(told.contains("caja.png: there is no picture of it yet"), "{told}");
        assert_eq!(written.trouble("caja", &one).unwrap(), None);
        assert_eq!(compared.trouble("caja", &one).unwrap(), None);
        let told = compared.trouble("caja", &two).unwrap().unwrap();
        assert!(told.contains("2400 dots differ") && told.contains("caja.differs.png"), "{told}");
        assert_eq!(fs::read(folder.path().join("caja.differs.png")).unwrap(), two);
    }
}
