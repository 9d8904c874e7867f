//! Loopback ports for servers that cannot choose one themselves.

use anyhow::{Result, bail};
use std::net::TcpListener;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

/// Below the ports that Linux gives to whoever connects (32768 and up): a server that is down for a while
/// must find its port free when it comes back.
const FIRST: u32 = 16_000;
const COUNT: u32 = 16_000;

/// Ports that this process was given.
static GIVEN: AtomicU32 = AtomicU32::new(0);

/// A port that nobody listens on, and that this process does not give again. Processes begin at places of
/// their own, so that two that start together do not meet.
pub(crate) fn take_free_port() -> Result<u16> {
    let start = process::id().wrapping_mul(131);
    for _ in 0..COUNT {
        let given = GIVEN.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + start.wrapping_add(given) % COUNT;
        let port = u16::try_from(port).expect("the range ends below 65536");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port from {FIRST} to {} is free on 127.0.0.1", FIRST + COUNT - 1)
}
