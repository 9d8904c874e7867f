//! A logo at the head of each paper, read back by poppler.

use png::{BitDepth, ColorType};
use ventanilla_documents::{FileForm, Letterhead, Paper, PaymentOrder};
use ventanilla_domain::{Logo, LogoError, LogoKind};

use crate::orders::{order, payout, supplier, terms};
use crate::read::Printed;
use crate::receipts::rounded;
use crate::reports::{day_with, written_with};
use crate::samples::{Sample, computed};

const WIDTH: u32 = 5;
const HEIGHT: u32 = 3;

/// Red, green and blue of the numbers of a palette, and how much of each shows.
const PALETTE: [u8; 12] = [255, 0, 0, 0, 200, 10, 20, 30, 255, 9, 9, 9];
const SHOWN: [u8; 4] = [255, 128, 0, 7];

pub(crate) fn logo_of(content: Vec<u8>) -> &'static Logo {
    Box::leak(Box::new(Logo::from_content(content, [7; 32]).unwrap()))
}

/// A PNG of dots that differ, of a kind and a depth; of a palette, clear in part where that is told.
fn png_of(colours: ColorType, depth: BitDepth, is_clear: bool) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, WIDTH, HEIGHT);
    encoder.set_color(colours);
    encoder.set_depth(depth);
    if colours == ColorType::Indexed {
        encoder.set_palette(PALETTE.as_slice());
    }
    if is_clear {
        let grey_of_zero = [0, 0].as_slice();
        let is_grey = colours == ColorType::Grayscale;
        encoder.set_trns(if is_grey { grey_of_zero } else { SHOWN.as_slice() });
    }
    let mut writer = encoder.write_header().unwrap();
    let bits = usize::from(depth as u8) * colours.samples();
    let [width, height] = [WIDTH, HEIGHT].map(|side| usize::try_from(side).unwrap());
    let len = (bits * width).div_ceil(8) * height;
    let byte = |place: usize| u8::try_from(place * 37 % 251).unwrap();
    let of_palette = |place: usize| u8::try_from(place % 4).unwrap();
    let is_number = colours == ColorType::Indexed && depth == BitDepth::Eight;
    let dots: Vec<u8> =
        (0..len).map(|at| if is_number { of_palette(at) } else { byte(at) }).collect();
    writer.write_image_data(&dots).unwrap();
    writer.finish().unwrap();
    file
}

/// The dots of a PNG, a byte a value: of colours, and how much of each shows.
fn dots(content: &[u8]) -> (Vec<[u8; 3]>, Vec<u8>) {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(content));
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
    let mut reader = decoder.read_info().unwrap();
    let mut values = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut values).unwrap();
    let (kind, _) = reader.output_color_type();
    let of = |dot: &[u8]| match *dot {
        [grey] => ([grey; 3], 255),
        [grey, shown] => ([grey; 3], shown),
        [red, green, blue] => ([red, green, blue], 255),
        [red, green, blue, shown] => ([red, green, blue], shown),
        _ => unreachable!("a dot has one to four values"),
    };
    values.chunks(kind.samples()).map(of).unzip()
}

/// The sum behind a PNG's chunk.
fn sum(chunk: &[u8]) -> [u8; 4] {
    let mut crc = flate2::Crc::new();
    crc.update(chunk);
    crc.sum().to_be_bytes()
}

/// A PNG of one dot, its passes following each other.
fn interlaced() -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 1, 1);
    encoder.set_color(ColorType::Rgb);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&[1, 2, 3]).unwrap();
    writer.finish().unwrap();
    file[28] = 1;
    let right = sum(&file[12..29]);
    file[29..33].copy_from_slice(&right);
    file
}

pub(crate) fn headed(logo: &'static Logo) -> Sample {
    let mut sample = computed();
    sample.letterhead = sample.letterhead.with_logo(Some(logo));
    sample
}

fn printed(sample: &Sample, paper: Paper) -> Printed {
    Printed::new(&sample.invoice().to_pdf(paper))
}

/// A JPEG in colours, as poppler writes one of a corner of a page.
fn jpeg(options: &[&str]) -> Vec<u8> {
    printed(&computed(), Paper::A4).jpeg(options)
}

/// A baseline JPEG of one dot in grey: all of a table is one code, a zero, and all that the scan says is that
/// the dot is no other than the middle one.
fn grey_jpeg() -> Vec<u8> {
    let table = |class| [&[0xff, 0xc4, 0, 20, class, 1], [0; 16].as_slice()].concat();
    [
        &[0xff, 0xd8, 0xff, 0xdb, 0, 67, 0],
        [1; 64].as_slice(),
        &[0xff, 0xc0, 0, 11, 8, 0, 1, 0, 1, 1, 1, 0x11, 0],
        &table(0),
        &table(0x10),
        &[0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0x3f, 0xff, 0xd9],
    ]
    .concat()
}

#[test]
fn each_kind_of_png_is_read_back_dot_by_dot() {
    use BitDepth::{Eight, Four, One, Sixteen, Two};
    use ColorType::{Grayscale, GrayscaleAlpha, Indexed, Rgb, Rgba};
    let kinds = [
        (Grayscale, One, false),
        (Grayscale, Two, false),
        (Grayscale, Four, false),
        (Grayscale, Eight, false),
        (Grayscale, Eight, true),
        (Grayscale, Sixteen, false),
        (Rgb, Eight, false),
        (Rgb, Sixteen, false),
        (Indexed, Two, false),
        (Indexed, Two, true),
        (Indexed, Eight, false),
        (Indexed, Eight, true),
        (GrayscaleAlpha, Eight, false),
        (GrayscaleAlpha, Sixteen, false),
        (Rgba, Eight, false),
        (Rgba, Sixteen, false),
    ];
    let files = kinds.map(|(colours, depth, is_clear)| {
        let what = format!("{colours:?} {depth:?} {is_clear}");
        (what, png_of(colours, depth, is_clear))
    });
    for (what, file) in files.into_iter().chain([("interlaced".to_owned(), interlaced())]) {
        let (seen, shown) = dots(&file);
        let read = printed(&headed(logo_of(file)), Paper::A4).images();
        assert_eq!(dots(&read[0]).0, seen, "{what}");
        let is_opaque = shown.iter().all(|shown| *shown == 255);
        assert_eq!(read.len(), if is_opaque { 1 } else { 2 }, "{what}");
        if !is_opaque {
            let mask: Vec<u8> = dots(&read[1]).0.into_iter().map(|[grey, ..]| grey).collect();
            assert_eq!(mask, shown, "{what}");
        }
    }
}

#[test]
fn a_jpeg_is_in_the_paper_as_it_came() {
    for (file, is_grey) in [(grey_jpeg(), true), (jpeg(&["-jpeg"]), false)] {
        let logo = logo_of(file.clone());
        assert_eq!(logo.kind(), LogoKind::Jpeg { is_grey });
        for paper in [Paper::A4, Paper::Roll] {
            let read = printed(&headed(logo), paper).images();
            assert_eq!(read.len(), 1);
            assert!(read[0] == file, "{is_grey} {paper:?}");
        }
    }
    let other = |options: &[&str]| Logo::from_content(jpeg(options), [7; 32]).unwrap_err();
    assert_eq!(other(&["-jpeg", "-jpegopt", "progressive=y"]), LogoError::NotBaseline);
    assert_eq!(other(&["-jpegcmyk"]), LogoError::Colours { components: 4 });
}

#[test]
fn a_logo_heads_every_paper_and_changes_no_word_of_it() {
    let logo = logo_of(png_of(ColorType::Rgba, BitDepth::Eight, false));
    let (plain, sample) = (computed(), headed(logo));
    let (supplier, payout) = (supplier(), payout(terms()));
    let order_of = |letterhead: Letterhead<'static>| {
        let order = PaymentOrder { letterhead, ..order(&plain, &supplier, &payout) };
        order.to_pdf().unwrap()
    };
    for paper in [Paper::A4, Paper::Roll] {
        let invoice = |sample: &Sample| sample.invoice().to_pdf(paper);
        check_headed(&invoice(&plain), &invoice(&sample));
        let receipt = rounded();
        check_headed(&receipt.pdf(paper), &receipt.headed(logo).pdf(paper));
    }
    check_headed(&order_of(plain.letterhead), &order_of(sample.letterhead));
    let report = |logo| day_with(100, logo);
    check_headed(&report(None), &report(Some(logo)));
    for form in [FileForm::Csv, FileForm::Xlsx] {
        assert!(written_with(form, None) == written_with(form, Some(logo)), "it has no pages");
    }
}

/// That one paper has no picture, the other the logo on each of its pages, and both the same words.
fn check_headed(plain: &[u8], headed: &[u8]) {
    let holds = |pdf: &[u8]| pdf.windows(8).any(|word| word == b"/XObject");
    assert!(!holds(plain) && holds(headed));
    let (plain, headed) = (Printed::new(plain), Printed::new(headed));
    assert_eq!(plain.images().len(), 0);
    let pages: usize = headed.fact("Pages").parse().unwrap();
    let per_page = "the dots, and how much of each shows, on each of the pages";
    assert_eq!(headed.images().len(), 2 * pages, "{per_page}");
    assert_eq!(plain.words(), headed.words());
    assert_eq!(plain.fact("Pages"), headed.fact("Pages"));
}

#[test]
fn a_logo_keeps_its_shape_in_its_room() {
    // 60 mm × 16 mm at most, which are 170 × 45 points; on each page of a report 140 × 32.
    let of_sides = |width, height| {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width, height);
        encoder.set_depth(BitDepth::One);
        let mut writer = encoder.write_header().unwrap();
        let len = width.div_ceil(8) * height;
        writer.write_image_data(&vec![0; usize::try_from(len).unwrap()]).unwrap();
        writer.finish().unwrap();
        logo_of(file)
    };
    // The width, the height and the dots an inch each way, as poppler finds them on the page.
    for (sides, dots) in [([100, 100], 159), ([1_000, 10], 423), ([10, 500], 794), ([1, 1], 2)] {
        let [width, height] = sides;
        let found = printed(&headed(of_sides(width, height)), Paper::A4).image_list();
        let expected = format!("{width} {height} {dots} {dots}");
        assert_eq!(found, [expected]);
    }
    let report = Printed::new(&day_with(100, Some(of_sides(64, 32)))).image_list();
    assert_eq!(report, vec!["64 32 72 72"; 3], "one a page");
}

#[test]
fn a_logo_of_the_most_dots_is_printed() {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, Logo::SIDE_MAX, Logo::SIDE_MAX);
    encoder.set_color(ColorType::Rgba);
    encoder.set_compression(png::Compression::High);
    let mut writer = encoder.write_header().unwrap();
    let dots = Logo::SIDE_MAX * Logo::SIDE_MAX;
    let dot = [1, 2, 3, 99].repeat(usize::try_from(dots).unwrap());
    writer.write_image_data(&dot).unwrap();
    writer.finish().unwrap();
    let read = printed(&headed(logo_of(file)), Paper::A4).images();
    assert_eq!(dots_of_ends(&read[0]), [[1, 2, 3]; 2]);
    assert_eq!(dots_of_ends(&read[1]), [[99; 3]; 2]);
}

/// The first dot of a picture and the last.
fn dots_of_ends(content: &[u8]) -> [[u8; 3]; 2] {
    let (dots, _) = dots(content);
    [dots[0], dots[dots.len() - 1]]
}

#[test]
fn the_same_logo_gives_the_same_bytes() {
    for file in [png_of(ColorType::Rgba, BitDepth::Eight, false), jpeg(&["-jpeg"])] {
        let papers = [file.clone(), file].map(|file| {
            let sample = headed(logo_of(file));
            [Paper::A4, Paper::Roll].map(|paper| sample.invoice().to_pdf(paper))
        });
        assert!(papers[0] == papers[1]);
    }
}

#[test]
fn a_logo_whose_dots_cannot_be_read_spoils_no_paper() {
    let mut file = png_of(ColorType::Rgba, BitDepth::Eight, false);
    let at = file.windows(4).position(|name| name == b"IDAT").unwrap();
    file[at + 9] ^= 0xff;
    let read = printed(&headed(logo_of(file)), Paper::A4);
    assert_eq!(dots(&read.images()[0]).0, [[255; 3]], "a white dot");
    assert!(read.text().contains("Cooperativa de Servicios Públicos"));
}
