//! The seeded world: people, bills and acts that are the same for the same seed, on every machine.
//!
//! It feeds tests, benchmarks and the demo. It asks neither the wall clock nor chance: whatever it
//! makes can be made again from the seed that a failure prints.

mod auditor;
mod drive;
mod files;
pub mod payables;
mod people;
mod services;
pub mod window;
mod words;
mod workload;

pub use auditor::Auditor;
pub use drive::{Outcome, apply};
pub use files::{write_bills, write_members};
pub use people::World;
pub use services::{import, memory_service};
pub use workload::{KnownBill, Operation, Step, Workload};
