//! The company's own window in the seeded world: cashiers who take and give back, drawers that are counted and
//! approved, and what collectors hand over.

mod act;
mod crew;
mod workload;

pub use act::{Act, Outcome, Step, apply};
pub use crew::hire;
pub use workload::Workload;
