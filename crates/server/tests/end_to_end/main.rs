//! The real binary, from outside: its commands, its answers over HTTP, its end by a signal or
//! without one. Only processes that a test started are stopped.

#[cfg(test)]
mod canaries;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod colppy;
#[cfg(test)]
mod common;
#[cfg(test)]
mod config;
#[cfg(test)]
mod console;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod database;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod drill;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod explain;
#[cfg(test)]
mod export;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod follow;
#[cfg(test)]
mod guide;
#[cfg(test)]
mod ha;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod import;
#[cfg(test)]
mod imported;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod logo;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod mirror;
#[cfg(test)]
mod policies;
#[cfg(test)]
mod printed;
#[cfg(test)]
mod race;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod receipts;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod terminal;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod users;
#[cfg(test)]
mod verified;
#[cfg(test)]
mod watch;
