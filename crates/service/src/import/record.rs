//! The cells of one row, and how lines of CSV are cut into them.

use std::ops::Range;

use csv_core::ReadRecordResult;

use super::opening::Separator;

/// The cells of one row, one after the other in one text that is used again for the next.
#[derive(Debug, Default)]
pub(super) struct Record {
    text: String,
    /// Where each cell is in the text, trimmed.
    cells: Vec<Range<usize>>,
}

impl Record {
    /// Forgets the cells.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.cells.clear();
    }

    /// Adds a cell.
    pub(super) fn push(&mut self, cell: &str) {
        let start = self.text.len();
        self.text.push_str(cell.trim());
        self.cells.push(start..self.text.len());
    }

    /// How many cells there are.
    pub(super) const fn len(&self) -> usize {
        self.cells.len()
    }

    /// A cell, trimmed.
    pub(super) fn cell(&self, position: usize) -> Option<&str> {
        self.cells.get(position).map(|cell| &self.text[cell.clone()])
    }

    /// All cells, trimmed.
    pub(super) fn cells(&self) -> impl Iterator<Item = &str> {
        self.cells.iter().map(|cell| &self.text[cell.clone()])
    }

    /// Whether no cell holds anything.
    pub(super) fn is_blank(&self) -> bool {
        is_blank(&self.text)
    }
}

/// Cuts lines of CSV into cells, as RFC 4180 says. Beyond it, a quote within a cell that does not
/// begin with one is text, and so is what stands between a quotation's end and the next separator.
#[derive(Debug)]
pub(super) struct Cutter {
    reader: csv_core::Reader,
    /// The text of the row that is being cut, and where its cells end in it.
    text: Vec<u8>,
    ends: Vec<usize>,
    text_len: usize,
    ends_len: usize,
    is_open: bool,
}

impl Cutter {
    pub(super) fn new(separator: Separator) -> Self {
        // A carriage return before the line feed is trimmed off with the last cell's blanks.
        let reader = csv_core::ReaderBuilder::new()
            .delimiter(separator.to_byte())
            .terminator(csv_core::Terminator::Any(b'\n'))
            .build();
        let (text, ends) = (vec![0; 1024], vec![0; 64]);
        Self { reader, text, ends, text_len: 0, ends_len: 0, is_open: false }
    }

    /// Adds a line, its end included. At the end of a row its cells are put into `record`; `false`
    /// where a quotation is open at the line's end, so that the next line goes on in it.
    pub(super) fn push_line(&mut self, line: &str, record: &mut Record) -> bool {
        if !self.is_open && line.trim_end_matches('\n').is_empty() {
            record.push("");
            return true;
        }
        let end = if line.ends_with('\n') { "" } else { "\n" };
        self.is_open = !(self.feed(line.as_bytes()) || self.feed(end.as_bytes()));
        if self.is_open {
            return false;
        }
        let text = std::str::from_utf8(&self.text[..self.text_len]);
        let text = text.expect("a text cut at ASCII marks is text");
        let mut start = 0;
        for end in &self.ends[..self.ends_len] {
            record.push(&text[start..*end]);
            start = *end;
        }
        (self.text_len, self.ends_len) = (0, 0);
        true
    }

    /// Feeds bytes of one line; whether they end the row.
    fn feed(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            let (text, ends) = (&mut self.text[self.text_len..], &mut self.ends[self.ends_len..]);
            let (result, read, text_len, ends_len) = self.reader.read_record(bytes, text, ends);
            bytes = &bytes[read..];
            self.text_len += text_len;
            self.ends_len += ends_len;
            match result {
                ReadRecordResult::OutputFull => self.text.resize(2 * self.text.len(), 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(2 * self.ends.len(), 0),
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::Record | ReadRecordResult::End => return true,
            }
        }
        false
    }

    /// Bytes of the row that is being cut.
    pub(super) const fn text_len(&self) -> usize {
        self.text_len
    }
}

/// Whether a text holds nothing; old systems end a file with the control character U+001A.
pub(super) fn is_blank(text: &str) -> bool {
    text.chars().all(|char| char.is_whitespace() || char == '\u{1A}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cells of lines that are one row; `None` where its last quotation does not end.
    fn cells(lines: &[&str]) -> Option<Vec<String>> {
        let (mut record, mut cutter) = (Record::default(), Cutter::new(Separator::Comma));
        let mut is_whole = false;
        for line in lines {
            assert!(!is_whole, "{lines:?} is more than one row");
            is_whole = cutter.push_line(line, &mut record);
        }
        is_whole.then(|| record.cells().map(str::to_owned).collect())
    }

    #[test]
    fn a_line_is_cut_at_its_separators_and_quotations_are_opened() {
        for (lines, expected) in [
            (&["315,Elena\n"][..], Some(&["315", "Elena"][..])),
            (&["315,Elena"], Some(&["315", "Elena"])),
            (&["\r\n"], Some(&[""])),
            (&[" 315 ,,\r\n"], Some(&["315", "", ""])),
            (&["\"315\",\"Rojas, Elena\"\r\n"], Some(&["315", "Rojas, Elena"])),
            (&["\"\",\"\"\"\"\n"], Some(&["", "\""])),
            (&["\"Elena \"\"La\"\" Rojas\""], Some(&["Elena \"La\" Rojas"])),
            (&["Elena \"La\" Rojas, \"x\"\n"], Some(&["Elena \"La\" Rojas", "\"x\""])),
            (&["\"Elena\" Rojas,\"a\"b\"c\n"], Some(&["Elena Rojas", "ab\"c"])),
            (&["\"a\n", "b\r\n", "c\",d\n"], Some(&["a\nb\r\nc", "d"])),
            (&["\"a\"\"\n", "\n", "\"\n"], Some(&["a\""])),
            (&["x,\"\n", "\"\"\"\n"], Some(&["x", "\""])),
            (&["x,\""], None),
            (&["x,\"y\"\""], None),
            (&["x,\"y,z\n", "1,2\n"], None),
        ] {
            let expected = expected.map(|cells| cells.iter().map(|cell| (*cell).into()).collect());
            assert_eq!(cells(lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn a_row_of_any_size_is_cut() {
        let cells: Vec<_> = (0..5_000).map(|number| format!("ñ{number}")).collect();
        let (mut record, mut cutter) = (Record::default(), Cutter::new(Separator::Semicolon));
        assert!(cutter.push_line(&(cells.join(";") + "\r\n"), &mut record));
        assert!(record.cells().eq(cells.iter().map(String::as_str)));
    }

    #[test]
    fn a_record_is_used_again() {
        let (mut record, mut cutter) = (Record::default(), Cutter::new(Separator::Comma));
        assert!(cutter.push_line("a,b\n", &mut record));
        record.clear();
        assert!(cutter.push_line(" \u{1A},\t\n", &mut record));
        assert!(record.is_blank());
        assert_eq!((record.len(), record.cell(0), record.cell(2)), (2, Some("\u{1A}"), None));
    }
}
