//! The stores' contract.

#[cfg(test)]
mod every_store;
#[cfg(test)]
mod sqlite;
#[cfg(test)]
mod world;
