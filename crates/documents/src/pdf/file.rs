//! A PDF file, written object by object.

use std::io::{self, Write};

use flate2::write::ZlibEncoder;
use pdf_writer::types::PageLayout;
use pdf_writer::{Chunk, Filter, Finish, Name, Rect, Ref, TextStr};

use ventanilla_domain::Logo;

use super::picture::{self, Picture};
use super::{Face, Fonts};

/// The mark of a binary file follows that of a PDF.
const HEADER: &[u8] = b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n";

/// What a file says of itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Title<'a> {
    /// What it is.
    pub(crate) title: &'a str,
    /// Whose it is.
    pub(crate) author: &'a str,
}

/// A file under way: pages go out as they are finished, and of each only where it stands is kept.
#[derive(Debug)]
pub(crate) struct PdfFile<W: Write> {
    out: W,
    written_len: usize,
    /// Where the object of each reference stands, by its number less one; 0 is not written yet.
    offsets: Vec<usize>,
    pages: Vec<Ref>,
    catalog: Ref,
    tree: Ref,
    resources: Ref,
}

impl<W: Write> PdfFile<W> {
    /// Begins a file.
    pub(crate) fn start(mut out: W) -> io::Result<Self> {
        out.write_all(HEADER)?;
        let [catalog, tree, resources] = [1, 2, 3].map(Ref::new);
        Ok(Self {
            out,
            written_len: HEADER.len(),
            offsets: vec![0; 3],
            pages: Vec::new(),
            catalog,
            tree,
            resources,
        })
    }

    /// A reference for an object that is yet to be written.
    pub(crate) fn new_ref(&mut self) -> Ref {
        self.offsets.push(0);
        Ref::new(i32::try_from(self.offsets.len()).expect("a file has fewer objects than 2^31"))
    }

    /// Writes the one object that a chunk holds.
    pub(crate) fn write(&mut self, chunk: &Chunk) -> io::Result<()> {
        let mut refs = chunk.refs();
        let (Some(id), None) = (refs.next(), refs.next()) else {
            unreachable!("a chunk holds one object");
        };
        let place = usize::try_from(id.get() - 1).expect("references count from 1");
        self.offsets[place] = self.written_len;
        self.out.write_all(chunk.as_bytes())?;
        self.written_len += chunk.len();
        Ok(())
    }

    /// Writes a page of that size, in points, of what was drawn downwards from its top.
    pub(crate) fn add_page(&mut self, drawn: &[u8], width: f32, height: f32) -> io::Result<()> {
        let [page, content] = std::array::from_fn(|_| self.new_ref());
        let from_top = format!("1 0 0 1 0 {height:.3} cm\n");
        let drawn = deflated(&[from_top.as_bytes(), drawn].concat());
        let mut chunk = Chunk::new();
        chunk.stream(content, &drawn).filter(Filter::FlateDecode);
        self.write(&chunk)?;
        let mut chunk = Chunk::new();
        let mut writer = chunk.page(page);
        writer.parent(self.tree).media_box(Rect::new(0.0, 0.0, width, height)).contents(content);
        writer.pair(Name(b"Resources"), self.resources);
        writer.finish();
        self.write(&chunk)?;
        self.pages.push(page);
        Ok(())
    }

    /// Writes what all pages share, the logo if any was drawn, and where everything stands, and hands back what
    /// was written to.
    pub(crate) fn finish(
        mut self,
        title: Title<'_>,
        fonts: &Fonts,
        logo: Option<&Logo>,
    ) -> io::Result<W> {
        let [regular, bold, info] = std::array::from_fn(|_| self.new_ref());
        fonts.write(&mut self, regular, bold)?;
        let logo = match logo {
            Some(logo) => {
                let id = self.new_ref();
                Picture::of(logo).write(&mut self, id)?;
                Some(id)
            }
            None => None,
        };
        let mut chunk = Chunk::new();
        let mut resources = chunk.indirect(self.resources).dict();
        let mut names = resources.insert(Name(b"Font")).dict();
        names.pair(Face::Regular.resource(), regular).pair(Face::Bold.resource(), bold);
        names.finish();
        if let Some(logo) = logo {
            let mut names = resources.insert(Name(b"XObject")).dict();
            names.pair(picture::RESOURCE, logo);
            names.finish();
        }
        resources.finish();
        self.write(&chunk)?;
        self.write_structure(info, title)?;
        self.write_trailer(info)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn write_structure(&mut self, info: Ref, title: Title<'_>) -> io::Result<()> {
        let mut chunk = Chunk::new();
        let count = i32::try_from(self.pages.len()).expect("a file has fewer pages than 2^31");
        chunk.pages(self.tree).kids(self.pages.iter().copied()).count(count);
        self.write(&chunk)?;
        let mut chunk = Chunk::new();
        let mut catalog = chunk.indirect(self.catalog).start::<pdf_writer::writers::Catalog<'_>>();
        catalog.pages(self.tree).lang(TextStr("es")).page_layout(PageLayout::SinglePage);
        catalog.viewer_preferences().display_doc_title(true);
        catalog.finish();
        self.write(&chunk)?;
        let mut chunk = Chunk::new();
        let mut writer = chunk.indirect(info).start::<pdf_writer::writers::DocumentInfo<'_>>();
        writer
            .title(TextStr(title.title))
            .author(TextStr(title.author))
            .creator(TextStr("Ventanilla"));
        writer.finish();
        self.write(&chunk)
    }

    fn write_trailer(&mut self, info: Ref) -> io::Result<()> {
        let len = self.offsets.len() + 1;
        write!(self.out, "xref\n0 {len}\n0000000000 65535 f \n")?;
        for offset in &self.offsets {
            // Each line has twenty bytes, its end among them.
            self.out.write_all(format!("{offset:010} 00000 n \n").as_bytes())?;
        }
        write!(
            self.out,
            "trailer\n<< /Size {len} /Root {} 0 R /Info {} 0 R >>\nstartxref\n{}\n%%EOF\n",
            self.catalog.get(),
            info.get(),
            self.written_len
        )
    }
}

/// The same bytes, smaller.
pub(super) fn deflated(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), flate2::Compression::new(6));
    let written = encoder.write_all(data);
    written.and_then(|()| encoder.finish()).expect("writing to memory does not fail")
}
