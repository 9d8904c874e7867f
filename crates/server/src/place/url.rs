//! The URL of a database as an operator writes it: it may hold a password, which nobody is shown.

use std::fmt;

use ventanilla_store::DatabaseAddress;

use crate::problem::Problem;

/// What stands before a parameter's value that is not shown.
const PASSWORD: &str = "password=";

/// A database's URL, as it was written.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct DatabaseUrl(String);

impl DatabaseUrl {
    /// Keeps what was written, whatever it is.
    pub(crate) fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Where the database is. Refuses what is no address, told under the name that `said_by` has.
    pub(crate) fn to_address(&self, said_by: &str) -> anyhow::Result<DatabaseAddress> {
        DatabaseAddress::from_text(&self.0)
            .map_err(|error| Problem::usage(format!("{said_by}: {}", error.0)))
    }

    /// The same server's database of another name, for a program that is asked with a URL.
    pub(crate) fn of_database(&self, name: &str) -> Self {
        let start = self.0.find("://").map_or(0, |scheme| scheme + "://".len());
        let query = self.0.get(start..).and_then(|rest| rest.find('?')).map(|len| start + len);
        let (path, query) = self.0.split_at(query.unwrap_or(self.0.len()));
        // What comes before the last at-sign is no path: a password may hold a slash.
        let host = path.rfind('@').map_or(start, |at| at + 1);
        let slash = path.get(host..).and_then(|rest| rest.find('/')).map(|len| host + len);
        let server = path.get(..slash.unwrap_or(path.len())).unwrap_or_default();
        Self(format!("{server}/{name}{query}"))
    }

    /// The URL as it was written, password and all: for a program that connects with it.
    pub(crate) fn as_written(&self) -> &str {
        &self.0
    }

    /// Whether nothing was written.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether whoever reads it learns a password. Of what is no address, in case of doubt.
    pub(crate) fn holds_password(&self) -> bool {
        self.without_password() != self.0
    }

    /// The same without its password.
    pub(crate) fn without_password(&self) -> String {
        without_passwords(&self.0)
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DatabaseUrl").field(&self.without_password()).finish()
    }
}

/// A text without the passwords of a URL in it: neither before its host nor among its parameters.
pub(crate) fn without_passwords(text: &str) -> String {
    let mut shown = without_user_password(text);
    let mut from = 0;
    while let Some(at) = shown.get(from..).and_then(|rest| rest.find(PASSWORD)) {
        let start = from + at + PASSWORD.len();
        let rest = shown.get(start..).unwrap_or_default();
        let end = rest.find('&').map_or(shown.len(), |len| start + len);
        shown.replace_range(start..end, "");
        from = start;
    }
    shown
}

/// A password may hold any character where somebody forgot to encode it: it goes from the first colon to the
/// last at-sign.
fn without_user_password(text: &str) -> String {
    let found = text.find("://").and_then(|scheme| {
        let start = scheme + "://".len();
        let end = text.rfind('@').filter(|end| *end > start)?;
        let colon = start + text.get(start..end)?.find(':')?;
        Some((text.get(..colon)?, text.get(end..)?))
    });
    found.map_or_else(|| text.to_owned(), |(before, after)| format!("{before}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_database_of_the_same_server_differs_by_its_name_alone() {
        for (url, other) in [
            ("postgres://base/libros", "postgres://base/b"),
            ("postgres://base", "postgres://base/b"),
            ("postgres://caja:a/b@base:5432/libros", "postgres://caja:a/b@base:5432/b"),
            (
                "postgres://caja@a:1,b:2/x?sslmode=disable&a=/@",
                "postgres://caja@a:1,b:2/b?sslmode=disable&a=/@",
            ),
            ("postgres://caja@base?a=b", "postgres://caja@base/b?a=b"),
        ] {
            assert_eq!(DatabaseUrl::from_text(url).of_database("b").as_written(), other);
        }
    }

    #[test]
    fn a_password_is_shown_nowhere() {
        for (text, shown) in [
            ("postgres://caja@base/libros", "postgres://caja@base/libros"),
            (
                "postgres://base:5432/libros?sslmode=disable",
                "postgres://base:5432/libros?sslmode=disable",
            ),
            ("postgres://caja:s3cr3t@base:5432/libros", "postgres://caja@base:5432/libros"),
            ("postgres://caja:s3/cr:3t@@a:1,b:2/libros?x=y", "postgres://caja@a:1,b:2/libros?x=y"),
            ("postgres://:s3cr3t@base", "postgres://@base"),
            ("mysql://caja:s3cr3t@base", "mysql://caja@base"),
            (
                "postgres://base/x?password=s3cr3t&sslmode=disable",
                "postgres://base/x?password=&sslmode=disable",
            ),
            ("postgres://base/x?a=b&password=s3cr3t", "postgres://base/x?a=b&password="),
            ("caja@base", "caja@base"),
            ("", ""),
        ] {
            let url = DatabaseUrl::from_text(text);
            assert_eq!(url.without_password(), shown);
            assert_eq!(url.holds_password(), text != shown, "{text}");
            assert!(!format!("{url:?}").contains("3t"), "{url:?}");
        }
    }
}
