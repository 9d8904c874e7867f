//! JSON, read strictly and level by level: what nobody asks for stays as it was written.
//!
//! Numbers are the text they came as: money never passes through a float.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::body::Unreadable;

/// Arrays and objects inside one another, the outermost one included.
const DEPTH_MAX: usize = 16;

/// The members of an object in their order; a name may be there twice.
pub(crate) type Pairs<'a> = Vec<(Cow<'a, str>, &'a RawValue)>;

/// One value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Null,
    Boolean(bool),
    /// A number exactly as it was written.
    Number(&'a str),
    Text(Cow<'a, str>),
    /// An array, not yet read.
    Array(&'a str),
    /// An object, not yet read.
    Object(&'a str),
}

/// Reads a value that is the whole of `raw`, without what is inside it.
pub(crate) fn value(raw: &str) -> Result<Value<'_>, Unreadable> {
    Ok(match raw.as_bytes().first() {
        Some(b'n') => Value::Null,
        Some(b't') => Value::Boolean(true),
        Some(b'f') => Value::Boolean(false),
        Some(b'"') => Value::Text(text(raw)?),
        Some(b'[') => Value::Array(raw),
        Some(b'{') => Value::Object(raw),
        Some(_) => Value::Number(raw),
        None => return Err(Unreadable),
    })
}

/// The members of an object.
pub(crate) fn object(text: &str) -> Result<Pairs<'_>, Unreadable> {
    let object: Object<'_> = serde_json::from_str(text).map_err(|_invalid| Unreadable)?;
    Ok(object.0)
}

/// The elements of an array.
pub(crate) fn array(text: &str) -> Result<Vec<&RawValue>, Unreadable> {
    serde_json::from_str(text).map_err(|_invalid| Unreadable)
}

/// A value that is the whole of a text, as it was written.
pub(crate) fn raw(text: &str) -> Result<&RawValue, Unreadable> {
    serde_json::from_str(text).map_err(|_invalid| Unreadable)
}

/// Reads all of a text once: valid, [tame](is_tame), and no object has a name twice. After this
/// no part of it fails to be read.
pub(crate) fn check(text: &str) -> Result<(), Unreadable> {
    if !is_tame(text.as_bytes()) {
        return Err(Unreadable);
    }
    check_inside(raw(text)?.get())
}

/// It calls itself once a level, and the levels are bounded.
fn check_inside(raw: &str) -> Result<(), Unreadable> {
    match value(raw)? {
        Value::Object(raw) => {
            let pairs = object(raw)?;
            check_names(&pairs)?;
            pairs.iter().try_for_each(|(_, inner)| check_inside(inner.get()))
        }
        Value::Array(raw) => array(raw)?.into_iter().try_for_each(|raw| check_inside(raw.get())),
        Value::Null | Value::Boolean(_) | Value::Number(_) | Value::Text(_) => Ok(()),
    }
}

fn check_names(pairs: &Pairs<'_>) -> Result<(), Unreadable> {
    let mut names: Vec<_> = pairs.iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    let is_twice = names.windows(2).any(|pair| pair[0] == pair[1]);
    if is_twice { Err(Unreadable) } else { Ok(()) }
}

fn text(raw: &str) -> Result<Cow<'_, str>, Unreadable> {
    let quoted = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match quoted {
        Some(text) if !text.contains('\\') => Ok(Cow::Borrowed(text)),
        _ => serde_json::from_str(raw).map(Cow::Owned).map_err(|_invalid| Unreadable),
    }
}

/// Checks what the parser lets through in values that it skips: depth, and the escapes of U+0000
/// and of lone surrogates. Everything else that is wrong is left to the parser.
pub(crate) fn is_tame(text: &[u8]) -> bool {
    let mut depth = 0_usize;
    let mut in_text = false;
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        at += 1;
        match (in_text, byte) {
            (_, b'"') => in_text = !in_text,
            (false, b'{' | b'[') => {
                depth += 1;
                if depth > DEPTH_MAX {
                    return false;
                }
            }
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            (true, b'\\') => match escape_len(&text[at..]) {
                Some(len) => at += len,
                None => return false,
            },
            _ => {}
        }
    }
    true
}

/// How long the escape after a backslash is; `None` for U+0000 and for a lone surrogate.
fn escape_len(escape: &[u8]) -> Option<usize> {
    match utf16_unit(escape) {
        None => Some(1),
        Some(0 | 0xDC00..=0xDFFF) => None,
        Some(0xD800..=0xDBFF) => {
            let low = escape.get(5..).and_then(|rest| rest.strip_prefix(b"\\"));
            let low = low.and_then(utf16_unit);
            matches!(low, Some(0xDC00..=0xDFFF)).then_some(11)
        }
        Some(_) => Some(5),
    }
}

fn utf16_unit(escape: &[u8]) -> Option<u16> {
    let digits = escape.strip_prefix(b"u")?.get(..4)?;
    u16::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}

/// A JSON object whose values are kept as they were written, and whose names may repeat.
struct Object<'a>(Pairs<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor).map(Object)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Pairs<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::with_capacity(8);
        while let Some((Name(name), value)) = map.next_entry()? {
            pairs.push((name, value));
        }
        Ok(pairs)
    }
}

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    fn check_all(expected: Result<(), Unreadable>, texts: &[&str]) {
        for text in texts {
            assert_eq!(check(text), expected, "{}", &text[..text.len().min(200)]);
        }
    }

    #[test]
    fn a_text_that_is_strict_at_every_level_is_taken() {
        let deep = format!("{}{}", "[".repeat(16), "]".repeat(16));
        check_all(
            Ok(()),
            &[
                "{}",
                "[]",
                "1",
                r#""a""#,
                r#"{"a":1,"A":1,"b":{"a":1,"c":[{"a":1},{"a":2}]}}"#,
                r#"{"a":12345678901234567890.123456789e999}"#,
                r#"{"a":"\ud83d\ude00 \\u0000 \" [[[[[[[[[[[[[[[[["}"#,
                " {\r\n\t\"a\" : [ true , null ] } ",
                &deep,
            ],
        );
    }

    #[test]
    fn a_text_that_is_not_strict_somewhere_is_refused() {
        let deep = format!("{}{}", "[".repeat(17), "]".repeat(17));
        check_all(
            Err(Unreadable),
            &[
                "",
                " ",
                "{",
                "{}}",
                "{}{}",
                "{'a':1}",
                r#"{"a":1,}"#,
                r#"{"a":01}"#,
                r#"{"a":NaN}"#,
                r#"{"a":1,"a":1}"#,
                r#"{"a":1,"\u0061":1}"#,
                r#"{"b":{"a":1,"a":1}}"#,
                r#"{"b":[1,[{"a":1,"c":2,"a":null}]]}"#,
                r#"{"a":"\u0000"}"#,
                r#"{"b":[{"a":"\ud800"}]}"#,
                r#"{"\udc00":1}"#,
                r#"{"a":"\x"}"#,
                &deep,
                &"[".repeat(60_000),
            ],
        );
    }

    #[test]
    fn a_value_is_read_without_what_is_inside() {
        for (raw, expected) in [
            ("null", Value::Null),
            ("true", Value::Boolean(true)),
            ("false", Value::Boolean(false)),
            ("11.00", Value::Number("11.00")),
            ("-1e5", Value::Number("-1e5")),
            (r#""a b""#, Value::Text("a b".into())),
            (r#""\u00f1\n""#, Value::Text("ñ\n".into())),
            ("[1,2]", Value::Array("[1,2]")),
            (r#"{"a":1}"#, Value::Object(r#"{"a":1}"#)),
        ] {
            assert_eq!(value(raw), Ok(expected), "{raw}");
        }
        assert_eq!(value(""), Err(Unreadable));
    }
}
