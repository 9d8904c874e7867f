//! QR codes.

use std::fmt::Write as _;

use fast_qr::{ECL, QRBuilder, QRCode};

/// A text as a QR code, of which 15 % may be damaged.
#[derive(Debug)]
pub(crate) struct QrCode {
    modules: f32,
    runs: Vec<Run>,
}

/// Dark modules beside each other: where they begin, and how many they are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Run {
    pub(crate) row: f32,
    pub(crate) column: f32,
    pub(crate) len: f32,
}

impl QrCode {
    /// A code of at most 2,331 bytes; `None` for a longer text.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let code = QRBuilder::new(text).ecl(ECL::M).build().ok()?;
        Some(Self { modules: to_f32(code.size), runs: runs(&code) })
    }

    /// Modules a side.
    pub(crate) fn modules(&self) -> f32 {
        self.modules
    }

    /// The dark modules, row by row.
    pub(crate) fn runs(&self) -> &[Run] {
        &self.runs
    }
}

/// A text as the QR code of a page: SVG with its margin, dark on light whatever surrounds it. `None` for a text
/// of more than 2,331 bytes.
pub fn qr_svg(text: &str) -> Option<String> {
    const MARGIN: f32 = 4.0;
    let code = QrCode::of(text)?;
    let side = code.modules() + 2.0 * MARGIN;
    let mut path = String::new();
    for Run { row, column, len } in code.runs() {
        let (x, y) = (column + MARGIN, row + MARGIN);
        write!(path, "M{x} {y}h{len}v1h-{len}z").expect("a String takes it");
    }
    Some(format!(
        "<svg class=\"qr\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" role=\"img\" \
         aria-label=\"QR\"><rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/><path d=\"{path}\" \
         fill=\"#000\"/></svg>"
    ))
}

fn runs(code: &QRCode) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for row in 0..code.size {
        let mut is_dark_before = false;
        for (column, module) in code[row].iter().enumerate() {
            let is_dark = module.value();
            match runs.last_mut() {
                Some(run) if is_dark && is_dark_before => run.len += 1.0,
                _ if is_dark => {
                    runs.push(Run { row: to_f32(row), column: to_f32(column), len: 1.0 });
                }
                _ => {}
            }
            is_dark_before = is_dark;
        }
    }
    runs
}

fn to_f32(modules: usize) -> f32 {
    f32::from(u8::try_from(modules).expect("a code has at most 177 modules a side"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_any_length_that_fits_is_a_code() {
        assert!(QrCode::of(&"x".repeat(2_331)).is_some());
        assert!(QrCode::of(&"x".repeat(2_332)).is_none());
        let code = QrCode::of("1023245028|316").unwrap();
        let first = code.runs()[0];
        assert_eq!(first, Run { row: 0.0, column: 0.0, len: 7.0 }, "the upper left mark");
    }

    #[test]
    fn a_page_has_a_code_of_paths_alone() {
        let svg = qr_svg("otpauth://totp/Cooplan:ana?secret=AB").unwrap();
        assert!(svg.starts_with("<svg class=\"qr\"") && svg.contains("M4 4h7v1h-7z"), "{svg}");
        assert!(!svg.contains("otpauth") && !svg.contains("style="));
        assert_eq!(qr_svg(&"x".repeat(2_332)), None);
    }
}
