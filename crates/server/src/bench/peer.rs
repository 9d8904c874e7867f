//! A process of this same binary, measured from outside.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use super::load::{body_len, head_len};
use crate::problem::Problem;

/// A child process that listens; it ends with this value.
#[derive(Debug)]
pub(super) struct Peer {
    child: Child,
    address: SocketAddr,
    /// Kept open: a closed pipe is nothing a server should meet while it is measured.
    _output: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts this binary with these arguments and waits until it listens.
    pub(super) fn start(arguments: &[&str]) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(arguments)
            .args(["--listen", "127.0.0.1:0", "--log", "error"])
            // Two servers cannot have one address for their metrics.
            .env_remove("VENTANILLA_METRICS")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take();
        let mut output = BufReader::new(stdout.ok_or_else(|| wrong("no se puede leer"))?);
        let mut line = String::new();
        output.read_line(&mut line)?;
        let address = line.trim_end().strip_prefix("listening on http://");
        let Some(address) = address.and_then(|address| address.parse().ok()) else {
            child.kill()?;
            child.wait()?;
            return Err(wrong("no llegó a escuchar"));
        };
        Ok(Self { child, address, _output: output })
    }

    /// Its process.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends one request and gives the answer's body.
    pub(super) fn ask(&self, request: &[u8]) -> anyhow::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        stream.write_all(request)?;
        let (mut answer, mut chunk) = (Vec::new(), [0; 4096]);
        loop {
            if let Some(head) = head_len(&answer) {
                let len = head + body_len(answer.get(..head).unwrap_or_default())?;
                if answer.len() >= len {
                    return Ok(answer.drain(head..len).collect());
                }
            }
            match stream.read(&mut chunk)? {
                0 => return Err(wrong("cortó la respuesta")),
                len => answer.extend_from_slice(chunk.get(..len).unwrap_or_default()),
            }
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // A process that is gone already is what is wanted; its data are thrown away.
        self.child.kill().and_then(|()| self.child.wait()).ok();
    }
}

/// The most that a process has had resident so far, in MiB; 0 where it is gone.
pub(super) fn resident_mib(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or_default() / 1024
}

fn wrong(what: &str) -> anyhow::Error {
    Problem::store(format!("el proceso que se mide {what}"))
}
