//! The words that people are looked for by: what is left of a text once case, accents and signs are off.

use crate::Member;

/// Words that are kept of a member, and taken of what somebody types.
pub const WORDS_MAX: usize = 12;

/// Letters and digits that are kept of a word; what follows is left off.
pub const WORD_LETTERS_MAX: usize = 32;

/// A text's words in its order, each once: lower case, without accents, `ñ` as `n`, split at whatever is
/// neither a letter nor a digit; at most [`WORDS_MAX`] of at most [`WORD_LETTERS_MAX`] letters.
pub fn words_of(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for word in folded(text).split(' ') {
        add(&mut words, word);
    }
    words
}

impl Member {
    /// The words by which the member is found, each once, the most telling first: the numbers of the document
    /// and for taxes, each as one word, then the name's, then the parts of numbers that are written in parts.
    pub fn to_words(&self) -> Vec<String> {
        let numbers = [&self.document_number, &self.tax_id];
        let numbers = numbers.map(|number| number.as_ref().map(|number| folded(number.as_str())));
        let mut words = Vec::new();
        for number in numbers.iter().flatten() {
            add(&mut words, &number.replace(' ', ""));
        }
        let name = folded(self.name.as_str());
        let parts = numbers.iter().flatten().map(String::as_str);
        for word in std::iter::once(name.as_str()).chain(parts).flat_map(|text| text.split(' ')) {
            add(&mut words, word);
        }
        words
    }
}

/// Words of a name that are paired: all of most people's.
const PAIRED_MAX: usize = 5;

/// What stands for two words of a name together, whatever their order. It begins with a blank, as no word does.
pub fn pair_of(one: &str, other: &str) -> String {
    let (first, second) = if one <= other { (one, other) } else { (other, one) };
    format!(" {first} {second}")
}

impl Member {
    /// Everything by which the member is found: its words, and the pairs of the first words of its name, since in
    /// a large company many have one and few have both.
    pub fn to_keys(&self) -> Vec<String> {
        let mut keys = self.to_words();
        let mut named = words_of(self.name.as_str());
        named.truncate(PAIRED_MAX);
        let mut others = named.as_slice();
        while let [one, rest @ ..] = others {
            keys.extend(rest.iter().map(|other| pair_of(one, other)));
            others = rest;
        }
        keys
    }
}

/// Adds the start of a word, unless it is empty, there already, or one too many.
fn add(words: &mut Vec<String>, word: &str) {
    let word: String = word.chars().take(WORD_LETTERS_MAX).collect();
    if !word.is_empty() && words.len() < WORDS_MAX && !words.contains(&word) {
        words.push(word);
    }
}

/// Lower case without accents, and a blank for each sign that stands between words.
fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.chars().flat_map(char::to_lowercase) {
        match letter {
            // An accent that is a character of its own belongs to the letter before it.
            '\u{300}'..='\u{36f}' => {}
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ß' => folded.push_str("ss"),
            letter if letter.is_alphanumeric() => folded.push(without_accent(letter)),
            _ => folded.push(' '),
        }
    }
    folded
}

/// The letter of the alphabet that a lower-case Latin letter is written over.
const fn without_accent(letter: char) -> char {
    match letter {
        'à'..='å' | 'ā' | 'ă' | 'ą' | 'ª' => 'a',
        'ç' | 'ć' | 'č' | 'ĉ' | 'ċ' => 'c',
        'ď' | 'đ' | 'ð' => 'd',
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => 'e',
        'ğ' | 'ĝ' | 'ġ' | 'ģ' => 'g',
        'ĥ' | 'ħ' => 'h',
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => 'i',
        'ĵ' => 'j',
        'ķ' => 'k',
        'ĺ' | 'ļ' | 'ľ' | 'ł' => 'l',
        'ñ' | 'ń' | 'ņ' | 'ň' => 'n',
        'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' | 'º' => 'o',
        'ŕ' | 'ř' => 'r',
        'ś' | 'ş' | 'š' | 'ŝ' | 'ș' => 's',
        'ţ' | 'ť' | 'ț' => 't',
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => 'u',
        'ŵ' => 'w',
        'ý' | 'ÿ' | 'ŷ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Label, MemberId, Name};

    #[test]
    fn a_text_is_its_words_without_case_accents_and_signs() {
        for (text, expected) in [
            ("Rivas La Fuente Valentín", "rivas la fuente valentin"),
            ("ÑANDÚ Peña  Núñez", "nandu pena nunez"),
            ("D'Angelo, José-María", "d angelo jose maria"),
            ("Pe\u{301}rez Mun\u{303}oz", "perez munoz"),
            ("Ávila ávila AVILA", "avila"),
            ("  .,- ", ""),
            ("", ""),
            ("C.I. 4.455.667-K", "c i 4 455 667 k"),
            ("Straße 12ª", "strasse 12a"),
            ("Łukasz Čapek Ørsted İnönü", "lukasz capek orsted inonu"),
            ("Ольга 山田", "ольга 山田"),
            ("a b c d e f g h i j k l m n", "a b c d e f g h i j k l"),
        ] {
            assert_eq!(words_of(text).join(" "), expected, "{text}");
        }
        let long = "ñ".repeat(WORD_LETTERS_MAX + 1);
        assert_eq!(words_of(&long), ["n".repeat(WORD_LETTERS_MAX)]);
    }

    fn check(name: &str, document: Option<&str>, tax_id: Option<&str>, expected: &str) {
        let label = |text: Option<&str>| text.map(|text| Label::from_text(text).unwrap());
        let member = Member {
            id: MemberId::FIRST,
            is_assigned: false,
            name: Name::from_text(name).unwrap(),
            document_kind: label(Some("CI")),
            document_number: label(document),
            tax_id: label(tax_id),
            location: None,
            email: None,
            phone: label(Some("70000000")),
        };
        assert_eq!(member.to_words().join(" "), expected, "{name}");
    }

    #[test]
    fn a_member_is_found_by_name_document_and_tax_number() {
        check("Peña Ana", None, None, "pena ana");
        check("Peña Ana", Some("4455667"), Some("4455667"), "4455667 pena ana");
        check("Peña Ana", Some("4.455.667"), None, "4455667 pena ana 4 455 667");
        check("Peña Ana", Some("4455667-1B"), Some("99"), "44556671b 99 pena ana 4455667 1b");
        check("- . -", Some("/"), None, "");
        let member = |name: &str| Member {
            id: MemberId::FIRST,
            is_assigned: false,
            name: Name::from_text(name).unwrap(),
            document_kind: None,
            document_number: Label::from_text("7-1").ok(),
            tax_id: None,
            location: None,
            email: None,
            phone: None,
        };
        for (name, pairs) in [
            ("Ana", &[][..]),
            ("Peña Ana", &[" ana pena"]),
            ("Ana Peña Ana", &[" ana pena"]),
            ("c b a", &[" b c", " a c", " a b"]),
        ] {
            let keys = member(name).to_keys();
            let words = member(name).to_words();
            let (own, paired) = keys.split_at(words.len());
            assert_eq!(own, words, "{name}");
            assert_eq!(paired, pairs, "{name}");
        }
        assert_eq!(member("a b c d e f g").to_keys().len(), 10 + 10, "5 of 7 are paired");
        let long = "a b c d e f g h i j k l";
        check(long, Some("12"), None, "12 a b c d e f g h i j k");
    }
}
