//! What tests and benchmarks stand on: real servers of PostgreSQL and a real browser, of this machine's own
//! binaries, which nobody has to set up and which leave nothing behind.
//!
//! - [`Cluster`] is one server; [`Cluster::shared`] the one of this process, where each test takes a fresh [`Database`].
//! - [`Pair`] is a primary and its synchronous standby, which can be killed, frozen, cut off, promoted and rejoined.
//! - [`Proxy`] is a connection that breaks where it is told, [`Injector`] one on which a request fails.
//! - [`browser`] is Chromium, whose pages are looked at and used as people do.
//!
//! The data lie in `TMPDIR`. On a disk, a sync is one; in memory (`TMPDIR=/dev/shm`) all is several times faster.
//!
//! Everything listens on the loopback alone. A machine without PostgreSQL 15 or newer, or without Chromium, is
//! an error, never a reason to skip. Linux only: the processes of a server are found in `/proc`.

pub mod browser;
mod cluster;
mod injector;
mod nest;
mod node;
mod pair;
mod patience;
mod ports;
mod processes;
mod proxy;
mod toolbox;

pub use cluster::{Cluster, Database, Options};
pub use injector::{Fault, Injector};
pub use pair::Pair;
pub use proxy::{Cut, Direction, Proxy};
pub use toolbox::ask;
