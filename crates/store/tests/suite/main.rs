//! The stores' contract.

#[cfg(test)]
mod backup;
#[cfg(test)]
mod days;
#[cfg(test)]
mod earlier;
#[cfg(test)]
mod every_store;
#[cfg(test)]
mod files;
#[cfg(test)]
mod follower;
#[cfg(test)]
mod former;
#[cfg(test)]
mod inside;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod migration;
#[cfg(test)]
mod mirror;
#[cfg(test)]
mod payables;
#[cfg(test)]
mod payables_laws;
#[cfg(test)]
mod payables_on_disk;
#[cfg(test)]
mod restorations;
#[cfg(test)]
mod search;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod sqlite;
#[cfg(test)]
mod suppliers;
#[cfg(test)]
mod totals;
#[cfg(test)]
mod trail;
#[cfg(test)]
mod users;
#[cfg(test)]
mod window;
#[cfg(test)]
mod window_laws;
#[cfg(test)]
mod world;
