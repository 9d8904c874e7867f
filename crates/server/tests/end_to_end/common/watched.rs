//! A server whose health and metrics are served, and what they say.

use std::collections::BTreeMap;
use std::io::{BufReader, Write as _};
use std::net::SocketAddr;

use super::{Answer, Installation, Server, connect, read_answer};

/// A server of `datos` with metrics, and where they are.
pub(crate) fn watched(installation: &Installation) -> (Server, SocketAddr) {
    let flags = ["--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0", "--log", "warn"];
    let server = Server::start(installation.command(&["serve", "--data", "datos"]).args(flags));
    let line = server.line();
    let address = line.strip_prefix("metrics on http://").unwrap();
    let address = address.strip_suffix("/metrics").unwrap().parse().unwrap();
    (server, address)
}

pub(crate) fn get(address: SocketAddr, path: &str) -> Answer {
    let mut stream = connect(address).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    read_answer(&mut BufReader::new(stream)).unwrap()
}

/// Every sample by its name and labels. The reader that refuses what is not well formed is beside the
/// API.
pub(crate) fn scrape(address: SocketAddr) -> BTreeMap<String, f64> {
    let answer = get(address, "/metrics");
    assert_eq!(answer.status, 200);
    let lines = answer.text.lines().filter(|line| !line.starts_with('#'));
    let samples = lines.map(|line| {
        let (key, value) = line.rsplit_once(' ').unwrap();
        (key.to_owned(), value.parse().unwrap())
    });
    samples.collect()
}
