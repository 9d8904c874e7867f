//! The one table of pages: method, path, who may, and what answers. What is not in it is no page, so that
//! the test of each page by each role leaves none out.

use std::pin::Pin;

use axum::http::Method;
use percent_encoding::percent_decode_str;
use ventanilla_domain::Right;

use crate::answer::Answer;
use crate::visit::Visit;
use crate::{admin, books, entry, window};

/// What answers a request.
pub(crate) type Handler = fn(Visit) -> Answering;

/// An answer on its way; the visit comes back with it, for the page of a trouble.
pub(crate) type Answering = Pin<Box<dyn Future<Output = (Visit, Answer)> + Send>>;

/// Who may ask for a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anybody.
    Everybody,
    /// Whoever is inside.
    Inside,
    /// Whoever has any role at the path's company.
    Company,
    /// Whoever holds a right at the path's company.
    Holder(Right),
}

/// A page, or what a form does.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) access: Access,
    pub(crate) handler: Handler,
    /// Whether its form brings a file.
    pub(crate) takes_file: bool,
}

impl Route {
    /// A page.
    pub(crate) const fn get(path: &'static str, access: Access, handler: Handler) -> Self {
        Self { method: Method::GET, path, access, handler, takes_file: false }
    }

    /// What a form does.
    pub(crate) const fn post(path: &'static str, access: Access, handler: Handler) -> Self {
        Self { method: Method::POST, path, access, handler, takes_file: false }
    }

    /// What a form does that brings a file.
    pub(crate) const fn upload(path: &'static str, access: Access, handler: Handler) -> Self {
        Self { method: Method::POST, path, access, handler, takes_file: true }
    }
}

/// A handler as the table has it: `page!(show)` of `async fn show(&Visit) -> Answer`.
macro_rules! page {
    ($handler:path) => {
        |visit| {
            Box::pin(async move {
                let answer = $handler(&visit).await;
                (visit, answer)
            })
        }
    };
}
pub(crate) use page;

/// All of them, by who keeps them.
pub(crate) const ROUTES: [&[Route]; 4] =
    [&entry::ROUTES, &window::ROUTES, &books::ROUTES, &admin::ROUTES];

/// Each of them.
pub(crate) fn all() -> impl Iterator<Item = &'static Route> {
    ROUTES.into_iter().flatten()
}

/// What a path names, by the names in the braces of its route.
pub(crate) type Named = Vec<(String, String)>;

/// The route of a path with what it names: the one that leaves least open. Whoever may ask for a page may ask
/// for its headers alone.
pub(crate) fn at(method: &Method, path: &str) -> Option<(&'static Route, Named)> {
    let method = if method == Method::HEAD { &Method::GET } else { method };
    let of_method = all().filter(|route| route.method == *method);
    let matching = of_method.filter_map(|route| Some((route, named(route.path, path)?)));
    matching.min_by_key(|(_, named)| named.len())
}

/// Whether a path takes a form.
pub(crate) fn takes_form(path: &str) -> bool {
    at(&Method::POST, path).is_some()
}

/// What a path of that pattern names; `None` of another path.
fn named(pattern: &str, path: &str) -> Option<Named> {
    let mut named = Vec::new();
    let mut parts = path.split('/');
    for wanted in pattern.split('/') {
        let part = parts.next()?;
        match wanted.strip_prefix('{').and_then(|wanted| wanted.strip_suffix('}')) {
            Some(name) if !part.is_empty() => named.push((name.to_owned(), decoded(part)?)),
            None if part == wanted => {}
            _ => return None,
        }
    }
    parts.next().is_none().then_some(named)
}

/// A part of a path as it was meant.
fn decoded(part: &str) -> Option<String> {
    Some(percent_decode_str(part).decode_utf8().ok()?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_matched_part_by_part() {
        let named = |path| named("/consola/{empresa}/socio/{codigo}", path);
        let found = named("/consola/13/socio/A%2F1").unwrap();
        assert_eq!(found[0], ("empresa".to_owned(), "13".to_owned()));
        assert_eq!(found[1].1, "A/1", "a code may hold anything");
        for other in [
            "/consola//socio/1",
            "/consola/13/socio",
            "/consola/13/socio/1/2",
            "/consola/13/socio/%ff",
        ] {
            assert_eq!(named(other), None, "{other}");
        }
    }

    #[test]
    fn a_path_that_is_written_out_goes_before_one_with_braces() {
        assert_eq!(at(&Method::GET, "/consola/ingreso").unwrap().0.path, "/consola/ingreso");
        assert_eq!(at(&Method::HEAD, "/consola/13").unwrap().0.path, "/consola/{empresa}");
        assert!(
            at(&Method::POST, "/consola/13").is_none() && at(&Method::PUT, "/consola/13").is_none()
        );
    }

    #[test]
    fn no_page_is_in_the_table_twice_and_a_right_goes_with_a_company() {
        for route in all() {
            let same = |other: &&Route| other.method == route.method && other.path == route.path;
            assert_eq!(all().filter(same).count(), 1, "{} {}", route.method, route.path);
            let names_company = route.path.starts_with("/consola/{empresa}");
            let needs_company = matches!(route.access, Access::Company | Access::Holder(_));
            assert_eq!(names_company, needs_company, "{}", route.path);
        }
    }
}
