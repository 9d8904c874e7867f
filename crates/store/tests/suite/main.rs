//! The stores' contract.

mod every_store;
mod sqlite;
mod world;
