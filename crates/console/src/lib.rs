//! The window and the back office: pages under `/consola/`, over the one service.
//!
//! A page is a handler in one table of routes (`routes.rs`): who may see it is said there and checked before
//! the handler runs, and again by the service inside the transaction of whatever is done. A handler reads
//! what was typed, calls the service and draws; an `if` about bills in a handler is in the wrong crate.
//! Pages work without their script. Their texts are Spanish and English (`texts.rs` of each folder).

mod admin;
mod answer;
mod assets;
mod books;
mod charts;
mod cookies;
mod door;
mod entry;
mod fields;
mod figures;
mod forms;
mod frame;
mod inside;
mod language;
mod panics;
mod routes;
#[cfg(test)]
mod tests;
mod trouble;
mod upload;
mod visit;
mod window;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::Router;
use axum::http::Method;
use ventanilla_domain::Right;
use ventanilla_service::{Entropy, Service};

use upload::Waiting;

/// How the console is served.
#[derive(Debug, Clone)]
pub struct ConsoleSettings {
    /// Where the keys of forms come from.
    pub entropy: Entropy,
    /// Bytes that a file of members or bills may have.
    pub import_len_max: u64,
    /// Rows that a list on paper takes: 10,000 are some 250 pages, which is more than anybody reads.
    pub paper_rows_max: usize,
    /// Rows that a list as CSV or as a workbook takes: a million are about what a sheet holds.
    pub file_rows_max: usize,
}

impl Default for ConsoleSettings {
    fn default() -> Self {
        Self {
            entropy: Entropy::System,
            import_len_max: 256 << 20,
            paper_rows_max: 10_000,
            file_rows_max: 1_000_000,
        }
    }
}

/// Who asks, as an extension of the request that the server fills in; without it a request is from nobody's
/// address, in the open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// The address of the peer, or the one that a proxy which is believed names.
    pub address: IpAddr,
    /// Whether what is said on the way cannot be read: by our own TLS, or by such a proxy's word. Cookies
    /// are kept to such ways then.
    pub is_private: bool,
}

impl Default for Caller {
    fn default() -> Self {
        Self { address: Ipv4Addr::UNSPECIFIED.into(), is_private: false }
    }
}

/// What every page needs.
#[derive(Debug, Clone)]
pub(crate) struct Hall {
    pub(crate) service: Service,
    pub(crate) settings: Arc<ConsoleSettings>,
    /// Files that were checked and wait for a word.
    pub(crate) waiting: Waiting,
}

/// A page, or what a form does, as the table of routes has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageInfo {
    /// Whether a form is sent to it.
    pub is_form: bool,
    /// Its path, with the names of its parts: `/consola/{empresa}/caja`.
    pub path: &'static str,
    /// The right at the path's company that it needs, if one.
    pub right: Option<Right>,
}

/// All there are: what looks at every page reads this, and leaves none out.
pub fn pages() -> impl Iterator<Item = PageInfo> {
    routes::all().map(|route| {
        let right = match route.access {
            routes::Access::Holder(right) => Some(right),
            routes::Access::Everybody | routes::Access::Inside | routes::Access::Company => None,
        };
        PageInfo { is_form: route.method == Method::POST, path: route.path, right }
    })
}

/// All pages, under `/consola/`.
pub fn router(service: Service, settings: ConsoleSettings) -> Router {
    door::router(Hall { service, settings: Arc::new(settings), waiting: Waiting::default() })
}
