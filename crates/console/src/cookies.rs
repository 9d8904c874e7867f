//! The cookies of the console: who is inside, who is about to be, and in which language.

use axum::http::{HeaderMap, HeaderValue, header};

/// One of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// The key of a session: whoever has it is its user.
    Session,
    /// What vouches for the forms of those who are not inside yet.
    Visitor,
    /// The language of the pages.
    Language,
}

/// A year, in seconds.
const YEAR_S: u32 = 365 * 24 * 3600;

impl Cookie {
    /// Its name. Where nobody can listen, the name itself binds it to this host and to TLS.
    const fn to_name(self, is_private: bool) -> &'static str {
        match (self, is_private) {
            (Self::Session, true) => "__Host-ventanilla",
            (Self::Session, false) => "ventanilla",
            (Self::Visitor, true) => "__Host-visita",
            (Self::Visitor, false) => "visita",
            (Self::Language, true) => "__Host-idioma",
            (Self::Language, false) => "idioma",
        }
    }

    /// Its value in a request, if it is there.
    pub(crate) fn of(self, headers: &HeaderMap, is_private: bool) -> Option<String> {
        let name = self.to_name(is_private);
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs =
            lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
    }

    /// The header that keeps a value; an empty one forgets it.
    pub(crate) fn keep(self, value: &str, is_private: bool) -> HeaderValue {
        let name = self.to_name(is_private);
        let secure = if is_private { "; Secure" } else { "" };
        let age = match self {
            _ if value.is_empty() => "; Max-Age=0".to_owned(),
            Self::Language => format!("; Max-Age={YEAR_S}"),
            // With the browser: the service knows when a session is over.
            Self::Session | Self::Visitor => String::new(),
        };
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}");
        HeaderValue::from_str(&text).expect("values are our own hexadecimal digits and tags")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_bound_to_its_host_where_nobody_listens() {
        assert_eq!(
            Cookie::Session.keep("ab", true),
            "__Host-ventanilla=ab; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            Cookie::Session.keep("", false),
            "ventanilla=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"
        );
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("a=b; ventanilla=k1; idioma=en"));
        assert_eq!(Cookie::Session.of(&headers, false).as_deref(), Some("k1"));
        assert_eq!(
            Cookie::Session.of(&headers, true),
            None,
            "an open one is not taken for a bound one"
        );
        assert_eq!(Cookie::Language.of(&headers, false).as_deref(), Some("en"));
    }
}
