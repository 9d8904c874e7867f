//! Papers that a test reads, with the programs of others.

use std::fs;

use super::{Installation, run};

/// Runs lines of bash that must do what they are asked; what they print.
pub(crate) fn shell(installation: &Installation, lines: &str) -> String {
    let ran = run(&mut installation.shell(".", &format!("set -euo pipefail\n{lines}")));
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{lines}: {ran:?}");
    ran.out
}

/// What a file holds.
pub(crate) fn bytes(installation: &Installation, file: &str) -> Vec<u8> {
    fs::read(installation.path(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// That two files are the same, and hold something.
#[track_caller]
pub(crate) fn check_same(installation: &Installation, one: &str, other: &str) {
    let (one_bytes, other_bytes) = (bytes(installation, one), bytes(installation, other));
    assert!(one_bytes == other_bytes && one_bytes.len() > 200, "{one} and {other} differ");
}

/// The text of a PDF, blanks run together.
pub(crate) fn text(installation: &Installation, file: &str) -> String {
    let text = shell(installation, &format!("pdftotext -layout {file} -"));
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What the QR codes of a paper say, sorted.
pub(crate) fn codes(installation: &Installation, file: &str) -> Vec<String> {
    // It complains of a bus that is not there.
    let read =
        "pdftoppm -gray -r 200 -singlefile \"$PAPER\" codes && zbarimg -q --raw codes.pgm 2>zbar";
    let told = shell(installation, &format!("PAPER={file}; {read}"));
    let mut codes: Vec<_> = told.lines().map(str::to_owned).collect();
    codes.sort();
    codes
}
