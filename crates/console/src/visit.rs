//! One request, as a handler sees it.

use std::sync::Arc;

use axum::http::{HeaderMap, Method, Uri, request::Parts};
use jiff::Timestamp;
use ventanilla_domain::{Company, Right, Role};
use ventanilla_service::Entropy;

use crate::cookies::Cookie;
use crate::fields::{Fields, encoded};
use crate::frame::Frame;
use crate::inside::{Inside, Station};
use crate::language::Language;
use crate::routes::Route;
use crate::trouble::Trouble;
use crate::upload::Upload;
use crate::{Caller, Hall};

/// The field that a form is known by: its key, which no other site can know.
pub(crate) const FORM_KEY: &str = "formulario";

/// The field that names one attempt: sent twice, it is done once.
pub(crate) const ATTEMPT: &str = "intento";

/// The field that says what kind of file a download is.
pub(crate) const FORM: &str = "formato";

/// Fields that are never given back to a page, nor kept while somebody signs in again.
const SECRETS: [&str; 5] = ["clave", "clave_nueva", "clave_repetida", "clave_actual", "codigo"];

/// Whether a field holds what nobody may read.
pub(crate) fn is_secret(name: &str) -> bool {
    SECRETS.contains(&name)
}

/// A request.
#[derive(Debug)]
pub(crate) struct Visit {
    pub(crate) hall: Hall,
    pub(crate) route: &'static Route,
    pub(crate) caller: Caller,
    pub(crate) language: Language,
    /// The path and the query that were asked for.
    pub(crate) uri: Uri,
    /// What the path names, in the order of the route's braces.
    pub(crate) named: Vec<(String, String)>,
    pub(crate) query: Fields,
    /// What was sent; empty but for a POST.
    pub(crate) form: Fields,
    /// The file that was sent with it.
    pub(crate) upload: Option<Upload>,
    /// Who is inside.
    pub(crate) inside: Option<Inside>,
    /// For which company, and as what, where the path names one.
    pub(crate) station: Option<Station>,
    /// What vouches for the forms of those who are not inside.
    pub(crate) visitor: String,
    /// Whether the browser has to be given that.
    pub(crate) is_visitor_new: bool,
}

impl Visit {
    /// What can be told of a request before anything is looked up.
    pub(crate) fn new(
        hall: Hall,
        route: &'static Route,
        named: Vec<(String, String)>,
        parts: &Parts,
    ) -> Self {
        let caller = parts.extensions.get::<Caller>().copied().unwrap_or_default();
        let tag = Cookie::Language.of(&parts.headers, caller.is_private);
        let language = tag.and_then(|tag| Language::from_tag(&tag)).unwrap_or_default();
        let known = visitor_of(&parts.headers, caller.is_private);
        let is_visitor_new = known.is_none();
        let visitor = known.unwrap_or_else(|| random_key(&hall.settings.entropy));
        Self {
            hall,
            route,
            caller,
            language,
            uri: parts.uri.clone(),
            named,
            query: Fields::read(parts.uri.query().unwrap_or_default()),
            form: Fields::default(),
            upload: None,
            inside: None,
            station: None,
            visitor,
            is_visitor_new,
        }
    }

    /// A part of the path by its name in the route.
    pub(crate) fn part(&self, name: &str) -> &str {
        self.named.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
    }

    /// A part of the path that is a number from 1.
    pub(crate) fn number(&self, name: &str) -> Result<i64, Trouble> {
        let number = self.part(name).parse().ok();
        number.filter(|number: &i64| *number > 0).ok_or(Trouble::Missing)
    }

    /// The session, for pages that are seen from inside alone.
    pub(crate) fn inside(&self) -> Result<&Inside, Trouble> {
        self.inside.as_ref().ok_or(Trouble::SessionOver)
    }

    /// Where somebody works, for pages of a company.
    pub(crate) fn station(&self) -> Result<&Station, Trouble> {
        self.station.as_ref().ok_or(Trouble::SessionOver)
    }

    /// The company of the page.
    pub(crate) fn company(&self) -> Result<&Arc<Company>, Trouble> {
        Ok(&self.station()?.company)
    }

    /// Whether the page may show what that right allows; the service decides again.
    pub(crate) fn may(&self, right: Right) -> bool {
        self.station.as_ref().is_some_and(|station| station.role.may(right))
    }

    /// The role at the company of the page.
    pub(crate) fn role(&self) -> Option<Role> {
        self.station.as_ref().map(|station| station.role)
    }

    /// The moment.
    pub(crate) fn now(&self) -> Timestamp {
        self.hall.service.clock().now()
    }

    /// A path of the company that the page is of.
    pub(crate) fn to_path(&self, rest: &str) -> String {
        match &self.station {
            Some(station) => format!("/consola/{}{rest}", station.company.id.to_i64()),
            None => "/consola/".to_owned(),
        }
    }

    /// Where one begins.
    pub(crate) fn to_home(&self) -> String {
        self.to_path("")
    }

    /// The page that a form was on, or this one.
    pub(crate) fn to_page_before(&self) -> String {
        if self.route.method == Method::GET { self.to_here() } else { self.to_home() }
    }

    /// This page's own path with its query.
    pub(crate) fn to_here(&self) -> String {
        self.uri.path_and_query().map_or("/consola/", |path| path.as_str()).to_owned()
    }

    /// Whether something was sent.
    pub(crate) fn is_form(&self) -> bool {
        self.route.method == Method::POST
    }

    /// Whether what was sent holds what no page may repeat.
    pub(crate) fn holds_secret(&self) -> bool {
        self.form.pairs().iter().any(|(name, _)| is_secret(name))
    }

    /// What a form of this page proves itself with.
    pub(crate) fn form_key(&self) -> &str {
        self.inside.as_ref().map_or(&self.visitor, |inside| &inside.form_key)
    }

    /// A name for an attempt: what was sent, where a form comes back, else a new one.
    pub(crate) fn attempt(&self) -> String {
        match self.form.get(ATTEMPT) {
            "" => random_key(&self.hall.settings.entropy),
            known => known.to_owned(),
        }
    }

    /// The frame of a page of that title.
    pub(crate) fn frame(&self, title: impl Into<String>) -> Frame {
        Frame::new(self, title.into())
    }
}

/// A path within the console, as an argument of another page: never of another site.
pub(crate) fn own_path(text: &str) -> Option<&str> {
    let is_own = text.starts_with("/consola/")
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && !text.contains('\\')
        && !text.contains("//");
    is_own.then_some(text)
}

/// A path with one value in its query.
pub(crate) fn with_query(path: &str, name: &str, value: &str) -> String {
    let mark = match path.find('?') {
        None => "?",
        Some(place) if place + 1 == path.len() => "",
        Some(_) => "&",
    };
    format!("{path}{mark}{name}={}", encoded(value))
}

/// What vouches for a visitor: our own digits alone.
fn visitor_of(headers: &HeaderMap, is_private: bool) -> Option<String> {
    let value = Cookie::Visitor.of(headers, is_private)?;
    (value.len() == 32 && value.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(value)
}

/// 128 bits in 32 hexadecimal digits.
pub(crate) fn random_key(entropy: &Entropy) -> String {
    to_hex(&entropy.bytes::<16>())
}

/// Two hexadecimal digits a byte.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    halves.filter_map(|half| char::from_digit(half.into(), 16)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_of_the_console_is_gone_back_to() {
        for (text, is_own) in [
            ("/consola/13/caja?q=a", true),
            ("/consola/", true),
            ("/buscarcliente", false),
            ("https://otro.example/consola/", false),
            ("//otro.example/consola/", false),
            ("/consola//otro.example", false),
            ("/consola/\\otro", false),
            ("/consola/a\r\nset-cookie: x", false),
            ("", false),
        ] {
            assert_eq!(own_path(text).is_some(), is_own, "{text}");
        }
    }
}
