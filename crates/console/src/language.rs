//! The two languages of the pages, and how a page's texts are written: each once, in both.

/// A language that pages are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Language {
    /// Spanish, unless somebody asks for another.
    #[default]
    Spanish,
    /// English.
    English,
}

impl Language {
    /// All of them.
    pub(crate) const ALL: [Self; 2] = [Self::Spanish, Self::English];

    /// Its tag, as HTML and the cookie have it.
    pub(crate) const fn to_tag(self) -> &'static str {
        match self {
            Self::Spanish => "es",
            Self::English => "en",
        }
    }

    /// The language of that tag.
    pub(crate) fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.to_tag() == tag)
    }
}

/// A table of texts, `name: "Spanish" / "English"`: one that lacks a language does not compile.
macro_rules! texts {
    ($(#[$meta:meta])* $table:ident { $($name:ident: $spanish:literal / $english:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug)]
        pub(crate) struct $table {
            $(pub(crate) $name: &'static str),+
        }

        impl $table {
            const SPANISH: Self = Self { $($name: $spanish),+ };
            const ENGLISH: Self = Self { $($name: $english),+ };

            /// The table in a language.
            pub(crate) const fn of(language: $crate::language::Language) -> &'static Self {
                match language {
                    $crate::language::Language::Spanish => &Self::SPANISH,
                    $crate::language::Language::English => &Self::ENGLISH,
                }
            }
        }
    };
}
pub(crate) use texts;

/// A text with a value in the place of its `{}`.
#[expect(clippy::needless_pass_by_value, reason = "a call reads as its sentence does")]
pub(crate) fn filled(text: &str, value: impl ToString) -> String {
    text.replacen("{}", &value.to_string(), 1)
}
