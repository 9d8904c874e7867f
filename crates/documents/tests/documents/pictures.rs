//! Golden pictures: the pages of some invoices as people have looked at them and found them right.
//!
//! `VENTANILLA_BLESS=1 cargo test -p ventanilla-documents` draws them anew: look at them before you commit.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter};
use std::path::PathBuf;

use ventanilla_documents::Paper;

use crate::logos::{headed, logo_of};
use crate::read::{Picture, Printed};
use crate::receipts::rounded;
use crate::reports::day_with;
use crate::samples::{Sample, bare, computed, strange};

/// Dots an inch: each letter can be read.
const DOTS: u32 = 100;
/// The side of the squares that are compared, in dots: a shift of an edge by part of a dot, as another
/// version of the renderer may draw it, changes their mean little; a digit changes it much.
const SIDE: usize = 6;
/// How far the mean of a square may be from the golden one's, of 255.
const TOLERANCE: u8 = 20;

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/documents/golden").join(name)
}

fn read(name: &str) -> Picture {
    let file = File::open(golden(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut reader = png::Decoder::new(BufReader::new(file)).read_info().unwrap();
    let mut dots = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut dots).unwrap();
    assert_eq!(info.color_type, png::ColorType::Grayscale);
    let (width, height) = (info.width as usize, info.height as usize);
    dots.truncate(info.buffer_size());
    Picture { width, height, dots }
}

fn write(name: &str, picture: &Picture) {
    fs::create_dir_all(golden("")).unwrap();
    let file = BufWriter::new(File::create(golden(name)).unwrap());
    let (width, height) = (picture.width.try_into().unwrap(), picture.height.try_into().unwrap());
    let mut encoder = png::Encoder::new(file, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_compression(png::Compression::High);
    encoder.write_header().unwrap().write_image_data(&picture.dots).unwrap();
}

/// The squares in which two pictures differ by more than the tolerance.
fn differences(one: &Picture, other: &Picture) -> usize {
    assert_eq!((one.width, one.height), (other.width, other.height));
    let pairs = one.squares(SIDE).into_iter().zip(other.squares(SIDE));
    pairs.filter(|(one, other)| one.abs_diff(*other) > TOLERANCE).count()
}

fn page(sample: &Sample, paper: Paper) -> Picture {
    let [page] = Printed::new(&sample.invoice().to_pdf(paper)).pictures(DOTS).try_into().unwrap();
    page
}

#[test]
fn invoices_look_as_they_did() {
    let samples = [
        ("factura-a4.png", computed(), Paper::A4),
        ("factura-rollo.png", computed().reversed(), Paper::Roll),
        ("comprobante-a4.png", bare(), Paper::A4),
        ("letras-a4.png", strange(), Paper::A4),
    ];
    for (name, sample, paper) in samples {
        let drawn = page(&sample, paper);
        if std::env::var_os("VENTANILLA_BLESS").is_some() {
            write(name, &drawn);
        }
        assert_eq!(differences(&drawn, &read(name)), 0, "{name}");
    }
}

#[test]
fn receipts_of_the_window_look_as_they_did() {
    let samples = [
        ("recibo-a4.png", rounded(), Paper::A4),
        ("recibo-rollo.png", rounded().reversed(), Paper::Roll),
    ];
    for (name, sample, paper) in samples {
        let drawn = sample.page(paper, DOTS);
        if std::env::var_os("VENTANILLA_BLESS").is_some() {
            write(name, &drawn);
        }
        assert_eq!(differences(&drawn, &read(name)), 0, "{name}");
    }
}

/// The logo of the demo: clear around its disc.
const LOGO: &[u8] = include_bytes!("../../../server/src/commands/demo/logo.png");

#[test]
fn papers_under_a_logo_look_as_they_did() {
    let logo = logo_of(LOGO.to_vec());
    let report = Printed::new(&day_with(30, Some(logo))).pictures(DOTS);
    let [report] = report.try_into().unwrap();
    let pages = [
        ("logotipo-factura-a4.png", page(&headed(logo), Paper::A4)),
        ("logotipo-recibo-rollo.png", rounded().headed(logo).page(Paper::Roll, DOTS)),
        ("logotipo-reporte.png", report),
    ];
    for (name, drawn) in pages {
        if std::env::var_os("VENTANILLA_BLESS").is_some() {
            write(name, &drawn);
        }
        assert_eq!(differences(&drawn, &read(name)), 0, "{name}");
    }
}

#[test]
fn a_change_of_one_figure_is_seen() {
    let drawn = page(&computed(), Paper::A4);
    let mut sample = computed();
    sample.facts().details[1].amount = crate::samples::bob(2_441);
    assert!(differences(&page(&sample, Paper::A4), &drawn) > 0);
}
