//! The one table of pages: method, path, who may, and what answers. What is not in it is no page, so that
//! the test of each page by each role leaves none out.

use std::pin::Pin;

use axum::http::Method;
use ventanilla_domain::Right;

use crate::answer::Answer;
use crate::visit::Visit;
use crate::{entry, window};

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
}

impl Route {
    /// A page.
    pub(crate) const fn get(path: &'static str, access: Access, handler: Handler) -> Self {
        Self { method: Method::GET, path, access, handler }
    }

    /// What a form does.
    pub(crate) const fn post(path: &'static str, access: Access, handler: Handler) -> Self {
        Self { method: Method::POST, path, access, handler }
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
pub(crate) const ROUTES: [&[Route]; 2] = [&entry::ROUTES, &window::ROUTES];

/// Each of them.
pub(crate) fn all() -> impl Iterator<Item = &'static Route> {
    ROUTES.into_iter().flatten()
}

/// The route that takes a form at a path, if one does.
pub(crate) fn form_at(path: &str) -> Option<&'static Route> {
    all().find(|route| route.method == Method::POST && matches(route.path, path))
}

/// Whether a path is of that pattern.
fn matches(pattern: &str, path: &str) -> bool {
    let mut parts = path.split('/');
    let all_match = pattern.split('/').all(|wanted| {
        parts.next().is_some_and(|part| {
            if wanted.starts_with('{') { !part.is_empty() } else { part == wanted }
        })
    });
    all_match && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_matched_part_by_part() {
        assert!(matches("/consola/{empresa}/cobrar", "/consola/13/cobrar"));
        assert!(!matches("/consola/{empresa}/cobrar", "/consola//cobrar"));
        assert!(!matches("/consola/{empresa}/cobrar", "/consola/13/cobrar/1"));
        assert!(!matches("/consola/{empresa}/cobrar", "/consola/13"));
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
