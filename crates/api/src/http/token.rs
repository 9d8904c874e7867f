//! The caller's token, in whatever headers a dialect takes it in. All of them are secret.

use axum::http::{HeaderMap, HeaderName};

/// Why there is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenError {
    /// No header holds one.
    Missing,
    /// Not of the form `Bearer <token>`, or two different ones.
    Malformed,
}

/// The token of `<name>: Bearer …`, with or without quotes, in any of the headers named.
pub(crate) fn bearer<'a>(
    headers: &'a HeaderMap,
    names: &[HeaderName],
) -> Result<&'a str, TokenError> {
    let mut found = None;
    for value in names.iter().flat_map(|name| headers.get_all(name)) {
        let text = value.to_str().map_err(|_opaque| TokenError::Malformed)?;
        let Some(token) = from_header(text)? else {
            continue;
        };
        if *found.get_or_insert(token) != token {
            return Err(TokenError::Malformed);
        }
    }
    found.ok_or(TokenError::Missing)
}

/// `None` where the header is there but holds nothing.
fn from_header(text: &str) -> Result<Option<&str>, TokenError> {
    const SCHEME: &str = "bearer";
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let (scheme, rest) = text.split_at_checked(SCHEME.len()).ok_or(TokenError::Malformed)?;
    let is_apart = rest.is_empty() || rest.starts_with([' ', '\t', '"']);
    if !scheme.eq_ignore_ascii_case(SCHEME) || !is_apart {
        return Err(TokenError::Malformed);
    }
    let token = rest.trim();
    let token = match token.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"').ok_or(TokenError::Malformed)?.trim(),
        None => token,
    };
    Ok(Some(token).filter(|token| !token.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(given: &[(&'static str, &str)], expected: Result<&str, TokenError>) {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.append(*name, value.parse().unwrap());
        }
        let names = ["authorization", "autorizacion"].map(HeaderName::from_static);
        assert_eq!(bearer(&headers, &names), expected, "{given:?}");
    }

    #[test]
    fn a_token_comes_in_either_header_in_any_spelling() {
        for name in ["authorization", "autorizacion"] {
            for value in [
                "Bearer abc",
                "bearer abc",
                "BEARER  abc ",
                "Bearer \"abc\"",
                "Bearer\t\"abc\"",
                "bearer\"abc\"",
                "Bearer \" abc \"",
            ] {
                check(&[(name, value)], Ok("abc"));
            }
        }
    }

    #[test]
    fn a_header_without_a_token_is_no_token() {
        for value in ["", " ", "Bearer", "Bearer ", "Bearer \"\"", "Bearer \" \""] {
            check(&[("autorizacion", value)], Err(TokenError::Missing));
        }
        check(&[], Err(TokenError::Missing));
    }

    #[test]
    fn what_is_no_bearer_token_is_malformed() {
        for value in ["abc", "Basic YTph", "Bearerabc", "Bearer \"abc", "Bearer ñ", "Bearer \""] {
            check(&[("authorization", value)], Err(TokenError::Malformed));
        }
    }

    #[test]
    fn two_headers_must_hold_one_token() {
        let pair = |ours, theirs| [("authorization", ours), ("autorizacion", theirs)];
        check(&pair("Bearer abc", "bearer \"abc\""), Ok("abc"));
        check(&pair("", "Bearer abc"), Ok("abc"));
        check(&pair("Bearer abc", "Bearer"), Ok("abc"));
        check(&pair("Bearer abc", "Bearer abd"), Err(TokenError::Malformed));
        check(&pair("Basic x", "Bearer abc"), Err(TokenError::Malformed));
        let repeated = [("authorization", "Bearer a"), ("authorization", "Bearer b")];
        check(&repeated, Err(TokenError::Malformed));
    }
}
