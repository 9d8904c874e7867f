//! The caller's name for one attempt (`Idempotency-Key`), for both dialects.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use ventanilla_domain::CallerKey;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The names that are given are not one, or one of them is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeysDiffer;

/// The name as the body has it or a header does; where it is given more than once, all must agree.
pub(crate) fn key(
    in_body: Option<CallerKey>,
    headers: &HeaderMap,
) -> Result<Option<CallerKey>, KeysDiffer> {
    let mut key = in_body;
    for value in headers.get_all(KEY) {
        let text = value.to_str().map_err(|_opaque| KeysDiffer)?.trim();
        if text.is_empty() {
            continue;
        }
        let given = CallerKey::from_text(text).map_err(|_invalid| KeysDiffer)?;
        if key.as_ref().is_some_and(|key| *key != given) {
            return Err(KeysDiffer);
        }
        key = Some(given);
    }
    Ok(key)
}

/// Says that the answer is the first one again.
pub(crate) fn mark_replay(headers: &mut HeaderMap) {
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(in_body: Option<&str>, headers: &[&str], expected: Result<Option<&str>, KeysDiffer>) {
        let mut map = HeaderMap::new();
        for value in headers {
            map.append(KEY, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let in_body = in_body.map(|text| CallerKey::from_text(text).unwrap());
        let read = key(in_body, &map);
        let read = read.map(|key| key.map(|key| key.as_str().to_owned()));
        assert_eq!(read, expected.map(|key| key.map(str::to_owned)), "{headers:?}");
    }

    #[test]
    fn a_name_that_is_given_twice_must_be_one() {
        check(None, &[], Ok(None));
        check(Some("a"), &[], Ok(Some("a")));
        check(None, &[" a "], Ok(Some("a")));
        check(Some("a"), &["a", "", "a"], Ok(Some("a")));
        check(Some("a"), &["b"], Err(KeysDiffer));
        check(None, &["a", "b"], Err(KeysDiffer));
        check(None, &["\u{e1}"], Err(KeysDiffer));
        check(None, &[&"a".repeat(65)], Err(KeysDiffer));
    }
}
