//! What the dialects share: connections, bodies, fields and tokens. No dialect's words.

pub(crate) mod accept;
pub(crate) mod attempt;
pub(crate) mod body;
pub(crate) mod buckets;
mod connection;
pub(crate) mod fields;
pub(crate) mod gate;
pub(crate) mod json;
mod known;
pub(crate) mod panics;
mod places;
pub(crate) mod proxies;
pub(crate) mod serve;
pub(crate) mod tls;
pub(crate) mod token;
