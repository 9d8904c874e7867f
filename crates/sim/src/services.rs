//! A service of its own for whoever may not name a store.

use std::io;

use ventanilla_service::{Clock, Entropy, Service, Settings};
use ventanilla_store::{Keys, Store};

/// A service over empty books in memory, whose keys are the same each time: for tests alone.
pub fn memory_service(clock: Clock, entropy: Entropy, settings: Settings) -> io::Result<Service> {
    Service::start(Store::memory(Keys::from_random([7; 64])), clock, entropy, settings)
}
