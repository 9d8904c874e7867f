//! A company's logo: a small picture that heads its papers, kept as the bytes it came as.

use std::fmt;
use std::sync::Arc;

use crate::Sha256;

/// What kind of file a logo is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogoKind {
    /// PNG, of one picture.
    Png,
    /// Baseline JPEG.
    Jpeg {
        /// Whether its dots have one value each, and not three.
        is_grey: bool,
    },
}

impl LogoKind {
    /// What HTTP calls it.
    pub fn to_media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg { .. } => "image/jpeg",
        }
    }
}

/// Why a file is no logo, in the order in which it is looked at: the first two of the whole file, the
/// others as they are found from its first byte on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LogoError {
    /// It is larger than a logo may be.
    #[error("a logo has at most 65,536 bytes, and this file {len}")]
    Len {
        /// How many bytes it has.
        len: usize,
    },
    /// It is of no kind that is printed.
    #[error("the file is neither PNG nor JPEG")]
    Kind,
    /// Its picture has no width or height, or too much of either.
    #[error("a logo has sides of 1 to 2,000 dots, and this one {width} × {height}")]
    Sides {
        /// In dots.
        width: u32,
        /// In dots.
        height: u32,
    },
    /// A JPEG of another process than the baseline one, with 8 bits a sample.
    #[error("the JPEG is not a baseline one")]
    NotBaseline,
    /// A JPEG that is neither grey nor of three colours, as those for a printing press.
    #[error("the JPEG has {components} components and not 1 or 3")]
    Colours {
        /// How many it has.
        components: u8,
    },
    /// A PNG of several pictures.
    #[error("the PNG is animated")]
    Animated,
    /// Something stands behind the picture's end.
    #[error("the file goes on after its picture's end")]
    Trailing,
    /// It was cut off, or is not what it says.
    #[error("the picture is damaged or cut off")]
    Damaged,
}

/// A picture of at most [`Logo::LEN_MAX`] bytes and [`Logo::SIDE_MAX`] dots a side, whose parts are whole from
/// the first to the last. Whether the dots in it can be read is for others to try.
#[derive(Clone, PartialEq, Eq)]
pub struct Logo {
    kind: LogoKind,
    width: u32,
    height: u32,
    content: Arc<[u8]>,
    sha256: Sha256,
}

impl Logo {
    /// The most bytes.
    pub const LEN_MAX: usize = 65_536;
    /// The most dots a side.
    pub const SIDE_MAX: u32 = 2_000;

    /// The logo of a file's bytes, whose SHA-256 that is. Errors in the order of [`LogoError`].
    pub fn from_content(content: impl Into<Arc<[u8]>>, sha256: Sha256) -> Result<Self, LogoError> {
        let content = content.into();
        if content.len() > Self::LEN_MAX {
            return Err(LogoError::Len { len: content.len() });
        }
        let (kind, width, height) = if let Some(rest) = content.strip_prefix(PNG_MARK) {
            png_frame(rest)?
        } else if let Some(rest) = content.strip_prefix(JPEG_MARK) {
            jpeg_frame(rest)?
        } else {
            return Err(LogoError::Kind);
        };
        Ok(Self { kind, width, height, content, sha256 })
    }

    /// What kind of file it is.
    pub fn kind(&self) -> LogoKind {
        self.kind
    }

    /// In dots, 1..=2,000.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// In dots, 1..=2,000.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The file's bytes, as they came.
    pub fn content(&self) -> &[u8] {
        &self.content
    }

    /// The SHA-256 of the file's bytes, by which it is named.
    pub fn sha256(&self) -> &Sha256 {
        &self.sha256
    }
}

/// Without its bytes, which nobody reads.
impl fmt::Debug for Logo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (len, [first, second, ..]) = (self.content.len(), self.sha256);
        write!(f, "{:?} {} × {}, {len} bytes, ", self.kind, self.width, self.height)?;
        write!(f, "SHA-256 {first:02x}{second:02x}…")
    }
}

/// What a PNG begins with.
const PNG_MARK: &[u8] = b"\x89PNG\r\n\x1a\n";
/// What a JPEG begins with: its own mark, and the first byte of the next one.
const JPEG_MARK: &[u8] = b"\xff\xd8";

/// What a picture is, and its sides.
type Frame = (LogoKind, u32, u32);

fn frame(kind: LogoKind, width: u32, height: u32) -> Result<Frame, LogoError> {
    let is_fit = |side| (1..=Logo::SIDE_MAX).contains(&side);
    if is_fit(width) && is_fit(height) {
        Ok((kind, width, height))
    } else {
        Err(LogoError::Sides { width, height })
    }
}

/// Takes so many bytes off a file.
fn take<'b, const LEN: usize>(rest: &mut &'b [u8]) -> Result<&'b [u8; LEN], LogoError> {
    let (taken, after) = rest.split_first_chunk().ok_or(LogoError::Damaged)?;
    *rest = after;
    Ok(taken)
}

/// The same for a length that the file gives.
fn take_slice<'b>(rest: &mut &'b [u8], len: usize) -> Result<&'b [u8], LogoError> {
    let (taken, after) = rest.split_at_checked(len).ok_or(LogoError::Damaged)?;
    *rest = after;
    Ok(taken)
}

fn at_end<T>(rest: &[u8], value: T) -> Result<T, LogoError> {
    if rest.is_empty() { Ok(value) } else { Err(LogoError::Trailing) }
}

/// Walks through the chunks of a PNG (ISO/IEC 15948, 5.3): the first says how large it is, the last is empty.
fn png_frame(mut rest: &[u8]) -> Result<Frame, LogoError> {
    let (name, header) = png_chunk(&mut rest)?;
    let (b"IHDR", [w0, w1, w2, w3, h0, h1, h2, h3, _, _, _, _, _]) = (name, header) else {
        return Err(LogoError::Damaged);
    };
    let width = u32::from_be_bytes([*w0, *w1, *w2, *w3]);
    let height = u32::from_be_bytes([*h0, *h1, *h2, *h3]);
    let found = frame(LogoKind::Png, width, height)?;
    let mut has_dots = false;
    loop {
        match png_chunk(&mut rest)? {
            (b"IDAT", _) => has_dots = true,
            (b"acTL", _) => return Err(LogoError::Animated),
            (b"IEND", _) if has_dots => return at_end(rest, found),
            (b"IEND" | b"IHDR", _) => return Err(LogoError::Damaged),
            _ => {}
        }
    }
}

/// The next chunk: its name and what it holds. Whoever reads the dots compares the sums behind each.
fn png_chunk<'b>(rest: &mut &'b [u8]) -> Result<(&'b [u8; 4], &'b [u8]), LogoError> {
    let len = u32::from_be_bytes(*take(rest)?);
    let name = take(rest)?;
    let data = take_slice(rest, usize::try_from(len).map_err(|_too_long| LogoError::Damaged)?)?;
    take::<4>(rest)?;
    Ok((name, data))
}

/// Walks through the segments of a JPEG (ITU-T T.81, B.1): one frame, its scans, and its end.
fn jpeg_frame(mut rest: &[u8]) -> Result<Frame, LogoError> {
    let (mut framed, mut is_scanned) = (None, false);
    loop {
        match jpeg_marker(&mut rest)? {
            0xd9 => {
                let found = framed.filter(|_| is_scanned).ok_or(LogoError::Damaged)?;
                return at_end(rest, found);
            }
            0xc0 if framed.is_none() => framed = Some(jpeg_header(jpeg_segment(&mut rest)?)?),
            // The tables of Huffman stand among the frames of other processes.
            0xc1..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcf => return Err(LogoError::NotBaseline),
            0xda if framed.is_some() => {
                jpeg_segment(&mut rest)?;
                skip_scan(&mut rest)?;
                is_scanned = true;
            }
            0x00..=0xbf | 0xc0 | 0xc8 | 0xd0..=0xd8 | 0xda => return Err(LogoError::Damaged),
            _ => {
                jpeg_segment(&mut rest)?;
            }
        }
    }
}

/// The next marker, however many bytes fill the room before it.
fn jpeg_marker(rest: &mut &[u8]) -> Result<u8, LogoError> {
    let [0xff] = take(rest)? else { return Err(LogoError::Damaged) };
    loop {
        let [marker] = take(rest)?;
        if *marker != 0xff {
            return Ok(*marker);
        }
    }
}

/// What a segment holds behind its length, which counts itself.
fn jpeg_segment<'b>(rest: &mut &'b [u8]) -> Result<&'b [u8], LogoError> {
    let len = u16::from_be_bytes(*take(rest)?).checked_sub(2).ok_or(LogoError::Damaged)?;
    take_slice(rest, usize::from(len))
}

fn jpeg_header(header: &[u8]) -> Result<Frame, LogoError> {
    let [precision, h0, h1, w0, w1, components, rest @ ..] = header else {
        return Err(LogoError::Damaged);
    };
    let [width, height] = [[*w0, *w1], [*h0, *h1]].map(u16::from_be_bytes);
    let kind = LogoKind::Jpeg { is_grey: *components == 1 };
    let found = frame(kind, width.into(), height.into())?;
    if *precision != 8 {
        return Err(LogoError::NotBaseline);
    }
    if !matches!(components, 1 | 3) {
        return Err(LogoError::Colours { components: *components });
    }
    if rest.chunks(3).count() != usize::from(*components) {
        return Err(LogoError::Damaged);
    }
    Ok(found)
}

/// Goes on to the marker behind a scan, in which a zero follows each byte that would begin one, and markers
/// 0xd0 to 0xd7 part it.
fn skip_scan(rest: &mut &[u8]) -> Result<(), LogoError> {
    let is_marker =
        |pair: &[u8]| matches!(pair, [0xff, next] if !matches!(next, 0x00 | 0xd0..=0xd7));
    let end = rest.windows(2).position(is_marker).ok_or(LogoError::Damaged)?;
    take_slice(rest, end)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: Sha256 = [7; 32];

    fn chunk(name: &str, data: &[u8]) -> Vec<u8> {
        let len = u32::try_from(data.len()).unwrap().to_be_bytes();
        [&len, name.as_bytes(), data, b"sum."].concat()
    }

    fn header(width: u32, height: u32) -> Vec<u8> {
        let sides = [width.to_be_bytes(), height.to_be_bytes()].concat();
        chunk("IHDR", &[sides.as_slice(), &[8, 2, 0, 0, 0]].concat())
    }

    fn png(chunks: &[Vec<u8>]) -> Vec<u8> {
        [PNG_MARK, &chunks.concat()].concat()
    }

    fn whole_png(width: u32, height: u32) -> Vec<u8> {
        png(&[header(width, height), chunk("IDAT", b"dots"), chunk("IEND", b"")])
    }

    fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
        let len = u16::try_from([b"xx", data].concat().len()).unwrap().to_be_bytes();
        [&[0xff, marker], len.as_slice(), data].concat()
    }

    fn jpeg_of(precision: u8, width: u16, height: u16, components: u8) -> Vec<u8> {
        let ([h0, h1], [w0, w1]) = (height.to_be_bytes(), width.to_be_bytes());
        let each = [[1, 0x11, 0]].repeat(components.into()).concat();
        [&[precision, h0, h1, w0, w1, components], each.as_slice()].concat()
    }

    const SCAN: &[u8] = &[1, 2, 0xff, 0x00, 3, 0xff, 0xd0, 4];
    const END: &[u8] = &[0xff, 0xd9];

    fn jpeg(parts: &[&[u8]]) -> Vec<u8> {
        [JPEG_MARK, &parts.concat()].concat()
    }

    fn whole_jpeg(frame: &[u8]) -> Vec<u8> {
        let (tables, head) = (segment(0xdb, b"q"), segment(0xda, b"s"));
        jpeg(&[&tables, &segment(0xc0, frame), &segment(0xc4, b"h"), &head, SCAN, END])
    }

    fn check(content: &[u8], expected: Result<(LogoKind, u32, u32), LogoError>) {
        let logo = Logo::from_content(content, SHA);
        let told = logo.as_ref().map(|logo| (logo.kind(), logo.width(), logo.height()));
        assert_eq!(told.map_err(|error| *error), expected, "{content:02x?}");
        if let Ok(logo) = logo {
            assert_eq!((logo.content(), logo.sha256()), (content, &SHA));
        }
    }

    #[test]
    fn a_png_and_a_jpeg_are_logos_of_their_sides() {
        check(&whole_png(1, 2_000), Ok((LogoKind::Png, 1, 2_000)));
        for components in [1, 3] {
            let file = whole_jpeg(&jpeg_of(8, 2_000, 1, components));
            let kind = LogoKind::Jpeg { is_grey: components == 1 };
            check(&file, Ok((kind, 2_000, 1)));
        }
        // Scans of one component each, room before a marker, and a comment behind a scan.
        let (first, second) = (segment(0xda, b"s"), segment(0xda, b"t"));
        let several = [&segment(0xc0, &jpeg_of(8, 3, 2, 3)), &first, SCAN, &[0xff, 0xff, 0xff]];
        let rest = [&segment(0xfe, b"c")[1..], &second, SCAN, END];
        check(&jpeg(&[several, rest].concat()), Ok((LogoKind::Jpeg { is_grey: false }, 3, 2)));
    }

    #[test]
    fn what_is_no_logo_is_refused_by_what_is_wrong_with_it() {
        use LogoError::{Animated, Colours, Damaged, Kind, Len, NotBaseline, Sides, Trailing};
        let longest = Logo::LEN_MAX - whole_png(1, 1).len();
        let long = |len| {
            let (head, end) = (header(1, 1), chunk("IEND", b""));
            png(&[head, chunk("IDAT", &[b"dots".as_slice(), &vec![0; len]].concat()), end])
        };
        check(&long(longest), Ok((LogoKind::Png, 1, 1)));
        let (tables, scan) = (segment(0xdb, b"q"), segment(0xda, b"s"));
        let plain = jpeg_of(8, 1, 1, 3);
        let start = segment(0xc0, &plain);
        let (dots, end) = (chunk("IDAT", b"dots"), chunk("IEND", b""));
        for (content, wrong) in [
            (long(longest + 1), Len { len: Logo::LEN_MAX + 1 }),
            (vec![b'x'; Logo::LEN_MAX + 1], Len { len: Logo::LEN_MAX + 1 }),
            (Vec::new(), Kind),
            (b"GIF89a".to_vec(), Kind),
            (b"<svg/>".to_vec(), Kind),
            (PNG_MARK[..7].to_vec(), Kind),
            (PNG_MARK.to_vec(), Damaged),
            (whole_png(0, 1), Sides { width: 0, height: 1 }),
            (whole_png(1, 0), Sides { width: 1, height: 0 }),
            (whole_png(2_001, 1), Sides { width: 2_001, height: 1 }),
            (whole_png(1, u32::MAX), Sides { width: 1, height: u32::MAX }),
            (png(&[dots.clone(), header(1, 1), end.clone()]), Damaged),
            (png(&[header(1, 1), end.clone()]), Damaged),
            (png(&[header(1, 1), header(1, 1), dots.clone(), end.clone()]), Damaged),
            (png(&[header(1, 1), dots.clone()]), Damaged),
            (png(&[header(1, 1), chunk("acTL", &[0; 8]), dots, end]), Animated),
            ([whole_png(1, 1), vec![0]].concat(), Trailing),
            (jpeg(&[]), Damaged),
            (jpeg(&[END]), Damaged),
            (jpeg(&[&tables, b"x"]), Damaged),
            (jpeg(&[&[0xff, 0xdb, 0, 1]]), Damaged),
            (jpeg(&[&scan, SCAN, END]), Damaged),
            (jpeg(&[&start, END]), Damaged),
            (jpeg(&[&start, &scan, SCAN]), Damaged),
            (jpeg(&[&start, &start, &scan, SCAN, END]), Damaged),
            (whole_jpeg(&jpeg_of(8, 0, 1, 3)), Sides { width: 0, height: 1 }),
            (whole_jpeg(&jpeg_of(8, 1, 2_001, 3)), Sides { width: 1, height: 2_001 }),
            (whole_jpeg(&jpeg_of(12, 1, 1, 3)), NotBaseline),
            (jpeg(&[&segment(0xc2, &plain), &scan, SCAN, END]), NotBaseline),
            (jpeg(&[&segment(0xc1, &plain), &scan, SCAN, END]), NotBaseline),
            (whole_jpeg(&jpeg_of(8, 1, 1, 4)), Colours { components: 4 }),
            (whole_jpeg(&plain[..8]), Damaged),
            ([whole_jpeg(&plain), vec![0]].concat(), Trailing),
        ] {
            check(&content, Err(wrong));
        }
    }

    #[test]
    fn a_logo_that_is_cut_off_anywhere_is_refused() {
        for whole in [whole_png(9, 9), whole_jpeg(&jpeg_of(8, 9, 9, 3))] {
            for len in 0..whole.len() {
                assert!(Logo::from_content(&whole[..len], SHA).is_err(), "{len}");
            }
        }
    }

    #[test]
    fn a_logo_is_told_without_its_bytes() {
        let logo = Logo::from_content(whole_png(3, 4), SHA).unwrap();
        assert_eq!(format!("{logo:?}"), "Png 3 × 4, 61 bytes, SHA-256 0707…");
        assert_eq!(LogoKind::Jpeg { is_grey: true }.to_media_type(), "image/jpeg");
    }
}
