//! What is wrong with a form, each sentence beside its field.

/// Sentences by field, in the order they were found; the empty name is of the form as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Errors(Vec<(&'static str, String)>);

impl Errors {
    /// One sentence of one field.
    pub(crate) fn of(field: &'static str, sentence: impl Into<String>) -> Self {
        Self(vec![(field, sentence.into())])
    }

    /// One sentence of the form as a whole.
    pub(crate) fn whole(sentence: impl Into<String>) -> Self {
        Self::of("", sentence)
    }

    /// Adds a sentence.
    pub(crate) fn add(&mut self, field: &'static str, sentence: impl Into<String>) {
        self.0.push((field, sentence.into()));
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The sentence of a field; empty where there is none.
    pub(crate) fn at(&self, field: &str) -> &str {
        self.0.iter().find(|(name, _)| *name == field).map_or("", |(_, sentence)| sentence)
    }

    /// The sentence of the form as a whole.
    pub(crate) fn top(&self) -> &str {
        self.at("")
    }
}
