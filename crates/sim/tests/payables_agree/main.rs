//! The suppliers' side, over memory and over SQLite: the same answers to one random log of acts, an
//! auditor that is content with both, and acts that race for what only one can have.
//!
//! A failure names its seed; `VENTANILLA_SEED=<seed> cargo test -p ventanilla-sim --test
//! payables_agree` runs that one again, and `VENTANILLA_STEPS=<count>` makes the logs longer.

#![expect(clippy::unwrap_used, reason = "a test stops where something fails")]

mod amid_files;
mod documents;
mod laws;
mod log;
mod races;
mod side;
