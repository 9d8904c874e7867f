//! Forms: what is wrong, each sentence beside its field, and what can be chosen.

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

/// One of what can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    /// Its word in the form.
    pub(crate) word: String,
    /// What people read.
    pub(crate) name: String,
    /// Whether it is the one.
    pub(crate) is_chosen: bool,
}

impl Choice {
    /// Choices by word and name, of which one may be chosen.
    pub(crate) fn all<W: ToString, N: ToString>(
        all: impl IntoIterator<Item = (W, N)>,
        chosen: &str,
    ) -> Vec<Self> {
        let choice = |(word, name): (W, N)| {
            let word = word.to_string();
            Self { is_chosen: word == chosen, word, name: name.to_string() }
        };
        all.into_iter().map(choice).collect()
    }
}
