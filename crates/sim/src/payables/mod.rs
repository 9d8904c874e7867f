//! The suppliers' side of the seeded world: who works for a company, what they enter, and a
//! bookkeeper who holds what is answered against books of its own.

mod act;
mod auditor;
mod example;
mod staff;
mod workload;

pub use act::{Act, Outcome, Read, Step, apply};
pub use auditor::Auditor;
pub use example::{bill_example, enter_example, pay_example};
pub use staff::Staff;
pub use workload::Workload;
