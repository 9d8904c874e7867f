//! Pages of text, lines and QR codes, written as PDF.
//!
//! A small layer over `pdf-writer`: an embedded typeface of which each file holds the glyphs it uses
//! (`font`), a surface to draw on (`canvas`), columns of text on it (`pen`), blocks that follow each
//! other over as many pages as they need (`sheet`), a picture (`picture`) that is kept
//! ready for the next paper (`shelf`), and a file that is written object by object, so
//! that a report of any length takes little memory (`file`). Nothing of it depends on the machine or
//! the time: the same drawing is the same bytes.

mod canvas;
mod file;
mod font;
mod pen;
mod picture;
mod qr;
mod sheet;
mod shelf;

pub(crate) use canvas::{Canvas, Ink};
pub(crate) use file::{PdfFile, Title};
pub(crate) use font::{Face, Fonts};
pub(crate) use pen::{Align, Pen, Style, logo_size};
pub(crate) use qr::QrCode;
pub use qr::qr_svg;
pub use sheet::Paper;
pub(crate) use sheet::{Sheet, place};

/// Points of one millimetre.
pub(crate) const MM: f32 = 72.0 / 25.4;
