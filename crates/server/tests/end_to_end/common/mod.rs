//! What every test needs: an installation in a directory of its own, a server over it that ends
//! with the test, and a client.

pub(crate) mod accountant;
mod bills;
pub(crate) mod cashier;
mod client;
mod document;
pub(crate) mod paper;
mod process;
pub(crate) mod watched;

pub(crate) use bills::{APRIL, BILLS, Bill, MEMBERS, bills, files, import, with_bills};
pub(crate) use client::{Answer, Client, Credentials, connect, read_answer};
pub(crate) use document::{Block, Example, blocks, document, examples};
pub(crate) use process::{
    Daemon, Installation, PATIENCE, Piped, Ran, Server, check, exists, note, now, run, system_user,
    verify, wait_until,
};
