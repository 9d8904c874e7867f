//! The rig does what it is told, or tests that stand on it prove nothing.
#![expect(clippy::unwrap_used, reason = "a test stops where something fails")]
#![expect(clippy::print_stdout, reason = "a test tells the one that kills it where it works")]

mod browsers;
mod clusters;
mod injectors;
mod pairs;
mod proxies;
mod script;
