//! What a form or a query says: names and values as they were typed, so that a page can give them back.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Fields that one form may have; more are not read.
const FIELDS_LEN_MAX: usize = 512;

const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Names and values, in the order they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads `name=value&…`, whose bytes that are no UTF-8 become replacement marks.
    pub(crate) fn read(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).take(FIELDS_LEN_MAX);
        Self(
            pairs
                .map(|pair| {
                    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (decoded(name), decoded(value))
                })
                .collect(),
        )
    }

    /// The first value of a name, without blanks around it; empty where there is none.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// The first value of a name as it came: blanks of a password count.
    pub(crate) fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
    }

    /// Whether a name is there with a value.
    pub(crate) fn has(&self, name: &str) -> bool {
        !self.get(name).is_empty()
    }

    /// All values of a name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All names and values.
    pub(crate) fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// The same without those that `is_left_out` names.
    pub(crate) fn without(&self, is_left_out: impl Fn(&str) -> bool) -> Self {
        Self(self.0.iter().filter(|(name, _)| !is_left_out(name)).cloned().collect())
    }

    /// Another value for a name, at the end.
    #[cfg(test)]
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.retain(|(key, _)| key != name);
        self.0.push((name.to_owned(), value.into()));
    }

    /// As text again.
    pub(crate) fn to_text(&self) -> String {
        let pairs =
            self.0.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
        pairs.collect::<Vec<_>>().join("&")
    }
}

impl From<Vec<(String, String)>> for Fields {
    fn from(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Fields {
    fn from(pairs: [(&str, &str); N]) -> Self {
        Self(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }
}

/// A text that means itself in any part of an address.
pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, KEPT).to_string()
}

fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_it_was_typed_and_written_back() {
        let fields = Fields::read("q=Mar%C3%ADa+P%26Co&factura=1&factura=2&vacio=&solo");
        assert_eq!(fields.get("q"), "María P&Co");
        assert_eq!(fields.all("factura").collect::<Vec<_>>(), ["1", "2"]);
        assert!(!fields.has("vacio") && !fields.has("solo") && !fields.has("falta"));
        assert_eq!(Fields::read(&fields.to_text()), fields);
        assert_eq!(Fields::read("%zz=%ff").pairs().len(), 1, "what is malformed breaks nothing");
    }

    #[test]
    fn a_form_of_endless_fields_is_read_up_to_a_limit() {
        assert_eq!(Fields::read(&"a=1&".repeat(10_000)).pairs().len(), FIELDS_LEN_MAX);
    }
}
