//! The one extractor of fields: a JSON object, a form or a multipart body, all read strictly.
//!
//! Numbers stay the text they came as: money never passes through a float.

use std::borrow::Cow;

use axum::http::{HeaderMap, header};
use bytes::Bytes;
use http_body_util::{BodyDataStream, Full};
use percent_encoding::percent_decode;

use super::body::{self, Unreadable};
use super::json;

/// What is wrong with one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldError {
    /// Required, and absent, null or empty.
    Missing(&'static str),
    /// Not of the field's form.
    Malformed(&'static str),
}

/// A field's value.
#[derive(Debug)]
enum Value<'a> {
    Null,
    /// A text, or a JSON number exactly as it was written.
    Word(Cow<'a, str>),
    /// A boolean, an array or an object: no field of ours has such a value.
    Other,
}

/// The fields of one request. Names match in any letter case.
#[derive(Debug)]
pub(crate) struct Fields<'a>(Vec<(Cow<'a, str>, Value<'a>)>);

impl<'a> Fields<'a> {
    /// Reads a body. What starts with `{` is JSON whatever the content type says.
    ///
    /// Errors: an empty body, a form that cannot be read, U+0000, invalid UTF-8, JSON deeper than
    /// 16, a name given twice.
    pub(crate) async fn from_body(
        headers: &HeaderMap,
        body: &'a Bytes,
    ) -> Result<Self, Unreadable> {
        let text = body::text(body)?;
        let fields = match text.bytes().next() {
            Some(b'{') => from_json(text)?,
            // No form starts so: a JSON text that is no object, or XML, whatever the type says.
            None | Some(b'[' | b'"' | b'<') => return Err(Unreadable),
            Some(_) => match media_type(headers)? {
                MediaType::Form => from_form(text)?,
                MediaType::Multipart(boundary) => from_multipart(boundary, body.clone()).await?,
            },
        };
        if has_name_twice(&fields) {
            return Err(Unreadable);
        }
        Ok(Self(fields))
    }

    /// The field's text, trimmed; `None` when it is absent, null or empty.
    pub(crate) fn word(&self, name: &'static str) -> Result<Option<&str>, FieldError> {
        let found = self.0.iter().find(|(given, _)| given.eq_ignore_ascii_case(name));
        match found {
            None | Some((_, Value::Null)) => Ok(None),
            Some((_, Value::Word(word))) => Ok(Some(word.trim()).filter(|word| !word.is_empty())),
            Some((_, Value::Other)) => Err(FieldError::Malformed(name)),
        }
    }

    /// The field as `read` understands it; `None` when it is absent, null or empty.
    pub(crate) fn optional<T>(
        &self,
        name: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, FieldError> {
        let Some(word) = self.word(name)? else {
            return Ok(None);
        };
        read(word).map(Some).ok_or(FieldError::Malformed(name))
    }

    /// The field as `read` understands it.
    pub(crate) fn required<T>(
        &self,
        name: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, FieldError> {
        self.optional(name, read)?.ok_or(FieldError::Missing(name))
    }
}

/// How a body that is no JSON is to be read.
enum MediaType {
    Form,
    Multipart(String),
}

fn media_type(headers: &HeaderMap) -> Result<MediaType, Unreadable> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return Ok(MediaType::Form);
    };
    let value = value.to_str().map_err(|_opaque| Unreadable)?;
    let essence = value.split(';').next().unwrap_or_default().trim();
    // Clients say of a form whatever their library says when nobody told it what they send.
    if !essence.eq_ignore_ascii_case("multipart/form-data") {
        return Ok(MediaType::Form);
    }
    multer::parse_boundary(value).map(MediaType::Multipart).map_err(|_other| Unreadable)
}

fn has_name_twice(fields: &[(Cow<'_, str>, Value<'_>)]) -> bool {
    // Few names are compared in place; sorting bounds what a body of thousands can cost.
    if fields.len() <= 32 {
        return fields.iter().enumerate().any(|(at, (name, _))| {
            let others = &fields[at + 1..];
            others.iter().any(|(other, _)| other.eq_ignore_ascii_case(name))
        });
    }
    let mut names: Vec<_> = fields.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    names.sort_unstable();
    names.windows(2).any(|pair| pair[0] == pair[1])
}

type Pairs<'a> = Vec<(Cow<'a, str>, Value<'a>)>;

fn from_json(text: &str) -> Result<Pairs<'_>, Unreadable> {
    if !json::is_tame(text.as_bytes()) {
        return Err(Unreadable);
    }
    let pairs = json::object(text)?;
    pairs.into_iter().map(|(name, raw)| Ok((name, json_value(raw.get())?))).collect()
}

fn json_value(raw: &str) -> Result<Value<'_>, Unreadable> {
    Ok(match json::value(raw)? {
        json::Value::Null => Value::Null,
        json::Value::Number(digits) => Value::Word(Cow::Borrowed(digits)),
        json::Value::Text(text) => Value::Word(text),
        json::Value::Boolean(_) | json::Value::Array(_) | json::Value::Object(_) => Value::Other,
    })
}

fn from_form(text: &str) -> Result<Pairs<'_>, Unreadable> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').ok_or(Unreadable)?;
            Ok((form_text(name)?, Value::Word(form_text(value)?)))
        })
        .collect()
}

fn form_text(text: &str) -> Result<Cow<'_, str>, Unreadable> {
    if !text.contains(['%', '+']) {
        return Ok(Cow::Borrowed(text));
    }
    let mut escapes = text.split('%').skip(1).map(str::as_bytes);
    let is_hex = |digits: &[u8]| digits.iter().all(u8::is_ascii_hexdigit);
    if !escapes.all(|escape| escape.get(..2).is_some_and(is_hex)) {
        return Err(Unreadable);
    }
    let spaced = text.replace('+', " ");
    let bytes = percent_decode(spaced.as_bytes()).collect();
    let decoded = String::from_utf8(bytes).map_err(|_invalid| Unreadable)?;
    let has_nul = decoded.contains('\0');
    (!has_nul).then_some(Cow::Owned(decoded)).ok_or(Unreadable)
}

async fn from_multipart(boundary: String, body: Bytes) -> Result<Pairs<'static>, Unreadable> {
    let stream = BodyDataStream::new(Full::new(body));
    let mut parts = multer::Multipart::new(stream, boundary);
    let mut pairs = Vec::new();
    while let Some(part) = parts.next_field().await.map_err(unreadable)? {
        let name = part.name().ok_or(Unreadable)?.to_owned();
        let value = part.bytes().await.map_err(unreadable)?;
        let value = String::from_utf8(value.into()).map_err(|_invalid| Unreadable)?;
        pairs.push((Cow::Owned(name), Value::Word(Cow::Owned(value))));
    }
    Ok(pairs)
}

fn unreadable(_: multer::Error) -> Unreadable {
    Unreadable
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = "application/json";
    const FORM: &str = "application/x-www-form-urlencoded";
    const MULTIPART: &str = "multipart/form-data; boundary=XX";

    /// What field `F` holds: `Err` when the body cannot be read, else as [`Fields::word`] says.
    async fn f(media_type: &str, body: &[u8]) -> Result<Result<Option<String>, FieldError>, ()> {
        let mut headers = HeaderMap::new();
        if !media_type.is_empty() {
            headers.insert(header::CONTENT_TYPE, media_type.parse().unwrap());
        }
        let body = Bytes::copy_from_slice(body);
        let fields = Fields::from_body(&headers, &body).await;
        let fields = fields.map_err(|Unreadable| ())?;
        Ok(fields.word("F").map(|word| word.map(str::to_owned)))
    }

    async fn check(media_type: &str, body: impl AsRef<[u8]>, expected: Option<&str>) {
        let body = body.as_ref();
        let expected = Ok(Ok(expected.map(str::to_owned)));
        let shown = String::from_utf8_lossy(body);
        assert_eq!(f(media_type, body).await, expected, "{media_type} {shown}");
    }

    async fn check_unreadable(media_type: &str, body: impl AsRef<[u8]>) {
        let body = body.as_ref();
        let shown = String::from_utf8_lossy(&body[..body.len().min(200)]);
        assert_eq!(f(media_type, body).await, Err(()), "{media_type} {shown}");
    }

    fn part(name: &str, value: &str) -> String {
        format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    }

    #[tokio::test]
    async fn a_field_reads_the_same_in_all_three_forms() {
        for (json, form, plain, expected) in [
            (r#""345""#, "345", "345", Some("345")),
            ("345", "%20345+", " 345 ", Some("345")),
            ("145.70", "145.70", "145.70", Some("145.70")),
            (r#"" \t""#, "+", "\t", None),
            ("null", "", "", None),
            (r#""\u00f1\ud83d\ude00ñ""#, "%c3%b1😀%C3%B1", "ñ😀ñ", Some("ñ😀ñ")),
            (r#""a\"b\\""#, "a%22b%5C", "a\"b\\", Some("a\"b\\")),
            (r#""a+b=c&d""#, "a%2Bb=c%26d", "a+b=c&d", Some("a+b=c&d")),
        ] {
            let json = format!("{{\"X\":[1],\"f\":{json}}}");
            check(JSON, &json, expected).await;
            check(FORM, &json, expected).await;
            check(MULTIPART, &json, expected).await;
            check("", format!("\u{feff} \r\n{json} "), expected).await;
            let form = format!("X=1&f={form}&&Y=2");
            for media_type in [FORM, "Application/X-www-form-urlencoded; charset=utf-8", ""] {
                check(media_type, &form, expected).await;
            }
            for media_type in ["text/plain", "application/json", "application/octet-stream"] {
                check(media_type, &form, expected).await;
            }
            let parts = format!("{}{}--XX--\r\n", part("X", "1"), part("f", plain));
            check(MULTIPART, parts, expected).await;
        }
    }

    #[tokio::test]
    async fn a_boolean_or_nested_value_is_malformed() {
        for value in ["true", "false", "[]", "[1]", "{}", r#"{"F":1}"#] {
            let outcome = f(JSON, format!("{{\"F\":{value}}}").as_bytes()).await;
            assert_eq!(outcome, Ok(Err(FieldError::Malformed("F"))), "{value}");
        }
    }

    #[tokio::test]
    async fn a_body_that_cannot_be_read_is_refused_in_every_form() {
        for media_type in [JSON, FORM, MULTIPART, "", "text/plain", "text/xml"] {
            for body in [
                "",
                " \r\n",
                "\u{feff}",
                "[]",
                "[{\"F\":1}]",
                "\"F\"",
                "\"F=1\"",
                "[F=1",
                "{",
                "{}}",
                "{F:1}",
                "{'F':1}",
                "{\"F\":1,}",
                "{\"F\":01}",
                "{\"F\":1}{\"F\":2}",
                "{\"F\":NaN}",
                "{\"F\":\"a\nb\"}",
                "{\"F\":\"\\x\"}",
                "{\"F\":\"\\u00e\"}",
                "{\"F\":\"a\0b\"}",
                "{\"F\":1}\0",
            ] {
                check_unreadable(media_type, body).await;
            }
            check_unreadable(media_type, b"{\"F\":\"\xf1\"}").await;
        }
        for body in
            ["345", "F", "F=1&345", "F=%", "F=%4", "F=%zz", "F=%+4", "F=%00", "F=%f1", "F=%c3"]
        {
            check_unreadable(FORM, body).await;
        }
        check_unreadable(FORM, b"F=\xf1").await;
        check_unreadable(FORM, b"F=a\0").await;
        let nameless = "--XX\r\nContent-Disposition: form-data\r\n\r\n1\r\n--XX--\r\n";
        for body in ["F=1", &part("F", "1"), "--XX\r\nF", nameless] {
            check_unreadable(MULTIPART, body).await;
        }
        check_unreadable("multipart/form-data", part("F", "1") + "--XX--").await;
        check_unreadable("text/xml", "<F a=\"1\"/>").await;
    }

    #[tokio::test]
    async fn a_name_given_twice_is_refused_whatever_its_case() {
        for (one, other) in [("F", "F"), ("F", "f"), ("x", "X"), ("F", "\\u0046")] {
            check_unreadable(JSON, format!(r#"{{"{one}":1,"Y":2,"{other}":null}}"#)).await;
        }
        check_unreadable(FORM, "F=1&Y=2&%66=1").await;
        let parts = part("F", "1") + &part("f", "1") + "--XX--\r\n";
        check_unreadable(MULTIPART, parts).await;
        let many: Vec<_> = (0..5000).map(|n| format!("a{n}=1")).collect();
        let many = many.join("&");
        check(FORM, format!("{many}&f=1"), Some("1")).await;
        check_unreadable(FORM, format!("{many}&f=1&A4999=1")).await;
    }

    #[tokio::test]
    async fn escapes_of_nul_and_of_lone_surrogates_are_refused_everywhere() {
        for text in [r"\u0000", r"\ud800", r"\udc00", r"\ud800\u0041", r"\ud800x", r"\uDE00\uD83D"]
        {
            for body in [
                format!(r#"{{"F":"{text}"}}"#),
                format!(r#"{{"F":1,"X":"a{text}"}}"#),
                format!(r#"{{"F":1,"X":[{{"y":"{text}"}}]}}"#),
                format!(r#"{{"F":1,"{text}":1}}"#),
            ] {
                check_unreadable(JSON, body).await;
            }
        }
        check(JSON, r#"{"F":"\\u0000","X":"\\\"[[[["}"#, Some(r"\u0000")).await;
    }

    #[tokio::test]
    async fn json_is_sixteen_deep_at_most() {
        let nested =
            |depth| format!("{{\"F\":1,\"X\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        check(JSON, nested(15), Some("1")).await;
        check_unreadable(JSON, nested(16)).await;
        check_unreadable(JSON, format!("{{\"X\":{}", "[".repeat(60_000))).await;
        let flat = vec!["[]"; 1000].join(",");
        check(JSON, format!("{{\"F\":1,\"X\":[{flat}]}}"), Some("1")).await;
    }
}
