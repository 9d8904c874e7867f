//! Those who only hold connections: some send a header a byte at a time, the others are silent, from the start or
//! after an answer. Whoever is put out comes again.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{interval, sleep};

use super::now;
use crate::problem::Problem;

/// Between two bytes of a header.
const BYTE_EVERY: Duration = Duration::from_secs(1);
/// Between being put out and coming again.
const RETURN_AFTER: Duration = Duration::from_secs(1);
/// In which all of them come for the first time.
const ARRIVAL: Duration = Duration::from_secs(2);
/// How long they may take to hold what there is.
const PATIENCE: Duration = Duration::from_mins(1);

/// Each of so many connections is one of an address of its own: a listener limits those of one.
const PER_ADDRESS: u32 = 250;

/// Sent a byte at a time; it never ends.
const HEADER: &[u8] = b"POST /api/token HTTP/1.1\r\nHost: localhost\r\nX-Relleno: 0123456789";
/// Asked once, to be silent then.
const QUESTION: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// How many do what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Forces {
    /// Send a header a byte at a time.
    pub(super) slow: u32,
    /// Are silent.
    pub(super) idle: u32,
}

/// All of them, on a thread of their own; they go with this value.
#[derive(Debug)]
pub(super) struct Siege {
    held: Arc<AtomicU32>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Siege {
    /// Besieges a server, and waits until at least `least` connections are held.
    pub(super) fn lay(server: SocketAddr, forces: Forces, least: u32) -> anyhow::Result<Self> {
        let (stop, stopped) = oneshot::channel();
        let held = Arc::new(AtomicU32::new(0));
        let holding = Arc::clone(&held);
        let thread = std::thread::Builder::new()
            .name("siege".to_owned())
            .spawn(move || besiege(server, forces, &holding, stopped))?;
        let siege = Self { held, stop: Some(stop), thread: Some(thread) };
        let deadline = now() + PATIENCE;
        while siege.held() < least {
            if now() > deadline {
                let held = siege.held();
                return Err(Problem::store(format!(
                    "solo se sostienen {held} conexiones de las {least} que hacen falta"
                )));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(siege)
    }

    /// Connections that are held now.
    pub(super) fn held(&self) -> u32 {
        self.held.load(Ordering::Relaxed)
    }
}

impl Drop for Siege {
    fn drop(&mut self) {
        drop(self.stop.take());
        // What became of its thread changes nothing of what was measured.
        self.thread.take().map(JoinHandle::join);
    }
}

fn besiege(
    server: SocketAddr,
    forces: Forces,
    held: &Arc<AtomicU32>,
    stopped: oneshot::Receiver<()>,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut all = JoinSet::new();
        let len = forces.slow + forces.idle;
        for number in 0..len {
            let arrival = ARRIVAL * number / len.max(1);
            let soldier = Soldier { server, number, manner: forces.manner_of(number), arrival };
            all.spawn(soldier.serve(Arc::clone(held)));
        }
        // A sender that is gone means the same as one that spoke.
        stopped.await.ok();
    });
    Ok(())
}

/// How one holds its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    Slow,
    Silent,
    KeptAlive,
}

impl Forces {
    /// The slow are spread among the silent, half of which have asked something.
    fn manner_of(self, number: u32) -> Manner {
        let place = |number: u64| number * u64::from(self.slow) / u64::from(self.slow + self.idle);
        let number = u64::from(number);
        if place(number) != place(number + 1) {
            Manner::Slow
        } else if number % 2 == 0 {
            Manner::Silent
        } else {
            Manner::KeptAlive
        }
    }
}

struct Soldier {
    server: SocketAddr,
    number: u32,
    manner: Manner,
    arrival: Duration,
}

impl Soldier {
    /// Holds a connection for ever, one after the other.
    async fn serve(self, held: Arc<AtomicU32>) {
        sleep(self.arrival).await;
        loop {
            if let Ok(stream) = self.connect().await {
                held.fetch_add(1, Ordering::Relaxed);
                // How it ended is all the same.
                self.hold(stream).await.ok();
                held.fetch_sub(1, Ordering::Relaxed);
            }
            sleep(RETURN_AFTER).await;
        }
    }

    /// From one of this machine's many addresses.
    async fn connect(&self) -> io::Result<TcpStream> {
        let [high, low] = u16::try_from(self.number / PER_ADDRESS + 1).unwrap_or(1).to_be_bytes();
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from(([127, 1, high, low], 0)))?;
        socket.connect(self.server).await
    }

    /// Holds the connection until the server ends it.
    async fn hold(&self, mut stream: TcpStream) -> io::Result<()> {
        if self.manner == Manner::KeptAlive {
            stream.write_all(QUESTION).await?;
        }
        let mut bytes = HEADER.iter().chain(std::iter::repeat(&b'x'));
        let mut pace = interval(BYTE_EVERY);
        let mut told = [0; 1024];
        loop {
            tokio::select! {
                read = stream.read(&mut told) => if read? == 0 { return Ok(()) },
                _ = pace.tick(), if self.manner == Manner::Slow => {
                    stream.write_all(bytes.by_ref().take(1).copied().collect::<Vec<_>>().as_slice()).await?;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forces_are_as_many_as_they_were_said_to_be() {
        for (slow, idle) in [(2_000, 10_000), (1, 9), (0, 10), (10, 0), (7, 3)] {
            let forces = Forces { slow, idle };
            let manners: Vec<_> = (0..slow + idle).map(|number| forces.manner_of(number)).collect();
            let count = |manner| manners.iter().filter(|one| **one == manner).count();
            assert_eq!(u32::try_from(count(Manner::Slow)).unwrap(), slow, "{forces:?}");
            let (silent, kept) = (count(Manner::Silent), count(Manner::KeptAlive));
            assert!(idle < 10 || silent.abs_diff(kept) <= manners.len() / 4, "{silent} {kept}");
        }
    }
}
