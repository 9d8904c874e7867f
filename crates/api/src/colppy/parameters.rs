//! The parameters of a call, read strictly where they are asked for and skipped elsewhere.

use std::borrow::Cow;

use jiff::civil::Date;
use ventanilla_domain::{Given, Text, TextError};

use super::{convert, wire};
use crate::http::body::Unreadable;
use crate::http::json::{self, Pairs, Value};

/// What is wrong with a parameter, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ParameterError {
    /// Required, and absent, null or empty.
    Missing(String),
    /// Not of the parameter's form.
    Malformed(String),
    /// No day.
    NoDay(String),
    /// No amount, or one that is out of range.
    NoAmount(String),
    /// Longer than the parameter may be, in characters.
    TooLong(String, usize),
    /// More elements than the parameter may have.
    TooMany(String, usize),
    /// Nothing, where there must be something.
    NotPositive(String),
    /// A header and this parameter do not name one attempt.
    KeysDiffer(String),
    /// Nothing is paid by these means.
    UnknownMeans(String),
    /// A list is to be filtered by what it has not.
    UnknownFilterField(String),
    /// A list is to be filtered in a way that does not exist.
    UnknownFilterOperator(String),
}

/// One object of a request: the parameters, or an object inside them.
///
/// A name is matched exactly, or else without regard to case; one that is null or empty is not
/// there. The text has passed [`json::check`]. There is no `Debug`: it may hold secrets.
pub(super) struct Parameters<'a> {
    /// Where the object stands, for errors; empty for the outermost.
    path: String,
    pairs: Pairs<'a>,
    /// What is looked at where `pairs` have nothing.
    others: Pairs<'a>,
}

impl<'a> Parameters<'a> {
    /// Of a text that is an object.
    pub(super) fn from_object(text: &'a str) -> Result<Self, Unreadable> {
        Ok(Self { path: String::new(), pairs: json::object(text)?, others: Vec::new() })
    }

    /// No parameters at all.
    pub(super) fn none() -> Self {
        Self { path: String::new(), pairs: Vec::new(), others: Vec::new() }
    }

    /// With what another object has under these names, where this one has nothing.
    pub(super) fn or_beside(mut self, other: &Self, names: &[&str]) -> Self {
        let is_named = |given: &str| names.iter().any(|name| name.eq_ignore_ascii_case(given));
        let beside = other.pairs.iter().filter(|(given, _)| is_named(given));
        self.others.extend(beside.cloned());
        self
    }

    /// With what the objects in this one have, where this one has nothing, but for one object:
    /// some clients send the same parameters flat, and some nested.
    pub(super) fn or_inside_all_but(&self, name: &str) -> Self {
        let others = self.pairs.iter().filter(|(given, _)| !given.eq_ignore_ascii_case(name));
        let inside = others.filter_map(|(_, raw)| json::object(raw.get()).ok()).flatten();
        let (path, pairs) = (self.path.clone(), self.pairs.clone());
        Self { path, pairs, others: inside.collect() }
    }

    /// The text exactly as it came; `None` for whatever is no text.
    pub(super) fn only_text(&self, name: &str) -> Option<Cow<'a, str>> {
        match self.value(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    fn value(&self, name: &str) -> Option<Value<'a>> {
        self.values(name).find(|value| !is_blank(value))
    }

    /// All that is sent under a name, of each object whatever matches it best first.
    fn values(&self, name: &str) -> impl Iterator<Item = Value<'a>> {
        let other = move |given: &str| given != name && given.eq_ignore_ascii_case(name);
        let sent = [&self.pairs, &self.others].into_iter().flat_map(move |pairs| {
            let exact = pairs.iter().filter(move |(given, _)| given == name);
            exact.chain(pairs.iter().filter(move |(given, _)| other(given)))
        });
        sent.filter_map(|(_, raw)| json::value(raw.get()).ok())
    }

    /// The first of some names under which there is anything, or else the first of them.
    pub(super) fn spelt(&self, names: &[&'static str]) -> &'static str {
        let mut given = names.iter().filter(|name| self.value(name).is_some());
        given.next().unwrap_or(&names[0])
    }

    /// The same where names that say two things are an error of the second: nobody can tell which
    /// is meant.
    pub(super) fn agreed(&self, names: &[&'static str]) -> Result<&'static str, ParameterError> {
        let first = self.spelt(names);
        let said = self.text(first)?;
        let differs = |name: &&&str| matches!(self.text(name), Ok(Some(_)) if self.text(name) != Ok(said.clone()));
        match names.iter().find(differs) {
            Some(name) => Err(self.malformed(name)),
            None => Ok(first),
        }
    }

    /// The name with where it stands, for errors.
    pub(super) fn named(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// The error of a required parameter that is not there.
    pub(super) fn missing(&self, name: &str) -> ParameterError {
        ParameterError::Missing(self.named(name))
    }

    /// The error of a parameter of another form.
    pub(super) fn malformed(&self, name: &str) -> ParameterError {
        ParameterError::Malformed(self.named(name))
    }

    /// A text of at most `MAX` characters, of the parameter of that name.
    pub(super) fn bounded<const MAX: usize>(
        &self,
        name: &str,
        text: &str,
    ) -> Result<Text<MAX>, ParameterError> {
        Text::from_text(text).map_err(|error| match error {
            TextError::TooLong => ParameterError::TooLong(self.named(name), MAX),
            TextError::Empty | TextError::Character => self.malformed(name),
        })
    }

    /// A text of at most `MAX` characters; `None` when it is absent, null or empty.
    pub(super) fn bounded_word<const MAX: usize>(
        &self,
        name: &str,
    ) -> Result<Option<Text<MAX>>, ParameterError> {
        self.word(name)?.map(|text| self.bounded(name, &text)).transpose()
    }

    /// The same of a text in more than one line, whose breaks are blanks.
    pub(super) fn bounded_line<const MAX: usize>(
        &self,
        name: &str,
    ) -> Result<Option<Text<MAX>>, ParameterError> {
        let line = self.word(name)?.map(|text| convert::one_line(&text));
        line.map(|line| self.bounded(name, &line)).transpose()
    }

    /// A day; `None` when it is absent, null, empty, or the zeros that databases and forms have
    /// where there is none.
    pub(super) fn day(&self, name: &str) -> Result<Option<Date>, ParameterError> {
        let given = self.word(name)?.filter(|text| !convert::is_no_day(text));
        let no_day = || ParameterError::NoDay(self.named(name));
        given.map(|text| convert::date(&text).ok_or_else(no_day)).transpose()
    }

    /// A day.
    pub(super) fn required_day(&self, name: &str) -> Result<Date, ParameterError> {
        self.day(name)?.ok_or_else(|| self.missing(name))
    }

    /// The text exactly as it came, a number or a boolean as it was written; `None` when it is
    /// absent, null or empty.
    pub(super) fn text(&self, name: &str) -> Result<Option<Cow<'a, str>>, ParameterError> {
        self.value(name).map(to_word).transpose().map_err(|NoWord| self.malformed(name))
    }

    /// The trimmed text; `None` when it is absent, null or empty.
    pub(super) fn word(&self, name: &str) -> Result<Option<String>, ParameterError> {
        Ok(self.text(name)?.map(|text| text.trim().to_owned()))
    }

    /// The trimmed text.
    pub(super) fn required_word(&self, name: &str) -> Result<String, ParameterError> {
        self.word(name)?.ok_or_else(|| self.missing(name))
    }

    /// What a change says of the parameter: absent or null leaves what is known, and an empty text
    /// clears it. The text is trimmed.
    pub(super) fn given(&self, name: &str) -> Result<Given<String>, ParameterError> {
        let is_cleared = || self.values(name).any(|value| matches!(value, Value::Text(_)));
        Ok(match self.word(name)? {
            Some(word) => Given::Value(Some(word)),
            None if is_cleared() => Given::Value(None),
            None => Given::Absent,
        })
    }

    /// The parameter as `read` understands its trimmed text; `None` when it is absent, null or
    /// empty.
    pub(super) fn optional<T>(
        &self,
        name: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, ParameterError> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        read(text.trim()).map(Some).ok_or_else(|| self.malformed(name))
    }

    /// The parameter as `read` understands its trimmed text.
    pub(super) fn required<T>(
        &self,
        name: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, ParameterError> {
        self.optional(name, read)?.ok_or_else(|| self.missing(name))
    }

    /// The id of what is asked for; `None` for what can be no id: nothing has it.
    pub(super) fn sought<T>(
        &self,
        name: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, ParameterError> {
        match self.text(name) {
            Ok(Some(text)) => Ok(read(text.trim())),
            Ok(None) => Err(self.missing(name)),
            Err(_) => Ok(None),
        }
    }

    /// One text, or an array of them.
    pub(super) fn words(&self, name: &str) -> Result<Vec<Cow<'a, str>>, ParameterError> {
        let words: Result<_, NoWord> = match self.value(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(text)) => words_of(text),
            Some(value) => to_word(value).map(|word| vec![word]),
        };
        words.map_err(|NoWord| self.malformed(name))
    }

    /// The object of that name; `None` when there is none.
    pub(super) fn object(&self, name: &str) -> Option<Self> {
        match self.value(name) {
            Some(Value::Object(text)) => Self::from_object(text).ok(),
            _ => None,
        }
    }

    /// Reads each object of an array, which may come as JSON inside a text. One object is an array
    /// of one; an absent, null or empty one is an array of none.
    pub(super) fn rows<T>(
        &self,
        name: &str,
        read: impl Fn(&Parameters<'_>) -> Result<T, ParameterError>,
    ) -> Result<Vec<T>, ParameterError> {
        self.rows_with(name, None, read)
    }

    /// The same where a text that is no JSON, alone or in the array, stands for an object that has
    /// nothing but this text, under the name `word`.
    pub(super) fn rows_or_words<T>(
        &self,
        name: &str,
        word: &'static str,
        read: impl Fn(&Parameters<'_>) -> Result<T, ParameterError>,
    ) -> Result<Vec<T>, ParameterError> {
        self.rows_with(name, Some(word), read)
    }

    fn rows_with<T>(
        &self,
        name: &str,
        word: Option<&'static str>,
        read: impl Fn(&Parameters<'_>) -> Result<T, ParameterError>,
    ) -> Result<Vec<T>, ParameterError> {
        match self.value(name) {
            None => Ok(Vec::new()),
            Some(Value::Text(text)) if word.is_some() && !text.trim().starts_with(['[', '{']) => {
                self.rows_of(name, wire::to_raw(&text).get(), word, read)
            }
            Some(Value::Text(text)) => {
                let text = text.trim();
                json::check(text).map_err(|Unreadable| self.malformed(name))?;
                self.rows_of(name, text, word, read)
            }
            Some(Value::Array(text) | Value::Object(text)) => self.rows_of(name, text, word, read),
            Some(Value::Null | Value::Boolean(_) | Value::Number(_)) => Err(self.malformed(name)),
        }
    }

    fn rows_of<T>(
        &self,
        name: &str,
        text: &str,
        word: Option<&'static str>,
        read: impl Fn(&Parameters<'_>) -> Result<T, ParameterError>,
    ) -> Result<Vec<T>, ParameterError> {
        let malformed = |Unreadable| self.malformed(name);
        let rows = match text.as_bytes().first() {
            Some(b'[') => json::array(text),
            _ => json::raw(text).map(|one| vec![one]),
        };
        let rows = rows.map_err(malformed)?.into_iter().enumerate().map(|(at, raw)| {
            let pairs = match word {
                Some(word) if raw.get().starts_with('"') => vec![(word.into(), raw)],
                _ => json::object(raw.get()).map_err(malformed)?,
            };
            let path = self.named(&format!("{name}[{at}]"));
            Ok(Parameters { path, pairs, others: Vec::new() })
        });
        // PHP writes an empty array now and then as an empty object.
        let rows = rows.filter(|row| !matches!(row, Ok(row) if row.pairs.is_empty()));
        rows.map(|row| read(&row?)).collect()
    }
}

/// A value that is no text, number or boolean.
struct NoWord;

fn to_word(value: Value<'_>) -> Result<Cow<'_, str>, NoWord> {
    match value {
        Value::Text(text) => Ok(text),
        Value::Number(digits) => Ok(digits.into()),
        Value::Boolean(true) => Ok("true".into()),
        Value::Boolean(false) => Ok("false".into()),
        Value::Null | Value::Array(_) | Value::Object(_) => Err(NoWord),
    }
}

fn words_of(array: &str) -> Result<Vec<Cow<'_, str>>, NoWord> {
    let elements = json::array(array).map_err(|Unreadable| NoWord)?;
    let words = elements.into_iter().map(|raw| json::value(raw.get()));
    words.map(|value| to_word(value.map_err(|Unreadable| NoWord)?)).collect()
}

fn is_blank(value: &Value<'_>) -> bool {
    match value {
        Value::Null => true,
        Value::Text(text) => text.trim().is_empty(),
        Value::Boolean(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing<T>(name: &str) -> Result<T, ParameterError> {
        Err(ParameterError::Missing(name.to_owned()))
    }

    fn malformed<T>(name: &str) -> Result<T, ParameterError> {
        Err(ParameterError::Malformed(name.to_owned()))
    }

    fn check_word(object: &str, expected: Result<&str, ParameterError>) {
        json::check(object).unwrap();
        let parameters = Parameters::from_object(object).unwrap();
        let read = parameters.required_word("idPago");
        assert_eq!(read, expected.map(str::to_owned), "{object}");
    }

    #[test]
    fn a_word_comes_as_a_text_or_a_number_under_a_name_in_any_case() {
        for (object, expected) in [
            (r#"{"idPago":"928"}"#, Ok("928")),
            (r#"{"idPago":928}"#, Ok("928")),
            (r#"{"idPago":11.50}"#, Ok("11.50")),
            (r#"{"idPago":1e999}"#, Ok("1e999")),
            (r#"{"idPago":" 928\t"}"#, Ok("928")),
            (r#"{"idPago":true}"#, Ok("true")),
            (r#"{"IDPAGO":"928"}"#, Ok("928")),
            (r#"{"idpago":1,"idPago":2,"IDPAGO":3}"#, Ok("2")),
            (r#"{"idpago":1,"idPago":""}"#, Ok("1")),
            (r#"{"\u0069dPago":1}"#, Ok("1")),
            ("{}", missing("idPago")),
            (r#"{"idPago":null}"#, missing("idPago")),
            (r#"{"idPago":""}"#, missing("idPago")),
            (r#"{"idPago":" \n"}"#, missing("idPago")),
            (r#"{"idPag":1,"idPagos":2}"#, missing("idPago")),
            (r#"{"idPago":[]}"#, malformed("idPago")),
            (r#"{"idPago":{"idPago":1}}"#, malformed("idPago")),
        ] {
            check_word(object, expected);
        }
    }

    #[test]
    fn a_parameter_is_read_in_its_form() {
        for (object, expected) in [
            (r#"{"n":" 7 "}"#, Ok(7)),
            (r#"{"N":7}"#, Ok(7)),
            (r#"{"n":"x"}"#, malformed("n")),
            (r#"{"n":{}}"#, malformed("n")),
            (r#"{"n":null}"#, missing("n")),
        ] {
            let parameters = Parameters::from_object(object).unwrap();
            let read = parameters.required("n", |text| text.parse::<u8>().ok());
            assert_eq!(read, expected, "{object}");
        }
    }

    #[test]
    fn a_secret_is_not_trimmed() {
        let parameters = Parameters::from_object(r#"{"password":" a "}"#).unwrap();
        assert_eq!(parameters.text("password"), Ok(Some(" a ".into())));
    }

    #[test]
    fn what_can_be_no_id_is_nothings_id() {
        for (object, expected) in [
            (r#"{"id":"7"}"#, Ok(Some(7))),
            (r#"{"id":"x"}"#, Ok(None)),
            (r#"{"id":7.5}"#, Ok(None)),
            (r#"{"id":[7]}"#, Ok(None)),
            (r#"{"id":false}"#, Ok(None)),
            (r#"{"id":""}"#, missing("id")),
            ("{}", missing("id")),
        ] {
            let parameters = Parameters::from_object(object).unwrap();
            let read = parameters.sought("id", |text| text.parse::<u8>().ok());
            assert_eq!(read, expected, "{object}");
        }
    }

    fn check_rows(value: &str, expected: Result<&[&str], ParameterError>) {
        let object = format!("{{\"R\":{value}}}");
        json::check(&object).unwrap();
        let parameters = Parameters::from_object(&object).unwrap();
        let rows = parameters.rows("r", |row| row.required_word("a"));
        let expected = expected.map(|rows| rows.iter().map(|row| (*row).to_owned()).collect());
        assert_eq!(rows, expected, "{value}");
    }

    #[test]
    fn rows_come_as_an_array_an_object_or_json_in_a_text() {
        for (value, expected) in [
            ("[]", Ok(&[][..])),
            ("null", Ok(&[])),
            (r#""""#, Ok(&[])),
            (r#""[]""#, Ok(&[])),
            (r#"" [ ] ""#, Ok(&[])),
            ("{}", Ok(&[])),
            ("[{}]", Ok(&[])),
            (r#"[{"a":1},{"A":"2"}]"#, Ok(&["1", "2"])),
            (r#"{"a":1}"#, Ok(&["1"])),
            (r#""[{\"a\":\"\\u00f1\"},{\"a\":2}]""#, Ok(&["ñ", "2"])),
            (r#""{\"a\":1}""#, Ok(&["1"])),
            (r#"[{"a":1},{"b":2}]"#, missing("r[1].a")),
            (r#"[{"a":[]}]"#, malformed("r[0].a")),
            ("[1]", malformed("r")),
            ("[[]]", malformed("r")),
            ("1", malformed("r")),
            ("true", malformed("r")),
            (r#""x""#, malformed("r")),
            (r#""[{\"a\":1,\"a\":2}]""#, malformed("r")),
            (r#""[{\"a\":\"\\u0000\"}]""#, malformed("r")),
            (r#""\"[]\"""#, malformed("r")),
        ] {
            check_rows(value, expected);
        }
    }

    #[test]
    fn words_are_one_or_many() {
        for (value, expected) in [
            (r#""a""#, Ok(vec!["a"])),
            (r#"["a",1]"#, Ok(vec!["a", "1"])),
            ("[]", Ok(vec![])),
            ("null", Ok(vec![])),
            ("[[]]", malformed("w")),
            ("{}", malformed("w")),
        ] {
            let object = format!("{{\"w\":{value}}}");
            let parameters = Parameters::from_object(&object).unwrap();
            let expected = expected.map(|words| words.into_iter().map(Cow::from).collect());
            assert_eq!(parameters.words("w"), expected, "{value}");
        }
    }

    #[test]
    fn what_is_not_here_may_stand_beside_or_inside() {
        let read = |parameters: &Parameters<'_>, name: &str| parameters.word(name).unwrap();
        let outer = Parameters::from_object(r#"{"Filter":"o","order":"o","x":"o"}"#).unwrap();
        let inner = Parameters::from_object(r#"{"filter":"i","order":""}"#).unwrap();
        let both = inner.or_beside(&outer, &["filter", "order"]);
        for (name, expected) in [("filter", Some("i")), ("order", Some("o")), ("x", None)] {
            assert_eq!(read(&both, name).as_deref(), expected, "{name}");
        }
        let nested = r#"{"I":{"a":"in","b":"in"},"a":"flat","b":null,"Secret":{"c":"in"},
            "J":{"b":"later","d":"in"},"K":[{"c":"in"}],"L":"{}","M":1}"#;
        let nested = Parameters::from_object(nested).unwrap().or_inside_all_but("secret");
        for (name, expected) in
            [("a", Some("flat")), ("b", Some("in")), ("c", None), ("d", Some("in"))]
        {
            assert_eq!(read(&nested, name).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn a_change_leaves_what_is_absent_and_clears_what_is_empty() {
        let word = |word: &str| Ok(Given::Value(Some(word.to_owned())));
        for (object, expected) in [
            ("{}", Ok(Given::Absent)),
            (r#"{"a":null}"#, Ok(Given::Absent)),
            (r#"{"a":""}"#, Ok(Given::Value(None))),
            (r#"{"A":" \t"}"#, Ok(Given::Value(None))),
            (r#"{"a":null,"A":""}"#, Ok(Given::Value(None))),
            (r#"{"a":"","A":"x"}"#, word("x")),
            (r#"{"a":" x "}"#, word("x")),
            (r#"{"a":0}"#, word("0")),
            (r#"{"a":[]}"#, malformed("a")),
        ] {
            assert_eq!(Parameters::from_object(object).unwrap().given("a"), expected, "{object}");
        }
    }

    #[test]
    fn a_text_that_is_too_long_is_told_how_long_it_may_be() {
        let here = Parameters::none();
        let check = |text: &str, expected: Result<&str, ParameterError>| {
            let read = here.bounded::<4>("a", text).map(|text| text.to_string());
            assert_eq!(read, expected.map(str::to_owned), "{text:?}");
        };
        check(" ñañá ", Ok("ñañá"));
        check("ñañás", Err(ParameterError::TooLong("a".to_owned(), 4)));
        check("a\nb", malformed("a"));
    }
}
