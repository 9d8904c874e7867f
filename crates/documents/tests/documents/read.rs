//! Reading what was printed, with the programs of others.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A printed file and where it is read.
#[derive(Debug)]
pub(crate) struct Printed {
    folder: TempDir,
}

impl Printed {
    pub(crate) fn new(pdf: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file.pdf"), pdf).unwrap();
        Self { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// What a program says of the file.
    fn run<S: AsRef<OsStr>>(&self, program: &str, arguments: &[S]) -> String {
        let ran = Command::new(program).args(arguments).current_dir(self.path()).output();
        let output = ran.unwrap_or_else(|error| panic!("{program} is needed: {error}"));
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program}: {errors}");
        assert!(!errors.contains("Syntax"), "{program} finds fault with the file: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The text of all pages, laid out as it stands, blanks run together.
    pub(crate) fn text(&self) -> String {
        let text = self.run("pdftotext", &["-layout", "file.pdf", "-"]);
        let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
    }

    /// A line of what the file says of itself.
    pub(crate) fn fact(&self, name: &str) -> String {
        let facts = self.run("pdfinfo", &["file.pdf"]);
        let fact = facts.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        fact.unwrap_or_else(|| panic!("no {name} in {facts}")).trim().to_owned()
    }

    /// The typefaces that are not embedded.
    pub(crate) fn missing_fonts(&self) -> Vec<String> {
        let fonts = self.run("pdffonts", &["file.pdf"]);
        let is_embedded = |line: &&str| line.contains(" yes yes yes ");
        fonts.lines().skip(2).filter(|line| !is_embedded(line)).map(str::to_owned).collect()
    }

    /// The pages as pictures in grey, at that many dots an inch.
    pub(crate) fn pictures(&self, dots: u32) -> Vec<Picture> {
        self.run("pdftoppm", &["-gray", "-r", &dots.to_string(), "file.pdf", "page"]);
        let entries = std::fs::read_dir(self.path()).unwrap().map(|entry| entry.unwrap().path());
        let mut pages: Vec<_> =
            entries.filter(|path| path.extension() == Some(OsStr::new("pgm"))).collect();
        pages.sort();
        pages.iter().map(|page| Picture::from_pgm(&std::fs::read(page).unwrap())).collect()
    }

    /// The pictures in the file, each as many times as it is drawn: a JPEG as it is there, any other as PNG.
    pub(crate) fn images(&self) -> Vec<Vec<u8>> {
        self.run("pdfimages", &["-png", "-j", "file.pdf", "image"]);
        let entries = std::fs::read_dir(self.path()).unwrap().map(|entry| entry.unwrap().path());
        let is_image = |path: &PathBuf| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("image-"))
        };
        let mut images: Vec<_> = entries.filter(is_image).collect();
        images.sort();
        images.iter().map(|image| std::fs::read(image).unwrap()).collect()
    }

    /// The width and height of each picture that is drawn, in dots, and how many dots an inch it has each way.
    pub(crate) fn image_list(&self) -> Vec<String> {
        let list = self.run("pdfimages", &["-list", "file.pdf"]);
        let told = |line: &str| {
            let cells: Vec<&str> = line.split_whitespace().collect();
            [cells[3], cells[4], cells[12], cells[13]].join(" ")
        };
        list.lines().skip(2).map(told).collect()
    }

    /// A corner of the first page as a JPEG of 40 × 30 dots.
    pub(crate) fn jpeg(&self, options: &[&str]) -> Vec<u8> {
        let corner = ["-singlefile", "-r", "72", "-x", "30", "-y", "30", "-W", "40"];
        let named = ["-H", "30", "file.pdf", "corner"];
        self.run("pdftoppm", &[&corner, options, &named].concat());
        std::fs::read(self.path().join("corner.jpg")).unwrap()
    }

    /// The words of all pages in the order in which they were written.
    pub(crate) fn words(&self) -> Vec<String> {
        let text = self.run("pdftotext", &["-raw", "file.pdf", "-"]);
        text.split_whitespace().map(str::to_owned).collect()
    }

    /// What the QR codes of the first page say, sorted.
    pub(crate) fn codes(&self) -> Vec<String> {
        self.run("pdftoppm", &["-gray", "-r", "200", "-singlefile", "file.pdf", "codes"]);
        let found =
            self.run("zbarimg", &["-q", "--raw", "-S*.enable=0", "-Sqrcode.enable=1", "codes.pgm"]);
        let mut codes: Vec<_> = found.lines().map(str::to_owned).collect();
        codes.sort();
        codes
    }
}

/// A page in grey: a byte a dot, 0 is black.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) dots: Vec<u8>,
}

impl Picture {
    /// Reads a binary PGM of one byte a dot.
    fn from_pgm(bytes: &[u8]) -> Self {
        let mut rest = bytes;
        let mut word = || {
            let end = rest.iter().position(u8::is_ascii_whitespace).unwrap();
            let (word, after) = rest.split_at(end);
            rest = &after[1..];
            String::from_utf8(word.to_vec()).unwrap()
        };
        let [magic, width, height, white] = std::array::from_fn(|_| word());
        assert_eq!((magic.as_str(), white.as_str()), ("P5", "255"));
        let (width, height) = (width.parse().unwrap(), height.parse().unwrap());
        assert_eq!(rest.len(), width * height);
        Self { width, height, dots: rest.to_vec() }
    }

    /// How dark each square of `side` dots is in the mean, row by row.
    pub(crate) fn squares(&self, side: usize) -> Vec<u8> {
        let rows = (0..self.height).step_by(side);
        let squares =
            rows.flat_map(|top| (0..self.width).step_by(side).map(move |left| (top, left)));
        squares.map(|(top, left)| self.mean(top, left, side)).collect()
    }

    fn mean(&self, top: usize, left: usize, side: usize) -> u8 {
        let right = self.width.min(left + side);
        let rows = top..self.height.min(top + side);
        let (mut sum, mut count) = (0, 0);
        for row in rows {
            let dots = &self.dots[row * self.width + left..row * self.width + right];
            sum += dots.iter().map(|dot| usize::from(*dot)).sum::<usize>();
            count += dots.len();
        }
        u8::try_from(sum / count).unwrap()
    }
}
