//! The cells of one row, and how lines of CSV are cut into them.

use std::ops::Range;

/// The cells of one row, one after the other in one text that is used again for the next.
#[derive(Debug, Default)]
pub(super) struct Record {
    text: String,
    /// Where each cell is in the text, trimmed.
    cells: Vec<Range<usize>>,
    /// Where the cell after them begins.
    start: usize,
    /// Whether that one is a quotation that goes on.
    is_open: bool,
}

impl Record {
    /// Forgets the cells.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.cells.clear();
        self.start = 0;
        self.is_open = false;
    }

    /// Adds a cell.
    pub(super) fn push(&mut self, cell: &str) {
        self.text.push_str(cell);
        let cell = self.text[self.start..].trim_end();
        let end = self.start + cell.len();
        self.cells.push(end - cell.trim_start().len()..end);
        self.start = self.text.len();
    }

    /// Cuts a line, its end included, and adds its cells. `false` where a quotation is open at its
    /// end, so that the next line goes on in it.
    ///
    /// As in RFC 4180, and beyond it: a quote within a cell that does not begin with one is text,
    /// and so is what stands between a quotation's end and the next separator.
    pub(super) fn push_line(&mut self, line: &str, separator: char) -> bool {
        let mut rest = line;
        loop {
            let quoted = if self.is_open { Some(rest) } else { rest.strip_prefix('"') };
            if let Some(quoted) = quoted {
                let after = self.push_quoted(quoted);
                self.is_open = after.is_none();
                match after {
                    Some(after) => rest = after,
                    None => return false,
                }
            }
            let Some((cell, after)) = rest.split_once(separator) else {
                self.push(rest);
                return true;
            };
            self.push(cell);
            rest = after;
        }
    }

    /// Adds the text of a quotation, without ending its cell, and gives what comes after it.
    fn push_quoted<'l>(&mut self, quoted: &'l str) -> Option<&'l str> {
        let mut rest = quoted;
        loop {
            let Some((text, after)) = rest.split_once('"') else {
                self.text.push_str(rest);
                return None;
            };
            self.text.push_str(text);
            match after.strip_prefix('"') {
                None => return Some(after),
                Some(after) => {
                    self.text.push('"');
                    rest = after;
                }
            }
        }
    }

    /// How many cells there are.
    pub(super) const fn len(&self) -> usize {
        self.cells.len()
    }

    /// Bytes of all cells, of an open quotation too.
    pub(super) const fn text_len(&self) -> usize {
        self.text.len()
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

/// Whether a text holds nothing; old systems end a file with the control character U+001A.
pub(super) fn is_blank(text: &str) -> bool {
    text.chars().all(|char| char.is_whitespace() || char == '\u{1A}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cells of lines that are one row; `None` where its last quotation does not end.
    fn cells(lines: &[&str]) -> Option<Vec<String>> {
        let mut record = Record::default();
        let mut is_whole = false;
        for line in lines {
            assert!(!is_whole, "{lines:?} is more than one row");
            is_whole = record.push_line(line, ',');
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
    fn a_record_is_used_again() {
        let mut record = Record::default();
        assert!(!record.push_line("a,\"b", ','));
        record.clear();
        assert!(record.push_line(" \u{1A},\t\n", ','));
        assert!(record.is_blank());
        assert_eq!((record.len(), record.cell(0), record.cell(2)), (2, Some("\u{1A}"), None));
    }
}
