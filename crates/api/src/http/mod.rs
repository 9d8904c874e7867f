//! What the dialects share: connections, bodies, fields and tokens. No dialect's words.

pub(crate) mod accept;
pub(crate) mod attempt;
pub(crate) mod body;
mod connection;
pub(crate) mod fields;
pub(crate) mod json;
pub(crate) mod panics;
pub(crate) mod proxies;
pub(crate) mod serve;
pub(crate) mod spool;
pub(crate) mod tls;
pub(crate) mod token;
