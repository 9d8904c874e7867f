//! Reading what was printed, with the programs of others.

use std::ffi::OsStr;
use std::path::Path;
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
